/*
 * Bodies that nobody collects. Of a request: pieces go to on_body as they are read, from the
 * server's scratch buffer or the input, and the socket is not read while the owner is full, so a
 * body of any size costs nothing here. Of an answer: the owner sends the next piece when the one
 * before has left.
 */
#include "net/http_internal.h"

#include <assert.h>

static struct wb_conn *conn_of(const struct wb_http_exchange *x)
{
    return WB_CONTAINER(x, struct wb_work, x)->conn;
}

/* --- requests --- */

bool wb_stream_holds(const struct wb_conn *c)
{
    return c->state == WB_CONN_BODY && c->w->stream && (c->w->full || c->w->refused);
}

/* The owner may answer inside: then the connection has left the body. */
static void give(struct wb_conn *c, struct wb_slice piece)
{
    struct wb_work *w = c->w;
    bool advancing = c->advancing;
    c->advancing = true; /* an answer leaves going on to whoever called us */
    bool more = w->x.on_body(&w->x, piece);
    c->advancing = advancing;
    if (c->state == WB_CONN_BODY)
        w->full = !more;
}

void wb_stream_take(struct wb_conn *c, struct wb_slice piece)
{
    struct wb_work *w = c->w;
    assert(piece.n <= w->left);
    w->got += piece.n;
    w->left -= piece.n;
    give(c, piece);
}

bool wb_stream_begin(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    c->state = WB_CONN_BODY;
    wb_http_chunks_init(&w->chunks);
    wb_server_time(c, WB_TIMER_BODY);
    if (w->head.chunked)
        return true;
    size_t have = w->in_n - w->end < w->need ? w->in_n - w->end : w->need;
    struct wb_slice piece = wb_slice(w->in + w->end, have);
    w->left = w->need;
    w->end += have;
    if (have)
        wb_stream_take(c, piece);
    return true;
}

void wb_stream_refuse(struct wb_conn *c, int status)
{
    c->w->refused = true;
    c->w->x.body_bad = status;
    wb_server_time(c, WB_TIMER_NONE);
    wb_conn_gone(c);
}

static bool step_length(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    while (w->pending.n && w->left && !w->full && c->state == WB_CONN_BODY) {
        size_t n = w->pending.n < w->left ? w->pending.n : (size_t)w->left;
        wb_stream_take(c, wb_slice(w->pending.p, n));
        wb_buf_drop(&w->pending, n);
    }
    if (c->state != WB_CONN_BODY)
        return true;
    return !w->left && wb_conn_hand_over(c);
}

static bool step_chunked(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    while (!w->full) {
        size_t used;
        struct wb_slice data;
        enum wb_http_parse r = wb_http_chunks_next(
            &w->chunks, wb_slice(w->in + w->raw, w->in_n - w->raw), &used, &data);
        w->raw += used;
        if (r == WB_HTTP_MORE)
            return wb_conn_refill(c);
        if (r == WB_HTTP_DONE) {
            w->end = w->raw;
            return wb_conn_hand_over(c);
        }
        if (r == WB_HTTP_BAD || w->chunks.left > w->limit || data.n > w->limit ||
            w->left > w->limit - data.n) {
            wb_stream_refuse(c, r == WB_HTTP_BAD ? w->chunks.status : 413);
            return false;
        }
        w->left += data.n;
        if (data.n)
            give(c, data);
        if (c->state != WB_CONN_BODY)
            return true;
    }
    return false;
}

bool wb_stream_step(struct wb_conn *c)
{
    if (wb_stream_holds(c))
        return false;
    return c->w->head.chunked ? step_chunked(c) : step_length(c);
}

void wb_http_body_go(struct wb_http_exchange *x)
{
    struct wb_conn *c = conn_of(x);
    if (c->state != WB_CONN_BODY)
        return;
    c->w->full = false;
    wb_conn_advance(c);
}

/* --- answers --- */

bool wb_http_closed(const struct wb_http_exchange *x)
{
    return conn_of(x)->state == WB_CONN_CLOSED;
}

/* May close the connection. */
static void put(struct wb_conn *c, struct wb_slice bytes)
{
    if (!c->tls)
        wb_conn_write(c, WB_SLICE_NULL, bytes, false);
    else if (!wb_tls_send(c->tls, bytes, &c->w->out))
        wb_conn_close(c);
    else
        wb_conn_flush(c);
}

static void put_chunk(struct wb_conn *c, struct wb_slice bytes)
{
    struct wb_buf *text = &c->server->text;
    text->n = 0;
    wb_buf_printf(text, "%zx\r\n", bytes.n);
    wb_buf_slice_put(text, bytes);
    wb_buf_str(text, "\r\n");
    put(c, wb_buf_slice(text));
    wb_work_trim(text);
}

/* The answer is complete. */
static void all_sent(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    bool more = w->in_n > w->end || w->pending.n;
    w->owed = 0;
    c->awaiting = false;
    wb_conn_request_done(c);
    if (more && !c->close_after)
        wb_server_again(c);
    else
        wb_conn_settle(c);
}

enum wb_http_sent wb_http_send(struct wb_http_exchange *x, struct wb_slice bytes)
{
    struct wb_conn *c = conn_of(x);
    struct wb_work *w = c->w;
    bool endless = w->owed == WB_OWED_ENDLESS;
    assert(c->awaiting && bytes.n && (endless || bytes.n <= w->owed));
    if (c->state == WB_CONN_CLOSED)
        return WB_SENT_WAIT; /* on_gone has told */
    bool last = bytes.n == w->owed;
    if (w->chunked)
        put_chunk(c, bytes);
    else
        put(c, bytes);
    if (c->state == WB_CONN_CLOSED)
        return WB_SENT_WAIT;
    if (last) {
        all_sent(c);
        return WB_SENT_ALL;
    }
    if (!endless)
        w->owed -= bytes.n;
    if (!w->sending.n)
        return WB_SENT_MORE;
    wb_conn_settle(c); /* the time-out for sending */
    return WB_SENT_WAIT;
}

void wb_http_end(struct wb_http_exchange *x)
{
    struct wb_conn *c = conn_of(x);
    assert(c->awaiting && c->w->owed == WB_OWED_ENDLESS);
    x->on_gone = NULL;
    if (c->state != WB_CONN_CLOSED && c->w->chunked)
        put(c, WB_S("0\r\n\r\n"));
    if (c->state == WB_CONN_CLOSED)
        wb_http_abandon(x);
    else
        all_sent(c);
}

void wb_http_abandon(struct wb_http_exchange *x)
{
    struct wb_conn *c = conn_of(x);
    assert(c->awaiting);
    c->awaiting = false;
    c->w->owed = 0;
    if (c->state != WB_CONN_CLOSED)
        wb_conn_close(c);
    else if (c->handle_closed)
        wb_conn_free(c);
}
