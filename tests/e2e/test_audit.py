"""The audit log with Debian's clients: what is in it and what is not, looked up by CloudTrail's API and by waybill audit; the bus; kill -9; 90 days."""
import datetime
import glob
import io
import json
import os
import re
import subprocess
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from waybill_server import PROGRAM, Waybill, policy, wait_for

HOME = "000000000000"
OTHER = "111122223333"
UTC = datetime.timezone.utc
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
TABLE = dict(TableName="table", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
             BillingMode="PAY_PER_REQUEST")
SECRETS = ["environment-secret-17", "payload-secret-18", "message-secret-19", "item-secret-20"]


def refused(code, call, **input):
    try:
        call(**input)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e
        return e.response
    raise AssertionError(f"{code} expected")


def package(source="def handler(event, context):\n    return 1\n"):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("index.py", source)
    return b.getvalue()


def records(w, key=None, **input):
    """All records, newest first, page by page."""
    found, ct = [], w.client_with("cloudtrail", key) if key else w.client("cloudtrail")
    while True:
        page = ct.lookup_events(**input)
        found += page["Events"]
        if "NextToken" not in page:
            return found
        input["NextToken"] = page["NextToken"]


def one(w, name, **more):
    """The newest record of an event."""
    found = records(w, LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}], **more)
    assert found, name
    return json.loads(found[0]["CloudTrailEvent"])


def by(w, key, value):
    return [e["EventName"] for e in records(w, LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])]


def changes(w):
    sns, ddb = w.client("sns"), w.client("dynamodb")
    began = datetime.datetime.now(UTC) - datetime.timedelta(seconds=2)
    arn = sns.create_topic(Name="topic", Attributes={"DisplayName": "shown"}, Tags=[{"Key": "Team", "Value": "A"}])["TopicArn"]
    r = one(w, "CreateTopic")
    assert r["eventVersion"] == "1.11" and r["eventSource"] == "sns.amazonaws.com" and r["awsRegion"] == "us-east-1"
    assert r["userIdentity"] == {"type": "Root", "principalId": HOME, "arn": f"arn:aws:iam::{HOME}:root", "accountId": HOME,
                                 "accessKeyId": w.credentials()["AWS_ACCESS_KEY_ID"]}
    assert r["requestParameters"] == {"name": "topic", "attributes": {"DisplayName": "shown"}, "tags": [{"key": "Team", "value": "A"}]}, r
    assert r["responseElements"] == {"topicArn": arn} and r["sourceIPAddress"] == "127.0.0.1" and r["userAgent"].startswith("Boto3/")
    assert r["resources"] == [{"accountId": HOME, "type": "AWS::SNS::Topic", "ARN": arn}]
    assert (r["readOnly"], r["managementEvent"], r["eventCategory"], r["eventType"], r["recipientAccountId"]) == (False, True, "Management", "AwsApiCall", HOME)
    assert "errorCode" not in r and "tlsDetails" not in r and "sharedEventID" not in r
    at = datetime.datetime.strptime(r["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert began - datetime.timedelta(seconds=1) <= at <= datetime.datetime.now(UTC)

    # A change that fails is recorded as well; the same request id as the client's.
    ddb.create_table(**TABLE)
    error = refused("ResourceInUseException", ddb.create_table, **TABLE)
    r = one(w, "CreateTable")
    assert r["errorCode"] == "ResourceInUseException" and r["errorMessage"] == error["Error"]["Message"] and r["responseElements"] is None
    assert r["requestID"] == error["ResponseMetadata"]["RequestId"]

    # Reads and data events are not.
    before = len(records(w))
    sns.list_topics()
    ddb.put_item(TableName="table", Item={"p": {"S": "item-secret-20"}})
    ddb.get_item(TableName="table", Key={"p": {"S": "item-secret-20"}})
    sns.publish(TopicArn=arn, Message="message-secret-19", Subject="message-secret-19")
    assert len(records(w)) == before
    return arn


def secrets(w, topic):
    """What nobody may read: keys, tokens, environment, code, payloads. Allowed or refused."""
    iam, functions = w.client("iam"), w.client("lambda")
    role = w.role("runs", service="lambda.amazonaws.com")
    made = functions.create_function(FunctionName="function", Runtime="python3.11", Handler="index.handler", Role=role,
                                     Code={"ZipFile": package()}, Environment={"Variables": {"PASSWORD": "environment-secret-17"}})
    r = one(w, "CreateFunction20150331")
    assert r["requestParameters"]["environment"] == {"variables": HIDDEN} and r["requestParameters"]["code"] == {"zipFile": HIDDEN}, r
    assert r["requestParameters"]["functionName"] == "function" and r["responseElements"]["functionArn"] == made["FunctionArn"]
    assert r["responseElements"]["environment"] == HIDDEN
    functions.update_function_code(FunctionName="function", ZipFile=package("def handler(event, context):\n    return 2\n"))
    assert one(w, "UpdateFunctionCode20150331v2")["requestParameters"] == {"functionName": "function", "zipFile": HIDDEN}

    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    assert one(w, "CreateAccessKey")["responseElements"]["accessKey"]["secretAccessKey"] == HIDDEN
    iam.create_role(RoleName="taken", AssumeRolePolicyDocument=policy(
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{HOME}:user/nobody"}, "Action": "sts:AssumeRole"}))
    session = w.client_with("sts", key).assume_role(RoleArn=f"arn:aws:iam::{HOME}:role/taken", RoleSessionName="it")["Credentials"]
    r = one(w, "AssumeRole")
    assert r["readOnly"] is True and r["userIdentity"]["userName"] == "nobody" and r["awsRegion"] == "us-east-1"
    assert r["responseElements"]["credentials"]["accessKeyId"] == session["AccessKeyId"]
    assert r["responseElements"]["credentials"]["sessionToken"] == r["responseElements"]["credentials"]["secretAccessKey"] == HIDDEN
    assert r["resources"] == [{"accountId": HOME, "type": "AWS::IAM::Role", "ARN": f"arn:aws:iam::{HOME}:role/taken"}]

    # The session's own refusals tell who gave it.
    refused("AccessDeniedException", w.client_with("dynamodb", session).put_item, TableName="table", Item={"p": {"S": "item-secret-20"}})
    r = one(w, "PutItem")
    u = r["userIdentity"]
    assert u["type"] == "AssumedRole" and u["arn"] == f"arn:aws:sts::{HOME}:assumed-role/taken/it" and u["accessKeyId"] == session["AccessKeyId"]
    assert u["sessionContext"]["sessionIssuer"] == {"type": "Role", "principalId": u["principalId"].split(":")[0], "arn": f"arn:aws:iam::{HOME}:role/taken",
                                                    "accountId": HOME, "userName": "taken"}
    assert u["sessionContext"]["attributes"]["mfaAuthenticated"] == "false" and "creationDate" in u["sessionContext"]["attributes"]
    assert r["eventCategory"] == "Data" and r["managementEvent"] is False and r["errorCode"] == "AccessDeniedException"
    assert r["requestParameters"] == {"tableName": "table", "item": {"p": HIDDEN}}

    some = w.client_with
    refused("AuthorizationError", some("sns", key).publish, TopicArn=topic, Message="message-secret-19", Subject="message-secret-19",
            MessageAttributes={"a": {"DataType": "String", "StringValue": "message-secret-19"}})
    refused("AccessDeniedException", some("events", key).put_events, Entries=[{"Source": "a", "DetailType": "b", "Detail": '{"a":"payload-secret-18"}'}])
    refused("AccessDeniedException", some("lambda", key).invoke, FunctionName="function", Payload=b'{"a":"payload-secret-18"}')
    refused("AccessDeniedException", some("lambda", key).update_function_configuration, FunctionName="function",
            Environment={"Variables": {"PASSWORD": "environment-secret-17"}})
    refused("AccessDeniedException", some("dynamodb", key).get_item, TableName="table", Key={"p": {"S": "item-secret-20"}})
    assert {"Publish", "PutEvents", "Invoke", "UpdateFunctionConfiguration20150331v2", "GetItem"} <= set(by(w, "Username", "nobody"))
    text = json.dumps([e["CloudTrailEvent"] for e in records(w)])
    for secret in SECRETS + [key["SecretAccessKey"], session["SecretAccessKey"], session["SessionToken"], w.credentials()["AWS_SECRET_ACCESS_KEY"],
                             "PASSWORD"]:
        assert secret not in text, secret
    # What only refused calls brought, and what is sealed, is nowhere in the data directory.
    for path in glob.glob(os.path.join(w.data, "**"), recursive=True):
        if os.path.isfile(path) and "run" not in os.path.relpath(path, w.data).split(os.sep):
            with open(path, "rb") as f:
                content = f.read()
            for secret in ("payload-secret-18", "environment-secret-17", key["SecretAccessKey"], session["SecretAccessKey"], session["SessionToken"]):
                assert secret.encode() not in content, (path, secret)
    return key


def lookups(w, key):
    everything = records(w)
    assert [e["EventTime"] for e in everything] == sorted((e["EventTime"] for e in everything), reverse=True)
    ids = [e["EventId"] for e in everything]
    assert len(set(ids)) == len(ids) > 10
    assert [e["EventId"] for e in records(w, MaxResults=3)] == ids  # pages
    for name, value, expect in (("EventId", ids[3], lambda e: e["EventId"] == ids[3]), ("EventName", "CreateTable", lambda e: e["EventName"] == "CreateTable"),
                                ("ReadOnly", "true", lambda e: e["ReadOnly"] == "true"), ("Username", "root", lambda e: e["Username"] == "root"),
                                ("ResourceType", "AWS::IAM::User", lambda e: "AWS::IAM::User" in [r["ResourceType"] for r in e["Resources"]]),
                                ("ResourceName", "table", lambda e: "table" in [r["ResourceName"] for r in e["Resources"]]),
                                ("EventSource", "iam.amazonaws.com", lambda e: e["EventSource"] == "iam.amazonaws.com"),
                                ("AccessKeyId", key["AccessKeyId"], lambda e: e.get("AccessKeyId") == key["AccessKeyId"])):
        found = records(w, LookupAttributes=[{"AttributeKey": name, "AttributeValue": value}])
        assert [e["EventId"] for e in found] == [e["EventId"] for e in everything if expect(e)] != [], name
    late = datetime.datetime.now(UTC) + datetime.timedelta(hours=1)
    assert records(w, StartTime=late) == [] and records(w, EndTime=datetime.datetime(2020, 1, 1, tzinfo=UTC)) == []
    assert len(records(w, EndTime=late)) == len(everything) and records(w, EventCategory="insight") == []

    ct = w.client("cloudtrail")
    refused("InvalidTimeRangeException", ct.lookup_events, StartTime=late, EndTime=datetime.datetime.now(UTC))
    refused("InvalidMaxResultsException", ct.lookup_events, MaxResults=51)
    refused("InvalidEventCategoryException", ct.lookup_events, EventCategory="management")
    two = [{"AttributeKey": "EventName", "AttributeValue": "a"}, {"AttributeKey": "Username", "AttributeValue": "b"}]
    refused("InvalidLookupAttributesException", ct.lookup_events, LookupAttributes=two)
    refused("InvalidLookupAttributesException", ct.lookup_events, LookupAttributes=[{"AttributeKey": "Colour", "AttributeValue": "b"}])
    token = ct.lookup_events(MaxResults=1)["NextToken"]
    refused("InvalidNextTokenException", ct.lookup_events, NextToken=token, LookupAttributes=two[:1])
    refused("InvalidNextTokenException", ct.lookup_events, NextToken="x")

    answer = w.aws("cloudtrail", "lookup-events", "--lookup-attributes", "AttributeKey=EventName,AttributeValue=CreateTable", "--max-items", "1")
    assert answer["Events"][0]["EventName"] == "CreateTable" and answer["Events"][0]["Username"] == "root"
    assert w.aws("cloudtrail", "describe-trails") == {"trailList": []} and w.aws("cloudtrail", "list-trails") == {"Trails": []}
    refused("TrailNotFoundException", ct.get_trail_status, Name="trail")
    refused("InvalidTrailNameException", ct.get_trail_status, Name="x")


def command_line(w):
    lines = w.waybill("audit").stdout.splitlines()
    assert len(lines) == len(records(w)) and lines[0].split()[3] == "CreateTopic", lines[:3]
    assert [x.split()[0] for x in lines] == sorted(x.split()[0] for x in lines)
    errors = w.waybill("audit", "--errors", "--user", "nobody").stdout.splitlines()
    assert errors and all("nobody" in x and re.search("AccessDenied|AuthorizationError", x) for x in errors), errors
    request = next(x for x in errors if " GetItem " in x).split()[-1]
    assert "dynamodb:GetItem" in w.waybill("why", request).stdout
    only = w.waybill("audit", "--event", "CreateTable", "--json").stdout.splitlines()
    assert [json.loads(x)["eventName"] for x in only] == ["CreateTable"] * len(only) and len(only) == 2
    assert w.waybill("audit", "--since", "2999-01-01T00:00:00Z").stdout == "" and len(w.waybill("audit", "--since", "2h").stdout.splitlines()) == len(lines)
    assert w.waybill("audit", "--since", "soon", check=False).returncode == 2 and w.waybill("audit", "more", check=False).returncode == 2
    follow = subprocess.Popen([PROGRAM, "audit", "--follow", "--event", "DeleteTopic"], env=w.environment(), stdout=subprocess.PIPE, text=True)
    try:
        w.client("sns").delete_topic(TopicArn=w.client("sns").create_topic(Name="gone")["TopicArn"])
        assert "DeleteTopic" in follow.stdout.readline()
    finally:
        follow.kill()
        follow.wait()


def mails(w):
    return [open(p, encoding="utf-8").read() for p in sorted(glob.glob(os.path.join(w.data, "outbox", "*.eml")))]


def bus(w):
    """A rule on the default bus hears of changes, also of refused ones, and not of reads."""
    sns, events = w.client("sns"), w.client("events")
    topic = sns.create_topic(Name="told")["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(
        {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic}))
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.test")
    text = wait_for(lambda: [m for m in mails(w) if "confirm-subscription" in m])[-1]
    w.page(re.search(r"http://\S*/_waybill/confirm-subscription\?\S+", text).group(0).replace(w.url, ""))
    pattern = {"source": ["aws.iam"], "detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": ["CreateUser", "GetUser", "AssumeRole"]}}
    events.put_rule(Name="changes", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="changes", Targets=[{"Id": "1", "Arn": topic, "InputPath": "$.detail"}])
    user = w.user("watched")
    refused("AccessDenied", user("iam").create_user, UserName="refused-one")
    refused("AccessDenied", user("iam").get_user, UserName="watched")
    heard = wait_for(lambda: len([m for m in mails(w) if "eventName" in m]) >= 2 and [m for m in mails(w) if "eventName" in m])
    text = "\n".join(heard).replace("=\n", "")
    assert len(heard) == 2 and '"userName":"watched"' in text.replace("=3D", "=") and "refused-one" in text and "AccessDenied" in text, text
    assert "GetUser" not in text
    events.remove_targets(Rule="changes", Ids=["1"])
    events.delete_rule(Name="changes")


def accounts(w):
    """A call across accounts is in both logs, under one shared id."""
    w.waybill("account", "add", OTHER)
    text = open(os.path.join(w.data, f"credentials-{OTHER}"), encoding="utf-8").read()
    found = dict(re.findall(r"^export (\w+)=(.*)$", text, re.M))
    root = {"AccessKeyId": found["AWS_ACCESS_KEY_ID"], "SecretAccessKey": found["AWS_SECRET_ACCESS_KEY"]}
    topic = w.client("sns").create_topic(Name="shared")["TopicArn"]
    w.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(
        {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sns:*", "Resource": topic}))
    w.client_with("sns", root).set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="theirs")
    there = json.loads(records(w, root, LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "SetTopicAttributes"}])[0]["CloudTrailEvent"])
    here = one(w, "SetTopicAttributes")
    assert there["sharedEventID"] == here["sharedEventID"] and there["eventID"] != here["eventID"]
    assert (there["recipientAccountId"], here["recipientAccountId"]) == (OTHER, HOME)
    assert there["userIdentity"]["type"] == "Root" and here["userIdentity"] == {"type": "AWSAccount", "principalId": OTHER, "accountId": OTHER}
    assert "CreateTopic" not in [e["EventName"] for e in records(w, root)]


def last_use(w):
    iam = w.client("iam")
    user = w.user("seldom", {"Effect": "Allow", "Action": "dynamodb:ListTables", "Resource": "*"})
    id = iam.list_access_keys(UserName="seldom")["AccessKeyMetadata"][0]["AccessKeyId"]
    never = iam.get_access_key_last_used(AccessKeyId=id)
    assert never["UserName"] == "seldom" and never["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}, never
    user("dynamodb").list_tables()
    assert w.stop() == 0
    w.start()
    used = iam.get_access_key_last_used(AccessKeyId=id)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("dynamodb", "us-east-1")
    assert abs((datetime.datetime.now(UTC) - used["LastUsedDate"]).total_seconds()) < 120
    refused("NoSuchEntity", iam.get_access_key_last_used, AccessKeyId="AKIANOSUCHKEYATALL00")


def kill(w):
    ids = [e["EventId"] for e in records(w)]
    sns = w.client("sns")
    sns.create_topic(Name="last")
    r = refused("AccessDeniedException", w.user("late")("dynamodb").list_tables)
    w.kill()
    w.start()
    after = records(w)
    assert [e["EventId"] for e in after[-len(ids):]] == ids
    assert [e["EventName"] for e in after[:-len(ids)]] == ["ListTables", "CreateAccessKey", "CreateUser", "CreateTopic"]
    assert "dynamodb:ListTables" in w.waybill("why", r["ResponseMetadata"]["RequestId"]).stdout


def days():
    """Records stay 90 days."""
    with Waybill(args=["--test-clock"]) as w:
        def advance(days):
            w.page("/_waybill/clock", data=json.dumps({"advance_ms": int(days * 86400000)}).encode(), method="POST")
        user = w.user("old")
        request = refused("AccessDeniedException", user("dynamodb").list_tables)["ResponseMetadata"]["RequestId"]
        advance(89)
        w.client("sns").create_topic(Name="young")
        assert [e["EventName"] for e in records(w)] == ["CreateTopic", "ListTables", "CreateAccessKey", "CreateUser"]
        assert w.waybill("why", request).returncode == 0
        advance(1.1)
        assert [e["EventName"] for e in records(w)] == ["CreateTopic"]
        wait_for(lambda: w.waybill("why", request, check=False).returncode == 1)
        advance(89)
        wait_for(lambda: records(w) == [])
        w.client("sns").create_topic(Name="younger")
        assert [e["EventName"] for e in records(w)] == ["CreateTopic"]
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout


def no_room():
    """Below the disk reserve a denial cannot be recorded, so it is not told either; what takes away passes, with its record."""
    with Waybill() as w:
        w.client("iam").create_user(UserName="stopped")
        key = w.client("iam").create_access_key(UserName="stopped")["AccessKey"]
        w.client("sns").create_topic(Name="gone")
        before = len(records(w))
        assert w.stop() == 0
        w.args = ["--disk-reserve", "1000000"]
        w.start()
        once = boto3.client("dynamodb", endpoint_url=w.url, region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}),
                            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        assert refused("ServiceUnavailableException", once.list_tables)["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert len(records(w)) == before
        w.client("sns").delete_topic(TopicArn=f"arn:aws:sns:us-east-1:{HOME}:gone")
        assert [e["EventName"] for e in records(w)][:1] == ["DeleteTopic"]


def data_events():
    with Waybill(args=["--audit-data", "on"]) as w:
        ddb = w.client("dynamodb")
        ddb.create_table(**TABLE)
        ddb.put_item(TableName="table", Item={"p": {"S": "item-secret-20"}})
        ddb.get_item(TableName="table", Key={"p": {"S": "item-secret-20"}})
        refused("ConditionalCheckFailedException", ddb.put_item, TableName="table", Item={"p": {"S": "item-secret-20"}}, ConditionExpression="attribute_not_exists(p)")
        r = one(w, "PutItem")
        assert r["eventCategory"] == "Data" and r["requestParameters"] == {"tableName": "table", "item": {"p": HIDDEN}} and r["responseElements"] is None
        assert [e["EventName"] for e in records(w)] == ["PutItem", "CreateTable"]
        role = w.role("runs")
        w.client("lambda").create_function(FunctionName="function", Runtime="python3.11", Handler="index.handler", Role=role, Code={"ZipFile": package()})
        w.client("lambda").invoke(FunctionName="function", Payload=b'{"a":"payload-secret-18"}')
        assert one(w, "Invoke")["requestParameters"] == {"functionName": "function"}


def main():
    with Waybill() as w:
        topic = changes(w)
        key = secrets(w, topic)
        lookups(w, key)
        command_line(w)
        bus(w)
        accounts(w)
        last_use(w)
        kill(w)
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout
    days()
    no_room()
    data_events()


main()
