/*
 * Transforms: AWS::LanguageExtensions first, whatever the order in which they are declared, since
 * it makes what the other one reads. The result is written out and read again as a template
 * without transforms, so that everything that is checked of a template is checked of it.
 */
#include "services/cloudformation/template_transform.h"

bool wb_transform_fail(struct wb_transform *x, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice text = wb_vprintf(x->a, fmt, ap);
    va_end(ap);
    return wb_template_fail(x->a, x->why, "Transform %s failed with: %.*s", x->name, WB_FMT(text));
}

struct wb_tree *wb_transform_value(struct wb_transform *x, const struct wb_tree *v)
{
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_eval e = {
        .t = x->t, .env = x->env, .a = x->a, .why = &why, .block = "Resources", .blind = true};
    struct wb_tree *value = wb_eval(&e, wb_json_read(x->a, wb_tree_json(x->a, v), NULL));
    if (!value)
        wb_transform_fail(x, "%.*s", WB_FMT(why));
    else if (value->unknown) {
        wb_transform_fail(x, "a value must be known before the deployment");
        value = NULL;
    }
    return value;
}

static bool known(struct wb_slice name)
{
    return wb_slice_is(name, "AWS::LanguageExtensions") ||
           wb_slice_is(name, "AWS::Serverless-2016-10-31");
}

static bool declared(const struct wb_template *t, const char *name)
{
    for (size_t i = 0; i < t->transform_count; i++)
        if (wb_slice_is(t->transform[i], name))
            return true;
    return false;
}

/* DeletionPolicy and UpdateReplacePolicy that are functions, now that conditions have values. */
static bool resolve_policies(struct wb_transform *x, const struct wb_template *t, bool *changed)
{
    static const char *const names[] = {"DeletionPolicy", "UpdateReplacePolicy"};
    struct wb_tree *resources = wb_tree_get(x->doc, "Resources");
    *changed = false;
    for (size_t i = 0; i < resources->count; i++)
        for (size_t k = 0; k < 2; k++) {
            struct wb_tree *r = resources->member[i].value, *v = wb_tree_get(r, names[k]);
            if (!wb_tree_is(v, WB_JSON_OBJECT))
                continue;
            if (!*changed && !wb_template_conditions(t, x->env, x->why))
                return false;
            *changed = true;
            v = wb_transform_value(x, v);
            if (!v)
                return false;
            if (v == &wb_no_value)
                wb_tree_remove(r, names[k]);
            else
                wb_tree_set(x->a, r, wb_slice_str(names[k]), v);
        }
    return true;
}

static struct wb_template *written(struct wb_transform *x)
{
    bool extensions = declared(x->t, "AWS::LanguageExtensions"), changed;
    struct wb_template *t =
        wb_template_read_as(x->a, wb_tree_json(x->a, x->doc), extensions, x->why);
    if (!t || !extensions)
        return t;
    x->t = t;
    if (!resolve_policies(x, t, &changed))
        return NULL;
    return changed ? wb_template_read_as(x->a, wb_tree_json(x->a, x->doc), true, x->why) : t;
}

struct wb_template *wb_template_transform(struct wb_template *t, struct wb_cfn_env *env,
                                          struct wb_slice *why)
{
    struct wb_cfn_env own = *env;
    struct wb_transform x = {
        .a = env->arena, .t = t, .env = &own, .why = why, .name = "AWS::LanguageExtensions"};
    if (!t->transform_count)
        return t;
    for (size_t i = 0; i < t->transform_count; i++)
        if (!known(t->transform[i])) {
            wb_template_fail(env->arena, why, "No transform named %.*s found.",
                             WB_FMT(t->transform[i]));
            return NULL;
        }
    if (!wb_template_parameters(t, &own, why))
        return NULL;
    x.doc = wb_tree_read(x.a, t->doc);
    wb_tree_remove(x.doc, "Transform");
    if (declared(t, "AWS::LanguageExtensions") && !wb_transform_language(&x))
        return NULL;
    x.name = "AWS::Serverless-2016-10-31";
    if (declared(t, x.name) && !wb_transform_serverless(&x))
        return NULL;
    x.name = "AWS::LanguageExtensions";
    struct wb_template *result = written(&x);
    if (result) {
        result->iam |= t->iam;
        result->yaml = t->yaml;
    }
    return result;
}

struct wb_template *wb_template_read_processed(struct wb_arena *a, struct wb_slice text,
                                               struct wb_slice *why)
{
    return wb_template_read_as(a, text, true, why);
}
