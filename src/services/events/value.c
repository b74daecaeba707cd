#include "services/events/value.h"

#include "base/utf8.h"
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <wctype.h>

/* --- numbers --- */

struct digits {
    char digit[40]; /* significant digits, no zeros at either end */
    int count;
    long exp; /* value = 0.d1d2d3... x 10^exp */
    bool negative;
    bool too_many;
};

static void read_digits(struct wb_slice s, struct digits *d)
{
    size_t i = 0;
    bool point = false, started = false;
    long exp = 0;
    int zeros = 0; /* seen since the last other digit */
    *d = (struct digits){0};
    if (i < s.n && s.p[i] == '-') {
        d->negative = true;
        i++;
    }
    for (; i < s.n && s.p[i] != 'e' && s.p[i] != 'E'; i++) {
        if (s.p[i] == '.') {
            point = true;
            continue;
        }
        if (s.p[i] == '0') {
            zeros += started;
            exp += started ? !point : -point;
            continue;
        }
        for (; zeros > 0 && d->count < (int)sizeof d->digit; zeros--)
            d->digit[d->count++] = '0';
        if (zeros > 0 || d->count == (int)sizeof d->digit) {
            d->too_many = true;
            return;
        }
        d->digit[d->count++] = s.p[i];
        started = true;
        exp += !point;
    }
    if (i < s.n) {
        bool minus = s.p[i + 1] == '-';
        long e = 0;
        for (i += 1 + (s.p[i + 1] == '-' || s.p[i + 1] == '+'); i < s.n; i++)
            if (e < 100000000)
                e = e * 10 + (s.p[i] - '0');
        exp += minus ? -e : e;
    }
    d->exp = exp;
    if (d->count == 0)
        *d = (struct digits){0};
}

static double to_double(struct wb_slice s)
{
    char small[64];
    if (s.n < sizeof small) {
        memcpy(small, s.p, s.n);
        small[s.n] = 0;
        return strtod(small, NULL);
    }
    char *big = wb_xstrndup(s.p, s.n);
    double d = strtod(big, NULL);
    free(big);
    return d;
}

bool wb_number_exact(struct wb_slice text, double *out)
{
    /* Short plain integers, by far the most. */
    size_t i = text.n && text.p[0] == '-';
    if (text.n <= 15) {
        int64_t v = 0;
        for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
            v = v * 10 + (text.p[i] - '0');
        if (i == text.n) {
            *out = (double)(text.p[0] == '-' ? -v : v);
            return true;
        }
    }
    struct digits want;
    read_digits(text, &want);
    if (want.too_many)
        return false;
    if (want.count == 0) {
        *out = 0;
        return true;
    }
    double d = to_double(text);
    if (!isfinite(d) || d == 0)
        return false;
    *out = d;
    /* Up to 15 digits always come back from a normal double. */
    if (want.count <= 15 && fabs(d) > 1e-290)
        return true;
    for (int precision = 14; precision <= 16; precision++) {
        char shortest[40];
        int n = snprintf(shortest, sizeof shortest, "%.*e", precision, d);
        if (strtod(shortest, NULL) != d)
            continue;
        struct digits got;
        read_digits(wb_slice(shortest, (size_t)n), &got);
        return got.count == want.count && got.exp == want.exp && got.negative == want.negative &&
               memcmp(got.digit, want.digit, (size_t)got.count) == 0;
    }
    return false;
}

uint64_t wb_number_key(double d)
{
    uint64_t bits;
    if (d == 0)
        d = 0;
    memcpy(&bits, &d, sizeof bits);
    if (d == 0)
        bits = 0;
    return bits >> 63 ? ~bits : bits | 1ull << 63;
}

/* --- addresses --- */

static bool all_of(struct wb_slice s, const char *extra, bool hex)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= '0' && c <= '9') || strchr(extra, c) ||
                  (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
        if (!ok || c == 0)
            return false;
    }
    return true;
}

static bool v4_form(struct wb_slice s)
{
    int dots = 0;
    if (s.n < 7 || !all_of(s, ".", false))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '.')
            continue;
        dots++;
        if (i == 0 || i + 1 == s.n || s.p[i + 1] == '.')
            return false;
    }
    return dots == 3;
}

static bool v6_form(struct wb_slice s)
{
    return s.n > 0 && memchr(s.p, ':', s.n) && all_of(s, ":", true);
}

bool wb_ip_form(struct wb_slice s)
{
    return v4_form(s) || v6_form(s);
}

static bool parse_v4(struct wb_slice s, struct wb_ip *out)
{
    out->len = 4;
    for (int part = 0; part < 4; part++) {
        struct wb_slice p = wb_slice_cut(&s, '.');
        unsigned v = 0;
        for (size_t i = 0; i < p.n; i++)
            if ((v = v * 10 + (unsigned)(p.p[i] - '0')) > 255)
                return false;
        out->byte[part] = (uint8_t)v;
    }
    return true;
}

static bool parse_v6(struct wb_slice s, struct wb_ip *out)
{
    uint16_t group[8] = {0};
    int count = 0, gap = -1;
    size_t i = 0;
    if (s.n < 2 || (s.p[0] == ':' && s.p[1] != ':'))
        return false;
    while (i < s.n) {
        if (s.p[i] == ':') {
            if (i + 1 < s.n && s.p[i + 1] == ':') {
                if (gap >= 0)
                    return false;
                gap = count;
                i += 2;
                continue;
            }
            if (i == 0 || i + 1 == s.n || (gap == count))
                return false;
            i++;
            continue;
        }
        unsigned v = 0, digits = 0;
        for (; i < s.n && s.p[i] != ':'; i++, digits++) {
            char c = s.p[i];
            v = v << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
            if (digits >= 4)
                return false;
        }
        if (count == 8)
            return false;
        group[count++] = (uint16_t)v;
    }
    if (gap < 0 ? count != 8 : count > 7)
        return false;
    *out = (struct wb_ip){.len = 16};
    for (int g = 0; g < count; g++) {
        int to = gap >= 0 && g >= gap ? 8 - count + g : g;
        out->byte[2 * to] = (uint8_t)(group[g] >> 8);
        out->byte[2 * to + 1] = (uint8_t)group[g];
    }
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(out->byte, mapped, sizeof mapped) == 0) {
        memcpy(out->byte, out->byte + 12, 4);
        memset(out->byte + 4, 0, 12);
        out->len = 4;
    }
    return true;
}

bool wb_ip_parse(struct wb_slice s, struct wb_ip *out)
{
    memset(out, 0, sizeof *out);
    if (v4_form(s))
        return parse_v4(s, out);
    return v6_form(s) && parse_v6(s, out);
}

/* Java's Integer.parseInt. */
static bool java_int(struct wb_slice s, int64_t *out)
{
    if (s.n > 1 && s.p[0] == '+')
        s = wb_slice(s.p + 1, s.n - 1);
    return s.n > 0 && s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '9' && wb_slice_i64(s, out) &&
           *out >= INT32_MIN && *out <= INT32_MAX;
}

const char *wb_cidr_parse(struct wb_arena *a, struct wb_slice s, struct wb_ip *lo, struct wb_ip *hi)
{
    ptrdiff_t slash = wb_slice_chr(s, '/', 0);
    int64_t bits;
    /* Java's split drops empty parts at the end: "x/" has one part, "/8" has two. */
    if (slash < 0 || (size_t)slash + 1 == s.n || wb_slice_chr(s, '/', (size_t)slash + 1) >= 0)
        return "Malformed CIDR, one '/' required";
    struct wb_slice ip = wb_slice_sub(s, 0, (size_t)slash);
    if (!java_int(wb_slice_sub(s, (size_t)slash + 1, s.n), &bits))
        return "Malformed CIDR, mask bits must be an integer";
    if (bits < 0)
        return "Malformed CIDR, mask bits must not be negative";
    if (!wb_ip_parse(ip, lo))
        return wb_printf(a, "%s IP address: %.*s", wb_ip_form(ip) ? "Invalid" : "Nonstandard",
                         WB_FMT(ip))
            .p;
    if (lo->len == 4 && bits > 31)
        return "IPv4 mask bits must be < 32";
    if (bits > 127)
        return "IPv6 mask bits must be < 128";
    *hi = *lo;
    for (int64_t bit = bits; bit < lo->len * 8; bit++)
        hi->byte[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    return NULL;
}

/* --- case --- */

static locale_t unicode;
static pthread_once_t unicode_once = PTHREAD_ONCE_INIT;

static void unicode_init(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
}

/* Upper forms of more than one character (Unicode SpecialCasing, the unconditional ones that occur
 * in texts). */
static const struct {
    uint32_t cp;
    const char *upper;
} long_upper[] = {
    {0xdf, "SS"},    {0x149, "ʼN"},  {0x1f0, "J̌"},   {0x390, "Ϊ́"},   {0x3b0, "Ϋ́"},
    {0x587, "ԵՒ"},   {0x1e96, "H̱"},  {0x1e97, "T̈"},  {0x1e98, "W̊"},  {0x1e99, "Y̊"},
    {0x1e9a, "Aʾ"},  {0xfb00, "FF"}, {0xfb01, "FI"}, {0xfb02, "FL"}, {0xfb03, "FFI"},
    {0xfb04, "FFL"}, {0xfb05, "ST"}, {0xfb06, "ST"},
};

void wb_fold_next(struct wb_slice pattern, size_t *pos, struct wb_fold *out)
{
    unsigned char c = (unsigned char)pattern.p[*pos];
    if (c < 0x80) {
        ++*pos;
        out->lower_len = out->upper_len = 1;
        out->lower[0] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        out->upper[0] = (char)(c >= 'a' && c <= 'z' ? c & ~0x20 : c);
        return;
    }
    pthread_once(&unicode_once, unicode_init);
    int32_t cp = wb_utf8_next(pattern, pos);
    if (cp < 0) {
        out->lower_len = out->upper_len = 1;
        out->lower[0] = out->upper[0] = (char)c;
        ++*pos;
        return;
    }
    uint32_t lower = (uint32_t)cp, upper = (uint32_t)cp;
    if (unicode) {
        lower = (uint32_t)towlower_l((wint_t)cp, unicode);
        upper = (uint32_t)towupper_l((wint_t)cp, unicode);
    }
    char u[4];
    out->lower_len = (uint8_t)wb_utf8_put(u, lower);
    memcpy(out->lower, u, out->lower_len);
    out->upper_len = (uint8_t)wb_utf8_put(u, upper);
    memcpy(out->upper, u, out->upper_len);
    if (cp == 0x130) { /* capital I with dot: i and a combining dot */
        memcpy(out->lower, "i̇", 3);
        out->lower_len = 3;
    }
    for (size_t i = 0; i < sizeof long_upper / sizeof *long_upper; i++) {
        if (long_upper[i].cp != (uint32_t)cp)
            continue;
        out->upper_len = (uint8_t)strlen(long_upper[i].upper);
        memcpy(out->upper, long_upper[i].upper, out->upper_len);
    }
}

static bool here(const char *form, size_t n, struct wb_slice v, size_t at)
{
    return v.n - at >= n && memcmp(v.p + at, form, n) == 0;
}

/* Matches the pattern from `at` in the value; the forms may differ in length, so both are tried.
 * The recursion ends: it happens only where the forms' lengths differ, and both fit. */
static bool fold_at(struct wb_slice p, size_t pos, struct wb_slice v, size_t at, bool whole)
{
    struct wb_fold f;
    while (pos < p.n) {
        wb_fold_next(p, &pos, &f);
        bool lower = here(f.lower, f.lower_len, v, at), upper = here(f.upper, f.upper_len, v, at);
        if (lower && upper && f.lower_len != f.upper_len &&
            fold_at(p, pos, v, at + f.upper_len, whole))
            return true;
        if (!lower && !upper)
            return false;
        at += lower ? f.lower_len : f.upper_len;
    }
    return !whole || at == v.n;
}

bool wb_fold_equals(struct wb_slice pattern, struct wb_slice value)
{
    return fold_at(pattern, 0, value, 0, true);
}

bool wb_fold_prefix(struct wb_slice pattern, struct wb_slice value)
{
    return fold_at(pattern, 0, value, 0, false);
}

bool wb_fold_suffix(struct wb_slice pattern, struct wb_slice value)
{
    /* The folded length of a pattern is between a third and four times its own. */
    size_t from = value.n > pattern.n * 4 ? value.n - pattern.n * 4 : 0;
    for (size_t at = value.n + 1; at-- > from;)
        if (fold_at(pattern, 0, value, at, true))
            return true;
    return false;
}

/* --- wildcards --- */

bool wb_wild_match(struct wb_slice p, struct wb_slice v)
{
    size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;
    while (j < v.n) {
        if (i < p.n && p.p[i] == WB_WILD_STAR) {
            star = i++;
            mark = j;
        } else if (i < p.n && p.p[i] == v.p[j]) {
            i++;
            j++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            j = ++mark;
        } else {
            return false;
        }
    }
    while (i < p.n && p.p[i] == WB_WILD_STAR)
        i++;
    return i == p.n;
}
