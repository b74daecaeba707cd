/* The operations of CloudFormation: inputs, what they need to be allowed, handlers; and what those
 * that read a template share. */
#ifndef WB_CFN_OPS_H
#define WB_CFN_OPS_H

#include "services/cloudformation/deploy.h"

struct cfn_change_set;

extern const struct wb_shape cfn_s_cancel_update_stack, cfn_s_continue_update_rollback,
    cfn_s_create_change_set, cfn_s_create_stack, cfn_s_delete_change_set, cfn_s_delete_stack,
    cfn_s_describe_account_limits, cfn_s_describe_change_set, cfn_s_describe_change_set_hooks,
    cfn_s_describe_stack_drift_detection_status, cfn_s_describe_stack_events,
    cfn_s_describe_stack_resource, cfn_s_describe_stack_resource_drifts,
    cfn_s_describe_stack_resources, cfn_s_describe_stacks, cfn_s_describe_type,
    cfn_s_detect_stack_drift, cfn_s_detect_stack_resource_drift, cfn_s_estimate_template_cost,
    cfn_s_execute_change_set, cfn_s_get_stack_policy, cfn_s_get_template,
    cfn_s_get_template_summary, cfn_s_list_change_sets, cfn_s_list_exports, cfn_s_list_imports,
    cfn_s_list_stack_resources, cfn_s_list_stacks, cfn_s_list_types, cfn_s_rollback_stack,
    cfn_s_set_stack_policy, cfn_s_signal_resource, cfn_s_update_stack,
    cfn_s_update_termination_protection, cfn_s_validate_template;

wb_resource_fn cfn_of_stack, cfn_of_change_set, cfn_of_role, cfn_of_optional_stack, cfn_conditions;
extern const char *const cfn_keys[];

wb_handler_fn cfn_create_stack, cfn_update_stack, cfn_delete_stack, cfn_cancel_update,
    cfn_continue_rollback, cfn_rollback_stack, cfn_update_protection, cfn_signal;
wb_handler_fn cfn_create_change_set, cfn_describe_change_set, cfn_execute_change_set,
    cfn_delete_change_set, cfn_list_change_sets, cfn_describe_hooks;
wb_handler_fn cfn_describe_stacks, cfn_list_stacks, cfn_describe_events, cfn_describe_resource,
    cfn_describe_resources, cfn_list_resources, cfn_list_exports, cfn_list_imports,
    cfn_account_limits;
wb_handler_fn cfn_get_template, cfn_get_summary, cfn_validate, cfn_estimate, cfn_set_policy,
    cfn_get_policy, cfn_describe_type, cfn_list_types;
wb_handler_fn cfn_detect_drift, cfn_detect_resource_drift, cfn_drift_status, cfn_describe_drifts;
extern const struct wb_executor cfn_drift_executor;

/* ValidationError, 400. */
void cfn_invalid(struct wb_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The stack of the member, alive, or also deleted when named by its ARN; else the error is set:
 * "Stack with id X does not exist", or with brackets in the words some operations use. */
bool cfn_call_stack(struct wb_call *c, const char *member, struct cfn_stack *out);
bool cfn_call_stack_bracketed(struct wb_call *c, const char *member, struct cfn_stack *out);

/* --- templates of calls (source.c) --- */

/* TemplateBody, TemplateURL, or null when neither is given. False: the error is set. */
bool cfn_source(struct wb_call *c, struct wb_slice *text);
bool cfn_object(struct wb_call *c, struct wb_slice url, size_t max, struct wb_slice *text);

/* What CreateStack, UpdateStack and CreateChangeSet have in common. */
struct cfn_request {
    struct cfn_stack old, s; /* as it is (number 0: none), as it will be */
    bool update;
    struct wb_slice original; /* null: the one that the stack has */
    struct wb_template *t;    /* processed */
    const void *made;         /* the same, to be kept with its text; or NULL */
    struct cfn_eval eval;
    struct wb_ctx ctx; /* whose rights the deployment will have */
};
/* Template, parameters, rules, capabilities, types: s is filled but for its text's number. lenient:
 * transforms need no capability (a change set shows what they made). */
bool cfn_request_read(struct wb_call *c, struct cfn_request *q, bool lenient);
/* The template's text gets its number. */
void cfn_request_keep(struct wb_call *c, struct cfn_request *q);

/* --- changes (change.c) --- */

struct cfn_change {
    struct wb_slice action; /* "Add", "Modify", "Remove", "Import" */
    struct wb_slice id, type, physical_id;
    struct wb_slice json; /* ResourceChange as the answer has it */
};
struct cfn_changes {
    struct cfn_change *change;
    size_t count;
    bool outputs; /* they differ */
    bool stack;   /* tags or notifications do */
};
/* What the request would change. take: JSON of what is imported, or null. values: with the
 * properties before and after. False: the error is set. */
bool cfn_changes(struct wb_call *c, struct cfn_request *q, struct wb_slice take,
                 struct cfn_changes *out);
static inline bool cfn_changes_any(const struct cfn_changes *ch)
{
    return ch->count || ch->outputs || ch->stack;
}

/* What CreateStack, UpdateStack and CreateChangeSet have found out before they write anything.
 * Templates may take tenths of a second to read and evaluate, so it is done in the scan pool; the
 * command does it again only when something that was read has changed in between. */
struct cfn_intent {
    struct wb_reads *reads;
    struct cfn_request q;
    struct cfn_changes changes;
    struct wb_slice policy;           /* for this update only */
    const struct cfn_stack *repeated; /* the request was made before: answer this, do nothing */
    struct cfn_change_set *set;
};
typedef bool cfn_intent_fn(struct wb_call *c,
                           struct cfn_intent *p); /* false: the call has failed */
void cfn_intend(struct wb_call *c, cfn_intent_fn *make);
/* In the command; NULL: the call has failed. */
struct cfn_intent *cfn_intent_of(struct wb_call *c, cfn_intent_fn *make);
wb_handler_fn cfn_create_stack_prepare, cfn_update_stack_prepare, cfn_create_change_set_prepare;

/* May the stack be updated, deleted, ... in its status? The error is set when not. */
bool cfn_may_update(struct wb_call *c, const struct cfn_stack *s);
/* The request was made before, with the same token: its answer is the same. */
bool cfn_repeated(struct wb_call *c, const struct cfn_stack *s);
bool cfn_call_principal(struct wb_call *c, const struct cfn_stack *s, struct wb_ctx *out);
/* The answer waits for the operation. */
void cfn_hold(struct wb_call *c, const struct cfn_stack *s);
/* A review stack without change sets is nothing; other deletions of its rows. */
void cfn_drop_change_sets(struct wb_tx *tx, const struct cfn_stack *s);

#endif
