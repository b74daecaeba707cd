/* State changes and what they cause; the operations on states and actions. */
#include "base/ids.h"
#include "base/limits.h"
#include "engine/audit.h"
#include "engine/deliver.h"
#include "engine/tags.h"
#include "services/cloudwatch/alarm.h"

/* The caller of what an alarm does. */
static struct wb_ctx own_ctx(struct wb_tx *tx, const struct cw_alarm *al)
{
    struct wb_ctx ctx = {.account = al->account,
                         .region = al->region,
                         .request_id = wb_id_uuid(tx->arena, wb_engine_seam(tx->engine))};
    ctx.principal = (struct wb_principal){.type = WB_PRINCIPAL_SERVICE,
                                          .account = al->account,
                                          .service = WB_S("cloudwatch.amazonaws.com")};
    return ctx;
}

/* --- actions --- */

static bool is_function(struct wb_slice arn)
{
    return wb_slice_starts(arn, WB_S("arn:aws:lambda:"));
}

static void queue_action(struct wb_tx *tx, const struct cw_alarm *al,
                         const struct cw_alarm_state *old, struct wb_slice arn)
{
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "account", al->account);
    wb_jw_kstr(&w, "region", al->region);
    wb_jw_kstr(&w, "alarm", al->name);
    wb_jw_kbool(&w, "composite", al->composite);
    wb_jw_kstr(&w, "action", arn);
    wb_jw_kstr(&w, "subject", cw_subject(tx->arena, al));
    wb_jw_ki64(&w, "since", al->state.since_ms);
    wb_jw_end_object(&w);
    struct wb_work row = {.target = wb_printf(tx->arena, "alarms/%.*s", WB_FMT(arn)),
                          .executor = cw_action_executor.name,
                          .ctx = own_ctx(tx, al),
                          .meta = wb_buf_slice(&meta),
                          .payload = is_function(arn) ? cw_lambda_event(tx->arena, al, old)
                                                      : cw_message(tx->arena, al, old)};
    wb_work_add(tx, &row);
}

void cw_alarm_act(struct wb_tx *tx, const struct cw_alarm *al, const struct cw_alarm_state *old)
{
    static const char *const lists[] = {"OKActions", "AlarmActions", "InsufficientDataActions"};
    struct wb_json_iter it = wb_json_iter(wb_json_get(al->config, lists[al->state.value]));
    while (al->enabled && wb_json_next(&it))
        queue_action(tx, al, old, wb_json_str(it.value, tx->arena));
}

static void action_step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_json m = wb_json_read(tx->arena, w->meta, NULL);
    struct wb_slice arn = wb_json_get_str(m, "action", tx->arena),
                    account = wb_json_get_str(m, "account", tx->arena);
    struct wb_delivery d = {
        .target = arn,
        .payload = w->payload,
        .source_service = is_function(arn) ? "lambda.alarms.cloudwatch.amazonaws.com"
                                           : "cloudwatch.amazonaws.com",
        .source_arn = cw_alarm_arn(tx->arena, account, wb_json_get_str(m, "region", tx->arena),
                                   wb_json_get_str(m, "alarm", tx->arena)),
        .source_account = account,
        .source_owner = account,
        .subject = wb_json_get_str(m, "subject", tx->arena),
        .per_protocol = !is_function(arn),
        .ctx = &w->ctx,
        .first_ms = w->first_ms,
    };
    wb_deliver(tx, &d, out);
}

/* The end of an action goes into the alarm's history. */
static void action_apply(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o,
                         bool last)
{
    struct wb_json m = wb_json_read(tx->arena, w->meta, NULL);
    struct wb_slice arn = wb_json_get_str(m, "action", tx->arena), summary;
    struct cw_alarm al = {.account = wb_json_get_str(m, "account", tx->arena),
                          .region = wb_json_get_str(m, "region", tx->arena),
                          .name = wb_json_get_str(m, "alarm", tx->arena),
                          .composite = wb_json_bool(wb_json_get(m, "composite"), false)};
    bool good = o->kind == WB_ACCEPTED || o->kind == WB_DONE;
    if (!last)
        return;
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer j;
    wb_jw_init(&j, &b);
    wb_jw_object(&j);
    wb_jw_kcstr(&j, "actionState", good ? "Succeeded" : "Failed");
    wb_jw_ki64(&j, "stateUpdateTimestamp", wb_json_get_i64(m, "since", 0));
    wb_jw_kstr(&j, "notificationResource", arn);
    wb_jw_kstr(&j, "publishedMessage", w->payload);
    wb_jw_kstr(&j, "error", good ? WB_SLICE_NULL : o->message);
    wb_jw_end_object(&j);
    if (good)
        summary = wb_printf(tx->arena, "Successfully executed action %.*s", WB_FMT(arn));
    else
        summary = wb_printf(tx->arena, "Failed to execute action %.*s. Received error: \"%.*s\"",
                            WB_FMT(arn), WB_FMT(o->message));
    cw_history_add(tx, &al, "Action", wb_slice_sub(summary, 0, WB_ALARM_SUMMARY_MAX),
                   wb_buf_slice(&b));
}

/* AWS publishes no schedule: an hour of tries. */
static const struct wb_schedule backoff = {.base_ms = 1000,
                                           .cap_ms = 60000,
                                           .jitter_percent = 25,
                                           .attempts_max = 60,
                                           .age_max_ms = 3600000};
const struct wb_executor cw_action_executor = {
    .name = "cloudwatch.action", .schedule = &backoff, .step = action_step, .apply = action_apply};

/* --- changes --- */

static void put_state(struct wb_json_writer *w, const char *key, const struct cw_alarm_state *s)
{
    wb_jw_key(w, key);
    wb_jw_object(w);
    wb_jw_kcstr(w, "stateValue", cw_state_names[s->value]);
    wb_jw_kstr(w, "stateReason", s->reason);
    if (s->data.n)
        wb_jw_kraw(w, "stateReasonData", s->data);
    wb_jw_end_object(w);
}

static struct wb_slice state_history(struct wb_arena *a, const struct cw_alarm_state *old,
                                     const struct cw_alarm_state *now)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "version", "1.0");
    put_state(&w, "oldState", old);
    put_state(&w, "newState", now);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

void cw_alarm_turn(struct wb_tx *tx, struct cw_alarm *al, struct cw_alarm_state next)
{
    struct cw_alarm_state old = al->state;
    struct wb_ctx ctx = own_ctx(tx, al);
    struct wb_slice *parent;
    al->state = next;
    if (old.value == next.value) { /* SetAlarmState says why once more */
        cw_alarm_write(tx, al);
        return;
    }
    al->transitioned_ms = next.since_ms;
    if (al->composite)
        cw_composite_act(tx, al, &old);
    else
        cw_alarm_act(tx, al, &old);
    cw_alarm_write(tx, al);
    cw_history_add(tx, al, "StateUpdate",
                   wb_printf(tx->arena, "Alarm updated from %s to %s", cw_state_names[old.value],
                             cw_state_names[next.value]),
                   state_history(tx->arena, &old, &next));
    wb_bus_publish(tx, &ctx, "aws.cloudwatch", "CloudWatch Alarm State Change", al->arn,
                   cw_state_detail(tx->arena, al, &old));
    size_t n = cw_alarm_parents(tx, al->account, al->region, al->name, &parent);
    for (size_t i = 0; i < n; i++) {
        struct cw_alarm p = {.account = al->account, .region = al->region, .name = parent[i]};
        cw_composite_wake(tx, &p, al->name, tx->now_ms);
    }
}

/* --- operations --- */

static bool find(struct wb_call *c, struct wb_slice name, struct cw_alarm *al)
{
    return cw_alarm_read(c->tx, c->ctx.account, c->ctx.region, name, al);
}

void cw_set_alarm_state(struct wb_call *c)
{
    struct cw_alarm al;
    struct cw_alarm_state next = {.reason = wb_in_str(c, "StateReason"),
                                  .data = wb_in_str(c, "StateReasonData"),
                                  .since_ms = c->tx->now_ms};
    cw_state_read(wb_in_str(c, "StateValue"), &next.value);
    if (next.data.n && wb_json_type(wb_json_read(c->arena, next.data, NULL)) != WB_JSON_OBJECT) {
        wb_fail(c, "InvalidFormatFault", 400, "Data was not syntactically valid JSON.");
        return;
    }
    if (!find(c, wb_in_str(c, "AlarmName"), &al)) {
        wb_fail(c, "ResourceNotFound", 404, "The named resource does not exist.");
        return;
    }
    al.recovered_ms = 0;
    cw_alarm_turn(c->tx, &al, next);
}

/* Names that do not exist are passed over: AWS does so. */
static void set_actions(struct wb_call *c, bool enabled)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "AlarmNames"));
    struct cw_alarm al;
    while (wb_json_next(&it)) {
        if (!find(c, wb_json_str(it.value, c->arena), &al) || al.enabled == enabled)
            continue;
        struct cw_alarm was = al;
        al.enabled = enabled;
        al.configured_ms = c->tx->now_ms;
        cw_alarm_write(c->tx, &al);
        cw_history_add(c->tx, &al, "ConfigurationUpdate",
                       wb_printf(c->arena, "Alarm \"%.*s\" updated", WB_FMT(al.name)),
                       cw_config_history(c->arena, &al, &was, false));
        wb_bus_publish(c->tx, &c->ctx, "aws.cloudwatch", "CloudWatch Alarm Configuration Change",
                       al.arn, cw_config_detail(c->arena, &al, "update", &was));
    }
}

void cw_enable_actions(struct wb_call *c)
{
    set_actions(c, true);
}

void cw_disable_actions(struct wb_call *c)
{
    set_actions(c, false);
}

static bool named(struct wb_call *c, struct wb_slice name)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "AlarmNames"));
    while (wb_json_next(&it))
        if (wb_slice_eq(wb_json_str(it.value, c->arena), name))
            return true;
    return false;
}

/* "you can't delete two composite alarms that depend on each other": nor any child alone. */
static bool deletable(struct wb_call *c, struct wb_slice name, size_t *composites)
{
    struct cw_alarm al;
    struct wb_slice *parent;
    if (!find(c, name, &al)) {
        wb_fail(c, "ResourceNotFound", 404, "The named resource does not exist.");
        return false;
    }
    *composites += al.composite;
    if (*composites > 1) {
        wb_fail(c, "ValidationException", 400,
                "At most one composite alarm can be deleted in one call.");
        return false;
    }
    size_t n = cw_alarm_parents(c->tx, al.account, al.region, al.name, &parent);
    for (size_t i = 0; i < n; i++)
        if (!named(c, parent[i])) {
            wb_fail(c, "ValidationException", 400,
                    "Cannot delete %.*s as there are composite alarm(s) depending on it.",
                    WB_FMT(al.name));
            return false;
        }
    return true;
}

void cw_delete_alarms(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "AlarmNames"));
    struct cw_alarm al;
    size_t composites = 0;
    while (wb_json_next(&it))
        if (!deletable(c, wb_json_str(it.value, c->arena), &composites))
            return;
    it = wb_json_iter(wb_in(c, "AlarmNames"));
    while (wb_json_next(&it)) {
        if (!find(c, wb_json_str(it.value, c->arena), &al))
            continue; /* named twice */
        cw_alarm_index(c->tx, &al, false);
        wb_tx_del(c->tx, cw_alarm_key(c->arena, al.account, al.region, al.name));
        wb_tags_drop(c->tx, al.arn);
        cw_history_add(c->tx, &al, "ConfigurationUpdate",
                       wb_printf(c->arena, "Alarm \"%.*s\" deleted", WB_FMT(al.name)),
                       cw_config_history(c->arena, &al, NULL, true));
        wb_bus_publish(c->tx, &c->ctx, "aws.cloudwatch", "CloudWatch Alarm Configuration Change",
                       al.arn, cw_config_detail(c->arena, &al, "delete", NULL));
    }
}
