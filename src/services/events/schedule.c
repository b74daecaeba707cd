#include "services/events/schedule.h"

#include "base/time.h"
#include <string.h>

#define MINUTE_MS 60000LL
#define DAY_MS    86400000LL

/* --- reading --- */

static bool parse_rate(struct wb_slice s, struct wb_schedule_plan *p)
{
    static const struct {
        const char *one, *many;
        int64_t ms;
    } units[] = {{"minute", "minutes", MINUTE_MS},
                 {"hour", "hours", 60 * MINUTE_MS},
                 {"day", "days", DAY_MS}};
    struct wb_slice number = wb_slice_cut(&s, ' ');
    int64_t n;
    if (!wb_slice_i64(number, &n) || n <= 0 || n > 100000000 || !s.p)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!wb_slice_is(s, n == 1 ? units[i].one : units[i].many))
            continue;
        p->rate_ms = n * units[i].ms;
        return true;
    }
    return false;
}

/* A number or a name from `names` (three letters each; the first stands for min). */
static bool value(struct wb_slice s, const char *names, int64_t min, int64_t max, int64_t *out)
{
    for (int64_t i = 0; names && s.n == 3 && names[3 * i]; i++) {
        if (wb_slice_ieq(s, wb_slice(names + 3 * i, 3))) {
            *out = min + i;
            return true;
        }
    }
    return s.n && s.p[0] != '-' && wb_slice_i64(s, out) && *out >= min && *out <= max;
}

/* One of the parts between commas: *, a, a-b, each with /step. Sets bits [v - base]. */
static bool part(struct wb_slice s, const char *names, int64_t min, int64_t max, uint32_t *bits,
                 int64_t base)
{
    struct wb_slice range = wb_slice_cut(&s, '/');
    int64_t from = min, to = max, step = 1;
    bool stepped = s.p != NULL;
    if (stepped && (!wb_slice_i64(s, &step) || step <= 0))
        return false;
    if (!wb_slice_is(range, "*")) {
        struct wb_slice low = wb_slice_cut(&range, '-');
        if (!value(low, names, min, max, &from))
            return false;
        to = stepped ? max : from;
        if (range.p && (!value(range, names, min, max, &to)))
            return false;
    }
    if (from > to) /* FRI-MON */
        to += max - min + 1;
    for (int64_t v = from; v <= to; v += step) {
        int64_t bit = (v > max ? v - (max - min + 1) : v) - base;
        bits[bit / 32] |= 1u << bit % 32;
    }
    return true;
}

static bool list(struct wb_slice s, const char *names, int64_t min, int64_t max, uint32_t *bits,
                 int64_t base)
{
    if (!s.n)
        return false;
    while (s.p)
        if (!part(wb_slice_cut(&s, ','), names, min, max, bits, base))
            return false;
    return true;
}

static bool days(struct wb_slice s, struct wb_schedule_plan *p)
{
    int64_t n;
    while (s.p) {
        struct wb_slice one = wb_slice_cut(&s, ',');
        if (wb_slice_is(one, "L")) {
            p->last_day = true;
        } else if (wb_slice_is(one, "LW")) {
            p->last_weekday = true;
        } else if (one.n && one.p[one.n - 1] == 'W') {
            if (!value(wb_slice_sub(one, 0, one.n - 1), NULL, 1, 31, &n))
                return false;
            p->near_weekday |= 1u << n;
        } else if (!part(one, NULL, 1, 31, &p->days, 0)) {
            return false;
        }
    }
    return true;
}

#define WEEKDAYS "SUNMONTUEWEDTHUFRISAT"
#define MONTHS   "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"

static bool weekdays(struct wb_slice s, struct wb_schedule_plan *p)
{
    int64_t n, k;
    while (s.p) {
        struct wb_slice one = wb_slice_cut(&s, ',');
        ptrdiff_t hash = wb_slice_chr(one, '#', 0);
        if (wb_slice_is(one, "L")) { /* the last day of the week */
            p->weekdays |= 1u << 7;
        } else if (hash > 0) {
            if (!value(wb_slice_sub(one, 0, (size_t)hash), WEEKDAYS, 1, 7, &n) ||
                !value(wb_slice_sub(one, (size_t)hash + 1, one.n), NULL, 1, 5, &k))
                return false;
            p->nth |= 1ull << (n * 8 + k);
        } else if (one.n > 1 && one.p[one.n - 1] == 'L') {
            if (!value(wb_slice_sub(one, 0, one.n - 1), WEEKDAYS, 1, 7, &n))
                return false;
            p->last_of |= 1u << n;
        } else if (!part(one, WEEKDAYS, 1, 7, &p->weekdays, 0)) {
            return false;
        }
    }
    return true;
}

static bool parse_cron(struct wb_slice s, struct wb_schedule_plan *p)
{
    struct wb_slice field[6];
    uint32_t minutes[2] = {0, 0};
    for (int i = 0; i < 6; i++) {
        while (s.n && s.p[0] == ' ')
            s = wb_slice_sub(s, 1, s.n);
        field[i] = wb_slice_cut(&s, ' ');
        if (!field[i].n)
            return false;
    }
    if (wb_slice_trim(s).n)
        return false;
    p->any_day = wb_slice_is(field[2], "?");
    p->any_weekday = wb_slice_is(field[4], "?");
    if (p->any_day == p->any_weekday) /* exactly one of the two is given */
        return false;
    if (!list(field[0], NULL, 0, 59, minutes, 0) || !list(field[1], NULL, 0, 23, &p->hours, 0) ||
        !list(field[3], MONTHS, 1, 12, &p->months, 0) ||
        !list(field[5], NULL, WB_CRON_YEAR_MIN, WB_CRON_YEAR_MAX, p->years, WB_CRON_YEAR_MIN))
        return false;
    p->minutes = minutes[0] | (uint64_t)minutes[1] << 32;
    return p->any_day ? weekdays(field[4], p) : days(field[2], p);
}

bool wb_schedule_parse(struct wb_slice s, struct wb_schedule_plan *out)
{
    *out = (struct wb_schedule_plan){.rate_ms = 0};
    if (!s.n || s.p[s.n - 1] != ')')
        return false;
    if (wb_slice_starts(s, WB_S("rate(")))
        return parse_rate(wb_slice_sub(s, 5, s.n - 1), out);
    if (wb_slice_starts(s, WB_S("cron(")))
        return parse_cron(wb_slice_sub(s, 5, s.n - 1), out);
    return false;
}

/* --- the next time --- */

static unsigned month_days(int64_t y, unsigned m)
{
    int64_t next = m == 12 ? wb_days_from_civil(y + 1, 1, 1) : wb_days_from_civil(y, m + 1, 1);
    return (unsigned)(next - wb_days_from_civil(y, m, 1));
}

/* 1 = Sunday. */
static unsigned weekday(int64_t day)
{
    int64_t w = (day + 4) % 7; /* 1970-01-01 was a Thursday */
    return (unsigned)(w < 0 ? w + 7 : w) + 1;
}

/* The working day nearest to day d of the month, within the month. */
static unsigned nearest_working(int64_t y, unsigned m, unsigned d)
{
    unsigned last = month_days(y, m);
    if (d > last)
        return 0;
    unsigned w = weekday(wb_days_from_civil(y, m, d));
    if (w == 7)
        return d > 1 ? d - 1 : d + 2;
    if (w == 1)
        return d < last ? d + 1 : d - 2;
    return d;
}

static bool day_fits(const struct wb_schedule_plan *p, int64_t y, unsigned m, unsigned d)
{
    unsigned last = month_days(y, m);
    if (p->any_day) {
        unsigned w = weekday(wb_days_from_civil(y, m, d));
        return (p->weekdays >> w & 1) || (d + 7 > last && (p->last_of >> w & 1)) ||
               (p->nth >> (w * 8 + (d - 1) / 7 + 1) & 1);
    }
    if ((p->days >> d & 1) || (p->last_day && d == last) ||
        (p->last_weekday && d == nearest_working(y, m, last)))
        return true;
    for (unsigned n = 1; n <= 31; n++)
        if ((p->near_weekday >> n & 1) && nearest_working(y, m, n) == d)
            return true;
    return false;
}

/* The first minute of the day at or after `from` (minutes), or -1. */
static int minute_of_day(const struct wb_schedule_plan *p, int from)
{
    for (int t = from; t < 24 * 60; t++)
        if ((p->hours >> t / 60 & 1) && (p->minutes >> t % 60 & 1))
            return t;
    return -1;
}

static int64_t cron_next(const struct wb_schedule_plan *p, int64_t after_ms)
{
    int64_t first = after_ms < 0 ? 0 : after_ms / MINUTE_MS + 1, y, from_y;
    int64_t day0 = first / (24 * 60);
    unsigned from_m, from_d;
    wb_civil_from_days(day0, &from_y, &from_m, &from_d);
    for (y = from_y; y <= WB_CRON_YEAR_MAX; y++) {
        int64_t bit = y - WB_CRON_YEAR_MIN;
        if (!(p->years[bit / 32] >> bit % 32 & 1))
            continue;
        for (unsigned m = y == from_y ? from_m : 1; m <= 12; m++) {
            if (!(p->months >> m & 1))
                continue;
            unsigned d = y == from_y && m == from_m ? from_d : 1;
            for (unsigned last = month_days(y, m); d <= last; d++) {
                int64_t day = wb_days_from_civil(y, m, d);
                if (!day_fits(p, y, m, d))
                    continue;
                int t = minute_of_day(p, day == day0 ? (int)(first % (24 * 60)) : 0);
                if (t >= 0)
                    return day * DAY_MS + t * MINUTE_MS;
            }
        }
    }
    return INT64_MAX;
}

int64_t wb_plan_next(const struct wb_schedule_plan *p, int64_t start_ms, int64_t after_ms)
{
    if (!p->rate_ms)
        return cron_next(p, after_ms);
    if (after_ms < start_ms)
        return start_ms + p->rate_ms;
    return start_ms + ((after_ms - start_ms) / p->rate_ms + 1) * p->rate_ms;
}
