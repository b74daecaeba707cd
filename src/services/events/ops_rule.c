/* Rules. */
#include "base/limits.h"
#include "services/events/events.h"

#define LIMIT_TEXT "The requested resource exceeds the maximum number allowed."

const struct wb_rule *wb_rule_of_call(struct wb_call *c, const struct wb_bus *b, const char *member)
{
    struct wb_slice name = wb_in_str(c, member);
    const struct wb_rule *r = wb_bus_rule(b, name);
    if (!r)
        wb_fail(c, "ResourceNotFoundException", 400, "Rule %.*s does not exist on EventBus %.*s.",
                WB_FMT(name), WB_FMT(b->name));
    return r;
}

static bool fail_pattern(struct wb_call *c, struct wb_slice why)
{
    wb_fail(c, "InvalidEventPatternException", 400, "Event pattern is not valid. Reason: %.*s",
            WB_FMT(why));
    return false;
}

/* What prepare found out about the pattern. */
struct checked {
    bool wildcard;
};

void wb_events_put_rule_prepare(struct wb_call *c)
{
    struct wb_slice pattern = wb_in_str(c, "EventPattern"), why;
    struct wb_slice schedule = wb_in_str(c, "ScheduleExpression");
    struct checked *k = wb_new(c->arena, struct checked);
    c->prepared = k;
    if (!pattern.n && !schedule.n) {
        wb_fail(c, "ValidationException", 400,
                "Parameter(s) EventPattern or ScheduleExpression must be specified.");
        return;
    }
    if (schedule.n && !wb_schedule_valid(schedule)) {
        wb_fail(c, "ValidationException", 400, "Parameter ScheduleExpression is not valid.");
        return;
    }
    if (!pattern.n)
        return;
    struct wb_pattern *p = wb_pattern_compile(pattern, c->arena, &why);
    if (!p) {
        fail_pattern(c, why);
        return;
    }
    k->wildcard = p->wildcard;
    wb_pattern_free(p);
}

static bool fits(struct wb_call *c, const struct wb_bus *b, const struct wb_rule *old)
{
    const struct checked *k = c->prepared;
    uint32_t wildcards = 0;
    if (!old && b->rule_count >= WB_EVENT_RULES_MAX) {
        wb_fail(c, "LimitExceededException", 400, LIMIT_TEXT);
        return false;
    }
    for (uint32_t i = 0; k->wildcard && i < b->rule_count; i++)
        wildcards += &b->rule[i] != old && b->compiled[i] && b->compiled[i]->wildcard;
    if (wildcards >= WB_EVENT_WILDCARD_RULES_MAX) {
        wb_fail(c, "LimitExceededException", 400, LIMIT_TEXT);
        return false;
    }
    return true;
}

static struct wb_slice rule_key(struct wb_call *c, const struct wb_bus *b, struct wb_slice name)
{
    return wb_key(c->arena, WB_T_RULE, "us", b->number, name);
}

static struct wb_slice quoted_in(struct wb_call *c, const char *member)
{
    struct wb_slice s = wb_in_str(c, member);
    return s.n ? wb_json_quoted(c->arena, s) : WB_SLICE_NULL;
}

/* The generation of the schedule a rule will have, its timer started when it is a new one. */
static uint64_t schedule(struct wb_call *c, const struct wb_bus *b, struct wb_slice name,
                         struct wb_slice expression, bool enabled, const struct wb_rule *old)
{
    if (!expression.n || !enabled)
        return 0;
    if (old && old->generation && wb_slice_eq(old->schedule, expression))
        return old->generation;
    uint64_t generation = wb_tx_number(c->tx, "schedule");
    wb_events_timer_start(c->tx, b, name, expression, generation);
    return generation;
}

void wb_events_put_rule(struct wb_call *c)
{
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    struct wb_slice name = wb_in_str(c, "Name"), state = wb_in_str(c, "State");
    struct wb_slice expression = wb_in_str(c, "ScheduleExpression");
    struct wb_pair *tag;
    size_t tags;
    if (!b)
        return;
    if (expression.n && !wb_slice_is(b->name, "default")) {
        wb_fail(c, "ValidationException", 400,
                "ScheduleExpression is supported only on the default event bus.");
        return;
    }
    const struct wb_rule *old = wb_bus_rule(b, name);
    if (!fits(c, b, old) || !wb_events_tags_in(c, &tag, &tags))
        return;
    if (!state.p)
        state = WB_S("ENABLED");
    struct wb_slice created =
        old ? wb_json_raw(wb_json_get(wb_json_read(c->arena, old->json, NULL), "created"))
            : wb_printf(c->arena, "%lld", (long long)c->tx->now_ms);
    struct wb_slice by = old ? wb_rule_creator(c->arena, b, old) : c->ctx.principal.account;
    bool foreign = by.n && !wb_slice_eq(by, b->account);
    if (!(b = wb_bus_ensure(c->tx, b)))
        return;
    uint64_t generation = schedule(c, b, name, expression, !wb_slice_is(state, "DISABLED"), old);
    struct wb_pair row[] = {
        {WB_S("created"), created},
        {WB_S("createdBy"), foreign ? wb_json_quoted(c->arena, by) : WB_SLICE_NULL},
        {WB_S("schedule"), wb_printf(c->arena, "%llu", (unsigned long long)generation)},
        {WB_S("EventPattern"), quoted_in(c, "EventPattern")},
        {WB_S("ScheduleExpression"), quoted_in(c, "ScheduleExpression")},
        {WB_S("State"), wb_json_quoted(c->arena, state)},
        {WB_S("Description"), quoted_in(c, "Description")},
        {WB_S("RoleArn"), quoted_in(c, "RoleArn")}};
    wb_tx_put(c->tx, rule_key(c, b, name),
              wb_row_with(c->arena, WB_S("{}"), row, sizeof row / sizeof *row));
    wb_bus_changed(c->tx, b);
    struct wb_slice arn = wb_rule_arn(c->arena, b, name);
    if (!old)
        wb_tags_put(c->tx, arn, tag, tags);
    wb_out_str(&c->out, "RuleArn", arn);
}

static void out_rule(struct wb_call *c, const struct wb_bus *b, const struct wb_rule *r)
{
    static const char *const members[] = {"EventPattern", "ScheduleExpression", "State",
                                          "Description", "RoleArn"};
    struct wb_json v = wb_json_read(c->arena, r->json, NULL);
    wb_out_str(&c->out, "Name", r->name);
    wb_out_str(&c->out, "Arn", r->arn);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        wb_out_str(&c->out, members[i], wb_json_get_str(v, members[i], c->arena));
    wb_out_str(&c->out, "EventBusName", b->name);
}

void wb_events_describe_rule(struct wb_call *c)
{
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    const struct wb_rule *r = b ? wb_rule_of_call(c, b, "Name") : NULL;
    if (!r)
        return;
    out_rule(c, b, r);
    wb_out_str(&c->out, "CreatedBy", wb_rule_creator(c->arena, b, r));
}

/* The first rule after the page's token, or rule_count; false after failing the call. */
static bool page_from(struct wb_call *c, const struct wb_bus *b, struct wb_slice filter,
                      uint32_t *from)
{
    struct wb_slice token = wb_in_str(c, "NextToken"), last;
    *from = 0;
    if (!token.p)
        return true;
    if (!wb_page_open(c, token, filter, &last)) {
        wb_fail(c, "ValidationException", 400, "Parameter NextToken is not valid.");
        return false;
    }
    while (*from < b->rule_count && wb_slice_cmp(b->rule[*from].name, last) <= 0)
        ++*from;
    return true;
}

/* The inputs that must not change between pages. */
static struct wb_slice page_filter(struct wb_call *c, const struct wb_bus *b, const char *member)
{
    return wb_printf(c->arena, "%.*s %.*s", WB_FMT(b->name), WB_FMT(wb_in_str(c, member)));
}

void wb_events_list_rules(struct wb_call *c)
{
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    struct wb_slice prefix = wb_in_str(c, "NamePrefix"), next = WB_SLICE_NULL, last = next;
    int64_t limit = wb_in_i64(c, "Limit", 100);
    uint32_t i;
    if (!b)
        return;
    struct wb_slice filter = page_filter(c, b, "NamePrefix");
    if (!page_from(c, b, filter, &i))
        return;
    wb_out_list(&c->out, "Rules");
    for (; i < b->rule_count; i++) {
        if (!wb_slice_starts(b->rule[i].name, prefix))
            continue;
        if (limit-- == 0) {
            next = wb_page_token(c, filter, last);
            break;
        }
        wb_out_object(&c->out, NULL);
        out_rule(c, b, &b->rule[i]);
        wb_out_end(&c->out);
        last = b->rule[i].name;
    }
    wb_out_end(&c->out);
    wb_out_str(&c->out, "NextToken", next);
}

static bool has_target(const struct wb_rule *r, struct wb_slice arn)
{
    for (uint32_t i = 0; i < r->target_count; i++)
        if (wb_slice_eq(r->target[i].arn, arn))
            return true;
    return false;
}

void wb_events_rules_by_target(struct wb_call *c)
{
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    struct wb_slice arn = wb_in_str(c, "TargetArn"), next = WB_SLICE_NULL, last = next;
    int64_t limit = wb_in_i64(c, "Limit", 100);
    uint32_t i;
    if (!b)
        return;
    struct wb_slice filter = page_filter(c, b, "TargetArn");
    if (!page_from(c, b, filter, &i))
        return;
    wb_out_list(&c->out, "RuleNames");
    for (; i < b->rule_count; i++) {
        if (!has_target(&b->rule[i], arn))
            continue;
        if (limit-- == 0) {
            next = wb_page_token(c, filter, last);
            break;
        }
        wb_out_str(&c->out, NULL, b->rule[i].name);
        last = b->rule[i].name;
    }
    wb_out_end(&c->out);
    wb_out_str(&c->out, "NextToken", next);
}

static void set_state(struct wb_call *c, const char *state, bool enabled)
{
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    const struct wb_rule *r = b ? wb_rule_of_call(c, b, "Name") : NULL;
    if (!r || r->enabled == enabled)
        return;
    uint64_t generation = schedule(c, b, r->name, r->schedule, enabled, r);
    struct wb_pair row[] = {
        {WB_S("State"), wb_json_quoted(c->arena, wb_slice_str(state))},
        {WB_S("schedule"), wb_printf(c->arena, "%llu", (unsigned long long)generation)}};
    wb_tx_put(c->tx, rule_key(c, b, r->name), wb_row_with(c->arena, r->json, row, 2));
    wb_bus_changed(c->tx, b);
}

void wb_events_enable_rule(struct wb_call *c)
{
    set_state(c, "ENABLED", true);
}

void wb_events_disable_rule(struct wb_call *c)
{
    set_state(c, "DISABLED", false);
}

void wb_rule_drop(struct wb_tx *tx, const struct wb_bus *b, const struct wb_rule *r)
{
    for (uint32_t i = 0; i < r->target_count; i++)
        wb_tx_del(tx, wb_key(tx->arena, WB_T_TARGET, "uss", b->number, r->name, r->target[i].id));
    wb_tx_del(tx, wb_key(tx->arena, WB_T_RULE, "us", b->number, r->name));
    wb_tags_drop(tx, r->arn);
}

void wb_events_delete_rule(struct wb_call *c)
{
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    const struct wb_rule *r = b ? wb_bus_rule(b, wb_in_str(c, "Name")) : NULL;
    if (!r) /* AWS answers success for an unknown rule */
        return;
    if (r->target_count) {
        wb_fail(c, "ValidationException", 400, "Rule can't be deleted since it has targets.");
        return;
    }
    wb_rule_drop(c->tx, b, r);
    wb_bus_changed(c->tx, b);
}

void wb_events_test_pattern(struct wb_call *c)
{
    static const char *const needed[] = {"id",   "account", "source",
                                         "time", "region",  "detail-type"};
    struct wb_slice why;
    struct wb_pattern *p = wb_pattern_compile(wb_in_str(c, "EventPattern"), c->arena, &why);
    if (!p) {
        fail_pattern(c, why);
        return;
    }
    struct wb_json event = wb_json_read(c->arena, wb_in_str(c, "Event"), NULL);
    bool valid = wb_json_type(event) == WB_JSON_OBJECT;
    for (size_t i = 0; valid && i < sizeof needed / sizeof *needed; i++)
        valid = wb_json_is(wb_json_get(event, needed[i]));
    if (valid) {
        uint32_t *rules;
        struct wb_match_set *s = wb_match_new(&p, 1);
        wb_out_bool(&c->out, "Result", wb_match_event(s, event, c->arena, &rules) == 1);
        wb_match_free(s);
    } else {
        wb_fail(c, "ValidationException", 400, "Parameter Event is not valid.");
    }
    wb_pattern_free(p);
}
