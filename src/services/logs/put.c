/*
 * PutLogEvents: a batch is checked as a whole; events out of range are left out and told. Reading
 * and packing a megabyte of them takes longer than a command may, so it is done before; unless time
 * or retention moved the range in between.
 */
#include "services/logs/logs.h"

#define DAY_MS 86400000LL

static bool read_batch(struct wb_call *c, struct wb_log_line *line, size_t *count)
{
    size_t bytes = 0, n = 0;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "logEvents"));
    while (wb_json_next(&it)) {
        line[n] = (struct wb_log_line){wb_json_get_i64(it.value, "timestamp", 0),
                                       wb_json_get_str(it.value, "message", c->arena)};
        bytes += line[n].text.n + WB_LOGS_EVENT_EXTRA;
        if (n && line[n].time_ms < line[n - 1].time_ms) {
            logs_invalid(c, "Log events in a single PutLogEvents request must be in chronological "
                            "order.");
            return false;
        }
        n++;
    }
    *count = n;
    if (bytes > WB_LOGS_BATCH_MAX)
        wb_fail(c, "InvalidParameterException", 400,
                "Upload too large: %zu bytes exceeds limit of %d", bytes, WB_LOGS_BATCH_MAX);
    else if (line[n - 1].time_ms - line[0].time_ms > DAY_MS)
        logs_invalid(c, "The batch of log events in a single PutLogEvents request cannot span more "
                        "than 24 hours.");
    return !wb_failed(c);
}

struct batch {
    struct wb_log_line *line;
    size_t count;
    size_t old, expired, first, end; /* what is left out, and what is kept */
    struct wb_log_pack *pack;
};

static void find_range(const struct wb_call *c, const struct wb_log_group *g, struct batch *b)
{
    int64_t now = c->tx->now_ms, kept = g->retention_days ? now - g->retention_days * DAY_MS : 0;
    b->old = b->expired = 0;
    while (b->old < b->count && b->line[b->old].time_ms < now - WB_LOGS_PAST_DAYS * DAY_MS)
        b->old++;
    while (b->expired < b->count && b->line[b->expired].time_ms < kept)
        b->expired++;
    for (b->end = b->count; b->end > 0; b->end--)
        if (b->line[b->end - 1].time_ms <= now + WB_LOGS_FUTURE_MS)
            break;
    b->first = b->old > b->expired ? b->old : b->expired;
}

static void pack(struct wb_call *c, struct batch *b)
{
    b->pack =
        b->first < b->end ? wb_log_pack(c->arena, b->line + b->first, b->end - b->first) : NULL;
}

void logs_put_prepare(struct wb_call *c)
{
    struct batch *b = c->prepared = wb_new(c->arena, struct batch);
    struct wb_log_group g;
    b->line = wb_new_n(c->arena, struct wb_log_line, wb_json_count(wb_in(c, "logEvents")) + 1);
    if (!read_batch(c, b->line, &b->count) || !logs_call_group(c, &g))
        return;
    find_range(c, &g, b);
    pack(c, b);
}

void logs_put_events(struct wb_call *c)
{
    struct wb_log_group g;
    struct wb_log_stream s;
    const struct batch *before = c->prepared;
    struct batch b = *before;
    if (!logs_call_group(c, &g) || !logs_call_stream(c, &g, &s))
        return;
    find_range(c, &g, &b);
    if (b.first != before->first || b.end != before->end)
        pack(c, &b);
    if (b.pack)
        wb_write_log_pack(c->tx, g.account, g.region, g.name, s.name, b.pack);
    logs_out_sequence(c, "nextSequenceToken", c->tx->now_ms);
    if (b.first == 0 && b.end == b.count)
        return;
    wb_out_object(&c->out, "rejectedLogEventsInfo");
    if (b.end < b.count)
        wb_out_i64(&c->out, "tooNewLogEventStartIndex", (int64_t)b.end);
    if (b.old)
        wb_out_i64(&c->out, "tooOldLogEventEndIndex", (int64_t)b.old);
    if (b.expired)
        wb_out_i64(&c->out, "expiredLogEventEndIndex", (int64_t)b.expired);
    wb_out_end(&c->out);
}
