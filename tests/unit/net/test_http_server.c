/* The HTTP server over real sockets: requests and answers, connections, back-pressure, the end. */
#include "http_fixture.h"

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"

static void one_request(void **state)
{
    struct fixture f;
    bool ended;
    fx_start(&f, NULL);
    struct wb_slice a = fx_once(&f, GET, &ended);
    assert_int_equal(fx_status(a), 200);
    assert_false(ended);
    assert_true(wb_slice_is(fx_body(a), "GET /x "));
    assert_int_equal(fx_count(a, "\r\nContent-Length: 7\r\n"), 1);
    assert_int_equal(fx_count(a, "\r\nContent-Type: text/plain\r\n"), 1);
    assert_int_equal(fx_count(a, "\r\nDate: "), 1);
    assert_int_equal(fx_count(a, "Connection"), 0);
    assert_int_equal(wb_http_server_connections(f.server), 0);
    fx_end(&f);
}

static void what_a_handler_sees(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    f.later = true;
    int fd = fx_connect(&f);
    fx_say(&f, fd,
           "POST /p%20q?r=s HTTP/1.1\r\nhOsT: Ex:1\r\nX-A: one \r\nX-a: two\r\n"
           "Content-Length: 3\r\n\r\nabc");
    assert_int_equal(f.waiting_count, 1);
    struct wb_http_exchange *x = f.waiting[0];
    assert_true(wb_slice_is(x->method, "POST"));
    assert_true(wb_slice_is(x->target, "/p%20q?r=s"));
    assert_true(wb_slice_is(x->path, "/p%20q"));
    assert_true(wb_slice_is(x->query, "r=s"));
    assert_true(wb_slice_is(x->host, "Ex:1"));
    assert_true(wb_slice_is(x->body, "abc"));
    assert_true(wb_slice_is(wb_http_header(x, "x-a"), "one"));
    assert_null(wb_http_header(x, "x-b").p);
    assert_int_equal(x->header_count, 4);
    assert_string_equal(x->peer, "127.0.0.1");
    assert_false(x->tls);
    assert_true(x->keep_alive);
    assert_ptr_equal(x->loop, f.loop);
    fx_answer(&f, x);
    assert_int_equal(fx_status(fx_read(&f, fd, NULL)), 200);
    close(fd);
    fx_end(&f);
}

/* Any division of the bytes gives the same requests. */
static void split_at_every_byte(void **state)
{
    static const char text[] = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
                               "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n"
                               "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    struct fixture f;
    fx_start(&f, NULL);
    for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
        bool ended;
        int fd = fx_connect(&f);
        fx_send(&f, fd, text, cut);
        for (int i = 0; i < 4; i++)
            wb_loop_step(f.loop, false);
        fx_send(&f, fd, text + cut, sizeof(text) - 1 - cut);
        struct wb_slice a = fx_read(&f, fd, &ended);
        assert_true(ended);
        assert_int_equal(fx_count(a, "HTTP/1.1 200 OK"), 3);
        assert_int_equal(fx_count(a, "POST /1 body"), 1);
        assert_int_equal(fx_count(a, "POST /2 abcde"), 1);
        assert_int_equal(fx_count(a, "GET /3 "), 1);
        close(fd);
    }
    assert_int_equal(f.requests, 3 * (sizeof(text) - 2));
    fx_end(&f);
}

static void pipelined_answers_stay_in_order(void **state)
{
    enum { COUNT = 100 };
    struct fixture f;
    struct wb_buf all = {0};
    fx_start(&f, NULL);
    for (int later = 0; later < 2; later++) {
        int fd = fx_connect(&f);
        f.later = later;
        f.requests = f.waiting_count = 0;
        all.n = 0;
        for (int i = 0; i < COUNT; i++)
            wb_buf_printf(&all, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
        fx_send(&f, fd, all.p, all.n);
        fx_settle(&f);
        if (later)
            for (int i = 0; i < COUNT; i++) { /* one at a time: the next is seen after the answer */
                assert_int_equal(f.waiting_count, i + 1);
                fx_answer(&f, f.waiting[i]);
                fx_settle(&f);
            }
        struct wb_slice a = fx_read(&f, fd, NULL);
        assert_int_equal(f.requests, COUNT);
        size_t at = 0;
        for (int i = 0; i < COUNT; i++) {
            char want[32];
            snprintf(want, sizeof(want), "GET /%d ", i);
            ptrdiff_t found = wb_slice_find(a, wb_slice_str(want), at);
            assert_true(found >= 0);
            at = (size_t)found;
        }
        close(fd);
    }
    wb_buf_release(&all);
    fx_end(&f);
}

static void bodies_of_all_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 1000, 16000, 16384, 16385, 65536, 70000, 1 << 20, 5 << 20};
    struct fixture f;
    size_t heads = 0; /* of both answers, less the digits of a longer body's length */
    fx_start(&f, NULL);
    char *body = malloc(5 << 20);
    for (size_t i = 0; i < 5 << 20; i++)
        body[i] = (char)('a' + i % 23);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int chunk = 0; chunk < 2; chunk++) {
            int fd = fx_connect(&f);
            struct wb_buf b = {0};
            if (chunk) {
                wb_buf_str(&b, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
                for (size_t at = 0, n; at < sizes[i]; at += n) {
                    n = sizes[i] - at < 9999 ? sizes[i] - at : 9999;
                    wb_buf_printf(&b, "%zx\r\n", n);
                    wb_buf_put(&b, body + at, n);
                    wb_buf_str(&b, "\r\n");
                }
                wb_buf_str(&b, "0\r\n\r\n");
            } else {
                wb_buf_printf(&b, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                              sizes[i]);
                wb_buf_put(&b, body, sizes[i]);
            }
            wb_buf_str(&b, GET); /* what follows is not lost */
            fx_send(&f, fd, b.p, b.n);
            struct wb_slice a = fx_read_least(&f, fd, heads + sizes[i], NULL);
            assert_int_equal(fx_count(a, "HTTP/1.1 200 OK"), 2);
            heads = sizes[i] ? heads : a.n;
            struct wb_slice echo = wb_slice_sub(fx_body(a), 6, 6 + sizes[i]);
            assert_true(wb_slice_eq(echo, wb_slice(body, sizes[i])));
            wb_buf_release(&b);
            close(fd);
            wb_arena_reset(&f.arena);
        }
    }
    fx_settle(&f);
    assert_int_equal(f.server->body_bytes, 0);
    free(body);
    fx_end(&f);
}

static void the_limit_is_applied_before_the_body(void **state)
{
    struct fixture f;
    bool ended;
    fx_start(&f, NULL);
    f.limit = 10;
    struct wb_slice a =
        fx_once(&f, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", &ended);
    assert_int_equal(fx_status(a), 413);
    assert_int_equal(fx_count(a, "Connection: close"), 1);
    assert_true(ended);
    a = fx_once(&f, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n",
                &ended);
    assert_int_equal(fx_status(a), 413);
    a = fx_once(&f,
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "6\r\nabcdef\r\n5\r\n",
                &ended);
    assert_int_equal(fx_status(a), 413);
    assert_int_equal(f.requests, 0);
    a = fx_once(&f, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789", &ended);
    assert_int_equal(fx_status(a), 200);
    assert_false(ended);
    a = fx_once(&f,
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "6\r\nabcdef\r\n4\r\nghij\r\n0\r\n\r\n",
                &ended);
    assert_int_equal(fx_status(a), 200);
    fx_end(&f);
}

/* The client goes on sending the refused body; the answer must reach it all the same. */
static void a_refusal_is_not_lost_in_a_reset(void **state)
{
    struct fixture f;
    bool ended;
    char junk[20000];
    memset(junk, 'x', sizeof(junk));
    fx_start(&f, NULL);
    f.limit = 10;
    int fd = fx_connect(&f);
    fx_say(&f, fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n");
    for (int i = 0; i < 100; i++)
        fx_send(&f, fd, junk, sizeof(junk));
    struct wb_slice a = fx_read(&f, fd, &ended);
    assert_int_equal(fx_status(a), 413);
    assert_true(ended); /* shut down for writing, still reading */
    assert_int_equal(wb_http_server_connections(f.server), 1);
    wb_http_server_skip(f.server, WB_HTTP_LINGER_MS);
    fx_settle(&f);
    assert_int_equal(wb_http_server_connections(f.server), 0);
    close(fd);
    fx_end(&f);
}

static void answers_from_the_head(void **state)
{
    struct fixture f;
    bool ended;
    fx_start(&f, NULL);
    f.answer_in_head = 401;
    struct wb_slice a = fx_once(&f, GET GET, &ended);
    assert_int_equal(fx_count(a, "HTTP/1.1 401 Unauthorized"), 2);
    assert_false(ended);
    /* A body that is there already is skipped ... */
    a = fx_once(&f, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" GET, &ended);
    assert_int_equal(fx_count(a, "HTTP/1.1 401 Unauthorized"), 2);
    assert_false(ended);
    /* ... one that is not ends the connection. */
    a = fx_once(&f, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", &ended);
    assert_int_equal(fx_status(a), 401);
    assert_int_equal(fx_count(a, "Connection: close"), 1);
    assert_true(ended);
    assert_int_equal(f.requests, 0);
    fx_end(&f);
}

static void expect_100_continue(void **state)
{
    static const char head[] =
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    struct fixture f;
    bool ended;
    fx_start(&f, NULL);
    int fd = fx_connect(&f);
    fx_say(&f, fd, head);
    assert_true(wb_slice_is(fx_read(&f, fd, NULL), "HTTP/1.1 100 Continue\r\n\r\n"));
    fx_say(&f, fd, "abc");
    struct wb_slice a = fx_read(&f, fd, NULL);
    assert_int_equal(fx_status(a), 200);
    assert_true(wb_slice_is(fx_body(a), "POST / abc"));
    close(fd);
    /* Not when the body is there, not when it is refused. */
    char both[200];
    snprintf(both, sizeof(both), "%sabc", head);
    assert_int_equal(fx_count(fx_once(&f, both, NULL), " 100 "), 0);
    f.limit = 2;
    a = fx_once(&f, head, &ended);
    assert_int_equal(fx_status(a), 413);
    assert_true(ended);
    f.answer_in_head = 403;
    a = fx_once(&f, head, &ended);
    assert_int_equal(fx_status(a), 403);
    assert_int_equal(fx_count(a, " 100 "), 0);
    assert_true(ended);
    a = fx_once(&f, "POST / HTTP/1.1\r\nHost: a\r\nExpect: coffee\r\n\r\n", &ended);
    assert_int_equal(fx_status(a), 417);
    fx_end(&f);
}

static void answers_without_bodies(void **state)
{
    struct fixture f;
    bool ended;
    fx_start(&f, NULL);
    struct wb_slice a = fx_once(&f, "HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n", &ended);
    assert_int_equal(fx_status(a), 200);
    assert_int_equal(fx_count(a, "Content-Length: 10\r\n"), 1);
    assert_int_equal(fx_body(a).n, 0);
    f.answer_in_head = 204;
    a = fx_once(&f, GET, &ended);
    assert_int_equal(fx_count(a, "Content-Length"), 0);
    assert_int_equal(fx_body(a).n, 0);
    f.answer_in_head = 304;
    a = fx_once(&f, GET, &ended);
    assert_int_equal(fx_body(a).n, 0);
    f.answer_in_head = 599; /* a status without a name */
    a = fx_once(&f, GET, &ended);
    assert_int_equal(fx_status(a), 599);
    fx_end(&f);
}

static void old_clients_and_closing(void **state)
{
    struct fixture f;
    bool ended;
    fx_start(&f, NULL);
    struct wb_slice a = fx_once(&f, "GET / HTTP/1.0\r\n\r\n", &ended);
    assert_int_equal(fx_status(a), 200);
    assert_true(ended);
    a = fx_once(&f, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &ended);
    assert_int_equal(fx_count(a, "Connection: keep-alive\r\n"), 1);
    assert_false(ended);
    a = fx_once(&f, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET, &ended);
    assert_int_equal(fx_count(a, "HTTP/1.1 200"), 1);
    assert_true(ended);
    a = fx_once(&f, "GET /\r\n\r\n", &ended);
    assert_int_equal(fx_status(a), 400);
    assert_true(ended);
    fx_end(&f);
}

/* Values that repeat what a client sent cannot add a header or end the head. */
static void header_values_cannot_split_the_answer(void **state)
{
    struct fixture f;
    fx_start(&f, NULL);
    f.later = true;
    int fd = fx_connect(&f);
    fx_say(&f, fd, GET);
    struct wb_pair h[] = {{WB_S("X-A"), WB_S("b\r\nX-Evil: c\r\n\r\nd\x01")}};
    wb_http_respond(f.waiting[0],
                    &(struct wb_http_answer){
                        .status = 200, .header = h, .header_count = 1, .body = WB_S("ok")});
    struct wb_slice a = fx_read(&f, fd, NULL);
    assert_int_equal(fx_count(a, "\r\nX-A: b  X-Evil: c    d \r\n"), 1);
    assert_true(wb_slice_is(fx_body(a), "ok"));
    close(fd);
    fx_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request),
        cmocka_unit_test(what_a_handler_sees),
        cmocka_unit_test(split_at_every_byte),
        cmocka_unit_test(pipelined_answers_stay_in_order),
        cmocka_unit_test(bodies_of_all_sizes),
        cmocka_unit_test(the_limit_is_applied_before_the_body),
        cmocka_unit_test(a_refusal_is_not_lost_in_a_reset),
        cmocka_unit_test(answers_from_the_head),
        cmocka_unit_test(expect_100_continue),
        cmocka_unit_test(answers_without_bodies),
        cmocka_unit_test(old_clients_and_closing),
        cmocka_unit_test(header_values_cannot_split_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
