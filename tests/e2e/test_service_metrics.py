"""What every service counts, path by path, against the table of what AWS documents (tests/data/metrics/services.json).

Each part does something and says what that must have counted: metric, dimensions, exact values. At the end whatever is in the namespaces of AWS must
be in the table with its dimensions and unit, and whatever is in the table and not excused must have been seen.
"""
import datetime
import glob
import io
import json
import os
import re
import zipfile

import boto3
from botocore.config import Config

from waybill_server import ROOT, Waybill, allow, refused, wait_for

TABLE = json.load(open(os.path.join(ROOT, "tests/data/metrics/services.json"), encoding="utf-8"))
ACCOUNT = "000000000000"
GOOD = "def handler(event, context):\n    return 'fine'\n"
BAD = "def handler(event, context):\n    raise RuntimeError('asked to')\n"


def move(w, seconds):
    w.page("/_waybill/clock", json.dumps({"advance_ms": int(seconds * 1000)}).encode(), "POST")


def span(w):
    """From yesterday on, by whole days: the test's clock goes a day ahead."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"StartTime": now - datetime.timedelta(days=1), "EndTime": now + datetime.timedelta(days=3)}


def dims(**given):
    return [{"Name": n, "Value": v} for n, v in sorted(given.items())]


def stats(w, namespace, wanted):
    """A value each of (name, statistic, dimensions), over all of the test."""
    queries = [{"Id": f"q{i}", "MetricStat": {"Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": dims(**given)}, "Period": 86400, "Stat": how}}
               for i, (name, how, given) in enumerate(wanted)]
    answer = w.metrics.get_metric_data(MetricDataQueries=queries, **span(w))["MetricDataResults"]
    return [max(r["Values"], default=0) if how == "Maximum" else sum(r["Values"]) for r, (_, how, _) in zip(answer, wanted)]


class Counted:
    """What a block has added; counters in memory ride on a commit within a second, so it is waited for."""

    def __init__(self, w, namespace, *expected):
        self.w, self.namespace, self.expected = w, namespace, expected

    def now(self):
        return stats(self.w, self.namespace, [(name, how, given) for name, how, _, given in self.expected])

    def __enter__(self):
        self.before = self.now()

    def __exit__(self, kind, *_):
        if kind:
            return
        want, got = [value for _, _, value, _ in self.expected], None

        def there():
            nonlocal got
            got = [a - (b if e[1] != "Maximum" else 0) for a, b, e in zip(self.now(), self.before, self.expected)]
            return got == want
        try:
            wait_for(there, 15, 0.1)
        except AssertionError:
            raise AssertionError([(e, g) for e, g in zip(self.expected, got) if e[2] != g]) from None
        assert there(), got


def n(name, value, how="Sum", **given):
    return name, how, value, given


def function(w, name, code, **more):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as z:
        z.writestr("index.py", code)
    arn = w.role(name, *more.pop("allowed", ()))
    made = w.client("lambda").create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=arn, Code={"ZipFile": package.getvalue()}, **more)
    return made["FunctionArn"]


def let(w, name, who):
    w.client("lambda").add_permission(FunctionName=name, StatementId=who.split(".")[0], Action="lambda:InvokeFunction", Principal=who)


def invoked(name, runs, errors=0, throttles=0):
    """An invocation counts the same, whoever asks for it."""
    for given in ({"FunctionName": name}, {"FunctionName": name, "Resource": name}, {}):
        yield n("Invocations", runs, **given)
        yield n("Errors", errors, **given)
        yield n("Errors", runs, "SampleCount", **given)
        yield n("Duration", runs, "SampleCount", **given)
        yield n("ConcurrentExecutions", runs, "SampleCount", **given)
        yield n("Throttles", throttles, **given)
    yield n("UnreservedConcurrentExecutions", runs, "SampleCount")
    yield n("ClaimedAccountConcurrency", runs, "SampleCount")


def directly(w):
    lam = w.client("lambda")
    with Counted(w, "AWS/Lambda", *invoked("good", 2), n("AsyncEventsReceived", 0), n("ConcurrentExecutions", 1, "Maximum")):
        for _ in range(2):
            lam.invoke(FunctionName="good")
    with Counted(w, "AWS/Lambda", *invoked("bad", 1, 1)):
        assert lam.invoke(FunctionName="bad")["FunctionError"] == "Unhandled"
    with Counted(w, "AWS/Lambda", *invoked("none", 0)):
        refused("ResourceNotFoundException", lam.invoke, FunctionName="none")
    lam.put_function_concurrency(FunctionName="bad", ReservedConcurrentExecutions=7)
    with Counted(w, "AWS/Lambda", n("ClaimedAccountConcurrency", 8, "Maximum"), n("UnreservedConcurrentExecutions", 1, "Maximum")):
        lam.invoke(FunctionName="good")
    lam.delete_function_concurrency(FunctionName="bad")
    lam.put_function_concurrency(FunctionName="good", ReservedConcurrentExecutions=0)
    with Counted(w, "AWS/Lambda", *invoked("good", 0, throttles=1)):
        c = w.credentials()  # a client that does not try again, for tries count
        once = boto3.client("lambda", endpoint_url=w.url, region_name="us-east-1", aws_access_key_id=c["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=c["AWS_SECRET_ACCESS_KEY"], config=Config(retries={"total_max_attempts": 1}))
        refused("TooManyRequestsException", once.invoke, FunctionName="good")
    lam.delete_function_concurrency(FunctionName="good")


def queued(w):
    lam = w.client("lambda")
    of = {"FunctionName": "good"}
    with Counted(w, "AWS/Lambda", *invoked("good", 1), n("AsyncEventsReceived", 1, **of), n("AsyncEventsReceived", 1), n("AsyncEventAge", 1, "SampleCount", **of),
                 n("AsyncEventsDropped", 0)):
        lam.invoke(FunctionName="good", InvocationType="Event")
    # Three tries, then it is dropped: to the dead-letter topic that the role may publish to, or not.
    for name, errors in (("loud", 0), ("mute", 1)):
        of = {"FunctionName": name}
        with Counted(w, "AWS/Lambda", *invoked(name, 3, 3), n("AsyncEventsReceived", 1, **of), n("AsyncEventAge", 3, "SampleCount", **of),
                     n("AsyncEventsDropped", 1, **of), n("DeadLetterErrors", errors, **of)), \
                Counted(w, "AWS/SNS", n("NumberOfMessagesPublished", 1 - errors, TopicName="letters")):
            lam.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"lost": true}')
            for tries in (1, 2):
                wait_for(lambda: stats(w, "AWS/Lambda", [("Errors", "Sum", of)]) == [tries])
                move(w, 60 * tries + 1)


def bus(w):
    events = w.client("events")
    entry = {"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": "orders"}
    own, of_bus = {"EventBusName": "orders", "RuleName": "orders"}, {"EventBusName": "orders"}
    each = [n(name, 2, **given) for name in ("InvocationAttempts", "SuccessfulInvocationAttempts", "TriggeredRules") for given in (own, of_bus, {})]
    each += [n(name, 2, "SampleCount", **given) for given in (own, of_bus, {}) for name in
             ("IngestiontoInvocationStartLatency", "IngestiontoInvocationCompleteLatency", "IngestionToInvocationSuccessLatency")]
    with Counted(w, "AWS/Lambda", *invoked("good", 2), n("AsyncEventsReceived", 2, FunctionName="good")), \
            Counted(w, "AWS/Events", *each, n("MatchedEvents", 2, **own), n("MatchedEvents", 2, **of_bus), n("Invocations", 2, **own), n("Invocations", 2),
                    n("InvocationsCreated", 2), n("FailedInvocations", 0, **own), n("PutEventsApproximateCallCount", 1),
                    n("PutEventsApproximateSuccessCount", 1), n("PutEventsApproximateFailedCount", 0), n("PutEventsEntriesCount", 4),
                    n("PutEventsFailedEntriesCount", 1), n("PutEventsRequestSize", 1, "SampleCount"), n("PutEventsLatency", 1, "SampleCount")):
        assert events.put_events(Entries=[entry, entry, {**entry, "Source": "other"}, {**entry, "Detail": "no"}])["FailedEntryCount"] == 1
    with Counted(w, "AWS/Events", n("PutEventsApproximateCallCount", 1), n("PutEventsApproximateFailedCount", 1), n("PutEventsApproximateSuccessCount", 0)):
        refused("ValidationException", events.put_events, Entries=[entry] * 11)
    own = {"RuleName": "open"}
    with Counted(w, "AWS/Lambda", *invoked("good", 1)), \
            Counted(w, "AWS/Events", n("MatchedEvents", 1, **own), n("TriggeredRules", 1, **own), n("SuccessfulInvocationAttempts", 1, **own),
                    n("IngestionToInvocationSuccessLatency", 1, "SampleCount", **own)):
        events.put_events(Entries=[{**entry, "Source": "open", "EventBusName": "default"}])
    # A target that lets nobody in, and a dead-letter queue that is not there.
    own = {"RuleName": "closed"}
    with Counted(w, "AWS/Events", n("MatchedEvents", 1, **own), n("MatchedEvents", 1, EventBusName="default"), n("InvocationAttempts", 1, **own),
                 n("SuccessfulInvocationAttempts", 0, **own), n("FailedInvocations", 1, **own), n("Invocations", 1, **own), n("Invocations", 1),
                 n("InvocationsFailedToBeSentToDlq", 1, **own), n("IngestiontoInvocationCompleteLatency", 1, "SampleCount", **own),
                 n("IngestionToInvocationSuccessLatency", 0, "SampleCount", **own)):
        events.put_events(Entries=[{**entry, "Source": "closed", "EventBusName": "default"}])


def topic(w):
    sns = w.client("sns")
    of = {"TopicName": "news"}
    with Counted(w, "AWS/SNS", n("NumberOfMessagesPublished", 1, **of), n("PublishSize", 5, **of), n("NumberOfNotificationsDelivered", 2, **of),
                 n("NumberOfNotificationsFailed", 0, **of)), Counted(w, "AWS/Lambda", *invoked("good", 1)):
        sns.publish(TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:news", Message="hello")
    w.client("lambda").remove_permission(FunctionName="good", StatementId="sns")
    with Counted(w, "AWS/SNS", n("NumberOfNotificationsDelivered", 1, **of), n("NumberOfNotificationsFailed", 1, **of)):
        sns.publish(TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:news", Message="hello")


def log(w):
    logs, now = w.client("logs"), int(datetime.datetime.now().timestamp() * 1000)
    of, sub = {"LogGroupName": "/app"}, {"DestinationType": "Lambda", "FilterName": "on", "LogGroupName": "/app"}
    call = {"Class": "None", "Resource": "PutLogEvents", "Service": "Logs", "Type": "API"}
    put = lambda *lines: logs.put_log_events(logGroupName="/app", logStreamName="s", logEvents=[{"timestamp": now, "message": m} for m in lines])
    with Counted(w, "AWS/Logs", n("IncomingLogEvents", 3, **of), n("IncomingBytes", 15, **of), n("ForwardedLogEvents", 2, **sub), n("ForwardedBytes", 1, "SampleCount", **sub),
                 n("DeliveryErrors", 0, **sub), n("CallCount", 1, **call), n("ErrorCount", 0, **call)), \
            Counted(w, "AWS/Usage", n("CallCount", 1, **call)), Counted(w, "AWS/Lambda", *invoked("good", 1)):
        put("send1", "send2", "stays")
    with Counted(w, "AWS/Logs", n("EMFParsingErrors", 1, **of), n("EMFValidationErrors", 2, **of)), Counted(w, "App", n("Done", 4)):
        metric = lambda **m: json.dumps({"_aws": {"Timestamp": now, "CloudWatchMetrics": [{"Namespace": "App", "Metrics": [{"Name": "Done"}], **m}]}, "Done": 4})
        put(metric(), metric()[:-2], metric(Dimensions=[["Nowhere"]]), json.dumps({"_aws": {"CloudWatchMetrics": {}}}))
    with Counted(w, "AWS/Logs", n("ErrorCount", 1, **call)):
        refused("ResourceNotFoundException", logs.put_log_events, logGroupName="/none", logStreamName="s", logEvents=[{"timestamp": now, "message": "x"}])
    w.client("lambda").remove_permission(FunctionName="good", StatementId="logs")
    with Counted(w, "AWS/Logs", n("ForwardedLogEvents", 0, **sub), n("DeliveryErrors", 1, **sub)):
        put("send3")


def table(w):
    db = w.client("dynamodb")
    of = {"TableName": "things"}
    op = lambda name: {"Operation": name, "TableName": "things"}
    index = {"GlobalSecondaryIndexName": "by-b", "TableName": "things"}
    item = lambda a: {"a": {"S": a}, "b": {"S": "x"}, "text": {"S": "y" * 1500}}
    with Counted(w, "AWS/DynamoDB", n("ConsumedWriteCapacityUnits", 6, **of), n("SuccessfulRequestLatency", 1, "SampleCount", **op("PutItem")),
                 n("SuccessfulRequestLatency", 1, "SampleCount", **op("BatchWriteItem"))):
        db.put_item(TableName="things", Item=item("1"))
        db.batch_write_item(RequestItems={"things": [{"PutRequest": {"Item": item(k)}} for k in "23"]})
    with Counted(w, "AWS/DynamoDB", n("ConsumedReadCapacityUnits", 0.5 + 1 + 0.5 + 1, **of), n("ReturnedItemCount", 2, **op("Scan")), n("ReturnedItemCount", 1, **op("Query")),
                 n("SuccessfulRequestLatency", 2, "SampleCount", **op("GetItem"))):
        db.get_item(TableName="things", Key={"a": {"S": "1"}})
        db.get_item(TableName="things", Key={"a": {"S": "1"}}, ConsistentRead=True)
        db.query(TableName="things", KeyConditionExpression="a = :a", ExpressionAttributeValues={":a": {"S": "2"}})
        db.scan(TableName="things", FilterExpression="a <> :a", ExpressionAttributeValues={":a": {"S": "2"}})
    failed = [n("ConditionalCheckFailedRequests", 1, **of), n("UserErrors", 3)]
    with Counted(w, "AWS/DynamoDB", *failed):
        refused("ConditionalCheckFailedException", db.put_item, TableName="things", Item=item("1"), ConditionExpression="attribute_not_exists(a)")
        refused("ResourceNotFoundException", db.get_item, TableName="none", Key={"a": {"S": "1"}})
        refused("ValidationException", db.get_item, TableName="things", Key={"b": {"S": "1"}})
        refused("ValidationException", db.scan, TableName="things", Limit=1, Segment=5)
    with Counted(w, "AWS/DynamoDB", n("OnlineIndexPercentageProgress", 100, "Maximum", **index), n("OnlineIndexConsumedWriteCapacity", 6, **index),
                 n("ConsumedWriteCapacityUnits", 0, **index)):
        db.update_table(TableName="things", AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in "ab"],
                        GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "by-b", "KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}],
                                                                 "Projection": {"ProjectionType": "ALL"}}}])
        wait_for(lambda: db.describe_table(TableName="things")["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE")
    with Counted(w, "AWS/DynamoDB", n("ConsumedWriteCapacityUnits", 2, **index), n("ConsumedWriteCapacityUnits", 2, **of), n("ConsumedReadCapacityUnits", 1, **index)):
        db.put_item(TableName="things", Item=item("4"))
        db.query(TableName="things", IndexName="by-b", KeyConditionExpression="b = :b", ExpressionAttributeValues={":b": {"S": "x"}}, Limit=10)


def bucket(w):
    """Storage is measured after midnight, and the values are of that midnight. The clock is moved by the test."""
    s3 = w.client("s3")
    s3.create_bucket(Bucket="goods")
    s3.put_bucket_versioning(Bucket="goods", VersioningConfiguration={"Status": "Enabled"})
    for i in range(250):  # more than one step looks at
        s3.put_object(Bucket="goods", Key=f"k{i % 249}", Body=b"x" * 10)
    s3.delete_object(Bucket="goods", Key="k1")
    part = s3.create_multipart_upload(Bucket="goods", Key="parts")["UploadId"]
    s3.upload_part(Bucket="goods", Key="parts", UploadId=part, PartNumber=1, Body=b"y" * 500)
    s3.create_bucket(Bucket="none")
    with Counted(w, "AWS/S3", n("BucketSizeBytes", 3000, BucketName="goods", StorageType="StandardStorage"),
                 n("NumberOfObjects", 251, BucketName="goods", StorageType="AllStorageTypes"),
                 n("NumberOfObjects", 1, "SampleCount", BucketName="none", StorageType="AllStorageTypes")):
        move(w, 86400)


def usage(w):
    of = lambda service, op: {"Class": "None", "Resource": op, "Service": service, "Type": "API"}
    with Counted(w, "AWS/Usage", n("CallCount", 1, **of("CloudWatch", "DescribeAlarms")), n("CallCount", 2, **of("SNS", "ListTopics")),
                 n("CallCount", 1, **of("KMS", "ListKeys")), n("CallCount", 1, **of("X-Ray", "GetGroups"))):
        w.client("cloudwatch").describe_alarms()
        w.client("sns").list_topics()
        w.client("sns").list_topics()
        w.client("kms").list_keys()
        w.client("xray").get_groups()


def complete(w):
    """The table against all that is there, both ways."""
    cw = w.client("cloudwatch")
    seen = {}
    for page in cw.get_paginator("list_metrics").paginate():
        for m in page["Metrics"]:
            if m["Namespace"].startswith("AWS/"):
                key = m["Namespace"], m["MetricName"], tuple(d["Name"] for d in m["Dimensions"])
                points = cw.get_metric_statistics(**m, **span(w), Period=86400, Statistics=["Sum"])["Datapoints"]
                seen.setdefault(key, set()).update(p["Unit"] for p in points)
    known, wanted = {}, set()
    for s in TABLE["services"]:
        for m in s["metrics"]:
            for d in m["dimensions"]:
                known[s["namespace"], m["name"], tuple(d)] = m
                if "absent" not in m and m.get("proof") != "unit":
                    wanted.add((s["namespace"], m["name"], tuple(d)))
    strange = [k for k in seen if k not in known or "absent" in known[k]]
    assert not strange, strange
    wrong = [(k, units) for k, units in seen.items() if units != {known[k]["unit"]}]
    assert not wrong, wrong
    missing = sorted(k for k in wanted if k not in seen and k not in EXCUSED)
    assert not missing, missing


# Combinations of dimensions that only a failing rule of another bus would show.
EXCUSED = {("AWS/Events", m, ("EventBusName", "RuleName")) for m in ("FailedInvocations", "InvocationsFailedToBeSentToDlq")}


def world(w):
    lam, events, sns, logs, db = (w.client(s) for s in ("lambda", "events", "sns", "logs", "dynamodb"))
    good = function(w, "good", GOOD)
    function(w, "bad", BAD)
    letters, news = sns.create_topic(Name="letters")["TopicArn"], sns.create_topic(Name="news")["TopicArn"]
    function(w, "loud", BAD, DeadLetterConfig={"TargetArn": letters}, allowed=[allow("sns:Publish", letters)])
    function(w, "mute", BAD, DeadLetterConfig={"TargetArn": letters})
    shut = function(w, "shut", GOOD)
    for name in ("good", "bad", "loud", "mute", "shut"):
        lam.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    for who in ("events.amazonaws.com", "sns.amazonaws.com", "logs.amazonaws.com"):
        let(w, "good", who)
    events.create_event_bus(Name="orders")
    events.put_rule(Name="orders", EventBusName="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="orders", EventBusName="orders", Targets=[{"Id": "good", "Arn": good}])
    events.put_rule(Name="open", EventPattern='{"source": ["open"]}')
    events.put_targets(Rule="open", Targets=[{"Id": "good", "Arn": good}])
    events.put_rule(Name="closed", EventPattern='{"source": ["closed"]}')
    events.put_targets(Rule="closed", Targets=[{"Id": "shut", "Arn": shut, "DeadLetterConfig": {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:none"}}])
    sns.subscribe(TopicArn=news, Protocol="lambda", Endpoint=good)
    sns.subscribe(TopicArn=news, Protocol="email", Endpoint="ops@example.test")
    mails = lambda: [open(p, encoding="utf-8").read() for p in glob.glob(os.path.join(w.data, "outbox", "*.eml"))]
    w.page(re.search(r"http://\S*/_waybill/confirm-subscription\?\S+", wait_for(mails)[0]).group(0).replace(w.url, ""))
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="s")
    logs.put_subscription_filter(logGroupName="/app", filterName="on", filterPattern="%send.%", destinationArn=good)
    db.create_table(TableName="things", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}])


def main():
    with Waybill(args=["--test-clock"]) as w:
        w.metrics = w.client("cloudwatch")
        for part in (world, directly, bus, topic, log, table, usage, queued, bucket, complete):
            part(w)
            print(part.__name__, flush=True)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout


main()
