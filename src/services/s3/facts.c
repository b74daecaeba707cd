/*
 * What is looked at before a call is authorized, and what conditions may ask about it (Service
 * Authorization Reference, "Actions, resources, and condition keys for Amazon S3").
 */
#include "services/s3/facts.h"
#include "auth/sigv4.h"
#include "codec/text.h"
#include "engine/tags.h"
#include "services/s3/cors.h"
#include "services/s3/post.h"

void s3_enter(struct wb_call *c)
{
    if (c->op->form && !s3_post_allowed(c))
        return;
    struct wb_slice name = wb_in_str(c, "Bucket");
    const struct s3_config *b = s3_config(c->tx, name);
    if (b && !c->op->unsigned_ok) /* a preflight is the question itself */
        s3_cors_headers(c, b);
    else if (!b && name.n && c->ctx.principal.type == WB_PRINCIPAL_ANONYMOUS)
        s3_fail(c, "NoSuchBucket", 404, "BucketName", name, "The specified bucket does not exist");
}

struct wb_slice s3_owner(struct wb_tx *tx, struct wb_slice arn, bool *restricted)
{
    struct wb_slice rest = wb_slice_sub(arn, strlen("arn:aws:s3:::"), arn.n);
    const struct s3_config *b = s3_config(tx, wb_slice_cut(&rest, '/'));
    *restricted = b && b->public_policy && b->block & S3_RESTRICT;
    return b ? b->bucket.account : WB_SLICE_NULL;
}

/* --- condition keys --- */

#define OF_ALL                                                                                     \
    "s3:authType", "s3:ResourceAccount", "s3:signatureAge", "s3:signatureversion", "s3:TlsVersion"
#define OF_WRITE                                                                                   \
    "s3:x-amz-acl", "s3:x-amz-grant-full-control", "s3:x-amz-grant-read",                          \
        "s3:x-amz-grant-read-acp", "s3:x-amz-grant-write", "s3:x-amz-grant-write-acp"

const char *const s3_bucket_keys[] = {OF_ALL, NULL};
const char *const s3_create_keys[] = {OF_ALL, OF_WRITE, "s3:locationconstraint",
                                      "s3:x-amz-object-ownership", NULL};
const char *const s3_list_keys[] = {OF_ALL, "s3:delimiter", "s3:max-keys", "s3:prefix", NULL};
const char *const s3_object_keys[] = {OF_ALL, "s3:ExistingObjectTag/${TagKey}", "s3:versionid",
                                      NULL};
const char *const s3_put_keys[] = {OF_ALL,
                                   OF_WRITE,
                                   "s3:ExistingObjectTag/${TagKey}",
                                   "s3:if-match",
                                   "s3:if-none-match",
                                   "s3:RequestObjectTag/${TagKey}",
                                   "s3:RequestObjectTagKeys",
                                   "s3:versionid",
                                   "s3:x-amz-copy-source",
                                   "s3:x-amz-metadata-directive",
                                   "s3:x-amz-server-side-encryption",
                                   "s3:x-amz-server-side-encryption-aws-kms-key-id",
                                   "s3:x-amz-storage-class",
                                   "s3:x-amz-website-redirect-location",
                                   NULL};

/* Keys that are members of the input. */
static const struct {
    const char *key, *member;
} given[] = {
    {"s3:delimiter", "Delimiter"},
    {"s3:max-keys", "MaxKeys"},
    {"s3:prefix", "Prefix"},
    {"s3:versionid", "VersionId"},
    {"s3:if-match", "IfMatch"},
    {"s3:if-none-match", "IfNoneMatch"},
    {"s3:x-amz-acl", "ACL"},
    {"s3:x-amz-copy-source", "CopySource"},
    {"s3:x-amz-grant-full-control", "GrantFullControl"},
    {"s3:x-amz-grant-read", "GrantRead"},
    {"s3:x-amz-grant-read-acp", "GrantReadACP"},
    {"s3:x-amz-grant-write", "GrantWrite"},
    {"s3:x-amz-grant-write-acp", "GrantWriteACP"},
    {"s3:x-amz-metadata-directive", "MetadataDirective"},
    {"s3:x-amz-object-ownership", "ObjectOwnership"},
    {"s3:x-amz-server-side-encryption", "ServerSideEncryption"},
    {"s3:x-amz-server-side-encryption-aws-kms-key-id", "SSEKMSKeyId"},
    {"s3:x-amz-storage-class", "StorageClass"},
    {"s3:x-amz-website-redirect-location", "WebsiteRedirectLocation"},
};

static bool listed(const struct wb_call *c, const char *key)
{
    const char *const *k = c->op->condition_keys;
    while (*k && strcmp(*k, key) != 0)
        k++;
    return *k;
}

static void tell(struct wb_call *c, const char *key, struct wb_slice value)
{
    if (value.p && listed(c, key))
        wb_call_condition(c, key, value);
}

static void tell_signature(struct wb_call *c)
{
    const struct wb_signature *s = c->signature;
    if (!s)
        return;
    struct wb_seam *seam = wb_engine_seam(c->engine);
    tell(c, "s3:authType",
         s->policy.p         ? WB_S("POST")
         : s->expires_s >= 0 ? WB_S("REST-QUERY-STRING")
                             : WB_S("REST-HEADER"));
    tell(c, "s3:signatureversion", WB_S("AWS4-HMAC-SHA256"));
    if (s->expires_s >= 0)
        tell(c, "s3:signatureAge",
             wb_printf(c->arena, "%lld", (long long)(seam->wall_ms(seam) - s->time_ms)));
}

/* "k1=v1&k2=v2" of x-amz-tagging. */
static void tell_new_tags(struct wb_call *c)
{
    struct wb_pair *tag;
    size_t n;
    struct wb_slice text = wb_in_str(c, "Tagging");
    if (text.p && wb_form_parse(c->arena, text, WB_TAGS_MAX, &tag, &n)) {
        for (size_t i = 0; i < n; i++) {
            wb_call_condition(
                c, wb_printf(c->arena, "s3:RequestObjectTag/%.*s", WB_FMT(tag[i].name)).p,
                tag[i].value);
            wb_call_condition(c, "s3:RequestObjectTagKeys", tag[i].name);
        }
        return;
    }
    struct wb_json_iter it = wb_json_iter(wb_json_get(wb_in(c, "Tagging"), "TagSet"));
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_get_str(it.value, "Key", c->arena);
        wb_call_condition(c, wb_printf(c->arena, "s3:RequestObjectTag/%.*s", WB_FMT(key)).p,
                          wb_json_get_str(it.value, "Value", c->arena));
        wb_call_condition(c, "s3:RequestObjectTagKeys", key);
    }
}

static void tell_old_tags(struct wb_call *c, const struct s3_config *b)
{
    struct wb_slice key = wb_in_str(c, "Key"), version = wb_in_str(c, "VersionId");
    struct s3_object o;
    bool found = version.n ? s3_object_version(c->tx, &b->bucket, key, version, &o)
                           : s3_object_current(c->tx, &b->bucket, key, &o);
    for (size_t i = 0; found && i < o.about.tag_count; i++)
        wb_call_condition(
            c, wb_printf(c->arena, "s3:ExistingObjectTag/%.*s", WB_FMT(o.about.tag[i].name)).p,
            o.about.tag[i].value);
}

void s3_facts(struct wb_call *c)
{
    const struct s3_config *b = s3_config(c->tx, wb_in_str(c, "Bucket"));
    tell_signature(c);
    if (c->tls_version)
        tell(c, "s3:TlsVersion",
             wb_slice_sub(wb_slice_str(c->tls_version), strlen("TLSv"), SIZE_MAX));
    if (b)
        tell(c, "s3:ResourceAccount", b->bucket.account);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        struct wb_json v = wb_in(c, given[i].member);
        if (wb_json_is(v) && listed(c, given[i].key))
            wb_call_condition(c, given[i].key,
                              wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, c->arena)
                                                                : wb_json_raw(v));
    }
    tell(c, "s3:locationconstraint",
         wb_json_get_str(wb_in(c, "CreateBucketConfiguration"), "LocationConstraint", c->arena));
    if (listed(c, "s3:RequestObjectTag/${TagKey}"))
        tell_new_tags(c);
    if (b && listed(c, "s3:ExistingObjectTag/${TagKey}"))
        tell_old_tags(c, b);
}
