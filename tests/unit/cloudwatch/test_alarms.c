/* Alarms without a server: the documented tables of missing data, the words of reasons, the rules
 * of composite alarms, the bodies of dashboards. All cases are in tests/data/cloudwatch. */
#include "services/cloudwatch/alarm_judge.h"
#include "services/cloudwatch/alarm_rule.h"
#include "services/cloudwatch/dashboard_body.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "data.h"
#include <cmocka.h>

#define END_MS 1795388400000 /* 2026-11-22T23:00:00Z: the youngest period begins */

static struct wb_arena a;

static struct wb_json data(const char *file)
{
    struct wb_json_error why = {0};
    struct wb_json v = wb_json_read(&a, wb_test_data(&a, file), &why);
    if (!wb_json_is(v))
        fail_msg("%s: %s at %zu", file, why.reason, why.offset);
    return v;
}

static struct cw_rule read_rule(struct wb_json v)
{
    struct cw_rule r = {.periods = (unsigned)wb_json_get_i64(v, "periods", 0),
                        .to_alarm = (unsigned)wb_json_get_i64(v, "to_alarm", 0),
                        .m_of_n = wb_json_bool(wb_json_get(v, "given"), false)};
    wb_json_double(wb_json_get(v, "threshold"), &r.threshold);
    cw_compare_read(wb_json_get_str(v, "compare", &a), &r.compare);
    cw_missing_read(wb_json_get_str(v, "missing", &a), &r.missing);
    return r;
}

static void same(struct wb_slice got, struct wb_slice wanted, struct wb_slice of)
{
    if (!wb_slice_eq(got, wanted))
        fail_msg("%.*s:\n  got    %.*s\n  wanted %.*s", WB_FMT(of), WB_FMT(got), WB_FMT(wanted));
}

/* --- the tables --- */

static void check_row(const struct cw_rule *like, struct wb_json row)
{
    static const enum cw_missing order[] = {CW_MISSING, CW_IGNORE, CW_BREACHING, CW_NOT_BREACHING};
    struct wb_slice points = wb_json_str(wb_json_item(row, 0), &a);
    struct cw_point point[16];
    size_t n = (points.n + 1) / 2;
    for (size_t i = 0; i < n; i++) {
        char ch = points.p[2 * (n - 1 - i)];
        point[i] = (struct cw_point){.value = ch == 'X' ? 9 : ch == '0' ? 1 : NAN, .samples = 1};
    }
    for (uint32_t k = 0; k < 4; k++) {
        struct cw_rule r = *like;
        r.missing = order[k];
        struct cw_verdict v = cw_judge(&a, &r, point, n);
        struct wb_slice wanted = wb_json_str(wb_json_item(row, k + 1), &a);
        same(v.retain ? WB_S("-") : wb_slice_str(cw_state_names[v.state]), wanted,
             wb_printf(&a, "%.*s, treatment %u", WB_FMT(points), k));
    }
}

static void test_tables(void **state)
{
    struct wb_json_iter t = wb_json_iter(wb_json_get(data("cloudwatch/alarms.json"), "tables"));
    size_t rows = 0;
    while (wb_json_next(&t)) {
        struct cw_rule r = read_rule(t.value);
        struct wb_json_iter row = wb_json_iter(wb_json_get(t.value, "rows"));
        r.compare = CW_GREATER;
        r.threshold = 5;
        for (; wb_json_next(&row); rows++)
            check_row(&r, row.value);
    }
    assert_true(rows >= 10);
}

/* --- words --- */

static size_t read_points(struct wb_json list, struct cw_point *point)
{
    size_t n = wb_json_count(list);
    for (size_t i = 0; i < n; i++) { /* newest first */
        point[i] =
            (struct cw_point){.at_ms = END_MS - (int64_t)i * 60000, .value = NAN, .samples = 2};
        wb_json_double(wb_json_item(list, (uint32_t)(n - 1 - i)), &point[i].value);
    }
    return n;
}

static void test_reasons(void **state)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(data("cloudwatch/alarms.json"), "reasons"));
    while (wb_json_next(&it)) {
        struct cw_rule r = read_rule(it.value);
        struct cw_point point[16];
        size_t n = read_points(wb_json_get(it.value, "points"), point);
        struct cw_verdict v = cw_judge(&a, &r, point, n);
        struct wb_slice wanted = wb_json_get_str(it.value, "reason", &a);
        assert_false(v.retain);
        same(wb_slice_str(cw_state_names[v.state]), wb_json_get_str(it.value, "state", &a), wanted);
        same(cw_reason(&a, &r, &v), wanted, WB_S("reason"));
    }
}

static void test_data(void **state)
{
    struct wb_json c = wb_json_get(data("cloudwatch/alarms.json"), "data");
    struct cw_rule r = read_rule(c);
    struct cw_point point[16];
    size_t n = read_points(wb_json_get(c, "points"), point);
    struct cw_verdict v = cw_judge(&a, &r, point, n);
    struct cw_data d = {.query_ms = END_MS + 65000,
                        .unit = WB_S("Seconds"),
                        .statistic = WB_S("Average"),
                        .period_s = 60};
    same(cw_reason_data(&a, &r, &v, point, n, &d), wb_json_get_str(c, "text", &a),
         WB_S("reason data"));
}

static void test_numbers(void **state)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {{0, "0.0"},
                 {1, "1.0"},
                 {-5, "-5.0"},
                 {0.1, "0.1"},
                 {100, "100.0"},
                 {1234567, "1234567.0"},
                 {9999999, "9999999.0"},
                 {1e7, "1.0E7"},
                 {0.001, "0.001"},
                 {0.0001, "1.0E-4"},
                 {1.5e300, "1.5E300"},
                 {99.50160229693434, "99.50160229693434"},
                 {21.5, "21.5"},
                 {1e-10, "1.0E-10"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        same(cw_double(&a, cases[i].v), wb_slice_str(cases[i].text), WB_S("number"));
    same(cw_long_time(&a, 1636512355640), WB_S("Wednesday 10 November, 2021 02:45:55 UTC"),
         WB_S("time"));
}

/* --- rules --- */

static void check_states(const struct cw_rule_tree *t, struct wb_json sets, bool holds,
                         struct wb_slice rule)
{
    struct wb_json_iter set = wb_json_iter(sets);
    while (wb_json_next(&set)) {
        enum cw_state state[8] = {CW_OK};
        struct wb_json_iter one = wb_json_iter(set.value);
        for (size_t i = 0; wb_json_next(&one); i++)
            assert_true(cw_state_read(wb_json_str(one.value, &a), &state[i]));
        if (cw_rule_holds(t, state) != holds)
            fail_msg("%.*s should %shold for %.*s", WB_FMT(rule), holds ? "" : "not ",
                     WB_FMT(wb_json_raw(set.value)));
    }
}

static void test_rules(void **state)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(data("cloudwatch/alarms.json"), "rules"));
    while (wb_json_next(&it)) {
        struct wb_slice rule = wb_json_get_str(it.value, "rule", &a), why,
                        wanted = wb_json_get_str(it.value, "why", &a);
        struct wb_json names = wb_json_get(it.value, "names");
        struct cw_rule_tree t;
        bool good = cw_rule_parse(&a, rule, &t, &why);
        if (wanted.p || !good) {
            same(good ? WB_S("good") : why, wanted.p ? wanted : WB_S("good"), rule);
            continue;
        }
        assert_int_equal(t.name_count, wb_json_count(names));
        for (unsigned i = 0; i < t.name_count; i++)
            same(t.name[i], wb_json_str(wb_json_item(names, i), &a), rule);
        check_states(&t, wb_json_get(it.value, "holds"), true, rule);
        check_states(&t, wb_json_get(it.value, "fails"), false, rule);
    }
}

/* A rule that is too large, too deep, or has too many alarms is refused, not followed. */
static void test_rule_limits(void **state)
{
    struct wb_buf deep = wb_buf_in(&a), many = wb_buf_in(&a), wide = wb_buf_in(&a);
    struct cw_rule_tree t;
    struct wb_slice why;
    for (int i = 0; i < 101; i++) {
        wb_buf_char(&deep, '(');
        wb_buf_printf(&many, "%sOK(a%d)", i ? " OR " : "", i);
    }
    wb_buf_str(&deep, "TRUE");
    for (int i = 0; i < 101; i++)
        wb_buf_char(&deep, ')');
    for (int i = 0; i < 501; i++)
        wb_buf_str(&wide, i ? " AND TRUE" : "TRUE");
    assert_false(cw_rule_parse(&a, wb_buf_slice(&deep), &t, &why));
    assert_true(wb_slice_starts(why, WB_S("nested too deeply")));
    assert_false(cw_rule_parse(&a, wb_buf_slice(&many), &t, &why));
    assert_true(wb_slice_starts(why, WB_S("too many alarms")));
    assert_false(cw_rule_parse(&a, wb_buf_slice(&wide), &t, &why));
    assert_true(wb_slice_starts(why, WB_S("too many elements")));
}

/* --- dashboards --- */

static void test_dashboards(void **state)
{
    struct wb_json all = data("cloudwatch/dashboards.json");
    struct wb_json_iter it = wb_json_iter(wb_json_get(all, "good"));
    struct cw_findings f;
    while (wb_json_next(&it)) {
        cw_dashboard_validate(&a, it.value, &f);
        if (f.count)
            fail_msg("%.*s: %.*s %.*s", WB_FMT(wb_json_raw(it.value)), WB_FMT(f.item[0].path),
                     WB_FMT(f.item[0].message));
    }
    it = wb_json_iter(wb_json_get(all, "bad"));
    while (wb_json_next(&it)) {
        struct wb_slice path = wb_json_get_str(it.value, "path", &a),
                        message = wb_json_get_str(it.value, "message", &a),
                        raw = wb_json_raw(it.value);
        bool found = false;
        cw_dashboard_validate(&a, wb_json_get(it.value, "body"), &f);
        assert_int_equal(f.count, wb_json_get_i64(it.value, "count", 1));
        for (size_t i = 0; i < f.count; i++)
            found |= wb_slice_eq(f.item[i].path, path) && wb_slice_eq(f.item[i].message, message);
        if (!found)
            fail_msg("%.*s: got %.*s %.*s", WB_FMT(raw), WB_FMT(f.item[0].path),
                     WB_FMT(f.item[0].message));
    }
}

static void test_metric_rows(void **state)
{
    struct wb_json rows = wb_json_read(
        &a, WB_S("[[\"N\",\"M\",\"D\",\"a\"],[\"...\",\"b\"],[\".\",\"X\",\".\",\".\"],[\"...\"]]"),
        NULL);
    static const char *const wanted[] = {"N M D a ", "N M D b ", "N X D b ", "N X D b "};
    struct cw_metric_row row, before;
    for (uint32_t i = 0; i < 4; i++) {
        struct wb_buf b = wb_buf_in(&a);
        const char *why;
        int bad;
        assert_true(
            cw_metric_row_read(&a, wb_json_item(rows, i), i ? &before : NULL, &row, &bad, &why));
        for (size_t k = 0; k < row.count; k++) {
            wb_buf_slice_put(&b, row.field[k]);
            wb_buf_char(&b, ' ');
        }
        same(wb_buf_slice(&b), wb_slice_str(wanted[i]), WB_S("row"));
        before = row;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),     cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_data),       cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_rules),      cmocka_unit_test(test_rule_limits),
        cmocka_unit_test(test_dashboards), cmocka_unit_test(test_metric_rows),
    };
    wb_arena_init(&a, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wb_arena_release(&a);
    return failed;
}
