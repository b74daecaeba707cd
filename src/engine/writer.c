/*
 * The writer: all changes, one after another, many in one commit.
 *
 * Commands come in two lanes; the inside lane (outcomes, jobs) goes first. A batch takes what is
 * there, runs each command in one store transaction, commits once (one sync), then publishes
 * changed definitions, runs the after-hooks and hands the answers over. While one batch is being
 * synced the next one gathers by itself; but the clients just answered would always come one commit
 * too late, so that N clients shared their commits in two halves. So the writer waits for as many
 * clients as there were, at most half of what the last commit took: 64 clients then write 1.3
 * to 1.8 times as much, for less CPU. One client is never waited for.
 *
 * A batch is run in one of three ways:
 *   shared   every command directly in the batch's transaction. The usual way.
 *   nested   every command in a nested transaction of its own. Taken after a command failed
 *            having written something: the batch is undone and run again, and only the command
 *            that failed is undone.
 *   single   every command in a transaction and commit of its own. Taken when the disk or the map
 *            is full (the store then demands that the whole transaction goes) or a command turned
 *            out too big to share: only what does not fit is refused.
 * So a command must bear being run again; it touches nothing but its transaction.
 */
#include "engine/internal.h"
#include <errno.h>
#include <stdlib.h>
#include <time.h>

struct lane {
    struct wb_command *head, **tail;
    size_t count;
};

struct wb_writer {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct lane queue[2]; /* under lock */
    size_t client_held;   /* client commands queued or running; under lock */
    size_t wanted;        /* client commands that wake the writer; under lock */
    size_t crowd;         /* client commands there were when the last batch ended */
    int64_t commit_ns;    /* how long its commit took */
    bool starved;         /* a loop was turned away; under lock */
    bool woken;           /* under lock */
    struct lane mine[2];  /* the writer's own */
    size_t taken[2];      /* of each lane in this batch */
    struct wb_command *cmd[WB_BATCH_COMMANDS_MAX + 1]; /* of the batch; the job's step is last */
    enum wb_commit result[WB_BATCH_COMMANDS_MAX + 1];
    size_t count;
    struct wb_batch batch;
    struct wb_command job;
    atomic_bool jobs;
    int64_t job_hold_ns; /* the disk was full: not before */
};

enum run_mode { SHARED, NESTED };

/* --- lanes --- */

static void lane_init(struct lane *l)
{
    l->head = NULL;
    l->tail = &l->head;
    l->count = 0;
}

static void lane_push(struct lane *l, struct wb_command *c)
{
    c->next = NULL;
    *l->tail = c;
    l->tail = &c->next;
    l->count++;
}

static struct wb_command *lane_pop(struct lane *l)
{
    struct wb_command *c = l->head;
    if (!c)
        return NULL;
    l->head = c->next;
    if (!l->head)
        l->tail = &l->head;
    l->count--;
    return c;
}

static void lane_splice(struct lane *to, struct lane *from)
{
    if (!from->head)
        return;
    *to->tail = from->head;
    to->tail = from->tail;
    to->count += from->count;
    lane_init(from);
}

bool wb_submit(struct wb_engine *e, struct wb_command *c)
{
    struct wb_writer *w = e->writer;
    c->queued_ns = e->seam->mono_ns(e->seam);
    pthread_mutex_lock(&w->lock);
    if (c->lane == WB_LANE_CLIENT) {
        if (w->client_held >= WB_WRITER_QUEUE_MAX) {
            w->starved = true;
            pthread_mutex_unlock(&w->lock);
            return false;
        }
        w->client_held++;
    }
    lane_push(&w->queue[c->lane], c);
    if (c->lane == WB_LANE_INSIDE ? !w->wanted : w->queue[WB_LANE_CLIENT].count >= w->wanted)
        pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
    return true;
}

void wb_writer_wake(struct wb_engine *e)
{
    struct wb_writer *w = e->writer;
    pthread_mutex_lock(&w->lock);
    w->woken = true;
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
}

size_t wb_writer_queued(struct wb_engine *e)
{
    struct wb_writer *w = e->writer;
    pthread_mutex_lock(&w->lock);
    size_t n = w->client_held;
    pthread_mutex_unlock(&w->lock);
    return n;
}

void wb_writer_jobs(struct wb_engine *e, bool any)
{
    atomic_store(&e->writer->jobs, any);
}

static void take(struct wb_writer *w)
{
    pthread_mutex_lock(&w->lock);
    lane_splice(&w->mine[WB_LANE_INSIDE], &w->queue[WB_LANE_INSIDE]);
    lane_splice(&w->mine[WB_LANE_CLIENT], &w->queue[WB_LANE_CLIENT]);
    pthread_mutex_unlock(&w->lock);
}

/* The inside lane goes first, but a backlog of outcomes must not shut the clients out: after its
 * first WB_BATCH_INSIDE commands of a batch the lanes take turns. */
static struct wb_command *pop(struct wb_writer *w)
{
    bool client = w->taken[WB_LANE_INSIDE] > WB_BATCH_INSIDE + w->taken[WB_LANE_CLIENT];
    struct wb_command *c = lane_pop(&w->mine[client ? WB_LANE_CLIENT : WB_LANE_INSIDE]);
    if (!c)
        c = lane_pop(&w->mine[client ? WB_LANE_INSIDE : WB_LANE_CLIENT]);
    if (c)
        w->taken[c->lane]++;
    return c;
}

static struct wb_command *next_command(struct wb_writer *w)
{
    struct wb_command *c = pop(w);
    if (c)
        return c;
    take(w);
    return pop(w);
}

/* --- one transaction --- */

static bool batch_begin(struct wb_engine *e, bool alone)
{
    struct wb_batch *b = &e->writer->batch;
    wb_arena_reset(&b->arena);
    b->engine = e;
    b->after = b->sample = b->note = b->def = b->dropped = (struct wb_vec){0};
    b->series = NULL;
    b->stamps = 0;
    b->rows = b->bytes = 0;
    b->low_room = wb_store_room(e->store) < 0;
    b->ext = (struct wb_tx_ext){.batch = b, .alone = alone};
    b->tx = (struct wb_tx){.engine = e, .arena = &b->arena, .writes = true, .batch = &b->ext};
    enum wb_store_status s = wb_txn_begin(e->store, true, &b->tx.txn);
    if (s != WB_STORE_OK) {
        b->tx.txn = NULL;
        wb_tx_error(&b->tx, s);
        return false;
    }
    b->ext.sequence = wb_txn_sequence(b->tx.txn);
    b->tx.now_ms = wb_clock_commit(e);
    return true;
}

static void batch_abort(struct wb_batch *b)
{
    if (b->tx.txn)
        wb_txn_abort(b->tx.txn);
    b->tx.txn = NULL;
    wb_defs_publish(b, b->ext.sequence, false);
    wb_metrics_flushed(b->engine, false);
}

static void run_after(struct wb_batch *b)
{
    for (size_t i = 0; i < b->after.n; i++) {
        struct wb_after *a = WB_VEC_AT(&b->after, struct wb_after, i);
        a->fn(b->engine, a->arg);
    }
}

/* The batch's own rows, then the commit. What nothing was written for needs none. */
static enum wb_store_status batch_commit(struct wb_batch *b, bool counts)
{
    struct wb_engine *e = b->engine;
    b->tx.arena = &b->arena;
    b->ext.engine = true;
    wb_metrics_flush(b, counts);
    wb_work_flush(b);
    if (b->rows == 0) {
        batch_abort(b);
        run_after(b);
        return WB_STORE_OK;
    }
    wb_clock_save(&b->tx);
    if (b->tx.status != WB_STORE_OK) {
        enum wb_store_status s = b->tx.status;
        batch_abort(b);
        return s;
    }
    wb_defs_seal(b, b->ext.sequence);
    enum wb_store_status s = wb_txn_commit(b->tx.txn);
    b->tx.txn = NULL;
    wb_defs_publish(b, b->ext.sequence, s == WB_STORE_OK);
    wb_metrics_flushed(e, s == WB_STORE_OK);
    if (s != WB_STORE_OK) {
        if (s != WB_STORE_FULL)
            wb_log(WB_LOG_ERROR, "store", "commit failed", "why", wb_store_why(e->store), NULL);
        return s;
    }
    wb_work_flushed(b);
    run_after(b);
    return WB_STORE_OK;
}

static void command_begin(struct wb_batch *b)
{
    b->tx.arena = &b->arena;
    b->tx.status = WB_STORE_OK;
    b->ext.rows = b->ext.bytes = 0;
    b->ext.over = b->ext.undo = false;
}

enum ran { RAN_OK, RAN_FAILED, RAN_UNDO_BATCH, RAN_SINGLY };

/* Runs a command in the batch's transaction. */
static enum ran run_shared(struct wb_batch *b, struct wb_command *c)
{
    command_begin(b);
    c->run(c, &b->tx);
    if (b->tx.status == WB_STORE_FULL || b->ext.over)
        return RAN_SINGLY;
    if (b->tx.status == WB_STORE_OK && !b->ext.undo)
        return RAN_OK;
    if (b->ext.rows)
        return RAN_UNDO_BATCH;
    return b->tx.status == WB_STORE_OK ? RAN_OK : RAN_FAILED;
}

static enum ran run_nested(struct wb_batch *b, struct wb_command *c)
{
    command_begin(b);
    struct wb_nest n;
    wb_tx_nest(&b->tx, &n);
    if (b->tx.status == WB_STORE_OK)
        c->run(c, &b->tx);
    enum wb_store_status s = b->tx.status;
    bool undo = b->ext.undo;
    b->tx.arena = &b->arena;
    wb_tx_unnest(&b->tx, &n, s == WB_STORE_OK && !undo);
    if (b->tx.status == WB_STORE_FULL || b->ext.over)
        return RAN_SINGLY;
    return b->tx.status == WB_STORE_OK ? RAN_OK : RAN_FAILED;
}

/* --- ways to run a batch --- */

/* A commit that carries commands is counted; one that carries only counters is not, or an idle
 * server would never rest. */
static void count_commit(struct wb_engine *e, int64_t ns)
{
    const struct wb_writer *w = e->writer;
    double ms = (double)ns / 1e6, n = (double)w->count;
    if (w->count == 0)
        return;
    const struct wb_count_sums latency = {1, ms, ms, ms}, commands = {1, n, n, n};
    wb_count_own(e, "CommitLatency", NULL, 0, &latency, "Milliseconds");
    wb_count_own(e, "CommandsPerCommit", NULL, 0, &commands, "Count");
}

static void count_one(struct wb_engine *e, const char *name)
{
    const struct wb_count_sums one = {1, 1, 1, 1};
    wb_count_own(e, name, NULL, 0, &one, "Count");
}

static void count_slow(struct wb_engine *e, double ms)
{
    const struct wb_count_sums latency = {1, ms, ms, ms};
    count_one(e, "SlowCommands");
    wb_count_own(e, "SlowCommandLatency", NULL, 0, &latency, "Milliseconds");
}

static void finish(struct wb_writer *w)
{
    size_t clients = 0;
    for (size_t i = 0; i < w->count; i++)
        clients += w->cmd[i]->lane == WB_LANE_CLIENT;
    for (size_t i = 0; i < w->count; i++)
        w->cmd[i]->done(w->cmd[i], w->result[i]);
    w->count = 0;
    pthread_mutex_lock(&w->lock);
    w->crowd = w->client_held;
    w->client_held -= clients;
    bool room = w->starved && w->client_held <= WB_WRITER_QUEUE_MAX / 2;
    if (room)
        w->starved = false;
    pthread_mutex_unlock(&w->lock);
    if (room)
        wb_fronts_room(w->batch.engine);
}

static void run_singly(struct wb_engine *e)
{
    struct wb_writer *w = e->writer;
    struct wb_batch *b = &w->batch;
    bool full = false;
    for (size_t i = 0; i < w->count; i++) {
        enum wb_store_status s = WB_STORE_ERROR;
        bool undo = false;
        if (batch_begin(e, true)) {
            command_begin(b);
            w->cmd[i]->run(w->cmd[i], &b->tx);
            s = b->tx.status;
            undo = b->ext.undo;
            if (s != WB_STORE_OK || undo)
                batch_abort(b);
            else
                s = batch_commit(b, false);
        }
        w->result[i] = s == WB_STORE_OK     ? WB_COMMITTED
                       : s == WB_STORE_FULL ? WB_REFUSED_FULL
                                            : WB_FAILED;
        full |= s == WB_STORE_FULL;
    }
    if (full)
        count_one(e, "StoreFull");
}

/* Runs the gathered commands again. */
static void run_again(struct wb_engine *e, enum ran why)
{
    struct wb_writer *w = e->writer;
    struct wb_batch *b = &w->batch;
    if (why == RAN_UNDO_BATCH && batch_begin(e, false)) {
        enum ran r = RAN_OK;
        for (size_t i = 0; i < w->count && r != RAN_SINGLY; i++) {
            r = run_nested(b, w->cmd[i]);
            w->result[i] = r == RAN_FAILED ? WB_FAILED : WB_COMMITTED;
        }
        command_begin(b);
        if (r != RAN_SINGLY && batch_commit(b, false) == WB_STORE_OK)
            return;
        if (b->tx.txn)
            batch_abort(b);
    }
    run_singly(e);
}

static bool batch_full(const struct wb_engine *e, int64_t began_ns)
{
    const struct wb_writer *w = e->writer;
    const struct wb_batch *b = &w->batch;
    return w->count >= WB_BATCH_COMMANDS_MAX || b->bytes >= WB_BATCH_BYTES_MAX ||
           b->arena.total >= WB_BATCH_ARENA_MAX || b->stamps >= WB_BATCH_STAMPS_MAX / 2 ||
           e->seam->mono_ns(e->seam) - began_ns >= WB_BATCH_MS_MAX * 1000000LL;
}

/* One command of the batch; false: the batch has to be run again as *why says. */
static bool run_one(struct wb_engine *e, struct wb_command *c, enum ran *why)
{
    struct wb_writer *w = e->writer;
    int64_t began = e->seam->mono_ns(e->seam);
    w->cmd[w->count] = c;
    *why = run_shared(&w->batch, c);
    int64_t took = e->seam->mono_ns(e->seam) - began;
    if (took > WB_COMMAND_MS_MAX * 1000000LL)
        count_slow(e, (double)took / 1e6);
    w->result[w->count++] = *why == RAN_FAILED ? WB_FAILED : WB_COMMITTED;
    return *why == RAN_OK || *why == RAN_FAILED;
}

static void fail_all(struct wb_engine *e)
{
    struct wb_writer *w = e->writer;
    struct wb_command *c;
    while (w->count < WB_BATCH_COMMANDS_MAX && (c = next_command(w)))
        w->cmd[w->count++] = c;
    for (size_t i = 0; i < w->count; i++)
        w->result[i] = WB_FAILED;
}

static bool job_wanted(const struct wb_engine *e)
{
    const struct wb_writer *w = e->writer;
    return atomic_load(&w->jobs) && e->seam->mono_ns(e->seam) >= w->job_hold_ns;
}

bool wb_writer_step(struct wb_engine *e)
{
    struct wb_writer *w = e->writer;
    struct wb_batch *b = &w->batch;
    int64_t began = e->seam->mono_ns(e->seam);
    w->taken[0] = w->taken[1] = 0;
    take(w);
    bool counts = wb_counts_due(e, began), job = job_wanted(e);
    if (!w->mine[0].head && !w->mine[1].head && !counts && !job)
        return false;
    if (!batch_begin(e, false)) {
        fail_all(e);
        finish(w);
        return true;
    }
    struct wb_command *c;
    enum ran why = RAN_OK;
    bool good = true;
    while (good && (w->count == 0 || !batch_full(e, began)) && (c = next_command(w)))
        good = run_one(e, c, &why);
    /* A job's step comes last, so clients never wait for more than one of it. */
    if (good && job)
        good = run_one(e, &w->job, &why);
    command_begin(b);
    if (!good) {
        batch_abort(b);
        run_again(e, why);
    } else {
        int64_t commit_ns = e->seam->mono_ns(e->seam);
        enum wb_store_status s = batch_commit(b, counts);
        w->commit_ns = e->seam->mono_ns(e->seam) - commit_ns;
        if (b->rows)
            count_commit(e, w->commit_ns);
        if (s == WB_STORE_FULL)
            run_again(e, RAN_SINGLY);
        else if (s != WB_STORE_OK)
            for (size_t i = 0; i < w->count; i++)
                w->result[i] = WB_FAILED;
    }
    finish(w);
    return true;
}

/* --- jobs --- */

static void job_run(struct wb_command *c, struct wb_tx *tx)
{
    if (!wb_jobs_step(tx))
        atomic_store(&tx->engine->writer->jobs, false);
}

static void job_done(struct wb_command *c, enum wb_commit result)
{
    struct wb_writer *w = WB_CONTAINER(c, struct wb_writer, job);
    struct wb_engine *e = w->batch.engine;
    if (result == WB_COMMITTED)
        return;
    /* The row is still there: go on with it a little later. */
    atomic_store(&w->jobs, true);
    w->job_hold_ns = e->seam->mono_ns(e->seam) + WB_JOB_PAUSE_MS * 1000000LL;
}

/* --- life --- */

void wb_writer_new(struct wb_engine *e)
{
    struct wb_writer *w = e->writer = wb_xcalloc(1, sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_cond_init(&w->more, &mono);
    pthread_condattr_destroy(&mono);
    for (int i = 0; i < 2; i++) {
        lane_init(&w->queue[i]);
        lane_init(&w->mine[i]);
    }
    w->batch.engine = e;
    wb_arena_init(&w->batch.arena, 64 << 10);
    w->job = (struct wb_command){.lane = WB_LANE_INSIDE, .run = job_run, .done = job_done};
}

void wb_writer_free(struct wb_engine *e)
{
    struct wb_writer *w = e->writer;
    wb_arena_release(&w->batch.arena);
    pthread_cond_destroy(&w->more);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static struct timespec from_now(int64_t ns)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (t.tv_nsec + ns) / 1000000000;
    t.tv_nsec = (t.tv_nsec + ns) % 1000000000;
    return t;
}

/* Sleeps until there is something to do, at most a second (counters ride on a commit). */
static bool wait_for_work(struct wb_engine *e)
{
    struct wb_writer *w = e->writer;
    struct timespec until = from_now(1000000000);
    pthread_mutex_lock(&w->lock);
    bool empty = !w->queue[0].head && !w->queue[1].head && !w->woken;
    bool over = empty && atomic_load(&e->stopping) && !wb_dispatcher_alive(e);
    if (empty && !over)
        pthread_cond_timedwait(&w->more, &w->lock, &until);
    w->woken = false;
    pthread_mutex_unlock(&w->lock);
    return !over;
}

/* Waits for the clients that the last batch answered, so that they share the next commit with those
 * that queued meanwhile. */
static void gather(struct wb_writer *w)
{
    int64_t ns = w->commit_ns / WB_BATCH_LINGER_SHARE;
    if (w->crowd < 2 || w->mine[0].head || w->mine[1].head)
        return;
    struct timespec until = from_now(ns < WB_BATCH_LINGER_NS ? ns : WB_BATCH_LINGER_NS);
    pthread_mutex_lock(&w->lock);
    w->wanted = w->crowd;
    while (w->queue[WB_LANE_CLIENT].head && w->queue[WB_LANE_CLIENT].count < w->crowd)
        if (pthread_cond_timedwait(&w->more, &w->lock, &until))
            break;
    w->wanted = 0;
    pthread_mutex_unlock(&w->lock);
}

void wb_writer_run(struct wb_engine *e)
{
    do
        do
            gather(e->writer);
        while (wb_writer_step(e));
    while (wait_for_work(e));
    /* What was counted since the last commit is kept, too. */
    wb_counts_hurry(e);
    while (wb_writer_step(e))
        ;
}
