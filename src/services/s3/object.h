/* Objects as rows, and the one way to put and to remove them. */
#ifndef WB_S3_OBJECT_H
#define WB_S3_OBJECT_H

#include "services/s3/bucket.h"

/* Headers of an object that come back as they were given. */
enum s3_system {
    S3_CACHE_CONTROL,
    S3_CONTENT_DISPOSITION,
    S3_CONTENT_ENCODING,
    S3_CONTENT_LANGUAGE,
    S3_CONTENT_TYPE,
    S3_EXPIRES,
    S3_WEBSITE_REDIRECT,
    S3_SYSTEM_COUNT
};
struct s3_system_name {
    const char *member, *header; /* "CacheControl", "Cache-Control" */
};
extern const struct s3_system_name s3_system_names[S3_SYSTEM_COUNT];

enum s3_algorithm { S3_NO_SUM, S3_CRC32, S3_CRC32C, S3_SHA1, S3_SHA256, S3_CRC64NVME };

struct s3_sum {
    enum s3_algorithm algorithm;
    struct wb_slice value; /* base64; of a composite one with "-N" */
    bool composite;
};

struct s3_object {
    struct wb_slice key;
    uint64_t stamp;          /* orders the versions of a key */
    struct wb_slice version; /* its id; null: the null version */
    bool marker;             /* a delete marker: nothing of what follows */
    int64_t modified_ms, size;
    struct wb_slice etag; /* without quotes */
    struct wb_slice blob; /* where its bytes are; null: in the parts of `upload` or nowhere */
    uint64_t upload;      /* number; 0 = not made of parts */
    struct wb_slice runs; /* numbers of the parts that count: "1-3,7" */
    uint32_t parts;       /* how many these are */
    struct wb_slice system[S3_SYSTEM_COUNT]; /* null: not given */
    struct wb_pair *meta;                    /* names in lower case, without x-amz-meta- */
    size_t meta_count;
    struct wb_pair *tag;
    size_t tag_count;
    struct wb_slice class; /* storage class; null = STANDARD */
    struct s3_sum sum;
};

#endif
