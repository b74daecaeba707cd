#include "base/seam.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t os_wall_ms(struct wb_seam *s)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t os_mono_ns(struct wb_seam *s)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void from_kernel(char *p, size_t n)
{
    while (n) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            /* Nothing may go on with predictable keys. */
            fprintf(stderr, "waybill: getrandom: %s\n", strerror(errno));
            abort();
        }
        p += got;
        n -= (size_t)got;
    }
}

/* Every request takes some 40 bytes for its id, and a system call costs more than they are worth:
 * each thread fetches some ahead. What was handed out is wiped. (A forked child only execs.) */
#define AHEAD 1024
static _Thread_local char ahead[AHEAD];
static _Thread_local size_t ahead_left;

static void os_random(struct wb_seam *s, void *out, size_t n)
{
    if (n > AHEAD / 8) {
        from_kernel(out, n);
        return;
    }
    if (ahead_left < n) {
        from_kernel(ahead, AHEAD);
        ahead_left = AHEAD;
    }
    ahead_left -= n;
    memcpy(out, ahead + ahead_left, n);
    explicit_bzero(ahead + ahead_left, n);
}

struct wb_seam *wb_seam_os(void)
{
    static struct wb_seam os = {os_wall_ms, os_mono_ns, os_random};
    return &os;
}

static int64_t sim_wall_ms(struct wb_seam *s)
{
    return ((struct wb_seam_sim *)s)->wall_ms;
}

static int64_t sim_mono_ns(struct wb_seam *s)
{
    return ((struct wb_seam_sim *)s)->mono_ns;
}

/* SplitMix64 (Steele, Lea, Flood). */
static uint64_t sim_next(struct wb_seam_sim *s)
{
    uint64_t z = s->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void sim_random(struct wb_seam *s, void *out, size_t n)
{
    char *p = out;
    while (n) {
        uint64_t v = sim_next((struct wb_seam_sim *)s);
        size_t part = n < 8 ? n : 8;
        memcpy(p, &v, part);
        p += part;
        n -= part;
    }
}

void wb_seam_sim_init(struct wb_seam_sim *s, uint64_t seed, int64_t wall_ms)
{
    *s = (struct wb_seam_sim){.seam = {sim_wall_ms, sim_mono_ns, sim_random},
                              .wall_ms = wall_ms,
                              .mono_ns = 1000000000,
                              .state = seed};
}

void wb_seam_sim_advance(struct wb_seam_sim *s, int64_t ms)
{
    s->wall_ms += ms;
    s->mono_ns += ms * 1000000;
}
