/*
 * A connection's outer side: the buffers it borrows, writing, and the ways it ends.
 */
#include "net/http_internal.h"

#include <assert.h>
#include <stdlib.h>

#define BODY_KEEP    (64 * 1024) /* a larger buffer is not kept for the next request */
#define OUT_CORK_MAX (64 * 1024) /* collected answers are sent when they reach this */
#define TLS_RECORD   (16 * 1024)

/* Work: what a request needs */

void wb_work_free(struct wb_work *w)
{
    if (!w)
        return;
    wb_arena_release(&w->arena);
    free(w->in);
    wb_buf_release(&w->body);
    wb_buf_release(&w->out);
    wb_buf_release(&w->sending);
    wb_buf_release(&w->pending);
    free(w);
}

struct wb_work *wb_conn_need_work(struct wb_conn *c)
{
    if (c->w)
        return c->w;
    struct wb_http_server *s = c->server;
    struct wb_work *w = s->pool;
    if (w) {
        s->pool = w->next;
        if (--s->pool_count < s->pool_low)
            s->pool_low = s->pool_count;
    } else {
        w = wb_xcalloc(1, sizeof(*w));
        wb_arena_init(&w->arena, 0);
        w->in_cap = WB_HTTP_BUFFER;
        w->in = wb_xmalloc(w->in_cap);
    }
    w->conn = c;
    wb_http_head_init(&w->head);
    c->w = w;
    return w;
}

void wb_work_trim(struct wb_buf *b)
{
    b->n = 0;
    if (b->cap > BODY_KEEP)
        wb_buf_release(b);
}

void wb_work_count_body(struct wb_http_server *s, struct wb_work *w)
{
    if (s)
        s->body_bytes += w->body.cap - w->body_counted;
    w->body_counted = w->body.cap;
}

void wb_conn_give_back(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    struct wb_http_server *s = c->server;
    c->w = NULL;
    if (!w)
        return;
    wb_buf_release(&w->body);
    wb_work_count_body(s, w);
    if (!s || s->freed) {
        wb_work_free(w);
        return;
    }
    wb_arena_reset(&w->arena);
    wb_work_trim(&w->out);
    wb_work_trim(&w->sending);
    wb_work_trim(&w->pending);
    if (w->in_cap != WB_HTTP_BUFFER) {
        free(w->in);
        w->in = wb_xmalloc(WB_HTTP_BUFFER);
        w->in_cap = WB_HTTP_BUFFER;
    }
    w->in_n = w->pos = 0;
    w->conn = NULL;
    w->next = s->pool;
    s->pool = w;
    s->pool_count++;
}

/* Ends of life */

void wb_conn_free(struct wb_conn *c)
{
    wb_conn_give_back(c);
    wb_tls_free(c->tls);
    wb_list_remove(&c->timer);
    wb_list_remove(&c->held);
    wb_server_forget(c);
    free(c);
}

static void on_closed(uv_handle_t *h)
{
    struct wb_conn *c = h->data;
    c->handle_closed = true;
    if (!c->awaiting)
        wb_conn_free(c);
}

/* The client went away while a handler owes the answer. */
void wb_conn_gone(struct wb_conn *c)
{
    struct wb_http_exchange *x = &c->w->x;
    void (*gone)(struct wb_http_exchange *) = x->on_gone;
    x->on_gone = NULL;
    if (gone)
        gone(x);
}

void wb_conn_close(struct wb_conn *c)
{
    if (c->state == WB_CONN_CLOSED)
        return;
    bool busy = c->awaiting && (c->state == WB_CONN_BUSY || c->state == WB_CONN_BODY);
    c->state = WB_CONN_CLOSED;
    c->reading = false;
    wb_list_remove(&c->timer);
    wb_list_remove(&c->held);
    c->server->live--;
    uv_close((uv_handle_t *)&c->tcp, on_closed);
    if (busy)
        wb_conn_gone(c);
}

/* Writing */

static void on_written(uv_write_t *req, int status)
{
    struct wb_work *w = WB_CONTAINER(req, struct wb_work, write);
    struct wb_conn *c = w->conn;
    wb_work_trim(&w->sending);
    if (c->state == WB_CONN_CLOSED)
        return;
    if (status < 0) {
        wb_conn_close(c);
        return;
    }
    wb_conn_advance(c);
    if (c->state == WB_CONN_BUSY && w->owed && !w->sending.n)
        w->x.on_sent(&w->x);
}

/* Sends what is collected; what the socket does not take at once is left to libuv. */
void wb_conn_flush(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    if (!w || !w->out.n || w->sending.n || c->state == WB_CONN_CLOSED)
        return;
    uv_buf_t b = uv_buf_init(w->out.p, (unsigned)w->out.n);
    int sent = uv_try_write((uv_stream_t *)&c->tcp, &b, 1);
    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent < 0) {
        wb_conn_close(c);
        return;
    }
    if ((size_t)sent == w->out.n) {
        wb_work_trim(&w->out);
        return;
    }
    struct wb_buf free_one = w->sending;
    w->sending = w->out;
    w->out = free_one;
    b = uv_buf_init(w->sending.p + sent, (unsigned)(w->sending.n - (size_t)sent));
    w->queued_before = b.len;
    if (uv_write(&w->write, (uv_stream_t *)&c->tcp, &b, 1, on_written) != 0)
        wb_conn_close(c);
}

static void write_tls(struct wb_conn *c, struct wb_slice head, struct wb_slice body, bool cork)
{
    struct wb_work *w = c->w;
    bool ok;
    if (body.n && body.n <= TLS_RECORD - head.n) { /* one record for both */
        struct wb_buf *text = &c->server->text;
        assert(head.p == text->p && head.n == text->n); /* make_head built it there */
        wb_buf_slice_put(text, body);
        ok = wb_tls_send(c->tls, wb_buf_slice(text), &w->out);
    } else {
        ok = wb_tls_send(c->tls, head, &w->out) && (!body.n || wb_tls_send(c->tls, body, &w->out));
    }
    if (!ok)
        wb_conn_close(c);
    else if (!cork || w->out.n >= OUT_CORK_MAX)
        wb_conn_flush(c);
}

void wb_conn_write(struct wb_conn *c, struct wb_slice head, struct wb_slice body, bool cork)
{
    struct wb_work *w = c->w;
    if (c->tls) {
        write_tls(c, head, body, cork);
        return;
    }
    size_t sent = 0;
    if (!cork && !w->out.n && !w->sending.n) {
        uv_buf_t b[2] = {uv_buf_init((char *)head.p, (unsigned)head.n),
                         uv_buf_init((char *)body.p, (unsigned)body.n)};
        int r = uv_try_write((uv_stream_t *)&c->tcp, b, body.n ? 2 : 1);
        if (r < 0 && r != UV_EAGAIN) {
            wb_conn_close(c);
            return;
        }
        sent = r < 0 ? 0 : (size_t)r;
        if (sent == head.n + body.n)
            return;
    }
    size_t of_head = sent < head.n ? sent : head.n;
    wb_buf_put(&w->out, head.p + of_head, head.n - of_head);
    wb_buf_put(&w->out, body.p + (sent - of_head), body.n - (sent - of_head));
    if (!cork || w->out.n >= OUT_CORK_MAX)
        wb_conn_flush(c);
}

/* Closing politely: the answer would be lost in a reset if the client is still sending, so reading
 * goes on for a moment (RFC 9112 9.6). */

static void on_shutdown(uv_shutdown_t *req, int status)
{
    struct wb_work *w = WB_CONTAINER(req, struct wb_work, shutdown);
    if (status < 0)
        wb_conn_close(w->conn);
}

/* TLS: the peer is told that this is the end. Best effort: the socket may be full. */
static void say_goodbye(struct wb_conn *c)
{
    if (!c->tls)
        return;
    struct wb_buf *text = &c->server->text;
    text->n = 0;
    wb_tls_close(c->tls, text);
    uv_buf_t b = uv_buf_init(text->p, (unsigned)text->n);
    if (text->n)
        uv_try_write((uv_stream_t *)&c->tcp, &b, 1);
}

void wb_conn_end(struct wb_conn *c, bool more_input)
{
    say_goodbye(c);
    if (c->eof || !more_input ||
        uv_shutdown(&c->w->shutdown, (uv_stream_t *)&c->tcp, on_shutdown) != 0) {
        wb_conn_close(c);
        return;
    }
    c->state = WB_CONN_LINGER;
    wb_server_time(c, WB_TIMER_LINGER);
}

void wb_conn_part(struct wb_conn *c)
{
    say_goodbye(c);
    wb_conn_close(c);
}
