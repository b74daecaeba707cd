#include "arena.h"
#include "services/ssm/name.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_names(void **state)
{
    static const struct {
        const char *given;
        enum ssm_name_error error;
        const char *name, *path, *selector;
        bool arn;
    } cases[] = {
        {"foo", SSM_NAME_OK, "foo", "/foo", NULL, false},
        {"/foo", SSM_NAME_OK, "/foo", "/foo", NULL, false},
        {"/a/b.c-d_E/9", SSM_NAME_OK, "/a/b.c-d_E/9", "/a/b.c-d_E/9", NULL, false},
        {"foo:3", SSM_NAME_OK, "foo", "/foo", "3", false},
        {"/a/b:prod", SSM_NAME_OK, "/a/b", "/a/b", "prod", false},
        {"arn:aws:ssm:us-east-1:111122223333:parameter/a/b", SSM_NAME_OK, "/a/b", "/a/b", NULL,
         true},
        {"arn:aws:ssm:us-east-1:111122223333:parameter/foo:7", SSM_NAME_OK, "/foo", "/foo", "7",
         true},
        {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15", SSM_NAME_OK,
         "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15", NULL,
         false},
        {.given = "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", .error = SSM_NAME_LEVELS},
        {.given = "a/b", .error = SSM_NAME_RELATIVE},
        {.given = "ssm", .error = SSM_NAME_RESERVED},
        {.given = "/SSM/x", .error = SSM_NAME_RESERVED},
        {.given = "Ssmfoo", .error = SSM_NAME_RESERVED},
        {.given = "awsome", .error = SSM_NAME_AWS},
        {.given = "/aws/service/x", .error = SSM_NAME_AWS},
        {.given = "", .error = SSM_NAME_MALFORMED},
        {.given = "/", .error = SSM_NAME_MALFORMED},
        {.given = "//a", .error = SSM_NAME_MALFORMED},
        {.given = "/a//b", .error = SSM_NAME_MALFORMED},
        {.given = "/a/", .error = SSM_NAME_MALFORMED},
        {.given = "a b", .error = SSM_NAME_MALFORMED},
        {.given = "\xc3\xa4", .error = SSM_NAME_MALFORMED},
        {.given = "a:", .error = SSM_NAME_MALFORMED},
        {.given = ":1", .error = SSM_NAME_MALFORMED},
        {.given = "a:1:2", .error = SSM_NAME_MALFORMED},
        {.given = "arn:aws:ssm:us-east-1:111122223333:document/a", .error = SSM_NAME_MALFORMED},
        {.given = "arn:aws:s3:us-east-1:111122223333:parameter/a", .error = SSM_NAME_MALFORMED},
        {.given = "arn:aws:ssm:::parameter/a", .error = SSM_NAME_MALFORMED},
        {.given = "arn:aws:ssm:us-east-1:111122223333:parameter/", .error = SSM_NAME_MALFORMED},
        {.given = "arn:aws:ssm:us-east-1:111122223333:parameter//a", .error = SSM_NAME_MALFORMED},
        {.given = "arn:aws", .error = SSM_NAME_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ssm_name n;
        enum ssm_name_error e = ssm_name_parse(&arena, wb_slice_str(cases[i].given), &n);
        if (e != cases[i].error)
            fail_msg("%s: %d", cases[i].given, e);
        if (e != SSM_NAME_OK)
            continue;
        assert_true(wb_slice_is(n.name, cases[i].name) && wb_slice_is(n.path, cases[i].path));
        assert_true(cases[i].selector ? wb_slice_is(n.selector, cases[i].selector)
                                      : n.selector.p == NULL);
        assert_int_equal(n.arn, cases[i].arn);
    }
}

static void test_paths(void **state)
{
    static const char *const good[][2] = {{"/", ""}, {"/a", "/a"}, {"/a/b/", "/a/b"}};
    static const char *const bad[] = {"", "a", "//", "/a//", "/a//b", "/a b", "a/b"};
    struct wb_slice out;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(ssm_path_parse(wb_slice_str(good[i][0]), &out) && wb_slice_is(out, good[i][1]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (ssm_path_parse(wb_slice_str(bad[i]), &out))
            fail_msg("%s", bad[i]);
}

static void test_labels(void **state)
{
    static const char *const good[] = {"prod", "Prod.2-x_y", "_", "-1", ".a"};
    static const char *const bad[] = {"", "1st", "aws-x", "SSM", "a b", "a/b", "\xc3\xa4"};
    char longest[101];
    memset(longest, 'x', sizeof longest);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(ssm_label_valid(wb_slice_str(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(ssm_label_valid(wb_slice_str(bad[i])));
    assert_true(ssm_label_valid(wb_slice(longest, 100)));
    assert_false(ssm_label_valid(wb_slice(longest, 101)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_labels, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
