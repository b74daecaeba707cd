/* Small things that several commands of the application do with the world around them. */
#ifndef SHIPMENTS_FILES_H
#define SHIPMENTS_FILES_H

#include "base/arena.h"

/* The whole file, in the arena; the null slice when it cannot be read. */
struct wb_slice file_read(struct wb_arena *a, const char *path);
void sleep_ms(int64_t ms);

#endif
