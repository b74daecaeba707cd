/* Inputs as in the public service model, version 2016-04-12. */
#include "aws/shape_table.h"
#include "services/xray/xray.h"

#define KIND(id, k, text) static const struct wb_shape id = {.kind = k, .name = text}
#define STR(id, text, lo, hi)                                                                      \
    static const struct wb_shape id = {.kind = WB_STRING,                                          \
                                       .name = text,                                               \
                                       .min = lo,                                                  \
                                       .max = hi,                                                  \
                                       .has_min = (lo) >= 0,                                       \
                                       .has_max = (hi) > 0}
#define ENUM(id, text, ...)                                                                        \
    static const struct wb_shape id = {                                                            \
        .kind = WB_STRING, .name = text, .values = (const char *const[]){__VA_ARGS__, NULL}}
#define AT_LEAST(id, text, lo)                                                                     \
    static const struct wb_shape id = {.kind = WB_INTEGER, .name = text, .min = lo, .has_min = true}

KIND(string, WB_STRING, "String");
KIND(document, WB_STRING, "TraceSegmentDocument");
KIND(filter, WB_STRING, "FilterExpression");
KIND(moment, WB_TIMESTAMP, "Timestamp");
KIND(boolean, WB_BOOLEAN, "NullableBoolean");
KIND(integer, WB_INTEGER, "NullableInteger");
KIND(real, WB_DOUBLE, "NullableDouble");
STR(trace_id, "TraceId", 1, 35);
STR(group_name, "GroupName", 1, 32);
STR(group_arn, "GroupARN", 1, 400);
STR(groups_token, "GetGroupsNextToken", 1, 100);
STR(key_id, "EncryptionKeyId", 1, 3000);
STR(rule_name, "RuleName", 1, 32);
STR(resource_arn, "ResourceARN", -1, 500);
STR(service_name, "ServiceName", -1, 64);
STR(service_type, "ServiceType", -1, 64);
STR(host, "Host", -1, 64);
STR(method, "HTTPMethod", -1, 10);
STR(path, "URLPath", -1, 128);
STR(attribute_key, "AttributeKey", 1, 32);
STR(attribute_value, "AttributeValue", 1, 32);
STR(client_id, "ClientID", 24, 24);
STR(tag_key, "TagKey", 1, 128);
STR(tag_value, "TagValue", 0, 256);
STR(arn, "AmazonResourceName", 1, 1011);
STR(instance, "EC2InstanceId", -1, 20);
STR(hostname, "Hostname", -1, 255);
KIND(policy_document, WB_STRING, "PolicyDocument");
KIND(policy_revision, WB_STRING, "PolicyRevisionId");
KIND(policy_flag, WB_BOOLEAN, "Boolean");
static const struct wb_shape policy_name = {.kind = WB_STRING,
                                            .name = "PolicyName",
                                            .pattern = "[\\w+=,.@-]+",
                                            .min = 1,
                                            .max = 128,
                                            .has_min = true,
                                            .has_max = true};
static const struct wb_shape insight_id = {
    .kind = WB_STRING,
    .name = "InsightId",
    .pattern = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-"
               "[0-9a-fA-F]{12}"};
STR(insight_token, "Token", 1, 2000);
ENUM(insight_state, "InsightState", "ACTIVE", "CLOSED");
LIST(insight_states, "InsightStateList", 0, 1, insight_state);
INT(insight_events_max, "GetInsightEventsMaxResults", 1, 50);
INT(insights_max, "GetInsightSummariesMaxResults", 1, 100);
STR(policy_token, "ResourcePolicyNextToken", 1, 100);
STR(entity_selector, "EntitySelectorExpression", 1, 500);
ENUM(encryption_type, "EncryptionType", "NONE", "KMS");
ENUM(range_type, "TimeRangeType", "TraceId", "Event");
ENUM(strategy_name, "SamplingStrategyName", "PartialScan", "FixedRate");
INT(priority, "Priority", 1, 9999);
AT_LEAST(reservoir, "ReservoirSize", 0);
AT_LEAST(version, "Version", 1);
AT_LEAST(requests, "RequestCount", 0);
AT_LEAST(sampled, "SampledCount", 0);
AT_LEAST(borrowed, "BorrowCount", 0);
static const struct wb_shape rate = {
    .kind = WB_DOUBLE, .name = "FixedRate", .min = 0, .max = 1, .has_min = true, .has_max = true};
static const struct wb_shape attributes = {.kind = WB_MAP,
                                           .name = "AttributeMap",
                                           .key = &attribute_key,
                                           .elem = &attribute_value,
                                           .max = 5,
                                           .has_max = true};

STRUCT(tag, "Tag", R("Key", tag_key), R("Value", tag_value));
LIST(tags, "TagList", 0, 200, tag);
LIST(tag_keys, "TagKeyList", 0, 200, tag_key);
LIST(documents, "TraceSegmentDocumentList", 0, 0, document);
LIST(trace_ids, "TraceIdList", 0, 0, trace_id);
STRUCT(insights, "InsightsConfiguration", M("InsightsEnabled", boolean),
       M("NotificationsEnabled", boolean));
STRUCT(strategy, "SamplingStrategy", M("Name", strategy_name), M("Value", real));
STRUCT(rule, "SamplingRule", M("RuleName", rule_name), M("RuleARN", string),
       R("ResourceARN", resource_arn), R("Priority", priority), R("FixedRate", rate),
       R("ReservoirSize", reservoir), R("ServiceName", service_name),
       R("ServiceType", service_type), R("Host", host), R("HTTPMethod", method), R("URLPath", path),
       R("Version", version), M("Attributes", attributes));
STRUCT(rule_update, "SamplingRuleUpdate", M("RuleName", rule_name), M("RuleARN", string),
       M("ResourceARN", resource_arn), M("Priority", integer), M("FixedRate", real),
       M("ReservoirSize", integer), M("Host", host), M("ServiceName", service_name),
       M("ServiceType", service_type), M("HTTPMethod", method), M("URLPath", path),
       M("Attributes", attributes));
STRUCT(statistics, "SamplingStatisticsDocument", R("RuleName", rule_name), R("ClientID", client_id),
       R("Timestamp", moment), R("RequestCount", requests), R("SampledCount", sampled),
       M("BorrowCount", borrowed));
LIST(statistics_list, "SamplingStatisticsDocumentList", 0, 25, statistics);
STRUCT(connection_errors, "BackendConnectionErrors", M("TimeoutCount", integer),
       M("ConnectionRefusedCount", integer), M("HTTPCode4XXCount", integer),
       M("HTTPCode5XXCount", integer), M("UnknownHostCount", integer), M("OtherCount", integer));
STRUCT(telemetry, "TelemetryRecord", R("Timestamp", moment), M("SegmentsReceivedCount", integer),
       M("SegmentsSentCount", integer), M("SegmentsSpilloverCount", integer),
       M("SegmentsRejectedCount", integer), M("BackendConnectionErrors", connection_errors));
LIST(telemetry_list, "TelemetryRecordList", 0, 0, telemetry);

INPUT(xray_s_put, "PutTraceSegmentsRequest", R("TraceSegmentDocuments", documents));
INPUT(xray_s_telemetry, "PutTelemetryRecordsRequest", R("TelemetryRecords", telemetry_list),
      M("EC2InstanceId", instance), M("Hostname", hostname), M("ResourceARN", resource_arn));
INPUT(xray_s_batch, "BatchGetTracesRequest", R("TraceIds", trace_ids), M("NextToken", string));
INPUT(xray_s_summaries, "GetTraceSummariesRequest", R("StartTime", moment), R("EndTime", moment),
      M("TimeRangeType", range_type), M("Sampling", boolean), M("SamplingStrategy", strategy),
      M("FilterExpression", filter), M("NextToken", string));
INPUT(xray_s_service_graph, "GetServiceGraphRequest", R("StartTime", moment), R("EndTime", moment),
      M("GroupName", group_name), M("GroupARN", group_arn), M("NextToken", string));
INPUT(xray_s_trace_graph, "GetTraceGraphRequest", R("TraceIds", trace_ids), M("NextToken", string));
INPUT(xray_s_create_group, "CreateGroupRequest", R("GroupName", group_name),
      M("FilterExpression", filter), M("InsightsConfiguration", insights), M("Tags", tags));
INPUT(xray_s_update_group, "UpdateGroupRequest", M("GroupName", group_name),
      M("GroupARN", group_arn), M("FilterExpression", filter),
      M("InsightsConfiguration", insights));
INPUT(xray_s_group, "GetGroupRequest", M("GroupName", group_name), M("GroupARN", group_arn));
INPUT(xray_s_groups, "GetGroupsRequest", M("NextToken", groups_token));
INPUT(xray_s_create_rule, "CreateSamplingRuleRequest", R("SamplingRule", rule), M("Tags", tags));
INPUT(xray_s_update_rule, "UpdateSamplingRuleRequest", R("SamplingRuleUpdate", rule_update));
INPUT(xray_s_rule, "DeleteSamplingRuleRequest", M("RuleName", string), M("RuleARN", string));
INPUT(xray_s_token, "GetSamplingRulesRequest", M("NextToken", string));
INPUT(xray_s_sampling_summaries, "GetSamplingStatisticSummariesRequest", M("NextToken", string));
INPUT(xray_s_targets, "GetSamplingTargetsRequest",
      R("SamplingStatisticsDocuments", statistics_list));
const struct wb_shape xray_s_nothing = {.kind = WB_STRUCTURE,
                                        .name = "GetEncryptionConfigRequest",
                                        .member = (const struct wb_member[]){{.name = NULL}}};
INPUT(xray_s_encryption, "PutEncryptionConfigRequest", M("KeyId", key_id),
      R("Type", encryption_type));
INPUT(xray_s_tag, "TagResourceRequest", R("ResourceARN", arn), R("Tags", tags));
INPUT(xray_s_untag, "UntagResourceRequest", R("ResourceARN", arn), R("TagKeys", tag_keys));
INPUT(xray_s_list_tags, "ListTagsForResourceRequest", R("ResourceARN", arn),
      M("NextToken", string));
INPUT(xray_s_put_policy, "PutResourcePolicyRequest", R("PolicyName", policy_name),
      R("PolicyDocument", policy_document), M("PolicyRevisionId", policy_revision),
      M("BypassPolicyLockoutCheck", policy_flag));
INPUT(xray_s_delete_policy, "DeleteResourcePolicyRequest", R("PolicyName", policy_name),
      M("PolicyRevisionId", policy_revision));
INPUT(xray_s_list_policies, "ListResourcePoliciesRequest", M("NextToken", policy_token));
INPUT(xray_s_time_series, "GetTimeSeriesServiceStatisticsRequest", R("StartTime", moment),
      R("EndTime", moment), M("GroupName", group_name), M("GroupARN", group_arn),
      M("EntitySelectorExpression", entity_selector), M("Period", integer),
      M("ForecastStatistics", boolean), M("NextToken", string));
INPUT(xray_s_insight, "GetInsightRequest", R("InsightId", insight_id));
INPUT(xray_s_insight_events, "GetInsightEventsRequest", R("InsightId", insight_id),
      M("MaxResults", insight_events_max), M("NextToken", insight_token));
INPUT(xray_s_insight_graph, "GetInsightImpactGraphRequest", R("InsightId", insight_id),
      R("StartTime", moment), R("EndTime", moment), M("NextToken", insight_token));
INPUT(xray_s_insight_summaries, "GetInsightSummariesRequest", M("States", insight_states),
      M("GroupARN", group_arn), M("GroupName", group_name), R("StartTime", moment),
      R("EndTime", moment), M("MaxResults", insights_max), M("NextToken", insight_token));
