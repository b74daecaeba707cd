/*
 * What is checked after parsing, in the order in which AWS reports it. For a condition: redundant
 * parentheses, unknown functions, misused functions, reserved words; then, condition by condition
 * from the left: undefined placeholders, number of operands, equal operands, types of operands.
 */
#include "base/limits.h"
#include "services/dynamodb/expr_internal.h"

static const char *const operator_names[] = {
    [WB_EX_OR] = "OR",   [WB_EX_AND] = "AND",
    [WB_EX_NOT] = "NOT", [WB_EX_EQ] = "=",
    [WB_EX_NE] = "<>",   [WB_EX_LT] = "<",
    [WB_EX_LE] = "<=",   [WB_EX_GT] = ">",
    [WB_EX_GE] = ">=",   [WB_EX_BETWEEN] = "BETWEEN",
    [WB_EX_IN] = "IN",
};

static bool is_function(const struct wb_expr *e)
{
    return e->kind >= WB_EX_EXISTS && e->kind <= WB_EX_UNKNOWN;
}

static bool is_logic(const struct wb_expr *e)
{
    return e->kind <= WB_EX_NOT;
}

void wb_check_path_reserved(struct wb_parser *p, const struct wb_path *path)
{
    for (uint32_t i = 0; i < path->count && !wb_parser_failed(p); i++) {
        struct wb_slice name = path->step[i].name;
        if (name.p && name.p[0] != '#' && wb_reserved_word(name))
            wb_parser_fail(p, "Attribute name is a reserved keyword; reserved keyword: %.*s",
                           WB_FMT(name));
    }
}

void wb_check_path(struct wb_parser *p, struct wb_path *path)
{
    for (uint32_t i = 0; i < path->count && !wb_parser_failed(p); i++) {
        struct wb_slice *name = &path->step[i].name;
        if (!name->p || name->p[0] != '#')
            continue;
        struct wb_binding *b = wb_binding_find(p->b->name, p->b->name_count, *name);
        if (b) {
            b->used = true;
            *name = b->name;
        } else {
            wb_parser_fail(p,
                           "An expression attribute name used in the document path is not "
                           "defined; attribute name: %.*s",
                           WB_FMT(*name));
        }
    }
}

void wb_check_value(struct wb_parser *p, struct wb_expr *e)
{
    struct wb_binding *b = wb_binding_find(p->b->value, p->b->value_count, e->text);
    if (b) {
        b->used = true;
        e->value = &b->value;
    } else {
        wb_parser_fail(p,
                       "An expression attribute value used in expression is not defined; "
                       "attribute value: %.*s",
                       WB_FMT(e->text));
    }
}

uint8_t wb_check_type(const struct wb_expr *e)
{
    switch (e->kind) {
    case WB_EX_VALUE:
        return e->value ? e->value->type : WB_AV_NONE;
    case WB_EX_SIZE:
    case WB_EX_PLUS:
    case WB_EX_MINUS:
        return WB_AV_N;
    case WB_EX_LIST_APPEND:
        return WB_AV_L;
    case WB_EX_IF_NOT_EXISTS:
        return e->count > 1 ? wb_check_type(e->arg[1]) : WB_AV_NONE;
    default:
        return WB_AV_NONE;
    }
}

/* --- paths that overlap --- */

static bool step_eq(const struct wb_path_step *x, const struct wb_path_step *y)
{
    return x->name.p ? wb_slice_eq(x->name, y->name) : x->index == y->index;
}

static bool path_eq(const struct wb_path *x, const struct wb_path *y)
{
    if (x->count != y->count)
        return false;
    for (uint32_t i = 0; i < x->count; i++)
        if (!x->step[i].name.p != !y->step[i].name.p || !step_eq(&x->step[i], &y->step[i]))
            return false;
    return true;
}

/* 0 = apart, 1 = one contains the other, 2 = one step is a name here and an index there. */
static int relation(const struct wb_path *x, const struct wb_path *y)
{
    for (uint32_t i = 0; i < x->count && i < y->count; i++) {
        if (!x->step[i].name.p != !y->step[i].name.p)
            return 2;
        if (!step_eq(&x->step[i], &y->step[i]))
            return 0;
    }
    return 1;
}

/* Overlaps are reported before conflicts; `conflict` keeps the first of those. */
void wb_check_overlap(struct wb_parser *p, const struct wb_path *const *path, uint32_t count)
{
    const struct wb_path *x = NULL, *y = NULL;
    const char *what = NULL;
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            int r = relation(path[j], path[i]);
            if (r == 0 || (r == 2 && what))
                continue;
            x = path[j];
            y = path[i];
            what = r == 1 ? "overlap" : "conflict";
            if (r == 1)
                goto found;
        }
    }
found:
    if (what)
        wb_parser_fail(p,
                       "Two document paths %s with each other; must remove or rewrite one of "
                       "these paths; path one: %.*s, path two: %.*s",
                       what, WB_FMT(wb_path_show(p->a, x)), WB_FMT(wb_path_show(p->a, y)));
}

struct wb_slice wb_path_show(struct wb_arena *a, const struct wb_path *p)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_char(&b, '[');
    for (uint32_t i = 0; i < p->count; i++) {
        wb_buf_str(&b, i ? ", " : "");
        if (p->step[i].name.p)
            wb_buf_slice_put(&b, p->step[i].name);
        else
            wb_buf_printf(&b, "[%u]", p->step[i].index);
    }
    wb_buf_char(&b, ']');
    return wb_buf_slice(&b);
}

/* --- conditions --- */

/* A function whose arguments come first, as they are read first. */
static void check_unknown(struct wb_parser *p, const struct wb_expr *e)
{
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        check_unknown(p, e->arg[i]);
    if (e->kind == WB_EX_UNKNOWN)
        wb_parser_fail(p, "Invalid function name; function: %.*s", WB_FMT(e->text));
}

static void misused(struct wb_parser *p, const struct wb_expr *e)
{
    wb_parser_fail(p,
                   "The function is not allowed to be used this way in an expression; function: "
                   "%.*s",
                   WB_FMT(e->text));
}

static void check_misused(struct wb_parser *p, const struct wb_expr *e)
{
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++) {
        const struct wb_expr *arg = e->arg[i];
        check_misused(p, arg);
        if (is_function(arg) && is_logic(e) == (arg->kind == WB_EX_SIZE))
            misused(p, arg);
    }
}

static void check_reserved(struct wb_parser *p, const struct wb_expr *e)
{
    wb_check_path_reserved(p, &e->path);
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        check_reserved(p, e->arg[i]);
}

static void resolve(struct wb_parser *p, struct wb_expr *e)
{
    wb_check_path(p, &e->path);
    if (e->kind == WB_EX_VALUE && !wb_parser_failed(p))
        wb_check_value(p, e);
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        resolve(p, e->arg[i]);
}

static void check_count(struct wb_parser *p, const struct wb_expr *e)
{
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        check_count(p, e->arg[i]);
    if (e->kind == WB_EX_IN && e->count - 1 > WB_DDB_IN_MAX)
        wb_parser_fail(p,
                       "The IN operator is provided with too many operands; number of operands: "
                       "%u",
                       e->count - 1u);
    if (!is_function(e))
        return;
    bool one = e->kind == WB_EX_EXISTS || e->kind == WB_EX_NOT_EXISTS || e->kind == WB_EX_SIZE;
    if (e->count != (one ? 1 : 2))
        wb_parser_fail(p,
                       "Incorrect number of operands for operator or function; operator or "
                       "function: %.*s, number of operands: %u",
                       WB_FMT(e->text), e->count);
}

static void check_distinct(struct wb_parser *p, const struct wb_expr *e)
{
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        check_distinct(p, e->arg[i]);
    if (e->count != 2 || e->arg[0]->kind != WB_EX_PATH || e->arg[1]->kind != WB_EX_PATH ||
        !path_eq(&e->arg[0]->path, &e->arg[1]->path))
        return;
    struct wb_slice name = is_function(e) ? e->text : wb_slice_str(operator_names[e->kind]);
    wb_parser_fail(p,
                   "The first operand must be distinct from the remaining operands for this "
                   "operator or function; operator: %.*s, first operand: %.*s",
                   WB_FMT(name), WB_FMT(wb_path_show(p->a, &e->arg[0]->path)));
}

static void bad_operand(struct wb_parser *p, const struct wb_expr *e, const char *type)
{
    if (is_function(e))
        wb_parser_fail(p,
                       "Incorrect operand type for operator or function; operator or function: "
                       "%.*s, operand type: %s",
                       WB_FMT(e->text), type);
    else
        wb_parser_fail(p,
                       "Incorrect operand type for operator or function; operator or function: "
                       "%s, operand type: %s",
                       operator_names[e->kind], type);
}

static void check_between(struct wb_parser *p, const struct wb_expr *e)
{
    const struct wb_av *lo = e->arg[1]->value, *hi = e->arg[2]->value;
    if (!lo || !hi)
        return;
    const char *why = NULL;
    if (lo->type != hi->type)
        why = "same data type for lower and upper bounds";
    else if (wb_av_is_scalar_key(lo->type) && wb_av_cmp(lo, hi) > 0)
        why = "upper bound to be greater than or equal to lower bound";
    if (why)
        wb_parser_fail(p,
                       "The BETWEEN operator requires %s; lower bound operand: AttributeValue: "
                       "%.*s, upper bound operand: AttributeValue: %.*s",
                       why, WB_FMT(wb_av_show(p->a, lo)), WB_FMT(wb_av_show(p->a, hi)));
}

static void check_attribute_type(struct wb_parser *p, const struct wb_expr *e)
{
    const struct wb_expr *arg = e->arg[1];
    uint8_t type = wb_check_type(arg);
    if (type == WB_AV_NONE)
        bad_operand(p, e, "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
    else if (type != WB_AV_S)
        bad_operand(p, e, wb_av_type_name(type));
    else if (wb_av_type_of(arg->value->s) == WB_AV_NONE)
        wb_parser_fail(p,
                       "Invalid attribute type name found; type: %.*s, valid types: "
                       "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
                       WB_FMT(arg->value->s));
}

static void check_operands(struct wb_parser *p, const struct wb_expr *e)
{
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        check_operands(p, e->arg[i]);
    if (wb_parser_failed(p))
        return;
    switch (e->kind) {
    case WB_EX_LT:
    case WB_EX_LE:
    case WB_EX_GT:
    case WB_EX_GE:
    case WB_EX_BETWEEN:
        for (uint16_t i = 0; i < e->count; i++) {
            uint8_t type = wb_check_type(e->arg[i]);
            if (type != WB_AV_NONE && !wb_av_is_scalar_key(type))
                bad_operand(p, e, wb_av_type_name(type));
        }
        if (e->kind == WB_EX_BETWEEN)
            check_between(p, e);
        break;
    case WB_EX_EXISTS:
    case WB_EX_NOT_EXISTS:
        if (e->arg[0]->kind != WB_EX_PATH)
            wb_parser_fail(p,
                           "Operator or function requires a document path; operator or function: "
                           "%.*s",
                           WB_FMT(e->text));
        break;
    case WB_EX_BEGINS:
        for (uint16_t i = 0; i < e->count; i++) {
            uint8_t type = wb_check_type(e->arg[i]);
            if (type != WB_AV_NONE && type != WB_AV_S && type != WB_AV_B)
                bad_operand(p, e, wb_av_type_name(type));
        }
        break;
    case WB_EX_TYPE:
        check_attribute_type(p, e);
        break;
    case WB_EX_SIZE: {
        uint8_t type = wb_check_type(e->arg[0]);
        if (type == WB_AV_N || type == WB_AV_BOOL || type == WB_AV_NULL)
            bad_operand(p, e, wb_av_type_name(type));
        break;
    }
    default:
        break;
    }
}

/* Each condition (what stands between AND, OR and NOT) for itself, from the left. */
static void check_conditions(struct wb_parser *p, struct wb_expr *e)
{
    if (is_logic(e)) {
        for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
            check_conditions(p, e->arg[i]);
        return;
    }
    resolve(p, e);
    if (!wb_parser_failed(p))
        check_count(p, e);
    if (!wb_parser_failed(p))
        check_distinct(p, e);
    if (!wb_parser_failed(p))
        check_operands(p, e);
}

struct wb_expr *wb_expr_condition(struct wb_bindings *b, struct wb_slice text, const char *what,
                                  struct wb_slice *why)
{
    struct wb_parser p;
    struct wb_expr *e = NULL;
    if (wb_parser_init(&p, b, text, what)) {
        e = wb_parser_condition(&p);
        if (p.redundant)
            wb_parser_fail(&p, "The expression has redundant parentheses;");
        if (!wb_parser_failed(&p))
            check_unknown(&p, e);
        if (!wb_parser_failed(&p) && e->kind == WB_EX_SIZE)
            misused(&p, e);
        if (!wb_parser_failed(&p))
            check_misused(&p, e);
        if (!wb_parser_failed(&p))
            check_reserved(&p, e);
        if (!wb_parser_failed(&p))
            check_conditions(&p, e);
    }
    return wb_parser_done(&p, why) ? e : NULL;
}

void wb_expr_paths(const struct wb_expr *e, void (*fn)(void *arg, const struct wb_path *p),
                   void *arg)
{
    if (e->kind == WB_EX_PATH)
        fn(arg, &e->path);
    for (uint16_t i = 0; i < e->count; i++)
        wb_expr_paths(e->arg[i], fn, arg);
}
