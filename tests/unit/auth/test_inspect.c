/*
 * What simulations and reports ask of policies: the statements that apply, the context keys named
 * and missing, the services mentioned.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "auth/policy.h"

#define POLICY(...) "{\"Version\":\"2012-10-17\",\"Statement\":[" #__VA_ARGS__ "]}"

static struct wb_policy *parse(const char *text)
{
    struct wb_slice why;
    struct wb_policy *p = wb_policy_parse(wb_slice_str(text), false, &arena, &why);
    if (!p)
        fail_msg("%.*s", WB_FMT(why));
    return p;
}

static struct wb_principal bob(void)
{
    return (struct wb_principal){.type = WB_PRINCIPAL_USER,
                                 .account = WB_S("111122223333"),
                                 .arn = WB_S("arn:aws:iam::111122223333:user/bob"),
                                 .id = WB_S("AIDABOB")};
}

/* The statements that apply as text: "+0-2" = the first allows, the third denies. */
static const char *hits(const char *text, const char *action, const char *resource)
{
    struct wb_policy *p = parse(text);
    struct wb_principal who = bob();
    struct wb_request q = {
        .principal = &who, .action = wb_slice_str(action), .resource = wb_slice_str(resource)};
    struct wb_policy_hit hit[8];
    struct wb_slice all = WB_S("");
    assert_true(wb_policy_statements(p) <= 8);
    size_t n = wb_policy_hits(p, &q, hit);
    bool allowed = false, denied = false;
    for (size_t i = 0; i < n; i++) {
        all =
            wb_printf(&arena, "%.*s%c%zu", WB_FMT(all), hit[i].allow ? '+' : '-', hit[i].statement);
        allowed |= hit[i].allow;
        denied |= !hit[i].allow;
    }
    enum wb_decision want = denied ? WB_EXPLICIT_DENY : allowed ? WB_ALLOW : WB_IMPLICIT_DENY;
    assert_int_equal(wb_policy_eval(p, &q, NULL), want);
    wb_policy_unref(p);
    return wb_dup_cstr(&arena, all);
}

static void test_hits(void **state)
{
    (void)state;
    const char *text =
        POLICY({"Effect" : "Allow", "Action" : "sns:*", "Resource" : "arn:aws:sns:*:*:a"},
               {"Effect" : "Allow", "Action" : "sns:Publish", "Resource" : "*"}, {
                   "Effect" : "Deny",
                   "Action" : "*",
                   "Resource" : "*",
                   "Condition" : {"StringNotEquals" : {"aws:username" : "bob"}}
               },
               {"Effect" : "Deny", "NotAction" : "sns:*", "Resource" : "*"});
    assert_string_equal(hits(text, "sns:Publish", "arn:aws:sns:x:1:a"), "+0+1");
    assert_string_equal(hits(text, "sns:Publish", "arn:aws:sns:x:1:b"), "+1");
    assert_string_equal(hits(text, "sns:Subscribe", "arn:aws:sns:x:1:b"), "");
    assert_string_equal(hits(text, "sqs:SendMessage", "*"), "-3");
    assert_int_equal(wb_policy_statements(NULL), 0);
}

static const char *names(const struct wb_slice *key, size_t n)
{
    struct wb_slice all = WB_S("");
    for (size_t i = 0; i < n; i++)
        all = wb_printf(&arena, "%.*s%s%.*s", WB_FMT(all), i ? " " : "", WB_FMT(key[i]));
    return wb_dup_cstr(&arena, all);
}

static void test_keys(void **state)
{
    (void)state;
    struct wb_policy *p[2] = {
        parse(POLICY({
            "Effect" : "Allow",
            "Action" : "sns:*",
            "Resource" : "arn:aws:sns:*:*:${aws:PrincipalTag/team}-${x:y, 'none'}",
            "Condition" : {
                "StringEquals" : {"sns:Protocol" : "${aws:username}"},
                "ArnLike" : {"aws:SourceArn" : "arn:aws:s3:::${x:z}"}
            }
        },
                     {
                         "Effect" : "Deny",
                         "Action" : "sqs:*",
                         "Resource" : "*",
                         "Condition" : {
                             "Bool" : {"aws:SecureTransport" : "false"},
                             "StringLike" : {"SNS:protocol" : "*"}
                         }
                     })),
        NULL};
    const struct wb_policy *const *all = (const struct wb_policy *const *)p;
    struct wb_principal who = bob();
    struct wb_slice *key;
    size_t n = wb_policy_context_keys(all, 2, &arena, &key);
    assert_string_equal(names(key, n), "aws:PrincipalTag/team sns:Protocol aws:username "
                                       "aws:SourceArn x:z aws:SecureTransport");
    /* Missing: of the statement about SNS only, but not what the request or its caller tells. */
    struct wb_pair context[] = {{WB_S("AWS:SourceArn"), WB_S("arn:aws:s3:::b")},
                                {WB_S("aws:principaltag/TEAM"), WB_S("ops")}};
    struct wb_request q = {.principal = &who,
                           .action = WB_S("sns:Publish"),
                           .resource = WB_S("arn:aws:sns:x:1:ops-none"),
                           .context = context,
                           .context_count = 2};
    n = wb_policy_missing_keys(all, 2, &arena, &q, &key);
    assert_string_equal(names(key, n), "sns:Protocol x:z");
    q.action = WB_S("sqs:SendMessage");
    n = wb_policy_missing_keys(all, 2, &arena, &q, &key);
    assert_string_equal(names(key, n), "aws:SecureTransport SNS:protocol");
    q.action = WB_S("dynamodb:Scan");
    assert_int_equal(wb_policy_missing_keys(all, 2, &arena, &q, &key), 0);
    wb_policy_unref(p[0]);
}

static bool grants(const char *text, const char *service)
{
    struct wb_policy *p = parse(text);
    bool yes = wb_policy_grants_service(p, wb_slice_str(service), &arena);
    wb_policy_unref(p);
    return yes;
}

static void test_services(void **state)
{
    (void)state;
    const char *some =
        POLICY({"Effect" : "Allow", "Action" : [ "sns:List*", "SQS:*" ], "Resource" : "*"},
               {"Effect" : "Deny", "Action" : "lambda:*", "Resource" : "*"});
    assert_true(grants(some, "sns"));
    assert_true(grants(some, "sqs"));
    assert_false(grants(some, "lambda"));
    assert_false(grants(some, "sn"));
    assert_false(grants(some, "snsx"));
    assert_true(grants(POLICY({"Effect" : "Allow", "Action" : "*", "Resource" : "*"}), "lambda"));
    const char *most =
        POLICY({"Effect" : "Allow", "NotAction" : [ "iam:*", "sts:Get*" ], "Resource" : "*"});
    assert_false(grants(most, "iam"));
    assert_true(grants(most, "sts"));
    assert_true(grants(most, "lambda"));
    assert_false(wb_policy_grants_service(NULL, WB_S("iam"), &arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hits),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_services),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
