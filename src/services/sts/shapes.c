/* What the operations take. Shapes as in the public service model, version 2011-06-15. */
#include "aws/shape_table.h"
#include "base/limits.h"
#include "services/sts/sts.h"

#define STRUCTURE(linkage, var, model, ...)                                                        \
    static const struct wb_member var##_members[] = {__VA_ARGS__, {0}};                            \
    linkage const struct wb_shape var = {                                                          \
        .kind = WB_STRUCTURE, .name = model, .member = var##_members}
#define NUMBER(model, least, most)                                                                 \
    {                                                                                              \
        .kind = WB_INTEGER, .name = model, .min = least, .max = most, .has_min = true,             \
        .has_max = true                                                                            \
    }

static const struct wb_shape arn = TEXT(
    "arnType", 20, 2048, .pattern = "[^\\x01-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F]+",
    .pattern_text = "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD"
                    "\\u10000-\\u10FFFF]+");
static const struct wb_shape session_name =
    TEXT("roleSessionNameType", 2, 64, .pattern = "[\\w+=,.@-]*");
static const struct wb_shape policy = TEXT("sessionPolicyDocumentType", 1, 2048,
                                           .pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+");
static const struct wb_shape role_seconds = NUMBER("roleDurationSecondsType", 900, 43200);
static const struct wb_shape seconds = NUMBER("durationSecondsType", 900, 129600);
static const struct wb_shape external_id =
    TEXT("externalIdType", 2, 1224, .pattern = "[\\w+=,.@:\\/-]*");
static const struct wb_shape serial = TEXT("serialNumberType", 9, 256, .pattern = "[\\w+=/:,.@-]*");
static const struct wb_shape code = TEXT("tokenCodeType", 6, 6, .pattern = "[\\d]*");
static const struct wb_shape source_identity =
    TEXT("sourceIdentityType", 2, 64, .pattern = "[\\w+=,.@-]*");
static const struct wb_shape user_name = TEXT("userNameType", 2, 32, .pattern = "[\\w+=,.@-]*");
static const struct wb_shape access_key = TEXT("accessKeyIdType", 16, 128, .pattern = "[\\w]*");
static const struct wb_shape tag_key =
    TEXT("tagKeyType", 1, 128, .pattern = "[a-zA-Z0-9 _.:/=+@\\x80-\\x{10FFFF}-]+",
         .pattern_text = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+");
static const struct wb_shape tag_value =
    TEXT("tagValueType", 0, 256, .pattern = "[a-zA-Z0-9 _.:/=+@\\x80-\\x{10FFFF}-]*",
         .pattern_text = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");
STRUCTURE(static, tag, "Tag", {"Key", &tag_key, true}, {"Value", &tag_value, true});
static const struct wb_shape tags = {.kind = WB_LIST,
                                     .name = "tagListType",
                                     .elem = &tag,
                                     .max = WB_SESSION_TAGS_MAX,
                                     .has_max = true};
static const struct wb_shape tag_keys = {.kind = WB_LIST,
                                         .name = "tagKeyListType",
                                         .elem = &tag_key,
                                         .max = WB_SESSION_TAGS_MAX,
                                         .has_max = true};
STRUCTURE(static, descriptor, "PolicyDescriptorType", {"arn", &arn});
static const struct wb_shape descriptors = {
    .kind = WB_LIST, .name = "policyDescriptorListType", .elem = &descriptor};

STRUCTURE(, sts_assume_role_in, "AssumeRoleRequest", {"RoleArn", &arn, true},
          {"RoleSessionName", &session_name, true}, {"PolicyArns", &descriptors},
          {"Policy", &policy}, {"DurationSeconds", &role_seconds}, {"Tags", &tags},
          {"TransitiveTagKeys", &tag_keys}, {"ExternalId", &external_id}, {"SerialNumber", &serial},
          {"TokenCode", &code}, {"SourceIdentity", &source_identity});
STRUCTURE(, sts_session_token_in, "GetSessionTokenRequest", {"DurationSeconds", &seconds},
          {"SerialNumber", &serial}, {"TokenCode", &code});
STRUCTURE(, sts_federation_in, "GetFederationTokenRequest", {"Name", &user_name, true},
          {"Policy", &policy}, {"PolicyArns", &descriptors}, {"DurationSeconds", &seconds},
          {"Tags", &tags});
STRUCTURE(, sts_key_info_in, "GetAccessKeyInfoRequest", {"AccessKeyId", &access_key, true});
