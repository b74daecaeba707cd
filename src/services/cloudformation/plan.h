/*
 * What a deployment does, as rows: the operation, and the plan of its present phase. A plan is a
 * list of items, each a resource and what becomes of it, with the items that must be done before.
 * Items that wait do not stop others. Both rows are small: texts of templates and values of
 * properties lie elsewhere.
 */
#ifndef WB_CFN_PLAN_H
#define WB_CFN_PLAN_H

#include "services/cloudformation/stack.h"

enum cfn_phase {
    CFN_FORWARD = 1,  /* create, update, import; in order of dependency */
    CFN_CLEANUP,      /* after it: what was removed or replaced */
    CFN_UNDO,         /* what was changed is changed back, in reverse order */
    CFN_UNDO_CLEANUP, /* after it: what was made */
    CFN_DELETE,       /* all of the stack */
    CFN_ROLLBACK,     /* all of a stack whose creation failed */
};

enum cfn_action {
    CFN_A_DEPLOY = 1, /* make it, or bring it up to date, or find it unchanged */
    CFN_A_IMPORT,     /* take over what exists */
    CFN_A_RESTORE,    /* as it was before the operation */
    CFN_A_REMOVE,
    CFN_A_REMOVE_BEFORE, /* the one that was replaced */
};

enum cfn_item_state {
    CFN_PENDING,
    CFN_WAITING, /* its handler will be called again, when due */
    CFN_DONE_ITEM,
    CFN_FAILED_ITEM,
};

struct cfn_item {
    struct wb_slice id;
    uint8_t action, state;
    int64_t due_ms;
    uint32_t *after;
    uint32_t after_count;
};

struct cfn_plan {
    struct cfn_item *item;
    uint32_t count;
};

struct cfn_operation {
    uint64_t number;
    uint64_t base; /* number of the first of a chain of operations that were not rolled back */
    struct wb_slice kind; /* "CREATE", "UPDATE", "IMPORT", "DELETE" */
    int64_t phase, turn;
    struct wb_slice ctx;     /* packed: whose rights it has */
    struct wb_slice before;  /* JSON: the stack's row as it was */
    struct wb_slice retain;  /* JSON: logical ids that a deletion leaves */
    struct wb_slice skip;    /* JSON: logical ids that a rollback leaves */
    struct wb_slice take;    /* JSON: logical id -> physical id to import */
    struct wb_slice imports; /* JSON: names of exports used so far */
    struct wb_slice failed_create, failed_update, failed_delete; /* JSON: logical ids */
    struct wb_slice cause;           /* of the failure, when it is not a resource's */
    struct wb_slice on_failure;      /* "ROLLBACK", "DELETE", "DO_NOTHING" */
    struct wb_slice token;           /* ClientRequestToken */
    struct wb_slice policy;          /* stack policy during this update, or null */
    int64_t started_ms, deadline_ms; /* deadline 0: none */
    int64_t monitor_ms;              /* its alarms are watched until then; 0: not yet said */
    bool cancelled, tags_changed;
    bool retain_nothing; /* RetainExceptOnCreate: what it made goes when it is rolled back */
};

bool cfn_operation_read(struct wb_tx *tx, const struct cfn_stack *s, struct cfn_operation *out);
void cfn_operation_write(struct wb_tx *tx, const struct cfn_stack *s,
                         const struct cfn_operation *o);
void cfn_operation_drop(struct wb_tx *tx, const struct cfn_stack *s);

bool cfn_plan_read(struct wb_tx *tx, const struct cfn_stack *s, struct cfn_plan *out);
void cfn_plan_write(struct wb_tx *tx, const struct cfn_stack *s, const struct cfn_plan *p);
void cfn_plan_drop(struct wb_tx *tx, const struct cfn_stack *s);

/* The next item that may go on at this time; NULL: none. *from: where to look on, 0 at first. */
struct cfn_item *cfn_plan_next(struct cfn_plan *p, int64_t now_ms, uint32_t *from);
/* When the next waiting item is due; INT64_MAX: none waits. */
int64_t cfn_plan_due(const struct cfn_plan *p);

/* A resource of a removal: whatever depends on it goes first. */
struct cfn_removal {
    struct wb_slice id, depends;
    uint8_t action;
};
struct cfn_plan cfn_plan_removal(struct wb_arena *a, const struct cfn_removal *list, size_t count);
/* In the template's order, for those of its resources that are wanted. */
struct cfn_plan cfn_plan_forward(struct wb_arena *a, const struct wb_template *t,
                                 const struct wb_cfn_env *env, struct wb_slice take);

#endif
