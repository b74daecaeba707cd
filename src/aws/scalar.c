/*
 * Scalars that came as text (form fields, URI labels, query parameters, headers) as JSON of the
 * kind that the shape wants.
 */
#include "aws/wire.h"
#include "base/time.h"
#include "codec/text.h"
#include <math.h>
#include <stdlib.h>

static bool put_bool(struct wb_json_writer *w, struct wb_slice text, const char **why)
{
    bool yes = wb_slice_ieq(text, WB_S("true"));
    if (!yes && !wb_slice_ieq(text, WB_S("false"))) {
        *why = "STRING_VALUE can not be converted to a Boolean";
        return false;
    }
    wb_jw_bool(w, yes);
    return true;
}

static bool put_integer(struct wb_json_writer *w, bool small, struct wb_slice text,
                        const char **why)
{
    int64_t v;
    if (!wb_slice_i64(text, &v) || (small && (v < INT32_MIN || v > INT32_MAX))) {
        *why = small ? "STRING_VALUE can not be converted to an Integer"
                     : "STRING_VALUE can not be converted to a Long";
        return false;
    }
    wb_jw_i64(w, v);
    return true;
}

bool wb_not_finite(struct wb_slice text)
{
    return wb_slice_is(text, "NaN") || wb_slice_is(text, "Infinity") ||
           wb_slice_is(text, "-Infinity");
}

static bool put_double(struct wb_arena *a, struct wb_json_writer *w, struct wb_slice text,
                       const char **why)
{
    char *end, *copy = wb_dup_cstr(a, text);
    double v = strtod(copy, &end);
    if (text.n && !*end && !isfinite(v)) { /* botocore writes nan, inf */
        wb_jw_cstr(w, isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
        return true;
    }
    if (text.n == 0 || *end) {
        *why = "STRING_VALUE can not be converted to a Double";
        return false;
    }
    wb_jw_double(w, v);
    return true;
}

/* ISO 8601, or seconds since 1970: as seconds, which is what the JSON protocols say. */
static bool put_time(struct wb_arena *a, struct wb_json_writer *w, struct wb_slice text,
                     const char **why)
{
    int64_t ms;
    if (!wb_time_parse_iso(text, &ms, NULL) && !wb_time_parse_http(text, &ms)) {
        *why = "STRING_VALUE can not be converted to milliseconds since epoch";
        return put_double(a, w, text, &(const char *){NULL});
    }
    char out[WB_TIME_MAX];
    size_t n = wb_time_format(out, ms, WB_TIME_EPOCH_F);
    wb_jw_raw(w, wb_slice(out, n));
    return true;
}

bool wb_wire_scalar(struct wb_arena *a, struct wb_json_writer *w, const struct wb_shape *shape,
                    struct wb_slice text, const char **why)
{
    switch (shape->kind) {
    case WB_BOOLEAN:
        return put_bool(w, text, why);
    case WB_INTEGER:
    case WB_LONG:
        return put_integer(w, shape->kind == WB_INTEGER, text, why);
    case WB_DOUBLE:
        return put_double(a, w, text, why);
    case WB_TIMESTAMP:
        return put_time(a, w, text, why);
    case WB_STRING:
    case WB_BLOB: /* its base64 is checked with the types */
    case WB_ANY:
        wb_jw_str(w, text.p ? text : WB_S(""));
        return true;
    case WB_LIST:
    case WB_MAP:
    case WB_STRUCTURE:
        break;
    }
    *why = "Unexpected field type";
    return false;
}
