/*
 * The engine under a seed: writer and dispatcher as steps of one thread, scripted executors, a
 * clock that moves when told, and faults: outcomes of every kind, commands that fail after writing,
 * a full disk in the middle of a batch, crashes (all memory dropped, the engine made anew from the
 * store).
 *
 * What happened is recorded in the store by `apply`, in the same commit as the outcome, so the
 * records have the crashes behind them, too. Afterwards every row that was acknowledged must have
 * ended exactly once, done or dead, with attempts and due times as its schedule says; on the way
 * the limits and the order of each queue are checked at every start.
 *
 * WAYBILL_SEEDS=N runs N seeds, WAYBILL_SEED=S runs one.
 */
#include "engine/internal.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TARGETS  4
#define RECORD   0xfff0 /* row id, number of the record -> what apply saw */
#define SPOILT   0xfff1 /* must stay empty */
#define ACTIONS  250
#define ROWS_MAX 120
#define PENDING  64

static const int64_t delays[] = {60000, 120000};
static const struct wb_schedule schedule = {
    .delay_ms = delays, .delay_count = 2, .attempts_max = 3, .age_max_ms = 6 * 3600000LL};

struct world {
    uint64_t seed, random;
    struct wb_seam_sim seam;
    struct wb_store *store;
    struct wb_engine *engine;
    struct wb_task *pending[PENDING];
    size_t pending_count;
    unsigned running[TARGETS];
    char *started[4096]; /* keys of rows begun, until they have left the store */
    size_t started_len[4096], started_count;
    uint64_t rows, acknowledged;
    bool ack[ROWS_MAX + 1];
    bool calm;               /* no more faults */
    struct wb_link commands; /* submitted, not done */
};
static struct world w;

static uint64_t rnd(void)
{
    uint64_t z = w.random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool chance(unsigned percent)
{
    return rnd() % 100 < percent;
}

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "seed %llu: %s (line %d)\n", (unsigned long long)w.seed, #cond,        \
                    __LINE__);                                                                     \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static unsigned target_of(struct wb_slice name)
{
    return (unsigned)(name.p[name.n - 1] - '0');
}

static unsigned limit(struct wb_engine *e, struct wb_slice target)
{
    return target_of(target) == 0 ? 1 : target_of(target) == 1 ? 3 : 2;
}

/* --- what executors do --- */

static bool in_store(const char *key, size_t n)
{
    struct wb_txn *t;
    struct wb_slice v;
    CHECK(wb_txn_begin(w.store, false, &t) == WB_STORE_OK);
    bool there = wb_get(t, wb_slice(key, n), &v) == WB_STORE_OK;
    wb_txn_abort(t);
    return there;
}

static void forget_started(bool all)
{
    size_t n = 0;
    for (size_t i = 0; i < w.started_count; i++) {
        if (all || !in_store(w.started[i], w.started_len[i])) {
            free(w.started[i]);
            continue;
        }
        w.started[n] = w.started[i];
        w.started_len[n++] = w.started_len[i];
    }
    w.started_count = n;
}

static bool is_started(struct wb_slice key)
{
    for (size_t i = 0; i < w.started_count; i++)
        if (w.started_len[i] == key.n && memcmp(w.started[i], key.p, key.n) == 0)
            return true;
    return false;
}

/* A queue gives its rows in order: no earlier row of the target is left behind. */
static void check_order(const struct wb_work *work)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_txn *t;
    struct wb_scan *s;
    struct wb_slice lo = wb_key(&a, WB_T_WORK, "s", work->target), key, value;
    CHECK(wb_txn_begin(w.store, false, &t) == WB_STORE_OK);
    CHECK(wb_scan_open(t, lo, wb_key_after(&a, lo), false, &s) == WB_STORE_OK);
    forget_started(false);
    CHECK(!is_started(work->row_key)); /* one attempt at a time */
    while (wb_scan_next(s, &key, &value) == WB_STORE_OK && is_started(key))
        ;
    CHECK(wb_slice_eq(key, work->row_key));
    wb_scan_close(s);
    wb_txn_abort(t);
    wb_arena_release(&a);
}

static void start(struct wb_task *t)
{
    const struct wb_work *work = wb_task_work(t);
    unsigned i = target_of(work->target);
    CHECK(work->due_ms <= wb_engine_now(w.engine));
    check_order(work);
    w.running[i]++;
    CHECK(w.running[i] <= limit(w.engine, work->target));
    CHECK(w.pending_count < PENDING && w.started_count < 4096);
    w.started[w.started_count] = wb_xstrndup(work->row_key.p, work->row_key.n);
    w.started_len[w.started_count++] = work->row_key.n;
    w.pending[w.pending_count++] = t;
}

static struct wb_outcome some_outcome(void)
{
    unsigned n = rnd() % 100;
    if (n < 55)
        return (struct wb_outcome){.kind = WB_DONE};
    if (n < 60)
        return (struct wb_outcome){.kind = WB_ACCEPTED};
    if (n < 80)
        return (struct wb_outcome){.kind = WB_RETRY, .code = "Transient"};
    if (n < 93)
        return (struct wb_outcome){.kind = WB_BUSY, .after_ms = rnd() % 2 ? 700 : 0};
    return (struct wb_outcome){.kind = WB_PERMANENT, .code = "Broken"};
}

static void finish_one(void)
{
    if (!w.pending_count)
        return;
    size_t i = rnd() % w.pending_count;
    struct wb_task *t = w.pending[i];
    w.pending[i] = w.pending[--w.pending_count];
    w.running[target_of(wb_task_work(t)->target)]--;
    struct wb_outcome o = some_outcome();
    wb_task_finish(t, &o);
}

static void step(struct wb_tx *tx, const struct wb_work *work, struct wb_outcome *out)
{
    *out = some_outcome();
}

static uint64_t id_of(const struct wb_work *work)
{
    uint64_t id = 0;
    CHECK(wb_slice_u64(work->meta, &id));
    return id;
}

/* Record: kind, last, attempts, due, now. */
static void apply(struct wb_tx *tx, const struct wb_work *work, const struct wb_outcome *o,
                  bool last)
{
    uint64_t id = id_of(work), n = 0;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, RECORD, "u", id));
    while (wb_tx_next(tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_char(&b, (char)o->kind);
    wb_buf_char(&b, last);
    wb_buf_le32(&b, work->attempts);
    wb_buf_le64(&b, (uint64_t)work->due_ms);
    wb_buf_le64(&b, (uint64_t)tx->now_ms);
    wb_tx_put(tx, wb_key(tx->arena, RECORD, "uu", id, n), wb_buf_slice(&b));
    wb_put_metric(tx, WB_S("1"), WB_S("r"), "Sim", "Outcomes", NULL, 0, 1, "Count");
    CHECK(work->payload.n >= 7);
    if (!w.calm && chance(3))
        tx->status = WB_STORE_FULL; /* the disk is full just now */
}

static const struct wb_executor starter = {
    .name = "sim-start", .schedule = &schedule, .limit = limit, .start = start, .apply = apply};
static const struct wb_executor stepper = {
    .name = "sim-step", .schedule = &schedule, .step = step, .apply = apply};

static void module_start(struct wb_engine *e)
{
    wb_executor_register(e, &starter);
    wb_executor_register(e, &stepper);
}
static const struct wb_module module = {.start = module_start};
static const struct wb_module *const modules[] = {&module, NULL};

/* --- commands --- */

struct add {
    struct wb_command command;
    struct wb_link link;
    uint64_t first;
    unsigned count;
    uint64_t shape; /* where the rows go; the same when it is run again */
};

static void add_run(struct wb_command *c, struct wb_tx *tx)
{
    struct add *a = WB_CONTAINER(c, struct add, command);
    for (unsigned i = 0; i < a->count; i++) {
        uint64_t r = a->shape >> (i % 8 * 8);
        unsigned target = r % TARGETS;
        struct wb_slice payload = wb_printf(tx->arena, "payload %u", i);
        struct wb_work row = {.target = wb_printf(tx->arena, "sim:target-%u", target),
                              .executor = target == 3 ? "sim-step" : "sim-start",
                              .due_ms = tx->now_ms + (r & 64 ? 5000 : 0),
                              .meta =
                                  wb_printf(tx->arena, "%llu", (unsigned long long)a->first + i),
                              .payload = payload};
        if (r & 128) { /* the payload lies elsewhere */
            row.payload_key = wb_key(tx->arena, 0xfff2, "u", a->first + i);
            wb_tx_put(tx, row.payload_key, payload);
            row.payload = WB_SLICE_NULL;
        }
        wb_work_add(tx, &row);
    }
}

static void add_done(struct wb_command *c, enum wb_commit result)
{
    struct add *a = WB_CONTAINER(c, struct add, command);
    for (unsigned i = 0; result == WB_COMMITTED && i < a->count; i++) {
        w.ack[a->first + i] = true;
        w.acknowledged++;
    }
    wb_list_remove(&a->link);
    free(a);
}

static void add_rows(void)
{
    unsigned count = 1 + rnd() % 6;
    if (w.rows + count > ROWS_MAX)
        return;
    struct add *a = wb_xcalloc(1, sizeof *a);
    a->command = (struct wb_command){.lane = WB_LANE_CLIENT, .run = add_run, .done = add_done};
    a->first = w.rows + 1;
    a->count = count;
    a->shape = rnd();
    w.rows += count;
    wb_list_append(&w.commands, &a->link);
    CHECK(wb_submit(w.engine, &a->command));
}

static void bad_run(struct wb_command *c, struct wb_tx *tx)
{
    wb_tx_put(tx, wb_key(tx->arena, SPOILT, "u", wb_tx_stamp(tx)), WB_S("x"));
    wb_put_metric(tx, WB_S("1"), WB_S("r"), "Sim", "Spoilt", NULL, 0, 1, "Count");
    wb_work_add(tx, &(struct wb_work){.target = WB_S("sim:target-0"),
                                      .executor = "sim-start",
                                      .meta = WB_S("999999"),
                                      .payload = WB_S("spoilt!")});
    wb_tx_undo(tx);
}

static void bad_done(struct wb_command *c, enum wb_commit result)
{
    struct add *a = WB_CONTAINER(c, struct add, command);
    CHECK(result == WB_COMMITTED); /* its answer is an error, but the batch went well */
    wb_list_remove(&a->link);
    free(a);
}

static void add_bad(void)
{
    struct add *a = wb_xcalloc(1, sizeof *a);
    a->command = (struct wb_command){.lane = WB_LANE_CLIENT, .run = bad_run, .done = bad_done};
    wb_list_append(&w.commands, &a->link);
    CHECK(wb_submit(w.engine, &a->command));
}

/* --- the run --- */

static void begin_engine(void)
{
    struct wb_config config = {.data_dir = "", .auth = false};
    w.engine = wb_engine_new(&config, w.store, &w.seam.seam, NULL, modules);
    CHECK(w.engine);
    w.engine->strict = false;
}

/* Commands still queued are lost unanswered; their memory is ours. */
static void crash(void)
{
    wb_engine_free(w.engine);
    while (!wb_list_empty(&w.commands)) {
        struct add *a = WB_CONTAINER(w.commands.next, struct add, link);
        wb_list_remove(&a->link);
        free(a);
    }
    w.pending_count = 0;
    memset(w.running, 0, sizeof w.running);
    forget_started(true);
    begin_engine();
}

static void act(void)
{
    unsigned n = rnd() % 100;
    if (n < 15)
        add_rows();
    else if (n < 35)
        wb_writer_step(w.engine);
    else if (n < 60)
        wb_dispatcher_step(w.engine);
    else if (n < 85)
        finish_one();
    else if (n < 94)
        wb_seam_sim_advance(&w.seam, chance(30) ? 61000 : (int64_t)(rnd() % 3000));
    else if (n < 96)
        wb_work_wake(w.engine, chance(50) ? WB_SLICE_NULL : WB_S("sim:target-1"));
    else if (n < 98)
        add_bad();
    else
        crash();
}

static bool rows_left(void)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_txn *t;
    struct wb_scan *s;
    struct wb_slice lo = wb_key(&a, WB_T_WORK, "s", WB_S("sim:")), key, value;
    lo.n -= 2; /* every target that begins so */
    CHECK(wb_txn_begin(w.store, false, &t) == WB_STORE_OK);
    CHECK(wb_scan_open(t, lo, wb_key_after(&a, lo), false, &s) == WB_STORE_OK);
    bool left = wb_scan_next(s, &key, &value) == WB_STORE_OK;
    wb_scan_close(s);
    wb_txn_abort(t);
    wb_arena_release(&a);
    return left;
}

static void settle_all(void)
{
    w.calm = true;
    for (unsigned turns = 0;; turns++) {
        CHECK(turns < 200000);
        bool any = wb_writer_step(w.engine);
        any |= wb_dispatcher_step(w.engine);
        if (w.pending_count) {
            finish_one();
            any = true;
        }
        if (any)
            continue;
        if (!rows_left())
            return;
        int64_t next = wb_dispatcher_next(w.engine), now = wb_engine_now(w.engine);
        CHECK(next != INT64_MAX || w.seam.mono_ns); /* outcomes held back by a full disk */
        wb_seam_sim_advance(
            &w.seam, next > now && next != INT64_MAX && next - now < 1000000 ? next - now : 1000);
    }
}

static void check_row(struct wb_txn *t, struct wb_arena *a, uint64_t id)
{
    struct wb_scan *s;
    struct wb_slice lo = wb_key(a, RECORD, "u", id), key, value;
    CHECK(wb_scan_open(t, lo, wb_key_after(a, lo), false, &s) == WB_STORE_OK);
    unsigned records = 0, attempts = 0;
    bool ended = false;
    int64_t expect_due = -1;
    while (wb_scan_next(s, &key, &value) == WB_STORE_OK) {
        struct wb_rd r = wb_rd(value);
        enum wb_outcome_kind kind = wb_rd_u8(&r);
        bool last = wb_rd_u8(&r);
        unsigned made = wb_rd_le32(&r);
        int64_t due = (int64_t)wb_rd_le64(&r), now = (int64_t)wb_rd_le64(&r);
        CHECK(wb_rd_done(&r));
        CHECK(!ended); /* nothing after the end */
        attempts += kind != WB_BUSY;
        CHECK(made == attempts);
        if (expect_due >= 0)
            CHECK(due == expect_due);
        expect_due = kind == WB_RETRY && attempts <= 2 ? now + delays[attempts - 1] : -1;
        CHECK(now >= due);
        if (kind == WB_DONE || kind == WB_ACCEPTED || kind == WB_PERMANENT)
            CHECK(last);
        if (kind == WB_RETRY && attempts < 3)
            CHECK(!last || due > 0);
        if (attempts == 3 && kind != WB_BUSY)
            CHECK(last);
        ended = last;
        records++;
    }
    wb_scan_close(s);
    CHECK(records > 0);
    CHECK(ended);
}

/* Every row has ended; as many are dead as ended badly; nothing else is in the queues. */
static void check_all(void)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_txn *t;
    struct wb_scan *s;
    struct wb_slice key, value;
    CHECK(wb_txn_begin(w.store, false, &t) == WB_STORE_OK);
    for (uint64_t id = 1; id <= w.rows; id++)
        if (w.ack[id])
            check_row(t, &a, id);
    uint64_t ended_badly = 0, dead = 0;
    struct wb_slice lo = wb_key(&a, RECORD, "");
    CHECK(wb_scan_open(t, lo, wb_key_after(&a, lo), false, &s) == WB_STORE_OK);
    while (wb_scan_next(s, &key, &value) == WB_STORE_OK)
        ended_badly += value.p[1] && value.p[0] != WB_DONE && value.p[0] != WB_ACCEPTED;
    wb_scan_close(s);
    lo = wb_key(&a, WB_T_DEAD, "");
    CHECK(wb_scan_open(t, lo, wb_key_after(&a, lo), false, &s) == WB_STORE_OK);
    while (wb_scan_next(s, &key, &value) == WB_STORE_OK) {
        struct wb_dead d;
        CHECK(wb_dead_decode(&a, key, value, &d) && d.work.executor);
        CHECK(d.work.payload.n >= 7); /* even of a payload that lay elsewhere */
        dead++;
    }
    wb_scan_close(s);
    CHECK(dead == ended_badly);
    lo = wb_key(&a, SPOILT, "");
    CHECK(wb_scan_open(t, lo, wb_key_after(&a, lo), false, &s) == WB_STORE_OK);
    CHECK(wb_scan_next(s, &key, &value) == WB_STORE_NOT_FOUND);
    wb_scan_close(s);
    /* No row, so no count of rows, but the retention's and that of the metrics' upkeep. */
    lo = wb_key(&a, WB_T_WORK_COUNT, "");
    CHECK(wb_scan_open(t, lo, wb_key_after(&a, lo), false, &s) == WB_STORE_OK);
    unsigned counts = 0;
    while (wb_scan_next(s, &key, &value) == WB_STORE_OK)
        counts += wb_slice_find(key, WB_S("metrics"), 0) < 0;
    CHECK(counts == (dead > 0));
    wb_scan_close(s);
    wb_txn_abort(t);
    wb_arena_release(&a);
}

static void run_seed(uint64_t seed)
{
    w = (struct world){.seed = seed, .random = seed * 7919 + 1};
    wb_seam_sim_init(&w.seam, seed, 1795348800000 + (int64_t)(seed % 1000));
    wb_list_init(&w.commands);
    w.store = wb_store_open_mem();
    begin_engine();
    for (unsigned i = 0; i < ACTIONS; i++)
        act();
    settle_all();
    check_all();
    wb_engine_free(w.engine);
    wb_store_close(w.store);
    forget_started(true);
}

static void test_seeds(void **state)
{
    const char *one = getenv("WAYBILL_SEED"), *many = getenv("WAYBILL_SEEDS");
    if (one) {
        run_seed(strtoull(one, NULL, 10));
        return;
    }
    uint64_t n = many ? strtoull(many, NULL, 10) : 500;
    for (uint64_t seed = 1; seed <= n; seed++)
        run_seed(seed);
}

int main(void)
{
    wb_log_level_set(WB_LOG_ERROR + 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_seeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
