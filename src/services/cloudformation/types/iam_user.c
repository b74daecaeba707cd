/* AWS::IAM::User. */
#include "services/cloudformation/types/iam_kit.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_iam_kind *const kind = &cfn_iam_kind_user;
static const struct cfn_tagging tagging = {.service = "iam",
                                           .tag = "TagUser",
                                           .untag = "UntagUser",
                                           .resource = "UserName",
                                           .tags = "Tags",
                                           .keys = "TagKeys"};

/* Into the groups of `list` that are not in `but`, or out of them. */
static bool groups(struct wb_cfn_resource *r, bool in, struct wb_json list, struct wb_json but)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        if (cfn_has(but, it.value))
            continue;
        if (!cfn_call_with2(r, "iam", in ? "AddUserToGroup" : "RemoveUserFromGroup", "GroupName",
                            cfn_json_text(r->tx->arena, it.value), "UserName", r->physical_id,
                            NULL) &&
            (in || !wb_cfn_error_is(r, "NoSuchEntity")))
            return false;
    }
    return true;
}

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", cfn_iam_arn(r, "user", r->physical_id));
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    r->physical_id = wb_cfn_name(r, 64, false);
    if (cfn_refused(r, "LoginProfile"))
        return WB_CFN_FAILED;
    cfn_begin(&in, r);
    cfn_put(&in, "UserName", r->physical_id);
    cfn_copy(&in, "Path", "PermissionsBoundary");
    cfn_tags(&in, "Tags", CFN_TAG_LIST);
    if (!cfn_call(&in, "iam", "CreateUser", NULL) || !cfn_iam_policies(r, kind) ||
        !groups(r, true, cfn_prop(r, "Groups"), WB_JSON_NONE))
        return WB_CFN_FAILED;
    set_attributes(r);
    return WB_CFN_DONE;
}

static bool move(struct wb_cfn_resource *r)
{
    struct wb_slice path = cfn_text(r, "Path");
    return cfn_call_with2(r, "iam", "UpdateUser", "UserName", r->physical_id, "NewPath",
                          path.n ? path : WB_S("/"), NULL);
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    struct wb_json was = cfn_was(r, "Groups"), now = cfn_prop(r, "Groups");
    if (cfn_refused(r, "LoginProfile") || (cfn_changed(r, "Path") && !move(r)) ||
        (cfn_changed(r, "PermissionsBoundary") && !cfn_iam_boundary(r, kind)) ||
        !cfn_iam_policies(r, kind) || !groups(r, false, was, now) || !groups(r, true, now, was))
        return WB_CFN_FAILED;
    set_attributes(r);
    return cfn_retag(r, &tagging, r->physical_id) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return groups(r, false, cfn_prop(r, "Groups"), WB_JSON_NONE) && cfn_iam_strip(r, kind) &&
                   cfn_call_with(r, "iam", "DeleteUser", "UserName", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "NoSuchEntity");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer, groups;
    struct cfn_in live;
    if (!cfn_call_with(r, "iam", "GetUser", "UserName", r->physical_id, &answer))
        return cfn_unread(r, "NoSuchEntity");
    struct wb_json user = wb_json_get(answer, "User");
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", wb_json_get_str(user, "Arn", r->tx->arena));
    cfn_begin(&live, r);
    cfn_put_json(&live, "UserName", wb_json_get(user, "UserName"));
    cfn_put_json(&live, "Path", wb_json_get(user, "Path"));
    cfn_put_json(&live, "PermissionsBoundary",
                 wb_json_get(wb_json_get(user, "PermissionsBoundary"), "PermissionsBoundaryArn"));
    if (!cfn_iam_live_policies(&live, kind) ||
        !cfn_call_with(r, "iam", "ListGroupsForUser", "UserName", r->physical_id, &groups))
        return WB_CFN_FAILED;
    cfn_live_list(&live, "Groups", wb_json_get(groups, "Groups"), "GroupName", NULL);
    cfn_live_tags(&live, cfn_attribute_of(r, "Arn"), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("Groups", LIST, IN_PLACE),
    CFN_P("LoginProfile", OBJECT, IN_PLACE),
    CFN_P("ManagedPolicyArns", LIST, IN_PLACE),
    CFN_P("Path", STRING, IN_PLACE),
    CFN_P("PermissionsBoundary", STRING, IN_PLACE),
    CFN_P("Policies", LIST, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_P("UserName", STRING, REPLACEMENT),
    CFN_END,
};

const struct wb_cfn_type cfn_iam_user = {.name = "AWS::IAM::User",
                                         .property = properties,
                                         .name_property = "UserName",
                                         .identifier = "UserName",
                                         .attribute = CFN_ATTRIBUTES("Arn"),
                                         .create = create,
                                         .update = update,
                                         .delete = destroy,
                                         .read = read,
                                         .iam = true};
