/* The embedded metric format: log lines that carry metrics, and lines that only look like it. */
#include "engine/emf.h"
#include "world.h"

struct probe {
    const char *line;
    size_t added;
};

static void read_line(struct wb_tx *tx, void *arg)
{
    struct probe *p = arg;
    p->added = wb_emf_read(tx, WB_S("0"), WB_S("eu"), wb_slice_str(p->line));
}

static void cases(void **state)
{
    static const struct {
        const char *line;
        size_t added, series;
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
         0, 0},
        {"{\"_aws\":{\"CloudWatchMetrics\":[{\"Namespace\":\"\",\"Metrics\":[{\"Name\":\"T\"}]}]},"
         "\"T\":1}",
         0, 0},
        {"{\"_aws\":{\"CloudWatchMetrics\":[{\"Namespace\":\"S\",\"Metrics\":[{\"Name\":\"T\"}]}]},"
         "\"T\":\"text\"}",
         0, 0},
        {"{\"_aws\":{\"CloudWatchMetrics\":{}}}", 0, 0},
        {"{\"_aws\":1}", 0, 0},
        {"{\"_aws\":{\"CloudWatchMetrics\":[", 0, 0},
        {"stored SHIP-1 \"_aws\"", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        struct world w;
        struct probe p = {.line = c[i].line};
        world_open(&w, NULL, NULL);
        assert_int_equal(run(&w, read_line, &p), WB_COMMITTED);
        assert_int_equal(p.added, c[i].added);
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
    assert_int_equal(rows_in(&w, WB_T_METRIC), 1);
    assert_int_equal(rows_in(&w, WB_T_LOG_BLOCK), 1);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cases),
                                       cmocka_unit_test(a_written_log_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
