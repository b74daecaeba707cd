#include "ledger_write.h"

#include "base/time.h"
#include "state.h"

#define RECORD_ROUNDS 10

/* --- requests --- */

void ledger_attr(struct wb_json_writer *w, const char *name, struct wb_slice value)
{
    wb_jw_key(w, name);
    wb_jw_object(w);
    wb_jw_kstr(w, "S", value.p ? value : WB_S(""));
    wb_jw_end_object(w);
}

struct wb_slice ledger_now(struct ledger *l, struct wb_arena *a)
{
    return wb_time_str(a, l->now_ms(), WB_TIME_ISO_MS);
}

enum ledger_status ledger_failed(struct ledger *l, struct wb_arena *a, const char *doing,
                                 const struct wb_aws_answer *r)
{
    l->why = wb_printf(a, "%s: %.*s: %.*s", doing, WB_FMT(r->code), WB_FMT(r->message));
    return r->transient ? LEDGER_AGAIN : LEDGER_BROKEN;
}

enum ledger_status ledger_put_if(struct ledger *l, struct wb_arena *a, const char *table,
                                 struct wb_slice item, struct wb_slice condition,
                                 struct wb_slice value, bool *done, struct wb_json *there)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "TableName", table);
    wb_jw_kraw(&w, "Item", item);
    wb_jw_kstr(&w, "ConditionExpression", condition);
    if (value.p) {
        wb_jw_key(&w, "ExpressionAttributeValues");
        wb_jw_object(&w);
        ledger_attr(&w, ":v", value);
        wb_jw_end_object(&w);
    }
    wb_jw_kcstr(&w, "ReturnValuesOnConditionCheckFailure", "ALL_OLD");
    wb_jw_end_object(&w);
    struct wb_aws_answer r;
    *there = WB_JSON_NONE;
    *done = wb_aws_json(l->aws, a, "dynamodb", "PutItem", wb_buf_slice(&b), &r);
    if (*done)
        return LEDGER_OK;
    if (!wb_slice_is(r.code, "ConditionalCheckFailedException"))
        return ledger_failed(l, a, table, &r);
    *there = wb_json_get(r.json, "Item");
    return LEDGER_OK;
}

enum ledger_status ledger_put_new(struct ledger *l, struct wb_arena *a, const char *table,
                                  const char *key_attribute, struct wb_slice item,
                                  struct wb_json *there)
{
    bool done;
    enum ledger_status s =
        ledger_put_if(l, a, table, item, wb_printf(a, "attribute_not_exists(%s)", key_attribute),
                      WB_SLICE_NULL, &done, there);
    if (s == LEDGER_OK && !done && !wb_json_is(*there)) {
        l->why = wb_printf(a, "%s: refused, but by nothing that is there", table);
        return LEDGER_AGAIN;
    }
    return s;
}

struct wb_slice ledger_text(struct wb_json item, const char *name, struct wb_arena *a)
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
    ledger_attr(&w, "shipmentId", u->shipment_id);
    ledger_attr(&w, "timestamp", sort_key);
    ledger_attr(&w, "status", u->status);
    ledger_attr(&w, "eventType", u->event_type);
    ledger_attr(&w, "eventSource", u->event_source);
    ledger_attr(&w, "eventId", u->event_id);
    ledger_attr(&w, "location", u->location);
    ledger_attr(&w, "carrier", u->carrier);
    ledger_attr(&w, "trackingNumber", u->tracking_number);
    ledger_attr(&w, "rawEvent", u->raw);
    ledger_attr(&w, "processedAt", ledger_now(l, a));
    ledger_attr(&w, "identity", wb_slice_str(u->identity));
    if (u->has_event_time)
        ledger_attr(&w, "receivedAt", u->event_stamp);
    if (u->original_timestamp.p)
        ledger_attr(&w, "originalTimestamp", u->original_timestamp);
    if (u->assumed_utc)
        ledger_attr(&w, "tzSource", WB_S("assumedUTC"));
    if (u->delay_reason.n)
        ledger_attr(&w, "delayReason", u->delay_reason);
    if (u->eta.n)
        ledger_attr(&w, "eta", u->eta);
    if (u->classifier.n)
        ledger_attr(&w, "classifier", u->classifier);
    if (u->retracted)
        ledger_attr(&w, "retraction", WB_S("true"));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* A copy that was received earlier than the row says: the row learns it, when nobody did it yet. */
static enum ledger_status mend_received(struct ledger *l, struct wb_arena *a,
                                        const struct update *u, struct wb_slice key)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "TableName", l->log_table);
    wb_jw_key(&w, "Key");
    wb_jw_object(&w);
    ledger_attr(&w, "shipmentId", u->shipment_id);
    ledger_attr(&w, "timestamp", key);
    wb_jw_end_object(&w);
    wb_jw_kcstr(&w, "UpdateExpression", "SET receivedAt = :r");
    wb_jw_kcstr(&w, "ConditionExpression",
                "attribute_exists(shipmentId) AND (attribute_not_exists(receivedAt) OR "
                "receivedAt > :r)");
    wb_jw_key(&w, "ExpressionAttributeValues");
    wb_jw_object(&w);
    ledger_attr(&w, ":r", u->event_stamp);
    wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    struct wb_aws_answer r;
    if (wb_aws_json(l->aws, a, "dynamodb", "UpdateItem", wb_buf_slice(&b), &r) ||
        wb_slice_is(r.code, "ConditionalCheckFailedException"))
        return LEDGER_OK;
    return ledger_failed(l, a, l->log_table, &r);
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
            ledger_put_new(l, a, l->log_table, "shipmentId", log_item(l, a, u, key), &there);
        if (s != LEDGER_OK)
            return s;
        *out = (struct stored){.timestamp = key, .kept = *u};
        if (!wb_json_is(there))
            return LEDGER_OK;
        struct update first;
        if (!update_of_row(a, there, &first) || strcmp(first.identity, u->identity) != 0)
            continue;
        out->again = true;
        out->of = ledger_text(there, "eventId", a);
        out->duplicate = !wb_slice_eq(out->of, u->event_id);
        if (state_earlier(u, &first))
            return mend_received(l, a, u, key);
        out->kept = first;
        return LEDGER_OK;
    }
    l->why = WB_S("two updates with one identity differ");
    return LEDGER_BROKEN;
}

/* --- outcomes --- */

static void outcome_head(struct wb_json_writer *w, struct ledger *l, struct wb_arena *a,
                         const struct update *u, const char *outcome)
{
    wb_jw_object(w);
    ledger_attr(w, "eventId", u->event_id);
    ledger_attr(w, "outcome", wb_slice_str(outcome));
    ledger_attr(w, "eventTime", u->event_stamp);
    ledger_attr(w, "recordedAt", ledger_now(l, a));
    if (u->shipment_id.n)
        ledger_attr(w, "shipmentId", u->shipment_id);
}

static enum ledger_status record(struct ledger *l, struct wb_arena *a, struct wb_slice item,
                                 bool *fresh)
{
    struct wb_json there;
    enum ledger_status s = ledger_put_new(l, a, l->outcomes_table, "eventId", item, &there);
    *fresh = s == LEDGER_OK && !wb_json_is(there);
    return s;
}

/* Both in one request. Who dies when only one of them was written is retried, and writes both. */
static enum ledger_status record_both(struct ledger *l, struct wb_arena *a, struct wb_slice item,
                                      struct wb_slice reference)
{
    struct wb_slice left =
        wb_printf(a,
                  "{\"%s\":[{\"PutRequest\":{\"Item\":%.*s}}],"
                  "\"%s\":[{\"PutRequest\":{\"Item\":%.*s}}]}",
                  l->references_table, WB_FMT(reference), l->outcomes_table, WB_FMT(item));
    for (int round = 0; round < RECORD_ROUNDS; round++) {
        struct wb_aws_answer r;
        if (!wb_aws_json(l->aws, a, "dynamodb", "BatchWriteItem",
                         wb_printf(a, "{\"RequestItems\":%.*s}", WB_FMT(left)), &r))
            return ledger_failed(l, a, l->outcomes_table, &r);
        struct wb_json rest = wb_json_get(r.json, "UnprocessedItems");
        if (wb_json_count(rest) == 0)
            return LEDGER_OK;
        left = wb_json_raw(rest);
    }
    l->why = wb_printf(a, "%s: held back too often", l->outcomes_table);
    return LEDGER_AGAIN;
}

enum ledger_status ledger_record_stored(struct ledger *l, struct wb_arena *a,
                                        const struct update *u, const struct stored *s,
                                        struct wb_slice reference)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    bool fresh;
    wb_jw_init(&w, &b);
    outcome_head(&w, l, a, u, s->duplicate ? "duplicate" : "stored");
    ledger_attr(&w, "timestamp", s->timestamp);
    if (s->duplicate)
        ledger_attr(&w, "duplicateOf", s->of);
    wb_jw_end_object(&w);
    return reference.n ? record_both(l, a, wb_buf_slice(&b), reference)
                       : record(l, a, wb_buf_slice(&b), &fresh);
}

enum ledger_status ledger_record_refused(struct ledger *l, struct wb_arena *a,
                                         const struct update *u, enum refusal r,
                                         struct wb_slice what, bool *fresh)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    outcome_head(&w, l, a, u, "refused");
    ledger_attr(&w, "reason", wb_slice_str(refusal_name(r)));
    ledger_attr(&w, "what", what);
    ledger_attr(&w, "original", u->raw);
    wb_jw_end_object(&w);
    return record(l, a, wb_buf_slice(&b), fresh);
}
