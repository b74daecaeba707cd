/*
 * Scheduled rules: a work row for the next time of each. The row names the generation of the
 * schedule; a rule that was changed, disabled or deleted since makes it void. A time that passed
 * while the server was down is made up for once.
 */
#include "base/ids.h"
#include "services/events/events.h"
#include "services/events/schedule.h"

bool wb_schedule_valid(struct wb_slice expression)
{
    struct wb_schedule_plan p;
    return wb_schedule_parse(expression, &p);
}

static void add(struct wb_tx *tx, const struct wb_bus *b, struct wb_slice rule, uint64_t generation,
                int64_t start_ms, int64_t due_ms)
{
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    if (due_ms == INT64_MAX)
        return;
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "account", b->account);
    wb_jw_kstr(&w, "region", b->region);
    wb_jw_kstr(&w, "bus", b->name);
    wb_jw_kstr(&w, "rule", rule);
    wb_jw_ki64(&w, "generation", (int64_t)generation);
    wb_jw_ki64(&w, "start", start_ms);
    wb_jw_ki64(&w, "due", due_ms);
    wb_jw_end_object(&w);
    struct wb_work row = {.target = WB_S("events.schedule"),
                          .executor = wb_events_timer_executor.name,
                          .due_ms = due_ms,
                          .meta = wb_buf_slice(&meta)};
    wb_work_add(tx, &row);
}

void wb_events_timer_start(struct wb_tx *tx, const struct wb_bus *b, struct wb_slice rule,
                           struct wb_slice expression, uint64_t generation)
{
    struct wb_schedule_plan p;
    if (wb_schedule_parse(expression, &p))
        add(tx, b, rule, generation, tx->now_ms, wb_plan_next(&p, tx->now_ms, tx->now_ms));
}

static struct wb_slice scheduled_event(struct wb_tx *tx, const struct wb_bus *b,
                                       const struct wb_rule *r, struct wb_slice id, int64_t due_ms)
{
    struct wb_buf buf = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &buf);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "version", "0");
    wb_jw_kstr(&w, "id", id);
    wb_jw_kcstr(&w, "detail-type", "Scheduled Event");
    wb_jw_kcstr(&w, "source", "aws.events");
    wb_jw_kstr(&w, "account", b->account);
    wb_jw_kstr(&w, "time", wb_time_str(tx->arena, due_ms, WB_TIME_ISO_S));
    wb_jw_kstr(&w, "region", b->region);
    wb_jw_key(&w, "resources");
    wb_jw_array(&w);
    wb_jw_str(&w, r->arn);
    wb_jw_end_array(&w);
    wb_jw_kraw(&w, "detail", WB_S("{}"));
    wb_jw_end_object(&w);
    return wb_buf_slice(&buf);
}

static void fire(struct wb_tx *tx, const struct wb_bus *b, const struct wb_rule *r, int64_t due_ms)
{
    struct wb_slice id = wb_id_uuid(tx->arena, wb_engine_seam(tx->engine));
    struct wb_ctx ctx = {.account = b->account, .region = b->region, .request_id = id};
    ctx.principal = (struct wb_principal){.type = WB_PRINCIPAL_SERVICE,
                                          .account = b->account,
                                          .service = WB_S("events.amazonaws.com")};
    struct wb_input_event in = {.text = scheduled_event(tx, b, r, id, due_ms),
                                .rule_arn = r->arn,
                                .rule_name = r->name,
                                .ingestion_ms = tx->now_ms};
    struct wb_slice key = wb_events_log(tx, b, in.text);
    struct wb_events_tally tally = {.count = 0};
    struct tally *k = wb_events_tally(tx, &tally, b, r);
    k->matched = k->first = 1;
    for (uint32_t i = 0; i < r->target_count; i++) {
        struct wb_event_out o = {.bus = b,
                                 .rule = r,
                                 .target = &r->target[i],
                                 .event_key = key,
                                 .whole = wb_input_is_event(r->target[i].input),
                                 .ctx = &ctx};
        if (!wb_input_make(o.target->input, &in, tx->arena, &o.payload))
            o.payload = WB_SLICE_NULL;
        wb_events_send(tx, &o, &tally);
    }
    wb_events_tell(tx, &tally);
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_json m = wb_json_read(tx->arena, w->meta, NULL);
    const struct wb_bus *b =
        wb_bus_find(tx, wb_json_get_str(m, "account", tx->arena),
                    wb_json_get_str(m, "region", tx->arena), wb_json_get_str(m, "bus", tx->arena));
    const struct wb_rule *r = b ? wb_bus_rule(b, wb_json_get_str(m, "rule", tx->arena)) : NULL;
    uint64_t generation = (uint64_t)wb_json_get_i64(m, "generation", 0);
    int64_t start = wb_json_get_i64(m, "start", 0), due = wb_json_get_i64(m, "due", 0);
    struct wb_schedule_plan p;
    out->kind = WB_DONE;
    if (!r || !r->enabled || r->generation != generation || !wb_schedule_parse(r->schedule, &p))
        return;
    fire(tx, b, r, due);
    add(tx, b, r->name, generation, start, wb_plan_next(&p, start, tx->now_ms));
}

const struct wb_executor wb_events_timer_executor = {.name = "events.schedule", .step = step};
