/*
 * The policy simulator: the evaluator that decides about real calls, over policies that a call
 * names or brings along, without a call being made (IAM API Reference, "SimulatePrincipalPolicy").
 * It knows no resource policies but the one it is given, and no context but what it is given and
 * what follows from the caller and the clock.
 */
#include "base/arn.h"
#include "base/decimal.h"
#include "codec/text.h"
#include "services/iam/policy.h"

enum side { IDENTITY, BOUNDARY, RESOURCE };

struct source {
    enum side side;
    struct wb_slice id, text;
    struct wb_policy *policy;
    struct iam_place *place; /* of its statements; NULL until one is told */
};

struct simulation {
    struct wb_call *c;
    struct source *source;
    size_t count;
    const struct wb_policy **policy; /* of all sources; those of identities first */
    struct wb_principal principal;
    struct wb_policy_set set;
    struct wb_slice owner; /* of resources whose ARN does not say */
    struct wb_pair *context;
    size_t context_count;
    struct wb_policy_hit *hit; /* room for any policy's */
};

static void invalid(struct wb_call *c, const char *what, struct wb_slice value)
{
    wb_fail(c, "InvalidInput", 400, "%s: %.*s", what, WB_FMT(value));
}

/* --- policies --- */

static void reserve(struct simulation *s, size_t more)
{
    struct source *all = wb_new_n(s->c->arena, struct source, s->count + more);
    if (s->count)
        memcpy(all, s->source, s->count * sizeof *all);
    s->source = all;
}

static void add_source(struct simulation *s, enum side side, struct wb_slice id,
                       struct wb_slice text)
{
    struct wb_slice why;
    struct wb_policy *p = wb_policy_parse(text, side == RESOURCE, s->c->arena, &why);
    if (!p)
        wb_fail(s->c, "InvalidInput", 400, "%.*s", WB_FMT(why));
    else
        s->source[s->count++] = (struct source){side, id, text, p, NULL};
}

static void add_list(struct simulation *s, enum side side, const char *member)
{
    struct wb_json list = wb_in(s->c, member);
    struct wb_json_iter it = wb_json_iter(list);
    reserve(s, wb_json_count(list));
    for (unsigned n = 1; !wb_failed(s->c) && wb_json_next(&it); n++)
        add_source(s, side, wb_printf(s->c->arena, "%s.%u", member, n),
                   wb_json_str(it.value, s->c->arena));
}

/* "AmazonS3ReadOnlyAccess", "role_NAME_POLICY". */
static struct wb_slice source_id(struct wb_arena *a, const struct iam_grant *g)
{
    if (g->arn.p)
        return g->name;
    return wb_printf(a, "%s_%.*s_%.*s", iam_kind(g->of.kind)->word, WB_FMT(g->of.name),
                     WB_FMT(g->name));
}

static void add_grants(struct simulation *s, const struct wb_iam_entity *e)
{
    struct iam_grant *grant;
    size_t n = iam_all_grants(s->c, e, &grant);
    reserve(s, n);
    for (size_t i = 0; i < n; i++)
        if (grant[i].text.p)
            add_source(s, IDENTITY, source_id(s->c->arena, &grant[i]), grant[i].text);
}

/* A boundary that is brought along counts instead of the entity's own. */
static void add_boundary(struct simulation *s, const struct wb_iam_entity *e)
{
    size_t before = s->count;
    struct wb_slice arn, text;
    add_list(s, BOUNDARY, "PermissionsBoundaryPolicyInputList");
    if (s->count > before + 1)
        wb_fail(s->c, "InvalidInput", 400,
                "Only one permissions boundary policy can be simulated at a time.");
    s->set.boundary_limits = s->count > before;
    if (s->set.boundary_limits || !e || wb_failed(s->c))
        return;
    arn = wb_json_get_str(e->row, "boundary", s->c->arena);
    if (!arn.n)
        return;
    s->set.boundary_limits = true; /* even when the policy is gone: it then allows nothing */
    text = wb_iam_policy_text(s->c->tx, arn);
    reserve(s, 1);
    if (text.p)
        add_source(s, BOUNDARY, arn, text);
}

/* --- who --- */

/* A role is simulated as a session of it: nothing else ever acts in its name. */
static void be_role(struct simulation *s, const struct wb_iam_entity *e)
{
    const struct wb_identity *role = wb_identity_by_id(s->c->tx, e->id);
    if (role)
        s->principal = wb_role_principal(s->c->arena, role, WB_S("simulation"));
}

static void be_user(struct simulation *s, struct wb_slice arn, struct wb_slice account,
                    struct wb_slice id)
{
    s->principal = (struct wb_principal){
        .type = WB_PRINCIPAL_USER, .account = account, .arn = arn, .id = id, .owner = id};
}

static void be_caller(struct simulation *s, struct wb_slice arn)
{
    struct wb_slice account, path, name;
    enum wb_iam_kind kind;
    struct wb_iam_entity e;
    if (!wb_iam_arn_parse(arn, &account, &kind, &path, &name) || kind != WB_IAM_USER) {
        wb_fail(s->c, "InvalidInput", 400,
                "Invalid Entity Arn: %.*s does not clearly define entity type and name.",
                WB_FMT(arn));
        return;
    }
    bool here = wb_slice_eq(account, s->c->ctx.account) &&
                wb_iam_read(s->c->tx, account, kind, name, &e) && wb_slice_eq(e.arn, arn);
    be_user(s, arn, account, here ? e.id : WB_SLICE_NULL);
}

static void find_caller(struct simulation *s, const struct wb_iam_entity *e)
{
    struct wb_slice caller = wb_in_str(s->c, "CallerArn");
    be_user(s, WB_SLICE_NULL, s->c->ctx.account, WB_SLICE_NULL);
    if (caller.p)
        be_caller(s, caller);
    else if (e && e->kind == WB_IAM_USER)
        be_user(s, e->arn, e->account, e->id);
    else if (wb_in_str(s->c, "ResourcePolicy").p)
        wb_fail(s->c, "InvalidInput", 400, "Invalid caller - Caller cannot be null or empty.");
    else if (e && e->kind == WB_IAM_ROLE)
        be_role(s, e);
}

/* --- resources --- */

static void find_owner(struct simulation *s)
{
    struct wb_slice owner = wb_in_str(s->c, "ResourceOwner");
    struct wb_arn arn;
    s->owner = s->principal.account;
    if (!owner.p)
        return;
    if (wb_arn_parse(owner, &arn) && arn.account.n == 12)
        s->owner = arn.account;
    else
        invalid(s->c, "Invalid ResourceOwner", owner);
}

static struct wb_slice owner_of(const struct simulation *s, struct wb_slice resource)
{
    struct wb_arn arn;
    return wb_arn_parse(resource, &arn) && arn.account.n == 12 ? arn.account : s->owner;
}

static void check_resources(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "ResourceArns"));
    while (wb_json_next(&it)) {
        struct wb_slice text = wb_json_str(it.value, c->arena);
        struct wb_arn arn;
        if (!wb_slice_is(text, "*") && !wb_arn_parse(text, &arn))
            invalid(c, "Invalid Resource ARN", text);
    }
}

static void check_actions(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "ActionNames"));
    while (wb_json_next(&it)) {
        struct wb_slice text = wb_json_str(it.value, c->arena);
        ptrdiff_t colon = wb_slice_chr(text, ':', 0);
        if (colon <= 0 || (size_t)colon + 1 == text.n || wb_slice_chr(text, '*', 0) >= 0 ||
            wb_slice_chr(text, '?', 0) >= 0)
            invalid(c, "Invalid Action Name", text);
    }
}

/* --- context --- */

static bool is_number(struct wb_slice s)
{
    struct wb_decimal d;
    return wb_decimal_parse(s, &d) == WB_DEC_OK;
}

static bool is_flag(struct wb_slice s)
{
    return wb_slice_ieq(s, WB_S("true")) || wb_slice_ieq(s, WB_S("false"));
}

static bool is_date(struct wb_slice s)
{
    int64_t ms;
    bool zone;
    return wb_time_parse_iso(s, &ms, &zone) || wb_slice_i64(s, &ms);
}

static bool value_fits(struct simulation *s, struct wb_slice type, struct wb_slice value)
{
    struct wb_slice bytes;
    if (wb_slice_starts(type, WB_S("numeric")))
        return is_number(value);
    if (wb_slice_starts(type, WB_S("boolean")))
        return is_flag(value);
    if (wb_slice_starts(type, WB_S("date")))
        return is_date(value);
    if (wb_slice_starts(type, WB_S("binary")))
        return wb_base64_decode(s->c->arena, value, &bytes);
    return true;
}

static void add_entry(struct simulation *s, struct wb_json entry)
{
    struct wb_arena *a = s->c->arena;
    struct wb_slice key = wb_json_get_str(entry, "ContextKeyName", a);
    struct wb_slice type = wb_json_get_str(entry, "ContextKeyType", a);
    struct wb_json values = wb_json_get(entry, "ContextKeyValues");
    struct wb_pair *all = wb_new_n(a, struct wb_pair, s->context_count + wb_json_count(values) + 1);
    if (!type.p || (wb_json_count(values) > 1 && !wb_slice_ends(type, WB_S("List")))) {
        invalid(s->c, "Invalid context key type or number of values", key);
        return;
    }
    memcpy(all, s->context, s->context_count * sizeof *all);
    s->context = all;
    struct wb_json_iter it = wb_json_iter(values);
    while (wb_json_next(&it)) {
        struct wb_slice value = wb_json_str(it.value, a);
        if (!value_fits(s, type, value))
            invalid(s->c, "Invalid context key value", value);
        s->context[s->context_count++] = (struct wb_pair){key, value};
    }
}

static bool given(const struct simulation *s, struct wb_slice key)
{
    for (size_t i = 0; i < s->context_count; i++)
        if (wb_slice_ieq(s->context[i].name, key))
            return true;
    return false;
}

static void add_principal_tags(struct simulation *s)
{
    const struct wb_identity *id = wb_identity_by_id(s->c->tx, s->principal.owner);
    size_t tags = id ? id->tag_count : 0;
    struct wb_pair *all = wb_new_n(s->c->arena, struct wb_pair, s->context_count + tags + 1);
    memcpy(all, s->context, s->context_count * sizeof *all);
    s->context = all;
    for (size_t i = 0; i < tags; i++) {
        struct wb_slice key =
            wb_printf(s->c->arena, "aws:PrincipalTag/%.*s", WB_FMT(id->tag[i].name));
        if (!given(s, key))
            s->context[s->context_count++] = (struct wb_pair){key, id->tag[i].value};
    }
}

static void gather_context(struct simulation *s)
{
    struct wb_json_iter it = wb_json_iter(wb_in(s->c, "ContextEntries"));
    s->context = wb_new(s->c->arena, struct wb_pair);
    while (!wb_failed(s->c) && wb_json_next(&it))
        add_entry(s, it.value);
    add_principal_tags(s);
}

/* --- the set --- */

static void sort_policies(struct simulation *s)
{
    size_t most = 1;
    s->policy = wb_new_n(s->c->arena, const struct wb_policy *, s->count + 1);
    for (size_t i = 0; i < s->count; i++) {
        s->policy[i] = s->source[i].policy;
        if (wb_policy_statements(s->policy[i]) > most)
            most = wb_policy_statements(s->policy[i]);
        if (s->source[i].side == IDENTITY)
            s->set.identity_count++;
        else if (s->source[i].side == BOUNDARY)
            s->set.boundary = s->source[i].policy;
        else
            s->set.resource = s->source[i].policy;
    }
    s->set.identity = s->policy;
    s->hit = wb_new_n(s->c->arena, struct wb_policy_hit, most);
}

static bool prepare(struct simulation *s, const struct wb_iam_entity *e)
{
    struct wb_slice resource = wb_in_str(s->c, "ResourcePolicy");
    check_actions(s->c);
    check_resources(s->c);
    if (e)
        add_grants(s, e);
    add_list(s, IDENTITY, "PolicyInputList");
    if (!wb_failed(s->c))
        add_boundary(s, e);
    reserve(s, 1);
    if (resource.p && !wb_failed(s->c))
        add_source(s, RESOURCE, WB_S("ResourcePolicy"), resource);
    if (!wb_failed(s->c))
        find_caller(s, e);
    if (!wb_failed(s->c))
        find_owner(s);
    if (!wb_failed(s->c))
        gather_context(s);
    sort_policies(s);
    return !wb_failed(s->c);
}

/* --- answers --- */

static const char *decision_name(enum wb_decision d)
{
    static const char *const names[] = {[WB_IMPLICIT_DENY] = "implicitDeny",
                                        [WB_ALLOW] = "allowed",
                                        [WB_EXPLICIT_DENY] = "explicitDeny"};
    return names[d];
}

static void out_position(struct wb_out *o, const char *name, const struct iam_position *p)
{
    wb_out_object(o, name);
    wb_out_i64(o, "Line", p->line);
    wb_out_i64(o, "Column", p->column);
    wb_out_end(o);
}

static void out_statement(struct simulation *s, struct source *from, size_t statement)
{
    struct wb_out *o = &s->c->out;
    if (!from->place)
        iam_statement_places(s->c->arena, from->text, &from->place);
    wb_out_object(o, NULL);
    wb_out_str(o, "SourcePolicyId", from->id);
    wb_out_cstr(o, "SourcePolicyType", from->side == RESOURCE ? "Resource Policy" : "IAM Policy");
    out_position(o, "StartPosition", &from->place[statement].start);
    out_position(o, "EndPosition", &from->place[statement].end);
    wb_out_end(o);
}

/* The statements that made the decision: what denies, or what allows. */
static void out_matched(struct simulation *s, const struct wb_request *q, enum wb_decision d)
{
    wb_out_list(&s->c->out, "MatchedStatements");
    for (size_t i = 0; d != WB_IMPLICIT_DENY && i < s->count; i++) {
        struct source *from = &s->source[i];
        if (d == WB_ALLOW && from->side == BOUNDARY)
            continue;
        size_t n = wb_policy_hits(from->policy, q, s->hit);
        for (size_t h = 0; h < n; h++)
            if (s->hit[h].allow == (d == WB_ALLOW))
                out_statement(s, from, s->hit[h].statement);
    }
    wb_out_end(&s->c->out);
}

static void out_missing(struct simulation *s, const struct wb_request *q)
{
    struct wb_slice *key;
    size_t n = q ? wb_policy_missing_keys(s->policy, s->count, s->c->arena, q, &key) : 0;
    wb_out_list(&s->c->out, "MissingContextValues");
    for (size_t i = 0; i < n; i++)
        wb_out_str(&s->c->out, NULL, key[i]);
    wb_out_end(&s->c->out);
}

static void out_boundary(struct simulation *s, const struct wb_request *q)
{
    if (!s->set.boundary_limits)
        return;
    bool allowed = s->set.boundary && wb_policy_eval(s->set.boundary, q, NULL) == WB_ALLOW;
    wb_out_object(&s->c->out, "PermissionsBoundaryDecisionDetail");
    wb_out_bool(&s->c->out, "AllowedByPermissionsBoundary", allowed);
    wb_out_end(&s->c->out);
}

static void out_result(struct simulation *s, struct wb_slice action, struct wb_slice resource,
                       bool named)
{
    struct wb_out *o = &s->c->out;
    struct wb_request q = {.principal = &s->principal,
                           .action = action,
                           .resource = resource,
                           .context = s->context,
                           .context_count = s->context_count,
                           .now_ms = s->c->tx->now_ms};
    s->set.resource_account = owner_of(s, resource);
    enum wb_decision d = wb_authorize(&s->set, &q, NULL);
    wb_out_object(o, NULL);
    wb_out_str(o, "EvalActionName", action);
    wb_out_str(o, "EvalResourceName", resource);
    wb_out_cstr(o, "EvalDecision", decision_name(d));
    out_matched(s, &q, d);
    out_missing(s, named ? NULL : &q);
    out_boundary(s, &q);
    if (named) {
        wb_out_list(o, "ResourceSpecificResults");
        wb_out_object(o, NULL);
        wb_out_str(o, "EvalResourceName", resource);
        wb_out_cstr(o, "EvalResourceDecision", decision_name(d));
        out_matched(s, &q, d);
        out_missing(s, &q);
        out_boundary(s, &q);
        wb_out_end(o);
        wb_out_end(o);
    }
    wb_out_end(o);
}

/* The strings of a list, or one to stand for an absent list. */
static size_t texts(struct wb_call *c, const char *member, const char *otherwise,
                    struct wb_slice **out)
{
    struct wb_json list = wb_in(c, member);
    struct wb_json_iter it = wb_json_iter(list);
    size_t n = 0;
    *out = wb_new_n(c->arena, struct wb_slice, wb_json_count(list) + 1);
    while (wb_json_next(&it))
        (*out)[n++] = wb_json_str(it.value, c->arena);
    if (n == 0)
        (*out)[n++] = wb_slice_str(otherwise);
    return n;
}

/* One result for each action and resource, in the order asked. A page goes on at the number of the
 * next one, however many there are before it. */
static void out_results(struct simulation *s, struct iam_page *page)
{
    struct wb_slice *action, *resource;
    size_t actions = texts(s->c, "ActionNames", "", &action);
    size_t resources = texts(s->c, "ResourceArns", "*", &resource);
    uint64_t last;
    size_t first = wb_slice_u64(page->after, &last) ? last + 1 : 0;
    wb_out_list(&s->c->out, "EvaluationResults");
    for (size_t i = first; i < actions * resources; i++) {
        struct wb_slice arn = resource[i % resources];
        if (!iam_page_take(page, wb_printf(s->c->arena, "%zu", i)))
            break;
        out_result(s, action[i / resources], arn, !wb_slice_is(arn, "*"));
    }
    wb_out_end(&s->c->out);
}

static void simulate(struct wb_call *c, const struct wb_iam_entity *e)
{
    struct simulation s = {.c = c};
    struct iam_page page;
    if (prepare(&s, e) && iam_page_open(c, &page)) {
        out_results(&s, &page);
        iam_page_close(&page);
    }
    for (size_t i = 0; i < s.count; i++)
        wb_policy_unref(s.source[i].policy);
}

void iam_simulate_custom(struct wb_call *c)
{
    simulate(c, NULL);
}

void iam_simulate_principal(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (iam_entity_by_arn(c, wb_in_str(c, "PolicySourceArn"), &e))
        simulate(c, &e);
}

void iam_of_source(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "PolicySourceArn"));
}

/* --- GetContextKeysFor... --- */

static void context_keys(struct wb_call *c, const struct wb_iam_entity *e)
{
    struct simulation s = {.c = c};
    struct wb_slice *key;
    if (e)
        add_grants(&s, e);
    add_list(&s, IDENTITY, "PolicyInputList");
    sort_policies(&s);
    size_t n = wb_policy_context_keys(s.policy, s.count, c->arena, &key);
    wb_out_list(&c->out, "ContextKeyNames");
    for (size_t i = 0; i < n; i++)
        wb_out_str(&c->out, NULL, key[i]);
    wb_out_end(&c->out);
    for (size_t i = 0; i < s.count; i++)
        wb_policy_unref(s.source[i].policy);
}

void iam_context_keys_custom(struct wb_call *c)
{
    context_keys(c, NULL);
}

void iam_context_keys_principal(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (iam_entity_by_arn(c, wb_in_str(c, "PolicySourceArn"), &e))
        context_keys(c, &e);
}
