/*
 * Subscriptions. An address is subscribed once: subscribing again gives the same subscription, or
 * sends the confirmation again while it is pending. A pending one goes after WB_SNS_PENDING_DAYS by
 * a work row of its own.
 */
#include "base/limits.h"
#include "codec/mime.h"
#include "codec/text.h"
#include "engine/paging.h"
#include "services/sns/sns.h"

#define TOKEN_NUMBER_DIGITS 16 /* a token begins with its topic's number */
#define TOKEN_RANDOM_DIGITS 64

/* --- rows --- */

static struct wb_slice row_key(struct wb_tx *tx, uint64_t topic, struct wb_slice id)
{
    return wb_key(tx->arena, WB_T_SUBSCRIPTION, "us", topic, id);
}

static struct wb_slice endpoint_key(struct wb_tx *tx, uint64_t topic, struct wb_slice protocol,
                                    struct wb_slice endpoint)
{
    return wb_key(tx->arena, WB_T_SNS_ENDPOINT, "uss", topic, protocol, endpoint);
}

static struct wb_slice token_key(struct wb_tx *tx, uint64_t topic, struct wb_slice token)
{
    return wb_key(tx->arena, WB_T_SNS_TOKEN, "us", topic, token);
}

bool sns_sub_decode(struct wb_arena *a, struct wb_slice id, struct wb_slice row,
                    struct subscription *out)
{
    struct wb_json v = wb_json_read(a, wb_dup(a, row), NULL);
    *out = (struct subscription){
        .id = id,
        .arn = wb_json_get_str(v, "arn", a),
        .protocol = wb_json_get_str(v, "protocol", a),
        .endpoint = wb_json_get_str(v, "endpoint", a),
        .owner = wb_json_get_str(v, "owner", a),
        .token = wb_json_get_str(v, "token", a),
        .unsubscribe = wb_json_get_str(v, "unsubscribe", a),
        .attributes = wb_json_raw(wb_json_get(v, "attributes")),
        .confirmed = wb_json_bool(wb_json_get(v, "confirmed"), false),
        .authenticate = wb_json_bool(wb_json_get(v, "authenticate"), false),
        .created_ms = wb_json_get_i64(v, "created", 0),
    };
    return out->arn.p && out->protocol.p && out->endpoint.p && out->attributes.p;
}

bool sns_sub_read(struct wb_tx *tx, uint64_t topic, struct wb_slice id, struct subscription *out)
{
    struct wb_slice row;
    return wb_tx_get(tx, row_key(tx, topic, id), &row) && sns_sub_decode(tx->arena, id, row, out);
}

void sns_sub_write(struct wb_tx *tx, uint64_t topic, const struct subscription *s)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "arn", s->arn);
    wb_jw_kstr(&w, "protocol", s->protocol);
    wb_jw_kstr(&w, "endpoint", s->endpoint);
    wb_jw_kstr(&w, "owner", s->owner);
    wb_jw_kstr(&w, "token", s->token);
    wb_jw_kstr(&w, "unsubscribe", s->unsubscribe);
    wb_jw_kbool(&w, "confirmed", s->confirmed);
    wb_jw_kbool(&w, "authenticate", s->authenticate);
    wb_jw_ki64(&w, "created", s->created_ms);
    wb_jw_kraw(&w, "attributes", s->attributes);
    wb_jw_end_object(&w);
    wb_tx_put(tx, row_key(tx, topic, s->id), wb_buf_slice(&b));
}

void sns_sub_delete(struct wb_tx *tx, struct topic *t, const struct subscription *s)
{
    wb_tx_del(tx, row_key(tx, t->number, s->id));
    wb_tx_del(tx, endpoint_key(tx, t->number, s->protocol, s->endpoint));
    if (s->token.n)
        wb_tx_del(tx, token_key(tx, t->number, s->token));
    wb_tx_del(tx, token_key(tx, t->number, s->unsubscribe));
    if (s->confirmed) {
        t->confirmed--;
        t->deleted++;
    } else {
        t->pending--;
    }
    sns_topic_write(tx, t);
}

/* --- tokens --- */

static struct wb_slice make_token(struct wb_tx *tx, const struct topic *t, struct wb_slice id)
{
    struct wb_slice random = wb_id_hex(tx->arena, wb_engine_seam(tx->engine), TOKEN_RANDOM_DIGITS);
    struct wb_slice token =
        wb_printf(tx->arena, "%016llx%.*s", (unsigned long long)t->number, WB_FMT(random));
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "topic", t->arn);
    wb_jw_kstr(&w, "subscription", id);
    wb_jw_end_object(&w);
    wb_tx_put(tx, token_key(tx, t->number, token), wb_buf_slice(&b));
    return token;
}

bool sns_token_find(struct wb_tx *tx, struct wb_slice token, struct topic *t,
                    struct subscription *s)
{
    struct wb_slice bytes, row;
    if (token.n != TOKEN_NUMBER_DIGITS + TOKEN_RANDOM_DIGITS ||
        !wb_hex_decode(tx->arena, wb_slice_sub(token, 0, TOKEN_NUMBER_DIGITS), &bytes))
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.n; i++)
        number = number << 8 | (uint8_t)bytes.p[i];
    if (!wb_tx_get(tx, token_key(tx, number, token), &row))
        return false;
    struct wb_json v = wb_json_read(tx->arena, wb_dup(tx->arena, row), NULL);
    return sns_topic_by_arn(tx, wb_json_get_str(v, "topic", tx->arena), t) && t->number == number &&
           sns_sub_read(tx, number, wb_json_get_str(v, "subscription", tx->arena), s);
}

/* --- Subscribe --- */

static bool endpoint_ok(struct wb_call *c, struct wb_slice protocol, struct wb_slice endpoint)
{
    if (wb_slice_is(protocol, "email") || wb_slice_is(protocol, "email-json")) {
        if (wb_mail_address_ok(endpoint))
            return true;
        sns_invalid(c, "Email address");
    } else if (wb_slice_is(protocol, "lambda")) {
        struct wb_arn parts;
        if (wb_arn_parse(endpoint, &parts) && wb_slice_is(parts.service, "lambda") &&
            wb_slice_starts(parts.resource, WB_S("function:")))
            return true;
        sns_invalid(c, "Lambda endpoint ARN");
    } else {
        wb_fail(c, "InvalidParameter", 400,
                "Invalid parameter: Amazon SNS does not support this protocol string: %.*s",
                WB_FMT(protocol));
    }
    return false;
}

static bool attribute_ok(struct wb_call *c, struct wb_slice name, struct wb_slice value)
{
    if (wb_slice_is(name, "RawMessageDelivery")) {
        if (wb_slice_is(value, "true") || wb_slice_is(value, "false"))
            return true;
        sns_invalid(c,
                    "Attributes Reason: RawMessageDelivery: Invalid value, must be true or false");
    } else if (wb_slice_is(name, "DeliveryPolicy") || wb_slice_is(name, "RedrivePolicy")) {
        if (!value.n || wb_json_type(wb_json_read(c->arena, value, NULL)) == WB_JSON_OBJECT)
            return true;
        wb_fail(c, "InvalidParameter", 400, "Invalid parameter: %.*s: failed to parse JSON.",
                WB_FMT(name));
    } else if (wb_slice_is(name, "FilterPolicy") || wb_slice_is(name, "FilterPolicyScope")) {
        /* Refused rather than kept and ignored: a subscriber must not get what it asked to be
         * spared. */
        wb_fail(c, "InvalidParameter", 400,
                "Invalid parameter: %.*s: message filtering is not offered here", WB_FMT(name));
    } else {
        sns_invalid(c, "AttributeName");
    }
    return false;
}

static bool read_attributes(struct wb_call *c, struct wb_slice *object)
{
    *object = WB_S("{}");
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Attributes"));
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, c->arena),
                        value = wb_json_str(it.value, c->arena);
        if (!attribute_ok(c, name, value))
            return false;
        *object = sns_with_member(c->arena, *object, name, value);
    }
    return true;
}

/* The subscription of this address, if there is one. */
static bool find_endpoint(struct wb_tx *tx, const struct topic *t, struct wb_slice protocol,
                          struct wb_slice endpoint, struct subscription *s)
{
    struct wb_slice id;
    return wb_tx_get(tx, endpoint_key(tx, t->number, protocol, endpoint), &id) &&
           sns_sub_read(tx, t->number, wb_dup(tx->arena, id), s);
}

static void make(struct wb_call *c, struct topic *t, struct subscription *s)
{
    s->id = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
    s->arn = wb_printf(c->arena, "%.*s:%.*s", WB_FMT(t->arn), WB_FMT(s->id));
    s->owner = c->ctx.principal.account.n ? c->ctx.principal.account : c->ctx.account;
    s->created_ms = c->tx->now_ms;
    s->confirmed = wb_slice_is(s->protocol, "lambda"); /* a function of ours need not be asked */
    s->unsubscribe = make_token(c->tx, t, s->id);
    if (!s->confirmed)
        s->token = make_token(c->tx, t, s->id);
    sns_sub_write(c->tx, t->number, s);
    wb_tx_put(c->tx, endpoint_key(c->tx, t->number, s->protocol, s->endpoint), s->id);
    *(s->confirmed ? &t->confirmed : &t->pending) += 1;
    sns_topic_write(c->tx, t);
    if (s->confirmed)
        return;
    struct wb_work w = {
        .target = WB_S("sns.expire"), /* housekeeping: not shown among the queues */
        .executor = sns_expire_executor.name,
        .due_ms = c->tx->now_ms + WB_SNS_PENDING_DAYS * 86400000LL,
        .ctx = c->ctx,
        .meta = wb_printf(c->arena, "{\"token\":\"%.*s\"}", WB_FMT(s->token)),
    };
    wb_work_add(c->tx, &w);
}

void sns_subscribe(struct wb_call *c)
{
    struct topic t;
    struct subscription s;
    struct wb_slice protocol = wb_in_str(c, "Protocol"), endpoint = wb_in_str(c, "Endpoint"),
                    attributes;
    if (!sns_call_topic(c, wb_in_str(c, "TopicArn"), &t) || !endpoint_ok(c, protocol, endpoint) ||
        !read_attributes(c, &attributes))
        return;
    if (!find_endpoint(c->tx, &t, protocol, endpoint, &s)) {
        s = (struct subscription){
            .protocol = protocol, .endpoint = endpoint, .attributes = attributes};
        make(c, &t, &s);
    }
    if (!s.confirmed)
        sns_mail_confirmation(c->tx, &t, &s, &c->ctx);
    bool show = s.confirmed || wb_in_bool(c, "ReturnSubscriptionArn", false);
    wb_out_str(&c->out, "SubscriptionArn", show ? s.arn : WB_S("pending confirmation"));
}

/* --- confirming and leaving --- */

static void confirm(struct wb_tx *tx, struct topic *t, struct subscription *s)
{
    wb_tx_del(tx, token_key(tx, t->number, s->token));
    s->token = WB_SLICE_NULL;
    s->confirmed = true;
    sns_sub_write(tx, t->number, s);
    t->pending--;
    t->confirmed++;
    sns_topic_write(tx, t);
}

void sns_confirm_subscription(struct wb_call *c)
{
    struct topic t, named;
    struct subscription s;
    if (!sns_call_topic(c, wb_in_str(c, "TopicArn"), &named))
        return;
    struct wb_slice token = wb_in_str(c, "Token");
    if (!sns_token_find(c->tx, token, &t, &s) || t.number != named.number || s.confirmed ||
        !wb_slice_eq(s.token, token)) {
        sns_invalid(c, "Token");
        return;
    }
    s.authenticate = wb_slice_ieq(wb_in_str(c, "AuthenticateOnUnsubscribe"), WB_S("true"));
    confirm(c->tx, &t, &s);
    wb_out_str(&c->out, "SubscriptionArn", s.arn);
}

/* arn:aws:sns:REGION:ACCOUNT:TOPIC:ID taken apart. */
static bool by_arn(struct wb_tx *tx, struct wb_slice arn, struct topic *t, struct subscription *s)
{
    size_t end = arn.n;
    while (end > 0 && arn.p[end - 1] != ':')
        end--;
    return end > 0 && sns_topic_by_arn(tx, wb_slice_sub(arn, 0, end - 1), t) &&
           sns_sub_read(tx, t->number, wb_slice_sub(arn, end, arn.n), s);
}

void sns_unsubscribe(struct wb_call *c)
{
    struct topic t;
    struct subscription s;
    struct wb_slice arn = wb_in_str(c, "SubscriptionArn");
    if (!sns_arn_ok(c, arn)) {
        sns_invalid(c, "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1");
        return;
    }
    if (!by_arn(c->tx, arn, &t, &s))
        return; /* leaving what one is not in succeeds */
    if (c->ctx.principal.type == WB_PRINCIPAL_ANONYMOUS && s.authenticate) {
        wb_fail(c, "AuthorizationError", 403,
                "Unsubscribing from this subscription needs a signed request");
        return;
    }
    sns_sub_delete(c->tx, &t, &s);
}

static void expire_step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct topic t;
    struct subscription s;
    struct wb_slice token =
        wb_json_get_str(wb_json_read(tx->arena, w->meta, NULL), "token", tx->arena);
    if (sns_token_find(tx, token, &t, &s) && !s.confirmed)
        sns_sub_delete(tx, &t, &s);
    out->kind = WB_DONE;
}

static const struct wb_schedule expire_schedule = {
    .base_ms = 60000, .cap_ms = 3600000, .attempts_max = 100};
const struct wb_executor sns_expire_executor = {
    .name = "sns.expire", .schedule = &expire_schedule, .step = expire_step};

/* --- the pages behind the links --- */

static void page(struct wb_call *c, int status, const char *title, struct wb_slice text)
{
    struct wb_buf b = wb_buf_in(c->arena);
    wb_buf_printf(
        &b,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s</title></head>"
        "<body style=\"font-family:sans-serif;max-width:40em;margin:4em auto;padding:0 "
        "1em\"><h1>%s</h1><p>",
        title, title);
    wb_xml_text(&b, text);
    wb_buf_str(&b, "</p></body></html>\n");
    c->status = status;
    c->raw_answer = wb_buf_slice(&b);
    wb_call_header(c, "Content-Type", WB_S("text/html; charset=utf-8"));
    wb_call_header(c, "Content-Security-Policy",
                   WB_S("default-src 'none'; style-src 'unsafe-inline'"));
}

static struct wb_slice parameter(struct wb_call *c, struct wb_slice query, const char *name)
{
    struct wb_pair *field;
    size_t count;
    if (wb_form_parse(c->arena, query, 16, &field, &count))
        for (size_t i = 0; i < count; i++)
            if (wb_slice_is(field[i].name, name))
                return field[i].value;
    return WB_SLICE_NULL;
}

static void confirm_page(struct wb_call *c, struct wb_slice query)
{
    struct topic t;
    struct subscription s;
    if (!sns_token_find(c->tx, parameter(c, query, "Token"), &t, &s)) {
        page(c, 404, "This link is no longer good",
             WB_S("The subscription was confirmed already, was cancelled, or waited too long."));
        return;
    }
    if (!s.confirmed)
        confirm(c->tx, &t, &s);
    page(c, 200, "Subscription confirmed",
         wb_printf(c->arena, "%.*s now gets the messages of %.*s.", WB_FMT(s.endpoint),
                   WB_FMT(t.name)));
}

static void unsubscribe_page(struct wb_call *c, struct wb_slice query)
{
    struct topic t;
    struct subscription s;
    struct wb_slice token = parameter(c, query, "Token");
    if (!sns_token_find(c->tx, token, &t, &s) || !wb_slice_eq(token, s.unsubscribe)) {
        page(c, 404, "This link is no longer good", WB_S("There is no such subscription."));
        return;
    }
    if (s.authenticate) {
        page(c, 403, "Not by link",
             WB_S("This subscription asks for a signed request to be cancelled."));
        return;
    }
    sns_sub_delete(c->tx, &t, &s);
    page(c, 200, "Unsubscribed",
         wb_printf(c->arena, "%.*s gets no more messages of %.*s.", WB_FMT(s.endpoint),
                   WB_FMT(t.name)));
}

const struct wb_page sns_page_confirm = {"GET", "/_waybill/confirm-subscription", true,
                                         confirm_page};
const struct wb_page sns_page_unsubscribe = {"GET", "/_waybill/unsubscribe", true,
                                             unsubscribe_page};

struct wb_slice sns_link_confirm(struct wb_tx *tx, const struct topic *t,
                                 const struct subscription *s)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_printf(&b, "%s%s?TopicArn=", wb_engine_config(tx->engine)->public_url,
                  sns_page_confirm.path);
    wb_percent_encode(&b, t->arn, false);
    wb_buf_printf(&b, "&Token=%.*s", WB_FMT(s->token));
    return wb_buf_slice(&b);
}

struct wb_slice sns_link_unsubscribe(struct wb_tx *tx, const struct subscription *s)
{
    return wb_printf(tx->arena, "%s%s?Token=%.*s", wb_engine_config(tx->engine)->public_url,
                     sns_page_unsubscribe.path, WB_FMT(s->unsubscribe));
}

/* --- lists and attributes --- */

static void out_subscription(struct wb_call *c, const struct subscription *s, struct wb_slice topic)
{
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "SubscriptionArn", s->confirmed ? s->arn : WB_S("PendingConfirmation"));
    wb_out_str(&c->out, "Owner", s->owner);
    wb_out_str(&c->out, "Protocol", s->protocol);
    wb_out_str(&c->out, "Endpoint", s->endpoint);
    wb_out_str(&c->out, "TopicArn", topic);
    wb_out_end(&c->out);
}

/* Lists one topic's subscriptions from `from` on. True when the page is full; *last is then the
 * last key shown. */
static bool list_topic(struct wb_call *c, const struct topic *t, struct wb_slice from,
                       size_t *count, struct wb_slice *last)
{
    struct wb_slice prefix = wb_key(c->arena, WB_T_SUBSCRIPTION, "u", t->number), key, value;
    struct wb_scan *s =
        wb_tx_scan(c->tx, from.p ? from : prefix, wb_key_after(c->arena, prefix), false);
    bool full = false;
    while (s && !full && wb_tx_next(c->tx, s, &key, &value)) {
        struct subscription sub;
        struct wb_key_rd r = wb_key_rd(c->arena, key, &(uint16_t){0});
        wb_key_rd_u64(&r);
        full = *count == WB_SNS_PAGE;
        if (full || !sns_sub_decode(c->arena, wb_key_rd_str(&r), value, &sub))
            continue;
        out_subscription(c, &sub, t->arn);
        *last = wb_dup(c->arena, key);
        (*count)++;
    }
    wb_scan_close(s);
    return full;
}

void sns_list_subscriptions_by_topic(struct wb_call *c)
{
    struct topic t;
    struct wb_slice token = wb_in_str(c, "NextToken"), last = WB_SLICE_NULL, from = WB_SLICE_NULL;
    if (!sns_call_topic(c, wb_in_str(c, "TopicArn"), &t))
        return;
    if (token.n) {
        if (!wb_page_open(c, token, t.arn, &last)) {
            sns_invalid(c, "NextToken");
            return;
        }
        from = wb_key_after(c->arena, last);
    }
    size_t count = 0;
    wb_out_list(&c->out, "Subscriptions");
    bool more = list_topic(c, &t, from, &count, &last);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, t.arn, last));
}

/* Topics in order of name, each one's subscriptions in order of id; the token holds the topic's
 * name, 00, and the last row shown. */
void sns_list_subscriptions(struct wb_call *c)
{
    struct wb_slice token = wb_in_str(c, "NextToken"), at = WB_SLICE_NULL, last = WB_SLICE_NULL;
    if (token.n && !wb_page_open(c, token, WB_SLICE_NULL, &at)) {
        sns_invalid(c, "NextToken");
        return;
    }
    struct wb_slice name = wb_slice_cut(&at, '\0'),
                    prefix = wb_key(c->arena, WB_T_TOPIC, "ss", c->ctx.account, c->ctx.region);
    struct wb_slice lo = name.p ? wb_key(c->arena, WB_T_TOPIC, "sss", c->ctx.account, c->ctx.region,
                                         name)
                                : prefix,
                    key, value;
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, prefix), false);
    size_t count = 0;
    struct topic t = {0};
    bool more = false;
    wb_out_list(&c->out, "Subscriptions");
    while (s && !more && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_key_rd r = wb_key_rd(c->arena, key, &(uint16_t){0});
        wb_key_rd_str(&r);
        wb_key_rd_str(&r);
        if (!sns_topic_read(c->tx, c->ctx.account, c->ctx.region, wb_key_rd_str(&r), &t))
            continue;
        struct wb_slice from =
            at.p && wb_slice_eq(t.name, name) ? wb_key_after(c->arena, at) : WB_SLICE_NULL;
        if (from.p)
            last = at;
        more = list_topic(c, &t, from, &count, &last);
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more) {
        const struct wb_slice parts[] = {t.name, wb_slice("", 1), last};
        wb_out_str(&c->out, "NextToken",
                   wb_page_token(c, WB_SLICE_NULL, wb_concat(c->arena, parts, 3)));
    }
}

static bool call_subscription(struct wb_call *c, struct topic *t, struct subscription *s)
{
    struct wb_slice arn = wb_in_str(c, "SubscriptionArn");
    if (!sns_arn_ok(c, arn))
        sns_invalid(c, "SubscriptionArn");
    else if (!by_arn(c->tx, arn, t, s))
        wb_fail(c, "NotFound", 404, "Subscription does not exist");
    return !wb_failed(c);
}

void sns_get_subscription_attributes(struct wb_call *c)
{
    struct topic t;
    struct subscription s;
    if (!call_subscription(c, &t, &s))
        return;
    const struct wb_pair fixed[] = {
        {WB_S("SubscriptionArn"), s.arn},
        {WB_S("TopicArn"), t.arn},
        {WB_S("Owner"), s.owner},
        {WB_S("Protocol"), s.protocol},
        {WB_S("Endpoint"), s.endpoint},
        {WB_S("PendingConfirmation"), s.confirmed ? WB_S("false") : WB_S("true")},
        {WB_S("ConfirmationWasAuthenticated"),
         s.authenticate || wb_slice_is(s.protocol, "lambda") ? WB_S("true") : WB_S("false")},
    };
    wb_out_map(&c->out, "Attributes");
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        wb_out_map_str(&c->out, fixed[i].name, fixed[i].value);
    struct wb_json own = wb_json_read(c->arena, s.attributes, NULL);
    if (!wb_json_is(wb_json_get(own, "RawMessageDelivery")))
        wb_out_map_str(&c->out, WB_S("RawMessageDelivery"), WB_S("false"));
    struct wb_json_iter it = wb_json_iter(own);
    while (wb_json_next(&it))
        wb_out_map_str(&c->out, wb_json_str(it.key, c->arena), wb_json_str(it.value, c->arena));
    wb_out_end(&c->out);
}

void sns_set_subscription_attributes(struct wb_call *c)
{
    struct topic t;
    struct subscription s;
    struct wb_slice name = wb_in_str(c, "AttributeName"), value = wb_in_str(c, "AttributeValue");
    if (!call_subscription(c, &t, &s) || !attribute_ok(c, name, value))
        return;
    s.attributes = sns_with_member(c->arena, s.attributes, name, value);
    sns_sub_write(c->tx, t.number, &s);
}
