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

/* --- what a message has in its fields --- */

bool logs_text_number(struct wb_slice s, double *out); /* what a pattern takes for a number */

struct logs_field;

bool logs_pattern_has_fields(const struct logs_pattern *p); /* JSON or space-delimited */
/* "$.a.b" of a JSON pattern (any selector), "$name" of a space-delimited one (its own fields). NULL
 * when it is neither. Keeps slices of name. */
struct logs_field *logs_pattern_field(const struct logs_pattern *p, struct wb_arena *a,
                                      struct wb_slice name);
/* Its text in a message; false when it is not there, null, or a list or object. */
bool logs_field_value(const struct logs_pattern *p, const struct logs_field *f,
                      struct wb_arena *scratch, struct wb_slice message, struct wb_slice *out);
/* Hears of all fields that the pattern speaks of and the message has. A JSON selector that the
 * pattern has twice is told twice. */
typedef void logs_value_fn(void *arg, struct wb_slice name, struct wb_slice value);
void logs_pattern_values(const struct logs_pattern *p, struct wb_arena *scratch,
                         struct wb_slice message, logs_value_fn *fn, void *arg);

#endif
