/*
 * What an alarm thinks of its data points: pure functions, no store (CloudWatch User Guide,
 * "Configuring how CloudWatch alarms treat missing data").
 *
 * More points are looked at than the alarm has evaluation periods (the evaluation range). The
 * newest existing ones are judged; only when fewer exist than there are periods, missing ones are
 * filled in as the alarm says.
 */
#ifndef WB_CLOUDWATCH_ALARM_JUDGE_H
#define WB_CLOUDWATCH_ALARM_JUDGE_H

#include "base/arena.h"

enum cw_state { CW_OK, CW_ALARM, CW_INSUFFICIENT_DATA };
extern const char *const cw_state_names[]; /* by enum cw_state; NULL at the end */
bool cw_state_read(struct wb_slice text, enum cw_state *out);

enum cw_missing { CW_MISSING, CW_IGNORE, CW_BREACHING, CW_NOT_BREACHING };
bool cw_missing_read(struct wb_slice text, enum cw_missing *out);

enum cw_compare { CW_GREATER_EQUAL, CW_GREATER, CW_LESS, CW_LESS_EQUAL };
bool cw_compare_read(struct wb_slice text, enum cw_compare *out);

/* The documents tell of 5 points for 3 periods, and of 3 or 4 for one. */
#define CW_RANGE_MORE 2

struct cw_point {
    int64_t at_ms; /* begin of its period */
    double value;  /* NaN: missing */
    double samples;
};

struct cw_rule {
    unsigned periods, to_alarm; /* N and M, M <= N */
    bool m_of_n;                /* M was given: it is told in the reason */
    enum cw_missing missing;
    enum cw_compare compare;
    double threshold;
};

struct cw_verdict {
    enum cw_state state;
    bool retain; /* the state stays, whatever it is */
    /* What it rests on, newest first: existing points, and how many were filled in. */
    const struct cw_point **used;
    unsigned used_count, filled;
};

bool cw_breaches(const struct cw_rule *r, double value);
/* point: the evaluation range, newest first. */
struct cw_verdict cw_judge(struct wb_arena *a, const struct cw_rule *r,
                           const struct cw_point *point, size_t count);
/* StateReason, in AWS's words. */
struct wb_slice cw_reason(struct wb_arena *a, const struct cw_rule *r, const struct cw_verdict *v);

/* StateReasonData. statistic and unit may be null. */
struct cw_data {
    int64_t query_ms;
    struct wb_slice unit, statistic;
    int64_t period_s;
};
struct wb_slice cw_reason_data(struct wb_arena *a, const struct cw_rule *r,
                               const struct cw_verdict *v, const struct cw_point *point,
                               size_t count, const struct cw_data *d);

/* As Java prints a double: 5.0, 0.05, 1.0E7. */
struct wb_slice cw_double(struct wb_arena *a, double v);
/* 2026-11-22T23:00:00.000+0000 */
struct wb_slice cw_time(struct wb_arena *a, int64_t ms);
/* Sunday 22 November, 2026 23:00:00 UTC */
struct wb_slice cw_long_time(struct wb_arena *a, int64_t ms);

#endif
