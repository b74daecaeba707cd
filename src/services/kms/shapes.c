/* Inputs as in the public service model, version 2014-11-01. */
#include "aws/shape_table.h"
#include "services/kms/key.h"

#define ENUM(id, text, ...)                                                                        \
    static const struct wb_shape id = {                                                            \
        .kind = WB_STRING, .name = text, .values = (const char *const[]){__VA_ARGS__, NULL}}

static const struct wb_shape policy =
    TEXT("PolicyType", 1, 131072, .pattern = "[\\x09\\x0A\\x0D\\x20-\\xFF]+",
         .pattern_text = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+");
static const struct wb_shape description = TEXT("DescriptionType", 0, 8192, );
ENUM(usage, "KeyUsageType", "SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC");
#define SPECS                                                                                      \
    "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521",         \
        "ECC_SECG_P256K1", "SYMMETRIC_DEFAULT", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512",    \
        "SM2"
ENUM(old_spec, "CustomerMasterKeySpec", SPECS);
ENUM(spec, "KeySpec", SPECS);
ENUM(origin, "OriginType", "AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE");
static const struct wb_shape key_store = TEXT("CustomKeyStoreIdType", 1, 64, );
static const struct wb_shape xks = TEXT("XksKeyIdType", 1, 128, .pattern = "^[a-zA-Z0-9_.-]+$",
                                        .pattern_text = "^[a-zA-Z0-9-_.]+$");
static const struct wb_shape boolean = {.kind = WB_BOOLEAN, .name = "BooleanType"};
static const struct wb_shape key_id = TEXT("KeyIdType", 1, 2048, );
static const struct wb_shape grant_token = TEXT("GrantTokenType", 1, 8192, );
static const struct wb_shape grant_tokens = {.kind = WB_LIST,
                                             .name = "GrantTokenList",
                                             .has_min = true,
                                             .max = 10,
                                             .has_max = true,
                                             .elem = &grant_token};
static const struct wb_shape tag_key = TEXT("TagKeyType", 1, 128, );
static const struct wb_shape tag_value = TEXT("TagValueType", 0, 256, );
static const struct wb_shape alias = TEXT("AliasNameType", 1, 256, .pattern = "^[a-zA-Z0-9:/_-]+$");
static const struct wb_shape marker =
    TEXT("MarkerType", 1, 1024, .pattern = "[\\x20-\\xFF]*", .pattern_text = "[\\u0020-\\u00FF]*");
static const struct wb_shape policy_name = TEXT("PolicyNameType", 1, 128, .pattern = "[\\w]+");
static const struct wb_shape plaintext = {.kind = WB_BLOB,
                                          .name = "PlaintextType",
                                          .min = 1,
                                          .max = 4096,
                                          .has_min = true,
                                          .has_max = true,
                                          .sensitive = true};
static const struct wb_shape ciphertext = {.kind = WB_BLOB,
                                           .name = "CiphertextType",
                                           .min = 1,
                                           .max = 6144,
                                           .has_min = true,
                                           .has_max = true};
static const struct wb_shape context_key = {.kind = WB_STRING, .name = "EncryptionContextKey"};
static const struct wb_shape context_value = {.kind = WB_STRING, .name = "EncryptionContextValue"};
static const struct wb_shape context = {
    .kind = WB_MAP, .name = "EncryptionContextType", .key = &context_key, .elem = &context_value};
ENUM(algorithm, "EncryptionAlgorithmSpec", "SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1",
     "RSAES_OAEP_SHA_256", "SM2PKE");
ENUM(data_spec, "DataKeySpec", "AES_256", "AES_128");
INT(bytes, "NumberOfBytesType", 1, 1024);
INT(limit, "LimitType", 1, 1000);
INT(window, "PendingWindowInDaysType", 1, 365);
INT(period, "RotationPeriodInDaysType", 90, 2560);

STRUCT(tag, "Tag", R("TagKey", tag_key), R("TagValue", tag_value));
LIST(tags, "TagList", 0, 0, tag);
LIST(tag_keys, "TagKeyList", 0, 0, tag_key);

INPUT(kms_s_create, "CreateKeyRequest", M("Policy", policy), M("Description", description),
      M("KeyUsage", usage), M("CustomerMasterKeySpec", old_spec), M("KeySpec", spec),
      M("Origin", origin), M("CustomKeyStoreId", key_store),
      M("BypassPolicyLockoutSafetyCheck", boolean), M("Tags", tags), M("MultiRegion", boolean),
      M("XksKeyId", xks));
INPUT(kms_s_key, "KeyRequest", R("KeyId", key_id));
INPUT(kms_s_describe, "DescribeKeyRequest", R("KeyId", key_id), M("GrantTokens", grant_tokens));
INPUT(kms_s_list, "ListKeysRequest", M("Limit", limit), M("Marker", marker));
INPUT(kms_s_alias, "CreateAliasRequest", R("AliasName", alias), R("TargetKeyId", key_id));
INPUT(kms_s_delete_alias, "DeleteAliasRequest", R("AliasName", alias));
INPUT(kms_s_list_aliases, "ListAliasesRequest", M("KeyId", key_id), M("Limit", limit),
      M("Marker", marker));
INPUT(kms_s_put_policy, "PutKeyPolicyRequest", R("KeyId", key_id), M("PolicyName", policy_name),
      R("Policy", policy), M("BypassPolicyLockoutSafetyCheck", boolean));
INPUT(kms_s_get_policy, "GetKeyPolicyRequest", R("KeyId", key_id), M("PolicyName", policy_name));
INPUT(kms_s_paged, "ListOfKeyRequest", R("KeyId", key_id), M("Limit", limit), M("Marker", marker));
INPUT(kms_s_encrypt, "EncryptRequest", R("KeyId", key_id), R("Plaintext", plaintext),
      M("EncryptionContext", context), M("GrantTokens", grant_tokens),
      M("EncryptionAlgorithm", algorithm));
INPUT(kms_s_decrypt, "DecryptRequest", R("CiphertextBlob", ciphertext),
      M("EncryptionContext", context), M("GrantTokens", grant_tokens), M("KeyId", key_id),
      M("EncryptionAlgorithm", algorithm));
INPUT(kms_s_data_key, "GenerateDataKeyRequest", R("KeyId", key_id), M("EncryptionContext", context),
      M("NumberOfBytes", bytes), M("KeySpec", data_spec), M("GrantTokens", grant_tokens));
INPUT(kms_s_data_key_sealed, "GenerateDataKeyWithoutPlaintextRequest", R("KeyId", key_id),
      M("EncryptionContext", context), M("KeySpec", data_spec), M("NumberOfBytes", bytes),
      M("GrantTokens", grant_tokens));
INPUT(kms_s_reencrypt, "ReEncryptRequest", R("CiphertextBlob", ciphertext),
      M("SourceEncryptionContext", context), M("SourceKeyId", key_id),
      R("DestinationKeyId", key_id), M("DestinationEncryptionContext", context),
      M("SourceEncryptionAlgorithm", algorithm), M("DestinationEncryptionAlgorithm", algorithm),
      M("GrantTokens", grant_tokens));
INPUT(kms_s_random, "GenerateRandomRequest", M("NumberOfBytes", bytes),
      M("CustomKeyStoreId", key_store));
INPUT(kms_s_schedule, "ScheduleKeyDeletionRequest", R("KeyId", key_id),
      M("PendingWindowInDays", window));
INPUT(kms_s_rotation, "EnableKeyRotationRequest", R("KeyId", key_id),
      M("RotationPeriodInDays", period));
INPUT(kms_s_describe_as, "UpdateKeyDescriptionRequest", R("KeyId", key_id),
      R("Description", description));
INPUT(kms_s_tag, "TagResourceRequest", R("KeyId", key_id), R("Tags", tags));
INPUT(kms_s_untag, "UntagResourceRequest", R("KeyId", key_id), R("TagKeys", tag_keys));
