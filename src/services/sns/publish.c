/*
 * Publishing. The message goes to every confirmed subscription as a work row: as many in the
 * publishing command as its limits allow, the rest by a job that walks the subscriptions in order
 * of id. A subscription made or ended meanwhile gets the message or not, as on AWS.
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "codec/text.h"
#include "engine/identity.h"
#include "services/sns/sns.h"

/* --- functions --- */

static void put_lambda_attributes(struct wb_json_writer *w, struct wb_json attributes,
                                  struct wb_arena *a)
{
    wb_jw_key(w, "MessageAttributes");
    wb_jw_object(w);
    struct wb_json_iter it = wb_json_iter(attributes);
    while (wb_json_next(&it)) {
        struct wb_slice text = wb_json_get_str(it.value, "StringValue", a);
        wb_jw_key_slice(w, wb_json_str(it.key, a));
        wb_jw_object(w);
        wb_jw_kstr(w, "Type", wb_json_get_str(it.value, "DataType", a));
        wb_jw_kstr(w, "Value", text.p ? text : wb_json_get_str(it.value, "BinaryValue", a));
        wb_jw_end_object(w);
    }
    wb_jw_end_object(w);
}

/* The event a function gets (Lambda Developer Guide, "Using AWS Lambda with Amazon SNS"). */
static struct wb_slice lambda_event(struct wb_tx *tx, const struct topic *t,
                                    const struct subscription *s, const struct message *m,
                                    struct wb_slice body)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_key(&w, "Records");
    wb_jw_array(&w);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "EventSource", "aws:sns");
    wb_jw_kcstr(&w, "EventVersion", "1.0");
    wb_jw_kstr(&w, "EventSubscriptionArn", s->arn);
    wb_jw_key(&w, "Sns");
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "Type", "Notification");
    wb_jw_kstr(&w, "MessageId", m->id);
    wb_jw_kstr(&w, "TopicArn", t->arn);
    wb_jw_kstr(&w, "Subject", m->subject);
    wb_jw_kstr(&w, "Message", body);
    wb_jw_kstr(&w, "Timestamp", wb_time_str(tx->arena, tx->now_ms, WB_TIME_ISO_MS));
    wb_jw_kstr(&w, "UnsubscribeUrl", sns_link_unsubscribe(tx, s));
    put_lambda_attributes(&w, m->attributes, tx->arena);
    wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static void lambda_step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_json meta = wb_json_read(tx->arena, w->meta, NULL);
    struct wb_slice topic = wb_json_get_str(meta, "topic", tx->arena);
    struct wb_arn arn = {0};
    wb_arn_parse(topic, &arn);
    struct wb_delivery d = {
        .target = wb_json_get_str(meta, "endpoint", tx->arena),
        .payload = w->payload,
        .source_service = "sns.amazonaws.com",
        .source_arn = topic,
        .source_account = arn.account,
        .ctx = &w->ctx,
        .first_ms = w->first_ms,
    };
    wb_deliver(tx, &d, out);
}

/* Metric of a delivery's end, for both kinds of subscriber. */
void sns_delivered(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o, bool last)
{
    struct wb_slice endpoint =
        wb_json_get_str(wb_json_read(tx->arena, w->meta, NULL), "endpoint", tx->arena);
    if (o->kind == WB_RETRY || o->kind == WB_PERMANENT)
        wb_put_failed_attempt(tx, &w->ctx, endpoint, w->attempts, o);
    if (!last)
        return;
    struct wb_arn topic;
    struct wb_slice arn =
        wb_json_get_str(wb_json_read(tx->arena, w->meta, NULL), "topic", tx->arena);
    if (!wb_arn_parse(arn, &topic))
        return; /* confirmations are not notifications */
    bool ok = o->kind == WB_DONE || o->kind == WB_ACCEPTED;
    const struct wb_pair dim = {WB_S("TopicName"), topic.resource};
    wb_put_metric(tx, topic.account, topic.region, "AWS/SNS",
                  ok ? "NumberOfNotificationsDelivered" : "NumberOfNotificationsFailed", &dim, 1, 1,
                  "Count");
}

/* Developer Guide, "Delivery protocols and policies", AWS managed endpoints: 3 tries at once, 2 a
 * second apart, 10 from 1 to 20 seconds, then every 20 seconds: 100,015 in 23 days. */
static const int64_t lambda_delays[] = {1,    1,    1000, 1000, 1000,  1400,  1900,
                                        2700, 3700, 5200, 7300, 10200, 14300, 20000};
static const struct wb_schedule lambda_schedule = {
    .delay_ms = lambda_delays,
    .delay_count = sizeof lambda_delays / sizeof *lambda_delays,
    .base_ms = 20000,
    .cap_ms = 20000,
    .jitter_percent = 10,
    .attempts_max = 100015,
    .age_max_ms = 23 * 86400000LL,
};
const struct wb_executor sns_lambda_executor = {.name = "sns.lambda",
                                                .schedule = &lambda_schedule,
                                                .step = lambda_step,
                                                .apply = sns_delivered};

/* --- fan-out --- */

static struct wb_slice body_for(struct wb_arena *a, const struct message *m,
                                struct wb_slice protocol)
{
    if (!wb_json_is(m->structure))
        return m->body;
    struct wb_json own = wb_json_get_slice(m->structure, protocol);
    if (wb_json_type(own) != WB_JSON_STRING)
        own = wb_json_get(m->structure, "default");
    return wb_json_str(own, a);
}

static void hand_over(struct wb_tx *tx, const struct topic *t, const struct subscription *s,
                      const struct message *m, const struct wb_ctx *ctx)
{
    struct wb_slice body = body_for(tx->arena, m, s->protocol);
    if (!wb_slice_is(s->protocol, "lambda")) {
        sns_mail_notification(tx, t, s, m, body, ctx);
        return;
    }
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "endpoint", s->endpoint);
    wb_jw_kstr(&w, "topic", t->arn);
    wb_jw_end_object(&w);
    struct wb_work work = {
        .target = s->arn,
        .executor = sns_lambda_executor.name,
        .ctx = *ctx,
        .meta = wb_buf_slice(&meta),
        .payload = lambda_event(tx, t, s, m, body),
    };
    work.ctx.depth++;
    wb_work_add(tx, &work);
}

/* Serves subscriptions after `after` (null = from the first) until the command is full. True when
 * all were served; else *after is the last one served. */
static bool fan_out(struct wb_tx *tx, const struct topic *t, const struct message *m,
                    const struct wb_ctx *ctx, struct wb_slice *after, uint64_t *served)
{
    struct wb_slice prefix = wb_key(tx->arena, WB_T_SUBSCRIPTION, "u", t->number), key, value;
    struct wb_slice lo = prefix;
    if (t->confirmed == 0)
        return true;
    if (after->p)
        lo = wb_key_after(tx->arena, wb_key(tx->arena, WB_T_SUBSCRIPTION, "us", t->number, *after));
    /* Collect first: handing over writes, and a scan sees writes. */
    struct subscription *sub = NULL;
    size_t count = 0, cap = 0, room = WB_SNS_FANOUT_BYTES / (m->body.n * 2 + 2048) + 1;
    if (room > WB_SNS_FANOUT_ROWS)
        room = WB_SNS_FANOUT_ROWS;
    struct wb_scan *s = wb_tx_scan(tx, lo, wb_key_after(tx->arena, prefix), false);
    bool more = false;
    while (s && !more && wb_tx_next(tx, s, &key, &value)) {
        struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
        wb_key_rd_u64(&r);
        struct wb_slice id = wb_dup(tx->arena, wb_key_rd_str(&r));
        more = count == room;
        if (count == cap) { /* most topics have few */
            struct subscription *wider = wb_new_n(tx->arena, struct subscription, cap * 2 + 4);
            if (count)
                memcpy(wider, sub, count * sizeof *sub);
            sub = wider;
            cap = cap * 2 + 4;
        }
        if (!more && sns_sub_decode(tx->arena, id, value, &sub[count])) {
            *after = id;
            count += sub[count].confirmed;
        }
    }
    wb_scan_close(s);
    for (size_t i = 0; i < count; i++)
        hand_over(tx, t, &sub[i], m, ctx);
    *served += count;
    return !more;
}

/* What the job keeps of a message, and back. */
static struct wb_slice pack(struct wb_arena *a, const struct topic *t, const struct message *m,
                            const struct wb_ctx *ctx, struct wb_slice after)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "topic", t->arn);
    wb_jw_ki64(&w, "number", (int64_t)t->number);
    wb_jw_kstr(&w, "after", after);
    wb_jw_kstr(&w, "id", m->id);
    wb_jw_kstr(&w, "subject", m->subject);
    wb_jw_kstr(&w, "body", m->body);
    wb_jw_kbool(&w, "structure", wb_json_is(m->structure));
    if (wb_json_is(m->attributes))
        wb_jw_kraw(&w, "attributes", wb_json_raw(m->attributes));
    wb_jw_kstr(&w, "ctx", wb_base64_encode(a, wb_ctx_pack(a, ctx)));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool publish_job_step(struct wb_tx *tx, struct wb_job *j)
{
    struct wb_json v = wb_json_read(tx->arena, j->state, NULL);
    struct topic t;
    struct wb_ctx ctx;
    struct wb_slice packed;
    if (!sns_topic_by_arn(tx, wb_json_get_str(v, "topic", tx->arena), &t) ||
        (int64_t)t.number != wb_json_get_i64(v, "number", 0) ||
        !wb_base64_decode(tx->arena, wb_json_get_str(v, "ctx", tx->arena), &packed) ||
        !wb_ctx_unpack(packed, &ctx))
        return true; /* the topic went: so does the rest of the message */
    struct message m = {
        .id = wb_json_get_str(v, "id", tx->arena),
        .subject = wb_json_get_str(v, "subject", tx->arena),
        .body = wb_json_get_str(v, "body", tx->arena),
        .attributes = wb_json_get(v, "attributes"),
    };
    if (wb_json_bool(wb_json_get(v, "structure"), false))
        m.structure = wb_json_read(tx->arena, m.body, NULL);
    struct wb_slice after = wb_json_get_str(v, "after", tx->arena);
    bool done = fan_out(tx, &t, &m, &ctx, &after, &j->done);
    j->total = (uint64_t)t.confirmed;
    if (!done)
        j->state = pack(tx->arena, &t, &m, &ctx, after);
    return done;
}

static const struct wb_job_kind publish_job = {"sns.publish", publish_job_step};

/* The segment of a topic with active tracing; what follows hangs below it (Developer Guide, "Active
 * tracing in Amazon SNS"). A topic without passes the header on as it came. */
static void trace(struct wb_tx *tx, const struct topic *t, struct wb_ctx *ctx)
{
    struct wb_trace h;
    if (!ctx->trace.n || !wb_trace_parse(ctx->trace, &h) || !h.sampled ||
        !wb_slice_is(sns_topic_attribute(tx->arena, t, "TracingConfig"), "Active"))
        return;
    const struct wb_pair block[] = {{WB_S("operation"), WB_S("Publish")},
                                    {WB_S("request_id"), ctx->request_id},
                                    {WB_S("topic_arn"), t->arn}};
    struct wb_segment s = {.account = t->account,
                           .region = t->region,
                           .trace_id = h.root,
                           .id = wb_id_hex(tx->arena, wb_engine_seam(tx->engine), 16),
                           .parent_id = h.parent,
                           .name = t->name,
                           .origin = "AWS::SNS",
                           .start_us = tx->now_ms * 1000,
                           .end_us = tx->now_ms * 1000,
                           .status = 200,
                           .aws = block,
                           .aws_count = sizeof block / sizeof *block};
    wb_put_segment(tx, &s);
    ctx->trace = wb_trace_header(tx->arena, h.root, s.id, true, ctx->trace);
}

void sns_publish(struct wb_tx *tx, const struct topic *t, const struct message *m,
                 const struct wb_ctx *cause, bool traced)
{
    struct wb_ctx own = *cause, *ctx = &own;
    if (!traced)
        trace(tx, t, ctx);
    struct wb_slice after = WB_SLICE_NULL;
    uint64_t served = 0;
    if (!fan_out(tx, t, m, ctx, &after, &served))
        wb_job_start(tx, publish_job.name, wb_printf(tx->arena, "publish to %.*s", WB_FMT(t->name)),
                     pack(tx->arena, t, m, ctx, after));
    const struct wb_pair dim = {WB_S("TopicName"), t->name};
    wb_put_metric(tx, t->account, t->region, "AWS/SNS", "NumberOfMessagesPublished", &dim, 1, 1,
                  "Count");
    wb_put_metric(tx, t->account, t->region, "AWS/SNS", "PublishSize", &dim, 1, (double)m->body.n,
                  "Bytes");
}

/* --- Publish --- */

static bool subject_ok(struct wb_slice s)
{
    if (s.n == 0 || s.n > WB_SNS_SUBJECT_MAX || s.p[0] == ' ')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] > '~')
            return false;
    return true;
}

static bool attributes_ok(struct wb_json attributes, struct wb_arena *a, struct wb_slice *what)
{
    struct wb_json_iter it = wb_json_iter(attributes);
    while (wb_json_next(&it)) {
        struct wb_slice type = wb_json_get_str(it.value, "DataType", a),
                        name = wb_json_str(it.key, a);
        bool binary = wb_slice_starts(type, WB_S("Binary"));
        bool text = wb_slice_starts(type, WB_S("String")) || wb_slice_starts(type, WB_S("Number"));
        if (!binary && !text) {
            *what = wb_printf(a,
                              "The message attribute '%.*s' has an invalid message attribute type, "
                              "the set of supported type prefixes is Binary, "
                              "Number, and String.",
                              WB_FMT(name));
            return false;
        }
        if (!wb_json_get_str(it.value, binary ? "BinaryValue" : "StringValue", a).n) {
            *what = wb_printf(a,
                              "The message attribute '%.*s' must contain non-empty message "
                              "attribute value for message attribute type '%.*s'.",
                              WB_FMT(name), WB_FMT(type));
            return false;
        }
    }
    return true;
}

/* Reads a message out of Publish's input or a batch entry. Null when good, else what is wrong, as
 * AWS's InvalidParameter says it. */
static struct wb_slice read_message(struct wb_arena *a, struct wb_json in, struct message *m)
{
    struct wb_slice what;
    *m = (struct message){
        .body = wb_json_get_str(in, "Message", a),
        .subject = wb_json_get_str(in, "Subject", a),
        .attributes = wb_json_get(in, "MessageAttributes"),
    };
    if (m->body.n == 0)
        return WB_S("Empty message");
    if (m->body.n > WB_SNS_MESSAGE_MAX)
        return WB_S("Message too long");
    if (m->subject.p && !subject_ok(m->subject))
        return WB_S("Subject");
    if (!attributes_ok(m->attributes, a, &what))
        return what;
    struct wb_slice structure = wb_json_get_str(in, "MessageStructure", a);
    if (!structure.n)
        return WB_SLICE_NULL;
    if (!wb_slice_is(structure, "json"))
        return WB_S("MessageStructure");
    m->structure = wb_json_read(a, m->body, NULL);
    if (wb_json_type(m->structure) != WB_JSON_OBJECT)
        return WB_S("Message Structure - JSON message body failed to parse");
    if (wb_json_type(wb_json_get(m->structure, "default")) != WB_JSON_STRING)
        return WB_S("Message Structure - No default entry in JSON message body");
    return WB_SLICE_NULL;
}

void sns_publish_call(struct wb_call *c)
{
    struct topic t;
    struct message m;
    struct wb_slice arn = wb_in_str(c, "TopicArn");
    if (wb_json_is(wb_in(c, "PhoneNumber"))) {
        sns_invalid(c, "PhoneNumber Reason: text messages are not offered here");
        return;
    }
    if (!sns_call_topic(c, arn.p ? arn : wb_in_str(c, "TargetArn"), &t))
        return;
    struct wb_slice what = read_message(c->arena, c->in, &m);
    if (what.p) {
        wb_fail(c, "InvalidParameter", 400, "Invalid parameter: %.*s", WB_FMT(what));
        return;
    }
    m.id = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
    sns_publish(c->tx, &t, &m, &c->ctx, c->traced);
    wb_out_str(&c->out, "MessageId", m.id);
}

static bool batch_ok(struct wb_call *c, struct wb_json entries)
{
    uint32_t count = wb_json_count(entries);
    size_t bytes = 0;
    if (count == 0)
        wb_fail(c, "EmptyBatchRequest", 400, "The batch request doesn't contain any entries.");
    else if (count > WB_SNS_BATCH_MAX)
        wb_fail(c, "TooManyEntriesInBatchRequest", 400,
                "The batch request contains more entries than permissible.");
    struct wb_json_iter it = wb_json_iter(entries);
    for (uint32_t i = 0; wb_json_next(&it) && !wb_failed(c); i++) {
        struct wb_slice id = wb_json_get_str(it.value, "Id", c->arena);
        bytes += wb_json_get_str(it.value, "Message", c->arena).n;
        for (uint32_t k = 0; k < i; k++)
            if (wb_slice_eq(id, wb_json_get_str(wb_json_item(entries, k), "Id", c->arena))) {
                wb_fail(c, "BatchEntryIdsNotDistinct", 400,
                        "Two or more batch entries in the request have the same Id.");
                return false;
            }
    }
    if (bytes > WB_SNS_MESSAGE_MAX)
        wb_fail(c, "BatchRequestTooLong", 400,
                "The length of all the batch messages put together is more than the limit.");
    return !wb_failed(c);
}

void sns_publish_batch(struct wb_call *c)
{
    struct topic t;
    struct wb_json entries = wb_in(c, "PublishBatchRequestEntries");
    if (!sns_call_topic(c, wb_in_str(c, "TopicArn"), &t) || !batch_ok(c, entries))
        return;
    struct wb_slice refused[WB_SNS_BATCH_MAX];
    struct wb_json_iter it = wb_json_iter(entries);
    wb_out_list(&c->out, "Successful");
    for (size_t i = 0; wb_json_next(&it); i++) {
        struct message m;
        refused[i] = read_message(c->arena, it.value, &m);
        if (refused[i].p)
            continue;
        m.id = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
        sns_publish(c->tx, &t, &m, &c->ctx, c->traced);
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "Id", wb_json_get_str(it.value, "Id", c->arena));
        wb_out_str(&c->out, "MessageId", m.id);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
    wb_out_list(&c->out, "Failed");
    it = wb_json_iter(entries);
    for (size_t i = 0; wb_json_next(&it); i++) {
        if (!refused[i].p)
            continue;
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "Id", wb_json_get_str(it.value, "Id", c->arena));
        wb_out_cstr(&c->out, "Code", "InvalidParameter");
        wb_out_str(&c->out, "Message",
                   wb_printf(c->arena, "Invalid parameter: %.*s", WB_FMT(refused[i])));
        wb_out_bool(&c->out, "SenderFault", true);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

/* --- what others deliver to a topic --- */

static void deliver(struct wb_tx *tx, const struct wb_delivery *d, struct wb_outcome *out)
{
    const struct topic_def *def = sns_topic_def(tx, d->target);
    *out = (struct wb_outcome){.kind = WB_PERMANENT};
    if (!def) {
        out->code = "NO_RESOURCE";
        out->message = WB_S("Topic does not exist");
    } else if (!wb_deliver_allowed(tx, d, def->policy, "sns:Publish", def->topic.arn, out)) {
        return;
    } else if (d->payload.n == 0 || d->payload.n > WB_SNS_MESSAGE_MAX) {
        out->code = "INVALID_PARAMETER";
        out->message = WB_S("Message empty or too long");
    } else if (d->at_once && def->topic.confirmed > WB_SNS_AT_ONCE_MAX) {
        out->kind = WB_BUSY;
    } else {
        struct message m = {.id = wb_id_uuid(tx->arena, wb_engine_seam(tx->engine)),
                            .subject = d->subject,
                            .body = d->payload};
        if (d->per_protocol)
            m.structure = wb_json_read(tx->arena, d->payload, NULL);
        sns_publish(tx, &def->topic, &m, d->ctx, false);
        out->kind = WB_ACCEPTED;
    }
}

static const struct wb_target_kind target_kind = {"sns", deliver};

/* --- the module --- */

static void start(struct wb_engine *e)
{
    wb_executor_register(e, &sns_lambda_executor);
    wb_executor_register(e, &sns_mail_executor);
    wb_executor_register(e, &sns_expire_executor);
    wb_job_register(e, &publish_job);
    wb_target_register(e, &target_kind);
    wb_def_register(e, &sns_topic_kind);
    wb_resource_policy_register(e, "sns", sns_resource_policy);
    wb_page_register(e, &sns_page_confirm);
    wb_page_register(e, &sns_page_unsubscribe);
}

static void check_subscriptions(struct wb_tx *tx, const struct topic *t,
                                void (*bad)(void *arg, const char *what), void *arg)
{
    struct wb_slice key, value, prefix = wb_key(tx->arena, WB_T_SUBSCRIPTION, "u", t->number);
    struct wb_scan *s = wb_tx_scan_prefix(tx, prefix);
    int64_t confirmed = 0, pending = 0;
    while (s && wb_tx_next(tx, s, &key, &value)) {
        struct subscription sub;
        struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
        wb_key_rd_u64(&r);
        struct wb_slice id = wb_key_rd_str(&r), there;
        if (!sns_sub_decode(tx->arena, id, value, &sub)) {
            bad(arg, "a subscription cannot be read");
            continue;
        }
        *(sub.confirmed ? &confirmed : &pending) += 1;
        if (!wb_tx_get(
                tx,
                wb_key(tx->arena, WB_T_SNS_ENDPOINT, "uss", t->number, sub.protocol, sub.endpoint),
                &there) ||
            !wb_slice_eq(there, id))
            bad(arg, "a subscription is not found by its endpoint");
    }
    wb_scan_close(s);
    if (confirmed != t->confirmed || pending != t->pending)
        bad(arg, "a topic's counts differ from its subscriptions");
}

static void check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct wb_slice key, value, prefix = wb_key(tx->arena, WB_T_TOPIC, "");
    struct wb_scan *s = wb_tx_scan_prefix(tx, prefix);
    while (s && wb_tx_next(tx, s, &key, &value)) {
        struct topic t;
        struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
        struct wb_slice account = wb_key_rd_str(&r), region = wb_key_rd_str(&r),
                        name = wb_key_rd_str(&r);
        if (r.bad || !sns_topic_read(tx, account, region, name, &t))
            bad(arg, "a topic cannot be read");
        else
            check_subscriptions(tx, &t, bad, arg);
    }
    wb_scan_close(s);
}

extern const struct wb_service wb_sns_service;
const struct wb_module wb_sns_module = {.service = &wb_sns_service, .start = start, .check = check};
