/* Inputs of targets against recorded facts, and schedule expressions. */
#include "base/time.h"
#include "services/events/input.h"
#include "services/events/schedule.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wb_arena a;

#define EVENT                                                                                      \
    "{\"version\":\"0\",\"id\":\"1\",\"detail-type\":\"T\",\"source\":\"s\",\"account\":\"1\","    \
    "\"time\":\"2026-11-22T12:00:00Z\",\"region\":\"r\",\"resources\":[\"x\",\"y\"],\"detail\":"   \
    "{\"command\":\"up\\\"date\",\"payload\":{\"acc_id\":\"0a\",\"sf_id\":\"baz\"},\"list\":"      \
    "[\"ACTIVE\",\"INACTIVE\"],\"n\":1.50,\"yes\":true,\"items\":[{\"k\":1},{\"k\":2}]}}"

/* The input of a target given as JSON; the null slice when it cannot be made. */
static struct wb_slice made(const char *target)
{
    struct wb_slice why = WB_SLICE_NULL, out;
    struct wb_json t = wb_json_read(&a, wb_slice_str(target), NULL);
    assert_true(wb_json_is(t));
    struct wb_input *in = wb_input_compile(&a, t, &why);
    if (!in)
        fail_msg("%s: %.*s", target, WB_FMT(why));
    struct wb_input_event e = {.text = WB_S(EVENT),
                               .rule_arn = WB_S("arn:rule"),
                               .rule_name = WB_S("r1"),
                               .ingestion_ms = 1795348800123};
    return wb_input_make(in, &e, &a, &out) ? out : WB_SLICE_NULL;
}

#define MADE(target, want)                                                                         \
    do {                                                                                           \
        struct wb_slice got_ = made(target);                                                       \
        if (!wb_slice_is(got_, want))                                                              \
            fail_msg("%s\n want %s\n got  %.*s", target, want, WB_FMT(got_));                      \
    } while (0)

#define PATHS                                                                                      \
    "\"InputPathsMap\":{\"c\":\"$.detail.command\",\"p\":\"$.detail.payload\",\"l\":"              \
    "\"$.detail.list\",\"n\":\"$.detail.n\",\"y\":\"$.detail.yes\",\"none\":\"$.detail.nothing\"," \
    "\"sf\":\"$.detail.payload.sf_id\"}"
#define TEMPLATE(t) "{\"InputTransformer\":{" PATHS ",\"InputTemplate\":" t "}}"

static void test_simple(void **state)
{
    (void)state;
    MADE("{}", EVENT);
    MADE("{\"Input\":\"{\\\"a\\\":1}\"}", "{\"a\":1}");
    MADE("{\"InputPath\":\"$.detail.payload\"}", "{\"acc_id\":\"0a\",\"sf_id\":\"baz\"}");
    MADE("{\"InputPath\":\"$.detail.payload.sf_id\"}", "\"baz\"");
    MADE("{\"InputPath\":\"$.detail-type\"}", "\"T\"");
    MADE("{\"InputPath\":\"$['detail']['list'][1]\"}", "\"INACTIVE\"");
    MADE("{\"InputPath\":\"$.detail.items[*].k\"}", "[1,2]");
    MADE("{\"InputPath\":\"$.detail.nothing\"}", "null");
    MADE("{\"InputPath\":\"$\"}", EVENT);
}

static void test_text_templates(void **state)
{
    (void)state;
    /* A text keeps its quotes; missing variables are nothing. */
    MADE(TEMPLATE("\"\\\"Event <sf> at <none>.\\\"\""), "\"Event baz at .\"");
    MADE(TEMPLATE("\"\\\"one <sf>\\\"\\n\\\"two <n>\\\"\""), "\"one baz\"\n\"two 1.50\"");
    MADE(TEMPLATE("\"\\\"<p> <l> <y>\\\"\""), "\"{acc_id:0a,sf_id:baz} [ACTIVE,INACTIVE] true\"");
    MADE(TEMPLATE("\"\\\"<c>\\\"\""), "\"up\\\"date\"");
    MADE(TEMPLATE("\"\\\"5 < 6 and <sf>\\\"\""), "\"5 < 6 and baz\"");
}

static void test_json_templates(void **state)
{
    (void)state;
    MADE(TEMPLATE(
             "\"{\\\"a\\\": <p>, \\\"b\\\": \\\"<sf>!\\\", \\\"c\\\": <none>, \\\"d\\\": <n>}\""),
         "{\"a\": {\"acc_id\":\"0a\",\"sf_id\":\"baz\"}, \"b\": \"baz!\", \"c\": \"\", \"d\": "
         "1.50}");
    MADE(TEMPLATE("\"{\\\"a\\\": \\\"<y> <none>\\\"}\""), "{\"a\": \"true \"}");
    /* A quoted object makes invalid JSON: not delivered. */
    assert_null(made(TEMPLATE("\"{\\\"a\\\": \\\"<p>\\\"}\"")).p);
    MADE(TEMPLATE(
             "\"{\\\"r\\\": <aws.events.rule-arn>, \\\"n\\\": \\\"<aws.events.rule-name>\\\"}\""),
         "{\"r\": \"arn:rule\", \"n\": \"r1\"}");
    MADE(TEMPLATE("\"{\\\"t\\\": <aws.events.event.ingestion-time>}\""),
         "{\"t\": \"2026-11-22T12:00:00.123Z\"}");
    MADE(TEMPLATE("\"<aws.events.event>\""),
         "{\"version\":\"0\",\"id\":\"1\",\"detailType\":\"T\",\"source\":\"s\",\"account\":\"1\","
         "\"time\":\"2026-11-22T12:00:00Z\",\"region\":\"r\",\"resources\":[\"x\",\"y\"]}");
    MADE(TEMPLATE("\"{\\\"e\\\":<aws.events.event.json>}\""), "{\"e\":" EVENT "}");
}

static void refused(const char *target, const char *want)
{
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_json t = wb_json_read(&a, wb_slice_str(target), NULL);
    assert_null(wb_input_compile(&a, t, &why));
    if (!wb_slice_is(why, want))
        fail_msg("%s\n want %s\n got  %.*s", target, want, WB_FMT(why));
}

static void test_refused(void **state)
{
    (void)state;
    refused("{\"Id\":\"t\",\"Input\":\"{}\",\"InputPath\":\"$\"}",
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.");
    refused("{\"Id\":\"t\",\"Input\":\"{\"}", "JSON syntax error in input for target t.");
    refused("{\"Id\":\"t\",\"InputPath\":\"detail\"}", "InputPath for target t is invalid.");
    refused("{\"Id\":\"t\",\"InputPath\":\"$.a[\"}", "InputPath for target t is invalid.");
    refused("{\"Id\":\"t\",\"InputTransformer\":{\"InputTemplate\":\"<what>\"}}",
            "InputTemplate for target t contains invalid placeholder what.");
}

/* --- schedules --- */

static int64_t at(const char *iso)
{
    int64_t ms;
    assert_true(wb_time_parse_iso(wb_slice_str(iso), &ms, NULL));
    return ms;
}

static void next(const char *expression, const char *after, const char *want)
{
    struct wb_schedule_plan p;
    if (!wb_schedule_parse(wb_slice_str(expression), &p))
        fail_msg("%s is refused", expression);
    int64_t got = wb_plan_next(&p, at("2026-11-22T12:00:30Z"), at(after));
    if (!want) {
        assert_true(got == INT64_MAX);
        return;
    }
    if (got != at(want))
        fail_msg("%s after %s: want %s, got %.*s", expression, after, want,
                 WB_FMT(wb_time_str(&a, got, WB_TIME_ISO_S)));
}

static void test_schedules(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 seconds)",
        "rate(-5 minutes)",
        "rate(5minutes)",
        "rate (5 minutes)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 10 * 13 ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 * * ?)",
        "cron(0 10 * * ? * *)",
        "cron(0 10 * * ? 1969)",
        "cron(0/0 10 * * ? *)",
        "every day",
    };
    struct wb_schedule_plan p;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (wb_schedule_parse(wb_slice_str(bad[i]), &p))
            fail_msg("%s is taken", bad[i]);
    next("rate(1 minute)", "2026-11-22T12:00:30Z", "2026-11-22T12:01:30Z");
    next("rate(5 minutes)", "2026-11-22T12:07:00Z", "2026-11-22T12:10:30Z");
    next("rate(1 day)", "2026-11-24T12:00:30Z", "2026-11-25T12:00:30Z");
    next("cron(0 10 * * ? *)", "2026-11-22T10:00:00Z", "2026-11-23T10:00:00Z");
    next("cron(15 12 * * ? *)", "2026-11-22T12:14:59Z", "2026-11-22T12:15:00Z");
    next("cron(0 18 ? * MON-FRI *)", "2026-11-20T18:00:00Z", "2026-11-23T18:00:00Z");
    next("cron(0 8 1 * ? *)", "2026-11-22T12:00:00Z", "2026-12-01T08:00:00Z");
    next("cron(0/15 * * * ? *)", "2026-11-22T12:46:00Z", "2026-11-22T13:00:00Z");
    next("cron(0/10 * ? * MON-FRI *)", "2026-11-22T12:46:00Z", "2026-11-23T00:00:00Z");
    next("cron(0/5 8-17 ? * MON-FRI *)", "2026-11-23T17:55:00Z", "2026-11-24T08:00:00Z");
    next("cron(0 0 L * ? *)", "2026-02-10T00:00:00Z", "2026-02-28T00:00:00Z");
    next("cron(0 0 3W * ? *)", "2026-09-30T00:00:00Z", "2026-10-02T00:00:00Z"); /* 3rd: Saturday */
    next("cron(0 0 1W * ? *)", "2026-10-15T00:00:00Z", "2026-11-02T00:00:00Z"); /* 1st: Sunday */
    next("cron(0 0 LW * ? *)", "2026-10-01T00:00:00Z", "2026-10-30T00:00:00Z");
    next("cron(0 9 ? * 2#1 *)", "2026-11-22T12:00:00Z", "2026-12-07T09:00:00Z");
    next("cron(0 9 ? * 5L 2028)", "2026-11-22T12:00:00Z", "2028-01-27T09:00:00Z");
    next("cron(0 0 29 2 ? *)", "2026-11-22T12:00:00Z", "2028-02-29T00:00:00Z");
    next("cron(30 6 ? JAN,jul FRI-MON *)", "2026-11-22T12:00:00Z", "2027-01-01T06:30:00Z");
    next("cron(0 0 31 2 ? *)", "2026-11-22T12:00:00Z", NULL);
    next("cron(0 0 1 1 ? 2020)", "2026-11-22T12:00:00Z", NULL);
}

static int setup(void **state)
{
    (void)state;
    wb_arena_init(&a, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wb_arena_release(&a);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple),         cmocka_unit_test(test_text_templates),
        cmocka_unit_test(test_json_templates), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_schedules),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
