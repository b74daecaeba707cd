/*
 * Dynamic labels (CloudWatch User Guide, "Using dynamic labels"): ${...} in a label stands for a
 * property of the metric or a statistic of what is shown. What is not known stays as it is.
 */
#include "base/time.h"
#include "services/cloudwatch/query.h"

#include <math.h>

struct facts {
    size_t n, min_at, max_at, first_at, last_at; /* n: periods with a value */
    double sum;
};

static struct facts facts_of(const struct wb_series_values *v)
{
    struct facts f = {0};
    for (size_t i = 0; i < v->n; i++) {
        if (isnan(v->value[i]))
            continue;
        if (f.n == 0 || v->value[i] < v->value[f.min_at])
            f.min_at = i;
        if (f.n == 0 || v->value[i] > v->value[f.max_at])
            f.max_at = i;
        if (f.n == 0)
            f.first_at = i;
        f.last_at = i;
        f.sum += v->value[i];
        f.n++;
    }
    return f;
}

static struct wb_slice number(struct wb_arena *a, double v)
{
    struct wb_slice s = wb_printf(a, "%.3f", v);
    while (s.n && s.p[s.n - 1] == '0')
        s.n--;
    if (s.n && s.p[s.n - 1] == '.')
        s.n--;
    return s;
}

static struct wb_slice time_of(struct wb_arena *a, const struct wb_query_result *r, size_t i)
{
    return wb_time_str(a, r->start_ms + (int64_t)i * r->period_s * 1000, WB_TIME_ISO_S);
}

static struct wb_slice range(struct wb_arena *a, struct wb_slice from, struct wb_slice to)
{
    return wb_printf(a, "%.*s - %.*s", WB_FMT(from), WB_FMT(to));
}

/* PROP('Dim.Name') and its relatives; the null slice when there is no such thing. */
static struct wb_slice property(struct wb_arena *a, struct wb_slice name,
                                const struct wb_query_result *r)
{
    if (wb_slice_is(name, "Period"))
        return wb_printf(a, "%lld", (long long)r->period_s);
    if (!r->metric)
        return WB_SLICE_NULL;
    if (wb_slice_is(name, "MetricName"))
        return r->metric->name;
    if (wb_slice_is(name, "Namespace"))
        return r->metric->ns;
    if (wb_slice_is(name, "Stat"))
        return r->stat;
    if (wb_slice_is(name, "AccountId"))
        return r->account;
    if (wb_slice_is(name, "Region"))
        return r->region;
    for (size_t i = 0; i < r->metric->dim_count; i++)
        if (wb_slice_starts(name, WB_S("Dim.")) &&
            wb_slice_eq(wb_slice_sub(name, 4, name.n), r->metric->dim[i].name))
            return r->metric->dim[i].value;
    return WB_SLICE_NULL;
}

static struct wb_slice shown(struct wb_arena *a, struct wb_slice name,
                             const struct wb_query_result *r)
{
    const double *v = r->values.value;
    struct facts f = facts_of(&r->values);
    if (wb_slice_is(name, "DATAPOINT_COUNT"))
        return number(a, (double)f.n);
    static const char *const known[] = {"AVG",
                                        "SUM",
                                        "MIN",
                                        "MAX",
                                        "FIRST",
                                        "LAST",
                                        "MIN_TIME",
                                        "MAX_TIME",
                                        "FIRST_TIME",
                                        "LAST_TIME",
                                        "MIN_MAX_RANGE",
                                        "FIRST_LAST_RANGE",
                                        "MIN_MAX_TIME_RANGE",
                                        "FIRST_LAST_TIME_RANGE"};
    size_t k = 0;
    while (k < sizeof known / sizeof *known && !wb_slice_is(name, known[k]))
        k++;
    if (k == sizeof known / sizeof *known)
        return WB_SLICE_NULL;
    if (f.n == 0)
        return WB_S("--");
    const size_t at[] = {0,         0,        f.min_at, f.max_at,   f.first_at,
                         f.last_at, f.min_at, f.max_at, f.first_at, f.last_at};
    if (k < 2)
        return number(a, k == 0 ? f.sum / (double)f.n : f.sum);
    if (k < 6)
        return number(a, v[at[k]]);
    if (k < 10)
        return time_of(a, r, at[k]);
    size_t from = k % 2 == 0 ? f.min_at : f.first_at, to = k % 2 == 0 ? f.max_at : f.last_at;
    return k < 12 ? range(a, number(a, v[from]), number(a, v[to]))
                  : range(a, time_of(a, r, from < to ? from : to),
                          time_of(a, r, from < to ? to : from));
}

static struct wb_slice fill(struct wb_arena *a, struct wb_slice name,
                            const struct wb_query_result *r, struct wb_slice own)
{
    if (wb_slice_is(name, "LABEL"))
        return own;
    if (wb_slice_starts(name, WB_S("PROP('")) && wb_slice_ends(name, WB_S("')")))
        return property(a, wb_slice_sub(name, 6, name.n - 2), r);
    return shown(a, name, r);
}

struct wb_slice cw_label(struct wb_arena *a, struct wb_slice text, const struct wb_query_result *r,
                         struct wb_slice own)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_reserve(&b, text.n + 1);
    for (size_t i = 0; i < text.n;) {
        ptrdiff_t open = wb_slice_find(text, WB_S("${"), i),
                  close = open < 0 ? -1 : wb_slice_chr(text, '}', (size_t)open);
        if (close < 0) {
            wb_buf_slice_put(&b, wb_slice_sub(text, i, text.n));
            break;
        }
        struct wb_slice with = fill(a, wb_slice_sub(text, (size_t)open + 2, (size_t)close), r, own);
        wb_buf_slice_put(&b, wb_slice_sub(text, i, (size_t)open));
        wb_buf_slice_put(&b, with.p ? with : wb_slice_sub(text, (size_t)open, (size_t)close + 1));
        i = (size_t)close + 1;
    }
    return wb_buf_slice(&b);
}
