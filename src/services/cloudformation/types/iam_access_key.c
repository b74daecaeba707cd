/*
 * AWS::IAM::AccessKey. The secret is told once, by create: the attributes keep it, and whoever
 * stores them must seal them.
 */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static bool set_status(struct wb_cfn_resource *r, struct wb_slice status)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_copy(&in, "UserName");
    cfn_put(&in, "AccessKeyId", r->physical_id);
    cfn_put(&in, "Status", status.n ? status : WB_S("Active"));
    return cfn_call(&in, "iam", "UpdateAccessKey", NULL);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_slice status = cfn_text(r, "Status");
    struct wb_json answer;
    if (!cfn_call_with(r, "iam", "CreateAccessKey", "UserName", cfn_text(r, "UserName"), &answer))
        return WB_CFN_FAILED;
    struct wb_json key = wb_json_get(answer, "AccessKey");
    r->physical_id = wb_json_get_str(key, "AccessKeyId", r->tx->arena);
    cfn_attributes_clear(r);
    cfn_attribute(r, "SecretAccessKey", wb_json_get_str(key, "SecretAccessKey", r->tx->arena));
    if (wb_slice_is(status, "Inactive") && !set_status(r, status))
        return WB_CFN_FAILED;
    return WB_CFN_DONE;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    return set_status(r, cfn_text(r, "Status")) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with2(r, "iam", "DeleteAccessKey", "UserName", cfn_text(r, "UserName"),
                          "AccessKeyId", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "NoSuchEntity");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "iam", "ListAccessKeys", "UserName", cfn_text(r, "UserName"), &answer))
        return cfn_unread(r, "NoSuchEntity");
    struct wb_json_iter it = wb_json_iter(wb_json_get(answer, "AccessKeyMetadata"));
    while (wb_json_next(&it)) {
        if (!wb_slice_eq(wb_json_get_str(it.value, "AccessKeyId", r->tx->arena), r->physical_id))
            continue;
        cfn_begin(&live, r);
        cfn_copy(&live, "Serial");
        cfn_put_json(&live, "UserName", wb_json_get(it.value, "UserName"));
        cfn_put_json(&live, "Status", wb_json_get(it.value, "Status"));
        r->live = cfn_end(&live);
        return WB_CFN_DONE;
    }
    return wb_cfn_absent(r);
}

static const struct wb_cfn_property properties[] = {
    CFN_P("Serial", INTEGER, REPLACEMENT),
    CFN_P("Status", STRING, IN_PLACE),
    CFN_REQUIRED("UserName", STRING, REPLACEMENT),
    CFN_END,
};

const struct wb_cfn_type cfn_iam_access_key = {.name = "AWS::IAM::AccessKey",
                                               .property = properties,
                                               .attribute = CFN_ATTRIBUTES("SecretAccessKey"),
                                               .create = create,
                                               .update = update,
                                               .delete = destroy,
                                               .read = read,
                                               .iam = true};
