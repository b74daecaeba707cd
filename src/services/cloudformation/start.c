/* Beginning an operation. */
#include "engine/identity.h"
#include "services/cloudformation/deploy.h"

#define SERVICE "cloudformation.amazonaws.com"

bool cfn_principal(struct wb_tx *tx, const struct wb_ctx *caller, const struct cfn_stack *s,
                   struct wb_ctx *out)
{
    *out = *caller;
    if (!s->role.n)
        return true;
    const struct wb_identity *role = wb_identity_by_arn(tx, s->role);
    if (!wb_engine_config(tx->engine)->auth && !role)
        return true;
    if (!role || !wb_role_trusts(tx, s->role, SERVICE, s->arn))
        return false;
    out->principal = wb_role_principal(tx->arena, role, WB_S("AWSCloudFormation"));
    out->source_ip = WB_SLICE_NULL;
    out->user_agent = WB_S(SERVICE);
    return true;
}

/* An update after one that failed and was not rolled back goes on from what was before that. */
static void chain(struct wb_tx *tx, const struct cfn_stack *s, const struct cfn_stack *before,
                  struct cfn_operation *op)
{
    struct cfn_operation parked;
    op->base = op->number;
    if (!before)
        return;
    op->before = cfn_stack_text(tx, before);
    if (!wb_slice_is(op->kind, "DELETE") && cfn_operation_read(tx, s, &parked) && parked.before.p) {
        op->base = parked.base;
        op->before = parked.before;
    }
}

static enum cfn_phase first_phase(const struct cfn_operation *op)
{
    return wb_slice_is(op->kind, "DELETE") ? CFN_DELETE : CFN_FORWARD;
}

/* The text of an update that failed is not the one to return to, nor the one to go on with. */
static void drop_abandoned(struct wb_tx *tx, const struct cfn_stack *s,
                           const struct cfn_stack *before, const struct cfn_operation *op)
{
    struct cfn_stack first = {.account = s->account, .region = s->region, .number = s->number};
    if (before && cfn_stack_from_text(tx, op->before, &first) && first.text != before->text &&
        before->text != s->text)
        cfn_text_drop(tx, before->text);
}

void cfn_operation_begin(struct wb_tx *tx, const struct wb_ctx *ctx, struct cfn_stack *s,
                         const struct cfn_stack *before, struct cfn_operation *op)
{
    struct cfn_run run = {.tx = tx, .ctx = *ctx};
    struct wb_slice why;
    bool delete = wb_slice_is(op->kind, "DELETE");
    op->number = wb_tx_number(tx, "stack operation");
    op->ctx = wb_ctx_pack(tx->arena, ctx);
    op->started_ms = tx->now_ms;
    chain(tx, s, before, op);
    if (!delete)
        drop_abandoned(tx, s, before, op);
    op->phase = first_phase(op);
    s->operation = op->number;
    s->token = op->token;
    if (before && !delete)
        s->updated_ms = tx->now_ms;
    cfn_status(tx, ctx, s, wb_printf(tx->arena, "%.*s_IN_PROGRESS", WB_FMT(op->kind)),
               WB_S("User Initiated"), op->token);
    run.s = *s;
    run.op = *op;
    if (delete) {
        cfn_phase_begin(&run, CFN_DELETE, NULL, WB_SLICE_NULL);
    } else {
        bool good = cfn_eval_stack(&run.eval, tx, ctx, s, &why);
        if (good) /* if not, the first step says so and fails */
            run.plan = cfn_plan_forward(tx->arena, run.eval.t, &run.eval.env, op->take);
    }
    cfn_next(tx, s, op, tx->now_ms, false);
    cfn_plan_write(tx, s, &run.plan);
    cfn_operation_write(tx, s, op);
    cfn_stack_write(tx, s);
}

void cfn_operation_rollback(struct wb_tx *tx, const struct wb_ctx *ctx, struct cfn_stack *s,
                            struct cfn_operation *op)
{
    struct cfn_run run = {.tx = tx, .ctx = *ctx};
    bool creation = !op->before.p;
    op->number = wb_tx_number(tx, "stack operation");
    op->ctx = wb_ctx_pack(tx->arena, ctx);
    op->failed_create = op->failed_update = op->failed_delete = op->cause = WB_SLICE_NULL;
    op->cancelled = false;
    s->operation = op->number;
    s->token = op->token;
    run.s = *s;
    run.op = *op;
    cfn_phase_begin(&run, creation ? CFN_ROLLBACK : CFN_UNDO,
                    creation ? "ROLLBACK_IN_PROGRESS" : "UPDATE_ROLLBACK_IN_PROGRESS",
                    WB_S("User Initiated"));
    *s = run.s;
    *op = run.op;
    cfn_next(tx, s, op, tx->now_ms, false);
    cfn_plan_write(tx, s, &run.plan);
    cfn_operation_write(tx, s, op);
    cfn_stack_write(tx, s);
}
