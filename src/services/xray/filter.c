/* Parsing filter expressions. */
#include "base/limits.h"
#include "services/xray/filter_impl.h"
#include <stdlib.h>

#define CAUSE "rootcause."

struct parse {
    struct wb_arena *a;
    struct wb_slice s;
    size_t at;
    unsigned depth;
    enum { OUTSIDE, IN_SERVICE, IN_CAUSE } inside; /* whose braces */
    const struct xray_groups *groups;
    unsigned group_depth;
    const char *bad;
};

static void fail(struct parse *p, const char *why)
{
    if (!p->bad)
        p->bad = why;
}

static void blank(struct parse *p)
{
    while (p->at < p->s.n && memchr(" \t\r\n", p->s.p[p->at], 4))
        p->at++;
}

static bool at_end(struct parse *p)
{
    blank(p);
    return p->at >= p->s.n;
}

static char peek(struct parse *p)
{
    return at_end(p) ? '\0' : p->s.p[p->at];
}

static bool take(struct parse *p, char c)
{
    if (peek(p) != c || at_end(p))
        return false;
    p->at++;
    return true;
}

static void need(struct parse *p, char c, const char *why)
{
    if (!take(p, c))
        fail(p, why);
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

/* The word that comes next, without taking it. */
static struct wb_slice word(struct parse *p)
{
    blank(p);
    size_t end = p->at;
    while (end < p->s.n && word_char(p->s.p[end]))
        end++;
    return wb_slice_sub(p->s, p->at, end);
}

static bool take_word(struct parse *p, const char *w)
{
    struct wb_slice next = word(p);
    if (!wb_slice_ieq(next, wb_slice_str(w)))
        return false;
    p->at += next.n;
    return true;
}

static struct wb_slice quoted(struct parse *p)
{
    struct wb_buf b = wb_buf_in(p->a);
    char end = peek(p);
    if (end != '"' && end != '\'') {
        fail(p, "a quoted string is expected");
        return WB_SLICE_NULL;
    }
    for (p->at++; p->at < p->s.n && p->s.p[p->at] != end; p->at++) {
        p->at += p->s.p[p->at] == '\\' && p->at + 1 < p->s.n;
        wb_buf_char(&b, p->s.p[p->at]);
    }
    if (p->at++ >= p->s.n)
        fail(p, "a string has no end");
    return b.n ? wb_buf_slice(&b) : WB_S("");
}

/* --- values --- */

static bool number(struct wb_slice s, double *out)
{
    char text[64], *end;
    if (s.n == 0 || s.n >= sizeof text || !memchr("-.0123456789", s.p[0], 12))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = strtod(text, &end);
    return end == text + s.n && *out - *out == 0;
}

static void value(struct parse *p, struct xray_value *v)
{
    char c = peek(p);
    if (c == '"' || c == '\'') {
        v->kind = VALUE_STRING;
        v->text = quoted(p);
        return;
    }
    struct wb_slice w = word(p);
    p->at += w.n;
    if (wb_slice_ieq(w, WB_S("true")) || wb_slice_ieq(w, WB_S("false"))) {
        v->kind = VALUE_BOOL;
        v->truth = w.n == 4;
    } else if (number(w, &v->number)) {
        v->kind = VALUE_NUMBER;
    } else {
        fail(p, "a string, a number, true or false is expected");
    }
}

static enum xray_op operator(struct parse *p) {
    static const struct {const char * text; enum xray_op op;}
signs[] = {{"!=", OP_NE}, {"<=", OP_LE}, {">=", OP_GE}, {"=", OP_EQ}, {"<", OP_LT}, {">", OP_GT}},
    words[] = {{"CONTAINS", OP_CONTAINS}, {"BEGINSWITH", OP_BEGINS}, {"ENDSWITH", OP_ENDS}};
blank(p);
for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    struct wb_slice sign = wb_slice_str(signs[i].text);
    if (wb_slice_starts(wb_slice_sub(p->s, p->at, p->s.n), sign)) {
        p->at += sign.n;
        return signs[i].op;
    }
}
for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (take_word(p, words[i].text))
        return words[i].op;
return OP_NONE;
}

/* --- service() and edge() --- */

static struct xray_filter *join(struct parse *p, enum xray_node_kind kind, struct xray_filter *left,
                                struct xray_filter *right)
{
    struct xray_filter *n = wb_new(p->a, struct xray_filter);
    *n = (struct xray_filter){.kind = kind, .left = left, .right = right};
    return n;
}

static void selector(struct parse *p, struct xray_selector *s)
{
    if (!take_word(p, "id")) {
        s->name = quoted(p);
        return;
    }
    need(p, '(', "id needs an opening bracket");
    while (!p->bad && peek(p) != ')') {
        struct wb_slice *to = take_word(p, "name")         ? &s->name
                              : take_word(p, "type")       ? &s->type
                              : take_word(p, "account.id") ? &s->account
                                                           : NULL;
        if (!to) {
            fail(p, "id takes name, type and account.id");
            return;
        }
        if (!take(p, ':'))
            need(p, '=', "id needs a colon behind name, type or account.id");
        *to = quoted(p);
        if (!take(p, ','))
            break;
    }
    need(p, ')', "id needs a closing bracket");
}

static struct xray_filter *expression(struct parse *p);

/* Behind an opening brace. */
static void braces(struct parse *p, struct xray_filter *n, int inside)
{
    p->inside = inside;
    if (peek(p) != '}')
        n->left = expression(p);
    p->inside = OUTSIDE;
    need(p, '}', "a closing brace is missing");
}

static struct xray_filter *complex(struct parse *p, bool edge)
{
    struct xray_filter *n = wb_new(p->a, struct xray_filter);
    n->kind = edge ? NODE_EDGE : NODE_SERVICE;
    if (p->inside)
        fail(p, "service and edge cannot stand in braces");
    need(p, '(', "service and edge need an opening bracket");
    if (peek(p) != ')') {
        selector(p, edge ? &n->from : &n->to);
        if (edge && take(p, ','))
            selector(p, &n->to);
    }
    need(p, ')', "service and edge need a closing bracket");
    if (p->bad || !take(p, '{'))
        return n;
    braces(p, n, IN_SERVICE);
    return n;
}

/* --- root causes --- */

/* An array or object of JSON: where it ends is where its brackets are closed. */
static struct wb_slice json_literal(struct parse *p)
{
    size_t depth = 0, i = p->at;
    bool text = false;
    for (; i < p->s.n; i++) {
        char c = p->s.p[i];
        if (c == '"')
            text = !text;
        else if (text)
            i += c == '\\';
        else if (c == '[' || c == '{')
            depth++;
        else if ((c == ']' || c == '}') && --depth == 0)
            break;
        if (depth == 0)
            break;
    }
    struct wb_slice json = wb_slice_sub(p->s, p->at, i + 1);
    p->at = i < p->s.n ? i + 1 : p->s.n;
    return json;
}

static struct xray_filter *cause_json(struct parse *p)
{
    struct xray_filter *n = wb_new(p->a, struct xray_filter);
    n->kind = NODE_CAUSE_JSON;
    n->op = operator(p);
    if (n->op == OP_NONE)
        return n;
    if (n->op != OP_EQ && n->op != OP_NE)
        fail(p, "root causes are compared by = and !=");
    need(p, '#', "a hash sign and JSON are expected");
    if (p->bad)
        return n;
    blank(p);
    n->json = wb_json_read(p->a, json_literal(p), NULL);
    if (!wb_json_is(n->json))
        fail(p, "the JSON is wrong");
    return n;
}

/* Behind "rootcause.": the kind, a dot, the part. */
static struct xray_filter *cause(struct parse *p, struct wb_slice what)
{
    static const char *const kinds[] = {"fault", "error", "responsetime"}, *const parts[] = {
                                                                               "service", "entity",
                                                                               "exception"};
    struct xray_filter *n = wb_new(p->a, struct xray_filter);
    struct wb_slice kind = wb_slice_cut(&what, '.');
    size_t k = 0, i = 0;
    if (p->inside != OUTSIDE)
        fail(p, "root causes cannot stand in braces");
    if (wb_slice_ieq(kind, WB_S("json")) && !what.p)
        return cause_json(p);
    while (k < 3 && !wb_slice_ieq(kind, wb_slice_str(kinds[k])))
        k++;
    while (i < 3 && !wb_slice_ieq(what, wb_slice_str(parts[i])))
        i++;
    if (k == 3 || i == 3) {
        fail(p, "rootcause needs fault, error or responsetime, and service, entity or exception");
        return n;
    }
    *n = (struct xray_filter){
        .kind = NODE_CAUSE, .cause = (enum xray_cause_kind)k, .part = (enum xray_cause_part)i};
    if (!p->bad && take(p, '{'))
        braces(p, n, IN_CAUSE);
    return n;
}

/* --- groups --- */

static struct xray_filter *compile(struct parse *p);

static struct xray_filter *group(struct parse *p, bool by_arn)
{
    enum xray_op op = operator(p);
    struct wb_slice which = op == OP_NONE ? WB_SLICE_NULL : quoted(p), text = WB_SLICE_NULL;
    struct xray_filter *n = wb_new(p->a, struct xray_filter);
    n->kind = NODE_ALL;
    if (op != OP_EQ && op != OP_NE)
        fail(p, "a group is compared by = and != with a quoted string");
    if (p->group_depth >= WB_XRAY_FILTER_GROUPS)
        fail(p, "groups that name each other");
    if (p->bad)
        return n;
    if (p->groups)
        text = p->groups->filter(p->groups->arg, by_arn ? WB_SLICE_NULL : which,
                                 by_arn ? which : WB_SLICE_NULL);
    struct parse inner = {
        .a = p->a, .s = text, .groups = p->groups, .group_depth = p->group_depth + 1};
    struct xray_filter *of = compile(&inner);
    if (inner.bad)
        fail(p, inner.bad);
    if (!text.p) /* it is not there: nothing is in it */
        of = join(p, NODE_NOT, n, NULL);
    return op == OP_EQ ? of : join(p, NODE_NOT, of, NULL);
}

/* --- keywords --- */

static bool keyword(struct parse *p, struct wb_slice w, enum xray_keyword *key)
{
    static const struct {
        const char *name;
        enum xray_keyword key;
    } all[] = {{"ok", KEY_OK},
               {"error", KEY_ERROR},
               {"throttle", KEY_THROTTLE},
               {"fault", KEY_FAULT},
               {"partial", KEY_PARTIAL},
               {"inferred", KEY_INFERRED},
               {"remote", KEY_REMOTE},
               {"root", KEY_ROOT},
               {"first", KEY_FIRST},
               {"last", KEY_LAST},
               {"index", KEY_INDEX},
               {"coverage", KEY_COVERAGE},
               {"responsetime", KEY_RESPONSE_TIME},
               {"duration", KEY_DURATION},
               {"http.status", KEY_STATUS},
               {"http.url", KEY_URL},
               {"http.method", KEY_METHOD},
               {"http.useragent", KEY_USER_AGENT},
               {"http.clientip", KEY_CLIENT_IP},
               {"user", KEY_USER},
               {"name", KEY_NAME},
               {"type", KEY_TYPE},
               {"message", KEY_MESSAGE},
               {"availabilityzone", KEY_ZONE},
               {"instance.id", KEY_INSTANCE},
               {"resource.arn", KEY_ARN}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (wb_slice_ieq(w, wb_slice_str(all[i].name))) {
            p->at += w.n;
            *key = all[i].key;
            return true;
        }
    return false;
}

/* annotation.KEY or annotation[KEY], the key in quotes or not. */
static struct wb_slice annotation(struct parse *p, struct wb_slice w)
{
    static const char prefix[] = "annotation.";
    size_t n = sizeof prefix - 1;
    p->at += w.n;
    if (w.n > n)
        return wb_slice_sub(w, n, w.n);
    if (w.n == n)
        fail(p, "annotation needs a key");
    need(p, '[', "annotation needs a key");
    char c = peek(p);
    struct wb_slice key = c == '"' || c == '\'' ? quoted(p) : word(p);
    if (c != '"' && c != '\'')
        p->at += key.n;
    need(p, ']', "annotation needs a closing bracket");
    if (!key.n)
        fail(p, "annotation needs a key");
    return key;
}

static bool is_annotation(struct wb_slice w)
{
    return wb_slice_ieq(w, WB_S("annotation")) ||
           wb_slice_ieq(wb_slice_sub(w, 0, 11), WB_S("annotation."));
}

/* Whether operator and value suit the keyword. */
static void check(struct parse *p, struct xray_filter *n)
{
    bool text = n->op == OP_CONTAINS || n->op == OP_BEGINS || n->op == OP_ENDS,
         order = n->op >= OP_LT && n->op <= OP_GE;
    if (n->keyword == KEY_ANNOTATION) {
        if ((text && n->value.kind != VALUE_STRING) || (order && n->value.kind != VALUE_NUMBER))
            fail(p, "the operator does not suit the value");
    } else if (n->keyword >= KEY_FIRST_STRING) {
        if (order || n->value.kind != VALUE_STRING)
            fail(p, "the keyword is compared with strings");
    } else if (n->keyword >= KEY_FIRST_NUMBER) {
        if (text || n->value.kind != VALUE_NUMBER)
            fail(p, "the keyword is compared with numbers");
    } else if ((n->op != OP_EQ && n->op != OP_NE) || n->value.kind != VALUE_BOOL) {
        fail(p, "the keyword is compared with true or false");
    }
}

/* Some keywords are about root causes only, and root causes have only some. */
static void check_place(struct parse *p, enum xray_keyword key)
{
    bool only = key == KEY_FIRST || key == KEY_LAST || key == KEY_INDEX || key == KEY_COVERAGE,
         both = key == KEY_NAME || key == KEY_TYPE || key == KEY_MESSAGE || key == KEY_INFERRED ||
                key == KEY_REMOTE || key == KEY_ROOT;
    if (only && p->inside != IN_CAUSE)
        fail(p, "first, last, index and coverage stand in the braces of a root cause");
    else if (!only && !both && p->inside == IN_CAUSE)
        fail(p, "the keyword is not about root causes");
}

static struct xray_filter *test(struct parse *p)
{
    struct xray_filter *n = wb_new(p->a, struct xray_filter);
    struct wb_slice w = word(p);
    n->kind = NODE_TEST;
    if (is_annotation(w)) {
        n->keyword = KEY_ANNOTATION;
        n->annotation = annotation(p, w);
    } else if (!keyword(p, w, &n->keyword)) {
        fail(p, w.n ? "an unknown keyword" : "a keyword is expected");
    }
    if (!p->bad)
        check_place(p, n->keyword);
    if (p->bad)
        return n;
    n->op = operator(p);
    if (n->op != OP_NONE) {
        value(p, &n->value);
        check(p, n);
    } else if (n->keyword >= KEY_FIRST_NUMBER && n->keyword < KEY_FIRST_STRING) {
        fail(p, "the keyword needs a comparison");
    }
    return n;
}

/* --- expressions --- */

static struct xray_filter *unit(struct parse *p)
{
    struct xray_filter *n;
    if (++p->depth > WB_XRAY_FILTER_DEPTH) {
        fail(p, "too deeply nested");
        return NULL;
    }
    if (take(p, '!') || take_word(p, "NOT")) {
        n = join(p, NODE_NOT, unit(p), NULL);
    } else if (take(p, '(')) {
        n = expression(p);
        need(p, ')', "a closing bracket is missing");
    } else if (take_word(p, "service")) {
        n = complex(p, false);
    } else if (take_word(p, "edge")) {
        n = complex(p, true);
    } else if (take_word(p, "group.name")) {
        n = group(p, false);
    } else if (take_word(p, "group.arn")) {
        n = group(p, true);
    } else if (wb_slice_ieq(wb_slice_sub(word(p), 0, sizeof CAUSE - 1), WB_S(CAUSE))) {
        struct wb_slice w = word(p);
        p->at += w.n;
        n = cause(p, wb_slice_sub(w, sizeof CAUSE - 1, w.n));
    } else {
        n = test(p);
    }
    p->depth--;
    return n;
}

static bool is_word(struct parse *p, const char *w)
{
    return wb_slice_ieq(word(p), wb_slice_str(w));
}

/* Terms joined by AND, said or not. */
static struct xray_filter *conjunction(struct parse *p)
{
    struct xray_filter *n = unit(p);
    while (!p->bad && !at_end(p) && peek(p) != ')' && peek(p) != '}' && !is_word(p, "OR")) {
        take_word(p, "AND");
        n = join(p, NODE_AND, n, unit(p));
    }
    return n;
}

static struct xray_filter *expression(struct parse *p)
{
    struct xray_filter *n = conjunction(p);
    while (!p->bad && take_word(p, "OR"))
        n = join(p, NODE_OR, n, conjunction(p));
    return n;
}

/* An empty one takes all. */
static struct xray_filter *compile(struct parse *p)
{
    if (at_end(p))
        return wb_new(p->a, struct xray_filter); /* NODE_ALL */
    struct xray_filter *f = expression(p);
    if (!p->bad && !at_end(p))
        fail(p, "a bracket too many");
    return f;
}

struct xray_filter *xray_filter_compile(struct wb_arena *a, struct wb_slice text,
                                        const struct xray_groups *groups, struct wb_slice *why)
{
    struct parse p = {.a = a, .s = text, .groups = groups};
    if (text.n > WB_XRAY_FILTER_MAX) {
        *why = WB_S("the expression is too long");
        return NULL;
    }
    struct xray_filter *f = compile(&p);
    if (!p.bad)
        return f;
    *why = wb_printf(a, "%s at character %zu", p.bad, (p.at < text.n ? p.at : text.n) + 1);
    return NULL;
}
