/* The operation table of SNS. Shapes as in the public service model, version 2010-03-31. */
#include "base/limits.h"
#include "services/sns/sns.h"

#define STRUCTURE(var, model, ...)                                                                 \
    static const struct wb_member var##_members[] = {__VA_ARGS__, {0}};                            \
    static const struct wb_shape var = {                                                           \
        .kind = WB_STRUCTURE, .name = model, .member = var##_members}

static const struct wb_shape string = {.kind = WB_STRING, .name = "String"};
static const struct wb_shape topic_arn = {.kind = WB_STRING, .name = "topicARN"};
static const struct wb_shape topic_name = {.kind = WB_STRING, .name = "topicName"};
static const struct wb_shape subscription_arn = {.kind = WB_STRING, .name = "subscriptionARN"};
static const struct wb_shape attribute_name = {.kind = WB_STRING, .name = "attributeName"};
static const struct wb_shape attribute_value = {.kind = WB_STRING, .name = "attributeValue"};
static const struct wb_shape next_token = {.kind = WB_STRING, .name = "nextToken"};
static const struct wb_shape protocol = {.kind = WB_STRING, .name = "protocol"};
static const struct wb_shape endpoint = {.kind = WB_STRING, .name = "endpoint"};
static const struct wb_shape boolean = {.kind = WB_BOOLEAN, .name = "boolean"};
static const struct wb_shape token = {.kind = WB_STRING, .name = "token", .sensitive = true};
static const struct wb_shape authenticate = {.kind = WB_STRING,
                                             .name = "authenticateOnUnsubscribe"};
static const struct wb_shape message = {.kind = WB_STRING, .name = "message", .sensitive = true};
static const struct wb_shape subject = {.kind = WB_STRING, .name = "subject", .sensitive = true};
static const struct wb_shape message_structure = {.kind = WB_STRING, .name = "messageStructure"};
static const struct wb_shape binary = {.kind = WB_BLOB, .name = "Binary"};
static const struct wb_shape label = {.kind = WB_STRING, .name = "label"};
static const struct wb_shape delegate = {.kind = WB_STRING, .name = "delegate"};
static const struct wb_shape delegates = {
    .kind = WB_LIST, .name = "DelegatesList", .elem = &delegate};
static const struct wb_shape action = {.kind = WB_STRING, .name = "action"};
static const struct wb_shape actions = {.kind = WB_LIST, .name = "ActionsList", .elem = &action};
static const struct wb_shape tag_key = {
    .kind = WB_STRING, .name = "TagKey", .min = 1, .max = 128, .has_min = true, .has_max = true};
static const struct wb_shape tag_value = {
    .kind = WB_STRING, .name = "TagValue", .min = 0, .max = 256, .has_min = true, .has_max = true};
STRUCTURE(tag, "Tag", {"Key", &tag_key, true}, {"Value", &tag_value, true});
static const struct wb_shape tags = {.kind = WB_LIST, .name = "TagList", .elem = &tag};
static const struct wb_shape tag_keys = {.kind = WB_LIST, .name = "TagKeyList", .elem = &tag_key};
static const struct wb_shape resource = {.kind = WB_STRING,
                                         .name = "AmazonResourceName",
                                         .min = 1,
                                         .max = 1011,
                                         .has_min = true,
                                         .has_max = true};
static const struct wb_shape topic_attributes = {
    .kind = WB_MAP, .name = "TopicAttributesMap", .key = &attribute_name, .elem = &attribute_value};
static const struct wb_shape subscription_attributes = {.kind = WB_MAP,
                                                        .name = "SubscriptionAttributesMap",
                                                        .key = &attribute_name,
                                                        .elem = &attribute_value};
STRUCTURE(message_attribute, "MessageAttributeValue", {"DataType", &string, true},
          {"StringValue", &string}, {"BinaryValue", &binary});
static const struct wb_shape message_attributes = {.kind = WB_MAP,
                                                   .name = "MessageAttributeMap",
                                                   .key = &string,
                                                   .elem = &message_attribute,
                                                   .key_name = "Name",
                                                   .value_name = "Value",
                                                   .sensitive = true};
STRUCTURE(batch_entry, "PublishBatchRequestEntry", {"Id", &string, true},
          {"Message", &message, true}, {"Subject", &subject},
          {"MessageStructure", &message_structure}, {"MessageAttributes", &message_attributes},
          {"MessageDeduplicationId", &string}, {"MessageGroupId", &string});
static const struct wb_shape batch = {
    .kind = WB_LIST, .name = "PublishBatchRequestEntryList", .elem = &batch_entry};

STRUCTURE(create_topic, "CreateTopicInput", {"Name", &topic_name, true},
          {"Attributes", &topic_attributes}, {"Tags", &tags},
          {"DataProtectionPolicy", &attribute_value});
STRUCTURE(delete_topic, "DeleteTopicInput", {"TopicArn", &topic_arn, true});
STRUCTURE(list_topics, "ListTopicsInput", {"NextToken", &next_token});
STRUCTURE(get_topic, "GetTopicAttributesInput", {"TopicArn", &topic_arn, true});
STRUCTURE(set_topic, "SetTopicAttributesInput", {"TopicArn", &topic_arn, true},
          {"AttributeName", &attribute_name, true}, {"AttributeValue", &attribute_value});
STRUCTURE(add_permission, "AddPermissionInput", {"TopicArn", &topic_arn, true},
          {"Label", &label, true}, {"AWSAccountId", &delegates, true},
          {"ActionName", &actions, true});
STRUCTURE(remove_permission, "RemovePermissionInput", {"TopicArn", &topic_arn, true},
          {"Label", &label, true});
STRUCTURE(subscribe, "SubscribeInput", {"TopicArn", &topic_arn, true},
          {"Protocol", &protocol, true}, {"Endpoint", &endpoint},
          {"Attributes", &subscription_attributes}, {"ReturnSubscriptionArn", &boolean});
STRUCTURE(confirm, "ConfirmSubscriptionInput", {"TopicArn", &topic_arn, true},
          {"Token", &token, true}, {"AuthenticateOnUnsubscribe", &authenticate});
STRUCTURE(unsubscribe, "UnsubscribeInput", {"SubscriptionArn", &subscription_arn, true});
STRUCTURE(list_subscriptions, "ListSubscriptionsInput", {"NextToken", &next_token});
STRUCTURE(list_by_topic, "ListSubscriptionsByTopicInput", {"TopicArn", &topic_arn, true},
          {"NextToken", &next_token});
STRUCTURE(get_subscription, "GetSubscriptionAttributesInput",
          {"SubscriptionArn", &subscription_arn, true});
STRUCTURE(set_subscription, "SetSubscriptionAttributesInput",
          {"SubscriptionArn", &subscription_arn, true}, {"AttributeName", &attribute_name, true},
          {"AttributeValue", &attribute_value});
STRUCTURE(publish, "PublishInput", {"TopicArn", &topic_arn}, {"TargetArn", &string},
          {"PhoneNumber", &string}, {"Message", &message, true}, {"Subject", &subject},
          {"MessageStructure", &message_structure}, {"MessageAttributes", &message_attributes},
          {"MessageDeduplicationId", &string}, {"MessageGroupId", &string});
STRUCTURE(publish_batch, "PublishBatchInput", {"TopicArn", &topic_arn, true},
          {"PublishBatchRequestEntries", &batch, true});
STRUCTURE(tag_resource, "TagResourceRequest", {"ResourceArn", &resource, true},
          {"Tags", &tags, true});
STRUCTURE(untag_resource, "UntagResourceRequest", {"ResourceArn", &resource, true},
          {"TagKeys", &tag_keys, true});
STRUCTURE(list_tags, "ListTagsForResourceRequest", {"ResourceArn", &resource, true});

static const struct wb_op ops[] = {
    {.name = "AddPermission",
     .class = WB_WRITE,
     .input = &add_permission,
     .resources = sns_of_topic,
     .handler = sns_add_permission,
     .answer = ""},
    {.name = "ConfirmSubscription",
     .class = WB_WRITE,
     .input = &confirm,
     .resources = sns_of_topic,
     .handler = sns_confirm_subscription,
     .unsigned_ok = true},
    {.name = "CreateTopic",
     .class = WB_WRITE,
     .input = &create_topic,
     .resources = sns_of_name,
     .handler = sns_create_topic},
    {.name = "DeleteTopic",
     .class = WB_WRITE,
     .input = &delete_topic,
     .resources = sns_of_topic,
     .handler = sns_delete_topic,
     .answer = ""},
    {.name = "GetSubscriptionAttributes",
     .class = WB_READ,
     .input = &get_subscription,
     .resources = sns_of_subscription,
     .handler = sns_get_subscription_attributes},
    {.name = "GetTopicAttributes",
     .class = WB_READ,
     .input = &get_topic,
     .resources = sns_of_topic,
     .handler = sns_get_topic_attributes},
    {.name = "ListSubscriptions",
     .class = WB_SCAN,
     .input = &list_subscriptions,
     .resources = sns_of_topics,
     .handler = sns_list_subscriptions},
    {.name = "ListSubscriptionsByTopic",
     .class = WB_SCAN,
     .input = &list_by_topic,
     .resources = sns_of_topic,
     .handler = sns_list_subscriptions_by_topic},
    {.name = "ListTagsForResource",
     .class = WB_READ,
     .input = &list_tags,
     .resources = sns_of_resource,
     .handler = sns_list_tags},
    {.name = "ListTopics",
     .class = WB_SCAN,
     .input = &list_topics,
     .resources = sns_of_topics,
     .handler = sns_list_topics},
    {.name = "Publish",
     .class = WB_WRITE,
     .input = &publish,
     .resources = sns_of_topic,
     .handler = sns_publish_call,
     .body_max = WB_SNS_BODY_MAX,
     .data = true},
    {.name = "PublishBatch",
     .class = WB_WRITE,
     .input = &publish_batch,
     .action = "sns:Publish",
     .resources = sns_of_topic,
     .handler = sns_publish_batch,
     .body_max = WB_SNS_BODY_MAX,
     .data = true},
    {.name = "RemovePermission",
     .class = WB_WRITE,
     .input = &remove_permission,
     .resources = sns_of_topic,
     .handler = sns_remove_permission,
     .answer = ""},
    {.name = "SetSubscriptionAttributes",
     .class = WB_WRITE,
     .input = &set_subscription,
     .resources = sns_of_subscription,
     .handler = sns_set_subscription_attributes,
     .answer = ""},
    {.name = "SetTopicAttributes",
     .class = WB_WRITE,
     .input = &set_topic,
     .resources = sns_of_topic,
     .handler = sns_set_topic_attributes,
     .answer = ""},
    {.name = "Subscribe",
     .class = WB_WRITE,
     .input = &subscribe,
     .resources = sns_of_topic,
     .conditions = sns_subscribe_facts,
     .condition_keys = sns_subscribe_keys,
     .handler = sns_subscribe},
    {.name = "TagResource",
     .class = WB_WRITE,
     .input = &tag_resource,
     .resources = sns_of_resource,
     .handler = sns_tag_resource},
    {.name = "Unsubscribe",
     .class = WB_WRITE,
     .input = &unsubscribe,
     .resources = sns_of_subscription,
     .handler = sns_unsubscribe,
     .answer = "",
     .unsigned_ok = true},
    {.name = "UntagResource",
     .class = WB_WRITE,
     .input = &untag_resource,
     .resources = sns_of_resource,
     .handler = sns_untag_resource},
};

const struct wb_service wb_sns_service = {
    .name = "sns",
    .title = "Amazon SNS",
    .signing_name = "sns",
    .usage = "SNS",
    .model = "sns",
    .protocol = WB_QUERY,
    .version = "2010-03-31",
    .xmlns = "http://sns.amazonaws.com/doc/2010-03-31/",
    .type_prefix = "",
    .denied_code = "AuthorizationError",
    .throttle_code = "Throttled",
    .internal_code = "InternalError",
    .trace_origin = "AWS::SNS",
    .trace_member = "TopicArn",
    .trace_key = "topic_arn",
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};
