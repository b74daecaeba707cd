/*
 * What a zygote loads to confine its forks: the helper's code, as a library of its own (the program
 * itself cannot be loaded as one). Called from the runtime's language.
 */
#include "process/zygote_lib.h"
#include "process/confine.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int wb_zygote_bind(int parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return getppid() == parent ? 0 : -1;
}

const char *const *wb_zygote_enter(char *settings, size_t n, int status_fd)
{
    static struct wb_arena a;
    struct wb_confine c;
    wb_arena_init(&a, 0);
    if (!wb_confine_unpack(&a, settings, n, &c))
        return NULL;
    wb_confine_enter(&c, status_fd);
    return c.env;
}
