/*
 * What the CDK's handler does (aws-logs, LogRetention): makes the group when it is not there, sets
 * or removes its retention; deletes it only with RemovalPolicy "destroy". The physical id is the
 * group's name.
 */
#include "services/cloudformation/types/log_retention.h"
#include "engine/engine.h"
#include "services/cloudformation/types/lambda_code.h"

bool cfn_log_retention_here(struct wb_cfn_resource *r)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_json f;
    if (!wb_slice_is(r->type, "Custom::LogRetention") ||
        !cfn_call_with(r, "lambda", "GetFunctionConfiguration", "FunctionName",
                       cfn_text(r, "ServiceToken"), &f))
        return false;
    return wb_slice_eq(wb_json_get_str(f, "CodeSha256", a), cfn_code_stand_in_sha256(a)) ||
           (wb_slice_starts(wb_json_get_str(f, "Runtime", a), WB_S("nodejs")) &&
            !wb_engine_node(r->tx->engine));
}

/* The calls go to the group's region. */
static bool in_region(struct wb_cfn_resource *r, bool (*fn)(struct wb_cfn_resource *r))
{
    struct wb_slice region = cfn_text(r, "LogGroupRegion");
    const struct wb_ctx *own = r->ctx;
    struct wb_ctx there = *own;
    if (region.n)
        there.region = region;
    r->ctx = &there;
    bool done = fn(r);
    r->ctx = own;
    return done;
}

static bool put(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    if (!cfn_call_with(r, "logs", "CreateLogGroup", "logGroupName", r->physical_id, NULL) &&
        !wb_cfn_error_is(r, "ResourceAlreadyExistsException"))
        return false;
    if (!wb_json_is(cfn_prop(r, "RetentionInDays")))
        return cfn_call_with(r, "logs", "DeleteRetentionPolicy", "logGroupName", r->physical_id,
                             NULL);
    cfn_begin(&in, r);
    cfn_put(&in, "logGroupName", r->physical_id);
    cfn_copy_as(&in, "retentionInDays", "RetentionInDays");
    return cfn_call(&in, "logs", "PutRetentionPolicy", NULL);
}

enum wb_cfn_result cfn_log_retention_put(struct wb_cfn_resource *r)
{
    struct wb_slice name = cfn_text(r, "LogGroupName");
    if (!name.n)
        return wb_cfn_fail(r, "ValidationError", "LogGroupName must be given");
    r->physical_id = name;
    cfn_attributes_clear(r);
    cfn_attribute(r, "LogGroupName", name);
    return in_region(r, put) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static bool remove_group(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "logs", "DeleteLogGroup", "logGroupName", r->physical_id, NULL) ||
           wb_cfn_error_is(r, "ResourceNotFoundException");
}

enum wb_cfn_result cfn_log_retention_delete(struct wb_cfn_resource *r)
{
    if (!wb_slice_is(cfn_text(r, "RemovalPolicy"), "destroy"))
        return WB_CFN_DONE;
    return in_region(r, remove_group) ? WB_CFN_DONE : WB_CFN_FAILED;
}
