/*
 * Landlock by raw system calls: the C library has no wrappers, and Debian 12's headers know only
 * the first ABIs. Numbers are those of include/uapi/linux/landlock.h. What a kernel's ABI does not
 * know is left out, so the same binary uses all that each kernel can.
 */
#include "process/confine.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_TRUNCATE = 1 << 14,  /* ABI 3 */
    FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
    FS_ABI1 = (1 << 13) - 1,
    FS_ABI2 = (1 << 14) - 1, /* + REFER */
    FS_ABI3 = (1 << 15) - 1,
    FS_ABI5 = (1 << 16) - 1,
    FS_READ = FS_EXECUTE | FS_READ_FILE | FS_READ_DIR,
    FS_FILE = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV,
    SCOPE_ABSTRACT_UNIX = 1 << 0, /* ABI 6 */
    SCOPE_SIGNAL = 1 << 1,
    RULE_PATH_BENEATH = 1,
    CREATE_VERSION = 1,
};

struct ruleset_attr {
    uint64_t fs, net, scoped;
};
struct path_attr {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

int wb_landlock_abi(void)
{
    long v = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
    return v < 0 ? 0 : (int)v;
}

/* A missing path needs no rule. */
static int allow(int ruleset, const char *path, uint64_t access, uint64_t handled)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == EACCES ? 0 : -errno;
    struct stat st;
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        access &= FS_FILE;
    struct path_attr p = {access & handled, fd};
    int r = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &p, 0) ? -errno : 0;
    close(fd);
    return r;
}

static int allow_all(const struct wb_confine *c, int rs, uint64_t handled)
{
    static const char *const devices[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                          "/dev/random", "/dev/urandom", NULL};
    bool mapped = c->flags & WB_CONFINE_MOUNT_NS;
    int r = 0;
    for (size_t i = 0; !r && wb_confine_system_dirs[i]; i++)
        r = allow(rs, wb_confine_system_dirs[i], FS_READ, handled);
    for (size_t i = 0; !r && wb_confine_etc[i]; i++)
        r = allow(rs, wb_confine_etc[i], FS_READ, handled);
    for (size_t i = 0; !r && devices[i]; i++)
        r = allow(rs, devices[i], FS_READ_FILE | FS_WRITE_FILE, handled);
    for (size_t i = 0; !r && c->dir[i].path; i++)
        r = allow(rs, mapped && c->dir[i].as ? c->dir[i].as : c->dir[i].path, FS_READ, handled);
    for (size_t i = 0; !r && c->write_dir[i]; i++)
        r = allow(rs, mapped && i == 0 ? "/tmp" : c->write_dir[i],
                  handled & ~(uint64_t)FS_IOCTL_DEV, handled);
    /* Threads name each other through /proc/self/task/N/comm; whose files may really be written is
     * decided by the kernel's ptrace rules, which Landlock narrows to this sandbox. */
    if (!r)
        r = allow(rs, "/proc", FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE, handled);
    /* The root of our own making holds nothing that may not be named. */
    if (!r && mapped)
        r = allow(rs, "/", FS_READ_DIR, handled);
    if (!r && mapped)
        r = allow(rs, "/dev/shm", handled & ~(uint64_t)FS_IOCTL_DEV, handled);
    return r;
}

int wb_confine_landlock(const struct wb_confine *c)
{
    int abi = wb_landlock_abi();
    struct ruleset_attr attr = {
        .fs = abi >= 5   ? FS_ABI5
              : abi >= 3 ? FS_ABI3
              : abi == 2 ? FS_ABI2
                         : FS_ABI1,
        .scoped = abi >= 6 ? SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL : 0,
    };
    int rs = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (rs < 0)
        return -errno;
    int r = allow_all(c, rs, attr.fs);
    if (!r && syscall(SYS_landlock_restrict_self, rs, 0))
        r = -errno;
    close(rs);
    return r;
}
