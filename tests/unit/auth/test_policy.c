/*
 * Policies: documented decisions and malformed documents from tests/data/policies.json, and random
 * policies and requests against a second, slow evaluator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/policy.h"
#include "base/limits.h"
#include "base/time.h"
#include "codec/json.h"
#include "data.h"
#include "policy_reference.h"

static struct wb_arena arena;
static struct wb_json data;

static struct wb_slice get(struct wb_json v, const char *name)
{
    return wb_json_get_str(v, name, &arena);
}

static struct wb_policy *parse(struct wb_json v, bool resource, const char *name)
{
    struct wb_slice why;
    if (!wb_json_is(v))
        return NULL;
    struct wb_policy *p = wb_policy_parse(wb_json_raw(v), resource, &arena, &why);
    if (!p)
        fail_msg("%s: %.*s", name, WB_FMT(why));
    return p;
}

static struct wb_principal principal(struct wb_json v)
{
    static const char *const types[] = {"anonymous", "root", "user", "session", "service"};
    struct wb_principal p = {.account = get(v, "account"),
                             .arn = get(v, "arn"),
                             .id = get(v, "id"),
                             .role_arn = get(v, "role"),
                             .service = get(v, "service")};
    struct wb_slice type = get(v, "type");
    while (!wb_slice_is(type, types[p.type]))
        p.type++;
    return p;
}

static void check_decision(struct wb_json v, int64_t now_ms)
{
    static const char *const names[] = {"implicit", "allow", "deny"};
    const char *name = wb_dup_cstr(&arena, get(v, "name")), *why = NULL;
    struct wb_principal who = principal(wb_json_get(v, "principal"));
    struct wb_pair context[8];
    struct wb_request q = {.principal = &who,
                           .action = get(v, "action"),
                           .resource = get(v, "resource"),
                           .context = context,
                           .now_ms = now_ms};
    struct wb_json_iter it = wb_json_iter(wb_json_get(v, "context"));
    while (wb_json_next(&it))
        context[q.context_count++] =
            (struct wb_pair){wb_json_str(wb_json_item(it.value, 0), &arena),
                             wb_json_str(wb_json_item(it.value, 1), &arena)};
    const struct wb_policy *identity[4];
    struct wb_policy *resource = parse(wb_json_get(v, "resource_policy"), true, name),
                     *boundary = parse(wb_json_get(v, "boundary"), false, name),
                     *session = parse(wb_json_get(v, "session"), false, name);
    struct wb_policy_set s = {.identity = identity,
                              .resource = resource,
                              .resource_account = get(v, "resource_account"),
                              .boundary = boundary,
                              .session = (const struct wb_policy *const *)&session,
                              .session_count = session != NULL,
                              .identity_is_root = wb_json_bool(wb_json_get(v, "root"), false)};
    it = wb_json_iter(wb_json_get(v, "identity"));
    while (wb_json_next(&it))
        identity[s.identity_count++] = parse(it.value, false, name);
    struct wb_verdict verdict;
    enum wb_decision d = wb_authorize(&s, &q, &verdict);
    why = verdict.kind;
    if (!wb_slice_is(get(v, "expect"), names[d]))
        fail_msg("%s: %s (%s)", name, names[d], why);
    if (get(v, "why").p)
        assert_string_equal(why, wb_dup_cstr(&arena, get(v, "why")));
    for (size_t i = 0; i < s.identity_count; i++)
        wb_policy_unref((struct wb_policy *)(uintptr_t)identity[i]);
    wb_policy_unref(resource);
    wb_policy_unref(boundary);
    wb_policy_unref(session);
}

static void test_decisions(void **state)
{
    int64_t now_ms;
    assert_true(wb_time_parse_iso(WB_S("2026-11-22T12:00:00Z"), &now_ms, NULL));
    struct wb_json_iter it = wb_json_iter(wb_json_get(data, "decisions"));
    unsigned n = 0;
    while (wb_json_next(&it)) {
        check_decision(it.value, now_ms);
        n++;
    }
    assert_true(n > 130);
}

static void test_malformed(void **state)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(data, "malformed"));
    while (wb_json_next(&it)) {
        struct wb_slice why, text = get(it.value, "policy");
        bool resource = wb_json_bool(wb_json_get(it.value, "resource"), false);
        struct wb_policy *p = wb_policy_parse(text, resource, &arena, &why);
        if (p)
            fail_msg("accepted: %.*s", WB_FMT(text));
        assert_string_equal(wb_dup_cstr(&arena, why), wb_dup_cstr(&arena, get(it.value, "why")));
    }
    struct wb_slice why;
    char *big = wb_zalloc(&arena, WB_POLICY_BYTES_MAX + 1);
    assert_null(wb_policy_parse(wb_slice(big, WB_POLICY_BYTES_MAX + 1), false, &arena, &why));
    assert_true(wb_slice_is(why, "The policy is too large."));
    struct wb_buf many = wb_buf_in(&arena);
    wb_buf_str(&many, "{\"Statement\":[{}");
    for (int i = 0; i < WB_POLICY_STATEMENTS_MAX; i++)
        wb_buf_str(&many, ",{}");
    wb_buf_str(&many, "]}");
    assert_null(wb_policy_parse(wb_buf_slice(&many), false, &arena, &why));
    assert_true(wb_slice_is(why, "The policy has too many statements."));
}

static void test_sid(void **state)
{
    struct wb_slice why, sid;
    struct wb_policy *p = wb_policy_parse(
        WB_S("{\"Version\":\"2012-10-17\",\"Id\":\"x\",\"Statement\":["
             "{\"Sid\":\"first\",\"Effect\":\"Allow\",\"Action\":\"a:*\",\"Resource\":\"*\"},"
             "{\"Sid\":\"second\",\"Effect\":\"Deny\",\"Action\":\"a:y\",\"Resource\":\"*\"}]}"),
        false, &arena, &why);
    struct wb_request q = {.action = WB_S("a:x"), .resource = WB_S("*")};
    wb_policy_ref(p);
    wb_policy_unref(p);
    assert_int_equal(wb_policy_eval(p, &q, &sid), WB_ALLOW);
    assert_true(wb_slice_is(sid, "first"));
    q.action = WB_S("a:y");
    assert_int_equal(wb_policy_eval(p, &q, &sid), WB_EXPLICIT_DENY);
    assert_true(wb_slice_is(sid, "second"));
    q.action = WB_S("b:y");
    assert_int_equal(wb_policy_eval(p, &q, &sid), WB_IMPLICIT_DENY);
    assert_null(sid.p);
    wb_policy_unref(p);
    wb_policy_unref(NULL);
}

/* --- random policies --- */

static uint64_t seed = 88172645463325252ull;

static unsigned roll(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 20) % n;
}

#define PICK(list) list[roll(sizeof list / sizeof *list)]

static const char *const actions[] = {"a:x", "a:y", "b:x", "A:X"};
static const char *const action_patterns[] = {"a:x", "a:y", "a:*", "*", "b:?", "?:x", "*:y"};
static const char *const part[] = {"x", "y", "xy", "yx", ""};
static const char *const part_patterns[] = {"x", "y", "*", "x*", "?", "*y", "${k:v}", "x?", "**"};
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
static const char *const expected[] = {"x", "x*", "?", "*", "y", "${k:v}"};
static const char *const principals[] = {
    "\"*\"",
    "{\"AWS\":\"*\"}",
    "{\"AWS\":\"111122223333\"}",
    "{\"AWS\":\"arn:aws:iam::444455556666:root\"}",
    "{\"AWS\":\"arn:aws:iam::111122223333:user/alice\"}",
    "{\"AWS\":[\"arn:aws:iam::111122223333:role/worker\",\"444455556666\"]}",
    "{\"AWS\":\"arn:aws:sts::111122223333:assumed-role/worker/run\"}",
    "{\"Service\":\"events.amazonaws.com\"}",
    "{\"Service\":\"sns.amazonaws.com\",\"AWS\":\"arn:aws:iam::111122223333:user/alice\"}"};
static const struct wb_principal who[] = {
    {.type = WB_PRINCIPAL_ANONYMOUS},
    {.type = WB_PRINCIPAL_ROOT,
     .account = {"111122223333", 12},
     .arn = {"arn:aws:iam::111122223333:root", 30}},
    {.type = WB_PRINCIPAL_USER,
     .account = {"111122223333", 12},
     .arn = {"arn:aws:iam::111122223333:user/alice", 36}},
    {.type = WB_PRINCIPAL_SESSION,
     .account = {"111122223333", 12},
     .arn = {"arn:aws:sts::111122223333:assumed-role/worker/run", 49},
     .role_arn = {"arn:aws:iam::111122223333:role/worker", 37}},
    {.type = WB_PRINCIPAL_SERVICE, .service = {"events.amazonaws.com", 20}},
};

static void put_arn(struct wb_buf *b, const char *const *list, unsigned n)
{
    wb_buf_str(b, "arn:aws:s");
    for (int i = 0; i < 3; i++)
        wb_buf_printf(b, ":%s", list[roll(n)]);
}

static void put_condition(struct wb_buf *b)
{
    const char *op = PICK(operators);
    wb_buf_printf(b, ",\"Condition\":{\"%s\":{\"%s\":", op, PICK(keys));
    if (strcmp(op, "Null") == 0)
        wb_buf_printf(b, "\"%s\"", roll(2) ? "true" : "false");
    else if (strstr(op, "Numeric"))
        wb_buf_printf(b, "[\"%u\",%u.5]", roll(3), roll(2));
    else
        wb_buf_printf(b, "[\"%s\",\"%s\"]", PICK(expected), PICK(expected));
    wb_buf_str(b, "}}");
}

static void put_statement(struct wb_buf *b, bool resource_policy)
{
    wb_buf_printf(b, "{\"Effect\":\"%s\",\"%s\":\"%s\"", roll(4) ? "Allow" : "Deny",
                  roll(5) ? "Action" : "NotAction", PICK(action_patterns));
    if (roll(3)) {
        wb_buf_printf(b, ",\"%s\":[\"", roll(5) ? "Resource" : "NotResource");
        put_arn(b, part_patterns, sizeof part_patterns / sizeof *part_patterns);
        wb_buf_str(b, "\",\"");
        put_arn(b, part_patterns, sizeof part_patterns / sizeof *part_patterns);
        wb_buf_str(b, "\"]");
    } else if (!resource_policy || roll(2)) {
        wb_buf_str(b, ",\"Resource\":\"*\"");
    }
    if (resource_policy)
        wb_buf_printf(b, ",\"%s\":%s", roll(6) ? "Principal" : "NotPrincipal", PICK(principals));
    if (roll(2))
        put_condition(b);
    wb_buf_char(b, '}');
}

static struct wb_slice random_policy(bool resource_policy)
{
    struct wb_buf b = wb_buf_in(&arena);
    unsigned n = 1 + roll(3);
    wb_buf_printf(&b, "{\"Version\":\"%s\",\"Statement\":[", roll(4) ? "2012-10-17" : "2008-10-17");
    for (unsigned i = 0; i < n; i++) {
        wb_buf_str(&b, i ? "," : "");
        put_statement(&b, resource_policy);
    }
    wb_buf_str(&b, "]}");
    return wb_buf_slice(&b);
}

static struct wb_policy *compile(struct wb_slice text, bool resource_policy)
{
    struct wb_slice why;
    if (!text.p)
        return NULL;
    struct wb_policy *p = wb_policy_parse(text, resource_policy, &arena, &why);
    if (!p)
        fail_msg("%.*s: %.*s", WB_FMT(why), WB_FMT(text));
    return p;
}

static enum wb_decision decide(const struct ref_set *r, const struct wb_request *q)
{
    const struct wb_policy *identity[2] = {compile(r->identity[0], false),
                                           compile(r->identity[1], false)};
    struct wb_policy *resource = compile(r->resource, true),
                     *boundary = compile(r->boundary, false), *session = compile(r->session, false);
    struct wb_policy_set s = {.identity = identity,
                              .identity_count = 2,
                              .resource = resource,
                              .resource_account = r->resource_account,
                              .boundary = boundary,
                              .session = (const struct wb_policy *const *)&session,
                              .session_count = session != NULL,
                              .identity_is_root = r->identity_is_root};
    struct wb_verdict verdict;
    enum wb_decision d = wb_authorize(&s, q, &verdict);
    assert_non_null(verdict.kind);
    assert_int_equal(verdict.decision, d);
    wb_policy_unref((struct wb_policy *)(uintptr_t)identity[0]);
    wb_policy_unref((struct wb_policy *)(uintptr_t)identity[1]);
    wb_policy_unref(resource);
    wb_policy_unref(boundary);
    wb_policy_unref(session);
    return d;
}

static void test_random(void **state)
{
    unsigned count[3] = {0};
    struct wb_arena keep = arena;
    wb_arena_init(&arena, 1 << 16);
    for (unsigned round = 0; round < 30000; round++) {
        struct ref_set r = {.resource_account = wb_slice_str(PICK(accounts))};
        struct wb_pair context[4];
        struct wb_buf arn = wb_buf_in(&arena);
        const struct wb_principal *p = &PICK(who);
        put_arn(&arn, part, sizeof part / sizeof *part);
        struct wb_request q = {.principal = p,
                               .action = wb_slice_str(PICK(actions)),
                               .resource = wb_buf_slice(&arn),
                               .context = context,
                               .context_count = roll(4)};
        for (size_t i = 0; i < q.context_count; i++)
            context[i] = (struct wb_pair){wb_slice_str(PICK(keys)), wb_slice_str(PICK(values))};
        r.identity_is_root = p->type == WB_PRINCIPAL_ROOT;
        r.identity[0] = roll(4) ? random_policy(false) : WB_SLICE_NULL;
        r.identity[1] = roll(4) ? WB_SLICE_NULL : random_policy(false);
        r.resource = roll(2) ? random_policy(true) : WB_SLICE_NULL;
        r.boundary = roll(4) ? WB_SLICE_NULL : random_policy(false);
        r.session = roll(4) ? WB_SLICE_NULL : random_policy(false);
        enum wb_decision d = decide(&r, &q), e = ref_authorize(&arena, &r, &q);
        if (d != e)
            fail_msg("round %u: %d, not %d: %s on %.*s\n%.*s\n%.*s\n%.*s", round, d, e, q.action.p,
                     WB_FMT(q.resource), WB_FMT(r.identity[0]), WB_FMT(r.identity[1]),
                     WB_FMT(r.resource));
        count[d]++;
        wb_arena_reset(&arena);
    }
    wb_arena_release(&arena);
    arena = keep;
    for (int i = 0; i < 3; i++) /* the three outcomes all occur often */
        assert_true(count[i] > 2000);
}

static int set_up(void **state)
{
    wb_arena_init(&arena, 0);
    data = wb_json_read(&arena, wb_test_data(&arena, "policies.json"), NULL);
    return wb_json_is(data) ? 0 : -1;
}

static int tear_down(void **state)
{
    wb_arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_sid),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
