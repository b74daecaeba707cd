/*
 * Invoke. The call starts on a front's loop; a synchronous one travels to the dispatcher's thread,
 * waits for an environment, and its outcome (log lines, metrics) is committed before the caller
 * gets the answer. An asynchronous one is a work row: 202 means that the row is durable.
 */
#include "services/lambda/fleet.h"

#include "base/ids.h"
#include "codec/text.h"
#include <stdlib.h>

/* --- the answer --- */

struct sync_call {
    struct invocation v;
    struct wb_arena arena;
    struct wb_call *call;
    bool tail;
};

static void write_outcome(struct wb_command *c, struct wb_tx *tx)
{
    struct invocation *v = WB_CONTAINER(c, struct invocation, command);
    lambda_report_write(tx, v->f, &v->report);
}

static void fill_answer(struct wb_call *c, struct sync_call *s)
{
    struct invocation *v = &s->v;
    switch (v->result) {
    case LAMBDA_OK:
    case LAMBDA_FUNCTION_ERROR:
        c->status = 200;
        c->raw_answer = v->answer.n ? wb_dup(c->arena, v->answer) : WB_S("");
        wb_call_header(c, "X-Amz-Executed-Version", WB_S("$LATEST"));
        if (v->result == LAMBDA_FUNCTION_ERROR)
            wb_call_header(c, "X-Amz-Function-Error", WB_S("Unhandled"));
        if (s->tail)
            wb_call_header(c, "X-Amz-Log-Result", wb_base64_encode(c->arena, v->tail));
        if (v->trace.n)
            wb_call_header(c, "X-Amzn-Trace-Id", wb_dup(c->arena, v->trace));
        wb_call_header(c, "Content-Type", WB_S("application/json"));
        break;
    case LAMBDA_THROTTLED:
        wb_fail(c, "TooManyRequestsException", 429, "Rate Exceeded.");
        c->error.extra =
            wb_printf(c->arena, "\"Reason\":\"%s\",\"Type\":\"User\"", v->code ? v->code : "");
        wb_call_header(c, "Retry-After", WB_S("1"));
        break;
    case LAMBDA_SYSTEM_ERROR:
        if (strcmp(v->code, LAMBDA_ROLE_CODE) == 0)
            lambda_fail(c, LAMBDA_ROLE_CODE, 403, "User", "%.*s", WB_FMT(v->answer));
        else
            lambda_fail(c, "ServiceException", 500, "Service", "%.*s", WB_FMT(v->answer));
        break;
    }
}

static void written(struct wb_command *cmd, enum wb_commit result)
{
    struct invocation *v = WB_CONTAINER(cmd, struct invocation, command);
    struct sync_call *s = WB_CONTAINER(v, struct sync_call, v);
    struct wb_call *c = s->call;
    fill_answer(c, s);
    c->traced = v->report.traced;
    wb_def_let_go(v->l->e, v->f);
    wb_arena_release(&s->arena);
    free(s);
    wb_call_finish(c);
}

static void sync_done(struct invocation *v)
{
    struct lambda *l = v->l;
    if (v->report.throttled)
        lambda_count(l, v->f, "Throttles", 1);
    if (!v->report.ran) {
        written(&v->command, WB_COMMITTED);
        return;
    }
    v->command = (struct wb_command){.lane = WB_LANE_INSIDE, .run = write_outcome, .done = written};
    wb_submit(l->e, &v->command);
}

static void arrive(struct wb_post *p)
{
    lambda_submit(WB_CONTAINER(p, struct invocation, post));
}

static void invoke_sync(struct wb_call *c, const struct lambda_function *f, struct wb_slice payload,
                        struct wb_slice context)
{
    struct lambda *l = wb_engine_get(c->engine, "lambda");
    struct sync_call *s = wb_xcalloc(1, sizeof *s);
    struct invocation *v = &s->v;
    wb_arena_init(&s->arena, 4096);
    s->call = c;
    s->tail = wb_slice_is(wb_in_str(c, "LogType"), "Tail");
    wb_list_init(&v->link);
    v->l = l;
    v->arena = &s->arena;
    v->f = f;
    wb_def_hold(f);
    v->id = wb_dup(v->arena, c->ctx.request_id);
    v->payload = wb_dup(v->arena, payload);
    v->client_context = wb_dup(v->arena, context);
    v->trace = c->ctx.trace.n ? wb_dup(v->arena, c->ctx.trace) : WB_SLICE_NULL;
    v->arn = f->arn;
    v->waits = true;
    v->async_age_ms = -1;
    v->done = sync_done;
    v->post.run = arrive;
    wb_loop_post(l->loop, &v->post);
}

/* --- Event --- */

struct event_call {
    struct wb_command command;
    struct wb_arena arena;
    struct wb_call *call;
    const struct lambda_function *f;
    struct wb_slice payload, context;
};

static void event_run(struct wb_command *cmd, struct wb_tx *tx)
{
    struct event_call *s = WB_CONTAINER(cmd, struct event_call, command);
    lambda_enqueue(tx, s->f, &s->call->ctx, s->payload, WB_SLICE_NULL, s->context, tx->now_ms);
    s->call->traced = s->f->tracing;
}

static void event_done(struct wb_command *cmd, enum wb_commit result)
{
    struct event_call *s = WB_CONTAINER(cmd, struct event_call, command);
    struct wb_call *c = s->call;
    if (result == WB_COMMITTED) {
        c->status = 202;
        c->raw_answer = WB_S("");
    } else if (result == WB_REFUSED_FULL) {
        wb_fail(c, "TooManyRequestsException", 503, "The disk is nearly full.");
    } else {
        lambda_fail(c, "ServiceException", 500, "Service", "The event could not be stored.");
    }
    wb_def_let_go(c->engine, s->f);
    free(s);
    wb_call_finish(c);
}

static void invoke_event(struct wb_call *c, const struct lambda_function *f,
                         struct wb_slice payload, struct wb_slice context)
{
    struct event_call *s = wb_xcalloc(1, sizeof *s);
    s->call = c;
    s->f = f;
    wb_def_hold(f);
    s->payload = payload;
    s->context = context;
    s->command = (struct wb_command){.lane = WB_LANE_CLIENT, .run = event_run, .done = event_done};
    if (wb_submit(c->engine, &s->command))
        return;
    wb_def_let_go(c->engine, f);
    free(s);
    wb_fail(c, "TooManyRequestsException", 429, "Rate Exceeded.");
    wb_call_finish(c);
}

/* --- the operation --- */

static bool payload_ok(struct wb_call *c, struct wb_slice payload, bool event)
{
    struct wb_json_doc doc;
    struct wb_json_error err;
    size_t max = event ? WB_LAMBDA_ASYNC_MAX : WB_LAMBDA_PAYLOAD_MAX;
    if (payload.n > max) {
        lambda_fail(c, "RequestTooLargeException", 413, "User",
                    "Request must be smaller than %zu bytes for the InvokeFunction operation", max);
        return false;
    }
    if (!wb_json_parse(&doc, c->arena, payload, 0, &err)) {
        lambda_fail(c, "InvalidRequestContentException", 400, "User",
                    "Could not parse request body into json: %s at byte %zu", err.reason,
                    err.offset);
        return false;
    }
    return true;
}

/* X-Amz-Client-Context is base64 of JSON; the runtime gets the JSON. */
static bool context_of(struct wb_call *c, struct wb_slice *out)
{
    struct wb_slice s = wb_in_str(c, "ClientContext");
    *out = WB_SLICE_NULL;
    if (!s.n)
        return true;
    if (wb_base64_decode(c->arena, s, out) && wb_json_is(wb_json_read(c->arena, *out, NULL)) &&
        wb_slice_chr(*out, '\n', 0) < 0)
        return true;
    lambda_fail(c, "InvalidRequestContentException", 400, "User",
                "Client context must be a valid Base64-encoded JSON object.");
    return false;
}

void lambda_invoke(struct wb_call *c)
{
    const struct wb_config *config = wb_engine_config(c->engine);
    struct lambda *l = wb_engine_get(c->engine, "lambda");
    const struct lambda_function *f = lambda_function_of(c);
    struct wb_slice type = wb_in_str(c, "InvocationType"), context, why;
    struct wb_slice payload = c->payload.n ? c->payload : WB_S("{}");
    bool event = wb_slice_is(type, "Event");
    if (f && config->sandbox && !wb_sandbox_usable(&l->caps))
        lambda_fail(c, "ServiceException", 500, "Service",
                    "This machine offers neither Landlock nor mount namespaces, so functions are "
                    "not run. Start the server with --sandbox off to run them unconfined.");
    if (!f || wb_failed(c) || !payload_ok(c, payload, event) || !context_of(c, &context)) {
        wb_call_finish(c);
    } else if (wb_slice_is(type, "DryRun")) {
        c->status = 204;
        c->raw_answer = WB_S("");
        wb_call_finish(c);
    } else if (event) {
        invoke_event(c, f, payload, context);
    } else if (!lambda_code_ensure(c->tx, f, &why)) {
        lambda_fail(c, "ServiceException", 500, "Service", "The function cannot be started: %.*s",
                    WB_FMT(why));
        wb_call_finish(c);
    } else {
        invoke_sync(c, f, payload, context);
    }
}

/*
 * InvokeAsync, the older operation: the same as an Event, but a plain write, so that another
 * service can call it inside its own transaction. It asks for the permission to invoke, not for
 * one of its own: nobody shall get round a policy by the other name.
 */
void lambda_invoke_async(struct wb_call *c)
{
    const struct lambda_function *f = lambda_function_of(c);
    struct wb_slice payload = c->payload.n ? c->payload : WB_S("{}");
    if (!f || wb_failed(c) || !payload_ok(c, payload, true))
        return;
    lambda_enqueue(c->tx, f, &c->ctx, payload, WB_SLICE_NULL, WB_SLICE_NULL, c->tx->now_ms);
    c->traced = f->tracing;
}
