/*
 * The text becomes a tree of nodes (libyaml's events), in which an alias is one more pointer to
 * its node; then the tree is written out. Only there an alias costs anything, so that is where the
 * size is bounded: by what is written, and by the nodes looked at, since a merge may look at many
 * and write none.
 */
#include "codec/yaml.h"

#include "base/map.h"
#include "codec/json.h"
#include <yaml.h>

#define YAML_ORG "tag:yaml.org,2002:"
#define FEW_KEYS 8 /* compared one by one; more go into a map */

struct node {
    enum { SCALAR, SEQUENCE, MAPPING } kind;
    struct wb_slice tag, text; /* tag: null when there is none */
    bool plain, open;          /* open: its end has not been read */
    size_t line, column;
    struct node **item; /* of a mapping: key, value, key, value */
    size_t count, room;
};

struct reader {
    struct wb_arena *a;
    const struct wb_yaml_options *o;
    struct wb_yaml_error *error;
    yaml_parser_t parser;
    struct wb_map *anchor;
    struct node **stack; /* of open containers */
    unsigned depth;
    struct node *root;
    struct wb_buf out;
    size_t steps;
};

static bool fail(struct reader *r, size_t line, size_t column, const char *reason)
{
    *r->error = (struct wb_yaml_error){reason, line, column};
    return false;
}

static bool fail_at(struct reader *r, const struct node *n, const char *reason)
{
    return fail(r, n->line, n->column, reason);
}

/* --- events to nodes --- */

static struct wb_slice copied(struct wb_arena *a, const yaml_char_t *s)
{
    return s ? wb_dup(a, wb_slice_str((const char *)s)) : WB_SLICE_NULL;
}

static bool put(struct reader *r, struct node *n)
{
    struct node *up = r->depth ? r->stack[r->depth - 1] : NULL;
    if (!up) {
        r->root = n;
        return true;
    }
    if (up->kind == MAPPING && up->count % 2 == 0 && n->kind != SCALAR)
        return fail_at(r, n, "a key must be a scalar");
    if (up->count == up->room) {
        size_t room = up->room ? up->room * 2 : 4;
        struct node **more = wb_new_n(r->a, struct node *, room);
        if (up->count)
            memcpy(more, up->item, up->count * sizeof *more);
        up->item = more;
        up->room = room;
    }
    up->item[up->count++] = n;
    return true;
}

static bool begin(struct reader *r, const yaml_event_t *e, struct node *n,
                  const yaml_char_t *anchor, const yaml_char_t *tag)
{
    n->line = e->start_mark.line + 1;
    n->column = e->start_mark.column + 1;
    n->tag = copied(r->a, tag);
    if (!put(r, n))
        return false;
    if (anchor)
        wb_map_put(r->anchor, wb_slice_str((const char *)anchor), n);
    if (n->kind == SCALAR)
        return true;
    if (r->depth == r->o->depth_max)
        return fail_at(r, n, "nested too deeply");
    n->open = true;
    r->stack[r->depth++] = n;
    return true;
}

static bool scalar_event(struct reader *r, const yaml_event_t *e)
{
    struct node *n = wb_new(r->a, struct node);
    n->kind = SCALAR;
    n->text = wb_dup(r->a, wb_slice(e->data.scalar.value, e->data.scalar.length));
    n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return begin(r, e, n, e->data.scalar.anchor, e->data.scalar.tag);
}

static bool alias_event(struct reader *r, const yaml_event_t *e)
{
    struct node *n = wb_map_get(r->anchor, wb_slice_str((const char *)e->data.alias.anchor));
    size_t line = e->start_mark.line + 1, column = e->start_mark.column + 1;
    if (!n)
        return fail(r, line, column, "alias of an anchor that is not there");
    if (n->open)
        return fail(r, line, column, "alias of a node that it is part of");
    return put(r, n);
}

/* False also at the end (*done). */
static bool event(struct reader *r, const yaml_event_t *e, bool *done)
{
    struct node *n;
    switch (e->type) {
    case YAML_STREAM_END_EVENT:
        *done = true;
        return true;
    case YAML_DOCUMENT_START_EVENT:
        return !r->root ||
               fail(r, e->start_mark.line + 1, e->start_mark.column + 1, "more than one document");
    case YAML_ALIAS_EVENT:
        return alias_event(r, e);
    case YAML_SCALAR_EVENT:
        return scalar_event(r, e);
    case YAML_SEQUENCE_START_EVENT:
        n = wb_new(r->a, struct node);
        n->kind = SEQUENCE;
        return begin(r, e, n, e->data.sequence_start.anchor, e->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        n = wb_new(r->a, struct node);
        n->kind = MAPPING;
        return begin(r, e, n, e->data.mapping_start.anchor, e->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        r->stack[--r->depth]->open = false;
        return true;
    default:
        return true;
    }
}

static bool read_nodes(struct reader *r)
{
    bool done = false, ok = true;
    while (ok && !done) {
        yaml_event_t e;
        if (!yaml_parser_parse(&r->parser, &e)) {
            const yaml_parser_t *p = &r->parser;
            return fail(r, p->problem_mark.line + 1, p->problem_mark.column + 1,
                        p->problem ? p->problem : "not YAML");
        }
        ok = event(r, &e, &done);
        yaml_event_delete(&e);
    }
    return ok;
}

/* --- scalars --- */

static bool one_of(struct wb_slice s, const char *const *words)
{
    while (*words && !wb_slice_is(s, *words))
        words++;
    return *words != NULL;
}

static bool digit_in(char c, unsigned base)
{
    unsigned v = c >= '0' && c <= '9'                     ? (unsigned)(c - '0')
                 : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (unsigned)((c | 0x20) - 'a') + 10
                                                          : 99;
    return v < base;
}

/* Digits and '_' only, at least one digit. */
static bool all_digits(struct wb_slice s, unsigned base)
{
    bool any = false;
    for (size_t i = 0; i < s.n; i++) {
        any |= digit_in(s.p[i], base);
        if (!digit_in(s.p[i], base) && s.p[i] != '_')
            return false;
    }
    return any;
}

/* The value of digits in a base other than ten; false when it does not fit 64 bits. */
static bool based(struct wb_slice s, unsigned base, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '_')
            continue;
        unsigned d = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
        if (*out > ((uint64_t)INT64_MAX - d) / base)
            return false;
        *out = *out * base + d;
    }
    return true;
}

/* "12:30:45": sixties. */
static bool sixties(struct wb_slice s, uint64_t *out)
{
    bool first = true;
    if (wb_slice_chr(s, ':', 0) < 0)
        return false;
    for (*out = 0; s.p; first = false) {
        struct wb_slice part = wb_slice_cut(&s, ':');
        uint64_t v;
        if (!all_digits(part, 10) || !based(part, 10, &v) || (first && part.p[0] == '0'))
            return false;
        if (!first && (part.n > 2 || v > 59 || part.p[0] == '_'))
            return false;
        if (*out > ((uint64_t)INT64_MAX - v) / 60)
            return false;
        *out = *out * 60 + v;
    }
    return true;
}

static bool integer(struct wb_slice s, bool negative, struct wb_buf *out)
{
    uint64_t v;
    bool ok = false;
    if (s.n > 2 && s.p[0] == '0' && s.p[1] == 'x')
        ok = all_digits(wb_slice_sub(s, 2, s.n), 16) && based(wb_slice_sub(s, 2, s.n), 16, &v);
    else if (s.n > 2 && s.p[0] == '0' && s.p[1] == 'b')
        ok = all_digits(wb_slice_sub(s, 2, s.n), 2) && based(wb_slice_sub(s, 2, s.n), 2, &v);
    else if (s.n > 1 && s.p[0] == '0')
        ok = all_digits(s, 8) && based(s, 8, &v);
    else if (sixties(s, &v))
        ok = true;
    else if (s.n && s.p[0] >= '0' && s.p[0] <= '9' && all_digits(s, 10)) {
        if (negative)
            wb_buf_char(out, '-');
        for (size_t i = 0; i < s.n; i++)
            if (s.p[i] != '_')
                wb_buf_char(out, s.p[i]);
        return true;
    }
    if (!ok)
        return false;
    wb_buf_printf(out, "%s%llu", negative ? "-" : "", (unsigned long long)v);
    return true;
}

/* [0-9][0-9_]* '.' [0-9_]* ([eE][-+][0-9]+)?, or the same beginning with the point: with the
 * digits that JSON wants. */
static bool real(struct wb_slice s, bool negative, struct wb_buf *out)
{
    ptrdiff_t point = wb_slice_chr(s, '.', 0);
    if (point < 0 || s.n < 2)
        return false;
    size_t e = (size_t)point;
    while (e < s.n && (s.p[e] | 0x20) != 'e')
        e++;
    struct wb_slice whole = wb_slice_sub(s, 0, (size_t)point);
    struct wb_slice part = wb_slice_sub(s, (size_t)point + 1, e), power = wb_slice_sub(s, e, s.n);
    if ((whole.n && (whole.p[0] == '_' || !all_digits(whole, 10))) ||
        (part.n && !all_digits(part, 10)) || (!whole.n && (!part.n || part.p[0] == '_')))
        return false;
    if (power.n &&
        (power.n < 3 || !strchr("+-", power.p[1]) ||
         !all_digits(wb_slice_sub(power, 2, power.n), 10) || wb_slice_chr(power, '_', 0) >= 0))
        return false;
    size_t from = 0;
    while (from < whole.n && (whole.p[from] == '0' || whole.p[from] == '_'))
        from++;
    if (negative)
        wb_buf_char(out, '-');
    if (from == whole.n)
        wb_buf_char(out, '0');
    for (size_t i = from; i < whole.n; i++)
        if (whole.p[i] != '_')
            wb_buf_char(out, whole.p[i]);
    wb_buf_char(out, '.');
    size_t before = out->n;
    for (size_t i = 0; i < part.n; i++)
        if (part.p[i] != '_')
            wb_buf_char(out, part.p[i]);
    if (out->n == before)
        wb_buf_char(out, '0');
    wb_buf_slice_put(out, power);
    return true;
}

static bool write_number(struct wb_slice s, struct wb_buf *out)
{
    bool negative = s.n && s.p[0] == '-', sign = s.n && (negative || s.p[0] == '+');
    if (sign)
        s = wb_slice_sub(s, 1, s.n);
    if (s.n == 0 || !(digit_in(s.p[0], 10) || (s.p[0] == '.' && !sign)))
        return false;
    return integer(s, negative, out) || real(s, negative, out);
}

static void write_string(struct reader *r, struct wb_slice s)
{
    struct wb_json_writer w;
    wb_jw_init(&w, &r->out);
    wb_jw_str(&w, s);
}

static void write_plain(struct reader *r, struct wb_slice s)
{
    static const char *const yes[] = {"yes",  "Yes", "YES", "true", "True",
                                      "TRUE", "on",  "On",  "ON",   NULL};
    static const char *const no[] = {"no",    "No",  "NO",  "false", "False",
                                     "FALSE", "off", "Off", "OFF",   NULL};
    static const char *const null[] = {"", "~", "null", "Null", "NULL", NULL};
    if (one_of(s, null))
        wb_buf_str(&r->out, "null");
    else if (one_of(s, yes))
        wb_buf_str(&r->out, "true");
    else if (one_of(s, no))
        wb_buf_str(&r->out, "false");
    else if (!write_number(s, &r->out))
        write_string(r, s);
}

/* --- nodes to JSON --- */

static bool write_node(struct reader *r, const struct node *n, unsigned depth);

static bool step(struct reader *r, const struct node *n)
{
    if (++r->steps > r->o->bytes_max || r->out.n > r->o->bytes_max)
        return fail_at(r, n, "too large once its aliases are written out");
    return true;
}

/* Keys of a mapping written so far. */
struct keys {
    struct wb_slice few[FEW_KEYS];
    size_t count;
    struct wb_map *map;
};

/* False: the key is there already. */
static bool add_key(struct keys *k, struct wb_slice key)
{
    if (!k->map) {
        for (size_t i = 0; i < k->count; i++)
            if (wb_slice_eq(k->few[i], key))
                return false;
        if (k->count < FEW_KEYS) {
            k->few[k->count++] = key;
            return true;
        }
        k->map = wb_map_new();
        for (size_t i = 0; i < k->count; i++)
            wb_map_put(k->map, k->few[i], k);
    }
    return wb_map_put(k->map, key, k) == NULL;
}

static bool is_merge(const struct node *key)
{
    return key->plain && !key->tag.p && wb_slice_is(key->text, "<<");
}

static bool write_member(struct reader *r, const struct node *key, const struct node *value,
                         unsigned depth, bool *first)
{
    if (!*first)
        wb_buf_char(&r->out, ',');
    *first = false;
    write_string(r, key->text);
    wb_buf_char(&r->out, ':');
    return write_node(r, value, depth);
}

static bool write_members(struct reader *r, const struct node *n, unsigned depth, struct keys *keys,
                          bool merged, bool *first);

/* The value of a merge key: a mapping, or a list of them. */
static bool write_merge(struct reader *r, const struct node *v, unsigned depth, struct keys *keys,
                        bool *first)
{
    if (v->kind == MAPPING && !v->tag.p)
        return write_members(r, v, depth, keys, true, first);
    if (v->kind != SEQUENCE || v->tag.p)
        return fail_at(r, v, "a merge key takes a mapping or a list of mappings");
    for (size_t i = 0; i < v->count; i++) {
        if (v->item[i]->kind != MAPPING || v->item[i]->tag.p)
            return fail_at(r, v->item[i], "a merge key takes a mapping or a list of mappings");
        if (!write_members(r, v->item[i], depth, keys, true, first))
            return false;
    }
    return true;
}

static bool write_members(struct reader *r, const struct node *n, unsigned depth, struct keys *keys,
                          bool merged, bool *first)
{
    if (!step(r, n))
        return false;
    if (depth > r->o->depth_max)
        return fail_at(r, n, "nested too deeply");
    for (size_t i = 0; i < n->count; i += 2) { /* its own first: they win */
        const struct node *key = n->item[i];
        if (!step(r, key))
            return false;
        if (key->tag.p && !wb_slice_is(key->tag, "!") && !wb_slice_is(key->tag, YAML_ORG "str"))
            return fail_at(r, key, "a key with a tag");
        if (is_merge(key))
            continue;
        if (add_key(keys, key->text)) {
            if (!write_member(r, key, n->item[i + 1], depth, first))
                return false;
        } else if (!merged) {
            return fail_at(r, key, "duplicate key");
        }
    }
    for (size_t i = 0; i < n->count; i += 2)
        if (is_merge(n->item[i]) && !write_merge(r, n->item[i + 1], depth + 1, keys, first))
            return false;
    return true;
}

static bool write_mapping(struct reader *r, const struct node *n, unsigned depth)
{
    struct keys keys = {.count = 0};
    bool first = true;
    wb_buf_char(&r->out, '{');
    bool ok = write_members(r, n, depth, &keys, false, &first);
    wb_map_free(keys.map);
    wb_buf_char(&r->out, '}');
    return ok;
}

static bool write_sequence(struct reader *r, const struct node *n, unsigned depth)
{
    wb_buf_char(&r->out, '[');
    for (size_t i = 0; i < n->count; i++) {
        if (i)
            wb_buf_char(&r->out, ',');
        if (!write_node(r, n->item[i], depth))
            return false;
    }
    wb_buf_char(&r->out, ']');
    return true;
}

static bool write_untagged(struct reader *r, const struct node *n, unsigned depth)
{
    if (n->kind == MAPPING)
        return write_mapping(r, n, depth);
    if (n->kind == SEQUENCE)
        return write_sequence(r, n, depth);
    if (n->plain && !n->tag.p)
        write_plain(r, n->text);
    else
        write_string(r, n->text);
    return true;
}

/* A local tag's object. */
static bool write_tagged(struct reader *r, const struct wb_yaml_tag *tag, const struct node *n,
                         unsigned depth)
{
    ptrdiff_t dot = tag->dotted && n->kind == SCALAR ? wb_slice_chr(n->text, '.', 0) : -1;
    wb_buf_char(&r->out, '{');
    write_string(r, wb_slice_str(tag->key));
    wb_buf_char(&r->out, ':');
    if (dot >= 0) {
        wb_buf_char(&r->out, '[');
        write_string(r, wb_slice_sub(n->text, 0, (size_t)dot));
        wb_buf_char(&r->out, ',');
        write_string(r, wb_slice_sub(n->text, (size_t)dot + 1, n->text.n));
        wb_buf_char(&r->out, ']');
    } else if (!write_untagged(r, n, depth + 1)) {
        return false;
    }
    wb_buf_char(&r->out, '}');
    return true;
}

/* YAML's own tags: what they ask of a node, "" for nothing. */
static const struct {
    const char *tag;
    int kind;
    bool resolve; /* the text is resolved as a plain one */
} own_tags[] = {
    {"!", -1, false},
    {YAML_ORG "str", SCALAR, false},
    {YAML_ORG "int", SCALAR, true},
    {YAML_ORG "float", SCALAR, true},
    {YAML_ORG "bool", SCALAR, true},
    {YAML_ORG "null", SCALAR, true},
    {YAML_ORG "seq", SEQUENCE, false},
    {YAML_ORG "map", MAPPING, false},
};

static bool write_node(struct reader *r, const struct node *n, unsigned depth)
{
    if (!step(r, n))
        return false;
    if (depth > r->o->depth_max)
        return fail_at(r, n, "nested too deeply");
    if (n->kind != SCALAR)
        depth++;
    if (!n->tag.p)
        return write_untagged(r, n, depth);
    for (const struct wb_yaml_tag *t = r->o->tags; t && t->tag; t++)
        if (wb_slice_is(n->tag, t->tag))
            return write_tagged(r, t, n, depth);
    for (size_t i = 0; i < sizeof own_tags / sizeof *own_tags; i++) {
        if (!wb_slice_is(n->tag, own_tags[i].tag) ||
            (own_tags[i].kind >= 0 && own_tags[i].kind != (int)n->kind))
            continue;
        if (!own_tags[i].resolve)
            return write_untagged(r, n, depth);
        write_plain(r, n->text);
        return true;
    }
    return fail_at(r, n, wb_dup_cstr(r->a, wb_printf(r->a, "unknown tag %.*s", WB_FMT(n->tag))));
}

bool wb_yaml_to_json(struct wb_arena *a, struct wb_slice text, const struct wb_yaml_options *o,
                     struct wb_slice *json, struct wb_yaml_error *error)
{
    struct reader r = {.a = a, .o = o, .error = error, .out = wb_buf_in(a)};
    if (!yaml_parser_initialize(&r.parser))
        return fail(&r, 1, 1, "out of memory");
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
    r.anchor = wb_map_new();
    r.stack = wb_new_n(a, struct node *, o->depth_max);
    bool ok = read_nodes(&r);
    if (ok && r.root)
        ok = write_node(&r, r.root, 0);
    else
        wb_buf_str(&r.out, "null");
    if (ok && r.out.n > o->bytes_max)
        ok = fail(&r, 1, 1, "too large once its aliases are written out");
    wb_map_free(r.anchor);
    yaml_parser_delete(&r.parser);
    *json = wb_buf_slice(&r.out);
    return ok;
}
