/* Reading a series: rows of minutes and blocks, whichever hold a stretch of time. */
#include "engine/metric_rows.h"

#include "engine/internal.h"

#define STEPS_MAX 16 /* minutes looked up one by one; more are looked for by a scan */

struct reading {
    struct wb_tx *tx;
    int64_t start_ms, end_ms, period_ms;
    bool spread;
    struct wb_slice suffix;
    wb_metric_fn *fn;
    void *arg;
};

static bool has_seconds(const struct wb_datums *v, uint8_t unit)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->at[i].d.unit == unit && v->at[i].d.second != WB_WHOLE_MINUTE)
            return true;
    return false;
}

/* A minute's datums: its seconds when the period is finer, and there are any. */
static void tell_row(const struct reading *x, int64_t minute_ms, struct wb_slice row)
{
    struct wb_datums v = {0};
    bool fine = x->period_ms < WB_MINUTE_MS;
    if (!wb_metric_row_read(row, minute_ms, &v))
        wb_tx_error(x->tx, WB_STORE_CORRUPT);
    for (size_t i = 0; i < v.n && x->tx->status == WB_STORE_OK; i++) {
        const struct wb_datum *d = &v.at[i].d;
        bool whole = d->second == WB_WHOLE_MINUTE;
        int64_t t = minute_ms + (whole ? 0 : d->second * 1000);
        if (whole == (fine && has_seconds(&v, d->unit)))
            continue;
        if (t >= x->start_ms && t < x->end_ms)
            x->fn(x->arg, t, d);
    }
    wb_datums_release(&v);
}

static void read_steps(const struct reading *x, int64_t first)
{
    struct wb_slice row;
    for (int64_t m = first; m < x->end_ms; m += WB_MINUTE_MS)
        if (wb_tx_get(x->tx, wb_metric_key(x->tx->arena, m, x->suffix), &row))
            tell_row(x, m, row);
}

/* Rows are in order of time: where the series has none in a minute, the next row tells which
 * minute to look at. */
static void read_scan(const struct reading *x, int64_t first)
{
    struct wb_arena *a = x->tx->arena;
    struct wb_slice key, row, suffix, lo = wb_metric_key(a, first, x->suffix),
                                      hi = wb_metric_key(a, x->end_ms, WB_S(""));
    int64_t minute;
    struct wb_scan *s = wb_tx_scan(x->tx, lo, hi, false);
    while (wb_tx_next(x->tx, s, &key, &row) && wb_metric_key_split(key, &minute, &suffix)) {
        int order = wb_slice_cmp(suffix, x->suffix);
        if (order == 0)
            tell_row(x, minute, row);
        int64_t next = minute + (order < 0 ? 0 : WB_MINUTE_MS);
        if (next >= x->end_ms)
            break;
        wb_scan_seek(s, wb_metric_key(a, next, x->suffix));
    }
    wb_scan_close(s);
}

static void read_rows(const struct reading *x)
{
    int64_t first = wb_floor_to(x->start_ms, WB_MINUTE_MS);
    if (x->end_ms - first <= STEPS_MAX * WB_MINUTE_MS)
        read_steps(x, first);
    else
        read_scan(x, first);
}

static void read_blocks(const struct reading *x, uint64_t number, const struct wb_resolution *r,
                        int64_t start_ms, int64_t end_ms)
{
    struct wb_slice row;
    for (int64_t b = wb_floor_to(start_ms, r->block_ms); b < end_ms; b += r->block_ms) {
        struct wb_datums v = {0};
        if (!wb_tx_get(x->tx, wb_block_key(x->tx->arena, r, b, number), &row))
            continue;
        if (!wb_block_read(r, b, row, &v))
            wb_tx_error(x->tx, WB_STORE_CORRUPT);
        for (size_t i = 0; i < v.n && x->tx->status == WB_STORE_OK; i++)
            if (v.at[i].time_ms >= start_ms && v.at[i].time_ms < end_ms)
                x->fn(x->arg, v.at[i].time_ms, &v.at[i].d);
        wb_datums_release(&v);
    }
}

/* The finest resolution that is kept since `finest`; for sums the coarsest that will do. */
static const struct wb_resolution *resolution(const struct reading *x, int finest)
{
    for (int i = 2; i > finest && !x->spread; i--)
        if (x->period_ms % wb_resolutions[i].ms == 0 && x->start_ms % wb_resolutions[i].ms == 0)
            return &wb_resolutions[i];
    return &wb_resolutions[finest];
}

void wb_metric_read(struct wb_tx *tx, const struct wb_metric *m, int64_t start_ms, int64_t end_ms,
                    int64_t period_s, bool spread, wb_metric_fn *fn, void *arg)
{
    struct reading x = {.tx = tx,
                        .start_ms = start_ms,
                        .end_ms = end_ms,
                        .period_ms = period_s * 1000,
                        .spread = spread,
                        .suffix = wb_metric_suffix(tx->arena, m),
                        .fn = fn,
                        .arg = arg};
    bool fine = x.period_ms < WB_MINUTE_MS;
    if (fine && x.start_ms < tx->now_ms - WB_METRIC_SECONDS_MS)
        x.start_ms = tx->now_ms - WB_METRIC_SECONDS_MS;
    if (x.start_ms >= x.end_ms)
        return;
    read_rows(&x);
    if (fine || x.start_ms > tx->now_ms - WB_METRIC_SECONDS_MS)
        return;
    uint64_t number = wb_metric_number(tx, x.suffix, 0, false);
    int64_t to = x.end_ms;
    for (int i = 0; number && i < 3 && to > x.start_ms; i++) {
        const struct wb_resolution *r = resolution(&x, i);
        int64_t from = wb_floor_to(tx->now_ms - wb_resolutions[i].keep_ms, WB_HOUR_MS);
        if (from < x.start_ms)
            from = x.start_ms;
        if (from < to && r->ms <= x.period_ms)
            read_blocks(&x, number, r, from, to);
        if (from < to)
            to = from;
    }
}
