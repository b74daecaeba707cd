/*
 * AWS::Events::EventBusPolicy: one statement of a bus's policy. The physical id is "BUS|STATEMENT".
 */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static struct wb_slice bus_of(struct wb_cfn_resource *r)
{
    struct wb_slice bus = cfn_text(r, "EventBusName");
    return bus.n ? wb_slice_last(bus, '/') : WB_S("default");
}

/* The bus's policy with this statement in place of the one of the same Sid. */
static bool put_whole(struct wb_cfn_resource *r, struct wb_slice bus)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_json answer, statement = cfn_prop(r, "Statement");
    struct wb_slice sid = cfn_text(r, "StatementId");
    struct cfn_in policy, in;
    if (wb_json_type(statement) == WB_JSON_STRING)
        statement = wb_json_read(a, wb_json_str(statement, a), NULL);
    if (!cfn_call_with(r, "events", "DescribeEventBus", "Name", bus, &answer))
        return false;
    struct wb_json old = wb_json_read(a, wb_json_get_str(answer, "Policy", a), NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_get(old, "Statement"));
    cfn_begin(&policy, r);
    wb_jw_kcstr(&policy.w, "Version", "2012-10-17");
    wb_jw_key(&policy.w, "Statement");
    wb_jw_array(&policy.w);
    while (wb_json_next(&it))
        if (!wb_slice_eq(wb_json_get_str(it.value, "Sid", a), sid))
            wb_jw_raw(&policy.w, wb_json_raw(it.value));
    wb_jw_object(&policy.w);
    wb_jw_kstr(&policy.w, "Sid", sid);
    for (it = wb_json_iter(statement); wb_json_next(&it);) {
        struct wb_slice key = wb_json_str(it.key, a);
        if (wb_slice_is(key, "Sid"))
            continue;
        wb_jw_key_slice(&policy.w, key);
        wb_jw_raw(&policy.w, wb_json_raw(it.value));
    }
    wb_jw_end_object(&policy.w);
    wb_jw_end_array(&policy.w);
    cfn_begin(&in, r);
    cfn_put(&in, "EventBusName", bus);
    cfn_put(&in, "Policy", cfn_end(&policy));
    return cfn_call(&in, "events", "PutPermission", NULL);
}

static bool put(struct wb_cfn_resource *r)
{
    struct wb_slice bus = bus_of(r);
    struct cfn_in in;
    if (wb_json_is(cfn_prop(r, "Statement")))
        return put_whole(r, bus);
    cfn_begin(&in, r);
    cfn_put(&in, "EventBusName", bus);
    cfn_copy(&in, "StatementId", "Action", "Principal", "Condition");
    return cfn_call(&in, "events", "PutPermission", NULL);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_slice bus = bus_of(r), sid = cfn_text(r, "StatementId");
    r->physical_id = wb_printf(r->tx->arena, "%.*s|%.*s", WB_FMT(bus), WB_FMT(sid));
    return put(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    return put(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    struct wb_slice sid = r->physical_id, bus = wb_slice_cut(&sid, '|');
    return cfn_call_with2(r, "events", "RemovePermission", "EventBusName", bus, "StatementId", sid,
                          NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "ResourceNotFoundException");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_slice sid = r->physical_id, bus = wb_slice_cut(&sid, '|');
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "events", "DescribeEventBus", "Name", bus, &answer))
        return cfn_unread(r, "ResourceNotFoundException");
    struct wb_json policy = wb_json_read(a, wb_json_get_str(answer, "Policy", a), NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_get(policy, "Statement"));
    while (wb_json_next(&it)) {
        if (!wb_slice_eq(wb_json_get_str(it.value, "Sid", a), sid))
            continue;
        cfn_begin(&live, r);
        cfn_copy(&live, "EventBusName", "StatementId", "Principal", "Condition");
        cfn_put_json(&live, "Action", wb_json_get(it.value, "Action"));
        cfn_put_json(&live, "Statement", it.value);
        r->live = cfn_end(&live);
        return WB_CFN_DONE;
    }
    return wb_cfn_absent(r);
}

static const struct wb_cfn_property properties[] = {
    CFN_P("Action", STRING, IN_PLACE),
    CFN_P("Condition", OBJECT, IN_PLACE),
    CFN_P("EventBusName", STRING, REPLACEMENT),
    CFN_P("Principal", STRING, IN_PLACE),
    CFN_P("Statement", JSON, IN_PLACE),
    CFN_REQUIRED("StatementId", STRING, REPLACEMENT),
    CFN_END,
};

const struct wb_cfn_type cfn_events_event_bus_policy = {.name = "AWS::Events::EventBusPolicy",
                                                        .property = properties,
                                                        .create = create,
                                                        .update = update,
                                                        .delete = destroy,
                                                        .read = read};
