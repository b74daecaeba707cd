/*
 * The store: one ordered key space of byte strings, transactional, durable.
 *
 * Semantics, the same for every implementation (one test-suite runs against all):
 * - Keys are byte strings of any length from 1 to WB_STORE_KEY_MAX, ordered by memcmp (a prefix
 * sorts first). Values are 0 to WB_STORE_VALUE_MAX bytes.
 * - One write transaction at a time (one writer thread); any number of read transactions, each a
 *   snapshot of the last commit at its begin. A write transaction sees its own writes.
 * - A nested transaction (wb_txn_nest) is undone alone by wb_txn_abort, or joins its parent by
 * commit.
 * - wb_txn_commit of a write transaction returns after the data is synced to disk. A failed sync
 *   is fatal inside the store: it says so and exits.
 * - Read transactions must be short: one request, or one page of a scan. They may be used by one
 *   thread at a time. wb_txn_reset/renew keep the reader slot between requests.
 * - Slices returned by get and scans point into the store and are valid until the next put or del
 * in the same transaction, or its end.
 * - Every row carries a CRC32C, checked on read; a damaged row is a WB_STORE_CORRUPT error, never
 * wrong data.
 * - Every commit carries a sequence number, one higher than the last. A commit of a transaction
 * that put and deleted nothing is none.
 * - After FULL, CORRUPT or ERROR from a put or del, that transaction gives the same status to every
 *   call; abort it (a commit does so too and gives the status). A parent goes on after the abort of
 *   a nested transaction that failed.
 *
 * Nothing outside store/ knows which engine is there.
 */
#ifndef WB_STORE_STORE_H
#define WB_STORE_STORE_H

#include "base/arena.h"
#include "base/slice.h"

#define WB_STORE_KEY_MAX   (10 * 1024)
#define WB_STORE_VALUE_MAX (64 << 20)
/* Version of the data format; older ones are upgraded, newer ones refused. 2: principals in rows
 * name the user or role whose policies count. */
#define WB_STORE_FORMAT 2

enum wb_store_status {
    WB_STORE_OK = 0,
    WB_STORE_NOT_FOUND = 1,
    WB_STORE_CORRUPT = -1, /* a row fails its checksum or cannot be decoded */
    WB_STORE_FULL = -2,    /* disk or map full; the transaction must be aborted, nothing changed */
    WB_STORE_ERROR = -3,   /* anything else; wb_store_why() tells */
};

struct wb_store;
struct wb_txn;

struct wb_store_options {
    bool create;           /* make the directory and an empty store when absent */
    bool read_only;        /* waybill check */
    uint64_t map_size;     /* LMDB: bytes of address space, 0 = default (1 TiB) */
    uint64_t disk_reserve; /* bytes that must stay free for new data; see wb_store_room() */
};

/* Opens DIR/store (LMDB) and holds DIR/lock. A read-only store shares the lock with others of its
 * kind, not with a server. NULL with *why (in the arena) when the directory is foreign, truncated,
 * of a newer format, in use by another process, or when its sequence number is behind DIR/acked
 * (something acknowledged is missing). */
struct wb_store *wb_store_open_lmdb(const char *dir, const struct wb_store_options *o,
                                    struct wb_arena *a, struct wb_slice *why);
/* The in-memory implementation, for tests and the simulator. It has no backup. */
struct wb_store *wb_store_open_mem(void);
void wb_store_close(struct wb_store *s);

const char *wb_store_why(struct wb_store *s);   /* this thread's last error, for people */
uint64_t wb_store_sequence(struct wb_store *s); /* of the last commit */
/* Bytes still free for new data beyond the reserve; negative = refuse new data. Cached for 100 ms.
 */
int64_t wb_store_room(struct wb_store *s);
/* A consistent compacted copy into an empty or new directory, synced, while the store is in use; it
 * opens like any other. Holds a snapshot for as long as it takes. ERROR when it cannot be written.
 */
enum wb_store_status wb_store_backup(struct wb_store *s, const char *dir);

/* --- transactions --- */
enum wb_store_status wb_txn_begin(struct wb_store *s, bool write, struct wb_txn **out);
enum wb_store_status wb_txn_nest(struct wb_txn *parent,
                                 struct wb_txn **out); /* write transactions only */
enum wb_store_status wb_txn_commit(struct wb_txn *t);  /* frees t in any case */
void wb_txn_abort(struct wb_txn *t);                   /* frees t; accepts NULL */
void wb_txn_reset(struct wb_txn *t); /* read only: let the snapshot go, keep the slot */
enum wb_store_status wb_txn_renew(struct wb_txn *t); /* a new snapshot after reset */
bool wb_txn_writes(const struct wb_txn *t);
uint64_t wb_txn_sequence(
    const struct wb_txn *t); /* read: that of its snapshot; write: that it will commit as */

/* Keys and values given may lie in the store (a slice from get or a scan). */
enum wb_store_status wb_get(struct wb_txn *t, struct wb_slice key, struct wb_slice *value);
enum wb_store_status wb_put(struct wb_txn *t, struct wb_slice key, struct wb_slice value);
enum wb_store_status wb_del(struct wb_txn *t, struct wb_slice key); /* NOT_FOUND when absent */
/* Rows and bytes put and deleted so far in t (its nested ones that committed included): for the
 * command limits. */
void wb_txn_cost(const struct wb_txn *t, uint64_t *rows, uint64_t *bytes);

/*
 * Ordered scan over [lo, hi) - hi empty = to the end of the store. Forward from lo, or backward
 * from the last key below hi. The scan sees the transaction's own changes made before each step;
 * deleting the row just returned is allowed. Keys returned are whole keys, in memory of the scan,
 * valid until the next step.
 *
 * next() gives CORRUPT with the key for a row that fails its checksum, and goes on behind it when
 * called again; CORRUPT with an empty key means that nothing more can be read.
 */
struct wb_scan;
enum wb_store_status wb_scan_open(struct wb_txn *t, struct wb_slice lo, struct wb_slice hi,
                                  bool backward, struct wb_scan **out);
enum wb_store_status wb_scan_next(struct wb_scan *s, struct wb_slice *key,
                                  struct wb_slice *value); /* NOT_FOUND at the end */
/* Moves a forward scan to the first key >= key (a backward one to the last key < key); next()
 * returns it. */
enum wb_store_status wb_scan_seek(struct wb_scan *s, struct wb_slice key);
void wb_scan_close(struct wb_scan *s); /* accepts NULL; before the end of its transaction */

#endif
