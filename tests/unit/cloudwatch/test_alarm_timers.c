/* Alarms in an engine with a simulated clock: rounds, late data, what a restart and a long stop do,
 * short periods, percentiles with few samples, expressions, the end of a history. */
#include "base/limits.h"
#include "engine/metrics.h"
#include "services/cloudwatch/alarm.h"

#include "engine/world.h"

#define ACCOUNT "111122223333"
#define REGION  "us-east-1"
#define ORDERS  "{\"Namespace\":\"Own\",\"MetricName\":\"Orders\",\"Statistic\":\"Sum\","

static struct world w;

struct put {
    const char *name, *config;
};

static void put_alarm(struct wb_tx *tx, void *arg)
{
    const struct put *p = arg;
    struct cw_alarm al = {.account = WB_S(ACCOUNT),
                          .region = WB_S(REGION),
                          .name = wb_slice_str(p->name),
                          .enabled = true,
                          .config = wb_json_read(tx->arena, wb_slice_str(p->config), NULL),
                          .state = {.value = CW_INSUFFICIENT_DATA, .reason = WB_S("new")}};
    assert_int_equal(wb_json_type(al.config), WB_JSON_OBJECT);
    cw_alarm_write(tx, &al);
    cw_alarm_index(tx, &al, true);
    cw_tick_start(tx, &al);
}

static void make(const char *name, const char *config)
{
    struct put p = {name, config};
    assert_int_equal(run(&w, put_alarm, &p), WB_COMMITTED);
}

struct value {
    double value;
    int64_t ago_ms;
};

static void put_value(struct wb_tx *tx, void *arg)
{
    const struct value *v = arg;
    struct wb_datum d = {.count = 1, .sum = v->value, .min = v->value, .max = v->value};
    struct wb_value_count pair = {v->value, 1};
    const struct wb_metric m = {.account = WB_S(ACCOUNT),
                                .region = WB_S(REGION),
                                .ns = WB_S("Own"),
                                .name = WB_S("Orders")};
    d.pair = &pair;
    d.pairs = 1;
    wb_metric_add(tx, &m, tx->now_ms - v->ago_ms, &d);
}

static void value(double v, int64_t ago_ms)
{
    struct value x = {v, ago_ms};
    assert_int_equal(run(&w, put_value, &x), WB_COMMITTED);
}

static void wait_s(int64_t s)
{
    wb_seam_sim_advance(&w.seam, s * 1000);
    settle(&w);
}

static void read_state(struct wb_tx *tx, void *arg)
{
    struct put *p = arg;
    struct cw_alarm al;
    assert_true(cw_alarm_read(tx, WB_S(ACCOUNT), WB_S(REGION), wb_slice_str(p->name), &al));
    p->config = cw_state_names[al.state.value];
}

static const char *state_of(const char *name)
{
    struct put p = {name, NULL};
    look(&w, read_state, &p);
    return p.config;
}

#define MINUTE_ALARM(n, m, treat)                                                                  \
    ORDERS "\"Period\":60,\"EvaluationPeriods\":" #n ",\"DatapointsToAlarm\":" #m                  \
           ",\"Threshold\":5,\"ComparisonOperator\":\"GreaterThanThreshold\","                     \
           "\"TreatMissingData\":\"" treat "\"}"

static int setup(void **state)
{
    world_open(&w, &wb_cloudwatch_module, NULL);
    return 0;
}

static int teardown(void **state)
{
    world_close(&w);
    return 0;
}

static void test_rounds(void **state)
{
    make("a", MINUTE_ALARM(2, 2, "missing"));
    wait_s(120);
    assert_string_equal(state_of("a"), "INSUFFICIENT_DATA");
    value(9, 0);
    wait_s(60);
    value(9, 0);
    wait_s(120);
    assert_string_equal(state_of("a"), "ALARM");
    value(1, 0);
    wait_s(120);
    assert_string_equal(state_of("a"), "OK");
    wait_s(3600); /* nothing comes any more */
    assert_string_equal(state_of("a"), "INSUFFICIENT_DATA");
}

/* A value that comes two minutes late is still seen. */
static void test_late_data(void **state)
{
    make("a", MINUTE_ALARM(1, 1, "notBreaching"));
    wait_s(300);
    assert_string_equal(state_of("a"), "OK");
    value(9, 120000);
    wait_s(60);
    assert_string_equal(state_of("a"), "ALARM");
}

static size_t turns(void)
{
    return rows_in(&w, WB_T_ALARM_HISTORY);
}

/* Stopped right after the value: the alarm goes off and recovers as of then, whenever that is. */
static void test_restart(void **state)
{
    make("a", MINUTE_ALARM(1, 1, "notBreaching"));
    wait_s(180);
    assert_string_equal(state_of("a"), "OK");
    size_t before = turns();
    value(9, 0);
    world_restart(&w);
    wb_seam_sim_advance(&w.seam, 30 * 60000);
    settle(&w);
    assert_string_equal(state_of("a"), "OK");
    assert_int_equal(turns(), before + 2);
    /* Down for days: the rounds right after the stop are made up for, then the present. */
    value(9, 0);
    world_restart(&w);
    wb_seam_sim_advance(&w.seam, 10LL * 86400000);
    settle(&w);
    assert_int_equal(turns(), before + 4);
    value(9, 0);
    wait_s(120);
    assert_string_equal(state_of("a"), "ALARM");
}

static void test_short_periods(void **state)
{
    make("a", ORDERS "\"Period\":10,\"EvaluationPeriods\":1,\"Threshold\":5,"
                     "\"ComparisonOperator\":\"GreaterThanThreshold\","
                     "\"TreatMissingData\":\"notBreaching\"}");
    wait_s(20);
    assert_string_equal(state_of("a"), "OK");
    value(9, 0);
    wait_s(20);
    assert_string_equal(state_of("a"), "ALARM");
    wait_s(60);
    assert_string_equal(state_of("a"), "OK");
}

/* p90 wants 100 samples; with `ignore` fewer change nothing. */
static void test_few_samples(void **state)
{
    static const char *const config[] = {
        "{\"Namespace\":\"Own\",\"MetricName\":\"Orders\",\"ExtendedStatistic\":\"p90\","
        "\"Period\":60,\"EvaluationPeriods\":1,\"Threshold\":5,"
        "\"ComparisonOperator\":\"GreaterThanThreshold\","
        "\"EvaluateLowSampleCountPercentile\":\"ignore\"}",
        "{\"Namespace\":\"Own\",\"MetricName\":\"Orders\",\"ExtendedStatistic\":\"p90\","
        "\"Period\":60,\"EvaluationPeriods\":1,\"Threshold\":5,"
        "\"ComparisonOperator\":\"GreaterThanThreshold\","
        "\"EvaluateLowSampleCountPercentile\":\"evaluate\"}"};
    make("ignore", config[0]);
    make("evaluate", config[1]);
    for (int i = 0; i < 99; i++)
        value(9, 0);
    wait_s(115);
    assert_string_equal(state_of("ignore"), "INSUFFICIENT_DATA");
    assert_string_equal(state_of("evaluate"), "ALARM");
    wait_s(600);
    for (int i = 0; i < 100; i++)
        value(9, 0);
    wait_s(115);
    assert_string_equal(state_of("ignore"), "ALARM");
}

static void test_expression(void **state)
{
    make("a", "{\"Metrics\":[{\"Id\":\"e1\",\"Expression\":\"m1 * 2\",\"Label\":\"twice\"},"
              "{\"Id\":\"m1\",\"ReturnData\":false,\"MetricStat\":{\"Metric\":{\"Namespace\":"
              "\"Own\",\"MetricName\":\"Orders\"},\"Period\":60,\"Stat\":\"Sum\"}}],"
              "\"EvaluationPeriods\":1,\"Threshold\":15,"
              "\"ComparisonOperator\":\"GreaterThanThreshold\"}");
    value(7, 0);
    wait_s(115);
    assert_string_equal(state_of("a"), "OK");
    value(8, 0);
    wait_s(115);
    assert_string_equal(state_of("a"), "ALARM");
}

/* What an alarm has recovered from does not set it off again when it leaves the range. */
static void test_once(void **state)
{
    make("a", ORDERS "\"Period\":300,\"EvaluationPeriods\":1,\"Threshold\":5,"
                     "\"ComparisonOperator\":\"GreaterThanOrEqualToThreshold\","
                     "\"TreatMissingData\":\"notBreaching\"}");
    wait_s(120);
    size_t before = turns();
    value(3, 0);
    wait_s(120);
    value(2, 0);
    wait_s(60);
    value(0, 0);
    for (int i = 0; i < 30; i++)
        wait_s(60);
    assert_string_equal(state_of("a"), "OK");
    assert_int_equal(turns(), before + 2);
}

static void test_dynamodb(void **state)
{
    make("a", "{\"Namespace\":\"AWS/DynamoDB\",\"MetricName\":\"UserErrors\",\"Statistic\":\"Sum\","
              "\"Period\":60,\"EvaluationPeriods\":1,\"Threshold\":5,"
              "\"ComparisonOperator\":\"GreaterThanThreshold\","
              "\"TreatMissingData\":\"breaching\"}");
    wait_s(600);
    assert_string_equal(state_of("a"), "INSUFFICIENT_DATA");
}

static void test_history_ends(void **state)
{
    make("a", MINUTE_ALARM(1, 1, "notBreaching"));
    for (int i = 0; i < 10; i++) {
        value(9, 0);
        wait_s(600);
    }
    assert_true(turns() >= 20);
    wait_s(WB_ALARM_HISTORY_DAYS * 86400 + 7200);
    assert_int_equal(turns(), 0);
    assert_int_equal(rows_in(&w, WB_T_ALARM_HISTORY_OF), 0);
}

static void bad(void *arg, const char *what)
{
    fail_msg("%s", what);
}

static void check_all(struct wb_tx *tx, void *arg)
{
    cw_alarm_check(tx, bad, NULL);
}

/* More alarms than one command takes; a slot that loses its last one stops going round. */
static void test_many(void **state)
{
    for (int i = 0; i < 1500; i++) {
        char name[16];
        snprintf(name, sizeof name, "a%d", i);
        make(name, MINUTE_ALARM(1, 1, "notBreaching"));
    }
    value(9, 0);
    wait_s(115);
    for (int i = 0; i < 1500; i++) {
        char name[16];
        snprintf(name, sizeof name, "a%d", i);
        assert_string_equal(state_of(name), "ALARM");
    }
    look(&w, check_all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_data, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_periods, setup, teardown),
        cmocka_unit_test_setup_teardown(test_few_samples, setup, teardown),
        cmocka_unit_test_setup_teardown(test_expression, setup, teardown),
        cmocka_unit_test_setup_teardown(test_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dynamodb, setup, teardown),
        cmocka_unit_test_setup_teardown(test_history_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
