/* AWS::KMS::Key and AWS::KMS::Alias. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

/* --- keys --- */

static const struct cfn_tagging tagging = {.service = "kms",
                                           .tag = "TagResource",
                                           .untag = "UntagResource",
                                           .resource = "KeyId",
                                           .tags = "Tags",
                                           .keys = "TagKeys",
                                           .form = CFN_TAG_KMS};

static struct wb_slice arn_of(const struct wb_cfn_resource *r)
{
    return cfn_arn(r, "kms", "key/%.*s", WB_FMT(r->physical_id));
}

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", arn_of(r));
    cfn_attribute(r, "KeyId", r->physical_id);
}

static bool on_key(struct wb_cfn_resource *r, const char *operation)
{
    return cfn_call_with(r, "kms", operation, "KeyId", r->physical_id, NULL);
}

static bool set_rotation(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    if (!cfn_true(r, "EnableKeyRotation"))
        return on_key(r, "DisableKeyRotation");
    cfn_begin(&in, r);
    cfn_put(&in, "KeyId", r->physical_id);
    cfn_copy(&in, "RotationPeriodInDays");
    return cfn_call(&in, "kms", "EnableKeyRotation", NULL);
}

static bool is_enabled(const struct wb_cfn_resource *r)
{
    return !wb_json_is(cfn_prop(r, "Enabled")) || cfn_true(r, "Enabled");
}

static enum wb_cfn_result create_key(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_copy(&in, "BypassPolicyLockoutSafetyCheck", "Description", "KeySpec", "KeyUsage",
             "MultiRegion", "Origin");
    cfn_copy_text(&in, "Policy", "KeyPolicy");
    cfn_tags(&in, "Tags", CFN_TAG_KMS);
    if (!cfn_call(&in, "kms", "CreateKey", &answer))
        return WB_CFN_FAILED;
    r->physical_id = wb_json_get_str(wb_json_get(answer, "KeyMetadata"), "KeyId", r->tx->arena);
    if ((cfn_true(r, "EnableKeyRotation") && !set_rotation(r)) ||
        (!is_enabled(r) && !on_key(r, "DisableKey")))
        return WB_CFN_FAILED;
    set_attributes(r);
    cfn_system_tags(r, arn_of(r));
    return WB_CFN_DONE;
}

static bool update_policy(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "KeyId", r->physical_id);
    cfn_put(&in, "PolicyName", WB_S("default"));
    cfn_copy(&in, "BypassPolicyLockoutSafetyCheck");
    cfn_copy_text(&in, "Policy", "KeyPolicy");
    return !cfn_changed(r, "KeyPolicy") || !wb_json_is(cfn_prop(r, "KeyPolicy")) ||
           cfn_call(&in, "kms", "PutKeyPolicy", NULL);
}

static bool update_description(struct wb_cfn_resource *r)
{
    struct wb_slice text = cfn_text(r, "Description");
    return !cfn_changed(r, "Description") ||
           cfn_call_with2(r, "kms", "UpdateKeyDescription", "KeyId", r->physical_id, "Description",
                          text.p ? text : WB_S(""), NULL);
}

/* A key stays of its kind, and there is one kind: what is given now may only spell it out. */
static bool same_kind(struct wb_cfn_resource *r)
{
    static const struct {
        const char *property, *only;
    } kinds[] = {{"KeySpec", "SYMMETRIC_DEFAULT"},
                 {"KeyUsage", "ENCRYPT_DECRYPT"},
                 {"MultiRegion", "false"},
                 {"Origin", "AWS_KMS"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct wb_slice v = cfn_text(r, kinds[i].property);
        if (v.p && !wb_slice_is(v, kinds[i].only)) {
            wb_cfn_fail(r, "InvalidRequest", "You cannot change the %s of a key",
                        kinds[i].property);
            return false;
        }
    }
    return true;
}

/* Rotation can be changed only while the key is enabled. */
static enum wb_cfn_result update_key(struct wb_cfn_resource *r)
{
    bool rotation = cfn_changed(r, "EnableKeyRotation") || cfn_changed(r, "RotationPeriodInDays"),
         state = cfn_changed(r, "Enabled");
    set_attributes(r);
    if (!same_kind(r) || !update_policy(r) || !update_description(r) ||
        (state && is_enabled(r) && !on_key(r, "EnableKey")) || (rotation && !set_rotation(r)) ||
        (state && !is_enabled(r) && !on_key(r, "DisableKey")))
        return WB_CFN_FAILED;
    return cfn_retag(r, &tagging, r->physical_id) ? WB_CFN_DONE : WB_CFN_FAILED;
}

/* Its deletion is scheduled; one that is scheduled already is as good as gone. */
static enum wb_cfn_result delete_key(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "KeyId", r->physical_id);
    cfn_copy(&in, "PendingWindowInDays");
    if (cfn_call(&in, "kms", "ScheduleKeyDeletion", NULL) ||
        wb_cfn_error_is(r, "KMSInvalidStateException"))
        return WB_CFN_DONE;
    return cfn_gone(r, "NotFoundException");
}

static enum wb_cfn_result read_key(struct wb_cfn_resource *r)
{
    struct wb_json answer, other;
    struct cfn_in live;
    if (!cfn_call_with(r, "kms", "DescribeKey", "KeyId", r->physical_id, &answer))
        return cfn_unread(r, "NotFoundException");
    struct wb_json key = wb_json_get(answer, "KeyMetadata");
    if (wb_slice_is(wb_json_get_str(key, "KeyState", r->tx->arena), "PendingDeletion"))
        return wb_cfn_absent(r);
    set_attributes(r);
    cfn_begin(&live, r);
    cfn_put_json(&live, "Description", wb_json_get(key, "Description"));
    cfn_put_json(&live, "Enabled", wb_json_get(key, "Enabled"));
    cfn_put_json(&live, "KeySpec", wb_json_get(key, "KeySpec"));
    cfn_put_json(&live, "KeyUsage", wb_json_get(key, "KeyUsage"));
    cfn_put_json(&live, "MultiRegion", wb_json_get(key, "MultiRegion"));
    cfn_put_json(&live, "Origin", wb_json_get(key, "Origin"));
    cfn_copy(&live, "BypassPolicyLockoutSafetyCheck", "PendingWindowInDays");
    if (cfn_call_with(r, "kms", "GetKeyRotationStatus", "KeyId", r->physical_id, &other)) {
        cfn_put_json(&live, "EnableKeyRotation", wb_json_get(other, "KeyRotationEnabled"));
        cfn_put_json(&live, "RotationPeriodInDays", wb_json_get(other, "RotationPeriodInDays"));
    }
    if (cfn_call_with2(r, "kms", "GetKeyPolicy", "KeyId", r->physical_id, "PolicyName",
                       WB_S("default"), &other))
        cfn_put_json(&live, "KeyPolicy", wb_json_get(other, "Policy"));
    cfn_live_tags(&live, arn_of(r), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property key_properties[] = {
    CFN_P("BypassPolicyLockoutSafetyCheck", BOOLEAN, IN_PLACE),
    CFN_P("Description", STRING, IN_PLACE),
    CFN_P("EnableKeyRotation", BOOLEAN, IN_PLACE),
    CFN_P("Enabled", BOOLEAN, IN_PLACE),
    CFN_P("KeyPolicy", JSON, IN_PLACE),
    CFN_P("KeySpec", STRING, IN_PLACE),
    CFN_P("KeyUsage", STRING, IN_PLACE),
    CFN_P("MultiRegion", BOOLEAN, IN_PLACE),
    CFN_P("Origin", STRING, IN_PLACE),
    CFN_P("PendingWindowInDays", INTEGER, IN_PLACE),
    CFN_P("RotationPeriodInDays", INTEGER, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_kms_key = {.name = "AWS::KMS::Key",
                                        .property = key_properties,
                                        .identifier = "KeyId",
                                        .attribute = CFN_ATTRIBUTES("Arn", "KeyId"),
                                        .create = create_key,
                                        .update = update_key,
                                        .delete = delete_key,
                                        .read = read_key};

/* --- aliases --- */

static bool put_alias(struct wb_cfn_resource *r, const char *operation)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_copy(&in, "AliasName", "TargetKeyId");
    return cfn_call(&in, "kms", operation, NULL);
}

static enum wb_cfn_result create_alias(struct wb_cfn_resource *r)
{
    r->physical_id = cfn_text(r, "AliasName");
    return put_alias(r, "CreateAlias") ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result update_alias(struct wb_cfn_resource *r)
{
    return put_alias(r, "UpdateAlias") ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result delete_alias(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "kms", "DeleteAlias", "AliasName", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "NotFoundException");
}

/* The key as the template calls it, when it is that one. */
static enum wb_cfn_result read_alias(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "kms", "DescribeKey", "KeyId", r->physical_id, &answer))
        return cfn_unread(r, "NotFoundException");
    struct wb_json key = wb_json_get(answer, "KeyMetadata");
    struct wb_slice arn = wb_json_get_str(key, "Arn", r->tx->arena);
    bool by_arn = wb_slice_eq(arn, cfn_text(r, "TargetKeyId"));
    cfn_begin(&live, r);
    cfn_put(&live, "AliasName", r->physical_id);
    cfn_put_json(&live, "TargetKeyId", wb_json_get(key, by_arn ? "Arn" : "KeyId"));
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property alias_properties[] = {
    CFN_REQUIRED("AliasName", STRING, REPLACEMENT),
    CFN_REQUIRED("TargetKeyId", STRING, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_kms_alias = {.name = "AWS::KMS::Alias",
                                          .property = alias_properties,
                                          .name_property = "AliasName",
                                          .identifier = "AliasName",
                                          .create = create_alias,
                                          .update = update_alias,
                                          .delete = delete_alias,
                                          .read = read_alias};
