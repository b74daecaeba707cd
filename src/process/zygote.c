/*
 * Zygotes (process.h). The protocol on the zygote's fd 3, a stream socket:
 *
 *   zygote -> Waybill   'R'                      libraries are loaded
 *   Waybill -> zygote   'F' with three descriptors (stdout, stderr, the settings socket)
 *   zygote -> Waybill   le32 pid                 of the fork
 *
 * The fork then does what the helper does: reads its settings from the socket until the end,
 * confines itself (zygote_lib.c), and becomes the runtime.
 */
#include "process/confine.h"
#include "process/internal.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

struct wb_zygote {
    pid_t pid;
    int sock;
    bool ready, dead;
};

struct wb_zygote *wb_zygote_start(const char *const *argv, const char *const *env,
                                  struct wb_arena *a, struct wb_slice *why)
{
    int sock[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock)) {
        *why = wb_printf(a, "no socket for a zygote: %s", strerror(errno));
        return NULL;
    }
    sock[0] = wb_fd_high(sock[0]);
    sock[1] = wb_fd_high(sock[1]);
    pid_t pid = wb_spawn(argv[0], argv, env, -1, -1, -1, sock[1]);
    close(sock[1]);
    if (pid < 0) {
        *why = wb_printf(a, "cannot start %s: %s", argv[0], strerror(-pid));
        close(sock[0]);
        return NULL;
    }
    struct timeval limit = {2, 0};
    setsockopt(sock[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    struct wb_zygote *z = wb_xcalloc(1, sizeof *z);
    z->pid = pid;
    z->sock = sock[0];
    return z;
}

pid_t wb_zygote_pid(const struct wb_zygote *z)
{
    return z->pid;
}

bool wb_zygote_alive(struct wb_zygote *z)
{
    int status;
    if (!z->dead && waitpid(z->pid, &status, WNOHANG) == z->pid)
        z->dead = true;
    return !z->dead;
}

bool wb_zygote_ready(struct wb_zygote *z)
{
    char c;
    if (!z->ready && recv(z->sock, &c, 1, MSG_DONTWAIT) == 1)
        z->ready = c == 'R';
    return z->ready && !z->dead;
}

pid_t wb_zygote_fork(struct wb_zygote *z, int fd1, int fd2, int fd3)
{
    char order = 'F';
    uint8_t answer[4];
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } control = {0};
    struct iovec io = {&order, 1};
    struct msghdr m = {.msg_iov = &io,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(3 * sizeof(int));
    memcpy(CMSG_DATA(h), (int[]){fd1, fd2, fd3}, 3 * sizeof(int));
    if (sendmsg(z->sock, &m, MSG_NOSIGNAL) != 1 || recv(z->sock, answer, 4, MSG_WAITALL) != 4) {
        /* It does not answer as agreed: nothing more is asked of it. */
        z->dead = true;
        return -ECHILD;
    }
    return (pid_t)(answer[0] | answer[1] << 8 | answer[2] << 16 | (unsigned)answer[3] << 24);
}

void wb_zygote_free(struct wb_zygote *z)
{
    if (!z)
        return;
    kill(z->pid, SIGKILL); /* not reaped before: still ours, or gone with ESRCH */
    if (!z->dead)
        waitpid(z->pid, NULL, 0);
    close(z->sock);
    free(z);
}
