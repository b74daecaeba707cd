/* The module. */
#include "services/cloudwatch/cloudwatch.h"

const struct wb_module wb_cloudwatch_module = {0};
