/*
 * What a new session takes with it: policies that cut it down, tags, a source identity, and what a
 * role's session hands on to the next one (IAM User Guide, "Pass session tags in AWS STS",
 * "Monitor and control actions taken with assumed roles").
 */
#include "base/limits.h"
#include "engine/identity.h"
#include "services/sts/sts.h"

/* --- tags --- */

static struct wb_slice key_of(struct wb_call *c, struct wb_json tag)
{
    return wb_json_type(tag) == WB_JSON_STRING ? wb_json_str(tag, c->arena)
                                               : wb_json_get_str(tag, "Key", c->arena);
}

/* Keys are the same regardless of case. */
static bool has_key(struct wb_call *c, struct wb_json list, struct wb_slice key, uint32_t count)
{
    struct wb_json_iter it = wb_json_iter(list);
    for (uint32_t i = 0; i < count && wb_json_next(&it); i++)
        if (wb_slice_ieq(key_of(c, it.value), key))
            return true;
    return false;
}

static void invalid(struct wb_call *c, const char *text)
{
    wb_fail(c, "InvalidParameterValue", 400, "%s", text);
}

static void check_tags(struct wb_call *c, const struct wb_session *caller)
{
    struct wb_json tags = wb_in(c, "Tags"), transitive = wb_in(c, "TransitiveTagKeys");
    struct wb_json_iter it = wb_json_iter(tags);
    for (uint32_t i = 0; wb_json_next(&it); i++) {
        struct wb_slice key = key_of(c, it.value);
        if (has_key(c, tags, key, i))
            invalid(c, "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
        if (wb_slice_starts(key, WB_S("aws:")))
            invalid(c, "Tag keys that begin with aws: are reserved for AWS use.");
        if (has_key(c, caller->transitive, key, UINT32_MAX))
            invalid(c, "One of the specified transitive tag keys can't be set because it conflicts "
                       "with a transitive tag key from the calling session.");
    }
    it = wb_json_iter(transitive);
    while (wb_json_next(&it))
        if (!has_key(c, tags, key_of(c, it.value), UINT32_MAX))
            invalid(c, "The specified transitive tag key must be included in the requested tags.");
}

/* --- before authorization --- */

void sts_name_needs(struct wb_call *c, struct wb_slice resource, struct wb_session *caller)
{
    wb_session_read(c->arena, c->ctx.principal.session, caller);
    check_tags(c, caller);
    struct wb_slice source = wb_in_str(c, "SourceIdentity");
    wb_call_resource(c, resource);
    if (wb_json_count(wb_in(c, "Tags")) || wb_json_count(caller->transitive))
        wb_call_also(c, "sts:TagSession", resource);
    if (source.p || caller->source.p)
        wb_call_also(c, "sts:SetSourceIdentity", resource);
    if (source.p && caller->source.p && !wb_slice_eq(source, caller->source))
        wb_fail(c, "AccessDenied", 403,
                "User: %.*s is not authorized to perform: sts:SetSourceIdentity on resource: %.*s",
                WB_FMT(c->ctx.principal.arn), WB_FMT(resource));
}

bool sts_no_mfa(struct wb_call *c)
{
    if (!wb_in_str(c, "SerialNumber").p && !wb_in_str(c, "TokenCode").p)
        return true;
    wb_fail(
        c, "AccessDenied", 403,
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA "
        "serial number is valid and associated with this user.");
    return false;
}

struct wb_slice sts_issuer(struct wb_call *c)
{
    struct wb_session s;
    const struct wb_principal *p = &c->ctx.principal;
    if (!p->expires_ms)
        return c->engine && wb_engine_config(c->engine)->auth ? p->access_key : WB_SLICE_NULL;
    return wb_session_read(c->arena, p->session, &s) ? s.key : WB_SLICE_NULL;
}

/* --- policies --- */

static bool read_document(struct wb_call *c, struct wb_session *s)
{
    struct wb_slice why, text = wb_in_str(c, "Policy");
    if (!text.p)
        return true;
    struct wb_policy *p = wb_policy_parse(text, false, c->arena, &why);
    if (!p) {
        wb_fail(c, "MalformedPolicyDocument", 400, "%.*s", WB_FMT(why));
        return false;
    }
    wb_policy_unref(p);
    s->policy = wb_slice_trim(text);
    return true;
}

/* They are the account's own or AWS's, and must be there. */
static bool read_managed(struct wb_call *c, struct wb_slice account, struct wb_session *s,
                         size_t *bytes)
{
    struct wb_json list = wb_in(c, "PolicyArns");
    struct wb_json_iter it = wb_json_iter(list);
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    if (wb_json_count(list) > WB_SESSION_POLICIES_MAX) {
        wb_fail(c, "ValidationError", 400,
                "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: "
                "Member must have length less than or equal to %d",
                WB_SESSION_POLICIES_MAX);
        return false;
    }
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    while (wb_json_next(&it)) {
        struct wb_slice arn = wb_json_get_str(it.value, "arn", c->arena), owner, path, name;
        enum wb_iam_kind kind;
        bool known = arn.p && wb_iam_arn_parse(arn, &owner, &kind, &path, &name) &&
                     kind == WB_IAM_POLICY &&
                     (wb_slice_eq(owner, account) || wb_slice_is(owner, "aws")) &&
                     wb_iam_policy_text(c->tx, arn).p;
        if (!known) {
            wb_fail(c, "ValidationError", 400, "Policy %.*s does not exist or is not attachable.",
                    WB_FMT(arn));
            return false;
        }
        wb_jw_str(&w, arn);
        *bytes += arn.n;
    }
    wb_jw_end_array(&w);
    s->policies = wb_json_read(c->arena, wb_buf_slice(&b), NULL);
    return true;
}

/* --- tags of the session: the caller's transitive ones, then those of the request --- */

static void put_tag(struct wb_json_writer *w, struct wb_slice key, struct wb_slice value,
                    size_t *bytes)
{
    wb_jw_key_slice(w, key);
    wb_jw_str(w, value);
    *bytes += key.n + value.n;
}

static size_t read_tags(struct wb_call *c, const struct wb_session *caller, struct wb_session *s)
{
    struct wb_buf b = wb_buf_in(c->arena), t = wb_buf_in(c->arena);
    struct wb_json_writer w, keys;
    size_t bytes = 0;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_init(&keys, &t);
    wb_jw_array(&keys);
    struct wb_json_iter it = wb_json_iter(caller->tags);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, c->arena);
        if (!has_key(c, caller->transitive, key, UINT32_MAX))
            continue;
        put_tag(&w, key, wb_json_str(it.value, c->arena), &bytes);
        wb_jw_str(&keys, key);
    }
    it = wb_json_iter(wb_in(c, "Tags"));
    while (wb_json_next(&it)) {
        struct wb_slice key = key_of(c, it.value);
        put_tag(&w, key, wb_json_get_str(it.value, "Value", c->arena), &bytes);
        if (has_key(c, wb_in(c, "TransitiveTagKeys"), key, UINT32_MAX))
            wb_jw_str(&keys, key);
    }
    wb_jw_end_object(&w);
    wb_jw_end_array(&keys);
    s->tags = wb_json_read(c->arena, wb_buf_slice(&b), NULL);
    s->transitive = wb_json_read(c->arena, wb_buf_slice(&t), NULL);
    if (wb_json_count(s->tags) > WB_SESSION_TAGS_MAX)
        invalid(c, "A session has at most 50 tags, those of the calling session included.");
    return bytes;
}

bool sts_read_session(struct wb_call *c, struct wb_slice account, struct wb_session *s,
                      int64_t *packed)
{
    struct wb_session caller;
    size_t policies = wb_in_str(c, "Policy").n;
    wb_session_read(c->arena, c->ctx.principal.session, &caller);
    if (!read_document(c, s) || !read_managed(c, account, s, &policies))
        return false;
    size_t tags = read_tags(c, &caller, s);
    size_t percent = (policies + tags) * 100 / WB_STS_PACKED_MAX;
    *packed = policies + tags ? (int64_t)percent : -1;
    if (policies > WB_SESSION_POLICY_MAX)
        percent = policies * 100 / WB_SESSION_POLICY_MAX;
    if (policies > WB_SESSION_POLICY_MAX || policies + tags > WB_STS_PACKED_MAX)
        wb_fail(c, "PackedPolicyTooLarge", 400,
                policies
                    ? "Packed policy consumes %zu%% of allotted space, please use smaller policy."
                    : "Packed size of session tags consumes %zu%% of allotted space.",
                percent + 1);
    s->source = wb_in_str(c, "SourceIdentity");
    if (!s->source.p)
        s->source = caller.source;
    return !wb_failed(c);
}

/* --- the answer --- */

void sts_give(struct wb_call *c, struct wb_principal *p, struct wb_session *s, int64_t seconds)
{
    s->issued_ms = c->tx->now_ms;
    s->key = sts_issuer(c);
    p->session = wb_session_write(c->arena, s);
    struct wb_credentials k = wb_session_make(c->arena, wb_engine_keyring(c->engine),
                                              wb_engine_seam(c->engine), p, c->tx->now_ms, seconds);
    wb_out_object(&c->out, "Credentials");
    wb_out_str(&c->out, "AccessKeyId", k.key_id);
    wb_out_str(&c->out, "SecretAccessKey", k.secret);
    wb_out_str(&c->out, "SessionToken", k.token);
    wb_out_str(&c->out, "Expiration", wb_time_str(c->arena, k.expires_ms, WB_TIME_ISO_S));
    wb_out_end(&c->out);
}
