#include "store/key.h"

#include <assert.h>
#include <stdarg.h>

void wb_key_begin(struct wb_key *k, struct wb_arena *a, uint16_t table)
{
    k->b = wb_buf_in(a);
    wb_buf_reserve(&k->b, 64);
    wb_buf_char(&k->b, (char)(table >> 8));
    wb_buf_char(&k->b, (char)(table & 0xff));
}

void wb_key_str(struct wb_key *k, struct wb_slice s)
{
    wb_buf_reserve(&k->b, s.n + 2);
    while (s.n) {
        const char *zero = memchr(s.p, 0, s.n);
        size_t n = zero ? (size_t)(zero - s.p) : s.n;
        wb_buf_put(&k->b, s.p, n);
        if (!zero)
            break;
        wb_buf_put(&k->b, "\x00\xff", 2);
        s.p += n + 1;
        s.n -= n + 1;
    }
    wb_buf_put(&k->b, "\0\0", 2);
}

void wb_key_u64(struct wb_key *k, uint64_t v)
{
    char be[8];
    for (int i = 7; i >= 0; i--, v >>= 8)
        be[i] = (char)(v & 0xff);
    wb_buf_put(&k->b, be, sizeof(be));
}

void wb_key_i64(struct wb_key *k, int64_t v)
{
    wb_key_u64(k, (uint64_t)v ^ (UINT64_C(1) << 63));
}

void wb_key_desc(struct wb_key *k, uint64_t v)
{
    wb_key_u64(k, ~v);
}

void wb_key_u8(struct wb_key *k, uint8_t v)
{
    wb_buf_char(&k->b, (char)v);
}

void wb_key_decimal(struct wb_key *k, const struct wb_decimal *d)
{
    uint8_t bytes[WB_DECIMAL_BYTES];
    size_t n = wb_decimal_encode(d, bytes);
    wb_buf_put(&k->b, bytes, n);
    wb_buf_char(&k->b, 0);
}

void wb_key_raw(struct wb_key *k, struct wb_slice s)
{
    wb_buf_slice_put(&k->b, s);
}

struct wb_slice wb_key_after(struct wb_arena *a, struct wb_slice prefix)
{
    while (prefix.n && (uint8_t)prefix.p[prefix.n - 1] == 0xff)
        prefix.n--;
    if (!prefix.n)
        return WB_SLICE_NULL;
    char *p = wb_alloc(a, prefix.n);
    memcpy(p, prefix.p, prefix.n);
    p[prefix.n - 1] = (char)((uint8_t)p[prefix.n - 1] + 1);
    return wb_slice(p, prefix.n);
}

struct wb_slice wb_key(struct wb_arena *a, uint16_t table, const char *fmt, ...)
{
    struct wb_key k;
    va_list ap;

    wb_key_begin(&k, a, table);
    va_start(ap, fmt);
    for (; *fmt; fmt++) {
        switch (*fmt) {
        case 's':
            wb_key_str(&k, va_arg(ap, struct wb_slice));
            break;
        case 'z':
            wb_key_str(&k, wb_slice_str(va_arg(ap, const char *)));
            break;
        case 'u':
            wb_key_u64(&k, va_arg(ap, uint64_t));
            break;
        case 'i':
            wb_key_i64(&k, va_arg(ap, int64_t));
            break;
        case 'd':
            wb_key_desc(&k, va_arg(ap, uint64_t));
            break;
        case 'b':
            wb_key_u8(&k, (uint8_t)va_arg(ap, int));
            break;
        case 'r':
            wb_key_raw(&k, va_arg(ap, struct wb_slice));
            break;
        default:
            assert(!"wb_key: unknown letter");
        }
    }
    va_end(ap);
    return wb_key_done(&k);
}

/* --- reading back --- */

static size_t left(const struct wb_key_rd *r)
{
    return (size_t)(r->end - r->p);
}

/* n bytes, or NULL and bad. */
static const uint8_t *take(struct wb_key_rd *r, size_t n)
{
    if (r->bad || left(r) < n) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += n;
    return p;
}

struct wb_key_rd wb_key_rd(struct wb_arena *a, struct wb_slice key, uint16_t *table)
{
    struct wb_key_rd r = {(const uint8_t *)key.p, (const uint8_t *)key.p + key.n, a, false};
    const uint8_t *p = take(&r, 2);
    *table = p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
    return r;
}

struct wb_slice wb_key_rd_str(struct wb_key_rd *r)
{
    if (r->bad)
        return WB_SLICE_NULL;
    /* First find the end, so that one allocation is enough. */
    const uint8_t *p = r->p;
    size_t n = 0;
    for (;; n++) {
        const uint8_t *zero = memchr(p, 0, (size_t)(r->end - p));
        if (!zero || r->end - zero < 2) {
            r->bad = true;
            return WB_SLICE_NULL;
        }
        n += (size_t)(zero - p);
        p = zero + 2;
        if (zero[1] == 0)
            break;
        if (zero[1] != 0xff) {
            r->bad = true;
            return WB_SLICE_NULL;
        }
    }
    char *out = wb_alloc(r->a, n);
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)*r->p;
        r->p += *r->p ? 1 : 2;
    }
    r->p = p;
    return wb_slice(out, n);
}

uint64_t wb_key_rd_u64(struct wb_key_rd *r)
{
    const uint8_t *p = take(r, 8);
    uint64_t v = 0;
    for (int i = 0; p && i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

int64_t wb_key_rd_i64(struct wb_key_rd *r)
{
    uint64_t v = wb_key_rd_u64(r);
    return r->bad ? 0 : (int64_t)(v ^ (UINT64_C(1) << 63));
}

uint64_t wb_key_rd_desc(struct wb_key_rd *r)
{
    uint64_t v = wb_key_rd_u64(r);
    return r->bad ? 0 : ~v;
}

uint8_t wb_key_rd_u8(struct wb_key_rd *r)
{
    const uint8_t *p = take(r, 1);
    return p ? *p : 0;
}

struct wb_slice wb_key_rd_decimal_bytes(struct wb_key_rd *r)
{
    /* The first byte is the exponent and may be 00 (below -1E+124); the digits never are. */
    if (r->bad || left(r) < 2) {
        r->bad = true;
        return WB_SLICE_NULL;
    }
    const uint8_t *zero = memchr(r->p + 1, 0, left(r) - 1);
    if (!zero || zero - r->p > WB_DECIMAL_BYTES) {
        r->bad = true;
        return WB_SLICE_NULL;
    }
    struct wb_slice s = wb_dup(r->a, wb_slice(r->p, (size_t)(zero - r->p)));
    r->p = zero + 1;
    return s;
}

struct wb_slice wb_key_rd_raw(struct wb_key_rd *r)
{
    if (r->bad)
        return WB_SLICE_NULL;
    struct wb_slice s = wb_dup(r->a, wb_slice(r->p, left(r)));
    r->p = r->end;
    return s;
}
