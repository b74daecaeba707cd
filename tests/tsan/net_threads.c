/*
 * Two loops on one port, clients on threads of their own, and a worker thread through which every
 * request takes a detour: its answer comes back to the connection's loop as a message.
 */
#include "net/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define LOOPS   2
#define CLIENTS 8
#define EACH    300

static struct wb_loop *worker;
static int port;

struct errand {
    struct wb_post post;
    struct wb_http_exchange *x;
    struct wb_slice answer;
};

static void come_back(struct wb_post *p)
{
    struct errand *e = (struct errand *)p;
    wb_http_respond(e->x, &(struct wb_http_answer){.status = 200, .body = e->answer});
}

static void at_worker(struct wb_post *p)
{
    struct errand *e = (struct errand *)p;
    e->answer = wb_concat(e->x->arena, (struct wb_slice[]){e->x->path, WB_S("!")}, 2);
    e->post.run = come_back;
    wb_loop_post(e->x->loop, p);
}

static void on_request(struct wb_http_exchange *x)
{
    struct errand *e = wb_new(x->arena, struct errand);
    e->x = x;
    e->post.run = at_worker;
    wb_loop_post(worker, &e->post);
}

static void *run(void *loop)
{
    wb_loop_run(loop);
    return NULL;
}

static void *client(void *arg)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0, fd = -1; i < EACH; i++) {
        char text[128], want[32], got[512];
        if (fd < 0) {
            fd = socket(AF_INET, SOCK_STREAM, 0);
            if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
                abort();
        }
        int want_n = snprintf(want, sizeof(want), "\r\n\r\n/%d!", i);
        int n = snprintf(text, sizeof(text), "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
        if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
            abort();
        size_t have = 0;
        while (have < (size_t)want_n || memcmp(got + have - want_n, want, (size_t)want_n) != 0) {
            ssize_t r = recv(fd, got + have, sizeof(got) - have, 0);
            if (r <= 0)
                abort();
            have += (size_t)r;
        }
        if (i % 50 == 49) {
            close(fd);
            fd = -1;
        }
    }
    return NULL;
}

static void answers_by_way_of_another_thread(void **state)
{
    struct wb_arena a;
    struct wb_slice why;
    struct wb_loop *loop[LOOPS];
    struct wb_http_server *server[LOOPS];
    pthread_t loop_thread[LOOPS], worker_thread, client_thread[CLIENTS];
    wb_arena_init(&a, 0);
    worker = wb_loop_new();
    for (int i = 0; i < LOOPS; i++) {
        loop[i] = wb_loop_new();
        struct wb_http_server_options o = {
            .host = "127.0.0.1", .port = port, .reuse_port = true, .on_request = on_request};
        server[i] = wb_http_server_new(loop[i], &o, &a, &why);
        assert_non_null(server[i]);
        port = wb_http_server_port(server[i]);
    }
    pthread_create(&worker_thread, NULL, run, worker);
    for (int i = 0; i < LOOPS; i++)
        pthread_create(&loop_thread[i], NULL, run, loop[i]);
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&client_thread[i], NULL, client, NULL);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(client_thread[i], NULL);
    wb_loop_stop(worker);
    pthread_join(worker_thread, NULL);
    for (int i = 0; i < LOOPS; i++) {
        wb_loop_stop(loop[i]);
        pthread_join(loop_thread[i], NULL);
        wb_http_server_free(server[i]);
        wb_loop_free(loop[i]);
    }
    wb_loop_free(worker);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_by_way_of_another_thread)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
