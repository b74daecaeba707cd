#include "base/seam.h"
#include "codec/json.h"
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct wb_arena arena;
static struct wb_buf out;
static struct wb_json_writer w;

static int setup(void **state)
{
    wb_arena_init(&arena, 0);
    out = wb_buf_in(&arena);
    wb_jw_init(&w, &out);
    return 0;
}

static int teardown(void **state)
{
    wb_arena_release(&arena);
    return 0;
}

/* Ready for the next value. */
static void again(void)
{
    wb_arena_reset(&arena);
    out = wb_buf_in(&arena);
    wb_jw_init(&w, &out);
}

static void wrote(const char *want)
{
    if (!wb_slice_is(wb_buf_slice(&out), want))
        fail_msg("wrote %.*s", WB_FMT(wb_buf_slice(&out)));
    assert_true(wb_json_is(wb_json_read(&arena, wb_buf_slice(&out), NULL)));
    out.n = 0;
    wb_jw_init(&w, &out);
}

static void test_shapes(void **state)
{
    wb_jw_object(&w);
    wb_jw_kstr(&w, "s", WB_S("v"));
    wb_jw_kcstr(&w, "null", NULL);
    wb_jw_ki64(&w, "i", INT64_MIN);
    wb_jw_kbool(&w, "t", true);
    wb_jw_kraw(&w, "raw", WB_S("{\"x\" : 1}"));
    wb_jw_key(&w, "list");
    wb_jw_array(&w);
    wb_jw_array(&w);
    wb_jw_end_array(&w);
    wb_jw_object(&w);
    wb_jw_end_object(&w);
    wb_jw_null(&w);
    wb_jw_bool(&w, false);
    wb_jw_str(&w, WB_S(""));
    wb_jw_str(&w, WB_SLICE_NULL);
    wb_jw_cstr(&w, "c");
    wb_jw_i64(&w, 7);
    wb_jw_double(&w, 0.5);
    wb_jw_raw(&w, WB_S("[]"));
    wb_jw_object(&w);
    wb_jw_key_slice(&w, WB_S("a\"b"));
    wb_jw_object(&w);
    wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    wb_jw_end_array(&w);
    wb_jw_kbool(&w, "after", false);
    wb_jw_end_object(&w);
    wrote("{\"s\":\"v\",\"null\":null,\"i\":-9223372036854775808,\"t\":true,\"raw\":{\"x\" : 1},"
          "\"list\":[[],{},null,false,\"\",null,\"c\",7,0.5,[],{\"a\\\"b\":{}}],\"after\":false}");
    wb_jw_str(&w, WB_S("alone"));
    wrote("\"alone\"");
    for (int i = 0; i < 63; i++)
        wb_jw_array(&w);
    for (int i = 0; i < 63; i++)
        wb_jw_end_array(&w);
    assert_int_equal(out.n, 126);
}

static void test_strings(void **state)
{
    wb_jw_str(&w, WB_S("\"\\/\b\f\n\r\t\x01\x1f\x7f"));
    wrote("\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    wb_jw_str(&w, WB_S("\0"));
    wrote("\"\\u0000\"");
    wb_jw_str(&w, WB_S("\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xa6"));
    wrote("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xa6\"");
    wb_jw_str(&w, WB_S("a\xff\xc3 \xed\xa0\x80"));
    wrote("\"a\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* Whatever bytes go in, JSON comes out; UTF-8 reads back as it was. */
static void test_round_trip(void **state)
{
    struct wb_seam_sim sim;
    wb_seam_sim_init(&sim, 4, 0);
    for (int i = 0; i < 50000; i++) {
        uint8_t r[66];
        sim.seam.random(&sim.seam, r, sizeof r);
        for (size_t k = 0; i % 2 && k < 64; k++)
            r[k] &= 0x7f;
        struct wb_slice in = wb_slice(r, r[65] % 65);
        wb_jw_str(&w, in);
        struct wb_json v = wb_json_read(&arena, wb_buf_slice(&out), NULL);
        assert_true(wb_json_is(v));
        if (i % 2)
            assert_true(wb_slice_eq(wb_json_str(v, &arena), in));
        again();
    }
}

static void test_doubles(void **state)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {-1, "-1"},
        {0.1, "0.1"},
        {1.5, "1.5"},
        {1e14, "100000000000000"},
        {1e21, "1e+21"},

        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
        {1795348800.123, "1795348800.123"},
        {-0.0, "-0"},
        {123456789012345680, "1.2345678901234568e+17"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wb_jw_double(&w, cases[i].v);
        wrote(cases[i].text);
    }
    struct wb_seam_sim sim;
    wb_seam_sim_init(&sim, 9, 0);
    for (int i = 0; i < 100000; i++) {
        double v, back;
        uint64_t bits;
        sim.seam.random(&sim.seam, &bits, sizeof bits);
        memcpy(&v, &bits, sizeof v);
        if (i % 2)
            v = (double)(int64_t)bits / 1000;
        if (!isfinite(v))
            continue;
        wb_jw_double(&w, v);
        struct wb_json j = wb_json_read(&arena, wb_buf_slice(&out), NULL);
        assert_true(wb_json_double(j, &back) && memcmp(&v, &back, sizeof v) == 0);
        again();
    }
}

static void value_without_key(void)
{
    wb_jw_object(&w);
    wb_jw_i64(&w, 1);
}

static void key_in_array(void)
{
    wb_jw_array(&w);
    wb_jw_key(&w, "a");
}

static void two_keys(void)
{
    wb_jw_object(&w);
    wb_jw_key(&w, "a");
    wb_jw_key(&w, "b");
}

static void key_without_value(void)
{
    wb_jw_object(&w);
    wb_jw_key(&w, "a");
    wb_jw_end_object(&w);
}

static void wrong_end(void)
{
    wb_jw_object(&w);
    wb_jw_end_array(&w);
}

static void end_too_many(void)
{
    wb_jw_end_array(&w);
}

static void two_values(void)
{
    wb_jw_i64(&w, 1);
    wb_jw_i64(&w, 2);
}

static void too_deep(void)
{
    for (int i = 0; i < 64; i++)
        wb_jw_array(&w);
}

static void empty_raw(void)
{
    wb_jw_raw(&w, WB_S(""));
}

/* Misuse stops the program. */
static void test_misuse(void **state)
{
    void (*const cases[])(void) = {value_without_key, key_in_array, two_keys,
                                   key_without_value, wrong_end,    end_too_many,
                                   two_values,        too_deep,     empty_raw};
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
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
            fail_msg("case %zu went through", i);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_shapes), T(test_strings), T(test_round_trip),
                                       T(test_doubles), T(test_misuse)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
