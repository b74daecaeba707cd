/* The arena of a test program, made and released by a test's or the group's fixture. */
#ifndef WB_TESTS_UNIT_ARENA_H
#define WB_TESTS_UNIT_ARENA_H

#include "base/arena.h"

static struct wb_arena arena;

static inline int setup(void **state)
{
    (void)state;
    wb_arena_init(&arena, 0);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    wb_arena_release(&arena);
    return 0;
}

#endif
