/* The functions of the Insights language (CloudWatch Logs User Guide, "Boolean, comparison,
 * numeric, datetime, and other functions"). */
#include "base/time.h"
#include "base/utf8.h"
#include "services/logs/insights_impl.h"
#include <arpa/inet.h>
#include <math.h>

static struct ins_value arg(struct ins_eval *e, const struct ins_node *n, uint32_t i)
{
    return i < n->count ? ins_eval(e, n->list[i]) : INS_MISSING;
}

static bool arg_number(struct ins_eval *e, const struct ins_node *n, uint32_t i, double *out)
{
    struct ins_value v = arg(e, n, i);
    return ins_as_number(&v, out);
}

/* Null when it is missing. */
static struct wb_slice arg_text(struct ins_eval *e, const struct ins_node *n, uint32_t i)
{
    struct ins_value v = arg(e, n, i);
    return ins_show(e->a, &v);
}

/* --- numbers --- */

#define OF_NUMBER(fn, expr)                                                                        \
    static struct ins_value fn(struct ins_eval *e, const struct ins_node *n)                       \
    {                                                                                              \
        double x;                                                                                  \
        return arg_number(e, n, 0, &x) ? ins_number(expr) : INS_MISSING;                           \
    }
OF_NUMBER(f_abs, fabs(x))
OF_NUMBER(f_ceil, ceil(x))
OF_NUMBER(f_floor, floor(x))
OF_NUMBER(f_log, log(x))
OF_NUMBER(f_sqrt, sqrt(x))

static struct ins_value extreme(struct ins_eval *e, const struct ins_node *n, double sign)
{
    double most = -INFINITY, x;
    for (uint32_t i = 0; i < n->count; i++) {
        if (!arg_number(e, n, i, &x))
            return INS_MISSING;
        most = fmax(most, sign * x);
    }
    return ins_number(sign * most);
}

static struct ins_value f_greatest(struct ins_eval *e, const struct ins_node *n)
{
    return extreme(e, n, 1);
}

static struct ins_value f_least(struct ins_eval *e, const struct ins_node *n)
{
    return extreme(e, n, -1);
}

/* --- time --- */

#define DAY_MS 86400000.0

static double month_start(int64_t month)
{
    int64_t year = month >= 0 ? month / 12 : -((11 - month) / 12);
    return (double)wb_days_from_civil(year, (unsigned)(month - year * 12) + 1, 1) * DAY_MS;
}

/* Weeks begin on Monday; several months or years are counted from the year 0 on. */
struct ins_value ins_datefloor(const struct ins_period *p, double ms, bool up)
{
    double low, high;
    if (fabs(ms) > 8e15)
        return INS_MISSING;
    if (p->unit == 'f' || p->unit == 'w') {
        double width = p->unit == 'w' ? (double)p->n * 7 * DAY_MS : (double)p->n,
               shift = p->unit == 'w' ? 3 * DAY_MS : 0;
        low = floor((ms + shift) / width) * width - shift;
        high = low + width;
    } else {
        int64_t year, months = p->unit == 'y' ? 12 * p->n : p->n;
        unsigned month, day;
        wb_civil_from_days((int64_t)floor(ms / DAY_MS), &year, &month, &day);
        int64_t first = year * 12 + month - 1;
        first -= ((first % months) + months) % months;
        low = month_start(first);
        high = month_start(first + months);
    }
    return ins_time(up && low != ms ? high : low);
}

static struct ins_value floored(struct ins_eval *e, const struct ins_node *n, bool up)
{
    double ms;
    return arg_number(e, n, 0, &ms) ? ins_datefloor(&n->period, ms, up) : INS_MISSING;
}

static struct ins_value f_datefloor(struct ins_eval *e, const struct ins_node *n)
{
    return floored(e, n, false);
}

static struct ins_value f_dateceil(struct ins_eval *e, const struct ins_node *n)
{
    return floored(e, n, true);
}

static struct ins_value f_bin(struct ins_eval *e, const struct ins_node *n)
{
    return e->line ? ins_datefloor(&n->period, (double)e->line->event->at.time_ms, false)
                   : INS_MISSING;
}

static struct ins_value f_from_millis(struct ins_eval *e, const struct ins_node *n)
{
    double ms;
    return arg_number(e, n, 0, &ms) ? ins_time(trunc(ms)) : INS_MISSING;
}

static struct ins_value f_to_millis(struct ins_eval *e, const struct ins_node *n)
{
    double ms;
    return arg_number(e, n, 0, &ms) ? ins_number(ms) : INS_MISSING;
}

static struct ins_value f_now(struct ins_eval *e, const struct ins_node *n)
{
    return ins_number((double)(e->now_ms / 1000));
}

/* --- any --- */

static struct ins_value f_ispresent(struct ins_eval *e, const struct ins_node *n)
{
    return ins_bool(arg(e, n, 0).kind != INS_NONE);
}

static struct ins_value f_coalesce(struct ins_eval *e, const struct ins_node *n)
{
    struct ins_value v = INS_MISSING;
    for (uint32_t i = 0; i < n->count && v.kind == INS_NONE; i++)
        v = arg(e, n, i);
    return v;
}

static struct ins_value f_json_parse(struct ins_eval *e, const struct ins_node *n)
{
    struct ins_value v = arg(e, n, 0);
    if (v.kind != INS_TEXT)
        return v;
    struct wb_json json = wb_json_read(e->a, v.text, NULL);
    return wb_json_is(json) ? ins_of_json(json, e->a, true) : INS_MISSING;
}

static struct ins_value f_json_stringify(struct ins_eval *e, const struct ins_node *n)
{
    struct ins_value v = arg(e, n, 0);
    double d;
    if (v.kind == INS_NONE || v.kind == INS_JSON || (v.kind == INS_TEXT && ins_as_number(&v, &d)))
        return v.kind == INS_JSON ? ins_text(v.text) : v;
    if (v.kind == INS_BOOL)
        return ins_text(v.num != 0 ? WB_S("true") : WB_S("false"));
    struct wb_buf b = wb_buf_in(e->a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_str(&w, ins_show(e->a, &v));
    return ins_text(wb_buf_slice(&b));
}

/* --- text --- */

static struct ins_value f_isempty(struct ins_eval *e, const struct ins_node *n)
{
    return ins_bool(arg_text(e, n, 0).n == 0);
}

static bool white(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct ins_value f_isblank(struct ins_eval *e, const struct ins_node *n)
{
    struct wb_slice s = arg_text(e, n, 0);
    size_t i = 0;
    while (i < s.n && white(s.p[i]))
        i++;
    return ins_bool(i == s.n);
}

static struct ins_value f_concat(struct ins_eval *e, const struct ins_node *n)
{
    struct wb_buf b = wb_buf_in(e->a);
    for (uint32_t i = 0; i < n->count; i++)
        wb_buf_slice_put(&b, arg_text(e, n, i));
    return ins_text(b.n ? wb_buf_slice(&b) : WB_S(""));
}

static bool of_set(char c, struct wb_slice set)
{
    return set.p ? set.n && memchr(set.p, c, set.n) : white(c);
}

static struct ins_value trimmed(struct ins_eval *e, const struct ins_node *n, bool left, bool right)
{
    struct wb_slice s = arg_text(e, n, 0), set = n->count > 1 ? arg_text(e, n, 1) : WB_SLICE_NULL;
    size_t from = 0, to = s.n;
    if (!s.p)
        return INS_MISSING;
    while (left && from < to && of_set(s.p[from], set))
        from++;
    while (right && to > from && of_set(s.p[to - 1], set))
        to--;
    return ins_text(wb_slice_sub(s, from, to));
}

static struct ins_value f_trim(struct ins_eval *e, const struct ins_node *n)
{
    return trimmed(e, n, true, true);
}

static struct ins_value f_ltrim(struct ins_eval *e, const struct ins_node *n)
{
    return trimmed(e, n, true, false);
}

static struct ins_value f_rtrim(struct ins_eval *e, const struct ins_node *n)
{
    return trimmed(e, n, false, true);
}

/* The place of character `index`, the end when there are fewer. */
static size_t char_place(struct wb_slice s, size_t from, double index)
{
    size_t at = from;
    for (double i = 0; i < index && at < s.n; i++)
        if (wb_utf8_next(s, &at) < 0)
            at++;
    return at;
}

static struct ins_value f_strlen(struct ins_eval *e, const struct ins_node *n)
{
    struct wb_slice s = arg_text(e, n, 0);
    double count = 0;
    for (size_t at = 0; at < s.n; count++)
        if (wb_utf8_next(s, &at) < 0)
            at++;
    return s.p ? ins_number(count) : INS_MISSING;
}

static struct ins_value f_substr(struct ins_eval *e, const struct ins_node *n)
{
    struct wb_slice s = arg_text(e, n, 0);
    double start, length = INFINITY;
    if (!s.p || !arg_number(e, n, 1, &start) || start < 0 ||
        (n->count > 2 && (!arg_number(e, n, 2, &length) || length < 0)))
        return INS_MISSING;
    size_t from = char_place(s, 0, trunc(start));
    return ins_text(wb_slice_sub(s, from, char_place(s, from, trunc(length))));
}

static struct ins_value in_case(struct ins_eval *e, const struct ins_node *n, char first, int shift)
{
    struct wb_slice s = arg_text(e, n, 0);
    if (!s.p)
        return INS_MISSING;
    char *out = wb_alloc(e->a, s.n);
    for (size_t i = 0; i < s.n; i++)
        out[i] = s.p[i] >= first && s.p[i] < first + 26 ? (char)(s.p[i] + shift) : s.p[i];
    return ins_text(wb_slice(out, s.n));
}

static struct ins_value f_toupper(struct ins_eval *e, const struct ins_node *n)
{
    return in_case(e, n, 'a', 'A' - 'a');
}

static struct ins_value f_tolower(struct ins_eval *e, const struct ins_node *n)
{
    return in_case(e, n, 'A', 'a' - 'A');
}

static struct ins_value f_replace(struct ins_eval *e, const struct ins_node *n)
{
    struct wb_slice s = arg_text(e, n, 0), what = arg_text(e, n, 1), by = arg_text(e, n, 2);
    struct wb_buf b = wb_buf_in(e->a);
    size_t at = 0;
    if (!s.p || !what.p || !by.p)
        return INS_MISSING;
    for (ptrdiff_t found; what.n && (found = wb_slice_find(s, what, at)) >= 0;) {
        /* A short text put for many shorter ones must not fill the memory. */
        if (b.n > WB_INSIGHTS_MEMORY_MAX / 8)
            return INS_MISSING;
        wb_buf_slice_put(&b, wb_slice_sub(s, at, (size_t)found));
        wb_buf_slice_put(&b, by);
        at = (size_t)found + what.n;
    }
    wb_buf_slice_put(&b, wb_slice_sub(s, at, s.n));
    return ins_text(b.n ? wb_buf_slice(&b) : WB_S(""));
}

static struct ins_value f_strcontains(struct ins_eval *e, const struct ins_node *n)
{
    struct wb_slice s = arg_text(e, n, 0), what = arg_text(e, n, 1);
    return ins_bool(s.p && what.p && wb_slice_find(s, what, 0) >= 0);
}

/* --- addresses --- */

/* 4 or 16 bytes; 0: it is none. */
static unsigned address(struct wb_slice s, uint8_t out[16])
{
    char text[INET6_ADDRSTRLEN];
    if (s.n == 0 || s.n >= sizeof text)
        return 0;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return inet_pton(AF_INET, text, out) == 1 ? 4 : inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

static struct ins_value valid(struct ins_eval *e, const struct ins_node *n, unsigned a, unsigned b)
{
    uint8_t out[16];
    unsigned size = address(arg_text(e, n, 0), out);
    return ins_bool(size && (size == a || size == b));
}

static struct ins_value f_is_ip(struct ins_eval *e, const struct ins_node *n)
{
    return valid(e, n, 4, 16);
}

static struct ins_value f_is_ip4(struct ins_eval *e, const struct ins_node *n)
{
    return valid(e, n, 4, 4);
}

static struct ins_value f_is_ip6(struct ins_eval *e, const struct ins_node *n)
{
    return valid(e, n, 16, 16);
}

static bool in_subnet(struct ins_eval *e, const struct ins_node *n, unsigned *size)
{
    uint8_t ip[16], net[16];
    uint64_t bits;
    struct wb_slice rest = arg_text(e, n, 1), prefix = wb_slice_cut(&rest, '/');
    *size = address(arg_text(e, n, 0), ip);
    if (!*size || address(prefix, net) != *size || !wb_slice_u64(rest, &bits) || bits > *size * 8)
        return false;
    for (unsigned i = 0; i < bits; i++)
        if ((ip[i / 8] ^ net[i / 8]) & (0x80 >> i % 8))
            return false;
    return true;
}

static struct ins_value f_in_subnet(struct ins_eval *e, const struct ins_node *n)
{
    unsigned size;
    return ins_bool(in_subnet(e, n, &size));
}

static struct ins_value f_in_subnet4(struct ins_eval *e, const struct ins_node *n)
{
    unsigned size;
    return ins_bool(in_subnet(e, n, &size) && size == 4);
}

static struct ins_value f_in_subnet6(struct ins_eval *e, const struct ins_node *n)
{
    unsigned size;
    return ins_bool(in_subnet(e, n, &size) && size == 16);
}

/* --- the table --- */

#define ANY 255

static const struct ins_function functions[] = {
    {"abs", 1, 1, f_abs, false},
    {"bin", 1, 1, f_bin, true},
    {"ceil", 1, 1, f_ceil, false},
    {"coalesce", 1, ANY, f_coalesce, false},
    {"concat", 1, ANY, f_concat, false},
    {"dateceil", 2, 2, f_dateceil, true},
    {"datefloor", 2, 2, f_datefloor, true},
    {"floor", 1, 1, f_floor, false},
    {"frommillis", 1, 1, f_from_millis, false},
    {"greatest", 1, ANY, f_greatest, false},
    {"isblank", 1, 1, f_isblank, false},
    {"isempty", 1, 1, f_isempty, false},
    {"isipinsubnet", 2, 2, f_in_subnet, false},
    {"isipv4insubnet", 2, 2, f_in_subnet4, false},
    {"isipv6insubnet", 2, 2, f_in_subnet6, false},
    {"ispresent", 1, 1, f_ispresent, false},
    {"isvalidip", 1, 1, f_is_ip, false},
    {"isvalidipv4", 1, 1, f_is_ip4, false},
    {"isvalidipv6", 1, 1, f_is_ip6, false},
    {"jsonparse", 1, 1, f_json_parse, false},
    {"jsonstringify", 1, 1, f_json_stringify, false},
    {"least", 1, ANY, f_least, false},
    {"log", 1, 1, f_log, false},
    {"ltrim", 1, 2, f_ltrim, false},
    {"now", 0, 0, f_now, false},
    {"replace", 3, 3, f_replace, false},
    {"rtrim", 1, 2, f_rtrim, false},
    {"sqrt", 1, 1, f_sqrt, false},
    {"strcontains", 2, 2, f_strcontains, false},
    {"strlen", 1, 1, f_strlen, false},
    {"substr", 2, 3, f_substr, false},
    {"tolower", 1, 1, f_tolower, false},
    {"tomillis", 1, 1, f_to_millis, false},
    {"toupper", 1, 1, f_toupper, false},
    {"trim", 1, 2, f_trim, false},
};

const struct ins_function *ins_function_find(struct wb_slice name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (wb_slice_ieq(name, wb_slice_str(functions[i].name)))
            return &functions[i];
    return NULL;
}
