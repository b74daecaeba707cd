#include "engine/feed.h"

#include "engine/internal.h"
#include <stdlib.h>

struct wb_feeds {
    atomic_uint listeners[WB_FEED_KINDS];
    pthread_mutex_t lock;
    struct wb_link all; /* under lock, as what listeners call the engine's own */
};

struct shared { /* an item, copied once for all its listeners */
    atomic_uint refs;
    struct wb_feed_item item;
    char text[];
};

struct wb_feed_entry {
    struct wb_feed_entry *next;
    struct shared *what;
};

void wb_feeds_new(struct wb_engine *e)
{
    e->feeds = wb_xcalloc(1, sizeof *e->feeds);
    pthread_mutex_init(&e->feeds->lock, NULL);
    wb_list_init(&e->feeds->all);
}

void wb_feeds_free(struct wb_engine *e)
{
    assert(wb_list_empty(&e->feeds->all));
    pthread_mutex_destroy(&e->feeds->lock);
    free(e->feeds);
}

static struct wb_feed_listener *of_link(struct wb_link *l)
{
    return WB_CONTAINER(l, struct wb_feed_listener, link);
}

static bool listens(const struct wb_feed_listener *l, enum wb_feed_kind kind,
                    struct wb_slice account, struct wb_slice region, struct wb_slice name)
{
    if (l->kind != kind || !wb_slice_eq(l->account, account) || !wb_slice_eq(l->region, region))
        return false;
    for (size_t i = 0; i < l->names; i++)
        if (wb_slice_eq(l->name[i], name))
            return true;
    return false;
}

bool wb_feed_wanted(struct wb_engine *e, enum wb_feed_kind kind, struct wb_slice account,
                    struct wb_slice region, struct wb_slice name)
{
    struct wb_feeds *f = e->feeds;
    bool found = false;
    if (!atomic_load_explicit(&f->listeners[kind], memory_order_relaxed))
        return false;
    pthread_mutex_lock(&f->lock);
    for (struct wb_link *l = f->all.next; l != &f->all && !found; l = l->next)
        found = listens(of_link(l), kind, account, region, name);
    pthread_mutex_unlock(&f->lock);
    return found;
}

/* --- on the writer's thread --- */

static struct wb_slice keep(char **to, struct wb_slice s)
{
    char *p = *to;
    if (s.n)
        memcpy(p, s.p, s.n);
    *to += s.n;
    return wb_slice(p, s.n);
}

static struct shared *share(const struct wb_feed_item *i)
{
    size_t n = i->account.n + i->region.n + i->name.n + i->part.n + i->body.n;
    struct shared *s = wb_xmalloc(sizeof *s + n);
    char *to = s->text;
    atomic_init(&s->refs, 1);
    s->item = *i;
    s->item.account = keep(&to, i->account);
    s->item.region = keep(&to, i->region);
    s->item.name = keep(&to, i->name);
    s->item.part = keep(&to, i->part);
    s->item.body = keep(&to, i->body);
    return s;
}

static void release(struct shared *s)
{
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
        free(s);
}

/* The lock is held. */
static void post(struct wb_feed_listener *l)
{
    if (!l->posted)
        wb_loop_post(l->loop, &l->post);
    l->posted = true;
}

static void queue(struct wb_feed_listener *l, struct shared *s)
{
    size_t n = s->item.body.n;
    l->lost |= l->bytes && l->bytes + n > WB_FEED_QUEUE_BYTES;
    if (l->lost)
        return;
    struct wb_feed_entry *entry = wb_xmalloc(sizeof *entry);
    *entry = (struct wb_feed_entry){.what = s};
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    *l->last = entry;
    l->last = &entry->next;
    l->bytes += n;
    post(l);
}

static void committed(struct wb_engine *e, void *arg)
{
    const struct wb_feed_item *i = arg;
    struct wb_feeds *f = e->feeds;
    struct shared *s = NULL;
    pthread_mutex_lock(&f->lock);
    for (struct wb_link *k = f->all.next; k != &f->all; k = k->next) {
        struct wb_feed_listener *l = of_link(k);
        if (!listens(l, i->kind, i->account, i->region, i->name))
            continue;
        if (!s)
            s = share(i);
        queue(l, s);
    }
    pthread_mutex_unlock(&f->lock);
    if (s)
        release(s);
}

void wb_feed_put(struct wb_tx *tx, const struct wb_feed_item *item)
{
    struct wb_feed_item *i = wb_new(tx->arena, struct wb_feed_item);
    *i = *item;
    i->time_ms = tx->now_ms;
    wb_tx_after(tx, committed, i);
}

static void barrier_run(struct wb_command *c, struct wb_tx *tx)
{
    struct wb_feed_listener *l = WB_CONTAINER(c, struct wb_feed_listener, barrier);
    l->stamp = wb_tx_stamp(tx);
}

static void barrier_done(struct wb_command *c, enum wb_commit result)
{
    struct wb_feed_listener *l = WB_CONTAINER(c, struct wb_feed_listener, barrier);
    struct wb_feeds *f = l->engine->feeds;
    pthread_mutex_lock(&f->lock);
    l->waiting = false;
    l->begun = true;
    post(l);
    pthread_mutex_unlock(&f->lock);
}

/* --- on the listener's loop --- */

static void drop(struct wb_feed_entry *entry)
{
    for (struct wb_feed_entry *next; entry; entry = next) {
        next = entry->next;
        release(entry->what);
        free(entry);
    }
}

static void drop_taken(struct wb_feed_listener *l)
{
    if (l->taken)
        l->taken->next = NULL;
    drop(l->taken);
    l->taken = NULL;
}

static void drop_queue(struct wb_feed_listener *l)
{
    drop_taken(l);
    drop(l->first);
    l->first = NULL;
    l->last = &l->first;
    l->bytes = 0;
}

static void tell(struct wb_post *p)
{
    struct wb_feed_listener *l = WB_CONTAINER(p, struct wb_feed_listener, post);
    struct wb_feeds *f = l->engine->feeds;
    pthread_mutex_lock(&f->lock);
    bool begun = l->begun, left = l->left, last = left && !l->waiting;
    l->posted = l->begun = false;
    pthread_mutex_unlock(&f->lock);
    if (last)
        l->gone(l);
    if (left)
        return;
    l->told(l);
    if (begun)
        l->began(l, l->stamp);
}

bool wb_feed_listen(struct wb_feed_listener *l)
{
    struct wb_feeds *f = l->engine->feeds;
    unsigned n = 0;
    l->first = l->taken = NULL;
    l->last = &l->first;
    l->bytes = 0;
    l->posted = l->begun = l->lost = l->left = false;
    l->waiting = true;
    l->post.run = tell;
    l->barrier =
        (struct wb_command){.lane = WB_LANE_INSIDE, .run = barrier_run, .done = barrier_done};
    pthread_mutex_lock(&f->lock);
    for (struct wb_link *k = f->all.next; k != &f->all; k = k->next)
        n += of_link(k)->kind == l->kind && wb_slice_eq(of_link(k)->account, l->account);
    if (n < WB_TAIL_SESSIONS_MAX) {
        wb_list_append(&f->all, &l->link);
        atomic_fetch_add_explicit(&f->listeners[l->kind], 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&f->lock);
    return n < WB_TAIL_SESSIONS_MAX && wb_submit(l->engine, &l->barrier);
}

const struct wb_feed_item *wb_feed_take(struct wb_feed_listener *l)
{
    struct wb_feeds *f = l->engine->feeds;
    drop_taken(l);
    pthread_mutex_lock(&f->lock);
    struct wb_feed_entry *entry = l->first;
    if (entry) {
        l->first = entry->next;
        if (!l->first)
            l->last = &l->first;
        l->bytes -= entry->what->item.body.n;
    }
    pthread_mutex_unlock(&f->lock);
    l->taken = entry;
    return entry ? &entry->what->item : NULL;
}

bool wb_feed_lost(struct wb_feed_listener *l)
{
    struct wb_feeds *f = l->engine->feeds;
    pthread_mutex_lock(&f->lock);
    bool lost = l->lost;
    l->lost = false;
    pthread_mutex_unlock(&f->lock);
    return lost;
}

void wb_feed_again(struct wb_feed_listener *l)
{
    pthread_mutex_lock(&l->engine->feeds->lock);
    post(l);
    pthread_mutex_unlock(&l->engine->feeds->lock);
}

void wb_feed_leave(struct wb_feed_listener *l)
{
    struct wb_feeds *f = l->engine->feeds;
    pthread_mutex_lock(&f->lock);
    wb_list_remove(&l->link);
    atomic_fetch_sub_explicit(&f->listeners[l->kind], 1, memory_order_relaxed);
    l->left = true;
    bool busy = l->posted || l->waiting;
    pthread_mutex_unlock(&f->lock);
    drop_queue(l);
    if (!busy)
        l->gone(l);
}
