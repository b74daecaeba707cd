/*
 * Dead rows: work that failed for good, with payload, cause and attempts. Kept WB_DEAD_ROW_DAYS,
 * listed, redrivable.
 *
 * Row: u8 version, died (le64), reason, code, message, key of the work row, its value (lp each);
 * the payload lies in it even where the work row only pointed at it, because what it pointed at
 * goes earlier. Reasons: permanent, attempts, age, undecodable, payload.
 *
 * Retention is a work row, too: the first dead row makes one that is due when it expires; it
 * deletes from the front and comes again when the next one expires.
 */
#include "engine/internal.h"

#define ROW_VERSION      1
#define RETENTION_TARGET "waybill:retention"
#define KEEP_MS          (WB_DEAD_ROW_DAYS * 86400000LL)

static struct wb_slice dead_key(struct wb_arena *a, uint64_t id)
{
    return wb_key(a, WB_T_DEAD, "u", id);
}

static struct wb_slice meta_key(struct wb_arena *a, const char *name)
{
    return wb_key(a, WB_T_META, "z", name);
}

uint64_t wb_dead_count(struct wb_tx *tx)
{
    struct wb_slice v;
    if (!wb_tx_get(tx, meta_key(tx->arena, "dead"), &v))
        return 0;
    struct wb_rd r = wb_rd(v);
    return wb_rd_le64(&r);
}

static void count_by(struct wb_tx *tx, int64_t delta)
{
    uint64_t n = wb_dead_count(tx) + (uint64_t)delta;
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le64(&b, n);
    wb_tx_put(tx, meta_key(tx->arena, "dead"), wb_buf_slice(&b));
}

static void expect_retention(struct wb_tx *tx)
{
    struct wb_slice key = meta_key(tx->arena, "retention"), v;
    if (wb_tx_get(tx, key, &v))
        return;
    wb_tx_put(tx, key, WB_S("1"));
    wb_work_add(tx, &(struct wb_work){.target = WB_S(RETENTION_TARGET),
                                      .executor = "retention",
                                      .due_ms = tx->now_ms + KEEP_MS});
}

static void put_dead(struct wb_tx *tx, struct wb_slice work_key, struct wb_slice work_row,
                     const char *reason, struct wb_slice code, struct wb_slice message)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_reserve(&b, 64 + work_key.n + work_row.n + message.n);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_le64(&b, (uint64_t)tx->now_ms);
    wb_buf_lp(&b, wb_slice_str(reason));
    wb_buf_lp(&b, code);
    wb_buf_lp(&b, message);
    wb_buf_lp(&b, work_key);
    wb_buf_lp(&b, work_row);
    wb_tx_put(tx, dead_key(tx->arena, wb_tx_stamp(tx)), wb_buf_slice(&b));
    count_by(tx, 1);
    expect_retention(tx);
    struct wb_slice account = wb_slice_str(tx->engine->config.account);
    struct wb_slice region = wb_slice_str(tx->engine->config.region);
    wb_put_metric(tx, account, region, "Waybill", "DeadRows", NULL, 0, 1, "Count");
}

void wb_dead_add(struct wb_tx *tx, const struct wb_work *w, const char *reason, const char *code,
                 struct wb_slice message)
{
    struct wb_work inside = *w;
    struct wb_slice payload;
    if (w->payload_key.n && !w->payload.n && wb_tx_get(tx, w->payload_key, &payload))
        inside.payload = wb_dup(tx->arena, payload);
    inside.payload_key = WB_SLICE_NULL;
    struct wb_slice c = code ? wb_slice_str(code) : w->last_code;
    struct wb_slice m = message.p ? message : w->last_message;
    put_dead(tx, w->row_key, wb_work_encode(tx->arena, &inside), reason, c, m);
}

void wb_dead_add_raw(struct wb_tx *tx, struct wb_slice key, struct wb_slice value)
{
    put_dead(tx, key, value, "undecodable", WB_S("UNDECODABLE"),
             WB_S("The row of the work queue could not be decoded."));
}

bool wb_dead_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                    struct wb_dead *d)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(a, key, &table);
    struct wb_rd r = wb_rd(value);
    *d = (struct wb_dead){.id = wb_key_rd_u64(&k)};
    if (k.bad || table != WB_T_DEAD || wb_rd_u8(&r) != ROW_VERSION)
        return false;
    d->died_ms = (int64_t)wb_rd_le64(&r);
    d->reason = wb_rd_lp(&r);
    d->code = wb_rd_lp(&r);
    d->message = wb_rd_lp(&r);
    struct wb_slice work_key = wb_rd_lp(&r), work_row = wb_rd_lp(&r);
    if (!wb_rd_done(&r))
        return false;
    if (!wb_work_decode(a, work_key, work_row, &d->work)) {
        d->work = (struct wb_work){.row_key = work_key, .payload = work_row};
        int64_t due;
        uint64_t stamp;
        if (!wb_work_key_read(a, work_key, &d->work.target, &due, &stamp))
            d->work.target = WB_SLICE_NULL;
    }
    return true;
}

bool wb_dead_get(struct wb_tx *tx, uint64_t id, struct wb_dead *d)
{
    struct wb_slice key = dead_key(tx->arena, id), value;
    return wb_tx_get(tx, key, &value) &&
           wb_dead_decode(tx->arena, key, wb_dup(tx->arena, value), d);
}

bool wb_dead_retry(struct wb_tx *tx, uint64_t id)
{
    struct wb_dead d;
    if (!wb_dead_get(tx, id, &d) || !d.work.executor ||
        !wb_executor_find(tx->engine, wb_slice_str(d.work.executor)))
        return false;
    d.work.attempts = 0;
    d.work.first_ms = d.work.due_ms = tx->now_ms;
    d.work.last_code = d.work.last_message = WB_SLICE_NULL;
    wb_work_add(tx, &d.work);
    return wb_dead_discard(tx, id);
}

bool wb_dead_discard(struct wb_tx *tx, uint64_t id)
{
    if (!wb_tx_del(tx, dead_key(tx->arena, id)))
        return false;
    count_by(tx, -1);
    return true;
}

static void retention_step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    uint64_t gone[WB_DEAD_PAGE_MAX];
    size_t n = 0;
    int64_t next_ms = 0;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_DEAD, ""));
    struct wb_dead d;
    while (n < WB_DEAD_PAGE_MAX && wb_tx_next(tx, s, &key, &value)) {
        bool known = wb_dead_decode(tx->arena, key, value, &d);
        if (known && d.died_ms + KEEP_MS > tx->now_ms) {
            next_ms = d.died_ms + KEEP_MS - tx->now_ms;
            break;
        }
        gone[n++] = d.id;
    }
    wb_scan_close(s);
    for (size_t i = 0; i < n; i++)
        wb_dead_discard(tx, gone[i]);
    if (n == WB_DEAD_PAGE_MAX || next_ms) {
        *out = (struct wb_outcome){.kind = WB_BUSY, .after_ms = next_ms ? next_ms : 1};
        return;
    }
    wb_tx_del(tx, meta_key(tx->arena, "retention"));
    *out = (struct wb_outcome){.kind = WB_DONE};
}

void wb_dead_register(struct wb_engine *e)
{
    static const struct wb_executor retention = {.name = "retention", .step = retention_step};
    wb_executor_register(e, &retention);
}
