/*
 * Metric filters: PutMetricFilter, TestMetricFilter, and what lines add to metrics.
 *
 * A default value stands for a minute in which lines came and none matched. That is known when the
 * minute is over: the first lines of a minute leave a row (WB_T_LOGS_MINUTE) and a work row that
 * comes at the minute's end; a match marks the row.
 */
#include "base/map.h"
#include "engine/metrics.h"
#include "services/logs/filter.h"
#include <math.h>

#define MINUTE_MS 60000

/* --- PutMetricFilter --- */

static bool check_dimensions(struct wb_call *c, struct wb_json t, struct logs_pattern *p)
{
    struct wb_json dims = wb_json_get(t, "dimensions");
    struct wb_json_iter it = wb_json_iter(dims);
    if (wb_json_count(dims) == 0)
        return true;
    if (wb_json_is(wb_json_get(t, "defaultValue")))
        logs_invalid(c, "Invalid metric transformation: dimensions and default value are mutually "
                        "exclusive properties.");
    else if (!logs_pattern_has_fields(p))
        logs_invalid(c, "The specified filter pattern does not support dimensions");
    else if (wb_json_count(dims) > WB_LOGS_DIMENSIONS_MAX)
        wb_fail(c, "InvalidParameterException", 400,
                "Invalid metric transformation: there can be at most %d dimensions.",
                WB_LOGS_DIMENSIONS_MAX);
    while (!wb_failed(c) && wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, c->arena),
                        value = wb_json_str(it.value, c->arena);
        if (name.n == 0 || !logs_pattern_field(p, c->arena, value))
            wb_fail(c, "InvalidParameterException", 400,
                    "Invalid metric transformation: the dimension '%.*s' must be a field of the "
                    "filter pattern, not '%.*s'.",
                    WB_FMT(name), WB_FMT(value));
    }
    return !wb_failed(c);
}

static bool check_transformation(struct wb_call *c, struct wb_json t, struct logs_pattern *p)
{
    struct wb_slice value = wb_json_get_str(t, "metricValue", c->arena);
    double x;
    if (!wb_json_get_str(t, "metricName", c->arena).n ||
        !wb_json_get_str(t, "metricNamespace", c->arena).n)
        logs_invalid(c, "Invalid metric transformation: metricName and metricNamespace must not be "
                        "empty.");
    else if (!logs_text_number(value, &x) && !logs_pattern_field(p, c->arena, value))
        wb_fail(c, "InvalidParameterException", 400,
                "Invalid metric transformation: metricValue must be a number or a field of the "
                "filter pattern, not '%.*s'.",
                WB_FMT(value));
    else
        return check_dimensions(c, t, p);
    return false;
}

void logs_put_metric_filter(struct wb_call *c)
{
    struct wb_log_group g;
    struct logs_pattern *p;
    struct wb_slice name = wb_in_str(c, "filterName");
    struct wb_json t = wb_json_item(wb_in(c, "metricTransformations"), 0);
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    struct logs_filter old;
    if (!logs_filter_admit(c, LOGS_METRIC, WB_LOGS_METRIC_FILTERS_MAX, &g, &p) ||
        !check_transformation(c, t, p))
        return;
    bool there = logs_filter_find(c->tx, g.number, LOGS_METRIC, name, &old);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "created", there ? old.created_ms : c->tx->now_ms);
    wb_jw_kstr(&w, "pattern", wb_in_str(c, "filterPattern"));
    wb_jw_kraw(&w, "transformation", wb_json_raw(t));
    wb_jw_end_object(&w);
    logs_filter_put(c->tx, g.number, LOGS_METRIC, name, wb_buf_slice(&b));
}

/* --- TestMetricFilter --- */

struct told {
    struct wb_out *out;
    struct wb_map *seen;
};

static void out_value(void *arg, struct wb_slice name, struct wb_slice value)
{
    struct told *t = arg;
    if (!wb_map_put(t->seen, name, t))
        wb_out_map_str(t->out, name, value);
}

void logs_test_metric_filter(struct wb_call *c)
{
    struct logs_pattern *p = logs_pattern_compile(c->arena, wb_in_str(c, "filterPattern"));
    struct wb_json_iter it = wb_json_iter(wb_in(c, "logEventMessages"));
    if (!p) {
        logs_invalid(c, "Invalid filter pattern");
        return;
    }
    wb_out_list(&c->out, "matches");
    for (int64_t n = 0; wb_json_next(&it); n++) {
        struct wb_slice message = wb_json_str(it.value, c->arena);
        if (!logs_pattern_match(p, c->arena, message))
            continue;
        struct told told = {&c->out, wb_map_new()};
        wb_out_object(&c->out, NULL);
        wb_out_i64(&c->out, "eventNumber", n);
        wb_out_str(&c->out, "eventMessage", message);
        wb_out_map(&c->out, "extractedValues");
        logs_pattern_values(p, c->arena, message, out_value, &told);
        wb_out_end(&c->out);
        wb_out_end(&c->out);
        wb_map_free(told.seen);
    }
    wb_out_end(&c->out);
}

/* --- lines --- */

static bool line_value(struct wb_arena *a, const struct logs_filter *f, struct wb_slice text,
                       double *value)
{
    struct wb_slice v;
    if (!f->field) {
        *value = f->value;
        return true;
    }
    return logs_field_value(f->pattern, f->field, a, text, &v) && logs_text_number(v, value) &&
           isfinite(*value);
}

/* A line without one of the fields has none of the dimensions. */
static size_t line_dimensions(struct wb_arena *a, const struct logs_filter *f, struct wb_slice text,
                              struct wb_pair *dim)
{
    for (size_t i = 0; i < f->dims; i++) {
        dim[i].name = f->dim[i].name;
        if (!logs_field_value(f->pattern, f->dim[i].field, a, text, &dim[i].value) ||
            dim[i].value.n == 0 || dim[i].value.n > WB_LOGS_DIMENSION_MAX)
            return 0;
    }
    return f->dims;
}

static struct wb_slice minute_key(struct wb_arena *a, uint64_t group, struct wb_slice filter,
                                  int64_t minute_ms)
{
    return wb_key(a, WB_T_LOGS_MINUTE, "usi", group, filter, minute_ms);
}

/* The minute's row says whether a line matched. */
static void note_minute(struct wb_tx *tx, const struct wb_log_group *g, const struct logs_filter *f,
                        bool matched)
{
    int64_t minute = tx->now_ms - tx->now_ms % MINUTE_MS;
    struct wb_slice key = minute_key(tx->arena, g->number, f->name, minute), value;
    bool there = wb_tx_get(tx, key, &value);
    if (there && (!matched || wb_slice_is(value, "1")))
        return;
    wb_tx_put(tx, key, matched ? WB_S("1") : WB_S("0"));
    if (there)
        return;
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "group", (int64_t)g->number);
    wb_jw_kstr(&w, "filter", f->name);
    wb_jw_ki64(&w, "minute", minute);
    wb_jw_end_object(&w);
    wb_work_add(tx, &(struct wb_work){.target = WB_S("logs-default"),
                                      .executor = logs_default_executor.name,
                                      .due_ms = minute + MINUTE_MS,
                                      .ctx = {.account = g->account, .region = g->region},
                                      .meta = wb_buf_slice(&meta)});
}

void logs_metric_lines(struct wb_tx *tx, const struct wb_log_group *g, const struct logs_filter *f,
                       const struct wb_log_block_lines *l)
{
    struct wb_pair dim[WB_LOGS_DIMENSIONS_MAX];
    struct wb_arena scratch;
    bool matched = false;
    wb_arena_init(&scratch, 0);
    for (size_t i = 0; i < l->count; i++) {
        struct wb_slice text = l->line[i].text;
        double value;
        wb_arena_reset(&scratch);
        if (!logs_pattern_match(f->pattern, &scratch, text) ||
            !line_value(&scratch, f, text, &value))
            continue;
        matched = true;
        size_t dims = line_dimensions(&scratch, f, text, dim);
        wb_put_metric_at(tx, l->line[i].time_ms, g->account, g->region, f->ns, f->metric, dim, dims,
                         value, f->unit);
    }
    wb_arena_release(&scratch);
    if (f->has_otherwise)
        note_minute(tx, g, f, matched);
}

static void default_step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_json m = wb_json_read(tx->arena, w->meta, NULL);
    uint64_t group = (uint64_t)wb_json_get_i64(m, "group", 0);
    int64_t minute = wb_json_get_i64(m, "minute", 0);
    struct wb_slice name = wb_json_get_str(m, "filter", tx->arena), value,
                    key = minute_key(tx->arena, group, name, minute);
    struct logs_filter f;
    *out = (struct wb_outcome){.kind = WB_DONE};
    bool unmatched = wb_tx_get(tx, key, &value) && wb_slice_is(value, "0");
    wb_tx_del(tx, key);
    if (unmatched && logs_filter_find(tx, group, LOGS_METRIC, name, &f) && f.has_otherwise)
        wb_put_metric_at(tx, minute, w->ctx.account, w->ctx.region, f.ns, f.metric, NULL, 0,
                         f.otherwise, f.unit);
}

static const struct wb_schedule schedule = {.base_ms = 1000, .cap_ms = 60000};
const struct wb_executor logs_default_executor = {
    .name = "logs.default", .schedule = &schedule, .step = default_step};
