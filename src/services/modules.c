/* The services, in the order in which they start. */
#include "services/modules.h"
#include "services/cloudformation/cloudformation.h"
#include "services/cloudtrail/cloudtrail.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/dynamodb/dynamodb.h"
#include "services/ecr/ecr.h"
#include "services/events/events.h"
#include "services/iam/iam.h"
#include "services/kms/kms.h"
#include "services/lambda/lambda.h"
#include "services/logs/logs.h"
#include "services/s3/s3.h"
#include "services/sns/sns.h"
#include "services/ssm/ssm.h"
#include "services/sts/sts.h"
#include "services/xray/xray.h"

const struct wb_module *const wb_modules[] = {
    &wb_dynamodb_module, &wb_events_module, &wb_lambda_module,         &wb_sns_module,
    &wb_sts_module,      &wb_iam_module,    &wb_cloudtrail_module,     &wb_ssm_module,
    &wb_logs_module,     &wb_s3_module,     &wb_cloudwatch_module,     &wb_ecr_module,
    &wb_xray_module,     &wb_kms_module,    &wb_cloudformation_module, NULL,
};
