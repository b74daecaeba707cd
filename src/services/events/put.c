/*
 * PutEvents, the hot path. On the loop (prepare): each entry is checked, its event text built once,
 * matched against its bus's compiled set, and the inputs of the matched targets made. In the
 * command: when the buses are still the objects that were matched against, the events go to the bus
 * logs and the inputs to their targets; else prepare runs again on what is true now.
 */
#include "base/ids.h"
#include "base/limits.h"
#include "services/events/events.h"

struct entry {
    struct wb_slice source, detail_type, detail; /* of the request, unescaped once */
    const char *code;                            /* of an entry that fails; NULL = fine */
    struct wb_slice message;
    struct wb_slice bus_name; /* null: no such bus can exist here */
    struct wb_event event;    /* its bus NULL: it is acknowledged and dropped, as on AWS */
};

struct put {
    struct entry *entry;
    uint32_t count;
    size_t bytes;
    int64_t began_ns;
};

static void bad_entry(struct entry *e, const char *code, struct wb_slice message)
{
    e->code = code;
    e->message = message;
}

/* Takes the texts out of the request; returns what AWS counts as the entry's size. */
static size_t read_texts(struct wb_json in, struct wb_arena *a, struct entry *e)
{
    e->source = wb_json_get_str(in, "Source", a);
    e->detail_type = wb_json_get_str(in, "DetailType", a);
    e->detail = wb_json_get_str(in, "Detail", a);
    size_t n = e->source.n + e->detail_type.n + e->detail.n;
    if (wb_json_is(wb_json_get(in, "Time")))
        n += 14;
    struct wb_json_iter it = wb_json_iter(wb_json_get(in, "Resources"));
    while (wb_json_next(&it))
        n += wb_json_str(it.value, a).n;
    return n;
}

/* Fills the envelope from the entry; false: the entry fails. */
static bool read_entry(struct wb_call *c, struct wb_json in, struct entry *e, struct wb_envelope *v)
{
    static const char *const names[] = {"Source", "DetailType", "Detail"};
    const struct wb_slice needed[] = {e->source, e->detail_type, e->detail};
    struct wb_arena *a = c->arena;
    for (size_t i = 0; i < 3; i++) {
        if (needed[i].n)
            continue;
        bad_entry(e, "InvalidArgument",
                  wb_printf(a, "Parameter %s is not valid. Reason: %s is a required argument.",
                            names[i], names[i]));
        return false;
    }
    v->source = e->source;
    v->detail_type = e->detail_type;
    if (wb_slice_starts(v->source, WB_S("aws."))) {
        bad_entry(e, "NotAuthorizedForSourceException", WB_S("Not authorized for the source."));
        return false;
    }
    v->detail = wb_json_read(a, e->detail, NULL);
    if (wb_json_type(v->detail) != WB_JSON_OBJECT) {
        bad_entry(e, "MalformedDetail", WB_S("Detail is malformed."));
        return false;
    }
    double seconds;
    int64_t ms = c->tx->now_ms;
    if (wb_json_double(wb_json_get(in, "Time"), &seconds) && seconds > -62135596800.0 &&
        seconds < 253402300800.0)
        ms = (int64_t)(seconds * 1000);
    v->version = WB_S("0");
    v->id = e->event.id = wb_id_uuid(a, wb_engine_seam(c->engine));
    v->account = wb_bus_account(&c->ctx, WB_SLICE_NULL); /* the sender's, whosever bus it is */
    v->region = c->ctx.region;
    v->time = wb_time_str(a, ms, WB_TIME_ISO_S);
    struct wb_json list = wb_json_get(in, "Resources");
    struct wb_slice *r = wb_new_n(a, struct wb_slice, wb_json_count(list) + 1);
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        r[v->resource_count++] = wb_json_str(it.value, a);
    v->resource = r;
    return true;
}

struct wb_slice wb_event_text(const struct wb_envelope *v, struct wb_arena *a)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_slice detail = wb_json_raw(v->detail);
    wb_buf_reserve(&b, detail.n + 512);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "version", v->version);
    wb_jw_kstr(&w, "id", v->id);
    wb_jw_kstr(&w, "detail-type", v->detail_type);
    wb_jw_kstr(&w, "source", v->source);
    wb_jw_kstr(&w, "account", v->account);
    wb_jw_kstr(&w, "time", v->time);
    wb_jw_kstr(&w, "region", v->region);
    wb_jw_key(&w, "resources");
    wb_jw_array(&w);
    for (size_t i = 0; i < v->resource_count; i++)
        wb_jw_str(&w, v->resource[i]);
    wb_jw_end_array(&w);
    wb_jw_kraw(&w, "detail", detail);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

void wb_event_match(struct wb_event *e, const struct wb_envelope *v, int64_t now_ms,
                    struct wb_arena *a)
{
    uint32_t *rule, count = 0;
    const struct wb_bus *b = e->bus;
    size_t n = wb_match_envelope(b->set, v, a, &rule);
    for (size_t i = 0; i < n; i++)
        count += b->rule[rule[i]].target_count;
    e->out = wb_new_n(a, struct wb_event_out, count + n);
    for (size_t i = 0; i < n; i++) {
        const struct wb_rule *r = &b->rule[rule[i]];
        struct wb_input_event in = {e->text, WB_JSON_NONE, r->arn, r->name, now_ms};
        for (uint32_t t = 0; t < r->target_count; t++) {
            struct wb_event_out *o = &e->out[e->out_count++];
            const struct wb_bus_target *to = &r->target[t];
            *o = (struct wb_event_out){.bus = b,
                                       .rule = r,
                                       .target = to,
                                       .whole = wb_input_is_event(to->input),
                                       .ctx = &e->ctx};
            if (!wb_input_make(to->input, &in, a, &o->payload))
                o->payload = WB_SLICE_NULL;
        }
        if (r->target_count == 0) /* matched all the same: for the metrics */
            e->out[e->out_count++] = (struct wb_event_out){.bus = b, .rule = r};
    }
}

/* The entry's own header goes before the request's. One that X-Ray would not take is dropped, and
 * the event goes its way (User Guide, "Amazon EventBridge integration with AWS X-Ray"). */
static void take_trace(struct wb_call *c, struct wb_json in, struct wb_event *e)
{
    struct wb_slice own = wb_json_get_str(in, "TraceHeader", c->arena);
    struct wb_trace t;
    e->taken_ms = c->tx->now_ms;
    e->header = own.n ? own : c->ctx.trace;
    if (!e->header.n || !wb_trace_parse(e->header, &t))
        e->header = WB_SLICE_NULL;
    e->ctx.trace = e->header;
}

bool wb_event_trace(struct wb_tx *tx, struct wb_event *e)
{
    struct wb_trace t;
    const struct wb_bus *b = e->bus;
    if (!e->header.n || !wb_trace_parse(e->header, &t) || !t.sampled)
        return false;
    const struct wb_pair block[] = {{WB_S("operation"), WB_S("PutEvents")},
                                    {WB_S("request_id"), e->ctx.request_id},
                                    {WB_S("event_id"), e->id},
                                    {WB_S("event_bus_name"), b->name},
                                    {WB_S("resource_arn"), b->arn}};
    struct wb_segment s = {.account = b->account,
                           .region = b->region,
                           .trace_id = t.root,
                           .id = wb_id_hex(tx->arena, wb_engine_seam(tx->engine), 16),
                           .parent_id = t.parent,
                           .name = b->name,
                           .origin = "AWS::Events",
                           .start_us = e->taken_ms * 1000,
                           .end_us = tx->now_ms * 1000,
                           .status = 200,
                           .aws = block,
                           .aws_count = sizeof block / sizeof *block};
    wb_put_segment(tx, &s);
    e->ctx.trace = wb_trace_header(tx->arena, t.root, s.id, true, e->header);
    return true;
}

static void prepare_entry(struct wb_call *c, struct wb_json in, struct entry *e)
{
    struct wb_envelope v = {.version = WB_SLICE_NULL};
    if (!read_entry(c, in, e, &v))
        return;
    e->event.ctx = c->ctx;
    take_trace(c, in, &e->event);
    struct wb_slice bus = wb_json_get_str(in, "EventBusName", c->arena);
    e->event.ctx.account = wb_bus_account(&c->ctx, bus);
    e->bus_name = wb_bus_name(&e->event.ctx, bus);
    e->event.bus = wb_bus_find(c->tx, e->event.ctx.account, c->ctx.region, e->bus_name);
    if (!e->event.bus)
        return;
    e->event.text = wb_event_text(&v, c->arena);
    wb_event_match(&e->event, &v, c->tx->now_ms, c->arena);
}

void wb_events_put_prepare(struct wb_call *c)
{
    struct wb_json list = wb_in(c, "Entries");
    struct put *p = wb_new(c->arena, struct put);
    struct wb_json_iter it = wb_json_iter(list);
    struct wb_seam *seam = wb_engine_seam(c->engine);
    p->began_ns = seam->mono_ns(seam);
    c->prepared = p;
    p->entry = wb_new_n(c->arena, struct entry, wb_json_count(list));
    while (wb_json_next(&it))
        p->bytes += read_texts(it.value, c->arena, &p->entry[p->count++]);
    if (p->bytes > WB_EVENT_ENTRIES_BYTES_MAX) {
        wb_fail(c, "ValidationException", 400,
                "Total size of the entries in the request is over the limit.");
        return;
    }
    it = wb_json_iter(list);
    for (uint32_t i = 0; wb_json_next(&it); i++)
        prepare_entry(c, it.value, &p->entry[i]);
}

static bool stale(struct wb_call *c, const struct put *p)
{
    const struct wb_bus *good = NULL; /* the entries of a call mostly name one bus */
    for (uint32_t i = 0; i < p->count; i++) {
        const struct entry *e = &p->entry[i];
        if (e->code || (e->event.bus && e->event.bus == good))
            continue;
        good = wb_bus_find(c->tx, e->event.ctx.account, c->ctx.region, e->bus_name);
        if (good != e->event.bus)
            return true;
    }
    return false;
}

void wb_event_store(struct wb_tx *tx, struct wb_event *e, struct wb_events_tally *t)
{
    const struct wb_bus *b = wb_bus_ensure(tx, e->bus);
    const struct wb_rule *last = NULL;
    if (!b)
        return;
    struct wb_slice key = wb_events_log(tx, b, e->text);
    for (uint32_t i = 0; i < e->out_count; i++) {
        struct wb_event_out *o = &e->out[i];
        if (o->rule != last) {
            struct tally *k = wb_events_tally(tx, t, o->bus, o->rule);
            k->matched++;
            k->first += i == 0;
        }
        last = o->rule;
        o->event_key = key;
        if (o->target)
            wb_events_send(tx, o, t);
    }
}

static void count_call(struct wb_call *c, const struct put *p, uint32_t failed)
{
    static const struct {
        const char *name, *unit;
    } metrics[] = {
        {"PutEventsApproximateCallCount", "Count"}, {"PutEventsApproximateSuccessCount", "Count"},
        {"PutEventsEntriesCount", "Count"},         {"PutEventsFailedEntriesCount", "Count"},
        {"PutEventsRequestSize", "Bytes"},          {"PutEventsLatency", "Milliseconds"}};
    struct wb_seam *seam = wb_engine_seam(c->engine);
    double ms = (double)(seam->mono_ns(seam) - p->began_ns) / 1e6;
    double value[] = {1, 1, p->count, failed, (double)p->bytes, ms};
    for (size_t i = 0; i < sizeof value / sizeof *value; i++)
        wb_put_metric(c->tx, wb_bus_account(&c->ctx, WB_SLICE_NULL), c->ctx.region, "AWS/Events",
                      metrics[i].name, NULL, 0, value[i], metrics[i].unit);
}

/* A call that was refused: its command left nothing behind, or there was none. */
void wb_events_ended(struct wb_call *c, double ms)
{
    static const char *const names[] = {"PutEventsApproximateCallCount",
                                        "PutEventsApproximateFailedCount",
                                        "PutEventsApproximateThrottledCount"};
    if (!c->error.code || c->op->handler != wb_events_put || !c->ctx.account.n)
        return;
    bool throttled = strcmp(c->error.code, "ThrottlingException") == 0;
    for (size_t i = 0; i < 2; i++)
        wb_count(c->engine, wb_bus_account(&c->ctx, WB_SLICE_NULL), c->ctx.region, "AWS/Events",
                 names[i + (i && throttled)], NULL, 0, 1, "Count");
}

void wb_events_put(struct wb_call *c)
{
    if (!c->prepared || stale(c, c->prepared)) {
        wb_events_put_prepare(c);
        if (wb_failed(c))
            return;
    }
    struct put *p = c->prepared;
    struct wb_events_tally tally = {.count = 0};
    uint32_t failed = 0;
    c->traced = false;
    for (uint32_t i = 0; i < p->count; i++) {
        failed += p->entry[i].code != NULL;
        if (!p->entry[i].event.bus)
            continue;
        c->traced |= wb_event_trace(c->tx, &p->entry[i].event);
        wb_event_store(c->tx, &p->entry[i].event, &tally);
    }
    wb_events_tell(c->tx, &tally);
    count_call(c, p, failed);
    wb_out_i64(&c->out, "FailedEntryCount", failed);
    wb_out_list(&c->out, "Entries");
    for (uint32_t i = 0; i < p->count; i++) {
        const struct entry *e = &p->entry[i];
        wb_out_object(&c->out, NULL);
        if (e->code) {
            wb_out_cstr(&c->out, "ErrorCode", e->code);
            wb_out_str(&c->out, "ErrorMessage", e->message);
        } else {
            wb_out_str(&c->out, "EventId", e->event.id);
        }
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}
