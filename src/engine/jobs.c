/*
 * Jobs: rows with a cursor, advanced one command at a time, the oldest first. The writer takes a
 * step at the end of a batch, after the clients' commands, so clients wait for at most one step.
 *
 * Row: u8 version, kind, name, state (lp each), done, total, started (le64), failure (lp). A job
 * whose kind is unknown or whose step meets a damaged row is marked as failed with the reason and
 * left for people to see; the ones after it go on.
 */
#include "engine/internal.h"

#define ROW_VERSION     1
#define DROP_RANGE_ROWS 500

struct row {
    struct wb_job job;
    int64_t started_ms;
    struct wb_slice failure;
};

void wb_job_register(struct wb_engine *e, const struct wb_job_kind *k)
{
    void *before = wb_map_put(e->job_kinds, wb_slice_str(k->name), (void *)k);
    assert(!before);
}

static struct wb_slice job_key(struct wb_arena *a, uint64_t number)
{
    return wb_key(a, WB_T_JOB, "u", number);
}

static bool row_read(struct wb_arena *a, struct wb_slice key, struct wb_slice value, struct row *j)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(a, key, &table);
    *j = (struct row){.job.number = wb_key_rd_u64(&k)};
    struct wb_rd r = wb_rd(wb_dup(a, value));
    if (k.bad || wb_rd_u8(&r) != ROW_VERSION)
        return false;
    j->job.kind = wb_dup_cstr(a, wb_rd_lp(&r));
    j->job.name = wb_rd_lp(&r);
    j->job.state = wb_rd_lp(&r);
    j->job.done = wb_rd_le64(&r);
    j->job.total = wb_rd_le64(&r);
    j->started_ms = (int64_t)wb_rd_le64(&r);
    j->failure = wb_rd_lp(&r);
    return wb_rd_done(&r);
}

static void row_put(struct wb_tx *tx, const struct row *j)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_lp(&b, wb_slice_str(j->job.kind));
    wb_buf_lp(&b, j->job.name);
    wb_buf_lp(&b, j->job.state);
    wb_buf_le64(&b, j->job.done);
    wb_buf_le64(&b, j->job.total);
    wb_buf_le64(&b, (uint64_t)j->started_ms);
    wb_buf_lp(&b, j->failure);
    wb_tx_put(tx, job_key(tx->arena, j->job.number), wb_buf_slice(&b));
}

bool wb_job_read(struct wb_arena *a, struct wb_slice key, struct wb_slice value, struct wb_job *j,
                 struct wb_slice *failed)
{
    struct row r;
    if (!row_read(a, key, value, &r))
        return false;
    *j = r.job;
    *failed = r.failure;
    return true;
}

static void jobs_wake(struct wb_engine *e, void *arg)
{
    wb_writer_jobs(e, true);
}

uint64_t wb_job_start(struct wb_tx *tx, const char *kind, struct wb_slice name,
                      struct wb_slice state)
{
    assert(wb_map_get(tx->engine->job_kinds, wb_slice_str(kind)));
    struct row j = {
        .job = {.number = wb_tx_number(tx, "job"), .kind = kind, .name = name, .state = state},
        .started_ms = tx->now_ms};
    row_put(tx, &j);
    wb_tx_after(tx, jobs_wake, NULL);
    return j.job.number;
}

void wb_jobs_start(struct wb_engine *e)
{
    struct wb_txn *t;
    if (wb_txn_begin(e->store, false, &t) != WB_STORE_OK)
        return;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice lo = wb_key(&a, WB_T_JOB, ""), key, value;
    struct wb_scan *s;
    if (wb_scan_open(t, lo, wb_key_after(&a, lo), false, &s) == WB_STORE_OK) {
        wb_writer_jobs(e, wb_scan_next(s, &key, &value) == WB_STORE_OK);
        wb_scan_close(s);
    }
    wb_txn_abort(t);
    wb_arena_release(&a);
}

/* The first job that has not failed. */
static bool first_job(struct wb_tx *tx, struct row *j)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_JOB, ""));
    bool found = false;
    while (!found && wb_tx_next(tx, s, &key, &value)) {
        if (!row_read(tx->arena, key, value, j)) {
            *j = (struct row){.job.number = j->job.number, .job.kind = ""};
            found = true;
        } else {
            found = j->failure.n == 0;
        }
    }
    wb_scan_close(s);
    return found;
}

static void fail(struct wb_tx *tx, struct row *j, const char *why)
{
    j->failure = wb_slice_str(why);
    wb_log(WB_LOG_ERROR, "jobs", "a job failed and is left as it is", "job",
           wb_dup_cstr(tx->arena, j->job.name), "why", why, NULL);
    row_put(tx, j);
}

bool wb_jobs_step(struct wb_tx *tx)
{
    struct row j;
    if (!first_job(tx, &j))
        return false;
    const struct wb_job_kind *k = wb_map_get(tx->engine->job_kinds, wb_slice_str(j.job.kind));
    if (!k) {
        fail(tx, &j, "unknown kind of job");
        return true;
    }
    struct wb_nest n;
    wb_tx_nest(tx, &n);
    bool finished = k->step(tx, &j.job);
    enum wb_store_status s = tx->status;
    wb_tx_unnest(tx, &n, s == WB_STORE_OK);
    if (s == WB_STORE_CORRUPT) {
        tx->status = WB_STORE_OK;
        fail(tx, &j, "a row is damaged; run waybill check");
        return true;
    }
    if (finished)
        wb_tx_del(tx, job_key(tx->arena, j.job.number));
    else
        row_put(tx, &j);
    return true;
}

/* --- deleting a range --- */

/* State: the two ends, each with its length before it. */
static bool drop_range_step(struct wb_tx *tx, struct wb_job *j)
{
    struct wb_rd r = wb_rd(j->state);
    struct wb_slice lo = wb_rd_lp(&r), hi = wb_rd_lp(&r), key, value;
    if (!wb_rd_done(&r))
        return true;
    struct wb_scan *s = wb_tx_scan(tx, lo, hi, false);
    unsigned n = 0;
    uint64_t bytes = 0;
    while (n < DROP_RANGE_ROWS && bytes < WB_COMMAND_BYTES_MAX / 2 &&
           wb_tx_next(tx, s, &key, &value)) {
        bytes += key.n + value.n;
        wb_tx_del(tx, wb_dup(tx->arena, key));
        n++;
    }
    bool more = n == DROP_RANGE_ROWS || bytes >= WB_COMMAND_BYTES_MAX / 2;
    wb_scan_close(s);
    j->done += n;
    return !more;
}

void wb_job_drop_range(struct wb_tx *tx, struct wb_slice name, struct wb_slice lo,
                       struct wb_slice hi)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_lp(&b, lo);
    wb_buf_lp(&b, hi);
    wb_job_start(tx, "drop-range", name, wb_buf_slice(&b));
}

void wb_jobs_register(struct wb_engine *e)
{
    static const struct wb_job_kind drop_range = {.name = "drop-range", .step = drop_range_step};
    wb_job_register(e, &drop_range);
}
