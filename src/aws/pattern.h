/*
 * The regular expressions of service models. They are Java's; all but a few stay within what POSIX
 * extended expressions can say, in another spelling. wb_pattern_posix rewrites the spelling.
 */
#ifndef WB_AWS_PATTERN_H
#define WB_AWS_PATTERN_H

#include "base/buf.h"

/* Appends the POSIX spelling. False: the pattern uses something that has none. */
bool wb_pattern_posix(struct wb_buf *out, struct wb_slice pattern);
/* Does the whole text match? Compiled at the first use in each thread; `pattern` must be static
 * (its address is the cache's key). */
bool wb_pattern_match(const char *pattern, struct wb_slice text);

#endif
