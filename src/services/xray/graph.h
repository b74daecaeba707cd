/*
 * The service graph of traces: a node for each service, named by name and type, an edge for each
 * pair of which one called the other, and a client in front of what nobody in the trace called.
 */
#ifndef WB_XRAY_GRAPH_H
#define WB_XRAY_GRAPH_H

#include "aws/out.h"
#include "services/xray/trace.h"

struct xray_graph;

struct xray_graph *xray_graph_new(struct wb_arena *a);
/* Keeps nothing of the trace. */
void xray_graph_add(struct xray_graph *g, const struct xray_trace *t);
/* Writes the list "Services". */
void xray_graph_out(struct xray_graph *g, struct wb_out *o);
void xray_graph_free(struct xray_graph *g);

#endif
