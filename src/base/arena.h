/*
 * An arena hands out memory that is freed all at once: one per request, one per batch. It belongs
 * to one thread at a time. Running out of memory is fatal (message on stderr, abort): what was
 * acknowledged is on disk, so no caller checks for NULL.
 */
#ifndef WB_BASE_ARENA_H
#define WB_BASE_ARENA_H

#include "base/slice.h"
#include <stdarg.h>

struct wb_arena_chunk;

struct wb_arena {
    struct wb_arena_chunk *head; /* newest chunk */
    char *cur, *end;
    size_t chunk; /* size of the next chunk, bytes */
    size_t total; /* bytes taken from malloc */
};

/* `chunk` is the size of the first chunk in bytes, 0 for the default (4 KiB); chunks double to 1
 * MiB. */
void wb_arena_init(struct wb_arena *a, size_t chunk);
/* Frees everything; the arena may be used again as after init. */
void wb_arena_release(struct wb_arena *a);
/* Forgets everything but keeps one chunk (at most 64 KiB) for the next user. */
void wb_arena_reset(struct wb_arena *a);

/* 16-byte aligned. n = 0 gives a valid pointer. */
void *wb_alloc(struct wb_arena *a, size_t n);
void *wb_zalloc(struct wb_arena *a, size_t n);
#define wb_new(a, type)          ((type *)wb_zalloc((a), sizeof(type)))
#define wb_new_n(a, type, count) ((type *)wb_zalloc((a), sizeof(type) * (count)))

/* Copies. wb_strndup-like results are NUL-terminated beyond their length. */
struct wb_slice wb_dup(struct wb_arena *a, struct wb_slice s);
char *wb_dup_cstr(struct wb_arena *a, struct wb_slice s);
struct wb_slice wb_printf(struct wb_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct wb_slice wb_vprintf(struct wb_arena *a, const char *fmt, va_list ap);
/* The pieces one after another. */
struct wb_slice wb_concat(struct wb_arena *a, const struct wb_slice *parts, size_t count);

/* malloc family that aborts instead of returning NULL. */
void *wb_xmalloc(size_t n);
void *wb_xcalloc(size_t count, size_t n);
void *wb_xrealloc(void *p, size_t n);
char *wb_xstrndup(const char *p, size_t n);

#endif
