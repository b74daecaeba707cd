/*
 * What the files of the LMDB implementation share (lmdb.c, lmdb_rows.c, lmdb_scan.c, dir.c).
 *
 * Three key spaces in one LMDB environment, DIR/store/data.mdb:
 *   main   LMDB's unnamed database: the rows "format" and "sequence" (8 bytes little-endian behind
 *          a checksum), and LMDB's own records of the other two. LMDB rewrites this page in every
 *          commit anyway, so the sequence costs nothing.
 *   rows   every key shorter than 500 bytes with its row; for longer keys, see lmdb_rows.c
 *   more   the continued part of longer keys
 */
#ifndef WB_STORE_LMDB_IMPL_H
#define WB_STORE_LMDB_IMPL_H

#include "store/impl.h"
#include <lmdb.h>

#define WB_LMDB_STEP   500 /* a key this long or longer continues in an extension */
#define WB_LMDB_LEVELS (WB_STORE_KEY_MAX / WB_LMDB_STEP + 1)
#define WB_LMDB_SUM    4 /* bytes of checksum before each value */

struct wb_dir; /* dir.c */

struct wb_lmdb {
    struct wb_store store;
    MDB_env *env;
    MDB_dbi main, rows, more;
    struct wb_dir *dir;
    struct wb_buf value; /* scratch of the one write transaction: checksum and value */
    struct wb_buf key_copy, value_copy; /* what a long key's put and del were given */
    int64_t reserve;
    _Atomic int64_t room, room_at_ns;
};

struct wb_lmdb_txn {
    struct wb_txn txn;
    MDB_txn *m;
};

/* One level of a scan; see lmdb_scan.c. */
struct wb_lmdb_level {
    MDB_cursor *c;   /* kept for reuse while the stack is lower */
    uint64_t number; /* of the extension; levels above the first */
};

struct wb_lmdb_scan {
    struct wb_scan scan;
    int top;           /* index of the level in use */
    uint64_t opened;   /* txn->changes when the cursors were opened */
    MDB_val k, v;      /* the entry under the top cursor */
    struct wb_buf key; /* the whole key above the first level */
    struct wb_lmdb_level level[WB_LMDB_LEVELS];
};

static inline struct wb_lmdb *wb_lmdb(struct wb_store *s)
{
    return (struct wb_lmdb *)s;
}

static inline MDB_txn *wb_lmdb_txn(const struct wb_txn *t)
{
    return ((const struct wb_lmdb_txn *)t)->m;
}

/* An LMDB return code as a status; `doing` says what failed ("reading a row"). */
enum wb_store_status wb_lmdb_status(struct wb_lmdb *l, int rc, const char *doing);

/* lmdb_rows.c */
enum wb_store_status wb_lmdb_get(struct wb_txn *t, struct wb_slice key, struct wb_slice *value);
enum wb_store_status wb_lmdb_put(struct wb_txn *t, struct wb_slice key, struct wb_slice value);
enum wb_store_status wb_lmdb_del(struct wb_txn *t, struct wb_slice key, size_t *bytes);
/* Checks the sum of a stored value; *value is what is behind it. */
enum wb_store_status wb_lmdb_open_value(struct wb_slice key, MDB_val stored,
                                        struct wb_slice *value);
/* The extension that a marker names; `key` is the whole key up to the marker's end. */
enum wb_store_status wb_lmdb_open_marker(struct wb_slice key, MDB_val stored, uint64_t *number);
void wb_lmdb_number_put(uint8_t out[8], uint64_t v);
uint64_t wb_lmdb_number(const uint8_t in[8]);

/* lmdb_scan.c */
enum wb_store_status wb_lmdb_seek(struct wb_scan *s, struct wb_slice at, struct wb_slice *key,
                                  struct wb_slice *value);
enum wb_store_status wb_lmdb_step(struct wb_scan *s, struct wb_slice *key, struct wb_slice *value);
void wb_lmdb_scan_end(struct wb_scan *s);

/* backup.c */
enum wb_store_status wb_lmdb_backup(struct wb_store *s, const char *dir);

/* --- dir.c: the directory around the LMDB file --- */

/* Takes the directory (made when o->create): checks that it is ours, locks it, looks at the file's
 * header. NULL with *why. *fresh: there is no store in it yet. */
struct wb_dir *wb_dir_take(const char *dir, const struct wb_store_options *o, struct wb_arena *a,
                           bool *fresh, struct wb_slice *why);
void wb_dir_free(struct wb_dir *d);         /* unlocks; accepts NULL */
const char *wb_dir_path(struct wb_dir *d);  /* DIR */
const char *wb_dir_store(struct wb_dir *d); /* DIR/store */
const char *wb_dir_file(struct wb_dir *d);  /* DIR/store/data.mdb */
/* DIR/acked: the last acknowledged commit. Not synced. False when there is no sound note. */
bool wb_dir_acked(struct wb_dir *d, uint64_t *sequence);
void wb_dir_ack(struct wb_dir *d, uint64_t sequence);
/* Makes what is new in the directory durable, the note included. Negative errno. */
int wb_dir_sync(struct wb_dir *d);
/* What a disk that is full answers: true when 1 MiB cannot be written beside the store. */
bool wb_dir_full(struct wb_dir *d);
/* Bytes free for this user on the disk; negative errno. */
int64_t wb_dir_free_bytes(struct wb_dir *d);
#endif
