/* AWS::Logs::LogGroup. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_tagging tagging = {.service = "logs",
                                           .tag = "TagResource",
                                           .untag = "UntagResource",
                                           .resource = "resourceArn",
                                           .tags = "tags",
                                           .keys = "tagKeys",
                                           .form = CFN_TAG_MAP};

static struct wb_slice arn_of(struct wb_cfn_resource *r)
{
    return cfn_arn(r, "logs", "log-group:%.*s:*", WB_FMT(r->physical_id));
}

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", arn_of(r));
}

static bool refused(struct wb_cfn_resource *r)
{
    struct wb_slice class = cfn_text(r, "LogGroupClass");
    if (class.n && !wb_slice_is(class, "STANDARD"))
        wb_cfn_fail(r, "InvalidRequest", "The log group class %.*s is not offered here",
                    WB_FMT(class));
    else
        return cfn_refused(r, "DataProtectionPolicy", "FieldIndexPolicies",
                           "DeletionProtectionEnabled", "ResourcePolicyDocument");
    return true;
}

static bool set_retention(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    if (!wb_json_is(cfn_prop(r, "RetentionInDays")))
        return cfn_call_with(r, "logs", "DeleteRetentionPolicy", "logGroupName", r->physical_id,
                             NULL);
    cfn_begin(&in, r);
    cfn_put(&in, "logGroupName", r->physical_id);
    cfn_copy_as(&in, "retentionInDays", "RetentionInDays");
    return cfn_call(&in, "logs", "PutRetentionPolicy", NULL);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    r->physical_id = wb_cfn_name(r, 512, false);
    if (refused(r))
        return WB_CFN_FAILED;
    cfn_begin(&in, r);
    cfn_put(&in, "logGroupName", r->physical_id);
    cfn_copy_as(&in, "kmsKeyId", "KmsKeyId");
    cfn_tags(&in, "tags", CFN_TAG_MAP);
    if (!cfn_call(&in, "logs", "CreateLogGroup", NULL))
        return WB_CFN_FAILED;
    if (wb_json_is(cfn_prop(r, "RetentionInDays")) && !set_retention(r))
        return WB_CFN_FAILED;
    cfn_system_tags(r, arn_of(r));
    set_attributes(r);
    return WB_CFN_DONE;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    struct wb_slice arn = arn_of(r);
    if (refused(r))
        return WB_CFN_FAILED;
    if (cfn_changed(r, "KmsKeyId"))
        return wb_cfn_fail(r, "InvalidRequest",
                           "A log group's KMS key cannot be changed here: replace the group");
    if (cfn_changed(r, "RetentionInDays") && !set_retention(r))
        return WB_CFN_FAILED;
    set_attributes(r);
    return cfn_retag(r, &tagging, wb_slice_sub(arn, 0, arn.n - 2)) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "logs", "DeleteLogGroup", "logGroupName", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "ResourceNotFoundException");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "logs", "DescribeLogGroups", "logGroupNamePrefix", r->physical_id,
                       &answer))
        return WB_CFN_FAILED;
    /* The group itself sorts before all that it is a prefix of. */
    struct wb_json g = wb_json_item(wb_json_get(answer, "logGroups"), 0);
    if (!wb_slice_eq(wb_json_get_str(g, "logGroupName", r->tx->arena), r->physical_id))
        return wb_cfn_absent(r);
    set_attributes(r);
    cfn_begin(&live, r);
    cfn_put(&live, "LogGroupName", r->physical_id);
    cfn_put_json(&live, "RetentionInDays", wb_json_get(g, "retentionInDays"));
    cfn_put_json(&live, "KmsKeyId", wb_json_get(g, "kmsKeyId"));
    cfn_put_json(&live, "LogGroupClass", wb_json_get(g, "logGroupClass"));
    cfn_live_tags(&live, arn_of(r), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("DataProtectionPolicy", JSON, IN_PLACE),
    CFN_P("DeletionProtectionEnabled", BOOLEAN, IN_PLACE),
    CFN_P("FieldIndexPolicies", LIST, IN_PLACE),
    CFN_P("KmsKeyId", STRING, IN_PLACE),
    CFN_P("LogGroupClass", STRING, IN_PLACE),
    CFN_P("LogGroupName", STRING, REPLACEMENT),
    CFN_P("ResourcePolicyDocument", JSON, IN_PLACE),
    CFN_P("RetentionInDays", INTEGER, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_logs_log_group = {.name = "AWS::Logs::LogGroup",
                                               .property = properties,
                                               .name_property = "LogGroupName",
                                               .identifier = "LogGroupName",
                                               .attribute = CFN_ATTRIBUTES("Arn"),
                                               .create = create,
                                               .update = update,
                                               .delete = destroy,
                                               .read = read};
