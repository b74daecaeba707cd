/* The walk by hours that summaries and the service graph share. */
#include "services/xray/find.h"

static int64_t hour_of(int64_t ms)
{
    return ms - ms % WB_TRACE_HOUR_MS;
}

/* Whether the row is the one to find the trace by, as far as can be told without reading it. */
static bool by_id(const struct xray_query *q, const struct wb_trace_hour *h, bool *sure)
{
    int64_t began;
    *sure = wb_trace_id_time(h->trace_id, &began) && hour_of(began) == h->hour_ms;
    return h->home && (!*sure || (began >= q->from_ms - q->from_ms % 1000 && began <= q->to_ms));
}

/* The same traces each time, spread evenly. */
static bool in_share(double share, struct wb_slice id)
{
    unsigned digits = 0;
    for (size_t i = id.n < 4 ? 0 : id.n - 4; i < id.n; i++)
        digits = digits * 16 + ((unsigned)(id.p[i] & 0xf) + (id.p[i] > '9' ? 9 : 0)) % 16;
    return share >= 1 || digits < share * 65536;
}

static bool wanted(struct wb_call *c, const struct xray_query *q, const struct wb_trace_hour *h,
                   struct wb_arena *a, struct xray_trace *t)
{
    bool sure = false;
    if (!in_share(q->share, h->trace_id) || (!q->by_update && !by_id(q, h, &sure)) ||
        !xray_trace_read(c->tx, a, h->account, h->region, h->trace_id, t))
        return false;
    int64_t at = q->by_update ? t->received_ms : (int64_t)(t->start * 1000);
    if (!sure && (at < q->from_ms || at > q->to_ms || (q->by_update && hour_of(at) != h->hour_ms)))
        return false;
    return !q->filter || xray_filter_match(q->filter, t, a);
}

void xray_find(struct wb_call *c, const struct xray_query *q,
               void (*take)(void *arg, const struct xray_trace *t, struct wb_arena *scratch),
               void *arg, struct xray_found *out)
{
    struct wb_arena scratch;
    struct wb_slice key, value, last = WB_SLICE_NULL;
    size_t bytes = 0;
    *out = (struct xray_found){0};
    wb_arena_init(&scratch, 0);
    for (int64_t hour = hour_of(q->from_ms); hour <= q->to_ms; hour += WB_TRACE_HOUR_MS) {
        struct wb_slice all =
            wb_key(c->arena, WB_T_TRACE_HOUR, "iss", hour, c->ctx.account, c->ctx.region);
        bool resume = q->lo.p && wb_slice_cmp(q->lo, all) > 0;
        if (resume && wb_slice_cmp(q->lo, wb_key_after(c->arena, all)) >= 0)
            continue;
        struct wb_scan *s =
            wb_tx_scan(c->tx, resume ? q->lo : all, wb_key_after(c->arena, all), false);
        while (!out->more.p && wb_tx_next(c->tx, s, &key, &value)) {
            struct wb_trace_hour h;
            struct xray_trace t = {0};
            if (resume && wb_slice_eq(key, q->lo))
                continue;
            if (out->found >= q->found_max || out->looked >= q->looked_max ||
                bytes > WB_XRAY_PAGE_BYTES) {
                out->more = last;
                break;
            }
            last = wb_dup(c->arena, key);
            wb_arena_reset(&scratch);
            if (!wb_trace_hour_decode(&scratch, last, value, &h))
                continue;
            out->looked++;
            if (wanted(c, q, &h, &scratch, &t)) {
                out->found++;
                take(arg, &t, &scratch);
            }
            bytes += t.bytes;
        }
        wb_scan_close(s);
        if (out->more.p)
            break;
    }
    wb_arena_release(&scratch);
}
