/*
 * Filter expressions (Developer Guide, "Use filter expressions"): keywords, comparisons, AND, OR,
 * !, and service() and edge() with an expression of their own in braces. Terms that stand side by
 * side are joined by AND. Words are read in any case.
 *
 * A keyword outside of braces is about the trace as its caller saw it: the root segment. Of what
 * many segments may have (users, annotations, ARNs) any counts. A comparison with what is not there
 * is false, != as well.
 *
 * rootcause.fault.service { ... } is about the parts of the trace's root causes (cause.h): fault,
 * error or responsetime; service, entity or exception. rootcause.json = #[...] compares the whole.
 * group.name and group.arn stand for that group's expression; for nothing when it is not there.
 */
#ifndef WB_XRAY_FILTER_H
#define WB_XRAY_FILTER_H

#include "services/xray/trace.h"

struct xray_filter;

/* Expressions of groups, by name or ARN (the other is null); the null slice: there is none. */
struct xray_groups {
    struct wb_slice (*filter)(void *arg, struct wb_slice name, struct wb_slice arn);
    void *arg;
};

/* NULL with *why when it is wrong. An empty one takes all. It keeps slices of text. groups NULL:
 * there are none. */
struct xray_filter *xray_filter_compile(struct wb_arena *a, struct wb_slice text,
                                        const struct xray_groups *groups, struct wb_slice *why);
/* scratch: for this trace, may be reset afterwards. */
bool xray_filter_match(const struct xray_filter *f, const struct xray_trace *t,
                       struct wb_arena *scratch);

/* An expression that is one service() or edge(), with its braces or not, also selects: services of
 * a trace, or edges by the service they lead to. */
enum xray_selection { SELECTS_NOTHING, SELECTS_SERVICES, SELECTS_EDGES };
enum xray_selection xray_filter_selection(const struct xray_filter *f);
bool xray_filter_selects(const struct xray_filter *f, const struct xray_trace *t,
                         const struct xray_entity *e, struct wb_arena *scratch);

#endif
