/* The operation table of CloudWatch Logs, what its calls need to be allowed, and the module. */
#include "services/logs/filter.h"
#include "services/logs/query.h"

/* --- authorization (Service Authorization Reference, "Amazon CloudWatch Logs") --- */

static struct wb_slice group_of(struct wb_call *c)
{
    struct wb_slice account, region, name, given = wb_in_str(c, "resourceArn");
    struct wb_arn r;
    logs_call_place(c, &account, &region, &name);
    if (given.p) {
        name = logs_arn_name(given);
        if (!name.p || !wb_arn_parse(given, &r))
            return given;
        return logs_group_arn(c->arena, r.account, r.region, name);
    }
    return logs_group_arn(c->arena, account, region, name.p ? name : WB_S(""));
}

static void of_group(struct wb_call *c)
{
    wb_call_resource(c, group_of(c));
}

static void of_new_group(struct wb_call *c)
{
    of_group(c);
    if (wb_json_count(wb_in(c, "tags")))
        wb_call_also(c, "logs:TagResource", group_of(c));
}

static void of_stream(struct wb_call *c)
{
    struct wb_slice account, region, name, stream = wb_in_str(c, "logStreamName");
    logs_call_place(c, &account, &region, &name);
    wb_call_resource(c,
                     wb_arn_make(c->arena, "logs", region, account,
                                 "log-group:%.*s:log-stream:%.*s", WB_FMT(name), WB_FMT(stream)));
}

/* All groups: AWS asks with no name. */
static void of_groups(struct wb_call *c)
{
    wb_call_resource(
        c, wb_arn_make(c->arena, "logs", c->ctx.region, c->ctx.account, "log-group::log-stream:"));
}

/* Filters of a group, or of all. */
static void of_filters(struct wb_call *c)
{
    if (wb_in_str(c, "logGroupName").p)
        of_group(c);
    else
        of_groups(c);
}

static void of_tail(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "logGroupIdentifiers"));
    struct wb_arn r;
    while (wb_json_next(&it)) {
        struct wb_slice id = wb_json_str(it.value, c->arena), name = logs_arn_name(id);
        bool arn = name.p && wb_arn_parse(id, &r);
        wb_call_resource(c, arn ? logs_group_arn(c->arena, r.account, r.region, name) : id);
    }
}

static void of_subscription(struct wb_call *c)
{
    of_group(c);
    wb_call_pass_role(c, wb_in_str(c, "roleArn"), "logs.amazonaws.com");
}

static const char *const tag_keys[] = {"aws:RequestTag/${TagKey}", "aws:TagKeys",
                                       "aws:ResourceTag/${TagKey}", NULL};
static const char *const own_keys[] = {"aws:ResourceTag/${TagKey}", NULL};

/* --- the table --- */

#define OP(n, k, shape, fn, res, keys)                                                             \
    {                                                                                              \
        .name = n, .class = k, .input = &(shape), .resources = res, .handler = fn,                 \
        .condition_keys = keys                                                                     \
    }
#define DATA(n, k, shape, fn, res)                                                                 \
    {                                                                                              \
        .name = n, .class = k, .input = &(shape), .resources = res, .handler = fn, .data = true,   \
        .condition_keys = own_keys                                                                 \
    }

static const struct wb_op ops[] = {
    OP("CreateLogGroup", WB_WRITE, logs_s_create_group, logs_create_group, of_new_group, tag_keys),
    OP("CreateLogStream", WB_WRITE, logs_s_stream, logs_create_stream, of_group, own_keys),
    OP("DeleteLogGroup", WB_WRITE, logs_s_group, logs_delete_group, of_group, own_keys),
    OP("DeleteLogStream", WB_WRITE, logs_s_stream, logs_delete_stream, of_stream, own_keys),
    OP("DeleteMetricFilter", WB_WRITE, logs_s_delete_filter, logs_delete_metric_filter, of_group,
       own_keys),
    OP("DeleteQueryDefinition", WB_WRITE, logs_s_delete_definition, logs_delete_definition, NULL,
       NULL),
    OP("DeleteRetentionPolicy", WB_WRITE, logs_s_group, logs_delete_retention, of_group, own_keys),
    OP("DeleteSubscriptionFilter", WB_WRITE, logs_s_delete_filter, logs_delete_subscription,
       of_group, own_keys),
    OP("DescribeLogGroups", WB_SCAN, logs_s_groups, logs_describe_groups, of_groups, NULL),
    OP("DescribeLogStreams", WB_SCAN, logs_s_streams, logs_describe_streams, of_group, own_keys),
    OP("DescribeMetricFilters", WB_SCAN, logs_s_metric_filters, logs_describe_metric_filters,
       of_filters, own_keys),
    OP("DescribeQueries", WB_SCAN, logs_s_queries, logs_describe_queries, NULL, NULL),
    OP("DescribeQueryDefinitions", WB_SCAN, logs_s_definitions, logs_describe_definitions, NULL,
       NULL),
    OP("DescribeSubscriptionFilters", WB_SCAN, logs_s_subscriptions, logs_describe_subscriptions,
       of_group, own_keys),
    DATA("FilterLogEvents", WB_SCAN, logs_s_filter, logs_filter_events, of_group),
    DATA("GetLogEvents", WB_SCAN, logs_s_get, logs_get_events, of_stream),
    DATA("GetLogGroupFields", WB_SCAN, logs_s_group_fields, logs_group_fields, of_group),
    DATA("GetLogRecord", WB_SCAN, logs_s_record, logs_get_record, logs_of_record),
    OP("GetQueryResults", WB_SCAN, logs_s_query, logs_get_query_results, NULL, NULL),
    OP("ListTagsForResource", WB_READ, logs_s_list_tags, logs_list_tags, of_group, own_keys),
    OP("ListTagsLogGroup", WB_READ, logs_s_group, logs_list_tags, of_group, own_keys),
    {.name = "PutLogEvents",
     .class = WB_WRITE,
     .input = &logs_s_put,
     .resources = of_stream,
     .prepare = logs_put_prepare,
     .prepare_apart = WB_LOGS_APART,
     .handler = logs_put_events,
     .data = true,
     .condition_keys = own_keys},
    OP("PutMetricFilter", WB_WRITE, logs_s_put_metric_filter, logs_put_metric_filter, of_group,
       own_keys),
    OP("PutQueryDefinition", WB_WRITE, logs_s_put_definition, logs_put_definition, NULL, NULL),
    OP("PutRetentionPolicy", WB_WRITE, logs_s_retention, logs_put_retention, of_group, own_keys),
    OP("PutSubscriptionFilter", WB_WRITE, logs_s_put_subscription, logs_put_subscription,
       of_subscription, own_keys),
    DATA("StartLiveTail", WB_STREAM, logs_s_live_tail, logs_start_live_tail, of_tail),
    {.name = "StartQuery",
     .class = WB_WRITE,
     .input = &logs_s_start_query,
     .resources = logs_of_query,
     .prepare = logs_prepare_query,
     .handler = logs_start_query,
     .data = true,
     .condition_keys = own_keys},
    OP("StopQuery", WB_WRITE, logs_s_query, logs_stop_query, NULL, NULL),
    OP("TagLogGroup", WB_WRITE, logs_s_tag_group, logs_tag, of_group, tag_keys),
    OP("TagResource", WB_WRITE, logs_s_tag, logs_tag, of_group, tag_keys),
    OP("TestMetricFilter", WB_SCAN, logs_s_test_filter, logs_test_metric_filter, NULL, NULL),
    OP("UntagLogGroup", WB_WRITE, logs_s_untag_group, logs_untag, of_group, tag_keys),
    OP("UntagResource", WB_WRITE, logs_s_untag, logs_untag, of_group, tag_keys),
};

static const struct wb_service logs_service = {
    .name = "logs",
    .title = "Amazon CloudWatch Logs",
    .signing_name = "logs",
    .usage = "Logs",
    .usage_ns = "AWS/Logs",
    .model = "logs",
    .protocol = WB_JSON11,
    .target = "Logs_20140328",
    .version = "2014-03-28",
    .type_prefix = "",
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
    .validation_code = "InvalidParameterException",
};

/* --- the module --- */

static void lines_written(struct wb_tx *tx, const struct wb_log_group *g,
                          const struct wb_log_block_lines *l)
{
    const struct logs_filters *all = logs_filters(tx, g->number);
    for (size_t i = 0; all && i < all->count; i++) {
        const struct logs_filter *f = &all->filter[i];
        if (f->pattern && f->kind == LOGS_METRIC)
            logs_metric_lines(tx, g, f, l);
        else if (f->pattern)
            logs_subscription_lines(tx, g, f, l);
    }
}

static void start(struct wb_engine *e)
{
    wb_def_register(e, &logs_filters_kind);
    wb_executor_register(e, &logs_default_executor);
    wb_executor_register(e, &logs_subscription_executor);
    wb_executor_register(e, &logs_query_executor);
    wb_executor_register(e, &logs_query_expiry_executor);
    wb_log_watch_register(e, lines_written);
}

const struct wb_module wb_logs_module = {
    .service = &logs_service, .start = start, .check = logs_check};
