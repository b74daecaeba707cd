/* The operations of EventBridge through the engine: answers, errors, paging, and that a failed call
 * leaves no trace. */
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

#define ARN     "arn:aws:events:us-east-1:" ACCOUNT
#define MISSING "ResourceNotFoundException: "

static void test_buses(void **state)
{
    (void)state;
    ok("DescribeEventBus", "{}", "{\"Name\":\"default\",\"Arn\":\"" ARN ":event-bus/default\"}");
    ok("CreateEventBus", "{\"Name\":\"orders\",\"Description\":\"d\"}",
       "{\"EventBusArn\":\"" ARN ":event-bus/orders\",\"Description\":\"d\"}");
    err("CreateEventBus", "{\"Name\":\"orders\"}",
        "ResourceAlreadyExistsException: Event bus orders already exists.");
    err("CreateEventBus", "{\"Name\":\"default\"}",
        "ResourceAlreadyExistsException: Event bus default already exists.");
    err("CreateEventBus", "{\"Name\":\"a/b\"}",
        "ValidationException: Event bus name must not contain '/'.");
    err("DescribeEventBus", "{\"Name\":\"nope\"}", MISSING "Event bus nope does not exist.");
    ok("DescribeEventBus", "{\"Name\":\"" ARN ":event-bus/orders\"}", NULL);
    err("DeleteEventBus", "{\"Name\":\"default\"}",
        "ValidationException: Cannot delete event bus default.");
    ok("UpdateEventBus", "{\"Name\":\"orders\",\"Description\":\"e\"}",
       "{\"Arn\":\"" ARN ":event-bus/orders\",\"Name\":\"orders\",\"Description\":\"e\"}");
    assert_true(wb_slice_find(call("DescribeEventBus", "{\"Name\":\"orders\"}"),
                              WB_S("\"Description\":\"e\""), 0) > 0);
    ok("DeleteEventBus", "{\"Name\":\"orders\"}", "{}");
    ok("DeleteEventBus", "{\"Name\":\"orders\"}", "{}");
    err("DescribeEventBus", "{\"Name\":\"orders\"}", MISSING "Event bus orders does not exist.");
}

static struct wb_slice names_of(struct wb_slice answer, const char *list, struct wb_slice *token)
{
    struct wb_json v = wb_json_read(&w.arena, answer, NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_get(v, list));
    struct wb_buf b = wb_buf_in(&w.arena);
    while (wb_json_next(&it)) {
        bool plain = wb_json_type(it.value) == WB_JSON_STRING;
        struct wb_slice n =
            plain ? wb_json_str(it.value, &w.arena) : wb_json_get_str(it.value, "Name", &w.arena);
        if (!n.p)
            n = wb_json_get_str(it.value, "Id", &w.arena);
        wb_buf_slice_put(&b, n);
        wb_buf_char(&b, ' ');
    }
    *token = wb_json_get_str(v, "NextToken", &w.arena);
    return b.n ? wb_buf_slice(&b) : WB_S("");
}

/* All pages of a list with one element a page, joined by '|'. */
static struct wb_slice paged(const char *op, const char *members, const char *list)
{
    struct wb_buf b = wb_buf_in(&w.arena);
    struct wb_slice token = WB_SLICE_NULL;
    do {
        struct wb_slice in = token.p ? wb_printf(&w.arena, "{%s\"Limit\":1,\"NextToken\":\"%.*s\"}",
                                                 members, WB_FMT(token))
                                     : wb_printf(&w.arena, "{%s\"Limit\":1}", members);
        wb_buf_slice_put(&b, names_of(call(op, in.p), list, &token));
        wb_buf_char(&b, '|');
    } while (token.p);
    return wb_buf_slice(&b);
}

static void test_lists(void **state)
{
    (void)state;
    struct wb_slice token;
    assert_true(wb_slice_is(paged("ListEventBuses", "", "EventBuses"), "default |"));
    ok("CreateEventBus", "{\"Name\":\"a\"}", NULL);
    ok("CreateEventBus", "{\"Name\":\"z\"}", NULL);
    assert_true(wb_slice_is(paged("ListEventBuses", "", "EventBuses"), "a |default |z |"));
    assert_true(wb_slice_is(paged("ListEventBuses", "\"NamePrefix\":\"z\",", "EventBuses"), "z |"));
    ok("PutRule", "{\"Name\":\"r1\",\"EventPattern\":\"{\\\"source\\\":[\\\"x\\\"]}\"}", NULL);
    assert_true(wb_slice_is(paged("ListEventBuses", "", "EventBuses"), "a |default |z |"));
    ok("PutRule", "{\"Name\":\"r2\",\"EventPattern\":\"{\\\"source\\\":[\\\"x\\\"]}\"}", NULL);
    ok("PutRule", "{\"Name\":\"s1\",\"EventPattern\":\"{\\\"source\\\":[\\\"x\\\"]}\"}", NULL);
    assert_true(wb_slice_is(paged("ListRules", "", "Rules"), "r1 |r2 |s1 |"));
    assert_true(wb_slice_is(paged("ListRules", "\"NamePrefix\":\"r\",", "Rules"), "r1 |r2 |"));
    struct wb_slice page = call("ListRules", "{\"Limit\":1}");
    names_of(page, "Rules", &token);
    struct wb_slice moved = wb_printf(
        &w.arena, "{\"Limit\":1,\"NamePrefix\":\"r\",\"NextToken\":\"%.*s\"}", WB_FMT(token));
    err("ListRules", moved.p, "ValidationException: Parameter NextToken is not valid.");
    ok("PutTargets",
       "{\"Rule\":\"r1\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"arn:aws:sns:us-east-1:1:t\"},"
       "{\"Id\":\"2\",\"Arn\":\"arn:aws:sns:us-east-1:1:u\"}]}",
       "{\"FailedEntryCount\":0,\"FailedEntries\":[]}");
    ok("PutTargets",
       "{\"Rule\":\"s1\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"arn:aws:sns:us-east-1:1:t\"}]}",
       NULL);
    assert_true(wb_slice_is(paged("ListTargetsByRule", "\"Rule\":\"r1\",", "Targets"), "1 |2 |"));
    assert_true(wb_slice_is(
        paged("ListRuleNamesByTarget", "\"TargetArn\":\"arn:aws:sns:us-east-1:1:t\",", "RuleNames"),
        "r1 |s1 |"));
}

static void test_rules(void **state)
{
    (void)state;
    err("PutRule", "{\"Name\":\"r\"}",
        "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.");
    err("PutRule", "{\"Name\":\"r\",\"EventPattern\":\"{}\"}",
        "InvalidEventPatternException: Event pattern is not valid. Reason: Empty objects are not "
        "allowed\n at [Source: (String)\"{}\"; line: 1, column: 3]");
    err("PutRule",
        "{\"Name\":\"r\",\"EventBusName\":\"nope\",\"EventPattern\":\"{\\\"a\\\":[1]}\"}",
        MISSING "Event bus nope does not exist.");
    err("PutRule", "{\"Name\":\"r\",\"ScheduleExpression\":\"rate(1 minutes)\"}",
        "ValidationException: Parameter ScheduleExpression is not valid.");
    ok("CreateEventBus", "{\"Name\":\"b\"}", NULL);
    err("PutRule",
        "{\"Name\":\"r\",\"EventBusName\":\"b\",\"ScheduleExpression\":\"rate(1 minute)\"}",
        "ValidationException: ScheduleExpression is supported only on the default event bus.");
    assert_int_equal(rows_in(WB_T_RULE), 0);
    ok("PutRule",
       "{\"Name\":\"r\",\"EventBusName\":\"b\",\"EventPattern\":\"{\\\"a\\\":[1]}\","
       "\"Description\":\"d\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}",
       "{\"RuleArn\":\"" ARN ":rule/b/r\"}");
    ok("DescribeRule", "{\"Name\":\"r\",\"EventBusName\":\"b\"}",
       "{\"Name\":\"r\",\"Arn\":\"" ARN ":rule/b/r\",\"EventPattern\":\"{\\\"a\\\":[1]}\","
       "\"State\":\"ENABLED\",\"Description\":\"d\",\"EventBusName\":\"b\",\"CreatedBy\":\"" ACCOUNT
       "\"}");
    ok("ListTagsForResource", "{\"ResourceARN\":\"" ARN ":rule/b/r\"}",
       "{\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}");
    ok("DisableRule", "{\"Name\":\"r\",\"EventBusName\":\"b\"}", NULL);
    assert_true(wb_slice_find(call("DescribeRule", "{\"Name\":\"r\",\"EventBusName\":\"b\"}"),
                              WB_S("\"State\":\"DISABLED\""), 0) > 0);
    ok("EnableRule", "{\"Name\":\"r\",\"EventBusName\":\"b\"}", NULL);
    err("EnableRule", "{\"Name\":\"q\",\"EventBusName\":\"b\"}",
        MISSING "Rule q does not exist on EventBus b.");
    /* An update replaces what it does not name. */
    ok("PutRule", "{\"Name\":\"r\",\"EventBusName\":\"b\",\"EventPattern\":\"{\\\"a\\\":[2]}\"}",
       NULL);
    assert_true(wb_slice_find(call("DescribeRule", "{\"Name\":\"r\",\"EventBusName\":\"b\"}"),
                              WB_S("Description"), 0) < 0);
    ok("PutTargets",
       "{\"Rule\":\"r\",\"EventBusName\":\"b\",\"Targets\":[{\"Id\":\"1\",\"Arn\":"
       "\"arn:aws:sns:us-east-1:1:t\"}]}",
       NULL);
    err("DeleteRule", "{\"Name\":\"r\",\"EventBusName\":\"b\"}",
        "ValidationException: Rule can't be deleted since it has targets.");
    ok("RemoveTargets", "{\"Rule\":\"r\",\"EventBusName\":\"b\",\"Ids\":[\"1\",\"nope\"]}", NULL);
    ok("DeleteRule", "{\"Name\":\"r\",\"EventBusName\":\"b\"}", NULL);
    ok("DeleteRule", "{\"Name\":\"r\",\"EventBusName\":\"b\"}", NULL);
    err("DescribeRule", "{\"Name\":\"r\",\"EventBusName\":\"b\"}",
        MISSING "Rule r does not exist on EventBus b.");
    assert_int_equal(rows_in(WB_T_TAGS), 0);
}

static void test_targets(void **state)
{
    (void)state;
    err("PutTargets", "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"arn:aws:sns:a:1:t\"}]}",
        MISSING "Rule r does not exist on EventBus default.");
    ok("PutRule", "{\"Name\":\"r\",\"EventPattern\":\"{\\\"a\\\":[1]}\"}", NULL);
    err("PutTargets", "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"nonsense\"}]}",
        "ValidationException: Parameter nonsense is not valid. Reason: Provided Arn is not in "
        "correct format.");
    err("PutTargets",
        "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"arn:aws:sns:a:1:t\",\"Input\":\"{}\","
        "\"InputPath\":\"$\"}]}",
        "ValidationException: Only one of Input, InputPath, or InputTransformer must be provided "
        "for target 1.");
    struct wb_buf b = wb_buf_in(&w.arena);
    wb_buf_str(&b, "{\"Rule\":\"r\",\"Targets\":[");
    for (int i = 0; i < 6; i++)
        wb_buf_printf(&b, "%s{\"Id\":\"%d\",\"Arn\":\"arn:aws:sns:a:1:t\"}", i ? "," : "", i);
    wb_buf_str(&b, "]}");
    wb_buf_char(&b, '\0');
    err("PutTargets", b.p,
        "LimitExceededException: The requested resource exceeds the maximum number allowed.");
    assert_int_equal(rows_in(WB_T_TARGET), 0);
    ok("PutTargets",
       "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"arn:aws:sns:a:1:t\",\"RetryPolicy\":"
       "{\"MaximumRetryAttempts\":2}}]}",
       NULL);
    ok("ListTargetsByRule", "{\"Rule\":\"r\"}",
       "{\"Targets\":[{\"Id\":\"1\",\"Arn\":\"arn:aws:sns:a:1:t\",\"RetryPolicy\":"
       "{\"MaximumRetryAttempts\":2}}]}");
}

static void test_limits(void **state)
{
    (void)state;
    char in[200];
    for (int i = 0; i < WB_EVENT_RULES_MAX; i++) {
        snprintf(in, sizeof in, "{\"Name\":\"r%d\",\"EventPattern\":\"{\\\"a\\\":[%s]}\"}", i,
                 i < WB_EVENT_WILDCARD_RULES_MAX ? "{\\\"wildcard\\\":\\\"x*\\\"}" : "1");
        ok("PutRule", in, NULL);
    }
    err("PutRule", "{\"Name\":\"more\",\"EventPattern\":\"{\\\"a\\\":[1]}\"}",
        "LimitExceededException: The requested resource exceeds the maximum number allowed.");
    ok("PutRule", "{\"Name\":\"r299\",\"EventPattern\":\"{\\\"a\\\":[2]}\"}", NULL);
    err("PutRule",
        "{\"Name\":\"r299\",\"EventPattern\":\"{\\\"a\\\":[{\\\"wildcard\\\":\\\"y*\\\"}]}\"}",
        "LimitExceededException: The requested resource exceeds the maximum number allowed.");
    for (int i = 1; i < WB_EVENT_BUSES_MAX; i++) { /* the default bus has its row by now */
        snprintf(in, sizeof in, "{\"Name\":\"b%d\"}", i);
        ok("CreateEventBus", in, NULL);
    }
    err("CreateEventBus", "{\"Name\":\"more\"}",
        "LimitExceededException: The requested resource exceeds the maximum number allowed.");
}

static void test_permissions(void **state)
{
    (void)state;
    ok("PutPermission",
       "{\"Action\":\"events:PutEvents\",\"Principal\":\"111111111111\",\"StatementId\":\"s1\"}",
       NULL);
    ok("PutPermission",
       "{\"Action\":\"events:PutEvents\",\"Principal\":\"*\",\"StatementId\":"
       "\"s2\",\"Condition\":{\"Type\":\"StringEquals\",\"Key\":"
       "\"aws:PrincipalOrgID\",\"Value\":\"o-1\"}}",
       NULL);
    struct wb_json v = wb_json_read(&w.arena, call("DescribeEventBus", "{}"), NULL);
    assert_true(wb_slice_is(
        wb_json_get_str(v, "Policy", &w.arena),
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"s1\",\"Effect\":\"Allow\","
        "\"Principal\":{\"AWS\":\"arn:aws:iam::111111111111:root\"},\"Action\":\"events:"
        "PutEvents\","
        "\"Resource\":\"" ARN ":event-bus/default\"},{\"Sid\":\"s2\",\"Effect\":\"Allow\","
        "\"Principal\":\"*\",\"Action\":\"events:PutEvents\",\"Resource\":\"" ARN ":event-bus/"
        "default\",\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-1\"}}}]}"));
    err("RemovePermission", "{\"StatementId\":\"s3\"}",
        MISSING "Statement with the provided id does not exist.");
    ok("RemovePermission", "{\"StatementId\":\"s1\"}", NULL);
    ok("RemovePermission", "{\"RemoveAllPermissions\":true}", NULL);
    err("RemovePermission", "{\"StatementId\":\"s2\"}", MISSING "EventBus does not have a policy.");
    err("PutPermission", "{\"Action\":\"events:PutEvents\"}",
        "ValidationException: Parameter Principal must be specified.");
}

static void test_tags(void **state)
{
    (void)state;
    ok("CreateEventBus", "{\"Name\":\"b\",\"Tags\":[{\"Key\":\"x\",\"Value\":\"1\"}]}", NULL);
    ok("TagResource",
       "{\"ResourceARN\":\"" ARN ":event-bus/b\",\"Tags\":[{\"Key\":\"y\",\"Value\":\"2\"}]}",
       NULL);
    ok("UntagResource", "{\"ResourceARN\":\"" ARN ":event-bus/b\",\"TagKeys\":[\"x\"]}", NULL);
    ok("ListTagsForResource", "{\"ResourceARN\":\"" ARN ":event-bus/b\"}",
       "{\"Tags\":[{\"Key\":\"y\",\"Value\":\"2\"}]}");
    err("ListTagsForResource", "{\"ResourceARN\":\"" ARN ":rule/b/r\"}",
        MISSING "Rule r does not exist on EventBus b.");
    err("ListTagsForResource", "{\"ResourceARN\":\"arn:aws:sqs:us-east-1:" ACCOUNT ":q\"}",
        "ValidationException: Parameter arn:aws:sqs:us-east-1:" ACCOUNT
        ":q is not valid. Reason: Provided "
        "Arn is not in correct format.");
    ok("DeleteEventBus", "{\"Name\":\"b\"}", NULL);
    assert_int_equal(rows_in(WB_T_TAGS), 0);
}

static void test_test_pattern(void **state)
{
    (void)state;
#define EV                                                                                         \
    "{\\\"id\\\":\\\"1\\\",\\\"source\\\":\\\"s\\\",\\\"account\\\":\\\"1\\\",\\\"time\\\":"       \
    "\\\"t\\\",\\\"region\\\":\\\"r\\\",\\\"detail-type\\\":\\\"d\\\"}"
    ok("TestEventPattern",
       "{\"EventPattern\":\"{\\\"source\\\":[\\\"s\\\"]}\",\"Event\":\"" EV "\"}",
       "{\"Result\":true}");
    ok("TestEventPattern",
       "{\"EventPattern\":\"{\\\"source\\\":[\\\"t\\\"]}\",\"Event\":\"" EV "\"}",
       "{\"Result\":false}");
    err("TestEventPattern",
        "{\"EventPattern\":\"{\\\"source\\\":[\\\"t\\\"]}\",\"Event\":\"{\\\"id\\\":\\\"1\\\"}\"}",
        "ValidationException: Parameter Event is not valid.");
    err("TestEventPattern",
        "{\"EventPattern\":\"{\\\"source\\\":[\\\"t\\\"]}\",\"Event\":\"plain\"}",
        "ValidationException: Parameter Event is not valid.");
    err("TestEventPattern", "{\"EventPattern\":\"x\",\"Event\":\"plain\"}",
        "InvalidEventPatternException: Event pattern is not valid. Reason: Unrecognized token 'x': "
        "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n "
        "at "
        "[Source: (String)\"x\"; line: 1, column: 2]");
}

#define THERE "arn:aws:events:us-east-1:999999999999"

/* What a policy can name: the resources the table gives. */
static void test_resources(void **state)
{
    (void)state;
    static const struct {
        const char *op, *in, *want;
        size_t more; /* needs after the first */
    } cases[] = {
        {"CreateEventBus", "{\"Name\":\"b\"}", ARN ":event-bus/b"},
        {"DescribeEventBus", "{}", ARN ":event-bus/default"},
        {"PutRule", "{\"Name\":\"r\"}", ARN ":rule/r"},
        {"PutTargets", "{\"Rule\":\"r\",\"EventBusName\":\"b\"}", ARN ":rule/b/r"},
        {"PutEvents", "{\"Entries\":[{\"EventBusName\":\"b\"}]}", ARN ":event-bus/b"},
        {"TagResource", "{\"ResourceARN\":\"" ARN ":rule/r\"}", ARN ":rule/r"},
        {"PutPermission", "{\"EventBusName\":\"" THERE ":event-bus/x\"}", THERE ":event-bus/x"},
        {"PutRule", "{\"Name\":\"r\",\"EventBusName\":\"" THERE ":event-bus/x\"}",
         THERE ":rule/x/r"},
        {"PutPermission",
         "{\"EventBusName\":\"arn:aws:events:eu-west-1:999999999999:event-bus/x\"}", NULL},
        {"ListEventBuses", "{}", ARN ":event-bus/*"},
        {"ListRules", "{\"EventBusName\":\"b\"}", ARN ":rule/b/*"},
        {"CreateEventBus", "{\"Name\":\"b\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}",
         ARN ":event-bus/b", 1},
        {"PutTargets", "{\"Rule\":\"r\",\"Targets\":[{\"RoleArn\":\"x\"},{\"Id\":\"1\"}]}",
         ARN ":rule/r", 1},
        /* Entries that no policy can tell apart are one need. */
        {"PutEvents",
         "{\"Entries\":[{\"EventBusName\":\"b\",\"Source\":\"s\"},{\"EventBusName\":\"b\","
         "\"Source\":\"s\",\"Detail\":\"{}\"},{\"EventBusName\":\"b\",\"Source\":\"t\"}]}",
         ARN ":event-bus/b", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_call c = {.service = &wb_events_service, .engine = w.engine, .arena = &w.arena};
        for (size_t k = 0; k < wb_events_service.op_count; k++)
            if (!strcmp(wb_events_service.op[k].name, cases[i].op))
                c.op = &wb_events_service.op[k];
        c.ctx.account = WB_S(ACCOUNT);
        c.ctx.region = WB_S("us-east-1");
        c.in = wb_json_read(&w.arena, wb_slice_str(cases[i].in), NULL);
        c.op->resources(&c);
        assert_int_equal(c.need_count, (cases[i].want != NULL) + cases[i].more);
        if (cases[i].want && !wb_slice_is(c.need[0].resource, cases[i].want))
            fail_msg("%s: %.*s", cases[i].op, WB_FMT(c.need[0].resource));
    }
}

static void complain(void *arg, const char *what)
{
    (void)what;
    ++*(unsigned *)arg;
}

struct spoil {
    struct wb_command command;
    bool ended;
};

static void spoil_run(struct wb_command *c, struct wb_tx *tx)
{
    (void)c;
    wb_tx_put(tx, wb_key(tx->arena, WB_T_RULE, "us", (uint64_t)77, WB_S("r")),
              WB_S("{\"EventPattern\":\"{\"}"));
    wb_tx_put(tx, wb_key(tx->arena, WB_T_TARGET, "uss", (uint64_t)78, WB_S("r"), WB_S("t")),
              WB_S("{}"));
    wb_tx_put(tx, wb_key(tx->arena, WB_T_BUS_LOG, "uu", (uint64_t)1, (uint64_t)1), WB_S("[]"));
}

static void spoil_done(struct wb_command *c, enum wb_commit result)
{
    (void)result;
    WB_CONTAINER(c, struct spoil, command)->ended = true;
}

static unsigned complaints(void)
{
    struct wb_txn *t;
    struct wb_tx tx;
    struct wb_tx_ext x;
    unsigned n = 0;
    assert_int_equal(wb_txn_begin(w.store, false, &t), WB_STORE_OK);
    wb_tx_snapshot(&tx, &x, w.engine, t, &w.arena);
    wb_events_module.check(&tx, complain, &n);
    wb_tx_release(&tx);
    wb_txn_abort(t);
    return n;
}

static void test_check(void **state)
{
    (void)state;
    ok("PutRule", "{\"Name\":\"r\",\"EventPattern\":\"{\\\"a\\\":[1]}\"}", NULL);
    ok("PutTargets", "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"arn:aws:sns:a:1:t\"}]}",
       NULL);
    assert_int_equal(complaints(), 0);
    struct spoil s = {.command = {.run = spoil_run, .done = spoil_done}};
    assert_true(wb_submit(w.engine, &s.command));
    while (!s.ended)
        wb_writer_step(w.engine);
    assert_int_equal(complaints(), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(test_buses),       T(test_lists), T(test_rules),        T(test_targets),   T(test_limits),
        T(test_permissions), T(test_tags),  T(test_test_pattern), T(test_resources), T(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
