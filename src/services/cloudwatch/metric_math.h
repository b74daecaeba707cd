/*
 * Metric math (CloudWatch User Guide, "Using math expressions with CloudWatch metrics").
 *
 * A value is a number, a series, an array of series, or a word (an argument like DESC or a text in
 * quotes). A series has a value or NaN for each period from its start on. In arithmetic between
 * series a missing value counts as 0 where the other one has a value; what cannot be computed
 * (division by zero, the logarithm of 0) is missing. Recursion is bounded by the parser.
 */
#ifndef WB_CLOUDWATCH_METRIC_MATH_H
#define WB_CLOUDWATCH_METRIC_MATH_H

#include "services/cloudwatch/cloudwatch.h"

enum math_node_kind {
    MATH_NUMBER,
    MATH_TEXT,
    MATH_NAME,
    MATH_CALL,
    MATH_LIST,
    MATH_NEGATE,
    MATH_OPERATOR
};
enum math_op {
    MATH_ADD,
    MATH_SUBTRACT,
    MATH_MULTIPLY,
    MATH_DIVIDE,
    MATH_POWER,
    MATH_EQ,
    MATH_NE,
    MATH_LE,
    MATH_GE,
    MATH_LT,
    MATH_GT,
    MATH_AND,
    MATH_OR
};

struct math_node {
    enum math_node_kind kind;
    enum math_op op;
    double number;
    struct wb_slice text;           /* of a text, name, or call */
    struct math_node *child, *next; /* arguments, elements, operands */
    unsigned children;
};

/* NULL with *why = what is wrong, for people. */
struct math_node *math_parse(struct wb_arena *a, struct wb_slice text, struct wb_slice *why);

/* --- evaluation --- */

struct math_series {
    struct wb_slice label;
    int64_t start_ms, period_s;
    size_t n;
    double *v;
    double *samples;               /* of a metric: behind each value; else NULL */
    const struct wb_metric_id *id; /* of a metric; else NULL */
    struct wb_slice stat, account, region;
};

enum math_type { MATH_SCALAR, MATH_SERIES, MATH_ARRAY, MATH_WORD };
struct math_value {
    enum math_type type;
    double scalar;
    struct math_series *s; /* one, or n of an array */
    size_t n;
    struct wb_slice word;
};

struct math_env {
    struct wb_arena *arena;
    struct wb_tx *tx; /* NULL: only types are checked, there is no data */
    struct wb_slice account, region;
    int64_t start_ms, end_ms; /* as asked for */
    int64_t period_s;         /* of a series that comes of no metric */
    /* What an id stands for. False: failed. */
    bool (*resolve)(struct math_env *e, struct wb_slice id, struct math_value *out);
    /* METRICS(): all metrics whose id contains the text (null: all). */
    bool (*metrics)(struct math_env *e, struct wb_slice part, struct math_value *out);
    void *arg;
    bool alarm;          /* on the writer: SEARCH is refused */
    size_t values_left;  /* numbers that may still be made: WB_MATH_VALUES_MAX */
    struct wb_slice why; /* the first failure */
};

bool math_eval(struct math_env *e, const struct math_node *n, struct math_value *out);
bool math_fail(struct math_env *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A series of that shape with all values missing. False: too many. */
bool math_series_new(struct math_env *e, struct math_series *s, int64_t start_ms, int64_t period_s,
                     size_t n);
/* The periods that the asked time touches. */
struct wb_window math_window(const struct math_env *e, int64_t period_s);
/* math_call.c */
bool math_call(struct math_env *e, const struct math_node *n, struct math_value *out);
/* math_arith.c */
bool math_arith(struct math_env *e, enum math_op op, const struct math_value *a,
                const struct math_value *b, struct math_value *out);
/* Puts two series on one grid of times. */
bool math_align(struct math_env *e, struct math_series *a, struct math_series *b);
/* search.c: SEARCH('...', 'stat', period) */
bool math_search(struct math_env *e, struct wb_slice text, struct wb_slice stat, int64_t period_s,
                 struct math_value *out);
const char *math_type_name(const struct math_value *v);

#endif
