/*
 * multipart/form-data (RFC 7578): the body of a browser's form with a file. Strict where being lax
 * would let two readers see different fields: boundaries stand on lines of their own, each part has
 * one Content-Disposition with one name. Nothing is copied but names with escapes.
 */
#ifndef WB_CODEC_MULTIPART_H
#define WB_CODEC_MULTIPART_H

#include "base/arena.h"

struct wb_part {
    struct wb_slice name, file_name, type; /* null: not given */
    struct wb_slice value;                 /* points into the body */
};

/* content_type: the header, with the boundary. False: it is none, or the body breaks its rules, or
 * has more than max parts. Parts lie in the arena. */
bool wb_multipart_parse(struct wb_arena *a, struct wb_slice content_type, struct wb_slice body,
                        size_t max, struct wb_part **part, size_t *count);

#endif
