/*
 * Schedule expressions of rules, in UTC: rate(5 minutes), cron(0 10 ? * MON-FRI *).
 * (EventBridge User Guide, "Setting a schedule pattern for scheduled rules")
 */
#ifndef WB_EVENTS_SCHEDULE_H
#define WB_EVENTS_SCHEDULE_H

#include "base/slice.h"

#define WB_CRON_YEAR_MIN 1970
#define WB_CRON_YEAR_MAX 2199

struct wb_schedule_plan {
    int64_t rate_ms;        /* 0: a cron expression, the rest */
    uint64_t minutes;       /* bits */
    uint32_t hours, months; /* months: bits 1..12 */
    bool any_day;           /* day of month is ? */
    bool any_weekday;       /* day of week is ? */
    uint32_t days;          /* bits 1..31 */
    bool last_day;          /* L */
    uint32_t near_weekday;  /* nW: bits 1..31 */
    bool last_weekday;      /* LW */
    uint32_t weekdays;      /* bits 1..7, 1 = Sunday */
    uint32_t last_of;       /* nL: bits 1..7 */
    uint64_t nth;           /* n#k: bit n * 8 + k */
    uint32_t years[8];      /* bits from WB_CRON_YEAR_MIN */
};

bool wb_schedule_parse(struct wb_slice s, struct wb_schedule_plan *out);
/* The first time after after_ms; of a rate: start_ms plus a multiple of it. INT64_MAX: never. */
int64_t wb_plan_next(const struct wb_schedule_plan *p, int64_t start_ms, int64_t after_ms);

#endif
