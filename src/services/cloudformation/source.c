/* Where the template of a call comes from: its body, an object, the stack. */
#include "services/cloudformation/ops.h"

#include "codec/text.h"
#include "engine/blob.h"
#include <stdarg.h>

void cfn_invalid(struct wb_call *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice text = wb_vprintf(c->arena, fmt, ap);
    va_end(ap);
    wb_fail(c, "ValidationError", 400, "%.*s", WB_FMT(text));
}

/* --- addresses of objects --- */

struct address {
    struct wb_slice bucket, key, version;
};

static struct wb_slice without_port(struct wb_slice host)
{
    ptrdiff_t colon = wb_slice_chr(host, ':', 0);
    return colon < 0 ? host : wb_slice_sub(host, 0, (size_t)colon);
}

static bool is_local(struct wb_call *c, struct wb_slice host)
{
    struct wb_slice own = wb_slice_str(wb_engine_config(c->engine)->public_url);
    ptrdiff_t at = wb_slice_find(own, WB_S("://"), 0);
    own = at < 0 ? own : wb_slice_sub(own, (size_t)at + 3, own.n);
    own = without_port(wb_slice_cut(&own, '/'));
    host = without_port(host);
    return wb_slice_is(host, "127.0.0.1") || wb_slice_is(host, "localhost") ||
           wb_slice_ieq(host, own) || wb_slice_ieq(host, without_port(c->host));
}

/* "s3.amazonaws.com", "s3.REGION.amazonaws.com", "s3-REGION.amazonaws.com", and dual-stack. */
static bool is_s3(struct wb_slice host)
{
    return wb_slice_ends(host, WB_S(".amazonaws.com")) &&
           (wb_slice_starts(host, WB_S("s3.")) || wb_slice_starts(host, WB_S("s3-")));
}

/* BUCKET.HOST with a host of ours or of S3's. */
static bool virtual_host(struct wb_call *c, struct wb_slice host, struct wb_slice *bucket)
{
    for (size_t i = 0; i < host.n; i++) {
        struct wb_slice rest = wb_slice_sub(host, i + 1, host.n);
        if (host.p[i] != '.' || !(is_s3(rest) || is_local(c, rest)))
            continue;
        *bucket = wb_slice_sub(host, 0, i);
        return true;
    }
    return false;
}

static struct wb_slice version_of(struct wb_slice query)
{
    while (query.p) {
        struct wb_slice field = wb_slice_cut(&query, '&');
        if (wb_slice_starts(field, WB_S("versionId=")))
            return wb_slice_sub(field, 10, field.n);
    }
    return WB_SLICE_NULL;
}

static bool parse(struct wb_call *c, struct wb_slice url, struct address *out)
{
    ptrdiff_t at = wb_slice_find(url, WB_S("://"), 0);
    struct wb_slice scheme = at < 0 ? url : wb_slice_sub(url, 0, (size_t)at);
    if (at < 0 || (!wb_slice_is(scheme, "https") && !wb_slice_is(scheme, "http")))
        return false;
    struct wb_slice query = wb_slice_sub(url, (size_t)at + 3, url.n);
    struct wb_slice path = wb_slice_cut(&query, '?');
    struct wb_slice host = wb_slice_cut(&path, '/');
    if (!path.p)
        return false;
    if (is_local(c, host) || is_s3(host))
        out->bucket = wb_slice_cut(&path, '/');
    else if (!virtual_host(c, host, &out->bucket))
        return false;
    out->version = version_of(query);
    return out->bucket.n && path.n && wb_percent_decode(c->arena, path, false, &out->key);
}

bool cfn_object(struct wb_call *c, struct wb_slice url, size_t max, struct wb_slice *text)
{
    struct address at;
    struct wb_error err = {.code = NULL};
    if (!parse(c, url, &at)) {
        cfn_invalid(c, "TemplateURL must be a supported URL.");
        return false;
    }
    if (wb_call_object(c->tx, &c->ctx, at.bucket, at.key, at.version, max, text, &err))
        return true;
    if (strcmp(err.code, "EntityTooLarge") == 0)
        cfn_invalid(c, "Template may not exceed %zu bytes in size.", max);
    else
        cfn_invalid(c,
                    "S3 error: %.*s\nFor more information check "
                    "http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
                    WB_FMT(err.message));
    return false;
}

bool cfn_source(struct wb_call *c, struct wb_slice *text)
{
    struct wb_slice body = wb_in_str(c, "TemplateBody"), url = wb_in_str(c, "TemplateURL");
    *text = WB_SLICE_NULL;
    if (body.n && url.n) {
        cfn_invalid(c, "Either Template URL or Template Body must be specified, not both.");
        return false;
    }
    if (url.n)
        return cfn_object(c, url, WB_CFN_TEMPLATE_MAX, text);
    if (body.n > WB_CFN_BODY_MAX) {
        cfn_invalid(c,
                    "1 validation error detected: Value at 'templateBody' failed to satisfy "
                    "constraint: Member must have length less than or equal to %d",
                    WB_CFN_BODY_MAX);
        return false;
    }
    *text = body.n ? body : WB_SLICE_NULL;
    return true;
}

/* --- stacks of calls --- */

static bool stack_of(struct wb_call *c, const char *member, const char *open, const char *close,
                     struct cfn_stack *out)
{
    struct wb_slice given = wb_in_str(c, member);
    if (cfn_stack_find(c->tx, &c->ctx, given, out))
        return true;
    cfn_invalid(c, "Stack %s%.*s%s does not exist", open, WB_FMT(given), close);
    return false;
}

bool cfn_call_stack(struct wb_call *c, const char *member, struct cfn_stack *out)
{
    return stack_of(c, member, "with id ", "", out);
}

bool cfn_call_stack_bracketed(struct wb_call *c, const char *member, struct cfn_stack *out)
{
    return stack_of(c, member, "[", "]", out);
}
