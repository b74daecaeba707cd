/*
 * Blobs of a backup. The rows are one snapshot; the files it mentions were there before it was
 * taken and are not unlinked until this has ended, so all files there are now hold all of them. A
 * file never changes once a row mentions it: on the same disk a second name for it will do. Files
 * without a row come along and go at the copy's first start.
 */
#include "engine/internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* To another disk. */
static int copy_file(int from_dir, int to_dir, const char *name)
{
    int in = openat(from_dir, name, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t n = 0;
    while (out >= 0 && (n = copy_file_range(in, NULL, out, NULL, WB_BLOB_SYNC_BYTES, 0)) > 0)
        ;
    int rc = in < 0 || out < 0 || n < 0 || fsync(out) != 0 ? errno : 0;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return rc;
}

static int copy_all(DIR *d, int to)
{
    int rc = 0;
    for (struct dirent *f; rc == 0 && (f = readdir(d));) {
        if (f->d_name[0] == '.')
            continue;
        if (linkat(dirfd(d), f->d_name, to, f->d_name, 0) == 0)
            continue;
        rc = errno == EXDEV || errno == EPERM || errno == EMLINK
                 ? copy_file(dirfd(d), to, f->d_name)
                 : errno;
        if (rc == ENOENT) /* an upload that failed meanwhile */
            rc = 0;
    }
    return rc ? rc : fsync(to) != 0 ? errno : 0;
}

int wb_blobs_backup(struct wb_engine *e, const char *dir)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    const char *to = wb_printf(&a, "%s/blobs", dir).p;
    DIR *d = opendir(wb_printf(&a, "%s/blobs", e->config.data_dir).p);
    int rc = d ? 0 : errno == ENOENT ? 0 : errno;
    if (d && mkdir(to, 0700) != 0)
        rc = errno;
    if (d && rc == 0) {
        int fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        rc = fd < 0 ? errno : copy_all(d, fd);
        if (fd >= 0)
            close(fd);
    }
    if (d)
        closedir(d);
    wb_arena_release(&a);
    return rc;
}
