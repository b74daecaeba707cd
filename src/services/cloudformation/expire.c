/*
 * What is kept for WB_CFN_EVENT_DAYS: the events of stacks that live on, and drift detections. A
 * work row is added when an operation settles, or a detection begins; whatever lies there by its
 * due time is that old. (Deleted stacks go as a whole, stack.c.)
 */
#include "services/cloudformation/deploy.h"

static void later(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice meta,
                  struct wb_slice payload)
{
    struct wb_work row = {.target = WB_S("cloudformation.expire"),
                          .executor = cfn_expire_executor.name,
                          .due_ms = tx->now_ms + WB_CFN_EVENT_DAYS * 24 * 3600 * 1000LL,
                          .ctx = *ctx,
                          .meta = meta,
                          .payload = payload};
    wb_work_add(tx, &row);
}

void cfn_expire_events(struct wb_tx *tx, const struct wb_ctx *ctx, const struct cfn_stack *s)
{
    later(tx, ctx,
          wb_printf(tx->arena, "{\"until\":\"%llu\"}", (unsigned long long)wb_tx_stamp(tx)),
          s->arn);
}

void cfn_expire_detection(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice id)
{
    later(tx, ctx, WB_S("{}"), id);
}

static void drop_events(struct wb_tx *tx, struct wb_slice arn, uint64_t until)
{
    struct cfn_stack s;
    if (!cfn_stack_by_arn(tx, arn, &s))
        return;
    struct wb_slice all = wb_key(tx->arena, WB_T_CFN_EVENT, "u", s.number);
    wb_job_drop_range(tx, wb_printf(tx->arena, "old events of stack %.*s", WB_FMT(s.name)),
                      wb_key(tx->arena, WB_T_CFN_EVENT, "ud", s.number, until),
                      wb_key_after(tx->arena, all)); /* the newest come first */
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_json until = wb_json_get(wb_json_read(tx->arena, w->meta, NULL), "until");
    uint64_t stamp;
    out->kind = WB_DONE;
    if (!wb_json_is(until))
        wb_tx_del(tx, wb_key(tx->arena, WB_T_CFN_DRIFT, "sss", w->ctx.account, w->ctx.region,
                             w->payload));
    else if (wb_slice_u64(wb_json_str(until, tx->arena), &stamp))
        drop_events(tx, w->payload, stamp);
}

const struct wb_executor cfn_expire_executor = {.name = "cloudformation.expire", .step = step};
