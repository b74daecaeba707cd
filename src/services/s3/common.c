/* What several operations need: errors with S3's elements, numbers in parameters, owners. */
#include "base/limits.h"
#include "codec/text.h"
#include "crypto/crypto.h"
#include "services/s3/bucket.h"

void s3_fail(struct wb_call *c, const char *code, int status, const char *element,
             struct wb_slice value, const char *message)
{
    if (wb_failed(c))
        return;
    wb_fail(c, code, status, "%s", message);
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_buf_printf(&b, "\"%s\":", element);
    wb_jw_str(&w, value.p ? value : WB_S(""));
    c->error.extra = wb_buf_slice(&b);
}

void s3_fail_argument(struct wb_call *c, const char *name, struct wb_slice value,
                      const char *message)
{
    if (wb_failed(c))
        return;
    s3_fail(c, "InvalidArgument", 400, "ArgumentValue", value, message);
    c->error.extra =
        wb_printf(c->arena, "\"ArgumentName\":\"%s\",%.*s", name, WB_FMT(c->error.extra));
}

void s3_fail_malformed(struct wb_call *c)
{
    wb_fail(c, "MalformedXML", 400,
            "The XML you provided was not well-formed or did not validate against our published "
            "schema");
}

bool s3_in_int(struct wb_call *c, const char *member, const char *wire, int64_t otherwise,
               int64_t *out)
{
    struct wb_json v = wb_in(c, member);
    *out = otherwise;
    if (!wb_json_is(v))
        return true;
    struct wb_slice s =
        wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, c->arena) : wb_json_raw(v);
    if (wb_slice_i64(s, out) && *out >= 0 && *out <= INT32_MAX)
        return true;
    if (wb_slice_i64(s, out) && *out < 0 && *out >= INT32_MIN)
        s3_fail_argument(c, wire, s,
                         wb_printf(c->arena,
                                   "Argument %s must be an integer between "
                                   "0 and 2147483647",
                                   wire)
                             .p);
    else
        s3_fail_argument(c, wire, s,
                         wb_printf(c->arena,
                                   "Provided %s not an integer or within "
                                   "integer range",
                                   wire)
                             .p);
    return false;
}

struct wb_slice s3_canonical_id(struct wb_arena *a, struct wb_slice account)
{
    return wb_sha256_hex(a, wb_printf(a, "canonical user %.*s", WB_FMT(account)));
}

void s3_owner_out(struct wb_call *c, const char *name, struct wb_slice account)
{
    wb_out_object(&c->out, name);
    wb_out_str(&c->out, "ID", s3_canonical_id(c->arena, account));
    wb_out_end(&c->out);
}
