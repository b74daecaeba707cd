/*
 * Answers that go on: the front owns the exchange, the source what is said. One timer of a front
 * beats for all its streams. A stream is not an open request: a server that stops waits for
 * requests, but ends streams.
 */
#include "engine/front.h"
#include "engine/stream.h"
#include <stdlib.h>

struct wb_stream {
    struct wb_link link;        /* of the front */
    struct wb_http_exchange *x; /* NULL: it has not begun */
    const struct wb_stream_source *source;
    void *state;
    bool waiting; /* for the client to take what was sent */
};

struct wb_stream *wb_call_stream(struct wb_call *c, const struct wb_stream_source *source,
                                 void *state)
{
    assert(!wb_failed(c) && c->op->class == WB_STREAM);
    c->stream = wb_xcalloc(1, sizeof *c->stream);
    wb_list_init(&c->stream->link);
    c->stream->source = source;
    c->stream->state = state;
    return c->stream;
}

struct wb_loop *wb_call_loop(const struct wb_call *c)
{
    const struct request *r = c->front;
    return r->front->loop;
}

static void let_go(struct wb_stream *s)
{
    wb_list_remove(&s->link);
    s->source->end(s->state);
    free(s);
}

void wb_front_stream_drop(struct request *r)
{
    if (r->call.stream)
        let_go(r->call.stream);
    r->call.stream = NULL;
}

static void finish(struct wb_stream *s, struct wb_slice last)
{
    struct wb_http_exchange *x = s->x;
    x->on_gone = NULL;
    let_go(s);
    if (last.n)
        wb_http_send(x, last);
    wb_http_end(x);
}

static void send_more(struct wb_stream *s)
{
    struct wb_buf out = {.p = NULL};
    if (!s->source->take(s->state, &out)) {
        finish(s, wb_buf_slice(&out));
    } else if (out.n) {
        s->waiting = true;
        if (wb_http_send(s->x, wb_buf_slice(&out)) == WB_SENT_MORE)
            s->waiting = false; /* else on_sent will come, or on_gone has and s is no more */
    }
    wb_buf_release(&out);
}

static void on_sent(struct wb_http_exchange *x)
{
    struct wb_stream *s = x->user;
    s->waiting = false;
    send_more(s);
}

/* Who only closes its sending side is taken to be gone, too: a stream that waits for its next tick
 * would notice late, and an account has few. */
static void on_gone(struct wb_http_exchange *x)
{
    let_go(x->user);
    wb_http_abandon(x);
}

void wb_stream_go(struct wb_stream *s)
{
    if (s->x && !s->waiting)
        send_more(s);
}

/* --- of a front --- */

void wb_front_streams_beat(struct wb_front *f)
{
    for (struct wb_link *l = f->streams.next, *next; l != &f->streams; l = next) {
        struct wb_stream *s = WB_CONTAINER(l, struct wb_stream, link);
        next = l->next;
        s->source->tick(s->state);
        if (!s->waiting)
            send_more(s);
    }
    if (!wb_list_empty(&f->streams))
        wb_timer_start(f->beat, WB_STREAM_TICK_MS);
}

/* What was gathered since the last beat is sent still; who has not taken what came before is cut
 * off. */
void wb_front_streams_end(struct wb_front *f)
{
    while (!wb_list_empty(&f->streams)) {
        struct wb_stream *s = WB_CONTAINER(f->streams.next, struct wb_stream, link);
        struct wb_http_exchange *x = s->x;
        struct wb_buf out = {.p = NULL};
        if (s->waiting) {
            let_go(s);
            wb_http_abandon(x);
            continue;
        }
        s->source->tick(s->state);
        s->source->take(s->state, &out);
        finish(s, wb_buf_slice(&out));
        wb_buf_release(&out);
    }
}

void wb_front_stream_begin(struct request *r, struct wb_http_answer *a)
{
    struct wb_front *f = r->front;
    struct wb_stream *s = r->call.stream;
    struct wb_http_exchange *x = r->x;
    a->content_type = wb_slice_str(s->source->content_type);
    a->body = WB_SLICE_NULL;
    a->endless = true;
    s->x = x;
    x->user = s;
    x->on_gone = on_gone;
    x->on_sent = on_sent;
    if (!wb_http_respond(x, a)) { /* the client is gone, and the exchange, too */
        let_go(s);
        return;
    }
    if (wb_list_empty(&f->streams))
        wb_timer_start(f->beat, WB_STREAM_TICK_MS);
    wb_list_append(&f->streams, &s->link);
}
