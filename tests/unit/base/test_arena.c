#include "base/arena.h"
#include "base/buf.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Allocations are aligned, do not overlap and keep what is written to them. */
static void test_alloc(void **state)
{
    enum { COUNT = 3000 };
    struct wb_arena a;
    unsigned char *p[COUNT];
    size_t n[COUNT];
    wb_arena_init(&a, 0);
    srand(1);
    for (int i = 0; i < COUNT; i++) {
        n[i] = i % 100 == 99 ? (size_t)(rand() % 300000) : (size_t)(rand() % 200);
        p[i] = wb_alloc(&a, n[i]);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % 16, 0);
        memset(p[i], i & 0xff, n[i]);
    }
    for (int i = 0; i < COUNT; i++)
        for (size_t k = 0; k < n[i]; k++)
            if (p[i][k] != (i & 0xff))
                fail_msg("allocation %d was overwritten", i);
    assert_true(a.total > 0);
    wb_arena_release(&a);
    assert_int_equal(a.total, 0);
    assert_non_null(wb_alloc(&a, 0)); /* usable as after init */
    wb_arena_release(&a);
}

static void test_reset(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    wb_alloc(&a, 50000);
    for (int i = 0; i < 100; i++)
        wb_alloc(&a, 5000);
    wb_arena_reset(&a);
    size_t kept = a.total;
    assert_true(kept > 0 && kept <= 64 * 1024);
    for (int round = 0; round < 10; round++) {
        unsigned char *p = wb_zalloc(&a, 3000); /* zero although used before */
        for (int i = 0; i < 3000; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, 3000);
        wb_arena_reset(&a);
        assert_int_equal(a.total, kept); /* no malloc in the steady state */
    }
    wb_arena_release(&a);

    wb_arena_init(&a, 0);
    wb_alloc(&a, 1 << 20);
    wb_arena_reset(&a);
    assert_int_equal(a.total, 0); /* nothing small enough to keep */
    wb_arena_release(&a);
}

static void test_large_first(void **state)
{
    struct wb_arena a = {0}; /* also without init */
    char *p = wb_alloc(&a, 10 << 20);
    memset(p, 1, 10 << 20);
    size_t total = a.total;
    wb_alloc(&a, 100);
    assert_true(a.total - total <= 64 * 1024);
    wb_arena_release(&a);
}

static void test_copies(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 64);
    struct wb_slice s = wb_dup(&a, WB_S("text"));
    assert_true(wb_slice_is(s, "text") && s.p[4] == 0);
    assert_null(wb_dup(&a, WB_SLICE_NULL).p);
    assert_non_null(wb_dup(&a, WB_S("")).p);
    assert_string_equal(wb_dup_cstr(&a, WB_S("c string")), "c string");
    s = wb_printf(&a, "%d-%s", 7, "x");
    assert_true(wb_slice_is(s, "7-x") && s.p[s.n] == 0);
    s = wb_printf(&a, "%600d", 1); /* longer than what is formatted on the stack */
    assert_int_equal(s.n, 600);
    assert_int_equal(s.p[599], '1');
    assert_int_equal(s.p[600], 0);
    s = wb_printf(&a, "%511d", 1);
    assert_int_equal(s.n, 511);
    s = wb_printf(&a, "%512d", 1);
    assert_true(s.n == 512 && s.p[511] == '1' && s.p[512] == 0);
    s = wb_concat(&a, (struct wb_slice[]){WB_S("a"), WB_SLICE_NULL, WB_S(""), WB_S("bc")}, 4);
    assert_true(wb_slice_is(s, "abc") && s.p[3] == 0);
    char *h = wb_xstrndup("abc", 2);
    assert_string_equal(h, "ab");
    free(h);
    wb_arena_release(&a);
}

static void too_much(void)
{
    struct wb_arena a = {0};
    wb_alloc(&a, SIZE_MAX - 100);
}

static void too_much_in_a_buffer(void)
{
    struct wb_buf b = {0};
    wb_buf_char(&b, 'x');
    wb_buf_reserve(&b, SIZE_MAX - 10);
}

/* Memory that cannot be had stops the program. */
static void test_exhaustion(void **state)
{
    void (*const cases[])(void) = {too_much, too_much_in_a_buffer};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            signal(SIGABRT, SIG_DFL);
            if (!freopen("/dev/null", "w", stderr))
                _exit(1);
            cases[i]();
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alloc), cmocka_unit_test(test_reset),
                                       cmocka_unit_test(test_large_first),
                                       cmocka_unit_test(test_copies),
                                       cmocka_unit_test(test_exhaustion)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
