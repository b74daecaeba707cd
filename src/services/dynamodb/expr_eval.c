/* Conditions on items. No memory is needed and nothing can fail: what does not fit is false. */
#include "services/dynamodb/expr.h"
#include <assert.h>
#include <stdio.h>

const struct wb_av *wb_path_get(const struct wb_path *p, const struct wb_av *item)
{
    const struct wb_av *v = item;
    for (uint32_t i = 0; i < p->count && v; i++) {
        const struct wb_path_step *s = &p->step[i];
        if (s->name.p)
            v = wb_av_get(v, s->name);
        else
            v = v->type == WB_AV_L && s->index < v->count ? &v->elem[s->index] : NULL;
    }
    return v;
}

/* Room for the number that size() makes. */
struct scratch {
    struct wb_av value;
    char text[24];
};

static const struct wb_av *operand(const struct wb_expr *e, const struct wb_av *item,
                                   struct scratch *s)
{
    if (e->kind == WB_EX_PATH)
        return item ? wb_path_get(&e->path, item) : NULL;
    if (e->kind == WB_EX_VALUE)
        return e->value;
    assert(e->kind == WB_EX_SIZE);
    struct scratch inner;
    const struct wb_av *v = operand(e->arg[0], item, &inner);
    if (!v || v->type == WB_AV_N || v->type == WB_AV_BOOL || v->type == WB_AV_NULL)
        return NULL;
    size_t size = v->type == WB_AV_S || v->type == WB_AV_B ? v->s.n : v->count;
    int n = snprintf(s->text, sizeof(s->text), "%zu", size);
    s->value = (struct wb_av){.type = WB_AV_N, .s = wb_slice(s->text, (size_t)n)};
    return &s->value;
}

static bool ordered(uint8_t kind, const struct wb_av *x, const struct wb_av *y)
{
    if (!x || !y || x->type != y->type || !wb_av_is_scalar_key(x->type))
        return false;
    int c = wb_av_cmp(x, y);
    switch (kind) {
    case WB_EX_LT:
        return c < 0;
    case WB_EX_LE:
        return c <= 0;
    case WB_EX_GT:
        return c > 0;
    default:
        return c >= 0;
    }
}

static bool equal(const struct wb_av *x, const struct wb_av *y)
{
    return x && y && wb_av_equal(x, y);
}

static bool contains(const struct wb_av *x, const struct wb_av *y)
{
    if (!x || !y)
        return false;
    if (x->type == WB_AV_S || x->type == WB_AV_B)
        return y->type == x->type && wb_slice_find(x->s, y->s, 0) >= 0;
    if (wb_av_is_set(x->type))
        return y->type == x->type - WB_AV_SS + WB_AV_S && wb_av_set_has(x, y);
    if (x->type == WB_AV_L)
        for (uint32_t i = 0; i < x->count; i++)
            if (wb_av_equal(&x->elem[i], y))
                return true;
    return false;
}

static bool matches_in(const struct wb_expr *e, const struct wb_av *item)
{
    struct scratch s, t;
    const struct wb_av *x = operand(e->arg[0], item, &s);
    for (uint16_t i = 1; i < e->count; i++)
        if (equal(x, operand(e->arg[i], item, &t)))
            return true;
    return false;
}

static bool matches_leaf(const struct wb_expr *e, const struct wb_av *item)
{
    struct scratch s[3];
    const struct wb_av *x = operand(e->arg[0], item, &s[0]);
    const struct wb_av *y = e->count > 1 ? operand(e->arg[1], item, &s[1]) : NULL;
    switch (e->kind) {
    case WB_EX_EQ:
        return equal(x, y);
    case WB_EX_NE:
        return !equal(x, y);
    case WB_EX_BETWEEN:
        return ordered(WB_EX_GE, x, y) && ordered(WB_EX_LE, x, operand(e->arg[2], item, &s[2]));
    case WB_EX_EXISTS:
        return x != NULL;
    case WB_EX_NOT_EXISTS:
        return x == NULL;
    case WB_EX_TYPE:
        return x && x->type == wb_av_type_of(y->s);
    case WB_EX_BEGINS:
        return x && y && x->type == y->type && (x->type == WB_AV_S || x->type == WB_AV_B) &&
               wb_slice_starts(x->s, y->s);
    case WB_EX_CONTAINS:
        return contains(x, y);
    default:
        return ordered(e->kind, x, y);
    }
}

bool wb_expr_matches(const struct wb_expr *e, const struct wb_av *item)
{
    switch (e->kind) {
    case WB_EX_OR:
        for (uint16_t i = 0; i < e->count; i++)
            if (wb_expr_matches(e->arg[i], item))
                return true;
        return false;
    case WB_EX_AND:
        for (uint16_t i = 0; i < e->count; i++)
            if (!wb_expr_matches(e->arg[i], item))
                return false;
        return true;
    case WB_EX_NOT:
        return !wb_expr_matches(e->arg[0], item);
    case WB_EX_IN:
        return matches_in(e, item);
    default:
        return matches_leaf(e, item);
    }
}
