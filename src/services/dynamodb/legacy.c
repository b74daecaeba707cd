/*
 * The parameters from before expressions (Expected, QueryFilter, ScanFilter, KeyConditions,
 * AttributeUpdates, AttributesToGet) as the same trees, with their own checks and texts.
 */
#include "base/map.h"
#include "services/dynamodb/request.h"

#define INVALID "One or more parameter values were invalid: "

struct operator
{
    const char *name;
    uint8_t kind; /* of the expression; NOT_CONTAINS is made of two */
    uint8_t least, most;
    const char *types; /* of operands, blanks around each; NULL = any */
};

static const struct operator operators[] = {
    {"EQ", WB_EX_EQ, 1, 1, NULL},
    {"NE", WB_EX_NE, 1, 1, NULL},
    {"LE", WB_EX_LE, 1, 1, " S N B "},
    {"LT", WB_EX_LT, 1, 1, " S N B "},
    {"GE", WB_EX_GE, 1, 1, " S N B "},
    {"GT", WB_EX_GT, 1, 1, " S N B "},
    {"BETWEEN", WB_EX_BETWEEN, 2, 2, " S N B "},
    {"IN", WB_EX_IN, 1, 255, " S N B "},
    {"NULL", WB_EX_NOT_EXISTS, 0, 0, NULL},
    {"NOT_NULL", WB_EX_EXISTS, 0, 0, NULL},
    {"CONTAINS", WB_EX_CONTAINS, 1, 1, " S N B "},
    {"NOT_CONTAINS", WB_EX_UNKNOWN, 1, 1, " S N B "},
    {"BEGINS_WITH", WB_EX_BEGINS, 1, 1, " S B "},
};

static const struct operator* find_operator(struct wb_slice name)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
        if (wb_slice_is(name, operators[i].name))
            return &operators[i];
    return NULL;
}

/* The condition on one attribute. */
struct condition {
    struct wb_slice name;
    const struct operator* op;
    struct wb_av *value;
    uint32_t count;
};

static bool read_value(struct wb_call *c, struct wb_json v, struct wb_av *out)
{
    struct wb_av_error e;
    if (wb_av_parse(c->arena, v, out, &e))
        return true;
    wb_ddb_bad_value(c, &e);
    return false;
}

static bool read_values(struct wb_call *c, struct wb_json list, struct condition *k)
{
    k->value = wb_new_n(c->arena, struct wb_av, wb_json_count(list) + 1);
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        if (!read_value(c, it.value, &k->value[k->count++]))
            return false;
    return true;
}

/* Number and types of the operands. */
static bool check_operands(struct wb_call *c, const struct condition *k)
{
    if (k->count < k->op->least || k->count > k->op->most) {
        wb_ddb_invalid(c, INVALID "Invalid number of argument(s) for the %s ComparisonOperator",
                       k->op->name);
        return false;
    }
    for (uint32_t i = 0; i < k->count; i++) {
        const char *type = wb_av_type_name(k->value[i].type);
        struct wb_slice wanted = wb_printf(c->arena, " %s ", type);
        if (k->value[i].type != k->value[0].type)
            wb_ddb_invalid(c, INVALID "AttributeValues inside AttributeValueList must be of same "
                                      "type");
        else if (k->op->types && wb_slice_find(wb_slice_str(k->op->types), wanted, 0) < 0)
            wb_ddb_invalid(c,
                           INVALID "ComparisonOperator %s is not valid for %s AttributeValue type",
                           k->op->name, type);
        if (wb_failed(c))
            return false;
    }
    if (k->op->kind == WB_EX_BETWEEN && wb_av_cmp(&k->value[0], &k->value[1]) > 0)
        wb_ddb_invalid(c, "The BETWEEN condition was provided a range where the lower bound is "
                          "greater than the upper bound");
    return !wb_failed(c);
}

static struct wb_expr *node(struct wb_arena *a, uint8_t kind, uint32_t args)
{
    struct wb_expr *e = wb_new(a, struct wb_expr);
    e->kind = kind;
    e->arg = wb_new_n(a, struct wb_expr *, args);
    return e;
}

static struct wb_path path_of(struct wb_arena *a, struct wb_slice name)
{
    struct wb_path p = {.step = wb_new(a, struct wb_path_step), .count = 1};
    p.step->name = name;
    return p;
}

static struct wb_expr *leaf(struct wb_arena *a, uint8_t kind, const struct condition *k)
{
    struct wb_expr *e = node(a, kind, k->count + 1);
    e->arg[e->count] = node(a, WB_EX_PATH, 0);
    e->arg[e->count++]->path = path_of(a, k->name);
    for (uint32_t i = 0; i < k->count; i++) {
        e->arg[e->count] = node(a, WB_EX_VALUE, 0);
        e->arg[e->count++]->value = &k->value[i];
    }
    return e;
}

static struct wb_expr *expr_of(struct wb_arena *a, const struct condition *k)
{
    if (k->op->kind != WB_EX_UNKNOWN)
        return leaf(a, k->op->kind, k);
    /* NOT_CONTAINS: there, and does not contain. */
    struct wb_expr *e = node(a, WB_EX_AND, 2), *not = node(a, WB_EX_NOT, 1);
    struct condition exists = {.name = k->name};
    not ->arg[not ->count++] = leaf(a, WB_EX_CONTAINS, k);
    e->arg[e->count++] = leaf(a, WB_EX_EXISTS, &exists);
    e->arg[e->count++] = not ;
    return e;
}

/* --- Expected --- */

static bool read_expected(struct wb_call *c, struct wb_json v, struct condition *k)
{
    struct wb_json list = wb_json_get(v, "AttributeValueList"), value = wb_json_get(v, "Value"),
                   exists = wb_json_get(v, "Exists");
    struct wb_slice op = wb_json_get_str(v, "ComparisonOperator", c->arena);
    k->op = op.p ? find_operator(op) : NULL;
    k->value = wb_new(c->arena, struct wb_av);
    if (wb_json_is(list) && wb_json_is(value)) {
        wb_ddb_invalid(c,
                       INVALID "Value and AttributeValueList cannot be used together for "
                               "Attribute: %.*s",
                       WB_FMT(k->name));
        return false;
    }
    if (k->op) {
        if (wb_json_is(exists))
            wb_ddb_invalid(c,
                           INVALID "Exists and ComparisonOperator cannot be used together for "
                                   "Attribute: %.*s",
                           WB_FMT(k->name));
        else if (k->op->least && !wb_json_is(list) && !wb_json_is(value))
            wb_ddb_invalid(c,
                           INVALID "Value or AttributeValueList must be used with "
                                   "ComparisonOperator: %s for Attribute: %.*s",
                           k->op->name, WB_FMT(k->name));
        if (wb_failed(c))
            return false;
        if (wb_json_is(value)) {
            k->count = 1;
            return read_value(c, value, k->value) && check_operands(c, k);
        }
        return read_values(c, list, k) && check_operands(c, k);
    }
    bool must = wb_json_bool(exists, true);
    if (wb_json_is(list))
        wb_ddb_invalid(c,
                       INVALID "AttributeValueList can only be used with a ComparisonOperator for "
                               "Attribute: %.*s",
                       WB_FMT(k->name));
    else if (must && !wb_json_is(value))
        wb_ddb_invalid(c, INVALID "Value must be provided when Exists is %s for Attribute: %.*s",
                       wb_json_is(exists) ? "true" : "null", WB_FMT(k->name));
    else if (!must && wb_json_is(value))
        wb_ddb_invalid(c, INVALID "Value cannot be used when Exists is false for Attribute: %.*s",
                       WB_FMT(k->name));
    if (wb_failed(c))
        return false;
    k->op = find_operator(must ? WB_S("EQ") : WB_S("NULL"));
    k->count = must;
    return !must || read_value(c, value, k->value);
}

static struct wb_expr *chain(struct wb_call *c, struct wb_json from, uint32_t count)
{
    bool any = wb_slice_is(wb_json_get_str(from, "ConditionalOperator", c->arena), "OR");
    return node(c->arena, any ? WB_EX_OR : WB_EX_AND, count);
}

bool wb_ddb_legacy_expected(struct wb_call *c, struct wb_json from, struct wb_expr **out)
{
    struct wb_json expected = wb_json_get(from, "Expected");
    struct wb_expr *e = chain(c, from, wb_json_count(expected));
    struct wb_json_iter it = wb_json_iter(expected);
    while (wb_json_next(&it)) {
        struct condition k = {.name = wb_json_str(it.key, c->arena)};
        if (!read_expected(c, it.value, &k))
            return false;
        e->arg[e->count++] = expr_of(c->arena, &k);
    }
    *out = e->count ? e : NULL;
    return true;
}

/* --- QueryFilter, ScanFilter, KeyConditions --- */

static bool read_condition(struct wb_call *c, struct wb_json v, struct condition *k)
{
    k->op = find_operator(wb_json_get_str(v, "ComparisonOperator", c->arena));
    return k->op && read_values(c, wb_json_get(v, "AttributeValueList"), k) && check_operands(c, k);
}

bool wb_ddb_legacy_filter(struct wb_call *c, struct wb_json from, const char *name,
                          struct wb_expr **out)
{
    struct wb_json filter = wb_json_get(from, name);
    struct wb_expr *e = chain(c, from, wb_json_count(filter));
    struct wb_json_iter it = wb_json_iter(filter);
    while (wb_json_next(&it)) {
        struct condition k = {.name = wb_json_str(it.key, c->arena)};
        if (!read_condition(c, it.value, &k))
            return false;
        e->arg[e->count++] = expr_of(c->arena, &k);
    }
    *out = e->count ? e : NULL;
    return true;
}

bool wb_ddb_legacy_keys(struct wb_call *c, struct wb_json from, struct wb_key_conditions *out)
{
    struct wb_json keys = wb_json_get(from, "KeyConditions");
    struct wb_json_iter it = wb_json_iter(keys);
    *out = (struct wb_key_conditions){0};
    while (wb_json_next(&it)) {
        struct condition k = {.name = wb_json_str(it.key, c->arena)};
        if (!read_condition(c, it.value, &k))
            return false;
        if (out->count == 2)
            break;
        struct wb_key_condition *q = &out->cond[out->count++];
        q->name = k.name;
        q->kind = k.op->kind;
        for (; q->count < 2 && q->count < k.count; q->count++)
            q->value[q->count] = k.value[q->count];
    }
    if (wb_json_count(keys) < 1 || wb_json_count(keys) > 2)
        wb_ddb_invalid(c, "Conditions can be of length 1 or 2 only");
    return !wb_failed(c);
}

/* --- AttributeUpdates --- */

static struct wb_expr *value_node(struct wb_arena *a, const struct wb_av *v)
{
    struct wb_expr *e = node(a, WB_EX_VALUE, 0);
    e->value = v;
    return e;
}

/* ADD of a list appends: SET x = list_append(if_not_exists(x, []), v). */
static struct wb_expr *append_node(struct wb_arena *a, struct wb_slice name, const struct wb_av *v)
{
    struct wb_av *empty = wb_new(a, struct wb_av);
    empty->type = WB_AV_L;
    struct wb_expr *old = node(a, WB_EX_IF_NOT_EXISTS, 2), *e = node(a, WB_EX_LIST_APPEND, 2);
    old->arg[old->count] = node(a, WB_EX_PATH, 0);
    old->arg[old->count++]->path = path_of(a, name);
    old->arg[old->count++] = value_node(a, empty);
    e->arg[e->count++] = old;
    e->arg[e->count++] = value_node(a, v);
    return e;
}

static bool read_update(struct wb_call *c, struct wb_slice name, struct wb_json v,
                        struct wb_update_action *out)
{
    struct wb_json value = wb_json_get(v, "Value");
    struct wb_slice action = wb_json_get_str(v, "Action", c->arena);
    bool add = wb_slice_is(action, "ADD"), del = wb_slice_is(action, "DELETE");
    out->path = path_of(c->arena, name);
    if (!wb_json_is(value) || wb_json_type(value) == WB_JSON_NULL) {
        out->kind = WB_UP_REMOVE;
        if (!del)
            wb_ddb_invalid(c, INVALID "Only DELETE action is allowed when no attribute value is "
                                      "specified");
        return del;
    }
    struct wb_av *av = wb_new(c->arena, struct wb_av);
    if (!read_value(c, value, av))
        return false;
    bool set = wb_av_is_set(av->type);
    if (del && !set)
        wb_ddb_invalid(c, INVALID "DELETE action with value is not supported for the type %s",
                       wb_av_type_name(av->type));
    else if (add && !set && av->type != WB_AV_N && av->type != WB_AV_L)
        wb_ddb_invalid(c, INVALID "ADD action is not supported for the type %s",
                       wb_av_type_name(av->type));
    if (add && av->type == WB_AV_L) {
        out->kind = WB_UP_SET;
        out->value = append_node(c->arena, name, av);
    } else {
        out->kind = add ? WB_UP_ADD : del ? WB_UP_DELETE : WB_UP_SET;
        out->value = value_node(c->arena, av);
    }
    return !wb_failed(c);
}

bool wb_ddb_legacy_updates(struct wb_call *c, struct wb_json from, struct wb_update *out)
{
    struct wb_json updates = wb_json_get(from, "AttributeUpdates");
    *out = (struct wb_update){
        .action = wb_new_n(c->arena, struct wb_update_action, wb_json_count(updates))};
    struct wb_json_iter it = wb_json_iter(updates);
    struct wb_map *seen = wb_map_new(); /* of members with one name the last counts */
    bool ok = true;
    while (ok && wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, c->arena);
        struct wb_update_action *action = wb_map_get(seen, name);
        if (!action)
            action = &out->action[out->count++];
        wb_map_put(seen, name, action);
        *action = (struct wb_update_action){0};
        ok = read_update(c, name, it.value, action);
    }
    wb_map_free(seen);
    return ok;
}

/* --- AttributesToGet --- */

bool wb_ddb_legacy_attributes(struct wb_call *c, struct wb_json from, struct wb_projection *out)
{
    struct wb_json list = wb_json_get(from, "AttributesToGet");
    *out = (struct wb_projection){.path = wb_new_n(c->arena, struct wb_path, wb_json_count(list))};
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        out->path[out->count++] = path_of(c->arena, wb_json_str(it.value, c->arena));
    wb_paths_sort(out->path, out->count);
    for (uint32_t i = 1; i < out->count; i++) {
        struct wb_slice name = out->path[i].step[0].name;
        if (wb_slice_eq(name, out->path[i - 1].step[0].name)) {
            wb_ddb_invalid(c, INVALID "Duplicate value in attribute name: %.*s", WB_FMT(name));
            return false;
        }
    }
    return true;
}
