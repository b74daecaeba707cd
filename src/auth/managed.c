/*
 * AWS's managed policies as data. Documents, paths, versions and dates follow the AWS Managed
 * Policy Reference; the ids are those that IAM's ListPolicies gives. Where a row says "id made up",
 * no public source for the id was found: it has the form of AWS's and identifies the policy here,
 * nothing more. Where it says "from memory", its document was not compared with the reference.
 */
#include "auth/managed.h"

#define DOC(...) #__VA_ARGS__
#define SERVICE  "/service-role/"

/* Documents are text, and read best as AWS prints them. */
/* clang-format off */
const struct wb_managed_policy wb_managed_policies[] = {
    {"AWSCloudFormationFullAccess", "/", "ANPAZKAPJZG4CFNFULLAC", /* id made up */
     "Full access to CloudFormation", "2019-07-26T21:50:24Z", "2019-07-26T21:50:24Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["cloudformation:*"], "Resource": "*"}]})},

    {"AWSCloudFormationReadOnlyAccess", "/", "ANPAJWVBEE4I2POWLODLW", /* from memory */
     "Read access to CloudFormation", "2015-02-06T18:39:49Z", "2019-11-13T17:40:10Z", 4,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["cloudformation:Describe*",
             "cloudformation:EstimateTemplateCost", "cloudformation:Get*", "cloudformation:List*",
             "cloudformation:ValidateTemplate", "cloudformation:Detect*"], "Resource": "*"}]})},

    {"AWSLambdaBasicExecutionRole", SERVICE, "ANPAJNCQGXC42545SKXIK",
     "Lets a function write its logs", "2015-04-09T15:03:43Z", "2015-04-09T15:03:43Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:CreateLogStream",
             "logs:PutLogEvents"], "Resource": "*"}]})},

    {"AWSLambdaDynamoDBExecutionRole", SERVICE, "ANPAIP7WNAGMIPYNW4WQG",
     "Lets a function read table streams and write its logs",
     "2015-04-09T15:09:29Z", "2015-04-09T15:09:29Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["dynamodb:DescribeStream", "dynamodb:GetRecords",
             "dynamodb:GetShardIterator", "dynamodb:ListStreams", "logs:CreateLogGroup",
             "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}]})},

    {"AWSLambdaExecute", "/", "ANPAJE5FX7FQZSU5XAKGO",
     "Objects in S3, and full access to logs", "2015-02-06T18:40:46Z", "2015-02-06T18:40:46Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["logs:*"], "Resource": "arn:aws:logs:*:*:*"},
         {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
          "Resource": "arn:aws:s3:::*"}]})},

    {"AWSLambdaInvocation-DynamoDB", "/", "ANPAJTHQ3EKCQALQDYG5G",
     "Reads table streams and invokes functions",
     "2015-02-06T18:40:47Z", "2015-02-06T18:40:47Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": "*"},
         {"Effect": "Allow", "Action": ["dynamodb:DescribeStream", "dynamodb:GetRecords",
             "dynamodb:GetShardIterator", "dynamodb:ListStreams"], "Resource": "*"}]})},

    {"AWSLambdaKinesisExecutionRole", SERVICE, "ANPAJHOLKJPXV4GBRMJUQ",
     "Lets a function read Kinesis streams and write its logs",
     "2015-04-09T15:14:16Z", "2018-11-19T20:09:24Z", 2,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary",
             "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards",
             "kinesis:ListStreams", "kinesis:SubscribeToShard", "logs:CreateLogGroup",
             "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}]})},

    {"AWSLambdaRole", SERVICE, "ANPAJX4DPCRGTC4NFDUXI",
     "Lets a service invoke functions", "2015-02-06T18:41:28Z", "2015-02-06T18:41:28Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": ["*"]}]})},

    {"AWSLambdaSQSQueueExecutionRole", SERVICE, "ANPAJFWJZI6JNND4TSELK", /* id from memory */
     "Lets a function take messages from queues and write its logs",
     "2018-06-14T21:50:45Z", "2018-06-14T21:50:45Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage",
             "sqs:GetQueueAttributes", "logs:CreateLogGroup", "logs:CreateLogStream",
             "logs:PutLogEvents"], "Resource": "*"}]})},

    {"AWSLambdaVPCAccessExecutionRole", SERVICE, "ANPAJVTME3YLVNL72YR2K",
     "Lets a function write its logs and use a VPC",
     "2016-02-11T23:15:26Z", "2020-10-15T22:53:03Z", 2,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:CreateLogStream",
             "logs:PutLogEvents", "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces",
             "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses",
             "ec2:UnassignPrivateIpAddresses"], "Resource": "*"}]})},

    {"AWSLambda_FullAccess", "/", "ANPAZKAPJZG4OXQPYWZ5D",
     "Full access to Lambda and what its console shows",
     "2020-11-17T21:14:08Z", "2020-11-17T21:14:08Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["cloudformation:DescribeStacks",
             "cloudformation:ListStackResources", "cloudwatch:ListMetrics",
             "cloudwatch:GetMetricData", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
             "ec2:DescribeVpcs", "kms:ListAliases", "iam:GetPolicy", "iam:GetPolicyVersion",
             "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
             "iam:ListRolePolicies", "iam:ListRoles", "lambda:*", "logs:DescribeLogGroups",
             "states:DescribeStateMachine", "states:ListStateMachines", "tag:GetResources",
             "xray:GetTraceSummaries", "xray:BatchGetTraces"], "Resource": "*"},
         {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
          "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}},
         {"Effect": "Allow", "Action": ["logs:DescribeLogStreams", "logs:GetLogEvents",
             "logs:FilterLogEvents"], "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda/*"}]})},

    {"AWSLambda_ReadOnlyAccess", "/", "ANPAZKAPJZG4LAMBDAROA", /* id made up */
     "Read access to Lambda and what its console shows",
     "2020-11-17T21:10:32Z", "2020-11-17T21:10:32Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["cloudformation:DescribeStacks",
             "cloudformation:ListStackResources", "cloudwatch:GetMetricData",
             "cloudwatch:ListMetrics", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
             "ec2:DescribeVpcs", "kms:ListAliases", "iam:GetPolicy", "iam:GetPolicyVersion",
             "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
             "iam:ListRolePolicies", "iam:ListRoles", "logs:DescribeLogGroups", "lambda:Get*",
             "lambda:List*", "states:DescribeStateMachine", "states:ListStateMachines",
             "tag:GetResources", "xray:GetTraceSummaries", "xray:BatchGetTraces"],
          "Resource": "*"},
         {"Effect": "Allow", "Action": ["logs:DescribeLogStreams", "logs:GetLogEvents",
             "logs:FilterLogEvents"], "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda/*"}]})},

    {"AWSXRayDaemonWriteAccess", "/", "ANPAIOE47HSUE5AHBNEDM", /* id from memory */
     "Lets a tracer send segments and read sampling rules",
     "2018-08-28T23:00:33Z", "2024-02-13T21:58:00Z", 2,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Sid": "AWSXRayDaemonWriteAccess", "Effect": "Allow",
          "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules",
             "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries"], "Resource": ["*"]}]})},

    {"AWSXrayFullAccess", "/", "ANPAJQBYG45NSJMVQDB2K", /* from memory */
     "Full access to X-Ray", "2016-12-01T18:30:55Z", "2016-12-01T18:30:55Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["xray:*"], "Resource": ["*"]}]})},

    {"AWSXrayReadOnlyAccess", "/", "ANPAIH4OFXWPS6ZX6OPGQ", /* from memory */
     "Read access to X-Ray", "2016-12-01T18:27:02Z", "2020-09-02T22:46:53Z", 5,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["xray:GetSamplingRules", "xray:GetSamplingTargets",
             "xray:GetSamplingStatisticSummaries", "xray:BatchGetTraces", "xray:GetServiceGraph",
             "xray:GetTraceGraph", "xray:GetTraceSummaries", "xray:GetGroups", "xray:GetGroup",
             "xray:ListTagsForResource", "xray:GetTimeSeriesServiceStatistics",
             "xray:GetInsightSummaries", "xray:GetInsight", "xray:GetInsightEvents",
             "xray:GetInsightImpactGraph"], "Resource": ["*"]}]})},

    {"AWSXrayWriteOnlyAccess", "/", "ANPAIAACM4LMYSRGBCTM6",
     "Write access to X-Ray", "2016-12-01T18:19:53Z", "2018-08-28T23:03:04Z", 2,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords",
             "xray:GetSamplingRules", "xray:GetSamplingTargets",
             "xray:GetSamplingStatisticSummaries"], "Resource": ["*"]}]})},

    {"AdministratorAccess", "/", "ANPAIWMBCKSKIEE64ZLYK",
     "Provides full access to AWS services and resources.",
     "2015-02-06T18:39:46Z", "2015-02-06T18:39:46Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": "*", "Resource": "*"}]})},

    {"AmazonAPIGatewayPushToCloudWatchLogs", SERVICE, "ANPAIK4GFO7HLKYN64ASK", /* from memory */
     "Lets API Gateway write logs", "2015-11-11T23:41:46Z", "2015-11-11T23:41:46Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:CreateLogStream",
             "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents",
             "logs:GetLogEvents", "logs:FilterLogEvents"], "Resource": "*"}]})},

    {"AmazonDynamoDBFullAccess", "/", "ANPAINUGF2JSOSUY76KYA", /* from memory */
     "Full access to DynamoDB and what its console shows",
     "2015-02-06T18:40:11Z", "2021-01-29T17:38:28Z", 15,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["dynamodb:*", "dax:*",
             "application-autoscaling:DeleteScalingPolicy",
             "application-autoscaling:DeregisterScalableTarget",
             "application-autoscaling:DescribeScalableTargets",
             "application-autoscaling:DescribeScalingActivities",
             "application-autoscaling:DescribeScalingPolicies",
             "application-autoscaling:PutScalingPolicy",
             "application-autoscaling:RegisterScalableTarget", "cloudwatch:DeleteAlarms",
             "cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms",
             "cloudwatch:DescribeAlarmsForMetric", "cloudwatch:GetMetricStatistics",
             "cloudwatch:ListMetrics", "cloudwatch:PutMetricAlarm", "cloudwatch:GetMetricData",
             "datapipeline:ActivatePipeline", "datapipeline:CreatePipeline",
             "datapipeline:DeletePipeline", "datapipeline:DescribeObjects",
             "datapipeline:DescribePipelines", "datapipeline:GetPipelineDefinition",
             "datapipeline:ListPipelines", "datapipeline:PutPipelineDefinition",
             "datapipeline:QueryObjects", "ec2:DescribeVpcs", "ec2:DescribeSubnets",
             "ec2:DescribeSecurityGroups", "iam:GetRole", "iam:ListRoles", "kms:DescribeKey",
             "kms:ListAliases", "sns:CreateTopic", "sns:DeleteTopic", "sns:ListSubscriptions",
             "sns:ListSubscriptionsByTopic", "sns:ListTopics", "sns:Subscribe", "sns:Unsubscribe",
             "sns:SetTopicAttributes", "lambda:CreateFunction", "lambda:ListFunctions",
             "lambda:ListEventSourceMappings", "lambda:CreateEventSourceMapping",
             "lambda:DeleteEventSourceMapping", "lambda:GetFunctionConfiguration",
             "lambda:DeleteFunction", "resource-groups:ListGroups",
             "resource-groups:ListGroupResources", "resource-groups:GetGroup",
             "resource-groups:GetGroupQuery", "resource-groups:DeleteGroup",
             "resource-groups:CreateGroup", "tag:GetResources", "kinesis:ListStreams",
             "kinesis:DescribeStream", "kinesis:DescribeStreamSummary"], "Resource": "*"},
         {"Effect": "Allow", "Action": "cloudwatch:GetInsightRuleReport",
          "Resource": "arn:aws:cloudwatch:*:*:insight-rule/DynamoDBContributorInsights*"},
         {"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": "*",
          "Condition": {"StringLike": {"iam:PassedToService": [
              "application-autoscaling.amazonaws.com", "application-autoscaling.amazonaws.com.cn",
              "dax.amazonaws.com"]}}},
         {"Effect": "Allow", "Action": ["iam:CreateServiceLinkedRole"], "Resource": "*",
          "Condition": {"StringEquals": {"iam:AWSServiceName": [
              "replication.dynamodb.amazonaws.com", "dax.amazonaws.com",
              "dynamodb.application-autoscaling.amazonaws.com",
              "contributorinsights.dynamodb.amazonaws.com",
              "kinesisreplication.dynamodb.amazonaws.com"]}}}]})},

    {"AmazonDynamoDBFullAccess_v2", "/", "ANPAZKAPJZG4DYNAMOFV2", /* id made up; from memory */
     "Full access to DynamoDB", "2025-01-13T21:06:00Z", "2025-01-13T21:06:00Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Sid": "GeneralPermissions", "Effect": "Allow", "Action": ["dynamodb:*", "dax:*",
             "application-autoscaling:DeleteScalingPolicy",
             "application-autoscaling:DeregisterScalableTarget",
             "application-autoscaling:DescribeScalableTargets",
             "application-autoscaling:DescribeScalingActivities",
             "application-autoscaling:DescribeScalingPolicies",
             "application-autoscaling:PutScalingPolicy",
             "application-autoscaling:RegisterScalableTarget", "cloudwatch:DeleteAlarms",
             "cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms",
             "cloudwatch:DescribeAlarmsForMetric", "cloudwatch:GetMetricStatistics",
             "cloudwatch:ListMetrics", "cloudwatch:PutMetricAlarm", "cloudwatch:GetMetricData",
             "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups",
             "iam:GetRole", "iam:ListRoles", "kms:DescribeKey", "kms:ListAliases",
             "sns:ListSubscriptionsByTopic", "sns:ListTopics", "lambda:ListFunctions",
             "lambda:ListEventSourceMappings", "lambda:GetFunctionConfiguration",
             "resource-groups:ListGroups", "resource-groups:ListGroupResources",
             "resource-groups:GetGroup", "resource-groups:GetGroupQuery", "tag:GetResources",
             "kinesis:ListStreams", "kinesis:DescribeStream", "kinesis:DescribeStreamSummary"],
          "Resource": "*"}]})},

    {"AmazonDynamoDBReadOnlyAccess", "/", "ANPAIY2XFNA232XJ6J7X2", /* after dax:Scan from memory */
     "Read access to DynamoDB and what its console shows",
     "2015-02-06T18:40:12Z", "2024-11-18T17:38:00Z", 15,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Sid": "GeneralReadOnlyAccess", "Effect": "Allow",
          "Action": ["application-autoscaling:DescribeScalableTargets",
             "application-autoscaling:DescribeScalingActivities",
             "application-autoscaling:DescribeScalingPolicies", "cloudwatch:DescribeAlarmHistory",
             "cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmsForMetric",
             "cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics",
             "cloudwatch:GetMetricData", "datapipeline:DescribeObjects",
             "datapipeline:DescribePipelines", "datapipeline:GetPipelineDefinition",
             "datapipeline:ListPipelines", "datapipeline:QueryObjects", "dynamodb:BatchGetItem",
             "dynamodb:Describe*", "dynamodb:List*", "dynamodb:GetAbacStatus", "dynamodb:GetItem",
             "dynamodb:GetResourcePolicy", "dynamodb:Query", "dynamodb:Scan",
             "dynamodb:PartiQLSelect", "dax:Describe*", "dax:List*", "dax:GetItem",
             "dax:BatchGetItem", "dax:Query", "dax:Scan", "ec2:DescribeVpcs",
             "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups", "iam:GetRole", "iam:ListRoles",
             "kms:DescribeKey", "kms:ListAliases", "sns:ListSubscriptionsByTopic",
             "sns:ListTopics", "lambda:ListFunctions", "lambda:ListEventSourceMappings",
             "lambda:GetFunctionConfiguration", "resource-groups:ListGroups",
             "resource-groups:ListGroupResources", "resource-groups:GetGroup",
             "resource-groups:GetGroupQuery", "tag:GetResources", "kinesis:ListStreams",
             "kinesis:DescribeStream", "kinesis:DescribeStreamSummary"], "Resource": "*"},
         {"Sid": "CCIAccess", "Effect": "Allow", "Action": "cloudwatch:GetInsightRuleReport",
          "Resource": "arn:aws:cloudwatch:*:*:insight-rule/DynamoDBContributorInsights*"}]})},

    {"AmazonEventBridgeFullAccess", "/", "ANPAZKAPJZG4EVENTBFUL", /* id made up; from the fourth statement on from memory */
     "Full access to EventBridge", "2019-07-11T14:08:49Z", "2025-01-22T01:37:00Z", 5,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Sid": "EventBridgeActions", "Effect": "Allow", "Action": ["events:*", "schemas:*",
             "scheduler:*", "pipes:*"], "Resource": "*"},
         {"Sid": "IAMCreateServiceLinkedRoleForApiDestinations", "Effect": "Allow",
          "Action": "iam:CreateServiceLinkedRole",
          "Resource": "arn:aws:iam::*:role/aws-service-role/apidestinations.events.amazonaws.com/AWSServiceRoleForAmazonEventBridgeApiDestinations",
          "Condition": {"StringEquals": {"iam:AWSServiceName": "apidestinations.events.amazonaws.com"}}},
         {"Sid": "IAMCreateServiceLinkedRoleForAmazonEventBridgeSchemas", "Effect": "Allow",
          "Action": "iam:CreateServiceLinkedRole",
          "Resource": "arn:aws:iam::*:role/aws-service-role/schemas.amazonaws.com/AWSServiceRoleForSchemas",
          "Condition": {"StringEquals": {"iam:AWSServiceName": "schemas.amazonaws.com"}}},
         {"Sid": "SecretsManagerAccessForApiDestinations", "Effect": "Allow",
          "Action": ["secretsmanager:CreateSecret", "secretsmanager:UpdateSecret",
             "secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue",
             "secretsmanager:PutSecretValue"],
          "Resource": "arn:aws:secretsmanager:*:*:secret:events!*"},
         {"Sid": "IAMPassRoleAccessForEventBridge", "Effect": "Allow", "Action": "iam:PassRole",
          "Resource": "arn:aws:iam::*:role/*",
          "Condition": {"StringLike": {"iam:PassedToService": "events.amazonaws.com"}}},
         {"Sid": "IAMPassRoleAccessForScheduler", "Effect": "Allow", "Action": "iam:PassRole",
          "Resource": "arn:aws:iam::*:role/*",
          "Condition": {"StringLike": {"iam:PassedToService": "scheduler.amazonaws.com"}}},
         {"Sid": "IAMPassRoleAccessForPipes", "Effect": "Allow", "Action": "iam:PassRole",
          "Resource": "arn:aws:iam::*:role/*",
          "Condition": {"StringLike": {"iam:PassedToService": "pipes.amazonaws.com"}}}]})},

    {"AmazonEventBridgeReadOnlyAccess", "/", "ANPAZKAPJZG4EVENTBROA", /* id made up; from memory */
     "Read access to EventBridge", "2019-07-11T13:59:07Z", "2022-12-01T17:02:00Z", 6,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["events:DescribeRule", "events:DescribeEventBus",
             "events:DescribeEventSource", "events:ListEventBuses", "events:ListEventSources",
             "events:ListRuleNamesByTarget", "events:ListRules", "events:ListTargetsByRule",
             "events:TestEventPattern", "events:DescribeArchive", "events:ListArchives",
             "events:DescribeReplay", "events:ListReplays", "events:DescribeConnection",
             "events:ListConnections", "events:DescribeApiDestination",
             "events:ListApiDestinations", "events:DescribeEndpoint", "events:ListEndpoints",
             "schemas:DescribeCodeBinding", "schemas:DescribeDiscoverer",
             "schemas:DescribeRegistry", "schemas:DescribeSchema", "schemas:ExportSchema",
             "schemas:GetCodeBindingSource", "schemas:GetDiscoveredSchema",
             "schemas:GetResourcePolicy", "schemas:ListDiscoverers", "schemas:ListRegistries",
             "schemas:ListSchemas", "schemas:ListSchemaVersions", "schemas:ListTagsForResource",
             "schemas:SearchSchemas", "scheduler:GetSchedule", "scheduler:GetScheduleGroup",
             "scheduler:ListSchedules", "scheduler:ListScheduleGroups",
             "scheduler:ListTagsForResource", "pipes:DescribePipe", "pipes:ListPipes",
             "pipes:ListTagsForResource"], "Resource": "*"}]})},

    {"AmazonS3FullAccess", "/", "ANPAIFIR6V6BVTRAHWINE", /* from memory */
     "Full access to S3", "2015-02-06T18:40:58Z", "2021-09-27T20:16:37Z", 2,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["s3:*", "s3-object-lambda:*"], "Resource": "*"}]})},

    {"AmazonS3ReadOnlyAccess", "/", "ANPAIZTJ4DXE7G6AGAE6M", /* from memory */
     "Read access to S3", "2015-02-06T18:40:59Z", "2023-08-10T21:31:39Z", 3,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*", "s3:Describe*",
             "s3-object-lambda:Get*", "s3-object-lambda:List*"], "Resource": "*"}]})},

    {"AmazonSNSFullAccess", "/", "ANPAJWEKLCXXUNT2SOLSG", /* from memory */
     "Full access to SNS", "2015-02-06T18:41:05Z", "2015-02-06T18:41:05Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["sns:*"], "Resource": "*"}]})},

    {"AmazonSNSReadOnlyAccess", "/", "ANPAIZGQCQTFOFPMHSB6W",
     "Read access to SNS", "2015-02-06T18:41:06Z", "2024-09-24T22:13:00Z", 2,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Sid": "SNSReadOnlyAccess", "Effect": "Allow", "Action": ["sns:GetTopicAttributes",
             "sns:List*", "sns:CheckIfPhoneNumberIsOptedOut", "sns:GetEndpointAttributes",
             "sns:GetDataProtectionPolicy", "sns:GetPlatformApplicationAttributes",
             "sns:GetSMSAttributes", "sns:GetSMSSandboxAccountStatus",
             "sns:GetSubscriptionAttributes"], "Resource": "*"},
         {"Sid": "SMSAccessViaSNS", "Effect": "Allow", "Action": [
             "sms-voice:DescribeVerifiedDestinationNumbers", "sms-voice:DescribeAccountAttributes",
             "sms-voice:DescribeSpendLimits", "sms-voice:DescribePhoneNumbers",
             "sms-voice:DescribeOptedOutNumbers"], "Resource": "*",
          "Condition": {"StringEquals": {"aws:CalledViaLast": "sns.amazonaws.com"}}}]})},

    {"AmazonSQSFullAccess", "/", "ANPAI65L554VRJ33ECQS6", /* from memory */
     "Full access to SQS", "2015-02-06T18:41:07Z", "2015-02-06T18:41:07Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["sqs:*"], "Resource": "*"}]})},

    {"AmazonSQSReadOnlyAccess", "/", "ANPAIUGSSQY362XGCM6KW", /* from memory */
     "Read access to SQS", "2015-02-06T18:41:08Z", "2018-08-20T23:35:49Z", 2,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["sqs:GetQueueAttributes", "sqs:GetQueueUrl",
             "sqs:ListDeadLetterSourceQueues", "sqs:ListQueues"], "Resource": "*"}]})},

    {"AmazonSSMFullAccess", "/", "ANPAJA7V6HI4ISQFMDYAG", /* from memory; reduced */
     "Full access to Systems Manager", "2015-05-29T17:39:47Z", "2019-11-20T20:08:48Z", 4,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["cloudwatch:PutMetricData", "ds:CreateComputer",
             "ds:DescribeDirectories", "ec2:DescribeInstanceStatus", "logs:*", "ssm:*",
             "ec2messages:*"], "Resource": "*"}]})},

    {"AmazonSSMReadOnlyAccess", "/", "ANPAJODSKQGGJTHRYZ5FC", /* from memory */
     "Read access to Systems Manager", "2015-05-29T17:44:19Z", "2015-05-29T17:44:19Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["ssm:Describe*", "ssm:Get*", "ssm:List*"],
          "Resource": "*"}]})},

    {"CloudWatchFullAccess", "/", "ANPAIKEABORKUXN6DEAZU",
     "Full access to CloudWatch", "2015-02-06T18:40:00Z", "2018-08-09T19:10:43Z", 3,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["autoscaling:Describe*", "cloudwatch:*", "logs:*",
             "sns:*", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole"], "Resource": "*"},
         {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole",
          "Resource": "arn:aws:iam::*:role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents*",
          "Condition": {"StringLike": {"iam:AWSServiceName": "events.amazonaws.com"}}}]})},

    {"CloudWatchFullAccessV2", "/", "ANPAZKAPJZG4CLOUDWFV2", /* id made up; from memory */
     "Full access to CloudWatch", "2023-08-01T11:32:00Z", "2023-12-05T19:10:00Z", 2,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Sid": "CloudWatchFullAccessPermissions", "Effect": "Allow",
          "Action": ["application-autoscaling:DescribeScalingPolicies", "application-signals:*",
             "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribePolicies",
             "cloudwatch:*", "logs:*", "sns:CreateTopic", "sns:ListSubscriptions",
             "sns:ListSubscriptionsByTopic", "sns:ListTopics", "sns:Subscribe", "iam:GetPolicy",
             "iam:GetPolicyVersion", "iam:GetRole", "oam:ListSinks", "rum:*", "synthetics:*",
             "xray:*"], "Resource": "*"},
         {"Sid": "EventsServicePermissions", "Effect": "Allow",
          "Action": "iam:CreateServiceLinkedRole",
          "Resource": "arn:aws:iam::*:role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents*",
          "Condition": {"StringLike": {"iam:AWSServiceName": "events.amazonaws.com"}}},
         {"Sid": "OAMReadPermissions", "Effect": "Allow", "Action": ["oam:ListAttachedLinks"],
          "Resource": "arn:aws:oam:*:*:sink/*"}]})},

    {"CloudWatchLambdaInsightsExecutionRolePolicy", "/", "ANPAZKAPJZG4LAMBDAINS", /* id made up */
     "Lets a function write the logs of Lambda Insights",
     "2020-10-07T19:27:06Z", "2020-10-07T19:27:06Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": "*"},
         {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
          "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda-insights:*"}]})},

    {"CloudWatchLogsFullAccess", "/", "ANPAJ3ZGNWK2R5HW5BQFO",
     "Full access to CloudWatch Logs", "2015-02-06T18:40:02Z", "2015-02-06T18:40:02Z", 1,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["logs:*"], "Resource": "*"}]})},

    {"CloudWatchLogsReadOnlyAccess", "/", "ANPAJ2YIYDYSNNEHK3VKW",
     "Read access to CloudWatch Logs", "2015-02-06T18:40:03Z", "2019-01-14T19:32:45Z", 4,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["logs:Describe*", "logs:Get*", "logs:List*",
             "logs:StartQuery", "logs:StopQuery", "logs:TestMetricFilter", "logs:FilterLogEvents"],
          "Resource": "*"}]})},

    {"CloudWatchReadOnlyAccess", "/", "ANPAJN23PDQP7SZQAE3QE",
     "Read access to CloudWatch", "2015-02-06T18:40:01Z", "2020-07-17T17:49:09Z", 4,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["autoscaling:Describe*", "cloudwatch:Describe*",
             "cloudwatch:Get*", "cloudwatch:List*", "logs:Get*", "logs:List*", "logs:StartQuery",
             "logs:StopQuery", "logs:Describe*", "logs:TestMetricFilter", "logs:FilterLogEvents",
             "sns:Get*", "sns:List*"], "Resource": "*"}]})},

    {"IAMFullAccess", "/", "ANPAI7XKCFMBPM3QQRRVQ", /* from memory */
     "Full access to IAM", "2015-02-06T18:40:38Z", "2019-06-21T19:40:00Z", 2,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["iam:*", "organizations:DescribeAccount",
             "organizations:DescribeOrganization", "organizations:DescribeOrganizationalUnit",
             "organizations:DescribePolicy", "organizations:ListChildren",
             "organizations:ListParents", "organizations:ListPoliciesForTarget",
             "organizations:ListRoots", "organizations:ListPolicies",
             "organizations:ListTargetsForPolicy"], "Resource": "*"}]})},

    {"IAMReadOnlyAccess", "/", "ANPAJKSO7NDY4T57MWDSQ", /* from memory */
     "Read access to IAM", "2015-02-06T18:40:39Z", "2018-01-25T19:11:27Z", 4,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["iam:GenerateCredentialReport",
             "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*",
             "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy"], "Resource": "*"}]})},

    {"IAMUserChangePassword", "/", "ANPAJ4L4MM2A7QIEB56MS", /* from memory */
     "Lets a user change his own password", "2016-11-15T00:25:16Z", "2016-11-15T23:18:55Z", 2,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["iam:ChangePassword"],
          "Resource": ["arn:aws:iam::*:user/${aws:username}"]},
         {"Effect": "Allow", "Action": ["iam:GetAccountPasswordPolicy"], "Resource": "*"}]})},

    {"PowerUserAccess", "/", "ANPAJYRXTHIB4FOVS3ZXS",
     "Full access except for users, groups and roles",
     "2015-02-06T18:39:47Z", "2026-02-12T17:59:00Z", 12,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"],
          "Resource": "*"},
         {"Effect": "Allow", "Action": ["account:GetAccountInformation",
             "account:GetGovCloudAccountInformation", "account:GetPrimaryEmail",
             "account:ListRegions", "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole",
             "iam:ListRoles", "organizations:DescribeEffectivePolicy",
             "organizations:DescribeOrganization"], "Resource": "*"}]})},

    {"ReadOnlyAccess", "/", "ANPAILL3HVNFSB6DCOWYQ", /* from memory; reduced */
     "Read access to services and resources", "2015-02-06T18:39:48Z", "2022-05-11T14:30:00Z", 92,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["cloudformation:Describe*", "cloudformation:Detect*",
             "cloudformation:EstimateTemplateCost", "cloudformation:Get*", "cloudformation:List*",
             "cloudformation:ValidateTemplate", "cloudtrail:Describe*", "cloudtrail:Get*",
             "cloudtrail:List*", "cloudtrail:LookupEvents", "cloudwatch:Describe*",
             "cloudwatch:Get*", "cloudwatch:List*", "dynamodb:BatchGet*", "dynamodb:Describe*",
             "dynamodb:Get*", "dynamodb:List*", "dynamodb:PartiQLSelect", "dynamodb:Query",
             "dynamodb:Scan", "events:Describe*", "events:List*", "events:Test*", "iam:Generate*",
             "iam:Get*", "iam:List*", "iam:Simulate*", "lambda:Get*", "lambda:List*",
             "logs:Describe*", "logs:FilterLogEvents", "logs:Get*", "logs:ListTagsLogGroup",
             "logs:ListTagsForResource", "logs:StartQuery", "logs:StopQuery",
             "logs:TestMetricFilter", "s3:DescribeJob", "s3:Get*", "s3:List*", "scheduler:Get*",
             "scheduler:List*", "sns:Check*", "sns:Get*", "sns:List*", "sqs:Get*", "sqs:List*",
             "sqs:Receive*", "ssm:Describe*", "ssm:Get*", "ssm:List*", "sts:GetAccessKeyInfo",
             "sts:GetCallerIdentity", "sts:GetSessionToken", "tag:Get*", "xray:BatchGet*",
             "xray:Get*"], "Resource": "*"}]})},

    {"SecurityAudit", "/", "ANPAIX2T3QCXHR2OGGCTO", /* from memory; reduced */
     "Reads what security configuration is made of",
     "2015-02-06T18:41:01Z", "2022-05-10T16:09:00Z", 42,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["cloudformation:DescribeStack*",
             "cloudformation:GetStackPolicy", "cloudformation:GetTemplate",
             "cloudformation:ListStack*", "cloudtrail:DescribeTrails",
             "cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus", "cloudtrail:ListTags",
             "cloudtrail:LookupEvents", "cloudwatch:Describe*", "cloudwatch:ListMetrics",
             "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeExport",
             "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListBackups",
             "dynamodb:ListExports", "dynamodb:ListStreams", "dynamodb:ListTables",
             "events:DescribeEventBus", "events:DescribeRule", "events:ListEventBuses",
             "events:ListRules", "events:ListTargetsByRule", "iam:GenerateCredentialReport",
             "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*",
             "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy",
             "lambda:GetAccountSettings", "lambda:GetFunctionConfiguration", "lambda:GetPolicy",
             "lambda:GetLayerVersionPolicy", "lambda:List*", "logs:DescribeExportTasks",
             "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:DescribeMetricFilters",
             "logs:DescribeResourcePolicies", "logs:ListTagsLogGroup", "s3:GetBucket*",
             "s3:GetEncryptionConfiguration", "s3:GetObjectAcl", "s3:GetObjectVersionAcl",
             "s3:ListAllMyBuckets", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic",
             "sns:ListTopics", "sqs:GetQueueAttributes", "sqs:ListDeadLetterSourceQueues",
             "sqs:ListQueues", "sqs:ListQueueTags", "ssm:Describe*", "ssm:ListDocuments",
             "xray:GetEncryptionConfig", "xray:GetGroups", "xray:GetSamplingRules"],
          "Resource": "*"}]})},

    {"ViewOnlyAccess", "/job-function/", "ANPAID22R6XPJATWOFDK6", /* from memory; reduced */
     "Lists resources and their main attributes",
     "2016-11-10T17:20:15Z", "2021-05-10T20:35:00Z", 13,
     DOC({"Version": "2012-10-17", "Statement": [
         {"Effect": "Allow", "Action": ["cloudformation:DescribeStacks", "cloudformation:List*",
             "cloudtrail:DescribeTrails", "cloudtrail:LookupEvents", "cloudwatch:Describe*",
             "cloudwatch:Get*", "cloudwatch:List*", "dynamodb:DescribeBackup",
             "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeGlobalTable",
             "dynamodb:DescribeGlobalTableSettings", "dynamodb:DescribeLimits",
             "dynamodb:DescribeReservedCapacity", "dynamodb:DescribeReservedCapacityOfferings",
             "dynamodb:DescribeStream", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive",
             "dynamodb:ListBackups", "dynamodb:ListGlobalTables", "dynamodb:ListStreams",
             "dynamodb:ListTables", "dynamodb:ListTagsOfResource", "events:Describe*",
             "events:List*", "iam:GetAccountSummary", "iam:List*", "lambda:List*",
             "logs:Describe*", "logs:FilterLogEvents", "s3:ListAllMyBuckets", "s3:ListBucket",
             "sns:List*", "sqs:ListQueues", "ssm:ListAssociations", "ssm:ListDocuments"],
          "Resource": "*"}]})},
    {0},
};
/* clang-format on */

const size_t wb_managed_policy_count = sizeof wb_managed_policies / sizeof *wb_managed_policies - 1;

const struct wb_managed_policy *wb_managed_policy(struct wb_slice arn)
{
    struct wb_slice prefix = WB_S("arn:aws:iam::aws:policy/");
    size_t end = arn.n, lo = 0, hi = wb_managed_policy_count;
    if (!wb_slice_starts(arn, prefix))
        return NULL;
    while (arn.p[end - 1] != '/')
        end--;
    struct wb_slice path = wb_slice_sub(arn, prefix.n - 1, end);
    struct wb_slice name = wb_slice_sub(arn, end, arn.n);
    while (lo < hi) {
        const struct wb_managed_policy *p = &wb_managed_policies[lo + (hi - lo) / 2];
        int order = wb_slice_cmp(name, wb_slice_str(p->name));
        if (order == 0)
            return wb_slice_is(path, p->path) ? p : NULL;
        if (order < 0)
            hi = lo + (hi - lo) / 2;
        else
            lo += (hi - lo) / 2 + 1;
    }
    return NULL;
}
