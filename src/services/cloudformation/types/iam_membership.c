/* AWS::IAM::UserToGroupAddition. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

/* The users of `from` that are not in `but`, into or out of the group named there. */
static bool members(struct wb_cfn_resource *r, bool in, struct wb_json from, struct wb_json but)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_slice group = cfn_json_text(a, wb_json_get(from, "GroupName"));
    struct wb_json_iter it = wb_json_iter(wb_json_get(from, "Users"));
    while (wb_json_next(&it)) {
        if (cfn_has(wb_json_get(but, "Users"), it.value))
            continue;
        if (!cfn_call_with2(r, "iam", in ? "AddUserToGroup" : "RemoveUserFromGroup", "GroupName",
                            group, "UserName", cfn_json_text(a, it.value), NULL) &&
            (in || !wb_cfn_error_is(r, "NoSuchEntity")))
            return false;
    }
    return true;
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    r->physical_id = wb_cfn_name(r, 128, false);
    cfn_attributes_clear(r);
    cfn_attribute(r, "Id", r->physical_id);
    return members(r, true, r->properties, WB_JSON_NONE) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    bool moved = cfn_changed(r, "GroupName");
    return members(r, true, r->properties, moved ? WB_JSON_NONE : r->before) &&
                   members(r, false, r->before, moved ? WB_JSON_NONE : r->properties)
               ? WB_CFN_DONE
               : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return members(r, false, r->properties, WB_JSON_NONE) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static const struct wb_cfn_property properties[] = {
    CFN_REQUIRED("GroupName", STRING, IN_PLACE),
    CFN_REQUIRED("Users", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_iam_user_to_group_addition = {.name = "AWS::IAM::UserToGroupAddition",
                                                           .property = properties,
                                                           .attribute = CFN_ATTRIBUTES("Id"),
                                                           .create = create,
                                                           .update = update,
                                                           .delete = destroy,
                                                           .iam = true};
