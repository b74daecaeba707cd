/* What calls tell before they are authorized (facts.c): for the table of operations. */
#ifndef WB_S3_FACTS_H
#define WB_S3_FACTS_H

#include "services/s3/config.h"
#include "services/s3/object.h"

wb_handler_fn s3_enter;
wb_resource_fn s3_facts;
/* Condition keys of operations on a bucket, CreateBucket, listings, operations that read or remove
 * objects, that write them. */
extern const char *const s3_bucket_keys[],
    *const s3_create_keys[], *const s3_list_keys[], *const s3_object_keys[], *const s3_put_keys[];
struct wb_slice s3_owner(struct wb_tx *tx, struct wb_slice arn, bool *restricted);

#endif
