/*
 * Hashes, HMAC, AES-256-GCM, constant-time comparison, all over OpenSSL 3 with algorithms fetched
 * once. Thread-safe.
 */
#ifndef WB_CRYPTO_CRYPTO_H
#define WB_CRYPTO_CRYPTO_H

#include "base/arena.h"

#define WB_SHA256_LEN 32
#define WB_MD5_LEN    16
#define WB_SHA1_LEN   20

void wb_sha256(struct wb_slice s, uint8_t out[WB_SHA256_LEN]);
void wb_sha1(struct wb_slice s, uint8_t out[WB_SHA1_LEN]);
void wb_md5(struct wb_slice s, uint8_t out[WB_MD5_LEN]);
struct wb_slice wb_sha256_hex(struct wb_arena *a, struct wb_slice s);
struct wb_slice wb_sha256_base64(struct wb_arena *a, struct wb_slice s);
/* A digest of what comes in pieces; one thread at a time. */
enum wb_digest { WB_SHA256, WB_SHA1, WB_MD5 };
struct wb_hash;
struct wb_hash *wb_hash_new(enum wb_digest d);
void wb_hash_update(struct wb_hash *h, struct wb_slice s);
void wb_hash_final(struct wb_hash *h, uint8_t *out); /* of its length; then it begins anew */
void wb_hash_free(struct wb_hash *h);                /* accepts NULL */
void wb_hmac_sha256(struct wb_slice key, struct wb_slice s, uint8_t out[WB_SHA256_LEN]);
bool wb_const_eq(const void *a, const void *b, size_t n);

/* AES-256-GCM. sealed = 12-byte nonce, ciphertext, 16-byte tag; `aad` binds the place where it is
 * kept. */
struct wb_slice wb_seal(struct wb_arena *a, const uint8_t key[32], struct wb_slice plain,
                        struct wb_slice aad);
bool wb_unseal(struct wb_arena *a, const uint8_t key[32], struct wb_slice sealed,
               struct wb_slice aad, struct wb_slice *plain);

#endif
