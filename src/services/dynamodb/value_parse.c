/*
 * From wire JSON to values. A request is checked twice at AWS: first that every JSON type can be
 * read (SerializationException), then that the values keep the rules (ValidationException). Here it
 * is one walk that goes on after a broken rule and looks only for types from there.
 */
#include "base/limits.h"
#include "codec/text.h"
#include "services/dynamodb/value.h"
#include <assert.h>

#define INVALID "One or more parameter values were invalid: "

struct parse {
    struct wb_arena *a;
    struct wb_av_error *e;
    bool trusted; /* a stored row: already in normal form */
};

static void bad_type_slice(struct parse *p, struct wb_slice text)
{
    if (!p->e->type)
        *p->e = (struct wb_av_error){text, true};
}

static void bad_type(struct parse *p, const char *text)
{
    bad_type_slice(p, wb_slice_str(text));
}

static void bad_rule(struct parse *p, struct wb_slice text)
{
    if (!p->e->message.p)
        p->e->message = text;
}

static void bad_text(struct parse *p, const char *text)
{
    bad_rule(p, wb_slice_str(text));
}

/* A scalar was expected and v is something else. */
static void bad_scalar(struct parse *p, struct wb_json v, const char *wanted)
{
    switch (wb_json_type(v)) {
    case WB_JSON_NUMBER:
    case WB_JSON_TRUE:
    case WB_JSON_FALSE: {
        const char *what = wb_json_type(v) == WB_JSON_NUMBER ? "NUMBER_VALUE"
                           : wb_json_type(v) == WB_JSON_TRUE ? "TRUE_VALUE"
                                                             : "FALSE_VALUE";
        struct wb_slice s = wb_printf(p->a, "%s cannot be converted to %s", what, wanted);
        bad_type_slice(p, s);
        break;
    }
    case WB_JSON_STRING:
        bad_type(p, "Unexpected token received from parser");
        break;
    case WB_JSON_ARRAY: {
        struct wb_slice s =
            wb_printf(p->a, "Unrecognized collection type class java.lang.%s", wanted);
        bad_type_slice(p, s);
        break;
    }
    default:
        bad_type(p, "Start of structure or map found where not expected");
    }
}

/* Most numbers are short integers, which are their own normal form. */
static bool plain_integer(struct wb_slice s)
{
    size_t i = s.n && s.p[0] == '-';
    size_t digits = s.n - i;
    if (digits == 0 || digits > 38 || (s.p[i] == '0' && s.n > 1))
        return false;
    for (; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

static void parse_number(struct parse *p, struct wb_json v, struct wb_av *out)
{
    out->type = WB_AV_N;
    if (wb_json_type(v) != WB_JSON_STRING) {
        bad_scalar(p, v, "String");
        return;
    }
    struct wb_slice s = wb_json_str(v, p->a);
    out->s = s;
    if (p->trusted || plain_integer(s))
        return;
    struct wb_decimal d;
    enum wb_decimal_status st = wb_decimal_parse(s, &d);
    if (st == WB_DEC_OK)
        out->s = wb_decimal_str(p->a, &d);
    else if (s.n == 0)
        bad_text(p, "The parameter cannot be converted to a numeric value");
    else if (st == WB_DEC_SYNTAX)
        bad_rule(p, wb_printf(p->a, "The parameter cannot be converted to a numeric value: %.*s",
                              WB_FMT(s)));
    else
        bad_text(p, wb_av_number_error(st));
}

static void parse_binary(struct parse *p, struct wb_json v, struct wb_av *out)
{
    out->type = WB_AV_B;
    if (wb_json_type(v) != WB_JSON_STRING) {
        bad_scalar(p, v, "Blob");
        return;
    }
    struct wb_slice s = wb_json_str(v, p->a);
    if (wb_base64_decode(p->a, s, &out->s))
        return;
    struct wb_slice why;
    size_t bad = 0;
    while (bad < s.n && (s.p[bad] == '+' || s.p[bad] == '/' || s.p[bad] == '=' ||
                         (s.p[bad] >= '0' && s.p[bad] <= '9') ||
                         ((s.p[bad] | 0x20) >= 'a' && (s.p[bad] | 0x20) <= 'z')))
        bad++;
    if (s.n % 4)
        why = wb_printf(
            p->a, "Base64 encoded length is expected a multiple of 4 bytes but found: %zu", s.n);
    else if (bad < s.n)
        why = wb_printf(p->a, "Invalid Base64 character: '%c'", s.p[bad]);
    else
        why = WB_S("Invalid last non-pad Base64 character dectected");
    struct wb_slice text =
        wb_printf(p->a, "'%.*s' can not be converted to a Blob: %.*s", WB_FMT(s), WB_FMT(why));
    bad_type_slice(p, text);
}

static void parse_string(struct parse *p, struct wb_json v, struct wb_av *out)
{
    out->type = WB_AV_S;
    if (wb_json_type(v) != WB_JSON_STRING)
        bad_scalar(p, v, "String");
    else
        out->s = wb_json_str(v, p->a);
}

static bool parse_bool(struct parse *p, struct wb_json v)
{
    if (wb_json_type(v) != WB_JSON_TRUE && wb_json_type(v) != WB_JSON_FALSE) {
        bad_scalar(p, v, "Boolean");
        return false;
    }
    return wb_json_type(v) == WB_JSON_TRUE;
}

/* Stable merge sort of `count` records of `size` bytes; small runs by insertion. */
static void sort(struct wb_arena *a, void *base, size_t count, size_t size,
                 int (*cmp)(const void *, const void *))
{
    char *p = base;
    size_t sorted = 1;
    while (sorted < count && cmp(p + (sorted - 1) * size, p + sorted * size) <= 0)
        sorted++;
    if (sorted >= count)
        return;
    char *from = p, *to = wb_alloc(a, count * size);
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t lo = 0; lo < count; lo += 2 * run) {
            size_t mid = lo + run < count ? lo + run : count;
            size_t hi = mid + run < count ? mid + run : count;
            size_t i = lo, j = mid;
            for (size_t k = lo; k < hi; k++) {
                bool left = j >= hi || (i < mid && cmp(from + i * size, from + j * size) <= 0);
                memcpy(to + k * size, from + (left ? i++ : j++) * size, size);
            }
        }
        char *t = from;
        from = to;
        to = t;
    }
    if (from != p)
        memcpy(p, from, count * size);
}

static int cmp_attr(const void *x, const void *y)
{
    return wb_slice_cmp(((const struct wb_attr *)x)->name, ((const struct wb_attr *)y)->name);
}

static int cmp_member(const void *x, const void *y)
{
    return wb_av_cmp(x, y);
}

static void set_duplicates(struct parse *p, struct wb_json v, uint8_t type)
{
    if (type == WB_AV_NS) {
        bad_text(p, "Input collection contains duplicates");
        return;
    }
    struct wb_buf b = wb_buf_in(p->a);
    wb_buf_str(&b, INVALID "Input collection [");
    struct wb_json_iter it = wb_json_iter(v);
    for (bool first = true; wb_json_next(&it); first = false) {
        wb_buf_str(&b, first ? "" : ", ");
        wb_buf_slice_put(&b, wb_json_str(it.value, p->a));
    }
    wb_buf_str(&b,
               type == WB_AV_BS ? "]of type BS contains duplicates." : "] contains duplicates.");
    bad_rule(p, wb_buf_slice(&b));
}

static void parse_set(struct parse *p, struct wb_json v, uint8_t type, struct wb_av *out)
{
    out->type = type;
    if (wb_json_type(v) != WB_JSON_ARRAY) {
        bad_type(p, wb_json_type(v) == WB_JSON_OBJECT
                        ? "Start of structure or map found where not expected"
                        : "Unexpected field type");
        return;
    }
    out->count = wb_json_count(v);
    out->elem = wb_new_n(p->a, struct wb_av, out->count);
    struct wb_json_iter it = wb_json_iter(v);
    for (uint32_t i = 0; wb_json_next(&it); i++) {
        if (type == WB_AV_SS)
            parse_string(p, it.value, &out->elem[i]);
        else if (type == WB_AV_NS)
            parse_number(p, it.value, &out->elem[i]);
        else
            parse_binary(p, it.value, &out->elem[i]);
    }
    if (p->trusted || p->e->message.p)
        return;
    if (out->count == 0) {
        bad_text(p, type == WB_AV_SS   ? INVALID "An string set  may not be empty"
                    : type == WB_AV_NS ? INVALID "An number set  may not be empty"
                                       : INVALID "Binary sets should not be empty");
        return;
    }
    sort(p->a, out->elem, out->count, sizeof(*out->elem), cmp_member);
    for (uint32_t i = 1; i < out->count; i++) {
        if (wb_av_cmp(&out->elem[i - 1], &out->elem[i]) == 0) {
            set_duplicates(p, v, type);
            return;
        }
    }
}

static void parse_value(struct parse *p, struct wb_json v, unsigned depth, struct wb_av *out);

static void too_deep(struct parse *p)
{
    bad_text(p, "Nesting Levels have exceeded supported limits: Attributes in the item have nested "
                "levels beyond supported limit");
}

static void parse_list(struct parse *p, struct wb_json v, unsigned depth, struct wb_av *out)
{
    out->type = WB_AV_L;
    if (wb_json_type(v) != WB_JSON_ARRAY) {
        bad_type(p, wb_json_type(v) == WB_JSON_OBJECT
                        ? "Start of structure or map found where not expected"
                        : "Unexpected field type");
        return;
    }
    if (depth > WB_DDB_NESTING_MAX) {
        too_deep(p);
        return;
    }
    out->count = wb_json_count(v);
    out->elem = wb_new_n(p->a, struct wb_av, out->count);
    struct wb_json_iter it = wb_json_iter(v);
    for (uint32_t i = 0; wb_json_next(&it); i++)
        parse_value(p, it.value, depth, &out->elem[i]);
}

static void parse_map(struct parse *p, struct wb_json v, unsigned depth, struct wb_av *out)
{
    out->type = WB_AV_M;
    if (wb_json_type(v) != WB_JSON_OBJECT) {
        bad_type(p, wb_json_type(v) == WB_JSON_ARRAY
                        ? "Unrecognized collection type java.util.Map<java.lang.String, "
                          "com.amazonaws.dynamodb.v20120810.AttributeValue>"
                        : "Unexpected field type");
        return;
    }
    if (depth > WB_DDB_NESTING_MAX) {
        too_deep(p);
        return;
    }
    uint32_t count = wb_json_count(v);
    out->attr = wb_new_n(p->a, struct wb_attr, count);
    struct wb_json_iter it = wb_json_iter(v);
    for (uint32_t i = 0; wb_json_next(&it); i++) {
        out->attr[i].name = wb_json_str(it.key, p->a);
        parse_value(p, it.value, depth, &out->attr[i].value);
        if (out->attr[i].name.n > WB_DDB_NAME_MAX)
            bad_text(p, INVALID "Attribute name is too large, must be less than 64 Kb");
        else if (out->attr[i].name.n == 0 && depth == 0)
            bad_text(p, INVALID "Empty attribute name");
    }
    out->count = count;
    if (p->trusted || p->e->message.p)
        return;
    sort(p->a, out->attr, count, sizeof(*out->attr), cmp_attr);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) { /* of members with one name the last counts */
        if (kept && wb_slice_eq(out->attr[kept - 1].name, out->attr[i].name))
            kept--;
        out->attr[kept++] = out->attr[i];
    }
    out->count = kept;
}

static void parse_typed(struct parse *p, uint8_t type, struct wb_json v, unsigned depth,
                        struct wb_av *out)
{
    switch (type) {
    case WB_AV_S:
        parse_string(p, v, out);
        break;
    case WB_AV_N:
        parse_number(p, v, out);
        break;
    case WB_AV_B:
        parse_binary(p, v, out);
        break;
    case WB_AV_BOOL:
        out->type = WB_AV_BOOL;
        out->truth = parse_bool(p, v);
        break;
    case WB_AV_NULL:
        out->type = WB_AV_NULL;
        if (!parse_bool(p, v))
            bad_text(p, INVALID "Null attribute value types must have the value of true");
        break;
    case WB_AV_L:
        parse_list(p, v, depth + 1, out);
        break;
    case WB_AV_M:
        parse_map(p, v, depth + 1, out);
        break;
    default:
        parse_set(p, v, type, out);
    }
}

static void parse_value(struct parse *p, struct wb_json v, unsigned depth, struct wb_av *out)
{
    if (wb_json_type(v) != WB_JSON_OBJECT) {
        if (wb_json_type(v) == WB_JSON_ARRAY)
            bad_type(p, "Unrecognized collection type class "
                        "com.amazonaws.dynamodb.v20120810.AttributeValue");
        else if (wb_json_type(v) != WB_JSON_NULL)
            bad_type(p, "Unexpected value type in payload");
        else
            bad_text(p, "Supplied AttributeValue is empty, must contain exactly one of the "
                        "supported datatypes");
        return;
    }
    unsigned found = 0;
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        uint8_t type = wb_av_type_of(wb_json_str(it.key, p->a));
        if (type == WB_AV_NONE || wb_json_type(it.value) == WB_JSON_NULL)
            continue;
        struct wb_av one = {0};
        parse_typed(p, type, it.value, depth, &one);
        if (found++ == 0)
            *out = one;
    }
    if (found == 0)
        bad_text(p, "Supplied AttributeValue is empty, must contain exactly one of the supported "
                    "datatypes");
    else if (found > 1)
        bad_text(p, "Supplied AttributeValue has more than one datatypes set, must contain exactly "
                    "one of the supported datatypes");
}

bool wb_av_parse(struct wb_arena *a, struct wb_json v, struct wb_av *out, struct wb_av_error *e)
{
    struct parse p = {a, e, false};
    *out = (struct wb_av){0};
    *e = (struct wb_av_error){0};
    parse_value(&p, v, 0, out);
    return !e->message.p;
}

bool wb_av_parse_map(struct wb_arena *a, struct wb_json v, struct wb_av *out, struct wb_av_error *e)
{
    struct parse p = {a, e, false};
    *out = (struct wb_av){0};
    *e = (struct wb_av_error){0};
    parse_map(&p, v, 0, out);
    return !e->message.p;
}

bool wb_av_read_json(struct wb_arena *a, struct wb_json v, struct wb_av *out)
{
    struct wb_av_error e = {0};
    struct parse p = {a, &e, true};
    *out = (struct wb_av){0};
    parse_map(&p, v, 0, out);
    return !e.message.p;
}

bool wb_av_read_map(struct wb_arena *a, struct wb_slice json, struct wb_av *out)
{
    struct wb_json_doc *doc = wb_new(a, struct wb_json_doc);
    return wb_json_parse(doc, a, json, 0, NULL) && wb_av_read_json(a, wb_json_root(doc), out);
}
