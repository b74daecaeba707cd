/* Targets of rules. */
#include "base/arn.h"
#include "base/limits.h"
#include "services/events/events.h"

static bool known_target(const struct wb_rule *r, struct wb_slice id)
{
    for (uint32_t i = 0; i < r->target_count; i++)
        if (wb_slice_eq(r->target[i].id, id))
            return true;
    return false;
}

/* Whether an earlier target of the same request has the same id. */
static bool repeated(struct wb_call *c, struct wb_json list, uint32_t at, struct wb_slice id)
{
    struct wb_json_iter it = wb_json_iter(list);
    for (uint32_t i = 0; i < at && wb_json_next(&it); i++)
        if (wb_slice_eq(wb_json_get_str(it.value, "Id", c->arena), id))
            return true;
    return false;
}

static bool check_target(struct wb_call *c, struct wb_json target)
{
    struct wb_slice arn = wb_json_get_str(target, "Arn", c->arena), why;
    struct wb_slice dead =
        wb_json_get_str(wb_json_get(target, "DeadLetterConfig"), "Arn", c->arena);
    struct wb_arn parsed;
    if (!wb_arn_parse(arn, &parsed) || !parsed.service.n || !parsed.resource.n) {
        wb_fail(c, "ValidationException", 400,
                "Parameter %.*s is not valid. Reason: Provided Arn is not in correct format.",
                WB_FMT(arn));
        return false;
    }
    if (dead.p && (!wb_arn_parse(dead, &parsed) || !wb_slice_is(parsed.service, "sqs"))) {
        wb_fail(c, "ValidationException", 400,
                "Parameter DeadLetterConfig.Arn is not valid. Reason: Must be the ARN of an Amazon "
                "SQS queue.");
        return false;
    }
    if (!wb_input_compile(c->arena, target, &why)) {
        wb_fail(c, "ValidationException", 400, "%.*s", WB_FMT(why));
        return false;
    }
    return true;
}

void wb_events_put_targets(struct wb_call *c)
{
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    const struct wb_rule *r = b ? wb_rule_of_call(c, b, "Rule") : NULL;
    struct wb_json list = wb_in(c, "Targets");
    struct wb_json_iter it = wb_json_iter(list);
    if (!r)
        return;
    uint32_t count = r->target_count;
    for (uint32_t i = 0; wb_json_next(&it); i++) {
        struct wb_slice id = wb_json_get_str(it.value, "Id", c->arena);
        if (!check_target(c, it.value))
            return;
        count += !known_target(r, id) && !repeated(c, list, i, id);
    }
    if (count > WB_EVENT_TARGETS_MAX) {
        wb_fail(c, "LimitExceededException", 400,
                "The requested resource exceeds the maximum number allowed.");
        return;
    }
    it = wb_json_iter(list);
    while (wb_json_next(&it))
        wb_tx_put(c->tx,
                  wb_key(c->arena, WB_T_TARGET, "uss", b->number, r->name,
                         wb_json_get_str(it.value, "Id", c->arena)),
                  wb_json_raw(it.value));
    wb_bus_changed(c->tx, b);
    wb_out_i64(&c->out, "FailedEntryCount", 0);
    wb_out_list(&c->out, "FailedEntries");
    wb_out_end(&c->out);
}

void wb_events_list_targets(struct wb_call *c)
{
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    const struct wb_rule *r = b ? wb_rule_of_call(c, b, "Rule") : NULL;
    struct wb_slice token = wb_in_str(c, "NextToken"), last = WB_SLICE_NULL;
    int64_t limit = wb_in_i64(c, "Limit", 100);
    if (!r)
        return;
    if (token.p && !wb_page_open(c, token, r->arn, &last)) {
        wb_fail(c, "ValidationException", 400, "Parameter NextToken is not valid.");
        return;
    }
    struct wb_slice next = WB_SLICE_NULL;
    wb_out_list(&c->out, "Targets");
    for (uint32_t i = 0; i < r->target_count; i++) {
        if (last.p && wb_slice_cmp(r->target[i].id, last) <= 0)
            continue;
        if (limit-- == 0) {
            next = wb_page_token(c, r->arn, r->target[i - 1].id);
            break;
        }
        wb_out_json(&c->out, NULL, r->target[i].json);
    }
    wb_out_end(&c->out);
    wb_out_str(&c->out, "NextToken", next);
}

void wb_events_remove_targets(struct wb_call *c)
{
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    const struct wb_rule *r = b ? wb_rule_of_call(c, b, "Rule") : NULL;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Ids"));
    if (!r)
        return;
    while (wb_json_next(&it))
        wb_tx_del(c->tx, wb_key(c->arena, WB_T_TARGET, "uss", b->number, r->name,
                                wb_json_str(it.value, c->arena)));
    wb_bus_changed(c->tx, b);
    wb_out_i64(&c->out, "FailedEntryCount", 0);
    wb_out_list(&c->out, "FailedEntries");
    wb_out_end(&c->out);
}
