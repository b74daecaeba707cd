/*
 * A root of its own: a small tmpfs on which only what a runtime needs is mounted, read-only, and
 * the environment's folder as /tmp. Nothing else of the machine has a name there; in particular not
 * the data directory, home folders, sockets under /run, and what people keep in /etc.
 */
#include "process/confine.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#define MOUNT_ATTR_NOSUID 0x00000002
#define MOUNT_ATTR_NODEV  0x00000004
#endif

const char *const wb_confine_system_dirs[] = {"/usr",   "/bin",   "/sbin",   "/lib",
                                              "/lib32", "/lib64", "/libx32", NULL};
const char *const wb_confine_etc[] = {"/etc/ld.so.cache",
                                      "/etc/ld.so.conf",
                                      "/etc/ld.so.conf.d",
                                      "/etc/resolv.conf",
                                      "/etc/hosts",
                                      "/etc/host.conf",
                                      "/etc/gai.conf",
                                      "/etc/nsswitch.conf",
                                      "/etc/passwd",
                                      "/etc/group",
                                      "/etc/services",
                                      "/etc/protocols",
                                      "/etc/localtime",
                                      "/etc/timezone",
                                      "/etc/os-release",
                                      "/etc/debian_version",
                                      "/etc/ssl/certs",
                                      "/etc/ssl/openssl.cnf",
                                      "/etc/ca-certificates",
                                      "/etc/pki",
                                      "/etc/mime.types",
                                      "/etc/alternatives",
                                      "/etc/python3",
                                      "/etc/python3.10",
                                      "/etc/python3.11",
                                      "/etc/python3.12",
                                      "/etc/python3.13",
                                      "/etc/fonts",
                                      NULL};

/* Makes the folders above `path` (not itself) under the current directory. */
static int make_parents(const char *path)
{
    char b[4096];
    if (strlen(path) >= sizeof b)
        return -ENAMETOOLONG;
    memcpy(b, path, strlen(path) + 1);
    for (char *p = b + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        if (mkdir(b, 0755) && errno != EEXIST)
            return -errno;
        *p = '/';
    }
    return 0;
}

static int set_attr(const char *path, uint64_t set, bool recursive)
{
    struct {
        uint64_t set, clear, propagation, userns;
    } attr = {.set = set};
    return syscall(SYS_mount_setattr, AT_FDCWD, path, recursive ? 0x8000 /* AT_RECURSIVE */ : 0,
                   &attr, sizeof attr)
               ? -errno
               : 0;
}

/* Mounts the file or folder behind fd at `at` (absolute, as seen inside; cwd is the new root). */
static int bind_fd(int fd, const char *at, bool read_only)
{
    struct stat st;
    char from[32], to[4096];
    if (fstat(fd, &st))
        return -errno;
    if (snprintf(to, sizeof to, ".%s", at) >= (int)sizeof to)
        return -ENAMETOOLONG;
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    int r = make_parents(to);
    if (r)
        return r;
    if (S_ISDIR(st.st_mode)) {
        if (mkdir(to, 0755) && errno != EEXIST)
            return -errno;
    } else {
        int t = open(to, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (t < 0)
            return -errno;
        close(t);
    }
    if (mount(from, to, NULL, MS_BIND | MS_REC, NULL))
        return -errno;
    uint64_t attr = MOUNT_ATTR_NOSUID | (read_only ? MOUNT_ATTR_RDONLY : 0);
    return set_attr(to, S_ISCHR(st.st_mode) ? MOUNT_ATTR_NOSUID : attr | MOUNT_ATTR_NODEV, true);
}

static int bind_path(const char *path, const char *at, bool read_only)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = bind_fd(fd, at, read_only);
    close(fd);
    return r;
}

/* A system path: links are made again as links, what is missing stays missing. */
static int show(const char *path)
{
    struct stat st;
    char link[4096], to[4096];
    if (lstat(path, &st))
        return 0;
    if (!S_ISLNK(st.st_mode))
        return bind_path(path, path, true);
    ssize_t n = readlink(path, link, sizeof link - 1);
    if (n < 0)
        return 0;
    link[n] = 0;
    snprintf(to, sizeof to, ".%s", path);
    int r = make_parents(to);
    if (!r && symlink(link, to) && errno != EEXIST)
        r = -errno;
    if (r)
        return r;
    /* A link that leads out of what is shown (/etc/resolv.conf -> /run/systemd/...): show its end
     * as well. */
    char *end = realpath(path, NULL);
    if (end && strncmp(end, "/usr/", 5) != 0 && strncmp(end, "/etc/", 5) != 0)
        r = bind_path(end, end, true);
    free(end);
    return r == -ENOENT ? 0 : r;
}

static int show_devices(void)
{
    static const char *const devices[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                          "/dev/random", "/dev/urandom", NULL};
    int r = 0;
    for (size_t i = 0; !r && devices[i]; i++)
        r = bind_path(devices[i], devices[i], false);
    if (r)
        return r;
    if (mkdir("./dev/shm", 01777) ||
        mount("shm", "./dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64m,mode=1777"))
        return -errno;
    if (symlink("/proc/self/fd", "./dev/fd") || symlink("/proc/self/fd/0", "./dev/stdin") ||
        symlink("/proc/self/fd/1", "./dev/stdout") || symlink("/proc/self/fd/2", "./dev/stderr"))
        return -errno;
    return 0;
}

static int show_proc(bool own)
{
    if (mkdir("./proc", 0555))
        return -errno;
    if (!own)
        return bind_path("/proc", "/proc", false);
    return mount("proc", "./proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ? -errno : 0;
}

static int fill(const struct wb_confine *c, const int *dir_fd, const int *write_fd)
{
    int r = show_proc(c->flags & WB_CONFINE_PID_NS);
    for (size_t i = 0; !r && wb_confine_system_dirs[i]; i++)
        r = show(wb_confine_system_dirs[i]);
    for (size_t i = 0; !r && wb_confine_etc[i]; i++)
        r = show(wb_confine_etc[i]);
    if (!r && mkdir("./dev", 0755))
        r = -errno;
    if (!r)
        r = show_devices();
    for (size_t i = 0; !r && c->dir[i].path; i++)
        r = bind_fd(dir_fd[i], c->dir[i].as ? c->dir[i].as : c->dir[i].path, true);
    for (size_t i = 0; !r && c->write_dir[i]; i++)
        r = bind_fd(write_fd[i], i == 0 ? "/tmp" : c->write_dir[i], false);
    return r;
}

#define DIRS_MAX 16

int wb_confine_root(const struct wb_confine *c)
{
    int dir_fd[DIRS_MAX], write_fd[DIRS_MAX];
    /* No mount from here reaches the machine, and none of the machine's comes here. */
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return -errno;
    /* The new root covers /tmp, where sources may lie: hold them first. */
    for (size_t i = 0; c->dir[i].path; i++) {
        if (i == DIRS_MAX || (dir_fd[i] = open(c->dir[i].path, O_PATH | O_CLOEXEC)) < 0)
            return i == DIRS_MAX ? -E2BIG : -errno;
    }
    for (size_t i = 0; c->write_dir[i]; i++) {
        if (i == DIRS_MAX || (write_fd[i] = open(c->write_dir[i], O_PATH | O_CLOEXEC)) < 0)
            return i == DIRS_MAX ? -E2BIG : -errno;
    }
    mode_t mask = umask(0);
    if (mount("root", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755") || chdir("/tmp"))
        return -errno;
    int r = fill(c, dir_fd, write_fd);
    umask(mask);
    for (size_t i = 0; c->dir[i].path; i++)
        close(dir_fd[i]);
    for (size_t i = 0; c->write_dir[i]; i++)
        close(write_fd[i]);
    if (r)
        return r;
    /* pivot_root(2), "pivot_root(".", ".")": the old root ends up on top of the new one. */
    if (syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
        return -errno;
    return set_attr("/", MOUNT_ATTR_RDONLY, false);
}
