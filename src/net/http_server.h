/*
 * An HTTP/1.1 server on a loop: strict (RFC 9112; refuses what nginx refuses), keep-alive,
 * pipelining (answers in order), chunked bodies, Expect: 100-continue, TLS, limits that cost the
 * sender. A server belongs to one loop; several loops listen on one port with SO_REUSEPORT.
 *
 * Life of a request: head parsed -> on_head decides the body limit or answers at once -> body
 * buffered -> on_request -> exactly one wb_http_respond (now or later, on the loop's thread).
 * The exchange and its arena live until the answer was handed over; if the client goes away
 * earlier, on_request's owner still answers (the answer is dropped); on_gone, when set, tells it
 * early.
 */
#ifndef WB_NET_HTTP_SERVER_H
#define WB_NET_HTTP_SERVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "net/loop.h"

/* Headers are struct wb_pair: the name as sent (compare with wb_slice_ieq), the value trimmed. */

struct wb_http_exchange {
    struct wb_arena *arena; /* for the request's life */
    struct wb_slice method;
    struct wb_slice target; /* as sent */
    struct wb_slice path;   /* before '?', still percent-encoded */
    struct wb_slice query;  /* after '?', still encoded; null slice when no '?' */
    struct wb_pair *header;
    size_t header_count;
    struct wb_slice host; /* value of Host */
    struct wb_slice body; /* complete, de-chunked; not content-decoded */
    char peer[48];        /* address without port */
    int peer_port;
    uint64_t connection; /* its number on this server, from 1, never used again */
    bool tls;
    const char *tls_version, *tls_cipher; /* NULL without TLS; static */
    bool keep_alive;
    struct wb_loop *loop;
    void *server_user; /* wb_http_server_options.user */
    void *user;        /* the handler's */
    /* Set in on_request: the client closed (perhaps only its sending side) before the answer, which
     * is still owed and may be given inside. It is told once; set again inside, it will be told of
     * the connection's end, too. */
    void (*on_gone)(struct wb_http_exchange *x);
    /* Set in on_head, with on_gone: the body is not collected but handed over in pieces as they
     * come, each good until the return; then on_request follows, its body empty. False: no more for
     * now, until wb_http_body_go. From on_head on an answer is owed; it may be given at any time.
     */
    bool (*on_body)(struct wb_http_exchange *x, struct wb_slice piece);
    int body_bad; /* on_gone's reason: the body is refused, answer with something like it: 400, 408
                     or 413. 0: the client went */
    /* An answer that is a stream: everything sent so far has left. */
    void (*on_sent)(struct wb_http_exchange *x);
};

struct wb_http_server_options {
    const char *host; /* literal IPv4/IPv6 address or "localhost" */
    int port;         /* 0 = any free one */
    /* Several servers of this process listen on the port, each accepting its share. The port of
     * another process is refused all the same. */
    bool reuse_port;
    struct wb_tls_ctx *tls; /* NULL = plain; borrowed */
    void *user;
    /* Largest body this request may send, bytes. May answer at once with wb_http_respond (e.g. 413,
     * 401) and return -1, or return -1 and answer later. NULL: WB_HTTP_BODY_MAX. on_request may
     * never follow (the client goes away), so what it allocates belongs in the arena, unless it
     * sets on_body. */
    int64_t (*on_head)(struct wb_http_exchange *x);
    void (*on_request)(struct wb_http_exchange *x);
};

struct wb_http_server;
/* NULL with *why (in the arena): "Address already in use", ...; without the address. */
struct wb_http_server *wb_http_server_new(struct wb_loop *l, const struct wb_http_server_options *o,
                                          struct wb_arena *a, struct wb_slice *why);
int wb_http_server_port(const struct wb_http_server *s);
/* Stops accepting; idle connections close, running requests are answered with Connection: close;
 * done(arg) when none is left. */
void wb_http_server_drain(struct wb_http_server *s, void (*done)(void *arg), void *arg);
/* Closes what is left; requests not yet answered still are (into the void). Accepts NULL. */
void wb_http_server_free(struct wb_http_server *s);
size_t wb_http_server_connections(const struct wb_http_server *s);
/* Back-pressure: while paused no socket is read (answers still go out). */
void wb_http_server_pause(struct wb_http_server *s, bool paused);

struct wb_slice wb_http_header(const struct wb_http_exchange *x,
                               const char *name); /* first of that name, or the null slice */

struct wb_http_answer {
    int status;
    struct wb_slice content_type; /* null = none */
    const struct wb_pair *header;
    size_t header_count;
    struct wb_slice body; /* need only live until the call returns, or in x->arena */
    int64_t stream;       /* > 0: so many bytes follow by wb_http_send, instead of body */
    bool endless;         /* any number of bytes follow by wb_http_send, until wb_http_end */
    bool close;
};
/* Adds Date, Content-Length and, when it matters, Connection. HEAD, 1xx, 204 and 304 send no body.
 * The exchange and its arena are gone afterwards. True: the bytes of a stream are owed (not of
 * HEAD, nor when the client is gone). */
bool wb_http_respond(struct wb_http_exchange *x, const struct wb_http_answer *ans);

/* The next bytes of an answer's stream. */
enum wb_http_sent {
    WB_SENT_MORE, /* go on */
    WB_SENT_WAIT, /* on_sent comes when there is room, or on_gone */
    WB_SENT_ALL,  /* these were the last: the exchange is gone */
};
enum wb_http_sent wb_http_send(struct wb_http_exchange *x, struct wb_slice bytes);
/* An endless stream is over: the exchange is gone. */
void wb_http_end(struct wb_http_exchange *x);
/* Ends a stream that cannot go on, or whose client is gone; the exchange is gone, too. */
void wb_http_abandon(struct wb_http_exchange *x);
bool wb_http_closed(const struct wb_http_exchange *x); /* nothing can be sent any more */
/* More pieces of the body may come. */
void wb_http_body_go(struct wb_http_exchange *x);

/* The parser alone, for tests and fuzzing: a state machine over one connection's bytes; see
 * http_parse.h. */

#endif
