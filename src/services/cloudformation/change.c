/*
 * What an update would do, thought through without doing it: every resource's properties are
 * resolved with what is known, and compared with what is deployed. What depends on something that
 * will be another one is known only later.
 */
#include "services/cloudformation/ops.h"

#define SCOPES 4

struct thought {
    struct wb_call *c;
    struct cfn_request *q;
    struct wb_cfn_env before;      /* the parameters as they were */
    const struct wb_template *was; /* the template as it was; NULL */
    struct wb_json take;
    struct cfn_changes *out;
};

static const char *const recreation[] = {[WB_CFN_IN_PLACE] = "Never",
                                         [WB_CFN_REPLACEMENT] = "Always",
                                         [WB_CFN_CONDITIONAL] = "Conditionally",
                                         [WB_CFN_NEVER] = "Never"};

static const struct wb_template_resource *find(const struct wb_template *t, struct wb_slice id)
{
    for (size_t i = 0; t && i < t->resource_count; i++)
        if (wb_slice_eq(t->resource[i].id, id))
            return &t->resource[i];
    return NULL;
}

static enum wb_cfn_update update_of(const struct wb_cfn_type *t, struct wb_slice property)
{
    for (const struct wb_cfn_property *p = t->property; p && p->name; p++)
        if (wb_slice_is(property, p->name))
            return p->update == WB_CFN_IN_PLACE && !t->update ? WB_CFN_REPLACEMENT : p->update;
    return WB_CFN_IN_PLACE;
}

/* --- details --- */

struct detail {
    struct wb_json_writer *w;
    const char *attribute; /* "Properties", "Metadata", "Tags", ... */
    struct wb_slice name;  /* of the property */
    enum wb_cfn_update update;
    bool dynamic;
    struct wb_slice before, after; /* of a property, masked */
};

static void write_detail(const struct detail *d, const char *source, struct wb_slice cause)
{
    struct wb_json_writer *w = d->w;
    wb_jw_object(w);
    wb_jw_key(w, "Target");
    wb_jw_object(w);
    wb_jw_kcstr(w, "Attribute", d->attribute);
    if (d->name.p) {
        wb_jw_kstr(w, "Name", d->name);
        wb_jw_kcstr(w, "RequiresRecreation", recreation[d->update]);
    } else {
        wb_jw_kcstr(w, "RequiresRecreation", "Never");
    }
    if (d->before.p)
        wb_jw_kstr(w, "BeforeValue", d->before);
    if (d->after.p)
        wb_jw_kstr(w, "AfterValue", d->after);
    wb_jw_end_object(w);
    wb_jw_kcstr(w, "Evaluation", d->dynamic ? "Dynamic" : "Static");
    wb_jw_kcstr(w, "ChangeSource", source);
    if (cause.p)
        wb_jw_kstr(w, "CausingEntity", cause);
    wb_jw_end_object(w);
}

static bool parameter_changed(const struct thought *t, struct wb_slice name, bool *is)
{
    const struct wb_cfn_env *env = &t->q->eval.env;
    *is = false;
    for (size_t i = 0; i < env->parameter_count; i++) {
        if (!wb_slice_eq(env->parameter[i].name, name))
            continue;
        *is = true;
        for (size_t k = 0; k < t->before.parameter_count; k++) {
            const struct wb_template_parameter *was = &t->before.parameter[k];
            if (wb_slice_eq(was->name, name))
                return !wb_slice_eq(was->value, env->parameter[i].value) ||
                       !wb_slice_eq(was->resolved, env->parameter[i].resolved);
        }
        return true;
    }
    return false;
}

/* The references in a property's text that account for its change: each is a detail. */
static size_t causes(const struct thought *t, const struct detail *d, struct wb_json v)
{
    struct wb_arena *a = t->c->arena;
    struct wb_json_iter it = wb_json_iter(v);
    struct wb_slice name = wb_json_get_str(v, "Ref", a);
    struct wb_json att = wb_json_get(v, "Fn::GetAtt");
    size_t n = 0;
    bool parameter;
    if (name.p && wb_json_count(v) == 1) {
        bool changed = parameter_changed(t, name, &parameter);
        const char *change = wb_map_get(t->q->eval.changes, name);
        if (parameter && changed)
            write_detail(d, "ParameterReference", name);
        else if (change)
            write_detail(d, "ResourceReference", name);
        return (parameter && changed) || change;
    }
    if (wb_json_is(att) && wb_json_count(v) == 1) {
        struct wb_slice id = wb_json_str(wb_json_item(att, 0), a);
        struct wb_slice attribute = wb_json_str(wb_json_item(att, 1), a);
        if (!wb_map_get(t->q->eval.changes, id))
            return 0;
        write_detail(d, "ResourceAttribute",
                     wb_printf(a, "%.*s.%.*s", WB_FMT(id), WB_FMT(attribute)));
        return 1;
    }
    while (wb_json_next(&it))
        n += causes(t, d, it.value);
    return n;
}

/* --- one resource --- */

struct compared {
    bool properties, tags, metadata, policies;
    bool replaced, conditional;
    struct wb_slice details; /* JSON list */
};

static struct wb_slice shown(const struct thought *t, const struct wb_cfn_env *env,
                             struct wb_json v)
{
    struct wb_arena *a = t->c->arena;
    if (!wb_json_is(v))
        return WB_SLICE_NULL;
    struct wb_slice json = cfn_masked(a, env, wb_json_raw(v));
    struct wb_json masked = wb_json_read(a, json, NULL);
    return wb_json_type(masked) == WB_JSON_STRING ? wb_json_str(masked, a) : json;
}

static bool has_unknown(struct wb_json v)
{
    return wb_json_is(v) && wb_slice_find(wb_json_raw(v), WB_S(WB_CFN_UNKNOWN), 0) >= 0;
}

static void compare_property(const struct thought *t, struct compared *out,
                             struct wb_json_writer *w, struct wb_cfn_resource *h,
                             const struct wb_template_resource *now, struct wb_slice name)
{
    struct wb_json before = wb_json_get_slice(h->before, name);
    struct wb_json after = wb_json_get_slice(h->properties, name);
    if (wb_cfn_same(before, after))
        return;
    struct detail d = {.w = w,
                       .attribute = wb_slice_is(name, "Tags") ? "Tags" : "Properties",
                       .name = name,
                       .update = update_of(h->of, name),
                       .dynamic = has_unknown(after)};
    d.before = shown(t, &t->before, before);
    d.after = shown(t, &t->q->eval.env, after);
    if (d.update == WB_CFN_CONDITIONAL && !d.dynamic && h->of->replaces)
        d.update = h->of->replaces(h, name) ? WB_CFN_REPLACEMENT : WB_CFN_IN_PLACE;
    if (wb_slice_is(name, "Tags"))
        out->tags = true;
    else
        out->properties = true;
    if (d.update == WB_CFN_REPLACEMENT && !d.dynamic)
        out->replaced = true;
    else if (d.update == WB_CFN_REPLACEMENT || d.update == WB_CFN_CONDITIONAL)
        out->conditional = true;
    const struct wb_template_resource *was = find(t->was, now->id);
    struct wb_json raw = wb_json_get_slice(now->properties, name);
    struct wb_json old = was ? wb_json_get_slice(was->properties, name) : WB_JSON_NONE;
    if (!causes(t, &d, raw) || !wb_cfn_same(raw, old)) {
        d.dynamic = false;
        write_detail(&d, "DirectModification", WB_SLICE_NULL);
    }
}

static void compare_section(struct compared *out, struct wb_json_writer *w,
                            const struct wb_template_resource *now,
                            const struct wb_template_resource *was, const char *name, bool *flag)
{
    if (!was || wb_cfn_same(wb_json_get(now->body, name), wb_json_get(was->body, name)))
        return;
    struct detail d = {.w = w, .attribute = name};
    *flag = true;
    write_detail(&d, "DirectModification", WB_SLICE_NULL);
}

static void compare(const struct thought *t, struct wb_cfn_resource *h,
                    const struct wb_template_resource *now, struct compared *out)
{
    struct wb_arena *a = t->c->arena;
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    const struct wb_template_resource *was = find(t->was, now->id);
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    struct wb_json_iter it = wb_json_iter(h->properties);
    while (wb_json_next(&it))
        compare_property(t, out, &w, h, now, wb_json_str(it.key, a));
    it = wb_json_iter(h->before);
    while (wb_json_next(&it))
        if (!wb_json_is(wb_json_get_slice(h->properties, wb_json_str(it.key, a))))
            compare_property(t, out, &w, h, now, wb_json_str(it.key, a));
    compare_section(out, &w, now, was, "Metadata", &out->metadata);
    compare_section(out, &w, now, was, "DeletionPolicy", &out->policies);
    compare_section(out, &w, now, was, "UpdateReplacePolicy", &out->policies);
    wb_jw_end_array(&w);
    out->details = wb_buf_slice(&b);
}

static bool is_nested(const struct wb_template_resource *r)
{
    return wb_slice_is(r->type, "AWS::CloudFormation::Stack");
}

/* A nested stack's template is read when it is its turn: the same address may hold another text by
 * then, so the nested stack is always among the changes (API Reference, ResourceChangeDetail). */
static void may_differ(struct wb_arena *a, struct compared *c)
{
    if (c->properties)
        return;
    struct wb_slice rest = wb_slice_sub(c->details, 1, c->details.n);
    c->properties = true;
    c->details = wb_printf(a,
                           "[{\"Target\":{\"Attribute\":\"Properties\","
                           "\"RequiresRecreation\":\"Never\"},\"Evaluation\":\"Dynamic\","
                           "\"ChangeSource\":\"Automatic\"}%s%.*s",
                           wb_slice_is(rest, "]") ? "" : ",", WB_FMT(rest));
}

/* --- the answer's form --- */

static void context(const struct thought *t, struct wb_json_writer *w, const char *name,
                    const struct wb_cfn_env *env, struct wb_slice properties)
{
    struct wb_arena *a = t->c->arena;
    if (properties.p)
        wb_jw_kstr(w, name,
                   wb_printf(a, "{\"Properties\":%.*s}", WB_FMT(cfn_masked(a, env, properties))));
}

static struct cfn_change *add(struct thought *t, const char *action, struct wb_slice id,
                              struct wb_slice type, const struct cfn_resource *r,
                              const struct compared *cmp, struct wb_slice before,
                              struct wb_slice after)
{
    struct wb_buf b = wb_buf_in(t->c->arena);
    struct wb_json_writer w;
    struct cfn_change *ch = &t->out->change[t->out->count++];
    *ch = (struct cfn_change){.action = wb_slice_str(action), .id = id, .type = type};
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "Action", action);
    wb_jw_kstr(&w, "LogicalResourceId", id);
    if (r && r->physical_id.n) {
        ch->physical_id = r->physical_id;
        wb_jw_kstr(&w, "PhysicalResourceId", r->physical_id);
    }
    wb_jw_kstr(&w, "ResourceType", type);
    if (strcmp(action, "Remove") == 0 && r)
        wb_jw_kcstr(&w, "PolicyAction",
                    wb_slice_starts(r->deletion_policy, WB_S("Retain")) ? "Retain" : "Delete");
    if (cmp)
        wb_jw_kcstr(&w, "Replacement",
                    cmp->replaced      ? "True"
                    : cmp->conditional ? "Conditional"
                                       : "False");
    wb_jw_key(&w, "Scope");
    wb_jw_array(&w);
    const char *scope[SCOPES] = {
        cmp && cmp->properties ? "Properties" : NULL, cmp && cmp->tags ? "Tags" : NULL,
        cmp && cmp->metadata ? "Metadata" : NULL, cmp && cmp->policies ? "DeletionPolicy" : NULL};
    for (size_t i = 0; i < SCOPES; i++)
        if (scope[i])
            wb_jw_cstr(&w, scope[i]);
    wb_jw_end_array(&w);
    wb_jw_kraw(&w, "Details", cmp ? cmp->details : WB_S("[]"));
    context(t, &w, "BeforeContext", &t->before, before);
    context(t, &w, "AfterContext", &t->q->eval.env, after);
    wb_jw_end_object(&w);
    ch->json = wb_buf_slice(&b);
    return ch;
}

static bool unresolvable(struct thought *t, struct wb_slice why)
{
    cfn_invalid(t->c, "%.*s", WB_FMT(why));
    return false;
}

static bool think_of(struct thought *t, const struct wb_template_resource *now)
{
    struct cfn_request *q = t->q;
    struct wb_tx *tx = t->c->tx;
    struct cfn_resource r;
    struct wb_slice properties, why;
    bool unknown = false;
    if (!cfn_eval_properties(&q->eval, now, &properties, &unknown, &why))
        return unresolvable(t, why);
    if (wb_json_is(wb_json_get_slice(t->take, now->id))) {
        struct wb_slice physical = wb_json_str(wb_json_get_slice(t->take, now->id), t->c->arena);
        r = (struct cfn_resource){.physical_id = physical};
        add(t, "Import", now->id, now->type, &r, NULL, WB_SLICE_NULL, properties);
        wb_map_put(q->eval.changes, now->id, "r");
        return true;
    }
    bool there = q->update && cfn_resource_read(tx, q->old.number, now->id, &r) &&
                 !cfn_resource_gone(&r) && r.physical_id.n;
    if (!there) {
        add(t, "Add", now->id, now->type, NULL, NULL, WB_SLICE_NULL, properties);
        wb_map_put(q->eval.changes, now->id, "r");
        return true;
    }
    if (!wb_slice_eq(r.type, now->type)) {
        cfn_invalid(t->c,
                    "Update of resource type is not permitted. The new template modifies resource "
                    "type of the following resources: [%.*s]",
                    WB_FMT(now->id));
        return false;
    }
    struct compared cmp = {.properties = false};
    struct wb_cfn_resource *h = cfn_handle(tx, &q->ctx, &q->old, &r);
    h->before = h->properties;
    h->properties = wb_json_read(t->c->arena, properties, NULL);
    compare(t, h, now, &cmp);
    if (is_nested(now))
        may_differ(t->c->arena, &cmp);
    bool failed = wb_slice_ends(r.status, WB_S("_FAILED"));
    if (!cmp.properties && !cmp.tags && !cmp.metadata && !cmp.policies && !failed)
        return true;
    add(t, "Modify", now->id, now->type, &r, &cmp, r.properties, properties);
    bool any = h->of->attribute && h->of->attribute[0] && strcmp(h->of->attribute[0], "*") == 0;
    if (cmp.replaced || cmp.conditional)
        wb_map_put(q->eval.changes, now->id, "r");
    else if (any)
        wb_map_put(q->eval.changes, now->id, "a");
    return true;
}

static void removals(struct thought *t)
{
    size_t count;
    struct cfn_resource *r = cfn_resources(t->c->tx, t->q->old.number, &count);
    for (size_t i = 0; i < count; i++) {
        const struct wb_template_resource *now = find(t->q->t, r[i].id);
        if (cfn_resource_gone(&r[i]) || !r[i].physical_id.n ||
            (now && wb_template_condition(&t->q->eval.env, now->condition)))
            continue;
        add(t, "Remove", r[i].id, r[i].type, &r[i], NULL, r[i].properties, WB_SLICE_NULL);
    }
}

static bool outputs(struct thought *t)
{
    struct wb_slice now, why;
    bool unknown;
    struct cfn_request *q = t->q;
    if (!cfn_eval_outputs(&q->eval, &now, &unknown, &why))
        return unresolvable(t, why);
    struct wb_slice was = q->old.outputs.p ? q->old.outputs : WB_S("[]");
    t->out->outputs =
        q->update && !unknown &&
        !wb_cfn_same(wb_json_read(t->c->arena, now, NULL), wb_json_read(t->c->arena, was, NULL));
    return true;
}

static bool differ(struct wb_arena *a, struct wb_slice x, struct wb_slice y)
{
    return !wb_cfn_same(wb_json_read(a, x.p ? x : WB_S("[]"), NULL),
                        wb_json_read(a, y.p ? y : WB_S("[]"), NULL));
}

bool cfn_changes(struct wb_call *c, struct cfn_request *q, struct wb_slice take,
                 struct cfn_changes *out)
{
    struct wb_arena *a = c->arena;
    struct thought t = {.c = c, .q = q, .out = out, .take = wb_json_read(a, take, NULL)};
    size_t room = q->t->resource_count, count = 0;
    bool good = true;
    if (q->update) {
        cfn_resources(c->tx, q->old.number, &count);
        cfn_parameters_out(a, &q->old, &t.before);
        t.was = cfn_text_template(c->tx, q->old.text);
    }
    *out = (struct cfn_changes){.change = wb_new_n(a, struct cfn_change, room + count)};
    q->eval.changes = wb_map_new();
    for (size_t i = 0; good && i < q->t->resource_count; i++) {
        const struct wb_template_resource *now = &q->t->resource[q->t->order[i]];
        if (wb_template_condition(&q->eval.env, now->condition))
            good = think_of(&t, now);
    }
    if (good && q->update)
        removals(&t);
    good = good && outputs(&t);
    out->stack = q->update && (differ(a, q->old.tags, q->s.tags) ||
                               differ(a, q->old.notifications, q->s.notifications));
    wb_map_free(q->eval.changes);
    q->eval.changes = NULL;
    return good;
}
