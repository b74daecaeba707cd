/*
 * The body of a dashboard: is it what CloudWatch draws (API Reference, "Dashboard Body Structure
 * and Syntax")? Every fault is told with its path. Members that the reference does not name are let
 * through.
 */
#ifndef WB_CLOUDWATCH_DASHBOARD_BODY_H
#define WB_CLOUDWATCH_DASHBOARD_BODY_H

#include "base/arena.h"
#include "codec/json.h"

struct cw_finding {
    struct wb_slice path,
        message; /* "/widgets/0/properties", "Should have required property 'x'" */
};
struct cw_findings {
    struct cw_finding *item; /* at most WB_DASHBOARD_MESSAGES_MAX */
    size_t count;
};

/* body: an object. */
void cw_dashboard_validate(struct wb_arena *a, struct wb_json body, struct cw_findings *out);

/* A row of a widget's metrics with the shorthand of "." and "..." filled in from the row before. */
struct cw_metric_row {
    struct wb_slice *field; /* namespace, metric, dimension name, value, ... */
    size_t count;
    struct wb_json options; /* the object at the end, or WB_JSON_NONE */
    bool expression;        /* no fields, options have an expression */
};
/* before NULL: it is the first. False with *why; *bad_field is the index of what is wrong, or -1.
 */
bool cw_metric_row_read(struct wb_arena *a, struct wb_json row, const struct cw_metric_row *before,
                        struct cw_metric_row *out, int *bad_field, const char **why);

#endif
