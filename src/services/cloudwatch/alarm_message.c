/* What alarms say to others: topics, functions, the event bus, their own history. */
#include "base/limits.h"
#include "codec/json.h"
#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/alarm_rule.h"

struct wb_slice cw_region_title(struct wb_arena *a, struct wb_slice region)
{
    static const char *const title[][2] = {{"us-east-1", "US East (N. Virginia)"},
                                           {"us-east-2", "US East (Ohio)"},
                                           {"us-west-1", "US West (N. California)"},
                                           {"us-west-2", "US West (Oregon)"},
                                           {"af-south-1", "Africa (Cape Town)"},
                                           {"ap-east-1", "Asia Pacific (Hong Kong)"},
                                           {"ap-south-1", "Asia Pacific (Mumbai)"},
                                           {"ap-south-2", "Asia Pacific (Hyderabad)"},
                                           {"ap-northeast-1", "Asia Pacific (Tokyo)"},
                                           {"ap-northeast-2", "Asia Pacific (Seoul)"},
                                           {"ap-northeast-3", "Asia Pacific (Osaka)"},
                                           {"ap-southeast-1", "Asia Pacific (Singapore)"},
                                           {"ap-southeast-2", "Asia Pacific (Sydney)"},
                                           {"ap-southeast-3", "Asia Pacific (Jakarta)"},
                                           {"ap-southeast-4", "Asia Pacific (Melbourne)"},
                                           {"ca-central-1", "Canada (Central)"},
                                           {"ca-west-1", "Canada West (Calgary)"},
                                           {"eu-central-1", "EU (Frankfurt)"},
                                           {"eu-central-2", "Europe (Zurich)"},
                                           {"eu-west-1", "EU (Ireland)"},
                                           {"eu-west-2", "EU (London)"},
                                           {"eu-west-3", "EU (Paris)"},
                                           {"eu-north-1", "EU (Stockholm)"},
                                           {"eu-south-1", "Europe (Milan)"},
                                           {"eu-south-2", "Europe (Spain)"},
                                           {"il-central-1", "Israel (Tel Aviv)"},
                                           {"me-central-1", "Middle East (UAE)"},
                                           {"me-south-1", "Middle East (Bahrain)"},
                                           {"sa-east-1", "South America (Sao Paulo)"}};
    for (size_t i = 0; i < sizeof title / sizeof *title; i++)
        if (wb_slice_is(region, title[i][0]))
            return wb_slice_str(title[i][1]);
    return wb_dup(a, region);
}

static void raw_or(struct wb_json_writer *w, const char *key, struct wb_json v,
                   const char *otherwise)
{
    wb_jw_kraw(w, key, wb_json_is(v) ? wb_json_raw(v) : wb_slice_str(otherwise));
}

static void copy(struct wb_json_writer *w, const char *key, struct wb_json config,
                 const char *member)
{
    struct wb_json v = wb_json_get(config, member);
    if (wb_json_is(v))
        wb_jw_kraw(w, key, wb_json_raw(v));
}

static void number(struct wb_json_writer *w, struct wb_arena *a, const char *key,
                   struct wb_json config, const char *member)
{
    double v;
    if (wb_json_double(wb_json_get(config, member), &v))
        wb_jw_kraw(w, key, cw_double(a, v));
}

/* --- topics --- */

/* "SampleCount" -> "SAMPLE_COUNT" */
static struct wb_slice upper(struct wb_arena *a, struct wb_slice s)
{
    struct wb_buf b = wb_buf_in(a);
    for (size_t i = 0; i < s.n; i++) {
        bool capital = s.p[i] >= 'A' && s.p[i] <= 'Z';
        if (i && capital)
            wb_buf_char(&b, '_');
        wb_buf_char(&b, capital || s.p[i] < 'a' ? s.p[i] : (char)(s.p[i] - 'a' + 'A'));
    }
    return wb_buf_slice(&b);
}

static void dimensions(struct wb_json_writer *w, struct wb_arena *a, const char *key,
                       struct wb_json list)
{
    struct wb_json_iter it = wb_json_iter(list);
    wb_jw_key(w, key);
    wb_jw_array(w);
    while (wb_json_next(&it)) {
        wb_jw_object(w);
        wb_jw_kstr(w, "value", wb_json_get_str(it.value, "Value", a));
        wb_jw_kstr(w, "name", wb_json_get_str(it.value, "Name", a));
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
}

static void trigger_metrics(struct wb_json_writer *w, struct wb_arena *a, struct wb_json list)
{
    struct wb_json_iter it = wb_json_iter(list);
    wb_jw_key(w, "Metrics");
    wb_jw_array(w);
    while (wb_json_next(&it)) {
        struct wb_json stat = wb_json_get(it.value, "MetricStat");
        wb_jw_object(w);
        copy(w, "Expression", it.value, "Expression");
        copy(w, "Id", it.value, "Id");
        copy(w, "Label", it.value, "Label");
        if (wb_json_is(stat)) {
            struct wb_json metric = wb_json_get(stat, "Metric");
            wb_jw_key(w, "MetricStat");
            wb_jw_object(w);
            wb_jw_key(w, "Metric");
            wb_jw_object(w);
            dimensions(w, a, "Dimensions", wb_json_get(metric, "Dimensions"));
            copy(w, "MetricName", metric, "MetricName");
            copy(w, "Namespace", metric, "Namespace");
            wb_jw_end_object(w);
            copy(w, "Period", stat, "Period");
            copy(w, "Stat", stat, "Stat");
            copy(w, "Unit", stat, "Unit");
            wb_jw_end_object(w);
        }
        wb_jw_kbool(w, "ReturnData", wb_json_bool(wb_json_get(it.value, "ReturnData"), true));
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
}

static void trigger(struct wb_json_writer *w, struct wb_arena *a, const struct cw_alarm *al)
{
    struct wb_json c = al->config, metrics = wb_json_get(c, "Metrics");
    struct wb_slice statistic = wb_json_get_str(c, "Statistic", a);
    wb_jw_key(w, "Trigger");
    wb_jw_object(w);
    if (!wb_json_is(metrics)) {
        copy(w, "MetricName", c, "MetricName");
        copy(w, "Namespace", c, "Namespace");
        wb_jw_kcstr(w, "StatisticType", statistic.p ? "Statistic" : "ExtendedStatistic");
        if (statistic.p)
            wb_jw_kstr(w, "Statistic", upper(a, statistic));
        else
            copy(w, "ExtendedStatistic", c, "ExtendedStatistic");
        raw_or(w, "Unit", wb_json_get(c, "Unit"), "null");
        dimensions(w, a, "Dimensions", wb_json_get(c, "Dimensions"));
    }
    wb_jw_ki64(w, "Period", cw_alarm_period(al));
    copy(w, "EvaluationPeriods", c, "EvaluationPeriods");
    copy(w, "DatapointsToAlarm", c, "DatapointsToAlarm");
    copy(w, "ComparisonOperator", c, "ComparisonOperator");
    number(w, a, "Threshold", c, "Threshold");
    raw_or(w, "TreatMissingData", wb_json_get(c, "TreatMissingData"), "\"\"");
    raw_or(w, "EvaluateLowSampleCountPercentile",
           wb_json_get(c, "EvaluateLowSampleCountPercentile"), "\"\"");
    if (wb_json_is(metrics))
        trigger_metrics(w, a, metrics);
    wb_jw_end_object(w);
}

#define CHILDREN_TOLD 10

/* The children that caused a composite alarm's state, as its reason data has them. */
static void children(struct wb_json_writer *w, struct wb_arena *a, const struct cw_alarm *al)
{
    struct wb_json_iter it =
        wb_json_iter(wb_json_get(wb_json_read(a, al->state.data, NULL), "triggeringAlarms"));
    wb_jw_key(w, "TriggeringChildren");
    wb_jw_array(w);
    for (int i = 0; i < CHILDREN_TOLD && wb_json_next(&it); i++) {
        struct wb_json state = wb_json_get(it.value, "state");
        wb_jw_object(w);
        copy(w, "Arn", it.value, "arn");
        wb_jw_key(w, "State");
        wb_jw_object(w);
        copy(w, "Value", state, "value");
        copy(w, "Timestamp", state, "timestamp");
        wb_jw_end_object(w);
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
}

static void action_lists(struct wb_json_writer *w, const struct cw_alarm *al)
{
    raw_or(w, "OKActions", wb_json_get(al->config, "OKActions"), "[]");
    raw_or(w, "AlarmActions", wb_json_get(al->config, "AlarmActions"), "[]");
    raw_or(w, "InsufficientDataActions", wb_json_get(al->config, "InsufficientDataActions"), "[]");
}

static struct wb_slice message_body(struct wb_arena *a, const struct cw_alarm *al,
                                    const struct cw_alarm_state *old)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "AlarmName", al->name);
    raw_or(&w, "AlarmDescription", wb_json_get(al->config, "AlarmDescription"), "null");
    wb_jw_kstr(&w, "AWSAccountId", al->account);
    if (!al->composite)
        wb_jw_kstr(&w, "AlarmConfigurationUpdatedTimestamp", cw_time(a, al->configured_ms));
    wb_jw_kcstr(&w, "NewStateValue", cw_state_names[al->state.value]);
    wb_jw_kstr(&w, "NewStateReason", al->state.reason);
    wb_jw_kstr(&w, "StateChangeTime", cw_time(a, al->state.since_ms));
    wb_jw_kstr(&w, "Region", cw_region_title(a, al->region));
    wb_jw_kstr(&w, "AlarmArn", al->arn);
    if (!al->composite)
        wb_jw_kcstr(&w, "OldStateValue", cw_state_names[old->value]);
    action_lists(&w, al);
    if (al->composite) {
        wb_jw_kcstr(&w, "OldStateValue", cw_state_names[old->value]);
        copy(&w, "AlarmRule", al->config, "AlarmRule");
        children(&w, a, al);
    } else {
        trigger(&w, a, al);
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* --- mail --- */

static const char *comparison(const struct cw_rule *r)
{
    static const char *const words[] = {"GreaterThanOrEqualTo", "GreaterThan", "LessThan",
                                        "LessThanOrEqualTo"};
    return words[r->compare];
}

static void mail_dimensions(struct wb_buf *b, struct wb_arena *a, struct wb_json list)
{
    struct wb_json_iter it = wb_json_iter(list);
    for (int n = 0; wb_json_next(&it); n++) {
        struct wb_slice name = wb_json_get_str(it.value, "Name", a),
                        value = wb_json_get_str(it.value, "Value", a);
        wb_buf_printf(b, "%s[%.*s = %.*s]", n ? " " : "", WB_FMT(name), WB_FMT(value));
    }
}

static void mail_metric(struct wb_buf *b, struct wb_arena *a, const struct cw_alarm *al)
{
    struct wb_json c = al->config;
    struct wb_slice ns = wb_json_get_str(c, "Namespace", a),
                    metric = wb_json_get_str(c, "MetricName", a),
                    stat = wb_json_get_str(c, "Statistic", a), unit = wb_json_get_str(c, "Unit", a),
                    missing = wb_json_get_str(c, "TreatMissingData", a);
    struct cw_rule r = cw_alarm_rule_of(al, a);
    struct wb_slice threshold = cw_double(a, r.threshold);
    long long period = (long long)cw_alarm_period(al);
    if (!stat.p)
        stat = wb_json_get_str(c, "ExtendedStatistic", a);
    if (!unit.p)
        unit = WB_S("not specified");
    if (!missing.p)
        missing = WB_S("missing");
    wb_buf_printf(b,
                  "\nThreshold:\n- The alarm is in the ALARM state when the metric is "
                  "%sThreshold %.*s for at least %u of the last %u period(s) of %lld seconds.\n",
                  comparison(&r), WB_FMT(threshold), r.to_alarm, r.periods, period);
    if (!metric.p)
        return;
    wb_buf_printf(b,
                  "\nMonitored Metric:\n"
                  "- MetricNamespace:                     %.*s\n"
                  "- MetricName:                          %.*s\n"
                  "- Dimensions:                          ",
                  WB_FMT(ns), WB_FMT(metric));
    mail_dimensions(b, a, wb_json_get(c, "Dimensions"));
    wb_buf_printf(b,
                  "\n- Period:                              %lld seconds\n"
                  "- Statistic:                           %.*s\n"
                  "- Unit:                                %.*s\n"
                  "- TreatMissingData:                    %.*s\n",
                  period, WB_FMT(stat), WB_FMT(unit), WB_FMT(missing));
}

static void mail_actions(struct wb_buf *b, struct wb_arena *a, const struct cw_alarm *al)
{
    static const char *const list[][2] = {{"OK", "OKActions"},
                                          {"ALARM", "AlarmActions"},
                                          {"INSUFFICIENT_DATA", "InsufficientDataActions"}};
    wb_buf_str(b, "\nState Change Actions:\n");
    for (size_t i = 0; i < 3; i++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(al->config, list[i][1]));
        wb_buf_printf(b, "- %s:", list[i][0]);
        while (wb_json_next(&it)) {
            struct wb_slice arn = wb_json_str(it.value, a);
            wb_buf_printf(b, " [%.*s]", WB_FMT(arn));
        }
        wb_buf_char(b, '\n');
    }
}

/* For people. */
static struct wb_slice message_mail(struct wb_arena *a, const struct cw_alarm *al,
                                    const struct cw_alarm_state *old)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_slice region = cw_region_title(a, al->region),
                    at = cw_long_time(a, al->state.since_ms),
                    text = cw_config_str(al, a, "AlarmDescription"),
                    rule = cw_config_str(al, a, "AlarmRule");
    const char *state = cw_state_names[al->state.value];
    wb_buf_printf(&b,
                  "You are receiving this email because your Amazon CloudWatch Alarm \"%.*s\" in "
                  "the %.*s region has entered the %s state, because \"%.*s\" at \"%.*s\".\n\n",
                  WB_FMT(al->name), WB_FMT(region), state, WB_FMT(al->state.reason), WB_FMT(at));
    wb_buf_printf(&b,
                  "Alarm Details:\n"
                  "- Name:                       %.*s\n"
                  "- Description:                %.*s\n"
                  "- State Change:               %s -> %s\n"
                  "- Reason for State Change:    %.*s\n"
                  "- Timestamp:                  %.*s\n"
                  "- AWS Account:                %.*s\n"
                  "- Alarm Arn:                  %.*s\n",
                  WB_FMT(al->name), WB_FMT(text), cw_state_names[old->value], state,
                  WB_FMT(al->state.reason), WB_FMT(at), WB_FMT(al->account), WB_FMT(al->arn));
    if (al->composite)
        wb_buf_printf(&b, "- Alarm Rule:                 %.*s\n", WB_FMT(rule));
    else
        mail_metric(&b, a, al);
    mail_actions(&b, a, al);
    return wb_buf_slice(&b);
}

struct wb_slice cw_subject(struct wb_arena *a, const struct cw_alarm *al)
{
    struct wb_slice region = cw_region_title(a, al->region);
    struct wb_slice s = wb_printf(a, "%s: \"%.*s\" in %.*s", cw_state_names[al->state.value],
                                  WB_FMT(al->name), WB_FMT(region));
    return s.n > WB_SNS_SUBJECT_MAX ? wb_slice_sub(s, 0, WB_SNS_SUBJECT_MAX) : s;
}

struct wb_slice cw_message(struct wb_arena *a, const struct cw_alarm *al,
                           const struct cw_alarm_state *old)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "default", message_body(a, al, old));
    wb_jw_kstr(&w, "sms", cw_subject(a, al));
    wb_jw_kstr(&w, "email", message_mail(a, al, old));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* --- events and functions --- */

static void event_dimensions(struct wb_json_writer *w, struct wb_arena *a, struct wb_json list)
{
    struct wb_json_iter it = wb_json_iter(list);
    wb_jw_key(w, "dimensions");
    wb_jw_object(w);
    while (wb_json_next(&it)) {
        wb_jw_key_slice(w, wb_json_get_str(it.value, "Name", a));
        wb_jw_str(w, wb_json_get_str(it.value, "Value", a));
    }
    wb_jw_end_object(w);
}

/* metric: what has Namespace, MetricName, Dimensions; stat: what has Period, Unit. */
static void event_stat(struct wb_json_writer *w, struct wb_arena *a, struct wb_json metric,
                       struct wb_json stat, struct wb_slice statistic)
{
    wb_jw_key(w, "metricStat");
    wb_jw_object(w);
    wb_jw_key(w, "metric");
    wb_jw_object(w);
    copy(w, "namespace", metric, "Namespace");
    copy(w, "name", metric, "MetricName");
    event_dimensions(w, a, wb_json_get(metric, "Dimensions"));
    wb_jw_end_object(w);
    copy(w, "period", stat, "Period");
    wb_jw_kstr(w, "stat", statistic);
    copy(w, "unit", stat, "Unit");
    wb_jw_end_object(w);
}

static void event_metrics(struct wb_json_writer *w, struct wb_arena *a, const struct cw_alarm *al)
{
    struct wb_json list = wb_json_get(al->config, "Metrics");
    struct wb_json_iter it = wb_json_iter(list);
    wb_jw_key(w, "metrics");
    wb_jw_array(w);
    if (!wb_json_is(list)) {
        struct wb_slice stat = cw_config_str(al, a, "Statistic");
        wb_jw_object(w);
        wb_jw_kstr(w, "id", al->id);
        event_stat(w, a, al->config, al->config,
                   stat.p ? stat : cw_config_str(al, a, "ExtendedStatistic"));
        wb_jw_kbool(w, "returnData", true);
        wb_jw_end_object(w);
    }
    while (wb_json_next(&it)) {
        struct wb_json stat = wb_json_get(it.value, "MetricStat");
        wb_jw_object(w);
        copy(w, "id", it.value, "Id");
        copy(w, "expression", it.value, "Expression");
        copy(w, "label", it.value, "Label");
        if (wb_json_is(stat))
            event_stat(w, a, wb_json_get(stat, "Metric"), stat, wb_json_get_str(stat, "Stat", a));
        wb_jw_kbool(w, "returnData", wb_json_bool(wb_json_get(it.value, "ReturnData"), true));
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
}

static void event_state(struct wb_json_writer *w, struct wb_arena *a, const char *key,
                        const struct cw_alarm_state *s, enum cw_suppressed by)
{
    static const char *const names[] = {NULL, "Alarm", "WaitPeriod", "ExtensionPeriod"};
    wb_jw_key(w, key);
    wb_jw_object(w);
    if (by) {
        wb_jw_kcstr(w, "actionsSuppressedBy", names[by]);
        wb_jw_kstr(w, "actionsSuppressedReason",
                   wb_printf(a, "Actions suppressed by %s", names[by]));
    }
    wb_jw_kcstr(w, "value", cw_state_names[s->value]);
    wb_jw_kstr(w, "reason", s->reason);
    if (s->data.n)
        wb_jw_kstr(w, "reasonData", s->data);
    wb_jw_kstr(w, "timestamp", cw_time(a, s->since_ms));
    wb_jw_end_object(w);
}

static void rule_members(struct wb_json_writer *w, const struct cw_alarm *al)
{
    copy(w, "alarmRule", al->config, "AlarmRule");
    copy(w, "actionsSuppressor", al->config, "ActionsSuppressor");
    copy(w, "actionsSuppressorWaitPeriod", al->config, "ActionsSuppressorWaitPeriod");
    copy(w, "actionsSuppressorExtensionPeriod", al->config, "ActionsSuppressorExtensionPeriod");
}

struct wb_slice cw_state_detail(struct wb_arena *a, const struct cw_alarm *al,
                                const struct cw_alarm_state *old)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "alarmName", al->name);
    event_state(&w, a, "state", &al->state, al->suppressed);
    event_state(&w, a, "previousState", old, CW_NOT_SUPPRESSED);
    wb_jw_key(&w, "configuration");
    wb_jw_object(&w);
    copy(&w, "description", al->config, "AlarmDescription");
    if (al->composite)
        rule_members(&w, al);
    else
        event_metrics(&w, a, al);
    wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

struct wb_slice cw_lambda_event(struct wb_arena *a, const struct cw_alarm *al,
                                const struct cw_alarm_state *old)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "source", "aws.cloudwatch");
    wb_jw_kstr(&w, "alarmArn", al->arn);
    wb_jw_kstr(&w, "accountId", al->account);
    wb_jw_kstr(&w, "time", cw_time(a, al->state.since_ms));
    wb_jw_kstr(&w, "region", al->region);
    wb_jw_kraw(&w, "alarmData", cw_state_detail(a, al, old));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static void configuration(struct wb_json_writer *w, struct wb_arena *a, const char *key,
                          const struct cw_alarm *al)
{
    wb_jw_key(w, key);
    wb_jw_object(w);
    if (al->composite) {
        rule_members(w, al);
    } else {
        copy(w, "evaluationPeriods", al->config, "EvaluationPeriods");
        copy(w, "datapointsToAlarm", al->config, "DatapointsToAlarm");
        copy(w, "threshold", al->config, "Threshold");
        copy(w, "comparisonOperator", al->config, "ComparisonOperator");
        copy(w, "treatMissingData", al->config, "TreatMissingData");
        copy(w, "evaluateLowSampleCountPercentile", al->config, "EvaluateLowSampleCountPercentile");
        event_metrics(w, a, al);
    }
    wb_jw_kstr(w, "alarmName", al->name);
    copy(w, "description", al->config, "AlarmDescription");
    wb_jw_kbool(w, "actionsEnabled", al->enabled);
    wb_jw_kstr(w, "timestamp", cw_time(a, al->configured_ms));
    raw_or(w, "okActions", wb_json_get(al->config, "OKActions"), "[]");
    raw_or(w, "alarmActions", wb_json_get(al->config, "AlarmActions"), "[]");
    raw_or(w, "insufficientDataActions", wb_json_get(al->config, "InsufficientDataActions"), "[]");
    wb_jw_end_object(w);
}

struct wb_slice cw_config_detail(struct wb_arena *a, const struct cw_alarm *al,
                                 const char *operation, const struct cw_alarm *old)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "alarmName", al->name);
    wb_jw_kcstr(&w, "operation", operation);
    event_state(&w, a, "state", &al->state, CW_NOT_SUPPRESSED);
    configuration(&w, a, "configuration", al);
    if (old)
        configuration(&w, a, "previousConfiguration", old);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* --- history of configurations --- */

static struct wb_slice history_alarm(struct wb_arena *a, const struct cw_alarm *al)
{
    static const char *const members[][2] = {
        {"alarmRule", "AlarmRule"},
        {"actionsSuppressor", "ActionsSuppressor"},
        {"actionsSuppressorWaitPeriod", "ActionsSuppressorWaitPeriod"},
        {"actionsSuppressorExtensionPeriod", "ActionsSuppressorExtensionPeriod"},
        {"namespace", "Namespace"},
        {"metricName", "MetricName"},
        {"statistic", "Statistic"},
        {"extendedStatistic", "ExtendedStatistic"},
        {"period", "Period"},
        {"unit", "Unit"}};
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer jw, *w = &jw;
    wb_jw_init(w, &b);
    wb_jw_object(w);
    wb_jw_kstr(w, "alarmName", al->name);
    copy(w, "alarmDescription", al->config, "AlarmDescription");
    wb_jw_kstr(w, "alarmArn", al->arn);
    wb_jw_kstr(w, "alarmConfigurationUpdatedTimestamp", cw_time(a, al->configured_ms));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        copy(w, members[i][0], al->config, members[i][1]);
    if (!al->composite) {
        struct wb_json metrics = wb_json_get(al->config, "Metrics");
        if (wb_json_is(metrics))
            event_metrics(w, a, al);
        else
            dimensions(w, a, "dimensions", wb_json_get(al->config, "Dimensions"));
        number(w, a, "threshold", al->config, "Threshold");
    }
    copy(w, "comparisonOperator", al->config, "ComparisonOperator");
    copy(w, "evaluationPeriods", al->config, "EvaluationPeriods");
    copy(w, "datapointsToAlarm", al->config, "DatapointsToAlarm");
    copy(w, "treatMissingData", al->config, "TreatMissingData");
    copy(w, "evaluateLowSampleCountPercentile", al->config, "EvaluateLowSampleCountPercentile");
    wb_jw_kcstr(w, "stateValue", cw_state_names[al->state.value]);
    wb_jw_kstr(w, "stateUpdatedTimestamp", cw_time(a, al->state.since_ms));
    wb_jw_kbool(w, "actionsEnabled", al->enabled);
    raw_or(w, "alarmActions", wb_json_get(al->config, "AlarmActions"), "[]");
    raw_or(w, "insufficientDataActions", wb_json_get(al->config, "InsufficientDataActions"), "[]");
    raw_or(w, "okactions", wb_json_get(al->config, "OKActions"), "[]");
    wb_jw_end_object(w);
    return wb_buf_slice(&b);
}

/* The members of the old alarm that are others now. */
static struct wb_slice changed_members(struct wb_arena *a, struct wb_slice old, struct wb_slice now)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_json v = wb_json_read(a, now, NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, old, NULL));
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    while (wb_json_next(&it)) {
        struct wb_json other = wb_json_get_slice(v, wb_json_str(it.key, a));
        if (wb_json_is(other) && wb_slice_eq(wb_json_raw(other), wb_json_raw(it.value)))
            continue;
        wb_jw_key_slice(&w, wb_json_str(it.key, a));
        wb_jw_raw(&w, wb_json_raw(it.value));
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

struct wb_slice cw_config_history(struct wb_arena *a, const struct cw_alarm *al,
                                  const struct cw_alarm *old, bool deleted)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_slice now = history_alarm(a, al);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "version", "1.0");
    wb_jw_kcstr(&w, "type", deleted ? "Delete" : old ? "Update" : "Create");
    wb_jw_kraw(&w, deleted ? "deletedAlarm" : old ? "updatedAlarm" : "createdAlarm", now);
    if (old)
        wb_jw_kraw(&w, "originalUpdatedFields", changed_members(a, history_alarm(a, old), now));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}
