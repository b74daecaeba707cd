/* `waybill shipment`: a shipment's state and its updates, in words. */
#ifndef SHIPMENTS_TIMELINE_H
#define SHIPMENTS_TIMELINE_H

#include "stack.h"

/* By its id or a tracking number. The exit status: 1 when nothing is known of it. */
int shipment_print(struct wb_aws *aws, const struct stack *s, const char *sought);

#endif
