/*
 * Identities as the engine sees them: rows in, decisions out. The rows are written as the IAM
 * service writes them.
 */
#include "served.h"
#include "world.h"

#include "engine/identity.h"

#define ACCOUNT WB_S("000000000000")

static void put_user(struct wb_tx *tx, const char *name, const char *id)
{
    struct wb_slice n = wb_slice_str(name), i = wb_slice_str(id);
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_lp(&b, ACCOUNT);
    wb_buf_char(&b, WB_IAM_USER);
    wb_buf_lp(&b, n);
    wb_tx_put(tx, wb_iam_key(tx->arena, WB_T_IAM_ENTITY, ACCOUNT, WB_IAM_USER, n),
              wb_printf(tx->arena, "{\"name\":\"%s\",\"path\":\"/\",\"id\":\"%s\",\"created\":1}",
                        name, id));
    wb_tx_put(tx, wb_key(tx->arena, WB_T_IAM_ID, "s", i), wb_buf_slice(&b));
}

static void put_inline(struct wb_tx *tx, const char *user, const char *policy, const char *text)
{
    struct wb_slice n = wb_slice_str(user);
    struct wb_iam_entity e;
    wb_tx_put(
        tx, wb_iam_key2(tx->arena, WB_T_IAM_INLINE, ACCOUNT, WB_IAM_USER, n, wb_slice_str(policy)),
        wb_slice_str(text));
    assert_true(wb_iam_read(tx, ACCOUNT, WB_IAM_USER, n, &e));
    wb_iam_changed(tx, &e);
}

static void attach(struct wb_tx *tx, const char *user, const char *arn)
{
    struct wb_slice n = wb_slice_str(user), a = wb_slice_str(arn);
    struct wb_iam_entity e;
    wb_tx_put(tx, wb_iam_key2(tx->arena, WB_T_IAM_ATTACHED, ACCOUNT, WB_IAM_USER, n, a), WB_S(""));
    wb_tx_put(tx, wb_iam_key_attached_to(tx->arena, a, ACCOUNT, WB_IAM_USER, n, 'a'), WB_S(""));
    assert_true(wb_iam_read(tx, ACCOUNT, WB_IAM_USER, n, &e));
    wb_iam_changed(tx, &e);
}

static const char *answer_to(struct wb_tx *tx, enum wb_principal_type type, const char *owner)
{
    struct wb_ctx ctx = {.principal = {.type = type,
                                       .account = ACCOUNT,
                                       .arn = WB_S("arn:aws:iam::000000000000:user/u"),
                                       .owner = wb_slice_str(owner)},
                         .account = ACCOUNT,
                         .region = WB_S("us-east-1")};
    struct wb_slice answer;
    struct wb_error err = {0};
    bool ok = wb_call_service(tx, &ctx, "test", "Put", WB_S("{\"Key\":\"a\",\"Value\":\"1\"}"),
                              &answer, &err);
    return ok ? "" : wb_dup_cstr(tx->arena, err.message);
}

#define ALLOW                                                                                      \
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\","            \
    "\"Resource\":\"*\"}}"

static void changes_count_at_once(struct wb_tx *tx, void *arg)
{
    put_user(tx, "u", "AIDAU");
    assert_non_null(strstr(answer_to(tx, WB_PRINCIPAL_USER, "AIDAU"), "no identity-based policy"));
    put_inline(tx, "u", "p", ALLOW);
    assert_string_equal(answer_to(tx, WB_PRINCIPAL_USER, "AIDAU"), "");
    assert_non_null(strstr(answer_to(tx, WB_PRINCIPAL_USER, "AIDAOTHER"), "no identity-based"));
    put_inline(
        tx, "u", "p",
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"test:Put\","
        "\"Resource\":\"*\"}}");
    assert_non_null(strstr(answer_to(tx, WB_PRINCIPAL_USER, "AIDAU"), "explicit deny"));
}

/* What this version cannot read may have been a Deny. */
static void an_unreadable_policy_denies(struct wb_tx *tx, void *arg)
{
    put_user(tx, "v", "AIDAV");
    put_inline(tx, "v", "allow", ALLOW);
    assert_string_equal(answer_to(tx, WB_PRINCIPAL_USER, "AIDAV"), "");
    put_inline(tx, "v", "future", "{\"Version\":\"2040-01-01\"}");
    assert_non_null(strstr(answer_to(tx, WB_PRINCIPAL_USER, "AIDAV"), "explicit deny"));
    put_user(tx, "w", "AIDAW");
    put_inline(tx, "w", "allow", ALLOW);
    attach(tx, "w", "arn:aws:iam::aws:policy/NeverWas");
    assert_non_null(strstr(answer_to(tx, WB_PRINCIPAL_USER, "AIDAW"), "explicit deny"));
    assert_string_equal(answer_to(tx, WB_PRINCIPAL_ROOT, ""), "");
}

static void run_in_command(void (*fn)(struct wb_tx *tx, void *arg))
{
    struct world w;
    world_open(&w, &test_module, NULL);
    w.config.auth = true;
    world_restart(&w);
    assert_int_equal(run(&w, fn, NULL), WB_COMMITTED);
    world_close(&w);
}

static void test_changes(void **state)
{
    run_in_command(changes_count_at_once);
}

static void test_unreadable(void **state)
{
    run_in_command(an_unreadable_policy_denies);
}

static void test_arns(void **state)
{
    static const struct {
        const char *arn, *path, *name; /* path NULL: not an IAM ARN */
        enum wb_iam_kind kind;
    } cases[] = {
        {"arn:aws:iam::000000000000:user/u", "/", "u", WB_IAM_USER},
        {"arn:aws:iam::000000000000:role/a/b/r", "/a/b/", "r", WB_IAM_ROLE},
        {"arn:aws:iam::aws:policy/service-role/P", "/service-role/", "P", WB_IAM_POLICY},
        {"arn:aws:iam::000000000000:instance-profile/i", "/", "i", WB_IAM_PROFILE},
        {"arn:aws:iam::000000000000:root", NULL, NULL, WB_IAM_USER},
        {"arn:aws:iam::000000000000:user/", NULL, NULL, WB_IAM_USER},
        {"arn:aws:iam::000000000000:thing/u", NULL, NULL, WB_IAM_USER},
        {"arn:aws:iam:us-east-1:000000000000:user/u", NULL, NULL, WB_IAM_USER},
        {"arn:aws:sts::000000000000:assumed-role/r/s", NULL, NULL, WB_IAM_USER},
        {"nonsense", NULL, NULL, WB_IAM_USER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_slice account, path, name;
        enum wb_iam_kind kind;
        bool good = wb_iam_arn_parse(wb_slice_str(cases[i].arn), &account, &kind, &path, &name);
        if (good != (cases[i].path != NULL))
            fail_msg("%s", cases[i].arn);
        if (!good)
            continue;
        assert_true(wb_slice_is(path, cases[i].path));
        assert_true(wb_slice_is(name, cases[i].name));
        assert_int_equal(kind, cases[i].kind);
        struct wb_arena a;
        wb_arena_init(&a, 0);
        assert_true(wb_slice_is(wb_iam_arn(&a, account, kind, path, name), cases[i].arn));
        wb_arena_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_arns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
