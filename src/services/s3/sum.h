/* The checksum of an object made of parts, from those of its parts. */
#ifndef WB_S3_SUM_H
#define WB_S3_SUM_H

#include "services/s3/object.h"

struct s3_sum_whole {
    enum s3_algorithm algorithm;
    bool full;
    uint64_t crc;        /* full: of what was added so far */
    struct wb_buf parts; /* composite: the parts' checksums */
};
void s3_sum_whole_begin(struct s3_sum_whole *s, struct wb_arena *a, enum s3_algorithm algorithm,
                        bool full);
/* The next part's checksum, as its bytes, and the part's size. */
void s3_sum_whole_add(struct s3_sum_whole *s, const uint8_t *sum, size_t n, uint64_t size);
struct wb_slice s3_sum_whole_text(struct wb_arena *a, const struct s3_sum_whole *s); /* base64 */

#endif
