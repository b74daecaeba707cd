/*
 * From a matched event to its target. A target takes it over in the command that took the event;
 * what it refuses then, or has too much to do for, becomes a work row whose step hands it over with
 * EventBridge's retry policy. What cannot be delivered becomes a dead row, besides the target's
 * dead-letter queue.
 *
 * A target's queue here is "events/<ARN>": its own work queue (a function's invocations) has its
 * own name.
 */
#include "base/limits.h"
#include "codec/text.h"
#include "services/events/events.h"

#define SERVICE "events.amazonaws.com"
#define QUEUE   "events/"

/* What a work row of this executor knows: its queue names the target, its meta the rest. */
struct meta {
    struct wb_bus bus; /* name, account, region only */
    struct wb_slice rule, rule_arn, target, event_key, dead_letter;
    bool invalid;
};

/* Short, because every event that waits has one: the bus and the rule stand in the rule's ARN, and
 * the place of the event is the row's payload_key when the target gets it as it is. Rows of older
 * versions say all of it. */
static struct wb_slice write_meta(struct wb_arena *a, const struct wb_event_out *o)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "ruleArn", o->rule->arn);
    wb_jw_kstr(&w, "targetId", o->target->id);
    if (!o->whole)
        wb_jw_kstr(&w, "log", wb_hex_encode(a, o->event_key));
    if (o->target->dead_letter.p)
        wb_jw_kstr(&w, "deadLetter", o->target->dead_letter);
    if (!o->payload.p)
        wb_jw_kbool(&w, "invalid", true);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static struct meta read_meta(struct wb_arena *a, const struct wb_work *w)
{
    struct wb_json v = wb_json_read(a, w->meta, NULL);
    struct meta m = {.rule_arn = wb_json_get_str(v, "ruleArn", a),
                     .target = wb_slice_sub(w->target, strlen(QUEUE), w->target.n),
                     .dead_letter = wb_json_get_str(v, "deadLetter", a),
                     .invalid = wb_json_bool(wb_json_get(v, "invalid"), false)};
    wb_hex_decode(a, wb_json_get_str(v, "log", a), &m.event_key);
    wb_rule_arn_read(m.rule_arn, &m.bus, &m.rule);
    return m;
}

static void queue(struct wb_tx *tx, const struct wb_event_out *o, const struct wb_ctx *ctx)
{
    struct wb_work w = {.target = wb_printf(tx->arena, QUEUE "%.*s", WB_FMT(o->target->arn)),
                        .executor = wb_events_target_executor.name,
                        .attempts_max = o->target->retries + 1,
                        .age_max_ms = o->target->age_max_ms,
                        .ctx = *ctx,
                        .meta = write_meta(tx->arena, o)};
    if (o->whole)
        w.payload_key = o->event_key;
    else
        w.payload = o->payload.p ? o->payload : WB_S("");
    wb_work_add(tx, &w);
}

void wb_events_send(struct wb_tx *tx, const struct wb_event_out *o, struct wb_events_tally *t)
{
    struct wb_ctx ctx = *o->ctx;
    struct tally *k = wb_events_tally(tx, t, o->bus, o->rule);
    ctx.depth++;
    k->created++;
    if (o->payload.p) {
        struct wb_delivery d = {.target = o->target->arn,
                                .payload = o->payload,
                                .payload_key = o->whole ? o->event_key : WB_SLICE_NULL,
                                .source_service = SERVICE,
                                .source_arn = o->rule->arn,
                                .source_account = o->bus->account,
                                .ctx = &ctx,
                                .first_ms = tx->now_ms,
                                .at_once = true};
        struct wb_outcome out;
        wb_deliver(tx, &d, &out);
        if (out.kind == WB_ACCEPTED || out.kind == WB_DONE) {
            k->taken++;
            return;
        }
    }
    queue(tx, o, &ctx);
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct meta m = read_meta(tx->arena, w);
    if (m.invalid) {
        *out = (struct wb_outcome){.kind = WB_PERMANENT,
                                   .code = "INVALID_JSON",
                                   .message = WB_S("The input transformer's result is not JSON.")};
        return;
    }
    struct wb_delivery d = {.target = m.target,
                            .payload = w->payload,
                            .payload_key = w->payload_key,
                            .source_service = SERVICE,
                            .source_arn = m.rule_arn,
                            .source_account = m.bus.account,
                            .ctx = &w->ctx,
                            .first_ms = w->first_ms};
    wb_deliver(tx, &d, out);
}

/* The original event goes to the dead-letter queue, whatever the target would have been sent. */
static void dead_letter(struct wb_tx *tx, const struct meta *m, const struct wb_work *w)
{
    struct wb_slice event = w->payload, row;
    if (m->event_key.n && wb_tx_get(tx, m->event_key, &row))
        event = wb_dup(tx->arena, row);
    struct wb_delivery d = {.target = m->dead_letter,
                            .payload = event,
                            .source_service = SERVICE,
                            .source_arn = m->rule_arn,
                            .source_account = m->bus.account,
                            .ctx = &w->ctx,
                            .first_ms = tx->now_ms};
    struct wb_outcome out;
    wb_deliver(tx, &d, &out);
    bool sent = out.kind == WB_ACCEPTED || out.kind == WB_DONE;
    wb_events_count(tx, &m->bus, m->rule, sent ? EVENTS_TO_DLQ : EVENTS_NOT_TO_DLQ, 1, 1);
}

/* An attempt is over. Invocations are those that went well and those that failed for good. */
static void count(struct wb_tx *tx, const struct meta *m, const struct wb_work *w, bool good,
                  bool looped, bool last)
{
    const struct wb_bus *b = &m->bus;
    double ms = (double)(tx->now_ms - w->first_ms);
    if (looped) {
        wb_events_count(tx, b, m->rule, EVENTS_LOOPED, 1, 1);
        return;
    }
    wb_events_count(tx, b, m->rule, EVENTS_ATTEMPTS, 1, 1);
    if (w->attempts > 1) {
        wb_events_count(tx, b, m->rule, EVENTS_RETRIES, 1, 1);
    } else {
        wb_events_count(tx, b, m->rule, EVENTS_START_MS, ms, 1);
        wb_events_count(tx, b, m->rule, EVENTS_COMPLETE_MS, ms, 1);
    }
    if (good) {
        wb_events_count(tx, b, m->rule, EVENTS_SUCCEEDED, 1, 1);
        wb_events_count(tx, b, m->rule, EVENTS_SUCCESS_MS, ms, 1);
    } else if (last) {
        wb_events_count(tx, b, m->rule, EVENTS_FAILED, 1, 1);
    }
    if (good || last)
        wb_events_count(tx, b, m->rule, EVENTS_INVOCATIONS, 1, 1);
}

static void apply(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o, bool last)
{
    struct meta m = read_meta(tx->arena, w);
    bool good = o->kind == WB_ACCEPTED || o->kind == WB_DONE;
    if (o->kind == WB_BUSY && !last)
        return;
    count(tx, &m, w, good, o->code && strcmp(o->code, "TOO_MANY_HOPS") == 0, last);
    if (!good)
        wb_put_failed_attempt(tx, &w->ctx, m.target, w->attempts, o);
    if (last && !good && m.dead_letter.n)
        dead_letter(tx, &m, w);
}

static const struct wb_schedule backoff = {.base_ms = WB_EVENT_BACKOFF_BASE_MS,
                                           .cap_ms = WB_EVENT_BACKOFF_CAP_MS,
                                           .jitter_percent = 25,
                                           .attempts_max = WB_EVENT_RETRIES_MAX + 1,
                                           .age_max_ms = WB_EVENT_AGE_MAX_S * 1000LL};

const struct wb_executor wb_events_target_executor = {
    .name = "events.target", .schedule = &backoff, .step = step, .apply = apply};
