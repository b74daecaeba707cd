#include "base/seam.h"
#include "codec/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct wb_arena arena;
static struct wb_seam_sim sim;

static int setup(void **state)
{
    wb_arena_init(&arena, 0);
    wb_seam_sim_init(&sim, 4648, 0);
    return 0;
}

static int teardown(void **state)
{
    wb_arena_release(&arena);
    return 0;
}

static void test_base64(void **state)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xff\xfe\xfd", "//79"},
                                           {"\xfb\xef\xbe", "++++"}};
    static const char *const bad[] = {"=",      "==",   "Z",     "Zg",         "Zg=",
                                      "Zg===",  "Zh==", "Zm9=",  "Zm8",        "Zm 8",
                                      "Zm8=\n", " Zm8", "Z===",  "====",       "Zg==Zg==",
                                      "Z=g=",   "Zm_-", "Zm9v=", "\xc3\xa9==", "Zm9v===="};
    struct wb_slice got;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_true(wb_slice_is(wb_base64_encode(&arena, wb_slice_str(pairs[i][0])), pairs[i][1]));
        assert_true(wb_base64_decode(&arena, wb_slice_str(pairs[i][1]), &got));
        assert_true(wb_slice_is(got, pairs[i][0]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (wb_base64_decode(&arena, wb_slice_str(bad[i]), &got))
            fail_msg("accepted %s", bad[i]);
}

/* Round trips; and whatever is accepted is what the encoder writes. */
static void test_base64_random(void **state)
{
    int accepted = 0;
    for (int i = 0; i < 100000; i++) {
        static const char alphabet[] = "ABCZabcz0189+/==";
        uint8_t r[40];
        struct wb_slice got;
        sim.seam.random(&sim.seam, r, sizeof r);
        struct wb_slice in = wb_slice(r, r[39] % 39);
        assert_true(wb_base64_decode(&arena, wb_base64_encode(&arena, in), &got));
        assert_true(wb_slice_eq(in, got));
        assert_true(wb_hex_decode(&arena, wb_hex_encode(&arena, in), &got));
        assert_true(wb_slice_eq(in, got));
        for (size_t k = 0; k < 8; k++)
            r[k] = (uint8_t)alphabet[r[k] % (sizeof alphabet - 1)];
        in = wb_slice(r, i % 2 ? 4 : 8);
        if (wb_base64_decode(&arena, in, &got)) {
            assert_true(wb_slice_eq(wb_base64_encode(&arena, got), in));
            accepted++;
        }
        wb_arena_reset(&arena);
    }
    assert_true(accepted > 1000);
}

static void test_hex(void **state)
{
    static const char *const bad[] = {"0", "0g", "g0", "0x00", " 00", "000"};
    struct wb_slice got;
    assert_true(wb_slice_is(wb_hex_encode(&arena, WB_S("\0\x7f\xff")), "007fff"));
    assert_true(wb_hex_decode(&arena, WB_S("00AbFf"), &got));
    assert_true(wb_slice_eq(got, WB_S("\0\xab\xff")));
    assert_true(wb_hex_decode(&arena, WB_S(""), &got) && got.n == 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(wb_hex_decode(&arena, wb_slice_str(bad[i]), &got));
}

static void test_percent(void **state)
{
    struct wb_buf b = wb_buf_in(&arena);
    struct wb_slice got;
    wb_percent_encode(&b, WB_S("AZaz09-._~ /+%\xc3\xa9\0"), false);
    assert_true(wb_slice_is(wb_buf_slice(&b), "AZaz09-._~%20%2F%2B%25%C3%A9%00"));
    assert_true(wb_percent_decode(&arena, wb_buf_slice(&b), false, &got));
    assert_true(wb_slice_eq(got, WB_S("AZaz09-._~ /+%\xc3\xa9\0")));
    b.n = 0;
    wb_percent_encode(&b, WB_S("a/b c"), true);
    assert_true(wb_slice_is(wb_buf_slice(&b), "a/b%20c"));
    assert_true(wb_percent_decode(&arena, WB_S("a+b%2b"), true, &got) && wb_slice_is(got, "a b+"));
    assert_true(wb_percent_decode(&arena, WB_S("a+b"), false, &got) && wb_slice_is(got, "a+b"));
    static const char *const bad[] = {"%", "%2", "%2g", "%g2", "a%", "%%20", "% 2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(wb_percent_decode(&arena, wb_slice_str(bad[i]), true, &got));
}

/* The fields written as name|value; "!" when refused. */
static void form_is(const char *body, size_t max, const char *want)
{
    struct wb_pair *f;
    size_t n;
    struct wb_buf b = wb_buf_in(&arena);
    if (!wb_form_parse(&arena, wb_slice_str(body), max, &f, &n))
        wb_buf_str(&b, "!");
    else
        for (size_t i = 0; i < n; i++)
            wb_buf_printf(&b, "%.*s|%.*s;", WB_FMT(f[i].name), WB_FMT(f[i].value));
    if (!wb_slice_is(wb_buf_slice(&b), want))
        fail_msg("%s: %.*s", body, WB_FMT(wb_buf_slice(&b)));
}

static void test_form(void **state)
{
    form_is("", 0, "");
    form_is("Action=GetCallerIdentity&Version=2011-06-15", 2,
            "Action|GetCallerIdentity;Version|2011-06-15;");
    form_is("a=1&b=2", 1, "!");
    form_is("a=1&a=2", 9, "a|1;a|2;");
    form_is("a+b=c%20d%2B", 9, "a b|c d+;");
    form_is("a", 9, "a|;");
    form_is("a=", 9, "a|;");
    form_is("=b", 9, "|b;");
    form_is("a=b=c", 9, "a|b=c;");
    form_is("&&a=1&", 9, "a|1;");
    form_is("a=%zz", 9, "!");
    form_is("%=1", 9, "!");
    form_is("a%26b=%3D", 9, "a&b|=;");
}

static void test_xml(void **state)
{
    struct wb_buf b = wb_buf_in(&arena);
    wb_xml_text(&b, WB_S("<a href=\"x\">&'\t\n\r\0\x0b\x1f\xff\xc3\xa9\xef\xbf\xbe\xef\xbf\xbd"));
    assert_true(wb_slice_is(wb_buf_slice(&b),
                            "&lt;a href=&quot;x&quot;&gt;&amp;'\t\n&#xD;\xef\xbf\xbd\xef\xbf\xbd"
                            "\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_base64),  T(test_base64_random), T(test_hex),
                                       T(test_percent), T(test_form),          T(test_xml)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
