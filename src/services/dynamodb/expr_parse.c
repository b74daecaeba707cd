/*
 * Recursive descent over the tokens. A parenthesis may hold a condition or an operand, and which
 * one is known only after it; so the left side of everything is parsed as "some node", and whether
 * it may stand where it stands is decided by what follows. Depth is bounded: 300 operators cannot
 * nest deeper, and more parentheses than operators are redundant anyway.
 */
#include "base/limits.h"
#include "services/dynamodb/expr_internal.h"
#include <assert.h>
#include <stdarg.h>

bool wb_parser_init(struct wb_parser *p, struct wb_bindings *b, struct wb_slice text,
                    const char *what)
{
    *p = (struct wb_parser){.b = b, .a = b->arena, .text = text, .what = what};
    if (text.n == 0)
        wb_parser_fail(p, "The expression can not be empty;");
    else if (text.n > WB_DDB_EXPR_MAX)
        wb_parser_fail(
            p, "Expression size has exceeded the maximum allowed size; expression size: %zu",
            text.n);
    if (wb_parser_failed(p))
        return false;
    p->token = wb_expr_lex(p->a, text);
    return true;
}

bool wb_parser_done(struct wb_parser *p, struct wb_slice *why)
{
    if (!wb_parser_failed(p))
        return true;
    *why = wb_printf(p->a, "Invalid %s: %.*s", p->what, WB_FMT(p->error));
    return false;
}

void wb_parser_fail(struct wb_parser *p, const char *fmt, ...)
{
    if (wb_parser_failed(p))
        return;
    va_list ap;
    va_start(ap, fmt);
    p->error = wb_vprintf(p->a, fmt, ap);
    va_end(ap);
}

/* AWS shows the token between its neighbours, as they stand in the text. */
void wb_parser_syntax(struct wb_parser *p)
{
    const struct wb_token *t = wb_parser_peek(p);
    const struct wb_token *first = p->at ? t - 1 : t;
    const struct wb_token *last = t->kind == WB_TOK_END || t[1].kind == WB_TOK_END ? t : t + 1;
    const char *from = first->text.p, *to = last->text.p + last->text.n;
    if (t->kind == WB_TOK_END && p->at)
        to = first->text.p + first->text.n;
    wb_parser_fail(p, "Syntax error; token: \"%.*s\", near: \"%.*s\"",
                   t->kind == WB_TOK_END ? 5 : (int)t->text.n,
                   t->kind == WB_TOK_END ? "<EOF>" : t->text.p, (int)(to - from), from);
}

bool wb_parser_sign(struct wb_parser *p, const char *sign)
{
    const struct wb_token *t = wb_parser_peek(p);
    if (wb_parser_failed(p) || t->kind != WB_TOK_SIGN || !wb_slice_is(t->text, sign))
        return false;
    p->at++;
    return true;
}

void wb_parser_expect(struct wb_parser *p, const char *sign)
{
    if (!wb_parser_sign(p, sign) && !wb_parser_failed(p))
        wb_parser_syntax(p);
}

bool wb_parser_is_word(const struct wb_parser *p, const char *word)
{
    const struct wb_token *t = wb_parser_peek(p);
    return t->kind == WB_TOK_WORD && wb_slice_ieq(t->text, wb_slice_str(word));
}

static bool take_word(struct wb_parser *p, const char *word)
{
    if (wb_parser_failed(p) || !wb_parser_is_word(p, word))
        return false;
    p->at++;
    return true;
}

void wb_parser_operator(struct wb_parser *p)
{
    if (++p->operators > WB_DDB_OPERATORS_MAX)
        wb_parser_fail(p, "The expression contains too many operators; operator count: %u",
                       p->operators);
}

bool wb_parser_enter(struct wb_parser *p)
{
    if (++p->depth > WB_DDB_EXPR_DEPTH_MAX)
        wb_parser_fail(p, "The expression has redundant parentheses;");
    return !wb_parser_failed(p);
}

struct wb_expr *wb_parser_node(struct wb_parser *p, enum wb_expr_kind kind)
{
    struct wb_expr *e = wb_new(p->a, struct wb_expr);
    e->kind = (uint8_t)kind;
    return e;
}

/* Arguments are few; the array doubles at powers of two. */
void wb_parser_add(struct wb_parser *p, struct wb_expr *e, struct wb_expr *arg)
{
    if ((e->count & (e->count - 1)) == 0) {
        struct wb_expr **grown =
            wb_alloc(p->a, sizeof(*grown) * (e->count ? 2 * (size_t)e->count : 1));
        if (e->count)
            memcpy(grown, e->arg, sizeof(*grown) * e->count);
        e->arg = grown;
    }
    e->arg[e->count++] = arg;
}

/* Words that end an operand; they are never attribute names. */
static bool is_keyword(const struct wb_parser *p)
{
    static const char *const condition[] = {"AND", "OR", "NOT", "IN", "BETWEEN", NULL};
    static const char *const update[] = {"SET", "REMOVE", "ADD", "DELETE", NULL};
    for (const char *const *w = p->update ? update : condition; *w; w++)
        if (wb_parser_is_word(p, *w))
            return true;
    return false;
}

static void add_step(struct wb_parser *p, struct wb_path *path, struct wb_path_step step)
{
    if ((path->count & (path->count - 1)) == 0) {
        struct wb_path_step *grown =
            wb_alloc(p->a, sizeof(*grown) * (path->count ? 2 * (size_t)path->count : 1));
        if (path->count)
            memcpy(grown, path->step, sizeof(*grown) * path->count);
        path->step = grown;
    }
    path->step[path->count++] = step;
}

static void path_name(struct wb_parser *p, struct wb_path *path)
{
    const struct wb_token *t = wb_parser_peek(p);
    if (wb_parser_failed(p))
        return;
    if (t->kind != WB_TOK_NAME && (t->kind != WB_TOK_WORD || is_keyword(p))) {
        wb_parser_syntax(p);
        return;
    }
    add_step(p, path, (struct wb_path_step){t->text, 0});
    p->at++;
}

static void path_index(struct wb_parser *p, struct wb_path *path)
{
    const struct wb_token *t = wb_parser_peek(p);
    int64_t index;
    if (t->kind != WB_TOK_NUMBER) {
        wb_parser_syntax(p);
        return;
    }
    if (!wb_slice_i64(t->text, &index) || index > INT32_MAX) {
        wb_parser_fail(p, "List index is not within the allowable range; index: [%.*s]",
                       WB_FMT(t->text));
        return;
    }
    add_step(p, path, (struct wb_path_step){WB_SLICE_NULL, (uint32_t)index});
    p->at++;
    wb_parser_expect(p, "]");
}

struct wb_path wb_parser_path(struct wb_parser *p)
{
    struct wb_path path = {0};
    path_name(p, &path);
    while (!wb_parser_failed(p)) {
        if (wb_parser_sign(p, "."))
            path_name(p, &path);
        else if (wb_parser_sign(p, "["))
            path_index(p, &path);
        else
            break;
    }
    return path;
}

static struct wb_expr *parse_or(struct wb_parser *p);

static uint8_t function_kind(const struct wb_parser *p, struct wb_slice name)
{
    static const struct {
        const char *name;
        uint8_t kind;
        bool update;
    } known[] = {
        {"attribute_exists", WB_EX_EXISTS, false},
        {"attribute_not_exists", WB_EX_NOT_EXISTS, false},
        {"attribute_type", WB_EX_TYPE, false},
        {"begins_with", WB_EX_BEGINS, false},
        {"contains", WB_EX_CONTAINS, false},
        {"size", WB_EX_SIZE, false},
        {"if_not_exists", WB_EX_IF_NOT_EXISTS, true},
        {"list_append", WB_EX_LIST_APPEND, true},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (known[i].update == p->update && wb_slice_is(name, known[i].name))
            return known[i].kind;
    return WB_EX_UNKNOWN;
}

static struct wb_expr *parse_function(struct wb_parser *p)
{
    struct wb_slice name = wb_parser_peek(p)->text;
    struct wb_expr *e = wb_parser_node(p, function_kind(p, name));
    e->text = name;
    p->at += 2; /* the name and the parenthesis */
    wb_parser_operator(p);
    if (wb_parser_enter(p)) {
        do
            wb_parser_add(p, e, wb_parser_operand(p));
        while (wb_parser_sign(p, ","));
        wb_parser_expect(p, ")");
    }
    p->depth--;
    return e;
}

/* A path, a placeholder or a function. */
static struct wb_expr *parse_atom(struct wb_parser *p)
{
    const struct wb_token *t = wb_parser_peek(p);
    if (t->kind == WB_TOK_VALUE) {
        struct wb_expr *e = wb_parser_node(p, WB_EX_VALUE);
        e->text = t->text;
        p->at++;
        return e;
    }
    if (t->kind == WB_TOK_WORD && !is_keyword(p) && t[1].kind == WB_TOK_SIGN &&
        wb_slice_is(t[1].text, "("))
        return parse_function(p);
    struct wb_expr *e = wb_parser_node(p, WB_EX_PATH);
    e->path = wb_parser_path(p);
    return e;
}

static struct wb_expr *close_parens(struct wb_parser *p, struct wb_expr *e)
{
    wb_parser_expect(p, ")");
    if (e->parens++)
        p->redundant = true;
    if (e->parens > 2)
        e->parens = 2;
    return e;
}

struct wb_expr *wb_parser_operand(struct wb_parser *p)
{
    struct wb_expr *e;
    if (!wb_parser_enter(p)) {
        e = wb_parser_node(p, WB_EX_PATH);
    } else if (wb_parser_sign(p, "(")) {
        e = close_parens(p, wb_parser_operand(p));
    } else {
        e = parse_atom(p);
    }
    p->depth--;
    return e;
}

static bool is_condition(const struct wb_expr *e)
{
    return e->kind <= WB_EX_IN || (e->kind >= WB_EX_EXISTS && e->kind <= WB_EX_UNKNOWN);
}

static bool is_operand(const struct wb_expr *e)
{
    return e->kind >= WB_EX_EXISTS;
}

/* A condition in parentheses, or an operand. */
static struct wb_expr *parse_unit(struct wb_parser *p)
{
    struct wb_expr *e;
    if (!wb_parser_enter(p))
        e = wb_parser_node(p, WB_EX_PATH);
    else if (wb_parser_sign(p, "("))
        e = close_parens(p, parse_or(p));
    else
        e = parse_atom(p);
    p->depth--;
    /* A path may go on after a parenthesis: (a).b */
    while (e->kind == WB_EX_PATH && e->parens && !wb_parser_failed(p)) {
        if (wb_parser_sign(p, "."))
            path_name(p, &e->path);
        else if (wb_parser_sign(p, "["))
            path_index(p, &e->path);
        else
            break;
    }
    return e;
}

static int comparator(struct wb_parser *p)
{
    static const struct {
        const char *sign;
        int kind;
    } known[] = {{"=", WB_EX_EQ},  {"<>", WB_EX_NE}, {"<", WB_EX_LT},
                 {"<=", WB_EX_LE}, {">", WB_EX_GT},  {">=", WB_EX_GE}};
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (wb_parser_sign(p, known[i].sign))
            return known[i].kind;
    return -1;
}

static struct wb_expr *parse_in(struct wb_parser *p, struct wb_expr *left)
{
    struct wb_expr *e = wb_parser_node(p, WB_EX_IN);
    wb_parser_operator(p);
    wb_parser_add(p, e, left);
    wb_parser_expect(p, "(");
    do
        wb_parser_add(p, e, wb_parser_operand(p));
    while (wb_parser_sign(p, ","));
    wb_parser_expect(p, ")");
    return e;
}

static struct wb_expr *parse_compare(struct wb_parser *p)
{
    struct wb_expr *left = parse_unit(p), *e;
    if (wb_parser_failed(p) || !is_operand(left))
        return left;
    int kind = comparator(p);
    if (kind >= 0) {
        e = wb_parser_node(p, (enum wb_expr_kind)kind);
        wb_parser_operator(p);
        wb_parser_add(p, e, left);
        wb_parser_add(p, e, wb_parser_operand(p));
        return e;
    }
    if (take_word(p, "BETWEEN")) {
        e = wb_parser_node(p, WB_EX_BETWEEN);
        wb_parser_operator(p);
        wb_parser_add(p, e, left);
        wb_parser_add(p, e, wb_parser_operand(p));
        if (!take_word(p, "AND") && !wb_parser_failed(p))
            wb_parser_syntax(p);
        wb_parser_add(p, e, wb_parser_operand(p));
        return e;
    }
    if (take_word(p, "IN"))
        return parse_in(p, left);
    return left;
}

static void need_condition(struct wb_parser *p, const struct wb_expr *e)
{
    if (!wb_parser_failed(p) && !is_condition(e))
        wb_parser_syntax(p);
}

static struct wb_expr *parse_not(struct wb_parser *p)
{
    if (!wb_parser_enter(p)) {
        p->depth--;
        return wb_parser_node(p, WB_EX_PATH);
    }
    struct wb_expr *e;
    if (take_word(p, "NOT")) {
        wb_parser_operator(p);
        e = wb_parser_node(p, WB_EX_NOT);
        wb_parser_add(p, e, parse_not(p));
        need_condition(p, e->arg[0]);
    } else {
        e = parse_compare(p);
    }
    p->depth--;
    return e;
}

/* AND and OR of many are one node with many arguments: a flat list stays flat. */
static struct wb_expr *parse_chain(struct wb_parser *p, const char *word, enum wb_expr_kind kind,
                                   struct wb_expr *(*next)(struct wb_parser *))
{
    struct wb_expr *first = next(p), *e = NULL;
    while (!wb_parser_failed(p) && wb_parser_is_word(p, word)) {
        need_condition(p, first);
        p->at++;
        wb_parser_operator(p);
        if (!e) {
            e = wb_parser_node(p, kind);
            wb_parser_add(p, e, first);
        }
        struct wb_expr *more = next(p);
        need_condition(p, more);
        wb_parser_add(p, e, more);
    }
    return e ? e : first;
}

static struct wb_expr *parse_and(struct wb_parser *p)
{
    return parse_chain(p, "AND", WB_EX_AND, parse_not);
}

static struct wb_expr *parse_or(struct wb_parser *p)
{
    return parse_chain(p, "OR", WB_EX_OR, parse_and);
}

struct wb_expr *wb_parser_condition(struct wb_parser *p)
{
    struct wb_expr *e = parse_or(p);
    if (!wb_parser_failed(p) && (wb_parser_peek(p)->kind != WB_TOK_END || !is_condition(e)))
        wb_parser_syntax(p);
    return e;
}
