/* What each operation touches, for authorization, and what policies may ask about it. */
#include "services/sns/sns.h"

void sns_of_topic(struct wb_call *c)
{
    static const char *const members[] = {"TopicArn", "TargetArn", "PhoneNumber"};
    struct wb_slice to = WB_SLICE_NULL;
    for (size_t i = 0; !to.p && i < sizeof members / sizeof *members; i++)
        to = wb_in_str(c, members[i]);
    wb_call_resource(c, to.p ? to : WB_S("*"));
}

void sns_of_topics(struct wb_call *c)
{
    wb_call_resource(c, wb_arn_make(c->arena, "sns", c->ctx.region, c->ctx.account, "*"));
}

void sns_of_name(struct wb_call *c)
{
    wb_call_resource(c, wb_arn_make(c->arena, "sns", c->ctx.region, c->ctx.account, "%.*s",
                                    WB_FMT(wb_in_str(c, "Name"))));
    if (wb_json_count(wb_in(c, "Tags")))
        wb_call_also(c, "sns:TagResource", c->need[0].resource);
}

/* Subscriptions are authorized by their topic: arn:...:topic:id without the id. What somebody has
 * subscribed to another account's topic is the subscriber's own. */
void sns_of_subscription(struct wb_call *c)
{
    struct wb_slice arn = wb_in_str(c, "SubscriptionArn"), id;
    struct topic t;
    struct subscription s;
    size_t end = arn.n;
    while (end > 0 && arn.p[end - 1] != ':')
        end--;
    id = wb_slice_sub(arn, end, arn.n);
    struct wb_slice topic = wb_slice_sub(arn, 0, end ? end - 1 : arn.n);
    bool own = sns_topic_by_arn(c->tx, topic, &t) && !wb_slice_eq(t.account, c->ctx.account) &&
               sns_sub_read(c->tx, t.number, id, &s) && wb_slice_eq(s.owner, c->ctx.account);
    wb_call_resource(c, own ? WB_S("*") : topic);
}

void sns_of_resource(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "ResourceArn"));
}

const char *const sns_subscribe_keys[] = {"sns:Endpoint", "sns:Protocol", NULL};

void sns_subscribe_facts(struct wb_call *c)
{
    wb_call_condition(c, "sns:Protocol", wb_in_str(c, "Protocol"));
    wb_call_condition(c, "sns:Endpoint", wb_in_str(c, "Endpoint"));
}
