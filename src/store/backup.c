#include "store/lmdb_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_empty_dir(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;
    bool empty = d != NULL;
    while (empty && (e = readdir(d)))
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    if (d)
        closedir(d);
    return empty;
}

/* The copy of the data file, synced. A negative errno or an LMDB code. */
static int copy_file(MDB_env *env, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    int rc = mdb_env_copyfd2(env, fd, MDB_CP_COMPACT);
    if (rc == 0 && fsync(fd))
        rc = errno;
    close(fd);
    if (rc)
        unlink(path);
    return rc;
}

/* Opening the copy checks it and writes its note of the last commit. */
static enum wb_store_status settle(const char *dir, struct wb_arena *a)
{
    const struct wb_store_options o = {0};
    struct wb_slice why;
    struct wb_store *s = wb_store_open_lmdb(dir, &o, a, &why);
    if (!s)
        return wb_store_fail(WB_STORE_ERROR, "the copy cannot be opened: %.*s", WB_FMT(why));
    wb_store_close(s);
    unlink(wb_printf(a, "%s/store/lock.mdb", dir).p);
    unlink(wb_printf(a, "%s/lock", dir).p);
    return WB_STORE_OK;
}

enum wb_store_status wb_lmdb_backup(struct wb_store *s, const char *dir)
{
    struct wb_arena a;
    enum wb_store_status st;
    if (mkdir(dir, 0700) && errno != EEXIST)
        return wb_store_fail(WB_STORE_ERROR, "cannot make %s: %s", dir, strerror(errno));
    if (!is_empty_dir(dir))
        return wb_store_fail(WB_STORE_ERROR, "%s is not an empty directory", dir);
    wb_arena_init(&a, 0);
    const char *store = wb_printf(&a, "%s/store", dir).p;
    int rc = mkdir(store, 0700) ? errno : 0;
    rc = rc ? rc : copy_file(wb_lmdb(s)->env, wb_printf(&a, "%s/data.mdb", store).p);
    if (rc) {
        rmdir(store);
        st =
            wb_store_fail(WB_STORE_ERROR, "cannot write a copy into %s: %s", dir, mdb_strerror(rc));
    } else {
        st = settle(dir, &a);
    }
    wb_arena_release(&a);
    return st;
}
