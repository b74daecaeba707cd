/* AWS::SNS::Subscription. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static const char *const attributes[] = {
    "DeliveryPolicy", "FilterPolicy",        "FilterPolicyScope", "RawMessageDelivery",
    "RedrivePolicy",  "SubscriptionRoleArn", "ReplayPolicy",      NULL};

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct wb_slice region = cfn_text(r, "Region");
    struct cfn_in in;
    if (region.n && !wb_slice_eq(region, r->ctx->region))
        return wb_cfn_fail(r, "InvalidRequest",
                           "A topic of another region cannot be subscribed to");
    cfn_begin(&in, r);
    cfn_copy(&in, "TopicArn", "Protocol", "Endpoint");
    wb_jw_kbool(&in.w, "ReturnSubscriptionArn", true);
    wb_jw_key(&in.w, "Attributes");
    wb_jw_object(&in.w);
    for (size_t i = 0; attributes[i]; i++)
        cfn_copy_text(&in, attributes[i], attributes[i]);
    wb_jw_end_object(&in.w);
    if (!cfn_call(&in, "sns", "Subscribe", &answer))
        return WB_CFN_FAILED;
    r->physical_id = wb_json_get_str(answer, "SubscriptionArn", r->tx->arena);
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", r->physical_id);
    return WB_CFN_DONE;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    for (size_t i = 0; attributes[i]; i++) {
        struct wb_slice value = cfn_text(r, attributes[i]);
        struct cfn_in in;
        if (!cfn_changed(r, attributes[i]))
            continue;
        cfn_begin(&in, r);
        cfn_put(&in, "SubscriptionArn", r->physical_id);
        cfn_put(&in, "AttributeName", wb_slice_str(attributes[i]));
        bool raw = wb_slice_is(wb_slice_str(attributes[i]), "RawMessageDelivery");
        cfn_put(&in, "AttributeValue", value.p ? value : raw ? WB_S("false") : WB_S(""));
        if (!cfn_call(&in, "sns", "SetSubscriptionAttributes", NULL))
            return WB_CFN_FAILED;
    }
    return WB_CFN_DONE;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "sns", "Unsubscribe", "SubscriptionArn", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "NotFound");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "sns", "GetSubscriptionAttributes", "SubscriptionArn", r->physical_id,
                       &answer))
        return cfn_unread(r, "NotFound");
    struct wb_json have = wb_json_get(answer, "Attributes");
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", r->physical_id);
    cfn_begin(&live, r);
    cfn_put_json(&live, "TopicArn", wb_json_get(have, "TopicArn"));
    cfn_put_json(&live, "Protocol", wb_json_get(have, "Protocol"));
    cfn_put_json(&live, "Endpoint", wb_json_get(have, "Endpoint"));
    for (size_t i = 0; attributes[i]; i++)
        cfn_put_json(&live, attributes[i], wb_json_get(have, attributes[i]));
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("DeliveryPolicy", JSON, IN_PLACE),       CFN_P("Endpoint", STRING, REPLACEMENT),
    CFN_P("FilterPolicy", JSON, IN_PLACE),         CFN_P("FilterPolicyScope", STRING, IN_PLACE),
    CFN_REQUIRED("Protocol", STRING, REPLACEMENT), CFN_P("RawMessageDelivery", BOOLEAN, IN_PLACE),
    CFN_P("RedrivePolicy", JSON, IN_PLACE),        CFN_P("Region", STRING, IN_PLACE),
    CFN_P("ReplayPolicy", JSON, IN_PLACE),         CFN_P("SubscriptionRoleArn", STRING, IN_PLACE),
    CFN_REQUIRED("TopicArn", STRING, REPLACEMENT), CFN_END,
};

const struct wb_cfn_type cfn_sns_subscription = {.name = "AWS::SNS::Subscription",
                                                 .property = properties,
                                                 .identifier = "SubscriptionArn",
                                                 .attribute = CFN_ATTRIBUTES("Arn"),
                                                 .create = create,
                                                 .update = update,
                                                 .delete = destroy,
                                                 .read = read};
