/* CopyObject: another object with the same bytes. They are shared, nothing is read. */
#include "services/s3/copy.h"
#include "base/limits.h"
#include "codec/text.h"
#include "services/s3/notify.h"

static bool bad_source(struct wb_call *c, struct wb_slice given, const char *what)
{
    s3_fail_argument(c, "x-amz-copy-source", given, what);
    return false;
}

bool s3_copy_source(struct wb_arena *a, struct wb_slice given, struct s3_source *out)
{
    struct wb_slice rest = given, version = WB_SLICE_NULL;
    ptrdiff_t at = wb_slice_find(rest, WB_S("?versionId="), 0);
    *out = (struct s3_source){.key = WB_SLICE_NULL};
    if (at >= 0) {
        version = wb_slice_sub(rest, (size_t)at + 11, rest.n);
        rest.n = (size_t)at;
    }
    if (!wb_percent_decode(a, rest, false, &rest))
        return false;
    if (rest.n && rest.p[0] == '/')
        rest = wb_slice_sub(rest, 1, rest.n);
    out->bucket = wb_slice_cut(&rest, '/');
    out->key = rest;
    out->version = version;
    return out->bucket.n && out->key.n;
}

/* As the call sees its target, but with the source's names. */
bool s3_call_source(struct wb_call *c, struct s3_source *s, struct s3_bucket *b,
                    struct s3_object *o)
{
    struct wb_slice given = wb_in_str(c, "CopySource"),
                    owner = wb_in_str(c, "ExpectedSourceBucketOwner");
    if (!s3_copy_source(c->arena, given, s))
        return bad_source(c, given, "Invalid copy source object key");
    if (!s3_bucket_read(c->tx, s->bucket, b)) {
        s3_fail(c, "NoSuchBucket", 404, "BucketName", s->bucket,
                "The specified bucket does not exist");
        return false;
    }
    if (owner.p && !wb_slice_eq(owner, b->account)) {
        wb_fail(c, "AccessDenied", 403, "Access Denied");
        return false;
    }
    if (wb_in_str(c, "CopySourceSSECustomerAlgorithm").p) {
        s3_fail(c, "NotImplemented", 501, "Header",
                WB_S("x-amz-copy-source-server-side-encryption-customer-algorithm"),
                "A header you provided implies functionality that is not implemented");
        return false;
    }
    size_t headers = c->header_count;
    bool found = s3_find_object(c, b, s->key, s->version, o);
    if (!found)
        c->header_count = headers; /* they would tell of the target */
    if (!found && c->error.status == 405)
        c->error.status = 400;
    return found && s3_source_allowed(c, o);
}

/* "COPY", which is the default, or "REPLACE". */
static bool directive(struct wb_call *c, const char *member, const char *header, const char *text,
                      bool *replace)
{
    struct wb_slice s = wb_in_str(c, member);
    *replace = wb_slice_is(s, "REPLACE");
    if (!s.p || *replace || wb_slice_is(s, "COPY"))
        return true;
    s3_fail_argument(c, header, s, text);
    return false;
}

/* What the copy says about itself: of the source, of the request, or some of both. */
static bool merge(struct wb_call *c, const struct s3_object *source, struct s3_about *out,
                  bool *replace)
{
    bool tags;
    if (!directive(c, "MetadataDirective", "x-amz-metadata-directive",
                   "Unknown metadata directive.", replace) ||
        !directive(c, "TaggingDirective", "x-amz-tagging-directive", "Unknown tagging directive.",
                   &tags) ||
        !s3_call_about(c, out))
        return false;
    if (!*replace) {
        for (int i = 0; i < S3_WEBSITE_REDIRECT; i++)
            out->system[i] = source->about.system[i];
        out->meta = source->about.meta;
        out->meta_count = source->about.meta_count;
    }
    if (!tags) {
        out->tag = source->about.tag;
        out->tag_count = source->about.tag_count;
    }
    return true;
}

static bool copy_allowed(struct wb_call *c, const struct s3_source *s,
                         const struct s3_object *source, const struct s3_object *o, bool replaced)
{
    bool same = wb_slice_eq(s->bucket, wb_in_str(c, "Bucket")) && wb_slice_eq(s->key, o->key);
    bool changed = replaced || s->version.p || wb_in_str(c, "StorageClass").p ||
                   o->about.system[S3_WEBSITE_REDIRECT].p || wb_in_str(c, "ServerSideEncryption").p;
    if (same && !changed) {
        wb_fail(c, "InvalidRequest", 400,
                "This copy request is illegal because it is trying to copy an object to itself "
                "without changing the object's metadata, storage class, website redirect location "
                "or encryption attributes.");
        return false;
    }
    if (source->size > WB_S3_OBJECT_MAX) {
        wb_fail(c, "InvalidRequest", 400,
                "The specified copy source is larger than the maximum allowable size for a copy "
                "source: %lld",
                (long long)WB_S3_OBJECT_MAX);
        return false;
    }
    return true;
}

void s3_copy_object(struct wb_call *c)
{
    struct s3_bucket b, from;
    struct s3_source s;
    struct s3_object source, o = {.size = 0};
    bool replaced;
    if (!s3_call_key(c, &b, &o.key) || !s3_call_source(c, &s, &from, &source) ||
        !merge(c, &source, &o.about, &replaced) || !copy_allowed(c, &s, &source, &o, replaced) ||
        !s3_write_allowed(c, &b, o.key))
        return;
    o.size = source.size;
    o.etag = source.etag;
    o.blob = source.blob;
    o.upload = source.upload;
    o.runs = source.runs;
    o.parts = source.parts;
    o.sum = source.sum;
    s3_data_share(c->tx, &o);
    s3_object_put(c->tx, &b, &o);
    s3_event(c->tx, &c->ctx, &b, &o, "ObjectCreated:Copy");
    if (from.versioning != S3_UNVERSIONED)
        wb_call_header(c, "x-amz-copy-source-version-id", s3_version_text(&source));
    if (o.version.p)
        wb_call_header(c, "x-amz-version-id", o.version);
    s3_sse_header(c, &o.about);
    wb_out_time(&c->out, "LastModified", o.modified_ms);
    wb_out_str(&c->out, "ETag", s3_quoted(c->arena, o.etag));
    if (o.sum.algorithm) {
        wb_out_str(&c->out, s3_sum_members[o.sum.algorithm], o.sum.value);
        wb_out_cstr(&c->out, "ChecksumType", o.sum.composite ? "COMPOSITE" : "FULL_OBJECT");
    }
}
