/* Plans: what comes next, and that what waits stops nobody; stack policies. */
#include "services/cloudformation/deploy.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wb_slice list(const char *json)
{
    return wb_slice_str(json);
}

/* Runs the plan with every item done at once; the ids in the order they came. */
static struct wb_slice order(struct wb_arena *a, struct cfn_plan *p)
{
    struct wb_buf b = wb_buf_in(a);
    uint32_t from = 0;
    struct cfn_item *it;
    while ((it = cfn_plan_next(p, 0, &from))) {
        it->state = CFN_DONE_ITEM;
        wb_buf_slice_put(&b, it->id);
        from = 0;
    }
    return wb_buf_slice(&b);
}

static void test_removal(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    /* c was made after a and b, b after a; d stands alone; x is not there any more */
    const struct cfn_removal gone[] = {{WB_S("a"), list("[]"), CFN_A_REMOVE},
                                       {WB_S("b"), list("[\"a\",\"x\"]"), CFN_A_REMOVE},
                                       {WB_S("c"), list("[\"a\",\"b\"]"), CFN_A_REMOVE},
                                       {WB_S("d"), list("[]"), CFN_A_REMOVE}};
    struct cfn_plan p = cfn_plan_removal(&a, gone, 4);
    struct wb_slice got = order(&a, &p);
    assert_true(wb_slice_is(got, "cbad") || wb_slice_is(got, "cbda") || wb_slice_is(got, "cdba"));
    wb_arena_release(&a);
}

static void test_waiting(void **state)
{
    struct wb_arena a;
    uint32_t from = 0;
    wb_arena_init(&a, 0);
    const struct cfn_removal gone[] = {{WB_S("a"), list("[]"), CFN_A_REMOVE},
                                       {WB_S("b"), list("[\"a\"]"), CFN_A_REMOVE},
                                       {WB_S("c"), list("[]"), CFN_A_REMOVE}};
    struct cfn_plan p = cfn_plan_removal(&a, gone, 3);
    p.item[1].state = CFN_WAITING;
    p.item[1].due_ms = 100;
    assert_int_equal(cfn_plan_due(&p), 100);
    assert_ptr_equal(cfn_plan_next(&p, 50, &from), &p.item[2]); /* not a: b is not gone */
    p.item[2].state = CFN_DONE_ITEM;
    assert_null(cfn_plan_next(&p, 50, &from));
    assert_ptr_equal(cfn_plan_next(&p, 100, &from), &p.item[1]);
    p.item[1].state = CFN_FAILED_ITEM; /* what it depends on stays */
    assert_null(cfn_plan_next(&p, 1000, &from));
    assert_true(cfn_plan_due(&p) == INT64_MAX);
    wb_arena_release(&a);
}

static void test_policies(void **state)
{
    static const struct {
        const char *policy, *action, *id, *type;
        bool allowed;
    } cases[] = {
        {"{\"Statement\":[]}", "Update:Modify", "A", "T", false},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"Update:*\",\"Resource\":\"*\"}]}",
         "Update:Modify", "A", "T", true},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"Update:*\",\"Resource\":\"*\"},"
         "{\"Effect\":\"Deny\",\"Action\":\"Update:Replace\","
         "\"Resource\":\"LogicalResourceId/A*\"}]}",
         "Update:Replace", "Abc", "T", false},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"Update:Modify\"],"
         "\"NotResource\":\"LogicalResourceId/B\"}]}",
         "Update:Modify", "B", "T", false},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"Update:*\",\"Resource\":\"*\","
         "\"Condition\":{\"StringLike\":{\"ResourceType\":\"AWS::SNS::*\"}}}]}",
         "Update:Modify", "A", "AWS::SQS::Queue", false},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"Update:*\",\"Resource\":\"*\","
         "\"Condition\":{\"StringLike\":{\"ResourceType\":\"AWS::SNS::*\"}}}]}",
         "Update:Modify", "A", "AWS::SNS::Topic", true},
    };
    struct wb_arena a;
    wb_arena_init(&a, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (cfn_policy_allows(&a, list(cases[i].policy), cases[i].action, list(cases[i].id),
                              list(cases[i].type)) != cases[i].allowed)
            fail_msg("case %zu", i);
    struct wb_slice why;
    assert_false(cfn_policy_valid(&a, WB_S("{}"), &why));
    assert_false(cfn_policy_valid(&a, WB_S("{\"Statement\":[{\"Effect\":\"Maybe\"}]}"), &why));
    assert_true(cfn_policy_valid(&a, list(cases[1].policy), &why));
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_removal),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
