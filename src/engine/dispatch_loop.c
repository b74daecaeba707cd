/*
 * The dispatcher's thread: its loop, its mailbox, its life. Tests take single steps instead.
 */
#include "engine/dispatcher.h"
#include <stdlib.h>

/* --- the mailbox: any thread --- */

void wb_dispatcher_mail(struct wb_dispatcher *d, struct wb_message *m)
{
    m->next = NULL;
    pthread_mutex_lock(&d->lock);
    *d->mail_tail = m;
    d->mail_tail = &m->next;
    pthread_mutex_unlock(&d->lock);
    wb_dispatcher_poke(d);
}

void wb_dispatcher_poke(struct wb_dispatcher *d)
{
    if (!atomic_load(&d->alive) || atomic_exchange(&d->posted, true))
        return;
    wb_loop_post(atomic_load(&d->loop), &d->post);
}

static void mail(struct wb_engine *e, enum message_kind kind)
{
    struct wb_message *m = wb_xcalloc(1, sizeof *m);
    m->kind = kind;
    wb_dispatcher_mail(e->dispatcher, m);
}

void wb_dispatcher_notify(struct wb_engine *e, const struct wb_note *note, size_t count)
{
    size_t names = 0;
    for (size_t i = 0; i < count; i++)
        names += note[i].target.n;
    struct wb_message *m = wb_xmalloc(sizeof *m + count * sizeof *note + names);
    *m = (struct wb_message){.kind = MSG_NOTES, .note = (struct wb_note *)(m + 1), .count = count};
    char *name = (char *)(m->note + count);
    for (size_t i = 0; i < count; i++) {
        m->note[i] = note[i];
        memcpy(name, note[i].target.p, note[i].target.n);
        m->note[i].target.p = name;
        name += note[i].target.n;
    }
    wb_dispatcher_mail(e->dispatcher, m);
}

void wb_work_wake(struct wb_engine *e, struct wb_slice target)
{
    if (!target.n) {
        mail(e, MSG_WAKE_ALL);
        return;
    }
    struct wb_message *m = wb_xmalloc(sizeof *m + target.n);
    *m = (struct wb_message){.kind = MSG_WAKE, .target = {(char *)(m + 1), target.n}};
    memcpy(m + 1, target.p, target.n);
    wb_dispatcher_mail(e->dispatcher, m);
}

void wb_dispatcher_clock(struct wb_engine *e)
{
    mail(e, MSG_LOOK);
}

void wb_dispatcher_reset(struct wb_engine *e)
{
    mail(e, MSG_RESET);
}

unsigned wb_dispatcher_running(const struct wb_engine *e)
{
    return atomic_load(&e->dispatcher->running);
}

bool wb_dispatcher_alive(struct wb_engine *e)
{
    return atomic_load(&e->dispatcher->alive);
}

/* --- the loop --- */

static void arm(struct wb_dispatcher *d)
{
    int64_t now = wb_engine_now(d->engine), due = wb_dispatcher_due(d);
    int64_t wait = due == INT64_MAX ? INT64_MAX : due > now ? due - now : 0;
    if (!wb_list_empty(&d->again) && wait > WB_JOB_PAUSE_MS)
        wait = WB_JOB_PAUSE_MS;
    if (wait == INT64_MAX)
        wb_timer_stop(d->timer);
    else
        wb_timer_start(d->timer, (uint64_t)(wait < 3600000 ? wait : 3600000));
}

static void stop_modules(struct wb_dispatcher *d)
{
    if (d->over)
        return;
    d->over = true;
    for (size_t i = 0; d->engine->modules && d->engine->modules[i]; i++)
        if (d->engine->modules[i]->stop)
            d->engine->modules[i]->stop(d->engine);
    wb_loop_stop(atomic_load(&d->loop));
}

static void grace_over(void *arg)
{
    stop_modules(arg);
}

static void look(struct wb_dispatcher *d)
{
    if (d->over) /* a message that was still under way */
        return;
    wb_dispatcher_turn(d);
    if (atomic_load(&d->engine->quiet)) {
        if (!d->draining) {
            d->draining = true; /* what runs may finish, nothing new begins */
            wb_timer_start(d->grace, WB_DRAIN_MS);
        }
        if (atomic_load(&d->engine->stopping) && atomic_load(&d->running) == 0)
            stop_modules(d);
        return;
    }
    arm(d);
}

static void on_post(struct wb_post *p)
{
    struct wb_dispatcher *d = WB_CONTAINER(p, struct wb_dispatcher, post);
    atomic_store(&d->posted, false);
    look(d);
}

static void on_timer(void *arg)
{
    look(arg);
}

struct wb_loop *wb_dispatcher_loop(struct wb_engine *e)
{
    struct wb_dispatcher *d = e->dispatcher;
    struct wb_loop *l = atomic_load(&d->loop);
    if (l)
        return l;
    pthread_mutex_lock(&d->loop_lock);
    l = atomic_load(&d->loop);
    if (!l) {
        l = wb_loop_new();
        atomic_store(&d->loop, l);
    }
    pthread_mutex_unlock(&d->loop_lock);
    return l;
}

struct wb_client *wb_dispatcher_client(struct wb_engine *e)
{
    struct wb_dispatcher *d = e->dispatcher;
    if (!d->client)
        d->client = wb_client_new(wb_dispatcher_loop(e));
    return d->client;
}

void wb_dispatcher_run(struct wb_engine *e)
{
    struct wb_dispatcher *d = e->dispatcher;
    struct wb_loop *l = wb_dispatcher_loop(e);
    d->timer = wb_timer_new(l, on_timer, d);
    d->grace = wb_timer_new(l, grace_over, d);
    d->post.run = on_post;
    atomic_store(&d->alive, true);
    wb_dispatcher_begin(d);
    wb_dispatcher_poke(d);
    wb_loop_run(l);
    wb_timer_free(d->timer);
    wb_timer_free(d->grace);
    d->timer = d->grace = NULL;
    atomic_store(&d->alive, false);
    wb_writer_wake(e);
}

bool wb_dispatcher_step(struct wb_engine *e)
{
    struct wb_loop *l = atomic_load(&e->dispatcher->loop);
    if (l)
        wb_loop_step(l, false);
    return wb_dispatcher_turn(e->dispatcher);
}

int64_t wb_dispatcher_next(struct wb_engine *e)
{
    return wb_dispatcher_due(e->dispatcher);
}

/* --- life --- */

void wb_dispatcher_new(struct wb_engine *e)
{
    struct wb_dispatcher *d = e->dispatcher = wb_xcalloc(1, sizeof *d);
    d->engine = e;
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->loop_lock, NULL);
    d->mail_tail = &d->mail;
    d->targets = wb_map_new();
    d->flight = wb_map_new();
    wb_list_init(&d->turns);
    wb_list_init(&d->tasks);
    wb_list_init(&d->again);
    wb_arena_init(&d->scratch, 4096);
}

void wb_dispatcher_free(struct wb_engine *e)
{
    struct wb_dispatcher *d = e->dispatcher;
    d->over = true;
    if (d->client)
        wb_client_free(d->client);
    if (atomic_load(&d->loop))
        wb_loop_free(atomic_load(&d->loop)); /* messages still under way are run */
    wb_dispatcher_forget(d);
    wb_txn_abort(d->txn);
    wb_arena_release(&d->scratch);
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->loop_lock);
    free(d);
}
