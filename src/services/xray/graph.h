/*
 * The service graph of traces: a node for each service, named by name and type, an edge for each
 * pair of which one called the other, and a client in front of what nobody in the trace called.
 */
#ifndef WB_XRAY_GRAPH_H
#define WB_XRAY_GRAPH_H

#include "aws/out.h"
#include "base/limits.h"
#include "services/xray/trace.h"

/* Response times in ms, with how often each was seen. */
struct xray_histogram {
    struct {
        int64_t ms;
        int64_t count;
    } entry[WB_XRAY_HISTOGRAM_MAX];
    size_t n;
    int64_t step; /* ms are multiples of it; grows when there are too many */
};

struct xray_stats {
    int64_t ok, throttle, error, fault, total;
    double time;
    double start, end; /* of what was counted; seconds */
    struct xray_histogram times;
};

void xray_stats_count(struct xray_stats *s, const struct xray_entity *e);
void xray_stats_out(struct wb_out *o, const char *name, const struct xray_stats *s);
void xray_histogram_out(struct wb_out *o, const char *name, const struct xray_histogram *h);

struct xray_graph;

struct xray_graph *xray_graph_new(struct wb_arena *a);
/* Keeps nothing of the trace. */
void xray_graph_add(struct xray_graph *g, const struct xray_trace *t);
/* Writes the list "Services". */
void xray_graph_out(struct xray_graph *g, struct wb_out *o);
/* The same without times and statistics. */
void xray_graph_out_brief(struct xray_graph *g, struct wb_out *o);
void xray_graph_free(struct xray_graph *g);

#endif
