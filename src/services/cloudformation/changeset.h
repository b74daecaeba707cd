/*
 * Change sets: a request kept, with what it would change. They are finished in the command that
 * makes them, so that no client polls.
 */
#ifndef WB_CFN_CHANGESET_H
#define WB_CFN_CHANGESET_H

#include "services/cloudformation/ops.h"

struct cfn_change_set {
    uint64_t stack, number;
    struct wb_slice name, uuid, arn;
    struct wb_slice type; /* "CREATE", "UPDATE", "IMPORT" */
    struct wb_slice status, reason, execution;
    struct wb_slice description, token, on_failure, parent;
    struct wb_slice parameters; /* as the stack's */
    struct wb_slice tags, notifications, capabilities, rollback_triggers;
    struct wb_slice stack_description, role;
    struct wb_slice take; /* JSON: logical id -> physical id to import */
    uint64_t text;        /* its own; 0: failed */
    uint64_t changes;
    int64_t created_ms;
    bool tags_changed, import_existing;
};

/* The number of the template's text of the change set that the call names; the error is set when
 * there is none. */
bool cfn_change_set_text(struct wb_call *c, uint64_t *number);
/* ARN of the stack of the change set that the call names by ARN; "*" when there is none. */
struct wb_slice cfn_change_set_owner(struct wb_call *c);
bool cfn_new_name(struct wb_call *c, struct wb_slice name);
bool cfn_tags_changed(struct wb_call *c, const struct cfn_request *q);

#endif
