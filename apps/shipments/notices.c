/*
 * What people are told, once each. A row of the table of notices is claimed before a mail is sent
 * and marked after it.
 */
#include "ledger_write.h"

#include "base/time.h"

/* Claims the notice for this event. *mine: it is ours to send (new, or left pending by an earlier
 * attempt of the same event). */
static enum ledger_status claim(struct ledger *l, struct wb_arena *a, struct wb_slice notice,
                                const struct update *u, bool *mine)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    ledger_attr(&w, "notice", notice);
    ledger_attr(&w, "eventId", u->event_id);
    ledger_attr(&w, "state", WB_S("pending"));
    ledger_attr(&w, "claimedAt", ledger_now(l, a));
    wb_jw_end_object(&w);
    struct wb_json there;
    enum ledger_status s =
        ledger_put_new(l, a, l->notices_table, "notice", wb_buf_slice(&b), &there);
    *mine = s == LEDGER_OK &&
            (!wb_json_is(there) || (wb_slice_eq(ledger_text(there, "eventId", a), u->event_id) &&
                                    wb_slice_is(ledger_text(there, "state", a), "pending")));
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
    ledger_attr(&w, "notice", notice);
    wb_jw_end_object(&w);
    wb_jw_kcstr(&w, "UpdateExpression", "SET #s = :sent, sentAt = :now");
    wb_jw_kraw(&w, "ExpressionAttributeNames", WB_S("{\"#s\":\"state\"}"));
    wb_jw_key(&w, "ExpressionAttributeValues");
    wb_jw_object(&w);
    ledger_attr(&w, ":sent", WB_S("sent"));
    ledger_attr(&w, ":now", ledger_now(l, a));
    wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    struct wb_aws_answer r;
    return wb_aws_json(l->aws, a, "dynamodb", "UpdateItem", wb_buf_slice(&b), &r)
               ? LEDGER_OK
               : ledger_failed(l, a, l->notices_table, &r);
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
        return ledger_failed(l, a, "publish", &r);
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
        ledger_attr(&w, ":r", wb_slice_str(reason));
        ledger_attr(&w, ":from", from);
        ledger_attr(&w, ":to", to);
        wb_jw_end_object(&w);
        if (start.p)
            wb_jw_kraw(&w, "ExclusiveStartKey", start);
        wb_jw_end_object(&w);
        struct wb_aws_answer r;
        if (!wb_aws_json(l->aws, a, "dynamodb", "Query", wb_buf_slice(&b), &r))
            return ledger_failed(l, a, l->outcomes_table, &r);
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
