/* What each operation touches, for authorization. A bus of another account or region is nothing
 * that exists here; the handlers say so. */
#include "base/arn.h"
#include "services/events/events.h"

static void bus(struct wb_call *c, struct wb_slice name_or_arn)
{
    struct wb_slice name = wb_bus_name(&c->ctx, name_or_arn);
    if (name.p)
        wb_call_resource(c, wb_arn_make(c->arena, "events", c->ctx.region, c->ctx.account,
                                        "event-bus/%.*s", WB_FMT(name)));
}

void wb_events_of_bus(struct wb_call *c)
{
    bus(c, wb_in_str(c, "Name"));
}

void wb_events_of_policy(struct wb_call *c)
{
    bus(c, wb_in_str(c, "EventBusName"));
}

void wb_events_of_entries(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Entries"));
    while (wb_json_next(&it))
        bus(c, wb_json_get_str(it.value, "EventBusName", c->arena));
}

void wb_events_of_rule(struct wb_call *c)
{
    struct wb_slice rule = wb_in_str(c, "Name");
    struct wb_bus b = {.account = c->ctx.account,
                       .region = c->ctx.region,
                       .name = wb_bus_name(&c->ctx, wb_in_str(c, "EventBusName"))};
    if (!rule.p)
        rule = wb_in_str(c, "Rule");
    if (b.name.p && rule.p)
        wb_call_resource(c, wb_rule_arn(c->arena, &b, rule));
}

void wb_events_of_tags(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "ResourceARN"));
}
