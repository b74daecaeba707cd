/*
 * Writes are conditional, and what stands in the way is read from the refusal itself
 * (ReturnValuesOnConditionCheckFailure), so a retry finds its own row and goes on from there.
 */
#include "ledger.h"

#include "base/time.h"

#include <string.h>

/* --- requests --- */

static void attr_s(struct wb_json_writer *w, const char *name, struct wb_slice value)
{
    wb_jw_key(w, name);
    wb_jw_object(w);
    wb_jw_kstr(w, "S", value.p ? value : WB_S(""));
    wb_jw_end_object(w);
}

static struct wb_slice now_stamp(struct ledger *l, struct wb_arena *a)
{
    return wb_time_str(a, l->now_ms(), WB_TIME_ISO_MS);
}

static enum ledger_status failed(struct ledger *l, struct wb_arena *a, const char *doing,
                                 const struct wb_aws_answer *r)
{
    l->why = wb_printf(a, "%s: %.*s: %.*s", doing, WB_FMT(r->code), WB_FMT(r->message));
    return r->transient ? LEDGER_AGAIN : LEDGER_BROKEN;
}

/* PutItem on condition that no item has this key. *there: the item that has it, or WB_JSON_NONE
 * when ours went in. */
static enum ledger_status put_new(struct ledger *l, struct wb_arena *a, const char *table,
                                  const char *key_attribute, struct wb_slice item,
                                  struct wb_json *there)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "TableName", table);
    wb_jw_kraw(&w, "Item", item);
    wb_jw_kstr(&w, "ConditionExpression", wb_printf(a, "attribute_not_exists(%s)", key_attribute));
    wb_jw_kcstr(&w, "ReturnValuesOnConditionCheckFailure", "ALL_OLD");
    wb_jw_end_object(&w);
    struct wb_aws_answer r;
    *there = WB_JSON_NONE;
    if (wb_aws_json(l->aws, a, "dynamodb", "PutItem", wb_buf_slice(&b), &r))
        return LEDGER_OK;
    if (wb_slice_is(r.code, "ConditionalCheckFailedException")) {
        *there = wb_json_get(r.json, "Item");
        if (wb_json_is(*there))
            return LEDGER_OK;
    }
    return failed(l, a, table, &r);
}

static struct wb_slice text_of(struct wb_json item, const char *name, struct wb_arena *a)
{
    return wb_json_get_str(wb_json_get(item, name), "S", a);
}

/* --- the log --- */

static struct wb_slice log_item(struct ledger *l, struct wb_arena *a, const struct update *u,
                                struct wb_slice sort_key)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    attr_s(&w, "shipmentId", u->shipment_id);
    attr_s(&w, "timestamp", sort_key);
    attr_s(&w, "status", u->status);
    attr_s(&w, "eventType", u->event_type);
    attr_s(&w, "eventSource", u->event_source);
    attr_s(&w, "eventId", u->event_id);
    attr_s(&w, "location", u->location);
    attr_s(&w, "carrier", u->carrier);
    attr_s(&w, "trackingNumber", u->tracking_number);
    attr_s(&w, "rawEvent", u->raw);
    attr_s(&w, "processedAt", now_stamp(l, a));
    attr_s(&w, "identity", wb_slice_str(u->identity));
    if (u->original_timestamp.p)
        attr_s(&w, "originalTimestamp", u->original_timestamp);
    if (u->assumed_utc)
        attr_s(&w, "tzSource", WB_S("assumedUTC"));
    if (u->delay_reason.n)
        attr_s(&w, "delayReason", u->delay_reason);
    if (u->eta.n)
        attr_s(&w, "eta", u->eta);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

enum ledger_status ledger_store(struct ledger *l, struct wb_arena *a, const struct update *u,
                                struct stored *out)
{
    /* The plain instant, then the instant with 8 digits of the identity, then (two identities that
     * share 8 digits) with all. */
    const size_t digits[] = {0, 8, UPDATE_IDENTITY_LEN};
    for (size_t i = 0; i < sizeof digits / sizeof *digits; i++) {
        struct wb_slice key = u->timestamp;
        if (digits[i])
            key = wb_printf(a, "%.*s#%.*s", WB_FMT(u->timestamp), (int)digits[i], u->identity);
        struct wb_json there;
        enum ledger_status s =
            put_new(l, a, l->log_table, "shipmentId", log_item(l, a, u, key), &there);
        if (s != LEDGER_OK)
            return s;
        *out = (struct stored){.timestamp = key};
        if (!wb_json_is(there))
            return LEDGER_OK;
        if (wb_slice_is(text_of(there, "identity", a), u->identity)) {
            out->of = text_of(there, "eventId", a);
            out->duplicate = !wb_slice_eq(out->of, u->event_id);
            return LEDGER_OK;
        }
    }
    l->why = WB_S("two updates with one identity differ");
    return LEDGER_BROKEN;
}

/* --- outcomes --- */

static void outcome_head(struct wb_json_writer *w, struct ledger *l, struct wb_arena *a,
                         const struct update *u, const char *outcome)
{
    wb_jw_object(w);
    attr_s(w, "eventId", u->event_id);
    attr_s(w, "outcome", wb_slice_str(outcome));
    attr_s(w, "eventTime", u->event_stamp);
    attr_s(w, "recordedAt", now_stamp(l, a));
    if (u->shipment_id.n)
        attr_s(w, "shipmentId", u->shipment_id);
}

static enum ledger_status record(struct ledger *l, struct wb_arena *a, struct wb_slice item,
                                 bool *fresh)
{
    struct wb_json there;
    enum ledger_status s = put_new(l, a, l->outcomes_table, "eventId", item, &there);
    *fresh = s == LEDGER_OK && !wb_json_is(there);
    return s;
}

enum ledger_status ledger_record_stored(struct ledger *l, struct wb_arena *a,
                                        const struct update *u, const struct stored *s, bool *fresh)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    outcome_head(&w, l, a, u, s->duplicate ? "duplicate" : "stored");
    attr_s(&w, "timestamp", s->timestamp);
    if (s->duplicate)
        attr_s(&w, "duplicateOf", s->of);
    wb_jw_end_object(&w);
    return record(l, a, wb_buf_slice(&b), fresh);
}

enum ledger_status ledger_record_refused(struct ledger *l, struct wb_arena *a,
                                         const struct update *u, enum refusal r,
                                         struct wb_slice what, bool *fresh)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    outcome_head(&w, l, a, u, "refused");
    attr_s(&w, "reason", wb_slice_str(refusal_name(r)));
    attr_s(&w, "what", what);
    attr_s(&w, "original", u->raw);
    wb_jw_end_object(&w);
    return record(l, a, wb_buf_slice(&b), fresh);
}

/* --- notices --- */

/* Claims the notice for this event. *mine: it is ours to send (new, or left pending by an earlier
 * attempt of the same event). */
static enum ledger_status claim(struct ledger *l, struct wb_arena *a, struct wb_slice notice,
                                const struct update *u, bool *mine)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    attr_s(&w, "notice", notice);
    attr_s(&w, "eventId", u->event_id);
    attr_s(&w, "state", WB_S("pending"));
    attr_s(&w, "claimedAt", now_stamp(l, a));
    wb_jw_end_object(&w);
    struct wb_json there;
    enum ledger_status s = put_new(l, a, l->notices_table, "notice", wb_buf_slice(&b), &there);
    *mine = s == LEDGER_OK &&
            (!wb_json_is(there) || (wb_slice_eq(text_of(there, "eventId", a), u->event_id) &&
                                    wb_slice_is(text_of(there, "state", a), "pending")));
    return s;
}

static enum ledger_status mark_sent(struct ledger *l, struct wb_arena *a, struct wb_slice notice)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "TableName", l->notices_table);
    wb_jw_key(&w, "Key");
    wb_jw_object(&w);
    attr_s(&w, "notice", notice);
    wb_jw_end_object(&w);
    wb_jw_kcstr(&w, "UpdateExpression", "SET #s = :sent, sentAt = :now");
    wb_jw_kraw(&w, "ExpressionAttributeNames", WB_S("{\"#s\":\"state\"}"));
    wb_jw_key(&w, "ExpressionAttributeValues");
    wb_jw_object(&w);
    attr_s(&w, ":sent", WB_S("sent"));
    attr_s(&w, ":now", now_stamp(l, a));
    wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    struct wb_aws_answer r;
    return wb_aws_json(l->aws, a, "dynamodb", "UpdateItem", wb_buf_slice(&b), &r)
               ? LEDGER_OK
               : failed(l, a, l->notices_table, &r);
}

/* Publishes and marks. Published twice only when the marking fails between: a mail too many, never
 * one too few. */
static enum ledger_status send(struct ledger *l, struct wb_arena *a, struct wb_slice notice,
                               struct wb_slice subject, struct wb_slice text)
{
    const struct wb_pair param[] = {
        {WB_S("TopicArn"), wb_slice_str(l->topic)},
        {WB_S("Subject"), subject},
        {WB_S("Message"), text},
    };
    struct wb_aws_answer r;
    if (!wb_aws_query(l->aws, a, "sns", "2010-03-31", "Publish", param,
                      sizeof param / sizeof *param, &r))
        return failed(l, a, "publish", &r);
    return mark_sent(l, a, notice);
}

/* SNS subjects: printable ASCII, at most 100. */
static struct wb_slice subject_of(struct wb_arena *a, const char *what, struct wb_slice name)
{
    char *p = wb_dup_cstr(a, wb_printf(a, "%s: %.*s", what, WB_FMT(wb_slice_sub(name, 0, 60))));
    for (char *c = p; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return wb_slice_str(p);
}

enum ledger_status ledger_announce_delay(struct ledger *l, struct wb_arena *a,
                                         const struct update *u)
{
    struct wb_slice notice = wb_printf(a, "delay#%.*s", WB_FMT(update_delay_change(a, u)));
    bool mine;
    enum ledger_status s = claim(l, a, notice, u, &mine);
    if (s != LEDGER_OK || !mine)
        return s;
    struct wb_buf b = wb_buf_in(a);
    wb_buf_printf(&b, "Shipment %.*s is delayed.\n\n", WB_FMT(u->shipment_id));
    const struct {
        const char *label;
        struct wb_slice value;
    } line[] = {
        {"Carrier", u->carrier},  {"Tracking number", u->tracking_number},
        {"Place", u->location},   {"Reason", u->delay_reason},
        {"New estimate", u->eta}, {"Reported for", u->timestamp},
    };
    for (size_t i = 0; i < sizeof line / sizeof *line; i++)
        if (line[i].value.n)
            wb_buf_printf(&b, "%-16s %.*s\n", line[i].label, WB_FMT(line[i].value));
    wb_buf_printf(&b, "\nTimeline: waybill shipment '%.*s'\n", WB_FMT(u->shipment_id));
    return send(l, a, notice, subject_of(a, "Shipment delayed", u->shipment_id), wb_buf_slice(&b));
}

/* How many updates were refused for this reason with an event time in [from, to]. */
static enum ledger_status count_refused(struct ledger *l, struct wb_arena *a, const char *reason,
                                        struct wb_slice from, struct wb_slice to, int64_t *count)
{
    struct wb_slice start = WB_SLICE_NULL;
    *count = 0;
    do {
        struct wb_buf b = wb_buf_in(a);
        struct wb_json_writer w;
        wb_jw_init(&w, &b);
        wb_jw_object(&w);
        wb_jw_kcstr(&w, "TableName", l->outcomes_table);
        wb_jw_kcstr(&w, "IndexName", "ReasonIndex");
        wb_jw_kcstr(&w, "Select", "COUNT");
        wb_jw_kcstr(&w, "KeyConditionExpression",
                    "reason = :r AND eventTime BETWEEN :from AND :to");
        wb_jw_key(&w, "ExpressionAttributeValues");
        wb_jw_object(&w);
        attr_s(&w, ":r", wb_slice_str(reason));
        attr_s(&w, ":from", from);
        attr_s(&w, ":to", to);
        wb_jw_end_object(&w);
        if (start.p)
            wb_jw_kraw(&w, "ExclusiveStartKey", start);
        wb_jw_end_object(&w);
        struct wb_aws_answer r;
        if (!wb_aws_json(l->aws, a, "dynamodb", "Query", wb_buf_slice(&b), &r))
            return failed(l, a, l->outcomes_table, &r);
        *count += wb_json_get_i64(r.json, "Count", 0);
        struct wb_json last = wb_json_get(r.json, "LastEvaluatedKey");
        start = wb_json_is(last) ? wb_json_raw(last) : WB_SLICE_NULL;
    } while (start.p);
    return LEDGER_OK;
}

enum ledger_status ledger_announce_refusal(struct ledger *l, struct wb_arena *a,
                                           const struct update *u, enum refusal r,
                                           struct wb_slice what)
{
    const char *reason = refusal_name(r);
    struct wb_slice hour = wb_slice_sub(u->event_stamp, 0, 13); /* 2026-11-22T14 */
    struct wb_slice notice = wb_printf(a, "refused#%s#%.*s", reason, WB_FMT(hour));
    bool mine;
    enum ledger_status s = claim(l, a, notice, u, &mine);
    if (s != LEDGER_OK || !mine)
        return s;
    int64_t ms = 0, before = 0, now = 0;
    wb_time_parse_iso(wb_printf(a, "%.*s:00:00Z", WB_FMT(hour)), &ms, NULL);
    struct wb_slice start = wb_time_str(a, ms, WB_TIME_ISO_MS),
                    day = wb_time_str(a, ms - 86400000, WB_TIME_ISO_MS);
    s = count_refused(l, a, reason, day, wb_time_str(a, ms - 1, WB_TIME_ISO_MS), &before);
    if (s == LEDGER_OK)
        s = count_refused(l, a, reason, start, wb_time_str(a, ms + 3599999, WB_TIME_ISO_MS), &now);
    if (s != LEDGER_OK)
        return s;
    struct wb_slice text = wb_printf(a,
                                     "An update was refused: %s.\n%.*s (event %.*s).\n\n"
                                     "Refused for this reason in the hour from %.*s: %lld so far.\n"
                                     "In the 24 hours before: %lld.\n\n"
                                     "No further mail follows for this reason in this hour. The "
                                     "originals are kept in table %s, index ReasonIndex.\n",
                                     reason, WB_FMT(what), WB_FMT(u->event_id), WB_FMT(start),
                                     (long long)now + 1, (long long)before, l->outcomes_table);
    return send(l, a, notice, subject_of(a, "Shipment update refused", wb_slice_str(reason)), text);
}
