/*
 * One connection. Everything that happens to it ends in wb_conn_advance: take requests from the
 * input as far as it goes, then wb_conn_settle: flush, choose the time-out that applies, read or
 * not, give back the buffers, or close.
 */
#include "net/http_internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_FIRST    (64 * 1024) /* first size of a body buffer */
#define IN_MAX        (WB_HTTP_HEAD_MAX + WB_HTTP_TRAILER_MAX)
#define CONTINUE_TEXT "HTTP/1.1 100 Continue\r\n\r\n"

/* Input */

/* Where the next bytes go; empty when there is no room before an answer was given. */
static uv_buf_t room(struct wb_conn *c)
{
    struct wb_work *w = wb_conn_need_work(c);
    if (c->state == WB_CONN_BODY && !w->stream && !w->body_inline && !w->head.chunked) {
        size_t left = w->need - w->body.n, cap = w->body.cap - w->body.n;
        return uv_buf_init(w->body.p + w->body.n, (unsigned)(cap < left ? cap : left));
    }
    if (w->in_n == w->in_cap) {
        bool head = c->state == WB_CONN_IDLE || c->state == WB_CONN_HEAD;
        size_t to = head ? 0 : w->pos + w->head.len;
        size_t from = head ? w->pos : w->raw;
        if (head || (c->state == WB_CONN_BODY && w->head.chunked)) {
            memmove(w->in + to, w->in + from, w->in_n - from);
            w->in_n -= from - to;
            *(head ? &w->pos : &w->raw) = to;
        }
        if (head && w->in_n == w->in_cap && w->in_cap < IN_MAX) {
            w->in_cap = w->in_cap * 2 < IN_MAX ? w->in_cap * 2 : IN_MAX;
            w->in = wb_xrealloc(w->in, w->in_cap);
        }
    }
    return uv_buf_init(w->in + w->in_n, (unsigned)(w->in_cap - w->in_n));
}

static void took(struct wb_conn *c, size_t n)
{
    struct wb_work *w = c->w;
    if (c->state == WB_CONN_BODY && !w->stream && !w->body_inline && !w->head.chunked)
        w->body.n += n;
    else
        w->in_n += n;
    if (c->state == WB_CONN_BODY)
        w->got += n;
}

/* TLS: more plain text from what was deciphered before there was room. True when some came. */
bool wb_conn_refill(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    if (!w->pending.n)
        return false;
    uv_buf_t b = room(c);
    size_t n = w->pending.n < b.len ? w->pending.n : b.len;
    if (n == 0)
        return false;
    memcpy(b.base, w->pending.p, n);
    took(c, n);
    wb_buf_drop(&w->pending, n);
    return true;
}

/* Of a streamed body with a length the input is taken at once. */
static bool streams(const struct wb_conn *c)
{
    return c->state == WB_CONN_BODY && c->w->stream && !c->w->head.chunked;
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
    struct wb_conn *c = h->data;
    (void)suggested;
    if (c->server->paused && c->state != WB_CONN_LINGER)
        *b = uv_buf_init(NULL, 0);
    else if (wb_stream_holds(c))
        *b = uv_buf_init(NULL, 0);
    else if (c->tls || c->state == WB_CONN_LINGER)
        *b = uv_buf_init(c->server->scratch, WB_HTTP_SCRATCH);
    else if (streams(c))
        *b = uv_buf_init(c->server->scratch,
                         (unsigned)(c->w->left < WB_HTTP_SCRATCH ? c->w->left : WB_HTTP_SCRATCH));
    else
        *b = room(c);
}

static void hold(struct wb_conn *c)
{
    wb_list_remove(&c->held);
    wb_list_append(&c->server->held, &c->held);
}

static void decipher(struct wb_conn *c, struct wb_slice in)
{
    struct wb_work *w = wb_conn_need_work(c);
    bool closed = false;
    bool ok = wb_tls_feed(c->tls, in, &w->pending, &w->out, &closed);
    wb_conn_flush(c); /* handshake, tickets, alerts */
    if (!ok && c->state != WB_CONN_CLOSED) {
        wb_conn_close(c);
        return;
    }
    if (closed)
        c->eof = true;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct wb_conn *c = stream->data;
    if (n == UV_ENOBUFS) { /* paused, or no room: wb_conn_settle starts it again */
        uv_read_stop(stream);
        c->reading = false;
        if (c->server->paused)
            hold(c);
        return;
    }
    if (n < 0 && n != UV_EOF) {
        wb_conn_close(c);
        return;
    }
    if (c->state == WB_CONN_LINGER) {
        if (n == UV_EOF)
            wb_conn_close(c);
        return;
    }
    if (n == UV_EOF)
        c->eof = true;
    else if (n > 0 && c->tls)
        decipher(c, wb_slice(b->base, (size_t)n));
    else if (n > 0 && streams(c))
        wb_stream_take(c, wb_slice(b->base, (size_t)n));
    else if (n > 0)
        took(c, (size_t)n);
    if (c->state == WB_CONN_CLOSED)
        return;
    if (c->eof) {
        uv_read_stop(stream);
        c->reading = false;
        if (c->state == WB_CONN_BUSY && c->awaiting)
            wb_conn_gone(
                c); /* it may only have closed its sending side: the answer is tried still */
        if (c->state == WB_CONN_CLOSED)
            return;
    }
    wb_conn_advance(c);
}

/* Requests */

static struct wb_slice part(const struct wb_work *w, struct wb_http_span s)
{
    return wb_http_span_in(s, w->in + w->pos);
}

static void make_exchange(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    const struct wb_http_head *h = &w->head;
    struct wb_http_exchange *x = &w->x;
    *x = (struct wb_http_exchange){
        .arena = &w->arena,
        .method = part(w, h->method),
        .target = part(w, h->target),
        .path = h->path.n ? part(w, h->path) : WB_S("/"),
        .query = h->has_query ? part(w, h->query) : WB_SLICE_NULL,
        .host = h->host.n ? part(w, h->host) : WB_SLICE_NULL,
        .header_count = h->field_count,
        .body = WB_S(""),
        .tls = c->tls != NULL,
        .keep_alive = h->keep_alive,
        .loop = c->server->loop,
        .server_user = c->server->o.user,
        .peer_port = c->peer_port,
        .connection = c->number,
    };
    if (c->tls)
        wb_tls_facts(c->tls, &x->tls_version, &x->tls_cipher);
    memcpy(x->peer, c->peer, sizeof(x->peer));
    x->header = wb_alloc(&w->arena, sizeof(*x->header) * h->field_count);
    for (size_t i = 0; i < h->field_count; i++)
        x->header[i] = (struct wb_pair){part(w, h->field[i].name), part(w, h->field[i].value)};
}

/* Puts the rest of the input where the whole request fits, while nothing points into it yet. */
static void place_request(struct wb_work *w)
{
    const struct wb_http_head *h = &w->head;
    size_t extra = h->chunked              ? WB_HTTP_TRAILER_MAX
                   : h->content_length > 0 ? (size_t)h->content_length
                                           : 0;
    bool fits = extra <= w->in_cap && w->pos + h->len <= w->in_cap - extra;
    if (!fits && w->pos) {
        memmove(w->in, w->in + w->pos, w->in_n - w->pos);
        w->in_n -= w->pos;
        w->pos = 0;
        fits = extra <= w->in_cap && h->len <= w->in_cap - extra;
    }
    if (!fits && h->chunked) {
        w->in_cap = IN_MAX;
        w->in = wb_xrealloc(w->in, w->in_cap);
        fits = true;
    }
    w->body_inline = fits && !h->chunked;
    w->raw = w->pos + h->len;
    w->end = w->raw;
    w->need = h->content_length > 0 ? (size_t)h->content_length : 0;
    w->got = w->got_before = 0;
    w->graced = w->stream = w->full = w->refused = w->chunked = false;
    w->left = w->owed = 0;
}

void wb_conn_request_done(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    w->pos = w->end;
    if (w->pos == w->in_n)
        w->pos = w->in_n = 0;
    wb_http_head_init(&w->head);
    if (w->body.cap) {
        wb_work_trim(&w->body);
        wb_work_count_body(c->server, w);
    }
    wb_arena_reset(&w->arena);
    if (c->state != WB_CONN_CLOSED)
        c->state = WB_CONN_IDLE;
}

/* True when the answer was given at once and the input can be looked at again. */
bool wb_conn_hand_over(struct wb_conn *c)
{
    wb_server_time(c, WB_TIMER_NONE);
    c->state = WB_CONN_BUSY;
    c->awaiting = true;
    c->server->o.on_request(&c->w->x);
    if (c->awaiting && c->eof && c->state == WB_CONN_BUSY)
        wb_conn_gone(c); /* the end of the stream came together with the request */
    return !c->awaiting;
}

/* Room in the body buffer for what comes next; false: refused. */
static bool grow_body(struct wb_conn *c, size_t more)
{
    struct wb_work *w = c->w;
    struct wb_http_server *s = c->server;
    if (w->body.cap - w->body.n >= more)
        return true;
    if (s->body_bytes + more > WB_HTTP_BODIES_MAX) {
        wb_conn_refuse(c, 503, "too many large requests at once");
        return false;
    }
    wb_buf_reserve(&w->body, more);
    wb_work_count_body(s, w);
    return true;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool begin_body(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    c->state = WB_CONN_BODY;
    wb_http_chunks_init(&w->chunks);
    if (!w->body_inline && !w->head.chunked) {
        size_t have = smaller(w->in_n - w->end, w->need);
        if (!grow_body(c, smaller(w->need, have > BODY_FIRST ? have : BODY_FIRST)))
            return false;
        wb_buf_put(&w->body, w->in + w->end, have);
        /* What follows in the input belongs to the next request; usually nothing. */
        w->end += have;
    }
    wb_server_time(c, WB_TIMER_BODY);
    return true;
}

static bool decide(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    struct wb_http_server *s = c->server;
    place_request(w);
    make_exchange(c);
    c->ready = true;
    c->state = WB_CONN_DECIDE;
    c->awaiting = true;
    int64_t limit = s->o.on_head ? s->o.on_head(&w->x) : WB_HTTP_BODY_MAX;
    if (!c->awaiting)
        return true; /* answered */
    if (limit < 0) {
        c->state = WB_CONN_BUSY; /* the answer comes later */
        w->refused = true;
        wb_server_time(c, WB_TIMER_NONE);
        return false;
    }
    w->stream = w->x.on_body != NULL;
    c->awaiting = w->stream;
    w->limit = (size_t)limit;
    assert(!w->stream || w->need <= w->limit);
    if (w->need > w->limit) {
        wb_conn_refuse(c, 413, "request body too large");
        return false;
    }
    if (!w->need && !w->head.chunked)
        return wb_conn_hand_over(c);
    bool whole = !w->stream && w->body_inline && w->in_n - w->end >= w->need;
    if (whole) {
        w->x.body = wb_slice(w->in + w->end, w->need);
        w->end += w->need;
        return wb_conn_hand_over(c);
    }
    if (w->head.expect_continue && w->in_n == w->end)
        wb_conn_write(c, WB_S(CONTINUE_TEXT), WB_SLICE_NULL, false);
    return c->state != WB_CONN_CLOSED && (w->stream ? wb_stream_begin(c) : begin_body(c));
}

static bool step_head(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    if (w->pos == w->in_n && !wb_conn_refill(c))
        return false;
    switch (wb_http_head_parse(&w->head, w->in + w->pos, w->in_n - w->pos)) {
    case WB_HTTP_DONE:
        return decide(c);
    case WB_HTTP_BAD:
        wb_conn_refuse(c, w->head.status, w->head.why);
        return false;
    default:
        c->state = WB_CONN_HEAD;
        return wb_conn_refill(c);
    }
}

static bool step_chunks(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    for (;;) {
        size_t used;
        struct wb_slice data;
        enum wb_http_parse r = wb_http_chunks_next(
            &w->chunks, wb_slice(w->in + w->raw, w->in_n - w->raw), &used, &data);
        w->raw += used;
        if (r == WB_HTTP_MORE)
            return wb_conn_refill(c);
        if (r == WB_HTTP_BAD) {
            wb_conn_refuse(c, w->chunks.status, w->chunks.why);
            return false;
        }
        if (r == WB_HTTP_DONE)
            break;
        if (w->chunks.left > w->limit || w->body.n + data.n + w->chunks.left > w->limit) {
            wb_conn_refuse(c, 413, "request body too large");
            return false;
        }
        if (data.n) {
            if (!grow_body(c, data.n))
                return false;
            wb_buf_slice_put(&w->body, data);
        }
    }
    w->end = w->raw;
    w->x.body = w->body.n ? wb_buf_slice(&w->body) : WB_S("");
    return wb_conn_hand_over(c);
}

static bool step_body(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    if (w->stream)
        return wb_stream_step(c);
    if (w->head.chunked)
        return step_chunks(c);
    if (w->body_inline) {
        if (w->in_n - w->end < w->need)
            return wb_conn_refill(c);
        w->x.body = wb_slice(w->in + w->end, w->need);
        w->end += w->need;
        return wb_conn_hand_over(c);
    }
    if (w->body.n < w->need) {
        if (w->body.n == w->body.cap && !grow_body(c, smaller(w->need - w->body.n, w->body.cap)))
            return false;
        return wb_conn_refill(c);
    }
    w->x.body = wb_buf_slice(&w->body);
    return wb_conn_hand_over(c);
}

static bool step(struct wb_conn *c)
{
    if (!c->w || c->w->sending.n || c->close_after)
        return false;
    bool taking = c->state == WB_CONN_IDLE || c->state == WB_CONN_HEAD || c->state == WB_CONN_BODY;
    if (!taking)
        return false;
    if (c->server->paused) {
        hold(c);
        return false;
    }
    return c->state == WB_CONN_BODY ? step_body(c) : step_head(c);
}

void wb_conn_advance(struct wb_conn *c)
{
    if (c->advancing || c->state == WB_CONN_CLOSED)
        return;
    c->advancing = true;
    while (step(c))
        ;
    c->advancing = false;
    wb_conn_settle(c);
}

/* What to wait for */

static bool can_read(const struct wb_conn *c)
{
    const struct wb_work *w = c->w;
    if (c->eof || c->state == WB_CONN_CLOSED || (w && w->pending.n) || wb_stream_holds(c))
        return false;
    return c->state != WB_CONN_BUSY || w->in_n < w->in_cap;
}

static void settle_idle(struct wb_conn *c)
{
    struct wb_work *w = c->w;
    bool input = w && (w->in_n > w->pos || w->pending.n);
    if (c->close_after) {
        wb_conn_end(c, input || c->unread);
    } else if (c->eof) {
        wb_conn_give_back(c); /* now: many may go in one turn, closing is done in the next */
        wb_conn_close(c);
    } else if (c->state == WB_CONN_HEAD || (c->tls && !c->ready)) {
        if (c->timer_kind != WB_TIMER_HEAD)
            wb_server_time(c, WB_TIMER_HEAD);
    } else {
        if (!input)
            wb_conn_give_back(c);
        wb_server_time(c, WB_TIMER_IDLE);
    }
}

void wb_conn_settle(struct wb_conn *c)
{
    wb_conn_flush(c);
    if (c->state == WB_CONN_CLOSED)
        return;
    if (c->w && c->w->sending.n) {
        if (c->timer_kind != WB_TIMER_SEND)
            wb_server_time(c, WB_TIMER_SEND);
    } else if (c->state == WB_CONN_IDLE || c->state == WB_CONN_HEAD) {
        settle_idle(c);
    } else if (c->state == WB_CONN_BODY) {
        if (wb_stream_holds(c))
            wb_server_time(c, WB_TIMER_NONE);
        else if (c->eof)
            wb_conn_close(c);
        else if (c->timer_kind != WB_TIMER_BODY)
            wb_server_time(c, WB_TIMER_BODY);
    } else if (c->state == WB_CONN_BUSY && c->timer_kind != WB_TIMER_NONE) {
        wb_server_time(c, WB_TIMER_NONE);
    }
    if (c->reading || !can_read(c))
        return;
    if (c->server->paused) {
        hold(c);
        return;
    }
    c->reading = true;
    uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

/* A client must send a body, and take an answer, at the minimum rate: what moved since the last
 * look, over the time between looks. */
static bool enough(uint64_t bytes, uint64_t ms)
{
    return bytes >= WB_HTTP_BODY_MIN_RATE * ms / 1000;
}

void wb_conn_expire(struct wb_conn *c, enum wb_conn_timer kind)
{
    struct wb_work *w = c->w;
    size_t queued;
    switch (kind) {
    case WB_TIMER_HEAD:
        if (c->state != WB_CONN_HEAD)
            break; /* a TLS handshake that does not end */
        wb_conn_refuse(c, 408, "request head not sent in time");
        wb_conn_settle(c);
        return;
    case WB_TIMER_BODY:
        if (!w->graced || enough(w->got - w->got_before, WB_HTTP_BODY_GRACE_MS)) {
            w->graced = true;
            w->got_before = w->got;
            wb_server_time(c, WB_TIMER_BODY);
            return;
        }
        if (w->stream)
            wb_stream_refuse(c, 408);
        else
            wb_conn_refuse(c, 408, "request body sent too slowly");
        wb_conn_settle(c);
        return;
    case WB_TIMER_SEND:
        queued = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
        if (enough(w->queued_before - queued, WB_HTTP_SEND_MS)) {
            w->queued_before = queued;
            wb_server_time(c, WB_TIMER_SEND);
            return;
        }
        break;
    case WB_TIMER_IDLE:
        wb_conn_part(c);
        return;
    default:
        break;
    }
    wb_conn_close(c);
}

/* Beginnings */

static struct wb_conn *conn_new(struct wb_http_server *s)
{
    struct wb_conn *c = wb_xcalloc(1, sizeof(*c));
    c->server = s;
    c->tcp.data = c;
    wb_list_init(&c->timer);
    wb_list_init(&c->held);
    wb_list_append(&s->all, &c->all);
    s->count++;
    s->live++;
    uv_tcp_init(wb_loop_uv(s->loop), &c->tcp);
    return c;
}

static void conn_start(struct wb_conn *c)
{
    struct sockaddr_storage ss;
    int len = sizeof(ss);
    if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&ss, &len) != 0) {
        wb_conn_close(c); /* gone already */
        return;
    }
    c->number = ++c->server->connections_made;
    /* sin6_port lies where sin_port does */
    c->peer_port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
    if (ss.ss_family == AF_INET)
        inet_ntop(AF_INET, &((struct sockaddr_in *)&ss)->sin_addr, c->peer, sizeof(c->peer));
    else
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&ss)->sin6_addr, c->peer, sizeof(c->peer));
    if (c->server->o.tls)
        c->tls = wb_tls_new(c->server->o.tls);
    wb_conn_settle(c);
}

void wb_conn_accept(struct wb_http_server *s, uv_stream_t *listener)
{
    struct wb_conn *c = conn_new(s);
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0)
        wb_conn_close(c);
    else
        conn_start(c);
}

void wb_conn_adopt(struct wb_http_server *s, int fd)
{
    struct wb_conn *c = conn_new(s);
    if (uv_tcp_open(&c->tcp, fd) != 0) {
        close(fd);
        wb_conn_close(c);
    } else {
        conn_start(c);
    }
}
