/*
 * AWS::KMS::Key and AWS::KMS::Alias. There is no KMS here, and making one says so. The types are
 * known all the same: the CDK's bootstrap template has them behind a condition that is false unless
 * somebody asks for a key, and a template with an unknown type is refused as a whole.
 */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    return wb_cfn_fail(
        r, "InvalidRequest",
        "%s cannot be made: KMS is not offered here; what the server keeps is sealed "
        "under its own key",
        r->of->name);
}

/* None was ever made. */
static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
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
                                        .attribute = CFN_ATTRIBUTES("Arn", "KeyId"),
                                        .create = create,
                                        .delete = destroy};

static const struct wb_cfn_property alias_properties[] = {
    CFN_REQUIRED("AliasName", STRING, REPLACEMENT),
    CFN_REQUIRED("TargetKeyId", STRING, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_kms_alias = {.name = "AWS::KMS::Alias",
                                          .property = alias_properties,
                                          .name_property = "AliasName",
                                          .create = create,
                                          .delete = destroy};
