#include "aws/error.h"
#include "aws/protocol.h"

/* The same trouble has a name and a status in each family of protocols (the services' "common
 * errors" pages; DynamoDB answers 400 where the others answer 403). */
struct name {
    const char *json, *query;
    int json_status, rest_status, query_status;
    const char *text;
};

/* S3 has words of its own for all of them ("Error responses" of its API reference). */
static const struct {
    const char *code;
    int status;
    const char *text;
} s3_signatures[] = {
    [WB_SIG_MISSING] = {"AccessDenied", 403, "Access Denied"},
    [WB_SIG_INCOMPLETE] = {"AuthorizationHeaderMalformed", 400, NULL},
    [WB_SIG_SKEW] = {"RequestTimeTooSkewed", 403,
                     "The difference between the request time and the current time is too large."},
    [WB_SIG_MISMATCH] = {"SignatureDoesNotMatch", 403,
                         "The request signature we calculated does not match the signature you "
                         "provided. Check your key and signing method."},
    [WB_SIG_UNKNOWN_KEY] = {"InvalidAccessKeyId", 403,
                            "The AWS Access Key Id you provided does not exist in our records."},
    [WB_SIG_BAD_TOKEN] = {"InvalidToken", 400,
                          "The provided token is malformed or otherwise invalid."},
    [WB_SIG_EXPIRED_TOKEN] = {"ExpiredToken", 400, "The provided token has expired."},
};

static const struct name signatures[] = {
    [WB_SIG_MISSING] = {"MissingAuthenticationTokenException", "MissingAuthenticationToken", 400,
                        403, 403, "Request is missing Authentication Token"},
    [WB_SIG_INCOMPLETE] = {"IncompleteSignatureException", "IncompleteSignature", 400, 403, 400,
                           "The request signature does not conform to AWS standards."},
    [WB_SIG_SKEW] = {"InvalidSignatureException", "SignatureDoesNotMatch", 400, 403, 403,
                     "Signature expired"},
    [WB_SIG_MISMATCH] = {"InvalidSignatureException", "SignatureDoesNotMatch", 400, 403, 403,
                         "The request signature we calculated does not match the signature you "
                         "provided."},
    [WB_SIG_UNKNOWN_KEY] = {"UnrecognizedClientException", "InvalidClientTokenId", 400, 403, 403,
                            "The security token included in the request is invalid."},
    [WB_SIG_BAD_TOKEN] = {"UnrecognizedClientException", "InvalidClientTokenId", 400, 403, 403,
                          "The security token included in the request is invalid."},
    [WB_SIG_EXPIRED_TOKEN] = {"ExpiredTokenException", "ExpiredToken", 400, 403, 403,
                              "The security token included in the request is expired"},
};

static const char *pick(const struct wb_call *c, const char *own, const char *json,
                        const char *rest, const char *query)
{
    if (own)
        return own;
    return c->protocol == WB_QUERY || c->protocol == WB_REST_XML ? query
           : c->protocol == WB_REST_JSON                         ? rest
                                                                 : json;
}

void wb_fail_signature(struct wb_call *c, enum wb_sig_error e, struct wb_slice why)
{
    bool in_query =
        wb_slice_starts(why, WB_S("AWS query-string")) || wb_slice_starts(why, WB_S("X-Amz-"));
    if (c->protocol == WB_REST_XML && e == WB_SIG_SKEW && c->signature &&
        c->signature->expires_s >= 0) {
        wb_fail(c, "AccessDenied", 403, "Request has expired");
        return;
    }
    if (c->protocol == WB_REST_XML && e == WB_SIG_INCOMPLETE && in_query) {
        wb_fail(c, "AuthorizationQueryParametersError", 400, "%.*s", WB_FMT(why));
        return;
    }
    if (c->protocol == WB_REST_XML) {
        const char *text = s3_signatures[e].text;
        wb_fail(c, s3_signatures[e].code, s3_signatures[e].status, "%.*s",
                (int)(text ? strlen(text) : why.n), text ? text : why.p);
        return;
    }
    const struct name *n = &signatures[e];
    struct wb_slice text = why.p ? why : wb_slice_str(n->text);
    int status = c->protocol == WB_QUERY       ? n->query_status
                 : c->protocol == WB_REST_JSON ? n->rest_status
                                               : n->json_status;
    wb_fail(c, c->protocol == WB_QUERY ? n->query : n->json, status, "%.*s", WB_FMT(text));
}

/* The texts are those of the IAM User Guide, "Troubleshoot access denied error messages". A role
 * has one trust policy, of the others there may be many. */
static const char *article(const char *kind)
{
    if (strcmp(kind, "role trust policy") == 0)
        return "the";
    return kind[0] == 'i' ? "an" : "a";
}

void wb_fail_denied(struct wb_call *c, struct wb_slice action, struct wb_slice resource,
                    const struct wb_verdict *v)
{
    const struct wb_principal *p = &c->ctx.principal;
    struct wb_slice who = p->arn.p ? p->arn : p->service.p ? p->service : WB_S("anonymous");
    const char *code = pick(c, c->service ? c->service->denied_code : NULL, "AccessDeniedException",
                            "AccessDeniedException", "AccessDenied");
    int status = c->protocol == WB_JSON10 || c->protocol == WB_JSON11 ? 400 : 403;
    if (c->protocol == WB_REST_XML && p->type == WB_PRINCIPAL_ANONYMOUS) {
        wb_fail(c, code, status, "Access Denied");
        return;
    }
    /* Without a word on why, as STS says it: that would tell whether there is such a role. */
    if (v->decision == WB_IMPLICIT_DENY && wb_slice_starts(action, WB_S("sts:")) &&
        wb_slice_starts(resource, WB_S("arn:aws:iam:")))
        wb_fail(c, code, status, "User: %.*s is not authorized to perform: %.*s on resource: %.*s",
                WB_FMT(who), WB_FMT(action), WB_FMT(resource));
    else if (v->decision == WB_EXPLICIT_DENY)
        wb_fail(c, code, status,
                "User: %.*s is not authorized to perform: %.*s on resource: %.*s with an explicit "
                "deny in %s %s",
                WB_FMT(who), WB_FMT(action), WB_FMT(resource), article(v->kind), v->kind);
    else
        wb_fail(c, code, status,
                "User: %.*s is not authorized to perform: %.*s on resource: %.*s because no %s "
                "allows the %.*s action",
                WB_FMT(who), WB_FMT(action), WB_FMT(resource), v->kind, WB_FMT(action));
}

void wb_fail_internal(struct wb_call *c)
{
    wb_fail(c,
            pick(c, c->service ? c->service->internal_code : NULL, "InternalServerError",
                 "ServiceException", "InternalFailure"),
            500, "The server could not finish the request; its log tells why.");
}

void wb_fail_busy(struct wb_call *c)
{
    wb_fail(c,
            pick(c, c->service ? c->service->throttle_code : NULL, "ThrottlingException",
                 "TooManyRequestsException", "Throttling"),
            503, "Rate exceeded");
}

void wb_fail_full(struct wb_call *c)
{
    wb_fail(c,
            pick(c, NULL, "ServiceUnavailableException", "ServiceUnavailableException",
                 "ServiceUnavailable"),
            503, "There is no room for new data: the disk is full or below its reserve.");
}

void wb_fail_too_large(struct wb_call *c)
{
    if (c->protocol == WB_REST_XML)
        wb_fail(c, "EntityTooLarge", 400,
                "Your proposed upload exceeds the maximum allowed object size.");
    wb_fail(c,
            pick(c, NULL, "RequestEntityTooLargeException", "RequestTooLargeException",
                 "RequestEntityTooLarge"),
            413, "The request is larger than this operation allows.");
}
