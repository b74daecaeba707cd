/*
 * Scans over rows with keys of any length; see lmdb_rows.c for how they lie.
 *
 * A scan is a stack of LMDB cursors, one per level of the trie: the first on `rows`, each further
 * one on `more`, inside the extension that the marker under the cursor above names. Moving means:
 * move the top cursor; at the end of its extension drop it and move the one above; on a marker open
 * the next. Most scans never leave the first level and return keys as LMDB has them.
 */
#include "store/lmdb_impl.h"

#include <assert.h>

static void close_cursors(struct wb_lmdb_scan *s)
{
    for (size_t i = 0; i < WB_LMDB_LEVELS; i++) {
        if (s->level[i].c)
            mdb_cursor_close(s->level[i].c);
        s->level[i].c = NULL;
    }
}

void wb_lmdb_scan_end(struct wb_scan *scan)
{
    struct wb_lmdb_scan *s = (struct wb_lmdb_scan *)scan;
    close_cursors(s);
    wb_buf_release(&s->key);
}

/* --- one level --- */

static int open_level(struct wb_lmdb_scan *s)
{
    struct wb_lmdb *l = wb_lmdb(s->scan.txn->store);
    struct wb_lmdb_level *lv = &s->level[s->top];
    return lv->c ? 0
                 : mdb_cursor_open(wb_lmdb_txn(s->scan.txn), s->top ? l->more : l->rows, &lv->c);
}

/* After a move of the top cursor: has it left its extension? */
static int check_level(struct wb_lmdb_scan *s, int rc)
{
    if (rc || s->top == 0)
        return rc;
    if (s->k.mv_size < 8)
        return MDB_CORRUPTED;
    return wb_lmdb_number(s->k.mv_data) == s->level[s->top].number ? 0 : MDB_NOTFOUND;
}

static int move(struct wb_lmdb_scan *s, MDB_cursor_op op)
{
    return mdb_cursor_get(s->level[s->top].c, &s->k, &s->v, op);
}

/* The first entry >= number|part in the database of the top level, wherever that is. */
static int find_ge(struct wb_lmdb_scan *s, uint64_t number, struct wb_slice part)
{
    uint8_t bytes[8 + WB_LMDB_STEP];
    size_t head = 0;
    int rc = open_level(s);
    if (rc)
        return rc;
    assert(part.n <= WB_LMDB_STEP);
    if (s->top) {
        wb_lmdb_number_put(bytes, number);
        head = 8;
    }
    if (part.n)
        memcpy(bytes + head, part.p, part.n);
    if (head + part.n == 0)
        return move(s, MDB_FIRST);
    s->k = (MDB_val){head + part.n, bytes};
    return move(s, MDB_SET_RANGE);
}

/* The first entry >= part in the top level. */
static int level_ge(struct wb_lmdb_scan *s, struct wb_slice part)
{
    return check_level(s, find_ge(s, s->level[s->top].number, part));
}

/* The last entry < part in the top level; an empty part = the last of all. */
static int level_lt(struct wb_lmdb_scan *s, struct wb_slice part)
{
    int rc = open_level(s);
    if (rc)
        return rc;
    if (part.n)
        rc = find_ge(s, s->level[s->top].number, part);
    else
        rc = s->top ? find_ge(s, s->level[s->top].number + 1, part) : MDB_NOTFOUND;
    if (rc && rc != MDB_NOTFOUND)
        return rc;
    return check_level(s, move(s, rc ? MDB_LAST : MDB_PREV));
}

/* --- the stack --- */

/* What the entry under the top cursor has of the key. */
static struct wb_slice part_of(const struct wb_lmdb_scan *s)
{
    size_t head = s->top ? 8 : 0;
    return wb_slice((const char *)s->k.mv_data + head, s->k.mv_size - head);
}

static bool on_marker(const struct wb_lmdb_scan *s)
{
    return part_of(s).n == WB_LMDB_STEP;
}

/* The whole key under the top cursor. */
static struct wb_slice whole_key(struct wb_lmdb_scan *s)
{
    if (s->top == 0)
        return part_of(s);
    s->key.n = (size_t)s->top * WB_LMDB_STEP;
    wb_buf_slice_put(&s->key, part_of(s));
    return wb_buf_slice(&s->key);
}

/* Enters the extension of the marker under the top cursor. */
static enum wb_store_status enter(struct wb_lmdb_scan *s)
{
    uint64_t number;
    if (s->top == 0)
        s->key.n = 0;
    else
        s->key.n = (size_t)s->top * WB_LMDB_STEP;
    wb_buf_slice_put(&s->key, part_of(s));
    enum wb_store_status st = wb_lmdb_open_marker(wb_buf_slice(&s->key), s->v, &number);
    if (st)
        return st;
    if (s->top + 1 == WB_LMDB_LEVELS)
        return wb_store_fail(WB_STORE_CORRUPT, "a key longer than %d bytes", WB_STORE_KEY_MAX);
    s->level[++s->top].number = number;
    return WB_STORE_OK;
}

/* From what a move of the top cursor gave (rc) goes on to the nearest row in the scan's direction,
 * and returns it. */
static enum wb_store_status settle(struct wb_lmdb_scan *s, int rc, struct wb_slice *key,
                                   struct wb_slice *value)
{
    bool back = s->scan.backward;
    for (;;) {
        if (rc == MDB_NOTFOUND && s->top) {
            s->top--;
            rc = check_level(s, move(s, back ? MDB_PREV : MDB_NEXT));
        } else if (rc) {
            return wb_lmdb_status(wb_lmdb(s->scan.txn->store), rc, "scanning");
        } else if (on_marker(s)) {
            enum wb_store_status st = enter(s);
            if (st)
                return st;
            rc = back ? level_lt(s, WB_SLICE_NULL) : level_ge(s, WB_SLICE_NULL);
        } else {
            *key = whole_key(s);
            return wb_lmdb_open_value(*key, s->v, value);
        }
    }
}

enum wb_store_status wb_lmdb_seek(struct wb_scan *scan, struct wb_slice at, struct wb_slice *key,
                                  struct wb_slice *value)
{
    struct wb_lmdb_scan *s = (struct wb_lmdb_scan *)scan;
    bool back = scan->backward;
    int rc;
    if (s->opened != scan->txn->changes)
        close_cursors(s); /* a nested transaction may have come and gone: take no chances */
    s->opened = scan->txn->changes;
    s->top = 0;
    for (;;) {
        struct wb_slice part = at;
        /* Backward, a key of exactly one step is past nothing of its own extension. */
        if (at.n < WB_LMDB_STEP + (back ? 1u : 0u))
            break;
        part.n = WB_LMDB_STEP;
        rc = level_ge(s, part);
        if (rc || !wb_slice_eq(part_of(s), part)) {
            if (back)
                rc = level_lt(s, part);
            return settle(s, rc, key, value);
        }
        enum wb_store_status st = enter(s);
        if (st)
            return st;
        at = wb_slice(at.p + part.n, at.n - part.n);
    }
    rc = back ? level_lt(s, at) : level_ge(s, at);
    return settle(s, rc, key, value);
}

enum wb_store_status wb_lmdb_step(struct wb_scan *scan, struct wb_slice *key,
                                  struct wb_slice *value)
{
    struct wb_lmdb_scan *s = (struct wb_lmdb_scan *)scan;
    int rc = check_level(s, move(s, scan->backward ? MDB_PREV : MDB_NEXT));
    return settle(s, rc, key, value);
}
