/* A statistic of the values of one period. */
#ifndef WB_CLOUDWATCH_STAT_H
#define WB_CLOUDWATCH_STAT_H

#include "engine/datum.h"
#include "services/cloudwatch/cloudwatch.h"

struct wb_period {
    double count, sum, min, max;
    bool unspread;                     /* some values are only in the sums: no percentiles */
    const struct wb_value_count *pair; /* in order of value; together `count` samples */
    size_t pairs;
};

/* Does it need the distribution of the values? */
bool wb_stat_spread(const struct wb_stat *s);
/* NaN: there is no such value (no data, or not enough is known of it). */
double wb_stat_value(const struct wb_stat *s, const struct wb_period *p);

#endif
