/*
 * Rules: what parameters' values must be in combination (User Guide, "Template Rules syntax",
 * "Rule-specific intrinsic functions").
 */
#include "services/cloudformation/template_impl.h"

static bool contains(const struct wb_tree *list, const struct wb_tree *v)
{
    for (size_t i = 0; i < list->count; i++)
        if (wb_tree_equal(list->member[i].value, v))
            return true;
    return false;
}

/* A list; a value alone counts as a list of one. */
static struct wb_tree *as_list(struct wb_eval *e, struct wb_tree *v)
{
    if (!v || v->type == WB_JSON_ARRAY)
        return v;
    struct wb_tree *list = wb_tree_new(e->a, WB_JSON_ARRAY);
    wb_tree_add(e->a, list, WB_SLICE_NULL, v);
    return list;
}

static struct wb_tree *compare(struct wb_eval *e, enum wb_function f, struct wb_json arg)
{
    struct wb_tree *list = as_list(e, wb_eval(e, wb_json_item(arg, 0)));
    struct wb_tree *other = list ? wb_eval(e, wb_json_item(arg, 1)) : NULL;
    if (!other)
        return NULL;
    if (f == WB_FN_CONTAINS)
        return wb_tree_bool(e->a, contains(list, other));
    if (f == WB_FN_EACH_IN)
        other = as_list(e, other);
    for (size_t i = 0; i < list->count; i++) {
        const struct wb_tree *v = list->member[i].value;
        if (f == WB_FN_EACH_IN ? !contains(other, v) : !wb_tree_equal(v, other))
            return wb_tree_bool(e->a, false);
    }
    return wb_tree_bool(e->a, true);
}

/* All values of the parameters of that type, in the template's order. */
static struct wb_tree *ref_all(struct wb_eval *e, struct wb_slice type)
{
    struct wb_tree *list = wb_tree_new(e->a, WB_JSON_ARRAY);
    for (size_t i = 0; i < e->env->parameter_count; i++) {
        const struct wb_template_parameter *p = &e->env->parameter[i];
        if (wb_slice_eq(p->type, type))
            wb_tree_add(e->a, list, WB_SLICE_NULL, wb_parameter_value(e->a, p));
    }
    return list;
}

struct wb_tree *wb_eval_rule_function(struct wb_eval *e, enum wb_function f, struct wb_json arg)
{
    if (f == WB_FN_REF_ALL)
        return ref_all(e, wb_json_str(arg, e->a));
    if (f == WB_FN_VALUE_OF || f == WB_FN_VALUE_OF_ALL)
        /* Attributes of networks, machines and the like, which are not here. */
        return wb_eval_fail(e,
                            "Template error: %s: there is no resource here whose attributes a rule "
                            "can ask for",
                            wb_function_name(f));
    return compare(e, f, arg);
}

static bool check_assertion(struct wb_eval *e, struct wb_slice rule, struct wb_json v)
{
    bool holds;
    struct wb_slice said = wb_json_get_str(v, "AssertDescription", e->a);
    if (!wb_eval_bool(e, wb_json_get(v, "Assert"), &holds))
        return false;
    if (holds)
        return true;
    if (said.n)
        wb_eval_fail(e, "Template error: Rule %.*s failed: %.*s", WB_FMT(rule), WB_FMT(said));
    else
        wb_eval_fail(e, "Template error: Rule %.*s failed: an assertion does not hold",
                     WB_FMT(rule));
    return false;
}

static bool check_rule(struct wb_eval *e, struct wb_slice name, struct wb_json v)
{
    struct wb_json condition = wb_json_get(v, "RuleCondition");
    bool applies = true;
    if (wb_json_is(condition) && !wb_eval_bool(e, condition, &applies))
        return false;
    struct wb_json_iter it = wb_json_iter(wb_json_get(v, "Assertions"));
    while (applies && wb_json_next(&it))
        if (!check_assertion(e, name, it.value))
            return false;
    return true;
}

bool wb_template_rules(const struct wb_template *t, struct wb_cfn_env *env, struct wb_slice *why)
{
    struct wb_eval e = {
        .t = t, .env = env, .a = env->arena, .why = why, .block = "Rules", .rule = true};
    for (size_t i = 0; i < t->names->count[WB_RULES]; i++)
        if (!check_rule(&e, t->names->key[WB_RULES][i], t->names->member[WB_RULES][i]))
            return false;
    return true;
}
