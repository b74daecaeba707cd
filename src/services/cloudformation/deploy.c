/* The executor: one step of an operation. See deploy.h. */
#include "services/cloudformation/deploy.h"

#define STEP_NS    3000000 /* a command's worth */
#define STEP_ITEMS 24

void cfn_next(struct wb_tx *tx, const struct cfn_stack *s, struct cfn_operation *op, int64_t due_ms,
              bool woken)
{
    op->turn++;
    struct wb_work row = {.target = s->arn,
                          .executor = cfn_deploy_executor.name,
                          .due_ms = due_ms,
                          .meta = wb_printf(tx->arena,
                                            "{\"operation\":%llu,\"turn\":%lld,\"woken\":%s}",
                                            (unsigned long long)op->number, (long long)op->turn,
                                            woken ? "true" : "false")};
    wb_ctx_unpack(op->ctx, &row.ctx);
    wb_work_add(tx, &row);
}

void cfn_wake(struct wb_tx *tx, struct wb_slice stack_id)
{
    struct cfn_stack s;
    struct cfn_operation op;
    if (!cfn_stack_by_arn(tx, stack_id, &s) || !s.operation || !cfn_operation_read(tx, &s, &op))
        return;
    cfn_next(tx, &s, &op, tx->now_ms, true);
    cfn_operation_write(tx, &s, &op);
}

static bool waits(const struct cfn_resource *r, struct wb_slice token)
{
    return r->busy && wb_slice_eq(r->token, token);
}

/* The answer itself is kept by who asked for it (types/callback.h). What waits with this token may
 * be the resource that was replaced. */
bool wb_cfn_answer(struct wb_tx *tx, struct wb_slice stack_id, struct wb_slice logical_id,
                   struct wb_slice token, struct wb_slice answer)
{
    struct cfn_stack s;
    struct cfn_resource r;
    if (!cfn_stack_by_arn(tx, stack_id, &s) ||
        !((cfn_resource_read(tx, s.number, logical_id, &r) && waits(&r, token)) ||
          (cfn_before_read(tx, s.number, logical_id, &r) && waits(&r, token))))
        return false;
    cfn_wake(tx, stack_id);
    return true;
}

static bool load(struct cfn_run *run, const struct wb_work *w)
{
    struct wb_tx *tx = run->tx;
    struct wb_json m = wb_json_read(tx->arena, w->meta, NULL);
    if (!cfn_stack_by_arn(tx, w->target, &run->s) || !run->s.operation ||
        !cfn_operation_read(tx, &run->s, &run->op) ||
        run->op.number != (uint64_t)wb_json_get_i64(m, "operation", 0) ||
        run->op.turn != wb_json_get_i64(m, "turn", -1) || !cfn_plan_read(tx, &run->s, &run->plan) ||
        !wb_ctx_unpack(run->op.ctx, &run->ctx))
        return false;
    run->woken = wb_json_bool(wb_json_get(m, "woken"), false);
    run->before = (struct cfn_stack){.account = run->s.account, .region = run->s.region};
    if (run->op.before.p) {
        run->before.number = run->s.number;
        if (!cfn_stack_from_text(tx, run->op.before, &run->before))
            return false;
    }
    return true;
}

/* The template is needed where resources are made, and to know which of them it no longer names. */
static bool evaluate(struct cfn_run *run)
{
    struct wb_slice why = WB_SLICE_NULL;
    if (run->op.phase != CFN_FORWARD)
        return true;
    run->evaluated = cfn_eval_stack(&run->eval, run->tx, &run->ctx, &run->s, &why);
    run->eval.imports = run->op.imports;
    if (!run->evaluated) {
        run->failed = true;
        run->op.cause = why;
    }
    return run->evaluated;
}

static void note_imports(struct cfn_run *run)
{
    struct wb_arena *a = run->tx->arena;
    if (!run->evaluated || run->eval.imports.p == run->op.imports.p)
        return;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, run->eval.imports, NULL));
    while (wb_json_next(&it))
        cfn_import_write(run->tx, &run->s, wb_json_str(it.value, a));
    run->op.imports = run->eval.imports;
}

/* Stops: by its client, because its time is over, or by an alarm. */
static bool stopped(struct cfn_run *run)
{
    if (run->op.phase != CFN_FORWARD)
        return false;
    if (run->op.cancelled)
        run->op.cause = WB_S("User Initiated");
    else if (run->op.deadline_ms && run->tx->now_ms >= run->op.deadline_ms)
        run->op.cause = WB_S("Stack creation time exceeded the specified timeout.");
    else
        return run->failed = cfn_triggered(run);
    run->failed = true;
    return true;
}

static void work(struct cfn_run *run)
{
    struct wb_seam *seam = wb_engine_seam(run->tx->engine);
    int64_t until = seam->mono_ns(seam) + STEP_NS;
    uint32_t from = 0;
    bool forward = run->op.phase == CFN_FORWARD;
    for (unsigned n = 0; n < STEP_ITEMS && run->tx->status == WB_STORE_OK; n++) {
        struct cfn_item *it = cfn_plan_next(&run->plan, run->tx->now_ms, &from);
        if (!it || (forward && run->failed))
            return;
        cfn_item_run(run, it);
        if (seam->mono_ns(seam) >= until)
            return;
    }
}

/* Has an item of this phase failed, in this step or an earlier one? */
static bool any_failed(const struct cfn_plan *p)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (p->item[i].state == CFN_FAILED_ITEM)
            return true;
    return false;
}

static int64_t next_due(struct cfn_run *run)
{
    uint32_t from = 0;
    if (cfn_plan_next(&run->plan, run->tx->now_ms, &from))
        return run->tx->now_ms;
    int64_t due = cfn_plan_due(&run->plan);
    if (run->op.phase == CFN_FORWARD)
        due = cfn_triggers_due(run, due);
    if (due != INT64_MAX && run->op.deadline_ms && run->op.phase == CFN_FORWARD &&
        run->op.deadline_ms < due)
        due = run->op.deadline_ms;
    return due;
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct cfn_run run = {.tx = tx};
    out->kind = WB_DONE;
    if (!load(&run, w))
        return;
    if (run.woken)
        for (uint32_t i = 0; i < run.plan.count; i++)
            run.plan.item[i].due_ms = 0;
    if (evaluate(&run) && !stopped(&run))
        work(&run);
    note_imports(&run);
    run.failed |= any_failed(&run.plan);
    bool over = (run.op.phase == CFN_FORWARD && run.failed) || next_due(&run) == INT64_MAX;
    if (over && !cfn_phase_over(&run)) {
        cfn_stack_write(tx, &run.s);
        return;
    }
    int64_t due = over ? tx->now_ms : next_due(&run);
    cfn_next(tx, &run.s, &run.op, due, false);
    cfn_plan_write(tx, &run.s, &run.plan);
    cfn_operation_write(tx, &run.s, &run.op);
    if (over)
        cfn_stack_write(tx, &run.s);
}

const struct wb_executor cfn_deploy_executor = {.name = "cloudformation.deploy", .step = step};
