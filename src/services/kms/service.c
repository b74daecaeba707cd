/*
 * The operation table of KMS, what its calls need to be allowed, and the module.
 *
 * A key's policy is the first authority on it: identity policies count only as far as it lets them
 * (wb_resource_policy_rules). Aliases have no policy; what changes one needs the alias by an
 * identity policy, and the key.
 */
#include "codec/text.h"
#include "engine/identity.h"
#include "services/kms/key.h"

/* --- authorization --- */

static void of_key(struct wb_call *c)
{
    wb_call_resource(c, kms_ref_arn(c, wb_in_str(c, "KeyId")));
}

/* Whose key will be whose is not known yet. */
static void of_new(struct wb_call *c)
{
    wb_call_resource(c, WB_S("*"));
    if (wb_json_count(wb_in(c, "Tags")))
        wb_call_also(c, "kms:TagResource", WB_S("*"));
}

static void of_alias(struct wb_call *c)
{
    struct wb_slice alias = wb_in_str(c, "AliasName"), target = wb_in_str(c, "TargetKeyId");
    struct wb_slice now = kms_alias_target(c->tx, kms_home(c), c->ctx.region, alias);
    wb_call_resource(c, kms_alias_arn(c->arena, c->ctx.region, kms_home(c), alias));
    if (target.p)
        wb_call_resource(c, kms_ref_arn(c, target));
    if (now.p)
        wb_call_resource(c, kms_key_arn(c->arena, c->ctx.region, kms_home(c), now));
}

/* The key that is named, else the one in the ciphertext. */
static struct wb_slice arn_of_blob(struct wb_call *c, const char *member)
{
    struct wb_slice key = wb_in_str(c, member), bytes;
    struct kms_blob b;
    if (key.p)
        return kms_ref_arn(c, key);
    if (!wb_base64_decode(c->arena, wb_in_str(c, "CiphertextBlob"), &bytes) ||
        !kms_blob_parse(c->arena, bytes, &b))
        return WB_S("*"); /* will be refused */
    return kms_key_arn(c->arena, c->ctx.region, b.account, b.key_id);
}

static void of_ciphertext(struct wb_call *c)
{
    wb_call_resource(c, arn_of_blob(c, "KeyId"));
}

static void of_reencrypt(struct wb_call *c)
{
    wb_call_resource(c, arn_of_blob(c, "SourceKeyId"));
    wb_call_also(c, "kms:ReEncryptTo", kms_ref_arn(c, wb_in_str(c, "DestinationKeyId")));
}

/* --- condition keys --- */

struct of_need {
    struct wb_call *c;
    size_t need;
};

static void add_alias(void *arg, struct wb_slice alias)
{
    struct of_need *n = arg;
    wb_need_condition(n->c, n->need, "kms:ResourceAliases", alias);
}

static void key_of_need(struct wb_call *c, size_t i)
{
    struct kms_ref r;
    kms_ref(c, c->need[i].resource, &r);
    const struct kms_key *k =
        r.malformed || !r.id.p || r.alias.p ? NULL : kms_key_find(c->tx, r.account, r.region, r.id);
    if (!k)
        return;
    wb_need_condition(c, i, "kms:KeySpec", WB_S("SYMMETRIC_DEFAULT"));
    wb_need_condition(c, i, "kms:KeyUsage", WB_S("ENCRYPT_DECRYPT"));
    kms_aliases(c->tx, k, add_alias, &(struct of_need){c, i});
}

static void context_conditions(struct wb_call *c, const char *member, size_t need)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, member));
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, c->arena);
        wb_need_condition(
            c, need,
            wb_dup_cstr(c->arena, wb_printf(c->arena, "kms:EncryptionContext:%.*s", WB_FMT(key))),
            wb_json_str(it.value, c->arena));
        wb_need_condition(c, need, "kms:EncryptionContextKeys", key);
    }
}

/* The alias as it was written, of the need it stands for. */
static void request_alias(struct wb_call *c, const char *member, size_t need)
{
    struct kms_ref r;
    struct wb_slice text = wb_in_str(c, member);
    if (!text.p)
        return;
    kms_ref(c, text, &r);
    if (r.alias.p)
        wb_need_condition(c, need, "kms:RequestAlias", r.alias);
}

static void of_caller(struct wb_call *c)
{
    wb_call_condition(c, "kms:CallerAccount", kms_home(c));
    for (size_t i = 0; i < c->need_count; i++)
        key_of_need(c, i);
}

static void create_conditions(struct wb_call *c)
{
    struct wb_slice spec = wb_in_str(c, "KeySpec"), usage = wb_in_str(c, "KeyUsage");
    wb_call_condition(c, "kms:CallerAccount", kms_home(c));
    wb_call_condition(c, "kms:KeySpec", spec.p ? spec : WB_S("SYMMETRIC_DEFAULT"));
    wb_call_condition(c, "kms:KeyUsage", usage.p ? usage : WB_S("ENCRYPT_DECRYPT"));
}

static void crypto_conditions(struct wb_call *c)
{
    of_caller(c);
    context_conditions(c, "EncryptionContext", 0);
    request_alias(c, "KeyId", 0);
}

static void reencrypt_conditions(struct wb_call *c)
{
    of_caller(c);
    context_conditions(c, "SourceEncryptionContext", 0);
    context_conditions(c, "DestinationEncryptionContext", 1);
    request_alias(c, "SourceKeyId", 0);
    request_alias(c, "DestinationKeyId", 1);
}

#define KEY_KEYS                                                                                   \
    "aws:ResourceTag/${TagKey}", "kms:CallerAccount", "kms:KeySpec", "kms:KeyUsage",               \
        "kms:ResourceAliases", "kms:ViaService"
static const char *const key_keys[] = {KEY_KEYS, NULL};
static const char *const alias_keys[] = {KEY_KEYS, "kms:RequestAlias", NULL};
static const char *const tag_keys[] = {KEY_KEYS, "aws:RequestTag/${TagKey}", "aws:TagKeys", NULL};
static const char *const crypto_keys[] = {KEY_KEYS, "kms:EncryptionContext:${EncryptionContextKey}",
                                          "kms:EncryptionContextKeys", "kms:RequestAlias", NULL};
static const char *const create_keys[] = {
    "aws:RequestTag/${TagKey}", "aws:TagKeys", "kms:CallerAccount", "kms:KeySpec", "kms:KeyUsage",
    "kms:ViaService",           NULL};

static void describe_conditions(struct wb_call *c)
{
    of_caller(c);
    request_alias(c, "KeyId", 0);
}

/* --- the table --- */

#define OP(n, kind, shape, fn, of, told, keys)                                                     \
    {                                                                                              \
        .name = n, .class = kind, .input = &(shape), .resources = of, .conditions = told,          \
        .handler = fn, .condition_keys = keys                                                      \
    }
#define KEY_OP(n, kind, shape, fn)  OP(n, kind, shape, fn, of_key, of_caller, key_keys)
#define ALIAS_OP(n, shape, fn)      OP(n, WB_WRITE, shape, fn, of_alias, of_caller, key_keys)
#define CRYPTO_OP(n, shape, fn, of) OP(n, WB_READ, shape, fn, of, crypto_conditions, crypto_keys)

static const struct wb_op ops[] = {
    KEY_OP("CancelKeyDeletion", WB_WRITE, kms_s_key, kms_cancel),
    ALIAS_OP("CreateAlias", kms_s_alias, kms_create_alias),
    OP("CreateKey", WB_WRITE, kms_s_create, kms_create, of_new, create_conditions, create_keys),
    CRYPTO_OP("Decrypt", kms_s_decrypt, kms_decrypt, of_ciphertext),
    ALIAS_OP("DeleteAlias", kms_s_delete_alias, kms_delete_alias),
    OP("DescribeKey", WB_READ, kms_s_describe, kms_describe, of_key, describe_conditions,
       alias_keys),
    KEY_OP("DisableKey", WB_WRITE, kms_s_key, kms_disable),
    KEY_OP("DisableKeyRotation", WB_WRITE, kms_s_key, kms_rotation_off),
    KEY_OP("EnableKey", WB_WRITE, kms_s_key, kms_enable),
    KEY_OP("EnableKeyRotation", WB_WRITE, kms_s_rotation, kms_rotation_on),
    CRYPTO_OP("Encrypt", kms_s_encrypt, kms_encrypt, of_key),
    CRYPTO_OP("GenerateDataKey", kms_s_data_key, kms_data_key, of_key),
    CRYPTO_OP("GenerateDataKeyWithoutPlaintext", kms_s_data_key_sealed, kms_data_key_sealed,
              of_key),
    OP("GenerateRandom", WB_READ, kms_s_random, kms_random, NULL, NULL, NULL),
    KEY_OP("GetKeyPolicy", WB_READ, kms_s_get_policy, kms_get_policy),
    KEY_OP("GetKeyRotationStatus", WB_READ, kms_s_key, kms_rotation_status),
    OP("ListAliases", WB_SCAN, kms_s_list_aliases, kms_list_aliases, NULL, NULL, NULL),
    KEY_OP("ListKeyPolicies", WB_READ, kms_s_paged, kms_list_policies),
    OP("ListKeys", WB_SCAN, kms_s_list, kms_list, NULL, NULL, NULL),
    KEY_OP("ListResourceTags", WB_READ, kms_s_paged, kms_list_tags),
    KEY_OP("PutKeyPolicy", WB_WRITE, kms_s_put_policy, kms_put_policy),
    {.name = "ReEncrypt",
     .class = WB_READ,
     .input = &kms_s_reencrypt,
     .action = "kms:ReEncryptFrom",
     .resources = of_reencrypt,
     .conditions = reencrypt_conditions,
     .handler = kms_reencrypt,
     .condition_keys = crypto_keys},
    KEY_OP("RotateKeyOnDemand", WB_WRITE, kms_s_key, kms_rotate),
    KEY_OP("ScheduleKeyDeletion", WB_WRITE, kms_s_schedule, kms_schedule),
    OP("TagResource", WB_WRITE, kms_s_tag, kms_tag, of_key, of_caller, tag_keys),
    OP("UntagResource", WB_WRITE, kms_s_untag, kms_untag, of_key, of_caller, tag_keys),
    ALIAS_OP("UpdateAlias", kms_s_alias, kms_update_alias),
    KEY_OP("UpdateKeyDescription", WB_WRITE, kms_s_describe_as, kms_describe_as),
};

static const struct wb_service kms_service = {.name = "kms",
                                              .title = "AWS Key Management Service",
                                              .signing_name = "kms",
                                              .usage = "KMS",
                                              .model = "kms",
                                              .protocol = WB_JSON11,
                                              .target = "TrentService",
                                              .version = "2014-11-01",
                                              .type_prefix = "",
                                              .internal_code = "KMSInternalException",
                                              .op = ops,
                                              .op_count = sizeof ops / sizeof *ops};

static void start(struct wb_engine *e)
{
    wb_executor_register(e, &kms_executor);
    wb_def_register(e, &kms_key_kind);
    wb_resource_policy_register(e, "kms", kms_resource_policy);
    wb_resource_policy_rules(e, "kms");
}

const struct wb_module wb_kms_module = {
    .service = &kms_service, .start = start, .check = kms_check};
