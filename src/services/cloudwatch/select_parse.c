/* The grammar of Metrics Insights, by recursive descent; depth and number of terms are bounded. */
#include "services/cloudwatch/select.h"

static const char *const functions[] = {"AVG", "COUNT", "MAX", "MIN", "SUM"};
static const char *const keywords[] = {"SELECT", "FROM",  "SCHEMA", "WHERE", "AND",  "OR",
                                       "GROUP",  "ORDER", "BY",     "ASC",   "DESC", "LIMIT"};

struct parser {
    struct wb_arena *a;
    struct wb_slice text, why;
    size_t at;
    unsigned depth, terms;
};

static bool wrong(struct parser *p, const char *what)
{
    if (!p->why.p)
        p->why = wb_printf(p->a, "%s at position %zu", what, p->at + 1);
    return false;
}

/* --- tokens --- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static char peek(struct parser *p)
{
    while (p->at < p->text.n && strchr(" \t\r\n", p->text.p[p->at]))
        p->at++;
    return p->at < p->text.n ? p->text.p[p->at] : 0;
}

static bool take(struct parser *p, char c)
{
    if (peek(p) != c)
        return false;
    p->at++;
    return true;
}

static struct wb_slice word_here(struct parser *p)
{
    peek(p);
    size_t end = p->at;
    while (end < p->text.n && is_name_char(p->text.p[end]))
        end++;
    return wb_slice_sub(p->text, p->at, end);
}

static bool keyword(struct parser *p, const char *k)
{
    struct wb_slice word = word_here(p);
    if (!wb_slice_ieq(word, wb_slice_str(k)))
        return false;
    p->at += word.n;
    return true;
}

static bool reserved(struct wb_slice word)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (wb_slice_ieq(word, wb_slice_str(keywords[i])))
            return true;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (wb_slice_ieq(word, wb_slice_str(functions[i])))
            return true;
    return false;
}

/* A backslash takes the next character as it is. */
static bool quoted(struct parser *p, char quote, struct wb_slice *out)
{
    struct wb_buf b = wb_buf_in(p->a);
    if (!take(p, quote))
        return wrong(p,
                     quote == '\'' ? "A value in single quotes is expected" : "A name is expected");
    wb_buf_reserve(&b, 1);
    for (; p->at < p->text.n && p->text.p[p->at] != quote; p->at++) {
        if (p->text.p[p->at] == '\\' && p->at + 1 < p->text.n)
            p->at++;
        wb_buf_char(&b, p->text.p[p->at]);
    }
    if (p->at >= p->text.n)
        return wrong(p, "A text has no end");
    p->at++;
    *out = wb_buf_slice(&b);
    return true;
}

static bool name(struct parser *p, struct wb_slice *out)
{
    struct wb_slice word = word_here(p);
    if (!word.n)
        return quoted(p, '"', out) && (out->n || wrong(p, "A name is empty"));
    if (reserved(word))
        return wrong(p, "A keyword as a name must stand in double quotes");
    p->at += word.n;
    *out = word;
    return true;
}

static bool names(struct parser *p, struct wb_slice *list, size_t *n)
{
    do {
        if (*n == WB_METRIC_DIMENSIONS_MAX)
            return wrong(p, "Too many names");
        if (!name(p, &list[*n]))
            return false;
        ++*n;
    } while (take(p, ','));
    return true;
}

static bool function(struct parser *p, enum select_function *out)
{
    for (int i = 0; i < 5; i++)
        if (keyword(p, functions[i])) {
            *out = (enum select_function)i;
            return take(p, '(') || wrong(p, "'(' is expected");
        }
    return wrong(p, "AVG, COUNT, MAX, MIN or SUM is expected");
}

/* --- clauses --- */

static const struct select_term *parse_or(struct parser *p);

static struct select_term *term(struct parser *p, enum select_kind kind)
{
    if (++p->terms > WB_SELECT_TERMS_MAX) {
        wrong(p, "The query has too many conditions");
        return NULL;
    }
    struct select_term *t = wb_new(p->a, struct select_term);
    *t = (struct select_term){.kind = kind};
    return t;
}

static const struct select_term *parse_one(struct parser *p)
{
    if (take(p, '(')) {
        const struct select_term *inner = parse_or(p);
        return inner && (take(p, ')') || wrong(p, "')' is expected")) ? inner : NULL;
    }
    struct select_term *t = term(p, SELECT_IS);
    if (!t || !name(p, &t->key))
        return NULL;
    if (take(p, '!'))
        t->kind = SELECT_IS_NOT;
    if (!take(p, '=')) {
        wrong(p, "'=' or '!=' is expected");
        return NULL;
    }
    peek(p);
    return quoted(p, '\'', &t->value) ? t : NULL;
}

static const struct select_term *both(struct parser *p, enum select_kind kind,
                                      const struct select_term *a, const struct select_term *b)
{
    struct select_term *t = a && b ? term(p, kind) : NULL;
    if (!t)
        return NULL;
    t->a = a;
    t->b = b;
    return t;
}

static const struct select_term *parse_and(struct parser *p)
{
    const struct select_term *t = parse_one(p);
    while (t && keyword(p, "AND"))
        t = both(p, SELECT_AND, t, parse_one(p));
    return t;
}

static const struct select_term *parse_or(struct parser *p)
{
    if (p->depth >= WB_MATH_DEPTH_MAX) {
        wrong(p, "The query is nested too deeply");
        return NULL;
    }
    p->depth++;
    const struct select_term *t = parse_and(p);
    while (t && keyword(p, "OR"))
        t = both(p, SELECT_OR, t, parse_and(p));
    p->depth--;
    return t;
}

static bool parse_from(struct parser *p, struct cw_select *s)
{
    if (!keyword(p, "FROM"))
        return wrong(p, "FROM is expected");
    s->schema = keyword(p, "SCHEMA");
    if (!s->schema)
        return name(p, &s->ns);
    if (!take(p, '('))
        return wrong(p, "'(' is expected");
    return name(p, &s->ns) && (!take(p, ',') || names(p, s->dim, &s->dims)) &&
           (take(p, ')') || wrong(p, "')' is expected"));
}

static bool parse_order(struct parser *p, struct cw_select *s)
{
    s->ordered = true;
    if (!function(p, &s->by))
        return false;
    if (!take(p, ')'))
        return wrong(p, "')' is expected");
    s->descending = keyword(p, "DESC");
    if (!s->descending)
        keyword(p, "ASC");
    return true;
}

static bool parse_limit(struct parser *p, struct cw_select *s)
{
    uint64_t n = 0;
    struct wb_slice word = word_here(p);
    if (!wb_slice_u64(word, &n) || n < 1 || n > WB_MATH_SERIES_MAX)
        return wrong(p, "LIMIT takes a number from 1 to 500");
    p->at += word.n;
    s->limit = (size_t)n;
    return true;
}

static bool parse_query(struct parser *p, struct cw_select *s)
{
    keyword(p, "SELECT");
    if (!function(p, &s->function) || !name(p, &s->metric))
        return false;
    if (!take(p, ')'))
        return wrong(p, "')' is expected");
    if (!parse_from(p, s))
        return false;
    if (keyword(p, "WHERE") && !(s->where = parse_or(p)))
        return false;
    if (keyword(p, "GROUP") &&
        (!keyword(p, "BY") ? !wrong(p, "BY is expected") : !names(p, s->group, &s->groups)))
        return false;
    if (keyword(p, "ORDER") &&
        (!keyword(p, "BY") ? !wrong(p, "BY is expected") : !parse_order(p, s)))
        return false;
    if (keyword(p, "LIMIT") && !parse_limit(p, s))
        return false;
    return !peek(p) || wrong(p, "Unexpected text");
}

bool cw_is_select(struct wb_slice expression)
{
    struct parser p = {.text = expression};
    return wb_slice_ieq(word_here(&p), WB_S("SELECT"));
}

const struct cw_select *cw_select_parse(struct wb_arena *a, struct wb_slice text,
                                        struct wb_slice *why)
{
    struct parser p = {.a = a, .text = text};
    struct cw_select *s = wb_new(a, struct cw_select);
    *s = (struct cw_select){.limit = WB_MATH_SERIES_MAX};
    bool ok = parse_query(&p, s);
    *why = p.why;
    return ok ? s : NULL;
}
