/*
 * A service's view of the store. Errors stay (tx->status), so that handlers need not check each
 * step; the limits of a command are counted here.
 */
#include "engine/internal.h"

void wb_tx_error(struct wb_tx *tx, enum wb_store_status s)
{
    if (tx->status != WB_STORE_OK)
        return;
    tx->status = s;
    if (s == WB_STORE_CORRUPT || s == WB_STORE_ERROR)
        wb_log(WB_LOG_ERROR, "store", "a row or the store could not be read or written", "why",
               wb_store_why(tx->engine->store), NULL);
}

void wb_tx_snapshot(struct wb_tx *tx, struct wb_tx_ext *x, struct wb_engine *e, struct wb_txn *t,
                    struct wb_arena *a)
{
    *x = (struct wb_tx_ext){.sequence = wb_txn_sequence(t)};
    *tx = (struct wb_tx){.engine = e, .txn = t, .arena = a, .now_ms = wb_engine_now(e), .batch = x};
}

void wb_tx_release(struct wb_tx *tx)
{
    struct wb_tx_ext *x = wb_tx_ext(tx);
    for (struct wb_held *h = x->held; h; h = h->next)
        if (h->ref)
            wb_def_ref_drop(h->ref);
    x->held = NULL;
}

bool wb_tx_get(struct wb_tx *tx, struct wb_slice key, struct wb_slice *value)
{
    *value = WB_SLICE_NULL;
    if (tx->status != WB_STORE_OK)
        return false;
    enum wb_store_status s = wb_get(tx->txn, key, value);
    if (s != WB_STORE_OK)
        *value = WB_SLICE_NULL;
    if (wb_tx_ext(tx)->reads)
        wb_reads_get(wb_tx_ext(tx)->reads, key, value);
    if (s != WB_STORE_OK && s != WB_STORE_NOT_FOUND)
        wb_tx_error(tx, s);
    return s == WB_STORE_OK;
}

/* A command that shares its batch keeps to the usual limits or is run again alone; alone it may be
 * a documented maximum request, never more. */
static bool within(struct wb_tx *tx, uint64_t bytes)
{
    struct wb_tx_ext *x = wb_tx_ext(tx);
    x->rows++;
    x->bytes += bytes;
    x->batch->rows++;
    x->batch->bytes += bytes;
    if (x->engine || (x->rows <= WB_COMMAND_ROWS_MAX && x->bytes <= WB_COMMAND_BYTES_MAX))
        return true;
    if (!x->alone) {
        x->over = true;
        tx->status = WB_STORE_ERROR;
        return false;
    }
    if (x->rows <= WB_COMMAND_ROWS_HUGE && x->bytes <= WB_COMMAND_BYTES_HUGE)
        return true;
    wb_log(WB_LOG_ERROR, "writer", "a command exceeds the limits of a transaction", NULL);
    tx->status = WB_STORE_ERROR;
    return false;
}

void wb_tx_put(struct wb_tx *tx, struct wb_slice key, struct wb_slice value)
{
    assert(tx->writes);
    if (tx->status != WB_STORE_OK || !within(tx, key.n + value.n))
        return;
    enum wb_store_status s = wb_put(tx->txn, key, value);
    if (s != WB_STORE_OK)
        wb_tx_error(tx, s);
}

bool wb_tx_del(struct wb_tx *tx, struct wb_slice key)
{
    assert(tx->writes);
    if (tx->status != WB_STORE_OK)
        return false;
    enum wb_store_status s = wb_del(tx->txn, key);
    if (s == WB_STORE_OK)
        return within(tx, key.n);
    if (s != WB_STORE_NOT_FOUND)
        wb_tx_error(tx, s);
    return false;
}

struct wb_scan *wb_tx_scan(struct wb_tx *tx, struct wb_slice lo, struct wb_slice hi, bool backward)
{
    if (tx->status != WB_STORE_OK)
        return NULL;
    struct wb_scan *scan = NULL;
    enum wb_store_status s = wb_scan_open(tx->txn, lo, hi, backward, &scan);
    if (s == WB_STORE_OK && wb_tx_ext(tx)->reads)
        wb_reads_scan(wb_tx_ext(tx)->reads, lo, hi, backward, scan);
    if (s == WB_STORE_OK)
        return scan;
    wb_tx_error(tx, s);
    return NULL;
}

struct wb_scan *wb_tx_scan_prefix(struct wb_tx *tx, struct wb_slice prefix)
{
    return wb_tx_scan(tx, prefix, wb_key_after(tx->arena, prefix), false);
}

bool wb_tx_next(struct wb_tx *tx, struct wb_scan *s, struct wb_slice *key, struct wb_slice *value)
{
    *key = *value = WB_SLICE_NULL;
    if (tx->status != WB_STORE_OK || !s)
        return false;
    enum wb_store_status st = wb_scan_next(s, key, value);
    if (st != WB_STORE_OK)
        *key = *value = WB_SLICE_NULL;
    if (wb_tx_ext(tx)->reads)
        wb_reads_next(wb_tx_ext(tx)->reads, s, key, value);
    if (st != WB_STORE_OK && st != WB_STORE_NOT_FOUND)
        wb_tx_error(tx, st);
    return st == WB_STORE_OK;
}

uint64_t wb_tx_number(struct wb_tx *tx, const char *series)
{
    struct wb_slice key = wb_key(tx->arena, WB_T_COUNTER, "z", series), v;
    uint64_t number = 0;
    if (wb_tx_get(tx, key, &v)) {
        struct wb_rd r = wb_rd(v);
        number = wb_rd_le64(&r);
        if (!wb_rd_done(&r)) {
            wb_tx_error(tx, WB_STORE_CORRUPT);
            return 0;
        }
    }
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le64(&b, ++number);
    wb_tx_put(tx, key, wb_buf_slice(&b));
    return number;
}

/* The commit's sequence number in the upper 44 bits, the place within the commit in the lower 20:
 * ordered and unique without a row of its own. */
uint64_t wb_tx_stamp(struct wb_tx *tx)
{
    assert(tx->writes);
    struct wb_batch *b = wb_tx_ext(tx)->batch;
    assert(b->stamps < WB_BATCH_STAMPS_MAX);
    return wb_tx_ext(tx)->sequence << 20 | b->stamps++;
}

void wb_tx_after(struct wb_tx *tx, void (*fn)(struct wb_engine *e, void *arg), void *arg)
{
    assert(tx->writes);
    struct wb_batch *b = wb_tx_ext(tx)->batch;
    struct wb_after *a = wb_vec_push(&b->after, &b->arena, sizeof *a);
    a->fn = fn;
    a->arg = arg;
}

void wb_tx_nest(struct wb_tx *tx, struct wb_nest *n)
{
    struct wb_batch *b = wb_tx_ext(tx)->batch;
    *n = (struct wb_nest){.outer = tx->txn,
                          .after = b->after.n,
                          .sample = b->sample.n,
                          .note = b->note.n,
                          .def = b->def.n,
                          .rows = wb_tx_ext(tx)->rows,
                          .bytes = wb_tx_ext(tx)->bytes,
                          .batch_rows = b->rows,
                          .batch_bytes = b->bytes};
    if (tx->status != WB_STORE_OK)
        return;
    struct wb_txn *inner;
    enum wb_store_status s = wb_txn_nest(tx->txn, &inner);
    if (s == WB_STORE_OK)
        tx->txn = inner;
    else
        wb_tx_error(tx, s);
}

void wb_tx_unnest(struct wb_tx *tx, struct wb_nest *n, bool keep)
{
    struct wb_batch *b = wb_tx_ext(tx)->batch;
    bool opened = tx->txn != n->outer;
    if (keep && tx->status == WB_STORE_OK) {
        enum wb_store_status s = wb_txn_commit(tx->txn);
        tx->txn = n->outer;
        if (s == WB_STORE_OK)
            return;
        wb_tx_error(tx, s);
    } else if (opened) {
        wb_txn_abort(tx->txn);
        tx->txn = n->outer;
    }
    wb_tx_ext(tx)->rows = n->rows;
    wb_tx_ext(tx)->bytes = n->bytes;
    b->rows = n->batch_rows;
    b->bytes = n->batch_bytes;
    b->after.n = n->after;
    b->sample.n = n->sample;
    b->note.n = n->note;
    wb_defs_undo(b, n->def);
}

bool wb_tx_attempt(struct wb_tx *tx, bool (*fn)(struct wb_tx *tx, void *arg), void *arg)
{
    struct wb_nest n;
    wb_tx_nest(tx, &n);
    bool keep = tx->status == WB_STORE_OK && fn(tx, arg);
    wb_tx_unnest(tx, &n, keep);
    return keep && tx->status == WB_STORE_OK;
}

void wb_tx_undo(struct wb_tx *tx)
{
    struct wb_tx_ext *x = wb_tx_ext(tx);
    assert(!tx->engine->strict || x->rows == 0 || x->alone); /* check, then apply */
    x->undo = true;
}

bool wb_tx_low_room(const struct wb_tx *tx)
{
    return wb_tx_ext(tx)->batch->low_room;
}
