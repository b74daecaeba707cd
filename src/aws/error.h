/*
 * Errors that are not an operation's own: each is one meaning, said in the code and status of the
 * call's service and protocol. All set c->error as wb_fail does (the first one stays).
 */
#ifndef WB_AWS_ERROR_H
#define WB_AWS_ERROR_H

#include "auth/policy.h"
#include "auth/sigv4.h"
#include "aws/op.h"

/* A missing, broken, late or wrong signature; `why` = the text of sigv4.h, or null for the usual
 * one. */
void wb_fail_signature(struct wb_call *c, enum wb_sig_error e, struct wb_slice why);
/* Not allowed: "User: <arn> is not authorized to perform: <action> on resource: <resource> because
 * ...". v as wb_authorize gave it. */
void wb_fail_denied(struct wb_call *c, struct wb_slice action, struct wb_slice resource,
                    const struct wb_verdict *v);
void wb_fail_internal(struct wb_call *c);  /* 500 */
void wb_fail_busy(struct wb_call *c);      /* 503 with the service's throttling code */
void wb_fail_full(struct wb_call *c);      /* 503: no room for new data */
void wb_fail_too_large(struct wb_call *c); /* 413 */

#endif
