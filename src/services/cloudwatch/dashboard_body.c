#include "services/cloudwatch/dashboard_body.h"
#include "base/limits.h"
#include "services/cloudwatch/cloudwatch.h"

enum kind { STRING, INTEGER, NUMBER, BOOLEAN, ARRAY, OBJECT, COLOR, PERIOD, STATISTIC };

struct check {
    struct wb_arena *a;
    struct cw_findings *out;
};

struct field {
    const char *name;
    enum kind kind;
    bool required, has_min, has_max;
    int64_t min, max;          /* value, or elements of an array */
    const char *const *values; /* of a string; NULL-terminated */
    const struct field *of;    /* members of an object, or of an array's objects */
    const struct field *elem;  /* an array's elements when they are not objects with members */
    void (*more)(struct check *k, struct wb_slice path, struct wb_json v);
};

#define VALUES(...)   ((const char *const[]){__VA_ARGS__, NULL})
#define RANGE(lo, hi) .has_min = true, .min = (lo), .has_max = true, .max = (hi)

static void find(struct check *k, struct wb_slice path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void find(struct check *k, struct wb_slice path, const char *fmt, ...)
{
    va_list ap;
    if (k->out->count == WB_DASHBOARD_MESSAGES_MAX)
        return;
    va_start(ap, fmt);
    k->out->item[k->out->count++] = (struct cw_finding){path, wb_vprintf(k->a, fmt, ap)};
    va_end(ap);
}

static struct wb_slice below(struct check *k, struct wb_slice path, const char *name)
{
    return wb_printf(k->a, "%.*s/%s", WB_FMT(path), name);
}

static struct wb_slice at(struct check *k, struct wb_slice path, unsigned index)
{
    return wb_printf(k->a, "%.*s/%u", WB_FMT(path), index);
}

/* --- scalars --- */

static bool is_color(struct wb_slice s)
{
    if (s.n != 7 || s.p[0] != '#')
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!s.p[i] || !strchr("0123456789abcdefABCDEF", s.p[i]))
            return false;
    return true;
}

static bool is_period(int64_t p)
{
    return p == 1 || p == 5 || p == 10 || p == 20 || p == 30 || (p > 0 && p % 60 == 0);
}

static bool one_of(struct wb_slice s, const char *const *values)
{
    for (; *values; values++)
        if (wb_slice_is(s, *values))
            return true;
    return false;
}

static void check_string(struct check *k, const struct field *f, struct wb_slice path,
                         struct wb_json v)
{
    struct wb_slice s = wb_json_str(v, k->a);
    struct wb_stat stat;
    if (!s.p)
        find(k, path, "Should be string");
    else if (f->values && !one_of(s, f->values))
        find(k, path, "Should be equal to one of the allowed values");
    else if (f->kind == COLOR && !is_color(s))
        find(k, path, "Should match pattern \"^#[0-9a-fA-F]{6}$\"");
    else if (f->kind == STATISTIC && !wb_stat_parse(s, &stat))
        find(k, path, "Invalid statistic \"%.*s\"", WB_FMT(s));
}

static void check_number(struct check *k, const struct field *f, struct wb_slice path,
                         struct wb_json v)
{
    double d;
    int64_t i;
    if (wb_json_type(v) != WB_JSON_NUMBER || !wb_json_double(v, &d))
        find(k, path, f->kind == NUMBER ? "Should be number" : "Should be integer");
    else if (f->kind != NUMBER && !wb_json_i64(v, &i))
        find(k, path, "Should be integer");
    else if (f->kind == PERIOD && !is_period(i))
        find(k, path, "Should be 1, 5, 10, 20, 30 or a multiple of 60");
    else if (f->has_min && d < (double)f->min)
        find(k, path, "Should be >= %lld", (long long)f->min);
    else if (f->has_max && d > (double)f->max)
        find(k, path, "Should be <= %lld", (long long)f->max);
}

/* --- containers --- */

static void check_value(struct check *k, const struct field *f, struct wb_slice path,
                        struct wb_json v);

static void check_members(struct check *k, const struct field *f, struct wb_slice path,
                          struct wb_json v)
{
    if (wb_json_type(v) != WB_JSON_OBJECT) {
        find(k, path, "Should be object");
        return;
    }
    for (; f && f->name; f++) {
        struct wb_json m = wb_json_get(v, f->name);
        if (wb_json_is(m))
            check_value(k, f, below(k, path, f->name), m);
        else if (f->required)
            find(k, path, "Should have required property '%s'", f->name);
    }
}

static void check_array(struct check *k, const struct field *f, struct wb_slice path,
                        struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    unsigned n = wb_json_count(v);
    if (wb_json_type(v) != WB_JSON_ARRAY) {
        find(k, path, "Should be array");
        return;
    }
    if (f->has_min && n < f->min)
        find(k, path, "Should NOT have fewer than %lld items", (long long)f->min);
    if (f->has_max && n > f->max) {
        find(k, path, "Should NOT have more than %lld items", (long long)f->max);
        return;
    }
    for (unsigned i = 0; (f->of || f->elem) && wb_json_next(&it); i++) {
        if (f->elem)
            check_value(k, f->elem, at(k, path, i), it.value);
        else
            check_members(k, f->of, at(k, path, i), it.value);
    }
}

static void check_value(struct check *k, const struct field *f, struct wb_slice path,
                        struct wb_json v)
{
    switch (f->kind) {
    case STRING:
    case COLOR:
    case STATISTIC:
        check_string(k, f, path, v);
        break;
    case INTEGER:
    case NUMBER:
    case PERIOD:
        check_number(k, f, path, v);
        break;
    case BOOLEAN:
        if (wb_json_type(v) != WB_JSON_TRUE && wb_json_type(v) != WB_JSON_FALSE)
            find(k, path, "Should be boolean");
        break;
    case ARRAY:
        check_array(k, f, path, v);
        break;
    case OBJECT:
        check_members(k, f->of, path, v);
        break;
    }
    if (f->more)
        f->more(k, path, v);
}

/* --- rows of metrics --- */

static const struct field option_fields[] = {
    {.name = "id", .kind = STRING},
    {.name = "label", .kind = STRING},
    {.name = "expression", .kind = STRING},
    {.name = "color", .kind = COLOR},
    {.name = "visible", .kind = BOOLEAN},
    {.name = "yAxis", .kind = STRING, .values = VALUES("left", "right")},
    {.name = "stat", .kind = STATISTIC},
    {.name = "period", .kind = PERIOD},
    {.name = "region", .kind = STRING},
    {.name = "accountId", .kind = STRING},
    {.name = NULL},
};

/* "..." stands for all fields of the row before but as many at the end as follow it. */
static bool spread(const struct cw_metric_row *before, size_t after, struct cw_metric_row *out)
{
    if (!before || before->count < out->count + after)
        return false;
    while (out->count + after < before->count) {
        out->field[out->count] = before->field[out->count];
        out->count++;
    }
    return true;
}

bool cw_metric_row_read(struct wb_arena *a, struct wb_json row, const struct cw_metric_row *before,
                        struct cw_metric_row *out, int *bad_field, const char **why)
{
    struct wb_json_iter it = wb_json_iter(row);
    size_t n = wb_json_count(row), i = 0;
    *out = (struct cw_metric_row){
        .field = wb_new_n(a, struct wb_slice, n + (before ? before->count : 0)),
        .options = WB_JSON_NONE};
    *bad_field = -1;
    for (; wb_json_next(&it); i++) {
        struct wb_slice s = wb_json_str(it.value, a);
        bool last = i + 1 == n;
        *bad_field = (int)i;
        if (last && wb_json_type(it.value) == WB_JSON_OBJECT) {
            out->options = it.value;
            break;
        }
        if (!s.p) {
            *why = "Invalid metric field type, only \"String\" type is allowed";
            return false;
        }
        size_t after =
            n - i - 1 - (wb_json_type(wb_json_item(row, (uint32_t)n - 1)) == WB_JSON_OBJECT);
        if (wb_slice_is(s, "...")) {
            if (!spread(before, after, out)) {
                *why = "\"...\" needs a metric before it with as many fields";
                return false;
            }
            continue;
        }
        if (wb_slice_is(s, ".")) {
            if (!before || out->count >= before->count) {
                *why = "\".\" needs a metric before it with that field";
                return false;
            }
            s = before->field[out->count];
        }
        out->field[out->count++] = s;
    }
    *bad_field = -1;
    out->expression = !out->count && wb_json_is(wb_json_get(out->options, "expression"));
    *why = "Should NOT have fewer than 2 items";
    if (!out->expression && out->count < 2)
        return false;
    *why = "A dimension has a name but no value";
    return out->count % 2 == 0;
}

static void check_metrics(struct check *k, struct wb_slice path, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    struct cw_metric_row last, own;
    bool any = false;
    if (wb_json_type(v) != WB_JSON_ARRAY || wb_json_count(v) > WB_DASHBOARD_METRICS_MAX)
        return;
    for (unsigned i = 0; wb_json_next(&it); i++) {
        struct wb_slice here = at(k, path, i);
        const char *why;
        int bad;
        if (wb_json_type(it.value) != WB_JSON_ARRAY) {
            find(k, here, "Should be array");
            continue;
        }
        if (!cw_metric_row_read(k->a, it.value, any ? &last : NULL, &own, &bad, &why)) {
            find(k, bad < 0 ? here : at(k, here, (unsigned)bad), "%s", why);
            continue;
        }
        if (wb_json_is(own.options))
            check_members(k, option_fields, at(k, here, wb_json_count(it.value) - 1), own.options);
        if (own.expression) /* shorthand refers to metrics, not to expressions */
            continue;
        last = own;
        any = true;
    }
}

/* --- widgets --- */

static const struct field axis_fields[] = {{.name = "min", .kind = NUMBER},
                                           {.name = "max", .kind = NUMBER},
                                           {.name = "label", .kind = STRING},
                                           {.name = "showUnits", .kind = BOOLEAN},
                                           {.name = NULL}};
static const struct field axes_fields[] = {{.name = "left", .kind = OBJECT, .of = axis_fields},
                                           {.name = "right", .kind = OBJECT, .of = axis_fields},
                                           {.name = NULL}};
static const struct field legend_fields[] = {
    {.name = "position", .kind = STRING, .values = VALUES("right", "bottom", "hidden")},
    {.name = NULL}};
static const struct field horizontal_fields[] = {
    {.name = "value", .kind = NUMBER, .required = true},
    {.name = "label", .kind = STRING},
    {.name = "color", .kind = COLOR},
    {.name = "fill", .kind = STRING, .values = VALUES("above", "below", "between", "none")},
    {.name = "visible", .kind = BOOLEAN},
    {.name = "yAxis", .kind = STRING, .values = VALUES("left", "right")},
    {.name = NULL}};
static const struct field vertical_fields[] = {
    {.name = "value", .kind = STRING, .required = true},
    {.name = "label", .kind = STRING},
    {.name = "color", .kind = COLOR},
    {.name = "fill", .kind = STRING, .values = VALUES("before", "after", "between", "none")},
    {.name = "visible", .kind = BOOLEAN},
    {.name = NULL}};

/* A line, or two of them: a band. */
static void lines(struct check *k, struct wb_slice path, struct wb_json v, const struct field *f)
{
    struct wb_json_iter it = wb_json_iter(v);
    if (wb_json_type(v) != WB_JSON_ARRAY)
        return;
    for (unsigned i = 0; wb_json_next(&it); i++) {
        struct wb_slice here = at(k, path, i);
        struct wb_json_iter pair = wb_json_iter(it.value);
        if (wb_json_type(it.value) != WB_JSON_ARRAY) {
            check_members(k, f, here, it.value);
            continue;
        }
        if (wb_json_count(it.value) != 2)
            find(k, here, "Should have exactly 2 items");
        for (unsigned n = 0; wb_json_next(&pair); n++)
            check_members(k, f, at(k, here, n), pair.value);
    }
}

static void horizontal(struct check *k, struct wb_slice path, struct wb_json v)
{
    lines(k, path, v, horizontal_fields);
}

static void vertical(struct check *k, struct wb_slice path, struct wb_json v)
{
    lines(k, path, v, vertical_fields);
}

static const struct field text_elem = {.kind = STRING};
static const struct field annotation_fields[] = {
    {.name = "horizontal", .kind = ARRAY, .more = horizontal},
    {.name = "vertical", .kind = ARRAY, .more = vertical},
    {.name = "alarms", .kind = ARRAY, .elem = &text_elem, RANGE(1, 1)},
    {.name = NULL}};

/* A graph shows metrics, or the metric of one alarm. */
static void metric_source(struct check *k, struct wb_slice path, struct wb_json v)
{
    struct wb_json alarms = wb_json_get(wb_json_get(v, "annotations"), "alarms");
    bool metrics = wb_json_is(wb_json_get(v, "metrics"));
    if (wb_json_type(v) != WB_JSON_OBJECT)
        return;
    if (!metrics && !wb_json_is(alarms))
        find(k, path, "Should have required property 'metrics'");
    if ((!metrics && !wb_json_is(alarms)) || (metrics && !wb_json_is(wb_json_get(v, "region"))))
        find(k, path,
             "The metric widget should have specified a region and a data source or an alarm "
             "annotation");
    if (!metrics && !wb_json_is(alarms))
        find(k, path, "Should have required property 'annotations'");
}

static const struct field metric_fields[] = {
    {.name = "metrics", .kind = ARRAY, RANGE(0, WB_DASHBOARD_METRICS_MAX), .more = check_metrics},
    {.name = "region", .kind = STRING},
    {.name = "title", .kind = STRING},
    {.name = "view",
     .kind = STRING,
     .values = VALUES("timeSeries", "singleValue", "gauge", "bar", "pie", "table")},
    {.name = "stacked", .kind = BOOLEAN},
    {.name = "stat", .kind = STATISTIC},
    {.name = "period", .kind = PERIOD},
    {.name = "liveData", .kind = BOOLEAN},
    {.name = "setPeriodToTimeRange", .kind = BOOLEAN},
    {.name = "singleValueFullPrecision", .kind = BOOLEAN},
    {.name = "sparkline", .kind = BOOLEAN},
    {.name = "trend", .kind = BOOLEAN},
    {.name = "timezone", .kind = STRING},
    {.name = "accountId", .kind = STRING},
    {.name = "legend", .kind = OBJECT, .of = legend_fields},
    {.name = "yAxis", .kind = OBJECT, .of = axes_fields},
    {.name = "annotations", .kind = OBJECT, .of = annotation_fields},
    {.name = NULL}};
static const struct field text_fields[] = {
    {.name = "markdown", .kind = STRING, .required = true},
    {.name = "background", .kind = STRING, .values = VALUES("solid", "transparent")},
    {.name = NULL}};
static const struct field log_fields[] = {
    {.name = "query", .kind = STRING, .required = true},
    {.name = "region", .kind = STRING, .required = true},
    {.name = "title", .kind = STRING},
    {.name = "view", .kind = STRING, .values = VALUES("timeSeries", "table", "bar", "pie")},
    {.name = "stacked", .kind = BOOLEAN},
    {.name = "accountId", .kind = STRING},
    {.name = NULL}};
static const struct field alarm_fields[] = {
    {.name = "alarms", .kind = ARRAY, .required = true, .elem = &text_elem, RANGE(1, 100)},
    {.name = "title", .kind = STRING},
    {.name = "sortBy",
     .kind = STRING,
     .values = VALUES("default", "stateUpdatedTimestamp", "timestamp")},
    {.name = "states",
     .kind = ARRAY,
     .elem = &(const struct field){.kind = STRING,
                                   .values = VALUES("ALARM", "INSUFFICIENT_DATA", "OK")}},
    {.name = NULL}};
static const struct field explorer_metric[] = {
    {.name = "metricName", .kind = STRING, .required = true},
    {.name = "resourceType", .kind = STRING, .required = true},
    {.name = "stat", .kind = STATISTIC, .required = true},
    {.name = NULL}};
static const struct field explorer_label[] = {{.name = "key", .kind = STRING, .required = true},
                                              {.name = "value", .kind = STRING},
                                              {.name = NULL}};
static const struct field explorer_fields[] = {
    {.name = "metrics", .kind = ARRAY, .required = true, .of = explorer_metric},
    {.name = "labels", .kind = ARRAY, .required = true, .of = explorer_label},
    {.name = "aggregateBy", .kind = OBJECT},
    {.name = "splitBy", .kind = STRING},
    {.name = "widgetOptions", .kind = OBJECT},
    {.name = "period", .kind = PERIOD},
    {.name = "title", .kind = STRING},
    {.name = NULL}};
static const struct field custom_fields[] = {{.name = "endpoint", .kind = STRING, .required = true},
                                             {.name = "title", .kind = STRING},
                                             {.name = "updateOn", .kind = OBJECT},
                                             {.name = NULL}};

static const struct {
    const char *type;
    const struct field properties;
} types[] = {
    {"metric", {.kind = OBJECT, .of = metric_fields, .more = metric_source}},
    {"text", {.kind = OBJECT, .of = text_fields}},
    {"log", {.kind = OBJECT, .of = log_fields}},
    {"alarm", {.kind = OBJECT, .of = alarm_fields}},
    {"explorer", {.kind = OBJECT, .of = explorer_fields}},
    {"custom", {.kind = OBJECT, .of = custom_fields}},
};

static void widget(struct check *k, struct wb_slice path, struct wb_json v)
{
    struct wb_slice type = wb_json_get_str(v, "type", k->a);
    struct wb_json properties = wb_json_get(v, "properties");
    int64_t x = wb_json_get_i64(v, "x", 0), width = wb_json_get_i64(v, "width", 6);
    for (size_t i = 0; wb_json_is(properties) && i < sizeof types / sizeof *types; i++)
        if (wb_slice_is(type, types[i].type))
            check_value(k, &types[i].properties, below(k, path, "properties"), properties);
    if (x >= 0 && x <= 23 && width >= 1 && width <= 24 && x + width > 24)
        find(k, path, "The widget does not fit: x + width should be <= 24");
    if (wb_json_is(wb_json_get(v, "x")) != wb_json_is(wb_json_get(v, "y")))
        find(k, path, "Should have both properties 'x' and 'y', or none of them");
}

static const struct field widget_fields[] = {
    {.name = "type",
     .kind = STRING,
     .required = true,
     .values = VALUES("metric", "text", "log", "alarm", "explorer", "custom", "chart")},
    {.name = "x", .kind = INTEGER, RANGE(0, 23)},
    {.name = "y", .kind = INTEGER, .has_min = true},
    {.name = "width", .kind = INTEGER, RANGE(1, 24)},
    {.name = "height", .kind = INTEGER, RANGE(1, 1000)},
    {.name = "properties", .kind = OBJECT, .required = true},
    {.name = NULL}};
static const struct field widget_elem = {.kind = OBJECT, .of = widget_fields, .more = widget};
static const struct field body_fields[] = {
    {.name = "widgets",
     .kind = ARRAY,
     .required = true,
     .elem = &widget_elem,
     RANGE(0, WB_DASHBOARD_WIDGETS_MAX)},
    {.name = "start", .kind = STRING},
    {.name = "end", .kind = STRING},
    {.name = "periodOverride", .kind = STRING, .values = VALUES("auto", "inherit")},
    {.name = "variables", .kind = ARRAY},
    {.name = NULL}};

void cw_dashboard_validate(struct wb_arena *a, struct wb_json body, struct cw_findings *out)
{
    struct check k = {a, out};
    *out = (struct cw_findings){.item = wb_new_n(a, struct cw_finding, WB_DASHBOARD_MESSAGES_MAX)};
    check_members(&k, body_fields, WB_S(""), body);
}
