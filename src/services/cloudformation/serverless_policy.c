/*
 * The policy templates of AWS::Serverless for services that exist here (SAM Developer Guide, "AWS
 * SAM policy templates"). A row is one statement; rows of one name make one policy.
 */
#include "services/cloudformation/template_transform.h"

#define ARN(service) "arn:${AWS::Partition}:" service ":${AWS::Region}:${AWS::AccountId}:"
#define TABLE        ARN("dynamodb") "table/${tableName}"
#define BUCKET       "arn:${AWS::Partition}:s3:::${bucketName}"
#define READS        "s3:GetObject s3:ListBucket s3:GetBucketLocation s3:GetObjectVersion "
#define PARAMETERS   "ssm:GetParameters ssm:GetParameter ssm:GetParametersByPath"

static const struct {
    const char *name, *parameter; /* parameter: the one that the statement's resource takes */
    const char *actions;          /* with a blank between */
    const char *resource[2];
    bool one_action; /* as a string, not a list of one */
} rows[] = {
    {"CloudFormationDescribeStacksPolicy",
     NULL,
     "cloudformation:DescribeStacks",
     {ARN("cloudformation") "stack/*"},
     false},
    {"CloudWatchDashboardPolicy",
     NULL,
     "cloudwatch:GetDashboard cloudwatch:ListDashboards cloudwatch:PutDashboard "
     "cloudwatch:ListMetrics",
     {"*"},
     false},
    {"CloudWatchDescribeAlarmHistoryPolicy", NULL, "cloudwatch:DescribeAlarmHistory", {"*"}, false},
    {"CloudWatchPutMetricPolicy", NULL, "cloudwatch:PutMetricData", {"*"}, false},
    {"DynamoDBCrudPolicy",
     "TableName",
     "dynamodb:GetItem dynamodb:DeleteItem dynamodb:PutItem dynamodb:Scan dynamodb:Query "
     "dynamodb:UpdateItem dynamodb:BatchWriteItem dynamodb:BatchGetItem dynamodb:DescribeTable "
     "dynamodb:ConditionCheckItem",
     {TABLE, TABLE "/index/*"},
     false},
    {"DynamoDBReadPolicy",
     "TableName",
     "dynamodb:GetItem dynamodb:Scan dynamodb:Query dynamodb:BatchGetItem dynamodb:DescribeTable",
     {TABLE, TABLE "/index/*"},
     false},
    {"DynamoDBWritePolicy",
     "TableName",
     "dynamodb:PutItem dynamodb:UpdateItem dynamodb:BatchWriteItem",
     {TABLE, TABLE "/index/*"},
     false},
    {"DynamoDBReconfigurePolicy", "TableName", "dynamodb:UpdateTable", {TABLE}, false},
    {"EventBridgePutEventsPolicy",
     "EventBusName",
     "events:PutEvents",
     {ARN("events") "event-bus/${eventBusName}"},
     true},
    {"FilterLogEventsPolicy",
     "LogGroupName",
     "logs:FilterLogEvents",
     {ARN("logs") "log-group:${logGroupName}:log-stream:*"},
     false},
    {"LambdaInvokePolicy",
     "FunctionName",
     "lambda:InvokeFunction",
     {ARN("lambda") "function:${functionName}*"},
     false},
    {"S3CrudPolicy",
     "BucketName",
     READS "s3:PutObject s3:PutObjectAcl s3:GetLifecycleConfiguration "
           "s3:PutLifecycleConfiguration s3:DeleteObject",
     {BUCKET, BUCKET "/*"},
     false},
    {"S3FullAccessPolicy",
     "BucketName",
     "s3:GetObject s3:GetObjectAcl s3:GetObjectVersion s3:PutObject s3:PutObjectAcl "
     "s3:DeleteObject s3:DeleteObjectTagging s3:DeleteObjectVersionTagging s3:GetObjectTagging "
     "s3:GetObjectVersionTagging s3:PutObjectTagging s3:PutObjectVersionTagging",
     {BUCKET "/*"},
     false},
    {"S3FullAccessPolicy",
     "BucketName",
     "s3:ListBucket s3:GetBucketLocation s3:GetLifecycleConfiguration "
     "s3:PutLifecycleConfiguration",
     {BUCKET},
     false},
    {"S3ReadPolicy",
     "BucketName",
     READS "s3:GetLifecycleConfiguration",
     {BUCKET, BUCKET "/*"},
     false},
    {"S3WritePolicy",
     "BucketName",
     "s3:PutObject s3:PutObjectAcl s3:PutLifecycleConfiguration",
     {BUCKET, BUCKET "/*"},
     false},
    {"SNSCrudPolicy",
     "TopicName",
     "sns:ListSubscriptionsByTopic sns:CreateTopic sns:SetTopicAttributes sns:Subscribe "
     "sns:Publish",
     {ARN("sns") "${topicName}*"},
     false},
    {"SNSPublishMessagePolicy", "TopicName", "sns:Publish", {ARN("sns") "${topicName}"}, false},
    {"SSMParameterReadPolicy", "ParameterName", "ssm:DescribeParameters", {"*"}, false},
    {"SSMParameterReadPolicy",
     "ParameterName",
     PARAMETERS,
     {ARN("ssm") "parameter/${parameterName}"},
     false},
    {"SSMParameterWithSlashPrefixReadPolicy",
     "ParameterName",
     "ssm:DescribeParameters",
     {"*"},
     false},
    {"SSMParameterWithSlashPrefixReadPolicy",
     "ParameterName",
     PARAMETERS,
     {ARN("ssm") "parameter${parameterName}"},
     false},
};
#define ROWS (sizeof rows / sizeof *rows)

static struct wb_tree *actions_of(struct wb_arena *a, size_t row)
{
    struct wb_slice rest = wb_slice_str(rows[row].actions);
    struct wb_tree *list = wb_tree_new(a, WB_JSON_ARRAY);
    if (rows[row].one_action)
        return wb_tree_str(a, rest);
    while (rest.p)
        wb_tree_add(a, list, WB_SLICE_NULL, wb_tree_str(a, wb_slice_cut(&rest, ' ')));
    return list;
}

/* {"Fn::Sub": [text, {"tableName": value}]}, or the text alone. */
static struct wb_tree *resource_of(struct wb_arena *a, const char *text, const char *parameter,
                                   struct wb_tree *value)
{
    if (!strchr(text, '$'))
        return wb_tree_cstr(a, text);
    if (!parameter)
        return wb_tree_call(a, "Fn::Sub", wb_tree_cstr(a, text));
    char *name = wb_dup_cstr(a, wb_slice_str(parameter));
    name[0] = (char)(name[0] | 0x20);
    struct wb_tree *list = wb_tree_new(a, WB_JSON_ARRAY);
    wb_tree_add(a, list, WB_SLICE_NULL, wb_tree_cstr(a, text));
    wb_tree_add(a, list, WB_SLICE_NULL, wb_tree_call(a, name, value));
    return wb_tree_call(a, "Fn::Sub", list);
}

static struct wb_tree *statement(struct wb_arena *a, size_t row, struct wb_tree *value)
{
    struct wb_tree *s = wb_tree_new(a, WB_JSON_OBJECT), *list = wb_tree_new(a, WB_JSON_ARRAY);
    size_t count = rows[row].resource[1] ? 2 : 1;
    for (size_t i = 0; i < count; i++)
        wb_tree_add(a, list, WB_SLICE_NULL,
                    resource_of(a, rows[row].resource[i], rows[row].parameter, value));
    bool s3 = wb_slice_starts(wb_slice_str(rows[row].name), WB_S("S3Full"));
    wb_tree_set(a, s, WB_S("Action"), actions_of(a, row));
    wb_tree_set(a, s, WB_S("Effect"), wb_tree_cstr(a, "Allow"));
    wb_tree_set(a, s, WB_S("Resource"), count == 1 && !s3 ? list->member[0].value : list);
    return s;
}

static bool parameters_fit(struct wb_transform *x, size_t row, const struct wb_tree *given)
{
    const char *want = rows[row].parameter;
    if (!wb_tree_is(given, WB_JSON_OBJECT))
        return wb_transform_fail(x, "Must specify valid parameter values for policy template '%s'",
                                 rows[row].name);
    if (want && !wb_tree_get(given, want))
        return wb_transform_fail(x,
                                 "Following required parameters of policy template '%s' don't have "
                                 "values: %s",
                                 rows[row].name, want);
    return true;
}

struct wb_tree *wb_serverless_policy(struct wb_transform *x, struct wb_slice name,
                                     const struct wb_tree *given, bool *found)
{
    struct wb_tree *list = wb_tree_new(x->a, WB_JSON_ARRAY);
    *found = false;
    for (size_t i = 0; i < ROWS; i++) {
        if (!wb_slice_is(name, rows[i].name))
            continue;
        *found = true;
        if (!parameters_fit(x, i, given))
            return NULL;
        wb_tree_add(
            x->a, list, WB_SLICE_NULL,
            statement(x->a, i, rows[i].parameter ? wb_tree_get(given, rows[i].parameter) : NULL));
    }
    return wb_tree_call(x->a, "Statement", list);
}
