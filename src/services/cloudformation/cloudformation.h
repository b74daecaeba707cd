/* AWS CloudFormation. */
#ifndef WB_CLOUDFORMATION_H
#define WB_CLOUDFORMATION_H

#include "engine/engine.h"

extern const struct wb_module wb_cloudformation_module;

/* bootstrap.c: what an account holds from its beginning on. */
void cfn_prepare_account(struct wb_tx *tx, struct wb_slice account);

#endif
