/*
 * The current state of a shipment: what all its updates say together. Pure: the same set of updates
 * gives the same state, in whatever order and however often they come.
 *
 * An update seen (no forecast, not taken back) is placed by its key: instant, rank of its status
 * (status.h), identity. A status is a maximum or minimum over these keys, and so is all else that a
 * state holds (a "mark"); taking an update twice, or two updates in either order, gives one state.
 *
 *   status     the first of DELIVERED, RETURNED, CANCELLED, and RETURNED when DELIVERED was first
 *              and both are there; else the latest that moves; else the latest flag; else UNKNOWN
 *   delayed    since the latest delay, until an end, or until a later estimate is no later than
 *              the one promised before the delay
 *   exception  since the latest EXCEPTION, until a later pick-up, transit, round or delivery
 *   estimate   the latest told, by forecasts too; a forecast is placed by when it was received
 *   place, carrier, tracking number: the latest that has one
 *
 * An instant more than ten minutes after its update was received cannot be right: the update is
 * placed by when it was received, and the state marked. "Received" is the event's own time on the
 * bus; where it places an update it is the earliest of all copies, so it does not depend on the
 * order of delivery either.
 *
 * Only two things are no maximum: an update taken back, and one whose copy shows that it was
 * received earlier. Then, and for a shipment where there was such a thing before, the state is made
 * from all updates of the log anew (state_simple tells).
 */
#ifndef SHIPMENTS_STATE_H
#define SHIPMENTS_STATE_H

#include "status.h"
#include "update.h"

#define STATE_RULE 2 /* grows when the same updates give another row: rows are then remade */
#define STATE_NUMBERS_MAX                                                                          \
    32 /* tracking numbers in the row; the table of references has them all                        \
        */
#define STATE_AHEAD_MS 600000
#define STATE_KEY_LEN  (UPDATE_STAMP_LEN + 1 + 2 + 1 + 16) /* instant, rank, identity */

enum mark {
    MARK_MOVED,
    MARK_DELIVERED,
    MARK_RETURNED,
    MARK_CANCELLED,
    MARK_DELAY,
    MARK_EXCEPTION,
    MARK_CLEAR,
    MARK_PROMISED,
    MARK_ETA,
    MARK_PLACE,
    MARK_CARRIER,
    MARK_NUMBER,
    MARK_NEWEST,
    MARK_RECEIVED,
    MARK_AHEAD,     /* an instant in the future */
    MARK_FORECAST,  /* EST, PLN */
    MARK_WITHDRAWN, /* an update was taken back */
    MARK_COUNT,
};

struct state {
    struct {
        struct wb_slice key, text; /* key null: there is none */
    } mark[MARK_COUNT];
    struct wb_slice number[STATE_NUMBERS_MAX]; /* as reference_of gives them, sorted: the first */
    unsigned numbers;
};

/* Adds an update. Right for one that is state_simple to a state that is, and for every update of a
 * set from which nothing was taken back. Slices of the state point to where the update's do. */
void state_take(struct wb_arena *a, struct state *s, const struct update *u);
/* The state of a set. */
struct state state_of(struct wb_arena *a, const struct update *u, size_t count);
/* NULL stands for no update or no state. */
bool state_simple(const struct state *s, const struct update *u);
/* A copy of an update, received earlier than the log's row of it, and that matters: such a copy is
 * not state_simple. */
bool state_earlier(const struct update *copy, const struct update *row);

struct state_view {
    enum status status;
    struct wb_slice since, word; /* since when, and in the carrier's word; empty when unknown */
    bool delayed, exception;
};
struct state_view state_view(const struct state *s);

/* Of all that the state holds. */
struct wb_slice state_digest(struct wb_arena *a, const struct state *s);
/* The item of table shipment-state; attribute `digest` is the state's. */
struct wb_slice state_item(struct wb_arena *a, struct wb_slice shipment, const struct state *s);
/* Reads it back. False when it was made by another rule, or by something else. */
bool state_read(struct wb_arena *a, struct wb_json item, struct state *s);
bool state_same(const struct state *x, const struct state *y);

/* What a tracking number is found by: its letters and digits, in upper case. Empty when it has
 * none. */
struct wb_slice reference_of(struct wb_arena *a, struct wb_slice number);

#endif
