/* Update and projection expressions: parsing and checks. Applying them is in update.c, project.c.
 */
#include "base/limits.h"
#include "services/dynamodb/expr_internal.h"

static const char *const sections[] = {
    [WB_UP_SET] = "SET", [WB_UP_REMOVE] = "REMOVE", [WB_UP_ADD] = "ADD", [WB_UP_DELETE] = "DELETE"};

/* The right side of SET: an operand, or two with + or - between them. */
static struct wb_expr *parse_set_value(struct wb_parser *p)
{
    struct wb_expr *left;
    if (!wb_parser_enter(p)) {
        p->depth--;
        return wb_parser_node(p, WB_EX_PATH);
    }
    /* "(a + :b)": parentheses may hold the whole sum or the first operand. */
    if (wb_parser_sign(p, "(")) {
        left = parse_set_value(p);
        wb_parser_expect(p, ")");
    } else {
        left = wb_parser_operand(p);
    }
    p->depth--;
    int kind = wb_parser_sign(p, "+") ? WB_EX_PLUS : wb_parser_sign(p, "-") ? WB_EX_MINUS : -1;
    if (kind < 0)
        return left;
    if (left->kind == WB_EX_PLUS || left->kind == WB_EX_MINUS) {
        p->at--;
        wb_parser_syntax(p);
    }
    struct wb_expr *e = wb_parser_node(p, (enum wb_expr_kind)kind);
    e->text = p->token[p->at - 1].text;
    wb_parser_operator(p);
    wb_parser_add(p, e, left);
    wb_parser_add(p, e, wb_parser_operand(p));
    return e;
}

static void parse_action(struct wb_parser *p, enum wb_update_kind kind, struct wb_update *out)
{
    struct wb_update_action *action = &out->action[out->count];
    action->kind = kind;
    action->path = wb_parser_path(p);
    if (wb_parser_failed(p))
        return;
    if (kind == WB_UP_SET) {
        wb_parser_expect(p, "=");
        action->value = parse_set_value(p);
    } else if (kind != WB_UP_REMOVE) {
        const struct wb_token *t = wb_parser_peek(p);
        if (t->kind != WB_TOK_VALUE) {
            wb_parser_syntax(p);
            return;
        }
        action->value = wb_parser_node(p, WB_EX_VALUE);
        action->value->text = t->text;
        p->at++;
    }
    out->count++;
}

/* Leaves the number of the first section that comes twice in *twice. */
static void parse_sections(struct wb_parser *p, struct wb_update *out, int *twice)
{
    unsigned seen = 0;
    do {
        int kind = 0;
        while (kind <= WB_UP_DELETE && !wb_parser_is_word(p, sections[kind]))
            kind++;
        if (kind > WB_UP_DELETE) {
            wb_parser_syntax(p);
            return;
        }
        p->at++;
        do
            parse_action(p, (enum wb_update_kind)kind, out);
        while (wb_parser_sign(p, ","));
        if ((seen & 1u << kind) && *twice < 0)
            *twice = kind;
        seen |= 1u << kind;
    } while (!wb_parser_failed(p) && wb_parser_peek(p)->kind != WB_TOK_END);
}

static void reserved_in(struct wb_parser *p, const struct wb_expr *e)
{
    wb_check_path_reserved(p, &e->path);
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        reserved_in(p, e->arg[i]);
}

static void unknown_in(struct wb_parser *p, const struct wb_expr *e)
{
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        unknown_in(p, e->arg[i]);
    if (e->kind == WB_EX_UNKNOWN)
        wb_parser_fail(p, "Invalid function name; function: %.*s", WB_FMT(e->text));
}

static void names_in(struct wb_parser *p, struct wb_expr *e)
{
    wb_check_path(p, &e->path);
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        names_in(p, e->arg[i]);
}

static void values_in(struct wb_parser *p, struct wb_expr *e)
{
    if (e->kind == WB_EX_VALUE)
        wb_check_value(p, e);
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        values_in(p, e->arg[i]);
}

static void check_functions(struct wb_parser *p, const struct wb_expr *e)
{
    for (uint16_t i = 0; i < e->count && !wb_parser_failed(p); i++)
        check_functions(p, e->arg[i]);
    uint8_t wanted = e->kind == WB_EX_LIST_APPEND                      ? WB_AV_L
                     : e->kind == WB_EX_PLUS || e->kind == WB_EX_MINUS ? WB_AV_N
                     : e->kind == WB_EX_IF_NOT_EXISTS                  ? WB_AV_M
                                                                       : WB_AV_NONE;
    if (wanted == WB_AV_NONE || wb_parser_failed(p))
        return;
    if (e->count != 2) {
        wb_parser_fail(p,
                       "Incorrect number of operands for operator or function; operator or "
                       "function: %.*s, number of operands: %u",
                       WB_FMT(e->text), e->count);
        return;
    }
    if (e->kind == WB_EX_IF_NOT_EXISTS) {
        if (e->arg[0]->kind != WB_EX_PATH)
            wb_parser_fail(p,
                           "Operator or function requires a document path; operator or function: "
                           "%.*s",
                           WB_FMT(e->text));
        return;
    }
    for (uint16_t i = 0; i < 2; i++) {
        uint8_t type = e->arg[i]->kind == WB_EX_VALUE ? e->arg[i]->value->type : WB_AV_NONE;
        if (type != WB_AV_NONE && type != wanted)
            wb_parser_fail(p,
                           "Incorrect operand type for operator or function; operator or "
                           "function: %.*s, operand type: %s",
                           WB_FMT(e->text), wb_av_type_name(type));
    }
}

/* ADD takes a number or a set, DELETE a set. */
static void check_add_delete(struct wb_parser *p, const struct wb_update_action *action)
{
    static const char *const long_names[] = {
        [WB_AV_S] = "STRING",  [WB_AV_N] = "NUMBER", [WB_AV_B] = "BINARY", [WB_AV_BOOL] = "BOOLEAN",
        [WB_AV_NULL] = "NULL", [WB_AV_L] = "LIST",   [WB_AV_M] = "MAP"};
    if (action->kind != WB_UP_ADD && action->kind != WB_UP_DELETE)
        return;
    uint8_t type = action->value->value->type;
    if (wb_av_is_set(type) || (type == WB_AV_N && action->kind == WB_UP_ADD))
        return;
    wb_parser_fail(p,
                   "Incorrect operand type for operator or function; operator: %s, operand type: "
                   "%s",
                   sections[action->kind], long_names[type]);
}

static void check_paths(struct wb_parser *p, const struct wb_update *u)
{
    const struct wb_path **paths = wb_new_n(p->a, const struct wb_path *, u->count);
    for (uint32_t i = 0; i < u->count; i++)
        paths[i] = &u->action[i].path;
    wb_check_overlap(p, paths, u->count);
}

static void check_update(struct wb_parser *p, struct wb_update *u, int twice)
{
#define EACH(call)                                                                                 \
    for (uint32_t i = 0; i < u->count && !wb_parser_failed(p); i++) {                              \
        struct wb_update_action *action = &u->action[i];                                           \
        call;                                                                                      \
    }
    EACH({
        wb_check_path_reserved(p, &action->path);
        if (action->value && !wb_parser_failed(p))
            reserved_in(p, action->value);
    });
    EACH(if (action->value) unknown_in(p, action->value));
    if (twice >= 0)
        wb_parser_fail(p, "The \"%s\" section can only be used once in an update expression;",
                       sections[twice]);
    EACH({
        wb_check_path(p, &action->path);
        if (action->value && !wb_parser_failed(p))
            names_in(p, action->value);
    });
    EACH(if (action->value) values_in(p, action->value));
    if (!wb_parser_failed(p))
        check_paths(p, u);
    EACH(check_add_delete(p, action));
    EACH(if (action->value) check_functions(p, action->value));
#undef EACH
}

bool wb_expr_update(struct wb_bindings *b, struct wb_slice text, struct wb_update *out,
                    struct wb_slice *why)
{
    struct wb_parser p;
    int twice = -1;
    *out = (struct wb_update){0};
    if (wb_parser_init(&p, b, text, "UpdateExpression")) {
        p.update = true;
        size_t room = text.n / 2 + 1; /* an action and its comma are two bytes at least */
        out->action = wb_new_n(p.a, struct wb_update_action, room);
        parse_sections(&p, out, &twice);
        if (!wb_parser_failed(&p))
            check_update(&p, out, twice);
    }
    return wb_parser_done(&p, why);
}

bool wb_expr_projection(struct wb_bindings *b, struct wb_slice text, struct wb_projection *out,
                        struct wb_slice *why)
{
    struct wb_parser p;
    *out = (struct wb_projection){0};
    if (wb_parser_init(&p, b, text, "ProjectionExpression")) {
        p.update = true; /* none of the condition keywords is special */
        size_t room = text.n / 2 + 1;
        out->path = wb_new_n(p.a, struct wb_path, room);
        const struct wb_path **paths = wb_new_n(p.a, const struct wb_path *, room);
        do {
            out->path[out->count] = wb_parser_path(&p);
            paths[out->count] = &out->path[out->count];
            out->count++;
        } while (wb_parser_sign(&p, ","));
        if (!wb_parser_failed(&p) && wb_parser_peek(&p)->kind != WB_TOK_END)
            wb_parser_syntax(&p);
        for (uint32_t i = 0; i < out->count && !wb_parser_failed(&p); i++)
            wb_check_path_reserved(&p, &out->path[i]);
        for (uint32_t i = 0; i < out->count && !wb_parser_failed(&p); i++)
            wb_check_path(&p, &out->path[i]);
        if (!wb_parser_failed(&p))
            wb_check_overlap(&p, paths, out->count);
        if (!wb_parser_failed(&p))
            wb_paths_sort(out->path, out->count);
    }
    return wb_parser_done(&p, why);
}
