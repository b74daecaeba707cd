#include "base/slice.h"

int wb_slice_cmp(struct wb_slice a, struct wb_slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c)
        return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool wb_slice_ieq(struct wb_slice a, struct wb_slice b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool wb_slice_starts(struct wb_slice s, struct wb_slice prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool wb_slice_ends(struct wb_slice s, struct wb_slice suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

ptrdiff_t wb_slice_chr(struct wb_slice s, char c, size_t from)
{
    if (from >= s.n)
        return -1;
    const char *p = memchr(s.p + from, c, s.n - from);
    return p ? p - s.p : -1;
}

ptrdiff_t wb_slice_find(struct wb_slice s, struct wb_slice needle, size_t from)
{
    if (from > s.n)
        return -1;
    if (needle.n == 0)
        return (ptrdiff_t)from;
    if (s.n - from < needle.n)
        return -1;
    const char *p = memmem(s.p + from, s.n - from, needle.p, needle.n);
    return p ? p - s.p : -1;
}

struct wb_slice wb_slice_sub(struct wb_slice s, size_t from, size_t to)
{
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return (struct wb_slice){s.p ? s.p + from : NULL, to - from};
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

struct wb_slice wb_slice_trim(struct wb_slice s)
{
    while (s.n && blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct wb_slice wb_slice_cut(struct wb_slice *s, char sep)
{
    struct wb_slice all = *s;
    ptrdiff_t at = wb_slice_chr(all, sep, 0);
    if (at < 0) {
        *s = WB_SLICE_NULL;
        return all;
    }
    *s = (struct wb_slice){all.p + at + 1, all.n - (size_t)at - 1};
    return (struct wb_slice){all.p, (size_t)at};
}

struct wb_slice wb_slice_last(struct wb_slice s, char sep)
{
    size_t at = s.n;
    while (at > 0 && s.p[at - 1] != sep)
        at--;
    return wb_slice_sub(s, at, s.n);
}

bool wb_slice_u64(struct wb_slice s, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)(unsigned char)s.p[i] - '0';
        if (d > 9 || __builtin_mul_overflow(v, (uint64_t)10, &v) ||
            __builtin_add_overflow(v, (uint64_t)d, &v))
            return false;
    }
    *out = v;
    return true;
}

bool wb_slice_i64(struct wb_slice s, int64_t *out)
{
    bool minus = s.n && s.p[0] == '-';
    uint64_t v;
    if (!wb_slice_u64(wb_slice_sub(s, minus, s.n), &v))
        return false;
    if (v > (uint64_t)INT64_MAX + minus)
        return false;
    *out = minus ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}
