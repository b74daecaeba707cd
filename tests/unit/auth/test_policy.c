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
#include "policy_random.h"

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
    static const char *const types[] = {"anonymous", "root",    "user",
                                        "session",   "service", "federated"};
    struct wb_principal p = {.account = get(v, "account"),
                             .arn = get(v, "arn"),
                             .id = get(v, "id"),
                             .role_arn = get(v, "role"),
                             .service = get(v, "service"),
                             .owner = get(v, "owner")};
    struct wb_slice type = get(v, "type");
    while (!wb_slice_is(type, types[p.type]))
        p.type++;
    return p;
}

#define POLICIES 8

/* A list of policies, or one; compiled into out. */
static size_t parse_all(struct wb_json v, const char *name, const struct wb_policy **out)
{
    size_t n = 0;
    if (wb_json_type(v) == WB_JSON_OBJECT)
        out[n++] = parse(v, false, name);
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_type(v) == WB_JSON_ARRAY && wb_json_next(&it)) {
        assert_true(n < POLICIES);
        out[n++] = parse(it.value, false, name);
    }
    return n;
}

static void let_go(const struct wb_policy **p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wb_policy_unref((struct wb_policy *)(uintptr_t)p[i]);
}

/* Once with every policy asked, once with the index. */
static void check_set(const struct wb_policy_set *s, const struct wb_request *q, struct wb_json v,
                      const char *name)
{
    static const char *const names[] = {"implicit", "allow", "deny"};
    struct wb_verdict verdict;
    enum wb_decision d = wb_authorize(s, q, &verdict);
    if (!wb_slice_is(get(v, "expect"), names[d]))
        fail_msg("%s: %s (%s)", name, names[d], verdict.kind);
    if (get(v, "why").p && !wb_slice_is(get(v, "why"), verdict.kind))
        fail_msg("%s: because of the %s", name, verdict.kind);
}

static void check_decision(struct wb_json v, int64_t now_ms)
{
    const char *name = wb_dup_cstr(&arena, get(v, "name"));
    struct wb_principal caller = principal(wb_json_get(v, "principal"));
    struct wb_pair context[8];
    struct wb_request q = {.principal = &caller,
                           .action = get(v, "action"),
                           .resource = get(v, "resource"),
                           .context = context,
                           .now_ms = now_ms};
    struct wb_json_iter it = wb_json_iter(wb_json_get(v, "context"));
    while (wb_json_next(&it))
        context[q.context_count++] =
            (struct wb_pair){wb_json_str(wb_json_item(it.value, 0), &arena),
                             wb_json_str(wb_json_item(it.value, 1), &arena)};
    const struct wb_policy *identity[POLICIES], *session[POLICIES];
    struct wb_policy *resource = parse(wb_json_get(v, "resource_policy"), true, name),
                     *boundary = parse(wb_json_get(v, "boundary"), false, name);
    struct wb_policy_set s = {
        .identity = identity,
        .resource = resource,
        .resource_account = get(v, "resource_account"),
        .boundary = boundary,
        .boundary_limits = wb_json_bool(wb_json_get(v, "boundary_limits"), false),
        .session = session,
        .session_limits = wb_json_bool(wb_json_get(v, "session_limits"), false),
        .identity_is_root = wb_json_bool(wb_json_get(v, "root"), false),
        .resource_must = wb_json_bool(wb_json_get(v, "trust"), false)};
    if (s.resource_must)
        s.resource_kind = WB_POLICY_TRUST;
    s.identity_count = parse_all(wb_json_get(v, "identity"), name, identity);
    s.session_count = parse_all(wb_json_get(v, "session"), name, session);
    check_set(&s, &q, v, name);
    struct wb_policy_index *index = wb_policy_index_new(identity, s.identity_count);
    s.index = index;
    check_set(&s, &q, v, name);
    wb_policy_index_free(index);
    let_go(identity, s.identity_count);
    let_go(session, s.session_count);
    wb_policy_unref(resource);
    wb_policy_unref(boundary);
}

/* Each says which rule of the documentation it comes from. */
static void test_decisions(void **state)
{
    int64_t now_ms;
    assert_true(wb_time_parse_iso(WB_S("2026-11-22T12:00:00Z"), &now_ms, NULL));
    struct wb_json_iter it = wb_json_iter(wb_json_get(data, "decisions"));
    unsigned n = 0;
    while (wb_json_next(&it)) {
        if (get(it.value, "rule").n < 10)
            fail_msg("no rule: %.*s", WB_FMT(wb_json_raw(it.value)));
        check_decision(it.value, now_ms);
        n++;
    }
    assert_true(n >= 300);
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

/* Sets of all kinds of policies against the reference; the index against single policies. */
static void test_random(void **state)
{
    unsigned count[3] = {0};
    struct dice d = {.seed = 88172645463325252ull};
    struct wb_arena a;
    wb_arena_init(&a, 1 << 16);
    for (unsigned round = 0; round < 30000; round++) {
        struct random_case c;
        random_case(&d, &a, &c);
        count[random_case_check(&a, &c)]++;
        random_case_free(&c);
        wb_arena_reset(&a);
    }
    wb_arena_release(&a);
    for (int i = 0; i < 3; i++) /* the three outcomes all occur often */
        assert_true(count[i] > 2000);
}

static const char *const index_actions[] = {"dynamodb:GetItem", "dynamodb:PutItem",
                                            "DynamoDB:getitem", "dynamodb:Query",
                                            "sns:Publish",      "*"};
static const char *const index_patterns[] = {
    "dynamodb:GetItem", "dynamodb:Get*", "dynamodb:*",        "dynamodb:*Item", "*",
    "sns:Publish",      "sns:*",         "dynamodb:*t*",      "DYNAMODB:PUT*",  "dynamodb:????????",
    "sns:Publis?",      "sqs:*",         "dynamodb:GetItemX", "dynamodb:Q*"};
static const char *const index_resources[] = {
    "*",
    "arn:aws:dynamodb:us-east-1:111122223333:table/t1",
    "arn:aws:dynamodb:us-east-1:111122223333:table/t1/index/i",
    "arn:aws:dynamodb:us-east-1:111122223333:table/t22",
    "arn:aws:sns:us-east-1:111122223333:topic",
    "arn:aws:sns:us-east-1:111122223333:",
    "arn:aws:sns",
    ""};
static const char *const index_arns[] = {"*",
                                         "arn:aws:dynamodb:us-east-1:111122223333:table/t1",
                                         "arn:aws:dynamodb:*:*:table/t1",
                                         "arn:aws:dynamodb:*:*:table/t1*",
                                         "arn:aws:dynamodb:*:*:table/t?",
                                         "arn:aws:dynamodb:*:*:table/${aws:username}",
                                         "arn:aws:dynamodb:*:*:table/${k:none, 't1'}",
                                         "arn:aws:dynamodb:*:*:${*}",
                                         "arn:aws:dynamodb:*:*:*/t22",
                                         "arn:aws:dynamodb*",
                                         "arn:aws:sns:us-east-1:111122223333:topic",
                                         "arn:aws:sns:us-east-1:111122223333:",
                                         "arn:aws:*:*:*:t*"};

static struct wb_policy *index_policy(struct dice *d, struct wb_arena *a)
{
    struct wb_buf b = wb_buf_in(a);
    unsigned n = 1 + roll(d, 4);
    wb_buf_str(&b, "{\"Version\":\"2012-10-17\",\"Statement\":[");
    for (unsigned i = 0; i < n; i++) {
        wb_buf_printf(&b, "%s{\"Sid\":\"s%u\",\"Effect\":\"%s\",", i ? "," : "", i,
                      roll(d, 20) ? "Allow" : "Deny");
        wb_buf_printf(&b, "\"%s\":[\"%s\"", roll(d, 20) ? "Action" : "NotAction",
                      PICK(d, index_patterns));
        for (unsigned more = roll(d, 12); more > 0; more--)
            wb_buf_printf(&b, ",\"x:Nothing%u\"", more);
        wb_buf_printf(&b, "],\"%s\":[\"%s\"", roll(d, 20) ? "Resource" : "NotResource",
                      PICK(d, index_arns));
        for (unsigned more = roll(d, 12); more > 0; more--)
            wb_buf_printf(&b, ",\"arn:aws:x:::nothing%u\"", more);
        wb_buf_str(&b, "]}");
    }
    wb_buf_str(&b, "]}");
    return random_compile(a, wb_buf_slice(&b), false);
}

/* Large sets: the index leaves out what cannot match, and names the same statement. */
static void test_index(void **state)
{
    enum { LARGE = 40 };
    struct dice d = {.seed = 4242};
    struct wb_principal alice = {.type = WB_PRINCIPAL_USER,
                                 .account = WB_S("111122223333"),
                                 .arn = WB_S("arn:aws:iam::111122223333:user/t22")};
    unsigned count[3] = {0};
    struct wb_arena a;
    wb_arena_init(&a, 1 << 16);
    for (unsigned round = 0; round < 400; round++) {
        const struct wb_policy *list[LARGE];
        size_t n = 1 + roll(&d, LARGE);
        for (size_t i = 0; i < n; i++)
            list[i] = roll(&d, 20) ? index_policy(&d, &a) : NULL;
        struct wb_policy_index *x = wb_policy_index_new(list, n);
        struct wb_policy_set plain = {.identity = list, .identity_count = n}, fast = plain;
        fast.index = x;
        for (size_t i = 0; i < COUNT(index_actions) * COUNT(index_resources); i++) {
            struct wb_request q = {.principal = &alice,
                                   .action = wb_slice_str(index_actions[i % COUNT(index_actions)]),
                                   .resource =
                                       wb_slice_str(index_resources[i / COUNT(index_actions)])};
            struct wb_verdict v, w;
            count[wb_authorize(&plain, &q, &v)]++;
            wb_authorize(&fast, &q, &w);
            assert_int_equal(v.decision, w.decision);
            assert_ptr_equal(v.policy, w.policy);
            assert_ptr_equal(v.sid.p, w.sid.p);
        }
        wb_policy_index_free(x);
        for (size_t i = 0; i < n; i++)
            wb_policy_unref((struct wb_policy *)(uintptr_t)list[i]);
        wb_arena_reset(&a);
    }
    wb_arena_release(&a);
    for (int i = 0; i < 3; i++)
        assert_true(count[i] > 1000);
}

/* Texts longer than the index looks at, and more pairs of actions and resources than it files. */
static void test_index_limits(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_buf name = wb_buf_in(&a);
    for (int i = 0; i < 300; i++)
        wb_buf_char(&name, (char)('a' + i % 26));
    struct wb_slice text = wb_printf(
        &a,
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"long\",\"Effect\":"
        "\"Allow\",\"Action\":\"a:%.*s\",\"Resource\":[\"arn:aws:s:::%.*s\",\"arn:aws:s:::%.*s*\"]"
        "}]}",
        WB_FMT(name), WB_FMT(name), WB_FMT(name));
    struct wb_buf many = wb_buf_in(&a);
    wb_buf_str(&many, "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[\"b:0\"");
    for (int i = 1; i < 40; i++)
        wb_buf_printf(&many, ",\"b:%d\"", i);
    wb_buf_str(&many, "],\"Resource\":[\"arn:aws:s:::0\"");
    for (int i = 1; i < 40; i++)
        wb_buf_printf(&many, ",\"arn:aws:s:::%d\"", i);
    wb_buf_str(&many, "]}}");
    const struct wb_policy *list[2] = {random_compile(&a, text, false),
                                       random_compile(&a, wb_buf_slice(&many), false)};
    struct wb_policy_index *x = wb_policy_index_new(list, 2);
    const struct wb_policy *p;
    struct wb_slice sid;
    struct wb_request q = {.action = wb_printf(&a, "A:%.*s", WB_FMT(name)),
                           .resource = wb_printf(&a, "arn:aws:s:::%.*s", WB_FMT(name))};
    assert_int_equal(wb_policy_index_eval(x, &q, &p, &sid), WB_ALLOW);
    assert_ptr_equal(p, list[0]);
    assert_true(wb_slice_is(sid, "long"));
    q.resource = wb_printf(&a, "arn:aws:s:::%.*sx", WB_FMT(name));
    assert_int_equal(wb_policy_index_eval(x, &q, &p, &sid), WB_ALLOW);
    q.resource = wb_printf(&a, "arn:aws:s:::%.*s", 299, name.p);
    assert_int_equal(wb_policy_index_eval(x, &q, &p, &sid), WB_IMPLICIT_DENY);
    assert_null(p);
    assert_null(sid.p);
    q = (struct wb_request){.action = WB_S("b:39"), .resource = WB_S("arn:aws:s:::7")};
    assert_int_equal(wb_policy_index_eval(x, &q, &p, &sid), WB_ALLOW);
    assert_ptr_equal(p, list[1]);
    q.resource = WB_S("arn:aws:s:::40");
    assert_int_equal(wb_policy_index_eval(x, &q, &p, &sid), WB_IMPLICIT_DENY);
    wb_policy_index_free(x);
    wb_policy_index_free(NULL);
    x = wb_policy_index_new(NULL, 0);
    assert_int_equal(wb_policy_index_eval(x, &q, &p, &sid), WB_IMPLICIT_DENY);
    wb_policy_index_free(x);
    for (int i = 0; i < 2; i++)
        wb_policy_unref((struct wb_policy *)(uintptr_t)list[i]);
    wb_arena_release(&a);
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
        cmocka_unit_test(test_decisions), cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_sid),       cmocka_unit_test(test_random),
        cmocka_unit_test(test_index),     cmocka_unit_test(test_index_limits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
