/* Metrics Insights and dynamic labels against a data file. */
#include "../data.h"
#include "../engine/world.h"
#include "engine/metric_rows.h"
#include "services/cloudwatch/query.h"
#include "services/cloudwatch/select.h"

#include <math.h>

#define MONDAY_MS 1795392000000 /* 2026-11-23T00:00:00Z */

static struct world w;

static void put_values(struct wb_tx *tx, const struct wb_metric *m, struct wb_json values)
{
    struct wb_json_iter it = wb_json_iter(values);
    for (int i = 0; wb_json_next(&it); i++) {
        struct wb_datum d = {.second = WB_WHOLE_MINUTE};
        struct wb_json_iter several =
            wb_json_iter(wb_json_type(it.value) == WB_JSON_ARRAY ? it.value : WB_JSON_NONE);
        double x;
        while (wb_json_next(&several))
            if (wb_json_double(several.value, &x))
                wb_datum_value(&d, x, 1);
        if (wb_json_double(it.value, &x))
            wb_datum_value(&d, x, 1);
        if (d.count > 0)
            wb_metric_add(tx, m, MONDAY_MS + i * WB_MINUTE_MS, &d);
        wb_datum_release(&d);
    }
}

static void put_metrics(struct wb_tx *tx, void *arg)
{
    struct wb_json_iter it = wb_json_iter(*(struct wb_json *)arg);
    while (wb_json_next(&it)) {
        struct wb_pair dim[4];
        struct wb_metric m = {WB_S("1"),
                              WB_S("eu"),
                              wb_json_get_str(it.value, "ns", tx->arena),
                              wb_json_get_str(it.value, "name", tx->arena),
                              dim,
                              0};
        struct wb_json_iter d = wb_json_iter(wb_json_get(it.value, "dims"));
        while (wb_json_next(&d))
            dim[m.dim_count++] =
                (struct wb_pair){wb_json_str(d.key, tx->arena), wb_json_str(d.value, tx->arena)};
        put_values(tx, &m, wb_json_get(it.value, "values"));
    }
}

static void open_world(struct wb_json metrics)
{
    world_open(&w, NULL, NULL);
    wb_seam_sim_advance(&w.seam, MONDAY_MS + 2 * 3600000 - WORLD_START_MS);
    assert_int_equal(run(&w, put_metrics, &metrics), WB_COMMITTED);
}

struct ask {
    struct wb_json c;
    unsigned number;
};

static void put_expression(struct wb_json_writer *j, const char *id, struct wb_slice text,
                           struct wb_slice label, bool returned)
{
    wb_jw_object(j);
    wb_jw_kcstr(j, "Id", id);
    wb_jw_kstr(j, "Expression", text);
    wb_jw_kstr(j, "Label", label);
    wb_jw_ki64(j, "Period", 60);
    wb_jw_kbool(j, "ReturnData", returned);
    wb_jw_end_object(j);
}

static void check_series(const struct ask *q, struct wb_json want, const struct wb_query_result *r,
                         struct wb_arena *a)
{
    struct wb_slice label = wb_json_str(wb_json_item(want, 0), a);
    struct wb_json_iter it = wb_json_iter(wb_json_item(want, 1));
    if (!wb_slice_eq(label, r->label))
        fail_msg("case %u: label '%.*s', not '%.*s'", q->number, WB_FMT(r->label), WB_FMT(label));
    size_t i = 0;
    for (; wb_json_next(&it); i++) {
        double v = NAN;
        wb_json_double(it.value, &v);
        if (i >= r->values.n || isnan(v) != isnan(r->values.value[i]) ||
            fabs(v - r->values.value[i]) > 1e-9)
            fail_msg("case %u, %.*s, value %zu: %g, not %g", q->number, WB_FMT(label), i,
                     i < r->values.n ? r->values.value[i] : NAN, v);
    }
    assert_int_equal(i, r->values.n);
}

static void check_case(struct wb_tx *tx, void *arg)
{
    struct ask *q = arg;
    struct wb_arena *a = tx->arena;
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer j;
    struct wb_slice then = wb_json_get_str(q->c, "then", a),
                    error = wb_json_get_str(q->c, "error", a), why, checked;
    struct wb_window window = {MONDAY_MS, MONDAY_MS + 3 * WB_MINUTE_MS, 60};
    struct wb_query_result *r;
    size_t n, seen = 0;
    wb_jw_init(&j, &b);
    wb_jw_array(&j);
    put_expression(&j, "q1", wb_json_get_str(q->c, "do", a), wb_json_get_str(q->c, "label", a),
                   !then.p);
    if (then.p)
        put_expression(&j, "e2", then, WB_SLICE_NULL, true);
    wb_jw_end_array(&j);
    struct wb_json list = wb_json_read(a, wb_buf_slice(&b), NULL);
    bool ok = wb_query_run(tx, WB_S("1"), WB_S("eu"), list, &window, 0, &r, &n, &why);
    if (ok != wb_query_check(a, list, &checked) || ok == (error.p != NULL) ||
        !wb_slice_eq(why, checked) || (error.p && wb_slice_find(why, error, 0) < 0))
        fail_msg("case %u: '%.*s', '%.*s'", q->number, WB_FMT(why), WB_FMT(checked));
    struct wb_json want = wb_json_get(q->c, "is");
    for (size_t i = 0; ok && i < n; i++)
        if (r[i].returned)
            check_series(q, wb_json_item(want, (uint32_t)seen++), &r[i], a);
    if (seen != wb_json_count(want))
        fail_msg("case %u: %zu series", q->number, seen);
}

static void test_cases(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_json root = wb_json_read(&a, wb_test_data(&a, "cloudwatch/select.json"), NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_get(root, "cases"));
    struct ask q = {0};
    open_world(wb_json_get(root, "metrics"));
    for (; wb_json_next(&it); q.number++) {
        q.c = it.value;
        look(&w, check_case, &q);
    }
    assert_true(q.number > 60);
    world_close(&w);
    wb_arena_release(&a);
}

/* --- labels --- */

static void check_label(struct wb_tx *tx, void *arg)
{
    struct ask *q = arg;
    struct wb_arena *a = tx->arena;
    struct wb_slice name = wb_json_get_str(q->c, "name", a), why,
                    want = wb_json_get_str(q->c, "is", a);
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer j;
    wb_jw_init(&j, &b);
    wb_jw_array(&j);
    wb_jw_object(&j);
    wb_jw_kcstr(&j, "Id", "m1");
    wb_jw_kstr(&j, "Label", wb_json_get_str(q->c, "of", a));
    wb_jw_key(&j, "MetricStat");
    wb_jw_object(&j);
    wb_jw_ki64(&j, "Period", 60);
    wb_jw_kcstr(&j, "Stat", "Sum");
    wb_jw_key(&j, "Metric");
    wb_jw_object(&j);
    wb_jw_kcstr(&j, "Namespace", "Labels");
    wb_jw_kstr(&j, "MetricName", name.p ? name : WB_S("Load"));
    wb_jw_kraw(&j, "Dimensions", WB_S("[{\"Name\":\"Host\",\"Value\":\"a\"}]"));
    wb_jw_end_object(&j);
    wb_jw_end_object(&j);
    wb_jw_end_object(&j);
    wb_jw_end_array(&j);
    struct wb_window window = {MONDAY_MS, MONDAY_MS + 10 * WB_MINUTE_MS, 60};
    struct wb_query_result *r;
    size_t n;
    int zone;
    assert_true(cw_zone(wb_json_get_str(q->c, "zone", a), &zone));
    assert_true(wb_query_run(tx, WB_S("1"), WB_S("eu"), wb_json_read(a, wb_buf_slice(&b), NULL),
                             &window, zone, &r, &n, &why));
    assert_int_equal(n, 1);
    if (!wb_slice_eq(r[0].label, want))
        fail_msg("label %u: '%.*s', not '%.*s'", q->number, WB_FMT(r[0].label), WB_FMT(want));
}

static void test_labels(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_json root = wb_json_read(&a, wb_test_data(&a, "cloudwatch/select.json"), NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_get(root, "labels"));
    struct ask q = {0};
    open_world(wb_json_read(&a,
                            WB_S("[{\"ns\":\"Labels\",\"name\":\"Load\",\"dims\":{\"Host\":\"a\"},"
                                 "\"values\":[10,null,20,30]}]"),
                            NULL));
    for (; wb_json_next(&it); q.number++) {
        q.c = it.value;
        look(&w, check_label, &q);
    }
    assert_true(q.number > 10);
    world_close(&w);
    wb_arena_release(&a);
}

static void test_zones(void **state)
{
    static const char *const bad[] = {"", "0130", "+130", "+01300", "+2400", "+0060", "Z", "+a130"};
    int zone;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(cw_zone(wb_slice_str(bad[i]), &zone));
    assert_true(cw_zone(WB_S("-0930"), &zone) && zone == -570);
    assert_true(cw_zone(WB_S("+0000"), &zone) && zone == 0);
}

/* A query that would never end is refused, not followed. */
static void test_bounds(void **state)
{
    struct wb_arena a;
    struct wb_slice why;
    char deep[1001];
    wb_arena_init(&a, 0);
    memset(deep, '(', 1000);
    deep[1000] = 0;
    assert_null(cw_select_parse(&a, wb_printf(&a, "SELECT SUM(a) FROM b WHERE %s", deep), &why));
    assert_true(wb_slice_find(why, WB_S("nested too deeply"), 0) >= 0);
    struct wb_buf b = wb_buf_in(&a);
    wb_buf_str(&b, "SELECT SUM(a) FROM b WHERE x = ''");
    for (int i = 0; i < 200; i++)
        wb_buf_str(&b, " OR x = ''");
    assert_null(cw_select_parse(&a, wb_buf_slice(&b), &why));
    assert_true(wb_slice_find(why, WB_S("too many conditions"), 0) >= 0);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_labels),
                                       cmocka_unit_test(test_zones), cmocka_unit_test(test_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
