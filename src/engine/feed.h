/*
 * Hearing of what was committed: log lines and events, in the order of commits.
 *
 * A command that writes something worth hearing puts an item (wb_feed_put); while nobody listens to
 * that name this is one look at a counter. After the commit the item goes to the queue of each
 * listener, which takes it on its own loop. A queue holds WB_FEED_QUEUE_BYTES: the writer never
 * waits for a listener, who is told instead that something was lost.
 *
 * A listener begins with a command that does nothing: what was committed before is in every
 * snapshot from then on, what comes later is told. So who listens first and reads then misses
 * nothing; some of it may come both ways.
 */
#ifndef WB_ENGINE_FEED_H
#define WB_ENGINE_FEED_H

#include "base/list.h"
#include "engine/engine.h"

enum wb_feed_kind { WB_FEED_LINES, WB_FEED_EVENT, WB_FEED_KINDS };

struct wb_feed_item {
    enum wb_feed_kind kind;
    struct wb_slice account, region, name; /* of the log group, of the bus */
    struct wb_slice part;                  /* lines: the stream */
    int64_t time_ms;                       /* of the commit */
    uint64_t stamp;                        /* events: of their row, or what it would have */
    struct wb_slice body; /* lines: time (le64 ms) and text (lp) of each; event: its JSON */
};

/* Is there one who would hear of it? Any thread. */
bool wb_feed_wanted(struct wb_engine *e, enum wb_feed_kind kind, struct wb_slice account,
                    struct wb_slice region, struct wb_slice name);
/* In a command, when it is wanted. The slices live until the command's answer. */
void wb_feed_put(struct wb_tx *tx, const struct wb_feed_item *item);

struct wb_feed_entry;
struct wb_feed_listener {
    /* Set by the owner, who keeps the names. */
    struct wb_engine *engine;
    struct wb_loop *loop;
    enum wb_feed_kind kind;
    struct wb_slice account, region;
    const struct wb_slice *name;
    size_t names;
    /* On the loop: it has begun; items with lower stamps are committed. */
    void (*began)(struct wb_feed_listener *l, uint64_t stamp);
    /* On the loop: there may be something to take. It does not leave inside. */
    void (*told)(struct wb_feed_listener *l);
    void (*gone)(struct wb_feed_listener *l); /* after wb_feed_leave: its memory may go */
    /* The engine's own. */
    struct wb_link link;
    struct wb_command barrier;
    struct wb_post post;
    struct wb_feed_entry *first, **last, *taken;
    size_t bytes;
    uint64_t stamp; /* of the barrier */
    bool posted, waiting, begun, lost, left;
};

/* On the loop. False: the account has WB_TAIL_SESSIONS_MAX of the kind; nothing is called then. */
bool wb_feed_listen(struct wb_feed_listener *l);
/* The oldest that waits, until the next call; NULL: there is none. */
const struct wb_feed_item *wb_feed_take(struct wb_feed_listener *l);
/* Something was lost behind what was taken so far; until this is asked all more is. To be asked
 * when there is nothing to take. */
bool wb_feed_lost(struct wb_feed_listener *l);
void wb_feed_again(struct wb_feed_listener *l); /* told comes once more, after others had a turn */
void wb_feed_leave(struct wb_feed_listener *l); /* on the loop; gone may be called inside */

#endif
