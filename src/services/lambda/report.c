/*
 * What an invocation leaves: the log lines around it (START, END, REPORT as AWS writes them), its
 * metrics with the dimension sets that AWS/Lambda has, and the two X-Ray segments of a sampled one.
 * Made on the dispatcher's thread, written by the command that records the outcome.
 */
#include "services/lambda/fleet.h"

#include "base/ids.h"
#include <stdio.h>

void lambda_trace_begin(struct invocation *v, struct queue *q)
{
    struct wb_seam *seam = wb_engine_seam(v->l->e);
    struct wb_trace t = {0};
    bool have = v->trace.n && wb_trace_parse(v->trace, &t);
    bool sampled = have && t.sampled;
    if (!have && v->f->tracing) {
        /* X-Ray's default rule: the first request of a second, and 5 % of the others. */
        int64_t second = seam->mono_ns(seam) / 1000000000;
        uint8_t r;
        seam->random(seam, &r, 1);
        sampled = q->sampled_at != second || r < 13;
        q->sampled_at = second;
    }
    v->trace_root = have ? wb_dup(v->arena, t.root) : wb_id_trace_root(v->arena, seam);
    v->trace_parent = have ? wb_dup(v->arena, t.parent) : WB_SLICE_NULL;
    sampled = sampled && v->f->tracing;
    for (int i = 0; i < 2; i++)
        v->segment[i] = sampled ? wb_id_hex(v->arena, seam, 16) : WB_SLICE_NULL;
    struct wb_slice parent = sampled ? v->segment[1] : v->trace_parent;
    if (!parent.n)
        parent = wb_id_hex(v->arena, seam, 16);
    v->trace = wb_printf(v->arena, "Root=%.*s;Parent=%.*s;Sampled=%d", WB_FMT(v->trace_root),
                         WB_FMT(parent), sampled || (have && t.sampled));
}

void lambda_report_begin(struct invocation *v, struct env *e)
{
    struct lambda_report *r = &v->report;
    r->start_ms = wb_engine_now(e->l->e);
    r->concurrent = e->queue->busy ? e->queue->busy : 1;
    r->async_age_ms = v->async_age_ms;
    r->stream = wb_dup(v->arena, e->stream);
    e->began_ms = lambda_mono_ms(e->l);
    e->began_us = lambda_mono_us(e->l);
    if (e->was_ready)
        e->out.tail.n = 0; /* else it tells why there was no Init */
    env_output_line(e, "START RequestId: %.*s Version: $LATEST", WB_FMT(v->id));
}

/* --- segments --- */

static void seconds(struct wb_json_writer *w, const char *name, int64_t ms)
{
    char b[WB_TIME_MAX];
    size_t n = wb_time_format(b, ms, WB_TIME_EPOCH_F);
    wb_jw_kraw(w, name, wb_slice(b, n));
}

static struct wb_slice segment(struct invocation *v, int i, int64_t start_ms, int64_t end_ms)
{
    struct wb_buf b = wb_buf_in(v->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "name", v->f->name);
    wb_jw_kstr(&w, "id", v->segment[i]);
    wb_jw_kstr(&w, "trace_id", v->trace_root);
    struct wb_slice parent = i ? v->segment[0] : v->trace_parent;
    if (parent.n)
        wb_jw_kstr(&w, "parent_id", parent);
    seconds(&w, "start_time", start_ms);
    seconds(&w, "end_time", end_ms);
    wb_jw_kcstr(&w, "origin", i ? "AWS::Lambda::Function" : "AWS::Lambda");
    if (v->report.error)
        wb_jw_kbool(&w, i ? "fault" : "error", true);
    wb_jw_key(&w, "aws");
    wb_jw_object(&w);
    wb_jw_kstr(&w, "account_id", v->f->account);
    wb_jw_kstr(&w, i ? "function_arn" : "resource_arn", v->f->arn);
    wb_jw_kstr(&w, "request_id", v->id);
    wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static void trace_end(struct invocation *v)
{
    struct lambda_report *r = &v->report;
    if (!v->segment[0].n)
        return;
    int64_t end = r->start_ms + r->duration_us / 1000;
    int64_t waited = (lambda_mono_us(v->l) - v->arrived_ns / 1000 - r->duration_us) / 1000;
    r->trace_id = v->trace_root;
    for (int i = 0; i < 2; i++) {
        r->span_id[i] = v->segment[i];
        r->span[i] = segment(v, i, i || waited < 0 ? r->start_ms : r->start_ms - waited, end);
    }
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
    trace_end(v);
}

/* --- metrics --- */

/* {FunctionName}, {FunctionName, Resource}, {}: emitted side by side (Developer Guide, "Types of
 * metrics"). Sorted by name. */
static void put(struct wb_tx *tx, const struct lambda_function *f, const char *name, double value,
                const char *unit)
{
    struct wb_pair dims[2] = {{WB_S("FunctionName"), f->name}, {WB_S("Resource"), f->name}};
    for (size_t n = 0; n < 3; n++)
        wb_put_metric(tx, f->account, f->region, "AWS/Lambda", name, dims, n, value, unit);
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
        put(tx, f, "Invocations", 1, "Count");
        put(tx, f, "Errors", r->error ? 1 : 0, "Count");
        put(tx, f, "Duration", (double)r->duration_us / 1000, "Milliseconds");
        put(tx, f, "Throttles", 0, "Count");
        put(tx, f, "ConcurrentExecutions", r->concurrent, "Count");
    }
    if (r->ran && r->async_age_ms >= 0)
        put(tx, f, "AsyncEventAge", (double)r->async_age_ms, "Milliseconds");
    if (r->throttled)
        put(tx, f, "Throttles", 1, "Count");
    if (r->dropped)
        put(tx, f, "AsyncEventsDropped", 1, "Count");
    for (int i = 0; i < 2; i++) {
        if (r->span[i].n)
            wb_put_span(tx, f->account, f->region, r->trace_id, r->span_id[i], r->span[i]);
    }
}
