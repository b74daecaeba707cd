#include "base/seam.h"
#include "base/time.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#define YEAR_0    (-62167219200000LL) /* 0000-01-01T00:00:00Z */
#define YEAR_9999 (253402300799999LL) /* 9999-12-31T23:59:59.999Z */

static bool parses(const char *s, int64_t *ms)
{
    return wb_time_parse_iso(wb_slice_str(s), ms, NULL);
}

static void same(int64_t ms, enum wb_time_format f, const char *want)
{
    char out[WB_TIME_MAX];
    assert_int_equal(wb_time_format(out, ms, f), strlen(want));
    assert_string_equal(out, want);
}

static void test_formats(void **state)
{
    const int64_t t = 1795348800123;
    same(t, WB_TIME_ISO_S, "2026-11-22T12:00:00Z");
    same(t, WB_TIME_ISO_MS, "2026-11-22T12:00:00.123Z");
    same(t, WB_TIME_ISO_OFF, "2026-11-22T12:00:00.123+0000");
    same(t, WB_TIME_EPOCH_S, "1795348800");
    same(t, WB_TIME_EPOCH_F, "1795348800.123");
    same(t, WB_TIME_BASIC, "20261122T120000Z");
    same(t, WB_TIME_DATE, "20261122");
    same(t, WB_TIME_HTTP, "Sun, 22 Nov 2026 12:00:00 GMT");
    same(t, WB_TIME_SLASH, "2026/11/22");
    same(0, WB_TIME_EPOCH_F, "0.000");
    same(1, WB_TIME_EPOCH_F, "0.001");
    same(-1, WB_TIME_EPOCH_F, "-0.001");
    same(-1500, WB_TIME_EPOCH_F, "-1.500");
    same(-1, WB_TIME_EPOCH_S, "-1");
    same(-1000, WB_TIME_EPOCH_S, "-1");
    same(-1001, WB_TIME_EPOCH_S, "-2");
    same(999, WB_TIME_EPOCH_S, "0");
    same(-1, WB_TIME_ISO_MS, "1969-12-31T23:59:59.999Z");
    same(YEAR_0, WB_TIME_ISO_MS, "0000-01-01T00:00:00.000Z");
    same(YEAR_9999, WB_TIME_ISO_MS, "9999-12-31T23:59:59.999Z");
    same(YEAR_0, WB_TIME_HTTP, "Sat, 01 Jan 0000 00:00:00 GMT");
}

/* Against the C library, over all years. */
static void test_against_libc(void **state)
{
    struct wb_seam_sim sim;
    wb_seam_sim_init(&sim, 3, 0);
    for (int i = 0; i < 200000; i++) {
        uint64_t r;
        char want[WB_TIME_MAX + 20], got[WB_TIME_MAX];
        struct tm tm;
        int64_t back;
        sim.seam.random(&sim.seam, &r, sizeof r);
        int64_t ms = YEAR_0 + (int64_t)(r % (uint64_t)(YEAR_9999 - YEAR_0 + 1));
        if (i % 4 == 0)
            ms -= ms % 86400000; /* the very beginning of a day */
        time_t s = (time_t)(ms / 1000 - (ms % 1000 < 0));
        assert_non_null(gmtime_r(&s, &tm));
        snprintf(want, sizeof want, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 (int)(ms - (int64_t)s * 1000));
        wb_time_format(got, ms, WB_TIME_ISO_MS);
        assert_string_equal(got, want);
        assert_true(parses(got, &back) && back == ms);
        size_t n = wb_time_format(got, ms, WB_TIME_BASIC);
        assert_true(wb_time_parse_basic(wb_slice(got, n), &back) && back == (int64_t)s * 1000);
        n = wb_time_format(got, ms, WB_TIME_HTTP);
        strftime(want, sizeof want, "%a, %d %b", &tm);
        assert_memory_equal(got, want, 11);
        assert_true(wb_time_parse_http(wb_slice(got, n), &back) && back == (int64_t)s * 1000);
        assert_true(
            wb_days_from_civil(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday) ==
            timegm(&tm) / 86400 - (timegm(&tm) % 86400 < 0));
    }
}

/* Every day of 2,000 years follows the one before. */
static void test_every_day(void **state)
{
    int64_t y, last = wb_days_from_civil(999, 12, 31);
    unsigned m, d;
    for (int64_t day = last + 1; day < last + 730485; day++) {
        wb_civil_from_days(day, &y, &m, &d);
        if (wb_days_from_civil(y, m, d) != day)
            fail_msg("day %ld", (long)day);
    }
}

static void test_parse_iso(void **state)
{
    int64_t v;
    bool zone;
    assert_true(parses("2026-11-22T12:00:00Z", &v) && v == 1795348800000);
    assert_true(parses("2026-11-22t12:00:00z", &v) && v == 1795348800000);
    assert_true(parses("2026-11-22 12:00:00Z", &v) && v == 1795348800000);
    assert_true(parses("2026-11-22T13:30:00+01:30", &v) && v == 1795348800000);
    assert_true(parses("2026-11-22T13:30:00+0130", &v) && v == 1795348800000);
    assert_true(parses("2026-11-22T08:00:00-04:00", &v) && v == 1795348800000);
    assert_true(parses("2026-11-22T12:00:00-00:00", &v) && v == 1795348800000);
    assert_true(parses("2026-11-22T12:00:00.1Z", &v) && v == 1795348800100);
    assert_true(parses("2026-11-22T12:00:00.12Z", &v) && v == 1795348800120);
    assert_true(parses("2026-11-22T12:00:00.1239Z", &v) && v == 1795348800123);
    assert_true(parses("2026-11-22T12:00:00.123999999Z", &v) && v == 1795348800123);
    assert_true(parses("1969-12-31T23:59:59.9999Z", &v) && v == -1);
    assert_true(parses("2024-02-29T00:00:00Z", &v));
    assert_true(parses("2000-02-29T00:00:00Z", &v));
    assert_true(wb_time_parse_iso(WB_S("2026-11-22T12:00:00"), &v, &zone) && !zone);
    assert_true(v == 1795348800000);
    assert_true(wb_time_parse_iso(WB_S("2026-11-22T12:00:00Z"), &v, &zone) && zone);
    assert_true(wb_time_parse_iso(WB_S("2026-11-22T12:00:00+01:00"), &v, &zone) && zone);
}

static void test_parse_iso_refuses(void **state)
{
    static const char *const bad[] = {
        "",
        "2026-11-22",
        "2026-11-22T12:00Z",
        "2026-11-22T12:00:00.Z",
        "2026-11-22T12:00:00.1234567890Z",
        "2026-11-22T12:00:00,5Z",
        "2026-11-22T12:00:00Zx",
        "2026-11-22T12:00:00 Z",
        " 2026-11-22T12:00:00Z",
        "2026-11-22T12:00:00+01",
        "2026-11-22T12:00:00+24:00",
        "2026-11-22T12:00:00+01:60",
        "2026-11-22T12:00:00+1:00",
        "2026-11-22T24:00:00Z",
        "2026-11-22T12:60:00Z",
        "2026-11-22T12:00:60Z",
        "2026-02-30T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z",
        "2026-04-31T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-01T12:00:00Z",
        "2026-01-00T12:00:00Z",
        "2026-1-01T12:00:00Z",
        "26-01-01T12:00:00Z",
        "+2026-01-01T12:00:00Z",
        "2026-11-22X12:00:00Z",
        "20261122T120000Z",
    };
    int64_t v;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parses(bad[i], &v))
            fail_msg("accepted: %s", bad[i]);
    const char *good = "2026-11-22T12:00:00.5+01:00";
    for (size_t n = 0; n < strlen(good); n++) /* every prefix but those that end before the zone */
        assert_int_equal(wb_time_parse_iso(wb_slice(good, n), &v, NULL), n == 19 || n == 21);
}

static void test_parse_others(void **state)
{
    static const char *const basic[] = {"",
                                        "20261122T120000",
                                        "20261122 120000Z",
                                        "20261122T120000Zx",
                                        "20260230T120000Z",
                                        "20261122T246060Z",
                                        "2026-11-22T12:00:00Z"};
    static const char *const http[] = {
        "",
        "Mon, 22 Nov 2026 12:00:00 GMT", /* it was a Sunday */
        "sun, 22 Nov 2026 12:00:00 GMT",
        "Sun, 22 nov 2026 12:00:00 GMT",
        "Sun, 22 Nov 2026 12:00:00 UTC",
        "Sun, 22 Nov 2026 12:00:00 GM",
        "Sun, 2 Nov 2026 12:00:00 GMT ",
        "Sun; 22 Nov 2026 12:00:00 GMT",
        "Sunday, 22-Nov-26 12:00:00 GMT",
        "Sun Nov 22 12:00:00 2026     ",
        "Sun, 31 Nov 2026 12:00:00 GMT",
        "Sun, 22 Foo 2026 12:00:00 GMT",
    };
    int64_t v;
    assert_true(wb_time_parse_basic(WB_S("20261122T120000Z"), &v) && v == 1795348800000);
    for (size_t i = 0; i < sizeof basic / sizeof *basic; i++)
        assert_false(wb_time_parse_basic(wb_slice_str(basic[i]), &v));
    for (size_t i = 0; i < sizeof http / sizeof *http; i++)
        if (wb_time_parse_http(wb_slice_str(http[i]), &v))
            fail_msg("accepted: %s", http[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),           cmocka_unit_test(test_against_libc),
        cmocka_unit_test(test_every_day),         cmocka_unit_test(test_parse_iso),
        cmocka_unit_test(test_parse_iso_refuses), cmocka_unit_test(test_parse_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
