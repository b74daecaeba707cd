/*
 * Operations from data: tests/data/dynamodb/NAME.json is a list of steps, played in order in a
 * fresh world.
 *
 *   {"op": O, "in": I, "out": D}                    succeeds; every member of D is in the answer
 *   {"op": O, "in": I, "lacks": [..]}               ... and these are not
 *   {"op": O, "in": I, "error": C, "message": M}    fails with exactly that text
 *   {"clock": ms}                                   time goes on
 *   {"settle": true}                                jobs run to their end
 *
 * "%x500%" in an input stands for 500 times x.
 *
 * After every file the rows must be in order; a step that fails must leave none behind.
 */
#include "calls.h"
#include "data.h"

static struct wb_arena arena;

static bool contains(struct wb_json have, struct wb_json want);

static bool contains_list(struct wb_json have, struct wb_json want)
{
    if (wb_json_type(have) != WB_JSON_ARRAY || wb_json_count(have) != wb_json_count(want))
        return false;
    for (uint32_t i = 0; i < wb_json_count(want); i++)
        if (!contains(wb_json_item(have, i), wb_json_item(want, i)))
            return false;
    return true;
}

static bool contains(struct wb_json have, struct wb_json want)
{
    double x, y;
    struct wb_json_iter it;
    switch (wb_json_type(want)) {
    case WB_JSON_OBJECT:
        it = wb_json_iter(want);
        while (wb_json_next(&it)) {
            struct wb_json v = wb_json_get_slice(have, wb_json_str(it.key, &arena));
            if (!wb_json_is(v) || !contains(v, it.value))
                return false;
        }
        return wb_json_type(have) == WB_JSON_OBJECT;
    case WB_JSON_ARRAY:
        return contains_list(have, want);
    case WB_JSON_STRING:
        return wb_json_type(have) == WB_JSON_STRING &&
               wb_slice_eq(wb_json_str(have, &arena), wb_json_str(want, &arena));
    case WB_JSON_NUMBER:
        return wb_json_double(have, &x) && wb_json_double(want, &y) && x == y;
    default:
        return wb_json_type(have) == wb_json_type(want);
    }
}

/* Everything the service keeps. */
static size_t rows(struct world *w)
{
    return rows_in(w, WB_T_TABLE) + rows_in(w, WB_T_ITEM) + rows_in(w, WB_T_INDEX) +
           rows_in(w, WB_T_JOURNAL) + rows_in(w, WB_T_TABLE_STAT) + rows_in(w, WB_T_JOB) +
           rows_in(w, WB_T_TAGS);
}

static struct wb_slice expand(struct wb_slice s)
{
    struct wb_buf b = wb_buf_in(&arena);
    for (size_t at = 0; at < s.n;) {
        ptrdiff_t from = wb_slice_find(s, WB_S("%x"), at);
        if (from < 0) {
            wb_buf_slice_put(&b, wb_slice_sub(s, at, s.n));
            break;
        }
        ptrdiff_t to = wb_slice_chr(s, '%', (size_t)from + 2);
        int64_t n;
        assert_true(wb_slice_i64(wb_slice_sub(s, (size_t)from + 2, (size_t)to), &n));
        wb_buf_slice_put(&b, wb_slice_sub(s, at, (size_t)from));
        while (n-- > 0)
            wb_buf_char(&b, 'x');
        at = (size_t)to + 1;
    }
    return wb_buf_slice(&b);
}

static void step(struct world *w, const char *file, struct wb_json s)
{
    struct wb_json in = wb_json_get(s, "in"), out = wb_json_get(s, "out"),
                   lacks = wb_json_get(s, "lacks");
    if (wb_json_is(wb_json_get(s, "clock"))) {
        wb_seam_sim_advance(&w->seam, wb_json_get_i64(s, "clock", 0));
        return;
    }
    if (wb_json_is(wb_json_get(s, "settle"))) {
        settle(w);
        return;
    }
    size_t before = rows(w);
    struct wb_slice op = wb_json_get_str(s, "op", &arena),
                    code = wb_json_get_str(s, "error", &arena),
                    message = wb_json_get_str(s, "message", &arena);
    struct answer a = call_slice(w, wb_dup_cstr(&arena, op), expand(wb_json_raw(in)));
    if (code.p && (a.ok || !wb_slice_eq(a.code, code) || !wb_slice_eq(a.message, message)))
        fail_msg("%s: %.*s %.*s\ngot  %.*s: %.*s\nwant %.*s: %.*s", file, WB_FMT(op),
                 WB_FMT(wb_json_raw(in)), WB_FMT(a.ok ? a.text : a.code), WB_FMT(a.message),
                 WB_FMT(code), WB_FMT(message));
    if (!code.p && !a.ok)
        fail_msg("%s: %.*s %.*s: %.*s: %.*s", file, WB_FMT(op), WB_FMT(wb_json_raw(in)),
                 WB_FMT(a.code), WB_FMT(a.message));
    if (!a.ok)
        assert_true(rows(w) <= before); /* jobs may take some away meanwhile */
    if (wb_json_is(out) && !contains(a.doc, out))
        fail_msg("%s: %.*s %.*s\ngot  %.*s\nwant %.*s", file, WB_FMT(op), WB_FMT(wb_json_raw(in)),
                 WB_FMT(a.text), WB_FMT(wb_json_raw(out)));
    struct wb_json extra = wb_json_get(s, "extra");
    if (wb_json_is(extra)) {
        struct wb_slice text = wb_printf(&arena, "{%.*s}", WB_FMT(a.extra));
        if (!contains(wb_json_read(&arena, text, NULL), extra))
            fail_msg("%s: %.*s", file, WB_FMT(text));
    }
    struct wb_json_iter it = wb_json_iter(lacks);
    while (wb_json_next(&it))
        if (wb_json_is(wb_json_get_slice(a.doc, wb_json_str(it.value, &arena))))
            fail_msg("%s: %.*s has %.*s: %.*s", file, WB_FMT(op), WB_FMT(wb_json_raw(it.value)),
                     WB_FMT(a.text));
    answer_free(&a);
}

static void play(const char *name)
{
    struct world w;
    struct wb_json_error e;
    wb_arena_init(&arena, 0);
    char *file = wb_dup_cstr(&arena, wb_printf(&arena, "dynamodb/%s.json", name));
    struct wb_json steps = wb_json_read(&arena, wb_test_data(&arena, file), &e);
    if (!wb_json_is(steps))
        fail_msg("%s: %s at %zu", file, e.reason, e.offset);
    assert_true(wb_json_count(steps) > 0);
    world_open(&w, &wb_dynamodb_module, NULL);
    struct wb_json_iter it = wb_json_iter(steps);
    while (wb_json_next(&it))
        step(&w, file, it.value);
    check_world(&w);
    world_close(&w);
    wb_arena_release(&arena);
}

static void test_tables(void **state)
{
    play("tables");
}

static void test_items(void **state)
{
    play("items");
}

static void test_queries(void **state)
{
    play("queries");
}

static void test_older(void **state)
{
    play("older");
}

static void test_settings(void **state)
{
    play("settings");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),   cmocka_unit_test(test_items),
        cmocka_unit_test(test_queries),  cmocka_unit_test(test_older),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
