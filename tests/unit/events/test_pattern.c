/* Patterns against recorded facts: tests/data/events/patterns.jsonl has a line for each, with the
 * error AWS gives or whether it matches the event. */
#include "codec/json.h"
#include "services/events/complexity.h"
#include "services/events/match.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void one_case(struct wb_slice line, unsigned number)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_json c = wb_json_read(&a, line, NULL);
    assert_true(wb_json_is(c));
    struct wb_slice text = wb_json_get_str(c, "pattern", &a), why = WB_SLICE_NULL;
    struct wb_slice want = wb_json_get_str(c, "error", &a);
    struct wb_pattern *p = wb_pattern_compile(text, &a, &why);
    if (want.p) {
        if (p || !wb_slice_eq(why, want))
            fail_msg("line %u: pattern %.*s\n want %.*s\n got  %.*s", number, WB_FMT(text),
                     WB_FMT(want), p ? 4 : (int)why.n, p ? "none" : why.p);
    } else {
        if (!p)
            fail_msg("line %u: pattern %.*s: %.*s", number, WB_FMT(text), WB_FMT(why));
        struct wb_json e = wb_json_read(&a, wb_json_get_str(c, "event", &a), NULL);
        assert_true(wb_json_is(e));
        struct wb_match_set *s = wb_match_new(&p, 1);
        uint32_t *rules;
        bool got = wb_match_event(s, e, &a, &rules) == 1;
        if (got != wb_json_bool(wb_json_get(c, "match"), false))
            fail_msg("line %u: pattern %.*s on %.*s: got %d", number, WB_FMT(text),
                     WB_FMT(wb_json_raw(e)), got);
        wb_match_free(s);
    }
    wb_pattern_free(p);
    wb_arena_release(&a);
}

static void test_recorded(void **state)
{
    (void)state;
    FILE *f = fopen(EVENTS_DATA "/patterns.jsonl", "r");
    assert_non_null(f);
    char *line = NULL;
    size_t cap = 0;
    unsigned number = 0;
    for (ssize_t n; (n = getline(&line, &cap, f)) > 0;)
        one_case(wb_slice(line, (size_t)n), ++number);
    free(line);
    fclose(f);
    assert_true(number > 150);
}

static unsigned complexity(const char *wildcard)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice why, text = wb_printf(&a, "{\"a\":[{\"wildcard\":\"%s\"}]}", wildcard);
    struct wb_pattern *p = wb_pattern_compile(text, &a, &why);
    unsigned n = p ? wb_pattern_complexity(p, 30) : 99;
    wb_pattern_free(p);
    wb_arena_release(&a);
    return n;
}

static void test_complexity(void **state)
{
    (void)state;
    assert_int_equal(complexity(""), 1);
    assert_int_equal(complexity("*"), 2);
    assert_int_equal(complexity("*/dir/*"), 4);
    assert_int_equal(complexity("*:*:*"), 5);
    assert_int_equal(complexity("/Users/*/dir/dir/dir/dir/dir/doc.txt"), 7);
    assert_int_equal(complexity("*:*:*:*:*:event-bus/*"), 99);
    assert_int_equal(complexity("*aaaaaaaaaaaaaaaab"), 99);
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice why;
    assert_null(wb_pattern_compile(
        WB_S("{\"a\":[{\"anything-but\":{\"wildcard\":[\"x\",\"*aaaaaaaaaaaab\"]}}]}"), &a, &why));
    wb_arena_release(&a);
}

static void test_or_limit(void **state)
{
    (void)state;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_buf b = wb_buf_in(&a);
    for (int depth = 9; depth <= 10; depth++) { /* 2^9 fits, 2^10 does not */
        b.n = 0;
        wb_buf_char(&b, '{');
        for (int i = 0; i < depth; i++) /* a repeated key: each $or multiplies */
            wb_buf_printf(&b, "%s\"$or\":[{\"a%d\":[1]},{\"b%d\":[1]}]", i ? "," : "", i, i);
        wb_buf_char(&b, '}');
        struct wb_slice why = WB_SLICE_NULL;
        struct wb_pattern *p = wb_pattern_compile(wb_buf_slice(&b), &a, &why);
        if (depth == 9)
            assert_int_equal(p->sub_count, 512);
        else
            assert_null(p);
        wb_pattern_free(p);
    }
    wb_arena_release(&a);
}

/* Many sub-rules with many fields each: refused before they cost anything. */
static void test_fields_limit(void **state)
{
    (void)state;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_buf b = wb_buf_in(&a);
    wb_buf_char(&b, '{');
    for (int i = 0; i < 9; i++)
        wb_buf_printf(&b, "\"$or\":[{\"a%d\":[1]},{\"b%d\":[1]}],", i, i);
    for (int i = 0; i < 400; i++)
        wb_buf_printf(&b, "%s\"%d\":[1]", i ? "," : "", i);
    wb_buf_char(&b, '}');
    struct wb_slice why = WB_SLICE_NULL;
    assert_null(wb_pattern_compile(wb_buf_slice(&b), &a, &why));
    assert_true(wb_slice_starts(why, WB_S("The number of fields")));
    wb_arena_release(&a);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool exact;
        double d;
    } cases[] = {{"0", true, 0},
                 {"-0.0", true, 0},
                 {"0.1", true, 0.1},
                 {"1e-7", true, 1e-7},
                 {"123456789012345678", false, 0},
                 {"123456789012345680", true, 123456789012345680.0},
                 {"0.30000000000000004", true, 0.30000000000000004},
                 {"0.300000000000000041", false, 0},
                 {"1e309", false, 0},
                 {"1e-400", false, 0},
                 {"100000000000000000000000000000000000000000000000000", true, 1e50},
                 {"1.7976931348623157e308", true, 1.7976931348623157e308},
                 {"-3.5E+2", true, -350}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double d = 7;
        bool exact = wb_number_exact(wb_slice_str(cases[i].text), &d);
        if (exact != cases[i].exact || (exact && d != cases[i].d))
            fail_msg("%s: exact %d, %.17g", cases[i].text, exact, d);
    }
    assert_true(wb_number_key(-1) < wb_number_key(-0.0));
    assert_true(wb_number_key(-0.0) == wb_number_key(0.0));
    assert_true(wb_number_key(1e-300) < wb_number_key(2));
}

static void test_place_of_long_patterns(void **state)
{
    (void)state;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_buf b = wb_buf_in(&a);
    wb_buf_str(&b, "{\"a\": 5, \"");
    for (int i = 0; i < 600; i++)
        wb_buf_str(&b, "\xc3\xa9");
    struct wb_slice why;
    assert_null(wb_pattern_compile(wb_buf_slice(&b), &a, &why));
    assert_true(wb_slice_find(why, WB_S("\"[truncated 110 chars]; line: 1, column: 8]"), 0) > 0);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded), cmocka_unit_test(test_complexity),
        cmocka_unit_test(test_or_limit), cmocka_unit_test(test_fields_limit),
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_place_of_long_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
