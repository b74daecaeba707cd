/* AWS::Events::EventBus. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_tagging tagging = {.service = "events",
                                           .tag = "TagResource",
                                           .untag = "UntagResource",
                                           .resource = "ResourceARN",
                                           .tags = "Tags",
                                           .keys = "TagKeys"};

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", cfn_arn(r, "events", "event-bus/%.*s", WB_FMT(r->physical_id)));
    cfn_attribute(r, "Name", r->physical_id);
    /* Set on AWS for partner buses only; asked for, it is empty. */
    cfn_attribute(r, "Policy", WB_S(""));
}

static bool set_policy(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "EventBusName", r->physical_id);
    if (wb_json_is(cfn_prop(r, "Policy"))) {
        cfn_copy_text(&in, "Policy", "Policy");
        return cfn_call(&in, "events", "PutPermission", NULL);
    }
    wb_jw_kbool(&in.w, "RemoveAllPermissions", true);
    return cfn_call(&in, "events", "RemovePermission", NULL);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    r->physical_id = cfn_text(r, "Name");
    cfn_begin(&in, r);
    cfn_copy(&in, "Name", "EventSourceName", "Description", "KmsKeyIdentifier", "DeadLetterConfig",
             "LogConfig");
    cfn_tags(&in, "Tags", CFN_TAG_LIST);
    if (!cfn_call(&in, "events", "CreateEventBus", NULL))
        return WB_CFN_FAILED;
    if (wb_json_is(cfn_prop(r, "Policy")) && !set_policy(r))
        return WB_CFN_FAILED;
    set_attributes(r);
    cfn_system_tags(r, cfn_attribute_of(r, "Arn"));
    return WB_CFN_DONE;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    static const char *const details[] = {"Description", "KmsKeyIdentifier", "DeadLetterConfig",
                                          "LogConfig", NULL};
    struct cfn_in in;
    set_attributes(r);
    cfn_begin(&in, r);
    cfn_copy(&in, "Name", "Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig");
    if (cfn_any_changed(r, details) && !cfn_call(&in, "events", "UpdateEventBus", NULL))
        return WB_CFN_FAILED;
    if (cfn_changed(r, "Policy") && !set_policy(r))
        return WB_CFN_FAILED;
    return cfn_retag(r, &tagging, cfn_attribute_of(r, "Arn")) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "events", "DeleteEventBus", "Name", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "ResourceNotFoundException");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "events", "DescribeEventBus", "Name", r->physical_id, &answer))
        return cfn_unread(r, "ResourceNotFoundException");
    set_attributes(r);
    cfn_begin(&live, r);
    static const char *const members[] = {"Name", "Description", "KmsKeyIdentifier",
                                          "DeadLetterConfig", "LogConfig"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        cfn_put_json(&live, members[i], wb_json_get(answer, members[i]));
    struct wb_slice policy = wb_json_get_str(answer, "Policy", r->tx->arena);
    if (policy.n)
        wb_jw_kraw(&live.w, "Policy", policy);
    cfn_live_tags(&live, cfn_attribute_of(r, "Arn"), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("DeadLetterConfig", OBJECT, IN_PLACE),
    CFN_P("Description", STRING, IN_PLACE),
    CFN_P("EventSourceName", STRING, REPLACEMENT),
    CFN_P("KmsKeyIdentifier", STRING, IN_PLACE),
    CFN_P("LogConfig", OBJECT, IN_PLACE),
    CFN_REQUIRED("Name", STRING, REPLACEMENT),
    CFN_P("Policy", JSON, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_events_event_bus = {.name = "AWS::Events::EventBus",
                                                 .property = properties,
                                                 .name_property = "Name",
                                                 .identifier = "Name",
                                                 .attribute =
                                                     CFN_ATTRIBUTES("Arn", "Name", "Policy"),
                                                 .create = create,
                                                 .update = update,
                                                 .delete = destroy,
                                                 .read = read};
