/*
 * Lambda's operations, as botocore's model of 2015-03-31 has them. Differences, each with its
 * reason: Runtime lists what this server runs (AWS answers an unknown one with the list, too);
 * Timeout ends at 900 as the service does, not the model; patterns with look-behind are said
 * without it.
 */
#include "services/lambda/function.h"
#include "services/lambda/lambda.h"

#include "base/limits.h"

#define STR(id, model, ...)                                                                        \
    static const struct wb_shape id = {.kind = WB_STRING, .name = model, ##__VA_ARGS__}
#define LEN(lo, hi) .min = lo, .max = hi, .has_min = true, .has_max = true
#define MAXLEN(hi)  .max = hi, .has_max = true
#define MINLEN(lo)  .min = lo, .has_min = true

STR(string, "String");
STR(function_name, "FunctionName", LEN(1, 140),
    .pattern = "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?"
               "(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?");
STR(any_name, "NamespacedFunctionName", LEN(1, 170),
    .pattern = "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?"
               "(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?");
STR(qualifier, "Qualifier", LEN(1, 128), .pattern = "(|[a-zA-Z0-9$_-]+)");
STR(role, "RoleArn", .pattern = "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
STR(handler, "Handler", MAXLEN(128), .pattern = "[^\\s]+");
STR(description, "Description", LEN(0, 256));
STR(bucket, "S3Bucket", LEN(3, 63), .pattern = "([0-9A-Za-z\\.\\-_]*[0-9A-Za-z\\-_])?",
    .pattern_text = "^[0-9A-Za-z\\.\\-_]*(?<!\\.)$");
STR(s3_key, "S3Key", LEN(1, 1024));
STR(s3_version, "S3ObjectVersion", LEN(1, 1024));
STR(subnet, "SubnetId");
STR(security_group, "SecurityGroupId");
STR(resource_arn, "ResourceArn", .pattern = "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()");
STR(kms_arn, "KMSKeyArn", .pattern = "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()");
STR(variable_name, "EnvironmentVariableName", .sensitive = true,
    .pattern = "[a-zA-Z]([a-zA-Z0-9_])+");
STR(variable_value, "EnvironmentVariableValue", .sensitive = true);
STR(tag_key, "TagKey");
STR(tag_value, "TagValue");
STR(layer, "LayerVersionArn", LEN(1, 140),
    .pattern = "arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+");
STR(efs_arn, "FileSystemArn", MAXLEN(200),
    .pattern = "arn:aws[a-zA-Z-]*:elasticfilesystem:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{1}:"
               "\\d{12}:access-point/fsap-[a-f0-9]{17}");
STR(mount_path, "LocalMountPath", MAXLEN(160), .pattern = "^/mnt/[a-zA-Z0-9-_.]+$");
STR(working_directory, "WorkingDirectory", MAXLEN(1000));
STR(signing_arn, "CodeSigningConfigArn", MAXLEN(200),
    .pattern = "arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{1}:\\d{12}:"
               "code-signing-config:csc-[a-z0-9]{17}");
STR(master_region, "MasterRegion", .pattern = "ALL|[a-z]{2}(-gov)?-[a-z]+-\\d{1}");
STR(statement_id, "StatementId", LEN(1, 100), .pattern = "([a-zA-Z0-9-_]+)");
STR(any_statement_id, "NamespacedStatementId", LEN(1, 100), .pattern = "([a-zA-Z0-9-_.]+)");
STR(action, "Action", .pattern = "(lambda:[*]|lambda:[a-zA-Z]+|[*])");
STR(principal, "Principal", .pattern = "[^\\s]+");
STR(arn, "Arn",
    .pattern = "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}(-gov)?-[a-z]+-\\d{1})?:(\\d{12})"
               "?:(.*)");
STR(source_owner, "SourceOwner", MAXLEN(12), .pattern = "\\d{12}");
STR(event_source_token, "EventSourceToken", LEN(0, 256), .pattern = "[a-zA-Z0-9._\\-]+");
STR(org_id, "PrincipalOrgID", LEN(12, 34), .pattern = "^o-[a-z0-9]{10,32}$");
STR(function_arn, "FunctionArn",
    .pattern = "arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2}(-gov)?-[a-z]+-\\d{1}:\\d{12}:function:"
               "[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?");

#define ENUM(id, model, ...)                                                                       \
    static const char *const id##_values[] = {__VA_ARGS__, NULL};                                  \
    static const struct wb_shape id = {.kind = WB_STRING, .name = model, .values = id##_values}
static const char *const runtimes[] = {
    "nodejs18.x",   "nodejs20.x",      "nodejs22.x", "nodejs24.x", "provided",
    "provided.al2", "provided.al2023", "python3.8",  "python3.9",  "python3.10",
    "python3.11",   "python3.12",      "python3.13", "python3.14", NULL};
static const struct wb_shape runtime = {.kind = WB_STRING,
                                        .name = "Runtime",
                                        .values = runtimes,
                                        .values_code = "InvalidParameterValueException",
                                        .values_more = " or be a valid ARN"};
ENUM(package_type, "PackageType", "Zip", "Image");
ENUM(tracing_mode, "TracingMode", "Active", "PassThrough");
ENUM(architecture, "Architecture", "x86_64", "arm64");
ENUM(snap_on, "SnapStartApplyOn", "PublishedVersions", "None");
ENUM(version_filter, "FunctionVersion", "ALL");
ENUM(url_auth, "FunctionUrlAuthType", "NONE", "AWS_IAM");
ENUM(invocation_type, "InvocationType", "Event", "RequestResponse", "DryRun");
ENUM(log_type, "LogType", "None", "Tail");

static const struct wb_shape blob = {.kind = WB_BLOB, .name = "Blob", .sensitive = true};
static const struct wb_shape boolean = {.kind = WB_BOOLEAN, .name = "Boolean"};
static const struct wb_shape timeout = {.kind = WB_INTEGER, .name = "Timeout", LEN(1, 900)};
static const struct wb_shape memory = {.kind = WB_INTEGER, .name = "MemorySize", LEN(128, 10240)};
static const struct wb_shape tmp_size = {
    .kind = WB_INTEGER, .name = "EphemeralStorageSize", LEN(512, 10240)};
static const struct wb_shape max_items = {
    .kind = WB_INTEGER, .name = "MaxListItems", LEN(1, 10000)};
static const struct wb_shape reserved = {
    .kind = WB_INTEGER, .name = "ReservedConcurrentExecutions", MINLEN(0)};

#define LIST(id, model, of, ...)                                                                   \
    static const struct wb_shape id = {.kind = WB_LIST, .name = model, .elem = &of, ##__VA_ARGS__}
LIST(subnets, "SubnetIds", subnet, MAXLEN(16));
LIST(security_groups, "SecurityGroupIds", security_group, MAXLEN(5));
LIST(layers, "LayerList", layer);
LIST(strings, "StringList", string, MAXLEN(1500));
LIST(architectures, "ArchitecturesList", architecture, LEN(1, 1));
LIST(tag_keys, "TagKeyList", tag_key);

static const struct wb_shape variables = {.kind = WB_MAP,
                                          .name = "EnvironmentVariables",
                                          .key = &variable_name,
                                          .elem = &variable_value,
                                          .sensitive = true};
static const struct wb_shape tags = {
    .kind = WB_MAP, .name = "Tags", .key = &tag_key, .elem = &tag_value};

#define STRUCT(id, model, ...)                                                                     \
    static const struct wb_member id##_members[] = {__VA_ARGS__{0}};                               \
    static const struct wb_shape id = {.kind = WB_STRUCTURE, .name = model, .member = id##_members}
#define M(n, s)     {.name = n, .shape = &s},
#define REQ(n, s)   {.name = n, .shape = &s, .required = true},
#define URI(n, s)   {.name = n, .shape = &s, .required = true, .where = WB_IN_URI},
#define QUERY(n, s) {.name = n, .shape = &s, .where = WB_IN_QUERY},

STRUCT(code, "FunctionCode",
       M("ZipFile", blob) M("S3Bucket", bucket) M("S3Key", s3_key) M("S3ObjectVersion", s3_version)
           M("ImageUri", string));
STRUCT(vpc, "VpcConfig", M("SubnetIds", subnets) M("SecurityGroupIds", security_groups));
STRUCT(dead_letter, "DeadLetterConfig", M("TargetArn", resource_arn));
STRUCT(environment, "Environment", M("Variables", variables));
STRUCT(tracing, "TracingConfig", M("Mode", tracing_mode));
STRUCT(file_system, "FileSystemConfig", REQ("Arn", efs_arn) REQ("LocalMountPath", mount_path));
LIST(file_systems, "FileSystemConfigList", file_system, MAXLEN(1));
STRUCT(image, "ImageConfig",
       M("EntryPoint", strings) M("Command", strings) M("WorkingDirectory", working_directory));
STRUCT(tmp, "EphemeralStorage", REQ("Size", tmp_size));
STRUCT(snap, "SnapStart", M("ApplyOn", snap_on));

STRUCT(create_request, "CreateFunctionRequest",
       REQ("FunctionName", function_name) M("Runtime", runtime) REQ("Role", role)
           M("Handler", handler) REQ("Code", code) M("Description", description)
               M("Timeout", timeout) M("MemorySize", memory) M("Publish", boolean)
                   M("VpcConfig", vpc) M("PackageType", package_type)
                       M("DeadLetterConfig", dead_letter) M("Environment", environment)
                           M("KMSKeyArn", kms_arn) M("TracingConfig", tracing) M("Tags", tags)
                               M("Layers", layers) M("FileSystemConfigs", file_systems)
                                   M("ImageConfig", image) M("CodeSigningConfigArn", signing_arn)
                                       M("Architectures", architectures) M("EphemeralStorage", tmp)
                                           M("SnapStart", snap));
STRUCT(update_code_request, "UpdateFunctionCodeRequest",
       URI("FunctionName", function_name) M("ZipFile", blob) M("S3Bucket", bucket)
           M("S3Key", s3_key) M("S3ObjectVersion", s3_version) M("ImageUri", string)
               M("Publish", boolean) M("DryRun", boolean) M("RevisionId", string)
                   M("Architectures", architectures));
STRUCT(update_configuration_request, "UpdateFunctionConfigurationRequest",
       URI("FunctionName", function_name) M("Role", role) M("Handler", handler)
           M("Description", description) M("Timeout", timeout) M("MemorySize", memory)
               M("VpcConfig", vpc) M("Environment", environment) M("Runtime", runtime)
                   M("DeadLetterConfig", dead_letter) M("KMSKeyArn", kms_arn)
                       M("TracingConfig", tracing) M("RevisionId", string) M("Layers", layers)
                           M("FileSystemConfigs", file_systems) M("ImageConfig", image)
                               M("EphemeralStorage", tmp) M("SnapStart", snap));
STRUCT(get_request, "GetFunctionRequest",
       URI("FunctionName", any_name) QUERY("Qualifier", qualifier));
STRUCT(get_configuration_request, "GetFunctionConfigurationRequest",
       URI("FunctionName", any_name) QUERY("Qualifier", qualifier));
STRUCT(list_request, "ListFunctionsRequest",
       QUERY("MasterRegion", master_region) QUERY("FunctionVersion", version_filter)
           QUERY("Marker", string) QUERY("MaxItems", max_items));
STRUCT(delete_request, "DeleteFunctionRequest",
       URI("FunctionName", function_name) QUERY("Qualifier", qualifier));
STRUCT(add_permission_request, "AddPermissionRequest",
       URI("FunctionName", function_name) REQ("StatementId", statement_id) REQ("Action", action)
           REQ("Principal", principal) M("SourceArn", arn) M("SourceAccount", source_owner)
               M("EventSourceToken", event_source_token) QUERY("Qualifier", qualifier)
                   M("RevisionId", string) M("PrincipalOrgID", org_id)
                       M("FunctionUrlAuthType", url_auth));
STRUCT(remove_permission_request, "RemovePermissionRequest",
       URI("FunctionName", function_name) URI("StatementId", any_statement_id)
           QUERY("Qualifier", qualifier) QUERY("RevisionId", string));
STRUCT(get_policy_request, "GetPolicyRequest",
       URI("FunctionName", any_name) QUERY("Qualifier", qualifier));
STRUCT(invocation_request, "InvocationRequest",
       URI("FunctionName", any_name){.name = "InvocationType",
                                     .shape = &invocation_type,
                                     .where = WB_IN_HEADER,
                                     .wire = "X-Amz-Invocation-Type"},
       {.name = "LogType", .shape = &log_type, .where = WB_IN_HEADER, .wire = "X-Amz-Log-Type"},
       {.name = "ClientContext",
        .shape = &string,
        .where = WB_IN_HEADER,
        .wire = "X-Amz-Client-Context"},
       {.name = "Payload", .shape = &blob, .where = WB_IN_PAYLOAD}, QUERY("Qualifier", qualifier));
STRUCT(invoke_async_request, "InvokeAsyncRequest",
       URI("FunctionName", any_name){
           .name = "InvokeArgs", .shape = &blob, .required = true, .where = WB_IN_PAYLOAD}, );
STRUCT(put_concurrency_request, "PutFunctionConcurrencyRequest",
       URI("FunctionName", function_name) REQ("ReservedConcurrentExecutions", reserved));
STRUCT(get_concurrency_request, "GetFunctionConcurrencyRequest",
       URI("FunctionName", function_name));
STRUCT(delete_concurrency_request, "DeleteFunctionConcurrencyRequest",
       URI("FunctionName", function_name));
#define RESOURCE                                                                                   \
    {.name = "Resource",                                                                           \
     .shape = &function_arn,                                                                       \
     .required = true,                                                                             \
     .where = WB_IN_URI,                                                                           \
     .wire = "ARN"},
STRUCT(list_tags_request, "ListTagsRequest", RESOURCE);
STRUCT(tag_request, "TagResourceRequest", RESOURCE REQ("Tags", tags));
STRUCT(untag_request, "UntagResourceRequest",
       RESOURCE{.name = "TagKeys",
                .shape = &tag_keys,
                .required = true,
                .where = WB_IN_QUERY,
                .wire = "tagKeys"}, );

#define FUNCTION "/2015-03-31/functions/{FunctionName}"

static const struct wb_op ops[] = {
    {.name = "CreateFunction",
     .event_name = "CreateFunction20150331",
     .class = WB_WRITE,
     .input = &create_request,
     .http = "POST /2015-03-31/functions",
     .status = 201,
     .resources = lambda_create_resource,
     .conditions = lambda_network_facts,
     .condition_keys = lambda_network_keys,
     .prepare = lambda_create_prepare,
     .prepare_apart = 1,
     .handler = lambda_create,
     .body_max = WB_LAMBDA_REQUEST_MAX},
    {.name = "GetFunction",
     .event_name = "GetFunction20150331v2",
     .class = WB_READ,
     .input = &get_request,
     .http = "GET " FUNCTION,
     .resources = lambda_resource,
     .handler = lambda_get},
    {.name = "GetFunctionConfiguration",
     .event_name = "GetFunctionConfiguration20150331v2",
     .class = WB_READ,
     .input = &get_configuration_request,
     .http = "GET " FUNCTION "/configuration",
     .resources = lambda_resource,
     .handler = lambda_get_configuration},
    {.name = "ListFunctions",
     .event_name = "ListFunctions20150331",
     .class = WB_SCAN,
     .input = &list_request,
     .http = "GET /2015-03-31/functions/",
     .handler = lambda_list},
    {.name = "UpdateFunctionCode",
     .event_name = "UpdateFunctionCode20150331v2",
     .class = WB_WRITE,
     .input = &update_code_request,
     .http = "PUT " FUNCTION "/code",
     .resources = lambda_resource,
     .prepare = lambda_update_code_prepare,
     .prepare_apart = 1,
     .handler = lambda_update_code,
     .body_max = WB_LAMBDA_REQUEST_MAX},
    {.name = "UpdateFunctionConfiguration",
     .event_name = "UpdateFunctionConfiguration20150331v2",
     .class = WB_WRITE,
     .input = &update_configuration_request,
     .http = "PUT " FUNCTION "/configuration",
     .resources = lambda_configuration_resource,
     .conditions = lambda_network_facts,
     .condition_keys = lambda_network_keys,
     .handler = lambda_update_configuration},
    {.name = "DeleteFunction",
     .event_name = "DeleteFunction20150331",
     .class = WB_WRITE,
     .input = &delete_request,
     .http = "DELETE " FUNCTION,
     .status = 204,
     .resources = lambda_resource,
     .handler = lambda_delete},
    {.name = "AddPermission",
     .event_name = "AddPermission20150331v2",
     .class = WB_WRITE,
     .input = &add_permission_request,
     .http = "POST " FUNCTION "/policy",
     .status = 201,
     .resources = lambda_resource,
     .conditions = lambda_add_permission_facts,
     .condition_keys = lambda_permission_keys,
     .handler = lambda_permission_add},
    {.name = "RemovePermission",
     .event_name = "RemovePermission20150331v2",
     .class = WB_WRITE,
     .input = &remove_permission_request,
     .http = "DELETE " FUNCTION "/policy/{StatementId}",
     .status = 204,
     .resources = lambda_resource,
     .conditions = lambda_remove_permission_facts,
     .condition_keys = lambda_permission_keys,
     .handler = lambda_permission_remove},
    {.name = "GetPolicy",
     .event_name = "GetPolicy20150331v2",
     .class = WB_READ,
     .input = &get_policy_request,
     .http = "GET " FUNCTION "/policy",
     .resources = lambda_resource,
     .handler = lambda_policy_get},
    {.name = "Invoke",
     .class = WB_ASYNC,
     .input = &invocation_request,
     .http = "POST " FUNCTION "/invocations",
     .action = "lambda:InvokeFunction",
     .resources = lambda_resource,
     .handler = lambda_invoke,
     .data = true,
     .traces = true,
     .body_max = WB_LAMBDA_PAYLOAD_MAX + 1},
    {.name = "InvokeAsync",
     .class = WB_WRITE,
     .input = &invoke_async_request,
     .http = "POST /2014-11-13/functions/{FunctionName}/invoke-async/",
     .status = 202,
     .action = "lambda:InvokeFunction",
     .resources = lambda_resource,
     .handler = lambda_invoke_async,
     .data = true,
     .traces = true,
     .body_max = WB_LAMBDA_PAYLOAD_MAX + 1},
    {.name = "PutFunctionConcurrency",
     .event_name = "PutFunctionConcurrency20171031",
     .class = WB_WRITE,
     .input = &put_concurrency_request,
     .http = "PUT /2017-10-31/functions/{FunctionName}/concurrency",
     .resources = lambda_resource,
     .handler = lambda_concurrency_put},
    {.name = "GetFunctionConcurrency",
     .class = WB_READ,
     .input = &get_concurrency_request,
     .http = "GET /2019-09-30/functions/{FunctionName}/concurrency",
     .resources = lambda_resource,
     .handler = lambda_concurrency_get},
    {.name = "DeleteFunctionConcurrency",
     .event_name = "DeleteFunctionConcurrency20171031",
     .class = WB_WRITE,
     .input = &delete_concurrency_request,
     .http = "DELETE /2017-10-31/functions/{FunctionName}/concurrency",
     .status = 204,
     .resources = lambda_resource,
     .handler = lambda_concurrency_delete},
    {.name = "ListTags",
     .event_name = "ListTags20170331",
     .class = WB_READ,
     .input = &list_tags_request,
     .http = "GET /2017-03-31/tags/{ARN}",
     .resources = lambda_tags_resource,
     .handler = lambda_tags_list},
    {.name = "TagResource",
     .event_name = "TagResource20170331v2",
     .class = WB_WRITE,
     .input = &tag_request,
     .http = "POST /2017-03-31/tags/{ARN}",
     .status = 204,
     .resources = lambda_tags_resource,
     .handler = lambda_tags_add},
    {.name = "UntagResource",
     .event_name = "UntagResource20170331v2",
     .class = WB_WRITE,
     .input = &untag_request,
     .http = "DELETE /2017-03-31/tags/{ARN}",
     .status = 204,
     .resources = lambda_tags_resource,
     .handler = lambda_tags_remove},
};

const struct wb_service wb_lambda_service = {
    .name = "lambda",
    .title = "AWS Lambda",
    .signing_name = "lambda",
    .model = "lambda",
    .protocol = WB_REST_JSON,
    .version = "2015-03-31",
    .trace_origin = "AWS::Lambda",
    .trace_member = "FunctionName",
    .trace_key = "function_name",
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};
