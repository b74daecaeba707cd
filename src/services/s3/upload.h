/* Uploads in parts, and their parts as rows. */
#ifndef WB_S3_UPLOAD_H
#define WB_S3_UPLOAD_H

#include "services/s3/object.h"

struct s3_upload {
    uint64_t number;
    struct wb_slice key, id; /* the id as clients know it */
    int64_t started_ms;
    struct wb_slice initiator; /* ARN of who began it */
    enum s3_algorithm algorithm;
    bool full; /* its checksum is of the whole object, not of the parts' checksums */
    struct s3_about about;
};

struct s3_part {
    uint32_t number;
    int64_t size, modified_ms;
    uint8_t md5[16]; /* what its ETag is; of a copied part it names the source and the range */
    uint8_t sum[32]; /* of the upload's algorithm; sum_n = 0: there is none */
    uint8_t sum_n;
    struct wb_piece *piece; /* where its bytes are */
    size_t pieces;
};

/* --- rows (upload_row.c) --- */
struct wb_slice s3_upload_key(struct wb_arena *a, const struct s3_bucket *b, struct wb_slice key,
                              uint64_t number);
bool s3_upload_decode(struct wb_arena *a, struct wb_slice key, uint64_t number,
                      struct wb_slice value, struct s3_upload *out);
void s3_upload_write(struct wb_tx *tx, const struct s3_bucket *b, const struct s3_upload *u);
/* By id. */
bool s3_upload_read(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                    struct wb_slice id, struct s3_upload *out);
/* The number in an id; 0: no id of ours. */
uint64_t s3_upload_number(struct wb_slice id);

struct wb_slice s3_part_key(struct wb_arena *a, uint64_t upload, uint32_t number);
bool s3_part_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                    struct s3_part *out);
bool s3_part_read(struct wb_tx *tx, uint64_t upload, uint32_t number, struct s3_part *out);
void s3_part_write(struct wb_tx *tx, uint64_t upload, const struct s3_part *p);
/* Its bytes and its row. */
void s3_part_drop(struct wb_tx *tx, uint64_t upload, const struct s3_part *p);
struct wb_slice s3_part_etag(struct wb_arena *a, const struct s3_part *p);
/* Base64; null when there is none. */
struct wb_slice s3_part_sum(struct wb_arena *a, const struct s3_part *p);

/* Parts of an upload in their order; with runs only those that are named there. */
struct s3_parts {
    struct wb_tx *tx;
    struct wb_scan *scan;
    bool all;
    struct wb_slice runs;
    uint32_t from, to; /* the present run */
};
void s3_parts_open(struct s3_parts *it, struct wb_tx *tx, uint64_t upload, struct wb_slice runs,
                   uint32_t after);
bool s3_parts_next(struct s3_parts *it, struct s3_part *out);
void s3_parts_close(struct s3_parts *it);
/* Is the number among them? Ask in ascending order, with a cursor of your own. */
bool s3_run_has(struct s3_parts *cursor, uint32_t number);

/* Drops the parts that are not in keep (null: all). `expected` of them; many go by a job. */
void s3_parts_drop(struct wb_tx *tx, uint64_t upload, struct wb_slice keep, size_t expected);
extern const struct wb_job_kind s3_parts_job;

/* The upload goes with what was uploaded. */
void s3_upload_abort(struct wb_tx *tx, const struct s3_bucket *b, const struct s3_upload *u);
/* All uploads of a bucket that goes; by a job when they are many. */
void s3_uploads_drop(struct wb_tx *tx, const struct s3_bucket *b);
extern const struct wb_job_kind s3_uploads_job;

/* --- calls --- */

/* Bucket, Key and UploadId; or the call fails with NoSuchUpload. */
bool s3_call_upload(struct wb_call *c, struct s3_bucket *b, struct s3_upload *u);

void s3_create_upload(struct wb_call *c);
void s3_upload_part(struct wb_call *c);
void s3_upload_part_copy(struct wb_call *c);
void s3_complete_upload(struct wb_call *c);
void s3_abort_upload(struct wb_call *c);
void s3_list_parts(struct wb_call *c);
void s3_list_uploads(struct wb_call *c);

#endif
