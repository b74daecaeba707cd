/* deliver, call, metrics, logs and traces. */
#include "codec/zip.h"
#include "engine/metric_rows.h"
#include "served.h"

/* served.h brings a service; here it runs in one thread. */
#include "world.h"

static void deliver_here(struct wb_tx *tx, const struct wb_delivery *d, struct wb_outcome *out)
{
    wb_tx_put(tx, wb_key(tx->arena, T_ROW, "s", d->target), d->payload);
    *out = (struct wb_outcome){.kind = WB_ACCEPTED};
}

static const struct wb_target_kind kind = {.service = "here", .deliver = deliver_here};

static void deliver(struct wb_tx *tx, const char *arn, unsigned depth, struct wb_outcome *out)
{
    struct wb_ctx ctx = {.depth = depth};
    struct wb_delivery d = {.target = wb_slice_str(arn), .payload = WB_S("hello"), .ctx = &ctx};
    wb_deliver(tx, &d, out);
}

#define ARN "arn:aws:here:us-east-1:000000000000:box"

static void deliver_all(struct wb_tx *tx, void *arg)
{
    struct wb_outcome o;
    assert_true(wb_target_known(tx->engine, WB_S(ARN)));
    assert_false(wb_target_known(tx->engine, WB_S("arn:aws:nowhere:us-east-1:0:x")));
    assert_false(wb_target_known(tx->engine, WB_S("box")));
    deliver(tx, "arn:aws:nowhere:us-east-1:000000000000:box", 0, &o);
    assert_int_equal(o.kind, WB_PERMANENT);
    assert_string_equal(o.code, "INVALID_PARAMETER");
    deliver(tx, "not an arn", 0, &o);
    assert_string_equal(o.code, "INVALID_PARAMETER");
    deliver(tx, ARN, WB_WORK_DEPTH_MAX + 1, &o);
    assert_int_equal(o.kind, WB_PERMANENT);
    assert_string_equal(o.code, "TOO_MANY_HOPS");
    deliver(tx, ARN, WB_WORK_DEPTH_MAX, &o);
    assert_int_equal(o.kind, WB_ACCEPTED);
}

static void test_deliver(void **state)
{
    struct world w;
    world_open(&w, &test_module, NULL);
    wb_target_register(w.engine, &kind);
    assert_int_equal(run(&w, deliver_all, NULL), WB_COMMITTED);
    assert_int_equal(rows_in(&w, T_ROW), 1);
    world_close(&w);
}

/* --- one service calling another --- */

static struct wb_ctx root(void)
{
    return (struct wb_ctx){.principal = {.type = WB_PRINCIPAL_ROOT,
                                         .account = WB_S("000000000000"),
                                         .arn = WB_S("arn:aws:iam::000000000000:root")},
                           .account = WB_S("000000000000"),
                           .region = WB_S("us-east-1")};
}

static void call_all(struct wb_tx *tx, void *arg)
{
    struct wb_ctx ctx = root();
    struct wb_slice answer;
    struct wb_error err;
    assert_true(wb_call_service(tx, &ctx, "test", "Put", WB_S("{\"Key\":\"a\",\"Value\":\"1\"}"),
                                &answer, &err));
    assert_true(wb_slice_is(answer, "{\"Key\":\"a\"}"));
    assert_true(wb_call_service(tx, &ctx, "test", "Get", WB_S("{\"Key\":\"a\"}"), &answer, &err));
    assert_non_null(strstr(wb_dup_cstr(tx->arena, answer), "\"Value\":\"1\""));
    /* A failure leaves nothing of its own and everything of the caller's. */
    assert_false(wb_call_service(tx, &ctx, "test", "PutOrUndo",
                                 WB_S("{\"Key\":\"b\",\"Value\":\"undo\"}"), &answer, &err));
    assert_string_equal(err.code, "Undone");
    assert_int_equal(err.status, 409);
    struct wb_slice longer = wb_printf(tx->arena, "{\"Key\":\"%0200d\"}", 1);
    assert_false(wb_call_service(tx, &ctx, "test", "Put", longer, &answer, &err));
    assert_string_equal(err.code, "ValidationException");
    assert_false(wb_call_service(tx, &ctx, "test", "Put", WB_S("nonsense"), &answer, &err));
    assert_string_equal(err.code, "SerializationException");
    assert_false(wb_call_service(tx, &ctx, "test", "Later", WB_S("{}"), &answer, &err));
    assert_false(wb_call_service(tx, &ctx, "nobody", "Put", WB_S("{}"), &answer, &err));
    assert_false(
        wb_call_service(tx, &ctx, "test", "Foreign", WB_S("{\"Key\":\"a\"}"), &answer, &err));
    ctx.principal = (struct wb_principal){.type = WB_PRINCIPAL_ANONYMOUS};
    assert_false(wb_call_service(tx, &ctx, "test", "Get", WB_S("{\"Key\":\"a\"}"), &answer, &err));
    ctx = root();
    ctx.principal.type = WB_PRINCIPAL_SESSION; /* a role may not touch the server itself */
    assert_false(wb_call_service(tx, &ctx, "waybill", "Status", WB_S("{}"), &answer, &err));
    /* A session whose role nobody knows may do nothing. */
    assert_false(wb_call_service(tx, &ctx, "test", "Get", WB_S("{\"Key\":\"a\"}"), &answer, &err));
    assert_string_equal(err.code, "AccessDeniedException");
}

static void test_call(void **state)
{
    struct world w;
    world_open(&w, &test_module, NULL);
    w.config.auth = true;
    world_restart(&w);
    assert_int_equal(run(&w, call_all, NULL), WB_COMMITTED);
    assert_int_equal(rows_in(&w, T_ROW), 1);
    world_close(&w);
}

/* --- what an empty store begins with --- */

static unsigned firsts;
static void module_first(struct wb_tx *tx)
{
    firsts++;
    write_u64(tx, T_ROW, WB_S("first"), 1);
}

/* Once a store, also for a module that is newer than the store. */
static void test_first(void **state)
{
    static const struct wb_module newer = {.service = &test_service, .first = module_first};
    struct world w;
    firsts = 0;
    world_open(&w, NULL, NULL);
    w.modules[0] = &newer;
    for (int i = 0; i < 3; i++) {
        world_restart(&w);
        assert_int_equal(firsts, 1);
        assert_int_equal(rows_in(&w, T_ROW), 1);
    }
    world_close(&w);
}

/* A directory keeps its account and region. */
static void test_home(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    w.config.account = "123456789012";
    w.config.region = "eu-west-1";
    world_restart(&w);
    assert_string_equal(wb_engine_config(w.engine)->account, "000000000000");
    assert_string_equal(wb_engine_config(w.engine)->region, "us-east-1");
    world_close(&w);
}

/* --- metrics --- */

struct metric {
    uint64_t pairs;
    double count, sum, min, max, first_count;
    char unit[16];
};

static void read_metric(struct wb_tx *tx, void *arg)
{
    struct metric *m = arg;
    struct wb_slice key, value;
    struct wb_datums v = {0};
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_METRIC, ""));
    assert_true(wb_tx_next(tx, s, &key, &value));
    assert_true(wb_metric_row_read(value, 0, &v));
    assert_int_equal(v.n, 1);
    const struct wb_datum *d = &v.at[0].d;
    snprintf(m->unit, sizeof m->unit, "%s", wb_unit_name(d->unit));
    m->count = d->count;
    m->sum = d->sum;
    m->min = d->min;
    m->max = d->max;
    m->pairs = d->pairs;
    m->first_count = d->pair[0].count;
    wb_datums_release(&v);
    wb_scan_close(s);
}

static void put_metrics(struct wb_tx *tx, void *arg)
{
    struct wb_pair dim = {WB_S("RuleName"), WB_S("r")};
    for (int i = 0; i < 10; i++)
        wb_put_metric(tx, WB_S("0"), WB_S("eu"), "AWS/Events", "Invocations", &dim, 1, i % 2 + 1,
                      "Count");
}

static void count_events(struct wb_tx *tx, void *arg)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_METRIC, ""));
    while (wb_tx_next(tx, s, &key, &value))
        *(int *)arg += wb_slice_find(key, WB_S("AWS/Events"), 0) > 0;
    wb_scan_close(s);
}

static void test_metrics(void **state)
{
    int rows = 0;
    struct world w;
    struct metric m;
    world_open(&w, NULL, NULL);
    for (int i = 0; i < 3; i++)
        run(&w, put_metrics, NULL);
    assert_int_equal(rows_in(&w, WB_T_METRIC), 1); /* one series, one minute */
    look(&w, read_metric, &m);
    assert_true(m.count == 30 && m.sum == 45 && m.min == 1 && m.max == 2);
    assert_true(m.pairs == 2 && m.first_count == 15);
    assert_string_equal(m.unit, "Count");
    wb_seam_sim_advance(&w.seam, 60000);
    run(&w, put_metrics, NULL);
    look(&w, count_events, &rows);
    assert_int_equal(rows, 2);
    world_close(&w);
}

static void many_values(struct wb_tx *tx, void *arg)
{
    for (int i = 0; i < 1000; i++)
        wb_put_metric(tx, WB_S("0"), WB_S("eu"), "N", "M", NULL, 0, i, "Milliseconds");
}

static void test_metric_bound(void **state)
{
    struct world w;
    struct metric m;
    world_open(&w, NULL, NULL);
    run(&w, many_values, NULL);
    look(&w, read_metric, &m);
    assert_true(m.count == 1000 && m.sum == 499500 && m.max == 999);
    assert_true(m.pairs <= WB_METRIC_VALUES_MAX && m.pairs > WB_METRIC_VALUES_MAX / 2);
    world_close(&w);
}

/* Counters of other threads ride on a commit at the latest after a second, even an idle one. */
static void test_counters(void **state)
{
    struct world w;
    struct metric m;
    world_open(&w, NULL, NULL);
    for (int i = 0; i < 5; i++)
        wb_count(w.engine, WB_S("0"), WB_S("eu"), "N", "M", NULL, 0, 2, "Count");
    assert_false(wb_writer_step(w.engine));
    assert_int_equal(rows_in(&w, WB_T_METRIC), 0);
    wb_seam_sim_advance(&w.seam, 1000);
    assert_true(wb_writer_step(w.engine));
    look(&w, read_metric, &m);
    assert_true(m.count == 5 && m.sum == 10);
    assert_false(wb_writer_step(w.engine));
    world_close(&w);
}

/* --- logs --- */

static void log_lines(struct wb_tx *tx, void *arg)
{
    struct wb_log_line line[3000];
    for (int i = 0; i < 3000; i++)
        line[i] = (struct wb_log_line){tx->now_ms + i, wb_printf(tx->arena,
                                                                 "line %d of a log "
                                                                 "that is long enough",
                                                                 i)};
    wb_write_log(tx, WB_S("0"), WB_S("eu"), WB_S("/aws/lambda/f"), WB_S("s"), line, 3000);
    wb_write_log(tx, WB_S("0"), WB_S("eu"), WB_S("/aws/lambda/f"), WB_S("s"), line, 0);
}

static void read_logs(struct wb_tx *tx, void *arg)
{
    struct wb_slice key, value, raw;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOG_BLOCK, ""));
    int n = 0;
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_rd r = wb_rd(value);
        assert_int_equal(wb_rd_u8(&r), 2);
        uint32_t lines = wb_rd_le32(&r), size = wb_rd_le32(&r);
        assert_true(wb_rd_le64(&r) >= WORLD_START_MS);
        assert_int_equal(wb_rd_le64(&r), tx->now_ms);
        assert_in_range(size, 1, WB_LOG_BLOCK_MAX);
        assert_true(wb_inflate(tx->arena, wb_slice(r.p, (size_t)(r.end - r.p)), size, &raw));
        assert_int_equal(raw.n, size);
        struct wb_rd l = wb_rd(raw);
        for (uint32_t i = 0; i < lines; i++, n++) {
            assert_true((int64_t)wb_rd_le64(&l) >= WORLD_START_MS);
            struct wb_slice want = wb_printf(tx->arena, "line %d ", n);
            assert_true(wb_slice_starts(wb_rd_lp(&l), want));
        }
        assert_true(wb_rd_done(&l));
    }
    wb_scan_close(s);
    assert_int_equal(n, 3000);
}

static void test_logs(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    assert_int_equal(run(&w, log_lines, NULL), WB_COMMITTED);
    assert_int_equal(rows_in(&w, WB_T_LOG_GROUP), 1);
    assert_int_equal(rows_in(&w, WB_T_LOG_STREAM), 1);
    assert_in_range(rows_in(&w, WB_T_LOG_BLOCK), 2, 4);
    look(&w, read_logs, NULL);
    world_close(&w);
}

static void span(struct wb_tx *tx, void *arg)
{
    wb_put_span(tx, WB_S("0"), WB_S("eu"), WB_S("1-a"), WB_S("b"), WB_S("{}"));
}

static void test_span(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    run(&w, span, NULL);
    assert_int_equal(rows_in(&w, WB_T_TRACE), 1);
    assert_int_equal(rows_in(&w, WB_T_TRACE_HOUR), 1);
    run(&w, span, NULL); /* the same segment again */
    assert_int_equal(rows_in(&w, WB_T_TRACE), 1);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deliver),  cmocka_unit_test(test_call),
        cmocka_unit_test(test_first),    cmocka_unit_test(test_home),
        cmocka_unit_test(test_metrics),  cmocka_unit_test(test_metric_bound),
        cmocka_unit_test(test_counters), cmocka_unit_test(test_logs),
        cmocka_unit_test(test_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
