/*
 * GET /_waybill/metrics: the last whole minute of every series in Prometheus's text format, in the
 * words of its exporter for CloudWatch: aws_lambda_errors_sum{account="..",region="..",
 * unit="Count",function_name="f"}, and _sample_count, _average, _minimum, _maximum. All are gauges:
 * what was measured in that minute. A minute is whole five seconds after its end, because what is
 * counted in memory rides on a commit within a second.
 *
 * Prometheus does not sign requests, so with authorization on only this machine is answered, and no
 * proxy on it that tells what it is. The page is made in the scan pool and ends after
 * WB_METRIC_PAGE_SAMPLES samples, which it says.
 */
#include "base/limits.h"
#include "engine/metric_rows.h"
#include "services/cloudwatch/ops.h"

#include <stdlib.h>

#define SETTLE_MS 5000

struct sample {
    struct wb_slice family, labels; /* family without the statistic */
    double value[5];
};

static const char *const statistics[] = {"sum", "sample_count", "average", "minimum", "maximum"};

struct samples {
    struct wb_arena *a;
    struct sample *at;
    size_t n;
    bool cut;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* "AWS/Lambda" is aws_lambda, "FunctionName" function_name; what may not be in a name is '_'. */
static void put_name(struct wb_buf *b, struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], before = i ? s.p[i - 1] : 0;
        bool capital = c >= 'A' && c <= 'Z',
             small_before = (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9');
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (capital && small_before)
            wb_buf_char(b, '_');
        if (i == 0 && c >= '0' && c <= '9')
            wb_buf_char(b, '_');
        wb_buf_char(b, capital || word ? lower(c) : '_');
    }
}

static void put_label(struct wb_buf *b, struct wb_slice name, struct wb_slice value)
{
    wb_buf_slice_put(b, name);
    wb_buf_str(b, "=\"");
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (c == '\\' || c == '"')
            wb_buf_char(b, '\\');
        if (c == '\n')
            wb_buf_str(b, "\\n");
        else
            wb_buf_char(b, c);
    }
    wb_buf_char(b, '"');
}

/* Names that become the same get underscores, so that each stands once. */
static struct wb_slice label_name(struct samples *all, struct wb_slice dim,
                                  const struct wb_slice *taken, size_t n)
{
    struct wb_buf b = wb_buf_in(all->a);
    put_name(&b, dim);
    for (size_t i = 0; i < n; i++)
        if (wb_slice_eq(taken[i], wb_buf_slice(&b))) {
            wb_buf_char(&b, '_');
            i = SIZE_MAX; /* from the first again */
        }
    return wb_buf_slice(&b);
}

static struct wb_slice labels_of(struct samples *all, const struct wb_metric *m, uint8_t unit)
{
    struct wb_slice name[WB_METRIC_DIMENSIONS_MAX + 3] = {WB_S("account"), WB_S("region"),
                                                          WB_S("unit")};
    struct wb_buf b = wb_buf_in(all->a);
    put_label(&b, name[0], m->account);
    wb_buf_char(&b, ',');
    put_label(&b, name[1], m->region);
    wb_buf_char(&b, ',');
    put_label(&b, name[2], wb_slice_str(wb_unit_name(unit)));
    for (size_t i = 0; i < m->dim_count; i++) {
        name[i + 3] = label_name(all, m->dim[i].name, name, i + 3);
        wb_buf_char(&b, ',');
        put_label(&b, name[i + 3], m->dim[i].value);
    }
    return wb_buf_slice(&b);
}

static void add_row(struct samples *all, struct wb_slice suffix, struct wb_slice row)
{
    struct wb_datums v = {0};
    struct wb_metric m;
    struct wb_buf family = wb_buf_in(all->a);
    if (!wb_metric_suffix_read(all->a, suffix, &m) || !wb_metric_row_read(row, 0, &v)) {
        wb_datums_release(&v);
        return;
    }
    put_name(&family, m.ns);
    wb_buf_char(&family, '_');
    put_name(&family, m.name);
    for (size_t i = 0; i < v.n && !all->cut; i++) {
        const struct wb_datum *d = &v.at[i].d;
        if (d->second != WB_WHOLE_MINUTE || d->count <= 0)
            continue;
        all->cut = all->n == WB_METRIC_PAGE_SAMPLES;
        if (all->cut)
            break;
        all->at[all->n++] = (struct sample){wb_buf_slice(&family),
                                            labels_of(all, &m, d->unit),
                                            {d->sum, d->count, d->sum / d->count, d->min, d->max}};
    }
    wb_datums_release(&v);
}

static int by_family(const void *x, const void *y)
{
    const struct sample *a = x, *b = y;
    int order = wb_slice_cmp(a->family, b->family);
    return order ? order : wb_slice_cmp(a->labels, b->labels);
}

/* One statistic of one family; [first, end) have the same family. */
static void put_family(struct wb_buf *b, const struct samples *all, size_t first, size_t end,
                       int statistic)
{
    struct wb_slice family = all->at[first].family;
    struct wb_json_writer w;
    wb_buf_printf(b, "# TYPE %.*s_%s gauge\n", WB_FMT(family), statistics[statistic]);
    for (size_t i = first; i < end; i++) {
        const struct sample *s = &all->at[i];
        if (i > first && wb_slice_eq(s->labels, s[-1].labels))
            continue; /* two names of CloudWatch's that are one here */
        wb_buf_printf(b, "%.*s_%s{%.*s} ", WB_FMT(family), statistics[statistic],
                      WB_FMT(s->labels));
        wb_jw_init(&w, b);
        wb_jw_double(&w, s->value[statistic]);
        wb_buf_char(b, '\n');
    }
}

static struct wb_slice page(struct wb_tx *tx)
{
    struct samples all = {.a = tx->arena};
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_slice key, row, suffix;
    int64_t minute = wb_floor_to(tx->now_ms - SETTLE_MS, WB_MINUTE_MS) - WB_MINUTE_MS, at;
    all.at = wb_new_n(tx->arena, struct sample, WB_METRIC_PAGE_SAMPLES);
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_METRIC, "i", minute));
    while (!all.cut && wb_tx_next(tx, s, &key, &row) && wb_metric_key_split(key, &at, &suffix))
        add_row(&all, wb_dup(tx->arena, suffix), row);
    wb_scan_close(s);
    qsort(all.at, all.n, sizeof *all.at, by_family);
    wb_buf_reserve(&b, 1);
    for (size_t i = 0; i < all.n;) {
        size_t end = i + 1;
        while (end < all.n && wb_slice_eq(all.at[end].family, all.at[i].family))
            end++;
        for (int k = 0; k < 5; k++)
            put_family(&b, &all, i, end, k);
        i = end;
    }
    if (all.cut)
        wb_buf_printf(&b, "# There are more than %d samples; the others are left out.\n",
                      WB_METRIC_PAGE_SAMPLES);
    return wb_buf_slice(&b);
}

static void show(struct wb_call *c, struct wb_slice query)
{
    wb_call_header(c, "Content-Type", WB_S("text/plain; version=0.0.4; charset=utf-8"));
    if (wb_engine_config(c->engine)->auth && !wb_page_from_here(c)) {
        c->status = 403;
        c->raw_answer = WB_S("Metrics are shown to this machine only, and not through a proxy.\n");
        return;
    }
    c->status = 200;
    c->raw_answer = page(c->tx);
}

const struct wb_page cw_prometheus_page = {
    .method = "GET", .path = "/_waybill/metrics", .scans = true, .handle = show};
