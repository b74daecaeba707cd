/* What a request says about a new object besides its bytes. */
#include "base/limits.h"
#include "base/utf8.h"
#include "codec/text.h"
#include "services/s3/object.h"

static bool not_implemented(struct wb_call *c, const char *header)
{
    s3_fail(c, "NotImplemented", 501, "Header", wb_slice_str(header),
            "A header you provided implies functionality that is not implemented");
    return false;
}

/* --- tags --- */

static size_t characters(struct wb_slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static bool in_alphabet(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        bool alnum =
            (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z');
        if (ch < 0x80 && !alnum && !memchr(" +-=._:/@", ch, 9))
            return false;
    }
    return true;
}

static bool tag_ok(struct wb_call *c, const struct wb_pair *tag, size_t at)
{
    struct wb_pair t = tag[at];
    if (!t.name.n || characters(t.name) > WB_S3_TAG_KEY_MAX || !in_alphabet(t.name)) {
        s3_fail(c, "InvalidTag", 400, "TagKey", t.name, "The TagKey you have provided is invalid");
        return false;
    }
    if (characters(t.value) > WB_S3_TAG_VALUE_MAX || !in_alphabet(t.value)) {
        s3_fail(c, "InvalidTag", 400, "TagKey", t.name,
                "The TagValue you have provided is invalid");
        return false;
    }
    if (wb_slice_starts(t.name, WB_S("aws:"))) {
        s3_fail(c, "InvalidTag", 400, "TagKey", t.name,
                "System tags cannot be added/updated by requester");
        return false;
    }
    for (size_t i = 0; i < at; i++)
        if (wb_slice_eq(tag[i].name, t.name)) {
            s3_fail(c, "InvalidTag", 400, "TagKey", t.name,
                    "Cannot provide multiple Tags with the same key");
            return false;
        }
    return true;
}

static bool tags_ok(struct wb_call *c, const struct wb_pair *tag, size_t count)
{
    if (count > WB_S3_TAGS_MAX) {
        wb_fail(c, "BadRequest", 400, "Object tags cannot be greater than %d", WB_S3_TAGS_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!tag_ok(c, tag, i))
            return false;
    return true;
}

bool s3_call_tags(struct wb_call *c, struct wb_json set, struct wb_pair **tag, size_t *count)
{
    struct wb_json_iter it = wb_json_iter(set);
    *tag = wb_new_n(c->arena, struct wb_pair, wb_json_count(set) + 1);
    *count = 0;
    while (wb_json_next(&it))
        (*tag)[(*count)++] = (struct wb_pair){wb_json_get_str(it.value, "Key", c->arena),
                                              wb_json_get_str(it.value, "Value", c->arena)};
    return tags_ok(c, *tag, *count);
}

bool s3_call_tag_header(struct wb_call *c, struct wb_slice header, struct wb_pair **tag,
                        size_t *count)
{
    *tag = NULL;
    *count = 0;
    if (!header.n)
        return true;
    bool ok = wb_form_parse(c->arena, header, WB_S3_TAGS_MAX + 1, tag, count);
    for (size_t i = 0; ok && i < *count; i++) {
        ok = wb_utf8_check((*tag)[i].name) < 0 && wb_utf8_check((*tag)[i].value) < 0;
        for (size_t k = 0; ok && k < i; k++)
            ok = !wb_slice_eq((*tag)[i].name, (*tag)[k].name);
    }
    if (!ok) {
        s3_fail_argument(c, "x-amz-tagging", header,
                         "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL "
                         "query parameters without tag name duplicates.");
        return false;
    }
    return tags_ok(c, *tag, *count);
}

/* --- metadata --- */

/* It comes back as part of a header's name. */
static bool meta_name_ok(struct wb_call *c, struct wb_slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", name.p[i])) {
            s3_fail_argument(c, "x-amz-meta-", name, "The metadata's name is not valid.");
            return false;
        }
    return true;
}

static bool read_meta(struct wb_call *c, struct s3_about *out)
{
    struct wb_json in = wb_in(c, "Metadata");
    struct wb_json_iter it = wb_json_iter(in);
    size_t bytes = 0;
    out->meta = wb_new_n(c->arena, struct wb_pair, wb_json_count(in) + 1);
    while (wb_json_next(&it)) {
        struct wb_pair *p = &out->meta[out->meta_count++];
        *p = (struct wb_pair){wb_json_str(it.key, c->arena), wb_json_str(it.value, c->arena)};
        bytes += p->name.n + p->value.n;
        if (!meta_name_ok(c, p->name))
            return false;
    }
    if (bytes <= WB_S3_METADATA_MAX)
        return true;
    s3_fail(c, "MetadataTooLarge", 400, "Size", wb_printf(c->arena, "%zu", bytes),
            "Your metadata headers exceed the maximum allowed metadata size");
    c->error.extra = wb_printf(c->arena, "%.*s,\"MaxSizeAllowed\":%d", WB_FMT(c->error.extra),
                               WB_S3_METADATA_MAX);
    return false;
}

static bool read_class(struct wb_call *c, struct s3_about *out)
{
    /* All are as near as STANDARD: nothing has to be restored. */
    static const char *const classes[] = {"REDUCED_REDUNDANCY",  "STANDARD_IA", "ONEZONE_IA",
                                          "INTELLIGENT_TIERING", "GLACIER_IR",  "GLACIER",
                                          "DEEP_ARCHIVE"};
    struct wb_slice class = wb_in_str(c, "StorageClass");
    if (!class.p || wb_slice_is(class, "STANDARD"))
        return true;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (wb_slice_is(class, classes[i])) {
            out->class = class;
            return true;
        }
    s3_fail(c, "InvalidStorageClass", 400, "StorageClassRequested", class,
            "The storage class you specified is not valid");
    return false;
}

/* The bytes lie on the server's disk as they are, whatever is asked for; the words are kept,
 * because clients look for them. Keys that a client brings would be a promise. */
static bool read_encryption(struct wb_call *c, struct s3_about *out)
{
    struct wb_slice sse = wb_in_str(c, "ServerSideEncryption");
    if (!sse.p)
        s3_default_encryption(c, out);
    if (wb_in_str(c, "SSECustomerAlgorithm").p || wb_in_str(c, "SSECustomerKey").p)
        return not_implemented(c, "x-amz-server-side-encryption-customer-algorithm");
    if (sse.p && !wb_slice_is(sse, "AES256") && !wb_slice_is(sse, "aws:kms") &&
        !wb_slice_is(sse, "aws:kms:dsse")) {
        s3_fail_argument(c, "x-amz-server-side-encryption", sse,
                         "The encryption method specified is not supported");
        return false;
    }
    if (sse.p) {
        out->sse = wb_slice_is(sse, "AES256") ? WB_SLICE_NULL : sse;
        out->kms_key = WB_SLICE_NULL;
    }
    if (wb_in_str(c, "SSEKMSKeyId").p)
        out->kms_key = wb_in_str(c, "SSEKMSKeyId");
    if (out->kms_key.p && !out->sse.p) {
        s3_fail_argument(c, "x-amz-server-side-encryption-aws-kms-key-id", out->kms_key,
                         "Server Side Encryption with AWS KMS managed key requires HTTP header "
                         "x-amz-server-side-encryption : aws:kms");
        return false;
    }
    return true;
}

/* "aws-chunked" is how the body travelled and no part of what it is. */
static void strip_chunked(struct wb_arena *a, struct wb_slice *encoding)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_slice rest = *encoding;
    while (rest.p) {
        struct wb_slice one = wb_slice_trim(wb_slice_cut(&rest, ','));
        if (!one.n || wb_slice_ieq(one, WB_S("aws-chunked")))
            continue;
        wb_buf_str(&b, b.n ? "," : "");
        wb_buf_slice_put(&b, one);
    }
    *encoding = wb_buf_slice(&b);
}

static bool no_lock(struct wb_call *c)
{
    if (!wb_in_str(c, "ObjectLockMode").p && !wb_json_is(wb_in(c, "ObjectLockRetainUntilDate")) &&
        !wb_in_str(c, "ObjectLockLegalHoldStatus").p)
        return true;
    wb_fail(c, "InvalidRequest", 400, "Bucket is missing Object Lock Configuration");
    return false;
}

bool s3_call_about(struct wb_call *c, struct s3_about *out)
{
    *out = (struct s3_about){.class = WB_SLICE_NULL};
    for (int i = 0; i < S3_SYSTEM_COUNT; i++)
        out->system[i] = wb_in_str(c, s3_system_names[i].member);
    strip_chunked(c->arena, &out->system[S3_CONTENT_ENCODING]);
    return s3_acl_ok(c) && no_lock(c) && read_encryption(c, out) && read_class(c, out) &&
           read_meta(c, out) &&
           s3_call_tag_header(c, wb_in_str(c, "Tagging"), &out->tag, &out->tag_count);
}
