/* Filter patterns: tests/data/logs/patterns.json. test_log_filters asks the same of the server. */
#include "../data.h"
#include "codec/json.h"
#include "services/logs/pattern.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct wb_arena data, scratch;
static struct wb_json root;

static struct wb_slice text(struct wb_json list, uint32_t i)
{
    return wb_json_str(wb_json_item(list, i), &data);
}

static void test_cases(void **state)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(root, "cases"));
    size_t n = 0;
    for (; wb_json_next(&it); n++) {
        struct wb_slice pattern = text(it.value, 0), message = text(it.value, 1);
        bool matches = wb_json_type(wb_json_item(it.value, 2)) == WB_JSON_TRUE;
        struct logs_pattern *p = logs_pattern_compile(&scratch, pattern);
        if (!p)
            fail_msg("refused: %.*s", WB_FMT(pattern));
        if (logs_pattern_match(p, &scratch, message) != matches)
            fail_msg("%.*s on %.*s", WB_FMT(pattern), WB_FMT(message));
        wb_arena_reset(&scratch);
    }
    assert_true(n > 150);
}

static void test_wrong(void **state)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(root, "wrong"));
    while (wb_json_next(&it)) {
        struct wb_slice pattern = wb_json_str(it.value, &data);
        if (logs_pattern_compile(&scratch, pattern))
            fail_msg("taken: %.*s", WB_FMT(pattern));
    }
    wb_arena_reset(&scratch);
}

static void add_value(void *arg, struct wb_slice name, struct wb_slice value)
{
    wb_buf_printf(arg, "%.*s=%.*s;", WB_FMT(name), WB_FMT(value));
}

/* What is told of a message can be asked for by name. */
static void check_values(struct logs_pattern *p, struct wb_slice message, struct wb_json values)
{
    struct wb_buf want = wb_buf_in(&scratch), got = wb_buf_in(&scratch);
    struct wb_json_iter it = wb_json_iter(values);
    while (wb_json_next(&it)) {
        struct wb_slice name = text(it.value, 0), is = text(it.value, 1), value;
        add_value(&want, name, is);
        struct logs_field *f = logs_pattern_field(p, &scratch, name);
        if (!f) {
            assert_true(name.p[1] >= '1' && name.p[1] <= '9'); /* nobody named that word */
            continue;
        }
        assert_true(logs_field_value(p, f, &scratch, message, &value));
        assert_true(wb_slice_eq(value, is));
    }
    logs_pattern_values(p, &scratch, message, add_value, &got);
    if (!wb_slice_eq(wb_buf_slice(&want), wb_buf_slice(&got)))
        fail_msg("%.*s, not %.*s", WB_FMT(wb_buf_slice(&got)), WB_FMT(wb_buf_slice(&want)));
}

static void test_values(void **state)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(root, "values"));
    while (wb_json_next(&it)) {
        struct wb_slice message = text(it.value, 1);
        struct logs_pattern *p = logs_pattern_compile(&scratch, text(it.value, 0));
        assert_true(p && logs_pattern_match(p, &scratch, message));
        check_values(p, message, wb_json_item(it.value, 2));
        wb_arena_reset(&scratch);
    }
}

/* The allowance of one compiled expression must not end a search over many lines. */
static void test_many(void **state)
{
    struct logs_pattern *p = logs_pattern_compile(&data, WB_S("%x[0-9]+y%"));
    for (int i = 0; i < 20000; i++) {
        struct wb_slice m = wb_printf(&scratch, "a line that is not short at all x%dy", i);
        assert_true(logs_pattern_match(p, &scratch, m));
        wb_arena_reset(&scratch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_wrong),
                                       cmocka_unit_test(test_many), cmocka_unit_test(test_values)};
    wb_arena_init(&data, 0);
    wb_arena_init(&scratch, 0);
    root = wb_json_read(&data, wb_test_data(&data, "logs/patterns.json"), NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wb_arena_release(&scratch);
    wb_arena_release(&data);
    return failed;
}
