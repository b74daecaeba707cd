/*
 * Test data: files of tests/data, read whole. WB_TEST_DATA is set by the build.
 */
#ifndef WB_TESTS_UNIT_DATA_H
#define WB_TESTS_UNIT_DATA_H

#include "base/arena.h"
#include <stdio.h>
#include <stdlib.h>

/* The file's bytes, in the arena; ends the test program when it cannot be read. */
static inline struct wb_slice wb_test_data(struct wb_arena *a, const char *name)
{
    char *path = wb_dup_cstr(a, wb_printf(a, "%s/%s", WB_TEST_DATA, name));
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    long n = ftell(f);
    char *p = wb_alloc(a, (size_t)n);
    rewind(f);
    if (fread(p, 1, (size_t)n, f) != (size_t)n) {
        perror(path);
        exit(2);
    }
    fclose(f);
    return wb_slice(p, (size_t)n);
}

#endif
