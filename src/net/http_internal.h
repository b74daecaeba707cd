/*
 * What the files of the HTTP server share.
 *
 *   http_server.c   listener, limits, time-outs, pause, drain
 *   http_conn.c     a connection: reading, the state machine of a request
 *   http_wire.c     its buffers, writing, closing
 *   http_answer.c   the head of an answer, and wb_http_respond
 *   http_stream.c   bodies that are not collected, in and out
 *
 * A parked connection is only a `struct wb_conn` (under half a kilobyte). What a request needs,
 * buffers above all, is a `struct wb_work`, taken from the server's pool when bytes arrive and
 * given back when the connection is idle again; the pool hands out the one used last, which is
 * still in the processor's cache.
 *
 * The input buffer holds, from `pos`, the current request: its head, then (when it fits) its body,
 * then what the client sent ahead. Slices of the exchange point into it, so it does not move from
 * the end of the head until the answer. A body that does not fit is received into `body`, which
 * grows with what arrives, never with what was announced. The next request of a connection is
 * looked at when the answer to the one before is on its way: answers are in order by construction.
 */
#ifndef WB_NET_HTTP_INTERNAL_H
#define WB_NET_HTTP_INTERNAL_H

#include "base/list.h"
#include "crypto/tls.h"
#include "net/http_parse.h"
#include "net/http_server.h"
#include "net/loop_uv.h"

#include <sys/socket.h>

enum wb_conn_state {
    WB_CONN_IDLE,   /* between requests; bytes of the next one may already be there */
    WB_CONN_HEAD,   /* a part of a head has arrived */
    WB_CONN_DECIDE, /* inside on_head */
    WB_CONN_BODY,
    WB_CONN_BUSY,   /* on_request was called, the answer is to come */
    WB_CONN_LINGER, /* answered and shut down for writing; input is thrown away */
    WB_CONN_CLOSED, /* the socket is closed; memory lives until the handler has answered */
};

/* One list a kind of time-out: each has one duration, so the list is ordered by being appended to.
 */
enum wb_conn_timer {
    WB_TIMER_NONE,
    WB_TIMER_IDLE,
    WB_TIMER_HEAD,
    WB_TIMER_BODY,
    WB_TIMER_SEND,
    WB_TIMER_LINGER,
    WB_TIMER_COUNT,
};

struct wb_conn {
    uv_tcp_t tcp;
    struct wb_http_server *server; /* NULL once the server was freed */
    struct wb_work *w;             /* NULL while parked */
    struct wb_tls *tls;            /* NULL = plain */
    struct wb_link all;            /* of the server */
    struct wb_link timer;          /* of the time-out's list */
    struct wb_link held;           /* of `paused` or `again` */
    uint64_t due_ms;
    uint8_t state, timer_kind;
    bool reading;
    bool eof;           /* the client sends no more */
    bool close_after;   /* close when everything is written */
    bool unread;        /* closing without having read all the client may send */
    bool awaiting;      /* a handler owes an answer */
    bool advancing;     /* inside wb_conn_advance */
    bool handle_closed; /* libuv is done with tcp */
    bool ready;         /* TLS: a whole head has come, so the handshake was completed */
    char peer[48];
    int peer_port;
    uint64_t number;
};

struct wb_work {
    struct wb_work *next; /* in the pool */
    struct wb_conn *conn;
    struct wb_http_exchange x;
    struct wb_arena arena;
    char *in;
    size_t in_cap, in_n;
    size_t pos;  /* where the current request begins */
    size_t raw;  /* chunked: where the undecoded rest begins */
    size_t end;  /* first byte after the current request */
    size_t need; /* announced body length */
    size_t limit;
    bool body_inline;
    struct wb_buf body;
    size_t body_counted;      /* what `body` weighs in the server's total */
    uint64_t got, got_before; /* for the minimum rate */
    bool graced;
    bool stream;   /* the body goes to on_body */
    bool full;     /* ... which takes no more for now */
    bool refused;  /* nobody wants the rest of it */
    uint64_t left; /* of a streamed body with a length: bytes to come; chunked: bytes that came */
    uint64_t owed; /* of a streamed answer; WB_OWED_ENDLESS: it has no known end */
    bool chunked;  /* an endless answer's pieces are chunks */
    struct wb_buf out;     /* to be sent */
    struct wb_buf sending; /* being sent by libuv */
    size_t queued_before;  /* for the minimum rate of sending */
    struct wb_buf pending; /* TLS: plain text for which there was no room yet */
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct wb_http_chunks chunks;
    struct wb_http_head head;
};

struct wb_http_server {
    struct wb_http_server_options o;
    struct wb_loop *loop;
    uint64_t connections_made;
    uv_tcp_t listener;
    uv_timer_t tick;
    uv_idle_t again_handle;
    int open_handles;
    struct sockaddr_storage at; /* with the port it was given */
    bool listening, freed, draining, drained, paused;
    void (*done)(void *arg);
    void *done_arg;
    struct wb_link all;
    struct wb_link timer[WB_TIMER_COUNT];
    struct wb_link held;  /* not looked at because of the pause */
    struct wb_link again; /* answered later, with more input waiting */
    size_t count;         /* connections with memory */
    size_t live;          /* of them not closed */
    size_t body_bytes;
    uint64_t paused_since_ms, paused_ms; /* the time-outs' clock stands while paused */
    uint64_t skipped_ms;                 /* tests only */
    struct wb_work *pool;
    size_t pool_count;
    size_t pool_low;    /* the least it held since the last tick */
    struct wb_buf text; /* an answer's head; plain text and cipher text in passing */
    char *scratch;      /* for input that is used up at once (TLS) or thrown away */
    uint64_t date_until_ms;
    size_t date_len;
    char date[64]; /* "Date: ...\r\n" */
};

#define WB_HTTP_SCRATCH (64 * 1024)
#define WB_OWED_ENDLESS UINT64_MAX

/* http_server.c */
uint64_t wb_server_now(const struct wb_http_server *s);
void wb_server_time(struct wb_conn *c, enum wb_conn_timer kind);
void wb_server_again(struct wb_conn *c);  /* wb_conn_advance in the loop's next turn */
void wb_server_forget(struct wb_conn *c); /* the connection's memory is about to go */
/* Moves the time-outs' clock, for tests. */
void wb_http_server_skip(struct wb_http_server *s, uint64_t ms);

/* http_conn.c */
void wb_conn_accept(struct wb_http_server *s, uv_stream_t *listener);
void wb_conn_adopt(struct wb_http_server *s, int fd);
void wb_conn_advance(struct wb_conn *c); /* goes on with the input there is */
void wb_conn_settle(struct wb_conn *c);  /* flushes; chooses what to wait for */
void wb_conn_expire(struct wb_conn *c, enum wb_conn_timer kind); /* it is on no list now */
bool wb_conn_hand_over(struct wb_conn *c);    /* calls on_request; true: it was answered */
bool wb_conn_refill(struct wb_conn *c);       /* TLS: moves plain text into the input */
void wb_conn_request_done(struct wb_conn *c); /* the current request's bytes are used up */

/* http_wire.c */
struct wb_work *wb_conn_need_work(struct wb_conn *c);
void wb_conn_give_back(struct wb_conn *c);
void wb_work_free(struct wb_work *w);
void wb_work_trim(struct wb_buf *b); /* empties it; keeps the memory unless it is much */
void wb_work_count_body(struct wb_http_server *s, struct wb_work *w);
/* Sends head and body; corked: only collects, because more answers follow at once. */
void wb_conn_write(struct wb_conn *c, struct wb_slice head, struct wb_slice body, bool cork);
void wb_conn_flush(struct wb_conn *c);
void wb_conn_gone(struct wb_conn *c); /* tells the handler that owes an answer */
void wb_conn_close(struct wb_conn *c);
void wb_conn_part(struct wb_conn *c); /* closes a connection that is idle */
/* Everything is written and the connection is to end; more_input: the client may still send. */
void wb_conn_end(struct wb_conn *c, bool more_input);
void wb_conn_free(struct wb_conn *c);

/* http_stream.c */
bool wb_stream_begin(struct wb_conn *c);                       /* with what came with the head */
void wb_stream_take(struct wb_conn *c, struct wb_slice piece); /* input of a body with a length */
/* Goes on with what there is. True: the request or the connection has moved on. */
bool wb_stream_step(struct wb_conn *c);
void wb_stream_refuse(struct wb_conn *c, int status); /* tells the owner, who answers */
bool wb_stream_holds(const struct wb_conn *c);        /* no input is wanted now */

/* http_answer.c */
/* An answer of the server's own, after which the connection closes. */
void wb_conn_refuse(struct wb_conn *c, int status, const char *why);

#endif
