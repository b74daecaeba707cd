/*
 * What FunctionName may be (API reference, Invoke): a name, name:qualifier, a partial ARN
 * (account:function:name) or a full one, each with or without a qualifier.
 */
#include "services/lambda/function.h"

#include "base/arn.h"
#include <stdarg.h>

void lambda_fail(struct wb_call *c, const char *code, int status, const char *type, const char *fmt,
                 ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice text = wb_vprintf(c->arena, fmt, ap);
    va_end(ap);
    if (wb_failed(c))
        return;
    wb_fail(c, code, status, "%.*s", WB_FMT(text));
    if (type)
        c->error.extra = wb_printf(c->arena, "\"Type\":\"%s\"", type);
}

bool lambda_ref_parse(struct wb_slice t, const struct wb_ctx *ctx, struct lambda_ref *out)
{
    *out = (struct lambda_ref){ctx->account, ctx->region, WB_SLICE_NULL, WB_SLICE_NULL};
    if (wb_slice_starts(t, WB_S("arn:"))) {
        struct wb_arn arn;
        if (!wb_arn_parse(t, &arn) || !wb_slice_is(arn.service, "lambda"))
            return false;
        out->account = arn.account;
        out->region = arn.region;
        t = arn.resource;
        if (!wb_slice_starts(t, WB_S("function:")))
            return false;
    } else if (wb_slice_find(t, WB_S(":function:"), 0) == 12) {
        out->account = wb_slice_sub(t, 0, 12);
        t = wb_slice_sub(t, 13, t.n);
    }
    if (wb_slice_starts(t, WB_S("function:")))
        t = wb_slice_sub(t, 9, t.n);
    out->name = wb_slice_cut(&t, ':');
    out->qualifier = t;
    return out->name.n > 0 && out->name.n <= 64 && (!t.p || wb_slice_chr(t, ':', 0) < 0);
}

bool lambda_ref_of(struct wb_call *c, struct lambda_ref *out)
{
    struct wb_slice name = wb_in_str(c, "FunctionName"), q = wb_in_str(c, "Qualifier");
    if (!lambda_ref_parse(name, &c->ctx, out)) {
        lambda_fail(c, "ValidationException", 400, NULL,
                    "1 validation error detected: Value '%.*s' at 'functionName' failed to satisfy "
                    "constraint: Member must satisfy regular expression pattern: "
                    "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?"
                    "(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
                    WB_FMT(name));
        return false;
    }
    if (q.n && out->qualifier.p && !wb_slice_eq(q, out->qualifier)) {
        lambda_fail(c, "InvalidParameterValueException", 400, "User",
                    "The derived qualifier from the function name does not match the specified "
                    "qualifier.");
        return false;
    }
    if (q.n)
        out->qualifier = q;
    return true;
}

/* Functions have tags, their versions have not. */
bool lambda_tags_ref(struct wb_call *c, struct lambda_ref *out)
{
    struct wb_slice text = wb_in_str(c, "Resource");
    if (!lambda_ref_parse(text, &c->ctx, out) || !wb_slice_eq(out->region, c->ctx.region))
        lambda_fail(c, "ResourceNotFoundException", 404, "User", "Function not found: %.*s",
                    WB_FMT(text));
    else if (out->qualifier.n)
        lambda_fail(c, "InvalidParameterValueException", 400, "User",
                    "Tags on function aliases and versions are not supported. Please specify "
                    "either a function ARN.");
    return !wb_failed(c);
}

void lambda_not_found(struct wb_call *c, const struct lambda_ref *r)
{
    struct wb_slice arn = lambda_function_arn(c->arena, r->account, r->region, r->name);
    lambda_fail(c, "ResourceNotFoundException", 404, "User", "Function not found: %.*s%s%.*s",
                WB_FMT(arn), r->qualifier.n ? ":" : "", WB_FMT(r->qualifier));
}

bool lambda_ref_here(struct wb_call *c, struct lambda_ref *out)
{
    if (!lambda_ref_of(c, out))
        return false;
    if (wb_slice_eq(out->region, c->ctx.region))
        return true;
    lambda_fail(c, "ResourceNotFoundException", 404, "User",
                "Functions from '%.*s' are not reachable in this region ('%.*s')",
                WB_FMT(out->region), WB_FMT(c->ctx.region));
    return false;
}

const struct lambda_function *lambda_function_of(struct wb_call *c)
{
    struct lambda_ref r;
    if (!lambda_ref_here(c, &r))
        return NULL;
    const struct lambda_function *f = NULL;
    if (!r.qualifier.n || wb_slice_is(r.qualifier, "$LATEST"))
        f = lambda_function_find(c->tx, r.account, r.region, r.name);
    if (!f && c->tx->status == WB_STORE_OK)
        lambda_not_found(c, &r);
    return f;
}
