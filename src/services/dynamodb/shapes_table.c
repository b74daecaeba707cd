/*
 * Inputs of the operations on tables, in the words of AWS's own API model (2012-08-10). Members
 * newer than the model that Debian ships are at the end of their structures:
 * DeletionProtectionEnabled, RecoveryPeriodInDays. Values of enumerations stand in the order in
 * which AWS prints them, where that is known.
 */
#include "services/dynamodb/ops.h"

static const struct wb_shape key_schema_attribute_name = {.kind = WB_STRING,
                                                          .name = "KeySchemaAttributeName",
                                                          .min = 1,
                                                          .has_min = true,
                                                          .max = 255,
                                                          .has_max = true};

static const char *const scalar_attribute_type_values[] = {"B", "N", "S", NULL};
static const struct wb_shape scalar_attribute_type = {
    .kind = WB_STRING, .name = "ScalarAttributeType", .values = scalar_attribute_type_values};

static const struct wb_member attribute_definition_members[] = {
    {.name = "AttributeName", .shape = &key_schema_attribute_name, .required = true},
    {.name = "AttributeType", .shape = &scalar_attribute_type, .required = true},
    {0},
};
static const struct wb_shape attribute_definition = {
    .kind = WB_STRUCTURE, .name = "AttributeDefinition", .member = attribute_definition_members};

static const struct wb_shape attribute_definitions = {
    .kind = WB_LIST, .name = "AttributeDefinitions", .elem = &attribute_definition};

static const struct wb_shape table_name = {.kind = WB_STRING,
                                           .name = "TableName",
                                           .min = 3,
                                           .has_min = true,
                                           .max = 255,
                                           .has_max = true,
                                           .pattern = "[a-zA-Z0-9_.-]+",
                                           .or_arn = true};

static const char *const key_type_values[] = {"HASH", "RANGE", NULL};
static const struct wb_shape key_type = {
    .kind = WB_STRING, .name = "KeyType", .values = key_type_values};

static const struct wb_member key_schema_element_members[] = {
    {.name = "AttributeName", .shape = &key_schema_attribute_name, .required = true},
    {.name = "KeyType", .shape = &key_type, .required = true},
    {0},
};
static const struct wb_shape key_schema_element = {
    .kind = WB_STRUCTURE, .name = "KeySchemaElement", .member = key_schema_element_members};

static const struct wb_shape key_schema = {.kind = WB_LIST,
                                           .name = "KeySchema",
                                           .elem = &key_schema_element,
                                           .min = 1,
                                           .has_min = true,
                                           .max = 2,
                                           .has_max = true};

static const struct wb_shape index_name = {.kind = WB_STRING,
                                           .name = "IndexName",
                                           .min = 3,
                                           .has_min = true,
                                           .max = 255,
                                           .has_max = true,
                                           .pattern = "[a-zA-Z0-9_.-]+"};

static const char *const projection_type_values[] = {"ALL", "INCLUDE", "KEYS_ONLY", NULL};
static const struct wb_shape projection_type = {
    .kind = WB_STRING, .name = "ProjectionType", .values = projection_type_values};

static const struct wb_shape non_key_attribute_name = {.kind = WB_STRING,
                                                       .name = "NonKeyAttributeName",
                                                       .min = 1,
                                                       .has_min = true,
                                                       .max = 255,
                                                       .has_max = true};

static const struct wb_shape non_key_attribute_name_list = {.kind = WB_LIST,
                                                            .name = "NonKeyAttributeNameList",
                                                            .elem = &non_key_attribute_name,
                                                            .min = 1,
                                                            .has_min = true,
                                                            .max = 20,
                                                            .has_max = true};

static const struct wb_member projection_members[] = {
    {.name = "ProjectionType", .shape = &projection_type},
    {.name = "NonKeyAttributes", .shape = &non_key_attribute_name_list},
    {0},
};
static const struct wb_shape projection = {
    .kind = WB_STRUCTURE, .name = "Projection", .member = projection_members};

static const struct wb_member local_secondary_index_members[] = {
    {.name = "IndexName", .shape = &index_name, .required = true},
    {.name = "KeySchema", .shape = &key_schema, .required = true},
    {.name = "Projection", .shape = &projection, .required = true},
    {0},
};
static const struct wb_shape local_secondary_index = {
    .kind = WB_STRUCTURE, .name = "LocalSecondaryIndex", .member = local_secondary_index_members};

static const struct wb_shape local_secondary_index_list = {
    .kind = WB_LIST, .name = "LocalSecondaryIndexList", .elem = &local_secondary_index};

static const struct wb_shape positive_long_object = {
    .kind = WB_LONG, .name = "PositiveLongObject", .min = 1, .has_min = true};

static const struct wb_member provisioned_throughput_members[] = {
    {.name = "ReadCapacityUnits", .shape = &positive_long_object, .required = true},
    {.name = "WriteCapacityUnits", .shape = &positive_long_object, .required = true},
    {0},
};
static const struct wb_shape provisioned_throughput = {.kind = WB_STRUCTURE,
                                                       .name = "ProvisionedThroughput",
                                                       .member = provisioned_throughput_members};

static const struct wb_member global_secondary_index_members[] = {
    {.name = "IndexName", .shape = &index_name, .required = true},
    {.name = "KeySchema", .shape = &key_schema, .required = true},
    {.name = "Projection", .shape = &projection, .required = true},
    {.name = "ProvisionedThroughput", .shape = &provisioned_throughput},
    {0},
};
static const struct wb_shape global_secondary_index = {
    .kind = WB_STRUCTURE, .name = "GlobalSecondaryIndex", .member = global_secondary_index_members};

static const struct wb_shape global_secondary_index_list = {
    .kind = WB_LIST, .name = "GlobalSecondaryIndexList", .elem = &global_secondary_index};

static const char *const billing_mode_values[] = {"PROVISIONED", "PAY_PER_REQUEST", NULL};
static const struct wb_shape billing_mode = {
    .kind = WB_STRING, .name = "BillingMode", .values = billing_mode_values};

static const struct wb_shape stream_enabled = {.kind = WB_BOOLEAN, .name = "StreamEnabled"};

static const char *const stream_view_type_values[] = {"NEW_IMAGE", "OLD_IMAGE",
                                                      "NEW_AND_OLD_IMAGES", "KEYS_ONLY", NULL};
static const struct wb_shape stream_view_type = {
    .kind = WB_STRING, .name = "StreamViewType", .values = stream_view_type_values};

static const struct wb_member stream_specification_members[] = {
    {.name = "StreamEnabled", .shape = &stream_enabled, .required = true},
    {.name = "StreamViewType", .shape = &stream_view_type},
    {0},
};
static const struct wb_shape stream_specification = {
    .kind = WB_STRUCTURE, .name = "StreamSpecification", .member = stream_specification_members};

static const struct wb_shape sse_enabled = {.kind = WB_BOOLEAN, .name = "SSEEnabled"};

static const char *const sse_type_values[] = {"AES256", "KMS", NULL};
static const struct wb_shape sse_type = {
    .kind = WB_STRING, .name = "SSEType", .values = sse_type_values};

static const struct wb_shape kms_master_key_id = {.kind = WB_STRING, .name = "KMSMasterKeyId"};

static const struct wb_member sse_specification_members[] = {
    {.name = "Enabled", .shape = &sse_enabled},
    {.name = "SSEType", .shape = &sse_type},
    {.name = "KMSMasterKeyId", .shape = &kms_master_key_id},
    {0},
};
static const struct wb_shape sse_specification = {
    .kind = WB_STRUCTURE, .name = "SSESpecification", .member = sse_specification_members};

static const struct wb_shape tag_key_string = {.kind = WB_STRING,
                                               .name = "TagKeyString",
                                               .min = 1,
                                               .has_min = true,
                                               .max = 128,
                                               .has_max = true};

static const struct wb_shape tag_value_string = {.kind = WB_STRING,
                                                 .name = "TagValueString",
                                                 .min = 0,
                                                 .has_min = true,
                                                 .max = 256,
                                                 .has_max = true};

static const struct wb_member tag_members[] = {
    {.name = "Key", .shape = &tag_key_string, .required = true},
    {.name = "Value", .shape = &tag_value_string, .required = true},
    {0},
};
static const struct wb_shape tag = {.kind = WB_STRUCTURE, .name = "Tag", .member = tag_members};

static const struct wb_shape tag_list = {.kind = WB_LIST, .name = "TagList", .elem = &tag};

static const char *const table_class_values[] = {"STANDARD", "STANDARD_INFREQUENT_ACCESS", NULL};
static const struct wb_shape table_class = {
    .kind = WB_STRING, .name = "TableClass", .values = table_class_values};

static const struct wb_shape deletion_protection_enabled = {.kind = WB_BOOLEAN,
                                                            .name = "DeletionProtectionEnabled"};

static const struct wb_member create_table_input_members[] = {
    {.name = "AttributeDefinitions", .shape = &attribute_definitions, .required = true},
    {.name = "TableName", .shape = &table_name, .required = true},
    {.name = "KeySchema", .shape = &key_schema, .required = true},
    {.name = "LocalSecondaryIndexes", .shape = &local_secondary_index_list},
    {.name = "GlobalSecondaryIndexes", .shape = &global_secondary_index_list},
    {.name = "BillingMode", .shape = &billing_mode},
    {.name = "ProvisionedThroughput", .shape = &provisioned_throughput},
    {.name = "StreamSpecification", .shape = &stream_specification},
    {.name = "SSESpecification", .shape = &sse_specification},
    {.name = "Tags", .shape = &tag_list},
    {.name = "TableClass", .shape = &table_class},
    {.name = "DeletionProtectionEnabled", .shape = &deletion_protection_enabled},
    {0},
};
const struct wb_shape wb_ddb_create_table_input = {
    .kind = WB_STRUCTURE, .name = "CreateTableInput", .member = create_table_input_members};

static const struct wb_member describe_table_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {0},
};
const struct wb_shape wb_ddb_table_input = {
    .kind = WB_STRUCTURE, .name = "DescribeTableInput", .member = describe_table_input_members};

static const struct wb_shape list_tables_input_limit = {.kind = WB_INTEGER,
                                                        .name = "ListTablesInputLimit",
                                                        .min = 1,
                                                        .has_min = true,
                                                        .max = 100,
                                                        .has_max = true};

static const struct wb_member list_tables_input_members[] = {
    {.name = "ExclusiveStartTableName", .shape = &table_name},
    {.name = "Limit", .shape = &list_tables_input_limit},
    {0},
};
const struct wb_shape wb_ddb_list_tables_input = {
    .kind = WB_STRUCTURE, .name = "ListTablesInput", .member = list_tables_input_members};

static const struct wb_member update_global_secondary_index_action_members[] = {
    {.name = "IndexName", .shape = &index_name, .required = true},
    {.name = "ProvisionedThroughput", .shape = &provisioned_throughput, .required = true},
    {0},
};
static const struct wb_shape update_global_secondary_index_action = {
    .kind = WB_STRUCTURE,
    .name = "UpdateGlobalSecondaryIndexAction",
    .member = update_global_secondary_index_action_members};

static const struct wb_member create_global_secondary_index_action_members[] = {
    {.name = "IndexName", .shape = &index_name, .required = true},
    {.name = "KeySchema", .shape = &key_schema, .required = true},
    {.name = "Projection", .shape = &projection, .required = true},
    {.name = "ProvisionedThroughput", .shape = &provisioned_throughput},
    {0},
};
static const struct wb_shape create_global_secondary_index_action = {
    .kind = WB_STRUCTURE,
    .name = "CreateGlobalSecondaryIndexAction",
    .member = create_global_secondary_index_action_members};

static const struct wb_member delete_global_secondary_index_action_members[] = {
    {.name = "IndexName", .shape = &index_name, .required = true},
    {0},
};
static const struct wb_shape delete_global_secondary_index_action = {
    .kind = WB_STRUCTURE,
    .name = "DeleteGlobalSecondaryIndexAction",
    .member = delete_global_secondary_index_action_members};

static const struct wb_member global_secondary_index_update_members[] = {
    {.name = "Update", .shape = &update_global_secondary_index_action},
    {.name = "Create", .shape = &create_global_secondary_index_action},
    {.name = "Delete", .shape = &delete_global_secondary_index_action},
    {0},
};
static const struct wb_shape global_secondary_index_update = {
    .kind = WB_STRUCTURE,
    .name = "GlobalSecondaryIndexUpdate",
    .member = global_secondary_index_update_members};

static const struct wb_shape global_secondary_index_update_list = {
    .kind = WB_LIST,
    .name = "GlobalSecondaryIndexUpdateList",
    .elem = &global_secondary_index_update};

static const struct wb_shape region_name = {.kind = WB_STRING, .name = "RegionName"};

static const struct wb_member provisioned_throughput_override_members[] = {
    {.name = "ReadCapacityUnits", .shape = &positive_long_object},
    {0},
};
static const struct wb_shape provisioned_throughput_override = {
    .kind = WB_STRUCTURE,
    .name = "ProvisionedThroughputOverride",
    .member = provisioned_throughput_override_members};

static const struct wb_member replica_global_secondary_index_members[] = {
    {.name = "IndexName", .shape = &index_name, .required = true},
    {.name = "ProvisionedThroughputOverride", .shape = &provisioned_throughput_override},
    {0},
};
static const struct wb_shape replica_global_secondary_index = {
    .kind = WB_STRUCTURE,
    .name = "ReplicaGlobalSecondaryIndex",
    .member = replica_global_secondary_index_members};

static const struct wb_shape replica_global_secondary_index_list = {
    .kind = WB_LIST,
    .name = "ReplicaGlobalSecondaryIndexList",
    .elem = &replica_global_secondary_index,
    .min = 1,
    .has_min = true};

static const struct wb_member create_replication_group_member_action_members[] = {
    {.name = "RegionName", .shape = &region_name, .required = true},
    {.name = "KMSMasterKeyId", .shape = &kms_master_key_id},
    {.name = "ProvisionedThroughputOverride", .shape = &provisioned_throughput_override},
    {.name = "GlobalSecondaryIndexes", .shape = &replica_global_secondary_index_list},
    {.name = "TableClassOverride", .shape = &table_class},
    {0},
};
static const struct wb_shape create_replication_group_member_action = {
    .kind = WB_STRUCTURE,
    .name = "CreateReplicationGroupMemberAction",
    .member = create_replication_group_member_action_members};

static const struct wb_member update_replication_group_member_action_members[] = {
    {.name = "RegionName", .shape = &region_name, .required = true},
    {.name = "KMSMasterKeyId", .shape = &kms_master_key_id},
    {.name = "ProvisionedThroughputOverride", .shape = &provisioned_throughput_override},
    {.name = "GlobalSecondaryIndexes", .shape = &replica_global_secondary_index_list},
    {.name = "TableClassOverride", .shape = &table_class},
    {0},
};
static const struct wb_shape update_replication_group_member_action = {
    .kind = WB_STRUCTURE,
    .name = "UpdateReplicationGroupMemberAction",
    .member = update_replication_group_member_action_members};

static const struct wb_member delete_replication_group_member_action_members[] = {
    {.name = "RegionName", .shape = &region_name, .required = true},
    {0},
};
static const struct wb_shape delete_replication_group_member_action = {
    .kind = WB_STRUCTURE,
    .name = "DeleteReplicationGroupMemberAction",
    .member = delete_replication_group_member_action_members};

static const struct wb_member replication_group_update_members[] = {
    {.name = "Create", .shape = &create_replication_group_member_action},
    {.name = "Update", .shape = &update_replication_group_member_action},
    {.name = "Delete", .shape = &delete_replication_group_member_action},
    {0},
};
static const struct wb_shape replication_group_update = {.kind = WB_STRUCTURE,
                                                         .name = "ReplicationGroupUpdate",
                                                         .member =
                                                             replication_group_update_members};

static const struct wb_shape replication_group_update_list = {.kind = WB_LIST,
                                                              .name = "ReplicationGroupUpdateList",
                                                              .elem = &replication_group_update,
                                                              .min = 1,
                                                              .has_min = true};

static const struct wb_member update_table_input_members[] = {
    {.name = "AttributeDefinitions", .shape = &attribute_definitions},
    {.name = "TableName", .shape = &table_name, .required = true},
    {.name = "BillingMode", .shape = &billing_mode},
    {.name = "ProvisionedThroughput", .shape = &provisioned_throughput},
    {.name = "GlobalSecondaryIndexUpdates", .shape = &global_secondary_index_update_list},
    {.name = "StreamSpecification", .shape = &stream_specification},
    {.name = "SSESpecification", .shape = &sse_specification},
    {.name = "ReplicaUpdates", .shape = &replication_group_update_list},
    {.name = "TableClass", .shape = &table_class},
    {.name = "DeletionProtectionEnabled", .shape = &deletion_protection_enabled},
    {0},
};
const struct wb_shape wb_ddb_update_table_input = {
    .kind = WB_STRUCTURE, .name = "UpdateTableInput", .member = update_table_input_members};

static const struct wb_member delete_table_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {0},
};
const struct wb_shape wb_ddb_delete_table_input = {
    .kind = WB_STRUCTURE, .name = "DeleteTableInput", .member = delete_table_input_members};

static const struct wb_member describe_continuous_backups_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {0},
};
const struct wb_shape wb_ddb_describe_backups_input = {
    .kind = WB_STRUCTURE,
    .name = "DescribeContinuousBackupsInput",
    .member = describe_continuous_backups_input_members};

static const struct wb_member describe_time_to_live_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {0},
};
const struct wb_shape wb_ddb_describe_ttl_input = {.kind = WB_STRUCTURE,
                                                   .name = "DescribeTimeToLiveInput",
                                                   .member = describe_time_to_live_input_members};

static const struct wb_member describe_endpoints_request_members[] = {{0}};
const struct wb_shape wb_ddb_describe_endpoints_input = {.kind = WB_STRUCTURE,
                                                         .name = "DescribeEndpointsRequest",
                                                         .member =
                                                             describe_endpoints_request_members};

static const struct wb_member describe_limits_input_members[] = {{0}};
const struct wb_shape wb_ddb_describe_limits_input = {
    .kind = WB_STRUCTURE, .name = "DescribeLimitsInput", .member = describe_limits_input_members};

static const struct wb_shape boolean_object = {.kind = WB_BOOLEAN, .name = "BooleanObject"};

static const struct wb_shape recovery_period_in_days = {.kind = WB_INTEGER,
                                                        .name = "RecoveryPeriodInDays",
                                                        .min = 1,
                                                        .has_min = true,
                                                        .max = 35,
                                                        .has_max = true};

static const struct wb_member point_in_time_recovery_specification_members[] = {
    {.name = "PointInTimeRecoveryEnabled", .shape = &boolean_object, .required = true},
    {.name = "RecoveryPeriodInDays", .shape = &recovery_period_in_days},
    {0},
};
static const struct wb_shape point_in_time_recovery_specification = {
    .kind = WB_STRUCTURE,
    .name = "PointInTimeRecoverySpecification",
    .member = point_in_time_recovery_specification_members};

static const struct wb_member update_continuous_backups_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {.name = "PointInTimeRecoverySpecification",
     .shape = &point_in_time_recovery_specification,
     .required = true},
    {0},
};
const struct wb_shape wb_ddb_update_backups_input = {.kind = WB_STRUCTURE,
                                                     .name = "UpdateContinuousBackupsInput",
                                                     .member =
                                                         update_continuous_backups_input_members};

static const struct wb_shape resource_arn_string = {.kind = WB_STRING,
                                                    .name = "ResourceArnString",
                                                    .min = 1,
                                                    .has_min = true,
                                                    .max = 1283,
                                                    .has_max = true};

static const struct wb_member tag_resource_input_members[] = {
    {.name = "ResourceArn", .shape = &resource_arn_string, .required = true},
    {.name = "Tags", .shape = &tag_list, .required = true},
    {0},
};
const struct wb_shape wb_ddb_tag_input = {
    .kind = WB_STRUCTURE, .name = "TagResourceInput", .member = tag_resource_input_members};

static const struct wb_shape tag_key_list = {
    .kind = WB_LIST, .name = "TagKeyList", .elem = &tag_key_string};

static const struct wb_member untag_resource_input_members[] = {
    {.name = "ResourceArn", .shape = &resource_arn_string, .required = true},
    {.name = "TagKeys", .shape = &tag_key_list, .required = true},
    {0},
};
const struct wb_shape wb_ddb_untag_input = {
    .kind = WB_STRUCTURE, .name = "UntagResourceInput", .member = untag_resource_input_members};

static const struct wb_shape next_token_string = {.kind = WB_STRING, .name = "NextTokenString"};

static const struct wb_member list_tags_of_resource_input_members[] = {
    {.name = "ResourceArn", .shape = &resource_arn_string, .required = true},
    {.name = "NextToken", .shape = &next_token_string},
    {0},
};
const struct wb_shape wb_ddb_list_tags_input = {.kind = WB_STRUCTURE,
                                                .name = "ListTagsOfResourceInput",
                                                .member = list_tags_of_resource_input_members};
