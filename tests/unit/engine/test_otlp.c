/* X-Ray segments as OpenTelemetry spans: tests/data/traces/otlp.json says what becomes what. */
#include "engine/otlp_map.h"
#include <setjmp.h>

#include <cmocka.h>

#include "data.h"

#define TRACE WB_S("1-5f3c9a10-0123456789ABCDEF01234567")

static bool same(struct wb_arena *a, struct wb_json x, struct wb_json y);

static bool same_members(struct wb_arena *a, struct wb_json x, struct wb_json y)
{
    struct wb_json_iter it = wb_json_iter(x);
    while (wb_json_next(&it))
        if (!same(a, it.value, wb_json_get_slice(y, wb_json_str(it.key, a))))
            return false;
    return true;
}

/* The scope (name and version of the program) is the same everywhere and not in the cases. */
static uint32_t members(struct wb_json v)
{
    return wb_json_count(v) - wb_json_is(wb_json_get(v, "scope"));
}

static bool same(struct wb_arena *a, struct wb_json x, struct wb_json y)
{
    struct wb_json_iter i = wb_json_iter(x), k = wb_json_iter(y);
    if (wb_json_type(x) != wb_json_type(y))
        return false;
    if (wb_json_type(x) == WB_JSON_OBJECT)
        return wb_json_count(x) == members(y) && same_members(a, x, y);
    if (wb_json_type(x) == WB_JSON_STRING)
        return wb_slice_eq(wb_json_str(x, a), wb_json_str(y, a));
    if (wb_json_type(x) != WB_JSON_ARRAY)
        return wb_slice_eq(wb_json_raw(x), wb_json_raw(y));
    while (wb_json_next(&i))
        if (!wb_json_next(&k) || !same(a, i.value, k.value))
            return false;
    return wb_json_count(x) == wb_json_count(y);
}

static struct wb_slice raw(struct wb_json v)
{
    return wb_json_is(v) ? wb_json_raw(v) : WB_SLICE_NULL;
}

static struct wb_slice exported(struct wb_arena *a, struct wb_json c)
{
    struct wb_otlp_body o;
    wb_otlp_begin(&o, a);
    wb_otlp_add(&o, WB_S("000000000000"), WB_S("eu-west-1"), TRACE, raw(wb_json_get(c, "document")),
                raw(wb_json_get(c, "owner")));
    return wb_otlp_end(&o);
}

static void cases(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_json all = wb_json_read(&a, wb_test_data(&a, "traces/otlp.json"), NULL);
    struct wb_json_iter it = wb_json_iter(all);
    assert_true(wb_json_count(all) > 10);
    while (wb_json_next(&it)) {
        struct wb_slice got = exported(&a, it.value), what = wb_json_get_str(it.value, "what", &a);
        struct wb_json_doc doc;
        assert_true(wb_json_parse(&doc, &a, got, 0, NULL));
        if (!same(&a, wb_json_get(it.value, "body"), wb_json_root(&doc)))
            fail_msg("%.*s: %.*s", WB_FMT(what), WB_FMT(got));
    }
    wb_arena_release(&a);
}

/* Documents of one resource that follow each other share it; another one begins its own. */
static void resources_are_shared(void **state)
{
    static const char *const documents[] = {
        "{\"name\":\"a\",\"id\":\"0000000000000001\",\"start_time\":1,\"end_time\":2}",
        "{\"name\":\"a\",\"id\":\"0000000000000002\",\"start_time\":1,\"end_time\":2}",
        "{\"name\":\"b\",\"id\":\"0000000000000003\",\"start_time\":1,\"end_time\":2}",
        "not JSON",
    };
    struct wb_arena a;
    struct wb_otlp_body o;
    wb_arena_init(&a, 0);
    wb_otlp_begin(&o, &a);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        assert_int_equal(i < 3, wb_otlp_add(&o, WB_S("0"), WB_S("eu"), TRACE,
                                            wb_slice_str(documents[i]), WB_SLICE_NULL));
    struct wb_json of = wb_json_get(wb_json_read(&a, wb_otlp_end(&o), NULL), "resourceSpans");
    assert_int_equal(o.spans, 3);
    assert_int_equal(wb_json_count(of), 2);
    struct wb_json first = wb_json_item(wb_json_get(wb_json_item(of, 0), "scopeSpans"), 0);
    assert_int_equal(wb_json_count(wb_json_get(first, "spans")), 2);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cases),
                                       cmocka_unit_test(resources_are_shared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
