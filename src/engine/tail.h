/*
 * Sessions that follow what is committed (StartLiveTail, `waybill tail`): a listener of the feed
 * whose answer is an event stream. What is found in a second is one update of at most
 * WB_TAIL_UPDATE_EVENTS; whatever else there was is left out, and the update says so. For a client
 * that reads slowly WB_TAIL_UPDATES_KEPT updates are kept, then the oldest goes, and the one after
 * it says so. A session ends after WB_TAIL_SESSION_MS.
 */
#ifndef WB_ENGINE_TAIL_H
#define WB_ENGINE_TAIL_H

#include "base/limits.h"
#include "codec/json.h"
#include "engine/feed.h"

struct wb_tail;
struct wb_stream;

struct wb_tail_update {
    struct wb_buf results; /* a JSON array */
    unsigned count;
    bool left_out; /* something before it, or after its last result */
    /* It tells of all items with stamps above `from` and up to `next`; 0: not known, because
     * something was left out before. */
    uint64_t from, next;
};

struct wb_tail_kind {
    enum wb_feed_kind feed;
    const char *start, *update; /* names of its events */
    /* Members of the first event; all that has a stamp up to `from` was committed before. */
    void (*put_start)(struct wb_tail *t, struct wb_json_writer *w, uint64_t from);
    /* An item of the feed: what is wanted of it goes to wb_tail_result. */
    void (*look)(struct wb_tail *t, const struct wb_feed_item *i);
    /* Members of an update's event. */
    void (*put_update)(struct wb_tail *t, struct wb_json_writer *w, const struct wb_tail_update *u);
    void (*free)(struct wb_tail *t); /* optional: what of the state is not in the arena */
};

struct wb_tail {
    const struct wb_tail_kind *kind;
    struct wb_arena arena;   /* its own */
    struct wb_arena scratch; /* of one item */
    void *state;             /* the kind's, in the arena */
    struct wb_feed_listener feed;
    struct wb_stream *stream;
    struct wb_tail_update now; /* is being gathered */
    struct wb_json_writer results;
    struct wb_tail_update kept[WB_TAIL_UPDATES_KEPT]; /* a ring */
    unsigned first, kept_count;
    bool begun, started, over;
    uint64_t from; /* of the first update */
    int64_t until_ms;
    struct wb_slice type; /* of its events' JSON */
};

struct wb_tail *wb_tail_new(struct wb_call *c, const struct wb_tail_kind *kind);
/* Account, region and names of the groups or buses, in t->arena. The call's answer is the session,
 * or the call fails; t is no longer the caller's. As a handler's last act. */
void wb_tail_begin(struct wb_call *c, struct wb_tail *t, struct wb_slice account,
                   struct wb_slice region, const struct wb_slice *name, size_t names);
/* Where one more result is written; NULL: the update is full, which it says then. */
struct wb_json_writer *wb_tail_result(struct wb_tail *t);

/* TailEvents and ListEvents of the server's own service: the events service registers them. */
struct wb_bus_tail {
    wb_handler_fn *tail, *list;
};
void wb_bus_tail_register(struct wb_engine *e, const struct wb_bus_tail *b);

#endif
