/*
 * Handlers and shapes of CloudWatch's operations. cw_s_*: shapes that several inputs share.
 */
#ifndef WB_CLOUDWATCH_OPS_H
#define WB_CLOUDWATCH_OPS_H

#include "services/cloudwatch/cloudwatch.h"

extern const struct wb_shape cw_s_account, cw_s_boolean, cw_s_dimensions, cw_s_double, cw_s_metric,
    cw_s_name, cw_s_namespace, cw_s_next_token, cw_s_period, cw_s_queries, cw_s_stat,
    cw_s_extended_stat, cw_s_statistic, cw_s_time, cw_s_unit;

extern const struct wb_shape cw_s_get_data, cw_s_get_statistics, cw_s_list_metrics, cw_s_put_data;

void cw_get_metric_data(struct wb_call *c);
void cw_get_metric_statistics(struct wb_call *c);
void cw_list_metrics(struct wb_call *c);
void cw_put_metric_data(struct wb_call *c);

extern const struct wb_page cw_prometheus_page;

/* {Namespace, MetricName, Dimensions} */
void cw_out_metric(struct wb_out *o, const char *name, const struct wb_metric_id *m);

#endif
