/* Inputs of multipart uploads. */
#include "services/s3/shape_parts.h"

STRUCT(completed_part, "CompletedPart", M("ETag", str), M("ChecksumCRC32", str),
       M("ChecksumCRC32C", str), M("ChecksumSHA1", str), M("ChecksumSHA256", str),
       M("ChecksumCRC64NVME", str), M("PartNumber", text));
FLAT(completed_part_list, "CompletedPartList", completed_part);
STRUCT(completed_multipart_upload, "CompletedMultipartUpload",
       W("Parts", completed_part_list, "Part"));

INPUT(s3_in_create_multipart_upload, "CreateMultipartUploadRequest", BUCKET, KEY, METADATA,
      H("StorageClass", str, "x-amz-storage-class"),
      H("WebsiteRedirectLocation", str, "x-amz-website-redirect-location"),
      H("Tagging", str, "x-amz-tagging"), H("ChecksumAlgorithm", str, "x-amz-checksum-algorithm"),
      OWNER, PAYER, SSEC, SYSTEM, SSE, LOCK, GRANTS, H("ChecksumType", str, "x-amz-checksum-type"));
INPUT(s3_in_upload_part, "UploadPartRequest", PAYLOAD("Body", body, NULL), BUCKET,
      H("ContentLength", text, "Content-Length"), KEY, QR("PartNumber", text, "partNumber"),
      QR("UploadId", str, "uploadId"), OWNER, PAYER, SSEC, BODY_SUM, SUMS);
INPUT(s3_in_upload_part_copy, "UploadPartCopyRequest", BUCKET,
      H("CopySourceRange", str, "x-amz-copy-source-range"), KEY,
      QR("PartNumber", text, "partNumber"), QR("UploadId", str, "uploadId"), OWNER, PAYER, SSEC,
      SOURCE);
INPUT(s3_in_complete_multipart_upload, "CompleteMultipartUploadRequest", BUCKET, KEY,
      PAYLOAD("MultipartUpload", completed_multipart_upload, "CompleteMultipartUpload"),
      QR("UploadId", str, "uploadId"), OWNER, PAYER, SSEC, SUMS,
      H("ChecksumType", str, "x-amz-checksum-type"),
      H("MpuObjectSize", text, "x-amz-mp-object-size"), WRITE_CONDITIONS);
INPUT(s3_in_abort_multipart_upload, "AbortMultipartUploadRequest", BUCKET, KEY,
      QR("UploadId", str, "uploadId"), OWNER, PAYER);
INPUT(s3_in_list_parts, "ListPartsRequest", BUCKET, KEY, Q("MaxParts", text, "max-parts"),
      Q("PartNumberMarker", text, "part-number-marker"), QR("UploadId", str, "uploadId"), OWNER,
      PAYER, SSEC);
INPUT(s3_in_list_multipart_uploads, "ListMultipartUploadsRequest", BUCKET,
      Q("Delimiter", str, "delimiter"), Q("EncodingType", str, "encoding-type"),
      Q("KeyMarker", str, "key-marker"), Q("MaxUploads", text, "max-uploads"),
      Q("Prefix", str, "prefix"), Q("UploadIdMarker", str, "upload-id-marker"), OWNER);
