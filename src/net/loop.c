/*
 * Messages from other threads: producers push onto a lock-free stack with one compare-and-swap;
 * only the push that finds the stack empty wakes the loop, so a burst costs one wake-up. The loop
 * takes the whole stack with one exchange and turns it round, which restores each producer's order.
 */
#include "net/loop.h"
#include "base/arena.h"
#include "net/loop_uv.h"

#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

struct wb_loop {
    uv_loop_t uv;
    uv_async_t wake;
    _Atomic(struct wb_post *) posted; /* newest first */
    atomic_bool stop;
    bool stepping;
    unsigned off; /* wb_loop_off: not yet done */
};

static void run_posts(struct wb_loop *l)
{
    struct wb_post *p = atomic_exchange_explicit(&l->posted, NULL, memory_order_acquire);
    struct wb_post *in_order = NULL;
    while (p) {
        struct wb_post *older = p->next;
        p->next = in_order;
        in_order = p;
        p = older;
    }
    while (in_order) {
        p = in_order;
        in_order = p->next; /* before run: the message may be freed or posted again by it */
        p->run(p);
    }
}

static void on_wake(uv_async_t *a)
{
    struct wb_loop *l = a->data;
    run_posts(l);
    if (atomic_load(&l->stop))
        uv_stop(&l->uv);
}

struct wb_loop *wb_loop_new(void)
{
    /* libuv and OpenSSL write to sockets whose other end may be gone; that is a status, not a
     * reason to die. */
    signal(SIGPIPE, SIG_IGN);
    struct wb_loop *l = wb_xcalloc(1, sizeof(*l));
    if (uv_loop_init(&l->uv) != 0) {
        free(l);
        return NULL;
    }
    l->uv.data = l;
    if (uv_async_init(&l->uv, &l->wake, on_wake) != 0) {
        uv_loop_close(&l->uv);
        free(l);
        return NULL;
    }
    l->wake.data = l;
    /* Waiting for messages alone is not activity: see wb_loop_step. */
    uv_unref((uv_handle_t *)&l->wake);
    return l;
}

void wb_loop_free(struct wb_loop *l)
{
    if (!l)
        return;
    run_posts(l); /* their owners wait for run */
    while (l->off)
        uv_run(&l->uv, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&l->wake, NULL);
    /* Handles closed by their owners still need their close callbacks; two turns let a callback
     * close another one. */
    for (int i = 0; i < 3; i++)
        uv_run(&l->uv, UV_RUN_NOWAIT);
    int open = uv_loop_close(&l->uv);
    assert(open == 0); /* somebody left a timer, watch, server or client behind */
    (void)open;
    free(l);
}

void wb_loop_run(struct wb_loop *l)
{
    uv_ref((uv_handle_t *)&l->wake);
    while (!atomic_load(&l->stop))
        uv_run(&l->uv, UV_RUN_DEFAULT);
    uv_unref((uv_handle_t *)&l->wake);
    atomic_store(&l->stop, false);
}

bool wb_loop_step(struct wb_loop *l, bool wait)
{
    uv_ref((uv_handle_t *)&l->wake); /* without it an inactive loop would not look for messages */
    l->stepping = true;
    uv_run(&l->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    l->stepping = false;
    uv_unref((uv_handle_t *)&l->wake);
    return uv_loop_alive(&l->uv) != 0;
}

void wb_loop_stop(struct wb_loop *l)
{
    atomic_store(&l->stop, true);
    uv_async_send(&l->wake);
}

void wb_loop_post(struct wb_loop *l, struct wb_post *p)
{
    struct wb_post *head = atomic_load_explicit(&l->posted, memory_order_relaxed);
    do {
        p->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&l->posted, &head, p, memory_order_release,
                                                    memory_order_relaxed));
    if (!head)
        uv_async_send(&l->wake);
}

uint64_t wb_loop_now_ms(struct wb_loop *l)
{
    return uv_now(&l->uv);
}

uv_loop_t *wb_loop_uv(struct wb_loop *l)
{
    return &l->uv;
}

/* Work elsewhere */

struct off {
    uv_work_t uv;
    struct wb_off *o;
};

static void off_work(uv_work_t *w)
{
    struct off *f = w->data;
    f->o->work(f->o);
}

static void off_done(uv_work_t *w, int status)
{
    struct off *f = w->data;
    struct wb_off *o = f->o;
    struct wb_loop *l = w->loop->data;
    assert(status == 0); /* nobody cancels */
    free(f);
    l->off--;
    if (l->stepping)
        uv_stop(&l->uv);
    o->done(o);
}

void wb_loop_off(struct wb_loop *l, struct wb_off *o)
{
    struct off *f = wb_xcalloc(1, sizeof(*f));
    f->o = o;
    f->uv.data = f;
    l->off++;
    int r = uv_queue_work(&l->uv, &f->uv, off_work, off_done);
    assert(r == 0);
    (void)r;
}

/* Timers */

struct wb_timer {
    uv_timer_t uv;
    void (*fire)(void *arg);
    void *arg;
};

static void free_handle(uv_handle_t *h)
{
    free(h->data);
}

static void on_timer(uv_timer_t *h)
{
    struct wb_timer *t = h->data;
    struct wb_loop *l = h->loop->data;
    if (l->stepping)
        uv_stop(&l->uv); /* something has happened: libuv need not wait for more */
    t->fire(t->arg);
}

struct wb_timer *wb_timer_new(struct wb_loop *l, void (*fire)(void *arg), void *arg)
{
    struct wb_timer *t = wb_xcalloc(1, sizeof(*t));
    t->fire = fire;
    t->arg = arg;
    t->uv.data = t;
    uv_timer_init(&l->uv, &t->uv);
    return t;
}

void wb_timer_start(struct wb_timer *t, uint64_t after_ms)
{
    uv_timer_start(&t->uv, on_timer, after_ms, 0);
}

void wb_timer_stop(struct wb_timer *t)
{
    uv_timer_stop(&t->uv);
}

void wb_timer_free(struct wb_timer *t)
{
    if (t)
        uv_close((uv_handle_t *)&t->uv, free_handle);
}

/* Watches */

struct wb_watch {
    uv_poll_t uv;
    int events;
    void (*ready)(void *arg, int events);
    void *arg;
};

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct wb_watch *w = h->data;
    /* An error (the peer's end of a pipe is gone) is told as readiness: the owner's next read or
     * write on the descriptor says what happened. libuv has stopped the watch by then. */
    int now = status < 0 ? w->events
                         : ((events & UV_READABLE ? WB_WATCH_READ : 0) |
                            (events & UV_WRITABLE ? WB_WATCH_WRITE : 0));
    if (status < 0)
        w->events = 0;
    w->ready(w->arg, now);
}

void wb_watch_set(struct wb_watch *w, int events)
{
    if (events == w->events)
        return;
    w->events = events;
    if (events)
        uv_poll_start(&w->uv,
                      (events & WB_WATCH_READ ? UV_READABLE : 0) |
                          (events & WB_WATCH_WRITE ? UV_WRITABLE : 0),
                      on_poll);
    else
        uv_poll_stop(&w->uv);
}

struct wb_watch *wb_watch_new(struct wb_loop *l, int fd, int events,
                              void (*ready)(void *arg, int events), void *arg)
{
    struct wb_watch *w = wb_xcalloc(1, sizeof(*w));
    w->ready = ready;
    w->arg = arg;
    w->uv.data = w;
    if (uv_poll_init(&l->uv, &w->uv, fd) != 0) {
        free(w);
        return NULL;
    }
    wb_watch_set(w, events);
    return w;
}

void wb_watch_free(struct wb_watch *w)
{
    if (w)
        uv_close((uv_handle_t *)&w->uv, free_handle);
}
