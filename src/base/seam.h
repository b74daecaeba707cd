/*
 * The seam: the only way to clocks and random numbers. The program uses wb_seam_os(); tests and the
 * simulator use a scripted one, so that a seed replays a run. (The store, processes and outbound
 * calls have seams of their own: store.h, the engine's executors.)
 *
 * Three clocks. wall: signatures, certificates. monotonic: time-outs, running functions. The third,
 * the engine clock (due times, alarms, record stamps; never backwards across restarts), is made by
 * the engine from the wall clock.
 */
#ifndef WB_BASE_SEAM_H
#define WB_BASE_SEAM_H

#include <stddef.h>
#include <stdint.h>

struct wb_seam {
    int64_t (*wall_ms)(struct wb_seam *s);
    int64_t (*mono_ns)(struct wb_seam *s);
    void (*random)(struct wb_seam *s, void *out,
                   size_t n); /* cryptographic in the OS seam; thread-safe */
};

struct wb_seam *wb_seam_os(void);

/* Deterministic: time stands until moved, random bytes come from the seed. One thread only. */
struct wb_seam_sim {
    struct wb_seam seam;
    int64_t wall_ms, mono_ns;
    uint64_t state;
};
void wb_seam_sim_init(struct wb_seam_sim *s, uint64_t seed, int64_t wall_ms);
void wb_seam_sim_advance(struct wb_seam_sim *s, int64_t ms);

#endif
