/*
 * One trace as a tree: its segments and subsegments, each hung below its parent, and the services
 * they stand for.
 *
 * A segment is a service of its own. A subsegment that calls somebody (namespace aws or remote) and
 * below which no segment hangs stands for an inferred service: the one it calls.
 */
#ifndef WB_XRAY_TRACE_H
#define WB_XRAY_TRACE_H

#include "codec/json.h"
#include "engine/tx.h"

struct xray_entity { /* a segment or subsegment */
    struct wb_json doc;
    struct wb_slice id, parent_id;
    struct xray_entity *parent; /* NULL: a root */
    struct xray_entity *owner;  /* the segment it lies in; itself of a segment */
    struct wb_slice name, type; /* of its service; null: it is none */
    double start, end;          /* seconds; end = start while in progress */
    bool segment, inferred, remote, in_progress, fault, error, throttle;
};

struct xray_trace {
    struct wb_slice id;
    struct xray_entity *entity; /* segments in order of their start, each before its subsegments */
    size_t count, segments;
    struct xray_entity *root; /* the earliest segment without a parent; NULL: there are none */
    double start, end;
    int64_t received_ms; /* of the last one */
    size_t bytes;        /* of the documents */
    bool partial, limit_exceeded;
};

/* From documents: for what is read from rows, and for tests. */
void xray_trace_begin(struct xray_trace *t, struct wb_slice id);
void xray_trace_add(struct wb_arena *a, struct xray_trace *t, struct wb_slice document);
void xray_trace_finish(struct wb_arena *a, struct xray_trace *t);
/* False when there is no such trace. */
bool xray_trace_read(struct wb_tx *tx, struct wb_arena *a, struct wb_slice account,
                     struct wb_slice region, struct wb_slice id, struct xray_trace *t);

/* The segment or inferred service whose call led here, NULL for a root. */
const struct xray_entity *xray_caller(const struct xray_entity *e);
static inline bool xray_is_service(const struct xray_entity *e)
{
    return e->segment || e->inferred;
}

#endif
