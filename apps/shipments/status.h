/*
 * The statuses a shipment can be in, and what carriers call them. An update keeps the word it came
 * with; only the current state speaks the normal set.
 */
#ifndef SHIPMENTS_STATUS_H
#define SHIPMENTS_STATUS_H

#include "base/slice.h"

/* The numbers are the ranks that order two updates of one instant: further along is later. Two
 * digits each; they are stored. */
enum status {
    STATUS_UNKNOWN = 10,
    STATUS_DELAYED = 15,   /* DELAYED and EXCEPTION are flags; the status only of a */
    STATUS_EXCEPTION = 16, /* shipment of which nothing else is known */
    STATUS_CREATED = 20,
    STATUS_PICKED_UP = 30,
    STATUS_IN_TRANSIT = 40,
    STATUS_AVAILABLE_FOR_PICKUP = 50,
    STATUS_OUT_FOR_DELIVERY = 60,
    STATUS_DELIVERED = 90,
    STATUS_RETURNED = 95,
    STATUS_CANCELLED = 98,
};

const char *status_name(enum status s); /* "IN_TRANSIT"; "UNKNOWN" for any other number */
/* Reads a carrier's word: letters of any case, whatever stands between them ("In transit",
 * "in-transit"). STATUS_UNKNOWN when it is in no list. */
enum status status_of(struct wb_slice word);
bool status_is_end(enum status s); /* DELIVERED, RETURNED, CANCELLED: the shipment moves no more */

#endif
