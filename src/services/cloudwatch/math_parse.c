/* Metric math's grammar, by recursive descent; depth and number of nodes are bounded. */
#include "services/cloudwatch/metric_math.h"

#include "base/limits.h"

#include <stdlib.h>

struct parser {
    struct wb_arena *a;
    struct wb_slice text;
    size_t at;
    unsigned depth, nodes;
    struct wb_slice why;
};

static struct math_node *parse_or(struct parser *p);

static struct math_node *wrong(struct parser *p, const char *what)
{
    if (!p->why.p)
        p->why = wb_printf(p->a, "%s at position %zu", what, p->at + 1);
    return NULL;
}

static struct math_node *node(struct parser *p, enum math_node_kind kind)
{
    if (++p->nodes > WB_MATH_NODES_MAX)
        return wrong(p, "The expression has too many parts");
    struct math_node *n = wb_new(p->a, struct math_node);
    n->kind = kind;
    return n;
}

static void blanks(struct parser *p)
{
    while (p->at < p->text.n && strchr(" \t\r\n", p->text.p[p->at]))
        p->at++;
}

static char peek(struct parser *p)
{
    blanks(p);
    return p->at < p->text.n ? p->text.p[p->at] : 0;
}

static bool take(struct parser *p, char c)
{
    if (peek(p) != c)
        return false;
    p->at++;
    return true;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool take_text(struct parser *p, const char *s)
{
    size_t n = strlen(s);
    blanks(p);
    if (p->text.n - p->at < n || memcmp(p->text.p + p->at, s, n) != 0)
        return false;
    if (is_name_char(s[n - 1]) && p->at + n < p->text.n && is_name_char(p->text.p[p->at + n]))
        return false;
    p->at += n;
    return true;
}

static void add_child(struct math_node *parent, struct math_node *child)
{
    struct math_node **end = &parent->child;
    while (*end)
        end = &(*end)->next;
    *end = child;
    parent->children++;
}

/* Elements up to the closing character. */
static struct math_node *elements(struct parser *p, struct math_node *n, char close)
{
    struct math_node **end = &n->child;
    if (take(p, close))
        return n;
    do {
        struct math_node *e = parse_or(p);
        if (!e)
            return NULL;
        *end = e;
        end = &e->next;
        n->children++;
    } while (take(p, ','));
    return take(p, close) ? n : wrong(p, close == ')' ? "Missing ')'" : "Missing ']'");
}

static struct math_node *parse_number(struct parser *p)
{
    char buf[64], *end;
    size_t n = 0;
    while (p->at + n < p->text.n && n + 1 < sizeof buf) {
        char c = p->text.p[p->at + n];
        bool exponent = n > 0 && (buf[n - 1] == 'e' || buf[n - 1] == 'E');
        if ((c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' &&
            !(exponent && (c == '+' || c == '-')))
            break;
        buf[n++] = c;
    }
    buf[n] = 0;
    double v = strtod(buf, &end);
    if (end == buf)
        return wrong(p, "Unexpected character");
    struct math_node *number = node(p, MATH_NUMBER);
    if (number)
        number->number = v;
    p->at += (size_t)(end - buf);
    return number;
}

/* A text in quotes of one kind; the other kind may be inside, a backslash takes the next as it is.
 */
static struct math_node *parse_text(struct parser *p, char quote)
{
    size_t from = ++p->at;
    while (p->at < p->text.n && p->text.p[p->at] != quote)
        p->at += p->text.p[p->at] == '\\' ? 2 : 1;
    if (p->at >= p->text.n)
        return wrong(p, "A text has no end");
    struct math_node *n = node(p, MATH_TEXT);
    if (n)
        n->text = wb_slice_sub(p->text, from, p->at);
    p->at++;
    return n;
}

static struct math_node *parse_primary(struct parser *p)
{
    char c = peek(p);
    if (c == '\'' || c == '"')
        return parse_text(p, c);
    if (take(p, '(')) {
        struct math_node *n = parse_or(p);
        return !n || take(p, ')') ? n : wrong(p, "Missing ')'");
    }
    if (take(p, '[')) {
        struct math_node *n = node(p, MATH_LIST);
        return n ? elements(p, n, ']') : NULL;
    }
    if (c == '.' || (c >= '0' && c <= '9'))
        return parse_number(p);
    size_t from = p->at;
    while (p->at < p->text.n && is_name_char(p->text.p[p->at]))
        p->at++;
    if (p->at == from)
        return wrong(p, c ? "Unexpected character" : "Unexpected end");
    struct wb_slice name = wb_slice_sub(p->text, from, p->at);
    bool call = take(p, '(');
    struct math_node *n = node(p, call ? MATH_CALL : MATH_NAME);
    if (!n)
        return NULL;
    n->text = name;
    return call ? elements(p, n, ')') : n;
}

static struct math_node *binary(struct parser *p, enum math_op op, struct math_node *a,
                                struct math_node *b)
{
    struct math_node *n = a && b ? node(p, MATH_OPERATOR) : NULL;
    if (!n)
        return NULL;
    n->op = op;
    add_child(n, a);
    add_child(n, b);
    return n;
}

static struct math_node *parse_unary(struct parser *p)
{
    if (p->depth >= WB_MATH_DEPTH_MAX)
        return wrong(p, "The expression is nested too deeply");
    p->depth++;
    struct math_node *n;
    if (take(p, '-')) {
        struct math_node *of = parse_unary(p);
        n = of ? node(p, MATH_NEGATE) : NULL;
        if (n)
            add_child(n, of);
    } else {
        n = parse_primary(p);
        if (n && take(p, '^'))
            n = binary(p, MATH_POWER, n, parse_unary(p));
    }
    p->depth--;
    return n;
}

/* From the weakest to the strongest; the longest text of an operator first. */
static const struct {
    const char *text;
    enum math_op op;
} levels[][7] = {
    {{"||", MATH_OR}, {"OR", MATH_OR}},
    {{"&&", MATH_AND}, {"AND", MATH_AND}},
    {{"==", MATH_EQ},
     {"!=", MATH_NE},
     {"<=", MATH_LE},
     {">=", MATH_GE},
     {"<", MATH_LT},
     {">", MATH_GT}},
    {{"+", MATH_ADD}, {"-", MATH_SUBTRACT}},
    {{"*", MATH_MULTIPLY}, {"/", MATH_DIVIDE}},
};
#define LEVELS (sizeof levels / sizeof *levels)

static struct math_node *parse_level(struct parser *p, size_t level)
{
    if (level == LEVELS)
        return parse_unary(p);
    struct math_node *n = parse_level(p, level + 1);
    for (size_t i = 0; n && levels[level][i].text; i++)
        if (take_text(p, levels[level][i].text)) {
            n = binary(p, levels[level][i].op, n, parse_level(p, level + 1));
            i = SIZE_MAX; /* from the first again */
        }
    return n;
}

static struct math_node *parse_or(struct parser *p)
{
    if (p->depth >= WB_MATH_DEPTH_MAX)
        return wrong(p, "The expression is nested too deeply");
    p->depth++;
    struct math_node *n = parse_level(p, 0);
    p->depth--;
    return n;
}

struct math_node *math_parse(struct wb_arena *a, struct wb_slice text, struct wb_slice *why)
{
    struct parser p = {.a = a, .text = text};
    struct math_node *n = parse_or(&p);
    if (n && peek(&p))
        n = wrong(&p, "Unexpected character");
    *why = p.why;
    return n;
}
