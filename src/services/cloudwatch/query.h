/* What the files of metric data queries share. */
#ifndef WB_CLOUDWATCH_QUERY_H
#define WB_CLOUDWATCH_QUERY_H

#include "services/cloudwatch/metric_math.h"

/* A period that can be asked for: 1, 5, 10, 20, 30 s or a multiple of a minute. */
bool cw_period_ok(int64_t s);
/* {Namespace, MetricName, Dimensions} of an input. */
struct wb_metric_id cw_metric_id(struct wb_arena *a, struct wb_json metric);
/* label.c: a label with its ${...} filled in; own: what the label would be without. */
struct label_clock {
    int64_t now_ms;
    int zone; /* minutes ahead of UTC */
};
struct wb_slice cw_label(struct wb_arena *a, struct wb_slice text, const struct wb_query_result *r,
                         struct wb_slice own, const struct label_clock *clock);
/* "+0130"; null: UTC. False: of no such form. */
bool cw_zone(struct wb_slice text, int *minutes);

#endif
