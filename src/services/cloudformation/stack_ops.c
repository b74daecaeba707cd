/* Creating, updating, deleting stacks, and what interrupts or resumes that. */
#include "services/cloudformation/ops.h"

#include "services/cloudformation/changeset.h"

/* --- common --- */

static bool status_in(const struct cfn_stack *s, const char *const *list)
{
    for (; *list; list++)
        if (wb_slice_is(s->status, *list))
            return true;
    return false;
}

bool cfn_may_update(struct wb_call *c, const struct cfn_stack *s)
{
    static const char *const good[] = {"CREATE_COMPLETE",
                                       "UPDATE_COMPLETE",
                                       "UPDATE_ROLLBACK_COMPLETE",
                                       "IMPORT_COMPLETE",
                                       "IMPORT_ROLLBACK_COMPLETE",
                                       "UPDATE_FAILED",
                                       "CREATE_FAILED",
                                       NULL};
    if (status_in(s, good))
        return true;
    cfn_invalid(c, "Stack:%.*s is in %.*s state and can not be updated.", WB_FMT(s->arn),
                WB_FMT(s->status));
    return false;
}

bool cfn_repeated(struct wb_call *c, const struct cfn_stack *s)
{
    struct wb_slice token = wb_in_str(c, "ClientRequestToken");
    return token.n && wb_slice_eq(token, s->token);
}

void cfn_hold(struct wb_call *c, const struct cfn_stack *s)
{
    if (s->operation)
        wb_call_hold(c, s->arn);
}

static bool valid_name(struct wb_call *c, struct wb_slice name)
{
    bool good = name.n && name.n <= WB_CFN_STACK_NAME_MAX &&
                ((name.p[0] | 32) >= 'a' && (name.p[0] | 32) <= 'z');
    for (size_t i = 0; good && i < name.n; i++) {
        char ch = name.p[i];
        good = ((ch | 32) >= 'a' && (ch | 32) <= 'z') || (ch >= '0' && ch <= '9') || ch == '-';
    }
    if (!good)
        cfn_invalid(c,
                    "1 validation error detected: Value '%.*s' at 'stackName' failed to satisfy "
                    "constraint: Member must satisfy regular expression pattern: "
                    "[a-zA-Z][-a-zA-Z0-9]*",
                    WB_FMT(name));
    return good;
}

/* StackPolicyBody or StackPolicyURL; "During" for the one that counts for one update. */
static bool policy_in(struct wb_call *c, const char *body, const char *url, struct wb_slice *out)
{
    struct wb_slice why, text = wb_in_str(c, body), at = wb_in_str(c, url);
    if (at.n && !cfn_object(c, at, WB_CFN_POLICY_MAX, &text))
        return false;
    if (!text.n)
        return true;
    if (!cfn_policy_valid(c->arena, text, &why)) {
        cfn_invalid(c, "%.*s", WB_FMT(why));
        return false;
    }
    *out = text;
    return true;
}

static bool limit(struct wb_call *c)
{
    size_t n = 0;
    struct wb_slice key, row;
    struct wb_scan *s = wb_tx_scan_prefix(
        c->tx, wb_key(c->arena, WB_T_CFN_NAME, "ss", c->ctx.account, c->ctx.region));
    while (n <= WB_CFN_STACKS_MAX && wb_tx_next(c->tx, s, &key, &row))
        n++;
    wb_scan_close(s);
    if (n < WB_CFN_STACKS_MAX)
        return true;
    wb_fail(c, "LimitExceededException", 400, "Limit for stack has been exceeded");
    return false;
}

/* --- create --- */

bool cfn_new_name(struct wb_call *c, struct wb_slice name)
{
    struct cfn_stack s;
    if (!valid_name(c, name))
        return false;
    if (cfn_stack_find(c->tx, &c->ctx, name, &s)) {
        wb_fail(c, "AlreadyExistsException", 400, "Stack [%.*s] already exists", WB_FMT(name));
        return false;
    }
    return limit(c);
}

/* The stack that the call has made before, by its token. */
static bool repeated(struct wb_call *c, struct cfn_intent *p, const struct cfn_stack *s)
{
    if (!cfn_repeated(c, s))
        return false;
    struct cfn_stack *copy = wb_new(c->arena, struct cfn_stack);
    *copy = *s;
    p->repeated = copy;
    return true;
}

static bool intend_create(struct wb_call *c, struct cfn_intent *p)
{
    struct cfn_request *q = &p->q;
    struct cfn_stack s;
    q->s.name = wb_in_str(c, "StackName");
    if (cfn_stack_find(c->tx, &c->ctx, q->s.name, &s) && repeated(c, p, &s))
        return true;
    if (wb_in_str(c, "OnFailure").n && wb_json_is(wb_in(c, "DisableRollback"))) {
        cfn_invalid(c, "You cannot specify both DisableRollback and OnFailure.");
        return false;
    }
    return cfn_new_name(c, q->s.name) && cfn_request_read(c, q, false) &&
           policy_in(c, "StackPolicyBody", "StackPolicyURL", &q->s.policy) &&
           cfn_changes(c, q, WB_SLICE_NULL, &p->changes);
}

void cfn_create_stack_prepare(struct wb_call *c)
{
    cfn_intend(c, intend_create);
}

void cfn_create_stack(struct wb_call *c)
{
    struct cfn_intent *p = cfn_intent_of(c, intend_create);
    struct cfn_operation op = {.kind = WB_S("CREATE"), .token = wb_in_str(c, "ClientRequestToken")};
    struct wb_slice on_failure = wb_in_str(c, "OnFailure");
    int64_t minutes = wb_in_i64(c, "TimeoutInMinutes", 0);
    if (!p)
        return;
    if (p->repeated) {
        wb_out_str(&c->out, "StackId", p->repeated->arn);
        return;
    }
    struct cfn_request q = p->q; /* a command may run again */
    op.on_failure = on_failure.n ? on_failure : WB_S("ROLLBACK");
    q.s.disable_rollback = wb_in_bool(c, "DisableRollback", false);
    q.s.protection = wb_in_bool(c, "EnableTerminationProtection", false);
    q.s.timeout_minutes = minutes;
    op.deadline_ms = minutes ? c->tx->now_ms + minutes * 60000 : 0;
    op.retain_nothing = wb_in_bool(c, "RetainExceptOnCreate", false);
    cfn_request_keep(c, &q);
    cfn_stack_new(c->tx, &q.s);
    cfn_operation_begin(c->tx, &q.ctx, &q.s, NULL, &op);
    wb_out_str(&c->out, "StackId", q.s.arn);
    cfn_hold(c, &q.s);
}

/* --- update --- */

bool cfn_tags_changed(struct wb_call *c, const struct cfn_request *q)
{
    struct wb_slice none = WB_S("[]");
    return !wb_cfn_same(wb_json_read(c->arena, q->old.tags.p ? q->old.tags : none, NULL),
                        wb_json_read(c->arena, q->s.tags.p ? q->s.tags : none, NULL));
}

static bool intend_update(struct wb_call *c, struct cfn_intent *p)
{
    struct cfn_request *q = &p->q;
    q->update = true;
    if (!cfn_call_stack_bracketed(c, "StackName", &q->old))
        return false;
    if (repeated(c, p, &q->old))
        return true;
    q->s = q->old;
    if (!cfn_may_update(c, &q->old) || !cfn_request_read(c, q, false) ||
        !policy_in(c, "StackPolicyBody", "StackPolicyURL", &q->s.policy) ||
        !policy_in(c, "StackPolicyDuringUpdateBody", "StackPolicyDuringUpdateURL", &p->policy) ||
        !cfn_changes(c, q, WB_SLICE_NULL, &p->changes))
        return false;
    if (cfn_changes_any(&p->changes))
        return true;
    cfn_invalid(c, "No updates are to be performed.");
    return false;
}

void cfn_update_stack_prepare(struct wb_call *c)
{
    cfn_intend(c, intend_update);
}

void cfn_update_stack(struct wb_call *c)
{
    struct cfn_intent *p = cfn_intent_of(c, intend_update);
    struct cfn_operation op = {.kind = WB_S("UPDATE"), .token = wb_in_str(c, "ClientRequestToken")};
    if (!p)
        return;
    if (p->repeated) {
        wb_out_str(&c->out, "StackId", p->repeated->arn);
        return;
    }
    struct cfn_request q = p->q;
    op.policy = p->policy;
    q.s.disable_rollback = wb_in_bool(c, "DisableRollback", false);
    op.tags_changed = cfn_tags_changed(c, &q);
    op.retain_nothing = wb_in_bool(c, "RetainExceptOnCreate", false);
    cfn_request_keep(c, &q);
    cfn_operation_begin(c->tx, &q.ctx, &q.s, &q.old, &op);
    wb_out_str(&c->out, "StackId", q.s.arn);
    cfn_hold(c, &q.s);
}

/* --- delete --- */

static bool retainable(struct wb_call *c, const struct cfn_stack *s)
{
    if (!wb_json_count(wb_in(c, "RetainResources")) || wb_slice_is(s->status, "DELETE_FAILED"))
        return true;
    cfn_invalid(c,
                "Invalid operation on stack [%.*s]. When you delete a stack, specify which "
                "resources to retain only when the stack is in the DELETE_FAILED state.",
                WB_FMT(s->name));
    return false;
}

static bool deletable(struct wb_call *c, const struct cfn_stack *s)
{
    bool updating = s->operation && !wb_slice_is(s->status, "CREATE_IN_PROGRESS");
    if (s->protection) {
        cfn_invalid(c, "Stack [%.*s] cannot be deleted while TerminationProtection is enabled",
                    WB_FMT(s->name));
    } else if (updating) {
        cfn_invalid(c, "Stack [%.*s] cannot be deleted while in status %.*s", WB_FMT(s->name),
                    WB_FMT(s->status));
    } else {
        struct wb_json_iter it = wb_json_iter(wb_json_read(c->arena, s->outputs, NULL));
        while (!wb_failed(c) && wb_json_next(&it)) {
            struct wb_slice name = wb_json_get_str(it.value, "ExportName", c->arena);
            struct wb_slice user = name.p ? cfn_export_user(c->tx, s, name) : WB_SLICE_NULL;
            if (user.p)
                cfn_invalid(c,
                            "Delete canceled. Cannot delete export %.*s as it is in use by "
                            "%.*s.",
                            WB_FMT(name), WB_FMT(user));
        }
    }
    return !wb_failed(c);
}

/* A stack that was only reviewed has nothing. */
static void delete_review(struct wb_call *c, struct cfn_stack *s)
{
    cfn_drop_change_sets(c->tx, s);
    cfn_stack_unname(c->tx, s);
    s->deleted_ms = c->tx->now_ms;
    cfn_stack_forget_later(c->tx, s);
    cfn_status(c->tx, &c->ctx, s, WB_S("DELETE_COMPLETE"), WB_SLICE_NULL,
               wb_in_str(c, "ClientRequestToken"));
    cfn_stack_write(c->tx, s);
}

void cfn_delete_stack(struct wb_call *c)
{
    struct cfn_stack s, before;
    struct wb_ctx ctx;
    struct cfn_operation op = {.kind = WB_S("DELETE"),
                               .token = wb_in_str(c, "ClientRequestToken"),
                               .retain = cfn_list_in(c, "RetainResources")};
    struct wb_slice role = wb_in_str(c, "RoleARN"), mode = wb_in_str(c, "DeletionMode");
    if (!cfn_stack_find(c->tx, &c->ctx, wb_in_str(c, "StackName"), &s) || cfn_stack_deleted(&s))
        return; /* what is not there is deleted */
    if (wb_slice_is(s.status, "DELETE_IN_PROGRESS") || cfn_repeated(c, &s)) {
        cfn_hold(c, &s);
        return;
    }
    before = s;
    if (role.n)
        s.role = role;
    s.deletion_mode = mode;
    if (!deletable(c, &s) || !retainable(c, &s) || !cfn_call_principal(c, &s, &ctx))
        return;
    if (wb_slice_is(s.status, "REVIEW_IN_PROGRESS")) {
        delete_review(c, &s);
        return;
    }
    cfn_drop_change_sets(c->tx, &s);
    cfn_operation_begin(c->tx, &ctx, &s, &before, &op);
    cfn_hold(c, &s);
}

/* --- interrupting and resuming --- */

void cfn_cancel_update(struct wb_call *c)
{
    struct cfn_stack s;
    struct cfn_operation op;
    if (!cfn_call_stack_bracketed(c, "StackName", &s))
        return;
    if (!wb_slice_is(s.status, "UPDATE_IN_PROGRESS") || !cfn_operation_read(c->tx, &s, &op)) {
        cfn_invalid(c, "CancelUpdateStack cannot be called from current stack status");
        return;
    }
    op.cancelled = true;
    cfn_next(c->tx, &s, &op, c->tx->now_ms, false);
    cfn_operation_write(c->tx, &s, &op);
}

static void resume(struct wb_call *c, struct cfn_stack *s, struct cfn_operation *op)
{
    struct wb_ctx ctx;
    struct wb_slice role = wb_in_str(c, "RoleARN");
    if (role.n)
        s->role = role;
    if (!cfn_call_principal(c, s, &ctx))
        return;
    op->token = wb_in_str(c, "ClientRequestToken");
    cfn_operation_rollback(c->tx, &ctx, s, op);
    cfn_hold(c, s);
}

void cfn_continue_rollback(struct wb_call *c)
{
    struct cfn_stack s;
    struct cfn_operation op;
    if (!cfn_call_stack(c, "StackName", &s) || cfn_repeated(c, &s))
        return;
    if (!wb_slice_is(s.status, "UPDATE_ROLLBACK_FAILED") || !cfn_operation_read(c->tx, &s, &op)) {
        cfn_invalid(c, "Stack:%.*s is in %.*s state and can not continue update rollback.",
                    WB_FMT(s.arn), WB_FMT(s.status));
        return;
    }
    struct wb_json_iter it = wb_json_iter(wb_in(c, "ResourcesToSkip"));
    while (wb_json_next(&it)) {
        struct wb_slice id = wb_json_str(it.value, c->arena);
        struct cfn_resource r;
        if (!cfn_resource_read(c->tx, s.number, id, &r) ||
            !wb_slice_is(r.status, "UPDATE_FAILED")) {
            cfn_invalid(c,
                        "The following resource(s) cannot be skipped: [%.*s]: only resources "
                        "in UPDATE_FAILED can",
                        WB_FMT(id));
            return;
        }
    }
    op.skip = cfn_list_in(c, "ResourcesToSkip");
    resume(c, &s, &op);
}

void cfn_rollback_stack(struct wb_call *c)
{
    static const char *const good[] = {"CREATE_FAILED", "UPDATE_FAILED", NULL};
    struct cfn_stack s;
    struct cfn_operation op;
    if (!cfn_call_stack(c, "StackName", &s))
        return;
    if (!cfn_repeated(c, &s)) {
        if (!status_in(&s, good) || !cfn_operation_read(c->tx, &s, &op)) {
            cfn_invalid(c, "Stack:%.*s is in %.*s state and can not be rolled back.", WB_FMT(s.arn),
                        WB_FMT(s.status));
            return;
        }
        op.retain_nothing = wb_in_bool(c, "RetainExceptOnCreate", false);
        resume(c, &s, &op);
    }
    if (!wb_failed(c))
        wb_out_str(&c->out, "StackId", s.arn);
}

/* --- settings --- */

void cfn_update_protection(struct wb_call *c)
{
    struct cfn_stack s;
    if (!cfn_call_stack_bracketed(c, "StackName", &s))
        return;
    if (s.parent.p) {
        cfn_invalid(c,
                    "Termination protection cannot be changed on the nested stack [%.*s]. "
                    "Change it on its root stack.",
                    WB_FMT(s.name));
        return;
    }
    s.protection = wb_in_bool(c, "EnableTerminationProtection", false);
    cfn_stack_write(c->tx, &s);
    wb_out_str(&c->out, "StackId", s.arn);
}

void cfn_set_policy(struct wb_call *c)
{
    struct cfn_stack s;
    struct wb_slice policy = WB_SLICE_NULL;
    if (!cfn_call_stack_bracketed(c, "StackName", &s) ||
        !policy_in(c, "StackPolicyBody", "StackPolicyURL", &policy))
        return;
    if (!policy.p) {
        cfn_invalid(c, "You must specify either StackPolicyBody or StackPolicyURL");
        return;
    }
    s.policy = policy;
    cfn_stack_write(c->tx, &s);
}

void cfn_get_policy(struct wb_call *c)
{
    struct cfn_stack s;
    if (cfn_call_stack_bracketed(c, "StackName", &s))
        wb_out_str(&c->out, "StackPolicyBody", s.policy);
}

void cfn_signal(struct wb_call *c)
{
    struct cfn_stack s;
    if (!cfn_call_stack_bracketed(c, "StackName", &s))
        return;
    cfn_invalid(c,
                "Resource %.*s is not in a state that takes signals: creation policies are not "
                "supported",
                WB_FMT(wb_in_str(c, "LogicalResourceId")));
}
