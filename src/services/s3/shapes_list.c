/* Inputs of the listings. */
#include "services/s3/shape_parts.h"

INPUT(s3_in_list_objects, "ListObjectsRequest", BUCKET, Q("Delimiter", str, "delimiter"),
      Q("EncodingType", str, "encoding-type"), Q("Marker", str, "marker"),
      Q("MaxKeys", text, "max-keys"), Q("Prefix", str, "prefix"), OWNER, PAYER);
INPUT(s3_in_list_objects_v2, "ListObjectsV2Request", BUCKET, Q("Delimiter", str, "delimiter"),
      Q("EncodingType", str, "encoding-type"), Q("MaxKeys", text, "max-keys"),
      Q("Prefix", str, "prefix"), Q("ContinuationToken", str, "continuation-token"),
      Q("FetchOwner", boolean, "fetch-owner"), Q("StartAfter", str, "start-after"), OWNER, PAYER);
INPUT(s3_in_list_object_versions, "ListObjectVersionsRequest", BUCKET,
      Q("Delimiter", str, "delimiter"), Q("EncodingType", str, "encoding-type"),
      Q("KeyMarker", str, "key-marker"), Q("MaxKeys", text, "max-keys"), Q("Prefix", str, "prefix"),
      Q("VersionIdMarker", str, "version-id-marker"), OWNER);
