/* Going through the traces of a window, page by page. */
#ifndef WB_XRAY_FIND_H
#define WB_XRAY_FIND_H

#include "services/xray/filter.h"
#include "services/xray/xray.h"

struct xray_query {
    int64_t from_ms, to_ms;
    bool by_update; /* by when it was last written to; else by the time in its id */
    const struct xray_filter *filter;
    double share;       /* of all traces, 1: all */
    size_t found_max;   /* traces of one page */
    size_t looked_max;  /* looked at for one page */
    struct wb_slice lo; /* go on behind this key; null: from the beginning */
};

struct xray_found {
    size_t looked, found;
    struct wb_slice more; /* go on behind this key; null: that was all */
};

/* Calls `take` for each trace that matches; what it keeps it must copy. */
void xray_find(struct wb_call *c, const struct xray_query *q,
               void (*take)(void *arg, const struct xray_trace *t, struct wb_arena *scratch),
               void *arg, struct xray_found *out);

#endif
