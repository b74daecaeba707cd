/*
 * Putting updates on the bus: batches of ten, entries that the bus could not take now are offered
 * again, entries it refuses are reported.
 */
#ifndef SHIPMENTS_FEED_H
#define SHIPMENTS_FEED_H

#include "stack.h"

#define FEED_BATCH 10 /* entries of one PutEvents */

struct feed_entry {
    struct wb_slice detail_type, detail, time; /* time: RFC 3339, or null = now */
    /* Filled in by feed_put: */
    struct wb_slice event_id; /* null when refused */
    struct wb_slice code, message;
};

/* One call with at most FEED_BATCH entries; offers again what was throttled, up to 60 s. False when
 * the server did not take it (message on stderr); refused entries are no failure. */
bool feed_put(struct wb_aws *aws, struct wb_arena *a, const struct stack *s,
              struct feed_entry *entry, size_t count);

/* Reads one line: a detail object alone, or {"detail": object or text, "detail-type", "time"}. The
 * detail-type follows from the status when it is not given. False with *why when it is not JSON. */
bool feed_line(struct wb_arena *a, struct wb_slice line, struct feed_entry *e, const char **why);

#endif
