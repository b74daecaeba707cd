/*
 * Stacks and what belongs to them, in the store.
 *
 * A stack has a number; its row lies under scope and number, newest first, so that it stays
 * describable by its ARN after its name is free again, for WB_CFN_DELETED_DAYS. Two rows lead to
 * it: by name (as long as it is not deleted) and by the id in its ARN. Texts of templates have rows
 * of their own, by number, and belong to one stack or one change set. A resource's row is what is
 * deployed; before a deployment touches it, a copy is kept beside it (WB_T_CFN_BEFORE), from which
 * it is rolled back. What runs (operation.h) is two rows more: the operation, and its plan.
 *
 * Parameters, resolved properties, attributes and handlers' states are sealed: any of them may hold
 * what a NoEcho parameter said. Slices live in the arena of the tx that read them.
 */
#ifndef WB_CFN_STACK_H
#define WB_CFN_STACK_H

#include "base/limits.h"
#include "engine/engine.h"
#include "services/cloudformation/cloudformation.h"
#include "services/cloudformation/template.h"
#include "services/cloudformation/type.h"

struct cfn_stack {
    struct wb_slice account, region;
    uint64_t number;
    struct wb_slice name, uuid, arn;
    struct wb_slice status, reason, description;
    int64_t created_ms, updated_ms, deleted_ms;
    struct wb_slice parameters; /* JSON: [{"name", "type", "value", "resolved", "noEcho"}] */
    struct wb_slice outputs;    /* JSON: [{"OutputKey", "OutputValue", "Description",
                                   "ExportName"}] */
    struct wb_slice tags;       /* JSON: [{"Key", "Value"}] */
    struct wb_slice notifications, capabilities; /* JSON: lists of texts, or null */
    struct wb_slice imports;                     /* JSON: names of exports it uses */
    struct wb_slice rollback_triggers;           /* JSON: RollbackConfiguration as given */
    struct wb_slice role;                        /* ARN, or null: its caller's rights */
    struct wb_slice change_set;                  /* ARN of the last one executed */
    struct wb_slice policy;                      /* the stack policy's text */
    struct wb_slice parent, root;                /* ARNs, of a nested stack */
    struct wb_slice token;                       /* ClientRequestToken of the last operation */
    struct wb_slice deletion_mode;
    uint64_t text; /* number of its template's text; 0: none yet */
    int64_t timeout_minutes;
    bool disable_rollback, protection;
    struct wb_slice drift; /* "DRIFTED", "IN_SYNC"; null: not checked */
    int64_t drift_ms;
    uint64_t operation; /* what runs; 0: nothing */
};

struct cfn_resource {
    struct wb_slice id, type, physical_id, status, reason;
    int64_t updated_ms;
    struct wb_slice deletion_policy, replace_policy;
    struct wb_slice depends;    /* JSON: logical ids it was made after */
    struct wb_slice token;      /* of the handler's running create, update or delete */
    struct wb_slice properties; /* JSON, resolved; null: not yet */
    struct wb_slice attributes; /* JSON object */
    struct wb_slice state;      /* the handler's own */
    int64_t deadline_ms;        /* of a handler that waits */
    uint64_t made_by;           /* the operation that made or imported it */
    bool busy;                  /* its handler's work is not finished */
    bool taken;                 /* it existed before the stack had it: made_by imported it */
    bool replaced;              /* the running operation made it in place of what lies before */
    struct wb_slice drift;
    int64_t drift_ms;
};

/* --- stacks --- */

/* By name or ARN; *given may also be a deleted stack's ARN. False: there is none. */
bool cfn_stack_find(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice name_or_arn,
                    struct cfn_stack *out);
bool cfn_stack_by_arn(struct wb_tx *tx, struct wb_slice arn, struct cfn_stack *out);
bool cfn_stack_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                    uint64_t number, struct cfn_stack *out);
bool cfn_stack_decode(struct wb_tx *tx, struct wb_slice key, struct wb_slice row,
                      struct cfn_stack *out);
void cfn_stack_write(struct wb_tx *tx, const struct cfn_stack *s);
/* A new one, with name, account, region: number, id, ARN, rows that lead to it. Not written. */
void cfn_stack_new(struct wb_tx *tx, struct cfn_stack *s);
void cfn_stack_unname(struct wb_tx *tx, const struct cfn_stack *s); /* its name is free */
struct wb_slice cfn_stack_place(struct wb_arena *a, const struct cfn_stack *s); /* for sealing */
/* Its row as text, sealed as it lies; and a struct of such a text. */
struct wb_slice cfn_stack_text(struct wb_tx *tx, const struct cfn_stack *s);
bool cfn_stack_from_text(struct wb_tx *tx, struct wb_slice text, struct cfn_stack *out);
static inline bool cfn_stack_deleted(const struct cfn_stack *s)
{
    return s->deleted_ms != 0;
}
/* Everything of a deleted stack goes: the executor of its last work row. */
extern const struct wb_executor cfn_forget_executor;
void cfn_stack_forget_later(struct wb_tx *tx, const struct cfn_stack *s);

/* --- texts of templates --- */

/* "o": as it came; "p": after transforms, only when there were any. made: what cfn_text_make gave,
 * or NULL. */
uint64_t cfn_text_new(struct wb_tx *tx, struct wb_slice original, struct wb_slice processed,
                      const void *made);
/* On a snapshot: the processed text, read ahead, so that nobody has to in a command. */
const void *cfn_text_make(struct wb_tx *tx, struct wb_slice processed);
bool cfn_text_get(struct wb_tx *tx, uint64_t number, bool processed, struct wb_slice *text);
uint64_t cfn_text_copy(struct wb_tx *tx, uint64_t number);
void cfn_text_drop(struct wb_tx *tx, uint64_t number);
/* The processed text, read, shared and immutable; valid until the tx ends. NULL: no such text. */
const struct wb_template *cfn_text_template(struct wb_tx *tx, uint64_t number);
extern struct wb_def_kind cfn_text_kind;

/* --- resources --- */

bool cfn_resource_read(struct wb_tx *tx, uint64_t stack, struct wb_slice id,
                       struct cfn_resource *out);
void cfn_resource_write(struct wb_tx *tx, uint64_t stack, const struct cfn_resource *r);
void cfn_resource_drop(struct wb_tx *tx, uint64_t stack, struct wb_slice id);
/* All of a stack, in order of their ids. */
struct cfn_resource *cfn_resources(struct wb_tx *tx, uint64_t stack, size_t *count);
/* What lay there before the running operation changed it. */
bool cfn_before_read(struct wb_tx *tx, uint64_t stack, struct wb_slice id,
                     struct cfn_resource *out);
void cfn_before_write(struct wb_tx *tx, uint64_t stack, const struct cfn_resource *r);
void cfn_before_drop(struct wb_tx *tx, uint64_t stack, struct wb_slice id);
struct cfn_resource *cfn_befores(struct wb_tx *tx, uint64_t stack, size_t *count);
/* Ref's value, and an attribute's JSON; false: it has no such attribute. */
struct wb_slice cfn_resource_ref(struct wb_tx *tx, const struct cfn_stack *s,
                                 const struct cfn_resource *r);
bool cfn_resource_attribute(struct wb_arena *a, const struct cfn_resource *r, struct wb_slice name,
                            struct wb_slice *json);
/* For a handler: all but properties' meaning for this call. */
struct wb_cfn_resource *cfn_handle(struct wb_tx *tx, const struct wb_ctx *ctx,
                                   const struct cfn_stack *s, const struct cfn_resource *r);

/* --- parameters --- */

/* The stack's parameters into an env, and an env's into the stack. */
void cfn_parameters_out(struct wb_arena *a, const struct cfn_stack *s, struct wb_cfn_env *env);
struct wb_slice cfn_parameters_in(struct wb_arena *a, const struct wb_cfn_env *env);

/* --- exports --- */

bool cfn_export_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                     struct wb_slice name, uint64_t *stack, struct wb_slice *value);
void cfn_export_write(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name,
                      struct wb_slice value);
void cfn_export_drop(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name);
void cfn_import_write(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name);
void cfn_import_drop(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name);
/* Name of a stack that imports it; null: nobody does. */
struct wb_slice cfn_export_user(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name);

/* --- lists of texts, as JSON --- */

bool cfn_list_has(struct wb_arena *a, struct wb_slice list, struct wb_slice text);
struct wb_slice cfn_list_add(struct wb_arena *a, struct wb_slice list, struct wb_slice text);
/* "A, B". */
struct wb_slice cfn_list_text(struct wb_arena *a, struct wb_slice list);
/* A call's list member as it stands; null when absent or empty. */
struct wb_slice cfn_list_in(struct wb_call *c, const char *member);
/* Tags of the stack's form. */
size_t cfn_tag_list(struct wb_arena *a, struct wb_slice tags, struct wb_pair **tag);
/* A stack's parameters as answers have them; NoEcho values are hidden. */
void cfn_out_parameters(struct wb_call *c, const struct cfn_stack *s);
/* Any JSON value as a member of the answer. */
void cfn_out_json(struct wb_out *o, const char *name, struct wb_json v, struct wb_arena *a);

/* `waybill check`. */
void cfn_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

#endif
