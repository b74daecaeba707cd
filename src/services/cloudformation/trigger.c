/*
 * Rollback triggers: alarms that are watched while a stack is created or updated, and for the
 * monitoring time after its resources are there and before old ones are cleaned up. One that is in
 * ALARM, or does not exist, rolls the operation back. CloudFormation keeps the configuration for
 * later updates until another is given.
 */
#include "base/arn.h"
#include "engine/deliver.h"
#include "services/cloudformation/ops.h"

#define LOOK_MS 2000 /* between looks at the alarms */

bool cfn_triggers_valid(struct wb_call *c)
{
    struct wb_json list = wb_json_get(wb_in(c, "RollbackConfiguration"), "RollbackTriggers");
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        struct wb_slice type = wb_json_get_str(it.value, "Type", c->arena);
        struct wb_slice text = wb_json_get_str(it.value, "Arn", c->arena);
        struct wb_arn arn;
        if (!wb_slice_is(type, "AWS::CloudWatch::Alarm") &&
            !wb_slice_is(type, "AWS::CloudWatch::CompositeAlarm"))
            cfn_invalid(c, "Rollback trigger type %.*s is not supported.", WB_FMT(type));
        else if (!wb_arn_parse(text, &arn) || !wb_slice_is(arn.service, "cloudwatch") ||
                 !wb_slice_starts(arn.resource, WB_S("alarm:")))
            cfn_invalid(c, "Rollback trigger ARN %.*s is not an alarm's.", WB_FMT(text));
    }
    return !wb_failed(c);
}

static struct wb_json config_of(const struct cfn_run *run)
{
    struct wb_slice json = run->s.rollback_triggers;
    bool watched = wb_slice_is(run->op.kind, "CREATE") || wb_slice_is(run->op.kind, "UPDATE");
    return watched && json.p ? wb_json_read(run->tx->arena, json, NULL) : WB_JSON_NONE;
}

/* The alarm's state; null when there is no such alarm. False: it may not be looked at, with *why.
 */
static bool state_of(struct cfn_run *run, struct wb_slice text, struct wb_slice *state,
                     struct wb_slice *why)
{
    struct wb_arena *a = run->tx->arena;
    struct wb_buf in = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_slice answer;
    struct wb_error err;
    struct wb_arn arn;
    *state = WB_SLICE_NULL;
    if (!wb_arn_parse(text, &arn) || !wb_slice_eq(arn.account, run->s.account) ||
        !wb_slice_eq(arn.region, run->s.region))
        return true;
    wb_jw_init(&w, &in);
    wb_jw_object(&w);
    wb_jw_kraw(&w, "AlarmTypes", WB_S("[\"MetricAlarm\",\"CompositeAlarm\"]"));
    wb_jw_key(&w, "AlarmNames");
    wb_jw_array(&w);
    wb_jw_str(&w, wb_slice_sub(arn.resource, 6, arn.resource.n)); /* behind "alarm:" */
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    if (!wb_call_service(run->tx, &run->ctx, "cloudwatch", "DescribeAlarms", wb_buf_slice(&in),
                         &answer, &err)) {
        *why = wb_dup(a, err.message);
        return false;
    }
    struct wb_json doc = wb_json_read(a, answer, NULL);
    struct wb_json found = wb_json_item(wb_json_get(doc, "MetricAlarms"), 0);
    if (!wb_json_is(found))
        found = wb_json_item(wb_json_get(doc, "CompositeAlarms"), 0);
    *state = wb_json_get_str(found, "StateValue", a);
    return true;
}

bool cfn_triggered(struct cfn_run *run)
{
    struct wb_arena *a = run->tx->arena;
    struct wb_json_iter it = wb_json_iter(wb_json_get(config_of(run), "RollbackTriggers"));
    while (wb_json_next(&it)) {
        struct wb_slice arn = wb_json_get_str(it.value, "Arn", a), state, why;
        if (!state_of(run, arn, &state, &why))
            run->op.cause = wb_printf(a, "Rollback trigger %.*s cannot be read: %.*s", WB_FMT(arn),
                                      WB_FMT(why));
        else if (!state.p)
            run->op.cause = wb_printf(a, "Rollback trigger %.*s does not exist.", WB_FMT(arn));
        else if (wb_slice_is(state, "ALARM"))
            run->op.cause = wb_printf(a, "Rollback trigger %.*s is in ALARM state.", WB_FMT(arn));
        else
            continue;
        return true;
    }
    return false;
}

int64_t cfn_triggers_due(struct cfn_run *run, int64_t due)
{
    struct wb_json config = config_of(run);
    int64_t now = run->tx->now_ms;
    int64_t minutes = wb_json_get_i64(config, "MonitoringTimeInMinutes", 0);
    if (due == INT64_MAX && minutes) {
        if (!run->op.monitor_ms)
            run->op.monitor_ms = now + minutes * 60000;
        if (now < run->op.monitor_ms)
            due = run->op.monitor_ms;
    }
    bool watches = wb_json_count(wb_json_get(config, "RollbackTriggers")) > 0;
    return due != INT64_MAX && watches && due > now + LOOK_MS ? now + LOOK_MS : due;
}
