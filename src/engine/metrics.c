/*
 * Metrics. What commands put and what all threads count meets in the writer, which adds it to one
 * row per series and minute in the same commit.
 *
 * A command may put dozens of values, and a batch hundreds of commands, to a handful of series. So
 * a batch looks a series up by a cheap hash of what the caller gives and makes its row key once.
 */
#include "engine/internal.h"
#include "engine/metric_rows.h"
#include <stdlib.h>

#define FLUSH_NS 1000000000LL
#define BUCKETS  256

struct wb_counts {
    pthread_mutex_t lock;
    struct wb_map *map; /* row key -> struct datum; under lock */
    atomic_bool dirty, hurry;
    _Atomic int64_t flushed_ns;
    uint64_t seed;           /* of the series' hash, so that nobody can choose collisions */
    struct wb_map *flushing; /* taken by the writer, until their commit */
};

/* --- counters in memory: row key and unit -> datum --- */

static void map_release(struct wb_map *m)
{
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    while (m && wb_map_next(m, &pos, &key, &v)) {
        wb_datum_release(v);
        free(v);
    }
    wb_map_free(m);
}

static struct wb_datum *datum_of(struct wb_map *m, struct wb_slice key)
{
    struct wb_datum *d = wb_map_get(m, key);
    if (!d) {
        d = wb_xcalloc(1, sizeof *d);
        d->unit = (uint8_t)key.p[key.n - 1];
        d->second = WB_WHOLE_MINUTE;
        wb_map_put(m, key, d);
    }
    return d;
}

static void rows_add(struct wb_tx *tx, const struct wb_map *m)
{
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    while (wb_map_next(m, &pos, &key, &v))
        wb_metric_row_add(tx, wb_slice_sub(key, 0, key.n - 1), v);
}

static struct wb_slice row_key(struct wb_arena *a, int64_t now_ms, struct wb_slice account,
                               struct wb_slice region, const char *ns, const char *name,
                               const struct wb_pair *dims, size_t dim_count)
{
    struct wb_metric m = {account, region, wb_slice_str(ns), wb_slice_str(name), dims, dim_count};
    return wb_metric_key(a, wb_floor_to(now_ms, WB_MINUTE_MS), wb_metric_suffix(a, &m));
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
    struct wb_datum datum;
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
        strcmp(s->ns, q->ns) || strcmp(s->unit, q->unit) || !wb_slice_eq(s->account, q->account) ||
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
    s->datum.unit = wb_unit_code(wb_slice_str(s->unit));
    s->datum.second = WB_WHOLE_MINUTE;
    s->next = b->series[q->hash % BUCKETS];
    b->series[q->hash % BUCKETS] = s;
    return s;
}

void wb_put_samples(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                    const char *ns, const char *name, const struct wb_pair *dims, size_t dim_count,
                    double value, double count, const char *unit)
{
    assert(tx->writes);
    if (tx->engine->config.no_metrics)
        return;
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
    sample->count = count;
}

void wb_put_metric(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                   const char *ns, const char *name, const struct wb_pair *dims, size_t dim_count,
                   double value, const char *unit)
{
    wb_put_samples(tx, account, region, ns, name, dims, dim_count, value, 1, unit);
}

void wb_put_metric_at(struct wb_tx *tx, int64_t time_ms, struct wb_slice account,
                      struct wb_slice region, const char *ns, const char *name,
                      const struct wb_pair *dims, size_t dim_count, double value, const char *unit)
{
    if (time_ms / WB_MINUTE_MS == tx->now_ms / WB_MINUTE_MS) {
        wb_put_metric(tx, account, region, ns, name, dims, dim_count, value, unit);
        return;
    }
    struct wb_metric m = {account, region, wb_slice_str(ns), wb_slice_str(name), dims, dim_count};
    struct wb_datum d = {.unit = wb_unit_code(wb_slice_str(unit)), .second = WB_WHOLE_MINUTE};
    wb_datum_value(&d, value, 1);
    wb_metric_add(tx, &m, time_ms, &d);
    wb_datum_release(&d);
}

/* --- counters --- */

/* The datum that counts belong to, or NULL: too many series. Under the lock. */
static struct wb_datum *counted(struct wb_counts *c, struct wb_arena *a, struct wb_slice key,
                                const char *unit)
{
    char code = (char)wb_unit_code(wb_slice_str(unit));
    key = wb_concat(a, (struct wb_slice[]){key, wb_slice(&code, 1)}, 2);
    if (wb_map_count(c->map) >= WB_METRIC_SERIES_MAX && !wb_map_get(c->map, key))
        return NULL;
    return datum_of(c->map, key);
}

void wb_count(struct wb_engine *e, struct wb_slice account, struct wb_slice region, const char *ns,
              const char *name, const struct wb_pair *dims, size_t dim_count, double value,
              const char *unit)
{
    struct wb_counts *c = e->counts;
    struct wb_arena a;
    if (e->config.no_metrics)
        return;
    wb_arena_init(&a, 0);
    struct wb_slice key = row_key(&a, wb_engine_now(e), account, region, ns, name, dims, dim_count);
    pthread_mutex_lock(&c->lock);
    struct wb_datum *d = counted(c, &a, key, unit);
    if (d)
        wb_datum_value(d, value, 1);
    pthread_mutex_unlock(&c->lock);
    atomic_store(&c->dirty, true);
    wb_arena_release(&a);
}

void wb_count_many(struct wb_engine *e, struct wb_slice account, struct wb_slice region,
                   const char *ns, const char *name, const struct wb_pair *dims, size_t dim_count,
                   const struct wb_count_sums *v, const char *unit)
{
    struct wb_counts *c = e->counts;
    struct wb_arena a;
    if (e->config.no_metrics)
        return;
    wb_arena_init(&a, 0);
    struct wb_slice key = row_key(&a, wb_engine_now(e), account, region, ns, name, dims, dim_count);
    pthread_mutex_lock(&c->lock);
    struct wb_datum *d = counted(c, &a, key, unit);
    if (d)
        wb_datum_sums(d, v->n, v->sum, v->min, v->max);
    pthread_mutex_unlock(&c->lock);
    atomic_store(&c->dirty, true);
    wb_arena_release(&a);
}

void wb_count_own(struct wb_engine *e, const char *name, const struct wb_pair *dims,
                  size_t dim_count, const struct wb_count_sums *v, const char *unit)
{
    wb_count_many(e, wb_slice_str(e->config.account), wb_slice_str(e->config.region), "Waybill",
                  name, dims, dim_count, v, unit);
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
        wb_datum_value(&sample->series->datum, sample->value, sample->count);
    }
    for (size_t i = 0; b->sample.n && i < BUCKETS; i++)
        for (struct wb_series *s = b->series[i]; s; s = s->next) {
            if (s->datum.count > 0)
                wb_metric_row_add(&b->tx, s->key, &s->datum);
            wb_datum_release(&s->datum);
            s->datum = (struct wb_datum){.unit = s->datum.unit, .second = WB_WHOLE_MINUTE};
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
        const struct wb_datum *d = v;
        wb_datum_merge(datum_of(c->map, key), d);
    }
    pthread_mutex_unlock(&c->lock);
    if (!committed)
        atomic_store(&c->dirty, true);
    map_release(c->flushing);
    c->flushing = NULL;
}
