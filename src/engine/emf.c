#include "engine/emf.h"

#include "base/limits.h"
#include "codec/json.h"
#include "engine/metrics.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b)
{
    return wb_slice_cmp(((const struct wb_pair *)a)->name, ((const struct wb_pair *)b)->name);
}

/* The values of one set of dimension names, sorted; -1 when one is missing or there are too many.
 */
static int dimensions(struct wb_arena *a, struct wb_json root, struct wb_json names,
                      struct wb_pair out[WB_METRIC_DIMENSIONS_MAX])
{
    int n = 0;
    struct wb_json_iter it = wb_json_iter(names);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.value, a),
                        value = wb_json_str(wb_json_get_slice(root, name), a);
        if (n == WB_METRIC_DIMENSIONS_MAX || !name.n || !value.n)
            return -1;
        out[n++] = (struct wb_pair){name, value};
    }
    qsort(out, (size_t)n, sizeof *out, by_name);
    return n;
}

struct emf {
    struct wb_tx *tx;
    struct wb_slice account, region;
    struct wb_json root;
    const char *ns;
    const struct wb_pair *dims;
    int dim_count;
    size_t added;
    bool bad;        /* something of it was left out */
    int64_t time_ms; /* the directive's Timestamp, or that of the commit */
    bool seconds;    /* of a metric with StorageResolution 1 */
};

static void put(struct emf *m, const char *name, const char *unit, double value)
{
    if (!m->seconds) {
        wb_put_metric_at(m->tx, m->time_ms, m->account, m->region, m->ns, name, m->dims,
                         (size_t)m->dim_count, value, unit);
        return;
    }
    struct wb_metric metric = {m->account,         m->region, wb_slice_str(m->ns),
                               wb_slice_str(name), m->dims,   (size_t)m->dim_count};
    struct wb_datum d = {.unit = wb_unit_code(wb_slice_str(unit)), .second = WB_WHOLE_MINUTE};
    if (m->time_ms >= m->tx->now_ms - WB_METRIC_SECONDS_MS)
        d.second = (uint8_t)(m->time_ms / 1000 % 60);
    wb_datum_value(&d, value, 1);
    wb_metric_add(m->tx, &metric, m->time_ms, &d);
    wb_datum_release(&d);
}

static void add_value(struct emf *m, const char *name, const char *unit, struct wb_json v)
{
    double value;
    if (m->added < WB_EMF_VALUES_MAX && wb_json_double(v, &value)) {
        put(m, name, unit, value);
        m->added++;
    }
}

static void add_metrics(struct emf *m, struct wb_json metrics)
{
    struct wb_json_iter it = wb_json_iter(metrics);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_get_str(it.value, "Name", m->tx->arena);
        struct wb_json value = wb_json_get_slice(m->root, name);
        m->bad |= !name.n ||
                  (wb_json_type(value) != WB_JSON_NUMBER && wb_json_type(value) != WB_JSON_ARRAY);
        if (!name.n)
            continue;
        const char *text = wb_dup_cstr(m->tx->arena, name),
                   *unit =
                       wb_unit_name(wb_unit_code(wb_json_get_str(it.value, "Unit", m->tx->arena)));
        m->seconds = wb_json_get_i64(it.value, "StorageResolution", 60) == 1;
        if (wb_json_type(value) == WB_JSON_NUMBER)
            add_value(m, text, unit, value);
        struct wb_json_iter values =
            wb_json_iter(wb_json_type(value) == WB_JSON_ARRAY ? value : WB_JSON_NONE);
        while (wb_json_next(&values))
            add_value(m, text, unit, values.value);
    }
}

/* One directive: a namespace, sets of dimensions, metrics. Each set is a series of its own. */
static void add_directive(struct emf *m, struct wb_json directive)
{
    struct wb_slice ns = wb_json_get_str(directive, "Namespace", m->tx->arena);
    struct wb_json metrics = wb_json_get(directive, "Metrics"),
                   sets = wb_json_get(directive, "Dimensions");
    struct wb_pair dims[WB_METRIC_DIMENSIONS_MAX];
    m->bad |= !ns.n || wb_json_type(metrics) != WB_JSON_ARRAY;
    if (!ns.n)
        return;
    m->ns = wb_dup_cstr(m->tx->arena, ns);
    m->dims = dims;
    m->dim_count = 0;
    if (wb_json_count(sets) == 0)
        add_metrics(m, metrics);
    struct wb_json_iter it = wb_json_iter(sets);
    while (wb_json_next(&it)) {
        m->dim_count = dimensions(m->tx->arena, m->root, it.value, dims);
        m->bad |= m->dim_count < 0;
        if (m->dim_count >= 0)
            add_metrics(m, metrics);
    }
}

bool wb_emf_may(struct wb_slice line)
{
    line = wb_slice_trim(line);
    return line.n > 1 && line.p[0] == '{' && wb_slice_find(line, WB_S("\"_aws\""), 0) >= 0;
}

size_t wb_emf_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                   struct wb_slice line, enum wb_emf_fault *fault)
{
    *fault = WB_EMF_GOOD;
    if (!wb_emf_may(line))
        return 0;
    struct emf m = {.tx = tx,
                    .account = account,
                    .region = region,
                    .root = wb_json_read(tx->arena, wb_slice_trim(line), NULL)};
    struct wb_json aws = wb_json_get(m.root, "_aws"), list = wb_json_get(aws, "CloudWatchMetrics");
    if (wb_json_type(m.root) != WB_JSON_OBJECT)
        *fault = WB_EMF_UNREADABLE;
    m.time_ms = wb_json_get_i64(wb_json_get(m.root, "_aws"), "Timestamp", tx->now_ms);
    if (m.time_ms < tx->now_ms - WB_METRIC_PAST_MS || m.time_ms > tx->now_ms + WB_METRIC_FUTURE_MS)
        m.time_ms = tx->now_ms;
    m.bad = wb_json_is(aws) && wb_json_type(list) != WB_JSON_ARRAY;
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        add_directive(&m, it.value);
    if (*fault == WB_EMF_GOOD && m.bad)
        *fault = WB_EMF_INVALID;
    return m.added;
}
