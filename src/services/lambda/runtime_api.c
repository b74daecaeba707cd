/*
 * The Runtime API (Developer Guide, "Lambda runtime API"), one address for each environment:
 *
 *   GET  /2018-06-01/runtime/invocation/next
 *   POST /2018-06-01/runtime/invocation/{id}/response
 *   POST /2018-06-01/runtime/invocation/{id}/error
 *   POST /2018-06-01/runtime/init/error
 *
 * and, as the X-Ray daemon would, POST /GetSamplingRules and /SamplingTargets.
 *
 * All functions share the machine's loopback, so each request's connection must belong to the
 * environment's own processes: the kernel is asked. A neighbour gets 403, whatever it knows.
 */
#include "services/lambda/fleet.h"

#include "codec/text.h"
#include "net/http_server.h"
#include <stdio.h>

#define PREFIX "/2018-06-01/runtime/"

static void answer(struct wb_http_exchange *x, int status, const char *type, const char *message)
{
    struct wb_slice body = WB_S("{\"status\":\"OK\"}\n");
    if (type)
        body =
            wb_printf(x->arena, "{\"errorMessage\":\"%s\",\"errorType\":\"%s\"}\n", message, type);
    wb_http_respond(x, &(struct wb_http_answer){.status = status,
                                                .content_type = WB_S("application/json"),
                                                .body = body,
                                                .close = status == 413});
}

/* --- what is asked --- */

enum route { NEXT, RESPONSE, ERROR, INIT_ERROR, UNKNOWN };

static enum route route_of(const struct wb_http_exchange *x, struct wb_slice *id)
{
    struct wb_slice p = x->path;
    bool post = wb_slice_is(x->method, "POST");
    if (!wb_slice_starts(p, WB_S(PREFIX)))
        return UNKNOWN;
    p = wb_slice_sub(p, sizeof PREFIX - 1, p.n);
    if (wb_slice_is(p, "init/error"))
        return post ? INIT_ERROR : UNKNOWN;
    if (wb_slice_is(p, "invocation/next"))
        return wb_slice_is(x->method, "GET") ? NEXT : UNKNOWN;
    if (!post || !wb_slice_starts(p, WB_S("invocation/")))
        return UNKNOWN;
    p = wb_slice_sub(p, 11, p.n);
    *id = wb_slice_cut(&p, '/');
    return wb_slice_is(p, "response") ? RESPONSE : wb_slice_is(p, "error") ? ERROR : UNKNOWN;
}

/* Does the request come from a process of this environment? Looked up once a connection: the search
 * through /proc costs more than the request. */
static bool is_own(struct env *e, const struct wb_http_exchange *x)
{
    unsigned a, b, c, d;
    uint32_t from;
    if (x->connection == e->own_connection)
        return true;
    if (sscanf(x->peer, "%u.%u.%u.%u", &a, &b, &c, &d) != 4)
        return false;
    from = a << 24 | b << 16 | c << 8 | d;
    if (!e->process || !wb_process_owns_tcp(e->process, e->address, (uint16_t)e->port, from,
                                            (uint16_t)x->peer_port))
        return false;
    e->own_connection = x->connection;
    return true;
}

/* --- next --- */

static void next_gone(struct wb_http_exchange *x)
{
    struct env *e = x->server_user;
    if (e->next == x)
        e->next = NULL;
    x->on_gone = NULL;
    wb_http_respond(x, &(struct wb_http_answer){.status = 503, .close = true});
    if (e->state == ENV_IDLE)
        env_kill(e); /* it no longer asks for work */
}

static void next(struct env *e, struct wb_http_exchange *x)
{
    if (e->state == ENV_BUSY || e->state == ENV_DYING || e->next) {
        answer(x, 403, "InvalidStateTransition", "State transition is not allowed");
        return;
    }
    e->next = x;
    x->on_gone = next_gone;
    env_ready(e);
}

void env_respond_next(struct env *e, struct invocation *v)
{
    struct wb_http_exchange *x = e->next;
    struct wb_seam *seam = wb_engine_seam(e->l->e);
    int64_t deadline = seam->wall_ms(seam) + e->f->timeout_s * 1000;
    struct wb_pair h[6] = {
        {WB_S("Lambda-Runtime-Aws-Request-Id"), v->id},
        {WB_S("Lambda-Runtime-Deadline-Ms"), wb_printf(x->arena, "%lld", (long long)deadline)},
        {WB_S("Lambda-Runtime-Invoked-Function-Arn"), v->arn},
    };
    size_t n = 3;
    if (v->trace.n)
        h[n++] = (struct wb_pair){WB_S("Lambda-Runtime-Trace-Id"), v->trace};
    if (v->client_context.n)
        h[n++] = (struct wb_pair){WB_S("Lambda-Runtime-Client-Context"), v->client_context};
    e->next = NULL;
    x->on_gone = NULL;
    wb_http_respond(x, &(struct wb_http_answer){.status = 200,
                                                .content_type = WB_S("application/json"),
                                                .header = h,
                                                .header_count = n,
                                                .body = v->payload});
}

/* --- answers --- */

static struct wb_slice too_large_body(struct wb_arena *a, struct wb_slice id)
{
    return wb_printf(a,
                     "{\"errorType\":\"Function.ResponseSizeTooLarge\",\"errorMessage\":\"Response "
                     "payload size exceeded maximum allowed payload size (%d bytes).\"}",
                     WB_LAMBDA_ANSWER_MAX);
}

static bool is_current(struct env *e, struct wb_slice id)
{
    return e->state == ENV_BUSY && e->v && wb_slice_eq(e->v->id, id);
}

/* The errorType of an error document. */
static struct wb_slice type_in(struct wb_http_exchange *x)
{
    struct wb_slice t =
        wb_json_get_str(wb_json_read(x->arena, x->body, NULL), "errorType", x->arena);
    if (!t.n)
        t = wb_http_header(x, "Lambda-Runtime-Function-Error-Type");
    return t.n ? t : WB_S("Unhandled");
}

static int64_t on_head(struct wb_http_exchange *x)
{
    struct env *e = x->server_user;
    struct wb_slice id = WB_SLICE_NULL, length = wb_http_header(x, "Content-Length");
    int64_t n = 0;
    switch (route_of(x, &id)) {
    case RESPONSE:
    case ERROR:
        if (!wb_slice_i64(length, &n) || n <= WB_LAMBDA_ANSWER_MAX)
            return WB_LAMBDA_ANSWER_MAX;
        if (!is_own(e, x) || !is_current(e, id)) {
            answer(x, 400, "InvalidRequestID", "Invalid request ID");
            return -1;
        }
        answer(x, 413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size");
        env_answered(e, LAMBDA_FUNCTION_ERROR, WB_S("Function.ResponseSizeTooLarge"),
                     too_large_body(e->v->arena, id));
        return -1;
    case INIT_ERROR:
        return 256 << 10;
    default:
        return 64 << 10;
    }
}

static void init_error(struct env *e, struct wb_http_exchange *x)
{
    if (e->state != ENV_STARTING) {
        answer(x, 403, "InvalidStateTransition", "State transition is not allowed");
        return;
    }
    e->init_failed = true;
    e->init_error = wb_dup(&e->arena, x->body);
    e->init_error_type = wb_dup(&e->arena, type_in(x));
    answer(x, 202, NULL, NULL);
    /* The runtime exits by itself; one that does not is ended. */
    wb_timer_start(e->deadline, 1000);
}

static void on_request(struct wb_http_exchange *x)
{
    struct env *e = x->server_user;
    struct wb_slice id = WB_SLICE_NULL;
    enum route r = route_of(x, &id);
    if (r == UNKNOWN) {
        if (is_own(e, x) && wb_span_port_ask(e->spans, x))
            return;
        answer(x, 404, "NotFound", "No such resource");
    } else if (!is_own(e, x)) {
        answer(x, 403, "Forbidden", "This is not your environment");
    } else if (r == NEXT) {
        next(e, x);
    } else if (r == INIT_ERROR) {
        init_error(e, x);
    } else if (!is_current(e, id)) {
        answer(x, 400, "InvalidRequestID", "Invalid request ID");
    } else if (r == RESPONSE) {
        env_answered(e, LAMBDA_OK, WB_SLICE_NULL, x->body);
        answer(x, 202, NULL, NULL);
    } else {
        env_answered(e, LAMBDA_FUNCTION_ERROR, type_in(x), x->body);
        answer(x, 202, NULL, NULL);
    }
}

/* An address of its own in 127/8, so that the port is not the only thing to guess and no two
 * environments share a place. */
static bool has_worked_for(void *user, struct wb_slice trace_id)
{
    const struct env *e = user;
    for (unsigned i = 0; i < e->sampled_count && i < WB_TRACE_PORT_TRACES; i++)
        if (wb_slice_is(trace_id, e->sampled[i]))
            return true;
    return false;
}

/* Who sends a datagram cannot be asked of the kernel as with a connection. But a neighbour does not
 * know the ids of the traces this environment works for, and only segments of those are taken. */
void env_serve_spans(struct env *e, struct wb_arena *a)
{
    struct wb_slice why;
    const char *host = wb_printf(a, "%u.%u.%u.%u", e->address >> 24, e->address >> 16 & 255,
                                 e->address >> 8 & 255, e->address & 255)
                           .p;
    struct wb_span_port_options o = {
        .host = host,
        .port = e->port,
        .who = {.principal = e->principal, .account = e->f->account, .region = e->f->region},
        .wanted = has_worked_for,
        .user = e};
    e->spans = wb_span_port_new(e->l->e, e->l->loop, &o, a, &why);
}

bool env_serve(struct env *e, struct wb_arena *a, struct wb_slice *why)
{
    struct wb_seam *seam = wb_engine_seam(e->l->e);
    struct wb_http_server_options o = {.user = e, .on_head = on_head, .on_request = on_request};
    for (int tries = 0; tries < 4 && !e->server; tries++) {
        uint8_t r[3];
        seam->random(seam, r, sizeof r);
        e->address =
            127u << 24 | (uint32_t)(1 + r[0] % 250) << 16 | (uint32_t)r[1] << 8 | (1 + r[2] % 250u);
        o.host = wb_printf(a, "127.%u.%u.%u", e->address >> 16 & 255, e->address >> 8 & 255,
                           e->address & 255)
                     .p;
        e->server = wb_http_server_new(e->l->loop, &o, a, why);
    }
    if (!e->server)
        return false;
    e->port = wb_http_server_port(e->server);
    return true;
}
