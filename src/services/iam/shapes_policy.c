/* Inputs of the operations on managed policies, of the simulator, and of those on the account. */
#include "aws/shape_table.h"
#include "services/iam/policy.h"
#include "services/iam/shapes.h"

/* --- managed policies --- */

static const struct wb_shape policy_path =
    TEXT("policyPathType", 1, 512, .pattern = "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/");
static const struct wb_shape description = {
    .kind = WB_STRING, .name = "policyDescriptionType", .max = 1000, .has_max = true};
static const struct wb_shape version_id = {
    .kind = WB_STRING, .name = "policyVersionIdType", .pattern = "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"};
static const char *const scopes[] = {"All", "AWS", "Local", NULL};
static const struct wb_shape scope = {
    .kind = WB_STRING, .name = "policyScopeType", .values = scopes};
static const char *const usages[] = {"PermissionsPolicy", "PermissionsBoundary", NULL};
static const struct wb_shape usage = {
    .kind = WB_STRING, .name = "PolicyUsageType", .values = usages};
static const char *const entity_types[] = {
    "User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy", NULL};
static const struct wb_shape entity_type = {
    .kind = WB_STRING, .name = "EntityType", .values = entity_types};

IAM_INPUT(iam_in_create_policy, "CreatePolicyRequest", {"PolicyName", &iam_policy_name, true},
          {"Path", &policy_path}, {"PolicyDocument", &iam_document, true},
          {"Description", &description}, {"Tags", &iam_tags});
IAM_INPUT(iam_in_get_policy, "GetPolicyRequest", {"PolicyArn", &iam_arn, true});
IAM_INPUT(iam_in_delete_policy, "DeletePolicyRequest", {"PolicyArn", &iam_arn, true});
IAM_INPUT(iam_in_list_policies, "ListPoliciesRequest", {"Scope", &scope},
          {"OnlyAttached", &iam_boolean}, {"PathPrefix", &policy_path},
          {"PolicyUsageFilter", &usage}, IAM_PAGED);
IAM_INPUT(iam_in_create_policy_version, "CreatePolicyVersionRequest", {"PolicyArn", &iam_arn, true},
          {"PolicyDocument", &iam_document, true}, {"SetAsDefault", &iam_boolean});
IAM_INPUT(iam_in_get_policy_version, "GetPolicyVersionRequest", {"PolicyArn", &iam_arn, true},
          {"VersionId", &version_id, true});
IAM_INPUT(iam_in_delete_policy_version, "DeletePolicyVersionRequest", {"PolicyArn", &iam_arn, true},
          {"VersionId", &version_id, true});
IAM_INPUT(iam_in_set_default_policy_version, "SetDefaultPolicyVersionRequest",
          {"PolicyArn", &iam_arn, true}, {"VersionId", &version_id, true});
IAM_INPUT(iam_in_list_policy_versions, "ListPolicyVersionsRequest", {"PolicyArn", &iam_arn, true},
          IAM_PAGED);
IAM_INPUT(iam_in_list_entities_for_policy, "ListEntitiesForPolicyRequest",
          {"PolicyArn", &iam_arn, true}, {"EntityFilter", &entity_type}, {"PathPrefix", &iam_path},
          {"PolicyUsageFilter", &usage}, IAM_PAGED);
IAM_INPUT(iam_in_tag_policy, "TagPolicyRequest", {"PolicyArn", &iam_arn, true},
          {"Tags", &iam_tags, true});
IAM_INPUT(iam_in_untag_policy, "UntagPolicyRequest", {"PolicyArn", &iam_arn, true},
          {"TagKeys", &iam_tag_keys, true});
IAM_INPUT(iam_in_list_policy_tags, "ListPolicyTagsRequest", {"PolicyArn", &iam_arn, true},
          IAM_PAGED);

/* --- the simulator --- */

static const struct wb_shape policies = {
    .kind = WB_LIST, .name = "SimulationPolicyListType", .elem = &iam_document};
static const struct wb_shape action = TEXT("ActionNameType", 3, 128);
static const struct wb_shape actions = {
    .kind = WB_LIST, .name = "ActionNameListType", .elem = &action};
static const struct wb_shape resource = TEXT("ResourceNameType", 1, 2048);
static const struct wb_shape resources = {
    .kind = WB_LIST, .name = "ResourceNameListType", .elem = &resource};
static const struct wb_shape context_key = TEXT("ContextKeyNameType", 5, 256);
static const struct wb_shape context_value = {.kind = WB_STRING, .name = "ContextKeyValueType"};
static const struct wb_shape context_values = {
    .kind = WB_LIST, .name = "ContextKeyValueListType", .elem = &context_value};
static const char *const context_types[] = {
    "string", "stringList", "numeric",    "numericList", "boolean",  "booleanList", "ip",
    "ipList", "binary",     "binaryList", "date",        "dateList", NULL};
static const struct wb_shape context_type = {
    .kind = WB_STRING, .name = "ContextKeyTypeEnum", .values = context_types};
static const struct wb_member entry_members[] = {{"ContextKeyName", &context_key},
                                                 {"ContextKeyValues", &context_values},
                                                 {"ContextKeyType", &context_type},
                                                 {0}};
static const struct wb_shape entry = {
    .kind = WB_STRUCTURE, .name = "ContextEntry", .member = entry_members};
static const struct wb_shape entries = {
    .kind = WB_LIST, .name = "ContextEntryListType", .elem = &entry};
static const struct wb_shape handling = TEXT("ResourceHandlingOptionType", 1, 64);

#define SIMULATED                                                                                  \
    {"PermissionsBoundaryPolicyInputList", &policies}, {"ActionNames", &actions, true},            \
        {"ResourceArns", &resources}, {"ResourcePolicy", &iam_document},                           \
        {"ResourceOwner", &resource}, {"CallerArn", &resource}, {"ContextEntries", &entries},      \
        {"ResourceHandlingOption", &handling}, IAM_PAGED
IAM_INPUT(iam_in_simulate_custom, "SimulateCustomPolicyRequest",
          {"PolicyInputList", &policies, true}, SIMULATED);
IAM_INPUT(iam_in_simulate_principal, "SimulatePrincipalPolicyRequest",
          {"PolicySourceArn", &iam_arn, true}, {"PolicyInputList", &policies}, SIMULATED);
IAM_INPUT(iam_in_context_keys_custom, "GetContextKeysForCustomPolicyRequest",
          {"PolicyInputList", &policies, true});
IAM_INPUT(iam_in_context_keys_principal, "GetContextKeysForPrincipalPolicyRequest",
          {"PolicySourceArn", &iam_arn, true}, {"PolicyInputList", &policies});

/* --- the account --- */

static const struct wb_shape entity_filter = {
    .kind = WB_LIST, .name = "entityListType", .elem = &entity_type};
static const struct wb_shape alias =
    TEXT("accountAliasType", 3, 63, .pattern = "[a-z0-9](-?[a-z0-9])*",
         .pattern_text = "^[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?$");
static const struct wb_shape namespace = TEXT("serviceNamespaceType", 1, 64, .pattern = "[\\w-]*");
static const struct wb_shape namespaces = {.kind = WB_LIST,
                                           .name = "serviceNamespaceListType",
                                           .elem = &namespace,
                                           .min = 1,
                                           .has_min = true,
                                           .max = 200,
                                           .has_max = true};

const struct wb_shape iam_in_account_summary = {.kind = WB_STRUCTURE,
                                                .name = "GetAccountSummaryRequest"};
const struct wb_shape iam_in_generate_report = {.kind = WB_STRUCTURE,
                                                .name = "GenerateCredentialReportRequest"};
const struct wb_shape iam_in_get_report = {.kind = WB_STRUCTURE,
                                           .name = "GetCredentialReportRequest"};
const struct wb_shape iam_in_password_policy = {.kind = WB_STRUCTURE,
                                                .name = "GetAccountPasswordPolicyRequest"};
IAM_INPUT(iam_in_authorization_details, "GetAccountAuthorizationDetailsRequest",
          {"Filter", &entity_filter}, IAM_PAGED);
IAM_INPUT(iam_in_create_alias, "CreateAccountAliasRequest", {"AccountAlias", &alias, true});
IAM_INPUT(iam_in_delete_alias, "DeleteAccountAliasRequest", {"AccountAlias", &alias, true});
IAM_INPUT(iam_in_list_aliases, "ListAccountAliasesRequest", IAM_PAGED);
IAM_INPUT(iam_in_policies_granting, "ListPoliciesGrantingServiceAccessRequest",
          {"Marker", &iam_marker}, {"Arn", &iam_arn, true},
          {"ServiceNamespaces", &namespaces, true});
