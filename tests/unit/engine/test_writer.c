#include "world.h"
#include <sys/stat.h>
#include <unistd.h>

#define TABLE 0xfff0

static struct wb_slice row(struct wb_tx *tx, uint64_t n)
{
    return wb_key(tx->arena, TABLE, "u", n);
}

static void put_one(struct wb_tx *tx, void *arg)
{
    wb_tx_put(tx, row(tx, *(uint64_t *)arg), WB_S("v"));
}

static void test_group_commit(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    struct act a[100];
    uint64_t n[100], before = wb_store_sequence(w.store);
    for (int i = 0; i < 100; i++) {
        n[i] = (uint64_t)i;
        act_submit(&w, &a[i], WB_LANE_CLIENT, put_one, &n[i]);
    }
    assert_true(wb_writer_step(w.engine));
    for (int i = 0; i < 100; i++)
        assert_true(a[i].ended && a[i].result == WB_COMMITTED && a[i].runs == 1);
    assert_int_equal(wb_store_sequence(w.store), before + 1);
    assert_int_equal(rows_in(&w, TABLE), 100);
    assert_false(wb_writer_step(w.engine));
    world_close(&w);
}

static void nothing(struct wb_tx *tx, void *arg) {}

/* What wrote nothing needs no sync. */
static void test_no_commit_without_change(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    uint64_t before = wb_store_sequence(w.store);
    assert_int_equal(run(&w, nothing, NULL), WB_COMMITTED);
    assert_int_equal(wb_store_sequence(w.store), before);
    world_close(&w);
}

static int order[8], ordered;
static void note_order(struct wb_tx *tx, void *arg)
{
    order[ordered++] = *(int *)arg;
}

static void test_inside_lane_first(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    struct act a[4];
    int n[] = {0, 1, 2, 3};
    ordered = 0;
    act_submit(&w, &a[0], WB_LANE_CLIENT, note_order, &n[0]);
    act_submit(&w, &a[1], WB_LANE_CLIENT, note_order, &n[1]);
    act_submit(&w, &a[2], WB_LANE_INSIDE, note_order, &n[2]);
    act_submit(&w, &a[3], WB_LANE_INSIDE, note_order, &n[3]);
    wb_writer_step(w.engine);
    const int want[] = {2, 3, 0, 1};
    assert_memory_equal(order, want, sizeof want);
    world_close(&w);
}

/* However many outcomes wait, clients get their share of each batch. */
static void test_clients_are_not_shut_out(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    struct act *inside = calloc(2000, sizeof *inside), client[100];
    for (int i = 0; i < 2000; i++)
        act_submit(&w, &inside[i], WB_LANE_INSIDE, nothing, NULL);
    for (int i = 0; i < 100; i++)
        act_submit(&w, &client[i], WB_LANE_CLIENT, nothing, NULL);
    wb_writer_step(w.engine);
    assert_true(inside[0].ended && inside[400].ended);
    assert_false(inside[500].ended);
    for (int i = 0; i < 100; i++)
        assert_true(client[i].ended);
    while (wb_writer_step(w.engine))
        ;
    free(inside);
    world_close(&w);
}

static void test_client_lane_is_bounded(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    struct act *a = calloc(WB_WRITER_QUEUE_MAX + 2, sizeof *a);
    for (size_t i = 0; i < WB_WRITER_QUEUE_MAX; i++)
        act_submit(&w, &a[i], WB_LANE_CLIENT, nothing, NULL);
    struct act *more = &a[WB_WRITER_QUEUE_MAX];
    more->command = (struct wb_command){.lane = WB_LANE_CLIENT, .run = act_run, .done = act_done};
    more->fn = nothing;
    assert_false(wb_submit(w.engine, &more->command));
    /* The inside lane has room of its own. */
    act_submit(&w, more + 1, WB_LANE_INSIDE, nothing, NULL);
    assert_true(wb_writer_step(w.engine));
    assert_true(more[1].ended);
    assert_true(wb_submit(w.engine, &more->command));
    while (wb_writer_step(w.engine))
        ;
    assert_true(more->ended && a[WB_WRITER_QUEUE_MAX - 1].ended);
    free(a);
    world_close(&w);
}

static void batch_limit(struct wb_tx *tx, void *arg)
{
    struct wb_slice big = wb_slice(wb_zalloc(tx->arena, 300 << 10), 300 << 10);
    wb_tx_put(tx, row(tx, *(uint64_t *)arg), big);
}

/* A batch ends at 1 MB; the commands behind it get the next. */
static void test_batch_bytes(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    struct act a[8];
    uint64_t n[8];
    for (int i = 0; i < 8; i++) {
        n[i] = (uint64_t)i;
        act_submit(&w, &a[i], WB_LANE_CLIENT, batch_limit, &n[i]);
    }
    wb_writer_step(w.engine);
    assert_true(a[3].ended);
    assert_false(a[4].ended);
    wb_writer_step(w.engine);
    assert_true(a[7].ended);
    world_close(&w);
}

static void put_then_fail(struct wb_tx *tx, void *arg)
{
    put_one(tx, arg);
    wb_put_metric(tx, WB_S("1"), WB_S("r"), "Test", "Undone", NULL, 0, 1, "Count");
    wb_tx_undo(tx);
}

/* Only the command that failed is undone; the others are run again and kept. */
static void test_undo(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    w.engine->strict = false;
    struct act a[3];
    uint64_t n[] = {1, 2, 3};
    act_submit(&w, &a[0], WB_LANE_CLIENT, put_one, &n[0]);
    act_submit(&w, &a[1], WB_LANE_CLIENT, put_then_fail, &n[1]);
    act_submit(&w, &a[2], WB_LANE_CLIENT, put_one, &n[2]);
    while (wb_writer_step(w.engine))
        ;
    for (int i = 0; i < 3; i++)
        assert_true(a[i].ended && a[i].result == WB_COMMITTED);
    assert_int_equal(a[0].runs, 2);
    assert_int_equal(rows_in(&w, TABLE), 2);
    assert_int_equal(rows_in(&w, WB_T_METRIC), 0);
    world_close(&w);
}

static void nested(struct wb_tx *tx, void *arg)
{
    struct wb_nest outer, inner;
    uint64_t n = 1, m = 2, o = 3;
    put_one(tx, &n);
    wb_tx_nest(tx, &outer);
    put_one(tx, &m);
    wb_tx_nest(tx, &inner);
    put_one(tx, &o);
    wb_tx_unnest(tx, &inner, false);
    wb_tx_unnest(tx, &outer, true);
}

static void test_nested(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    assert_int_equal(run(&w, nested, NULL), WB_COMMITTED);
    assert_int_equal(rows_in(&w, TABLE), 2);
    world_close(&w);
}

static void damaged(struct wb_tx *tx, void *arg)
{
    uint64_t n = 7;
    put_one(tx, &n);
    wb_tx_error(tx, WB_STORE_ERROR);
    n = 8;
    put_one(tx, &n); /* after an error nothing is done */
}

/* A store error in one command is that command's failure, and it leaves no trace. */
static void test_store_error(void **state)
{
    struct world w;
    wb_log_level_set(WB_LOG_ERROR + 1);
    world_open(&w, NULL, NULL);
    struct act a[3];
    uint64_t n[] = {1, 2};
    act_submit(&w, &a[0], WB_LANE_CLIENT, put_one, &n[0]);
    act_submit(&w, &a[1], WB_LANE_CLIENT, damaged, NULL);
    act_submit(&w, &a[2], WB_LANE_CLIENT, put_one, &n[1]);
    while (wb_writer_step(w.engine))
        ;
    assert_int_equal(a[0].result, WB_COMMITTED);
    assert_int_equal(a[1].result, WB_FAILED);
    assert_int_equal(a[2].result, WB_COMMITTED);
    assert_int_equal(rows_in(&w, TABLE), 2);
    world_close(&w);
}

static void many_rows(struct wb_tx *tx, void *arg)
{
    for (uint64_t i = 0; i < *(uint64_t *)arg; i++)
        wb_tx_put(tx, row(tx, 1000 + i), WB_S("v"));
}

/* Over the usual limit a command is run alone; over the hard one it fails. */
static void test_command_limits(void **state)
{
    struct world w;
    wb_log_level_set(WB_LOG_ERROR + 1);
    world_open(&w, NULL, NULL);
    struct act a[2];
    uint64_t one = 1, large = WB_COMMAND_ROWS_MAX + 1, huge = WB_COMMAND_ROWS_HUGE + 1;
    uint64_t before = wb_store_sequence(w.store);
    act_submit(&w, &a[0], WB_LANE_CLIENT, put_one, &one);
    act_submit(&w, &a[1], WB_LANE_CLIENT, many_rows, &large);
    wb_writer_step(w.engine);
    assert_int_equal(a[0].result, WB_COMMITTED);
    assert_int_equal(a[1].result, WB_COMMITTED);
    assert_int_equal(wb_store_sequence(w.store), before + 2);
    assert_int_equal(rows_in(&w, TABLE), 1 + large);
    assert_int_equal(run(&w, many_rows, &huge), WB_FAILED);
    assert_int_equal(rows_in(&w, TABLE), 1 + large);
    world_close(&w);
}

static void put_large(struct wb_tx *tx, void *arg)
{
    struct wb_slice big = wb_slice(wb_zalloc(tx->arena, 1 << 20), 1 << 20);
    wb_tx_put(tx, row(tx, *(uint64_t *)arg), big);
}

static void del_one(struct wb_tx *tx, void *arg)
{
    wb_tx_del(tx, row(tx, *(uint64_t *)arg));
}

/* The map is full: what does not fit is refused, the rest of the same batch is kept, and a delete
 * makes room again. */
static void test_full(void **state)
{
    char dir[] = "/tmp/wb-writer-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct wb_arena arena;
    wb_arena_init(&arena, 0);
    struct wb_slice why;
    struct wb_store_options o = {.create = true, .map_size = 8 << 20};
    struct wb_store *s = wb_store_open_lmdb(dir, &o, &arena, &why);
    assert_non_null(s);
    struct world w;
    world_open(&w, NULL, s);
    struct act a[16];
    uint64_t n[16];
    int refused = 0;
    for (int i = 0; i < 16; i++) {
        n[i] = (uint64_t)i;
        act_submit(&w, &a[i], WB_LANE_INSIDE, i % 2 ? put_one : put_large, &n[i]);
    }
    while (wb_writer_step(w.engine))
        ;
    for (int i = 0; i < 16; i++) {
        assert_true(a[i].ended);
        assert_int_not_equal(a[i].result, WB_FAILED);
        refused += a[i].result == WB_REFUSED_FULL;
    }
    assert_in_range(refused, 1, 7);
    assert_int_equal(rows_in(&w, TABLE), 16 - refused);
    for (uint64_t i = 0; i < 6; i += 2)
        assert_int_equal(run(&w, del_one, &i), WB_COMMITTED);
    uint64_t again = 100;
    assert_int_equal(run(&w, put_large, &again), WB_COMMITTED);
    world_close(&w);
    wb_arena_release(&arena);
    char cmd[64];
    snprintf(cmd, sizeof cmd, "rm -r %s", dir);
    assert_int_equal(system(cmd), 0);
}

static void stamps(struct wb_tx *tx, void *arg)
{
    uint64_t *last = arg, s = wb_tx_stamp(tx), t = wb_tx_stamp(tx);
    assert_true(s > *last && t > s);
    *last = t;
    wb_tx_put(tx, row(tx, t), WB_S("v"));
}

static void numbers(struct wb_tx *tx, void *arg)
{
    *(uint64_t *)arg = wb_tx_number(tx, "test");
}

static void test_stamps_and_numbers(void **state)
{
    struct world w;
    uint64_t last = 0, n = 0;
    world_open(&w, NULL, NULL);
    for (int i = 0; i < 20; i++) {
        run(&w, stamps, &last);
        run(&w, numbers, &n);
        assert_int_equal(n, i + 1);
        if (i % 5 == 0)
            world_restart(&w);
    }
    world_close(&w);
}

static unsigned hooks;
static void hook(struct wb_engine *e, void *arg)
{
    assert_string_equal(arg, "arg");
    hooks++;
}

static void with_hook(struct wb_tx *tx, void *arg)
{
    wb_tx_after(tx, hook, wb_dup_cstr(tx->arena, WB_S("arg")));
    if (arg)
        put_one(tx, arg);
}

static void test_after(void **state)
{
    struct world w;
    uint64_t n = 1;
    world_open(&w, NULL, NULL);
    hooks = 0;
    run(&w, with_hook, &n);
    assert_int_equal(hooks, 1);
    world_close(&w);
}

static void keep_time(struct wb_tx *tx, void *arg)
{
    uint64_t n = 1;
    *(int64_t *)arg = tx->now_ms;
    put_one(tx, &n);
}

/* The engine clock never goes back, not even when the machine's does across a restart. */
static void test_clock(void **state)
{
    struct world w;
    int64_t t1, t2;
    wb_log_level_set(WB_LOG_ERROR);
    world_open(&w, NULL, NULL);
    wb_seam_sim_advance(&w.seam, 5000);
    run(&w, keep_time, &t1);
    assert_int_equal(t1, WORLD_START_MS + 5000);
    w.seam.wall_ms -= 3600000;
    world_restart(&w);
    run(&w, keep_time, &t2);
    assert_int_equal(t2, t1);
    assert_int_equal(wb_engine_now(w.engine), t1);
    w.seam.wall_ms += 3600001;
    assert_int_equal(wb_engine_now(w.engine), t1 + 1);
    world_close(&w);
}

/* A test's clock goes on from where it was moved to. */
static void test_moved_clock(void **state)
{
    struct world w;
    int64_t t1, t2;
    world_open(&w, NULL, NULL);
    w.config.test_clock = true;
    world_restart(&w);
    wb_clock_move(w.engine, 86400000);
    run(&w, keep_time, &t1);
    assert_int_equal(t1, WORLD_START_MS + 86400000);
    world_restart(&w);
    wb_seam_sim_advance(&w.seam, 10);
    run(&w, keep_time, &t2);
    assert_int_equal(t2, t1 + 10);
    world_close(&w);
}

static int64_t slow_mono(struct wb_seam *s)
{
    return ((struct wb_seam_sim *)s)->mono_ns += 10 * 1000000;
}

/* However slow the machine, each batch does at least one command. */
static void test_slow_machine(void **state)
{
    struct world w;
    world_open(&w, NULL, NULL);
    w.seam.seam.mono_ns = slow_mono;
    struct act a[3];
    for (int i = 0; i < 3; i++)
        act_submit(&w, &a[i], WB_LANE_CLIENT, nothing, NULL);
    for (int i = 0; i < 3; i++) {
        assert_false(a[i].ended);
        assert_true(wb_writer_step(w.engine));
        assert_true(a[i].ended);
    }
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_commit),
        cmocka_unit_test(test_no_commit_without_change),
        cmocka_unit_test(test_inside_lane_first),
        cmocka_unit_test(test_clients_are_not_shut_out),
        cmocka_unit_test(test_client_lane_is_bounded),
        cmocka_unit_test(test_batch_bytes),
        cmocka_unit_test(test_undo),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_store_error),
        cmocka_unit_test(test_command_limits),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_stamps_and_numbers),
        cmocka_unit_test(test_after),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_moved_clock),
        cmocka_unit_test(test_slow_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
