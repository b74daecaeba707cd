/*
 * For tests of the HTTP server: a server and its clients on one loop in one thread. Clients are raw
 * non-blocking sockets; waiting for an answer means stepping the loop.
 */
#ifndef WB_TESTS_HTTP_FIXTURE_H
#define WB_TESTS_HTTP_FIXTURE_H

#include "net/http_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

struct fixture {
    struct wb_loop *loop;
    struct wb_http_server *server;
    struct wb_arena arena;
    int requests, heads, gone;
    int64_t limit;      /* what on_head returns */
    int answer_in_head; /* status to answer in on_head, 0 = no */
    bool later;         /* requests are kept in `waiting`, not answered */
    struct wb_http_exchange *waiting[256];
    int waiting_count;
    size_t answer_len; /* 0: the answer repeats the request */
    char *big;
    bool drained;
};

static inline void fx_answer(struct fixture *f, struct wb_http_exchange *x)
{
    struct wb_slice said[] = {x->method, WB_S(" "), x->target, WB_S(" "), x->body};
    struct wb_http_answer ans = {
        .status = 200, .content_type = WB_S("text/plain"), .body = wb_concat(x->arena, said, 5)};
    if (f->answer_len)
        ans.body = wb_slice(f->big, f->answer_len);
    wb_http_respond(x, &ans);
}

static inline void fx_gone(struct wb_http_exchange *x)
{
    ((struct fixture *)x->server_user)->gone++;
}

static inline int64_t fx_on_head(struct wb_http_exchange *x)
{
    struct fixture *f = x->server_user;
    f->heads++;
    if (f->answer_in_head) {
        wb_http_respond(x, &(struct wb_http_answer){.status = f->answer_in_head,
                                                    .body = WB_S("from the head")});
        return -1;
    }
    return f->limit;
}

static inline void fx_on_request(struct wb_http_exchange *x)
{
    struct fixture *f = x->server_user;
    f->requests++;
    x->on_gone = fx_gone;
    if (f->later)
        f->waiting[f->waiting_count++] = x;
    else
        fx_answer(f, x);
}

static inline void fx_start(struct fixture *f, struct wb_tls_ctx *tls)
{
    struct wb_slice why;
    *f = (struct fixture){.limit = WB_HTTP_BODY_MAX};
    wb_arena_init(&f->arena, 0);
    f->loop = wb_loop_new();
    struct wb_http_server_options o = {.host = "127.0.0.1",
                                       .tls = tls,
                                       .user = f,
                                       .on_head = fx_on_head,
                                       .on_request = fx_on_request};
    f->server = wb_http_server_new(f->loop, &o, &f->arena, &why);
    assert_non_null(f->server);
}

static inline void fx_end(struct fixture *f)
{
    wb_http_server_free(f->server);
    wb_loop_free(f->loop);
    wb_arena_release(&f->arena);
    free(f->big);
}

static inline int fx_connect(struct fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)wb_http_server_port(f->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Lets the loop run until it has nothing more to do at once. */
static inline void fx_settle(struct fixture *f)
{
    for (int i = 0; i < 20; i++) {
        wb_loop_step(f->loop, false);
        if (i > 10)
            usleep(200);
    }
}

static inline void fx_send(struct fixture *f, int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = send(fd, p, n, MSG_NOSIGNAL);
        if (w < 0 && errno != EAGAIN)
            return; /* closed by the server: the test looks at the answer */
        p += w < 0 ? 0 : w;
        n -= w < 0 ? 0 : (size_t)w;
        wb_loop_step(f->loop, false);
    }
}

static inline void fx_say(struct fixture *f, int fd, const char *text)
{
    fx_send(f, fd, text, strlen(text));
    fx_settle(f);
}

/* What arrives until the end of the stream, or until there are `least` bytes and a moment without
 * more: a busy machine may take longer over them than a moment. Gives up on them after 10 s. *ended
 * may be NULL. */
static inline struct wb_slice fx_read_least(struct fixture *f, int fd, size_t least, bool *ended)
{
    struct wb_buf b = wb_buf_in(&f->arena);
    int quiet = 0;
    if (ended)
        *ended = false;
    while (quiet < 15 || (b.n < least && quiet < 20000)) {
        char part[65536];
        ssize_t n = recv(fd, part, sizeof(part), 0);
        if (n > 0) {
            wb_buf_put(&b, part, (size_t)n);
            quiet = 0;
            continue;
        }
        if (n == 0 || errno != EAGAIN) {
            if (ended)
                *ended = true;
            break;
        }
        wb_loop_step(f->loop, false);
        if (quiet++ > 5)
            usleep(500);
    }
    wb_buf_char(&b, 0);
    b.n--;
    return wb_buf_slice(&b);
}

static inline struct wb_slice fx_read(struct fixture *f, int fd, bool *ended)
{
    return fx_read_least(f, fd, 0, ended);
}

static inline int fx_status(struct wb_slice answer)
{
    return answer.n > 12 && memcmp(answer.p, "HTTP/1.1 ", 9) == 0
               ? (int)strtol(answer.p + 9, NULL, 10)
               : -1;
}

static inline struct wb_slice fx_body(struct wb_slice answer)
{
    ptrdiff_t at = wb_slice_find(answer, WB_S("\r\n\r\n"), 0);
    return at < 0 ? WB_SLICE_NULL : wb_slice_sub(answer, (size_t)at + 4, answer.n);
}

static inline int fx_count(struct wb_slice in, const char *what)
{
    int n = 0;
    struct wb_slice w = wb_slice_str(what);
    for (ptrdiff_t at = 0; (at = wb_slice_find(in, w, (size_t)at)) >= 0; at++)
        n++;
    return n;
}

/* One request on a connection of its own; returns the whole answer. */
static inline struct wb_slice fx_once(struct fixture *f, const char *text, bool *ended)
{
    int fd = fx_connect(f);
    fx_say(f, fd, text);
    struct wb_slice answer = fx_read(f, fd, ended);
    close(fd);
    fx_settle(f);
    return answer;
}

#endif
