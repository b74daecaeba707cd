/* Starting, watching and ending the processes of functions; the parent's side of confine.c. */
#include "base/buf.h"
#include "process/confine.h"
#include "process/internal.h"
#include "process/peer.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct wb_process {
    pid_t pid; /* the guardian */
    int pidfd;
    int status_fd; /* the runtime's wait status comes here */
    bool child;    /* ours to wait for (not a zygote's) */
    bool reaper;   /* no process namespace: the guardian kills the tree itself when asked */
    bool ended, killed_for_memory;
    int status;
    uint32_t user;
    bool own_user;
    int64_t limit, peak;
    char cgroup[WB_CGROUP_PATH];
};

/* --- users --- */

static uint8_t user_taken[WB_CONFINE_USERS / 8];
static uint32_t next_user;

/* Can this (maybe nested) user namespace name our block of users? */
static bool users_exist(void)
{
    static int known;
    if (known)
        return known > 0;
    unsigned long inside, outside, count;
    FILE *f = fopen("/proc/self/uid_map", "re");
    known = -1;
    while (f && fscanf(f, "%lu %lu %lu", &inside, &outside, &count) == 3) {
        if (inside <= WB_CONFINE_FIRST_USER &&
            inside + count >= (unsigned long)WB_CONFINE_FIRST_USER + WB_CONFINE_USERS)
            known = 1;
    }
    if (f)
        fclose(f);
    return known > 0;
}

static void take_user(struct wb_process *p)
{
    p->user = WB_CONFINE_NOBODY;
    if (!users_exist())
        return;
    if (!next_user) /* two servers on one machine should not walk in step */
        (void)!getrandom(&next_user, sizeof next_user, 0);
    for (uint32_t i = 0; i < WB_CONFINE_USERS; i++) {
        uint32_t u = ++next_user % WB_CONFINE_USERS;
        if (user_taken[u / 8] & (1u << (u % 8)))
            continue;
        user_taken[u / 8] |= (uint8_t)(1u << (u % 8));
        p->user = WB_CONFINE_FIRST_USER + u;
        p->own_user = true;
        return;
    }
}

static void give_user_back(struct wb_process *p)
{
    if (!p->own_user)
        return;
    uint32_t u = p->user - WB_CONFINE_FIRST_USER;
    user_taken[u / 8] &= (uint8_t) ~(1u << (u % 8));
}

/* Without a mount namespace another user must be able to walk to the folder by its real name: the
 * data directory and its run folder become passable (not readable); what is secret in them has mode
 * 0600. */
static void make_passable(const char *path)
{
    char b[4096];
    struct stat st;
    snprintf(b, sizeof b, "%s", path);
    for (char *p = strrchr(b, '/'); p && p != b; p = strrchr(b, '/')) {
        *p = 0;
        if (stat(b, &st) || st.st_uid != geteuid())
            return;
        if (!(st.st_mode & S_IXOTH) && chmod(b, (st.st_mode | S_IXOTH) & 07777))
            return;
    }
}

/* --- starting --- */

int wb_fd_high(int fd)
{
    if (fd < 0 || fd >= 10)
        return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    close(fd);
    return high;
}

pid_t wb_spawn(const char *path, const char *const *argv, const char *const *env, int fd0, int fd1,
               int fd2, int fd3)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    sigset_t all, none;
    pid_t pid;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&fa);
    posix_spawnattr_init(&at);
    posix_spawnattr_setsigdefault(&at, &all);
    posix_spawnattr_setsigmask(&at, &none);
    posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (fd0 >= 0)
        posix_spawn_file_actions_adddup2(&fa, fd0, 0);
    else
        posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
    if (fd1 >= 0)
        posix_spawn_file_actions_adddup2(&fa, fd1, 1);
    if (fd2 >= 0)
        posix_spawn_file_actions_adddup2(&fa, fd2, 2);
    posix_spawn_file_actions_adddup2(&fa, fd3, 3);
    /* Whoever forgot close-on-exec (LMDB does, for its data file): not in here. */
    posix_spawn_file_actions_addclosefrom_np(&fa, 4);
    int r = posix_spawn(&pid, path, &fa, &at, (char *const *)argv, (char *const *)env);
    posix_spawn_file_actions_destroy(&fa);
    posix_spawnattr_destroy(&at);
    return r ? -r : pid;
}

struct ends {
    int out[2], err[2], sock[2];
};

static void close_ends(struct ends *e)
{
    int *fd = &e->out[0];
    for (int i = 0; i < 6; i++) {
        if (fd[i] >= 0)
            close(fd[i]);
    }
}

static bool open_ends(struct ends *e)
{
    *e = (struct ends){{-1, -1}, {-1, -1}, {-1, -1}};
    bool ok = pipe2(e->out, O_CLOEXEC) == 0 && pipe2(e->err, O_CLOEXEC) == 0 &&
              socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->sock) == 0;
    int *fd = &e->out[0];
    for (int i = 0; i < 6; i++)
        fd[i] = wb_fd_high(fd[i]);
    for (int i = 0; i < 6; i++)
        ok = ok && fd[i] >= 0;
    return ok && fcntl(e->out[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(e->err[0], F_SETFL, O_NONBLOCK) == 0;
}

/* What the process gets, by what the machine allows. */
static void settle(struct wb_process *p, const struct wb_process_spec *s, struct wb_confine *c)
{
    const struct wb_sandbox_caps *caps = wb_caps();
    static const char *no_list[] = {NULL};
    static struct wb_process_dir no_dirs[] = {{NULL, NULL}};
    c->parent = (uint32_t)(s->zygote ? wb_zygote_pid(s->zygote) : getpid());
    c->outer_user = geteuid();
    c->outer_group = getegid();
    c->cwd = s->cwd;
    c->argv = (const char **)s->argv;
    c->dir = s->read_dirs ? (struct wb_process_dir *)s->read_dirs : no_dirs;
    c->write_dir = s->write_dirs ? (const char **)s->write_dirs : no_list;
    if (s->sandbox) {
        c->flags =
            WB_CONFINE_SANDBOX | (caps->landlock ? WB_CONFINE_LANDLOCK : 0) |
            (caps->seccomp ? WB_CONFINE_SECCOMP : 0) | (caps->user_ns ? WB_CONFINE_USER_NS : 0) |
            (caps->mount_ns ? WB_CONFINE_MOUNT_NS : 0) | (caps->pid_ns ? WB_CONFINE_PID_NS : 0);
        c->file_bytes = (uint64_t)s->file_bytes;
        c->user = WB_CONFINE_INNER_USER;
        if (geteuid() == 0) {
            take_user(p);
            c->flags |= WB_CONFINE_SET_USER;
            c->user = p->user;
        }
        /* AWS: 1,024 processes and threads. The kernel counts by user, so only where the user (or
         * the user namespace) is this environment's alone. */
        if (p->own_user || caps->user_ns)
            c->processes_max = 1024;
    }
    p->reaper = !(c->flags & WB_CONFINE_PID_NS);
}

static bool send_settings(int fd, struct wb_slice s)
{
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        s = wb_slice_sub(s, (size_t)n, s.n);
    }
    return shutdown(fd, SHUT_WR) == 0;
}

static const char **with_marker(struct wb_arena *a, const char *const *env)
{
    size_t n = 0;
    while (env && env[n])
        n++;
    const char **out = wb_new_n(a, const char *, n + 2);
    for (size_t i = 0; i < n; i++)
        out[i] = env[i];
    out[n] = wb_process_marker();
    return out;
}

/* Not yet confined: the helper waits for its settings until it is in its cgroup. */
static const char *launch(struct wb_process *p, const struct wb_process_spec *s, struct ends *e,
                          struct wb_arena *a)
{
    static const char *const helper[] = {"waybill", "sandbox-helper", NULL};
    static const char *const no_env[] = {NULL};
    struct wb_confine c = {0};
    struct wb_buf settings = wb_buf_in(a);
    settle(p, s, &c);
    for (size_t i = 0; c.flags & WB_CONFINE_SET_USER && c.write_dir[i]; i++) {
        if (chown(c.write_dir[i], p->user, p->user))
            return "giving its work folder to the function's user";
        if (!(c.flags & WB_CONFINE_MOUNT_NS))
            make_passable(c.write_dir[i]);
    }
    for (size_t i = 0; c.flags & WB_CONFINE_SET_USER && c.dir[i].path; i++) {
        if (!(c.flags & WB_CONFINE_MOUNT_NS))
            make_passable(c.dir[i].path);
    }
    p->child = !s->zygote;
    if (s->zygote)
        p->pid = wb_zygote_fork(s->zygote, e->out[1], e->err[1], e->sock[1]);
    else
        p->pid = wb_spawn("/proc/self/exe", helper, no_env, s->stdin_fd, e->out[1], e->err[1],
                          e->sock[1]);
    if (p->pid < 0) {
        errno = -p->pid;
        p->pid = 0;
        return "starting the sandbox helper";
    }
    p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    if (p->pidfd < 0)
        return "pidfd_open";
    if (s->memory_bytes && wb_caps()->cgroup &&
        (!wb_cgroup_make(p->cgroup, s->memory_bytes) || !wb_cgroup_add(p->cgroup, p->pid)))
        return "making its memory cgroup";
    c.env = with_marker(a, s->env);
    wb_confine_pack(&settings, &c);
    if (!send_settings(e->sock[0], wb_buf_slice(&settings)))
        return "handing over its settings";
    return NULL;
}

struct wb_process *wb_process_start(const struct wb_process_spec *s, int *stdout_fd, int *stderr_fd,
                                    struct wb_arena *a, struct wb_slice *why)
{
    struct ends e;
    if (s->sandbox && !wb_sandbox_usable(wb_caps())) {
        *why = WB_S("neither Landlock nor a mount namespace is available for a sandbox");
        return NULL;
    }
    if (!open_ends(&e)) {
        *why = wb_printf(a, "no pipes for a process: %s", strerror(errno));
        close_ends(&e);
        return NULL;
    }
    wb_cgroup_tidy();
    struct wb_process *p = wb_xcalloc(1, sizeof *p);
    p->pidfd = p->status_fd = -1;
    p->limit = s->memory_bytes;
    const char *failed = launch(p, s, &e, a);
    if (failed) {
        *why = wb_printf(a, "%s: %s", failed, strerror(errno));
        close_ends(&e);
        wb_process_free(p);
        return NULL;
    }
    *stdout_fd = e.out[0];
    *stderr_fd = e.err[0];
    p->status_fd = e.sock[0];
    e.out[0] = e.err[0] = e.sock[0] = -1;
    close_ends(&e);
    return p;
}

/* --- watching and ending --- */

pid_t wb_process_pid(const struct wb_process *p)
{
    return p->pid;
}

int wb_process_pidfd(const struct wb_process *p)
{
    return p->pidfd;
}

void wb_process_kill(struct wb_process *p)
{
    if (p->ended || p->pid <= 0)
        return;
    /* pidfd: never the wrong process, also where the pid was not ours to reap */
    syscall(SYS_pidfd_send_signal, p->pidfd, p->reaper ? SIGTERM : SIGKILL, NULL, 0);
    if (p->cgroup[0] && !p->reaper)
        wb_cgroup_kill(p->cgroup);
}

static void note_peak(struct wb_process *p, int64_t now)
{
    if (now > p->peak)
        p->peak = now;
}

/* The runtime's own status when it came, else the guardian's. */
static int final_status(struct wb_process *p, int guardian)
{
    int status;
    if (recv(p->status_fd, &status, sizeof status, MSG_DONTWAIT) == (ssize_t)sizeof status)
        return status;
    if (WIFEXITED(guardian) && WEXITSTATUS(guardian) > 128)
        return WEXITSTATUS(guardian) - 128;
    return guardian;
}

bool wb_process_reap(struct wb_process *p, int *wait_status, bool *oom)
{
    if (!p->ended) {
        int status = SIGKILL; /* what is known of a zygote's fork that left no word */
        if (p->child) {
            pid_t r;
            while ((r = waitpid(p->pid, &status, WNOHANG)) < 0 && errno == EINTR) {
            }
            if (r == 0)
                return false;
        } else {
            struct pollfd f = {p->pidfd, POLLIN, 0};
            if (poll(&f, 1, 0) <= 0)
                return false;
        }
        p->ended = true;
        p->status = final_status(p, status);
        if (p->cgroup[0]) {
            note_peak(p, wb_cgroup_peak(p->cgroup));
            if (wb_cgroup_oom_kills(p->cgroup) > 0)
                p->killed_for_memory = true;
        }
    }
    *wait_status = p->status;
    *oom = p->killed_for_memory;
    return true;
}

int64_t wb_process_memory(struct wb_process *p)
{
    if (p->ended)
        return 0;
    int64_t now = p->cgroup[0] ? wb_cgroup_usage(p->cgroup) : wb_tree_memory(p->pid);
    note_peak(p, now);
    return now;
}

int64_t wb_process_memory_peak(struct wb_process *p)
{
    if (!p->ended && p->cgroup[0]) {
        int64_t peak = wb_cgroup_peak(p->cgroup);
        note_peak(p, peak >= 0 ? peak : wb_cgroup_usage(p->cgroup));
    } else if (!p->ended) {
        wb_process_memory(p);
    }
    return p->peak;
}

bool wb_process_check_memory(struct wb_process *p)
{
    if (p->ended || !p->limit)
        return false;
    bool over = p->cgroup[0] ? wb_cgroup_oom_kills(p->cgroup) > 0 : wb_process_memory(p) > p->limit;
    if (over) {
        p->killed_for_memory = true;
        wb_process_kill(p);
    }
    return over;
}

bool wb_process_owns_tcp(struct wb_process *p, uint32_t server, uint16_t server_port,
                         uint32_t client, uint16_t client_port)
{
    uint32_t user, inode;
    if (p->ended || !wb_peer_socket(server, server_port, client, client_port, &user, &inode))
        return false;
    if (p->own_user)
        return user == p->user;
    return wb_peer_tree_holds(p->pid, inode);
}

void wb_process_free(struct wb_process *p)
{
    if (!p)
        return;
    if (!p->ended && p->pid > 0) {
        int status;
        bool oom;
        wb_process_kill(p);
        struct pollfd f = {p->pidfd, POLLIN, 0};
        for (int i = 0; i < 50 && !wb_process_reap(p, &status, &oom); i++)
            poll(&f, 1, 100);
    }
    if (p->cgroup[0])
        wb_cgroup_discard(p->cgroup);
    give_user_back(p);
    if (p->pidfd >= 0)
        close(p->pidfd);
    if (p->status_fd >= 0)
        close(p->status_fd);
    free(p);
}

void wb_process_end(void)
{
    wb_cgroup_close();
}
