/* Metric math's values, and operators between them. */
#include "base/limits.h"
#include "services/cloudwatch/metric_math.h"

#include <math.h>

bool math_fail(struct math_env *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!e->why.p)
        e->why = wb_vprintf(e->arena, fmt, ap);
    va_end(ap);
    return false;
}

const char *math_type_name(const struct math_value *v)
{
    static const char *const names[] = {"Scalar", "TimeSeries", "TimeSeries[]", "String"};
    return names[v->type];
}

struct wb_window math_window(const struct math_env *e, int64_t period_s)
{
    int64_t ms = period_s * 1000, start = e->start_ms - ((e->start_ms % ms) + ms) % ms,
            end = e->end_ms + ms - 1;
    return (struct wb_window){start, end - ((end % ms) + ms) % ms, period_s};
}

bool math_series_new(struct math_env *e, struct math_series *s, int64_t start_ms, int64_t period_s,
                     size_t n)
{
    if (n > e->values_left)
        return math_fail(e, "The expression works on too many data points");
    e->values_left -= n;
    *s = (struct math_series){.start_ms = start_ms, .period_s = period_s, .n = n};
    s->v = wb_new_n(e->arena, double, n + 1);
    for (size_t i = 0; i < n; i++)
        s->v[i] = NAN;
    return true;
}

/* --- two series on one grid --- */

static bool regrid(struct math_env *e, struct math_series *s, int64_t start_ms, int64_t period_s,
                   size_t n)
{
    struct math_series out;
    if (!math_series_new(e, &out, start_ms, period_s, n))
        return false;
    for (size_t i = 0; i < s->n; i++) {
        int64_t at = s->start_ms + (int64_t)i * s->period_s * 1000 - start_ms;
        if (at >= 0 && at % (period_s * 1000) == 0 && (size_t)(at / (period_s * 1000)) < n)
            out.v[at / (period_s * 1000)] = s->v[i];
    }
    out.label = s->label;
    *s = out;
    return true;
}

static int64_t series_end(const struct math_series *s)
{
    return s->start_ms + (int64_t)s->n * s->period_s * 1000;
}

/* Values meet by their times; the finer period leads. */
bool math_align(struct math_env *e, struct math_series *a, struct math_series *b)
{
    if (a->start_ms == b->start_ms && a->period_s == b->period_s && a->n == b->n)
        return true;
    int64_t period = a->period_s < b->period_s ? a->period_s : b->period_s,
            start = a->start_ms < b->start_ms ? a->start_ms : b->start_ms,
            end = series_end(a) > series_end(b) ? series_end(a) : series_end(b);
    size_t n = (size_t)((end - start) / (period * 1000));
    return regrid(e, a, start, period, n) && regrid(e, b, start, period, n);
}

/* --- operators --- */

static double apply(enum math_op op, double a, double b)
{
    double r = NAN;
    switch (op) {
    case MATH_ADD:
        r = a + b;
        break;
    case MATH_SUBTRACT:
        r = a - b;
        break;
    case MATH_MULTIPLY:
        r = a * b;
        break;
    case MATH_DIVIDE:
        r = b != 0 ? a / b : NAN;
        break;
    case MATH_POWER:
        r = pow(a, b);
        break;
    case MATH_EQ:
        return a == b;
    case MATH_NE:
        return a != b;
    case MATH_LE:
        return a <= b;
    case MATH_GE:
        return a >= b;
    case MATH_LT:
        return a < b;
    case MATH_GT:
        return a > b;
    case MATH_AND:
        return a != 0 && b != 0;
    case MATH_OR:
        return a != 0 || b != 0;
    }
    return isfinite(r) ? r : NAN;
}

/* Where only one has a value the other one counts as 0; with a number only where there is one. */
static double combine(enum math_op op, double a, double b, bool both_series)
{
    if (isnan(a) && isnan(b))
        return NAN;
    if (!both_series && (isnan(a) || isnan(b)))
        return NAN;
    return apply(op, isnan(a) ? 0 : a, isnan(b) ? 0 : b);
}

static bool one_series(struct math_env *e, enum math_op op, const struct math_value *a,
                       const struct math_value *b, struct math_series *out)
{
    bool both = a->type == MATH_SERIES && b->type == MATH_SERIES;
    struct math_series x = a->type == MATH_SERIES ? *a->s : *b->s, y = both ? *b->s : x;
    if (!math_align(e, &x, &y) || !math_series_new(e, out, x.start_ms, x.period_s, x.n))
        return false;
    for (size_t i = 0; i < x.n; i++)
        out->v[i] = combine(op, a->type == MATH_SERIES ? x.v[i] : a->scalar,
                            b->type == MATH_SERIES ? y.v[i] : b->scalar, both);
    out->label = x.label;
    return true;
}

static bool wrong_types(struct math_env *e, enum math_op op, const struct math_value *a,
                        const struct math_value *b)
{
    static const char *const text[] = {
        "+", "-", "*", "/", "^", "==", "!=", "<=", ">=", "<", ">", "AND", "OR"};
    return math_fail(e, "Unsupported operand type(s) for %s: '%s' and '%s'", text[op],
                     math_type_name(a), math_type_name(b));
}

bool math_arith(struct math_env *e, enum math_op op, const struct math_value *a,
                const struct math_value *b, struct math_value *out)
{
    if (a->type == MATH_WORD || b->type == MATH_WORD ||
        (a->type == MATH_ARRAY && b->type == MATH_ARRAY))
        return wrong_types(e, op, a, b);
    if (a->type == MATH_SCALAR && b->type == MATH_SCALAR) {
        *out = (struct math_value){.type = MATH_SCALAR,
                                   .scalar = combine(op, a->scalar, b->scalar, false)};
        return true;
    }
    const struct math_value *array = a->type == MATH_ARRAY ? a : b->type == MATH_ARRAY ? b : NULL;
    size_t n = array ? array->n : 1;
    *out = (struct math_value){.type = array ? MATH_ARRAY : MATH_SERIES,
                               .s = wb_new_n(e->arena, struct math_series, n + 1),
                               .n = n};
    for (size_t i = 0; i < n; i++) {
        struct math_value item = {.type = MATH_SERIES, .n = 1};
        if (array)
            item.s = &array->s[i];
        if (!one_series(e, op, array == a ? &item : a, array == b && array ? &item : b, &out->s[i]))
            return false;
    }
    return true;
}

/* --- nodes --- */

static bool negate(struct math_env *e, const struct math_node *n, struct math_value *out)
{
    struct math_value zero = {.type = MATH_SCALAR, .scalar = -1}, v;
    return math_eval(e, n->child, &v) && math_arith(e, MATH_MULTIPLY, &zero, &v, out);
}

/* A list of series; arrays inside are taken apart. */
static bool list(struct math_env *e, const struct math_node *n, struct math_value *out)
{
    size_t cap = 0;
    *out = (struct math_value){.type = MATH_ARRAY};
    for (const struct math_node *c = n->child; c; c = c->next) {
        struct math_value v;
        if (!math_eval(e, c, &v))
            return false;
        if (v.type != MATH_SERIES && v.type != MATH_ARRAY)
            return math_fail(e, "An array holds time series, not %s", math_type_name(&v));
        if (out->n + v.n > WB_MATH_SERIES_MAX)
            return math_fail(e, "The expression works on more than %d time series",
                             WB_MATH_SERIES_MAX);
        if (out->n + v.n > cap) {
            cap = (out->n + v.n) * 2;
            struct math_series *s = wb_new_n(e->arena, struct math_series, cap);
            if (out->n)
                memcpy(s, out->s, out->n * sizeof *s);
            out->s = s;
        }
        if (v.n)
            memcpy(out->s + out->n, v.s, v.n * sizeof *v.s);
        out->n += v.n;
    }
    return true;
}

static bool operation(struct math_env *e, const struct math_node *n, struct math_value *out)
{
    struct math_value a, b;
    return math_eval(e, n->child, &a) && math_eval(e, n->child->next, &b) &&
           math_arith(e, n->op, &a, &b, out);
}

bool math_eval(struct math_env *e, const struct math_node *n, struct math_value *out)
{
    switch (n->kind) {
    case MATH_NUMBER:
        *out = (struct math_value){.type = MATH_SCALAR, .scalar = n->number};
        return true;
    case MATH_TEXT:
        *out = (struct math_value){.type = MATH_WORD, .word = n->text};
        return true;
    case MATH_NAME:
        return e->resolve(e, n->text, out);
    case MATH_CALL:
        return math_call(e, n, out);
    case MATH_LIST:
        return list(e, n, out);
    case MATH_NEGATE:
        return negate(e, n, out);
    case MATH_OPERATOR:
        break;
    }
    return operation(e, n, out);
}
