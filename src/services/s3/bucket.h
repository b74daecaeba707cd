/* Buckets as rows, and what the files of this service share about calls. */
#ifndef WB_S3_BUCKET_H
#define WB_S3_BUCKET_H

#include "base/limits.h"
#include "engine/blob.h"
#include "engine/engine.h"
#include "services/s3/s3.h"

enum s3_versioning { S3_UNVERSIONED, S3_VERSIONED, S3_SUSPENDED };

struct s3_bucket {
    uint64_t number;
    struct wb_slice name, account, region; /* the account owns it */
    int64_t created_ms;
    enum s3_versioning versioning;
};

/* 3 to 63 of a-z0-9.-, no IP address, none of the reserved beginnings and ends. */
bool s3_bucket_name_valid(struct wb_slice name);
/* False when there is none. Slices in the tx's arena. */
bool s3_bucket_read(struct wb_tx *tx, struct wb_slice name, struct s3_bucket *out);
bool s3_bucket_decode(struct wb_arena *a, struct wb_slice name, struct wb_slice value,
                      struct s3_bucket *out);
void s3_bucket_write(struct wb_tx *tx, const struct s3_bucket *b);
void s3_bucket_drop(struct wb_tx *tx, const struct s3_bucket *b);
uint64_t s3_bucket_count(struct wb_tx *tx, struct wb_slice account); /* of an account */
struct wb_slice s3_bucket_arn(struct wb_arena *a, struct wb_slice name);

/* The bucket that a call names in `Bucket`; or the call fails: NoSuchBucket, AccessDenied when
 * ExpectedBucketOwner is another account. */
bool s3_call_bucket(struct wb_call *c, struct s3_bucket *out);
/* Fails with one more element in the error ("BucketName", "Key"). */
void s3_fail(struct wb_call *c, const char *code, int status, const char *element,
             struct wb_slice value, const char *message);
/* "InvalidArgument" with the argument's name and value. */
void s3_fail_argument(struct wb_call *c, const char *name, struct wb_slice value,
                      const char *message);
void s3_fail_malformed(struct wb_call *c); /* MalformedXML */
/* An integer member that came as text or number: [0, INT32_MAX]; `otherwise` when absent. False:
 * the call has failed with S3's text; `wire` is the parameter's name. */
bool s3_in_int(struct wb_call *c, const char *member, const char *wire, int64_t otherwise,
               int64_t *out);

/* The canonical user id of an account: 64 hex digits, always the same ones. */
struct wb_slice s3_canonical_id(struct wb_arena *a, struct wb_slice account);
/* Writes {ID} of the account as `name`. */
void s3_owner_out(struct wb_call *c, const char *name, struct wb_slice account);

/* Handlers of buckets (bucket.c, acl.c). */
void s3_create_bucket(struct wb_call *c);
void s3_delete_bucket(struct wb_call *c);
void s3_head_bucket(struct wb_call *c);
void s3_list_buckets(struct wb_call *c);
void s3_get_bucket_location(struct wb_call *c);
void s3_put_bucket_versioning(struct wb_call *c);
void s3_get_bucket_versioning(struct wb_call *c);
void s3_get_acl(struct wb_call *c);
void s3_put_acl(struct wb_call *c);

/* Access control lists are off, as in every bucket made today (ownership "bucket owner enforced"):
 * a request may name only what holds anyway. False: the call has failed. */
bool s3_acl_ok(struct wb_call *c);

/* --- what the configuration of a bucket brings (config files) --- */

/* The bucket goes: so do the rows of its configuration. */
void s3_config_drop(struct wb_tx *tx, const struct s3_bucket *b);

/* What calls need to be allowed (resources.c). */
void s3_of_bucket(struct wb_call *c);
void s3_of_key(struct wb_call *c); /* the object */
void s3_of_version(struct wb_call *c);
void s3_of_read(struct wb_call *c); /* with the action of versions when one is named */
void s3_of_put(struct wb_call *c);  /* and what its headers ask for */
void s3_of_copy(struct wb_call *c); /* and of the source */
void s3_of_part_copy(struct wb_call *c);
void s3_of_attributes(struct wb_call *c);
void s3_of_deletes(struct wb_call *c); /* each of DeleteObjects */

#endif
