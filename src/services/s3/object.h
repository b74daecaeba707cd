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
    const char *override;        /* member that overrides it in an answer, or NULL */
};
extern const struct s3_system_name s3_system_names[S3_SYSTEM_COUNT];

enum s3_algorithm {
    S3_NO_SUM,
    S3_CRC32,
    S3_CRC32C,
    S3_SHA1,
    S3_SHA256,
    S3_CRC64NVME,
    S3_ALGORITHM_COUNT
};

/* A checksum as it is shown: base64, of a composite one with "-N" behind it. */
struct s3_sum {
    enum s3_algorithm algorithm;
    struct wb_slice value;
    bool composite;
};

/* What a request says about a new object besides its bytes. */
struct s3_about {
    struct wb_slice system[S3_SYSTEM_COUNT]; /* null: not given */
    struct wb_pair *meta;                    /* names in lower case, without x-amz-meta- */
    size_t meta_count;
    struct wb_pair *tag;
    size_t tag_count;
    struct wb_slice class;        /* storage class; null = STANDARD */
    struct wb_slice sse, kms_key; /* null = AES256; the key as it was named */
};

struct s3_object {
    struct wb_slice key;
    uint64_t stamp;          /* orders the versions of a key */
    struct wb_slice version; /* its id; null: the null version */
    bool marker;             /* a delete marker: nothing of what follows but modified_ms */
    int64_t modified_ms, size;
    struct wb_slice etag; /* without quotes */
    struct wb_slice blob; /* where its bytes are; null: in the parts of `upload`, or there are none
                           */
    uint64_t upload;      /* number; 0 = not made of parts */
    struct wb_slice runs; /* numbers of the parts that count: "1-3,7" */
    uint32_t parts;       /* how many these are */
    struct s3_sum sum;
    struct s3_about about;
};

/* --- rows (object_row.c) --- */

/* Slices live in the arena. False: damaged. */
bool s3_object_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                      struct s3_object *out);
struct wb_slice s3_object_encode(struct wb_arena *a, const struct s3_object *o);
void s3_about_write(struct wb_json_writer *w, const struct s3_about *about); /* members */
void s3_about_read(struct wb_arena *a, struct wb_json in, struct s3_about *out);
struct wb_slice s3_object_key(struct wb_arena *a, const struct s3_bucket *b, struct wb_slice key);
struct wb_slice s3_version_key(struct wb_arena *a, const struct s3_bucket *b, struct wb_slice key,
                               uint64_t stamp);
/* "null" for the null version. */
static inline struct wb_slice s3_version_text(const struct s3_object *o)
{
    return o->version.p ? o->version : WB_S("null");
}
/* The stamp in a version id. False: no id of ours. */
bool s3_version_stamp(struct wb_slice id, uint64_t *stamp);

/* --- versions of a key (version.c) --- */

/* The current version, unless that is a delete marker. */
bool s3_object_current(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                       struct s3_object *out);
/* The newest version, marker or not. */
bool s3_object_newest(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                      struct s3_object *out);
/* By its id, "null" included. */
bool s3_object_version(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                       struct wb_slice id, struct s3_object *out);
/* Makes o the current version of its key: stamp, version and modified_ms are set. What it replaces
 * goes. The bytes of o are kept already (data.c). */
void s3_object_put(struct wb_tx *tx, const struct s3_bucket *b, struct s3_object *o);
/* Writes a version that is there once more, with other tags. */
void s3_object_update(struct wb_tx *tx, const struct s3_bucket *b, const struct s3_object *o);

struct s3_removed {
    bool found;              /* something went, or a marker was made */
    bool marker;             /* what went or was made is a delete marker */
    bool made;               /* it was made */
    struct wb_slice version; /* of what went or was made; null: the null version */
    bool versioned;          /* the bucket has or had versions: the id is told */
};
/* DeleteObject. version null: the current one, by the rules of the bucket. */
void s3_object_remove(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                      struct wb_slice version, struct s3_removed *out);

/* --- bytes (data.c) --- */

/* One more, one fewer object with these bytes. */
void s3_data_share(struct wb_tx *tx, const struct s3_object *o);
void s3_data_drop(struct wb_tx *tx, const struct s3_object *o);
/* Pieces of blobs for bytes [from, from + n). NULL: a part is missing. */
struct wb_piece *s3_data_pieces(struct wb_tx *tx, const struct s3_object *o, int64_t from,
                                int64_t n, size_t *count);

/* --- requests (about.c, condition.c, common.c) --- */

/* What the request says about the new object; the call fails when something is wrong. */
bool s3_call_about(struct wb_call *c, struct s3_about *out);
/* The members for x-amz-tagging, and those of a body. */
bool s3_call_tags(struct wb_call *c, struct wb_json set, struct wb_pair **tag, size_t *count);
bool s3_call_tag_header(struct wb_call *c, struct wb_slice header, struct wb_pair **tag,
                        size_t *count);
/* Bucket and Key, checked. */
bool s3_call_key(struct wb_call *c, struct s3_bucket *b, struct wb_slice *key);
/* The object a call names by Bucket, Key and VersionId; or the call fails with what S3 says:
 * NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker. */
bool s3_call_object(struct wb_call *c, struct s3_bucket *b, struct s3_object *o);
/* The same for an object named otherwise. version may be null. */
bool s3_find_object(struct wb_call *c, const struct s3_bucket *b, struct wb_slice key,
                    struct wb_slice version, struct s3_object *o);
/* Looks like a version id; or the call fails. */
bool s3_version_valid(struct wb_call *c, struct wb_slice version);
/* If-Match and If-None-Match of a write. */
bool s3_write_allowed(struct wb_call *c, const struct s3_bucket *b, struct wb_slice key);
/* Those of a read: 412 and 304 in S3's order; those of a copy's source. */
bool s3_read_allowed(struct wb_call *c, const struct s3_object *o);
bool s3_source_allowed(struct wb_call *c, const struct s3_object *o);
bool s3_etag_matches(struct wb_slice list, struct wb_slice etag);

#define S3_EMPTY_MD5 "d41d8cd98f00b204e9800998ecf8427e"
/* The checksum of a body as bytes; null: it was not computed. */
struct wb_slice s3_body_sum(struct wb_arena *a, const struct wb_body_blob *b,
                            enum s3_algorithm algorithm);

/* --- answers (get.c) --- */

struct wb_slice s3_quoted(struct wb_arena *a, struct wb_slice etag);
/* x-amz-version-id, when the bucket has or had versions. */
void s3_version_header(struct wb_call *c, const struct s3_bucket *b, const struct s3_object *o);
void s3_sum_header(struct wb_call *c, const struct s3_sum *sum);
void s3_sse_header(struct wb_call *c, const struct s3_about *about);
extern const char *const s3_sum_members[S3_ALGORITHM_COUNT]; /* "ChecksumCRC32" */
extern const char *const s3_sum_names[S3_ALGORITHM_COUNT];   /* "CRC32" */
enum s3_algorithm s3_algorithm_of(struct wb_slice name);     /* S3_NO_SUM: none of them */

void s3_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

/* --- what the configuration of a bucket brings (config.c, lifecycle.c) --- */

/* What the bucket says for a request that says nothing of encryption. */
void s3_default_encryption(struct wb_call *c, struct s3_about *out);
/* x-amz-expiration, when a lifecycle rule will expire the current version. */
void s3_expiration_header(struct wb_call *c, const struct s3_bucket *b, const struct s3_object *o);

/* Handlers. */
void s3_put_object(struct wb_call *c);
void s3_put_body(struct wb_call *c, const char *event); /* the same, told so */
void s3_get_object(struct wb_call *c);
void s3_head_object(struct wb_call *c);
void s3_delete_object(struct wb_call *c);
void s3_delete_objects(struct wb_call *c);
void s3_copy_object(struct wb_call *c);
void s3_get_object_attributes(struct wb_call *c);
void s3_get_object_tagging(struct wb_call *c);
void s3_put_object_tagging(struct wb_call *c);
void s3_delete_object_tagging(struct wb_call *c);
void s3_get_object_acl(struct wb_call *c);
void s3_put_object_acl(struct wb_call *c);
void s3_list_objects(struct wb_call *c);
void s3_list_objects_v2(struct wb_call *c);
void s3_list_object_versions(struct wb_call *c);

#endif
