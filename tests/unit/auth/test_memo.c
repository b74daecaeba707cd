/* What a thread remembers: found by its text alone, bounded, forgotten with the thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/memo.h"
#include "auth/policy.h"
#include "base/limits.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int living;

static void forget(void *value)
{
    living--;
    free(value);
}

static const struct wb_memo_kind kind = {.number = 0, .forget = forget};

static int *number(int n)
{
    int *p = wb_xmalloc(sizeof *p);
    *p = n;
    living++;
    return p;
}

static struct wb_slice name(char *room, int n)
{
    return wb_slice(room, (size_t)snprintf(room, 32, "text %d", n));
}

static void *elsewhere(void *arg)
{
    char room[32];
    assert_null(wb_memo_get(&kind, WB_S("text 1"))); /* another thread's */
    for (int i = 0; i < 1000; i++) {
        assert_true(wb_memo_put(&kind, name(room, i), number(i)));
        assert_int_equal(*(int *)wb_memo_get(&kind, name(room, i)), i);
        assert_true(living <= WB_MEMO_SLOTS + 1);
    }
    int found = 0;
    for (int i = 0; i < 1000; i++) {
        const int *n = wb_memo_get(&kind, name(room, i));
        assert_true(!n || *n == i);
        found += n != NULL;
    }
    assert_int_equal(found, living - 1); /* all but the other thread's one */
    return NULL;
}

static void test_memo(void **state)
{
    pthread_t t;
    char *large = wb_xcalloc(1, WB_MEMO_TEXT_MAX + 1);
    assert_null(wb_memo_get(&kind, WB_S("text 1")));
    assert_true(wb_memo_put(&kind, WB_S("text 1"), number(1)));
    assert_int_equal(*(int *)wb_memo_get(&kind, WB_S("text 1")), 1);
    assert_null(wb_memo_get(&kind, WB_S("text 2")));
    assert_null(wb_memo_get(&kind, WB_S("text")));
    assert_true(wb_memo_put(&kind, WB_S("text 1"), number(2))); /* in its place */
    assert_int_equal(living, 1);
    assert_int_equal(*(int *)wb_memo_get(&kind, WB_S("text 1")), 2);
    assert_false(wb_memo_put(&kind, wb_slice(large, WB_MEMO_TEXT_MAX + 1), number(3)));
    assert_int_equal(living, 1);
    assert_true(wb_memo_put(&kind, WB_S(""), number(4)));
    assert_int_equal(*(int *)wb_memo_get(&kind, WB_S("")), 4);
    assert_true(wb_memo_put(&kind, WB_S("text 1"), number(5)));
    free(large);
    int here = living;
    living = 1;
    assert_int_equal(pthread_create(&t, NULL, elsewhere, NULL), 0);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_int_equal(living, 1); /* gone with the thread */
    living = here;
}

static struct wb_policy *of_text(struct wb_arena *a, const char *text)
{
    return wb_policy_of_text(wb_slice_str(text), a);
}

static void test_policies(void **state)
{
    static const char one[] =
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:x\",\"Resource\":"
        "\"*\"}}",
                      two[] = "{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"a:x\",\"Resource\":"
                              "\"*\"}}";
    struct wb_request q = {.action = WB_S("a:x"), .resource = WB_S("*")};
    struct wb_arena a;
    wb_arena_init(&a, 0);
    for (int i = 0; i < 3; i++) {
        struct wb_policy *p = of_text(&a, one), *again = of_text(&a, one), *r = of_text(&a, two);
        assert_ptr_equal(p, again);
        assert_int_equal(wb_policy_eval(p, &q, NULL), WB_ALLOW);
        assert_int_equal(wb_policy_eval(r, &q, NULL), WB_EXPLICIT_DENY);
        assert_null(of_text(&a, "{}"));
        wb_policy_unref(p);
        wb_policy_unref(again);
        wb_policy_unref(r);
    }
    /* One that is too long to be remembered is parsed each time. */
    struct wb_slice parts[2] = {wb_slice_str(one), wb_slice(wb_zalloc(&a, 9000), 9000)};
    memset((char *)(uintptr_t)parts[1].p, ' ', 9000);
    struct wb_policy *p = wb_policy_of_text(wb_concat(&a, parts, 2), &a);
    assert_int_equal(wb_policy_eval(p, &q, NULL), WB_ALLOW);
    wb_policy_unref(p);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memo),
                                       cmocka_unit_test(test_policies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
