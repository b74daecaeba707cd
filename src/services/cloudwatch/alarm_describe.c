/* Showing alarms, and their tags. */
#include "base/arn.h"
#include "base/limits.h"
#include "engine/paging.h"
#include "engine/tags.h"
#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/alarm_rule.h"

#define PAGE 50 /* MaxRecords unless said */

/* A stored member as it came. */
static void out_value(struct wb_out *o, struct wb_arena *a, const char *name, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    int64_t whole;
    double number;
    switch (wb_json_type(v)) {
    case WB_JSON_OBJECT:
        wb_out_object(o, name);
        while (wb_json_next(&it))
            out_value(o, a, wb_dup_cstr(a, wb_json_str(it.key, a)), it.value);
        wb_out_end(o);
        break;
    case WB_JSON_ARRAY:
        wb_out_list(o, name);
        while (wb_json_next(&it))
            out_value(o, a, NULL, it.value);
        wb_out_end(o);
        break;
    case WB_JSON_STRING:
        wb_out_str(o, name, wb_json_str(v, a));
        break;
    case WB_JSON_TRUE:
    case WB_JSON_FALSE:
        wb_out_bool(o, name, wb_json_bool(v, false));
        break;
    case WB_JSON_NUMBER:
        if (wb_json_i64(v, &whole))
            wb_out_i64(o, name, whole);
        else if (wb_json_double(v, &number))
            wb_out_double(o, name, number);
        break;
    default:
        break;
    }
}

static void out_members(struct wb_out *o, struct wb_arena *a, const struct cw_alarm *al,
                        const char *const *members)
{
    for (; *members; members++)
        out_value(o, a, *members, wb_json_get(al->config, *members));
}

static void out_list(struct wb_out *o, struct wb_arena *a, const struct cw_alarm *al,
                     const char *member)
{
    struct wb_json v = wb_json_get(al->config, member);
    if (wb_json_is(v)) {
        out_value(o, a, member, v);
        return;
    }
    wb_out_list(o, member);
    wb_out_end(o);
}

/* What both kinds have. */
static void out_common(struct wb_out *o, struct wb_arena *a, const struct cw_alarm *al)
{
    wb_out_str(o, "AlarmName", al->name);
    wb_out_str(o, "AlarmArn", al->arn);
    out_value(o, a, "AlarmDescription", wb_json_get(al->config, "AlarmDescription"));
    wb_out_time(o, "AlarmConfigurationUpdatedTimestamp", al->configured_ms);
    wb_out_bool(o, "ActionsEnabled", al->enabled);
    out_list(o, a, al, "OKActions");
    out_list(o, a, al, "AlarmActions");
    out_list(o, a, al, "InsufficientDataActions");
    wb_out_cstr(o, "StateValue", cw_state_names[al->state.value]);
    wb_out_str(o, "StateReason", al->state.reason);
    wb_out_str(o, "StateReasonData", al->state.data);
    wb_out_time(o, "StateUpdatedTimestamp", al->state.since_ms);
    wb_out_time(o, "StateTransitionedTimestamp", al->transitioned_ms);
}

static void out_metric_alarm(struct wb_out *o, struct wb_arena *a, const struct cw_alarm *al)
{
    static const char *const members[] = {"MetricName",
                                          "Namespace",
                                          "Statistic",
                                          "ExtendedStatistic",
                                          "Period",
                                          "Unit",
                                          "EvaluationPeriods",
                                          "DatapointsToAlarm",
                                          "ComparisonOperator",
                                          "TreatMissingData",
                                          "EvaluateLowSampleCountPercentile",
                                          "Metrics",
                                          NULL};
    double threshold;
    wb_out_object(o, NULL);
    out_common(o, a, al);
    out_members(o, a, al, members);
    if (!wb_json_is(wb_json_get(al->config, "Metrics")))
        out_list(o, a, al, "Dimensions");
    if (wb_json_double(wb_json_get(al->config, "Threshold"), &threshold))
        wb_out_double(o, "Threshold", threshold);
    wb_out_end(o);
}

static void out_composite(struct wb_out *o, struct wb_arena *a, const struct cw_alarm *al)
{
    static const char *const by[] = {NULL, "Alarm", "WaitPeriod", "ExtensionPeriod"};
    static const char *const members[] = {"AlarmRule", "ActionsSuppressor",
                                          "ActionsSuppressorWaitPeriod",
                                          "ActionsSuppressorExtensionPeriod", NULL};
    wb_out_object(o, NULL);
    out_common(o, a, al);
    out_members(o, a, al, members);
    if (al->suppressed) {
        wb_out_cstr(o, "ActionsSuppressedBy", by[al->suppressed]);
        wb_out_str(o, "ActionsSuppressedReason",
                   wb_printf(a, "Actions suppressed by %s", by[al->suppressed]));
    }
    wb_out_end(o);
}

/* --- DescribeAlarms --- */

struct query {
    struct wb_call *c;
    struct wb_slice prefix, state, action, filter;
    bool metric, composite;
    int64_t max;
    struct cw_alarm *found;
    size_t count;
    struct wb_slice last; /* where the next page goes on; null: there is none */
};

static bool action_starts(const struct query *q, const struct cw_alarm *al)
{
    static const char *const lists[] = {"OKActions", "AlarmActions", "InsufficientDataActions"};
    for (size_t i = 0; i < 3; i++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(al->config, lists[i]));
        while (wb_json_next(&it))
            if (wb_slice_starts(wb_json_str(it.value, q->c->arena), q->action))
                return true;
    }
    return false;
}

static bool wanted(const struct query *q, const struct cw_alarm *al)
{
    return (al->composite ? q->composite : q->metric) &&
           (!q->state.p || wb_slice_is(q->state, cw_state_names[al->state.value])) &&
           (!q->action.p || action_starts(q, al));
}

static void by_names(struct query *q, struct wb_json names)
{
    struct wb_json_iter it = wb_json_iter(names);
    struct cw_alarm al;
    while ((int64_t)q->count < q->max && wb_json_next(&it))
        if (cw_alarm_read(q->c->tx, q->c->ctx.account, q->c->ctx.region,
                          wb_json_str(it.value, q->c->arena), &al) &&
            wanted(q, &al))
            q->found[q->count++] = al;
}

static void by_prefix(struct query *q, struct wb_slice after)
{
    struct wb_arena *a = q->c->arena;
    struct wb_slice all = wb_key(a, WB_T_ALARM, "ss", q->c->ctx.account, q->c->ctx.region), key,
                    value, last = WB_SLICE_NULL;
    struct wb_slice lo = after.p ? wb_key_after(a, after)
                                 : cw_alarm_key(a, q->c->ctx.account, q->c->ctx.region, q->prefix);
    struct wb_scan *s;
    struct cw_alarm al;
    int64_t looked = 0;
    if (!after.p) /* without the terminator of the name: all that begin so */
        lo = wb_slice_sub(lo, 0, lo.n - 2);
    s = wb_tx_scan(q->c->tx, lo, wb_key_after(a, all), false);
    while (wb_tx_next(q->c->tx, s, &key, &value)) {
        if ((int64_t)q->count == q->max || looked++ == WB_ALARM_SCAN_ROWS) {
            q->last = last;
            break;
        }
        last = wb_dup(a, key);
        if (!cw_alarm_decode(a, last, value, &al))
            continue;
        if (!wb_slice_starts(al.name, q->prefix))
            break;
        if (wanted(q, &al))
            q->found[q->count++] = al;
    }
    wb_scan_close(s);
}

/* Names and states only, as AWS does. */
static void relatives(struct wb_call *c, struct wb_slice name, bool children)
{
    struct cw_alarm al, other;
    struct cw_rule_tree t = {.name_count = 0};
    struct wb_slice why, *list;
    size_t n;
    if (!cw_alarm_read(c->tx, c->ctx.account, c->ctx.region, name, &al)) {
        wb_fail(c, "ResourceNotFound", 404, "The named resource does not exist.");
        return;
    }
    if (children && al.composite)
        cw_rule_parse(c->arena, cw_config_str(&al, c->arena, "AlarmRule"), &t, &why);
    n = t.name_count;
    list = t.name;
    if (!children)
        n = cw_alarm_parents(c->tx, al.account, al.region, al.name, &list);
    for (int composite = 0; composite < 2; composite++) {
        wb_out_list(&c->out, composite ? "CompositeAlarms" : "MetricAlarms");
        for (size_t i = 0; i < n; i++) {
            if (!cw_alarm_read(c->tx, al.account, al.region, cw_alarm_name(&al, list[i]), &other) ||
                other.composite != composite)
                continue;
            wb_out_object(&c->out, NULL);
            wb_out_str(&c->out, "AlarmName", other.name);
            wb_out_str(&c->out, "AlarmArn", other.arn);
            if (children) {
                wb_out_cstr(&c->out, "StateValue", cw_state_names[other.state.value]);
                wb_out_time(&c->out, "StateUpdatedTimestamp", other.state.since_ms);
            }
            wb_out_end(&c->out);
        }
        wb_out_end(&c->out);
    }
}

static bool alone(struct wb_call *c, const char *member)
{
    struct wb_json_iter it = wb_json_iter(c->in);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, c->arena);
        if (wb_slice_is(key, member) || wb_slice_is(key, "MaxRecords") ||
            wb_slice_is(key, "NextToken") || wb_json_type(it.value) == WB_JSON_NULL)
            continue;
        wb_fail(c, "ValidationException", 400,
                "%s cannot be used with other parameters than MaxRecords and NextToken.", member);
        return false;
    }
    return true;
}

static void read_query(struct wb_call *c, struct query *q)
{
    struct wb_json types = wb_in(c, "AlarmTypes");
    struct wb_json_iter it = wb_json_iter(types);
    *q = (struct query){.c = c,
                        .prefix = wb_in_str(c, "AlarmNamePrefix"),
                        .state = wb_in_str(c, "StateValue"),
                        .action = wb_in_str(c, "ActionPrefix"),
                        .metric = !wb_json_count(types),
                        .max = wb_in_i64(c, "MaxRecords", PAGE)};
    while (wb_json_next(&it))
        *(wb_slice_is(wb_json_str(it.value, c->arena), "CompositeAlarm") ? &q->composite
                                                                         : &q->metric) = true;
    q->filter = wb_printf(c->arena, "%.*s|%.*s|%.*s|%d%d", WB_FMT(q->prefix), WB_FMT(q->state),
                          WB_FMT(q->action), q->metric, q->composite);
    if (wb_json_count(wb_in(c, "AlarmNames")) && !wb_json_is(wb_in(c, "MaxRecords")))
        q->max = WB_ALARM_PAGE;
    q->found = wb_new_n(c->arena, struct cw_alarm, (size_t)q->max);
}

void cw_describe_alarms(struct wb_call *c)
{
    struct query q;
    struct wb_slice children = wb_in_str(c, "ChildrenOfAlarmName"),
                    parents = wb_in_str(c, "ParentsOfAlarmName"), token = wb_in_str(c, "NextToken"),
                    after = WB_SLICE_NULL;
    struct wb_json names = wb_in(c, "AlarmNames");
    if (children.p || parents.p) {
        if (alone(c, children.p ? "ChildrenOfAlarmName" : "ParentsOfAlarmName"))
            relatives(c, children.p ? children : parents, children.p != NULL);
        return;
    }
    read_query(c, &q);
    if (q.prefix.p && wb_json_count(names)) {
        wb_fail(c, "ValidationException", 400,
                "AlarmNamePrefix and AlarmNames must not be used together.");
        return;
    }
    if (token.p && !wb_page_open(c, token, q.filter, &after)) {
        wb_fail(c, "InvalidNextToken", 400, "The value of NextToken is not valid.");
        return;
    }
    if (wb_json_count(names))
        by_names(&q, names);
    else
        by_prefix(&q, after);
    for (int composite = 0; composite < 2; composite++) {
        wb_out_list(&c->out, composite ? "CompositeAlarms" : "MetricAlarms");
        for (size_t i = 0; i < q.count; i++) {
            if (q.found[i].composite != composite)
                continue;
            if (composite)
                out_composite(&c->out, c->arena, &q.found[i]);
            else
                out_metric_alarm(&c->out, c->arena, &q.found[i]);
        }
        wb_out_end(&c->out);
    }
    if (q.last.p)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, q.filter, q.last));
}

/* --- DescribeAlarmsForMetric --- */

static bool same_dimensions(struct wb_arena *a, struct wb_json x, struct wb_json y)
{
    struct wb_json_iter it = wb_json_iter(x);
    if (wb_json_count(x) != wb_json_count(y))
        return false;
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_get_str(it.value, "Name", a);
        struct wb_json_iter other = wb_json_iter(y);
        bool there = false;
        while (!there && wb_json_next(&other))
            there = wb_slice_eq(name, wb_json_get_str(other.value, "Name", a)) &&
                    wb_slice_eq(wb_json_get_str(it.value, "Value", a),
                                wb_json_get_str(other.value, "Value", a));
        if (!there)
            return false;
    }
    return true;
}

static bool of_metric(struct wb_call *c, const struct cw_alarm *al)
{
    static const char *const same[] = {"Statistic", "ExtendedStatistic", "Unit"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct wb_slice v = wb_in_str(c, same[i]);
        if (v.p && !wb_slice_eq(v, cw_config_str(al, c->arena, same[i])))
            return false;
    }
    int64_t period = cw_alarm_period(al);
    return wb_in_i64(c, "Period", period) == period &&
           same_dimensions(c->arena, wb_in(c, "Dimensions"), wb_json_get(al->config, "Dimensions"));
}

void cw_describe_alarms_for_metric(struct wb_call *c)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(
        c->tx, wb_key(c->arena, WB_T_ALARM_METRIC, "ssss", c->ctx.account, c->ctx.region,
                      wb_in_str(c, "Namespace"), wb_in_str(c, "MetricName")));
    struct cw_alarm al;
    wb_out_list(&c->out, "MetricAlarms");
    while (wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_key_rd r = wb_key_rd(c->arena, key, &(uint16_t){0});
        for (int i = 0; i < 4; i++)
            wb_key_rd_str(&r);
        if (cw_alarm_read(c->tx, c->ctx.account, c->ctx.region, wb_key_rd_str(&r), &al) &&
            of_metric(c, &al))
            out_metric_alarm(&c->out, c->arena, &al);
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
}

/* --- tags --- */

/* The alarm of ResourceARN exists, or the call fails. Dashboards and insight rules have no tags
 * here. */
static bool resource(struct wb_call *c, struct wb_slice *arn)
{
    struct cw_alarm al, scope = {.account = c->ctx.account, .region = c->ctx.region};
    *arn = wb_in_str(c, "ResourceARN");
    struct wb_slice name =
        wb_slice_starts(*arn, WB_S("arn:")) ? cw_alarm_name(&scope, *arn) : WB_SLICE_NULL;
    if (!name.p)
        wb_fail(c, "InvalidParameterValueException", 400, "%.*s is not the ARN of an alarm.",
                WB_FMT(*arn));
    else if (!cw_alarm_read(c->tx, scope.account, scope.region, name, &al))
        wb_fail(c, "ResourceNotFoundException", 404, "Unknown resource: %.*s", WB_FMT(*arn));
    return !wb_failed(c);
}

void cw_tag(struct wb_call *c)
{
    struct wb_slice arn, why = WB_S("A resource has at most 50 tags.");
    struct wb_pair *tag;
    size_t count;
    if (!resource(c, &arn))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &tag, &count, &why) ||
        !wb_tags_put(c->tx, arn, tag, count))
        wb_fail(c, "InvalidParameterValueException", 400, "%.*s", WB_FMT(why));
}

void cw_untag(struct wb_call *c)
{
    struct wb_slice arn;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "TagKeys"));
    if (!resource(c, &arn))
        return;
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, arn, wb_json_str(it.value, c->arena));
}

void cw_list_tags(struct wb_call *c)
{
    struct wb_slice arn;
    if (resource(c, &arn))
        wb_tags_out(c->tx, arn, &c->out, "Tags");
}
