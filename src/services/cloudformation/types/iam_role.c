/* AWS::IAM::Role. CloudFormation's own tags are not put on roles: IAM does not take them. */
#include "services/cloudformation/types/iam_kit.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_iam_kind *const kind = &cfn_iam_kind_role;
static const struct cfn_tagging tagging = {.service = "iam",
                                           .tag = "TagRole",
                                           .untag = "UntagRole",
                                           .resource = "RoleName",
                                           .tags = "Tags",
                                           .keys = "TagKeys"};

static void set_attributes(struct wb_cfn_resource *r, struct wb_json role)
{
    struct wb_arena *a = r->tx->arena;
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", wb_json_get_str(role, "Arn", a));
    cfn_attribute(r, "RoleId", wb_json_get_str(role, "RoleId", a));
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in in;
    r->physical_id = wb_cfn_name(r, 64, false);
    cfn_begin(&in, r);
    cfn_put(&in, "RoleName", r->physical_id);
    cfn_copy(&in, "Path", "Description", "MaxSessionDuration", "PermissionsBoundary");
    cfn_copy_text(&in, "AssumeRolePolicyDocument", "AssumeRolePolicyDocument");
    cfn_tags(&in, "Tags", CFN_TAG_LIST);
    if (!cfn_call(&in, "iam", "CreateRole", &answer) || !cfn_iam_policies(r, kind))
        return WB_CFN_FAILED;
    set_attributes(r, wb_json_get(answer, "Role"));
    return WB_CFN_DONE;
}

static bool update_details(struct wb_cfn_resource *r)
{
    struct wb_slice description = cfn_text(r, "Description");
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "RoleName", r->physical_id);
    cfn_put(&in, "Description", description.p ? description : WB_S(""));
    if (wb_json_is(cfn_prop(r, "MaxSessionDuration")))
        cfn_copy(&in, "MaxSessionDuration");
    else
        wb_jw_ki64(&in.w, "MaxSessionDuration", 3600);
    return cfn_call(&in, "iam", "UpdateRole", NULL);
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    static const char *const details[] = {"Description", "MaxSessionDuration", NULL};
    struct cfn_in in;
    if (cfn_any_changed(r, details) && !update_details(r))
        return WB_CFN_FAILED;
    cfn_begin(&in, r);
    cfn_put(&in, "RoleName", r->physical_id);
    cfn_copy_text(&in, "PolicyDocument", "AssumeRolePolicyDocument");
    if (cfn_changed(r, "AssumeRolePolicyDocument") &&
        !cfn_call(&in, "iam", "UpdateAssumeRolePolicy", NULL))
        return WB_CFN_FAILED;
    if (cfn_changed(r, "PermissionsBoundary") && !cfn_iam_boundary(r, kind))
        return WB_CFN_FAILED;
    return cfn_iam_policies(r, kind) && cfn_retag(r, &tagging, r->physical_id) ? WB_CFN_DONE
                                                                               : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_iam_strip(r, kind) &&
                   cfn_call_with(r, "iam", "DeleteRole", "RoleName", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "NoSuchEntity");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "iam", "GetRole", "RoleName", r->physical_id, &answer))
        return cfn_unread(r, "NoSuchEntity");
    struct wb_json role = wb_json_get(answer, "Role");
    set_attributes(r, role);
    cfn_begin(&live, r);
    cfn_put_json(&live, "RoleName", wb_json_get(role, "RoleName"));
    cfn_put_json(&live, "Path", wb_json_get(role, "Path"));
    cfn_put_json(&live, "Description", wb_json_get(role, "Description"));
    cfn_put_json(&live, "MaxSessionDuration", wb_json_get(role, "MaxSessionDuration"));
    wb_jw_kraw(&live.w, "AssumeRolePolicyDocument",
               cfn_iam_document(r, wb_json_get(role, "AssumeRolePolicyDocument")));
    cfn_put_json(&live, "PermissionsBoundary",
                 wb_json_get(wb_json_get(role, "PermissionsBoundary"), "PermissionsBoundaryArn"));
    if (!cfn_iam_live_policies(&live, kind))
        return WB_CFN_FAILED;
    cfn_live_tags(&live, cfn_attribute_of(r, "Arn"), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_REQUIRED("AssumeRolePolicyDocument", JSON, IN_PLACE),
    CFN_P("Description", STRING, IN_PLACE),
    CFN_P("ManagedPolicyArns", LIST, IN_PLACE),
    CFN_P("MaxSessionDuration", INTEGER, IN_PLACE),
    CFN_P("Path", STRING, REPLACEMENT),
    CFN_P("PermissionsBoundary", STRING, IN_PLACE),
    CFN_P("Policies", LIST, IN_PLACE),
    CFN_P("RoleName", STRING, REPLACEMENT),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_iam_role = {.name = "AWS::IAM::Role",
                                         .property = properties,
                                         .name_property = "RoleName",
                                         .identifier = "RoleName",
                                         .attribute = CFN_ATTRIBUTES("Arn", "RoleId"),
                                         .create = create,
                                         .update = update,
                                         .delete = destroy,
                                         .read = read,
                                         .iam = true};
