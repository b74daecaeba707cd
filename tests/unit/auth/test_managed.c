/*
 * AWS's managed policies: every document is one that IAM would take, and every row is found by its
 * ARN and by no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "auth/managed.h"
#include "auth/policy.h"
#include "base/time.h"

static struct wb_slice arn_of(const struct wb_managed_policy *p)
{
    return wb_printf(&arena, "arn:aws:iam::aws:policy%s%s", p->path, p->name);
}

static void test_documents(void **state)
{
    (void)state;
    for (const struct wb_managed_policy *p = wb_managed_policies; p->name; p++) {
        struct wb_slice why;
        struct wb_policy *compiled =
            wb_policy_parse(wb_slice_str(p->document), false, &arena, &why);
        if (!compiled)
            fail_msg("%s: %.*s", p->name, WB_FMT(why));
        wb_policy_unref(compiled);
    }
}

static void test_rows(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct wb_managed_policy *p = wb_managed_policies; p->name; p++, n++) {
        int64_t created, updated;
        bool zone;
        assert_true(wb_time_parse_iso(wb_slice_str(p->created), &created, &zone));
        assert_true(wb_time_parse_iso(wb_slice_str(p->updated), &updated, &zone));
        assert_true(created <= updated);
        assert_true(p->version >= 1);
        assert_int_equal(strlen(p->id), 21);
        assert_true(wb_slice_starts(wb_slice_str(p->id), WB_S("ANPA")));
        if (n > 0)
            assert_true(strcmp(p[-1].name, p->name) < 0);
        for (const struct wb_managed_policy *q = wb_managed_policies; q < p; q++)
            assert_string_not_equal(q->id, p->id);
    }
    assert_int_equal(n, wb_managed_policy_count);
}

static void test_lookup(void **state)
{
    (void)state;
    for (const struct wb_managed_policy *p = wb_managed_policies; p->name; p++) {
        struct wb_slice arn = arn_of(p);
        assert_ptr_equal(wb_managed_policy(arn), p);
        assert_null(wb_managed_policy(wb_slice_sub(arn, 0, arn.n - 1)));
        assert_null(wb_managed_policy(wb_printf(&arena, "%.*sX", WB_FMT(arn))));
        assert_null(wb_managed_policy(
            wb_printf(&arena, "arn:aws:iam::aws:policy/elsewhere%s%s", p->path, p->name)));
    }
    assert_null(wb_managed_policy(WB_SLICE_NULL));
    assert_null(wb_managed_policy(WB_S("arn:aws:iam::aws:policy/")));
    assert_null(wb_managed_policy(WB_S("arn:aws:iam::000000000000:policy/AdministratorAccess")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_lookup),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
