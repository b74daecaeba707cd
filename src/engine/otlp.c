/*
 * The queue of segments to export, and its one consumer.
 *
 * A row (WB_T_OTLP) names a segment by its key among the traces; rows are numbered without gaps
 * from the oldest to the newest, so how many wait is a subtraction. The work row "otlp" is there
 * while rows are (the row in WB_T_META says so): an attempt sends the oldest ones as one request,
 * its outcome removes them. What the collector refuses for good is counted and dropped, as OTLP
 * wants it; what it could not take now is sent again after the pause it asks for, or a growing one.
 */
#include "engine/otlp.h"
#include "base/limits.h"
#include "engine/internal.h"
#include "engine/otlp_map.h"
#include "engine/spans.h"
#include <stdio.h>

#define ROW_VERSION  1
#define TARGET       "otlp"
#define DROP_AT_ONCE 8

static const struct wb_schedule schedule = {.base_ms = 1000, .cap_ms = 30000, .jitter_percent = 20};

/* --- rows --- */

struct row {
    uint64_t number;
    struct wb_slice account, region, trace_id, id; /* in the value */
};

static struct wb_slice row_key(struct wb_arena *a, uint64_t number)
{
    return wb_key(a, WB_T_OTLP, "u", number);
}

static bool row_read(struct wb_arena *a, struct wb_slice key, struct wb_slice value, struct row *r)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(a, key, &table);
    struct wb_rd v = wb_rd(value);
    uint8_t version = wb_rd_u8(&v);
    r->number = wb_key_rd_u64(&k);
    r->account = wb_rd_lp(&v);
    r->region = wb_rd_lp(&v);
    r->trace_id = wb_rd_lp(&v);
    r->id = wb_rd_lp(&v);
    return table == WB_T_OTLP && !k.bad && version == ROW_VERSION && wb_rd_done(&v);
}

bool wb_otlp_check(struct wb_slice key, struct wb_slice value)
{
    struct wb_arena a;
    struct row r;
    wb_arena_init(&a, 256);
    bool good = row_read(&a, key, value, &r);
    wb_arena_release(&a);
    return good;
}

/* Number of the oldest row, or of the newest; 0: there is none. */
static uint64_t end_of_queue(struct wb_tx *tx, bool newest)
{
    struct wb_slice all = wb_key(tx->arena, WB_T_OTLP, ""), key, value;
    struct wb_scan *s = wb_tx_scan(tx, all, wb_key_after(tx->arena, all), newest);
    struct row r = {0};
    if (wb_tx_next(tx, s, &key, &value))
        row_read(tx->arena, key, value, &r);
    wb_scan_close(s);
    return r.number;
}

static void count(struct wb_tx *tx, const char *name, double n)
{
    const struct wb_config *c = wb_engine_config(tx->engine);
    if (n > 0)
        wb_put_metric(tx, wb_slice_str(c->account), wb_slice_str(c->region), "Waybill", name, NULL,
                      0, n, "Count");
}

/* --- what waits --- */

static struct wb_slice meta_key(struct wb_arena *a)
{
    return wb_key(a, WB_T_META, "z", TARGET);
}

/* `most`: segments of the next request, 0 = as many as ever. */
static void send_later(struct wb_tx *tx, int64_t after_ms, uint64_t most)
{
    wb_work_add(tx, &(struct wb_work){
                        .target = WB_S(TARGET),
                        .executor = TARGET,
                        .due_ms = tx->now_ms + after_ms,
                        .meta = wb_printf(tx->arena, "%llu", (unsigned long long)most),
                    });
}

/* Keeps to the bound: the oldest give way. A few at a time, should it have been lowered. */
static void make_room(struct wb_tx *tx, uint64_t newest)
{
    uint64_t most = (uint64_t)wb_engine_config(tx->engine)->otlp.queue,
             oldest = end_of_queue(tx, false);
    int dropped = 0;
    for (; newest - oldest >= most && dropped < DROP_AT_ONCE; oldest++, dropped++)
        wb_tx_del(tx, row_key(tx->arena, oldest));
    count(tx, "SpansDropped", dropped);
}

void wb_otlp_note(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                  struct wb_slice trace_id, struct wb_slice span_id)
{
    struct wb_slice v;
    if (!wb_engine_config(tx->engine)->otlp.url)
        return;
    uint64_t number = wb_tx_number(tx, TARGET);
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_lp(&b, account);
    wb_buf_lp(&b, region);
    wb_buf_lp(&b, trace_id);
    wb_buf_lp(&b, span_id);
    wb_tx_put(tx, row_key(tx->arena, number), wb_buf_slice(&b));
    make_room(tx, number);
    if (wb_tx_get(tx, meta_key(tx->arena), &v))
        return;
    wb_tx_put(tx, meta_key(tx->arena), WB_S("1"));
    send_later(tx, WB_OTLP_LINGER_MS, 0);
}

/* --- a request --- */

struct batch {
    uint64_t first, last, segments, spans;
    uint64_t most; /* segments of a request, because the collector refused more; 0 = it did not */
    bool full;     /* it ended before the queue did */
};

static struct wb_slice document(struct wb_tx *tx, const struct row *r, struct wb_slice id)
{
    struct wb_slice key = wb_key(tx->arena, WB_T_TRACE, "ssss", r->account, r->region, r->trace_id,
                                 id),
                    value;
    struct wb_span s;
    return wb_tx_get(tx, key, &value) && wb_span_decode(tx->arena, key, value, &s)
               ? wb_dup(tx->arena, s.document)
               : WB_SLICE_NULL;
}

/* The segment that a subsegment sent alone lies in, as far as its parents are rows of their own. */
static struct wb_slice owner_of(struct wb_tx *tx, const struct row *r, struct wb_slice doc)
{
    for (int i = 0; i < WB_OTLP_PARENTS && doc.p; i++) {
        struct wb_json v = wb_json_read(tx->arena, doc, NULL);
        if (!wb_slice_is(wb_json_get_str(v, "type", tx->arena), "subsegment"))
            return i ? doc : WB_SLICE_NULL;
        doc = document(tx, r, wb_json_get_str(v, "parent_id", tx->arena));
    }
    return WB_SLICE_NULL;
}

static struct wb_slice body_of(struct wb_tx *tx, struct batch *b)
{
    uint64_t most = b->most ? b->most : WB_OTLP_BATCH;
    struct wb_otlp_body body;
    struct wb_slice key, value;
    size_t bytes = 0;
    wb_otlp_begin(&body, tx->arena);
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_OTLP, ""));
    while (wb_tx_next(tx, s, &key, &value)) {
        struct row r = {0};
        b->full = b->segments >= most || bytes >= WB_OTLP_BATCH_BYTES;
        if (b->full)
            break;
        if (!row_read(tx->arena, key, wb_dup(tx->arena, value), &r))
            continue;
        struct wb_slice doc = document(tx, &r, r.id); /* may be gone: traces are kept for a time */
        if (doc.p)
            wb_otlp_add(&body, r.account, r.region, r.trace_id, doc, owner_of(tx, &r, doc));
        b->first = b->segments ? b->first : r.number;
        b->last = r.number;
        b->segments++;
        bytes += doc.n;
    }
    wb_scan_close(s);
    b->spans = body.spans;
    return wb_otlp_end(&body);
}

/* Before an attempt: the payload is the request's body, and meta the batch, for the outcome. */
static bool load(struct wb_tx *tx, struct wb_work *w)
{
    struct batch *b = wb_new(tx->arena, struct batch);
    wb_slice_u64(w->meta, &b->most);
    w->payload = body_of(tx, b);
    w->meta = wb_slice(b, sizeof *b);
    return true;
}

static struct batch batch_of(const struct wb_work *w)
{
    struct batch b = {0};
    memcpy(&b, w->meta.p, sizeof b);
    return b;
}

/* --- sending --- */

struct sending {
    struct wb_task *task;
    struct wb_http_call call;
};

struct result {
    uint64_t refused; /* spans */
    bool smaller;     /* the same again in smaller requests */
};

static void finish(struct wb_task *t, const struct result *r)
{
    struct wb_outcome o = {.kind = WB_DONE};
    struct result *kept = wb_new(wb_task_arena(t), struct result);
    *kept = *r;
    o.result = kept;
    wb_task_finish(t, &o);
}

/* Says it once, not with every attempt. */
static void again(struct wb_task *t, const char *code, const char *why, int64_t after_ms)
{
    struct wb_outcome o = {.kind = WB_RETRY,
                           .code = code,
                           .message = wb_dup(wb_task_arena(t), wb_slice_str(why)),
                           .after_ms =
                               after_ms < WB_OTLP_PAUSE_MAX_MS ? after_ms : WB_OTLP_PAUSE_MAX_MS};
    if (wb_task_work(t)->attempts == 0)
        wb_log(WB_LOG_WARN, "otlp", "the collector takes no spans; they wait", "why", why, NULL);
    wb_task_finish(t, &o);
}

static void refused(struct wb_task *t, uint64_t spans, const char *status, struct wb_slice message)
{
    char n[24];
    snprintf(n, sizeof n, "%llu", (unsigned long long)spans);
    message = wb_slice_sub(message, 0, WB_OTLP_REASON);
    wb_log(WB_LOG_WARN, "otlp", "the collector refused spans", "spans", n, "status", status,
           "message", message.p ? wb_dup_cstr(wb_task_arena(t), message) : "", NULL);
    finish(t, &(struct result){.refused = spans});
}

/* {"partialSuccess": {"rejectedSpans": "3", "errorMessage": "..."}}: numbers of 64 bits are strings
 * in JSON, but not all write them so. */
static uint64_t rejected(struct wb_json answer, struct wb_arena *a)
{
    struct wb_json v = wb_json_get(wb_json_get(answer, "partialSuccess"), "rejectedSpans");
    int64_t n = 0;
    if (wb_json_type(v) == WB_JSON_STRING)
        wb_slice_i64(wb_json_str(v, a), &n);
    else
        wb_json_i64(v, &n);
    return n > 0 ? (uint64_t)n : 0;
}

static void answered(struct wb_http_call *call, enum wb_net_result r, int status,
                     struct wb_slice body, const char *why)
{
    struct sending *s = call->user;
    struct wb_arena *a = wb_task_arena(s->task);
    struct batch b = batch_of(wb_task_work(s->task));
    char code[24];
    snprintf(code, sizeof code, "HTTP %d", status);
    if (r != WB_NET_OK) {
        again(s->task, "COLLECTOR_UNREACHABLE", why && *why ? why : "no answer", 0);
    } else if (status >= 200 && status <= 299) {
        struct wb_json answer = wb_json_read(a, wb_dup(a, body), NULL);
        uint64_t n = rejected(answer, a);
        if (wb_task_work(s->task)->attempts)
            wb_log(WB_LOG_INFO, "otlp", "the collector takes spans again", NULL);
        if (n)
            refused(s->task, n < b.spans ? n : b.spans, code,
                    wb_json_get_str(wb_json_get(answer, "partialSuccess"), "errorMessage", a));
        else
            finish(s->task, &(struct result){0});
    } else if (status == 429 || (status >= 502 && status <= 504)) {
        again(s->task, "COLLECTOR_BUSY", code, call->retry_after_ms);
    } else if (status == 413 && b.segments > 1) {
        finish(s->task, &(struct result){.smaller = true});
    } else {
        refused(s->task, b.spans, code,
                wb_json_get_str(wb_json_read(a, wb_dup(a, body), NULL), "message", a));
    }
}

static const char *const *headers(struct wb_arena *a, const struct wb_otlp *c)
{
    size_t n = 0;
    while (c->header && c->header[n])
        n++;
    const char **all = wb_new_n(a, const char *, n + 3);
    all[0] = "Content-Type: application/json";
    all[1] = "User-Agent: waybill/" WB_VERSION;
    for (size_t i = 0; i < n; i++)
        all[i + 2] = c->header[i];
    return all;
}

static void start(struct wb_task *t)
{
    struct wb_arena *a = wb_task_arena(t);
    const struct wb_work *w = wb_task_work(t);
    const struct wb_otlp *c = &wb_engine_config(wb_task_engine(t))->otlp;
    if (batch_of(w).spans == 0) { /* in progress all of them, or gone */
        finish(t, &(struct result){0});
        return;
    }
    struct sending *s = wb_new(a, struct sending);
    s->task = t;
    s->call = (struct wb_http_call){.method = "POST",
                                    .url = c->url,
                                    .header = headers(a, c),
                                    .body = w->payload,
                                    .timeout_ms = WB_OTLP_TIMEOUT_MS,
                                    .answer_max = WB_OTLP_ANSWER_MAX,
                                    .ca_file = c->ca_file,
                                    .user = s,
                                    .done = answered};
    wb_client_http(wb_dispatcher_client(wb_task_engine(t)), &s->call);
}

/* --- what an attempt leaves --- */

static void apply(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o, bool last)
{
    const struct result *r = o->result;
    uint64_t newest = end_of_queue(tx, true), oldest = end_of_queue(tx, false);
    struct batch b = batch_of(w);
    wb_put_metric(tx, wb_slice_str(tx->engine->config.account),
                  wb_slice_str(tx->engine->config.region), "Waybill", "SpansWaiting", NULL, 0,
                  newest ? (double)(newest - oldest + 1) : 0, "Count");
    if (!last || !r)
        return;
    if (r->smaller) {
        send_later(tx, 0, (b.segments + 1) / 2);
        return;
    }
    for (uint64_t n = b.first; b.segments && n <= b.last; n++)
        wb_tx_del(tx, row_key(tx->arena, n)); /* those that made room are not there */
    count(tx, "SpansRejected", (double)r->refused);
    count(tx, "SpansExported", (double)(b.spans - r->refused));
    if (!newest || newest <= b.last)
        wb_tx_del(tx, meta_key(tx->arena));
    else
        send_later(tx, b.full ? 0 : WB_OTLP_LINGER_MS, b.most);
}

/* Without a collector the rows stay until there is one again. */
static unsigned limit(struct wb_engine *e, struct wb_slice target)
{
    return wb_engine_config(e)->otlp.url ? 1 : 0;
}

void wb_otlp_register(struct wb_engine *e)
{
    static const struct wb_executor export = {.name = TARGET,
                                              .schedule = &schedule,
                                              .limit = limit,
                                              .start = start,
                                              .load = load,
                                              .apply = apply};
    wb_executor_register(e, &export);
}
