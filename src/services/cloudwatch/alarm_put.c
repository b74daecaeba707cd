/* PutMetricAlarm: what it checks, and how a configuration comes into force. */
#include "base/arn.h"
#include "base/ids.h"
#include "base/limits.h"
#include "engine/audit.h"
#include "engine/tags.h"
#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/select.h"

static void invalid(struct wb_call *c, const char *text)
{
    wb_fail(c, "ValidationException", 400, "%s", text);
}

static bool has(struct wb_call *c, const char *member)
{
    return wb_json_is(wb_in(c, member));
}

/* --- actions --- */

bool cw_actions_ok(struct wb_call *c)
{
    static const char *const lists[] = {"OKActions", "AlarmActions", "InsufficientDataActions"};
    for (size_t i = 0; i < 3; i++) {
        struct wb_json_iter it = wb_json_iter(wb_in(c, lists[i]));
        while (wb_json_next(&it)) {
            struct wb_slice arn = wb_json_str(it.value, c->arena);
            struct wb_arn r;
            if (wb_arn_parse(arn, &r))
                continue;
            wb_fail(c, "ValidationException", 400, "Invalid arn syntax: %.*s", WB_FMT(arn));
            return false;
        }
    }
    return true;
}

/* --- the metric --- */

static bool period_ok(int64_t p)
{
    return p == 10 || p == 20 || p == 30 || (p > 0 && p % 60 == 0);
}

static void check_metric(struct wb_call *c)
{
    static const char *const needed[] = {"MetricName", "Namespace", "Period"};
    struct wb_slice extended = wb_in_str(c, "ExtendedStatistic");
    struct wb_stat stat;
    for (size_t i = 0; i < sizeof needed / sizeof *needed && !wb_failed(c); i++)
        if (!has(c, needed[i]))
            wb_fail(c, "ValidationException", 400, "%s must not be null", needed[i]);
    if (wb_failed(c))
        return;
    if (!has(c, "Statistic") && !extended.p)
        invalid(c, "Statistic must not be null");
    else if (has(c, "Statistic") && extended.p)
        wb_fail(c, "InvalidParameterCombinationException", 400,
                "The parameters Statistic and ExtendedStatistic must not be used together.");
    else if (extended.p && (!wb_stat_parse(extended, &stat) || stat.kind <= WB_STAT_MAXIMUM))
        wb_fail(c, "InvalidParameterValueException", 400,
                "The value %.*s for parameter ExtendedStatistic is not supported.",
                WB_FMT(extended));
    else if (!period_ok(wb_in_i64(c, "Period", 0)))
        invalid(c, "Period must be 10, 20, 30 or a multiple of 60");
    else if (!has(c, "Threshold"))
        invalid(c, "Threshold must not be null");
}

/* One of the list's elements. *metrics and *returned count; *period is that of the metrics. */
static void check_query(struct wb_call *c, struct wb_json q, unsigned *metrics, unsigned *returned,
                        int64_t *period)
{
    struct wb_json stat = wb_json_get(q, "MetricStat");
    int64_t p = wb_json_get_i64(wb_json_is(stat) ? stat : q, "Period", 0);
    struct wb_slice text = wb_json_get_str(q, "Expression", c->arena), why;
    const struct cw_select *select =
        text.p && cw_is_select(text) ? cw_select_parse(c->arena, text, &why) : NULL;
    *returned += wb_json_bool(wb_json_get(q, "ReturnData"), true);
    *metrics += wb_json_is(stat);
    if (select && select->groups)
        invalid(c, "An alarm watches one time series: its query has no GROUP BY");
    if (!p)
        return;
    if (!period_ok(p))
        invalid(c, "Period must be 10, 20, 30 or a multiple of 60");
    else if (*period && *period != p)
        invalid(c, "All metrics and expressions of an alarm must have the same period");
    *period = p;
}

static void check_queries(struct wb_call *c, struct wb_json list)
{
    static const char *const single[] = {"MetricName", "Namespace",         "Dimensions", "Period",
                                         "Statistic",  "ExtendedStatistic", "Unit"};
    struct wb_json_iter it = wb_json_iter(list);
    struct wb_slice why;
    unsigned metrics = 0, returned = 0;
    int64_t period = 0;
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (has(c, single[i])) {
            wb_fail(c, "ValidationException", 400,
                    "%s should not be set if list of Metrics is set.", single[i]);
            return;
        }
    if (wb_json_count(list) > WB_ALARM_QUERIES_MAX)
        wb_fail(c, "ValidationException", 400, "An alarm has at most %d metrics and expressions.",
                WB_ALARM_QUERIES_MAX);
    while (!wb_failed(c) && wb_json_next(&it))
        check_query(c, it.value, &metrics, &returned, &period);
    if (wb_failed(c))
        return;
    if (returned != 1)
        invalid(c, "Exactly one element of the metrics list should return data.");
    else if (metrics > WB_ALARM_METRICS_MAX)
        wb_fail(c, "ValidationException", 400, "An alarm is based on at most %d metrics.",
                WB_ALARM_METRICS_MAX);
    else if (!period)
        invalid(c, "Period must not be null");
    else if (!wb_query_check(c->arena, list, &why))
        wb_fail(c, "ValidationException", 400, "%.*s", WB_FMT(why));
    else if (!has(c, "Threshold"))
        invalid(c, "Threshold must not be null");
}

static bool check_option(struct wb_call *c, const char *member, const char *const *values,
                         const char *told)
{
    struct wb_slice v = wb_in_str(c, member);
    if (!v.p)
        return true;
    for (; *values; values++)
        if (wb_slice_is(v, *values))
            return true;
    wb_fail(c, "ValidationException", 400,
            "Option %.*s is not supported. Supported options for parameter %s are %s.", WB_FMT(v),
            member, told);
    return false;
}

/* Anomaly detection is not offered: it would need a trained model, and none is faked. */
static void check_comparison(struct wb_call *c)
{
    static const char *const missing[] = {"breaching", "notBreaching", "ignore", "missing", NULL};
    static const char *const low[] = {"evaluate", "ignore", NULL};
    enum cw_compare compare;
    if (has(c, "ThresholdMetricId") ||
        !cw_compare_read(wb_in_str(c, "ComparisonOperator"), &compare))
        invalid(c, "Anomaly detection is not offered here: ThresholdMetricId and the comparison "
                   "operators LessThanLowerOrGreaterThanUpperThreshold, LessThanLowerThreshold and "
                   "GreaterThanUpperThreshold cannot be used.");
    else if (check_option(c, "TreatMissingData", missing,
                          "breaching, notBreaching, ignore, and missing") &&
             check_option(c, "EvaluateLowSampleCountPercentile", low, "evaluate and ignore") &&
             wb_in_i64(c, "DatapointsToAlarm", 1) > wb_in_i64(c, "EvaluationPeriods", 1))
        invalid(c, "DatapointsToAlarm must be less than or equal to EvaluationPeriods");
}

static void check_range(struct wb_call *c, const struct cw_alarm *al)
{
    int64_t period = cw_alarm_period(al),
            max = period < 3600 ? WB_ALARM_RANGE_S : WB_ALARM_RANGE_LONG_S;
    if (wb_in_i64(c, "EvaluationPeriods", 1) > max / period)
        wb_fail(c, "ValidationException", 400,
                "Metrics cannot be checked across more than a %s (EvaluationPeriods * Period must "
                "be <= %lld).",
                period < 3600 ? "day" : "week", (long long)max);
}

/* --- coming into force --- */

struct wb_slice cw_config_text(struct wb_call *c)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(c->in);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, c->arena);
        if (wb_slice_is(key, "AlarmName") || wb_slice_is(key, "ActionsEnabled") ||
            wb_slice_is(key, "Tags") || wb_json_type(it.value) == WB_JSON_NULL)
            continue;
        wb_jw_key_slice(&w, key);
        wb_jw_raw(&w, wb_json_raw(it.value));
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool room(struct wb_call *c)
{
    if (cw_alarm_count(c->tx, c->ctx.account, c->ctx.region, WB_ALARMS_MAX) < WB_ALARMS_MAX)
        return true;
    wb_fail(c, "LimitExceededFault", 400, "The maximum limit of %d alarms has been reached.",
            WB_ALARMS_MAX);
    return false;
}

static bool read_tags(struct wb_call *c, struct wb_pair **tag, size_t *count)
{
    struct wb_slice why = WB_S("A resource has at most 50 tags.");
    if (wb_tags_read(c->arena, wb_in(c, "Tags"), tag, count, &why) && *count <= WB_TAGS_MAX)
        return true;
    wb_fail(c, "InvalidParameterValueException", 400, "%.*s", WB_FMT(why));
    return false;
}

/* "When you update an existing alarm, its state is left unchanged, but the update completely
 * overwrites the previous configuration"; its tags stay, too. */
void cw_alarm_configure(struct wb_call *c, struct cw_alarm *al, const struct cw_alarm *was)
{
    struct wb_pair *tag;
    size_t tags;
    if (!read_tags(c, &tag, &tags) || (!was && !room(c)))
        return;
    al->arn = cw_alarm_arn(c->arena, al->account, al->region, al->name);
    al->config = wb_json_read(c->arena, cw_config_text(c), NULL);
    al->enabled = wb_in_bool(c, "ActionsEnabled", true);
    al->configured_ms = c->tx->now_ms;
    if (was) {
        al->state = was->state;
        al->transitioned_ms = was->transitioned_ms;
        al->id = was->id;
        if (has(c, "ActionsSuppressor")) {
            al->suppressed = was->suppressed;
            al->until_ms = was->until_ms;
            al->held = was->held;
        }
        cw_alarm_index(c->tx, was, false);
    } else {
        al->state = (struct cw_alarm_state){.value = CW_INSUFFICIENT_DATA,
                                            .reason = WB_S("Unchecked: Initial alarm creation"),
                                            .since_ms = c->tx->now_ms};
        al->transitioned_ms = c->tx->now_ms;
        if (!al->composite)
            al->id = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
        wb_tags_put(c->tx, al->arn, tag, tags);
    }
    cw_alarm_write(c->tx, al);
    cw_alarm_index(c->tx, al, true);
    if (!al->composite)
        cw_tick_start(c->tx, al);
    cw_history_add(
        c->tx, al, "ConfigurationUpdate",
        wb_printf(c->arena, "Alarm \"%.*s\" %s", WB_FMT(al->name), was ? "updated" : "created"),
        cw_config_history(c->arena, al, was, false));
    wb_bus_publish(c->tx, &c->ctx, "aws.cloudwatch", "CloudWatch Alarm Configuration Change",
                   al->arn, cw_config_detail(c->arena, al, was ? "update" : "create", was));
}

void cw_put_metric_alarm(struct wb_call *c)
{
    struct cw_alarm was, al = {.account = c->ctx.account,
                               .region = c->ctx.region,
                               .name = wb_in_str(c, "AlarmName")};
    bool there = cw_alarm_read(c->tx, al.account, al.region, al.name, &was);
    struct wb_json queries = wb_in(c, "Metrics");
    if (there && was.composite) {
        wb_fail(c, "ValidationException", 400, "A composite alarm with the name %.*s exists.",
                WB_FMT(al.name));
        return;
    }
    check_comparison(c);
    if (!wb_failed(c) && wb_json_count(queries))
        check_queries(c, queries);
    else if (!wb_failed(c))
        check_metric(c);
    if (wb_failed(c) || !cw_actions_ok(c))
        return;
    al.config = c->in;
    check_range(c, &al);
    struct wb_slice why;
    if (!wb_failed(c) && wb_json_count(queries) && !cw_alarm_affordable(c->tx, &al, &why))
        wb_fail(c, "ValidationException", 400, "%.*s", WB_FMT(why));
    if (!wb_failed(c))
        cw_alarm_configure(c, &al, there ? &was : NULL);
}
