/* What calls need to be allowed. */
#include "services/s3/bucket.h"

void s3_of_bucket(struct wb_call *c)
{
    wb_call_resource(c, s3_bucket_arn(c->arena, wb_in_str(c, "Bucket")));
}
