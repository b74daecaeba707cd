/* The values of JSON numbers, whose text the tape leaves as it stands. */
#include "codec/json.h"
#include <math.h>
#include <stdlib.h>

#define EXP_MAX 1000000 /* no exponent beyond this makes a difference */

/* digits x 10^exp, the digits without zeros at either end. */
struct parts {
    uint64_t digits;
    int64_t exp;
    unsigned count; /* of significant digits; `digits` is valid up to 19 */
    bool minus;
};

static void take(const char *p, const char *end, struct parts *out)
{
    struct parts v = {0};
    int64_t zeros = 0; /* seen since the last digit that was not 0 */
    bool point = false;
    if (*p == '-') {
        v.minus = true;
        p++;
    }
    for (; p < end && (*p | 0x20) != 'e'; p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        v.exp -= point;
        if (*p == '0') {
            zeros++;
            continue;
        }
        if (v.count) {
            for (; zeros; zeros--, v.count++)
                if (v.count < 19)
                    v.digits *= 10;
        }
        zeros = 0;
        if (v.count < 19)
            v.digits = v.digits * 10 + (uint64_t)(*p - '0');
        v.count++;
    }
    v.exp += zeros;
    if (p < end) {
        bool minus = *++p == '-';
        int64_t exp = 0;
        for (p += *p == '-' || *p == '+'; p < end; p++)
            if (exp < EXP_MAX)
                exp = exp * 10 + (*p - '0');
        v.exp += minus ? -exp : exp;
    }
    *out = v;
}

bool wb_json_i64(struct wb_json v, int64_t *out)
{
    if (wb_json_type(v) != WB_JSON_NUMBER)
        return false;
    struct wb_slice s = wb_json_raw(v);
    struct parts n;
    if (wb_slice_i64(s, out))
        return true;
    take(s.p, s.p + s.n, &n);
    if (n.count == 0) {
        *out = 0;
        return true;
    }
    if (n.exp < 0 || n.exp > 18 || n.count > 19)
        return false;
    for (; n.exp; n.exp--)
        if (__builtin_mul_overflow(n.digits, (uint64_t)10, &n.digits))
            return false;
    if (n.digits > (uint64_t)INT64_MAX + n.minus)
        return false;
    *out = n.minus ? (int64_t)(0 - n.digits) : (int64_t)n.digits;
    return true;
}

int64_t wb_json_get_i64(struct wb_json obj, const char *name, int64_t otherwise)
{
    int64_t v;
    return wb_json_i64(wb_json_get(obj, name), &v) ? v : otherwise;
}

bool wb_json_double(struct wb_json v, double *out)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct parts n;
    char small[64], *text = small;
    if (wb_json_type(v) != WB_JSON_NUMBER)
        return false;
    struct wb_slice s = wb_json_raw(v);
    take(s.p, s.p + s.n, &n);
    if (n.count <= 15 && n.exp >= -22 && n.exp <= 22) {
        /* Both factors are exact doubles, so the one rounding is the right one (Clinger). */
        double d = (double)n.digits;
        d = n.exp < 0 ? d / tens[-n.exp] : d * tens[n.exp];
        *out = n.minus ? -d : d;
        return true;
    }
    if (s.n >= sizeof small)
        text = wb_xmalloc(s.n + 1);
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    *out = strtod(text, NULL); /* the program never leaves the "C" locale */
    if (text != small)
        free(text);
    return isfinite(*out);
}
