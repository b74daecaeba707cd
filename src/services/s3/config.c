/* The configuration of buckets. */
#include "services/s3/bucket.h"

void s3_config_drop(struct wb_tx *tx, const struct s3_bucket *b)
{
    (void)tx;
    (void)b;
}
