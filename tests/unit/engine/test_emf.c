/* The embedded metric format: log lines that carry metrics, and lines that only look like it. */
#include "engine/emf.h"
#include "engine/metric_rows.h"
#include "world.h"

struct probe {
    const char *line;
    size_t added;
    enum wb_emf_fault fault;
};

static void read_line(struct wb_tx *tx, void *arg)
{
    struct probe *p = arg;
    p->added = wb_emf_read(tx, WB_S("0"), WB_S("eu"), wb_slice_str(p->line), &p->fault);
}

static void cases(void **state)
{
    static const struct {
        const char *line;
        size_t added, series;
        enum wb_emf_fault fault;
    } c[] = {
        {"{\"_aws\":{\"CloudWatchMetrics\":[{\"Namespace\":\"S\",\"Dimensions\":[[],[\"Reason\"]],"
         "\"Metrics\":[{\"Name\":\"Refused\",\"Unit\":\"Count\"}]}]},"
         "\"Reason\":\"X\",\"Refused\":1}",
         2, 2},
        {"{\"_aws\":{\"CloudWatchMetrics\":[{\"Namespace\":\"S\",\"Metrics\":[{\"Name\":\"T\"}]}]},"
         "\"T\":[1,2,3]}",
         3, 1},
        {"{\"_aws\":{\"CloudWatchMetrics\":[{\"Namespace\":\"S\",\"Dimensions\":[[\"Missing\"]],"
         "\"Metrics\":[{\"Name\":\"T\"}]}]},\"T\":1}",
         0, 0, WB_EMF_INVALID},
        {"{\"_aws\":{\"CloudWatchMetrics\":[{\"Namespace\":\"\",\"Metrics\":[{\"Name\":\"T\"}]}]},"
         "\"T\":1}",
         0, 0, WB_EMF_INVALID},
        {"{\"_aws\":{\"CloudWatchMetrics\":[{\"Namespace\":\"S\",\"Metrics\":[{\"Name\":\"T\"}]}]},"
         "\"T\":\"text\"}",
         0, 0, WB_EMF_INVALID},
        {"{\"_aws\":{\"CloudWatchMetrics\":{}}}", 0, 0, WB_EMF_INVALID},
        {"{\"_aws\":1}", 0, 0, WB_EMF_INVALID},
        {"{\"_aws\":{\"CloudWatchMetrics\":[", 0, 0, WB_EMF_UNREADABLE},
        {"{\"of\":\"\\\"_aws\\\"\"}", 0, 0},
        {"stored SHIP-1 \"_aws\"", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        struct world w;
        struct probe p = {.line = c[i].line};
        world_open(&w, NULL, NULL);
        assert_int_equal(run(&w, read_line, &p), WB_COMMITTED);
        assert_int_equal(p.added, c[i].added);
        assert_int_equal(p.fault, c[i].fault);
        assert_int_equal(rows_in(&w, WB_T_METRIC), c[i].series);
        world_close(&w);
    }
}

static void write_lines(struct wb_tx *tx, void *arg)
{
    const struct wb_log_line line[] = {
        {tx->now_ms, WB_S("START RequestId: 1 Version: $LATEST")},
        {tx->now_ms, WB_S("{\"_aws\":{\"CloudWatchMetrics\":[{\"Namespace\":\"S\",\"Metrics\":[{"
                          "\"Name\":\"T\"}]}]},\"T\":1}")},
    };
    wb_write_log(tx, WB_S("0"), WB_S("eu"), WB_S("/aws/lambda/f"), WB_S("s"), line, 2);
}

static void a_written_log_counts(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    assert_int_equal(run(&w, write_lines, NULL), WB_COMMITTED);
    /* The line's own, and two of AWS/Logs for the group and for all groups. */
    assert_int_equal(rows_in(&w, WB_T_METRIC), 1 + 4);
    assert_int_equal(rows_in(&w, WB_T_LOG_BLOCK), 1);
    world_close(&w);
}

#define AT_MS (WORLD_START_MS - 3600000 + 7000)

static void find_second(struct wb_tx *tx, void *arg)
{
    struct wb_slice key, value, suffix;
    int64_t minute;
    struct wb_datums v = {0};
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_METRIC, ""));
    assert_true(wb_tx_next(tx, s, &key, &value));
    assert_true(wb_metric_key_split(key, &minute, &suffix));
    assert_true(wb_metric_row_read(value, minute, &v));
    assert_true(minute == wb_floor_to(AT_MS, WB_MINUTE_MS) && v.n == 2);
    assert_int_equal(v.at[0].d.second, WB_WHOLE_MINUTE);
    assert_int_equal(v.at[1].d.second, AT_MS / 1000 % 60);
    assert_true(v.at[1].d.sum == 6 && v.at[1].d.unit == wb_unit_code(WB_S("Bytes")));
    wb_datums_release(&v);
    wb_scan_close(s);
}

/* A line has a time of its own, and may ask for seconds. */
static void test_high_resolution(void **state)
{
    struct world w;
    char line[300];
    world_open(&w, NULL, NULL);
    snprintf(line, sizeof line,
             "{\"_aws\":{\"Timestamp\":%lld,\"CloudWatchMetrics\":[{\"Namespace\":\"S\","
             "\"Metrics\":[{\"Name\":\"T\",\"Unit\":\"Bytes\",\"StorageResolution\":1}]}]},"
             "\"T\":[1,2,3]}",
             (long long)AT_MS);
    struct probe p = {.line = line};
    assert_int_equal(run(&w, read_line, &p), WB_COMMITTED);
    assert_int_equal(p.added, 3);
    look(&w, find_second, NULL);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cases),
                                       cmocka_unit_test(a_written_log_counts),
                                       cmocka_unit_test(test_high_resolution)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
