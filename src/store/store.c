/*
 * The part of the store that is the same for every implementation; see impl.h.
 *
 * A scan in a write transaction keeps a copy of the last key it returned. When the transaction has
 * changed rows since, the engine's cursor is not trusted any more and the scan finds its place
 * again by that key: O(log n), and free of every question about what a cursor does when the row
 * under it goes or its page splits.
 */
#include "store/impl.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local char last_error[512];

enum wb_store_status wb_store_fail(enum wb_store_status st, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(last_error, sizeof(last_error), fmt, ap);
    va_end(ap);
    return st;
}

const char *wb_store_why(struct wb_store *s)
{
    (void)s;
    return last_error;
}

void wb_store_close(struct wb_store *s)
{
    if (!s)
        return;
    assert(!atomic_load(&s->writing));
    s->ops->close(s);
}

uint64_t wb_store_sequence(struct wb_store *s)
{
    return atomic_load(&s->sequence);
}

int64_t wb_store_room(struct wb_store *s)
{
    return s->ops->room(s);
}

enum wb_store_status wb_store_backup(struct wb_store *s, const char *dir)
{
    return s->ops->backup(s, dir);
}

/* --- transactions --- */

static enum wb_store_status begin(struct wb_store *s, struct wb_txn *parent, bool write,
                                  struct wb_txn **out)
{
    struct wb_txn *t = wb_xcalloc(1, s->ops->txn_size);
    t->store = s;
    t->parent = parent;
    t->write = write;
    t->sequence = parent ? parent->sequence : wb_store_sequence(s) + 1;
    enum wb_store_status st = s->ops->begin(t);
    if (st != WB_STORE_OK) {
        free(t);
        t = NULL;
    }
    *out = t;
    return st;
}

enum wb_store_status wb_txn_begin(struct wb_store *s, bool write, struct wb_txn **out)
{
    *out = NULL;
    if (write && s->read_only)
        return wb_store_fail(WB_STORE_ERROR, "the store was opened read-only");
    if (write && atomic_exchange(&s->writing, true))
        assert(!"a second write transaction");
    enum wb_store_status st = begin(s, NULL, write, out);
    if (st != WB_STORE_OK && write)
        atomic_store(&s->writing, false);
    return st;
}

enum wb_store_status wb_txn_nest(struct wb_txn *parent, struct wb_txn **out)
{
    *out = NULL;
    assert(parent->write && !parent->nested_now);
    if (parent->failed)
        return parent->failed;
    enum wb_store_status st = begin(parent->store, parent, true, out);
    parent->nested_now = st == WB_STORE_OK;
    return st;
}

/* The end of t, whatever its outcome. */
static void end(struct wb_txn *t)
{
    if (t->parent) {
        t->parent->nested_now = false;
        t->parent->changes++;
    } else if (t->write) {
        atomic_store(&t->store->writing, false);
    }
    free(t);
}

enum wb_store_status wb_txn_commit(struct wb_txn *t)
{
    assert(!t->nested_now && !t->scans);
    enum wb_store_status st = t->failed;
    if (st != WB_STORE_OK || !t->write || (!t->parent && t->rows == 0)) {
        t->store->ops->abort(t); /* failed, or nothing to commit */
        end(t);
        return st;
    }
    st = t->store->ops->commit(t);
    if (st == WB_STORE_OK && t->parent) {
        t->parent->rows += t->rows;
        t->parent->bytes += t->bytes;
    } else if (st == WB_STORE_OK) {
        atomic_store(&t->store->sequence, t->sequence);
    } else if (t->parent) {
        t->parent->failed = st;
    }
    end(t);
    return st;
}

void wb_txn_abort(struct wb_txn *t)
{
    if (!t)
        return;
    assert(!t->nested_now && !t->scans);
    t->store->ops->abort(t);
    end(t);
}

void wb_txn_reset(struct wb_txn *t)
{
    assert(!t->write && !t->parked && !t->scans);
    t->store->ops->reset(t);
    t->parked = true;
}

enum wb_store_status wb_txn_renew(struct wb_txn *t)
{
    assert(!t->write && t->parked);
    enum wb_store_status st = t->store->ops->renew(t);
    t->parked = st != WB_STORE_OK;
    return st;
}

bool wb_txn_writes(const struct wb_txn *t)
{
    return t->write;
}

uint64_t wb_txn_sequence(const struct wb_txn *t)
{
    assert(!t->parked);
    return t->write ? t->sequence : t->store->ops->sequence(t);
}

void wb_txn_cost(const struct wb_txn *t, uint64_t *rows, uint64_t *bytes)
{
    *rows = t->rows;
    *bytes = t->bytes;
}

/* --- rows --- */

static enum wb_store_status check_key(const struct wb_txn *t, struct wb_slice key)
{
    assert(!t->nested_now && !t->parked);
    if (t->failed)
        return t->failed;
    if (key.n < 1 || key.n > WB_STORE_KEY_MAX)
        return wb_store_fail(WB_STORE_ERROR, "a key of %zu bytes; 1 to %d are possible", key.n,
                             WB_STORE_KEY_MAX);
    return WB_STORE_OK;
}

enum wb_store_status wb_get(struct wb_txn *t, struct wb_slice key, struct wb_slice *value)
{
    *value = WB_SLICE_NULL;
    enum wb_store_status st = check_key(t, key);
    return st ? st : t->store->ops->get(t, key, value);
}

enum wb_store_status wb_put(struct wb_txn *t, struct wb_slice key, struct wb_slice value)
{
    assert(t->write);
    enum wb_store_status st = check_key(t, key);
    if (st)
        return st;
    if (value.n > WB_STORE_VALUE_MAX)
        return wb_store_fail(WB_STORE_ERROR, "a value of %zu bytes; at most %d are possible",
                             value.n, WB_STORE_VALUE_MAX);
    t->changes++;
    st = t->store->ops->put(t, key, value);
    if (st) {
        t->failed = st;
        return st;
    }
    t->rows++;
    t->bytes += key.n + value.n;
    return WB_STORE_OK;
}

enum wb_store_status wb_del(struct wb_txn *t, struct wb_slice key)
{
    assert(t->write);
    size_t bytes = 0;
    enum wb_store_status st = check_key(t, key);
    if (st)
        return st;
    t->changes++;
    st = t->store->ops->del(t, key, &bytes);
    if (st == WB_STORE_NOT_FOUND)
        return st;
    if (st) {
        t->failed = st;
        return st;
    }
    t->rows++;
    t->bytes += key.n + bytes;
    return WB_STORE_OK;
}

/* --- scans --- */

static void assign(struct wb_buf *b, struct wb_slice s)
{
    b->n = 0;
    wb_buf_slice_put(b, s);
}

enum wb_store_status wb_scan_open(struct wb_txn *t, struct wb_slice lo, struct wb_slice hi,
                                  bool backward, struct wb_scan **out)
{
    assert(!t->nested_now && !t->parked);
    *out = NULL;
    if (t->failed)
        return t->failed;
    if (lo.n > WB_STORE_KEY_MAX || hi.n > WB_STORE_KEY_MAX)
        return wb_store_fail(WB_STORE_ERROR, "the bound of a scan is longer than %d bytes",
                             WB_STORE_KEY_MAX);
    struct wb_scan *s = wb_xcalloc(1, t->store->ops->scan_size);
    s->txn = t;
    s->backward = backward;
    assign(&s->lo, lo);
    assign(&s->hi, hi);
    assign(&s->from, backward ? hi : lo);
    t->scans++;
    *out = s;
    return WB_STORE_OK;
}

static bool inside(const struct wb_scan *s, struct wb_slice key)
{
    if (s->backward)
        return wb_slice_cmp(key, wb_buf_slice(&s->lo)) >= 0;
    return s->hi.n == 0 || wb_slice_cmp(key, wb_buf_slice(&s->hi)) < 0;
}

/* Finds the place again, or for the first time. */
static enum wb_store_status find(struct wb_scan *s, struct wb_slice *key, struct wb_slice *value)
{
    const struct wb_store_ops *ops = s->txn->store->ops;
    struct wb_slice from = wb_buf_slice(&s->from);
    enum wb_store_status st = ops->seek(s, from, key, value);
    bool here = st == WB_STORE_OK || (st == WB_STORE_CORRUPT && key->n);
    if (here && s->skip_equal && wb_slice_eq(*key, from))
        st = ops->step(s, key, value);
    return st;
}

enum wb_store_status wb_scan_next(struct wb_scan *s, struct wb_slice *key, struct wb_slice *value)
{
    struct wb_txn *t = s->txn;
    assert(!t->nested_now && !t->parked);
    *key = *value = WB_SLICE_NULL;
    if (t->failed)
        return t->failed;
    if (s->done)
        return WB_STORE_NOT_FOUND;
    enum wb_store_status st;
    if (s->positioned && s->seen == t->changes)
        st = t->store->ops->step(s, key, value);
    else
        st = find(s, key, value);
    if (key->n && !inside(s, *key)) {
        *key = *value = WB_SLICE_NULL;
        st = WB_STORE_NOT_FOUND;
    }
    s->positioned = key->n != 0;
    s->seen = t->changes;
    if (!s->positioned) {
        s->done = !t->write;
        return st;
    }
    if (t->write) {
        assign(&s->from, *key);
        s->skip_equal = !s->backward;
        *key = wb_buf_slice(&s->from); /* the engine's copy moves when the row is deleted */
    }
    return st;
}

enum wb_store_status wb_scan_seek(struct wb_scan *s, struct wb_slice key)
{
    struct wb_slice lo = wb_buf_slice(&s->lo), hi = wb_buf_slice(&s->hi);
    if (!s->backward && wb_slice_cmp(key, lo) < 0)
        key = lo;
    if (s->backward && (key.n == 0 || (hi.n && wb_slice_cmp(key, hi) > 0)))
        key = hi;
    if (key.n > WB_STORE_KEY_MAX)
        return wb_store_fail(WB_STORE_ERROR, "a seek to a key longer than %d bytes",
                             WB_STORE_KEY_MAX);
    if (key.n && key.p >= s->from.p && key.p < s->from.p + s->from.n) {
        memmove(s->from.p, key.p, key.n); /* a part of the key this scan returned last */
        s->from.n = key.n;
    } else {
        assign(&s->from, key);
    }
    s->positioned = s->done = s->skip_equal = false;
    return WB_STORE_OK;
}

void wb_scan_close(struct wb_scan *s)
{
    if (!s)
        return;
    assert(s->txn->scans > 0);
    s->txn->scans--;
    s->txn->store->ops->scan_end(s);
    wb_buf_release(&s->lo);
    wb_buf_release(&s->hi);
    wb_buf_release(&s->from);
    free(s);
}
