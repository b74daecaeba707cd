/*
 * The HTTP/1.1 request parser alone: no sockets, no memory of its own. Two machines:
 *
 *   wb_http_head    a request line and its header fields, read from one contiguous buffer that may
 *                   grow between calls. Works line by line and never looks at a line twice; results
 *                   are offsets from the buffer's start, so the buffer may move.
 *   wb_http_chunks  the chunked coding of a body, handing out slices of the input.
 *
 * Strict by RFC 9112 and never more lenient than nginx in anything that frames a message. What is
 * refused, and where nginx decides otherwise, is listed in tests/net/http_shapes.py. One leniency:
 * a bare LF ends a line of the head (RFC 9112 2.2 allows it and nginx does it); never in chunks.
 */
#ifndef WB_NET_HTTP_PARSE_H
#define WB_NET_HTTP_PARSE_H

#include "base/limits.h"
#include "base/slice.h"

enum wb_http_parse {
    WB_HTTP_MORE, /* all right so far; call again with more bytes */
    WB_HTTP_DONE,
    WB_HTTP_STEP, /* chunks only: a step was taken; *data is a piece of the body, or null */
    WB_HTTP_BAD,  /* status and why say what to answer; the connection cannot be used further */
};

struct wb_http_span {
    uint32_t at, n;
};

struct wb_http_field {
    struct wb_http_span name, value;
};

struct wb_http_head {
    struct wb_http_span method, target, path, query;
    struct wb_http_span host; /* the authority of an absolute target, else Host; n = 0: neither */
    bool has_query;
    bool http_1_0;
    bool keep_alive;
    bool chunked;
    bool expect_continue;
    int64_t content_length; /* -1: none */
    uint32_t len;           /* after DONE: bytes of the head with its blank line */
    uint32_t field_count;
    int status; /* after BAD: 400, 405, 408, 414, 417, 431, 501 or 505 */
    const char *why;
    /* Private. */
    uint32_t line, scanned;
    bool begun, close, keep, host_seen, te_seen;
    struct wb_http_field field[WB_HTTP_HEADERS_MAX];
};

void wb_http_head_init(struct wb_http_head *h);
/* buf[0..n) is everything since the request began, at least as much as at the last call. After DONE
 * or BAD call no more. */
enum wb_http_parse wb_http_head_parse(struct wb_http_head *h, const char *buf, size_t n);

static inline struct wb_slice wb_http_span_in(struct wb_http_span s, const char *buf)
{
    return (struct wb_slice){buf + s.at, s.n};
}

struct wb_http_chunks {
    int status; /* after BAD: 400 or 431 */
    const char *why;
    uint64_t left; /* bytes of the current chunk still to come, below 2^60 */
    /* Private. */
    int state;
    uint32_t trailer_len, trailer_count;
};

void wb_http_chunks_init(struct wb_http_chunks *c);
/* One step, taking *used bytes from the front of `in`. MORE: come back when more input follows the
 * same bytes. A line that does not fit in WB_HTTP_TRAILER_MAX bytes is refused, so a buffer of that
 * size always makes progress. `left` holds a chunk's size as soon as its size line was read, so
 * that a limit can be applied before its data comes. Trailer fields are checked and dropped. */
enum wb_http_parse wb_http_chunks_next(struct wb_http_chunks *c, struct wb_slice in, size_t *used,
                                       struct wb_slice *data);

#endif
