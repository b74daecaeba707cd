/* PutMetricData: all of a request is checked before any of it is stored. */
#include "base/limits.h"
#include "engine/metrics.h"
#include "services/cloudwatch/ops.h"
#include "services/cloudwatch/query.h"

#include <math.h>

#define VALUE_INVALID "InvalidParameterValueException"
#define COMBINATION   "InvalidParameterCombinationException"
#define MISSING       "MissingRequiredParameterException"
#define VALUE_MAX     0x1p360

struct put {
    struct wb_metric metric;
    int64_t time_ms;
    struct wb_datum datum;
};

/* A number that can be stored; NaN and infinity come as texts. */
static bool number(struct wb_call *c, struct wb_json v, struct wb_slice where, const char *name,
                   double *out)
{
    if (wb_json_double(v, out) && isfinite(*out) && fabs(*out) <= VALUE_MAX)
        return true;
    struct wb_slice text =
        wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, c->arena) : wb_json_raw(v);
    wb_fail(c, VALUE_INVALID, 400, "The value %.*s for parameter %.*s.%s is invalid.", WB_FMT(text),
            WB_FMT(where), name);
    return false;
}

static void read_values(struct wb_call *c, struct wb_json in, struct wb_slice where,
                        struct wb_datum *d)
{
    struct wb_json values = wb_json_get(in, "Values"), counts = wb_json_get(in, "Counts");
    uint32_t n = wb_json_count(values), m = wb_json_count(counts);
    if (n > WB_METRIC_VALUES_MAX)
        wb_fail(c, VALUE_INVALID, 400,
                "The collection %.*s.Values must not have a size greater than %d.", WB_FMT(where),
                WB_METRIC_VALUES_MAX);
    else if (m && m != n)
        wb_fail(c, VALUE_INVALID, 400,
                "The parameters %.*s.Values and %.*s.Counts must be of the same size.",
                WB_FMT(where), WB_FMT(where));
    struct wb_json_iter v = wb_json_iter(values), k = wb_json_iter(counts);
    while (!wb_failed(c) && wb_json_next(&v)) {
        double value, count = 1;
        if (!number(c, v.value, where, "Values", &value) ||
            (wb_json_next(&k) && !number(c, k.value, where, "Counts", &count)))
            return;
        if (count < 0)
            wb_fail(c, VALUE_INVALID, 400, "The value %.*s for parameter %.*s.Counts is invalid.",
                    WB_FMT(wb_json_raw(k.value)), WB_FMT(where));
        else
            wb_datum_value(d, value, count);
    }
}

static void read_set(struct wb_call *c, struct wb_json in, struct wb_slice where,
                     struct wb_datum *d)
{
    static const char *const names[] = {"SampleCount", "Sum", "Minimum", "Maximum"};
    struct wb_slice set = wb_printf(c->arena, "%.*s.StatisticValues", WB_FMT(where));
    double v[4];
    for (int i = 0; i < 4; i++)
        if (!number(c, wb_json_get(in, names[i]), set, names[i], &v[i]))
            return;
    if (v[3] < v[2])
        wb_fail(c, VALUE_INVALID, 400,
                "The parameter %.*s.Maximum must be greater than %.*s.Minimum.", WB_FMT(set),
                WB_FMT(set));
    else if (v[0] < 0)
        wb_fail(c, VALUE_INVALID, 400, "The parameter %.*s.SampleCount must be greater than 0.",
                WB_FMT(set));
    else if (v[0] == 0)
        wb_fail(c, VALUE_INVALID, 400, "The parameter %.*s.SampleCount must not equal 0.",
                WB_FMT(set));
    else
        wb_datum_sums(d, v[0], v[1], v[2], v[3]);
}

/* A value, values with their counts, or a statistic set: one of the three. */
static void read_data(struct wb_call *c, struct wb_json in, struct wb_slice where,
                      struct wb_datum *d)
{
    static const char *const names[] = {"Value", "Values", "StatisticValues"};
    const char *given[3];
    int n = 0;
    for (int i = 0; i < 3; i++) {
        struct wb_json v = wb_json_get(in, names[i]);
        if (wb_json_type(v) > WB_JSON_NULL && (i != 1 || wb_json_count(v)))
            given[n++] = names[i];
    }
    double value;
    if (n == 0)
        wb_fail(c, MISSING, 400,
                "At least one of the parameters %.*s.Value or %.*s.StatisticValues must be "
                "specified.",
                WB_FMT(where), WB_FMT(where));
    else if (n > 1)
        wb_fail(c, COMBINATION, 400,
                "The parameters %.*s.%s and %.*s.%s are mutually exclusive and you have "
                "specified both.",
                WB_FMT(where), given[0], WB_FMT(where), given[1]);
    else if (given[0] == names[1])
        read_values(c, in, where, d);
    else if (given[0] == names[2])
        read_set(c, wb_json_get(in, names[2]), where, d);
    else if (number(c, wb_json_get(in, "Value"), where, "Value", &value))
        wb_datum_value(d, value, 1);
}

static void read_time(struct wb_call *c, struct wb_json in, struct wb_slice where, struct put *p)
{
    int64_t now = c->tx->now_ms;
    double seconds, resolution;
    p->time_ms = now;
    if (wb_json_double(wb_json_get(in, "Timestamp"), &seconds))
        p->time_ms = (int64_t)floor(seconds * 1000);
    if (p->time_ms < now - WB_METRIC_PAST_MS)
        wb_fail(c, VALUE_INVALID, 400,
                "The parameter %.*s.Timestamp must specify a time within the past two weeks.",
                WB_FMT(where));
    else if (p->time_ms > now + WB_METRIC_FUTURE_MS)
        wb_fail(c, VALUE_INVALID, 400,
                "The parameter %.*s.Timestamp must specify a time no more than two hours in the "
                "future.",
                WB_FMT(where));
    if (!wb_json_double(wb_json_get(in, "StorageResolution"), &resolution))
        resolution = 60;
    if (resolution == 1 && p->time_ms >= now - WB_METRIC_SECONDS_MS)
        p->datum.second = (uint8_t)(p->time_ms / 1000 % 60);
    else if (resolution != 1 && resolution != 60)
        wb_fail(c, VALUE_INVALID, 400, "The parameter %.*s.StorageResolution must be one of 1, 60.",
                WB_FMT(where));
}

static void read_datum(struct wb_call *c, struct wb_slice ns, struct wb_json in,
                       struct wb_slice where, struct put *p)
{
    struct wb_metric_id id = cw_metric_id(c->arena, in);
    p->metric =
        (struct wb_metric){c->ctx.account, c->ctx.region, ns, id.name, id.dim, id.dim_count};
    p->datum = (struct wb_datum){.second = WB_WHOLE_MINUTE,
                                 .unit = wb_unit_code(wb_json_get_str(in, "Unit", c->arena))};
    for (size_t i = 1; i < id.dim_count; i++)
        if (wb_slice_eq(id.dim[i].name, id.dim[i - 1].name))
            wb_fail(c, VALUE_INVALID, 400, "No Metric may specify the same dimension twice.");
    read_time(c, in, where, p);
    if (!wb_failed(c))
        read_data(c, in, where, &p->datum);
}

static size_t read_list(struct wb_call *c, struct wb_slice ns, struct wb_json list,
                        const char *where, struct put *p)
{
    size_t n = 0;
    struct wb_json_iter it = wb_json_iter(list);
    while (!wb_failed(c) && wb_json_next(&it)) {
        read_datum(c, ns, it.value, wb_printf(c->arena, "%s.member.%zu", where, n + 1), &p[n]);
        n++;
    }
    return n;
}

/* What is told of entities is not kept; their metrics are. */
static size_t read_all(struct wb_call *c, struct wb_slice ns, size_t total, struct put *p)
{
    size_t n = read_list(c, ns, wb_in(c, "MetricData"), "MetricData", p);
    struct wb_json_iter it = wb_json_iter(wb_in(c, "EntityMetricData"));
    for (unsigned i = 1; wb_json_next(&it) && n <= total; i++)
        n += read_list(c, ns, wb_json_get(it.value, "MetricData"),
                       wb_printf(c->arena, "EntityMetricData.member.%u.MetricData", i).p, p + n);
    return n;
}

static size_t count_all(struct wb_call *c)
{
    size_t n = wb_json_count(wb_in(c, "MetricData"));
    struct wb_json_iter it = wb_json_iter(wb_in(c, "EntityMetricData"));
    while (wb_json_next(&it))
        n += wb_json_count(wb_json_get(it.value, "MetricData"));
    return n;
}

void cw_put_metric_data(struct wb_call *c)
{
    struct wb_slice ns = wb_in_str(c, "Namespace");
    size_t total = count_all(c), n = 0;
    struct put *p = wb_new_n(c->arena, struct put, total + 1);
    if (wb_slice_starts(ns, WB_S("AWS/")))
        wb_fail(c, VALUE_INVALID, 400, "The value %.*s for parameter Namespace is invalid.",
                WB_FMT(ns));
    else if (total == 0)
        wb_fail(c, MISSING, 400, "The parameter MetricData is required.");
    else if (total > WB_METRIC_DATA_MAX)
        wb_fail(c, VALUE_INVALID, 400,
                "The collection MetricData must not have a size greater than %d.",
                WB_METRIC_DATA_MAX);
    else
        n = read_all(c, ns, total, p);
    for (size_t i = 0; i < n; i++) {
        if (!wb_failed(c))
            wb_metric_add(c->tx, &p[i].metric, p[i].time_ms, &p[i].datum);
        wb_datum_release(&p[i].datum);
    }
}
