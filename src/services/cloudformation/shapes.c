/* Inputs as in the public service model, version 2010-05-15, with the members that later versions
 * of it have and current tools send. */
#include "aws/shape_table.h"
#include "services/cloudformation/ops.h"

static const struct wb_shape stack_name = {.kind = WB_STRING, .name = "StackName"};
static const struct wb_shape client_request_token = {.kind = WB_STRING,
                                                     .name = "ClientRequestToken",
                                                     .min = 1,
                                                     .has_min = true,
                                                     .max = 128,
                                                     .has_max = true,
                                                     .pattern = "[a-zA-Z0-9][-a-zA-Z0-9]*"};
INPUT(cfn_s_cancel_update_stack, "CancelUpdateStackInput", R("StackName", stack_name),
      M("ClientRequestToken", client_request_token));
static const struct wb_shape stack_name_or_id = {
    .kind = WB_STRING,
    .name = "StackNameOrId",
    .min = 1,
    .has_min = true,
    .pattern = "([a-zA-Z][-a-zA-Z0-9]*)|(arn:(aws|aws-us-gov|aws-cn):[-a-zA-Z0-9:/._+]*)",
    .pattern_text =
        "([a-zA-Z][-a-zA-Z0-9]*)|(arn:\\b(aws|aws-us-gov|aws-cn)\\b:[-a-zA-Z0-9:/._+]*)"};
static const struct wb_shape role_arn = {
    .kind = WB_STRING, .name = "RoleARN", .min = 20, .has_min = true, .max = 2048, .has_max = true};
static const struct wb_shape resource_to_skip = {
    .kind = WB_STRING,
    .name = "ResourceToSkip",
    .pattern = "[a-zA-Z0-9]+|[a-zA-Z][-a-zA-Z0-9]*\\.[a-zA-Z0-9]+"};
LIST(resources_to_skip, "ResourcesToSkip", 0, 0, resource_to_skip);
INPUT(cfn_s_continue_update_rollback, "ContinueUpdateRollbackInput",
      R("StackName", stack_name_or_id), M("RoleARN", role_arn),
      M("ResourcesToSkip", resources_to_skip), M("ClientRequestToken", client_request_token));
static const struct wb_shape template_body = {
    .kind = WB_STRING, .name = "TemplateBody", .min = 1, .has_min = true};
static const struct wb_shape template_url = {.kind = WB_STRING,
                                             .name = "TemplateURL",
                                             .min = 1,
                                             .has_min = true,
                                             .max = 1024,
                                             .has_max = true};
static const struct wb_shape use_previous_template = {.kind = WB_BOOLEAN,
                                                      .name = "UsePreviousTemplate"};
static const struct wb_shape parameter_key = {.kind = WB_STRING, .name = "ParameterKey"};
static const struct wb_shape parameter_value = {
    .kind = WB_STRING, .name = "ParameterValue", .sensitive = true};
static const struct wb_shape use_previous_value = {.kind = WB_BOOLEAN, .name = "UsePreviousValue"};
STRUCT(parameter, "Parameter", M("ParameterKey", parameter_key),
       M("ParameterValue", parameter_value), M("UsePreviousValue", use_previous_value),
       M("ResolvedValue", parameter_value));
LIST(parameters, "Parameters", 0, 0, parameter);
static const struct wb_shape capability = {
    .kind = WB_STRING,
    .name = "Capability",
    .values = (const char *const[]){"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM",
                                    "CAPABILITY_AUTO_EXPAND", NULL}};
LIST(capabilities, "Capabilities", 0, 0, capability);
static const struct wb_shape resource_type = {.kind = WB_STRING,
                                              .name = "ResourceType",
                                              .min = 1,
                                              .has_min = true,
                                              .max = 256,
                                              .has_max = true};
LIST(resource_types, "ResourceTypes", 0, 0, resource_type);
static const struct wb_shape some_arn = {.kind = WB_STRING, .name = "Arn"};
static const struct wb_shape any_type = {.kind = WB_STRING, .name = "Type"};
STRUCT(rollback_trigger, "RollbackTrigger", R("Arn", some_arn), R("Type", any_type));
LIST(rollback_triggers, "RollbackTriggers", 0, 5, rollback_trigger);
static const struct wb_shape monitoring_time_in_minutes = {.kind = WB_INTEGER,
                                                           .name = "MonitoringTimeInMinutes",
                                                           .min = 0,
                                                           .has_min = true,
                                                           .max = 180,
                                                           .has_max = true};
STRUCT(rollback_configuration, "RollbackConfiguration", M("RollbackTriggers", rollback_triggers),
       M("MonitoringTimeInMinutes", monitoring_time_in_minutes));
static const struct wb_shape notification_arn = {.kind = WB_STRING, .name = "NotificationARN"};
LIST(notification_arns, "NotificationARNs", 0, 5, notification_arn);
static const struct wb_shape tag_key = {
    .kind = WB_STRING, .name = "TagKey", .min = 1, .has_min = true, .max = 128, .has_max = true};
static const struct wb_shape tag_value = {
    .kind = WB_STRING, .name = "TagValue", .min = 1, .has_min = true, .max = 256, .has_max = true};
STRUCT(tag, "Tag", R("Key", tag_key), R("Value", tag_value));
LIST(tags, "Tags", 0, 50, tag);
static const struct wb_shape change_set_name = {.kind = WB_STRING,
                                                .name = "ChangeSetName",
                                                .min = 1,
                                                .has_min = true,
                                                .max = 128,
                                                .has_max = true,
                                                .pattern = "[a-zA-Z][-a-zA-Z0-9]*"};
static const struct wb_shape client_token = {.kind = WB_STRING,
                                             .name = "ClientToken",
                                             .min = 1,
                                             .has_min = true,
                                             .max = 128,
                                             .has_max = true};
static const struct wb_shape description = {.kind = WB_STRING,
                                            .name = "Description",
                                            .min = 1,
                                            .has_min = true,
                                            .max = 1024,
                                            .has_max = true};
static const struct wb_shape change_set_type = {
    .kind = WB_STRING,
    .name = "ChangeSetType",
    .values = (const char *const[]){"CREATE", "UPDATE", "IMPORT", NULL}};
static const struct wb_shape logical_resource_id = {.kind = WB_STRING, .name = "LogicalResourceId"};
static const struct wb_shape resource_identifier_property_key = {
    .kind = WB_STRING,
    .name = "ResourceIdentifierPropertyKey",
    .min = 1,
    .has_min = true,
    .max = 2048,
    .has_max = true};
static const struct wb_shape resource_identifier_property_value = {
    .kind = WB_STRING,
    .name = "ResourceIdentifierPropertyValue",
    .min = 1,
    .has_min = true,
    .max = 2048,
    .has_max = true};
static const struct wb_shape resource_identifier_properties = {
    .kind = WB_MAP,
    .name = "ResourceIdentifierProperties",
    .key = &resource_identifier_property_key,
    .elem = &resource_identifier_property_value,
    .min = 1,
    .has_min = true,
    .max = 256,
    .has_max = true};
STRUCT(resource_to_import, "ResourceToImport", R("ResourceType", resource_type),
       R("LogicalResourceId", logical_resource_id),
       R("ResourceIdentifier", resource_identifier_properties));
LIST(resources_to_import, "ResourcesToImport", 0, 200, resource_to_import);
static const struct wb_shape include_nested_stacks = {.kind = WB_BOOLEAN,
                                                      .name = "IncludeNestedStacks"};
static const struct wb_shape on_stack_failure = {
    .kind = WB_STRING,
    .name = "OnStackFailure",
    .values = (const char *const[]){"DO_NOTHING", "ROLLBACK", "DELETE", NULL}};
static const struct wb_shape flag = {.kind = WB_BOOLEAN, .name = "Flag"};
static const struct wb_shape deployment_mode = {.kind = WB_STRING, .name = "DeploymentMode"};
STRUCT(deployment_config, "DeploymentConfig", M("Mode", deployment_mode),
       M("DisableRollback", flag));
INPUT(cfn_s_create_change_set, "CreateChangeSetInput", R("StackName", stack_name_or_id),
      M("TemplateBody", template_body), M("TemplateURL", template_url),
      M("UsePreviousTemplate", use_previous_template), M("Parameters", parameters),
      M("Capabilities", capabilities), M("ResourceTypes", resource_types), M("RoleARN", role_arn),
      M("RollbackConfiguration", rollback_configuration), M("NotificationARNs", notification_arns),
      M("Tags", tags), R("ChangeSetName", change_set_name), M("ClientToken", client_token),
      M("Description", description), M("ChangeSetType", change_set_type),
      M("ResourcesToImport", resources_to_import), M("IncludeNestedStacks", include_nested_stacks),
      M("OnStackFailure", on_stack_failure), M("ImportExistingResources", flag),
      M("DeploymentConfig", deployment_config));
static const struct wb_shape disable_rollback = {.kind = WB_BOOLEAN, .name = "DisableRollback"};
static const struct wb_shape timeout_minutes = {
    .kind = WB_INTEGER, .name = "TimeoutMinutes", .min = 1, .has_min = true};
static const struct wb_shape on_failure = {
    .kind = WB_STRING,
    .name = "OnFailure",
    .values = (const char *const[]){"DO_NOTHING", "ROLLBACK", "DELETE", NULL}};
static const struct wb_shape stack_policy_body = {.kind = WB_STRING,
                                                  .name = "StackPolicyBody",
                                                  .min = 1,
                                                  .has_min = true,
                                                  .max = 16384,
                                                  .has_max = true};
static const struct wb_shape stack_policy_url = {.kind = WB_STRING,
                                                 .name = "StackPolicyURL",
                                                 .min = 1,
                                                 .has_min = true,
                                                 .max = 1350,
                                                 .has_max = true};
static const struct wb_shape enable_termination_protection = {
    .kind = WB_BOOLEAN, .name = "EnableTerminationProtection"};
INPUT(cfn_s_create_stack, "CreateStackInput", R("StackName", stack_name),
      M("TemplateBody", template_body), M("TemplateURL", template_url), M("Parameters", parameters),
      M("DisableRollback", disable_rollback), M("RollbackConfiguration", rollback_configuration),
      M("TimeoutInMinutes", timeout_minutes), M("NotificationARNs", notification_arns),
      M("Capabilities", capabilities), M("ResourceTypes", resource_types), M("RoleARN", role_arn),
      M("OnFailure", on_failure), M("StackPolicyBody", stack_policy_body),
      M("StackPolicyURL", stack_policy_url), M("Tags", tags),
      M("ClientRequestToken", client_request_token),
      M("EnableTerminationProtection", enable_termination_protection),
      M("RetainExceptOnCreate", flag), M("DeploymentConfig", deployment_config));
static const struct wb_shape change_set_name_or_id = {
    .kind = WB_STRING,
    .name = "ChangeSetNameOrId",
    .min = 1,
    .has_min = true,
    .max = 1600,
    .has_max = true,
    .pattern = "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/]*"};
INPUT(cfn_s_delete_change_set, "DeleteChangeSetInput", R("ChangeSetName", change_set_name_or_id),
      M("StackName", stack_name_or_id));
LIST(retain_resources, "RetainResources", 0, 0, logical_resource_id);
static const struct wb_shape deletion_mode = {
    .kind = WB_STRING,
    .name = "DeletionMode",
    .values = (const char *const[]){"STANDARD", "FORCE_DELETE_STACK", NULL}};
INPUT(cfn_s_delete_stack, "DeleteStackInput", R("StackName", stack_name),
      M("RetainResources", retain_resources), M("RoleARN", role_arn),
      M("ClientRequestToken", client_request_token), M("DeletionMode", deletion_mode),
      M("DeploymentConfig", deployment_config));
static const struct wb_shape next_token = {.kind = WB_STRING,
                                           .name = "NextToken",
                                           .min = 1,
                                           .has_min = true,
                                           .max = 1024,
                                           .has_max = true};
INPUT(cfn_s_describe_account_limits, "DescribeAccountLimitsInput", M("NextToken", next_token));
INPUT(cfn_s_describe_change_set, "DescribeChangeSetInput",
      R("ChangeSetName", change_set_name_or_id), M("StackName", stack_name_or_id),
      M("NextToken", next_token), M("IncludePropertyValues", flag));
INPUT(cfn_s_describe_change_set_hooks, "DescribeChangeSetHooksInput",
      R("ChangeSetName", change_set_name_or_id), M("StackName", stack_name_or_id),
      M("NextToken", next_token), M("LogicalResourceId", logical_resource_id));
static const struct wb_shape stack_drift_detection_id = {.kind = WB_STRING,
                                                         .name = "StackDriftDetectionId",
                                                         .min = 1,
                                                         .has_min = true,
                                                         .max = 36,
                                                         .has_max = true};
INPUT(cfn_s_describe_stack_drift_detection_status, "DescribeStackDriftDetectionStatusInput",
      R("StackDriftDetectionId", stack_drift_detection_id));
INPUT(cfn_s_describe_stack_events, "DescribeStackEventsInput", M("StackName", stack_name),
      M("NextToken", next_token));
INPUT(cfn_s_describe_stack_resource, "DescribeStackResourceInput", R("StackName", stack_name),
      R("LogicalResourceId", logical_resource_id));
static const struct wb_shape stack_resource_drift_status = {
    .kind = WB_STRING,
    .name = "StackResourceDriftStatus",
    .values = (const char *const[]){"IN_SYNC", "MODIFIED", "DELETED", "NOT_CHECKED", NULL}};
LIST(stack_resource_drift_status_filters, "StackResourceDriftStatusFilters", 1, 4,
     stack_resource_drift_status);
static const struct wb_shape boxed_max_results = {.kind = WB_INTEGER,
                                                  .name = "BoxedMaxResults",
                                                  .min = 1,
                                                  .has_min = true,
                                                  .max = 100,
                                                  .has_max = true};
INPUT(cfn_s_describe_stack_resource_drifts, "DescribeStackResourceDriftsInput",
      R("StackName", stack_name_or_id),
      M("StackResourceDriftStatusFilters", stack_resource_drift_status_filters),
      M("NextToken", next_token), M("MaxResults", boxed_max_results));
static const struct wb_shape physical_resource_id = {.kind = WB_STRING,
                                                     .name = "PhysicalResourceId"};
INPUT(cfn_s_describe_stack_resources, "DescribeStackResourcesInput", M("StackName", stack_name),
      M("LogicalResourceId", logical_resource_id), M("PhysicalResourceId", physical_resource_id));
INPUT(cfn_s_describe_stacks, "DescribeStacksInput", M("StackName", stack_name),
      M("NextToken", next_token));
static const struct wb_shape registry_type = {
    .kind = WB_STRING,
    .name = "RegistryType",
    .values = (const char *const[]){"RESOURCE", "MODULE", "HOOK", NULL}};
static const struct wb_shape type_name = {
    .kind = WB_STRING,
    .name = "TypeName",
    .min = 10,
    .has_min = true,
    .max = 204,
    .has_max = true,
    .pattern = "[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}(::MODULE){0,1}"};
static const struct wb_shape type_arn = {
    .kind = WB_STRING,
    .name = "TypeArn",
    .max = 1024,
    .has_max = true,
    .pattern = "arn:aws[A-Za-z0-9-]{0,64}:cloudformation:[A-Za-z0-9-]{1,64}:([0-9]{12})?:type/.+"};
static const struct wb_shape type_version_id = {.kind = WB_STRING,
                                                .name = "TypeVersionId",
                                                .min = 1,
                                                .has_min = true,
                                                .max = 128,
                                                .has_max = true,
                                                .pattern = "[A-Za-z0-9-]+"};
static const struct wb_shape publisher_id = {.kind = WB_STRING,
                                             .name = "PublisherId",
                                             .min = 1,
                                             .has_min = true,
                                             .max = 40,
                                             .has_max = true,
                                             .pattern = "[0-9a-zA-Z]{12,40}"};
static const struct wb_shape public_version_number = {.kind = WB_STRING,
                                                      .name = "PublicVersionNumber",
                                                      .min = 5,
                                                      .has_min = true,
                                                      .pattern =
                                                          "^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(.*)$"};
INPUT(cfn_s_describe_type, "DescribeTypeInput", M("Type", registry_type), M("TypeName", type_name),
      M("Arn", type_arn), M("VersionId", type_version_id), M("PublisherId", publisher_id),
      M("PublicVersionNumber", public_version_number));
LIST(logical_resource_ids, "LogicalResourceIds", 1, 200, logical_resource_id);
INPUT(cfn_s_detect_stack_drift, "DetectStackDriftInput", R("StackName", stack_name_or_id),
      M("LogicalResourceIds", logical_resource_ids));
INPUT(cfn_s_detect_stack_resource_drift, "DetectStackResourceDriftInput",
      R("StackName", stack_name_or_id), R("LogicalResourceId", logical_resource_id));
INPUT(cfn_s_estimate_template_cost, "EstimateTemplateCostInput", M("TemplateBody", template_body),
      M("TemplateURL", template_url), M("Parameters", parameters));
INPUT(cfn_s_execute_change_set, "ExecuteChangeSetInput", R("ChangeSetName", change_set_name_or_id),
      M("StackName", stack_name_or_id), M("ClientRequestToken", client_request_token),
      M("DisableRollback", disable_rollback), M("RetainExceptOnCreate", flag));
INPUT(cfn_s_get_stack_policy, "GetStackPolicyInput", R("StackName", stack_name));
static const struct wb_shape template_stage = {
    .kind = WB_STRING,
    .name = "TemplateStage",
    .values = (const char *const[]){"Original", "Processed", NULL}};
INPUT(cfn_s_get_template, "GetTemplateInput", M("StackName", stack_name),
      M("ChangeSetName", change_set_name_or_id), M("TemplateStage", template_stage));
static const struct wb_shape stack_set_name_or_id = {
    .kind = WB_STRING,
    .name = "StackSetNameOrId",
    .pattern = "[a-zA-Z][-a-zA-Z0-9]*(?::[a-zA-Z0-9]{8}-[a-zA-Z0-9]{4}-[a-zA-Z0-9]{4}-[a-zA-Z0-9]{"
               "4}-[a-zA-Z0-9]{12})?"};
static const struct wb_shape call_as = {.kind = WB_STRING,
                                        .name = "CallAs",
                                        .values =
                                            (const char *const[]){"SELF", "DELEGATED_ADMIN", NULL}};
STRUCT(template_summary_config, "TemplateSummaryConfig",
       M("TreatUnrecognizedResourceTypesAsWarnings", flag));
INPUT(cfn_s_get_template_summary, "GetTemplateSummaryInput", M("TemplateBody", template_body),
      M("TemplateURL", template_url), M("StackName", stack_name_or_id),
      M("StackSetName", stack_set_name_or_id), M("CallAs", call_as),
      M("TemplateSummaryConfig", template_summary_config));
INPUT(cfn_s_list_change_sets, "ListChangeSetsInput", R("StackName", stack_name_or_id),
      M("NextToken", next_token));
INPUT(cfn_s_list_exports, "ListExportsInput", M("NextToken", next_token));
static const struct wb_shape export_name = {.kind = WB_STRING, .name = "ExportName"};
INPUT(cfn_s_list_imports, "ListImportsInput", R("ExportName", export_name),
      M("NextToken", next_token));
INPUT(cfn_s_list_stack_resources, "ListStackResourcesInput", R("StackName", stack_name),
      M("NextToken", next_token));
static const struct wb_shape stack_status = {
    .kind = WB_STRING,
    .name = "StackStatus",
    .values = (const char *const[]){"CREATE_IN_PROGRESS",
                                    "CREATE_FAILED",
                                    "CREATE_COMPLETE",
                                    "ROLLBACK_IN_PROGRESS",
                                    "ROLLBACK_FAILED",
                                    "ROLLBACK_COMPLETE",
                                    "DELETE_IN_PROGRESS",
                                    "DELETE_FAILED",
                                    "DELETE_COMPLETE",
                                    "UPDATE_IN_PROGRESS",
                                    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
                                    "UPDATE_COMPLETE",
                                    "UPDATE_FAILED",
                                    "UPDATE_ROLLBACK_IN_PROGRESS",
                                    "UPDATE_ROLLBACK_FAILED",
                                    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
                                    "UPDATE_ROLLBACK_COMPLETE",
                                    "REVIEW_IN_PROGRESS",
                                    "IMPORT_IN_PROGRESS",
                                    "IMPORT_COMPLETE",
                                    "IMPORT_ROLLBACK_IN_PROGRESS",
                                    "IMPORT_ROLLBACK_FAILED",
                                    "IMPORT_ROLLBACK_COMPLETE",
                                    NULL}};
LIST(stack_status_filter, "StackStatusFilter", 0, 0, stack_status);
INPUT(cfn_s_list_stacks, "ListStacksInput", M("NextToken", next_token),
      M("StackStatusFilter", stack_status_filter));
static const struct wb_shape visibility = {.kind = WB_STRING,
                                           .name = "Visibility",
                                           .values =
                                               (const char *const[]){"PUBLIC", "PRIVATE", NULL}};
static const struct wb_shape provisioning_type = {
    .kind = WB_STRING,
    .name = "ProvisioningType",
    .values = (const char *const[]){"NON_PROVISIONABLE", "IMMUTABLE", "FULLY_MUTABLE", NULL}};
static const struct wb_shape deprecated_status = {
    .kind = WB_STRING,
    .name = "DeprecatedStatus",
    .values = (const char *const[]){"LIVE", "DEPRECATED", NULL}};
static const struct wb_shape category = {
    .kind = WB_STRING,
    .name = "Category",
    .values = (const char *const[]){"REGISTERED", "ACTIVATED", "THIRD_PARTY", "AWS_TYPES", NULL}};
static const struct wb_shape type_name_prefix = {
    .kind = WB_STRING,
    .name = "TypeNamePrefix",
    .min = 1,
    .has_min = true,
    .max = 204,
    .has_max = true,
    .pattern = "([A-Za-z0-9]{2,64}::){0,2}([A-Za-z0-9]{2,64}:?){0,1}"};
STRUCT(type_filters, "TypeFilters", M("Category", category), M("PublisherId", publisher_id),
       M("TypeNamePrefix", type_name_prefix));
static const struct wb_shape max_results = {.kind = WB_INTEGER,
                                            .name = "MaxResults",
                                            .min = 1,
                                            .has_min = true,
                                            .max = 100,
                                            .has_max = true};
INPUT(cfn_s_list_types, "ListTypesInput", M("Visibility", visibility),
      M("ProvisioningType", provisioning_type), M("DeprecatedStatus", deprecated_status),
      M("Type", registry_type), M("Filters", type_filters), M("MaxResults", max_results),
      M("NextToken", next_token));
INPUT(cfn_s_rollback_stack, "RollbackStackInput", R("StackName", stack_name_or_id),
      M("RoleARN", role_arn), M("ClientRequestToken", client_request_token),
      M("RetainExceptOnCreate", flag));
INPUT(cfn_s_set_stack_policy, "SetStackPolicyInput", R("StackName", stack_name),
      M("StackPolicyBody", stack_policy_body), M("StackPolicyURL", stack_policy_url));
static const struct wb_shape resource_signal_unique_id = {.kind = WB_STRING,
                                                          .name = "ResourceSignalUniqueId",
                                                          .min = 1,
                                                          .has_min = true,
                                                          .max = 64,
                                                          .has_max = true};
static const struct wb_shape resource_signal_status = {
    .kind = WB_STRING,
    .name = "ResourceSignalStatus",
    .values = (const char *const[]){"SUCCESS", "FAILURE", NULL}};
INPUT(cfn_s_signal_resource, "SignalResourceInput", R("StackName", stack_name_or_id),
      R("LogicalResourceId", logical_resource_id), R("UniqueId", resource_signal_unique_id),
      R("Status", resource_signal_status));
static const struct wb_shape stack_policy_during_update_body = {.kind = WB_STRING,
                                                                .name =
                                                                    "StackPolicyDuringUpdateBody",
                                                                .min = 1,
                                                                .has_min = true,
                                                                .max = 16384,
                                                                .has_max = true};
static const struct wb_shape stack_policy_during_update_url = {.kind = WB_STRING,
                                                               .name = "StackPolicyDuringUpdateURL",
                                                               .min = 1,
                                                               .has_min = true,
                                                               .max = 1350,
                                                               .has_max = true};
INPUT(cfn_s_update_stack, "UpdateStackInput", R("StackName", stack_name),
      M("TemplateBody", template_body), M("TemplateURL", template_url),
      M("UsePreviousTemplate", use_previous_template),
      M("StackPolicyDuringUpdateBody", stack_policy_during_update_body),
      M("StackPolicyDuringUpdateURL", stack_policy_during_update_url), M("Parameters", parameters),
      M("Capabilities", capabilities), M("ResourceTypes", resource_types), M("RoleARN", role_arn),
      M("RollbackConfiguration", rollback_configuration), M("StackPolicyBody", stack_policy_body),
      M("StackPolicyURL", stack_policy_url), M("NotificationARNs", notification_arns),
      M("Tags", tags), M("DisableRollback", disable_rollback),
      M("ClientRequestToken", client_request_token), M("RetainExceptOnCreate", flag),
      M("DeploymentConfig", deployment_config));
INPUT(cfn_s_update_termination_protection, "UpdateTerminationProtectionInput",
      R("EnableTerminationProtection", enable_termination_protection),
      R("StackName", stack_name_or_id));
INPUT(cfn_s_validate_template, "ValidateTemplateInput", M("TemplateBody", template_body),
      M("TemplateURL", template_url));
