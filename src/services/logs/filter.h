/*
 * Metric filters and subscription filters: what lines that are written cause.
 *
 * A filter is a row (WB_T_LOGS_FILTER) under its group's number, so a group made again under its
 * name begins without any. The definition of a group's filters, with compiled patterns, is cached
 * by that number; lines are looked at where they are written (engine/logs.h, wb_log_watch).
 */
#ifndef WB_LOGS_FILTER_H
#define WB_LOGS_FILTER_H

#include "services/logs/logs.h"
#include "services/logs/pattern.h"

enum logs_filter_kind { LOGS_METRIC = 'm', LOGS_SUBSCRIPTION = 's' };

struct logs_dimension {
    struct wb_slice name;
    struct logs_field *field;
};

struct logs_filter {
    enum logs_filter_kind kind;
    struct wb_slice name, text; /* text: of the pattern */
    int64_t created_ms;
    struct logs_pattern *pattern; /* NULL: of a row that is damaged */
    struct wb_json doc;           /* the row */
    /* Metric filters: */
    const char *ns, *metric, *unit;
    double value, otherwise;
    struct logs_field *field; /* NULL: `value` */
    bool has_otherwise;
    struct logs_dimension dim[WB_LOGS_DIMENSIONS_MAX]; /* sorted */
    size_t dims;
    /* Subscriptions: */
    struct wb_slice destination;
};

/* Metric filters first, each kind by name. */
struct logs_filters {
    struct wb_arena arena;
    struct logs_filter *filter;
    size_t count;
};

extern struct wb_def_kind logs_filters_kind;
const struct logs_filters *logs_filters(struct wb_tx *tx, uint64_t group); /* never NULL while the
                                                                              store is well */
/* Of a row; everything in a. False: the row is damaged. */
bool logs_filter_read(struct wb_arena *a, enum logs_filter_kind kind, struct wb_slice name,
                      struct wb_slice row, struct logs_filter *f);
struct wb_slice logs_filter_key(struct wb_arena *a, uint64_t group, enum logs_filter_kind kind,
                                struct wb_slice name);
bool logs_filter_find(struct wb_tx *tx, uint64_t group, enum logs_filter_kind kind,
                      struct wb_slice name, struct logs_filter *f);
void logs_filter_put(struct wb_tx *tx, uint64_t group, enum logs_filter_kind kind,
                     struct wb_slice name, struct wb_slice row);
size_t logs_filter_count(struct wb_tx *tx, uint64_t group, enum logs_filter_kind kind);
/* The call's group and pattern, and room for one more filter; else it fails. */
bool logs_filter_admit(struct wb_call *c, enum logs_filter_kind kind, size_t most,
                       struct wb_log_group *g, struct logs_pattern **pattern);
void logs_filters_drop(struct wb_tx *tx, uint64_t group); /* the group goes */
void logs_filters_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

/* Lines were written: of one block, stamp is theirs. */
void logs_metric_lines(struct wb_tx *tx, const struct wb_log_group *g, const struct logs_filter *f,
                       const struct wb_log_block_lines *l);
void logs_subscription_lines(struct wb_tx *tx, const struct wb_log_group *g,
                             const struct logs_filter *f, const struct wb_log_block_lines *l);
extern const struct wb_executor logs_default_executor, logs_subscription_executor;

void logs_put_metric_filter(struct wb_call *c);
void logs_describe_metric_filters(struct wb_call *c);
void logs_delete_metric_filter(struct wb_call *c);
void logs_test_metric_filter(struct wb_call *c);
void logs_put_subscription(struct wb_call *c);
void logs_describe_subscriptions(struct wb_call *c);
void logs_delete_subscription(struct wb_call *c);

extern const struct wb_shape logs_s_put_metric_filter, logs_s_metric_filters, logs_s_test_filter,
    logs_s_delete_filter, logs_s_put_subscription, logs_s_subscriptions;

#endif
