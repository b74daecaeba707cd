/* The operation table of CloudWatch and the module. Shapes as in the public service model, version
 * 2010-08-01. */
#include "services/cloudwatch/alarm.h"

#define ALARM(n, k, shape, fn, res, keys)                                                          \
    {                                                                                              \
        .name = n, .class = k, .input = &cw_s_##shape, .handler = cw_##fn,                         \
        .action = "cloudwatch:" n, .resources = res, .condition_keys = keys                        \
    }

/* --- authorization (Service Authorization Reference, "Amazon CloudWatch") --- */

static void put_facts(struct wb_call *c)
{
    wb_call_condition(c, "cloudwatch:namespace", wb_in_str(c, "Namespace"));
}

static const char *const put_keys[] = {"cloudwatch:namespace", NULL};

/* --- the table --- */

static const struct wb_op ops[] = {
    ALARM("DeleteAlarms", WB_WRITE, alarm_names, delete_alarms, cw_of_alarms, cw_resource_keys),
    ALARM("DeleteDashboards", WB_WRITE, delete_dashboards, delete_dashboards, cw_of_dashboard,
          NULL),
    ALARM("DescribeAlarmHistory", WB_SCAN, describe_history, describe_history, cw_of_alarms,
          cw_resource_keys),
    ALARM("DescribeAlarms", WB_SCAN, describe_alarms, describe_alarms, cw_of_alarms,
          cw_resource_keys),
    ALARM("DescribeAlarmsForMetric", WB_SCAN, describe_for_metric, describe_alarms_for_metric, NULL,
          NULL),
    ALARM("DisableAlarmActions", WB_WRITE, alarm_names, disable_actions, cw_of_alarms,
          cw_resource_keys),
    ALARM("EnableAlarmActions", WB_WRITE, alarm_names, enable_actions, cw_of_alarms,
          cw_resource_keys),
    ALARM("GetDashboard", WB_SCAN, get_dashboard, get_dashboard, cw_of_dashboard, NULL),
    ALARM("GetMetricWidgetImage", WB_SCAN, widget_image, widget_image, NULL, NULL),
    ALARM("ListDashboards", WB_SCAN, list_dashboards, list_dashboards, cw_of_dashboard, NULL),
    ALARM("ListTagsForResource", WB_READ, list_tags, list_tags, cw_of_tagged, cw_resource_keys),
    {.name = "PutCompositeAlarm",
     .class = WB_WRITE,
     .input = &cw_s_put_composite_alarm,
     .handler = cw_put_composite_alarm,
     .action = "cloudwatch:PutCompositeAlarm",
     .resources = cw_of_alarm,
     .conditions = cw_alarm_facts,
     .condition_keys = cw_alarm_keys},
    ALARM("PutDashboard", WB_WRITE, put_dashboard, put_dashboard, cw_of_dashboard, NULL),
    {.name = "PutMetricAlarm",
     .class = WB_WRITE,
     .input = &cw_s_put_metric_alarm,
     .handler = cw_put_metric_alarm,
     .action = "cloudwatch:PutMetricAlarm",
     .resources = cw_of_alarm,
     .conditions = cw_alarm_facts,
     .condition_keys = cw_alarm_keys},
    ALARM("SetAlarmState", WB_WRITE, set_alarm_state, set_alarm_state, cw_of_alarms,
          cw_resource_keys),
    ALARM("TagResource", WB_WRITE, tag, tag, cw_of_tagged, cw_tagged_keys),
    ALARM("UntagResource", WB_WRITE, untag, untag, cw_of_tagged, cw_tagged_keys),
    {.name = "GetMetricData",
     .class = WB_SCAN,
     .input = &cw_s_get_data,
     .action = "cloudwatch:GetMetricData",
     .handler = cw_get_metric_data,
     .data = true},
    {.name = "GetMetricStatistics",
     .class = WB_SCAN,
     .input = &cw_s_get_statistics,
     .action = "cloudwatch:GetMetricStatistics",
     .handler = cw_get_metric_statistics,
     .data = true},
    {.name = "ListMetrics",
     .class = WB_SCAN,
     .input = &cw_s_list_metrics,
     .action = "cloudwatch:ListMetrics",
     .handler = cw_list_metrics},
    {.name = "PutMetricData",
     .class = WB_WRITE,
     .input = &cw_s_put_data,
     .action = "cloudwatch:PutMetricData",
     .conditions = put_facts,
     .condition_keys = put_keys,
     .handler = cw_put_metric_data,
     .answer = "",
     .data = true},
};

/* Modelled errors as the JSON and CBOR protocols name them, and as Query does. */
static const struct wb_code codes[] = {
    {"ConcurrentModificationException", "ConcurrentModificationException"},
    {"DashboardInvalidInputError", "InvalidParameterInput"},
    {"DashboardNotFoundError", "ResourceNotFound"},
    {"InternalServiceFault", "InternalServiceError"},
    {"InvalidFormatFault", "InvalidFormat"},
    {"InvalidParameterCombinationException", "InvalidParameterCombination"},
    {"InvalidParameterValueException", "InvalidParameterValue"},
    {"LimitExceededFault", "LimitExceeded"},
    {"MissingRequiredParameterException", "MissingParameter"},
    {"ValidationException", "ValidationError"},
    {NULL, NULL},
};

static const struct wb_service cloudwatch_service = {
    .name = "cloudwatch",
    .title = "Amazon CloudWatch",
    .signing_name = "monitoring",
    .usage = "CloudWatch",
    .model = "cloudwatch",
    .protocol = WB_JSON10,
    .target = "GraniteServiceVersion20100801",
    .cbor = true,
    .version = "2010-08-01",
    .xmlns = "http://monitoring.amazonaws.com/doc/2010-08-01/",
    .type_prefix = "com.amazonaws.cloudwatch.v2010_08_01#",
    .internal_code = "InternalServiceFault",
    .code = codes,
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};

static void start(struct wb_engine *e)
{
    wb_executor_register(e, &cw_tick_executor);
    wb_executor_register(e, &cw_action_executor);
    wb_executor_register(e, &cw_composite_executor);
    wb_executor_register(e, &cw_history_executor);
    wb_page_register(e, &cw_prometheus_page);
}

static void check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    cw_alarm_check(tx, bad, arg);
    cw_dashboard_check(tx, bad, arg);
}

const struct wb_module wb_cloudwatch_module = {
    .service = &cloudwatch_service, .start = start, .check = check};
