"""waybill deploy and confirm: one command from a template to a stack, with local code, updates, failures and the look before it."""
import json
import os
import shutil
import tempfile

from waybill_server import ROOT, SHARED, Waybill, wait_for

TEMPLATE = """
Parameters:
  Greeting: {Type: String, Default: hello}
  Table: {Type: String, Default: things}
Conditions:
  Broken: !Equals [!Ref Greeting, broken]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}
      Policies: [{PolicyName: put, PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Things.Arn}]}}]
  Things:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: !Ref Table, BillingMode: PAY_PER_REQUEST, KeySchema: [{AttributeName: id, KeyType: HASH}], AttributeDefinitions: [{AttributeName: id, AttributeType: S}]}
  Greeter:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.11, Handler: app.handler, Code: greeter, Role: !GetAtt Role.Arn, Environment: {Variables: {GREETING: !Ref Greeting, TABLE: !Ref Things}}}
  Never:
    Type: AWS::SNS::Subscription
    Condition: Broken
    DependsOn: Greeter
    Properties: {TopicArn: "arn:aws:sns:us-east-1:000000000000:nobody", Protocol: email, Endpoint: a@example.test}
Outputs:
  Name: {Value: !Ref Greeter}
"""

HANDLER = """
import os, boto3
def handler(event, context):
    boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={"id": {"S": event["id"]}})
    return os.environ["GREETING"] + " VERSION"
"""


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


def greet(w, name):
    r = w.client("lambda").invoke(FunctionName=name, Payload=b'{"id": "x"}')
    return json.loads(r["Payload"].read())


def local_code(w, d):
    template = write(d, "template.yaml", TEMPLATE)
    write(d, "greeter/app.py", HANDLER.replace("VERSION", "one"))
    write(d, "greeter/lib/more.txt", "data")
    r = w.waybill("deploy", template, "--stack", "greet")
    events = [line.split() for line in r.stdout.splitlines() if line[:2].isdigit()]
    assert ["AWS::Lambda::Function", "Greeter"] in [e[2:4] for e in events] and "greet: CREATE_COMPLETE" in r.stdout, r.stdout
    name = r.stdout.split("Name = ")[1].strip()
    assert greet(w, name) == "hello one"
    assert w.client("dynamodb").get_item(TableName="things", Key={"id": {"S": "x"}})["Item"]
    # The same again; a parameter; the code; the code under --code. What was given once stays.
    assert "nothing to change" in w.waybill("deploy", template, "--stack", "greet").stdout
    w.waybill("deploy", template, "--stack", "greet", "--param", "Greeting=good day")
    assert greet(w, name) == "good day one"
    write(d, "greeter/app.py", HANDLER.replace("VERSION", "two"))
    r = w.waybill("deploy", template, "--stack", "greet")
    assert greet(w, name) == "good day two" and [x.split()[3] for x in r.stdout.splitlines() if "UPDATE_COMPLETE " in x and "Function" in x] == ["Greeter"], r.stdout
    shutil.copytree(os.path.join(d, "greeter"), os.path.join(d, "elsewhere/greeter"))
    write(d, "elsewhere/greeter/app.py", HANDLER.replace("VERSION", "three"))
    w.waybill("deploy", template, "--stack", "greet", "--code", os.path.join(d, "elsewhere"))
    assert greet(w, name) == "good day three"
    return template


def failures(w, d, template):
    # A failing update is put back, and the first failure is said last.
    r = w.waybill("deploy", template, "--stack", "greet", "--param", "Greeting=broken", check=False)
    assert r.returncode == 1 and "is UPDATE_ROLLBACK_COMPLETE" in r.stderr and "The first thing that failed: Never (AWS::SNS::Subscription): " in r.stderr, r
    assert greet(w, w.client("cloudformation").describe_stacks(StackName="greet")["Stacks"][0]["Outputs"][0]["OutputValue"]) == "good day three"
    # A first deployment that fails leaves nothing, and the next one clears what is left of the stack.
    r = w.waybill("deploy", template, "--stack", "second", "--param", "Table=others", "--param", "Greeting=broken", check=False)
    assert r.returncode == 1 and "is ROLLBACK_COMPLETE" in r.stderr, r
    assert w.client("dynamodb").list_tables()["TableNames"] == ["things"]
    r = w.waybill("deploy", template, "--stack", "second", "--param", "Table=others")
    assert "it is deleted first" in r.stdout and "second: CREATE_COMPLETE" in r.stdout, r.stdout
    # What exists is not taken over unless asked for.
    w.client("dynamodb").create_table(TableName="mine", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    r = w.waybill("deploy", template, "--stack", "third", "--param", "Table=mine", check=False)
    assert r.returncode == 1 and "already exists" in r.stderr, r
    r = w.waybill("deploy", template, "--stack", "third", "--param", "Table=mine", "--import")
    assert "third: CREATE_COMPLETE" in r.stdout, r.stdout
    # Wrong from the start: nothing is asked of the server.
    for text, said in (("Resources: {A: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref B}}}", "Unresolved resource dependencies [B]"),
                       ("Resources:\n  A: [", "line"), ("{}", "At least one Resources member must be defined"),
                       (TEMPLATE.replace("Code: greeter", "Code: nowhere"), "nowhere: No such file or directory")):
        r = w.waybill("deploy", write(d, "wrong.yaml", text), "--stack", "wrong", check=False)
        assert r.returncode == 1 and said in r.stderr, (text, r)
    for args in (["deploy", template], ["deploy", "--stack", "x"], ["deploy", template, "--stack", "x", "--param", "novalue"]):
        assert w.waybill(*args, check=False).returncode == 2, args
    assert "No such file" in w.waybill("deploy", os.path.join(d, "none"), "--stack", "x", check=False).stderr


def large(w, d):
    resources = {f"Topic{i}": {"Type": "AWS::SNS::Topic", "Metadata": {"filler": "x" * 700}} for i in range(120)}
    r = w.waybill("deploy", write(d, "large.json", json.dumps({"Resources": resources})), "--stack", "large")
    assert "large: CREATE_COMPLETE" in r.stdout and len(w.client("sns").list_topics()["Topics"]) >= 100


def check(w, d):
    own = w.waybill("deploy", "--check", os.path.join(ROOT, "apps/shipments/template.yaml"), check=False).stdout
    assert "18 resources" in own and "[fixed-name]" in own and "[dead-letters]" in own and "[metric]" not in own and "[policy]" not in own, own
    r = w.waybill("deploy", "--check", write(d, "fine.yaml", "Resources: {T: {Type: AWS::SNS::Topic}}"))
    assert r.stdout.endswith("1 resources, 0 findings\n"), r.stdout
    seed = os.path.join(SHARED, "seed-stack/template.json")
    if os.path.exists(seed):
        r = w.waybill("deploy", "--check", seed, check=False)
        assert r.returncode == 1 and "UserErrors is not emitted with these dimensions" in r.stdout and "[confirmation]" in r.stdout, r.stdout


def confirm(w, d):
    outbox = os.path.join(w.data, "outbox")
    template = write(d, "mail.yaml", "Resources: {T: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: email, Endpoint: b@example.test}]}}}")
    w.waybill("deploy", template, "--stack", "mail")
    assert "now gets what is published" in w.waybill("confirm", "b@example.test", "--outbox", outbox).stdout
    states = [s["SubscriptionArn"] for s in w.client("sns").list_subscriptions()["Subscriptions"] if s["Endpoint"] == "b@example.test"]
    assert len(states) == 1 and states[0].startswith("arn:"), states
    assert w.waybill("confirm", "b@example.test", "--outbox", outbox).stdout == ""
    r = w.waybill("confirm", "nobody@example.test", "--outbox", outbox, check=False)
    assert r.returncode == 1 and "nothing is subscribed under" in r.stderr


def killed(w, d):
    """The server dies during a deployment: it goes on at the next start."""
    resources = {f"Queueless{i}": {"Type": "AWS::SNS::Topic"} for i in range(60)}
    w.client("cloudformation").create_stack(StackName="cut", TemplateBody=json.dumps({"Resources": resources}))
    w.kill()
    w.start()
    cf = w.client("cloudformation")
    wait_for(lambda: cf.describe_stacks(StackName="cut")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE", 30)
    assert len(cf.list_stack_resources(StackName="cut")["StackResourceSummaries"]) == 60


def main():
    with Waybill() as w, tempfile.TemporaryDirectory() as d:
        check(w, d)
        template = local_code(w, d)
        failures(w, d, template)
        confirm(w, d)
        large(w, d)
        killed(w, d)


main()
