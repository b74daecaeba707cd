/*
 * What alarms cost when nothing happens, which is nearly always: 10,000 of them are evaluated,
 * minute after minute, each on a series of its own with a value every minute, against a store on
 * disk, on one thread. Half are the usual kind (one period of five minutes, Sum), half look at
 * three of five minutes (Average, period 60).
 *
 * Output: alarms, rounds, evaluations a second of CPU.
 */
#include "base/limits.h"
#include "engine/internal.h"
#include "services/cloudwatch/alarm.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ALARMS   10000
#define CHUNK    50 /* alarms made, or series written, in one command */
#define MINUTES  15 /* of data before */
#define ROUNDS   10
#define ACCOUNT  "111122223333"
#define START_MS 1795348800000

static struct wb_engine *engine;
static struct wb_store *store;
static struct wb_seam_sim seam;

static void settle(void)
{
    bool any;
    do {
        any = wb_writer_step(engine);
        any |= wb_dispatcher_step(engine);
    } while (any);
}

struct act {
    struct wb_command command;
    void (*fn)(struct wb_tx *tx, unsigned from);
    unsigned from;
    bool done;
};

static void act_run(struct wb_command *c, struct wb_tx *tx)
{
    struct act *x = WB_CONTAINER(c, struct act, command);
    x->fn(tx, x->from);
}

static void act_done(struct wb_command *c, enum wb_commit result)
{
    if (result != WB_COMMITTED)
        abort();
    WB_CONTAINER(c, struct act, command)->done = true;
}

static void all(void (*fn)(struct wb_tx *tx, unsigned from))
{
    for (unsigned i = 0; i < ALARMS; i += CHUNK) {
        struct act x = {.command = {.lane = WB_LANE_INSIDE, .run = act_run, .done = act_done},
                        .fn = fn,
                        .from = i};
        if (!wb_submit(engine, &x.command))
            abort();
        while (!x.done)
            wb_writer_step(engine);
    }
}

static struct wb_slice name_of(struct wb_arena *a, unsigned i)
{
    return wb_printf(a, "function-%05u", i);
}

static void make(struct wb_tx *tx, unsigned from)
{
    for (unsigned i = from; i < from + CHUNK; i++) {
        struct wb_slice name = name_of(tx->arena, i);
        bool few = i % 2;
        struct wb_slice config = wb_printf(
            tx->arena,
            "{\"Namespace\":\"Bench\",\"MetricName\":\"Errors\",\"Dimensions\":[{\"Name\":"
            "\"FunctionName\",\"Value\":\"%.*s\"}],\"Statistic\":\"%s\",\"Period\":%d,"
            "\"EvaluationPeriods\":%d,\"DatapointsToAlarm\":%d,\"Threshold\":1000,"
            "\"ComparisonOperator\":\"GreaterThanThreshold\",\"TreatMissingData\":\"notBreaching\","
            "\"AlarmActions\":[\"arn:aws:sns:us-east-1:" ACCOUNT ":alerts\"],"
            "\"AlarmDescription\":\"Alert when the function has many errors in a few minutes\"}",
            WB_FMT(name), few ? "Average" : "Sum", few ? 60 : 300, few ? 5 : 1, few ? 3 : 1);
        struct cw_alarm al = {.account = WB_S(ACCOUNT),
                              .region = WB_S("us-east-1"),
                              .name = name,
                              .enabled = true,
                              .config = wb_json_read(tx->arena, config, NULL),
                              .state = {.value = CW_OK, .reason = WB_S("x")}};
        cw_alarm_write(tx, &al);
        cw_alarm_index(tx, &al, true);
        cw_tick_start(tx, &al);
    }
}

static void feed(struct wb_tx *tx, unsigned from)
{
    for (unsigned i = from; i < from + CHUNK; i++) {
        struct wb_pair dim = {WB_S("FunctionName"), name_of(tx->arena, i)};
        wb_put_metric(tx, WB_S(ACCOUNT), WB_S("us-east-1"), "Bench", "Errors", &dim, 1, i % 7,
                      "Count");
    }
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void)
{
    struct wb_config config = {.data_dir = "", .account = ACCOUNT, .region = "us-east-1"};
    const struct wb_module *modules[] = {&wb_cloudwatch_module, NULL};
    char dir[] = "/tmp/waybill-alarms-XXXXXX";
    struct wb_arena a;
    struct wb_slice why = WB_SLICE_NULL;
    double spent = 0;
    wb_arena_init(&a, 0);
    const struct wb_store_options o = {.create = true, .map_size = 8LL << 30};
    if (!mkdtemp(dir) || !(store = wb_store_open_lmdb(dir, &o, &a, &why)))
        abort();
    wb_seam_sim_init(&seam, 1, START_MS);
    engine = wb_engine_new(&config, store, &seam.seam, NULL, modules);
    for (int m = 0; m < MINUTES; m++, wb_seam_sim_advance(&seam, 60000))
        all(feed);
    all(make);
    wb_seam_sim_advance(&seam, 60000); /* the first round takes part in the making */
    settle();
    for (int r = 0; r < ROUNDS; r++) {
        all(feed);
        wb_seam_sim_advance(&seam, 60000);
        double from = cpu_s();
        settle();
        spent += cpu_s() - from;
    }
    printf("%d %d %.0f\n", ALARMS, ROUNDS, (double)ALARMS * ROUNDS / spent);
    wb_engine_free(engine);
    wb_store_close(store);
    const char *const files[] = {"data.mdb", "lock.mdb"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        remove(wb_dup_cstr(&a, wb_printf(&a, "%s/%s", dir, files[i])));
    remove(dir);
    wb_arena_release(&a);
    return 0;
}
