/* Inputs of the operations, by the model's names. */
#ifndef WB_S3_SHAPES_H
#define WB_S3_SHAPES_H

#include "aws/shape.h"

extern const struct wb_shape s3_s_tagging, s3_s_access_control_policy; /* bodies of several */

extern const struct wb_shape s3_in_create_bucket, s3_in_delete_bucket, s3_in_head_bucket,
    s3_in_list_buckets, s3_in_get_bucket_location, s3_in_put_bucket_versioning,
    s3_in_get_bucket_versioning, s3_in_get_bucket_acl, s3_in_put_bucket_acl;

extern const struct wb_shape s3_in_put_object, s3_in_get_object, s3_in_head_object,
    s3_in_delete_object, s3_in_delete_objects, s3_in_copy_object, s3_in_get_object_attributes,
    s3_in_put_object_tagging, s3_in_get_object_tagging, s3_in_delete_object_tagging,
    s3_in_get_object_acl, s3_in_put_object_acl;

extern const struct wb_shape s3_in_list_objects, s3_in_list_objects_v2, s3_in_list_object_versions;

extern const struct wb_shape s3_in_create_multipart_upload, s3_in_upload_part,
    s3_in_upload_part_copy, s3_in_complete_multipart_upload, s3_in_abort_multipart_upload,
    s3_in_list_parts, s3_in_list_multipart_uploads;

#endif
