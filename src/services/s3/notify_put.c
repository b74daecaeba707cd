/* PutBucketNotificationConfiguration: who shall hear, and may the bucket tell them? */
#include "base/arn.h"
#include "base/ids.h"
#include "base/time.h"
#include "codec/text.h"
#include "engine/identity.h"
#include "services/s3/notify.h"

#define NOT_VALID "Unable to validate the following destination configurations"

static void refuse(struct wb_call *c, struct wb_slice arn, const char *why)
{
    s3_fail_argument(c, wb_dup_cstr(c->arena, arn), wb_slice_str(why), NOT_VALID);
}

static void check_destination(struct wb_call *c, const struct s3_bucket *b,
                              const struct s3_destination *d, struct wb_slice text)
{
    struct wb_arn arn;
    struct wb_delivery delivery = s3_delivery(b, text, c->arena);
    struct wb_outcome out;
    if (!wb_arn_parse(text, &arn) || !wb_slice_is(arn.service, d->service))
        s3_fail_argument(c, d->member, text, "The ARN is not well formed");
    else if (!wb_slice_eq(arn.region, b->region))
        refuse(c, text,
               "The notification destination service region is not valid for the bucket location "
               "constraint");
    else if (!wb_target_known(c->engine, text))
        refuse(c, text, "The destination queue does not exist");
    else if (!wb_in_bool(c, "SkipDestinationValidation", false) &&
             !wb_deliver_allowed(c->tx, &delivery, wb_resource_policy(c->tx, text), d->action, text,
                                 &out))
        refuse(c, text,
               wb_slice_is(arn.service, "lambda")
                   ? wb_printf(c->arena, "Not authorized to invoke function [%.*s]", WB_FMT(text)).p
                   : "Permissions on the destination topic do not allow S3 to publish "
                     "notifications from this bucket");
}

static void check_one(struct wb_call *c, const struct s3_bucket *b, const struct s3_destination *d,
                      struct wb_json config)
{
    struct wb_json rules =
        wb_json_get(wb_json_get(wb_json_get(config, "Filter"), "Key"), "FilterRules");
    struct wb_json_iter it = wb_json_iter(rules);
    unsigned prefixes = 0, suffixes = 0;
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_get_str(it.value, "Name", c->arena);
        bool prefix = wb_slice_ieq(name, WB_S("prefix"));
        if (!prefix && !wb_slice_ieq(name, WB_S("suffix")))
            s3_fail_argument(c, "FilterRule.Name", name,
                             "filter rule name must be either prefix or suffix");
        prefixes += prefix;
        suffixes += !prefix;
    }
    if (prefixes > 1 || suffixes > 1)
        s3_fail_argument(c, "FilterRule.Name", prefixes > 1 ? WB_S("prefix") : WB_S("suffix"),
                         "Cannot specify more than one rule of the same name in a filter.");
    check_destination(c, b, d, wb_json_get_str(config, d->member, c->arena));
}

/* --- two of them must not want the same --- */

struct one {
    struct wb_json config;
    struct wb_slice prefix, suffix;
};

static bool share_event(struct wb_json a, struct wb_json b, struct wb_arena *m)
{
    struct wb_json_iter i = wb_json_iter(wb_json_get(a, "Events"));
    while (wb_json_next(&i)) {
        struct wb_json_iter k = wb_json_iter(wb_json_get(b, "Events"));
        struct wb_slice x = wb_json_str(i.value, m);
        while (wb_json_next(&k)) {
            struct wb_slice y = wb_json_str(k.value, m);
            if (s3_event_fits(x, wb_slice_sub(y, 3, y.n)) ||
                s3_event_fits(y, wb_slice_sub(x, 3, x.n)))
                return true;
        }
    }
    return false;
}

static bool overlap(const struct one *a, const struct one *b, struct wb_arena *m)
{
    bool begin = wb_slice_starts(a->prefix, b->prefix) || wb_slice_starts(b->prefix, a->prefix);
    bool end = wb_slice_ends(a->suffix, b->suffix) || wb_slice_ends(b->suffix, a->suffix);
    return begin && end && share_event(a->config, b->config, m);
}

static void check_overlaps(struct wb_call *c, const struct one *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            if (!overlap(&list[i], &list[k], c->arena))
                continue;
            bool filtered =
                list[i].prefix.n || list[i].suffix.n || list[k].prefix.n || list[k].suffix.n;
            wb_fail(c, "InvalidArgument", 400,
                    filtered ? "Configuration is ambiguously defined. Cannot have overlapping "
                               "suffixes in two rules if the prefixes are overlapping for the "
                               "same event type."
                             : "Configurations overlap. Configurations on the same bucket cannot "
                               "share a common event type.");
        }
}

static bool check(struct wb_call *c, const struct s3_bucket *b, struct wb_json doc)
{
    struct one list[WB_S3_NOTIFICATIONS_MAX];
    size_t n = 0;
    for (const struct s3_destination *d = s3_destinations; d->list; d++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(doc, d->list));
        while (wb_json_next(&it) && !wb_failed(c)) {
            if (n == WB_S3_NOTIFICATIONS_MAX) {
                wb_fail(c, "TooManyConfigurations", 400,
                        "You are attempting to create more than the allowed number of "
                        "notification configurations");
                return false;
            }
            check_one(c, b, d, it.value);
            list[n++] = (struct one){it.value, s3_filter(it.value, "prefix", c->arena),
                                     s3_filter(it.value, "suffix", c->arena)};
        }
    }
    if (!wb_failed(c))
        check_overlaps(c, list, n);
    return !wb_failed(c);
}

/* --- what is kept: the same, with an id each --- */

static void put_one(struct wb_call *c, struct wb_json_writer *w, struct wb_json config)
{
    struct wb_json_iter it = wb_json_iter(config);
    wb_jw_object(w);
    if (!wb_json_get_str(config, "Id", c->arena).n)
        wb_jw_kstr(w, "Id", wb_id_uuid(c->arena, wb_engine_seam(c->engine)));
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, c->arena);
        if (wb_slice_is(name, "Id") && !wb_json_str(it.value, c->arena).n)
            continue;
        wb_jw_key_slice(w, name);
        wb_jw_raw(w, wb_json_raw(it.value));
    }
    wb_jw_end_object(w);
}

static struct wb_slice kept(struct wb_call *c, struct wb_json doc)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    for (const struct s3_destination *d = s3_destinations; d->list; d++) {
        struct wb_json list = wb_json_get(doc, d->list);
        struct wb_json_iter it = wb_json_iter(list);
        if (!wb_json_is(list))
            continue;
        wb_jw_key(&w, d->list);
        wb_jw_array(&w);
        while (wb_json_next(&it))
            put_one(c, &w, it.value);
        wb_jw_end_array(&w);
    }
    if (wb_json_is(wb_json_get(doc, "EventBridgeConfiguration")))
        wb_jw_kraw(&w, "EventBridgeConfiguration", WB_S("{}"));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* Topics get a message that says they will. */
static void send_test(struct wb_call *c, const struct s3_bucket *b, struct wb_slice arn)
{
    struct wb_buf out = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &out);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "Service", "Amazon S3");
    wb_jw_kcstr(&w, "Event", "s3:TestEvent");
    wb_jw_kstr(&w, "Time", wb_time_str(c->arena, c->tx->now_ms, WB_TIME_ISO_MS));
    wb_jw_kstr(&w, "Bucket", b->name);
    wb_jw_kstr(&w, "RequestId", c->ctx.request_id);
    wb_jw_kstr(&w, "HostId", wb_base64_encode(c->arena, c->ctx.request_id));
    wb_jw_end_object(&w);
    s3_send(c->tx, &c->ctx, b, arn, wb_buf_slice(&out));
}

void s3_put_notification(struct wb_call *c)
{
    struct s3_bucket b;
    struct wb_json doc = wb_in(c, "NotificationConfiguration");
    if (!s3_call_bucket(c, &b) || !check(c, &b, doc))
        return;
    wb_tx_put(c->tx, s3_config_key(c->arena, b.number, S3_NOTIFICATION), kept(c, doc));
    s3_config_changed(c->tx, b.name);
    struct wb_json_iter it = wb_json_iter(wb_json_get(doc, "TopicConfigurations"));
    while (wb_json_next(&it))
        send_test(c, &b, wb_json_get_str(it.value, "TopicArn", c->arena));
}
