/* PutLogEvents: a batch is checked as a whole; events out of range are left out and told. */
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

void logs_put_events(struct wb_call *c)
{
    struct wb_log_group g;
    struct wb_log_stream s;
    size_t count, old = 0, expired = 0, end;
    struct wb_log_line *line =
        wb_new_n(c->arena, struct wb_log_line, wb_json_count(wb_in(c, "logEvents")) + 1);
    if (!read_batch(c, line, &count) || !logs_call_group(c, &g) || !logs_call_stream(c, &g, &s))
        return;
    int64_t now = c->tx->now_ms, kept = g.retention_days ? now - g.retention_days * DAY_MS : 0;
    while (old < count && line[old].time_ms < now - WB_LOGS_PAST_DAYS * DAY_MS)
        old++;
    while (expired < count && line[expired].time_ms < kept)
        expired++;
    for (end = count; end > 0 && line[end - 1].time_ms > now + WB_LOGS_FUTURE_MS; end--)
        ;
    size_t first = old > expired ? old : expired;
    if (first < end)
        wb_write_log(c->tx, g.account, g.region, g.name, s.name, line + first, end - first);
    logs_out_sequence(c, "nextSequenceToken", now);
    if (first == 0 && end == count)
        return;
    wb_out_object(&c->out, "rejectedLogEventsInfo");
    if (end < count)
        wb_out_i64(&c->out, "tooNewLogEventStartIndex", (int64_t)end);
    if (old)
        wb_out_i64(&c->out, "tooOldLogEventEndIndex", (int64_t)old);
    if (expired)
        wb_out_i64(&c->out, "expiredLogEventEndIndex", (int64_t)expired);
    wb_out_end(&c->out);
}
