/*
 * A chunk is one malloc; memory is cut from the newest by moving `cur`. A request larger than a
 * quarter of the next chunk gets a chunk of its own, put behind the newest, so that it does not
 * waste what is left there.
 *
 * Under AddressSanitizer, memory not handed out is poisoned and allocations are kept apart, so
 * that running over one is caught as it would be with malloc.
 */
#include "base/arena.h"
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#define APART          16
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define APART          0
#endif

#define ALIGN       16
#define CHUNK_FIRST (4 * 1024)
#define CHUNK_MAX   (1024 * 1024)
#define CHUNK_KEEP  (64 * 1024)

struct wb_arena_chunk {
    struct wb_arena_chunk *next;
    size_t size; /* bytes of data */
    _Alignas(ALIGN) char data[];
};

static void out_of_memory(size_t n)
{
    fprintf(stderr, "waybill: out of memory (%zu bytes wanted)\n", n);
    abort();
}

void *wb_xmalloc(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p)
        out_of_memory(n);
    return p;
}

void *wb_xcalloc(size_t count, size_t n)
{
    void *p = calloc(count ? count : 1, n ? n : 1);
    if (!p)
        out_of_memory(n);
    return p;
}

void *wb_xrealloc(void *p, size_t n)
{
    p = realloc(p, n ? n : 1);
    if (!p)
        out_of_memory(n);
    return p;
}

char *wb_xstrndup(const char *p, size_t n)
{
    char *s = wb_xmalloc(n + 1);
    if (n)
        memcpy(s, p, n);
    s[n] = 0;
    return s;
}

void wb_arena_init(struct wb_arena *a, size_t chunk)
{
    *a = (struct wb_arena){.chunk = chunk ? chunk : CHUNK_FIRST};
}

static void chunk_free(struct wb_arena *a, struct wb_arena_chunk *c)
{
    a->total -= c->size;
    UNPOISON(c->data, c->size);
    free(c);
}

void wb_arena_release(struct wb_arena *a)
{
    struct wb_arena_chunk *c = a->head;
    while (c) {
        struct wb_arena_chunk *next = c->next;
        chunk_free(a, c);
        c = next;
    }
    wb_arena_init(a, 0);
}

void wb_arena_reset(struct wb_arena *a)
{
    struct wb_arena_chunk *keep = NULL, *c, *next;
    for (c = a->head; c; c = c->next)
        if (c->size <= CHUNK_KEEP && (!keep || c->size > keep->size))
            keep = c;
    for (c = a->head; c; c = next) {
        next = c->next;
        if (c != keep)
            chunk_free(a, c);
    }
    a->head = keep;
    a->cur = a->end = NULL;
    a->chunk = CHUNK_FIRST;
    if (keep) {
        keep->next = NULL;
        a->cur = keep->data;
        a->end = keep->data + keep->size;
        if (a->chunk < keep->size)
            a->chunk = keep->size;
        POISON(keep->data, keep->size);
    }
}

static struct wb_arena_chunk *chunk_new(struct wb_arena *a, size_t size)
{
    struct wb_arena_chunk *c = wb_xmalloc(sizeof *c + size);
    c->size = size;
    a->total += size;
    POISON(c->data, size);
    return c;
}

static void *alloc_slow(struct wb_arena *a, size_t need)
{
    struct wb_arena_chunk *c;
    if (a->chunk == 0)
        a->chunk = CHUNK_FIRST;
    if (a->head && need > a->chunk / 4) {
        c = chunk_new(a, need);
        c->next = a->head->next;
        a->head->next = c;
        return c->data;
    }
    c = chunk_new(a, need > a->chunk ? need : a->chunk);
    c->next = a->head;
    a->head = c;
    a->cur = c->data + need;
    a->end = c->data + c->size;
    if (a->chunk < CHUNK_MAX)
        a->chunk *= 2;
    return c->data;
}

void *wb_alloc(struct wb_arena *a, size_t n)
{
    if (n > SIZE_MAX / 2)
        out_of_memory(n);
    size_t need = ((n + !n + ALIGN - 1) & ~(size_t)(ALIGN - 1)) + APART;
    void *p;
    if (need <= (size_t)(a->end - a->cur)) {
        p = a->cur;
        a->cur += need;
    } else {
        p = alloc_slow(a, need);
    }
    UNPOISON(p, n);
    return p;
}

void *wb_zalloc(struct wb_arena *a, size_t n)
{
    void *p = wb_alloc(a, n);
    if (n)
        memset(p, 0, n);
    return p;
}

char *wb_dup_cstr(struct wb_arena *a, struct wb_slice s)
{
    char *p = wb_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

struct wb_slice wb_dup(struct wb_arena *a, struct wb_slice s)
{
    if (!s.p)
        return WB_SLICE_NULL;
    return wb_slice(wb_dup_cstr(a, s), s.n);
}

struct wb_slice wb_vprintf(struct wb_arena *a, const char *fmt, va_list ap)
{
    char small[512];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    if (n < 0)
        abort(); /* a broken format */
    char *p = wb_alloc(a, (size_t)n + 1);
    if ((size_t)n < sizeof small)
        memcpy(p, small, (size_t)n + 1);
    else
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return wb_slice(p, (size_t)n);
}

struct wb_slice wb_printf(struct wb_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice s = wb_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}

struct wb_slice wb_concat(struct wb_arena *a, const struct wb_slice *parts, size_t count)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < count; i++)
        n += parts[i].n;
    char *p = wb_alloc(a, n + 1);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n)
            memcpy(p + at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    p[n] = 0;
    return wb_slice(p, n);
}
