/* Log streams: making, deleting, listing by name or by last event. */
#include "engine/paging.h"
#include "services/logs/logs.h"

bool logs_call_stream(struct wb_call *c, const struct wb_log_group *g, struct wb_log_stream *s)
{
    if (wb_log_stream_read(c->tx, g->number, wb_in_str(c, "logStreamName"), s))
        return true;
    wb_fail(c, "ResourceNotFoundException", 400, "The specified log stream does not exist.");
    return false;
}

void logs_create_stream(struct wb_call *c)
{
    struct wb_log_group g;
    struct wb_log_stream s;
    struct wb_slice name = wb_in_str(c, "logStreamName");
    if (!logs_call_group(c, &g))
        return;
    if (wb_log_stream_read(c->tx, g.number, name, &s))
        wb_fail(c, "ResourceAlreadyExistsException", 400,
                "The specified log stream already exists");
    else
        wb_log_stream_make(c->tx, g.number, name);
}

void logs_delete_stream(struct wb_call *c)
{
    struct wb_log_group g;
    struct wb_log_stream s;
    if (logs_call_group(c, &g) && logs_call_stream(c, &g, &s))
        wb_log_stream_drop(c->tx, &g, &s);
}

void logs_out_sequence(struct wb_call *c, const char *name, int64_t ingested_ms)
{
    wb_out_str(&c->out, name, wb_printf(c->arena, "%056lld", (long long)ingested_ms));
}

static void out_stream(struct wb_call *c, const struct wb_log_group *g,
                       const struct wb_log_stream *s)
{
    struct wb_out *o = &c->out;
    wb_out_object(o, NULL);
    wb_out_str(o, "logStreamName", s->name);
    wb_out_i64(o, "creationTime", s->created_ms);
    if (s->first_ms <= s->last_ms) {
        wb_out_i64(o, "firstEventTimestamp", s->first_ms);
        wb_out_i64(o, "lastEventTimestamp", s->last_ms);
        wb_out_i64(o, "lastIngestionTime", s->ingested_ms);
        logs_out_sequence(c, "uploadSequenceToken", s->ingested_ms);
    }
    wb_out_str(o, "arn",
               wb_arn_make(c->arena, "logs", g->region, g->account,
                           "log-group:%.*s:log-stream:%.*s", WB_FMT(g->name), WB_FMT(s->name)));
    wb_out_i64(o, "storedBytes", 0); /* AWS tells no more since 2019 */
    wb_out_end(o);
}

/* --- listing --- */

struct listing {
    struct wb_slice prefix, filter;
    struct wb_log_stream *s; /* in order; one more than the page has */
    size_t count, max;
    bool by_time, descending;
    bool from_token;
    struct wb_log_stream after; /* of the token: name and last_ms */
};

static int cmp(const struct listing *l, const struct wb_log_stream *x,
               const struct wb_log_stream *y)
{
    int order = 0;
    if (l->by_time && x->last_ms != y->last_ms)
        order = x->last_ms < y->last_ms ? -1 : 1;
    if (order == 0)
        order = wb_slice_cmp(x->name, y->name);
    return l->descending ? -order : order;
}

static void offer(struct listing *l, const struct wb_log_stream *s)
{
    if (!wb_slice_starts(s->name, l->prefix) || (l->from_token && cmp(l, s, &l->after) <= 0))
        return;
    if (l->count == l->max + 1 && cmp(l, s, &l->s[l->max]) >= 0)
        return;
    size_t at = l->count < l->max + 1 ? l->count++ : l->max;
    for (; at > 0 && cmp(l, s, &l->s[at - 1]) < 0; at--)
        l->s[at] = l->s[at - 1];
    l->s[at] = *s;
}

static bool read_listing(struct wb_call *c, const struct wb_log_group *g, struct listing *l)
{
    struct wb_slice token = wb_in_str(c, "nextToken"), place;
    *l = (struct listing){.prefix = wb_in_str(c, "logStreamNamePrefix"),
                          .max = (size_t)wb_in_i64(c, "limit", WB_LOGS_PAGE),
                          .by_time = wb_slice_is(wb_in_str(c, "orderBy"), "LastEventTime"),
                          .descending = wb_in_bool(c, "descending", false)};
    if (l->by_time && l->prefix.p) {
        logs_invalid(c, "Cannot order by LastEventTime with a logStreamNamePrefix.");
        return false;
    }
    l->filter = wb_printf(c->arena, "%llu|%.*s|%d|%d", (unsigned long long)g->number,
                          WB_FMT(l->prefix), l->by_time, l->descending);
    l->s = wb_new_n(c->arena, struct wb_log_stream, l->max + 1);
    if (!token.p)
        return true;
    if (!wb_page_open(c, token, l->filter, &place)) {
        logs_invalid(c, "The specified nextToken is invalid.");
        return false;
    }
    struct wb_rd r = wb_rd(place);
    l->from_token = true;
    l->after.last_ms = (int64_t)wb_rd_le64(&r);
    l->after.name = wb_rd_lp(&r);
    return true;
}

/* Streams by name lie in order: the scan may end with the page. */
static void scan_streams(struct wb_call *c, const struct wb_log_group *g, struct listing *l)
{
    struct wb_arena *a = c->arena;
    struct wb_slice all = wb_key(a, WB_T_LOG_STREAM, "u", g->number), lo = all,
                    hi = wb_key_after(a, all), key, value;
    bool by_name = !l->by_time;
    if (by_name && !l->descending && (l->from_token || l->prefix.n))
        lo = wb_log_stream_key(a, g->number, l->from_token ? l->after.name : l->prefix);
    if (by_name && l->descending && l->from_token)
        hi = wb_log_stream_key(a, g->number, l->after.name);
    struct wb_scan *s = wb_tx_scan(c->tx, lo, hi, by_name && l->descending);
    struct wb_arena row;
    wb_arena_init(&row, 0);
    while ((l->by_time || l->count <= l->max) && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_log_stream one;
        wb_arena_reset(&row);
        if (!wb_log_stream_decode(&row, key, value, &one))
            continue;
        if (by_name && !l->descending && !wb_slice_starts(one.name, l->prefix) &&
            wb_slice_cmp(one.name, l->prefix) > 0)
            break;
        one.name = wb_dup(a, one.name);
        offer(l, &one);
    }
    wb_scan_close(s);
    wb_arena_release(&row);
}

void logs_describe_streams(struct wb_call *c)
{
    struct wb_log_group g;
    struct listing l;
    if (!logs_call_group(c, &g) || !read_listing(c, &g, &l))
        return;
    scan_streams(c, &g, &l);
    size_t n = l.count > l.max ? l.max : l.count;
    wb_out_list(&c->out, "logStreams");
    for (size_t i = 0; i < n; i++)
        out_stream(c, &g, &l.s[i]);
    wb_out_end(&c->out);
    if (l.count > l.max) {
        struct wb_buf b = wb_buf_in(c->arena);
        wb_buf_le64(&b, (uint64_t)l.s[n - 1].last_ms);
        wb_buf_lp(&b, l.s[n - 1].name);
        wb_out_str(&c->out, "nextToken", wb_page_token(c, l.filter, wb_buf_slice(&b)));
    }
}
