/* A series as one value for each period of a window. */
#include "services/cloudwatch/series.h"
#include "base/limits.h"
#include "engine/metrics.h"

#include <math.h>
#include <stdlib.h>

struct spread { /* of one period */
    size_t period;
    struct wb_value_count pair;
};

struct reading {
    const struct wb_window *w;
    bool wants_spread;
    int unit; /* wanted, or -1 */
    struct wb_period *period;
    uint32_t units;        /* met: a bit for each code */
    struct spread *spread; /* heap */
    size_t spreads, cap;
};

static void add_spread(struct reading *x, size_t period, const struct wb_datum *d)
{
    if (x->spreads + d->pairs > x->cap) {
        x->cap = x->cap * 2 + d->pairs + 64;
        x->spread = wb_xrealloc(x->spread, x->cap * sizeof *x->spread);
    }
    for (uint32_t i = 0; i < d->pairs; i++) {
        struct wb_value_count p = d->pair[i];
        p.value = fmin(d->max, fmax(d->min, p.value)); /* a bucket's middle may lie outside */
        x->spread[x->spreads++] = (struct spread){period, p};
    }
}

static void add(void *arg, int64_t time_ms, const struct wb_datum *d)
{
    struct reading *x = arg;
    size_t i = (size_t)((time_ms - x->w->start_ms) / (x->w->period_s * 1000));
    struct wb_period *p = &x->period[i];
    if ((x->unit >= 0 && d->unit != x->unit) || d->count <= 0)
        return;
    if (p->count == 0 || d->min < p->min)
        p->min = d->min;
    if (p->count == 0 || d->max > p->max)
        p->max = d->max;
    p->count += d->count;
    p->sum += d->sum;
    p->unspread |= d->unspread;
    x->units |= 1u << d->unit;
    if (x->wants_spread)
        add_spread(x, i, d);
}

static int by_period(const void *a, const void *b)
{
    const struct spread *x = a, *y = b;
    if (x->period != y->period)
        return x->period < y->period ? -1 : 1;
    return (x->pair.value > y->pair.value) - (x->pair.value < y->pair.value);
}

/* Hands each period its pairs, sorted. */
static void share_out(struct reading *x, struct wb_arena *a)
{
    struct wb_value_count *pair = wb_new_n(a, struct wb_value_count, x->spreads);
    if (x->spreads)
        qsort(x->spread, x->spreads, sizeof *x->spread, by_period);
    for (size_t i = 0; i < x->spreads; i++) {
        struct wb_period *p = &x->period[x->spread[i].period];
        if (!p->pair)
            p->pair = &pair[i];
        p->pairs++;
        pair[i] = x->spread[i].pair;
    }
}

static size_t periods(const struct wb_window *w)
{
    int64_t ms = w->period_s * 1000, n = (w->end_ms - w->start_ms + ms - 1) / ms;
    return w->end_ms <= w->start_ms ? 0 : (size_t)n;
}

struct wb_period *wb_periods_read(struct wb_tx *tx, const struct wb_metric *m, int unit,
                                  const struct wb_window *w, bool spread, size_t *n,
                                  uint32_t *units)
{
    struct reading x = {.w = w, .wants_spread = spread, .unit = unit};
    *n = periods(w);
    if (*n > WB_METRIC_POINTS_MAX)
        return NULL;
    x.period = wb_new_n(tx->arena, struct wb_period, *n + 1);
    wb_metric_read(tx, m, w->start_ms, w->start_ms + (int64_t)*n * w->period_s * 1000, w->period_s,
                   spread, add, &x);
    share_out(&x, tx->arena);
    free(x.spread);
    *units = x.units;
    return x.period;
}

bool wb_series_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                    const struct wb_metric_id *id, const struct wb_stat *stat, struct wb_slice unit,
                    const struct wb_window *w, struct wb_series_values *out)
{
    struct wb_metric m = {account, region, id->ns, id->name, id->dim, id->dim_count};
    uint32_t units;
    *out = (struct wb_series_values){0};
    struct wb_period *p = wb_periods_read(tx, &m, unit.p ? wb_unit_code(unit) : -1, w,
                                          wb_stat_spread(stat), &out->n, &units);
    if (!p)
        return false;
    out->value = wb_new_n(tx->arena, double, out->n + 1);
    out->samples = wb_new_n(tx->arena, double, out->n + 1);
    for (size_t i = 0; i < out->n; i++) {
        out->value[i] = wb_stat_value(stat, &p[i]);
        out->samples[i] = p[i].count;
    }
    for (uint8_t i = 0; i < 32; i++)
        if (units == 1u << i)
            out->unit = wb_slice_str(wb_unit_name(i));
    return true;
}

bool wb_metric_dims_are(const struct wb_metric *m, const struct wb_slice *name, size_t count)
{
    if (m->dim_count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < count && !wb_slice_eq(m->dim[k].name, name[i]))
            k++;
        if (k == count)
            return false;
    }
    return true;
}
