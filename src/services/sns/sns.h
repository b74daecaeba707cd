/*
 * Amazon SNS: topics, subscriptions (email, lambda), confirmation and unsubscribing by link,
 * publishing.
 *
 * Rows: a topic with its attributes and counts; its subscriptions by id; a second row from endpoint
 * to id, so that an address is subscribed once; a row for each token in a link. Publishing writes
 * one work row a subscription: mails and functions are delivered from there, with SNS's own retry
 * schedules (Developer Guide, "Amazon SNS message delivery retries").
 */
#ifndef WB_SNS_SNS_H
#define WB_SNS_SNS_H

#include "base/arn.h"
#include "base/ids.h"
#include "engine/engine.h"

extern const struct wb_module wb_sns_module;

/* --- rows --- */

struct topic {
    uint64_t number;
    struct wb_slice name, arn, account, region;
    struct wb_slice attributes;          /* JSON object of name to text */
    int64_t confirmed, pending, deleted; /* subscriptions */
};

struct subscription {
    struct wb_slice id, arn, protocol, endpoint, owner;
    struct wb_slice token;        /* in the confirmation link; null once confirmed */
    struct wb_slice unsubscribe;  /* in the unsubscribe link */
    struct wb_slice attributes;   /* JSON object of name to text */
    bool confirmed, authenticate; /* authenticate: AuthenticateOnUnsubscribe */
    int64_t created_ms;
};

/* topic.c. Reading gives false when there is no such topic. Slices in the tx's arena. */
bool sns_topic_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                    struct wb_slice name, struct topic *out);
bool sns_topic_by_arn(struct wb_tx *tx, struct wb_slice arn, struct topic *out);
void sns_topic_write(struct wb_tx *tx, const struct topic *t);
struct wb_slice sns_topic_attribute(struct wb_arena *a, const struct topic *t,
                                    const char *name); /* null when not set */
struct wb_slice sns_topic_policy(struct wb_arena *a,
                                 const struct topic *t); /* its own or the default one */
/* What a delivery needs of a topic, kept by the definition cache. */
struct topic_def {
    struct wb_arena arena;
    struct topic topic;
    struct wb_policy *policy; /* compiled; NULL: malformed, nobody is let in */
};
extern struct wb_def_kind sns_topic_kind;
const struct topic_def *sns_topic_def(struct wb_tx *tx, struct wb_slice arn); /* or NULL */
const struct wb_policy *sns_resource_policy(struct wb_tx *tx, struct wb_slice arn);
bool sns_arn_ok(const struct wb_call *c, struct wb_slice arn); /* of SNS and the call's region */
/* The topic of the call's TopicArn, or the error NotFound / InvalidParameter set. */
bool sns_call_topic(struct wb_call *c, struct wb_slice arn, struct topic *out);
/* The JSON object with one text member set, or removed when the value is empty. */
struct wb_slice sns_with_member(struct wb_arena *a, struct wb_slice object, struct wb_slice name,
                                struct wb_slice value);
void sns_invalid(struct wb_call *c,
                 const char *what); /* InvalidParameter: "Invalid parameter: <what>" */

/* subscription.c */
bool sns_sub_read(struct wb_tx *tx, uint64_t topic, struct wb_slice id, struct subscription *out);
bool sns_sub_decode(struct wb_arena *a, struct wb_slice id, struct wb_slice row,
                    struct subscription *out);
void sns_sub_write(struct wb_tx *tx, uint64_t topic, const struct subscription *s);
void sns_sub_delete(struct wb_tx *tx, struct topic *t, const struct subscription *s);
/* The topic and subscription of a token in a link. */
bool sns_token_find(struct wb_tx *tx, struct wb_slice token, struct topic *t,
                    struct subscription *s);

/* Messages. */
struct message {
    struct wb_slice id, subject, body; /* subject null = none */
    struct wb_json structure;  /* MessageStructure=json: body by protocol; else WB_JSON_NONE */
    struct wb_json attributes; /* MessageAttributes as in the request, or WB_JSON_NONE */
};
/* publish.c: hands the message to every confirmed subscription: the first ones in this command, the
 * rest by a job. `traced`: the call that brought it has its X-Ray segment already. */
void sns_publish(struct wb_tx *tx, const struct topic *t, const struct message *m,
                 const struct wb_ctx *cause, bool traced);

/* mail.c: what a mail's work row carries. */
void sns_mail_confirmation(struct wb_tx *tx, const struct topic *t, const struct subscription *s,
                           const struct wb_ctx *ctx);
void sns_mail_notification(struct wb_tx *tx, const struct topic *t, const struct subscription *s,
                           const struct message *m, struct wb_slice body, const struct wb_ctx *ctx);
/* Metric of a delivery's end, for both kinds of subscriber: the executors' apply. */
void sns_delivered(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o,
                   bool last);
extern const struct wb_executor sns_mail_executor, sns_lambda_executor, sns_expire_executor;

/* Links in mails: pages under /_waybill/. */
struct wb_slice sns_link_confirm(struct wb_tx *tx, const struct topic *t,
                                 const struct subscription *s);
struct wb_slice sns_link_unsubscribe(struct wb_tx *tx, const struct subscription *s);
extern const struct wb_page sns_page_confirm, sns_page_unsubscribe;

/* resources.c */
wb_resource_fn sns_of_topic, sns_of_topics, sns_of_name, sns_of_subscription, sns_of_resource;
wb_resource_fn sns_subscribe_facts;
extern const char *const sns_subscribe_keys[];

/* Handlers. */
void sns_create_topic(struct wb_call *c);
void sns_delete_topic(struct wb_call *c);
void sns_list_topics(struct wb_call *c);
void sns_get_topic_attributes(struct wb_call *c);
void sns_set_topic_attributes(struct wb_call *c);
void sns_add_permission(struct wb_call *c);
void sns_remove_permission(struct wb_call *c);
void sns_tag_resource(struct wb_call *c);
void sns_untag_resource(struct wb_call *c);
void sns_list_tags(struct wb_call *c);
void sns_subscribe(struct wb_call *c);
void sns_confirm_subscription(struct wb_call *c);
void sns_unsubscribe(struct wb_call *c);
void sns_list_subscriptions(struct wb_call *c);
void sns_list_subscriptions_by_topic(struct wb_call *c);
void sns_get_subscription_attributes(struct wb_call *c);
void sns_set_subscription_attributes(struct wb_call *c);
void sns_publish_call(struct wb_call *c);
void sns_publish_batch(struct wb_call *c);

#endif
