#include "base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Every code point there and back; surrogates and what lies above are refused. */
static void test_all_code_points(void **state)
{
    for (uint32_t cp = 0; cp < 0x120000; cp++) {
        char out[4];
        size_t pos = 0;
        if (cp > 0x1fffff)
            break;
        struct wb_slice s = wb_slice(out, wb_utf8_put(out, cp));
        bool ok = cp <= 0x10ffff && !(cp >= 0xd800 && cp <= 0xdfff);
        if ((wb_utf8_check(s) < 0) != ok)
            fail_msg("check U+%X", cp);
        if (wb_utf8_next(s, &pos) != (ok ? (int32_t)cp : -1) || pos != (ok ? s.n : 0))
            fail_msg("next U+%X", cp);
        for (size_t n = 1; ok && n < s.n; n++)
            assert_int_equal(wb_utf8_check(wb_slice_sub(s, 0, n)), 0); /* cut short */
    }
}

static void test_bad(void **state)
{
    static const struct {
        const char *text;
        int at;
    } cases[] = {
        {"\x80", 0},
        {"a\xbf", 1},
        {"\xc0\x80", 0},
        {"\xc1\xbf", 0},
        {"\xe0\x80\x80", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xf0\x80\x80\x80", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"\xfe", 0},
        {"\xc3\x28", 0},
        {"\xe2\x28\xa1", 0},
        {"\xe2\x82\x28", 0},
        {"12345678\xff", 8},
        {"1234567\xff"
         "9",
         7},
        {"\xf8\x88\x80\x80\x80", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(wb_utf8_check(wb_slice_str(cases[i].text)), cases[i].at);
    assert_int_equal(wb_utf8_check(WB_SLICE_NULL), -1);
    assert_int_equal(wb_utf8_check(WB_S("Gr\xc3\xbc\xc3\x9f"
                                        "e \xe2\x82\xac \xf0\x9f\x93\xa6\0")),
                     -1);
}

/* Random bytes: check and next agree on the place. */
static void test_agree(void **state)
{
    unsigned seed = 1;
    for (int round = 0; round < 100000; round++) {
        char buf[24];
        for (size_t i = 0; i < sizeof buf; i++) {
            seed = seed * 1103515245 + 12345;
            buf[i] = (char)(seed >> 16 & (seed >> 30 ? 0x7f : 0xff));
        }
        struct wb_slice s = wb_slice(buf, sizeof buf);
        size_t pos = 0;
        while (pos < s.n && wb_utf8_next(s, &pos) >= 0)
            ;
        assert_int_equal(wb_utf8_check(s), pos == s.n ? -1 : (ptrdiff_t)pos);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_code_points),
                                       cmocka_unit_test(test_bad), cmocka_unit_test(test_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
