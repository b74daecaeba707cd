/* Log lines in order of time over many blocks, both ways, and rows of the first version. */
#include "codec/zip.h"
#include "engine/logs.h"
#include "world.h"

#define BLOCKS 6000 /* of one hour: more than one window holds */
#define HOUR   (WORLD_START_MS - WORLD_START_MS % WB_LOG_HOUR_MS)

static void one_line(struct wb_tx *tx, int i)
{
    /* Each line is a block of its own; neighbours in time are written far from each other. */
    int at = i * 7919 % BLOCKS;
    struct wb_log_line line = {HOUR + at / 2 * 100, wb_printf(tx->arena, "%d", at)};
    wb_write_log(tx, WB_S("0"), WB_S("eu"), WB_S("g"), at % 2 ? WB_S("odd") : WB_S("even"), &line,
                 1);
}

static void write_some(struct wb_tx *tx, void *arg)
{
    int *from = arg;
    for (int i = *from; i < *from + 200; i++)
        one_line(tx, i);
}

static bool only_odd(void *arg, struct wb_slice stream)
{
    return wb_slice_is(stream, "odd");
}

static int64_t read_all(struct wb_tx *tx, struct wb_log_query q, int *count)
{
    struct wb_log_event e;
    struct wb_log_reader *r = wb_log_open(tx, &q);
    int64_t last = q.backward ? INT64_MAX : 0;
    *count = 0;
    while (wb_log_next(r, &e)) {
        int64_t n = 0;
        assert_true(wb_slice_i64(e.text, &n));
        assert_int_equal(e.at.time_ms, HOUR + n / 2 * 100);
        assert_true(wb_slice_is(e.stream, n % 2 ? "odd" : "even"));
        assert_true(q.backward ? e.at.time_ms <= last : e.at.time_ms >= last);
        last = e.at.time_ms;
        ++*count;
    }
    wb_log_close(r);
    return last;
}

static void read_back(struct wb_tx *tx, void *arg)
{
    int n;
    struct wb_log_group g;
    assert_true(wb_log_group_read(tx, WB_S("0"), WB_S("eu"), WB_S("g"), &g));
    struct wb_log_query q = {.group = g.number, .to_ms = INT64_MAX - WB_LOG_HOUR_MS};
    read_all(tx, q, &n);
    assert_int_equal(n, BLOCKS);
    q.backward = true;
    read_all(tx, q, &n);
    assert_int_equal(n, BLOCKS);
    q.wanted = only_odd;
    read_all(tx, q, &n);
    assert_int_equal(n, BLOCKS / 2);
    q = (struct wb_log_query){
        .group = g.number, .stream = WB_S("even"), .from_ms = HOUR + 1000, .to_ms = HOUR + 2000};
    assert_int_equal(read_all(tx, q, &n), HOUR + 1900);
    assert_int_equal(n, 10);
    struct wb_log_place place = {.time_ms = HOUR + 1500};
    q.place = &place;
    read_all(tx, q, &n);
    assert_int_equal(n, 5);
    q.backward = true;
    read_all(tx, q, &n);
    assert_int_equal(n, 5);
}

static void test_order(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    for (int from = 0; from < BLOCKS; from += 200)
        assert_int_equal(run(&w, write_some, &from), WB_COMMITTED);
    assert_int_equal(rows_in(&w, WB_T_LOG_BLOCK), BLOCKS);
    look(&w, read_back, NULL);
    world_close(&w);
}

/* Rows as they were before there was a service to read them. */
static void write_first_version(struct wb_tx *tx, void *arg)
{
    struct wb_buf g = wb_buf_in(tx->arena), s = g, raw = g, b = g;
    wb_buf_char(&g, 1);
    wb_buf_le64(&g, 7);
    wb_buf_le64(&g, HOUR);
    wb_buf_le32(&g, 0);
    wb_tx_put(tx, wb_log_group_key(tx->arena, WB_S("0"), WB_S("eu"), WB_S("g")), wb_buf_slice(&g));
    wb_buf_le64(&raw, HOUR);
    wb_buf_lp(&raw, WB_S("0"));
    wb_buf_char(&s, 1);
    for (int i = 0; i < 4; i++)
        wb_buf_le64(&s, HOUR);
    wb_buf_le64(&s, raw.n);
    wb_tx_put(tx, wb_log_stream_key(tx->arena, 7, WB_S("even")), wb_buf_slice(&s));
    wb_buf_char(&b, 1);
    wb_buf_le32(&b, 1);
    wb_buf_le32(&b, (uint32_t)raw.n);
    wb_buf_slice_put(&b, wb_deflate(tx->arena, wb_buf_slice(&raw)));
    wb_tx_put(tx,
              wb_key(tx->arena, WB_T_LOG_BLOCK, "iusiu", HOUR, (uint64_t)7, WB_S("even"), HOUR,
                     wb_tx_stamp(tx)),
              wb_buf_slice(&b));
}

static void write_more(struct wb_tx *tx, void *arg)
{
    struct wb_log_line line = {HOUR + 100, WB_S("2")};
    wb_write_log(tx, WB_S("0"), WB_S("eu"), WB_S("g"), WB_S("even"), &line, 1);
}

static void read_first_version(struct wb_tx *tx, void *arg)
{
    int n;
    struct wb_log_group g;
    assert_true(wb_log_group_read(tx, WB_S("0"), WB_S("eu"), WB_S("g"), &g));
    assert_int_equal(g.bytes, 26);
    struct wb_log_query q = {.group = g.number, .to_ms = INT64_MAX - WB_LOG_HOUR_MS};
    read_all(tx, q, &n);
    assert_int_equal(n, 2);
    q.backward = true;
    read_all(tx, q, &n);
    assert_int_equal(n, 2);
}

static void test_first_version(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    assert_int_equal(run(&w, write_first_version, NULL), WB_COMMITTED);
    assert_int_equal(run(&w, write_more, NULL), WB_COMMITTED);
    look(&w, read_first_version, NULL);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_first_version)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
