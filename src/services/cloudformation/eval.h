/*
 * Evaluating a stack's template: the env of template.h, filled from the store. A value of a
 * resource comes from its row, an export from its table, a parameter of SSM from that service.
 */
#ifndef WB_CFN_EVAL_H
#define WB_CFN_EVAL_H

#include "base/map.h"
#include "services/cloudformation/stack.h"

struct cfn_eval {
    struct wb_tx *tx;
    const struct wb_ctx *ctx; /* of SSM's parameters */
    const struct cfn_stack *s;
    const struct wb_template *t;
    struct wb_cfn_env env;
    struct wb_slice imports; /* JSON: names of exports that were asked for */
    /* When a deployment is only thought through: ids whose Ref and attributes will be others (value
     * "r"), or whose attributes may be ("a"). */
    struct wb_map *changes;
};

/* The env without its parameters and conditions. */
void cfn_eval_init(struct cfn_eval *e, struct wb_tx *tx, const struct wb_ctx *ctx,
                   const struct cfn_stack *s);
/* Of a deployed or deploying stack: its template's text, its parameters. False with *why. */
bool cfn_eval_stack(struct cfn_eval *e, struct wb_tx *tx, const struct wb_ctx *ctx,
                    const struct cfn_stack *s, struct wb_slice *why);
const struct wb_template_resource *cfn_eval_find(const struct cfn_eval *e, struct wb_slice id);
/* Logical ids that a resource is made after, as JSON. */
struct wb_slice cfn_eval_depends(const struct cfn_eval *e, const struct wb_template_resource *r);
/* Its properties as JSON text, "{}" when it has none. */
bool cfn_eval_properties(struct cfn_eval *e, const struct wb_template_resource *r,
                         struct wb_slice *json, bool *unknown, struct wb_slice *why);
/* The Outputs section as the stack keeps it. */
bool cfn_eval_outputs(struct cfn_eval *e, struct wb_slice *json, bool *unknown,
                      struct wb_slice *why);
/* The value with every occurrence of a NoEcho parameter's value in its texts replaced. */
struct wb_slice cfn_masked(struct wb_arena *a, const struct wb_cfn_env *env, struct wb_slice json);

#endif
