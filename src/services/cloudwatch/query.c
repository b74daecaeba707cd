/*
 * Metric data queries: a list of metrics and expressions that name each other by their ids. A
 * check is a run without data: the same code finds what is unknown, circular, or of a wrong type.
 */
#include "services/cloudwatch/query.h"

#include "base/limits.h"
#include "services/cloudwatch/select.h"

#include <math.h>
#include <stdlib.h>

enum state { UNTOUCHED, RUNNING, KNOWN };

struct query {
    struct wb_json in;
    struct wb_slice id, label, expression;
    struct wb_json metric_stat;
    int64_t period_s; /* 0: none of its own */
    bool returned;
    struct math_node *node;         /* of an expression: this, */
    const struct cw_select *select; /* or this */
    enum state state;
    struct math_value value;
};

struct plan {
    struct wb_arena *arena;
    struct query *q;
    size_t n;
    int64_t least_period_s; /* of its metrics; 0: there is none */
    struct math_env env;
    struct query *current;
    struct label_clock clock;
    struct wb_slice why;
};

static bool fail(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct plan *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!p->why.p)
        p->why = wb_vprintf(p->arena, fmt, ap);
    va_end(ap);
    return false;
}

/* --- reading the list --- */

static bool good_id(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (i && ((c >= 'A' && c <= 'Z') || c == '_'));
        if (!letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return s.n > 0;
}

bool cw_period_ok(int64_t s)
{
    return s == 1 || s == 5 || s == 10 || s == 20 || s == 30 ||
           (s > 0 && s % 60 == 0 && s <= WB_METRIC_PERIOD_MAX_S);
}

static bool read_metric_stat(struct plan *p, struct query *q, size_t number)
{
    struct wb_stat stat;
    struct wb_json metric = wb_json_get(q->metric_stat, "Metric");
    struct wb_slice text = wb_json_get_str(q->metric_stat, "Stat", p->arena);
    q->period_s = wb_json_get_i64(q->metric_stat, "Period", 0);
    if (!cw_period_ok(q->period_s))
        return fail(p,
                    "The value for parameter MetricDataQueries.member.%zu.MetricStat.Period must "
                    "be 1, 5, 10, 20, 30 or a multiple of 60.",
                    number);
    if (!wb_stat_parse(text, &stat))
        return fail(p,
                    "The value %.*s for parameter MetricDataQueries.member.%zu.MetricStat.Stat is "
                    "not supported.",
                    WB_FMT(text), number);
    if (!wb_json_get_str(metric, "Namespace", p->arena).n ||
        !wb_json_get_str(metric, "MetricName", p->arena).n)
        return fail(p,
                    "The parameter MetricDataQueries.member.%zu.MetricStat.Metric must have a "
                    "Namespace and a MetricName.",
                    number);
    if (!p->least_period_s || q->period_s < p->least_period_s)
        p->least_period_s = q->period_s;
    return true;
}

static bool read_expression(struct plan *p, struct query *q)
{
    struct wb_slice why;
    if (cw_is_select(q->expression))
        q->select = cw_select_parse(p->arena, q->expression, &why);
    else
        q->node = math_parse(p->arena, q->expression, &why);
    return q->node || q->select ||
           fail(p, "Error in expression '%.*s': %.*s", WB_FMT(q->id), WB_FMT(why));
}

static bool read_query(struct plan *p, struct query *q, size_t number)
{
    q->id = wb_json_get_str(q->in, "Id", p->arena);
    q->label = wb_json_get_str(q->in, "Label", p->arena);
    q->expression = wb_json_get_str(q->in, "Expression", p->arena);
    q->metric_stat = wb_json_get(q->in, "MetricStat");
    q->period_s = wb_json_get_i64(q->in, "Period", 0);
    q->returned = wb_json_bool(wb_json_get(q->in, "ReturnData"), true);
    bool metric = wb_json_type(q->metric_stat) == WB_JSON_OBJECT;
    if (!good_id(q->id))
        return fail(p,
                    "The value for parameter MetricDataQueries.member.%zu.Id is not matching the "
                    "expected pattern ^[a-z][a-zA-Z0-9_]*$.",
                    number);
    for (const struct query *o = p->q; o < q; o++)
        if (wb_slice_eq(o->id, q->id))
            return fail(p, "The values for parameter id in MetricDataQueries are not unique.");
    if (metric && (q->expression.p || q->period_s))
        return fail(p,
                    "The parameters MetricDataQueries.member.%zu.%s and "
                    "MetricDataQueries.member.%zu.MetricStat are mutually exclusive and you have "
                    "specified both.",
                    number, q->expression.p ? "Expression" : "Period", number);
    if (!metric && !q->expression.p)
        return fail(p,
                    "At least one of the parameters MetricDataQueries.member.%zu.MetricStat or "
                    "MetricDataQueries.member.%zu.Expression must be specified.",
                    number, number);
    if (q->period_s && !cw_period_ok(q->period_s))
        return fail(p,
                    "The value for parameter MetricDataQueries.member.%zu.Period must be 1, 5, "
                    "10, 20, 30 or a multiple of 60.",
                    number);
    return metric ? read_metric_stat(p, q, number) : read_expression(p, q);
}

static bool read_plan(struct plan *p, struct wb_arena *a, struct wb_json queries)
{
    *p = (struct plan){.arena = a, .n = wb_json_count(queries)};
    p->q = wb_new_n(a, struct query, p->n + 1);
    if (p->n == 0)
        return fail(p, "The parameter MetricDataQueries is required.");
    if (p->n > WB_METRIC_QUERIES_MAX)
        return fail(p, "The collection MetricDataQueries must not have a size greater than %d.",
                    WB_METRIC_QUERIES_MAX);
    struct wb_json_iter it = wb_json_iter(queries);
    for (size_t i = 0; wb_json_next(&it); i++) {
        p->q[i].in = it.value;
        if (!read_query(p, &p->q[i], i + 1))
            return false;
    }
    return true;
}

/* --- running it --- */

static int by_name(const void *a, const void *b)
{
    return wb_slice_cmp(((const struct wb_pair *)a)->name, ((const struct wb_pair *)b)->name);
}

struct wb_metric_id cw_metric_id(struct wb_arena *a, struct wb_json metric)
{
    struct wb_json dims = wb_json_get(metric, "Dimensions");
    size_t n = wb_json_count(dims), i = 0;
    struct wb_pair *dim = wb_new_n(a, struct wb_pair, n + 1);
    struct wb_json_iter it = wb_json_iter(dims);
    while (wb_json_next(&it))
        dim[i++] = (struct wb_pair){wb_json_get_str(it.value, "Name", a),
                                    wb_json_get_str(it.value, "Value", a)};
    qsort(dim, n, sizeof *dim, by_name);
    return (struct wb_metric_id){wb_json_get_str(metric, "Namespace", a),
                                 wb_json_get_str(metric, "MetricName", a), dim, n};
}

static bool run_metric(struct plan *p, struct query *q)
{
    struct math_env *e = &p->env;
    struct wb_metric_id *id = wb_new(p->arena, struct wb_metric_id);
    struct wb_slice text = wb_json_get_str(q->metric_stat, "Stat", p->arena),
                    account = wb_json_get_str(q->in, "AccountId", p->arena);
    struct wb_window w = math_window(e, q->period_s);
    struct math_series *s = wb_new(p->arena, struct math_series);
    struct wb_series_values v;
    struct wb_stat stat;
    *id = cw_metric_id(p->arena, wb_json_get(q->metric_stat, "Metric"));
    wb_stat_parse(text, &stat);
    if (!math_series_new(e, s, w.start_ms, w.period_s,
                         e->tx ? (size_t)((w.end_ms - w.start_ms) / (w.period_s * 1000)) : 0))
        return false;
    s->id = id;
    s->stat = text;
    s->account = e->account;
    s->region = e->region;
    s->label = id->name;
    q->value = (struct math_value){.type = MATH_SERIES, .s = s, .n = 1};
    if (!e->tx || (account.n && !wb_slice_eq(account, e->account)))
        return true; /* of an account that is not linked: no data */
    if (!wb_series_read(e->tx, e->account, e->region, id, &stat,
                        wb_json_get_str(q->metric_stat, "Unit", p->arena), &w, &v))
        return math_fail(e, "The time asked for has too many periods");
    s->v = v.value;
    s->samples = v.samples;
    s->n = v.n;
    return true;
}

static bool run_query(struct plan *p, struct query *q);

static bool resolve(struct math_env *e, struct wb_slice id, struct math_value *out)
{
    struct plan *p = e->arg;
    for (size_t i = 0; i < p->n; i++)
        if (wb_slice_eq(p->q[i].id, id)) {
            if (p->q[i].state == RUNNING)
                return math_fail(e, "The expression refers to itself by '%.*s'", WB_FMT(id));
            if (!run_query(p, &p->q[i]))
                return false;
            *out = p->q[i].value;
            return true;
        }
    return math_fail(e, "The id '%.*s' is not defined", WB_FMT(id));
}

static bool metrics(struct math_env *e, struct wb_slice part, struct math_value *out)
{
    struct plan *p = e->arg;
    *out = (struct math_value){.type = MATH_ARRAY,
                               .s = wb_new_n(p->arena, struct math_series, p->n + 1)};
    for (size_t i = 0; i < p->n; i++) {
        struct query *q = &p->q[i];
        if (q->expression.p || (part.n && wb_slice_find(q->id, part, 0) < 0))
            continue;
        if (!run_query(p, q))
            return false;
        out->s[out->n++] = *q->value.s;
    }
    return true;
}

/* The chain of expressions is as long as there are queries at most. */
static bool run_query(struct plan *p, struct query *q)
{
    if (q->state == KNOWN)
        return true;
    q->state = RUNNING;
    struct query *outer = p->current;
    int64_t period = p->env.period_s;
    p->current = q;
    bool ok;
    if (q->expression.p) {
        p->env.period_s = q->period_s ? q->period_s : period;
        ok = q->select ? cw_select_run(&p->env, q->select, &q->value)
                       : math_eval(&p->env, q->node, &q->value);
        p->env.period_s = period;
        if (ok && q->value.type != MATH_SERIES && q->value.type != MATH_ARRAY)
            ok = math_fail(&p->env, "The result must be a time series or an array of them");
    } else {
        ok = run_metric(p, q);
    }
    if (!ok)
        fail(p, "Error in expression '%.*s': %.*s", WB_FMT(q->id), WB_FMT(p->env.why));
    p->current = outer;
    q->state = KNOWN;
    return ok;
}

static bool run_plan(struct plan *p, struct wb_tx *tx, struct wb_slice account,
                     struct wb_slice region, const struct wb_window *w, bool alarm)
{
    int64_t period = p->least_period_s ? p->least_period_s : w->period_s;
    p->env = (struct math_env){.arena = p->arena,
                               .tx = tx,
                               .account = account,
                               .region = region,
                               .start_ms = w->start_ms,
                               .end_ms = w->end_ms,
                               .period_s = period ? period : 60,
                               .resolve = resolve,
                               .metrics = metrics,
                               .arg = p,
                               .alarm = alarm,
                               .values_left = alarm ? WB_ALARM_VALUES_MAX : WB_MATH_VALUES_MAX};
    for (size_t i = 0; i < p->n; i++)
        if (!run_query(p, &p->q[i]))
            return false;
    return true;
}

/* --- results --- */

static void add_result(struct plan *p, const struct query *q, const struct math_series *s,
                       struct wb_query_result *r)
{
    bool array = q->value.type == MATH_ARRAY;
    bool expression = q->expression.p != NULL;
    struct wb_slice own = expression && !array ? q->id : s->label.p ? s->label : q->id;
    *r = (struct wb_query_result){.id = q->id,
                                  .label = own,
                                  .returned = q->returned,
                                  .expression = expression,
                                  .start_ms = s->start_ms,
                                  .period_s = s->period_s,
                                  .metric = s->id,
                                  .stat = s->stat,
                                  .account = s->account,
                                  .region = s->region,
                                  .values = {.n = s->n, .value = s->v, .samples = s->samples}};
    if (q->label.p)
        r->label =
            expression && array && wb_slice_find(q->label, WB_S("${"), 0) < 0
                ? wb_slice_trim(wb_printf(p->arena, "%.*s %.*s", WB_FMT(q->label), WB_FMT(own)))
                : cw_label(p->arena, q->label, r, own, &p->clock);
}

bool wb_query_check(struct wb_arena *a, struct wb_json queries, struct wb_slice *why)
{
    struct plan p;
    bool ok = read_plan(&p, a, queries) && run_plan(&p, NULL, WB_SLICE_NULL, WB_SLICE_NULL,
                                                    &(struct wb_window){.period_s = 60}, false);
    *why = p.why;
    return ok;
}

static bool run(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                struct wb_json queries, const struct wb_window *w, int zone, bool alarm,
                struct wb_query_result **result, size_t *count, struct wb_slice *why)
{
    struct plan p;
    size_t n = 0;
    bool ok = read_plan(&p, tx->arena, queries) && run_plan(&p, tx, account, region, w, alarm);
    p.clock = (struct label_clock){tx->now_ms, zone};
    *why = p.why;
    *count = 0;
    if (!ok)
        return false;
    for (size_t i = 0; i < p.n; i++)
        n += p.q[i].value.n;
    *result = wb_new_n(tx->arena, struct wb_query_result, n + 1);
    for (size_t i = 0; i < p.n; i++)
        for (size_t k = 0; k < p.q[i].value.n; k++)
            add_result(&p, &p.q[i], &p.q[i].value.s[k], &(*result)[(*count)++]);
    return true;
}

bool wb_query_run(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                  struct wb_json queries, const struct wb_window *w, int zone,
                  struct wb_query_result **result, size_t *count, struct wb_slice *why)
{
    return run(tx, account, region, queries, w, zone, false, result, count, why);
}

bool wb_query_run_alarm(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                        struct wb_json queries, const struct wb_window *w,
                        struct wb_query_result **result, size_t *count, struct wb_slice *why)
{
    return run(tx, account, region, queries, w, 0, true, result, count, why);
}
