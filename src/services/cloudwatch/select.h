/*
 * Metrics Insights (CloudWatch User Guide, "Metrics Insights query components and syntax"):
 *
 *   SELECT FUNCTION(metric) FROM namespace | SCHEMA(namespace, key, ...)
 *   [WHERE condition] [GROUP BY key, ...] [ORDER BY FUNCTION() [ASC | DESC]] [LIMIT n]
 *
 * A condition is key = 'value' or key != 'value', joined by AND and OR, with parentheses. Keywords
 * are of any case; names other than letters, digits and underscores, and keywords, stand in double
 * quotes, values in single ones.
 */
#ifndef WB_CLOUDWATCH_SELECT_H
#define WB_CLOUDWATCH_SELECT_H

#include "base/limits.h"
#include "services/cloudwatch/metric_math.h"

enum select_function { SELECT_AVG, SELECT_COUNT, SELECT_MAX, SELECT_MIN, SELECT_SUM };
enum select_kind { SELECT_IS, SELECT_IS_NOT, SELECT_AND, SELECT_OR };

struct select_term {
    enum select_kind kind;
    struct wb_slice key, value;      /* of a comparison */
    const struct select_term *a, *b; /* of AND and OR */
};

struct cw_select {
    enum select_function function;
    struct wb_slice metric, ns;
    bool schema; /* exactly these dimensions */
    struct wb_slice dim[WB_METRIC_DIMENSIONS_MAX];
    size_t dims;
    const struct select_term *where; /* NULL: all */
    struct wb_slice group[WB_METRIC_DIMENSIONS_MAX];
    size_t groups;
    bool ordered, descending;
    enum select_function by;
    size_t limit;
};

/* Does the expression begin like a query? Metric math has no such name. */
bool cw_is_select(struct wb_slice expression);
/* select_parse.c. NULL with *why = what is wrong, for people. */
const struct cw_select *cw_select_parse(struct wb_arena *a, struct wb_slice text,
                                        struct wb_slice *why);
/* A time series, or an array of them when there is a GROUP BY. Without e->tx only the type. */
bool cw_select_run(struct math_env *e, const struct cw_select *s, struct math_value *out);

#endif
