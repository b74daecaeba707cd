/* What the kernel and this account allow, found by doing it in a child. */
#include "process/confine.h"
#include "process/internal.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct wb_sandbox_caps caps;
static bool probed;

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* In a child: the namespaces, and with a process namespace its process 1 builds the root. */
static bool try_namespaces(uint32_t flags, const char *dir)
{
    static const char *no_list[] = {NULL};
    static struct wb_process_dir no_dirs[] = {{NULL, NULL}};
    const char *write_dir[] = {dir, NULL};
    struct wb_confine c = {.flags = flags,
                           .user = flags & WB_CONFINE_USER_NS ? WB_CONFINE_INNER_USER : 0,
                           .outer_user = geteuid(),
                           .outer_group = getegid(),
                           .argv = no_list,
                           .env = no_list,
                           .dir = no_dirs,
                           .write_dir = write_dir};
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid)
        return wait_for(pid) == 0;
    if (wb_confine_unshare(&c))
        _exit(1);
    if (flags & WB_CONFINE_PID_NS) {
        pid_t init = fork();
        if (init)
            _exit(init < 0 ? 1 : wait_for(init) != 0);
    }
    _exit(flags & WB_CONFINE_MOUNT_NS && wb_confine_root(&c) ? 1 : 0);
}

static bool try_confine(bool landlock)
{
    static const char *no_list[] = {NULL};
    static struct wb_process_dir no_dirs[] = {{NULL, NULL}};
    struct wb_confine c = {.dir = no_dirs, .write_dir = no_list};
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid)
        return wait_for(pid) == 0;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _exit(1);
    _exit((landlock ? wb_confine_landlock(&c) : wb_confine_seccomp()) != 0);
}

static void probe(void)
{
    char dir[] = "/tmp/waybill-probe-XXXXXX";
    const char *work = mkdtemp(dir);
    caps.landlock_abi = wb_landlock_abi();
    caps.landlock = caps.landlock_abi > 0 && try_confine(true);
    caps.seccomp = try_confine(false);
    /* Root needs no user namespace; it has users to spare. */
    uint32_t user = geteuid() == 0 ? 0 : WB_CONFINE_USER_NS;
    caps.user_ns = user && try_namespaces(user, NULL);
    if (!user || caps.user_ns) {
        caps.mount_ns = work && try_namespaces(user | WB_CONFINE_MOUNT_NS, work);
        /* A process namespace without its own /proc would show the wrong processes. */
        caps.pid_ns =
            caps.mount_ns && try_namespaces(user | WB_CONFINE_MOUNT_NS | WB_CONFINE_PID_NS, work);
    }
    if (work)
        rmdir(work);
    switch (wb_cgroup_open()) {
    case WB_CGROUP_V2:
        caps.memory = "cgroup v2";
        break;
    case WB_CGROUP_V1:
        caps.memory = "cgroup v1";
        break;
    default:
        caps.memory = "rss polling";
    }
    caps.cgroup = wb_cgroup_base()[0] != 0;
}

const struct wb_sandbox_caps *wb_caps(void)
{
    if (!probed) {
        probed = true;
        probe();
    }
    return &caps;
}

void wb_sandbox_probe(struct wb_sandbox_caps *out)
{
    *out = *wb_caps();
    wb_process_publish();
}

bool wb_sandbox_usable(const struct wb_sandbox_caps *c)
{
    return c->landlock || c->mount_ns;
}

bool wb_process_maps(void)
{
    return wb_caps()->mount_ns;
}

struct wb_slice wb_sandbox_missing(struct wb_arena *a, const struct wb_sandbox_caps *c)
{
    struct wb_buf b = wb_buf_in(a);
    if (!c->landlock)
        wb_buf_str(&b, "No Landlock: files are kept apart by namespaces and file modes alone. ");
    if (!c->seccomp)
        wb_buf_str(&b, "No seccomp filter: functions may use every system call. ");
    if (geteuid() != 0 && !c->user_ns)
        wb_buf_str(&b, "No user namespaces for this account: functions run as the server's user. ");
    if (!c->mount_ns)
        wb_buf_str(&b, "No mount namespace: functions see the machine's folders under their own "
                       "names and have no /tmp of their own (TMPDIR points to one). ");
    if (!c->pid_ns)
        wb_buf_str(&b, "No process namespace: functions see other processes' numbers. ");
    if (!c->cgroup)
        wb_buf_str(&b, "No memory cgroup: memory limits are kept by polling. ");
    if (!wb_sandbox_usable(c))
        wb_buf_str(&b, "Neither Landlock nor a mount namespace: functions are refused unless "
                       "the server runs with --sandbox off. ");
    return b.n ? wb_slice(b.p, b.n - 1) : WB_SLICE_NULL;
}
