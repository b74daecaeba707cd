/* AWS::CloudWatch::Dashboard. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static bool get(struct wb_cfn_resource *r, struct wb_json *answer)
{
    return cfn_call_with(r, "cloudwatch", "GetDashboard", "DashboardName", r->physical_id, answer);
}

static bool put(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "DashboardName", r->physical_id);
    cfn_copy(&in, "DashboardBody");
    return cfn_call(&in, "cloudwatch", "PutDashboard", NULL);
}

/* The code is ResourceNotFound in the newer protocols, DashboardNotFoundError in Query. */
static bool missing(const struct wb_cfn_resource *r)
{
    return wb_cfn_error_is(r, "ResourceNotFound") || wb_cfn_error_is(r, "DashboardNotFoundError");
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    r->physical_id = wb_cfn_name(r, 255, false);
    if (get(r, NULL))
        return wb_cfn_fail(r, "AlreadyExists", "%.*s already exists", WB_FMT(r->physical_id));
    return missing(r) && put(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    return put(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    wb_jw_key(&in.w, "DashboardNames");
    wb_jw_array(&in.w);
    wb_jw_str(&in.w, r->physical_id);
    wb_jw_end_array(&in.w);
    if (cfn_call(&in, "cloudwatch", "DeleteDashboards", NULL) || missing(r))
        return WB_CFN_DONE;
    return WB_CFN_FAILED;
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!get(r, &answer))
        return missing(r) ? wb_cfn_absent(r) : WB_CFN_FAILED;
    cfn_begin(&live, r);
    cfn_put(&live, "DashboardName", r->physical_id);
    cfn_put_json(&live, "DashboardBody", wb_json_get(answer, "DashboardBody"));
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_REQUIRED("DashboardBody", STRING, IN_PLACE),
    CFN_P("DashboardName", STRING, REPLACEMENT),
    CFN_END,
};

const struct wb_cfn_type cfn_cloudwatch_dashboard = {.name = "AWS::CloudWatch::Dashboard",
                                                     .property = properties,
                                                     .name_property = "DashboardName",
                                                     .identifier = "DashboardName",
                                                     .create = create,
                                                     .update = update,
                                                     .delete = destroy,
                                                     .read = read};
