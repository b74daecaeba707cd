/* The operation table, and the module. */
#include "services/s3/object.h"
#include "services/s3/shapes.h"

#define OP(n, k, shape, uri, fn, res, ...)                                                         \
    {                                                                                              \
        .name = n, .class = k, .input = &(shape), .http = uri, .handler = fn, .resources = res,    \
        __VA_ARGS__                                                                                \
    }

static const struct wb_op ops[] = {
    /* buckets */
    OP("CreateBucket", WB_WRITE, s3_in_create_bucket, "PUT /{Bucket}", s3_create_bucket,
       s3_of_bucket, .action = NULL),
    OP("DeleteBucket", WB_WRITE, s3_in_delete_bucket, "DELETE /{Bucket}", s3_delete_bucket,
       s3_of_bucket, .status = 204),
    OP("GetBucketAcl", WB_READ, s3_in_get_bucket_acl, "GET /{Bucket}?acl", s3_get_acl, s3_of_bucket,
       .answer = "AccessControlPolicy"),
    OP("GetBucketLocation", WB_READ, s3_in_get_bucket_location, "GET /{Bucket}?location",
       s3_get_bucket_location, s3_of_bucket, .answer = ""),
    OP("GetBucketVersioning", WB_READ, s3_in_get_bucket_versioning, "GET /{Bucket}?versioning",
       s3_get_bucket_versioning, s3_of_bucket, .answer = "VersioningConfiguration"),
    OP("HeadBucket", WB_READ, s3_in_head_bucket, "HEAD /{Bucket}", s3_head_bucket, s3_of_bucket,
       .action = "s3:ListBucket", .data = true),
    OP("ListBuckets", WB_SCAN, s3_in_list_buckets, "GET /", s3_list_buckets, NULL,
       .action = "s3:ListAllMyBuckets", .answer = "ListAllMyBucketsResult"),
    OP("PutBucketAcl", WB_WRITE, s3_in_put_bucket_acl, "PUT /{Bucket}?acl", s3_put_acl,
       s3_of_bucket, .action = NULL),
    OP("PutBucketVersioning", WB_WRITE, s3_in_put_bucket_versioning, "PUT /{Bucket}?versioning",
       s3_put_bucket_versioning, s3_of_bucket, .action = NULL),
    /* configuration of buckets */
    /* objects */
    /* listings */
    /* multipart uploads */
};

const struct wb_service wb_s3_service = {
    .name = "s3",
    .title = "Amazon S3",
    .signing_name = "s3",
    .model = "s3",
    .version = "2006-03-01",
    .xmlns = "http://s3.amazonaws.com/doc/2006-03-01/",
    .type_prefix = "",
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
    .denied_code = "AccessDenied",
    .throttle_code = "SlowDown",
    .internal_code = "InternalError",
};

const struct wb_module wb_s3_module = {0}; /* its protocol is missing */
