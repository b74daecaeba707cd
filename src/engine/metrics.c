/*
 * Metrics. What commands put and what all threads count meets in the writer, which adds it to one
 * row per series and minute in the same commit.
 *
 * A command may put dozens of values, and a batch hundreds of commands, to a handful of series. So
 * a batch looks a series up by a cheap hash of what the caller gives and makes its row key once.
 *
 * Row value: u8 version, unit (lp), count, sum, min, max (doubles, le64 of their bits), number of
 * value pairs (le16), then value and its count, both doubles. Percentiles come from the pairs;
 * when a minute has more than WB_METRIC_VALUES_MAX distinct values, the rest is only in the sums.
 */
#include "engine/internal.h"
#include <stdlib.h>

#define ROW_VERSION 1
#define MINUTE_MS   60000
#define FLUSH_NS    1000000000LL
#define BUCKETS     256

struct datum {
    double count, sum, min, max;
    const char *unit;
    struct {
        double value, count;
    } * pair;
    size_t pairs, cap;
};

struct wb_counts {
    pthread_mutex_t lock;
    struct wb_map *map; /* row key -> struct datum; under lock */
    atomic_bool dirty, hurry;
    _Atomic int64_t flushed_ns;
    uint64_t seed;           /* of the series' hash, so that nobody can choose collisions */
    struct wb_map *flushing; /* taken by the writer, until their commit */
};

/* --- datums --- */

static void datum_value(struct datum *d, double value, double count)
{
    for (size_t i = 0; i < d->pairs; i++)
        if (d->pair[i].value == value) {
            d->pair[i].count += count;
            return;
        }
    if (d->pairs >= WB_METRIC_VALUES_MAX)
        return;
    if (d->pairs == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 4;
        d->pair = wb_xrealloc(d->pair, d->cap * sizeof *d->pair);
    }
    d->pair[d->pairs].value = value;
    d->pair[d->pairs++].count = count;
}

static void datum_sums(struct datum *d, double count, double sum, double min, double max)
{
    if (d->count == 0 || min < d->min)
        d->min = min;
    if (d->count == 0 || max > d->max)
        d->max = max;
    d->count += count;
    d->sum += sum;
}

static void datum_merge(struct datum *to, const struct datum *from)
{
    datum_sums(to, from->count, from->sum, from->min, from->max);
    for (size_t i = 0; i < from->pairs; i++)
        datum_value(to, from->pair[i].value, from->pair[i].count);
    if (!to->unit)
        to->unit = from->unit;
}

static void map_release(struct wb_map *m)
{
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    while (m && wb_map_next(m, &pos, &key, &v)) {
        struct datum *d = v;
        free(d->pair);
        free(d);
    }
    wb_map_free(m);
}

static struct datum *datum_of(struct wb_map *m, struct wb_slice key, const char *unit)
{
    struct datum *d = wb_map_get(m, key);
    if (!d) {
        d = wb_xcalloc(1, sizeof *d);
        d->unit = unit;
        wb_map_put(m, key, d);
    }
    return d;
}

/* --- rows --- */

static void put_double(struct wb_buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    wb_buf_le64(b, bits);
}

static double get_double(struct wb_rd *r)
{
    uint64_t bits = wb_rd_le64(r);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static struct wb_slice datum_encode(struct wb_arena *a, const struct datum *d, struct wb_slice unit)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_reserve(&b, 64 + d->pairs * 16);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_lp(&b, unit);
    put_double(&b, d->count);
    put_double(&b, d->sum);
    put_double(&b, d->min);
    put_double(&b, d->max);
    wb_buf_le16(&b, (uint16_t)d->pairs);
    for (size_t i = 0; i < d->pairs; i++) {
        put_double(&b, d->pair[i].value);
        put_double(&b, d->pair[i].count);
    }
    return wb_buf_slice(&b);
}

/* Adds a row to d. False when it cannot be decoded. */
static bool datum_add_row(struct datum *d, struct wb_slice row, struct wb_slice *unit)
{
    struct wb_rd r = wb_rd(row);
    if (wb_rd_u8(&r) != ROW_VERSION)
        return false;
    *unit = wb_rd_lp(&r);
    double count = get_double(&r), sum = get_double(&r), min = get_double(&r), max = get_double(&r);
    uint16_t pairs = wb_rd_le16(&r);
    if (r.bad)
        return false;
    datum_sums(d, count, sum, min, max);
    while (pairs-- && !r.bad) {
        double value = get_double(&r), n = get_double(&r);
        datum_value(d, value, n);
    }
    return wb_rd_done(&r);
}

static void row_add(struct wb_tx *tx, struct wb_slice key, const struct datum *d)
{
    struct datum sum = {0};
    struct wb_slice unit = wb_slice_str(d->unit), row;
    if (wb_tx_get(tx, key, &row) && !datum_add_row(&sum, row, &unit))
        sum.count = sum.sum = 0, sum.pairs = 0; /* unreadable: begin anew; `check` tells about it */
    unit = wb_dup(tx->arena, unit);
    datum_merge(&sum, d);
    wb_tx_put(tx, key, datum_encode(tx->arena, &sum, unit));
    free(sum.pair);
}

static void rows_add(struct wb_tx *tx, const struct wb_map *m)
{
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    while (wb_map_next(m, &pos, &key, &v))
        row_add(tx, key, v);
}

static struct wb_slice row_key(struct wb_arena *a, int64_t now_ms, struct wb_slice account,
                               struct wb_slice region, const char *ns, const char *name,
                               const struct wb_pair *dims, size_t dim_count)
{
    struct wb_key k;
    wb_key_begin(&k, a, WB_T_METRIC);
    wb_key_i64(&k, now_ms - now_ms % MINUTE_MS);
    wb_key_str(&k, account);
    wb_key_str(&k, region);
    wb_key_str(&k, wb_slice_str(ns));
    wb_key_str(&k, wb_slice_str(name));
    for (size_t i = 0; i < dim_count; i++) {
        wb_key_str(&k, dims[i].name);
        wb_key_str(&k, dims[i].value);
    }
    return wb_key_done(&k);
}

/* --- what commands put --- */

struct wb_series {
    struct wb_series *next;
    uint64_t hash;
    struct wb_slice account, region;
    const char *ns, *name, *unit;
    struct wb_pair *dims;
    size_t dim_count;
    struct wb_slice key;
    struct datum datum;
};

static uint64_t mix(uint64_t h, struct wb_slice s)
{
    uint64_t v;
    h = (h ^ s.n) * 0x9e3779b97f4a7c15u;
    for (; s.n >= 8; s.p += 8, s.n -= 8) {
        memcpy(&v, s.p, 8);
        h = (h ^ v) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    v = 0;
    memcpy(&v, s.p ? s.p : "", s.n);
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static bool same_series(const struct wb_series *s, const struct wb_series *q)
{
    if (s->hash != q->hash || s->dim_count != q->dim_count || strcmp(s->name, q->name) ||
        strcmp(s->ns, q->ns) || !wb_slice_eq(s->account, q->account) ||
        !wb_slice_eq(s->region, q->region))
        return false;
    for (size_t i = 0; i < s->dim_count; i++)
        if (!wb_slice_eq(s->dims[i].name, q->dims[i].name) ||
            !wb_slice_eq(s->dims[i].value, q->dims[i].value))
            return false;
    return true;
}

static struct wb_series *series_keep(struct wb_batch *b, const struct wb_series *q)
{
    struct wb_series *s = wb_new(&b->arena, struct wb_series);
    *s = *q;
    s->account = wb_dup(&b->arena, q->account);
    s->region = wb_dup(&b->arena, q->region);
    s->dims = wb_new_n(&b->arena, struct wb_pair, q->dim_count);
    for (size_t i = 0; i < q->dim_count; i++)
        s->dims[i] = (struct wb_pair){wb_dup(&b->arena, q->dims[i].name),
                                      wb_dup(&b->arena, q->dims[i].value)};
    s->key = row_key(&b->arena, b->tx.now_ms, s->account, s->region, s->ns, s->name, s->dims,
                     s->dim_count);
    s->next = b->series[q->hash % BUCKETS];
    b->series[q->hash % BUCKETS] = s;
    return s;
}

void wb_put_metric(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                   const char *ns, const char *name, const struct wb_pair *dims, size_t dim_count,
                   double value, const char *unit)
{
    assert(tx->writes);
    struct wb_batch *b = wb_tx_ext(tx)->batch;
    struct wb_series q = {.account = account,
                          .region = region,
                          .ns = ns,
                          .name = name,
                          .unit = unit,
                          .dims = (struct wb_pair *)dims,
                          .dim_count = dim_count};
    q.hash = mix(mix(b->engine->counts->seed, account), region);
    q.hash = mix(mix(q.hash, wb_slice_str(ns)), wb_slice_str(name));
    for (size_t i = 0; i < dim_count; i++)
        q.hash = mix(mix(q.hash, dims[i].name), dims[i].value);
    if (!b->series)
        b->series = wb_new_n(&b->arena, struct wb_series *, BUCKETS);
    struct wb_series *s = b->series[q.hash % BUCKETS];
    while (s && !same_series(s, &q))
        s = s->next;
    struct wb_sample *sample = wb_vec_push(&b->sample, &b->arena, sizeof *sample);
    sample->series = s ? s : series_keep(b, &q);
    sample->value = value;
}

/* --- counters --- */

static void count(struct wb_engine *e, struct wb_slice key, double n, double sum, double min,
                  double max, const char *unit)
{
    struct wb_counts *c = e->counts;
    pthread_mutex_lock(&c->lock);
    if (wb_map_count(c->map) < WB_METRIC_SERIES_MAX || wb_map_get(c->map, key)) {
        struct datum *d = datum_of(c->map, key, unit);
        datum_sums(d, n, sum, min, max);
        if (min == max)
            datum_value(d, min, n);
    }
    pthread_mutex_unlock(&c->lock);
    atomic_store(&c->dirty, true);
}

void wb_count(struct wb_engine *e, struct wb_slice account, struct wb_slice region, const char *ns,
              const char *name, const struct wb_pair *dims, size_t dim_count, double value,
              const char *unit)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice key = row_key(&a, wb_engine_now(e), account, region, ns, name, dims, dim_count);
    count(e, key, 1, value, value, value, unit);
    wb_arena_release(&a);
}

void wb_count_set(struct wb_engine *e, const char *name, const struct wb_pair *dims,
                  size_t dim_count, double n, double sum, double min, double max, const char *unit)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice key = row_key(&a, wb_engine_now(e), wb_slice_str(e->config.account),
                                  wb_slice_str(e->config.region), "Waybill", name, dims, dim_count);
    count(e, key, n, sum, min, max, unit);
    wb_arena_release(&a);
}

void wb_counts_new(struct wb_engine *e)
{
    struct wb_counts *c = e->counts = wb_xcalloc(1, sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    c->map = wb_map_new();
    e->seam->random(e->seam, &c->seed, sizeof c->seed);
    atomic_store(&c->flushed_ns, e->seam->mono_ns(e->seam));
}

void wb_counts_free(struct wb_engine *e)
{
    struct wb_counts *c = e->counts;
    map_release(c->map);
    map_release(c->flushing);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void wb_counts_hurry(struct wb_engine *e)
{
    atomic_store(&e->counts->hurry, true);
}

bool wb_counts_due(struct wb_engine *e, int64_t mono_ns)
{
    struct wb_counts *c = e->counts;
    if (!atomic_load(&c->dirty))
        return false;
    return atomic_exchange(&c->hurry, false) || mono_ns - atomic_load(&c->flushed_ns) >= FLUSH_NS;
}

/* --- the writer's side --- */

void wb_metrics_flush(struct wb_batch *b, bool counts)
{
    struct wb_engine *e = b->engine;
    struct wb_counts *c = e->counts;
    for (size_t i = 0; i < b->sample.n; i++) {
        const struct wb_sample *sample = WB_VEC_AT(&b->sample, struct wb_sample, i);
        struct datum *d = &sample->series->datum;
        d->unit = sample->series->unit;
        datum_sums(d, 1, sample->value, sample->value, sample->value);
        datum_value(d, sample->value, 1);
    }
    for (size_t i = 0; b->sample.n && i < BUCKETS; i++)
        for (struct wb_series *s = b->series[i]; s; s = s->next) {
            if (s->datum.count > 0)
                row_add(&b->tx, s->key, &s->datum);
            free(s->datum.pair);
            s->datum = (struct datum){0};
        }
    if (!counts)
        return;
    atomic_store(&c->flushed_ns, e->seam->mono_ns(e->seam));
    atomic_store(&c->dirty, false);
    struct wb_map *fresh = wb_map_new();
    pthread_mutex_lock(&c->lock);
    struct wb_map *taken = c->map;
    c->map = fresh;
    pthread_mutex_unlock(&c->lock);
    rows_add(&b->tx, taken);
    c->flushing = taken;
}

/* What did not get into its commit is counted again. */
void wb_metrics_flushed(struct wb_engine *e, bool committed)
{
    struct wb_counts *c = e->counts;
    if (!c->flushing)
        return;
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    pthread_mutex_lock(&c->lock);
    while (!committed && wb_map_next(c->flushing, &pos, &key, &v)) {
        const struct datum *d = v;
        datum_merge(datum_of(c->map, key, d->unit), d);
    }
    pthread_mutex_unlock(&c->lock);
    if (!committed)
        atomic_store(&c->dirty, true);
    map_release(c->flushing);
    c->flushing = NULL;
}
