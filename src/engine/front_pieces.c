/*
 * Answers whose body lies in blobs: read on the thread pool, a piece at a time, and sent when the
 * one before has left, so the size of an object costs neither memory nor the loop's time. The
 * blobs are held meanwhile: deleting an object does not cut the answer off.
 */
#include "engine/front.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct wb_download {
    struct wb_off off;
    struct wb_front *front;
    struct wb_http_exchange *x;
    const struct wb_piece *piece;
    size_t count, at; /* the piece being sent */
    int64_t done;     /* of it, bytes */
    int fd;           /* of it; -1: not open */
    char *buf;        /* while it is read and sent */
    size_t n;
    bool working, closed;
    int error;
};

int64_t wb_front_pieces_size(const struct wb_call *c)
{
    int64_t size = 0;
    for (size_t i = 0; i < c->piece_count; i++)
        size += c->piece[i].size;
    return size;
}

static void hold_all(struct wb_download *d, bool hold)
{
    for (size_t i = 0; i < d->count; i++)
        wb_blob_hold(d->front->engine, d->piece[i].blob, hold);
}

/* The exchange is gone, or goes right now. */
static void end(struct wb_download *d)
{
    hold_all(d, false); /* their names are in the exchange's arena */
    if (d->fd >= 0)
        close(d->fd);
    free(d->buf);
    d->front->downloads--;
    atomic_fetch_sub_explicit(&d->front->open, 1, memory_order_relaxed);
}

static void abandon(struct wb_download *d)
{
    struct wb_http_exchange *x = d->x;
    end(d);
    free(d);
    wb_http_abandon(x);
}

/* --- on the pool --- */

static void next_piece(struct wb_download *d)
{
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
    d->at++;
    d->done = 0;
}

static void work(struct wb_off *o)
{
    struct wb_download *d = WB_CONTAINER(o, struct wb_download, off);
    while (d->at < d->count && d->done == d->piece[d->at].size)
        next_piece(d);
    const struct wb_piece *p = &d->piece[d->at];
    int64_t left = p->size - d->done;
    if (d->fd < 0)
        d->fd = wb_blob_open(d->front->engine, p->blob);
    if (!d->buf)
        d->buf = wb_xmalloc(WB_BLOB_READ);
    d->n = left < WB_BLOB_READ ? (size_t)left : WB_BLOB_READ;
    errno = EIO; /* shorter than its row says */
    if (d->fd < 0 || !wb_blob_pread(d->fd, d->buf, d->n, p->offset + d->done))
        d->error = errno;
    d->done += (int64_t)d->n;
}

/* --- on the loop --- */

static void start(struct wb_download *d)
{
    d->working = true;
    wb_loop_off(d->front->loop, &d->off);
}

static void on_gone(struct wb_http_exchange *x)
{
    struct wb_download *d = x->user;
    x->on_gone = on_gone;
    if (!wb_http_closed(x)) /* it only has nothing more to ask */
        return;
    d->closed = true;
    if (!d->working)
        abandon(d);
}

static void on_sent(struct wb_http_exchange *x)
{
    struct wb_download *d = x->user;
    if (!d->working)
        start(d);
}

static void worked(struct wb_off *o)
{
    struct wb_download *d = WB_CONTAINER(o, struct wb_download, off);
    if (d->error)
        wb_log(WB_LOG_ERROR, "blob", "an answer's body cannot be read", "why", strerror(d->error),
               NULL);
    if (d->closed || d->error) {
        abandon(d);
        return;
    }
    char *buf = d->buf;
    bool last = d->at + 1 == d->count && d->done == d->piece[d->at].size;
    for (size_t i = d->at + 1; !last && i < d->count && d->done == d->piece[d->at].size; i++) {
        if (d->piece[i].size)
            break;
        last = i + 1 == d->count;
    }
    struct wb_slice bytes = wb_slice(buf, d->n);
    if (last) {
        struct wb_http_exchange *x = d->x;
        d->buf = NULL;
        end(d);
        free(d);
        x->on_gone = NULL;
        if (wb_http_send(x, bytes) != WB_SENT_ALL)
            wb_http_abandon(x);
        free(buf);
        return;
    }
    d->buf = NULL; /* an answer that waits for its client needs none */
    d->working = false;
    switch (wb_http_send(d->x, bytes)) { /* d may be gone with WAIT: see on_gone */
    case WB_SENT_MORE:
        d->buf = buf;
        start(d);
        return;
    case WB_SENT_WAIT:
    case WB_SENT_ALL:
        break;
    }
    free(buf);
}

struct wb_download *wb_front_pieces_begin(struct request *r)
{
    struct wb_front *f = r->front;
    if (f->downloads >= WB_BLOB_DOWNLOADS_MAX) {
        wb_fail_busy(&r->call);
        return NULL;
    }
    struct wb_download *d = wb_xcalloc(1, sizeof *d);
    d->off = (struct wb_off){work, worked};
    d->front = f;
    d->x = r->x;
    d->piece = r->call.piece;
    d->count = r->call.piece_count;
    d->fd = -1;
    hold_all(d, true);
    f->downloads++;
    atomic_fetch_add_explicit(&f->open, 1, memory_order_relaxed);
    size_t first = 0;
    while (d->piece[first].size == 0)
        first++;
    d->at = first;
    d->fd = wb_blob_open(f->engine, d->piece[first].blob);
    if (d->fd >= 0)
        return d;
    wb_log(WB_LOG_ERROR, "blob", "an answer's body cannot be opened", "why", strerror(errno), NULL);
    end(d);
    free(d);
    wb_fail_internal(&r->call);
    return NULL;
}

void wb_front_pieces_answer(struct wb_download *d, const struct wb_http_answer *a)
{
    struct wb_http_exchange *x = d->x;
    bool closed = wb_http_closed(x);
    x->user = d;
    x->on_gone = on_gone;
    x->on_sent = on_sent;
    if (!closed && wb_http_respond(x, a)) {
        start(d);
        return;
    }
    end(d); /* a connection that ended just now goes in the loop's next turn */
    free(d);
    if (closed)
        wb_http_respond(x, a);
}
