/*
 * Fetching an algorithm from OpenSSL's providers costs more than hashing a short text, so each is
 * fetched once and kept for the life of the program, and each thread keeps the digest contexts it
 * works with. HMAC is put together here from two digests: EVP_MAC takes longer to set its key than
 * to do the work.
 */
#include "crypto/crypto.h"
#include "base/arena.h"
#include "base/seam.h"
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NONCE_LEN 12
#define TAG_LEN   16
#define BLOCK_LEN 64 /* of SHA-256: HMAC's block (RFC 2104) */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static EVP_MD *md_sha256, *md_sha1, *md_md5;
static EVP_CIPHER *aes_gcm;
static __thread EVP_MD_CTX *thread_ctx;

/* Without these algorithms, or without memory, nothing of what we do would be right. */
static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "waybill: OpenSSL: %s failed\n", what);
    ERR_print_errors_fp(stderr);
    abort();
}

static void thread_end(void *ctx)
{
    EVP_MD_CTX_free(ctx);
}

static void setup(void)
{
    md_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    md_sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    md_md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    must(md_sha256 && md_sha1 && md_md5 && aes_gcm, "fetching SHA256, SHA1, MD5, AES-256-GCM");
    must(pthread_key_create(&thread_key, thread_end) == 0, "pthread_key_create");
}

static EVP_MD_CTX *ctx_get(void)
{
    if (!thread_ctx) {
        pthread_once(&once, setup);
        thread_ctx = EVP_MD_CTX_new();
        must(thread_ctx && pthread_setspecific(thread_key, thread_ctx) == 0, "a digest context");
    }
    return thread_ctx;
}

/* The digest of two pieces one after another. */
static void digest(EVP_MD *const *md, struct wb_slice a, struct wb_slice b, uint8_t *out)
{
    EVP_MD_CTX *ctx = ctx_get(); /* before *md: it is there once a context is */
    must(EVP_DigestInit_ex2(ctx, *md, NULL) && EVP_DigestUpdate(ctx, a.p, a.n) &&
             (b.n == 0 || EVP_DigestUpdate(ctx, b.p, b.n)) && EVP_DigestFinal_ex(ctx, out, NULL),
         "a digest");
}

void wb_sha256(struct wb_slice s, uint8_t out[WB_SHA256_LEN])
{
    digest(&md_sha256, s, WB_SLICE_NULL, out);
}

void wb_sha1(struct wb_slice s, uint8_t out[WB_SHA1_LEN])
{
    digest(&md_sha1, s, WB_SLICE_NULL, out);
}

void wb_md5(struct wb_slice s, uint8_t out[WB_MD5_LEN])
{
    digest(&md_md5, s, WB_SLICE_NULL, out);
}

struct wb_hash {
    EVP_MD_CTX *ctx;
    EVP_MD *md;
};

struct wb_hash *wb_hash_new(enum wb_digest d)
{
    struct wb_hash *h = wb_xcalloc(1, sizeof *h);
    ctx_get(); /* fetches the algorithms */
    h->md = d == WB_SHA256 ? md_sha256 : d == WB_SHA1 ? md_sha1 : md_md5;
    h->ctx = EVP_MD_CTX_new();
    must(h->ctx && EVP_DigestInit_ex2(h->ctx, h->md, NULL), "a digest");
    return h;
}

void wb_hash_update(struct wb_hash *h, struct wb_slice s)
{
    must(s.n == 0 || EVP_DigestUpdate(h->ctx, s.p, s.n), "a digest");
}

void wb_hash_final(struct wb_hash *h, uint8_t *out)
{
    must(EVP_DigestFinal_ex(h->ctx, out, NULL) && EVP_DigestInit_ex2(h->ctx, h->md, NULL),
         "a digest");
}

void wb_hash_free(struct wb_hash *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

struct wb_slice wb_sha256_hex(struct wb_arena *a, struct wb_slice s)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t sum[WB_SHA256_LEN];
    char *out = wb_alloc(a, 2 * sizeof sum + 1);
    wb_sha256(s, sum);
    for (size_t i = 0; i < sizeof sum; i++) {
        out[2 * i] = hex[sum[i] >> 4];
        out[2 * i + 1] = hex[sum[i] & 15];
    }
    out[2 * sizeof sum] = 0;
    return wb_slice(out, 2 * sizeof sum);
}

struct wb_slice wb_sha256_base64(struct wb_arena *a, struct wb_slice s)
{
    uint8_t sum[WB_SHA256_LEN];
    uint8_t *out = wb_alloc(a, (sizeof sum + 2) / 3 * 4 + 1);
    wb_sha256(s, sum);
    return wb_slice(out, (size_t)EVP_EncodeBlock(out, sum, sizeof sum));
}

void wb_hmac_sha256(struct wb_slice key, struct wb_slice s, uint8_t out[WB_SHA256_LEN])
{
    uint8_t inner[BLOCK_LEN] = {0}, outer[BLOCK_LEN], sum[WB_SHA256_LEN];
    if (key.n > BLOCK_LEN)
        wb_sha256(key, inner);
    else if (key.n)
        memcpy(inner, key.p, key.n);
    for (size_t i = 0; i < BLOCK_LEN; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    digest(&md_sha256, wb_slice(inner, sizeof inner), s, sum);
    digest(&md_sha256, wb_slice(outer, sizeof outer), wb_slice(sum, sizeof sum), out);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
}

bool wb_const_eq(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

/* AES-256-GCM one way or the other; `tag` is written when sealing and checked when opening. */
static bool gcm(bool seal, const uint8_t key[32], const uint8_t *nonce, struct wb_slice in,
                struct wb_slice aad, uint8_t *out, uint8_t tag[TAG_LEN])
{
    int n;
    if (in.n > INT32_MAX || aad.n > INT32_MAX)
        return false;
    pthread_once(&once, setup);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    must(ctx, "a cipher context");
    must(EVP_CipherInit_ex2(ctx, aes_gcm, key, nonce, seal, NULL), "AES-256-GCM");
    if (!seal)
        must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag), "the tag");
    if (aad.n)
        must(EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)aad.p, (int)aad.n), "the AAD");
    if (in.n)
        must(EVP_CipherUpdate(ctx, out, &n, (const uint8_t *)in.p, (int)in.n), "AES-256-GCM");
    bool ok = EVP_CipherFinal_ex(ctx, out + in.n, &n) > 0;
    if (seal)
        must(ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag), "the tag");
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

struct wb_slice wb_seal(struct wb_arena *a, const uint8_t key[32], struct wb_slice plain,
                        struct wb_slice aad)
{
    struct wb_seam *os = wb_seam_os();
    uint8_t *out = wb_alloc(a, NONCE_LEN + plain.n + TAG_LEN);
    os->random(os, out, NONCE_LEN);
    must(gcm(true, key, out, plain, aad, out + NONCE_LEN, out + NONCE_LEN + plain.n), "sealing");
    return wb_slice(out, NONCE_LEN + plain.n + TAG_LEN);
}

bool wb_unseal(struct wb_arena *a, const uint8_t key[32], struct wb_slice sealed,
               struct wb_slice aad, struct wb_slice *plain)
{
    uint8_t tag[TAG_LEN];
    if (sealed.n < NONCE_LEN + TAG_LEN)
        return false;
    size_t n = sealed.n - NONCE_LEN - TAG_LEN;
    uint8_t *out = wb_alloc(a, n + 1);
    memcpy(tag, sealed.p + NONCE_LEN + n, TAG_LEN);
    if (!gcm(false, key, (const uint8_t *)sealed.p, wb_slice(sealed.p + NONCE_LEN, n), aad, out,
             tag)) {
        OPENSSL_cleanse(out, n); /* deciphered but not authentic */
        return false;
    }
    out[n] = 0;
    *plain = wb_slice(out, n);
    return true;
}
