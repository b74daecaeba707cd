/*
 * AWS::IAM::ManagedPolicy. A changed document is a new version; the oldest other one goes when
 * there is no room.
 */
#include "services/cloudformation/types/iam_kit.h"
#include "services/cloudformation/types/types.h"

#define VERSIONS_MAX 5 /* IAM's quota */

static const struct {
    const char *property, *list, *name;
    const struct cfn_iam_kind *kind;
} owners[] = {{"Groups", "PolicyGroups", "GroupName", &cfn_iam_kind_group},
              {"Roles", "PolicyRoles", "RoleName", &cfn_iam_kind_role},
              {"Users", "PolicyUsers", "UserName", &cfn_iam_kind_user}};
#define OWNERS (sizeof owners / sizeof *owners)

static bool attach_all(struct wb_cfn_resource *r, bool attach, struct wb_json from,
                       struct wb_json but)
{
    for (size_t i = 0; i < OWNERS; i++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(from, owners[i].property));
        while (wb_json_next(&it)) {
            struct wb_slice entity = cfn_json_text(r->tx->arena, it.value);
            if (cfn_has(wb_json_get(but, owners[i].property), it.value))
                continue;
            if (!(attach ? cfn_iam_attach(r, owners[i].kind, entity, r->physical_id)
                         : cfn_iam_detach(r, owners[i].kind, entity, r->physical_id)))
                return false;
        }
    }
    return true;
}

static bool get_policy(struct wb_cfn_resource *r, struct wb_json *policy)
{
    static const char *const names[] = {"AttachmentCount",
                                        "CreateDate",
                                        "DefaultVersionId",
                                        "IsAttachable",
                                        "PermissionsBoundaryUsageCount",
                                        "PolicyId",
                                        "UpdateDate"};
    struct wb_json answer;
    if (!cfn_call_with(r, "iam", "GetPolicy", "PolicyArn", r->physical_id, &answer))
        return false;
    *policy = wb_json_get(answer, "Policy");
    cfn_attributes_clear(r);
    cfn_attribute(r, "PolicyArn", r->physical_id);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cfn_attribute(r, names[i], cfn_json_text(r->tx->arena, wb_json_get(*policy, names[i])));
    return true;
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_json answer, policy;
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "PolicyName", wb_cfn_name(r, 128, false));
    cfn_copy(&in, "Path", "Description");
    cfn_copy_text(&in, "PolicyDocument", "PolicyDocument");
    if (!cfn_call(&in, "iam", "CreatePolicy", &answer))
        return WB_CFN_FAILED;
    r->physical_id = wb_json_get_str(wb_json_get(answer, "Policy"), "Arn", r->tx->arena);
    return attach_all(r, true, r->properties, WB_JSON_NONE) && get_policy(r, &policy)
               ? WB_CFN_DONE
               : WB_CFN_FAILED;
}

static bool versions(struct wb_cfn_resource *r, struct wb_json *list)
{
    struct wb_json answer;
    if (!cfn_call_with(r, "iam", "ListPolicyVersions", "PolicyArn", r->physical_id, &answer))
        return false;
    *list = wb_json_get(answer, "Versions");
    return true;
}

/* Deletes other versions than the default one; newest first in the list. Leaves `keep`. */
static bool thin(struct wb_cfn_resource *r, uint32_t keep)
{
    struct wb_json list;
    if (!versions(r, &list))
        return false;
    uint32_t left = wb_json_count(list);
    for (uint32_t i = left; i-- > 0 && left > keep;) {
        struct wb_json v = wb_json_item(list, i);
        if (cfn_is_true(wb_json_get(v, "IsDefaultVersion")))
            continue;
        if (!cfn_call_with2(r, "iam", "DeletePolicyVersion", "PolicyArn", r->physical_id,
                            "VersionId", wb_json_get_str(v, "VersionId", r->tx->arena), NULL))
            return false;
        left--;
    }
    return true;
}

static bool new_version(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    if (!thin(r, VERSIONS_MAX - 1))
        return false;
    cfn_begin(&in, r);
    cfn_put(&in, "PolicyArn", r->physical_id);
    cfn_copy_text(&in, "PolicyDocument", "PolicyDocument");
    wb_jw_kbool(&in.w, "SetAsDefault", true);
    return cfn_call(&in, "iam", "CreatePolicyVersion", NULL);
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    struct wb_json policy;
    if (cfn_changed(r, "PolicyDocument") && !new_version(r))
        return WB_CFN_FAILED;
    return attach_all(r, false, r->before, r->properties) &&
                   attach_all(r, true, r->properties, r->before) && get_policy(r, &policy)
               ? WB_CFN_DONE
               : WB_CFN_FAILED;
}

/* Whoever attached it. */
static bool detach_from_all(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    if (!cfn_call_with(r, "iam", "ListEntitiesForPolicy", "PolicyArn", r->physical_id, &answer))
        return false;
    for (size_t i = 0; i < OWNERS; i++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(answer, owners[i].list));
        while (wb_json_next(&it))
            if (!cfn_iam_detach(r, owners[i].kind,
                                wb_json_get_str(it.value, owners[i].name, r->tx->arena),
                                r->physical_id))
                return false;
    }
    return true;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    if (!detach_from_all(r) || !thin(r, 1) ||
        !cfn_call_with(r, "iam", "DeletePolicy", "PolicyArn", r->physical_id, NULL))
        return cfn_gone(r, "NoSuchEntity");
    return WB_CFN_DONE;
}

static bool live_owners(struct cfn_in *live)
{
    struct wb_cfn_resource *r = live->r;
    struct wb_json answer;
    if (!cfn_call_with(r, "iam", "ListEntitiesForPolicy", "PolicyArn", r->physical_id, &answer))
        return false;
    for (size_t i = 0; i < OWNERS; i++)
        cfn_live_list(live, owners[i].property, wb_json_get(answer, owners[i].list), owners[i].name,
                      NULL);
    return true;
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json policy, version;
    struct cfn_in live;
    if (!get_policy(r, &policy))
        return cfn_unread(r, "NoSuchEntity");
    if (!cfn_call_with2(r, "iam", "GetPolicyVersion", "PolicyArn", r->physical_id, "VersionId",
                        cfn_attribute_of(r, "DefaultVersionId"), &version))
        return WB_CFN_FAILED;
    cfn_begin(&live, r);
    cfn_put_json(&live, "ManagedPolicyName", wb_json_get(policy, "PolicyName"));
    cfn_put_json(&live, "Path", wb_json_get(policy, "Path"));
    cfn_put_json(&live, "Description", wb_json_get(policy, "Description"));
    wb_jw_kraw(&live.w, "PolicyDocument",
               cfn_iam_document(r, wb_json_get(wb_json_get(version, "PolicyVersion"), "Document")));
    if (!live_owners(&live))
        return WB_CFN_FAILED;
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("Description", STRING, REPLACEMENT),
    CFN_P("Groups", LIST, IN_PLACE),
    CFN_P("ManagedPolicyName", STRING, REPLACEMENT),
    CFN_P("Path", STRING, REPLACEMENT),
    CFN_REQUIRED("PolicyDocument", JSON, IN_PLACE),
    CFN_P("Roles", LIST, IN_PLACE),
    CFN_P("Users", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_iam_managed_policy = {
    .name = "AWS::IAM::ManagedPolicy",
    .property = properties,
    .name_property = "ManagedPolicyName",
    .identifier = "PolicyArn",
    .attribute =
        CFN_ATTRIBUTES("AttachmentCount", "CreateDate", "DefaultVersionId", "IsAttachable",
                       "PermissionsBoundaryUsageCount", "PolicyArn", "PolicyId", "UpdateDate"),
    .create = create,
    .update = update,
    .delete = destroy,
    .read = read,
    .iam = true};
