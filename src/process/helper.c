/* `waybill sandbox-helper`: settings from fd 3, confinement, exec. */
#include "base/buf.h"
#include "process/confine.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SETTINGS_MAX (256 * 1024)

int wb_sandbox_helper_main(void)
{
    struct wb_arena a;
    struct wb_buf b = {0};
    struct wb_confine c;
    wb_arena_init(&a, 0);
    for (;;) {
        wb_buf_reserve(&b, 16384);
        ssize_t n = read(3, b.p + b.n, 16384);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        b.n += (size_t)n;
        if (b.n > SETTINGS_MAX)
            break;
    }
    if (b.n == 0 || b.n > SETTINGS_MAX || !wb_confine_unpack(&a, b.p, b.n, &c) || !c.argv[0]) {
        dprintf(2, "waybill: sandbox-helper is started by the server, with settings on fd 3\n");
        return 64; /* EX_USAGE */
    }
    fcntl(3, F_SETFD, FD_CLOEXEC);
    close_range(4, ~0u, 0);
    wb_confine_enter(&c, 3);
    execve(c.argv[0], (char *const *)c.argv, (char *const *)c.env);
    dprintf(2, "waybill: cannot start %s: %s\n", c.argv[0], strerror(errno));
    _exit(126); /* confined: nothing of the program's own end belongs here */
}
