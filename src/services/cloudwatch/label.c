/*
 * Dynamic labels (CloudWatch User Guide, "Use dynamic labels"): ${...} in a label stands for a
 * property of the metric, or for a value or time of what is shown: at most five of those, and LABEL
 * once. What is not known, or too much, stays as it is.
 */
#include "base/time.h"
#include "services/cloudwatch/query.h"

#include <math.h>

#define VALUES_MAX 5

struct facts {
    size_t n, min_at, max_at, first_at, last_at; /* n: periods with a value */
    double sum;
};

struct label {
    struct wb_arena *a;
    const struct wb_query_result *r;
    const struct label_clock *clock;
    struct wb_slice own;
    struct facts f;
    unsigned values, labels; /* filled in so far */
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
    return wb_slice_is(s, "-0") ? WB_S("0") : s;
}

/* --- times --- */

static int64_t time_at(const struct label *l, size_t i)
{
    return l->r->start_ms + (int64_t)i * l->r->period_s * 1000;
}

/* 2026-11-22T12:00:00Z, or ...T13:30:00+01:30. */
static struct wb_slice time_text(const struct label *l, int64_t ms)
{
    int zone = l->clock->zone, ahead = zone < 0 ? -zone : zone;
    struct wb_slice s = wb_time_str(l->a, ms + zone * 60000LL, WB_TIME_ISO_S);
    return zone ? wb_printf(l->a, "%.*s%c%02d:%02d", (int)(s.n - 1), s.p, zone < 0 ? '-' : '+',
                            ahead / 60, ahead % 60)
                : s;
}

/* "1d 2h 5m": what is 0 is left out. */
static struct wb_slice length_text(const struct label *l, int64_t ms)
{
    static const struct {
        int64_t ms;
        char name;
    } units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
    struct wb_buf b = wb_buf_in(l->a);
    ms = ms < 0 ? -ms : ms;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (ms / units[i].ms)
            wb_buf_printf(&b, "%s%lld%c", b.n ? " " : "", (long long)(ms / units[i].ms),
                          units[i].name);
        ms %= units[i].ms;
    }
    return b.n ? wb_buf_slice(&b) : WB_S("0s");
}

bool cw_zone(struct wb_slice text, int *minutes)
{
    uint64_t v = 0;
    *minutes = 0;
    if (!text.p)
        return true;
    if (text.n != 5 || (text.p[0] != '+' && text.p[0] != '-') ||
        !wb_slice_u64(wb_slice_sub(text, 1, 5), &v) || v / 100 > 23 || v % 100 > 59)
        return false;
    *minutes = (int)(v / 100 * 60 + v % 100) * (text.p[0] == '-' ? -1 : 1);
    return true;
}

/* --- what stands for what --- */

static double value_at(const struct label *l, size_t i)
{
    return l->f.n ? l->r->values.value[i] : 0;
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

/* The value at a place, its time, how long ago it was; and from one place to another. */
static struct wb_slice at_place(const struct label *l, struct wb_slice what, size_t i)
{
    if (!what.n)
        return number(l->a, value_at(l, i));
    if (wb_slice_is(what, "_TIME"))
        return time_text(l, time_at(l, i));
    if (wb_slice_is(what, "_TIME_RELATIVE"))
        return length_text(l, l->clock->now_ms - time_at(l, i));
    return WB_SLICE_NULL;
}

static struct wb_slice between(const struct label *l, struct wb_slice what, size_t from, size_t to)
{
    if (wb_slice_is(what, "_RANGE"))
        return number(l->a, value_at(l, to) - value_at(l, from));
    if (wb_slice_is(what, "_TIME_RANGE"))
        return length_text(l, time_at(l, to) - time_at(l, from));
    return WB_SLICE_NULL;
}

static struct wb_slice shown(const struct label *l, struct wb_slice name)
{
    const struct facts *f = &l->f;
    const struct {
        const char *name;
        size_t from, to;
    } pairs[] = {{"MIN_MAX", f->min_at, f->max_at}, {"FIRST_LAST", f->first_at, f->last_at}},
      places[] = {{"MIN", f->min_at, 0},
                  {"MAX", f->max_at, 0},
                  {"FIRST", f->first_at, 0},
                  {"LAST", f->last_at, 0}};
    if (wb_slice_is(name, "DATAPOINT_COUNT"))
        return number(l->a, (double)f->n);
    if (wb_slice_is(name, "SUM") || wb_slice_is(name, "AVG"))
        return f->n ? number(l->a, name.p[0] == 'S' ? f->sum : f->sum / (double)f->n) : WB_S("--");
    struct wb_slice s = WB_SLICE_NULL;
    for (size_t i = 0; i < 2 && !s.p; i++)
        if (wb_slice_starts(name, wb_slice_str(pairs[i].name)))
            s = between(l, wb_slice_sub(name, strlen(pairs[i].name), name.n), pairs[i].from,
                        pairs[i].to);
    for (size_t i = 0; i < 4 && !s.p; i++)
        if (wb_slice_starts(name, wb_slice_str(places[i].name)))
            s = at_place(l, wb_slice_sub(name, strlen(places[i].name), name.n), places[i].from);
    return s.p && f->n == 0 ? WB_S("--") : s;
}

static struct wb_slice fill(struct label *l, struct wb_slice name)
{
    if (wb_slice_is(name, "LABEL"))
        return l->labels++ ? WB_SLICE_NULL : l->own;
    if (wb_slice_starts(name, WB_S("PROP('")) && wb_slice_ends(name, WB_S("')")))
        return property(l->a, wb_slice_sub(name, 6, name.n - 2), l->r);
    struct wb_slice s = l->values < VALUES_MAX ? shown(l, name) : WB_SLICE_NULL;
    l->values += s.p != NULL;
    return s;
}

struct wb_slice cw_label(struct wb_arena *a, struct wb_slice text, const struct wb_query_result *r,
                         struct wb_slice own, const struct label_clock *clock)
{
    struct label l = {.a = a, .r = r, .clock = clock, .own = own, .f = facts_of(&r->values)};
    struct wb_buf b = wb_buf_in(a);
    wb_buf_reserve(&b, text.n + 1);
    for (size_t i = 0; i < text.n;) {
        ptrdiff_t open = wb_slice_find(text, WB_S("${"), i),
                  close = open < 0 ? -1 : wb_slice_chr(text, '}', (size_t)open);
        if (close < 0) {
            wb_buf_slice_put(&b, wb_slice_sub(text, i, text.n));
            break;
        }
        struct wb_slice with = fill(&l, wb_slice_sub(text, (size_t)open + 2, (size_t)close));
        wb_buf_slice_put(&b, wb_slice_sub(text, i, (size_t)open));
        wb_buf_slice_put(&b, with.p ? with : wb_slice_sub(text, (size_t)open, (size_t)close + 1));
        i = (size_t)close + 1;
    }
    return wb_buf_slice(&b);
}
