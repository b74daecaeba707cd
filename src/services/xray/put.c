/* PutTraceSegments, PutTelemetryRecords, BatchGetTraces. */
#include "services/xray/trace.h"
#include "services/xray/xray.h"

void xray_invalid(struct wb_call *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice text = wb_vprintf(c->arena, fmt, ap);
    va_end(ap);
    wb_fail(c, "InvalidRequestException", 400, "%.*s", WB_FMT(text));
}

bool xray_time_in(struct wb_call *c, const char *name, int64_t *ms)
{
    double seconds;
    if (!wb_json_double(wb_in(c, name), &seconds) || seconds < 0 || seconds > 1e11) {
        xray_invalid(c, "Invalid value for %s.", name);
        return false;
    }
    *ms = (int64_t)(seconds * 1000);
    return true;
}

bool xray_window(struct wb_call *c, int64_t *from_ms, int64_t *to_ms)
{
    if (!xray_time_in(c, "StartTime", from_ms) || !xray_time_in(c, "EndTime", to_ms))
        return false;
    if (*to_ms <= *from_ms)
        xray_invalid(c, "Start time must be before end time.");
    else if (*to_ms - *from_ms > WB_XRAY_WINDOW_MS)
        xray_invalid(c, "Time range cannot be longer than 6 hours.");
    return !wb_failed(c);
}

/* A segment of the id that is there and complete: one in progress that comes late does not replace
 * it. */
static bool is_complete(struct wb_call *c, const struct xray_segment *s)
{
    struct wb_slice key = wb_key(c->arena, WB_T_TRACE, "ssss", c->ctx.account, c->ctx.region,
                                 s->trace_id, s->id),
                    value;
    struct wb_span span;
    if (!wb_tx_get(c->tx, key, &value) || !wb_span_decode(c->arena, key, value, &span))
        return false;
    struct wb_json doc = wb_json_read(c->arena, wb_dup(c->arena, span.document), NULL);
    return !wb_json_bool(wb_json_get(doc, "in_progress"), false);
}

static void refuse(struct wb_call *c, struct wb_slice id, const char *why)
{
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "Id", id);
    wb_out_cstr(&c->out, "ErrorCode", why);
    wb_out_str(&c->out, "Message", wb_printf(c->arena, "Invalid segment. ErrorCode: %s", why));
    wb_out_end(&c->out);
}

void xray_put_segments(struct wb_call *c)
{
    struct wb_json list = wb_in(c, "TraceSegmentDocuments");
    struct wb_json_iter it = wb_json_iter(list);
    if (wb_json_count(list) > WB_XRAY_BATCH_MAX) {
        xray_invalid(c, "A request can have at most %d documents.", WB_XRAY_BATCH_MAX);
        return;
    }
    wb_out_list(&c->out, "UnprocessedTraceSegments");
    while (wb_json_next(&it)) {
        struct wb_slice document = wb_json_str(it.value, c->arena);
        struct xray_segment s;
        const char *why = xray_segment_check(c->arena, document, c->tx->now_ms, &s);
        if (why)
            refuse(c, s.id, why);
        else if (!s.in_progress || !is_complete(c, &s))
            wb_put_span(c->tx, c->ctx.account, c->ctx.region, s.trace_id, s.id, document);
    }
    wb_out_end(&c->out);
}

void xray_put_telemetry(struct wb_call *c)
{
    /* AWS keeps these for itself: nobody can read them. */
}

/* --- reading traces --- */

static void out_trace(struct wb_call *c, const struct xray_trace *t)
{
    struct wb_out *o = &c->out;
    wb_out_object(o, NULL);
    wb_out_str(o, "Id", t->id);
    wb_out_double(o, "Duration", t->end - t->start);
    wb_out_bool(o, "LimitExceeded", t->limit_exceeded);
    wb_out_list(o, "Segments");
    for (size_t i = 0; i < t->count; i++) {
        if (!wb_json_is(t->entity[i].doc) || t->entity[i].doc.at != 0)
            continue; /* a subsegment within its segment's document */
        wb_out_object(o, NULL);
        wb_out_str(o, "Id", t->entity[i].id);
        wb_out_str(o, "Document", wb_json_raw(t->entity[i].doc));
        wb_out_end(o);
    }
    wb_out_end(o);
    wb_out_end(o);
}

void xray_batch_get(struct wb_call *c)
{
    struct wb_json ids = wb_in(c, "TraceIds");
    struct wb_json_iter it = wb_json_iter(ids);
    int64_t ms;
    if (wb_json_count(ids) == 0 || wb_json_count(ids) > WB_XRAY_BATCH_TRACES) {
        xray_invalid(c, "TraceIds must contain between 1 and %d ids.", WB_XRAY_BATCH_TRACES);
        return;
    }
    while (wb_json_next(&it)) {
        struct wb_slice id = wb_json_str(it.value, c->arena);
        if (!wb_trace_id_time(id, &ms)) {
            xray_invalid(c, "Invalid trace id: %.*s", WB_FMT(id));
            return;
        }
    }
    wb_out_list(&c->out, "Traces");
    it = wb_json_iter(ids);
    while (wb_json_next(&it)) {
        struct xray_trace t;
        if (xray_trace_read(c->tx, c->arena, c->ctx.account, c->ctx.region,
                            wb_json_str(it.value, c->arena), &t))
            out_trace(c, &t);
    }
    wb_out_end(&c->out);
    wb_out_list(&c->out, "UnprocessedTraceIds");
    wb_out_end(&c->out);
}
