"""One tree a trace: from PutEvents over the bus, the function and its calls to tables and topics, to who is subscribed there."""
import datetime
import io
import json
import os
import shutil
import time
import zipfile

import node_functions
from original_stack import HANDLER, OriginalStack
from waybill_server import Waybill, allow, wait_for

INVOKE = {"Action": "lambda:InvokeFunction"}


def new_trace():
    return f"1-{int(time.time()):08x}-{os.urandom(12).hex()}"


class Tree:
    """A trace's segments, with their subsegments, by id."""

    def __init__(self, x, trace):
        traces = x.batch_get_traces(TraceIds=[trace])["Traces"]
        self.part, self.segments = {}, []
        for s in traces[0]["Segments"] if traces else []:
            document = json.loads(s["Document"])
            assert document["id"] == s["Id"] and document["trace_id"] == trace
            self.segments.append(document)
            self.add(document, document.get("parent_id"))

    def add(self, document, parent):
        assert document["id"] not in self.part and document["start_time"] <= document["end_time"], document
        self.part[document["id"]] = {**document, "parent_id": parent}
        for s in document.get("subsegments", []):
            self.add(s, document["id"])

    def path(self, s):
        """Names from the root down to s, e.g. bus/function/Attempt #1/function/table."""
        names = []
        while s:
            names.append(s["name"])
            s = self.part.get(s.get("parent_id"))
        return "/".join(reversed(names))

    def shape(self):
        return sorted((self.path(s), s.get("origin", s.get("type", ""))) for s in self.segments)

    def find(self, origin, name=None, **aws):
        found = [s for s in self.segments if s.get("origin") == origin and (name is None or s["name"] == name)
                 and all(s["aws"].get(k) == v for k, v in aws.items())]
        return found[0] if len(found) == 1 else found


def tree_of(x, trace, there):
    """The trace once there(tree) is true."""
    last = []

    def look():
        last[:] = [Tree(x, trace)]
        return there(last[0]) and last[0]
    try:
        return wait_for(look, seconds=20, every=0.05)
    except AssertionError:
        raise AssertionError(json.dumps(last[0].segments, indent=1))


def find_traces(x, expression):
    now = datetime.datetime.now(datetime.timezone.utc)
    return x.get_trace_summaries(StartTime=now - datetime.timedelta(minutes=10), EndTime=now + datetime.timedelta(seconds=5),
                                 FilterExpression=expression)["TraceSummaries"]


def edges(x, trace):
    services = x.get_trace_graph(TraceIds=[trace])["Services"]
    name = {s["ReferenceId"]: (s["Name"], s.get("Type")) for s in services}
    return {(name[s["ReferenceId"]], name[e["ReferenceId"]]): e["SummaryStatistics"] for s in services for e in s["Edges"]}


def zipped(text):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        z.writestr("index.py", text)
    return b.getvalue()


def python_function(w, name, text, *statements, mode="Active", **more):
    f = w.client("lambda")
    arn = f.create_function(FunctionName=name, Runtime="python3.10", Handler="index.handler", Role=w.role(name, *statements), Timeout=20,
                            Code={"ZipFile": zipped(text)}, TracingConfig={"Mode": mode}, **more)["FunctionArn"]
    f.get_waiter("function_active_v2").wait(FunctionName=name)
    return arn


def route(w, source, arn, bus="default"):
    """A rule that sends what comes from the source to the function."""
    events, f = w.client("events"), w.client("lambda")
    rule = events.put_rule(Name=source, EventBusName=bus, EventPattern=json.dumps({"source": [source]}))["RuleArn"]
    f.add_permission(FunctionName=arn, StatementId=source, Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule)
    events.put_targets(Rule=source, EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])
    return rule


def put(w, source, header=None, detail="{}", **more):
    entry = {"Source": source, "DetailType": "d", "Detail": detail, **more}
    if header:
        entry["TraceHeader"] = header
    r = w.client("events").put_events(Entries=[entry])
    assert r["FailedEntryCount"] == 0, r


def with_header(client, header):
    """The client's requests carry the header."""
    def add(request, **_):
        request.headers["X-Amzn-Trace-Id"] = header
    client.meta.events.register("before-send", add)
    return client


def shipments(w):
    """The stack as it is deployed: the function in C over sdk/c."""
    x = w.client("xray")
    w.shipments("ops@example.test")
    bus, function, log, topic = (f"{n}-us-east-1-dev" for n in ("shipment-events", "shipment-processor", "shipment-logs", "shipment-alerts"))
    trace, parent = new_trace(), os.urandom(8).hex()
    update = {"shipmentId": "SHIP-9", "status": "DELAYED", "location": "Dallas, TX", "carrier": "FedEx", "trackingNumber": "1",
              "timestamp": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "delayReason": "snow"}
    w.client("events").put_events(Entries=[{"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": bus,
                                            "Detail": json.dumps(update), "TraceHeader": f"Root={trace};Parent={parent};Sampled=1;Lineage=a:1"}])
    tree = tree_of(x, trace, lambda t: t.find("AWS::SNS") and t.find("AWS::Lambda::Function") and t.find("AWS::DynamoDB::Table", log))
    works = f"{bus}/{function}/Attempt #1/{function}"
    shape = tree.shape()
    assert (bus, "AWS::Events") in shape and (f"{bus}/{function}", "AWS::Lambda") in shape and (works, "AWS::Lambda::Function") in shape, shape
    assert (f"{works}/{log}", "AWS::DynamoDB::Table") in shape and (f"{works}/{topic}", "AWS::SNS") in shape, shape
    assert all(s.get("parent_id") for s in tree.segments) and tree.find("AWS::Events")["parent_id"] == parent
    assert [tree.path(s) for s in tree.segments if tree.path(s).split("/")[0] != bus] == []
    saved = tree.find("AWS::DynamoDB::Table", log)
    saved = saved if isinstance(saved, dict) else saved[0]
    assert saved["aws"]["table_name"] == log and saved["aws"]["operation"] == "PutItem" and saved["http"]["response"]["status"] == 200
    assert saved["aws"]["request_id"] and saved["aws"]["account_id"] == "000000000000" and saved["aws"]["region"] == "us-east-1"
    assert tree.find("AWS::SNS")["aws"]["operation"] == "Publish" and tree.find("AWS::SNS")["aws"]["topic_arn"].endswith(topic)
    e = edges(x, trace)
    lambdas = (function, "AWS::Lambda"), (function, "AWS::Lambda::Function")
    for edge in (((bus, "AWS::Events"), lambdas[0]), lambdas, (lambdas[1], (log, "AWS::DynamoDB::Table")), (lambdas[1], (topic, "AWS::SNS"))):
        assert edge in e, (edge, list(e))
    assert e[lambdas]["TotalCount"] == 1
    found = [t for t in find_traces(x, f'service("{log}")') if t["Id"] == trace]
    assert len(found) == 1 and not found[0]["HasError"] and not found[0]["HasFault"]


def original(w):
    """The original handler with its own libraries; an event put without any header is sampled by the function."""
    x = w.client("xray")
    s = OriginalStack(w)
    entry = {"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": s.bus,
             "Detail": json.dumps({"shipmentId": "S1", "status": "IN_TRANSIT", "timestamp": "2026-11-22T12:00:00Z"})}
    w.aws("events", "put-events", "--entries", json.dumps([entry]))
    found = wait_for(lambda: find_traces(x, f'service("{s.table}")'))
    assert len(found) == 1
    tree = tree_of(x, found[0]["Id"], lambda t: len(t.segments) == 3)
    works = f"{s.function}/Attempt #1/{s.function}"
    assert tree.shape() == [(s.function, "AWS::Lambda"), (works, "AWS::Lambda::Function"), (f"{works}/{s.table}", "AWS::DynamoDB::Table")]
    assert found[0]["EntryPoint"]["Name"] == s.function
    # The same with a header, by HTTP this time.
    trace = new_trace()
    with_header(w.client("events"), f"Root={trace};Parent=00f067aa0ba902b7;Sampled=1").put_events(Entries=[entry, entry])
    tree = tree_of(x, trace, lambda t: len(t.find("AWS::DynamoDB::Table", s.table)) == 2)
    assert len(tree.segments) == 8 and len(tree.find("AWS::Events", s.bus)) == 2, tree.shape()


PYTHON = """
import boto3, os
from botocore.config import Config
d, n = boto3.client("dynamodb"), boto3.client("sns")
def handler(e, c):
    try:
        d.put_item(TableName="things", Item={"id": {"S": "a"}}, ConditionExpression="attribute_not_exists(id)")
    except d.exceptions.ConditionalCheckFailedException:
        pass
    d.get_item(TableName="things", Key={"id": {"S": "a"}})
    n.publish(TopicArn=os.environ["TOPIC"], Message="hello")
    try:
        d.put_item(TableName="secret", Item={"id": {"S": "a"}})
    except d.exceptions.ClientError:
        pass
    try:
        boto3.client("lambda", config=Config(retries={"max_attempts": 1})).invoke(FunctionName="busy", Payload=b"{}")
    except Exception:
        pass
    return os.environ["_X_AMZN_TRACE_ID"]
"""


def calls(w):
    """A function with boto3: what it calls, what fails, and what the topic sets off."""
    x, ddb, sns, f = (w.client(s) for s in ("xray", "dynamodb", "sns", "lambda"))
    for table in ("things", "secret"):
        ddb.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                         KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    topic = sns.create_topic(Name="news")["TopicArn"]
    heard = python_function(w, "heard", "def handler(e, c):\n    return 1")
    f.add_permission(FunctionName="heard", StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=heard)
    python_function(w, "busy", "def handler(e, c):\n    return 1")
    f.put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=0)
    arn = python_function(w, "caller", PYTHON, allow("sns:Publish"), allow("lambda:InvokeFunction"), Environment={"Variables": {"TOPIC": topic}},
                          *[allow("dynamodb:*", f"arn:aws:dynamodb:*:*:table/things")])
    route(w, "calls", arn)
    trace = new_trace()
    put(w, "calls", f"Root={trace};Sampled=1")
    tree = tree_of(x, trace, lambda t: len(t.segments) == 11)
    works = "default/caller/Attempt #1/caller"
    assert tree.shape() == sorted([
        ("default", "AWS::Events"), ("default/caller", "AWS::Lambda"), (works, "AWS::Lambda::Function"),
        (works + "/things", "AWS::DynamoDB::Table"), (works + "/things", "AWS::DynamoDB::Table"), (works + "/secret", "AWS::DynamoDB::Table"),
        (works + "/news", "AWS::SNS"), (works + "/news/heard", "AWS::Lambda"), (works + "/news/heard/Attempt #1/heard", "AWS::Lambda::Function"),
        (works + "/busy", "AWS::Lambda"), (works + "/busy", "AWS::Lambda")]), tree.shape()
    refused = tree.find("AWS::DynamoDB::Table", "secret")
    assert refused["error"] and refused["http"]["response"]["status"] == 400 and "fault" not in refused
    assert refused["cause"]["exceptions"][0]["type"] == "AccessDeniedException" and "not authorized" in refused["cause"]["exceptions"][0]["message"]
    busy = tree.find("AWS::Lambda", "busy")[1]  # the client tries twice
    assert busy["throttle"] and busy["error"] and busy["http"]["response"]["status"] == 429 and busy["aws"]["function_name"] == "busy"
    summary = [t for t in find_traces(x, 'service("busy") { throttle }') if t["Id"] == trace][0]
    assert summary["HasThrottle"] and not summary["HasError"] and not summary["HasFault"] and summary["EntryPoint"]["Name"] == "default"
    e = edges(x, trace)
    assert e[("caller", "AWS::Lambda::Function"), ("things", "AWS::DynamoDB::Table")]["TotalCount"] == 2
    assert e[("caller", "AWS::Lambda::Function"), ("busy", "AWS::Lambda")]["ErrorStatistics"]["ThrottleCount"] == 2
    # A failing condition is an error; the first time there was none.
    put(w, "calls", f"Root={(again := new_trace())};Sampled=1")
    tree = tree_of(x, again, lambda t: len(t.segments) == 11)
    put_item = tree.find("AWS::DynamoDB::Table", "things", operation="PutItem")
    assert put_item["error"] and put_item["cause"]["exceptions"][0]["type"] == "ConditionalCheckFailedException"
    # What upstream decided is obeyed, and what X-Ray does not know goes on.
    put(w, "calls", f"Root={(unsampled := new_trace())};Parent=00f067aa0ba902b7;Sampled=0")
    r = f.invoke(FunctionName="caller", Payload=b"{}")
    assert r["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"].startswith("Root=1-")
    put(w, "calls", "Root=nonsense;Sampled=1")
    traced = with_header(w.client("lambda"), f"Self=1-x;Root={unsampled};Parent=00f067aa0ba902b7;Sampled=0;Lineage=a:1|b:2")
    header = json.loads(traced.invoke(FunctionName="caller", Payload=b"{}")["Payload"].read())
    assert header == f"Root={unsampled};Parent=00f067aa0ba902b7;Sampled=0;Self=1-x;Lineage=a:1|b:2", header
    assert x.batch_get_traces(TraceIds=[unsampled])["Traces"] == []


NODE = """
const { DynamoDBClient, GetItemCommand, QueryCommand } = require('@aws-sdk/client-dynamodb')
const { EventBridgeClient, PutEventsCommand } = require('@aws-sdk/client-eventbridge')
const { Lambda } = require('@aws-sdk/client-lambda')
exports.handler = async () => {
    const db = new DynamoDBClient()
    await db.send(new GetItemCommand({ TableName: 'things', Key: { id: { S: 'a' } } }))
    await db.send(new QueryCommand({ TableName: 'nothing' })).catch(() => {})
    await new EventBridgeClient().send(new PutEventsCommand({ Entries: [{ Source: 'onward', DetailType: 'd', Detail: '{}', EventBusName: 'onward' }] }))
    await new EventBridgeClient().send(new PutEventsCommand({ Entries: [{ Source: 'x', DetailType: 'd', Detail: '{}', EventBusName: 'secret' }] })).catch(() => {})
    await new Lambda().invoke({ FunctionName: 'silent' })
    await new Lambda().invoke({ FunctionName: 'heard', InvocationType: 'Event' })
    await new Lambda().invoke({ FunctionName: 'heard' })
}
"""


def onward(w):
    """A function in JavaScript that reads, puts an event on another bus, and invokes: what traces itself does not count twice."""
    if not shutil.which("node", path="/usr/bin"):
        print("node is not installed: left out")
        return
    x, events = w.client("xray"), w.client("events")
    for bus in ("onward", "secret"):
        events.create_event_bus(Name=bus)
    python_function(w, "silent", "def handler(e, c):\n    return 1", mode="PassThrough")
    route(w, "onward", python_function(w, "end", "def handler(e, c):\n    return 1"), bus="onward")
    role = w.role("js", allow("dynamodb:*"), allow("events:PutEvents", "arn:aws:events:*:*:event-bus/onward"), allow("lambda:InvokeFunction"))
    route(w, "js", node_functions.create(w, "js", {"index.js": NODE}, Role=role, TracingConfig={"Mode": "Active"})["FunctionArn"])
    trace = new_trace()
    put(w, "js", f"Root={trace};Sampled=1")
    tree = tree_of(x, trace, lambda t: len(t.segments) == 14)
    works = "default/js/Attempt #1/js/"
    assert tree.shape() == sorted([
        ("default", "AWS::Events"), ("default/js", "AWS::Lambda"), (works[:-1], "AWS::Lambda::Function"),
        (works + "things", "AWS::DynamoDB::Table"), (works + "nothing", "AWS::DynamoDB::Table"),
        (works + "onward", "AWS::Events"), (works + "onward/end", "AWS::Lambda"), (works + "onward/end/Attempt #1/end", "AWS::Lambda::Function"),
        (works + "EventBridge", "AWS::EventBridge"), (works + "silent", "AWS::Lambda"),
        (works + "heard", "AWS::Lambda"), (works + "heard/Attempt #1/heard", "AWS::Lambda::Function"),
        (works + "heard", "AWS::Lambda"), (works + "heard/heard", "AWS::Lambda::Function")]), tree.shape()
    assert tree.find("AWS::DynamoDB::Table", "nothing")["cause"]["exceptions"][0]["type"] == "ValidationException"
    assert tree.find("AWS::EventBridge")["http"]["response"]["status"] == 400 and tree.find("AWS::EventBridge")["error"]
    assert sorted(s["http"]["response"]["status"] for s in tree.find("AWS::Lambda", "heard")) == [200, 202]


def retries():
    """Each attempt of an asynchronous invocation is told in one trace, also when the function itself decided on it; its dead letter follows."""
    with Waybill(args=["--test-clock"]) as w:
        x, f = w.client("xray"), w.client("lambda")
        topic = w.client("sns").create_topic(Name="dead", Attributes={"TracingConfig": "Active"})["TopicArn"]
        heard = python_function(w, "heard", "def handler(e, c):\n    return 1")
        f.add_permission(FunctionName="heard", StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=topic)
        w.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=heard)
        python_function(w, "fails", "def handler(e, c):\n    raise Exception('no')", allow("sns:Publish"), DeadLetterConfig={"TargetArn": topic})
        f.invoke(FunctionName="fails", InvocationType="Event", Payload=b"{}")

        def attempts():
            found = find_traces(x, 'service("fails")')
            return len(Tree(x, found[0]["Id"]).find("AWS::Lambda", "fails").get("subsegments", [])) - 1 if found else 0
        for n in (1, 2, 3):
            wait_for(lambda: attempts() == n)
            w.page("/_waybill/clock", data=json.dumps({"advance_ms": 200000}).encode(), method="POST")
        now = datetime.datetime.now(datetime.timezone.utc)
        found = x.get_trace_summaries(StartTime=now - datetime.timedelta(minutes=10), EndTime=now + datetime.timedelta(minutes=30))["TraceSummaries"]
        assert len(found) == 1 and found[0]["HasError"] and found[0]["EntryPoint"]["Name"] == "fails"
        tree = tree_of(x, found[0]["Id"], lambda t: t.find("AWS::Lambda::Function", "heard"))
        parts = tree.find("AWS::Lambda", "fails")["subsegments"]
        assert [s["name"] for s in parts] == ["Dwell Time", "Attempt #1", "Attempt #2", "Attempt #3"] and all(s["error"] for s in parts[1:])
        assert tree.path(tree.find("AWS::Lambda", "heard")) == "fails/dead/heard"
        runs = tree.find("AWS::Lambda::Function", "fails")
        assert sorted(tree.path(s) for s in runs) == [f"fails/Attempt #{n}/fails" for n in (1, 2, 3)] and all(s["fault"] for s in runs)


STORES = """
import boto3
from botocore.config import Config
def handler(e, c):
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    s3.put_object(Bucket="inbox", Key="k", Body=b"x")
    s3.get_object(Bucket="inbox", Key="k")["Body"].read()
"""


def without_auth():
    """Functions are known by their session also where nothing is enforced; a bucket's notification goes on in the trace."""
    with Waybill(args=["--auth", "off"]) as w:
        x, f, s3 = w.client("xray"), w.client("lambda"), w.client("s3")
        s3.create_bucket(Bucket="inbox")
        arn = python_function(w, "seen", "def handler(e, c):\n    return 1")
        f.add_permission(FunctionName="seen", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::inbox")
        s3.put_bucket_notification_configuration(Bucket="inbox", NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
        route(w, "stores", python_function(w, "stores", STORES))
        trace = new_trace()
        put(w, "stores", f"Root={trace};Sampled=1")
        tree, works = tree_of(x, trace, lambda t: len(t.segments) == 7), "default/stores/Attempt #1/stores"
        assert tree.shape() == sorted([
            ("default", "AWS::Events"), ("default/stores", "AWS::Lambda"), (works, "AWS::Lambda::Function"),
            (works + "/inbox", "AWS::S3::Bucket"), (works + "/inbox", "AWS::S3::Bucket"),
            (works + "/inbox/seen", "AWS::Lambda"), (works + "/inbox/seen/Attempt #1/seen", "AWS::Lambda::Function")]), tree.shape()
        assert sorted(s["aws"]["operation"] for s in tree.find("AWS::S3::Bucket")) == ["GetObject", "PutObject"]


def undeliverable(w):
    """A target that may not be reached: the attempt, with its reason."""
    x, events = w.client("xray"), w.client("events")
    python_function(w, "closed", "def handler(e, c):\n    return 1")
    events.put_rule(Name="closed", EventPattern=json.dumps({"source": ["closed"]}))
    target = w.client("lambda").get_function(FunctionName="closed")["Configuration"]["FunctionArn"]
    events.put_targets(Rule="closed", Targets=[{"Id": "1", "Arn": target}])
    trace = new_trace()
    put(w, "closed", f"Root={trace};Sampled=1")
    tree = tree_of(x, trace, lambda t: len(t.segments) == 2)
    attempt = [s for s in tree.segments if s.get("type") == "subsegment"][0]
    assert tree.path(attempt) == "default/Lambda" and attempt["error"] and attempt["aws"]["function_name"] == "closed"
    assert attempt["cause"]["exceptions"][0]["type"] == "NO_PERMISSIONS" and "lambda:InvokeFunction" in json.dumps(attempt["cause"])
    e = edges(x, trace)
    assert e[("default", "AWS::Events"), ("closed", "AWS::Lambda")]["ErrorStatistics"]["TotalCount"] == 1


def outside(w):
    """Who signs with other keys is not traced, whatever header it sends; a function's keys count wherever they are used."""
    x, trace = w.client("xray"), new_trace()
    header = f"Root={trace};Parent=00f067aa0ba902b7;Sampled=1"
    with_header(w.client("dynamodb"), header).get_item(TableName="things", Key={"id": {"S": "a"}})
    with_header(w.client("sns"), header).list_topics()
    python_function(w, "keys", "import os\ndef handler(e, c):\n    return {k: os.environ['AWS_' + v] for k, v in"
                    " {'AccessKeyId': 'ACCESS_KEY_ID', 'SecretAccessKey': 'SECRET_ACCESS_KEY', 'SessionToken': 'SESSION_TOKEN'}.items()}",
                    allow("dynamodb:GetItem"), mode="PassThrough")
    key = json.loads(w.client("lambda").invoke(FunctionName="keys", Payload=b"{}")["Payload"].read())
    with_header(w.client_with("dynamodb", key), header).get_item(TableName="things", Key={"id": {"S": "b"}})
    tree = tree_of(x, trace, lambda t: t.segments)
    time.sleep(0.3)  # whatever the first two had left would be there by now
    assert [(s["name"], s["aws"]["operation"], s["parent_id"]) for s in Tree(x, trace).segments] == [("things", "GetItem", "00f067aa0ba902b7")]


def active_topic(w):
    """A topic with active tracing between a rule and a function; one without passes the header on."""
    x, sns, events, f = (w.client(s) for s in ("xray", "sns", "events", "lambda"))
    arn = python_function(w, "told", "def handler(e, c):\n    return 1")
    for name, mode in (("loud", "Active"), ("quiet", "PassThrough")):
        topic = sns.create_topic(Name=name, Attributes={"TracingConfig": mode})["TopicArn"]
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({"Statement": [
            {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic}]}))
        f.add_permission(FunctionName="told", StatementId=name, Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=topic)
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
        events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": topic}])
    for name, between in (("loud", "default/loud/told"), ("quiet", "default/told")):
        trace = new_trace()
        put(w, name, f"Root={trace};Sampled=1")
        tree = tree_of(x, trace, lambda t: t.find("AWS::Lambda::Function", "told"))
        assert (between, "AWS::Lambda") in tree.shape() and len(tree.segments) == (4 if name == "loud" else 3), tree.shape()


def main():
    with Waybill() as w:
        parts = [shipments, calls, active_topic, onward, undeliverable, outside]
        if os.path.exists(HANDLER):
            parts.insert(1, original)
        for part in parts:
            part(w)
            print(part.__name__)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout
    retries()
    print("retries")
    without_auth()
    print("without_auth")


if __name__ == "__main__":
    main()
