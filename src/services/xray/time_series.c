/*
 * GetTimeSeriesServiceStatistics: what services did, or what was asked of them over an edge, period
 * by period. A request belongs to the period in which it began.
 */
#include "engine/paging.h"
#include "services/xray/find.h"
#include "services/xray/graph.h"

struct series {
    struct wb_call *c;
    const struct xray_filter *of; /* NULL: what clients asked of the traces' entry points */
    int64_t from_ms, period_ms;
    size_t periods;
    struct xray_stats **stats; /* NULL: nothing in the period */
};

static void take(void *arg, const struct xray_trace *t, struct wb_arena *scratch)
{
    struct series *s = arg;
    for (size_t i = 0; i < t->count; i++) {
        const struct xray_entity *e = &t->entity[i];
        int64_t at = (int64_t)(e->start * 1000) - s->from_ms;
        bool asked = s->of ? xray_filter_selects(s->of, t, e, scratch)
                           : xray_is_service(e) && !xray_caller(e);
        if (!asked || at < 0 || (size_t)(at / s->period_ms) >= s->periods)
            continue;
        struct xray_stats **in = &s->stats[at / s->period_ms];
        if (!*in)
            *in = wb_new(s->c->arena, struct xray_stats);
        xray_stats_count(*in, e);
    }
}

static void out(struct series *s)
{
    struct wb_out *o = &s->c->out;
    bool services = s->of && xray_filter_selection(s->of) == SELECTS_SERVICES;
    wb_out_list(o, "TimeSeriesServiceStatistics");
    for (size_t i = 0; i < s->periods; i++) {
        const struct xray_stats *in = s->stats[i];
        if (!in)
            continue;
        wb_out_object(o, NULL);
        wb_out_time(o, "Timestamp", s->from_ms + (int64_t)i * s->period_ms);
        xray_stats_out(o, services ? "ServiceSummaryStatistics" : "EdgeSummaryStatistics", in);
        xray_histogram_out(o, "ResponseTimeHistogram", &in->times);
        wb_out_end(o);
    }
    wb_out_end(o);
}

/* service(), edge(), or an id() alone, which stands for the service. False with the call failed. */
static bool selector(struct series *s)
{
    struct wb_call *c = s->c;
    struct wb_slice text = wb_slice_trim(wb_in_str(c, "EntitySelectorExpression")), why = WB_S("");
    if (!text.p)
        return true;
    if (wb_slice_starts(text, WB_S("id(")))
        text = wb_printf(c->arena, "service(%.*s)", WB_FMT(text));
    s->of = xray_filter_compile(c->arena, text, NULL, &why);
    if (s->of && xray_filter_selection(s->of) != SELECTS_NOTHING)
        return true;
    xray_invalid(c, "Invalid entity selector expression: %.*s.",
                 s->of ? (int)sizeof "it is not service, edge or id" - 1 : (int)why.n,
                 s->of ? "it is not service, edge or id" : why.p);
    return false;
}

void xray_time_series(struct wb_call *c)
{
    struct series s = {.c = c};
    struct xray_query q = {.share = 1, .found_max = SIZE_MAX, .looked_max = 10 * WB_XRAY_PAGE_SCAN};
    struct xray_found found;
    struct wb_slice group, why, token = wb_in_str(c, "NextToken");
    int64_t period_s = wb_json_get_i64(c->in, "Period", 60);
    if (!xray_window(c, &q.from_ms, &q.to_ms) || !xray_group_filter(c, &group) || !selector(&s))
        return;
    if (period_s != 60 && period_s != 300) {
        xray_invalid(c, "Period must be 60 or 300.");
        return;
    }
    q.filter = xray_filter_compile(c->arena, group, xray_groups_of(c), &why);
    s.period_ms = period_s * 1000;
    s.from_ms = q.from_ms - q.from_ms % s.period_ms;
    s.periods = (size_t)((q.to_ms - s.from_ms) / s.period_ms) + 1;
    s.stats = wb_new_n(c->arena, struct xray_stats *, s.periods);
    struct wb_slice same = wb_printf(c->arena, "%lld|%lld|%.*s", (long long)q.from_ms,
                                     (long long)q.to_ms, WB_FMT(group));
    if (token.p && !wb_page_open(c, token, same, &q.lo)) {
        xray_invalid(c, "Invalid next token.");
        return;
    }
    xray_find(c, &q, take, &s, &found);
    out(&s);
    wb_out_bool(&c->out, "ContainsOldGroupVersions", false);
    if (found.more.p)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, same, found.more));
}
