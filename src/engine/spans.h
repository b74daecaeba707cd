/*
 * Segments of traces as rows, by trace and by hour: what the X-Ray service shows. Writing one is
 * wb_put_span (observe.h). They are kept for WB_TRACE_DAYS.
 */
#ifndef WB_ENGINE_SPANS_H
#define WB_ENGINE_SPANS_H

#include "engine/observe.h"

#define WB_TRACE_HOUR_MS 3600000LL

/* "1-<8 hex digits: seconds>-<24 hex digits>"; false when it is not of that form. */
bool wb_trace_id_time(struct wb_slice id, int64_t *ms);
bool wb_span_id_valid(struct wb_slice id); /* 16 hex digits */

/* Prefix of a trace's segments. */
struct wb_slice wb_trace_key(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                             struct wb_slice trace_id);

struct wb_span {
    struct wb_slice trace_id, id; /* in the arena */
    int64_t received_ms;
    struct wb_slice document; /* in the value */
};
bool wb_span_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                    struct wb_span *s);

/* A segment's document, copied into the arena. */
bool wb_span_get(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                 struct wb_slice trace_id, struct wb_slice span_id, struct wb_slice *document);

struct wb_trace_hour {
    int64_t hour_ms;
    struct wb_slice account, region, trace_id; /* in the arena */
    bool home;                                 /* the hour of the trace's id */
};
bool wb_trace_hour_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                          struct wb_trace_hour *h);

/* Sees to it that the rows of older versions go. */
void wb_spans_forget_old(struct wb_tx *tx);
void wb_spans_register(struct wb_engine *e);

#endif
