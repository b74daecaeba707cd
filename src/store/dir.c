/*
 * The data directory as the store sees it:
 *
 *   DIR/lock             held (flock) by the process that uses the directory; its pid inside
 *   DIR/acked            the last acknowledged commit, written without sync after each commit
 *   DIR/store/data.mdb   LMDB's file; lock.mdb beside it is LMDB's table of readers
 *
 * Other parts keep their files in DIR too. The store only judges a directory without a store: it
 * must be empty but for names that Waybill knows.
 *
 * DIR/acked is there from the moment a store is complete (written and synced once, at creation). So
 * a data file that is empty or half a header is an interrupted creation without the note, and a
 * loss with it.
 */
#include "store/lmdb_impl.h"

#include "base/crc.h"
#include "base/log.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES    50 /* pauses of LOCK_PAUSE_MS */
#define LOCK_PAUSE_MS 10
#define ACKED_BYTES   20 /* magic, le64 sequence, le32 CRC-32C of the sixteen bytes before */
static const char acked_magic[8] = "WBACKED1";

/* What may be in a data directory that has no store yet. */
static const char *const known_names[] = {
    "acked",      "credentials", "endpoint", "endpoint.part", "functions", "key", "lock",
    "lost+found", "outbox",      "run",      "store",         "tmp",       NULL,
};

struct wb_dir {
    char *path, *store, *file; /* DIR, DIR/store, DIR/store/data.mdb */
    int lock_fd, acked_fd;
    bool exclusive; /* the lock is, and our pid stands in it */
    bool warned;    /* the note could not be written; said once */
};

const char *wb_dir_path(struct wb_dir *d)
{
    return d->path;
}

const char *wb_dir_store(struct wb_dir *d)
{
    return d->store;
}

const char *wb_dir_file(struct wb_dir *d)
{
    return d->file;
}

void wb_dir_free(struct wb_dir *d)
{
    if (!d)
        return;
    if (d->acked_fd >= 0)
        close(d->acked_fd);
    if (d->exclusive && ftruncate(d->lock_fd, 0))
        wb_log(WB_LOG_DEBUG, "store", "the pid stays in the lock file", NULL);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    free(d->path);
    free(d->store);
    free(d->file);
    free(d);
}

static char *join(const char *dir, const char *name)
{
    struct wb_buf b = {0};
    wb_buf_printf(&b, "%s/%s", dir, name);
    wb_buf_char(&b, 0);
    return b.p;
}

static bool is_known(const char *name)
{
    for (size_t i = 0; known_names[i]; i++)
        if (strcmp(known_names[i], name) == 0)
            return true;
    return false;
}

/* The first entry of path that is not Waybill's, in out; false when there is none. */
static bool find_foreign(const char *path, char out[256])
{
    DIR *dir = opendir(path);
    struct dirent *e;
    bool found = false;
    while (dir && !found && (e = readdir(dir))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || is_known(e->d_name))
            continue;
        snprintf(out, 256, "%s", e->d_name);
        found = true;
    }
    if (dir)
        closedir(dir);
    return found;
}

/* --- the data file --- */

/* LMDB 0.9's meta page, as far as it is needed here: offsets from the start of the page. */
enum {
    META_FLAGS = 10,     /* u16; 0x08 = meta page */
    META_MAGIC = 16,     /* u32 */
    META_VERSION = 20,   /* u32 */
    META_PAGE_SIZE = 40, /* u32 */
    META_BYTES = 152
};

static bool read_meta(int fd, off_t at, uint32_t *page_size)
{
    uint8_t p[META_BYTES];
    uint16_t flags;
    uint32_t magic, version;
    if (pread(fd, p, sizeof(p), at) != (ssize_t)sizeof(p))
        return false;
    memcpy(&flags, p + META_FLAGS, sizeof(flags));
    memcpy(&magic, p + META_MAGIC, sizeof(magic));
    memcpy(&version, p + META_VERSION, sizeof(version));
    memcpy(page_size, p + META_PAGE_SIZE, sizeof(*page_size));
    return (flags & 0x08) && magic == 0xBEEFC0DE && version == 1 && *page_size >= 512 &&
           *page_size <= 65536 && (*page_size & (*page_size - 1)) == 0;
}

/* False with *why when the file cannot be a whole store. *begun: it is no longer than what LMDB
 * writes first. */
static bool check_header(const char *path, struct wb_arena *a, bool *begun, struct wb_slice *why)
{
    *begun = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *why = wb_printf(a, "cannot open %s: %s", path, strerror(errno));
        return false;
    }
    struct stat sb;
    uint32_t size = 0, other = 0;
    bool ok = fstat(fd, &sb) == 0;
    *begun = ok && sb.st_size <= 2 * sysconf(_SC_PAGESIZE);
    ok = ok && read_meta(fd, 0, &size) && read_meta(fd, (off_t)size, &other) && size == other;
    close(fd);
    if (!ok)
        *why = wb_printf(a,
                         "%s is not a store: its header is damaged or cut off. Restore a backup "
                         "(waybill restore).",
                         path);
    return ok;
}

/* --- the directory --- */

static bool make_dir(const char *path, struct wb_arena *a, struct wb_slice *why)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    *why = wb_printf(a, "cannot make %s: %s", path, strerror(errno));
    return false;
}

/* A killed server's children may hold its lock a moment longer: they are killed too, but later. */
static bool lock_soon(int fd, int how)
{
    const struct timespec pause = {0, LOCK_PAUSE_MS * 1000000L};
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, how | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK)
            return false;
        nanosleep(&pause, NULL);
    }
    return flock(fd, how | LOCK_NB) == 0;
}

static bool take_lock(struct wb_dir *d, bool shared, struct wb_arena *a, struct wb_slice *why)
{
    char *path = join(d->path, "lock");
    char pid[32] = "";
    d->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (d->lock_fd < 0) {
        *why = wb_printf(a, "cannot open %s: %s", path, strerror(errno));
        free(path);
        return false;
    }
    free(path);
    if (lock_soon(d->lock_fd, shared ? LOCK_SH : LOCK_EX)) {
        int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
        d->exclusive = !shared;
        if (!shared && (ftruncate(d->lock_fd, 0) || pwrite(d->lock_fd, pid, (size_t)n, 0) != n))
            wb_log(WB_LOG_DEBUG, "store", "no pid in the lock file", NULL);
        return true;
    }
    ssize_t n = pread(d->lock_fd, pid, sizeof(pid) - 1, 0);
    pid[n > 0 ? n : 0] = 0;
    pid[strcspn(pid, "\n")] = 0;
    *why = wb_printf(a,
                     "%s is in use by another process (%s%s). Stop it first, or use another "
                     "directory.",
                     d->path, pid[0] ? "pid " : "pid unknown", pid);
    return false;
}

static bool open_acked(struct wb_dir *d, bool read_only)
{
    char *path = join(d->path, "acked");
    d->acked_fd = open(path, read_only ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(path);
    return d->acked_fd >= 0 || read_only;
}

/* Looks at the data file. *have becomes false when its creation was interrupted. */
static bool check_data(struct wb_dir *d, const struct wb_store_options *o, bool *have,
                       struct wb_arena *a, struct wb_slice *why)
{
    uint64_t sequence;
    bool begun, acked = wb_dir_acked(d, &sequence);
    if (!*have && acked) {
        *why = wb_printf(a,
                         "%s is missing, but %s/acked says that there was a store. Restore a "
                         "backup (waybill restore), or use an empty directory.",
                         d->file, d->path);
        return false;
    }
    if (!*have || check_header(d->file, a, &begun, why))
        return true;
    if (!begun || acked || !o->create || unlink(d->file))
        return false;
    *have = false;
    return true;
}

/* Does what wb_dir_take promises, on a d whose memory the caller owns. */
static bool take(struct wb_dir *d, const struct wb_store_options *o, struct wb_arena *a,
                 bool *fresh, struct wb_slice *why)
{
    struct stat sb;
    char name[256];
    if (stat(d->path, &sb) != 0) {
        if (errno != ENOENT || !o->create) {
            *why = wb_printf(a, "cannot open the data directory %s: %s", d->path, strerror(errno));
            return false;
        }
        if (!make_dir(d->path, a, why))
            return false;
    } else if (!S_ISDIR(sb.st_mode)) {
        *why = wb_printf(a, "%s is not a directory", d->path);
        return false;
    }
    bool have = stat(d->file, &sb) == 0, ok = false;
    if (!have && find_foreign(d->path, name))
        *why =
            wb_printf(a, "%s holds no Waybill store but other files (%s). Use an empty directory.",
                      d->path, name);
    else if (!have && !o->create)
        *why = wb_printf(a, "%s holds no Waybill store", d->path);
    else
        ok = take_lock(d, o->read_only, a, why);
    if (ok && !open_acked(d, o->read_only)) {
        *why = wb_printf(a, "cannot open %s/acked: %s", d->path, strerror(errno));
        ok = false;
    }
    ok = ok && check_data(d, o, &have, a, why);
    *fresh = !have;
    return ok && (have || make_dir(d->store, a, why));
}

struct wb_dir *wb_dir_take(const char *dir, const struct wb_store_options *o, struct wb_arena *a,
                           bool *fresh, struct wb_slice *why)
{
    struct wb_dir *d = wb_xcalloc(1, sizeof(*d));
    d->lock_fd = d->acked_fd = -1;
    d->path = wb_xstrndup(dir, strlen(dir));
    d->store = join(dir, "store");
    d->file = join(d->store, "data.mdb");
    if (!take(d, o, a, fresh, why)) {
        wb_dir_free(d);
        return NULL;
    }
    return d;
}

static int sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = fsync(fd) ? -errno : 0;
    close(fd);
    return rc;
}

int wb_dir_sync(struct wb_dir *d)
{
    char *parent = join(d->path, "..");
    int rc = fsync(d->acked_fd) ? -errno : 0;
    rc = rc ? rc : sync_path(d->store);
    rc = rc ? rc : sync_path(d->path);
    int up = rc ? 0 : sync_path(parent); /* may be closed to us; then it is the operator's */
    free(parent);
    return up == -EACCES ? rc : rc ? rc : up;
}

/* --- the note of the last acknowledged commit --- */

bool wb_dir_acked(struct wb_dir *d, uint64_t *sequence)
{
    char p[ACKED_BYTES];
    *sequence = 0;
    if (d->acked_fd < 0 || pread(d->acked_fd, p, sizeof(p), 0) != (ssize_t)sizeof(p))
        return false;
    struct wb_rd r = wb_rd(wb_slice(p + 8, 12));
    uint64_t v = wb_rd_le64(&r);
    if (memcmp(p, acked_magic, 8) != 0 || wb_rd_le32(&r) != wb_crc32c(0, p, 16))
        return false;
    *sequence = v;
    return true;
}

void wb_dir_ack(struct wb_dir *d, uint64_t sequence)
{
    uint8_t p[ACKED_BYTES];
    memcpy(p, acked_magic, 8);
    for (size_t i = 0; i < 8; i++)
        p[8 + i] = (uint8_t)(sequence >> (8 * i) & 0xff);
    uint32_t sum = wb_crc32c(0, p, 16);
    for (size_t i = 0; i < 4; i++)
        p[16 + i] = (uint8_t)(sum >> (8 * i) & 0xff);
    if (pwrite(d->acked_fd, p, sizeof(p), 0) != (ssize_t)sizeof(p) && !d->warned) {
        wb_log(WB_LOG_WARN, "store", "cannot note the last acknowledged commit", "directory",
               d->path, "error", strerror(errno), NULL);
        d->warned = true;
    }
}

/* --- room --- */

bool wb_dir_full(struct wb_dir *d)
{
    static const char zeros[64 * 1024];
    char *path = join(d->store, "probe");
    bool full = false;
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        full = errno == ENOSPC || errno == EDQUOT;
    for (int i = 0; i < 16 && !full && fd >= 0; i++) {
        ssize_t n = write(fd, zeros, sizeof(zeros));
        full = (n >= 0 && n < (ssize_t)sizeof(zeros)) ||
               (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG));
    }
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    free(path);
    return full;
}

int64_t wb_dir_free_bytes(struct wb_dir *d)
{
    struct statvfs v;
    if (statvfs(d->store, &v))
        return -errno;
    return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}
