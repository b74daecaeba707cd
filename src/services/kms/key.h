/*
 * Keys as rows, and what the files of this service share.
 *
 * A key's row is a JSON object: {"created", "description", "state": "Enabled", "delete": ms,
 * "window": days, "rotate": ms of the next rotation, "period": days, "version": newest material,
 * "demand": rotations on demand, "policy": text}. Its material lies beside it, one row a version,
 * sealed with the data directory's key. Old versions stay: what they encrypted can be decrypted as
 * long as the key is there.
 */
#ifndef WB_KMS_KEY_H
#define WB_KMS_KEY_H

#include "auth/policy.h"
#include "base/limits.h"
#include "services/kms/cipher.h"
#include "services/kms/kms.h"

#define KMS_DAY_MS (24 * 3600 * 1000LL)

enum kms_state { KMS_ENABLED, KMS_DISABLED, KMS_PENDING_DELETION };

struct kms_key {
    struct wb_slice account, region, id, arn;
    struct wb_slice description, policy_text;
    const struct wb_policy *policy;
    enum kms_state state;
    int64_t created_ms;
    int64_t delete_ms, window_days; /* pending deletion */
    int64_t rotate_ms, period_days; /* when it is rotated next; 0 = it is not */
    uint32_t version, demanded;
};

/* --- rows (key.c) --- */

extern struct wb_def_kind kms_key_kind;
struct wb_slice kms_key_arn(struct wb_arena *a, struct wb_slice region, struct wb_slice account,
                            struct wb_slice id);
/* Valid until the tx ends; NULL: there is none. */
const struct kms_key *kms_key_find(struct wb_tx *tx, struct wb_slice account,
                                   struct wb_slice region, struct wb_slice id);
void kms_key_write(struct wb_tx *tx, const struct kms_key *k);
/* Row, materials, aliases, tags. */
void kms_key_drop(struct wb_tx *tx, const struct kms_key *k);
/* One more version of the material; k->version says which. Write k after it. */
void kms_material_add(struct wb_tx *tx, struct kms_key *k);
/* False when there is no such version, or it was sealed under another master key. */
bool kms_material(struct wb_tx *tx, const struct kms_key *k, uint32_t version,
                  uint8_t out[KMS_MATERIAL]);
const char *kms_state_name(enum kms_state s);
const struct wb_policy *kms_resource_policy(struct wb_tx *tx, struct wb_slice arn);

/* --- how requests call keys (key.c) --- */

struct kms_ref {
    struct wb_slice account, region; /* of the key */
    struct wb_slice id;              /* null: an alias that is not there */
    struct wb_slice alias;           /* "alias/x" when it was called so, or null */
    bool malformed;                  /* an ARN of something else */
};
/* The account whose names a request means: the caller's, also when the key is somebody else's. */
struct wb_slice kms_home(const struct wb_call *c);
void kms_ref(struct wb_call *c, struct wb_slice text, struct kms_ref *out);
/* The key's ARN; of an alias that is not there its own. */
struct wb_slice kms_ref_arn(struct wb_call *c, struct wb_slice text);

enum kms_use {
    KMS_OWN = 0,     /* by id or ARN, of the caller's account */
    KMS_ALIASED = 1, /* an alias will do */
    KMS_FOREIGN = 2, /* a key of another account will do */
    KMS_LASTING = 4, /* not one that is pending deletion */
    KMS_USABLE = 12, /* an enabled one */
    KMS_CRYPTO = KMS_ALIASED | KMS_FOREIGN | KMS_USABLE,
};
/* The key that a request names; false with the call failed. */
bool kms_call_key(struct wb_call *c, struct wb_slice text, unsigned use,
                  const struct kms_key **out);
bool kms_state_ok(struct wb_call *c, const struct kms_key *k, unsigned use);
void kms_no_key(struct wb_call *c, struct wb_slice arn);

/* --- aliases (alias.c) --- */

struct wb_slice kms_alias_arn(struct wb_arena *a, struct wb_slice region, struct wb_slice account,
                              struct wb_slice alias);
/* The id of its key; null: there is none. */
struct wb_slice kms_alias_target(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                                 struct wb_slice alias);
void kms_alias_drop(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                    struct wb_slice alias, struct wb_slice key_id);
/* Calls fn with each alias of a key; fn may write. */
typedef void kms_alias_fn(void *arg, struct wb_slice alias);
size_t kms_aliases(struct wb_tx *tx, const struct kms_key *k, kms_alias_fn *fn, void *arg);

/* --- policies (policy.c) --- */

struct wb_slice kms_default_policy(struct wb_arena *a, struct wb_slice account);
/* May it be this key's? False with the call failed. */
bool kms_policy_ok(struct wb_call *c, struct wb_slice text, struct wb_slice key_arn);

/* --- time (life.c) --- */

extern const struct wb_executor kms_executor;
/* Sees to it that the key is looked at when it is next due. */
void kms_arm(struct wb_tx *tx, const struct kms_key *k);

/* --- handlers --- */

wb_handler_fn kms_create, kms_describe, kms_list, kms_enable, kms_disable, kms_describe_as,
    kms_schedule, kms_cancel, kms_rotation_on, kms_rotation_off, kms_rotation_status, kms_rotate,
    kms_rotations;
wb_handler_fn kms_create_alias, kms_update_alias, kms_delete_alias, kms_list_aliases;
wb_handler_fn kms_put_policy, kms_get_policy, kms_list_policies;
wb_handler_fn kms_encrypt, kms_decrypt, kms_data_key, kms_data_key_sealed, kms_reencrypt,
    kms_random;
wb_handler_fn kms_tag, kms_untag, kms_list_tags;

extern const struct wb_shape kms_s_create, kms_s_describe, kms_s_list, kms_s_alias,
    kms_s_delete_alias, kms_s_list_aliases, kms_s_put_policy, kms_s_get_policy, kms_s_paged,
    kms_s_encrypt, kms_s_decrypt, kms_s_data_key, kms_s_reencrypt, kms_s_random, kms_s_key,
    kms_s_schedule, kms_s_rotation, kms_s_describe_as, kms_s_tag, kms_s_untag,
    kms_s_data_key_sealed;

void kms_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

#endif
