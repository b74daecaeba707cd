/* Bodies that are not collected: handed on in pieces, with back-pressure, and answers in pieces. */
#include "http_fixture.h"
#include <netinet/tcp.h>

struct owner {
    struct wb_buf got;
    size_t most; /* takes so many bytes, then says that it is full */
    bool full, whole;
    int gone, bad;
    int answer_at; /* answers when so many bytes have come; 0: not in the middle */
    struct wb_http_exchange *x;
    int64_t sent, size;
    bool waiting;
};
static struct owner o;
static char letters[1 << 20];

static void on_gone(struct wb_http_exchange *x)
{
    o.gone++;
    o.bad = x->body_bad;
    o.x = x;
}

static void answer(struct wb_http_exchange *x, int status)
{
    o.x = NULL;
    wb_http_respond(x, &(struct wb_http_answer){.status = status, .body = WB_S("ok")});
}

static bool on_body(struct wb_http_exchange *x, struct wb_slice piece)
{
    wb_buf_slice_put(&o.got, piece);
    if (o.answer_at && o.got.n >= (size_t)o.answer_at) {
        answer(x, 403);
        return false;
    }
    o.full = o.most && o.got.n >= o.most;
    return !o.full;
}

static int64_t on_head(struct wb_http_exchange *x)
{
    o.x = x;
    if (wb_slice_is(x->method, "GET"))
        return 0;
    if (wb_slice_is(x->path, "/later"))
        return -1;
    x->on_body = on_body;
    x->on_gone = on_gone;
    return INT64_MAX;
}

static void send_more(struct wb_http_exchange *x)
{
    o.waiting = false;
    for (;;) {
        size_t n = o.size - o.sent < 50000 ? (size_t)(o.size - o.sent) : 50000;
        struct wb_slice part = wb_slice(letters + o.sent % 26, n);
        o.sent += (int64_t)n;
        enum wb_http_sent s = wb_http_send(x, part);
        if (s == WB_SENT_MORE)
            continue;
        o.waiting = s == WB_SENT_WAIT;
        return;
    }
}

static void on_room(struct wb_http_exchange *x)
{
    o.waiting = false;
}

static void on_request(struct wb_http_exchange *x)
{
    if (wb_slice_is(x->path, "/endless")) {
        x->on_gone = on_gone;
        x->on_sent = on_room;
        o.x = x;
        assert_true(wb_http_respond(x, &(struct wb_http_answer){.status = 200, .endless = true}));
        return;
    }
    if (wb_slice_is(x->method, "GET")) {
        x->on_gone = on_gone;
        x->on_sent = send_more;
        if (wb_http_respond(x, &(struct wb_http_answer){.status = 200, .stream = o.size}))
            send_more(x);
        return;
    }
    assert_int_equal(x->body.n, 0);
    o.whole = true;
    answer(x, 200);
}

static void begin(struct fixture *f)
{
    wb_buf_release(&o.got);
    o = (struct owner){0};
    fx_start(f, NULL);
    f->server->o.on_head = on_head;
    f->server->o.on_request = on_request;
    for (size_t i = 0; i < sizeof letters; i++)
        letters[i] = (char)('a' + i % 26);
}

static void expect(struct fixture *f, int fd, const char *status)
{
    struct wb_slice a = fx_read(f, fd, NULL);
    if (wb_slice_find(a, wb_slice_str(status), 0) < 0)
        fail_msg("no %s: %.*s", status, WB_FMT(a));
}

#define PUT(n) "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " n "\r\n\r\n"

static void test_pieces(void **state)
{
    struct fixture f;
    begin(&f);
    int fd = fx_connect(&f), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* each text at once */
    fx_say(&f, fd, PUT("10") "01234");
    assert_int_equal(o.got.n, 5);
    assert_false(o.whole);
    fx_say(&f, fd, "56789" PUT("3") "abc" PUT("0")); /* what follows is the next request's */
    expect(&f, fd, "200 OK");
    assert_true(wb_slice_is(wb_buf_slice(&o.got), "0123456789abc"));
    o.got.n = 0;
    fx_say(&f, fd, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1");
    fx_say(&f, fd, "\r\nd\r\n0\r\n\r\n" PUT("2") "ef");
    assert_true(wb_slice_is(wb_buf_slice(&o.got), "abcdef"));
    close(fd);
    fx_end(&f);
}

/* A full owner: the socket is not read, and the client's time does not run. */
static void test_full(void **state)
{
    struct fixture f;
    begin(&f);
    o.most = 100000;
    int fd = fx_connect(&f);
    fx_say(&f, fd, PUT("900000"));
    size_t sent = 0;
    for (int quiet = 0; sent < 900000 && quiet < 50; quiet++) {
        ssize_t n = send(fd, letters, 900000 - sent, MSG_NOSIGNAL);
        if (n > 0)
            sent += (size_t)n, quiet = 0;
        wb_loop_step(f.loop, false);
    }
    assert_true(o.full && o.got.n < 100000 + 2 * WB_HTTP_SCRATCH);
    size_t before = o.got.n;
    wb_http_server_skip(f.server, 10 * WB_HTTP_BODY_GRACE_MS);
    fx_settle(&f);
    assert_int_equal(o.got.n, before);
    assert_int_equal(o.gone, 0);
    o.most = 0;
    wb_http_body_go(o.x);
    fx_send(&f, fd, letters, 900000 - sent);
    fx_settle(&f);
    assert_true(o.whole && o.got.n == 900000);
    close(fd);
    fx_end(&f);
}

/* Too slow, badly framed: the owner is told why and answers. */
static void test_refused(void **state)
{
    struct fixture f;
    begin(&f);
    int fd = fx_connect(&f);
    fx_say(&f, fd, PUT("100000") "some");
    wb_http_server_skip(f.server, WB_HTTP_BODY_GRACE_MS + 1);
    wb_http_server_skip(f.server, WB_HTTP_BODY_GRACE_MS + 1);
    assert_int_equal(o.bad, 408);
    answer(o.x, 400);
    expect(&f, fd, "400 Bad");
    close(fd);
    fd = fx_connect(&f);
    fx_say(&f, fd, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n");
    assert_int_equal(o.bad, 400);
    answer(o.x, 400);
    expect(&f, fd, "Connection: close");
    close(fd);
    assert_int_equal(o.gone, 2);
    fx_end(&f);
}

static void test_answers_early(void **state)
{
    struct fixture f;
    begin(&f);
    o.answer_at = 50000;
    int fd = fx_connect(&f);
    fx_say(&f, fd, PUT("900000"));
    fx_send(&f, fd, letters, 200000);
    expect(&f, fd, "403 Forbidden");
    close(fd);
    fd = fx_connect(&f); /* decided with the head, told later */
    fx_say(&f, fd, "PUT /later HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\nabc");
    answer(o.x, 403);
    expect(&f, fd, "Connection: close");
    close(fd);
    fx_end(&f);
}

/* The client goes; its owner answers later, into the void. */
static void test_gone(void **state)
{
    struct fixture f;
    begin(&f);
    for (int i = 0; i < 2; i++) {
        int fd = fx_connect(&f);
        fx_say(&f, fd, PUT("1000") "some");
        close(fd);
        fx_settle(&f);
        assert_int_equal(o.gone, i + 1);
        assert_int_equal(o.bad, 0);
        assert_true(wb_http_closed(o.x));
        if (i)
            fx_settle(&f);
        answer(o.x, 200);
    }
    fx_settle(&f);
    assert_int_equal(wb_http_server_connections(f.server), 0);
    fx_end(&f);
}

static void test_answer_in_pieces(void **state)
{
    struct fixture f;
    begin(&f);
    o.size = 30 << 20;
    int fd = fx_connect(&f);
    fx_say(&f, fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(o.waiting && o.sent < o.size); /* the client does not read: nobody runs ahead */
    int64_t have = 0;
    char part[65536];
    for (int quiet = 0; quiet < 200; quiet++) {
        ssize_t n = recv(fd, part, sizeof part, 0);
        if (n > 0)
            have += n, quiet = 0;
        wb_loop_step(f.loop, false);
    }
    assert_true(have > o.size && have < o.size + 200);
    o.sent = 0;
    fx_say(&f, fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); /* the connection goes on */
    assert_true(o.waiting);
    close(fd);
    fx_settle(&f);
    assert_int_equal(o.gone, 1);
    wb_http_abandon(o.x);
    fx_settle(&f);
    assert_int_equal(wb_http_server_connections(f.server), 0);

    o.sent = 0;
    fd = fx_connect(&f);
    fx_say(&f, fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); /* stops reading: closed in time */
    wb_http_server_skip(f.server, WB_HTTP_SEND_MS + 1);
    wb_http_server_skip(f.server, WB_HTTP_SEND_MS + 1);
    assert_int_equal(o.gone, 2);
    wb_http_abandon(o.x);
    fx_settle(&f);
    assert_int_equal(wb_http_server_connections(f.server), 0);
    close(fd);
    fx_end(&f);
}

static void test_endless(void **state)
{
    struct fixture f;
    begin(&f);
    int fd = fx_connect(&f);
    for (int i = 0; i < 2; i++) { /* the connection goes on behind an end */
        fx_say(&f, fd, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
        struct wb_slice head = fx_read(&f, fd, NULL);
        assert_true(wb_slice_find(head, WB_S("Transfer-Encoding: chunked\r\n"), 0) > 0);
        assert_true(wb_slice_find(head, WB_S("Content-Length"), 0) < 0);
        assert_int_equal(wb_http_send(o.x, WB_S("0123456789abcdef!")), WB_SENT_MORE);
        assert_true(wb_slice_is(fx_read(&f, fd, NULL), "11\r\n0123456789abcdef!\r\n"));
        wb_http_server_skip(f.server, 10 * WB_HTTP_IDLE_MS); /* silence is nobody's fault */
        assert_int_equal(wb_http_send(o.x, WB_S("x")), WB_SENT_MORE);
        wb_http_end(o.x);
        assert_true(wb_slice_is(fx_read(&f, fd, NULL), "1\r\nx\r\n0\r\n\r\n"));
    }
    close(fd);

    bool ended;
    fd = fx_connect(&f);
    fx_say(&f, fd, "GET /endless HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    struct wb_slice head = fx_read(&f, fd, &ended);
    assert_true(wb_slice_find(head, WB_S("Connection: close\r\n"), 0) > 0);
    assert_true(wb_slice_find(head, WB_S("Transfer-Encoding"), 0) < 0);
    wb_http_send(o.x, WB_S("plain"));
    wb_http_end(o.x);
    assert_true(wb_slice_is(fx_read(&f, fd, &ended), "plain") && ended);
    close(fd);
    fx_end(&f);
}

/* Nobody runs ahead of the client; its end, its silence and the server's end are told. */
static void test_endless_slow(void **state)
{
    struct fixture f;
    begin(&f);
    int fd = fx_connect(&f);
    fx_say(&f, fd, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    while (wb_http_send(o.x, wb_slice(letters, 100000)) == WB_SENT_MORE)
        o.sent += 100000;
    o.waiting = true;
    fx_settle(&f);
    assert_true(o.waiting);
    size_t have = 0;
    while (o.waiting)
        have += fx_read(&f, fd, NULL).n;
    assert_true(have > (size_t)o.sent);
    close(fd);
    fx_settle(&f);
    assert_int_equal(o.gone, 1);
    wb_http_send(o.x, WB_S("into the void"));
    wb_http_end(o.x);
    fx_settle(&f);
    assert_int_equal(wb_http_server_connections(f.server), 0);

    fd = fx_connect(&f);
    fx_say(&f, fd, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    while (wb_http_send(o.x, wb_slice(letters, 100000)) == WB_SENT_MORE)
        continue;
    wb_http_server_skip(f.server, WB_HTTP_SEND_MS + 1);
    wb_http_server_skip(f.server, WB_HTTP_SEND_MS + 1);
    assert_int_equal(o.gone, 2);
    wb_http_abandon(o.x);
    fx_settle(&f);
    close(fd);
    assert_int_equal(wb_http_server_connections(f.server), 0);

    fd = fx_connect(&f);
    fx_say(&f, fd, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    wb_http_server_free(f.server);
    assert_int_equal(o.gone, 3);
    wb_http_abandon(o.x);
    wb_loop_step(f.loop, false);
    f.server = NULL;
    close(fd);
    fx_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),  cmocka_unit_test(test_full),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_answers_early),
        cmocka_unit_test(test_gone),    cmocka_unit_test(test_answer_in_pieces),
        cmocka_unit_test(test_endless), cmocka_unit_test(test_endless_slow),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wb_buf_release(&o.got);
    return failed;
}
