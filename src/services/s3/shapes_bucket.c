/* Inputs of the operations on buckets. */
#include "services/s3/shape_parts.h"

STRUCT(create_bucket_configuration, "CreateBucketConfiguration", M("LocationConstraint", str));
STRUCT(versioning_configuration, "VersioningConfiguration", W("MFADelete", str, "MfaDelete"),
       M("Status", str));

INPUT(s3_in_create_bucket, "CreateBucketRequest", BUCKET,
      PAYLOAD("CreateBucketConfiguration", create_bucket_configuration, NULL),
      H("GrantWrite", str, "x-amz-grant-write"),
      H("ObjectLockEnabledForBucket", boolean, "x-amz-bucket-object-lock-enabled"),
      H("ObjectOwnership", str, "x-amz-object-ownership"), GRANTS);
INPUT(s3_in_delete_bucket, "DeleteBucketRequest", BUCKET, OWNER);
INPUT(s3_in_head_bucket, "HeadBucketRequest", BUCKET, OWNER);
INPUT(s3_in_list_buckets, "ListBucketsRequest", Q("MaxBuckets", text, "max-buckets"),
      Q("ContinuationToken", str, "continuation-token"), Q("Prefix", str, "prefix"),
      Q("BucketRegion", str, "bucket-region"));
INPUT(s3_in_get_bucket_location, "GetBucketLocationRequest", BUCKET, OWNER);
INPUT(s3_in_put_bucket_versioning, "PutBucketVersioningRequest", BUCKET, H("MFA", str, "x-amz-mfa"),
      PAYLOAD_R("VersioningConfiguration", versioning_configuration, NULL), OWNER, BODY_SUM);
INPUT(s3_in_get_bucket_versioning, "GetBucketVersioningRequest", BUCKET, OWNER);
INPUT(s3_in_get_bucket_acl, "GetBucketAclRequest", BUCKET, OWNER);
INPUT(s3_in_put_bucket_acl, "PutBucketAclRequest",
      PAYLOAD("AccessControlPolicy", s3_s_access_control_policy, NULL), BUCKET,
      H("GrantWrite", str, "x-amz-grant-write"), OWNER, GRANTS, BODY_SUM);
