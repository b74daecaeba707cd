/* What S3 asks of each kind of configuration beyond its form. */
#include "engine/tags.h"
#include "services/s3/config.h"

static void invalid(struct wb_call *c, const char *text)
{
    wb_fail(c, "InvalidRequest", 400, "%s", text);
}

static void argument(struct wb_call *c, const char *name, struct wb_slice value, const char *text)
{
    s3_fail_argument(c, name, value, text);
}

bool s3_check_encryption(struct wb_call *c, const struct s3_bucket *b, struct wb_json doc)
{
    (void)b;
    struct wb_json rules = wb_json_get(doc, "Rules");
    struct wb_json by = wb_json_get(wb_json_item(rules, 0), "ApplyServerSideEncryptionByDefault");
    bool kms = wb_slice_starts(wb_json_get_str(by, "SSEAlgorithm", c->arena), WB_S("aws:kms"));
    if (wb_json_count(rules) != 1 || !wb_json_is(by))
        s3_fail_malformed(c);
    else if (!kms && wb_json_is(wb_json_get(by, "KMSMasterKeyID")))
        argument(c, "ApplyServerSideEncryptionByDefault",
                 wb_json_get_str(by, "KMSMasterKeyID", c->arena),
                 "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms "
                 "or aws:kms:dsse");
    return !wb_failed(c);
}

/* --- CORS --- */

static bool one_star(struct wb_slice s)
{
    ptrdiff_t at = wb_slice_chr(s, '*', 0);
    return at < 0 || wb_slice_chr(s, '*', (size_t)at + 1) < 0;
}

static bool check_origins(struct wb_call *c, struct wb_json rule)
{
    static const struct {
        const char *list, *element;
    } starred[] = {{"AllowedOrigins", "AllowedOrigin"}, {"AllowedHeaders", "AllowedHeader"}};
    for (size_t i = 0; i < 2; i++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(rule, starred[i].list));
        while (wb_json_next(&it)) {
            struct wb_slice s = wb_json_str(it.value, c->arena);
            if (one_star(s))
                continue;
            wb_fail(c, "InvalidRequest", 400, "%s \"%.*s\" can not have more than one wildcard.",
                    starred[i].element, WB_FMT(s));
            return false;
        }
    }
    struct wb_json_iter it = wb_json_iter(wb_json_get(rule, "ExposeHeaders"));
    while (wb_json_next(&it)) {
        struct wb_slice s = wb_json_str(it.value, c->arena);
        if (wb_slice_chr(s, '*', 0) < 0)
            continue;
        wb_fail(c, "InvalidRequest", 400,
                "ExposeHeader \"%.*s\" contains wildcard. We currently do not support wildcard "
                "for ExposeHeader.",
                WB_FMT(s));
        return false;
    }
    return true;
}

bool s3_check_cors(struct wb_call *c, const struct s3_bucket *b, struct wb_json doc)
{
    (void)b;
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};
    struct wb_json rules = wb_json_get(doc, "CORSRules");
    struct wb_json_iter it = wb_json_iter(rules);
    if (wb_json_count(rules) == 0 || wb_json_count(rules) > WB_S3_CORS_RULES_MAX)
        s3_fail_malformed(c);
    while (!wb_failed(c) && wb_json_next(&it)) {
        struct wb_json_iter m = wb_json_iter(wb_json_get(it.value, "AllowedMethods"));
        while (wb_json_next(&m)) {
            struct wb_slice s = wb_json_str(m.value, c->arena);
            size_t i = 0;
            while (i < sizeof methods / sizeof *methods && !wb_slice_is(s, methods[i]))
                i++;
            if (i == sizeof methods / sizeof *methods)
                wb_fail(c, "InvalidRequest", 400,
                        "Found unsupported HTTP method in CORS config. Unsupported method is %.*s",
                        WB_FMT(s));
        }
        check_origins(c, it.value);
    }
    return !wb_failed(c);
}

/* --- the rest --- */

bool s3_check_ownership(struct wb_call *c, const struct s3_bucket *b, struct wb_json doc)
{
    (void)b;
    struct wb_json rules = wb_json_get(doc, "Rules");
    struct wb_slice who = wb_json_get_str(wb_json_item(rules, 0), "ObjectOwnership", c->arena);
    if (wb_json_count(rules) != 1)
        s3_fail_malformed(c);
    else if (wb_slice_is(who, "ObjectWriter"))
        wb_fail(c, "NotImplemented", 501,
                "Objects belong to the bucket's owner here: ObjectWriter is not implemented.");
    return !wb_failed(c);
}

bool s3_check_logging(struct wb_call *c, const struct s3_bucket *b, struct wb_json doc)
{
    struct wb_slice to =
        wb_json_get_str(wb_json_get(doc, "LoggingEnabled"), "TargetBucket", c->arena);
    const struct s3_config *target = to.p ? s3_config(c->tx, to) : NULL;
    if (to.p && !target)
        s3_fail(c, "InvalidTargetBucketForLogging", 400, "TargetBucket", to,
                "The target bucket for logging does not exist");
    else if (target && !wb_slice_eq(target->bucket.account, b->account))
        s3_fail(c, "InvalidTargetBucketForLogging", 400, "TargetBucket", to,
                "The owner for the bucket to be logged and the target bucket must be the same.");
    return !wb_failed(c);
}

bool s3_check_website(struct wb_call *c, const struct s3_bucket *b, struct wb_json doc)
{
    (void)b;
    struct wb_json all = wb_json_get(doc, "RedirectAllRequestsTo");
    struct wb_slice suffix = wb_json_get_str(wb_json_get(doc, "IndexDocument"), "Suffix", c->arena);
    if (wb_json_is(all) && wb_json_count(doc) > 1)
        invalid(c, "RedirectAllRequestsTo cannot be provided in conjunction with other Routing "
                   "Rules.");
    else if (!wb_json_is(all) && !suffix.p)
        argument(c, "IndexDocument", WB_S("null"),
                 "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is "
                 "empty");
    else if (suffix.p && (!suffix.n || wb_slice_chr(suffix, '/', 0) >= 0))
        argument(c, "IndexDocument", suffix, "The IndexDocument Suffix is not well formed");
    return !wb_failed(c);
}

/* --- what a bucket has not got --- */

void s3_get_lock(struct wb_call *c)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b))
        s3_fail(c, "ObjectLockConfigurationNotFoundError", 404, "BucketName", b.name,
                "Object Lock configuration does not exist for this bucket");
}

void s3_put_lock(struct wb_call *c)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b))
        wb_fail(c, "InvalidBucketState", 409,
                "Object Lock configuration cannot be enabled on existing buckets");
}

void s3_lock_of_object(struct wb_call *c)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b))
        invalid(c, "Bucket is missing Object Lock Configuration");
}

void s3_get_replication(struct wb_call *c)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b))
        s3_fail(c, "ReplicationConfigurationNotFoundError", 404, "BucketName", b.name,
                "The replication configuration was not found");
}

/* Metrics, analytics, inventory and tiering: nothing can be put, so nothing is there. */
void s3_get_by_id(struct wb_call *c)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b))
        s3_fail(c, "NoSuchConfiguration", 404, "BucketName", b.name,
                "The specified configuration does not exist.");
}

void s3_list_none(struct wb_call *c)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b))
        wb_out_bool(&c->out, "IsTruncated", false);
}

/* --- tags --- */

void s3_put_tagging(struct wb_call *c)
{
    struct s3_bucket b;
    struct wb_pair *tag;
    size_t n;
    struct wb_slice why;
    struct wb_json set = wb_json_get(wb_in(c, "Tagging"), "TagSet");
    if (!s3_call_bucket(c, &b))
        return;
    if (wb_json_count(set) > WB_TAGS_MAX) {
        wb_fail(c, "BadRequest", 400, "Bucket tag count cannot be greater than %d", WB_TAGS_MAX);
        return;
    }
    if (!wb_tags_read(c->arena, set, &tag, &n, &why)) {
        wb_fail(c, "InvalidTag", 400, "%.*s", WB_FMT(why));
        return;
    }
    struct wb_slice arn = s3_bucket_arn(c->arena, b.name);
    wb_tags_drop(c->tx, arn);
    wb_tags_put(c->tx, arn, tag, n);
}

void s3_get_tagging(struct wb_call *c)
{
    struct s3_bucket b;
    struct wb_pair *tag;
    if (!s3_call_bucket(c, &b))
        return;
    size_t n = wb_tags_list(c->tx, s3_bucket_arn(c->arena, b.name), &tag);
    if (!n) {
        s3_fail(c, "NoSuchTagSet", 404, "BucketName", b.name, "The TagSet does not exist");
        return;
    }
    wb_out_list_of(&c->out, "TagSet", "Tag");
    for (size_t i = 0; i < n; i++) {
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "Key", tag[i].name);
        wb_out_str(&c->out, "Value", tag[i].value);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

void s3_delete_tagging(struct wb_call *c)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b))
        wb_tags_drop(c->tx, s3_bucket_arn(c->arena, b.name));
}
