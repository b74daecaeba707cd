/*
 * Lifecycle rules: what they expire and when. The days of an action end at midnight UTC; then a
 * bucket's rows are walked, a command's worth at a time (User Guide, "Managing the lifecycle of
 * objects"). Transitions are kept and shown: there is one storage class here.
 */
#ifndef WB_S3_LIFECYCLE_H
#define WB_S3_LIFECYCLE_H

#include "services/s3/config.h"
#include "services/s3/object.h"

struct s3_rule {
    struct wb_slice id, prefix;
    struct wb_json tags;                       /* list, one tag or none */
    int64_t larger, smaller;                   /* bytes; smaller -1: no bound */
    int64_t days, date_ms;                     /* of Expiration; -1: none */
    bool markers;                              /* ExpiredObjectDeleteMarker */
    int64_t noncurrent_days, newer_noncurrent; /* -1: none */
    int64_t abort_days;                        /* -1: none */
};
/* Those that are enabled. */
size_t s3_rules(const struct s3_config *b, struct wb_arena *a, struct s3_rule **out);
bool s3_rule_covers(const struct s3_rule *r, const struct s3_object *o, struct wb_arena *a);
/* When `days` after then are over. */
int64_t s3_days_after(int64_t then_ms, int64_t days);
/* x-amz-expiration of the current version; null: no rule expires it. */
struct wb_slice s3_expiration(struct wb_tx *tx, const struct s3_bucket *b,
                              const struct s3_object *o);

extern const struct wb_executor s3_lifecycle_executor;
/* Walks the bucket at the next midnight. */
void s3_lifecycle_start(struct wb_tx *tx, const struct s3_bucket *b, uint64_t generation);

#endif
