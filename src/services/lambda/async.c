/*
 * Asynchronous invocations: rows of the work queue, one queue a function. What Lambda does with
 * them (Developer Guide, "Asynchronous invocation"): a function error is tried again after one and
 * after two more minutes; throttles and system errors put the event back with a growing pause and
 * do not count; after six hours, or when all tries have failed, AWS drops it. Here it becomes a
 * dead row, besides what the function's dead-letter topic gets.
 */
#include "services/lambda/fleet.h"

#include "base/arn.h"
#include "base/ids.h"
#include "base/utf8.h"
#include "engine/deliver.h"
#include "engine/identity.h"

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
    lambda_put(tx, f, "AsyncEventsReceived", 1, "Count");
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

/* --- the dead-letter queue (Developer Guide, "Dead-letter queues") --- */

#define WHY_MAX 1024 /* of ErrorMessage */

/* AWS's ErrorCode is a status. */
static int status_of(const struct wb_outcome *o)
{
    if (!o->code || strcmp(o->code, "FunctionError") == 0)
        return 200;
    return strcmp(o->code, "ZeroReservedConcurrency") == 0 ? 429 : 500;
}

static void put_attribute(struct wb_json_writer *w, const char *name, const char *type,
                          struct wb_slice value)
{
    wb_jw_key(w, name);
    wb_jw_object(w);
    wb_jw_kcstr(w, "DataType", type);
    wb_jw_kstr(w, "StringValue", value);
    wb_jw_end_object(w);
}

/* Publish's input: the event itself, and what became of it. */
static struct wb_slice dead_letter_message(struct wb_tx *tx, const struct lambda_function *f,
                                           const struct wb_work *w, const struct wb_outcome *o)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer j;
    struct wb_slice event = w->payload, row, why = wb_slice_sub(o->message, 0, WHY_MAX);
    ptrdiff_t cut = wb_utf8_check(why);
    if (w->payload_key.n && wb_tx_get(tx, w->payload_key, &row))
        event = row;
    wb_jw_init(&j, &b);
    wb_jw_object(&j);
    wb_jw_kstr(&j, "TopicArn", f->dead_letter);
    wb_jw_kstr(&j, "Message", event);
    wb_jw_key(&j, "MessageAttributes");
    wb_jw_object(&j);
    put_attribute(&j, "RequestID", "String", w->ctx.request_id);
    put_attribute(&j, "ErrorCode", "Number", wb_printf(tx->arena, "%d", status_of(o)));
    if (why.n)
        put_attribute(&j, "ErrorMessage", "String",
                      cut < 0 ? why : wb_slice_sub(why, 0, (size_t)cut));
    wb_jw_end_object(&j);
    wb_jw_end_object(&j);
    return wb_buf_slice(&b);
}

/* With the rights of the function's role; in a trace, below what tells of the attempts. */
static bool dead_letter_sent(struct wb_tx *tx, const struct lambda_function *f,
                             const struct wb_work *w, const struct wb_outcome *o,
                             const struct lambda_report *r)
{
    struct wb_ctx ctx = w->ctx;
    struct wb_arn arn;
    struct wb_slice answer;
    struct wb_error why;
    const struct wb_identity *role = wb_identity_by_arn(tx, f->role);
    if (!wb_arn_parse(f->dead_letter, &arn) || !wb_slice_is(arn.service, "sns"))
        return false; /* there are no queues here */
    if (role && wb_role_trusts(tx, f->role, "lambda.amazonaws.com", f->arn))
        ctx.principal = wb_role_principal(tx->arena, role, f->name);
    else if (wb_engine_config(tx->engine)->auth)
        return false;
    ctx.depth++;
    if (r->traced)
        ctx.trace = wb_trace_header(tx->arena, r->segment[0].trace_id, r->segment[0].id, true,
                                    w->ctx.trace);
    return wb_call_service(tx, &ctx, "sns", "Publish", dead_letter_message(tx, f, w, o), &answer,
                           &why);
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
    const struct lambda_function *f =
        r.dropped ? lambda_function_find(tx, ref.account, ref.region, ref.name) : NULL;
    if (f && f->dead_letter.n && !dead_letter_sent(tx, f, w, o, &r))
        lambda_put(tx, f, "DeadLetterErrors", 1, "Count");
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
