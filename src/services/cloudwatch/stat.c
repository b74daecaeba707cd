/*
 * Statistics (CloudWatch User Guide, "CloudWatch statistics definitions").
 *
 * The values of a period are sorted pairs of value and count. AWS does not say how a percentile
 * between two values is taken: here linearly, at position p x (n - 1). The percents of trimmed
 * statistics cut the number of samples, so that a sample at a bound counts with the part of it
 * that is inside; bounds that are values exclude the lower and include the upper one.
 */
#include "services/cloudwatch/stat.h"

#include <math.h>
#include <stdlib.h>

/* --- text --- */

static bool number(struct wb_slice text, double *out)
{
    char buf[40], *end;
    ptrdiff_t dot = wb_slice_chr(text, '.', 0);
    if (text.n == 0 || text.n >= sizeof buf || (dot >= 0 && text.n - (size_t)dot - 1 > 10))
        return false;
    for (size_t i = 0; i < text.n; i++)
        if ((text.p[i] < '0' || text.p[i] > '9') && text.p[i] != '.' &&
            !(text.p[i] == '-' && i == 0))
            return false;
    memcpy(buf, text.p, text.n);
    buf[text.n] = 0;
    *out = strtod(buf, &end);
    return end == buf + text.n && end > buf && isfinite(*out);
}

static bool percent(struct wb_slice text, double *out)
{
    return number(text, out) && *out >= 0 && *out <= 100 && text.p[0] != '-';
}

static const struct {
    const char *name;
    enum wb_stat_kind kind;
} names[] = {{"SampleCount", WB_STAT_SAMPLE_COUNT},
             {"Average", WB_STAT_AVERAGE},
             {"Sum", WB_STAT_SUM},
             {"Minimum", WB_STAT_MINIMUM},
             {"Maximum", WB_STAT_MAXIMUM},
             {"IQM", WB_STAT_IQM}},
  trimmed[] = {{"TM", WB_STAT_TM},
               {"WM", WB_STAT_WM},
               {"PR", WB_STAT_PR},
               {"TC", WB_STAT_TC},
               {"TS", WB_STAT_TS}};

/* One bound of "(a:b)": a number, one with a percent sign, or nothing. */
static bool bound(struct wb_slice text, double *out, int *percents, int *values)
{
    if (text.n == 0)
        return true;
    if (text.p[text.n - 1] == '%') {
        ++*percents;
        return percent(wb_slice_sub(text, 0, text.n - 1), out);
    }
    ++*values;
    return number(text, out);
}

static bool parse_range(struct wb_slice text, struct wb_stat *out)
{
    int percents = 0, values = 0;
    ptrdiff_t colon = wb_slice_chr(text, ':', 0);
    if (text.n < 4 || text.p[0] != '(' || text.p[text.n - 1] != ')' || colon < 0)
        return false;
    out->lo = -INFINITY;
    out->hi = INFINITY;
    if (!bound(wb_slice_trim(wb_slice_sub(text, 1, (size_t)colon)), &out->lo, &percents, &values) ||
        !bound(wb_slice_trim(wb_slice_sub(text, (size_t)colon + 1, text.n - 1)), &out->hi,
               &percents, &values))
        return false;
    out->by_value = values > 0;
    if (!out->by_value) {
        out->lo = isinf(out->lo) ? 0 : out->lo;
        out->hi = isinf(out->hi) ? 100 : out->hi;
    }
    return (percents == 0) != (values == 0) && out->lo < out->hi &&
           (out->kind != WB_STAT_PR || out->by_value);
}

bool wb_stat_parse(struct wb_slice text, struct wb_stat *out)
{
    *out = (struct wb_stat){.lo = 0, .hi = 100};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_slice_is(text, names[i].name)) {
            out->kind = names[i].kind;
            if (out->kind == WB_STAT_IQM) {
                out->lo = 25;
                out->hi = 75;
            }
            return true;
        }
    if (text.n > 1 && text.p[0] == 'p') {
        out->kind = WB_STAT_P;
        return percent(wb_slice_sub(text, 1, text.n), &out->hi);
    }
    for (size_t i = 0; text.n > 2 && i < sizeof trimmed / sizeof *trimmed; i++) {
        struct wb_slice head = wb_slice_sub(text, 0, 2), rest = wb_slice_sub(text, 2, text.n);
        out->kind = trimmed[i].kind;
        if (wb_slice_is(head, trimmed[i].name))
            return parse_range(rest, out);
        if (wb_slice_ieq(head, wb_slice_str(trimmed[i].name)) && head.p[0] >= 'a' &&
            head.p[1] >= 'a')
            return out->kind != WB_STAT_PR && percent(rest, &out->hi);
    }
    return false;
}

bool wb_stat_spread(const struct wb_stat *s)
{
    return s->kind >= WB_STAT_P;
}

/* --- values --- */

static double sample_at(const struct wb_period *p, double index)
{
    double passed = 0;
    for (size_t i = 0; i < p->pairs; i++) {
        passed += p->pair[i].count;
        if (index < passed)
            return p->pair[i].value;
    }
    return p->pair[p->pairs - 1].value;
}

static double percentile(const struct wb_period *p, double percents)
{
    double position = percents / 100 * (p->count - 1), low = floor(position);
    if (position <= 0)
        return p->pair[0].value;
    double a = sample_at(p, low), b = sample_at(p, low + 1);
    return position > low && b > a ? a + (b - a) * (position - low) : a;
}

struct part {
    double count, sum;
};

/* What lies between the bounds. */
static struct part between(const struct wb_period *p, const struct wb_stat *s)
{
    struct part part = {0, 0};
    double passed = 0, lo = s->lo / 100 * p->count, hi = s->hi / 100 * p->count;
    for (size_t i = 0; i < p->pairs; i++) {
        double v = p->pair[i].value, n = p->pair[i].count, inside;
        if (s->by_value)
            inside = v > s->lo && v <= s->hi ? n : 0;
        else
            inside = fmax(0, fmin(hi, passed + n) - fmax(lo, passed));
        passed += n;
        part.count += inside;
        part.sum += inside * v;
    }
    return part;
}

static double winsorized(const struct wb_period *p, const struct wb_stat *s)
{
    double lo = s->lo, hi = s->hi, sum = 0;
    if (!s->by_value) {
        struct part part = between(p, s);
        return (part.sum + lo / 100 * p->count * percentile(p, lo) +
                (1 - hi / 100) * p->count * percentile(p, hi)) /
               p->count;
    }
    for (size_t i = 0; i < p->pairs; i++)
        sum += p->pair[i].count * fmin(hi, fmax(lo, p->pair[i].value));
    return sum / p->count;
}

double wb_stat_value(const struct wb_stat *s, const struct wb_period *p)
{
    if (p->count <= 0)
        return NAN;
    if (wb_stat_spread(s) && (p->unspread || p->min < 0 || !p->pairs))
        return NAN;
    struct part part;
    switch (s->kind) {
    case WB_STAT_SAMPLE_COUNT:
        return p->count;
    case WB_STAT_AVERAGE:
        return p->sum / p->count;
    case WB_STAT_SUM:
        return p->sum;
    case WB_STAT_MINIMUM:
        return p->min;
    case WB_STAT_MAXIMUM:
        return p->max;
    case WB_STAT_P:
        return percentile(p, s->hi);
    case WB_STAT_WM:
        return winsorized(p, s);
    case WB_STAT_PR:
        return 100 * between(p, s).count / p->count;
    case WB_STAT_TC:
        return between(p, s).count;
    case WB_STAT_TS:
        return between(p, s).sum;
    case WB_STAT_TM:
    case WB_STAT_IQM:
        break;
    }
    part = between(p, s);
    return part.count > 0 ? part.sum / part.count : NAN;
}
