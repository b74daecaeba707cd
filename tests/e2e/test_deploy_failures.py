"""What is wrong with a template or happens in the middle of a deployment: told with its reason, and nothing is left behind."""
import json

from waybill_server import Waybill, policy, refused, wait_for

TRUST = json.loads(policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}))
BUCKET = "templates"


def settled(w, name):
    """The status, once it is final."""
    def status():
        s = w.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        return not s.endswith("IN_PROGRESS") and s
    return wait_for(status, seconds=60)


def events(w, name):
    """(resource, status, reason), oldest first."""
    pages = w.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=name)
    return [(e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason", "")) for p in pages for e in p["StackEvents"]][::-1]


def resource(kind, properties, *depends):
    return {"Type": kind, "Properties": properties, **({"DependsOn": list(depends)} if depends else {})}


def create(w, name, resources, **more):
    return w.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}), Capabilities=["CAPABILITY_NAMED_IAM"], **more)


def missing_code(w):
    """A function whose package was never uploaded: its own failure, the role before it goes again, nothing after it is made."""
    function = {"Handler": "index.handler", "Runtime": "python3.11", "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": {"S3Bucket": BUCKET, "S3Key": "none.zip"}}
    before = len(w.client("iam").list_roles()["Roles"])
    create(w, "code", {"Role": resource("AWS::IAM::Role", {"AssumeRolePolicyDocument": TRUST}), "Function": resource("AWS::Lambda::Function", function),
                       "After": resource("AWS::SNS::Topic", {}, "Function")})
    assert settled(w, "code") == "ROLLBACK_COMPLETE"
    story = events(w, "code")
    failed = [e for e in story if e[1] == "CREATE_FAILED"]
    assert [e[0] for e in failed] == ["Function"], failed
    assert "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist." in failed[0][2], failed
    assert ("Role", "DELETE_COMPLETE", "") in story and not any(e[0] == "After" for e in story), story
    assert not w.client("lambda").list_functions()["Functions"] and len(w.client("iam").list_roles()["Roles"]) == before
    del function["Code"]
    said = refused("ValidationError", create, w=w, name="nocode", resources={"Function": resource("AWS::Lambda::Function", {**function, "Role": "x"})})
    assert "Code" in said and "Function" in said, said


def middle(w):
    """Seven services, then a resource that exists already: all of it goes again, in reverse, and the foreign one stays as it was."""
    ssm = w.client("ssm")
    ssm.put_parameter(Name="/middle/taken", Value="mine", Type="String")
    key = {"AttributeName": "id"}
    create(w, "middle", {
        "Table": resource("AWS::DynamoDB::Table", {"TableName": "middle", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{**key, "KeyType": "HASH"}],
                                                   "AttributeDefinitions": [{**key, "AttributeType": "S"}]}),
        "Topic": resource("AWS::SNS::Topic", {"TopicName": "middle"}, "Table"),
        "Bus": resource("AWS::Events::EventBus", {"Name": "middle"}, "Topic"),
        "Rule": resource("AWS::Events::Rule", {"EventBusName": {"Ref": "Bus"}, "EventPattern": {"source": ["x"]}, "Targets": [{"Id": "t", "Arn": {"Ref": "Topic"}}]}),
        "Group": resource("AWS::Logs::LogGroup", {"LogGroupName": "middle", "RetentionInDays": 7}, "Rule"),
        "Bucket": resource("AWS::S3::Bucket", {"BucketName": "middle"}, "Group"),
        "Role": resource("AWS::IAM::Role", {"RoleName": "middle", "AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]}, "Bucket"),
        "Function": resource("AWS::Lambda::Function", {"FunctionName": "middle", "Runtime": "python3.11", "Handler": "index.f", "Code": {"ZipFile": "def f(e, c): pass"},
                                                       "Role": {"Fn::GetAtt": ["Role", "Arn"]}}),
        "Alarm": resource("AWS::CloudWatch::Alarm", {"AlarmName": "middle", "Namespace": "n", "MetricName": "m", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
                                                     "Statistic": "Sum", "ComparisonOperator": "GreaterThanThreshold"}, "Function"),
        "Taken": resource("AWS::SSM::Parameter", {"Name": "/middle/taken", "Type": "String", "Value": "theirs"}, "Alarm")})
    assert settled(w, "middle") == "ROLLBACK_COMPLETE", events(w, "middle")
    story = events(w, "middle")
    failed = [e for e in story if e[1] == "CREATE_FAILED"]
    assert [e[0] for e in failed] == ["Taken"] and "AlreadyExists" in failed[0][2], failed
    assert ("middle", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Taken]. Rollback requested by user.") in story, story
    made = ["Table", "Topic", "Bus", "Rule", "Group", "Bucket", "Role", "Function", "Alarm"]
    assert [e[0] for e in story if e[1] == "CREATE_COMPLETE"] == made, story
    assert [e[0] for e in story if e[1] == "DELETE_COMPLETE"] == made[::-1], story
    left = [w.client("dynamodb").list_tables()["TableNames"], w.client("sns").list_topics()["Topics"], w.client("events").list_event_buses(NamePrefix="middle")["EventBuses"],
            w.client("logs").describe_log_groups(logGroupNamePrefix="middle")["logGroups"], [b for b in w.client("s3").list_buckets()["Buckets"] if b["Name"] == "middle"],
            [r for r in w.client("iam").list_roles()["Roles"] if r["RoleName"] == "middle"], w.client("lambda").list_functions()["Functions"],
            w.client("cloudwatch").describe_alarms()["MetricAlarms"]]
    assert not any(left), left
    assert ssm.get_parameter(Name="/middle/taken")["Parameter"]["Value"] == "mine"


def refusals(w):
    c = w.client("cloudformation")

    def no(text, body=None, **more):
        said = refused("ValidationError", c.create_stack, StackName="no", **({"TemplateBody": body} if body is not None else more))
        assert text in said, said
    no("Unrecognized resource types: [AWS::EC2::Instance, Nobody::Knows::This]", json.dumps(
        {"Resources": {"A": {"Type": "AWS::EC2::Instance"}, "T": {"Type": "AWS::SNS::Topic"}, "B": {"Type": "Nobody::Knows::This"}}}))
    ring = {n: {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": to}}} for n, to in (("A", "B"), ("B", "C"), ("C", "A"))}
    no("Circular dependency between resources: [A, B, C]", json.dumps({"Resources": ring}))
    no("Unresolved resource dependencies [Nowhere] in the Resources block of the template", "Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Nowhere}}}")
    # each line stands for ten of the line before: 10^9 nodes from 400 bytes
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9))
    no("Template", "Resources: {T: {Type: AWS::SNS::Topic}}\nMetadata:\n" + "".join("  " + line + "\n" for line in bomb.splitlines()))
    no("Template", "Resources: " + "[" * 5000)
    no("Template", "Resources: {T: {Type: AWS::SNS::Topic}")
    no("Template", " ")
    many = {f"T{i}": {"Type": "AWS::SNS::Topic"} for i in range(501)}
    no("500", json.dumps({"Resources": many}))
    assert not [s for s in c.list_stacks()["StackSummaries"] if s["StackName"] == "no"]


def by_url(w):
    """1 MB by TemplateURL: the largest there is, with 500 resources; one byte more is refused."""
    c, s3 = w.client("cloudformation"), w.client("s3")
    resources = {f"P{i}": resource("AWS::SSM::Parameter", {"Name": f"/url/{i}", "Type": "String", "Value": f"{{{i}}}"}) for i in range(500)}
    body = json.dumps({"Resources": resources, "Metadata": {"fill": ""}})
    body = body.replace('"fill": ""', '"fill": "' + "x" * (1000000 - len(body)) + '"')
    assert len(body) == 1000000
    s3.put_object(Bucket=BUCKET, Key="large.json", Body=body.encode())
    s3.put_object(Bucket=BUCKET, Key="larger.json", Body=(body + " ").encode())
    url = f"{w.url}/{BUCKET}/larger.json"
    assert "Template may not exceed 1000000 bytes in size." in refused("ValidationError", c.create_stack, StackName="url", TemplateURL=url)
    c.create_stack(StackName="url", TemplateURL=f"{w.url}/{BUCKET}/large.json")
    assert settled(w, "url") == "CREATE_COMPLETE"
    assert len(w.client("ssm").get_parameters_by_path(Path="/url", MaxResults=10)["Parameters"]) == 10
    assert c.get_template(StackName="url")["TemplateBody"] == json.loads(body)
    c.delete_stack(StackName="url")
    wait_for(lambda: not [s for s in c.describe_stacks()["Stacks"] if s["StackName"] == "url"], seconds=60)
    assert not w.client("ssm").get_parameters_by_path(Path="/url")["Parameters"]


def main():
    with Waybill() as w:
        w.client("s3").create_bucket(Bucket=BUCKET)
        for part in (missing_code, middle, refusals, by_url):
            part(w)
            print(part.__name__, flush=True)
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout


main()
