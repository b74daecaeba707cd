/* Inputs of the operations on a bucket's configuration. What they put is written again by the same
 * shapes. */
#include "services/s3/config.h"
#include "services/s3/shape_parts.h"

#define ENUM(id, text_, ...)                                                                       \
    static const struct wb_shape id = {                                                            \
        .kind = WB_STRING, .name = text_, .values = (const char *const[]){__VA_ARGS__, NULL}}

static const struct wb_shape integer = {.kind = WB_INTEGER, .name = "Integer"};
static const struct wb_shape longint = {.kind = WB_LONG, .name = "Long"};
static const struct wb_shape moment = {.kind = WB_TIMESTAMP, .name = "Date"};

INPUT(s3_s_public_access_block_configuration, "PublicAccessBlockConfiguration",
      M("BlockPublicAcls", boolean), M("IgnorePublicAcls", boolean),
      M("BlockPublicPolicy", boolean), M("RestrictPublicBuckets", boolean));
ENUM(server_side_encryption, "ServerSideEncryption", "AES256", "aws:kms", "aws:kms:dsse");
STRUCT(server_side_encryption_by_default, "ServerSideEncryptionByDefault",
       R("SSEAlgorithm", server_side_encryption), M("KMSMasterKeyID", secret));
STRUCT(server_side_encryption_rule, "ServerSideEncryptionRule",
       M("ApplyServerSideEncryptionByDefault", server_side_encryption_by_default),
       M("BucketKeyEnabled", boolean));
FLAT(server_side_encryption_rules, "ServerSideEncryptionRules", server_side_encryption_rule);
INPUT(s3_s_server_side_encryption_configuration, "ServerSideEncryptionConfiguration",
      WR("Rules", server_side_encryption_rules, "Rule"));
ENUM(checksum_algorithm, "ChecksumAlgorithm", "CRC32", "CRC32C", "SHA1", "SHA256");
STRUCT(lifecycle_expiration, "LifecycleExpiration", M("Date", moment), M("Days", integer),
       M("ExpiredObjectDeleteMarker", boolean));
STRUCT(tag, "Tag", R("Key", key_text), R("Value", str));
FLAT(and_tags, "TagSet", tag); /* elements of the structure itself */
STRUCT(lifecycle_rule_and_operator, "LifecycleRuleAndOperator", M("Prefix", str),
       W("Tags", and_tags, "Tag"), M("ObjectSizeGreaterThan", longint),
       M("ObjectSizeLessThan", longint));
STRUCT(lifecycle_rule_filter, "LifecycleRuleFilter", M("Prefix", str), M("Tag", tag),
       M("ObjectSizeGreaterThan", longint), M("ObjectSizeLessThan", longint),
       M("And", lifecycle_rule_and_operator));
ENUM(expiration_status, "ExpirationStatus", "Enabled", "Disabled");
ENUM(transition_storage_class, "TransitionStorageClass", "GLACIER", "STANDARD_IA", "ONEZONE_IA",
     "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR");
STRUCT(transition, "Transition", M("Date", moment), M("Days", integer),
       M("StorageClass", transition_storage_class));
FLAT(transition_list, "TransitionList", transition);
STRUCT(noncurrent_version_transition, "NoncurrentVersionTransition", M("NoncurrentDays", integer),
       M("StorageClass", transition_storage_class), M("NewerNoncurrentVersions", integer));
FLAT(noncurrent_version_transition_list, "NoncurrentVersionTransitionList",
     noncurrent_version_transition);
STRUCT(noncurrent_version_expiration, "NoncurrentVersionExpiration", M("NoncurrentDays", integer),
       M("NewerNoncurrentVersions", integer));
STRUCT(abort_incomplete_multipart_upload, "AbortIncompleteMultipartUpload",
       M("DaysAfterInitiation", integer));
STRUCT(lifecycle_rule, "LifecycleRule", M("Expiration", lifecycle_expiration), M("ID", str),
       M("Prefix", str), M("Filter", lifecycle_rule_filter), R("Status", expiration_status),
       W("Transitions", transition_list, "Transition"),
       W("NoncurrentVersionTransitions", noncurrent_version_transition_list,
         "NoncurrentVersionTransition"),
       M("NoncurrentVersionExpiration", noncurrent_version_expiration),
       M("AbortIncompleteMultipartUpload", abort_incomplete_multipart_upload));
FLAT(lifecycle_rules, "LifecycleRules", lifecycle_rule);
INPUT(s3_s_bucket_lifecycle_configuration, "BucketLifecycleConfiguration",
      WR("Rules", lifecycle_rules, "Rule"));
FLAT(allowed_headers, "AllowedHeaders", str);
FLAT(allowed_methods, "AllowedMethods", str);
FLAT(allowed_origins, "AllowedOrigins", str);
FLAT(expose_headers, "ExposeHeaders", str);
STRUCT(cors_rule, "CORSRule", M("ID", str), W("AllowedHeaders", allowed_headers, "AllowedHeader"),
       WR("AllowedMethods", allowed_methods, "AllowedMethod"),
       WR("AllowedOrigins", allowed_origins, "AllowedOrigin"),
       W("ExposeHeaders", expose_headers, "ExposeHeader"), M("MaxAgeSeconds", integer));
FLAT(cors_rules, "CORSRules", cors_rule);
INPUT(s3_s_cors_configuration, "CORSConfiguration", WR("CORSRules", cors_rules, "CORSRule"));
ENUM(event, "Event", "s3:ReducedRedundancyLostObject", "s3:ObjectCreated:*", "s3:ObjectCreated:Put",
     "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy", "s3:ObjectCreated:CompleteMultipartUpload",
     "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated",
     "s3:ObjectRestore:*", "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed",
     "s3:Replication:*", "s3:Replication:OperationFailedReplication",
     "s3:Replication:OperationNotTracked", "s3:Replication:OperationMissedThreshold",
     "s3:Replication:OperationReplicatedAfterThreshold", "s3:ObjectRestore:Delete",
     "s3:LifecycleTransition", "s3:IntelligentTiering", "s3:ObjectAcl:Put",
     "s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete",
     "s3:LifecycleExpiration:DeleteMarkerCreated", "s3:ObjectTagging:*", "s3:ObjectTagging:Put",
     "s3:ObjectTagging:Delete");
FLAT(event_list, "EventList", event);
ENUM(filter_rule_name, "FilterRuleName", "prefix", "suffix");
STRUCT(filter_rule, "FilterRule", M("Name", filter_rule_name), M("Value", str));
FLAT(filter_rule_list, "FilterRuleList", filter_rule);
STRUCT(s3_key_filter, "S3KeyFilter", W("FilterRules", filter_rule_list, "FilterRule"));
STRUCT(notification_configuration_filter, "NotificationConfigurationFilter",
       W("Key", s3_key_filter, "S3Key"));
STRUCT(topic_configuration, "TopicConfiguration", M("Id", str), WR("TopicArn", str, "Topic"),
       WR("Events", event_list, "Event"), M("Filter", notification_configuration_filter));
FLAT(topic_configuration_list, "TopicConfigurationList", topic_configuration);
STRUCT(queue_configuration, "QueueConfiguration", M("Id", str), WR("QueueArn", str, "Queue"),
       WR("Events", event_list, "Event"), M("Filter", notification_configuration_filter));
FLAT(queue_configuration_list, "QueueConfigurationList", queue_configuration);
STRUCT(lambda_function_configuration, "LambdaFunctionConfiguration", M("Id", str),
       WR("LambdaFunctionArn", str, "CloudFunction"), WR("Events", event_list, "Event"),
       M("Filter", notification_configuration_filter));
FLAT(lambda_function_configuration_list, "LambdaFunctionConfigurationList",
     lambda_function_configuration);
static const struct wb_shape event_bridge_configuration = {
    .kind = WB_STRUCTURE,
    .name = "EventBridgeConfiguration",
    .member = (const struct wb_member[]){{.name = NULL}}};
INPUT(s3_s_notification_configuration, "NotificationConfiguration",
      W("TopicConfigurations", topic_configuration_list, "TopicConfiguration"),
      W("QueueConfigurations", queue_configuration_list, "QueueConfiguration"),
      W("LambdaFunctionConfigurations", lambda_function_configuration_list,
        "CloudFunctionConfiguration"),
      M("EventBridgeConfiguration", event_bridge_configuration));
ENUM(object_ownership, "ObjectOwnership", "BucketOwnerPreferred", "ObjectWriter",
     "BucketOwnerEnforced");
STRUCT(ownership_controls_rule, "OwnershipControlsRule", R("ObjectOwnership", object_ownership));
FLAT(ownership_controls_rules, "OwnershipControlsRules", ownership_controls_rule);
INPUT(s3_s_ownership_controls, "OwnershipControls", WR("Rules", ownership_controls_rules, "Rule"));
ENUM(type, "Type", "CanonicalUser", "AmazonCustomerByEmail", "Group");
STRUCT(grantee, "Grantee", M("DisplayName", str), M("EmailAddress", str), M("ID", str),
       {.name = "Type", .shape = &type, .required = true, .wire = "xsi:type", .attribute = true},
       M("URI", str));
ENUM(bucket_logs_permission, "BucketLogsPermission", "FULL_CONTROL", "READ", "WRITE");
STRUCT(target_grant, "TargetGrant", M("Grantee", grantee), M("Permission", bucket_logs_permission));
ITEMS(target_grants, "TargetGrants", "Grant", target_grant);
STRUCT(logging_enabled, "LoggingEnabled", R("TargetBucket", str), M("TargetGrants", target_grants),
       R("TargetPrefix", str));
INPUT(s3_s_bucket_logging_status, "BucketLoggingStatus", M("LoggingEnabled", logging_enabled));
STRUCT(error_document, "ErrorDocument", R("Key", key_text));
STRUCT(index_document, "IndexDocument", R("Suffix", str));
ENUM(protocol, "Protocol", "http", "https");
STRUCT(redirect_all_requests_to, "RedirectAllRequestsTo", R("HostName", str),
       M("Protocol", protocol));
STRUCT(condition, "Condition", M("HttpErrorCodeReturnedEquals", str), M("KeyPrefixEquals", str));
STRUCT(redirect, "Redirect", M("HostName", str), M("HttpRedirectCode", str),
       M("Protocol", protocol), M("ReplaceKeyPrefixWith", str), M("ReplaceKeyWith", str));
STRUCT(routing_rule, "RoutingRule", M("Condition", condition), R("Redirect", redirect));
ITEMS(routing_rules, "RoutingRules", "RoutingRule", routing_rule);
INPUT(s3_s_website_configuration, "WebsiteConfiguration", M("ErrorDocument", error_document),
      M("IndexDocument", index_document), M("RedirectAllRequestsTo", redirect_all_requests_to),
      M("RoutingRules", routing_rules));
ENUM(payer, "Payer", "Requester", "BucketOwner");
INPUT(s3_s_request_payment_configuration, "RequestPaymentConfiguration", R("Payer", payer));
ENUM(bucket_accelerate_status, "BucketAccelerateStatus", "Enabled", "Suspended");
INPUT(s3_s_accelerate_configuration, "AccelerateConfiguration",
      M("Status", bucket_accelerate_status));
ENUM(object_lock_enabled, "ObjectLockEnabled", "Enabled");
ENUM(object_lock_retention_mode, "ObjectLockRetentionMode", "GOVERNANCE", "COMPLIANCE");
STRUCT(default_retention, "DefaultRetention", M("Mode", object_lock_retention_mode),
       M("Days", integer), M("Years", integer));
STRUCT(object_lock_rule, "ObjectLockRule", M("DefaultRetention", default_retention));
STRUCT(object_lock_configuration, "ObjectLockConfiguration",
       M("ObjectLockEnabled", object_lock_enabled), M("Rule", object_lock_rule));
STRUCT(object_lock_retention, "ObjectLockRetention", M("Mode", object_lock_retention_mode),
       M("RetainUntilDate", moment));
ENUM(object_lock_legal_hold_status, "ObjectLockLegalHoldStatus", "ON", "OFF");
STRUCT(object_lock_legal_hold, "ObjectLockLegalHold", M("Status", object_lock_legal_hold_status));

INPUT(s3_in_put_bucket_policy, "PutBucketPolicyRequest", BUCKET, BODY_SUM,
      H("ConfirmRemoveSelfBucketAccess", boolean, "x-amz-confirm-remove-self-bucket-access"),
      PAYLOAD_R("Policy", str, NULL), OWNER);
INPUT(s3_in_get_bucket_policy, "GetBucketPolicyRequest", BUCKET, OWNER);
INPUT(s3_in_delete_bucket_policy, "DeleteBucketPolicyRequest", BUCKET, OWNER);
INPUT(s3_in_get_bucket_policy_status, "GetBucketPolicyStatusRequest", BUCKET, OWNER);
INPUT(s3_in_put_public_access_block, "PutPublicAccessBlockRequest", BUCKET, BODY_SUM,
      PAYLOAD_R("PublicAccessBlockConfiguration", s3_s_public_access_block_configuration, NULL),
      OWNER);
INPUT(s3_in_get_public_access_block, "GetPublicAccessBlockRequest", BUCKET, OWNER);
INPUT(s3_in_delete_public_access_block, "DeletePublicAccessBlockRequest", BUCKET, OWNER);
INPUT(s3_in_put_bucket_encryption, "PutBucketEncryptionRequest", BUCKET, BODY_SUM,
      PAYLOAD_R("ServerSideEncryptionConfiguration", s3_s_server_side_encryption_configuration,
                NULL),
      OWNER);
INPUT(s3_in_get_bucket_encryption, "GetBucketEncryptionRequest", BUCKET, OWNER);
INPUT(s3_in_delete_bucket_encryption, "DeleteBucketEncryptionRequest", BUCKET, OWNER);
INPUT(s3_in_put_bucket_lifecycle_configuration, "PutBucketLifecycleConfigurationRequest", BUCKET,
      H("ChecksumAlgorithm", checksum_algorithm, "x-amz-sdk-checksum-algorithm"),
      PAYLOAD("LifecycleConfiguration", s3_s_bucket_lifecycle_configuration, NULL), OWNER);
INPUT(s3_in_get_bucket_lifecycle_configuration, "GetBucketLifecycleConfigurationRequest", BUCKET,
      OWNER);
INPUT(s3_in_delete_bucket_lifecycle, "DeleteBucketLifecycleRequest", BUCKET, OWNER);
INPUT(s3_in_put_bucket_cors, "PutBucketCorsRequest", BUCKET,
      PAYLOAD_R("CORSConfiguration", s3_s_cors_configuration, NULL), BODY_SUM, OWNER);
INPUT(s3_in_get_bucket_cors, "GetBucketCorsRequest", BUCKET, OWNER);
INPUT(s3_in_delete_bucket_cors, "DeleteBucketCorsRequest", BUCKET, OWNER);
INPUT(s3_in_put_bucket_notification_configuration, "PutBucketNotificationConfigurationRequest",
      BUCKET, PAYLOAD_R("NotificationConfiguration", s3_s_notification_configuration, NULL), OWNER,
      H("SkipDestinationValidation", boolean, "x-amz-skip-destination-validation"));
INPUT(s3_in_get_bucket_notification_configuration, "GetBucketNotificationConfigurationRequest",
      BUCKET, OWNER);
INPUT(s3_in_put_bucket_tagging, "PutBucketTaggingRequest", BUCKET, BODY_SUM,
      PAYLOAD_R("Tagging", s3_s_tagging, NULL), OWNER);
INPUT(s3_in_get_bucket_tagging, "GetBucketTaggingRequest", BUCKET, OWNER);
INPUT(s3_in_delete_bucket_tagging, "DeleteBucketTaggingRequest", BUCKET, OWNER);
INPUT(s3_in_put_bucket_ownership_controls, "PutBucketOwnershipControlsRequest", BUCKET,
      H("ContentMD5", str, "Content-MD5"), OWNER,
      PAYLOAD_R("OwnershipControls", s3_s_ownership_controls, NULL));
INPUT(s3_in_get_bucket_ownership_controls, "GetBucketOwnershipControlsRequest", BUCKET, OWNER);
INPUT(s3_in_delete_bucket_ownership_controls, "DeleteBucketOwnershipControlsRequest", BUCKET,
      OWNER);
INPUT(s3_in_put_bucket_logging, "PutBucketLoggingRequest", BUCKET,
      PAYLOAD_R("BucketLoggingStatus", s3_s_bucket_logging_status, NULL), BODY_SUM, OWNER);
INPUT(s3_in_get_bucket_logging, "GetBucketLoggingRequest", BUCKET, OWNER);
INPUT(s3_in_put_bucket_website, "PutBucketWebsiteRequest", BUCKET, BODY_SUM,
      PAYLOAD_R("WebsiteConfiguration", s3_s_website_configuration, NULL), OWNER);
INPUT(s3_in_get_bucket_website, "GetBucketWebsiteRequest", BUCKET, OWNER);
INPUT(s3_in_delete_bucket_website, "DeleteBucketWebsiteRequest", BUCKET, OWNER);
INPUT(s3_in_put_bucket_request_payment, "PutBucketRequestPaymentRequest", BUCKET, BODY_SUM,
      PAYLOAD_R("RequestPaymentConfiguration", s3_s_request_payment_configuration, NULL), OWNER);
INPUT(s3_in_get_bucket_request_payment, "GetBucketRequestPaymentRequest", BUCKET, OWNER);
INPUT(s3_in_put_bucket_accelerate_configuration, "PutBucketAccelerateConfigurationRequest", BUCKET,
      PAYLOAD_R("AccelerateConfiguration", s3_s_accelerate_configuration, NULL), OWNER,
      H("ChecksumAlgorithm", checksum_algorithm, "x-amz-sdk-checksum-algorithm"));
INPUT(s3_in_get_bucket_accelerate_configuration, "GetBucketAccelerateConfigurationRequest", BUCKET,
      OWNER);
INPUT(s3_in_put_object_lock_configuration, "PutObjectLockConfigurationRequest", BUCKET,
      PAYLOAD("ObjectLockConfiguration", object_lock_configuration, NULL), PAYER,
      H("Token", str, "x-amz-bucket-object-lock-token"), BODY_SUM, OWNER);
INPUT(s3_in_get_object_lock_configuration, "GetObjectLockConfigurationRequest", BUCKET, OWNER);
INPUT(s3_in_get_bucket_replication, "GetBucketReplicationRequest", BUCKET, OWNER);
INPUT(s3_in_get_bucket_metrics_configuration, "GetBucketMetricsConfigurationRequest", BUCKET,
      QR("Id", str, "id"), OWNER);
INPUT(s3_in_list_bucket_metrics_configurations, "ListBucketMetricsConfigurationsRequest", BUCKET,
      Q("ContinuationToken", str, "continuation-token"), OWNER);
INPUT(s3_in_get_bucket_analytics_configuration, "GetBucketAnalyticsConfigurationRequest", BUCKET,
      QR("Id", str, "id"), OWNER);
INPUT(s3_in_list_bucket_analytics_configurations, "ListBucketAnalyticsConfigurationsRequest",
      BUCKET, Q("ContinuationToken", str, "continuation-token"), OWNER);
INPUT(s3_in_get_bucket_inventory_configuration, "GetBucketInventoryConfigurationRequest", BUCKET,
      QR("Id", str, "id"), OWNER);
INPUT(s3_in_list_bucket_inventory_configurations, "ListBucketInventoryConfigurationsRequest",
      BUCKET, Q("ContinuationToken", str, "continuation-token"), OWNER);
INPUT(s3_in_get_bucket_intelligent_tiering_configuration,
      "GetBucketIntelligentTieringConfigurationRequest", BUCKET, QR("Id", str, "id"));
INPUT(s3_in_list_bucket_intelligent_tiering_configurations,
      "ListBucketIntelligentTieringConfigurationsRequest", BUCKET,
      Q("ContinuationToken", str, "continuation-token"));
INPUT(s3_in_get_object_retention, "GetObjectRetentionRequest", BUCKET, KEY,
      Q("VersionId", str, "versionId"), PAYER, OWNER);
INPUT(s3_in_put_object_retention, "PutObjectRetentionRequest", BUCKET, KEY,
      PAYLOAD("Retention", object_lock_retention, NULL), PAYER, Q("VersionId", str, "versionId"),
      H("BypassGovernanceRetention", boolean, "x-amz-bypass-governance-retention"), BODY_SUM,
      OWNER);
INPUT(s3_in_get_object_legal_hold, "GetObjectLegalHoldRequest", BUCKET, KEY,
      Q("VersionId", str, "versionId"), PAYER, OWNER);
INPUT(s3_in_put_object_legal_hold, "PutObjectLegalHoldRequest", BUCKET, KEY,
      PAYLOAD("LegalHold", object_lock_legal_hold, NULL), PAYER, Q("VersionId", str, "versionId"),
      BODY_SUM, OWNER);
