/* The types, one object each; types.c lists them. */
#ifndef WB_CFN_TYPES_TYPES_H
#define WB_CFN_TYPES_TYPES_H

#include "services/cloudformation/type.h"

extern const struct wb_cfn_type cfn_iam_role;
extern const struct wb_cfn_type cfn_logs_log_group;
extern const struct wb_cfn_type cfn_sns_subscription, cfn_sns_topic;

#endif
