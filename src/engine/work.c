/*
 * The rows of the work queue: their bytes, adding them, and what an outcome does to them.
 *
 * Key: target, due time, stamp. The stamp stays when a row moves to a later time; it is the row's
 * identity, and it keeps rows due at the same time in the order in which they were made.
 * Beside the rows lies one count per target (WB_T_WORK_COUNT), changed once a batch.
 */
#include "engine/internal.h"
#include <stdlib.h>

#define ROW_VERSION 1

void wb_executor_register(struct wb_engine *e, const struct wb_executor *x)
{
    assert((x->start != NULL) != (x->step != NULL));
    void *before = wb_map_put(e->executors, wb_slice_str(x->name), (void *)x);
    assert(!before);
}

const struct wb_executor *wb_executor_find(const struct wb_engine *e, struct wb_slice name)
{
    return wb_map_get(e->executors, name);
}

/* --- bytes --- */

struct wb_slice wb_work_encode(struct wb_arena *a, const struct wb_work *w)
{
    struct wb_slice ctx = wb_ctx_pack(a, &w->ctx);
    struct wb_buf b = wb_buf_in(a);
    wb_buf_reserve(&b, 96 + ctx.n + w->meta.n + w->payload.n + w->payload_key.n + w->last_code.n +
                           w->last_message.n + strlen(w->executor));
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_lp(&b, wb_slice_str(w->executor));
    wb_buf_le64(&b, (uint64_t)w->first_ms);
    wb_buf_le32(&b, w->attempts);
    wb_buf_le32(&b, w->attempts_max);
    wb_buf_le64(&b, (uint64_t)w->age_max_ms);
    wb_buf_lp(&b, ctx);
    wb_buf_lp(&b, w->meta);
    /* With a payload_key the payload lies there, once. */
    wb_buf_lp(&b, w->payload_key.n ? WB_SLICE_NULL : w->payload);
    wb_buf_lp(&b, w->payload_key);
    wb_buf_lp(&b, w->last_code);
    wb_buf_lp(&b, w->last_message);
    return wb_buf_slice(&b);
}

bool wb_work_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                    struct wb_work *w)
{
    *w = (struct wb_work){.row_key = key};
    uint64_t stamp;
    if (!wb_work_key_read(a, key, &w->target, &w->due_ms, &stamp))
        return false;
    struct wb_rd r = wb_rd(value);
    if (wb_rd_u8(&r) != ROW_VERSION)
        return false;
    struct wb_slice executor = wb_rd_lp(&r);
    w->first_ms = (int64_t)wb_rd_le64(&r);
    w->attempts = wb_rd_le32(&r);
    w->attempts_max = wb_rd_le32(&r);
    w->age_max_ms = (int64_t)wb_rd_le64(&r);
    struct wb_slice ctx = wb_rd_lp(&r);
    w->meta = wb_rd_lp(&r);
    w->payload = wb_rd_lp(&r);
    w->payload_key = wb_rd_lp(&r);
    w->last_code = wb_rd_lp(&r);
    w->last_message = wb_rd_lp(&r);
    if (!wb_rd_done(&r) || !wb_ctx_unpack(ctx, &w->ctx))
        return false;
    w->executor = wb_dup_cstr(a, executor);
    return true;
}

struct wb_slice wb_work_key(struct wb_arena *a, struct wb_slice target, int64_t due_ms,
                            uint64_t stamp)
{
    return wb_key(a, WB_T_WORK, "siu", target, due_ms, stamp);
}

bool wb_work_key_read(struct wb_arena *a, struct wb_slice key, struct wb_slice *target,
                      int64_t *due_ms, uint64_t *stamp)
{
    uint16_t table;
    struct wb_key_rd r = wb_key_rd(a, key, &table);
    *target = wb_key_rd_str(&r);
    *due_ms = wb_key_rd_i64(&r);
    *stamp = wb_key_rd_u64(&r);
    return !r.bad && r.p == r.end && table == WB_T_WORK;
}

/* --- adding --- */

void wb_work_note(struct wb_tx *tx, struct wb_slice target, int64_t due_ms, int delta, int failed)
{
    struct wb_batch *b = wb_tx_ext(tx)->batch;
    struct wb_note *n = wb_vec_push(&b->note, &b->arena, sizeof *n);
    *n = (struct wb_note){wb_dup(&b->arena, target), due_ms, delta, failed};
}

void wb_work_add(struct wb_tx *tx, const struct wb_work *w)
{
    struct wb_work row = *w;
    if (row.first_ms == 0)
        row.first_ms = tx->now_ms;
    if (row.due_ms < tx->now_ms)
        row.due_ms = tx->now_ms;
    assert(row.executor && wb_executor_find(tx->engine, wb_slice_str(row.executor)));
    assert(row.target.n);
    struct wb_slice key = wb_work_key(tx->arena, row.target, row.due_ms, wb_tx_stamp(tx));
    wb_tx_put(tx, key, wb_work_encode(tx->arena, &row));
    wb_work_note(tx, row.target, row.due_ms, 1, 0);
}

/* --- counts and news, once a batch --- */

/* The notes of a batch, one a target, in the batch's arena. */
static struct wb_note *merge_notes(struct wb_batch *b, size_t *count)
{
    struct wb_map *m = wb_map_new();
    struct wb_note *all = wb_new_n(&b->arena, struct wb_note, b->note.n);
    *count = 0;
    for (size_t i = 0; i < b->note.n; i++) {
        const struct wb_note *n = WB_VEC_AT(&b->note, struct wb_note, i);
        struct wb_note *sum = wb_map_get(m, n->target);
        if (!sum) {
            sum = &all[(*count)++];
            *sum = *n;
            wb_map_put(m, n->target, sum);
            continue;
        }
        sum->delta += n->delta;
        sum->failed += n->failed;
        if (n->due_ms < sum->due_ms)
            sum->due_ms = n->due_ms;
    }
    wb_map_free(m);
    return all;
}

static struct wb_slice count_key(struct wb_arena *a, struct wb_slice target)
{
    return wb_key(a, WB_T_WORK_COUNT, "s", target);
}

/* Value: rows, rows that have failed at least once (le64 each). */
static uint64_t read_count(struct wb_tx *tx, struct wb_slice target, uint64_t *failed)
{
    struct wb_slice v;
    *failed = 0;
    if (!wb_tx_get(tx, count_key(tx->arena, target), &v))
        return 0;
    struct wb_rd r = wb_rd(v);
    uint64_t n = wb_rd_le64(&r);
    *failed = wb_rd_le64(&r);
    return n;
}

void wb_work_flush(struct wb_batch *b)
{
    if (!b->note.n)
        return;
    size_t count;
    struct wb_note *all = merge_notes(b, &count);
    b->note.p = all;
    b->note.n = b->note.cap = count;
    for (size_t i = 0; i < count; i++) {
        if (all[i].delta == 0 && all[i].failed == 0)
            continue;
        struct wb_slice key = count_key(&b->arena, all[i].target);
        uint64_t failed, n = read_count(&b->tx, all[i].target, &failed);
        n += (uint64_t)(int64_t)all[i].delta;
        failed += (uint64_t)(int64_t)all[i].failed;
        if (n == 0) {
            wb_tx_del(&b->tx, key);
            continue;
        }
        struct wb_buf v = wb_buf_in(&b->arena);
        wb_buf_le64(&v, n);
        wb_buf_le64(&v, failed);
        wb_tx_put(&b->tx, key, wb_buf_slice(&v));
    }
}

void wb_work_flushed(struct wb_batch *b)
{
    if (b->note.n)
        wb_dispatcher_notify(b->engine, b->note.p, b->note.n);
}

uint64_t wb_work_count(struct wb_tx *tx, struct wb_slice target, int64_t *oldest_ms)
{
    uint64_t failed, n = read_count(tx, target, &failed);
    if (!oldest_ms)
        return n;
    *oldest_ms = 0;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_WORK, "s", target));
    struct wb_work w;
    if (wb_tx_next(tx, s, &key, &value) && wb_work_decode(tx->arena, key, value, &w) &&
        tx->now_ms > w.first_ms)
        *oldest_ms = tx->now_ms - w.first_ms;
    wb_scan_close(s);
    return n;
}

/* --- outcomes --- */

/* The pause before the attempt that follows `attempts` finished ones. */
int64_t wb_schedule_delay(const struct wb_schedule *s, uint32_t attempts, struct wb_seam *seam)
{
    if (!s)
        return 1000;
    unsigned i = attempts ? attempts - 1 : 0;
    int64_t delay;
    if (i < s->delay_count) {
        delay = s->delay_ms[i];
    } else {
        unsigned n = i - s->delay_count;
        int64_t cap = s->cap_ms ? s->cap_ms : INT64_MAX / 4;
        delay = s->base_ms;
        if (!delay)
            delay = s->delay_count ? s->delay_ms[s->delay_count - 1] : 1000;
        while (n-- && delay < cap)
            delay *= 2;
        if (delay > cap)
            delay = cap;
    }
    if (s->jitter_percent) {
        uint32_t r;
        seam->random(seam, &r, sizeof r);
        int64_t span = delay * s->jitter_percent / 100;
        delay += (int64_t)(r % (uint64_t)(2 * span + 1)) - span;
    }
    return delay;
}

int64_t wb_work_age_max(const struct wb_work *w, const struct wb_executor *x)
{
    return w->age_max_ms ? w->age_max_ms : x->schedule ? x->schedule->age_max_ms : 0;
}

/* When the row is due again; INT64_MAX with *reason set when it is to be a dead row. */
static int64_t next_due(struct wb_tx *tx, const struct wb_executor *x, const struct wb_work *w,
                        const struct wb_outcome *o, const char **reason)
{
    const struct wb_schedule *s = x->schedule;
    if (o->kind == WB_PERMANENT) {
        *reason = "permanent";
        return INT64_MAX;
    }
    int64_t age_max = wb_work_age_max(w, x);
    int64_t end = age_max ? w->first_ms + age_max : INT64_MAX;
    if (o->kind == WB_BUSY) {
        int64_t due = tx->now_ms + (o->after_ms ? o->after_ms : WB_WORK_BUSY_MS);
        if (tx->now_ms >= end) {
            *reason = "age";
            return INT64_MAX;
        }
        return due < end ? due : end; /* at its end it gets its last chance */
    }
    uint32_t max = w->attempts_max ? w->attempts_max : s ? s->attempts_max : 0;
    if (max && w->attempts >= max) {
        *reason = "attempts";
        return INT64_MAX;
    }
    int64_t delay = wb_schedule_delay(s, w->attempts, tx->engine->seam);
    int64_t due = tx->now_ms + (o->after_ms > delay ? o->after_ms : delay);
    if (due > end) {
        *reason = "age";
        return INT64_MAX;
    }
    return due;
}

bool wb_work_settle(struct wb_tx *tx, const struct wb_executor *x, struct wb_work *w,
                    struct wb_work *row, const struct wb_outcome *o, int64_t *due)
{
    bool good = o->kind == WB_DONE || o->kind == WB_ACCEPTED;
    const char *reason = NULL;
    *due = INT64_MAX;
    if (o->kind != WB_BUSY)
        row->attempts++;
    w->attempts = row->attempts;
    if (!good)
        *due = next_due(tx, x, row, o, &reason);
    bool last = *due == INT64_MAX, failed_before = row->last_code.p && row->last_code.n;
    if (x->apply)
        x->apply(tx, w, o, last);
    struct wb_slice old = row->row_key;
    if (!good && last) {
        row->payload = w->payload;
        wb_dead_add(tx, row, reason, o->code, o->message);
    }
    if (!wb_tx_del(tx, old))
        return false;
    if (last) {
        wb_work_note(tx, row->target, INT64_MAX, -1, -failed_before);
        return true;
    }
    struct wb_slice target;
    int64_t was;
    uint64_t stamp;
    if (!wb_work_key_read(tx->arena, old, &target, &was, &stamp))
        return false;
    row->due_ms = *due;
    if (o->trace.n)
        row->ctx.trace = o->trace;
    if (o->kind == WB_RETRY) {
        row->last_code = wb_slice_str(o->code ? o->code : "FAILED");
        row->last_message = o->message;
    }
    wb_tx_put(tx, wb_work_key(tx->arena, target, *due, stamp), wb_work_encode(tx->arena, row));
    wb_work_note(tx, target, *due, 0, o->kind == WB_RETRY && !failed_before);
    return true;
}
