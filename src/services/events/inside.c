/*
 * Events of the server itself, on the default bus of their account and region. Without a rule that
 * matches only who follows the bus could ever see one, so it is not stored then, and without any
 * rule and follower not even made.
 */
#include "base/ids.h"
#include "services/events/events.h"

void wb_events_publish(struct wb_tx *tx, const struct wb_ctx *ctx, const char *source,
                       const char *detail_type, struct wb_slice resource, struct wb_slice detail)
{
    struct wb_arena *a = tx->arena;
    const struct wb_bus *b = wb_bus_find(tx, ctx->account, ctx->region, WB_S("default"));
    bool followed = b && wb_events_followed(tx, b);
    if (!b || (b->rule_count == 0 && !followed))
        return;
    struct wb_event e = {.bus = b, .id = wb_id_uuid(a, wb_engine_seam(tx->engine)), .ctx = *ctx};
    struct wb_envelope v = {.version = WB_S("0"),
                            .id = e.id,
                            .detail_type = wb_slice_str(detail_type),
                            .source = wb_slice_str(source),
                            .account = ctx->account,
                            .time = wb_time_str(a, tx->now_ms, WB_TIME_ISO_S),
                            .region = ctx->region,
                            .resource = &resource,
                            .resource_count = resource.p != NULL,
                            .detail = wb_json_read(a, detail, NULL)};
    struct wb_events_tally tally = {.count = 0};
    e.ctx.depth++;
    e.ctx.trace = WB_SLICE_NULL; /* X-Ray does not follow what comes from services */
    e.text = wb_event_text(&v, a);
    wb_event_match(&e, &v, tx->now_ms, a);
    if (e.out_count == 0 && followed)
        wb_events_hear(tx, b, e.text, wb_tx_stamp(tx));
    if (e.out_count == 0)
        return;
    wb_event_store(tx, &e, &tally);
    wb_events_tell(tx, &tally);
}
