/* The checks of `waybill deploy --check`: one template with each fault, one without. */
#include "../arena.h"
#include "services/cloudformation/lint.h"
#include "template_env.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char faulty[] =
    "Resources:\n"
    "  Table: {Type: 'AWS::DynamoDB::Table', DeletionPolicy: Retain, Properties: {TableName: t}}\n"
    "  Topic: {Type: 'AWS::SNS::Topic', DeletionPolicy: Retain, Properties: {TopicName: told}}\n"
    "  Mail: {Type: 'AWS::SNS::Subscription', Properties: {TopicArn: !Ref Topic, Protocol: email,\n"
    "    Endpoint: ops@example.test}}\n"
    "  Hook: {Type: 'AWS::SNS::Subscription', Properties: {TopicArn: !Ref Topic, Protocol: "
    "lambda,\n"
    "    Endpoint: !GetAtt F.Arn}}\n"
    "  Rule: {Type: 'AWS::Events::Rule', Properties: {Targets: [{Arn: a, Id: b, DeadLetterConfig:\n"
    "    {Arn: q}}, {Arn: !GetAtt F.Arn, Id: c}]}}\n"
    "  F: {Type: 'AWS::Lambda::Function', Properties: {Role: !GetAtt Role.Arn, Code: {ZipFile:\n"
    "    \"import boto3\\nboto3.client('dynamodb')\"}}}\n"
    "  Role: {Type: 'AWS::IAM::Role', Properties: {Policies: [{PolicyName: p, PolicyDocument:\n"
    "    {Statement: [{Effect: Allow, Action: ['dynamodb:PutItem', 'sns:Publish'],\n"
    "    Resource: '*'}, {Effect: Deny, Action: '*', Resource: '*'}]}}]}}\n"
    "  Wide: {Type: 'AWS::IAM::Policy', Properties: {Roles: [!Ref Role], PolicyDocument:\n"
    "    {Statement: {Effect: Allow, Action: 'dynamodb:*', Resource: !GetAtt Table.Arn}}}}\n"
    "  UserErrors: {Type: 'AWS::CloudWatch::Alarm', Properties: {Namespace: AWS/DynamoDB,\n"
    "    MetricName: UserErrors, Dimensions: [{Name: TableName, Value: !Ref Table}]}}\n"
    "  Typo: {Type: 'AWS::CloudWatch::Alarm', Properties: {Namespace: AWS/Lambda, MetricName: "
    "Error,\n"
    "    Dimensions: [{Name: FunctionName, Value: f}]}}\n"
    "  Far: {Type: 'AWS::CloudWatch::Alarm', Properties: {Metrics: [{Id: a, MetricStat: {Metric:\n"
    "    {Namespace: AWS/SQS, MetricName: NumberOfMessagesSent}}}]}}\n";

static const struct {
    const char *check, *id, *path, *text;
} expected[] = {
    {"fixed-name", "Table", "Properties.TableName",
     "The name t is fixed and the resource stays when the stack is deleted: the next deployment "
     "fails because it exists, unless it is imported."},
    {"fixed-name", "Topic", "Properties.TopicName",
     "The name told is fixed and the resource stays when the stack is deleted: the next deployment "
     "fails because it exists, unless it is imported."},
    {"confirmation", "Mail", "Properties.Endpoint",
     "Nothing is sent to ops@example.test before the mail with the confirmation link is answered, "
     "within three days."},
    {"dead-letters", "Hook", "Properties.RedrivePolicy",
     "Without a dead-letter queue, messages that cannot be delivered to this subscription are lost "
     "after the last retry."},
    {"dead-letters", "Rule", "Properties.Targets[1]",
     "Without a dead-letter queue, events that cannot be delivered to this target are lost after "
     "the last retry."},
    {"policy", "Role", "Properties.Policies[0].PolicyDocument.Statement[0]",
     "dynamodb:PutItem is allowed on every resource."},
    {"policy", "Role", "Properties.Policies[0].PolicyDocument.Statement[0]",
     "sns:Publish is allowed on every resource."},
    {"policy", "Role", "Properties.Policies[0].PolicyDocument.Statement[0]",
     "sns:Publish is allowed, but the function's code never names sns."},
    {"policy", "Wide", "Properties.PolicyDocument.Statement",
     "dynamodb:* allows every action of the service."},
    {"metric", "UserErrors", "Properties.MetricName",
     "AWS/DynamoDB UserErrors is not emitted with these dimensions (TableName) but with none: the "
     "metric will never have data."},
    {"metric", "Typo", "Properties.MetricName", "AWS/Lambda has no metric Error."},
    {"metric", "Far", "Properties.Metrics[0].MetricStat.Metric",
     "Nothing here emits metrics of AWS/SQS."},
};

static size_t lint(const char *text, struct wb_cfn_finding **found)
{
    struct outside out = {.a = &arena};
    struct wb_cfn_env env = outside_env(&out);
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_template *t = wb_template_read(&arena, wb_slice_str(text), &why);
    if (!t || !wb_template_parameters(t, &env, &why) || !wb_template_start(t, &env, &why))
        fail_msg("%.*s", WB_FMT(why));
    return wb_cfn_lint(t, &env, found);
}

static void test_faults(void **state)
{
    (void)state;
    struct wb_cfn_finding *f;
    size_t count = lint(faulty, &f), want = sizeof expected / sizeof *expected;
    for (size_t i = 0; i < count && i < want; i++)
        if (strcmp(f[i].check, expected[i].check) != 0 || !wb_slice_is(f[i].id, expected[i].id) ||
            !wb_slice_is(f[i].path, expected[i].path) || !wb_slice_is(f[i].text, expected[i].text))
            fail_msg("%zu: %s %.*s %.*s: %.*s", i, f[i].check, WB_FMT(f[i].id), WB_FMT(f[i].path),
                     WB_FMT(f[i].text));
    assert_int_equal(count, want);
}

static void test_nothing_to_say(void **state)
{
    (void)state;
    static const char text[] =
        "Resources:\n"
        "  Table: {Type: 'AWS::DynamoDB::Table', DeletionPolicy: Retain}\n"
        "  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: told}}\n"
        "  Hook: {Type: 'AWS::SNS::Subscription', Properties: {TopicArn: !Ref Topic, Protocol:\n"
        "    lambda, Endpoint: e, RedrivePolicy: {deadLetterTargetArn: q}}}\n"
        "  F: {Type: 'AWS::Lambda::Function', Properties: {Role: !GetAtt Role.Arn, Code: "
        "{ZipFile:\n"
        "    \"boto3.resource('dynamodb')\"}}}\n"
        "  Role: {Type: 'AWS::IAM::Role', Properties: {Policies: [{PolicyName: p, PolicyDocument:\n"
        "    {Statement: [{Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt "
        "Table.Arn},\n"
        "    {Effect: Allow, Action: ['xray:PutTraceSegments'], Resource: '*'}]}}]}}\n"
        "  A: {Type: 'AWS::CloudWatch::Alarm', Properties: {Namespace: AWS/DynamoDB, MetricName:\n"
        "    ReadThrottleEvents, Dimensions: [{Name: TableName, Value: !Ref Table}]}}\n"
        "  B: {Type: 'AWS::CloudWatch::Alarm', Properties: {Namespace: AWS/DynamoDB, MetricName:\n"
        "    UserErrors}}\n"
        "  C: {Type: 'AWS::CloudWatch::Alarm', Properties: {Namespace: Mine, MetricName: Any}}\n"
        "  D: {Type: 'AWS::CloudWatch::Alarm', Properties: {Namespace: AWS/Lambda, MetricName:\n"
        "    Errors}}\n";
    struct wb_cfn_finding *f;
    size_t count = lint(text, &f);
    if (count)
        fail_msg("%s %.*s: %.*s", f[0].check, WB_FMT(f[0].id), WB_FMT(f[0].text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_to_say, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
