/*
 * Filter patterns (CloudWatch Logs User Guide, "Filter pattern syntax"): terms, JSON selectors,
 * space-delimited fields, each with regular expressions between percent signs.
 *
 * Terms are found anywhere in the message, in their case. Of a pattern that mixes ?terms with
 * others, the ?terms do not count, as AWS says. The last field of a space-delimited pattern without
 * an ellipsis takes all words that are left. A comparison is false for what is not there.
 */
#ifndef WB_LOGS_PATTERN_H
#define WB_LOGS_PATTERN_H

#include "base/arena.h"

struct logs_pattern;

/* NULL when the pattern is wrong. It keeps slices of text. */
struct logs_pattern *logs_pattern_compile(struct wb_arena *a, struct wb_slice text);
/* scratch: for the message, may be reset afterwards. One thread at a time. */
bool logs_pattern_match(struct logs_pattern *p, struct wb_arena *scratch, struct wb_slice message);

#endif
