/* The event path: PutEvents to targets, retries and dead letters under a moved clock, restarts,
 * schedules, and the bus log's end. */
#include "world.h"

static int setup(void **state)
{
    (void)state;
    world_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_close();
    return 0;
}

#define FN    "arn:aws:lambda:us-east-1:" ACCOUNT ":function:f"
#define TOPIC "arn:aws:sns:us-east-1:" ACCOUNT ":t"
#define QUEUE "arn:aws:sqs:us-east-1:" ACCOUNT ":q"
#define HOUR  3600000LL

static void nothing(struct wb_command *c, enum wb_commit result)
{
    (void)c;
    assert_int_equal(result, WB_COMMITTED);
}

static void rule(const char *pattern)
{
    struct wb_slice in = wb_printf(&w.arena, "{\"Name\":\"r\",\"EventPattern\":\"%s\"}", pattern);
    ok("PutRule", in.p, NULL);
}

/* more: further members of the target, beginning with a comma */
static void target(const char *id, const char *arn, const char *more)
{
    struct wb_slice in = wb_printf(
        &w.arena, "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"%s\",\"Arn\":\"%s\"%s}]}", id, arn, more);
    ok("PutTargets", in.p, NULL);
}

static struct wb_slice put(const char *detail)
{
    struct wb_slice in = wb_printf(&w.arena,
                                   "{\"Entries\":[{\"Source\":\"s\",\"DetailType\":\"t\","
                                   "\"Time\":1795348800,\"Detail\":\"%s\"}]}",
                                   detail);
    struct wb_slice out = call("PutEvents", in.p);
    assert_true(wb_slice_starts(out, WB_S("{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"")));
    return out;
}

static bool took(const char *service, const char *what)
{
    struct wb_slice all = taken(), line;
    while (all.p) {
        line = wb_slice_cut(&all, '\n');
        if (wb_slice_starts(line, wb_slice_str(service)) &&
            wb_slice_find(line, wb_slice_str(what), 0) > 0)
            return true;
    }
    return false;
}

static void test_entries(void **state)
{
    (void)state;
    ok("PutEvents",
       "{\"Entries\":[{\"DetailType\":\"t\",\"Detail\":\"{}\"},{\"Source\":\"s\",\"Detail\":\"{}\"}"
       ","
       "{\"Source\":\"s\",\"DetailType\":\"t\"},{\"Source\":\"s\",\"DetailType\":\"t\",\"Detail\":"
       "\"[]\"},{\"Source\":\"s\",\"DetailType\":\"t\",\"Detail\":\"{\"},{\"Source\":\"aws.ec2\","
       "\"DetailType\":\"t\",\"Detail\":\"{}\"}]}",
       "{\"FailedEntryCount\":6,\"Entries\":[{\"ErrorCode\":\"InvalidArgument\",\"ErrorMessage\":"
       "\"Parameter Source is not valid. Reason: Source is a required argument.\"},{\"ErrorCode\":"
       "\"InvalidArgument\",\"ErrorMessage\":\"Parameter DetailType is not valid. Reason: "
       "DetailType is a required argument.\"},{\"ErrorCode\":\"InvalidArgument\",\"ErrorMessage\":"
       "\"Parameter Detail is not valid. Reason: Detail is a required argument.\"},{\"ErrorCode\":"
       "\"MalformedDetail\",\"ErrorMessage\":\"Detail is malformed.\"},{\"ErrorCode\":"
       "\"MalformedDetail\",\"ErrorMessage\":\"Detail is malformed.\"},{\"ErrorCode\":"
       "\"NotAuthorizedForSourceException\",\"ErrorMessage\":\"Not authorized for the "
       "source.\"}]}");
    assert_int_equal(rows_in(WB_T_BUS_LOG), 0);
    /* Unknown bus: acknowledged, dropped. */
    struct wb_slice out = call("PutEvents", "{\"Entries\":[{\"Source\":\"s\",\"DetailType\":\"t\","
                                            "\"Detail\":\"{}\",\"EventBusName\":\"nope\"}]}");
    assert_true(wb_slice_find(out, WB_S("EventId"), 0) > 0);
    assert_int_equal(rows_in(WB_T_BUS_LOG), 0);
    /* Nobody matches: logged all the same. */
    put("{}");
    assert_int_equal(rows_in(WB_T_BUS_LOG), 1);
    struct wb_buf b = wb_buf_in(&w.arena);
    wb_buf_str(&b,
               "{\"Entries\":[{\"Source\":\"s\",\"DetailType\":\"t\",\"Detail\":\"{\\\"a\\\":\\\"");
    for (int i = 0; i < 1 << 20; i++)
        wb_buf_char(&b, 'x');
    wb_buf_str(&b, "\\\"}\"}]}");
    wb_buf_char(&b, '\0');
    err("PutEvents", b.p,
        "ValidationException: Total size of the entries in the request is over the limit.");
    assert_int_equal(rows_in(WB_T_BUS_LOG), 1);
    assert_true(metric("PutEventsEntriesCount") == 8);
    assert_true(metric("PutEventsFailedEntriesCount") == 6);
}

static void test_to_function_and_topic(void **state)
{
    (void)state;
    rule("{\\\"source\\\":[\\\"s\\\"],\\\"detail\\\":{\\\"k\\\":[{\\\"prefix\\\":\\\"v\\\"}]}}");
    target("f", FN, "");
    target("t", TOPIC,
           ",\"InputTransformer\":{\"InputPathsMap\":{\"k\":\"$.detail.k\"},\"InputTemplate\":"
           "\"\\\"got <k>\\\"\"}");
    put("{\\\"k\\\":\\\"other\\\"}");
    world_settle();
    assert_int_equal(rows_in(GOT_ROW), 0);
    put("{\\\"k\\\": \\\"v1\\\"}");
    assert_true(took("lambda", "\"detail-type\":\"t\",\"source\":\"s\",\"account\":\"" ACCOUNT
                               "\",\"time\":\"2026-11-22T12:00:00Z\",\"region\":\"us-east-1\","
                               "\"resources\":[],\"detail\":{\"k\": \"v1\"}}"));
    assert_int_equal(rows_in(GOT_ROW), 1); /* the topic comes by a work row */
    assert_int_equal(sns_script.calls, 0);
    world_settle();
    assert_true(took("sns", TOPIC " \"got v1\""));
    assert_int_equal(rows_in(GOT_ROW), 2);
    assert_int_equal(rows_in(WB_T_BUS_LOG), 2);
    assert_true(metric("MatchedEvents|RuleName=r") == 1);
    assert_true(metric("Invocations|RuleName=r") == 2);
    assert_true(metric("InvocationsCreated") == 2);
    assert_true(metric("FailedInvocations|RuleName=r") == 0);
}

static void test_disabled(void **state)
{
    (void)state;
    rule("{\\\"source\\\":[\\\"s\\\"]}");
    target("f", FN, "");
    ok("DisableRule", "{\"Name\":\"r\"}", NULL);
    put("{}");
    assert_int_equal(lambda_script.calls, 0);
    ok("EnableRule", "{\"Name\":\"r\"}", NULL);
    put("{}");
    assert_int_equal(lambda_script.calls, 1);
    ok("RemoveTargets", "{\"Rule\":\"r\",\"Ids\":[\"f\"]}", NULL);
    put("{}");
    assert_int_equal(lambda_script.calls, 1);
    assert_true(metric("MatchedEvents|RuleName=r") == 2);
}

static void test_retries_and_dead_letters(void **state)
{
    (void)state;
    struct wb_slice code, payload;
    rule("{\\\"source\\\":[\\\"s\\\"]}");
    target("t", TOPIC,
           ",\"InputPath\":\"$.detail\",\"RetryPolicy\":{\"MaximumRetryAttempts\":3},"
           "\"DeadLetterConfig\":{\"Arn\":\"" QUEUE "\"}");
    sns_script = (struct script){.kind = WB_RETRY, .code = "THROTTLING"};
    put("{\\\"n\\\":1}");
    world_settle();
    assert_int_equal(sns_script.calls, 1);
    world_advance(700); /* less than a second, jitter included */
    assert_int_equal(sns_script.calls, 1);
    world_advance(600);
    assert_int_equal(sns_script.calls, 2);
    world_advance(3000);
    assert_int_equal(sns_script.calls, 3);
    assert_false(dead_row(&code, &payload));
    world_restart();
    world_advance(60000);
    world_advance(HOUR);
    assert_int_equal(sns_script.calls, 4); /* 1 + 3 retries */
    assert_true(dead_row(&code, &payload));
    assert_true(wb_slice_is(code, "THROTTLING"));
    assert_true(wb_slice_is(payload, "{\"n\":1}"));
    assert_true(took("sqs", "\"detail\":{\"n\":1}}")); /* the event, not the input */
    assert_true(metric("FailedInvocations|RuleName=r") == 1);
    assert_true(metric("InvocationsSentToDlq|RuleName=r") == 1);
    assert_true(metric("InvocationAttempts|RuleName=r") == 4);
    assert_true(metric("RetryInvocationAttempts|RuleName=r") == 3);
    assert_true(metric("RetryInvocationAttempts|EventBusName=default") == 3);
    assert_true(metric("RetryInvocationAttempts") == 3);
    assert_true(metric("Invocations|RuleName=r") == 1); /* it failed for good */
    assert_true(metric("SuccessfulInvocationAttempts") == 0);
}

/* An event that has gone round too often is no failed invocation. */
static void test_loop(void **state)
{
    (void)state;
    rule("{\\\"source\\\":[\\\"s\\\"]}");
    target("t", TOPIC, "");
    sns_script = (struct script){.kind = WB_PERMANENT, .code = "TOO_MANY_HOPS"};
    put("{}");
    world_settle();
    assert_int_equal(rows_in(WB_T_DEAD), 1);
    assert_true(metric("DeadLetterInvocations|RuleName=r") == 1);
    assert_true(metric("FailedInvocations|RuleName=r") == 0);
    assert_true(metric("Invocations|RuleName=r") == 0);
}

static void test_age(void **state)
{
    (void)state;
    struct wb_slice code, payload;
    rule("{\\\"source\\\":[\\\"s\\\"]}");
    target("t", TOPIC, ",\"RetryPolicy\":{\"MaximumEventAgeInSeconds\":60}");
    sns_script = (struct script){.kind = WB_RETRY, .code = "TIMEOUT"};
    put("{}");
    for (int i = 0; i < 120; i++)
        world_advance(1000);
    unsigned calls = sns_script.calls;
    assert_true(calls > 3 && calls < 10); /* 1, 2, 4 ... seconds within a minute */
    assert_true(dead_row(&code, &payload));
    assert_true(wb_slice_is(code, "TIMEOUT"));
}

static void test_permanent(void **state)
{
    (void)state;
    struct wb_slice code, payload;
    rule("{\\\"source\\\":[\\\"s\\\"]}");
    target("f", FN, ",\"DeadLetterConfig\":{\"Arn\":\"" QUEUE "\"}");
    lambda_script = (struct script){.kind = WB_PERMANENT, .code = "NO_PERMISSIONS"};
    sqs_script = (struct script){.kind = WB_PERMANENT, .code = "NO_RESOURCE"};
    put("{\\\"n\\\":2}");
    world_settle();
    assert_true(dead_row(&code, &payload));
    assert_true(wb_slice_is(code, "NO_PERMISSIONS"));
    assert_true(wb_slice_find(payload, WB_S("\"detail\":{\"n\":2}}"), 0) > 0);
    world_advance(HOUR / 2);
    assert_int_equal(rows_in(WB_T_DEAD), 1);
    assert_int_equal(rows_in(GOT_ROW), 0);
    assert_true(metric("InvocationsFailedToBeSentToDlq|RuleName=r") == 1);
}

static void test_invalid_input(void **state)
{
    (void)state;
    struct wb_slice code, payload;
    rule("{\\\"source\\\":[\\\"s\\\"]}");
    target("f", FN,
           ",\"InputTransformer\":{\"InputPathsMap\":{\"d\":\"$.detail\"},\"InputTemplate\":"
           "\"{\\\"x\\\": \\\"<d>\\\"}\"}");
    put("{\\\"n\\\":1}");
    world_settle();
    assert_int_equal(lambda_script.calls, 0);
    assert_true(dead_row(&code, &payload));
    assert_true(wb_slice_is(code, "INVALID_JSON"));
}

/* A row as earlier versions wrote it: its meta says all, and where the event lies. */
static void add_old_row(struct wb_command *c, struct wb_tx *tx)
{
    (void)c;
    struct wb_slice key = wb_key(tx->arena, WB_T_BUS_LOG, "uu", UINT64_C(7), wb_tx_stamp(tx));
    struct wb_slice hex = wb_hex_encode(tx->arena, key);
    wb_tx_put(tx, key, WB_S("{\"old\":1}"));
    struct wb_work row = {.target = WB_S("events/" TOPIC),
                          .executor = "events.target",
                          .payload_key = key,
                          .meta =
                              wb_printf(tx->arena,
                                        "{\"bus\":\"orders\",\"account\":\"" ACCOUNT
                                        "\",\"region\":\"us-east-1\",\"rule\":\"r\",\"ruleArn\":"
                                        "\"arn:aws:events:us-east-1:" ACCOUNT
                                        ":rule/orders/r\",\"targetArn\":\"" TOPIC
                                        "\",\"targetId\":\"t\",\"event\":\"e\",\"log\":\"%.*s\","
                                        "\"deadLetter\":\"" QUEUE "\"}",
                                        WB_FMT(hex))};
    row.ctx = (struct wb_ctx){.account = WB_S(ACCOUNT), .region = WB_S("us-east-1"), .depth = 1};
    wb_work_add(tx, &row);
}

static void test_old_row(void **state)
{
    (void)state;
    struct wb_command c = {.lane = WB_LANE_INSIDE, .run = add_old_row, .done = nothing};
    sns_script = (struct script){.kind = WB_PERMANENT, .code = "NO_RESOURCE"};
    wb_submit(w.engine, &c);
    world_settle();
    assert_int_equal(sns_script.calls, 1);
    assert_true(took("sqs", QUEUE " {\"old\":1}"));
    assert_true(metric("InvocationsSentToDlq|EventBusName=orders|RuleName=r") == 1);
}

/* A function that is throttled at first gets the event later, once, also across a restart. */
static void test_function_later(void **state)
{
    (void)state;
    rule("{\\\"source\\\":[\\\"s\\\"]}");
    target("f", FN, "");
    lambda_script.kind = WB_RETRY;
    lambda_script.code = "THROTTLING";
    put("{\\\"n\\\":3}");
    world_restart();
    world_settle();
    assert_int_equal(rows_in(GOT_ROW), 0);
    lambda_script.kind = WB_ACCEPTED;
    world_restart();
    world_advance(5000);
    world_advance(HOUR / 2);
    assert_int_equal(rows_in(GOT_ROW), 1);
    assert_true(took("lambda", "\"detail\":{\"n\":3}}"));
    assert_int_equal(rows_in(WB_T_DEAD), 0);
}

/* --- prepared on the loop, then the rules change --- */

struct late {
    struct wb_command command;
    struct wb_call call;
    bool ended;
};

static void late_run(struct wb_command *c, struct wb_tx *tx)
{
    struct late *l = WB_CONTAINER(c, struct late, command);
    l->call.tx = tx;
    l->call.op->handler(&l->call);
    assert_false(wb_failed(&l->call));
}

static void late_done(struct wb_command *c, enum wb_commit result)
{
    (void)result;
    WB_CONTAINER(c, struct late, command)->ended = true;
}

static const struct wb_op *op(const char *name)
{
    for (size_t i = 0; i < wb_events_service.op_count; i++)
        if (!strcmp(wb_events_service.op[i].name, name))
            return &wb_events_service.op[i];
    return NULL;
}

static void put_prepared(bool change)
{
    struct wb_txn *t;
    struct wb_tx tx;
    struct wb_tx_ext x;
    struct late l = {.command = {.run = late_run, .done = late_done}};
    l.call = (struct wb_call){.service = &wb_events_service,
                              .op = op("PutEvents"),
                              .engine = w.engine,
                              .arena = &w.arena,
                              .protocol = WB_JSON11};
    l.call.ctx.account = WB_S(ACCOUNT);
    l.call.ctx.region = WB_S("us-east-1");
    l.call.in = wb_json_read(&w.arena,
                             WB_S("{\"Entries\":[{\"Source\":\"s\",\"DetailType\":\"t\","
                                  "\"Detail\":\"{}\",\"TraceHeader\":\"Root=1-2-3\"}]}"),
                             NULL);
    wb_out_init(&l.call.out, &w.arena, false);
    assert_int_equal(wb_txn_begin(w.store, false, &t), WB_STORE_OK);
    wb_tx_snapshot(&tx, &x, w.engine, t, &w.arena);
    l.call.tx = &tx;
    l.call.op->prepare(&l.call);
    if (change)
        rule("{\\\"source\\\":[\\\"other\\\"]}");
    assert_true(wb_submit(w.engine, &l.command));
    while (!l.ended)
        wb_writer_step(w.engine);
    wb_tx_release(&tx); /* held until the answer, as the front does */
    wb_txn_abort(t);
    assert_true(wb_slice_find(wb_out_done(&l.call.out), WB_S("EventId"), 0) > 0);
}

static void test_stale_prepare(void **state)
{
    (void)state;
    rule("{\\\"source\\\":[\\\"s\\\"]}");
    target("f", FN, "");
    put_prepared(false);
    assert_int_equal(lambda_script.calls, 1);
    put_prepared(true);
    assert_int_equal(lambda_script.calls, 1); /* the rule no longer matched when it counted */
    assert_int_equal(rows_in(WB_T_BUS_LOG), 2);
}

static void test_schedule(void **state)
{
    (void)state;
    ok("PutRule", "{\"Name\":\"r\",\"ScheduleExpression\":\"rate(5 minutes)\"}", NULL);
    target("f", FN, "");
    target("c", FN, ",\"Input\":\"{\\\"tick\\\":1}\"");
    world_advance(4 * 60000);
    assert_int_equal(rows_in(GOT_ROW), 0);
    world_advance(60000);
    assert_int_equal(rows_in(GOT_ROW), 2);
    assert_true(took("lambda",
                     "\"detail-type\":\"Scheduled Event\",\"source\":\"aws.events\","
                     "\"account\":\"" ACCOUNT "\",\"time\":\"2026-11-22T12:05:00Z\","
                     "\"region\":\"us-east-1\",\"resources\":[\"arn:aws:events:us-east-1:" ACCOUNT
                     ":rule/r\"],\"detail\":{}}"));
    assert_true(took("lambda", FN " {\"tick\":1}"));
    world_restart();
    world_advance(17 * 60000); /* three times passed: made up for once */
    assert_int_equal(rows_in(GOT_ROW), 4);
    world_advance(3 * 60000);
    assert_int_equal(rows_in(GOT_ROW), 6);
    ok("DisableRule", "{\"Name\":\"r\"}", NULL);
    world_advance(HOUR / 4);
    assert_int_equal(rows_in(GOT_ROW), 6);
    ok("PutRule", "{\"Name\":\"r\",\"ScheduleExpression\":\"cron(0 13 * * ? *)\"}", NULL);
    world_advance(HOUR);
    assert_int_equal(rows_in(GOT_ROW), 8);
    ok("RemoveTargets", "{\"Rule\":\"r\",\"Ids\":[\"f\",\"c\"]}", NULL);
    ok("DeleteRule", "{\"Name\":\"r\"}", NULL);
    world_advance(48 * HOUR);
    assert_int_equal(rows_in(GOT_ROW), 8);
}

static void hours(int n)
{
    for (int i = 0; i < n; i++)
        world_advance(HOUR + 1000);
}

static void test_log_expires(void **state)
{
    (void)state;
    rule("{\\\"source\\\":[\\\"s\\\"],\\\"detail\\\":{\\\"stay\\\":[1]}}");
    target("t", TOPIC, "");
    ok("CreateEventBus", "{\"Name\":\"gone\"}", NULL);
    hours(2);
    put("{}");
    ok("PutEvents",
       "{\"Entries\":[{\"Source\":\"s\",\"DetailType\":\"t\",\"Detail\":\"{}\",\"EventBusName\":"
       "\"gone\"}]}",
       NULL);
    ok("DeleteEventBus", "{\"Name\":\"gone\"}", NULL);
    hours(23);
    put("{}");
    assert_int_equal(rows_in(WB_T_BUS_LOG), 3);
    hours(4); /* the first two are 27 hours old */
    assert_int_equal(rows_in(WB_T_BUS_LOG), 1);
    hours(24);
    assert_int_equal(rows_in(WB_T_BUS_LOG), 0);
    /* A queued row keeps its event and what is younger. */
    sns_script.kind = WB_BUSY;
    put("{\\\"stay\\\":1}");
    put("{}");
    hours(20);
    assert_int_equal(rows_in(WB_T_BUS_LOG), 2);
    sns_script.kind = WB_ACCEPTED;
    world_advance(HOUR);
    assert_true(took("sns", "\"stay\":1"));
    hours(30);
    assert_int_equal(rows_in(WB_T_BUS_LOG), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(test_entries),       T(test_to_function_and_topic),
        T(test_disabled),      T(test_retries_and_dead_letters),
        T(test_loop),          T(test_age),
        T(test_permanent),     T(test_invalid_input),
        T(test_old_row),       T(test_function_later),
        T(test_stale_prepare), T(test_schedule),
        T(test_log_expires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
