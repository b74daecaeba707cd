/*
 * Keeping the books: the rows of `state` and `references`, as the log has it.
 *
 * An update is in the log before the books are touched. A row of the state is replaced only on
 * condition that its digest is still the one that was read, so two writers never lose each other's
 * work; who was late begins again with the row that is there.
 *
 * A simple update is taken into the row that is there (state_take: taking twice is taking once, in
 * any order). For a thing that is not simple the row is made from the whole log, and then the log
 * is looked at again until it says the same: an update that came to the log meanwhile, and found
 * nothing to change in the old row, is seen by that second look; one that comes after the row was
 * replaced sees the new row. So when every update in the log has been taken once by somebody, the
 * rows are those of the log, whatever the order, however often, and whoever died in between and was
 * retried. (Rows of the log from before there were states were taken by nobody: book_remake.)
 *
 * The row lists the tracking numbers, so that a number is written to `references` once, beside the
 * outcome of the update that brought it; who is tried again writes it again.
 */
#ifndef SHIPMENTS_BOOK_H
#define SHIPMENTS_BOOK_H

#include "ledger.h"
#include "state.h"

/* After ledger_store, with the update as the log has it; again: it was there already. *reference:
 * to be written with the outcome; empty when there is none. */
enum ledger_status book_take(struct ledger *l, struct wb_arena *a, const struct update *u,
                             bool again, struct wb_slice *reference);
/* The item of the table of references. */
struct wb_slice book_reference(struct wb_arena *a, struct wb_slice reference,
                               struct wb_slice shipment);

/* Whether the log says this now. */
enum ledger_status book_agrees(struct ledger *l, struct wb_arena *a, struct wb_slice shipment,
                               const struct state *s, bool *agrees);

struct book_done {
    bool made, mended, removed; /* the state's row */
    unsigned references;        /* rows made */
};
/* Makes the rows of a shipment from the log, and removes the state of one that is not there. */
enum ledger_status book_remake(struct ledger *l, struct wb_arena *a, struct wb_slice shipment,
                               struct book_done *done);
/* Removes the reference when the log does not have it. */
enum ledger_status book_drop_reference(struct ledger *l, struct wb_arena *a,
                                       struct wb_slice reference, struct wb_slice shipment,
                                       bool *removed);

/* The members of a request that make a Query or Scan of the log give what update_of_row reads:
 * names and a projection (":s" and others are the caller's). */
void book_projection(struct wb_json_writer *w);

#endif
