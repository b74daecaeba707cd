#include "base/buf.h"
#include "base/decimal.h"
#include "base/seam.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct wb_arena arena;
static struct wb_seam_sim sim;

static int setup(void **state)
{
    wb_arena_init(&arena, 0);
    wb_seam_sim_init(&sim, 2026, 0);
    return 0;
}

static int teardown(void **state)
{
    wb_arena_release(&arena);
    return 0;
}

static unsigned below(unsigned n)
{
    uint32_t r;
    sim.seam.random(&sim.seam, &r, sizeof r);
    return r % n;
}

static void test_parse(void **state)
{
    static const struct {
        const char *in, *out; /* out NULL: the status */
        enum wb_decimal_status status;
    } cases[] = {
        {"0", "0"},
        {"-0", "0"},
        {"0.000", "0"},
        {"1", "1"},
        {"-1", "-1"},
        {"+5", "5"},
        {"007", "7"},
        {"1e3", "1000"},
        {"1E+3", "1000"},
        {"1.10", "1.1"},
        {"-1.10", "-1.1"},
        {".5", "0.5"},
        {"5.", "5"},
        {"-.5e1", "-5"},
        {"10e-1", "1"},
        {"1000.0", "1000"},
        {"001000", "1000"},
        {"0.001", "0.001"},
        {"123.456e-2", "1.23456"},
        {"123.456e2", "12345.6"},
        {"123.456e3", "123456"},
        {"1e0000000000000000000001", "10"},
        {"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
        {"1.2345678901234567890123456789012345678", "1.2345678901234567890123456789012345678"},
        {"100000000000000000000000000000000000000000",
         "100000000000000000000000000000000000000000"},
        {"0.0e126", "0"},
        {"0e125", "0"},
        {"0e126", NULL, WB_DEC_OVERFLOW},
        {"1e126", NULL, WB_DEC_OVERFLOW},
        {"-10e125", NULL, WB_DEC_OVERFLOW},
        {"1e99999999999999999999", NULL, WB_DEC_OVERFLOW},
        {"1e-131", NULL, WB_DEC_UNDERFLOW},
        {"-0.1e-130", NULL, WB_DEC_UNDERFLOW},
        {"1e-99999999999999999999", NULL, WB_DEC_UNDERFLOW},
        {"123456789012345678901234567890123456789", NULL, WB_DEC_PRECISION},
        {"1.00000000000000000000000000000000000001", NULL, WB_DEC_PRECISION},
        {"-0.123456789012345678901234567890123456789", NULL, WB_DEC_PRECISION},
        {"", NULL, WB_DEC_SYNTAX},
        {"-", NULL, WB_DEC_SYNTAX},
        {".", NULL, WB_DEC_SYNTAX},
        {"+.", NULL, WB_DEC_SYNTAX},
        {"e5", NULL, WB_DEC_SYNTAX},
        {"1e", NULL, WB_DEC_SYNTAX},
        {"1e+", NULL, WB_DEC_SYNTAX},
        {"1e5.0", NULL, WB_DEC_SYNTAX},
        {"1e5e5", NULL, WB_DEC_SYNTAX},
        {"1.2.3", NULL, WB_DEC_SYNTAX},
        {"--1", NULL, WB_DEC_SYNTAX},
        {" 1", NULL, WB_DEC_SYNTAX},
        {"1 ", NULL, WB_DEC_SYNTAX},
        {"1,0", NULL, WB_DEC_SYNTAX},
        {"NaN", NULL, WB_DEC_SYNTAX},
        {"Infinity", NULL, WB_DEC_SYNTAX},
        {"0x10", NULL, WB_DEC_SYNTAX},
        {"\xd9\xa1", NULL, WB_DEC_SYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_decimal d;
        enum wb_decimal_status got = wb_decimal_parse(wb_slice_str(cases[i].in), &d);
        if (got != cases[i].status)
            fail_msg("%s: status %d", cases[i].in, got);
        if (cases[i].out && !wb_slice_is(wb_decimal_str(&arena, &d), cases[i].out))
            fail_msg("%s: %s", cases[i].in, wb_decimal_str(&arena, &d).p);
    }
}

static void test_bytes(void **state)
{
    static const struct {
        const char *text, *bytes;
    } cases[] = {
        {"0", "\x80"},         {"1", "\xc1\x02"},           {"-1", "\x3e\x64\x66"},
        {"100", "\xc2\x02"},   {"0.05", "\xc0\x06"},        {"0.5", "\xc0\x33"},
        {"10", "\xc1\x0b"},    {"99", "\xc1\x64"},          {"1E-130", "\x80\x02"},
        {"1e125", "\xff\x0b"}, {"-1e-130", "\x7f\x64\x66"}, {"12.5", "\xc1\x0d\x33"},
    };
    struct wb_decimal d, back;
    uint8_t out[WB_DECIMAL_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(wb_decimal_parse(wb_slice_str(cases[i].text), &d), WB_DEC_OK);
        size_t n = wb_decimal_encode(&d, out);
        assert_int_equal(n, strlen(cases[i].bytes));
        assert_memory_equal(out, cases[i].bytes, n);
        assert_true(wb_decimal_decode(wb_slice(out, n), &back));
        assert_int_equal(wb_decimal_cmp(&d, &back), 0);
    }
    static const struct {
        const char *p;
        size_t n;
    } bad[] = {{"", 0},
               {"\x80\x01", 2},
               {"\x81", 1},
               {"\xc1\x00", 2},
               {"\xc1\x65", 2},
               {"\xc1\x01", 2},
               {"\xc1\x02\x01", 3},
               {"\xc1\x01\x02", 3},
               {"\x3e\x64", 2},
               {"\x3e\x66", 2},
               {"\x3e\x64\x64", 3},
               {"\x3e\x65\x66", 3},
               {"\xc1\x02\x66", 3}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (wb_decimal_decode(wb_slice(bad[i].p, bad[i].n), &back))
            fail_msg("accepted bad bytes %zu", i);
}

/* Whatever bytes are taken are the ones that the value is written with. */
static void test_decode_is_canonical(void **state)
{
    int accepted = 0;
    for (int i = 0; i < 300000; i++) {
        uint8_t in[24], out[WB_DECIMAL_BYTES];
        size_t n = 1 + below(23);
        struct wb_decimal d;
        for (size_t k = 0; k < n; k++)
            in[k] = (uint8_t)(k ? below(104) : below(256));
        if (below(2))
            in[n - 1] = 102;
        if (!wb_decimal_decode(wb_slice(in, n), &d))
            continue;
        accepted++;
        assert_int_equal(wb_decimal_encode(&d, out), n);
        assert_memory_equal(in, out, n);
    }
    assert_true(accepted > 10000);
}

/*
 * The reference: a sign and a digit for every power of ten from 129 down to -170. Slow and obvious.
 */
enum { TOP = 129, PLACES = 300 };
struct ref {
    bool minus;
    int digit[PLACES];
};

/* Place of the first (step 1) or last (step -1) digit that is not 0; -1 when there is none. */
static int edge(const struct ref *r, int step)
{
    for (int i = step > 0 ? 0 : PLACES - 1; i >= 0 && i < PLACES; i += step)
        if (r->digit[i])
            return i;
    return -1;
}

/* From plain notation. */
static struct ref ref_of(struct wb_slice s)
{
    struct ref r = {.minus = s.p[0] == '-'};
    ptrdiff_t point = wb_slice_chr(s, '.', 0);
    int whole = (int)(point < 0 ? (ptrdiff_t)s.n : point) - r.minus;
    int place = TOP - (whole - 1);
    for (size_t i = r.minus; i < s.n; i++)
        if (s.p[i] != '.')
            r.digit[place++] = s.p[i] - '0';
    return r;
}

static int ref_cmp_abs(const struct ref *a, const struct ref *b)
{
    for (int i = 0; i < PLACES; i++)
        if (a->digit[i] != b->digit[i])
            return a->digit[i] < b->digit[i] ? -1 : 1;
    return 0;
}

static int ref_cmp(const struct ref *a, const struct ref *b)
{
    int sa = edge(a, 1) < 0 ? 0 : a->minus ? -1 : 1, sb = edge(b, 1) < 0 ? 0 : b->minus ? -1 : 1;
    if (sa != sb)
        return sa < sb ? -1 : 1;
    return sa < 0 ? ref_cmp_abs(b, a) : ref_cmp_abs(a, b);
}

static struct ref ref_add(struct ref a, struct ref b)
{
    if (a.minus == b.minus) {
        for (int i = PLACES - 1, carry = 0; i >= 0; i--) {
            int v = a.digit[i] + b.digit[i] + carry;
            a.digit[i] = v % 10;
            carry = v / 10;
        }
        return a;
    }
    if (ref_cmp_abs(&a, &b) < 0) {
        struct ref t = a;
        a = b;
        b = t;
    }
    for (int i = PLACES - 1, borrow = 0; i >= 0; i--) {
        int v = a.digit[i] - b.digit[i] - borrow;
        borrow = v < 0;
        a.digit[i] = v + 10 * borrow;
    }
    return a;
}

static enum wb_decimal_status ref_status(const struct ref *r)
{
    int first = edge(r, 1), last = edge(r, -1);
    if (first < 0)
        return WB_DEC_OK;
    if (TOP - first > 125)
        return WB_DEC_OVERFLOW;
    if (TOP - first < -130)
        return WB_DEC_UNDERFLOW;
    return last - first >= 38 ? WB_DEC_PRECISION : WB_DEC_OK;
}

/* The reference in plain notation. */
static struct wb_slice ref_str(const struct ref *r)
{
    struct wb_buf b = wb_buf_in(&arena);
    int first = edge(r, 1), last = edge(r, -1);
    if (first < 0)
        return WB_S("0");
    if (r->minus)
        wb_buf_char(&b, '-');
    for (int i = first < TOP ? first : TOP; i <= (last > TOP ? last : TOP); i++) {
        if (i == TOP + 1)
            wb_buf_char(&b, '.');
        wb_buf_char(&b, (char)('0' + r->digit[i]));
    }
    return wb_buf_slice(&b);
}

/* A number in one of the many ways to write it, with its first digit at 10^adjusted. */
static struct wb_slice write_number(bool minus, const char *digits, int count, int adjusted)
{
    struct wb_buf b = wb_buf_in(&arena);
    int before = (int)below(50) - 5; /* where the point goes */
    wb_buf_str(&b, minus ? "-" : below(4) ? "" : "+");
    for (unsigned zeros = below(3); zeros; zeros--)
        wb_buf_char(&b, '0');
    if (before <= 0) {
        wb_buf_char(&b, '.');
        for (int i = before; i < 0; i++)
            wb_buf_char(&b, '0');
    }
    for (int i = 0; i < count || i < before; i++) {
        if (i == before && before > 0)
            wb_buf_char(&b, '.');
        wb_buf_char(&b, i < count ? digits[i] : '0');
    }
    if (before < count)
        for (unsigned zeros = below(3); zeros; zeros--)
            wb_buf_char(&b, '0');
    wb_buf_printf(&b, "%c%s%d", below(2) ? 'e' : 'E', adjusted - before + 1 < 0 ? "" : "+",
                  adjusted - before + 1);
    return wb_buf_slice(&b);
}

static void random_digits(char digits[38], int count)
{
    for (int i = 0; i < count; i++)
        digits[i] = (char)('0' + (below(3) ? below(10) : below(2) * 9));
    digits[0] = (char)('1' + below(9));
    digits[count - 1] = (char)('1' + below(9));
}

/* A pair of numbers, often close to each other or at an end of the range. */
static void random_pair(struct wb_decimal v[2])
{
    char digits[38];
    int count = 1 + (int)below(38);
    int adjusted = below(4) ? (int)below(256) - 130 : (int[]){-130, 125, 0, -1}[below(4)];
    bool minus = below(2);
    if (below(3))
        adjusted = (int)below(60) - 30;
    random_digits(digits, count);
    for (int k = 0; k < 2; k++) {
        struct wb_slice text = write_number(minus, digits, count, adjusted);
        if (wb_decimal_parse(text, &v[k]) != WB_DEC_OK)
            fail_msg("refused %.*s", WB_FMT(text));
        switch (below(6)) {
        case 0:
            minus = !minus;
            break;
        case 1: /* the same but for a digit */
            digits[below((unsigned)count)] = (char)('1' + below(9));
            break;
        case 2: /* a prefix of it */
            count = 1 + (int)below((unsigned)count);
            digits[count - 1] = (char)('1' + below(9));
            break;
        case 3:
            adjusted += (int)below(3) - 1;
            if (adjusted > 125 || adjusted < -130)
                adjusted = 0;
            break;
        default:
            count = 1 + (int)below(38);
            random_digits(digits, count);
        }
    }
    if (below(200) == 0)
        v[below(2)] = (struct wb_decimal){0};
}

static int sign(int v)
{
    return v < 0 ? -1 : v > 0;
}

/* Order of the bytes = order of the values = order of the reference; text and bytes read back. */
static void test_order(void **state)
{
    for (int i = 0; i < 150000; i++) {
        struct wb_decimal v[2], back;
        struct ref r[2];
        uint8_t key[2][WB_DECIMAL_BYTES + 1];
        size_t n[2];
        random_pair(v);
        for (int k = 0; k < 2; k++) {
            struct wb_slice text = wb_decimal_str(&arena, &v[k]);
            r[k] = ref_of(text);
            assert_true(wb_slice_eq(text, ref_str(&r[k])));
            assert_int_equal(wb_decimal_parse(text, &back), WB_DEC_OK);
            assert_int_equal(wb_decimal_cmp(&v[k], &back), 0);
            n[k] = wb_decimal_encode(&v[k], key[k]);
            assert_true(wb_decimal_decode(wb_slice(key[k], n[k]), &back));
            assert_int_equal(wb_decimal_cmp(&v[k], &back), 0);
            key[k][n[k]++] = 0;
        }
        int want = ref_cmp(&r[0], &r[1]);
        assert_int_equal(wb_decimal_cmp(&v[0], &v[1]), want);
        assert_int_equal(sign(wb_slice_cmp(wb_slice(key[0], n[0]), wb_slice(key[1], n[1]))), want);
        if (i % 100 == 0)
            wb_arena_reset(&arena);
    }
}

static void test_add_sub(void **state)
{
    int seen[5] = {0};
    for (int i = 0; i < 150000; i++) {
        struct wb_decimal v[2], got;
        random_pair(v);
        struct ref a = ref_of(wb_decimal_str(&arena, &v[0]));
        struct ref b = ref_of(wb_decimal_str(&arena, &v[1]));
        for (int minus = 0; minus < 2; minus++) {
            if (minus)
                b.minus = !b.minus;
            struct ref want = ref_add(a, b);
            enum wb_decimal_status status =
                minus ? wb_decimal_sub(&v[0], &v[1], &got) : wb_decimal_add(&v[0], &v[1], &got);
            assert_int_equal(status, ref_status(&want));
            seen[status]++;
            if (status != WB_DEC_OK)
                continue;
            assert_true(wb_slice_eq(wb_decimal_str(&arena, &got), ref_str(&want)));
            assert_true(got.count == 0 || (got.digit[0] && got.digit[got.count - 1]));
        }
        if (i % 100 == 0)
            wb_arena_reset(&arena);
    }
    assert_true(seen[WB_DEC_OK] > 10000 && seen[WB_DEC_PRECISION] > 1000);
    assert_true(seen[WB_DEC_OVERFLOW] > 10 && seen[WB_DEC_UNDERFLOW] > 10);
}

static void test_add_edges(void **state)
{
    static const struct {
        const char *a, *b, *sum; /* NULL: the status */
        enum wb_decimal_status status;
    } cases[] = {
        {"0", "0", "0"},
        {"5", "-5", "0"},
        {"0", "-7.5", "-7.5"},
        {"99", "1", "100"},
        {"1e37", "1", "10000000000000000000000000000000000001"},
        {"1e38", "1", NULL, WB_DEC_PRECISION},
        {"1e125", "-1e-130", NULL, WB_DEC_PRECISION},
        {"9e125", "1e125", NULL, WB_DEC_OVERFLOW},
        {"-9e125", "-1e125", NULL, WB_DEC_OVERFLOW},
        {"1.1e-130", "-1e-130", NULL, WB_DEC_UNDERFLOW},
        {"9.9999999999999999999999999999999999999", "1e-37", "10"},
        {"1e38", "-1", "99999999999999999999999999999999999999"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_decimal a, b, sum;
        assert_int_equal(wb_decimal_parse(wb_slice_str(cases[i].a), &a), WB_DEC_OK);
        assert_int_equal(wb_decimal_parse(wb_slice_str(cases[i].b), &b), WB_DEC_OK);
        assert_int_equal(wb_decimal_add(&a, &b, &sum), cases[i].status);
        if (cases[i].sum)
            assert_true(wb_slice_is(wb_decimal_str(&arena, &sum), cases[i].sum));
        assert_int_equal(wb_decimal_add(&b, &a, &b), cases[i].status); /* out may be an operand */
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_parse), T(test_bytes),   T(test_decode_is_canonical),
                                       T(test_order), T(test_add_sub), T(test_add_edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
