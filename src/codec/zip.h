/*
 * ZIP archives (function packages) and deflate streams (log blocks, gzip bodies), over libzip and
 * zlib.
 */
#ifndef WB_CODEC_ZIP_H
#define WB_CODEC_ZIP_H

#include "base/arena.h"

/* Unpacks into the existing directory dirfd. Refuses absolute names, "..", links that leave the
 * directory, more than max_files, more than max_bytes unpacked. Executable bits are kept (files
 * 0644/0755, folders 0755). 0, or a negative errno with *why set to a sentence (static or in the
 * arena). */
int wb_zip_unpack(struct wb_arena *a, struct wb_slice zip, int dirfd, uint64_t max_bytes,
                  unsigned max_files, struct wb_slice *why);
/* One file for each entry; mode 0755 when exec[i]. Deterministic: date 1980-01-01. */
bool wb_zip_make(struct wb_arena *a, const struct wb_slice *names, const struct wb_slice *data,
                 const bool *exec, size_t count, struct wb_slice *out);

struct wb_slice wb_deflate(struct wb_arena *a, struct wb_slice s); /* zlib format, level 1 */
bool wb_inflate(struct wb_arena *a, struct wb_slice s, size_t max,
                struct wb_slice *out); /* zlib format */
bool wb_gunzip(struct wb_arena *a, struct wb_slice s, size_t max, struct wb_slice *out);
struct wb_slice wb_gzip(struct wb_arena *a, struct wb_slice s);
/* Of `begin` and `rest`, where all of `rest` has been packed before (raw deflate, RFC 1951): packs
 * nothing, `begin` is stored. The null slice when begin is longer than 65,535 bytes. */
struct wb_slice wb_gzip_before(struct wb_arena *a, struct wb_slice begin, struct wb_slice rest,
                               struct wb_slice packed_rest);

#endif
