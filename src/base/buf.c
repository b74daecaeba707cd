#include "base/buf.h"
#include <stdio.h>
#include <stdlib.h>

#define BUF_MIN 64

void wb_buf_release(struct wb_buf *b)
{
    if (!b->arena)
        free(b->p);
    b->p = NULL;
    b->n = b->cap = 0;
}

void wb_buf_grow(struct wb_buf *b, size_t more)
{
    size_t need;
    if (__builtin_add_overflow(b->n, more, &need) || need > SIZE_MAX / 4)
        abort();
    size_t cap = b->cap ? b->cap : BUF_MIN;
    while (cap < need)
        cap *= 2;
    if (!b->arena) {
        b->p = wb_xrealloc(b->p, cap);
    } else if (b->p && b->p + b->cap == b->arena->cur &&
               cap - b->cap <= (size_t)(b->arena->end - b->arena->cur)) {
        /* The last thing cut from the arena: it grows where it is. (cap is a multiple of 16, so
         * the next allocation begins exactly at the end of this one.) */
        char *tail = wb_alloc(b->arena, cap - b->cap);
        if (tail != b->p + b->cap)
            abort();
    } else {
        char *p = wb_alloc(b->arena, cap);
        if (b->n)
            memcpy(p, b->p, b->n);
        b->p = p;
    }
    b->cap = cap;
}

void wb_buf_u64(struct wb_buf *b, uint64_t v)
{
    char t[20];
    size_t i = sizeof t;
    do {
        t[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    wb_buf_put(b, t + i, sizeof t - i);
}

void wb_buf_i64(struct wb_buf *b, int64_t v)
{
    if (v < 0)
        wb_buf_char(b, '-');
    wb_buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void wb_buf_printf(struct wb_buf *b, const char *fmt, ...)
{
    va_list ap;
    wb_buf_reserve(b, 64);
    va_start(ap, fmt);
    int n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
    va_end(ap);
    if (n < 0)
        abort(); /* a broken format */
    if ((size_t)n >= b->cap - b->n) {
        wb_buf_reserve(b, (size_t)n + 1);
        va_start(ap, fmt);
        vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
        va_end(ap);
    }
    b->n += (size_t)n;
}

void wb_buf_drop(struct wb_buf *b, size_t n)
{
    if (n > b->n)
        n = b->n;
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

static void put_le(struct wb_buf *b, uint64_t v, size_t bytes)
{
    wb_buf_reserve(b, bytes);
    for (size_t i = 0; i < bytes; i++)
        b->p[b->n++] = (char)(uint8_t)(v >> (8 * i));
}

void wb_buf_le16(struct wb_buf *b, uint16_t v)
{
    put_le(b, v, 2);
}

void wb_buf_le32(struct wb_buf *b, uint32_t v)
{
    put_le(b, v, 4);
}

void wb_buf_le64(struct wb_buf *b, uint64_t v)
{
    put_le(b, v, 8);
}

void wb_buf_lp(struct wb_buf *b, struct wb_slice s)
{
    if (s.n > UINT32_MAX)
        abort(); /* no row is that large */
    wb_buf_le32(b, (uint32_t)s.n);
    wb_buf_slice_put(b, s);
}

struct wb_rd wb_rd(struct wb_slice s)
{
    const uint8_t *p = (const uint8_t *)(s.p ? s.p : "");
    return (struct wb_rd){p, p + s.n, false};
}

static uint64_t rd_le(struct wb_rd *r, size_t bytes)
{
    uint64_t v = 0;
    if (r->bad || (size_t)(r->end - r->p) < bytes) {
        r->bad = true;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        v |= (uint64_t)r->p[i] << (8 * i);
    r->p += bytes;
    return v;
}

uint8_t wb_rd_u8(struct wb_rd *r)
{
    return (uint8_t)rd_le(r, 1);
}

uint16_t wb_rd_le16(struct wb_rd *r)
{
    return (uint16_t)rd_le(r, 2);
}

uint32_t wb_rd_le32(struct wb_rd *r)
{
    return (uint32_t)rd_le(r, 4);
}

uint64_t wb_rd_le64(struct wb_rd *r)
{
    return rd_le(r, 8);
}

struct wb_slice wb_rd_lp(struct wb_rd *r)
{
    uint32_t n = wb_rd_le32(r);
    if (r->bad || (size_t)(r->end - r->p) < n) {
        r->bad = true;
        return WB_SLICE_NULL;
    }
    struct wb_slice s = wb_slice(r->p, n);
    r->p += n;
    return s;
}

bool wb_rd_done(const struct wb_rd *r)
{
    return !r->bad && r->p == r->end;
}
