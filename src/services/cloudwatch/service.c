/* The operation table of CloudWatch and the module. Shapes as in the public service model, version
 * 2010-08-01. */
#include "services/cloudwatch/ops.h"

static const struct wb_op ops[] = {
    {.name = NULL},
};

/* Modelled errors as the JSON and CBOR protocols name them, and as Query does. */
static const struct wb_code codes[] = {
    {"ConcurrentModificationException", "ConcurrentModificationException"},
    {"DashboardInvalidInputError", "InvalidParameterInput"},
    {"DashboardNotFoundError", "ResourceNotFound"},
    {"InternalServiceFault", "InternalServiceError"},
    {"InvalidFormatFault", "InvalidFormat"},
    {"InvalidParameterCombinationException", "InvalidParameterCombination"},
    {"InvalidParameterValueException", "InvalidParameterValue"},
    {"LimitExceededFault", "LimitExceeded"},
    {"MissingRequiredParameterException", "MissingParameter"},
    {"ValidationException", "ValidationError"},
    {NULL, NULL},
};

static const struct wb_service cloudwatch_service = {
    .name = "cloudwatch",
    .title = "Amazon CloudWatch",
    .signing_name = "monitoring",
    .model = "cloudwatch",
    .protocol = WB_JSON10,
    .target = "GraniteServiceVersion20100801",
    .version = "2010-08-01",
    .xmlns = "http://monitoring.amazonaws.com/doc/2010-08-01/",
    .type_prefix = "com.amazonaws.cloudwatch.v2010_08_01#",
    .internal_code = "InternalServiceFault",
    .code = codes,
    .op = ops,
    .op_count = sizeof ops / sizeof *ops - 1,
};

const struct wb_module wb_cloudwatch_module = {.service = &cloudwatch_service};
