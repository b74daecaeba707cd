/*
 * AWS::Events::Rule. The physical id is the rule's name, on another bus than the default one
 * "BUS|NAME", as on AWS.
 */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_tagging tagging = {.service = "events",
                                           .tag = "TagResource",
                                           .untag = "UntagResource",
                                           .resource = "ResourceARN",
                                           .tags = "Tags",
                                           .keys = "TagKeys"};

/* The bus in a property, by name or ARN. */
static struct wb_slice bus_in(struct wb_arena *a, struct wb_json v)
{
    struct wb_slice s = cfn_json_text(a, v);
    return s.n ? wb_slice_last(s, '/') : WB_S("default");
}

static struct wb_slice name_of(const struct wb_cfn_resource *r, struct wb_slice *bus)
{
    struct wb_slice rest = r->physical_id, first = wb_slice_cut(&rest, '|');
    *bus = rest.p ? first : WB_S("default");
    return rest.p ? rest : first;
}

static struct wb_slice rule_arn(const struct wb_cfn_resource *r)
{
    struct wb_slice bus, name = name_of(r, &bus);
    return wb_slice_is(bus, "default")
               ? cfn_arn(r, "events", "rule/%.*s", WB_FMT(name))
               : cfn_arn(r, "events", "rule/%.*s/%.*s", WB_FMT(bus), WB_FMT(name));
}

static void begin(struct cfn_in *in, struct wb_cfn_resource *r, const char *member)
{
    struct wb_slice bus, name = name_of(r, &bus);
    cfn_begin(in, r);
    cfn_put(in, member, name);
    cfn_put(in, "EventBusName", bus);
}

static bool put_rule(struct wb_cfn_resource *r, bool tags)
{
    struct cfn_in in;
    begin(&in, r, "Name");
    cfn_copy(&in, "Description", "RoleArn", "ScheduleExpression", "State");
    cfn_copy_text(&in, "EventPattern", "EventPattern");
    if (tags)
        cfn_tags(&in, "Tags", CFN_TAG_LIST);
    return cfn_call(&in, "events", "PutRule", NULL);
}

static bool put_targets(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    struct wb_json answer;
    if (!wb_json_count(cfn_prop(r, "Targets")))
        return true;
    begin(&in, r, "Rule");
    cfn_copy(&in, "Targets");
    if (!cfn_call(&in, "events", "PutTargets", &answer))
        return false;
    struct wb_json failed = wb_json_item(wb_json_get(answer, "FailedEntries"), 0);
    if (!wb_json_is(failed))
        return true;
    struct wb_slice text = wb_json_get_str(failed, "ErrorMessage", r->tx->arena);
    wb_cfn_fail(r, "ValidationException", "%.*s", WB_FMT(text));
    return false;
}

/* The targets that are there and not in `but`. */
static bool remove_targets(struct wb_cfn_resource *r, struct wb_json there, struct wb_json but)
{
    struct wb_json_iter it = wb_json_iter(there);
    struct cfn_in in;
    size_t n = 0;
    begin(&in, r, "Rule");
    wb_jw_key(&in.w, "Ids");
    wb_jw_array(&in.w);
    while (wb_json_next(&it)) {
        if (wb_json_is(cfn_find(but, "Id", it.value)))
            continue;
        wb_jw_raw(&in.w, wb_json_raw(wb_json_get(it.value, "Id")));
        n++;
    }
    wb_jw_end_array(&in.w);
    return n == 0 || cfn_call(&in, "events", "RemoveTargets", NULL);
}

static bool live_targets(struct wb_cfn_resource *r, struct wb_json *list)
{
    struct cfn_in in;
    struct wb_json answer;
    begin(&in, r, "Rule");
    if (!cfn_call(&in, "events", "ListTargetsByRule", &answer))
        return false;
    *list = wb_json_get(answer, "Targets");
    return true;
}

static bool describe(struct wb_cfn_resource *r, struct wb_json *answer)
{
    struct cfn_in in;
    begin(&in, r, "Name");
    return cfn_call(&in, "events", "DescribeRule", answer);
}

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", rule_arn(r));
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_slice bus = bus_in(r->tx->arena, cfn_prop(r, "EventBusName"));
    struct wb_slice name = wb_cfn_name(r, 64, false);
    r->physical_id = wb_slice_is(bus, "default")
                         ? name
                         : wb_printf(r->tx->arena, "%.*s|%.*s", WB_FMT(bus), WB_FMT(name));
    /* PutRule changes a rule that is there. */
    if (describe(r, NULL))
        return wb_cfn_fail(r, "AlreadyExists", "%.*s already exists", WB_FMT(r->physical_id));
    if (!wb_cfn_error_is(r, "ResourceNotFoundException") || !put_rule(r, true) || !put_targets(r))
        return WB_CFN_FAILED;
    set_attributes(r);
    cfn_system_tags(r, rule_arn(r));
    return WB_CFN_DONE;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    set_attributes(r);
    if (!put_rule(r, false) || !remove_targets(r, cfn_was(r, "Targets"), cfn_prop(r, "Targets")) ||
        !put_targets(r))
        return WB_CFN_FAILED;
    return cfn_retag(r, &tagging, rule_arn(r)) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    struct wb_json targets;
    struct cfn_in in;
    if (!live_targets(r, &targets))
        return cfn_gone(r, "ResourceNotFoundException");
    if (!remove_targets(r, targets, WB_JSON_NONE))
        return WB_CFN_FAILED;
    begin(&in, r, "Name");
    return cfn_call(&in, "events", "DeleteRule", NULL) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    static const char *const members[] = {"Name", "Description", "RoleArn", "State",
                                          "ScheduleExpression"};
    struct wb_json answer, targets;
    struct cfn_in live;
    struct wb_slice bus = cfn_text(r, "EventBusName");
    if (!describe(r, &answer))
        return cfn_unread(r, "ResourceNotFoundException");
    if (!live_targets(r, &targets))
        return WB_CFN_FAILED;
    set_attributes(r);
    cfn_begin(&live, r);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        cfn_put_json(&live, members[i], wb_json_get(answer, members[i]));
    struct wb_slice pattern = wb_json_get_str(answer, "EventPattern", r->tx->arena);
    if (pattern.n)
        wb_jw_kraw(&live.w, "EventPattern", pattern);
    if (bus.n) /* as the template names it */
        cfn_put(&live, "EventBusName", bus);
    else
        cfn_put_json(&live, "EventBusName", wb_json_get(answer, "EventBusName"));
    if (wb_json_count(targets))
        cfn_live_list(&live, "Targets", targets, NULL, "Id");
    cfn_live_tags(&live, rule_arn(r), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

/* The same bus by name and by ARN is no change. */
static bool replaces(const struct wb_cfn_resource *r, struct wb_slice property)
{
    struct wb_arena *a = r->tx->arena;
    return !wb_slice_eq(bus_in(a, cfn_prop(r, "EventBusName")),
                        bus_in(a, cfn_was(r, "EventBusName")));
}

static const struct wb_cfn_property properties[] = {
    CFN_P("Description", STRING, IN_PLACE), CFN_P("EventBusName", STRING, CONDITIONAL),
    CFN_P("EventPattern", JSON, IN_PLACE),  CFN_P("Name", STRING, REPLACEMENT),
    CFN_P("RoleArn", STRING, IN_PLACE),     CFN_P("ScheduleExpression", STRING, IN_PLACE),
    CFN_P("State", STRING, IN_PLACE),       CFN_P("Tags", LIST, IN_PLACE),
    CFN_P("Targets", LIST, IN_PLACE),       CFN_END,
};

const struct wb_cfn_type cfn_events_rule = {.name = "AWS::Events::Rule",
                                            .property = properties,
                                            .name_property = "Name",
                                            .identifier = "Arn",
                                            .attribute = CFN_ATTRIBUTES("Arn"),
                                            .create = create,
                                            .update = update,
                                            .delete = destroy,
                                            .read = read,
                                            .replaces = replaces};
