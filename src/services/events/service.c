/* The operation table of EventBridge, and the module. */
#include "base/limits.h"
#include "engine/audit.h"
#include "engine/identity.h"
#include "services/events/events.h"
#include "services/events/shapes.h"

#define OP(n, k, shape, fn, ...)                                                                   \
    {                                                                                              \
        .name = n, .class = k, .input = &(shape), .handler = fn, __VA_ARGS__                       \
    }

#define RULE_FACTS .conditions = wb_events_rule_facts, .condition_keys = wb_events_rule_keys

static const struct wb_op ops[] = {
    OP("CreateEventBus", WB_WRITE, wb_es_create_bus, wb_events_create_bus,
       .resources = wb_events_of_new_bus),
    OP("DescribeEventBus", WB_READ, wb_es_describe_bus, wb_events_describe_bus,
       .resources = wb_events_of_bus),
    OP("ListEventBuses", WB_SCAN, wb_es_list_buses, wb_events_list_buses,
       .resources = wb_events_of_buses),
    OP("UpdateEventBus", WB_WRITE, wb_es_update_bus, wb_events_update_bus,
       .resources = wb_events_of_bus),
    OP("DeleteEventBus", WB_WRITE, wb_es_delete_bus, wb_events_delete_bus,
       .resources = wb_events_of_bus),
    OP("PutPermission", WB_WRITE, wb_es_put_permission, wb_events_put_permission,
       .resources = wb_events_of_policy),
    OP("RemovePermission", WB_WRITE, wb_es_remove_permission, wb_events_remove_permission,
       .resources = wb_events_of_policy),
    OP("PutRule", WB_WRITE, wb_es_put_rule, wb_events_put_rule, .resources = wb_events_of_new_rule,
       .conditions = wb_events_put_rule_facts, .condition_keys = wb_events_put_rule_keys,
       .prepare = wb_events_put_rule_prepare),
    OP("DescribeRule", WB_READ, wb_es_rule, wb_events_describe_rule, .resources = wb_events_of_rule,
       RULE_FACTS),
    OP("ListRules", WB_SCAN, wb_es_list_rules, wb_events_list_rules,
       .resources = wb_events_of_rules),
    OP("ListRuleNamesByTarget", WB_SCAN, wb_es_rules_by_target, wb_events_rules_by_target,
       .resources = wb_events_of_rules),
    OP("EnableRule", WB_WRITE, wb_es_rule, wb_events_enable_rule, .resources = wb_events_of_rule,
       RULE_FACTS),
    OP("DisableRule", WB_WRITE, wb_es_rule, wb_events_disable_rule, .resources = wb_events_of_rule,
       RULE_FACTS),
    OP("DeleteRule", WB_WRITE, wb_es_delete_rule, wb_events_delete_rule,
       .resources = wb_events_of_rule, RULE_FACTS),
    OP("TestEventPattern", WB_READ, wb_es_test_pattern, wb_events_test_pattern),
    OP("PutTargets", WB_WRITE, wb_es_put_targets, wb_events_put_targets,
       .resources = wb_events_of_targets, .conditions = wb_events_put_targets_facts,
       .condition_keys = wb_events_put_targets_keys),
    OP("ListTargetsByRule", WB_SCAN, wb_es_list_targets, wb_events_list_targets,
       .resources = wb_events_of_rule, RULE_FACTS),
    OP("RemoveTargets", WB_WRITE, wb_es_remove_targets, wb_events_remove_targets,
       .resources = wb_events_of_rule, RULE_FACTS),
    OP("PutEvents", WB_WRITE, wb_es_put, wb_events_put, .resources = wb_events_of_entries,
       .conditions = wb_events_entry_facts, .condition_keys = wb_events_entry_keys,
       .prepare = wb_events_put_prepare, .body_max = 8 << 20, .data = true, .traces = true),
    OP("TagResource", WB_WRITE, wb_es_tag, wb_events_tag, .resources = wb_events_of_tags),
    OP("UntagResource", WB_WRITE, wb_es_untag, wb_events_untag, .resources = wb_events_of_tags),
    OP("ListTagsForResource", WB_READ, wb_es_list_tags, wb_events_list_tags,
       .resources = wb_events_of_tags),
};

const struct wb_service wb_events_service = {
    .name = "events",
    .title = "Amazon EventBridge",
    .signing_name = "events",
    .model = "events",
    .protocol = WB_JSON11,
    .target = "AWSEvents",
    .version = "2015-10-07",
    .type_prefix = "",
    .trace_origin = "AWS::Events",
    .trace_member = "EventBusName",
    .trace_key = "event_bus_name",
    .ended = wb_events_ended,
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};

static void start(struct wb_engine *e)
{
    wb_def_register(e, &wb_bus_kind);
    wb_resource_policy_register(e, "events", wb_bus_policy);
    wb_bus_publish_register(e, wb_events_publish);
    wb_events_tail_register(e);
    wb_executor_register(e, &wb_events_target_executor);
    wb_executor_register(e, &wb_events_expire_executor);
    wb_executor_register(e, &wb_events_timer_executor);
}

/* --- waybill check --- */

struct checker {
    struct wb_tx *tx;
    void (*bad)(void *arg, const char *what);
    void *arg;
};

static void complain(struct checker *k, const char *what, struct wb_slice key)
{
    struct wb_slice hex = wb_printf(k->tx->arena, "events: %s:", what);
    struct wb_buf b = wb_buf_in(k->tx->arena);
    wb_buf_slice_put(&b, hex);
    for (size_t i = 0; i < key.n; i++)
        wb_buf_printf(&b, " %02x", (unsigned char)key.p[i]);
    wb_buf_char(&b, '\0');
    k->bad(k->arg, b.p);
}

static void check_row(struct checker *k, uint16_t table, struct wb_slice key, struct wb_slice value)
{
    struct wb_arena *a = k->tx->arena;
    struct wb_json v = wb_json_read(a, value, NULL);
    struct wb_slice why, pattern;
    if (wb_json_type(v) != WB_JSON_OBJECT) {
        complain(k, "a row is not a JSON object", key);
        return;
    }
    if (table == WB_T_BUS && wb_json_get_i64(v, "number", 0) <= 0)
        complain(k, "a bus has no number", key);
    if (table == WB_T_RULE && (pattern = wb_json_get_str(v, "EventPattern", a)).p) {
        struct wb_pattern *p = wb_pattern_compile(pattern, a, &why);
        if (!p)
            complain(k, "a rule's pattern does not compile", key);
        wb_pattern_free(p);
    }
    if (table == WB_T_TARGET) {
        uint16_t t;
        struct wb_key_rd rd = wb_key_rd(a, key, &t);
        uint64_t bus = wb_key_rd_u64(&rd);
        struct wb_slice rule = wb_key_rd_str(&rd), row;
        if (rd.bad || !wb_tx_get(k->tx, wb_key(a, WB_T_RULE, "us", bus, rule), &row))
            complain(k, "a target has no rule", key);
        if (!wb_input_compile(a, v, &why))
            complain(k, "a target's input does not compile", key);
    }
}

static void check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    static const uint16_t tables[] = {WB_T_BUS, WB_T_RULE, WB_T_TARGET, WB_T_BUS_LOG};
    struct checker k = {tx, bad, arg};
    struct wb_arena *outer = tx->arena, page;
    wb_arena_init(&page, 0);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct wb_slice key, value;
        struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(outer, tables[i], ""));
        while (wb_tx_next(tx, s, &key, &value)) {
            tx->arena = &page;
            check_row(&k, tables[i], key, value);
            tx->arena = outer;
            wb_arena_reset(&page);
        }
        wb_scan_close(s);
    }
    wb_arena_release(&page);
}

const struct wb_module wb_events_module = {
    .service = &wb_events_service, .start = start, .first = wb_events_expire_first, .check = check};
