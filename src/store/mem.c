/*
 * The store in memory, for tests and the simulator.
 *
 * A persistent treap: a node is never changed once a snapshot can see it; putting and deleting copy
 * the O(log n) nodes on the path and share the rest. A root is therefore a snapshot, a transaction
 * is a root, a nested transaction is the root to go back to. Nodes and rows are counted references;
 * what nobody sees any more is freed at once, so that a slice used after the next put is found by
 * the address sanitizer.
 *
 * The priority of a node is a hash of its key: the shape depends on the rows alone, not on history.
 */
#include "store/impl.h"

#include "base/crc.h"
#include <pthread.h>
#include <stdlib.h>

struct row {
    _Atomic uint32_t refs;
    uint32_t prio;
    size_t key_len, value_len;
    char bytes[]; /* key, value */
};

struct node {
    _Atomic uint32_t refs;
    struct row *row;
    struct node *left, *right;
};

struct mem {
    struct wb_store store;
    pthread_mutex_t lock; /* root and sequence together */
    struct node *root;
};

struct mem_txn {
    struct wb_txn txn;
    struct node *root;
    uint64_t snapshot;
};

struct mem_scan {
    struct wb_scan scan;
    struct row *at; /* the row returned last */
};

/* --- rows and nodes --- */

static struct wb_slice row_key(const struct row *r)
{
    return wb_slice(r->bytes, r->key_len);
}

static struct wb_slice row_value(const struct row *r)
{
    return wb_slice(r->bytes + r->key_len, r->value_len);
}

static struct row *row_new(struct wb_slice key, struct wb_slice value)
{
    struct row *r = wb_xmalloc(sizeof(*r) + key.n + value.n);
    r->refs = 1;
    r->prio = wb_crc32c(0x5bd1e995, key.p, key.n) * 2654435761u;
    r->key_len = key.n;
    r->value_len = value.n;
    memcpy(r->bytes, key.p, key.n);
    if (value.n)
        memcpy(r->bytes + key.n, value.p, value.n);
    return r;
}

static struct row *row_ref(struct row *r)
{
    r->refs++;
    return r;
}

static void row_unref(struct row *r)
{
    if (r && --r->refs == 0)
        free(r);
}

static struct node *ref(struct node *n)
{
    if (n)
        n->refs++;
    return n;
}

static void unref(struct node *n)
{
    while (n && --n->refs == 0) {
        struct node *right = n->right;
        unref(n->left);
        row_unref(n->row);
        free(n);
        n = right;
    }
}

/* Takes over the references it is given. */
static struct node *make(struct row *row, struct node *left, struct node *right)
{
    struct node *n = wb_xmalloc(sizeof(*n));
    n->refs = 1;
    n->row = row;
    n->left = left;
    n->right = right;
    return n;
}

/* The tree n with row put in; n stays as it is. `row` is taken over. */
static struct node *put(struct node *n, struct row *row)
{
    if (!n)
        return make(row, NULL, NULL);
    int c = wb_slice_cmp(row_key(row), row_key(n->row));
    if (c == 0)
        return make(row, ref(n->left), ref(n->right));
    struct node *sub = put(c < 0 ? n->left : n->right, row); /* new, so it may be changed */
    bool up = sub->row->prio > n->row->prio;
    if (c < 0) {
        if (!up)
            return make(row_ref(n->row), sub, ref(n->right));
        sub->right = make(row_ref(n->row), sub->right, ref(n->right));
    } else {
        if (!up)
            return make(row_ref(n->row), ref(n->left), sub);
        sub->left = make(row_ref(n->row), ref(n->left), sub->left);
    }
    return sub;
}

/* All of a before all of b; both stay as they are. */
static struct node *merge(struct node *a, struct node *b)
{
    if (!a || !b)
        return ref(a ? a : b);
    if (a->row->prio > b->row->prio)
        return make(row_ref(a->row), ref(a->left), merge(a->right, b));
    return make(row_ref(b->row), merge(a, b->left), ref(b->right));
}

/* The tree n without key, which is in it. */
static struct node *del(struct node *n, struct wb_slice key)
{
    int c = wb_slice_cmp(key, row_key(n->row));
    if (c == 0)
        return merge(n->left, n->right);
    if (c < 0)
        return make(row_ref(n->row), del(n->left, key), ref(n->right));
    return make(row_ref(n->row), ref(n->left), del(n->right, key));
}

static struct row *find(const struct node *n, struct wb_slice key)
{
    while (n) {
        int c = wb_slice_cmp(key, row_key(n->row));
        if (c == 0)
            return n->row;
        n = c < 0 ? n->left : n->right;
    }
    return NULL;
}

/* The first row >= key (with `after`: > key). */
static struct row *find_ge(const struct node *n, struct wb_slice key, bool after)
{
    struct row *best = NULL;
    while (n) {
        int c = wb_slice_cmp(row_key(n->row), key);
        if (c > 0 || (c == 0 && !after)) {
            best = n->row;
            n = n->left;
        } else {
            n = n->right;
        }
    }
    return best;
}

/* The last row < key; an empty key is the end. */
static struct row *find_lt(const struct node *n, struct wb_slice key)
{
    struct row *best = NULL;
    while (n) {
        if (key.n == 0 || wb_slice_cmp(row_key(n->row), key) < 0) {
            best = n->row;
            n = n->right;
        } else {
            n = n->left;
        }
    }
    return best;
}

/* --- transactions --- */

static struct mem_txn *mem_txn(const struct wb_txn *t)
{
    return (struct mem_txn *)(uintptr_t)t;
}

static void take_snapshot(struct mem_txn *t)
{
    struct mem *m = (struct mem *)t->txn.store;
    pthread_mutex_lock(&m->lock);
    t->root = ref(m->root);
    t->snapshot = m->store.sequence;
    pthread_mutex_unlock(&m->lock);
}

static enum wb_store_status mem_begin(struct wb_txn *t)
{
    if (t->parent)
        mem_txn(t)->root = ref(mem_txn(t->parent)->root);
    else
        take_snapshot(mem_txn(t));
    return WB_STORE_OK;
}

static enum wb_store_status mem_commit(struct wb_txn *t)
{
    struct mem *m = (struct mem *)t->store;
    struct node *old;
    if (t->parent) {
        old = mem_txn(t->parent)->root;
        mem_txn(t->parent)->root = mem_txn(t)->root;
    } else {
        pthread_mutex_lock(&m->lock);
        old = m->root;
        m->root = mem_txn(t)->root;
        m->store.sequence = t->sequence;
        pthread_mutex_unlock(&m->lock);
    }
    unref(old);
    return WB_STORE_OK;
}

static void mem_drop(struct wb_txn *t)
{
    unref(mem_txn(t)->root);
    mem_txn(t)->root = NULL;
}

static enum wb_store_status mem_renew(struct wb_txn *t)
{
    take_snapshot(mem_txn(t));
    return WB_STORE_OK;
}

static uint64_t mem_sequence(const struct wb_txn *t)
{
    return mem_txn(t)->snapshot;
}

static enum wb_store_status mem_get(struct wb_txn *t, struct wb_slice key, struct wb_slice *value)
{
    struct row *r = find(mem_txn(t)->root, key);
    if (!r)
        return WB_STORE_NOT_FOUND;
    *value = row_value(r);
    return WB_STORE_OK;
}

static void replace_root(struct mem_txn *t, struct node *root)
{
    struct node *old = t->root;
    t->root = root;
    unref(old);
}

static enum wb_store_status mem_put(struct wb_txn *t, struct wb_slice key, struct wb_slice value)
{
    replace_root(mem_txn(t), put(mem_txn(t)->root, row_new(key, value)));
    return WB_STORE_OK;
}

static enum wb_store_status mem_del(struct wb_txn *t, struct wb_slice key, size_t *bytes)
{
    struct row *r = find(mem_txn(t)->root, key);
    if (!r)
        return WB_STORE_NOT_FOUND;
    *bytes = r->value_len;
    replace_root(mem_txn(t), del(mem_txn(t)->root, key));
    return WB_STORE_OK;
}

/* --- scans --- */

static enum wb_store_status give(struct wb_scan *scan, struct row *r, struct wb_slice *key,
                                 struct wb_slice *value)
{
    struct mem_scan *s = (struct mem_scan *)scan;
    if (!r)
        return WB_STORE_NOT_FOUND;
    row_ref(r);
    row_unref(s->at);
    s->at = r;
    *key = row_key(r);
    *value = row_value(r);
    return WB_STORE_OK;
}

static enum wb_store_status mem_seek(struct wb_scan *s, struct wb_slice at, struct wb_slice *key,
                                     struct wb_slice *value)
{
    const struct node *root = mem_txn(s->txn)->root;
    return give(s, s->backward ? find_lt(root, at) : find_ge(root, at, false), key, value);
}

static enum wb_store_status mem_step(struct wb_scan *s, struct wb_slice *key,
                                     struct wb_slice *value)
{
    const struct node *root = mem_txn(s->txn)->root;
    struct wb_slice at = row_key(((struct mem_scan *)s)->at);
    return give(s, s->backward ? find_lt(root, at) : find_ge(root, at, true), key, value);
}

static void mem_scan_end(struct wb_scan *s)
{
    row_unref(((struct mem_scan *)s)->at);
}

/* --- the store --- */

static void mem_close(struct wb_store *s)
{
    struct mem *m = (struct mem *)s;
    unref(m->root);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static int64_t mem_room(struct wb_store *s)
{
    (void)s;
    return INT64_MAX;
}

static enum wb_store_status mem_backup(struct wb_store *s, const char *dir)
{
    (void)s;
    return wb_store_fail(WB_STORE_ERROR, "the store is in memory only: no backup into %s", dir);
}

static const struct wb_store_ops mem_ops = {
    .txn_size = sizeof(struct mem_txn),
    .scan_size = sizeof(struct mem_scan),
    .close = mem_close,
    .room = mem_room,
    .backup = mem_backup,
    .begin = mem_begin,
    .commit = mem_commit,
    .abort = mem_drop,
    .reset = mem_drop,
    .renew = mem_renew,
    .sequence = mem_sequence,
    .get = mem_get,
    .put = mem_put,
    .del = mem_del,
    .seek = mem_seek,
    .step = mem_step,
    .scan_end = mem_scan_end,
};

struct wb_store *wb_store_open_mem(void)
{
    struct mem *m = wb_xcalloc(1, sizeof(*m));
    m->store.ops = &mem_ops;
    pthread_mutex_init(&m->lock, NULL);
    return &m->store;
}
