/* What the tests of templates evaluate with: a stack, resources, exports, stored parameters. */
#ifndef WB_TESTS_TEMPLATE_ENV_H
#define WB_TESTS_TEMPLATE_ENV_H

#include "services/cloudformation/template.h"

struct outside {
    struct wb_arena *a;
    struct wb_json resources; /* {"A": {"Ref": "a", "Arn": "arn"}} */
    struct wb_json exports, stored;
};

static inline bool outside_resource(void *user, struct wb_slice id, struct wb_slice attribute,
                                    struct wb_slice *json, struct wb_slice *why)
{
    struct outside *o = user;
    struct wb_json r = wb_json_get_slice(o->resources, id);
    struct wb_json v = wb_json_get_slice(r, attribute.p ? attribute : WB_S("Ref"));
    if (wb_json_is(v)) {
        *json = wb_json_raw(v);
        return true;
    }
    if (wb_json_is(r) && attribute.p)
        *why = wb_printf(o->a, "Template error: no attribute %.*s", WB_FMT(attribute));
    return false;
}

static inline bool outside_import(void *user, struct wb_slice name, struct wb_slice *value,
                                  struct wb_slice *why)
{
    struct outside *o = user;
    *value = wb_json_str(wb_json_get_slice(o->exports, name), o->a);
    (void)why;
    return value->p != NULL;
}

static inline bool outside_dynamic(void *user, struct wb_slice service, struct wb_slice reference,
                                   struct wb_slice *value, struct wb_slice *why)
{
    struct outside *o = user;
    *value = wb_slice_is(service, "ssm")
                 ? wb_json_str(wb_json_get_slice(o->stored, reference), o->a)
                 : WB_SLICE_NULL;
    (void)why;
    return value->p != NULL;
}

static const struct wb_slice outside_topic = {"arn:aws:sns:us-east-1:111122223333:told", 39};

static inline struct wb_cfn_env outside_env(struct outside *o)
{
    return (struct wb_cfn_env){
        .arena = o->a,
        .account = WB_S("111122223333"),
        .region = WB_S("us-east-1"),
        .stack_id = WB_S("arn:aws:cloudformation:us-east-1:111122223333:stack/demo/1"),
        .stack_name = WB_S("demo"),
        .notification = &outside_topic,
        .notification_count = 1,
        .user = o,
        .resource = outside_resource,
        .import = outside_import,
        .dynamic = outside_dynamic,
    };
}

/* {"Name": "value"} as given parameters. */
static inline void outside_parameters(struct wb_cfn_env *env, struct wb_json given)
{
    struct wb_json_iter it = wb_json_iter(given);
    env->parameter = wb_new_n(env->arena, struct wb_template_parameter, wb_json_count(given));
    while (wb_json_next(&it))
        env->parameter[env->parameter_count++] = (struct wb_template_parameter){
            .name = wb_json_str(it.key, env->arena), .value = wb_json_str(it.value, env->arena)};
}

#endif
