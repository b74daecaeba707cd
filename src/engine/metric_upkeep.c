/*
 * Upkeep of metrics, a work row that comes again: rows of minutes into blocks, blocks and forgotten
 * series away, a little at a time.
 */
#include "engine/internal.h"
#include "engine/metric_rows.h"

#define TARGET      "metrics"
#define EVERY_MS    600000
#define INDEX_EVERY (24 * WB_HOUR_MS)
#define SEEKS_MAX   2000 /* of one step, each about a microsecond */

static struct wb_slice meta_key(struct wb_arena *a)
{
    return wb_key(a, WB_T_META, "z", "metrics");
}

/* Meta row: le64 when the index was last gone through, then the key where that stopped, if it has
 * not come to the end. */
static void meta_put(struct wb_tx *tx, int64_t last_ms, struct wb_slice cursor)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le64(&b, (uint64_t)last_ms);
    wb_buf_slice_put(&b, cursor);
    wb_tx_put(tx, meta_key(tx->arena), wb_buf_slice(&b));
}

void wb_metric_upkeep_expect(struct wb_tx *tx)
{
    struct wb_slice v;
    if (wb_tx_get(tx, meta_key(tx->arena), &v))
        return;
    meta_put(tx, tx->now_ms, WB_SLICE_NULL);
    wb_work_add(tx, &(struct wb_work){.target = WB_S(TARGET),
                                      .executor = "metrics-upkeep",
                                      .due_ms = tx->now_ms + EVERY_MS});
}

/* --- minutes into blocks --- */

static void blocks_add(struct wb_tx *tx, const struct wb_resolution *r, uint64_t number,
                       const struct wb_datums *minutes, int64_t hour_ms)
{
    int64_t start = wb_floor_to(hour_ms, r->block_ms);
    struct wb_slice key = wb_block_key(tx->arena, r, start, number), row;
    struct wb_datums v = {0};
    if (wb_tx_get(tx, key, &row) && !wb_block_read(r, start, row, &v))
        wb_datums_release(&v);
    for (size_t i = 0; i < minutes->n; i++) {
        const struct wb_timed_datum *m = &minutes->at[i];
        if (m->d.second == WB_WHOLE_MINUTE)
            wb_datum_merge(wb_datums_of(&v, wb_floor_to(m->time_ms, r->ms), &m->d), &m->d);
    }
    wb_tx_put(tx, key, wb_block_row(tx->arena, r, start, &v));
    wb_datums_release(&v);
}

/* All rows of a series in an hour. Returns how many went. */
static size_t pack_series(struct wb_tx *tx, struct wb_slice suffix, int64_t hour_ms)
{
    struct wb_datums minutes = {0};
    struct wb_slice row;
    size_t rows = 0;
    int64_t last = hour_ms;
    for (int64_t m = hour_ms; m < hour_ms + WB_HOUR_MS; m += WB_MINUTE_MS) {
        struct wb_slice key = wb_metric_key(tx->arena, m, suffix);
        if (!wb_tx_get(tx, key, &row))
            continue;
        wb_metric_row_read(row, m, &minutes);
        wb_tx_del(tx, key);
        last = m;
        rows++;
    }
    uint64_t number = wb_metric_number(tx, suffix, last, true);
    for (size_t i = 0; i < 3; i++)
        blocks_add(tx, &wb_resolutions[i], number, &minutes, hour_ms);
    wb_datums_release(&minutes);
    return rows;
}

/* The first row, if its hour is old enough. */
static bool first_row(struct wb_tx *tx, int64_t *hour_ms, struct wb_slice *suffix)
{
    struct wb_slice all = wb_key(tx->arena, WB_T_METRIC, ""), key, value;
    int64_t minute;
    struct wb_scan *s = wb_tx_scan_prefix(tx, all);
    bool found = wb_tx_next(tx, s, &key, &value) && wb_metric_key_split(key, &minute, suffix);
    if (found) {
        *hour_ms = wb_floor_to(minute, WB_HOUR_MS);
        *suffix = wb_dup(tx->arena, *suffix);
        found = *hour_ms + WB_HOUR_MS <= tx->now_ms - WB_METRIC_SECONDS_MS;
    }
    wb_scan_close(s);
    return found;
}

static bool pack(struct wb_tx *tx)
{
    size_t rows = 0, seeks = 0;
    int64_t hour;
    struct wb_slice suffix;
    while (first_row(tx, &hour, &suffix)) {
        rows += pack_series(tx, suffix, hour) + 4;
        seeks += WB_HOUR_MS / WB_MINUTE_MS;
        if (rows > WB_METRIC_UPKEEP_ROWS || seeks > SEEKS_MAX)
            return true;
    }
    return false;
}

/* --- away --- */

static size_t drop_range(struct wb_tx *tx, struct wb_slice lo, struct wb_slice hi)
{
    struct wb_slice gone[WB_METRIC_UPKEEP_ROWS], key, value;
    size_t n = 0;
    struct wb_scan *s = wb_tx_scan(tx, lo, hi, false);
    while (n < WB_METRIC_UPKEEP_ROWS && wb_tx_next(tx, s, &key, &value))
        gone[n++] = wb_dup(tx->arena, key);
    wb_scan_close(s);
    for (size_t i = 0; i < n; i++)
        wb_tx_del(tx, gone[i]);
    return n;
}

static bool drop_blocks(struct wb_tx *tx)
{
    for (size_t i = 0; i < 3; i++) {
        const struct wb_resolution *r = &wb_resolutions[i];
        int64_t limit = wb_floor_to(tx->now_ms - r->keep_ms, WB_HOUR_MS) - r->block_ms;
        struct wb_slice all = wb_key(tx->arena, WB_T_METRIC_BLOCK, "u", (uint64_t)(r->ms / 1000));
        if (drop_range(tx, all, wb_block_key(tx->arena, r, limit + 1, 0)) == WB_METRIC_UPKEEP_ROWS)
            return true;
    }
    return false;
}

/* Series without data, once a day. */
static bool drop_series(struct wb_tx *tx)
{
    struct wb_slice meta, cursor, last = WB_SLICE_NULL, gone[WB_METRIC_UPKEEP_ROWS], key, value,
                                  all = wb_key(tx->arena, WB_T_METRIC_SERIES, "");
    if (!wb_tx_get(tx, meta_key(tx->arena), &meta))
        return false;
    struct wb_rd r = wb_rd(wb_dup(tx->arena, meta));
    int64_t before = (int64_t)wb_rd_le64(&r);
    cursor = wb_slice(r.p, (size_t)(r.end - r.p));
    if (!cursor.n && tx->now_ms < before + INDEX_EVERY)
        return false;
    size_t n = 0, seen = 0;
    struct wb_scan *s =
        wb_tx_scan(tx, cursor.n ? cursor : all, wb_key_after(tx->arena, all), false);
    while (seen < WB_METRIC_UPKEEP_ROWS && wb_tx_next(tx, s, &key, &value)) {
        struct wb_rd v = wb_rd(wb_slice_sub(value, 9, SIZE_MAX));
        last = key = wb_dup(tx->arena, key);
        if ((int64_t)wb_rd_le64(&v) < tx->now_ms - WB_METRIC_HOURS_MS)
            gone[n++] = key;
        seen++;
    }
    wb_scan_close(s);
    for (size_t i = 0; i < n; i++)
        wb_tx_del(tx, gone[i]);
    bool more = seen == WB_METRIC_UPKEEP_ROWS;
    if (more)
        last = wb_concat(tx->arena, (struct wb_slice[]){last, WB_S("\0")}, 2);
    meta_put(tx, tx->now_ms, more ? last : WB_SLICE_NULL);
    return more;
}

static void upkeep(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    bool more = pack(tx) || drop_blocks(tx) || drop_series(tx);
    *out = (struct wb_outcome){.kind = WB_BUSY, .after_ms = more ? 1 : EVERY_MS};
}

void wb_metric_upkeep_register(struct wb_engine *e)
{
    static const struct wb_executor x = {.name = "metrics-upkeep", .step = upkeep};
    wb_executor_register(e, &x);
}
