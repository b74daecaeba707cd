/*
 * What the operations on items have in common: parameters that are expressions or their older
 * forms, consumed capacity, metrics, item collection metrics. All functions that can fail set the
 * call's error and return false.
 */
#ifndef WB_SERVICES_DYNAMODB_REQUEST_H
#define WB_SERVICES_DYNAMODB_REQUEST_H

#include "services/dynamodb/expr.h"
#include "services/dynamodb/rows.h"

/* The expressions of a request, parsed. `from` is the object that holds the parameters: the input,
 * or an element of a batch. */
struct wb_ddb_exprs {
    struct wb_json from;
    struct wb_bindings bindings;
    struct wb_expr *condition; /* ConditionExpression or Expected */
    struct wb_expr *filter;    /* FilterExpression, QueryFilter or ScanFilter */
    const char *filter_name;   /* as the error texts name it */
    struct wb_update update;
    bool has_update;
    struct wb_projection projection; /* ProjectionExpression or AttributesToGet */
    bool has_projection;
    struct wb_key_conditions keys;
    bool has_keys;
};

/* The parameters an operation knows, NULL-terminated: expressions, and the older ones that exclude
 * them. */
struct wb_ddb_params {
    const char *const *expressions, *const *older;
};
extern const struct wb_ddb_params wb_ddb_put_params, wb_ddb_update_params, wb_ddb_get_params,
    wb_ddb_query_params, wb_ddb_scan_params;
/* Reads whatever of them is there, in AWS's order of checks. */
bool wb_ddb_exprs_read(struct wb_call *c, struct wb_json from, const struct wb_ddb_params *p,
                       struct wb_ddb_exprs *out);
/* Paths into key attributes are refused. */
bool wb_ddb_check_paths(struct wb_call *c, const struct wb_ddb_table *t,
                        const struct wb_ddb_exprs *x);

/* --- the older parameters, as the same trees (legacy.c) --- */
bool wb_ddb_legacy_expected(struct wb_call *c, struct wb_json from, struct wb_expr **out);
bool wb_ddb_legacy_filter(struct wb_call *c, struct wb_json from, const char *name,
                          struct wb_expr **out);
bool wb_ddb_legacy_keys(struct wb_call *c, struct wb_json from, struct wb_key_conditions *out);
bool wb_ddb_legacy_updates(struct wb_call *c, struct wb_json from, struct wb_update *out);
bool wb_ddb_legacy_attributes(struct wb_call *c, struct wb_json from, struct wb_projection *out);

/* --- capacity --- */
double wb_ddb_read_units(size_t bytes, bool consistent); /* one block at least */
/* Writes a ConsumedCapacity object (name NULL = inside a list) as ReturnConsumedCapacity asks;
 * nothing when it does not. */
void wb_ddb_capacity_out(struct wb_call *c, const char *name, const struct wb_ddb_table *t,
                         const struct wb_ddb_units *u);
/* The units as metrics of table and global indexes, durable with the command when tx writes. */
void wb_ddb_capacity_count(struct wb_call *c, const struct wb_ddb_table *t,
                           const struct wb_ddb_units *u, bool write);
/* ItemCollectionMetrics {ItemCollectionKey, SizeEstimateRangeGB}, for tables with local indexes. */
void wb_ddb_collection_out(struct wb_call *c, const char *name, const struct wb_ddb_table *t,
                           const struct wb_av *key);

/* --- metrics --- */
/* SuccessfulRequestLatency of an operation that began at start_ns; for a command after its commit.
 */
void wb_ddb_latency(struct wb_call *c, const struct wb_ddb_table *t, int64_t start_ns);
void wb_ddb_count_returned(struct wb_call *c, const struct wb_ddb_table *t, int64_t items);
int64_t wb_ddb_now_ns(const struct wb_call *c);
void wb_ddb_ended(struct wb_call *c, double ms); /* of the operation table */

#endif
