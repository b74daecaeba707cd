/*
 * Reading that takes more than one snapshot: pages, each a task of the scan pool, so that others'
 * reads come in between and no snapshot is held for long.
 */
#include "engine/internal.h"
#include <stdlib.h>

struct reading {
    struct wb_pool_task task;
    struct wb_post post;
    struct wb_engine *e;
    struct wb_reading *r;
};

static void ended(struct wb_post *p)
{
    struct reading *x = WB_CONTAINER(p, struct reading, post);
    struct wb_reading *r = x->r;
    free(x);
    r->done(r);
}

static void end(struct reading *x, bool stopped)
{
    x->r->stopped = stopped;
    x->post.run = ended;
    wb_loop_post(wb_dispatcher_loop(x->e), &x->post);
}

static void read_page(struct wb_pool_task *t, struct wb_txn *txn)
{
    struct reading *x = WB_CONTAINER(t, struct reading, task);
    struct wb_tx_ext ext;
    struct wb_arena a;
    struct wb_tx tx;
    bool quiet = atomic_load(&x->e->quiet), more = true;
    wb_arena_init(&a, 0);
    if (!quiet && txn) {
        wb_tx_snapshot(&tx, &ext, x->e, txn, &a);
        more = x->r->page(x->r, &tx);
        wb_tx_release(&tx);
    } else if (!quiet) {
        more = x->r->page(x->r, NULL);
    }
    if (txn)
        wb_txn_abort(txn);
    wb_arena_release(&a);
    if (quiet || !more || !wb_pool_add(x->e, &x->task))
        end(x, more);
}

void wb_reading_start(struct wb_engine *e, struct wb_reading *r)
{
    struct reading *x = wb_xcalloc(1, sizeof *x);
    *x = (struct reading){.task.run = read_page, .e = e, .r = r};
    if (!wb_pool_add(e, &x->task))
        end(x, true);
}
