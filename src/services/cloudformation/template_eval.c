/*
 * Evaluation: a value of the template becomes a tree without functions. Only what is asked for is
 * looked at, so the branch of Fn::If that is not taken may refer to what is not there.
 */
#include "base/limits.h"
#include "services/cloudformation/template_impl.h"

const struct wb_tree wb_no_value = {.type = WB_JSON_NULL};

enum { UNTRIED, TRYING, NO, YES };

struct wb_cfn_conditions {
    uint8_t *state; /* by place in the section */
    const struct wb_template *t;
};

struct wb_tree *wb_eval_fail(struct wb_eval *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    *e->why = wb_vprintf(e->a, fmt, ap);
    va_end(ap);
    return NULL;
}

static bool account(struct wb_eval *e, size_t bytes)
{
    e->made += bytes;
    if (e->made <= WB_CFN_EVALUATED_MAX)
        return true;
    wb_eval_fail(e, "Template error: a value is larger than %d bytes once it is evaluated",
                 WB_CFN_EVALUATED_MAX);
    return false;
}

struct wb_tree *wb_eval_text(struct wb_eval *e, struct wb_slice text)
{
    return account(e, sizeof(struct wb_tree) + text.n) ? wb_tree_str(e->a, text) : NULL;
}

struct wb_tree *wb_eval_unknown(struct wb_eval *e)
{
    struct wb_tree *t = wb_eval_text(e, WB_S(WB_CFN_UNKNOWN));
    if (t)
        t->unknown = true;
    return t;
}

/* --- conditions --- */

static bool logic(struct wb_eval *e, enum wb_function f, struct wb_json arg, bool *out)
{
    bool want = f == WB_FN_OR, one;
    struct wb_json_iter it = wb_json_iter(arg);
    *out = !want;
    while (wb_json_next(&it)) {
        if (!wb_eval_bool(e, it.value, &one))
            return false;
        if (one == want) {
            *out = want;
            return true;
        }
    }
    return true;
}

static bool equals(struct wb_eval *e, struct wb_json arg, bool *out)
{
    struct wb_tree *a = wb_eval(e, wb_json_item(arg, 0));
    struct wb_tree *b = a ? wb_eval(e, wb_json_item(arg, 1)) : NULL;
    if (!b)
        return false;
    *out = wb_tree_equal(a, b);
    return true;
}

/* A truth: a condition function, or what gives "true" or "false". */
bool wb_eval_bool(struct wb_eval *e, struct wb_json v, bool *out)
{
    struct wb_json arg;
    struct wb_slice text;
    enum wb_function f = wb_template_function(v, &arg);
    const char *wrong = wb_function_form(f, arg);
    if (f != WB_FN_NONE && wrong) {
        wb_eval_fail(e, "%s", wrong);
        return false;
    }
    switch (f) {
    case WB_FN_CONDITION:
        return wb_eval_condition(e, wb_json_str(arg, e->a), out);
    case WB_FN_AND:
    case WB_FN_OR:
        return logic(e, f, arg, out);
    case WB_FN_NOT:
        if (!wb_eval_bool(e, wb_json_item(arg, 0), out))
            return false;
        *out = !*out;
        return true;
    case WB_FN_EQUALS:
        return equals(e, arg, out);
    default:
        break;
    }
    struct wb_tree *t = wb_eval(e, v);
    if (!t)
        return false;
    *out = wb_tree_text(t, &text) && wb_slice_is(text, "true");
    if (*out || (wb_tree_text(t, &text) && wb_slice_is(text, "false")))
        return true;
    wb_eval_fail(e, "Template error: a condition must evaluate to true or false");
    return false;
}

bool wb_eval_condition(struct wb_eval *e, struct wb_slice name, bool *out)
{
    const struct wb_template_names *n = e->t->names;
    size_t i;
    if (!e->env->conditions || !wb_names_find(&n->name[WB_CONDITIONS], name, &i)) {
        wb_eval_fail(e,
                     "Template format error: Unresolved condition dependency %.*s in the %s block "
                     "of the template",
                     WB_FMT(name), e->block);
        return false;
    }
    uint8_t *state = &e->env->conditions->state[i];
    if (*state == TRYING) {
        wb_eval_fail(e,
                     "Template format error: Circular dependency between conditions: [%.*s] in "
                     "the Conditions block of the template",
                     WB_FMT(name));
        return false;
    }
    if (*state == UNTRIED && e->depth == WB_CFN_CONDITIONS_DEEP) {
        wb_eval_fail(e, "Template format error: Conditions are nested more than %d deep",
                     WB_CFN_CONDITIONS_DEEP);
        return false;
    }
    if (*state == UNTRIED) {
        bool rule = e->rule;
        const char *block = e->block;
        *state = TRYING;
        e->depth++;
        e->rule = false;
        e->block = "Conditions";
        bool ok = wb_eval_bool(e, n->member[WB_CONDITIONS][i], out);
        e->depth--;
        e->rule = rule;
        e->block = block;
        *state = !ok ? UNTRIED : *out ? YES : NO;
        return ok;
    }
    *out = *state == YES;
    return true;
}

bool wb_template_condition(const struct wb_cfn_env *env, struct wb_slice name)
{
    size_t i;
    if (!name.p)
        return true;
    return env->conditions &&
           wb_names_find(&env->conditions->t->names->name[WB_CONDITIONS], name, &i) &&
           env->conditions->state[i] == YES;
}

/* --- references --- */

static struct wb_tree *notification_arns(struct wb_eval *e)
{
    struct wb_tree *t = wb_tree_new(e->a, WB_JSON_ARRAY);
    for (size_t i = 0; i < e->env->notification_count; i++)
        wb_tree_add(e->a, t, WB_SLICE_NULL, wb_tree_str(e->a, e->env->notification[i]));
    return t;
}

/* "aws", "aws-cn", "aws-us-gov"; the domain is the same but for China. */
static bool in_china(struct wb_eval *e)
{
    return wb_slice_starts(e->env->region, WB_S("cn-"));
}

static struct wb_tree *pseudo(struct wb_eval *e, struct wb_slice name)
{
    if (wb_slice_is(name, "AWS::NoValue"))
        return (struct wb_tree *)&wb_no_value;
    if (wb_slice_is(name, "AWS::AccountId"))
        return wb_eval_text(e, e->env->account);
    if (wb_slice_is(name, "AWS::Region"))
        return wb_eval_text(e, e->env->region);
    if (wb_slice_is(name, "AWS::StackName"))
        return wb_eval_text(e, e->env->stack_name);
    if (wb_slice_is(name, "AWS::StackId"))
        return wb_eval_text(e, e->env->stack_id);
    if (wb_slice_is(name, "AWS::NotificationARNs"))
        return notification_arns(e);
    if (wb_slice_is(name, "AWS::URLSuffix"))
        return wb_eval_text(e, in_china(e) ? WB_S("amazonaws.com.cn") : WB_S("amazonaws.com"));
    if (in_china(e))
        return wb_eval_text(e, WB_S("aws-cn"));
    return wb_eval_text(e, wb_slice_starts(e->env->region, WB_S("us-gov-")) ? WB_S("aws-us-gov")
                                                                            : WB_S("aws"));
}

static struct wb_tree *resource(struct wb_eval *e, struct wb_slice id, struct wb_slice attribute)
{
    struct wb_json body = wb_template_member(e->t, WB_RESOURCES, id);
    struct wb_slice condition = wb_json_get_str(body, "Condition", e->a), json, why = WB_SLICE_NULL;
    bool there = wb_json_is(body);
    if (there && condition.p && !wb_eval_condition(e, condition, &there))
        return NULL;
    if (!there)
        return wb_eval_fail(e,
                            "Template format error: Unresolved resource dependencies [%.*s] in the "
                            "%s block of the template",
                            WB_FMT(id), e->block);
    if (!e->blind && e->env->resource &&
        e->env->resource(e->env->user, id, attribute, &json, &why)) {
        struct wb_json v = wb_json_read(e->a, json, NULL);
        if (!account(e, json.n * 4))
            return NULL;
        return wb_json_is(v) ? wb_tree_read(e->a, v)
                             : wb_eval_fail(e, "Template error: %.*s has no value", WB_FMT(id));
    }
    return why.p ? wb_eval_fail(e, "%.*s", WB_FMT(why)) : wb_eval_unknown(e);
}

struct wb_tree *wb_eval_ref(struct wb_eval *e, struct wb_slice name)
{
    if (wb_is_pseudo(name))
        return pseudo(e, name);
    const struct wb_template_parameter *p = wb_parameter_find(e->t, e->env, name);
    if (!p)
        return resource(e, name, WB_SLICE_NULL);
    struct wb_slice text = p->resolved.p ? p->resolved : p->value;
    return account(e, sizeof(struct wb_tree) + text.n * 16) ? wb_parameter_value(e->a, p) : NULL;
}

struct wb_tree *wb_eval_getatt(struct wb_eval *e, struct wb_slice id, struct wb_slice attribute)
{
    return resource(e, id, attribute);
}

static struct wb_tree *getatt(struct wb_eval *e, struct wb_json arg)
{
    struct wb_slice id, attribute;
    struct wb_json function;
    wb_getatt_parts(e->a, arg, &id, &attribute, &function);
    if (wb_json_is(function)) {
        struct wb_tree *t = wb_eval(e, function);
        if (!t)
            return NULL;
        if (!wb_tree_text(t, &attribute))
            return wb_eval_fail(e, "%s", wb_function_form(WB_FN_GET_ATT, WB_JSON_NONE));
    }
    return wb_eval_getatt(e, id, attribute);
}

/* --- look-ups --- */

static bool operand(struct wb_eval *e, struct wb_json v, enum wb_function f, struct wb_slice *text,
                    bool *unknown)
{
    struct wb_tree *t = wb_eval(e, v);
    if (!t)
        return false;
    *unknown |= t->unknown;
    if (wb_tree_text(t, text))
        return true;
    wb_eval_fail(e, "%s", wb_function_form(f, WB_JSON_NONE));
    return false;
}

static struct wb_tree *find_in_map(struct wb_eval *e, struct wb_json arg)
{
    struct wb_json fallback = wb_json_item(arg, 3), found;
    struct wb_slice part[3];
    bool unknown = false;
    for (uint32_t i = 0; i < 3; i++)
        if (!operand(e, wb_json_item(arg, i), WB_FN_FIND_IN_MAP, &part[i], &unknown))
            return NULL;
    if (unknown)
        return wb_eval_unknown(e);
    found = wb_template_member(e->t, WB_MAPPINGS, part[0]);
    if (!wb_json_is(found) && !wb_json_is(fallback))
        return wb_eval_fail(e,
                            "Template error: Mapping named '%.*s' is not present in the 'Mappings' "
                            "section of template.",
                            WB_FMT(part[0]));
    found = wb_json_get_slice(wb_json_get_slice(found, part[1]), part[2]);
    if (wb_json_is(found))
        return wb_eval(e, found);
    if (wb_json_is(fallback))
        return wb_eval(e, wb_json_get(fallback, "DefaultValue"));
    return wb_eval_fail(e, "Template error: Unable to get mapping for %.*s::%.*s::%.*s",
                        WB_FMT(part[0]), WB_FMT(part[1]), WB_FMT(part[2]));
}

static struct wb_tree *select_one(struct wb_eval *e, struct wb_json arg)
{
    struct wb_slice text;
    bool unknown = false;
    int64_t i;
    if (!operand(e, wb_json_item(arg, 0), WB_FN_SELECT, &text, &unknown))
        return NULL;
    struct wb_tree *list = wb_eval(e, wb_json_item(arg, 1));
    if (!list)
        return NULL;
    if (unknown || list->unknown)
        return wb_eval_unknown(e);
    if (!wb_slice_i64(text, &i) || !wb_tree_is(list, WB_JSON_ARRAY))
        return wb_eval_fail(e, "%s", wb_function_form(WB_FN_SELECT, WB_JSON_NONE));
    if (i < 0 || (uint64_t)i >= list->count)
        return wb_eval_fail(e,
                            "Template error: Fn::Select cannot select nonexistent value at "
                            "index %.*s",
                            WB_FMT(text));
    return list->member[i].value;
}

/* Three zones in the region that is here, as in a default network; none in another. */
static struct wb_tree *get_azs(struct wb_eval *e, struct wb_json arg)
{
    struct wb_slice region;
    bool unknown = false;
    if (!operand(e, arg, WB_FN_GET_AZS, &region, &unknown))
        return NULL;
    struct wb_tree *list = wb_tree_new(e->a, WB_JSON_ARRAY);
    bool here = region.n == 0 || wb_slice_eq(region, e->env->region);
    for (char zone = 'a'; here && zone <= 'c'; zone++)
        wb_tree_add(e->a, list, WB_SLICE_NULL,
                    wb_tree_str(e->a, wb_printf(e->a, "%.*s%c", WB_FMT(e->env->region), zone)));
    return list;
}

static struct wb_tree *import_value(struct wb_eval *e, struct wb_json arg)
{
    struct wb_slice name, value, why = WB_SLICE_NULL;
    bool unknown = false;
    if (!operand(e, arg, WB_FN_IMPORT_VALUE, &name, &unknown))
        return NULL;
    if (unknown && !e->blind)
        return wb_eval_fail(e, "Template error: the attribute in Fn::ImportValue must not depend "
                               "on any resources, imported values, or Fn::GetAZs");
    if (e->blind || !e->env->import)
        return wb_eval_unknown(e);
    if (e->env->import(e->env->user, name, &value, &why))
        return wb_eval_text(e, value);
    return why.p ? wb_eval_fail(e, "%.*s", WB_FMT(why))
                 : wb_eval_fail(e, "No export named %.*s found.", WB_FMT(name));
}

static struct wb_tree *length(struct wb_eval *e, struct wb_json arg)
{
    struct wb_tree *list = wb_eval(e, arg);
    if (!list || list->unknown)
        return list ? wb_eval_unknown(e) : NULL;
    if (!wb_tree_is(list, WB_JSON_ARRAY))
        return wb_eval_fail(e, "%s", wb_function_form(WB_FN_LENGTH, WB_JSON_NONE));
    return wb_tree_number(e->a, wb_printf(e->a, "%zu", list->count));
}

static struct wb_tree *either(struct wb_eval *e, struct wb_json arg)
{
    bool yes;
    if (!wb_eval_condition(e, wb_json_str(wb_json_item(arg, 0), e->a), &yes))
        return NULL;
    return wb_eval(e, wb_json_item(arg, yes ? 1 : 2));
}

static struct wb_tree *truth(struct wb_eval *e, struct wb_json v)
{
    bool yes;
    return wb_eval_bool(e, v, &yes) ? wb_tree_bool(e->a, yes) : NULL;
}

/* --- everything --- */

static struct wb_tree *call(struct wb_eval *e, enum wb_function f, struct wb_json v,
                            struct wb_json arg)
{
    const char *wrong = wb_function_form(f, arg);
    if (wrong)
        return wb_eval_fail(e, "%s", wrong);
    switch (f) {
    case WB_FN_REF:
        return wb_eval_ref(e, wb_json_str(arg, e->a));
    case WB_FN_CONDITION:
    case WB_FN_AND:
    case WB_FN_OR:
    case WB_FN_NOT:
    case WB_FN_EQUALS:
        return truth(e, v);
    case WB_FN_IF:
        return either(e, arg);
    case WB_FN_BASE64:
        return wb_eval_base64(e, arg);
    case WB_FN_CIDR:
        return wb_eval_cidr(e, arg);
    case WB_FN_FIND_IN_MAP:
        return find_in_map(e, arg);
    case WB_FN_GET_ATT:
        return getatt(e, arg);
    case WB_FN_GET_AZS:
        return get_azs(e, arg);
    case WB_FN_IMPORT_VALUE:
        return import_value(e, arg);
    case WB_FN_JOIN:
        return wb_eval_join(e, arg);
    case WB_FN_SELECT:
        return select_one(e, arg);
    case WB_FN_SPLIT:
        return wb_eval_split(e, arg);
    case WB_FN_SUB:
        return wb_eval_sub(e, arg);
    case WB_FN_LENGTH:
        return length(e, arg);
    case WB_FN_TO_JSON:
        return wb_eval_to_json(e, arg);
    default:
        if (f != WB_FN_UNKNOWN && e->rule)
            return wb_eval_rule_function(e, f, arg);
        return wb_eval_fail(e, "Template format error: Encountered unsupported function: %s",
                            wb_function_name(f));
    }
}

static struct wb_tree *container(struct wb_eval *e, struct wb_json v)
{
    struct wb_tree *t = wb_tree_new(e->a, wb_json_type(v));
    t->room = wb_json_count(v);
    t->member = t->room ? wb_new_n(e->a, struct wb_tree_member, t->room) : NULL;
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        struct wb_tree *value = wb_eval(e, it.value);
        if (!value)
            return NULL;
        if (value != &wb_no_value)
            wb_tree_add(e->a, t, it.object ? wb_json_str(it.key, e->a) : WB_SLICE_NULL, value);
    }
    return t;
}

struct wb_tree *wb_eval(struct wb_eval *e, struct wb_json v)
{
    struct wb_json arg = WB_JSON_NONE;
    if (!account(e, sizeof(struct wb_tree)))
        return NULL;
    switch (wb_json_type(v)) {
    case WB_JSON_OBJECT:
        break;
    case WB_JSON_ARRAY:
        return container(e, v);
    default:
        return wb_tree_read(e->a, v);
    }
    enum wb_function f = wb_template_function(v, &arg);
    bool boolean = e->rule || strcmp(e->block, "Conditions") == 0;
    if (f == WB_FN_CONDITION && !boolean) /* a policy's member */
        f = WB_FN_NONE;
    return f == WB_FN_NONE ? container(e, v) : call(e, f, v, arg);
}

static bool any_unknown(const struct wb_tree *t)
{
    if (t->unknown)
        return true;
    for (size_t i = 0; i < t->count; i++)
        if (any_unknown(t->member[i].value))
            return true;
    return false;
}

static struct wb_tree *resolve(struct wb_eval *e, struct wb_json v)
{
    struct wb_tree *t = wb_eval(e, v);
    return t && wb_eval_dynamic(e, t) ? t : NULL;
}

bool wb_template_resolve(const struct wb_template *t, struct wb_cfn_env *env, struct wb_json v,
                         struct wb_slice *json, bool *unknown, struct wb_slice *why)
{
    bool in_outputs = v.doc && wb_json_is(t->names->section[WB_OUTPUTS]) && v.doc == t->doc.doc &&
                      v.at >= t->names->section[WB_OUTPUTS].at &&
                      v.at < v.doc->node[t->names->section[WB_OUTPUTS].at].next;
    struct wb_eval e = {.t = t,
                        .env = env,
                        .a = env->arena,
                        .why = why,
                        .block = in_outputs ? "Outputs" : "Resources"};
    struct wb_tree *value = resolve(&e, v);
    if (!value)
        return false;
    bool later = any_unknown(value);
    if (unknown)
        *unknown = later;
    else if (later)
        return wb_template_fail(env->arena, why,
                                "Template error: a value that is only known after the deployment "
                                "is needed");
    *json = wb_tree_json(env->arena, value);
    return true;
}

/* Everything that the conditions leave in is evaluated once, with whatever is outside unknown: what
 * is wrong with the template for these parameters is said before anything is made. */
static bool rehearse(struct wb_eval *e, struct wb_json v)
{
    e->made = 0;
    return !wb_json_is(v) || wb_eval(e, v) != NULL;
}

static bool rehearse_all(struct wb_eval *e)
{
    const struct wb_template *t = e->t;
    e->blind = true;
    e->block = "Resources";
    for (size_t i = 0; i < t->resource_count; i++)
        if (wb_template_condition(e->env, t->resource[i].condition) &&
            !rehearse(e, t->resource[i].properties))
            return false;
    e->block = "Outputs";
    for (size_t i = 0; i < t->names->count[WB_OUTPUTS]; i++) {
        struct wb_json v = t->names->member[WB_OUTPUTS][i];
        struct wb_json export = wb_json_get(v, "Export");
        if (wb_template_condition(e->env, wb_json_get_str(v, "Condition", e->a)) &&
            (!rehearse(e, wb_json_get(v, "Value")) || !rehearse(e, wb_json_get(export, "Name"))))
            return false;
    }
    return true;
}

bool wb_template_conditions(const struct wb_template *t, struct wb_cfn_env *env,
                            struct wb_slice *why)
{
    size_t count = t->names->count[WB_CONDITIONS];
    struct wb_eval e = {.t = t, .env = env, .a = env->arena, .why = why, .block = "Conditions"};
    env->conditions = wb_new(env->arena, struct wb_cfn_conditions);
    env->conditions->t = t;
    env->conditions->state = wb_zalloc(env->arena, count);
    for (size_t i = 0; i < count; i++) {
        bool yes;
        if (!wb_eval_condition(&e, t->names->key[WB_CONDITIONS][i], &yes))
            return false;
    }
    return true;
}

bool wb_template_start(const struct wb_template *t, struct wb_cfn_env *env, struct wb_slice *why)
{
    struct wb_eval e = {.t = t, .env = env, .a = env->arena, .why = why};
    return wb_template_conditions(t, env, why) && wb_template_rules(t, env, why) &&
           rehearse_all(&e);
}
