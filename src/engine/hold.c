/*
 * Held answers. A request is put into the engine's list by the writer, right after its commit, so
 * that no release, which comes with a later commit, can miss it. Whoever takes it out of the list
 * lets it go: the writer with a release, or the loop when its time is over.
 */
#include "engine/front.h"

void wb_call_hold(struct wb_call *c, struct wb_slice name)
{
    c->hold = wb_dup(c->arena, name);
}

static struct request *of_post(struct wb_post *p)
{
    return WB_CONTAINER(p, struct request, post);
}

static void arm(struct wb_front *f)
{
    if (!f->held_armed)
        wb_timer_start(f->held, WB_HOLD_MS / 10);
    f->held_armed = true;
}

static void go(struct wb_post *p)
{
    wb_front_end(of_post(p));
}

/* On the loop: from now on it may be posted again. It may have been released on the way. */
static void arrive(struct wb_post *p)
{
    struct request *r = of_post(p);
    struct wb_front *f = r->front;
    pthread_mutex_lock(&f->engine->held_lock);
    r->arrived = true;
    bool waits = !wb_list_empty(&r->link);
    pthread_mutex_unlock(&f->engine->held_lock);
    if (waits)
        arm(f);
    else
        wb_front_end(r);
}

bool wb_front_hold(struct request *r)
{
    struct wb_engine *e = r->front->engine;
    if (r->commit != WB_COMMITTED || r->page || !r->call.hold.p || wb_failed(&r->call) ||
        atomic_load(&e->quiet))
        return false;
    r->held_ns = e->seam->mono_ns(e->seam);
    r->arrived = false;
    r->post.run = arrive;
    pthread_mutex_lock(&e->held_lock);
    wb_list_append(&e->held, &r->link);
    pthread_mutex_unlock(&e->held_lock);
    wb_loop_post(r->front->loop, &r->post);
    return true;
}

static void release(struct wb_engine *e, void *arg)
{
    const struct wb_slice *name = arg;
    pthread_mutex_lock(&e->held_lock);
    for (struct wb_link *l = e->held.next, *next; l != &e->held; l = next) {
        struct request *r = WB_CONTAINER(l, struct request, link);
        next = l->next;
        if (!wb_slice_eq(r->call.hold, *name))
            continue;
        wb_list_remove(l);
        if (!r->arrived)
            continue;
        r->post.run = go;
        wb_loop_post(r->front->loop, &r->post);
    }
    pthread_mutex_unlock(&e->held_lock);
}

void wb_hold_release(struct wb_tx *tx, struct wb_slice name)
{
    struct wb_slice *arg = wb_new(tx->arena, struct wb_slice);
    *arg = wb_dup(tx->arena, name);
    wb_tx_after(tx, release, arg);
}

/* The oldest of this front whose time is over; NULL: none. *more: others wait still. */
static struct request *expired(struct wb_front *f, bool *more)
{
    struct wb_engine *e = f->engine;
    struct request *found = NULL;
    int64_t now = e->seam->mono_ns(e->seam);
    *more = false;
    pthread_mutex_lock(&e->held_lock);
    for (struct wb_link *l = e->held.next; l != &e->held && !found; l = l->next) {
        struct request *r = WB_CONTAINER(l, struct request, link);
        if (r->front != f || !r->arrived)
            continue;
        *more = true;
        if (now - r->held_ns >= WB_HOLD_MS * 1000000LL || atomic_load(&e->quiet))
            found = r;
    }
    if (found)
        wb_list_remove(&found->link);
    pthread_mutex_unlock(&e->held_lock);
    return found;
}

void wb_front_held_expire(struct wb_front *f)
{
    struct request *r;
    bool more;
    f->held_armed = false;
    while ((r = expired(f, &more)))
        wb_front_end(r);
    if (more)
        arm(f);
}
