/* What is done with keys. Plaintext is in requests and answers alone: the shapes say it is
 * sensitive, and no error repeats it. */
#include "codec/text.h"
#include "services/kms/key.h"

#define ALGORITHM "SYMMETRIC_DEFAULT"

/* --- parts --- */

static struct wb_slice blob_in(struct wb_call *c, const char *name)
{
    struct wb_slice bytes = WB_SLICE_NULL;
    wb_base64_decode(c->arena, wb_in_str(c, name), &bytes);
    return bytes;
}

static void blob_out(struct wb_call *c, const char *name, struct wb_slice bytes)
{
    wb_out_str(&c->out, name, wb_base64_encode(c->arena, bytes));
}

static bool algorithm_ok(struct wb_call *c, const char *member)
{
    struct wb_slice a = wb_in_str(c, member);
    if (!a.p || wb_slice_is(a, ALGORITHM))
        return true;
    wb_fail(c, "InvalidKeyUsageException", 400,
            "The algorithm %.*s is not compatible with the key spec SYMMETRIC_DEFAULT.", WB_FMT(a));
    return false;
}

static bool context_of(struct wb_call *c, const char *member, struct wb_slice *out)
{
    *out = kms_context(c->arena, wb_in(c, member));
    if (out->n <= WB_KMS_CONTEXT_MAX)
        return true;
    wb_fail(c, "ValidationException", 400, "%s is longer than %d bytes", member,
            WB_KMS_CONTEXT_MAX);
    return false;
}

static void internal(struct wb_call *c)
{
    wb_fail(c, "KMSInternalException", 500, "The key's material cannot be read");
}

static bool seal(struct wb_call *c, const struct kms_key *k, struct wb_slice plain,
                 struct wb_slice context, struct wb_slice *out)
{
    struct wb_seam *seam = wb_engine_seam(c->engine);
    uint8_t material[KMS_MATERIAL], salt[KMS_SALT];
    if (!kms_material(c->tx, k, k->version, material)) {
        internal(c);
        return false;
    }
    seam->random(seam, salt, sizeof salt);
    *out = kms_blob_seal(c->arena, k->account, k->id, k->version, material, salt, plain, context);
    explicit_bzero(material, sizeof material);
    return true;
}

static struct wb_slice random_bytes(struct wb_call *c, size_t n)
{
    struct wb_seam *seam = wb_engine_seam(c->engine);
    char *p = wb_alloc(c->arena, n);
    seam->random(seam, p, n);
    return wb_slice(p, n);
}

/* The key that a ciphertext names; the request may name it as well, then it must be the same. */
static const struct kms_key *key_of(struct wb_call *c, const struct kms_blob *b,
                                    const char *key_member)
{
    struct wb_slice named = wb_in_str(c, key_member);
    const struct kms_key *k = NULL;
    if (named.p && !kms_call_key(c, named, KMS_CRYPTO, &k))
        return NULL;
    if (k && (!wb_slice_eq(k->id, b->key_id) || !wb_slice_eq(k->account, b->account))) {
        wb_fail(c, "IncorrectKeyException", 400,
                "The key ID in the request does not identify a CMK that can perform this "
                "operation.");
        return NULL;
    }
    if (!k)
        k = kms_key_find(c->tx, b->account, c->ctx.region, b->key_id);
    if (!k)
        wb_fail(c, "AccessDeniedException", 400,
                "The ciphertext refers to a customer master key that does not exist, does not "
                "exist in this region, or you are not allowed to access.");
    return k && kms_state_ok(c, k, KMS_USABLE) ? k : NULL;
}

/* What a ciphertext hides, and whose it is; false with the call failed. */
static bool open(struct wb_call *c, const char *key_member, const char *context_member,
                 const struct kms_key **key, struct wb_slice *plain)
{
    struct kms_blob b;
    struct wb_slice context;
    uint8_t material[KMS_MATERIAL];
    if (!context_of(c, context_member, &context))
        return false;
    if (!kms_blob_parse(c->arena, blob_in(c, "CiphertextBlob"), &b)) {
        wb_fail(c, "InvalidCiphertextException", 400, "%s", "");
        return false;
    }
    if (!(*key = key_of(c, &b, key_member)))
        return false;
    if (b.version > (*key)->version) {
        wb_fail(c, "InvalidCiphertextException", 400, "%s", "");
        return false;
    }
    if (!kms_material(c->tx, *key, b.version, material))
        internal(c);
    else if (!kms_blob_open(c->arena, &b, material, context, plain))
        wb_fail(c, "InvalidCiphertextException", 400, "%s", "");
    explicit_bzero(material, sizeof material);
    return !wb_failed(c);
}

/* --- operations --- */

void kms_encrypt(struct wb_call *c)
{
    const struct kms_key *k;
    struct wb_slice context, blob;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_CRYPTO, &k) ||
        !algorithm_ok(c, "EncryptionAlgorithm") || !context_of(c, "EncryptionContext", &context) ||
        !seal(c, k, blob_in(c, "Plaintext"), context, &blob))
        return;
    blob_out(c, "CiphertextBlob", blob);
    wb_out_str(&c->out, "KeyId", k->arn);
    wb_out_cstr(&c->out, "EncryptionAlgorithm", ALGORITHM);
}

void kms_decrypt(struct wb_call *c)
{
    const struct kms_key *k;
    struct wb_slice plain;
    if (!algorithm_ok(c, "EncryptionAlgorithm") ||
        !open(c, "KeyId", "EncryptionContext", &k, &plain))
        return;
    wb_out_str(&c->out, "KeyId", k->arn);
    blob_out(c, "Plaintext", plain);
    wb_out_cstr(&c->out, "EncryptionAlgorithm", ALGORITHM);
}

void kms_reencrypt(struct wb_call *c)
{
    const struct kms_key *from, *to;
    struct wb_slice plain, context, blob;
    if (!algorithm_ok(c, "SourceEncryptionAlgorithm") ||
        !algorithm_ok(c, "DestinationEncryptionAlgorithm") ||
        !open(c, "SourceKeyId", "SourceEncryptionContext", &from, &plain) ||
        !kms_call_key(c, wb_in_str(c, "DestinationKeyId"), KMS_CRYPTO, &to) ||
        !context_of(c, "DestinationEncryptionContext", &context) ||
        !seal(c, to, plain, context, &blob))
        return;
    blob_out(c, "CiphertextBlob", blob);
    wb_out_str(&c->out, "SourceKeyId", from->arn);
    wb_out_str(&c->out, "KeyId", to->arn);
    wb_out_cstr(&c->out, "SourceEncryptionAlgorithm", ALGORITHM);
    wb_out_cstr(&c->out, "DestinationEncryptionAlgorithm", ALGORITHM);
}

static void data_key(struct wb_call *c, bool tell)
{
    struct wb_slice spec = wb_in_str(c, "KeySpec"), context, blob;
    int64_t n = wb_in_i64(c, "NumberOfBytes", 0);
    const struct kms_key *k;
    if (!spec.p == !n) {
        wb_fail(c, "ValidationException", 400,
                "Please specify either number of bytes or key spec.");
        return;
    }
    if (spec.p)
        n = wb_slice_is(spec, "AES_256") ? 32 : 16;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_CRYPTO, &k) ||
        !context_of(c, "EncryptionContext", &context))
        return;
    struct wb_slice plain = random_bytes(c, (size_t)n);
    if (!seal(c, k, plain, context, &blob))
        return;
    blob_out(c, "CiphertextBlob", blob);
    if (tell)
        blob_out(c, "Plaintext", plain);
    wb_out_str(&c->out, "KeyId", k->arn);
}

void kms_data_key(struct wb_call *c)
{
    data_key(c, true);
}

void kms_data_key_sealed(struct wb_call *c)
{
    data_key(c, false);
}

void kms_random(struct wb_call *c)
{
    int64_t n = wb_in_i64(c, "NumberOfBytes", 0);
    if (wb_in_str(c, "CustomKeyStoreId").p)
        wb_fail(c, "CustomKeyStoreNotFoundException", 400, "There are no custom key stores");
    else if (!n)
        wb_fail(c, "ValidationException", 400, "NumberOfBytes is required.");
    else
        blob_out(c, "Plaintext", random_bytes(c, (size_t)n));
}
