/*
 * The trace header, and the segments that the server makes of its own doing (Developer Guide,
 * "Tracing header", "AWS X-Ray segment documents").
 */
#include "base/arn.h"
#include "base/ids.h"
#include "base/limits.h"
#include "engine/internal.h"
#include "engine/spans.h"
#include <stdio.h>

#define MESSAGE_MAX 1000 /* bytes of a reason: some repeat what they were given */

/* --- the header --- */

/* What goes into another request's header must not end the line. */
static bool is_printable(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] > '~')
            return false;
    return true;
}

static bool is_part(struct wb_slice part, const char *name)
{
    return wb_slice_starts(part, wb_slice_str(name));
}

bool wb_trace_parse(struct wb_slice header, struct wb_trace *t)
{
    int64_t ms;
    *t = (struct wb_trace){0};
    if (!header.n || header.n > WB_TRACE_HEADER_MAX || !is_printable(header))
        return false;
    while (header.p) {
        struct wb_slice part = wb_slice_trim(wb_slice_cut(&header, ';'));
        if (is_part(part, "Root=")) {
            t->root = wb_slice_sub(part, 5, part.n);
        } else if (is_part(part, "Parent=")) {
            t->parent = wb_slice_sub(part, 7, part.n);
        } else if (is_part(part, "Sampled=")) {
            t->sampled = wb_slice_is(part, "Sampled=1");
            t->decided = t->sampled || wb_slice_is(part, "Sampled=0");
        }
    }
    if (!wb_span_id_valid(t->parent))
        t->parent = WB_SLICE_NULL;
    return wb_trace_id_time(t->root, &ms);
}

struct wb_slice wb_trace_header(struct wb_arena *a, struct wb_slice root, struct wb_slice parent_id,
                                bool sampled, struct wb_slice before)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_printf(&b, "Root=%.*s", WB_FMT(root));
    if (parent_id.n)
        wb_buf_printf(&b, ";Parent=%.*s", WB_FMT(parent_id));
    wb_buf_printf(&b, ";Sampled=%d", sampled);
    while (before.p) {
        struct wb_slice part = wb_slice_trim(wb_slice_cut(&before, ';'));
        if (part.n && !is_part(part, "Root=") && !is_part(part, "Parent=") &&
            !is_part(part, "Sampled="))
            wb_buf_printf(&b, ";%.*s", WB_FMT(part));
    }
    return wb_buf_slice(&b);
}

/* --- segments --- */

static void seconds(struct wb_json_writer *w, const char *name, int64_t us)
{
    char b[32];
    int n = snprintf(b, sizeof b, "%lld.%06lld", (long long)us / 1000000, (long long)us % 1000000);
    wb_jw_kraw(w, name, wb_slice(b, (size_t)n));
}

static void cause(struct wb_json_writer *w, const struct wb_segment *s)
{
    wb_jw_key(w, "cause");
    wb_jw_object(w);
    wb_jw_key(w, "exceptions");
    wb_jw_array(w);
    wb_jw_object(w);
    wb_jw_kstr(w, "id", s->id);
    wb_jw_kcstr(w, "type", s->code);
    if (s->message.n)
        wb_jw_kstr(w, "message", s->message);
    wb_jw_end_object(w);
    wb_jw_end_array(w);
    wb_jw_end_object(w);
}

static void aws(struct wb_json_writer *w, const struct wb_segment *s)
{
    wb_jw_key(w, "aws");
    wb_jw_object(w);
    wb_jw_kstr(w, "account_id", s->account);
    wb_jw_kstr(w, "region", s->region);
    for (size_t i = 0; i < s->aws_count; i++) {
        if (!s->aws[i].value.p)
            continue;
        wb_jw_key_slice(w, s->aws[i].name);
        wb_jw_str(w, s->aws[i].value);
    }
    wb_jw_end_object(w);
}

struct wb_slice wb_segment_json(struct wb_arena *a, const struct wb_segment *s)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "name", s->name);
    wb_jw_kstr(&w, "id", s->id);
    wb_jw_kstr(&w, "trace_id", s->trace_id);
    if (s->parent_id.n)
        wb_jw_kstr(&w, "parent_id", s->parent_id);
    seconds(&w, "start_time", s->start_us);
    seconds(&w, "end_time", s->end_us < s->start_us ? s->start_us : s->end_us);
    if (s->origin)
        wb_jw_kcstr(&w, "origin", s->origin);
    else
        wb_jw_kcstr(&w, "type", "subsegment");
    wb_jw_kcstr(&w, "namespace", "aws");
    const struct {
        const char *name;
        bool set;
    } flag[] = {{"error", s->error}, {"fault", s->fault}, {"throttle", s->throttle}};
    for (size_t i = 0; i < sizeof flag / sizeof *flag; i++)
        if (flag[i].set)
            wb_jw_kbool(&w, flag[i].name, true);
    if (s->code)
        cause(&w, s);
    if (s->status)
        wb_jw_kraw(&w, "http", wb_printf(a, "{\"response\":{\"status\":%d}}", s->status));
    aws(&w, s);
    if (s->subsegments.n)
        wb_jw_kraw(&w, "subsegments", wb_printf(a, "[%.*s]", WB_FMT(s->subsegments)));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

void wb_put_segment(struct wb_tx *tx, const struct wb_segment *s)
{
    wb_put_span(tx, s->account, s->region, s->trace_id, s->id, wb_segment_json(tx->arena, s));
}

static bool is_throttle(const char *code)
{
    static const char *const codes[] = {"ThrottlingException",
                                        "Throttling",
                                        "ThrottledException",
                                        "ProvisionedThroughputExceededException",
                                        "RequestLimitExceeded",
                                        "TooManyRequestsException",
                                        "SlowDown"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

void wb_segment_failed(struct wb_segment *s, const char *code, struct wb_slice message, int status)
{
    s->code = code;
    s->message = wb_slice_sub(message, 0, MESSAGE_MAX);
    s->status = status;
    s->throttle = status == 429 || is_throttle(code);
    s->fault = status >= 500 && !s->throttle;
    s->error = !s->fault;
}

/* --- attempts --- */

void wb_put_failed_attempt(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice target,
                           uint32_t attempt, const struct wb_outcome *o)
{
    static const struct {
        const char *service, *name, *operation, *key;
    } kinds[] = {{"lambda", "Lambda", "Invoke", "function_name"},
                 {"sns", "SNS", "Publish", "topic_arn"},
                 {"sqs", "SQS", "SendMessage", "queue_url"},
                 {"events", "Events", "PutEvents", "event_bus_name"}};
    struct wb_trace t;
    struct wb_arn arn;
    if (!ctx->trace.n || !wb_trace_parse(ctx->trace, &t) || !t.sampled || !t.parent.n ||
        !wb_arn_parse(target, &arn))
        return;
    struct wb_slice last = wb_slice_last(wb_slice_last(arn.resource, '/'), ':');
    struct wb_pair block[] = {
        {WB_S("operation"), WB_SLICE_NULL},
        {WB_S("resource_arn"), target},
        {WB_S("retries"), wb_printf(tx->arena, "%u", attempt ? attempt - 1 : 0)},
        {WB_S("resource_name"), last}};
    struct wb_segment s = {.account = ctx->account,
                           .region = ctx->region,
                           .trace_id = t.root,
                           .parent_id = t.parent,
                           .id = wb_id_hex(tx->arena, wb_engine_seam(tx->engine), 16),
                           .name = arn.service,
                           .start_us = tx->now_ms * 1000,
                           .end_us = tx->now_ms * 1000,
                           .aws = block,
                           .aws_count = sizeof block / sizeof *block};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!wb_slice_is(arn.service, kinds[i].service))
            continue;
        s.name = wb_slice_str(kinds[i].name);
        block[0].value = wb_slice_str(kinds[i].operation);
        block[3].name = wb_slice_str(kinds[i].key);
        if (wb_slice_is(arn.service, "sns"))
            block[3].value = target;
    }
    wb_segment_failed(&s, o->code ? o->code : "FAILED", o->message, 0);
    s.throttle = o->kind == WB_BUSY;
    wb_put_segment(tx, &s);
}
