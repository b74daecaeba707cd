#include "engine/metric_rows.h"

#include "base/limits.h"

#include <stdlib.h>

#define PLAIN_ROW  1
#define DATUMS_ROW 2
#define BLOCK_ROW  1
#define SERIES_ROW 1

const struct wb_resolution wb_resolutions[3] = {
    {60000, WB_HOUR_MS, WB_METRIC_MINUTES_MS},
    {300000, 12 * WB_HOUR_MS, WB_METRIC_FIVES_MS},
    {3600000, 120 * WB_HOUR_MS, WB_METRIC_HOURS_MS},
};

/* --- datums --- */

void wb_datums_release(struct wb_datums *v)
{
    for (size_t i = 0; i < v->n; i++)
        wb_datum_release(&v->at[i].d);
    free(v->at);
    *v = (struct wb_datums){0};
}

static struct wb_datum *push(struct wb_datums *v, int64_t time_ms)
{
    if (v->n == v->cap) {
        v->cap = v->cap ? v->cap * 2 : 4;
        v->at = wb_xrealloc(v->at, v->cap * sizeof *v->at);
    }
    v->at[v->n] = (struct wb_timed_datum){.time_ms = time_ms};
    return &v->at[v->n++].d;
}

struct wb_datum *wb_datums_of(struct wb_datums *v, int64_t time_ms, const struct wb_datum *like)
{
    for (size_t i = v->n; i-- > 0;) {
        struct wb_datum *d = &v->at[i].d;
        if (v->at[i].time_ms == time_ms && d->unit == like->unit && d->second == like->second)
            return d;
    }
    struct wb_datum *d = push(v, time_ms);
    d->unit = like->unit;
    d->second = like->second;
    return d;
}

/* --- keys --- */

struct wb_slice wb_metric_suffix(struct wb_arena *a, const struct wb_metric *m)
{
    struct wb_key k;
    wb_key_begin(&k, a, WB_T_METRIC_SERIES);
    wb_key_str(&k, m->account);
    wb_key_str(&k, m->region);
    wb_key_str(&k, m->ns);
    wb_key_str(&k, m->name);
    for (size_t i = 0; i < m->dim_count; i++) {
        wb_key_str(&k, m->dim[i].name);
        wb_key_str(&k, m->dim[i].value);
    }
    return wb_slice_sub(wb_key_done(&k), 2, SIZE_MAX);
}

bool wb_metric_suffix_read(struct wb_arena *a, struct wb_slice suffix, struct wb_metric *m)
{
    struct wb_pair *dim = wb_new_n(a, struct wb_pair, WB_METRIC_DIMENSIONS_MAX);
    const uint8_t *p = (const uint8_t *)suffix.p;
    struct wb_key_rd k = {.p = p, .end = p + suffix.n, .a = a};
    *m = (struct wb_metric){.account = wb_key_rd_str(&k),
                            .region = wb_key_rd_str(&k),
                            .ns = wb_key_rd_str(&k),
                            .name = wb_key_rd_str(&k),
                            .dim = dim};
    while (k.p < k.end && !k.bad && m->dim_count < WB_METRIC_DIMENSIONS_MAX) {
        dim->name = wb_key_rd_str(&k);
        dim->value = wb_key_rd_str(&k);
        dim++;
        m->dim_count++;
    }
    return !k.bad;
}

struct wb_slice wb_metric_key(struct wb_arena *a, int64_t minute_ms, struct wb_slice suffix)
{
    return wb_key(a, WB_T_METRIC, "ir", minute_ms, suffix);
}

bool wb_metric_key_split(struct wb_slice key, int64_t *minute_ms, struct wb_slice *suffix)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(NULL, key, &table);
    *minute_ms = wb_key_rd_i64(&k);
    *suffix = k.bad ? WB_SLICE_NULL : wb_slice(k.p, (size_t)(k.end - k.p));
    return !k.bad && table == WB_T_METRIC;
}

struct wb_slice wb_block_key(struct wb_arena *a, const struct wb_resolution *r, int64_t start_ms,
                             uint64_t number)
{
    return wb_key(a, WB_T_METRIC_BLOCK, "uiu", (uint64_t)(r->ms / 1000), start_ms, number);
}

/* --- rows of a minute --- */

static double get_double(struct wb_rd *r)
{
    uint64_t bits = wb_rd_le64(r);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void put_double(struct wb_buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    wb_buf_le64(b, bits);
}

/* In rows from before there were blocks, values beyond the most that are kept are only in the
 * sums: the distribution of the others stands for all. */
static void read_plain(struct wb_rd *r, struct wb_datum *d)
{
    struct wb_datum sums = {.second = WB_WHOLE_MINUTE, .unit = wb_unit_code(wb_rd_lp(r))};
    sums.count = get_double(r);
    sums.sum = get_double(r);
    sums.min = get_double(r);
    sums.max = get_double(r);
    uint16_t pairs = wb_rd_le16(r);
    double spread = 0;
    while (pairs-- && !r->bad) {
        double value = get_double(r), count = get_double(r);
        wb_datum_value(d, value, count);
        spread += count;
    }
    bool known = spread >= sums.count || d->pairs >= WB_METRIC_VALUES_MAX;
    for (uint32_t i = 0; known && spread < sums.count && i < d->pairs; i++)
        d->pair[i].count *= sums.count / spread;
    struct wb_value_count *pair = d->pair;
    sums.pairs = d->pairs;
    sums.cap = d->cap;
    *d = sums;
    d->pair = pair;
    d->unspread = !known;
}

bool wb_metric_row_read(struct wb_slice row, int64_t minute_ms, struct wb_datums *out)
{
    struct wb_rd r = wb_rd(row);
    uint8_t version = wb_rd_u8(&r);
    if (version == PLAIN_ROW)
        read_plain(&r, push(out, minute_ms));
    while (version == DATUMS_ROW && r.p < r.end && !r.bad)
        wb_datum_get(&r, push(out, minute_ms));
    return (version == PLAIN_ROW || version == DATUMS_ROW) && wb_rd_done(&r);
}

static void put_plain(struct wb_buf *b, const struct wb_datum *d)
{
    wb_buf_reserve(b, 80 + d->pairs * 16);
    wb_buf_char(b, PLAIN_ROW);
    wb_buf_lp(b, wb_slice_str(wb_unit_name(d->unit)));
    put_double(b, d->count);
    put_double(b, d->sum);
    put_double(b, d->min);
    put_double(b, d->max);
    wb_buf_le16(b, (uint16_t)d->pairs);
    for (uint32_t i = 0; i < d->pairs; i++) {
        put_double(b, d->pair[i].value);
        put_double(b, d->pair[i].count);
    }
}

static struct wb_slice row_of(struct wb_arena *a, const struct wb_datums *v)
{
    struct wb_buf b = wb_buf_in(a);
    const struct wb_datum *only = &v->at[0].d;
    if (v->n == 1 && !only->level && !only->unspread && only->second == WB_WHOLE_MINUTE) {
        put_plain(&b, only);
        return wb_buf_slice(&b);
    }
    wb_buf_char(&b, DATUMS_ROW);
    for (size_t i = 0; i < v->n; i++)
        wb_datum_put(&b, &v->at[i].d);
    return wb_buf_slice(&b);
}

/* A row that cannot be read begins anew; `waybill check` tells about it. */
void wb_metric_row_add(struct wb_tx *tx, struct wb_slice key, const struct wb_datum *d)
{
    struct wb_datums v = {0};
    struct wb_slice row, suffix;
    int64_t minute = 0;
    struct wb_datum whole = *d;
    whole.second = WB_WHOLE_MINUTE;
    wb_metric_key_split(key, &minute, &suffix);
    bool old = wb_tx_get(tx, key, &row);
    if (old && !wb_metric_row_read(row, minute, &v))
        wb_datums_release(&v);
    wb_datum_merge(wb_datums_of(&v, minute, &whole), d);
    if (d->second != WB_WHOLE_MINUTE)
        wb_datum_merge(wb_datums_of(&v, minute, d), d);
    wb_tx_put(tx, key, row_of(tx->arena, &v));
    wb_datums_release(&v);
    if (!old)
        wb_metric_number(tx, suffix, minute, true);
}

void wb_metric_add(struct wb_tx *tx, const struct wb_metric *m, int64_t time_ms,
                   const struct wb_datum *d)
{
    wb_metric_row_add(tx,
                      wb_metric_key(tx->arena, wb_floor_to(time_ms, WB_MINUTE_MS),
                                    wb_metric_suffix(tx->arena, m)),
                      d);
}

/* --- the index --- */

uint64_t wb_metric_number(struct wb_tx *tx, struct wb_slice suffix, int64_t seen_ms, bool make)
{
    struct wb_slice key = wb_key(tx->arena, WB_T_METRIC_SERIES, "r", suffix), value;
    uint64_t number = 0;
    int64_t last = 0;
    if (wb_tx_get(tx, key, &value)) {
        struct wb_rd r = wb_rd(value);
        wb_rd_u8(&r);
        number = wb_rd_le64(&r);
        last = (int64_t)wb_rd_le64(&r);
        if (r.bad)
            number = 0;
    }
    if (!make || (number && seen_ms < last + WB_METRIC_SEEN_MS))
        return number;
    if (!number) {
        number = wb_tx_number(tx, "metric");
        wb_metric_upkeep_expect(tx);
    }
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_char(&b, SERIES_ROW);
    wb_buf_le64(&b, number);
    wb_buf_le64(&b, (uint64_t)(seen_ms > last ? seen_ms : last));
    wb_tx_put(tx, key, wb_buf_slice(&b));
    return number;
}

static bool list_row(struct wb_metric_list *l, struct wb_arena *a, struct wb_slice key,
                     struct wb_slice value)
{
    l->key = wb_dup(a, key);
    bool ok = wb_metric_suffix_read(a, wb_slice_sub(l->key, 2, SIZE_MAX), &l->metric);
    struct wb_rd r = wb_rd(value);
    uint8_t version = wb_rd_u8(&r);
    wb_rd_le64(&r);
    l->seen_ms = (int64_t)wb_rd_le64(&r);
    return ok && !r.bad && version == SERIES_ROW;
}

void wb_metric_list_open(struct wb_metric_list *l, struct wb_tx *tx, struct wb_slice account,
                         struct wb_slice region, struct wb_slice ns, struct wb_slice name,
                         struct wb_slice after)
{
    struct wb_key k;
    wb_key_begin(&k, tx->arena, WB_T_METRIC_SERIES);
    wb_key_str(&k, account);
    wb_key_str(&k, region);
    if (ns.p)
        wb_key_str(&k, ns);
    if (ns.p && name.p)
        wb_key_str(&k, name);
    struct wb_slice lo = wb_key_done(&k), hi = wb_key_after(tx->arena, lo);
    if (after.p && wb_slice_cmp(after, lo) > 0)
        lo = wb_concat(tx->arena, (struct wb_slice[]){after, WB_S("\0")}, 2);
    *l = (struct wb_metric_list){.tx = tx};
    l->scan = wb_tx_scan(tx, lo, hi, false);
}

bool wb_metric_list_next(struct wb_metric_list *l, struct wb_arena *a)
{
    struct wb_slice key, value;
    while (wb_tx_next(l->tx, l->scan, &key, &value))
        if (list_row(l, a, key, value))
            return true;
    return false;
}

void wb_metric_list_close(struct wb_metric_list *l)
{
    wb_scan_close(l->scan);
}

/* --- blocks --- */

bool wb_block_read(const struct wb_resolution *r, int64_t start_ms, struct wb_slice row,
                   struct wb_datums *out)
{
    struct wb_rd rd = wb_rd(row);
    uint8_t version = wb_rd_u8(&rd);
    while (version == BLOCK_ROW && rd.p < rd.end && !rd.bad) {
        uint64_t at = wb_varint_get(&rd);
        if (at > (uint64_t)(r->block_ms / r->ms))
            return false;
        wb_datum_get(&rd, push(out, start_ms + (int64_t)at * r->ms));
    }
    return version == BLOCK_ROW && wb_rd_done(&rd);
}

struct wb_slice wb_block_row(struct wb_arena *a, const struct wb_resolution *r, int64_t start_ms,
                             const struct wb_datums *v)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_char(&b, BLOCK_ROW);
    for (size_t i = 0; i < v->n; i++) {
        wb_datum_shrink(&v->at[i].d, WB_METRIC_BLOCK_VALUES);
        wb_varint_put(&b, (uint64_t)((v->at[i].time_ms - start_ms) / r->ms));
        wb_datum_put(&b, &v->at[i].d);
    }
    return wb_buf_slice(&b);
}
