/* The operation table of X-Ray, what its calls need to be allowed, and the module. */
#include "services/xray/xray.h"

/* --- authorization (Service Authorization Reference, "AWS X-Ray") --- */

/* The id at the end of a group's ARN is not known by its name alone. */
static void of_group(struct wb_call *c)
{
    struct wb_slice arn = wb_in_str(c, "GroupARN"), name = wb_in_str(c, "GroupName");
    wb_call_resource(c, arn.p ? arn
                              : wb_arn_make(c->arena, "xray", c->ctx.region, c->ctx.account,
                                            "group/%.*s/*", WB_FMT(name)));
}

static void of_new_group(struct wb_call *c)
{
    of_group(c);
    if (wb_json_count(wb_in(c, "Tags")))
        wb_call_also(c, "xray:TagResource", c->need[0].resource);
}

static void of_rule_in(struct wb_call *c, struct wb_json in)
{
    struct wb_slice arn = wb_json_get_str(in, "RuleARN", c->arena),
                    name = wb_json_get_str(in, "RuleName", c->arena);
    wb_call_resource(c, arn.p ? arn : xray_rule_arn(c->arena, c->ctx.region, c->ctx.account, name));
}

static void of_new_rule(struct wb_call *c)
{
    of_rule_in(c, wb_in(c, "SamplingRule"));
    if (wb_json_count(wb_in(c, "Tags")))
        wb_call_also(c, "xray:TagResource", c->need[0].resource);
}

static void of_updated_rule(struct wb_call *c)
{
    of_rule_in(c, wb_in(c, "SamplingRuleUpdate"));
}

static void of_rule(struct wb_call *c)
{
    of_rule_in(c, c->in);
}

static void of_resource(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "ResourceARN"));
}

static const char *const tag_keys[] = {"aws:RequestTag/${TagKey}", "aws:TagKeys",
                                       "aws:ResourceTag/${TagKey}", NULL};
static const char *const own_keys[] = {"aws:ResourceTag/${TagKey}", NULL};

/* --- the table --- */

#define OP(n, k, path, shape, fn, res, keys)                                                       \
    {                                                                                              \
        .name = n, .class = k, .http = "POST " path, .input = &(shape), .resources = res,          \
        .handler = fn, .condition_keys = keys                                                      \
    }
#define DATA(n, k, path, shape, fn)                                                                \
    {                                                                                              \
        .name = n, .class = k, .http = "POST " path, .input = &(shape), .handler = fn,             \
        .data = true                                                                               \
    }

static const struct wb_op ops[] = {
    DATA("BatchGetTraces", WB_SCAN, "/Traces", xray_s_batch, xray_batch_get),
    OP("CreateGroup", WB_WRITE, "/CreateGroup", xray_s_create_group, xray_create_group,
       of_new_group, tag_keys),
    OP("CreateSamplingRule", WB_WRITE, "/CreateSamplingRule", xray_s_create_rule, xray_create_rule,
       of_new_rule, tag_keys),
    OP("DeleteGroup", WB_WRITE, "/DeleteGroup", xray_s_group, xray_delete_group, of_group,
       own_keys),
    OP("DeleteResourcePolicy", WB_WRITE, "/DeleteResourcePolicy", xray_s_delete_policy,
       xray_delete_policy, NULL, NULL),
    OP("DeleteSamplingRule", WB_WRITE, "/DeleteSamplingRule", xray_s_rule, xray_delete_rule,
       of_rule, own_keys),
    OP("GetEncryptionConfig", WB_READ, "/EncryptionConfig", xray_s_nothing, xray_get_encryption,
       NULL, NULL),
    OP("GetGroup", WB_READ, "/GetGroup", xray_s_group, xray_get_group, of_group, own_keys),
    OP("GetGroups", WB_SCAN, "/Groups", xray_s_groups, xray_get_groups, NULL, NULL),
    OP("GetInsight", WB_SCAN, "/Insight", xray_s_insight, xray_insight, NULL, NULL),
    OP("GetInsightEvents", WB_SCAN, "/InsightEvents", xray_s_insight_events, xray_insight_events,
       NULL, NULL),
    OP("GetInsightImpactGraph", WB_SCAN, "/InsightImpactGraph", xray_s_insight_graph,
       xray_insight_graph, NULL, NULL),
    OP("GetInsightSummaries", WB_SCAN, "/InsightSummaries", xray_s_insight_summaries,
       xray_insight_summaries, NULL, NULL),
    OP("GetSamplingRules", WB_SCAN, "/GetSamplingRules", xray_s_token, xray_get_rules, NULL, NULL),
    OP("GetSamplingStatisticSummaries", WB_SCAN, "/SamplingStatisticSummaries",
       xray_s_sampling_summaries, xray_sampling_summaries, NULL, NULL),
    DATA("GetSamplingTargets", WB_WRITE, "/SamplingTargets", xray_s_targets, xray_sampling_targets),
    OP("GetServiceGraph", WB_SCAN, "/ServiceGraph", xray_s_service_graph, xray_service_graph, NULL,
       NULL),
    OP("GetTimeSeriesServiceStatistics", WB_SCAN, "/TimeSeriesServiceStatistics",
       xray_s_time_series, xray_time_series, NULL, NULL),
    OP("GetTraceGraph", WB_SCAN, "/TraceGraph", xray_s_trace_graph, xray_trace_graph, NULL, NULL),
    OP("GetTraceSummaries", WB_SCAN, "/TraceSummaries", xray_s_summaries, xray_summaries, NULL,
       NULL),
    OP("ListResourcePolicies", WB_SCAN, "/ListResourcePolicies", xray_s_list_policies,
       xray_list_policies, NULL, NULL),
    OP("ListTagsForResource", WB_READ, "/ListTagsForResource", xray_s_list_tags, xray_list_tags,
       of_resource, own_keys),
    OP("PutEncryptionConfig", WB_WRITE, "/PutEncryptionConfig", xray_s_encryption,
       xray_put_encryption, NULL, NULL),
    OP("PutResourcePolicy", WB_WRITE, "/PutResourcePolicy", xray_s_put_policy, xray_put_policy,
       NULL, NULL),
    DATA("PutTelemetryRecords", WB_WRITE, "/TelemetryRecords", xray_s_telemetry,
         xray_put_telemetry),
    DATA("PutTraceSegments", WB_WRITE, "/TraceSegments", xray_s_put, xray_put_segments),
    OP("TagResource", WB_WRITE, "/TagResource", xray_s_tag, xray_tag, of_resource, tag_keys),
    OP("UntagResource", WB_WRITE, "/UntagResource", xray_s_untag, xray_untag, of_resource,
       tag_keys),
    OP("UpdateGroup", WB_WRITE, "/UpdateGroup", xray_s_update_group, xray_update_group, of_group,
       own_keys),
    OP("UpdateSamplingRule", WB_WRITE, "/UpdateSamplingRule", xray_s_update_rule, xray_update_rule,
       of_updated_rule, own_keys),
};

static const struct wb_service xray_service = {
    .name = "xray",
    .title = "AWS X-Ray",
    .signing_name = "xray",
    .usage = "X-Ray",
    .model = "xray",
    .protocol = WB_REST_JSON,
    .version = "2016-04-12",
    .throttle_code = "ThrottledException",
    .validation_code = "InvalidRequestException",
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};

/* A store that never had the service may hold spans in the form they had before. */
static void account(struct wb_tx *tx, struct wb_slice account)
{
    wb_spans_forget_old(tx);
}

const struct wb_module wb_xray_module = {
    .service = &xray_service, .account = account, .check = xray_check};
