/*
 * Files of blobs: writing, keeping, dropping, sweeping.
 *
 * A name is eight hex digits drawn by this process at its start and 24 for the file, so that the
 * sweep of files without a row knows those of this run, which may be waiting for their command.
 *
 * Writing goes behind the disk by a few megabytes at most: after each slice its write-out is
 * begun, and the slice before it is waited for. The sync at the end is then short, and the commits
 * of others do not find gigabytes of dirty pages before them in the disk's queue.
 */
#include "engine/blob.h"
#include "engine/internal.h"
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_DIGITS 8

struct blobs {
    struct wb_engine *engine;
    char run[RUN_DIGITS + 1];
    pthread_mutex_t lock;
    struct wb_map *held; /* name -> how many hold it; under the lock */
    struct wb_pool_task sweep;
    DIR *sweeping;
    unsigned stay;     /* backups being made; under the lock */
    bool swept, again; /* the task is in the pool; it is asked for once more; under the lock */
};

struct wb_blob_writer {
    struct wb_engine *engine;
    int fd;
    char name[WB_BLOB_NAME + 1];
    int64_t size, begun, done; /* bytes: written; whose write-out was begun; is done */
    bool failed;
};

static struct blobs *blobs_of(const struct wb_engine *e)
{
    return e->blobs;
}

static bool is_name(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return s.n == WB_BLOB_NAME;
}

#define PATH_ROOM 4200

static const char *path_of(const struct wb_engine *e, struct wb_slice name, char out[PATH_ROOM])
{
    int n = snprintf(out, PATH_ROOM, "%s/blobs/%.*s", e->config.data_dir, WB_FMT(name));
    return n < PATH_ROOM ? out : "";
}

static bool sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int keep = errno;
    if (fd >= 0)
        close(fd);
    errno = keep;
    return ok;
}

/* --- writing --- */

static bool make_dir(struct wb_engine *e)
{
    char path[PATH_ROOM];
    if (mkdir(path_of(e, WB_S(""), path), 0700) != 0 && errno != EEXIST)
        return false;
    return sync_dir(e->config.data_dir);
}

struct wb_blob_writer *wb_blob_begin(struct wb_engine *e)
{
    unsigned char random[(WB_BLOB_NAME - RUN_DIGITS) / 2];
    char path[PATH_ROOM];
    struct wb_blob_writer *w = wb_xcalloc(1, sizeof *w);
    w->engine = e;
    memcpy(w->name, blobs_of(e)->run, RUN_DIGITS);
    pthread_mutex_lock(&blobs_of(e)->lock); /* the seam's random numbers */
    e->seam->random(e->seam, random, sizeof random);
    pthread_mutex_unlock(&blobs_of(e)->lock);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(w->name + RUN_DIGITS + 2 * i, 3, "%02x", random[i]);
    path_of(e, wb_slice_str(w->name), path);
    w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (w->fd < 0 && errno == ENOENT && make_dir(e))
        w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (w->fd >= 0)
        return w;
    int keep = errno;
    free(w);
    errno = keep;
    return NULL;
}

/* Lets the disk have its turn: see the top. */
static bool write_out(struct wb_blob_writer *w)
{
    if (w->size - w->begun < WB_BLOB_SYNC_BYTES)
        return true;
    if (sync_file_range(w->fd, w->begun, w->size - w->begun, SYNC_FILE_RANGE_WRITE) != 0)
        return errno == ENOSYS || errno == EINVAL || errno == ESPIPE;
    if (w->begun > w->done && sync_file_range(w->fd, w->done, w->begun - w->done,
                                              SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                                  SYNC_FILE_RANGE_WAIT_AFTER) != 0)
        return false;
    w->done = w->begun;
    w->begun = w->size;
    if (wb_store_room(w->engine->store) >= 0)
        return true;
    errno = ENOSPC;
    return false;
}

bool wb_blob_write(struct wb_blob_writer *w, struct wb_slice bytes)
{
    while (!w->failed && bytes.n) {
        size_t some = bytes.n < WB_BLOB_SYNC_BYTES ? bytes.n : WB_BLOB_SYNC_BYTES;
        ssize_t n = write(w->fd, bytes.p, some);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            w->failed = true;
            break;
        }
        w->size += n;
        bytes = wb_slice_sub(bytes, (size_t)n, bytes.n);
        w->failed = !write_out(w);
    }
    return !w->failed;
}

static void let_go(struct wb_blob_writer *w, bool keep)
{
    int was = errno;
    close(w->fd);
    if (!keep)
        wb_blob_discard(w->engine, wb_slice_str(w->name));
    free(w);
    errno = was;
}

bool wb_blob_end(struct wb_blob_writer *w, char name[WB_BLOB_NAME + 1])
{
    char path[PATH_ROOM];
    bool ok = !w->failed && fsync(w->fd) == 0 && sync_dir(path_of(w->engine, WB_S(""), path));
    memcpy(name, w->name, sizeof w->name);
    let_go(w, ok);
    return ok;
}

void wb_blob_abort(struct wb_blob_writer *w)
{
    if (w)
        let_go(w, false);
}

void wb_blob_discard(struct wb_engine *e, struct wb_slice name)
{
    char path[PATH_ROOM];
    if (is_name(name) && unlink(path_of(e, name, path)) != 0 && errno != ENOENT)
        wb_log(WB_LOG_WARN, "blob", "cannot remove a file", "path", path, "why", strerror(errno),
               NULL);
}

/* --- reading --- */

int wb_blob_open(struct wb_engine *e, struct wb_slice name)
{
    char path[PATH_ROOM];
    if (!is_name(name)) {
        errno = ENOENT;
        return -1;
    }
    return open(path_of(e, name, path), O_RDONLY | O_CLOEXEC);
}

bool wb_blob_pread(int fd, char *to, size_t n, int64_t offset)
{
    while (n) {
        ssize_t r = pread(fd, to, n, offset);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return false;
        to += r;
        n -= (size_t)r;
        offset += r;
    }
    return true;
}

bool wb_blob_read(struct wb_engine *e, struct wb_arena *a, struct wb_slice name, int64_t offset,
                  size_t n, struct wb_slice *bytes)
{
    int fd = wb_blob_open(e, name);
    char *to = fd >= 0 ? wb_alloc(a, n + 1) : NULL;
    bool ok = fd >= 0 && wb_blob_pread(fd, to, n, offset);
    if (fd >= 0)
        close(fd);
    *bytes = ok ? wb_slice(to, n) : WB_SLICE_NULL;
    return ok;
}

void wb_blob_hold(struct wb_engine *e, struct wb_slice name, bool hold)
{
    struct blobs *b = blobs_of(e);
    pthread_mutex_lock(&b->lock);
    uintptr_t n = (uintptr_t)wb_map_get(b->held, name) + (hold ? 1 : -1);
    if (n)
        wb_map_put(b->held, name, (void *)n);
    else
        wb_map_del(b->held, name);
    pthread_mutex_unlock(&b->lock);
}

void wb_blobs_stay(struct wb_engine *e, bool stay)
{
    struct blobs *b = blobs_of(e);
    pthread_mutex_lock(&b->lock);
    b->stay += stay ? 1 : -1u;
    pthread_mutex_unlock(&b->lock);
}

static bool is_held(struct wb_engine *e, struct wb_slice name)
{
    struct blobs *b = blobs_of(e);
    pthread_mutex_lock(&b->lock);
    bool held = b->stay || wb_map_get(b->held, name) != NULL;
    pthread_mutex_unlock(&b->lock);
    return held;
}

/* --- rows --- */

static struct wb_slice row_key(struct wb_arena *a, struct wb_slice name)
{
    return wb_key(a, WB_T_BLOB, "s", name);
}

bool wb_blob_row(struct wb_slice row, int64_t *size, uint32_t *references)
{
    struct wb_rd r = wb_rd(row);
    *size = (int64_t)wb_rd_le64(&r);
    *references = wb_rd_le32(&r);
    return wb_rd_done(&r);
}

static void put_row(struct wb_tx *tx, struct wb_slice key, int64_t size, uint32_t references)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le64(&b, (uint64_t)size);
    wb_buf_le32(&b, references);
    wb_tx_put(tx, key, wb_buf_slice(&b));
}

void wb_blob_keep(struct wb_tx *tx, struct wb_slice name, int64_t size)
{
    struct wb_slice key = row_key(tx->arena, name), row;
    uint32_t references = 0;
    int64_t kept;
    assert(is_name(name));
    if (wb_tx_get(tx, key, &row) && wb_blob_row(row, &kept, &references))
        size = kept;
    put_row(tx, key, size, references + 1);
}

void wb_blob_drop(struct wb_tx *tx, struct wb_slice name)
{
    struct wb_slice key = row_key(tx->arena, name), row;
    uint32_t references;
    int64_t size;
    if (!wb_tx_get(tx, key, &row) || !wb_blob_row(row, &size, &references))
        return;
    if (references > 1) {
        put_row(tx, key, size, references - 1);
        return;
    }
    wb_tx_del(tx, key);
    wb_work_add(tx, &(struct wb_work){.target = WB_S("blobs"),
                                      .executor = "blob unlink",
                                      .due_ms = tx->now_ms + WB_BLOB_LINGER_MS,
                                      .first_ms = tx->now_ms,
                                      .payload = wb_dup(tx->arena, name)});
}

/* --- removing files --- */

struct unlinking {
    struct wb_off off;
    struct wb_task *task;
};

static void unlink_work(struct wb_off *o)
{
    struct wb_task *t = WB_CONTAINER(o, struct unlinking, off)->task;
    wb_blob_discard(wb_task_engine(t), wb_task_work(t)->payload);
}

static void unlink_done(struct wb_off *o)
{
    wb_task_finish(WB_CONTAINER(o, struct unlinking, off)->task,
                   &(struct wb_outcome){.kind = WB_DONE});
}

static void unlink_start(struct wb_task *t)
{
    if (is_held(wb_task_engine(t), wb_task_work(t)->payload)) {
        wb_task_finish(t, &(struct wb_outcome){.kind = WB_BUSY, .after_ms = WB_BLOB_LINGER_MS});
        return;
    }
    struct unlinking *u = wb_new(wb_task_arena(t), struct unlinking);
    u->task = t;
    u->off = (struct wb_off){unlink_work, unlink_done};
    wb_loop_off(wb_dispatcher_loop(wb_task_engine(t)), &u->off);
}

static unsigned unlink_limit(struct wb_engine *e, struct wb_slice target)
{
    return 32;
}

static const struct wb_schedule unlink_schedule = {.base_ms = 1000, .cap_ms = 60000};
static const struct wb_executor unlink_executor = {.name = "blob unlink",
                                                   .schedule = &unlink_schedule,
                                                   .limit = unlink_limit,
                                                   .start = unlink_start};

/* --- the sweep at start --- */

static void sweep_file(struct blobs *b, struct wb_txn *txn, struct wb_arena *a,
                       struct wb_slice name)
{
    struct wb_slice row;
    if (!is_name(name) || memcmp(name.p, b->run, RUN_DIGITS) == 0)
        return;
    if (wb_get(txn, row_key(a, name), &row) == WB_STORE_NOT_FOUND)
        wb_blob_discard(b->engine, name);
}

static void sweep(struct wb_pool_task *t, struct wb_txn *txn)
{
    struct blobs *b = WB_CONTAINER(t, struct blobs, sweep);
    struct wb_arena a;
    char path[PATH_ROOM];
    if (!b->sweeping)
        b->sweeping = opendir(path_of(b->engine, WB_S(""), path));
    struct dirent *f = NULL;
    wb_arena_init(&a, 0);
    for (int i = 0; txn && b->sweeping && i < WB_BLOB_SWEEP && (f = readdir(b->sweeping)); i++)
        sweep_file(b, txn, &a, wb_slice_str(f->d_name));
    wb_arena_release(&a);
    if (txn)
        wb_txn_abort(txn);
    if (f && wb_pool_add(b->engine, &b->sweep))
        return;
    if (b->sweeping)
        closedir(b->sweeping);
    b->sweeping = NULL;
    pthread_mutex_lock(&b->lock);
    b->swept = b->again && wb_pool_add(b->engine, &b->sweep);
    b->again = false;
    pthread_mutex_unlock(&b->lock);
}

/* --- check --- */

void wb_blob_check(struct wb_engine *e, struct wb_arena *a, struct wb_slice key,
                   struct wb_slice row, void (*bad)(void *arg, const char *what), void *arg)
{
    struct wb_key_rd k = wb_key_rd(a, key, &(uint16_t){0});
    struct wb_slice name = wb_key_rd_str(&k);
    char path[PATH_ROOM];
    struct stat st;
    uint32_t references;
    int64_t size;
    if (!is_name(name) || !wb_blob_row(row, &size, &references) || references == 0)
        bad(arg, "a blob's row cannot be decoded");
    else if (stat(path_of(e, name, path), &st) != 0)
        bad(arg, wb_printf(a, "%s is missing", path).p);
    else if (st.st_size != size)
        bad(arg, wb_printf(a, "%s has %lld bytes instead of %lld", path, (long long)st.st_size,
                           (long long)size)
                     .p);
}

/* --- life --- */

void wb_blobs_new(struct wb_engine *e)
{
    struct blobs *b = e->blobs = wb_xcalloc(1, sizeof *b);
    unsigned char random[RUN_DIGITS / 2];
    b->engine = e;
    pthread_mutex_init(&b->lock, NULL);
    b->held = wb_map_new();
    e->seam->random(e->seam, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(b->run + 2 * i, 3, "%02x", random[i]);
    wb_executor_register(e, &unlink_executor);
    b->sweep.run = sweep;
}

void wb_blobs_sweep(struct wb_engine *e)
{
    struct blobs *b = blobs_of(e);
    pthread_mutex_lock(&b->lock);
    b->again = b->swept;
    b->swept = b->swept || wb_pool_add(e, &b->sweep);
    pthread_mutex_unlock(&b->lock);
}

void wb_blobs_free(struct wb_engine *e)
{
    struct blobs *b = blobs_of(e);
    if (b->sweeping)
        closedir(b->sweeping);
    wb_map_free(b->held);
    pthread_mutex_destroy(&b->lock);
    free(b);
}
