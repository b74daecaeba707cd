/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef WB_BASE_UTF8_H
#define WB_BASE_UTF8_H

#include "base/slice.h"

/* Offset of the first bad byte, or -1 when all is valid. */
ptrdiff_t wb_utf8_check(struct wb_slice s);
/* Decodes one code point at *pos and moves past it; -1 at a bad byte (pos unchanged). */
int32_t wb_utf8_next(struct wb_slice s, size_t *pos);
/* Writes 1..4 bytes, returns how many. */
size_t wb_utf8_put(char out[4], uint32_t cp);

#endif
