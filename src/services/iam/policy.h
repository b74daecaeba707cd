/*
 * Managed policies, AWS's own and customers'; simulation; what is told of a whole account.
 *
 * A customer's policy is an entity (engine/identity.h) whose row names its default version; each
 * version is a row of its own. AWS's policies are data (auth/managed.h): they have one version and
 * cannot be changed. Who has a policy stands in WB_T_IAM_ATTACHED_TO, for both kinds.
 */
#ifndef WB_SERVICES_IAM_POLICY_H
#define WB_SERVICES_IAM_POLICY_H

#include "auth/managed.h"
#include "services/iam/iam.h"

/* --- managed policies (policy.c) --- */

struct iam_policy {
    const struct wb_managed_policy *aws; /* NULL: a customer's, of the call's account */
    struct wb_iam_entity e;              /* a customer's */
    struct wb_slice arn, name, path, id, description;
    uint64_t version; /* the default one */
    int64_t created_ms, updated_ms;
};
/* By its ARN; false when there is none. No error is set. */
bool iam_policy_read(struct wb_call *c, struct wb_slice arn, struct iam_policy *p);
void iam_policy_of_entity(struct wb_call *c, const struct wb_iam_entity *e, struct iam_policy *p);
void iam_policy_of_aws(struct wb_call *c, const struct wb_managed_policy *aws,
                       struct iam_policy *p);
/* The policy that the call names, false with the error set. own: it must be the account's, not
 * AWS's. */
bool iam_policy_find(struct wb_call *c, bool own, struct iam_policy *p);

/* One version's text and time; false when there is none. */
struct iam_version {
    uint64_t number;
    struct wb_slice text;
    int64_t created_ms;
};
bool iam_version_read(struct wb_call *c, const struct iam_policy *p, uint64_t number,
                      struct iam_version *v);
/* All, the newest first; at most WB_IAM_VERSIONS_MAX. */
size_t iam_versions(struct wb_call *c, const struct iam_policy *p, struct iam_version *v);
/* A version's document by IAM's rules for managed policies; false with the error set. */
bool iam_managed_document_ok(struct wb_call *c, struct wb_slice text);
void iam_version_put(struct wb_call *c, const struct iam_policy *p, uint64_t number,
                     struct wb_slice text);

/* Entities of the account that have it; use 'a': attached, 'b': as their boundary. */
size_t iam_policy_uses(struct wb_call *c, struct wb_slice arn, char use);

/* The members of a Policy that all answers have. */
void iam_out_policy(struct wb_call *c, const struct iam_policy *p);
void iam_out_version(struct wb_call *c, const struct iam_policy *p, const struct iam_version *v,
                     bool document);

/* --- what hangs on an entity (granted.c) --- */

/* The last parts of the keys under a prefix: names of inline policies, of members... */
size_t iam_names_under(struct wb_call *c, struct wb_slice prefix, struct wb_slice **name);
/* A policy that an entity has: inline ones have no ARN, of managed ones it is the default version.
 */
struct iam_grant {
    struct wb_iam_entity of;
    struct wb_slice name, arn, text;
};
/* Of the entity alone, without a user's groups. */
size_t iam_grants(struct wb_call *c, const struct wb_iam_entity *e, struct iam_grant **grant);
size_t iam_groups_of(struct wb_call *c, const struct wb_iam_entity *user,
                     struct wb_iam_entity **group);
/* Of the entity and, for a user, of his groups. */
size_t iam_all_grants(struct wb_call *c, const struct wb_iam_entity *e, struct iam_grant **grant);
/* The user, group or role that an ARN names; false with NoSuchEntity or InvalidInput set. */
bool iam_entity_by_arn(struct wb_call *c, struct wb_slice arn, struct wb_iam_entity *e);

/* --- where statements stand (position.c) --- */

struct iam_position {
    int64_t line, column; /* from 1 */
};
/* A statement begins behind the token before it and ends behind its brace, as the policy simulator
 * counts. */
struct iam_place {
    struct iam_position start, end;
};
/* Of all statements of a document that can be parsed. */
size_t iam_statement_places(struct wb_arena *a, struct wb_slice text, struct iam_place **place);

/* --- the table's --- */

wb_resource_fn iam_of_policy, iam_of_source, iam_of_arn;
wb_resource_fn iam_policy_conditions; /* iam:ResourceTag of the policy */

wb_handler_fn iam_create_policy, iam_get_policy, iam_delete_policy, iam_list_policies,
    iam_create_policy_version, iam_get_policy_version, iam_delete_policy_version,
    iam_list_policy_versions, iam_set_default_policy_version, iam_list_entities_for_policy,
    iam_tag_policy, iam_untag_policy, iam_list_policy_tags, iam_simulate_custom,
    iam_simulate_principal, iam_context_keys_custom, iam_context_keys_principal,
    iam_account_summary, iam_authorization_details, iam_create_alias, iam_delete_alias,
    iam_list_aliases, iam_get_password_policy, iam_policies_granting, iam_generate_report,
    iam_get_report;

extern const struct wb_shape iam_in_create_policy, iam_in_get_policy, iam_in_delete_policy,
    iam_in_list_policies, iam_in_create_policy_version, iam_in_get_policy_version,
    iam_in_delete_policy_version, iam_in_list_policy_versions, iam_in_set_default_policy_version,
    iam_in_list_entities_for_policy, iam_in_tag_policy, iam_in_untag_policy,
    iam_in_list_policy_tags, iam_in_simulate_custom, iam_in_simulate_principal,
    iam_in_context_keys_custom, iam_in_context_keys_principal, iam_in_account_summary,
    iam_in_authorization_details, iam_in_create_alias, iam_in_delete_alias, iam_in_list_aliases,
    iam_in_password_policy, iam_in_policies_granting, iam_in_generate_report, iam_in_get_report;

#endif
