/*
 * AWS::IAM::RolePolicy, AWS::IAM::UserPolicy, AWS::IAM::GroupPolicy: one inline policy of one
 * entity. The physical id is "POLICY|ENTITY".
 */
#include "services/cloudformation/types/iam_kit.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_iam_kind *kind_of(const struct wb_cfn_resource *r)
{
    const char *name = r->of->name;
    return strstr(name, "::Role")   ? &cfn_iam_kind_role
           : strstr(name, "::User") ? &cfn_iam_kind_user
                                    : &cfn_iam_kind_group;
}

static void split(struct wb_cfn_resource *r, struct wb_slice *policy, struct wb_slice *entity)
{
    *entity = r->physical_id;
    *policy = wb_slice_cut(entity, '|');
}

static enum wb_cfn_result put(struct wb_cfn_resource *r)
{
    const struct cfn_iam_kind *k = kind_of(r);
    struct wb_slice policy = cfn_text(r, "PolicyName"), entity = cfn_text(r, k->member);
    struct wb_slice document = cfn_text(r, "PolicyDocument");
    r->physical_id = wb_printf(r->tx->arena, "%.*s|%.*s", WB_FMT(policy), WB_FMT(entity));
    if (!document.p)
        return wb_cfn_fail(r, "ValidationError", "PolicyDocument must be given");
    return cfn_iam_put_inline(r, k, entity, policy, document) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    struct wb_slice policy, entity;
    split(r, &policy, &entity);
    return cfn_iam_delete_inline(r, kind_of(r), entity, policy) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    const struct cfn_iam_kind *k = kind_of(r);
    struct wb_slice policy, entity;
    struct wb_json answer;
    struct cfn_in in, live;
    split(r, &policy, &entity);
    cfn_begin(&in, r);
    cfn_put(&in, k->member, entity);
    cfn_put(&in, "PolicyName", policy);
    if (!cfn_iam_call(&in, "Get", k, "Policy", &answer))
        return cfn_unread(r, "NoSuchEntity");
    cfn_begin(&live, r);
    cfn_put(&live, k->member, entity);
    cfn_put(&live, "PolicyName", policy);
    wb_jw_kraw(&live.w, "PolicyDocument",
               cfn_iam_document(r, wb_json_get(answer, "PolicyDocument")));
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

#define INLINE(id, title, member)                                                                  \
    static const struct wb_cfn_property id##_properties[] = {                                      \
        CFN_REQUIRED(member, STRING, REPLACEMENT),                                                 \
        CFN_P("PolicyDocument", JSON, IN_PLACE),                                                   \
        CFN_REQUIRED("PolicyName", STRING, REPLACEMENT),                                           \
        CFN_END,                                                                                   \
    };                                                                                             \
    const struct wb_cfn_type id = {.name = title,                                                  \
                                   .property = id##_properties,                                    \
                                   .create = put,                                                  \
                                   .update = put,                                                  \
                                   .delete = destroy,                                              \
                                   .read = read,                                                   \
                                   .iam = true}

INLINE(cfn_iam_group_policy, "AWS::IAM::GroupPolicy", "GroupName");
INLINE(cfn_iam_role_policy, "AWS::IAM::RolePolicy", "RoleName");
INLINE(cfn_iam_user_policy, "AWS::IAM::UserPolicy", "UserName");
