/*
 * From text to a checked template. The text is read as JSON when it begins with '{', else as YAML;
 * then the sections and their members are looked at one after another. What concerns more than one
 * member (references, cycles) is in template_check.c.
 *
 * Sources: CloudFormation User Guide, "Template sections" and "Understand CloudFormation quotas".
 */
#include "base/limits.h"
#include "codec/yaml.h"
#include "services/cloudformation/template_impl.h"

bool wb_template_fail(struct wb_arena *a, struct wb_slice *why, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    *why = wb_vprintf(a, fmt, ap);
    va_end(ap);
    return false;
}

bool wb_is_alphanumeric(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return s.n > 0;
}

struct wb_json wb_template_member(const struct wb_template *t, enum wb_section section,
                                  struct wb_slice name)
{
    size_t i;
    return wb_names_find(&t->names->name[section], name, &i) ? t->names->member[section][i]
                                                             : WB_JSON_NONE;
}

/* --- text --- */

static const struct wb_yaml_tag short_tags[] = {
    {"!Ref", "Ref", false},
    {"!Condition", "Condition", false},
    {"!GetAtt", "Fn::GetAtt", true},
    {"!And", "Fn::And", false},
    {"!Or", "Fn::Or", false},
    {"!Not", "Fn::Not", false},
    {"!Equals", "Fn::Equals", false},
    {"!If", "Fn::If", false},
    {"!Base64", "Fn::Base64", false},
    {"!Cidr", "Fn::Cidr", false},
    {"!FindInMap", "Fn::FindInMap", false},
    {"!GetAZs", "Fn::GetAZs", false},
    {"!ImportValue", "Fn::ImportValue", false},
    {"!Join", "Fn::Join", false},
    {"!Select", "Fn::Select", false},
    {"!Split", "Fn::Split", false},
    {"!Sub", "Fn::Sub", false},
    {"!Transform", "Fn::Transform", false},
    {"!Length", "Fn::Length", false},
    {"!ToJsonString", "Fn::ToJsonString", false},
    {"!Contains", "Fn::Contains", false},
    {"!EachMemberEquals", "Fn::EachMemberEquals", false},
    {"!EachMemberIn", "Fn::EachMemberIn", false},
    {"!RefAll", "Fn::RefAll", false},
    {"!ValueOf", "Fn::ValueOf", false},
    {"!ValueOfAll", "Fn::ValueOfAll", false},
    {NULL, NULL, false},
};

static void line_and_column(struct wb_slice text, size_t offset, size_t *line, size_t *column)
{
    size_t start = 0;
    *line = 1;
    for (size_t i = 0; i < offset && i < text.n; i++)
        if (text.p[i] == '\n') {
            ++*line;
            start = i + 1;
        }
    *column = offset - start + 1;
}

static bool parse(struct wb_template *t, struct wb_slice *why)
{
    struct wb_slice json = t->text;
    struct wb_json_error bad;
    size_t line, column, first = 0;
    while (first < json.n && strchr(" \t\r\n", json.p[first]))
        first++;
    t->yaml = first == json.n || json.p[first] != '{';
    if (t->yaml) {
        struct wb_yaml_error error;
        struct wb_yaml_options options = {.tags = short_tags,
                                          .bytes_max = WB_CFN_EXPANDED_MAX,
                                          .depth_max = WB_JSON_DEPTH_MAX - 3};
        if (!wb_yaml_to_json(t->arena, t->text, &options, &json, &error))
            return wb_template_fail(t->arena, why,
                                    "Template format error: YAML not well-formed. (line %zu, "
                                    "column %zu): %s",
                                    error.line, error.column, error.reason);
    }
    t->doc = wb_json_read(t->arena, json, &bad);
    if (wb_json_is(t->doc))
        return true;
    line_and_column(json, bad.offset, &line, &column);
    return wb_template_fail(t->arena, why,
                            "Template format error: JSON not well-formed. (line %zu, column %zu): "
                            "%s",
                            line, column, bad.reason);
}

/* --- nothing twice, nothing null --- */

/* The way to a value, innermost first. */
struct way {
    const struct way *up;
    struct wb_slice name;
};

static struct wb_slice path(struct wb_arena *a, const struct way *w)
{
    struct wb_slice s = WB_S("");
    for (; w; w = w->up)
        s = wb_printf(a, "/%.*s%.*s", WB_FMT(w->name), WB_FMT(s));
    return s;
}

static bool unique_keys(struct wb_template *t, struct wb_json v, const struct way *way,
                        struct wb_slice *why)
{
    struct wb_names seen;
    if (wb_json_count(v) < 2)
        return true;
    wb_names_init(&seen, t->arena, wb_json_count(v));
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, t->arena), where;
        if (wb_names_add(&seen, key, 0))
            continue;
        where = path(t->arena, way);
        return wb_template_fail(t->arena, why, "Template format error: [%.*s] duplicate key '%.*s'",
                                WB_FMT(where), WB_FMT(key));
    }
    return true;
}

static bool well_formed(struct wb_template *t, struct wb_json v, const struct way *way,
                        struct wb_slice *why)
{
    if (wb_json_type(v) == WB_JSON_NULL) {
        struct wb_slice where = path(t->arena, way);
        return wb_template_fail(t->arena, why,
                                "Template format error: [%.*s] 'null' values are not allowed in "
                                "templates",
                                WB_FMT(where));
    }
    if (wb_json_type(v) == WB_JSON_OBJECT && !unique_keys(t, v, way, why))
        return false;
    struct wb_json_iter it = wb_json_iter(v);
    for (size_t i = 0; wb_json_next(&it); i++) {
        enum wb_json_type type = wb_json_type(it.value);
        if (type != WB_JSON_NULL && type < WB_JSON_ARRAY)
            continue;
        struct way at = {way,
                         it.object ? wb_json_str(it.key, t->arena) : wb_printf(t->arena, "%zu", i)};
        if (!well_formed(t, it.value, &at, why))
            return false;
    }
    return true;
}

/* --- sections --- */

static const struct {
    const char *name, *what; /* of a member, in errors */
    size_t max;
} sections[WB_SECTIONS] = {
    [WB_RESOURCES] = {"Resources", "Resource", WB_CFN_RESOURCES_MAX},
    [WB_PARAMETERS] = {"Parameters", "Parameter", WB_CFN_PARAMETERS_MAX},
    [WB_CONDITIONS] = {"Conditions", "Condition", 0},
    [WB_MAPPINGS] = {"Mappings", "Mapping", WB_CFN_MAPPINGS_MAX},
    [WB_OUTPUTS] = {"Outputs", "Output", WB_CFN_OUTPUTS_MAX},
    [WB_RULES] = {"Rules", "Rule", 0},
};

static const char *const other_sections[] = {
    "AWSTemplateFormatVersion", "Description", "Metadata", "Transform", "Globals", "Hooks"};

static bool known_section(struct wb_slice name)
{
    for (size_t i = 0; i < WB_SECTIONS; i++)
        if (wb_slice_is(name, sections[i].name))
            return true;
    for (size_t i = 0; i < sizeof other_sections / sizeof *other_sections; i++)
        if (wb_slice_is(name, other_sections[i]))
            return true;
    return false;
}

/* Names in a list, "A, B", for errors. */
static void listed(struct wb_buf *out, struct wb_slice name)
{
    if (out->n)
        wb_buf_str(out, ", ");
    wb_buf_slice_put(out, name);
}

static bool check_root(struct wb_template *t, struct wb_slice *why)
{
    struct wb_buf unknown = wb_buf_in(t->arena);
    if (wb_json_type(t->doc) != WB_JSON_OBJECT)
        return wb_template_fail(t->arena, why, "Template format error: unsupported structure.");
    struct wb_json_iter it = wb_json_iter(t->doc);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, t->arena);
        if (!known_section(name))
            listed(&unknown, name);
    }
    if (unknown.n)
        return wb_template_fail(t->arena, why, "Invalid template property or properties [%.*s]",
                                (int)unknown.n, unknown.p);
    struct wb_json version = wb_json_get(t->doc, "AWSTemplateFormatVersion");
    struct wb_slice text = wb_json_str(version, t->arena);
    if (wb_json_is(version) && !wb_slice_is(text, "2010-09-09"))
        return wb_template_fail(t->arena, why,
                                "Template format error: Unsupported template version. The "
                                "AWSTemplateFormatVersion must be 2010-09-09.");
    struct wb_json description = wb_json_get(t->doc, "Description");
    t->description = wb_json_str(description, t->arena);
    if (wb_json_is(description) && !t->description.p)
        return wb_template_fail(t->arena, why,
                                "Template format error: Description must be a string.");
    if (t->description.n > WB_CFN_DESCRIPTION_MAX)
        return wb_template_fail(t->arena, why,
                                "Template format error: 'Description' length is greater than %d.",
                                WB_CFN_DESCRIPTION_MAX);
    return true;
}

static bool is_loop(struct wb_slice name)
{
    return wb_slice_starts(name, WB_S("Fn::ForEach::"));
}

static bool check_name(struct wb_template *t, enum wb_section s, struct wb_slice name,
                       struct wb_slice *why)
{
    if (name.n > WB_CFN_NAME_MAX)
        return wb_template_fail(t->arena, why,
                                "Template format error: %s name %.*s is longer than %d characters.",
                                sections[s].what, WB_FMT(name), WB_CFN_NAME_MAX);
    if (wb_is_alphanumeric(name) || (t->extensions && is_loop(name)))
        return true;
    if (s == WB_CONDITIONS || s == WB_RULES) /* AWS asks nothing of these */
        return name.n > 0 ||
               wb_template_fail(t->arena, why, "Template format error: %s name is empty.",
                                sections[s].what);
    if (s == WB_MAPPINGS)
        return wb_template_fail(t->arena, why,
                                "Template format error: Mappings attribute name '%.*s' must "
                                "contain only alphanumeric characters.",
                                WB_FMT(name));
    return wb_template_fail(t->arena, why,
                            "Template format error: %s name %.*s is non alphanumeric.",
                            sections[s].what, WB_FMT(name));
}

static bool read_section(struct wb_template *t, struct wb_template_names *n, enum wb_section s,
                         struct wb_slice *why)
{
    struct wb_json v = wb_json_get(t->doc, sections[s].name);
    size_t count = wb_json_count(v), i = 0;
    if (wb_json_is(v) && wb_json_type(v) != WB_JSON_OBJECT)
        return wb_template_fail(t->arena, why, "Template format error: %s must be an object.",
                                sections[s].name);
    if (sections[s].max && count > sections[s].max)
        return wb_template_fail(t->arena, why,
                                "Template format error: Number of %s, %zu, is greater than "
                                "maximum allowed, %zu",
                                s == WB_RESOURCES    ? "resources"
                                : s == WB_PARAMETERS ? "parameters"
                                : s == WB_OUTPUTS    ? "outputs"
                                                     : "mappings",
                                count, sections[s].max);
    n->section[s] = v;
    n->count[s] = count;
    n->member[s] = wb_new_n(t->arena, struct wb_json, count);
    n->key[s] = wb_new_n(t->arena, struct wb_slice, count);
    wb_names_init(&n->name[s], t->arena, count);
    struct wb_json_iter it = wb_json_iter(v);
    for (; wb_json_next(&it); i++) {
        struct wb_slice name = wb_json_str(it.key, t->arena);
        if (!check_name(t, s, name, why))
            return false;
        if (wb_json_type(it.value) != WB_JSON_OBJECT && !is_loop(name))
            return wb_template_fail(t->arena, why,
                                    "Template format error: [/%s/%.*s] Any %s member must be an "
                                    "object.",
                                    sections[s].name, WB_FMT(name), sections[s].name);
        wb_names_add(&n->name[s], name, i);
        n->key[s][i] = name;
        n->member[s][i] = it.value;
    }
    return true;
}

/* --- resources --- */

static const char *const policies[] = {"Delete", "Retain", "Snapshot", "RetainExceptOnCreate",
                                       NULL};

/* Of the types that exist here, none can be snapshotted. */
static bool read_policy(struct wb_template *t, struct wb_slice id, struct wb_json body,
                        const char *attribute, struct wb_slice *out, struct wb_slice *why)
{
    struct wb_json v = wb_json_get(body, attribute);
    struct wb_slice text = wb_json_str(v, t->arena);
    *out = WB_S("Delete");
    if (!wb_json_is(v) || (t->extensions && wb_json_type(v) == WB_JSON_OBJECT))
        return true;
    if (!text.p)
        return wb_template_fail(
            t->arena, why, "Template format error: Every %s member must be a string.", attribute);
    size_t i = 0;
    while (policies[i] && !wb_slice_is(text, policies[i]))
        i++;
    bool update = strcmp(attribute, "UpdateReplacePolicy") == 0;
    if (!policies[i] || (update && i == 3))
        return wb_template_fail(t->arena, why,
                                "Template format error: Unrecognized %s %.*s for resource %.*s",
                                attribute, WB_FMT(text), WB_FMT(id));
    if (i == 2)
        return wb_template_fail(t->arena, why,
                                "Template error: resource type %.*s does not support %s Snapshot",
                                WB_FMT(t->resource[t->resource_count].type), attribute);
    *out = wb_slice_str(policies[i]);
    return true;
}

static const char *const attributes[] = {"Type",
                                         "Properties",
                                         "Condition",
                                         "DependsOn",
                                         "Metadata",
                                         "DeletionPolicy",
                                         "CreationPolicy",
                                         "UpdatePolicy",
                                         "UpdateReplacePolicy",
                                         "Description",
                                         NULL};
static const char *const serverless_attributes[] = {"Connectors", "IgnoreGlobals", NULL};

static bool in(const char *const *list, struct wb_slice name)
{
    while (*list && !wb_slice_is(name, *list))
        list++;
    return *list != NULL;
}

static bool check_attributes(struct wb_template *t, struct wb_slice id, struct wb_json body,
                             struct wb_slice *why)
{
    struct wb_json_iter it = wb_json_iter(body);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, t->arena);
        if (!in(attributes, name) && !(t->transform_count && in(serverless_attributes, name)))
            return wb_template_fail(t->arena, why, "Invalid template resource property '%.*s'",
                                    WB_FMT(name));
        if (wb_slice_is(name, "CreationPolicy") || wb_slice_is(name, "UpdatePolicy"))
            return wb_template_fail(t->arena, why,
                                    "Template error: resource %.*s: %.*s is not supported for "
                                    "resource type %.*s",
                                    WB_FMT(id), WB_FMT(name),
                                    WB_FMT(t->resource[t->resource_count].type));
    }
    return true;
}

static bool read_resource(struct wb_template *t, struct wb_slice id, struct wb_json body,
                          struct wb_slice *why)
{
    struct wb_template_resource *r = &t->resource[t->resource_count];
    struct wb_json type = wb_json_get(body, "Type"), condition = wb_json_get(body, "Condition");
    *r = (struct wb_template_resource){.id = id, .body = body};
    r->type = wb_json_str(type, t->arena);
    if (!wb_json_is(type))
        return wb_template_fail(t->arena, why,
                                "Template format error: [/Resources/%.*s] Every Resources object "
                                "must contain a Type member.",
                                WB_FMT(id));
    if (r->type.n == 0)
        return wb_template_fail(t->arena, why,
                                "Template format error: [/Resources/%.*s/Type] Type must be a "
                                "string.",
                                WB_FMT(id));
    r->properties = wb_json_get(body, "Properties");
    if (wb_json_is(r->properties) && wb_json_type(r->properties) != WB_JSON_OBJECT)
        return wb_template_fail(t->arena, why,
                                "Template format error: [/Resources/%.*s/Properties] Properties "
                                "must be an object.",
                                WB_FMT(id));
    r->condition = wb_json_str(condition, t->arena);
    if (wb_json_is(condition) && !r->condition.p)
        return wb_template_fail(t->arena, why,
                                "Template format error: Every Condition member must be a string.");
    if (!check_attributes(t, id, body, why) ||
        !read_policy(t, id, body, "DeletionPolicy", &r->deletion_policy, why) ||
        !read_policy(t, id, body, "UpdateReplacePolicy", &r->update_replace_policy, why))
        return false;
    t->resource_count++;
    return true;
}

/* Types whose making needs CAPABILITY_IAM, and the property that makes it CAPABILITY_NAMED_IAM
 * ("Acknowledging IAM resources in CloudFormation templates"). */
static const struct {
    const char *type, *name;
} iam_types[] = {
    {"AWS::IAM::AccessKey", NULL},
    {"AWS::IAM::Group", "GroupName"},
    {"AWS::IAM::InstanceProfile", "InstanceProfileName"},
    {"AWS::IAM::ManagedPolicy", "ManagedPolicyName"},
    {"AWS::IAM::Policy", NULL},
    {"AWS::IAM::Role", "RoleName"},
    {"AWS::IAM::User", "UserName"},
    {"AWS::IAM::UserToGroupAddition", NULL},
    {"AWS::IAM::GroupPolicy", NULL},
    {"AWS::IAM::RolePolicy", NULL},
    {"AWS::IAM::UserPolicy", NULL},
};

static void note_capabilities(struct wb_template *t, const struct wb_template_resource *r)
{
    for (size_t i = 0; i < sizeof iam_types / sizeof *iam_types; i++) {
        if (!wb_slice_is(r->type, iam_types[i].type))
            continue;
        t->iam = true;
        if (iam_types[i].name && wb_json_is(wb_json_get(r->properties, iam_types[i].name)))
            t->named_iam = true;
    }
}

static bool read_resources(struct wb_template *t, struct wb_slice *why)
{
    size_t count = t->names->count[WB_RESOURCES];
    if (!count)
        return wb_template_fail(t->arena, why,
                                "Template format error: At least one Resources member must be "
                                "defined.");
    t->resource = wb_new_n(t->arena, struct wb_template_resource, count);
    for (size_t i = 0; i < count; i++) {
        struct wb_slice id = t->names->key[WB_RESOURCES][i];
        if (is_loop(id)) /* a template of AWS::LanguageExtensions before its transform */
            continue;
        if (!read_resource(t, id, t->names->member[WB_RESOURCES][i], why))
            return false;
        note_capabilities(t, &t->resource[t->resource_count - 1]);
    }
    return true;
}

/* --- outputs, mappings, transforms --- */

static bool read_outputs(struct wb_template *t, struct wb_slice *why)
{
    static const char *const members[] = {"Description", "Value", "Export", "Condition", NULL};
    for (size_t i = 0; i < t->names->count[WB_OUTPUTS]; i++) {
        struct wb_slice name = t->names->key[WB_OUTPUTS][i];
        struct wb_json v = t->names->member[WB_OUTPUTS][i];
        if (is_loop(name))
            continue;
        struct wb_json_iter it = wb_json_iter(v);
        while (wb_json_next(&it)) {
            struct wb_slice key = wb_json_str(it.key, t->arena);
            if (!in(members, key))
                return wb_template_fail(t->arena, why, "Invalid template output property '%.*s'",
                                        WB_FMT(key));
        }
        struct wb_json value = wb_json_get(v, "Value"), export = wb_json_get(v, "Export");
        if (!wb_json_is(value))
            return wb_template_fail(t->arena, why,
                                    "Template format error: Every Outputs member must contain a "
                                    "Value object");
        if (wb_json_type(value) == WB_JSON_ARRAY)
            return wb_template_fail(t->arena, why,
                                    "Template format error: The Value field of every Outputs "
                                    "member must evaluate to a String.");
        if (wb_json_is(export) &&
            (wb_json_count(export) != 1 || !wb_json_is(wb_json_get(export, "Name"))))
            return wb_template_fail(t->arena, why,
                                    "Template format error: Output %.*s is malformed. Every "
                                    "Export member must contain a Name.",
                                    WB_FMT(name));
        if (wb_json_is(wb_json_get(v, "Description")) &&
            wb_json_type(wb_json_get(v, "Description")) != WB_JSON_STRING)
            return wb_template_fail(t->arena, why,
                                    "Template format error: Every Description member must be a "
                                    "string.");
    }
    return true;
}

static bool read_mapping_key(struct wb_template *t, struct wb_slice map, struct wb_json key,
                             struct wb_json attributes_, struct wb_slice *why)
{
    struct wb_slice name = wb_json_str(key, t->arena);
    if (wb_json_type(attributes_) != WB_JSON_OBJECT)
        return wb_template_fail(t->arena, why,
                                "Template format error: Every Mappings attribute must be a map of "
                                "maps: %.*s/%.*s",
                                WB_FMT(map), WB_FMT(name));
    if (wb_json_count(attributes_) > WB_CFN_MAP_KEYS_MAX)
        return wb_template_fail(t->arena, why,
                                "Template format error: Number of attributes of mapping key "
                                "%.*s/%.*s, %u, is greater than maximum allowed, %d",
                                WB_FMT(map), WB_FMT(name), wb_json_count(attributes_),
                                WB_CFN_MAP_KEYS_MAX);
    struct wb_json_iter it = wb_json_iter(attributes_);
    while (wb_json_next(&it)) {
        bool list = wb_json_type(it.value) == WB_JSON_ARRAY;
        struct wb_slice attribute = wb_json_str(it.key, t->arena);
        if (wb_json_type(it.value) == WB_JSON_OBJECT)
            return wb_template_fail(t->arena, why,
                                    "Template format error: Every Mappings attribute must be a "
                                    "String or a List: %.*s/%.*s/%.*s",
                                    WB_FMT(map), WB_FMT(name), WB_FMT(attribute));
        struct wb_json_iter items = wb_json_iter(list ? it.value : WB_JSON_NONE);
        while (wb_json_next(&items))
            if (wb_json_type(items.value) >= WB_JSON_ARRAY)
                return wb_template_fail(t->arena, why,
                                        "Template format error: Every Mappings attribute must be "
                                        "a String or a List: %.*s/%.*s/%.*s",
                                        WB_FMT(map), WB_FMT(name), WB_FMT(attribute));
    }
    return true;
}

static bool read_mappings(struct wb_template *t, struct wb_slice *why)
{
    for (size_t i = 0; i < t->names->count[WB_MAPPINGS]; i++) {
        struct wb_json map = t->names->member[WB_MAPPINGS][i];
        struct wb_json_iter it = wb_json_iter(map);
        if (is_loop(t->names->key[WB_MAPPINGS][i]))
            continue;
        if (wb_json_count(map) > WB_CFN_MAP_KEYS_MAX)
            return wb_template_fail(t->arena, why,
                                    "Template format error: Number of attributes of mapping %.*s, "
                                    "%u, is greater than maximum allowed, %d",
                                    WB_FMT(t->names->key[WB_MAPPINGS][i]), wb_json_count(map),
                                    WB_CFN_MAP_KEYS_MAX);
        while (wb_json_next(&it)) {
            struct wb_slice key = wb_json_str(it.key, t->arena);
            if (wb_slice_is(key, "Fn::Transform") || (t->extensions && is_loop(key)))
                continue;
            if (!read_mapping_key(t, t->names->key[WB_MAPPINGS][i], it.key, it.value, why))
                return false;
        }
    }
    return true;
}

static bool read_transforms(struct wb_template *t, struct wb_slice *why)
{
    struct wb_json v = wb_json_get(t->doc, "Transform");
    bool list = wb_json_type(v) == WB_JSON_ARRAY;
    size_t count = list ? wb_json_count(v) : wb_json_is(v);
    t->transform = wb_new_n(t->arena, struct wb_slice, count);
    struct wb_json_iter it = wb_json_iter(list ? v : WB_JSON_NONE);
    for (size_t i = 0; i < count; i++) {
        struct wb_json item = list && wb_json_next(&it) ? it.value : v;
        t->transform[i] = wb_json_str(item, t->arena);
        if (!t->transform[i].p) /* the form with parameters */
            t->transform[i] = wb_json_get_str(item, "Name", t->arena);
        if (!t->transform[i].p)
            return wb_template_fail(t->arena, why,
                                    "Template format error: Transform must be a string or a list "
                                    "of strings.");
        if (wb_slice_is(t->transform[i], "AWS::LanguageExtensions"))
            t->extensions = true;
    }
    t->transform_count = count;
    if (!count && wb_json_is(wb_json_get(t->doc, "Globals")))
        return wb_template_fail(t->arena, why, "Invalid template property or properties [Globals]");
    return true;
}

struct wb_template *wb_template_read_as(struct wb_arena *a, struct wb_slice text, bool extensions,
                                        struct wb_slice *why)
{
    struct wb_template *t = wb_new(a, struct wb_template);
    struct wb_template_names *names = wb_new(a, struct wb_template_names);
    t->arena = a;
    t->text = text;
    t->names = names;
    t->extensions = extensions;
    if (text.n > WB_CFN_EXPANDED_MAX) {
        wb_template_fail(a, why, "Template may not exceed %d bytes in size.", WB_CFN_TEMPLATE_MAX);
        return NULL;
    }
    if (!parse(t, why) || !check_root(t, why) || !well_formed(t, t->doc, NULL, why) ||
        !read_transforms(t, why))
        return NULL;
    for (enum wb_section s = 0; s < WB_SECTIONS; s++)
        if (!read_section(t, names, s, why))
            return NULL;
    if (!read_resources(t, why) || !read_outputs(t, why) || !read_mappings(t, why) ||
        !wb_template_declared(t, why) || !wb_template_check(t, why))
        return NULL;
    return t;
}

struct wb_template *wb_template_read(struct wb_arena *a, struct wb_slice text, struct wb_slice *why)
{
    if (text.n > WB_CFN_TEMPLATE_MAX) {
        wb_template_fail(a, why, "Template may not exceed %d bytes in size.", WB_CFN_TEMPLATE_MAX);
        return NULL;
    }
    return wb_template_read_as(a, text, false, why);
}
