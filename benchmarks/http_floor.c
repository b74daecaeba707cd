/*
 * The HTTP server with nothing behind it: every request gets the same small answer. Compared with
 * nginx returning a constant, it shows what src/net costs.
 *
 *   http_floor [PORT [LOOPS]]   (prints the port, serves until it is killed)
 */
#include "net/http_server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void on_request(struct wb_http_exchange *x)
{
    wb_http_respond(x, &(struct wb_http_answer){.status = 200,
                                                .content_type = WB_S("application/json"),
                                                .body = WB_S("{\"ok\":true}\n")});
}

static void *run(void *loop)
{
    wb_loop_run(loop);
    return NULL;
}

static struct wb_loop *serve(int *port)
{
    struct wb_arena a;
    struct wb_slice why;
    wb_arena_init(&a, 0);
    struct wb_loop *l = wb_loop_new();
    struct wb_http_server_options o = {
        .host = "127.0.0.1", .port = *port, .reuse_port = true, .on_request = on_request};
    struct wb_http_server *s = wb_http_server_new(l, &o, &a, &why);
    if (!s) {
        fprintf(stderr, "%.*s\n", WB_FMT(why));
        exit(1);
    }
    *port = wb_http_server_port(s);
    return l;
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    int loops = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1;
    struct wb_loop *first = serve(&port);
    for (int i = 1; i < loops; i++) {
        pthread_t t;
        pthread_create(&t, NULL, run, serve(&port));
    }
    printf("%d\n", port);
    fflush(stdout);
    wb_loop_run(first);
    return 0;
}
