/* Tags of buses and rules. */
#include "base/arn.h"
#include "services/events/events.h"

bool wb_events_tags_in(struct wb_call *c, struct wb_pair **tag, size_t *count)
{
    struct wb_slice why = WB_S("A resource has at most 50 tags.");
    if (wb_tags_read(c->arena, wb_in(c, "Tags"), tag, count, &why) && *count <= WB_TAGS_MAX)
        return true;
    wb_fail(c, "ValidationException", 400, "Parameter Tags is not valid. Reason: %.*s",
            WB_FMT(why));
    return false;
}

/* The bus or rule of ResourceARN exists, or the call fails. */
static bool resource(struct wb_call *c, struct wb_slice *arn)
{
    struct wb_arn a;
    *arn = wb_in_str(c, "ResourceARN");
    bool ours = wb_arn_parse(*arn, &a) && wb_slice_is(a.service, "events") &&
                wb_slice_eq(a.account, c->ctx.account) && wb_slice_eq(a.region, c->ctx.region);
    struct wb_slice rest = a.resource;
    struct wb_slice kind = ours ? wb_slice_cut(&rest, '/') : WB_SLICE_NULL;
    bool rule = ours && wb_slice_is(kind, "rule");
    if (!ours || !rest.n || (!rule && !wb_slice_is(kind, "event-bus"))) {
        wb_fail(c, "ValidationException", 400,
                "Parameter %.*s is not valid. Reason: Provided Arn is not in correct format.",
                WB_FMT(*arn));
        return false;
    }
    struct wb_slice bus = rest, name = rest;
    if (rule) {
        ptrdiff_t slash = -1;
        for (size_t i = 0; i < rest.n; i++)
            if (rest.p[i] == '/')
                slash = (ptrdiff_t)i;
        bus = slash < 0 ? WB_S("default") : wb_slice_sub(rest, 0, (size_t)slash);
        name = slash < 0 ? rest : wb_slice_sub(rest, (size_t)slash + 1, rest.n);
        if (slash >= 0 && wb_slice_is(bus, "default"))
            bus = WB_S("default/"); /* no second spelling of the default bus's rules */
    }
    const struct wb_bus *b = wb_bus_find(c->tx, c->ctx.account, c->ctx.region, bus);
    if (!b)
        wb_fail(c, "ResourceNotFoundException", 400, "Event bus %.*s does not exist.", WB_FMT(bus));
    else if (rule && !wb_bus_rule(b, name))
        wb_fail(c, "ResourceNotFoundException", 400, "Rule %.*s does not exist on EventBus %.*s.",
                WB_FMT(name), WB_FMT(bus));
    return !wb_failed(c);
}

void wb_events_tag(struct wb_call *c)
{
    struct wb_slice arn;
    struct wb_pair *tag;
    size_t count;
    if (!resource(c, &arn) || !wb_events_tags_in(c, &tag, &count))
        return;
    if (!wb_tags_put(c->tx, arn, tag, count))
        wb_fail(c, "ValidationException", 400,
                "Parameter Tags is not valid. Reason: A resource has at most 50 tags.");
}

void wb_events_untag(struct wb_call *c)
{
    struct wb_slice arn;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "TagKeys"));
    if (!resource(c, &arn))
        return;
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, arn, wb_json_str(it.value, c->arena));
}

void wb_events_list_tags(struct wb_call *c)
{
    struct wb_slice arn;
    if (resource(c, &arn))
        wb_tags_out(c->tx, arn, &c->out, "Tags");
}
