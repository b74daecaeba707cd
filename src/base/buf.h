/*
 * A growing byte buffer. It lives on the heap (arena NULL; release it) or in an arena (growth
 * copies inside the arena; nothing to release). Value type; zero-initialised = empty, on the heap.
 */
#ifndef WB_BASE_BUF_H
#define WB_BASE_BUF_H

#include "base/arena.h"

struct wb_buf {
    char *p;
    size_t n, cap;
    struct wb_arena *arena;
};

static inline struct wb_buf wb_buf_in(struct wb_arena *a)
{
    return (struct wb_buf){NULL, 0, 0, a};
}

static inline struct wb_slice wb_buf_slice(const struct wb_buf *b)
{
    return (struct wb_slice){b->p, b->n};
}

void wb_buf_release(struct wb_buf *b); /* frees heap memory; leaves an empty buffer */

void wb_buf_grow(struct wb_buf *b, size_t more); /* what wb_buf_reserve does without room */

/* Room for `more` bytes beyond n. */
static inline void wb_buf_reserve(struct wb_buf *b, size_t more)
{
    if (more > b->cap - b->n)
        wb_buf_grow(b, more);
}

static inline void wb_buf_put(struct wb_buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    wb_buf_reserve(b, n);
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

static inline void wb_buf_slice_put(struct wb_buf *b, struct wb_slice s)
{
    wb_buf_put(b, s.p, s.n);
}

static inline void wb_buf_str(struct wb_buf *b, const char *s)
{
    wb_buf_put(b, s, strlen(s));
}

static inline void wb_buf_char(struct wb_buf *b, char c)
{
    wb_buf_reserve(b, 1);
    b->p[b->n++] = c;
}

void wb_buf_i64(struct wb_buf *b, int64_t v);
void wb_buf_u64(struct wb_buf *b, uint64_t v);
void wb_buf_printf(struct wb_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void wb_buf_drop(struct wb_buf *b, size_t n); /* removes n bytes from the front */

/* Fixed-width little-endian integers and length-prefixed slices, for row values. */
void wb_buf_le16(struct wb_buf *b, uint16_t v);
void wb_buf_le32(struct wb_buf *b, uint32_t v);
void wb_buf_le64(struct wb_buf *b, uint64_t v);
void wb_buf_lp(struct wb_buf *b, struct wb_slice s); /* le32 length, then the bytes */

/* Reads what the functions above wrote. After any read past the end, `bad` is set and every
 * further read gives 0 or the null slice; check once at the end. */
struct wb_rd {
    const uint8_t *p, *end;
    bool bad;
};
struct wb_rd wb_rd(struct wb_slice s);
uint8_t wb_rd_u8(struct wb_rd *r);
uint16_t wb_rd_le16(struct wb_rd *r);
uint32_t wb_rd_le32(struct wb_rd *r);
uint64_t wb_rd_le64(struct wb_rd *r);
struct wb_slice wb_rd_lp(struct wb_rd *r); /* points into the source */
bool wb_rd_done(const struct wb_rd *r);    /* all read, nothing bad */

#endif
