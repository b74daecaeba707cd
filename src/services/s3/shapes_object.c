/* Inputs of the operations on objects. */
#include "services/s3/shape_parts.h"

LIST(object_attributes_list, "ObjectAttributesList", 0, 0, str);
STRUCT(object_identifier, "ObjectIdentifier", R("Key", key_text), M("VersionId", str));
FLAT(object_identifier_list, "ObjectIdentifierList", object_identifier);
STRUCT(delete, "Delete", WR("Objects", object_identifier_list, "Object"), M("Quiet", boolean));

STRUCT(tag, "Tag", R("Key", key_text), R("Value", str));
ITEMS(tag_set, "TagSet", "Tag", tag);
INPUT(s3_s_tagging, "Tagging", R("TagSet", tag_set));
STRUCT(grantee, "Grantee", M("DisplayName", str), M("EmailAddress", str), M("ID", str),
       {.name = "Type", .shape = &str, .required = true, .wire = "xsi:type", .attribute = true},
       M("URI", str));
STRUCT(grant, "Grant", M("Grantee", grantee), M("Permission", str));
ITEMS(grants, "Grants", "Grant", grant);
STRUCT(owner, "Owner", M("DisplayName", str), M("ID", str));
INPUT(s3_s_access_control_policy, "AccessControlPolicy", W("Grants", grants, "AccessControlList"),
      M("Owner", owner));

INPUT(s3_in_put_object, "PutObjectRequest", PAYLOAD("Body", body, NULL), BUCKET,
      H("ContentLength", text, "Content-Length"), KEY, METADATA,
      H("StorageClass", str, "x-amz-storage-class"),
      H("WebsiteRedirectLocation", str, "x-amz-website-redirect-location"),
      H("Tagging", str, "x-amz-tagging"), OWNER, PAYER, SSEC, SYSTEM, SSE, LOCK, GRANTS, BODY_SUM,
      SUMS, WRITE_CONDITIONS);
INPUT(s3_in_get_object, "GetObjectRequest", BUCKET, KEY, H("Range", str, "Range"),
      Q("VersionId", str, "versionId"), Q("PartNumber", text, "partNumber"),
      H("ChecksumMode", str, "x-amz-checksum-mode"), OWNER, PAYER, SSEC, RESPONSE, CONDITIONS);
INPUT(s3_in_head_object, "HeadObjectRequest", BUCKET, KEY, H("Range", str, "Range"),
      Q("VersionId", str, "versionId"), Q("PartNumber", text, "partNumber"),
      H("ChecksumMode", str, "x-amz-checksum-mode"), OWNER, PAYER, SSEC, CONDITIONS, RESPONSE);
INPUT(s3_in_delete_object, "DeleteObjectRequest", BUCKET, KEY, H("MFA", str, "x-amz-mfa"),
      Q("VersionId", str, "versionId"),
      H("BypassGovernanceRetention", boolean, "x-amz-bypass-governance-retention"), OWNER, PAYER);
INPUT(s3_in_delete_objects, "DeleteObjectsRequest", BUCKET, PAYLOAD_R("Delete", delete, NULL),
      H("MFA", str, "x-amz-mfa"),
      H("BypassGovernanceRetention", boolean, "x-amz-bypass-governance-retention"),
      H("ChecksumAlgorithm", str, "x-amz-sdk-checksum-algorithm"), OWNER, PAYER);
INPUT(s3_in_copy_object, "CopyObjectRequest", BUCKET,
      H("ChecksumAlgorithm", str, "x-amz-checksum-algorithm"), KEY, METADATA,
      H("MetadataDirective", str, "x-amz-metadata-directive"),
      H("TaggingDirective", str, "x-amz-tagging-directive"),
      H("StorageClass", str, "x-amz-storage-class"),
      H("WebsiteRedirectLocation", str, "x-amz-website-redirect-location"),
      H("Tagging", str, "x-amz-tagging"), OWNER, PAYER, SSEC, SYSTEM, SSE, LOCK, GRANTS, SOURCE);
INPUT(s3_in_get_object_attributes, "GetObjectAttributesRequest", BUCKET, KEY,
      Q("VersionId", str, "versionId"), H("MaxParts", text, "x-amz-max-parts"),
      H("PartNumberMarker", text, "x-amz-part-number-marker"),
      HR("ObjectAttributes", object_attributes_list, "x-amz-object-attributes"), OWNER, PAYER,
      SSEC);
INPUT(s3_in_put_object_tagging, "PutObjectTaggingRequest", BUCKET, KEY,
      Q("VersionId", str, "versionId"), PAYLOAD_R("Tagging", s3_s_tagging, NULL), OWNER, PAYER,
      BODY_SUM);
INPUT(s3_in_get_object_tagging, "GetObjectTaggingRequest", BUCKET, KEY,
      Q("VersionId", str, "versionId"), OWNER, PAYER);
INPUT(s3_in_delete_object_tagging, "DeleteObjectTaggingRequest", BUCKET, KEY,
      Q("VersionId", str, "versionId"), OWNER);
INPUT(s3_in_get_object_acl, "GetObjectAclRequest", BUCKET, KEY, Q("VersionId", str, "versionId"),
      OWNER, PAYER);
INPUT(s3_in_put_object_acl, "PutObjectAclRequest",
      PAYLOAD("AccessControlPolicy", s3_s_access_control_policy, NULL), BUCKET,
      H("GrantWrite", str, "x-amz-grant-write"), KEY, Q("VersionId", str, "versionId"), OWNER,
      PAYER, GRANTS, BODY_SUM);
