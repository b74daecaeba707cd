/* Building and writing service graphs. */
#include "services/xray/graph.h"
#include "base/limits.h"
#include "base/map.h"
#include <math.h>
#include <stdlib.h>

struct edge {
    struct edge *next;
    struct node *to;
    struct xray_stats stats;
};

struct node {
    struct node *next;
    struct wb_slice name, type, account;
    int64_t id;
    bool root, inferred;
    struct xray_stats stats;
    struct edge *edge;
};

struct xray_graph {
    struct wb_arena *a;
    struct wb_map *by_name;
    struct node *first, **end;
    int64_t count;
};

struct xray_graph *xray_graph_new(struct wb_arena *a)
{
    struct xray_graph *g = wb_new(a, struct xray_graph);
    g->a = a;
    g->by_name = wb_map_new();
    g->end = &g->first;
    return g;
}

void xray_graph_free(struct xray_graph *g)
{
    wb_map_free(g->by_name);
}

/* --- counting --- */

/* Twice as coarse: neighbours become one. */
static void coarsen(struct xray_histogram *h)
{
    size_t n = 0;
    h->step *= 2;
    for (size_t i = 0; i < h->n; i++) {
        int64_t ms = h->entry[i].ms - h->entry[i].ms % h->step, count = h->entry[i].count;
        if (n && h->entry[n - 1].ms == ms) {
            h->entry[n - 1].count += count;
        } else {
            h->entry[n].ms = ms;
            h->entry[n++].count = count;
        }
    }
    h->n = n;
}

static void histogram_add(struct xray_histogram *h, double seconds)
{
    int64_t ms = llround(fmin(fmax(seconds, 0), 1e9) * 1000);
    size_t i;
    h->step = h->step ? h->step : 1;
    for (;;) {
        int64_t at = ms - ms % h->step;
        for (i = 0; i < h->n && h->entry[i].ms < at; i++)
            ;
        if (i < h->n && h->entry[i].ms == at) {
            h->entry[i].count++;
            return;
        }
        if (h->n < WB_XRAY_HISTOGRAM_MAX) {
            memmove(&h->entry[i + 1], &h->entry[i], (h->n - i) * sizeof *h->entry);
            h->n++;
            h->entry[i].ms = at;
            h->entry[i].count = 1;
            return;
        }
        coarsen(h);
    }
}

void xray_stats_count(struct xray_stats *s, const struct xray_entity *e)
{
    s->start = !s->total || e->start < s->start ? e->start : s->start;
    s->end = !s->total || e->end > s->end ? e->end : s->end;
    s->total++;
    s->time += e->end - e->start;
    if (e->fault)
        s->fault++;
    else if (e->throttle)
        s->throttle++;
    else if (e->error)
        s->error++;
    else
        s->ok++;
    histogram_add(&s->times, e->end - e->start);
}

/* --- nodes and edges --- */

static struct node *node_of(struct xray_graph *g, struct wb_slice name, struct wb_slice type)
{
    struct wb_slice key = wb_concat(g->a, (struct wb_slice[]){name, WB_S("\0"), type}, 3);
    struct node *n = wb_map_get(g->by_name, key);
    if (n)
        return n;
    n = wb_new(g->a, struct node);
    n->name = wb_dup(g->a, name);
    n->type = wb_dup(g->a, type);
    n->id = g->count++;
    wb_map_put(g->by_name, key, n);
    *g->end = n;
    g->end = &n->next;
    return n;
}

static struct edge *edge_to(struct xray_graph *g, struct node *from, struct node *to)
{
    struct edge **p = &from->edge;
    while (*p && (*p)->to != to)
        p = &(*p)->next;
    if (!*p) {
        *p = wb_new(g->a, struct edge);
        (*p)->to = to;
    }
    return *p;
}

void xray_graph_add(struct xray_graph *g, const struct xray_trace *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct xray_entity *e = &t->entity[i], *from = xray_caller(e);
        if (!xray_is_service(e))
            continue;
        struct node *n = node_of(g, e->name, e->type), *caller;
        struct wb_slice account = wb_json_get_str(wb_json_get(e->doc, "aws"), "account_id", g->a);
        if (account.n && !n->account.n)
            n->account = wb_dup(g->a, account);
        n->inferred |= e->inferred;
        xray_stats_count(&n->stats, e);
        if (from) {
            caller = node_of(g, from->name, from->type);
        } else {
            n->root = true;
            caller = node_of(g, e->name, WB_S("client"));
            xray_stats_count(&caller->stats, e);
        }
        xray_stats_count(&edge_to(g, caller, n)->stats, e);
    }
}

/* --- writing --- */

void xray_stats_out(struct wb_out *o, const char *name, const struct xray_stats *s)
{
    wb_out_object(o, name);
    wb_out_i64(o, "OkCount", s->ok);
    wb_out_object(o, "ErrorStatistics");
    wb_out_i64(o, "ThrottleCount", s->throttle);
    wb_out_i64(o, "OtherCount", s->error);
    wb_out_i64(o, "TotalCount", s->throttle + s->error);
    wb_out_end(o);
    wb_out_object(o, "FaultStatistics");
    wb_out_i64(o, "OtherCount", s->fault);
    wb_out_i64(o, "TotalCount", s->fault);
    wb_out_end(o);
    wb_out_i64(o, "TotalCount", s->total);
    wb_out_double(o, "TotalResponseTime", s->time);
    wb_out_end(o);
}

void xray_histogram_out(struct wb_out *o, const char *name, const struct xray_histogram *h)
{
    wb_out_list(o, name);
    for (size_t i = 0; i < h->n; i++) {
        wb_out_object(o, NULL);
        wb_out_double(o, "Value", (double)h->entry[i].ms / 1000);
        wb_out_i64(o, "Count", h->entry[i].count);
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void out_span(struct wb_out *o, const struct xray_stats *s)
{
    wb_out_time(o, "StartTime", (int64_t)(s->start * 1000));
    wb_out_time(o, "EndTime", (int64_t)(s->end * 1000));
}

static void out_edges(struct wb_out *o, const struct node *n)
{
    wb_out_list(o, "Edges");
    for (const struct edge *e = n->edge; e; e = e->next) {
        wb_out_object(o, NULL);
        wb_out_i64(o, "ReferenceId", e->to->id);
        out_span(o, &e->stats);
        xray_stats_out(o, "SummaryStatistics", &e->stats);
        xray_histogram_out(o, "ResponseTimeHistogram", &e->stats.times);
        wb_out_list(o, "Aliases");
        wb_out_end(o);
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void out_name(struct wb_out *o, const struct node *n)
{
    wb_out_i64(o, "ReferenceId", n->id);
    wb_out_str(o, "Name", n->name);
    wb_out_list(o, "Names");
    wb_out_str(o, NULL, n->name);
    wb_out_end(o);
    if (n->account.n)
        wb_out_str(o, "AccountId", n->account);
    if (n->type.n)
        wb_out_str(o, "Type", n->type);
}

static void out_node(struct wb_out *o, const struct node *n)
{
    bool client = wb_slice_is(n->type, "client");
    wb_out_object(o, NULL);
    out_name(o, n);
    if (n->root)
        wb_out_bool(o, "Root", true);
    wb_out_cstr(o, "State", n->inferred || client ? "unknown" : "active");
    out_span(o, &n->stats);
    out_edges(o, n);
    if (!client) {
        xray_stats_out(o, "SummaryStatistics", &n->stats);
        xray_histogram_out(o, "DurationHistogram", &n->stats.times);
        xray_histogram_out(o, "ResponseTimeHistogram", &n->stats.times);
    }
    wb_out_end(o);
}

void xray_graph_out(struct xray_graph *g, struct wb_out *o)
{
    wb_out_list(o, "Services");
    for (const struct node *n = g->first; n; n = n->next)
        out_node(o, n);
    wb_out_end(o);
}

void xray_graph_out_brief(struct xray_graph *g, struct wb_out *o)
{
    wb_out_list(o, "Services");
    for (const struct node *n = g->first; n; n = n->next) {
        wb_out_object(o, NULL);
        out_name(o, n);
        wb_out_list(o, "Edges");
        for (const struct edge *e = n->edge; e; e = e->next) {
            wb_out_object(o, NULL);
            wb_out_i64(o, "ReferenceId", e->to->id);
            wb_out_end(o);
        }
        wb_out_end(o);
        wb_out_end(o);
    }
    wb_out_end(o);
}
