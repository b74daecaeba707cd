/* Custom::LogRetention of the CDK, done by the server itself. */
#ifndef WB_CFN_TYPES_LOG_RETENTION_H
#define WB_CFN_TYPES_LOG_RETENTION_H

#include "services/cloudformation/types/kit.h"

/* The function behind the ServiceToken cannot do it: its package was never uploaded
 * (types/lambda_code.h), or there is no node to run it. */
bool cfn_log_retention_here(struct wb_cfn_resource *r);
enum wb_cfn_result cfn_log_retention_put(struct wb_cfn_resource *r); /* create and update */
enum wb_cfn_result cfn_log_retention_delete(struct wb_cfn_resource *r);

#endif
