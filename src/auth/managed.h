/*
 * AWS's own managed policies, those that stacks commonly attach (AWS Managed Policy Reference).
 * arn:aws:iam::aws:policy/..., the same in every account.
 */
#ifndef WB_AUTH_MANAGED_H
#define WB_AUTH_MANAGED_H

#include "base/slice.h"

struct wb_managed_policy {
    const char *name, *path, *id; /* "AWSLambdaBasicExecutionRole", "/service-role/", "ANPA..." */
    const char *description;
    const char *created; /* ISO 8601 */
    unsigned version;    /* the default one: 1 is "v1" */
    const char *document;
};

/* In order of name; ends with a row without name. */
extern const struct wb_managed_policy wb_managed_policies[];
const struct wb_managed_policy *wb_managed_policy(struct wb_slice arn); /* or NULL */

#endif
