#include "base/arn.h"
#include "engine/internal.h"

void wb_target_register(struct wb_engine *e, const struct wb_target_kind *k)
{
    void *before = wb_map_put(e->targets, wb_slice_str(k->service), (void *)k);
    assert(!before);
}

static const struct wb_target_kind *kind_of(struct wb_engine *e, struct wb_slice arn)
{
    struct wb_arn a;
    return wb_arn_parse(arn, &a) ? wb_map_get(e->targets, a.service) : NULL;
}

bool wb_target_known(struct wb_engine *e, struct wb_slice arn)
{
    return kind_of(e, arn) != NULL;
}

void wb_deliver(struct wb_tx *tx, const struct wb_delivery *d, struct wb_outcome *out)
{
    const struct wb_target_kind *k = kind_of(tx->engine, d->target);
    if (d->ctx && d->ctx->depth > WB_WORK_DEPTH_MAX) {
        *out = (struct wb_outcome){.kind = WB_PERMANENT,
                                   .code = "TOO_MANY_HOPS",
                                   .message = WB_S("One event caused too long a chain of "
                                                   "deliveries; is there a loop?")};
        return;
    }
    if (!k) {
        *out = (struct wb_outcome){
            .kind = WB_PERMANENT,
            .code = "INVALID_PARAMETER",
            .message = wb_printf(tx->arena, "Nothing receives at %.*s.", WB_FMT(d->target))};
        return;
    }
    *out = (struct wb_outcome){.kind = WB_PERMANENT, .code = "INTERNAL_ERROR"};
    k->deliver(tx, d, out);
}
