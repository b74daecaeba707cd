/*
 * waybill deploy --check: reads a template without a server. What cannot deploy is an error; what
 * will deploy and hardly work as meant is a finding (services/cloudformation/lint.h).
 */
#include "cli/deploy.h"
#include "services/cloudformation/lint.h"

#include <stdio.h>
#include <stdlib.h>

/* Values that only a deployment knows stand for themselves. */
static bool known_later(void *user, struct wb_slice id, struct wb_slice attribute,
                        struct wb_slice *json, struct wb_slice *why)
{
    return false;
}

static bool export_later(void *user, struct wb_slice name, struct wb_slice *value,
                         struct wb_slice *why)
{
    *value = WB_S(WB_CFN_UNKNOWN);
    return true;
}

static bool parameter_later(void *user, struct wb_slice service, struct wb_slice reference,
                            struct wb_slice *value, struct wb_slice *why)
{
    *value = WB_S(WB_CFN_UNKNOWN);
    return true;
}

static struct wb_template *evaluate(const struct deploy *d, struct wb_cfn_env *env,
                                    struct wb_slice *why)
{
    const char *region = getenv("AWS_REGION");
    struct wb_slice *none = wb_new(d->a, struct wb_slice);
    *env = (struct wb_cfn_env){.arena = d->a,
                               .account = WB_S("000000000000"),
                               .region = wb_slice_str(region && *region ? region : "us-east-1"),
                               .stack_id = WB_S(WB_CFN_UNKNOWN),
                               .stack_name = d->stack.n ? d->stack : WB_S("stack"),
                               .notification = none,
                               .resource = known_later,
                               .import = export_later,
                               .dynamic = parameter_later,
                               .parameter =
                                   wb_new_n(d->a, struct wb_template_parameter, d->given_count + 1),
                               .parameter_count = d->given_count};
    for (size_t i = 0; i < d->given_count; i++)
        env->parameter[i] =
            (struct wb_template_parameter){.name = d->given[i].name, .value = d->given[i].value};
    struct wb_template *t = wb_template_read(d->a, d->text, why);
    if (!t || !wb_template_parameters(t, env, why))
        return NULL;
    t = wb_template_transform(t, env, why);
    return t && wb_template_start(t, env, why) ? t : NULL;
}

int deploy_check(struct deploy *d)
{
    struct wb_cfn_env env;
    struct wb_cfn_finding *found;
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_template *t = evaluate(d, &env, &why);
    if (!t) {
        printf("%s: %.*s\n", d->file, WB_FMT(why));
        return 1;
    }
    size_t n = wb_cfn_lint(t, &env, &found);
    for (size_t i = 0; i < n; i++)
        printf("%.*s %.*s: %.*s [%s]\n", WB_FMT(found[i].id), WB_FMT(found[i].path),
               WB_FMT(found[i].text), found[i].check);
    printf("%s: %zu resources, %zu %s\n", d->file, t->resource_count, n,
           n == 1 ? "finding" : "findings");
    return n ? 1 : 0;
}
