/* KeyConditionExpression: a condition expression that says no more than one condition per key. */
#include "services/dynamodb/expr_internal.h"

struct convert {
    struct wb_arena *a;
    struct wb_key_conditions *out;
    struct wb_slice *why;
    unsigned names; /* distinct attributes seen, even beyond two */
};

static bool fail(struct convert *c, struct wb_slice text)
{
    *c->why = text;
    return false;
}

/* a < b is b > a. */
static uint8_t mirrored(uint8_t kind)
{
    switch (kind) {
    case WB_EX_LT:
        return WB_EX_GT;
    case WB_EX_LE:
        return WB_EX_GE;
    case WB_EX_GT:
        return WB_EX_LT;
    case WB_EX_GE:
        return WB_EX_LE;
    default:
        return kind;
    }
}

static bool check_operator(struct convert *c, const struct wb_expr *e)
{
    static const char prefix[] = "Invalid operator used in KeyConditionExpression: ";
    switch (e->kind) {
    case WB_EX_OR:
        return fail(c, wb_printf(c->a, "%sOR", prefix));
    case WB_EX_NOT:
        return fail(c, wb_printf(c->a, "%sNOT", prefix));
    case WB_EX_IN:
        return fail(c, wb_printf(c->a, "%sIN", prefix));
    case WB_EX_NE:
        return fail(c, wb_printf(c->a, "%s<>", prefix));
    case WB_EX_EXISTS:
    case WB_EX_NOT_EXISTS:
    case WB_EX_TYPE:
    case WB_EX_CONTAINS:
        return fail(c, wb_printf(c->a, "%s%.*s", prefix, WB_FMT(e->text)));
    case WB_EX_SIZE:
        return fail(c, WB_S("KeyConditionExpressions cannot contain nested operations"));
    case WB_EX_BETWEEN:
    case WB_EX_BEGINS:
        if (e->arg[0]->kind == WB_EX_PATH)
            return true;
        return fail(c, wb_printf(c->a,
                                 "Invalid condition in KeyConditionExpression: %s operator must "
                                 "have the key attribute as its first operand",
                                 e->kind == WB_EX_BETWEEN ? "BETWEEN" : "begins_with"));
    default:
        return true;
    }
}

static bool convert_one(struct convert *c, const struct wb_expr *e)
{
    const struct wb_path *path = NULL;
    uint16_t path_at = 0;
    for (uint16_t i = 0; i < e->count; i++) {
        const struct wb_expr *arg = e->arg[i];
        if (arg->kind == WB_EX_SIZE)
            return fail(c, WB_S("KeyConditionExpressions cannot contain nested operations"));
        if (arg->kind != WB_EX_PATH)
            continue;
        if (path)
            return fail(c, WB_S("Invalid condition in KeyConditionExpression: Multiple attribute "
                                "names used in one condition"));
        if (arg->path.count > 1)
            return fail(c, WB_S("KeyConditionExpressions cannot have conditions on nested "
                                "attributes"));
        path = &arg->path;
        path_at = i;
    }
    if (!path)
        return fail(c, WB_S("Invalid condition in KeyConditionExpression: No key attribute "
                            "specified"));
    struct wb_slice name = path->step[0].name;
    for (uint32_t i = 0; i < c->out->count; i++)
        if (wb_slice_eq(c->out->cond[i].name, name))
            return fail(c, WB_S("KeyConditionExpressions must only contain one condition per "
                                "key"));
    if (++c->names > 2)
        return true;
    struct wb_key_condition *k = &c->out->cond[c->out->count++];
    k->name = name;
    k->kind = path_at ? mirrored(e->kind) : e->kind;
    for (uint16_t i = 0; i < e->count; i++)
        if (i != path_at)
            k->value[k->count++] = *e->arg[i]->value;
    return true;
}

static bool convert(struct convert *c, const struct wb_expr *e)
{
    if (!check_operator(c, e))
        return false;
    if (e->kind != WB_EX_AND)
        return convert_one(c, e);
    for (uint16_t i = 0; i < e->count; i++)
        if (!convert(c, e->arg[i]))
            return false;
    return true;
}

bool wb_expr_key_condition(struct wb_bindings *b, struct wb_slice text,
                           struct wb_key_conditions *out, struct wb_slice *why)
{
    *out = (struct wb_key_conditions){0};
    struct wb_expr *e = wb_expr_condition(b, text, "KeyConditionExpression", why);
    if (!e)
        return false;
    struct convert c = {.a = b->arena, .out = out, .why = why};
    if (!convert(&c, e))
        return false;
    return c.names <= 2 || fail(&c, WB_S("Conditions can be of length 1 or 2 only"));
}
