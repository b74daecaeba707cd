/*
 * The LMDB implementation: opening, transactions, backup. Rows are in lmdb_rows.c, scans in
 * lmdb_scan.c, the directory in dir.c.
 *
 * LMDB runs in its default sync mode: commit writes the changed pages to places that no snapshot
 * uses, syncs, then writes one of two meta pages through an O_DSYNC descriptor. Until that last
 * write the old state is whole, after it the new one.
 */
#include "store/lmdb_impl.h"

#include "base/crc.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/seam.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define MAP_DEFAULT (UINT64_C(1) << 40)
#define MAP_MIN     (UINT64_C(64) << 20)
#define ROOM_NS     INT64_C(100000000)

/* --- errors --- */

static void __attribute__((noreturn)) fatal_io(struct wb_lmdb *l, int rc, const char *doing)
{
    wb_fatal(EX_IOERR, "store", "the disk failed; what was not acknowledged is lost", "doing",
             doing, "directory", wb_dir_path(l->dir), "error", mdb_strerror(rc), NULL);
}

enum wb_store_status wb_lmdb_status(struct wb_lmdb *l, int rc, const char *doing)
{
    switch (rc) {
    case 0:
        return WB_STORE_OK;
    case MDB_NOTFOUND:
        return WB_STORE_NOT_FOUND;
    case MDB_MAP_FULL:
        return wb_store_fail(WB_STORE_FULL, "%s: the map is full", doing);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return wb_store_fail(WB_STORE_FULL, "%s: %s", doing, mdb_strerror(rc));
    case EIO:
        /* LMDB also says EIO when a write was cut short, which is how a disk fills up. */
        if (wb_dir_full(l->dir))
            return wb_store_fail(WB_STORE_FULL, "%s: %s", doing, mdb_strerror(ENOSPC));
        fatal_io(l, rc, doing);
    case MDB_PANIC:
        fatal_io(l, rc, doing);
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
        return wb_store_fail(WB_STORE_CORRUPT, "%s: %s", doing, mdb_strerror(rc));
    default:
        return wb_store_fail(WB_STORE_ERROR, "%s: %s", doing, mdb_strerror(rc));
    }
}

static void on_assert(MDB_env *env, const char *text)
{
    (void)env;
    wb_fatal(EX_DATAERR, "store", "the data file is damaged: run waybill check, restore a backup",
             "detail", text, NULL);
}

/* --- the numbers in `main` --- */

static int put_number(struct wb_lmdb *l, MDB_txn *m, const char *name, uint64_t v)
{
    uint8_t row[12];
    for (int i = 0; i < 8; i++)
        row[4 + i] = (uint8_t)(v >> (8 * i) & 0xff);
    uint32_t sum = wb_crc32c(wb_crc32c(0, name, strlen(name)), row + 4, 8);
    for (int i = 0; i < 4; i++)
        row[i] = (uint8_t)(sum >> (8 * i) & 0xff);
    MDB_val k = {strlen(name), (void *)(uintptr_t)name}, val = {sizeof(row), row};
    return mdb_put(m, l->main, &k, &val, 0);
}

static enum wb_store_status get_number(struct wb_lmdb *l, MDB_txn *m, const char *name, uint64_t *v)
{
    struct wb_slice key = wb_slice_str(name), value;
    MDB_val k = {key.n, (void *)(uintptr_t)name}, val;
    *v = 0;
    int rc = mdb_get(m, l->main, &k, &val);
    if (rc)
        return wb_lmdb_status(l, rc, "reading the store's own rows");
    enum wb_store_status st = wb_lmdb_open_value(key, val, &value);
    if (st)
        return st;
    struct wb_rd r = wb_rd(value);
    *v = wb_rd_le64(&r);
    return wb_rd_done(&r) ? WB_STORE_OK
                          : wb_store_fail(WB_STORE_CORRUPT, "the row %s is malformed", name);
}

/* --- transactions --- */

static enum wb_store_status lmdb_begin(struct wb_txn *t)
{
    struct wb_lmdb *l = wb_lmdb(t->store);
    int rc = mdb_txn_begin(l->env, t->parent ? wb_lmdb_txn(t->parent) : NULL,
                           t->write ? 0 : MDB_RDONLY, &((struct wb_lmdb_txn *)t)->m);
    return wb_lmdb_status(l, rc, "beginning a transaction");
}

/* After a commit that failed for want of room: LMDB gives itself up when the failure was in the
 * meta page, because then nobody knows which of the two is on disk. */
static void check_alive(struct wb_lmdb *l)
{
    MDB_txn *m;
    int rc = mdb_txn_begin(l->env, NULL, 0, &m);
    if (rc)
        fatal_io(l, rc, "committing");
    mdb_txn_abort(m);
}

static enum wb_store_status lmdb_commit(struct wb_txn *t)
{
    struct wb_lmdb *l = wb_lmdb(t->store);
    struct wb_lmdb_txn *lt = (struct wb_lmdb_txn *)t;
    if (t->parent)
        return wb_lmdb_status(l, mdb_txn_commit(lt->m), "joining a nested transaction");
    int rc = put_number(l, lt->m, "sequence", t->sequence);
    if (rc) {
        mdb_txn_abort(lt->m);
        return wb_lmdb_status(l, rc, "writing the sequence");
    }
    rc = mdb_txn_commit(lt->m);
    enum wb_store_status st = wb_lmdb_status(l, rc, "committing");
    if (st == WB_STORE_OK)
        wb_dir_ack(l->dir, t->sequence);
    else if (st == WB_STORE_FULL)
        check_alive(l);
    else
        fatal_io(l, rc, "committing");
    return st;
}

static void lmdb_abort(struct wb_txn *t)
{
    mdb_txn_abort(wb_lmdb_txn(t));
}

static void lmdb_reset(struct wb_txn *t)
{
    mdb_txn_reset(wb_lmdb_txn(t));
}

static enum wb_store_status lmdb_renew(struct wb_txn *t)
{
    return wb_lmdb_status(wb_lmdb(t->store), mdb_txn_renew(wb_lmdb_txn(t)),
                          "renewing a transaction");
}

static uint64_t lmdb_sequence(const struct wb_txn *t)
{
    uint64_t v;
    get_number(wb_lmdb(t->store), wb_lmdb_txn(t), "sequence", &v);
    return v;
}

/* --- room --- */

/* How many free pages inside the file are number `from` or above. LMDB keeps them in database 0:
 * each row is a number of pages and their numbers. */
#define FREE_LIST 0
static uint64_t count_free(MDB_txn *m, uint64_t from)
{
    MDB_cursor *c;
    MDB_val k, v;
    uint64_t count = 0;
    if (mdb_cursor_open(m, FREE_LIST, &c))
        return 0;
    while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0) {
        size_t n = 0, page;
        const char *p = v.mv_data;
        memcpy(&n, p, sizeof(n));
        for (size_t i = 1; i <= n && (i + 1) * sizeof(n) <= v.mv_size; i++) {
            memcpy(&page, p + i * sizeof(n), sizeof(page));
            count += page >= from;
        }
    }
    mdb_cursor_close(c);
    return count;
}

/* Bytes of those pages; what readers still see is counted too. */
static int64_t free_inside(struct wb_lmdb *l)
{
    MDB_txn *m;
    MDB_stat stat;
    if (mdb_txn_begin(l->env, NULL, MDB_RDONLY, &m))
        return 0;
    uint64_t pages = mdb_env_stat(l->env, &stat) ? 0 : count_free(m, 0);
    mdb_txn_abort(m);
    return (int64_t)(pages * stat.ms_psize);
}

static int64_t measure_room(struct wb_lmdb *l)
{
    MDB_envinfo info;
    MDB_stat stat;
    int64_t disk = wb_dir_free_bytes(l->dir);
    if (disk < 0 || mdb_env_info(l->env, &info) || mdb_env_stat(l->env, &stat))
        return 0;
    int64_t map = (int64_t)(info.me_mapsize - (info.me_last_pgno + 1) * stat.ms_psize);
    int64_t room = (map < disk ? map : disk) - l->reserve;
    /* Walking the free list costs time, so only where it matters. */
    return room > 0 ? room : room + free_inside(l);
}

static int64_t lmdb_room(struct wb_store *s)
{
    struct wb_lmdb *l = wb_lmdb(s);
    int64_t now = wb_seam_os()->mono_ns(wb_seam_os());
    int64_t at = atomic_load(&l->room_at_ns);
    if ((at == 0 || now - at >= ROOM_NS) &&
        atomic_compare_exchange_strong(&l->room_at_ns, &at, now))
        atomic_store(&l->room, measure_room(l));
    return atomic_load(&l->room);
}

/* --- opening and closing --- */

static void lmdb_close(struct wb_store *s)
{
    struct wb_lmdb *l = wb_lmdb(s);
    if (l->env)
        mdb_env_close(l->env);
    wb_dir_free(l->dir);
    wb_buf_release(&l->value);
    wb_buf_release(&l->key_copy);
    wb_buf_release(&l->value_copy);
    free(l);
}

/* Rows are read from mapped memory, so a disk that cannot read is a signal. */
static void on_bus_error(int signo)
{
    static const char text[] =
        "waybill: the disk could not read a page of the data file, or the file was cut off. "
        "Run waybill check, restore a backup.\n";
    (void)signo;
    ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(n < 0 ? EX_OSERR : EX_IOERR);
}

static void catch_bus_error(void)
{
    struct sigaction now, ours = {.sa_handler = on_bus_error};
    if (sigaction(SIGBUS, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        sigaction(SIGBUS, &ours, NULL); /* somebody else's (a sanitizer's) stays */
}

/* Opens the environment with the largest map that the system grants: an address space limit or a
 * sanitizer may refuse the default. */
static int open_env(struct wb_lmdb *l, uint64_t map, bool read_only)
{
    int rc;
    do {
        rc = mdb_env_create(&l->env);
        if (rc)
            return rc;
        assert(mdb_env_get_maxkeysize(l->env) >= WB_LMDB_STEP + 8);
        mdb_env_set_assert(l->env, on_assert);
        mdb_env_set_mapsize(l->env, map);
        mdb_env_set_maxdbs(l->env, 2);
        mdb_env_set_maxreaders(l->env, WB_STORE_READERS_MAX);
        rc = mdb_env_open(l->env, wb_dir_store(l->dir), MDB_NOTLS | (read_only ? MDB_RDONLY : 0),
                          0600);
        if (rc == 0) {
            mdb_filehandle_t fd; /* LMDB leaves this one open across an exec */
            if (mdb_env_get_fd(l->env, &fd) == 0)
                fcntl(fd, F_SETFD, FD_CLOEXEC);
            return 0;
        }
        mdb_env_close(l->env);
        l->env = NULL;
        map /= 2;
    } while (rc == ENOMEM && map >= MAP_MIN);
    return rc;
}

/* Whether every page in use lies inside the file; reading behind its end would be a SIGBUS. The
 * last pages may be missing only if they are free: LMDB does not write a page that the transaction
 * dropped again. To ask the free list, the file is made as long as it should be (the missing pages
 * read as zeros, which LMDB reports as corrupted), and cut again if it was not whole. */
static bool is_whole(struct wb_lmdb *l)
{
    MDB_envinfo info;
    MDB_stat stat;
    MDB_txn *m;
    struct stat sb;
    if (mdb_env_info(l->env, &info) || mdb_env_stat(l->env, &stat))
        return false;
    int fd = open(wb_dir_file(l->dir), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        fd = open(wb_dir_file(l->dir), O_RDONLY | O_CLOEXEC);
    uint64_t have = 0, need = info.me_last_pgno + 1;
    bool whole = false;
    if (fd >= 0 && fstat(fd, &sb) == 0) {
        have = (uint64_t)sb.st_size / stat.ms_psize;
        whole = have >= need;
    }
    if (!whole && have && ftruncate(fd, (off_t)(need * stat.ms_psize)) == 0) {
        if (mdb_txn_begin(l->env, NULL, MDB_RDONLY, &m) == 0) {
            whole = count_free(m, have) == need - have;
            mdb_txn_abort(m);
        }
        if (!whole && ftruncate(fd, sb.st_size))
            wb_log(WB_LOG_DEBUG, "store", "the length of the data file stays changed", NULL);
    }
    if (fd >= 0)
        close(fd);
    return whole;
}

/* The first transaction of a new store. */
static int create(struct wb_lmdb *l)
{
    MDB_txn *m;
    int rc = mdb_env_sync(l->env, 1); /* LMDB wrote the header without */
    rc = rc ? rc : mdb_txn_begin(l->env, NULL, 0, &m);
    if (rc)
        return rc;
    rc = mdb_dbi_open(m, NULL, 0, &l->main);
    rc = rc ? rc : mdb_dbi_open(m, "rows", MDB_CREATE, &l->rows);
    rc = rc ? rc : mdb_dbi_open(m, "more", MDB_CREATE, &l->more);
    rc = rc ? rc : put_number(l, m, "format", WB_STORE_FORMAT);
    rc = rc ? rc : put_number(l, m, "sequence", 0);
    if (rc) {
        mdb_txn_abort(m);
        return rc;
    }
    rc = mdb_txn_commit(m);
    if (rc)
        return rc;
    wb_dir_ack(l->dir, 0);
    return -wb_dir_sync(l->dir);
}

/* Rows of an older format are read as they are and written anew when they change; what must change
 * at once is that an older version of the program refuses the file. */
static int upgrade(struct wb_lmdb *l)
{
    MDB_txn *m;
    int rc = mdb_txn_begin(l->env, NULL, 0, &m);
    if (rc)
        return rc;
    rc = put_number(l, m, "format", WB_STORE_FORMAT);
    if (rc) {
        mdb_txn_abort(m);
        return rc;
    }
    return mdb_txn_commit(m);
}

/* Opens the three databases of an existing store and checks that it is one we can use. */
static bool open_existing(struct wb_lmdb *l, struct wb_arena *a, struct wb_slice *why)
{
    const char *file = wb_dir_file(l->dir);
    uint64_t format = 0, acked = 0, sequence = 0;
    MDB_txn *m;
    int rc = mdb_txn_begin(l->env, NULL, MDB_RDONLY, &m);
    if (rc) {
        *why = wb_printf(a, "cannot read %s: %s", file, mdb_strerror(rc));
        return false;
    }
    rc = mdb_dbi_open(m, NULL, 0, &l->main);
    enum wb_store_status st =
        rc ? wb_lmdb_status(l, rc, "opening") : get_number(l, m, "format", &format);
    if (st == WB_STORE_NOT_FOUND) {
        *why = wb_printf(a, "%s is an LMDB file, but not Waybill's", file);
    } else if (st) {
        *why = wb_printf(a, "%s is damaged (%s). Restore a backup (waybill restore).", file,
                         wb_store_why(&l->store));
    } else if (format == 0) {
        *why = wb_printf(a, "%s has data format 0, which never was. Restore a backup.", file);
    } else if (format > WB_STORE_FORMAT) {
        *why = wb_printf(a,
                         "%s has data format %llu; this version of Waybill reads up to %d. "
                         "Install a newer version.",
                         file, (unsigned long long)format, WB_STORE_FORMAT);
    } else {
        rc = mdb_dbi_open(m, "rows", 0, &l->rows);
        rc = rc ? rc : mdb_dbi_open(m, "more", 0, &l->more);
        st = rc ? wb_lmdb_status(l, rc, "opening") : get_number(l, m, "sequence", &sequence);
        if (st)
            *why = wb_printf(a, "%s is damaged (%s). Restore a backup (waybill restore).", file,
                             wb_store_why(&l->store));
    }
    bool noted = wb_dir_acked(l->dir, &acked);
    if (!why->n && noted && acked > sequence)
        *why = wb_printf(a,
                         "%s ends at commit %llu, but commit %llu was acknowledged: the last "
                         "writes are lost (a disk that does not keep what it synced, or an old "
                         "copy of the file). Restore a backup (waybill restore); or, to go on "
                         "without them, delete %s/acked.",
                         file, (unsigned long long)sequence, (unsigned long long)acked,
                         wb_dir_path(l->dir));
    atomic_store(&l->store.sequence, sequence);
    rc = mdb_txn_commit(m); /* the handles stay open */
    if (!why->n && !rc && format < WB_STORE_FORMAT && !l->store.read_only)
        rc = upgrade(l);
    if (!why->n && !rc && !noted && !l->store.read_only) {
        wb_dir_ack(l->dir, sequence);
        rc = -wb_dir_sync(l->dir);
    }
    if (!why->n && rc)
        *why = wb_printf(a, "cannot open %s: %s", file, mdb_strerror(rc));
    return !why->n;
}

static bool is_empty(struct wb_lmdb *l)
{
    MDB_stat stat;
    MDB_envinfo info;
    return mdb_env_stat(l->env, &stat) == 0 && mdb_env_info(l->env, &info) == 0 &&
           stat.ms_entries == 0 && info.me_last_txnid == 0;
}

static const struct wb_store_ops lmdb_ops;

static bool open_store(struct wb_lmdb *l, const char *dir, const struct wb_store_options *o,
                       struct wb_arena *a, struct wb_slice *why)
{
    bool fresh;
    int dead = 0;
    l->dir = wb_dir_take(dir, o, a, &fresh, why);
    if (!l->dir)
        return false;
    int rc = open_env(l, o->map_size ? o->map_size : MAP_DEFAULT, o->read_only);
    if (rc) {
        *why = wb_printf(a, "cannot open %s: %s", wb_dir_file(l->dir), mdb_strerror(rc));
        return false;
    }
    rc = mdb_reader_check(l->env, &dead);
    if (rc)
        wb_log(WB_LOG_WARN, "store", "cannot clear stale readers", "error", mdb_strerror(rc), NULL);
    if (fresh || (o->create && is_empty(l))) {
        rc = create(l);
        if (rc)
            *why = wb_printf(a, "cannot make a store in %s: %s", dir, mdb_strerror(rc));
        return rc == 0;
    }
    if (!is_whole(l)) {
        *why = wb_printf(a,
                         "%s is shorter than its header says: it was cut off. Restore a backup "
                         "(waybill restore).",
                         wb_dir_file(l->dir));
        return false;
    }
    return open_existing(l, a, why);
}

struct wb_store *wb_store_open_lmdb(const char *dir, const struct wb_store_options *o,
                                    struct wb_arena *a, struct wb_slice *why)
{
    struct wb_lmdb *l = wb_xcalloc(1, sizeof(*l));
    l->store.ops = &lmdb_ops;
    l->store.read_only = o->read_only;
    l->reserve = (int64_t)o->disk_reserve;
    *why = WB_SLICE_NULL;
    catch_bus_error();
    if (!open_store(l, dir, o, a, why)) {
        lmdb_close(&l->store);
        return NULL;
    }
    lmdb_room(&l->store); /* before others ask: who asks meanwhile gets the last answer */
    return &l->store;
}

static const struct wb_store_ops lmdb_ops = {
    .txn_size = sizeof(struct wb_lmdb_txn),
    .scan_size = sizeof(struct wb_lmdb_scan),
    .close = lmdb_close,
    .room = lmdb_room,
    .backup = wb_lmdb_backup,
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .reset = lmdb_reset,
    .renew = lmdb_renew,
    .sequence = lmdb_sequence,
    .get = wb_lmdb_get,
    .put = wb_lmdb_put,
    .del = wb_lmdb_del,
    .seek = wb_lmdb_seek,
    .step = wb_lmdb_step,
    .scan_end = wb_lmdb_scan_end,
};
