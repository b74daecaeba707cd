/*
 * Four made-up services, one a protocol, with the shapes that the tests of this folder need.
 */
#ifndef WB_TESTS_UNIT_AWS_FAKE_H
#define WB_TESTS_UNIT_AWS_FAKE_H

#include "wire_test.h"

static const struct wb_shape f_string = {.kind = WB_STRING, .name = "String"};
static const struct wb_shape f_integer = {.kind = WB_INTEGER, .name = "Integer"};
static const struct wb_shape f_long = {.kind = WB_LONG, .name = "Long"};
static const struct wb_shape f_double = {.kind = WB_DOUBLE, .name = "Double"};
static const struct wb_shape f_boolean = {.kind = WB_BOOLEAN, .name = "Boolean"};
static const struct wb_shape f_blob = {.kind = WB_BLOB, .name = "Blob", .max = 4, .has_max = true};
static const struct wb_shape f_time = {.kind = WB_TIMESTAMP, .name = "Time"};
static const struct wb_shape f_any = {.kind = WB_ANY, .name = "AttributeValue"};
static const struct wb_shape f_name = {.kind = WB_STRING,
                                       .name = "TableName",
                                       .min = 3,
                                       .max = 5,
                                       .has_min = true,
                                       .has_max = true,
                                       .pattern = "[a-zA-Z0-9_.-]+"};
static const char *const f_levels[] = {"INDEXES", "TOTAL", "NONE", NULL};
static const struct wb_shape f_level = {.kind = WB_STRING, .name = "Level", .values = f_levels};
static const char *const f_runtimes[] = {"python3.12", "provided.al2023", NULL};
static const struct wb_shape f_runtime = {.kind = WB_STRING,
                                          .name = "Runtime",
                                          .values = f_runtimes,
                                          .values_code = "InvalidParameterValueException",
                                          .values_more = " or be a valid ARN"};
static const struct wb_shape f_limit = {
    .kind = WB_INTEGER, .name = "Limit", .min = 1, .max = 100, .has_min = true, .has_max = true};
static const struct wb_shape f_strings = {
    .kind = WB_LIST, .name = "Strings", .elem = &f_string, .max = 3, .has_max = true};
static const struct wb_shape f_names = {.kind = WB_LIST, .name = "Names", .elem = &f_name};
static const struct wb_shape f_map = {
    .kind = WB_MAP, .name = "Map", .key = &f_name, .elem = &f_string};
static const struct wb_shape f_any_map = {
    .kind = WB_MAP, .name = "Item", .key = &f_string, .elem = &f_any};
static const struct wb_member f_entry_members[] = {
    {.name = "Id", .shape = &f_name, .required = true},
    {.name = "Detail", .shape = &f_string},
    {.name = "Count", .shape = &f_integer},
    {0},
};
static const struct wb_shape f_entry = {
    .kind = WB_STRUCTURE, .name = "Entry", .member = f_entry_members};
static const struct wb_shape f_entries = {
    .kind = WB_LIST, .name = "Entries", .elem = &f_entry, .max = 10, .has_max = true};
static const struct wb_shape f_flat = {
    .kind = WB_LIST, .name = "Flat", .elem = &f_string, .flattened = true};
static const struct wb_shape f_attributes = {.kind = WB_MAP,
                                             .name = "Attributes",
                                             .key = &f_string,
                                             .elem = &f_entry,
                                             .key_name = "Name",
                                             .value_name = "Value"};
static const struct wb_shape f_tree;
static const struct wb_member f_tree_members[] = {{.name = "Tree", .shape = &f_tree}, {0}};
static const struct wb_shape f_tree = {
    .kind = WB_STRUCTURE, .name = "Tree", .member = f_tree_members};

static const struct wb_member f_all_members[] = {
    {.name = "TableName", .shape = &f_name, .required = true},
    {.name = "Level", .shape = &f_level},
    {.name = "Limit", .shape = &f_limit},
    {.name = "Big", .shape = &f_long},
    {.name = "Ratio", .shape = &f_double},
    {.name = "Flag", .shape = &f_boolean},
    {.name = "Data", .shape = &f_blob},
    {.name = "Time", .shape = &f_time},
    {.name = "Strings", .shape = &f_strings},
    {.name = "Names", .shape = &f_names},
    {.name = "Map", .shape = &f_map},
    {.name = "Item", .shape = &f_any_map},
    {.name = "Entries", .shape = &f_entries},
    {.name = "Flat", .shape = &f_flat},
    {.name = "Attributes", .shape = &f_attributes},
    {.name = "Tree", .shape = &f_tree},
    {.name = "Runtime", .shape = &f_runtime},
    {0},
};
static const struct wb_shape f_all = {
    .kind = WB_STRUCTURE, .name = "AllInput", .member = f_all_members};

static const struct wb_op f_ops[] = {{.name = "All", .input = &f_all},
                                     {.name = "Big", .input = &f_all, .body_max = 64 << 20},
                                     {.name = "Bare", .input = &f_all, .answer = ""}};

static const struct wb_service f_json10 = {.name = "dynamo",
                                           .title = "Tables",
                                           .signing_name = "dynamodb",
                                           .protocol = WB_JSON10,
                                           .target = "Dyn_20120810",
                                           .type_prefix = "com.amazonaws.dynamodb.v20120810#",
                                           .crc32 = true,
                                           .op = f_ops,
                                           .op_count = 3};
static const struct wb_service f_json11 = {.name = "events",
                                           .title = "Events",
                                           .signing_name = "events",
                                           .protocol = WB_JSON11,
                                           .target = "AWSEvents",
                                           .type_prefix = "",
                                           .op = f_ops,
                                           .op_count = 3};
static const struct wb_service f_query = {.name = "sns",
                                          .title = "Topics",
                                          .signing_name = "sns",
                                          .protocol = WB_QUERY,
                                          .version = "2010-03-31",
                                          .xmlns = "http://sns.amazonaws.com/doc/2010-03-31/",
                                          .denied_code = "AuthorizationError",
                                          .op = f_ops,
                                          .op_count = 3};
static const struct wb_op f_query_ops[] = {{.name = "Other", .input = &f_all}};
static const struct wb_service f_query2 = {.name = "sts",
                                           .title = "Tokens",
                                           .signing_name = "sts",
                                           .protocol = WB_QUERY,
                                           .version = "2011-06-15",
                                           .xmlns = "https://sts.amazonaws.com/doc/2011-06-15/",
                                           .op = f_query_ops,
                                           .op_count = 1};
/* Speaks JSON and Query. */
static const struct wb_service f_both = {.name = "sqs",
                                         .title = "Queues",
                                         .signing_name = "sqs",
                                         .protocol = WB_JSON10,
                                         .target = "AmazonSQS",
                                         .version = "2012-11-05",
                                         .xmlns = "http://queue.amazonaws.com/doc/2012-11-05/",
                                         .type_prefix = "",
                                         .op = f_ops,
                                         .op_count = 3};

static const struct wb_member f_create_members[] = {
    {.name = "FunctionName", .shape = &f_string, .required = true},
    {.name = "Runtime", .shape = &f_runtime},
    {.name = "MemorySize", .shape = &f_limit},
    {.name = "Environment", .shape = &f_map},
    {0},
};
static const struct wb_shape f_create = {
    .kind = WB_STRUCTURE, .name = "CreateRequest", .member = f_create_members};
static const struct wb_member f_update_members[] = {
    {.name = "FunctionName", .shape = &f_string, .required = true, .where = WB_IN_URI},
    {.name = "MemorySize", .shape = &f_limit},
    {0},
};
static const struct wb_shape f_update = {
    .kind = WB_STRUCTURE, .name = "UpdateRequest", .member = f_update_members};
static const struct wb_member f_invoke_members[] = {
    {.name = "FunctionName", .shape = &f_string, .required = true, .where = WB_IN_URI},
    {.name = "Qualifier", .shape = &f_string, .where = WB_IN_QUERY},
    {.name = "InvocationType",
     .shape = &f_string,
     .where = WB_IN_HEADER,
     .wire = "X-Amz-Invocation-Type"},
    {.name = "Payload", .shape = &f_blob, .where = WB_IN_PAYLOAD},
    {0},
};
static const struct wb_shape f_invoke = {
    .kind = WB_STRUCTURE, .name = "InvokeRequest", .member = f_invoke_members};
static const struct wb_member f_list_members[] = {
    {.name = "MaxItems", .shape = &f_limit, .where = WB_IN_QUERY},
    {.name = "Marker", .shape = &f_string, .where = WB_IN_QUERY},
    {.name = "TagKeys", .shape = &f_strings, .where = WB_IN_QUERY, .wire = "tagKeys"},
    {0},
};
static const struct wb_shape f_list = {
    .kind = WB_STRUCTURE, .name = "ListRequest", .member = f_list_members};
static const struct wb_op f_rest_ops[] = {
    {.name = "Create",
     .input = &f_create,
     .http = "POST /2015-03-31/functions",
     .status = 201,
     .body_max = 70 << 20},
    {.name = "List", .input = &f_list, .http = "GET /2015-03-31/functions/"},
    {.name = "Update",
     .input = &f_update,
     .http = "PUT /2015-03-31/functions/{FunctionName}/configuration"},
    {.name = "Delete",
     .input = &f_update,
     .http = "DELETE /2015-03-31/functions/{FunctionName}",
     .status = 204},
    {.name = "Invoke",
     .input = &f_invoke,
     .http = "POST /2015-03-31/functions/{FunctionName}/invocations"},
    {.name = "Special", .input = &f_list, .http = "GET /2015-03-31/functions/special"},
    {.name = "Get", .input = &f_update, .http = "GET /2015-03-31/functions/{FunctionName}"},
};
static const struct wb_service f_rest = {.name = "lambda",
                                         .title = "Functions",
                                         .signing_name = "lambda",
                                         .protocol = WB_REST_JSON,
                                         .op = f_rest_ops,
                                         .op_count = 7};
static const struct wb_member f_bucket_members[] = {
    {.name = "Bucket", .shape = &f_string, .where = WB_IN_URI},
    {.name = "Key", .shape = &f_string, .where = WB_IN_URI},
    {0},
};
static const struct wb_shape f_bucket = {
    .kind = WB_STRUCTURE, .name = "BucketRequest", .member = f_bucket_members};
static const struct wb_op f_s3_ops[] = {
    {.name = "GetObject", .input = &f_bucket, .http = "GET /{Bucket}/{Key+}"}};
static const struct wb_service f_s3 = {.name = "s3",
                                       .title = "Objects",
                                       .signing_name = "s3",
                                       .protocol = WB_REST_JSON,
                                       .op = f_s3_ops,
                                       .op_count = 1};

static const struct wb_service *const f_services[] = {&f_json10, &f_json11, &f_query, &f_query2,
                                                      &f_both,   &f_rest,   &f_s3,    NULL};

#endif
