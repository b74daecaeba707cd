/*
 * AWS::Lambda::Permission: a statement of a function's policy. Its id is generated, so two equal
 * ones live side by side.
 */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Id", r->physical_id);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    r->physical_id = wb_cfn_name(r, 100, false);
    if (cfn_refused(r, "InvokedViaFunctionUrl"))
        return WB_CFN_FAILED;
    cfn_begin(&in, r);
    cfn_put(&in, "StatementId", r->physical_id);
    cfn_copy(&in, "FunctionName", "Action", "Principal", "SourceArn", "SourceAccount",
             "EventSourceToken", "PrincipalOrgID", "FunctionUrlAuthType");
    if (!cfn_call(&in, "lambda", "AddPermission", NULL))
        return WB_CFN_FAILED;
    set_attributes(r);
    return WB_CFN_DONE;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with2(r, "lambda", "RemovePermission", "FunctionName",
                          cfn_text(r, "FunctionName"), "StatementId", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "ResourceNotFoundException");
}

/* The statement as properties; the function is told as the template names it. */
static struct wb_slice live_of(struct wb_cfn_resource *r, struct wb_json s)
{
    struct wb_json condition = wb_json_get(s, "Condition"),
                   equals = wb_json_get(condition, "StringEquals");
    struct wb_json principal = wb_json_get(s, "Principal");
    struct wb_slice aws = wb_json_get_str(principal, "AWS", r->tx->arena),
                    wanted = cfn_text(r, "Principal");
    struct cfn_in live;
    cfn_begin(&live, r);
    cfn_copy(&live, "FunctionName");
    cfn_put_json(&live, "Action", wb_json_get(s, "Action"));
    if (wb_json_type(principal) == WB_JSON_STRING)
        cfn_put_json(&live, "Principal", principal);
    else if (aws.n) /* an account's number became its root's ARN */
        cfn_put(&live, "Principal", wb_slice_find(aws, wanted, 0) >= 0 ? wanted : aws);
    else
        cfn_put_json(&live, "Principal", wb_json_get(principal, "Service"));
    cfn_put_json(&live, "SourceArn",
                 wb_json_get(wb_json_get(condition, "ArnLike"), "AWS:SourceArn"));
    cfn_put_json(&live, "SourceAccount", wb_json_get(equals, "AWS:SourceAccount"));
    cfn_put_json(&live, "EventSourceToken", wb_json_get(equals, "lambda:EventSourceToken"));
    cfn_put_json(&live, "PrincipalOrgID", wb_json_get(equals, "aws:PrincipalOrgID"));
    cfn_put_json(&live, "FunctionUrlAuthType", wb_json_get(equals, "lambda:FunctionUrlAuthType"));
    return cfn_end(&live);
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_json answer;
    if (!cfn_call_with(r, "lambda", "GetPolicy", "FunctionName", cfn_text(r, "FunctionName"),
                       &answer))
        return cfn_unread(r, "ResourceNotFoundException");
    struct wb_json policy = wb_json_read(a, wb_json_get_str(answer, "Policy", a), NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_get(policy, "Statement"));
    while (wb_json_next(&it)) {
        if (!wb_slice_eq(wb_json_get_str(it.value, "Sid", a), r->physical_id))
            continue;
        set_attributes(r);
        r->live = live_of(r, it.value);
        return WB_CFN_DONE;
    }
    return wb_cfn_absent(r);
}

static const struct wb_cfn_property properties[] = {
    CFN_REQUIRED("Action", STRING, REPLACEMENT),
    CFN_P("EventSourceToken", STRING, REPLACEMENT),
    CFN_REQUIRED("FunctionName", STRING, REPLACEMENT),
    CFN_P("FunctionUrlAuthType", STRING, REPLACEMENT),
    CFN_P("InvokedViaFunctionUrl", BOOLEAN, REPLACEMENT),
    CFN_REQUIRED("Principal", STRING, REPLACEMENT),
    CFN_P("PrincipalOrgID", STRING, REPLACEMENT),
    CFN_P("SourceAccount", STRING, REPLACEMENT),
    CFN_P("SourceArn", STRING, REPLACEMENT),
    CFN_END,
};

const struct wb_cfn_type cfn_lambda_permission = {.name = "AWS::Lambda::Permission",
                                                  .property = properties,
                                                  .attribute = CFN_ATTRIBUTES("Id"),
                                                  .create = create,
                                                  .delete = destroy,
                                                  .read = read};
