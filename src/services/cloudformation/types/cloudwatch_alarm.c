/* AWS::CloudWatch::Alarm and AWS::CloudWatch::CompositeAlarm: their properties are the members of
 * the operation that puts them. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_tagging tagging = {.service = "cloudwatch",
                                           .tag = "TagResource",
                                           .untag = "UntagResource",
                                           .resource = "ResourceARN",
                                           .tags = "Tags",
                                           .keys = "TagKeys"};

static bool composite(const struct wb_cfn_resource *r)
{
    return r->of == &cfn_cloudwatch_composite_alarm;
}

static struct wb_slice arn_of(const struct wb_cfn_resource *r)
{
    return cfn_arn(r, "cloudwatch", "alarm:%.*s", WB_FMT(r->physical_id));
}

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", arn_of(r));
}

static bool describe(struct wb_cfn_resource *r, struct wb_json *alarm)
{
    struct wb_json answer;
    struct cfn_in in;
    cfn_begin(&in, r);
    wb_jw_key(&in.w, "AlarmNames");
    wb_jw_array(&in.w);
    wb_jw_str(&in.w, r->physical_id);
    wb_jw_end_array(&in.w);
    wb_jw_kraw(&in.w, "AlarmTypes", WB_S("[\"MetricAlarm\",\"CompositeAlarm\"]"));
    if (!cfn_call(&in, "cloudwatch", "DescribeAlarms", &answer))
        return false;
    struct wb_json metric = wb_json_item(wb_json_get(answer, "MetricAlarms"), 0);
    *alarm = wb_json_is(metric) ? metric : wb_json_item(wb_json_get(answer, "CompositeAlarms"), 0);
    return true;
}

static bool put(struct wb_cfn_resource *r, bool tags)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "AlarmName", r->physical_id);
    for (const struct wb_cfn_property *p = r->of->property; p->name; p++)
        if (strcmp(p->name, "AlarmName") != 0 && strcmp(p->name, "Tags") != 0)
            cfn_copy_as(&in, p->name, p->name);
    if (tags)
        cfn_tags(&in, "Tags", CFN_TAG_LIST);
    return cfn_call(&in, "cloudwatch", composite(r) ? "PutCompositeAlarm" : "PutMetricAlarm", NULL);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_json there;
    r->physical_id = wb_cfn_name(r, 255, false);
    if (!describe(r, &there))
        return WB_CFN_FAILED;
    if (wb_json_is(there))
        return wb_cfn_fail(r, "AlreadyExists", "%.*s already exists", WB_FMT(r->physical_id));
    if (!put(r, true))
        return WB_CFN_FAILED;
    set_attributes(r);
    cfn_system_tags(r, arn_of(r));
    return WB_CFN_DONE;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    set_attributes(r);
    return put(r, false) && cfn_retag(r, &tagging, arn_of(r)) ? WB_CFN_DONE : WB_CFN_FAILED;
}

/* DeleteAlarms does not mind names that are not there. */
static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    wb_jw_key(&in.w, "AlarmNames");
    wb_jw_array(&in.w);
    wb_jw_str(&in.w, r->physical_id);
    wb_jw_end_array(&in.w);
    return cfn_call(&in, "cloudwatch", "DeleteAlarms", NULL) ? WB_CFN_DONE
                                                             : cfn_gone(r, "ResourceNotFound");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json alarm;
    struct cfn_in live;
    if (!describe(r, &alarm))
        return WB_CFN_FAILED;
    if (!wb_json_is(alarm))
        return wb_cfn_absent(r);
    set_attributes(r);
    cfn_begin(&live, r);
    for (const struct wb_cfn_property *p = r->of->property; p->name; p++)
        if (strcmp(p->name, "Tags") != 0)
            cfn_put_json(&live, p->name, wb_json_get(alarm, p->name));
    cfn_live_tags(&live, arn_of(r), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property metric_properties[] = {
    CFN_P("ActionsEnabled", BOOLEAN, IN_PLACE),
    CFN_P("AlarmActions", LIST, IN_PLACE),
    CFN_P("AlarmDescription", STRING, IN_PLACE),
    CFN_P("AlarmName", STRING, REPLACEMENT),
    CFN_REQUIRED("ComparisonOperator", STRING, IN_PLACE),
    CFN_P("DatapointsToAlarm", INTEGER, IN_PLACE),
    CFN_P("Dimensions", LIST, IN_PLACE),
    CFN_P("EvaluateLowSampleCountPercentile", STRING, IN_PLACE),
    CFN_REQUIRED("EvaluationPeriods", INTEGER, IN_PLACE),
    CFN_P("ExtendedStatistic", STRING, IN_PLACE),
    CFN_P("InsufficientDataActions", LIST, IN_PLACE),
    CFN_P("MetricName", STRING, IN_PLACE),
    CFN_P("Metrics", LIST, IN_PLACE),
    CFN_P("Namespace", STRING, IN_PLACE),
    CFN_P("OKActions", LIST, IN_PLACE),
    CFN_P("Period", INTEGER, IN_PLACE),
    CFN_P("Statistic", STRING, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_P("Threshold", DOUBLE, IN_PLACE),
    CFN_P("ThresholdMetricId", STRING, IN_PLACE),
    CFN_P("TreatMissingData", STRING, IN_PLACE),
    CFN_P("Unit", STRING, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_cloudwatch_alarm = {.name = "AWS::CloudWatch::Alarm",
                                                 .property = metric_properties,
                                                 .name_property = "AlarmName",
                                                 .identifier = "AlarmName",
                                                 .attribute = CFN_ATTRIBUTES("Arn"),
                                                 .create = create,
                                                 .update = update,
                                                 .delete = destroy,
                                                 .read = read};

static const struct wb_cfn_property composite_properties[] = {
    CFN_P("ActionsEnabled", BOOLEAN, IN_PLACE),
    CFN_P("ActionsSuppressor", STRING, IN_PLACE),
    CFN_P("ActionsSuppressorExtensionPeriod", INTEGER, IN_PLACE),
    CFN_P("ActionsSuppressorWaitPeriod", INTEGER, IN_PLACE),
    CFN_P("AlarmActions", LIST, IN_PLACE),
    CFN_P("AlarmDescription", STRING, IN_PLACE),
    CFN_P("AlarmName", STRING, REPLACEMENT),
    CFN_REQUIRED("AlarmRule", STRING, IN_PLACE),
    CFN_P("InsufficientDataActions", LIST, IN_PLACE),
    CFN_P("OKActions", LIST, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_cloudwatch_composite_alarm = {.name =
                                                               "AWS::CloudWatch::CompositeAlarm",
                                                           .property = composite_properties,
                                                           .name_property = "AlarmName",
                                                           .identifier = "AlarmName",
                                                           .attribute = CFN_ATTRIBUTES("Arn"),
                                                           .create = create,
                                                           .update = update,
                                                           .delete = destroy,
                                                           .read = read};
