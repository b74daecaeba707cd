#include "arena.h"
#include "base/buf.h"
#include "codec/yaml.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct wb_yaml_tag tags[] = {
    {"!Ref", "Ref", false}, {"!Get", "Fn::Get", true}, {NULL, NULL, false}};
static const struct wb_yaml_options options = {.tags = tags, .bytes_max = 1000, .depth_max = 20};

static void test_values(void **state)
{
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"", "null"},
        {"a", "\"a\""},
        {"a: 1\nb: [x, 'y', \"z\\n\"]\n", "{\"a\":1,\"b\":[\"x\",\"y\",\"z\\n\"]}"},
        {"a: 2010-09-09\nb: 1.10\nc: 1_000\nd: 0o7\n",
         "{\"a\":\"2010-09-09\",\"b\":1.10,\"c\":1000,\"d\":\"0o7\"}"},
        {"[yes, No, on, off, y, true, 'true', ~, null]",
         "[true,false,true,false,\"y\",true,\"true\",null,null]"},
        {"[010, 0x1F, 0b11, 1:30, -1:30, 08]", "[8,31,3,90,-90,\"08\"]"},
        {"[1., .5, 00.5, -1.5e+3, 1.5e3, .inf, .]",
         "[1.0,0.5,0.5,-1.5e+3,\"1.5e3\",\".inf\",\".\"]"},
        {"[0x, 0b2, 1__, 99999999999999999999999, 0xffffffffffffffffff]",
         "[\"0x\",\"0b2\",1,99999999999999999999999,\"0xffffffffffffffffff\"]"},
        {"!Ref a", "{\"Ref\":\"a\"}"},
        {"!Ref 12", "{\"Ref\":\"12\"}"},
        {"!Get a.b.c", "{\"Fn::Get\":[\"a\",\"b.c\"]}"},
        {"!Get [a, !Ref b]", "{\"Fn::Get\":[\"a\",{\"Ref\":\"b\"}]}"},
        {"!Get a", "{\"Fn::Get\":\"a\"}"},
        {"[!!str 1, !!int '1', !!bool 'yes', ! 5, !!null x, !!seq [1]]",
         "[\"1\",1,true,\"5\",\"x\",[1]]"},
        {"1: a\ntrue: b\n'': c", "{\"1\":\"a\",\"true\":\"b\",\"\":\"c\"}"},
        {"a: &x [1]\nb: *x\n", "{\"a\":[1],\"b\":[1]}"},
        {"a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n",
         "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"q\":3,\"p\":1}}"},
        {"a: &x {p: 1}\nb: &y {p: 2, r: 4}\nc:\n  <<: [*x, *y]\n",
         "{\"a\":{\"p\":1},\"b\":{\"p\":2,\"r\":4},\"c\":{\"p\":1,\"r\":4}}"},
        {"'<<': 1", "{\"<<\":1}"},
        {"a: |\n  x\n   y\nb: >-\n  x\n  y\n", "{\"a\":\"x\\n y\\n\",\"b\":\"x y\"}"},
        {"# c\n---\na: \xc3\xa4 # d\n...\n", "{\"a\":\"\xc3\xa4\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_slice json;
        struct wb_yaml_error e;
        if (!wb_yaml_to_json(&arena, wb_slice_str(cases[i].yaml), &options, &json, &e))
            fail_msg("%s: %s (%zu, %zu)", cases[i].yaml, e.reason, e.line, e.column);
        if (!wb_slice_is(json, cases[i].json))
            fail_msg("%s\n got  %.*s\n want %s", cases[i].yaml, WB_FMT(json), cases[i].json);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *yaml;
        size_t line, column;
        const char *reason;
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", 3, 1, "duplicate key"},
        {"a: !Nope 1", 1, 4, "unknown tag !Nope"},
        {"a: !!binary aa", 1, 4, "unknown tag tag:yaml.org,2002:binary"},
        {"a: !!map 1", 1, 4, "unknown tag tag:yaml.org,2002:map"},
        {"? [a]\n: b", 1, 3, "a key must be a scalar"},
        {"!Ref a: b", 1, 1, "a key with a tag"},
        {"a: *x", 1, 4, "alias of an anchor that is not there"},
        {"a: &x [*x]", 1, 8, "alias of a node that it is part of"},
        {"a: 1\n---\nb: 2\n", 2, 1, "more than one document"},
        {"a: &x 1\nb: {<<: *x}", 1, 4, "a merge key takes a mapping or a list of mappings"},
        {"[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]", 1, 21, "nested too deeply"},
        {"a: 'b", 1, 6, "found unexpected end of stream"},
        {"a: b: c", 1, 5, "mapping values are not allowed in this context"},
        {"a:\tb\n\tc: d", 2, 1, "found a tab character that violates indentation"},
        {"a: \x01", 1, 1, "control characters are not allowed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_slice json;
        struct wb_yaml_error e = {"none", 0, 0};
        bool ok = wb_yaml_to_json(&arena, wb_slice_str(cases[i].yaml), &options, &json, &e);
        if (ok || strcmp(e.reason, cases[i].reason) != 0 || e.line != cases[i].line ||
            e.column != cases[i].column)
            fail_msg("%s: %s (%zu, %zu)", cases[i].yaml, e.reason, e.line, e.column);
    }
}

/* Aliases of aliases, merges of merges: bounded by the limit, not by what they would become. */
static void test_bounds(void **state)
{
    struct wb_yaml_error e;
    struct wb_slice json;
    struct wb_buf lists = wb_buf_in(&arena), merges = wb_buf_in(&arena);
    wb_buf_str(&lists, "a0: &a0 x\n");
    wb_buf_str(&merges, "a0: &a0 {k: 1}\n");
    for (int i = 1; i < 60; i++) {
        wb_buf_printf(&lists, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
        wb_buf_printf(&merges, "a%d: &a%d {k: 1, <<: [*a%d, *a%d]}\n", i, i, i - 1, i - 1);
    }
    assert_false(wb_yaml_to_json(&arena, wb_buf_slice(&lists), &options, &json, &e));
    assert_false(wb_yaml_to_json(&arena, wb_buf_slice(&merges), &options, &json, &e));
    assert_string_equal(e.reason, "too large once its aliases are written out");
    /* The same text twice in a row: what is behind an alias is not read again. */
    struct wb_yaml_options wide = {.bytes_max = 10 << 20, .depth_max = 20};
    struct wb_buf many = wb_buf_in(&arena);
    wb_buf_str(&many, "k: &k 0123456789\nl:\n");
    for (int i = 0; i < 100000; i++)
        wb_buf_str(&many, "- *k\n");
    assert_true(wb_yaml_to_json(&arena, wb_buf_slice(&many), &wide, &json, &e));
    assert_int_equal(json.n, strlen("{\"k\":\"0123456789\",\"l\":[]}") + 100000 * 13 - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
