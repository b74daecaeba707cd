#include "services/s3/cors.h"
#include "services/s3/shape_parts.h"

INPUT(s3_in_preflight, "PreflightRequest", BUCKET, AT("Key", str, WB_IN_URI, NULL),
      H("Origin", str, "Origin"), H("Method", str, "Access-Control-Request-Method"),
      H("Headers", str, "Access-Control-Request-Headers"));

/* At most one star stands in a pattern. */
static bool matches(struct wb_slice pattern, struct wb_slice s, bool any_case)
{
    ptrdiff_t star = wb_slice_chr(pattern, '*', 0);
    if (star < 0)
        return any_case ? wb_slice_ieq(pattern, s) : wb_slice_eq(pattern, s);
    struct wb_slice head = wb_slice_sub(pattern, 0, (size_t)star),
                    tail = wb_slice_sub(pattern, (size_t)star + 1, pattern.n);
    if (s.n < head.n + tail.n)
        return false;
    struct wb_slice begin = wb_slice_sub(s, 0, head.n), end = wb_slice_sub(s, s.n - tail.n, s.n);
    return any_case ? wb_slice_ieq(begin, head) && wb_slice_ieq(end, tail)
                    : wb_slice_eq(begin, head) && wb_slice_eq(end, tail);
}

/* The pattern of the list that fits, or null. */
static struct wb_slice any(struct wb_json list, struct wb_slice s, bool any_case,
                           struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        struct wb_slice pattern = wb_json_str(it.value, a);
        if (matches(pattern, s, any_case))
            return pattern;
    }
    return WB_SLICE_NULL;
}

struct asked {
    struct wb_slice origin, method;
    struct wb_slice headers; /* of a preflight; null: none */
};

static bool headers_allowed(struct wb_json rule, struct wb_slice headers, struct wb_arena *a)
{
    while (headers.n) {
        struct wb_slice one = wb_slice_trim(wb_slice_cut(&headers, ','));
        if (one.n && !any(wb_json_get(rule, "AllowedHeaders"), one, true, a).p)
            return false;
    }
    return true;
}

/* The first rule that allows all of it. */
static struct wb_json find(const struct s3_config *b, const struct asked *q, struct wb_arena *a,
                           struct wb_slice *origin)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(b->doc[S3_CORS], "CORSRules"));
    while (wb_json_next(&it)) {
        *origin = any(wb_json_get(it.value, "AllowedOrigins"), q->origin, false, a);
        if (origin->p && any(wb_json_get(it.value, "AllowedMethods"), q->method, false, a).p &&
            headers_allowed(it.value, q->headers, a))
            return it.value;
    }
    return WB_JSON_NONE;
}

static struct wb_slice joined(struct wb_arena *a, struct wb_json list)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        wb_buf_str(&b, b.n ? ", " : "");
        wb_buf_slice_put(&b, wb_json_str(it.value, a));
    }
    return wb_buf_slice(&b);
}

static void put_headers(struct wb_call *c, struct wb_json rule, const struct asked *q,
                        struct wb_slice pattern)
{
    bool everybody = wb_slice_is(pattern, "*");
    struct wb_json expose = wb_json_get(rule, "ExposeHeaders");
    int64_t age = wb_json_get_i64(rule, "MaxAgeSeconds", -1);
    wb_call_header(c, "Access-Control-Allow-Origin", everybody ? pattern : q->origin);
    wb_call_header(c, "Access-Control-Allow-Methods",
                   joined(c->arena, wb_json_get(rule, "AllowedMethods")));
    if (q->headers.n)
        wb_call_header(c, "Access-Control-Allow-Headers", q->headers);
    if (wb_json_count(expose))
        wb_call_header(c, "Access-Control-Expose-Headers", joined(c->arena, expose));
    if (age >= 0)
        wb_call_header(c, "Access-Control-Max-Age", wb_printf(c->arena, "%lld", (long long)age));
    if (!everybody)
        wb_call_header(c, "Access-Control-Allow-Credentials", WB_S("true"));
    wb_call_header(c, "Vary",
                   WB_S("Origin, Access-Control-Request-Headers, Access-Control-Request-Method"));
}

void s3_cors_headers(struct wb_call *c, const struct s3_config *b)
{
    struct wb_slice pattern;
    if (!c->origin.p || !b->text[S3_CORS].p)
        return;
    struct asked q = {.origin = c->origin, .method = c->method};
    struct wb_json rule = find(b, &q, c->arena, &pattern);
    if (wb_json_is(rule))
        put_headers(c, rule, &q, pattern);
}

void s3_preflight(struct wb_call *c)
{
    struct s3_bucket bucket;
    struct asked q = {.origin = wb_in_str(c, "Origin"),
                      .method = wb_in_str(c, "Method"),
                      .headers = wb_in_str(c, "Headers")};
    if (!q.origin.n) {
        wb_fail(c, "BadRequest", 400, "Insufficient information. Origin request header needed.");
        return;
    }
    if (!q.method.n) {
        wb_fail(c, "BadRequest", 400, "Invalid Access-Control-Request-Method: null");
        return;
    }
    if (!s3_call_bucket(c, &bucket))
        return;
    const struct s3_config *b = s3_config(c->tx, bucket.name);
    if (!b->text[S3_CORS].p) {
        wb_fail(c, "AccessForbidden", 403, "CORSResponse: CORS is not enabled for this bucket.");
        return;
    }
    struct wb_slice pattern;
    struct wb_json rule = find(b, &q, c->arena, &pattern);
    if (wb_json_is(rule))
        put_headers(c, rule, &q, pattern);
    else
        wb_fail(c, "AccessForbidden", 403,
                "CORSResponse: This CORS request is not allowed. This is usually because the "
                "evalution of Origin, request method / Access-Control-Request-Method or "
                "Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.");
}
