#include "engine/sums.h"
#include "base/crc.h"
#include "codec/text.h"

static const struct {
    const char *header, *name, *wrong, *invalid;
    size_t bytes;
} sums[WB_SUMS] = {
#define SUM(header, name, bytes)                                                                   \
    {                                                                                              \
        "x-amz-checksum-" header, name,                                                            \
            "The " name " you specified did not match the calculated checksum.",                   \
            "Value for x-amz-checksum-" header " header is invalid.", bytes                        \
    }
    [WB_SUM_CRC32] = SUM("crc32", "CRC32", 4),
    [WB_SUM_CRC32C] = SUM("crc32c", "CRC32C", 4),
    [WB_SUM_CRC64] = SUM("crc64nvme", "CRC64NVME", 8),
    [WB_SUM_SHA1] = SUM("sha1", "SHA1", WB_SHA1_LEN),
    [WB_SUM_SHA256] = SUM("sha256", "SHA256", WB_SHA256_LEN),
};

static struct wb_slice header(const struct wb_sig_request *r, const char *name)
{
    struct wb_slice want = wb_slice_str(name);
    for (size_t i = 0; i < r->header_count; i++)
        if (wb_slice_ieq(r->header[i].name, want))
            return r->header[i].value;
    return WB_SLICE_NULL;
}

/* Base64 of exactly so many bytes. No arena: also used off the loop. */
static bool read_base64(struct wb_slice text, uint8_t *out, size_t bytes)
{
    char memory[256];
    struct wb_arena a;
    struct wb_slice plain;
    if (text.n > sizeof memory)
        return false;
    wb_arena_init(&a, 0);
    bool ok = wb_base64_decode(&a, text, &plain) && plain.n == bytes;
    if (ok)
        memcpy(out, plain.p, bytes);
    wb_arena_release(&a);
    return ok;
}

static bool declare_payload(struct wb_sums *s, struct wb_call *c, struct wb_slice told)
{
    struct wb_slice hash;
    if (!told.p || wb_slice_is(told, "UNSIGNED-PAYLOAD") ||
        wb_slice_is(told, "STREAMING-UNSIGNED-PAYLOAD-TRAILER") ||
        wb_slice_is(told, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") ||
        wb_slice_is(told, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"))
        return true;
    s->told_payload =
        told.n == 64 && wb_hex_decode(c->arena, told, &hash) && hash.n == WB_SHA256_LEN;
    if (s->told_payload)
        memcpy(s->payload_value, hash.p, hash.n);
    else
        wb_fail(c, "InvalidArgument", 400,
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.");
    return s->told_payload;
}

static bool declare_values(struct wb_sums *s, struct wb_call *c, const struct wb_sig_request *r)
{
    unsigned count = 0;
    for (int i = 0; i < WB_SUMS; i++) {
        struct wb_slice told = header(r, sums[i].header);
        if (!told.p)
            continue;
        s->want[i] = s->told[i] = true;
        if (!read_base64(told, s->value[i], sums[i].bytes)) {
            wb_fail(c, "InvalidRequest", 400, "%s", sums[i].invalid);
            return false;
        }
        count++;
    }
    if (count > 1)
        wb_fail(c, "InvalidRequest", 400,
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not "
                "allowed.");
    return count <= 1;
}

static void declare_algorithm(struct wb_sums *s, struct wb_slice name)
{
    for (int i = 0; i < WB_SUMS; i++)
        if (wb_slice_ieq(name, wb_slice_str(sums[i].name)))
            s->want[i] = true;
}

static void declare_trailers(struct wb_sums *s, struct wb_slice names)
{
    while (names.p) {
        struct wb_slice name = wb_slice_trim(wb_slice_cut(&names, ','));
        for (int i = 0; i < WB_SUMS; i++)
            if (wb_slice_ieq(name, wb_slice_str(sums[i].header)))
                s->want[i] = s->trailer[i] = true;
    }
}

bool wb_sums_declare(struct wb_sums *s, struct wb_call *c, const struct wb_sig_request *r)
{
    struct wb_slice md5 = header(r, "content-md5");
    *s = (struct wb_sums){0};
    if (md5.p && !read_base64(md5, s->md5_value, WB_MD5_LEN)) {
        wb_fail(c, "InvalidDigest", 400, "The Content-MD5 you specified was invalid.");
        return false;
    }
    s->told_md5 = md5.p != NULL;
    if (!declare_payload(s, c, header(r, "x-amz-content-sha256")) || !declare_values(s, c, r))
        return false;
    declare_algorithm(s, header(r, "x-amz-sdk-checksum-algorithm"));
    declare_algorithm(s, header(r, "x-amz-checksum-algorithm"));
    declare_trailers(s, header(r, "x-amz-trailer"));
    s->md5 = wb_hash_new(WB_MD5);
    if (s->want[WB_SUM_SHA1])
        s->sha1 = wb_hash_new(WB_SHA1);
    if (s->want[WB_SUM_SHA256] || s->told_payload)
        s->sha256 = wb_hash_new(WB_SHA256);
    return true;
}

void wb_sums_add(struct wb_sums *s, struct wb_slice bytes)
{
    wb_hash_update(s->md5, bytes);
    if (s->sha1)
        wb_hash_update(s->sha1, bytes);
    if (s->sha256)
        wb_hash_update(s->sha256, bytes);
    if (s->want[WB_SUM_CRC32])
        s->crc32 = wb_crc32(s->crc32, bytes.p, bytes.n);
    if (s->want[WB_SUM_CRC32C])
        s->crc32c = wb_crc32c(s->crc32c, bytes.p, bytes.n);
    if (s->want[WB_SUM_CRC64])
        s->crc64 = wb_crc64nvme(s->crc64, bytes.p, bytes.n);
}

bool wb_sums_trailer(struct wb_sums *s, struct wb_slice name, struct wb_slice value)
{
    for (int i = 0; i < WB_SUMS; i++)
        if (wb_slice_ieq(name, wb_slice_str(sums[i].header))) {
            if (!s->trailer[i] || s->told[i]) /* nobody computed it, or it came twice */
                return false;
            s->told[i] = read_base64(value, s->value[i], sums[i].bytes);
            return s->told[i];
        }
    return true;
}

static void put_be(uint8_t *out, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

struct wb_refusal wb_sums_end(struct wb_sums *s, struct wb_body_blob *b)
{
    uint8_t *const found[WB_SUMS] = {b->crc32, b->crc32c, b->crc64nvme, b->sha1, b->sha256};
    wb_hash_final(s->md5, b->md5);
    if (s->sha1)
        wb_hash_final(s->sha1, b->sha1);
    if (s->sha256)
        wb_hash_final(s->sha256, b->sha256);
    put_be(b->crc32, s->crc32, 4);
    put_be(b->crc32c, s->crc32c, 4);
    put_be(b->crc64nvme, s->crc64, 8);
    b->has_crc32 = s->want[WB_SUM_CRC32];
    b->has_crc32c = s->want[WB_SUM_CRC32C];
    b->has_crc64nvme = s->want[WB_SUM_CRC64];
    b->has_sha1 = s->want[WB_SUM_SHA1];
    b->has_sha256 = s->want[WB_SUM_SHA256];
    if (s->told_payload && memcmp(s->payload_value, b->sha256, WB_SHA256_LEN) != 0)
        return (struct wb_refusal){
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.", 400};
    if (s->told_md5 && memcmp(s->md5_value, b->md5, WB_MD5_LEN) != 0)
        return (struct wb_refusal){
            "BadDigest", "The Content-MD5 you specified did not match what we received.", 400};
    for (int i = 0; i < WB_SUMS; i++) {
        if (s->trailer[i] && !s->told[i])
            return (struct wb_refusal){"MalformedTrailerError",
                                       "The request contained trailing data that was not "
                                       "well-formed or did not conform to our published schema.",
                                       400};
        if (s->told[i] && memcmp(s->value[i], found[i], sums[i].bytes) != 0)
            return (struct wb_refusal){"BadDigest", sums[i].wrong, 400};
    }
    return (struct wb_refusal){0};
}

void wb_sums_free(struct wb_sums *s)
{
    wb_hash_free(s->md5);
    wb_hash_free(s->sha1);
    wb_hash_free(s->sha256);
    *s = (struct wb_sums){0};
}

bool wb_sums_check(struct wb_call *c, const struct wb_sig_request *r)
{
    struct wb_sums s;
    struct wb_body_blob b = {0};
    if (wb_slice_starts(header(r, "x-amz-content-sha256"), WB_S("STREAMING-"))) {
        wb_fail(c, "NotImplemented", 501,
                "A header or query you provided implies functionality that is not implemented.");
        return false;
    }
    if (wb_sums_declare(&s, c, r)) {
        wb_sums_add(&s, r->body);
        struct wb_refusal no = wb_sums_end(&s, &b);
        if (no.code)
            wb_fail(c, no.code, no.status, "%s", no.text);
    }
    wb_sums_free(&s);
    return !wb_failed(c);
}
