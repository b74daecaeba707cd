/* The operation table of CloudFormation, and the module. */
#include "services/cloudformation/ops.h"
#include "services/cloudformation/types/callback.h"

static const char *const none[] = {NULL};

#define OP(n, k, in, fn, of)                                                                       \
    .name = n, .class = k, .input = &(in), .resources = of, .handler = fn,                         \
    .conditions = cfn_conditions, .condition_keys = cfn_keys
/* About a stack: reads, scans, what answers with a result, what answers with none. */
#define SCANS(n, in, fn, of)                                                                       \
    {                                                                                              \
        OP(n, WB_SCAN, in, fn, of)                                                                 \
    }
#define MAKES(n, in, fn, of)                                                                       \
    {                                                                                              \
        OP(n, WB_WRITE, in, fn, of)                                                                \
    }
/* Reads a template before its command. */
#define PLANS(n, in, fn)                                                                           \
    {                                                                                              \
        OP(n, WB_WRITE, in, fn, cfn_of_role), .prepare = fn##_prepare, .prepare_apart = 1          \
    }
#define CHANGES(n, in, fn, of)                                                                     \
    {                                                                                              \
        OP(n, WB_WRITE, in, fn, of), .answer = ""                                                  \
    }
/* About templates, or about all there is. */
#define WHOLE(n, in, fn)                                                                           \
    {                                                                                              \
        .name = n, .class = WB_SCAN, .input = &(in), .handler = fn, .condition_keys = none         \
    }

static const struct wb_op ops[] = {
    CHANGES("CancelUpdateStack", cfn_s_cancel_update_stack, cfn_cancel_update, cfn_of_stack),
    MAKES("ContinueUpdateRollback", cfn_s_continue_update_rollback, cfn_continue_rollback,
          cfn_of_role),
    PLANS("CreateChangeSet", cfn_s_create_change_set, cfn_create_change_set),
    PLANS("CreateStack", cfn_s_create_stack, cfn_create_stack),
    MAKES("DeleteChangeSet", cfn_s_delete_change_set, cfn_delete_change_set, cfn_of_change_set),
    CHANGES("DeleteStack", cfn_s_delete_stack, cfn_delete_stack, cfn_of_role),
    WHOLE("DescribeAccountLimits", cfn_s_describe_account_limits, cfn_account_limits),
    SCANS("DescribeChangeSet", cfn_s_describe_change_set, cfn_describe_change_set,
          cfn_of_change_set),
    SCANS("DescribeChangeSetHooks", cfn_s_describe_change_set_hooks, cfn_describe_hooks,
          cfn_of_change_set),
    WHOLE("DescribeStackDriftDetectionStatus", cfn_s_describe_stack_drift_detection_status,
          cfn_drift_status),
    SCANS("DescribeStackEvents", cfn_s_describe_stack_events, cfn_describe_events,
          cfn_of_optional_stack),
    SCANS("DescribeStackResource", cfn_s_describe_stack_resource, cfn_describe_resource,
          cfn_of_stack),
    SCANS("DescribeStackResourceDrifts", cfn_s_describe_stack_resource_drifts, cfn_describe_drifts,
          cfn_of_stack),
    SCANS("DescribeStackResources", cfn_s_describe_stack_resources, cfn_describe_resources,
          cfn_of_optional_stack),
    SCANS("DescribeStacks", cfn_s_describe_stacks, cfn_describe_stacks, cfn_of_optional_stack),
    WHOLE("DescribeType", cfn_s_describe_type, cfn_describe_type),
    MAKES("DetectStackDrift", cfn_s_detect_stack_drift, cfn_detect_drift, cfn_of_stack),
    MAKES("DetectStackResourceDrift", cfn_s_detect_stack_resource_drift, cfn_detect_resource_drift,
          cfn_of_stack),
    WHOLE("EstimateTemplateCost", cfn_s_estimate_template_cost, cfn_estimate),
    MAKES("ExecuteChangeSet", cfn_s_execute_change_set, cfn_execute_change_set, cfn_of_change_set),
    SCANS("GetStackPolicy", cfn_s_get_stack_policy, cfn_get_policy, cfn_of_stack),
    SCANS("GetTemplate", cfn_s_get_template, cfn_get_template, cfn_of_change_set),
    SCANS("GetTemplateSummary", cfn_s_get_template_summary, cfn_get_summary, cfn_of_optional_stack),
    SCANS("ListChangeSets", cfn_s_list_change_sets, cfn_list_change_sets, cfn_of_stack),
    WHOLE("ListExports", cfn_s_list_exports, cfn_list_exports),
    WHOLE("ListImports", cfn_s_list_imports, cfn_list_imports),
    SCANS("ListStackResources", cfn_s_list_stack_resources, cfn_list_resources, cfn_of_stack),
    WHOLE("ListStacks", cfn_s_list_stacks, cfn_list_stacks),
    WHOLE("ListTypes", cfn_s_list_types, cfn_list_types),
    MAKES("RollbackStack", cfn_s_rollback_stack, cfn_rollback_stack, cfn_of_role),
    CHANGES("SetStackPolicy", cfn_s_set_stack_policy, cfn_set_policy, cfn_of_stack),
    CHANGES("SignalResource", cfn_s_signal_resource, cfn_signal, cfn_of_stack),
    PLANS("UpdateStack", cfn_s_update_stack, cfn_update_stack),
    MAKES("UpdateTerminationProtection", cfn_s_update_termination_protection, cfn_update_protection,
          cfn_of_stack),
    WHOLE("ValidateTemplate", cfn_s_validate_template, cfn_validate),
};

static const struct wb_service cloudformation_service = {
    .name = "cloudformation",
    .title = "AWS CloudFormation",
    .signing_name = "cloudformation",
    .model = "cloudformation",
    .protocol = WB_QUERY,
    .version = "2010-05-15",
    .xmlns = "http://cloudformation.amazonaws.com/doc/2010-05-15/",
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};

static void start(struct wb_engine *e)
{
    cfn_callback_start(e);
    wb_def_register(e, &cfn_text_kind);
    wb_executor_register(e, &cfn_deploy_executor);
    wb_executor_register(e, &cfn_drift_executor);
    wb_executor_register(e, &cfn_expire_executor);
    wb_executor_register(e, &cfn_forget_executor);
}

const struct wb_module wb_cloudformation_module = {.service = &cloudformation_service,
                                                   .start = start,
                                                   .account = cfn_prepare_account,
                                                   .check = cfn_check};
