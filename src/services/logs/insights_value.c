/* Values of the Insights language: numbers in text, showing, comparing, sorting. */
#include "base/time.h"
#include "services/logs/insights_impl.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define EXACT_DIGITS 15 /* of a decimal number, that a double holds */
#define NUMBER_MAX   64 /* characters of a number; longer text is none */

struct ins_value ins_number(double d)
{
    return isfinite(d) ? (struct ins_value){.kind = INS_NUMBER, .num = d} : INS_MISSING;
}

static const double power[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* Checks the form; simple ones are read on the way: *digits of them, *point behind the point. */
static bool scan_number(struct wb_slice s, uint64_t *mantissa, unsigned *digits, unsigned *point,
                        bool *exponent)
{
    size_t i = s.n && s.p[0] == '-', from;
    *mantissa = *digits = *point = 0;
    *exponent = false;
    for (from = i; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, (*digits)++)
        *mantissa = *digits < EXACT_DIGITS ? *mantissa * 10 + (uint64_t)(s.p[i] - '0') : 0;
    if (i == from)
        return false;
    if (i < s.n && s.p[i] == '.') {
        for (from = ++i; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, (*digits)++, (*point)++)
            *mantissa = *digits < EXACT_DIGITS ? *mantissa * 10 + (uint64_t)(s.p[i] - '0') : 0;
        if (i == from)
            return false;
    }
    if (i < s.n && (s.p[i] | 0x20) == 'e') {
        *exponent = true;
        i++;
        i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
        for (from = i; i < s.n && s.p[i] >= '0' && s.p[i] <= '9';)
            i++;
        if (i == from)
            return false;
    }
    return i == s.n;
}

bool ins_parse_number(struct wb_slice s, double *out)
{
    uint64_t mantissa;
    unsigned digits, point;
    bool exponent;
    char copy[NUMBER_MAX + 1];
    /* Most text is told apart by its first character. */
    if (s.n == 0 || s.n > NUMBER_MAX || (s.p[0] != '-' && (s.p[0] < '0' || s.p[0] > '9')) ||
        !scan_number(s, &mantissa, &digits, &point, &exponent))
        return false;
    if (!exponent && digits <= EXACT_DIGITS) {
        *out = (double)mantissa / power[point];
        if (s.p[0] == '-')
            *out = -*out;
        return true;
    }
    memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    *out = strtod(copy, NULL);
    return isfinite(*out);
}

bool ins_as_number(struct ins_value *v, double *out)
{
    if (v->kind == INS_TEXT && v->looked == 0)
        v->looked = ins_parse_number(v->text, &v->num) ? 2 : 1;
    *out = v->num;
    return v->kind == INS_TEXT ? v->looked == 2 : v->kind >= INS_NUMBER && v->kind <= INS_BOOL;
}

bool ins_true(struct ins_value *v)
{
    double d;
    return ins_as_number(v, &d) ? d != 0 : v->kind == INS_TEXT && wb_slice_is(v->text, "true");
}

/* Whole numbers as such, others with up to four digits behind the point; small ones exactly. */
static struct wb_slice show_number(struct wb_arena *a, double d)
{
    char text[NUMBER_MAX];
    int n;
    if (d == 0)
        return WB_S("0");
    if (fabs(d) >= 1e21)
        n = snprintf(text, sizeof text, "%.15g", d);
    else if (d == trunc(d))
        n = snprintf(text, sizeof text, "%.0f", d);
    else if (fabs(d) < 0.0001)
        n = snprintf(text, sizeof text, "%.6g", d);
    else
        n = snprintf(text, sizeof text, "%.4f", d);
    if (memchr(text, '.', (size_t)n) && !memchr(text, 'e', (size_t)n)) {
        while (text[n - 1] == '0')
            n--;
        n -= text[n - 1] == '.';
    }
    return wb_dup(a, wb_slice(text, (size_t)n));
}

/* "2026-11-23 02:14:38.000" */
static struct wb_slice show_time(struct wb_arena *a, double ms)
{
    char text[WB_TIME_MAX];
    if (ms < 0 || ms >= 253402300800000.0) /* the year 10000 */
        return show_number(a, ms);
    size_t n = wb_time_format(text, (int64_t)ms, WB_TIME_ISO_MS);
    text[10] = ' ';
    return wb_dup(a, wb_slice(text, n - 1));
}

struct wb_slice ins_show(struct wb_arena *a, const struct ins_value *v)
{
    switch (v->kind) {
    case INS_TEXT:
    case INS_JSON:
        return v->text;
    case INS_NUMBER:
        return show_number(a, v->num);
    case INS_TIME:
        return show_time(a, v->num);
    case INS_BOOL:
        return v->num != 0 ? WB_S("1") : WB_S("0");
    default:
        return WB_SLICE_NULL;
    }
}

/* Beside yes and no, the words mean them. */
static void read_word(struct ins_value *v, const struct ins_value *other)
{
    if (other->kind != INS_BOOL || v->kind != INS_TEXT)
        return;
    if (wb_slice_is(v->text, "true") || wb_slice_is(v->text, "false"))
        *v = ins_bool(v->text.p[0] == 't');
}

bool ins_compare(struct wb_arena *a, struct ins_value *x, struct ins_value *y, int *out)
{
    double p, q;
    if (x->kind == INS_NONE || y->kind == INS_NONE)
        return false;
    read_word(x, y);
    read_word(y, x);
    bool xn = ins_as_number(x, &p), yn = ins_as_number(y, &q);
    if (xn && yn)
        *out = p < q ? -1 : p > q;
    else if (xn == yn || x->kind == INS_TIME || y->kind == INS_TIME)
        *out = wb_slice_cmp(ins_show(a, x), ins_show(a, y));
    else
        return false;
    return true;
}

bool ins_equal(struct wb_arena *a, struct ins_value *x, struct ins_value *y)
{
    int order;
    return ins_compare(a, x, y, &order) && order == 0;
}

/* --- sorting --- */

static bool digit(struct wb_slice s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* Runs of digits by their length, then their value; else character by character. */
static int natural(struct wb_slice x, struct wb_slice y)
{
    size_t i = 0, k = 0;
    while (i < x.n && k < y.n) {
        if (digit(x, i) && digit(y, k)) {
            size_t xe = i, ye = k;
            while (digit(x, xe))
                xe++;
            while (digit(y, ye))
                ye++;
            if (xe - i != ye - k)
                return xe - i < ye - k ? -1 : 1;
            int c = memcmp(x.p + i, y.p + k, xe - i);
            if (c)
                return c < 0 ? -1 : 1;
            i = xe;
            k = ye;
        } else {
            unsigned char c = (unsigned char)x.p[i++], d = (unsigned char)y.p[k++];
            if (c != d)
                return c < d ? -1 : 1;
        }
    }
    return i < x.n ? 1 : k < y.n ? -1 : 0;
}

int ins_order(struct wb_arena *a, struct ins_value *x, struct ins_value *y)
{
    double p, q;
    if (x->kind == INS_NONE || y->kind == INS_NONE)
        return (x->kind != INS_NONE) - (y->kind != INS_NONE);
    bool xn = ins_as_number(x, &p), yn = ins_as_number(y, &q);
    if (xn != yn)
        return xn ? 1 : -1;
    if (xn && p != q)
        return p < q ? -1 : 1;
    if (xn && x->kind != INS_TEXT && y->kind != INS_TEXT)
        return 0;
    return xn ? wb_slice_cmp(ins_show(a, x), ins_show(a, y))
              : natural(ins_show(a, x), ins_show(a, y));
}

/* --- keeping --- */

struct ins_value ins_copy(struct wb_arena *a, const struct ins_value *v)
{
    struct ins_value out = *v;
    if (v->kind == INS_TEXT || v->kind == INS_JSON)
        out.text = wb_dup(a, v->text);
    return out;
}

struct ins_value ins_of_json(struct wb_json v, struct wb_arena *a, bool whole)
{
    switch (wb_json_type(v)) {
    case WB_JSON_STRING:
        return ins_text(wb_json_str(v, a));
    case WB_JSON_NUMBER:
        return ins_text(wb_json_raw(v));
    case WB_JSON_TRUE:
    case WB_JSON_FALSE:
        return ins_bool(wb_json_type(v) == WB_JSON_TRUE);
    case WB_JSON_ARRAY:
    case WB_JSON_OBJECT:
        return whole ? (struct ins_value){.kind = INS_JSON, .text = wb_json_raw(v)} : INS_MISSING;
    default:
        return INS_MISSING;
    }
}
