/*
 * AWS Identity and Access Management: users, groups, roles, instance profiles, access keys,
 * policies and what hangs on them.
 *
 * Rows and their keys are in engine/identity.h, which also compiles them for authorization. Here is
 * what IAM's operations have in common: the kinds of entities, their errors, their resources, the
 * way rows are changed. Operations of the same form on users, groups and roles share one handler:
 * which kind it is follows from the input (UserName, GroupName, RoleName).
 */
#ifndef WB_SERVICES_IAM_IAM_H
#define WB_SERVICES_IAM_IAM_H

#include "engine/engine.h"
#include "engine/identity.h"

extern const struct wb_service wb_iam_service;
extern const struct wb_module wb_iam_module;

/* --- kinds (entity.c) --- */

struct iam_kind {
    enum wb_iam_kind kind;
    const char *title;        /* "User": element of answers, error texts */
    const char *word;         /* "user" */
    const char *member;       /* "UserName" */
    const char *id_member;    /* "UserId" */
    const char *id_prefix;    /* "AIDA" */
    const char *quota;        /* "UsersPerAccount" */
    const char *attach_quota; /* "PoliciesPerUser" */
    const char *tag_action;   /* "iam:TagUser"; NULL: has no tags */
    size_t max;               /* entities of an account */
    size_t inline_max;        /* characters of all inline policies, without white space */
};
const struct iam_kind *iam_kind(enum wb_iam_kind kind);
/* The kind that the operation is about: the first of User, Group, Role, InstanceProfile whose name
 * its input has. */
const struct iam_kind *iam_call_kind(const struct wb_call *c);

/* The entity named by the call; false with NoSuchEntity set. */
bool iam_find(struct wb_call *c, const struct iam_kind *k, struct wb_slice name,
              struct wb_iam_entity *e);
bool iam_call_entity(struct wb_call *c, struct wb_iam_entity *e);

/* --- errors (entity.c): AWS's texts --- */

void iam_fail_missing(struct wb_call *c, const struct iam_kind *k, struct wb_slice name);
void iam_fail_exists(struct wb_call *c, const struct iam_kind *k, struct wb_slice name);
void iam_fail_quota(struct wb_call *c, const char *quota, size_t max);
void iam_fail_policy(struct wb_call *c, struct wb_slice why); /* MalformedPolicyDocument */
void iam_fail_policy_missing(struct wb_call *c, struct wb_slice arn);

/* --- rows (entity.c) --- */

/* Text as a JSON value; a null slice stays null. */
struct wb_slice iam_json(struct wb_arena *a, struct wb_slice text);
/* The row with members set (values are JSON; a null value removes). */
struct wb_slice iam_row_with(struct wb_arena *a, struct wb_json row, const struct wb_pair *set,
                             size_t count);
/* Puts the changed row of an entity and reads it again. */
void iam_update(struct wb_call *c, struct wb_iam_entity *e, const struct wb_pair *set,
                size_t count);
/* A new entity of the call's Path and with its Tags: checks name, quota and tags, then writes.
 * `more` are members of the row besides the common ones. False with the error set and nothing
 * written. */
bool iam_create(struct wb_call *c, const struct iam_kind *k, struct wb_slice name,
                const struct wb_pair *more, size_t count, struct wb_iam_entity *out);

/* Are there `max` rows under the prefix already? */
bool iam_full(struct wb_tx *tx, struct wb_slice prefix, size_t max);
/* The call's Tags; false with the error set. */
bool iam_tags_read(struct wb_call *c, struct wb_pair **tag, size_t *count);

/* --- answers (entity.c) --- */

void iam_out_time(struct wb_out *o, const char *name, int64_t ms); /* whole seconds, as IAM's are */
/* Documents are percent-encoded in answers (RFC 3986). */
void iam_out_document(struct wb_out *o, const char *name, struct wb_slice text);
/* All members of a User, Group, Role or InstanceProfile; `whole`: with boundary and tags, as Get
 * and Create show them and lists do not. */
void iam_out_entity(struct wb_call *c, const struct wb_iam_entity *e, bool whole);

/* --- policies on entities --- */

/* attach.c. Does the policy exist that is to be the boundary? False with the error set. */
bool iam_boundary_ok(struct wb_call *c, struct wb_slice arn);
/* The policy knows that it is e's boundary; arn null: none. */
void iam_link_boundary(struct wb_call *c, const struct wb_iam_entity *e, struct wb_slice arn);
/* document.c. Checks a document by the rules of its kind; false with the error set. */
bool iam_identity_document_ok(struct wb_call *c, struct wb_slice text);
bool iam_trust_document_ok(struct wb_call *c, struct wb_slice text);
size_t iam_document_size(struct wb_slice text); /* characters without white space */

/* --- what an operation needs (need.c) --- */

wb_resource_fn iam_of_entity; /* the entity with the path it has */
wb_resource_fn iam_of_new;    /* the entity to be; and iam:TagUser ... when it gets tags */
/* The condition keys in the operation's row. */
wb_resource_fn iam_conditions;
#define IAM_KEY_POLICY   "iam:PolicyARN"
#define IAM_KEY_BOUNDARY "iam:PermissionsBoundary"
#define IAM_KEY_TAG      "iam:ResourceTag/${TagKey}"

/* --- handlers --- */

wb_handler_fn iam_create_user, iam_create_role, iam_get_entity, iam_put_inline, iam_attach,
    iam_create_access_key;

/* --- inputs --- */

extern const struct wb_shape iam_in_create_user, iam_in_put_user_policy, iam_in_user_policy_arn,
    iam_in_own_user, iam_in_create_role, iam_in_role, iam_in_put_role_policy,
    iam_in_role_policy_arn;

#endif
