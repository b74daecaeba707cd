/*
 * Who is who around a function:
 *
 *   Waybill ── guardian ── init ── runtime ── whatever the function starts
 *
 * The guardian is the helper process itself. With a process namespace it only waits; init (process
 * 1 of the namespace) builds the new root, starts the runtime, reaps orphans, and passes the
 * runtime's wait status on. Each dies with the one before it (parent-death signal), and when
 * process 1 dies the kernel kills all that is in the namespace: no orphan can stay.
 *
 * Without a process namespace guardian and init are one process: a subreaper, to which every orphan
 * below it falls; asked to end (SIGTERM, which is also what it gets when Waybill dies) it kills its
 * descendants until none is left.
 */
#include "process/confine.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *doing, int err) __attribute__((noreturn));
static void die(const char *doing, int err)
{
    dprintf(2, "waybill: cannot start the function's sandbox: %s: %s\n", doing,
            err ? strerror(-err) : "refused");
    _exit(WB_CONFINE_FAILED);
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, text, strlen(text));
    int r = n < 0 ? -errno : 0;
    close(fd);
    return r;
}

int wb_confine_unshare(const struct wb_confine *c)
{
    int flags = (c->flags & WB_CONFINE_USER_NS ? CLONE_NEWUSER : 0) |
                (c->flags & WB_CONFINE_MOUNT_NS ? CLONE_NEWNS : 0) |
                (c->flags & WB_CONFINE_PID_NS ? CLONE_NEWPID : 0);
    if (!flags)
        return 0;
    if (unshare(flags))
        return -errno;
    if (!(c->flags & WB_CONFINE_USER_NS))
        return 0;
    char map[64];
    int r = write_file("/proc/self/setgroups", "deny");
    if (r && r != -ENOENT)
        return r;
    snprintf(map, sizeof map, "%u %u 1", c->user, c->outer_user);
    r = write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "%u %u 1", c->user, c->outer_group);
    return r ? r : write_file("/proc/self/gid_map", map);
}

/* Standard descriptors to nowhere, everything else closed but `keep` (-1 = none). */
static void let_go(int keep)
{
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; null >= 0 && i < 3; i++)
        dup2(null, i);
    if (keep > 3)
        close_range(3, (unsigned)keep - 1, 0);
    close_range(keep >= 3 ? (unsigned)keep + 1 : 3, ~0u, 0);
}

static void drop_capabilities(void)
{
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};
    if (syscall(SYS_capset, &head, none))
        die("dropping capabilities", -errno);
}

static void become_user(const struct wb_confine *c)
{
    /* Before the user changes, which takes the right to do it away. */
    for (int cap = 0; c->flags & WB_CONFINE_SANDBOX && cap < 64; cap++)
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    if (c->flags & WB_CONFINE_SET_USER) {
        if (setgroups(0, NULL) || setresgid(c->user, c->user, c->user) ||
            setresuid(c->user, c->user, c->user))
            die("changing to the function's own user", -errno);
    }
    if (c->flags & WB_CONFINE_SANDBOX)
        drop_capabilities();
}

static void limit(int what, uint64_t value, const char *doing)
{
    struct rlimit l, now;
    if (getrlimit(what, &now) == 0 && now.rlim_max < value)
        value = now.rlim_max;
    l.rlim_cur = l.rlim_max = value;
    if (setrlimit(what, &l))
        die(doing, -errno);
}

static void reset_signals(void)
{
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The runtime, before it is the runtime. */
static void confine_runtime(const struct wb_confine *c)
{
    int r;
    setsid();
    become_user(c);
    if (c->flags & WB_CONFINE_SANDBOX) {
        limit(RLIMIT_CORE, 0, "limiting core files");
        limit(RLIMIT_NOFILE, 1024, "limiting descriptors"); /* AWS: 1,024 */
        if (c->processes_max)
            limit(RLIMIT_NPROC, c->processes_max, "limiting processes");
        if (c->file_bytes)
            limit(RLIMIT_FSIZE, c->file_bytes, "limiting file sizes");
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
            die("no_new_privs", -errno);
        umask(022);
    }
    if (chdir(c->cwd ? c->cwd : "/"))
        die("entering the function's folder", -errno);
    if (c->flags & WB_CONFINE_LANDLOCK && (r = wb_confine_landlock(c)))
        die("Landlock", r);
    if (c->flags & WB_CONFINE_SECCOMP && (r = wb_confine_seccomp()))
        die("the system call filter", r);
    reset_signals();
}

static void pass_on(int status_fd, int status)
{
    (void)!send(status_fd, &status, sizeof status, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Process 1 of the namespace: signals without a handler do not reach it from inside. */
static void be_init(const struct wb_confine *c, pid_t runtime, int status_fd, int alive)
{
    struct pollfd gone = {alive, 0, 0};
    become_user(c);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a change of user clears it */
    if (poll(&gone, 1, 0) != 0)
        _exit(WB_CONFINE_FAILED);
    let_go(status_fd);
    for (;;) {
        int status;
        pid_t p = waitpid(-1, &status, 0);
        if (p == runtime) {
            pass_on(status_fd, status);
            _exit(exit_code(status));
        }
        if (p < 0 && errno != EINTR)
            _exit(WB_CONFINE_FAILED);
    }
}

/* Guardian and init in one, where there is no process namespace. */
static void be_reaper(pid_t runtime, int status_fd, const sigset_t *watched)
{
    let_go(status_fd);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    for (;;) {
        int status;
        pid_t p;
        while ((p = waitpid(-1, &status, WNOHANG)) > 0) {
            if (p != runtime)
                continue;
            pass_on(status_fd, status);
            wb_confine_kill_children();
            _exit(exit_code(status));
        }
        if (sigwaitinfo(watched, NULL) == SIGTERM) {
            wb_confine_kill_children();
            _exit(128 + SIGKILL);
        }
    }
}

/* Die with the starter, also when it died before we asked. */
static void die_with_parent(const struct wb_confine *c, int sig)
{
    prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0);
    if ((uint32_t)getppid() != c->parent)
        _exit(WB_CONFINE_FAILED);
}

static void enter_reaped(const struct wb_confine *c, int status_fd)
{
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigprocmask(SIG_BLOCK, &watched, NULL);
    die_with_parent(c, SIGTERM);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    int r = c->flags & WB_CONFINE_MOUNT_NS ? wb_confine_root(c) : 0;
    if (r)
        die("building its root", r);
    pid_t runtime = fork();
    if (runtime < 0)
        die("fork", -errno);
    if (runtime)
        be_reaper(runtime, status_fd, &watched);
    close(status_fd);
    confine_runtime(c);
}

static void enter_namespace(const struct wb_confine *c, int status_fd)
{
    int alive[2], r;
    die_with_parent(c, SIGKILL);
    if (pipe2(alive, O_CLOEXEC))
        die("pipe", -errno);
    pid_t init = fork();
    if (init < 0)
        die("fork", -errno);
    if (init) {
        let_go(alive[1]);
        int status;
        while (waitpid(init, &status, 0) < 0 && errno == EINTR) {
        }
        _exit(exit_code(status));
    }
    close(alive[1]);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    struct pollfd gone = {alive[0], 0, 0};
    if (poll(&gone, 1, 0) != 0)
        _exit(WB_CONFINE_FAILED); /* the guardian is dead already */
    if (c->flags & WB_CONFINE_MOUNT_NS && (r = wb_confine_root(c)))
        die("building its root", r);
    pid_t runtime = fork();
    if (runtime < 0)
        die("fork", -errno);
    if (runtime)
        be_init(c, runtime, status_fd, alive[0]);
    close(alive[0]);
    close(status_fd);
    confine_runtime(c);
}

void wb_confine_enter(const struct wb_confine *c, int status_fd)
{
    int r = wb_confine_unshare(c);
    if (r)
        die("making namespaces", r);
    if (c->flags & WB_CONFINE_PID_NS)
        enter_namespace(c, status_fd);
    else
        enter_reaped(c, status_fd);
}
