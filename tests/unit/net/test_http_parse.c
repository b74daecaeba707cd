/*
 * The request parser: a table of heads and chunked bodies with the verdict expected of each; every
 * one is also fed a byte at a time, which must not change anything.
 */
#include "net/http_parse.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#define H "Host: a\r\n"

struct head_case {
    const char *text; /* status 0: accepted */
    int status;
    size_t n; /* 0: strlen */
};

static const struct head_case heads[] = {
    {"GET / HTTP/1.1\r\n" H "\r\n", 0},
    {"GET / HTTP/1.1\n" H "\n", 0},
    {"\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 0},
    {"GET / HTTP/1.0\r\n\r\n", 0},
    {"OPTIONS /a?b=c HTTP/1.1\r\n" H "\r\n", 0},
    {"GET http://b:80/x?y HTTP/1.1\r\n" H "\r\n", 0},
    {"GET HTTPS://b HTTP/1.1\r\n" H "\r\n", 0},
    {"GET http://b?q HTTP/1.1\r\n" H "\r\n", 0},
    {"GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n", 0},
    {"GET / HTTP/1.1\r\nHost:a\r\nX:\r\nY: \t z\t \r\n\r\n", 0},
    {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\nHost: x.y-z_1:8080\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 0005\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\n\r\n", 0},
    /* request line */
    {"GET /\r\n", 400},
    {"GET  / HTTP/1.1\r\n", 400},
    {"GET / HTTP/1.1 \r\n", 400},
    {"GET /a b HTTP/1.1\r\n", 400},
    {"GET\t/ HTTP/1.1\r\n", 400},
    {" GET / HTTP/1.1\r\n", 400},
    {"get / HTTP/1.1\r\n", 400},
    {"G@T / HTTP/1.1\r\n", 400},
    {"GET / HTTP/1.\r\n", 400},
    {"GET / HTTP/11\r\n", 400},
    {"GET / HTTP/1.01\r\n", 400},
    {"GET / http/1.1\r\n", 400},
    {"GET / HTTP/0.9\r\n", 505},
    {"GET / HTTP/2.0\r\n", 505},
    {"PRI * HTTP/2.0\r\n", 505},
    {"OPTIONS * HTTP/1.1\r\n", 400},
    {"GET x HTTP/1.1\r\n", 400},
    {"GET ftp://a/ HTTP/1.1\r\n", 400},
    {"GET http:///x HTTP/1.1\r\n", 400},
    {"GET http://u@a/ HTTP/1.1\r\n", 400},
    {"CONNECT a:80 HTTP/1.1\r\n", 405},
    {"TRACE / HTTP/1.1\r\n", 405},
    {"GET /#f HTTP/1.1\r\n", 400},
    {"GET /\x7f HTTP/1.1\r\n", 400},
    {"GET /\x01 HTTP/1.1\r\n", 400},
    {"GET /\0 HTTP/1.1\r\n", 400, 17},
    {"GET /\r HTTP/1.1\r\n", 400},
    {"GET /%zz HTTP/1.1\r\n", 400},
    {"GET /%4 HTTP/1.1\r\n", 400},
    {"GET /a%00b HTTP/1.1\r\n", 400},
    {"\x16\x03\x01", 400},
    /* fields */
    {"GET / HTTP/1.1\r\nHost : a\r\n", 400},
    {"GET / HTTP/1.1\r\nHost\t: a\r\n", 400},
    {"GET / HTTP/1.1\r\n: a\r\n", 400},
    {"GET / HTTP/1.1\r\nHost\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X\x80: 1\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X(: 1\r\n", 400},
    {"GET / HTTP/1.1\r\n" H " folded\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "\tfolded\r\n", 400},
    {"GET / HTTP/1.1\r\n " H "\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X: a\rb\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X: a\r\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X: a\x01\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X: a\x7f\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X: a\0b\r\n", 400, 33},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost:\r\n", 400},
    {"GET / HTTP/1.1\r\n" H H, 400},
    {"GET / HTTP/1.0\r\n" H H, 400},
    {"GET / HTTP/1.1\r\nHost: a b\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\nHost: a..b\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: .a\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: :80\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a:b\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [::1]x\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [g]\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\x80\r\n", 400},
    /* framing */
    {"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: +2\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: -2\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 2,2\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 2 2\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 0x2\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length:\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 9223372036854775808\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
    {"POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Expect: something\r\n", 417},
};

/* The whole text at once, or in steps of `step` bytes. The verdict must not come before the bytes
 * that decide it, so a refusal given early is all right; a DONE is only at the end. */
static enum wb_http_parse run_head(struct wb_http_head *h, const char *text, size_t n, size_t step)
{
    char *copy = malloc(n ? n : 1); /* exact size: the sanitizer sees a read beyond */
    memcpy(copy, text, n);
    enum wb_http_parse r = WB_HTTP_MORE;
    wb_http_head_init(h);
    for (size_t have = step < n ? step : n;; have = have + step < n ? have + step : n) {
        r = wb_http_head_parse(h, copy, have);
        if (r != WB_HTTP_MORE || have == n)
            break;
    }
    free(copy);
    return r;
}

static void heads_by_table(void **state)
{
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        const struct head_case *t = &heads[i];
        size_t n = t->n ? t->n : strlen(t->text);
        size_t steps[] = {n, 1, 2, 3, 7};
        for (size_t k = 0; k < 5; k++) {
            struct wb_http_head h;
            enum wb_http_parse r = run_head(&h, t->text, n, steps[k]);
            int status = r == WB_HTTP_BAD ? h.status : r == WB_HTTP_DONE ? 0 : -1;
            if (status != t->status)
                fail_msg("case %zu, step %zu: got %d (%s), want %d:\n%s", i, steps[k], status,
                         r == WB_HTTP_BAD ? h.why : "", t->status, t->text);
            if (r == WB_HTTP_DONE)
                assert_int_equal(h.len, n);
        }
    }
}

static void assert_part(const char *text, struct wb_http_span s, const char *want)
{
    struct wb_slice got = wb_http_span_in(s, text);
    if (!wb_slice_is(got, want))
        fail_msg("got \"%.*s\", want \"%s\"", WB_FMT(got), want);
}

static void parts_of_a_head(void **state)
{
    const char *text = "POST /a/b%20c?x=1&y=%00 HTTP/1.1\r\nHost: h:1\r\nContent-Length: 12\r\n"
                       "Connection: x, Close\r\nX-Empty:\r\nX-Trim: \t a b \t\r\n\r\nrest";
    struct wb_http_head h;
    assert_int_equal(run_head(&h, text, strlen(text), 1), WB_HTTP_DONE);
    assert_int_equal(h.len, strlen(text) - 4);
    assert_part(text, h.method, "POST");
    assert_part(text, h.target, "/a/b%20c?x=1&y=%00");
    assert_part(text, h.path, "/a/b%20c");
    assert_true(h.has_query);
    assert_part(text, h.query, "x=1&y=%00");
    assert_part(text, h.host, "h:1");
    assert_int_equal(h.content_length, 12);
    assert_false(h.keep_alive);
    assert_false(h.chunked);
    assert_int_equal(h.field_count, 5);
    assert_part(text, h.field[3].name, "X-Empty");
    assert_part(text, h.field[3].value, "");
    assert_part(text, h.field[4].value, "a b");
}

static void targets(void **state)
{
    struct wb_http_head h;
    const char *text = "GET http://Other:8/p?q? HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_int_equal(run_head(&h, text, strlen(text), 5), WB_HTTP_DONE);
    assert_part(text, h.target, "http://Other:8/p?q?");
    assert_part(text, h.host, "Other:8");
    assert_part(text, h.path, "/p");
    assert_part(text, h.query, "q?");
    text = "GET http://o HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_int_equal(run_head(&h, text, strlen(text), 5), WB_HTTP_DONE);
    assert_int_equal(h.path.n, 0);
    assert_false(h.has_query);
    text = "GET /? HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_int_equal(run_head(&h, text, strlen(text), 5), WB_HTTP_DONE);
    assert_true(h.has_query);
    assert_int_equal(h.query.n, 0);
}

static void keep_alive(void **state)
{
    static const struct {
        const char *text;
        bool keep;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: a,CLOSE\r\n\r\n",
         false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wb_http_head h;
        assert_int_equal(run_head(&h, cases[i].text, strlen(cases[i].text), 4), WB_HTTP_DONE);
        assert_int_equal(h.keep_alive, cases[i].keep);
    }
}

/* A line, or many, of the given size; the verdict must fall before much more than the limit is
 * taken. */
static int verdict_of(const char *prefix, const char *unit, size_t times, bool end)
{
    size_t n = strlen(prefix), unit_n = strlen(unit), room = n + unit_n * times + 8;
    char *text = malloc(room);
    memcpy(text, prefix, n);
    for (size_t i = 0; i < times; i++, n += unit_n)
        memcpy(text + n, unit, unit_n);
    if (end) {
        memcpy(text + n, "\r\n\r\n", 4);
        n += 4;
    }
    struct wb_http_head whole, bytes;
    enum wb_http_parse r = run_head(&whole, text, n, n);
    enum wb_http_parse r1 = run_head(&bytes, text, n, 1);
    free(text);
    assert_int_equal(r, r1);
    if (r != WB_HTTP_BAD)
        return r == WB_HTTP_DONE ? 0 : -1;
    assert_int_equal(whole.status, bytes.status);
    return whole.status;
}

static void size_limits(void **state)
{
    assert_int_equal(verdict_of("GET /", "a", WB_HTTP_LINE_MAX, false), 414);
    assert_int_equal(verdict_of("GET / HTTP/1.1\r\nHost: a\r\nX: ", "a", WB_HTTP_LINE_MAX, false),
                     431);
    assert_int_equal(verdict_of("GET / HTTP/1.1\r\nHost: a\r\nX: ", "a", WB_HTTP_LINE_MAX, true),
                     431);
    assert_int_equal(
        verdict_of("GET / HTTP/1.1\r\nHost: a\r\nX: ", "a", WB_HTTP_LINE_MAX - 8, true), 0);
    assert_int_equal(
        verdict_of("GET / HTTP/1.1\r\nHost: a", "\r\nX: 1", WB_HTTP_HEADERS_MAX - 1, true), 0);
    assert_int_equal(verdict_of("GET / HTTP/1.1\r\nHost: a", "\r\nX: 1", WB_HTTP_HEADERS_MAX, true),
                     431);
    assert_int_equal(verdict_of("", "\r\n", WB_HTTP_HEAD_MAX, false), 431);
    char kilo[1100];
    memset(kilo, 'x', sizeof(kilo));
    memcpy(kilo, "\r\nX: ", 5);
    kilo[1024] = 0;
    assert_int_equal(verdict_of("GET / HTTP/1.1\r\nHost: a", kilo, 31, true), 0);
    assert_int_equal(verdict_of("GET / HTTP/1.1\r\nHost: a", kilo, 32, true), 431);
}

/* Chunks */

static const struct {
    const char *text;
    int status;       /* 0: complete, -1: wants more */
    const char *body; /* when complete */
} chunked[] = {
    {"0\r\n\r\n", 0, ""},
    {"3\r\nabc\r\n0\r\n\r\n", 0, "abc"},
    {"1\r\na\r\n2\r\nbc\r\n000\r\n\r\n", 0, "abc"},
    {"A\r\n0123456789\r\n0\r\n\r\n", 0, "0123456789"},
    {"a\r\n0123456789\r\n0\r\n\r\n", 0, "0123456789"},
    {"3;x=y\r\nabc\r\n0;z\r\n\r\n", 0, "abc"},
    {"3 ;x=\"a b\"\r\nabc\r\n0\r\n\r\n", 0, "abc"},
    {"3\r\nabc\r\n0\r\nX: y\r\nZ:\r\n\r\n", 0, "abc"},
    {"3\r\nabc\r\n0\r\n", -1, NULL},
    {"3\r\nab", -1, NULL},
    {"", -1, NULL},
    {"\r\n", 400, NULL},
    {"x\r\n", 400, NULL},
    {"+3\r\nabc\r\n", 400, NULL},
    {"-3\r\nabc\r\n", 400, NULL},
    {"0x3\r\nabc\r\n", 400, NULL},
    {" 3\r\nabc\r\n", 400, NULL},
    {"3 \r\nabc\r\n", 400, NULL},
    {"3\nabc\r\n", 400, NULL},
    {"3\r\nabc\n", 400, NULL},
    {"3\r\nabcd\r\n", 400, NULL},
    {"3\r\nab\r\n0\r\n\r\n", 400, NULL},
    {"3\r\nabc\rX", 400, NULL},
    {"3;a\rb\r\nabc\r\n", 400, NULL},
    {"3;a\x01\r\nabc\r\n", 400, NULL},
    {"3z\r\nabc\r\n", 400, NULL},
    {"fffffffffffffffff\r\n", 400, NULL},
    {"1000000000000000\r\n", 400, NULL},
    {"0\r\nX : y\r\n\r\n", 400, NULL},
    {"0\r\n folded\r\n\r\n", 400, NULL},
    {"0\r\nX\r\n\r\n", 400, NULL},
    {"0\r\n\n", 400, NULL},
};

/* Feeds `step` more bytes a time, keeping the unused rest as the server does. */
static int run_chunks(const char *text, size_t n, size_t step, char *body, size_t *body_n)
{
    struct wb_http_chunks c;
    size_t from = 0, have = 0;
    *body_n = 0;
    wb_http_chunks_init(&c);
    for (;;) {
        size_t used;
        struct wb_slice data;
        enum wb_http_parse r =
            wb_http_chunks_next(&c, wb_slice(text + from, have - from), &used, &data);
        assert_true(used <= have - from);
        from += used;
        if (r == WB_HTTP_STEP) {
            memcpy(body + *body_n, data.p ? data.p : "", data.n);
            *body_n += data.n;
        } else if (r == WB_HTTP_DONE) {
            assert_int_equal(from, n);
            return 0;
        } else if (r == WB_HTTP_BAD) {
            return c.status;
        } else if (have == n) {
            return -1;
        } else {
            have = have + step < n ? have + step : n;
        }
    }
}

static void chunks_by_table(void **state)
{
    for (size_t i = 0; i < sizeof(chunked) / sizeof(chunked[0]); i++) {
        size_t n = strlen(chunked[i].text);
        for (size_t step = 1; step <= n + 1; step++) {
            char body[64];
            size_t body_n;
            int got = run_chunks(chunked[i].text, n, step, body, &body_n);
            if (got != chunked[i].status)
                fail_msg("chunks %zu, step %zu: got %d, want %d:\n%s", i, step, got,
                         chunked[i].status, chunked[i].text);
            if (got == 0)
                assert_true(wb_slice_is(wb_slice(body, body_n), chunked[i].body));
        }
    }
}

static void chunk_limits(void **state)
{
    static char text[3 * WB_HTTP_TRAILER_MAX], body[8];
    size_t body_n;
    memset(text, 'x', sizeof(text));
    memcpy(text, "0;", 2);
    assert_int_equal(run_chunks(text, WB_HTTP_CHUNK_LINE_MAX - 1, 50, body, &body_n), -1);
    assert_int_equal(run_chunks(text, WB_HTTP_CHUNK_LINE_MAX, 50, body, &body_n), 400);
    memcpy(text, "0\r\nX:", 5);
    assert_int_equal(run_chunks(text, sizeof(text), 100, body, &body_n), 431);
    size_t n = 3;
    while (n < sizeof(text) - 8) {
        memcpy(text + n, "X: yy\r\n", 7);
        n += 7;
    }
    assert_int_equal(run_chunks(text, n, 100, body, &body_n), 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_by_table), cmocka_unit_test(parts_of_a_head),
        cmocka_unit_test(targets),        cmocka_unit_test(keep_alive),
        cmocka_unit_test(size_limits),    cmocka_unit_test(chunks_by_table),
        cmocka_unit_test(chunk_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
