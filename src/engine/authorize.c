/*
 * Authorization of a call: what it needs, against all policies that count (IAM User Guide, "Policy
 * evaluation logic"). The evaluator is auth/policy.h; here is where its parts come from.
 */
#include "engine/audit.h"
#include "engine/identity.h"
#include "engine/internal.h"

#include "auth/session.h"
#include "base/arn.h"
#include "base/time.h"
#include "engine/tags.h"

/* --- resource policies --- */

struct wb_policy_source {
    wb_resource_policy_fn *find;
    wb_resource_owner_fn *owner; /* NULL: the ARN says it */
    bool rules;                  /* without it identity policies count for nothing */
};

void wb_resource_policy_register(struct wb_engine *e, const char *arn_service,
                                 wb_resource_policy_fn *fn)
{
    struct wb_policy_source *s = wb_new(&e->arena, struct wb_policy_source);
    s->find = fn;
    void *before = wb_map_put(e->policies, wb_slice_str(arn_service), s);
    assert(!before);
}

void wb_resource_owner_register(struct wb_engine *e, const char *arn_service,
                                wb_resource_owner_fn *fn)
{
    struct wb_policy_source *s = wb_map_get(e->policies, wb_slice_str(arn_service));
    assert(s); /* its policies first */
    s->owner = fn;
}

void wb_resource_policy_rules(struct wb_engine *e, const char *arn_service)
{
    struct wb_policy_source *s = wb_map_get(e->policies, wb_slice_str(arn_service));
    assert(s);
    s->rules = true;
}

static const struct wb_policy_source *source_of(struct wb_engine *e, struct wb_slice arn)
{
    struct wb_arn parsed;
    return wb_arn_parse(arn, &parsed) ? wb_map_get(e->policies, parsed.service) : NULL;
}

const struct wb_policy *wb_resource_policy(struct wb_tx *tx, struct wb_slice arn)
{
    const struct wb_policy_source *s = source_of(tx->engine, arn);
    return s ? s->find(tx, arn) : NULL;
}

/* --- the subject --- */

/* Policies of this one session, let go at the call's end. */
struct own_policies {
    struct wb_policy *policy[WB_SESSION_POLICIES_MAX + 1];
    size_t count;
};

/* Takes the policy's reference. */
static void add_session_policy(struct own_policies *o, struct wb_policy *p)
{
    if (p && o->count < sizeof o->policy / sizeof *o->policy)
        o->policy[o->count++] = p;
    else
        wb_policy_unref(p);
}

static void session_policies(struct wb_tx *tx, const struct wb_session *s, struct own_policies *o)
{
    o->count = 0;
    if (s->policy.p)
        add_session_policy(o, wb_policy_of_text(s->policy, tx->arena));
    struct wb_json_iter it = wb_json_iter(s->policies);
    while (wb_json_next(&it))
        add_session_policy(o, wb_iam_policy(tx, wb_json_str(it.value, tx->arena)));
}

/* --- context --- */

struct context {
    struct wb_vec pairs; /* struct wb_pair */
    struct wb_arena *a;
};

static void add(struct context *x, struct wb_slice key, struct wb_slice value)
{
    if (value.p)
        *(struct wb_pair *)wb_vec_push(&x->pairs, x->a, sizeof(struct wb_pair)) =
            (struct wb_pair){key, value};
}

static void add_flag(struct context *x, const char *key, bool v)
{
    add(x, wb_slice_str(key), v ? WB_S("true") : WB_S("false"));
}

static void add_tag(struct context *x, const char *prefix, struct wb_slice key,
                    struct wb_slice value)
{
    add(x, wb_printf(x->a, "%s%.*s", prefix, WB_FMT(key)), value);
}

/* The session's tags go over the role's or user's (IAM User Guide, "Pass session tags"). */
static void add_principal_tags(struct context *x, const struct wb_identity *id,
                               const struct wb_session *s)
{
    struct wb_json_iter it = wb_json_iter(s->tags);
    while (wb_json_next(&it))
        add_tag(x, "aws:PrincipalTag/", wb_json_str(it.key, x->a), wb_json_str(it.value, x->a));
    for (size_t i = 0; id && i < id->tag_count; i++) {
        bool over = false;
        it = wb_json_iter(s->tags);
        while (wb_json_next(&it))
            over |= wb_slice_ieq(wb_json_str(it.key, x->a), id->tag[i].name);
        if (!over)
            add_tag(x, "aws:PrincipalTag/", id->tag[i].name, id->tag[i].value);
    }
}

/* Tags in the request: a list of {Key, Value} (KMS: TagKey, TagValue) or an object in Tags, keys
 * alone in TagKeys. */
static void add_request_tags(struct context *x, struct wb_call *c)
{
    struct wb_json tags = wb_in(c, wb_json_is(wb_in(c, "Tags")) ? "Tags" : "tags");
    bool list = wb_json_type(tags) == WB_JSON_ARRAY;
    struct wb_json_iter it = wb_json_iter(tags);
    while (wb_json_next(&it)) {
        bool kms = list && wb_json_is(wb_json_get(it.value, "TagKey"));
        struct wb_slice key = list ? wb_json_get_str(it.value, kms ? "TagKey" : "Key", x->a)
                                   : wb_json_str(it.key, x->a);
        struct wb_slice value = list ? wb_json_get_str(it.value, kms ? "TagValue" : "Value", x->a)
                                     : wb_json_str(it.value, x->a);
        if (!key.p)
            continue;
        add_tag(x, "aws:RequestTag/", key, value);
        add(x, WB_S("aws:TagKeys"), key);
    }
    struct wb_json keys = wb_in(c, "TagKeys");
    it = wb_json_iter(wb_json_is(keys) ? keys : wb_in(c, "tagKeys"));
    while (wb_json_next(&it))
        add(x, WB_S("aws:TagKeys"), wb_json_str(it.value, x->a));
}

/* Over TLS, or over no wire at all: a policy that asks for it (the one that `cdk bootstrap` puts on
 * its bucket) is about being overheard. */
static bool is_secure(const struct wb_call *c)
{
    struct wb_slice from = c->ctx.source_ip;
    return c->tls || !from.p || wb_slice_starts(from, WB_S("127.")) || wb_slice_is(from, "::1");
}

/* Keys of every request; those of principal and clock the evaluator derives itself (IAM User Guide,
 * "AWS global condition context keys"). */
static void add_global(struct context *x, const struct wb_call *c, const struct wb_session *s)
{
    const struct wb_principal *p = &c->ctx.principal;
    add(x, WB_S("aws:SourceIp"), c->ctx.source_ip);
    add(x, WB_S("aws:UserAgent"), c->ctx.user_agent);
    add(x, WB_S("aws:RequestedRegion"), c->ctx.region);
    add_flag(x, "aws:SecureTransport", is_secure(c));
    add_flag(x, "aws:ViaAWSService", false);
    if (p->expires_ms)
        add_flag(x, "aws:MultiFactorAuthPresent", false);
    if (s->issued_ms)
        add(x, WB_S("aws:TokenIssueTime"), wb_time_str(x->a, s->issued_ms, WB_TIME_ISO_S));
    add(x, WB_S("aws:SourceIdentity"), s->source);
    add(x, WB_S("lambda:SourceFunctionArn"), s->function);
}

/* What has the tags: of an index the table, of a function's version the function. */
static struct wb_slice tagged(struct wb_slice resource, const struct wb_arn *arn)
{
    struct wb_slice rest = arn->resource;
    char sep = wb_slice_is(arn->service, "dynamodb") ? '/'
               : wb_slice_is(arn->service, "lambda") ? ':'
                                                     : 0;
    if (!sep)
        return resource;
    wb_slice_cut(&rest, sep);
    wb_slice_cut(&rest, sep);
    return rest.p ? wb_slice_sub(resource, 0, resource.n - rest.n - 1) : resource;
}

static void add_resource_tags(struct context *x, struct wb_tx *tx, struct wb_slice arn)
{
    struct wb_pair *tag;
    size_t n = wb_tags_list(tx, arn, &tag);
    for (size_t i = 0; i < n; i++)
        add_tag(x, "aws:ResourceTag/", tag[i].name, tag[i].value);
}

/* --- the decision --- */

struct decision {
    struct wb_call *call;
    struct wb_tx *tx;
    const struct wb_identity *identity;
    struct wb_session session;
    struct own_policies own;
    struct wb_policy_set set;
    unsigned keys;
    struct context context; /* of the call */
    size_t shared;          /* pairs of it that are not one need's own */
    unsigned have;          /* kinds of keys already in it */
    size_t denials;
};

static void gather(struct decision *d)
{
    struct wb_call *c = d->call;
    const struct wb_principal *p = &c->ctx.principal;
    d->identity = wb_identity_by_id(d->tx, p->owner);
    wb_session_read(c->arena, p->session, &d->session);
    session_policies(d->tx, &d->session, &d->own);
    bool federated = p->type == WB_PRINCIPAL_FEDERATED;
    d->set = (struct wb_policy_set){
        .session = (const struct wb_policy *const *)d->own.policy,
        .session_count = d->own.count,
        .session_limits = federated || d->session.policy.p || wb_json_is(d->session.policies),
        .identity_is_root = p->type == WB_PRINCIPAL_ROOT || (federated && !p->owner.p)};
    for (size_t i = 0; i < d->own.count; i++)
        d->keys |= wb_policy_keys(d->own.policy[i]);
    if (d->identity) {
        d->set.identity = d->identity->list;
        d->set.identity_count = d->identity->count;
        d->set.index = d->identity->index;
        d->set.boundary = d->identity->boundary;
        d->set.boundary_limits = d->identity->boundary_arn.p != NULL;
        d->keys |= d->identity->keys;
    }
    add_global(&d->context, c, &d->session);
}

/* Context that costs something, once a policy asks for it. */
static void widen(struct decision *d, unsigned keys)
{
    unsigned now = keys & ~d->have;
    d->have |= keys;
    if (now & WB_KEYS_PRINCIPAL_TAG)
        add_principal_tags(&d->context, d->identity, &d->session);
    if (now & WB_KEYS_REQUEST_TAG)
        add_request_tags(&d->context, d->call);
    if (!(now & WB_KEYS_SERVICE))
        return;
    struct wb_call *c = d->call;
    if (c->op->conditions) {
        struct wb_tx *before = c->tx;
        c->tx = d->tx;
        c->op->conditions(c);
        c->tx = before;
    }
    for (size_t i = 0; i < c->condition_count; i++)
        add(&d->context, c->condition[i].name, c->condition[i].value);
}

/* --- what a denial is remembered by; only after one --- */

static bool allows(const struct wb_policy *const *p, size_t n, const struct wb_request *q)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] && wb_policy_eval(p[i], q, NULL) == WB_ALLOW)
            return true;
    return false;
}

/* The sides that have to allow this and do not. */
static unsigned missing_sides(const struct decision *d, const struct wb_request *q,
                              const struct wb_verdict *v)
{
    const struct wb_policy_set *s = &d->set;
    const struct wb_principal *p = q->principal;
    bool identity = s->identity_is_root || allows(s->identity, s->identity_count, q);
    bool resource = allows(&s->resource, 1, q);
    bool cross = !wb_slice_eq(s->resource_account, p->account);
    if (p->type == WB_PRINCIPAL_SERVICE || p->type == WB_PRINCIPAL_ANONYMOUS)
        return WB_SIDE_RESOURCE;
    unsigned sides = 0;
    if (!resource && (cross || s->resource_must))
        sides |= WB_SIDE_RESOURCE;
    /* Named there as it is, a principal of the same account needs nothing else. */
    bool direct = sides && !cross && p->type != WB_PRINCIPAL_SESSION;
    if (direct)
        return sides;
    bool alone = resource && !cross && strcmp(v->kind, "identity-based policy") != 0;
    bool by_trust = sides && !cross;
    if (!identity && !alone && !by_trust)
        sides |= WB_SIDE_IDENTITY;
    if (s->boundary_limits && !allows(&s->boundary, 1, q))
        sides |= WB_SIDE_BOUNDARY;
    if (s->session_limits && !allows(s->session, s->session_count, q))
        sides |= WB_SIDE_SESSION;
    return sides;
}

static void add_asked(void *arg, struct wb_slice key, struct wb_slice value)
{
    struct context *x = arg;
    const struct wb_pair *have = x->pairs.p;
    if (x->pairs.n == WB_DENIAL_ASKED_MAX) /* an item can name a hundred thousand attributes */
        return;
    value = wb_slice_sub(value, 0, WB_AUDIT_TEXT_MAX);
    for (size_t i = 0; i < x->pairs.n; i++)
        if (wb_slice_ieq(have[i].name, key) && wb_slice_eq(have[i].value, value))
            return;
    struct wb_pair *p = wb_vec_push(&x->pairs, x->a, sizeof *p);
    p->name = wb_dup(x->a, key);
    p->value = value.p ? wb_dup(x->a, value) : WB_SLICE_NULL;
}

static void note_asked(const struct decision *d, const struct wb_request *q, struct wb_denial *x)
{
    struct context asked = {.a = d->call->arena};
    const struct wb_policy_set *s = &d->set;
    for (size_t i = 0; i < s->identity_count; i++)
        wb_policy_asked(s->identity[i], q, add_asked, &asked);
    wb_policy_asked(s->resource, q, add_asked, &asked);
    wb_policy_asked(s->boundary, q, add_asked, &asked);
    for (size_t i = 0; i < s->session_count; i++)
        wb_policy_asked(s->session[i], q, add_asked, &asked);
    x->asked = asked.pairs.p;
    x->asked_count = asked.pairs.n;
}

static struct wb_slice policy_name(const struct decision *d, const struct wb_need *n,
                                   const struct wb_policy *p)
{
    const struct wb_identity *id = d->identity;
    struct wb_arena *a = d->call->arena;
    for (size_t i = 0; p && id && i < id->count; i++)
        if (id->policy[i].policy == p)
            return wb_dup(a, id->policy[i].name);
    if (p && id && p == id->boundary)
        return wb_dup(a, id->boundary_arn);
    return p && p == d->set.resource ? n->resource : WB_SLICE_NULL;
}

static void note_denial(struct decision *d, const struct wb_need *n, const struct wb_request *q,
                        const struct wb_verdict *v)
{
    struct wb_arena *a = d->call->arena;
    struct wb_denial *x = wb_new(a, struct wb_denial), **last = &d->call->denial;
    x->need = *n;
    x->verdict = *v;
    x->verdict.policy = NULL;
    x->verdict.sid = v->sid.p ? wb_dup(a, v->sid) : WB_SLICE_NULL;
    x->resource_account = wb_dup(a, d->set.resource_account);
    x->policy = policy_name(d, n, v->policy);
    if (v->decision == WB_EXPLICIT_DENY)
        x->statement = wb_policy_denying(v->policy, q);
    else
        x->sides = missing_sides(d, q, v);
    if (d->identity && d->identity->boundary_arn.p)
        x->boundary = wb_dup(a, d->identity->boundary_arn);
    note_asked(d, q, x);
    while (*last)
        last = &(*last)->next;
    *last = x;
}

/* --- the decision on one need --- */

/* The account in the ARN, or that its service knows; the caller's own where there is none. */
static struct wb_slice owner_of(const struct wb_call *c, struct wb_tx *tx, struct wb_slice resource,
                                bool *restricted)
{
    struct wb_arn arn;
    *restricted = false;
    if (wb_arn_parse(resource, &arn) && arn.account.n && !wb_slice_is(arn.account, "aws"))
        return arn.account;
    const struct wb_policy_source *s = source_of(c->engine, resource);
    struct wb_slice owner =
        s && s->owner && !c->op->creates ? s->owner(tx, resource, restricted) : WB_SLICE_NULL;
    return owner.n ? owner : c->ctx.account;
}

/* A policy that does not count: of the owner's root in what would lock it out of its own resource;
 * a public one where such are restricted. */
static bool is_set_aside(const struct wb_call *c, struct wb_slice owner, bool restricted)
{
    const struct wb_principal *p = &c->ctx.principal;
    bool own = p->account.p && wb_slice_eq(p->account, owner);
    if (c->op->owner_always && own && p->type == WB_PRINCIPAL_ROOT)
        return true;
    return restricted && !own && p->type != WB_PRINCIPAL_SERVICE;
}

/* True: the call goes on without what this need is for. */
static bool deny(struct decision *d, struct wb_need *n, const struct wb_request *q,
                 const struct wb_verdict *v)
{
    struct wb_call *c = d->call;
    if (d->denials++ < WB_DENIALS_MAX)
        note_denial(d, n, q, v);
    wb_fail_denied(c, n->action, n->resource, v);
    if (!c->op->needs_apart)
        return false;
    n->denied = c->error.message;
    c->error = (struct wb_error){.code = NULL};
    return true;
}

static bool decide(struct decision *d, struct wb_need *n)
{
    struct wb_call *c = d->call;
    bool restricted;
    struct wb_slice owner = owner_of(c, d->tx, n->resource, &restricted);
    struct wb_arn arn = {0};
    bool named = wb_arn_parse(n->resource, &arn);
    struct wb_verdict v;
    /* A role's policy says who may take the role; it says nothing about reading or changing it. */
    bool role = named && wb_slice_is(arn.service, "iam");
    bool trust = role && wb_slice_starts(n->action, WB_S("sts:"));
    d->set.resource = named && role == trust ? wb_resource_policy(d->tx, n->resource) : NULL;
    if (is_set_aside(c, owner, restricted))
        d->set.resource = NULL;
    d->set.resource_account = owner;
    d->set.resource_must = trust || (d->set.resource && source_of(c->engine, n->resource)->rules);
    d->set.resource_kind = trust ? WB_POLICY_TRUST : WB_POLICY_RESOURCE;
    unsigned keys = d->keys | wb_policy_keys(d->set.resource);
    d->context.pairs.n = d->shared;
    widen(d, keys);
    if (wb_failed(c) && !c->denial)
        return false; /* conditions must be read out of the input, which has to make sense then */
    d->shared = d->context.pairs.n;
    add(&d->context, WB_S("aws:ResourceAccount"), owner);
    if (keys & WB_KEYS_RESOURCE_TAG && named)
        add_resource_tags(&d->context, d->tx, tagged(n->resource, &arn));
    for (size_t i = 0; i < n->condition_count; i++)
        add(&d->context, n->condition[i].name, n->condition[i].value);
    struct wb_request q = {.principal = &c->ctx.principal,
                           .action = n->action,
                           .resource = n->resource,
                           .context = d->context.pairs.p,
                           .context_count = d->context.pairs.n,
                           .now_ms = d->tx->now_ms};
    if (wb_authorize(&d->set, &q, &v) == WB_ALLOW)
        return true;
    return deny(d, n, &q, &v);
}

/* A denial that no statement could change. */
static void refuse_without(struct wb_call *c, const char *kind)
{
    struct wb_verdict v = {.decision = WB_IMPLICIT_DENY, .kind = kind};
    struct wb_need n = {.action = wb_call_action(c), .resource = WB_S("*")};
    c->denial = wb_new(c->arena, struct wb_denial);
    *c->denial = (struct wb_denial){.need = n, .verdict = v, .resource_account = c->ctx.account};
    wb_fail_denied(c, n.action, n.resource, &v);
}

/* What temporary credentials may not call, whatever policies say (IAM User Guide, "Compare AWS STS
 * credentials"): new credentials of their own kind for all of them; IAM, which asks for MFA, for
 * those of a user; most of STS, too. */
static bool barred(struct wb_call *c)
{
    const struct wb_principal *p = &c->ctx.principal;
    bool sts = strcmp(c->service->name, "sts") == 0, iam = strcmp(c->service->name, "iam") == 0;
    if (!p->expires_ms || !c->engine->config.auth || (!sts && !iam))
        return false;
    struct wb_session s;
    struct wb_slice op = wb_slice_str(c->op->name);
    wb_session_read(c->arena, p->session, &s);
    bool federated = wb_slice_is(s.kind, WB_SESSION_FEDERATED);
    bool limited = federated || wb_slice_is(s.kind, WB_SESSION_OF_USER);
    if (iam && limited)
        wb_fail_signature(c, WB_SIG_BAD_TOKEN, WB_SLICE_NULL);
    else if (sts && (wb_slice_is(op, "GetSessionToken") || wb_slice_is(op, "GetFederationToken")))
        wb_fail(c, "AccessDenied", 403, "Cannot call %s with session credentials", c->op->name);
    else if (!sts || !limited || wb_slice_is(op, "GetCallerIdentity") ||
             (!federated && wb_slice_is(op, "AssumeRole")))
        return false;
    refuse_without(c, "session policy"); /* the error that is there stays */
    return true;
}

/* What needs no look at policies. True when that is all. */
static bool settled(struct wb_call *c)
{
    const struct wb_principal *p = &c->ctx.principal;
    if (p->type == WB_PRINCIPAL_ANONYMOUS && c->service->anonymous && !c->op->unsigned_ok)
        return false; /* a resource's policy may let everybody in */
    if (p->type == WB_PRINCIPAL_ANONYMOUS) {
        if (!c->op->unsigned_ok)
            refuse_without(c, "identity-based policy");
        return true;
    }
    if (c->service == &wb_admin_service) {
        /* The machine's own matters: the root of its first account, and not by a session. */
        bool root = p->type == WB_PRINCIPAL_ROOT && !p->session.p &&
                    wb_slice_is(p->account, c->engine->config.account);
        if (!root && (c->engine->config.auth || p->type != WB_PRINCIPAL_ROOT))
            refuse_without(c, "identity-based policy");
        return true;
    }
    return c->op->always_allowed;
}

/* --- tests: what policies are told stands in the table --- */

static bool is_key(const char *listed, struct wb_slice name)
{
    const char *tag = strstr(listed, "${");
    return tag ? wb_slice_starts(name, wb_slice(listed, (size_t)(tag - listed)))
               : wb_slice_is(name, listed);
}

static void check_listed(const struct wb_call *c, const struct wb_pair *pair, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *const *key = c->op->condition_keys;
        while (key && *key && !is_key(*key, pair[i].name))
            key++;
        assert((key && *key) || wb_slice_is(pair[i].name, "iam:PassedToService"));
    }
}

static void check_keys(const struct wb_call *c)
{
    check_listed(c, c->condition, c->condition_count);
    for (size_t i = 0; i < c->need_count; i++)
        check_listed(c, c->need[i].condition, c->need[i].condition_count);
}

static void name_needs(struct wb_call *c, struct wb_tx *tx)
{
    struct wb_tx *before = c->tx;
    c->need_count = c->condition_count = 0;
    c->tx = tx;
    if (c->op->resources)
        c->op->resources(c);
    c->tx = before;
    if (c->need_count == 0)
        wb_call_resource(c, WB_S("*"));
    if (wb_failed(c) && c->error.status == 403) /* by a rule that is no policy */
        refuse_without(c, "identity-based policy");
}

static void check_all(struct wb_call *c, struct wb_tx *tx)
{
    struct decision d = {.call = c, .tx = tx, .context = {.a = c->arena}};
    gather(&d);
    d.shared = d.context.pairs.n;
    size_t missing = 0; /* the answer names the first; `waybill why` some more */
    for (size_t i = 0; i < c->need_count && missing < WB_DENIALS_MAX; i++)
        missing += !decide(&d, &c->need[i]);
    for (size_t i = 0; i < d.own.count; i++)
        wb_policy_unref(d.own.policy[i]);
}

void wb_call_authorize(struct wb_call *c, struct wb_tx *tx)
{
    if (barred(c) || settled(c))
        return;
    name_needs(c, tx);
    if (!wb_failed(c) && c->engine->config.auth)
        check_all(c, tx);
    if (c->engine->strict)
        check_keys(c);
    bool restricted;
    struct wb_slice owner = owner_of(c, tx, c->need[0].resource, &restricted);
    if (!wb_failed(c) && !wb_slice_eq(owner, c->ctx.account))
        c->ctx.account = wb_dup(c->arena, owner);
}
