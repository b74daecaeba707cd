/* The operation table of IAM. Shapes as in the public service model, version 2010-05-08. */
#include "services/iam/iam.h"
#include "services/iam/policy.h"

/* Condition keys (Service Authorization Reference, "AWS Identity and Access Management"). */
static const char *const none[] = {NULL};
static const char *const of_tags[] = {IAM_KEY_TAG, NULL};
static const char *const of_new[] = {IAM_KEY_BOUNDARY, NULL};
static const char *const of_boundary[] = {IAM_KEY_BOUNDARY, IAM_KEY_TAG, NULL};
static const char *const of_policy_arn[] = {IAM_KEY_POLICY, NULL};
static const char *const of_attachment[] = {IAM_KEY_POLICY, IAM_KEY_BOUNDARY, IAM_KEY_TAG, NULL};
static const char *const of_service[] = {IAM_KEY_SERVICE, NULL};

/* Most operations are about one entity. Reads, scans and what makes something answer with a result,
 * other changes with none. */
#define ROW(op_name, op_class, in, of, fn, keys)                                                   \
    .name = op_name, .class = op_class, .input = &in, .resources = of, .handler = fn,              \
    .conditions = iam_conditions, .condition_keys = keys
#define READS(name, in, of, fn, keys)                                                              \
    {                                                                                              \
        ROW(name, WB_READ, in, of, fn, keys)                                                       \
    }
#define SCANS(name, in, of, fn, keys)                                                              \
    {                                                                                              \
        ROW(name, WB_SCAN, in, of, fn, keys)                                                       \
    }
#define MAKES(name, in, of, fn, keys)                                                              \
    {                                                                                              \
        ROW(name, WB_WRITE, in, of, fn, keys)                                                      \
    }
#define CHANGES(name, in, of, fn, keys)                                                            \
    {                                                                                              \
        ROW(name, WB_WRITE, in, of, fn, keys), .answer = ""                                        \
    }

/* About a managed policy, named by its ARN. */
#define POLICY(op_name, op_class, in, fn)                                                          \
    .name = op_name, .class = op_class, .input = &in, .resources = iam_of_policy, .handler = fn,   \
    .conditions = iam_policy_conditions, .condition_keys = of_tags
/* About the whole account, or about what `of` names. */
#define WHOLE(op_name, op_class, in, of, fn)                                                       \
    .name = op_name, .class = op_class, .input = &in, .resources = of, .handler = fn

static const struct wb_op ops[] = {
    CHANGES("AddRoleToInstanceProfile", iam_in_profile_role, iam_of_profile_role,
            iam_add_role_to_profile, of_tags),
    CHANGES("AddUserToGroup", iam_in_group_member, iam_of_group, iam_add_user_to_group, none),
    CHANGES("AttachGroupPolicy", iam_in_group_policy_arn, iam_of_entity, iam_attach, of_policy_arn),
    CHANGES("AttachRolePolicy", iam_in_role_policy_arn, iam_of_entity, iam_attach, of_attachment),
    CHANGES("AttachUserPolicy", iam_in_user_policy_arn, iam_of_entity, iam_attach, of_attachment),
    MAKES("CreateAccessKey", iam_in_own_user, iam_of_own_user, iam_create_key, of_tags),
    MAKES("CreateGroup", iam_in_create_group, iam_of_new, iam_create_plain, none),
    MAKES("CreateInstanceProfile", iam_in_create_profile, iam_of_new, iam_create_plain, none),
    MAKES("CreateRole", iam_in_create_role, iam_of_new, iam_create_role, of_new),
    MAKES("CreateServiceLinkedRole", iam_in_create_linked_role, iam_of_linked_role,
          iam_create_linked_role, of_service),
    MAKES("CreateUser", iam_in_create_user, iam_of_new, iam_create_user, of_new),
    CHANGES("DeleteAccessKey", iam_in_delete_access_key, iam_of_own_user, iam_delete_key, of_tags),
    CHANGES("DeleteGroup", iam_in_group, iam_of_entity, iam_delete_entity, none),
    CHANGES("DeleteGroupPolicy", iam_in_group_policy, iam_of_entity, iam_delete_inline, none),
    CHANGES("DeleteInstanceProfile", iam_in_profile, iam_of_entity, iam_delete_entity, of_tags),
    CHANGES("DeleteLoginProfile", iam_in_user_short, iam_of_entity, iam_no_login_profile, of_tags),
    CHANGES("DeleteRole", iam_in_role, iam_of_entity, iam_delete_entity, of_tags),
    CHANGES("DeleteRolePermissionsBoundary", iam_in_role, iam_of_entity, iam_delete_boundary,
            of_boundary),
    CHANGES("DeleteRolePolicy", iam_in_role_policy, iam_of_entity, iam_delete_inline, of_boundary),
    MAKES("DeleteServiceLinkedRole", iam_in_role, iam_of_entity, iam_delete_linked_role, of_tags),
    CHANGES("DeleteUser", iam_in_user, iam_of_entity, iam_delete_entity, of_tags),
    CHANGES("DeleteUserPermissionsBoundary", iam_in_user_short, iam_of_entity, iam_delete_boundary,
            of_boundary),
    CHANGES("DeleteUserPolicy", iam_in_user_policy, iam_of_entity, iam_delete_inline, of_boundary),
    CHANGES("DetachGroupPolicy", iam_in_group_policy_arn, iam_of_entity, iam_detach, of_policy_arn),
    CHANGES("DetachRolePolicy", iam_in_role_policy_arn, iam_of_entity, iam_detach, of_attachment),
    CHANGES("DetachUserPolicy", iam_in_user_policy_arn, iam_of_entity, iam_detach, of_attachment),
    READS("GetAccessKeyLastUsed", iam_in_access_key, iam_of_key, iam_key_last_used, none),
    SCANS("GetGroup", iam_in_group_paged, iam_of_entity, iam_get_group, none),
    READS("GetGroupPolicy", iam_in_group_policy, iam_of_entity, iam_get_inline, none),
    READS("GetInstanceProfile", iam_in_profile, iam_of_entity, iam_get_entity, of_tags),
    READS("GetLoginProfile", iam_in_user_short, iam_of_entity, iam_no_login_profile, of_tags),
    READS("GetRole", iam_in_role, iam_of_entity, iam_get_entity, of_tags),
    READS("GetRolePolicy", iam_in_role_policy, iam_of_entity, iam_get_inline, of_tags),
    READS("GetServiceLinkedRoleDeletionStatus", iam_in_deletion_task, iam_of_task,
          iam_deletion_status, none),
    READS("GetUser", iam_in_own_user, iam_of_own_user, iam_get_user, of_tags),
    READS("GetUserPolicy", iam_in_user_policy, iam_of_entity, iam_get_inline, of_tags),
    SCANS("ListAccessKeys", iam_in_own_user_paged, iam_of_own_user, iam_list_keys, of_tags),
    SCANS("ListAttachedGroupPolicies", iam_in_group_attached, iam_of_entity, iam_list_attached,
          none),
    SCANS("ListAttachedRolePolicies", iam_in_role_attached, iam_of_entity, iam_list_attached,
          of_tags),
    SCANS("ListAttachedUserPolicies", iam_in_user_attached, iam_of_entity, iam_list_attached,
          of_tags),
    SCANS("ListGroupPolicies", iam_in_group_paged, iam_of_entity, iam_list_inline, none),
    SCANS("ListGroups", iam_in_list, iam_of_list, iam_list, none),
    SCANS("ListGroupsForUser", iam_in_user_paged, iam_of_entity, iam_list_groups_for_user, of_tags),
    SCANS("ListInstanceProfileTags", iam_in_profile_paged, iam_of_entity, iam_list_tags, of_tags),
    SCANS("ListInstanceProfiles", iam_in_list, iam_of_list, iam_list, none),
    SCANS("ListInstanceProfilesForRole", iam_in_role_paged, iam_of_entity,
          iam_list_profiles_for_role, of_tags),
    READS("ListMFADevices", iam_in_own_user_paged, iam_of_own_user, iam_list_none, of_tags),
    SCANS("ListRolePolicies", iam_in_role_paged, iam_of_entity, iam_list_inline, of_tags),
    SCANS("ListRoleTags", iam_in_role_paged, iam_of_entity, iam_list_tags, of_tags),
    SCANS("ListRoles", iam_in_list, iam_of_list, iam_list, none),
    READS("ListSSHPublicKeys", iam_in_ssh_keys, iam_of_own_user, iam_list_none, of_tags),
    READS("ListServiceSpecificCredentials", iam_in_service_credentials, iam_of_own_user,
          iam_list_none, of_tags),
    READS("ListSigningCertificates", iam_in_own_user_paged, iam_of_own_user, iam_list_none,
          of_tags),
    SCANS("ListUserPolicies", iam_in_user_paged, iam_of_entity, iam_list_inline, of_tags),
    SCANS("ListUserTags", iam_in_user_paged, iam_of_entity, iam_list_tags, of_tags),
    SCANS("ListUsers", iam_in_list, iam_of_list, iam_list, none),
    READS("ListVirtualMFADevices", iam_in_virtual_mfa, NULL, iam_list_none, none),
    CHANGES("PutGroupPolicy", iam_in_put_group_policy, iam_of_entity, iam_put_inline, none),
    CHANGES("PutRolePermissionsBoundary", iam_in_role_boundary, iam_of_entity, iam_put_boundary,
            of_boundary),
    CHANGES("PutRolePolicy", iam_in_put_role_policy, iam_of_entity, iam_put_inline, of_boundary),
    CHANGES("PutUserPermissionsBoundary", iam_in_user_boundary, iam_of_entity, iam_put_boundary,
            of_boundary),
    CHANGES("PutUserPolicy", iam_in_put_user_policy, iam_of_entity, iam_put_inline, of_boundary),
    CHANGES("RemoveRoleFromInstanceProfile", iam_in_profile_role, iam_of_profile,
            iam_remove_role_from_profile, of_tags),
    CHANGES("RemoveUserFromGroup", iam_in_group_member, iam_of_group, iam_remove_user_from_group,
            none),
    CHANGES("TagInstanceProfile", iam_in_tag_profile, iam_of_entity, iam_tag, of_tags),
    CHANGES("TagRole", iam_in_tag_role, iam_of_entity, iam_tag, of_tags),
    CHANGES("TagUser", iam_in_tag_user, iam_of_entity, iam_tag, of_tags),
    CHANGES("UntagInstanceProfile", iam_in_untag_profile, iam_of_entity, iam_untag, of_tags),
    CHANGES("UntagRole", iam_in_untag_role, iam_of_entity, iam_untag, of_tags),
    CHANGES("UntagUser", iam_in_untag_user, iam_of_entity, iam_untag, of_tags),
    CHANGES("UpdateAccessKey", iam_in_update_access_key, iam_of_own_user, iam_update_key, of_tags),
    CHANGES("UpdateAssumeRolePolicy", iam_in_update_assume_role_policy, iam_of_entity,
            iam_update_trust, of_tags),
    CHANGES("UpdateGroup", iam_in_update_group, iam_of_rename, iam_rename, none),
    MAKES("UpdateRole", iam_in_update_role, iam_of_entity, iam_update_role, of_tags),
    MAKES("UpdateRoleDescription", iam_in_update_role_description, iam_of_entity,
          iam_update_role_description, of_tags),
    CHANGES("UpdateUser", iam_in_update_user, iam_of_rename, iam_rename, of_tags),

    /* managed policies */
    MAKES("CreatePolicy", iam_in_create_policy, iam_of_new, iam_create_policy, none),
    {POLICY("CreatePolicyVersion", WB_WRITE, iam_in_create_policy_version,
            iam_create_policy_version)},
    {POLICY("DeletePolicy", WB_WRITE, iam_in_delete_policy, iam_delete_policy), .answer = ""},
    {POLICY("DeletePolicyVersion", WB_WRITE, iam_in_delete_policy_version,
            iam_delete_policy_version),
     .answer = ""},
    {POLICY("GetPolicy", WB_READ, iam_in_get_policy, iam_get_policy)},
    {POLICY("GetPolicyVersion", WB_READ, iam_in_get_policy_version, iam_get_policy_version)},
    {POLICY("ListEntitiesForPolicy", WB_SCAN, iam_in_list_entities_for_policy,
            iam_list_entities_for_policy)},
    {WHOLE("ListPolicies", WB_SCAN, iam_in_list_policies, NULL, iam_list_policies)},
    {POLICY("ListPolicyTags", WB_READ, iam_in_list_policy_tags, iam_list_policy_tags)},
    {POLICY("ListPolicyVersions", WB_READ, iam_in_list_policy_versions, iam_list_policy_versions)},
    {POLICY("SetDefaultPolicyVersion", WB_WRITE, iam_in_set_default_policy_version,
            iam_set_default_policy_version),
     .answer = ""},
    {POLICY("TagPolicy", WB_WRITE, iam_in_tag_policy, iam_tag_policy), .answer = ""},
    {POLICY("UntagPolicy", WB_WRITE, iam_in_untag_policy, iam_untag_policy), .answer = ""},

    /* the simulator */
    {WHOLE("GetContextKeysForCustomPolicy", WB_SCAN, iam_in_context_keys_custom, NULL,
           iam_context_keys_custom)},
    {WHOLE("GetContextKeysForPrincipalPolicy", WB_SCAN, iam_in_context_keys_principal,
           iam_of_source, iam_context_keys_principal)},
    {WHOLE("SimulateCustomPolicy", WB_SCAN, iam_in_simulate_custom, NULL, iam_simulate_custom)},
    {WHOLE("SimulatePrincipalPolicy", WB_SCAN, iam_in_simulate_principal, iam_of_source,
           iam_simulate_principal)},

    /* the account */
    {WHOLE("CreateAccountAlias", WB_WRITE, iam_in_create_alias, NULL, iam_create_alias),
     .answer = ""},
    {WHOLE("DeleteAccountAlias", WB_WRITE, iam_in_delete_alias, NULL, iam_delete_alias),
     .answer = ""},
    {WHOLE("GenerateCredentialReport", WB_WRITE, iam_in_generate_report, NULL,
           iam_generate_report)},
    {WHOLE("GetAccountAuthorizationDetails", WB_SCAN, iam_in_authorization_details, NULL,
           iam_authorization_details)},
    {WHOLE("GetAccountPasswordPolicy", WB_READ, iam_in_password_policy, NULL,
           iam_get_password_policy)},
    {WHOLE("GetAccountSummary", WB_SCAN, iam_in_account_summary, NULL, iam_account_summary)},
    {WHOLE("GetCredentialReport", WB_SCAN, iam_in_get_report, NULL, iam_get_report)},
    {WHOLE("ListAccountAliases", WB_READ, iam_in_list_aliases, NULL, iam_list_aliases)},
    {WHOLE("ListPoliciesGrantingServiceAccess", WB_SCAN, iam_in_policies_granting, iam_of_arn,
           iam_policies_granting)},
};

const struct wb_service wb_iam_service = {
    .name = "iam",
    .title = "AWS Identity and Access Management",
    .signing_name = "iam",
    .model = "iam",
    .protocol = WB_QUERY,
    .version = "2010-05-08",
    .xmlns = "https://iam.amazonaws.com/doc/2010-05-08/",
    .values_hidden = true,
    .global = true,
    .internal_code = "ServiceFailure",
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};

const struct wb_module wb_iam_module = {.service = &wb_iam_service, .check = iam_check};
