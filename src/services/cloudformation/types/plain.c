/* Types without anything behind them. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static enum wb_cfn_result named(struct wb_cfn_resource *r)
{
    r->physical_id = wb_cfn_name(r, 128, false);
    return WB_CFN_DONE;
}

static enum wb_cfn_result nothing(struct wb_cfn_resource *r)
{
    return WB_CFN_DONE;
}

/* What the CDK tells about itself. */
static const struct wb_cfn_property metadata[] = {
    CFN_P("Analytics", STRING, IN_PLACE),
    CFN_P("Modules", STRING, IN_PLACE), /* of older CDKs */
    CFN_END,
};

const struct wb_cfn_type cfn_cdk_metadata = {.name = "AWS::CDK::Metadata",
                                             .property = metadata,
                                             .create = named,
                                             .update = nothing,
                                             .delete = nothing};
