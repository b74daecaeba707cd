/* Events of stacks: their rows, the messages to topics, the events on the default bus. */
#include "base/ids.h"
#include "engine/audit.h"
#include "services/cloudformation/deploy.h"

struct event {
    struct wb_slice id, logical, physical, type, status, reason, token;
};

/* Clients sort a stack's events by their time: no two have the same. */
static int64_t time_of_next(struct wb_tx *tx, const struct cfn_stack *s)
{
    struct wb_scan *newest =
        wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_CFN_EVENT, "u", s->number));
    struct wb_slice key, row;
    int64_t last = 0;
    if (wb_tx_next(tx, newest, &key, &row))
        last =
            wb_json_get_i64(wb_json_read(tx->arena, wb_dup(tx->arena, row), NULL), "Timestamp", 0);
    wb_scan_close(newest);
    return tx->now_ms > last ? tx->now_ms : last + 1;
}

static void add_row(struct wb_tx *tx, const struct cfn_stack *s, const struct event *e)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "EventId", e->id);
    wb_jw_kstr(&w, "LogicalResourceId", e->logical);
    wb_jw_kstr(&w, "PhysicalResourceId", e->physical.p ? e->physical : WB_S(""));
    wb_jw_kstr(&w, "ResourceType", e->type);
    wb_jw_ki64(&w, "Timestamp", time_of_next(tx, s));
    wb_jw_kstr(&w, "ResourceStatus", e->status);
    if (e->reason.n)
        wb_jw_kstr(&w, "ResourceStatusReason", e->reason);
    if (e->token.n)
        wb_jw_kstr(&w, "ClientRequestToken", e->token);
    wb_jw_end_object(&w);
    wb_tx_put(tx, wb_key(tx->arena, WB_T_CFN_EVENT, "ud", s->number, wb_tx_stamp(tx)),
              wb_buf_slice(&b));
}

/* --- topics --- */

static void line(struct wb_buf *b, const char *name, struct wb_slice value)
{
    wb_buf_printf(b, "%s='%.*s'\n", name, WB_FMT(value));
}

static struct wb_slice or_null(struct wb_slice s)
{
    return s.n ? s : WB_S("null");
}

static void notify(struct wb_tx *tx, const struct wb_ctx *ctx, const struct cfn_stack *s,
                   const struct event *e)
{
    struct wb_arena *a = tx->arena;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, s->notifications, NULL));
    struct wb_buf b = wb_buf_in(a);
    line(&b, "StackId", s->arn);
    line(&b, "Timestamp", wb_time_str(a, tx->now_ms, WB_TIME_ISO_MS));
    line(&b, "EventId", e->id);
    line(&b, "LogicalResourceId", e->logical);
    line(&b, "Namespace", s->account);
    line(&b, "PhysicalResourceId", e->physical);
    line(&b, "ResourceProperties", WB_S("null"));
    line(&b, "ResourceStatus", e->status);
    line(&b, "ResourceStatusReason", e->reason);
    line(&b, "ResourceType", e->type);
    line(&b, "StackName", s->name);
    line(&b, "ClientRequestToken", or_null(e->token));
    while (wb_json_next(&it)) {
        struct wb_outcome out;
        struct wb_delivery d = {.target = wb_json_str(it.value, a),
                                .payload = wb_buf_slice(&b),
                                .source_service = "cloudformation.amazonaws.com",
                                .source_arn = s->arn,
                                .source_account = s->account,
                                .source_owner = s->account,
                                .subject = WB_S("AWS CloudFormation Notification"),
                                .ctx = ctx,
                                .first_ms = tx->now_ms};
        wb_deliver(tx, &d, &out);
    }
}

/* --- the bus --- */

static void publish(struct wb_tx *tx, const struct wb_ctx *ctx, const struct cfn_stack *s,
                    const struct event *e, bool stack)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "stack-id", s->arn);
    if (!stack) {
        wb_jw_kstr(&w, "logical-resource-id", e->logical);
        wb_jw_kstr(&w, "physical-resource-id", e->physical.p ? e->physical : WB_S(""));
    }
    wb_jw_key(&w, "status-details");
    wb_jw_object(&w);
    wb_jw_kstr(&w, "status", e->status);
    wb_jw_kstr(&w, "status-reason", e->reason.p ? e->reason : WB_S(""));
    wb_jw_end_object(&w);
    if (!stack)
        wb_jw_kstr(&w, "resource-type", e->type);
    wb_jw_kstr(&w, "client-request-token", e->token.p ? e->token : WB_S(""));
    wb_jw_end_object(&w);
    wb_bus_publish(tx, ctx, "aws.cloudformation",
                   stack ? "CloudFormation Stack Status Change"
                         : "CloudFormation Resource Status Change",
                   s->arn, wb_buf_slice(&b));
}

static void tell(struct wb_tx *tx, const struct wb_ctx *ctx, const struct cfn_stack *s,
                 const struct event *e, bool stack)
{
    add_row(tx, s, e);
    if (s->notifications.p)
        notify(tx, ctx, s, e);
    publish(tx, ctx, s, e, stack);
}

void cfn_event_stack(struct wb_tx *tx, const struct wb_ctx *ctx, const struct cfn_stack *s,
                     struct wb_slice token)
{
    struct event e = {.id = wb_id_uuid(tx->arena, wb_engine_seam(tx->engine)),
                      .logical = s->name,
                      .physical = s->arn,
                      .type = WB_S("AWS::CloudFormation::Stack"),
                      .status = s->status,
                      .reason = s->reason,
                      .token = token};
    tell(tx, ctx, s, &e, true);
}

void cfn_event_resource(struct wb_tx *tx, const struct wb_ctx *ctx, const struct cfn_stack *s,
                        const struct cfn_resource *r, struct wb_slice token)
{
    struct event e = {.logical = r->id,
                      .physical = r->physical_id,
                      .type = r->type,
                      .status = r->status,
                      .reason = r->reason,
                      .token = token};
    struct wb_slice id = wb_id_uuid(tx->arena, wb_engine_seam(tx->engine));
    e.id = wb_printf(tx->arena, "%.*s-%.*s-%.*s", WB_FMT(r->id), WB_FMT(r->status), WB_FMT(id));
    tell(tx, ctx, s, &e, false);
}

void cfn_status(struct wb_tx *tx, const struct wb_ctx *ctx, struct cfn_stack *s,
                struct wb_slice status, struct wb_slice reason, struct wb_slice token)
{
    s->status = status;
    s->reason = reason;
    cfn_event_stack(tx, ctx, s, token);
}
