/* `waybill check`: segments, hours, groups and rules can be read, and every segment is found by its
 * hour. */
#include "services/xray/filter.h"
#include "services/xray/xray.h"

struct faults {
    struct wb_tx *tx;
    void (*bad)(void *arg, const char *what);
    void *arg;
};

static void check_segments(struct faults *f, struct wb_arena *a)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(f->tx, wb_key(f->tx->arena, WB_T_TRACE, ""));
    while (wb_tx_next(f->tx, s, &key, &value)) {
        struct wb_span span;
        wb_arena_reset(a);
        if (!wb_span_decode(a, key, value, &span) ||
            wb_json_type(wb_json_read(a, span.document, NULL)) != WB_JSON_OBJECT)
            f->bad(f->arg, "xray: a segment cannot be read");
    }
    wb_scan_close(s);
}

static void check_hours(struct faults *f, struct wb_arena *a)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(f->tx, wb_key(f->tx->arena, WB_T_TRACE_HOUR, ""));
    while (wb_tx_next(f->tx, s, &key, &value)) {
        struct wb_trace_hour h;
        wb_arena_reset(a);
        if (!wb_trace_hour_decode(a, key, value, &h))
            f->bad(f->arg, "xray: the hour of a trace cannot be read");
    }
    wb_scan_close(s);
}

static void check_json(struct faults *f, struct wb_arena *a, uint16_t table, const char *what)
{
    struct wb_slice key, value, why;
    struct wb_scan *s = wb_tx_scan_prefix(f->tx, wb_key(f->tx->arena, table, ""));
    while (wb_tx_next(f->tx, s, &key, &value)) {
        wb_arena_reset(a);
        struct wb_json v = wb_json_read(a, value, NULL);
        if (wb_json_type(v) != WB_JSON_OBJECT ||
            !xray_filter_compile(a, wb_json_get_str(v, "filter", a), NULL, &why))
            f->bad(f->arg, what);
    }
    wb_scan_close(s);
}

void xray_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct faults f = {tx, bad, arg};
    struct wb_arena a;
    wb_arena_init(&a, 0);
    check_segments(&f, &a);
    check_hours(&f, &a);
    check_json(&f, &a, WB_T_XRAY_GROUP, "xray: a group cannot be read");
    check_json(&f, &a, WB_T_XRAY_RULE, "xray: a sampling rule cannot be read");
    check_json(&f, &a, WB_T_XRAY_POLICY, "xray: a resource policy cannot be read");
    check_json(&f, &a, WB_T_XRAY_SAMPLED, "xray: what sampling clients reported cannot be read");
    wb_arena_release(&a);
}
