"""Custom resources by a function with inline code, and functions whose package lies in a bucket."""
import io
import json
import time
import zipfile

from waybill_server import Waybill

CODE = """
import cfnresponse

def handler(event, context):
    p = event["ResourceProperties"]
    if p.get("Fail"):
        cfnresponse.send(event, context, cfnresponse.FAILED, {}, "failed", reason="as asked")
    else:
        cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Size": p["Size"], "Type": event["RequestType"]}, "thing-" + p["Size"])
"""
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def template(size, **more):
    return json.dumps({
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {
                "Runtime": "python3.11", "Handler": "index.handler", "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": {"ZipFile": CODE}}},
            "Thing": {"Type": "Custom::Thing", "Properties": dict(ServiceToken={"Fn::GetAtt": ["Function", "Arn"]}, Size=size, **more)}},
        "Outputs": {"Id": {"Value": {"Ref": "Thing"}}, "Size": {"Value": {"Fn::GetAtt": ["Thing", "Size"]}}, "Type": {"Value": {"Fn::GetAtt": ["Thing", "Type"]}}}})


def settled(cfn, name):
    for _ in range(150):
        stack = cfn.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            return stack
        time.sleep(0.1)
    raise AssertionError(f"{name} stays {stack['StackStatus']}")


def outputs(stack):
    return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}


def custom(w):
    cfn = w.client("cloudformation")
    caps = ["CAPABILITY_IAM"]
    cfn.create_stack(StackName="custom", TemplateBody=template(3), Capabilities=caps)
    stack = settled(cfn, "custom")
    assert stack["StackStatus"] == "CREATE_COMPLETE", cfn.describe_stack_events(StackName="custom")["StackEvents"]
    assert outputs(stack) == {"Id": "thing-3", "Size": "3", "Type": "Create"}, stack
    cfn.update_stack(StackName="custom", TemplateBody=template(4), Capabilities=caps)
    stack = settled(cfn, "custom")
    assert stack["StackStatus"] == "UPDATE_COMPLETE" and outputs(stack)["Id"] == "thing-4", stack
    cfn.update_stack(StackName="custom", TemplateBody=template(5, Fail=True), Capabilities=caps)
    stack = settled(cfn, "custom")
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", stack
    reasons = [e.get("ResourceStatusReason", "") for e in cfn.describe_stack_events(StackName="custom")["StackEvents"]]
    assert any("Message returned: as asked" in r for r in reasons), reasons
    cfn.delete_stack(StackName="custom")
    assert settled(cfn, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def package_in_bucket(w):
    s3, fn, iam = w.client("s3"), w.client("lambda"), w.client("iam")
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as z:
        z.writestr("index.py", "def handler(event, context):\n    return event['n'] + 1\n")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    s3.create_bucket(Bucket="packages")
    s3.put_object(Bucket="packages", Key="a.zip", Body=body.getvalue())
    f = fn.create_function(FunctionName="f", Runtime="python3.11", Handler="index.handler", Role=role, Code={"S3Bucket": "packages", "S3Key": "a.zip"})
    assert f["CodeSize"] == len(body.getvalue())
    assert json.load(fn.invoke(FunctionName="f", Payload=b'{"n": 1}')["Payload"]) == 2
    assert fn.invoke_async(FunctionName="f", InvokeArgs=b'{"n": 1}')["Status"] == 202
    try:
        fn.update_function_code(FunctionName="f", S3Bucket="packages", S3Key="b.zip")
        raise AssertionError("a package that is not there")
    except fn.exceptions.InvalidParameterValueException as e:
        assert "S3 Error Code: NoSuchKey" in str(e), e


def main():
    with Waybill() as w:
        custom(w)
        package_in_bucket(w)


main()
