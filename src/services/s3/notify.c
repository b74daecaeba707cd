/*
 * Telling about objects: events on the default bus, records to topics and functions.
 *
 * A record goes to each destination by a work row of its own, written with the change it tells of:
 * what was answered is told, at least once. What a destination refuses for good is a dead row.
 */
#include "services/s3/notify.h"
#include "base/ids.h"
#include "base/time.h"
#include "codec/text.h"
#include "engine/audit.h"
#include "services/s3/object.h"

#define SERVICE "s3.amazonaws.com"
#define QUEUE   "s3/"

const struct s3_destination s3_destinations[] = {
    {"TopicConfigurations", "TopicArn", "sns", "sns:Publish"},
    {"LambdaFunctionConfigurations", "LambdaFunctionArn", "lambda", "lambda:InvokeFunction"},
    {"QueueConfigurations", "QueueArn", "sqs", "sqs:SendMessage"},
    {NULL, NULL, NULL, NULL},
};

/* --- delivery --- */

struct wb_delivery s3_delivery(const struct s3_bucket *b, struct wb_slice arn, struct wb_arena *a)
{
    return (struct wb_delivery){.target = arn,
                                .source_service = SERVICE,
                                .source_arn = s3_bucket_arn(a, b->name),
                                .source_account = b->account,
                                .subject = WB_S("Amazon S3 Notification")};
}

void s3_send(struct wb_tx *tx, const struct wb_ctx *ctx, const struct s3_bucket *b,
             struct wb_slice arn, struct wb_slice payload)
{
    struct wb_work w = {.target = wb_printf(tx->arena, QUEUE "%.*s", WB_FMT(arn)),
                        .executor = s3_notify_executor.name,
                        .ctx = *ctx,
                        .payload = payload};
    w.ctx.account = b->account;
    w.ctx.region = b->region;
    w.ctx.depth++;
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer j;
    wb_jw_init(&j, &meta);
    wb_jw_object(&j);
    wb_jw_kstr(&j, "bucket", b->name);
    wb_jw_end_object(&j);
    w.meta = wb_buf_slice(&meta);
    wb_work_add(tx, &w);
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct s3_bucket b = {
        .name = wb_json_get_str(wb_json_read(tx->arena, w->meta, NULL), "bucket", tx->arena),
        .account = w->ctx.account};
    struct wb_delivery d =
        s3_delivery(&b, wb_slice_sub(w->target, strlen(QUEUE), w->target.n), tx->arena);
    d.payload = w->payload;
    d.ctx = &w->ctx;
    d.first_ms = w->first_ms;
    wb_deliver(tx, &d, out);
}

static const struct wb_schedule schedule = {
    .base_ms = 1000, .cap_ms = 60000, .jitter_percent = 20, .age_max_ms = WB_S3_NOTIFY_AGE_MS};
const struct wb_executor s3_notify_executor = {
    .name = "s3.notify", .schedule = &schedule, .step = step};

/* --- what an event says --- */

struct told {
    struct wb_tx *tx;
    const struct wb_ctx *ctx;
    const struct s3_bucket *b;
    const struct s3_object *o;
    struct wb_slice event; /* "ObjectCreated:Put" */
    bool created, removed, inside;
};

static struct wb_slice sequencer(const struct told *t)
{
    return wb_printf(t->tx->arena, "%018llX", (unsigned long long)t->o->stamp);
}

/* Who did it: a client, or S3 itself by a rule. */
static struct wb_slice address(const struct told *t)
{
    return t->ctx->source_ip.p ? t->ctx->source_ip : WB_S(SERVICE);
}

/* As in a form: a space is a plus. */
static struct wb_slice form_encoded(struct wb_arena *a, struct wb_slice key)
{
    struct wb_buf out = wb_buf_in(a);
    while (key.p) {
        wb_percent_encode(&out, wb_slice_cut(&key, ' '), true);
        if (key.p)
            wb_buf_char(&out, '+');
    }
    return wb_buf_slice(&out);
}

static void put_record(struct wb_json_writer *w, const struct told *t, struct wb_slice id)
{
    struct wb_arena *a = t->tx->arena;
    const struct wb_principal *p = &t->ctx->principal;
    bool plain = t->created || (t->removed && !t->inside);
    wb_jw_kcstr(w, "eventVersion", plain ? "2.1" : "2.3");
    wb_jw_kcstr(w, "eventSource", "aws:s3");
    wb_jw_kstr(w, "awsRegion", t->b->region);
    wb_jw_kstr(w, "eventTime", wb_time_str(a, t->tx->now_ms, WB_TIME_ISO_MS));
    wb_jw_kstr(w, "eventName", t->event);
    wb_jw_key(w, "userIdentity");
    wb_jw_object(w);
    wb_jw_kstr(w, "principalId",
               t->inside ? WB_S(SERVICE)
               : p->id.n ? wb_printf(a, "AWS:%.*s", WB_FMT(p->id))
                         : WB_S("Anonymous"));
    wb_jw_end_object(w);
    wb_jw_key(w, "requestParameters");
    wb_jw_object(w);
    wb_jw_kstr(w, "sourceIPAddress", address(t));
    wb_jw_end_object(w);
    wb_jw_key(w, "responseElements");
    wb_jw_object(w);
    wb_jw_kstr(w, "x-amz-request-id", t->ctx->request_id.p ? t->ctx->request_id : WB_S(""));
    wb_jw_kstr(w, "x-amz-id-2", wb_base64_encode(a, t->ctx->request_id));
    wb_jw_end_object(w);
    wb_jw_key(w, "s3");
    wb_jw_object(w);
    wb_jw_kcstr(w, "s3SchemaVersion", "1.0");
    wb_jw_kstr(w, "configurationId", id);
    wb_jw_key(w, "bucket");
    wb_jw_object(w);
    wb_jw_kstr(w, "name", t->b->name);
    wb_jw_key(w, "ownerIdentity");
    wb_jw_object(w);
    wb_jw_kstr(w, "principalId", t->b->account);
    wb_jw_end_object(w);
    wb_jw_kstr(w, "arn", s3_bucket_arn(a, t->b->name));
    wb_jw_end_object(w);
    wb_jw_key(w, "object");
    wb_jw_object(w);
    wb_jw_kstr(w, "key", form_encoded(a, t->o->key));
    if (!t->removed) {
        wb_jw_ki64(w, "size", t->o->size);
        wb_jw_kstr(w, "eTag", t->o->etag);
    }
    if (t->o->version.p)
        wb_jw_kstr(w, "versionId", t->o->version);
    wb_jw_kstr(w, "sequencer", sequencer(t));
    wb_jw_end_object(w);
    wb_jw_end_object(w);
}

static struct wb_slice record(const struct told *t, struct wb_slice id)
{
    struct wb_buf b = wb_buf_in(t->tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_key(&w, "Records");
    wb_jw_array(&w);
    wb_jw_object(&w);
    put_record(&w, t, id);
    wb_jw_end_object(&w);
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* EventBridge has words of its own (User Guide, "EventBridge event message structure"). */
static const struct {
    const char *event, *type, *reason, *deletion;
} events[] = {
    {"ObjectCreated:Put", "Object Created", "PutObject", NULL},
    {"ObjectCreated:Post", "Object Created", "POST Object", NULL},
    {"ObjectCreated:Copy", "Object Created", "CopyObject", NULL},
    {"ObjectCreated:CompleteMultipartUpload", "Object Created", "CompleteMultipartUpload", NULL},
    {"ObjectRemoved:Delete", "Object Deleted", "DeleteObject", "Permanently Deleted"},
    {"ObjectRemoved:DeleteMarkerCreated", "Object Deleted", "DeleteObject",
     "Delete Marker Created"},
    {"LifecycleExpiration:Delete", "Object Deleted", "Lifecycle Expiration", "Permanently Deleted"},
    {"LifecycleExpiration:DeleteMarkerCreated", "Object Deleted", "Lifecycle Expiration",
     "Delete Marker Created"},
    {"ObjectTagging:Put", "Object Tags Added", NULL, NULL},
    {"ObjectTagging:Delete", "Object Tags Deleted", NULL, NULL},
};

static void to_bus(const struct told *t)
{
    size_t i = 0, n = sizeof events / sizeof *events;
    while (i < n && !wb_slice_is(t->event, events[i].event))
        i++;
    if (i == n)
        return;
    struct wb_buf b = wb_buf_in(t->tx->arena);
    struct wb_json_writer w;
    const struct wb_principal *p = &t->ctx->principal;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "version", "0");
    wb_jw_key(&w, "bucket");
    wb_jw_object(&w);
    wb_jw_kstr(&w, "name", t->b->name);
    wb_jw_end_object(&w);
    wb_jw_key(&w, "object");
    wb_jw_object(&w);
    wb_jw_kstr(&w, "key", t->o->key);
    if (!t->removed) {
        wb_jw_ki64(&w, "size", t->o->size);
        wb_jw_kstr(&w, "etag", t->o->etag);
    }
    if (t->o->version.p)
        wb_jw_kstr(&w, "version-id", t->o->version);
    wb_jw_kstr(&w, "sequencer", sequencer(t));
    wb_jw_end_object(&w);
    wb_jw_kstr(&w, "request-id", t->ctx->request_id.p ? t->ctx->request_id : WB_S(""));
    wb_jw_kstr(&w, "requester", t->inside || !p->account.n ? WB_S(SERVICE) : p->account);
    if (!t->inside)
        wb_jw_kstr(&w, "source-ip-address", address(t));
    if (events[i].reason)
        wb_jw_kcstr(&w, "reason", events[i].reason);
    if (events[i].deletion)
        wb_jw_kcstr(&w, "deletion-type", events[i].deletion);
    wb_jw_end_object(&w);
    struct wb_ctx ctx = *t->ctx;
    ctx.account = t->b->account;
    ctx.region = t->b->region;
    wb_bus_publish(t->tx, &ctx, "aws.s3", events[i].type, s3_bucket_arn(t->tx->arena, t->b->name),
                   wb_buf_slice(&b));
}

/* --- which configuration wants it --- */

/* "s3:ObjectCreated:*" or the name itself, behind "s3:". */
bool s3_event_fits(struct wb_slice wanted, struct wb_slice event)
{
    wanted = wb_slice_sub(wanted, strlen("s3:"), wanted.n);
    if (wb_slice_ends(wanted, WB_S("*")))
        return wb_slice_starts(event, wb_slice_sub(wanted, 0, wanted.n - 1));
    return wb_slice_eq(wanted, event);
}

struct wb_slice s3_filter(struct wb_json config, const char *name, struct wb_arena *a)
{
    struct wb_json_iter it =
        wb_json_iter(wb_json_get(wb_json_get(wb_json_get(config, "Filter"), "Key"), "FilterRules"));
    while (wb_json_next(&it))
        if (wb_slice_ieq(wb_json_get_str(it.value, "Name", a), wb_slice_str(name)))
            return wb_json_get_str(it.value, "Value", a);
    return WB_S("");
}

static bool wants(struct wb_json config, const struct told *t)
{
    struct wb_arena *a = t->tx->arena;
    if (!wb_slice_starts(t->o->key, s3_filter(config, "prefix", a)) ||
        !wb_slice_ends(t->o->key, s3_filter(config, "suffix", a)))
        return false;
    struct wb_json_iter it = wb_json_iter(wb_json_get(config, "Events"));
    while (wb_json_next(&it))
        if (s3_event_fits(wb_json_str(it.value, a), t->event))
            return true;
    return false;
}

void s3_event(struct wb_tx *tx, const struct wb_ctx *ctx, const struct s3_bucket *b,
              const struct s3_object *o, const char *event)
{
    const struct s3_config *k = s3_config(tx, b->name);
    struct told t = {.tx = tx, .ctx = ctx, .b = b, .o = o, .event = wb_slice_str(event)};
    if (!k || !k->text[S3_NOTIFICATION].p)
        return;
    t.inside = wb_slice_starts(t.event, WB_S("Lifecycle"));
    t.created = wb_slice_starts(t.event, WB_S("ObjectCreated:"));
    t.removed = t.inside || wb_slice_starts(t.event, WB_S("ObjectRemoved:"));
    struct wb_json doc = k->doc[S3_NOTIFICATION];
    if (wb_json_is(wb_json_get(doc, "EventBridgeConfiguration")))
        to_bus(&t);
    for (const struct s3_destination *d = s3_destinations; d->list; d++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(doc, d->list));
        while (wb_json_next(&it))
            if (wants(it.value, &t))
                s3_send(tx, ctx, b, wb_json_get_str(it.value, d->member, tx->arena),
                        record(&t, wb_json_get_str(it.value, "Id", tx->arena)));
    }
}
