/*
 * The scan pool: a few threads for reads that may take long, with a bounded queue in front.
 * Each call gets a snapshot of its own, begun when its turn comes.
 */
#include "engine/internal.h"
#include <stdlib.h>

struct wb_pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct wb_pool_task *head, **tail;
    size_t count;
};

bool wb_pool_add(struct wb_engine *e, struct wb_pool_task *t)
{
    struct wb_pool *p = e->pool;
    pthread_mutex_lock(&p->lock);
    bool room = p->count < WB_SCAN_QUEUE_MAX;
    if (room) {
        t->next = NULL;
        *p->tail = t;
        p->tail = &t->next;
        p->count++;
        pthread_cond_signal(&p->more);
    }
    pthread_mutex_unlock(&p->lock);
    return room;
}

static struct wb_pool_task *take(struct wb_engine *e, bool wait)
{
    struct wb_pool *p = e->pool;
    pthread_mutex_lock(&p->lock);
    while (wait && !p->head && !atomic_load(&e->stopping))
        pthread_cond_wait(&p->more, &p->lock);
    struct wb_pool_task *t = p->head;
    if (t) {
        p->head = t->next;
        if (!p->head)
            p->tail = &p->head;
        p->count--;
    }
    pthread_mutex_unlock(&p->lock);
    return t;
}

static void run(struct wb_engine *e, struct wb_pool_task *t)
{
    struct wb_txn *txn;
    if (wb_txn_begin(e->store, false, &txn) != WB_STORE_OK)
        txn = NULL;
    t->run(t, txn); /* ends txn */
}

bool wb_pool_step(struct wb_engine *e)
{
    struct wb_pool_task *t = take(e, false);
    if (!t)
        return false;
    run(e, t);
    return true;
}

void wb_pool_run(struct wb_engine *e)
{
    struct wb_pool_task *t;
    while ((t = take(e, true)))
        run(e, t);
}

void wb_pool_wake(struct wb_engine *e)
{
    pthread_mutex_lock(&e->pool->lock);
    pthread_cond_broadcast(&e->pool->more);
    pthread_mutex_unlock(&e->pool->lock);
}

void wb_pool_new(struct wb_engine *e)
{
    struct wb_pool *p = e->pool = wb_xcalloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->more, NULL);
    p->tail = &p->head;
}

void wb_pool_free(struct wb_engine *e)
{
    pthread_cond_destroy(&e->pool->more);
    pthread_mutex_destroy(&e->pool->lock);
    free(e->pool);
}
