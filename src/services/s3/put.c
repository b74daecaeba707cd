/* PutObject. */
#include "codec/text.h"
#include "services/s3/notify.h"
#include "services/s3/object.h"

struct wb_slice s3_body_sum(struct wb_arena *a, const struct wb_body_blob *b,
                            enum s3_algorithm algorithm)
{
    const struct {
        bool has;
        struct wb_slice bytes;
    } sums[S3_ALGORITHM_COUNT] = {
        [S3_CRC32] = {b->has_crc32, wb_slice(b->crc32, sizeof b->crc32)},
        [S3_CRC32C] = {b->has_crc32c, wb_slice(b->crc32c, sizeof b->crc32c)},
        [S3_SHA1] = {b->has_sha1, wb_slice(b->sha1, sizeof b->sha1)},
        [S3_SHA256] = {b->has_sha256, wb_slice(b->sha256, sizeof b->sha256)},
        [S3_CRC64NVME] = {b->has_crc64nvme, wb_slice(b->crc64nvme, sizeof b->crc64nvme)},
    };
    return sums[algorithm].has ? sums[algorithm].bytes : WB_SLICE_NULL;
}

/* The one that the request declared; the front has checked it. */
static struct s3_sum declared_sum(struct wb_call *c)
{
    for (int i = S3_CRC32; c->blob && i < S3_ALGORITHM_COUNT; i++) {
        struct wb_slice bytes = s3_body_sum(c->arena, c->blob, (enum s3_algorithm)i);
        if (bytes.p)
            return (struct s3_sum){(enum s3_algorithm)i, wb_base64_encode(c->arena, bytes), false};
    }
    return (struct s3_sum){.algorithm = S3_NO_SUM};
}

void s3_put_body(struct wb_call *c, const char *event)
{
    struct s3_bucket b;
    struct s3_object o = {.size = 0};
    if (!s3_call_key(c, &b, &o.key) || !s3_call_about(c, &o.about) ||
        !s3_write_allowed(c, &b, o.key))
        return;
    o.etag = WB_S(S3_EMPTY_MD5);
    if (c->blob) {
        o.etag = wb_hex_encode(c->arena, wb_slice(c->blob->md5, sizeof c->blob->md5));
        o.size = c->blob->size;
        o.blob = c->blob->name;
    }
    o.sum = declared_sum(c);
    s3_data_share(c->tx, &o);
    s3_object_put(c->tx, &b, &o);
    s3_event(c->tx, &c->ctx, &b, &o, event);
    wb_call_header(c, "ETag", s3_quoted(c->arena, o.etag));
    s3_sum_header(c, &o.sum);
    s3_sse_header(c, &o.about);
    s3_expiration_header(c, &b, &o);
    if (o.version.p)
        wb_call_header(c, "x-amz-version-id", o.version);
}

void s3_put_object(struct wb_call *c)
{
    s3_put_body(c, "ObjectCreated:Put");
}
