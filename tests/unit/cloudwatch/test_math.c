/* Metric math against cases of the User Guide and others computed by hand. */
#include "../data.h"
#include "../engine/world.h"
#include "engine/metric_rows.h"
#include "services/cloudwatch/cloudwatch.h"

#include <math.h>

#define MONDAY_MS 1795392000000 /* 2026-11-23T00:00:00Z */

static struct world w;

static struct wb_slice id_of(struct wb_arena *a, struct wb_json c, struct wb_slice name, uint32_t i)
{
    struct wb_slice other = wb_json_str(wb_json_item(wb_json_get(c, "as"), i), a);
    return other.p ? other : name;
}

static void put_case(struct wb_tx *tx, void *arg)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(*(struct wb_json *)arg, "m"));
    while (wb_json_next(&it)) {
        struct wb_pair dim = {WB_S("Id"), WB_S("1")};
        struct wb_metric m = {WB_S("1"), WB_S("eu"), WB_S("Test"), wb_json_str(it.key, tx->arena),
                              &dim,      1};
        struct wb_json_iter v = wb_json_iter(it.value);
        for (int i = 0; wb_json_next(&v); i++) {
            struct wb_datum d = {.second = WB_WHOLE_MINUTE};
            double x;
            if (!wb_json_double(v.value, &x))
                continue;
            wb_datum_value(&d, x, 1);
            wb_metric_add(tx, &m, MONDAY_MS + i * WB_MINUTE_MS, &d);
            wb_datum_release(&d);
        }
    }
}

static struct wb_json queries(struct wb_arena *a, struct wb_json c, uint32_t *minutes)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer j;
    wb_jw_init(&j, &b);
    wb_jw_array(&j);
    struct wb_json_iter it = wb_json_iter(wb_json_get(c, "m"));
    for (uint32_t i = 0; wb_json_next(&it); i++) {
        struct wb_slice name = wb_json_str(it.key, a);
        *minutes = wb_json_count(it.value);
        wb_jw_object(&j);
        wb_jw_kstr(&j, "Id", id_of(a, c, name, i));
        wb_jw_kbool(&j, "ReturnData", false);
        wb_jw_key(&j, "MetricStat");
        wb_jw_object(&j);
        wb_jw_ki64(&j, "Period", 60);
        wb_jw_kcstr(&j, "Stat", "Sum");
        wb_jw_key(&j, "Metric");
        wb_jw_object(&j);
        wb_jw_kcstr(&j, "Namespace", "Test");
        wb_jw_kstr(&j, "MetricName", name);
        wb_jw_kraw(&j, "Dimensions", WB_S("[{\"Name\":\"Id\",\"Value\":\"1\"}]"));
        wb_jw_end_object(&j);
        wb_jw_end_object(&j);
        wb_jw_end_object(&j);
    }
    wb_jw_object(&j);
    wb_jw_kcstr(&j, "Id", "e0");
    wb_jw_kstr(&j, "Expression", wb_json_get_str(c, "do", a));
    wb_jw_end_object(&j);
    wb_jw_end_array(&j);
    return wb_json_read(a, wb_buf_slice(&b), NULL);
}

struct ask {
    struct wb_json c;
    unsigned number;
};

static void check_values(const struct ask *q, struct wb_json want, const struct wb_query_result *r)
{
    struct wb_json_iter it = wb_json_iter(want);
    size_t i = 0;
    for (; wb_json_next(&it); i++) {
        double v = NAN;
        wb_json_double(it.value, &v);
        if (i >= r->values.n || isnan(v) != isnan(r->values.value[i]) ||
            fabs(v - r->values.value[i]) > 1e-9)
            fail_msg("case %u, value %zu: %g, not %g", q->number, i,
                     i < r->values.n ? r->values.value[i] : NAN, v);
    }
    assert_int_equal(i, r->values.n);
}

static void check_case(struct wb_tx *tx, void *arg)
{
    struct ask *q = arg;
    struct wb_slice why = WB_SLICE_NULL, checked = WB_SLICE_NULL,
                    error = wb_json_get_str(q->c, "error", tx->arena);
    uint32_t minutes = 0;
    struct wb_json list = queries(tx->arena, q->c, &minutes), want = wb_json_get(q->c, "is");
    struct wb_window window = {MONDAY_MS, MONDAY_MS + minutes * WB_MINUTE_MS, 60};
    struct wb_query_result *r;
    size_t n;
    bool ok = wb_query_run(tx, WB_S("1"), WB_S("eu"), list, &window, 0, &r, &n, &why);
    if (ok != wb_query_check(tx->arena, list, &checked) || ok == (error.p != NULL) ||
        !wb_slice_eq(why, checked) || (error.p && wb_slice_find(why, error, 0) < 0))
        fail_msg("case %u: '%.*s', '%.*s'", q->number, WB_FMT(why), WB_FMT(checked));
    if (error.p)
        return;
    bool array = wb_json_count(want) == 0 || wb_json_type(wb_json_item(want, 0)) == WB_JSON_ARRAY;
    size_t first = wb_json_count(wb_json_get(q->c, "m"));
    if (n - first != (array ? wb_json_count(want) : 1))
        fail_msg("case %u: %zu series", q->number, n - first);
    for (size_t i = first; i < n; i++) {
        assert_true(wb_slice_is(r[i].id, "e0") && r[i].returned && r[i].expression);
        check_values(q, array ? wb_json_item(want, (uint32_t)(i - first)) : want, &r[i]);
    }
}

static void test_cases(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_json root = wb_json_read(&a, wb_test_data(&a, "cloudwatch/math.json"), NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_get(root, "cases"));
    struct ask q = {0};
    for (; wb_json_next(&it); q.number++) {
        q.c = it.value;
        world_open(&w, NULL, NULL);
        wb_seam_sim_advance(&w.seam, MONDAY_MS + 3600000 - WORLD_START_MS);
        run(&w, put_case, &q.c);
        look(&w, check_case, &q);
        world_close(&w);
    }
    assert_true(q.number > 100);
    wb_arena_release(&a);
}

/* Deep or endless expressions are refused, not followed. */
static void test_bounds(void **state)
{
    struct wb_arena a;
    struct wb_slice why;
    wb_arena_init(&a, 0);
    char deep[2049];
    static const char openers[] = "([-";
    for (const char *c = openers; *c; c++) {
        memset(deep, *c, 2048);
        deep[2048] = 0;
        struct wb_slice text = wb_printf(&a, "[{\"Id\":\"e\",\"Expression\":\"%s\"}]", deep);
        assert_false(wb_query_check(&a, wb_json_read(&a, text, NULL), &why));
        assert_true(wb_slice_find(why, WB_S("nested too deeply"), 0) > 0);
    }
    wb_arena_release(&a);
}

/* What is wrong with the list itself. */
static void test_lists(void **state)
{
    static const char *const cases[][2] = {
        {"[]", "The parameter MetricDataQueries is required."},
        {"[{\"Id\":\"M\",\"Expression\":\"m\"}]", "member.1.Id is not matching"},
        {"[{\"Id\":\"a\",\"Expression\":\"TIME_SERIES(1)\"},"
         "{\"Id\":\"a\",\"Expression\":\"TIME_SERIES(1)\"}]",
         "are not unique"},
        {"[{\"Id\":\"a\"}]", "At least one of the parameters MetricDataQueries.member.1."},
        {"[{\"Id\":\"a\",\"Expression\":\"b\",\"MetricStat\":{}}]",
         "The parameters MetricDataQueries.member.1.Expression and "
         "MetricDataQueries.member.1.MetricStat are mutually exclusive"},
        {"[{\"Id\":\"a\",\"Period\":60,\"MetricStat\":{}}]",
         "The parameters MetricDataQueries.member.1.Period and "
         "MetricDataQueries.member.1.MetricStat are mutually exclusive"},
        {"[{\"Id\":\"a\",\"MetricStat\":{\"Period\":61,\"Stat\":\"Sum\"}}]", "Period must be"},
        {"[{\"Id\":\"a\",\"MetricStat\":{\"Period\":60,\"Stat\":\"sum\"}}]",
         "The value sum for parameter MetricDataQueries.member.1.MetricStat.Stat"},
        {"[{\"Id\":\"a\",\"MetricStat\":{\"Period\":60,\"Stat\":\"p90\",\"Metric\":{}}}]",
         "Namespace"},
        {"[{\"Id\":\"a\",\"Expression\":\"b\"},{\"Id\":\"b\",\"Expression\":\"c\"},"
         "{\"Id\":\"c\",\"Expression\":\"a\"}]",
         "refers to itself"},
    };
    struct wb_arena a;
    wb_arena_init(&a, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_slice why = WB_SLICE_NULL;
        struct wb_json list = wb_json_read(&a, wb_slice_str(cases[i][0]), NULL);
        assert_true(wb_json_is(list));
        if (wb_query_check(&a, list, &why) || wb_slice_find(why, wb_slice_str(cases[i][1]), 0) < 0)
            fail_msg("%s: %.*s", cases[i][0], WB_FMT(why));
    }
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_bounds),
                                       cmocka_unit_test(test_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
