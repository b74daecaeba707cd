/*
 * Amazon EventBridge (Classic). The module, and what its files share: the handlers of the
 * operation table (service.c), shapes.
 */
#ifndef WB_EVENTS_EVENTS_H
#define WB_EVENTS_EVENTS_H

#include "services/events/bus.h"

extern const struct wb_service wb_events_service;
extern const struct wb_module wb_events_module;

/* ops_bus.c */
wb_handler_fn wb_events_create_bus, wb_events_describe_bus, wb_events_list_buses,
    wb_events_update_bus, wb_events_delete_bus, wb_events_put_permission,
    wb_events_remove_permission;
/* ops_rule.c */
wb_handler_fn wb_events_put_rule_prepare, wb_events_put_rule, wb_events_describe_rule,
    wb_events_list_rules, wb_events_rules_by_target, wb_events_enable_rule, wb_events_disable_rule,
    wb_events_delete_rule, wb_events_test_pattern;
void wb_rule_drop(struct wb_tx *tx, const struct wb_bus *b, const struct wb_rule *r);
/* The rule the call names; fails the call when there is none. */
const struct wb_rule *wb_rule_of_call(struct wb_call *c, const struct wb_bus *b,
                                      const char *member);
/* Prints the JSON text of a string. */
struct wb_slice wb_json_quoted(struct wb_arena *a, struct wb_slice s);
/* ops_target.c */
wb_handler_fn wb_events_put_targets, wb_events_list_targets, wb_events_remove_targets;
/* ops_tags.c */
wb_handler_fn wb_events_tag, wb_events_untag, wb_events_list_tags;
/* Tags of a creating call, checked; false after failing the call. */
bool wb_events_tags_in(struct wb_call *c, struct wb_pair **tag, size_t *count);
/* resources.c */
wb_resource_fn wb_events_of_bus, wb_events_of_new_bus, wb_events_of_buses, wb_events_of_policy,
    wb_events_of_rule, wb_events_of_new_rule, wb_events_of_rules, wb_events_of_targets,
    wb_events_of_entries, wb_events_of_tags;
wb_resource_fn wb_events_entry_facts, wb_events_put_rule_facts, wb_events_put_targets_facts,
    wb_events_rule_facts;
extern const char *const wb_events_entry_keys[], *const wb_events_put_rule_keys[],
                                                     *const wb_events_put_targets_keys[],
                                                         *const wb_events_rule_keys[];
/* put.c */
wb_handler_fn wb_events_put_prepare, wb_events_put;
void wb_events_ended(struct wb_call *c, double ms); /* of the operation table */
/* An event on its way: made and matched on a loop or in a command, stored in one. */
struct wb_event_out;
struct wb_events_tally;
struct wb_event {
    const struct wb_bus *bus;
    struct wb_slice id, text;
    struct wb_event_out *out; /* a matched target each */
    uint32_t out_count;
    struct wb_ctx ctx;
    struct wb_slice header; /* the trace header it came with, or null */
    int64_t taken_ms;
};
struct wb_slice wb_event_text(const struct wb_envelope *v, struct wb_arena *a);
/* The inputs of all targets of the rules that match. bus, id, text and ctx are set. */
void wb_event_match(struct wb_event *e, const struct wb_envelope *v, int64_t now_ms,
                    struct wb_arena *a);
void wb_event_store(struct wb_tx *tx, struct wb_event *e, struct wb_events_tally *t);
/* Of an event in a sampled trace: puts the segment of its bus, and hangs what follows below it.
 * False: it is in none. */
bool wb_event_trace(struct wb_tx *tx, struct wb_event *e);
/* inside.c: events of the server itself. */
void wb_events_publish(struct wb_tx *tx, const struct wb_ctx *ctx, const char *source,
                       const char *detail_type, struct wb_slice resource, struct wb_slice detail);

/* deliver.c: one matched target of one event, in a command. */
struct wb_event_out {
    const struct wb_bus *bus;
    const struct wb_rule *rule;
    const struct wb_bus_target *target;
    struct wb_slice event_key; /* its row in the bus log */
    struct wb_slice payload;   /* what the target gets; null: cannot be made (INVALID_JSON) */
    bool whole;                /* payload is the event as the row has it */
    const struct wb_ctx *ctx;
};
void wb_events_send(struct wb_tx *tx, const struct wb_event_out *o, struct wb_events_tally *t);
extern const struct wb_executor wb_events_target_executor;

/* metrics.c: AWS/Events. */
enum wb_events_metric {
    EVENTS_TRIGGERED,
    EVENTS_MATCHED,     /* of the rule */
    EVENTS_MATCHED_ANY, /* of the bus: events that any rule matched */
    EVENTS_CREATED,
    EVENTS_INVOCATIONS,
    EVENTS_ATTEMPTS,
    EVENTS_RETRIES,
    EVENTS_SUCCEEDED,
    EVENTS_FAILED,
    EVENTS_LOOPED,
    EVENTS_TO_DLQ,
    EVENTS_NOT_TO_DLQ,
    EVENTS_START_MS,
    EVENTS_COMPLETE_MS,
    EVENTS_SUCCESS_MS
};
/* In all combinations of dimensions that the metric has. */
void wb_events_count(struct wb_tx *tx, const struct wb_bus *b, struct wb_slice rule,
                     enum wb_events_metric what, double value, double samples);
/* What a command has to count, one element a rule; told once at its end. */
struct wb_events_tally {
    struct tally {
        const struct wb_bus *bus;
        const struct wb_rule *rule;
        uint32_t matched, created, taken;
        uint32_t first; /* events of which this was the first rule that matched */
    } * item;
    uint32_t count, cap;
};
struct tally *wb_events_tally(struct wb_tx *tx, struct wb_events_tally *t, const struct wb_bus *b,
                              const struct wb_rule *r);
void wb_events_tell(struct wb_tx *tx, const struct wb_events_tally *t);

/* tail.c: who follows a bus hears of an event, when somebody does. */
bool wb_events_followed(struct wb_tx *tx, const struct wb_bus *b);
void wb_events_hear(struct wb_tx *tx, const struct wb_bus *b, struct wb_slice event,
                    uint64_t stamp);
void wb_events_tail_register(struct wb_engine *e);

/* log.c: the bus log. */
struct wb_slice wb_events_log(struct wb_tx *tx, const struct wb_bus *b, struct wb_slice event);
extern const struct wb_executor wb_events_expire_executor;
void wb_events_expire_first(struct wb_tx *tx);

/* timer.c: scheduled rules. */
bool wb_schedule_valid(struct wb_slice expression);
void wb_events_timer_start(struct wb_tx *tx, const struct wb_bus *b, struct wb_slice rule,
                           struct wb_slice expression, uint64_t generation);
extern const struct wb_executor wb_events_timer_executor;

#endif
