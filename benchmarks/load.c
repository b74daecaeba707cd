/*
 * Load that costs its sender little: N keep-alive connections from one thread with epoll, each
 * with one request under way, out of a pool of requests signed beforehand (a signature is good for
 * five minutes). So the measured server has the machine nearly for itself.
 *
 *   load [OPTION...]
 *     --port N            where to send to (127.0.0.1)
 *     --host HOST:PORT    the Host that is signed, when it is another (nginx gets the same bytes)
 *     --connections N     (1)      --seconds S  (3)       --warm-up S (0.3)
 *     --service NAME --target X-AMZ-TARGET --type CONTENT-TYPE
 *     --body TEXT         every '#' becomes the request's number, 8 digits
 *     --first N --pool N  numbers of the requests
 *     --once              send each of the pool once and end, instead of a time
 *     --pids PID[,PID]    the server: its CPU time is read at both ends of the measured time
 *   The credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION.
 *
 * Output: one JSON line: requests, errors (answers other than 200), wrapped (how often the pool
 * began anew), seconds, cpu, p50_ms, p99_ms.
 */
#include "base/buf.h"
#include "base/seam.h"
#include "waybill/aws.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER      65536
#define SAMPLES_MAX (1 << 22)

struct options {
    int port;
    unsigned connections, first, pool;
    double seconds, warm_up;
    bool once;
    const char *host, *service, *target, *type, *body, *pids;
};

struct connection {
    int fd;
    char in[BUFFER];
    size_t have, want;   /* want: bytes of the whole answer, 0 while its head is not complete */
    struct wb_slice out; /* what is left to send */
    int64_t sent_ns;
};

struct load {
    struct options o;
    struct wb_slice *request;
    unsigned next, wrapped;
    uint64_t requests, errors;
    unsigned under_way;
    bool measuring;
    uint32_t *sample_us;
    size_t samples;
    char first_error[400];
};

static int64_t now_ns(void)
{
    return wb_seam_os()->mono_ns(wb_seam_os());
}

static void fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct wb_slice fill(struct wb_arena *a, const char *text, unsigned number)
{
    struct wb_buf b = wb_buf_in(a);
    for (; *text; text++)
        if (*text == '#')
            wb_buf_printf(&b, "%08u", number);
        else
            wb_buf_char(&b, *text);
    return wb_buf_slice(&b);
}

static struct wb_slice make_request(struct wb_arena *keep, struct wb_arena *a,
                                    const struct options *o, unsigned number)
{
    struct wb_pair header[] = {{WB_S("content-type"), wb_slice_str(o->type)},
                               {WB_S("x-amz-target"), wb_slice_str(o->target)}};
    struct wb_sign s = {.method = WB_S("POST"),
                        .path = WB_S("/"),
                        .host = wb_slice_str(o->host),
                        .service = wb_slice_str(o->service),
                        .region = wb_slice_str(getenv("AWS_REGION")),
                        .key_id = wb_slice_str(getenv("AWS_ACCESS_KEY_ID")),
                        .secret = wb_slice_str(getenv("AWS_SECRET_ACCESS_KEY")),
                        .body = fill(a, o->body, number),
                        .header = header,
                        .header_count = 2,
                        .now_ms = wb_seam_os()->wall_ms(wb_seam_os())};
    struct wb_pair more[4];
    size_t n = wb_sign_headers(a, &s, more);
    struct wb_buf b = wb_buf_in(a);
    wb_buf_printf(&b,
                  "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nX-Amz-Target: %s\r\n"
                  "Content-Length: %zu\r\n",
                  o->host, o->type, o->target, s.body.n);
    for (size_t i = 0; i < n; i++)
        wb_buf_printf(&b, "%.*s: %.*s\r\n", WB_FMT(more[i].name), WB_FMT(more[i].value));
    wb_buf_printf(&b, "\r\n%.*s", WB_FMT(s.body));
    return wb_dup(keep, wb_buf_slice(&b));
}

static void send_some(struct connection *c)
{
    while (c->out.n) {
        ssize_t n = send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            return; /* edge-triggered: told when there is room */
        if (n < 0)
            fail("send");
        c->out = wb_slice_sub(c->out, (size_t)n, c->out.n);
    }
}

static void next_request(struct load *l, struct connection *c)
{
    if (l->next == l->o.pool) {
        if (l->o.once)
            return;
        l->next = 0;
        l->wrapped++;
    }
    c->out = l->request[l->next++];
    c->sent_ns = now_ns();
    l->under_way++;
    send_some(c);
}

/* The whole answer's length once its head is there. */
static size_t answer_length(const struct connection *c)
{
    const char *end = memmem(c->in, c->have, "\r\n\r\n", 4);
    if (!end)
        return 0;
    for (const char *p = c->in; p < end; p++)
        if (*p == '\n' && strncasecmp(p + 1, "content-length:", 15) == 0)
            return (size_t)(end + 4 - c->in) + strtoul(p + 16, NULL, 10);
    fprintf(stderr, "load: an answer without Content-Length\n");
    exit(1);
}

static void answered(struct load *l, const struct connection *c)
{
    bool ok = memcmp(c->in, "HTTP/1.1 200", 12) == 0;
    if (!ok && !l->first_error[0])
        snprintf(l->first_error, sizeof l->first_error, "%.*s", (int)c->want, c->in);
    if (!l->measuring)
        return;
    l->requests++;
    l->errors += !ok;
    if (l->samples < SAMPLES_MAX)
        l->sample_us[l->samples++] = (uint32_t)((now_ns() - c->sent_ns) / 1000);
}

static void receive(struct load *l, struct connection *c)
{
    for (;;) {
        ssize_t n = recv(c->fd, c->in + c->have, sizeof c->in - c->have, 0);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            fail("the server closed a connection");
        c->have += (size_t)n;
        if (!c->want)
            c->want = answer_length(c);
        if (c->want > sizeof c->in) {
            fprintf(stderr, "load: an answer of %zu bytes\n", c->want);
            exit(1);
        }
        if (c->want && c->have >= c->want) {
            answered(l, c);
            l->under_way--;
            c->have = c->want = 0;
            next_request(l, c);
        }
    }
}

static int dial(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        fail("fcntl");
    return fd;
}

static void run(struct load *l, int poll, double seconds)
{
    struct epoll_event event[256];
    int64_t until = now_ns() + (int64_t)(seconds * 1e9);
    while (l->o.once ? l->under_way > 0 : now_ns() < until) {
        int n = epoll_wait(poll, event, 256, 20);
        for (int i = 0; i < n; i++) {
            struct connection *c = event[i].data.ptr;
            if (event[i].events & EPOLLOUT)
                send_some(c);
            if (event[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                receive(l, c);
        }
    }
}

/* User and system time of the server's processes, all their threads, in seconds. */
static double cpu_seconds(const char *pids)
{
    double total = 0;
    while (pids && *pids) {
        char path[64], line[1024], *end;
        unsigned long user = 0, sys = 0;
        snprintf(path, sizeof path, "/proc/%ld/stat", strtol(pids, &end, 10));
        FILE *f = fopen(path, "r");
        if (!f || !fgets(line, sizeof line, f))
            fail(path);
        fclose(f);
        sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
               &user, &sys);
        total += (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
        pids = *end ? end + 1 : end;
    }
    return total;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static struct options parse(int argc, char **argv)
{
    static const struct option known[] = {{"port", 1, NULL, 'p'},        {"host", 1, NULL, 'h'},
                                          {"connections", 1, NULL, 'c'}, {"seconds", 1, NULL, 's'},
                                          {"warm-up", 1, NULL, 'w'},     {"service", 1, NULL, 'v'},
                                          {"target", 1, NULL, 't'},      {"type", 1, NULL, 'y'},
                                          {"body", 1, NULL, 'b'},        {"first", 1, NULL, 'f'},
                                          {"pool", 1, NULL, 'n'},        {"pids", 1, NULL, 'i'},
                                          {"once", 0, NULL, 'o'},        {0}};
    struct options o = {.connections = 1, .pool = 1000, .seconds = 3, .warm_up = 0.3};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;)
        switch (c) {
        case 'p':
            o.port = (int)strtol(optarg, NULL, 10);
            break;
        case 'h':
            o.host = optarg;
            break;
        case 'c':
            o.connections = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 's':
            o.seconds = strtod(optarg, NULL);
            break;
        case 'w':
            o.warm_up = strtod(optarg, NULL);
            break;
        case 'v':
            o.service = optarg;
            break;
        case 't':
            o.target = optarg;
            break;
        case 'y':
            o.type = optarg;
            break;
        case 'b':
            o.body = optarg;
            break;
        case 'f':
            o.first = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'n':
            o.pool = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'o':
            o.once = true;
            break;
        case 'i':
            o.pids = optarg;
            break;
        default:
            exit(2);
        }
    if (!o.port || !o.host || !o.service || !o.target || !o.type || !o.body || !o.pool ||
        !o.connections || !getenv("AWS_REGION") || !getenv("AWS_ACCESS_KEY_ID") ||
        !getenv("AWS_SECRET_ACCESS_KEY")) {
        fprintf(stderr, "load: an option or a credential is missing; see the head of load.c\n");
        exit(2);
    }
    return o;
}

int main(int argc, char **argv)
{
    static struct load l;
    struct wb_arena keep, scratch;
    wb_arena_init(&keep, 1 << 20);
    wb_arena_init(&scratch, 1 << 16);
    l.o = parse(argc, argv);
    l.sample_us = wb_xcalloc(SAMPLES_MAX, sizeof *l.sample_us);
    l.request = wb_xcalloc(l.o.pool, sizeof *l.request);
    for (unsigned i = 0; i < l.o.pool; i++) {
        l.request[i] = make_request(&keep, &scratch, &l.o, l.o.first + i);
        wb_arena_reset(&scratch);
    }
    int poll = epoll_create1(EPOLL_CLOEXEC);
    struct connection *c = wb_xcalloc(l.o.connections, sizeof *c);
    for (unsigned i = 0; i < l.o.connections; i++) {
        c[i].fd = dial(l.o.port);
        struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &c[i]};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, c[i].fd, &e) < 0)
            fail("epoll_ctl");
    }
    l.measuring = l.o.once;
    double cpu = cpu_seconds(l.o.pids);
    int64_t from = now_ns();
    for (unsigned i = 0; i < l.o.connections; i++)
        next_request(&l, &c[i]);
    if (!l.o.once) {
        run(&l, poll, l.o.warm_up);
        l.measuring = true;
        cpu = cpu_seconds(l.o.pids);
        from = now_ns();
    }
    run(&l, poll, l.o.seconds);
    double seconds = (double)(now_ns() - from) / 1e9;
    cpu = cpu_seconds(l.o.pids) - cpu;
    qsort(l.sample_us, l.samples, sizeof *l.sample_us, by_value);
    uint32_t p50 = l.samples ? l.sample_us[l.samples / 2] : 0;
    uint32_t p99 = l.samples ? l.sample_us[l.samples * 99 / 100] : 0;
    if (l.first_error[0])
        fprintf(stderr, "load: the first refusal:\n%s\n", l.first_error);
    printf("{\"requests\":%llu,\"errors\":%llu,\"wrapped\":%u,\"seconds\":%.4f,\"cpu\":%.3f,"
           "\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
           (unsigned long long)l.requests, (unsigned long long)l.errors, l.wrapped, seconds, cpu,
           p50 / 1000.0, p99 / 1000.0);
    return 0;
}
