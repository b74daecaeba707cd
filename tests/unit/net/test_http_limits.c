/* The HTTP server against time, pressure and the end: time-outs, pause, drain, clients that go. */
#include "http_fixture.h"

#include <sys/resource.h>

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"

static bool open_still(struct fixture *f, int fd)
{
    bool ended;
    fx_settle(f);
    fx_read(f, fd, &ended);
    return !ended;
}

static void idle_connections_end(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    int silent = fx_connect(&f), used = fx_connect(&f);
    fx_settle(&f);
    wb_http_server_skip(f.server, WB_HTTP_IDLE_MS - 2000);
    fx_say(&f, used, GET);
    assert_int_equal(fx_status(fx_read(&f, used, NULL)), 200);
    wb_http_server_skip(f.server, 2001);
    assert_false(open_still(&f, silent));
    assert_true(open_still(&f, used));
    wb_http_server_skip(f.server, WB_HTTP_IDLE_MS);
    assert_false(open_still(&f, used));
    close(silent);
    close(used);
    fx_end(&f);
}

/* A head that trickles in does not buy time. */
static void slow_heads_end(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    int fd = fx_connect(&f);
    fx_say(&f, fd, "GET / HT");
    for (int i = 0; i < 9; i++) {
        wb_http_server_skip(f.server, WB_HTTP_HEAD_DEADLINE_MS / 10);
        fx_say(&f, fd, i == 0 ? "TP/1.1\r\nHost: a\r\n" : "X: y\r\n");
    }
    assert_int_equal(wb_http_server_connections(f.server), 1);
    wb_http_server_skip(f.server, WB_HTTP_HEAD_DEADLINE_MS / 10 + 100);
    bool ended;
    struct wb_slice a = fx_read(&f, fd, &ended);
    assert_int_equal(fx_status(a), 408);
    assert_true(ended);
    assert_int_equal(f.heads, 0);
    close(fd);
    fx_end(&f);
}

static void slow_bodies_end(void **state)
{
    struct fixture f;
    bool ended;
    char bytes[WB_HTTP_BODY_MIN_RATE * WB_HTTP_BODY_GRACE_MS / 1000];
    memset(bytes, 'x', sizeof(bytes));
    fx_start(&f, NULL);
    static const char *const heads[] = {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 15000\r\n\r\n",   /* in the input buffer */
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", /* in one of its own */
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
    };
    for (size_t i = 0; i < 3; i++) {
        int fd = fx_connect(&f);
        fx_say(&f, fd, heads[i]);
        wb_http_server_skip(f.server, WB_HTTP_BODY_GRACE_MS); /* nothing yet: that is the grace */
        assert_true(open_still(&f, fd));
        fx_send(&f, fd, bytes, sizeof(bytes)); /* just fast enough */
        fx_settle(&f);
        wb_http_server_skip(f.server, WB_HTTP_BODY_GRACE_MS);
        assert_true(open_still(&f, fd));
        fx_send(&f, fd, bytes, sizeof(bytes) / 5); /* not fast enough */
        fx_settle(&f);
        wb_http_server_skip(f.server, WB_HTTP_BODY_GRACE_MS);
        struct wb_slice a = fx_read(&f, fd, &ended);
        assert_int_equal(fx_status(a), 408);
        assert_true(ended);
        close(fd);
    }
    assert_int_equal(f.requests, 0);
    fx_settle(&f);
    assert_int_equal(f.server->body_bytes, 0);
    fx_end(&f);
}

/* A client that does not read its answer. */
static void slow_readers_end(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    f.answer_len = 16 << 20;
    f.big = calloc(1, f.answer_len);
    int fd = fx_connect(&f);
    fx_say(&f, fd, GET GET);
    assert_int_equal(f.requests, 1); /* the second waits until the first answer is gone */
    wb_http_server_skip(f.server, WB_HTTP_SEND_MS - 2000);
    assert_int_equal(wb_http_server_connections(f.server), 1);
    char part[65536];
    for (size_t got = 0; got < 4 << 20;) { /* a little progress buys another period */
        ssize_t n = recv(fd, part, sizeof(part), 0);
        got += n > 0 ? (size_t)n : 0;
        wb_loop_step(f.loop, false);
    }
    wb_http_server_skip(f.server, 2001);
    fx_settle(&f);
    assert_int_equal(wb_http_server_connections(f.server), 1);
    wb_http_server_skip(f.server, WB_HTTP_SEND_MS);
    fx_settle(&f);
    assert_int_equal(wb_http_server_connections(f.server), 0);
    close(fd);
    /* One that reads gets all of both. */
    fd = fx_connect(&f);
    fx_say(&f, fd, GET GET);
    struct wb_slice a = fx_read(&f, fd, NULL);
    assert_true(a.n > 2 * f.answer_len);
    assert_int_equal(f.requests, 3);
    close(fd);
    fx_end(&f);
}

static void clients_that_go(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    f.later = true;
    int fd = fx_connect(&f);
    fx_say(&f, fd, GET);
    shutdown(fd, SHUT_WR); /* only the sending side: the answer is still wanted */
    fx_settle(&f);
    assert_int_equal(f.gone, 1);
    fx_answer(&f, f.waiting[0]);
    bool ended;
    assert_int_equal(fx_status(fx_read(&f, fd, &ended)), 200);
    assert_true(ended);
    close(fd);
    fd = fx_connect(&f);
    fx_say(&f, fd, GET);
    struct linger reset = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    fx_settle(&f);
    assert_int_equal(f.gone, 2);
    assert_int_equal(wb_http_server_connections(f.server), 0);
    fx_answer(&f, f.waiting[1]); /* dropped */
    fx_settle(&f);
    assert_int_equal(f.server->count, 0);
    /* In the middle of a head, of a body: no request, no noise. */
    fx_once(&f, "GET / HTTP/1.1\r\nHo", NULL);
    fx_once(&f, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", NULL);
    assert_int_equal(f.requests, 2);
    assert_int_equal(f.gone, 2);
    assert_int_equal(f.server->count, 0);
    fx_end(&f);
}

/* Requests already sent are answered before the end of the stream counts. */
static void half_closed_pipeline(void **state)
{
    struct fixture f;
    bool ended;
    fx_start(&f, NULL);
    int fd = fx_connect(&f);
    fx_send(&f, fd, GET GET GET, 3 * strlen(GET));
    shutdown(fd, SHUT_WR);
    struct wb_slice a = fx_read(&f, fd, &ended);
    assert_int_equal(fx_count(a, "HTTP/1.1 200"), 3);
    assert_true(ended);
    close(fd);
    /* Each request that waits hears that nobody may be there any more. */
    f.later = true;
    fd = fx_connect(&f);
    fx_send(&f, fd, GET GET, 2 * strlen(GET));
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 2; i++) {
        fx_settle(&f);
        assert_int_equal(f.waiting_count, i + 1);
        assert_int_equal(f.gone, i + 1);
        fx_answer(&f, f.waiting[i]);
    }
    assert_int_equal(fx_count(fx_read(&f, fd, &ended), "HTTP/1.1 200"), 2);
    assert_true(ended);
    close(fd);
    fx_end(&f);
}

static void nothing_is_read_while_paused(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    f.later = true;
    int busy = fx_connect(&f), parked = fx_connect(&f), half = fx_connect(&f);
    fx_say(&f, busy, GET GET);
    fx_say(&f, parked, "");
    fx_say(&f, half, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
    wb_http_server_pause(f.server, true);
    int late = fx_connect(&f);
    fx_say(&f, parked, GET);
    fx_say(&f, half, "def");
    fx_say(&f, late, GET);
    assert_int_equal(f.requests, 1);
    fx_answer(&f, f.waiting[0]); /* answers go out */
    assert_int_equal(fx_status(fx_read(&f, busy, NULL)), 200);
    assert_int_equal(f.requests, 1); /* and what was sent ahead waits as well */
    /* Waiting for us is not held against the client. */
    wb_http_server_skip(f.server, WB_HTTP_BODY_GRACE_MS / 2);
    assert_int_equal(wb_http_server_connections(f.server), 4);
    wb_http_server_pause(f.server, false);
    fx_settle(&f);
    assert_int_equal(f.requests, 5);
    for (int i = 1; i < 5; i++)
        fx_answer(&f, f.waiting[i]);
    int fds[] = {busy, parked, half, late};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(fx_status(fx_read(&f, fds[i], NULL)), 200);
        close(fds[i]);
    }
    fx_end(&f);
}

static void on_pausing_request(struct wb_http_exchange *x)
{
    struct fixture *f = x->server_user;
    f->requests++;
    wb_http_server_pause(f->server, true);
    fx_answer(f, x);
}

/* A handler may pause in the middle of a pipeline, again and again. */
static void pausing_in_a_handler(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    f.server->o.on_request = on_pausing_request;
    int a = fx_connect(&f), b = fx_connect(&f);
    fx_send(&f, a, GET GET, 2 * strlen(GET));
    fx_send(&f, b, GET GET, 2 * strlen(GET));
    fx_settle(&f);
    for (int i = 1; i <= 4; i++) {
        assert_int_equal(f.requests, i);
        wb_http_server_pause(f.server, false);
        fx_settle(&f);
    }
    assert_int_equal(f.requests, 4);
    wb_http_server_pause(f.server, false);
    assert_int_equal(fx_count(fx_read(&f, a, NULL), "HTTP/1.1 200"), 2);
    assert_int_equal(fx_count(fx_read(&f, b, NULL), "HTTP/1.1 200"), 2);
    close(a);
    close(b);
    fx_end(&f);
}

static void on_drained(void *arg)
{
    ((struct fixture *)arg)->drained = true;
}

static void drain_answers_what_runs(void **state)
{
    struct fixture f;
    bool ended;
    fx_start(&f, NULL);
    f.later = true;
    int parked = fx_connect(&f), busy = fx_connect(&f), half = fx_connect(&f);
    fx_say(&f, parked, "");
    fx_say(&f, busy, GET);
    fx_say(&f, half, "GET / HTTP/1.1\r\nHo");
    int waiting = fx_connect(&f); /* completed by the kernel, not yet accepted */
    fx_send(&f, waiting, "", 0);
    wb_http_server_drain(f.server, on_drained, &f);
    assert_false(open_still(&f, parked));
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)wb_http_server_port(f.server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int refused = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(refused, (struct sockaddr *)&to, sizeof(to)), -1);
    close(refused);
    assert_false(f.drained);
    fx_say(&f, half, "st: a\r\n\r\n");
    fx_say(&f, waiting, GET);
    assert_int_equal(f.requests, 3);
    for (int i = 0; i < 3; i++)
        fx_answer(&f, f.waiting[i]);
    int fds[] = {busy, half, waiting};
    for (int i = 0; i < 3; i++) {
        struct wb_slice a = fx_read(&f, fds[i], &ended);
        assert_int_equal(fx_status(a), 200);
        assert_int_equal(fx_count(a, "Connection: close"), 1);
        assert_true(ended);
        close(fds[i]);
    }
    fx_settle(&f);
    assert_true(f.drained);
    close(parked);
    fx_end(&f);
}

static void drain_of_an_idle_server(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    wb_http_server_drain(f.server, on_drained, &f);
    wb_http_server_drain(f.server, on_drained, &f);
    fx_settle(&f);
    assert_true(f.drained);
    fx_end(&f);
}

/* The server goes while requests are with their handlers. */
static void free_with_requests_running(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    f.later = true;
    int a = fx_connect(&f), b = fx_connect(&f), c = fx_connect(&f);
    fx_say(&f, a, GET GET);
    fx_say(&f, b, GET);
    fx_say(&f, c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
    assert_int_equal(f.waiting_count, 2);
    wb_http_server_free(f.server);
    f.server = NULL;
    assert_int_equal(f.gone, 2);
    fx_answer(&f, f.waiting[0]); /* before libuv is done with the socket, and after */
    for (int i = 0; i < 5; i++)
        wb_loop_step(f.loop, false);
    fx_answer(&f, f.waiting[1]);
    close(a);
    close(b);
    close(c);
    fx_end(&f);
}

static void ports(void **state)
{
    struct fixture f;
    struct wb_slice why;
    fx_start(&f, NULL);
    struct wb_http_server_options o = {.host = "127.0.0.1",
                                       .port = wb_http_server_port(f.server),
                                       .reuse_port = true,
                                       .user = &f,
                                       .on_request = fx_on_request};
    /* A port that is not shared is refused, whoever has it. */
    assert_null(wb_http_server_new(f.loop, &o, &f.arena, &why));
    assert_true(wb_slice_is(why, "Address already in use"));
    o.port = 0;
    struct wb_http_server *first = wb_http_server_new(f.loop, &o, &f.arena, &why);
    assert_non_null(first);
    o.port = wb_http_server_port(first);
    struct wb_http_server *second = wb_http_server_new(f.loop, &o, &f.arena, &why);
    assert_non_null(second);
    o.reuse_port = false;
    assert_null(wb_http_server_new(f.loop, &o, &f.arena, &why));
    struct wb_http_server *own = f.server;
    f.server = first; /* fx_connect goes there */
    for (int i = 0; i < 40; i++)
        assert_int_equal(fx_status(fx_once(&f, GET, NULL)), 200);
    f.server = own;
    assert_int_equal(f.requests, 40);
    wb_http_server_free(first);
    wb_http_server_free(second);
    fx_settle(&f);
    first = wb_http_server_new(f.loop, &o, &f.arena, &why); /* free again */
    assert_non_null(first);
    wb_http_server_free(first);
    static const char *const bad[] = {"example.com", "300.0.0.1", "", "192.0.2.1"};
    for (size_t i = 0; i < 4; i++) {
        o.host = bad[i];
        assert_null(wb_http_server_new(f.loop, &o, &f.arena, &why));
        assert_true(why.n > 0);
    }
    o.host = "::1";
    o.port = 0;
    o.reuse_port = true;
    second = wb_http_server_new(f.loop, &o, &f.arena, &why);
    if (second) { /* where the machine has IPv6 */
        assert_true(wb_http_server_port(second) > 0);
        wb_http_server_free(second);
    }
    fx_end(&f);
}

/* Without descriptors the server neither spins nor dies, and is back when there are some. */
static void out_of_descriptors(void **state)
{
    enum { MANY = 64 };
    struct fixture f;
    struct rlimit old, low;
    int fds[MANY];
    fx_start(&f, NULL);
    for (int i = 0; i < MANY; i++)
        fds[i] = fx_connect(&f); /* in the backlog */
    getrlimit(RLIMIT_NOFILE, &old);
    low = old;
    low.rlim_cur = (rlim_t)fds[MANY - 1] + 5;
    setrlimit(RLIMIT_NOFILE, &low);
    fx_settle(&f);
    size_t accepted = wb_http_server_connections(f.server);
    assert_true(accepted < 16);
    setrlimit(RLIMIT_NOFILE, &old);
    fx_settle(&f);
    assert_int_equal(fx_status(fx_once(&f, GET, NULL)), 200);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    fx_end(&f);
}

/* What a parked connection weighs in this process. */
static void parked_connections_are_light(void **state)
{
    enum { MANY = 400 };
    struct fixture f;
    int fds[MANY];
    fx_start(&f, NULL);
    for (int i = 0; i < MANY; i++) {
        fds[i] = fx_connect(&f);
        fx_send(&f, fds[i], GET, strlen(GET));
    }
    for (int i = 0; i < MANY; i++)
        assert_int_equal(fx_status(fx_read(&f, fds[i], NULL)), 200);
    assert_int_equal(wb_http_server_connections(f.server), MANY);
    assert_true(f.server->pool_count <= WB_HTTP_BUFFERS_KEPT);
    size_t with_buffers = 0;
    for (struct wb_link *l = f.server->all.next; l != &f.server->all; l = l->next)
        with_buffers += WB_CONTAINER(l, struct wb_conn, all)->w != NULL;
    assert_int_equal(with_buffers, 0);
    assert_true(sizeof(struct wb_conn) <= 512);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    fx_end(&f);
}

/* A full server makes room by closing what was idle longest, and refuses when nothing is idle. */
static void too_many_connections(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    f.later = true;
    int oldest = fx_connect(&f), newer = fx_connect(&f), busy = fx_connect(&f);
    fx_settle(&f);
    fx_say(&f, busy, GET);
    f.server->live += WB_HTTP_CONNECTIONS_MAX - 3; /* as if there were as many */
    int a = fx_connect(&f);
    assert_true(open_still(&f, a));
    assert_false(open_still(&f, oldest));
    assert_true(open_still(&f, newer));
    fx_say(&f, newer, GET);
    fx_say(&f, a, GET);
    int b = fx_connect(&f);
    assert_false(open_still(&f, b));
    assert_int_equal(f.waiting_count, 3);
    f.server->live -= WB_HTTP_CONNECTIONS_MAX - 3;
    for (int i = 0; i < 3; i++)
        fx_answer(&f, f.waiting[i]);
    int fds[] = {oldest, newer, busy, a, b};
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    fx_end(&f);
}

static void bodies_together_are_bounded(void **state)
{
    struct fixture f;
    bool ended;
    fx_start(&f, NULL);
    f.server->body_bytes = WB_HTTP_BODIES_MAX - 100000; /* as if others were sending */
    struct wb_slice a =
        fx_once(&f, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n", &ended);
    assert_int_equal(a.n, 0); /* what was announced costs nothing */
    int fd = fx_connect(&f);
    fx_say(&f, fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n");
    char *bytes = calloc(1, 1 << 20);
    fx_send(&f, fd, bytes, 1 << 20); /* what is sent does */
    a = fx_read(&f, fd, &ended);
    assert_int_equal(fx_status(a), 503);
    close(fd);
    fx_settle(&f);
    assert_int_equal(f.server->body_bytes, WB_HTTP_BODIES_MAX - 100000);
    assert_int_equal(fx_status(fx_once(&f, GET, NULL)), 200);
    free(bytes);
    fx_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_connections_end),
        cmocka_unit_test(slow_heads_end),
        cmocka_unit_test(slow_bodies_end),
        cmocka_unit_test(slow_readers_end),
        cmocka_unit_test(clients_that_go),
        cmocka_unit_test(half_closed_pipeline),
        cmocka_unit_test(nothing_is_read_while_paused),
        cmocka_unit_test(pausing_in_a_handler),
        cmocka_unit_test(drain_answers_what_runs),
        cmocka_unit_test(drain_of_an_idle_server),
        cmocka_unit_test(free_with_requests_running),
        cmocka_unit_test(ports),
        cmocka_unit_test(out_of_descriptors),
        cmocka_unit_test(parked_connections_are_light),
        cmocka_unit_test(too_many_connections),
        cmocka_unit_test(bodies_together_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
