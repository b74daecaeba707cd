/* Where a template's values come from. */
#include "services/cloudformation/eval.h"

#include "engine/deliver.h"

static struct wb_slice as_json(struct wb_arena *a, struct wb_slice text)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_str(&w, text);
    return wb_buf_slice(&b);
}

/* --- resources --- */

static bool no_attribute(struct cfn_eval *e, const struct cfn_resource *r, struct wb_slice name,
                         struct wb_slice *why)
{
    const struct wb_cfn_type *t = wb_cfn_type_find(r->type);
    bool any = t && t->attribute && t->attribute[0] && strcmp(t->attribute[0], "*") == 0;
    *why =
        any ? wb_printf(e->tx->arena,
                        "CustomResource attribute error: Vendor response doesn't contain %.*s "
                        "attribute in object %.*s|%.*s",
                        WB_FMT(name), WB_FMT(e->s->arn), WB_FMT(r->id))
            : wb_printf(e->tx->arena, "Requested attribute %.*s does not exist in schema for %.*s",
                        WB_FMT(name), WB_FMT(r->type));
    return false;
}

static bool resource(void *user, struct wb_slice id, struct wb_slice attribute,
                     struct wb_slice *json, struct wb_slice *why)
{
    struct cfn_eval *e = user;
    struct cfn_resource r;
    const char *change = e->changes ? wb_map_get(e->changes, id) : NULL;
    *why = WB_SLICE_NULL;
    if (change && (*change == 'r' || attribute.p))
        return false;
    if (!cfn_resource_read(e->tx, e->s->number, id, &r) || r.busy || !r.physical_id.p)
        return false;
    if (!attribute.p) {
        *json = as_json(e->tx->arena, cfn_resource_ref(e->tx, e->s, &r));
        return true;
    }
    return cfn_resource_attribute(e->tx->arena, &r, attribute, json) ||
           no_attribute(e, &r, attribute, why);
}

/* --- exports --- */

static bool import(void *user, struct wb_slice name, struct wb_slice *value, struct wb_slice *why)
{
    struct cfn_eval *e = user;
    struct wb_arena *a = e->tx->arena;
    uint64_t stack;
    if (!cfn_export_read(e->tx, e->s->account, e->s->region, name, &stack, value)) {
        *why = wb_printf(a, "No export named %.*s found.", WB_FMT(name));
        return false;
    }
    if (!cfn_list_has(a, e->imports, name))
        e->imports = cfn_list_add(a, e->imports, name);
    return true;
}

/* --- other services --- */

static bool ssm(struct cfn_eval *e, struct wb_slice name, struct wb_slice *value,
                struct wb_slice *why)
{
    struct wb_arena *a = e->tx->arena;
    struct wb_slice in, answer;
    struct wb_error err = {.code = NULL};
    struct wb_slice quoted = as_json(a, name);
    in = wb_printf(a, "{\"Name\":%.*s}", WB_FMT(quoted));
    if (wb_call_service(e->tx, e->ctx, "ssm", "GetParameter", in, &answer, &err)) {
        struct wb_json p = wb_json_get(wb_json_read(a, answer, NULL), "Parameter");
        *value = wb_json_get_str(p, "Value", a);
        if (!wb_slice_is(wb_json_get_str(p, "Type", a), "SecureString"))
            return value->p != NULL;
        *why = wb_printf(a, "Non-secure ssm prefix was used for secure parameter: [%.*s]",
                         WB_FMT(name));
        return false;
    }
    if (strcmp(err.code, "ParameterNotFound") == 0 ||
        strcmp(err.code, "ParameterVersionNotFound") == 0)
        *why =
            wb_printf(a, "Unable to fetch parameters [%.*s] from parameter store for this account.",
                      WB_FMT(name));
    else
        *why = wb_printf(a, "%.*s", WB_FMT(err.message));
    return false;
}

/* Secure references are for passwords of a few resources, of which there are none here. Anywhere
 * else the plain text would be shown with the stack's outputs or the resource's properties. */
static bool dynamic(void *user, struct wb_slice service, struct wb_slice reference,
                    struct wb_slice *value, struct wb_slice *why)
{
    struct cfn_eval *e = user;
    if (wb_slice_is(service, "ssm"))
        return ssm(e, reference, value, why);
    if (wb_slice_is(service, "ssm-secure")) {
        *why = wb_printf(e->tx->arena, "SSM Secure reference is not supported in: [%.*s]",
                         WB_FMT(reference));
        return false;
    }
    *why = wb_printf(e->tx->arena,
                     "Dynamic references to %.*s are not supported here: %.*s cannot be resolved",
                     WB_FMT(service), WB_FMT(reference));
    return false;
}

/* --- the env --- */

static void notifications(struct cfn_eval *e)
{
    struct wb_arena *a = e->tx->arena;
    struct wb_json list = wb_json_read(a, e->s->notifications, NULL);
    struct wb_json_iter it = wb_json_iter(list);
    struct wb_slice *arn = wb_new_n(a, struct wb_slice, wb_json_count(list));
    while (wb_json_next(&it))
        arn[e->env.notification_count++] = wb_json_str(it.value, a);
    e->env.notification = arn;
}

void cfn_eval_init(struct cfn_eval *e, struct wb_tx *tx, const struct wb_ctx *ctx,
                   const struct cfn_stack *s)
{
    *e = (struct cfn_eval){.tx = tx, .ctx = ctx, .s = s};
    e->env = (struct wb_cfn_env){.arena = tx->arena,
                                 .account = s->account,
                                 .region = s->region,
                                 .stack_id = s->arn,
                                 .stack_name = s->name,
                                 .user = e,
                                 .resource = resource,
                                 .import = import,
                                 .dynamic = dynamic};
    notifications(e);
}

bool cfn_eval_stack(struct cfn_eval *e, struct wb_tx *tx, const struct wb_ctx *ctx,
                    const struct cfn_stack *s, struct wb_slice *why)
{
    cfn_eval_init(e, tx, ctx, s);
    cfn_parameters_out(tx->arena, s, &e->env);
    e->t = cfn_text_template(tx, s->text);
    if (!e->t) {
        *why = WB_S("The stack's template cannot be read");
        return false;
    }
    return wb_template_start(e->t, &e->env, why);
}

const struct wb_template_resource *cfn_eval_find(const struct cfn_eval *e, struct wb_slice id)
{
    for (size_t i = 0; i < e->t->resource_count; i++)
        if (wb_slice_eq(e->t->resource[i].id, id))
            return &e->t->resource[i];
    return NULL;
}

struct wb_slice cfn_eval_depends(const struct cfn_eval *e, const struct wb_template_resource *r)
{
    struct wb_buf b = wb_buf_in(e->tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    for (size_t i = 0; i < r->depend_count; i++)
        wb_jw_str(&w, e->t->resource[r->depends[i]].id);
    wb_jw_end_array(&w);
    return wb_buf_slice(&b);
}

bool cfn_eval_properties(struct cfn_eval *e, const struct wb_template_resource *r,
                         struct wb_slice *json, bool *unknown, struct wb_slice *why)
{
    if (unknown)
        *unknown = false;
    *json = WB_S("{}");
    *why = WB_SLICE_NULL;
    return !wb_json_is(r->properties) ||
           wb_template_resolve(e->t, &e->env, r->properties, json, unknown, why);
}

/* --- outputs --- */

static struct wb_slice text_of(struct wb_arena *a, struct wb_slice json)
{
    struct wb_json v = wb_json_read(a, json, NULL);
    return wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, a) : json;
}

static bool output(struct cfn_eval *e, struct wb_json_writer *w, struct wb_slice key,
                   struct wb_json o, bool *unknown, struct wb_slice *why)
{
    struct wb_arena *a = e->tx->arena;
    struct wb_json export = wb_json_get(wb_json_get(o, "Export"), "Name");
    struct wb_slice value, name, description = wb_json_get_str(o, "Description", a);
    bool later = false;
    if (!wb_template_condition(&e->env, wb_json_get_str(o, "Condition", a)))
        return true;
    if (!wb_template_resolve(e->t, &e->env, wb_json_get(o, "Value"), &value,
                             unknown ? &later : NULL, why))
        return false;
    if (unknown)
        *unknown |= later;
    enum wb_json_type type = wb_json_type(wb_json_read(a, value, NULL));
    if (type == WB_JSON_OBJECT || type == WB_JSON_ARRAY) {
        *why = wb_printf(a, "Template format error: The Value field of every Outputs member must "
                            "evaluate to a String.");
        return false;
    }
    wb_jw_object(w);
    wb_jw_kstr(w, "OutputKey", key);
    wb_jw_kstr(w, "OutputValue", text_of(a, value));
    if (description.p)
        wb_jw_kstr(w, "Description", description);
    if (wb_json_is(export)) {
        if (!wb_template_resolve(e->t, &e->env, export, &name, unknown ? &later : NULL, why))
            return false;
        wb_jw_kstr(w, "ExportName", text_of(a, name));
    }
    wb_jw_end_object(w);
    return true;
}

bool cfn_eval_outputs(struct cfn_eval *e, struct wb_slice *json, bool *unknown,
                      struct wb_slice *why)
{
    struct wb_buf b = wb_buf_in(e->tx->arena);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(wb_json_get(e->t->doc, "Outputs"));
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    if (unknown)
        *unknown = false;
    *why = WB_SLICE_NULL;
    while (wb_json_next(&it))
        if (!output(e, &w, wb_json_str(it.key, e->tx->arena), it.value, unknown, why))
            return false;
    wb_jw_end_array(&w);
    *json = wb_buf_slice(&b);
    return true;
}

/* --- what nobody may see --- */

static struct wb_slice mask_text(struct wb_arena *a, const struct wb_cfn_env *env,
                                 struct wb_slice text)
{
    for (size_t i = 0; i < env->parameter_count; i++) {
        const struct wb_template_parameter *p = &env->parameter[i];
        struct wb_slice secret = p->resolved.p ? p->resolved : p->value;
        ptrdiff_t at;
        if (!p->no_echo || !secret.n || wb_slice_find(text, secret, 0) < 0)
            continue;
        struct wb_buf b = wb_buf_in(a);
        size_t from = 0;
        while ((at = wb_slice_find(text, secret, from)) >= 0) {
            wb_buf_slice_put(&b, wb_slice_sub(text, from, (size_t)at));
            wb_buf_str(&b, "****");
            from = (size_t)at + secret.n;
        }
        wb_buf_slice_put(&b, wb_slice_sub(text, from, text.n));
        text = wb_buf_slice(&b);
    }
    return text;
}

static void mask_value(struct wb_arena *a, const struct wb_cfn_env *env, struct wb_json v,
                       struct wb_json_writer *w)
{
    struct wb_json_iter it = wb_json_iter(v);
    switch (wb_json_type(v)) {
    case WB_JSON_STRING:
        wb_jw_str(w, mask_text(a, env, wb_json_str(v, a)));
        break;
    case WB_JSON_OBJECT:
        wb_jw_object(w);
        while (wb_json_next(&it)) {
            wb_jw_key_slice(w, wb_json_str(it.key, a));
            mask_value(a, env, it.value, w);
        }
        wb_jw_end_object(w);
        break;
    case WB_JSON_ARRAY:
        wb_jw_array(w);
        while (wb_json_next(&it))
            mask_value(a, env, it.value, w);
        wb_jw_end_array(w);
        break;
    default:
        wb_jw_raw(w, wb_json_raw(v));
    }
}

struct wb_slice cfn_masked(struct wb_arena *a, const struct wb_cfn_env *env, struct wb_slice json)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    bool any = false;
    for (size_t i = 0; i < env->parameter_count; i++)
        any |= env->parameter[i].no_echo;
    struct wb_json v = wb_json_read(a, json, NULL);
    if (!any || !wb_json_is(v))
        return json;
    wb_jw_init(&w, &b);
    mask_value(a, env, v, &w);
    return wb_buf_slice(&b);
}
