/*
 * What each operation touches, for authorization, and what policies may ask about it (EventBridge
 * User Guide, "Using IAM policy conditions in Amazon EventBridge"). A bus of another account is
 * named as it is: both sides must allow. One of another region is nothing that exists here; the
 * handlers say so.
 */
#include "base/arn.h"
#include "services/events/events.h"

#define SERVICE "events.amazonaws.com"

/* The bus by name or ARN; *name null when it cannot exist here. */
static struct wb_bus bus_of(struct wb_call *c, struct wb_slice name_or_arn)
{
    struct wb_bus b = {.account = wb_bus_account(&c->ctx, name_or_arn), .region = c->ctx.region};
    struct wb_ctx there = {.account = b.account, .region = b.region};
    b.name = wb_bus_name(&there, name_or_arn);
    return b;
}

static bool need_bus(struct wb_call *c, struct wb_slice name_or_arn)
{
    struct wb_bus b = bus_of(c, name_or_arn);
    if (b.name.p)
        wb_call_resource(c, wb_arn_make(c->arena, "events", b.region, b.account, "event-bus/%.*s",
                                        WB_FMT(b.name)));
    return b.name.p != NULL;
}

static void need_tags(struct wb_call *c)
{
    if (wb_json_count(wb_in(c, "Tags")) && c->need_count)
        wb_call_also(c, "events:TagResource", c->need[0].resource);
}

void wb_events_of_bus(struct wb_call *c)
{
    need_bus(c, wb_in_str(c, "Name"));
}

void wb_events_of_new_bus(struct wb_call *c)
{
    wb_events_of_bus(c);
    need_tags(c);
}

void wb_events_of_buses(struct wb_call *c)
{
    wb_call_resource(c,
                     wb_arn_make(c->arena, "events", c->ctx.region, c->ctx.account, "event-bus/*"));
}

void wb_events_of_policy(struct wb_call *c)
{
    need_bus(c, wb_in_str(c, "EventBusName"));
}

/* rule "*": of a list */
static void need_rule(struct wb_call *c, struct wb_slice rule)
{
    struct wb_bus b = bus_of(c, wb_in_str(c, "EventBusName"));
    if (b.name.p && rule.p)
        wb_call_resource(c, wb_rule_arn(c->arena, &b, rule));
}

static struct wb_slice rule_name(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "Name");
    return name.p ? name : wb_in_str(c, "Rule");
}

void wb_events_of_rule(struct wb_call *c)
{
    need_rule(c, rule_name(c));
}

void wb_events_of_rules(struct wb_call *c)
{
    need_rule(c, WB_S("*"));
}

void wb_events_of_new_rule(struct wb_call *c)
{
    wb_events_of_rule(c);
    need_tags(c);
    wb_call_pass_role(c, wb_in_str(c, "RoleArn"), SERVICE);
}

void wb_events_of_targets(struct wb_call *c)
{
    wb_events_of_rule(c);
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Targets"));
    while (wb_json_next(&it))
        wb_call_pass_role(c, wb_json_get_str(it.value, "RoleArn", c->arena), SERVICE);
}

void wb_events_of_tags(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "ResourceARN"));
}

/* --- entries --- */

static struct wb_slice raw(struct wb_json entry, const char *name)
{
    struct wb_json v = wb_json_get(entry, name);
    return wb_json_is(v) ? wb_json_raw(v) : WB_SLICE_NULL;
}

/* Entries that are the same to every policy: most calls have only such. */
static bool alike(struct wb_json a, struct wb_json b)
{
    static const char *const members[] = {"EventBusName", "Source", "DetailType"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (!wb_slice_eq(raw(a, members[i]), raw(b, members[i])))
            return false;
    return true;
}

/* The entries that need a permission each, those that another one stands for left out. */
static size_t distinct(struct wb_call *c, struct wb_json **out)
{
    struct wb_json list = wb_in(c, "Entries");
    struct wb_json_iter it = wb_json_iter(list);
    struct wb_json *e = *out = wb_new_n(c->arena, struct wb_json, wb_json_count(list) + 1);
    size_t n = 0;
    while (wb_json_next(&it)) {
        size_t k = 0;
        while (k < n && !alike(e[k], it.value))
            k++;
        struct wb_slice bus = wb_json_get_str(it.value, "EventBusName", c->arena);
        if (k == n && bus_of(c, bus).name.p)
            e[n++] = it.value;
    }
    return n;
}

void wb_events_of_entries(struct wb_call *c)
{
    struct wb_json *e;
    size_t n = distinct(c, &e);
    for (size_t i = 0; i < n; i++)
        need_bus(c, wb_json_get_str(e[i], "EventBusName", c->arena));
}

/* --- conditions --- */

const char *const wb_events_entry_keys[] = {"events:detail-type", "events:eventBusInvocation",
                                            "events:source", NULL};
const char *const wb_events_put_rule_keys[] = {"events:creatorAccount",
                                               "events:detail-type",
                                               "events:detail.eventTypeCode",
                                               "events:detail.service",
                                               "events:detail.userIdentity.principalId",
                                               "events:source",
                                               NULL};
const char *const wb_events_put_targets_keys[] = {"events:TargetArn", "events:creatorAccount",
                                                  NULL};
const char *const wb_events_rule_keys[] = {"events:creatorAccount", NULL};

/* The needs stand in the same order: wb_events_of_entries made them. */
void wb_events_entry_facts(struct wb_call *c)
{
    struct wb_json *e;
    size_t n = distinct(c, &e);
    for (size_t i = 0; i < n; i++) {
        wb_need_condition(c, i, "events:source", wb_json_get_str(e[i], "Source", c->arena));
        wb_need_condition(c, i, "events:detail-type",
                          wb_json_get_str(e[i], "DetailType", c->arena));
    }
    wb_call_condition(c, "events:eventBusInvocation", WB_S("false"));
}

/* What a pattern's field may be: its texts; what is no text stands as it is written, so that no
 * list of texts can hold it. */
static void put_field(struct wb_call *c, const char *key, struct wb_json field)
{
    struct wb_json_iter it = wb_json_iter(field);
    while (wb_json_type(field) == WB_JSON_ARRAY && wb_json_next(&it))
        wb_call_condition(c, key,
                          wb_json_type(it.value) == WB_JSON_STRING ? wb_json_str(it.value, c->arena)
                                                                   : wb_json_raw(it.value));
}

/* The account that made the rule; of a new one the caller's. */
static void put_creator(struct wb_call *c)
{
    struct wb_bus at = bus_of(c, wb_in_str(c, "EventBusName"));
    const struct wb_bus *b = wb_bus_find(c->tx, at.account, at.region, at.name);
    const struct wb_rule *r = b ? wb_bus_rule(b, rule_name(c)) : NULL;
    wb_call_condition(c, "events:creatorAccount",
                      r ? wb_rule_creator(c->arena, b, r) : c->ctx.principal.account);
}

void wb_events_put_rule_facts(struct wb_call *c)
{
    struct wb_json p = wb_json_read(c->arena, wb_in_str(c, "EventPattern"), NULL);
    struct wb_json detail = wb_json_get(p, "detail");
    put_creator(c);
    put_field(c, "events:source", wb_json_get(p, "source"));
    put_field(c, "events:detail-type", wb_json_get(p, "detail-type"));
    put_field(c, "events:detail.service", wb_json_get(detail, "service"));
    put_field(c, "events:detail.eventTypeCode", wb_json_get(detail, "eventTypeCode"));
    put_field(c, "events:detail.userIdentity.principalId",
              wb_json_get(wb_json_get(detail, "userIdentity"), "principalId"));
}

void wb_events_put_targets_facts(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Targets"));
    put_creator(c);
    while (wb_json_next(&it))
        wb_call_condition(c, "events:TargetArn", wb_json_get_str(it.value, "Arn", c->arena));
}

void wb_events_rule_facts(struct wb_call *c)
{
    put_creator(c);
}
