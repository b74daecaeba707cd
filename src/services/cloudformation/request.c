/* What a call that brings a template asks for: read, checked, evaluated as far as it goes. */
#include "services/cloudformation/ops.h"

/* --- parameters --- */

static const struct wb_template_parameter *previous(const struct wb_cfn_env *old,
                                                    struct wb_slice name)
{
    for (size_t i = 0; i < old->parameter_count; i++)
        if (wb_slice_eq(old->parameter[i].name, name))
            return &old->parameter[i];
    return NULL;
}

static bool given(struct wb_call *c, struct wb_json in, const struct wb_cfn_env *old,
                  struct wb_template_parameter *p)
{
    *p = (struct wb_template_parameter){.name = wb_json_get_str(in, "ParameterKey", c->arena),
                                        .value = wb_json_get_str(in, "ParameterValue", c->arena)};
    if (!wb_json_bool(wb_json_get(in, "UsePreviousValue"), false)) {
        if (!p->value.p)
            cfn_invalid(c,
                        "Invalid input for parameter key %.*s. Either a value or "
                        "UsePreviousValue must be given",
                        WB_FMT(p->name));
        return !wb_failed(c);
    }
    const struct wb_template_parameter *was = previous(old, p->name);
    if (p->value.n)
        cfn_invalid(c,
                    "Invalid input for parameter key %.*s. Cannot specify usePreviousValue as "
                    "true and non empty value for a parameter",
                    WB_FMT(p->name));
    else if (!was)
        cfn_invalid(c,
                    "Invalid input for parameter key %.*s. Cannot specify usePreviousValue as "
                    "true for a parameter key not in the previous template",
                    WB_FMT(p->name));
    else {
        p->value = was->value;
        p->previous = true;
    }
    return !wb_failed(c);
}

static bool read_parameters(struct wb_call *c, struct cfn_request *q)
{
    struct wb_json list = wb_in(c, "Parameters");
    struct wb_json_iter it = wb_json_iter(list);
    struct wb_cfn_env old = {.parameter_count = 0};
    struct wb_cfn_env *env = &q->eval.env;
    if (q->update)
        cfn_parameters_out(c->arena, &q->old, &old);
    env->parameter = wb_new_n(c->arena, struct wb_template_parameter, wb_json_count(list));
    while (wb_json_next(&it))
        if (!given(c, it.value, &old, &env->parameter[env->parameter_count++]))
            return false;
    return true;
}

/* --- capabilities --- */

static bool has_capability(struct wb_call *c, const char *name)
{
    return cfn_list_has(c->arena, cfn_list_in(c, "Capabilities"), wb_slice_str(name));
}

static bool capabilities(struct wb_call *c, const struct cfn_request *q, bool transformed,
                         bool lenient)
{
    const char *wanted = NULL;
    if (q->t->named_iam && !has_capability(c, "CAPABILITY_NAMED_IAM"))
        wanted = "CAPABILITY_NAMED_IAM";
    else if (q->t->iam && !has_capability(c, "CAPABILITY_IAM") &&
             !has_capability(c, "CAPABILITY_NAMED_IAM"))
        wanted = "CAPABILITY_IAM";
    else if (transformed && !lenient && !has_capability(c, "CAPABILITY_AUTO_EXPAND"))
        wanted = "CAPABILITY_AUTO_EXPAND";
    if (!wanted)
        return true;
    wb_fail(c, "InsufficientCapabilitiesException", 400, "Requires capabilities : [%s]", wanted);
    return false;
}

/* --- resource types --- */

static bool allowed_type(struct wb_call *c, struct wb_slice type)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "ResourceTypes"));
    bool any = wb_json_count(wb_in(c, "ResourceTypes")) == 0;
    while (!any && wb_json_next(&it)) {
        struct wb_slice t = wb_json_str(it.value, c->arena);
        bool all = wb_slice_ends(t, WB_S("*"));
        any = all ? wb_slice_starts(type, wb_slice_sub(t, 0, t.n - 1)) : wb_slice_eq(t, type);
    }
    return any;
}

static bool resource_types(struct wb_call *c, const struct cfn_request *q)
{
    struct wb_slice unknown = WB_SLICE_NULL, why;
    for (size_t i = 0; i < q->t->resource_count; i++) {
        const struct wb_template_resource *r = &q->t->resource[i];
        const struct wb_cfn_type *t = wb_cfn_type_find(r->type);
        struct wb_json none = wb_json_read(c->arena, WB_S("{}"), NULL);
        struct wb_json properties = wb_json_is(r->properties) ? r->properties : none;
        if (!t && !cfn_list_has(c->arena, unknown, r->type))
            unknown = cfn_list_add(c->arena, unknown, r->type);
        if (!allowed_type(c, r->type))
            cfn_invalid(c, "Resource type %.*s is not allowed by parameter ResourceTypes",
                        WB_FMT(r->type));
        else if (t && wb_template_condition(&q->eval.env, r->condition) &&
                 !wb_cfn_check(c->arena, t, r->id, properties, false, &why))
            cfn_invalid(c, "Template error: resource %.*s: %.*s", WB_FMT(r->id), WB_FMT(why));
    }
    if (unknown.p)
        cfn_invalid(c, "Template format error: Unrecognized resource types: [%.*s]",
                    WB_FMT(cfn_list_text(c->arena, unknown)));
    return !wb_failed(c);
}

/* --- the template --- */

static bool read_template(struct wb_call *c, struct cfn_request *q, bool *transformed)
{
    struct wb_slice text, why = WB_SLICE_NULL;
    if (!cfn_source(c, &q->original))
        return false;
    bool use_old = wb_in_bool(c, "UsePreviousTemplate", false);
    text = q->original;
    if (use_old && text.p) {
        cfn_invalid(c, "Either Template URL or Template Body or UsePreviousTemplate must be "
                       "specified, not more than one.");
        return false;
    }
    if (use_old && (!q->update || !cfn_text_get(c->tx, q->old.text, false, &text)))
        text = WB_SLICE_NULL;
    if (!text.p) {
        cfn_invalid(c, "Either Template URL or Template Body must be specified.");
        return false;
    }
    struct wb_template *t = wb_template_read(c->arena, text, &why);
    *transformed = t && t->transform_count > 0;
    if (t)
        t = wb_template_transform(t, &q->eval.env, &why);
    q->t = t;
    q->eval.t = t;
    if (!t || !wb_template_parameters(t, &q->eval.env, &why) ||
        !wb_template_start(t, &q->eval.env, &why)) {
        cfn_invalid(c, "%.*s", WB_FMT(why));
        return false;
    }
    return true;
}

/* --- the rest --- */

static struct wb_slice list_or(struct wb_call *c, const char *member, struct wb_slice otherwise)
{
    return wb_json_is(wb_in(c, member)) ? cfn_list_in(c, member) : otherwise;
}

static bool valid_tags(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Tags"));
    struct wb_slice seen = WB_SLICE_NULL;
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_get_str(it.value, "Key", c->arena);
        if (wb_slice_starts(key, WB_S("aws:")))
            cfn_invalid(c, "Tag keys must not begin with aws:");
        else if (cfn_list_has(c->arena, seen, key))
            cfn_invalid(c, "Duplicate tag keys found. Please note that Tag keys are case "
                           "insensitive.");
        seen = cfn_list_add(c->arena, seen, key);
    }
    return !wb_failed(c);
}

static bool notifications(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "NotificationARNs"));
    while (wb_json_next(&it)) {
        struct wb_slice arn = wb_json_str(it.value, c->arena);
        if (!wb_slice_starts(arn, WB_S("arn:aws:sns:")))
            cfn_invalid(c, "Invalid notification ARN: %.*s", WB_FMT(arn));
    }
    return !wb_failed(c);
}

static void fill(struct wb_call *c, struct cfn_request *q)
{
    struct cfn_stack *s = &q->s;
    struct wb_slice role = wb_in_str(c, "RoleARN");
    s->description = q->t->description;
    s->parameters = cfn_parameters_in(c->arena, &q->eval.env);
    s->tags = list_or(c, "Tags", q->old.tags);
    s->notifications = list_or(c, "NotificationARNs", q->old.notifications);
    s->capabilities = cfn_list_in(c, "Capabilities");
    if (role.n)
        s->role = role;
    if (wb_json_is(wb_in(c, "RollbackConfiguration")))
        s->rollback_triggers = wb_json_raw(wb_in(c, "RollbackConfiguration"));
}

bool cfn_call_principal(struct wb_call *c, const struct cfn_stack *s, struct wb_ctx *out)
{
    if (cfn_principal(c->tx, &c->ctx, s, out))
        return true;
    cfn_invalid(c, "Role %.*s is invalid or cannot be assumed", WB_FMT(s->role));
    return false;
}

bool cfn_request_read(struct wb_call *c, struct cfn_request *q, bool lenient)
{
    bool transformed;
    struct wb_slice role = wb_in_str(c, "RoleARN");
    q->s.account = c->ctx.account;
    q->s.region = c->ctx.region;
    if (role.n)
        q->s.role = role;
    q->s.notifications = list_or(c, "NotificationARNs", q->old.notifications);
    if (!valid_tags(c) || !notifications(c) || !cfn_triggers_valid(c) ||
        !cfn_call_principal(c, &q->s, &q->ctx))
        return false;
    cfn_eval_init(&q->eval, c->tx, &q->ctx, &q->s);
    if (!read_parameters(c, q) || !read_template(c, q, &transformed) ||
        !capabilities(c, q, transformed, lenient) || !resource_types(c, q))
        return false;
    fill(c, q);
    return true;
}

void cfn_request_keep(struct wb_call *c, struct cfn_request *q)
{
    q->s.text = q->original.p ? cfn_text_new(c->tx, q->original, q->t->text, q->made) : q->old.text;
    if (!q->original.p && q->update) { /* the same text may be transformed otherwise */
        struct wb_slice processed, text;
        if (cfn_text_get(c->tx, q->old.text, true, &processed) &&
            !wb_slice_eq(processed, q->t->text) && cfn_text_get(c->tx, q->old.text, false, &text))
            q->s.text = cfn_text_new(c->tx, text, q->t->text, q->made);
    }
}

/* --- before the command --- */

static struct cfn_intent *intent_new(struct wb_call *c, cfn_intent_fn *make)
{
    struct cfn_intent *p = wb_new(c->arena, struct cfn_intent);
    *p = (struct cfn_intent){.reads = wb_tx_watch(c->tx)};
    if (!make(c, p))
        return NULL;
    if (p->q.t)
        p->q.made = cfn_text_make(c->tx, p->q.t->text);
    return p;
}

void cfn_intend(struct wb_call *c, cfn_intent_fn *make)
{
    c->prepared = intent_new(c, make);
}

struct cfn_intent *cfn_intent_of(struct wb_call *c, cfn_intent_fn *make)
{
    struct cfn_intent *p = c->prepared;
    return p && wb_tx_reads_same(c->tx, p->reads) ? p : intent_new(c, make);
}
