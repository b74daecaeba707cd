"""Who may do what to functions, topics and buses: deliveries from one service to another with the confused deputy kept out, two
accounts on one server, and the condition keys of these services."""
import io
import json
import re
import zipfile

from botocore.exceptions import ClientError

from waybill_server import Waybill, allow, policy, wait_for

HERE, THERE = "000000000000", "222222222222"
EVENTS, SNS, LAMBDA = (f"arn:aws:{s}:us-east-1:" for s in ("events", "sns", "lambda"))
# Puts what it gets into a table, as its role lets it.
KEEPS = """
import boto3, json, os, time
table = boto3.client('dynamodb', endpoint_url=os.environ['AWS_ENDPOINT_URL'])
def handler(event, context):
    table.put_item(TableName='got', Item={'f': {'S': context.function_name}, 't': {'N': str(time.time_ns())}, 'event': {'S': json.dumps(event)}})
"""


def denied(call, *words, code=None, **args):
    try:
        call(**args)
    except ClientError as e:
        assert e.response["Error"]["Code"] in ([code] if code else ["AccessDenied", "AccessDeniedException", "AuthorizationError"]), e
        for word in words:
            assert word in e.response["Error"]["Message"], e
        return
    raise AssertionError(f"{call} was allowed")


class Account:
    """Clients of an account's root, and its users."""
    def __init__(self, w, key=None):
        self.w, self.key, self.number = w, key, THERE if key else HERE

    def client(self, service):
        return self.w.client_with(service, self.key) if self.key else self.w.client(service)

    def user(self, name, *statements):
        iam = self.client("iam")
        iam.create_user(UserName=name)
        self.let(name, *statements)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return lambda service: self.w.client_with(service, key)

    def let(self, name, *statements):
        if statements:
            self.client("iam").put_user_policy(UserName=name, PolicyName="test", PolicyDocument=policy(*statements))

    def function(self, name, source=KEEPS):
        b = io.BytesIO()
        with zipfile.ZipFile(b, "w") as z:
            z.writestr("index.py", source)
        iam, c = self.client("iam"), self.client("lambda")
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="keep", PolicyDocument=policy(allow("dynamodb:PutItem")))
        return c.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=role, Code={"ZipFile": b.getvalue()})["FunctionArn"]


def got(account, name):
    r = account.client("dynamodb").query(TableName="got", KeyConditionExpression="f = :f", ExpressionAttributeValues={":f": {"S": name}})
    return [json.loads(i["event"]["S"]) for i in r["Items"]]


def dead(w):
    """Targets of dead rows and why they died."""
    return w.waybill("dead", "list").stdout


def put(events, number, bus="default", source="shop"):
    entry = {"Source": source, "DetailType": "order", "Detail": json.dumps({"n": number}), "EventBusName": bus}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0


def bus_to_function(w, here):
    """The bus is let in for one rule; another rule that names the same function is a deputy who was sent by somebody else."""
    ev, fn = here.client("events"), here.client("lambda")
    arn = here.function("orders")
    for rule, source in (("good", "shop"), ("bad", "mallory")):
        ev.put_rule(Name=rule, EventPattern=json.dumps({"source": [source]}))
        ev.put_targets(Rule=rule, Targets=[{"Id": "f", "Arn": arn}])
    put(ev, 1)
    wait_for(lambda: "NO_PERMISSIONS" in dead(w))
    w.waybill("dead", "discard", "--all")
    fn.add_permission(FunctionName="orders", StatementId="bus", Action="lambda:InvokeFunction", Principal="events.amazonaws.com",
                      SourceArn=f"{EVENTS}{HERE}:rule/good")
    put(ev, 2)
    wait_for(lambda: [e["detail"]["n"] for e in got(here, "orders")] == [2])
    put(ev, 3, source="mallory")
    wait_for(lambda: "NO_PERMISSIONS" in dead(w))
    w.waybill("dead", "discard", "--all")
    # The right rule and the wrong account.
    fn.remove_permission(FunctionName="orders", StatementId="bus")
    fn.add_permission(FunctionName="orders", StatementId="bus", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceAccount=THERE)
    put(ev, 4)
    wait_for(lambda: "NO_PERMISSIONS" in dead(w))
    w.waybill("dead", "discard", "--all")
    fn.remove_permission(FunctionName="orders", StatementId="bus")
    fn.add_permission(FunctionName="orders", StatementId="bus", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceAccount=HERE)
    put(ev, 5)
    wait_for(lambda: [e["detail"]["n"] for e in got(here, "orders")] == [2, 5])


def topic_to_function(w, here):
    sns, fn = here.client("sns"), here.client("lambda")
    arn = here.function("mails")
    mine, other = (sns.create_topic(Name=n)["TopicArn"] for n in ("mine", "other"))
    for topic in (mine, other):
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    fn.add_permission(FunctionName="mails", StatementId="topic", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=mine)
    sns.publish(TopicArn=other, Message="from the other")
    wait_for(lambda: "NO_PERMISSIONS" in dead(w))
    w.waybill("dead", "discard", "--all")
    sns.publish(TopicArn=mine, Message="mine")
    wait_for(lambda: [e["Records"][0]["Sns"]["Message"] for e in got(here, "mails")] == ["mine"])


def bus_to_topic(w, here):
    ev, sns, fn = (here.client(s) for s in ("events", "sns", "lambda"))
    topic = sns.create_topic(Name="mine")["TopicArn"]
    for rule in ("talk", "chat"):
        ev.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
        ev.put_targets(Rule=rule, Targets=[{"Id": "t", "Arn": topic, "InputPath": "$.detail"}])
    put(ev, 1, source="talk")
    wait_for(lambda: "NO_PERMISSIONS" in dead(w))  # the default policy of a topic does not let a bus in
    w.waybill("dead", "discard", "--all")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(
        {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic,
         "Condition": {"ArnEquals": {"aws:SourceArn": f"{EVENTS}{HERE}:rule/talk"}, "StringEquals": {"aws:SourceAccount": HERE}}}))
    put(ev, 2, source="chat")
    wait_for(lambda: "NO_PERMISSIONS" in dead(w))
    w.waybill("dead", "discard", "--all")
    put(ev, 3, source="talk")
    wait_for(lambda: [e["Records"][0]["Sns"]["Message"] for e in got(here, "mails")] == ["mine", '{"n": 3}'])
    # With a deny the service is not let in either.
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(
        {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic},
        {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic, "Condition": {"StringEquals": {"aws:SourceAccount": HERE}}}))
    put(ev, 4, source="talk")
    wait_for(lambda: "NO_PERMISSIONS" in dead(w))
    w.waybill("dead", "discard", "--all")


def set_policy_of(account, topic):
    return lambda **args: account.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", **args)


def accounts(w, here, there):
    """Both sides must allow; what is named by its ARN lies in the other account."""
    topic = here.client("sns").create_topic(Name="shared")["TopicArn"]
    amy = there.user("amy")
    statement = {"Effect": "Allow", "Principal": {"AWS": THERE}, "Action": ["sns:Publish", "sns:Subscribe", "sns:GetTopicAttributes"], "Resource": topic}
    set_policy = lambda *s: set_policy_of(here, topic)(AttributeValue=policy(*s))
    denied(amy("sns").publish, TopicArn=topic, Message="x")
    there.let("amy", allow("*"))
    denied(amy("sns").publish, "no resource-based policy allows", TopicArn=topic, Message="x")
    set_policy(statement)
    amy("sns").publish(TopicArn=topic, Message="x")
    assert amy("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Owner"] == HERE
    denied(amy("sns").delete_topic, TopicArn=topic)
    there.let("amy", allow("dynamodb:*"))
    denied(amy("sns").publish, "no identity-based policy allows", TopicArn=topic, Message="x")
    there.let("amy", allow("*"))
    sub = amy("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="amy@example.test", ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert here.client("sns").get_subscription_attributes(SubscriptionArn=sub)["Attributes"]["Owner"] == THERE
    assert amy("sns").get_subscription_attributes(SubscriptionArn=sub)["Attributes"]["Owner"] == THERE, "her own"
    amy("sns").unsubscribe(SubscriptionArn=sub)
    denied(set_policy_of(here, topic), "Policy statement action out of service scope!", code="InvalidParameter",
           AttributeValue=policy({**statement, "Action": ["sns:Publish", "sns:SetSubscriptionAttributes"]}))
    # The root of the other account is not above the topic's policy.
    set_policy({**statement, "Principal": {"AWS": f"arn:aws:iam::{THERE}:user/amy"}})
    amy("sns").publish(TopicArn=topic, Message="x")
    denied(there.client("sns").publish, TopicArn=topic, Message="x")

    # A function: full and partial ARN.
    fn = here.function("shared")
    denied(amy("lambda").invoke, FunctionName=fn, Payload=b"{}")
    here.client("lambda").add_permission(FunctionName="shared", StatementId="them", Action="lambda:InvokeFunction", Principal=THERE)
    for name in (fn, f"{HERE}:function:shared"):
        assert amy("lambda").invoke(FunctionName=name, Payload=b'{}')["StatusCode"] == 200
    denied(amy("lambda").get_function, FunctionName=fn)
    denied(amy("lambda").invoke, FunctionName=fn + ":$LATEST", Payload=b'{}')  # the statement is for the function without qualifier

    # A table has no policy of its own: nobody from outside, not the other root.
    ddb = here.client("dynamodb")
    table = ddb.create_table(TableName="own", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                             AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])["TableDescription"]["TableArn"]
    for client in (amy("dynamodb"), there.client("dynamodb")):
        denied(client.get_item, TableName=table, Key={"k": {"S": "1"}})
        denied(client.batch_get_item, RequestItems={table: {"Keys": [{"k": {"S": "1"}}]}})
        denied(client.describe_table, TableName=table)


def buses(w, here, there):
    """Entries for buses of both accounts in one call; the event's account is the sender's. Rules on a bus that lets one in."""
    ev, other = here.client("events"), there.client("events")
    mine = ev.create_event_bus(Name="mine")["EventBusArn"]
    fn = here.function("seen")
    ev.put_rule(Name="all", EventBusName="mine", EventPattern='{"source":[{"prefix":""}]}')
    ev.put_targets(Rule="all", EventBusName="mine", Targets=[{"Id": "f", "Arn": fn}])
    own = there.function("own")
    other.put_rule(Name="all", EventPattern='{"source":[{"prefix":"s"}]}')
    other.put_targets(Rule="all", Targets=[{"Id": "f", "Arn": own}])
    for account, name in ((here, "seen"), (there, "own")):
        account.client("lambda").add_permission(FunctionName=name, StatementId="bus", Action="lambda:InvokeFunction", Principal="events.amazonaws.com")
    bob = there.user("bob", allow("events:*"))("events")
    both = [{"Source": "s", "DetailType": "d", "Detail": '{"n": 1}', "EventBusName": mine}, {"Source": "s", "DetailType": "d", "Detail": '{"n": 2}'}]
    denied(bob.put_events, "no resource-based policy allows", Entries=both)
    ev.put_permission(EventBusName="mine", Action="events:PutEvents", Principal=THERE, StatementId="them")
    for entries in (both, both[::-1]):
        assert bob.put_events(Entries=entries)["FailedEntryCount"] == 0
    wait_for(lambda: [(e["detail"]["n"], e["account"]) for e in got(here, "seen")] == [(1, THERE)] * 2)
    wait_for(lambda: [(e["detail"]["n"], e["account"]) for e in got(there, "own")] == [(2, THERE)] * 2)
    assert ev.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": "arn:aws:events:eu-west-1:000000000000:event-bus/x"}])["FailedEntryCount"] == 0
    denied(bob.describe_event_bus, Name=mine)
    denied(bob.put_rule, Name="theirs", EventBusName=mine, EventPattern='{"source":["a"]}')
    ev.put_permission(EventBusName="mine", Policy=policy({"Effect": "Allow", "Principal": {"AWS": THERE}, "Resource": f"{EVENTS}{HERE}:rule/mine/*",
                      "Action": ["events:PutRule", "events:DescribeRule", "events:DeleteRule", "events:ListRules"],
                      "Condition": {"StringEqualsIfExists": {"events:creatorAccount": "${aws:PrincipalAccount}"}}}))
    assert bob.put_rule(Name="theirs", EventBusName=mine, EventPattern='{"source":["a"]}')["RuleArn"] == f"{EVENTS}{HERE}:rule/mine/theirs"
    assert bob.describe_rule(Name="theirs", EventBusName=mine)["CreatedBy"] == THERE
    assert ev.describe_rule(Name="all", EventBusName="mine")["CreatedBy"] == HERE
    denied(bob.describe_rule, Name="all", EventBusName=mine)
    denied(bob.put_rule, Name="all", EventBusName=mine, EventPattern='{"source":["a"]}')
    denied(bob.list_targets_by_rule, Rule="theirs", EventBusName=mine)
    assert len(bob.list_rules(EventBusName=mine)["Rules"]) == 2
    bob.delete_rule(Name="theirs", EventBusName=mine)


def conditions(w, here):
    """A user may only what the keys say."""
    user = here.user("keys")
    topic = here.client("sns").create_topic(Name="keys")["TopicArn"]
    sns, ev, fn, ddb = (user(s) for s in ("sns", "events", "lambda", "dynamodb"))

    def when(action, **condition):
        here.let("keys", allow(action, Condition={k.replace("_", ":"): v for k, v in condition.items()}))
    when("sns:Subscribe", StringEquals={"sns:Protocol": "email"}, StringLike={"sns:Endpoint": "*@example.test"})
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.test")
    denied(sns.subscribe, TopicArn=topic, Protocol="email", Endpoint="a@example.org")
    denied(sns.subscribe, TopicArn=topic, Protocol="lambda", Endpoint=f"{LAMBDA}{HERE}:function:x@example.test")

    when("events:PutEvents", StringEquals={"events:source": "shop", "events:detail-type": "order"}, Bool={"events:eventBusInvocation": "false"})
    entry = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
    assert ev.put_events(Entries=[entry] * 10)["FailedEntryCount"] == 0
    denied(ev.put_events, Entries=[entry] * 9 + [{**entry, "Source": "bank"}])
    denied(ev.put_events, Entries=[{**entry, "DetailType": "gift"}, entry])
    denied(ev.put_events, Entries=[{"DetailType": "order", "Detail": "{}"}])
    when("events:PutRule", ForAllValues_StringEquals={"events:source": ["aws.ec2"], "events:detail-type": ["x"], "events:detail.service": ["ec2"]},
         Null={"events:source": "false"})
    good = {"source": ["aws.ec2"], "detail-type": ["x"], "detail": {"service": ["ec2"], "more": [1]}}
    ev.put_rule(Name="k", EventPattern=json.dumps(good))
    for bad in ({"source": ["aws.s3"]}, {"source": ["aws.ec2", {"prefix": ""}]}, {"detail-type": ["x"]}, {**good, "detail-type": ["y"]},
                {**good, "detail": {"service": ["s3"]}}, {"$or": [{"source": ["aws.ec2"]}, {"detail-type": ["x"]}]}):
        denied(ev.put_rule, Name="k", EventPattern=json.dumps(bad))
    when("events:PutTargets", ForAllValues_ArnLike={"events:TargetArn": f"{SNS}{HERE}:*"})
    ev.put_targets(Rule="k", Targets=[{"Id": "1", "Arn": topic}])
    denied(ev.put_targets, Rule="k", Targets=[{"Id": "1", "Arn": topic}, {"Id": "2", "Arn": f"{LAMBDA}{HERE}:function:x"}])
    here.client("iam").create_role(RoleName="bus-role", AssumeRolePolicyDocument=policy({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}))
    role = f"arn:aws:iam::{HERE}:role/bus-role"
    here.let("keys", allow("events:*"))
    denied(ev.put_targets, "iam:PassRole", role, Rule="k", Targets=[{"Id": "1", "Arn": topic, "RoleArn": role}])
    denied(ev.put_rule, "iam:PassRole", Name="k", EventPattern=json.dumps(good), RoleArn=role)
    here.let("keys", allow("events:*"), allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}))
    denied(ev.put_rule, "iam:PassRole", Name="k", EventPattern=json.dumps(good), RoleArn=role)
    here.let("keys", allow("events:*"), allow("iam:PassRole", role, Condition={"StringEquals": {"iam:PassedToService": "events.amazonaws.com"}}))
    ev.put_rule(Name="k", EventPattern=json.dumps(good), RoleArn=role)

    here.function("keys", "def handler(e, c): return 1")
    when(["lambda:AddPermission", "lambda:RemovePermission"], StringEquals={"lambda:Principal": ["events.amazonaws.com", "111122223333"]})
    for sid, who in (("a", "events.amazonaws.com"), ("b", "111122223333")):
        fn.add_permission(FunctionName="keys", StatementId=sid, Action="lambda:InvokeFunction", Principal=who)
    denied(fn.add_permission, FunctionName="keys", StatementId="c", Action="lambda:InvokeFunction", Principal="*")
    here.client("lambda").add_permission(FunctionName="keys", StatementId="c", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com")
    denied(fn.remove_permission, FunctionName="keys", StatementId="c")
    for sid in ("a", "b"):
        fn.remove_permission(FunctionName="keys", StatementId=sid)
    here.let("keys", allow("lambda:InvokeFunction", f"{LAMBDA}{HERE}:function:keys"))
    fn.invoke(FunctionName="keys")
    denied(fn.invoke, ":$LATEST", FunctionName="keys", Qualifier="$LATEST")
    here.let("keys", allow("lambda:InvokeFunction", f"{LAMBDA}{HERE}:function:keys:*"))
    fn.invoke(FunctionName="keys:$LATEST")
    denied(fn.invoke, FunctionName="keys")


def tags(w, here):
    """aws:RequestTag and aws:TagKeys as each service spells its tags; tags at creation need the permission to tag, too."""
    user = here.user("tagger")
    sns, ev, fn, ddb = (user(s) for s in ("sns", "events", "lambda", "dynamodb"))
    table = {"BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}]}
    here.let("tagger", allow(["sns:CreateTopic", "events:CreateEventBus", "events:PutRule", "dynamodb:CreateTable"]))
    pairs = [{"Key": "team", "Value": "ops"}]
    denied(sns.create_topic, "TagResource", Name="tagged", Tags=pairs)
    denied(ev.create_event_bus, "TagResource", Name="tagged", Tags=pairs)
    denied(ev.put_rule, "TagResource", Name="tagged", EventPattern='{"source":["a"]}', Tags=pairs)
    denied(ddb.create_table, "TagResource", TableName="tagged", Tags=pairs, **table)
    condition = {"StringEquals": {"aws:RequestTag/team": "ops"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
    here.let("tagger", allow(["sns:*", "events:*", "dynamodb:*", "lambda:*"], Condition=condition))
    topic = sns.create_topic(Name="tagged", Tags=pairs)["TopicArn"]
    bus = ev.create_event_bus(Name="tagged", Tags=pairs)["EventBusArn"]
    arn = ddb.create_table(TableName="tagged", Tags=pairs, **table)["TableDescription"]["TableArn"]
    function = f"{LAMBDA}{HERE}:function:keys"
    fn.tag_resource(Resource=function, Tags={"team": "ops"})
    bad = [{"Key": "team", "Value": "dev"}]
    more = pairs + [{"Key": "x", "Value": "y"}]
    for call, member, target in ((sns.tag_resource, "ResourceArn", topic), (ev.tag_resource, "ResourceARN", bus), (ddb.tag_resource, "ResourceArn", arn)):
        call(**{member: target, "Tags": pairs})
        denied(call, **{member: target, "Tags": bad})
        denied(call, **{member: target, "Tags": more})
    denied(fn.tag_resource, Resource=function, Tags={"team": "dev"})
    denied(fn.tag_resource, Resource=function, Tags={"team": "ops", "x": "y"})
    here.let("tagger", allow(["sns:*", "events:*", "dynamodb:*", "lambda:*"], Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": ["x"]}}))
    for call, member, target in ((sns.untag_resource, "ResourceArn", topic), (ev.untag_resource, "ResourceARN", bus), (ddb.untag_resource, "ResourceArn", arn),
                                 (fn.untag_resource, "Resource", function)):
        denied(call, **{member: target, "TagKeys": ["team"]})
        call(**{member: target, "TagKeys": ["x"]})
    here.let("tagger", allow("*", Condition={"StringEquals": {"aws:ResourceTag/team": "ops"}}))
    sns.get_topic_attributes(TopicArn=topic), ev.describe_event_bus(Name="tagged"), ddb.describe_table(TableName="tagged"), fn.get_function(FunctionName="keys")
    denied(ev.describe_event_bus)


def second_account(w):
    return dict(re.findall(r"^export (\w+)=(.*)$", w.waybill("account", "add", THERE).stdout, re.M))


def main():
    with Waybill(env={"WAYBILL_STRICT": "1"}) as w:
        key = second_account(w)
        here, there = Account(w), Account(w, {"AccessKeyId": key["AWS_ACCESS_KEY_ID"], "SecretAccessKey": key["AWS_SECRET_ACCESS_KEY"]})
        for account in (here, there):
            account.client("dynamodb").create_table(
                TableName="got", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "f", "KeyType": "HASH"}, {"AttributeName": "t", "KeyType": "RANGE"}],
                AttributeDefinitions=[{"AttributeName": "f", "AttributeType": "S"}, {"AttributeName": "t", "AttributeType": "N"}])
        bus_to_function(w, here)
        topic_to_function(w, here)
        bus_to_topic(w, here)
        accounts(w, here, there)
        buses(w, here, there)
        conditions(w, here)
        tags(w, here)


main()
