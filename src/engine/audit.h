/*
 * The audit log: what was changed and what was refused, as CloudTrail words it (CloudTrail User
 * Guide, "CloudTrail record contents"), kept WB_AUDIT_DAYS.
 *
 * A change's record is written in the command that changes; a refusal's in a command of its own,
 * and the answer waits for it. Reads that were allowed and data events (wb_op.data) have none.
 * A management event also goes to the default event bus of its account and region, as "AWS API Call
 * via CloudTrail".
 */
#ifndef WB_ENGINE_AUDIT_H
#define WB_ENGINE_AUDIT_H

#include "auth/policy.h"
#include "aws/op.h"
#include "engine/tx.h"

/* Why authorization refused; in the request's arena. */
struct wb_denial {
    struct wb_need need;
    struct wb_verdict verdict;
    struct wb_slice policy;  /* what the policy that denied is called, or null */
    struct wb_pair *context; /* the context keys of the request */
    size_t context_count;
    struct wb_slice resource_account;
};

/* In a command: the call's record, when it has one. After the handler succeeded, or for a call that
 * was refused (c->denial). */
void wb_audit_call(struct wb_tx *tx, const struct wb_call *c);

/* How events of the server itself reach a bus: the events service registers this. */
typedef void wb_bus_publish_fn(struct wb_tx *tx, const struct wb_ctx *ctx, const char *source,
                               const char *detail_type, struct wb_slice detail);
void wb_bus_publish_register(struct wb_engine *e, wb_bus_publish_fn *fn);
/* Puts an event on the default bus of ctx's account and region, in this command. */
void wb_bus_publish(struct wb_tx *tx, const struct wb_ctx *ctx, const char *source,
                    const char *detail_type, struct wb_slice detail);

#endif
