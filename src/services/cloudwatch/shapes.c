/* Inputs of the operations on metrics, and what they share with alarms. As in the public service
 * model, version 2010-08-01. */
#include "aws/shape_table.h"
#include "services/cloudwatch/ops.h"

#define KIND(k, text)                                                                              \
    {                                                                                              \
        .kind = k, .name = text                                                                    \
    }
#define ENUM(id, text, ...)                                                                        \
    const struct wb_shape id = {                                                                   \
        .kind = WB_STRING, .name = text, .values = (const char *const[]){__VA_ARGS__, NULL}}

const struct wb_shape cw_s_namespace = TEXT("Namespace", 1, 255, .pattern = "[^:].*");
const struct wb_shape cw_s_name = TEXT("MetricName", 1, 255);
const struct wb_shape cw_s_account = TEXT("AccountId", 1, 255);
const struct wb_shape cw_s_boolean = KIND(WB_BOOLEAN, "ReturnData");
const struct wb_shape cw_s_double = KIND(WB_DOUBLE, "DatapointValue");
const struct wb_shape cw_s_next_token = KIND(WB_STRING, "NextToken");
const struct wb_shape cw_s_time = KIND(WB_TIMESTAMP, "Timestamp");
const struct wb_shape cw_s_stat = KIND(WB_STRING, "Stat");
const struct wb_shape cw_s_extended_stat = KIND(WB_STRING, "ExtendedStatistic");
const struct wb_shape cw_s_period = {
    .kind = WB_INTEGER, .name = "Period", .min = 1, .has_min = true};
ENUM(cw_s_statistic, "Statistic", "SampleCount", "Average", "Sum", "Minimum", "Maximum");
ENUM(cw_s_unit, "StandardUnit", "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes",
     "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits",
     "Percent", "Count", "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second",
     "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second",
     "Terabits/Second", "Count/Second", "None");

static const struct wb_shape dimension_name = TEXT("DimensionName", 1, 255);
static const struct wb_shape dimension_value = TEXT("DimensionValue", 1, 1024);
STRUCT(dimension, "Dimension", R("Name", dimension_name), R("Value", dimension_value));
const struct wb_shape cw_s_dimensions = {
    .kind = WB_LIST, .name = "Dimensions", .max = 30, .has_max = true, .elem = &dimension};

const struct wb_shape cw_s_metric = {.kind = WB_STRUCTURE,
                                     .name = "Metric",
                                     MEMBERS(M("Namespace", cw_s_namespace),
                                             M("MetricName", cw_s_name),
                                             M("Dimensions", cw_s_dimensions))};
static const struct wb_shape id = TEXT("MetricId", 1, 255);
static const struct wb_shape expression = TEXT("MetricExpression", 1, 2048);
static const struct wb_shape label = KIND(WB_STRING, "MetricLabel");
STRUCT(metric_stat, "MetricStat", R("Metric", cw_s_metric), R("Period", cw_s_period),
       R("Stat", cw_s_stat), M("Unit", cw_s_unit));
STRUCT(query, "MetricDataQuery", R("Id", id), M("MetricStat", metric_stat),
       M("Expression", expression), M("Label", label), M("ReturnData", cw_s_boolean),
       M("Period", cw_s_period), M("AccountId", cw_s_account));
const struct wb_shape cw_s_queries = {.kind = WB_LIST, .name = "MetricDataQueries", .elem = &query};

/* --- metrics --- */

static const struct wb_shape resolution = {
    .kind = WB_INTEGER, .name = "StorageResolution", .min = 1, .has_min = true};
static const struct wb_shape values = {.kind = WB_LIST, .name = "Values", .elem = &cw_s_double};
static const struct wb_shape counts = {.kind = WB_LIST, .name = "Counts", .elem = &cw_s_double};
STRUCT(statistic_set, "StatisticSet", R("SampleCount", cw_s_double), R("Sum", cw_s_double),
       R("Minimum", cw_s_double), R("Maximum", cw_s_double));
STRUCT(datum, "MetricDatum", R("MetricName", cw_s_name), M("Dimensions", cw_s_dimensions),
       M("Timestamp", cw_s_time), M("Value", cw_s_double), M("StatisticValues", statistic_set),
       M("Values", values), M("Counts", counts), M("Unit", cw_s_unit),
       M("StorageResolution", resolution));
static const struct wb_shape data = {.kind = WB_LIST, .name = "MetricData", .elem = &datum};
static const struct wb_shape entity_key = TEXT("EntityKeyAttributesMapKeyString", 1, 32);
static const struct wb_shape entity_value = TEXT("EntityKeyAttributesMapValueString", 1, 2048);
static const struct wb_shape entity_map = {
    .kind = WB_MAP, .name = "EntityAttributesMap", .key = &entity_key, .elem = &entity_value};
STRUCT(entity, "Entity", M("KeyAttributes", entity_map), M("Attributes", entity_map));
STRUCT(entity_data, "EntityMetricData", M("Entity", entity), M("MetricData", data));
static const struct wb_shape entities = {
    .kind = WB_LIST, .name = "EntityMetricDataList", .elem = &entity_data};
INPUT(cw_s_put_data, "PutMetricDataInput", R("Namespace", cw_s_namespace), M("MetricData", data),
      M("EntityMetricData", entities), M("StrictEntityValidation", cw_s_boolean));

static const struct wb_shape points = KIND(WB_INTEGER, "GetMetricDataMaxDatapoints");
static const struct wb_shape zone = KIND(WB_STRING, "GetMetricDataLabelTimezone");
STRUCT(label_options, "LabelOptions", M("Timezone", zone));
static ENUM(scan_by, "ScanBy", "TimestampDescending", "TimestampAscending");
INPUT(cw_s_get_data, "GetMetricDataInput", R("MetricDataQueries", cw_s_queries),
      R("StartTime", cw_s_time), R("EndTime", cw_s_time), M("NextToken", cw_s_next_token),
      M("ScanBy", scan_by), M("MaxDatapoints", points), M("LabelOptions", label_options));

LIST(statistics, "Statistics", 1, 5, cw_s_statistic);
LIST(extended, "ExtendedStatistics", 1, 10, cw_s_extended_stat);
INPUT(cw_s_get_statistics, "GetMetricStatisticsInput", R("Namespace", cw_s_namespace),
      R("MetricName", cw_s_name), M("Dimensions", cw_s_dimensions), R("StartTime", cw_s_time),
      R("EndTime", cw_s_time), R("Period", cw_s_period), M("Statistics", statistics),
      M("ExtendedStatistics", extended), M("Unit", cw_s_unit));

STRUCT(filter, "DimensionFilter", R("Name", dimension_name), M("Value", dimension_value));
LIST(filters, "DimensionFilters", 0, 10, filter);
static ENUM(recently, "RecentlyActive", "PT3H");
INPUT(cw_s_list_metrics, "ListMetricsInput", M("Namespace", cw_s_namespace),
      M("MetricName", cw_s_name), M("Dimensions", filters), M("NextToken", cw_s_next_token),
      M("RecentlyActive", recently), M("IncludeLinkedAccounts", cw_s_boolean),
      M("OwningAccount", cw_s_account));
