/*
 * The state of a shipment. The cases are a data file (tests/data/shipments/state.json), which
 * tests/e2e/test_state.py reads, too; here each is taken in every order, or in many when there are
 * too many, one update after another as the processor does, with updates repeated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../data.h"
#include "state.h"

#define UPDATES_MAX 8
#define ORDERS_MAX  720

struct sequence {
    struct update update[UPDATES_MAX];
    size_t count;
};

static struct update read_update(struct wb_arena *a, struct wb_json v, size_t number)
{
    struct update u;
    struct wb_slice what, received = wb_json_get_str(v, "received", a),
                          type = wb_json_get_str(v, "detail-type", a);
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "shipmentId", "S");
    for (struct wb_json_iter it = wb_json_iter(v); wb_json_next(&it);) {
        wb_jw_key_slice(&w, wb_json_str(it.key, a));
        wb_jw_raw(&w, wb_json_raw(it.value));
    }
    wb_jw_end_object(&w);
    struct wb_slice event = wb_printf(
        a,
        "{\"id\":\"e%zu\",\"detail-type\":\"%.*s\",\"source\":\"logistics.shipments\","
        "\"time\":\"%.*s\",\"detail\":%.*s}",
        number, WB_FMT(type.p ? type : WB_S("Shipment Update")),
        WB_FMT(received.p ? received : WB_S("2026-11-02T23:30:00Z")), WB_FMT(wb_buf_slice(&b)));
    assert_int_equal(update_read(a, wb_json_read(a, event, NULL), &u, &what), REFUSED_NOT);
    return u;
}

/* The log as the processor writes it: one row for an identity, with the earliest receipt. */
static void log_update(struct sequence *log, const struct update *u)
{
    for (size_t i = 0; i < log->count; i++) {
        if (strcmp(log->update[i].identity, u->identity) != 0)
            continue;
        if (state_earlier(u, &log->update[i]))
            log->update[i].event_stamp = u->event_stamp;
        return;
    }
    log->update[log->count++] = *u;
}

/* What the rows say after these, one by one, by the rules of book.h. */
static struct wb_slice take_in_order(struct wb_arena *a, const struct sequence *s,
                                     const size_t *order, bool twice)
{
    struct sequence log = {.count = 0};
    struct state row = {0};
    struct wb_slice item = WB_SLICE_NULL;
    for (size_t i = 0; i < s->count * (twice ? 2 : 1); i++) {
        const struct update *u = &s->update[order[i % s->count]];
        log_update(&log, u);
        if (state_simple(&row, u))
            state_take(a, &row, u);
        else
            row = state_of(a, log.update, log.count);
        item = state_item(a, WB_S("S"), &row);
        assert_true(state_read(a, wb_json_read(a, item, NULL), &row));
    }
    return item;
}

static bool next_order(size_t *order, size_t n)
{
    size_t i = n;
    while (i-- > 1)
        if (order[i - 1] < order[i]) {
            size_t j = n - 1;
            while (order[j] < order[i - 1])
                j--;
            size_t t = order[i - 1];
            order[i - 1] = order[j];
            order[j] = t;
            for (size_t x = i, y = n - 1; x < y; x++, y--) {
                t = order[x];
                order[x] = order[y];
                order[y] = t;
            }
            return true;
        }
    return false;
}

static void check_attributes(struct wb_arena *a, struct wb_json item, struct wb_json want,
                             const char *name)
{
    for (struct wb_json_iter it = wb_json_iter(want); wb_json_next(&it);) {
        struct wb_json there = wb_json_get_slice(item, wb_json_str(it.key, a));
        struct wb_json_iter typed = wb_json_iter(there);
        struct wb_slice got = wb_json_next(&typed) ? wb_json_raw(typed.value) : WB_S("null");
        struct wb_buf bare = wb_buf_in(a);
        for (size_t i = 0; i < wb_json_raw(it.value).n; i++) { /* lists without blanks between */
            char c = wb_json_raw(it.value).p[i];
            if (c != ' ' || wb_json_type(it.value) != WB_JSON_ARRAY)
                wb_buf_char(&bare, c);
        }
        if (!wb_slice_eq(got, wb_buf_slice(&bare)))
            print_message("%s: %.*s is %.*s, not %.*s\n", name, WB_FMT(wb_json_raw(it.key)),
                          WB_FMT(got), WB_FMT(wb_buf_slice(&bare)));
        assert_true(wb_slice_eq(got, wb_buf_slice(&bare)));
    }
}

static void check_case(struct wb_json v)
{
    struct wb_arena a;
    wb_arena_init(&a, 1 << 16);
    const char *name = wb_dup_cstr(&a, wb_json_get_str(v, "name", &a));
    struct sequence s = {.count = 0};
    size_t order[UPDATES_MAX], orders = 0;
    for (struct wb_json_iter it = wb_json_iter(wb_json_get(v, "updates")); wb_json_next(&it);) {
        assert_true(s.count < UPDATES_MAX);
        order[s.count] = s.count;
        s.update[s.count] = read_update(&a, it.value, s.count);
        s.count++;
    }
    struct wb_slice first = wb_dup(&a, take_in_order(&a, &s, order, false));
    check_attributes(&a, wb_json_read(&a, first, NULL), wb_json_get(v, "state"), name);
    do {
        struct wb_arena scratch;
        wb_arena_init(&scratch, 1 << 14);
        struct wb_slice other = take_in_order(&scratch, &s, order, orders % 2);
        if (!wb_slice_eq(first, other))
            print_message("%s:\n%.*s\n%.*s\n", name, WB_FMT(first), WB_FMT(other));
        assert_true(wb_slice_eq(first, other));
        wb_arena_release(&scratch);
    } while (++orders < ORDERS_MAX && next_order(order, s.count));
    wb_arena_release(&a);
}

static void every_case_in_every_order(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 1 << 16);
    struct wb_json cases = wb_json_read(&a, wb_test_data(&a, "shipments/state.json"), NULL);
    assert_true(wb_json_count(cases) > 30);
    for (struct wb_json_iter it = wb_json_iter(cases); wb_json_next(&it);)
        check_case(it.value);
    wb_arena_release(&a);
}

/* Random histories, longer than can be permuted: all at once, one by one, and as rows of a log. */
static void random_histories(void **state)
{
    static const char *const word[] = {"CREATED",          "PICKED_UP", "IN_TRANSIT",
                                       "OUT_FOR_DELIVERY", "DELIVERED", "RETURNED",
                                       "DELAYED",          "EXCEPTION", "X9"};
    uint64_t seed = 1;
    for (unsigned round = 0; round < 300; round++) {
        struct wb_arena a;
        wb_arena_init(&a, 1 << 16);
        struct sequence s = {.count = UPDATES_MAX};
        size_t order[UPDATES_MAX];
        for (size_t i = 0; i < UPDATES_MAX; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            unsigned r = (unsigned)(seed >> 33);
            struct wb_slice text = wb_printf(
                &a,
                "{\"timestamp\":\"2026-11-02T%02u:00:00Z\",\"status\":\"%s\",\"location\":\"%u\","
                "\"trackingNumber\":\"%u\",\"received\":\"2026-11-02T%02u:00:00Z\"%s%s}",
                r % 6 + 8, word[(r >> 3) % 9], (r >> 7) % 2, (r >> 8) % 3, (r >> 10) % 12 + 6,
                (r >> 14) % 8 ? "" : ",\"retracted\":true",
                (r >> 17) % 6 ? "" : ",\"classifier\":\"EST\"");
            s.update[i] = read_update(&a, wb_json_read(&a, text, NULL), i);
            order[i] = i;
        }
        struct wb_slice first = wb_dup(&a, take_in_order(&a, &s, order, false));
        for (unsigned n = 0; n < 20; n++) {
            for (size_t i = UPDATES_MAX; i-- > 1;) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                size_t j = (size_t)(seed >> 33) % (i + 1), t = order[i];
                order[i] = order[j];
                order[j] = t;
            }
            assert_true(wb_slice_eq(first, take_in_order(&a, &s, order, n % 2)));
        }
        wb_arena_release(&a);
    }
}

/* More numbers than a row lists: the same ones are listed in every order. */
static void many_numbers(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 1 << 16);
    struct state up = {0}, down = {0};
    for (unsigned i = 0; i < 3 * STATE_NUMBERS_MAX; i++)
        for (int k = 0; k < 2; k++) {
            unsigned n = k ? 3 * STATE_NUMBERS_MAX - 1 - i : i;
            struct wb_slice text = wb_printf(
                &a, "{\"timestamp\":\"2026-11-02T08:00:00Z\",\"trackingNumber\":\"n-%03u\"}", n);
            struct update u = read_update(&a, wb_json_read(&a, text, NULL), n);
            state_take(&a, k ? &down : &up, &u);
        }
    assert_int_equal(up.numbers, STATE_NUMBERS_MAX);
    assert_true(state_same(&up, &down));
    assert_true(wb_slice_is(up.number[STATE_NUMBERS_MAX - 1], "N031"));
    wb_arena_release(&a);
}

/* A row that another rule or another hand made is not believed. */
static void strange_rows(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 1 << 16);
    struct update u = read_update(
        &a, wb_json_read(&a, WB_S("{\"status\":\"CREATED\",\"location\":\"A\"}"), NULL), 1);
    struct state s = {0}, back;
    state_take(&a, &s, &u);
    struct wb_slice item = state_item(&a, WB_S("S"), &s);
    assert_true(state_read(&a, wb_json_read(&a, item, NULL), &back) && state_same(&s, &back));
    static const struct {
        const char *from, *to;
    } change[] = {{"\"rule\":{\"N\":\"2\"}", "\"rule\":{\"N\":\"1\"}"},
                  {"\"rule\"", "\"Rule\""},
                  {" A\"}", " B\"}"},
                  {" A\"}", "\"}"},
                  {"\"digest\":{\"S\":\"", "\"digest\":{\"S\":\"0"},
                  {"\"basis\"", "\"base\""}};
    for (size_t i = 0; i < sizeof change / sizeof *change; i++) {
        ptrdiff_t at = wb_slice_find(item, wb_slice_str(change[i].from), 0);
        assert_true(at >= 0);
        struct wb_slice other = wb_printf(&a, "%.*s%s%s", (int)at, item.p, change[i].to,
                                          item.p + at + strlen(change[i].from));
        assert_false(state_read(&a, wb_json_read(&a, other, NULL), &back));
    }
    wb_arena_release(&a);
}

static void words(void **state)
{
    static const struct {
        const char *word;
        enum status status;
    } cases[] = {
        {"IN_TRANSIT", STATUS_IN_TRANSIT},
        {"in-transit", STATUS_IN_TRANSIT},
        {"InTransit", STATUS_IN_TRANSIT},
        {"transit", STATUS_IN_TRANSIT},
        {"ARRIVED_AT_FACILITY", STATUS_IN_TRANSIT},
        {"TRANS", STATUS_UNKNOWN},
        {"RANSIT", STATUS_UNKNOWN},
        {"UNDELIVERED", STATUS_UNKNOWN},
        {"delivered", STATUS_DELIVERED},
        {"ATTEMPTFAIL EXPIRED", STATUS_UNKNOWN},
        {"", STATUS_UNKNOWN},
        {"--", STATUS_UNKNOWN},
        {"X9", STATUS_UNKNOWN},
        {"IN_TRANSIT_TO_SOMEWHERE_THAT_IS_VERY_FAR_AWAY", STATUS_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(status_of(wb_slice_str(cases[i].word)), cases[i].status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_in_every_order),
        cmocka_unit_test(random_histories),
        cmocka_unit_test(many_numbers),
        cmocka_unit_test(strange_rows),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
