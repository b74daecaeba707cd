/*
 * What store.c and the implementations behind it share. Not for use outside src/store.
 *
 * store.c holds everything that must be the same in every implementation: the rules of nesting, the
 * limits, cost, what a failed transaction may still do, the bounds of scans and what a scan does
 * when its transaction has changed rows since the last step. An implementation holds rows.
 */
#ifndef WB_STORE_IMPL_H
#define WB_STORE_IMPL_H

#include "base/buf.h"
#include "store/store.h"
#include <stdatomic.h>

struct wb_store_ops {
    size_t txn_size, scan_size;        /* of the structs that begin with wb_txn, wb_scan */
    void (*close)(struct wb_store *s); /* frees s */
    int64_t (*room)(struct wb_store *s);
    enum wb_store_status (*backup)(struct wb_store *s, const char *dir);

    /* Only the common part of t is set. Commit and abort leave the memory of t to store.c. */
    enum wb_store_status (*begin)(struct wb_txn *t);
    enum wb_store_status (*commit)(struct wb_txn *t);
    void (*abort)(struct wb_txn *t);
    void (*reset)(struct wb_txn *t);
    enum wb_store_status (*renew)(struct wb_txn *t);
    uint64_t (*sequence)(const struct wb_txn *t); /* of a snapshot */

    enum wb_store_status (*get)(struct wb_txn *t, struct wb_slice key, struct wb_slice *value);
    /* key and value may point into the store */
    enum wb_store_status (*put)(struct wb_txn *t, struct wb_slice key, struct wb_slice value);
    /* *bytes: the size of the value that was there */
    enum wb_store_status (*del)(struct wb_txn *t, struct wb_slice key, size_t *bytes);

    /* Position on the first row >= key (backward: the last row < key; an empty key is the end).
     * Step: the next row in the same direction; only after a seek or step that gave a row, and
     * only while the transaction has changed nothing since. Both give the row; CORRUPT with a key
     * is a row that fails its checksum (a step goes on behind it). */
    enum wb_store_status (*seek)(struct wb_scan *s, struct wb_slice at, struct wb_slice *key,
                                 struct wb_slice *value);
    enum wb_store_status (*step)(struct wb_scan *s, struct wb_slice *key, struct wb_slice *value);
    void (*scan_end)(struct wb_scan *s); /* frees what is inside */
};

struct wb_store {
    const struct wb_store_ops *ops;
    _Atomic uint64_t sequence; /* of the last commit */
    atomic_bool writing;       /* a write transaction is open */
    bool read_only;
};

struct wb_txn {
    struct wb_store *store;
    struct wb_txn *parent;
    bool write;
    bool nested_now;             /* a nested transaction is open: only it may be used */
    bool parked;                 /* reset, not yet renewed */
    enum wb_store_status failed; /* first FULL, ERROR or structural damage in a write transaction */
    unsigned scans;              /* open */
    uint64_t changes;            /* counts anything that may move rows */
    uint64_t rows, bytes;        /* cost */
    uint64_t sequence;           /* write: that it will commit as */
};

struct wb_scan {
    struct wb_txn *txn;
    bool backward;
    bool positioned; /* the implementation stands on the last row returned */
    bool done;       /* read transactions: the end was reached */
    bool skip_equal; /* forward: `from` itself was already returned */
    uint64_t seen;   /* txn->changes at the last step */
    struct wb_buf lo, hi;
    struct wb_buf from; /* where to go on after a change */
};

/* Sets what wb_store_why() says on this thread; returns st. */
enum wb_store_status wb_store_fail(enum wb_store_status st, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
