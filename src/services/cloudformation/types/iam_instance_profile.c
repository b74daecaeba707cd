/* AWS::IAM::InstanceProfile. */
#include "services/cloudformation/types/iam_kit.h"
#include "services/cloudformation/types/types.h"

static bool role(struct wb_cfn_resource *r, bool add, struct wb_json name)
{
    if (!wb_json_is(name))
        return true;
    return cfn_call_with2(r, "iam",
                          add ? "AddRoleToInstanceProfile" : "RemoveRoleFromInstanceProfile",
                          "InstanceProfileName", r->physical_id, "RoleName",
                          cfn_json_text(r->tx->arena, name), NULL) ||
           (!add && wb_cfn_error_is(r, "NoSuchEntity"));
}

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", cfn_iam_arn(r, "instance-profile", r->physical_id));
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    r->physical_id = wb_cfn_name(r, 128, false);
    cfn_begin(&in, r);
    cfn_put(&in, "InstanceProfileName", r->physical_id);
    cfn_copy(&in, "Path");
    set_attributes(r);
    if (wb_json_count(cfn_prop(r, "Roles")) > 1)
        return wb_cfn_fail(r, "ValidationError", "An instance profile has at most one role");
    return cfn_call(&in, "iam", "CreateInstanceProfile", NULL) &&
                   role(r, true, wb_json_item(cfn_prop(r, "Roles"), 0))
               ? WB_CFN_DONE
               : WB_CFN_FAILED;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    if (!cfn_changed(r, "Roles"))
        return WB_CFN_DONE;
    return role(r, false, wb_json_item(cfn_was(r, "Roles"), 0)) &&
                   role(r, true, wb_json_item(cfn_prop(r, "Roles"), 0))
               ? WB_CFN_DONE
               : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return role(r, false, wb_json_item(cfn_prop(r, "Roles"), 0)) &&
                   cfn_call_with(r, "iam", "DeleteInstanceProfile", "InstanceProfileName",
                                 r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "NoSuchEntity");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "iam", "GetInstanceProfile", "InstanceProfileName", r->physical_id,
                       &answer))
        return cfn_unread(r, "NoSuchEntity");
    struct wb_json profile = wb_json_get(answer, "InstanceProfile");
    struct wb_json first = wb_json_item(wb_json_get(profile, "Roles"), 0);
    set_attributes(r);
    cfn_begin(&live, r);
    cfn_put_json(&live, "InstanceProfileName", wb_json_get(profile, "InstanceProfileName"));
    cfn_put_json(&live, "Path", wb_json_get(profile, "Path"));
    wb_jw_key(&live.w, "Roles");
    wb_jw_array(&live.w);
    if (wb_json_is(first))
        wb_jw_raw(&live.w, wb_json_raw(wb_json_get(first, "RoleName")));
    wb_jw_end_array(&live.w);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("InstanceProfileName", STRING, REPLACEMENT),
    CFN_P("Path", STRING, REPLACEMENT),
    CFN_REQUIRED("Roles", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_iam_instance_profile = {.name = "AWS::IAM::InstanceProfile",
                                                     .property = properties,
                                                     .name_property = "InstanceProfileName",
                                                     .identifier = "InstanceProfileName",
                                                     .attribute = CFN_ATTRIBUTES("Arn"),
                                                     .create = create,
                                                     .update = update,
                                                     .delete = destroy,
                                                     .read = read,
                                                     .iam = true};
