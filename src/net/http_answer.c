/*
 * Answers. A head is put together by copying pieces that exist already: status lines from a table,
 * the Date line made once a second. It goes out with the body in one system call.
 */
#include "base/seam.h"
#include "base/time.h"
#include "net/http_internal.h"

#include <assert.h>

#define LINE(status, text)                                                                         \
    {                                                                                              \
        status,                                                                                    \
        {                                                                                          \
            "HTTP/1.1 " #status " " text "\r\n", sizeof(text) + 14                                 \
        }                                                                                          \
    }
#define FIXED_MAX 192 /* status line, Date, Content-Length or -Encoding, Connection */

struct status_line {
    int status;
    struct wb_slice line;
};

static const struct status_line lines[] = {
    LINE(200, "OK"),
    LINE(201, "Created"),
    LINE(202, "Accepted"),
    LINE(204, "No Content"),
    LINE(206, "Partial Content"),
    LINE(301, "Moved Permanently"),
    LINE(302, "Found"),
    LINE(303, "See Other"),
    LINE(304, "Not Modified"),
    LINE(307, "Temporary Redirect"),
    LINE(308, "Permanent Redirect"),
    LINE(400, "Bad Request"),
    LINE(401, "Unauthorized"),
    LINE(403, "Forbidden"),
    LINE(404, "Not Found"),
    LINE(405, "Method Not Allowed"),
    LINE(408, "Request Timeout"),
    LINE(409, "Conflict"),
    LINE(410, "Gone"),
    LINE(411, "Length Required"),
    LINE(412, "Precondition Failed"),
    LINE(413, "Content Too Large"),
    LINE(414, "URI Too Long"),
    LINE(415, "Unsupported Media Type"),
    LINE(416, "Range Not Satisfiable"),
    LINE(417, "Expectation Failed"),
    LINE(429, "Too Many Requests"),
    LINE(431, "Request Header Fields Too Large"),
    LINE(500, "Internal Server Error"),
    LINE(501, "Not Implemented"),
    LINE(502, "Bad Gateway"),
    LINE(503, "Service Unavailable"),
    LINE(504, "Gateway Timeout"),
    LINE(505, "HTTP Version Not Supported"),
    LINE(507, "Insufficient Storage"),
};

static char *put(char *p, struct wb_slice s)
{
    if (s.n)
        memcpy(p, s.p, s.n);
    return p + s.n;
}

static char *put_number(char *p, uint64_t v)
{
    char digits[20];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while ((v /= 10));
    while (n)
        *p++ = digits[--n];
    return p;
}

/* A value may repeat what a client sent: it must not be able to end the line. */
static char *put_value(char *p, struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        *p++ = (uint8_t)s.p[i] < 0x20 || s.p[i] == 0x7f ? ' ' : s.p[i];
    return p;
}

static char *put_status(char *p, int status)
{
    if (status == 200)
        return put(p, lines[0].line);
    for (size_t i = 1; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (lines[i].status == status)
            return put(p, lines[i].line);
    assert(status >= 100 && status <= 599);
    p = put(p, WB_S("HTTP/1.1 "));
    p = put_number(p, (uint64_t)status);
    return put(p, WB_S(" \r\n"));
}

static char *put_date(char *p, struct wb_http_server *s)
{
    uint64_t now = wb_loop_now_ms(s->loop);
    if (now >= s->date_until_ms) {
        struct wb_seam *seam = wb_seam_os();
        int64_t wall = seam->wall_ms(seam);
        char date[WB_TIME_MAX];
        size_t n = wb_time_format(date, wall, WB_TIME_HTTP);
        char *d = put(s->date, WB_S("Date: "));
        d = put(d, wb_slice(date, n));
        d = put(d, WB_S("\r\n"));
        s->date_len = (size_t)(d - s->date);
        s->date_until_ms = now + (uint64_t)(1000 - wall % 1000);
    }
    return put(p, wb_slice(s->date, s->date_len));
}

static struct wb_slice make_head(struct wb_http_server *s, const struct wb_http_answer *ans,
                                 struct wb_slice connection, bool chunked)
{
    size_t max = FIXED_MAX + 16 + ans->content_type.n;
    for (size_t i = 0; i < ans->header_count; i++)
        max += ans->header[i].name.n + ans->header[i].value.n + 4;
    s->text.n = 0;
    wb_buf_reserve(&s->text, max);
    char *p = put_status(s->text.p, ans->status);
    p = put_date(p, s);
    if (ans->content_type.n) {
        p = put(p, WB_S("Content-Type: "));
        p = put_value(p, ans->content_type);
        p = put(p, WB_S("\r\n"));
    }
    if (ans->endless) {
        p = put(p, chunked ? WB_S("Transfer-Encoding: chunked\r\n") : WB_S(""));
    } else if (ans->status >= 200 && ans->status != 204 && ans->status != 304) {
        p = put(p, WB_S("Content-Length: "));
        p = put_number(p, ans->stream ? (uint64_t)ans->stream : ans->body.n);
        p = put(p, WB_S("\r\n"));
    }
    for (size_t i = 0; i < ans->header_count; i++) {
        p = put(p, ans->header[i].name);
        p = put(p, WB_S(": "));
        p = put_value(p, ans->header[i].value);
        p = put(p, WB_S("\r\n"));
    }
    p = put(p, connection);
    p = put(p, WB_S("\r\n"));
    s->text.n = (size_t)(p - s->text.p);
    return wb_buf_slice(&s->text);
}

void wb_conn_refuse(struct wb_conn *c, int status, const char *why)
{
    struct wb_work *w = c->w;
    wb_arena_reset(&w->arena);
    struct wb_slice said[] = {wb_slice_str(why), WB_S("\n")};
    struct wb_http_answer ans = {.status = status,
                                 .content_type = WB_S("text/plain"),
                                 .body = wb_concat(&w->arena, said, 2)};
    c->state = WB_CONN_IDLE;
    c->close_after = c->unread = true;
    struct wb_slice head = make_head(c->server, &ans, WB_S("Connection: close\r\n"), false);
    wb_conn_write(c, head, ans.body, false);
}

/* The answer comes from on_head: a body that has arrived already is skipped; otherwise nobody can
 * say where the next request begins. */
static bool skip_body(struct wb_work *w)
{
    if (!w->head.chunked && !w->need)
        return true;
    if (!w->body_inline || w->in_n - w->end < w->need)
        return false;
    w->end += w->need;
    return true;
}

bool wb_http_respond(struct wb_http_exchange *x, const struct wb_http_answer *ans)
{
    struct wb_work *w = WB_CONTAINER(x, struct wb_work, x);
    struct wb_conn *c = w->conn;
    struct wb_http_server *s = c->server;
    assert(c->awaiting); /* exactly one answer */
    c->awaiting = false;
    if (c->state == WB_CONN_CLOSED) {
        if (c->handle_closed)
            wb_conn_free(c);
        return false;
    }
    if (c->state == WB_CONN_BODY || ((c->state == WB_CONN_DECIDE || w->refused) && !skip_body(w)))
        c->unread = true;
    if (c->unread)
        w->pending.n = 0; /* so that reading on is not held up by it */
    /* To an old client the end of an endless answer is the connection's. */
    w->chunked = ans->endless && !w->head.http_1_0;
    c->close_after =
        ans->close || !x->keep_alive || s->draining || c->unread || (ans->endless && !w->chunked);
    struct wb_slice connection = c->close_after     ? WB_S("Connection: close\r\n")
                                 : w->head.http_1_0 ? WB_S("Connection: keep-alive\r\n")
                                                    : WB_S("");
    bool bare = wb_slice_is(x->method, "HEAD") || ans->status < 200 || ans->status == 204 ||
                ans->status == 304;
    struct wb_slice head = make_head(s, ans, connection, w->chunked);
    bool more = w->in_n > w->end || w->pending.n;
    bool stream = ans->stream || ans->endless;
    wb_conn_write(c, head, bare ? WB_SLICE_NULL : ans->body, c->advancing && more && !stream);
    if (c->state == WB_CONN_CLOSED)
        return false;
    if (stream && !bare) {
        w->owed = ans->endless ? WB_OWED_ENDLESS : (uint64_t)ans->stream;
        c->awaiting = true;
        return true;
    }
    wb_conn_request_done(c);
    if (c->advancing)
        return false; /* the caller goes on from here */
    if (more && !c->close_after)
        wb_server_again(c);
    else
        wb_conn_settle(c);
    return false;
}

struct wb_slice wb_http_header(const struct wb_http_exchange *x, const char *name)
{
    struct wb_slice n = wb_slice_str(name);
    for (size_t i = 0; i < x->header_count; i++)
        if (wb_slice_ieq(x->header[i].name, n))
            return x->header[i].value;
    return WB_SLICE_NULL;
}
