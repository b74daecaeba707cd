/*
 * Where statements stand in a document. The expectations are answers of AWS's simulator: about
 * AdministratorAccess as IAM prints it, and about documents on one line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "services/iam/policy.h"

static void check(const char *text, size_t statement, struct iam_position start,
                  struct iam_position end)
{
    struct iam_place *place;
    assert_true(iam_statement_places(&arena, wb_slice_str(text), &place) > statement);
    assert_int_equal(place[statement].start.line, start.line);
    assert_int_equal(place[statement].start.column, start.column);
    assert_int_equal(place[statement].end.line, end.line);
    assert_int_equal(place[statement].end.column, end.column);
}

static void test_lines(void **state)
{
    (void)state;
    const char *one = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n"
                      "      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n"
                      "      \"Resource\": \"*\"\n    }\n  ]\n}";
    check(one, 0, (struct iam_position){3, 17}, (struct iam_position){8, 6});
    const char *two = "{\"Statement\":[\n{\"Effect\":\"Allow\"} ,\n\n  {\"Effect\":\"Deny\"}]}";
    check(two, 0, (struct iam_position){1, 15}, (struct iam_position){2, 19});
    check(two, 1, (struct iam_position){2, 21}, (struct iam_position){4, 20});
}

static void test_one_line(void **state)
{
    (void)state;
    check("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\"}]}", 0,
          (struct iam_position){1, 38}, (struct iam_position){1, 55});
    check("{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Deny\"}]}", 0,
          (struct iam_position){1, 41}, (struct iam_position){1, 59});
    check("{\"Statement\":{\"Effect\":\"Deny\"}}", 0, (struct iam_position){1, 14},
          (struct iam_position){1, 31});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_one_line),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
