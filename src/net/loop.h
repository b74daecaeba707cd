/*
 * An event loop: one thread's sockets, timers and child processes (libuv inside). Everything that
 * is called back runs on the loop's thread; only wb_loop_post may be called from other threads.
 */
#ifndef WB_NET_LOOP_H
#define WB_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct wb_loop;

/* Ignores SIGPIPE in the whole process (a child must reset it). NULL: no descriptors left. */
struct wb_loop *wb_loop_new(void);
/* Runs what is still posted. Everything made on the loop must have been freed before. Accepts
 * NULL. */
void wb_loop_free(struct wb_loop *l);
/* Runs until wb_loop_stop. */
void wb_loop_run(struct wb_loop *l);
/* One turn: what is ready now; with wait set, waits for something to happen (descriptor, timer or
 * message). For tests and for stepping. True while anything is active. */
bool wb_loop_step(struct wb_loop *l, bool wait);
void wb_loop_stop(struct wb_loop *l); /* any thread */

/* A message to a loop from any thread. The caller owns the memory; it must stay until run was
 * called. Messages of one thread run in order. Posting takes no lock; a burst wakes the loop once.
 */
struct wb_post {
    struct wb_post *next;
    void (*run)(struct wb_post *p);
};
void wb_loop_post(struct wb_loop *l, struct wb_post *p);

/* Work that may block, on a thread of the process's pool; then `done` on the loop's thread. The
 * caller owns the memory, until done. A loop that is freed waits for it. */
struct wb_off {
    void (*work)(struct wb_off *o);
    void (*done)(struct wb_off *o);
};
void wb_loop_off(struct wb_loop *l, struct wb_off *o);

/* One-shot timer; start again to move it. The struct is the caller's and must outlive its use
 * (stop, then free). */
struct wb_timer;
struct wb_timer *wb_timer_new(struct wb_loop *l, void (*fire)(void *arg), void *arg);
void wb_timer_start(struct wb_timer *t, uint64_t after_ms);
void wb_timer_stop(struct wb_timer *t);
void wb_timer_free(struct wb_timer *t); /* accepts NULL; may be called from its own fire */

/* Readiness of a descriptor that stays the caller's (pipes of functions, pidfds: a pidfd is
 * readable when the process ended). */
struct wb_watch;
enum { WB_WATCH_READ = 1, WB_WATCH_WRITE = 2 };
/* The descriptor becomes non-blocking; one watch a descriptor. NULL when it cannot be watched (a
 * plain file). An error or hang-up is told as readiness; the read or write then says what it is. */
struct wb_watch *wb_watch_new(struct wb_loop *l, int fd, int events,
                              void (*ready)(void *arg, int events), void *arg);
void wb_watch_set(struct wb_watch *w, int events); /* 0 = pause */
void wb_watch_free(struct wb_watch *w); /* before closing the fd; accepts NULL; may be called from
                                         * its own ready */

/* A cached monotonic clock of this turn, milliseconds. */
uint64_t wb_loop_now_ms(struct wb_loop *l);

#endif
