/*
 * Insights: when a service of a group failed too often. They are found when they are asked for, by
 * one rule, in what is stored; nothing is kept, learned or sent.
 *
 * Time is cut into periods of five minutes. A service is anomalous in a period in which it was the
 * root cause of faults at least WB_XRAY_INSIGHT_FAULTS times, and in at least
 * WB_XRAY_INSIGHT_PERCENT of its requests. Such periods in a row are an insight. None goes beyond a
 * quarter of a day (UTC), so that an insight is the same for every window it is seen through, and
 * its id tells where to look for it: the number of its first period, and a digest of group and
 * service.
 */
#include "base/map.h"
#include "crypto/crypto.h"
#include "services/xray/cause.h"
#include "services/xray/find.h"
#include "services/xray/graph.h"
#include <stdlib.h>

#define PERIOD_MS 300000LL
#define BLOCK_MS  21600000LL
#define PERIODS   (BLOCK_MS / PERIOD_MS)
#define TOP       5
#define SAMPLE    8 /* of very many traces, one of so many is looked at */

struct counts {
    int64_t total, fault, own; /* own: it was the root cause */
};

struct service {
    struct service *next;
    struct wb_slice name, type, account;
    struct counts in[PERIODS];
};

struct block { /* what a group did in a quarter of a day */
    struct wb_call *c;
    const struct xray_group *group;
    int64_t from_ms;
    struct wb_map *by_name;
    struct service *first;
    struct counts clients[PERIODS];
};

struct insight {
    const struct block *b;
    const struct service *s;
    size_t from, to; /* periods */
    bool active;
};

/* --- counting --- */

static struct service *service_of(struct block *b, const struct xray_entity *e)
{
    struct wb_arena *a = b->c->arena;
    struct wb_slice key = wb_concat(a, (struct wb_slice[]){e->name, WB_S("\0"), e->type}, 3);
    struct service *s = wb_map_get(b->by_name, key);
    if (s)
        return s;
    s = wb_new(a, struct service);
    s->name = wb_dup(a, e->name);
    s->type = wb_dup(a, e->type);
    s->account = wb_dup(a, wb_json_get_str(wb_json_get(e->doc, "aws"), "account_id", a));
    s->next = b->first;
    b->first = s;
    wb_map_put(b->by_name, key, s);
    return s;
}

static struct counts *period_of(const struct block *b, struct counts *in,
                                const struct xray_entity *e)
{
    int64_t at = (int64_t)(e->start * 1000) - b->from_ms;
    return at >= 0 && at < BLOCK_MS ? &in[at / PERIOD_MS] : NULL;
}

static void take(void *arg, const struct xray_trace *t, struct wb_arena *scratch)
{
    struct block *b = arg;
    struct xray_cause cause[WB_XRAY_CAUSES];
    size_t causes = xray_causes(scratch, t, CAUSE_FAULT, cause);
    for (size_t i = 0; i < t->count; i++) {
        const struct xray_entity *e = &t->entity[i];
        struct counts *in = xray_is_service(e) ? period_of(b, service_of(b, e)->in, e) : NULL;
        if (!in)
            continue;
        in->total++;
        in->fault += e->fault;
        for (size_t k = 0; k < causes; k++)
            if (cause[k].service[cause[k].count - 1].service == e) {
                in->own++;
                break;
            }
    }
    struct counts *in = t->root ? period_of(b, b->clients, t->root) : NULL;
    if (in) {
        in->total++;
        in->fault += t->root->fault;
    }
}

/* Looks at the traces of the block. Of more than fit, at a sample. */
static void look(struct block *b)
{
    struct wb_slice why;
    struct wb_call *c = b->c;
    struct xray_found found;
    struct xray_query q = {
        .from_ms = b->from_ms,
        .to_ms = b->from_ms + BLOCK_MS - 1,
        .share = 1,
        .found_max = SIZE_MAX,
        .looked_max = 10 * WB_XRAY_PAGE_SCAN,
        .filter = xray_filter_compile(c->arena, b->group->filter, xray_groups_of(c), &why)};
    xray_find(c, &q, take, b, &found);
    if (!found.more.p)
        return;
    for (struct service *s = b->first; s; s = s->next)
        memset(s->in, 0, sizeof s->in);
    memset(b->clients, 0, sizeof b->clients);
    q.share = 1.0 / SAMPLE;
    q.looked_max *= SAMPLE;
    xray_find(c, &q, take, b, &found);
}

/* --- the rule --- */

static bool too_many(int64_t faults, int64_t total)
{
    return faults >= WB_XRAY_INSIGHT_FAULTS && faults * 100 >= total * WB_XRAY_INSIGHT_PERCENT;
}

static struct counts sum(const struct counts *in, size_t from, size_t to)
{
    struct counts all = {0};
    for (size_t i = from; i <= to; i++) {
        all.total += in[i].total;
        all.fault += in[i].fault;
        all.own += in[i].own;
    }
    return all;
}

static int64_t starts(const struct insight *n)
{
    return n->b->from_ms + (int64_t)n->from * PERIOD_MS;
}

static int64_t ends(const struct insight *n)
{
    return n->b->from_ms + (int64_t)(n->to + 1) * PERIOD_MS;
}

/* The next one of the service at or after period *at. */
static bool next(const struct block *b, const struct service *s, size_t *at, struct insight *n)
{
    size_t i = *at;
    while (i < PERIODS && !too_many(s->in[i].own, s->in[i].total))
        i++;
    if (i == PERIODS)
        return false;
    *n = (struct insight){.b = b, .s = s, .from = i};
    while (i < PERIODS && too_many(s->in[i].own, s->in[i].total))
        i++;
    n->to = i - 1;
    n->active = ends(n) + PERIOD_MS > b->c->tx->now_ms;
    *at = i;
    return true;
}

static struct wb_slice id_of(struct wb_arena *a, const struct insight *n)
{
    struct wb_slice what = wb_printf(a, "%.*s\n%.*s\n%.*s\n%lld", WB_FMT(n->b->group->arn),
                                     WB_FMT(n->s->name), WB_FMT(n->s->type), (long long)starts(n));
    const char *x = wb_sha256_hex(a, what).p;
    return wb_printf(a, "%08llx-%.4s-5%.3s-8%.3s-%.12s",
                     (unsigned long long)(starts(n) / PERIOD_MS), x, x + 4, x + 7, x + 10);
}

/* --- walking --- */

typedef bool insight_fn(void *arg, const struct insight *n); /* false: enough */

/* Every insight of the group in the quarter of a day. */
static bool each_in_block(struct wb_call *c, const struct xray_group *g, int64_t from_ms,
                          insight_fn *fn, void *arg)
{
    struct block *b = wb_new(c->arena, struct block);
    struct insight n;
    bool on = true;
    *b = (struct block){.c = c, .group = g, .from_ms = from_ms, .by_name = wb_map_new()};
    look(b);
    for (const struct service *s = b->first; s && on; s = s->next)
        for (size_t at = 0; on && next(b, s, &at, &n);)
            on = fn(arg, &n);
    wb_map_free(b->by_name);
    return on;
}

struct wanted {
    struct wb_call *c;
    struct wb_slice id;
    struct insight found;
    bool is;
};

static bool is_wanted(void *arg, const struct insight *n)
{
    struct wanted *w = arg;
    if (!wb_slice_ieq(id_of(w->c->arena, n), w->id))
        return true;
    w->found = *n;
    w->is = true;
    return false;
}

/* The call's; false with the call failed. What it points to lives in the arena. */
static bool find(struct wb_call *c, struct insight *n)
{
    struct wanted w = {.c = c, .id = wb_in_str(c, "InsightId")};
    struct xray_group *g = wb_new_n(c->arena, struct xray_group, WB_XRAY_GROUPS_MAX);
    size_t groups = xray_group_list(c, g);
    int64_t from =
        (int64_t)strtoull(wb_dup_cstr(c->arena, wb_slice_sub(w.id, 0, 8)), NULL, 16) * PERIOD_MS;
    for (size_t i = 0; i < groups && !w.is; i++)
        if (g[i].insights && from <= c->tx->now_ms)
            each_in_block(c, &g[i], from - from % BLOCK_MS, is_wanted, &w);
    if (!w.is)
        xray_invalid(c, "Insight not found.");
    *n = w.found;
    return w.is;
}

/* --- answers --- */

static void out_service(struct wb_out *o, const char *member, const struct service *s)
{
    wb_out_object(o, member);
    wb_out_str(o, "Name", s->name);
    wb_out_list(o, "Names");
    wb_out_str(o, NULL, s->name);
    wb_out_end(o);
    if (s->account.n)
        wb_out_str(o, "AccountId", s->account);
    if (s->type.n)
        wb_out_str(o, "Type", s->type);
    wb_out_end(o);
}

static void out_impact(struct wb_out *o, const char *member, int64_t fault, int64_t total)
{
    wb_out_object(o, member);
    wb_out_i64(o, "FaultCount", fault);
    wb_out_i64(o, "OkCount", total - fault);
    wb_out_i64(o, "TotalCount", total);
    wb_out_end(o);
}

/* The root cause first, then whom its faults reached, the most affected first. */
static void out_anomalous(struct wb_out *o, const struct insight *n)
{
    const struct service *top[TOP] = {n->s};
    int64_t faults[TOP] = {INT64_MAX};
    size_t count = 1;
    for (const struct service *s = n->b->first; s; s = s->next) {
        struct counts all = sum(s->in, n->from, n->to);
        if (s == n->s || !too_many(all.fault, all.total))
            continue;
        size_t i = count < TOP ? count++ : TOP;
        for (; i > 1 && faults[i - 1] < all.fault; i--)
            if (i < TOP) {
                top[i] = top[i - 1];
                faults[i] = faults[i - 1];
            }
        if (i < TOP) {
            top[i] = s;
            faults[i] = all.fault;
        }
    }
    wb_out_list(o, "TopAnomalousServices");
    for (size_t i = 0; i < count; i++) {
        wb_out_object(o, NULL);
        out_service(o, "ServiceId", top[i]);
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void out_facts(struct wb_call *c, const struct insight *n)
{
    struct counts own = sum(n->s->in, n->from, n->to), clients = sum(n->b->clients, n->from, n->to);
    wb_out_str(&c->out, "Summary",
               wb_printf(c->arena, "%.*s was the cause of faults in %lld of its %lld requests.",
                         WB_FMT(n->s->name), (long long)own.own, (long long)own.total));
    out_impact(&c->out, "ClientRequestImpactStatistics", clients.fault, clients.total);
    out_impact(&c->out, "RootCauseServiceRequestImpactStatistics", own.own, own.total);
    out_anomalous(&c->out, n);
}

static void out_insight(struct wb_call *c, const char *member, const struct insight *n)
{
    struct wb_out *o = &c->out;
    wb_out_object(o, member);
    wb_out_str(o, "InsightId", id_of(c->arena, n));
    wb_out_str(o, "GroupARN", n->b->group->arn);
    wb_out_str(o, "GroupName", n->b->group->name);
    out_service(o, "RootCauseServiceId", n->s);
    wb_out_list(o, "Categories");
    wb_out_cstr(o, NULL, "FAULT");
    wb_out_end(o);
    wb_out_cstr(o, "State", n->active ? "ACTIVE" : "CLOSED");
    wb_out_time(o, "StartTime", starts(n));
    wb_out_time(o, "EndTime", ends(n));
    out_facts(c, n);
    if (!member)
        wb_out_time(o, "LastUpdateTime", ends(n));
    wb_out_end(o);
}

void xray_insight(struct wb_call *c)
{
    struct insight n;
    if (find(c, &n))
        out_insight(c, "Insight", &n);
}

/* A state for each period, with what had come together by then. */
void xray_insight_events(struct wb_call *c)
{
    struct insight n;
    if (wb_in_str(c, "NextToken").p) {
        xray_invalid(c, "Invalid next token.");
        return;
    }
    int64_t left = wb_json_get_i64(c->in, "MaxResults", 50);
    if (!find(c, &n))
        return;
    wb_out_list(&c->out, "InsightEvents");
    size_t last = n.to;
    for (n.to = n.from; n.to <= last && left > 0; n.to++, left--) {
        wb_out_object(&c->out, NULL);
        wb_out_time(&c->out, "EventTime", ends(&n));
        out_facts(c, &n);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

struct listing {
    struct wb_call *c;
    int64_t from_ms, to_ms, left;
    bool active, closed;
};

static bool list(void *arg, const struct insight *n)
{
    struct listing *l = arg;
    if (starts(n) > l->to_ms || ends(n) <= l->from_ms || !(n->active ? l->active : l->closed))
        return true;
    out_insight(l->c, NULL, n);
    return --l->left > 0;
}

void xray_insight_summaries(struct wb_call *c)
{
    struct listing l = {.c = c, .left = wb_json_get_i64(c->in, "MaxResults", 100)};
    struct xray_group g;
    struct wb_json states = wb_in(c, "States");
    struct wb_json_iter it = wb_json_iter(states);
    if (!xray_window(c, &l.from_ms, &l.to_ms) || !xray_group_of_call(c, &g))
        return;
    if (wb_in_str(c, "NextToken").p) {
        xray_invalid(c, "Invalid next token.");
        return;
    }
    l.active = l.closed = !wb_json_count(states);
    while (wb_json_next(&it)) {
        bool active = wb_slice_is(wb_json_str(it.value, c->arena), "ACTIVE");
        l.active |= active;
        l.closed |= !active;
    }
    wb_out_list(&c->out, "InsightSummaries");
    bool on = g.insights;
    for (int64_t at = l.from_ms - l.from_ms % BLOCK_MS; on && at <= l.to_ms; at += BLOCK_MS)
        on = each_in_block(c, &g, at, list, &l);
    wb_out_end(&c->out);
}

/* --- the graph --- */

struct reached {
    struct xray_graph *g;
    const struct service *s;
};

/* Traces in which the service was the root cause of a fault. */
static void reach(void *arg, const struct xray_trace *t, struct wb_arena *scratch)
{
    struct reached *r = arg;
    struct xray_cause cause[WB_XRAY_CAUSES];
    size_t n = xray_causes(scratch, t, CAUSE_FAULT, cause);
    for (size_t i = 0; i < n; i++) {
        const struct xray_entity *e = cause[i].service[cause[i].count - 1].service;
        if (wb_slice_eq(e->name, r->s->name) && wb_slice_eq(e->type, r->s->type)) {
            xray_graph_add(r->g, t);
            return;
        }
    }
}

void xray_insight_graph(struct wb_call *c)
{
    struct xray_query q = {.share = 1, .found_max = SIZE_MAX, .looked_max = 10 * WB_XRAY_PAGE_SCAN};
    struct xray_found found;
    struct insight n;
    struct wb_slice why;
    int64_t from_ms, to_ms;
    if (!xray_window(c, &from_ms, &to_ms) || !find(c, &n))
        return;
    struct reached r = {xray_graph_new(c->arena), n.s};
    q.from_ms = from_ms;
    q.to_ms = to_ms;
    q.filter = xray_filter_compile(c->arena, n.b->group->filter, xray_groups_of(c), &why);
    xray_find(c, &q, reach, &r, &found);
    wb_out_str(&c->out, "InsightId", id_of(c->arena, &n));
    wb_out_time(&c->out, "StartTime", starts(&n));
    wb_out_time(&c->out, "EndTime", ends(&n));
    wb_out_time(&c->out, "ServiceGraphStartTime", from_ms);
    wb_out_time(&c->out, "ServiceGraphEndTime", to_ms);
    xray_graph_out_brief(r.g, &c->out);
    xray_graph_free(r.g);
}
