/*
 * `waybill shipments rebuild`: the tables of states and references, made from the log.
 *
 * It goes through the log once, compares what each shipment's updates say with the rows that are
 * there, and makes anew only what differs, by the same steps as the processor (book.h); so events
 * may go on flowing, and it can be stopped and begun again at any time: what is right is left
 * alone. Then it goes through both tables and removes what the log does not have.
 */
#ifndef SHIPMENTS_REBUILD_H
#define SHIPMENTS_REBUILD_H

#include "stack.h"

/* Prints progress and what it changed. 0 = all rows are as the log has them now. */
int rebuild_run(struct wb_aws *aws, const struct stack *s);

#endif
