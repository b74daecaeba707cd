/*
 * The transaction as services see it: on the loop a snapshot, in the writer the command's share of
 * the batch.
 *
 * Errors of the store are sticky: after one, reads find nothing, writes do nothing, and the call is
 * answered with the service's internal error (or its throttling error when the disk is full); a
 * handler need not check each step. The limits of a command (rows, bytes) are enforced here.
 *
 * Thread rule: a tx belongs to the thread that runs the handler.
 */
#ifndef WB_ENGINE_TX_H
#define WB_ENGINE_TX_H

#include "base/arena.h"
#include "base/seam.h"
#include "store/key.h"
#include "store/store.h"
#include "store/tables.h"

struct wb_engine;

struct wb_tx {
    struct wb_engine *engine;
    struct wb_txn *txn;
    struct wb_arena *arena; /* the request's or the command's */
    int64_t now_ms;         /* engine clock; the same for all commands of a commit */
    bool writes;
    enum wb_store_status status; /* sticky; WB_STORE_OK while all is well */
    void *batch;                 /* private to the engine */
};

/* False when absent (or after an error). The value is valid until the next write in this tx. */
bool wb_tx_get(struct wb_tx *tx, struct wb_slice key, struct wb_slice *value);
void wb_tx_put(struct wb_tx *tx, struct wb_slice key, struct wb_slice value);
bool wb_tx_del(struct wb_tx *tx, struct wb_slice key); /* true when it was there */

/* Scans [prefix, after prefix), or an explicit range; close it before the tx ends. NULL after an
 * error. */
struct wb_scan *wb_tx_scan(struct wb_tx *tx, struct wb_slice lo, struct wb_slice hi, bool backward);
struct wb_scan *wb_tx_scan_prefix(struct wb_tx *tx, struct wb_slice prefix);
bool wb_tx_next(struct wb_tx *tx, struct wb_scan *s, struct wb_slice *key, struct wb_slice *value);

/* The next number of a series, from 1 ("table", "bus", "work", ...). */
uint64_t wb_tx_number(struct wb_tx *tx, const char *series);
/* Unique, ordered by commit and by call within it: rows of one log or queue sort as they happened.
 */
uint64_t wb_tx_stamp(struct wb_tx *tx);

/* What is read from now on is remembered, for a write that prepares itself on a snapshot: its
 * command asks whether it would read the same, and else prepares again. Values read are then valid
 * as long as the arena. NULL in a command, which needs to remember nothing: it would read the
 * same. */
struct wb_reads;
struct wb_reads *wb_tx_watch(struct wb_tx *tx);
bool wb_tx_reads_same(struct wb_tx *tx, const struct wb_reads *r);

/* In a command: runs fn in a nested transaction and keeps what it wrote only when it returns true.
 * Returns what fn did, and false when the store failed. */
bool wb_tx_attempt(struct wb_tx *tx, bool (*fn)(struct wb_tx *tx, void *arg), void *arg);

/* Runs fn after the commit is durable, before answers leave, on the writer's thread; also when
 * there was nothing to write. Must be short. arg lives in tx->arena. */
void wb_tx_after(struct wb_tx *tx, void (*fn)(struct wb_engine *e, void *arg), void *arg);

#endif
