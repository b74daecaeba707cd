/*
 * The deployment engine: an operation's durable steps.
 *
 * Work rows of the target "stack ARN" carry the operation's number and turn; a row of another turn
 * is void, so however many there are, one counts. A step takes items of the plan as long as there
 * are any that may go on and its share of time lasts, then writes the plan and adds the next row:
 * due at once, or when the first waiting item is. When no item is left, the next phase begins or
 * the stack settles. Everything a step does is one command: kill -9 between two of them loses
 * nothing, and within one nothing has happened.
 */
#ifndef WB_CFN_DEPLOY_H
#define WB_CFN_DEPLOY_H

#include "services/cloudformation/eval.h"
#include "services/cloudformation/plan.h"

/* A step in progress. */
struct cfn_run {
    struct wb_tx *tx;
    struct wb_ctx ctx; /* whose rights the deployment has */
    struct cfn_stack s;
    struct cfn_stack before; /* as it was; number 0: a new stack */
    struct cfn_operation op;
    struct cfn_plan plan;
    struct cfn_eval eval;
    bool evaluated; /* eval is filled */
    bool woken;     /* somebody says that what waits may go on */
    bool failed;    /* an item has failed: no other begins */
};

extern const struct wb_executor cfn_deploy_executor;

/* --- starting (start.c) --- */

/* The stack as it is to be, with its rights; op: kind, token, retain, take, ... as they apply. The
 * template's text and all else is in the stack; it is written here, with its status, the plan and
 * the first work row. before: the stack as it was, NULL for a new one. */
void cfn_operation_begin(struct wb_tx *tx, const struct wb_ctx *ctx, struct cfn_stack *s,
                         const struct cfn_stack *before, struct cfn_operation *op);
/* Goes on with the operation of a failed update or creation: rolls back. */
void cfn_operation_rollback(struct wb_tx *tx, const struct wb_ctx *ctx, struct cfn_stack *s,
                            struct cfn_operation *op);
/* The principal: the stack's role, else the caller. False: the role cannot be taken. */
bool cfn_principal(struct wb_tx *tx, const struct wb_ctx *caller, const struct cfn_stack *s,
                   struct wb_ctx *out);
/* What waits in this stack may go on. */
void cfn_wake(struct wb_tx *tx, struct wb_slice stack_id);
/* Adds the row of the next step. */
void cfn_next(struct wb_tx *tx, const struct cfn_stack *s, struct cfn_operation *op, int64_t due_ms,
              bool woken);

/* --- phases (phase.c) --- */

/* No item is left, or one has failed: what comes now. False: the operation has ended. */
bool cfn_phase_over(struct cfn_run *run);
/* Writes the plan of a phase. */
void cfn_phase_begin(struct cfn_run *run, enum cfn_phase phase, const char *status,
                     struct wb_slice reason);

/* --- items (item.c) --- */

/* Lets an item go on; leaves its state and due time. */
void cfn_item_run(struct cfn_run *run, struct cfn_item *it);
/* A deployment has failed while this item waited. */
void cfn_item_cancel(struct cfn_run *run, struct cfn_item *it);
bool cfn_resource_gone(const struct cfn_resource *r); /* deleted, its row tells so */

/* --- rollback triggers (trigger.c) --- */

bool cfn_triggers_valid(struct wb_call *c); /* the call's RollbackConfiguration */
/* An alarm says that the operation is to be rolled back: op.cause is set. */
bool cfn_triggered(struct cfn_run *run);
/* When to go on: not over while there is time to monitor, and in time to look at the alarms. */
int64_t cfn_triggers_due(struct cfn_run *run, int64_t due);

/* --- what is kept for a time (expire.c) --- */

extern const struct wb_executor cfn_expire_executor;
void cfn_expire_events(struct wb_tx *tx, const struct wb_ctx *ctx, const struct cfn_stack *s);
void cfn_expire_detection(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice id);

/* --- events (event.c) --- */

void cfn_event_stack(struct wb_tx *tx, const struct wb_ctx *ctx, const struct cfn_stack *s,
                     struct wb_slice token);
void cfn_event_resource(struct wb_tx *tx, const struct wb_ctx *ctx, const struct cfn_stack *s,
                        const struct cfn_resource *r, struct wb_slice token);
/* Sets status and reason, and tells of it. */
void cfn_status(struct wb_tx *tx, const struct wb_ctx *ctx, struct cfn_stack *s,
                struct wb_slice status, struct wb_slice reason, struct wb_slice token);

/* --- stack policies (policy.c) --- */

/* Whether a stack policy lets "Update:Modify", ... be done to the resource. */
bool cfn_policy_allows(struct wb_arena *a, struct wb_slice policy, const char *action,
                       struct wb_slice id, struct wb_slice type);
bool cfn_policy_valid(struct wb_arena *a, struct wb_slice policy, struct wb_slice *why);

/* --- nested stacks (nested.c) --- */
void cfn_nested_settled(struct wb_tx *tx, const struct cfn_stack *s); /* wakes its parent */

#endif
