/*
 * A day of shipment updates, made up: carriers with their habits, shipments with their lives, and
 * every fault that real feeds have, at stated rates. The same seed gives the same bytes: integer
 * arithmetic only, no locale, no clock.
 *
 * The truth beside it is kept by the generator's own books (what it put in), not by the processor's
 * code.
 */
#ifndef SHIPMENTS_DAY_H
#define SHIPMENTS_DAY_H

#include "base/arena.h"
#include "update.h"

struct day_options {
    uint64_t seed;
    unsigned updates; /* at least so many messages */
    int64_t start_ms; /* midnight UTC of the day */
};

struct day_message {
    int64_t arrival_ms;
    const char *detail_type;
    struct wb_slice detail; /* JSON text; broken in the few that are meant to be */
};

struct day_shipment {
    struct wb_slice id;
    unsigned updates;   /* distinct valid ones that arrive this day: rows in the log */
    const char *status; /* what they come to, by when they happened; and the flags beside it */
    bool delayed, exception;
};

struct day_truth {
    unsigned messages, malformed; /* malformed: not JSON, refused at the door by the bus */
    unsigned accepted, stored, duplicates, collisions, delayed, late, refused[REFUSED_COUNT];
    unsigned refusal_mails, delay_mails;
};

struct day {
    struct day_message *message; /* in order of arrival */
    unsigned message_count;
    struct day_shipment *shipment;
    unsigned shipment_count;
    struct day_truth truth;
};

/* Everything lives in the arena. */
void day_make(struct wb_arena *a, const struct day_options *o, struct day *d);
/* Writes day.jsonl, truth.json and truth-shipments.jsonl into a folder (made when absent). 0 or a
 * negative errno. */
int day_write(const struct day *d, const struct day_options *o, const char *folder);

#endif
