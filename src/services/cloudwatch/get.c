/* GetMetricData and GetMetricStatistics. */
#include "base/limits.h"
#include "engine/paging.h"
#include "services/cloudwatch/ops.h"
#include "services/cloudwatch/query.h"
#include "services/cloudwatch/series.h"

#include <math.h>

static int64_t time_in(struct wb_call *c, const char *name)
{
    double seconds = 0;
    wb_json_double(wb_in(c, name), &seconds);
    return (int64_t)floor(seconds * 1000);
}

static int64_t floor_to(int64_t ms, int64_t unit)
{
    return ms - ((ms % unit) + unit) % unit;
}

/* --- GetMetricData --- */

struct page {
    int64_t skip, left; /* values: sent before, and still to be sent with this answer */
    int64_t sent;       /* before and now */
    bool more;
};

/* Which values of a result this page has: indexes in the order in which they are told. */
static size_t pick(struct page *p, const struct wb_series_values *v, bool descending, size_t *index,
                   bool *partial)
{
    size_t n = 0;
    *partial = false;
    for (size_t k = 0; k < v->n; k++) {
        size_t i = descending ? v->n - 1 - k : k;
        if (isnan(v->value[i]))
            continue;
        if (p->skip > 0) {
            p->skip--;
        } else if (p->left > 0) {
            p->left--;
            p->sent++;
            index[n++] = i;
        } else {
            p->more = *partial = true;
            break;
        }
    }
    return n;
}

static void out_result(struct wb_call *c, const struct wb_query_result *r, const size_t *index,
                       size_t n, bool partial)
{
    struct wb_out *o = &c->out;
    wb_out_object(o, NULL);
    wb_out_str(o, "Id", r->id);
    wb_out_str(o, "Label", r->label);
    wb_out_list(o, "Timestamps");
    for (size_t i = 0; i < n; i++)
        wb_out_time(o, NULL, r->start_ms + (int64_t)index[i] * r->period_s * 1000);
    wb_out_end(o);
    wb_out_list(o, "Values");
    for (size_t i = 0; i < n; i++)
        wb_out_double(o, NULL, r->values.value[index[i]]);
    wb_out_end(o);
    wb_out_cstr(o, "StatusCode", partial ? "PartialData" : "Complete");
    wb_out_end(o);
}

static void out_results(struct wb_call *c, const struct wb_query_result *r, size_t count,
                        struct page *p)
{
    struct wb_slice by = wb_in_str(c, "ScanBy");
    bool descending = !wb_slice_is(by, "TimestampAscending"), first = p->skip == 0, partial;
    wb_out_list(&c->out, "MetricDataResults");
    for (size_t i = 0; i < count; i++) {
        if (!r[i].returned)
            continue;
        size_t *index = wb_new_n(c->arena, size_t, r[i].values.n + 1),
               n = pick(p, &r[i].values, descending, index, &partial);
        if (n || first) /* a later page has only what goes on */
            out_result(c, &r[i], index, n, partial);
    }
    wb_out_end(&c->out);
}

/* The position in the sequence of all values is what a token holds. */
static bool open_page(struct wb_call *c, struct page *p)
{
    struct wb_slice token = wb_in_str(c, "NextToken"), key,
                    filter = wb_json_raw(wb_in(c, "MetricDataQueries"));
    p->left = wb_in_i64(c, "MaxDatapoints", WB_METRIC_POINTS_MAX);
    if (p->left < 1 || p->left > WB_METRIC_POINTS_MAX)
        wb_fail(c, "ValidationException", 400,
                "The parameter MaxDatapoints must be between 1 and %d.", WB_METRIC_POINTS_MAX);
    else if (token.p && (!wb_page_open(c, token, filter, &key) || !wb_slice_i64(key, &p->skip)))
        wb_fail(c, "InvalidNextToken", 400, "The next token specified is invalid.");
    p->sent = p->skip;
    return !wb_failed(c);
}

void cw_get_metric_data(struct wb_call *c)
{
    struct wb_window w = {time_in(c, "StartTime"), time_in(c, "EndTime"), 60};
    struct wb_query_result *r;
    struct wb_slice why,
        zone_text = wb_json_get_str(wb_in(c, "LabelOptions"), "Timezone", c->arena);
    struct page p = {0};
    size_t n;
    int zone;
    if (w.start_ms > w.end_ms)
        wb_fail(c, "ValidationException", 400,
                "The parameter EndTime must be greater than StartTime.");
    else if (w.start_ms == w.end_ms)
        wb_fail(c, "ValidationException", 400,
                "The parameter StartTime must not equal parameter EndTime.");
    else if (!cw_zone(zone_text, &zone))
        wb_fail(c, "ValidationException", 400,
                "The parameter LabelOptions.Timezone must be of the form +HHMM or -HHMM.");
    if (wb_failed(c) || !open_page(c, &p))
        return;
    if (!wb_query_run(c->tx, c->ctx.account, c->ctx.region, wb_in(c, "MetricDataQueries"), &w, zone,
                      &r, &n, &why)) {
        wb_fail(c, "ValidationException", 400, "%.*s", WB_FMT(why));
        return;
    }
    out_results(c, r, n, &p);
    if (p.more)
        wb_out_str(&c->out, "NextToken",
                   wb_page_token(c, wb_json_raw(wb_in(c, "MetricDataQueries")),
                                 wb_printf(c->arena, "%lld", (long long)p.sent)));
    wb_out_list(&c->out, "Messages");
    wb_out_end(&c->out);
}

/* --- GetMetricStatistics --- */

#define POINTS_MAX 1440
#define STATS_MAX  15

struct statistics {
    struct wb_metric_id id;
    struct wb_window w;
    struct wb_stat stat[STATS_MAX];
    struct wb_slice name[STATS_MAX];
    size_t n, plain; /* the plain ones first */
    bool spread;
};

/* "1,441" */
static struct wb_slice thousands(struct wb_arena *a, int64_t v)
{
    if (v < 1000)
        return wb_printf(a, "%lld", (long long)v);
    return wb_printf(a, "%.*s,%03lld", WB_FMT(thousands(a, v / 1000)), (long long)(v % 1000));
}

static bool read_stats(struct wb_call *c, const char *list, struct statistics *s)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, list));
    for (size_t i = 1; wb_json_next(&it) && s->n < STATS_MAX; i++, s->n++) {
        s->name[s->n] = wb_json_str(it.value, c->arena);
        if (!wb_stat_parse(s->name[s->n], &s->stat[s->n])) {
            wb_fail(c, "InvalidParameterValueException", 400,
                    "The value %.*s for parameter %s.member.%zu is invalid.", WB_FMT(s->name[s->n]),
                    list, i);
            return false;
        }
        s->spread |= wb_stat_spread(&s->stat[s->n]);
    }
    return true;
}

/* How exactly StartTime counts depends on how long ago it was. */
static int64_t start_unit(int64_t age_ms, int64_t period_s)
{
    if (period_s < 60)
        return period_s * 1000;
    return age_ms > WB_METRIC_FIVES_MS ? 3600000 : age_ms > WB_METRIC_MINUTES_MS ? 300000 : 60000;
}

static bool read_window(struct wb_call *c, struct wb_window *w)
{
    *w = (struct wb_window){time_in(c, "StartTime"), time_in(c, "EndTime"),
                            wb_in_i64(c, "Period", 60)};
    if (!cw_period_ok(w->period_s))
        wb_fail(c, "InvalidParameterValueException", 400,
                "The parameter Period must be a multiple of 60.");
    else if (w->start_ms >= w->end_ms)
        wb_fail(c, "InvalidParameterValueException", 400,
                "The parameter StartTime must be less than the parameter EndTime.");
    if (wb_failed(c))
        return false;
    w->start_ms = floor_to(w->start_ms, start_unit(c->tx->now_ms - w->start_ms, w->period_s));
    int64_t ms = w->period_s * 1000, n = (w->end_ms - w->start_ms + ms - 1) / ms;
    if (n > POINTS_MAX)
        wb_fail(c, "InvalidParameterCombinationException", 400,
                "You have requested up to %.*s datapoints, which exceeds the limit of 1,440. You "
                "may reduce the datapoints requested by increasing Period, or decreasing the time "
                "range.",
                WB_FMT(thousands(c->arena, n)));
    w->end_ms = w->start_ms + n * ms;
    return !wb_failed(c);
}

static bool read_statistics(struct wb_call *c, struct statistics *s)
{
    bool plain = wb_json_count(wb_in(c, "Statistics")) > 0,
         extended = wb_json_count(wb_in(c, "ExtendedStatistics")) > 0;
    if (!plain && !extended)
        wb_fail(c, "MissingRequiredParameterException", 400,
                "At least one of the parameters Statistics or ExtendedStatistics must be "
                "specified.");
    else if (plain && extended)
        wb_fail(c, "InvalidParameterCombinationException", 400,
                "The parameters Statistics and ExtendedStatistics are mutually exclusive and you "
                "have specified both.");
    if (wb_failed(c) || !read_window(c, &s->w) || !read_stats(c, "Statistics", s))
        return false;
    s->plain = s->n;
    s->id = cw_metric_id(c->arena, c->in);
    return read_stats(c, "ExtendedStatistics", s);
}

static void out_point(struct wb_out *o, const struct statistics *s, int64_t time_ms,
                      const struct wb_period *p, const char *unit)
{
    wb_out_object(o, NULL);
    wb_out_time(o, "Timestamp", time_ms);
    for (size_t i = 0; i < s->plain; i++)
        wb_out_double(o, wb_dup_cstr(o->buf.arena, s->name[i]), wb_stat_value(&s->stat[i], p));
    wb_out_cstr(o, "Unit", unit);
    if (s->n > s->plain) {
        wb_out_map(o, "ExtendedStatistics");
        for (size_t i = s->plain; i < s->n; i++)
            wb_out_map_double(o, s->name[i], wb_stat_value(&s->stat[i], p));
        wb_out_end(o);
    }
    wb_out_end(o);
}

/* Has it anything to tell? Percentiles may not be known. */
static bool is_known(const struct statistics *s, const struct wb_period *p)
{
    for (size_t i = 0; i < s->n; i++)
        if (!isnan(wb_stat_value(&s->stat[i], p)))
            return true;
    return false;
}

void cw_get_metric_statistics(struct wb_call *c)
{
    struct statistics s = {.n = 0};
    struct wb_slice unit = wb_in_str(c, "Unit");
    uint32_t units, one;
    size_t n;
    if (!read_statistics(c, &s))
        return;
    struct wb_metric m = {c->ctx.account, c->ctx.region, s.id.ns,
                          s.id.name,      s.id.dim,      s.id.dim_count};
    wb_out_str(&c->out, "Label", s.id.name);
    wb_out_list(&c->out, "Datapoints");
    wb_periods_read(c->tx, &m, -1, &s.w, false, &n, &units);
    for (uint8_t u = 0; u < 32; u++) { /* values of each unit are a stream of their own */
        if (!(units & 1u << u) || (unit.p && wb_unit_code(unit) != u))
            continue;
        struct wb_period *p = wb_periods_read(c->tx, &m, u, &s.w, s.spread, &n, &one);
        for (size_t i = 0; i < n; i++)
            if (is_known(&s, &p[i]))
                out_point(&c->out, &s, s.w.start_ms + (int64_t)i * s.w.period_s * 1000, &p[i],
                          wb_unit_name(u));
    }
    wb_out_end(&c->out);
}
