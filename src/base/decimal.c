#include "base/decimal.h"
#include <assert.h>

#define DIGITS     38
#define ADJ_MAX    125    /* exponent of the first digit, as in 9.99E+125 */
#define ADJ_MIN    (-130) /* and in 1E-130 */
#define EXP_CLIP   1000000
#define TERMINATOR 102 /* ends a negative number, above every digit (101 - d) */
#define BIAS       193 /* exponent byte of 1 (100^0) */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The exponent after 'e', the whole of s. */
static bool parse_exp(struct wb_slice s, int64_t *out)
{
    bool minus = s.n && s.p[0] == '-';
    int64_t v = 0;
    size_t i = minus || (s.n && s.p[0] == '+');
    if (i == s.n)
        return false;
    for (; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        if (v < EXP_CLIP)
            v = v * 10 + (s.p[i] - '0');
    }
    *out = minus ? -v : v;
    return true;
}

static enum wb_decimal_status in_range(int64_t adjusted)
{
    if (adjusted > ADJ_MAX)
        return WB_DEC_OVERFLOW;
    return adjusted < ADJ_MIN ? WB_DEC_UNDERFLOW : WB_DEC_OK;
}

/*
 * One pass over the mantissa. `place` is the power of ten of the digit just read, counted from the
 * first one; zeros are held back until a further digit shows that they are significant.
 */
enum wb_decimal_status wb_decimal_parse(struct wb_slice s, struct wb_decimal *out)
{
    struct wb_decimal d = {0};
    bool minus = s.n && s.p[0] == '-', point = false, any = false, many = false;
    int64_t whole = 0, fraction = 0, exp = 0; /* digits before and after the point */
    int64_t first = 0, zeros = 0;             /* position of the first significant digit */
    size_t i = minus || (s.n && s.p[0] == '+');

    for (; i < s.n && (s.p[i] | 0x20) != 'e'; i++) {
        char c = s.p[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(c))
            return WB_DEC_SYNTAX;
        any = true;
        if (c == '0') {
            zeros++;
        } else if (d.count == 0) {
            first = whole + fraction;
            d.digit[d.count++] = (uint8_t)(c - '0');
            zeros = 0;
        } else if (zeros >= DIGITS - d.count) {
            many = true;
        } else {
            d.count = (uint8_t)(d.count + zeros); /* the array is zero already */
            d.digit[d.count++] = (uint8_t)(c - '0');
            zeros = 0;
        }
        if (point)
            fraction++;
        else
            whole++;
    }
    if (!any || (i < s.n && !parse_exp(wb_slice_sub(s, i + 1, s.n), &exp)))
        return WB_DEC_SYNTAX;

    enum wb_decimal_status status;
    if (d.count == 0) {
        /* DynamoDB checks the exponent of a zero too, as that of its last written digit: 0e126 is
         * refused, 0.0e126 is not. */
        status = in_range(exp - fraction);
    } else {
        status = in_range(exp + whole - first - 1);
        d.sign = minus ? -1 : 1;
        d.exp = (int16_t)(exp + whole - first);
        if (status == WB_DEC_OK && many)
            status = WB_DEC_PRECISION;
    }
    if (status == WB_DEC_OK)
        *out = d;
    return status;
}

struct wb_slice wb_decimal_str(struct wb_arena *a, const struct wb_decimal *d)
{
    char text[4 + ADJ_MAX - ADJ_MIN + DIGITS], *p = text;
    if (d->sign == 0)
        return wb_dup(a, WB_S("0"));
    if (d->sign < 0)
        *p++ = '-';
    if (d->exp <= 0) {
        *p++ = '0';
        *p++ = '.';
        for (int i = d->exp; i < 0; i++)
            *p++ = '0';
    }
    for (int i = 0; i < d->count; i++) {
        if (i == d->exp && i > 0)
            *p++ = '.';
        *p++ = (char)('0' + d->digit[i]);
    }
    for (int i = d->count; i < d->exp; i++)
        *p++ = '0';
    return wb_dup(a, wb_slice(text, (size_t)(p - text)));
}

/* Of the magnitudes. */
static int cmp_abs(const struct wb_decimal *a, const struct wb_decimal *b)
{
    if (a->exp != b->exp)
        return a->exp < b->exp ? -1 : 1;
    return wb_slice_cmp(wb_slice(a->digit, a->count), wb_slice(b->digit, b->count));
}

int wb_decimal_cmp(const struct wb_decimal *a, const struct wb_decimal *b)
{
    if (a->sign != b->sign)
        return a->sign < b->sign ? -1 : 1;
    if (a->sign == 0)
        return 0;
    int c = a->sign < 0 ? cmp_abs(b, a) : cmp_abs(a, b);
    return c < 0 ? -1 : c > 0;
}

/*
 * Adds with b's sign given. The digits are laid out on a strip that has a place for every power of
 * ten an operand can have, added or subtracted in place, and read off again.
 */
static enum wb_decimal_status add(const struct wb_decimal *a, const struct wb_decimal *b,
                                  int b_sign, struct wb_decimal *out)
{
    /* Place i stands for 10^(TOP - i). */
    enum { TOP = ADJ_MAX + 1, PLACES = TOP - ADJ_MIN + DIGITS };
    int8_t strip[PLACES] = {0};
    if (b->sign == 0 || a->sign == 0) {
        struct wb_decimal r = b->sign == 0 ? *a : *b;
        if (b->sign)
            r.sign = (int8_t)b_sign;
        *out = r;
        return WB_DEC_OK;
    }
    /* The larger magnitude gives the sign, so that a subtraction never borrows at the top. */
    bool swap = cmp_abs(a, b) < 0;
    const struct wb_decimal *big = swap ? b : a, *small = swap ? a : b;
    int sign = swap ? b_sign : a->sign, step = a->sign == b_sign ? 1 : -1;
    for (int i = 0; i < big->count; i++)
        strip[TOP - big->exp + 1 + i] = (int8_t)big->digit[i];
    for (int i = 0; i < small->count; i++) {
        int8_t *at = &strip[TOP - small->exp + 1 + i];
        *at = (int8_t)(*at + step * small->digit[i]);
    }
    for (int i = PLACES - 1; i > 0; i--) {
        if (strip[i] < 0) {
            strip[i] = (int8_t)(strip[i] + 10);
            strip[i - 1]--;
        } else if (strip[i] > 9) {
            strip[i] = (int8_t)(strip[i] - 10);
            strip[i - 1]++;
        }
    }
    int first = 0, last = PLACES - 1;
    while (first < PLACES && strip[first] == 0)
        first++;
    if (first == PLACES) {
        *out = (struct wb_decimal){0};
        return WB_DEC_OK;
    }
    while (strip[last] == 0)
        last--;
    enum wb_decimal_status status = in_range(TOP - first);
    if (status == WB_DEC_OK && last - first >= DIGITS)
        status = WB_DEC_PRECISION;
    if (status != WB_DEC_OK)
        return status;
    struct wb_decimal r = {.sign = (int8_t)sign,
                           .count = (uint8_t)(last - first + 1),
                           .exp = (int16_t)(TOP - first + 1)};
    for (int i = 0; i < r.count; i++)
        r.digit[i] = (uint8_t)strip[first + i];
    *out = r;
    return WB_DEC_OK;
}

enum wb_decimal_status wb_decimal_add(const struct wb_decimal *a, const struct wb_decimal *b,
                                      struct wb_decimal *out)
{
    return add(a, b, b->sign, out);
}

enum wb_decimal_status wb_decimal_sub(const struct wb_decimal *a, const struct wb_decimal *b,
                                      struct wb_decimal *out)
{
    return add(a, b, -b->sign, out);
}

size_t wb_decimal_encode(const struct wb_decimal *d, uint8_t out[WB_DECIMAL_BYTES])
{
    assert(d->count <= DIGITS);
    if (d->sign == 0) {
        out[0] = 0x80;
        return 1;
    }
    /* With an odd exponent the first pair is 0 and d1. */
    int odd = d->exp & 1;
    int exp100 = (d->exp + odd) / 2 - 1; /* exact: the sum is even */
    int pairs = (d->count + odd + 1) / 2;
    bool minus = d->sign < 0;
    out[0] = (uint8_t)(minus ? 255 - BIAS - exp100 : BIAS + exp100);
    for (int k = 0; k < pairs; k++) {
        int i = 2 * k - odd;
        int high = i < 0 ? 0 : d->digit[i];
        int low = i + 1 < d->count ? d->digit[i + 1] : 0;
        int v = high * 10 + low;
        out[1 + k] = (uint8_t)(minus ? 101 - v : v + 1);
    }
    if (minus)
        out[1 + pairs] = TERMINATOR;
    return (size_t)(1 + pairs + minus);
}

bool wb_decimal_decode(struct wb_slice bytes, struct wb_decimal *out)
{
    const uint8_t *p = (const uint8_t *)bytes.p;
    size_t n = bytes.n;
    uint8_t pair[2 * WB_DECIMAL_BYTES];
    if (n == 0 || n > WB_DECIMAL_BYTES)
        return false;
    if (n == 1) {
        *out = (struct wb_decimal){0};
        return p[0] == 0x80;
    }
    bool minus = p[0] < 0x80;
    if (minus && p[--n] != TERMINATOR)
        return false;
    size_t count = 0;
    for (size_t i = 1; i < n; i++) {
        int v = minus ? 101 - p[i] : p[i] - 1;
        if (v < 0 || v > 99)
            return false;
        pair[count++] = (uint8_t)(v / 10);
        pair[count++] = (uint8_t)(v % 10);
    }
    int exp100 = (minus ? 255 - p[0] : p[0]) - BIAS, exp = (exp100 + 1) * 2;
    size_t first = count && pair[0] == 0; /* one leading zero is an odd exponent */
    if (count && pair[count - 1] == 0)
        count--;
    if (count <= first || count - first > DIGITS || pair[first] == 0 || pair[count - 1] == 0)
        return false;
    struct wb_decimal d = {.sign = minus ? -1 : 1,
                           .count = (uint8_t)(count - first),
                           .exp = (int16_t)(exp - (int)first)};
    memcpy(d.digit, pair + first, d.count);
    *out = d;
    return true;
}
