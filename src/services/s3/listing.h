/*
 * What all listings share: a prefix, a delimiter behind which keys are rolled up into common
 * prefixes, a bound, and the form in which keys are written.
 */
#ifndef WB_S3_LISTING_H
#define WB_S3_LISTING_H

#include "services/s3/object.h"

struct s3_listing {
    struct wb_call *c;
    struct s3_bucket bucket;
    struct wb_slice prefix, delimiter, after; /* after: a key or common prefix of an earlier page */
    bool encoded;                             /* keys are percent-encoded */
    int64_t max, count;
    struct wb_slice *common;
    size_t commons;
    struct wb_slice last; /* written: a key or a common prefix */
    bool more;
};

/* Bucket, Prefix, Delimiter, EncodingType and the bound; or the call fails. */
bool s3_listing_read(struct wb_call *c, const char *max_member, const char *max_wire,
                     struct s3_listing *out);
/* The common prefix of this key; null: it is listed itself. */
struct wb_slice s3_listing_common(const struct s3_listing *l, struct wb_slice key);
/* Room for another one? If not, there is more. */
bool s3_listing_room(struct s3_listing *l);
void s3_listing_add_common(struct s3_listing *l, struct wb_slice common);
/* The key, or its percent-encoded form. */
struct wb_slice s3_listing_text(const struct s3_listing *l, struct wb_slice s);
void s3_listing_str(const struct s3_listing *l, const char *name, struct wb_slice s);
/* Name, Prefix, Delimiter, EncodingType, the bound; and the common prefixes. */
void s3_listing_begin(const struct s3_listing *l, const char *max_name);
void s3_listing_end(const struct s3_listing *l);

/* Store keys of a table by bucket and object key. */
struct wb_slice s3_keys_from(struct wb_arena *a, enum wb_table table, uint64_t bucket,
                             struct wb_slice key); /* the first row of this key or a later one */
struct wb_slice s3_keys_behind(struct wb_arena *a, enum wb_table table, uint64_t bucket,
                               struct wb_slice prefix); /* the first behind all with it */
/* The object key in such a store key. */
struct wb_slice s3_keys_key(struct wb_arena *a, struct wb_slice row);

#endif
