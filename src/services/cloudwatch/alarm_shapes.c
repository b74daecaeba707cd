/* Inputs of the operations on alarms and dashboards, and what they need to be allowed. */
#include "aws/shape_table.h"
#include "base/arn.h"
#include "services/cloudwatch/alarm.h"

#define STRING(id, text) static const struct wb_shape id = {.kind = WB_STRING, .name = text}
#define ENUM(id, text, ...)                                                                        \
    static const struct wb_shape id = {                                                            \
        .kind = WB_STRING, .name = text, .values = (const char *const[]){__VA_ARGS__, NULL}}
#define COUNT(id, text)                                                                            \
    static const struct wb_shape id = {.kind = WB_INTEGER, .name = text, .min = 1, .has_min = true}

static const struct wb_shape alarm_name = TEXT("AlarmName", 1, 255);
static const struct wb_shape alarm_prefix = TEXT("AlarmNamePrefix", 1, 255);
static const struct wb_shape alarm_arn = TEXT("AlarmArn", 1, 1600);
static const struct wb_shape description = TEXT("AlarmDescription", 0, 1024);
static const struct wb_shape action = TEXT("ResourceName", 1, 1024);
static const struct wb_shape action_prefix = TEXT("ActionPrefix", 1, 1024);
static const struct wb_shape rule = TEXT("AlarmRule", 1, 10240);
static const struct wb_shape reason = TEXT("StateReason", 0, 1023);
static const struct wb_shape reason_data = TEXT("StateReasonData", 0, 4000);
static const struct wb_shape missing = TEXT("TreatMissingData", 1, 255);
static const struct wb_shape low_samples = TEXT("EvaluateLowSampleCountPercentile", 1, 255);
static const struct wb_shape metric_id = TEXT("MetricId", 1, 255);
static const struct wb_shape resource_arn = TEXT("AmazonResourceName", 1, 1024);
static const struct wb_shape tag_key = TEXT("TagKey", 1, 128);
static const struct wb_shape tag_value = TEXT("TagValue", 0, 256);
static const struct wb_shape period = {.kind = WB_INTEGER, .name = "SuppressorPeriod"};
STRING(dashboard_name, "DashboardName");
STRING(dashboard_prefix, "DashboardNamePrefix");
STRING(dashboard_body, "DashboardBody");
STRING(widget, "MetricWidget");
STRING(format, "OutputFormat");
COUNT(evaluation_periods, "EvaluationPeriods");
COUNT(datapoints, "DatapointsToAlarm");
INT(max_records, "MaxRecords", 1, 100);
ENUM(state, "StateValue", "INSUFFICIENT_DATA", "ALARM", "OK");
ENUM(alarm_type, "AlarmType", "CompositeAlarm", "MetricAlarm");
ENUM(scan_by, "ScanBy", "TimestampDescending", "TimestampAscending");
ENUM(item_type, "HistoryItemType", "ConfigurationUpdate", "StateUpdate", "Action");
ENUM(comparison, "ComparisonOperator", "GreaterThanOrEqualToThreshold", "GreaterThanThreshold",
     "LessThanThreshold", "LessThanOrEqualToThreshold", "LessThanLowerOrGreaterThanUpperThreshold",
     "LessThanLowerThreshold", "GreaterThanUpperThreshold");
LIST(alarm_names, "AlarmNames", 0, 100, alarm_name);
LIST(alarm_types, "AlarmTypes", 0, 0, alarm_type);
LIST(actions, "ResourceList", 0, 5, action);
LIST(dashboard_names, "DashboardNames", 0, 0, dashboard_name);
STRUCT(tag, "Tag", R("Key", tag_key), R("Value", tag_value));
LIST(tags, "TagList", 0, 0, tag);
LIST(tag_keys, "TagKeyList", 0, 0, tag_key);

INPUT(cw_s_put_metric_alarm, "PutMetricAlarmInput", R("AlarmName", alarm_name),
      M("AlarmDescription", description), M("ActionsEnabled", cw_s_boolean),
      M("OKActions", actions), M("AlarmActions", actions), M("InsufficientDataActions", actions),
      M("MetricName", cw_s_name), M("Namespace", cw_s_namespace), M("Statistic", cw_s_statistic),
      M("ExtendedStatistic", cw_s_extended_stat), M("Dimensions", cw_s_dimensions),
      M("Period", cw_s_period), M("Unit", cw_s_unit), R("EvaluationPeriods", evaluation_periods),
      M("DatapointsToAlarm", datapoints), M("Threshold", cw_s_double),
      R("ComparisonOperator", comparison), M("TreatMissingData", missing),
      M("EvaluateLowSampleCountPercentile", low_samples), M("Metrics", cw_s_queries),
      M("Tags", tags), M("ThresholdMetricId", metric_id));
INPUT(cw_s_put_composite_alarm, "PutCompositeAlarmInput", M("ActionsEnabled", cw_s_boolean),
      M("AlarmActions", actions), M("AlarmDescription", description), R("AlarmName", alarm_name),
      R("AlarmRule", rule), M("InsufficientDataActions", actions), M("OKActions", actions),
      M("Tags", tags), M("ActionsSuppressor", alarm_arn), M("ActionsSuppressorWaitPeriod", period),
      M("ActionsSuppressorExtensionPeriod", period));
INPUT(cw_s_alarm_names, "AlarmNamesInput", R("AlarmNames", alarm_names));
INPUT(cw_s_describe_alarms, "DescribeAlarmsInput", M("AlarmNames", alarm_names),
      M("AlarmNamePrefix", alarm_prefix), M("AlarmTypes", alarm_types),
      M("ChildrenOfAlarmName", alarm_name), M("ParentsOfAlarmName", alarm_name),
      M("StateValue", state), M("ActionPrefix", action_prefix), M("MaxRecords", max_records),
      M("NextToken", cw_s_next_token));
INPUT(cw_s_describe_for_metric, "DescribeAlarmsForMetricInput", R("MetricName", cw_s_name),
      R("Namespace", cw_s_namespace), M("Statistic", cw_s_statistic),
      M("ExtendedStatistic", cw_s_extended_stat), M("Dimensions", cw_s_dimensions),
      M("Period", cw_s_period), M("Unit", cw_s_unit));
INPUT(cw_s_describe_history, "DescribeAlarmHistoryInput", M("AlarmName", alarm_name),
      M("AlarmTypes", alarm_types), M("HistoryItemType", item_type), M("StartDate", cw_s_time),
      M("EndDate", cw_s_time), M("MaxRecords", max_records), M("NextToken", cw_s_next_token),
      M("ScanBy", scan_by));
INPUT(cw_s_set_alarm_state, "SetAlarmStateInput", R("AlarmName", alarm_name),
      R("StateValue", state), R("StateReason", reason), M("StateReasonData", reason_data));
INPUT(cw_s_tag, "TagResourceInput", R("ResourceARN", resource_arn), R("Tags", tags));
INPUT(cw_s_untag, "UntagResourceInput", R("ResourceARN", resource_arn), R("TagKeys", tag_keys));
INPUT(cw_s_list_tags, "ListTagsForResourceInput", R("ResourceARN", resource_arn));
INPUT(cw_s_put_dashboard, "PutDashboardInput", R("DashboardName", dashboard_name),
      R("DashboardBody", dashboard_body));
INPUT(cw_s_get_dashboard, "GetDashboardInput", R("DashboardName", dashboard_name));
INPUT(cw_s_list_dashboards, "ListDashboardsInput", M("DashboardNamePrefix", dashboard_prefix),
      M("NextToken", cw_s_next_token));
INPUT(cw_s_delete_dashboards, "DeleteDashboardsInput", R("DashboardNames", dashboard_names));
INPUT(cw_s_widget_image, "GetMetricWidgetImageInput", R("MetricWidget", widget),
      M("OutputFormat", format));

/* --- authorization --- */

static void alarm(struct wb_call *c, struct wb_slice name)
{
    wb_call_resource(c, cw_alarm_arn(c->arena, c->ctx.account, c->ctx.region, name));
}

void cw_of_alarm(struct wb_call *c)
{
    alarm(c, wb_in_str(c, "AlarmName"));
    if (wb_json_count(wb_in(c, "Tags")))
        wb_call_also(
            c, "cloudwatch:TagResource",
            cw_alarm_arn(c->arena, c->ctx.account, c->ctx.region, wb_in_str(c, "AlarmName")));
}

/* All alarms when none is named. */
void cw_of_alarms(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "AlarmName");
    struct wb_json_iter it = wb_json_iter(wb_in(c, "AlarmNames"));
    bool any = name.p != NULL;
    if (any)
        alarm(c, name);
    for (; wb_json_next(&it); any = true)
        alarm(c, wb_json_str(it.value, c->arena));
    if (!any)
        alarm(c, WB_S("*"));
}

void cw_of_tagged(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "ResourceARN"));
}

static void dashboard(struct wb_call *c, struct wb_slice name)
{
    wb_call_resource(c, wb_arn_make(c->arena, "cloudwatch", WB_S(""), c->ctx.account,
                                    "dashboard/%.*s", WB_FMT(name)));
}

void cw_of_dashboard(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "DashboardNames"));
    struct wb_slice name = wb_in_str(c, "DashboardName");
    if (name.p)
        dashboard(c, name);
    while (wb_json_next(&it))
        dashboard(c, wb_json_str(it.value, c->arena));
    if (!c->need_count)
        dashboard(c, WB_S("*"));
}

/* The actions that the alarm shall have. */
void cw_alarm_facts(struct wb_call *c)
{
    static const char *const lists[] = {"OKActions", "AlarmActions", "InsufficientDataActions"};
    for (size_t i = 0; i < 3; i++) {
        struct wb_json_iter it = wb_json_iter(wb_in(c, lists[i]));
        while (wb_json_next(&it))
            wb_call_condition(c, "cloudwatch:AlarmActions", wb_json_str(it.value, c->arena));
    }
}

const char *const cw_alarm_keys[] = {"aws:RequestTag/${TagKey}", "aws:ResourceTag/${TagKey}",
                                     "aws:TagKeys", "cloudwatch:AlarmActions", NULL};
const char *const cw_tagged_keys[] = {"aws:RequestTag/${TagKey}", "aws:ResourceTag/${TagKey}",
                                      "aws:TagKeys", NULL};
const char *const cw_resource_keys[] = {"aws:ResourceTag/${TagKey}", NULL};
