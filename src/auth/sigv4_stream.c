#include "auth/sigv4_stream.h"
#include <stdio.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void put_hex(char *out, const uint8_t *p)
{
    for (size_t i = 0; i < WB_SHA256_LEN; i++) {
        out[2 * i] = "0123456789abcdef"[p[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
    }
}

static bool verify(struct wb_sig_stream *s, const char *kind, const char *empty,
                   const uint8_t hash[WB_SHA256_LEN], struct wb_slice signature)
{
    char text[640], hex[2 * WB_SHA256_LEN];
    uint8_t mac[WB_SHA256_LEN];
    put_hex(hex, hash);
    int n = snprintf(text, sizeof text, "AWS4-HMAC-SHA256-%s\n%s\n%.*s\n%s%.*s", kind, s->scope,
                     (int)sizeof s->previous, s->previous, empty, (int)sizeof hex, hex);
    wb_hmac_sha256(wb_slice(s->key, sizeof s->key), wb_slice(text, (size_t)n), mac);
    put_hex(hex, mac);
    memcpy(s->previous, hex, sizeof hex);
    return signature.n == sizeof hex && wb_const_eq(signature.p, hex, sizeof hex);
}

bool wb_sigv4_stream_chunk(struct wb_sig_stream *s, const uint8_t hash[WB_SHA256_LEN],
                           struct wb_slice signature)
{
    return verify(s, "PAYLOAD", EMPTY_SHA256 "\n", hash, signature);
}

bool wb_sigv4_stream_trailer(struct wb_sig_stream *s, const uint8_t hash[WB_SHA256_LEN],
                             struct wb_slice signature)
{
    return verify(s, "TRAILER", "", hash, signature);
}
