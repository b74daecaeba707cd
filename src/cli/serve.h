/*
 * The runner: the only place that starts threads. Opens the data directory, makes the engine and
 * runs it until SIGTERM or SIGINT, then drains: connections finish what they have asked, running
 * work may finish for a few seconds, what is left stays queued.
 */
#ifndef WB_CLI_SERVE_H
#define WB_CLI_SERVE_H

#include "engine/engine.h"

struct wb_serve {
    struct wb_config config; /* filled; cores and memory_budget 0 = by the machine */
    const char *host;        /* to listen on */
    int port;                /* 0 = any free one */
    const char *daemon_host; /* where segments come as to the X-Ray daemon, or NULL */
    int daemon_port;
    const char *tls_cert, *tls_key; /* PEM files, or NULL */
    const char *key_file;           /* master key outside the data directory, or NULL */
    const struct wb_module *const *modules;
};

/* Returns the exit status: 0 after an orderly end; otherwise a message has said why not. */
int wb_serve(const struct wb_serve *s);

#endif
