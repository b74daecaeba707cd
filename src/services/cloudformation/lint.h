/*
 * What a template says that will deploy but hardly work as meant (`waybill deploy --check`). Pure:
 * the template and its parameters, nothing of the store. What cannot deploy at all is refused by
 * wb_template_read and wb_template_start before.
 */
#ifndef WB_CFN_LINT_H
#define WB_CFN_LINT_H

#include "services/cloudformation/template.h"

struct wb_cfn_finding {
    const char *check;    /* "metric", "confirmation", "dead-letters", "fixed-name", "policy" */
    struct wb_slice id;   /* of the resource */
    struct wb_slice path; /* "Properties.Targets[0]" */
    struct wb_slice text; /* a sentence */
};

/* env: after wb_template_start. In the order of the template; in the arena of env. */
size_t wb_cfn_lint(const struct wb_template *t, struct wb_cfn_env *env,
                   struct wb_cfn_finding **out);

#endif
