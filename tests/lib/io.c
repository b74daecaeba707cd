/* Without 64-bit offsets by default: glibc would rename pwrite to pwrite64 and so on, and both
 * names are needed here. */
#undef _FILE_OFFSET_BITS
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

bool (*io_instead)(const struct io_call *c, ssize_t *result);
void (*io_after)(const struct io_call *c, ssize_t result);

static bool replaced(const struct io_call *c, ssize_t *result)
{
    if (!io_instead || !io_instead(c, result))
        return false;
    if (*result < 0) {
        errno = (int)-*result;
        *result = -1;
    }
    return true;
}

static ssize_t done(const struct io_call *c, ssize_t result)
{
    if (result >= 0 && io_after)
        io_after(c, result);
    return result;
}

static int open_at(const char *path, int flags, mode_t mode)
{
    struct io_call c = {.kind = IO_OPEN, .fd = -1, .path = path, .flags = flags};
    ssize_t r;
    if (replaced(&c, &r))
        return (int)r;
    return (int)done(&c, syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int open(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return open_at(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return open_at(path, flags, mode);
}

int close(int fd)
{
    struct io_call c = {.kind = IO_CLOSE, .fd = fd};
    ssize_t r;
    if (replaced(&c, &r))
        return (int)r;
    return (int)done(&c, syscall(SYS_close, fd));
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    struct io_call c = {.kind = IO_WRITE, .fd = fd, .data = p, .n = n, .at = at};
    ssize_t r;
    if (replaced(&c, &r))
        return r;
    r = syscall(SYS_pwrite64, fd, p, n, at);
    c.n = r > 0 ? (size_t)r : 0;
    return done(&c, r);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return pwrite(fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
    struct io_call c = {.kind = IO_WRITE, .fd = fd, .data = p, .n = n};
    c.at = fd > 2 ? syscall(SYS_lseek, fd, 0, SEEK_CUR) : 0;
    ssize_t r;
    if (replaced(&c, &r))
        return r;
    r = syscall(SYS_write, fd, p, n);
    c.n = r > 0 ? (size_t)r : 0;
    return done(&c, r);
}

/* One write of all pieces: the same for who looks at the file. */
ssize_t writev(int fd, const struct iovec *v, int count)
{
    size_t n = 0;
    for (int i = 0; i < count; i++)
        n += v[i].iov_len;
    char *p = malloc(n ? n : 1);
    if (!p)
        abort();
    n = 0;
    for (int i = 0; i < count; i++) {
        memcpy(p + n, v[i].iov_base, v[i].iov_len);
        n += v[i].iov_len;
    }
    ssize_t r = write(fd, p, n);
    int e = errno;
    free(p);
    errno = e;
    return r;
}

static int sync_fd(long call, int fd)
{
    struct io_call c = {.kind = IO_SYNC, .fd = fd};
    ssize_t r;
    if (replaced(&c, &r))
        return (int)r;
    return (int)done(&c, syscall(call, fd));
}

int fsync(int fd)
{
    return sync_fd(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_fd(SYS_fdatasync, fd);
}

int msync(void *p, size_t n, int flags)
{
    struct io_call c = {.kind = IO_SYNC, .fd = -1, .data = p, .n = n};
    ssize_t r;
    if (replaced(&c, &r))
        return (int)r;
    return (int)done(&c, syscall(SYS_msync, p, n, flags));
}

int ftruncate(int fd, off_t n)
{
    struct io_call c = {.kind = IO_TRUNCATE, .fd = fd, .at = n};
    ssize_t r;
    if (replaced(&c, &r))
        return (int)r;
    return (int)done(&c, syscall(SYS_ftruncate, fd, n));
}

int ftruncate64(int fd, off64_t n)
{
    return ftruncate(fd, n);
}
