#include "files.h"

#include "base/buf.h"

#include <stdio.h>
#include <time.h>

struct wb_slice file_read(struct wb_arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return WB_SLICE_NULL;
    struct wb_buf b = wb_buf_in(a);
    wb_buf_reserve(&b, 1); /* an empty file is not the null slice */
    char part[65536];
    size_t n;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        wb_buf_put(&b, part, n);
    bool ok = !ferror(f);
    fclose(f);
    return ok ? wb_buf_slice(&b) : WB_SLICE_NULL;
}

void sleep_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}
