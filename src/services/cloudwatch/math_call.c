/* Metric math's functions: a table of names, and what each does. */
#include "base/limits.h"
#include "base/time.h"
#include "services/cloudwatch/metric_math.h"

#include <math.h>
#include <stdlib.h>

/* --- arguments --- */

static bool has_series(const struct math_value *v)
{
    return v->type == MATH_SERIES || v->type == MATH_ARRAY;
}

static bool wrong_argument(struct math_env *e, const struct math_node *n,
                           const struct math_value *v)
{
    return math_fail(e, "Unsupported argument type for %.*s: '%s'", WB_FMT(n->text),
                     math_type_name(v));
}

static const struct math_node *argument(const struct math_node *n, unsigned index)
{
    const struct math_node *c = n->child;
    while (c && index--)
        c = c->next;
    return c;
}

static bool scalar_argument(struct math_env *e, const struct math_node *n, unsigned index,
                            double *out)
{
    struct math_value v;
    if (!math_eval(e, argument(n, index), &v))
        return false;
    *out = v.scalar;
    return v.type == MATH_SCALAR || wrong_argument(e, n, &v);
}

static bool array_argument(struct math_env *e, const struct math_node *n, struct math_value *out)
{
    return math_eval(e, n->child, out) && (out->type == MATH_ARRAY || wrong_argument(e, n, out));
}

/* A word that stands bare: DESC, REPEAT. */
static bool is_word(const struct math_node *n, const char *word)
{
    return n && n->kind == MATH_NAME && wb_slice_is(n->text, word);
}

static struct math_value series_value(struct math_env *e, const struct math_series *s)
{
    struct math_series *copy = wb_new(e->arena, struct math_series);
    *copy = *s;
    return (struct math_value){.type = MATH_SERIES, .s = copy, .n = 1};
}

/* All on one grid, in copies. */
static bool align_all(struct math_env *e, struct math_series **all, size_t n)
{
    struct math_series *s = wb_new_n(e->arena, struct math_series, n + 1);
    if (n)
        memcpy(s, *all, n * sizeof *s);
    *all = s;
    struct math_series widest = n ? s[0] : (struct math_series){0};
    for (size_t i = 1; i < n; i++) {
        struct math_series other = s[i];
        if (!math_align(e, &widest, &other))
            return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct math_series grid = widest;
        if (!math_align(e, &s[i], &grid))
            return false;
    }
    return true;
}

static int64_t time_at(const struct math_series *s, size_t i)
{
    return s->start_ms + (int64_t)i * s->period_s * 1000;
}

/* --- each value of a series --- */

enum each {
    EACH_ABS,
    EACH_CEIL,
    EACH_FLOOR,
    EACH_LOG,
    EACH_LOG10,
    EACH_DIFF,
    EACH_DIFF_TIME,
    EACH_RATE,
    EACH_RUNNING_SUM
};

static double one_value(enum each what, double v)
{
    switch (what) {
    case EACH_ABS:
        return fabs(v);
    case EACH_CEIL:
        return ceil(v);
    case EACH_FLOOR:
        return floor(v);
    case EACH_LOG:
        return v > 0 ? log(v) : NAN;
    case EACH_LOG10:
        return v > 0 ? log10(v) : NAN;
    default:
        return NAN;
    }
}

/* Functions of a value and the one before it. */
static double step_value(enum each what, double v, double before, double seconds)
{
    return what == EACH_DIFF        ? v - before
           : what == EACH_DIFF_TIME ? seconds
                                    : (v - before) / seconds;
}

static void each_series(enum each what, const struct math_series *s, struct math_series *out)
{
    double sum = 0;
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < s->n; i++) {
        double v = s->v[i];
        if (isnan(v))
            continue;
        if (what == EACH_RUNNING_SUM)
            out->v[i] = sum += v;
        else if (what < EACH_DIFF)
            out->v[i] = one_value(what, v);
        else if (last != SIZE_MAX)
            out->v[i] =
                step_value(what, v, s->v[last], (double)(time_at(s, i) - time_at(s, last)) / 1000);
        last = i;
    }
    out->label = s->label;
}

static bool call_each(struct math_env *e, const struct math_node *n, int what,
                      struct math_value *out)
{
    struct math_value v;
    if (!math_eval(e, n->child, &v))
        return false;
    if (!has_series(&v))
        return wrong_argument(e, n, &v);
    *out = v;
    out->s = wb_new_n(e->arena, struct math_series, v.n + 1);
    for (size_t i = 0; i < v.n; i++) {
        if (!math_series_new(e, &out->s[i], v.s[i].start_ms, v.s[i].period_s, v.s[i].n))
            return false;
        each_series((enum each)what, &v.s[i], &out->s[i]);
    }
    return true;
}

/* --- many values into one --- */

enum reduce { REDUCE_AVG, REDUCE_MAX, REDUCE_MIN, REDUCE_SUM, REDUCE_STDDEV, REDUCE_COUNT };

struct fold {
    double n, sum, min, max, mean, squares; /* Welford's sum of squared distances */
};

static void fold_add(struct fold *f, double v)
{
    if (isnan(v))
        return;
    f->min = f->n == 0 || v < f->min ? v : f->min;
    f->max = f->n == 0 || v > f->max ? v : f->max;
    f->n++;
    f->sum += v;
    double before = v - f->mean;
    f->mean += before / f->n;
    f->squares += before * (v - f->mean);
}

/* count: by how much an average is divided. */
static double fold_value(const struct fold *f, enum reduce what, double count)
{
    if (what == REDUCE_COUNT)
        return f->n;
    if (f->n == 0)
        return NAN;
    return what == REDUCE_AVG   ? f->sum / count
           : what == REDUCE_MAX ? f->max
           : what == REDUCE_MIN ? f->min
           : what == REDUCE_SUM ? f->sum
                                : sqrt(f->squares / f->n);
}

static double reduce_series(const struct math_series *s, enum reduce what)
{
    struct fold f = {0};
    for (size_t i = 0; i < s->n; i++)
        fold_add(&f, s->v[i]);
    return fold_value(&f, what, f.n);
}

/* Across an array, for each time; an average counts a missing value as 0. */
static bool reduce_array(struct math_env *e, const struct math_value *v, enum reduce what,
                         struct math_value *out)
{
    struct math_series *s = v->s, r;
    struct wb_window w = math_window(e, e->period_s);
    if (!align_all(e, &s, v->n))
        return false;
    if (!math_series_new(e, &r, v->n ? s[0].start_ms : w.start_ms,
                         v->n ? s[0].period_s : e->period_s, v->n ? s[0].n : 0))
        return false;
    for (size_t i = 0; i < r.n; i++) {
        struct fold f = {0};
        for (size_t k = 0; k < v->n; k++)
            fold_add(&f, s[k].v[i]);
        r.v[i] = f.n ? fold_value(&f, what, (double)v->n) : NAN;
    }
    *out = series_value(e, &r);
    return true;
}

static bool call_reduce(struct math_env *e, const struct math_node *n, int what,
                        struct math_value *out)
{
    struct math_value v;
    if (!math_eval(e, n->child, &v))
        return false;
    if (!has_series(&v))
        return wrong_argument(e, n, &v);
    if (v.type == MATH_ARRAY)
        return reduce_array(e, &v, (enum reduce)what, out);
    *out =
        (struct math_value){.type = MATH_SCALAR, .scalar = reduce_series(v.s, (enum reduce)what)};
    return true;
}

/* --- times --- */

enum part { PART_MINUTE, PART_HOUR, PART_DAY, PART_DATE, PART_MONTH, PART_YEAR, PART_EPOCH };

static double part_of(int64_t ms, enum part what)
{
    int64_t seconds = ms / 1000, days = seconds / 86400, year;
    unsigned month, day;
    wb_civil_from_days(days, &year, &month, &day);
    switch (what) {
    case PART_MINUTE:
        return (double)(seconds / 60 % 60);
    case PART_HOUR:
        return (double)(seconds / 3600 % 24);
    case PART_DAY:
        return (double)((days + 3) % 7 + 1); /* Monday is 1; 1970 began on a Thursday */
    case PART_DATE:
        return day;
    case PART_MONTH:
        return month;
    case PART_YEAR:
        return (double)year;
    case PART_EPOCH:
        break;
    }
    return (double)seconds;
}

static bool call_part(struct math_env *e, const struct math_node *n, int what,
                      struct math_value *out)
{
    struct math_value v;
    struct math_series r;
    if (!math_eval(e, n->child, &v))
        return false;
    if (v.type != MATH_SERIES)
        return wrong_argument(e, n, &v);
    if (!math_series_new(e, &r, v.s->start_ms, v.s->period_s, v.s->n))
        return false;
    for (size_t i = 0; i < r.n; i++)
        r.v[i] = part_of(time_at(&r, i), (enum part)what);
    r.label = v.s->label;
    *out = series_value(e, &r);
    return true;
}

static bool call_period(struct math_env *e, const struct math_node *n, int what,
                        struct math_value *out)
{
    struct math_value v;
    if (!math_eval(e, n->child, &v))
        return false;
    if (v.type != MATH_SERIES || !v.s->id)
        return math_fail(e, "PERIOD takes a metric");
    *out = (struct math_value){.type = MATH_SCALAR, .scalar = (double)v.s->period_s};
    return true;
}

static bool call_time_series(struct math_env *e, const struct math_node *n, int what,
                             struct math_value *out)
{
    double v;
    struct math_series r;
    struct wb_window w = math_window(e, e->period_s);
    if (!scalar_argument(e, n, 0, &v) ||
        !math_series_new(e, &r, w.start_ms, w.period_s,
                         (size_t)((w.end_ms - w.start_ms) / (w.period_s * 1000))))
        return false;
    for (size_t i = 0; i < r.n; i++)
        r.v[i] = v;
    *out = series_value(e, &r);
    return true;
}

/* --- missing values --- */

static void fill_linear(struct math_series *s)
{
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(s->v[i]))
            continue;
        for (size_t k = last + 1; last != SIZE_MAX && k < i; k++)
            s->v[k] = s->v[last] + (s->v[i] - s->v[last]) * (double)(k - last) / (double)(i - last);
        last = i;
    }
}

static void fill_repeat(struct math_series *s)
{
    for (size_t i = 1; i < s->n; i++)
        if (isnan(s->v[i]))
            s->v[i] = s->v[i - 1];
}

static bool fill_one(struct math_env *e, const struct math_node *how, const struct math_value *with,
                     struct math_series *s)
{
    struct math_series copy, filler = with->type == MATH_SERIES ? *with->s : *s;
    if (!math_align(e, s, &filler) || !math_series_new(e, &copy, s->start_ms, s->period_s, s->n))
        return false;
    if (s->n)
        memcpy(copy.v, s->v, s->n * sizeof *s->v);
    copy.label = s->label;
    *s = copy;
    if (is_word(how, "LINEAR"))
        fill_linear(s);
    else if (is_word(how, "REPEAT"))
        fill_repeat(s);
    else
        for (size_t i = 0; i < s->n; i++)
            if (isnan(s->v[i]))
                s->v[i] = with->type == MATH_SCALAR ? with->scalar : filler.v[i];
    return true;
}

static bool call_fill(struct math_env *e, const struct math_node *n, int what,
                      struct math_value *out)
{
    struct math_value v, with = {.type = MATH_WORD};
    const struct math_node *how = argument(n, 1);
    if (!math_eval(e, n->child, &v))
        return false;
    if (!has_series(&v))
        return wrong_argument(e, n, &v);
    if (!is_word(how, "LINEAR") && !is_word(how, "REPEAT")) {
        if (!math_eval(e, how, &with))
            return false;
        if (with.type != MATH_SCALAR && with.type != MATH_SERIES)
            return wrong_argument(e, n, &with);
    }
    *out = v;
    out->s = wb_new_n(e->arena, struct math_series, v.n + 1);
    for (size_t i = 0; i < v.n; i++) {
        out->s[i] = v.s[i];
        if (!fill_one(e, how, &with, &out->s[i]))
            return false;
    }
    return true;
}

/* --- IF --- */

static double if_value(const struct math_value *v, const struct math_series *s, size_t i,
                       double missing)
{
    double x = v->type == MATH_SCALAR ? v->scalar : s->v[i];
    return isnan(x) ? missing : x;
}

static bool if_series(struct math_env *e, const struct math_value arg[3], bool has_else,
                      struct math_value *out)
{
    struct math_series all[3], *s = all, r;
    for (int i = 0; i < 3; i++)
        all[i] = arg[i].type == MATH_SERIES ? *arg[i].s : *arg[0].s;
    if (!align_all(e, &s, 3) || !math_series_new(e, &r, s[0].start_ms, s[0].period_s, s[0].n))
        return false;
    for (size_t i = 0; i < r.n; i++) {
        double condition = s[0].v[i];
        if (isnan(condition))
            continue;
        if (condition != 0)
            r.v[i] = if_value(&arg[1], &s[1], i, 0);
        else if (has_else)
            r.v[i] = if_value(&arg[2], &s[2], i, NAN);
    }
    r.label = s[1].label;
    *out = series_value(e, &r);
    return true;
}

static bool call_if(struct math_env *e, const struct math_node *n, int what, struct math_value *out)
{
    struct math_value arg[3] = {{0}, {0}, {.type = MATH_SCALAR}};
    bool has_else = n->children == 3;
    for (unsigned i = 0; i < n->children; i++) {
        if (!math_eval(e, argument(n, i), &arg[i]))
            return false;
        if (arg[i].type != MATH_SCALAR && arg[i].type != MATH_SERIES)
            return wrong_argument(e, n, &arg[i]);
    }
    if (arg[0].type == MATH_SERIES)
        return if_series(e, arg, has_else, out);
    if (arg[1].type != MATH_SERIES || (has_else && arg[2].type != MATH_SERIES))
        return math_fail(e, "IF with a scalar condition chooses between time series");
    bool yes = arg[0].scalar != 0 && !isnan(arg[0].scalar);
    struct math_series empty;
    if (!math_series_new(e, &empty, arg[1].s->start_ms, arg[1].s->period_s, arg[1].s->n))
        return false;
    *out = series_value(e, yes ? arg[1].s : has_else ? arg[2].s : &empty);
    return true;
}

/* --- arrays --- */

static bool call_end(struct math_env *e, const struct math_node *n, int last,
                     struct math_value *out)
{
    struct math_value v;
    struct math_series none;
    struct wb_window w = math_window(e, e->period_s);
    if (!array_argument(e, n, &v))
        return false;
    if (v.n == 0 && !math_series_new(e, &none, w.start_ms, w.period_s, 0))
        return false;
    *out = series_value(e, v.n == 0 ? &none : &v.s[last ? v.n - 1 : 0]);
    return true;
}

static bool call_metric_count(struct math_env *e, const struct math_node *n, int what,
                              struct math_value *out)
{
    struct math_value v;
    if (!array_argument(e, n, &v))
        return false;
    *out = (struct math_value){.type = MATH_SCALAR, .scalar = (double)v.n};
    return true;
}

static bool call_remove_empty(struct math_env *e, const struct math_node *n, int what,
                              struct math_value *out)
{
    struct math_value v;
    if (!array_argument(e, n, &v))
        return false;
    *out = (struct math_value){.type = MATH_ARRAY,
                               .s = wb_new_n(e->arena, struct math_series, v.n + 1)};
    for (size_t i = 0; i < v.n; i++)
        if (reduce_series(&v.s[i], REDUCE_COUNT) > 0)
            out->s[out->n++] = v.s[i];
    return true;
}

static size_t clamp(double v, size_t most)
{
    return v <= 0 || isnan(v) ? 0 : v >= (double)most ? most : (size_t)v;
}

static bool call_slice(struct math_env *e, const struct math_node *n, int what,
                       struct math_value *out)
{
    struct math_value v;
    double from, to = INFINITY;
    if (!array_argument(e, n, &v) || !scalar_argument(e, n, 1, &from) ||
        (n->children == 3 && !scalar_argument(e, n, 2, &to)))
        return false;
    size_t lo = clamp(from, v.n), hi = clamp(to, v.n);
    *out = (struct math_value){.type = MATH_ARRAY, .s = v.s + lo, .n = hi > lo ? hi - lo : 0};
    return true;
}

struct ranked {
    double by;
    size_t at;
    struct math_series s;
};

/* What has no value comes last; equals keep their order. */
static int by_rank(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;
    if (isnan(a->by) != isnan(b->by))
        return isnan(a->by) - isnan(b->by);
    if (!isnan(a->by) && a->by != b->by)
        return a->by < b->by ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static bool call_sort(struct math_env *e, const struct math_node *n, int what,
                      struct math_value *out)
{
    static const char *const by[] = {"AVG", "MAX", "MIN", "SUM"}; /* as in enum reduce */
    const struct math_node *function = argument(n, 1), *order = argument(n, 2);
    struct math_value v;
    double limit = INFINITY;
    unsigned k = 0;
    if (!array_argument(e, n, &v) || (n->children == 4 && !scalar_argument(e, n, 3, &limit)))
        return false;
    while (k < 4 && !is_word(function, by[k]))
        k++;
    if (k == 4)
        return math_fail(e, "SORT sorts by AVG, MIN, MAX or SUM");
    bool descending = is_word(order, "DESC");
    if (!descending && !is_word(order, "ASC"))
        return math_fail(e, "The order of SORT is ASC or DESC");
    struct ranked *r = wb_new_n(e->arena, struct ranked, v.n + 1);
    for (size_t i = 0; i < v.n; i++) {
        double value = reduce_series(&v.s[i], (enum reduce)k);
        r[i] = (struct ranked){descending ? -value : value, i, v.s[i]};
    }
    qsort(r, v.n, sizeof *r, by_rank);
    *out = (struct math_value){.type = MATH_ARRAY,
                               .s = wb_new_n(e->arena, struct math_series, v.n + 1),
                               .n = clamp(limit, v.n)};
    for (size_t i = 0; i < out->n; i++)
        out->s[i] = r[i].s;
    return true;
}

static bool call_metrics(struct math_env *e, const struct math_node *n, int what,
                         struct math_value *out)
{
    if (n->child && n->child->kind != MATH_TEXT)
        return math_fail(e, "METRICS takes a text in quotes, or nothing");
    return e->metrics(e, n->child ? n->child->text : WB_SLICE_NULL, out);
}

static bool call_search(struct math_env *e, const struct math_node *n, int what,
                        struct math_value *out)
{
    double period = (double)e->period_s;
    const struct math_node *text = n->child, *stat = argument(n, 1);
    if (text->kind != MATH_TEXT || stat->kind != MATH_TEXT)
        return math_fail(e, "SEARCH takes a search expression and a statistic in quotes");
    if (n->children == 3 && !scalar_argument(e, n, 2, &period))
        return false;
    if (!(period >= 1 && period <= 86400 * 30))
        return math_fail(e, "The period of SEARCH is not valid");
    return math_search(e, text->text, stat->text, (int64_t)period, out);
}

static bool call_refused(struct math_env *e, const struct math_node *n, int what,
                         struct math_value *out)
{
    return math_fail(e, "The function %.*s is not supported", WB_FMT(n->text));
}

/* --- the table --- */

static const struct {
    const char *name;
    unsigned least, most; /* arguments */
    bool (*call)(struct math_env *e, const struct math_node *n, int what, struct math_value *out);
    int what;
} functions[] = {
    {"ABS", 1, 1, call_each, EACH_ABS},
    {"ANOMALY_DETECTION_BAND", 0, 9, call_refused, 0},
    {"AVG", 1, 1, call_reduce, REDUCE_AVG},
    {"CEIL", 1, 1, call_each, EACH_CEIL},
    {"DATAPOINT_COUNT", 1, 1, call_reduce, REDUCE_COUNT},
    {"DATE", 1, 1, call_part, PART_DATE},
    {"DAY", 1, 1, call_part, PART_DAY},
    {"DB_PERF_INSIGHTS", 0, 9, call_refused, 0},
    {"DIFF", 1, 1, call_each, EACH_DIFF},
    {"DIFF_TIME", 1, 1, call_each, EACH_DIFF_TIME},
    {"EPOCH", 1, 1, call_part, PART_EPOCH},
    {"FILL", 2, 2, call_fill, 0},
    {"FIRST", 1, 1, call_end, 0},
    {"FLOOR", 1, 1, call_each, EACH_FLOOR},
    {"HOUR", 1, 1, call_part, PART_HOUR},
    {"IF", 2, 3, call_if, 0},
    {"INSIGHT_RULE_METRIC", 0, 9, call_refused, 0},
    {"LAMBDA", 0, 9, call_refused, 0},
    {"LAST", 1, 1, call_end, 1},
    {"LOG", 1, 1, call_each, EACH_LOG},
    {"LOG10", 1, 1, call_each, EACH_LOG10},
    {"MAX", 1, 1, call_reduce, REDUCE_MAX},
    {"METRICS", 0, 1, call_metrics, 0},
    {"METRIC_COUNT", 1, 1, call_metric_count, 0},
    {"MIN", 1, 1, call_reduce, REDUCE_MIN},
    {"MINUTE", 1, 1, call_part, PART_MINUTE},
    {"MONTH", 1, 1, call_part, PART_MONTH},
    {"PERIOD", 1, 1, call_period, 0},
    {"RATE", 1, 1, call_each, EACH_RATE},
    {"REMOVE_EMPTY", 1, 1, call_remove_empty, 0},
    {"RUNNING_SUM", 1, 1, call_each, EACH_RUNNING_SUM},
    {"SEARCH", 2, 3, call_search, 0},
    {"SERVICE_QUOTA", 0, 9, call_refused, 0},
    {"SLICE", 2, 3, call_slice, 0},
    {"SORT", 3, 4, call_sort, 0},
    {"STDDEV", 1, 1, call_reduce, REDUCE_STDDEV},
    {"SUM", 1, 1, call_reduce, REDUCE_SUM},
    {"TIME_SERIES", 1, 1, call_time_series, 0},
    {"YEAR", 1, 1, call_part, PART_YEAR},
};

bool math_call(struct math_env *e, const struct math_node *n, struct math_value *out)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (!wb_slice_is(n->text, functions[i].name))
            continue;
        if (n->children < functions[i].least || n->children > functions[i].most)
            return math_fail(e, "Wrong number of arguments for %s", functions[i].name);
        return functions[i].call(e, n, functions[i].what, out);
    }
    return math_fail(e, "Unknown function %.*s", WB_FMT(n->text));
}
