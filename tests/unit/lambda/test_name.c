/* What FunctionName may be. */
#include "services/lambda/function.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct wb_ctx ctx = {.account = {"000000000000", 12}, .region = {"us-east-1", 9}};

static void good(const char *text, const char *account, const char *region, const char *name,
                 const char *qualifier)
{
    struct lambda_ref r;
    assert_true(lambda_ref_parse(wb_slice_str(text), &ctx, &r));
    assert_true(wb_slice_is(r.account, account));
    assert_true(wb_slice_is(r.region, region));
    assert_true(wb_slice_is(r.name, name));
    if (qualifier)
        assert_true(wb_slice_is(r.qualifier, qualifier));
    else
        assert_null(r.qualifier.p);
}

static void test_forms(void **state)
{
    good("f", "000000000000", "us-east-1", "f", NULL);
    good("f:$LATEST", "000000000000", "us-east-1", "f", "$LATEST");
    good("function:f", "000000000000", "us-east-1", "f", NULL);
    good("111122223333:function:f", "111122223333", "us-east-1", "f", NULL);
    good("111122223333:function:f:prod", "111122223333", "us-east-1", "f", "prod");
    good("arn:aws:lambda:eu-west-1:111122223333:function:f", "111122223333", "eu-west-1", "f",
         NULL);
    good("arn:aws:lambda:eu-west-1:111122223333:function:f:7", "111122223333", "eu-west-1", "f",
         "7");
}

static void test_refused(void **state)
{
    static const char *const bad[] = {"",
                                      ":x",
                                      "f:a:b",
                                      "arn:aws:lambda:eu-west-1:111122223333:layer:f",
                                      "arn:aws:sns:eu-west-1:111122223333:function:f",
                                      "arn:aws:lambda:eu-west-1:111122223333:function:",
                                      "arn:aws:lambda",
                                      "a234567890123456789012345678901234567890123456789012345678"
                                      "9012345"};
    struct lambda_ref r;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(lambda_ref_parse(wb_slice_str(bad[i]), &ctx, &r));
}

static void test_runtimes(void **state)
{
    assert_true(lambda_runtime_is_python(WB_S("python3.10")));
    assert_false(lambda_runtime_is_python(WB_S("provided.al2023")));
    assert_false(lambda_runtime_is_python(WB_SLICE_NULL));
    assert_true(lambda_runtime_is_node(WB_S("nodejs22.x")));
    assert_false(lambda_runtime_is_node(WB_S("python3.10")));
    assert_false(lambda_runtime_is_node(WB_SLICE_NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_runtimes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
