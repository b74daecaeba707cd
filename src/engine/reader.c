/*
 * A place to read from outside of calls and commands: one thread's, used again and again, so that a
 * look costs no more than a snapshot.
 */
#include "engine/internal.h"
#include <stdlib.h>

struct wb_reader {
    struct wb_engine *e;
    struct wb_txn *txn;
    struct wb_tx tx;
    struct wb_tx_ext ext;
    struct wb_arena arena;
};

struct wb_reader *wb_reader_new(struct wb_engine *e)
{
    struct wb_reader *r = wb_xcalloc(1, sizeof *r);
    r->e = e;
    wb_arena_init(&r->arena, 0);
    return r;
}

struct wb_tx *wb_reader_begin(struct wb_reader *r)
{
    enum wb_store_status s =
        r->txn ? wb_txn_renew(r->txn) : wb_txn_begin(r->e->store, false, &r->txn);
    if (s != WB_STORE_OK)
        return NULL;
    wb_tx_snapshot(&r->tx, &r->ext, r->e, r->txn, &r->arena);
    return &r->tx;
}

void wb_reader_end(struct wb_reader *r)
{
    wb_tx_release(&r->tx);
    wb_txn_reset(r->txn);
    wb_arena_reset(&r->arena);
}

void wb_reader_free(struct wb_reader *r)
{
    if (!r)
        return;
    wb_txn_abort(r->txn);
    wb_arena_release(&r->arena);
    free(r);
}
