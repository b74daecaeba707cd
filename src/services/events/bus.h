/*
 * A bus as a definition: its row, its rules with their compiled patterns, and their targets, in one
 * immutable object (engine/defs.h) that every change of any of them replaces.
 *
 * The default bus of a scope needs no row: without one it is a bus of number 0 without rules; the
 * first command that has to store something under it makes the row (wb_bus_ensure).
 *
 * Rows. Bus: JSON {"number", "created", "modified", "Description"...}. Rule: JSON {"created",
 * "schedule": generation, "EventPattern", "ScheduleExpression", "State", "Description",
 * "RoleArn"}. Target: the target as PutTargets had it.
 */
#ifndef WB_EVENTS_BUS_H
#define WB_EVENTS_BUS_H

#include "auth/policy.h"
#include "engine/engine.h"
#include "engine/paging.h"
#include "engine/tags.h"
#include "services/events/input.h"
#include "services/events/match.h"

struct wb_bus_target {
    struct wb_slice id, arn, json;
    struct wb_slice dead_letter; /* ARN, or null */
    const struct wb_input *input;
    uint32_t retries;
    int64_t age_max_ms;
};

struct wb_rule {
    struct wb_slice name, arn, json;
    struct wb_slice pattern, schedule; /* null when it has none */
    bool enabled;
    uint64_t generation; /* of the schedule; an older timer is void */
    struct wb_bus_target *target;
    uint32_t target_count;
};

struct wb_bus {
    struct wb_arena arena;
    uint64_t number; /* 0: a default bus without a row */
    struct wb_slice account, region, name, arn, json;
    struct wb_slice policy;      /* as it was put; null = none */
    struct wb_policy *resources; /* the same, compiled */
    struct wb_rule *rule;        /* by name */
    uint32_t rule_count;
    struct wb_pattern **compiled; /* rule i's; NULL when disabled or without a pattern */
    struct wb_match_set *set;
};

extern struct wb_def_kind wb_bus_kind;

/* The name in "default", "orders" or an ARN of a bus of the call's scope; null for one that cannot
 * exist here. The null slice is the default bus. */
struct wb_slice wb_bus_name(const struct wb_ctx *c, struct wb_slice name_or_arn);
/* Whose bus that is: the ARN's account, else the caller's own - also when authorization has put the
 * call into the account of what it named first. */
struct wb_slice wb_bus_account(const struct wb_ctx *c, struct wb_slice name_or_arn);
/* NULL when there is no such bus. */
const struct wb_bus *wb_bus_find(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                                 struct wb_slice name);
/* Of a call's input member; fails the call when there is none. */
const struct wb_bus *wb_bus_of_call(struct wb_call *c, const char *member);
/* In a command: the same bus with a row. */
const struct wb_bus *wb_bus_ensure(struct wb_tx *tx, const struct wb_bus *b);
/* The policy of the bus that an ARN of a bus or of a rule on it names (wb_resource_policy_fn). */
const struct wb_policy *wb_bus_policy(struct wb_tx *tx, struct wb_slice arn);
void wb_bus_changed(struct wb_tx *tx, const struct wb_bus *b);
struct wb_slice wb_bus_key(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                           struct wb_slice name);

const struct wb_rule *wb_bus_rule(const struct wb_bus *b, struct wb_slice name); /* or NULL */
/* The account that made it: that of the bus, unless its policy lets others make rules. */
struct wb_slice wb_rule_creator(struct wb_arena *a, const struct wb_bus *b,
                                const struct wb_rule *r);
struct wb_slice wb_rule_arn(struct wb_arena *a, const struct wb_bus *b, struct wb_slice name);
/* Back: the rule's name, and account, region and name of its bus. False when it is no rule's ARN.
 */
bool wb_rule_arn_read(struct wb_slice arn, struct wb_bus *b, struct wb_slice *rule);

/* For rows: the JSON object with some members replaced. An empty value (null slice) removes. */
struct wb_slice wb_row_with(struct wb_arena *a, struct wb_slice json, const struct wb_pair *member,
                            size_t count);

#endif
