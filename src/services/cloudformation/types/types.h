/* The types, one object each; types.c lists them. */
#ifndef WB_CFN_TYPES_TYPES_H
#define WB_CFN_TYPES_TYPES_H

#include "services/cloudformation/type.h"

extern const struct wb_cfn_type cfn_cdk_metadata;
extern const struct wb_cfn_type cfn_custom_resource, cfn_wait_condition, cfn_wait_condition_handle;
extern const struct wb_cfn_type cfn_nested_stack; /* ../nested.c */
extern const struct wb_cfn_type cfn_cloudwatch_alarm, cfn_cloudwatch_composite_alarm,
    cfn_cloudwatch_dashboard;
extern const struct wb_cfn_type cfn_dynamodb_table;
extern const struct wb_cfn_type cfn_ecr_repository;
extern const struct wb_cfn_type cfn_events_event_bus, cfn_events_event_bus_policy, cfn_events_rule;
extern const struct wb_cfn_type cfn_iam_access_key, cfn_iam_group, cfn_iam_group_policy,
    cfn_iam_instance_profile, cfn_iam_managed_policy, cfn_iam_policy, cfn_iam_role,
    cfn_iam_role_policy, cfn_iam_user, cfn_iam_user_policy, cfn_iam_user_to_group_addition;
extern const struct wb_cfn_type cfn_kms_alias, cfn_kms_key;
extern const struct wb_cfn_type cfn_lambda_function, cfn_lambda_permission;
extern const struct wb_cfn_type cfn_logs_log_group, cfn_logs_log_stream, cfn_logs_metric_filter,
    cfn_logs_subscription_filter;
extern const struct wb_cfn_type cfn_s3_bucket, cfn_s3_bucket_policy;
extern const struct wb_cfn_type cfn_sns_subscription, cfn_sns_topic, cfn_sns_topic_inline_policy,
    cfn_sns_topic_policy;
extern const struct wb_cfn_type cfn_ssm_parameter;
extern const struct wb_cfn_type cfn_xray_group, cfn_xray_resource_policy, cfn_xray_sampling_rule;

#endif
