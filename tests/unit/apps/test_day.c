/*
 * The generator's books against the processor's reading: two pieces of code that share nothing but
 * the format must agree on every day.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/time.h"
#include "day.h"
#include "state.h"

static struct wb_slice envelope(struct wb_arena *a, const struct day_message *m, unsigned number)
{
    return wb_printf(a,
                     "{\"id\":\"e%u\",\"detail-type\":\"%s\",\"source\":\"logistics.shipments\","
                     "\"time\":\"%.*s\",\"detail\":%.*s}",
                     number, m->detail_type, WB_FMT(wb_time_str(a, m->arrival_ms, WB_TIME_ISO_S)),
                     WB_FMT(m->detail));
}

struct seen {
    struct wb_map *identity, *instant, *mail;
    unsigned malformed, stored, duplicates, collisions, delay_mails, refusal_mails,
        refused[REFUSED_COUNT];
};

static bool first(struct wb_map *m, struct wb_slice key)
{
    return !wb_map_put(m, key, m);
}

/* What the processor would do, with sets instead of tables. */
static void judge(struct wb_arena *a, struct seen *s, struct wb_slice event)
{
    struct update u;
    struct wb_slice what;
    struct wb_json v = wb_json_read(a, event, NULL);
    if (!wb_json_is(v)) {
        s->malformed++;
        return;
    }
    enum refusal r = update_read(a, v, &u, &what);
    if (r != REFUSED_NOT) {
        s->refused[r]++;
        s->refusal_mails += first(s->mail, wb_printf(a, "%d %.*s", r, 13, u.event_stamp.p));
        return;
    }
    if (!first(s->identity, wb_slice_str(u.identity))) {
        s->duplicates++;
        return;
    }
    s->stored++;
    s->collisions +=
        !first(s->instant, wb_printf(a, "%.*s|%.*s", WB_FMT(u.shipment_id), WB_FMT(u.timestamp)));
    if (update_is_delay(&u))
        s->delay_mails += first(s->mail, update_delay_change(a, &u));
}

static void books_and_reading_agree(void **state)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct wb_arena a;
        wb_arena_init(&a, 1 << 20);
        struct day_options o = {.seed = seed, .updates = 2000 + (unsigned)seed * 300};
        assert_true(wb_time_parse_iso(WB_S("2026-11-02T00:00:00Z"), &o.start_ms, NULL));
        struct day d;
        day_make(&a, &o, &d);
        struct seen s = {wb_map_new(), wb_map_new(), wb_map_new()};
        for (unsigned i = 0; i < d.message_count; i++) {
            assert_true(i == 0 || d.message[i].arrival_ms >= d.message[i - 1].arrival_ms);
            judge(&a, &s, envelope(&a, &d.message[i], i));
        }
        assert_true(d.message_count >= o.updates);
        assert_int_equal(s.malformed, d.truth.malformed);
        assert_int_equal(s.stored, d.truth.stored);
        assert_int_equal(s.duplicates, d.truth.duplicates);
        assert_int_equal(s.collisions, d.truth.collisions);
        assert_int_equal(s.delay_mails, d.truth.delay_mails);
        assert_int_equal(s.refusal_mails, d.truth.refusal_mails);
        for (int r = 0; r < REFUSED_COUNT; r++)
            assert_int_equal(s.refused[r], d.truth.refused[r]);
        unsigned rows = 0;
        for (unsigned i = 0; i < d.shipment_count; i++)
            rows += d.shipment[i].updates;
        assert_int_equal(rows, d.truth.stored);
        wb_map_free(s.identity);
        wb_map_free(s.instant);
        wb_map_free(s.mail);
        wb_arena_release(&a);
    }
}

/* The books of what each shipment comes to, against the rules that the processor keeps. */
static void states_agree(void **state)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct wb_arena a;
        wb_arena_init(&a, 1 << 20);
        struct day_options o = {.seed = seed, .updates = 2000, .start_ms = 1793577600000};
        struct day d;
        day_make(&a, &o, &d);
        struct wb_map *states = wb_map_new();
        for (unsigned i = 0; i < d.message_count; i++) {
            struct update *u = wb_new(&a, struct update);
            struct wb_slice what;
            struct wb_json v = wb_json_read(&a, envelope(&a, &d.message[i], i), NULL);
            if (!wb_json_is(v) || update_read(&a, v, u, &what) != REFUSED_NOT)
                continue;
            struct state *s = wb_map_get(states, u->shipment_id);
            if (!s)
                wb_map_put(states, u->shipment_id, s = wb_new(&a, struct state));
            assert_true(state_simple(s, u));
            state_take(&a, s, u);
        }
        assert_int_equal(wb_map_count(states), d.shipment_count);
        for (unsigned i = 0; i < d.shipment_count; i++) {
            const struct day_shipment *s = &d.shipment[i];
            struct state_view seen = state_view(wb_map_get(states, s->id));
            assert_string_equal(status_name(seen.status), s->status);
            assert_int_equal(seen.delayed, s->delayed);
            assert_int_equal(seen.exception, s->exception);
        }
        wb_map_free(states);
        wb_arena_release(&a);
    }
}

static void same_seed_same_bytes(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 1 << 20);
    struct day_options o = {.seed = 7, .updates = 2000, .start_ms = 1793577600000};
    struct day x, y, z;
    day_make(&a, &o, &x);
    day_make(&a, &o, &y);
    o.seed = 8;
    day_make(&a, &o, &z);
    assert_int_equal(x.message_count, y.message_count);
    for (unsigned i = 0; i < x.message_count; i++)
        assert_true(wb_slice_eq(x.message[i].detail, y.message[i].detail) &&
                    x.message[i].arrival_ms == y.message[i].arrival_ms);
    assert_false(wb_slice_eq(x.message[0].detail, z.message[0].detail));
    wb_arena_release(&a);
}

/* The rates that docs/shipments.md states, within a third (they are random). */
static void rates_are_as_stated(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 1 << 20);
    struct day_options o = {.seed = 3, .updates = 40000, .start_ms = 1793577600000};
    struct day d;
    day_make(&a, &o, &d);
    const struct {
        unsigned seen, per_10000;
    } rate[] = {
        {d.truth.late, 800},
        {d.truth.collisions, 300},
        {d.truth.refused[REFUSED_NO_SHIPMENT_ID], 50},
        {d.truth.refused[REFUSED_BAD_TIMESTAMP], 40},
    };
    for (size_t i = 0; i < sizeof rate / sizeof *rate; i++) {
        unsigned want = d.truth.stored * rate[i].per_10000 / 10000;
        assert_in_range(rate[i].seen, want * 2 / 3, want * 4 / 3);
    }
    assert_in_range(d.truth.duplicates, d.truth.stored * 4 / 100, d.truth.stored * 9 / 100);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(books_and_reading_agree),
        cmocka_unit_test(states_agree),
        cmocka_unit_test(same_seed_same_bytes),
        cmocka_unit_test(rates_are_as_stated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
