/*
 * Parameters (User Guide, "CloudFormation template Parameters syntax" and "Specify existing
 * resources at runtime with CloudFormation-supplied parameter types").
 */
#include "base/decimal.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "codec/regex.h"
#include "services/cloudformation/template_impl.h"

/* --- types --- */

enum form { TEXT, NUMBER, ZONE, PREFIXED, NAME };

static const struct {
    const char *name;
    enum form form;
    const char *prefix;
} types[] = {
    {"String", TEXT, NULL},
    {"Number", NUMBER, NULL},
    {"AWS::EC2::AvailabilityZone::Name", ZONE, NULL},
    {"AWS::EC2::Image::Id", PREFIXED, "ami-"},
    {"AWS::EC2::Instance::Id", PREFIXED, "i-"},
    {"AWS::EC2::KeyPair::KeyName", NAME, NULL},
    {"AWS::EC2::SecurityGroup::GroupName", NAME, NULL},
    {"AWS::EC2::SecurityGroup::Id", PREFIXED, "sg-"},
    {"AWS::EC2::Subnet::Id", PREFIXED, "subnet-"},
    {"AWS::EC2::Volume::Id", PREFIXED, "vol-"},
    {"AWS::EC2::VPC::Id", PREFIXED, "vpc-"},
    {"AWS::Route53::HostedZone::Id", PREFIXED, "Z"},
};
#define TYPES (sizeof types / sizeof *types)

struct type {
    size_t item; /* in `types` */
    bool list, stored, stored_name;
};

/* "OUTER<INNER>". */
static bool within(struct wb_slice *s, const char *outer)
{
    size_t n = strlen(outer);
    if (!wb_slice_starts(*s, wb_slice_str(outer)) || s->n < n + 2 || s->p[n] != '<' ||
        s->p[s->n - 1] != '>')
        return false;
    *s = wb_slice_sub(*s, n + 1, s->n - 1);
    return true;
}

static bool parse_type(struct wb_slice name, struct type *t)
{
    *t = (struct type){0};
    if (wb_slice_is(name, "AWS::SSM::Parameter::Name")) {
        t->stored_name = true;
        return true;
    }
    t->stored = within(&name, "AWS::SSM::Parameter::Value");
    if (wb_slice_is(name, "CommaDelimitedList")) {
        t->list = true;
        return true;
    }
    t->list = within(&name, "List");
    while (t->item < TYPES && !wb_slice_is(name, types[t->item].name))
        t->item++;
    if (t->item == TYPES || (t->stored && types[t->item].form == NUMBER))
        return false;
    return t->item > 0 || !t->list || t->stored; /* List<String> is for stored ones only */
}

/* --- the section --- */

static const char *const attributes[] = {
    "Type",      "Default",  "NoEcho",   "AllowedValues",         "AllowedPattern", "MaxLength",
    "MinLength", "MaxValue", "MinValue", "ConstraintDescription", "Description",    NULL};

static bool is_scalar(struct wb_json v)
{
    enum wb_json_type t = wb_json_type(v);
    return t >= WB_JSON_FALSE && t <= WB_JSON_STRING;
}

/* Text of a string, number or boolean; null for what is absent. */
static struct wb_slice scalar_text(struct wb_arena *a, struct wb_json v)
{
    struct wb_slice s = WB_SLICE_NULL;
    if (is_scalar(v))
        s = wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, a) : wb_json_raw(v);
    return s;
}

static bool check_attribute(const struct wb_template *t, struct wb_slice name, struct wb_slice key,
                            struct wb_json v, struct wb_slice *why)
{
    size_t i = 0;
    while (attributes[i] && !wb_slice_is(key, attributes[i]))
        i++;
    if (!attributes[i])
        return wb_template_fail(t->arena, why, "Invalid template parameter property '%.*s'",
                                WB_FMT(key));
    if (wb_slice_is(key, "AllowedValues")) {
        if (wb_json_type(v) != WB_JSON_ARRAY)
            return wb_template_fail(t->arena, why,
                                    "Template format error: Every AllowedValues member must be a "
                                    "list.");
        struct wb_json_iter it = wb_json_iter(v);
        while (wb_json_next(&it))
            if (!is_scalar(it.value))
                return wb_template_fail(t->arena, why,
                                        "Template format error: Every AllowedValues value must be "
                                        "a string.");
        return true;
    }
    if (!is_scalar(v))
        return wb_template_fail(t->arena, why,
                                "Template format error: Every %.*s member must be a string.",
                                WB_FMT(key));
    if (wb_slice_starts(key, WB_S("Min")) || wb_slice_starts(key, WB_S("Max"))) {
        struct wb_decimal d;
        if (wb_decimal_parse(scalar_text(t->arena, v), &d) != WB_DEC_OK)
            return wb_template_fail(t->arena, why,
                                    "Template format error: Parameter '%.*s': %.*s must be a "
                                    "number.",
                                    WB_FMT(name), WB_FMT(key));
    }
    return true;
}

static bool check_declaration(const struct wb_template *t, struct wb_slice name, struct wb_json v,
                              struct wb_slice *why)
{
    struct wb_slice type = wb_json_get_str(v, "Type", t->arena);
    struct wb_slice pattern = scalar_text(t->arena, wb_json_get(v, "AllowedPattern"));
    const char *wrong = NULL;
    struct type known;
    if (!type.p)
        return wb_template_fail(t->arena, why,
                                "Template format error: Every Parameters object must contain a "
                                "Type member.");
    if (!parse_type(type, &known))
        return wb_template_fail(t->arena, why,
                                "Template format error: Unrecognized parameter type: %.*s",
                                WB_FMT(type));
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, t->arena);
        if (!check_attribute(t, name, key, it.value, why))
            return false;
    }
    if (pattern.p && !wb_regex_compile(t->arena, pattern, &wrong))
        return wb_template_fail(t->arena, why,
                                "Template format error: Parameter '%.*s': AllowedPattern %.*s: %s",
                                WB_FMT(name), WB_FMT(pattern), wrong);
    return true;
}

bool wb_template_declared(const struct wb_template *t, struct wb_slice *why)
{
    for (size_t i = 0; i < t->names->count[WB_PARAMETERS]; i++)
        if (!check_declaration(t, t->names->key[WB_PARAMETERS][i],
                               t->names->member[WB_PARAMETERS][i], why))
            return false;
    return true;
}

/* --- values --- */

static bool number_of(struct wb_slice s, struct wb_decimal *d)
{
    enum wb_decimal_status status = wb_decimal_parse(s, d);
    return status == WB_DEC_OK;
}

struct given {
    struct wb_arena *a;
    struct wb_slice name, *why;
    struct wb_json declared;
    struct wb_regex *pattern;
    struct type type;
};

/* A constraint that does not hold: its own sentence, or the author's. */
static bool broken(struct given *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool broken(struct given *g, const char *fmt, ...)
{
    struct wb_slice said = scalar_text(g->a, wb_json_get(g->declared, "ConstraintDescription"));
    if (said.n)
        return wb_template_fail(g->a, g->why, "Parameter %.*s failed to satisfy constraint: %.*s",
                                WB_FMT(g->name), WB_FMT(said));
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice text = wb_vprintf(g->a, fmt, ap);
    va_end(ap);
    return wb_template_fail(g->a, g->why, "Parameter '%.*s' %.*s", WB_FMT(g->name), WB_FMT(text));
}

static bool allowed(struct given *g, struct wb_slice item)
{
    struct wb_json list = wb_json_get(g->declared, "AllowedValues");
    struct wb_json_iter it = wb_json_iter(list);
    if (!wb_json_is(list))
        return true;
    while (wb_json_next(&it))
        if (wb_slice_eq(scalar_text(g->a, it.value), item))
            return true;
    return broken(g, "must be one of AllowedValues");
}

static bool bounded(struct given *g, const char *name, int sign, struct wb_slice item,
                    const char *text)
{
    struct wb_slice bound = scalar_text(g->a, wb_json_get(g->declared, name));
    struct wb_decimal d, limit;
    if (!bound.p || !number_of(bound, &limit) || !number_of(item, &d))
        return true;
    if (wb_decimal_cmp(&d, &limit) * sign <= 0)
        return true;
    return broken(g, "%s %.*s", text, WB_FMT(bound));
}

static size_t characters(struct wb_slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((uint8_t)s.p[i] & 0xc0) != 0x80;
    return n;
}

static bool sized(struct given *g, struct wb_slice value)
{
    int64_t limit;
    size_t n = characters(value);
    struct wb_slice least = scalar_text(g->a, wb_json_get(g->declared, "MinLength"));
    struct wb_slice most = scalar_text(g->a, wb_json_get(g->declared, "MaxLength"));
    if (least.p && wb_slice_i64(least, &limit) && limit > 0 && n < (uint64_t)limit)
        return broken(g, "must contain at least %.*s characters", WB_FMT(least));
    if (most.p && wb_slice_i64(most, &limit) && limit >= 0 && n > (uint64_t)limit)
        return broken(g, "must contain at most %.*s characters", WB_FMT(most));
    return true;
}

static bool formed(struct given *g, struct wb_slice item)
{
    struct wb_decimal d;
    const char *prefix = types[g->type.item].prefix;
    switch (types[g->type.item].form) {
    case NUMBER:
        return number_of(item, &d) ||
               wb_template_fail(g->a, g->why, "Parameter '%.*s' must be a number", WB_FMT(g->name));
    case PREFIXED:
        return (wb_slice_starts(item, wb_slice_str(prefix)) && item.n > strlen(prefix)) ||
               wb_template_fail(g->a, g->why,
                                "Parameter validation failed: parameter value %.*s for parameter "
                                "name %.*s is not a %s",
                                WB_FMT(item), WB_FMT(g->name), types[g->type.item].name);
    case ZONE:
    case NAME:
        return item.n > 0 || wb_template_fail(g->a, g->why,
                                              "Parameter validation failed: parameter value for "
                                              "parameter name %.*s does not exist",
                                              WB_FMT(g->name));
    default:
        return true;
    }
}

static bool check_item(struct given *g, struct wb_slice item)
{
    /* What is stored is of the type; what is given is its name. */
    if (!g->type.stored && !g->type.stored_name && !formed(g, item))
        return false;
    if (!allowed(g, item))
        return false;
    if (g->pattern && wb_regex_match(g->pattern, item) != WB_REGEX_YES) {
        struct wb_slice p = scalar_text(g->a, wb_json_get(g->declared, "AllowedPattern"));
        return broken(g, "must match pattern %.*s", WB_FMT(p));
    }
    return bounded(g, "MinValue", -1, item, "must be a number not less than") &&
           bounded(g, "MaxValue", 1, item, "must be a number not greater than");
}

static bool check_value(struct given *g, struct wb_slice value)
{
    if (characters(value) > WB_CFN_VALUE_MAX)
        return wb_template_fail(g->a, g->why, "Parameter '%.*s' must contain at most %d characters",
                                WB_FMT(g->name), WB_CFN_VALUE_MAX);
    if (!sized(g, value))
        return false;
    if (!g->type.list || g->type.stored)
        return check_item(g, value);
    while (value.p)
        if (!check_item(g, wb_slice_trim(wb_slice_cut(&value, ','))))
            return false;
    return true;
}

static void listed(struct wb_buf *out, struct wb_slice name)
{
    if (out->n)
        wb_buf_str(out, ", ");
    wb_buf_slice_put(out, name);
}

static bool no_strangers(const struct wb_template *t, const struct wb_cfn_env *env,
                         struct wb_slice *why)
{
    struct wb_buf names = wb_buf_in(env->arena);
    for (size_t i = 0; i < env->parameter_count; i++)
        if (!wb_json_is(wb_template_member(t, WB_PARAMETERS, env->parameter[i].name)))
            listed(&names, env->parameter[i].name);
    return !names.n ||
           wb_template_fail(env->arena, why, "Parameters: [%.*s] do not exist in the template",
                            (int)names.n, names.p);
}

static bool truth(struct wb_arena *a, struct wb_json v)
{
    return wb_slice_ieq(scalar_text(a, v), WB_S("true"));
}

/* The value that was given, or the default; a null value when there is neither. */
static struct wb_template_parameter chosen(const struct wb_template *t,
                                           const struct wb_cfn_env *env, size_t i)
{
    struct wb_json declared = t->names->member[WB_PARAMETERS][i];
    struct wb_template_parameter p = {.name = t->names->key[WB_PARAMETERS][i]};
    for (size_t k = 0; k < env->parameter_count; k++)
        if (wb_slice_eq(env->parameter[k].name, p.name) && env->parameter[k].value.p) {
            p.value = env->parameter[k].value;
            p.previous = env->parameter[k].previous;
        }
    if (!p.value.p)
        p.value = scalar_text(env->arena, wb_json_get(declared, "Default"));
    p.type = wb_json_get_str(declared, "Type", env->arena);
    p.no_echo = truth(env->arena, wb_json_get(declared, "NoEcho"));
    return p;
}

static bool check_one(const struct wb_template *t, struct wb_cfn_env *env,
                      const struct wb_template_parameter *p, struct wb_slice *why)
{
    struct given g = {.a = env->arena,
                      .name = p->name,
                      .why = why,
                      .declared = wb_template_member(t, WB_PARAMETERS, p->name)};
    struct wb_slice pattern = scalar_text(env->arena, wb_json_get(g.declared, "AllowedPattern"));
    const char *wrong;
    parse_type(p->type, &g.type);
    if (pattern.p)
        g.pattern = wb_regex_compile(env->arena, pattern, &wrong);
    return check_value(&g, p->value);
}

/* Values that are kept in the parameter store. */
static bool fetch(struct wb_cfn_env *env, struct wb_template_parameter *p, size_t count,
                  struct wb_slice *why)
{
    struct wb_buf missing = wb_buf_in(env->arena);
    for (size_t i = 0; i < count; i++) {
        struct wb_slice value, reason = WB_SLICE_NULL;
        struct type type;
        parse_type(p[i].type, &type);
        if (!env->dynamic || (!type.stored && !type.stored_name))
            continue;
        if (!env->dynamic(env->user, WB_S("ssm"), p[i].value, &value, &reason))
            listed(&missing, p[i].value);
        else if (type.stored)
            p[i].resolved = value;
    }
    return !missing.n || wb_template_fail(env->arena, why,
                                          "Unable to fetch parameters [%.*s] from parameter store "
                                          "for this account.",
                                          (int)missing.n, missing.p);
}

bool wb_template_parameters(const struct wb_template *t, struct wb_cfn_env *env,
                            struct wb_slice *why)
{
    size_t count = t->names->count[WB_PARAMETERS];
    struct wb_template_parameter *all = wb_new_n(env->arena, struct wb_template_parameter, count);
    struct wb_buf missing = wb_buf_in(env->arena);
    if (!no_strangers(t, env, why))
        return false;
    for (size_t i = 0; i < count; i++) {
        all[i] = chosen(t, env, i);
        if (!all[i].value.p)
            listed(&missing, all[i].name);
    }
    if (missing.n)
        return wb_template_fail(env->arena, why, "Parameters: [%.*s] must have values",
                                (int)missing.n, missing.p);
    for (size_t i = 0; i < count; i++)
        if (!check_one(t, env, &all[i], why))
            return false;
    if (!fetch(env, all, count, why))
        return false;
    env->parameter = all;
    env->parameter_count = count;
    return true;
}

const struct wb_template_parameter *
wb_parameter_find(const struct wb_template *t, const struct wb_cfn_env *env, struct wb_slice name)
{
    size_t i;
    if (!wb_names_find(&t->names->name[WB_PARAMETERS], name, &i) || i >= env->parameter_count ||
        !wb_slice_eq(env->parameter[i].name, name))
        return NULL;
    return &env->parameter[i];
}

struct wb_tree *wb_parameter_value(struct wb_arena *a, const struct wb_template_parameter *p)
{
    struct wb_slice text = p->resolved.p ? p->resolved : p->value;
    struct type type;
    if (!parse_type(p->type, &type) || !type.list)
        return wb_tree_str(a, text);
    struct wb_tree *list = wb_tree_new(a, WB_JSON_ARRAY);
    while (text.p)
        wb_tree_add(a, list, WB_SLICE_NULL,
                    wb_tree_str(a, wb_slice_trim(wb_slice_cut(&text, ','))));
    return list;
}
