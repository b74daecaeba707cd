#include "services/events/shapes.h"

#include "aws/shape_table.h"
#include "base/limits.h"
#include <stddef.h>

#define STR(id, text, lo, hi, pat)                                                                 \
    static const struct wb_shape id = {.kind = WB_STRING,                                          \
                                       .name = text,                                               \
                                       .min = lo,                                                  \
                                       .max = hi,                                                  \
                                       .has_min = (lo) > 0,                                        \
                                       .has_max = (hi) > 0,                                        \
                                       .pattern = pat}

#define BUS_ARN "(arn:aws[\\w-]*:events:[a-z]{2}-[a-z]+-[\\w-]+:[0-9]{12}:event-bus\\/)?"

STR(string, "String", 0, 0, NULL);
STR(bus_name, "EventBusName", 1, 256, "[/\\.\\-_A-Za-z0-9]+");
STR(bus_name_or_arn, "EventBusNameOrArn", 1, 1600, BUS_ARN "[/\\.\\-_A-Za-z0-9]+");
STR(own_bus_name, "NonPartnerEventBusName", 1, 256, "[\\.\\-_A-Za-z0-9]+");
STR(own_bus_name_or_arn, "NonPartnerEventBusNameOrArn", 1, 1600, BUS_ARN "[\\.\\-_A-Za-z0-9]+");
STR(source_name, "EventSourceName", 1, 256, "aws\\.partner(/[\\.\\-_A-Za-z0-9]+){2,}");
STR(bus_description, "EventBusDescription", 0, 512, NULL);
STR(kms_key, "KmsKeyIdentifier", 0, 2048, NULL);
STR(tag_key, "TagKey", 1, 128, NULL);
static const struct wb_shape tag_value = {
    .kind = WB_STRING, .name = "TagValue", .max = 256, .has_min = true, .has_max = true};
STR(next_token, "NextToken", 1, 2048, NULL);
STR(rule_name, "RuleName", 1, 64, "[\\.\\-_A-Za-z0-9]+");
STR(schedule, "ScheduleExpression", 0, 256, NULL);
STR(pattern, "EventPattern", 0, WB_EVENT_PATTERN_MAX, NULL);
STR(rule_description, "RuleDescription", 0, 512, NULL);
STR(role_arn, "RoleArn", 1, 1600, NULL);
STR(arn, "Arn", 1, 1600, NULL);
STR(resource_arn, "ResourceArn", 1, 1600, NULL);
STR(target_id, "TargetId", 1, 64, "[\\.\\-_A-Za-z0-9]+");
STR(target_arn, "TargetArn", 1, 1600, NULL);
STR(target_input, "TargetInput", 0, WB_EVENT_INPUT_MAX, NULL);
STR(target_input_path, "TargetInputPath", 0, 256, NULL);
STR(path_key, "InputTransformerPathKey", 1, 256, "[A-Za-z0-9\\_\\-]+");
STR(template, "TransformerInput", 1, WB_EVENT_INPUT_MAX, NULL);
STR(message_group, "MessageGroupId", 0, 100, NULL);
STR(partition_key_path, "TargetPartitionKeyPath", 0, 256, NULL);
STR(event_resource, "EventResource", 0, 2048, NULL);
STR(trace_header, "TraceHeader", 1, 500, NULL);
STR(endpoint_id, "EndpointId", 1, 50, "^[A-Za-z0-9\\-]+[\\.][A-Za-z0-9\\-]+$");
STR(action, "Action", 1, 64, "events:[a-zA-Z]+");
STR(principal, "Principal", 1, 12, "(\\d{12}|\\*)");
STR(statement_id, "StatementId", 1, 64, "[a-zA-Z0-9-_]+");
INT(limit, "LimitMax100", 1, 100);
INT(retries, "MaximumRetryAttempts", 0, WB_EVENT_RETRIES_MAX);
INT(max_age, "MaximumEventAgeInSeconds", 60, WB_EVENT_AGE_MAX_S);
static const struct wb_shape boolean = {.kind = WB_BOOLEAN, .name = "Boolean"};
static const struct wb_shape timestamp = {.kind = WB_TIMESTAMP, .name = "EventTime"};
/* Parameters of kinds of targets that nothing here receives yet: kept and shown as given. */
static const struct wb_shape any = {.kind = WB_ANY, .name = "TargetParameters"};
static const struct wb_shape rule_state = {
    .kind = WB_STRING,
    .name = "RuleState",
    .values = (const char *const[]){"ENABLED", "DISABLED",
                                    "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", NULL}};
static const struct wb_shape log_detail = {.kind = WB_STRING,
                                           .name = "IncludeDetail",
                                           .values = (const char *const[]){"NONE", "FULL", NULL}};
static const struct wb_shape log_level = {
    .kind = WB_STRING,
    .name = "Level",
    .values = (const char *const[]){"OFF", "ERROR", "INFO", "TRACE", NULL}};

STRUCT(tag, "Tag", R("Key", tag_key), R("Value", tag_value));
LIST(tags, "TagList", 0, 0, tag);
LIST(tag_keys, "TagKeyList", 0, 0, tag_key);
STRUCT(dead_letter, "DeadLetterConfig", M("Arn", resource_arn));
STRUCT(log_config, "LogConfig", M("IncludeDetail", log_detail), M("Level", log_level));

INPUT(wb_es_create_bus, "CreateEventBusRequest", R("Name", bus_name),
      M("EventSourceName", source_name), M("Description", bus_description),
      M("KmsKeyIdentifier", kms_key), M("DeadLetterConfig", dead_letter),
      M("LogConfig", log_config), M("Tags", tags));
INPUT(wb_es_describe_bus, "DescribeEventBusRequest", M("Name", bus_name_or_arn));
INPUT(wb_es_list_buses, "ListEventBusesRequest", M("NamePrefix", bus_name),
      M("NextToken", next_token), M("Limit", limit));
INPUT(wb_es_update_bus, "UpdateEventBusRequest", M("Name", bus_name),
      M("KmsKeyIdentifier", kms_key), M("Description", bus_description),
      M("DeadLetterConfig", dead_letter), M("LogConfig", log_config));
INPUT(wb_es_delete_bus, "DeleteEventBusRequest", R("Name", bus_name));

STRUCT(condition, "Condition", R("Type", string), R("Key", string), R("Value", string));
INPUT(wb_es_put_permission, "PutPermissionRequest", M("EventBusName", own_bus_name),
      M("Action", action), M("Principal", principal), M("StatementId", statement_id),
      M("Condition", condition), M("Policy", string));
INPUT(wb_es_remove_permission, "RemovePermissionRequest", M("StatementId", statement_id),
      M("RemoveAllPermissions", boolean), M("EventBusName", own_bus_name));

INPUT(wb_es_put_rule, "PutRuleRequest", R("Name", rule_name), M("ScheduleExpression", schedule),
      M("EventPattern", pattern), M("State", rule_state), M("Description", rule_description),
      M("RoleArn", role_arn), M("Tags", tags), M("EventBusName", bus_name_or_arn));
INPUT(wb_es_rule, "DescribeRuleRequest", R("Name", rule_name), M("EventBusName", bus_name_or_arn));
INPUT(wb_es_delete_rule, "DeleteRuleRequest", R("Name", rule_name),
      M("EventBusName", bus_name_or_arn), M("Force", boolean));
INPUT(wb_es_list_rules, "ListRulesRequest", M("NamePrefix", rule_name),
      M("EventBusName", bus_name_or_arn), M("NextToken", next_token), M("Limit", limit));
INPUT(wb_es_rules_by_target, "ListRuleNamesByTargetRequest", R("TargetArn", target_arn),
      M("EventBusName", bus_name_or_arn), M("NextToken", next_token), M("Limit", limit));
INPUT(wb_es_test_pattern, "TestEventPatternRequest", R("EventPattern", pattern),
      R("Event", string));

static const struct wb_shape paths = {.kind = WB_MAP,
                                      .name = "TransformerPaths",
                                      .max = WB_EVENT_PATHS_MAX,
                                      .has_max = true,
                                      .key = &path_key,
                                      .elem = &target_input_path};
STRUCT(transformer, "InputTransformer", M("InputPathsMap", paths), R("InputTemplate", template));
STRUCT(retry_policy, "RetryPolicy", M("MaximumRetryAttempts", retries),
       M("MaximumEventAgeInSeconds", max_age));
STRUCT(sqs, "SqsParameters", M("MessageGroupId", message_group));
STRUCT(kinesis, "KinesisParameters", R("PartitionKeyPath", partition_key_path));
STRUCT(target, "Target", R("Id", target_id), R("Arn", target_arn), M("RoleArn", role_arn),
       M("Input", target_input), M("InputPath", target_input_path),
       M("InputTransformer", transformer), M("KinesisParameters", kinesis),
       M("RunCommandParameters", any), M("EcsParameters", any), M("BatchParameters", any),
       M("SqsParameters", sqs), M("HttpParameters", any), M("RedshiftDataParameters", any),
       M("SageMakerPipelineParameters", any), M("DeadLetterConfig", dead_letter),
       M("RetryPolicy", retry_policy), M("AppSyncParameters", any));
LIST(targets, "TargetList", 1, 100, target);
LIST(target_ids, "TargetIdList", 1, 100, target_id);
INPUT(wb_es_put_targets, "PutTargetsRequest", R("Rule", rule_name),
      M("EventBusName", bus_name_or_arn), R("Targets", targets));
INPUT(wb_es_list_targets, "ListTargetsByRuleRequest", R("Rule", rule_name),
      M("EventBusName", bus_name_or_arn), M("NextToken", next_token), M("Limit", limit));
INPUT(wb_es_remove_targets, "RemoveTargetsRequest", R("Rule", rule_name),
      M("EventBusName", bus_name_or_arn), R("Ids", target_ids), M("Force", boolean));

LIST(event_resources, "EventResourceList", 0, 0, event_resource);
static const struct wb_shape detail = {.kind = WB_STRING, .name = "String", .sensitive = true};
STRUCT(entry, "PutEventsRequestEntry", M("Time", timestamp), M("Source", string),
       M("Resources", event_resources), M("DetailType", string), M("Detail", detail),
       M("EventBusName", own_bus_name_or_arn), M("TraceHeader", trace_header));
LIST(entries, "PutEventsRequestEntryList", 1, 10, entry);
INPUT(wb_es_put, "PutEventsRequest", R("Entries", entries), M("EndpointId", endpoint_id));

INPUT(wb_es_tag, "TagResourceRequest", R("ResourceARN", arn), R("Tags", tags));
INPUT(wb_es_untag, "UntagResourceRequest", R("ResourceARN", arn), R("TagKeys", tag_keys));
INPUT(wb_es_list_tags, "ListTagsForResourceRequest", R("ResourceARN", arn));
