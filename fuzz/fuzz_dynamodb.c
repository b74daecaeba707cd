/*
 * Whole operations: the first byte chooses one, the rest is its input. They run on a small table
 * in memory, on a snapshot or as a command, validation included; after each the rows must be in
 * order.
 */
#include "base/list.h"
#include "engine/engine.h"
#include "services/dynamodb/dynamodb.h"
#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wb_seam_sim seam;
static struct wb_store *store;
static struct wb_engine *engine;
static unsigned runs;

struct run {
    struct wb_command command;
    const char *op;
    struct wb_slice in;
    bool ended;
};

static void bad(void *arg, const char *what)
{
    __builtin_trap();
}

static void run_op(struct wb_command *c, struct wb_tx *tx)
{
    struct run *r = WB_CONTAINER(c, struct run, command);
    struct wb_ctx ctx = {.principal = {.type = WB_PRINCIPAL_ROOT, .account = WB_S("000000000000")},
                         .account = WB_S("000000000000"),
                         .region = WB_S("us-east-1")};
    struct wb_error e = {0};
    struct wb_slice answer;
    bool ok = wb_call_service(tx, &ctx, "dynamodb", r->op, r->in, &answer, &e);
    assert(ok || (e.code && e.status < 500 && tx->status == WB_STORE_OK));
    wb_dynamodb_module.check(tx, bad, NULL);
}

static void done(struct wb_command *c, enum wb_commit result)
{
    WB_CONTAINER(c, struct run, command)->ended = true;
}

static void perform(const char *op, struct wb_slice in)
{
    struct run r = {
        .command = {.lane = WB_LANE_INSIDE, .run = run_op, .done = done}, .op = op, .in = in};
    bool ok = wb_submit(engine, &r.command);
    while (ok && !r.ended)
        wb_writer_step(engine);
    assert(ok);
}

static void begin(void)
{
    static const struct wb_module *const modules[] = {&wb_dynamodb_module, NULL};
    static const struct wb_config config = {.data_dir = ""};
    static const char create[] =
        "{\"TableName\":\"tab\",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":["
        "{\"AttributeName\":\"h\",\"AttributeType\":\"S\"},{\"AttributeName\":\"r\","
        "\"AttributeType\":\"N\"},"
        "{\"AttributeName\":\"g\",\"AttributeType\":\"B\"}],\"KeySchema\":[{\"AttributeName\":"
        "\"h\",\"KeyType\":"
        "\"HASH\"},{\"AttributeName\":\"r\",\"KeyType\":\"RANGE\"}],\"GlobalSecondaryIndexes\":[{"
        "\"IndexName\":"
        "\"gsi\",\"Projection\":{\"ProjectionType\":\"KEYS_ONLY\"},\"KeySchema\":[{"
        "\"AttributeName\":\"g\","
        "\"KeyType\":\"HASH\"}]}],\"LocalSecondaryIndexes\":[{\"IndexName\":\"lsi\",\"Projection\":"
        "{\"ProjectionType\":\"ALL\"},\"KeySchema\":[{\"AttributeName\":\"h\",\"KeyType\":\"HASH\"}"
        ","
        "{\"AttributeName\":\"g\",\"KeyType\":\"RANGE\"}]}],\"StreamSpecification\":{"
        "\"StreamEnabled\":true,"
        "\"StreamViewType\":\"NEW_IMAGE\"}}";
    wb_seam_sim_init(&seam, 1, 1795348800000);
    store = wb_store_open_mem();
    engine = wb_engine_new(&config, store, &seam.seam, NULL, modules);
    assert(engine);
    perform("CreateTable", wb_slice_str(create));
    for (char c = '0'; c < '4'; c++) {
        char item[] =
            "{\"TableName\":\"tab\",\"Item\":{\"h\":{\"S\":\"H\"},\"r\":{\"N\":\"?\"},\"g\":{\"B\":"
            "\"YQ==\"},\"n\":{\"N\":\"1\"},\"l\":{\"L\":[{\"S\":\"x\"},{\"SS\":[\"a\",\"b\"]}]}}}";
        *strchr(item, '?') = c;
        perform("PutItem", wb_slice_str(item));
    }
}

static void end(void)
{
    wb_engine_free(engine);
    wb_store_close(store);
    engine = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (!engine)
        begin();
    char *text = wb_xstrndup((const char *)data + 1, size - 1);
    perform(wb_dynamodb_service.op[data[0] % wb_dynamodb_service.op_count].name,
            wb_slice(text, size - 1));
    free(text);
    while (wb_writer_step(engine)) /* jobs */
        ;
    if (++runs % 256 == 0)
        end();
    return 0;
}
