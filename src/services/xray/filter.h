/*
 * Filter expressions (Developer Guide, "Use filter expressions"): keywords, comparisons, AND, OR,
 * !, and service() and edge() with an expression of their own in braces. Terms that stand side by
 * side are joined by AND. Words are read in any case.
 *
 * A keyword outside of braces is about the trace as its caller saw it: the root segment. Of what
 * many segments may have (users, annotations, ARNs) any counts. A comparison with what is not there
 * is false, != as well.
 */
#ifndef WB_XRAY_FILTER_H
#define WB_XRAY_FILTER_H

#include "services/xray/trace.h"

struct xray_filter;

/* NULL with *why when it is wrong. An empty one takes all. It keeps slices of text. */
struct xray_filter *xray_filter_compile(struct wb_arena *a, struct wb_slice text,
                                        struct wb_slice *why);
/* scratch: for this trace, may be reset afterwards. */
bool xray_filter_match(const struct xray_filter *f, const struct xray_trace *t,
                       struct wb_arena *scratch);

#endif
