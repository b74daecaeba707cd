/*
 * waybill tail alarms. The history of the alarms is asked every half second: it has every change of
 * state as a row, in the order in which they happened, so that nothing is missed while nobody
 * looks, and AWS's own permission is enough to see it.
 */
#include "base/time.h"
#include "cli/tail.h"

#include <stdio.h>

struct alarms {
    struct tail *t;
    int64_t from_ms; /* of the newest item that was seen */
    struct tail_seen *seen;
};

static struct wb_slice request(struct wb_arena *a, const struct alarms *al, bool newest,
                               struct wb_slice token)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kraw(&w, "AlarmTypes", WB_S("[\"MetricAlarm\",\"CompositeAlarm\"]"));
    wb_jw_kcstr(&w, "HistoryItemType", "StateUpdate");
    wb_jw_kcstr(&w, "ScanBy", newest ? "TimestampDescending" : "TimestampAscending");
    if (newest)
        wb_jw_ki64(&w, "MaxRecords", 1);
    else
        wb_jw_kraw(&w, "StartDate", wb_time_str(a, al->from_ms, WB_TIME_EPOCH_F));
    if (token.n)
        wb_jw_kstr(&w, "NextToken", token);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static int64_t time_of(struct wb_json item)
{
    double seconds = 0;
    wb_json_double(wb_json_get(item, "Timestamp"), &seconds);
    return (int64_t)(seconds * 1000 + 0.5);
}

static enum tail_colour colour_of(struct wb_slice state)
{
    return wb_slice_is(state, "ALARM") ? TAIL_RED
           : wb_slice_is(state, "OK")  ? TAIL_GREEN
                                       : TAIL_YELLOW;
}

static bool show(const struct tail *t, struct wb_json item, struct wb_arena *a)
{
    struct wb_json data = wb_json_read(a, wb_json_get_str(item, "HistoryData", a), NULL);
    struct wb_json was = wb_json_get(data, "oldState"), is = wb_json_get(data, "newState");
    struct wb_slice before = wb_json_get_str(was, "stateValue", a),
                    now = wb_json_get_str(is, "stateValue", a);
    if (t->json) {
        tail_json(t, wb_json_raw(item));
        return tail_end_line();
    }
    tail_time(t, time_of(item));
    putchar(' ');
    tail_text(t, TAIL_CYAN, wb_json_get_str(item, "AlarmName", a));
    putchar(' ');
    tail_text(t, colour_of(before), before);
    fputs(" -> ", stdout);
    tail_text(t, colour_of(now), now);
    putchar(' ');
    tail_text(t, TAIL_PLAIN, wb_json_get_str(is, "stateReason", a));
    return tail_end_line();
}

/* Reads on from the newest that was seen; quietly: what there is counts as shown. */
static enum tail_result read_on(struct alarms *al, bool quietly)
{
    struct wb_arena a;
    struct wb_aws_answer r;
    struct wb_slice token = WB_SLICE_NULL;
    enum tail_result result;
    int64_t newest = al->from_ms;
    wb_arena_init(&a, 0);
    tail_seen_reread(al->seen);
    do {
        result = tail_ask(al->t, &a, "monitoring", "DescribeAlarmHistory",
                          request(&a, al, false, token), &r);
        if (result != TAIL_ON)
            break;
        struct wb_json_iter it = wb_json_iter(wb_json_get(r.json, "AlarmHistoryItems"));
        while (result == TAIL_ON && wb_json_next(&it)) {
            newest = time_of(it.value);
            if (tail_seen_read(al->seen, wb_json_raw(it.value), newest) && !quietly &&
                !show(al->t, it.value, &a))
                result = TAIL_FAILED;
        }
        token = wb_json_get_str(r.json, "NextToken", &a);
    } while (token.n && result == TAIL_ON);
    wb_arena_release(&a);
    if (result == TAIL_ON)
        al->from_ms = newest;
    tail_seen_forget(al->seen, al->from_ms);
    return result;
}

/* What has happened before the start is not shown, by the clock of the server. */
static enum tail_result begin(struct alarms *al)
{
    struct wb_arena a;
    struct wb_aws_answer r;
    wb_arena_init(&a, 0);
    enum tail_result result = tail_ask(al->t, &a, "monitoring", "DescribeAlarmHistory",
                                       request(&a, al, true, WB_SLICE_NULL), &r);
    struct wb_json first = WB_JSON_NONE;
    if (result == TAIL_ON)
        first = wb_json_item(wb_json_get(r.json, "AlarmHistoryItems"), 0);
    if (wb_json_is(first)) {
        al->from_ms = time_of(first);
        result = read_on(al, true);
    }
    wb_arena_release(&a);
    return result;
}

int tail_alarms(struct tail *t)
{
    struct alarms al = {.t = t, .seen = tail_seen_new()};
    enum tail_result r = begin(&al);
    while (r != TAIL_FAILED) {
        tail_pause();
        r = read_on(&al, false);
    }
    tail_seen_free(al.seen);
    return 1;
}
