/* Loops: messages from several threads, timers, watches. */
#include "net/loop.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define THREADS 4
#define EACH    5000

struct message {
    struct wb_post post;
    int thread, number;
};

static struct wb_loop *loop;
static struct message sent[THREADS][EACH];
static int seen[THREADS], total;

static void receive(struct wb_post *p)
{
    struct message *m = (struct message *)p;
    assert_int_equal(m->number, seen[m->thread]);
    seen[m->thread]++;
    if (++total == THREADS * EACH)
        wb_loop_stop(loop);
}

static void *send_all(void *arg)
{
    int t = (int)(intptr_t)arg;
    for (int i = 0; i < EACH; i++) {
        sent[t][i] = (struct message){{NULL, receive}, t, i};
        wb_loop_post(loop, &sent[t][i].post);
    }
    return NULL;
}

static void posts_keep_each_threads_order(void **state)
{
    pthread_t threads[THREADS];
    loop = wb_loop_new();
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, send_all, (void *)(intptr_t)i);
    wb_loop_run(loop);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(total, THREADS * EACH);
    wb_loop_free(loop);
}

struct chain {
    struct wb_post post;
    int left;
};

static void post_again(struct wb_post *p)
{
    struct chain *c = (struct chain *)p;
    if (--c->left)
        wb_loop_post(loop, p);
}

static void a_message_may_post_itself_again(void **state)
{
    struct chain c = {{NULL, post_again}, 3};
    loop = wb_loop_new();
    wb_loop_post(loop, &c.post);
    while (c.left)
        wb_loop_step(loop, true);
    /* What is posted and never looked at is run by free, so that its owner hears of it. */
    c.left = 1;
    wb_loop_post(loop, &c.post);
    wb_loop_free(loop);
    assert_int_equal(c.left, 0);
    wb_loop_free(NULL);
}

struct alarm_clock {
    struct wb_timer *timer;
    int rings;
};

static void ring(void *arg)
{
    struct alarm_clock *a = arg;
    a->rings++;
    if (a->rings == 2) {
        wb_timer_free(a->timer);
        a->timer = NULL;
    } else {
        wb_timer_start(a->timer, 1);
    }
}

static void timers(void **state)
{
    struct alarm_clock a = {0}, never = {0};
    loop = wb_loop_new();
    a.timer = wb_timer_new(loop, ring, &a);
    never.timer = wb_timer_new(loop, ring, &never);
    wb_timer_start(a.timer, 5000);
    wb_timer_start(a.timer, 1); /* moved */
    wb_timer_start(never.timer, 1);
    wb_timer_stop(never.timer);
    uint64_t before = wb_loop_now_ms(loop);
    while (wb_loop_step(loop, true))
        ;
    assert_int_equal(a.rings, 2);
    assert_null(a.timer);
    assert_int_equal(never.rings, 0);
    assert_true(wb_loop_now_ms(loop) - before < 4000);
    wb_timer_free(never.timer);
    wb_timer_free(NULL);
    wb_loop_free(loop);
}

struct pipe_end {
    struct wb_watch *watch;
    int fd, ready, events;
};

static void on_ready(void *arg, int events)
{
    struct pipe_end *e = arg;
    e->ready++;
    e->events = events;
    wb_watch_set(e->watch, 0);
}

static void watches(void **state)
{
    int fd[2];
    struct pipe_end r = {0}, w = {0};
    loop = wb_loop_new();
    assert_int_equal(pipe(fd), 0);
    r.watch = wb_watch_new(loop, fd[0], WB_WATCH_READ, on_ready, &r);
    wb_loop_step(loop, false);
    assert_int_equal(r.ready, 0);
    assert_int_equal(write(fd[1], "x", 1), 1);
    wb_loop_step(loop, true);
    assert_int_equal(r.ready, 1);
    assert_int_equal(r.events, WB_WATCH_READ);
    wb_loop_step(loop, false); /* paused: silent though the byte is still there */
    assert_int_equal(r.ready, 1);
    w.watch = wb_watch_new(loop, fd[1], WB_WATCH_WRITE, on_ready, &w);
    wb_loop_step(loop, true);
    assert_int_equal(w.events, WB_WATCH_WRITE);
    /* The reader goes: the writer hears of it. */
    wb_watch_free(r.watch);
    close(fd[0]);
    wb_watch_set(w.watch, WB_WATCH_WRITE);
    wb_loop_step(loop, true);
    assert_int_equal(w.ready, 2);
    wb_watch_free(w.watch);
    wb_watch_free(NULL);
    close(fd[1]);
    FILE *plain = tmpfile(); /* a plain file cannot be watched */
    assert_null(wb_watch_new(loop, fileno(plain), WB_WATCH_READ, on_ready, &r));
    fclose(plain);
    wb_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_keep_each_threads_order),
        cmocka_unit_test(a_message_may_post_itself_again),
        cmocka_unit_test(timers),
        cmocka_unit_test(watches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
