#include "base/utf8.h"

/* Length of the valid sequence at p (n bytes left, n > 0), or 0. */
static size_t sequence(const uint8_t *p, size_t n, uint32_t *cp)
{
    uint8_t c = p[0];
    if (c < 0x80) {
        *cp = c;
        return 1;
    }
    if (c < 0xc2 || c > 0xf4) /* a continuation, overlong (C0, C1), or above U+10FFFF */
        return 0;
    if (n < 2 || (p[1] & 0xc0) != 0x80)
        return 0;
    if (c < 0xe0) {
        *cp = (uint32_t)(c & 0x1f) << 6 | (p[1] & 0x3f);
        return 2;
    }
    if (n < 3 || (p[2] & 0xc0) != 0x80)
        return 0;
    if (c < 0xf0) {
        *cp = (uint32_t)(c & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        return *cp < 0x800 || (*cp >= 0xd800 && *cp <= 0xdfff) ? 0 : 3;
    }
    if (n < 4 || (p[3] & 0xc0) != 0x80)
        return 0;
    *cp = (uint32_t)(c & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
          (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    return *cp < 0x10000 || *cp > 0x10ffff ? 0 : 4;
}

ptrdiff_t wb_utf8_check(struct wb_slice s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    size_t i = 0;
    while (i < s.n) {
        uint64_t w;
        uint32_t cp;
        /* Eight ASCII bytes at once. */
        if (s.n - i >= 8 && (memcpy(&w, p + i, 8), (w & 0x8080808080808080u) == 0)) {
            i += 8;
            continue;
        }
        size_t n = sequence(p + i, s.n - i, &cp);
        if (n == 0)
            return (ptrdiff_t)i;
        i += n;
    }
    return -1;
}

int32_t wb_utf8_next(struct wb_slice s, size_t *pos)
{
    uint32_t cp;
    if (*pos >= s.n)
        return -1;
    size_t n = sequence((const uint8_t *)s.p + *pos, s.n - *pos, &cp);
    if (n == 0)
        return -1;
    *pos += n;
    return (int32_t)cp;
}

size_t wb_utf8_put(char out[4], uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}
