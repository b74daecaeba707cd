/*
 * The signatures of chunks and trailers of an upload (S3: STREAMING-AWS4-HMAC-SHA256-PAYLOAD and
 * ...-PAYLOAD-TRAILER): each is over the one before, beginning with the request's own.
 */
#ifndef WB_AUTH_SIGV4_STREAM_H
#define WB_AUTH_SIGV4_STREAM_H

#include "auth/sigv4.h"
#include "crypto/crypto.h"

struct wb_sig_stream {
    uint8_t key[WB_SHA256_LEN];
    char previous[2 * WB_SHA256_LEN];
    char scope[192]; /* "20261122T120000Z\n20261122/us-east-1/s3/aws4_request" */
};

/* After the request's own signature was verified. False: the scope is too long. */
bool wb_sigv4_stream_begin(struct wb_sig_stream *s, struct wb_arena *a,
                           const struct wb_signature *sig, struct wb_slice secret);
/* The next chunk, by the SHA-256 of its data. */
bool wb_sigv4_stream_chunk(struct wb_sig_stream *s, const uint8_t hash[WB_SHA256_LEN],
                           struct wb_slice signature);
/* The trailers, by the SHA-256 of "name:value\n" of each. */
bool wb_sigv4_stream_trailer(struct wb_sig_stream *s, const uint8_t hash[WB_SHA256_LEN],
                             struct wb_slice signature);

#endif
