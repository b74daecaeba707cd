/*
 * The template language, from tests/data/cloudformation/cases.json: a list of cases.
 *
 *   value     an expression; it becomes property V of resource R of a template that also has A and
 * B with      more sections of that template template  instead of value: a whole template (an
 * object, or a string with YAML) given     parameters expect    what R.Properties.V evaluates to
 *   outputs   what the outputs' values evaluate to
 *   error     the sentence instead
 *   order     the order of creation
 */
#include "../arena.h"
#include "../data.h"
#include "base/limits.h"
#include "template_env.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char resources[] =
    "{\"A\":{\"Ref\":\"a-1\",\"Arn\":\"arn:a\",\"Endpoint.Port\":8080,\"List\":[\"x\",\"y\"]},"
    "\"B\":{\"Ref\":\"b-1\"},\"R\":{\"Ref\":\"r-1\"}}";
static const char exports[] = "{\"net-id\":\"vpc-1\"}";
static const char stored[] =
    "{\"/app/version\":\"33\",\"/app/names\":\"x, y\",\"/app/v:2\":\"two\"}";

struct outcome {
    struct wb_slice error, value, outputs, order;
};

static bool run_outputs(const struct wb_template *t, struct wb_cfn_env *env, struct outcome *o)
{
    struct wb_buf out = wb_buf_in(env->arena);
    struct wb_json_iter it = wb_json_iter(wb_json_get(t->doc, "Outputs"));
    wb_buf_char(&out, '{');
    while (wb_json_next(&it)) {
        struct wb_slice condition = wb_json_get_str(it.value, "Condition", env->arena), json;
        if (!wb_template_condition(env, condition))
            continue;
        if (!wb_template_resolve(t, env, wb_json_get(it.value, "Value"), &json, NULL, &o->error))
            return false;
        struct wb_slice key = wb_json_raw(it.key);
        wb_buf_printf(&out, "%s%.*s:%.*s", out.n > 1 ? "," : "", WB_FMT(key), WB_FMT(json));
    }
    wb_buf_char(&out, '}');
    o->outputs = wb_buf_slice(&out);
    return true;
}

static bool run(struct wb_slice text, struct wb_json given, struct outcome *o)
{
    struct outside out = {.a = &arena,
                          .resources = wb_json_read(&arena, wb_slice_str(resources), NULL),
                          .exports = wb_json_read(&arena, wb_slice_str(exports), NULL),
                          .stored = wb_json_read(&arena, wb_slice_str(stored), NULL)};
    struct wb_cfn_env env = outside_env(&out);
    struct wb_template *t = wb_template_read(&arena, text, &o->error);
    *o = (struct outcome){.error = o->error};
    if (!t)
        return false;
    outside_parameters(&env, given);
    t = wb_template_transform(t, &env, &o->error);
    if (!t || !wb_template_parameters(t, &env, &o->error) || !wb_template_start(t, &env, &o->error))
        return false;
    struct wb_buf order = wb_buf_in(&arena);
    for (size_t i = 0; i < t->resource_count; i++) {
        const struct wb_template_resource *r = &t->resource[t->order[i]];
        struct wb_json v = wb_json_get(r->properties, "V");
        wb_buf_printf(&order, "%s%.*s", i ? " " : "", WB_FMT(r->id));
        if (wb_slice_is(r->id, "R") && wb_json_is(v) &&
            !wb_template_resolve(t, &env, v, &o->value, NULL, &o->error))
            return false;
    }
    o->order = wb_buf_slice(&order);
    return run_outputs(t, &env, o);
}

static struct wb_slice template_of(struct wb_json c)
{
    struct wb_json whole = wb_json_get(c, "template"), with = wb_json_get(c, "with");
    if (wb_json_type(whole) == WB_JSON_STRING)
        return wb_json_str(whole, &arena);
    if (wb_json_is(whole))
        return wb_json_raw(whole);
    struct wb_slice more = wb_json_is(with) ? wb_json_raw(with) : WB_S("{}");
    more = wb_slice_trim(wb_slice_sub(more, 1, more.n - 1));
    struct wb_slice value = wb_json_raw(wb_json_get(c, "value"));
    return wb_printf(&arena,
                     "{\"Resources\":{\"A\":{\"Type\":\"AWS::SNS::Topic\"},\"B\":{\"Type\":"
                     "\"AWS::SNS::Topic\"},\"R\":{\"Type\":\"AWS::SNS::Topic\",\"Properties\":{"
                     "\"V\":%.*s}}}%s%.*s}",
                     WB_FMT(value), more.n ? "," : "", WB_FMT(more));
}

static struct wb_slice compact(struct wb_json v)
{
    struct wb_buf out = wb_buf_in(&arena);
    struct wb_slice raw = wb_json_raw(v);
    bool string = false;
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] == '"' && (i == 0 || raw.p[i - 1] != '\\'))
            string = !string;
        if (string || !strchr(" \n", raw.p[i]))
            wb_buf_char(&out, raw.p[i]);
    }
    return wb_buf_slice(&out);
}

static unsigned wrong; /* cases that are: all of them are shown */

static void same(struct wb_slice name, const char *what, struct wb_slice got, struct wb_slice want)
{
    if (wb_slice_eq(got, want))
        return;
    wrong++;
    print_error("%.*s: %s\n got  %.*s\n want %.*s\n", WB_FMT(name), what, WB_FMT(got),
                WB_FMT(want));
}

static void run_case(struct wb_json c)
{
    struct wb_slice name = wb_json_get_str(c, "name", &arena);
    struct wb_json error = wb_json_get(c, "error"), expect = wb_json_get(c, "expect");
    struct wb_json outputs = wb_json_get(c, "outputs"), order = wb_json_get(c, "order");
    struct outcome o = {.value = WB_SLICE_NULL};
    bool ok = run(template_of(c), wb_json_get(c, "given"), &o);
    if (ok)
        o.error = WB_SLICE_NULL;
    same(name, "error", o.error, wb_json_str(error, &arena));
    if (wb_json_is(expect))
        same(name, "value", o.value, compact(expect));
    if (wb_json_is(outputs))
        same(name, "outputs", o.outputs, compact(outputs));
    if (wb_json_is(order))
        same(name, "order", o.order, wb_json_str(order, &arena));
}

static void run_file(const char *file)
{
    struct wb_json_error bad;
    struct wb_json all = wb_json_read(&arena, wb_test_data(&arena, file), &bad);
    if (!wb_json_is(all))
        fail_msg("%s: %s at byte %zu", file, bad.reason, bad.offset);
    assert_true(wb_json_count(all) > 0);
    struct wb_json_iter it = wb_json_iter(all);
    while (wb_json_next(&it))
        run_case(it.value);
    assert_int_equal(wrong, 0);
}

static void test_cases(void **state)
{
    (void)state;
    run_file("cloudformation/cases.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cases, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
