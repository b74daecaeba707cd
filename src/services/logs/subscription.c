/*
 * Subscription filters: matching lines go to a function, as gzip of JSON (CloudWatch Logs User
 * Guide, "Subscription filters with AWS Lambda").
 *
 * What matches of the lines written together is one work row, written with them: it is delivered at
 * least once, for 24 hours. Kinesis, Firehose and destinations of other accounts are not here.
 */
#include "codec/text.h"
#include "codec/zip.h"
#include "engine/identity.h"
#include "services/logs/filter.h"

#define QUEUE "logs/"

/* --- may the group tell the function? --- */

static struct wb_delivery delivery(struct wb_arena *a, struct wb_slice account,
                                   struct wb_slice region, struct wb_slice group,
                                   struct wb_slice function)
{
    return (struct wb_delivery){.target = function,
                                .source_service = "logs.amazonaws.com",
                                .source_arn = logs_group_arn(a, account, region, group),
                                .source_account = account};
}

/* Policies name the service with or without its region: "logs.us-east-1.amazonaws.com". */
static bool allowed(struct wb_tx *tx, struct wb_delivery *d, struct wb_slice region)
{
    const struct wb_policy *p = wb_resource_policy(tx, d->target);
    struct wb_outcome out;
    if (wb_deliver_allowed(tx, d, p, "lambda:InvokeFunction", d->target, &out))
        return true;
    const char *plain = d->source_service;
    d->source_service = wb_printf(tx->arena, "logs.%.*s.amazonaws.com", WB_FMT(region)).p;
    if (wb_deliver_allowed(tx, d, p, "lambda:InvokeFunction", d->target, &out))
        return true;
    d->source_service = plain;
    return false;
}

/* --- loops: a function's lines must not come back to it --- */

/* The group that the function writes to. */
static struct wb_slice group_of(struct wb_arena *a, struct wb_slice function)
{
    struct wb_arn arn;
    if (!wb_arn_parse(function, &arn) || !wb_slice_starts(arn.resource, WB_S("function:")))
        return WB_SLICE_NULL;
    struct wb_slice rest = wb_slice_sub(arn.resource, 9, arn.resource.n),
                    name = wb_slice_cut(&rest, ':');
    return wb_printf(a, "/aws/lambda/%.*s", WB_FMT(name));
}

/* Whether what the function writes is told, over any subscriptions, to one that writes to `group`.
 */
static bool comes_back(struct wb_tx *tx, const struct wb_log_group *g, struct wb_slice function,
                       unsigned depth)
{
    struct wb_slice name = group_of(tx->arena, function), key, value;
    struct wb_log_group next;
    bool found = wb_slice_eq(name, g->name);
    if (found || depth == WB_WORK_DEPTH_MAX ||
        !wb_log_group_read(tx, g->account, g->region, name, &next))
        return found;
    struct wb_scan *s = wb_tx_scan_prefix(
        tx, wb_key(tx->arena, WB_T_LOGS_FILTER, "ub", next.number, LOGS_SUBSCRIPTION));
    while (!found && wb_tx_next(tx, s, &key, &value)) {
        struct wb_json row = wb_json_read(tx->arena, wb_dup(tx->arena, value), NULL);
        found = comes_back(tx, g, wb_json_get_str(row, "destination", tx->arena), depth + 1);
    }
    wb_scan_close(s);
    return found;
}

/* --- PutSubscriptionFilter --- */

static bool check_function(struct wb_call *c, const struct wb_log_group *g, struct wb_slice arn)
{
    struct wb_delivery d = delivery(c->arena, g->account, g->region, g->name, arn);
    if (wb_in_str(c, "roleArn").p)
        logs_invalid(c, "destinationArn for vendor lambda cannot be used with roleArn");
    else if (comes_back(c->tx, g, arn, 0))
        logs_invalid(c, "The function writes to this log group, itself or over other "
                        "subscriptions: its lines would come back to it without end.");
    else if (!allowed(c->tx, &d, g->region))
        logs_invalid(c, "Could not execute the lambda function. Make sure you have given "
                        "CloudWatch Logs permission to execute your function.");
    return !wb_failed(c);
}

static bool check_destination(struct wb_call *c, const struct wb_log_group *g)
{
    struct wb_slice text = wb_in_str(c, "destinationArn");
    bool role = wb_in_str(c, "roleArn").p != NULL;
    struct wb_arn arn;
    if (!wb_arn_parse(text, &arn))
        logs_invalid(c, "Invalid destinationArn");
    else if (!wb_slice_eq(arn.region, g->region))
        logs_invalid(c, "destinationArn must be in the region of the log group");
    else if (wb_slice_is(arn.service, "lambda"))
        return check_function(c, g, text);
    else if (!wb_slice_is(arn.service, "kinesis") && !wb_slice_is(arn.service, "firehose"))
        wb_fail(c, "InvalidParameterException", 400,
                "PutSubscriptionFilter operation cannot work with destinationArn for vendor %.*s",
                WB_FMT(arn.service));
    else if (!role)
        wb_fail(c, "InvalidParameterException", 400,
                "destinationArn for vendor %.*s cannot be used without roleArn",
                WB_FMT(arn.service));
    else
        wb_fail(c, "InvalidParameterException", 400,
                "Could not deliver test message to specified %s stream. Check if the given %s "
                "stream is in ACTIVE state.",
                wb_slice_is(arn.service, "kinesis") ? "Kinesis" : "Firehose",
                wb_slice_is(arn.service, "kinesis") ? "kinesis" : "Firehose");
    return false;
}

void logs_put_subscription(struct wb_call *c)
{
    struct wb_log_group g;
    struct logs_pattern *p;
    struct logs_filter old;
    struct wb_slice name = wb_in_str(c, "filterName"), how = wb_in_str(c, "distribution");
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    if (!logs_filter_admit(c, LOGS_SUBSCRIPTION, WB_LOGS_SUBSCRIPTIONS_MAX, &g, &p) ||
        !check_destination(c, &g))
        return;
    bool there = logs_filter_find(c->tx, g.number, LOGS_SUBSCRIPTION, name, &old);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "created", there ? old.created_ms : c->tx->now_ms);
    wb_jw_kstr(&w, "pattern", wb_in_str(c, "filterPattern"));
    wb_jw_kstr(&w, "destination", wb_in_str(c, "destinationArn"));
    wb_jw_kstr(&w, "distribution", how.p ? how : WB_S("ByLogStream"));
    wb_jw_end_object(&w);
    logs_filter_put(c->tx, g.number, LOGS_SUBSCRIPTION, name, wb_buf_slice(&b));
}

/* --- lines --- */

struct message {
    struct wb_buf b;
    struct wb_json_writer w;
    bool begun;
    size_t events, packed; /* lines, compressed bytes */
};

static void begin_message(struct message *m, struct wb_arena *a, const struct wb_log_group *g,
                          const struct logs_filter *f, struct wb_slice stream)
{
    m->b = wb_buf_in(a);
    m->begun = true;
    wb_jw_init(&m->w, &m->b);
    wb_jw_object(&m->w);
    wb_jw_kcstr(&m->w, "messageType", "DATA_MESSAGE");
    wb_jw_kstr(&m->w, "owner", g->account);
    wb_jw_kstr(&m->w, "logGroup", g->name);
    wb_jw_kstr(&m->w, "logStream", stream);
    wb_jw_key(&m->w, "subscriptionFilters");
    wb_jw_array(&m->w);
    wb_jw_str(&m->w, f->name);
    wb_jw_end_array(&m->w);
    wb_jw_key(&m->w, "logEvents");
    wb_jw_array(&m->w);
}

static void add_event(struct message *m, const struct wb_log_line *line, struct wb_slice id)
{
    wb_jw_object(&m->w);
    wb_jw_kstr(&m->w, "id", id);
    wb_jw_ki64(&m->w, "timestamp", line->time_ms);
    wb_jw_kstr(&m->w, "message", line->text);
    wb_jw_end_object(&m->w);
}

static struct wb_slice pack(struct message *m, struct wb_arena *a)
{
    wb_jw_end_array(&m->w);
    wb_jw_end_object(&m->w);
    struct wb_slice packed = wb_gzip(a, wb_buf_slice(&m->b)), data = wb_base64_encode(a, packed);
    m->packed = packed.n;
    return wb_printf(a, "{\"awslogs\":{\"data\":\"%.*s\"}}", WB_FMT(data));
}

static void queue(struct wb_tx *tx, const struct wb_log_group *g, const struct logs_filter *f,
                  struct message *m)
{
    struct wb_slice payload = pack(m, tx->arena);
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "group", g->name);
    wb_jw_kstr(&w, "filter", f->name);
    wb_jw_ki64(&w, "events", (int64_t)m->events);
    wb_jw_ki64(&w, "bytes", (int64_t)m->packed);
    wb_jw_end_object(&w);
    wb_work_add(
        tx, &(struct wb_work){.target = wb_printf(tx->arena, QUEUE "%.*s", WB_FMT(f->destination)),
                              .executor = logs_subscription_executor.name,
                              .ctx = {.account = g->account, .region = g->region},
                              .meta = wb_buf_slice(&meta),
                              .payload = payload});
}

void logs_subscription_lines(struct wb_tx *tx, const struct wb_log_group *g,
                             const struct logs_filter *f, const struct wb_log_block_lines *l)
{
    struct message m = {.begun = false};
    struct wb_arena scratch;
    wb_arena_init(&scratch, 0);
    for (size_t i = 0; i < l->count; i++) {
        struct wb_log_place at = {l->line[i].time_ms, l->stamp, (uint32_t)i};
        wb_arena_reset(&scratch);
        if (!logs_pattern_match(f->pattern, &scratch, l->line[i].text))
            continue;
        if (!m.begun)
            begin_message(&m, tx->arena, g, f, l->stream);
        add_event(&m, &l->line[i], logs_event_id(&scratch, &at));
        m.events++;
    }
    wb_arena_release(&scratch);
    if (m.begun)
        queue(tx, g, f, &m);
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_slice group =
        wb_json_get_str(wb_json_read(tx->arena, w->meta, NULL), "group", tx->arena);
    struct wb_delivery d = delivery(tx->arena, w->ctx.account, w->ctx.region, group,
                                    wb_slice_sub(w->target, strlen(QUEUE), w->target.n));
    d.payload = w->payload;
    d.ctx = &w->ctx;
    d.first_ms = w->first_ms;
    allowed(tx, &d, w->ctx.region); /* chooses the name that the policy lets in, if any */
    wb_deliver(tx, &d, out);
}

/* AWS/Logs of the filter (CloudWatch Logs User Guide, "Monitoring with CloudWatch metrics"). */
static void apply(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o, bool last)
{
    struct wb_json meta = wb_json_read(tx->arena, w->meta, NULL);
    const struct wb_pair dims[3] = {
        {WB_S("DestinationType"), WB_S("Lambda")},
        {WB_S("FilterName"), wb_json_get_str(meta, "filter", tx->arena)},
        {WB_S("LogGroupName"), wb_json_get_str(meta, "group", tx->arena)}};
    double events = (double)wb_json_get_i64(meta, "events", 0);
    bool good = o->kind == WB_DONE || o->kind == WB_ACCEPTED;
    if (!dims[1].value.n)
        return; /* a row of an older version */
    wb_put_metric(tx, w->ctx.account, w->ctx.region, "AWS/Logs",
                  good                 ? "ForwardedLogEvents"
                  : o->kind == WB_BUSY ? "DeliveryThrottling"
                                       : "DeliveryErrors",
                  dims, 3, events, "None");
    if (good)
        wb_put_metric(tx, w->ctx.account, w->ctx.region, "AWS/Logs", "ForwardedBytes", dims, 3,
                      (double)wb_json_get_i64(meta, "bytes", 0), "Bytes");
}

static const struct wb_schedule schedule = {.base_ms = 1000,
                                            .cap_ms = 60000,
                                            .jitter_percent = 20,
                                            .age_max_ms = WB_LOGS_SUBSCRIPTION_AGE_MS};
const struct wb_executor logs_subscription_executor = {
    .name = "logs.subscription", .schedule = &schedule, .step = step, .apply = apply};
