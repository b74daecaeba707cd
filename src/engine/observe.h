/*
 * Metrics, logs and traces, written where they happen; the services that show them read the rows.
 */
#ifndef WB_ENGINE_OBSERVE_H
#define WB_ENGINE_OBSERVE_H

#include "aws/op.h"
#include "engine/tx.h"

/* Adds a value to the series' minute. In a command: durable with it (merged, one row per series and
 * minute and batch). Outside of commands use wb_count. dims sorted by name; unit "Count",
 * "Milliseconds", ... (static text). ns and name live until the command's answer. */
void wb_put_metric(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                   const char *ns, const char *name, const struct wb_pair *dims, size_t dim_count,
                   double value, const char *unit);
/* Any thread, any time: counted in memory, rides on a commit at least once a second. */
void wb_count(struct wb_engine *e, struct wb_slice account, struct wb_slice region, const char *ns,
              const char *name, const struct wb_pair *dims, size_t dim_count, double value,
              const char *unit);

struct wb_log_line {
    int64_t time_ms;
    struct wb_slice text;
};
/* Appends lines to a log stream as one compressed block (<= 64 KB each; makes group and stream when
 * absent). Lines in the embedded metric format add their metrics (emf.h). */
void wb_write_log(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                  struct wb_slice group, struct wb_slice stream, const struct wb_log_line *line,
                  size_t count);

/* A finished X-Ray segment document (JSON) of a sampled trace. */
void wb_put_span(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                 struct wb_slice trace_id, struct wb_slice span_id, struct wb_slice document);
/* "Root=...;Parent=...;Sampled=." taken apart and put together. */
struct wb_trace {
    struct wb_slice root, parent;
    bool sampled;
};
bool wb_trace_parse(struct wb_slice header, struct wb_trace *t);
struct wb_slice wb_trace_child(struct wb_arena *a, struct wb_slice header,
                               struct wb_slice parent_id);

#endif
