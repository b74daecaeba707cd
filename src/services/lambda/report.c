/*
 * What an invocation leaves: the log lines around it (START, END, REPORT as AWS writes them), its
 * metrics with the dimension sets that AWS/Lambda has, and the two X-Ray segments of a sampled one.
 * Made on the dispatcher's thread, written by the command that records the outcome.
 */
#include "services/lambda/fleet.h"

#include "base/ids.h"
#include "engine/spans.h"
#include <stdio.h>

/* X-Ray's default rule, which is Lambda's and cannot be changed: the first request of a second, and
 * 5 % of the others (Developer Guide, "Visualize Lambda function invocations using AWS X-Ray"). */
static bool by_default_rule(struct invocation *v, struct queue *q)
{
    struct wb_seam *seam = wb_engine_seam(v->l->e);
    int64_t second = seam->mono_ns(seam) / 1000000000;
    uint8_t r;
    seam->random(seam, &r, 1);
    bool sampled = q->sampled_at != second || r < 13;
    q->sampled_at = second;
    return sampled;
}

/* All attempts of an asynchronous invocation are told in one segment, so its id is known from the
 * request's. */
static struct wb_slice service_segment_id(struct invocation *v)
{
    struct wb_buf b = wb_buf_in(v->arena);
    for (size_t i = 0; v->async_age_ms >= 0 && i < v->id.n && b.n < 16; i++)
        if (v->id.p[i] != '-')
            wb_buf_char(&b, v->id.p[i]);
    struct wb_slice id = wb_buf_slice(&b);
    return wb_span_id_valid(id) ? id : wb_id_hex(v->arena, wb_engine_seam(v->l->e), 16);
}

void lambda_trace_begin(struct invocation *v, struct queue *q)
{
    struct wb_seam *seam = wb_engine_seam(v->l->e);
    struct wb_slice came = v->trace;
    struct wb_trace t = {0};
    bool have = came.n && wb_trace_parse(came, &t);
    bool sampled = t.sampled;
    if (!have)
        came = WB_SLICE_NULL;
    if (!t.decided && v->f->tracing)
        sampled = by_default_rule(v, q);
    v->trace_root = have ? wb_dup(v->arena, t.root) : wb_id_trace_root(v->arena, seam);
    v->trace_parent = wb_dup(v->arena, t.parent);
    if (!t.decided)
        v->trace_next = wb_trace_header(v->arena, v->trace_root, v->trace_parent, sampled, came);
    struct wb_slice parent = v->trace_parent;
    if (sampled && v->f->tracing) {
        v->segment[0] = service_segment_id(v);
        parent = v->segment[1] = wb_id_hex(v->arena, seam, 16);
        v->attempt_id = wb_id_hex(v->arena, seam, 16);
    }
    if (!parent.n)
        parent = wb_id_hex(v->arena, seam, 16);
    v->sampled = sampled;
    v->trace = wb_trace_header(v->arena, v->trace_root, parent, sampled, came);
}

void lambda_report_begin(struct invocation *v, struct env *e)
{
    struct lambda_report *r = &v->report;
    r->start_ms = wb_engine_now(e->l->e);
    r->concurrent = e->queue->busy;
    r->concurrent_all = e->queue->scope->busy;
    r->concurrent_unreserved = e->queue->scope->unreserved;
    r->async_age_ms = v->async_age_ms;
    r->stream = wb_dup(v->arena, e->stream);
    e->began_ms = lambda_mono_ms(e->l);
    e->began_us = lambda_mono_us(e->l);
    if (e->was_ready)
        e->out.tail.n = 0; /* else it tells why there was no Init */
    env_output_line(e, "START RequestId: %.*s Version: $LATEST", WB_FMT(v->id));
}

/* --- segments --- */

static struct wb_segment segment(struct invocation *v, int i, int64_t start_us, int64_t end_us)
{
    struct wb_pair *block = wb_new_n(v->arena, struct wb_pair, 2);
    block[0] = (struct wb_pair){WB_S("request_id"), v->id};
    block[1] = (struct wb_pair){i ? WB_S("function_arn") : WB_S("resource_arn"), v->f->arn};
    return (struct wb_segment){.account = v->f->account,
                               .region = v->f->region,
                               .trace_id = v->trace_root,
                               .id = v->segment[i],
                               .parent_id = i ? v->segment[0] : v->trace_parent,
                               .name = v->f->name,
                               .origin = i ? "AWS::Lambda::Function" : "AWS::Lambda",
                               .start_us = start_us,
                               .end_us = end_us,
                               .fault = i && v->report.error,
                               .error = !i && v->report.error,
                               .aws = block,
                               .aws_count = 2};
}

static struct wb_slice subsegment(struct invocation *v, struct wb_slice id, struct wb_slice name,
                                  int64_t start_us, int64_t end_us, bool error)
{
    return wb_printf(v->arena,
                     "{\"id\":\"%.*s\",\"name\":\"%.*s\",\"start_time\":%lld.%06lld,\"end_time\":"
                     "%lld.%06lld%s}",
                     WB_FMT(id), WB_FMT(name), (long long)start_us / 1000000,
                     (long long)start_us % 1000000, (long long)end_us / 1000000,
                     (long long)end_us % 1000000, error ? ",\"error\":true" : "");
}

/* The first work of an environment begins with its Init. */
static void tell_init(struct invocation *v, int64_t init_us)
{
    struct wb_segment *s = &v->report.segment[1];
    struct wb_slice id = wb_id_hex(v->arena, wb_engine_seam(v->l->e), 16);
    if (init_us <= 0)
        return;
    s->subsegments =
        subsegment(v, id, WB_S("Initialization"), s->start_us - init_us, s->start_us, false);
    s->start_us -= init_us;
}

/* What the service did with an asynchronous invocation until now. */
static void tell_attempt(struct invocation *v, int64_t start_us, int64_t end_us)
{
    struct lambda_report *r = &v->report;
    int64_t came_us = start_us - v->async_age_ms * 1000;
    r->segment[0].start_us = came_us;
    r->segment[1].parent_id = v->attempt_id;
    r->attempt = subsegment(v, v->attempt_id, wb_printf(v->arena, "Attempt #%u", v->attempt),
                            start_us, end_us, r->error);
    r->dwell = subsegment(v, wb_id_hex(v->arena, wb_engine_seam(v->l->e), 16), WB_S("Dwell Time"),
                          came_us, start_us, false);
}

static void trace_end(struct invocation *v, int64_t init_us)
{
    struct lambda_report *r = &v->report;
    if (!v->segment[0].n)
        return;
    int64_t start = r->start_ms * 1000, end = start + r->duration_us;
    int64_t waited = lambda_mono_us(v->l) - v->arrived_ns / 1000 - r->duration_us;
    r->traced = true;
    r->segment[0] = segment(v, 0, waited < 0 ? start : start - waited, end);
    r->segment[1] = segment(v, 1, start, end);
    r->segment[0].status = v->async_age_ms >= 0 ? 202 : 200;
    tell_init(v, init_us);
    if (v->async_age_ms >= 0)
        tell_attempt(v, waited < 0 ? start : start - waited, end);
}

/* Adds this attempt to what the segment tells of earlier ones. */
static void write_service_segment(struct wb_tx *tx, const struct lambda_report *r)
{
    struct wb_segment s = r->segment[0];
    struct wb_slice before, told = r->dwell;
    if (!r->attempt.n) {
        wb_put_segment(tx, &s);
        return;
    }
    if (wb_span_get(tx, s.account, s.region, s.trace_id, s.id, &before)) {
        struct wb_slice list =
            wb_json_raw(wb_json_get(wb_json_read(tx->arena, before, NULL), "subsegments"));
        if (list.n > 2)
            told = wb_slice_sub(list, 1, list.n - 1);
    }
    s.subsegments = wb_printf(tx->arena, "%.*s,%.*s", WB_FMT(told), WB_FMT(r->attempt));
    wb_put_segment(tx, &s);
}

/* --- the end --- */

void lambda_report_end(struct invocation *v, struct env *e)
{
    struct lambda_report *r = &v->report;
    r->ran = true;
    r->error = v->result == LAMBDA_FUNCTION_ERROR;
    r->duration_us = lambda_mono_us(e->l) - e->began_us;
    int64_t billed = (r->duration_us + 999) / 1000;
    int64_t peak = (wb_process_memory_peak(e->process) + (1 << 20) - 1) >> 20;
    if (peak > e->f->memory_mb)
        peak = e->f->memory_mb;
    char init[64] = "", trace[160] = "";
    if (e->init_us > 0)
        snprintf(init, sizeof init, "Init Duration: %lld.%02lld ms\t", (long long)e->init_us / 1000,
                 (long long)e->init_us % 1000 / 10);
    int64_t init_us = e->init_us;
    e->init_us = 0;
    if (v->segment[0].n)
        snprintf(trace, sizeof trace, "\nXRAY TraceId: %.*s\tSegmentId: %.*s\tSampled: true\t",
                 WB_FMT(v->trace_root), WB_FMT(v->segment[1]));
    env_output_line(e, "END RequestId: %.*s", WB_FMT(v->id));
    env_output_line(e,
                    "REPORT RequestId: %.*s\tDuration: %lld.%02lld ms\tBilled Duration: %lld "
                    "ms\tMemory Size: %lld MB\tMax Memory Used: %lld MB\t%s%s",
                    WB_FMT(v->id), (long long)r->duration_us / 1000,
                    (long long)r->duration_us % 1000 / 10, (long long)billed,
                    (long long)e->f->memory_mb, (long long)peak, init, trace);
    struct wb_slice tail = wb_buf_slice(&e->out.tail);
    if (tail.n > WB_LAMBDA_TAIL)
        tail = wb_slice_sub(tail, tail.n - WB_LAMBDA_TAIL, tail.n);
    v->tail = wb_dup(v->arena, tail);
    env_output_take(e, v->arena, r);
    trace_end(v, init_us);
}

/* --- metrics --- */

/* {}, {FunctionName}, {FunctionName, Resource}: emitted side by side (Developer Guide, "Types of
 * metrics"). Sorted by name. */
static void put_some(struct wb_tx *tx, const struct lambda_function *f, size_t from, size_t to,
                     const char *name, double value, const char *unit)
{
    struct wb_pair dims[2] = {{WB_S("FunctionName"), f->name}, {WB_S("Resource"), f->name}};
    for (size_t n = from; n <= to; n++)
        wb_put_metric(tx, f->account, f->region, "AWS/Lambda", name, dims, n, value, unit);
}

void lambda_put(struct wb_tx *tx, const struct lambda_function *f, const char *name, double value,
                const char *unit)
{
    put_some(tx, f, 0, 2, name, value, unit);
}

/* How many ran when this one began; what no function by itself has is of the region. */
static void put_concurrency(struct wb_tx *tx, const struct lambda_function *f,
                            const struct lambda_report *r)
{
    double unreserved = r->concurrent_unreserved;
    put_some(tx, f, 1, 2, "ConcurrentExecutions", r->concurrent, "Count");
    put_some(tx, f, 0, 0, "ConcurrentExecutions", r->concurrent_all, "Count");
    put_some(tx, f, 0, 0, "UnreservedConcurrentExecutions", unreserved, "Count");
    put_some(tx, f, 0, 0, "ClaimedAccountConcurrency", unreserved + (double)lambda_reserved(tx, f),
             "Count");
}

void lambda_count(struct lambda *l, const struct lambda_function *f, const char *name, double value)
{
    struct wb_pair dims[2] = {{WB_S("FunctionName"), f->name}, {WB_S("Resource"), f->name}};
    for (size_t n = 0; n < 3; n++)
        wb_count(l->e, f->account, f->region, "AWS/Lambda", name, dims, n, value, "Count");
}

void lambda_report_write(struct wb_tx *tx, const struct lambda_function *f,
                         const struct lambda_report *r)
{
    if (r->line_count)
        wb_write_log(tx, f->account, f->region,
                     wb_printf(tx->arena, "/aws/lambda/%.*s", WB_FMT(f->name)), r->stream, r->line,
                     r->line_count);
    if (r->ran) {
        lambda_put(tx, f, "Invocations", 1, "Count");
        lambda_put(tx, f, "Errors", r->error ? 1 : 0, "Count");
        lambda_put(tx, f, "Duration", (double)r->duration_us / 1000, "Milliseconds");
        lambda_put(tx, f, "Throttles", 0, "Count");
        put_concurrency(tx, f, r);
    }
    if (r->ran && r->async_age_ms >= 0)
        lambda_put(tx, f, "AsyncEventAge", (double)r->async_age_ms, "Milliseconds");
    if (r->throttled)
        lambda_put(tx, f, "Throttles", 1, "Count");
    if (r->dropped)
        lambda_put(tx, f, "AsyncEventsDropped", 1, "Count");
    if (r->traced) {
        write_service_segment(tx, r);
        wb_put_segment(tx, &r->segment[1]);
    }
}
