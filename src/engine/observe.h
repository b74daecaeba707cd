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
/* The same value `count` times. */
void wb_put_samples(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                    const char *ns, const char *name, const struct wb_pair *dims, size_t dim_count,
                    double value, double count, const char *unit);
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
/* X-Amzn-Trace-Id taken apart: "Root=1-..;Parent=..;Sampled=1;Lineage=..". */
struct wb_trace {
    struct wb_slice root, parent; /* parent null: none, or none that X-Ray would take */
    bool sampled, decided;        /* decided: somebody upstream has said 0 or 1 */
};
/* False: not a header that X-Ray takes; nothing of it counts or goes on. */
bool wb_trace_parse(struct wb_slice header, struct wb_trace *t);
/* The header for what hangs below parent_id (null: no Parent). Of `before` (a header, or null) the
 * parts that are none of these three go on. */
struct wb_slice wb_trace_header(struct wb_arena *a, struct wb_slice root, struct wb_slice parent_id,
                                bool sampled, struct wb_slice before);

/* A segment that the server makes of what it did itself. */
struct wb_segment {
    struct wb_slice account, region; /* where it is kept */
    struct wb_slice trace_id, id, parent_id, name;
    const char *origin;       /* "AWS::DynamoDB::Table"; NULL: an independent subsegment */
    int64_t start_us, end_us; /* engine clock */
    int status;               /* of the HTTP answer; 0: it has none */
    bool error, fault, throttle;
    const char *code; /* why; NULL: nobody said */
    struct wb_slice message;
    const struct wb_pair *aws; /* of its block "aws", besides account and region; null values are
                                  left out */
    size_t aws_count;
    struct wb_slice subsegments; /* JSON objects with commas between; null: none */
};
struct wb_slice wb_segment_json(struct wb_arena *a, const struct wb_segment *s);
void wb_put_segment(struct wb_tx *tx, const struct wb_segment *s);
/* Error, throttle or fault, by an answer's status and code. */
void wb_segment_failed(struct wb_segment *s, const char *code, struct wb_slice message, int status);
struct wb_outcome;
/* An attempt to deliver to an ARN that failed, below what ctx's header names, when that is a
 * sampled trace. `attempt` counts from 1. */
void wb_put_failed_attempt(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice target,
                           uint32_t attempt, const struct wb_outcome *o);

#endif
