/*
 * The ledger: the tables and the topic of the application, and the writes that make each event end
 * as exactly one outcome however often it is delivered.
 *
 *   log         shipmentId, timestamp   the original stack's table (StatusIndex: status, timestamp)
 *   state       shipmentId              one row a shipment: what its updates say together (state.h,
 *                                       book.h; StatusIndex, AttentionIndex)
 *   references  reference, shipmentId   whose a tracking number is
 *   outcomes    eventId                 one row an event: stored, duplicate of X, refused
 *                                       (ReasonIndex: reason, eventTime)
 *   notices     notice                  one row a mail: which event owns it, pending or sent
 *
 * The log is written first, then the state, then the notices; the outcome last, and with it the
 * reference. What a crash left undone the retry does: until the invocation has ended well.
 *
 * Every function returns LEDGER_AGAIN for what a retry may mend (no answer, throttling, 5xx) and
 * LEDGER_BROKEN for what it may not (no such table, access denied): both make the invocation fail,
 * so that the retries, and then the dead row, keep the event.
 */
#ifndef SHIPMENTS_LEDGER_H
#define SHIPMENTS_LEDGER_H

#include "update.h"
#include "waybill/aws.h"

enum ledger_status { LEDGER_OK, LEDGER_AGAIN, LEDGER_BROKEN };

struct ledger {
    struct wb_aws *aws;
    const char *log_table, *state_table, *references_table, *outcomes_table, *notices_table, *topic;
    int64_t (*now_ms)(void);
    struct wb_slice why; /* of the last failure; in the invocation's arena */
};

struct stored {
    bool duplicate;
    struct wb_slice of;        /* event id of the first, when duplicate */
    struct wb_slice timestamp; /* the sort key it lies under */
    bool again;                /* it was there: a duplicate, or an attempt before this one */
    struct update kept;        /* as the log has it: of copies, the first one stored */
};

/* Puts the update into the log. The first update owns (shipmentId, timestamp); a different one at
 * the same instant lies under timestamp#<8 hex of its identity>, on every retry the same. */
enum ledger_status ledger_store(struct ledger *l, struct wb_arena *a, const struct update *u,
                                struct stored *out);

/* Records the outcome, and with it the reference (an item of that table, or null). */
enum ledger_status ledger_record_stored(struct ledger *l, struct wb_arena *a,
                                        const struct update *u, const struct stored *s,
                                        struct wb_slice reference);
/* *fresh: this call made the row (it was not there from an earlier attempt). */
enum ledger_status ledger_record_refused(struct ledger *l, struct wb_arena *a,
                                         const struct update *u, enum refusal r,
                                         struct wb_slice what, bool *fresh);

/* One mail for each delay change. */
enum ledger_status ledger_announce_delay(struct ledger *l, struct wb_arena *a,
                                         const struct update *u);
/* One mail for each reason and hour, with counts. */
enum ledger_status ledger_announce_refusal(struct ledger *l, struct wb_arena *a,
                                           const struct update *u, enum refusal r,
                                           struct wb_slice what);

#endif
