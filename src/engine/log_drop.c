/*
 * Removing logs: what expires by retention, and what a deleted group or stream leaves behind.
 *
 * Blocks lie by hour, so both go from hour to hour. Expiry is one work row for all groups, made
 * with the first retention; it comes back every hour, and goes when no group has one. A job removes
 * what was deleted.
 */
#include "engine/internal.h"
#include "engine/logs.h"

#define EXPIRY_TARGET   "waybill:logs"
#define EXPIRY_EVERY_MS WB_LOG_HOUR_MS
#define DAY_MS          86400000LL
#define DROP_KIND       "drop-logs"

struct sweep {
    uint64_t group;
    struct wb_slice stream; /* null: all of the group */
    uint64_t below;         /* stamps, exclusive */
    int64_t hour_ms;        /* where to go on */
    int64_t to_ms;          /* lines before this go */
    unsigned budget;
};

/* Deletes what has expired of one hour; true when nothing is left to do there. `gone` hears of each
 * block. */
static bool sweep_hour(struct wb_tx *tx, struct sweep *w,
                       void (*gone)(struct wb_tx *tx, const struct wb_log_block *b, void *arg),
                       void *arg)
{
    struct wb_slice prefix =
        w->stream.p ? wb_key(tx->arena, WB_T_LOG_BLOCK, "ius", w->hour_ms, w->group, w->stream)
                    : wb_key(tx->arena, WB_T_LOG_BLOCK, "iu", w->hour_ms, w->group);
    struct wb_slice key, value, *keys = wb_new_n(tx->arena, struct wb_slice, WB_LOG_DROP_ROWS);
    struct wb_log_block *block = wb_new_n(tx->arena, struct wb_log_block, WB_LOG_DROP_ROWS);
    size_t n = 0;
    bool whole = true;
    struct wb_scan *s = wb_tx_scan_prefix(tx, prefix);
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_log_block b;
        if (!wb_log_block_decode(tx->arena, key, value, &b) || b.stamp >= w->below)
            continue;
        int64_t last = b.last_ms == INT64_MAX ? b.hour_ms + WB_LOG_HOUR_MS : b.last_ms;
        if (last >= w->to_ms)
            continue;
        if (w->budget == 0) {
            whole = false;
            break;
        }
        w->budget--;
        block[n] = b;
        keys[n++] = wb_dup(tx->arena, key);
    }
    wb_scan_close(s);
    for (size_t i = 0; i < n; i++) {
        wb_tx_del(tx, keys[i]);
        if (gone)
            gone(tx, &block[i], arg);
    }
    return whole;
}

/* True when all is done; else there is more for another step. */
static bool sweep(struct wb_tx *tx, struct sweep *w,
                  void (*gone)(struct wb_tx *tx, const struct wb_log_block *b, void *arg),
                  void *arg)
{
    while (w->hour_ms < w->to_ms) {
        if (!wb_log_hour(tx, w->group, w->stream, false, &w->hour_ms) || w->hour_ms >= w->to_ms)
            return true;
        if (w->budget == 0 || !sweep_hour(tx, w, gone, arg))
            return false;
        w->budget -= w->budget > 0;
        w->hour_ms += WB_LOG_HOUR_MS;
    }
    return true;
}

/* --- retention --- */

static struct wb_slice meta_key(struct wb_arena *a)
{
    return wb_key(a, WB_T_META, "z", "logs");
}

void wb_log_expect_expiry(struct wb_tx *tx)
{
    struct wb_slice key = meta_key(tx->arena), v;
    if (wb_tx_get(tx, key, &v))
        return;
    wb_tx_put(tx, key, WB_S("1"));
    wb_work_add(tx, &(struct wb_work){.target = WB_S(EXPIRY_TARGET),
                                      .executor = "log-expiry",
                                      .due_ms = tx->now_ms});
}

static void block_expired(struct wb_tx *tx, const struct wb_log_block *b, void *arg)
{
    struct wb_log_group *g = arg;
    struct wb_log_stream s;
    if (!wb_log_stream_read(tx, b->group, b->stream, &s) || b->stamp < s.since)
        return;
    s.bytes -= s.bytes < b->size ? s.bytes : b->size;
    g->bytes -= g->bytes < b->size ? g->bytes : b->size;
    wb_log_stream_write(tx, b->group, &s);
}

/* True when nothing more of the group is due. */
static bool expire_group(struct wb_tx *tx, struct wb_log_group *g, unsigned *budget)
{
    int64_t limit = tx->now_ms - g->retention_days * DAY_MS;
    struct sweep w = {.group = g->number,
                      .below = UINT64_MAX,
                      .hour_ms = g->swept_ms,
                      .to_ms = limit,
                      .budget = *budget};
    bool done = sweep(tx, &w, block_expired, g);
    /* The hour of the limit itself is looked at again. */
    int64_t swept = w.hour_ms, limit_hour = limit - limit % WB_LOG_HOUR_MS;
    if (done || swept > limit_hour)
        swept = limit_hour;
    if (swept > g->swept_ms || w.budget != *budget) {
        g->swept_ms = swept > g->swept_ms ? swept : g->swept_ms;
        wb_log_group_write(tx, g);
    }
    *budget = w.budget;
    return done;
}

struct groups {
    struct wb_log_group *group;
    size_t count, cap;
};

static void groups_with_retention(struct wb_tx *tx, struct groups *all)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOG_GROUP, ""));
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_log_group g;
        if (!wb_log_group_decode(tx, key, value, &g) || !g.retention_days)
            continue;
        if (all->count == all->cap) {
            struct wb_log_group *more =
                wb_new_n(tx->arena, struct wb_log_group, all->cap = 2 * all->cap + 16);
            if (all->count)
                memcpy(more, all->group, all->count * sizeof *more);
            all->group = more;
        }
        all->group[all->count++] = g;
    }
    wb_scan_close(s);
}

static void expire(struct wb_tx *tx, const struct wb_work *work, struct wb_outcome *out)
{
    struct groups all = {0};
    unsigned budget = WB_LOG_DROP_ROWS;
    bool done = true;
    groups_with_retention(tx, &all);
    for (size_t i = 0; i < all.count && done; i++)
        done = expire_group(tx, &all.group[i], &budget);
    if (all.count == 0) {
        wb_tx_del(tx, meta_key(tx->arena));
        *out = (struct wb_outcome){.kind = WB_DONE};
    } else {
        *out = (struct wb_outcome){.kind = WB_BUSY, .after_ms = done ? EXPIRY_EVERY_MS : 1};
    }
}

/* --- what was deleted --- */

/* State: group (le64), stream (lp; empty = all), below, hour (le64). */
static struct wb_slice drop_state(struct wb_arena *a, const struct sweep *w)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_le64(&b, w->group);
    wb_buf_lp(&b, w->stream);
    wb_buf_le64(&b, w->below);
    wb_buf_le64(&b, (uint64_t)w->hour_ms);
    return wb_buf_slice(&b);
}

static bool drop_step(struct wb_tx *tx, struct wb_job *j)
{
    struct wb_rd r = wb_rd(j->state);
    struct sweep w = {.to_ms = INT64_MAX - WB_LOG_HOUR_MS, .budget = WB_LOG_DROP_ROWS};
    w.group = wb_rd_le64(&r);
    w.stream = wb_rd_lp(&r);
    w.below = wb_rd_le64(&r);
    w.hour_ms = (int64_t)wb_rd_le64(&r);
    if (!wb_rd_done(&r))
        return true;
    if (!w.stream.n)
        w.stream = WB_SLICE_NULL;
    if (sweep(tx, &w, NULL, NULL))
        return true;
    j->done += WB_LOG_DROP_ROWS - w.budget;
    j->state = drop_state(tx->arena, &w);
    return false;
}

void wb_log_stream_drop(struct wb_tx *tx, struct wb_log_group *g, const struct wb_log_stream *s)
{
    struct sweep w = {
        .group = g->number, .stream = s->name, .below = wb_tx_stamp(tx), .hour_ms = 0};
    if (s->first_ms <= s->last_ms) {
        w.hour_ms = s->first_ms - s->first_ms % WB_LOG_HOUR_MS;
        wb_job_start(tx, DROP_KIND, wb_printf(tx->arena, "delete log stream %.*s", WB_FMT(s->name)),
                     drop_state(tx->arena, &w));
    }
    g->bytes -= g->bytes < s->bytes ? g->bytes : s->bytes;
    wb_log_group_write(tx, g);
    wb_tx_del(tx, wb_log_stream_key(tx->arena, g->number, s->name));
}

void wb_log_group_drop(struct wb_tx *tx, const struct wb_log_group *g)
{
    struct sweep w = {.group = g->number, .below = UINT64_MAX};
    struct wb_slice streams = wb_key(tx->arena, WB_T_LOG_STREAM, "u", g->number),
                    name = wb_printf(tx->arena, "delete log group %.*s", WB_FMT(g->name));
    wb_tx_del(tx, wb_log_group_key(tx->arena, g->account, g->region, g->name));
    wb_job_drop_range(tx, name, streams, wb_key_after(tx->arena, streams));
    wb_job_start(tx, DROP_KIND, name, drop_state(tx->arena, &w));
}

void wb_logs_register(struct wb_engine *e)
{
    static const struct wb_executor expiry = {.name = "log-expiry", .step = expire};
    static const struct wb_job_kind drop = {.name = DROP_KIND, .step = drop_step};
    wb_executor_register(e, &expiry);
    wb_job_register(e, &drop);
}
