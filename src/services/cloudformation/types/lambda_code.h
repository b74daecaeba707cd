/* The code of a function as templates give it: text, or a package in a bucket. */
#ifndef WB_CFN_TYPES_LAMBDA_CODE_H
#define WB_CFN_TYPES_LAMBDA_CODE_H

#include "services/cloudformation/types/kit.h"

/* Adds the members that CreateFunction's Code and UpdateFunctionCode have. False with the
 * resource failed. */
bool cfn_code_put(struct cfn_in *in, struct wb_json code, struct wb_slice runtime);
/* The package that stands for the CDK's provider of Custom::LogRetention when it was never
 * uploaded, base64. The custom resource is then handled by types/log_retention.c. */
struct wb_slice cfn_code_stand_in(struct wb_arena *a);
struct wb_slice cfn_code_stand_in_sha256(struct wb_arena *a); /* CodeSha256 of it */
/* By its logical id: the CDK's singleton. */
bool cfn_code_may_stand_in(const struct wb_cfn_resource *r);

#endif
