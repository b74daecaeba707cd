/*
 * Where the X-Ray daemon would be: an address that takes segments as datagrams (Developer Guide,
 * "Sending segment documents to the X-Ray daemon") and answers, over TCP, what the X-Ray SDKs ask a
 * daemon for: sampling rules and targets. Nobody signs anything there, so a port has one principal
 * in whose name all is done, and puts segments as PutTraceSegments would for it.
 *
 * Segments gather for WB_TRACE_FLUSH_MS and are put by commands; what is malformed, not wanted,
 * refused or more than the bounds allow is dropped and counted (Waybill: TraceSegmentsDropped).
 * Everything runs on the loop's thread.
 */
#ifndef WB_ENGINE_SPANS_PORT_H
#define WB_ENGINE_SPANS_PORT_H

#include "engine/engine.h"

struct wb_span_port_options {
    const char *host;
    int port; /* 0 = any free one */
    bool tcp; /* answers there, too; else the owner of the address does, by wb_span_port_ask */
    struct wb_ctx who; /* principal, account, region; copied */
    /* Whether a segment of this trace may come here; NULL: of any. */
    bool (*wanted)(void *user, struct wb_slice trace_id);
    void *user;
};

struct wb_span_port;
/* NULL with *why (in the arena). */
struct wb_span_port *wb_span_port_new(struct wb_engine *e, struct wb_loop *l,
                                      const struct wb_span_port_options *o, struct wb_arena *a,
                                      struct wb_slice *why);
int wb_span_port_number(const struct wb_span_port *p);
/* Puts what has come, while the dispatcher runs. Accepts NULL. */
void wb_span_port_free(struct wb_span_port *p);

/* Answers what an SDK asks a daemon; false: it is no such request. */
bool wb_span_port_ask(struct wb_span_port *p, struct wb_http_exchange *x);

/* The segment document in a datagram; false: malformed. */
bool wb_span_datagram(struct wb_arena *a, struct wb_slice datagram, struct wb_slice *document);

#endif
