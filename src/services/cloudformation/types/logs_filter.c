/* AWS::Logs::MetricFilter and AWS::Logs::SubscriptionFilter. Their physical id is the filter's
 * name, as on AWS; the group is in the properties. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

/* Group and filter, the input of deleting and the beginning of putting. */
static void begin(struct cfn_in *in, struct wb_cfn_resource *r)
{
    cfn_begin(in, r);
    cfn_copy_as(in, "logGroupName", "LogGroupName");
    cfn_put(in, "filterName", r->physical_id);
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r, const char *operation)
{
    struct cfn_in in;
    begin(&in, r);
    return cfn_call(&in, "logs", operation, NULL) ? WB_CFN_DONE
                                                  : cfn_gone(r, "ResourceNotFoundException");
}

/* The filter as it is, in `list` of the answer. */
static enum wb_cfn_result find(struct wb_cfn_resource *r, const char *operation, const char *list,
                               struct wb_json *filter)
{
    struct wb_json answer;
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_copy_as(&in, "logGroupName", "LogGroupName");
    cfn_put(&in, "filterNamePrefix", r->physical_id);
    if (!cfn_call(&in, "logs", operation, &answer))
        return cfn_unread(r, "ResourceNotFoundException");
    *filter = wb_json_item(wb_json_get(answer, list), 0);
    if (!wb_slice_eq(wb_json_get_str(*filter, "filterName", r->tx->arena), r->physical_id))
        return wb_cfn_absent(r);
    return WB_CFN_DONE;
}

/* Creating must not change a filter of the same name. */
static bool taken(struct wb_cfn_resource *r, const char *operation, const char *list)
{
    struct wb_json filter;
    if (find(r, operation, list, &filter) == WB_CFN_DONE)
        wb_cfn_fail(r, "AlreadyExists", "%.*s already exists", WB_FMT(r->physical_id));
    else if (wb_cfn_error_is(r, "NotFound"))
        return false;
    return true;
}

static void live_common(struct cfn_in *live, struct wb_cfn_resource *r, struct wb_json filter)
{
    cfn_begin(live, r);
    cfn_copy(live, "LogGroupName");
    cfn_put(live, "FilterName", r->physical_id);
    cfn_put_json(live, "FilterPattern", wb_json_get(filter, "filterPattern"));
}

/* --- metric filters --- */

static const struct {
    const char *property, *member;
} transformation[] = {{"MetricName", "metricName"},
                      {"MetricNamespace", "metricNamespace"},
                      {"MetricValue", "metricValue"},
                      {"DefaultValue", "defaultValue"},
                      {"Unit", "unit"}};
#define TRANSFORMATION (sizeof transformation / sizeof *transformation)

static void put_transformation(struct cfn_in *in, struct wb_json t)
{
    struct wb_arena *a = in->r->tx->arena;
    struct wb_json dims = wb_json_get(t, "Dimensions");
    struct wb_json_iter it = wb_json_iter(dims);
    wb_jw_object(&in->w);
    for (size_t i = 0; i < TRANSFORMATION; i++)
        cfn_put_json(in, transformation[i].member, wb_json_get(t, transformation[i].property));
    if (wb_json_count(dims)) {
        wb_jw_key(&in->w, "dimensions");
        wb_jw_object(&in->w);
        while (wb_json_next(&it)) {
            wb_jw_key_slice(&in->w, wb_json_get_str(it.value, "Key", a));
            wb_jw_str(&in->w, wb_json_get_str(it.value, "Value", a));
        }
        wb_jw_end_object(&in->w);
    }
    wb_jw_end_object(&in->w);
}

static bool refused(struct wb_cfn_resource *r)
{
    return cfn_refused(r, "ApplyOnTransformedLogs", "EmitSystemFieldDimensions",
                       "FieldSelectionCriteria");
}

static bool put_metric(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    struct wb_json_iter it = wb_json_iter(cfn_prop(r, "MetricTransformations"));
    if (refused(r))
        return false;
    begin(&in, r);
    cfn_copy_as(&in, "filterPattern", "FilterPattern");
    wb_jw_key(&in.w, "metricTransformations");
    wb_jw_array(&in.w);
    while (wb_json_next(&it))
        put_transformation(&in, it.value);
    wb_jw_end_array(&in.w);
    return cfn_call(&in, "logs", "PutMetricFilter", NULL);
}

static enum wb_cfn_result create_metric(struct wb_cfn_resource *r)
{
    r->physical_id = wb_cfn_name(r, 512, false);
    if (taken(r, "DescribeMetricFilters", "metricFilters"))
        return WB_CFN_FAILED;
    return put_metric(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result update_metric(struct wb_cfn_resource *r)
{
    return put_metric(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy_metric(struct wb_cfn_resource *r)
{
    return destroy(r, "DeleteMetricFilter");
}

static void live_transformation(struct cfn_in *live, struct wb_json t)
{
    struct wb_json dims = wb_json_get(t, "dimensions");
    struct wb_json_iter it = wb_json_iter(dims);
    wb_jw_key(&live->w, "MetricTransformations");
    wb_jw_array(&live->w);
    wb_jw_object(&live->w);
    for (size_t i = 0; i < TRANSFORMATION; i++)
        cfn_put_json(live, transformation[i].property, wb_json_get(t, transformation[i].member));
    if (wb_json_count(dims)) {
        wb_jw_key(&live->w, "Dimensions");
        wb_jw_array(&live->w);
        while (wb_json_next(&it)) {
            wb_jw_object(&live->w);
            wb_jw_kstr(&live->w, "Key", wb_json_str(it.key, live->r->tx->arena));
            cfn_put_json(live, "Value", it.value);
            wb_jw_end_object(&live->w);
        }
        wb_jw_end_array(&live->w);
    }
    wb_jw_end_object(&live->w);
    wb_jw_end_array(&live->w);
}

static enum wb_cfn_result read_metric(struct wb_cfn_resource *r)
{
    struct wb_json filter;
    struct cfn_in live;
    enum wb_cfn_result result = find(r, "DescribeMetricFilters", "metricFilters", &filter);
    if (result != WB_CFN_DONE)
        return result;
    live_common(&live, r, filter);
    live_transformation(&live, wb_json_item(wb_json_get(filter, "metricTransformations"), 0));
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property metric_properties[] = {
    CFN_P("ApplyOnTransformedLogs", BOOLEAN, IN_PLACE),
    CFN_P("EmitSystemFieldDimensions", LIST, IN_PLACE),
    CFN_P("FieldSelectionCriteria", STRING, IN_PLACE),
    CFN_P("FilterName", STRING, REPLACEMENT),
    CFN_REQUIRED("FilterPattern", STRING, IN_PLACE),
    CFN_REQUIRED("LogGroupName", STRING, REPLACEMENT),
    CFN_REQUIRED("MetricTransformations", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_logs_metric_filter = {.name = "AWS::Logs::MetricFilter",
                                                   .property = metric_properties,
                                                   .name_property = "FilterName",
                                                   .create = create_metric,
                                                   .update = update_metric,
                                                   .delete = destroy_metric,
                                                   .read = read_metric};

/* --- subscription filters --- */

static bool put_subscription(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    if (refused(r))
        return false;
    begin(&in, r);
    cfn_copy_as(&in, "filterPattern", "FilterPattern");
    cfn_copy_as(&in, "destinationArn", "DestinationArn");
    cfn_copy_as(&in, "roleArn", "RoleArn");
    cfn_copy_as(&in, "distribution", "Distribution");
    return cfn_call(&in, "logs", "PutSubscriptionFilter", NULL);
}

static enum wb_cfn_result create_subscription(struct wb_cfn_resource *r)
{
    r->physical_id = wb_cfn_name(r, 512, false);
    if (taken(r, "DescribeSubscriptionFilters", "subscriptionFilters"))
        return WB_CFN_FAILED;
    return put_subscription(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result update_subscription(struct wb_cfn_resource *r)
{
    return put_subscription(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy_subscription(struct wb_cfn_resource *r)
{
    return destroy(r, "DeleteSubscriptionFilter");
}

static enum wb_cfn_result read_subscription(struct wb_cfn_resource *r)
{
    struct wb_json filter;
    struct cfn_in live;
    enum wb_cfn_result result =
        find(r, "DescribeSubscriptionFilters", "subscriptionFilters", &filter);
    if (result != WB_CFN_DONE)
        return result;
    live_common(&live, r, filter);
    cfn_put_json(&live, "DestinationArn", wb_json_get(filter, "destinationArn"));
    cfn_put_json(&live, "Distribution", wb_json_get(filter, "distribution"));
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property subscription_properties[] = {
    CFN_P("ApplyOnTransformedLogs", BOOLEAN, IN_PLACE),
    CFN_REQUIRED("DestinationArn", STRING, IN_PLACE),
    CFN_P("Distribution", STRING, IN_PLACE),
    CFN_P("EmitSystemFieldDimensions", LIST, IN_PLACE),
    CFN_P("FieldSelectionCriteria", STRING, IN_PLACE),
    CFN_P("FilterName", STRING, REPLACEMENT),
    CFN_REQUIRED("FilterPattern", STRING, IN_PLACE),
    CFN_REQUIRED("LogGroupName", STRING, REPLACEMENT),
    CFN_P("RoleArn", STRING, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_logs_subscription_filter = {.name = "AWS::Logs::SubscriptionFilter",
                                                         .property = subscription_properties,
                                                         .name_property = "FilterName",
                                                         .create = create_subscription,
                                                         .update = update_subscription,
                                                         .delete = destroy_subscription,
                                                         .read = read_subscription};
