/*
 * IAM policies: parsed once into an immutable set, evaluated without allocation
 * (IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements reference").
 */
#ifndef WB_AUTH_POLICY_H
#define WB_AUTH_POLICY_H

#include "auth/principal.h"
#include "base/arena.h"

struct wb_policy; /* compiled; reference counted; thread-safe once made */

/* NULL with *why = AWS's MalformedPolicyDocument message. resource_policy: Principal is required
 * there and refused elsewhere. */
struct wb_policy *wb_policy_parse(struct wb_slice json, bool resource_policy, struct wb_arena *a,
                                  struct wb_slice *why);
void wb_policy_ref(struct wb_policy *p);
void wb_policy_unref(struct wb_policy *p); /* accepts NULL */

/* What is asked. Context keys are looked up case-insensitively; a key may have several values (same
 * name repeated). */
struct wb_request {
    const struct wb_principal *principal;
    struct wb_slice action;   /* "lambda:InvokeFunction" */
    struct wb_slice resource; /* ARN */
    const struct wb_pair *context;
    size_t context_count;
    int64_t now_ms;
};

enum wb_decision { WB_IMPLICIT_DENY, WB_ALLOW, WB_EXPLICIT_DENY };
/* One policy alone. *sid (may be NULL): the statement that decided. */
enum wb_decision wb_policy_eval(const struct wb_policy *p, const struct wb_request *q,
                                struct wb_slice *sid);

/* All that applies to one request; NULL members are absent. Order of evaluation as AWS documents
 * it. */
struct wb_policy_set {
    const struct wb_policy *const *identity;
    size_t identity_count;
    const struct wb_policy *resource;
    struct wb_slice resource_account; /* owner of the resource */
    const struct wb_policy *boundary;
    const struct wb_policy *session;
    bool
        identity_is_root; /* the principal is its account's root: identity side allows everything */
};
/* *why (may be NULL): a sentence naming the kind of policy that decided. */
enum wb_decision wb_authorize(const struct wb_policy_set *s, const struct wb_request *q,
                              const char **why);

#endif
