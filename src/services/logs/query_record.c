/* GetLogRecord and GetLogGroupFields: what fields events have. */
#include "base/map.h"
#include "services/logs/query.h"
#include <stdlib.h>

#define MINUTE_MS 60000LL

/* --- GetLogRecord --- */

static bool pointer(struct wb_call *c, struct insights_group *g, struct wb_slice *stream,
                    struct wb_log_place *at)
{
    return insights_pointer_read(c->arena, wb_in_str(c, "logRecordPointer"), g, stream, at);
}

void logs_of_record(struct wb_call *c)
{
    struct insights_group g;
    struct wb_slice stream;
    struct wb_log_place at;
    if (pointer(c, &g, &stream, &at))
        wb_call_resource(c, logs_group_arn(c->arena, g.account, g.region, g.name));
    else
        wb_call_resource(c, logs_group_arn(c->arena, c->ctx.account, c->ctx.region, WB_S("")));
}

static void out_field(void *arg, struct wb_slice name, struct wb_slice value)
{
    wb_out_map_str(arg, name, value);
}

static bool find_event(struct wb_call *c, struct insights_event *e)
{
    struct wb_log_query q = {.group = e->group->number,
                             .stream = e->stream,
                             .from_ms = e->at.time_ms,
                             .to_ms = e->at.time_ms + 1};
    struct wb_log_reader *r = wb_log_open(c->tx, &q);
    struct wb_log_event found;
    bool there = false;
    while (!there && wb_log_next(r, &found)) {
        there = found.at.stamp == e->at.stamp && found.at.index == e->at.index;
        e->text = wb_dup(c->arena, found.text);
        e->ingested_ms = found.ingested_ms;
    }
    wb_log_close(r);
    return there;
}

void logs_get_record(struct wb_call *c)
{
    struct insights_group g;
    struct wb_log_group group;
    struct wb_log_stream s;
    struct insights_event e = {.group = &g};
    if (!pointer(c, &g, &e.stream, &e.at)) {
        logs_invalid(c, "The specified logRecordPointer is invalid.");
        return;
    }
    bool there = wb_slice_eq(g.account, c->ctx.account) && wb_slice_eq(g.region, c->ctx.region) &&
                 wb_log_group_read(c->tx, g.account, g.region, g.name, &group) &&
                 wb_log_stream_read(c->tx, group.number, e.stream, &s);
    g.number = there ? group.number : 0;
    if (!there || !find_event(c, &e)) {
        wb_fail(c, "ResourceNotFoundException", 400, "The specified log record does not exist.");
        return;
    }
    wb_out_map(&c->out, "logRecord");
    insights_fields(c->arena, &e, out_field, &c->out);
    out_field(&c->out, WB_S("@ptr"), wb_in_str(c, "logRecordPointer"));
    wb_out_end(&c->out);
}

/* --- GetLogGroupFields --- */

struct field {
    struct wb_slice name;
    uint64_t events;
};

struct counting {
    struct wb_arena *a;
    struct wb_map *field;
};

static void count_field(void *arg, struct wb_slice name, struct wb_slice value)
{
    struct counting *n = arg;
    struct field *f = wb_map_get(n->field, name);
    if (!f && wb_map_count(n->field) < WB_INSIGHTS_PAGE) {
        f = wb_new(n->a, struct field);
        f->name = wb_dup(n->a, name);
        wb_map_put(n->field, f->name, f);
    }
    if (f)
        f->events++;
}

static uint64_t count_fields(struct wb_call *c, const struct insights_group *g, int64_t from,
                             int64_t to, struct counting *n)
{
    struct wb_log_query q = {.group = g->number, .from_ms = from, .to_ms = to, .backward = true};
    struct wb_log_reader *r = wb_log_open(c->tx, &q);
    struct wb_log_event e;
    struct wb_arena scratch;
    uint64_t events = 0, bytes = 0;
    wb_arena_init(&scratch, 0);
    while (bytes < WB_INSIGHTS_SCAN_BYTES && wb_log_next(r, &e)) {
        struct insights_event x = {.group = g,
                                   .ingested_ms = e.ingested_ms,
                                   .at = e.at,
                                   .stream = e.stream,
                                   .text = e.text};
        wb_arena_reset(&scratch);
        insights_fields(&scratch, &x, count_field, n);
        bytes += e.text.n;
        events++;
    }
    wb_arena_release(&scratch);
    wb_log_close(r);
    return events;
}

static int cmp_field(const void *x, const void *y)
{
    const struct field *a = *(struct field *const *)x, *b = *(struct field *const *)y;
    return a->events != b->events ? (a->events > b->events ? -1 : 1)
                                  : wb_slice_cmp(a->name, b->name);
}

static void out_fields(struct wb_call *c, const struct counting *n, uint64_t events)
{
    size_t count = wb_map_count(n->field), pos = 0, i = 0;
    struct field **all = wb_new_n(c->arena, struct field *, count + 1);
    struct wb_slice key;
    void *value;
    while (wb_map_next(n->field, &pos, &key, &value))
        all[i++] = value;
    qsort(all, count, sizeof(struct field *), cmp_field);
    wb_out_list(&c->out, "logGroupFields");
    for (i = 0; i < count; i++) {
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "name", all[i]->name);
        wb_out_i64(&c->out, "percent", (int64_t)(all[i]->events * 100 / events));
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

/* The last 15 minutes, or 8 minutes before and behind the given time. */
void logs_group_fields(struct wb_call *c)
{
    struct wb_log_group group;
    int64_t at = wb_in_i64(c, "time", 0);
    if (!logs_call_group(c, &group))
        return;
    at = at < 100000000000LL ? at * 1000 : at;
    int64_t from = at ? at - 8 * MINUTE_MS : c->tx->now_ms - 15 * MINUTE_MS,
            to = at ? at + 8 * MINUTE_MS : c->tx->now_ms + 1;
    struct insights_group g = {group.account, group.region, group.name, group.number};
    struct counting n = {c->arena, wb_map_new()};
    uint64_t events = count_fields(c, &g, from < 0 ? 0 : from, to, &n);
    out_fields(c, &n, events);
    wb_map_free(n.field);
}
