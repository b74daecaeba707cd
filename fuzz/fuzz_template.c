/*
 * CloudFormation templates, JSON and YAML: read, transformed and evaluated with nothing known of
 * the world. What is refused has a sentence; what is accepted reads back from its processed text.
 */
#include "services/cloudformation/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void resolve_all(const struct wb_template *t, struct wb_cfn_env *env)
{
    struct wb_slice json, why = WB_SLICE_NULL;
    bool unknown;
    for (size_t i = 0; i < t->resource_count; i++) {
        const struct wb_template_resource *r = &t->resource[i];
        if (!wb_template_condition(env, r->condition) || !wb_json_is(r->properties))
            continue;
        if (wb_template_resolve(t, env, r->properties, &json, &unknown, &why)) {
            if (!wb_json_is(wb_json_read(env->arena, json, NULL)))
                __builtin_trap();
        } else if (!why.p) {
            __builtin_trap();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice why = WB_SLICE_NULL;
    if (size > 32768)
        return 0;
    wb_arena_init(&a, 0);
    struct wb_cfn_env env = {.arena = &a,
                             .account = WB_S("000000000000"),
                             .region = WB_S("us-east-1"),
                             .stack_id = WB_S("arn"),
                             .stack_name = WB_S("s")};
    struct wb_template *t = wb_template_read(&a, wb_slice(data, size), &why);
    struct wb_template *done = t ? wb_template_transform(t, &env, &why) : NULL;
    if (!done && !why.p)
        __builtin_trap();
    if (done) {
        if (done != t && !wb_template_read_processed(&a, done->text, &why))
            __builtin_trap();
        why = WB_SLICE_NULL;
        if (wb_template_parameters(done, &env, &why) && wb_template_start(done, &env, &why))
            resolve_all(done, &env);
        else if (!why.p)
            __builtin_trap();
    }
    wb_arena_release(&a);
    return 0;
}
