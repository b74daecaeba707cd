#include "base/slice.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct wb_slice z(const char *s)
{
    return wb_slice_str(s);
}

static void test_compare(void **state)
{
    assert_true(wb_slice_cmp(z("a"), z("b")) < 0);
    assert_true(wb_slice_cmp(z("b"), z("a")) > 0);
    assert_true(wb_slice_cmp(z("a"), z("aa")) < 0);
    assert_true(wb_slice_cmp(z("aa"), z("a")) > 0);
    assert_true(wb_slice_cmp(z("\x7f"), z("\x80")) < 0); /* bytes are unsigned */
    assert_int_equal(wb_slice_cmp(z("aa"), z("aa")), 0);
    assert_int_equal(wb_slice_cmp(WB_SLICE_NULL, z("")), 0);
    assert_true(wb_slice_eq(WB_S("a\0b"), WB_S("a\0b")));
    assert_false(wb_slice_eq(WB_S("a\0b"), WB_S("a\0c")));
    assert_true(wb_slice_ieq(z("Content-Type"), z("cONTENT-tYPE")));
    assert_false(wb_slice_ieq(z("a["), z("A{"))); /* 0x5b and 0x7b are no letters */
    assert_false(wb_slice_ieq(z("ab"), z("a")));
    assert_true(wb_slice_starts(z("abc"), z("ab")) && wb_slice_starts(z("abc"), z("")));
    assert_false(wb_slice_starts(z("ab"), z("abc")));
    assert_true(wb_slice_ends(z("abc"), z("bc")) && wb_slice_ends(z("abc"), z("")));
    assert_false(wb_slice_ends(z("bc"), z("abc")));
}

static void test_find(void **state)
{
    assert_int_equal(wb_slice_chr(z("abca"), 'a', 0), 0);
    assert_int_equal(wb_slice_chr(z("abca"), 'a', 1), 3);
    assert_int_equal(wb_slice_chr(z("abca"), 'a', 4), -1);
    assert_int_equal(wb_slice_chr(z("abca"), 'x', 0), -1);
    assert_int_equal(wb_slice_chr(WB_SLICE_NULL, 'x', 0), -1);
    assert_int_equal(wb_slice_find(z("abcabc"), z("bc"), 0), 1);
    assert_int_equal(wb_slice_find(z("abcabc"), z("bc"), 2), 4);
    assert_int_equal(wb_slice_find(z("abcabc"), z("bc"), 5), -1);
    assert_int_equal(wb_slice_find(z("abc"), z(""), 3), 3);
    assert_int_equal(wb_slice_find(z("abc"), z(""), 4), -1);
    assert_int_equal(wb_slice_find(z("ab"), z("abc"), 0), -1);
}

static void test_parts(void **state)
{
    assert_true(wb_slice_is(wb_slice_sub(z("abcdef"), 1, 3), "bc"));
    assert_true(wb_slice_is(wb_slice_sub(z("abc"), 1, 99), "bc"));
    assert_true(wb_slice_is(wb_slice_sub(z("abc"), 7, 9), ""));
    assert_true(wb_slice_is(wb_slice_sub(z("abc"), 2, 1), ""));
    assert_null(wb_slice_sub(WB_SLICE_NULL, 0, 5).p);
    assert_true(wb_slice_is(wb_slice_trim(z(" \ta b\t ")), "a b"));
    assert_true(wb_slice_is(wb_slice_trim(z(" \t")), ""));
    assert_true(wb_slice_is(wb_slice_trim(z("\na\n")), "\na\n")); /* only blanks and tabs */
}

static void test_cut(void **state)
{
    static const char *const parts[] = {"a", "", "b", ""};
    struct wb_slice s = z("a,,b,");
    int n = 0;
    while (s.p) {
        struct wb_slice part = wb_slice_cut(&s, ',');
        assert_true(n < 4 && wb_slice_is(part, parts[n]));
        n++;
    }
    assert_int_equal(n, 4);
    s = z("");
    assert_true(wb_slice_is(wb_slice_cut(&s, ','), ""));
    assert_null(s.p);
}

static void test_numbers(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1a",
                                      "0x1",
                                      "--1",
                                      "1.0",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999"};
    int64_t v;
    uint64_t u;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(wb_slice_i64(z(bad[i]), &v));
    assert_true(wb_slice_i64(z("9223372036854775807"), &v) && v == INT64_MAX);
    assert_true(wb_slice_i64(z("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_true(wb_slice_i64(z("-0"), &v) && v == 0);
    assert_true(wb_slice_i64(z("007"), &v) && v == 7);
    assert_true(wb_slice_u64(z("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(wb_slice_u64(z("18446744073709551616"), &u));
    assert_false(wb_slice_u64(z("-1"), &u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_compare), cmocka_unit_test(test_find),
                                       cmocka_unit_test(test_parts), cmocka_unit_test(test_cut),
                                       cmocka_unit_test(test_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
