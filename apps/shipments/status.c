#include "status.h"

#include <ctype.h>

#define WORD_MAX 32 /* letters and digits of the longest word, and more */

static const struct {
    enum status status;
    const char *name, *words; /* without what stands between letters; a blank ends each */
} statuses[] = {
    {STATUS_UNKNOWN, "UNKNOWN", "UNKNOWN "},
    {STATUS_DELAYED, "DELAYED", "DELAYED DELAY DELIVERYDELAYED "},
    {STATUS_EXCEPTION, "EXCEPTION",
     "EXCEPTION FAILURE ERROR ATTEMPTFAIL EXPIRED DELIVERYFAILED ONHOLD "},
    {STATUS_CREATED, "CREATED", "CREATED PENDING PRETRANSIT INFORECEIVED "},
    {STATUS_PICKED_UP, "PICKED_UP", "PICKEDUP "},
    {STATUS_IN_TRANSIT, "IN_TRANSIT",
     "INTRANSIT TRANSIT ARRIVED ARRIVEDATFACILITY DEPARTED DEPARTEDFACILITY "},
    {STATUS_AVAILABLE_FOR_PICKUP, "AVAILABLE_FOR_PICKUP", "AVAILABLEFORPICKUP READYFORPICKUP "},
    {STATUS_OUT_FOR_DELIVERY, "OUT_FOR_DELIVERY", "OUTFORDELIVERY "},
    {STATUS_DELIVERED, "DELIVERED", "DELIVERED "},
    {STATUS_RETURNED, "RETURNED", "RETURNED RETURNTOSENDER RETURNEDTOSENDER "},
    {STATUS_CANCELLED, "CANCELLED", "CANCELLED CANCELED VOIDED "},
};
#define STATUSES (sizeof statuses / sizeof *statuses)

const char *status_name(enum status s)
{
    for (size_t i = 0; i < STATUSES; i++)
        if (statuses[i].status == s)
            return statuses[i].name;
    return statuses[0].name;
}

enum status status_of(struct wb_slice word)
{
    char bare[WORD_MAX + 2];
    size_t n = 0;
    for (size_t i = 0; i < word.n; i++) {
        if (!isalnum((unsigned char)word.p[i]))
            continue;
        if (n == WORD_MAX)
            return STATUS_UNKNOWN;
        bare[n++] = (char)toupper((unsigned char)word.p[i]);
    }
    if (n == 0)
        return STATUS_UNKNOWN;
    bare[n] = ' ';
    for (size_t i = 0; i < STATUSES; i++) {
        struct wb_slice words = wb_slice_str(statuses[i].words);
        ptrdiff_t at = wb_slice_find(words, wb_slice(bare, n + 1), 0);
        while (at > 0 && words.p[at - 1] != ' ') /* the end of a longer word */
            at = wb_slice_find(words, wb_slice(bare, n + 1), (size_t)at + 1);
        if (at >= 0)
            return statuses[i].status;
    }
    return STATUS_UNKNOWN;
}

bool status_is_end(enum status s)
{
    return s == STATUS_DELIVERED || s == STATUS_RETURNED || s == STATUS_CANCELLED;
}
