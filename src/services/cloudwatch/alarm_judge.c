#include "services/cloudwatch/alarm_judge.h"
#include "base/time.h"
#include "codec/json.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *const cw_state_names[] = {"OK", "ALARM", "INSUFFICIENT_DATA", NULL};
static const char *const missing_names[] = {"missing", "ignore", "breaching", "notBreaching", NULL};
static const char *const compare_names[] = {"GreaterThanOrEqualToThreshold", "GreaterThanThreshold",
                                            "LessThanThreshold", "LessThanOrEqualToThreshold",
                                            NULL};

static bool find(struct wb_slice text, const char *const *names, int *out)
{
    for (int i = 0; names[i]; i++)
        if (wb_slice_is(text, names[i])) {
            *out = i;
            return true;
        }
    return false;
}

bool cw_state_read(struct wb_slice text, enum cw_state *out)
{
    int i = 0;
    bool good = find(text, cw_state_names, &i);
    *out = (enum cw_state)i;
    return good;
}

bool cw_missing_read(struct wb_slice text, enum cw_missing *out)
{
    int i = 0;
    bool good = find(text, missing_names, &i);
    *out = (enum cw_missing)i;
    return good;
}

bool cw_compare_read(struct wb_slice text, enum cw_compare *out)
{
    int i = 0;
    bool good = find(text, compare_names, &i);
    *out = (enum cw_compare)i;
    return good;
}

bool cw_breaches(const struct cw_rule *r, double value)
{
    switch (r->compare) {
    case CW_GREATER_EQUAL:
        return value >= r->threshold;
    case CW_GREATER:
        return value > r->threshold;
    case CW_LESS:
        return value < r->threshold;
    default:
        return value <= r->threshold;
    }
}

/* "Avoiding premature transitions to alarm state": nothing but breaching points, the oldest at
 * least as old as the points to alarm. A younger one waits for what comes next. */
static bool old_enough(const struct cw_rule *r, const struct cw_point *point, size_t count)
{
    size_t oldest = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(point[i].value))
            continue;
        if (!cw_breaches(r, point[i].value))
            return false;
        oldest = i + 1;
    }
    return oldest >= r->to_alarm;
}

struct cw_verdict cw_judge(struct wb_arena *a, const struct cw_rule *r,
                           const struct cw_point *point, size_t count)
{
    struct cw_verdict v = {.used = wb_new_n(a, const struct cw_point *, r->periods)};
    unsigned bad = 0;
    for (size_t i = 0; i < count && v.used_count < r->periods; i++) {
        if (isnan(point[i].value))
            continue;
        v.used[v.used_count++] = &point[i];
        bad += cw_breaches(r, point[i].value);
    }
    unsigned absent = r->periods - v.used_count;
    bool good = v.used_count > bad;
    if (r->missing == CW_BREACHING || r->missing == CW_NOT_BREACHING)
        v.filled = absent;
    if (r->missing == CW_BREACHING)
        bad += absent;
    if (bad >= r->to_alarm)
        v.state = CW_ALARM;
    else if (!absent || good || r->missing == CW_BREACHING || r->missing == CW_NOT_BREACHING)
        v.state = CW_OK;
    else if (r->missing == CW_IGNORE)
        v.retain = true;
    else
        v.state = old_enough(r, point, count) ? CW_ALARM : CW_INSUFFICIENT_DATA;
    return v;
}

/* --- words --- */

static int exponent_of(const char *digits)
{
    return (int)strtol(strchr(digits, 'e') + 1, NULL, 10);
}

struct wb_slice cw_double(struct wb_arena *a, double v)
{
    char digits[32];
    int precision = 0, exponent;
    do /* the shortest that reads back the same */
        snprintf(digits, sizeof digits, "%.*e", precision, v);
    while (strtod(digits, NULL) != v && ++precision < 17);
    if (v == 0 || (fabs(v) >= 1e-3 && fabs(v) < 1e7)) {
        exponent = v == 0 ? 0 : exponent_of(digits);
        int decimals = precision - exponent;
        return wb_printf(a, "%.*f", decimals < 1 ? 1 : decimals, v);
    }
    char *e = strchr(digits, 'e');
    exponent = exponent_of(digits);
    *e = 0;
    return wb_printf(a, "%s%sE%d", digits, strchr(digits, '.') ? "" : ".0", exponent);
}

struct wb_slice cw_time(struct wb_arena *a, int64_t ms)
{
    return wb_time_str(a, ms, WB_TIME_ISO_OFF);
}

struct wb_slice cw_long_time(struct wb_arena *a, int64_t ms)
{
    static const char *const day[] = {"Thursday", "Friday",  "Saturday", "Sunday",
                                      "Monday",   "Tuesday", "Wednesday"};
    static const char *const month[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    int64_t days = ms / 86400000, s = ms / 1000 % 86400, y;
    unsigned m, d;
    wb_civil_from_days(days, &y, &m, &d);
    return wb_printf(a, "%s %02u %s, %04lld %02lld:%02lld:%02lld UTC", day[days % 7], d,
                     month[m - 1], (long long)y, (long long)(s / 3600), (long long)(s / 60 % 60),
                     (long long)(s % 60));
}

static void short_time(struct wb_buf *b, int64_t ms)
{
    int64_t s = ms / 1000 % 86400, y;
    unsigned m, d;
    wb_civil_from_days(ms / 86400000, &y, &m, &d);
    wb_buf_printf(b, " (%02u/%02u/%02lld %02lld:%02lld:%02lld)", d, m, (long long)(y % 100),
                  (long long)(s / 3600), (long long)(s / 60 % 60), (long long)(s % 60));
}

#define LISTED 5 /* points that a reason lists */

/* The points that speak for the state: "[5.0 (22/11/26 23:00:00), ...]". */
static void list(struct wb_buf *b, const struct cw_rule *r, const struct cw_verdict *v,
                 struct wb_arena *a)
{
    unsigned n = 0;
    wb_buf_char(b, '[');
    for (unsigned i = 0; i < v->used_count && n < LISTED; i++) {
        const struct cw_point *p = v->used[i];
        if (cw_breaches(r, p->value) != (v->state == CW_ALARM))
            continue;
        if (n++)
            wb_buf_str(b, ", ");
        wb_buf_slice_put(b, cw_double(a, p->value));
        short_time(b, p->at_ms);
    }
    wb_buf_char(b, ']');
}

static void filled(struct wb_buf *b, const struct cw_rule *r, const struct cw_verdict *v)
{
    if (v->filled)
        wb_buf_printf(b, " and %u missing datapoint%s treated as [%s]", v->filled,
                      v->filled == 1 ? " was" : "s were",
                      r->missing == CW_BREACHING ? "Breaching" : "NonBreaching");
}

static void minimum(struct wb_buf *b, const struct cw_rule *r, const struct cw_verdict *v)
{
    bool up = v->state == CW_ALARM;
    unsigned n = up ? r->to_alarm : r->periods - r->to_alarm + 1;
    if (r->m_of_n)
        wb_buf_printf(b, " (minimum %u datapoint%s for %s transition)", n, n == 1 ? "" : "s",
                      up ? "OK -> ALARM" : "ALARM -> OK");
}

struct wb_slice cw_reason(struct wb_arena *a, const struct cw_rule *r, const struct cw_verdict *v)
{
    static const char *const compared[] = {"greater than or equal to", "greater than", "less than",
                                           "less than or equal to"};
    unsigned speak = 0, absent = r->periods - v->used_count;
    for (unsigned i = 0; i < v->used_count; i++)
        speak += cw_breaches(r, v->used[i]->value) == (v->state == CW_ALARM);
    if (v->state == CW_INSUFFICIENT_DATA)
        return wb_printf(a, "Insufficient Data: %u datapoint%s unknown.", absent,
                         absent == 1 ? " was" : "s were");
    struct wb_buf b = wb_buf_in(a);
    wb_buf_str(&b, "Threshold Crossed: ");
    if (!speak) {
        if (!v->used_count)
            wb_buf_str(&b, "no datapoints were");
        else
            wb_buf_printf(&b, "%u datapoint%s", v->used_count,
                          v->used_count == 1 ? " was" : "s were");
        wb_buf_printf(&b, " received for %u period%s", r->periods, r->periods == 1 ? "" : "s");
        filled(&b, r, v);
        wb_buf_char(&b, '.');
        return wb_buf_slice(&b);
    }
    if (r->m_of_n)
        wb_buf_printf(&b, "%u out of the last %u datapoints", speak, r->periods);
    else
        wb_buf_printf(&b, "%u datapoint%s", speak, speak == 1 ? "" : "s");
    if (speak < LISTED) {
        wb_buf_char(&b, ' ');
        list(&b, r, v, a);
    }
    struct wb_slice threshold = cw_double(a, r->threshold);
    wb_buf_printf(&b, " %s %s%s the threshold (%.*s)", speak == 1 ? "was" : "were",
                  v->state == CW_ALARM ? "" : "not ", compared[r->compare], WB_FMT(threshold));
    filled(&b, r, v);
    if (speak >= LISTED) {
        wb_buf_str(&b, ". The most recent datapoints which crossed the threshold: ");
        list(&b, r, v, a);
    }
    minimum(&b, r, v);
    wb_buf_char(&b, '.');
    return wb_buf_slice(&b);
}

/* --- data --- */

#define RECENT_MAX    50 /* StateReasonData has at most 4,000 characters */
#define EVALUATED_MAX 20

static void evaluated(struct wb_json_writer *w, struct wb_arena *a, const struct cw_rule *r,
                      const struct cw_verdict *v, const struct cw_point *point, size_t count)
{
    unsigned absent = r->periods - v->used_count, left = r->periods;
    if (left > EVALUATED_MAX)
        left = EVALUATED_MAX;
    wb_jw_key(w, "evaluatedDatapoints");
    wb_jw_array(w);
    for (size_t i = 0; i < count && left; i++) {
        bool missing = isnan(point[i].value);
        if (missing && !absent)
            continue;
        absent -= missing;
        left--;
        wb_jw_object(w);
        wb_jw_kstr(w, "timestamp", cw_time(a, point[i].at_ms));
        if (!missing) {
            wb_jw_kraw(w, "sampleCount", cw_double(a, point[i].samples));
            wb_jw_kraw(w, "value", cw_double(a, point[i].value));
        }
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
}

struct wb_slice cw_reason_data(struct wb_arena *a, const struct cw_rule *r,
                               const struct cw_verdict *v, const struct cw_point *point,
                               size_t count, const struct cw_data *d)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    unsigned recent = v->used_count < RECENT_MAX ? v->used_count : RECENT_MAX;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "version", "1.0");
    wb_jw_kstr(&w, "queryDate", cw_time(a, d->query_ms));
    if (recent)
        wb_jw_kstr(&w, "startDate", cw_time(a, v->used[recent - 1]->at_ms));
    if (d->unit.n)
        wb_jw_kstr(&w, "unit", d->unit);
    if (d->statistic.n)
        wb_jw_kstr(&w, "statistic", d->statistic);
    wb_jw_ki64(&w, "period", d->period_s);
    wb_jw_key(&w, "recentDatapoints");
    wb_jw_array(&w);
    for (unsigned i = recent; i-- > 0;)
        wb_jw_raw(&w, cw_double(a, v->used[i]->value));
    wb_jw_end_array(&w);
    wb_jw_kraw(&w, "threshold", cw_double(a, r->threshold));
    evaluated(&w, a, r, v, point, count);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}
