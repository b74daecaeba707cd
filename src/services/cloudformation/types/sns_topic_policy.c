/*
 * AWS::SNS::TopicPolicy and AWS::SNS::TopicInlinePolicy: the policy of several topics, of one. A
 * topic whose policy resource goes has its default policy again.
 */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static bool set(struct wb_cfn_resource *r, struct wb_slice topic, struct wb_slice document)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "TopicArn", topic);
    cfn_put(&in, "AttributeName", WB_S("Policy"));
    cfn_put(&in, "AttributeValue", document.p ? document : WB_S(""));
    return cfn_call(&in, "sns", "SetTopicAttributes", NULL);
}

static bool set_all(struct wb_cfn_resource *r, struct wb_json topics)
{
    struct wb_json_iter it = wb_json_iter(topics);
    while (wb_json_next(&it))
        if (!set(r, cfn_json_text(r->tx->arena, it.value), cfn_text(r, "PolicyDocument")))
            return false;
    return true;
}

static bool clear_all(struct wb_cfn_resource *r, struct wb_json topics, struct wb_json but)
{
    struct wb_json_iter it = wb_json_iter(topics);
    while (wb_json_next(&it))
        if (!cfn_has(but, it.value) &&
            !set(r, cfn_json_text(r->tx->arena, it.value), WB_SLICE_NULL) &&
            !wb_cfn_error_is(r, "NotFound"))
            return false;
    return true;
}

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Id", r->physical_id);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    r->physical_id = wb_cfn_name(r, 256, false);
    set_attributes(r);
    return set_all(r, cfn_prop(r, "Topics")) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    struct wb_json topics = cfn_prop(r, "Topics");
    set_attributes(r);
    return set_all(r, topics) && clear_all(r, cfn_was(r, "Topics"), topics) ? WB_CFN_DONE
                                                                            : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return clear_all(r, cfn_prop(r, "Topics"), WB_JSON_NONE) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static const struct wb_cfn_property properties[] = {
    CFN_REQUIRED("PolicyDocument", JSON, IN_PLACE),
    CFN_REQUIRED("Topics", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_sns_topic_policy = {.name = "AWS::SNS::TopicPolicy",
                                                 .property = properties,
                                                 .attribute = CFN_ATTRIBUTES("Id"),
                                                 .create = create,
                                                 .update = update,
                                                 .delete = destroy};

/* --- of one topic --- */

static enum wb_cfn_result inline_put(struct wb_cfn_resource *r)
{
    r->physical_id = cfn_text(r, "TopicArn");
    return set(r, r->physical_id, cfn_text(r, "PolicyDocument")) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result inline_delete(struct wb_cfn_resource *r)
{
    return set(r, r->physical_id, WB_SLICE_NULL) ? WB_CFN_DONE : cfn_gone(r, "NotFound");
}

static enum wb_cfn_result inline_read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "sns", "GetTopicAttributes", "TopicArn", r->physical_id, &answer))
        return cfn_unread(r, "NotFound");
    cfn_begin(&live, r);
    cfn_put(&live, "TopicArn", r->physical_id);
    cfn_put_json(&live, "PolicyDocument", wb_json_get(wb_json_get(answer, "Attributes"), "Policy"));
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property inline_properties[] = {
    CFN_REQUIRED("PolicyDocument", JSON, IN_PLACE),
    CFN_REQUIRED("TopicArn", STRING, REPLACEMENT),
    CFN_END,
};

const struct wb_cfn_type cfn_sns_topic_inline_policy = {.name = "AWS::SNS::TopicInlinePolicy",
                                                        .property = inline_properties,
                                                        .create = inline_put,
                                                        .update = inline_put,
                                                        .delete = inline_delete,
                                                        .read = inline_read};
