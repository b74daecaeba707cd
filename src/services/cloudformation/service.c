/* The module. */
#include "services/cloudformation/cloudformation.h"

const struct wb_module wb_cloudformation_module = {0};
