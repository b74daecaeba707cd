/* Inputs as in the public service model, version 2014-03-28. */
#include "aws/shape_table.h"
#include "services/logs/filter.h"
#include "services/logs/query.h"

#define STR(id, text, lo, hi)                                                                      \
    static const struct wb_shape id = {.kind = WB_STRING,                                          \
                                       .name = text,                                               \
                                       .min = lo,                                                  \
                                       .max = hi,                                                  \
                                       .has_min = (lo) >= 0,                                       \
                                       .has_max = (hi) > 0}
#define PATTERN(id, text, lo, hi, pat, printed)                                                    \
    static const struct wb_shape id = {.kind = WB_STRING,                                          \
                                       .name = text,                                               \
                                       .min = lo,                                                  \
                                       .max = hi,                                                  \
                                       .has_min = true,                                            \
                                       .has_max = true,                                            \
                                       .pattern = pat,                                             \
                                       .pattern_text = printed}
#define ENUM(id, text, ...)                                                                        \
    static const struct wb_shape id = {                                                            \
        .kind = WB_STRING, .name = text, .values = (const char *const[]){__VA_ARGS__, NULL}}

/* Characters beyond ASCII are let through. */
#define TAG_CHARS(n) "([A-Za-z0-9 _.:/=+@\\x80-\\x{10ffff}-]" n ")"
#define TAG_TEXT(n)  "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]" n ")$"

PATTERN(group, "LogGroupName", 1, 512, "[.\\-_/#A-Za-z0-9]+", "[\\.\\-_/#A-Za-z0-9]+");
PATTERN(group_pattern, "LogGroupNamePattern", 0, 512, "[.\\-_/#A-Za-z0-9]*",
        "[\\.\\-_/#A-Za-z0-9]*");
PATTERN(identifier, "LogGroupIdentifier", 1, 2048, "[\\w#+=/:,.@-]*", NULL);
PATTERN(stream, "LogStreamName", 1, 512, "[^:*]*", NULL);
PATTERN(account, "AccountId", 12, 12, "^\\d{12}$", NULL);
PATTERN(resource, "AmazonResourceName", 1, 1011, "[\\w+=/:,.@-]*", NULL);
PATTERN(tag_key, "TagKey", 1, 128, TAG_CHARS("+"), TAG_TEXT("+"));
PATTERN(tag_value, "TagValue", 0, 256, TAG_CHARS("*"), TAG_TEXT("*"));
STR(kms, "KmsKeyId", -1, 256);
STR(token, "NextToken", 1, 0);
STR(sequence, "SequenceToken", 1, 0);
STR(filter, "FilterPattern", 0, 1024);
PATTERN(filter_name, "FilterName", 1, 512, "[^:*]*", NULL);
static const struct wb_shape metric_name = {
    .kind = WB_STRING, .name = "MetricName", .max = 255, .has_max = true, .pattern = "[^:*$]*"};
static const struct wb_shape metric_namespace = {.kind = WB_STRING,
                                                 .name = "MetricNamespace",
                                                 .max = 255,
                                                 .has_max = true,
                                                 .pattern = "[^:*$]*"};
STR(metric_value, "MetricValue", -1, 100);
STR(dimension_key, "DimensionsKey", -1, 255);
STR(dimension_value, "DimensionsValue", -1, 255);
STR(destination, "DestinationArn", 1, 0);
STR(role, "RoleArn", 1, 0);
static const struct wb_shape default_value = {.kind = WB_DOUBLE, .name = "DefaultValue"};
static const struct wb_shape dimensions = {
    .kind = WB_MAP, .name = "Dimensions", .key = &dimension_key, .elem = &dimension_value};
ENUM(unit, "StandardUnit", "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes",
     "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits",
     "Percent", "Count", "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second",
     "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second",
     "Terabits/Second", "Count/Second", "None");
ENUM(distribution, "Distribution", "Random", "ByLogStream");
STRUCT(transformation, "MetricTransformation", R("metricName", metric_name),
       R("metricNamespace", metric_namespace), R("metricValue", metric_value),
       M("defaultValue", default_value), M("dimensions", dimensions), M("unit", unit));
LIST(transformations, "MetricTransformations", 1, 1, transformation);
static const struct wb_shape message = {
    .kind = WB_STRING, .name = "EventMessage", .min = 1, .has_min = true, .sensitive = true};
static const struct wb_shape timestamp = {
    .kind = WB_LONG, .name = "Timestamp", .min = 0, .has_min = true};
static const struct wb_shape boolean = {.kind = WB_BOOLEAN, .name = "Boolean"};
static const struct wb_shape days = {.kind = WB_INTEGER, .name = "Days"};
INT(page, "DescribeLimit", 1, 50);
INT(events, "EventsLimit", 1, 10000);
ENUM(order, "OrderBy", "LogStreamName", "LastEventTime");
static const struct wb_shape tags = {.kind = WB_MAP,
                                     .name = "Tags",
                                     .min = 1,
                                     .max = 50,
                                     .has_min = true,
                                     .has_max = true,
                                     .key = &tag_key,
                                     .elem = &tag_value};
LIST(tag_keys, "TagKeyList", 0, 50, tag_key);
LIST(tag_list, "TagList", 1, 0, tag_key);
LIST(accounts, "AccountIds", 0, 20, account);
LIST(streams, "InputLogStreamNames", 1, 100, stream);
STRUCT(event, "InputLogEvent", R("timestamp", timestamp), R("message", message));
LIST(batch, "InputLogEvents", 1, 10000, event);

INPUT(logs_s_create_group, "CreateLogGroupRequest", R("logGroupName", group), M("kmsKeyId", kms),
      M("tags", tags));
INPUT(logs_s_group, "LogGroupRequest", R("logGroupName", group));
INPUT(logs_s_groups, "DescribeLogGroupsRequest", M("accountIdentifiers", accounts),
      M("logGroupNamePrefix", group), M("logGroupNamePattern", group_pattern),
      M("nextToken", token), M("limit", page), M("includeLinkedAccounts", boolean));
INPUT(logs_s_retention, "PutRetentionPolicyRequest", R("logGroupName", group),
      R("retentionInDays", days));
INPUT(logs_s_stream, "LogStreamRequest", R("logGroupName", group), R("logStreamName", stream));
INPUT(logs_s_streams, "DescribeLogStreamsRequest", M("logGroupName", group),
      M("logGroupIdentifier", identifier), M("logStreamNamePrefix", stream), M("orderBy", order),
      M("descending", boolean), M("nextToken", token), M("limit", page));
INPUT(logs_s_put, "PutLogEventsRequest", R("logGroupName", group), R("logStreamName", stream),
      R("logEvents", batch), M("sequenceToken", sequence));
INPUT(logs_s_get, "GetLogEventsRequest", M("logGroupName", group),
      M("logGroupIdentifier", identifier), R("logStreamName", stream), M("startTime", timestamp),
      M("endTime", timestamp), M("nextToken", token), M("limit", events),
      M("startFromHead", boolean), M("unmask", boolean));
INPUT(logs_s_filter, "FilterLogEventsRequest", M("logGroupName", group),
      M("logGroupIdentifier", identifier), M("logStreamNames", streams),
      M("logStreamNamePrefix", stream), M("startTime", timestamp), M("endTime", timestamp),
      M("filterPattern", filter), M("nextToken", token), M("limit", events),
      M("interleaved", boolean), M("unmask", boolean));
LIST(tail_groups, "StartLiveTailLogGroupIdentifiers", 1, 10, identifier);
INPUT(logs_s_live_tail, "StartLiveTailRequest", R("logGroupIdentifiers", tail_groups),
      M("logStreamNames", streams), M("logStreamNamePrefixes", streams),
      M("logEventFilterPattern", filter));
LIST(test_messages, "TestEventMessages", 1, 50, message);
INPUT(logs_s_put_metric_filter, "PutMetricFilterRequest", R("logGroupName", group),
      R("filterName", filter_name), R("filterPattern", filter),
      R("metricTransformations", transformations));
INPUT(logs_s_metric_filters, "DescribeMetricFiltersRequest", M("logGroupName", group),
      M("filterNamePrefix", filter_name), M("nextToken", token), M("limit", page),
      M("metricName", metric_name), M("metricNamespace", metric_namespace));
INPUT(logs_s_test_filter, "TestMetricFilterRequest", R("filterPattern", filter),
      R("logEventMessages", test_messages));
INPUT(logs_s_delete_filter, "DeleteFilterRequest", R("logGroupName", group),
      R("filterName", filter_name));
INPUT(logs_s_put_subscription, "PutSubscriptionFilterRequest", R("logGroupName", group),
      R("filterName", filter_name), R("filterPattern", filter), R("destinationArn", destination),
      M("roleArn", role), M("distribution", distribution));
INPUT(logs_s_subscriptions, "DescribeSubscriptionFiltersRequest", R("logGroupName", group),
      M("filterNamePrefix", filter_name), M("nextToken", token), M("limit", page));
PATTERN(query_id, "QueryId", 0, 256, NULL, NULL);
PATTERN(query_text, "QueryString", 0, 10000, NULL, NULL);
PATTERN(definition_text, "QueryDefinitionString", 1, 10000, NULL, NULL);
PATTERN(definition_name, "QueryDefinitionName", 1, 255, "([^:*/]+/?)*[^:*/]+",
        "^([^:*\\/]+\\/?)*[^:*\\/]+$");
ENUM(query_status, "QueryStatus", "Scheduled", "Running", "Complete", "Failed", "Cancelled",
     "Timeout", "Unknown");
STR(pointer, "LogRecordPointer", -1, 0);
INT(queries_max, "DescribeQueriesMaxResults", 1, 1000);
INT(definitions_max, "QueryListMaxResults", 1, 1000);
LIST(groups, "LogGroupNames", 0, 0, group);
LIST(identifiers, "LogGroupIdentifiers", 0, 0, identifier);
ENUM(language, "QueryLanguage", "CWLI", "SQL", "PPL");
INPUT(logs_s_start_query, "StartQueryRequest", M("logGroupName", group), M("logGroupNames", groups),
      M("logGroupIdentifiers", identifiers), R("startTime", timestamp), R("endTime", timestamp),
      R("queryString", query_text), M("limit", events), M("queryLanguage", language));
INPUT(logs_s_query, "QueryRequest", R("queryId", query_id));
INPUT(logs_s_queries, "DescribeQueriesRequest", M("logGroupName", group), M("status", query_status),
      M("maxResults", queries_max), M("nextToken", token));
INPUT(logs_s_put_definition, "PutQueryDefinitionRequest", R("name", definition_name),
      M("queryDefinitionId", query_id), M("logGroupNames", groups),
      R("queryString", definition_text));
INPUT(logs_s_definitions, "DescribeQueryDefinitionsRequest",
      M("queryDefinitionNamePrefix", definition_name), M("maxResults", definitions_max),
      M("nextToken", token));
INPUT(logs_s_delete_definition, "DeleteQueryDefinitionRequest", R("queryDefinitionId", query_id));
INPUT(logs_s_group_fields, "GetLogGroupFieldsRequest", M("logGroupName", group),
      M("logGroupIdentifier", identifier), M("time", timestamp));
INPUT(logs_s_record, "GetLogRecordRequest", R("logRecordPointer", pointer), M("unmask", boolean));
INPUT(logs_s_tag, "TagResourceRequest", R("resourceArn", resource), R("tags", tags));
INPUT(logs_s_untag, "UntagResourceRequest", R("resourceArn", resource), R("tagKeys", tag_keys));
INPUT(logs_s_list_tags, "ListTagsForResourceRequest", R("resourceArn", resource));
INPUT(logs_s_tag_group, "TagLogGroupRequest", R("logGroupName", group), R("tags", tags));
INPUT(logs_s_untag_group, "UntagLogGroupRequest", R("logGroupName", group), R("tags", tag_list));
