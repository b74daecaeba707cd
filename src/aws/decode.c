/*
 * From bytes to a checked document. The texts for wrong types were recorded from AWS: DynamoDB's
 * marshaller has one set, the other services' another.
 */
#include "aws/protocol.h"
#include "aws/wire.h"
#include "base/utf8.h"
#include "codec/cbor.h"
#include "codec/text.h"
#include <math.h>

struct check {
    struct wb_call *c;
    bool dynamodb;
};

static bool type_error(struct check *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool type_error(struct check *k, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice text = wb_vprintf(k->c->arena, fmt, ap);
    wb_fail(k->c, "SerializationException", 400, "%.*s", WB_FMT(text));
    va_end(ap);
    return false;
}

static const char *kind_name(enum wb_kind k)
{
    static const char *const names[] = {
        [WB_STRING] = "String",      [WB_INTEGER] = "Integer", [WB_LONG] = "Long",
        [WB_DOUBLE] = "Double",      [WB_BOOLEAN] = "Boolean", [WB_BLOB] = "Blob",
        [WB_TIMESTAMP] = "Date",     [WB_LIST] = "List",       [WB_MAP] = "Map",
        [WB_STRUCTURE] = "Structure"};
    return names[k];
}

/* "NUMBER_VALUE cannot be converted to String" and "... can not be converted to a String". */
static bool wrong_scalar(struct check *k, struct wb_json v, enum wb_kind kind)
{
    struct wb_slice raw = wb_json_raw(v);
    const char *what = "STRING_VALUE";
    enum wb_json_type t = wb_json_type(v);
    if (t == WB_JSON_TRUE)
        what = "TRUE_VALUE";
    else if (t == WB_JSON_FALSE)
        what = "FALSE_VALUE";
    else if (t == WB_JSON_NUMBER)
        what = wb_slice_chr(raw, '.', 0) >= 0 ? "DECIMAL_VALUE" : "NUMBER_VALUE";
    if (kind == WB_TIMESTAMP)
        return type_error(k, "%s can not be converted to milliseconds since epoch", what);
    if (k->dynamodb && kind == WB_BLOB)
        return type_error(k, "only base-64-encoded strings are convertible to bytes");
    if (k->dynamodb && kind == WB_BOOLEAN && t == WB_JSON_STRING)
        return type_error(k, "Unexpected token received from parser");
    if (k->dynamodb)
        return type_error(k, "%s cannot be converted to %s", what, kind_name(kind));
    return type_error(k, "%s can not be converted to %s %s", what, kind == WB_INTEGER ? "an" : "a",
                      kind_name(kind));
}

static bool wrong_collection(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    if (wb_json_type(v) == WB_JSON_OBJECT)
        return type_error(k, "Start of structure or map found where not expected%s",
                          k->dynamodb ? "" : ".");
    if (!k->dynamodb)
        return type_error(k, "Start of list found where not expected");
    if (s->kind == WB_STRUCTURE)
        return type_error(k,
                          "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.%s",
                          s->name ? s->name : "Structure");
    if (s->kind == WB_MAP)
        return type_error(k, "Unrecognized collection type java.util.Map<java.lang.String, %s%s>",
                          s->elem->kind == WB_STRING ? "java.lang."
                                                     : "com.amazonaws.dynamodb.v20120810.",
                          s->elem->kind == WB_STRING ? "String"
                          : s->elem->name            ? s->elem->name
                                                     : "AttributeValue");
    if (s->kind == WB_BLOB)
        return type_error(k, "Unrecognized collection type class java.nio.ByteBuffer");
    return type_error(k, "Unrecognized collection type class java.lang.%s", kind_name(s->kind));
}

static bool check_number(struct check *k, struct wb_json v, enum wb_kind kind)
{
    int64_t i;
    double d;
    struct wb_slice raw = wb_json_raw(v);
    if (kind == WB_DOUBLE || kind == WB_TIMESTAMP)
        return (wb_json_double(v, &d) && isfinite(d)) ||
               type_error(k, "Numeric value (%.*s) out of range", WB_FMT(raw));
    if (!wb_json_i64(v, &i))
        return type_error(k, "Numeric value (%.*s) out of range of %s", WB_FMT(raw),
                          kind == WB_INTEGER ? "int (-2147483648 - 2147483647)"
                                             : "long (-9223372036854775808 - 9223372036854775807)");
    if (kind == WB_INTEGER && (i < INT32_MIN || i > INT32_MAX))
        return type_error(k, "Numeric value (%.*s) out of range of int (-2147483648 - 2147483647)",
                          WB_FMT(raw));
    return true;
}

static bool is_base64_char(char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') ||
           ch == '+' || ch == '/' || ch == '=';
}

static bool check_blob(struct check *k, struct wb_json v)
{
    struct wb_arena *a = k->c->arena;
    struct wb_slice text = wb_json_str(v, a), out;
    if (wb_base64_decode(a, text, &out))
        return true;
    const char *pre = "";
    if (!k->dynamodb)
        pre = wb_dup_cstr(a, wb_printf(a, "'%.*s' can not be converted to a Blob: ", WB_FMT(text)));
    if (text.n % 4)
        return type_error(
            k, "%sBase64 encoded length is expected a multiple of 4 bytes but found: %zu", pre,
            text.n);
    for (size_t i = 0; i < text.n; i++)
        if (!is_base64_char(text.p[i]) || (text.p[i] == '=' && i + 2 < text.n))
            return type_error(k, "%sInvalid Base64 character: '%c'", pre, text.p[i]);
    return type_error(k, "%sInvalid last non-pad Base64 character dectected", pre);
}

static bool check_value(struct check *k, struct wb_json v, const struct wb_shape *s);

static bool check_elements(struct check *k, struct wb_json v, const struct wb_shape *elem)
{
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it))
        if (!check_value(k, it.value, elem))
            return false;
    return true;
}

static bool check_structure(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    for (const struct wb_member *m = s->member; m && m->name; m++) {
        struct wb_json member = wb_json_get(v, m->name);
        if (wb_json_is(member) && !check_value(k, member, m->shape))
            return false;
    }
    return true;
}

static bool check_collection(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    enum wb_json_type t = wb_json_type(v),
                      want = s->kind == WB_LIST ? WB_JSON_ARRAY : WB_JSON_OBJECT;
    if (t != WB_JSON_ARRAY && t != WB_JSON_OBJECT) {
        if (k->dynamodb)
            return type_error(k, "%s",
                              s->kind == WB_STRUCTURE ? "Unexpected value type in payload"
                                                      : "Unexpected field type");
        return type_error(k, "%s",
                          s->kind == WB_LIST  ? "Expected list or null"
                          : s->kind == WB_MAP ? "Expected map or null"
                                              : "Expected null");
    }
    if (t != want)
        return wrong_collection(k, v, s);
    return s->kind == WB_STRUCTURE ? check_structure(k, v, s) : check_elements(k, v, s->elem);
}

/* Recursion is bounded by the JSON parser's depth limit. */
static bool check_value(struct check *k, struct wb_json v, const struct wb_shape *s)
{
    enum wb_json_type t = wb_json_type(v);
    if (t == WB_JSON_NULL || s->kind == WB_ANY)
        return true;
    if (s->kind == WB_LIST || s->kind == WB_MAP || s->kind == WB_STRUCTURE)
        return check_collection(k, v, s);
    if (t == WB_JSON_ARRAY || t == WB_JSON_OBJECT)
        return wrong_collection(k, v, s);
    switch (s->kind) {
    case WB_STRING:
        return t == WB_JSON_STRING || wrong_scalar(k, v, s->kind);
    case WB_BOOLEAN:
        return t == WB_JSON_TRUE || t == WB_JSON_FALSE || wrong_scalar(k, v, s->kind);
    case WB_BLOB:
        return t == WB_JSON_STRING ? check_blob(k, v) : wrong_scalar(k, v, s->kind);
    case WB_DOUBLE: /* what JSON has no numbers for comes as text; handlers refuse it */
        if (t == WB_JSON_STRING && wb_not_finite(wb_json_str(v, k->c->arena)))
            return true;
        return t == WB_JSON_NUMBER ? check_number(k, v, s->kind) : wrong_scalar(k, v, s->kind);
    default:
        return t == WB_JSON_NUMBER ? check_number(k, v, s->kind) : wrong_scalar(k, v, s->kind);
    }
}

bool wb_validate_types(struct wb_call *c)
{
    struct check k = {c, c->service->crc32};
    return check_value(&k, c->in, c->op->input);
}

/* --- */

/* AWS says nothing more about a body that is not JSON. */
static bool not_json(struct wb_call *c, const char *message)
{
    wb_fail(c, "SerializationException", 400, "%s", message ? message : "");
    if (!message)
        c->error.message = WB_SLICE_NULL;
    return false;
}

bool wb_protocol_decode(struct wb_call *c, const struct wb_sig_request *r)
{
    struct wb_slice text = r->body;
    struct wb_json_error e;
    if (c->protocol == WB_QUERY && !wb_wire_from_query(c, &text))
        return false;
    if (c->protocol == WB_REST_JSON && !wb_wire_from_rest(c, r, &text))
        return false;
    if (c->protocol == WB_REST_XML && !wb_wire_from_xml(c, r, &text))
        return false;
    if (c->protocol == WB_RPC_CBOR && text.n && !wb_cbor_to_json(c->arena, text, &text))
        return not_json(c, NULL);
    if (text.n == 0 && !c->service->crc32) /* DynamoDB wants a body */
        text = WB_S("{}");
    c->in = wb_json_read(c->arena, text, &e);
    if (!wb_json_is(c->in))
        return not_json(c, c->protocol == WB_REST_JSON ? "Could not parse request body into json"
                                                       : NULL);
    if (wb_json_type(c->in) == WB_JSON_ARRAY)
        return not_json(c, "Start of list found where not expected");
    if (wb_json_type(c->in) != WB_JSON_OBJECT)
        return not_json(c, NULL);
    return wb_validate_types(c);
}
