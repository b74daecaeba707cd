/*
 * The server around its connections: listening, counting, time-outs, pause and drain. See
 * http_internal.h for how the parts fit.
 */
#include "base/log.h"
#include "base/seam.h"
#include "base/time.h"
#include "net/address.h"
#include "net/http_internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS          1000
#define EVICT_AT_EMFILE  16
#define TRIM_FROM        256 /* freed buffers, 4 MiB */
#define KEEPALIVE_S      60  /* a peer that vanished is noticed after this and six probes */
#define KEEPALIVE_GAP_S  10
#define KEEPALIVE_PROBES 6

static const uint64_t timer_ms[WB_TIMER_COUNT] = {
    [WB_TIMER_IDLE] = WB_HTTP_IDLE_MS,       [WB_TIMER_HEAD] = WB_HTTP_HEAD_DEADLINE_MS,
    [WB_TIMER_BODY] = WB_HTTP_BODY_GRACE_MS, [WB_TIMER_SEND] = WB_HTTP_SEND_MS,
    [WB_TIMER_LINGER] = WB_HTTP_LINGER_MS,
};

/* Time-outs */

uint64_t wb_server_now(const struct wb_http_server *s)
{
    uint64_t now = wb_loop_now_ms(s->loop);
    uint64_t stood = s->paused_ms + (s->paused ? now - s->paused_since_ms : 0);
    return now + s->skipped_ms - stood;
}

void wb_server_time(struct wb_conn *c, enum wb_conn_timer kind)
{
    wb_list_remove(&c->timer);
    c->timer_kind = (uint8_t)kind;
    if (kind == WB_TIMER_NONE)
        return;
    c->due_ms = wb_server_now(c->server) + timer_ms[kind];
    wb_list_append(&c->server->timer[kind], &c->timer);
}

static void expire_due(struct wb_http_server *s)
{
    uint64_t now = wb_server_now(s);
    for (int kind = WB_TIMER_NONE + 1; kind < WB_TIMER_COUNT; kind++) {
        while (!wb_list_empty(&s->timer[kind])) {
            struct wb_conn *c = WB_CONTAINER(s->timer[kind].next, struct wb_conn, timer);
            if (c->due_ms > now)
                break;
            wb_server_time(c, WB_TIMER_NONE);
            wb_conn_expire(c, (enum wb_conn_timer)kind);
        }
    }
}

/* Frees what lay unused for a whole tick. After a burst that is much, and the C library would keep
 * it: between the freed pieces lie others that live on. */
static void shrink_pool(struct wb_http_server *s)
{
    size_t unused = s->pool_low > WB_HTTP_BUFFERS_KEPT ? s->pool_low - WB_HTTP_BUFFERS_KEPT : 0;
    for (size_t i = 0; i < unused; i++) {
        struct wb_work *w = s->pool;
        s->pool = w->next;
        wb_work_free(w);
    }
    s->pool_count -= unused;
    s->pool_low = s->pool_count;
    if (unused >= TRIM_FROM)
        malloc_trim(0);
}

static void on_tick(uv_timer_t *t)
{
    struct wb_http_server *s = t->data;
    shrink_pool(s);
    if (!s->paused)
        expire_due(s);
    if (s->count == 0 && s->pool_count <= WB_HTTP_BUFFERS_KEPT)
        uv_timer_stop(&s->tick);
}

void wb_http_server_skip(struct wb_http_server *s, uint64_t ms)
{
    s->skipped_ms += ms;
    expire_due(s);
}

/* Connections come and go */

static bool evict_idle(struct wb_http_server *s)
{
    if (wb_list_empty(&s->timer[WB_TIMER_IDLE]))
        return false;
    wb_conn_close(WB_CONTAINER(s->timer[WB_TIMER_IDLE].next, struct wb_conn, timer));
    return true;
}

/* Room for one more, if need be in place of the connection that was idle longest. */
static bool admit(struct wb_http_server *s)
{
    return s->live < WB_HTTP_CONNECTIONS_MAX || evict_idle(s);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct wb_http_server *s = listener->data;
    if (status < 0) {
        /* Out of descriptors. libuv keeps one in reserve, with which it has accepted and closed
         * those who waited; the next ones get the room of idle connections. */
        wb_log(WB_LOG_WARN, "http", "cannot accept", "error", uv_strerror(status), NULL);
        for (int i = 0; i < EVICT_AT_EMFILE && evict_idle(s); i++)
            ;
        return;
    }
    bool room = admit(s);
    if (!uv_is_active((uv_handle_t *)&s->tick))
        uv_timer_start(&s->tick, on_tick, TICK_MS, TICK_MS);
    wb_conn_accept(s, listener);
    if (!room)
        wb_conn_close(WB_CONTAINER(s->all.prev, struct wb_conn, all));
}

static void check_drained(struct wb_http_server *s)
{
    if (s->draining && !s->drained && s->count == 0 && !s->listening) {
        s->drained = true;
        s->done(s->done_arg);
    }
}

void wb_server_forget(struct wb_conn *c)
{
    struct wb_http_server *s = c->server;
    if (!s)
        return;
    wb_list_remove(&c->all);
    s->count--;
    c->server = NULL;
    check_drained(s);
}

/* Answers given later with more input already there: the next request is looked at in the loop's
 * next turn, not inside the handler's call of wb_http_respond. */
static void on_again(uv_idle_t *h)
{
    struct wb_http_server *s = h->data;
    struct wb_link now;
    wb_list_init(&now);
    while (!wb_list_empty(&s->again)) {
        struct wb_link *l = s->again.next;
        wb_list_remove(l);
        wb_list_append(&now, l);
    }
    while (!wb_list_empty(&now)) {
        struct wb_conn *c = WB_CONTAINER(now.next, struct wb_conn, held);
        wb_list_remove(&c->held);
        wb_conn_advance(c);
    }
    if (wb_list_empty(&s->again))
        uv_idle_stop(h);
}

void wb_server_again(struct wb_conn *c)
{
    struct wb_http_server *s = c->server;
    wb_list_remove(&c->held);
    wb_list_append(&s->again, &c->held);
    uv_idle_start(&s->again_handle, on_again);
}

/* Listening */

/* The ports that several servers of this process share. The first of them binds its port for
 * itself, so that the port of a foreign process is refused, and opens it to the next ones
 * afterwards. */
static struct shared_port {
    struct sockaddr_storage at;
    int users;
} shared_ports[16];
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;

static struct shared_port *find_shared(const struct sockaddr_storage *at)
{
    for (size_t i = 0; i < sizeof(shared_ports) / sizeof(shared_ports[0]); i++)
        if (shared_ports[i].users && memcmp(&shared_ports[i].at, at, sizeof(*at)) == 0)
            return &shared_ports[i];
    return NULL;
}

static void set_option(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof(value));
}

/* Under shared_lock. *at becomes the address with the port that was given. */
static int bind_shared(int fd, bool share, struct sockaddr_storage *at, socklen_t len)
{
    struct shared_port *p = share ? find_shared(at) : NULL;
    if (p)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (bind(fd, (struct sockaddr *)at, len) != 0 ||
        getsockname(fd, (struct sockaddr *)at, &len) != 0)
        return -errno;
    if (!share)
        return 0;
    if (!p) {
        size_t i = 0;
        while (i < sizeof(shared_ports) / sizeof(shared_ports[0]) && shared_ports[i].users)
            i++;
        if (i == sizeof(shared_ports) / sizeof(shared_ports[0]))
            return -EMFILE;
        p = &shared_ports[i];
        p->at = *at;
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    }
    p->users++;
    return 0;
}

/* A bound socket, or a negative errno. Accepted sockets inherit its options. */
static int bind_socket(const struct wb_http_server_options *o, struct sockaddr_storage *at)
{
    socklen_t len;
    int r = wb_net_address(o->host, o->port, at, &len);
    if (r != 0)
        return r;
    int fd = socket(at->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    pthread_mutex_lock(&shared_lock);
    r = bind_shared(fd, o->reuse_port, at, len);
    pthread_mutex_unlock(&shared_lock);
    if (r != 0) {
        close(fd);
        return r;
    }
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_GAP_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
    return fd;
}

static void unshare_port(struct wb_http_server *s)
{
    if (!s->o.reuse_port)
        return;
    pthread_mutex_lock(&shared_lock);
    struct shared_port *p = find_shared(&s->at);
    if (p)
        p->users--;
    pthread_mutex_unlock(&shared_lock);
}

static int port_of(const struct sockaddr_storage *at)
{
    return ntohs(at->ss_family == AF_INET ? ((const struct sockaddr_in *)at)->sin_port
                                          : ((const struct sockaddr_in6 *)at)->sin6_port);
}

static void on_handle_closed(uv_handle_t *h)
{
    struct wb_http_server *s = h->data;
    if (h == (uv_handle_t *)&s->listener) {
        s->listening = false;
        unshare_port(s);
    }
    if (--s->open_handles == 0 && s->freed) {
        wb_buf_release(&s->text);
        free(s->scratch);
        free(s);
        return;
    }
    if (!s->freed)
        check_drained(s);
}

static void close_listener(struct wb_http_server *s)
{
    if (s->listening && !uv_is_closing((uv_handle_t *)&s->listener))
        uv_close((uv_handle_t *)&s->listener, on_handle_closed);
}

struct wb_http_server *wb_http_server_new(struct wb_loop *l, const struct wb_http_server_options *o,
                                          struct wb_arena *a, struct wb_slice *why)
{
    struct sockaddr_storage at;
    int fd = bind_socket(o, &at);
    if (fd < 0) {
        *why = fd == -EINVAL ? WB_S("not an IP address or \"localhost\"")
                             : wb_printf(a, "%s", strerror(-fd));
        return NULL;
    }
    struct wb_http_server *s = wb_xcalloc(1, sizeof(*s));
    s->o = *o;
    s->o.host = NULL; /* the caller's string may go */
    s->loop = l;
    s->at = at;
    wb_list_init(&s->all);
    wb_list_init(&s->held);
    wb_list_init(&s->again);
    for (int i = 0; i < WB_TIMER_COUNT; i++)
        wb_list_init(&s->timer[i]);
    s->scratch = wb_xmalloc(WB_HTTP_SCRATCH);
    uv_loop_t *uv = wb_loop_uv(l);
    uv_tcp_init(uv, &s->listener);
    uv_timer_init(uv, &s->tick);
    uv_idle_init(uv, &s->again_handle);
    s->listener.data = s->tick.data = s->again_handle.data = s;
    s->open_handles = 3;
    s->listening = true;
    int r = uv_tcp_open(&s->listener, fd);
    if (r != 0)
        close(fd);
    else
        r = uv_listen((uv_stream_t *)&s->listener, WB_HTTP_BACKLOG, on_connection);
    if (r != 0) {
        *why = wb_printf(a, "%s", uv_strerror(r));
        wb_http_server_free(s);
        return NULL;
    }
    return s;
}

int wb_http_server_port(const struct wb_http_server *s)
{
    return port_of(&s->at);
}

size_t wb_http_server_connections(const struct wb_http_server *s)
{
    return s->live;
}

/* Pause, drain, end */

void wb_http_server_pause(struct wb_http_server *s, bool paused)
{
    if (s->paused == paused)
        return;
    uint64_t now = wb_loop_now_ms(s->loop);
    s->paused = paused;
    if (paused) {
        s->paused_since_ms = now;
        return;
    }
    s->paused_ms += now - s->paused_since_ms;
    struct wb_link held;
    wb_list_init(&held);
    while (!wb_list_empty(&s->held)) {
        struct wb_link *l = s->held.next;
        wb_list_remove(l);
        wb_list_append(&held, l);
    }
    while (!wb_list_empty(&held)) { /* a handler may pause again: they go back into s->held */
        struct wb_conn *c = WB_CONTAINER(held.next, struct wb_conn, held);
        wb_list_remove(&c->held);
        wb_conn_advance(c);
    }
}

/* Those whose connection the kernel has completed get an answer too. */
static void accept_waiting(struct wb_http_server *s)
{
    int listener = -1;
    uv_fileno((uv_handle_t *)&s->listener, &listener);
    for (int i = 0; listener >= 0 && i < WB_HTTP_BACKLOG && admit(s); i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            break;
        wb_conn_adopt(s, fd);
    }
    if (s->count && !uv_is_active((uv_handle_t *)&s->tick))
        uv_timer_start(&s->tick, on_tick, TICK_MS, TICK_MS);
}

void wb_http_server_drain(struct wb_http_server *s, void (*done)(void *arg), void *arg)
{
    if (s->draining)
        return;
    struct wb_link *last = s->all.prev;
    accept_waiting(s);
    s->draining = true;
    s->done = done;
    s->done_arg = arg;
    close_listener(s);
    /* Parked connections close now; those accepted just now may say what they came for. */
    struct wb_link *next, *end = last->next;
    for (struct wb_link *l = s->all.next; l != end && l != &s->all; l = next) {
        struct wb_conn *c = WB_CONTAINER(l, struct wb_conn, all);
        next = l->next;
        if (c->state == WB_CONN_IDLE && !c->w)
            wb_conn_part(c);
    }
}

void wb_http_server_free(struct wb_http_server *s)
{
    if (!s)
        return;
    s->freed = true;
    s->draining = s->drained = true;
    while (!wb_list_empty(&s->all)) {
        struct wb_conn *c = WB_CONTAINER(s->all.next, struct wb_conn, all);
        wb_conn_close(c);
        wb_list_remove(&c->all);
        c->server = NULL;
    }
    for (struct wb_work *w; (w = s->pool);) {
        s->pool = w->next;
        wb_work_free(w);
    }
    close_listener(s);
    uv_close((uv_handle_t *)&s->tick, on_handle_closed);
    uv_close((uv_handle_t *)&s->again_handle, on_handle_closed);
}
