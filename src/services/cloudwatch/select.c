/*
 * Running a Metrics Insights query: the metrics that match are added up by group and period, then
 * the groups are ordered and cut. A group is a row of sums; the values are made of them at the end.
 */
#include "services/cloudwatch/select.h"

#include "base/map.h"
#include "engine/metrics.h"
#include "services/cloudwatch/series.h"

#include <math.h>
#include <stdlib.h>

struct sums {
    double count, sum, min, max;
};

struct group {
    const struct wb_slice *value; /* one a label of GROUP BY */
    struct sums *at;              /* one a period */
    double by;                    /* what ORDER BY made of it */
    size_t place;                 /* in order of labels */
    struct math_series series;
};

struct run {
    struct math_env *e;
    const struct cw_select *s;
    struct wb_window w;
    size_t periods;
    struct wb_map *map; /* labels -> group */
    struct group **group;
    size_t groups;
};

/* --- which metrics --- */

static struct wb_slice label_of(const struct wb_metric *m, struct wb_slice key)
{
    for (size_t i = 0; i < m->dim_count; i++)
        if (wb_slice_eq(m->dim[i].name, key))
            return m->dim[i].value;
    return wb_slice_is(key, "AWS.AccountId") ? m->account : WB_SLICE_NULL;
}

static bool holds(const struct select_term *t, const struct wb_metric *m)
{
    struct wb_slice v;
    switch (t->kind) {
    case SELECT_AND:
        return holds(t->a, m) && holds(t->b, m);
    case SELECT_OR:
        return holds(t->a, m) || holds(t->b, m);
    default:
        v = label_of(m, t->key);
        return (v.p && wb_slice_eq(v, t->value)) == (t->kind == SELECT_IS);
    }
}

static bool wanted(const struct cw_select *s, const struct wb_metric *m)
{
    return (!s->schema || wb_metric_dims_are(m, s->dim, s->dims)) &&
           (!s->where || holds(s->where, m));
}

/* --- sums --- */

/* NULL: the groups have too many values together. */
static struct group *group_of(struct run *r, const struct wb_metric *m)
{
    struct wb_arena *a = r->e->arena;
    struct wb_slice *value = wb_new_n(a, struct wb_slice, r->s->groups + 1);
    struct wb_buf key = wb_buf_in(a);
    wb_buf_reserve(&key, 1);
    for (size_t i = 0; i < r->s->groups; i++) {
        struct wb_slice v = label_of(m, r->s->group[i]);
        value[i] = v.p ? wb_dup(a, v) : WB_S("Other");
        wb_buf_lp(&key, value[i]);
    }
    struct group *g = wb_map_get(r->map, wb_buf_slice(&key));
    if (g)
        return g;
    if (r->periods * 4 > r->e->values_left) {
        math_fail(r->e, "The query works on too many data points");
        return NULL;
    }
    r->e->values_left -= r->periods * 4;
    g = wb_new(a, struct group);
    g->value = value;
    g->at = wb_new_n(a, struct sums, r->periods + 1);
    wb_map_put(r->map, wb_buf_slice(&key), g);
    if (r->groups % 64 == 0) {
        struct group **more = wb_new_n(a, struct group *, r->groups + 64);
        if (r->groups)
            memcpy(more, r->group, r->groups * sizeof *more);
        r->group = more;
    }
    r->group[r->groups++] = g;
    return g;
}

struct adding {
    const struct run *r;
    struct group *g;
};

static void add(void *arg, int64_t time_ms, const struct wb_datum *d)
{
    const struct adding *x = arg;
    int64_t i = (time_ms - x->r->w.start_ms) / (x->r->w.period_s * 1000);
    struct sums *s = &x->g->at[i];
    if (d->count <= 0)
        return;
    s->min = s->count == 0 || d->min < s->min ? d->min : s->min;
    s->max = s->count == 0 || d->max > s->max ? d->max : s->max;
    s->count += d->count;
    s->sum += d->sum;
}

/* Reading makes keys in the transaction's arena, which is lent a small one, metric by metric. */
static bool read_all(struct run *r)
{
    struct math_env *e = r->e;
    struct wb_tx *tx = e->tx;
    struct wb_arena *own = tx->arena, list, scratch;
    struct wb_metric_list l;
    size_t most = e->alarm ? WB_SELECT_ALARM_METRICS : WB_SELECT_METRICS_MAX, n = 0;
    bool ok = true;
    wb_arena_init(&list, 0);
    wb_arena_init(&scratch, 0);
    wb_metric_list_open(&l, tx, e->account, e->region, r->s->ns, r->s->metric, WB_SLICE_NULL);
    for (; ok && n < most && wb_metric_list_next(&l, &list); wb_arena_reset(&list)) {
        if (l.seen_ms < tx->now_ms - WB_METRIC_LIST_MS - WB_METRIC_SEEN_MS ||
            !wanted(r->s, &l.metric))
            continue;
        struct adding x = {r, group_of(r, &l.metric)};
        ok = x.g != NULL;
        tx->arena = &scratch;
        if (ok)
            wb_metric_read(tx, &l.metric, r->w.start_ms, r->w.end_ms, r->w.period_s, false, add,
                           &x);
        tx->arena = own;
        wb_arena_reset(&scratch);
        n++;
    }
    wb_metric_list_close(&l);
    wb_arena_release(&scratch);
    wb_arena_release(&list);
    return ok;
}

/* --- values --- */

static double value_of(enum select_function f, const struct sums *s)
{
    if (s->count <= 0)
        return NAN;
    return f == SELECT_AVG     ? s->sum / s->count
           : f == SELECT_COUNT ? s->count
           : f == SELECT_MAX   ? s->max
           : f == SELECT_MIN   ? s->min
                               : s->sum;
}

/* The series as one number: ORDER BY works on its values, not on what is behind them. */
static double rank_of(enum select_function f, const struct math_series *s)
{
    struct sums all = {0};
    for (size_t i = 0; i < s->n; i++) {
        double v = s->v[i];
        if (isnan(v))
            continue;
        all.min = all.count == 0 || v < all.min ? v : all.min;
        all.max = all.count == 0 || v > all.max ? v : all.max;
        all.count++;
        all.sum += v;
    }
    return value_of(f, &all);
}

static bool make_series(struct run *r, struct group *g)
{
    struct math_env *e = r->e;
    struct math_series *s = &g->series;
    if (!math_series_new(e, s, r->w.start_ms, r->w.period_s, r->periods))
        return false;
    for (size_t i = 0; g->at && i < r->periods; i++)
        s->v[i] = value_of(r->s->function, &g->at[i]);
    for (size_t i = 0; i < r->s->groups; i++)
        s->label = i == 0 ? g->value[i]
                          : wb_printf(e->arena, "%.*s %.*s", WB_FMT(s->label), WB_FMT(g->value[i]));
    g->by = rank_of(r->s->by, s);
    return true;
}

static bool has_data(const struct math_series *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (!isnan(s->v[i]))
            return true;
    return false;
}

/* --- order --- */

static int by_labels(const void *x, const void *y, void *arg)
{
    const struct group *a = *(struct group *const *)x, *b = *(struct group *const *)y;
    const struct cw_select *s = arg;
    int order = 0;
    for (size_t i = 0; i < s->groups && order == 0; i++)
        order = wb_slice_cmp(a->value[i], b->value[i]);
    return order;
}

/* What has no value comes last; equals stay in order of labels. */
static int by_rank(const void *x, const void *y, void *arg)
{
    const struct group *a = *(struct group *const *)x, *b = *(struct group *const *)y;
    const struct cw_select *s = arg;
    if (isnan(a->by) != isnan(b->by))
        return isnan(a->by) - isnan(b->by);
    if (!isnan(a->by) && a->by != b->by)
        return (a->by < b->by) == s->descending ? 1 : -1;
    return (a->place > b->place) - (a->place < b->place);
}

static void sort(struct run *r)
{
    qsort_r(r->group, r->groups, sizeof *r->group, by_labels, (void *)r->s);
    for (size_t i = 0; i < r->groups; i++)
        r->group[i]->place = i;
    if (r->s->ordered)
        qsort_r(r->group, r->groups, sizeof *r->group, by_rank, (void *)r->s);
}

static bool finish(struct run *r, struct math_value *out)
{
    size_t n = 0;
    for (size_t i = 0; i < r->groups; i++)
        if (!make_series(r, r->group[i]))
            return false;
        else if (has_data(&r->group[i]->series) || !r->s->groups)
            r->group[n++] = r->group[i]; /* a group without data is none */
    r->groups = n;
    sort(r);
    out->n = n < r->s->limit ? n : r->s->limit;
    for (size_t i = 0; i < out->n; i++)
        out->s[i] = r->group[i]->series;
    return true;
}

static bool run_groups(struct run *r, struct math_value *out)
{
    struct math_env *e = r->e;
    struct group none = {0};
    if (!read_all(r) || !finish(r, out))
        return false;
    if (r->s->groups || out->n)
        return true;
    if (!make_series(r, &none)) /* nothing matches: a series without values */
        return false;
    out->s[0] = none.series;
    out->n = 1;
    return e->tx->status == WB_STORE_OK;
}

bool cw_select_run(struct math_env *e, const struct cw_select *s, struct math_value *out)
{
    struct run r = {.e = e, .s = s, .w = math_window(e, e->period_s)};
    *out = (struct math_value){.type = s->groups ? MATH_ARRAY : MATH_SERIES,
                               .s = wb_new_n(e->arena, struct math_series, WB_MATH_SERIES_MAX),
                               .n = !s->groups};
    if (!e->tx)
        return s->groups || math_series_new(e, out->s, r.w.start_ms, r.w.period_s, 0);
    int64_t ms = e->period_s * 1000, oldest = e->tx->now_ms - WB_METRIC_LIST_MS;
    if (r.w.start_ms < oldest)
        r.w.start_ms = oldest - ((oldest % ms) + ms) % ms;
    if (r.w.start_ms > r.w.end_ms)
        r.w.start_ms = r.w.end_ms;
    r.periods = (size_t)((r.w.end_ms - r.w.start_ms) / ms);
    r.map = wb_map_new();
    bool ok = run_groups(&r, out);
    wb_map_free(r.map);
    return ok;
}
