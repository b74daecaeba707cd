#include "stack.h"

#include <stdlib.h>

struct stack stack_names(struct wb_arena *a)
{
    const char *region = getenv("AWS_REGION"), *suffix = getenv("SHIPMENTS_SUFFIX");
    if (!region || !*region)
        region = getenv("AWS_DEFAULT_REGION");
    struct stack s = {wb_slice_str(region && *region ? region : "us-east-1"),
                      wb_slice_str(suffix && *suffix ? suffix : "dev")};
#define NAME(kind) wb_printf(a, kind "-%.*s-%.*s", WB_FMT(s.region), WB_FMT(s.suffix))
    s.bus = NAME("shipment-events");
    s.rule = NAME("shipment-updates");
    s.function = NAME("shipment-processor");
    s.topic = NAME("shipment-alerts");
    s.log_table = NAME("shipment-logs");
    s.state_table = NAME("shipment-state");
    s.references_table = NAME("shipment-references");
    s.outcomes_table = NAME("shipment-outcomes");
    s.notices_table = NAME("shipment-notices");
#undef NAME
    return s;
}
