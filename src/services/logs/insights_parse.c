/* The Insights language: words, names, expressions. */
#include "services/logs/insights_impl.h"
#include <stdio.h>
#include <stdlib.h>

/* --- errors --- */

void ins_wrong(struct ins_parse *p, size_t from, size_t to, const char *fmt, ...)
{
    va_list ap;
    unsigned line = 1;
    size_t begin = 0;
    if (p->bad)
        return;
    p->bad = true;
    for (size_t i = 0; i < from && i < p->s.n; i++)
        if (p->s.p[i] == '\n') {
            line++;
            begin = i + 1;
        }
    va_start(ap, fmt);
    struct wb_slice what = wb_vprintf(p->a, fmt, ap);
    va_end(ap);
    *p->error =
        (struct insights_error){.message = wb_printf(p->a, "%.*s at line %u and position %zu",
                                                     WB_FMT(what), line, from - begin + 1),
                                .from = from,
                                .to = to < p->s.n ? to : p->s.n};
}

static bool name_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '@';
}

void ins_unexpected(struct ins_parse *p)
{
    ins_blank(p);
    size_t to = p->at;
    while (to < p->s.n && name_char(p->s.p[to]))
        to++;
    while (to == p->at || (to < p->s.n && ((unsigned char)p->s.p[to] & 0xc0) == 0x80))
        to++; /* a whole character */
    if (p->at >= p->s.n)
        ins_wrong(p, p->s.n, p->s.n, "unexpected end of the query");
    else
        ins_wrong(p, p->at, to, "unexpected symbol found %.*s",
                  WB_FMT(wb_slice_sub(p->s, p->at, to)));
}

/* --- words --- */

void ins_blank(struct ins_parse *p)
{
    while (p->at < p->s.n) {
        char c = p->s.p[p->at];
        if (c == '#') {
            while (p->at < p->s.n && p->s.p[p->at] != '\n')
                p->at++;
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            p->at++;
        } else {
            return;
        }
    }
}

bool ins_take(struct ins_parse *p, const char *symbol)
{
    struct wb_slice s = wb_slice_str(symbol);
    ins_blank(p);
    if (p->bad || !wb_slice_starts(wb_slice_sub(p->s, p->at, p->s.n), s))
        return false;
    p->at += s.n;
    return true;
}

/* The word at the place, without taking it. */
static struct wb_slice word(struct ins_parse *p)
{
    ins_blank(p);
    size_t to = p->at;
    while (to < p->s.n && name_char(p->s.p[to]))
        to++;
    return wb_slice_sub(p->s, p->at, to);
}

bool ins_take_word(struct ins_parse *p, const char *text)
{
    struct wb_slice w = word(p);
    bool dotted = p->at + w.n < p->s.n && p->s.p[p->at + w.n] == '.';
    if (p->bad || dotted || !wb_slice_ieq(w, wb_slice_str(text)))
        return false;
    p->at += w.n;
    return true;
}

static bool reserved(struct wb_slice w)
{
    static const char *const words[] = {"and", "or", "not", "in", "like", "as", "by", NULL};
    for (size_t i = 0; words[i]; i++)
        if (wb_slice_ieq(w, wb_slice_str(words[i])))
            return true;
    return false;
}

bool ins_integer(struct ins_parse *p, int64_t *out)
{
    struct wb_slice w = word(p);
    if (p->bad || !w.n || !wb_slice_i64(w, out)) {
        ins_unexpected(p);
        return false;
    }
    p->at += w.n;
    return true;
}

/* "`any thing`", or a word. */
static bool name_part(struct ins_parse *p, struct wb_buf *b)
{
    size_t from = p->at;
    if (p->at < p->s.n && p->s.p[p->at] == '`') {
        ptrdiff_t end = wb_slice_chr(p->s, '`', p->at + 1);
        if (end <= (ptrdiff_t)p->at + 1) {
            ins_unexpected(p);
            return false;
        }
        wb_buf_slice_put(b, wb_slice_sub(p->s, from + 1, (size_t)end));
        p->at = (size_t)end + 1;
        return true;
    }
    while (p->at < p->s.n && name_char(p->s.p[p->at]))
        p->at++;
    wb_buf_slice_put(b, wb_slice_sub(p->s, from, p->at));
    return p->at > from;
}

/* "[12]" is ".12". */
static bool name_index(struct ins_parse *p, struct wb_buf *b)
{
    int64_t i;
    p->at++;
    if (!ins_integer(p, &i) || !ins_take(p, "]")) {
        ins_unexpected(p);
        return false;
    }
    wb_buf_printf(b, ".%lld", (long long)i);
    return true;
}

bool ins_name(struct ins_parse *p, struct wb_slice *out)
{
    struct wb_buf b = wb_buf_in(p->a);
    struct wb_slice w = word(p);
    char c = p->at < p->s.n ? p->s.p[p->at] : '\0';
    if (p->bad || (c != '`' && (!w.n || (c >= '0' && c <= '9') || reserved(w))) ||
        !name_part(p, &b))
        return false;
    while (!p->bad && p->at < p->s.n && (p->s.p[p->at] == '.' || p->s.p[p->at] == '[')) {
        if (p->s.p[p->at] == '[') {
            name_index(p, &b);
            continue;
        }
        p->at++;
        wb_buf_char(&b, '.');
        if (!name_part(p, &b))
            ins_unexpected(p);
    }
    *out = wb_buf_slice(&b);
    return !p->bad;
}

/* Behind the quote; a backslash takes the quote and itself out, n and t are what they are in C. */
bool ins_string(struct ins_parse *p, struct wb_slice *out)
{
    struct wb_buf b = wb_buf_in(p->a);
    ins_blank(p);
    size_t from = p->at;
    char quote = p->at < p->s.n ? p->s.p[p->at] : '\0';
    if (p->bad || (quote != '"' && quote != '\''))
        return false;
    for (p->at++; p->at < p->s.n && p->s.p[p->at] != quote; p->at++) {
        char c = p->s.p[p->at], next = p->at + 1 < p->s.n ? p->s.p[p->at + 1] : '\0';
        if (c != '\\' || !next || !strchr("\"'\\nt", next)) {
            wb_buf_char(&b, c);
            continue;
        }
        wb_buf_char(&b, next == 'n' ? '\n' : next == 't' ? '\t' : next);
        p->at++;
    }
    if (p->at >= p->s.n) {
        ins_wrong(p, from, p->s.n, "a text that is not closed begins");
        return false;
    }
    p->at++;
    *out = b.n ? wb_buf_slice(&b) : WB_S("");
    return true;
}

struct wb_regex_search *ins_regex(struct ins_parse *p)
{
    const char *why;
    ins_blank(p);
    size_t from = p->at;
    bool class = false;
    if (p->bad || p->at >= p->s.n || p->s.p[p->at] != '/')
        return NULL;
    for (p->at++; p->at < p->s.n && (class || p->s.p[p->at] != '/'); p->at++) {
        char c = p->s.p[p->at];
        class = c == '[' || (class && c != ']');
        p->at += c == '\\' && p->at + 1 < p->s.n;
    }
    if (p->at >= p->s.n) {
        ins_wrong(p, from, p->s.n, "a regular expression that is not closed begins");
        return NULL;
    }
    struct wb_slice text = wb_slice_sub(p->s, from + 1, p->at++);
    struct wb_regex_search *r = wb_regex_search_compile(p->a, text, &why);
    if (!r)
        ins_wrong(p, from, p->at, "invalid regular expression (%s)", why);
    return r;
}

/* --- names --- */

uint32_t ins_define(struct ins_parse *p, struct wb_slice name)
{
    struct ins_scope *s = p->scope;
    if (s->slots == WB_INSIGHTS_SLOTS_MAX) {
        ins_wrong(p, p->at, p->at, "the query has too many fields");
        return 0;
    }
    s->slot[s->slots] = (struct ins_slot){.name = name, .source = SRC_DEFINED};
    struct ins_name *n = wb_new(p->a, struct ins_name);
    *n = (struct ins_name){p->name, name, s->slots, true};
    p->name = n;
    return s->slots++;
}

static struct ins_node *new_node(struct ins_parse *p, enum ins_op op, struct ins_node *x,
                                 struct ins_node *y)
{
    struct ins_node *n = wb_new(p->a, struct ins_node);
    if (++p->nodes > WB_INSIGHTS_NODES_MAX)
        ins_wrong(p, p->at, p->at, "the query is too long");
    n->op = op;
    n->child[0] = x;
    n->child[1] = y;
    return n;
}

static struct ins_node *slot_node(struct ins_parse *p, uint32_t slot)
{
    struct ins_node *n = new_node(p, OP_SLOT, NULL, NULL);
    n->slot = slot;
    return n;
}

static const struct ins_name *find_name(const struct ins_name *n, struct wb_slice name)
{
    while (n && !wb_slice_eq(n->name, name))
        n = n->next;
    return n;
}

/* Within a list or map that the query made: the longest beginning that is a name. */
static struct ins_node *within(struct ins_parse *p, const struct ins_name *all,
                               struct wb_slice name)
{
    for (size_t i = name.n; i-- > 1;) {
        const struct ins_name *n =
            name.p[i] == '.' ? find_name(all, wb_slice_sub(name, 0, i)) : NULL;
        if (!n || !n->defined)
            continue;
        struct ins_node *path = new_node(p, OP_PATH, slot_node(p, n->slot), NULL);
        path->path = wb_slice_sub(name, i + 1, name.n);
        return path;
    }
    return NULL;
}

struct ins_node *ins_field(struct ins_parse *p, struct wb_slice name)
{
    const struct ins_name *all = p->stats ? p->column : p->name, *n = find_name(all, name);
    if (n)
        return slot_node(p, n->slot);
    struct ins_node *path = within(p, all, name);
    if (path)
        return path;
    if (p->stats) {
        ins_wrong(p, p->at - (name.n < p->at ? name.n : p->at), p->at,
                  "%.*s is neither an aggregation nor the name of one", WB_FMT(name));
        return NULL;
    }
    uint32_t slot = ins_define(p, name);
    p->name->defined = false;
    if (p->scope->events)
        ins_source_of(name, &p->scope->slot[slot]);
    else
        p->scope->slot[slot].source = SRC_NOTHING;
    return slot_node(p, slot);
}

/* --- expressions --- */

static struct ins_node *parse_or(struct ins_parse *p);

static struct ins_node *constant(struct ins_parse *p, struct ins_value v)
{
    struct ins_node *n = new_node(p, OP_CONST, NULL, NULL);
    n->value = v;
    return n;
}

static struct ins_node *number(struct ins_parse *p)
{
    size_t to = p->at;
    double d;
    while (to < p->s.n && ((p->s.p[to] >= '0' && p->s.p[to] <= '9') || p->s.p[to] == '.'))
        to++;
    if (to + 1 < p->s.n && (p->s.p[to] | 0x20) == 'e' && strchr("0123456789+-", p->s.p[to + 1])) {
        for (to += 2; to < p->s.n && p->s.p[to] >= '0' && p->s.p[to] <= '9';)
            to++;
    }
    struct wb_slice s = wb_slice_sub(p->s, p->at, to);
    if (!ins_parse_number(s, &d) || (to < p->s.n && name_char(p->s.p[to]))) {
        ins_unexpected(p);
        return NULL;
    }
    p->at = to;
    struct ins_value v = ins_text(s);
    ins_as_number(&v, &d);
    return constant(p, v);
}

/* "5m", "1 h", "2weeks" */
static bool period(struct ins_parse *p, struct ins_period *out)
{
    static const struct {
        const char *name[3];
        int64_t ms;
        char unit;
    } units[] = {
        {{"ms", "msec", "millisecond"}, 1, 'f'}, {{"s", "sec", "second"}, 1000, 'f'},
        {{"m", "min", "minute"}, 60000, 'f'},    {{"h", "hr", "hour"}, 3600000, 'f'},
        {{"d", "d", "day"}, 86400000, 'f'},      {{"w", "w", "week"}, 1, 'w'},
        {{"mo", "mon", "month"}, 1, 'M'},        {{"q", "qtr", "quarter"}, 3, 'M'},
        {{"y", "yr", "year"}, 1, 'y'},
    };
    struct wb_slice w = word(p);
    size_t digits = 0;
    int64_t n;
    while (digits < w.n && w.p[digits] >= '0' && w.p[digits] <= '9')
        digits++;
    struct wb_slice name = wb_slice_sub(w, digits, w.n);
    for (size_t i = 0; digits && i < sizeof units / sizeof *units; i++)
        for (size_t k = 0; k < 3; k++) {
            struct wb_slice unit = wb_slice_str(units[i].name[k]);
            bool plural = unit.n > 1 && name.n == unit.n + 1 && (name.p[unit.n] | 0x20) == 's';
            if (!wb_slice_ieq(wb_slice_sub(name, 0, name.n - plural), unit) ||
                !wb_slice_i64(wb_slice_sub(w, 0, digits), &n) || n < 1 || n > 1000000000)
                continue;
            *out = (struct ins_period){n * units[i].ms, units[i].unit};
            p->at += w.n;
            return true;
        }
    ins_unexpected(p);
    return false;
}

static void add_item(struct ins_parse *p, struct ins_node *n, struct ins_node *item)
{
    if ((n->count & (n->count - 1)) == 0) { /* room doubles at powers of two */
        struct ins_node **more = wb_new_n(p->a, struct ins_node *, n->count ? 2 * n->count : 1);
        if (n->count)
            memcpy(more, n->list, n->count * sizeof *more);
        n->list = more;
    }
    n->list[n->count++] = item;
}

/* --- aggregations --- */

static const struct {
    const char *name;
    enum ins_agg_kind kind;
} aggs[] = {
    {"count", AGG_COUNT},    {"count_distinct", AGG_DISTINCT},
    {"sum", AGG_SUM},        {"avg", AGG_AVG},
    {"min", AGG_MIN},        {"max", AGG_MAX},
    {"stddev", AGG_STDDEV},  {"pct", AGG_PCT},
    {"median", AGG_PCT},     {"earliest", AGG_EARLIEST},
    {"latest", AGG_LATEST},  {"sortsfirst", AGG_FIRST},
    {"sortslast", AGG_LAST},
};

static int agg_of(struct wb_slice name)
{
    for (size_t i = 0; i < sizeof aggs / sizeof *aggs; i++)
        if (wb_slice_ieq(name, wb_slice_str(aggs[i].name)))
            return (int)i;
    return -1;
}

static struct ins_node *new_agg(struct ins_parse *p, const struct ins_agg *g)
{
    struct ins_stage *s = p->stats;
    if ((s->aggs & (s->aggs - 1)) == 0) {
        struct ins_agg *more = wb_new_n(p->a, struct ins_agg, s->aggs ? 2 * s->aggs : 1);
        if (s->aggs)
            memcpy(more, s->agg, s->aggs * sizeof *more);
        s->agg = more;
    }
    struct ins_node *n = new_node(p, OP_AGG, NULL, NULL);
    n->agg = s->aggs;
    s->agg[s->aggs++] = *g;
    return n;
}

/* Behind "name(". What stands inside is said of single rows. */
static struct ins_node *aggregation(struct ins_parse *p, size_t which)
{
    struct ins_agg g = {.kind = aggs[which].kind, .percent = 50};
    struct ins_stage *stats = p->stats;
    bool all = g.kind == AGG_COUNT &&
               (ins_take(p, "*") || (ins_blank(p), p->at < p->s.n && p->s.p[p->at] == ')'));
    p->stats = NULL;
    if (!all)
        g.arg = parse_or(p);
    p->stats = stats;
    if (g.kind == AGG_PCT && wb_slice_is(wb_slice_str(aggs[which].name), "pct")) {
        struct ins_node *n = NULL;
        if (!ins_take(p, ",") || (ins_blank(p), !(n = number(p))) ||
            !ins_as_number(&n->value, &g.percent) || g.percent > 100) {
            ins_unexpected(p);
            return NULL;
        }
    }
    if (!ins_take(p, ")")) {
        ins_unexpected(p);
        return NULL;
    }
    return new_agg(p, &g);
}

/* --- calls --- */

/* Behind "name(". */
static struct ins_node *call(struct ins_parse *p, const struct ins_function *f)
{
    struct ins_node *n = new_node(p, OP_CALL, NULL, NULL);
    unsigned most = f->max - f->period;
    n->fn = f->fn;
    while (!p->bad && n->count < most &&
           (n->count || (ins_blank(p), p->at < p->s.n && p->s.p[p->at] != ')'))) {
        if (n->count && !ins_take(p, ","))
            break;
        add_item(p, n, parse_or(p));
        if (n->count > WB_INSIGHTS_COMMANDS_MAX)
            ins_unexpected(p);
    }
    if (!p->bad && f->period && n->count && !ins_take(p, ","))
        ins_unexpected(p);
    if (!p->bad && f->period)
        period(p, &n->period);
    if (p->bad)
        return NULL;
    if (n->count + f->period < f->min || !ins_take(p, ")"))
        ins_unexpected(p);
    return n;
}

/* Behind stats a call may be the name of a column: "sort count(*)". The longest that stands here.
 */
static const struct ins_name *column_here(const struct ins_parse *p, size_t from)
{
    const struct ins_name *found = NULL;
    struct wb_slice rest = wb_slice_sub(p->s, from, p->s.n);
    for (const struct ins_name *n = p->scope->events ? NULL : p->name; n; n = n->next)
        if (wb_slice_ends(n->name, WB_S(")")) && wb_slice_starts(rest, n->name) &&
            (!found || n->name.n > found->name.n))
            found = n;
    return found;
}

static struct ins_node *name_or_call(struct ins_parse *p)
{
    struct wb_slice w = word(p), name;
    size_t from = p->at;
    bool is_call = false;
    if (w.n && w.p[0] != '@' && !reserved(w)) {
        p->at += w.n;
        is_call = ins_take(p, "(");
        p->at = is_call ? p->at : from;
    }
    if (is_call) {
        int agg = agg_of(w);
        const struct ins_function *f = ins_function_find(w);
        const struct ins_name *column = p->stats ? NULL : column_here(p, from);
        if (column) {
            p->at = from + column->name.n;
            return slot_node(p, column->slot);
        }
        if (agg >= 0 && p->stats)
            return aggregation(p, (size_t)agg);
        if (f)
            return call(p, f);
        ins_wrong(p, from, from + w.n,
                  agg >= 0 ? "%.*s can only stand in stats, found" : "unknown function %.*s found",
                  WB_FMT(w));
        return NULL;
    }
    if (wb_slice_ieq(w, WB_S("true")) || wb_slice_ieq(w, WB_S("false"))) {
        p->at += w.n;
        return constant(p, ins_bool(w.n == 4));
    }
    if (!ins_name(p, &name)) {
        ins_unexpected(p);
        return NULL;
    }
    return ins_field(p, name);
}

static struct ins_node *primary(struct ins_parse *p)
{
    struct wb_slice text;
    ins_blank(p);
    char c = p->at < p->s.n ? p->s.p[p->at] : '\0';
    if (ins_take(p, "(")) {
        struct ins_node *n = parse_or(p);
        if (!ins_take(p, ")"))
            ins_unexpected(p);
        return n;
    }
    if (c >= '0' && c <= '9')
        return number(p);
    if (c == '"' || c == '\'')
        return ins_string(p, &text) ? constant(p, ins_text(text)) : NULL;
    return name_or_call(p);
}

static struct ins_node *unary(struct ins_parse *p)
{
    if (!ins_take(p, "-"))
        return primary(p);
    if (++p->depth > WB_INSIGHTS_DEPTH_MAX)
        ins_unexpected(p);
    struct ins_node *n = p->bad ? NULL : new_node(p, OP_NEG, unary(p), NULL);
    p->depth--;
    return n;
}

static struct ins_node *parse_power(struct ins_parse *p)
{
    struct ins_node *n = unary(p);
    if (p->bad || !ins_take(p, "^"))
        return n;
    if (++p->depth > WB_INSIGHTS_DEPTH_MAX)
        ins_unexpected(p);
    n = p->bad ? NULL : new_node(p, OP_POW, n, parse_power(p)); /* 2 ^ 3 ^ 2 is 2 ^ 9 */
    p->depth--;
    return n;
}

static struct ins_node *parse_product(struct ins_parse *p)
{
    struct ins_node *n = parse_power(p);
    while (!p->bad) {
        enum ins_op op;
        if (ins_take(p, "*"))
            op = OP_MUL;
        else if (ins_take(p, "/"))
            op = OP_DIV;
        else if (ins_take(p, "%"))
            op = OP_MOD;
        else
            break;
        n = new_node(p, op, n, parse_power(p));
    }
    return n;
}

static struct ins_node *parse_sum(struct ins_parse *p)
{
    struct ins_node *n = parse_product(p);
    while (!p->bad) {
        enum ins_op op;
        if (ins_take(p, "+"))
            op = OP_ADD;
        else if (ins_take(p, "-"))
            op = OP_SUB;
        else
            break;
        n = new_node(p, op, n, parse_product(p));
    }
    return n;
}

/* Behind "like" or "=~". */
static struct ins_node *parse_like(struct ins_parse *p, struct ins_node *subject)
{
    struct wb_slice text;
    ins_blank(p);
    if (p->at < p->s.n && p->s.p[p->at] == '/') {
        struct ins_node *n = new_node(p, OP_MATCH, subject, NULL);
        n->regex = ins_regex(p);
        return n;
    }
    if (!ins_string(p, &text)) {
        ins_unexpected(p);
        return NULL;
    }
    return new_node(p, OP_LIKE, subject, constant(p, ins_text(text)));
}

/* Behind "in". */
static struct ins_node *parse_in(struct ins_parse *p, struct ins_node *subject)
{
    struct ins_node *n = new_node(p, OP_IN, subject, NULL);
    if (!ins_take(p, "[")) {
        ins_unexpected(p);
        return NULL;
    }
    if (ins_take(p, "]"))
        return n;
    do
        add_item(p, n, parse_sum(p));
    while (!p->bad && ins_take(p, ","));
    if (!ins_take(p, "]"))
        ins_unexpected(p);
    return n;
}

static struct ins_node *parse_comparison(struct ins_parse *p)
{
    static const struct {
        const char *symbol;
        enum ins_op op;
    } signs[] = {{"!=", OP_NE}, {"<=", OP_LE}, {">=", OP_GE}, {"<", OP_LT}, {">", OP_GT}};
    struct ins_node *n = parse_sum(p);
    if (p->bad)
        return NULL;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (ins_take(p, signs[i].symbol))
            return new_node(p, signs[i].op, n, parse_sum(p));
    if (ins_take(p, "=~") || ins_take_word(p, "like"))
        return parse_like(p, n);
    if (ins_take(p, "="))
        return new_node(p, OP_EQ, n, parse_sum(p));
    if (ins_take_word(p, "in"))
        return parse_in(p, n);
    if (!ins_take_word(p, "not"))
        return n;
    if (ins_take_word(p, "like") || ins_take(p, "=~"))
        return new_node(p, OP_NOT, parse_like(p, n), NULL);
    if (ins_take_word(p, "in"))
        return new_node(p, OP_NOT, parse_in(p, n), NULL);
    ins_unexpected(p);
    return NULL;
}

static struct ins_node *parse_not(struct ins_parse *p)
{
    if (!ins_take_word(p, "not"))
        return parse_comparison(p);
    if (++p->depth > WB_INSIGHTS_DEPTH_MAX)
        ins_unexpected(p);
    struct ins_node *n = p->bad ? NULL : new_node(p, OP_NOT, parse_not(p), NULL);
    p->depth--;
    return n;
}

static struct ins_node *parse_and(struct ins_parse *p)
{
    struct ins_node *n = parse_not(p);
    while (!p->bad && ins_take_word(p, "and"))
        n = new_node(p, OP_AND, n, parse_not(p));
    return n;
}

static struct ins_node *parse_or(struct ins_parse *p)
{
    if (++p->depth > WB_INSIGHTS_DEPTH_MAX)
        ins_unexpected(p);
    struct ins_node *n = p->bad ? NULL : parse_and(p);
    while (!p->bad && ins_take_word(p, "or"))
        n = new_node(p, OP_OR, n, parse_and(p));
    p->depth--;
    return n;
}

struct ins_node *ins_expr(struct ins_parse *p)
{
    struct ins_node *n = parse_or(p);
    return p->bad ? NULL : n;
}
