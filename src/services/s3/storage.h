/* How much a bucket holds, once a day: storage.c. */
#ifndef WB_S3_STORAGE_H
#define WB_S3_STORAGE_H

#include "engine/work.h"

extern const struct wb_executor s3_storage_executor;
void s3_storage_first(struct wb_tx *tx); /* the module's */

#endif
