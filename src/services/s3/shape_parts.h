/*
 * Parts of shapes that many operations have, for the files that are tables of shapes. S3 looks at
 * values itself, with an error of its own for each, so the shapes have neither bounds nor enums.
 */
#ifndef WB_S3_SHAPE_PARTS_H
#define WB_S3_SHAPE_PARTS_H

#include "aws/shape_table.h"
#include "services/s3/shapes.h"

static const struct wb_shape str __attribute__((unused)) = {.kind = WB_STRING, .name = "String"};
static const struct wb_shape key_text
    __attribute__((unused)) = {.kind = WB_STRING, .name = "ObjectKey", .min = 1, .has_min = true};
static const struct wb_shape secret
    __attribute__((unused)) = {.kind = WB_STRING, .name = "SSECustomerKey", .sensitive = true};
static const struct wb_shape boolean
    __attribute__((unused)) = {.kind = WB_BOOLEAN, .name = "Boolean"};
/* Numbers and times: text, with errors of the handler's. */
static const struct wb_shape text __attribute__((unused)) = {.kind = WB_ANY, .name = "Text"};
static const struct wb_shape metadata
    __attribute__((unused)) = {.kind = WB_MAP, .name = "Metadata", .key = &str, .elem = &str};
static const struct wb_shape body __attribute__((unused)) = {.kind = WB_BLOB, .name = "Body"};

#define AT(n, s, place, wire_name)                                                                 \
    {                                                                                              \
        .name = n, .shape = &(s), .where = place, .wire = wire_name                                \
    }
#define AT_R(n, s, place, wire_name)                                                               \
    {                                                                                              \
        .name = n, .shape = &(s), .required = true, .where = place, .wire = wire_name              \
    }
#define H(n, s, wire_name)    AT(n, s, WB_IN_HEADER, wire_name)
#define HR(n, s, wire_name)   AT_R(n, s, WB_IN_HEADER, wire_name)
#define Q(n, s, wire_name)    AT(n, s, WB_IN_QUERY, wire_name)
#define QR(n, s, wire_name)   AT_R(n, s, WB_IN_QUERY, wire_name)
#define W(n, s, wire_name)    AT(n, s, WB_IN_BODY, wire_name) /* an element of another name */
#define WR(n, s, wire_name)   AT_R(n, s, WB_IN_BODY, wire_name)
#define PAYLOAD(n, s, root)   AT(n, s, WB_IN_PAYLOAD, root) /* the body: XML with this root */
#define PAYLOAD_R(n, s, root) AT_R(n, s, WB_IN_PAYLOAD, root)
/* Lists in XML: elements beside each other, and elements inside of another. */
#define FLAT(id, text_, of)                                                                        \
    static const struct wb_shape id = {                                                            \
        .kind = WB_LIST, .name = text_, .elem = &(of), .flattened = true}
#define ITEMS(id, text_, item, of)                                                                 \
    static const struct wb_shape id = {                                                            \
        .kind = WB_LIST, .name = text_, .elem = &(of), .item_name = item}

#define BUCKET   AT_R("Bucket", str, WB_IN_URI, NULL)
#define KEY      AT_R("Key", key_text, WB_IN_URI, NULL)
#define METADATA AT("Metadata", metadata, WB_IN_HEADERS, "x-amz-meta-")
#define OWNER    H("ExpectedBucketOwner", str, "x-amz-expected-bucket-owner")
#define PAYER    H("RequestPayer", str, "x-amz-request-payer")
#define SSEC                                                                                       \
    H("SSECustomerAlgorithm", str, "x-amz-server-side-encryption-customer-algorithm"),             \
        H("SSECustomerKey", secret, "x-amz-server-side-encryption-customer-key"),                  \
        H("SSECustomerKeyMD5", str, "x-amz-server-side-encryption-customer-key-MD5")
#define SYSTEM                                                                                     \
    H("CacheControl", str, "Cache-Control"), H("ContentDisposition", str, "Content-Disposition"),  \
        H("ContentEncoding", str, "Content-Encoding"),                                             \
        H("ContentLanguage", str, "Content-Language"), H("ContentType", str, "Content-Type"),      \
        H("Expires", text, "Expires")
#define SSE                                                                                        \
    H("ServerSideEncryption", str, "x-amz-server-side-encryption"),                                \
        H("SSEKMSKeyId", secret, "x-amz-server-side-encryption-aws-kms-key-id"),                   \
        H("SSEKMSEncryptionContext", secret, "x-amz-server-side-encryption-context"),              \
        H("BucketKeyEnabled", boolean, "x-amz-server-side-encryption-bucket-key-enabled")
#define LOCK                                                                                       \
    H("ObjectLockMode", str, "x-amz-object-lock-mode"),                                            \
        H("ObjectLockRetainUntilDate", text, "x-amz-object-lock-retain-until-date"),               \
        H("ObjectLockLegalHoldStatus", str, "x-amz-object-lock-legal-hold")
#define GRANTS                                                                                     \
    H("ACL", str, "x-amz-acl"), H("GrantFullControl", str, "x-amz-grant-full-control"),            \
        H("GrantRead", str, "x-amz-grant-read"), H("GrantReadACP", str, "x-amz-grant-read-acp"),   \
        H("GrantWriteACP", str, "x-amz-grant-write-acp")
#define BODY_SUM                                                                                   \
    H("ContentMD5", str, "Content-MD5"), H("ChecksumAlgorithm", str, "x-amz-sdk-checksum-algorithm")
#define SUMS                                                                                       \
    H("ChecksumCRC32", str, "x-amz-checksum-crc32"),                                               \
        H("ChecksumCRC32C", str, "x-amz-checksum-crc32c"),                                         \
        H("ChecksumSHA1", str, "x-amz-checksum-sha1"),                                             \
        H("ChecksumSHA256", str, "x-amz-checksum-sha256"),                                         \
        H("ChecksumCRC64NVME", str, "x-amz-checksum-crc64nvme")
#define RESPONSE                                                                                   \
    Q("ResponseCacheControl", str, "response-cache-control"),                                      \
        Q("ResponseContentDisposition", str, "response-content-disposition"),                      \
        Q("ResponseContentEncoding", str, "response-content-encoding"),                            \
        Q("ResponseContentLanguage", str, "response-content-language"),                            \
        Q("ResponseContentType", str, "response-content-type"),                                    \
        Q("ResponseExpires", text, "response-expires")
#define CONDITIONS                                                                                 \
    H("IfMatch", str, "If-Match"), H("IfModifiedSince", text, "If-Modified-Since"),                \
        H("IfNoneMatch", str, "If-None-Match"),                                                    \
        H("IfUnmodifiedSince", text, "If-Unmodified-Since")
#define WRITE_CONDITIONS H("IfMatch", str, "If-Match"), H("IfNoneMatch", str, "If-None-Match")
#define SOURCE                                                                                     \
    HR("CopySource", str, "x-amz-copy-source"),                                                    \
        H("CopySourceIfMatch", str, "x-amz-copy-source-if-match"),                                 \
        H("CopySourceIfModifiedSince", text, "x-amz-copy-source-if-modified-since"),               \
        H("CopySourceIfNoneMatch", str, "x-amz-copy-source-if-none-match"),                        \
        H("CopySourceIfUnmodifiedSince", text, "x-amz-copy-source-if-unmodified-since"),           \
        H("CopySourceSSECustomerAlgorithm", str,                                                   \
          "x-amz-copy-source-server-side-encryption-customer-algorithm"),                          \
        H("CopySourceSSECustomerKey", secret,                                                      \
          "x-amz-copy-source-server-side-encryption-customer-key"),                                \
        H("CopySourceSSECustomerKeyMD5", str,                                                      \
          "x-amz-copy-source-server-side-encryption-customer-key-MD5"),                            \
        H("ExpectedSourceBucketOwner", str, "x-amz-source-expected-bucket-owner")

#endif
