/*
 * The form of a ciphertext. It says which key made it, so that Decrypt need not be told:
 *
 *   4 bytes    "WBK1"
 *   8 bytes    account, little-endian number
 *   16 bytes   key id, the uuid's bytes
 *   4 bytes    version of the key material, little-endian, from 1
 *   16 bytes   salt
 *   the rest   AES-256-GCM (crypto.h's form) under a key of its own, made of material and salt
 *
 * All before the last part, and the encryption context, are authenticated with it.
 */
#ifndef WB_KMS_CIPHER_H
#define WB_KMS_CIPHER_H

#include "base/arena.h"
#include "codec/json.h"

#define KMS_MATERIAL 32
#define KMS_SALT     16
#define KMS_HEADER   48
#define KMS_ID       36 /* characters of a key id */

struct kms_blob {
    struct wb_slice account, key_id; /* as text, in the arena */
    uint32_t version;
    struct wb_slice header, sealed; /* of the source */
};

/* False when it is no such thing. What it says is not to be trusted until kms_blob_open. */
bool kms_blob_parse(struct wb_arena *a, struct wb_slice text, struct kms_blob *out);
/* account: 12 digits; key_id: a uuid. */
struct wb_slice kms_blob_seal(struct wb_arena *a, struct wb_slice account, struct wb_slice key_id,
                              uint32_t version, const uint8_t material[KMS_MATERIAL],
                              const uint8_t salt[KMS_SALT], struct wb_slice plain,
                              struct wb_slice context);
/* False: another material, another context, or changed on its way. */
bool kms_blob_open(struct wb_arena *a, const struct kms_blob *b,
                   const uint8_t material[KMS_MATERIAL], struct wb_slice context,
                   struct wb_slice *plain);
/* An encryption context in the one form it is authenticated in: the order of its pairs does not
 * count. Absent and empty are the same. */
struct wb_slice kms_context(struct wb_arena *a, struct wb_json context);
/* A key id as this server makes them: a uuid in lower case. */
bool kms_id_ok(struct wb_slice id);

#endif
