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

/* --- limits --- */

static struct wb_slice error_of(struct wb_slice text)
{
    struct wb_slice why = WB_SLICE_NULL;
    return wb_template_read(&arena, text, &why) ? WB_SLICE_NULL : why;
}

static void starts(struct wb_slice got, const char *want)
{
    if (!wb_slice_starts(got, wb_slice_str(want)))
        fail_msg("got  %.*s\nwant %s", WB_FMT(got), want);
}

/* A template of `count` resources, each of which depends on the one behind it. */
static struct wb_slice chain(size_t count)
{
    struct wb_buf out = wb_buf_in(&arena);
    wb_buf_str(&out, "{\"Resources\":{");
    for (size_t i = 0; i < count; i++)
        wb_buf_printf(&out, "%s\"R%zu\":{\"Type\":\"T::T::T\"%s%zu%s}", i ? "," : "", i,
                      i + 1 < count ? ",\"Properties\":{\"x\":{\"Ref\":\"R"
                                    : ",\"Metadata\":{\"x\":{\"y\":\"",
                      i + 1, "\"}}");
    wb_buf_str(&out, "}}");
    return wb_buf_slice(&out);
}

static void test_many_resources(void **state)
{
    (void)state;
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_template *t = wb_template_read(&arena, chain(WB_CFN_RESOURCES_MAX), &why);
    assert_non_null(t);
    assert_int_equal(t->resource_count, WB_CFN_RESOURCES_MAX);
    for (size_t i = 0; i < t->resource_count; i++)
        assert_int_equal(t->order[i], t->resource_count - 1 - i);
    starts(error_of(chain(WB_CFN_RESOURCES_MAX + 1)),
           "Template format error: Number of resources, 501, is greater than maximum allowed, 500");
}

/* Text of a template with `n` bytes around the value "x": blanks, or one long string. */
static struct wb_slice sized(size_t n, bool yaml)
{
    struct wb_buf out = wb_buf_in(&arena);
    struct wb_slice before =
        yaml ? WB_S("Resources:\n  R:\n    Type: T\n    Properties:\n      V:\n")
             : WB_S("{\"Resources\":{\"R\":{\"Type\":\"T\",\"Properties\":{\"V\":[");
    struct wb_slice item = yaml ? WB_S("        - !Sub 'value ${AWS::Region}'\n")
                                : WB_S("{\"Fn::Sub\":\"value ${AWS::Region}\"},");
    wb_buf_slice_put(&out, before);
    while (out.n + item.n + 8 < n)
        wb_buf_slice_put(&out, item);
    if (!yaml)
        wb_buf_str(&out, "1]}}}}");
    while (out.n < n)
        wb_buf_char(&out, '\n');
    return wb_buf_slice(&out);
}

static void test_large(void **state)
{
    (void)state;
    for (int yaml = 0; yaml < 2; yaml++) {
        struct outcome o;
        if (!run(sized(WB_CFN_TEMPLATE_MAX, yaml), WB_JSON_NONE, &o))
            fail_msg("%.*s", WB_FMT(o.error));
        assert_true(o.value.n > 400000);
        starts(error_of(sized(WB_CFN_TEMPLATE_MAX + 1, yaml)),
               "Template may not exceed 1000000 bytes in size.");
    }
}

static struct wb_slice nested(const char *open, const char *core, const char *close, size_t depth)
{
    struct wb_buf out = wb_buf_in(&arena);
    wb_buf_str(&out, "{\"Resources\":{\"R\":{\"Type\":\"T\",\"Properties\":{\"V\":");
    for (size_t i = 0; i < depth; i++)
        wb_buf_str(&out, open);
    wb_buf_str(&out, core);
    for (size_t i = 0; i < depth; i++)
        wb_buf_str(&out, close);
    wb_buf_str(&out, "}}}}");
    return wb_buf_slice(&out);
}

static void test_deep(void **state)
{
    (void)state;
    struct outcome o;
    assert_true(run(nested("[", "1", "]", 100), WB_JSON_NONE, &o));
    starts(error_of(nested("[", "1", "]", 1000)), "Template format error: JSON not well-formed.");
    starts(error_of(nested("{\"Fn::Join\":[\"\",[", "1", "]]}", 1000)),
           "Template format error: JSON not well-formed.");
    struct wb_buf yaml = wb_buf_in(&arena);
    wb_buf_str(&yaml, "Resources: ");
    for (size_t i = 0; i < 1000; i++)
        wb_buf_str(&yaml, "[");
    starts(error_of(wb_buf_slice(&yaml)),
           "Template format error: YAML not well-formed. (line 1, column 136): nested too deeply");
}

/* A condition that waits for thousands of others. */
static void test_deep_conditions(void **state)
{
    (void)state;
    struct wb_buf out = wb_buf_in(&arena);
    struct outcome o;
    wb_buf_str(&out, "{\"Resources\":{\"R\":{\"Type\":\"T\"}},\"Conditions\":{");
    for (int i = 0; i < 20000; i++)
        wb_buf_printf(&out, "\"C%d\":{\"Fn::Not\":[{\"Condition\":\"C%d\"}]},", i, i + 1);
    wb_buf_str(&out, "\"C20000\":{\"Fn::Equals\":[1,1]}}}");
    assert_false(run(wb_buf_slice(&out), WB_JSON_NONE, &o));
    starts(o.error, "Template format error: Conditions are nested more than 500 deep");
}

/* Texts that would double with each level. */
static void test_bombs(void **state)
{
    (void)state;
    struct wb_buf out = wb_buf_in(&arena);
    wb_buf_str(&out, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
        wb_buf_printf(&out, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            wb_buf_printf(&out, "%s*a%d", k ? ", " : "", i - 1);
        wb_buf_str(&out, "]\n");
    }
    struct wb_slice error = error_of(wb_buf_slice(&out));
    assert_true(wb_slice_ends(error, WB_S("too large once its aliases are written out")));

    struct wb_buf sub = wb_buf_in(&arena);
    for (int i = 0; i < 20; i++)
        wb_buf_str(&sub, "{\"Fn::Sub\":[\"${v}${v}${v}${v}\",{\"v\":");
    wb_buf_str(&sub, "\"0123456789\"");
    for (int i = 0; i < 20; i++)
        wb_buf_str(&sub, "}]}");
    struct outcome o;
    wb_buf_char(&sub, '\0');
    assert_false(run(nested(sub.p, "", "", 1), WB_JSON_NONE, &o));
    starts(o.error, "Template error: a value is larger than");

    struct wb_buf loops = wb_buf_in(&arena);
    wb_buf_str(&loops, "{\"Transform\":\"AWS::LanguageExtensions\",\"Resources\":{\"R\":{\"Type\":"
                       "\"T\",\"Properties\":");
    for (int i = 0; i < 5; i++) {
        wb_buf_printf(&loops, "{\"Fn::ForEach::L%d\":[\"V%d\",[", i, i);
        for (int k = 0; k < 100; k++)
            wb_buf_printf(&loops, "%s\"%d\"", k ? "," : "", k);
        wb_buf_str(&loops, "],");
    }
    wb_buf_str(&loops, "{\"k${V0}-${V1}-${V2}-${V3}-${V4}\":1}");
    for (int i = 0; i < 5; i++)
        wb_buf_str(&loops, "]}");
    wb_buf_str(&loops, "}}}");
    assert_false(run(wb_buf_slice(&loops), WB_JSON_NONE, &o));
    starts(o.error, "Transform AWS::LanguageExtensions failed with: Fn::ForEach::L");
}

/* --- what GetTemplateSummary tells --- */

static void test_summary(void **state)
{
    (void)state;
    static const char text[] =
        "Transform: AWS::Serverless-2016-10-31\nParameters:\n"
        "  P: {Type: String, NoEcho: true, Description: d, ConstraintDescription: c}\n"
        "  Q: {Type: Number, Default: 5, AllowedValues: [5, '6']}\n"
        "Resources:\n  A: {Type: 'AWS::IAM::Role', Properties: {RoleName: n}}\n"
        "  B: {Type: 'AWS::SNS::Topic'}\n  C: {Type: 'AWS::IAM::Role'}\n";
    struct wb_slice why, *type, capability[3];
    struct wb_template *t = wb_template_read(&arena, wb_slice_str(text), &why);
    struct wb_template_declaration *d;
    assert_non_null(t);
    assert_true(t->yaml);
    assert_int_equal(wb_template_declarations(t, &d), 2);
    assert_true(wb_slice_is(d[0].name, "P") && d[0].no_echo && !d[0].initial.p);
    assert_true(wb_slice_is(d[0].description, "d"));
    assert_true(wb_slice_is(d[0].constraint_description, "c"));
    assert_true(wb_slice_is(d[1].initial, "5") && !d[1].no_echo && d[1].allowed_count == 2);
    assert_true(wb_slice_is(d[1].allowed[1], "6"));
    assert_int_equal(wb_template_types(t, &type), 2);
    assert_true(wb_slice_is(type[1], "AWS::SNS::Topic"));
    assert_int_equal(wb_template_capabilities(t, capability, &why), 2);
    assert_true(wb_slice_is(capability[0], "CAPABILITY_NAMED_IAM"));
    assert_true(wb_slice_is(capability[1], "CAPABILITY_AUTO_EXPAND"));
    assert_true(
        wb_slice_is(why, "The following resource(s) require capabilities: [AWS::IAM::Role]"));
}

/* What is not known yet is said so, and nothing else is lost. */
static void test_unknown(void **state)
{
    (void)state;
    static const char text[] =
        "{\"Resources\":{\"New\":{\"Type\":\"T\"},\"R\":{\"Type\":\"T\",\"Properties\":{\"a\":{"
        "\"Fn::Sub\":\"x${New}\"},\"b\":[1,{\"Fn::GetAtt\":[\"New\",\"Arn\"]}],\"c\":\"d\"}}}}";
    struct outside out = {.a = &arena};
    struct wb_cfn_env env = outside_env(&out);
    struct wb_slice why = WB_SLICE_NULL, json;
    bool unknown = false;
    struct wb_template *t = wb_template_read(&arena, wb_slice_str(text), &why);
    assert_non_null(t);
    assert_true(wb_template_parameters(t, &env, &why) && wb_template_start(t, &env, &why));
    assert_true(wb_template_resolve(t, &env, t->resource[1].properties, &json, &unknown, &why));
    assert_true(unknown);
    assert_true(wb_slice_is(json, "{\"a\":\"" WB_CFN_UNKNOWN "\",\"b\":[1,\"" WB_CFN_UNKNOWN
                                  "\"],\"c\":\"d\"}"));
    assert_false(wb_template_resolve(t, &env, t->resource[1].properties, &json, NULL, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cases, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_resources, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deep, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deep_conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bombs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_summary, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
