/*
 * Answers that go on (operations of class WB_STREAM). The handler checks, then gives a source with
 * its state, which outlives the call: it holds nothing of the call's arena and no snapshot. All is
 * called on one loop's thread.
 *
 * Every WB_STREAM_TICK_MS the source is told that a second is over; what it has to send is taken
 * then, if the client has taken all before, and whenever the client has. A client that reads slowly
 * is the source's matter: it keeps what it likes to keep. A stream ends when its source says so,
 * when the client goes, or when the server drains.
 */
#ifndef WB_ENGINE_STREAM_H
#define WB_ENGINE_STREAM_H

#include "engine/engine.h"

struct wb_stream_source {
    const char *content_type;
    void (*tick)(void *state);
    /* Appends what is to be sent now, perhaps nothing. False: that was the last. */
    bool (*take)(void *state, struct wb_buf *out);
    void (*end)(void *state); /* lets the state go; called once, also when nothing was sent */
};

struct wb_stream;

/* In the handler, as its last act; not after a failure. */
struct wb_stream *wb_call_stream(struct wb_call *c, const struct wb_stream_source *source,
                                 void *state);
/* On the loop: there is something to take before the next tick. It may end inside. */
void wb_stream_go(struct wb_stream *s);
struct wb_loop *wb_call_loop(const struct wb_call *c); /* in the handler: where all is called */

#endif
