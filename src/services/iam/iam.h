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
    const char *list;         /* "Users" */
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
/* The user of UserName, or the caller when it is not given; false with the error set. */
bool iam_own_user(struct wb_call *c, struct wb_iam_entity *e);
/* Not a service-linked role, which only its service changes; false with UnmodifiableEntity set. */
bool iam_modifiable(struct wb_call *c, const struct wb_iam_entity *e);
bool iam_call_modifiable(struct wb_call *c, struct wb_iam_entity *e); /* iam_call_entity, too */
#define IAM_LINKED_PATH "/aws-service-role/"

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
/* Puts the row of an entity, new or changed, with its id's, and reads it. */
void iam_put(struct wb_call *c, struct wb_slice account, enum wb_iam_kind kind, struct wb_slice row,
             struct wb_iam_entity *out);
/* Removes an entity that nothing hangs on any more. */
void iam_remove(struct wb_call *c, const struct wb_iam_entity *e);
void iam_update(struct wb_call *c, struct wb_iam_entity *e, const struct wb_pair *set,
                size_t count);
/* A new entity with the call's Tags; path null: "/": checks name, quota and tags, then writes.
 * `more` are members of the row besides the common ones. False with the error set and nothing
 * written. */
bool iam_create(struct wb_call *c, const struct iam_kind *k, struct wb_slice name,
                struct wb_slice path, const struct wb_pair *more, size_t count,
                struct wb_iam_entity *out);

/* Are there `max` rows under the prefix already? */
bool iam_full(struct wb_tx *tx, struct wb_slice prefix, size_t max);
/* The call's Tags; false with the error set. */
bool iam_tags_read(struct wb_call *c, struct wb_pair **tag, size_t *count);

/* --- answers (entity.c) --- */

void iam_out_time(struct wb_out *o, const char *name, int64_t ms); /* whole seconds, as IAM's are */
/* Documents are percent-encoded in answers (RFC 3986). */
void iam_out_document(struct wb_out *o, const char *name, struct wb_slice text);
/* The members of a User, Group, Role or InstanceProfile. Lists, Create and Get show different ones
 * besides those that are always there. */
enum iam_show {
    IAM_DETAILS = 1, /* a role's description and session duration */
    IAM_EXTRAS = 2,  /* boundary and tags */
    IAM_USE = 4,     /* what only Get shows */
};
void iam_out_entity(struct wb_call *c, const struct wb_iam_entity *e, unsigned show);

/* --- pages (page.c) --- */

/*
 * One page of a list: at most MaxItems, in order of a position, some bytes that are unique among
 * the items. The marker holds the last position and is bound to the operation and its input.
 *
 *   if (!iam_page_open(c, &p)) return;
 *   for (items) { if (iam_page_past(&p, position)) continue;
 *                 if (!iam_page_take(&p, position)) break; write the item }
 *   close the list; iam_page_close(&p);
 */
struct iam_page {
    struct wb_call *c;
    struct wb_slice filter, after, last; /* after: null on the first page */
    size_t left;
    bool truncated;
};
/* False with ValidationError set: the Marker is none of this operation and input. */
bool iam_page_open(struct wb_call *c, struct iam_page *p);
bool iam_page_past(const struct iam_page *p, struct wb_slice position); /* on an earlier page */
bool iam_page_take(struct iam_page *p, struct wb_slice position); /* false: the page is full */
void iam_page_close(struct iam_page *p);                          /* IsTruncated and Marker */

/*
 * A page of the rows under a prefix; their positions are what is behind it.
 *
 *   if (!iam_rows_begin(c, &r, prefix)) return;
 *   wb_out_list(...);
 *   while (iam_rows_next(&r, &part, &value))
 *       if (wanted && iam_rows_take(&r)) write the item
 *   wb_out_end(...);
 *   iam_rows_end(&r);
 */
struct iam_rows {
    struct iam_page page;
    struct wb_scan *scan;
    struct wb_slice prefix, rest; /* rest: of this row's key */
};
bool iam_rows_begin(struct wb_call *c, struct iam_rows *r, struct wb_slice prefix);
/* *part: the key's part behind the prefix, a string. *value is valid until the next row. False at
 * the end, or when the page is full. */
bool iam_rows_next(struct iam_rows *r, struct wb_slice *part, struct wb_slice *value);
bool iam_rows_take(struct iam_rows *r);
void iam_rows_end(struct iam_rows *r); /* closes the scan and the page */
/* The kind that "ListUsers" and the like are about. */
const struct iam_kind *iam_list_kind(const struct wb_call *c);

/* --- policies on entities --- */

/* attach.c. Does the policy exist that is to be the boundary? False with the error set. */
bool iam_boundary_ok(struct wb_call *c, struct wb_slice arn);
/* The policy knows whose boundary it is. arn null: none. */
void iam_link_boundary(struct wb_call *c, const struct wb_iam_entity *e, struct wb_slice arn);
void iam_unlink_boundary(struct wb_call *c, const struct wb_iam_entity *e);
/* document.c. Checks a document by the rules of its kind; false with the error set. */
bool iam_identity_document_ok(struct wb_call *c, struct wb_slice text);
bool iam_trust_document_ok(struct wb_call *c, struct wb_slice text);
/* A role's trust policy as it is kept, with unique ids, and as it is shown, with ARNs. */
struct wb_slice iam_trust_kept(struct wb_call *c, struct wb_slice text);
struct wb_slice iam_trust_shown(struct wb_call *c, const struct wb_iam_entity *role);
size_t iam_document_size(struct wb_slice text); /* characters without white space */

/* --- what an operation needs (need.c) --- */

wb_resource_fn iam_of_entity;       /* the entity with the path it has */
wb_resource_fn iam_of_new;          /* the entity to be; and iam:TagUser ... when it gets tags */
wb_resource_fn iam_of_rename;       /* the entity, and the one it becomes */
wb_resource_fn iam_of_own_user;     /* UserName, or the caller */
wb_resource_fn iam_of_group;        /* AddUserToGroup */
wb_resource_fn iam_of_profile;      /* RemoveRoleFromInstanceProfile */
wb_resource_fn iam_of_profile_role; /* AddRoleToInstanceProfile: hands the role over */
wb_resource_fn iam_of_list;         /* all of a kind under PathPrefix */
wb_resource_fn iam_of_key;          /* the user of AccessKeyId */
wb_resource_fn iam_of_linked_role;  /* CreateServiceLinkedRole */
wb_resource_fn iam_of_task;         /* the role of DeletionTaskId */
/* The condition keys in the operation's row. */
wb_resource_fn iam_conditions;
#define IAM_KEY_POLICY   "iam:PolicyARN"
#define IAM_KEY_BOUNDARY "iam:PermissionsBoundary"
#define IAM_KEY_TAG      "iam:ResourceTag/${TagKey}"
#define IAM_KEY_SERVICE  "iam:AWSServiceName"

/* NewUserName or NewGroupName (rename.c). */
struct wb_slice iam_new_name(struct wb_call *c);

/* --- service-linked roles (linked.c) --- */

/* The name of a service's own role; null with the error set when the service has none. */
struct wb_slice iam_linked_name(struct wb_call *c);
struct wb_slice iam_linked_path(struct wb_arena *a, struct wb_slice service);
bool iam_task_parse(struct wb_slice id, struct wb_slice *path, struct wb_slice *name);

/* --- handlers --- */

wb_handler_fn iam_create_user, iam_create_role, iam_create_plain; /* change.c */
wb_handler_fn iam_get_entity, iam_get_user, iam_update_role, iam_update_role_description,
    iam_update_trust, iam_tag, iam_untag, iam_delete_entity;
wb_handler_fn iam_rename;                                                    /* rename.c */
wb_handler_fn iam_put_inline, iam_get_inline, iam_delete_inline;             /* inline.c */
wb_handler_fn iam_attach, iam_detach, iam_put_boundary, iam_delete_boundary; /* attach.c */
wb_handler_fn iam_create_key, iam_update_key, iam_delete_key, iam_list_keys; /* key.c */
wb_handler_fn iam_key_last_used;                                             /* last_used.c */
wb_handler_fn iam_add_user_to_group, iam_remove_user_from_group;             /* member.c */
wb_handler_fn iam_add_role_to_profile, iam_remove_role_from_profile;
wb_handler_fn iam_list, iam_list_groups_for_user, iam_get_group, iam_list_profiles_for_role,
    iam_list_inline, iam_list_attached, iam_list_tags, iam_list_none, iam_no_login_profile;
wb_handler_fn iam_create_linked_role, iam_delete_linked_role, iam_deletion_status; /* linked.c */

/* check.c: `waybill check`. */
void iam_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

/* --- inputs --- */

extern const struct wb_shape iam_in_create_user, iam_in_own_user, iam_in_update_user, iam_in_user,
    iam_in_list, iam_in_tag_user, iam_in_untag_user, iam_in_user_paged, iam_in_user_boundary,
    iam_in_user_short, iam_in_update_access_key, iam_in_delete_access_key, iam_in_own_user_paged,
    iam_in_access_key, iam_in_put_user_policy, iam_in_user_policy, iam_in_user_policy_arn,
    iam_in_user_attached, iam_in_create_group, iam_in_group_paged, iam_in_update_group,
    iam_in_group, iam_in_group_member, iam_in_put_group_policy, iam_in_group_policy,
    iam_in_group_policy_arn, iam_in_group_attached, iam_in_create_role, iam_in_role,
    iam_in_update_role, iam_in_update_role_description, iam_in_update_assume_role_policy,
    iam_in_tag_role, iam_in_untag_role, iam_in_role_paged, iam_in_role_boundary,
    iam_in_put_role_policy, iam_in_role_policy, iam_in_role_policy_arn, iam_in_role_attached,
    iam_in_create_linked_role, iam_in_deletion_task, iam_in_create_profile, iam_in_profile,
    iam_in_profile_role, iam_in_tag_profile, iam_in_untag_profile, iam_in_profile_paged,
    iam_in_ssh_keys, iam_in_service_credentials, iam_in_virtual_mfa;

#endif
