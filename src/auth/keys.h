/*
 * Access keys and session tokens. Secrets are sealed with the data directory's key (DATA/key, 0600,
 * or --key-file).
 */
#ifndef WB_AUTH_KEYS_H
#define WB_AUTH_KEYS_H

#include "auth/principal.h"
#include "base/seam.h"
#include "store/store.h"

struct wb_keyring; /* the master key; immutable, shared by all threads */

/* Reads DIR/key (or key_file), making it at the first start. NULL with *why (wrong mode, wrong
 * length, unreadable). */
struct wb_keyring *wb_keyring_open(const char *dir, const char *key_file, struct wb_seam *seam,
                                   bool create, struct wb_arena *a, struct wb_slice *why);
void wb_keyring_free(struct wb_keyring *k);
/* Secrets at rest: function environment, SMTP password, ... `place` binds the ciphertext to its
 * row. */
struct wb_slice wb_keyring_seal(struct wb_arena *a, const struct wb_keyring *k,
                                struct wb_slice plain, struct wb_slice place);
bool wb_keyring_unseal(struct wb_arena *a, const struct wb_keyring *k, struct wb_slice sealed,
                       struct wb_slice place, struct wb_slice *plain);

/* A row of WB_T_ACCESS_KEY: a long-lived key (AKIA...). Sessions have none. */
struct wb_access_key {
    struct wb_slice id;
    struct wb_principal owner; /* with access_key = id */
    bool active;
    int64_t created_ms;
    struct wb_slice sealed; /* its secret */
};
/* The row of a new key; a user's owner = {USER, account, arn, id and owner = AIDA...}. */
struct wb_slice wb_access_key_encode(struct wb_arena *a, const struct wb_keyring *k,
                                     struct wb_slice id, struct wb_slice secret,
                                     const struct wb_principal *owner, bool active,
                                     int64_t created_ms);
/* Slices point into row. False when it is damaged. */
bool wb_access_key_decode(struct wb_slice row, struct wb_access_key *out);
/* The same key, active or not. */
struct wb_slice wb_access_key_with_state(struct wb_arena *a, struct wb_slice row, bool active);
/* The same key of an owner whose ARN is another now: the user was renamed. */
struct wb_slice wb_access_key_with_arn(struct wb_arena *a, struct wb_slice row,
                                       struct wb_slice arn);

/* Writes a key row into a write transaction. */
enum wb_store_status wb_access_key_put(struct wb_txn *t, const struct wb_keyring *k,
                                       struct wb_arena *a, struct wb_slice key_id,
                                       struct wb_slice secret, const struct wb_principal *p,
                                       int64_t now_ms);
/* Does the store hold any key? Then something is sealed in it, and a new master key must not be
 * made. */
bool wb_access_keys_exist(struct wb_store *s);
/* An account's root key: makes it when there is none that is active, and writes its exports into
 * the file (0600) unless that is there. WB_STORE_CORRUPT: the key is there, but was sealed under
 * another master key. */
enum wb_store_status wb_root_key_ensure(struct wb_store *s, const struct wb_keyring *k,
                                        struct wb_seam *seam, const char *path,
                                        struct wb_slice account, struct wb_slice region,
                                        struct wb_arena *a);
/* The exports alone. */
enum wb_store_status wb_root_key_write(const char *path, struct wb_slice key_id,
                                       struct wb_slice secret, struct wb_slice region,
                                       struct wb_arena *a);
struct wb_principal wb_root_principal(struct wb_arena *a, struct wb_slice account);

/* Looks up the secret and principal of an access key id, or of a session token (no row: the token
 * carries all, sealed and MACed). A key that is not active is unknown. */
enum wb_sig_lookup {
    WB_KEY_OK,
    WB_KEY_UNKNOWN,
    WB_KEY_BAD_TOKEN,
    WB_KEY_EXPIRED,
    WB_KEY_STORE_ERROR
};
enum wb_sig_lookup wb_key_find(struct wb_txn *t, const struct wb_keyring *k, struct wb_arena *a,
                               struct wb_slice key_id, struct wb_slice token, int64_t now_ms,
                               struct wb_slice *secret, struct wb_principal *p);

struct wb_credentials {
    struct wb_slice key_id, secret, token;
    int64_t expires_ms;
};
/* Temporary credentials of a role session (ASIA...). */
struct wb_credentials wb_session_make(struct wb_arena *a, const struct wb_keyring *k,
                                      struct wb_seam *seam, const struct wb_principal *session,
                                      int64_t now_ms, int64_t seconds);

#endif
