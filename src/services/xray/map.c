/* GetServiceGraph and GetTraceGraph. */
#include "engine/paging.h"
#include "services/xray/find.h"
#include "services/xray/graph.h"

static void take(void *arg, const struct xray_trace *t, struct wb_arena *scratch)
{
    xray_graph_add(arg, t);
}

void xray_service_graph(struct wb_call *c)
{
    struct xray_query q = {.share = 1, .found_max = SIZE_MAX, .looked_max = 10 * WB_XRAY_PAGE_SCAN};
    struct xray_found found;
    struct wb_slice text, why, token = wb_in_str(c, "NextToken");
    if (!xray_window(c, &q.from_ms, &q.to_ms) || !xray_group_filter(c, &text))
        return;
    q.filter = xray_filter_compile(c->arena, text, xray_groups_of(c), &why);
    struct wb_slice same = wb_printf(c->arena, "%lld|%lld|%.*s", (long long)q.from_ms,
                                     (long long)q.to_ms, WB_FMT(text));
    if (token.p && !wb_page_open(c, token, same, &q.lo)) {
        xray_invalid(c, "Invalid next token.");
        return;
    }
    struct xray_graph *g = xray_graph_new(c->arena);
    xray_find(c, &q, take, g, &found);
    wb_out_time(&c->out, "StartTime", q.from_ms);
    wb_out_time(&c->out, "EndTime", q.to_ms);
    xray_graph_out(g, &c->out);
    wb_out_bool(&c->out, "ContainsOldGroupVersions", false);
    if (found.more.p)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, same, found.more));
    xray_graph_free(g);
}

void xray_trace_graph(struct wb_call *c)
{
    struct wb_json ids = wb_in(c, "TraceIds");
    struct wb_json_iter it = wb_json_iter(ids);
    if (wb_json_count(ids) == 0 || wb_json_count(ids) > WB_XRAY_PAGE) {
        xray_invalid(c, "TraceIds must contain between 1 and %d ids.", WB_XRAY_PAGE);
        return;
    }
    struct xray_graph *g = xray_graph_new(c->arena);
    while (wb_json_next(&it)) {
        struct xray_trace t;
        if (xray_trace_read(c->tx, c->arena, c->ctx.account, c->ctx.region,
                            wb_json_str(it.value, c->arena), &t))
            xray_graph_add(g, &t);
    }
    xray_graph_out(g, &c->out);
    xray_graph_free(g);
}
