/*
 * An ARN is an address. Whatever can receive something registers a target kind; rule targets,
 * subscriptions, alarm actions and destinations all come through wb_deliver. It runs in a command,
 * never recurses: a receiver that must go on does so by a work row.
 */
#ifndef WB_ENGINE_DELIVER_H
#define WB_ENGINE_DELIVER_H

#include "auth/policy.h"
#include "aws/op.h"
#include "engine/work.h"

struct wb_delivery {
    struct wb_slice target;      /* ARN */
    struct wb_slice payload;     /* JSON text, or any bytes */
    struct wb_slice payload_key; /* optional: durable row (bus log) that holds exactly this payload;
                                    a receiver that queues may keep the key instead of a copy */
    const char *
        source_service; /* "events.amazonaws.com": the principal for the target's resource policy */
    struct wb_slice source_arn;     /* aws:SourceArn */
    struct wb_slice source_account; /* aws:SourceAccount */
    struct wb_slice source_owner;   /* AWS:SourceOwner, which a topic's default policy asks for:
                                       alarms tell it, rules do not */
    struct wb_slice subject;        /* SNS */
    bool per_protocol;              /* SNS: the payload is an object with a text for each protocol
                                       and "default", as with MessageStructure=json */
    const struct wb_ctx *ctx;       /* request id, trace, depth of the cause */
    int64_t first_ms;
    bool at_once; /* in the command of its cause, before any attempt: a receiver that would have
                     much to write says busy and gets it again from a queue */
};

struct wb_target_kind {
    const char *service; /* of the ARN: "lambda", "sns" */
    /* Outcome: accepted when durable in this transaction; or busy, retry, permanent with AWS's
     * code. */
    void (*deliver)(struct wb_tx *tx, const struct wb_delivery *d, struct wb_outcome *out);
};
void wb_target_register(struct wb_engine *e, const struct wb_target_kind *k);
void wb_deliver(
    struct wb_tx *tx, const struct wb_delivery *d,
    struct wb_outcome *out); /* unknown kind: permanent INVALID_PARAMETER; depth: permanent */
/* Whether the resource policy of what receives (NULL: it has none) lets the source do `action` to
 * it, on behalf of its ARN and account; else *out is permanent NO_PERMISSIONS. A service may do
 * nothing that nobody let it do. */
bool wb_deliver_allowed(struct wb_tx *tx, const struct wb_delivery *d,
                        const struct wb_policy *policy, const char *action,
                        struct wb_slice resource, struct wb_outcome *out);
bool wb_target_known(struct wb_engine *e, struct wb_slice arn);

/* One service using another, validated and authorized as usual, inside the caller's transaction.
 * The answer is a JSON document in tx->arena; on failure *err is set and false returned. */
bool wb_call_service(struct wb_tx *tx, const struct wb_ctx *ctx, const char *service,
                     const char *operation, struct wb_slice input, struct wb_slice *answer,
                     struct wb_error *err);
/* The table's row of such an operation; NULL when there is none or it cannot be called so. */
const struct wb_op *wb_call_op(const struct wb_engine *e, const char *service,
                               const char *operation);

#endif
