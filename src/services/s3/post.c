/*
 * PostObject: what the signed policy allows (API Reference, "Creating a POST policy"), the file
 * into a blob, and the three kinds of answer.
 *
 * The form is read into memory, so such an object is at most as large as a request's body may be:
 * larger ones are for presigned PUTs.
 */
#include "services/s3/post.h"
#include "auth/sigv4.h"
#include "base/time.h"
#include "codec/text.h"
#include "crypto/crypto.h"
#include "engine/blob.h"
#include "services/s3/object.h"

/* --- the policy --- */

static bool refuse(struct wb_call *c, const char *text)
{
    wb_fail(c, "AccessDenied", 403, "Invalid according to Policy: %s", text);
    return false;
}

static bool malformed(struct wb_call *c, const char *text)
{
    wb_fail(c, "InvalidPolicyDocument", 400, "Invalid Policy: %s", text);
    return false;
}

/* Null when the form has none; of the bucket always. */
static struct wb_slice field(struct wb_call *c, struct wb_slice name)
{
    if (wb_slice_ieq(name, WB_S("bucket")))
        return wb_in_str(c, "Bucket");
    for (size_t i = 0; i < c->field_count; i++)
        if (wb_slice_ieq(c->field[i].name, name))
            return c->field[i].value;
    return WB_SLICE_NULL;
}

static bool size_in_range(struct wb_call *c, struct wb_json condition)
{
    int64_t from, to, size = (int64_t)c->payload.n;
    if (wb_json_count(condition) != 3 || !wb_json_i64(wb_json_item(condition, 1), &from) ||
        !wb_json_i64(wb_json_item(condition, 2), &to))
        return malformed(c, "Invalid Simple-Condition: content-length-range");
    if (size < from)
        s3_fail(c, "EntityTooSmall", 400, "ProposedSize",
                wb_printf(c->arena, "%lld", (long long)size),
                "Your proposed upload is smaller than the minimum allowed size");
    else if (size > to)
        s3_fail(c, "EntityTooLarge", 400, "ProposedSize",
                wb_printf(c->arena, "%lld", (long long)size),
                "Your proposed upload exceeds the maximum allowed size");
    return !wb_failed(c);
}

static bool failed_condition(struct wb_call *c, struct wb_json condition)
{
    wb_fail(c, "AccessDenied", 403, "Invalid according to Policy: Policy Condition failed: %.*s",
            WB_FMT(wb_json_raw(condition)));
    return false;
}

/* ["eq", "$key", "value"], ["starts-with", ...]; lists of content types may match one by one. */
static bool list_holds(struct wb_call *c, struct wb_json v, struct wb_slice *name)
{
    struct wb_slice how = wb_json_str(wb_json_item(v, 0), c->arena),
                    who = wb_json_str(wb_json_item(v, 1), c->arena),
                    what = wb_json_str(wb_json_item(v, 2), c->arena);
    if (wb_slice_ieq(how, WB_S("content-length-range")))
        return size_in_range(c, v);
    bool begins = wb_slice_ieq(how, WB_S("starts-with"));
    if (wb_json_count(v) != 3 || (!begins && !wb_slice_ieq(how, WB_S("eq"))) || !what.p ||
        !wb_slice_starts(who, WB_S("$")))
        return malformed(c, "Invalid Condition.");
    *name = wb_slice_sub(who, 1, who.n);
    struct wb_slice value = field(c, *name);
    if (!value.p)
        value = WB_S("");
    if (begins ? wb_slice_starts(value, what) : wb_slice_eq(value, what))
        return true;
    return failed_condition(c, v);
}

/* {"acl": "public-read"} */
static bool object_holds(struct wb_call *c, struct wb_json v, struct wb_slice *name)
{
    struct wb_json_iter it = wb_json_iter(v);
    if (wb_json_count(v) != 1 || !wb_json_next(&it) || wb_json_type(it.value) != WB_JSON_STRING)
        return malformed(c, "Invalid Simple-Condition: Simple-Conditions must have exactly one "
                            "property specified.");
    *name = wb_json_str(it.key, c->arena);
    if (wb_slice_eq(field(c, *name), wb_json_str(it.value, c->arena)))
        return true;
    return failed_condition(c, v);
}

/* Fields that need no condition. */
static bool is_free(struct wb_slice name)
{
    static const char *const free_ones[] = {"x-amz-signature", "file", "policy"};
    for (size_t i = 0; i < sizeof free_ones / sizeof *free_ones; i++)
        if (wb_slice_ieq(name, wb_slice_str(free_ones[i])))
            return true;
    return wb_slice_ieq(wb_slice_sub(name, 0, strlen("x-ignore-")), WB_S("x-ignore-"));
}

static bool all_named(struct wb_call *c, const struct wb_slice *named, size_t n)
{
    for (size_t i = 0; i < c->field_count; i++) {
        size_t k = 0;
        while (k < n && !wb_slice_ieq(named[k], c->field[i].name))
            k++;
        if (k == n && !is_free(c->field[i].name)) {
            refuse(c, wb_printf(c->arena, "Extra input fields: %.*s", WB_FMT(c->field[i].name)).p);
            return false;
        }
    }
    return true;
}

static bool conditions_hold(struct wb_call *c, struct wb_json list)
{
    struct wb_slice *named = wb_new_n(c->arena, struct wb_slice, wb_json_count(list) + 1);
    size_t n = 0;
    bool bucket = false;
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        struct wb_slice name = WB_SLICE_NULL;
        bool ok = wb_json_type(it.value) == WB_JSON_OBJECT  ? object_holds(c, it.value, &name)
                  : wb_json_type(it.value) == WB_JSON_ARRAY ? list_holds(c, it.value, &name)
                                                            : malformed(c, "Invalid Condition.");
        if (!ok)
            return false;
        if (name.p)
            named[n++] = name;
        bucket |= wb_slice_ieq(name, WB_S("bucket"));
    }
    if (!bucket) /* it would do for every bucket of the signer's */
        return refuse(c, "Extra input fields: bucket");
    return all_named(c, named, n);
}

bool s3_post_allowed(struct wb_call *c)
{
    struct wb_slice text = field(c, WB_S("policy")), plain;
    if (!text.p) /* unsigned: the bucket's policy decides */
        return true;
    if (!wb_base64_decode(c->arena, text, &plain))
        return malformed(c, "Invalid Base64 encoding.");
    struct wb_json doc = wb_json_read(c->arena, plain, NULL), list = wb_json_get(doc, "conditions");
    int64_t until;
    struct wb_seam *seam = wb_engine_seam(c->engine);
    if (wb_json_type(doc) != WB_JSON_OBJECT)
        return malformed(c, "Invalid JSON.");
    if (!wb_time_parse_iso(wb_json_get_str(doc, "expiration", c->arena), &until, NULL))
        return malformed(c, "Policy missing expiration.");
    if (wb_json_type(list) != WB_JSON_ARRAY)
        return malformed(c, "Policy missing conditions.");
    if (until <= seam->wall_ms(seam))
        return refuse(c, "Policy expired.");
    return conditions_hold(c, list);
}

/* --- the object --- */

void s3_post_prepare(struct wb_call *c)
{
    struct wb_body_blob *b = wb_new(c->arena, struct wb_body_blob);
    char *name = wb_alloc(c->arena, WB_BLOB_NAME + 1);
    if (!c->payload.n)
        return;
    struct wb_blob_writer *w = wb_blob_begin(c->engine);
    if (!w || !wb_blob_write(w, c->payload)) {
        wb_blob_abort(w);
        wb_fail(c, "SlowDown", 503, "Please reduce your request rate.");
        return;
    }
    if (!wb_blob_end(w, name)) {
        wb_fail(c, "InternalError", 500, "We encountered an internal error. Please try again.");
        return;
    }
    b->name = wb_slice_str(name);
    b->size = (int64_t)c->payload.n;
    wb_md5(c->payload, b->md5);
    c->blob = b;
}

/* Where the browser is sent: what the form says, with what became of it. */
static struct wb_slice redirect(struct wb_call *c, struct wb_slice etag)
{
    struct wb_slice to = field(c, WB_S("success_action_redirect"));
    if (!to.p)
        to = field(c, WB_S("redirect"));
    if (!wb_slice_starts(to, WB_S("http://")) && !wb_slice_starts(to, WB_S("https://")))
        return WB_SLICE_NULL;
    for (size_t i = 0; i < to.n; i++)
        if ((unsigned char)to.p[i] <= ' ')
            return WB_SLICE_NULL;
    struct wb_buf b = wb_buf_in(c->arena);
    wb_buf_slice_put(&b, to);
    wb_buf_str(&b, wb_slice_chr(to, '?', 0) < 0 ? "?bucket=" : "&bucket=");
    wb_percent_encode(&b, wb_in_str(c, "Bucket"), false);
    wb_buf_str(&b, "&key=");
    wb_percent_encode(&b, wb_in_str(c, "Key"), false);
    wb_buf_str(&b, "&etag=");
    wb_percent_encode(&b, etag, false);
    return wb_buf_slice(&b);
}

static struct wb_slice location(struct wb_call *c)
{
    struct wb_buf b = wb_buf_in(c->arena);
    wb_buf_printf(&b, "%s://%.*s/%.*s/", c->tls ? "https" : "http", WB_FMT(c->host),
                  WB_FMT(wb_in_str(c, "Bucket")));
    wb_percent_encode(&b, wb_in_str(c, "Key"), false);
    return wb_buf_slice(&b);
}

void s3_post_object(struct wb_call *c)
{
    s3_put_body(c, "ObjectCreated:Post");
    if (wb_failed(c))
        return;
    struct wb_slice etag = WB_SLICE_NULL, status = field(c, WB_S("success_action_status"));
    for (size_t i = 0; i < c->header_count; i++)
        if (wb_slice_is(c->header[i].name, "ETag"))
            etag = c->header[i].value;
    struct wb_slice to = redirect(c, etag);
    wb_call_header(c, "Location", to.p ? to : location(c));
    if (!to.p && wb_slice_is(status, "201")) {
        c->status = 201;
        wb_out_str(&c->out, "Location", location(c));
        wb_out_str(&c->out, "Bucket", wb_in_str(c, "Bucket"));
        wb_out_str(&c->out, "Key", wb_in_str(c, "Key"));
        wb_out_str(&c->out, "ETag", etag);
        return;
    }
    c->status = to.p ? 303 : wb_slice_is(status, "200") ? 200 : 204;
    c->raw_answer = WB_S("");
}
