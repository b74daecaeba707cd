/* UploadPart and UploadPartCopy. */
#include "base/limits.h"
#include "codec/text.h"
#include "crypto/crypto.h"
#include "services/s3/copy.h"
#include "services/s3/upload.h"

static bool read_number(struct wb_call *c, uint32_t *out)
{
    int64_t n;
    if (!s3_in_int(c, "PartNumber", "partNumber", 0, &n))
        return false;
    *out = (uint32_t)n;
    if (n >= 1 && n <= WB_S3_PARTS_MAX)
        return true;
    s3_fail_argument(c, "partNumber", wb_printf(c->arena, "%lld", (long long)n),
                     "Part number must be an integer between 1 and 10000, inclusive");
    return false;
}

/* Puts it in the place of one that was uploaded under its number. */
static void put_part(struct wb_tx *tx, const struct s3_upload *u, struct s3_part *p)
{
    struct s3_part old;
    for (size_t i = 0; i < p->pieces; i++)
        wb_blob_keep(tx, p->piece[i].blob, p->piece[i].size);
    if (s3_part_read(tx, u->number, p->number, &old))
        s3_part_drop(tx, u->number, &old);
    p->modified_ms = tx->now_ms;
    s3_part_write(tx, u->number, p);
}

static void sum_header(struct wb_call *c, const struct s3_upload *u, const struct s3_part *p)
{
    struct s3_sum sum = {u->algorithm, s3_part_sum(c->arena, p), false};
    if (sum.value.p)
        s3_sum_header(c, &sum);
}

static bool take_sum(struct wb_call *c, const struct s3_upload *u, struct s3_part *p)
{
    enum s3_algorithm declared = S3_NO_SUM;
    struct wb_slice sum = WB_SLICE_NULL;
    for (int i = S3_CRC32; c->blob && !declared && i < S3_ALGORITHM_COUNT; i++)
        if (s3_body_sum(c->arena, c->blob, (enum s3_algorithm)i).p)
            declared = (enum s3_algorithm)i;
    if (!u->algorithm)
        return true;
    if (c->blob)
        sum = s3_body_sum(c->arena, c->blob, u->algorithm);
    if (c->blob && !sum.p) {
        wb_fail(c, "InvalidRequest", 400,
                "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum "
                "Type: %s",
                s3_sum_names[u->algorithm], declared ? s3_sum_names[declared] : "null");
        return false;
    }
    p->sum_n = (uint8_t)sum.n;
    if (sum.n)
        memcpy(p->sum, sum.p, sum.n);
    return true;
}

void s3_upload_part(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_upload u;
    struct s3_part p = {.size = 0};
    struct wb_piece piece;
    if (!read_number(c, &p.number) || !s3_call_upload(c, &b, &u) || !take_sum(c, &u, &p))
        return;
    wb_md5(WB_S(""), p.md5);
    if (c->blob) {
        memcpy(p.md5, c->blob->md5, sizeof p.md5);
        piece = (struct wb_piece){c->blob->name, 0, c->blob->size};
        p.piece = &piece;
        p.pieces = 1;
        p.size = c->blob->size;
    }
    put_part(c->tx, &u, &p);
    wb_call_header(c, "ETag", s3_quoted(c->arena, s3_part_etag(c->arena, &p)));
    sum_header(c, &u, &p);
    s3_sse_header(c, &u.about);
}

/* --- of another object --- */

static bool read_range(struct wb_call *c, int64_t size, int64_t *from, int64_t *n)
{
    struct wb_slice text = wb_in_str(c, "CopySourceRange");
    uint64_t first, last;
    *from = 0;
    *n = size;
    if (!text.p)
        return true;
    struct wb_slice b = wb_slice_sub(text, 6, text.n), a = wb_slice_cut(&b, '-');
    if (!wb_slice_starts(text, WB_S("bytes=")) || !wb_slice_u64(a, &first) ||
        !wb_slice_u64(b, &last) || first > last) {
        s3_fail_argument(c, "x-amz-copy-source-range", text,
                         "The x-amz-copy-source-range value must be of the form bytes=first-last "
                         "where first and last are the zero-based offsets of the first and last "
                         "bytes to copy");
        return false;
    }
    if (last >= (uint64_t)size) {
        s3_fail_argument(c, "x-amz-copy-source-range", text,
                         wb_printf(c->arena,
                                   "Range specified is not valid for source object of size: %lld",
                                   (long long)size)
                             .p);
        return false;
    }
    *from = (int64_t)first;
    *n = (int64_t)(last - first + 1);
    return true;
}

/* Nothing is read, so of a range there is no digest: its entity tag says where it is from. */
static void name_copy(struct wb_call *c, const struct s3_upload *u, const struct s3_object *source,
                      int64_t from, struct s3_part *p)
{
    struct wb_slice raw;
    bool whole = from == 0 && p->size == source->size;
    if (whole && source->etag.n == 32 && wb_hex_decode(c->arena, source->etag, &raw))
        memcpy(p->md5, raw.p, sizeof p->md5);
    else
        wb_md5(wb_printf(c->arena, "%.*s %lld %lld", WB_FMT(source->etag), (long long)from,
                         (long long)p->size),
               p->md5);
    if (whole && u->algorithm && source->sum.algorithm == u->algorithm && !source->sum.composite &&
        wb_base64_decode(c->arena, source->sum.value, &raw) && raw.n <= sizeof p->sum) {
        p->sum_n = (uint8_t)raw.n;
        memcpy(p->sum, raw.p, raw.n);
    }
}

void s3_upload_part_copy(struct wb_call *c)
{
    struct s3_bucket b, from_bucket;
    struct s3_upload u;
    struct s3_source s;
    struct s3_object source;
    struct s3_part p = {.size = 0};
    int64_t from;
    if (!read_number(c, &p.number) || !s3_call_upload(c, &b, &u) ||
        !s3_call_source(c, &s, &from_bucket, &source) ||
        !read_range(c, source.size, &from, &p.size))
        return;
    if (p.size > WB_S3_OBJECT_MAX) {
        wb_fail(c, "InvalidRequest", 400,
                "The specified copy source is larger than the maximum allowable size for a copy "
                "source: %lld",
                (long long)WB_S3_OBJECT_MAX);
        return;
    }
    p.piece = s3_data_pieces(c->tx, &source, from, p.size, &p.pieces);
    if (!p.piece) {
        wb_fail(c, "InternalError", 500, "We encountered an internal error. Please try again.");
        return;
    }
    name_copy(c, &u, &source, from, &p);
    put_part(c->tx, &u, &p);
    if (from_bucket.versioning != S3_UNVERSIONED)
        wb_call_header(c, "x-amz-copy-source-version-id", s3_version_text(&source));
    s3_sse_header(c, &u.about);
    wb_out_time(&c->out, "LastModified", p.modified_ms);
    wb_out_str(&c->out, "ETag", s3_quoted(c->arena, s3_part_etag(c->arena, &p)));
    if (p.sum_n)
        wb_out_str(&c->out, s3_sum_members[u.algorithm], s3_part_sum(c->arena, &p));
}
