/* Files that are part of the program (tools/embed.py makes the tables). */
#ifndef WB_BASE_EMBED_H
#define WB_BASE_EMBED_H

#include <stddef.h>

struct wb_embedded {
    const char *name;           /* NULL ends a table */
    const unsigned char *bytes; /* with a NUL behind them */
    size_t size;
};

/* sdk/runtimes: bootstraps, and the library that zygotes load */
extern const struct wb_embedded wb_runtime_files[];

#endif
