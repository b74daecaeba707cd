/* What the transforms share. */
#ifndef WB_CFN_TEMPLATE_TRANSFORM_H
#define WB_CFN_TEMPLATE_TRANSFORM_H

#include "services/cloudformation/template_impl.h"

struct wb_transform {
    struct wb_arena *a;
    const struct wb_template *t; /* as it was before */
    struct wb_cfn_env *env;      /* with the parameters' values */
    struct wb_tree *doc;         /* what becomes of it */
    const char *name;            /* of the transform, for errors */
    struct wb_slice *why;
    size_t made; /* bytes that loops wrote */
};

bool wb_transform_fail(struct wb_transform *x, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A value as it is known before anything is made: parameters, mappings. NULL: failed. */
struct wb_tree *wb_transform_value(struct wb_transform *x, const struct wb_tree *v);

bool wb_transform_language(struct wb_transform *x);
bool wb_transform_serverless(struct wb_transform *x);

/* Policies by name for a function's role; *found false when there is none of that name. */
struct wb_tree *wb_serverless_policy(struct wb_transform *x, struct wb_slice name,
                                     const struct wb_tree *parameters, bool *found);

#endif
