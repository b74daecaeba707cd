/*
 * Evaluation (IAM User Guide, "Policy evaluation logic"). An explicit deny anywhere wins. Then an
 * allow is needed from the principal's side or, within one account, from the resource's; across
 * accounts from both. Boundary and session policy can only take away - except from what a resource
 * policy grants to the user or session itself, by name.
 */
#include "auth/policy_impl.h"

/* --- one statement --- */

static bool is_account(const struct wb_principal *p, struct wb_slice account)
{
    return p->type != WB_PRINCIPAL_ANONYMOUS && p->type != WB_PRINCIPAL_SERVICE &&
           wb_slice_eq(p->account, account);
}

/* "AROA...:session" is a session of role AROA... */
static bool is_id(const struct wb_principal *p, struct wb_slice id)
{
    struct wb_slice rest = p->id, first = wb_slice_cut(&rest, ':');
    return p->id.n && (wb_slice_eq(p->id, id) || wb_slice_eq(first, id));
}

static enum wb_grant grant_of(const struct wb_who_pattern *w, const struct wb_principal *p)
{
    bool service = p->type == WB_PRINCIPAL_SERVICE;
    switch (w->kind) {
    case WB_WHO_ANYBODY:
        return WB_GRANT_PUBLIC;
    case WB_WHO_ACCOUNT:
        if (!is_account(p, w->text))
            return WB_GRANT_NONE;
        return p->type == WB_PRINCIPAL_ROOT ? WB_GRANT_DIRECT : WB_GRANT_ACCOUNT;
    case WB_WHO_ARN:
        if (service || !p->arn.n)
            return WB_GRANT_NONE;
        if (wb_slice_eq(p->arn, w->text))
            return WB_GRANT_DIRECT;
        return p->role_arn.n && wb_slice_eq(p->role_arn, w->text) ? WB_GRANT_ROLE : WB_GRANT_NONE;
    case WB_WHO_ID:
        if (service || !is_id(p, w->text))
            return WB_GRANT_NONE;
        return p->type == WB_PRINCIPAL_SESSION && !wb_slice_eq(p->id, w->text) ? WB_GRANT_ROLE
                                                                               : WB_GRANT_DIRECT;
    case WB_WHO_SERVICE:
        return service && wb_slice_eq(p->service, w->text) ? WB_GRANT_DIRECT : WB_GRANT_NONE;
    case WB_WHO_OTHER:
        break;
    }
    return WB_GRANT_NONE;
}

static enum wb_grant who_matches(const struct wb_statement *s, const struct wb_principal *p)
{
    enum wb_grant best = WB_GRANT_NONE;
    for (size_t i = 0; i < s->who_count; i++) {
        enum wb_grant g = grant_of(&s->who[i], p);
        best = g > best ? g : best;
    }
    if (!s->not_principal)
        return best;
    return best == WB_GRANT_NONE ? WB_GRANT_PUBLIC : WB_GRANT_NONE;
}

static bool action_matches(const struct wb_statement *s, const struct wb_request *q)
{
    for (size_t i = 0; i < s->action_count; i++)
        if (wb_glob_match(&s->action[i], q->action, q, true))
            return !s->not_action;
    return s->not_action;
}

static bool resource_matches(const struct wb_statement *s, const struct wb_request *q)
{
    if (s->resource_count == 0)
        return true;
    for (size_t i = 0; i < s->resource_count; i++)
        if (wb_arn_glob_match(&s->resource[i], q->resource, q))
            return !s->not_resource;
    return s->not_resource;
}

static bool statement_applies(const struct wb_policy *p, const struct wb_statement *s,
                              const struct wb_request *q, enum wb_grant *grant)
{
    *grant = WB_GRANT_DIRECT;
    if (!action_matches(s, q) || !resource_matches(s, q))
        return false;
    if (p->resource_policy) {
        *grant = q->principal ? who_matches(s, q->principal) : WB_GRANT_NONE;
        if (*grant == WB_GRANT_NONE)
            return false;
    }
    for (size_t i = 0; i < s->condition_count; i++)
        if (!wb_condition_holds(&s->condition[i], q))
            return false;
    return true;
}

/* --- one policy --- */

/* *grant: how directly the strongest allowing statement names the principal. */
static enum wb_decision eval(const struct wb_policy *p, const struct wb_request *q,
                             struct wb_slice *sid, enum wb_grant *grant)
{
    enum wb_decision d = WB_IMPLICIT_DENY;
    *grant = WB_GRANT_NONE;
    for (size_t i = 0; i < p->count; i++) {
        const struct wb_statement *s = &p->statement[i];
        enum wb_grant g;
        if ((s->allow && *grant == WB_GRANT_DIRECT) || !statement_applies(p, s, q, &g))
            continue;
        if (!s->allow) {
            if (sid)
                *sid = s->sid;
            return WB_EXPLICIT_DENY;
        }
        d = WB_ALLOW;
        if (g > *grant) {
            *grant = g;
            if (sid)
                *sid = s->sid;
        }
    }
    return d;
}

enum wb_decision wb_policy_eval(const struct wb_policy *p, const struct wb_request *q,
                                struct wb_slice *sid)
{
    enum wb_grant grant;
    if (sid)
        *sid = WB_SLICE_NULL;
    return eval(p, q, sid, &grant);
}

/* --- all of them --- */

struct verdicts {
    enum wb_decision identity, resource, boundary, session;
    enum wb_grant grant;
};

static enum wb_decision one(const struct wb_policy *p, const struct wb_request *q,
                            enum wb_grant *grant)
{
    *grant = WB_GRANT_NONE;
    return p ? eval(p, q, NULL, grant) : WB_ALLOW;
}

static enum wb_decision identity_side(const struct wb_policy_set *s, const struct wb_request *q)
{
    enum wb_decision d = s->identity_is_root ? WB_ALLOW : WB_IMPLICIT_DENY;
    for (size_t i = 0; i < s->identity_count; i++) {
        enum wb_grant grant;
        enum wb_decision e = one(s->identity[i], q, &grant);
        if (e == WB_EXPLICIT_DENY)
            return e;
        d = s->identity[i] && e == WB_ALLOW ? WB_ALLOW : d;
    }
    return d;
}

static enum wb_decision say(enum wb_decision d, const char **why, const char *kind)
{
    if (why)
        *why = kind;
    return d;
}

#define IDENTITY "identity-based policy"
#define RESOURCE "resource-based policy"
#define BOUNDARY "permissions boundary"
#define SESSION  "session policy"

/* Boundary and session policy must allow as well. */
static enum wb_decision limited(const struct verdicts *v, const char **why)
{
    if (v->boundary != WB_ALLOW)
        return say(WB_IMPLICIT_DENY, why, BOUNDARY);
    if (v->session != WB_ALLOW)
        return say(WB_IMPLICIT_DENY, why, SESSION);
    return say(WB_ALLOW, why, v->identity == WB_ALLOW ? IDENTITY : RESOURCE);
}

enum wb_decision wb_authorize(const struct wb_policy_set *s, const struct wb_request *q,
                              const char **why)
{
    const struct wb_principal *p = q->principal;
    struct verdicts v;
    enum wb_grant unused;
    v.identity = identity_side(s, q);
    v.resource = one(s->resource, q, &v.grant);
    if (!s->resource)
        v.resource = WB_IMPLICIT_DENY;
    v.boundary = one(s->boundary, q, &unused);
    v.session = one(s->session, q, &unused);

    if (v.identity == WB_EXPLICIT_DENY)
        return say(WB_EXPLICIT_DENY, why, IDENTITY);
    if (v.resource == WB_EXPLICIT_DENY)
        return say(WB_EXPLICIT_DENY, why, RESOURCE);
    if (v.boundary == WB_EXPLICIT_DENY)
        return say(WB_EXPLICIT_DENY, why, BOUNDARY);
    if (v.session == WB_EXPLICIT_DENY)
        return say(WB_EXPLICIT_DENY, why, SESSION);

    if (!p || p->type == WB_PRINCIPAL_ANONYMOUS || p->type == WB_PRINCIPAL_SERVICE)
        return say(v.resource, why, RESOURCE);
    if (s->resource_account.n && !wb_slice_eq(s->resource_account, p->account)) {
        if (v.resource != WB_ALLOW)
            return say(WB_IMPLICIT_DENY, why, RESOURCE);
        return v.identity == WB_ALLOW ? limited(&v, why) : say(WB_IMPLICIT_DENY, why, IDENTITY);
    }
    if (v.resource == WB_ALLOW && v.grant == WB_GRANT_DIRECT)
        return say(WB_ALLOW, why, RESOURCE);
    bool granted = v.resource == WB_ALLOW && v.grant > WB_GRANT_ACCOUNT;
    if (v.identity != WB_ALLOW && !granted)
        return say(WB_IMPLICIT_DENY, why, IDENTITY);
    return limited(&v, why);
}
