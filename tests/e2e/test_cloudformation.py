"""Stacks with Debian's clients: deploy as users do, changes, failures and their rollback, exports, imports, drift, kill -9 in the middle."""
import json
import os
import subprocess
import threading

from waybill_server import SHARED, Waybill, refused, wait_for

TOPIC = """
Parameters:
  Name: {Type: String, Default: one}
  Text: {Type: String, Default: hello}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Sub "${AWS::StackName}-${Name}", DisplayName: !Ref Text}
  Where:
    Type: AWS::SSM::Parameter
    Properties: {Name: !Sub "/${AWS::StackName}/topic", Type: String, Value: !Ref Topic}
Outputs:
  Arn: {Value: !Ref Topic, Description: where it is}
"""


def stack(w, name):
    return w.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]


def settled(w, name):
    wait_for(lambda: not stack(w, name)["StackStatus"].endswith("IN_PROGRESS"))
    return stack(w, name)


def story(w, name):
    """Events, oldest first."""
    pages = w.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=name)
    return [(e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason", ""))
            for p in pages for e in p["StackEvents"]][::-1]


def happened(w, name):
    return [e[:2] for e in story(w, name)]


def parameter(key, value):
    return {"ParameterKey": key, "ParameterValue": value}


def life(w):
    c, sns, ssm = w.client("cloudformation"), w.client("sns"), w.client("ssm")
    assert refused("ValidationError", c.describe_stacks, StackName="life").endswith("Stack with id life does not exist")
    arn = c.create_stack(StackName="life", TemplateBody=TOPIC, Tags=[{"Key": "team", "Value": "x"}])["StackId"]
    s = stack(w, "life")  # the answer was held until the stack had settled
    assert s["StackStatus"] == "CREATE_COMPLETE" and s["StackId"] == arn, s
    topic = "arn:aws:sns:us-east-1:000000000000:life-one"
    assert [(o["OutputKey"], o["OutputValue"], o["Description"]) for o in s["Outputs"]] == [("Arn", topic, "where it is")]
    assert {p["ParameterKey"]: p["ParameterValue"] for p in s["Parameters"]} == {"Name": "one", "Text": "hello"}
    assert ssm.get_parameter(Name="/life/topic")["Parameter"]["Value"] == topic
    assert happened(w, "life") == [
        ("life", "CREATE_IN_PROGRESS"), ("Topic", "CREATE_IN_PROGRESS"), ("Topic", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_COMPLETE"), ("Where", "CREATE_IN_PROGRESS"), ("Where", "CREATE_IN_PROGRESS"),
        ("Where", "CREATE_COMPLETE"), ("life", "CREATE_COMPLETE")]
    assert "Stack [life] already exists" in refused("AlreadyExistsException", c.create_stack, StackName="life", TemplateBody=TOPIC)
    assert c.get_template(StackName="life")["TemplateBody"] == TOPIC
    assert [r["LogicalResourceId"] for r in c.list_stack_resources(StackName="life")["StackResourceSummaries"]] == ["Topic", "Where"]
    assert refused("ValidationError", c.update_stack, StackName="life", TemplateBody=TOPIC).endswith("No updates are to be performed.")
    assert "No updates are to be performed." in refused("ValidationError", c.update_stack, StackName="life", UsePreviousTemplate=True)
    # in place
    c.update_stack(StackName="life", UsePreviousTemplate=True, Parameters=[{"ParameterKey": "Name", "UsePreviousValue": True}, parameter("Text", "bye")])
    assert settled(w, "life")["StackStatus"] == "UPDATE_COMPLETE"
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "bye"
    # by replacement: the new one, what depends on it, then the old one goes
    before = len(happened(w, "life"))
    c.update_stack(StackName="life", UsePreviousTemplate=True, Parameters=[parameter("Name", "two"), parameter("Text", "bye")])
    assert settled(w, "life")["StackStatus"] == "UPDATE_COMPLETE"
    assert happened(w, "life")[before:] == [
        ("life", "UPDATE_IN_PROGRESS"), ("Topic", "UPDATE_IN_PROGRESS"), ("Topic", "UPDATE_IN_PROGRESS"), ("Topic", "UPDATE_COMPLETE"),
        ("Where", "UPDATE_IN_PROGRESS"), ("Where", "UPDATE_COMPLETE"), ("life", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Topic", "DELETE_IN_PROGRESS"), ("Topic", "DELETE_COMPLETE"), ("life", "UPDATE_COMPLETE")]
    refused("NotFound", sns.get_topic_attributes, TopicArn=topic)
    assert ssm.get_parameter(Name="/life/topic")["Parameter"]["Value"].endswith("life-two")
    # protected, then deleted
    c.update_termination_protection(StackName="life", EnableTerminationProtection=True)
    assert "TerminationProtection is enabled" in refused("ValidationError", c.delete_stack, StackName="life")
    c.update_termination_protection(StackName="life", EnableTerminationProtection=False)
    c.delete_stack(StackName="life")
    refused("ValidationError", c.describe_stacks, StackName="life")
    assert stack(w, arn)["StackStatus"] == "DELETE_COMPLETE"
    assert not sns.list_topics()["Topics"]
    c.delete_stack(StackName="life")


FAILS = """
Resources:
  First: {Type: AWS::SNS::Topic}
  Second: {Type: AWS::SSM::Parameter, Properties: {Name: /fails/second, Type: String, Value: !Ref First}}
  Bad: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Sub "${First}-not", Protocol: email, Endpoint: a@example.test}, DependsOn: Second}
  After: {Type: AWS::SNS::Topic, DependsOn: Bad}
"""


def failures(w):
    c, sns = w.client("cloudformation"), w.client("sns")
    c.create_stack(StackName="fails", TemplateBody=FAILS)
    s = settled(w, "fails")
    assert s["StackStatus"] == "ROLLBACK_COMPLETE", s
    events = story(w, "fails")
    bad = next(e for e in events if e[:2] == ("Bad", "CREATE_FAILED"))
    assert bad[2].startswith("Resource handler returned message:") and "HandlerErrorCode: NotFound" in bad[2], bad
    assert ("fails", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Bad]. Rollback requested by user.") in events
    gone = [e[0] for e in events if e[1] == "DELETE_COMPLETE"]
    assert gone == ["Second", "First"], gone  # in reverse order of dependency
    assert not any(e[0] == "After" for e in events)
    assert not sns.list_topics()["Topics"]
    assert "is in ROLLBACK_COMPLETE state and can not be updated." in refused("ValidationError", c.update_stack, StackName="fails", TemplateBody=TOPIC)
    c.delete_stack(StackName="fails")
    # without rollback what was made stays, and goes with the stack
    c.create_stack(StackName="stays", TemplateBody=FAILS, DisableRollback=True)
    assert settled(w, "stays")["StackStatus"] == "CREATE_FAILED" and len(sns.list_topics()["Topics"]) == 1
    c.rollback_stack(StackName="stays")
    assert settled(w, "stays")["StackStatus"] == "ROLLBACK_COMPLETE" and not sns.list_topics()["Topics"]
    c.delete_stack(StackName="stays")
    c.create_stack(StackName="goes", TemplateBody=FAILS, OnFailure="DELETE")
    wait_for(lambda: not c.describe_stacks()["Stacks"])
    # an update that fails: all as before
    c.create_stack(StackName="back", TemplateBody=TOPIC)
    worse = TOPIC.replace("Outputs:", "  Bad: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Sub '${Where}-not', Protocol: email, Endpoint: a@example.test}}\n"
                                      "  New: {Type: AWS::SNS::Topic}\nOutputs:")
    c.update_stack(StackName="back", TemplateBody=worse, Parameters=[parameter("Name", "two"), parameter("Text", "worse")])
    s = settled(w, "back")
    assert s["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", story(w, "back")
    assert {p["ParameterKey"]: p["ParameterValue"] for p in s["Parameters"]} == {"Name": "one", "Text": "hello"}
    assert [t["TopicArn"].rsplit(":", 1)[1] for t in sns.list_topics()["Topics"]] == ["back-one"]
    assert w.client("ssm").get_parameter(Name="/back/topic")["Parameter"]["Value"].endswith("back-one")
    assert c.get_template(StackName="back")["TemplateBody"] == TOPIC
    assert ("back", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS") in happened(w, "back")
    # the same again, kept, then rolled back
    c.update_stack(StackName="back", TemplateBody=worse, DisableRollback=True, Parameters=[parameter("Text", "worse")])
    assert settled(w, "back")["StackStatus"] == "UPDATE_FAILED"
    assert sns.get_topic_attributes(TopicArn="arn:aws:sns:us-east-1:000000000000:back-one")["Attributes"]["DisplayName"] == "worse"
    c.rollback_stack(StackName="back")
    assert settled(w, "back")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert sns.get_topic_attributes(TopicArn="arn:aws:sns:us-east-1:000000000000:back-one")["Attributes"]["DisplayName"] == "hello"
    c.delete_stack(StackName="back")
    assert not sns.list_topics()["Topics"] and not c.describe_stacks()["Stacks"]


def refusals(w):
    c = w.client("cloudformation")
    none = {"StackName": "none"}
    assert "Unrecognized resource types: [AWS::No::Such]" in refused("ValidationError", c.create_stack, TemplateBody="Resources: {X: {Type: AWS::No::Such}}", **none)
    assert "ircular" in refused("ValidationError", c.create_stack, TemplateBody="""
Resources:
  A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref B}}
  B: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref A}}""", **none)
    refused("ValidationError", c.create_stack, TemplateBody="Resources: {" + " " * 51200 + "}", **none)
    refused("ValidationError", c.create_stack, **none)
    assert refused("InsufficientCapabilitiesException", c.create_stack, TemplateBody=json.dumps(
        {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}}}}),
        **none).endswith("Requires capabilities : [CAPABILITY_IAM]")
    refused("ValidationError", c.create_stack, TemplateBody=TOPIC, StackName="1st")
    assert "do not exist in the template" in refused("ValidationError", c.create_stack, TemplateBody=TOPIC, Parameters=[parameter("Nope", "x")], **none)
    refused("ChangeSetNotFound", c.describe_change_set, ChangeSetName="arn:aws:cloudformation:us-east-1:000000000000:changeSet/x/y")
    assert not c.describe_stacks()["Stacks"] and not c.list_stacks()["StackSummaries"]


def change_sets(w):
    c = w.client("cloudformation")
    c.create_change_set(StackName="set", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=TOPIC)
    d = c.describe_change_set(StackName="set", ChangeSetName="first")
    assert (d["Status"], d["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert [(x["ResourceChange"]["Action"], x["ResourceChange"]["LogicalResourceId"]) for x in d["Changes"]] == [("Add", "Topic"), ("Add", "Where")]
    assert stack(w, "set")["StackStatus"] == "REVIEW_IN_PROGRESS"
    c.execute_change_set(StackName="set", ChangeSetName="first")
    assert stack(w, "set")["StackStatus"] == "CREATE_COMPLETE"
    c.create_change_set(StackName="set", ChangeSetName="same", UsePreviousTemplate=True)
    d = c.describe_change_set(StackName="set", ChangeSetName="same")
    assert d["Status"] == "FAILED" and d["StatusReason"].startswith("The submitted information didn't contain changes.")
    refused("InvalidChangeSetStatus", c.execute_change_set, StackName="set", ChangeSetName="same")
    c.delete_change_set(StackName="set", ChangeSetName="same")
    c.create_change_set(StackName="set", ChangeSetName="other", UsePreviousTemplate=True, Parameters=[parameter("Name", "two"), parameter("Text", "x")])
    topic, where = [x["ResourceChange"] for x in c.describe_change_set(StackName="set", ChangeSetName="other")["Changes"]]
    assert (topic["Action"], topic["Replacement"], topic["Scope"]) == ("Modify", "True", ["Properties"]), topic
    detail = {x["Target"]["Name"]: x for x in topic["Details"]}
    assert detail["DisplayName"]["CausingEntity"] == "Text" and detail["DisplayName"]["ChangeSource"] == "ParameterReference"
    assert detail["TopicName"]["Target"]["RequiresRecreation"] == "Always"
    assert (where["Action"], where["Replacement"], where["Details"][0]["ChangeSource"]) == ("Modify", "False", "ResourceReference"), where
    assert where["Details"][0]["Evaluation"] == "Dynamic"
    assert [x["ChangeSetName"] for x in c.list_change_sets(StackName="set")["Summaries"]] == ["other"]
    c.execute_change_set(StackName="set", ChangeSetName="other")
    assert settled(w, "set")["StackStatus"] == "UPDATE_COMPLETE"
    c.delete_stack(StackName="set")


def exports(w):
    c = w.client("cloudformation")
    give = "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {A: {Value: !GetAtt T.TopicName, Export: {Name: given}}}"
    take = "Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Name: /taken, Type: String, Value: !ImportValue given}}}"
    assert "No export named given found" in refused("ValidationError", c.create_stack, StackName="take", TemplateBody=take)
    c.create_stack(StackName="give", TemplateBody=give)
    c.create_stack(StackName="take", TemplateBody=take)
    e = c.list_exports()["Exports"][0]
    assert w.client("ssm").get_parameter(Name="/taken")["Parameter"]["Value"] == e["Value"] and e["Name"] == "given"
    assert c.list_imports(ExportName="given")["Imports"] == ["take"]
    assert "Cannot delete export given as it is in use by take" in refused("ValidationError", c.delete_stack, StackName="give")
    c.update_stack(StackName="give", TemplateBody=give.replace("given", "other"))
    assert settled(w, "give")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert any("Export given cannot be deleted as it is in use by take" in e[2] for e in story(w, "give"))
    c.create_stack(StackName="again", TemplateBody=give)
    assert settled(w, "again")["StackStatus"] == "ROLLBACK_COMPLETE"
    for name in ("again", "take", "give"):
        c.delete_stack(StackName=name)
    assert not c.list_exports()["Exports"]


def retained(w):
    """A retained resource is left, and taken over again; what differs from its template is found."""
    c, ssm = w.client("cloudformation"), w.client("ssm")
    body = "Resources: {P: {Type: AWS::SSM::Parameter, DeletionPolicy: Retain, Properties: {Name: /kept, Type: String, Value: mine}}}"
    c.create_stack(StackName="kept", TemplateBody=body)
    arn = stack(w, "kept")["StackId"]
    c.delete_stack(StackName="kept")
    assert ("P", "DELETE_SKIPPED") in happened(w, arn)
    assert ssm.get_parameter(Name="/kept")["Parameter"]["Value"] == "mine"
    c.create_stack(StackName="kept", TemplateBody=body)
    assert settled(w, "kept")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("HandlerErrorCode: AlreadyExists" in e[2] for e in story(w, "kept")), story(w, "kept")
    assert ssm.get_parameter(Name="/kept")["Parameter"]["Value"] == "mine"
    c.delete_stack(StackName="kept")
    c.create_change_set(StackName="kept", ChangeSetName="take", ChangeSetType="IMPORT", TemplateBody=body, ResourcesToImport=[
        {"ResourceType": "AWS::SSM::Parameter", "LogicalResourceId": "P", "ResourceIdentifier": {"Name": "/kept"}}])
    assert c.describe_change_set(StackName="kept", ChangeSetName="take")["Changes"][0]["ResourceChange"]["Action"] == "Import"
    c.execute_change_set(StackName="kept", ChangeSetName="take")
    assert settled(w, "kept")["StackStatus"] == "IMPORT_COMPLETE", story(w, "kept")

    def drift():
        i = c.detect_stack_drift(StackName="kept")["StackDriftDetectionId"]
        wait_for(lambda: c.describe_stack_drift_detection_status(StackDriftDetectionId=i)["DetectionStatus"] != "DETECTION_IN_PROGRESS")
        return c.describe_stack_drift_detection_status(StackDriftDetectionId=i)["StackDriftStatus"]
    assert drift() == "IN_SYNC", c.describe_stack_resource_drifts(StackName="kept")
    ssm.put_parameter(Name="/kept", Value="yours", Overwrite=True)
    assert drift() == "DRIFTED"
    d = c.describe_stack_resource_drifts(StackName="kept")["StackResourceDrifts"][0]
    assert d["StackResourceDriftStatus"] == "MODIFIED"
    assert [(x["PropertyPath"], json.loads(x["ExpectedValue"]), json.loads(x["ActualValue"])) for x in d["PropertyDifferences"]] == [("/Value", "mine", "yours")]
    ssm.delete_parameter(Name="/kept")
    assert drift() == "DRIFTED"
    assert c.detect_stack_resource_drift(StackName="kept", LogicalResourceId="P")["StackResourceDrift"]["StackResourceDriftStatus"] == "DELETED"
    c.delete_stack(StackName="kept")


def policies(w):
    c = w.client("cloudformation")
    c.create_stack(StackName="policy", TemplateBody=TOPIC, StackPolicyBody=json.dumps({"Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "LogicalResourceId/Topic"}]}))
    c.update_stack(StackName="policy", UsePreviousTemplate=True, Parameters=[parameter("Text", "no")])
    assert settled(w, "policy")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert any(e[:2] == ("Topic", "UPDATE_FAILED") and "denied by stack policy" in e[2] for e in story(w, "policy"))
    c.delete_stack(StackName="policy")


def secrets(w):
    c = w.client("cloudformation")
    body = """
Parameters: {Secret: {Type: String, NoEcho: true}}
Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Secret}}}"""
    c.create_stack(StackName="secret", TemplateBody=body, Parameters=[parameter("Secret", "hush-hush-hush")])
    assert stack(w, "secret")["Parameters"] == [parameter("Secret", "****")]
    c.create_change_set(StackName="secret", ChangeSetName="c", UsePreviousTemplate=True, Parameters=[parameter("Secret", "other-hush-hush")])
    assert "hush" not in json.dumps(c.describe_change_set(StackName="secret", ChangeSetName="c"), default=str)
    c.delete_stack(StackName="secret")
    # Who reads a stack must not read secure parameters by it
    w.client("ssm").put_parameter(Name="/secure", Value="hush-hush-hush", Type="SecureString")
    for reference, why in (("ssm-secure:/secure:1", "SSM Secure reference is not supported in"), ("ssm:/secure", "Non-secure ssm prefix was used")):
        value = "{{resolve:" + reference + "}}"
        topic = {"Type": "AWS::SNS::Topic"}
        for name, body in (("in-output", {"Resources": {"T": topic}, "Outputs": {"O": {"Value": value}}}),
                           ("in-resource", {"Resources": {"T": {**topic, "Properties": {"DisplayName": value}}}})):
            said = refused("ValidationError", c.create_stack, StackName=name, TemplateBody=json.dumps(body))
            assert why in said and "hush" not in said, said


def large(w):
    c = w.client("cloudformation")
    body = {"Resources": {f"P{i}": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": f"/n/{i}", "Type": "String", "Value": "v"}} for i in range(500)}}
    text = json.dumps(body, separators=(",", ":"))
    assert len(text) < 51200
    c.create_stack(StackName="large", TemplateBody=text)
    assert settled(w, "large")["StackStatus"] == "CREATE_COMPLETE"
    assert sum(len(p["StackResourceSummaries"]) for p in c.get_paginator("list_stack_resources").paginate(StackName="large")) == 500
    c.delete_stack(StackName="large")
    wait_for(lambda: not c.describe_stacks()["Stacks"])
    assert not w.client("ssm").get_parameters_by_path(Path="/n")["Parameters"]


def seed(w):
    """The original stack with the stock command, as in its README: new, changed, unchanged, gone."""
    c = w.client("cloudformation")
    template = os.path.join(SHARED, "seed-stack", "template.json")

    def deploy(mail):
        p = subprocess.run(["/usr/bin/aws", "--endpoint-url", w.url, "cloudformation", "deploy", "--template-file", template, "--stack-name", "tap",
                            "--parameter-overrides", f"NotificationEmail={mail}", "--capabilities", "CAPABILITY_IAM"],
                           env=w.environment(), capture_output=True, text=True, timeout=100)
        assert p.returncode == 0, p
        return p.stdout
    assert "Successfully created/updated stack - tap" in deploy("ops@example.test")
    s = stack(w, "tap")
    assert s["StackStatus"] == "CREATE_COMPLETE" and len(s["Outputs"]) == 5
    assert {p["ParameterKey"]: p.get("ResolvedValue") for p in s["Parameters"]}["BootstrapVersion"] == "33"
    times = [e["Timestamp"] for p in c.get_paginator("describe_stack_events").paginate(StackName="tap") for e in p["StackEvents"]]
    print("server time of the original stack:", max(times) - min(times))
    assert "Successfully created/updated stack - tap" in deploy("other@example.test")
    assert stack(w, "tap")["StackStatus"] == "UPDATE_COMPLETE"
    assert "No changes to deploy" in deploy("other@example.test")
    with open(template, encoding="utf-8") as f:
        assert w.client("cloudformation").get_template(StackName="tap")["TemplateBody"] == json.load(f)
    w.aws("cloudformation", "delete-stack", "--stack-name", "tap")
    w.aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "tap")


def nested(w):
    c, s3 = w.client("cloudformation"), w.client("s3")
    s3.create_bucket(Bucket="templates")
    child = "Parameters: {N: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref N}}}\nOutputs: {Name: {Value: !GetAtt T.TopicName}}"
    s3.put_object(Bucket="templates", Key="a/child.yaml", Body=child.encode())
    s3.put_object(Bucket="templates", Key="bad.yaml", Body=FAILS.encode())
    parent = """
Parameters: {Text: {Type: String, Default: x}}
Resources:
  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "https://templates.s3.us-east-1.amazonaws.com/a/child.yaml", Parameters: {N: !Ref Text}}}
  P: {Type: AWS::SSM::Parameter, Properties: {Name: /child, Type: String, Value: !GetAtt Child.Outputs.Name}}
"""
    s3.put_object(Bucket="templates", Key="parent.yaml", Body=parent.encode())
    c.create_stack(StackName="parent", TemplateURL=f"{w.url}/templates/parent.yaml")
    assert settled(w, "parent")["StackStatus"] == "CREATE_COMPLETE", story(w, "parent")
    child = c.describe_stack_resource(StackName="parent", LogicalResourceId="Child")["StackResourceDetail"]["PhysicalResourceId"]
    assert stack(w, child)["ParentId"] == stack(w, child)["RootId"] == stack(w, "parent")["StackId"]
    assert w.client("ssm").get_parameter(Name="/child")["Parameter"]["Value"] == stack(w, child)["Outputs"][0]["OutputValue"]
    c.update_stack(StackName="parent", UsePreviousTemplate=True, Parameters=[parameter("Text", "y")])
    assert settled(w, "parent")["StackStatus"] == "UPDATE_COMPLETE", story(w, "parent")
    assert stack(w, child)["Parameters"] == [parameter("N", "y")]
    c.delete_stack(StackName="parent")
    wait_for(lambda: not c.describe_stacks()["Stacks"])
    bad = parent.replace("a/child.yaml", "bad.yaml").replace(", Parameters: {N: !Ref Text}", "")
    c.create_stack(StackName="parent", TemplateBody=bad)
    assert settled(w, "parent")["StackStatus"] == "ROLLBACK_COMPLETE", story(w, "parent")
    assert any(e[:2] == ("Child", "CREATE_FAILED") and "was not successfully created" in e[2] for e in story(w, "parent"))
    c.delete_stack(StackName="parent")
    wait_for(lambda: not c.describe_stacks()["Stacks"])
    # One that has itself as a stack comes to an end
    url = f"{w.url}/templates/self.json"
    s3.put_object(Bucket="templates", Key="self.json", Body=json.dumps({"Resources": {"S": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}}))
    c.create_stack(StackName="self", TemplateURL=url)
    assert settled(w, "self")["StackStatus"] == "ROLLBACK_COMPLETE", story(w, "self")
    made = sum(s["StackName"].startswith("self") for p in c.get_paginator("list_stacks").paginate() for s in p["StackSummaries"])
    assert 10 < made < 20, made
    c.delete_stack(StackName="self")
    wait_for(lambda: not c.describe_stacks()["Stacks"])
    assert "S3 error" in refused("ValidationError", c.create_stack, StackName="x", TemplateURL=f"{w.url}/templates/none.yaml")
    assert "must be a supported URL" in refused("ValidationError", c.create_stack, StackName="x", TemplateURL="ftp://x/y")


def killed(w):
    """kill -9 at ten places of a deployment: it goes on, and is as if nothing had happened."""
    body = json.dumps({"Resources": {f"P{i:03}": {"Type": "AWS::SSM::Parameter", "DependsOn": [f"P{i - 1:03}"] if i else [],
                                                  "Properties": {"Name": f"/k/{i}", "Type": "String", "Value": "v"}} for i in range(60)}})
    for k in range(10):
        name = f"killed{k}"
        look = w.client("cloudformation")
        c = w.client("cloudformation")
        # its client tries again after the kill: with a token that is the same request
        t = threading.Thread(target=c.create_stack, kwargs={"StackName": name, "TemplateBody": body, "ClientRequestToken": name})
        t.start()

        def made():
            try:
                return len(look.list_stack_resources(StackName=name)["StackResourceSummaries"]) >= 6 * k
            except look.exceptions.ClientError:
                return False
        wait_for(made, every=0.001)
        w.kill()
        w.start()
        t.join()
        s = settled(w, name)
        assert s["StackStatus"] == "CREATE_COMPLETE", s
        events = happened(w, name)
        assert sum(e[1] == "CREATE_COMPLETE" for e in events) == 61, len(events)
        w.client("cloudformation").delete_stack(StackName=name)
        wait_for(lambda: not w.client("cloudformation").describe_stacks()["Stacks"])


def main():
    with Waybill() as w:
        for part in (refusals, life, failures, change_sets, exports, retained, policies, secrets, nested, seed, large, killed):
            part(w)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout


if __name__ == "__main__":
    main()
