/*
 * Random policies, principals and requests, small enough to meet often. What is drawn comes from a
 * fuzzer's input, or from a seed when that is used up.
 */
#ifndef WB_TESTS_UNIT_AUTH_POLICY_RANDOM_H
#define WB_TESTS_UNIT_AUTH_POLICY_RANDOM_H

#include "base/buf.h"
#include "policy_reference.h"

struct dice {
    const uint8_t *p;
    size_t n;
    uint64_t seed;
};

static unsigned roll(struct dice *d, unsigned n)
{
    if (d->n) {
        d->n--;
        return *d->p++ % n;
    }
    d->seed ^= d->seed << 13;
    d->seed ^= d->seed >> 7;
    d->seed ^= d->seed << 17;
    return (unsigned)(d->seed >> 20) % n;
}

#define COUNT(list)   (unsigned)(sizeof list / sizeof *list)
#define PICK(d, list) list[roll(d, COUNT(list))]

static const char *const actions[] = {"a:x", "a:y", "b:x", "A:X", "a:xy", "ab:x"};
static const char *const action_patterns[] = {"a:x", "a:y",  "a:*",  "*",    "b:?",
                                              "a:?", "a:*y", "A:X*", "ab:x", "a:x?"};
static const char *const part[] = {"x", "y", "xy", "yx", "", "x:y"};
static const char *const part_patterns[] = {"x",      "y",  "*",  "x*",      "?",  "*y",
                                            "${k:v}", "x?", "**", "x${k:w}", "xy", "${*}"};
static const char *const accounts[] = {"111122223333", "444455556666"};
static const char *const operators[] = {"StringEquals",
                                        "StringNotEquals",
                                        "StringEqualsIgnoreCase",
                                        "StringLike",
                                        "StringNotLike",
                                        "StringLikeIfExists",
                                        "NumericLessThan",
                                        "NumericEquals",
                                        "NumericNotEqualsIfExists",
                                        "Null",
                                        "ForAllValues:StringEquals",
                                        "ForAnyValue:StringLike",
                                        "ForAnyValue:StringNotEquals",
                                        "ForAllValues:StringNotLike",
                                        "ForAnyValue:NumericLessThanIfExists"};
static const char *const keys[] = {"k:v", "k:w", "K:V"};
static const char *const values[] = {"x", "X", "y", "*", "1", "2", ""};
static const char *const expected[] = {"x", "x*", "?", "*", "y", "${k:v}", ""};
static const char *const principals[] = {
    "\"*\"",
    "{\"AWS\":\"*\"}",
    "{\"AWS\":\"111122223333\"}",
    "{\"AWS\":\"arn:aws:iam::444455556666:root\"}",
    "{\"AWS\":\"arn:aws:iam::111122223333:user/alice\"}",
    "{\"AWS\":[\"arn:aws:iam::111122223333:role/worker\",\"444455556666\"]}",
    "{\"AWS\":\"arn:aws:sts::111122223333:assumed-role/worker/run\"}",
    "{\"AWS\":\"arn:aws:sts::111122223333:federated-user/bob\"}",
    "{\"AWS\":\"AIDAALICE\"}",
    "{\"AWS\":[\"AROAWORKER\",\"AIDABOB\"]}",
    "{\"AWS\":\"AROAWORKER:run\"}",
    "{\"Federated\":\"arn:aws:iam::111122223333:saml-provider/x\"}",
    "{\"Service\":\"events.amazonaws.com\"}",
    "{\"Service\":\"sns.amazonaws.com\",\"AWS\":\"arn:aws:iam::111122223333:user/alice\"}"};

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof s - 1                                                                            \
    }
static const struct wb_principal callers[] = {
    {.type = WB_PRINCIPAL_ANONYMOUS},
    {.type = WB_PRINCIPAL_ROOT,
     .account = TEXT("111122223333"),
     .arn = TEXT("arn:aws:iam::111122223333:root"),
     .id = TEXT("111122223333")},
    {.type = WB_PRINCIPAL_USER,
     .account = TEXT("111122223333"),
     .arn = TEXT("arn:aws:iam::111122223333:user/alice"),
     .id = TEXT("AIDAALICE"),
     .owner = TEXT("AIDAALICE")},
    {.type = WB_PRINCIPAL_SESSION,
     .account = TEXT("111122223333"),
     .arn = TEXT("arn:aws:sts::111122223333:assumed-role/worker/run"),
     .id = TEXT("AROAWORKER:run"),
     .role_arn = TEXT("arn:aws:iam::111122223333:role/worker"),
     .owner = TEXT("AROAWORKER")},
    {.type = WB_PRINCIPAL_FEDERATED,
     .account = TEXT("111122223333"),
     .arn = TEXT("arn:aws:sts::111122223333:federated-user/bob"),
     .id = TEXT("111122223333:bob"),
     .role_arn = TEXT("arn:aws:iam::111122223333:user/alice"),
     .owner = TEXT("AIDAALICE")},
    {.type = WB_PRINCIPAL_SERVICE, .service = TEXT("events.amazonaws.com")},
};

static void put_arn(struct dice *d, struct wb_buf *b, const char *const *list, unsigned n)
{
    wb_buf_str(b, "arn:aws:s");
    for (int i = 0; i < 3; i++)
        wb_buf_printf(b, ":%s", i < 2 ? list[roll(d, n - 1)] : list[roll(d, n)]);
}

static void put_condition(struct dice *d, struct wb_buf *b)
{
    const char *op = PICK(d, operators);
    wb_buf_printf(b, ",\"Condition\":{\"%s\":{\"%s\":", op, PICK(d, keys));
    if (strcmp(op, "Null") == 0) {
        wb_buf_printf(b, "\"%s\"", roll(d, 2) ? "true" : "false");
    } else if (strstr(op, "Numeric")) {
        unsigned first = roll(d, 3);
        wb_buf_printf(b, "[\"%u\",%u.5]", first, roll(d, 2));
    } else {
        const char *first = PICK(d, expected);
        wb_buf_printf(b, "[\"%s\",\"%s\"]", first, PICK(d, expected));
    }
    wb_buf_str(b, "}}");
}

static void put_statement(struct dice *d, struct wb_buf *b, bool resource_policy)
{
    wb_buf_printf(b, "{\"Effect\":\"%s\"", roll(d, 5) ? "Allow" : "Deny");
    wb_buf_printf(b, ",\"%s\":", roll(d, 5) ? "Action" : "NotAction");
    wb_buf_printf(b, "[\"%s\"", PICK(d, action_patterns));
    if (roll(d, 2))
        wb_buf_printf(b, ",\"%s\"", PICK(d, action_patterns));
    wb_buf_char(b, ']');
    if (roll(d, 3)) {
        wb_buf_printf(b, ",\"%s\":[\"", roll(d, 5) ? "Resource" : "NotResource");
        put_arn(d, b, part_patterns, COUNT(part_patterns));
        wb_buf_str(b, "\",\"");
        put_arn(d, b, part_patterns, COUNT(part_patterns));
        wb_buf_str(b, "\"]");
    } else if (!resource_policy || roll(d, 2)) {
        wb_buf_str(b, ",\"Resource\":\"*\"");
    }
    if (resource_policy) {
        wb_buf_printf(b, ",\"%s\":", roll(d, 6) ? "Principal" : "NotPrincipal");
        wb_buf_str(b, PICK(d, principals));
    }
    if (roll(d, 2))
        put_condition(d, b);
    wb_buf_char(b, '}');
}

static struct wb_slice random_policy(struct dice *d, struct wb_arena *a, bool resource_policy)
{
    struct wb_buf b = wb_buf_in(a);
    unsigned n = 1 + roll(d, 3);
    wb_buf_printf(&b, "{\"Version\":\"%s\",\"Statement\":[",
                  roll(d, 4) ? "2012-10-17" : "2008-10-17");
    for (unsigned i = 0; i < n; i++) {
        wb_buf_str(&b, i ? "," : "");
        put_statement(d, &b, resource_policy);
    }
    wb_buf_str(&b, "]}");
    return wb_buf_slice(&b);
}

/* --- a whole set, as text and compiled --- */

#define RANDOM_CONTEXT 3
struct random_case {
    struct ref_set ref;
    struct wb_request q;
    struct wb_pair context[RANDOM_CONTEXT];
    const struct wb_policy *identity[REF_POLICIES], *session[REF_POLICIES];
    struct wb_policy *resource, *boundary;
    struct wb_policy_set set;
};

static struct wb_policy *random_compile(struct wb_arena *a, struct wb_slice text,
                                        bool resource_policy)
{
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_policy *p = text.p ? wb_policy_parse(text, resource_policy, a, &why) : NULL;
    if (text.p && !p) {
        fprintf(stderr, "%.*s: %.*s\n", WB_FMT(why), WB_FMT(text));
        abort();
    }
    return p;
}

static void random_request(struct dice *d, struct wb_arena *a, struct random_case *c)
{
    struct wb_buf arn = wb_buf_in(a);
    put_arn(d, &arn, part, COUNT(part));
    c->q = (struct wb_request){.principal = &PICK(d, callers),
                               .action = wb_slice_str(PICK(d, actions)),
                               .resource = roll(d, 8) ? wb_buf_slice(&arn) : WB_S("*"),
                               .context = c->context,
                               .context_count = roll(d, RANDOM_CONTEXT + 1)};
    for (size_t i = 0; i < c->q.context_count; i++) {
        c->context[i].name = wb_slice_str(PICK(d, keys));
        c->context[i].value = wb_slice_str(PICK(d, values));
    }
}

static unsigned random_policies(struct dice *d, struct wb_arena *a, unsigned max,
                                struct wb_slice *text, const struct wb_policy **out)
{
    unsigned n = roll(d, max + 1);
    for (unsigned i = 0; i < n; i++) {
        text[i] = random_policy(d, a, false);
        out[i] = random_compile(a, text[i], false);
    }
    return n;
}

static void random_case(struct dice *d, struct wb_arena *a, struct random_case *c)
{
    struct ref_set *r = &c->ref;
    *c = (struct random_case){0};
    random_request(d, a, c);
    r->resource_account = wb_slice_str(PICK(d, accounts));
    r->identity_is_root = c->q.principal->type == WB_PRINCIPAL_ROOT;
    r->identity_count = random_policies(d, a, REF_POLICIES, r->identity, c->identity);
    if (roll(d, 4) == 0)
        r->session_count = random_policies(d, a, 3, r->session, c->session);
    r->session_limits = r->session_count || roll(d, 12) == 0;
    if (roll(d, 2))
        r->resource = random_policy(d, a, true);
    if (roll(d, 4) == 0)
        r->boundary = random_policy(d, a, false);
    r->boundary_limits = r->boundary.p || roll(d, 12) == 0;
    r->resource_must = roll(d, 4) == 0;
    c->resource = random_compile(a, r->resource, true);
    c->boundary = random_compile(a, r->boundary, false);
    c->set = (struct wb_policy_set){.identity = c->identity,
                                    .identity_count = r->identity_count,
                                    .resource = c->resource,
                                    .resource_account = r->resource_account,
                                    .boundary = c->boundary,
                                    .boundary_limits = r->boundary_limits,
                                    .session = c->session,
                                    .session_count = r->session_count,
                                    .session_limits = r->session_limits,
                                    .identity_is_root = r->identity_is_root,
                                    .resource_must = r->resource_must};
}

static void random_case_free(struct random_case *c)
{
    for (size_t i = 0; i < REF_POLICIES; i++) {
        wb_policy_unref((struct wb_policy *)(uintptr_t)c->identity[i]);
        wb_policy_unref((struct wb_policy *)(uintptr_t)c->session[i]);
    }
    wb_policy_unref(c->resource);
    wb_policy_unref(c->boundary);
}

static void random_case_print(const struct random_case *c)
{
    const struct ref_set *r = &c->ref;
    fprintf(stderr, "%.*s asks %.*s on %.*s of %.*s%s\n", WB_FMT(c->q.principal->arn),
            WB_FMT(c->q.action), WB_FMT(c->q.resource), WB_FMT(r->resource_account),
            r->resource_must ? ", trust" : "");
    for (size_t i = 0; i < c->q.context_count; i++)
        fprintf(stderr, "  %.*s = '%.*s'\n", WB_FMT(c->context[i].name),
                WB_FMT(c->context[i].value));
    for (size_t i = 0; i < r->identity_count; i++)
        fprintf(stderr, "  identity %.*s\n", WB_FMT(r->identity[i]));
    for (size_t i = 0; i < r->session_count; i++)
        fprintf(stderr, "  session  %.*s\n", WB_FMT(r->session[i]));
    fprintf(stderr, "  resource %.*s\n  boundary %.*s\n  limits: boundary %d, session %d\n",
            WB_FMT(r->resource), WB_FMT(r->boundary), r->boundary_limits, r->session_limits);
}

/* Evaluator, index and reference must agree; aborts when they do not. */
static enum wb_decision random_case_check(struct wb_arena *a, struct random_case *c)
{
    struct wb_verdict plain, indexed;
    enum wb_decision d = wb_authorize(&c->set, &c->q, &plain);
    struct wb_policy_index *x = wb_policy_index_new(c->identity, c->set.identity_count);
    c->set.index = x;
    enum wb_decision with = wb_authorize(&c->set, &c->q, &indexed);
    c->set.index = NULL;
    wb_policy_index_free(x);
    enum wb_decision want = ref_authorize(a, &c->ref, &c->q);
    bool same = d == with && plain.policy == indexed.policy && plain.kind == indexed.kind &&
                plain.sid.p == indexed.sid.p && plain.sid.n == indexed.sid.n;
    if (same && d == want && plain.kind && plain.decision == d)
        return d;
    random_case_print(c);
    fprintf(stderr, "decided %d (%s), with the index %d (%s), the reference says %d\n", d,
            plain.kind, with, indexed.kind, want);
    abort();
}

#endif
