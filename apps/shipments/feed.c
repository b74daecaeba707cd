#include "feed.h"

#include "base/time.h"
#include "files.h"

#include <stdio.h>

#define PATIENCE_ROUNDS 120 /* of half a second */

bool feed_line(struct wb_arena *a, struct wb_slice line, struct feed_entry *e, const char **why)
{
    *e = (struct feed_entry){0};
    struct wb_json_error err = {0};
    struct wb_json v = wb_json_read(a, line, &err);
    if (wb_json_type(v) != WB_JSON_OBJECT) {
        *why = err.reason ? err.reason : "not a JSON object";
        return false;
    }
    struct wb_json detail = wb_json_get(v, "detail");
    if (wb_json_is(detail)) {
        e->detail =
            wb_json_type(detail) == WB_JSON_STRING ? wb_json_str(detail, a) : wb_json_raw(detail);
        e->detail_type = wb_json_get_str(v, "detail-type", a);
        e->time = wb_json_get_str(v, "time", a);
    } else {
        detail = v;
        e->detail = wb_json_raw(v);
    }
    int64_t ms;
    if (e->time.p && !wb_time_parse_iso(e->time, &ms, NULL)) {
        *why = "time is not a date and time";
        return false;
    }
    if (!e->detail_type.p) {
        struct wb_slice status = wb_json_get_str(detail, "status", a);
        e->detail_type = wb_slice_is(status, "CREATED")   ? WB_S("Shipment Created")
                         : wb_slice_is(status, "DELAYED") ? WB_S("Shipment Delayed")
                                                          : WB_S("Shipment Update");
    }
    return true;
}

static struct wb_slice request(struct wb_arena *a, const struct stack *s,
                               struct feed_entry *const *entry, size_t count)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_key(&w, "Entries");
    wb_jw_array(&w);
    for (size_t i = 0; i < count; i++) {
        wb_jw_object(&w);
        wb_jw_kcstr(&w, "Source", "logistics.shipments");
        wb_jw_kstr(&w, "DetailType", entry[i]->detail_type);
        wb_jw_kstr(&w, "Detail", entry[i]->detail);
        wb_jw_kstr(&w, "EventBusName", s->bus);
        int64_t ms;
        if (wb_time_parse_iso(entry[i]->time, &ms,
                              NULL)) /* the JSON protocol takes epoch seconds */
            wb_jw_kraw(&w, "Time", wb_time_str(a, ms, WB_TIME_EPOCH_F));
        wb_jw_end_object(&w);
    }
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool try_again(struct wb_slice code)
{
    return wb_slice_is(code, "ThrottlingException") || wb_slice_is(code, "InternalFailure") ||
           wb_slice_is(code, "InternalException");
}

/* Takes the answers over; leaves in pending[] those to offer again and returns how many. */
static size_t settle(struct wb_arena *a, struct wb_json answer, struct feed_entry **pending,
                     size_t count)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(answer, "Entries"));
    size_t left = 0;
    for (size_t i = 0; i < count && wb_json_next(&it); i++) {
        struct feed_entry *e = pending[i];
        e->event_id = wb_json_get_str(it.value, "EventId", a);
        e->code = wb_json_get_str(it.value, "ErrorCode", a);
        e->message = wb_json_get_str(it.value, "ErrorMessage", a);
        if (e->code.p && try_again(e->code))
            pending[left++] = e;
    }
    return left;
}

bool feed_put(struct wb_aws *aws, struct wb_arena *a, const struct stack *s,
              struct feed_entry *entry, size_t count)
{
    struct feed_entry *pending[FEED_BATCH];
    for (size_t i = 0; i < count; i++)
        pending[i] = &entry[i];
    struct wb_aws_answer r = {0};
    for (int round = 0; round < PATIENCE_ROUNDS; round++) {
        if (round)
            sleep_ms(500);
        if (wb_aws_json(aws, a, "events", "PutEvents", request(a, s, pending, count), &r)) {
            count = settle(a, r.json, pending, count);
            if (count == 0)
                return true;
        } else if (!r.transient) {
            break;
        }
    }
    fprintf(stderr, "waybill: put events: %.*s: %.*s\n", WB_FMT(r.code), WB_FMT(r.message));
    return false;
}
