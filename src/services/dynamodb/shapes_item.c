/*
 * Inputs of the operations on items, in the words of AWS's own API model (2012-08-10). Members
 * newer than the model that Debian ships are at the end of their structures:
 * ReturnValuesOnConditionCheckFailure. Values of enumerations stand in the order in which AWS
 * prints them, where that is known.
 */
#include "services/dynamodb/ops.h"

static const struct wb_shape table_name = {.kind = WB_STRING,
                                           .name = "TableName",
                                           .min = 3,
                                           .has_min = true,
                                           .max = 255,
                                           .has_max = true,
                                           .pattern = "[a-zA-Z0-9_.-]+",
                                           .or_arn = true};

static const struct wb_shape attribute_name = {
    .kind = WB_STRING, .name = "AttributeName", .max = 65535, .has_max = true};

/* Checked by value_parse.c, whose errors have texts of their own. */
static const struct wb_shape attribute_value = {.kind = WB_ANY, .name = "AttributeValue"};

static const struct wb_shape put_item_input_attribute_map = {.kind = WB_MAP,
                                                             .name = "PutItemInputAttributeMap",
                                                             .key = &attribute_name,
                                                             .elem = &attribute_value};

static const struct wb_shape boolean_object = {.kind = WB_BOOLEAN, .name = "BooleanObject"};

static const char *const comparison_operator_values[] = {
    "IN",       "NULL", "BETWEEN", "LT",          "NOT_CONTAINS", "EQ",       "GT",
    "NOT_NULL", "NE",   "LE",      "BEGINS_WITH", "GE",           "CONTAINS", NULL};
static const struct wb_shape comparison_operator = {
    .kind = WB_STRING, .name = "ComparisonOperator", .values = comparison_operator_values};

static const struct wb_shape attribute_value_list = {
    .kind = WB_LIST, .name = "AttributeValueList", .elem = &attribute_value};

static const struct wb_member expected_attribute_value_members[] = {
    {.name = "Value", .shape = &attribute_value},
    {.name = "Exists", .shape = &boolean_object},
    {.name = "ComparisonOperator", .shape = &comparison_operator},
    {.name = "AttributeValueList", .shape = &attribute_value_list},
    {0},
};
static const struct wb_shape expected_attribute_value = {.kind = WB_STRUCTURE,
                                                         .name = "ExpectedAttributeValue",
                                                         .member =
                                                             expected_attribute_value_members};

static const struct wb_shape expected_attribute_map = {.kind = WB_MAP,
                                                       .name = "ExpectedAttributeMap",
                                                       .key = &attribute_name,
                                                       .elem = &expected_attribute_value};

static const char *const return_value_values[] = {"ALL_NEW", "UPDATED_OLD", "ALL_OLD",
                                                  "NONE",    "UPDATED_NEW", NULL};
static const struct wb_shape return_value = {
    .kind = WB_STRING, .name = "ReturnValue", .values = return_value_values};

static const char *const return_consumed_capacity_values[] = {"INDEXES", "TOTAL", "NONE", NULL};
static const struct wb_shape return_consumed_capacity = {
    .kind = WB_STRING, .name = "ReturnConsumedCapacity", .values = return_consumed_capacity_values};

static const char *const return_item_collection_metrics_values[] = {"SIZE", "NONE", NULL};
static const struct wb_shape return_item_collection_metrics = {
    .kind = WB_STRING,
    .name = "ReturnItemCollectionMetrics",
    .values = return_item_collection_metrics_values};

static const char *const conditional_operator_values[] = {"OR", "AND", NULL};
static const struct wb_shape conditional_operator = {
    .kind = WB_STRING, .name = "ConditionalOperator", .values = conditional_operator_values};

static const struct wb_shape condition_expression = {.kind = WB_STRING,
                                                     .name = "ConditionExpression"};

static const struct wb_shape expression_attribute_name_variable = {
    .kind = WB_STRING, .name = "ExpressionAttributeNameVariable"};

static const struct wb_shape expression_attribute_name_map = {
    .kind = WB_MAP,
    .name = "ExpressionAttributeNameMap",
    .key = &expression_attribute_name_variable,
    .elem = &attribute_name};

static const struct wb_shape expression_attribute_value_variable = {
    .kind = WB_STRING, .name = "ExpressionAttributeValueVariable"};

static const struct wb_shape expression_attribute_value_map = {
    .kind = WB_MAP,
    .name = "ExpressionAttributeValueMap",
    .key = &expression_attribute_value_variable,
    .elem = &attribute_value};

static const char *const return_values_on_condition_check_failure_values[] = {"ALL_OLD", "NONE",
                                                                              NULL};
static const struct wb_shape return_values_on_condition_check_failure = {
    .kind = WB_STRING,
    .name = "ReturnValuesOnConditionCheckFailure",
    .values = return_values_on_condition_check_failure_values};

static const struct wb_member put_item_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {.name = "Item", .shape = &put_item_input_attribute_map, .required = true},
    {.name = "Expected", .shape = &expected_attribute_map},
    {.name = "ReturnValues", .shape = &return_value},
    {.name = "ReturnConsumedCapacity", .shape = &return_consumed_capacity},
    {.name = "ReturnItemCollectionMetrics", .shape = &return_item_collection_metrics},
    {.name = "ConditionalOperator", .shape = &conditional_operator},
    {.name = "ConditionExpression", .shape = &condition_expression},
    {.name = "ExpressionAttributeNames", .shape = &expression_attribute_name_map},
    {.name = "ExpressionAttributeValues", .shape = &expression_attribute_value_map},
    {.name = "ReturnValuesOnConditionCheckFailure",
     .shape = &return_values_on_condition_check_failure},
    {0},
};
const struct wb_shape wb_ddb_put_item_input = {
    .kind = WB_STRUCTURE, .name = "PutItemInput", .member = put_item_input_members};

static const struct wb_shape key = {
    .kind = WB_MAP, .name = "Key", .key = &attribute_name, .elem = &attribute_value};

static const struct wb_member delete_item_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {.name = "Key", .shape = &key, .required = true},
    {.name = "Expected", .shape = &expected_attribute_map},
    {.name = "ConditionalOperator", .shape = &conditional_operator},
    {.name = "ReturnValues", .shape = &return_value},
    {.name = "ReturnConsumedCapacity", .shape = &return_consumed_capacity},
    {.name = "ReturnItemCollectionMetrics", .shape = &return_item_collection_metrics},
    {.name = "ConditionExpression", .shape = &condition_expression},
    {.name = "ExpressionAttributeNames", .shape = &expression_attribute_name_map},
    {.name = "ExpressionAttributeValues", .shape = &expression_attribute_value_map},
    {.name = "ReturnValuesOnConditionCheckFailure",
     .shape = &return_values_on_condition_check_failure},
    {0},
};
const struct wb_shape wb_ddb_delete_item_input = {
    .kind = WB_STRUCTURE, .name = "DeleteItemInput", .member = delete_item_input_members};

static const char *const attribute_action_values[] = {"ADD", "PUT", "DELETE", NULL};
static const struct wb_shape attribute_action = {
    .kind = WB_STRING, .name = "AttributeAction", .values = attribute_action_values};

static const struct wb_member attribute_value_update_members[] = {
    {.name = "Value", .shape = &attribute_value},
    {.name = "Action", .shape = &attribute_action},
    {0},
};
static const struct wb_shape attribute_value_update = {
    .kind = WB_STRUCTURE, .name = "AttributeValueUpdate", .member = attribute_value_update_members};

static const struct wb_shape attribute_updates = {.kind = WB_MAP,
                                                  .name = "AttributeUpdates",
                                                  .key = &attribute_name,
                                                  .elem = &attribute_value_update};

static const struct wb_shape update_expression = {.kind = WB_STRING, .name = "UpdateExpression"};

static const struct wb_member update_item_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {.name = "Key", .shape = &key, .required = true},
    {.name = "AttributeUpdates", .shape = &attribute_updates},
    {.name = "Expected", .shape = &expected_attribute_map},
    {.name = "ConditionalOperator", .shape = &conditional_operator},
    {.name = "ReturnValues", .shape = &return_value},
    {.name = "ReturnConsumedCapacity", .shape = &return_consumed_capacity},
    {.name = "ReturnItemCollectionMetrics", .shape = &return_item_collection_metrics},
    {.name = "UpdateExpression", .shape = &update_expression},
    {.name = "ConditionExpression", .shape = &condition_expression},
    {.name = "ExpressionAttributeNames", .shape = &expression_attribute_name_map},
    {.name = "ExpressionAttributeValues", .shape = &expression_attribute_value_map},
    {.name = "ReturnValuesOnConditionCheckFailure",
     .shape = &return_values_on_condition_check_failure},
    {0},
};
const struct wb_shape wb_ddb_update_item_input = {
    .kind = WB_STRUCTURE, .name = "UpdateItemInput", .member = update_item_input_members};

static const struct wb_shape attribute_name_list = {.kind = WB_LIST,
                                                    .name = "AttributeNameList",
                                                    .elem = &attribute_name,
                                                    .min = 1,
                                                    .has_min = true};

static const struct wb_shape consistent_read = {.kind = WB_BOOLEAN, .name = "ConsistentRead"};

static const struct wb_shape projection_expression = {.kind = WB_STRING,
                                                      .name = "ProjectionExpression"};

static const struct wb_member get_item_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {.name = "Key", .shape = &key, .required = true},
    {.name = "AttributesToGet", .shape = &attribute_name_list},
    {.name = "ConsistentRead", .shape = &consistent_read},
    {.name = "ReturnConsumedCapacity", .shape = &return_consumed_capacity},
    {.name = "ProjectionExpression", .shape = &projection_expression},
    {.name = "ExpressionAttributeNames", .shape = &expression_attribute_name_map},
    {0},
};
const struct wb_shape wb_ddb_get_item_input = {
    .kind = WB_STRUCTURE, .name = "GetItemInput", .member = get_item_input_members};

static const struct wb_shape key_list = {.kind = WB_LIST,
                                         .name = "KeyList",
                                         .elem = &key,
                                         .min = 1,
                                         .has_min = true,
                                         .max = 100,
                                         .has_max = true};

static const struct wb_member keys_and_attributes_members[] = {
    {.name = "Keys", .shape = &key_list, .required = true},
    {.name = "AttributesToGet", .shape = &attribute_name_list},
    {.name = "ConsistentRead", .shape = &consistent_read},
    {.name = "ProjectionExpression", .shape = &projection_expression},
    {.name = "ExpressionAttributeNames", .shape = &expression_attribute_name_map},
    {0},
};
static const struct wb_shape keys_and_attributes = {
    .kind = WB_STRUCTURE, .name = "KeysAndAttributes", .member = keys_and_attributes_members};

static const struct wb_shape batch_get_request_map = {.kind = WB_MAP,
                                                      .name = "BatchGetRequestMap",
                                                      .key = &table_name,
                                                      .elem = &keys_and_attributes,
                                                      .min = 1,
                                                      .has_min = true,
                                                      .max = 100,
                                                      .has_max = true};

static const struct wb_member batch_get_item_input_members[] = {
    {.name = "RequestItems", .shape = &batch_get_request_map, .required = true},
    {.name = "ReturnConsumedCapacity", .shape = &return_consumed_capacity},
    {0},
};
const struct wb_shape wb_ddb_batch_get_input = {
    .kind = WB_STRUCTURE, .name = "BatchGetItemInput", .member = batch_get_item_input_members};

static const struct wb_shape index_name = {.kind = WB_STRING,
                                           .name = "IndexName",
                                           .min = 3,
                                           .has_min = true,
                                           .max = 255,
                                           .has_max = true,
                                           .pattern = "[a-zA-Z0-9_.-]+"};

static const char *const select_values[] = {"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES",
                                            "ALL_PROJECTED_ATTRIBUTES", NULL};
static const struct wb_shape select = {
    .kind = WB_STRING, .name = "Select", .values = select_values};

static const struct wb_shape positive_integer_object = {
    .kind = WB_INTEGER, .name = "PositiveIntegerObject", .min = 1, .has_min = true};

static const struct wb_member condition_members[] = {
    {.name = "AttributeValueList", .shape = &attribute_value_list},
    {.name = "ComparisonOperator", .shape = &comparison_operator, .required = true},
    {0},
};
static const struct wb_shape condition = {
    .kind = WB_STRUCTURE, .name = "Condition", .member = condition_members};

static const struct wb_shape key_conditions = {
    .kind = WB_MAP, .name = "KeyConditions", .key = &attribute_name, .elem = &condition};

static const struct wb_shape filter_condition_map = {
    .kind = WB_MAP, .name = "FilterConditionMap", .key = &attribute_name, .elem = &condition};

static const struct wb_shape key_expression = {.kind = WB_STRING, .name = "KeyExpression"};

static const struct wb_member query_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {.name = "IndexName", .shape = &index_name},
    {.name = "Select", .shape = &select},
    {.name = "AttributesToGet", .shape = &attribute_name_list},
    {.name = "Limit", .shape = &positive_integer_object},
    {.name = "ConsistentRead", .shape = &consistent_read},
    {.name = "KeyConditions", .shape = &key_conditions},
    {.name = "QueryFilter", .shape = &filter_condition_map},
    {.name = "ConditionalOperator", .shape = &conditional_operator},
    {.name = "ScanIndexForward", .shape = &boolean_object},
    {.name = "ExclusiveStartKey", .shape = &key},
    {.name = "ReturnConsumedCapacity", .shape = &return_consumed_capacity},
    {.name = "ProjectionExpression", .shape = &projection_expression},
    {.name = "FilterExpression", .shape = &condition_expression},
    {.name = "KeyConditionExpression", .shape = &key_expression},
    {.name = "ExpressionAttributeNames", .shape = &expression_attribute_name_map},
    {.name = "ExpressionAttributeValues", .shape = &expression_attribute_value_map},
    {0},
};
const struct wb_shape wb_ddb_query_input = {
    .kind = WB_STRUCTURE, .name = "QueryInput", .member = query_input_members};

static const struct wb_shape scan_total_segments = {.kind = WB_INTEGER,
                                                    .name = "ScanTotalSegments",
                                                    .min = 1,
                                                    .has_min = true,
                                                    .max = 1000000,
                                                    .has_max = true};

static const struct wb_shape scan_segment = {.kind = WB_INTEGER,
                                             .name = "ScanSegment",
                                             .min = 0,
                                             .has_min = true,
                                             .max = 999999,
                                             .has_max = true};

static const struct wb_member scan_input_members[] = {
    {.name = "TableName", .shape = &table_name, .required = true},
    {.name = "IndexName", .shape = &index_name},
    {.name = "AttributesToGet", .shape = &attribute_name_list},
    {.name = "Limit", .shape = &positive_integer_object},
    {.name = "Select", .shape = &select},
    {.name = "ScanFilter", .shape = &filter_condition_map},
    {.name = "ConditionalOperator", .shape = &conditional_operator},
    {.name = "ExclusiveStartKey", .shape = &key},
    {.name = "ReturnConsumedCapacity", .shape = &return_consumed_capacity},
    {.name = "TotalSegments", .shape = &scan_total_segments},
    {.name = "Segment", .shape = &scan_segment},
    {.name = "ProjectionExpression", .shape = &projection_expression},
    {.name = "FilterExpression", .shape = &condition_expression},
    {.name = "ExpressionAttributeNames", .shape = &expression_attribute_name_map},
    {.name = "ExpressionAttributeValues", .shape = &expression_attribute_value_map},
    {.name = "ConsistentRead", .shape = &consistent_read},
    {0},
};
const struct wb_shape wb_ddb_scan_input = {
    .kind = WB_STRUCTURE, .name = "ScanInput", .member = scan_input_members};

static const struct wb_member put_request_members[] = {
    {.name = "Item", .shape = &put_item_input_attribute_map, .required = true},
    {0},
};
static const struct wb_shape put_request = {
    .kind = WB_STRUCTURE, .name = "PutRequest", .member = put_request_members};

static const struct wb_member delete_request_members[] = {
    {.name = "Key", .shape = &key, .required = true},
    {0},
};
static const struct wb_shape delete_request = {
    .kind = WB_STRUCTURE, .name = "DeleteRequest", .member = delete_request_members};

static const struct wb_member write_request_members[] = {
    {.name = "PutRequest", .shape = &put_request},
    {.name = "DeleteRequest", .shape = &delete_request},
    {0},
};
static const struct wb_shape write_request = {
    .kind = WB_STRUCTURE, .name = "WriteRequest", .member = write_request_members};

static const struct wb_shape write_requests = {.kind = WB_LIST,
                                               .name = "WriteRequests",
                                               .elem = &write_request,
                                               .min = 1,
                                               .has_min = true,
                                               .max = 25,
                                               .has_max = true};

static const struct wb_shape batch_write_item_request_map = {.kind = WB_MAP,
                                                             .name = "BatchWriteItemRequestMap",
                                                             .key = &table_name,
                                                             .elem = &write_requests,
                                                             .min = 1,
                                                             .has_min = true,
                                                             .max = 25,
                                                             .has_max = true};

static const struct wb_member batch_write_item_input_members[] = {
    {.name = "RequestItems", .shape = &batch_write_item_request_map, .required = true},
    {.name = "ReturnConsumedCapacity", .shape = &return_consumed_capacity},
    {.name = "ReturnItemCollectionMetrics", .shape = &return_item_collection_metrics},
    {0},
};
const struct wb_shape wb_ddb_batch_write_input = {
    .kind = WB_STRUCTURE, .name = "BatchWriteItemInput", .member = batch_write_item_input_members};
