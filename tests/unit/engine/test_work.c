#include "world.h"
#include <malloc.h>

static const int64_t delays[] = {60000, 120000};
static const struct wb_schedule schedule = {
    .delay_ms = delays, .delay_count = 2, .attempts_max = 3, .age_max_ms = 3600000};

/* --- a scripted executor --- */

static struct wb_task *task[64];
static size_t tasks;
static unsigned limit_now = 1, applied;
static struct wb_outcome script = {.kind = WB_DONE};
static char seen_payload[64];

static void start(struct wb_task *t)
{
    const struct wb_work *w = wb_task_work(t);
    assert_true(tasks < 64);
    snprintf(seen_payload, sizeof seen_payload, "%.*s", WB_FMT(w->payload));
    task[tasks++] = t;
}

static unsigned limit(struct wb_engine *e, struct wb_slice target)
{
    return limit_now;
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    *out = script;
}

static void apply(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o, bool last)
{
    applied++;
}

static bool load(struct wb_tx *tx, struct wb_work *w)
{
    w->payload = wb_printf(tx->arena, "loaded %.*s", WB_FMT(w->payload));
    return !wb_slice_is(w->meta, "\"lost\"");
}

static const struct wb_executor x_start = {
    .name = "start", .schedule = &schedule, .limit = limit, .start = start, .apply = apply};
static const struct wb_executor x_step = {
    .name = "step", .schedule = &schedule, .step = step, .apply = apply};
static const struct wb_executor x_load = {.name = "load", .start = start, .load = load};

static void module_start(struct wb_engine *e)
{
    wb_executor_register(e, &x_start);
    wb_executor_register(e, &x_step);
    wb_executor_register(e, &x_load);
}
static const struct wb_module module = {.start = module_start};

static void begin(struct world *w)
{
    tasks = applied = 0;
    limit_now = 1;
    script = (struct wb_outcome){.kind = WB_DONE};
    wb_log_level_set(WB_LOG_ERROR);
    world_open(w, &module, NULL);
}

struct add {
    const char *target, *executor, *payload, *meta, *payload_key;
    int64_t due_ms;
    unsigned count, attempts_max;
};

static void add_fn(struct wb_tx *tx, void *arg)
{
    const struct add *a = arg;
    for (unsigned i = 0; i < (a->count ? a->count : 1); i++)
        wb_work_add(tx, &(struct wb_work){.target = wb_slice_str(a->target),
                                          .executor = a->executor,
                                          .payload = wb_slice_str(a->payload),
                                          .meta = wb_slice_str(a->meta),
                                          .payload_key =
                                              a->payload_key
                                                  ? wb_key(tx->arena, 0xfff0, "z", a->payload_key)
                                                  : WB_SLICE_NULL,
                                          .due_ms = a->due_ms,
                                          .attempts_max = a->attempts_max});
}

static void add(struct world *w, struct add a)
{
    assert_int_equal(run(w, add_fn, &a), WB_COMMITTED);
}

static void finish(struct world *w, size_t i, enum wb_outcome_kind kind, int64_t after_ms)
{
    struct wb_task *t = task[i];
    task[i] = task[--tasks];
    wb_task_finish(t, &(struct wb_outcome){.kind = kind, .code = "Code", .after_ms = after_ms});
    settle(w);
}

struct counted {
    const char *target;
    uint64_t rows;
    int64_t oldest;
};

static void count_fn(struct wb_tx *tx, void *arg)
{
    struct counted *c = arg;
    c->rows = wb_work_count(tx, wb_slice_str(c->target), &c->oldest);
}

static uint64_t queued(struct world *w, const char *target)
{
    struct counted c = {.target = target};
    look(w, count_fn, &c);
    return c.rows;
}

static void dead_fn(struct wb_tx *tx, void *arg)
{
    *(uint64_t *)arg = wb_dead_count(tx);
}

static uint64_t dead(struct world *w)
{
    uint64_t n;
    look(w, dead_fn, &n);
    assert_int_equal(n, rows_in(w, WB_T_DEAD));
    return n;
}

/* --- tests --- */

/* 1 and 2 minutes, then it is dead; the clock is moved exactly. */
static void test_schedule(void **state)
{
    struct world w;
    begin(&w);
    add(&w, (struct add){.target = "a", .executor = "start", .payload = "p"});
    settle(&w);
    assert_int_equal(tasks, 1);
    finish(&w, 0, WB_RETRY, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wb_dispatcher_next(w.engine), wb_engine_now(w.engine) + delays[i]);
        wb_seam_sim_advance(&w.seam, delays[i] - 1);
        settle(&w);
        assert_int_equal(tasks, 0);
        wb_seam_sim_advance(&w.seam, 1);
        settle(&w);
        assert_int_equal(tasks, 1);
        assert_int_equal(wb_task_work(task[0])->attempts, i + 1);
        assert_string_equal(wb_task_work(task[0])->last_code.p ? "Code" : "", "Code");
        finish(&w, 0, WB_RETRY, 0);
    }
    assert_int_equal(queued(&w, "a"), 0);
    assert_int_equal(dead(&w), 1);
    assert_int_equal(applied, 3);
    world_close(&w);
}

static void test_schedule_delays(void **state)
{
    struct wb_seam_sim s;
    wb_seam_sim_init(&s, 1, 0);
    const struct wb_schedule base = {.base_ms = 1000, .cap_ms = 10000};
    const int64_t want[] = {1000, 2000, 4000, 8000, 10000, 10000};
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(wb_schedule_delay(&base, i + 1, &s.seam), want[i]);
    assert_int_equal(wb_schedule_delay(&schedule, 1, &s.seam), 60000);
    assert_int_equal(wb_schedule_delay(&schedule, 2, &s.seam), 120000);
    const struct wb_schedule jitter = {.base_ms = 1000, .cap_ms = 1000, .jitter_percent = 20};
    for (uint32_t i = 1; i < 100; i++)
        assert_in_range(wb_schedule_delay(&jitter, i, &s.seam), 800, 1200);
}

static void test_attempts_of_the_row(void **state)
{
    struct world w;
    begin(&w);
    add(&w, (struct add){.target = "a", .executor = "start", .payload = "p", .attempts_max = 1});
    settle(&w);
    finish(&w, 0, WB_RETRY, 0);
    assert_int_equal(dead(&w), 1);
    world_close(&w);
}

static void test_busy(void **state)
{
    struct world w;
    begin(&w);
    add(&w, (struct add){.target = "a", .executor = "start", .payload = "p", .count = 2});
    settle(&w);
    finish(&w, 0, WB_BUSY, 5000);
    assert_int_equal(tasks, 0); /* the target as a whole has no capacity */
    assert_int_equal(queued(&w, "a"), 2);
    wb_seam_sim_advance(&w.seam, 5000);
    settle(&w);
    assert_int_equal(tasks, 1);
    assert_int_equal(wb_task_work(task[0])->attempts, 0);
    finish(&w, 0, WB_BUSY, 0);
    assert_int_equal(tasks, 0);
    wb_work_wake(w.engine, WB_S("a")); /* capacity came back earlier */
    settle(&w);
    assert_int_equal(tasks, 1);
    world_close(&w);
}

/* Waiting for capacity ends with the row's age. */
static void test_age(void **state)
{
    struct world w;
    begin(&w);
    add(&w, (struct add){.target = "a", .executor = "start", .payload = "p"});
    settle(&w);
    finish(&w, 0, WB_BUSY, 2 * 3600000);
    wb_seam_sim_advance(&w.seam, 3600000);
    settle(&w);
    assert_int_equal(tasks, 0); /* the pause is longer than its life */
    wb_seam_sim_advance(&w.seam, 3600000);
    settle(&w);
    assert_int_equal(tasks, 0);
    assert_int_equal(dead(&w), 1);
    /* A retry that would come too late is not waited for. */
    add(&w, (struct add){.target = "b", .executor = "start", .payload = "p"});
    settle(&w);
    finish(&w, 0, WB_RETRY, 3600001);
    assert_int_equal(dead(&w), 2);
    world_close(&w);
}

static void test_limit(void **state)
{
    struct world w;
    begin(&w);
    limit_now = 0;
    add(&w, (struct add){.target = "a", .executor = "start", .payload = "p", .count = 10});
    settle(&w);
    assert_int_equal(tasks, 0);
    limit_now = 3;
    wb_work_wake(w.engine, WB_SLICE_NULL);
    settle(&w);
    assert_int_equal(tasks, 3);
    while (tasks)
        finish(&w, 0, WB_DONE, 0);
    assert_int_equal(applied, 10);
    assert_int_equal(queued(&w, "a"), 0);
    assert_int_equal(rows_in(&w, WB_T_WORK_COUNT), 0);
    world_close(&w);
}

/* A long queue does not keep a short one waiting. */
static void test_turns(void **state)
{
    struct world w;
    begin(&w);
    limit_now = 2;
    add(&w, (struct add){.target = "a", .executor = "start", .payload = "a", .count = 500});
    add(&w, (struct add){.target = "b", .executor = "start", .payload = "b", .count = 1});
    settle(&w);
    assert_int_equal(tasks, 3);
    assert_string_equal(seen_payload, "a");
    unsigned b = 0;
    for (int i = 0; i < 3; i++)
        b += wb_slice_is(wb_task_work(task[i])->target, "b");
    assert_int_equal(b, 1);
    world_close(&w);
}

/* 10,000 rows of one target: memory does not grow with them. */
static void test_burst(void **state)
{
    struct world w;
    begin(&w);
    limit_now = 8;
    struct add a = {.target = "a", .executor = "start", .payload = "p", .count = 500};
    for (int i = 0; i < 20; i++)
        add(&w, a);
    assert_int_equal(queued(&w, "a"), 10000);
    settle(&w);
    size_t before = mallinfo2().uordblks, most = before;
    unsigned ended = 0;
    while (tasks) {
        finish(&w, 0, WB_DONE, 0);
        size_t now = mallinfo2().uordblks;
        most = now > most ? now : most;
        ended++;
        assert_true(tasks <= 8);
    }
    assert_int_equal(ended, 10000);
    assert_int_equal(applied, 10000);
    /* The rows themselves leave the store in memory meanwhile; nothing may come on top. */
    assert_true(most - before < 256 << 10);
    world_close(&w);
}

static void test_steps(void **state)
{
    struct world w;
    begin(&w);
    uint64_t before = wb_store_sequence(w.store);
    add(&w, (struct add){.target = "a", .executor = "step", .payload = "p", .count = 640});
    settle(&w);
    assert_int_equal(applied, 640);
    assert_int_equal(queued(&w, "a"), 0);
    assert_in_range(wb_store_sequence(w.store) - before, 2, 30); /* many in one commit */
    script = (struct wb_outcome){.kind = WB_RETRY, .code = "Later"};
    add(&w, (struct add){.target = "a", .executor = "step", .payload = "p"});
    settle(&w);
    assert_int_equal(queued(&w, "a"), 1);
    assert_int_equal(wb_dispatcher_next(w.engine), wb_engine_now(w.engine) + 60000);
    world_close(&w);
}

static void put_payload(struct wb_tx *tx, void *arg)
{
    wb_tx_put(tx, wb_key(tx->arena, 0xfff0, "z", (const char *)arg), WB_S("far away"));
}

static void test_payload_key(void **state)
{
    struct world w;
    begin(&w);
    run(&w, put_payload, "k");
    add(&w, (struct add){.target = "a", .executor = "start", .payload_key = "k"});
    settle(&w);
    assert_string_equal(seen_payload, "far away");
    finish(&w, 0, WB_RETRY, 0);
    wb_seam_sim_advance(&w.seam, 60000);
    settle(&w);
    assert_string_equal(seen_payload, "far away"); /* still there after it moved */
    finish(&w, 0, WB_PERMANENT, 0);
    assert_int_equal(dead(&w), 1);
    /* A payload that is gone makes a dead row, not a crash. */
    add(&w, (struct add){.target = "a", .executor = "start", .payload_key = "lost"});
    settle(&w);
    assert_int_equal(tasks, 0);
    assert_int_equal(dead(&w), 2);
    world_close(&w);
}

static void test_load(void **state)
{
    struct world w;
    begin(&w);
    add(&w, (struct add){.target = "a", .executor = "load", .payload = "p", .meta = "{}"});
    settle(&w);
    assert_string_equal(seen_payload, "loaded p");
    finish(&w, 0, WB_RETRY, 0);
    wb_seam_sim_advance(&w.seam, 60000);
    settle(&w);
    assert_string_equal(seen_payload, "loaded p"); /* not loaded twice over */
    finish(&w, 0, WB_DONE, 0);
    add(&w, (struct add){.target = "a", .executor = "load", .payload = "p", .meta = "\"lost\""});
    settle(&w);
    assert_int_equal(dead(&w), 1);
    world_close(&w);
}

static void garbage(struct wb_tx *tx, void *arg)
{
    struct wb_slice target = wb_slice_str(arg);
    wb_tx_put(tx, wb_work_key(tx->arena, target, tx->now_ms, wb_tx_stamp(tx)), WB_S("garbage"));
    wb_work_note(tx, target, tx->now_ms, 1, 0);
}

/* Rows that cannot be decoded are set aside; those behind them go on. */
static void test_undecodable(void **state)
{
    struct world w;
    begin(&w);
    wb_log_level_set(WB_LOG_ERROR + 1);
    run(&w, garbage, "a");
    add(&w, (struct add){.target = "a", .executor = "start", .payload = "good"});
    settle(&w);
    assert_int_equal(tasks, 1);
    assert_string_equal(seen_payload, "good");
    assert_int_equal(dead(&w), 1);
    finish(&w, 0, WB_DONE, 0);
    assert_int_equal(queued(&w, "a"), 0);
    world_close(&w);
}

/* What ran when the engine ended is queued again; what ended is not. */
static void test_restart(void **state)
{
    struct world w;
    begin(&w);
    limit_now = 2;
    add(&w, (struct add){.target = "a", .executor = "start", .payload = "p", .count = 3});
    add(&w,
        (struct add){
            .target = "b", .executor = "start", .payload = "p", .due_ms = WORLD_START_MS + 9000});
    settle(&w);
    assert_int_equal(tasks, 2);
    finish(&w, 0, WB_DONE, 0);
    tasks = 0;
    world_restart(&w);
    settle(&w);
    assert_int_equal(tasks, 2);
    assert_int_equal(queued(&w, "a"), 2);
    assert_int_equal(wb_dispatcher_next(w.engine), WORLD_START_MS + 9000);
    world_close(&w);
}

/* An outcome that comes after its row has gone is not applied. */
static void discard_queue(struct wb_tx *tx, void *arg)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_WORK, ""));
    while (wb_tx_next(tx, s, &key, &value))
        wb_tx_del(tx, wb_dup(tx->arena, key));
    wb_scan_close(s);
}

static void test_outcome_without_row(void **state)
{
    struct world w;
    begin(&w);
    add(&w, (struct add){.target = "a", .executor = "start", .payload = "p"});
    settle(&w);
    run(&w, discard_queue, NULL);
    finish(&w, 0, WB_PERMANENT, 0);
    assert_int_equal(applied, 0);
    assert_int_equal(rows_in(&w, WB_T_DEAD), 0);
    world_close(&w);
}

/* The store refuses an outcome for want of room: it is kept and applied later. */
static bool full;
static void apply_full(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o,
                       bool last)
{
    applied++;
    if (full)
        wb_tx_error(tx, WB_STORE_FULL);
}

static void test_outcome_refused(void **state)
{
    static struct wb_executor x;
    x = x_start;
    x.name = "full";
    x.apply = apply_full;
    struct world w;
    begin(&w);
    wb_executor_register(w.engine, &x);
    add(&w, (struct add){.target = "a", .executor = "full", .payload = "p"});
    settle(&w);
    full = true;
    finish(&w, 0, WB_DONE, 0);
    assert_int_equal(queued(&w, "a"), 1);
    full = false;
    settle(&w);
    assert_int_equal(queued(&w, "a"), 1); /* not at once */
    wb_seam_sim_advance(&w.seam, WB_JOB_PAUSE_MS);
    settle(&w);
    assert_int_equal(queued(&w, "a"), 0);
    assert_int_equal(tasks, 0); /* it was not attempted again */
    world_close(&w);
}

/* --- dead rows --- */

static void first_dead(struct wb_tx *tx, void *arg)
{
    struct wb_slice key, value;
    struct wb_dead d;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_DEAD, ""));
    assert_true(wb_tx_next(tx, s, &key, &value));
    assert_true(wb_dead_decode(tx->arena, key, value, &d));
    assert_true(wb_slice_is(d.work.target, "a"));
    assert_true(wb_slice_is(d.work.payload, "p"));
    assert_true(wb_slice_is(d.reason, "permanent"));
    assert_true(wb_slice_is(d.code, "Code"));
    assert_int_equal(d.work.attempts, 1);
    *(uint64_t *)arg = d.id;
    wb_scan_close(s);
}

static void retry_fn(struct wb_tx *tx, void *arg)
{
    assert_true(wb_dead_retry(tx, *(uint64_t *)arg));
    assert_false(wb_dead_retry(tx, *(uint64_t *)arg));
    assert_false(wb_dead_discard(tx, 12345));
}

static void test_dead_retry(void **state)
{
    struct world w;
    uint64_t id;
    begin(&w);
    add(&w, (struct add){.target = "a", .executor = "start", .payload = "p"});
    settle(&w);
    finish(&w, 0, WB_PERMANENT, 0);
    look(&w, first_dead, &id);
    run(&w, retry_fn, &id);
    settle(&w);
    assert_int_equal(tasks, 1);
    assert_int_equal(wb_task_work(task[0])->attempts, 0);
    assert_int_equal(dead(&w), 0);
    finish(&w, 0, WB_DONE, 0);
    world_close(&w);
}

/* Kept 14 days, each from its own death. */
static void test_retention(void **state)
{
    struct world w;
    const int64_t day = 86400000;
    begin(&w);
    for (int i = 0; i < 3; i++) {
        add(&w, (struct add){.target = "a", .executor = "start", .payload = "p"});
        settle(&w);
        finish(&w, 0, WB_PERMANENT, 0);
        wb_seam_sim_advance(&w.seam, day);
        settle(&w);
    }
    wb_seam_sim_advance(&w.seam, 11 * day - 1);
    settle(&w);
    assert_int_equal(dead(&w), 3);
    for (int left = 2; left >= 0; left--) {
        wb_seam_sim_advance(&w.seam, left == 2 ? 1 : day);
        settle(&w);
        assert_int_equal(dead(&w), left);
    }
    /* The retention itself has ended, the upkeep of the metric of dead rows goes on. */
    assert_int_equal(rows_in(&w, WB_T_WORK), 1);
    world_close(&w);
}

/* --- jobs --- */

static void fill(struct wb_tx *tx, void *arg)
{
    for (uint64_t i = 0; i < 900; i++)
        wb_tx_put(tx, wb_key(tx->arena, 0xfff3, "uu", *(uint64_t *)arg, i), WB_S("v"));
}

static void drop(struct wb_tx *tx, void *arg)
{
    struct wb_slice lo = wb_key(tx->arena, 0xfff3, "");
    wb_job_drop_range(tx, WB_S("drop all"), lo, wb_key_after(tx->arena, lo));
}

static void test_drop_range(void **state)
{
    struct world w;
    begin(&w);
    for (uint64_t i = 0; i < 5; i++)
        run(&w, fill, &i);
    assert_int_equal(rows_in(&w, 0xfff3), 4500);
    run(&w, drop, NULL);
    assert_true(wb_writer_step(w.engine)); /* a part of it */
    assert_in_range(rows_in(&w, 0xfff3), 1, 4499);
    world_restart(&w); /* it goes on where it was */
    settle(&w);
    assert_int_equal(rows_in(&w, 0xfff3), 0);
    assert_int_equal(rows_in(&w, WB_T_JOB), 0);
    world_close(&w);
}

static unsigned job_steps;
static bool job_step(struct wb_tx *tx, struct wb_job *j)
{
    job_steps++;
    j->done++;
    return false; /* never ends */
}

static void start_job(struct wb_tx *tx, void *arg)
{
    wb_job_start(tx, arg, WB_S("a job"), WB_S("{}"));
}

static void nothing(struct wb_tx *tx, void *arg) {}

/* A job takes one step a batch; clients are served in each. */
static void test_jobs_and_clients(void **state)
{
    static const struct wb_job_kind endless = {.name = "endless", .step = job_step};
    struct world w;
    begin(&w);
    wb_job_register(w.engine, &endless);
    run(&w, start_job, "endless");
    job_steps = 0;
    for (unsigned i = 0; i < 10; i++) {
        struct act a;
        act_submit(&w, &a, WB_LANE_CLIENT, nothing, NULL);
        wb_writer_step(w.engine);
        assert_true(a.ended);
    }
    assert_int_equal(job_steps, 10);
    world_close(&w);
}

/* A kind that nobody knows: marked, and the next job goes on. */
static void test_unknown_job(void **state)
{
    static const struct wb_job_kind endless = {.name = "endless", .step = job_step};
    struct world w;
    uint64_t n = 1;
    begin(&w);
    wb_log_level_set(WB_LOG_ERROR + 1);
    wb_job_register(w.engine, &endless);
    run(&w, start_job, "endless");
    world_restart(&w); /* now without that kind */
    run(&w, fill, &n);
    run(&w, drop, NULL);
    settle(&w);
    assert_int_equal(rows_in(&w, 0xfff3), 0);
    assert_int_equal(rows_in(&w, WB_T_JOB), 1);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_schedule_delays),
        cmocka_unit_test(test_attempts_of_the_row),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_burst),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_payload_key),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_undecodable),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_outcome_without_row),
        cmocka_unit_test(test_outcome_refused),
        cmocka_unit_test(test_dead_retry),
        cmocka_unit_test(test_retention),
        cmocka_unit_test(test_drop_range),
        cmocka_unit_test(test_jobs_and_clients),
        cmocka_unit_test(test_unknown_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
