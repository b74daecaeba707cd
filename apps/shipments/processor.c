/*
 * The processor: the function behind the rule. Does what the stack's original handler does with an
 * event, and mends what was wrong with it: nothing is swallowed (a transient failure throws, so
 * retries serve it), nothing is overwritten, nothing is stored twice.
 *
 * The outcome row is written last: when it is there, the item, the state and the mail are too.
 */
#include "base/log.h"
#include "base/seam.h"
#include "book.h"
#include "waybill/lambda.h"

#include <stdlib.h>

static int64_t wall_ms(void)
{
    return wb_seam_os()->wall_ms(wb_seam_os());
}

static bool fail(struct wb_reply *out, const struct ledger *l, enum ledger_status s)
{
    out->error_type = s == LEDGER_AGAIN ? WB_S("TransientError") : WB_S("ConfigurationError");
    out->error_message = l->why;
    wb_lambda_log("failed: %.*s", WB_FMT(l->why));
    return false;
}

/* {"statusCode":200,"body":"{...}"}: what the original handler returns, with the outcome added. */
static struct wb_slice reply(struct wb_arena *a, const struct update *u, const char *message,
                             const char *outcome)
{
    struct wb_buf inner = wb_buf_in(a), outer = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &inner);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "message", message);
    wb_jw_kcstr(&w, "outcome", outcome);
    wb_jw_kstr(&w, "shipmentId", u->shipment_id);
    wb_jw_kstr(&w, "status", u->status);
    wb_jw_end_object(&w);
    wb_jw_init(&w, &outer);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "statusCode", 200);
    wb_jw_kstr(&w, "body", wb_buf_slice(&inner));
    wb_jw_end_object(&w);
    return wb_buf_slice(&outer);
}

/* One line of the embedded metric format: the metric Shipments/Refused, in all and by reason. */
static void count_refusal(const char *reason)
{
    wb_lambda_log("{\"_aws\":{\"Timestamp\":%lld,\"CloudWatchMetrics\":[{\"Namespace\":"
                  "\"Shipments\",\"Dimensions\":[[],[\"Reason\"]],"
                  "\"Metrics\":[{\"Name\":\"Refused\",\"Unit\":\"Count\"}]}]},\"Reason\":\"%s\","
                  "\"Refused\":1}",
                  (long long)wall_ms(), reason);
}

static bool refuse(struct ledger *l, const struct wb_invocation *in, const struct update *u,
                   enum refusal r, struct wb_slice what, struct wb_reply *out)
{
    bool fresh = false;
    enum ledger_status s = ledger_announce_refusal(l, in->arena, u, r, what);
    if (s == LEDGER_OK)
        s = ledger_record_refused(l, in->arena, u, r, what, &fresh);
    if (s != LEDGER_OK)
        return fail(out, l, s);
    if (fresh)
        count_refusal(refusal_name(r));
    wb_lambda_log("refused %s event %.*s", refusal_name(r), WB_FMT(u->event_id));
    out->body = reply(in->arena, u, "Shipment update refused", "refused");
    return true;
}

static bool handle(void *user, const struct wb_invocation *in, struct wb_reply *out)
{
    struct ledger *l = user;
    struct update u;
    struct wb_slice what;
    struct wb_json event = wb_json_read(in->arena, in->event, NULL);
    enum refusal r = update_read(in->arena, event, &u, &what);
    if (u.event_id.n == 0)
        u.event_id = in->request_id; /* invoked by hand, without an envelope */
    if (r != REFUSED_NOT)
        return refuse(l, in, &u, r, what, out);

    struct stored stored;
    struct wb_slice reference = WB_SLICE_NULL;
    enum ledger_status s = ledger_store(l, in->arena, &u, &stored);
    if (s == LEDGER_OK)
        s = book_take(l, in->arena, &stored.kept, stored.again, &reference);
    if (s == LEDGER_OK && !stored.duplicate && update_is_delay(&u) && !u.retracted)
        s = ledger_announce_delay(l, in->arena, &u);
    if (s == LEDGER_OK)
        s = ledger_record_stored(l, in->arena, &u, &stored,
                                 reference.n ? book_reference(in->arena, reference, u.shipment_id)
                                             : reference);
    if (s != LEDGER_OK)
        return fail(out, l, s);
    wb_lambda_log("%s %.*s at %.*s event %.*s", stored.duplicate ? "duplicate" : "stored",
                  WB_FMT(u.shipment_id), WB_FMT(stored.timestamp), WB_FMT(u.event_id));
    out->body = reply(in->arena, &u, "Shipment update processed successfully",
                      stored.duplicate ? "duplicate" : "stored");
    return true;
}

static bool setting(const char *name, const char **out)
{
    *out = getenv(name);
    return *out && **out;
}

int main(void)
{
    struct ledger l = {.now_ms = wall_ms};
    if (!setting("TABLE_NAME", &l.log_table) || !setting("STATE_TABLE_NAME", &l.state_table) ||
        !setting("REFERENCES_TABLE_NAME", &l.references_table) ||
        !setting("OUTCOMES_TABLE_NAME", &l.outcomes_table) ||
        !setting("NOTICES_TABLE_NAME", &l.notices_table) || !setting("SNS_TOPIC_ARN", &l.topic))
        return wb_lambda_init_error(
            "ConfigurationError",
            "TABLE_NAME, STATE_TABLE_NAME, REFERENCES_TABLE_NAME, OUTCOMES_TABLE_NAME, "
            "NOTICES_TABLE_NAME and SNS_TOPIC_ARN must be set");
    const char *why;
    l.aws = wb_aws_new(NULL, &why);
    if (!l.aws)
        return wb_lambda_init_error("ConfigurationError", why);
    int rc = wb_lambda_run(handle, &l);
    wb_aws_free(l.aws);
    return rc;
}
