#include "powercut.h"

#include "../lib/io.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS      400
#define KEY_BYTES 2200

/* What every commit left: versions[sequence][key], 0 = absent. A value follows from key and
 * version. */
static uint32_t (*versions)[KEYS];
static uint64_t last_sequence;
static bool noting; /* while the workload runs */

/* --- random numbers --- */

static uint64_t state = 1;

void rnd_seed(uint64_t seed)
{
    state = seed * 2 + 1;
    for (int i = 0; i < 10; i++)
        rnd();
}

uint64_t rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * UINT64_C(2685821657736338717) >> 11;
}

size_t below(size_t n)
{
    return (size_t)(rnd() % n);
}

/* --- rows --- */

static struct wb_slice key_of(int i, char buf[KEY_BYTES])
{
    static const size_t len[] = {8, 8, 20, 20, 40, 40, 200, 499, 500, 700, 1000, 1010, 2100};
    size_t n = len[(size_t)i % (sizeof(len) / sizeof(len[0]))];
    memset(buf, 'k', n);
    char number[16];
    snprintf(number, sizeof(number), "%06d", i);
    memcpy(buf + (i % 2 ? 0 : n - 6), number, 6);
    return wb_slice(buf, n);
}

static struct wb_slice value_of(int i, uint32_t version, struct wb_buf *b)
{
    uint64_t x = ((uint64_t)version << 20) + (uint64_t)i * 2654435761u;
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 32;
    size_t n = x % 16 ? x % 300 : x % 64 ? 1900 + x % 3000 : x % 20000;
    b->n = 0;
    wb_buf_reserve(b, n);
    for (size_t j = 0; j < n; j++)
        b->p[j] = (char)(x >> (j % 7 * 8)) ^ (char)j;
    b->n = n;
    return wb_buf_slice(b);
}

/* --- the record --- */

static struct record *rec;
static int data_fds[8];
static size_t data_fd_count;
static bool dsync_fd[1024];

static bool is_data_fd(int fd)
{
    for (size_t i = 0; i < data_fd_count; i++)
        if (data_fds[i] == fd)
            return true;
    return false;
}

static struct entry *add_entry(enum entry_kind kind)
{
    if (rec->n == rec->cap) {
        rec->cap = rec->cap ? rec->cap * 2 : 1024;
        rec->entries = wb_xrealloc(rec->entries, rec->cap * sizeof(rec->entries[0]));
    }
    struct entry *e = &rec->entries[rec->n++];
    *e = (struct entry){.kind = kind};
    return e;
}

static void on_io(const struct io_call *c, ssize_t result)
{
    struct entry *e;
    size_t n;
    switch (c->kind) {
    case IO_OPEN:
        n = strlen(c->path);
        if (n > 9 && strcmp(c->path + n - 9, "/data.mdb") == 0 && data_fd_count < 8) {
            data_fds[data_fd_count++] = (int)result;
            dsync_fd[result] = (c->flags & O_DSYNC) == O_DSYNC;
        }
        break;
    case IO_CLOSE:
        for (size_t i = 0; i < data_fd_count; i++)
            if (data_fds[i] == c->fd)
                data_fds[i] = data_fds[--data_fd_count];
        break;
    case IO_WRITE:
        if (!is_data_fd(c->fd))
            break;
        e = add_entry(ENTRY_WRITE);
        e->at = (uint64_t)c->at;
        e->n = c->n;
        e->data = wb_xmalloc(c->n);
        memcpy(e->data, c->data, c->n);
        e->durable = dsync_fd[c->fd];
        break;
    case IO_SYNC:
        if (is_data_fd(c->fd) || c->fd < 0)
            add_entry(ENTRY_SYNC);
        break;
    case IO_TRUNCATE:
        if (is_data_fd(c->fd))
            add_entry(ENTRY_TRUNCATE)->at = (uint64_t)c->at;
        break;
    }
}

/* The commit `sequence` has been acknowledged. */
static void acknowledged(const char *dir, uint64_t sequence)
{
    char path[300], note[64];
    snprintf(path, sizeof(path), "%s/acked", dir);
    io_after = NULL;
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : pread(fd, note, sizeof(note), 0);
    if (fd >= 0)
        close(fd);
    io_after = on_io;
    struct entry *e = add_entry(ENTRY_ACK);
    e->sequence = sequence;
    e->n = n > 0 ? (size_t)n : 0;
    e->data = wb_xmalloc(64);
    memcpy(e->data, note, e->n);
}

/* --- the workload --- */

/* Some changes in t and in now. */
static bool change(struct wb_txn *t, uint32_t now[KEYS], uint32_t version)
{
    static struct wb_buf value;
    char key[KEY_BYTES];
    size_t n = below(10) ? 1 + below(20) : 1 + below(300);
    for (size_t i = 0; i < n; i++) {
        int k = (int)below(KEYS);
        if (below(10) < 7) {
            if (wb_put(t, key_of(k, key), value_of(k, version, &value)) != WB_STORE_OK)
                return false;
            now[k] = version;
        } else {
            if (wb_del(t, key_of(k, key)) != (now[k] ? WB_STORE_OK : WB_STORE_NOT_FOUND))
                return false;
            now[k] = 0;
        }
    }
    return true;
}

/* A nested transaction in t, which joins or not; *now follows. */
static bool nested_change(struct wb_txn *t, uint32_t now[KEYS], uint32_t version)
{
    static uint32_t inner[KEYS];
    struct wb_txn *nested;
    memcpy(inner, now, sizeof(inner));
    if (wb_txn_nest(t, &nested))
        return false;
    bool ok = change(nested, inner, version);
    if (!ok || below(2)) {
        wb_txn_abort(nested);
        return ok;
    }
    memcpy(now, inner, sizeof(inner));
    return wb_txn_commit(nested) == WB_STORE_OK;
}

/* One transaction on top of *now; at its end *now is what the store holds. */
static bool transaction(struct wb_store *s, uint32_t now[KEYS], uint32_t version)
{
    static uint32_t kept[KEYS];
    struct wb_txn *t;
    memcpy(kept, now, sizeof(kept));
    if (wb_txn_begin(s, true, &t))
        return false;
    bool ok = change(t, now, version) && (below(4) || nested_change(t, now, version + 1));
    if (!ok || below(10) == 0) {
        wb_txn_abort(t);
        memcpy(now, kept, sizeof(kept));
        return ok;
    }
    if (noting) /* before the commit: the cut may come in its middle */
        memcpy(versions[wb_txn_sequence(t)], now, sizeof(kept));
    return wb_txn_commit(t) == WB_STORE_OK;
}

static struct wb_store *open_store(const char *dir, struct wb_arena *a, struct wb_slice *why)
{
    const struct wb_store_options o = {.create = true};
    return wb_store_open_lmdb(dir, &o, a, why);
}

bool workload_run(const char *dir, int commits, struct record *out)
{
    static uint32_t now[KEYS];
    struct wb_arena a;
    struct wb_slice why;
    struct wb_txn *reader = NULL;
    wb_arena_init(&a, 0);
    versions = wb_xcalloc((size_t)commits + 2, sizeof(versions[0]));
    rec = out;
    noting = true;
    io_after = on_io;
    struct wb_store *s = open_store(dir, &a, &why);
    bool ok = s != NULL;
    if (ok)
        acknowledged(dir, 0);
    for (int i = 0; ok && wb_store_sequence(s) < (uint64_t)commits; i++) {
        uint64_t before = wb_store_sequence(s);
        ok = transaction(s, now, (uint32_t)i * 2 + 1);
        if (ok && wb_store_sequence(s) > before)
            acknowledged(dir, wb_store_sequence(s));
        if (ok && !reader && below(8) == 0) {
            ok = wb_txn_begin(s, false, &reader) == WB_STORE_OK; /* old pages stay in use */
        } else if (reader && below(8) == 0) {
            wb_txn_abort(reader);
            reader = NULL;
        }
        if (ok && !reader && below(100) == 0) {
            wb_store_close(s);
            s = open_store(dir, &a, &why);
            ok = s != NULL;
        }
    }
    if (!s)
        fprintf(stderr, "%.*s\n", WB_FMT(why));
    else if (!ok)
        fprintf(stderr, "%s\n", wb_store_why(s));
    wb_txn_abort(reader);
    last_sequence = s ? wb_store_sequence(s) : 0;
    wb_store_close(s);
    noting = false;
    io_after = NULL;
    wb_arena_release(&a);
    return ok;
}

/* --- verification --- */

/* The rows of t are exactly `want`. */
static bool same_rows(struct wb_txn *t, const uint32_t want[KEYS])
{
    static struct wb_buf value;
    char key[KEY_BYTES];
    struct wb_slice k, v;
    int count = 0;
    for (int i = 0; i < KEYS; i++) {
        enum wb_store_status st = wb_get(t, key_of(i, key), &v);
        if (st != (want[i] ? WB_STORE_OK : WB_STORE_NOT_FOUND))
            return false;
        if (want[i] && !wb_slice_eq(v, value_of(i, want[i], &value)))
            return false;
        count += want[i] != 0;
    }
    for (int backward = 0; backward < 2; backward++) {
        struct wb_scan *s;
        struct wb_buf before = {0};
        int seen = 0;
        bool ordered = true;
        if (wb_scan_open(t, WB_SLICE_NULL, WB_SLICE_NULL, backward, &s))
            return false;
        enum wb_store_status st;
        while ((st = wb_scan_next(s, &k, &v)) == WB_STORE_OK) {
            int c = wb_slice_cmp(wb_buf_slice(&before), k);
            ordered = ordered && (seen == 0 || (backward ? c > 0 : c < 0));
            before.n = 0;
            wb_buf_slice_put(&before, k);
            seen++;
        }
        wb_scan_close(s);
        wb_buf_release(&before);
        if (st != WB_STORE_NOT_FOUND || seen != count || !ordered)
            return false;
    }
    return true;
}

static bool check(struct wb_store *s, const uint32_t want[KEYS])
{
    struct wb_txn *t;
    if (wb_txn_begin(s, false, &t))
        return false;
    bool ok = same_rows(t, want);
    wb_txn_abort(t);
    return ok;
}

/* Compares, goes on writing (the free list must be as sound as the rows), and compares again. */
static enum verdict verify(struct wb_store *s, uint64_t acked)
{
    static uint32_t now[KEYS];
    uint64_t sequence = wb_store_sequence(s);
    if (sequence < acked)
        return LOST;
    if (sequence > acked + 1 || sequence > last_sequence || !check(s, versions[sequence]))
        return WRONG;
    memcpy(now, versions[sequence], sizeof(now));
    for (uint32_t i = 0; i < 3; i++)
        if (!transaction(s, now, 1000000 + i * 2))
            return WRONG;
    return check(s, now) ? WHOLE : WRONG;
}

enum verdict workload_verify(const char *dir, uint64_t acked, bool verbose)
{
    struct wb_arena a;
    struct wb_slice why;
    enum verdict v = REFUSED;
    wb_arena_init(&a, 0);
    struct wb_store *s = open_store(dir, &a, &why);
    if (s)
        v = verify(s, acked);
    else if (verbose)
        fprintf(stderr, "refused: %.*s\n", WB_FMT(why));
    wb_store_close(s);
    wb_arena_release(&a);
    return v;
}
