/* Transforms: in the order in which they are declared, AWS::LanguageExtensions first. */
#include "services/cloudformation/template_impl.h"

struct wb_template *wb_template_transform(struct wb_template *t, struct wb_cfn_env *env,
                                          struct wb_slice *why)
{
    if (!t->transform_count)
        return t;
    wb_template_fail(env->arena, why, "No transform named %.*s found.", WB_FMT(t->transform[0]));
    return NULL;
}
