/* What a copy is made of. */
#ifndef WB_S3_COPY_H
#define WB_S3_COPY_H

#include "services/s3/object.h"

struct s3_source {
    struct wb_slice bucket, key, version; /* version null: the current one */
};
/* "bucket/key", "/bucket/key?versionId=x", percent-encoded. */
bool s3_copy_source(struct wb_arena *a, struct wb_slice given, struct s3_source *out);
/* The source that CopySource names, on its conditions; or the call fails. */
bool s3_call_source(struct wb_call *c, struct s3_source *s, struct s3_bucket *b,
                    struct s3_object *o);

#endif
