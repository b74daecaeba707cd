/*
 * How metrics lie in the store, and how they are read.
 *
 * A series is a metric: scope, namespace, name, dimensions. New values go to rows by minute
 * (WB_T_METRIC), so that what is written together lies together; the values of a high-resolution
 * metric by second, inside the row of the minute. Once an hour is three hours old (as long as AWS
 * keeps seconds), upkeep moves its rows into blocks (WB_T_METRIC_BLOCK): one row per series and
 * hour with all its minutes, one per 12 hours with 5-minute data, one per 5 days with hourly data.
 * Blocks are kept as long as AWS keeps such data, and go by range. Reading takes both, so nobody
 * can tell when upkeep ran; values that come late meet theirs in the block.
 *
 * WB_T_METRIC_SERIES is the index: which series exist, when each was last written (to within
 * WB_METRIC_SEEN_MS), and the number that stands for it in blocks.
 */
#ifndef WB_ENGINE_METRICS_H
#define WB_ENGINE_METRICS_H

#include "engine/datum.h"
#include "engine/tx.h"

struct wb_metric {
    struct wb_slice account, region, ns, name;
    const struct wb_pair *dim; /* sorted by name */
    size_t dim_count;
};

/* In a command: adds d to the minute of time_ms, and to its second, unless that is
 * WB_WHOLE_MINUTE. */
void wb_metric_add(struct wb_tx *tx, const struct wb_metric *m, int64_t time_ms,
                   const struct wb_datum *d);

/* In a command: a value at a time, in the minute of which it counts. What belongs to the minute of
 * the commit is gathered with the rest of the batch, as by wb_put_metric, whose rules hold. */
void wb_put_metric_at(struct wb_tx *tx, int64_t time_ms, struct wb_slice account,
                      struct wb_slice region, const char *ns, const char *name,
                      const struct wb_pair *dims, size_t dim_count, double value, const char *unit);

/* Hears of every datum of the series in [start, end), in no order, each with the time at which its
 * second, minute, five minutes or hour began: as fine as it is still kept, but no finer than helps
 * for the period; what is only kept coarser than the period is not told of. `spread`: the
 * distributions are wanted, too (coarser data are as good for sums, not for percentiles). */
typedef void wb_metric_fn(void *arg, int64_t time_ms, const struct wb_datum *d);
void wb_metric_read(struct wb_tx *tx, const struct wb_metric *m, int64_t start_ms, int64_t end_ms,
                    int64_t period_s, bool spread, wb_metric_fn *fn, void *arg);

/* The series of a scope, in order of namespace, name, dimensions. ns and name may be null: all.
 * after: a key that was handed out, or null. Close it before the tx ends. */
struct wb_metric_list {
    struct wb_metric metric; /* of the row that next found; in the arena */
    int64_t seen_ms;
    struct wb_slice key;
    struct wb_tx *tx;
    struct wb_scan *scan;
};
void wb_metric_list_open(struct wb_metric_list *l, struct wb_tx *tx, struct wb_slice account,
                         struct wb_slice region, struct wb_slice ns, struct wb_slice name,
                         struct wb_slice after);
bool wb_metric_list_next(struct wb_metric_list *l, struct wb_arena *a);
void wb_metric_list_close(struct wb_metric_list *l);

#endif
