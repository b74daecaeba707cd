#include "aws/validate.h"
#include "aws/pattern.h"
#include "aws/wire.h"
#include "base/limits.h"
#include <stdio.h>

#define ERRORS_MAX 10
#define DEPTH_MAX  32

struct check {
    struct wb_call *c;
    struct wb_buf path; /* "entries.1.member.source" */
    struct wb_buf text; /* the messages so far */
    size_t value_end;   /* where the printing of a value stops */
    unsigned errors;
    unsigned depth;
    struct wb_slice rule;  /* a pattern_rule that was not met */
    bool payload, in_body; /* a member of the body is looked at; one has failed */
    bool alone;            /* a service's own error was told; the rest is not looked at */
};

bool wb_shape_matches(const struct wb_shape *s, struct wb_slice text)
{
    return !s->pattern || wb_pattern_match(s->pattern, text);
}

/* --- values as AWS prints them: Java's toString --- */

static void lower_first(struct wb_buf *b, const char *name)
{
    char c = name[0];
    wb_buf_char(b, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    wb_buf_str(b, name + 1);
}

/* A value may be megabytes; its beginning tells enough. */
static void put_text(struct check *k, struct wb_slice s)
{
    size_t room = k->value_end > k->text.n ? k->value_end - k->text.n : 0;
    if (s.n <= room) {
        wb_buf_slice_put(&k->text, s);
        return;
    }
    while (room > 0 && ((unsigned char)s.p[room] & 0xc0) == 0x80)
        room--;
    wb_buf_put(&k->text, s.p, room);
    wb_buf_str(&k->text, "...");
    k->value_end = 0;
}

static void put_value(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    struct wb_buf *b = &k->text;
    struct wb_json_iter it = wb_json_iter(v);
    bool first = true;
    if (b->n >= k->value_end)
        return;
    switch (wb_json_type(v)) {
    case WB_JSON_MISSING:
    case WB_JSON_NULL:
        wb_buf_str(b, "null");
        break;
    case WB_JSON_STRING:
        put_text(k, wb_json_str(v, k->c->arena));
        break;
    case WB_JSON_ARRAY:
        wb_buf_char(b, '[');
        for (; wb_json_next(&it) && b->n < k->value_end; first = false) {
            wb_buf_str(b, first ? "" : ", ");
            put_value(k, it.value, s && s->kind == WB_LIST ? s->elem : NULL);
        }
        wb_buf_char(b, ']');
        break;
    case WB_JSON_OBJECT:
        if (s && s->kind == WB_STRUCTURE) {
            wb_buf_str(b, s->name ? s->name : "");
            wb_buf_char(b, '(');
            for (const struct wb_member *m = s->member; m && m->name; m++) {
                wb_buf_str(b, m == s->member ? "" : ", ");
                lower_first(b, m->name);
                wb_buf_char(b, '=');
                put_value(k, wb_json_get(v, m->name), m->shape);
            }
            wb_buf_char(b, ')');
            break;
        }
        wb_buf_char(b, '{');
        for (; wb_json_next(&it) && b->n < k->value_end; first = false) {
            wb_buf_str(b, first ? "" : ", ");
            put_text(k, wb_json_str(it.key, k->c->arena));
            wb_buf_char(b, '=');
            put_value(k, it.value, s && s->kind == WB_MAP ? s->elem : NULL);
        }
        wb_buf_char(b, '}');
        break;
    default:
        put_text(k, wb_json_raw(v));
    }
}

/* Begins the next message: "Value 'v' at 'path' failed to satisfy constraint: ". False when ten
 * were told. */
static bool begin(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    if (k->errors >= ERRORS_MAX || k->alone)
        return false;
    bool null = wb_json_type(v) == WB_JSON_NULL || wb_json_type(v) == WB_JSON_MISSING;
    wb_buf_str(&k->text, k->errors ? "; Value " : "Value ");
    k->errors++;
    k->in_body |= k->payload;
    k->value_end = k->text.n + WB_VALIDATION_VALUE_MAX;
    if (!k->c->service->values_hidden && !(s && s->sensitive)) {
        wb_buf_str(&k->text, null ? "" : "'");
        put_value(k, v, s);
        wb_buf_str(&k->text, null ? " " : "' ");
    }
    wb_buf_printf(&k->text, "at '%.*s' failed to satisfy constraint: ", WB_FMT(k->path));
    return true;
}

/* --- constraints --- */

/* Java counts UTF-16 units. */
static int64_t length_of(struct wb_slice s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        n += (c & 0xc0) != 0x80;
        n += c >= 0xf0;
    }
    return n;
}

/* Cheap when everything is in order: bytes bound the units. */
static bool too_short(const struct wb_shape *s, struct wb_slice text)
{
    return s->has_min && ((int64_t)text.n < s->min || length_of(text) < s->min);
}

static bool too_long(const struct wb_shape *s, struct wb_slice text)
{
    return s->has_max && (int64_t)text.n > s->max && length_of(text) > s->max;
}

/* The service will look at it. */
static bool is_arn(const struct wb_shape *s, struct wb_slice text)
{
    return s->or_arn && text.n <= WB_ARN_MAX && wb_slice_starts(text, WB_S("arn:"));
}

static bool in_set(const struct wb_shape *s, struct wb_slice text)
{
    for (const char *const *v = s->values; *v; v++)
        if (wb_slice_is(text, *v))
            return true;
    return false;
}

static const char *printed_pattern(const struct wb_shape *s)
{
    return s->pattern_text ? s->pattern_text : s->pattern;
}

static void put_set(struct wb_buf *b, const struct wb_shape *s)
{
    wb_buf_str(b, "Member must satisfy enum value set: [");
    for (const char *const *v = s->values; *v; v++) {
        wb_buf_str(b, v == s->values ? "" : ", ");
        wb_buf_str(b, *v);
    }
    wb_buf_char(b, ']');
    if (s->values_more)
        wb_buf_str(b, s->values_more);
}

/* Some services tell a value outside a set by itself, in a code of their own. */
static void fail_alone(struct check *k, const struct wb_shape *s, struct wb_slice text)
{
    struct wb_buf set = wb_buf_in(k->c->arena);
    put_set(&set, s);
    k->alone = true;
    wb_fail(k->c, s->values_code, 400, "Value %.*s at '%.*s' failed to satisfy constraint: %.*s",
            WB_FMT(text), WB_FMT(k->path), WB_FMT(set));
}

/* Looked at by the service after its framework has found nothing wrong. */
static void note_rule(struct check *k, const struct wb_shape *s)
{
    if (!k->rule.p)
        k->rule = wb_printf(k->c->arena, "The specified value for %.*s is invalid. %s",
                            WB_FMT(k->path), s->pattern_rule);
}

static void check_string(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    struct wb_slice text = wb_json_str(v, k->c->arena);
    if (is_arn(s, text))
        return;
    if (s->values && !in_set(s, text)) {
        if (s->values_code)
            fail_alone(k, s, text);
        else if (begin(k, v, s))
            put_set(&k->text, s);
    }
    bool matches = wb_shape_matches(s, text);
    if (!matches && s->pattern_rule && text.n)
        note_rule(k, s);
    else if (!matches && begin(k, v, s))
        wb_buf_printf(&k->text, "Member must satisfy regular expression pattern: %s",
                      printed_pattern(s));
    if (too_short(s, text) && begin(k, v, s))
        wb_buf_printf(&k->text, "Member must have length greater than or equal to %lld",
                      (long long)s->min);
    if (too_long(s, text) && begin(k, v, s))
        wb_buf_printf(&k->text, "Member must have length less than or equal to %lld",
                      (long long)s->max);
}

static void check_count(struct check *k, struct wb_json v, const struct wb_shape *s, int64_t n)
{
    if (s->has_min && n < s->min && begin(k, v, s))
        wb_buf_printf(&k->text, "Member must have length greater than or equal to %lld",
                      (long long)s->min);
    if (s->has_max && n > s->max && begin(k, v, s))
        wb_buf_printf(&k->text, "Member must have length less than or equal to %lld",
                      (long long)s->max);
}

static void check_number(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    double d;
    if (!(s->has_min || s->has_max) || !wb_json_double(v, &d))
        return;
    if (s->has_min && d < (double)s->min && begin(k, v, s))
        wb_buf_printf(&k->text, "Member must have value greater than or equal to %lld",
                      (long long)s->min);
    if (s->has_max && d > (double)s->max && begin(k, v, s))
        wb_buf_printf(&k->text, "Member must have value less than or equal to %lld",
                      (long long)s->max);
}

/* Bytes of a blob, from the length of its base64. */
static int64_t blob_len(struct wb_slice text)
{
    int64_t n = (int64_t)(text.n / 4 * 3);
    if (wb_slice_ends(text, WB_S("==")))
        return n - 2;
    return wb_slice_ends(text, WB_S("=")) ? n - 1 : n;
}

/* Does a scalar break any of its constraints? */
static bool scalar_ok(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    struct wb_slice text = wb_json_str(v, k->c->arena);
    return wb_json_type(v) != WB_JSON_STRING || is_arn(s, text) ||
           ((!s->values || in_set(s, text)) && wb_shape_matches(s, text) && !too_short(s, text) &&
            !too_long(s, text));
}

/* "[Member must have length ..., Member must satisfy ...]" */
static void put_constraints(struct wb_buf *b, const struct wb_shape *s)
{
    const char *sep = "[";
    if (s->has_max) {
        wb_buf_printf(b, "%sMember must have length less than or equal to %lld", sep,
                      (long long)s->max);
        sep = ", ";
    }
    if (s->has_min) {
        wb_buf_printf(b, "%sMember must have length greater than or equal to %lld", sep,
                      (long long)s->min);
        sep = ", ";
    }
    if (s->pattern) {
        wb_buf_printf(b, "%sMember must satisfy regular expression pattern: %s", sep,
                      printed_pattern(s));
        sep = ", ";
    }
    if (s->values) {
        wb_buf_str(b, sep);
        put_set(b, s);
    }
    wb_buf_char(b, ']');
}

/* Strings in a list, and keys and strings in a map, are told all at once. */
static void check_strings(struct check *k, struct wb_json v, const struct wb_shape *s, bool keys)
{
    const struct wb_shape *e = keys ? s->key : s->elem;
    struct wb_json_iter it = wb_json_iter(v);
    while (e && wb_json_next(&it)) {
        if (scalar_ok(k, keys ? it.key : it.value, e))
            continue;
        if (begin(k, v, s)) {
            wb_buf_str(&k->text, keys                ? "Map keys must satisfy constraint: "
                                 : s->kind == WB_MAP ? "Map value must satisfy constraint: "
                                                     : "Member must satisfy constraint: ");
            put_constraints(&k->text, e);
        }
        return;
    }
}

static void check_value(struct check *k, struct wb_json v, const struct wb_shape *s);

static void check_elements(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    struct wb_json_iter it = wb_json_iter(v);
    size_t back = k->path.n;
    for (unsigned i = 1; wb_json_next(&it); i++) {
        if (s->kind == WB_LIST)
            wb_buf_printf(&k->path, ".%u.member", i);
        else
            wb_buf_printf(&k->path, ".%.*s.member", WB_FMT(wb_json_str(it.key, k->c->arena)));
        check_value(k, it.value, s->elem);
        k->path.n = back;
    }
}

static void check_structure(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    size_t back = k->path.n;
    for (const struct wb_member *m = s->member; m && m->name; m++) {
        struct wb_json member = wb_json_get(v, m->name);
        enum wb_json_type t = wb_json_type(member);
        bool null = t == WB_JSON_MISSING || t == WB_JSON_NULL;
        if (null && (!m->required || m->where == WB_IN_PAYLOAD))
            continue;
        if (k->path.n)
            wb_buf_char(&k->path, '.');
        else
            k->payload = m->where == WB_IN_PAYLOAD;
        lower_first(&k->path, m->name);
        if (!null)
            check_value(k, member, m->shape);
        else if (begin(k, member, m->shape))
            wb_buf_str(&k->text, "Member must not be null");
        k->path.n = back;
    }
}

static bool is_collection(const struct wb_shape *s)
{
    return s->kind == WB_STRUCTURE || s->kind == WB_LIST || s->kind == WB_MAP;
}

static void check_value(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    if (wb_json_type(v) == WB_JSON_NULL || k->depth >= DEPTH_MAX)
        return;
    k->depth++;
    switch (s->kind) {
    case WB_STRING:
        check_string(k, v, s);
        break;
    case WB_BLOB:
        check_count(k, v, s, blob_len(wb_json_str(v, k->c->arena)));
        break;
    case WB_INTEGER:
    case WB_LONG:
    case WB_DOUBLE:
        check_number(k, v, s);
        break;
    case WB_LIST:
    case WB_MAP:
        check_count(k, v, s, wb_json_count(v));
        if (s->kind == WB_MAP)
            check_strings(k, v, s, true);
        if (is_collection(s->elem))
            check_elements(k, v, s);
        else
            check_strings(k, v, s, false);
        break;
    case WB_STRUCTURE:
        check_structure(k, v, s);
        break;
    case WB_BOOLEAN:
    case WB_TIMESTAMP:
    case WB_ANY:
        break;
    }
    k->depth--;
}

void wb_validate(struct wb_call *c)
{
    struct check k = {.c = c, .path = wb_buf_in(c->arena), .text = wb_buf_in(c->arena)};
    check_structure(&k, c->in, c->op->input);
    struct wb_slice text = k.in_body ? WB_S(WB_MALFORMED_XML) : wb_buf_slice(&k.text);
    if (k.errors && !k.alone && c->protocol == WB_REST_XML)
        wb_fail(c, k.in_body ? "MalformedXML" : "InvalidArgument", 400, "%.*s", WB_FMT(text));
    else if (k.errors && !k.alone)
        wb_fail(c,
                c->service && c->service->validation_code ? c->service->validation_code
                : c->protocol == WB_QUERY                 ? "ValidationError"
                                                          : "ValidationException",
                400, "%u validation error%s detected: %.*s", k.errors, k.errors > 1 ? "s" : "",
                WB_FMT(k.text));
    else if (k.rule.p)
        wb_fail(c, "ValidationError", 400, "%.*s", WB_FMT(k.rule));
}
