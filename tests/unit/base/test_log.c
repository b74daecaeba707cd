#include "base/arena.h"
#include "base/log.h"
#include "base/slice.h"
#include "base/utf8.h"
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char text[1 << 20];
static size_t text_n;

/* Runs f in a child and keeps what it writes to stderr; gives the child's exit status. */
static int capture(void (*f)(void))
{
    int pipe_fd[2], status;
    assert_int_equal(pipe(pipe_fd), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipe_fd[1], 2);
        f();
        _exit(0);
    }
    close(pipe_fd[1]);
    text_n = 0;
    for (ssize_t n; (n = read(pipe_fd[0], text + text_n, sizeof text - text_n)) > 0;)
        text_n += (size_t)n;
    close(pipe_fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The line without its time, which is checked here. */
static struct wb_slice only_line(void)
{
    struct wb_slice s = wb_slice(text, text_n);
    assert_true(wb_slice_starts(s, WB_S("{\"time\":\"20")));
    assert_true(s.n > 36 && s.p[33] == '"' && s.p[32] == 'Z');
    assert_int_equal(wb_slice_chr(s, '\n', 0), (int)s.n - 1);
    return wb_slice_sub(s, 35, s.n);
}

static void escapes(void)
{
    wb_log(WB_LOG_WARN, "mail", "said \"no\"\n", "a\\b", "\x01\x7f\xff\xc3\xa9", "none",
           (char *)NULL, NULL);
}

static void test_escapes(void **state)
{
    assert_int_equal(capture(escapes), 0);
    assert_true(wb_slice_is(
        only_line(), "\"level\":\"warn\",\"area\":\"mail\",\"message\":\"said \\\"no\\\"\\n\","
                     "\"a\\\\b\":\"\\u0001\\u007f\xef\xbf\xbd\xc3\xa9\",\"none\":null}\n"));
}

static void quiet(void)
{
    wb_log(WB_LOG_DEBUG, "a", "not shown", NULL);
    wb_log_level_set(WB_LOG_ERROR);
    wb_log(WB_LOG_WARN, "a", "not shown", NULL);
    wb_log_level_set(WB_LOG_DEBUG);
    wb_log(WB_LOG_DEBUG, "a", "shown", NULL);
}

static void test_level(void **state)
{
    assert_int_equal(capture(quiet), 0);
    assert_true(
        wb_slice_is(only_line(), "\"level\":\"debug\",\"area\":\"a\",\"message\":\"shown\"}\n"));
}

static void long_values(void)
{
    char *v = wb_xmalloc(100001);
    memset(v, '\n', 100000); /* doubles when escaped */
    v[100000] = 0;
    wb_log(WB_LOG_INFO, "a", "m", "v1", v, "v2", v, "v3", v, NULL);
    free(v);
}

/* A line never exceeds what a pipe takes in one piece, and is cut after a whole pair. */
static void test_long(void **state)
{
    assert_int_equal(capture(long_values), 0);
    struct wb_slice s = only_line();
    assert_true(text_n <= PIPE_BUF);
    assert_true(wb_slice_ends(s, WB_S("\\n\"}\n")));
    assert_true(wb_slice_find(s, WB_S("\"v1\":\""), 0) > 0);
    assert_true(wb_slice_find(s, WB_S("\"v2\":\""), 0) < 0); /* 2 x 2,048 and the rest */
}

static void *many(void *unused)
{
    for (int i = 0; i < 2000; i++)
        wb_log(WB_LOG_INFO, "thread", "a line", "name", "value", NULL);
    return NULL;
}

static void threads(void)
{
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, many, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
}

static void test_threads(void **state)
{
    assert_int_equal(capture(threads), 0);
    struct wb_slice rest = wb_slice(text, text_n);
    int lines = 0;
    while (rest.n) {
        struct wb_slice line = wb_slice_cut(&rest, '\n');
        assert_true(wb_slice_ends(line, WB_S(",\"level\":\"info\",\"area\":\"thread\","
                                             "\"message\":\"a line\",\"name\":\"value\"}")));
        lines++;
    }
    assert_int_equal(lines, 8000);
}

static void fatal_default(void)
{
    wb_fatal(0, "store", "sync failed", "error", "EIO", NULL);
}

static void fatal_status(void)
{
    wb_log_level_set(WB_LOG_ERROR);
    wb_fatal(3, "store", "sync failed", NULL);
}

static void test_fatal(void **state)
{
    assert_int_equal(capture(fatal_default), 70);
    assert_true(wb_slice_is(only_line(),
                            "\"level\":\"error\",\"area\":\"store\",\"message\":\"sync "
                            "failed\",\"error\":\"EIO\"}\n"));
    assert_int_equal(capture(fatal_status), 3);
    only_line();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_escapes), cmocka_unit_test(test_level),
                                       cmocka_unit_test(test_long), cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_fatal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
