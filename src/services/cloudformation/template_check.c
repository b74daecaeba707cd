/*
 * What can be said of a template without parameters' values: every function is known, stands where
 * it may, and has its form; everything referred to is there; resources depend on one another
 * without a cycle. References count whether or not a condition will leave them out.
 */
#include "base/limits.h"
#include "services/cloudformation/template_impl.h"
#include <stdlib.h>

struct check {
    struct wb_template *t;
    struct wb_slice *why;
    enum wb_section section;
    struct wb_buf unresolved; /* names in the section that are not there */
    struct wb_names missing;  /* each once */
    size_t missing_count;
    size_t *mark, stamp; /* resources found for the current one */
    size_t *found, found_count;
    struct wb_names resource; /* -> place in t->resource */
};

static bool walk(struct check *c, struct wb_json v);

static const char *block_name(enum wb_section s)
{
    static const char *const names[] = {"Resources", "Parameters", "Conditions",
                                        "Mappings",  "Outputs",    "Rules"};
    return names[s];
}

#define MISSING_MAX 1000 /* names one error lists */

static void unresolved(struct check *c, struct wb_slice name)
{
    if (c->missing_count == MISSING_MAX || !wb_names_add(&c->missing, name, 0))
        return;
    c->missing_count++;
    if (c->unresolved.n)
        wb_buf_str(&c->unresolved, ", ");
    wb_buf_slice_put(&c->unresolved, name);
}

static bool outside_resources(const struct check *c)
{
    return c->section == WB_CONDITIONS || c->section == WB_RULES;
}

/* A resource that the current member refers to. False: there is none of that name. */
static bool found(struct check *c, struct wb_slice id)
{
    size_t i;
    if (outside_resources(c) || !wb_names_find(&c->resource, id, &i))
        return false;
    if (c->mark[i] != c->stamp) {
        c->mark[i] = c->stamp;
        c->found[c->found_count++] = i;
    }
    return true;
}

/* Before the transforms are done, names may be made by them. */
static bool names_may_come(const struct check *c)
{
    return c->t->transform_count > 0;
}

static bool reference(struct check *c, struct wb_slice name)
{
    size_t i;
    if (wb_is_pseudo(name) || wb_names_find(&c->t->names->name[WB_PARAMETERS], name, &i) ||
        found(c, name) || names_may_come(c))
        return true;
    unresolved(c, name);
    return true;
}

static bool attribute_of(struct check *c, struct wb_slice id)
{
    if (found(c, id) || names_may_come(c))
        return true;
    if (outside_resources(c)) {
        unresolved(c, id);
        return true;
    }
    return wb_template_fail(c->t->arena, c->why,
                            "Template error: instance of Fn::GetAtt references undefined resource "
                            "%.*s",
                            WB_FMT(id));
}

static bool check_getatt(struct check *c, struct wb_json argument)
{
    struct wb_slice id, attribute;
    struct wb_json function;
    wb_getatt_parts(c->t->arena, argument, &id, &attribute, &function);
    return attribute_of(c, id) && (!wb_json_is(function) || walk(c, function));
}

static bool check_sub(struct check *c, struct wb_json argument)
{
    bool list = wb_json_type(argument) == WB_JSON_ARRAY;
    struct wb_json map = list ? wb_json_item(argument, 1) : WB_JSON_NONE;
    struct wb_names own = {0};
    struct wb_sub it = {.text =
                            wb_json_str(list ? wb_json_item(argument, 0) : argument, c->t->arena)};
    wb_names_init(&own, c->t->arena, wb_json_count(map));
    struct wb_json_iter members = wb_json_iter(map);
    while (wb_json_next(&members)) {
        wb_names_add(&own, wb_json_str(members.key, c->t->arena), 0);
        if (!walk(c, members.value))
            return false;
    }
    while (wb_sub_next(&it)) {
        size_t i;
        struct wb_slice attribute = it.piece, id;
        if (it.bad)
            return wb_template_fail(c->t->arena, c->why,
                                    "Template error: variable names in Fn::Sub syntax must contain "
                                    "only alphanumeric characters, underscores, periods, and "
                                    "colons");
        if (!it.variable || wb_names_find(&own, it.piece, &i))
            continue;
        id = wb_slice_cut(&attribute, '.');
        if (!(attribute.p ? attribute_of(c, id) : reference(c, it.piece)))
            return false;
    }
    return true;
}

static bool condition_is_there(struct check *c, struct wb_slice name)
{
    size_t i;
    if (wb_names_find(&c->t->names->name[WB_CONDITIONS], name, &i) || names_may_come(c))
        return true;
    return wb_template_fail(c->t->arena, c->why,
                            "Template format error: Unresolved condition dependency %.*s in the %s "
                            "block of the template",
                            WB_FMT(name), block_name(c->section));
}

static bool walk_members(struct check *c, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it))
        if (!walk(c, it.value))
            return false;
    return true;
}

/* Rule functions belong to rules, conditions to what evaluates them. */
static bool in_its_place(struct check *c, enum wb_function f, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    wb_json_next(&it);
    struct wb_slice name = wb_json_str(it.key, c->t->arena);
    bool rule = f >= WB_FN_CONTAINS && f <= WB_FN_VALUE_OF_ALL;
    bool extension = f == WB_FN_LENGTH || f == WB_FN_TO_JSON;
    if (f == WB_FN_UNKNOWN && c->t->extensions && wb_slice_starts(name, WB_S("Fn::ForEach::")))
        return true;
    if (wb_slice_is(name, "Fn::Transform"))
        return wb_template_fail(c->t->arena, c->why,
                                "Template error: Fn::Transform is not supported; of the transforms "
                                "AWS::LanguageExtensions and AWS::Serverless-2016-10-31 are, in "
                                "the Transform section.");
    if (f == WB_FN_UNKNOWN || (extension && !c->t->extensions))
        return wb_template_fail(
            c->t->arena, c->why,
            "Template format error: Encountered unsupported function: %.*s Supported functions "
            "are: [Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, "
            "Fn::FindInMap, Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, "
            "Fn::Or, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, "
            "Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr]",
            WB_FMT(name));
    if (rule && c->section != WB_RULES)
        return wb_template_fail(c->t->arena, c->why,
                                "Template error: %.*s can only be used in the Rules section",
                                WB_FMT(name));
    return true;
}

static bool walk_find(struct check *c, struct wb_json argument)
{
    struct wb_json name = wb_json_item(argument, 0), fallback = wb_json_item(argument, 3);
    struct wb_slice map = wb_json_str(name, c->t->arena);
    size_t i;
    if (wb_json_is(fallback) && !c->t->extensions)
        return wb_template_fail(c->t->arena, c->why, "%s",
                                "Template error: every Fn::FindInMap object requires three "
                                "parameters, the map name, map key and the attribute for return "
                                "value");
    if (map.p && !wb_json_is(fallback) && !names_may_come(c) &&
        !wb_names_find(&c->t->names->name[WB_MAPPINGS], map, &i))
        return wb_template_fail(c->t->arena, c->why,
                                "Template error: Mapping named '%.*s' is not present in the "
                                "'Mappings' section of template.",
                                WB_FMT(map));
    struct wb_json_iter it = wb_json_iter(argument);
    for (i = 0; i < 3 && wb_json_next(&it); i++)
        if (!walk(c, it.value))
            return false;
    return !wb_json_is(fallback) || walk(c, wb_json_get(fallback, "DefaultValue"));
}

/* {"Fn::Join": ..., "Other": ...}: a call with company is a mistake. */
static bool lonely(struct check *c, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_count(v) > 1 && wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, c->t->arena);
        if (!wb_slice_starts(key, WB_S("Fn::")) ||
            (c->t->extensions && wb_slice_starts(key, WB_S("Fn::ForEach::"))))
            continue;
        return wb_template_fail(c->t->arena, c->why,
                                "Template format error: %.*s must be the only member of its object",
                                WB_FMT(key));
    }
    return true;
}

static bool walk(struct check *c, struct wb_json v)
{
    struct wb_json argument = WB_JSON_NONE;
    enum wb_function f = wb_template_function(v, &argument);
    if (f == WB_FN_CONDITION && !outside_resources(c))
        f = WB_FN_NONE; /* policies have members of that name */
    if (f == WB_FN_NONE)
        return lonely(c, v) && walk_members(c, v);
    if (!in_its_place(c, f, v))
        return false;
    const char *wrong = wb_function_form(f, argument);
    if (wrong)
        return wb_template_fail(c->t->arena, c->why, "%s", wrong);
    switch (f) {
    case WB_FN_REF:
        return reference(c, wb_json_str(argument, c->t->arena));
    case WB_FN_CONDITION:
        return condition_is_there(c, wb_json_str(argument, c->t->arena));
    case WB_FN_IF:
        return condition_is_there(c, wb_json_str(wb_json_item(argument, 0), c->t->arena)) &&
               walk_members(c, argument);
    case WB_FN_GET_ATT:
        return check_getatt(c, argument);
    case WB_FN_SUB:
        return check_sub(c, argument);
    case WB_FN_FIND_IN_MAP:
        return walk_find(c, argument);
    default:
        return wb_json_type(argument) >= WB_JSON_ARRAY ? walk(c, argument) : true;
    }
}

static bool end_section(struct check *c)
{
    struct wb_slice names = wb_buf_slice(&c->unresolved);
    c->unresolved = wb_buf_in(c->t->arena);
    if (!names.n)
        return true;
    if (c->section == WB_CONDITIONS)
        return wb_template_fail(c->t->arena, c->why,
                                "Template format error: Unresolved dependencies [%.*s]. Cannot "
                                "reference resources in the Conditions block of the template",
                                WB_FMT(names));
    return wb_template_fail(c->t->arena, c->why,
                            "Template format error: Unresolved resource dependencies [%.*s] in the "
                            "%s block of the template",
                            WB_FMT(names), block_name(c->section));
}

/* --- resources --- */

static bool depends_on(struct check *c, struct wb_slice id, struct wb_json v)
{
    struct wb_slice name = wb_json_str(v, c->t->arena);
    if (!name.p)
        return wb_template_fail(c->t->arena, c->why,
                                "Template format error: DependsOn must be a string or list of "
                                "strings.");
    if (wb_slice_eq(name, id))
        return wb_template_fail(c->t->arena, c->why,
                                "Circular dependency between resources: [%.*s]", WB_FMT(id));
    if (!found(c, name) && !names_may_come(c))
        unresolved(c, name);
    return true;
}

static bool walk_depends_on(struct check *c, struct wb_slice id, struct wb_json v)
{
    if (!wb_json_is(v))
        return true;
    if (wb_json_type(v) != WB_JSON_ARRAY)
        return depends_on(c, id, v);
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it))
        if (!depends_on(c, id, it.value))
            return false;
    return true;
}

static int by_number(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return x < y ? -1 : x > y;
}

static bool check_resource(struct check *c, struct wb_template_resource *r)
{
    c->found_count = 0;
    c->stamp++;
    if (r->condition.p && !condition_is_there(c, r->condition))
        return false;
    if (!walk_depends_on(c, r->id, wb_json_get(r->body, "DependsOn")) ||
        !walk(c, wb_json_get(r->body, "Metadata")) || !walk_members(c, r->properties))
        return false;
    qsort(c->found, c->found_count, sizeof *c->found, by_number);
    r->depends = wb_new_n(c->t->arena, size_t, c->found_count);
    r->depend_count = c->found_count;
    if (c->found_count)
        memcpy(r->depends, c->found, c->found_count * sizeof *c->found);
    return true;
}

static bool check_resources(struct check *c)
{
    c->section = WB_RESOURCES;
    for (size_t i = 0; i < c->t->resource_count; i++)
        if (!check_resource(c, &c->t->resource[i]))
            return false;
    return end_section(c);
}

/* Kahn's way: again and again what no longer waits for anything, by place in the template. What is
 * left then is in a cycle, or behind one. */
static bool order(struct check *c)
{
    struct wb_template *t = c->t;
    size_t n = t->resource_count, done = 0;
    bool *made = wb_new_n(t->arena, bool, n), progress = true;
    t->order = wb_new_n(t->arena, size_t, n);
    while (progress) {
        progress = false;
        for (size_t i = 0; i < n; i++) {
            size_t k = 0;
            while (k < t->resource[i].depend_count && made[t->resource[i].depends[k]])
                k++;
            if (made[i] || k < t->resource[i].depend_count)
                continue;
            made[i] = progress = true;
            t->order[done++] = i;
        }
    }
    if (done == n)
        return true;
    /* What only waits for the cycle is not part of it: drop what nobody left waits for. */
    bool *waited = wb_new_n(t->arena, bool, n);
    for (progress = true; progress;) {
        progress = false;
        memset(waited, 0, n * sizeof *waited);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; !made[i] && k < t->resource[i].depend_count; k++)
                waited[t->resource[i].depends[k]] = true;
        for (size_t i = 0; i < n; i++)
            if (!made[i] && !waited[i])
                made[i] = progress = true;
    }
    struct wb_buf names = wb_buf_in(t->arena);
    for (size_t i = 0; i < n; i++) {
        if (made[i])
            continue;
        if (names.n)
            wb_buf_str(&names, ", ");
        wb_buf_slice_put(&names, t->resource[i].id);
    }
    return wb_template_fail(t->arena, c->why, "Circular dependency between resources: [%.*s]",
                            (int)names.n, names.p);
}

/* --- the other sections --- */

static bool check_condition(struct check *c, struct wb_json v)
{
    struct wb_json argument;
    enum wb_function f = wb_template_function(v, &argument);
    if ((f < WB_FN_CONDITION || f > WB_FN_EQUALS) && !names_may_come(c))
        return wb_template_fail(c->t->arena, c->why,
                                "Template format error: Every Conditions member must be a "
                                "function of Fn::And, Fn::Equals, Fn::Not, Fn::Or or Condition.");
    return walk(c, v);
}

static bool check_output(struct check *c, struct wb_json v)
{
    struct wb_slice condition = wb_json_get_str(v, "Condition", c->t->arena);
    struct wb_json argument;
    enum wb_function f = wb_template_function(wb_json_get(v, "Value"), &argument);
    if (f >= WB_FN_CONDITION && f <= WB_FN_EQUALS)
        return wb_template_fail(c->t->arena, c->why,
                                "Template format error: The Value field of every Outputs member "
                                "must evaluate to a String.");
    return (!condition.p || condition_is_there(c, condition)) && walk_members(c, v);
}

static bool check_rule(struct check *c, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, c->t->arena);
        if (!wb_slice_is(key, "RuleCondition") && !wb_slice_is(key, "Assertions"))
            return wb_template_fail(c->t->arena, c->why, "Invalid template rule property '%.*s'",
                                    WB_FMT(key));
    }
    struct wb_json assertions = wb_json_get(v, "Assertions");
    if (wb_json_type(assertions) != WB_JSON_ARRAY || !wb_json_count(assertions))
        return wb_template_fail(c->t->arena, c->why,
                                "Template format error: Every Rules member must contain a list of "
                                "Assertions.");
    it = wb_json_iter(assertions);
    while (wb_json_next(&it))
        if (!wb_json_is(wb_json_get(it.value, "Assert")))
            return wb_template_fail(c->t->arena, c->why,
                                    "Template format error: Every Assertions member must contain "
                                    "an Assert.");
    return walk_members(c, v);
}

static bool check_section(struct check *c, enum wb_section section,
                          bool (*member)(struct check *, struct wb_json))
{
    const struct wb_template_names *n = c->t->names;
    c->section = section;
    for (size_t i = 0; i < n->count[section]; i++) {
        c->found_count = 0;
        c->stamp++;
        if (wb_json_type(n->member[section][i]) == WB_JSON_OBJECT &&
            !member(c, n->member[section][i]))
            return false;
    }
    return end_section(c);
}

/* Names are one space: Ref takes both. */
static bool no_name_twice(struct check *c)
{
    for (size_t i = 0; i < c->t->resource_count; i++)
        if (wb_json_is(wb_template_member(c->t, WB_PARAMETERS, c->t->resource[i].id)))
            return wb_template_fail(c->t->arena, c->why,
                                    "Template format error: Resource name %.*s is already used by "
                                    "a parameter.",
                                    WB_FMT(c->t->resource[i].id));
    return true;
}

bool wb_template_check(struct wb_template *t, struct wb_slice *why)
{
    struct check c = {.t = t, .why = why, .unresolved = wb_buf_in(t->arena)};
    c.mark = wb_new_n(t->arena, size_t, t->resource_count);
    c.found = wb_new_n(t->arena, size_t, t->resource_count);
    wb_names_init(&c.resource, t->arena, t->resource_count);
    wb_names_init(&c.missing, t->arena, MISSING_MAX);
    for (size_t i = 0; i < t->resource_count; i++)
        wb_names_add(&c.resource, t->resource[i].id, i);
    return no_name_twice(&c) && check_section(&c, WB_CONDITIONS, check_condition) &&
           check_section(&c, WB_RULES, check_rule) && check_resources(&c) && order(&c) &&
           check_section(&c, WB_OUTPUTS, check_output);
}
