/*
 * The names of the application's resources, as template.yaml makes them. They are those of the
 * original stack: KIND-REGION-SUFFIX.
 */
#ifndef SHIPMENTS_STACK_H
#define SHIPMENTS_STACK_H

#include "waybill/aws.h"

struct stack {
    struct wb_slice region, suffix;
    struct wb_slice bus, rule, function, topic, log_table, state_table, references_table,
        outcomes_table, notices_table;
};

/* Region from AWS_REGION, suffix from SHIPMENTS_SUFFIX (default "dev"). Slices in the arena. */
struct stack stack_names(struct wb_arena *a);

#endif
