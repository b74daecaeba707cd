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
/* A policy from a row: it was checked when it was put. Should this version not understand it, it
 * denies everything to all but the account's root, for a Deny in it must not be lost. `where` (for
 * the log) says which it is. */
struct wb_policy *wb_policy_stored(struct wb_slice json, bool resource_policy,
                                   struct wb_slice where);
/* The same for an identity's policy that comes again and again as text, a session's: a thread
 * remembers the last few. NULL when it is malformed. Let go with wb_policy_unref. */
struct wb_policy *wb_policy_of_text(struct wb_slice json, struct wb_arena *a);
void wb_policy_ref(struct wb_policy *p);
void wb_policy_unref(struct wb_policy *p); /* accepts NULL */

/* Kinds of context keys that a policy's conditions and variables ask for: what costs something to
 * find out is found out only then. */
enum wb_policy_keys {
    WB_KEYS_SERVICE = 1,       /* of a service: "dynamodb:LeadingKeys" */
    WB_KEYS_RESOURCE_TAG = 2,  /* aws:ResourceTag/... */
    WB_KEYS_REQUEST_TAG = 4,   /* aws:RequestTag/..., aws:TagKeys */
    WB_KEYS_PRINCIPAL_TAG = 8, /* aws:PrincipalTag/... */
};
unsigned wb_policy_keys(const struct wb_policy *p); /* 0 for NULL */

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

/* For explanations. Which statement denies, from 1; 0: none does. */
size_t wb_policy_denying(const struct wb_policy *p, const struct wb_request *q);
/* What p's conditions asked for: of the statements that fit the request but for their conditions,
 * each key with each of its values; the null slice when the request has none. NULL asks nothing. */
typedef void wb_policy_asked_fn(void *arg, struct wb_slice key, struct wb_slice value);
void wb_policy_asked(const struct wb_policy *p, const struct wb_request *q, wb_policy_asked_fn *fn,
                     void *arg);

/*
 * Many policies that are always asked together, an identity's: finds the few statements that may
 * match instead of trying all, and means exactly what wb_policy_eval of each of them means. Made
 * once; immutable; the policies must outlive it. NULL members are allowed.
 */
struct wb_policy_index;
struct wb_policy_index *wb_policy_index_new(const struct wb_policy *const *policy, size_t count);
void wb_policy_index_free(struct wb_policy_index *x); /* accepts NULL */
/* An explicit deny in any of them, else an allow. *policy and *sid: the first statement, in the
 * order of the policies, that decided; NULL and null when none did. */
enum wb_decision wb_policy_index_eval(const struct wb_policy_index *x, const struct wb_request *q,
                                      const struct wb_policy **policy, struct wb_slice *sid);

#define WB_POLICY_RESOURCE "resource-based policy"
#define WB_POLICY_TRUST    "role trust policy"

/* All that applies to one request; NULL members are absent. Order of evaluation as AWS documents
 * it. */
struct wb_policy_set {
    const struct wb_policy *const *identity;
    size_t identity_count;
    const struct wb_policy_index *index; /* over these; NULL: each of them is evaluated */
    const struct wb_policy *resource;
    struct wb_slice resource_account; /* owner of the resource */
    const struct wb_policy *boundary;
    bool boundary_limits; /* there is a boundary, be it one that is gone: then it allows nothing */
    const struct wb_policy *const *session; /* the session policies: one of them must allow */
    size_t session_count;
    bool session_limits; /* there are session policies, be it none that can be read */
    bool
        identity_is_root; /* the principal is its account's root: identity side allows everything */
    bool resource_must;   /* a role's trust, a key's policy: without an allow there the identity
                             side counts for nothing, not even within the account */
    const char *resource_kind; /* what the resource's policy is called; NULL = WB_POLICY_RESOURCE */
};

/* What decided, for people and for the audit log. */
struct wb_verdict {
    enum wb_decision decision;
    const char *kind;               /* "identity-based policy", "permissions boundary"... */
    const struct wb_policy *policy; /* the one that holds the statement; NULL: none allowed */
    struct wb_slice sid;            /* of the statement; null when it has none */
};
/* *v (may be NULL) says which kind of policy decided. */
enum wb_decision wb_authorize(const struct wb_policy_set *s, const struct wb_request *q,
                              struct wb_verdict *v);

/* --- questions that simulations and reports ask (policy_inspect.c); NULL policies have none --- */

size_t wb_policy_statements(const struct wb_policy *p);
struct wb_policy_hit {
    size_t statement; /* in the order of the document, from 0 */
    bool allow;
};
/* The statements that apply to the request; `out` has room for all. */
size_t wb_policy_hits(const struct wb_policy *p, const struct wb_request *q,
                      struct wb_policy_hit *out);
/* The context keys that conditions and variables of these policies name, each once. */
size_t wb_policy_context_keys(const struct wb_policy *const *p, size_t count, struct wb_arena *a,
                              struct wb_slice **out);
/* Of the statements for this action and resource: the keys the request has no value for. */
size_t wb_policy_missing_keys(const struct wb_policy *const *p, size_t count, struct wb_arena *a,
                              const struct wb_request *q, struct wb_slice **out);
/* Does it allow anything of the service ("lambda")? Conditions and resources are not looked at. */
bool wb_policy_grants_service(const struct wb_policy *p, struct wb_slice service,
                              struct wb_arena *a);

#endif
