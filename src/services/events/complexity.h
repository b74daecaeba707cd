/*
 * How complex the wildcards of a pattern are: the largest number of pattern positions that one
 * value can hold open at once, over the fields of each sub-rule (event-ruler,
 * MachineComplexityEvaluator). "" is 1, * is 2, x*y... grows with repeated pieces after a star.
 */
#ifndef WB_EVENTS_COMPLEXITY_H
#define WB_EVENTS_COMPLEXITY_H

#include "base/buf.h"
#include "services/events/pattern.h"

/* At most `max`: counting stops there. */
unsigned wb_pattern_complexity(const struct wb_pattern *p, unsigned max);

#endif
