/*
 * The audit log: what was changed and what was refused, as CloudTrail words it (CloudTrail User
 * Guide, "CloudTrail record contents"), kept WB_AUDIT_DAYS.
 *
 * - A change's record is written in the command that changes: the two are one commit.
 * - A refusal by a policy, of whatever operation, a change that failed, and credentials given out
 *   (wb_op.audit) are written in a command of their own, and the answer waits for its commit. It
 *   goes through the clients' lane and is refused with it when there is no room.
 * - Reads that were allowed have none, nor have data events (wb_op.data), unless --audit-data is
 * on: then the successful ones that write have.
 * - A record lies with the account of the caller; a call that names what another account owns has a
 *   second one there. What is of no region (IAM, STS) lies in us-east-1.
 * - A management event that is not read-only also goes to the default event bus of its account and
 *   region, as "AWS API Call via CloudTrail".
 *
 * A call of one service to another (wb_call_service) is recorded by the same rules in the
 * transaction of its caller; when that is undone, so is the record.
 */
#ifndef WB_ENGINE_AUDIT_H
#define WB_ENGINE_AUDIT_H

#include "auth/policy.h"
#include "aws/op.h"
#include "engine/identity.h"
#include "engine/tx.h"

/* Which sides did not allow what was refused, for an implicit denial. */
enum wb_side {
    WB_SIDE_IDENTITY = 1,
    WB_SIDE_RESOURCE = 2, /* the policy of the resource; of a role: its trust policy */
    WB_SIDE_BOUNDARY = 4,
    WB_SIDE_SESSION = 8,
};

/* Why authorization refused; in the request's arena. One element for each permission the call needs
 * and does not have, at most WB_DENIALS_MAX. */
struct wb_denial {
    struct wb_denial *next;
    struct wb_need need;
    struct wb_verdict verdict; /* without its policy: it may be gone before somebody looks */
    struct wb_slice policy;    /* what the policy that denied is called, or null */
    size_t statement;          /* explicit: which of its statements, from 1; 0 = not known */
    unsigned sides;            /* enum wb_side */
    struct wb_pair *asked;     /* context keys that conditions asked for; value null: absent */
    size_t asked_count;
    struct wb_slice resource_account;
    struct wb_slice boundary; /* ARN of the caller's, or null */
};

/* Has the call, as it stands, a record? Asked before its handler runs, it means: if it succeeds. */
bool wb_audit_wanted(const struct wb_call *c);
/* Before the handler of such a call, each time it runs: what it answers is kept for the record. */
void wb_audit_keep(struct wb_call *c);
/* In a command, when the call is wanted: its record, and what follows from it. */
void wb_audit_call(struct wb_tx *tx, const struct wb_call *c);

/* The record itself. */
struct wb_audit_frame {
    struct wb_slice account;         /* whose record it is */
    struct wb_slice region;          /* us-east-1 for what is of no region */
    struct wb_slice event_id;        /* a uuid */
    struct wb_slice shared_id;       /* of the two records of one call; null: there is one */
    const struct wb_identity *owner; /* whose policies count; NULL: root, services, nobody */
    int64_t time_ms;
};
struct wb_slice wb_audit_record(struct wb_arena *a, const struct wb_call *c,
                                const struct wb_audit_frame *f);
/* "AWS::DynamoDB::Table" and "orders" of an ARN; false for what has no such type. The name is the
 * ARN's last part. */
bool wb_audit_resource(struct wb_slice arn, struct wb_slice *type, struct wb_slice *name);

/* The row of a denial, and the handler that answers `waybill why` from it: what was missing, and
 * the statements that would allow it (engine/explain.c). */
struct wb_slice wb_denial_row(struct wb_arena *a, const struct wb_call *c, int64_t time_ms);
void wb_explain_denial(struct wb_call *c);

/* How events of the server itself reach a bus: the events service registers this. */
typedef void wb_bus_publish_fn(struct wb_tx *tx, const struct wb_ctx *ctx, const char *source,
                               const char *detail_type, struct wb_slice resource,
                               struct wb_slice detail);
void wb_bus_publish_register(struct wb_engine *e, wb_bus_publish_fn *fn);
/* Puts an event on the default bus of ctx's account and region, in this command. resource: the ARN
 * it is about, or null; detail is JSON. */
void wb_bus_publish(struct wb_tx *tx, const struct wb_ctx *ctx, const char *source,
                    const char *detail_type, struct wb_slice resource, struct wb_slice detail);

void wb_audit_register(struct wb_engine *e);

#endif
