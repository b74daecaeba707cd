/*
 * Asynchronous invocations: rows of the work queue, one queue a function. What Lambda does with
 * them (Developer Guide, "Asynchronous invocation"): a function error is tried again after one and
 * after two more minutes; throttles and system errors put the event back with a growing pause and
 * do not count; after six hours, or when all tries have failed, AWS drops it. Here it becomes a
 * dead row.
 */
#include "services/lambda/fleet.h"

#include "base/ids.h"
#include "engine/work.h"

static const int64_t delays[] = {60000, 120000};
static const struct wb_schedule schedule = {.delay_ms = delays,
                                            .delay_count = 2,
                                            .base_ms = 120000,
                                            .cap_ms = 120000,
                                            .attempts_max = 3,
                                            .age_max_ms = WB_LAMBDA_ASYNC_AGE_MS};

void lambda_enqueue(struct wb_tx *tx, const struct lambda_function *f, const struct wb_ctx *ctx,
                    struct wb_slice payload, struct wb_slice payload_key,
                    struct wb_slice client_context, int64_t first_ms)
{
    struct wb_pair dims[2] = {{WB_S("FunctionName"), f->name}, {WB_S("Resource"), f->name}};
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    if (client_context.n)
        wb_jw_kstr(&w, "clientContext", client_context);
    wb_jw_end_object(&w);
    struct wb_work row = {.target = f->arn,
                          .executor = "lambda.invoke",
                          .due_ms = tx->now_ms,
                          .first_ms = first_ms ? first_ms : tx->now_ms,
                          .meta = wb_buf_slice(&meta)};
    if (ctx)
        row.ctx = *ctx;
    row.ctx.depth++;
    row.ctx.account = f->account;
    row.ctx.region = f->region;
    /* An Invoke's request id is the caller's; a delivery is an invocation of its own. */
    if (!row.ctx.request_id.n || payload_key.n || ctx == NULL || ctx->depth > 0)
        row.ctx.request_id = wb_id_uuid(tx->arena, wb_engine_seam(tx->engine));
    if (payload_key.n)
        row.payload_key = payload_key;
    else
        row.payload = payload;
    wb_work_add(tx, &row);
    for (size_t n = 0; n < 3; n++)
        wb_put_metric(tx, f->account, f->region, "AWS/Lambda", "AsyncEventsReceived", dims, n, 1,
                      "Count");
}

/* Called with a snapshot right before start, on the same thread: finds the function and its code,
 * which start has no transaction for. */
static bool load(struct wb_tx *tx, struct wb_work *w)
{
    struct lambda *l = wb_engine_get(tx->engine, "lambda");
    struct lambda_ref r;
    struct wb_slice why;
    l->loaded = NULL;
    l->load_failed = false;
    if (!lambda_ref_parse(w->target, &w->ctx, &r))
        return true;
    const struct lambda_function *f = lambda_function_find(tx, r.account, r.region, r.name);
    if (!f)
        return true;
    l->load_failed = !lambda_code_ensure(tx, f, &why);
    l->loaded = f;
    wb_def_hold(f);
    return true;
}

struct async_run {
    struct invocation v;
    struct wb_task *task;
    struct wb_outcome outcome;
};

static struct wb_slice message_of(struct invocation *v)
{
    struct wb_slice m =
        wb_json_get_str(wb_json_read(v->arena, v->answer, NULL), "errorMessage", v->arena);
    return m.n ? m : v->answer;
}

/* Grows while the function stays throttled; the queue is the function's, so it pauses as one. */
static int64_t pause_ms(struct lambda *l, struct wb_slice arn)
{
    struct queue *q = lambda_queue(l, arn, true);
    q->pause_ms = q->pause_ms ? q->pause_ms * 2 : WB_LAMBDA_THROTTLE_MS;
    if (q->pause_ms > WB_LAMBDA_THROTTLE_MAX_MS)
        q->pause_ms = WB_LAMBDA_THROTTLE_MAX_MS;
    return q->pause_ms;
}

static void async_done(struct invocation *v)
{
    struct async_run *run = WB_CONTAINER(v, struct async_run, v);
    struct wb_task *t = run->task;
    struct wb_outcome *o = &run->outcome;
    *o = (struct wb_outcome){.kind = WB_DONE, .result = v, .trace = v->trace_next};
    struct queue *q = lambda_queue(v->l, v->f->arn, false);
    switch (v->result) {
    case LAMBDA_OK:
        if (q)
            q->pause_ms = 0;
        break;
    case LAMBDA_FUNCTION_ERROR:
        if (q)
            q->pause_ms = 0;
        o->kind = WB_RETRY;
        o->code = "FunctionError";
        o->message = message_of(v);
        break;
    case LAMBDA_THROTTLED:
    case LAMBDA_SYSTEM_ERROR:
        o->kind = WB_BUSY;
        o->code = v->code ? v->code : "ServiceException";
        o->message = v->answer;
        o->after_ms = pause_ms(v->l, v->f->arn);
        break;
    }
    wb_task_finish(t, o);
}

static void refuse(struct wb_task *t, const char *code, const char *message)
{
    struct wb_outcome o = {.kind = WB_PERMANENT, .code = code, .message = wb_slice_str(message)};
    wb_task_finish(t, &o);
}

static void start(struct wb_task *t)
{
    struct wb_engine *e = wb_task_engine(t);
    struct lambda *l = wb_engine_get(e, "lambda");
    const struct wb_work *w = wb_task_work(t);
    const struct lambda_function *f = l->loaded;
    l->loaded = NULL;
    if (!f) {
        refuse(t, "ResourceNotFoundException", "The function was deleted.");
        return;
    }
    struct async_run *run = wb_new(wb_task_arena(t), struct async_run);
    struct invocation *v = &run->v;
    run->task = t;
    wb_list_init(&v->link);
    v->l = l;
    v->arena = wb_task_arena(t);
    v->f = f;
    v->id = w->ctx.request_id;
    v->payload = w->payload;
    v->client_context =
        wb_json_get_str(wb_json_read(v->arena, w->meta, NULL), "clientContext", v->arena);
    v->trace = w->ctx.trace;
    v->arn = f->arn;
    v->async_age_ms = wb_engine_now(e) - w->first_ms;
    v->attempt = w->attempts + 1;
    v->done = async_done;
    const struct wb_config *config = wb_engine_config(e);
    if (f->reserved == 0) {
        v->report.throttled = true;
        v->result = LAMBDA_THROTTLED;
        struct wb_outcome o = {.kind = WB_PERMANENT,
                               .code = "ZeroReservedConcurrency",
                               .message = WB_S("The function's reserved concurrency is 0."),
                               .result = v};
        wb_task_finish(t, &o);
    } else if (l->load_failed || (config->sandbox && !wb_sandbox_usable(&l->caps))) {
        lambda_finish(v, LAMBDA_SYSTEM_ERROR, "ServiceException",
                      WB_S("The function cannot be started on this machine now."));
    } else {
        lambda_submit(v);
    }
}

static void apply(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o, bool last)
{
    struct lambda_report none = {.async_age_ms = -1};
    struct invocation *v = o->result;
    struct lambda_report r = v ? v->report : none;
    bool good = o->kind == WB_DONE || o->kind == WB_ACCEPTED;
    struct lambda_ref ref;
    if (!lambda_ref_parse(w->target, &w->ctx, &ref))
        return;
    struct lambda_function name = {.account = ref.account, .region = ref.region, .name = ref.name};
    r.dropped = last && !good;
    lambda_report_write(tx, v ? v->f : &name, &r);
    /* The definition is held for the report; the command may run again, so it is let go after it.
     */
    if (v)
        wb_tx_after(tx, lambda_let_go, (void *)v->f);
}

const struct wb_executor lambda_executor = {.name = "lambda.invoke",
                                            .schedule = &schedule,
                                            .limit = lambda_limit,
                                            .load = load,
                                            .start = start,
                                            .apply = apply};
