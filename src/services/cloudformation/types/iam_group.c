/* AWS::IAM::Group. */
#include "services/cloudformation/types/iam_kit.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_iam_kind *const kind = &cfn_iam_kind_group;

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", cfn_iam_arn(r, "group", r->physical_id));
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    r->physical_id = wb_cfn_name(r, 128, false);
    cfn_begin(&in, r);
    cfn_put(&in, "GroupName", r->physical_id);
    cfn_copy(&in, "Path");
    set_attributes(r);
    return cfn_call(&in, "iam", "CreateGroup", NULL) && cfn_iam_policies(r, kind) ? WB_CFN_DONE
                                                                                  : WB_CFN_FAILED;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    struct wb_slice path = cfn_text(r, "Path");
    if (cfn_changed(r, "Path") &&
        !cfn_call_with2(r, "iam", "UpdateGroup", "GroupName", r->physical_id, "NewPath",
                        path.n ? path : WB_S("/"), NULL))
        return WB_CFN_FAILED;
    set_attributes(r);
    return cfn_iam_policies(r, kind) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_iam_strip(r, kind) &&
                   cfn_call_with(r, "iam", "DeleteGroup", "GroupName", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "NoSuchEntity");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "iam", "GetGroup", "GroupName", r->physical_id, &answer))
        return cfn_unread(r, "NoSuchEntity");
    struct wb_json group = wb_json_get(answer, "Group");
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", wb_json_get_str(group, "Arn", r->tx->arena));
    cfn_begin(&live, r);
    cfn_put_json(&live, "GroupName", wb_json_get(group, "GroupName"));
    cfn_put_json(&live, "Path", wb_json_get(group, "Path"));
    if (!cfn_iam_live_policies(&live, kind))
        return WB_CFN_FAILED;
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("GroupName", STRING, REPLACEMENT),
    CFN_P("ManagedPolicyArns", LIST, IN_PLACE),
    CFN_P("Path", STRING, IN_PLACE),
    CFN_P("Policies", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_iam_group = {.name = "AWS::IAM::Group",
                                          .property = properties,
                                          .name_property = "GroupName",
                                          .identifier = "GroupName",
                                          .attribute = CFN_ATTRIBUTES("Arn"),
                                          .create = create,
                                          .update = update,
                                          .delete = destroy,
                                          .read = read,
                                          .iam = true};
