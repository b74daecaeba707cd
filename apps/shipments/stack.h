/*
 * The names of the application's resources, and making them. The names are those of the original
 * stack: KIND-REGION-SUFFIX.
 */
#ifndef SHIPMENTS_STACK_H
#define SHIPMENTS_STACK_H

#include "waybill/aws.h"

struct stack {
    struct wb_slice region, suffix;
    struct wb_slice bus, rule, function, topic, log_table, outcomes_table, notices_table;
};

/* Region from AWS_REGION, suffix from SHIPMENTS_SUFFIX (default "dev"). Slices in the arena. */
struct stack stack_names(struct wb_arena *a);

struct stack_options {
    const char *package; /* the function's zip */
    const char *email;   /* who gets the mails; NULL = nobody */
    const char *outbox;  /* folder where the server leaves mails: the subscription is confirmed from
                            there; NULL = by hand */
};
/* Makes what is missing; what is there stays. False with a message on stderr. */
bool stack_make(struct wb_aws *aws, const struct stack *s, const struct stack_options *o);

#endif
