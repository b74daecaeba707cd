/* Terms and space-delimited fields, and the three forms behind one door. */
#include "services/logs/pattern_impl.h"

enum form { FORM_ALL, FORM_TERMS, FORM_JSON, FORM_FIELDS };

struct term {
    char sign; /* '?', '-' or 0 */
    struct wb_slice text;
    struct wb_regex *regex;
    struct term *next;
};

struct field {
    bool ellipsis;
    struct wb_slice name;
    struct logs_node *condition; /* NULL: any word */
    struct field *next;
};

struct logs_pattern {
    enum form form;
    struct term *term;
    bool any; /* all terms have a question mark */
    struct logs_node *json;
    struct field *field;
    size_t fields, before; /* before: the ellipsis; == fields without one */
    bool ellipsis;
};

/* --- terms --- */

static void parse_terms(struct logs_parse *p, struct logs_pattern *out)
{
    struct term **end = &out->term;
    bool plain = false;
    for (logs_blank(p); p->at < p->s.n && !p->bad; logs_blank(p)) {
        struct term *t = wb_new(p->a, struct term);
        char c = p->s.p[p->at];
        if (c == '?' || c == '-') {
            t->sign = c;
            c = ++p->at < p->s.n ? p->s.p[p->at] : '\0';
        }
        if (c == '"' || c == '%') {
            struct logs_value v = {0};
            logs_value(p, &v);
            t->text = v.text;
            t->regex = v.regex;
        } else {
            size_t from = p->at;
            while (p->at < p->s.n && !memchr(" \t\r\n\"", p->s.p[p->at], 5))
                p->at++;
            t->text = wb_slice_sub(p->s, from, p->at);
            p->bad |= t->text.n == 0;
        }
        plain |= t->sign != '?';
        *end = t;
        end = &t->next;
    }
    out->form = out->term ? FORM_TERMS : FORM_ALL;
    out->any = !plain;
}

static bool match_terms(const struct logs_pattern *p, struct wb_slice message)
{
    for (const struct term *t = p->term; t; t = t->next) {
        if (t->sign == '?' && !p->any)
            continue;
        bool there = t->regex ? logs_regex_match(t->regex, message)
                              : wb_slice_find(message, t->text, 0) >= 0;
        if (p->any && there)
            return true;
        if (!p->any && there == (t->sign == '-'))
            return false;
    }
    return !p->any;
}

/* --- fields --- */

static struct field *parse_field(struct logs_parse *p)
{
    struct field *f = wb_new(p->a, struct field);
    if (logs_take(p, "...")) {
        f->ellipsis = true;
        return f;
    }
    logs_blank(p);
    size_t start = p->at, from;
    while (p->at < p->s.n && memchr(" \t\r\n(", p->s.p[p->at], 5))
        p->at++;
    from = p->at;
    while (p->at < p->s.n && logs_name_char(p->s.p[p->at]))
        p->at++;
    p->field = wb_slice_sub(p->s, from, p->at);
    p->bad |= p->field.n == 0;
    f->name = p->field;
    logs_blank(p);
    if (p->at < p->s.n && p->s.p[p->at] != ',' && p->s.p[p->at] != ']') {
        p->at = start;
        f->condition = logs_expr(p);
    } else {
        p->bad |= from != start;
    }
    return f;
}

static void parse_fields(struct logs_parse *p, struct logs_pattern *out)
{
    struct field **end = &out->field;
    p->fields = true;
    out->form = FORM_FIELDS;
    if (logs_take(p, "]")) { /* as [...] */
        out->ellipsis = true;
        return;
    }
    do {
        struct field *f = parse_field(p);
        if (f->ellipsis) {
            p->bad |= out->ellipsis;
            out->ellipsis = true;
            out->before = out->fields;
            continue;
        }
        *end = f;
        end = &f->next;
        out->fields++;
    } while (!p->bad && logs_take(p, ","));
    p->bad |= !logs_take(p, "]");
    if (!out->ellipsis)
        out->before = out->fields;
}

/* The next word: up to a blank; what is in quotes or brackets is one. */
static bool next_word(struct wb_slice s, size_t *at, struct wb_slice *out)
{
    while (*at < s.n && memchr(" \t\r\n", s.p[*at], 4))
        (*at)++;
    if (*at >= s.n)
        return false;
    char close = s.p[*at] == '"' ? '"' : s.p[*at] == '[' ? ']' : '\0';
    ptrdiff_t end = close ? wb_slice_chr(s, close, *at + 1) : -1;
    if (end >= 0) {
        *out = wb_slice_sub(s, *at + 1, (size_t)end);
        *at = (size_t)end + 1;
        return true;
    }
    size_t from = *at;
    while (*at < s.n && !memchr(" \t\r\n", s.p[*at], 4))
        (*at)++;
    *out = wb_slice_sub(s, from, *at);
    return true;
}

static bool field_is(const struct logs_node *n, struct wb_slice word)
{
    if (!n)
        return true;
    if (n->kind == NODE_AND)
        return field_is(n->left, word) && field_is(n->right, word);
    if (n->kind == NODE_OR)
        return field_is(n->left, word) || field_is(n->right, word);
    return logs_compare_text(n, word);
}

struct words {
    struct wb_slice *word;
    size_t count;
};

/* The message's words, at most as many as the pattern has fields unless it has an ellipsis. False:
 * too few. */
static bool read_words(const struct logs_pattern *p, struct wb_arena *a, struct wb_slice message,
                       struct words *w)
{
    size_t cap = 0, at = 0;
    struct wb_slice word;
    *w = (struct words){NULL, 0};
    while (next_word(message, &at, &word)) {
        if (w->count == cap) {
            struct wb_slice *more = wb_new_n(a, struct wb_slice, cap = 2 * cap + 16);
            if (w->count)
                memcpy(more, w->word, w->count * sizeof *more);
            w->word = more;
        }
        w->word[w->count++] = word;
        if (!p->ellipsis && w->count == p->fields) { /* the last takes the rest */
            struct wb_slice *last = &w->word[w->count - 1];
            if (next_word(message, &at, &word))
                *last = wb_slice(last->p, (size_t)(message.p + message.n - last->p));
            break;
        }
    }
    return w->count >= p->fields;
}

/* Which word is field i. */
static size_t word_of(const struct logs_pattern *p, size_t i, size_t words)
{
    return i < p->before ? i : words - p->fields + i;
}

static bool match_fields(const struct logs_pattern *p, struct wb_arena *a, struct wb_slice message)
{
    struct words w;
    if (!read_words(p, a, message, &w))
        return false;
    size_t i = 0;
    for (const struct field *f = p->field; f; f = f->next, i++)
        if (!field_is(f->condition, w.word[word_of(p, i, w.count)]))
            return false;
    return true;
}

/* --- all --- */

struct logs_pattern *logs_pattern_compile(struct wb_arena *a, struct wb_slice text)
{
    struct logs_parse p = {.a = a, .s = text};
    struct logs_pattern *out = wb_new(a, struct logs_pattern);
    if (logs_take(&p, "{")) {
        out->form = FORM_JSON;
        out->json = logs_expr(&p);
        p.bad |= !logs_take(&p, "}");
    } else if (logs_take(&p, "[")) {
        parse_fields(&p, out);
    } else {
        parse_terms(&p, out);
    }
    logs_blank(&p);
    return p.bad || p.at < text.n ? NULL : out;
}

bool logs_pattern_match(struct logs_pattern *p, struct wb_arena *scratch, struct wb_slice message)
{
    struct wb_json v;
    switch (p->form) {
    case FORM_TERMS:
        return match_terms(p, message);
    case FORM_JSON:
        v = wb_json_read(scratch, message, NULL);
        return wb_json_is(v) && logs_node_json(p->json, v, scratch);
    case FORM_FIELDS:
        return match_fields(p, scratch, message);
    default:
        return true;
    }
}

/* --- values --- */

bool logs_text_number(struct wb_slice s, double *out)
{
    return logs_number(s, out);
}

struct logs_field {
    struct logs_step *path; /* JSON */
    size_t index;           /* else */
};

bool logs_pattern_has_fields(const struct logs_pattern *p)
{
    return p->form == FORM_JSON || p->form == FORM_FIELDS;
}

struct logs_field *logs_pattern_field(const struct logs_pattern *p, struct wb_arena *a,
                                      struct wb_slice name)
{
    struct logs_field *out = wb_new(a, struct logs_field);
    struct logs_parse parse = {.a = a, .s = name};
    if (p->form == FORM_JSON) {
        out->path = logs_selector(&parse);
        return parse.bad || parse.at < name.n ? NULL : out;
    }
    if (name.n == 0 || name.p[0] != '$')
        return NULL;
    name = wb_slice_sub(name, 1, name.n);
    for (const struct field *f = p->field; f; f = f->next, out->index++)
        if (wb_slice_eq(f->name, name))
            return out;
    return NULL;
}

bool logs_field_value(const struct logs_pattern *p, const struct logs_field *f,
                      struct wb_arena *scratch, struct wb_slice message, struct wb_slice *out)
{
    struct words w;
    if (p->form == FORM_JSON) {
        struct wb_json v = wb_json_read(scratch, message, NULL);
        return wb_json_is(v) && logs_path_text(f->path, v, scratch, out);
    }
    if (!read_words(p, scratch, message, &w))
        return false;
    *out = w.word[word_of(p, f->index, w.count)];
    return true;
}

static void node_values(const struct logs_node *n, struct wb_json root, struct wb_arena *a,
                        logs_value_fn *fn, void *arg)
{
    struct wb_slice value;
    if (n->kind != NODE_TEST) {
        node_values(n->left, root, a, fn, arg);
        node_values(n->right, root, a, fn, arg);
    } else if (logs_path_text(n->path, root, a, &value)) {
        fn(arg, n->selector, value);
    }
}

/* Words that an ellipsis stands for have their number as name. */
static void word_values(const struct logs_pattern *p, const struct words *w, struct wb_arena *a,
                        logs_value_fn *fn, void *arg)
{
    const struct field *f = p->field;
    size_t skipped = w->count - p->fields;
    for (size_t i = 0; i < w->count; i++) {
        bool named = i < p->before || i >= p->before + skipped;
        struct wb_slice name =
            named ? wb_printf(a, "$%.*s", WB_FMT(f->name)) : wb_printf(a, "$%zu", i + 1);
        fn(arg, name, w->word[i]);
        if (named)
            f = f->next;
    }
}

void logs_pattern_values(const struct logs_pattern *p, struct wb_arena *scratch,
                         struct wb_slice message, logs_value_fn *fn, void *arg)
{
    struct words w;
    struct wb_json root =
        p->form == FORM_JSON ? wb_json_read(scratch, message, NULL) : WB_JSON_NONE;
    if (wb_json_is(root))
        node_values(p->json, root, scratch, fn, arg);
    else if (p->form == FORM_FIELDS && read_words(p, scratch, message, &w))
        word_values(p, &w, scratch, fn, arg);
}
