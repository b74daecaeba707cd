/* GetLogEvents and FilterLogEvents. Pages hold at most WB_LOGS_ANSWER_MAX bytes, and end early
 * after WB_LOGS_SCAN_BYTES were looked at. A token is a place between two events. */
#include "base/map.h"
#include "engine/paging.h"
#include "services/logs/logs.h"
#include "services/logs/pattern.h"

#define DAY_MS 86400000LL

/* --- tokens --- */

static struct wb_slice place_token(struct wb_call *c, struct wb_slice filter,
                                   const struct wb_log_place *p)
{
    struct wb_buf b = wb_buf_in(c->arena);
    wb_buf_le64(&b, (uint64_t)p->time_ms);
    wb_buf_le64(&b, p->stamp);
    wb_buf_le32(&b, p->index);
    return wb_page_token(c, filter, wb_buf_slice(&b));
}

static bool open_place(struct wb_call *c, struct wb_slice token, struct wb_slice filter,
                       struct wb_log_place *p)
{
    struct wb_slice text;
    if (!wb_page_open(c, token, filter, &text)) {
        logs_invalid(c, "The specified nextToken is invalid.");
        return false;
    }
    struct wb_rd r = wb_rd(text);
    p->time_ms = (int64_t)wb_rd_le64(&r);
    p->stamp = wb_rd_le64(&r);
    p->index = wb_rd_le32(&r);
    return true;
}

struct wb_slice logs_event_id(struct wb_arena *a, const struct wb_log_place *at)
{
    return wb_printf(a, "%020lld%020llu%016u", (long long)at->time_ms,
                     (unsigned long long)at->stamp, at->index);
}

static int64_t oldest(const struct wb_call *c, const struct wb_log_group *g, int64_t from)
{
    int64_t kept = g->retention_days ? c->tx->now_ms - g->retention_days * DAY_MS : 0;
    return from > kept ? from : kept;
}

/* --- GetLogEvents --- */

struct page {
    struct wb_log_event *event;
    size_t count, max, bytes;
};

static void fill_page(struct wb_call *c, const struct wb_log_query *q, struct page *p)
{
    struct wb_log_event e;
    struct wb_log_reader *r = wb_log_open(c->tx, q);
    size_t cap = 0;
    while (p->count < p->max && wb_log_next(r, &e)) {
        p->bytes += e.text.n + WB_LOGS_EVENT_EXTRA;
        if (p->count && p->bytes > WB_LOGS_ANSWER_MAX)
            break;
        if (p->count == cap) {
            struct wb_log_event *more = wb_new_n(c->arena, struct wb_log_event, cap = 2 * cap + 64);
            if (p->count)
                memcpy(more, p->event, p->count * sizeof *more);
            p->event = more;
        }
        e.text = wb_dup(c->arena, e.text);
        p->event[p->count++] = e;
    }
    wb_log_close(r);
}

static void out_events(struct wb_call *c, const struct page *p, bool backward)
{
    wb_out_list(&c->out, "events");
    for (size_t i = 0; i < p->count; i++) {
        const struct wb_log_event *e = &p->event[backward ? p->count - 1 - i : i];
        wb_out_object(&c->out, NULL);
        wb_out_i64(&c->out, "timestamp", e->at.time_ms);
        wb_out_str(&c->out, "message", e->text);
        wb_out_i64(&c->out, "ingestionTime", e->ingested_ms);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

static void out_token(struct wb_call *c, const char *name, char direction, struct wb_slice filter,
                      const struct wb_log_place *p)
{
    wb_out_str(&c->out, name, wb_printf(c->arena, "%c/%s", direction, place_token(c, filter, p).p));
}

void logs_get_events(struct wb_call *c)
{
    struct wb_log_group g;
    struct wb_log_stream s;
    struct wb_slice token = wb_in_str(c, "nextToken");
    struct wb_log_place place;
    if (!logs_call_group(c, &g) || !logs_call_stream(c, &g, &s))
        return;
    struct wb_log_query q = {.group = g.number,
                             .stream = s.name,
                             .from_ms = oldest(c, &g, wb_in_i64(c, "startTime", 0)),
                             .to_ms = wb_in_i64(c, "endTime", INT64_MAX - WB_LOG_HOUR_MS),
                             .backward = !wb_in_bool(c, "startFromHead", false)};
    struct wb_slice filter = wb_printf(c->arena, "%llu|%llu|%.*s", (unsigned long long)g.number,
                                       (unsigned long long)s.since, WB_FMT(s.name));
    if (token.p) {
        bool forward = wb_slice_starts(token, WB_S("f/"));
        if (!forward && !wb_slice_starts(token, WB_S("b/"))) {
            logs_invalid(c, "The specified nextToken is invalid.");
            return;
        }
        if (!open_place(c, wb_slice_sub(token, 2, token.n), filter, &place))
            return;
        q.place = &place;
        q.backward = !forward;
    }
    /* Lines lie within the stream's own times. */
    if (q.to_ms > s.last_ms && s.first_ms <= s.last_ms)
        q.to_ms = s.last_ms + 1;
    struct page p = {.max = (size_t)wb_in_i64(c, "limit", WB_LOGS_EVENTS_MAX)};
    if (s.first_ms <= s.last_ms)
        fill_page(c, &q, &p);
    out_events(c, &p, q.backward);
    struct wb_log_place first = token.p ? place : (struct wb_log_place){.time_ms = q.from_ms},
                        after = first;
    if (p.count) {
        first = p.event[q.backward ? p.count - 1 : 0].at;
        after = p.event[q.backward ? 0 : p.count - 1].at;
        after.index++;
    }
    /* At the end in one direction the same token comes back. */
    bool same = token.p && p.count == 0;
    if (same && !q.backward)
        wb_out_str(&c->out, "nextForwardToken", token);
    else
        out_token(c, "nextForwardToken", 'f', filter, &after);
    if (same && q.backward)
        wb_out_str(&c->out, "nextBackwardToken", token);
    else
        out_token(c, "nextBackwardToken", 'b', filter, &first);
}

/* --- FilterLogEvents --- */

struct search {
    struct wb_slice prefix;
    struct wb_map *named; /* NULL: all */
    struct logs_pattern *pattern;
    size_t max, bytes, looked;
};

static bool wanted(void *arg, struct wb_slice stream)
{
    const struct search *s = arg;
    return wb_slice_starts(stream, s->prefix) && (!s->named || wb_map_get(s->named, stream));
}

static void out_found(struct wb_call *c, const struct wb_log_event *e)
{
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "logStreamName", e->stream);
    wb_out_i64(&c->out, "timestamp", e->at.time_ms);
    wb_out_str(&c->out, "message", e->text);
    wb_out_i64(&c->out, "ingestionTime", e->ingested_ms);
    wb_out_str(&c->out, "eventId", logs_event_id(c->arena, &e->at));
    wb_out_end(&c->out);
}

/* True when there may be more after *at. */
static bool search(struct wb_call *c, const struct wb_log_query *q, struct search *s,
                   struct wb_log_place *at)
{
    struct wb_log_reader *r = wb_log_open(c->tx, q);
    struct wb_log_event e;
    struct wb_arena scratch;
    size_t found = 0;
    bool more = false;
    wb_arena_init(&scratch, 0);
    while (!more && wb_log_next(r, &e)) {
        wb_arena_reset(&scratch);
        s->looked += e.text.n + WB_LOGS_EVENT_EXTRA;
        if (logs_pattern_match(s->pattern, &scratch, e.text)) {
            s->bytes += e.text.n + WB_LOGS_EVENT_EXTRA;
            if (found == s->max || (found && s->bytes > WB_LOGS_ANSWER_MAX)) {
                more = true; /* this one begins the next page */
                *at = e.at;
                break;
            }
            found++;
            out_found(c, &e);
        }
        *at = e.at;
        at->index++;
        more = s->looked > WB_LOGS_SCAN_BYTES;
    }
    wb_arena_release(&scratch);
    wb_log_close(r);
    return more;
}

/* The names given, each of which must be a stream. */
static bool read_names(struct wb_call *c, const struct wb_log_group *g, struct search *s)
{
    struct wb_json names = wb_in(c, "logStreamNames");
    struct wb_log_stream there;
    s->prefix = wb_in_str(c, "logStreamNamePrefix");
    if (!wb_json_is(names))
        return true;
    if (s->prefix.p) {
        logs_invalid(c, "logStreamNames and logStreamNamePrefix are mutually exclusive.");
        return false;
    }
    s->named = wb_map_new();
    struct wb_json_iter it = wb_json_iter(names);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.value, c->arena);
        if (!wb_log_stream_read(c->tx, g->number, name, &there)) {
            wb_fail(c, "ResourceNotFoundException", 400,
                    "The specified log stream does not exist.");
            return false;
        }
        wb_map_put(s->named, name, s);
    }
    return true;
}

void logs_filter_events(struct wb_call *c)
{
    struct wb_log_group g;
    struct wb_log_place place, at;
    struct search s = {.max = (size_t)wb_in_i64(c, "limit", WB_LOGS_EVENTS_MAX)};
    struct wb_slice token = wb_in_str(c, "nextToken"), text = wb_in_str(c, "filterPattern");
    int64_t end = wb_in_i64(c, "endTime", INT64_MAX - WB_LOG_HOUR_MS - 1);
    if (!logs_call_group(c, &g))
        return;
    s.pattern = logs_pattern_compile(c->arena, text.p ? text : WB_S(""));
    if (!s.pattern) {
        logs_invalid(c, "Invalid filter pattern");
        return;
    }
    struct wb_slice filter = wb_printf(
        c->arena, "%llu|%.*s|%.*s|%.*s", (unsigned long long)g.number, WB_FMT(text),
        WB_FMT(wb_in_str(c, "logStreamNamePrefix")),
        WB_FMT(wb_json_is(wb_in(c, "logStreamNames")) ? wb_json_raw(wb_in(c, "logStreamNames"))
                                                      : WB_S("")));
    if (!token.p || open_place(c, token, filter, &place)) {
        struct wb_log_query q = {.group = g.number,
                                 .wanted = wanted,
                                 .arg = &s,
                                 .from_ms = oldest(c, &g, wb_in_i64(c, "startTime", 0)),
                                 .to_ms = end < INT64_MAX - WB_LOG_HOUR_MS ? end + 1 : end,
                                 .place = token.p ? &place : NULL};
        if (read_names(c, &g, &s)) {
            wb_out_list(&c->out, "events");
            bool more = search(c, &q, &s, &at);
            wb_out_end(&c->out);
            /* AWS gives this list empty since 2020: all streams are searched at once. */
            wb_out_list(&c->out, "searchedLogStreams");
            wb_out_end(&c->out);
            if (more)
                wb_out_str(&c->out, "nextToken", place_token(c, filter, &at));
        }
    }
    wb_map_free(s.named);
}
