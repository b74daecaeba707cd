/* AWS::Logs::LogStream. Its physical id is its name, as on AWS; the group is in the properties. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    r->physical_id = wb_cfn_name(r, 512, false);
    cfn_begin(&in, r);
    cfn_copy_as(&in, "logGroupName", "LogGroupName");
    cfn_put(&in, "logStreamName", r->physical_id);
    return cfn_call(&in, "logs", "CreateLogStream", NULL) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_copy_as(&in, "logGroupName", "LogGroupName");
    cfn_put(&in, "logStreamName", r->physical_id);
    return cfn_call(&in, "logs", "DeleteLogStream", NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "ResourceNotFoundException");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in in, live;
    cfn_begin(&in, r);
    cfn_copy_as(&in, "logGroupName", "LogGroupName");
    cfn_put(&in, "logStreamNamePrefix", r->physical_id);
    if (!cfn_call(&in, "logs", "DescribeLogStreams", &answer))
        return cfn_unread(r, "ResourceNotFoundException");
    struct wb_json first = wb_json_item(wb_json_get(answer, "logStreams"), 0);
    if (!wb_slice_eq(wb_json_get_str(first, "logStreamName", r->tx->arena), r->physical_id))
        return wb_cfn_absent(r);
    cfn_begin(&live, r);
    cfn_copy(&live, "LogGroupName");
    cfn_put(&live, "LogStreamName", r->physical_id);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_REQUIRED("LogGroupName", STRING, REPLACEMENT),
    CFN_P("LogStreamName", STRING, REPLACEMENT),
    CFN_END,
};

const struct wb_cfn_type cfn_logs_log_stream = {.name = "AWS::Logs::LogStream",
                                                .property = properties,
                                                .name_property = "LogStreamName",
                                                .create = create,
                                                .delete = destroy,
                                                .read = read};
