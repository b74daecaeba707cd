/*
 * AWS Security Token Service: temporary credentials, and who am I.
 *
 * Nothing is kept of credentials that were given out: they are the sealed token (auth/keys.h),
 * whose content is auth/session.h's. What temporary credentials may not call at all is decided
 * where every call is authorized (engine/authorize.c).
 */
#ifndef WB_SERVICES_STS_STS_H
#define WB_SERVICES_STS_STS_H

#include "auth/session.h"
#include "engine/engine.h"

extern const struct wb_service wb_sts_service;
extern const struct wb_module wb_sts_module;

/* shapes.c */
extern const struct wb_shape sts_assume_role_in, sts_session_token_in, sts_federation_in,
    sts_key_info_in;

/* input.c: what the callers of AssumeRole and GetFederationToken pass to the new session. */
/* Before the call is authorized: fails it for tags that contradict each other or the caller's own
 * session, reads that into *caller, and adds the needs that tags and source identity bring. */
void sts_name_needs(struct wb_call *c, struct wb_slice resource, struct wb_session *caller);
/* Policies, tags and source identity into *s; account: whose managed policies may be named. False:
 * the call has failed. *packed = PackedPolicySize, -1 when there is nothing to tell. */
bool sts_read_session(struct wb_call *c, struct wb_slice account, struct wb_session *s,
                      int64_t *packed);
/* MFA devices do not exist here. False: the call has failed. */
bool sts_no_mfa(struct wb_call *c);
/* The long-lived key behind the caller's credentials; null when there is none. */
struct wb_slice sts_issuer(struct wb_call *c);
/* Seals the session and writes Credentials. */
void sts_give(struct wb_call *c, struct wb_principal *p, struct wb_session *s, int64_t seconds);

/* assume.c */
void sts_of_role(struct wb_call *c);
void sts_role_conditions(struct wb_call *c);
void sts_assume_role(struct wb_call *c);
/* The trust policy of a role. */
const struct wb_policy *sts_trust(struct wb_tx *tx, struct wb_slice arn);

/* federation.c */
void sts_get_session_token(struct wb_call *c);
void sts_of_federated(struct wb_call *c);
void sts_get_federation_token(struct wb_call *c);

#endif
