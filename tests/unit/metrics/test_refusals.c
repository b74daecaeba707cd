/* What is counted of calls that never reach their handler or that the server has no room for: the
 * tables' `ended`, and AWS/Usage, fed with calls as the front leaves them. */
#include "engine/front.h"
#include "engine/metrics.h"
#include "engine/world.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/dynamodb/dynamodb.h"
#include "services/events/events.h"
#include "services/logs/filter.h"
#include "services/logs/logs.h"

#define ACCOUNT "000000000000"

static struct world w;
static struct wb_front front;

static int setup(void **state)
{
    static const struct wb_module *const modules[] = {&wb_dynamodb_module, &wb_events_module,
                                                      &wb_logs_module, &wb_cloudwatch_module, NULL};
    (void)state;
    w = (struct world){.store = wb_store_open_mem(), .list = modules};
    w.config = (struct wb_config){.data_dir = "", .account = ACCOUNT, .region = "us-east-1"};
    wb_seam_sim_init(&w.seam, 1, WORLD_START_MS);
    world_engine(&w);
    front = (struct wb_front){.engine = w.engine, .flush_armed = true};
    for (const struct wb_service *const *s = w.engine->service_list; *s; s++)
        front.services++;
    front.stat = wb_xcalloc(front.services, sizeof *front.stat);
    for (size_t i = 0; i < front.services; i++)
        front.stat[i] = wb_xcalloc(w.engine->service_list[i]->op_count, sizeof **front.stat);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < front.services; i++)
        free(front.stat[i]);
    free(front.stat);
    world_close(&w);
    return 0;
}

/* A call is over; code NULL: it went well. */
static void over(const char *account, const char *service, const char *op, const char *in,
                 const char *code, int status)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct request r = {.front = &front};
    struct wb_call *c = &r.call;
    c->arena = &a;
    c->engine = w.engine;
    c->service = wb_services_find(w.engine->services, wb_slice_str(service));
    c->op = wb_service_op(c->service, wb_slice_str(op));
    assert_non_null(c->op);
    c->ctx.account = account ? wb_slice_str(account) : WB_SLICE_NULL;
    c->ctx.region = WB_S("us-east-1");
    if (in)
        c->in = wb_json_read(&a, wb_slice_str(in), NULL);
    if (code)
        c->error = (struct wb_error){.code = code, .status = status};
    wb_front_count(&r);
    wb_arena_release(&a);
}

struct series {
    const char *account, *ns, *name, *dims; /* "Name=Value|..." */
    double sum;
};

static void add_datum(void *arg, int64_t time_ms, const struct wb_datum *d)
{
    struct series *s = arg;
    s->sum += d->sum;
}

static void read_series(struct wb_tx *tx, void *arg)
{
    struct series *s = arg;
    struct wb_pair dim[4];
    struct wb_metric m = {wb_slice_str(s->account),
                          WB_S("us-east-1"),
                          wb_slice_str(s->ns),
                          wb_slice_str(s->name),
                          dim,
                          0};
    struct wb_slice rest = s->dims ? wb_slice_str(s->dims) : WB_SLICE_NULL;
    while (rest.p) {
        struct wb_slice value = wb_slice_cut(&rest, '|'), name = wb_slice_cut(&value, '=');
        dim[m.dim_count++] = (struct wb_pair){name, value};
    }
    wb_metric_read(tx, &m, WORLD_START_MS - 60000, WORLD_START_MS + 60000, 60, false, add_datum, s);
}

static double of(const char *account, const char *ns, const char *name, const char *dims)
{
    struct series s = {account, ns, name, dims, 0};
    look(&w, read_series, &s);
    return s.sum;
}

static void nothing(struct wb_tx *tx, void *arg) {}

static void flush(void)
{
    wb_front_count_flush(&front);
    wb_counts_hurry(w.engine);
    assert_int_equal(run(&w, nothing, NULL), WB_COMMITTED);
}

static void test_events(void **state)
{
    over(ACCOUNT, "events", "PutEvents", NULL, "ThrottlingException", 503);
    over(ACCOUNT, "events", "PutEvents", "{}", "ValidationException", 400);
    over(ACCOUNT, "events", "PutEvents", "{}", NULL, 0); /* counted by its command */
    over(ACCOUNT, "events", "PutRule", "{}", "ValidationException", 400);
    over(NULL, "events", "PutEvents", NULL, "MissingAuthenticationToken", 403);
    flush();
    assert_true(of(ACCOUNT, "AWS/Events", "PutEventsApproximateCallCount", NULL) == 2);
    assert_true(of(ACCOUNT, "AWS/Events", "PutEventsApproximateThrottledCount", NULL) == 1);
    assert_true(of(ACCOUNT, "AWS/Events", "PutEventsApproximateFailedCount", NULL) == 1);
}

static void test_dynamodb(void **state)
{
    static const char put[] = "{\"TableName\":\"t\"}",
                      batch[] = "{\"RequestItems\":{\"t\":[],\"u\":[]}}",
                      arn[] = "{\"TableName\":\"arn:aws:dynamodb:us-east-1:" ACCOUNT ":table/t\"}";
    over(ACCOUNT, "dynamodb", "PutItem", arn, "ThrottlingException", 503);
    over(ACCOUNT, "dynamodb", "BatchWriteItem", batch, "ThrottlingException", 503);
    over(ACCOUNT, "dynamodb", "PutItem", put, "InternalServerError", 500);
    over(ACCOUNT, "dynamodb", "PutItem", put, "ConditionalCheckFailedException", 400);
    over(ACCOUNT, "dynamodb", "PutItem", put, "AccessDeniedException", 400);
    over(ACCOUNT, "dynamodb", "PutItem", NULL, "SerializationException", 400);
    over(NULL, "dynamodb", "PutItem", NULL, "UnrecognizedClientException", 400);
    flush();
    const char *ns = "AWS/DynamoDB", *op = "Operation=PutItem|TableName=t";
    assert_true(of(ACCOUNT, ns, "ThrottledRequests", op) == 1);
    assert_true(of(ACCOUNT, ns, "ThrottledRequests", "Operation=BatchWriteItem|TableName=u") == 1);
    assert_true(of(ACCOUNT, ns, "SystemErrors", op) == 1);
    assert_true(of(ACCOUNT, ns, "ConditionalCheckFailedRequests", "TableName=t") == 1);
    assert_true(of(ACCOUNT, ns, "UserErrors", NULL) == 2);
}

static void test_usage(void **state)
{
    const char *other = "111111111111",
               *dims = "Class=None|Resource=PutLogEvents|Service=Logs|Type=API";
    for (int i = 0; i < 3; i++)
        over(ACCOUNT, "logs", "PutLogEvents", "{}", NULL, 0);
    over(ACCOUNT, "logs", "PutLogEvents", "{}", "ThrottlingException", 503);
    over(ACCOUNT, "logs", "PutLogEvents", "{}", "ResourceNotFoundException", 400);
    over(ACCOUNT, "logs", "DescribeLogGroups", "{}", NULL, 0);
    over(other, "logs", "PutLogEvents", "{}", NULL, 0);
    over(ACCOUNT, "dynamodb", "ListTables", "{}", NULL, 0); /* AWS documents none for it */
    flush();
    flush(); /* what was told is not told again */
    assert_true(of(ACCOUNT, "AWS/Usage", "CallCount", dims) == 5);
    assert_true(of(ACCOUNT, "AWS/Logs", "CallCount", dims) == 5);
    assert_true(of(ACCOUNT, "AWS/Logs", "CallCount", NULL) == 6);
    assert_true(of(ACCOUNT, "AWS/Logs", "ErrorCount", dims) == 1);
    assert_true(of(ACCOUNT, "AWS/Logs", "ThrottleCount", dims) == 1);
    assert_true(of(ACCOUNT, "AWS/Logs", "ThrottleCount", NULL) == 1);
    assert_true(of(ACCOUNT, "AWS/Usage", "ErrorCount", dims) == 0);
    assert_true(of(other, "AWS/Usage", "CallCount", dims) == 1);
}

static void busy(struct wb_tx *tx, void *arg)
{
    const struct wb_work row = {.ctx = {.account = WB_S(ACCOUNT), .region = WB_S("us-east-1")},
                                .meta = WB_S("{\"group\":\"g\",\"filter\":\"f\",\"events\":7,"
                                             "\"bytes\":99}")};
    const struct wb_outcome o = {.kind = WB_BUSY};
    logs_subscription_executor.apply(tx, &row, &o, false);
}

static void test_subscription(void **state)
{
    const char *dims = "DestinationType=Lambda|FilterName=f|LogGroupName=g";
    assert_int_equal(run(&w, busy, NULL), WB_COMMITTED);
    assert_true(of(ACCOUNT, "AWS/Logs", "DeliveryThrottling", dims) == 7);
    assert_true(of(ACCOUNT, "AWS/Logs", "DeliveryErrors", dims) == 0);
    assert_true(of(ACCOUNT, "AWS/Logs", "ForwardedBytes", dims) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dynamodb, setup, teardown),
        cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_subscription, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
