/* Inputs of the operations on users, groups, roles, instance profiles and access keys. */
#include "aws/shape_table.h"
#include "services/iam/iam.h"
#include "services/iam/shapes.h"

#define NAME_RULE "It must contain only alphanumeric characters and/or the following: +=,.@_-"
#define WORDS     "[\\w+=,.@-]+"
#define NAME(shape_name, longest)                                                                  \
    TEXT(shape_name, 1, longest, .pattern = WORDS, .pattern_rule = NAME_RULE)

const struct wb_shape iam_user_name = NAME("userNameType", 64);
const struct wb_shape iam_existing_user_name = NAME("existingUserNameType", 128);
const struct wb_shape iam_group_name = NAME("groupNameType", 128);
const struct wb_shape iam_role_name = NAME("roleNameType", 64);
const struct wb_shape iam_profile_name = NAME("instanceProfileNameType", 128);
const struct wb_shape iam_policy_name = NAME("policyNameType", 128);
const struct wb_shape iam_access_key_id = TEXT("accessKeyIdType", 16, 128, .pattern = "[\\w]+");
const struct wb_shape iam_path =
    TEXT("pathType", 1, 512, .pattern = "(\\u002F)|(\\u002F[\\u0021-\\u007F]+\\u002F)",
         .pattern_rule = "It must begin and end with / and contain only alphanumeric characters "
                         "and/or / characters.");
const struct wb_shape iam_path_prefix =
    TEXT("pathPrefixType", 1, 512, .pattern = "\\u002F[\\u0021-\\u007F]*",
         .pattern_rule = "It must begin with the / character and contain only alphanumeric "
                         "characters and/or / characters.");
const struct wb_shape iam_arn = TEXT("arnType", 20, 2048, );
const struct wb_shape iam_document =
    TEXT("policyDocumentType", 1, 131072, .pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+");
/* Ours hold the last item's key, which may be an ARN. */
const struct wb_shape iam_marker = TEXT("markerType", 1, 4096, .pattern = "[\\u0020-\\u00FF]+");
const struct wb_shape iam_max_items = {.kind = WB_INTEGER,
                                       .name = "maxItemsType",
                                       .min = 1,
                                       .has_min = true,
                                       .max = 1000,
                                       .has_max = true};
const struct wb_shape iam_boolean = {.kind = WB_BOOLEAN, .name = "booleanType"};
const struct wb_shape iam_policy_path =
    TEXT("policyPathType", 1, 512, .pattern = "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/",
         .pattern_rule = "It must begin and end with / and contain only alphanumeric characters "
                         "and/or / characters.");
/* Letters and numbers of all scripts: every character beyond ASCII passes. */
static const struct wb_shape tag_key =
    TEXT("tagKeyType", 1, 128, .pattern = "[a-zA-Z0-9 _.:/=+@\\x80-\\x{10FFFF}-]+",
         .pattern_text = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+");
static const struct wb_shape tag_value =
    TEXT("tagValueType", 0, 256, .pattern = "[a-zA-Z0-9 _.:/=+@\\x80-\\x{10FFFF}-]*",
         .pattern_text = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");
static const struct wb_member tag_members[] = {
    {"Key", &tag_key, true}, {"Value", &tag_value, true}, {0}};
static const struct wb_shape tag = {.kind = WB_STRUCTURE, .name = "Tag", .member = tag_members};
const struct wb_shape iam_tags = {
    .kind = WB_LIST, .name = "tagListType", .elem = &tag, .max = 50, .has_max = true};
const struct wb_shape iam_tag_keys = {
    .kind = WB_LIST, .name = "tagKeyListType", .elem = &tag_key, .max = 50, .has_max = true};
static const struct wb_shape description =
    TEXT("roleDescriptionType", 0, 1000, .pattern = "[^\\x01-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F]*",
         .pattern_text = "[\\p{L}\\p{M}\\p{Z}\\p{S}\\p{N}\\p{P}]*");
static const struct wb_shape session_duration = {.kind = WB_INTEGER,
                                                 .name = "roleMaxSessionDurationType",
                                                 .min = 3600,
                                                 .has_min = true,
                                                 .max = 43200,
                                                 .has_max = true};

static const char *const status_values[] = {"Active", "Inactive", NULL};
static const struct wb_shape status = {
    .kind = WB_STRING, .name = "statusType", .values = status_values};
static const char *const assignment_values[] = {"Assigned", "Unassigned", "Any", NULL};
static const struct wb_shape assignment = {
    .kind = WB_STRING, .name = "assignmentStatusType", .values = assignment_values};
static const struct wb_shape suffix =
    TEXT("customSuffixType", 1, 64, .pattern = WORDS, .pattern_rule = NAME_RULE);
static const struct wb_shape task_id = TEXT("DeletionTaskIdType", 1, 1000, );
static const struct wb_shape service_name = {.kind = WB_STRING, .name = "serviceName"};

IAM_INPUT(iam_in_create_user, "CreateUserRequest", {"Path", &iam_path},
          {"UserName", &iam_user_name, true}, {"PermissionsBoundary", &iam_arn},
          {"Tags", &iam_tags});
IAM_INPUT(iam_in_own_user, "GetUserRequest", {"UserName", &iam_existing_user_name});
IAM_INPUT(iam_in_update_user, "UpdateUserRequest", {"UserName", &iam_existing_user_name, true},
          {"NewPath", &iam_path}, {"NewUserName", &iam_user_name});
IAM_INPUT(iam_in_user, "DeleteUserRequest", {"UserName", &iam_existing_user_name, true});
IAM_INPUT(iam_in_list, "ListUsersRequest", {"PathPrefix", &iam_path_prefix}, IAM_PAGED);
IAM_INPUT(iam_in_tag_user, "TagUserRequest", {"UserName", &iam_existing_user_name, true},
          {"Tags", &iam_tags, true});
IAM_INPUT(iam_in_untag_user, "UntagUserRequest", {"UserName", &iam_existing_user_name, true},
          {"TagKeys", &iam_tag_keys, true});
IAM_INPUT(iam_in_user_paged, "ListUserTagsRequest", {"UserName", &iam_existing_user_name, true},
          IAM_PAGED);
IAM_INPUT(iam_in_user_boundary, "PutUserPermissionsBoundaryRequest",
          {"UserName", &iam_user_name, true}, {"PermissionsBoundary", &iam_arn, true});
IAM_INPUT(iam_in_user_short, "DeleteUserPermissionsBoundaryRequest",
          {"UserName", &iam_user_name, true});
IAM_INPUT(iam_in_update_access_key, "UpdateAccessKeyRequest", {"UserName", &iam_existing_user_name},
          {"AccessKeyId", &iam_access_key_id, true}, {"Status", &status, true});
IAM_INPUT(iam_in_delete_access_key, "DeleteAccessKeyRequest", {"UserName", &iam_existing_user_name},
          {"AccessKeyId", &iam_access_key_id, true});
IAM_INPUT(iam_in_own_user_paged, "ListAccessKeysRequest", {"UserName", &iam_existing_user_name},
          IAM_PAGED);
IAM_INPUT(iam_in_access_key, "GetAccessKeyLastUsedRequest",
          {"AccessKeyId", &iam_access_key_id, true});
IAM_INPUT(iam_in_put_user_policy, "PutUserPolicyRequest",
          {"UserName", &iam_existing_user_name, true}, {"PolicyName", &iam_policy_name, true},
          {"PolicyDocument", &iam_document, true});
IAM_INPUT(iam_in_user_policy, "GetUserPolicyRequest", {"UserName", &iam_existing_user_name, true},
          {"PolicyName", &iam_policy_name, true});
IAM_INPUT(iam_in_user_policy_arn, "AttachUserPolicyRequest", {"UserName", &iam_user_name, true},
          {"PolicyArn", &iam_arn, true});
IAM_INPUT(iam_in_user_attached, "ListAttachedUserPoliciesRequest",
          {"UserName", &iam_user_name, true}, {"PathPrefix", &iam_policy_path}, IAM_PAGED);
IAM_INPUT(iam_in_create_group, "CreateGroupRequest", {"Path", &iam_path},
          {"GroupName", &iam_group_name, true});
IAM_INPUT(iam_in_group_paged, "GetGroupRequest", {"GroupName", &iam_group_name, true}, IAM_PAGED);
IAM_INPUT(iam_in_update_group, "UpdateGroupRequest", {"GroupName", &iam_group_name, true},
          {"NewPath", &iam_path}, {"NewGroupName", &iam_group_name});
IAM_INPUT(iam_in_group, "DeleteGroupRequest", {"GroupName", &iam_group_name, true});
IAM_INPUT(iam_in_group_member, "AddUserToGroupRequest", {"GroupName", &iam_group_name, true},
          {"UserName", &iam_existing_user_name, true});
IAM_INPUT(iam_in_put_group_policy, "PutGroupPolicyRequest", {"GroupName", &iam_group_name, true},
          {"PolicyName", &iam_policy_name, true}, {"PolicyDocument", &iam_document, true});
IAM_INPUT(iam_in_group_policy, "GetGroupPolicyRequest", {"GroupName", &iam_group_name, true},
          {"PolicyName", &iam_policy_name, true});
IAM_INPUT(iam_in_group_policy_arn, "AttachGroupPolicyRequest", {"GroupName", &iam_group_name, true},
          {"PolicyArn", &iam_arn, true});
IAM_INPUT(iam_in_group_attached, "ListAttachedGroupPoliciesRequest",
          {"GroupName", &iam_group_name, true}, {"PathPrefix", &iam_policy_path}, IAM_PAGED);
IAM_INPUT(iam_in_create_role, "CreateRoleRequest", {"Path", &iam_path},
          {"RoleName", &iam_role_name, true}, {"AssumeRolePolicyDocument", &iam_document, true},
          {"Description", &description}, {"MaxSessionDuration", &session_duration},
          {"PermissionsBoundary", &iam_arn}, {"Tags", &iam_tags});
IAM_INPUT(iam_in_role, "GetRoleRequest", {"RoleName", &iam_role_name, true});
IAM_INPUT(iam_in_update_role, "UpdateRoleRequest", {"RoleName", &iam_role_name, true},
          {"Description", &description}, {"MaxSessionDuration", &session_duration});
IAM_INPUT(iam_in_update_role_description, "UpdateRoleDescriptionRequest",
          {"RoleName", &iam_role_name, true}, {"Description", &description, true});
IAM_INPUT(iam_in_update_assume_role_policy, "UpdateAssumeRolePolicyRequest",
          {"RoleName", &iam_role_name, true}, {"PolicyDocument", &iam_document, true});
IAM_INPUT(iam_in_tag_role, "TagRoleRequest", {"RoleName", &iam_role_name, true},
          {"Tags", &iam_tags, true});
IAM_INPUT(iam_in_untag_role, "UntagRoleRequest", {"RoleName", &iam_role_name, true},
          {"TagKeys", &iam_tag_keys, true});
IAM_INPUT(iam_in_role_paged, "ListRoleTagsRequest", {"RoleName", &iam_role_name, true}, IAM_PAGED);
IAM_INPUT(iam_in_role_boundary, "PutRolePermissionsBoundaryRequest",
          {"RoleName", &iam_role_name, true}, {"PermissionsBoundary", &iam_arn, true});
IAM_INPUT(iam_in_put_role_policy, "PutRolePolicyRequest", {"RoleName", &iam_role_name, true},
          {"PolicyName", &iam_policy_name, true}, {"PolicyDocument", &iam_document, true});
IAM_INPUT(iam_in_role_policy, "GetRolePolicyRequest", {"RoleName", &iam_role_name, true},
          {"PolicyName", &iam_policy_name, true});
IAM_INPUT(iam_in_role_policy_arn, "AttachRolePolicyRequest", {"RoleName", &iam_role_name, true},
          {"PolicyArn", &iam_arn, true});
IAM_INPUT(iam_in_role_attached, "ListAttachedRolePoliciesRequest",
          {"RoleName", &iam_role_name, true}, {"PathPrefix", &iam_policy_path}, IAM_PAGED);
IAM_INPUT(iam_in_create_linked_role, "CreateServiceLinkedRoleRequest",
          {"AWSServiceName", &iam_group_name, true}, {"Description", &description},
          {"CustomSuffix", &suffix});
IAM_INPUT(iam_in_deletion_task, "GetServiceLinkedRoleDeletionStatusRequest",
          {"DeletionTaskId", &task_id, true});
IAM_INPUT(iam_in_create_profile, "CreateInstanceProfileRequest",
          {"InstanceProfileName", &iam_profile_name, true}, {"Path", &iam_path},
          {"Tags", &iam_tags});
IAM_INPUT(iam_in_profile, "GetInstanceProfileRequest",
          {"InstanceProfileName", &iam_profile_name, true});
IAM_INPUT(iam_in_profile_role, "AddRoleToInstanceProfileRequest",
          {"InstanceProfileName", &iam_profile_name, true}, {"RoleName", &iam_role_name, true});
IAM_INPUT(iam_in_tag_profile, "TagInstanceProfileRequest",
          {"InstanceProfileName", &iam_profile_name, true}, {"Tags", &iam_tags, true});
IAM_INPUT(iam_in_untag_profile, "UntagInstanceProfileRequest",
          {"InstanceProfileName", &iam_profile_name, true}, {"TagKeys", &iam_tag_keys, true});
IAM_INPUT(iam_in_profile_paged, "ListInstanceProfileTagsRequest",
          {"InstanceProfileName", &iam_profile_name, true}, IAM_PAGED);
IAM_INPUT(iam_in_ssh_keys, "ListSSHPublicKeysRequest", {"UserName", &iam_user_name}, IAM_PAGED);
IAM_INPUT(iam_in_service_credentials, "ListServiceSpecificCredentialsRequest",
          {"UserName", &iam_user_name}, {"ServiceName", &service_name});
IAM_INPUT(iam_in_virtual_mfa, "ListVirtualMFADevicesRequest", {"AssignmentStatus", &assignment},
          IAM_PAGED);
