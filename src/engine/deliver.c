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

bool wb_deliver_allowed(struct wb_tx *tx, const struct wb_delivery *d,
                        const struct wb_policy *policy, const char *action,
                        struct wb_slice resource, struct wb_outcome *out)
{
    if (!tx->engine->config.auth)
        return true;
    const struct wb_principal source = {.type = WB_PRINCIPAL_SERVICE,
                                        .account = d->source_account,
                                        .service = wb_slice_str(d->source_service),
                                        .arn = wb_slice_str(d->source_service)};
    struct wb_pair context[3];
    size_t n = 0;
    const struct wb_pair keys[] = {{WB_S("aws:SourceArn"), d->source_arn},
                                   {WB_S("aws:SourceAccount"), d->source_account},
                                   {WB_S("AWS:SourceOwner"), d->source_owner}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].value.n)
            context[n++] = keys[i];
    const struct wb_request q = {.principal = &source,
                                 .action = wb_slice_str(action),
                                 .resource = resource,
                                 .context = context,
                                 .context_count = n,
                                 .now_ms = tx->now_ms};
    if (policy && wb_policy_eval(policy, &q, NULL) == WB_ALLOW)
        return true;
    *out = (struct wb_outcome){
        .kind = WB_PERMANENT,
        .code = "NO_PERMISSIONS",
        .message = wb_printf(tx->arena,
                             "%s, for %.*s, may not do %s to %.*s: no resource-based "
                             "policy allows it.",
                             d->source_service, WB_FMT(d->source_arn), action, WB_FMT(resource))};
    return false;
}
