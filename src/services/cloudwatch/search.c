/*
 * Search expressions (CloudWatch User Guide, "CloudWatch search expression syntax").
 *
 * '{Namespace, Dimension, ...} terms': terms are words, "exact texts" and property=term, joined by
 * AND (also by nothing), OR and NOT. A word matches when its tokens stand in a row among those of a
 * name or value: changes of case, digits and other characters part the tokens. One token is
 * compared without regard to case, several with the case that the word has.
 */
#include "base/limits.h"
#include "engine/metrics.h"
#include "services/cloudwatch/metric_math.h"
#include "services/cloudwatch/series.h"

#include <stdlib.h>

#define DEPTH_MAX  50
#define TOKENS_MAX 64

enum kind { WORD, EXACT, AND, OR, NOT };

struct term {
    enum kind kind;
    struct wb_slice property; /* null: anything */
    struct wb_slice text;
    struct term *a, *b;
};

struct search {
    struct wb_arena *arena;
    struct wb_slice text;
    size_t at;
    unsigned depth;
    struct wb_slice ns; /* of the schema; null: none given */
    struct wb_slice dim[WB_METRIC_DIMENSIONS_MAX];
    size_t dims;
    bool bad;
};

/* --- tokens --- */

struct tokens {
    struct wb_slice t[TOKENS_MAX];
    size_t n;
};

static char class_of(char c)
{
    if (c >= 'a' && c <= 'z')
        return 'a';
    if (c >= 'A' && c <= 'Z')
        return 'A';
    if (c >= '0' && c <= '9')
        return '0';
    return (unsigned char)c >= 0x80 ? 'a' : 0;
}

/* "SDBFailure" is SDB, Failure: the last capital of a run begins the next word. */
static size_t token_end(struct wb_slice s, size_t i)
{
    char c = class_of(s.p[i]);
    size_t end = i + 1;
    if (c == 'A' && end < s.n && class_of(s.p[end]) == 'a')
        c = 'a';
    while (end < s.n && class_of(s.p[end]) == c)
        end++;
    if (c == 'A' && end < s.n && class_of(s.p[end]) == 'a' && end - i > 1)
        end--;
    return end;
}

static void tokenize(struct wb_slice s, struct tokens *out)
{
    out->n = 0;
    for (size_t i = 0; i < s.n && out->n < TOKENS_MAX;) {
        if (!class_of(s.p[i])) {
            i++;
            continue;
        }
        size_t end = token_end(s, i);
        out->t[out->n++] = wb_slice_sub(s, i, end);
        i = end;
    }
}

/* The letters and digits of the text, without regard to case. */
static bool same_whole(struct wb_slice text, struct wb_slice word)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (i < text.n && !class_of(text.p[i]))
            i++;
        while (k < word.n && !class_of(word.p[k]))
            k++;
        if (i == text.n || k == word.n)
            return i == text.n && k == word.n;
        if (!wb_slice_ieq(wb_slice_sub(text, i, i + 1), wb_slice_sub(word, k, k + 1)))
            return false;
        i++;
        k++;
    }
}

static bool word_matches(struct wb_slice text, struct wb_slice word)
{
    struct tokens t, w;
    tokenize(text, &t);
    tokenize(word, &w);
    if (w.n == 0)
        return false;
    if (w.n == 1 && same_whole(text, word))
        return true;
    for (size_t i = 0; i + w.n <= t.n; i++) {
        size_t k = 0;
        while (k < w.n && (w.n == 1 ? wb_slice_ieq(t.t[i + k], w.t[k])
                                    : wb_slice_eq(t.t[i + k], w.t[k]) ||
                                          /* "network-errors" finds NetworkErrors */
                                          (wb_slice_chr(word, '-', 0) >= 0 &&
                                           wb_slice_ieq(t.t[i + k], w.t[k]))))
            k++;
        if (k == w.n)
            return true;
    }
    return false;
}

/* --- grammar --- */

static char peek(struct search *s)
{
    while (s->at < s->text.n && strchr(" \t\r\n,", s->text.p[s->at]))
        s->at++;
    return s->at < s->text.n ? s->text.p[s->at] : 0;
}

static struct wb_slice quoted(struct search *s)
{
    struct wb_buf b = wb_buf_in(s->arena);
    wb_buf_reserve(&b, 1);
    for (s->at++; s->at < s->text.n && s->text.p[s->at] != '"'; s->at++) {
        if (s->text.p[s->at] == '\\' && s->at + 1 < s->text.n)
            s->at++;
        wb_buf_char(&b, s->text.p[s->at]);
    }
    if (s->at >= s->text.n)
        s->bad = true;
    s->at++;
    return wb_buf_slice(&b);
}

static struct wb_slice bare(struct search *s, const char *stop)
{
    size_t from = s->at;
    while (s->at < s->text.n && !strchr(stop, s->text.p[s->at]))
        s->at++;
    return wb_slice_sub(s->text, from, s->at);
}

static struct wb_slice text_of(struct search *s, const char *stop)
{
    struct wb_slice t = peek(s) == '"' ? quoted(s) : bare(s, stop);
    s->bad |= t.n == 0;
    return t;
}

static struct term *parse_or(struct search *s);

static struct term *new_term(struct search *s, enum kind k, struct term *a, struct term *b)
{
    struct term *t = wb_new(s->arena, struct term);
    *t = (struct term){.kind = k, .a = a, .b = b};
    return t;
}

static bool keyword(struct search *s, const char *word)
{
    size_t n = strlen(word);
    peek(s);
    if (s->text.n - s->at < n || memcmp(s->text.p + s->at, word, n) != 0 ||
        (s->at + n < s->text.n && !strchr(" \t(\"", s->text.p[s->at + n])))
        return false;
    s->at += n;
    return true;
}

static struct term *parse_one(struct search *s)
{
    if (keyword(s, "NOT"))
        return new_term(s, NOT, ++s->depth > DEPTH_MAX ? NULL : parse_one(s), NULL);
    if (peek(s) == '(') {
        s->at++;
        struct term *t = ++s->depth > DEPTH_MAX ? NULL : parse_or(s);
        s->bad |= peek(s) != ')';
        s->at++;
        return t;
    }
    struct term *t = new_term(s, peek(s) == '"' ? EXACT : WORD, NULL, NULL);
    t->text = text_of(s, " \t\r\n,()\"=");
    if (s->at < s->text.n && s->text.p[s->at] == '=') {
        s->at++;
        t->property = t->text;
        t->kind = peek(s) == '"' ? EXACT : WORD;
        t->text = text_of(s, " \t\r\n,()\"=");
    }
    return t;
}

static struct term *parse_and(struct search *s)
{
    struct term *t = parse_one(s);
    while (!s->bad && peek(s) && peek(s) != ')') {
        size_t at = s->at;
        if (keyword(s, "OR")) {
            s->at = at;
            break;
        }
        keyword(s, "AND");
        t = new_term(s, AND, t, parse_one(s));
    }
    return t;
}

static struct term *parse_or(struct search *s)
{
    struct term *t = parse_and(s);
    while (!s->bad && keyword(s, "OR"))
        t = new_term(s, OR, t, parse_and(s));
    return t;
}

static void parse_schema(struct search *s)
{
    s->at++;
    s->ns = wb_slice_trim(text_of(s, ",}"));
    while (!s->bad && peek(s) != '}') {
        if (s->at >= s->text.n || s->dims == WB_METRIC_DIMENSIONS_MAX) {
            s->bad = true;
            return;
        }
        s->dim[s->dims++] = wb_slice_trim(text_of(s, ",}"));
    }
    s->at++;
}

/* --- matching --- */

static bool term_is(const struct term *t, struct wb_slice text)
{
    return t->kind == EXACT ? wb_slice_eq(text, t->text) : word_matches(text, t->text);
}

static bool property_is(const struct term *t, const struct wb_metric *m)
{
    if (wb_slice_is(t->property, "MetricName"))
        return term_is(t, m->name);
    if (wb_slice_is(t->property, "Namespace"))
        return term_is(t, m->ns);
    for (size_t i = 0; i < m->dim_count; i++)
        if (wb_slice_eq(m->dim[i].name, t->property))
            return term_is(t, m->dim[i].value);
    return false;
}

static bool matches(const struct term *t, const struct wb_metric *m)
{
    switch (t->kind) {
    case AND:
        return matches(t->a, m) && matches(t->b, m);
    case OR:
        return matches(t->a, m) || matches(t->b, m);
    case NOT:
        return !matches(t->a, m);
    default:
        break;
    }
    if (t->property.p)
        return property_is(t, m);
    bool found = term_is(t, m->ns) || term_is(t, m->name);
    for (size_t i = 0; !found && i < m->dim_count; i++)
        found = term_is(t, m->dim[i].name) || term_is(t, m->dim[i].value);
    return found;
}

static bool schema_is(const struct search *s, const struct wb_metric *m)
{
    return !s->ns.p ||
           (wb_slice_eq(s->ns, m->ns) && (s->dims == 0 || wb_metric_dims_are(m, s->dim, s->dims)));
}

/* --- the function --- */

static bool read_found(struct math_env *e, const struct wb_metric *m, struct wb_slice stat_text,
                       int64_t period_s, struct math_series *out)
{
    struct wb_window w = math_window(e, period_s);
    struct wb_metric_id *id = wb_new(e->arena, struct wb_metric_id);
    struct wb_series_values v;
    struct wb_stat stat;
    *id = (struct wb_metric_id){m->ns, m->name, m->dim, m->dim_count};
    wb_stat_parse(stat_text, &stat);
    size_t n = (size_t)((w.end_ms - w.start_ms) / (period_s * 1000));
    if (!math_series_new(e, out, w.start_ms, period_s, n))
        return false;
    if (!wb_series_read(e->tx, m->account, m->region, id, &stat, WB_SLICE_NULL, &w, &v))
        return math_fail(e, "The time asked for has too many periods");
    out->v = v.value;
    out->samples = v.samples;
    out->id = id;
    out->stat = stat_text;
    out->account = m->account;
    out->region = m->region;
    out->label = m->name;
    for (size_t i = 0; i < m->dim_count; i++)
        out->label =
            i == 0 ? m->dim[i].value
                   : wb_printf(e->arena, "%.*s %.*s", WB_FMT(out->label), WB_FMT(m->dim[i].value));
    return true;
}

static bool find(struct math_env *e, const struct search *s, const struct term *t,
                 struct wb_slice stat, int64_t period_s, struct math_value *out)
{
    struct wb_metric_list l;
    size_t seen = 0;
    bool ok = true;
    wb_metric_list_open(&l, e->tx, e->account, e->region, s->ns, WB_SLICE_NULL, WB_SLICE_NULL);
    while (ok && out->n < WB_MATH_SERIES_MAX && seen++ < WB_METRIC_SEARCH_ROWS &&
           wb_metric_list_next(&l, e->arena)) {
        if (l.seen_ms < e->tx->now_ms - WB_METRIC_LIST_MS || !schema_is(s, &l.metric) ||
            (t && !matches(t, &l.metric)))
            continue;
        ok = read_found(e, &l.metric, stat, period_s, &out->s[out->n]);
        out->n += ok;
    }
    wb_metric_list_close(&l);
    return ok;
}

bool math_search(struct math_env *e, struct wb_slice text, struct wb_slice stat, int64_t period_s,
                 struct math_value *out)
{
    struct search s = {.arena = e->arena, .text = text};
    struct term *t = NULL;
    struct wb_stat parsed;
    if (e->alarm)
        return math_fail(e, "SEARCH is not supported on Metric Alarms");
    if (text.n > WB_METRIC_SEARCH_MAX)
        return math_fail(e, "The search expression is longer than %d characters",
                         WB_METRIC_SEARCH_MAX);
    if (!wb_stat_parse(stat, &parsed))
        return math_fail(e, "The statistic '%.*s' is not valid", WB_FMT(stat));
    if (peek(&s) == '{')
        parse_schema(&s);
    if (!s.bad && peek(&s))
        t = parse_or(&s);
    if (s.bad || peek(&s) || s.depth > DEPTH_MAX || (!s.ns.p && !t))
        return math_fail(e, "The search expression is not valid");
    *out = (struct math_value){.type = MATH_ARRAY,
                               .s = wb_new_n(e->arena, struct math_series, WB_MATH_SERIES_MAX)};
    return !e->tx || find(e, &s, t, stat, period_s, out);
}
