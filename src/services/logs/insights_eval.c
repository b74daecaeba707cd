/* Expressions of the Insights language, evaluated for a row. */
#include "services/logs/insights_impl.h"
#include <math.h>

struct ins_value ins_slot_value(struct ins_eval *e, uint32_t slot)
{
    if (!e->row.have[slot]) {
        const struct ins_slot *s = &e->scope->slot[slot];
        e->row.v[slot] = e->line ? ins_fetch(e->line, s) : INS_MISSING;
        e->row.have[slot] = 1;
    }
    return e->row.v[slot];
}

/* The same, in its place: what is found out about its text stays known. */
static struct ins_value *slot_at(struct ins_eval *e, uint32_t slot)
{
    ins_slot_value(e, slot);
    return &e->row.v[slot];
}

static struct ins_value arithmetic(struct ins_eval *e, const struct ins_node *n)
{
    struct ins_value x = ins_eval(e, n->child[0]), y = ins_eval(e, n->child[1]);
    double p, q;
    if (!ins_as_number(&x, &p) || !ins_as_number(&y, &q))
        return INS_MISSING;
    switch (n->op) {
    case OP_ADD:
        return ins_number(p + q);
    case OP_SUB:
        return ins_number(p - q);
    case OP_MUL:
        return ins_number(p * q);
    case OP_DIV:
        return ins_number(p / q); /* by zero: missing */
    case OP_MOD:
        return ins_number(fmod(p, q));
    default:
        return ins_number(pow(p, q));
    }
}

static bool comparison(struct ins_eval *e, const struct ins_node *n)
{
    struct ins_value x, y, *px = &x;
    int order;
    if (n->child[0]->op == OP_SLOT)
        px = slot_at(e, n->child[0]->slot);
    else
        x = ins_eval(e, n->child[0]);
    y = ins_eval(e, n->child[1]);
    x = *px;
    bool both = ins_compare(e->a, &x, &y, &order);
    if (x.kind == px->kind)
        *px = x;
    switch (n->op) {
    case OP_EQ:
        return both && order == 0;
    case OP_NE:
        return !both || order != 0;
    case OP_LT:
        return both && order < 0;
    case OP_LE:
        return both && order <= 0;
    case OP_GT:
        return both && order > 0;
    default:
        return both && order >= 0;
    }
}

static bool is_in(struct ins_eval *e, const struct ins_node *n)
{
    struct ins_value x = ins_eval(e, n->child[0]);
    for (uint32_t i = 0; i < n->count; i++) {
        struct ins_value copy = x, y = ins_eval(e, n->list[i]);
        if (ins_equal(e->a, &copy, &y))
            return true;
    }
    return false;
}

bool ins_like(struct ins_eval *e, struct wb_regex_search *r, struct wb_slice text,
              struct wb_slice *group)
{
    enum wb_regex_result result = wb_regex_find(r, text, group);
    e->costly |= result == WB_REGEX_COSTLY;
    return result == WB_REGEX_YES;
}

static bool like(struct ins_eval *e, const struct ins_node *n)
{
    struct ins_value x = ins_eval(e, n->child[0]);
    if (x.kind == INS_NONE)
        return false;
    struct wb_slice text = ins_show(e->a, &x);
    if (n->op == OP_MATCH)
        return ins_like(e, n->regex, text, NULL);
    return wb_slice_find(text, n->child[1]->value.text, 0) >= 0;
}

static bool truth(struct ins_eval *e, const struct ins_node *n)
{
    struct ins_value v = ins_eval(e, n);
    return ins_true(&v);
}

static struct ins_value path(struct ins_eval *e, const struct ins_node *n)
{
    struct ins_value v = ins_eval(e, n->child[0]);
    if (v.kind != INS_JSON)
        return INS_MISSING;
    struct wb_json found = ins_path(wb_json_read(e->a, v.text, NULL), n->path, e->a);
    return wb_json_is(found) ? ins_of_json(found, e->a, true) : INS_MISSING;
}

struct ins_value ins_eval(struct ins_eval *e, const struct ins_node *n)
{
    struct ins_value x;
    double d;
    switch (n->op) {
    case OP_CONST:
        return n->value;
    case OP_SLOT:
        return ins_slot_value(e, n->slot);
    case OP_PATH:
        return path(e, n);
    case OP_AGG:
        return e->agg[n->agg];
    case OP_NEG:
        x = ins_eval(e, n->child[0]);
        return ins_as_number(&x, &d) ? ins_number(-d) : INS_MISSING;
    case OP_AND:
        return ins_bool(truth(e, n->child[0]) && truth(e, n->child[1]));
    case OP_OR:
        return ins_bool(truth(e, n->child[0]) || truth(e, n->child[1]));
    case OP_NOT:
        return ins_bool(!truth(e, n->child[0]));
    case OP_IN:
        return ins_bool(is_in(e, n));
    case OP_LIKE:
    case OP_MATCH:
        return ins_bool(like(e, n));
    case OP_CALL:
        return n->fn(e, n);
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_MOD:
    case OP_POW:
        return arithmetic(e, n);
    default:
        return ins_bool(comparison(e, n));
    }
}
