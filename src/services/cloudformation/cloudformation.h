/* AWS CloudFormation. */
#ifndef WB_CLOUDFORMATION_H
#define WB_CLOUDFORMATION_H

#include "engine/engine.h"

extern const struct wb_module wb_cloudformation_module;

#endif
