/* Reading a trace, and hanging its parts together. */
#include "services/xray/trace.h"
#include "base/limits.h"
#include "base/map.h"
#include "engine/spans.h"
#include <stdlib.h>

/* --- taking documents apart --- */

void xray_trace_begin(struct xray_trace *t, struct wb_slice id)
{
    *t = (struct xray_trace){.id = id};
}

static struct wb_slice text_of(struct wb_json v, const char *name, struct wb_arena *a)
{
    return wb_json_get_str(v, name, a);
}

/* Type and name of what a call to AWS went to: its table, queue, topic or function. */
static void aws_service(struct wb_arena *a, struct wb_json doc, struct xray_entity *e)
{
    static const struct {
        const char *name, *member, *type;
    } known[] = {
        {"DynamoDB", "table_name", "AWS::DynamoDB::Table"},
        {"SQS", "queue_url", "AWS::SQS::Queue"},
        {"SNS", "topic_arn", "AWS::SNS"},
        {"Lambda", "function_name", "AWS::Lambda"},
        {"S3", "bucket_name", "AWS::S3::Bucket"},
        {"Events", "event_bus_name", "AWS::Events"},
    };
    struct wb_json aws = wb_json_get(doc, "aws");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct wb_slice what = text_of(aws, known[i].member, a);
        if (!wb_slice_ieq(e->name, wb_slice_str(known[i].name)) || !what.n)
            continue;
        e->type = wb_slice_str(known[i].type);
        e->name = wb_slice_last(wb_slice_last(what, '/'), ':');
        return;
    }
    e->type = wb_printf(a, "AWS::%.*s", WB_FMT(e->name));
}

static void read_entity(struct wb_arena *a, struct wb_json doc, struct xray_entity *e)
{
    struct wb_slice space = text_of(doc, "namespace", a);
    e->doc = doc;
    e->id = text_of(doc, "id", a);
    e->parent_id = text_of(doc, "parent_id", a);
    e->name = text_of(doc, "name", a);
    wb_json_double(wb_json_get(doc, "start_time"), &e->start);
    e->end = e->start;
    e->in_progress = !wb_json_double(wb_json_get(doc, "end_time"), &e->end);
    e->fault = wb_json_bool(wb_json_get(doc, "fault"), false);
    e->throttle = wb_json_bool(wb_json_get(doc, "throttle"), false);
    e->error = wb_json_bool(wb_json_get(doc, "error"), false) || e->throttle;
    if (e->segment) {
        e->type = text_of(doc, "origin", a);
        return;
    }
    e->remote = wb_slice_is(space, "aws") || wb_slice_is(space, "remote");
    if (wb_slice_is(space, "aws"))
        aws_service(a, doc, e);
    else if (wb_json_is(wb_json_get(doc, "sql")))
        e->type = WB_S("Database::SQL");
    else
        e->type = space.n ? space : WB_SLICE_NULL;
}

static struct xray_entity *more(struct wb_arena *a, struct xray_trace *t)
{
    if ((t->count & (t->count - 1)) == 0) { /* full: sizes are powers of two */
        struct xray_entity *all = wb_new_n(a, struct xray_entity, t->count ? 2 * t->count : 1);
        if (t->count)
            memcpy(all, t->entity, t->count * sizeof *all);
        t->entity = all;
    }
    struct xray_entity *e = &t->entity[t->count++];
    *e = (struct xray_entity){0};
    return e;
}

static void add(struct wb_arena *a, struct xray_trace *t, struct wb_json doc, bool segment,
                struct wb_slice parent_id)
{
    if (t->count >= WB_XRAY_TRACE_ENTITIES || wb_json_type(doc) != WB_JSON_OBJECT)
        return;
    struct xray_entity *e = more(a, t);
    e->segment = segment;
    read_entity(a, doc, e);
    if (parent_id.n)
        e->parent_id = parent_id;
    struct wb_slice id = e->id;
    struct wb_json_iter it = wb_json_iter(wb_json_get(doc, "subsegments"));
    while (wb_json_next(&it))
        add(a, t, it.value, false, id);
}

void xray_trace_add(struct wb_arena *a, struct xray_trace *t, struct wb_slice document)
{
    struct wb_json doc = wb_json_read(a, document, NULL);
    bool sub = wb_slice_is(text_of(doc, "type", a), "subsegment");
    t->bytes += document.n;
    t->segments += !sub;
    add(a, t, doc, !sub, WB_SLICE_NULL);
}

/* --- the tree --- */

static int by_start(const void *a, const void *b)
{
    const struct xray_entity *x = a, *y = b;
    return x->start != y->start       ? (x->start < y->start ? -1 : 1)
           : x->segment != y->segment ? (x->segment ? -1 : 1)
                                      : wb_slice_cmp(x->id, y->id);
}

/* Ids that lead in a circle belong to nobody: the one that closes it becomes a root. */
static void cut_circles(struct xray_trace *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct xray_entity *slow = &t->entity[i], *fast = slow;
        while (fast && fast->parent) {
            slow = slow->parent;
            fast = fast->parent->parent;
            if (slow == fast && fast) {
                t->entity[i].parent = NULL;
                break;
            }
        }
    }
}

static struct xray_entity *owner_of(struct xray_entity *e)
{
    while (e && !e->segment)
        e = e->parent;
    return e;
}

void xray_trace_finish(struct wb_arena *a, struct xray_trace *t)
{
    struct wb_map *ids = wb_map_new(), *called = wb_map_new();
    if (t->count)
        qsort(t->entity, t->count, sizeof *t->entity, by_start);
    for (size_t i = 0; i < t->count; i++)
        wb_map_put(ids, t->entity[i].id, &t->entity[i]);
    for (size_t i = 0; i < t->count; i++) {
        struct xray_entity *e = &t->entity[i];
        e->parent = e->parent_id.n ? wb_map_get(ids, e->parent_id) : NULL;
        if (e->parent == e)
            e->parent = NULL;
        if (e->segment && e->parent)
            wb_map_put(called, e->parent->id, e);
    }
    cut_circles(t);
    t->start = t->count ? t->entity[0].start : 0;
    for (size_t i = 0; i < t->count; i++) {
        struct xray_entity *e = &t->entity[i];
        e->owner = owner_of(e);
        e->inferred = e->remote && !wb_map_get(called, e->id);
        t->end = e->end > t->end ? e->end : t->end;
        t->partial |= e->segment && e->in_progress;
        if (e->segment && !e->parent && !t->root)
            t->root = e;
    }
    wb_map_free(ids);
    wb_map_free(called);
}

const struct xray_entity *xray_caller(const struct xray_entity *e)
{
    return e->parent ? e->parent->owner : NULL;
}

bool xray_trace_read(struct wb_tx *tx, struct wb_arena *a, struct wb_slice account,
                     struct wb_slice region, struct wb_slice id, struct xray_trace *t)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_trace_key(a, account, region, id));
    xray_trace_begin(t, wb_dup(a, id));
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_span span;
        if (!wb_span_decode(a, key, value, &span))
            continue;
        t->received_ms = span.received_ms > t->received_ms ? span.received_ms : t->received_ms;
        if (t->bytes + span.document.n > WB_XRAY_TRACE_MAX) {
            t->limit_exceeded = true;
            break;
        }
        xray_trace_add(a, t, wb_dup(a, span.document));
    }
    wb_scan_close(s);
    xray_trace_finish(a, t);
    return t->count > 0;
}
