/*
 * AWS's own managed policies, those that stacks commonly attach (AWS Managed Policy Reference).
 * arn:aws:iam::aws:policy/..., the same in every account.
 *
 * Only the default version of each is here. Four large ones (ReadOnlyAccess, SecurityAudit,
 * ViewOnlyAccess, AmazonSSMFullAccess) are cut to the services that exist here; what they allow
 * there is what AWS's documents allow.
 */
#ifndef WB_AUTH_MANAGED_H
#define WB_AUTH_MANAGED_H

#include "base/slice.h"

struct wb_managed_policy {
    const char *name, *path, *id; /* "AWSLambdaBasicExecutionRole", "/service-role/", "ANPA..." */
    const char *description;
    const char *created, *updated; /* ISO 8601 */
    unsigned version;              /* the default one: 1 is "v1" */
    const char *document;
};

/* In order of name; ends with a row without name. */
extern const struct wb_managed_policy wb_managed_policies[];
extern const size_t wb_managed_policy_count;
const struct wb_managed_policy *wb_managed_policy(struct wb_slice arn); /* or NULL */

#endif
