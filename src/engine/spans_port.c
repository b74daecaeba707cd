#include "engine/spans_port.h"
#include "base/limits.h"
#include "engine/internal.h"
#include "net/udp.h"
#include <stdlib.h>

/* What a port shares with its commands, which may outlive it. */
struct away {
    atomic_uint refs;
    atomic_size_t bytes; /* of documents on their way */
};

struct wb_span_port {
    struct wb_engine *engine;
    struct wb_loop *loop;
    struct wb_arena arena, scratch;
    struct wb_span_port_options o;
    struct wb_udp *udp;
    struct wb_http_server *tcp;
    struct wb_timer *flush;
    struct gathered *now; /* NULL: nothing has come */
    struct away *away;
};

struct gathered {
    struct wb_command command;
    struct wb_engine *engine;
    struct away *away;
    struct wb_arena arena;
    struct wb_ctx who;
    struct wb_buf text; /* PutTraceSegments' input */
    struct wb_json_writer w;
    unsigned count, refused;
    size_t bytes;
};

static void away_drop(struct away *a)
{
    if (atomic_fetch_sub(&a->refs, 1) == 1)
        free(a);
}

static void count(struct wb_engine *e, const char *name, unsigned n)
{
    const struct wb_count_sums v = {n, n, 1, 1};
    if (n)
        wb_count_own(e, name, NULL, 0, &v, "Count");
}

/* The principal's slices live in `a` afterwards. */
static struct wb_ctx copy_ctx(struct wb_arena *a, const struct wb_ctx *c)
{
    struct wb_ctx out;
    wb_ctx_unpack(wb_ctx_pack(a, c), &out);
    out.principal.session = wb_dup(a, c->principal.session);
    return out;
}

/* --- segments --- */

bool wb_span_datagram(struct wb_arena *a, struct wb_slice datagram, struct wb_slice *document)
{
    struct wb_slice head = wb_slice_cut(&datagram, '\n');
    struct wb_json v = wb_json_read(a, head, NULL);
    *document = wb_slice_trim(datagram);
    return wb_slice_is(wb_json_get_str(v, "format", a), "json") &&
           wb_json_get_i64(v, "version", 0) == 1 && document->n;
}

static void put_run(struct wb_command *c, struct wb_tx *tx)
{
    struct gathered *g = WB_CONTAINER(c, struct gathered, command);
    struct wb_ctx who = g->who;
    struct wb_slice answer;
    struct wb_error err;
    g->refused = g->count;
    if (wb_tx_low_room(tx) || !wb_call_service(tx, &who, "xray", "PutTraceSegments",
                                               wb_buf_slice(&g->text), &answer, &err))
        return;
    g->refused = wb_json_count(
        wb_json_get(wb_json_read(tx->arena, answer, NULL), "UnprocessedTraceSegments"));
}

static void put_done(struct wb_command *c, enum wb_commit result)
{
    struct gathered *g = WB_CONTAINER(c, struct gathered, command);
    unsigned lost = result == WB_COMMITTED ? g->refused : g->count;
    count(g->engine, "TraceSegmentsReceived", g->count - lost);
    count(g->engine, "TraceSegmentsDropped", lost);
    atomic_fetch_sub(&g->away->bytes, g->bytes);
    away_drop(g->away);
    wb_arena_release(&g->arena);
    free(g);
}

static void flush(void *arg)
{
    struct wb_span_port *p = arg;
    struct gathered *g = p->now;
    if (!g)
        return;
    p->now = NULL;
    wb_timer_stop(p->flush);
    wb_jw_end_array(&g->w);
    wb_jw_end_object(&g->w);
    g->command = (struct wb_command){.lane = WB_LANE_CLIENT, .run = put_run, .done = put_done};
    if (!wb_submit(p->engine, &g->command))
        put_done(&g->command, WB_FAILED);
}

static struct gathered *gather(struct wb_span_port *p)
{
    if (p->now)
        return p->now;
    struct gathered *g = wb_xcalloc(1, sizeof *g);
    wb_arena_init(&g->arena, 4096);
    g->engine = p->engine;
    g->away = p->away;
    atomic_fetch_add(&p->away->refs, 1);
    g->who = copy_ctx(&g->arena, &p->o.who);
    g->text = wb_buf_in(&g->arena);
    wb_jw_init(&g->w, &g->text);
    wb_jw_object(&g->w);
    wb_jw_key(&g->w, "TraceSegmentDocuments");
    wb_jw_array(&g->w);
    p->now = g;
    wb_timer_start(p->flush, WB_TRACE_FLUSH_MS);
    return g;
}

static bool is_wanted(struct wb_span_port *p, struct wb_slice document)
{
    struct wb_json v = wb_json_read(&p->scratch, document, NULL);
    if (wb_json_type(v) != WB_JSON_OBJECT)
        return false;
    return !p->o.wanted || p->o.wanted(p->o.user, wb_json_get_str(v, "trace_id", &p->scratch));
}

static void on_datagram(void *user, struct wb_slice data)
{
    struct wb_span_port *p = user;
    struct wb_slice document;
    wb_arena_reset(&p->scratch);
    if (!wb_span_datagram(&p->scratch, data, &document) || !is_wanted(p, document) ||
        atomic_load(&p->away->bytes) + document.n > WB_TRACE_PORT_BYTES) {
        count(p->engine, "TraceSegmentsDropped", 1);
        return;
    }
    struct gathered *g = gather(p);
    wb_jw_str(&g->w, document);
    g->bytes += document.n;
    atomic_fetch_add(&p->away->bytes, document.n);
    if (++g->count >= WB_TRACE_PORT_BATCH)
        flush(p);
}

/* --- questions --- */

struct ask {
    struct wb_command command;
    struct wb_post post;
    struct wb_http_exchange *x; /* its arena has what the command needs */
    struct wb_ctx who;
    const char *operation;
    struct wb_slice answer;
    struct wb_error error;
    bool answered;
};

static void ask_run(struct wb_command *c, struct wb_tx *tx)
{
    struct ask *k = WB_CONTAINER(c, struct ask, command);
    struct wb_slice answer;
    struct wb_arena *a = k->x->arena;
    k->answered = wb_call_service(tx, &k->who, "xray", k->operation,
                                  k->x->body.n ? k->x->body : WB_S("{}"), &answer, &k->error);
    if (k->answered)
        k->answer = wb_dup(a, answer);
    else
        k->error.message = wb_dup(a, k->error.message);
}

static void ask_posted(struct wb_post *post)
{
    struct ask *k = WB_CONTAINER(post, struct ask, post);
    struct wb_http_exchange *x = k->x;
    struct wb_http_answer a = {
        .status = 200, .content_type = WB_S("application/json"), .body = k->answer};
    struct wb_pair type = {WB_S("x-amzn-ErrorType"), wb_slice_str(k->error.code)};
    if (!k->answered) {
        struct wb_buf b = wb_buf_in(x->arena);
        struct wb_json_writer w;
        wb_jw_init(&w, &b);
        wb_jw_object(&w);
        wb_jw_kstr(&w, "Message", k->error.message);
        wb_jw_end_object(&w);
        a.status = strcmp(k->error.code, "AccessDeniedException") == 0 ? 403
                   : k->error.status                                   ? k->error.status
                                                                       : 400;
        a.header = &type;
        a.header_count = 1;
        a.body = wb_buf_slice(&b);
    }
    wb_http_respond(x, &a);
}

static void ask_done(struct wb_command *c, enum wb_commit result)
{
    struct ask *k = WB_CONTAINER(c, struct ask, command);
    if (result != WB_COMMITTED) {
        k->answered = false;
        k->error = (struct wb_error){.code = "ThrottledException",
                                     .message = WB_S("The server cannot answer now."),
                                     .status = 503};
    }
    k->post.run = ask_posted;
    wb_loop_post(k->x->loop, &k->post);
}

bool wb_span_port_ask(struct wb_span_port *p, struct wb_http_exchange *x)
{
    static const struct {
        const char *path, *operation;
    } known[] = {{"/GetSamplingRules", "GetSamplingRules"},
                 {"/SamplingTargets", "GetSamplingTargets"}};
    size_t n = sizeof known / sizeof *known, i = 0;
    while (i < n && !wb_slice_is(x->path, known[i].path))
        i++;
    if (!p || i == n || !wb_slice_is(x->method, "POST"))
        return false;
    struct ask *k = wb_new(x->arena, struct ask);
    k->x = x;
    k->who = copy_ctx(x->arena, &p->o.who);
    k->operation = known[i].operation;
    k->command = (struct wb_command){.lane = WB_LANE_CLIENT, .run = ask_run, .done = ask_done};
    if (!wb_submit(p->engine, &k->command))
        ask_done(&k->command, WB_FAILED);
    return true;
}

static int64_t on_head(struct wb_http_exchange *x)
{
    return WB_XRAY_DOCUMENT_MAX;
}

static void on_request(struct wb_http_exchange *x)
{
    if (!wb_span_port_ask(x->server_user, x))
        wb_http_respond(x, &(struct wb_http_answer){.status = 404, .close = true});
}

/* --- life --- */

static bool open_at(struct wb_span_port *p, struct wb_arena *a, struct wb_slice *why)
{
    struct wb_udp_options u = {.host = p->o.host,
                               .port = p->o.port,
                               .second_max = WB_TRACE_PORT_SECOND,
                               .user = p,
                               .on_datagram = on_datagram};
    p->udp = wb_udp_new(p->loop, &u, a, why);
    if (!p->udp || !p->o.tcp)
        return p->udp != NULL;
    struct wb_http_server_options t = {.host = p->o.host,
                                       .port = wb_udp_port(p->udp),
                                       .user = p,
                                       .on_head = on_head,
                                       .on_request = on_request};
    p->tcp = wb_http_server_new(p->loop, &t, a, why);
    return p->tcp != NULL;
}

struct wb_span_port *wb_span_port_new(struct wb_engine *e, struct wb_loop *l,
                                      const struct wb_span_port_options *o, struct wb_arena *a,
                                      struct wb_slice *why)
{
    struct wb_span_port *p = wb_xcalloc(1, sizeof *p);
    p->engine = e;
    p->loop = l;
    p->o = *o;
    wb_arena_init(&p->arena, 1024);
    wb_arena_init(&p->scratch, 0);
    p->o.who = copy_ctx(&p->arena, &o->who);
    p->away = wb_xcalloc(1, sizeof *p->away);
    p->away->refs = 1;
    p->flush = wb_timer_new(l, flush, p);
    if (open_at(p, a, why))
        return p;
    wb_span_port_free(p);
    return NULL;
}

int wb_span_port_number(const struct wb_span_port *p)
{
    return wb_udp_port(p->udp);
}

/* What came last, when nobody writes any more. */
static void discard(struct wb_span_port *p)
{
    struct gathered *g = p->now;
    p->now = NULL;
    if (g)
        put_done(&g->command, WB_FAILED);
}

void wb_span_port_free(struct wb_span_port *p)
{
    if (!p)
        return;
    if (wb_dispatcher_alive(p->engine))
        flush(p);
    discard(p);
    wb_udp_free(p->udp);
    wb_http_server_free(p->tcp);
    wb_timer_free(p->flush);
    away_drop(p->away);
    wb_arena_release(&p->scratch);
    wb_arena_release(&p->arena);
    free(p);
}
