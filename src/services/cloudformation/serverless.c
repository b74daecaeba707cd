/*
 * AWS::Serverless-2016-10-31 for functions and tables: what the SAM Developer Guide documents under
 * "Generated CloudFormation resources", with its logical ids.
 */
#include "services/cloudformation/serverless.h"

#include "base/limits.h"

bool wb_sam_fail(struct wb_sam *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice text = wb_vprintf(s->a, fmt, ap);
    va_end(ap);
    return wb_transform_fail(s->x,
                             "Invalid Serverless Application Specification document. Number of "
                             "errors found: 1. Resource with id [%.*s] is invalid. %.*s",
                             WB_FMT(s->id), WB_FMT(text));
}

struct wb_tree *wb_sam_object(struct wb_sam *s)
{
    return wb_tree_new(s->a, WB_JSON_OBJECT);
}

void wb_sam_put(struct wb_sam *s, struct wb_tree *t, const char *name, struct wb_tree *v)
{
    wb_tree_set(s->a, t, wb_slice_str(name), v);
}

void wb_sam_take(struct wb_sam *s, struct wb_tree *to, const struct wb_tree *from, const char *name,
                 const char *as)
{
    struct wb_tree *v = wb_tree_get(from, name);
    if (v)
        wb_sam_put(s, to, as ? as : name, v);
}

struct wb_tree *wb_sam_item(struct wb_sam *s, struct wb_tree *list, struct wb_tree *v)
{
    if (!list)
        list = wb_tree_new(s->a, WB_JSON_ARRAY);
    wb_tree_add(s->a, list, WB_SLICE_NULL, v);
    return list;
}

struct wb_tree *wb_sam_ref(struct wb_sam *s, struct wb_slice id)
{
    return wb_tree_call(s->a, "Ref", wb_tree_str(s->a, id));
}

struct wb_tree *wb_sam_getatt(struct wb_sam *s, struct wb_slice id, const char *attribute)
{
    struct wb_tree *list = wb_sam_item(s, NULL, wb_tree_str(s->a, id));
    return wb_tree_call(s->a, "Fn::GetAtt", wb_sam_item(s, list, wb_tree_cstr(s->a, attribute)));
}

struct wb_slice wb_sam_id(struct wb_sam *s, struct wb_slice event, const char *suffix)
{
    return wb_printf(s->a, "%.*s%.*s%s", WB_FMT(s->id), (int)event.n, event.p ? event.p : "",
                     suffix);
}

bool wb_sam_add(struct wb_sam *s, struct wb_slice id, const char *type, struct wb_tree *properties)
{
    static const char *const passed[] = {"Condition", "DeletionPolicy", "UpdateReplacePolicy"};
    struct wb_tree *r = wb_sam_object(s);
    if (s->out->count == WB_CFN_RESOURCES_MAX)
        return wb_sam_fail(s, "Transforming it would make more than %d resources.",
                           WB_CFN_RESOURCES_MAX);
    if (wb_tree_get_slice(s->out, id) ||
        (!wb_slice_eq(id, s->id) && wb_tree_get_slice(s->resources, id)))
        return wb_sam_fail(s, "Transforming it would make the logical id %.*s twice.", WB_FMT(id));
    wb_sam_put(s, r, "Type", wb_tree_cstr(s->a, type));
    for (size_t i = 0; i < 3; i++)
        wb_sam_take(s, r, s->source, passed[i], NULL);
    if (wb_slice_eq(id, s->id)) {
        wb_sam_take(s, r, s->source, "DependsOn", NULL);
        wb_sam_take(s, r, s->source, "Metadata", NULL);
    }
    wb_sam_put(s, r, "Properties", properties);
    wb_tree_add(s->a, s->out, id, r);
    return true;
}

bool wb_sam_only(struct wb_sam *s, const struct wb_tree *t, const char *const *names,
                 const char *where)
{
    for (size_t i = 0; t && i < t->count; i++) {
        size_t k = 0;
        while (names[k] && !wb_slice_is(t->member[i].key, names[k]))
            k++;
        if (!names[k])
            return wb_sam_fail(s, "Property '%.*s' of %s is not supported here.",
                               WB_FMT(t->member[i].key), where);
    }
    return true;
}

/* --- tables --- */

static bool key_type(struct wb_sam *s, const struct wb_tree *key, const char **letter)
{
    static const char *const names[] = {"String", "Number", "Binary"};
    static const char *const letters[] = {"S", "N", "B"};
    struct wb_tree *type = wb_tree_get(key, "Type");
    *letter = "S";
    if (!key)
        return true;
    for (size_t i = 0; i < 3; i++)
        if (wb_tree_is(type, WB_JSON_STRING) && wb_slice_is(type->text, names[i])) {
            *letter = letters[i];
            return true;
        }
    return wb_sam_fail(s, "'PrimaryKey.Type' must be String, Number or Binary.");
}

static bool simple_table(struct wb_sam *s)
{
    static const char *const known[] = {
        "PrimaryKey", "ProvisionedThroughput", "TableName",
        "Tags",       "SSESpecification",      "PointInTimeRecoverySpecification",
        NULL};
    struct wb_tree *p = wb_sam_object(s), *key = wb_tree_get(s->properties, "PrimaryKey");
    struct wb_tree *name = wb_tree_get(key, "Name"), *attribute = wb_sam_object(s);
    struct wb_tree *schema = wb_sam_object(s);
    const char *letter;
    if (!wb_sam_only(s, s->properties, known, "AWS::Serverless::SimpleTable") ||
        !key_type(s, key, &letter))
        return false;
    if (key && !name)
        return wb_sam_fail(s, "'PrimaryKey' is missing required Property 'Name'.");
    name = name ? name : wb_tree_cstr(s->a, "id");
    wb_sam_put(s, attribute, "AttributeName", name);
    wb_sam_put(s, attribute, "AttributeType", wb_tree_cstr(s->a, letter));
    wb_sam_put(s, schema, "AttributeName", name);
    wb_sam_put(s, schema, "KeyType", wb_tree_cstr(s->a, "HASH"));
    wb_sam_put(s, p, "AttributeDefinitions", wb_sam_item(s, NULL, attribute));
    wb_sam_put(s, p, "KeySchema", wb_sam_item(s, NULL, schema));
    if (wb_tree_get(s->properties, "ProvisionedThroughput"))
        wb_sam_take(s, p, s->properties, "ProvisionedThroughput", NULL);
    else
        wb_sam_put(s, p, "BillingMode", wb_tree_cstr(s->a, "PAY_PER_REQUEST"));
    wb_sam_take(s, p, s->properties, "TableName", NULL);
    wb_sam_take(s, p, s->properties, "SSESpecification", NULL);
    wb_sam_take(s, p, s->properties, "PointInTimeRecoverySpecification", NULL);
    if (s->tags)
        wb_sam_put(s, p, "Tags", s->tags);
    return wb_sam_add(s, s->id, "AWS::DynamoDB::Table", p);
}

/* --- globals --- */

static bool is_function_call(const struct wb_tree *t)
{
    return t->count == 1 && (wb_slice_is(t->member[0].key, "Ref") ||
                             wb_slice_starts(t->member[0].key, WB_S("Fn::")));
}

/* What a resource says wins; objects are merged, lists joined with the global part first. */
static struct wb_tree *merged(struct wb_arena *a, struct wb_tree *global, struct wb_tree *own)
{
    if (!global || !own)
        return own ? own : global;
    if (global->type != own->type || own->type < WB_JSON_ARRAY || is_function_call(global) ||
        is_function_call(own))
        return own;
    struct wb_tree *t = wb_tree_new(a, own->type);
    for (size_t i = 0; i < global->count; i++) {
        struct wb_tree_member m = global->member[i];
        wb_tree_add(a, t, m.key, m.value);
    }
    for (size_t i = 0; i < own->count; i++) {
        struct wb_tree_member m = own->member[i];
        if (t->type == WB_JSON_ARRAY)
            wb_tree_add(a, t, m.key, m.value);
        else
            wb_tree_set(a, t, m.key, merged(a, wb_tree_get_slice(global, m.key), m.value));
    }
    return t;
}

/* {"a": "b"} -> [{"Key": "a", "Value": "b"}] */
static void add_tags(struct wb_sam *s, const struct wb_tree *map)
{
    for (size_t i = 0; wb_tree_is(map, WB_JSON_OBJECT) && i < map->count; i++) {
        struct wb_tree *tag = wb_sam_object(s);
        wb_sam_put(s, tag, "Key", wb_tree_str(s->a, map->member[i].key));
        wb_sam_put(s, tag, "Value", map->member[i].value);
        s->tags = wb_sam_item(s, s->tags, tag);
    }
}

static bool convert(struct wb_sam *s, struct wb_slice type)
{
    struct wb_tree *globals = wb_tree_get(s->x->doc, "Globals");
    struct wb_tree *own = wb_tree_get(s->source, "Properties");
    bool function = wb_slice_is(type, "AWS::Serverless::Function");
    if (!function && !wb_slice_is(type, "AWS::Serverless::SimpleTable"))
        return wb_sam_fail(s, "The type %.*s is not supported here.", WB_FMT(type));
    if (wb_tree_get(s->source, "Connectors"))
        return wb_sam_fail(s, "Connectors are not supported here.");
    if (!wb_tree_get(s->source, "IgnoreGlobals"))
        own = merged(s->a, wb_tree_get(globals, function ? "Function" : "SimpleTable"), own);
    s->properties = own ? own : wb_sam_object(s);
    if (function)
        add_tags(s, wb_tree_call(s->a, "lambda:createdBy", wb_tree_cstr(s->a, "SAM")));
    add_tags(s, wb_tree_get(s->properties, "Tags"));
    return function ? wb_sam_function(s) : simple_table(s);
}

bool wb_transform_serverless(struct wb_transform *x)
{
    struct wb_tree *resources = wb_tree_get(x->doc, "Resources");
    struct wb_tree *out = wb_tree_new(x->a, WB_JSON_OBJECT);
    for (size_t i = 0; i < resources->count; i++) {
        struct wb_tree *r = resources->member[i].value, *type = wb_tree_get(r, "Type");
        struct wb_sam s = {.x = x,
                           .a = x->a,
                           .id = resources->member[i].key,
                           .source = r,
                           .out = out,
                           .resources = resources};
        if (!wb_tree_is(type, WB_JSON_STRING) ||
            !wb_slice_starts(type->text, WB_S("AWS::Serverless::")))
            wb_tree_add(x->a, out, s.id, r);
        else if (!convert(&s, type->text))
            return false;
    }
    wb_tree_set(x->a, x->doc, WB_S("Resources"), out);
    wb_tree_remove(x->doc, "Globals");
    return true;
}
