/*
 * Rows in LMDB, with keys of any length.
 *
 * LMDB's keys end at 511 bytes. A key shorter than 500 bytes is its own key in `rows`. Of a longer
 * key the first 500 bytes are a *marker* in `rows`, and the marker's value is the number of an
 * extension: a sub-range of `more` whose keys all begin with that number (8 bytes, big-endian).
 * There the rest of the key is kept, by the same rule: a rest shorter than 500 bytes is the row, of
 * a longer one the first 500 bytes are a marker of the next extension. So a key is a path through a
 * trie whose nodes are ranges of a B-tree:
 *
 *     rows    k[0..500)              -> 7           marker
 *     more    7 k[500..1000)         -> 12          marker
 *     more    12 k[1000..)           -> the row     (the rest may be empty)
 *
 * Markers are the entries whose key is exactly 500 bytes long (508 in `more`), rows all others, so
 * no flag is needed, and both stand where they belong in memcmp order: everything below a marker
 * begins with the marker's bytes, and no row is as long as a marker.
 *
 * An extension appears with its first row and goes with its last. The sum in front of a value
 * covers the whole key and the value, so that a row found under a wrong key is damaged too.
 */
#include "store/lmdb_impl.h"

#include "base/crc.h"
#include <assert.h>

/* A key's place: the entry of its row, and the extensions on the way to it. */
struct place {
    MDB_dbi dbi;
    size_t levels;                /* extensions passed */
    uint64_t ext[WB_LMDB_LEVELS]; /* their numbers */
    MDB_val key;                  /* points into bytes or into the key */
    uint8_t bytes[8 + WB_LMDB_STEP];
};

void wb_lmdb_number_put(uint8_t out[8], uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        out[i] = (uint8_t)(v & 0xff);
}

uint64_t wb_lmdb_number(const uint8_t in[8])
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | in[i];
    return v;
}

static uint32_t sum_of(struct wb_slice key, const void *value, size_t n)
{
    return wb_crc32c(wb_crc32c(0, key.p, key.n), value, n);
}

enum wb_store_status wb_lmdb_open_value(struct wb_slice key, MDB_val stored, struct wb_slice *value)
{
    const uint8_t *p = stored.mv_data;
    if (stored.mv_size < WB_LMDB_SUM)
        return wb_store_fail(WB_STORE_CORRUPT, "a row without its checksum");
    uint32_t sum =
        (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    size_t n = stored.mv_size - WB_LMDB_SUM;
    if (sum != sum_of(key, p + WB_LMDB_SUM, n))
        return wb_store_fail(WB_STORE_CORRUPT, "a row fails its checksum");
    *value = wb_slice(p + WB_LMDB_SUM, n);
    return WB_STORE_OK;
}

enum wb_store_status wb_lmdb_open_marker(struct wb_slice key, MDB_val stored, uint64_t *number)
{
    struct wb_slice v;
    enum wb_store_status st = wb_lmdb_open_value(key, stored, &v);
    if (st)
        return st;
    if (v.n != 8)
        return wb_store_fail(WB_STORE_CORRUPT, "a marker of %zu bytes", v.n);
    *number = wb_lmdb_number((const uint8_t *)v.p);
    return WB_STORE_OK;
}

/* Sets p to the entry `part` at the level that p has reached. */
static void point(struct wb_lmdb *l, struct place *p, struct wb_slice part)
{
    assert(part.n <= WB_LMDB_STEP);
    size_t head = 0;
    if (p->levels) {
        wb_lmdb_number_put(p->bytes, p->ext[p->levels - 1]);
        head = 8;
    }
    if (part.n)
        memcpy(p->bytes + head, part.p, part.n);
    p->dbi = p->levels ? l->more : l->rows;
    p->key = (MDB_val){head + part.n, p->bytes};
}

/* Puts checksum and value under an entry. The scratch copy makes it safe that value lies in the
 * store, on a page that the put may move. */
static int put_entry(struct wb_lmdb *l, MDB_txn *m, struct place *p, struct wb_slice key,
                     struct wb_slice value)
{
    uint32_t sum = sum_of(key, value.p, value.n);
    l->value.n = 0;
    wb_buf_reserve(&l->value, WB_LMDB_SUM + value.n);
    wb_buf_le32(&l->value, sum);
    wb_buf_slice_put(&l->value, value);
    MDB_val v = {l->value.n, l->value.p};
    return mdb_put(m, p->dbi, &p->key, &v, 0);
}

/* A number that no extension has, above those in use; `last` is the newest of this path, which may
 * not have rows yet. */
static int new_number(struct wb_lmdb *l, MDB_txn *m, uint64_t last, uint64_t *out)
{
    MDB_cursor *c;
    MDB_val k, v;
    int rc = mdb_cursor_open(m, l->more, &c);
    if (rc)
        return rc;
    rc = mdb_cursor_get(c, &k, &v, MDB_LAST);
    if (rc == 0 && k.mv_size >= 8 && wb_lmdb_number(k.mv_data) > last)
        last = wb_lmdb_number(k.mv_data);
    mdb_cursor_close(c);
    *out = last + 1;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Finds where key's row is or belongs. Without `make`, NOT_FOUND when one of its extensions does
 * not exist. */
static enum wb_store_status locate(struct wb_lmdb *l, MDB_txn *m, struct wb_slice key, bool make,
                                   struct place *p)
{
    p->levels = 0;
    size_t done = 0;
    while (key.n - done >= WB_LMDB_STEP) {
        struct wb_slice upto = wb_slice(key.p, done + WB_LMDB_STEP);
        MDB_val v;
        uint64_t number;
        point(l, p, wb_slice(key.p + done, WB_LMDB_STEP));
        int rc = mdb_get(m, p->dbi, &p->key, &v);
        if (rc == 0) {
            enum wb_store_status st = wb_lmdb_open_marker(upto, v, &number);
            if (st)
                return st;
        } else if (rc == MDB_NOTFOUND && make) {
            uint8_t be[8];
            rc = new_number(l, m, p->levels ? p->ext[p->levels - 1] : 0, &number);
            if (rc)
                return wb_lmdb_status(l, rc, "numbering an extension");
            wb_lmdb_number_put(be, number);
            rc = put_entry(l, m, p, upto, wb_slice(be, 8));
            if (rc)
                return wb_lmdb_status(l, rc, "writing a marker");
        } else {
            return wb_lmdb_status(l, rc, "reading a marker");
        }
        p->ext[p->levels++] = number;
        done += WB_LMDB_STEP;
    }
    point(l, p, wb_slice(key.p + done, key.n - done));
    return WB_STORE_OK;
}

enum wb_store_status wb_lmdb_get(struct wb_txn *t, struct wb_slice key, struct wb_slice *value)
{
    struct wb_lmdb *l = wb_lmdb(t->store);
    MDB_val v;
    int rc;
    if (key.n < WB_LMDB_STEP) {
        MDB_val k = {key.n, (void *)(uintptr_t)key.p};
        rc = mdb_get(wb_lmdb_txn(t), l->rows, &k, &v);
    } else {
        struct place p;
        enum wb_store_status st = locate(l, wb_lmdb_txn(t), key, false, &p);
        if (st)
            return st;
        rc = mdb_get(wb_lmdb_txn(t), p.dbi, &p.key, &v);
    }
    return rc ? wb_lmdb_status(l, rc, "reading a row") : wb_lmdb_open_value(key, v, value);
}

static struct wb_slice own(struct wb_buf *b, struct wb_slice s)
{
    b->n = 0;
    wb_buf_slice_put(b, s);
    return wb_buf_slice(b);
}

/* Key and value may lie in the store. A short key is changed with one LMDB call, which is given
 * copies anyway; a long one takes several, and each may move what lies in the store. */
static struct wb_slice own_key(struct wb_lmdb *l, struct wb_slice key)
{
    return key.n < WB_LMDB_STEP ? key : own(&l->key_copy, key);
}

enum wb_store_status wb_lmdb_put(struct wb_txn *t, struct wb_slice key, struct wb_slice value)
{
    struct wb_lmdb *l = wb_lmdb(t->store);
    struct place p;
    key = own_key(l, key);
    if (key.n >= WB_LMDB_STEP)
        value = own(&l->value_copy, value);
    enum wb_store_status st = locate(l, wb_lmdb_txn(t), key, true, &p);
    if (st)
        return st;
    int rc = put_entry(l, wb_lmdb_txn(t), &p, key, value);
    return rc ? wb_lmdb_status(l, rc, "writing a row") : WB_STORE_OK;
}

/* Whether extension `number` has no entry. */
static int is_empty(struct wb_lmdb *l, MDB_txn *m, uint64_t number, bool *empty)
{
    MDB_cursor *c;
    uint8_t be[8];
    MDB_val k = {8, be}, v;
    int rc = mdb_cursor_open(m, l->more, &c);
    if (rc)
        return rc;
    wb_lmdb_number_put(be, number);
    rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE);
    if (rc == 0 && k.mv_size < 8)
        rc = MDB_CORRUPTED;
    *empty = rc == MDB_NOTFOUND || (rc == 0 && wb_lmdb_number(k.mv_data) != number);
    mdb_cursor_close(c);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

enum wb_store_status wb_lmdb_del(struct wb_txn *t, struct wb_slice key, size_t *bytes)
{
    struct wb_lmdb *l = wb_lmdb(t->store);
    MDB_txn *m = wb_lmdb_txn(t);
    struct place p;
    MDB_val v;
    key = own_key(l, key);
    enum wb_store_status st = locate(l, m, key, false, &p);
    if (st)
        return st;
    int rc = mdb_get(m, p.dbi, &p.key, &v);
    if (rc == 0) {
        *bytes = v.mv_size < WB_LMDB_SUM ? 0 : v.mv_size - WB_LMDB_SUM;
        rc = mdb_del(m, p.dbi, &p.key, NULL);
    }
    /* The extensions that lost their last entry go, the innermost first. */
    while (rc == 0 && p.levels) {
        bool empty;
        rc = is_empty(l, m, p.ext[p.levels - 1], &empty);
        if (rc || !empty)
            break;
        p.levels--;
        point(l, &p, wb_slice(key.p + p.levels * WB_LMDB_STEP, WB_LMDB_STEP));
        rc = mdb_del(m, p.dbi, &p.key, NULL);
        if (rc == MDB_NOTFOUND)
            rc = MDB_CORRUPTED;
    }
    return rc ? wb_lmdb_status(l, rc, "deleting a row") : WB_STORE_OK;
}
