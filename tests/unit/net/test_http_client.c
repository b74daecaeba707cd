/* The HTTP client against the server of this library, both on one loop. */
#include "http_fixture.h"
#include "net/http_client.h"

struct ended {
    int count, status;
    enum wb_net_result result;
    char body[64];
    size_t body_n;
    char why[256];
};

static void done(struct wb_http_call *c, enum wb_net_result r, int status, struct wb_slice body,
                 const char *why)
{
    struct ended *e = c->user;
    e->count++;
    e->result = r;
    e->status = status;
    e->body_n = body.n;
    snprintf(e->body, sizeof(e->body), "%.*s", WB_FMT(body));
    snprintf(e->why, sizeof(e->why), "%s", why);
}

static void url_of(struct fixture *f, const char *path, char url[128])
{
    snprintf(url, 128, "http://127.0.0.1:%d%s", wb_http_server_port(f->server), path);
}

static struct ended call(struct fixture *f, struct wb_client *c, struct wb_http_call *call)
{
    struct ended e = {0};
    call->user = &e;
    call->done = done;
    if (!call->timeout_ms)
        call->timeout_ms = 5000;
    if (!call->answer_max)
        call->answer_max = 1000;
    wb_client_http(c, call);
    assert_int_equal(e.count, 0); /* never from inside */
    while (!e.count)
        wb_loop_step(f->loop, true);
    return e;
}

static void methods_and_bodies(void **state)
{
    struct fixture f;
    char url[128];
    fx_start(&f, NULL);
    struct wb_client *c = wb_client_new(f.loop);
    url_of(&f, "/a/../b?c=%20", url);
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};
    for (size_t i = 0; i < 5; i++) {
        for (int body = 0; body < 2; body++) {
            char want[64];
            struct ended e =
                call(&f, c,
                     &(struct wb_http_call){
                         .method = methods[i], .url = url, .body = body ? WB_S("xyz") : WB_S("")});
            snprintf(want, sizeof(want), "%s /a/../b?c=%%20 %s", methods[i], body ? "xyz" : "");
            assert_int_equal(e.result, WB_NET_OK);
            assert_int_equal(e.status, 200);
            assert_string_equal(e.body, want);
        }
    }
    struct ended e = call(&f, c, &(struct wb_http_call){.method = "HEAD", .url = url});
    assert_int_equal(e.status, 200);
    assert_int_equal(e.body_n, 0);
    assert_int_equal(wb_http_server_connections(f.server), 1); /* all over one connection */
    f.answer_in_head = 503;
    e = call(&f, c, &(struct wb_http_call){.method = "GET", .url = url});
    assert_int_equal(e.result, WB_NET_OK);
    assert_int_equal(e.status, 503);
    assert_string_equal(e.body, "from the head");
    f.answer_in_head = 302; /* not followed */
    e = call(&f, c, &(struct wb_http_call){.method = "GET", .url = url});
    assert_int_equal(e.status, 302);
    wb_client_free(c);
    fx_end(&f);
}

static void headers(void **state)
{
    struct fixture f;
    char url[128];
    struct ended e = {0};
    fx_start(&f, NULL);
    struct wb_client *c = wb_client_new(f.loop);
    url_of(&f, "/", url);
    f.later = true;
    static const char *const lines[] = {"X-A: b", "x-amz-empty:", NULL};
    struct wb_http_call h = {.method = "POST",
                             .url = url,
                             .header = lines,
                             .body = WB_S("{}"),
                             .timeout_ms = 5000,
                             .user = &e,
                             .done = done};
    wb_client_http(c, &h);
    while (!f.waiting_count)
        wb_loop_step(f.loop, true);
    struct wb_http_exchange *x = f.waiting[0];
    assert_true(wb_slice_is(wb_http_header(x, "x-a"), "b"));
    assert_true(wb_slice_is(wb_http_header(x, "x-amz-empty"), ""));
    assert_non_null(wb_http_header(x, "x-amz-empty").p);
    assert_null(wb_http_header(x, "content-type").p);
    assert_null(wb_http_header(x, "expect").p);
    fx_answer(&f, x);
    while (!e.count)
        wb_loop_step(f.loop, true);
    assert_int_equal(e.status, 200);
    f.later = false;
    static const char *const evil[] = {"X-A: b\r\nX-B: c", NULL};
    static const char *const no_colon[] = {"X-A", NULL};
    int before = f.requests;
    struct ended bad[] = {
        call(&f, c, &(struct wb_http_call){.method = "GET", .url = url, .header = evil}),
        call(&f, c, &(struct wb_http_call){.method = "GET", .url = url, .header = no_colon}),
        call(&f, c, &(struct wb_http_call){.method = "GET / HTTP/1.1\r\n", .url = url}),
        call(&f, c, &(struct wb_http_call){.method = "GET", .url = "http://127.0.0.1/\r\nX: y"}),
    };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(bad[i].result, WB_NET_PROTOCOL);
        assert_int_equal(bad[i].status, 0);
        assert_true(bad[i].why[0]);
    }
    assert_int_equal(f.requests, before);
    wb_client_free(c);
    fx_end(&f);
}

static void long_answers_are_cut(void **state)
{
    struct fixture f;
    char url[128];
    fx_start(&f, NULL);
    struct wb_client *c = wb_client_new(f.loop);
    url_of(&f, "/", url);
    f.answer_len = 3 << 20;
    f.big = malloc(f.answer_len);
    memset(f.big, 'z', f.answer_len);
    struct ended e =
        call(&f, c, &(struct wb_http_call){.method = "GET", .url = url, .answer_max = 100});
    assert_int_equal(e.result, WB_NET_OK);
    assert_int_equal(e.status, 200);
    assert_int_equal(e.body_n, 100);
    wb_client_free(c);
    fx_end(&f);
}

static void failures(void **state)
{
    struct fixture f;
    char url[128];
    fx_start(&f, NULL);
    struct wb_client *c = wb_client_new(f.loop);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int unused = socket(AF_INET, SOCK_STREAM, 0); /* bound, but nobody listens */
    assert_int_equal(bind(unused, (struct sockaddr *)&a, sizeof(a)), 0);
    getsockname(unused, (struct sockaddr *)&a, &n);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(a.sin_port));
    struct ended e = call(&f, c, &(struct wb_http_call){.method = "GET", .url = url});
    assert_int_equal(e.result, WB_NET_CONNECT);
    assert_int_equal(e.status, 0);
    assert_true(e.why[0]);
    close(unused);
    e = call(&f, c, &(struct wb_http_call){.method = "GET", .url = "http://no-such-host.invalid/"});
    assert_int_equal(e.result, WB_NET_CONNECT);
    e = call(&f, c, &(struct wb_http_call){.method = "GET", .url = "file:///etc/passwd"});
    assert_int_equal(e.result, WB_NET_PROTOCOL);
    e = call(&f, c, &(struct wb_http_call){.method = "GET", .url = "not a url"});
    assert_int_equal(e.result, WB_NET_PROTOCOL);
    url_of(&f, "/", url);
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", wb_http_server_port(f.server));
    e = call(&f, c, &(struct wb_http_call){.method = "GET", .url = url});
    assert_int_equal(e.result, WB_NET_TLS);
    f.later = true;
    url_of(&f, "/", url);
    e = call(&f, c, &(struct wb_http_call){.method = "GET", .url = url, .timeout_ms = 50});
    assert_int_equal(e.result, WB_NET_TIMEOUT);
    assert_int_equal(f.waiting_count, 1);
    fx_settle(&f);
    assert_int_equal(f.gone, 1);
    fx_answer(&f, f.waiting[0]); /* into the void */
    wb_client_free(c);
    fx_end(&f);
}

static void freeing_cancels(void **state)
{
    struct fixture f;
    char url[128];
    struct ended e[3] = {0};
    fx_start(&f, NULL);
    struct wb_client *c = wb_client_new(f.loop);
    url_of(&f, "/", url);
    f.later = true;
    struct wb_http_call h[3];
    for (int i = 0; i < 3; i++) {
        h[i] = (struct wb_http_call){.method = i == 2 ? "\n" : "GET",
                                     .url = url,
                                     .timeout_ms = 5000,
                                     .user = &e[i],
                                     .done = done};
        if (i < 2)
            wb_client_http(c, &h[i]);
        if (i == 0)
            while (!f.waiting_count)
                wb_loop_step(f.loop, true);
    }
    wb_client_http(c, &h[2]); /* one under way, one just begun, one refused */
    wb_client_free(c);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(e[i].count, 1);
        assert_int_equal(e[i].result, WB_NET_CANCELLED);
    }
    wb_client_free(NULL);
    fx_settle(&f);
    for (int i = 0; i < f.waiting_count; i++)
        fx_answer(&f, f.waiting[i]);
    fx_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_and_bodies),   cmocka_unit_test(headers),
        cmocka_unit_test(long_answers_are_cut), cmocka_unit_test(failures),
        cmocka_unit_test(freeing_cancels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
