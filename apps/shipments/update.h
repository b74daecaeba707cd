/*
 * A shipment update: what an event says, read and judged. Pure: no clock, no I/O, so the same event
 * gives the same result on every retry.
 */
#ifndef SHIPMENTS_UPDATE_H
#define SHIPMENTS_UPDATE_H

#include "base/arena.h"
#include "codec/json.h"

#define UPDATE_STAMP_LEN    24 /* 2026-11-22T12:00:00.000Z */
#define UPDATE_IDENTITY_LEN 64 /* hex of SHA-256 */
#define UPDATE_KEY_MAX                                                                             \
    1024 /* bytes of a shipment id: fits a partition key, and leaves room in mails */
#define UPDATE_FIELD_MAX 1024         /* bytes of any other field */
#define UPDATE_RAW_MAX   (350 * 1024) /* bytes of the detail: an item ends at 400 KB */

/* Why an update is refused; the names are stored and mailed. */
enum refusal {
    REFUSED_NOT,
    REFUSED_NO_SHIPMENT_ID,  /* MISSING_SHIPMENT_ID */
    REFUSED_BAD_SHIPMENT_ID, /* not a string, blank, or too long */
    REFUSED_BAD_TIMESTAMP,   /* there, but not a date and time */
    REFUSED_BAD_STATUS,      /* there, but empty or not a string */
    REFUSED_BAD_FIELD,       /* another member: not of its type, or too long */
    REFUSED_NOT_AN_OBJECT,   /* no detail object */
    REFUSED_TOO_LARGE,
    REFUSED_COUNT,
};
const char *refusal_name(enum refusal r);

struct update {
    struct wb_slice event_id, event_type, event_source;
    struct wb_slice
        event_stamp; /* when the bus took it in, fixed width; 1970 when the event does not say */
    bool has_event_time;
    struct wb_slice shipment_id, status, location, carrier, tracking_number;
    struct wb_slice timestamp;          /* fixed-width UTC */
    struct wb_slice original_timestamp; /* as sent; null when the event's time stands for it */
    bool assumed_utc;                   /* sent without a zone */
    struct wb_slice delay_reason, eta;  /* or null */
    struct wb_slice classifier;         /* "EST" or "PLN": told ahead, not seen; else empty */
    bool retracted;                     /* takes back the update with the same core */
    struct wb_slice raw;                /* the detail as sent */
    /* Of what happened: shipment, carrier, tracking number, instant, status, place. */
    char core[UPDATE_IDENTITY_LEN + 1];
    /* Of all that is said: the core and, where it says more, that. What tells updates apart. */
    char identity[UPDATE_IDENTITY_LEN + 1];
};

/*
 * Reads an event as the bus delivers it. On refusal, event_id, event_type, event_stamp and raw are
 * set as far as they are known, and *what (in the arena) says what is wrong with which field.
 * Slices point into the event or the arena.
 */
enum refusal update_read(struct wb_arena *a, struct wb_json event, struct update *u,
                         struct wb_slice *what);

/* The update that a row of the log keeps, as far as the state needs it; event_stamp is when it was
 * received. False when the row has no readable shipment id or time (rows that another program put
 * there). */
bool update_of_row(struct wb_arena *a, struct wb_json item, struct update *u);

/* ASCII letters in upper case: how carriers are compared. */
struct wb_slice update_upper(struct wb_arena *a, struct wb_slice s);

/* The update says the shipment is late. */
bool update_is_delay(const struct update *u);
/* Names the change a delay announces: one mail each. Hex, in the arena. */
struct wb_slice update_delay_change(struct wb_arena *a, const struct update *u);

#endif
