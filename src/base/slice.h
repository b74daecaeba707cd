/*
 * A slice is a pointer and a length: text or bytes that somebody else owns. It is a value; it is
 * passed and returned by value and never freed. A slice is not NUL-terminated. The owner of the
 * bytes is named where a slice is handed out (usually an arena).
 */
#ifndef WB_BASE_SLICE_H
#define WB_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wb_slice {
    const char *p;
    size_t n;
};

/* A name and a value: headers, form fields, metric dimensions. */
struct wb_pair {
    struct wb_slice name, value;
};

/* A slice of a string literal. */
#define WB_S(lit)     ((struct wb_slice){"" lit, sizeof(lit) - 1})
#define WB_SLICE_NULL ((struct wb_slice){NULL, 0})
/* For printf: printf("%.*s", WB_FMT(s)). Evaluates s twice. */
#define WB_FMT(s) (int)(s).n, (s).p

static inline struct wb_slice wb_slice(const void *p, size_t n)
{
    return (struct wb_slice){p, n};
}

/* A slice of a C string; NULL gives the null slice. */
static inline struct wb_slice wb_slice_str(const char *s)
{
    return (struct wb_slice){s, s ? strlen(s) : 0};
}

static inline bool wb_slice_eq(struct wb_slice a, struct wb_slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool wb_slice_is(struct wb_slice a, const char *s)
{
    return wb_slice_eq(a, wb_slice_str(s));
}

/* memcmp order, a prefix sorts before what it begins. */
int wb_slice_cmp(struct wb_slice a, struct wb_slice b);
bool wb_slice_ieq(struct wb_slice a, struct wb_slice b); /* ASCII case-insensitive */
bool wb_slice_starts(struct wb_slice s, struct wb_slice prefix);
bool wb_slice_ends(struct wb_slice s, struct wb_slice suffix);
/* Offset of the first c (or of needle) at or after `from`; -1 when there is none. */
ptrdiff_t wb_slice_chr(struct wb_slice s, char c, size_t from);
ptrdiff_t wb_slice_find(struct wb_slice s, struct wb_slice needle, size_t from);
/* The part [from, to); both are clamped to the slice. */
struct wb_slice wb_slice_sub(struct wb_slice s, size_t from, size_t to);
/* Without blanks and tabs at both ends. */
struct wb_slice wb_slice_trim(struct wb_slice s);
/* Cuts at the first `sep`: returns what is before it and leaves the rest in *s; without `sep`
 * returns all and leaves the null slice. Loop while (s.p). */
struct wb_slice wb_slice_cut(struct wb_slice *s, char sep);
/* What is behind the last separator; all when there is none. */
struct wb_slice wb_slice_last(struct wb_slice s, char sep);
/* Decimal integer, the whole slice, optional '-', no blanks, no '+'. False on anything else or
 * overflow. */
bool wb_slice_i64(struct wb_slice s, int64_t *out);
bool wb_slice_u64(struct wb_slice s, uint64_t *out);

#endif
