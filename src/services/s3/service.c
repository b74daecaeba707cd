/* The module. */
#include "services/s3/s3.h"

const struct wb_module wb_s3_module = {0};
