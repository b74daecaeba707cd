"""Stacks, what goes wrong: an update cancelled, a rollback that fails and is resumed or skipped, deletion by force; roles, notifications, imports."""
import email
import email.policy
import glob
import json
import os
import re
import urllib.request

from test_cloudformation import happened, parameter, settled, stack, story
from waybill_server import Waybill, allow, refused, wait_for

ACCOUNT = "000000000000"
PLAIN = """
Parameters: {Text: {Type: String, Default: first}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref AWS::StackName, DisplayName: !Ref Text}}
"""
# Once the topic is changed it waits for a signal, so that what happens meanwhile is the test's choice.
WAITS = PLAIN + """
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Wait: {Type: AWS::CloudFormation::WaitCondition, DependsOn: Topic, Properties: {Handle: !Ref Handle, Timeout: 600}}
"""


def topic(name):
    return f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}"


def waiting(w, name, make, **args):
    make(StackName=name, **args)
    wait_for(lambda: ("Wait", "CREATE_IN_PROGRESS") in happened(w, name))


def signal(w, name, status):
    url = w.client("cloudformation").describe_stack_resource(StackName=name, LogicalResourceId="Handle")["StackResourceDetail"]["PhysicalResourceId"]
    body = json.dumps({"Status": status, "Reason": "the test says so", "UniqueId": "1", "Data": "d"}).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, method="PUT"), timeout=30).read()


def newer(client, operation, **more):
    """Members that this botocore does not know yet."""
    client.meta.events.register(f"before-call.cloudformation.{operation}", lambda params, **k: params["body"].update(more))
    return client


def display(w, name):
    return w.client("sns").get_topic_attributes(TopicArn=topic(name))["Attributes"]["DisplayName"]


def cancelled(w):
    c = w.client("cloudformation")
    c.create_stack(StackName="cancel", TemplateBody=PLAIN)
    refused("ValidationError", c.cancel_update_stack, StackName="cancel")
    waiting(w, "cancel", c.update_stack, TemplateBody=WAITS, Parameters=[parameter("Text", "second")])
    assert display(w, "cancel") == "second"
    c.cancel_update_stack(StackName="cancel")
    assert settled(w, "cancel")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", story(w, "cancel")
    assert display(w, "cancel") == "first"
    events = story(w, "cancel")
    assert ("Wait", "CREATE_FAILED", "Resource creation cancelled") in events
    assert ("Handle", "DELETE_COMPLETE", "") in events and not any(e[0] == "Topic" and "DELETE" in e[1] for e in events)
    assert {r["LogicalResourceId"] for r in c.list_stack_resources(StackName="cancel")["StackResourceSummaries"]} == {"Topic"}
    assert c.get_template(StackName="cancel")["TemplateBody"] == PLAIN
    c.delete_stack(StackName="cancel")


def stuck(w, name):
    """An update whose rollback fails: the topic that it would change back is gone."""
    c = w.client("cloudformation")
    c.create_stack(StackName=name, TemplateBody=PLAIN)
    waiting(w, name, c.update_stack, TemplateBody=WAITS, Parameters=[parameter("Text", "second")])
    w.client("sns").delete_topic(TopicArn=topic(name))
    signal(w, name, "FAILURE")
    assert settled(w, name)["StackStatus"] == "UPDATE_ROLLBACK_FAILED", story(w, name)
    events = story(w, name)
    assert any(e[:2] == ("Wait", "CREATE_FAILED") and "the test says so" in e[2] for e in events), events
    assert any(e[:2] == ("Topic", "UPDATE_FAILED") and "HandlerErrorCode: NotFound" in e[2] for e in events), events
    assert events[-1] == (name, "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Topic]."), events[-1]
    assert "UPDATE_ROLLBACK_FAILED state and can not be updated" in refused("ValidationError", c.update_stack, StackName=name, TemplateBody=WAITS)
    return c


def continued(w):
    c = stuck(w, "resumed")
    c.continue_update_rollback(StackName="resumed")  # nothing is better yet
    assert settled(w, "resumed")["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    w.client("sns").create_topic(Name="resumed")
    c.continue_update_rollback(StackName="resumed")
    assert settled(w, "resumed")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", story(w, "resumed")
    assert display(w, "resumed") == "first"
    refused("ValidationError", c.continue_update_rollback, StackName="resumed")
    c.delete_stack(StackName="resumed")

    c = stuck(w, "skipped")
    assert "cannot be skipped" in refused("ValidationError", c.continue_update_rollback, StackName="skipped", ResourcesToSkip=["Handle"])
    assert stack(w, "skipped")["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    c.continue_update_rollback(StackName="skipped", ResourcesToSkip=["Topic"])
    assert settled(w, "skipped")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", story(w, "skipped")
    assert [r["LogicalResourceId"] for r in c.list_stack_resources(StackName="skipped")["StackResourceSummaries"]] == ["Topic"]
    assert stack(w, "skipped")["Parameters"] == [parameter("Text", "first")]
    c.delete_stack(StackName="skipped")
    wait_for(lambda: not c.describe_stacks()["Stacks"])


def forced(w):
    """A creation whose rollback cannot delete a bucket; it goes when it is empty, is kept, or by force."""
    c, s3 = w.client("cloudformation"), w.client("s3")
    body = """
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref AWS::StackName}}
  Other: {Type: AWS::SNS::Topic}
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Wait: {Type: AWS::CloudFormation::WaitCondition, DependsOn: [Bucket, Other], Properties: {Handle: !Ref Handle, Timeout: 600}}
"""
    for name in ("full", "left", "forced"):
        waiting(w, name, c.create_stack, TemplateBody=body)
        s3.put_object(Bucket=name, Key="k", Body=b"x")
        signal(w, name, "FAILURE")
        s = settled(w, name)
        assert (s["StackStatus"], s["StackStatusReason"]) == ("ROLLBACK_FAILED", "The following resource(s) failed to delete: [Bucket]."), story(w, name)
        assert any(e[:2] == ("Bucket", "DELETE_FAILED") and "not empty" in e[2] for e in story(w, name)), story(w, name)
        assert ("Other", "DELETE_COMPLETE") in happened(w, name)
        c.delete_stack(StackName=name)
        assert settled(w, name)["StackStatus"] == "DELETE_FAILED"
    s3.delete_object(Bucket="full", Key="k")
    arn = stack(w, "full")["StackId"]
    c.delete_stack(StackName="full")
    wait_for(lambda: stack(w, arn)["StackStatus"] == "DELETE_COMPLETE")
    arn = stack(w, "left")["StackId"]
    c.delete_stack(StackName="left", RetainResources=["Bucket"])
    wait_for(lambda: stack(w, arn)["StackStatus"] == "DELETE_COMPLETE")
    arn = stack(w, "forced")["StackId"]
    newer(w.client("cloudformation"), "DeleteStack", DeletionMode="FORCE_DELETE_STACK").delete_stack(StackName="forced")
    wait_for(lambda: stack(w, arn)["StackStatus"] == "DELETE_COMPLETE")
    assert ("Bucket", "DELETE_SKIPPED") in happened(w, arn), story(w, arn)
    assert [b["Name"] for b in s3.list_buckets()["Buckets"] if not b["Name"].startswith("cdk-")] == ["forced", "left"]
    refused("ValidationError", newer(w.client("cloudformation"), "DeleteStack", DeletionMode="GENTLY").delete_stack, StackName="forced")


def adopted(w):
    c, ssm = w.client("cloudformation"), w.client("ssm")
    ssm.put_parameter(Name="/there", Type="String", Value="mine")
    body = """
Resources:
  There: {Type: AWS::SSM::Parameter, DeletionPolicy: RetainExceptOnCreate, Properties: {Name: /there, Type: String, Value: mine}}
  New: {Type: AWS::SSM::Parameter, Properties: {Name: /new, Type: String, Value: !Ref There}}
"""
    newer(w.client("cloudformation"), "CreateChangeSet", ImportExistingResources="true").create_change_set(
        StackName="adopt", ChangeSetName="take", ChangeSetType="CREATE", TemplateBody=body)
    changes = c.describe_change_set(StackName="adopt", ChangeSetName="take")["Changes"]
    assert {x["ResourceChange"]["LogicalResourceId"]: x["ResourceChange"]["Action"] for x in changes} == {"There": "Import", "New": "Add"}
    c.execute_change_set(StackName="adopt", ChangeSetName="take")
    assert settled(w, "adopt")["StackStatus"] == "CREATE_COMPLETE", story(w, "adopt")
    assert ("There", "IMPORT_COMPLETE") in happened(w, "adopt") and ("New", "CREATE_COMPLETE") in happened(w, "adopt")
    assert ssm.get_parameter(Name="/there")["Parameter"]["Version"] == 1
    c.delete_stack(StackName="adopt")
    wait_for(lambda: not c.describe_stacks()["Stacks"])
    assert ssm.get_parameter(Name="/there")["Parameter"]["Value"] == "mine"
    refused("ParameterNotFound", ssm.get_parameter, Name="/new")


def bodies(w):
    """Of the mails so far."""
    texts = []
    for path in sorted(glob.glob(os.path.join(w.data, "outbox", "*.eml"))):
        with open(path, "rb") as f:
            texts.append(email.message_from_binary_file(f, policy=email.policy.default).get_content())
    return texts


def told(w):
    """Events of a stack, at a topic it names and on the default bus."""
    c, sns, events = w.client("cloudformation"), w.client("sns"), w.client("events")
    arn = sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.test")
    text = wait_for(lambda: bodies(w))[0]
    w.page(re.search(r"http://\S*/_waybill/confirm-subscription\?\S+", text).group(0).replace(w.url, ""))
    own = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    own["Statement"].append({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": arn})
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(own))
    events.put_rule(Name="stacks", EventPattern=json.dumps({"source": ["aws.cloudformation"], "detail": {"status-details": {"status": ["CREATE_COMPLETE"]}}}))
    events.put_targets(Rule="stacks", Targets=[{"Id": "1", "Arn": arn}])
    assert "Invalid notification ARN" in refused("ValidationError", c.create_stack, StackName="told", TemplateBody=PLAIN, NotificationARNs=["arn:aws:sqs:x"])
    c.create_stack(StackName="other", TemplateBody=PLAIN.replace("!Ref AWS::StackName", "more"), NotificationARNs=[arn])
    assert stack(w, "other")["NotificationARNs"] == [arn]

    def arrived():
        texts = bodies(w)
        lines = [t for t in texts if "StackName='other'" in t]
        buses = [json.loads(t[:t.rindex("}") + 1].strip().split("\n")[0]) for t in texts if t.lstrip().startswith("{")]
        return (lines, buses) if len(lines) >= 5 and len(buses) >= 2 else None
    lines, buses = wait_for(arrived)
    assert all(f"StackId='{stack(w, 'other')['StackId']}'" in t for t in lines)
    assert any("LogicalResourceId='Topic'" in t and "ResourceStatus='CREATE_COMPLETE'" in t and f"PhysicalResourceId='{topic('more')}'" in t for t in lines)
    by_type = {b["detail-type"]: b for b in buses}
    assert set(by_type) == {"CloudFormation Stack Status Change", "CloudFormation Resource Status Change"}, by_type
    assert by_type["CloudFormation Resource Status Change"]["detail"]["logical-resource-id"] == "Topic"
    assert by_type["CloudFormation Stack Status Change"]["resources"] == [stack(w, "other")["StackId"]]
    c.delete_stack(StackName="other")
    events.remove_targets(Rule="stacks", Ids=["1"])
    events.delete_rule(Name="stacks")
    sns.delete_topic(TopicArn=arn)


def roles(w):
    role = w.role("deployer", allow("sns:*"), service="cloudformation.amazonaws.com")
    w.role("other")  # trusts Lambda
    nobody = w.user("nobody", allow("cloudformation:*"))("cloudformation")
    text = refused("AccessDenied", nobody.create_stack, StackName="roles", TemplateBody=PLAIN, RoleARN=role)
    assert "iam:PassRole" in text and role in text, text
    c = w.user("passes", allow("cloudformation:*"), allow("iam:PassRole", role))("cloudformation")
    assert "iam:PassRole" in refused("AccessDenied", c.create_stack, StackName="roles", TemplateBody=PLAIN, RoleARN=role.replace("deployer", "other"))
    both = PLAIN + "  Where: {Type: AWS::SSM::Parameter, DependsOn: Topic, Properties: {Name: /where, Type: String, Value: x}}\n"
    c.create_stack(StackName="roles", TemplateBody=both, RoleARN=role)
    assert settled(w, "roles")["StackStatus"] == "ROLLBACK_COMPLETE", story(w, "roles")
    why = next(e[2] for e in story(w, "roles") if e[:2] == ("Where", "CREATE_FAILED"))
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/AWSCloudFormation is not authorized to perform: ssm:PutParameter on resource: " \
           f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/where" in why and "HandlerErrorCode: AccessDenied" in why, why
    assert ("Topic", "CREATE_COMPLETE") in happened(w, "roles") and ("Topic", "DELETE_COMPLETE") in happened(w, "roles")
    c.delete_stack(StackName="roles")
    # with the role the caller needs no rights of its own, without it these count
    c.create_stack(StackName="roles", TemplateBody=PLAIN, RoleARN=role)
    s = settled(w, "roles")
    assert (s["StackStatus"], s["RoleARN"]) == ("CREATE_COMPLETE", role), story(w, "roles")
    c.update_stack(StackName="roles", UsePreviousTemplate=True, Parameters=[parameter("Text", "kept role")])
    assert settled(w, "roles")["StackStatus"] == "UPDATE_COMPLETE" and display(w, "roles") == "kept role"
    c.delete_stack(StackName="roles")
    wait_for(lambda: not c.describe_stacks()["Stacks"])
    nobody.create_stack(StackName="own", TemplateBody=PLAIN)
    assert settled(w, "own")["StackStatus"] == "ROLLBACK_COMPLETE"
    why = next(e[2] for e in story(w, "own") if e[:2] == ("Topic", "CREATE_FAILED"))
    assert "user/nobody is not authorized to perform: sns:" in why and topic("own") in why, why
    nobody.delete_stack(StackName="own")
    # a role that does not trust CloudFormation
    root = w.client("cloudformation")
    assert "cannot be assumed" in refused("ValidationError", root.create_stack, StackName="x", TemplateBody=PLAIN, RoleARN=role.replace("deployer", "other"))


def move(w, seconds):
    w.page("/_waybill/clock", json.dumps({"advance_ms": seconds * 1000}).encode(), "POST")


def triggers(w):
    """Alarms that roll back: in ALARM during the operation, or in the time after it; missing ones."""
    c, cw = w.client("cloudformation"), w.client("cloudwatch")
    cw.put_metric_alarm(AlarmName="bad", Namespace="N", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
                        ComparisonOperator="GreaterThanThreshold")
    alarm = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:bad"

    def config(arn=alarm, minutes=0, kind="AWS::CloudWatch::Alarm"):
        return {"RollbackTriggers": [{"Arn": arn, "Type": kind}], "MonitoringTimeInMinutes": minutes}
    assert "is not supported" in refused("ValidationError", c.create_stack, StackName="t", TemplateBody=PLAIN, RollbackConfiguration=config(kind="AWS::SNS::Topic"))
    assert "not an alarm's" in refused("ValidationError", c.create_stack, StackName="t", TemplateBody=PLAIN, RollbackConfiguration=config(arn=topic("x")))
    refused("ValidationError", c.create_stack, StackName="t", TemplateBody=PLAIN, RollbackConfiguration={"MonitoringTimeInMinutes": 181})
    c.create_stack(StackName="missing", TemplateBody=PLAIN, RollbackConfiguration=config(arn=alarm + "-not"))
    assert settled(w, "missing")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(e[1] == "ROLLBACK_IN_PROGRESS" and f"{alarm}-not does not exist." in e[2] for e in story(w, "missing")), story(w, "missing")

    # created, it is watched for five minutes more
    c.create_change_set(StackName="watched", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=PLAIN, RollbackConfiguration=config(minutes=5))
    assert c.describe_change_set(StackName="watched", ChangeSetName="c")["RollbackConfiguration"] == config(minutes=5)
    c.execute_change_set(StackName="watched", ChangeSetName="c")
    wait_for(lambda: ("Topic", "CREATE_COMPLETE") in happened(w, "watched"))
    move(w, 200)
    assert stack(w, "watched")["StackStatus"] == "CREATE_IN_PROGRESS"
    move(w, 101)
    assert settled(w, "watched")["StackStatus"] == "CREATE_COMPLETE", story(w, "watched")
    assert stack(w, "watched")["RollbackConfiguration"] == config(minutes=5)
    # kept for updates: the alarm rings in the time after one
    c.update_stack(StackName="watched", UsePreviousTemplate=True, Parameters=[parameter("Text", "second")])
    wait_for(lambda: ("Topic", "UPDATE_COMPLETE") in happened(w, "watched"))
    assert display(w, "watched") == "second" and stack(w, "watched")["StackStatus"] == "UPDATE_IN_PROGRESS"
    w.kill()
    w.start()
    w.client("cloudwatch").set_alarm_state(AlarmName="bad", StateValue="ALARM", StateReason="the test says so")
    assert settled(w, "watched")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", story(w, "watched")
    assert display(w, "watched") == "first"
    assert ("watched", "UPDATE_ROLLBACK_IN_PROGRESS", f"Rollback trigger {alarm} is in ALARM state.") in story(w, "watched")
    # another configuration in its place
    c.update_stack(StackName="watched", UsePreviousTemplate=True, Parameters=[parameter("Text", "third")], RollbackConfiguration={"RollbackTriggers": []})
    assert settled(w, "watched")["StackStatus"] == "UPDATE_COMPLETE" and display(w, "watched") == "third"
    for name in ("missing", "watched"):
        c.delete_stack(StackName=name)
    wait_for(lambda: not c.describe_stacks()["Stacks"])


def same_address(w):
    """A nested stack whose template is another one at the same address."""
    c, s3 = w.client("cloudformation"), w.client("s3")
    s3.create_bucket(Bucket="nested")
    s3.put_object(Bucket="nested", Key="child.yaml", Body=b"Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: child, DisplayName: first}}}")
    parent = 'Resources: {Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "https://nested.s3.us-east-1.amazonaws.com/child.yaml"}}}'
    s3.put_object(Bucket="nested", Key="parent.yaml", Body=parent.encode())
    url = "https://nested.s3.us-east-1.amazonaws.com/parent.yaml"
    c.create_stack(StackName="parent", TemplateURL=url)
    assert settled(w, "parent")["StackStatus"] == "CREATE_COMPLETE", story(w, "parent")
    s3.put_object(Bucket="nested", Key="child.yaml", Body=b"Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: child, DisplayName: second}}}")
    c.create_change_set(StackName="parent", ChangeSetName="c", TemplateURL=url, IncludeNestedStacks=True)
    d = c.describe_change_set(StackName="parent", ChangeSetName="c")
    change = d["Changes"][0]["ResourceChange"]
    assert (change["Action"], change["LogicalResourceId"], change["Replacement"], change["Scope"]) == ("Modify", "Child", "False", ["Properties"]), change
    assert change["Details"] == [{"Target": {"Attribute": "Properties", "RequiresRecreation": "Never"}, "Evaluation": "Dynamic", "ChangeSource": "Automatic"}]
    assert d["IncludeNestedStacks"] is False
    c.update_stack(StackName="parent", TemplateURL=url)
    assert settled(w, "parent")["StackStatus"] == "UPDATE_COMPLETE", story(w, "parent")
    assert display(w, "child") == "second"
    # and its own text
    s3.put_object(Bucket="nested", Key="parent.yaml", Body=PLAIN.encode())
    c.update_stack(StackName="parent", TemplateURL=url)
    assert settled(w, "parent")["StackStatus"] == "UPDATE_COMPLETE" and display(w, "parent") == "first"
    assert "No updates are to be performed." in refused("ValidationError", c.update_stack, StackName="parent", TemplateURL=url)
    c.delete_stack(StackName="parent")
    wait_for(lambda: not c.describe_stacks()["Stacks"])


def old(w):
    """After 90 days events and drift detections are gone, the stack is not."""
    c = w.client("cloudformation")
    c.create_stack(StackName="old", TemplateBody=PLAIN)
    detection = c.detect_stack_drift(StackName="old")["StackDriftDetectionId"]
    assert c.describe_stack_drift_detection_status(StackDriftDetectionId=detection)["StackId"] == stack(w, "old")["StackId"]
    move(w, 60 * 86400)
    c.update_stack(StackName="old", UsePreviousTemplate=True, Parameters=[parameter("Text", "second")])
    assert settled(w, "old")["StackStatus"] == "UPDATE_COMPLETE"
    assert ("Topic", "CREATE_COMPLETE") in happened(w, "old")
    w.kill()
    w.start()
    c = w.client("cloudformation")
    move(w, 31 * 86400)
    wait_for(lambda: ("Topic", "CREATE_COMPLETE") not in happened(w, "old"))
    assert happened(w, "old")[0] == ("old", "UPDATE_IN_PROGRESS") and stack(w, "old")["StackStatus"] == "UPDATE_COMPLETE"
    assert "does not exist" in refused("ValidationError", c.describe_stack_drift_detection_status, StackDriftDetectionId=detection)
    move(w, 60 * 86400)
    wait_for(lambda: not happened(w, "old"))
    assert [r["LogicalResourceId"] for r in c.list_stack_resources(StackName="old")["StackResourceSummaries"]] == ["Topic"]
    c.delete_stack(StackName="old")


def main():
    with Waybill(args=["--test-clock"]) as w:
        for part in (cancelled, continued, forced, adopted, told, roles, triggers, same_address, old):
            part(w)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout


main()
