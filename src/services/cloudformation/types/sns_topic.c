/*
 * AWS::SNS::Topic. Its inline subscriptions are made with it and go with it; an update unsubscribes
 * those that left the list.
 */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

/* Attributes of the topic that have a property of the same name. */
static const char *const attributes[] = {"DisplayName",
                                         "KmsMasterKeyId",
                                         "SignatureVersion",
                                         "TracingConfig",
                                         "ArchivePolicy",
                                         "FifoTopic",
                                         "ContentBasedDeduplication",
                                         "FifoThroughputScope",
                                         NULL};
static const struct cfn_tagging tagging = {.service = "sns",
                                           .tag = "TagResource",
                                           .untag = "UntagResource",
                                           .resource = "ResourceArn",
                                           .tags = "Tags",
                                           .keys = "TagKeys"};

static void set_attributes(struct wb_cfn_resource *r)
{
    struct wb_arn arn;
    cfn_attributes_clear(r);
    cfn_attribute(r, "TopicArn", r->physical_id);
    if (wb_arn_parse(r->physical_id, &arn))
        cfn_attribute(r, "TopicName", arn.resource);
}

static bool subscribe(struct wb_cfn_resource *r, struct wb_json list, struct wb_json there)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        struct cfn_in in;
        if (cfn_has(there, it.value))
            continue;
        cfn_begin(&in, r);
        cfn_put(&in, "TopicArn", r->physical_id);
        cfn_put_json(&in, "Protocol", wb_json_get(it.value, "Protocol"));
        cfn_put_json(&in, "Endpoint", wb_json_get(it.value, "Endpoint"));
        if (!cfn_call(&in, "sns", "Subscribe", NULL))
            return false;
    }
    return true;
}

/* Calls fn for every subscription until it says false. */
static bool each_subscription(struct wb_cfn_resource *r,
                              bool (*fn)(struct wb_cfn_resource *r, struct wb_json s, void *arg),
                              void *arg)
{
    struct wb_slice token = WB_SLICE_NULL;
    do {
        struct wb_json answer;
        if (!cfn_call_with2(r, "sns", "ListSubscriptionsByTopic", "TopicArn", r->physical_id,
                            "NextToken", token, &answer))
            return false;
        struct wb_json_iter it = wb_json_iter(wb_json_get(answer, "Subscriptions"));
        while (wb_json_next(&it))
            if (!fn(r, it.value, arg))
                return false;
        token = wb_json_get_str(answer, "NextToken", r->tx->arena);
    } while (token.n);
    return true;
}

static bool lists(struct wb_json list, struct wb_json s)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        if (wb_cfn_same(wb_json_get(it.value, "Protocol"), wb_json_get(s, "Protocol")) &&
            wb_cfn_same(wb_json_get(it.value, "Endpoint"), wb_json_get(s, "Endpoint")))
            return true;
    return false;
}

static bool leave(struct wb_cfn_resource *r, struct wb_json s, void *arg)
{
    bool ours = lists(cfn_was(r, "Subscription"), s), stays = lists(cfn_prop(r, "Subscription"), s);
    struct wb_slice arn = wb_json_get_str(s, "SubscriptionArn", r->tx->arena);
    /* One that waits for its confirmation has no ARN to name it by; it goes by itself. */
    return !ours || stays || !wb_slice_starts(arn, WB_S("arn:")) ||
           cfn_call_with(r, "sns", "Unsubscribe", "SubscriptionArn", arn, NULL);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_slice name = wb_cfn_name(r, 256, false);
    struct wb_json answer;
    struct cfn_in in;
    r->physical_id = cfn_arn(r, "sns", "%.*s", WB_FMT(name));
    if (cfn_refused(r, "DeliveryStatusLogging", "DataProtectionPolicy"))
        return WB_CFN_FAILED;
    /* CreateTopic gives back a topic that is there. */
    if (cfn_call_with(r, "sns", "GetTopicAttributes", "TopicArn", r->physical_id, NULL))
        return wb_cfn_fail(r, "AlreadyExists", "%.*s already exists", WB_FMT(name));
    if (!wb_cfn_error_is(r, "NotFound"))
        return WB_CFN_FAILED;
    cfn_begin(&in, r);
    cfn_put(&in, "Name", name);
    wb_jw_key(&in.w, "Attributes");
    wb_jw_object(&in.w);
    for (size_t i = 0; attributes[i]; i++)
        cfn_copy_text(&in, attributes[i], attributes[i]);
    wb_jw_end_object(&in.w);
    cfn_tags(&in, "Tags", CFN_TAG_LIST);
    if (!cfn_call(&in, "sns", "CreateTopic", &answer) ||
        !subscribe(r, cfn_prop(r, "Subscription"), WB_JSON_NONE))
        return WB_CFN_FAILED;
    cfn_system_tags(r, r->physical_id);
    set_attributes(r);
    return WB_CFN_DONE;
}

static bool set_attribute(struct wb_cfn_resource *r, const char *name)
{
    struct wb_slice value = cfn_text(r, name);
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "TopicArn", r->physical_id);
    cfn_put(&in, "AttributeName", wb_slice_str(name));
    cfn_put(&in, "AttributeValue", value.p ? value : WB_S(""));
    return cfn_call(&in, "sns", "SetTopicAttributes", NULL);
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    if (cfn_refused(r, "DeliveryStatusLogging", "DataProtectionPolicy"))
        return WB_CFN_FAILED;
    for (size_t i = 0; attributes[i]; i++)
        if (cfn_changed(r, attributes[i]) && !set_attribute(r, attributes[i]))
            return WB_CFN_FAILED;
    if (cfn_changed(r, "Subscription") &&
        (!each_subscription(r, leave, NULL) ||
         !subscribe(r, cfn_prop(r, "Subscription"), cfn_was(r, "Subscription"))))
        return WB_CFN_FAILED;
    set_attributes(r);
    return cfn_retag(r, &tagging, r->physical_id) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "sns", "DeleteTopic", "TopicArn", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "NotFound");
}

static bool out_subscription(struct wb_cfn_resource *r, struct wb_json s, void *arg)
{
    struct cfn_in *live = arg;
    if (!lists(cfn_prop(r, "Subscription"), s))
        return true;
    wb_jw_object(&live->w);
    cfn_put_json(live, "Endpoint", wb_json_get(s, "Endpoint"));
    cfn_put_json(live, "Protocol", wb_json_get(s, "Protocol"));
    wb_jw_end_object(&live->w);
    return true;
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "sns", "GetTopicAttributes", "TopicArn", r->physical_id, &answer))
        return cfn_unread(r, "NotFound");
    struct wb_json have = wb_json_get(answer, "Attributes");
    set_attributes(r);
    cfn_begin(&live, r);
    cfn_put(&live, "TopicName", cfn_attribute_of(r, "TopicName"));
    for (size_t i = 0; attributes[i]; i++)
        cfn_put_json(&live, attributes[i], wb_json_get(have, attributes[i]));
    wb_jw_key(&live.w, "Subscription");
    wb_jw_array(&live.w);
    if (!each_subscription(r, out_subscription, &live))
        return WB_CFN_FAILED;
    wb_jw_end_array(&live.w);
    cfn_live_tags(&live, r->physical_id, CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("ArchivePolicy", JSON, IN_PLACE),
    CFN_P("ContentBasedDeduplication", BOOLEAN, IN_PLACE),
    CFN_P("DataProtectionPolicy", JSON, IN_PLACE),
    CFN_P("DeliveryStatusLogging", LIST, IN_PLACE),
    CFN_P("DisplayName", STRING, IN_PLACE),
    CFN_P("FifoThroughputScope", STRING, IN_PLACE),
    CFN_P("FifoTopic", BOOLEAN, REPLACEMENT),
    CFN_P("KmsMasterKeyId", STRING, IN_PLACE),
    CFN_P("SignatureVersion", STRING, IN_PLACE),
    CFN_P("Subscription", LIST, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_P("TopicName", STRING, REPLACEMENT),
    CFN_P("TracingConfig", STRING, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_sns_topic = {.name = "AWS::SNS::Topic",
                                          .property = properties,
                                          .name_property = "TopicName",
                                          .identifier = "TopicArn",
                                          .attribute = CFN_ATTRIBUTES("TopicArn", "TopicName"),
                                          .create = create,
                                          .update = update,
                                          .delete = destroy,
                                          .read = read};
