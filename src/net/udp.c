#include "net/udp.h"
#include "base/limits.h"
#include "net/address.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_MAX 65536
#define BUFFER_BYTES (1 << 20)

struct wb_udp {
    struct wb_loop *loop;
    struct wb_udp_options o;
    struct wb_watch *watch;
    struct wb_timer *rest;
    int fd, port;
    uint64_t second_ms; /* when this one began, with its first datagram */
    unsigned count;     /* in it */
};

static void rested(void *arg)
{
    struct wb_udp *u = arg;
    u->count = 0;
    wb_watch_set(u->watch, WB_WATCH_READ);
}

/* True when this second has had its share: the rest waits for the next one. */
static bool is_enough(struct wb_udp *u)
{
    uint64_t now = wb_loop_now_ms(u->loop);
    if (u->count == 0 || now - u->second_ms >= 1000) {
        u->second_ms = now;
        u->count = 0;
    }
    if (u->count < u->o.second_max)
        return false;
    wb_watch_set(u->watch, 0);
    wb_timer_start(u->rest, 1000 - (now - u->second_ms));
    return true;
}

static void on_ready(void *arg, int events)
{
    struct wb_udp *u = arg;
    char data[DATAGRAM_MAX];
    for (int i = 0; i < WB_UDP_TURN && !is_enough(u); i++) {
        ssize_t n = recv(u->fd, data, sizeof data, MSG_DONTWAIT);
        if (n < 0)
            return;
        u->count++;
        u->o.on_datagram(u->o.user, wb_slice(data, (size_t)n));
    }
}

/* A bound socket; -1 with errno. */
static int open_at(const struct sockaddr_storage *at, socklen_t len)
{
    const int bytes = BUFFER_BYTES;
    int fd = socket(at->ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); /* as much as the system allows */
    if (bind(fd, (const struct sockaddr *)at, len) == 0)
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

struct wb_udp *wb_udp_new(struct wb_loop *l, const struct wb_udp_options *o, struct wb_arena *a,
                          struct wb_slice *why)
{
    struct sockaddr_storage at;
    socklen_t len;
    if (wb_net_address(o->host, o->port, &at, &len)) {
        *why = WB_S("It is not an IP address.");
        return NULL;
    }
    int fd = open_at(&at, len);
    if (fd < 0 || getsockname(fd, (struct sockaddr *)&at, &len)) {
        *why = wb_dup(a, wb_slice_str(strerror(errno)));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    struct wb_udp *u = wb_xcalloc(1, sizeof *u);
    *u = (struct wb_udp){.loop = l, .o = *o, .fd = fd};
    u->port = ntohs(at.ss_family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
                                            : ((struct sockaddr_in6 *)&at)->sin6_port);
    u->rest = wb_timer_new(l, rested, u);
    u->watch = wb_watch_new(l, fd, WB_WATCH_READ, on_ready, u);
    return u;
}

int wb_udp_port(const struct wb_udp *u)
{
    return u->port;
}

void wb_udp_free(struct wb_udp *u)
{
    if (!u)
        return;
    wb_watch_free(u->watch);
    wb_timer_free(u->rest);
    close(u->fd);
    free(u);
}
