/* Topics: rows, attributes, policy, tags. */
#include "auth/policy.h"
#include "base/limits.h"
#include "engine/paging.h"
#include "engine/tags.h"
#include "services/sns/sns.h"
#include <stdlib.h>

/* --- rows --- */

static struct wb_slice row_key(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                               struct wb_slice name)
{
    return wb_key(a, WB_T_TOPIC, "sss", account, region, name);
}

/* All of *out in `a`. */
static bool decode(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                   struct wb_slice name, struct wb_slice row, struct topic *out)
{
    struct wb_json v = wb_json_read(a, wb_dup(a, row), NULL);
    *out = (struct topic){
        .number = (uint64_t)wb_json_get_i64(v, "number", 0),
        .name = wb_dup(a, name),
        .account = wb_dup(a, account),
        .region = wb_dup(a, region),
        .arn = wb_arn_make(a, "sns", region, account, "%.*s", WB_FMT(name)),
        .attributes = wb_json_raw(wb_json_get(v, "attributes")),
        .confirmed = wb_json_get_i64(v, "confirmed", 0),
        .pending = wb_json_get_i64(v, "pending", 0),
        .deleted = wb_json_get_i64(v, "deleted", 0),
    };
    return out->number != 0;
}

bool sns_topic_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                    struct wb_slice name, struct topic *out)
{
    struct wb_slice row;
    return wb_tx_get(tx, row_key(tx->arena, account, region, name), &row) &&
           decode(tx->arena, account, region, name, row, out);
}

bool sns_topic_by_arn(struct wb_tx *tx, struct wb_slice arn, struct topic *out)
{
    struct wb_arn parts;
    return wb_arn_parse(arn, &parts) && wb_slice_is(parts.service, "sns") &&
           sns_topic_read(tx, parts.account, parts.region, parts.resource, out);
}

void sns_topic_write(struct wb_tx *tx, const struct topic *t)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "number", (int64_t)t->number);
    wb_jw_ki64(&w, "confirmed", t->confirmed);
    wb_jw_ki64(&w, "pending", t->pending);
    wb_jw_ki64(&w, "deleted", t->deleted);
    wb_jw_kraw(&w, "attributes", t->attributes);
    wb_jw_end_object(&w);
    struct wb_slice key = row_key(tx->arena, t->account, t->region, t->name);
    wb_tx_put(tx, key, wb_buf_slice(&b));
    wb_def_changed(tx, &sns_topic_kind, key);
}

struct wb_slice sns_topic_attribute(struct wb_arena *a, const struct topic *t, const char *name)
{
    return wb_json_get_str(wb_json_read(a, t->attributes, NULL), name, a);
}

/* The policy every topic has until it gets its own: the owner's account, told by AWS:SourceOwner.
 */
struct wb_slice sns_topic_policy(struct wb_arena *a, const struct topic *t)
{
    struct wb_slice own = sns_topic_attribute(a, t, "Policy");
    if (own.n)
        return own;
    return wb_printf(a,
                     "{\"Version\":\"2008-10-17\",\"Id\":\"__default_policy_ID\",\"Statement\":[{"
                     "\"Sid\":\"__default_statement_ID\",\"Effect\":"
                     "\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":[\"SNS:"
                     "GetTopicAttributes\",\"SNS:SetTopicAttributes\","
                     "\"SNS:AddPermission\",\"SNS:RemovePermission\",\"SNS:DeleteTopic\",\"SNS:"
                     "Subscribe\",\"SNS:ListSubscriptionsByTopic\","
                     "\"SNS:Publish\"],\"Resource\":\"%.*s\",\"Condition\":{\"StringEquals\":{"
                     "\"AWS:SourceOwner\":\"%.*s\"}}}]}",
                     WB_FMT(t->arn), WB_FMT(t->account));
}

/* --- the definition --- */

static void unload(void *object)
{
    struct topic_def *d = object;
    wb_policy_unref(d->policy);
    wb_arena_release(&d->arena);
    free(d);
}

static void *load(struct wb_tx *tx, struct wb_slice key)
{
    struct wb_slice row;
    struct wb_key_rd k = wb_key_rd(tx->arena, key, &(uint16_t){0});
    struct wb_slice account = wb_key_rd_str(&k), region = wb_key_rd_str(&k);
    struct wb_slice name = wb_key_rd_str(&k);
    if (!wb_tx_get(tx, key, &row))
        return NULL;
    struct topic_def *d = wb_xcalloc(1, sizeof *d);
    wb_arena_init(&d->arena, 1024);
    if (!decode(&d->arena, account, region, name, row, &d->topic)) {
        unload(d);
        return NULL;
    }
    d->policy = wb_policy_stored(sns_topic_policy(tx->arena, &d->topic), true, d->topic.arn);
    return d;
}

struct wb_def_kind sns_topic_kind = {.name = "topic", .load = load, .free = unload};

const struct topic_def *sns_topic_def(struct wb_tx *tx, struct wb_slice arn)
{
    struct wb_arn parts;
    if (!wb_arn_parse(arn, &parts) || !wb_slice_is(parts.service, "sns"))
        return NULL;
    return wb_def(tx, &sns_topic_kind,
                  row_key(tx->arena, parts.account, parts.region, parts.resource));
}

const struct wb_policy *sns_resource_policy(struct wb_tx *tx, struct wb_slice arn)
{
    const struct topic_def *d = sns_topic_def(tx, arn);
    return d ? d->policy : NULL;
}

void sns_invalid(struct wb_call *c, const char *what)
{
    wb_fail(c, "InvalidParameter", 400, "Invalid parameter: %s", what);
}

/* A topic of another region is not reached from here: the region that policies are asked about and
 * that the audit log goes by is the request's. */
bool sns_arn_ok(const struct wb_call *c, struct wb_slice arn)
{
    struct wb_arn parts;
    bool any = c->ctx.principal.type == WB_PRINCIPAL_ANONYMOUS; /* not signed for any region */
    return wb_arn_parse(arn, &parts) && wb_slice_is(parts.service, "sns") &&
           (any || wb_slice_eq(parts.region, c->ctx.region));
}

bool sns_call_topic(struct wb_call *c, struct wb_slice arn, struct topic *out)
{
    if (!sns_arn_ok(c, arn)) {
        sns_invalid(c, "TopicArn");
        return false;
    }
    if (!sns_topic_by_arn(c->tx, arn, out)) {
        wb_fail(c, "NotFound", 404, "Topic does not exist");
        return false;
    }
    return true;
}

/* --- attributes --- */

static bool name_ok(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
              ch == '_' || ch == '-'))
            return false;
    }
    return s.n >= 1 && s.n <= 256;
}

/* What a topic's policy can grant: nothing about subscriptions, tags or other topics. */
static bool in_scope(struct wb_slice action)
{
    static const char *const known[] = {"AddPermission",
                                        "DeleteTopic",
                                        "GetDataProtectionPolicy",
                                        "GetTopicAttributes",
                                        "ListSubscriptionsByTopic",
                                        "ListTagsForResource",
                                        "Publish",
                                        "PutDataProtectionPolicy",
                                        "Receive",
                                        "RemovePermission",
                                        "SetTopicAttributes",
                                        "Subscribe"};
    struct wb_slice name = action, service = wb_slice_cut(&name, ':');
    if (wb_slice_chr(action, '*', 0) >= 0 || wb_slice_chr(action, '?', 0) >= 0)
        return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (wb_slice_ieq(service, WB_S("sns")) && wb_slice_ieq(name, wb_slice_str(known[i])))
            return true;
    return false;
}

static bool actions_in_scope(struct wb_arena *a, struct wb_json list)
{
    struct wb_json_iter it = wb_json_iter(list);
    if (wb_json_type(list) == WB_JSON_STRING)
        return in_scope(wb_json_str(list, a));
    while (wb_json_next(&it))
        if (!in_scope(wb_json_str(it.value, a)))
            return false;
    return true;
}

static bool policy_ok(struct wb_call *c, struct wb_slice text)
{
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_policy *p = wb_policy_parse(text, true, c->arena, &why);
    wb_policy_unref(p);
    if (!p) {
        wb_fail(c, "InvalidParameter", 400, "Invalid parameter: Policy Error: %.*s", WB_FMT(why));
        return false;
    }
    struct wb_json list = wb_json_get(wb_json_read(c->arena, text, NULL), "Statement");
    bool alone = wb_json_type(list) == WB_JSON_OBJECT;
    struct wb_json_iter it = wb_json_iter(list);
    bool good = !alone || actions_in_scope(c->arena, wb_json_get(list, "Action"));
    while (good && !alone && wb_json_next(&it))
        good = actions_in_scope(c->arena, wb_json_get(it.value, "Action"));
    if (!good)
        sns_invalid(c, "Policy statement action out of service scope!");
    return good;
}

/* Checks one attribute; false with the call's error set. */
static bool attribute_ok(struct wb_call *c, struct wb_slice name, struct wb_slice value)
{
    static const char *const known[] = {
        "DisplayName",   "Policy", "DeliveryPolicy", "KmsMasterKeyId", "SignatureVersion",
        "TracingConfig", NULL};
    size_t i = 0;
    while (known[i] && !wb_slice_is(name, known[i]))
        i++;
    if (!known[i]) {
        sns_invalid(c, "AttributeName");
        return false;
    }
    if (i == 0 && value.n > WB_SNS_DISPLAY_NAME_MAX) {
        sns_invalid(c, "DisplayName");
        return false;
    }
    if (i == 1 && value.n && !policy_ok(c, value))
        return false;
    if (i == 2 && value.n && wb_json_type(wb_json_read(c->arena, value, NULL)) != WB_JSON_OBJECT) {
        sns_invalid(c, "DeliveryPolicy: not a JSON object");
        return false;
    }
    if (i == 4 && !wb_slice_is(value, "1") && !wb_slice_is(value, "2")) {
        sns_invalid(c, "SignatureVersion");
        return false;
    }
    if (i == 5 && !wb_slice_is(value, "Active") && !wb_slice_is(value, "PassThrough")) {
        sns_invalid(c, "TracingConfig");
        return false;
    }
    return true;
}

/* The object with one member set, or removed when the value is empty. */
struct wb_slice sns_with_member(struct wb_arena *a, struct wb_slice object, struct wb_slice name,
                                struct wb_slice value)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, object, NULL));
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, a);
        if (wb_slice_eq(key, name))
            continue;
        wb_jw_key_slice(&w, key);
        wb_jw_raw(&w, wb_json_raw(it.value));
    }
    if (value.n) {
        wb_jw_key_slice(&w, name);
        wb_jw_str(&w, value);
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* --- operations --- */

static bool same_attributes(struct wb_call *c, const struct topic *t, struct wb_json wanted)
{
    struct wb_json have = wb_json_read(c->arena, t->attributes, NULL);
    struct wb_json_iter it = wb_json_iter(wanted);
    while (wb_json_next(&it))
        if (!wb_slice_eq(
                wb_json_str(wb_json_get_slice(have, wb_json_str(it.key, c->arena)), c->arena),
                wb_json_str(it.value, c->arena)))
            return false;
    return true;
}

static bool read_attributes(struct wb_call *c, struct wb_slice *object)
{
    *object = WB_S("{}");
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Attributes"));
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, c->arena),
                        value = wb_json_str(it.value, c->arena);
        if (wb_slice_is(name, "FifoTopic") && wb_slice_is(value, "false"))
            continue;
        if (wb_slice_is(name, "FifoTopic")) {
            sns_invalid(c, "Attributes Reason: FIFO topics are not offered here");
            return false;
        }
        if (!attribute_ok(c, name, value))
            return false;
        *object = sns_with_member(c->arena, *object, name, value);
    }
    return true;
}

void sns_create_topic(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "Name"), attributes, why;
    struct wb_pair *tag;
    size_t tags;
    if (!name_ok(name)) {
        sns_invalid(c, "Topic Name");
        return;
    }
    if (!read_attributes(c, &attributes))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &tag, &tags, &why)) {
        wb_fail(c, "InvalidParameter", 400, "Invalid parameter: Tags Reason: %.*s", WB_FMT(why));
        return;
    }
    struct topic t;
    if (sns_topic_read(c->tx, c->ctx.account, c->ctx.region, name, &t)) {
        if (!same_attributes(c, &t, wb_in(c, "Attributes"))) {
            sns_invalid(c, "Attributes Reason: Topic already exists with different attributes");
            return;
        }
    } else {
        t = (struct topic){.number = wb_tx_number(c->tx, "topic"),
                           .name = name,
                           .account = c->ctx.account,
                           .region = c->ctx.region};
        t.arn = wb_arn_make(c->arena, "sns", t.region, t.account, "%.*s", WB_FMT(name));
        t.attributes = attributes;
        sns_topic_write(c->tx, &t);
        wb_tags_put(c->tx, t.arn, tag, tags);
    }
    wb_out_str(&c->out, "TopicArn", t.arn);
}

void sns_delete_topic(struct wb_call *c)
{
    struct wb_slice arn = wb_in_str(c, "TopicArn");
    struct topic t;
    if (!sns_arn_ok(c, arn)) {
        sns_invalid(c, "TopicArn");
        return;
    }
    if (!sns_topic_by_arn(c->tx, arn, &t))
        return; /* deleting what is not there succeeds */
    struct wb_slice key = row_key(c->arena, t.account, t.region, t.name);
    wb_tx_del(c->tx, key);
    wb_def_changed(c->tx, &sns_topic_kind, key);
    wb_tags_drop(c->tx, t.arn);
    /* The name is free at once; the numbered ranges go in a job. */
    const uint16_t ranges[] = {WB_T_SUBSCRIPTION, WB_T_SNS_ENDPOINT, WB_T_SNS_TOKEN};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct wb_slice lo = wb_key(c->arena, ranges[i], "u", t.number);
        wb_job_drop_range(c->tx, wb_printf(c->arena, "delete topic %.*s", WB_FMT(t.name)), lo,
                          wb_key_after(c->arena, lo));
    }
}

void sns_list_topics(struct wb_call *c)
{
    struct wb_slice prefix = wb_key(c->arena, WB_T_TOPIC, "ss", c->ctx.account, c->ctx.region),
                    lo = prefix, last;
    struct wb_slice token = wb_in_str(c, "NextToken");
    if (token.n) {
        if (!wb_page_open(c, token, WB_SLICE_NULL, &last)) {
            sns_invalid(c, "NextToken");
            return;
        }
        lo = wb_key_after(c->arena, last);
    }
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, prefix), false);
    struct wb_slice key, value;
    size_t count = 0;
    wb_out_list(&c->out, "Topics");
    last = WB_SLICE_NULL;
    while (s && wb_tx_next(c->tx, s, &key, &value)) {
        if (count == WB_SNS_PAGE) {
            wb_out_end(&c->out);
            wb_out_str(&c->out, "NextToken", wb_page_token(c, WB_SLICE_NULL, last));
            wb_scan_close(s);
            return;
        }
        struct wb_key_rd r = wb_key_rd(c->arena, key, &(uint16_t){0});
        wb_key_rd_str(&r);
        wb_key_rd_str(&r);
        struct wb_slice name = wb_key_rd_str(&r);
        wb_out_object(&c->out, NULL);
        wb_out_str(
            &c->out, "TopicArn",
            wb_arn_make(c->arena, "sns", c->ctx.region, c->ctx.account, "%.*s", WB_FMT(name)));
        wb_out_end(&c->out);
        last = wb_dup(c->arena, key);
        count++;
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
}

void sns_get_topic_attributes(struct wb_call *c)
{
    struct topic t;
    if (!sns_call_topic(c, wb_in_str(c, "TopicArn"), &t))
        return;
    const struct wb_pair fixed[] = {
        {WB_S("TopicArn"), t.arn},
        {WB_S("Owner"), t.account},
        {WB_S("Policy"), sns_topic_policy(c->arena, &t)},
        {WB_S("SubscriptionsConfirmed"), wb_printf(c->arena, "%lld", (long long)t.confirmed)},
        {WB_S("SubscriptionsPending"), wb_printf(c->arena, "%lld", (long long)t.pending)},
        {WB_S("SubscriptionsDeleted"), wb_printf(c->arena, "%lld", (long long)t.deleted)},
        {WB_S("EffectiveDeliveryPolicy"),
         WB_S("{\"http\":{\"defaultHealthyRetryPolicy\":{\"minDelayTarget\":20,\"maxDelayTarget\":"
              "20,\"numRetries\":3,\"numMaxDelayRetries\":0,"
              "\"numNoDelayRetries\":0,\"numMinDelayRetries\":0,\"backoffFunction\":\"linear\"},"
              "\"disableSubscriptionOverrides\":false,"
              "\"defaultRequestPolicy\":{\"headerContentType\":\"text/plain; charset=UTF-8\"}}}")},
    };
    wb_out_map(&c->out, "Attributes");
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        wb_out_map_str(&c->out, fixed[i].name, fixed[i].value);
    struct wb_json_iter it = wb_json_iter(wb_json_read(c->arena, t.attributes, NULL));
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, c->arena);
        if (!wb_slice_is(name, "Policy"))
            wb_out_map_str(&c->out, name, wb_json_str(it.value, c->arena));
    }
    if (!sns_topic_attribute(c->arena, &t, "DisplayName").p)
        wb_out_map_str(&c->out, WB_S("DisplayName"), WB_S(""));
    wb_out_end(&c->out);
}

void sns_set_topic_attributes(struct wb_call *c)
{
    struct topic t;
    struct wb_slice name = wb_in_str(c, "AttributeName"), value = wb_in_str(c, "AttributeValue");
    if (!sns_call_topic(c, wb_in_str(c, "TopicArn"), &t) || !attribute_ok(c, name, value))
        return;
    t.attributes = sns_with_member(c->arena, t.attributes, name, value);
    sns_topic_write(c->tx, &t);
}

/* --- permissions: statements of the policy by label --- */

/* The policy's statements without the one called sid; *found tells whether it was there. */
static struct wb_buf statements_without(struct wb_call *c, struct wb_slice policy,
                                        struct wb_slice sid, bool *found)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json list = wb_json_get(wb_json_read(c->arena, policy, NULL), "Statement");
    struct wb_json_iter it = wb_json_iter(list);
    *found = false;
    bool alone = wb_json_type(list) == WB_JSON_OBJECT;
    while (alone || wb_json_next(&it)) {
        struct wb_json s = alone ? list : it.value;
        if (wb_slice_eq(wb_json_get_str(s, "Sid", c->arena), sid)) {
            *found = true;
        } else {
            wb_buf_str(&b, b.n ? "," : "");
            wb_buf_slice_put(&b, wb_json_raw(s));
        }
        if (alone)
            break;
    }
    return b;
}

static void put_policy(struct wb_call *c, struct topic *t, struct wb_slice statements)
{
    struct wb_slice policy = wb_printf(
        c->arena,
        "{\"Version\":\"2008-10-17\",\"Id\":\"__default_policy_ID\",\"Statement\":[%.*s]}",
        WB_FMT(statements));
    if (!attribute_ok(c, WB_S("Policy"), policy))
        return;
    t->attributes = sns_with_member(c->arena, t->attributes, WB_S("Policy"), policy);
    sns_topic_write(c->tx, t);
}

void sns_add_permission(struct wb_call *c)
{
    struct topic t;
    bool found;
    struct wb_slice sid = wb_in_str(c, "Label");
    if (!sns_call_topic(c, wb_in_str(c, "TopicArn"), &t))
        return;
    struct wb_buf b = statements_without(c, sns_topic_policy(c->arena, &t), sid, &found);
    if (found) {
        sns_invalid(c, "Statement already exists");
        return;
    }
    struct wb_json_writer w;
    wb_buf_str(&b, b.n ? "," : "");
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "Sid", sid);
    wb_jw_kcstr(&w, "Effect", "Allow");
    wb_jw_key(&w, "Principal");
    wb_jw_object(&w);
    wb_jw_key(&w, "AWS");
    wb_jw_array(&w);
    struct wb_json_iter it = wb_json_iter(wb_in(c, "AWSAccountId"));
    while (wb_json_next(&it))
        wb_jw_str(&w, wb_printf(c->arena, "arn:aws:iam::%.*s:root",
                                WB_FMT(wb_json_str(it.value, c->arena))));
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    wb_jw_key(&w, "Action");
    wb_jw_array(&w);
    it = wb_json_iter(wb_in(c, "ActionName"));
    while (wb_json_next(&it))
        wb_jw_str(&w, wb_printf(c->arena, "SNS:%.*s", WB_FMT(wb_json_str(it.value, c->arena))));
    wb_jw_end_array(&w);
    wb_jw_kstr(&w, "Resource", t.arn);
    wb_jw_end_object(&w);
    put_policy(c, &t, wb_buf_slice(&b));
}

void sns_remove_permission(struct wb_call *c)
{
    struct topic t;
    bool found;
    if (!sns_call_topic(c, wb_in_str(c, "TopicArn"), &t))
        return;
    struct wb_buf b =
        statements_without(c, sns_topic_policy(c->arena, &t), wb_in_str(c, "Label"), &found);
    if (found)
        put_policy(c, &t, wb_buf_slice(&b));
}

/* --- tags --- */

static bool tagged_topic(struct wb_call *c, struct topic *t)
{
    struct wb_slice arn = wb_in_str(c, "ResourceArn");
    if (!sns_arn_ok(c, arn))
        sns_invalid(c, "ResourceArn");
    else if (!sns_topic_by_arn(c->tx, arn, t))
        wb_fail(c, "ResourceNotFound", 404, "Resource does not exist");
    return !wb_failed(c);
}

void sns_tag_resource(struct wb_call *c)
{
    struct topic t;
    struct wb_pair *tag;
    size_t count;
    struct wb_slice why;
    if (!tagged_topic(c, &t))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &tag, &count, &why))
        wb_fail(c, "InvalidParameter", 400, "Invalid parameter: Tags Reason: %.*s", WB_FMT(why));
    else if (!wb_tags_put(c->tx, t.arn, tag, count))
        wb_fail(c, "TagLimitExceeded", 400,
                "Could not complete request: tag quota of per resource exceeded");
}

void sns_untag_resource(struct wb_call *c)
{
    struct topic t;
    if (!tagged_topic(c, &t))
        return;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "TagKeys"));
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, t.arn, wb_json_str(it.value, c->arena));
}

void sns_list_tags(struct wb_call *c)
{
    struct topic t;
    if (tagged_topic(c, &t))
        wb_tags_out(c->tx, t.arn, &c->out, "Tags");
}
