/*
 * Evaluation (IAM User Guide, "Policy evaluation logic"). An explicit deny anywhere wins. Then an
 * allow is needed from the principal's side or, within one account, from the resource's; across
 * accounts from both. Boundary and session policy can only take away - except from what a resource
 * policy of the same account grants to the user or session itself, or to everybody: that is not
 * limited by an implicit deny ("AWS JSON policy elements: Principal", "IAM role principals").
 */
#include "auth/policy_impl.h"

/* --- one statement --- */

static bool is_account(const struct wb_principal *p, struct wb_slice account)
{
    return p->type != WB_PRINCIPAL_ANONYMOUS && p->type != WB_PRINCIPAL_SERVICE &&
           wb_slice_eq(p->account, account);
}

/* By unique id. "AROA...:session" is a session of role AROA...; a federated user's own id begins
 * with the account, and the user who federated is its owner. */
static enum wb_grant grant_of_id(const struct wb_principal *p, struct wb_slice id)
{
    struct wb_slice rest = p->id, first = wb_slice_cut(&rest, ':');
    if (p->type == WB_PRINCIPAL_SERVICE || !p->id.n)
        return WB_GRANT_NONE;
    if (wb_slice_eq(p->id, id))
        return WB_GRANT_DIRECT;
    if (p->type == WB_PRINCIPAL_FEDERATED)
        first = p->owner;
    return first.n && wb_slice_eq(first, id) ? WB_GRANT_ROLE : WB_GRANT_NONE;
}

static enum wb_grant grant_of(const struct wb_who_pattern *w, const struct wb_principal *p)
{
    bool service = p->type == WB_PRINCIPAL_SERVICE;
    switch (w->kind) {
    case WB_WHO_ANYBODY:
        return WB_GRANT_DIRECT;
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
        return grant_of_id(p, w->text);
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
    return best == WB_GRANT_NONE ? WB_GRANT_DIRECT : WB_GRANT_NONE;
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

bool wb_statement_applies(const struct wb_policy *p, const struct wb_statement *s,
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
        if ((s->allow && *grant == WB_GRANT_DIRECT) || !wb_statement_applies(p, s, q, &g))
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
    struct wb_verdict identity, resource, boundary, session;
    enum wb_grant grant; /* the resource policy's */
};

#define IDENTITY "identity-based policy"
#define BOUNDARY "permissions boundary"
#define SESSION  "session policy"

/* Any of several policies: a deny in one decides, an allow in one suffices. */
static struct wb_verdict any_of(const struct wb_policy *const *p, size_t n,
                                const struct wb_request *q, const char *kind, enum wb_grant *grant)
{
    struct wb_verdict v = {.decision = WB_IMPLICIT_DENY, .kind = kind};
    for (size_t i = 0; i < n; i++) {
        struct wb_slice sid = WB_SLICE_NULL;
        enum wb_decision d = p[i] ? eval(p[i], q, &sid, grant) : WB_IMPLICIT_DENY;
        if (d == WB_IMPLICIT_DENY || (d == WB_ALLOW && v.decision == WB_ALLOW))
            continue;
        v.decision = d;
        v.policy = p[i];
        v.sid = sid;
        if (d == WB_EXPLICIT_DENY)
            break;
    }
    return v;
}

static void collect(const struct wb_policy_set *s, const struct wb_request *q, struct verdicts *v)
{
    enum wb_grant unused;
    v->grant = WB_GRANT_NONE;
    if (s->index) {
        v->identity = (struct wb_verdict){.kind = IDENTITY};
        v->identity.decision =
            wb_policy_index_eval(s->index, q, &v->identity.policy, &v->identity.sid);
    } else {
        v->identity = any_of(s->identity, s->identity_count, q, IDENTITY, &unused);
    }
    if (s->identity_is_root && v->identity.decision == WB_IMPLICIT_DENY)
        v->identity.decision = WB_ALLOW;
    v->resource = any_of(&s->resource, 1, q,
                         s->resource_kind ? s->resource_kind : WB_POLICY_RESOURCE, &v->grant);
    v->boundary = any_of(&s->boundary, 1, q, BOUNDARY, &unused);
    if (!s->boundary && !s->boundary_limits)
        v->boundary.decision = WB_ALLOW;
    v->session = any_of(s->session, s->session_count, q, SESSION, &unused);
    if (!s->session_limits && !s->session_count)
        v->session.decision = WB_ALLOW;
}

/* Boundary and session policy must allow as well. */
static const struct wb_verdict *limited(const struct verdicts *v)
{
    if (v->boundary.decision != WB_ALLOW)
        return &v->boundary;
    if (v->session.decision != WB_ALLOW)
        return &v->session;
    return v->identity.decision == WB_ALLOW ? &v->identity : &v->resource;
}

static const struct wb_verdict *decide(const struct wb_policy_set *s, const struct wb_principal *p,
                                       const struct verdicts *v)
{
    const struct wb_verdict *all[] = {&v->identity, &v->resource, &v->boundary, &v->session};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->decision == WB_EXPLICIT_DENY)
            return all[i];

    if (!p || p->type == WB_PRINCIPAL_ANONYMOUS || p->type == WB_PRINCIPAL_SERVICE)
        return &v->resource;
    bool allowed = v->resource.decision == WB_ALLOW;
    if (!allowed && s->resource_must)
        return &v->resource;
    if (s->resource_account.n && !wb_slice_eq(s->resource_account, p->account)) {
        if (!allowed)
            return &v->resource;
        return v->identity.decision == WB_ALLOW ? limited(v) : &v->identity;
    }
    if (allowed && v->grant == WB_GRANT_DIRECT)
        return &v->resource;
    if (v->identity.decision != WB_ALLOW && !(allowed && v->grant > WB_GRANT_ACCOUNT))
        return &v->identity;
    return limited(v);
}

enum wb_decision wb_authorize(const struct wb_policy_set *s, const struct wb_request *q,
                              struct wb_verdict *out)
{
    struct verdicts v;
    collect(s, q, &v);
    const struct wb_verdict *d = decide(s, q->principal, &v);
    if (out)
        *out = *d;
    return d->decision;
}
