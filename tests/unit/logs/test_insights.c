/* Logs Insights: the cases of tests/data/logs/insights.json, each fed forward and backward. */
#include "../arena.h"
#include "../data.h"
#include "codec/json.h"
#include "services/logs/insights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define MONDAY_MS 1795392000000 /* 2026-11-23T00:00:00Z */

static void keep_row(void *arg, struct wb_slice json)
{
    struct wb_buf *b = arg;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_json_iter it = wb_json_iter(wb_json_read(&a, json, NULL));
    struct wb_json_writer w;
    wb_buf_str(b, b->n > 1 ? "," : "");
    wb_jw_init(&w, b);
    wb_jw_object(&w);
    while (wb_json_next(&it)) { /* without @ptr */
        struct wb_slice field = wb_json_get_str(it.value, "field", &a);
        if (wb_slice_is(field, "@ptr"))
            continue;
        wb_jw_key_slice(&w, field);
        wb_jw_str(&w, wb_json_get_str(it.value, "value", &a));
    }
    wb_jw_end_object(&w);
    wb_arena_release(&a);
}

/* A line is a text, or {"m": text, "t": ms, "s": stream, "g": group}. */
static struct insights_event event_of(struct wb_arena *a, struct wb_json line, uint32_t i)
{
    bool plain = wb_json_type(line) == WB_JSON_STRING;
    struct insights_group *g = wb_new(a, struct insights_group);
    struct wb_slice name = wb_json_get_str(line, "g", a), stream = wb_json_get_str(line, "s", a);
    struct wb_json text = wb_json_get(line, "m");
    *g = (struct insights_group){.account = WB_S("123456789012"),
                                 .region = WB_S("eu-west-1"),
                                 .name = name.p ? name : WB_S("/app")};
    struct insights_event e = {.group = g, .stream = stream.p ? stream : WB_S("one")};
    /* A line that is JSON may be written as such. */
    struct wb_json whole = plain || !wb_json_is(text) ? line : text;
    e.text = wb_json_type(whole) == WB_JSON_STRING ? wb_json_str(whole, a) : wb_json_raw(whole);
    e.at.time_ms = MONDAY_MS + (wb_json_is(text) ? wb_json_get_i64(line, "t", i * 1000) : i * 1000);
    e.at.stamp = 7;
    e.at.index = i;
    e.ingested_ms = e.at.time_ms + 250;
    return e;
}

/* The rows of a query, or why it failed. */
static struct wb_slice run(struct wb_arena *a, struct wb_json lines, struct wb_slice text,
                           int64_t limit, bool backward, uint64_t *matched)
{
    struct insights_error error;
    struct insights_query *q = insights_compile(a, text, &error);
    if (!q)
        return wb_printf(a, "%.*s [%zu, %zu)", WB_FMT(error.message), error.from, error.to);
    struct insights_run *r = insights_begin(q, MONDAY_MS, limit);
    struct wb_buf b = wb_buf_in(a);
    uint32_t n = wb_json_count(lines);
    bool ok = true;
    for (uint32_t i = 0; i < n && ok; i++) {
        uint32_t at = backward ? n - 1 - i : i;
        struct insights_event e = event_of(a, wb_json_item(lines, at), at);
        ok = insights_feed(r, &e);
    }
    wb_buf_char(&b, '[');
    ok = ok && insights_finish(r, keep_row, &b);
    wb_buf_char(&b, ']');
    *matched = insights_matched(r);
    struct wb_slice out = ok ? wb_buf_slice(&b) : wb_dup(a, insights_why(r));
    insights_end(r);
    return out;
}

/* As the writer has it, so that texts can be compared. */
static void compact(struct wb_json_writer *w, struct wb_json v, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(v);
    if (wb_json_type(v) == WB_JSON_ARRAY) {
        wb_jw_array(w);
        while (wb_json_next(&it))
            compact(w, it.value, a);
        wb_jw_end_array(w);
    } else if (wb_json_type(v) == WB_JSON_OBJECT) {
        wb_jw_object(w);
        while (wb_json_next(&it)) {
            wb_jw_key_slice(w, wb_json_str(it.key, a));
            compact(w, it.value, a);
        }
        wb_jw_end_object(w);
    } else {
        wb_jw_str(w, wb_json_str(v, a));
    }
}

static bool one_case(struct wb_arena *a, struct wb_json sets, struct wb_json c)
{
    struct wb_json lines = wb_json_get(c, "lines"), is = wb_json_get(c, "is");
    struct wb_slice set = wb_json_get_str(c, "set", a), text = wb_json_get_str(c, "do", a),
                    fails = wb_json_get_str(c, "fails", a);
    if (set.p)
        lines = wb_json_get_slice(sets, set);
    assert_true(wb_json_is(lines) || fails.p);
    bool good = true;
    for (int backward = 0; backward < 2 && good; backward++) {
        uint64_t matched = 0;
        struct wb_slice got = run(a, lines, text, wb_json_get_i64(c, "limit", WB_INSIGHTS_ROWS_MAX),
                                  backward, &matched),
                        want = fails;
        if (!fails.p) {
            struct wb_buf b = wb_buf_in(a);
            struct wb_json_writer w;
            wb_jw_init(&w, &b);
            compact(&w, is, a);
            want = wb_buf_slice(&b);
        }
        int64_t n = wb_json_get_i64(c, "matched", (int64_t)matched);
        good = fails.p ? wb_slice_find(got, want, 0) >= 0
                       : wb_slice_eq(got, want) && n == (int64_t)matched;
        if (!good)
            print_error("%.*s%s\n  gives %.*s (matched %d)\n  not   %.*s\n", WB_FMT(text),
                        backward ? " (fed backward)" : "", WB_FMT(got), (int)matched, WB_FMT(want));
    }
    return good;
}

static void test_cases(void **state)
{
    struct wb_json_error why;
    struct wb_json all = wb_json_read(&arena, wb_test_data(&arena, "logs/insights.json"), &why);
    if (!wb_json_is(all))
        fail_msg("insights.json: %s at %zu", why.reason, why.offset);
    struct wb_json_iter it = wb_json_iter(wb_json_get(all, "cases"));
    unsigned bad = 0, count = 0;
    while (wb_json_next(&it)) {
        struct wb_arena a;
        wb_arena_init(&a, 0);
        bad += !one_case(&a, wb_json_get(all, "sets"), it.value);
        count++;
        wb_arena_release(&a);
    }
    assert_true(count > 120);
    assert_int_equal(bad, 0);
}

static struct insights_event line_of(struct insights_group *g, struct wb_slice text)
{
    *g = (struct insights_group){
        .account = WB_S("1"), .region = WB_S("r"), .name = WB_S("/app"), .number = 4};
    return (struct insights_event){.group = g,
                                   .at = {.time_ms = MONDAY_MS, .stamp = 12345, .index = 3},
                                   .ingested_ms = MONDAY_MS + 5,
                                   .stream = WB_S("a/b"),
                                   .text = text};
}

static void test_pointer(void **state)
{
    struct insights_group g, back;
    struct insights_event e = line_of(&g, WB_S("x"));
    struct wb_slice p = insights_pointer(&arena, &e), stream;
    struct wb_log_place at;
    assert_true(insights_pointer_read(&arena, p, &back, &stream, &at));
    assert_true(wb_slice_eq(back.name, g.name) && wb_slice_eq(back.account, g.account) &&
                wb_slice_eq(back.region, g.region) && wb_slice_is(stream, "a/b"));
    assert_true(at.time_ms == MONDAY_MS && at.stamp == 12345 && at.index == 3);
    for (size_t i = 0; i < p.n; i++)
        assert_false(insights_pointer_read(&arena, wb_slice_sub(p, 0, i), &back, &stream, &at));
    assert_false(insights_pointer_read(&arena, WB_S("????"), &back, &stream, &at));
}

static void note_field(void *arg, struct wb_slice name, struct wb_slice value)
{
    wb_buf_printf(arg, "%.*s=%.*s;", WB_FMT(name), WB_FMT(value));
}

static void test_fields(void **state)
{
    struct insights_group g;
    struct wb_buf b = wb_buf_in(&arena);
    struct insights_event e =
        line_of(&g, WB_S("{\"a\":{\"b\":[1,{\"c\":null}]},\"@x\":true,\"s\":\"\\u0041\"}"));
    insights_fields(&arena, &e, note_field, &b);
    wb_buf_char(&b, '\0');
    assert_string_equal(b.p, "@timestamp=1795392000000;@ingestionTime=1795392000005;"
                             "@message={\"a\":{\"b\":[1,{\"c\":null}]},\"@x\":true,\"s\":"
                             "\"\\u0041\"};@logStream=a/b;@log=1:/app;a.b.0=1;@@x=1;s=A;");
}

/* What a query may take of memory is bounded; the steps of a regular expression, too. */
static void test_bounds(void **state)
{
    struct insights_group g;
    struct insights_error error;
    struct insights_query *q = insights_compile(&arena, WB_S("stats count(*) by x"), &error);
    struct insights_run *r = insights_begin(q, 0, 10);
    bool ok = true;
    for (int i = 0; i < 2000000 && ok; i++) {
        char text[64];
        int n = snprintf(text, sizeof text, "{\"x\": \"%d\"}", i);
        struct insights_event e = line_of(&g, wb_slice(text, (size_t)n));
        ok = insights_feed(r, &e);
    }
    assert_false(ok);
    assert_true(wb_slice_starts(insights_why(r), WB_S("The query needs too much memory.")));
    insights_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cases, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pointer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
