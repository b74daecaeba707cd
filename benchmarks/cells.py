"""The calls that are measured: what is set up for them, and their load (load.c)."""
import json
import os
import subprocess
import sys
from dataclasses import dataclass

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from waybill_server import BUILD  # noqa: E402

TABLE, BUS, RULE, TOPIC = "benchmarks", "bench", "bench", "bench"
ITEMS = 2000  # there for GetItem


@dataclass
class Call:
    name: str
    service: str
    target: str
    type: str
    body: str
    pool: int  # requests signed beforehand
    fresh: bool = True  # every run has numbers of its own


def _json(document):
    return json.dumps(document, separators=(",", ":"))


# An item as the shipment log holds it, 450 bytes.
ITEM = {"shipmentId": {"S": "SHIP-#"}, "timestamp": {"S": "2026-11-22T12:00:00.#Z"}, "status": {"S": "IN_TRANSIT"},
        "location": {"S": "Rotterdam, NL"}, "carrier": {"S": "Northern Freight"}, "trackingNumber": {"S": "1Z999AA1#"},
        "eventId": {"S": "6a7e8feb-b491-4cf7-a9f1-bf3703467718"}, "eventType": {"S": "Shipment Update"},
        "eventSource": {"S": "logistics.shipments"}, "weight": {"N": "12.5"}, "processedAt": {"S": "2026-11-22T12:00:01.000Z"}}
DETAIL = _json({"shipmentId": "SHIP-#", "status": "IN_TRANSIT", "location": "Rotterdam, NL", "carrier": "Northern Freight",
                "trackingNumber": "1Z999AA1#", "timestamp": "2026-11-22T12:00:00Z"})
ENTRY = {"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": BUS, "Detail": DETAIL}
DYNAMODB, EVENTS = "application/x-amz-json-1.0", "application/x-amz-json-1.1"

GET = Call("GetItem", "dynamodb", "DynamoDB_20120810.GetItem", DYNAMODB,
           _json({"TableName": TABLE, "Key": {k: ITEM[k] for k in ("shipmentId", "timestamp")}}), ITEMS, False)
PUT = Call("PutItem, 1 index, journal", "dynamodb", "DynamoDB_20120810.PutItem", DYNAMODB, _json({"TableName": TABLE, "Item": ITEM}), 60000)
PUT_READ = Call("PutItem of what is read", "dynamodb", PUT.target, DYNAMODB, PUT.body, ITEMS, False)
EVENT_1 = Call("PutEvents(1), matched", "events", "AWSEvents.PutEvents", EVENTS, _json({"Entries": [ENTRY]}), 30000)
EVENT_10 = Call("PutEvents(10), matched", "events", "AWSEvents.PutEvents", EVENTS, _json({"Entries": [ENTRY] * 10}), 6000)

PLAIN = "plain"
FILL = Call("BatchWriteItem(25)", "dynamodb", "DynamoDB_20120810.BatchWriteItem", DYNAMODB, _json({"RequestItems": {PLAIN: [
    {"PutRequest": {"Item": {"id": {"S": "ROWS"}, "number": {"S": "#-%02d" % i}, "text": {"S": "as many rows as a busy month leaves"}}}} for i in range(25)]}}), 40)


def make_plain_table(w):
    d = w.client("dynamodb")
    d.create_table(TableName=PLAIN, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("id", "number")],
                   KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}])
    d.get_waiter("table_exists").wait(TableName=PLAIN, WaiterConfig={"Delay": 1})


def make_table(w):
    """One global index, a stream and point-in-time recovery: each put writes item, index row and journal row."""
    d = w.client("dynamodb")
    d.create_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST",
                   AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("shipmentId", "timestamp", "status")],
                   KeySchema=[{"AttributeName": "shipmentId", "KeyType": "HASH"}, {"AttributeName": "timestamp", "KeyType": "RANGE"}],
                   GlobalSecondaryIndexes=[{"IndexName": "StatusIndex", "Projection": {"ProjectionType": "ALL"},
                                            "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"},
                                                          {"AttributeName": "timestamp", "KeyType": "RANGE"}]}],
                   StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    d.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
    d.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})


def make_bus(w):
    """One rule that matches every entry; its target is a topic nobody subscribed to, so that each entry is matched, kept in the bus's
    log and delivered, and the delivery itself is as short as one can be."""
    e, sns = w.client("events"), w.client("sns")
    topic = sns.create_topic(Name=TOPIC)["TopicArn"]
    e.create_event_bus(Name=BUS)
    rule = e.put_rule(Name=RULE, EventBusName=BUS, EventPattern=json.dumps({"source": ["logistics.shipments"], "detail": {"status": ["IN_TRANSIT"]}}))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish",
                                                "Resource": topic, "Condition": {"ArnEquals": {"aws:SourceArn": rule["RuleArn"]}}}]}))
    failed = e.put_targets(Rule=RULE, EventBusName=BUS, Targets=[{"Id": "topic", "Arn": topic}])["FailedEntryCount"]
    assert not failed


@dataclass
class Load:
    requests: int
    errors: int
    wrapped: int
    seconds: float
    cpu: float  # of the server
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self):
        return self.requests / self.seconds

    @property
    def per_cpu_second(self):
        return self.requests / self.cpu if self.cpu else float("inf")


_numbers = [0]


def load(w, call, connections, seconds=2.0, server=None, pool=None, once=False):
    """Runs the call against w, or its very bytes against another server; once: each request of the pool once."""
    pool = pool or call.pool
    first = 0
    if call.fresh:
        first, _numbers[0] = _numbers[0], _numbers[0] + pool
    to = server or w
    pids = server.pids if server else [w.process.pid]
    out = subprocess.run([os.path.join(BUILD, "benchmarks", "load"), "--port", str(to.port), "--host", "127.0.0.1:%d" % w.port,
                          "--connections", str(connections), "--seconds", str(seconds), "--service", call.service, "--target", call.target,
                          "--type", call.type, "--body", call.body, "--first", str(first), "--pool", str(pool),
                          "--pids", ",".join(map(str, pids))] + ["--once"] * once,
                         env=w.environment(), stdout=subprocess.PIPE, check=True, timeout=120).stdout
    return Load(**json.loads(out))
