/*
 * Root causes of a trace: the ways from its root to where something went wrong.
 *
 * A fault's (an error's) causes end at what failed without anything below it having failed. The
 * cause of the response time is the way along the calls that took longest, down to where no single
 * call took half of the time of the one above.
 */
#ifndef WB_XRAY_CAUSE_H
#define WB_XRAY_CAUSE_H

#include "services/xray/trace.h"

enum xray_cause_kind { CAUSE_FAULT, CAUSE_ERROR, CAUSE_RESPONSE_TIME };

struct xray_cause_service { /* a part of the way within one service */
    const struct xray_entity *service;
    const struct xray_entity **entity; /* root first */
    size_t count;
};

struct xray_cause {
    struct xray_cause_service *service; /* the caller first; at the end, what it called may have no
                                           segment: an inferred service */
    size_t count;
};

/* Causes in order of their start, at most WB_XRAY_CAUSES; their number. */
size_t xray_causes(struct wb_arena *a, const struct xray_trace *t, enum xray_cause_kind kind,
                   struct xray_cause *out);
/* Share of the root's response time. */
double xray_coverage(const struct xray_trace *t, const struct xray_entity *e);

#endif
