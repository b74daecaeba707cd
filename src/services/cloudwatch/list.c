/* ListMetrics: the index, filtered. */
#include "base/limits.h"
#include "engine/metrics.h"
#include "engine/paging.h"
#include "services/cloudwatch/ops.h"

#define RECENTLY_MS (3 * 3600000LL)

static bool has_dimension(struct wb_call *c, const struct wb_metric *m, struct wb_json filter)
{
    struct wb_slice name = wb_json_get_str(filter, "Name", c->arena),
                    value = wb_json_get_str(filter, "Value", c->arena);
    for (size_t i = 0; i < m->dim_count; i++)
        if (wb_slice_eq(m->dim[i].name, name))
            return !value.p || wb_slice_eq(m->dim[i].value, value);
    return false;
}

static bool wanted(struct wb_call *c, const struct wb_metric *m, struct wb_slice name)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Dimensions"));
    bool all = !name.p || wb_slice_eq(m->name, name);
    while (all && wb_json_next(&it))
        all = has_dimension(c, m, it.value);
    return all;
}

void cw_out_metric(struct wb_out *o, const char *name, const struct wb_metric_id *m)
{
    wb_out_object(o, name);
    wb_out_str(o, "Namespace", m->ns);
    wb_out_str(o, "MetricName", m->name);
    wb_out_list(o, "Dimensions");
    for (size_t i = 0; i < m->dim_count; i++) {
        wb_out_object(o, NULL);
        wb_out_str(o, "Name", m->dim[i].name);
        wb_out_str(o, "Value", m->dim[i].value);
        wb_out_end(o);
    }
    wb_out_end(o);
    wb_out_end(o);
}

/* The inputs that must not change from page to page. */
static struct wb_slice filter_of(struct wb_call *c)
{
    static const char *const names[] = {"Namespace", "MetricName", "Dimensions", "RecentlyActive"};
    struct wb_slice s = WB_S("");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct wb_json v = wb_in(c, names[i]);
        s = wb_printf(c->arena, "%.*s|%.*s", WB_FMT(s), WB_FMT(wb_json_raw(v)));
    }
    return s;
}

/* Returns how many were written; *last stays null when there are no more. */
static size_t out_page(struct wb_call *c, struct wb_slice after, struct wb_slice *last)
{
    struct wb_slice ns = wb_in_str(c, "Namespace"), name = wb_in_str(c, "MetricName");
    int64_t since = c->tx->now_ms - WB_METRIC_SEEN_MS -
                    (wb_in_str(c, "RecentlyActive").p ? RECENTLY_MS : WB_METRIC_LIST_MS);
    struct wb_metric_list l;
    size_t n = 0;
    wb_metric_list_open(&l, c->tx, c->ctx.account, c->ctx.region, ns, name, after);
    for (size_t rows = 0; wb_metric_list_next(&l, c->arena); rows++) {
        if (n == WB_METRIC_LIST_PAGE || rows == WB_METRIC_LIST_ROWS)
            break;
        *last = l.key;
        if (l.seen_ms < since || !wanted(c, &l.metric, name))
            continue;
        struct wb_metric_id id = {l.metric.ns, l.metric.name, l.metric.dim, l.metric.dim_count};
        cw_out_metric(&c->out, NULL, &id);
        n++;
    }
    if (!l.key.p || (last->p && wb_slice_eq(*last, l.key)))
        *last = WB_SLICE_NULL;
    wb_metric_list_close(&l);
    return n;
}

void cw_list_metrics(struct wb_call *c)
{
    struct wb_slice token = wb_in_str(c, "NextToken"), after = WB_SLICE_NULL, last = WB_SLICE_NULL,
                    owner = wb_in_str(c, "OwningAccount");
    if (token.p && !wb_page_open(c, token, filter_of(c), &after)) {
        wb_fail(c, "InvalidParameterValueException", 400, "Request parameter NextToken is invalid");
        return;
    }
    bool linked = wb_in_bool(c, "IncludeLinkedAccounts", false);
    size_t n = 0;
    wb_out_list(&c->out, "Metrics");
    if (!linked || !owner.p || wb_slice_eq(owner, c->ctx.account))
        n = out_page(c, after, &last);
    wb_out_end(&c->out);
    if (last.p)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, filter_of(c), last));
    if (!linked)
        return;
    wb_out_list(&c->out, "OwningAccounts");
    while (n--)
        wb_out_str(&c->out, NULL, c->ctx.account);
    wb_out_end(&c->out);
}
