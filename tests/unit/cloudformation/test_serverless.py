#!/usr/bin/env python3
"""AWS::Serverless, compared with aws-sam-translator where that is installed. What is made for a
function with an S3 event differs on purpose: a bucket waits for a permission also when the function
has a condition, since a dependency on what is left out is none."""

import json
import os
import sys

from evaluator import Evaluator

FUNCTION = {"Runtime": "python3.11", "Handler": "index.h", "InlineCode": "def h(e, c): pass"}
OTHERS = {"Topic": {"Type": "AWS::SNS::Topic"}, "B": {"Type": "AWS::S3::Bucket"},
          "T": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
          "MP": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {}}},
          "Rl": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}}


def function(**more):
    return {"Type": "AWS::Serverless::Function", "Properties": dict(FUNCTION, **more)}


def event(kind, **properties):
    return {"E": {"Type": kind, "Properties": properties}}


ARN = {"Fn::GetAtt": ["Topic", "TopicName"]}
# Each: resources that are added to OTHERS, or (resources, other sections).
CASES = {
    "plain": {"F": function()},
    "everything that goes on": {"F": function(
        FunctionName="f", Description="d", MemorySize=256, Timeout=9, Environment={"Variables": {"A": "b"}},
        ReservedConcurrentExecutions=2, EphemeralStorage={"Size": 1024}, Architectures=["arm64"],
        KmsKeyArn="arn:k", Tags={"a": "b", "c": {"Ref": "Topic"}}, Tracing="Active")},
    "own role": {"F": function(Role={"Fn::GetAtt": ["Rl", "Arn"]})},
    "role's parts": {"F": function(RolePath="/x/", PermissionsBoundary="arn:pb",
                                   AssumeRolePolicyDocument={"Statement": []})},
    "network": {"F": function(VpcConfig={"SubnetIds": ["a"], "SecurityGroupIds": ["b"]})},
    "code in a bucket": {"F": {"Type": "AWS::Serverless::Function", "Properties": {
        "Runtime": "python3.11", "Handler": "a.b", "CodeUri": "s3://bkt/dir/key.zip"}}},
    "code in a bucket, with version": {"F": {"Type": "AWS::Serverless::Function", "Properties": {
        "Runtime": "python3.11", "Handler": "a.b", "CodeUri": {"Bucket": "b", "Key": "k", "Version": "v"}}}},
    "policies": {"F": function(Policies=[
        {"DynamoDBCrudPolicy": {"TableName": {"Ref": "T"}}}, "AWSLambdaExecute",
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]},
        {"Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}},
        {"Ref": "MP"}, "arn:aws:iam::aws:policy/ReadOnlyAccess"])},
    "one policy": {"F": function(Policies="AWSLambdaExecute")},
    "policy templates": {"F": function(Policies=[
        {"CloudFormationDescribeStacksPolicy": {}}, {"CloudWatchDashboardPolicy": {}},
        {"CloudWatchDescribeAlarmHistoryPolicy": {}}, {"CloudWatchPutMetricPolicy": {}},
        {"DynamoDBReadPolicy": {"TableName": "t"}}, {"DynamoDBWritePolicy": {"TableName": "t"}},
        {"DynamoDBReconfigurePolicy": {"TableName": "t"}}, {"EventBridgePutEventsPolicy": {"EventBusName": "b"}},
        {"FilterLogEventsPolicy": {"LogGroupName": "g"}}, {"LambdaInvokePolicy": {"FunctionName": "f"}},
        {"S3CrudPolicy": {"BucketName": "b"}}, {"S3FullAccessPolicy": {"BucketName": "b"}},
        {"S3ReadPolicy": {"BucketName": "b"}}, {"S3WritePolicy": {"BucketName": "b"}},
        {"SNSCrudPolicy": {"TopicName": ARN}}, {"SNSPublishMessagePolicy": {"TopicName": ARN}},
        {"SSMParameterReadPolicy": {"ParameterName": "p"}},
        {"SSMParameterWithSlashPrefixReadPolicy": {"ParameterName": "/p"}}])},
    "dead letters": {"F": function(DeadLetterQueue={"Type": "SNS", "TargetArn": {"Ref": "Topic"}})},
    "asynchronous calls": {"F": function(
        EventInvokeConfig={"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60, "DestinationConfig": {
            "OnFailure": {"Type": "SNS", "Destination": {"Ref": "Topic"}},
            "OnSuccess": {"Type": "EventBridge", "Destination": "arn:bus"}}})},
    "schedule": {"F": function(Events=event(
        "Schedule", Schedule="rate(1 minute)", Input='{"a": 1}', Enabled=False, Name="n", Description="d",
        DeadLetterConfig={"Arn": "arn:q"}, RetryPolicy={"MaximumRetryAttempts": 3}))},
    "rule": {"F": function(Events=event(
        "EventBridgeRule", EventBusName="bus", Pattern={"source": ["a"]}, InputPath="$.detail", State="ENABLED",
        RuleName="r", Target={"Id": "t1"}, RetryPolicy={"MaximumEventAgeInSeconds": 60}))},
    "event": {"F": function(Events=event("CloudWatchEvent", Pattern={"source": ["a"]}, Input="x"))},
    "topic": {"F": function(Events=event("SNS", Topic={"Ref": "Topic"}, FilterPolicy={"x": ["y"]},
                                         FilterPolicyScope="MessageBody"))},
    "bucket": {"F": function(Events=event("S3", Bucket={"Ref": "B"}, Events=["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                                          Filter={"S3Key": {"Rules": [{"Name": "prefix", "Value": "x"}]}}))},
    "condition": ({"F": dict(function(Events=event("Schedule", Schedule="rate(1 minute)")), Condition="C",
                             DependsOn="Topic", Metadata={"m": "n"}, DeletionPolicy="Retain")},
                  {"Conditions": {"C": {"Fn::Equals": ["a", "a"]}}}),
    "globals": ({"F": function(Environment={"Variables": {"L": "l", "G": "mine"}}, Tags={"a": "b"}, Timeout=3),
                 "G": function(Layers=["y"])},
                {"Globals": {"Function": {"Timeout": 7, "MemorySize": 512, "Layers": ["x"],
                                          "Environment": {"Variables": {"G": "g"}}, "Tags": {"team": "x"}}}}),
    "table": {"S": {"Type": "AWS::Serverless::SimpleTable"}},
    "table with all": {"S": {"Type": "AWS::Serverless::SimpleTable", "Properties": {
        "PrimaryKey": {"Name": "k", "Type": "Number"}, "TableName": "tt", "Tags": {"a": "b"},
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
        "SSESpecification": {"SSEEnabled": True}}}},
}
START = "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification " \
        "document. Number of errors found: 1. Resource with id [F] is invalid. "
REFUSED = {
    "The type AWS::Serverless::Api is not supported here.": {"F": {"Type": "AWS::Serverless::Api"}},
    "The type AWS::Serverless::Connector is not supported here.": {"F": {"Type": "AWS::Serverless::Connector"}},
    "Event with id [E] is invalid. Events of type SQS are not supported here.":
        {"F": function(Events=event("SQS", Queue="arn:q"))},
    "Event with id [E] is invalid. Events of type HttpApi are not supported here.": {"F": function(Events=event("HttpApi"))},
    "Event with id [E] is invalid. S3 events must reference an S3 bucket in the same template.":
        {"F": function(Events=event("S3", Bucket="b", Events="s3:ObjectCreated:*"))},
    "Event with id [E] is invalid. Missing required property 'Schedule'.": {"F": function(Events=event("Schedule"))},
    "The policy template 'KinesisCrudPolicy' is not known here.": {"F": function(Policies=[{"KinesisCrudPolicy": {"StreamName": "s"}}])},
    "'InlineCode' or 'CodeUri' must be set.": {"F": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "x.y"}}},
    "'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.":
        {"F": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "x.y", "CodeUri": "./src"}}},
    "Property 'AutoPublishAlias' of AWS::Serverless::Function is not supported here.": {"F": function(AutoPublishAlias="live")},
    "Transforming it would make the logical id FRole twice.": {"F": function(), "FRole": {"Type": "AWS::SNS::Topic"}},
}


def template(case):
    resources, more = case if isinstance(case, tuple) else (case, {})
    return dict(more, Transform="AWS::Serverless-2016-10-31", Resources=dict(OTHERS, **resources))


def translated(case):
    from samtranslator.translator.transform import transform

    class Loader:
        def load(self):
            return {"AWSLambdaExecute": "arn:aws:iam::aws:policy/AWSLambdaExecute"}

    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    out = transform(json.loads(json.dumps(template(case))), {}, Loader())
    return json.loads(json.dumps(out))


def main():
    program = Evaluator()
    try:
        import samtranslator  # noqa: F401
        compare = True
    except ImportError:
        print("aws-sam-translator is not installed: only evaluated, not compared")
        compare = False
    for name, case in CASES.items():
        got = program(template(case))
        if "error" in got:
            sys.exit(f"{name}: {got['error']}")
        want = translated(case)["Resources"] if compare else {}
        for one in want:
            if got["processed"]["Resources"].get(one) != want[one]:
                sys.exit(f"{name}: {one}\n got  {json.dumps(got['processed']['Resources'].get(one))}\n want {json.dumps(want[one])}")
        if compare and sorted(got["processed"]["Resources"]) != sorted(want):
            sys.exit(f"{name}: {sorted(got['processed']['Resources'])}\n{sorted(want)}")
    for text, case in REFUSED.items():
        got = program(template(case))
        if got.get("error") != START + text:
            sys.exit(f"{got}\n want {START + text}")
    program.close()


main()
