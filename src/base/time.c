#include "base/time.h"
#include <assert.h>

#define DAY_MS 86400000

static const char DAYS[] = "SunMonTueWedThuFriSat";
static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/*
 * Days and dates. A year here begins on the 1st of March, so that the leap day is its last and the
 * lengths of the months follow a straight line; 400 years are 146,097 days. 719,468 days lie
 * between 0000-03-01 and 1970-01-01.
 */
int64_t wb_days_from_civil(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year = y - era * 400;
    int64_t day = (153 * (int64_t)(m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

void wb_civil_from_days(int64_t days, int64_t *y, unsigned *m, unsigned *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t day = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day + 2) / 153;
    *d = (unsigned)(day - (153 * month + 2) / 5 + 1);
    *m = (unsigned)(month < 10 ? month + 3 : month - 9);
    *y = year + era * 400 + (*m <= 2);
}

static char *digits(char *p, unsigned v, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        p[i] = (char)('0' + v % 10);
        v /= 10;
    }
    return p + n;
}

static char *chars(char *p, const char *s, size_t n)
{
    memcpy(p, s, n);
    return p + n;
}

static size_t epoch(char *out, int64_t ms, bool fraction)
{
    char *p = out, t[20];
    /* Whole seconds round down; a fraction counts away from zero, as in any decimal number. */
    int64_t s = ms / 1000;
    if (!fraction && ms % 1000 < 0)
        s--;
    uint64_t v = s < 0 ? 0 - (uint64_t)s : (uint64_t)s;
    size_t i = sizeof t;
    if (s < 0 || (fraction && ms < 0))
        *p++ = '-';
    do {
        t[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    p = chars(p, t + i, sizeof t - i);
    if (fraction) {
        *p++ = '.';
        p = digits(p, (unsigned)(ms < 0 ? -(ms % 1000) : ms % 1000), 3);
    }
    *p = 0;
    return (size_t)(p - out);
}

/* The date, its parts apart when sep is not 0. */
static char *put_date(char *p, unsigned y, unsigned month, unsigned day, char sep)
{
    p = digits(p, y, 4);
    if (sep)
        *p++ = sep;
    p = digits(p, month, 2);
    if (sep)
        *p++ = sep;
    return digits(p, day, 2);
}

/* The time of day from its milliseconds. */
static char *put_clock(char *p, unsigned of_day, char sep)
{
    p = digits(p, of_day / 3600000, 2);
    if (sep)
        *p++ = sep;
    p = digits(p, of_day / 60000 % 60, 2);
    if (sep)
        *p++ = sep;
    return digits(p, of_day / 1000 % 60, 2);
}

size_t wb_time_format(char out[WB_TIME_MAX], int64_t ms, enum wb_time_format f)
{
    if (f == WB_TIME_EPOCH_S || f == WB_TIME_EPOCH_F)
        return epoch(out, ms, f == WB_TIME_EPOCH_F);

    int64_t days = ms / DAY_MS - (ms % DAY_MS < 0), year;
    unsigned of_day = (unsigned)(ms - days * DAY_MS), month, day;
    wb_civil_from_days(days, &year, &month, &day);
    assert(year >= 0 && year <= 9999);
    unsigned y = (unsigned)year;
    char *p = out;

    switch (f) {
    case WB_TIME_BASIC:
        p = put_date(p, y, month, day, 0);
        *p++ = 'T';
        p = put_clock(p, of_day, 0);
        *p++ = 'Z';
        break;
    case WB_TIME_DATE:
        p = put_date(p, y, month, day, 0);
        break;
    case WB_TIME_SLASH:
        p = put_date(p, y, month, day, '/');
        break;
    case WB_TIME_HTTP:
        p = chars(p, DAYS + 3 * (((days + 4) % 7 + 7) % 7), 3); /* day 0 was a Thursday */
        p = chars(p, ", ", 2);
        p = digits(p, day, 2);
        *p++ = ' ';
        p = chars(p, MONTHS + 3 * (month - 1), 3);
        *p++ = ' ';
        p = digits(p, y, 4);
        *p++ = ' ';
        p = put_clock(p, of_day, ':');
        p = chars(p, " GMT", 4);
        break;
    default: /* the ISO formats */
        p = put_date(p, y, month, day, '-');
        *p++ = 'T';
        p = put_clock(p, of_day, ':');
        if (f != WB_TIME_ISO_S) {
            *p++ = '.';
            p = digits(p, of_day % 1000, 3);
        }
        p = f == WB_TIME_ISO_OFF ? chars(p, "+0000", 5) : chars(p, "Z", 1);
    }
    *p = 0;
    return (size_t)(p - out);
}

struct wb_slice wb_time_str(struct wb_arena *a, int64_t ms, enum wb_time_format f)
{
    char *p = wb_alloc(a, WB_TIME_MAX);
    return wb_slice(p, wb_time_format(p, ms, f));
}

/* A cursor over the text; any miss sets `bad`. */
struct in {
    const char *p, *end;
    bool bad;
};

static unsigned number(struct in *in, int n)
{
    unsigned v = 0;
    for (int i = 0; i < n; i++) {
        unsigned d = in->p < in->end ? (unsigned)(unsigned char)*in->p - '0' : 10;
        if (d > 9) {
            in->bad = true;
            return 0;
        }
        v = v * 10 + d;
        in->p++;
    }
    return v;
}

/* Takes c, and says whether it was there. */
static bool maybe(struct in *in, char c)
{
    if (in->p < in->end && *in->p == c) {
        in->p++;
        return true;
    }
    return false;
}

static void expect(struct in *in, const char *s)
{
    while (*s)
        if (!maybe(in, *s++))
            in->bad = true;
}

struct stamp {
    unsigned y, mo, d, h, mi, s, ms;
};

static unsigned month_days(unsigned y, unsigned m)
{
    static const uint8_t n[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    return n[m - 1] + (m == 2 && leap);
}

static bool stamp_ms(const struct stamp *t, int64_t *ms)
{
    if (t->mo < 1 || t->mo > 12 || t->d < 1 || t->d > month_days(t->y, t->mo) || t->h > 23 ||
        t->mi > 59 || t->s > 59)
        return false;
    int64_t s = ((int64_t)t->h * 60 + t->mi) * 60 + t->s;
    *ms = wb_days_from_civil(t->y, t->mo, t->d) * DAY_MS + s * 1000 + t->ms;
    return true;
}

/* The zone in minutes east; leaves *has false when the text ends here. */
static int zone(struct in *in, bool *has)
{
    *has = in->p < in->end;
    if (!*has || maybe(in, 'Z') || maybe(in, 'z'))
        return 0;
    bool west = maybe(in, '-');
    if (!west)
        expect(in, "+");
    unsigned h = number(in, 2);
    maybe(in, ':');
    unsigned m = number(in, 2);
    if (h > 23 || m > 59)
        in->bad = true;
    int east = (int)(h * 60 + m);
    return west ? -east : east;
}

bool wb_time_parse_iso(struct wb_slice s, int64_t *ms, bool *has_zone)
{
    struct in in = {s.p, s.p + s.n, false};
    struct stamp t = {0};
    bool has;
    int64_t local;
    t.y = number(&in, 4);
    expect(&in, "-");
    t.mo = number(&in, 2);
    expect(&in, "-");
    t.d = number(&in, 2);
    if (!maybe(&in, 'T') && !maybe(&in, 't'))
        expect(&in, " ");
    t.h = number(&in, 2);
    expect(&in, ":");
    t.mi = number(&in, 2);
    expect(&in, ":");
    t.s = number(&in, 2);
    if (maybe(&in, '.')) {
        unsigned scale = 100;
        t.ms = number(&in, 1) * scale;
        for (int i = 1; i < 9 && in.p < in.end && *in.p >= '0' && *in.p <= '9'; i++) {
            scale /= 10;
            t.ms += number(&in, 1) * scale;
        }
    }
    int east = zone(&in, &has);
    if (in.bad || in.p != in.end || !stamp_ms(&t, &local))
        return false;
    *ms = local - (int64_t)east * 60000;
    if (has_zone)
        *has_zone = has;
    return true;
}

bool wb_time_parse_basic(struct wb_slice s, int64_t *ms)
{
    struct in in = {s.p, s.p + s.n, false};
    struct stamp t = {0};
    t.y = number(&in, 4);
    t.mo = number(&in, 2);
    t.d = number(&in, 2);
    expect(&in, "T");
    t.h = number(&in, 2);
    t.mi = number(&in, 2);
    t.s = number(&in, 2);
    expect(&in, "Z");
    return !in.bad && in.p == in.end && stamp_ms(&t, ms);
}

bool wb_time_parse_http(struct wb_slice s, int64_t *ms)
{
    char again[WB_TIME_MAX];
    struct stamp t = {0};
    if (s.n != 29)
        return false;
    struct in in = {s.p + 5, s.p + s.n, false};
    t.d = number(&in, 2);
    expect(&in, " ");
    for (t.mo = 1; t.mo <= 12 && memcmp(in.p, MONTHS + 3 * (t.mo - 1), 3) != 0; t.mo++)
        ;
    in.p += 3;
    expect(&in, " ");
    t.y = number(&in, 4);
    expect(&in, " ");
    t.h = number(&in, 2);
    expect(&in, ":");
    t.mi = number(&in, 2);
    expect(&in, ":");
    t.s = number(&in, 2);
    if (in.bad || !stamp_ms(&t, ms))
        return false;
    /* The day of the week and the rest of the punctuation are right if it prints the same. */
    wb_time_format(again, *ms, WB_TIME_HTTP);
    return memcmp(again, s.p, 29) == 0;
}
