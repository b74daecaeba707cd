/*
 * The patterns of service models, matched as codec/regex.h has it: Java's expressions over
 * characters. Those that need \p{..} or look-around are written in another way in the shape, with
 * what AWS prints beside it (pattern_text).
 */
#ifndef WB_AWS_PATTERN_H
#define WB_AWS_PATTERN_H

#include "base/slice.h"

/* Does the whole text match? Compiled at the first use in each thread; `pattern` must be static
 * (its address is the cache's key). */
bool wb_pattern_match(const char *pattern, struct wb_slice text);

#endif
