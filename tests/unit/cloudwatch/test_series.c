/* Series through rows, blocks and retention, against a list of all that was put. */
#include "../engine/world.h"
#include "base/limits.h"
#include "engine/metric_rows.h"
#include "services/cloudwatch/series.h"

#include <math.h>

#define PUT_MAX 20000
#define MINUTE  60000LL
#define HOUR    3600000LL
#define DAY     86400000LL

struct put {
    int series;
    int64_t time_ms;
    double value;
};

static struct put all[PUT_MAX];
static size_t put_count;
static struct world w;

static struct wb_metric series(int i, struct wb_pair *dim)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    *dim = (struct wb_pair){WB_S("Kind"), wb_slice_str(names[i % 4])};
    return (struct wb_metric){WB_S("1"), WB_S("eu"), WB_S("Test"), wb_slice_str(names[i / 4 % 4]),
                              dim,       1};
}

static void put_range(struct wb_tx *tx, void *arg)
{
    const size_t *range = arg;
    for (size_t i = range[0]; i < range[1]; i++) {
        struct wb_pair dim;
        struct wb_metric m = series(all[i].series, &dim);
        struct wb_datum d = {.unit = wb_unit_code(WB_S("Count")), .second = WB_WHOLE_MINUTE};
        wb_datum_value(&d, all[i].value, 1);
        wb_metric_add(tx, &m, all[i].time_ms, &d);
        wb_datum_release(&d);
    }
}

static void put(size_t from)
{
    while (from < put_count) {
        size_t range[2] = {from, from + 400 < put_count ? from + 400 : put_count};
        assert_int_equal(run(&w, put_range, range), WB_COMMITTED);
        from = range[1];
    }
}

static void settle_all(void)
{
    for (int idle = 0; idle < 3;) {
        bool did = wb_dispatcher_step(w.engine);
        did |= wb_writer_step(w.engine);
        idle = did ? 0 : idle + 1;
        if (!did)
            wb_seam_sim_advance(&w.seam, 2);
    }
}

struct question {
    int series;
    struct wb_window window;
    const char *stat;
};

static void ask(struct wb_tx *tx, void *arg)
{
    const struct question *q = arg;
    struct wb_pair dim;
    struct wb_metric m = series(q->series, &dim);
    struct wb_metric_id id = {m.ns, m.name, m.dim, m.dim_count};
    struct wb_stat s;
    struct wb_series_values v;
    assert_true(wb_stat_parse(wb_slice_str(q->stat), &s));
    assert_true(wb_series_read(tx, m.account, m.region, &id, &s, WB_SLICE_NULL, &q->window, &v));
    for (size_t i = 0; i < v.n; i++) {
        int64_t lo = q->window.start_ms + (int64_t)i * q->window.period_s * 1000,
                hi = lo + q->window.period_s * 1000;
        struct wb_datum d = {.second = WB_WHOLE_MINUTE};
        for (size_t k = 0; k < put_count; k++) {
            int64_t t = wb_floor_to(all[k].time_ms, MINUTE);
            if (all[k].series == q->series && t >= lo && t < hi)
                wb_datum_value(&d, all[k].value, 1);
        }
        struct wb_stat sum = {.kind = s.kind};
        struct wb_period p = {d.count, d.sum, d.min, d.max, false, NULL, 0};
        double want = wb_stat_value(&sum, &p);
        wb_datum_release(&d);
        if (isnan(want) ? !isnan(v.value[i]) : fabs(v.value[i] - want) > 1e-6)
            fail_msg("series %d, %s, period %d, at %lld ms of the past: %g, not %g", q->series,
                     q->stat, (int)q->window.period_s, (long long)(tx->now_ms - lo), v.value[i],
                     want);
    }
}

static void compare(int64_t from_ms, int64_t to_ms, int64_t period_s)
{
    static const char *const stats[] = {"Sum", "Maximum", "SampleCount", "Average"};
    for (int s = 0; s < 16; s += 5)
        for (size_t k = 0; k < 4; k++) {
            struct question q = {s, {from_ms, to_ms, period_s}, stats[k]};
            look(&w, ask, &q);
        }
}

struct kept {
    size_t series, rows, blocks; /* of the test's account: the server has metrics of its own */
};

static void count_kept(struct wb_tx *tx, void *arg)
{
    struct kept *k = arg;
    struct wb_metric_list l;
    struct wb_slice key, value;
    wb_metric_list_open(&l, tx, WB_S("1"), WB_S("eu"), WB_SLICE_NULL, WB_SLICE_NULL, WB_SLICE_NULL);
    for (*k = (struct kept){0}; wb_metric_list_next(&l, tx->arena); k->series++)
        assert_true(wb_slice_is(l.metric.ns, "Test") && l.metric.dim_count == 1);
    wb_metric_list_close(&l);
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_METRIC, ""));
    while (wb_tx_next(tx, s, &key, &value))
        k->rows += wb_slice_find(key, WB_S("Test"), 0) > 0;
    wb_scan_close(s);
    s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_METRIC_BLOCK, ""));
    while (wb_tx_next(tx, s, &key, &value))
        k->blocks++;
    wb_scan_close(s);
}

static struct kept kept(void)
{
    struct kept k;
    look(&w, count_kept, &k);
    return k;
}

static unsigned seed;
static unsigned chance(unsigned n)
{
    seed = seed * 1103515245 + 12345;
    return seed / 65536 % n;
}

/* Values of ten days, then upkeep, then more for the same days: what is read does not change. */
static void test_rows_and_blocks(void **state)
{
    world_open(&w, NULL, NULL);
    seed = 1;
    put_count = 0;
    for (; put_count < 4000; put_count++)
        all[put_count] = (struct put){(int)chance(16), WORLD_START_MS - chance(10 * 1440) * MINUTE,
                                      chance(1000) / 8.0};
    put(0);
    int64_t now = wb_floor_to(WORLD_START_MS, HOUR) + HOUR, from = now - 11 * DAY;
    compare(from, now, 60);
    compare(from, now, 300);
    compare(from, now, 86400);
    wb_seam_sim_advance(&w.seam, 700000);
    settle_all();
    assert_true(kept().rows < 300 && kept().blocks > 1000);
    assert_int_equal(kept().series, 16);
    compare(from, now, 60);
    compare(from, now, 300);
    compare(from, now, 3600);
    size_t late = put_count;
    for (; put_count < late + 500; put_count++)
        all[put_count] = (struct put){(int)chance(16), WORLD_START_MS - chance(10 * 1440) * MINUTE,
                                      chance(1000) / 8.0};
    put(late);
    compare(from, now, 60);
    compare(from, now, 3600);
    wb_seam_sim_advance(&w.seam, 700000);
    settle_all();
    compare(from, now, 60);
    compare(from, now, 86400);
    world_close(&w);
}

static double value_at(int64_t at_ms, int64_t period_s);

/* One value grows old: which periods still show it, and when its rows go. */
static void test_retention(void **state)
{
    static const struct {
        int64_t age_ms;
        bool minute, five, hour;
    } cases[] = {
        {0, true, true, true},           {4 * HOUR, true, true, true},
        {14 * DAY, true, true, true},    {16 * DAY, false, true, true},
        {62 * DAY, false, true, true},   {64 * DAY, false, false, true},
        {454 * DAY, false, false, true}, {462 * DAY, false, false, false},
    };
    world_open(&w, NULL, NULL);
    put_count = 1;
    all[0] = (struct put){0, WORLD_START_MS, 7};
    put(0);
    int64_t gone = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        while (gone < cases[i].age_ms) {
            int64_t step = cases[i].age_ms - gone < 2 * DAY ? cases[i].age_ms - gone : 2 * DAY;
            wb_seam_sim_advance(&w.seam, step);
            gone += step;
            settle_all();
        }
        for (int k = 0; k < 3; k++) {
            static const int64_t period[] = {60, 300, 3600};
            bool want = k == 0 ? cases[i].minute : k == 1 ? cases[i].five : cases[i].hour;
            double got = value_at(WORLD_START_MS, period[k]);
            if (want ? got != 7 : !isnan(got))
                fail_msg("after %d h, period %d: %g", (int)(cases[i].age_ms / HOUR), (int)period[k],
                         got);
        }
    }
    assert_int_equal(kept().rows, 0);
    assert_int_equal(kept().series, 0);
    assert_true(kept().blocks < 400); /* the server's own: of every other day 2 series */
    world_close(&w);
}

struct one {
    int64_t at_ms, period_s;
    double value;
};

static void one(struct wb_tx *tx, void *arg)
{
    struct one *o = arg;
    struct wb_pair dim;
    struct wb_metric m = series(0, &dim);
    struct wb_metric_id id = {m.ns, m.name, m.dim, m.dim_count};
    struct wb_stat s = {.kind = WB_STAT_SUM};
    struct wb_series_values v;
    struct wb_window window = {wb_floor_to(o->at_ms, o->period_s * 1000), 0, o->period_s};
    window.end_ms = window.start_ms + o->period_s * 1000;
    assert_true(wb_series_read(tx, m.account, m.region, &id, &s, WB_SLICE_NULL, &window, &v));
    assert_int_equal(v.n, 1);
    o->value = v.value[0];
}

static double value_at(int64_t at_ms, int64_t period_s)
{
    struct one o = {at_ms, period_s, 0};
    look(&w, one, &o);
    return o.value;
}

static void put_seconds(struct wb_tx *tx, void *arg)
{
    struct wb_pair dim;
    struct wb_metric m = series(0, &dim);
    for (int i = 0; i < 60; i += 7) {
        struct wb_datum d = {.second = (uint8_t)i};
        wb_datum_value(&d, i, 1);
        wb_metric_add(tx, &m, wb_floor_to(WORLD_START_MS, MINUTE) + i * 1000, &d);
        wb_datum_release(&d);
    }
}

/* Seconds are there for three hours, their minute for longer. */
static void test_seconds(void **state)
{
    world_open(&w, NULL, NULL);
    int64_t minute = wb_floor_to(WORLD_START_MS, MINUTE);
    run(&w, put_seconds, NULL);
    wb_seam_sim_advance(&w.seam, MINUTE);
    assert_true(value_at(minute + 14000, 1) == 14);
    assert_true(isnan(value_at(minute + 15000, 1)));
    assert_true(value_at(minute + 20000, 10) == 49); /* 21 and 28 */
    assert_true(value_at(minute, 60) == 252);
    wb_seam_sim_advance(&w.seam, 4 * HOUR);
    settle_all();
    assert_true(isnan(value_at(minute + 14000, 1)));
    assert_true(value_at(minute, 60) == 252);
    world_close(&w);
}

static void put_units(struct wb_tx *tx, void *arg)
{
    struct wb_pair dim;
    struct wb_metric m = series(0, &dim);
    static const char *const units[] = {"Seconds", "Bytes", "Seconds"};
    for (int i = 0; i < 3; i++) {
        struct wb_datum d = {.unit = wb_unit_code(wb_slice_str(units[i])),
                             .second = WB_WHOLE_MINUTE};
        wb_datum_value(&d, 1 << i, 1);
        wb_metric_add(tx, &m, WORLD_START_MS, &d);
        wb_datum_release(&d);
    }
}

static void ask_units(struct wb_tx *tx, void *arg)
{
    struct wb_pair dim;
    struct wb_metric m = series(0, &dim);
    struct wb_metric_id id = {m.ns, m.name, m.dim, m.dim_count};
    struct wb_stat s = {.kind = WB_STAT_SUM};
    struct wb_series_values v;
    int64_t minute = wb_floor_to(WORLD_START_MS, MINUTE);
    struct wb_window window = {minute, minute + MINUTE, 60};
    wb_series_read(tx, m.account, m.region, &id, &s, WB_S("Seconds"), &window, &v);
    assert_true(v.value[0] == 5 && v.samples[0] == 2);
    assert_true(wb_slice_is(v.unit, "Seconds"));
    wb_series_read(tx, m.account, m.region, &id, &s, WB_S("Count"), &window, &v);
    assert_true(isnan(v.value[0]) && v.samples[0] == 0);
    wb_series_read(tx, m.account, m.region, &id, &s, WB_SLICE_NULL, &window, &v);
    assert_true(v.value[0] == 7 && !v.unit.p);
    window.end_ms += (WB_METRIC_POINTS_MAX + 1LL) * MINUTE;
    assert_false(wb_series_read(tx, m.account, m.region, &id, &s, WB_SLICE_NULL, &window, &v));
}

static void test_units(void **state)
{
    world_open(&w, NULL, NULL);
    run(&w, put_units, NULL);
    look(&w, ask_units, NULL);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_and_blocks), cmocka_unit_test(test_retention),
        cmocka_unit_test(test_seconds), cmocka_unit_test(test_units)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
