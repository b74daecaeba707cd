/* Conditions of JSON and space-delimited patterns: parsing and comparing. */
#include "services/logs/pattern_impl.h"
#include <stdlib.h>

void logs_blank(struct logs_parse *p)
{
    while (p->at < p->s.n && strchr(" \t\r\n", p->s.p[p->at]) && p->s.p[p->at])
        p->at++;
}

bool logs_take(struct logs_parse *p, const char *word)
{
    logs_blank(p);
    struct wb_slice w = wb_slice_str(word);
    if (!wb_slice_starts(wb_slice_sub(p->s, p->at, p->s.n), w))
        return false;
    p->at += w.n;
    return true;
}

static char peek(struct logs_parse *p)
{
    logs_blank(p);
    return p->at < p->s.n ? p->s.p[p->at] : '\0';
}

bool logs_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool logs_number(struct wb_slice s, double *out)
{
    char text[64], *end;
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
    if (s.n == 0 || s.n >= sizeof text || i == s.n || (!is_digit(s.p[i]) && s.p[i] != '.'))
        return false;
    for (size_t k = i; k < s.n; k++)
        if (!is_digit(s.p[k]) && !memchr("+-.eE", s.p[k], 5))
            return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = strtod(text, &end);
    return end == text + s.n;
}

/* --- values --- */

/* What the User Guide allows in an expression, "Supported regular expressions (regex) syntax":
 * letters, digits, these symbols and operators. There are no groups; anything else is escaped. */
static bool regex_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr(":_#=@/;,-^$?[]{}|\\*+.", c));
}

/* Between percent signs; it may match any part of the text. */
struct wb_regex *logs_regex(struct logs_parse *p)
{
    size_t from = ++p->at, end = from;
    const char *why;
    for (; end < p->s.n && p->s.p[end] != '%'; end++) {
        char c = p->s.p[end];
        p->bad |= !regex_char(c);
        end += c == '\\' && end + 1 < p->s.n;
    }
    struct wb_slice text = wb_slice_sub(p->s, from, end);
    p->at = end + 1;
    if (p->bad || end >= p->s.n || text.n == 0 || ++p->regexes > 2) {
        p->bad = true;
        return NULL;
    }
    text = wb_printf(p->a, "[\\s\\S]*(?:%.*s)[\\s\\S]*", WB_FMT(text));
    struct wb_regex *r = wb_regex_compile(p->a, text, &why);
    p->bad |= !r;
    return r;
}

bool logs_regex_match(struct wb_regex *r, struct wb_slice text)
{
    enum wb_regex_result result = wb_regex_match(r, text);
    if (result == WB_REGEX_COSTLY) {
        wb_regex_renew(r);
        result = wb_regex_match(r, text);
    }
    return result == WB_REGEX_YES;
}

static struct wb_slice quoted(struct logs_parse *p)
{
    struct wb_buf b = wb_buf_in(p->a);
    for (p->at++; p->at < p->s.n && p->s.p[p->at] != '"'; p->at++) {
        if (p->s.p[p->at] == '\\' && p->at + 1 < p->s.n &&
            (p->s.p[p->at + 1] == '"' || p->s.p[p->at + 1] == '\\'))
            p->at++;
        wb_buf_char(&b, p->s.p[p->at]);
    }
    p->bad |= p->at++ >= p->s.n;
    return b.n ? wb_buf_slice(&b) : WB_S("");
}

void logs_value(struct logs_parse *p, struct logs_value *v)
{
    char c = peek(p);
    if (c == '%') {
        v->regex = logs_regex(p);
        return;
    }
    if (c == '"') {
        v->quoted = true;
        v->text = quoted(p);
        return;
    }
    size_t from = p->at;
    const char *ends = p->fields ? " \t\r\n,])(&|" : " \t\r\n})(&|";
    while (p->at < p->s.n && !memchr(ends, p->s.p[p->at], strlen(ends)))
        p->at++;
    v->text = wb_slice_sub(p->s, from, p->at);
    v->is_number = logs_number(v->text, &v->number);
    p->bad |= v->text.n == 0;
}

/* --- JSON selectors: $.a.b[0]['c d'].* --- */

static struct logs_step *bracket(struct logs_parse *p)
{
    struct logs_step *s = wb_new(p->a, struct logs_step);
    char c = peek(p);
    if (c == '*') {
        p->at++;
        s->any = true;
    } else if (c == '\'' || c == '"') {
        size_t from = ++p->at;
        while (p->at < p->s.n && p->s.p[p->at] != c)
            p->at++;
        s->name = wb_slice_sub(p->s, from, p->at++);
        p->bad |= p->at > p->s.n;
    } else {
        size_t from = p->at;
        uint64_t i = 0;
        while (p->at < p->s.n && is_digit(p->s.p[p->at]))
            p->at++;
        p->bad |= !wb_slice_u64(wb_slice_sub(p->s, from, p->at), &i) || i > UINT32_MAX;
        s->index = (uint32_t)i;
    }
    p->bad |= !logs_take(p, "]");
    return s;
}

static struct logs_step *member(struct logs_parse *p)
{
    struct logs_step *s = wb_new(p->a, struct logs_step);
    size_t from = p->at;
    while (p->at < p->s.n && (logs_name_char(p->s.p[p->at]) || memchr("@:/#", p->s.p[p->at], 4)))
        p->at++;
    s->name = wb_slice_sub(p->s, from, p->at);
    if (s->name.n == 0 && p->at < p->s.n && p->s.p[p->at] == '*') {
        p->at++;
        s->any = true;
    }
    p->bad |= s->name.n == 0 && !s->any;
    return s;
}

struct logs_step *logs_selector(struct logs_parse *p)
{
    struct logs_step *first = NULL, **end = &first;
    p->bad |= !logs_take(p, "$");
    while (!p->bad && p->at < p->s.n) {
        char c = p->s.p[p->at];
        if (c != '.' && c != '[')
            break;
        p->at++;
        if (c == '.' && p->at < p->s.n && p->s.p[p->at] == '[')
            p->at++, c = '[';
        *end = c == '[' ? bracket(p) : member(p);
        end = &(*end)->next;
    }
    p->bad |= !first;
    return first;
}

/* --- conditions --- */

static bool operator(struct logs_parse *p, enum logs_op *op)
{
    static const struct {
        const char *text;
        enum logs_op op;
    } all[] = {{"!=", OP_NE}, {"<=", OP_LE}, {">=", OP_GE}, {"==", OP_EQ},
               {"=", OP_EQ},  {"<", OP_LT},  {">", OP_GT}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (logs_take(p, all[i].text)) {
            *op = all[i].op;
            return true;
        }
    return false;
}

static bool state_operator(struct logs_parse *p, enum logs_op *op)
{
    if (logs_take(p, "NOT"))
        *op = OP_NOT_EXISTS, p->bad |= !logs_take(p, "EXISTS");
    else if (logs_take(p, "EXISTS"))
        *op = OP_EXISTS;
    else if (!logs_take(p, "IS"))
        return false;
    else if (logs_take(p, "NULL"))
        *op = OP_NULL;
    else if (logs_take(p, "TRUE"))
        *op = OP_TRUE;
    else if (logs_take(p, "FALSE"))
        *op = OP_FALSE;
    else
        return false;
    return true;
}

static void field_name(struct logs_parse *p)
{
    size_t from = (logs_blank(p), p->at);
    while (p->at < p->s.n && logs_name_char(p->s.p[p->at]))
        p->at++;
    p->bad |= !wb_slice_eq(wb_slice_sub(p->s, from, p->at), p->field);
}

static struct logs_node *test(struct logs_parse *p)
{
    struct logs_node *n = wb_new(p->a, struct logs_node);
    double x;
    n->kind = NODE_TEST;
    if (p->fields) {
        field_name(p);
    } else {
        size_t from = (logs_blank(p), p->at);
        n->path = logs_selector(p);
        n->selector = wb_slice_sub(p->s, from, p->at);
    }
    if (p->bad || (!p->fields && state_operator(p, &n->op)))
        return n;
    if (!operator(p, &n->op)) {
        p->bad = true;
        return n;
    }
    logs_value(p, &n->value);
    if (!p->bad && n->op != OP_EQ && n->op != OP_NE)
        p->bad = n->value.quoted || n->value.regex || !logs_number(n->value.text, &x);
    return n;
}

static struct logs_node *unit(struct logs_parse *p)
{
    struct logs_node *n;
    if (!logs_take(p, "("))
        return test(p);
    if (++p->depth > WB_LOGS_PATTERN_DEPTH) {
        p->bad = true;
        return NULL;
    }
    n = logs_expr(p);
    p->depth--;
    p->bad |= !logs_take(p, ")");
    return n;
}

static struct logs_node *join(struct logs_parse *p, enum logs_node_kind kind,
                              struct logs_node *left, struct logs_node *right)
{
    struct logs_node *n = wb_new(p->a, struct logs_node);
    *n = (struct logs_node){.kind = kind, .left = left, .right = right};
    return n;
}

static struct logs_node *conjunction(struct logs_parse *p)
{
    struct logs_node *n = unit(p);
    while (!p->bad && logs_take(p, "&&"))
        n = join(p, NODE_AND, n, unit(p));
    return n;
}

struct logs_node *logs_expr(struct logs_parse *p)
{
    struct logs_node *n = conjunction(p);
    while (!p->bad && logs_take(p, "||"))
        n = join(p, NODE_OR, n, conjunction(p));
    return n;
}

/* --- comparing --- */

/* "*" stands for any text. */
static bool glob(struct wb_slice p, struct wb_slice s)
{
    size_t i = 0, k = 0, star = SIZE_MAX, mark = 0;
    while (k < s.n) {
        if (i < p.n && p.p[i] == '*') {
            star = i++;
            mark = k;
        } else if (i < p.n && p.p[i] == s.p[k]) {
            i++, k++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            k = ++mark;
        } else {
            return false;
        }
    }
    while (i < p.n && p.p[i] == '*')
        i++;
    return i == p.n;
}

bool logs_value_is(const struct logs_value *v, struct wb_slice text)
{
    return v->regex ? logs_regex_match(v->regex, text) : glob(v->text, text);
}

bool logs_compare_number(const struct logs_node *n, double x)
{
    double y = n->value.number;
    switch (n->op) {
    case OP_EQ:
        return x == y;
    case OP_NE:
        return x != y;
    case OP_LT:
        return x < y;
    case OP_GT:
        return x > y;
    case OP_LE:
        return x <= y;
    default:
        return n->op == OP_GE && x >= y;
    }
}

bool logs_compare_text(const struct logs_node *n, struct wb_slice text)
{
    double x;
    if (n->value.is_number && logs_number(text, &x))
        return logs_compare_number(n, x);
    if (n->op == OP_EQ || n->op == OP_NE)
        return logs_value_is(&n->value, text) == (n->op == OP_EQ);
    return false;
}

static bool test_json(const struct logs_node *n, struct wb_json v, struct wb_arena *a)
{
    enum wb_json_type t = wb_json_type(v);
    double x;
    switch (n->op) {
    case OP_NULL:
        return t == WB_JSON_NULL;
    case OP_TRUE:
        return t == WB_JSON_TRUE;
    case OP_FALSE:
        return t == WB_JSON_FALSE;
    case OP_EXISTS:
        return true;
    default:
        break;
    }
    if (t == WB_JSON_STRING)
        return logs_compare_text(n, wb_json_str(v, a));
    if (t == WB_JSON_NUMBER && n->value.is_number && wb_json_double(v, &x))
        return logs_compare_number(n, x);
    if (t == WB_JSON_NUMBER || t == WB_JSON_TRUE || t == WB_JSON_FALSE)
        return logs_compare_text(n, wb_json_raw(v));
    return false;
}

static struct wb_json step_into(const struct logs_step *s, struct wb_json v)
{
    if (s->name.p)
        return wb_json_get_slice(v, s->name);
    return wb_json_type(v) == WB_JSON_ARRAY ? wb_json_item(v, s->index) : WB_JSON_NONE;
}

/* Any value that the path leads to. */
static bool walk(const struct logs_node *n, const struct logs_step *s, struct wb_json v,
                 struct wb_arena *a)
{
    for (; s && wb_json_is(v); s = s->next) {
        if (s->any) {
            struct wb_json_iter it = wb_json_iter(v);
            while (wb_json_next(&it))
                if (walk(n, s->next, it.value, a))
                    return true;
            return false;
        }
        v = step_into(s, v);
    }
    return wb_json_is(v) && test_json(n, v, a);
}

bool logs_node_json(const struct logs_node *n, struct wb_json root, struct wb_arena *a)
{
    if (n->kind == NODE_AND)
        return logs_node_json(n->left, root, a) && logs_node_json(n->right, root, a);
    if (n->kind == NODE_OR)
        return logs_node_json(n->left, root, a) || logs_node_json(n->right, root, a);
    if (n->op != OP_NOT_EXISTS)
        return walk(n, n->path, root, a);
    struct logs_node there = {.kind = NODE_TEST, .op = OP_EXISTS, .path = n->path};
    return !walk(&there, n->path, root, a);
}

bool logs_path_text(const struct logs_step *path, struct wb_json root, struct wb_arena *a,
                    struct wb_slice *out)
{
    for (const struct logs_step *s = path; s && wb_json_is(root); s = s->next) {
        if (s->any) {
            struct wb_json_iter it = wb_json_iter(root);
            while (wb_json_next(&it))
                if (logs_path_text(s->next, it.value, a, out))
                    return true;
            return false;
        }
        root = step_into(s, root);
    }
    switch (wb_json_type(root)) {
    case WB_JSON_STRING:
        *out = wb_json_str(root, a);
        return true;
    case WB_JSON_NUMBER:
    case WB_JSON_TRUE:
    case WB_JSON_FALSE:
        *out = wb_json_raw(root);
        return true;
    default:
        return false;
    }
}
