/* Operations on templates, and on resource types. */
#include "services/cloudformation/changeset.h"

#include "base/arn.h"
#include "codec/text.h"
#include "engine/paging.h"

/* --- GetTemplate --- */

static void stages(struct wb_call *c)
{
    wb_out_list(&c->out, "StagesAvailable");
    wb_out_cstr(&c->out, NULL, "Original");
    wb_out_cstr(&c->out, NULL, "Processed");
    wb_out_end(&c->out);
}

void cfn_get_template(struct wb_call *c)
{
    struct cfn_stack s;
    struct wb_slice text = WB_SLICE_NULL, set = wb_in_str(c, "ChangeSetName");
    bool processed = wb_slice_is(wb_in_str(c, "TemplateStage"), "Processed");
    uint64_t number;
    if (set.n) {
        if (!cfn_change_set_text(c, &number))
            return;
    } else if (!wb_in_str(c, "StackName").n) {
        cfn_invalid(c, "StackName is required if ChangeSetName is not specified.");
        return;
    } else if (!cfn_call_stack(c, "StackName", &s)) {
        return;
    } else {
        number = s.text;
    }
    if (number && !cfn_text_get(c->tx, number, processed, &text)) {
        cfn_invalid(c, "The template cannot be read");
        return;
    }
    wb_out_str(&c->out, "TemplateBody", text.p ? text : WB_S(""));
    stages(c);
}

/* --- what a template declares --- */

static const struct wb_template *template_of(struct wb_call *c)
{
    struct wb_slice text, why = WB_SLICE_NULL;
    struct cfn_stack s;
    if (!cfn_source(c, &text))
        return NULL;
    if (!text.p && wb_in_str(c, "StackName").n) {
        if (!cfn_call_stack(c, "StackName", &s))
            return NULL;
        if (!cfn_text_get(c->tx, s.text, false, &text))
            text = WB_SLICE_NULL;
    }
    if (!text.p) {
        cfn_invalid(c, "Either Template URL or Template Body must be specified.");
        return NULL;
    }
    const struct wb_template *t = wb_template_read(c->arena, text, &why);
    if (!t)
        cfn_invalid(c, "%.*s", WB_FMT(why));
    return t;
}

static struct wb_slice text_of(struct wb_arena *a, struct wb_json v)
{
    return wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, a)
           : wb_json_is(v)                   ? wb_json_raw(v)
                                             : WB_SLICE_NULL;
}

static bool no_echo(struct wb_arena *a, struct wb_json p)
{
    return wb_slice_is(text_of(a, wb_json_get(p, "NoEcho")), "true");
}

static void out_constraints(struct wb_call *c, struct wb_json p)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(p, "AllowedValues"));
    wb_out_object(&c->out, "ParameterConstraints");
    if (wb_json_count(wb_json_get(p, "AllowedValues"))) {
        wb_out_list(&c->out, "AllowedValues");
        while (wb_json_next(&it))
            wb_out_str(&c->out, NULL, text_of(c->arena, it.value));
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

/* summary: with types and constraints. */
static void out_parameters(struct wb_call *c, const struct wb_template *t, bool summary)
{
    struct wb_out *o = &c->out;
    struct wb_json_iter it = wb_json_iter(wb_json_get(t->doc, "Parameters"));
    wb_out_list(o, "Parameters");
    while (wb_json_next(&it)) {
        wb_out_object(o, NULL);
        wb_out_str(o, "ParameterKey", wb_json_str(it.key, c->arena));
        wb_out_str(o, "DefaultValue", text_of(c->arena, wb_json_get(it.value, "Default")));
        if (summary)
            wb_out_str(o, "ParameterType", wb_json_get_str(it.value, "Type", c->arena));
        wb_out_bool(o, "NoEcho", no_echo(c->arena, it.value));
        wb_out_str(o, "Description", wb_json_get_str(it.value, "Description", c->arena));
        if (summary)
            out_constraints(c, it.value);
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void out_capabilities(struct wb_call *c, const struct wb_template *t)
{
    struct wb_slice types = WB_SLICE_NULL;
    struct wb_out *o = &c->out;
    for (size_t i = 0; i < t->resource_count; i++) {
        const struct wb_cfn_type *of = wb_cfn_type_find(t->resource[i].type);
        if (of && of->iam && !cfn_list_has(c->arena, types, t->resource[i].type))
            types = cfn_list_add(c->arena, types, t->resource[i].type);
    }
    if (!t->iam && !t->named_iam && !t->transform_count)
        return;
    wb_out_list(o, "Capabilities");
    if (t->named_iam)
        wb_out_cstr(o, NULL, "CAPABILITY_NAMED_IAM");
    else if (t->iam)
        wb_out_cstr(o, NULL, "CAPABILITY_IAM");
    if (t->transform_count)
        wb_out_cstr(o, NULL, "CAPABILITY_AUTO_EXPAND");
    wb_out_end(o);
    if (types.p)
        wb_out_str(o, "CapabilitiesReason",
                   wb_printf(c->arena, "The following resource(s) require capabilities: [%.*s]",
                             WB_FMT(cfn_list_text(c->arena, types))));
}

static void out_transforms(struct wb_call *c, const struct wb_template *t)
{
    wb_out_list(&c->out, "DeclaredTransforms");
    for (size_t i = 0; i < t->transform_count; i++)
        wb_out_str(&c->out, NULL, t->transform[i]);
    wb_out_end(&c->out);
}

void cfn_validate(struct wb_call *c)
{
    const struct wb_template *t = template_of(c);
    if (!t)
        return;
    out_parameters(c, t, false);
    wb_out_str(&c->out, "Description", t->description);
    out_capabilities(c, t);
    out_transforms(c, t);
}

static void out_types(struct wb_call *c, const struct wb_template *t, bool identifiers)
{
    struct wb_slice seen = WB_SLICE_NULL;
    struct wb_out *o = &c->out;
    wb_out_list(o, identifiers ? "ResourceIdentifierSummaries" : "ResourceTypes");
    for (size_t i = 0; i < t->resource_count; i++) {
        struct wb_slice type = t->resource[i].type;
        const struct wb_cfn_type *of = wb_cfn_type_find(type);
        if (cfn_list_has(c->arena, seen, type))
            continue;
        seen = cfn_list_add(c->arena, seen, type);
        if (!identifiers) {
            wb_out_str(o, NULL, type);
            continue;
        }
        if (!of || !of->identifier)
            continue;
        wb_out_object(o, NULL);
        wb_out_str(o, "ResourceType", type);
        wb_out_list(o, "LogicalResourceIds");
        for (size_t k = i; k < t->resource_count; k++)
            if (wb_slice_eq(t->resource[k].type, type))
                wb_out_str(o, NULL, t->resource[k].id);
        wb_out_end(o);
        wb_out_list(o, "ResourceIdentifiers");
        wb_out_cstr(o, NULL, of->identifier);
        wb_out_end(o);
        wb_out_end(o);
    }
    wb_out_end(o);
}

void cfn_get_summary(struct wb_call *c)
{
    const struct wb_template *t;
    if (wb_in_str(c, "StackSetName").n) {
        wb_fail(c, "StackSetNotFoundException", 404, "StackSet %.*s not found",
                WB_FMT(wb_in_str(c, "StackSetName")));
        return;
    }
    t = template_of(c);
    if (!t)
        return;
    out_parameters(c, t, true);
    wb_out_str(&c->out, "Description", t->description);
    out_capabilities(c, t);
    out_types(c, t, false);
    wb_out_str(&c->out, "Version", wb_json_get_str(t->doc, "AWSTemplateFormatVersion", c->arena));
    struct wb_json metadata = wb_json_get(t->doc, "Metadata");
    if (wb_json_is(metadata))
        wb_out_str(&c->out, "Metadata", wb_json_raw(metadata));
    out_transforms(c, t);
    out_types(c, t, true);
}

void cfn_estimate(struct wb_call *c)
{
    if (template_of(c))
        wb_out_cstr(&c->out, "Url", "https://calculator.aws/#/estimate");
}

/* --- types --- */

static struct wb_slice type_arn(struct wb_call *c, const struct wb_cfn_type *t)
{
    char *name = wb_dup_cstr(c->arena, wb_slice_str(t->name));
    for (char *p = name, *q = name;; p++) { /* "AWS::SNS::Topic" is "AWS-SNS-Topic" there */
        if (p[0] == ':' && p[1] == ':')
            p++;
        *q++ = *p == ':' ? '-' : *p;
        if (!*p)
            break;
    }
    return wb_arn_make(c->arena, "cloudformation", c->ctx.region, WB_S(""), "type/resource/%s",
                       name);
}

static const char *provisioning(const struct wb_cfn_type *t)
{
    return t->update ? "FULLY_MUTABLE" : "IMMUTABLE";
}

/* The schema as far as this server knows the type. */
static struct wb_slice schema(struct wb_call *c, const struct wb_cfn_type *t)
{
    static const char *const kinds[] = {
        [WB_CFN_STRING] = "string",   [WB_CFN_INTEGER] = "integer", [WB_CFN_DOUBLE] = "number",
        [WB_CFN_BOOLEAN] = "boolean", [WB_CFN_LIST] = "array",      [WB_CFN_OBJECT] = "object",
        [WB_CFN_JSON] = "object"};
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "typeName", t->name);
    wb_jw_kcstr(&w, "description", t->name);
    wb_jw_key(&w, "properties");
    wb_jw_object(&w);
    for (const struct wb_cfn_property *p = t->property; p && p->name; p++) {
        wb_jw_key(&w, p->name);
        wb_jw_object(&w);
        wb_jw_kcstr(&w, "type", kinds[p->kind]);
        wb_jw_end_object(&w);
    }
    wb_jw_end_object(&w);
    const struct {
        const char *name, *prefix;
        bool required;
    } lists[] = {{"required", "", true}, {"createOnlyProperties", "/properties/", false}};
    for (size_t i = 0; i < 2; i++) {
        wb_jw_key(&w, lists[i].name);
        wb_jw_array(&w);
        for (const struct wb_cfn_property *p = t->property; p && p->name; p++)
            if (lists[i].required ? p->required : p->update == WB_CFN_REPLACEMENT)
                wb_jw_str(&w, wb_printf(c->arena, "%s%s", lists[i].prefix, p->name));
        wb_jw_end_array(&w);
    }
    if (t->identifier) {
        wb_jw_key(&w, "primaryIdentifier");
        wb_jw_array(&w);
        wb_jw_str(&w, wb_printf(c->arena, "/properties/%s", t->identifier));
        wb_jw_end_array(&w);
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static const struct wb_cfn_type *type_named(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "TypeName"), arn = wb_in_str(c, "Arn");
    if (!name.n && !arn.n) {
        wb_fail(c, "CFNRegistryException", 400,
                "You must specify either the type name or the "
                "ARN of the type.");
        return NULL;
    }
    for (const struct wb_cfn_type *const *t = wb_cfn_types(); *t; t++)
        if ((name.n && wb_slice_is(name, (*t)->name)) ||
            (arn.n && wb_slice_eq(arn, type_arn(c, *t))))
            return *t;
    wb_fail(c, "TypeNotFoundException", 404, "The type '%.*s' cannot be found.",
            WB_FMT(name.n ? name : arn));
    return NULL;
}

void cfn_describe_type(struct wb_call *c)
{
    const struct wb_cfn_type *t = type_named(c);
    struct wb_out *o = &c->out;
    if (!t)
        return;
    wb_out_str(o, "Arn", type_arn(c, t));
    wb_out_cstr(o, "Type", "RESOURCE");
    wb_out_cstr(o, "TypeName", t->name);
    wb_out_bool(o, "IsDefaultVersion", true);
    wb_out_cstr(o, "Description", t->name);
    wb_out_str(o, "Schema", schema(c, t));
    wb_out_cstr(o, "ProvisioningType", provisioning(t));
    wb_out_cstr(o, "DeprecatedStatus", "LIVE");
    wb_out_cstr(o, "Visibility", "PUBLIC");
}

static bool wanted(struct wb_call *c, const struct wb_cfn_type *t)
{
    struct wb_slice kind = wb_in_str(c, "Type"), how = wb_in_str(c, "ProvisioningType");
    struct wb_slice prefix = wb_json_get_str(wb_in(c, "Filters"), "TypeNamePrefix", c->arena);
    return wb_slice_is(wb_in_str(c, "Visibility"), "PUBLIC") &&
           (!kind.n || wb_slice_is(kind, "RESOURCE")) &&
           (!how.n || wb_slice_is(how, provisioning(t))) &&
           (!prefix.n || wb_slice_starts(wb_slice_str(t->name), prefix)) &&
           !wb_slice_is(wb_in_str(c, "DeprecatedStatus"), "DEPRECATED");
}

void cfn_list_types(struct wb_call *c)
{
    struct wb_slice last = WB_SLICE_NULL, token = wb_in_str(c, "NextToken"), more = last;
    int64_t n = 0, max = wb_in_i64(c, "MaxResults", WB_CFN_PAGE);
    if (token.n && !wb_page_open(c, token, WB_SLICE_NULL, &last)) {
        cfn_invalid(c, "NextToken is invalid");
        return;
    }
    wb_out_list(&c->out, "TypeSummaries");
    for (const struct wb_cfn_type *const *t = wb_cfn_types(); *t && !more.p; t++) {
        if (wb_slice_cmp(wb_slice_str((*t)->name), last) <= 0 || !wanted(c, *t))
            continue;
        wb_out_object(&c->out, NULL);
        wb_out_cstr(&c->out, "Type", "RESOURCE");
        wb_out_cstr(&c->out, "TypeName", (*t)->name);
        wb_out_str(&c->out, "TypeArn", type_arn(c, *t));
        wb_out_cstr(&c->out, "Description", (*t)->name);
        wb_out_end(&c->out);
        if (++n == max)
            more = wb_slice_str((*t)->name);
    }
    wb_out_end(&c->out);
    if (more.p)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, WB_SLICE_NULL, more));
}
