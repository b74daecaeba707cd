/*
 * What functions call in a sampled trace: a segment each, below the one their header names, so that
 * a trace shows tables and topics though the function itself reports nothing. Of others' calls none
 * is made: no service of AWS does that, and whoever sends a sampled header from outside reports its
 * calls itself (docs/traces.md).
 *
 * What the call causes hangs below its segment: the header goes on with the segment's id. An
 * operation that `traces` puts segments of its own in its place, and the front's is only for what
 * was refused before.
 *
 * Segments gather for WB_TRACE_FLUSH_MS and are written by a command of their own; a call neither
 * waits for them nor costs anything without a header.
 */
#include "auth/session.h"
#include "base/arn.h"
#include "base/ids.h"
#include "engine/front.h"
#include <stdlib.h>

#define RESOURCE_MAX 1024 /* bytes of a name or an ARN; what is longer can only be wrong */

struct front_segment {
    struct wb_slice trace_id, id, parent_id, account, region;
};

struct made {
    struct made *next;
    struct wb_slice account, region, trace_id, id, document;
};

struct front_spans {
    struct wb_command command;
    struct wb_front *front;
    struct wb_arena arena;
    struct made *first;
    unsigned count;
};

/* --- at the beginning --- */

/* The function whose environment has the credentials, by its ARN. */
static bool of_function(const struct wb_call *c, struct wb_arn *function)
{
    struct wb_session s;
    return c->ctx.principal.type == WB_PRINCIPAL_SESSION &&
           wb_session_read(c->arena, c->ctx.principal.session, &s) && s.function.n &&
           wb_arn_parse(s.function, function);
}

void wb_front_trace_begin(struct request *r)
{
    struct wb_call *c = &r->call;
    struct wb_trace t;
    struct wb_arn function;
    if (!wb_trace_parse(c->ctx.trace, &t)) {
        c->ctx.trace = WB_SLICE_NULL;
        return;
    }
    if (!t.sampled || !t.parent.n || strcmp(c->service->name, "xray") == 0 ||
        !of_function(c, &function))
        return;
    struct front_segment *s = wb_new(c->arena, struct front_segment);
    *s = (struct front_segment){.trace_id = t.root,
                                .id = wb_id_hex(c->arena, &r->front->ids, 16),
                                .parent_id = t.parent,
                                .account = function.account,
                                .region = function.region};
    r->segment = s;
    c->traced = !c->op->traces;
    if (c->traced)
        c->ctx.trace = wb_trace_header(c->arena, t.root, s->id, true, c->ctx.trace);
}

/* --- at the end --- */

/* "Amazon DynamoDB" -> "DynamoDB" */
static struct wb_slice short_title(const struct wb_service *s)
{
    struct wb_slice title = wb_slice_str(s->title);
    wb_slice_cut(&title, ' ');
    return title.n ? title : wb_slice_str(s->title);
}

/* The resource of a call that has one, by the service's table. */
static struct wb_slice resource_of(struct wb_call *c)
{
    const char *member = c->service->trace_member;
    if (!member || !wb_json_is(c->in))
        return WB_SLICE_NULL;
    struct wb_slice name = wb_in_str(c, member);
    return name.n && name.n <= RESOURCE_MAX ? name : WB_SLICE_NULL;
}

static struct wb_slice document(struct request *r, const struct front_segment *f,
                                struct wb_arena *a)
{
    struct wb_call *c = &r->call;
    struct wb_engine *e = r->front->engine;
    int64_t elapsed_us = (e->seam->mono_ns(e->seam) - r->began_ns) / 1000;
    struct wb_slice resource = resource_of(c), title = short_title(c->service);
    const struct wb_pair block[] = {
        {WB_S("operation"), wb_slice_str(c->op->name)},
        {WB_S("request_id"), c->ctx.request_id},
        {wb_slice_str(c->service->trace_key ? c->service->trace_key : ""), resource}};
    struct wb_segment s = {.account = f->account,
                           .region = f->region,
                           .trace_id = f->trace_id,
                           .id = f->id,
                           .parent_id = f->parent_id,
                           .end_us = wb_engine_now(e) * 1000,
                           .status = c->status       ? c->status
                                     : c->op->status ? c->op->status
                                                     : 200,
                           .aws = block,
                           .aws_count = sizeof block / sizeof *block};
    s.start_us = s.end_us - elapsed_us;
    if (resource.p) {
        s.name = wb_slice_last(wb_slice_last(resource, '/'), ':');
        s.origin = c->service->trace_origin;
    } else {
        s.name = title;
        s.origin = wb_printf(a, "AWS::%.*s", WB_FMT(title)).p;
    }
    if (wb_failed(c))
        wb_segment_failed(&s, c->error.code, c->error.message,
                          c->error.status ? c->error.status : 400);
    return wb_segment_json(a, &s);
}

static struct front_spans *gathering(struct wb_front *f)
{
    if (f->spans)
        return f->spans;
    if (atomic_load(&f->spans_away) >= WB_TRACE_BATCHES)
        return NULL;
    f->spans = wb_xcalloc(1, sizeof *f->spans);
    f->spans->front = f;
    wb_arena_init(&f->spans->arena, 4096);
    wb_timer_start(f->spans_timer, WB_TRACE_FLUSH_MS);
    return f->spans;
}

static void dropped(struct wb_front *f, unsigned n)
{
    const struct wb_count_sums v = {n, n, 1, 1};
    wb_count_own(f->engine, "TraceSegmentsDropped", NULL, 0, &v, "Count");
}

void wb_front_trace_end(struct request *r)
{
    const struct front_segment *f = r->segment;
    struct wb_call *c = &r->call;
    if (c->op->traces && c->traced && !wb_failed(c))
        return;
    struct front_spans *b = gathering(r->front);
    if (!b) {
        dropped(r->front, 1);
        return;
    }
    struct made *m = wb_new(&b->arena, struct made);
    *m = (struct made){.next = b->first,
                       .account = wb_dup(&b->arena, f->account),
                       .region = wb_dup(&b->arena, f->region),
                       .trace_id = wb_dup(&b->arena, f->trace_id),
                       .id = wb_dup(&b->arena, f->id),
                       .document = document(r, f, &b->arena)};
    b->first = m;
    if (++b->count >= WB_TRACE_BATCH)
        wb_front_trace_flush(r->front);
}

/* --- to the writer --- */

static void run(struct wb_command *cmd, struct wb_tx *tx)
{
    struct front_spans *b = WB_CONTAINER(cmd, struct front_spans, command);
    if (wb_tx_low_room(tx))
        return;
    for (const struct made *m = b->first; m; m = m->next)
        wb_put_span(tx, m->account, m->region, m->trace_id, m->id, m->document);
}

static void done(struct wb_command *cmd, enum wb_commit result)
{
    struct front_spans *b = WB_CONTAINER(cmd, struct front_spans, command);
    atomic_fetch_sub(&b->front->spans_away, 1);
    wb_arena_release(&b->arena);
    free(b);
}

void wb_front_trace_flush(struct wb_front *f)
{
    struct front_spans *b = f->spans;
    if (!b)
        return;
    f->spans = NULL;
    wb_timer_stop(f->spans_timer);
    b->command = (struct wb_command){.lane = WB_LANE_CLIENT, .run = run, .done = done};
    atomic_fetch_add(&f->spans_away, 1);
    if (wb_submit(f->engine, &b->command))
        return;
    dropped(f, b->count);
    done(&b->command, WB_FAILED);
}

void wb_front_trace_free(struct wb_front *f)
{
    wb_timer_free(f->spans_timer);
    if (!f->spans)
        return;
    wb_arena_release(&f->spans->arena);
    free(f->spans);
}
