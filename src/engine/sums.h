/*
 * The checksums of a body: what a request declares (x-amz-content-sha256, Content-MD5,
 * x-amz-checksum-*, announced trailers), computed over pieces, and compared at the end, in S3's
 * words. Declared on the loop, then one thread at a time.
 */
#ifndef WB_ENGINE_SUMS_H
#define WB_ENGINE_SUMS_H

#include "auth/sigv4.h"
#include "aws/op.h"
#include "crypto/crypto.h"

enum wb_sum { WB_SUM_CRC32, WB_SUM_CRC32C, WB_SUM_CRC64, WB_SUM_SHA1, WB_SUM_SHA256, WB_SUMS };

/* An error found off the loop: static texts, so that it needs no arena. */
struct wb_refusal {
    const char *code, *text; /* code NULL: none */
    int status;
};

struct wb_sums {
    struct wb_hash *md5, *sha1, *sha256;
    uint32_t crc32, crc32c;
    uint64_t crc64;
    bool want[WB_SUMS];    /* computed */
    bool told[WB_SUMS];    /* declared by value */
    bool trailer[WB_SUMS]; /* declared by a trailer, which must come */
    bool told_md5, told_payload;
    uint8_t value[WB_SUMS][WB_SHA256_LEN], md5_value[WB_MD5_LEN], payload_value[WB_SHA256_LEN];
};

/* False: c->error is set. In either case wb_sums_free follows. */
bool wb_sums_declare(struct wb_sums *s, struct wb_call *c, const struct wb_sig_request *r);
void wb_sums_add(struct wb_sums *s, struct wb_slice bytes);
/* A trailer: its value. False: it is malformed. Others than checksums are let pass. */
bool wb_sums_trailer(struct wb_sums *s, struct wb_slice name, struct wb_slice value);
/* Computes all into *b and compares. */
struct wb_refusal wb_sums_end(struct wb_sums *s, struct wb_body_blob *b);
void wb_sums_free(struct wb_sums *s);

/* A body that is there, of a REST-XML request. False: c->error is set. */
bool wb_sums_check(struct wb_call *c, const struct wb_sig_request *r);

#endif
