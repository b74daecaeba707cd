/*
 * Who there is: users, groups, roles and policies as rows, and what a principal may do, compiled.
 *
 * The IAM service writes the rows, through the keys and functions here; authentication and
 * authorization read them as definitions (engine/defs.h), so that a policy is parsed once and not
 * for each request. A change becomes effective with the commit that makes it.
 *
 * Names are unique without regard to case (IAM User Guide, "IAM identifiers"); keys hold them in
 * lower case, the row as they were written. An entity's row is a JSON object:
 *   all       {"name", "id", "path", "created": ms}
 *   user      {"boundary": policy ARN}
 *   role      {"trust": document that names users and roles of this server by their ids,
 *              "description", "maxSession": s, "boundary": policy ARN}
 *   policy    {"description", "default": version, "next": version, "updated": ms}
 *   profile   {"role": name}
 * Members without a value are left out. Tags are in engine/tags.h, by ARN.
 */
#ifndef WB_ENGINE_IDENTITY_H
#define WB_ENGINE_IDENTITY_H

#include "auth/keys.h"
#include "auth/policy.h"
#include "aws/op.h"
#include "engine/defs.h"
#include "engine/tx.h"

enum wb_iam_kind {
    WB_IAM_USER = 'u',
    WB_IAM_GROUP = 'g',
    WB_IAM_ROLE = 'r',
    WB_IAM_POLICY = 'p',
    WB_IAM_PROFILE = 'i',
};

struct wb_iam_entity {
    enum wb_iam_kind kind;
    struct wb_slice account, name, path, id, arn;
    int64_t created_ms;
    struct wb_json row; /* the whole of it */
};

/* --- rows --- */

/* Keys and their prefixes. Names are put in lower case here. */
struct wb_slice wb_iam_key(struct wb_arena *a, enum wb_table table, struct wb_slice account,
                           enum wb_iam_kind kind, struct wb_slice name); /* "entity" of tables.h */
struct wb_slice wb_iam_key2(struct wb_arena *a, enum wb_table table, struct wb_slice account,
                            enum wb_iam_kind kind, struct wb_slice name, struct wb_slice more);
struct wb_slice wb_iam_key_attached_to(struct wb_arena *a, struct wb_slice policy_arn,
                                       struct wb_slice account, enum wb_iam_kind kind,
                                       struct wb_slice name, char use);
struct wb_slice wb_iam_key_version(struct wb_arena *a, struct wb_slice account,
                                   struct wb_slice policy, uint64_t version);
/* Group and user either way round, for WB_T_IAM_MEMBER and WB_T_IAM_MEMBER_OF; the second may be
 * null: the prefix. */
struct wb_slice wb_iam_key_member(struct wb_arena *a, enum wb_table table, struct wb_slice account,
                                  struct wb_slice of, struct wb_slice who);
/* An access key of a user, in WB_T_IAM_USER_KEY; id null: the prefix. */
struct wb_slice wb_iam_key_user_key(struct wb_arena *a, struct wb_slice account,
                                    struct wb_slice user, struct wb_slice id);
/* "arn:aws:iam::A:role/path/name". */
struct wb_slice wb_iam_arn(struct wb_arena *a, struct wb_slice account, enum wb_iam_kind kind,
                           struct wb_slice path, struct wb_slice name);
/* The account, kind, path and name in an IAM ARN; account is "aws" for AWS's own policies. */
bool wb_iam_arn_parse(struct wb_slice arn, struct wb_slice *account, enum wb_iam_kind *kind,
                      struct wb_slice *path, struct wb_slice *name);

/* False when there is none. Slices in the tx's arena. */
bool wb_iam_read(struct wb_tx *tx, struct wb_slice account, enum wb_iam_kind kind,
                 struct wb_slice name, struct wb_iam_entity *out);
bool wb_iam_read_row(struct wb_tx *tx, struct wb_slice account, enum wb_iam_kind kind,
                     struct wb_slice row, struct wb_iam_entity *out); /* of a scan's value */
/* By unique id (AIDA..., AROA...). */
bool wb_iam_by_id(struct wb_tx *tx, struct wb_slice id, struct wb_iam_entity *out);
/* The default version's text of a managed policy, AWS's own included; null when there is none. */
struct wb_slice wb_iam_policy_text(struct wb_tx *tx, struct wb_slice policy_arn);
/* The same, compiled, with a reference for the caller (wb_policy_unref); NULL when there is none.
 */
struct wb_policy *wb_iam_policy(struct wb_tx *tx, struct wb_slice policy_arn);

/* In a command, after the puts: what the entity may do has changed. Of a group: its members; of a
 * policy: all that have it. Before the rows of a deleted entity go, so that they are found. */
void wb_iam_changed(struct wb_tx *tx, const struct wb_iam_entity *e);

/* --- compiled --- */

struct wb_identity_policy {
    struct wb_policy *policy;
    struct wb_slice name; /* its ARN, or "inline policy NAME", "inline policy NAME of group G" */
};

/* A user or role with all that applies to it. Immutable. */
struct wb_identity {
    struct wb_arena arena;
    enum wb_iam_kind kind;
    struct wb_slice account, name, path, id, arn;
    struct wb_identity_policy *policy;
    size_t count;
    const struct wb_policy **list; /* the same, for wb_policy_set */
    struct wb_policy_index *index; /* over them */
    struct wb_policy *boundary;
    struct wb_slice boundary_arn; /* null: none. boundary NULL with an ARN: the policy is gone, so
                                     nothing is within it */
    struct wb_policy *trust;      /* roles */
    unsigned keys;                /* enum wb_policy_keys of all of these but trust */
    struct wb_pair *tag;
    size_t tag_count;
    int64_t max_session_s; /* roles */
};

/* NULL when there is no such user or role (any more). Valid until the tx ends. */
const struct wb_identity *wb_identity_by_id(struct wb_tx *tx, struct wb_slice id);
const struct wb_identity *wb_identity_by_arn(struct wb_tx *tx, struct wb_slice arn);

/*
 * A service takes a role: its trust policy must let `service` ("lambda.amazonaws.com") assume it,
 * on behalf of source_arn (aws:SourceArn, aws:SourceAccount; may be null). False with *why = AWS's
 * reason, e.g. when there is no such role. session_name: of the ARN, and what is behind the colon
 * in the id.
 */
bool wb_role_session(struct wb_tx *tx, struct wb_arena *a, struct wb_slice role_arn,
                     const char *service, struct wb_slice source_arn, struct wb_slice session_name,
                     int64_t seconds, struct wb_credentials *out, struct wb_slice *why);
/* Could it? For checking a definition that names a role. */
bool wb_role_trusts(struct wb_tx *tx, struct wb_slice role_arn, const char *service,
                    struct wb_slice source_arn);
/* The principal of a role's session; the role's trust is the caller's matter. */
struct wb_principal wb_role_principal(struct wb_arena *a, const struct wb_identity *role,
                                      struct wb_slice session_name);

/* --- resources --- */

/* The resource policy of an ARN, compiled, valid until the tx ends; NULL: it has none. By the
 * service in the ARN; registered at start. */
typedef const struct wb_policy *wb_resource_policy_fn(struct wb_tx *tx, struct wb_slice arn);
void wb_resource_policy_register(struct wb_engine *e, const char *arn_service,
                                 wb_resource_policy_fn *fn);
/* Of a service whose resources' policies come first (KMS): without an allow there, the policies of
 * identities count for nothing, the root's neither. */
void wb_resource_policy_rules(struct wb_engine *e, const char *arn_service);
const struct wb_policy *wb_resource_policy(struct wb_tx *tx, struct wb_slice arn);
/* Of a service whose ARNs name no account (S3): whose the resource is, null when there is none; and
 * whether its policy is public but must let in nobody besides the owner's account and services
 * (S3's RestrictPublicBuckets). */
typedef struct wb_slice wb_resource_owner_fn(struct wb_tx *tx, struct wb_slice arn,
                                             bool *restricted);
void wb_resource_owner_register(struct wb_engine *e, const char *arn_service,
                                wb_resource_owner_fn *fn);

/* --- decisions --- */

/* What authorization looks at, for the call or for a simulation. */
struct wb_subject {
    const struct wb_principal *principal;
    const struct wb_identity *identity; /* NULL: root, services, nobody - or deleted */
    struct wb_policy **session;         /* compiled session policies */
    size_t session_count;
    bool session_limits;
};
/* Fails the call unless its principal may do all that it needs; then sets the scope's account to
 * the owner of what it names, when that is another one (both sides have agreed). */
void wb_call_authorize(struct wb_call *c, struct wb_tx *tx);

#endif
