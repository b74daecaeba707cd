#include "services/s3/sum.h"
#include "base/crc.h"
#include "base/crc_combine.h"
#include "codec/text.h"
#include "crypto/crypto.h"

void s3_sum_whole_begin(struct s3_sum_whole *s, struct wb_arena *a, enum s3_algorithm algorithm,
                        bool full)
{
    *s = (struct s3_sum_whole){.algorithm = algorithm, .full = full, .parts = wb_buf_in(a)};
}

static uint64_t from_bytes(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static struct wb_slice to_bytes(struct wb_arena *a, uint64_t v, size_t n)
{
    char *p = wb_alloc(a, n);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(v >> (8 * (n - 1 - i)));
    return wb_slice(p, n);
}

static enum wb_crc crc_of(enum s3_algorithm algorithm)
{
    return algorithm == S3_CRC32 ? WB_CRC_32 : algorithm == S3_CRC32C ? WB_CRC_32C : WB_CRC_64NVME;
}

void s3_sum_whole_add(struct s3_sum_whole *s, const uint8_t *sum, size_t n, uint64_t size)
{
    if (s->full)
        s->crc = wb_crc_combine(crc_of(s->algorithm), s->crc, from_bytes(sum, n), size);
    else
        wb_buf_put(&s->parts, sum, n);
}

/* Of the parts' checksums, one behind the other. */
static struct wb_slice composite(struct wb_arena *a, const struct s3_sum_whole *s)
{
    uint8_t digest[WB_SHA256_LEN];
    switch (s->algorithm) {
    case S3_SHA1:
        wb_sha1(wb_buf_slice(&s->parts), digest);
        return wb_dup(a, wb_slice(digest, WB_SHA1_LEN));
    case S3_SHA256:
        wb_sha256(wb_buf_slice(&s->parts), digest);
        return wb_dup(a, wb_slice(digest, WB_SHA256_LEN));
    case S3_CRC32C:
        return to_bytes(a, wb_crc32c(0, s->parts.p, s->parts.n), 4);
    default:
        return to_bytes(a, wb_crc32(0, s->parts.p, s->parts.n), 4);
    }
}

struct wb_slice s3_sum_whole_text(struct wb_arena *a, const struct s3_sum_whole *s)
{
    size_t n = s->algorithm == S3_CRC64NVME ? 8 : 4;
    return wb_base64_encode(a, s->full ? to_bytes(a, s->crc, n) : composite(a, s));
}
