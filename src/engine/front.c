/*
 * The front: from an HTTP exchange to an operation and back, on one loop.
 *
 * It is the larger half of a request's cost. Everything of a request lives in the exchange's arena;
 * the loop's read transaction is renewed for a request that reads and reset after it; counters are
 * plain numbers of this loop that are added to the engine's once a second.
 */
#include "engine/front.h"
#include "base/ids.h"
#include "codec/zip.h"
#include "engine/identity.h"
#include "engine/sums.h"
#include <stdlib.h>

/* --- the loop's snapshot --- */

bool wb_front_snapshot(struct request *r)
{
    struct wb_front *f = r->front;
    if (r->snapshot)
        return true;
    enum wb_store_status s =
        f->txn ? wb_txn_renew(f->txn) : wb_txn_begin(f->engine->store, false, &f->txn);
    if (s != WB_STORE_OK) {
        wb_log(WB_LOG_ERROR, "store", "no snapshot", "why", wb_store_why(f->engine->store), NULL);
        wb_fail_internal(&r->call);
        return false;
    }
    wb_tx_snapshot(&r->tx, &r->ext, f->engine, f->txn, r->call.arena);
    r->snapshot = true;
    return true;
}

void wb_front_snapshot_end(struct request *r)
{
    if (r->snapshot || r->held)
        wb_tx_release(&r->tx);
    if (r->snapshot)
        wb_txn_reset(r->front->txn);
    r->snapshot = r->held = false;
}

/* --- answers --- */

static void page_answer(struct request *r, struct wb_http_answer *a)
{
    struct wb_call *c = &r->call;
    struct wb_pair *header = wb_new_n(c->arena, struct wb_pair, c->header_count);
    *a = (struct wb_http_answer){.status = c->status ? c->status : 200,
                                 .content_type = WB_S("text/plain; charset=utf-8"),
                                 .header = header,
                                 .body = c->raw_answer};
    for (size_t i = 0; i < c->header_count; i++) {
        if (wb_slice_ieq(c->header[i].name, WB_S("Content-Type")))
            a->content_type = c->header[i].value;
        else
            header[a->header_count++] = c->header[i];
    }
    if (wb_failed(c)) {
        a->status = c->error.status ? c->error.status : 400;
        a->body = wb_printf(c->arena, "%.*s\n", WB_FMT(c->error.message));
        a->content_type = WB_S("text/plain; charset=utf-8");
    }
}

void wb_front_finish(struct request *r)
{
    struct wb_http_answer a;
    atomic_fetch_sub_explicit(&r->front->open, 1, memory_order_relaxed);
    wb_front_snapshot_end(r);
    wb_front_count(r);
    if (r->segment)
        wb_front_trace_end(r);
    int64_t size = wb_failed(&r->call) ? 0 : wb_front_pieces_size(&r->call);
    struct wb_download *pieces = NULL;
    if (size && !wb_slice_is(r->x->method, "HEAD"))
        pieces = wb_front_pieces_begin(r);
    if (r->page)
        page_answer(r, &a);
    else
        wb_protocol_answer(&r->call, &a);
    a.stream = wb_failed(&r->call) ? 0 : size;
    if (r->upload)
        wb_front_upload_end(r);
    if (wb_failed(&r->call))
        wb_front_stream_drop(r);
    if (r->call.stream)
        wb_front_stream_begin(r, &a);
    else if (pieces) /* r is gone afterwards */
        wb_front_pieces_answer(pieces, &a);
    else
        wb_http_respond(r->x, &a);
}

static void refuse(struct wb_http_exchange *x, int status, struct wb_slice text)
{
    struct wb_http_answer a = {.status = status,
                               .content_type = WB_S("text/plain; charset=utf-8"),
                               .close = status == 503,
                               .body = text};
    wb_http_respond(x, &a);
}

/* --- requests --- */

/* By the key's first letters, which the signature proves later. */
static bool from_function(const struct wb_http_exchange *x)
{
    return wb_slice_find(wb_http_header(x, "Authorization"), WB_S("Credential=ASIA"), 0) >= 0;
}

static struct request *request_new(struct wb_front *f, struct wb_http_exchange *x)
{
    struct request *r = wb_new(x->arena, struct request);
    struct wb_call *c = &r->call;
    atomic_fetch_add_explicit(&f->open, 1, memory_order_relaxed);
    r->front = f;
    r->x = x;
    r->began_ns = f->engine->seam->mono_ns(f->engine->seam);
    wb_list_init(&r->link);
    r->wire = (struct wb_sig_request){.method = x->method,
                                      .path = x->path,
                                      .query = x->query,
                                      .header = x->header,
                                      .header_count = x->header_count,
                                      .body = x->body};
    c->arena = x->arena;
    c->engine = f->engine;
    c->front = r;
    c->tls = x->tls;
    c->tls_version = x->tls_version;
    c->tls_cipher = x->tls_cipher;
    c->host = x->host;
    c->method = x->method;
    c->origin = wb_http_header(x, "Origin");
    c->ctx.source_ip = wb_slice_str(x->peer);
    c->ctx.user_agent = wb_http_header(x, "User-Agent");
    c->ctx.trace = wb_http_header(x, "X-Amzn-Trace-Id");
    return r;
}

/* Content-Encoding: gzip, unpacked within the body's limit. The signature is over the bytes as
 * they came. */
static bool unpack(struct request *r)
{
    struct wb_slice encoding = wb_http_header(r->x, "Content-Encoding");
    if (!wb_slice_ieq(encoding, WB_S("gzip")))
        return true;
    struct wb_slice plain;
    if (wb_gunzip(r->call.arena, r->wire.body, WB_GUNZIP_MAX, &plain)) {
        r->wire.body = plain;
        return true;
    }
    wb_fail(&r->call, "SerializationException", 400,
            "The request body is not valid gzip or is too large");
    return false;
}

/* Everything before the handler; false: the call has failed. */
static bool admit(struct request *r)
{
    struct wb_call *c = &r->call;
    struct wb_engine *e = r->front->engine;
    struct wb_signature *sig = wb_new(c->arena, struct wb_signature);
    struct wb_slice why = WB_SLICE_NULL;
    enum wb_sig_error s = wb_sigv4_parse(c->arena, &r->wire, sig, &why);
    c->signature = s == WB_SIG_OK ? sig : NULL;
    bool found = wb_protocol_route(e->services, c, &r->wire, c->signature);
    c->ctx.request_id = wb_protocol_request_id(c, &r->front->ids);
    if (found && c->op->form && !wb_protocol_form(c, &r->wire, sig, &s, &why))
        return false;
    if (!found || !wb_front_authenticate(r, s, sig, why))
        return false;
    if (c->ctx.trace.n)
        wb_front_trace_begin(r);
    if (c->protocol != WB_REST_XML ? !unpack(r)
                                   : !r->wire.body_later && !wb_sums_check(c, &r->wire))
        return false;
    if (!wb_protocol_decode(c, &r->wire))
        return false;
    wb_validate(c);
    if (wb_failed(c) || !wb_front_snapshot(r))
        return false;
    if (c->service->enter) {
        c->tx = &r->tx;
        c->service->enter(c);
        c->tx = NULL;
        c->header_kept = c->header_count;
    }
    if (!wb_failed(c))
        wb_call_authorize(c, &r->tx);
    return !wb_failed(c);
}

static bool for_door(const struct wb_engine *e, const struct wb_http_exchange *x)
{
    return e->door && wb_slice_is(x->method, "POST") &&
           wb_slice_starts(x->path, wb_slice_str(e->door->path));
}

/* A person with a browser, who wants to see the server and not an operation's answer. */
static bool wants_page(const struct wb_engine *e, const struct wb_http_exchange *x)
{
    return e->door && wb_slice_is(x->path, "/") && wb_slice_is(x->method, "GET") && !x->query.n &&
           !wb_http_header(x, "Authorization").p &&
           wb_slice_find(wb_http_header(x, "Accept"), WB_S("text/html"), 0) >= 0;
}

static void go_to_console(struct wb_http_exchange *x)
{
    struct wb_pair to = {WB_S("Location"), WB_S("/_waybill/console/")};
    struct wb_http_answer a = {.status = 302, .header = &to, .header_count = 1};
    wb_http_respond(x, &a);
}

/* What cannot be run is answered. */
static void refused(struct request *r)
{
    if (r->call.denial)
        wb_front_end(r);
    else
        wb_front_finish(r);
}

static bool on_blob_head(struct wb_front *f, struct wb_http_exchange *x)
{
    struct request *r = request_new(f, x);
    x->user = r;
    r->wire.body_later = true;
    bool ok = admit(r) && wb_front_upload_begin(r);
    if (!ok)
        refused(r);
    return ok;
}

static int64_t on_head(struct wb_http_exchange *x)
{
    struct wb_front *f = x->server_user;
    struct wb_sig_request q = {.method = x->method,
                               .path = x->path,
                               .query = x->query,
                               .header = x->header,
                               .header_count = x->header_count};
    if (!wb_front_trusted(f, x)) {
        refuse(x, 403,
               WB_S("This server runs with --auth off and answers only requests made to "
                    "its own address, not ones a foreign web page makes.\n"));
        return -1;
    }
    if (atomic_load_explicit(&f->engine->quiet, memory_order_relaxed) && !from_function(x)) {
        refuse(x, 503, WB_S("The server is stopping.\n"));
        return -1;
    }
    bool blob = false;
    int64_t max = wb_protocol_body_max(f->engine->services, x->arena, &q, &blob);
    if (!blob || wb_slice_starts(x->path, WB_S("/_waybill/")))
        return max;
    return on_blob_head(f, x) ? INT64_MAX : -1;
}

static void on_request(struct wb_http_exchange *x)
{
    struct wb_front *f = x->server_user;
    if (x->user) {
        wb_front_upload_whole(x->user);
        return;
    }
    if (wants_page(f->engine, x)) {
        go_to_console(x);
        return;
    }
    const struct wb_page *page = wb_page_find(f->engine, x->arena, x->method, x->path);
    bool door = for_door(f->engine, x);
    if (!page && !door && wb_slice_starts(x->path, WB_S("/_waybill/"))) {
        refuse(x, 404, WB_S("There is no such page.\n"));
        return;
    }
    struct request *r = request_new(f, x);
    r->page = page;
    if (r->page) {
        struct wb_ctx *ctx = &r->call.ctx;
        ctx->principal.type = WB_PRINCIPAL_ANONYMOUS;
        ctx->account = wb_slice_str(f->engine->config.account);
        ctx->region = wb_slice_str(f->engine->config.region);
        ctx->request_id = wb_id_uuid(x->arena, &f->ids);
        r->call.payload = x->body;
        wb_front_run_page(r);
        return;
    }
    if (door ? wb_front_admit_door(r) : admit(r))
        wb_front_run(r);
    else
        refused(r);
}

/* --- back-pressure --- */

static void on_room(struct wb_post *p)
{
    struct wb_front *f = WB_CONTAINER(p, struct wb_front, room);
    atomic_store(&f->room_posted, false);
    wb_front_waiting_go(f);
}

static void on_give_up(void *arg)
{
    wb_front_waiting_expire(arg);
}

static void on_held(void *arg)
{
    wb_front_held_expire(arg);
}

static void on_spans(void *arg)
{
    wb_front_trace_flush(arg);
}

static void on_beat(void *arg)
{
    wb_front_streams_beat(arg);
}

void wb_fronts_room(struct wb_engine *e)
{
    pthread_mutex_lock(&e->fronts_lock);
    for (struct wb_link *l = e->fronts.next; l != &e->fronts; l = l->next) {
        struct wb_front *f = WB_CONTAINER(l, struct wb_front, link);
        if (!atomic_exchange(&f->room_posted, true))
            wb_loop_post(f->loop, &f->room);
    }
    pthread_mutex_unlock(&e->fronts_lock);
}

unsigned wb_fronts_open(struct wb_engine *e)
{
    unsigned n = 0;
    pthread_mutex_lock(&e->fronts_lock);
    for (struct wb_link *l = e->fronts.next; l != &e->fronts; l = l->next)
        n += atomic_load(&WB_CONTAINER(l, struct wb_front, link)->open);
    pthread_mutex_unlock(&e->fronts_lock);
    return n;
}

/* --- life --- */

/* A request id need not cost a system call. Each byte is handed out once. */
static void ids_random(struct wb_seam *s, void *out, size_t n)
{
    struct wb_front *f = WB_CONTAINER(s, struct wb_front, ids);
    if (n > sizeof f->random) {
        f->engine->seam->random(f->engine->seam, out, n);
        return;
    }
    if (f->random_left < n) {
        f->engine->seam->random(f->engine->seam, f->random, sizeof f->random);
        f->random_left = sizeof f->random;
    }
    f->random_left -= n;
    memcpy(out, f->random + f->random_left, n);
    memset(f->random + f->random_left, 0, n);
}

static struct wb_slice host_of(struct wb_slice url)
{
    ptrdiff_t at = wb_slice_find(url, WB_S("://"), 0);
    if (at >= 0)
        url = wb_slice_sub(url, (size_t)at + 3, url.n);
    return wb_slice_cut(&url, '/');
}

struct wb_front *wb_front_new(struct wb_engine *e, struct wb_loop *l,
                              const struct wb_http_server_options *listen, struct wb_arena *a,
                              struct wb_slice *why)
{
    struct wb_front *f = wb_xcalloc(1, sizeof *f);
    f->engine = e;
    f->loop = l;
    wb_list_init(&f->waiting);
    wb_list_init(&f->streams);
    f->room.run = on_room;
    f->ids = (struct wb_seam){.random = ids_random};
    f->public_host = host_of(wb_slice_str(e->config.public_url));
    struct wb_http_server_options o = *listen;
    o.user = f;
    o.on_head = on_head;
    o.on_request = on_request;
    f->server = wb_http_server_new(l, &o, a, why);
    if (!f->server) {
        free(f);
        return NULL;
    }
    f->give_up = wb_timer_new(l, on_give_up, f);
    f->held = wb_timer_new(l, on_held, f);
    f->flush = wb_timer_new(l, wb_front_count_flush, f);
    f->spans_timer = wb_timer_new(l, on_spans, f);
    f->beat = wb_timer_new(l, on_beat, f);
    wb_front_keys_new(f);
    while (e->service_list[f->services])
        f->services++;
    f->stat = wb_xcalloc(f->services, sizeof *f->stat);
    for (size_t i = 0; i < f->services; i++)
        f->stat[i] = wb_xcalloc(e->service_list[i]->op_count, sizeof **f->stat);
    pthread_mutex_lock(&e->fronts_lock);
    wb_list_append(&e->fronts, &f->link);
    pthread_mutex_unlock(&e->fronts_lock);
    return f;
}

void wb_front_drain(struct wb_front *f, void (*done)(void *arg), void *arg)
{
    wb_front_count_flush(f); /* while the writer still runs */
    wb_front_trace_flush(f);
    wb_front_keys_flush(f);
    wb_front_streams_end(f);
    wb_http_server_drain(f->server, done, arg);
}

int wb_front_port(const struct wb_front *f)
{
    return wb_http_server_port(f->server);
}

void wb_front_free(struct wb_front *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->engine->fronts_lock);
    wb_list_remove(&f->link);
    pthread_mutex_unlock(&f->engine->fronts_lock);
    wb_front_count_flush(f);
    f->freeing = true;
    wb_http_server_free(f->server);
    while ((f->uploads || f->downloads) && wb_loop_step(f->loop, true))
        ; /* their work on the pool */
    wb_timer_free(f->give_up);
    wb_timer_free(f->held);
    wb_timer_free(f->flush);
    wb_timer_free(f->beat);
    wb_front_keys_free(f);
    wb_front_trace_free(f);
    wb_txn_abort(f->txn);
    for (size_t i = 0; i < f->services; i++)
        free(f->stat[i]);
    free(f->stat);
    free(f);
}
