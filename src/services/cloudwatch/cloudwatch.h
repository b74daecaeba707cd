/*
 * CloudWatch: metrics, alarms, dashboards. What its files share.
 *
 * A series is a metric (namespace, name, dimensions) of an account and region. Reading one gives a
 * value for each period of a range, by a statistic; NaN where there is no data. Metric math works
 * on series. Alarms evaluate both.
 */
#ifndef WB_CLOUDWATCH_H
#define WB_CLOUDWATCH_H

#include "aws/op.h"
#include "engine/engine.h"
#include "engine/tx.h"

extern const struct wb_module wb_cloudwatch_module;

/* --- statistics: stat.c --- */

enum wb_stat_kind {
    WB_STAT_SAMPLE_COUNT,
    WB_STAT_AVERAGE,
    WB_STAT_SUM,
    WB_STAT_MINIMUM,
    WB_STAT_MAXIMUM,
    WB_STAT_P, /* percentile: hi */
    WB_STAT_TM,
    WB_STAT_WM, /* trimmed and winsorized mean, lo..hi */
    WB_STAT_PR, /* percentile rank of the value range lo..hi */
    WB_STAT_TC,
    WB_STAT_TS, /* trimmed count and sum */
    WB_STAT_IQM,
};
struct wb_stat {
    enum wb_stat_kind kind;
    double lo, hi; /* -INFINITY, INFINITY: open */
    bool by_value; /* the bounds are values, not percents: TM(150:1000) */
};
/* "Average", "p99.9", "TM(10%:90%)", "PR(:300)", "IQM". */
bool wb_stat_parse(struct wb_slice text, struct wb_stat *out);

/* --- series: series.c --- */

struct wb_metric_id {
    struct wb_slice ns, name;
    const struct wb_pair *dim; /* sorted by name */
    size_t dim_count;
};
struct wb_window {
    int64_t start_ms, end_ms; /* aligned to the period */
    int64_t period_s;
};
struct wb_series_values {
    size_t n;             /* periods of the window, oldest first */
    double *value;        /* NaN: no data */
    double *samples;      /* how many samples stand behind each: percentile alarms ask */
    struct wb_slice unit; /* null: several, or none */
};
/* unit null: any. In the arena of tx. False: the window is too large (limits.h). */
bool wb_series_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                    const struct wb_metric_id *m, const struct wb_stat *stat, struct wb_slice unit,
                    const struct wb_window *w, struct wb_series_values *out);

/* --- metric data queries: query.c (GetMetricData, alarms on expressions, widgets) --- */

/* One series; an expression may give several with the same id. */
struct wb_query_result {
    struct wb_slice id, label;
    bool returned, expression; /* ReturnData; not a metric */
    int64_t start_ms, period_s;
    const struct wb_metric_id *metric; /* what it shows, when that is a metric as it stands */
    struct wb_slice stat, account, region;
    struct wb_series_values values; /* samples NULL: of an expression */
};
/* queries: a list as GetMetricData takes it. False with *why = the ValidationError's text. */
bool wb_query_check(struct wb_arena *a, struct wb_json queries, struct wb_slice *why);
/* Each metric is read by its own period: from the start of the period in which the window begins,
 * to the end of that in which it ends. The window's period is that of expressions without any
 * metric. zone: minutes ahead of UTC, for times in labels. */
bool wb_query_run(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                  struct wb_json queries, const struct wb_window *w, int zone,
                  struct wb_query_result **result, size_t *count, struct wb_slice *why);
/* The same within what an alarm's evaluation may cost, and without SEARCH. */
bool wb_query_run_alarm(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                        struct wb_json queries, const struct wb_window *w,
                        struct wb_query_result **result, size_t *count, struct wb_slice *why);

#endif
