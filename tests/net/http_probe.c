/*
 * The HTTP server with a few behaviours to test from outside. Prints its port.
 *
 *   http_probe [PORT [CERT KEY]]
 *
 *   /size/N      N bytes           /skip/MS    moves the time-outs' clock (their lists run at once)
 *   /later       answered by /release, or when the client goes
 *   /stats       connections, requests, gone, resident kilobytes
 *   /small...    body limit of 1000 bytes
 *   the rest     the body, back
 */
#include "crypto/tls.h"
#include "net/http_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BIG (64 << 20)

/* With the sanitizer, freed memory is kept and the figures of memory mean nothing. */
#ifdef __SANITIZE_ADDRESS__
#define CHECKED "true"
#else
#define CHECKED "false"
#endif

static struct wb_http_server *server;
static struct wb_http_exchange *parked[20000];
static size_t parked_count;
static long requests, gone;
static char *big;

static long resident_kb(void)
{
    long pages = 0, ignored;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%ld %ld", &ignored, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void answer(struct wb_http_exchange *x, struct wb_slice body)
{
    wb_http_respond(x, &(struct wb_http_answer){
                           .status = 200, .content_type = WB_S("text/plain"), .body = body});
}

static void on_gone(struct wb_http_exchange *x)
{
    gone++;
    for (size_t i = 0; i < parked_count; i++)
        if (parked[i] == x)
            parked[i] = parked[--parked_count];
    answer(x, WB_S("gone"));
}

static int64_t number_at(struct wb_slice path, size_t from)
{
    int64_t n = 0;
    return wb_slice_i64(wb_slice_sub(path, from, path.n), &n) && n >= 0 ? n : 0;
}

static int64_t on_head(struct wb_http_exchange *x)
{
    return wb_slice_starts(x->path, WB_S("/small")) ? 1000 : WB_HTTP_BODY_MAX;
}

static void on_request(struct wb_http_exchange *x)
{
    requests++;
    if (wb_slice_starts(x->path, WB_S("/size/"))) {
        int64_t n = number_at(x->path, 6);
        answer(x, wb_slice(big, n < BIG ? (size_t)n : BIG));
    } else if (wb_slice_starts(x->path, WB_S("/skip/"))) {
        int64_t ms = number_at(x->path, 6);
        answer(x, WB_S("ok"));
        wb_http_server_skip(server, (uint64_t)ms);
    } else if (wb_slice_is(x->path, "/later") &&
               parked_count < sizeof(parked) / sizeof(parked[0])) {
        x->on_gone = on_gone;
        parked[parked_count++] = x;
    } else if (wb_slice_is(x->path, "/release")) {
        while (parked_count)
            answer(parked[--parked_count], WB_S("released"));
        answer(x, WB_S("ok"));
    } else if (wb_slice_is(x->path, "/stats")) {
        answer(x, wb_printf(x->arena,
                            "{\"connections\":%zu,\"requests\":%ld,\"gone\":%ld,\"rss_kb\":%ld,"
                            "\"sanitized\":" CHECKED "}",
                            wb_http_server_connections(server), requests, gone, resident_kb()));
    } else {
        answer(x, x->body);
    }
}

int main(int argc, char **argv)
{
    struct wb_arena a;
    struct wb_slice why = WB_S("");
    wb_arena_init(&a, 0);
    struct wb_http_server_options o = {.host = "127.0.0.1",
                                       .port = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0,
                                       .on_head = on_head,
                                       .on_request = on_request};
    if (argc > 3)
        o.tls = wb_tls_ctx_new(argv[2], argv[3], &a, &why);
    struct wb_loop *l = wb_loop_new();
    server = argc > 3 && !o.tls ? NULL : wb_http_server_new(l, &o, &a, &why);
    if (!server) {
        fprintf(stderr, "%.*s\n", WB_FMT(why));
        return 1;
    }
    big = wb_xmalloc(BIG);
    memset(big, 'x', BIG);
    printf("%d\n", wb_http_server_port(server));
    fflush(stdout);
    wb_loop_run(l);
    return 0;
}
