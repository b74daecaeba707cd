"""EventBridge with Debian's clients: buses, rules, targets, patterns, PutEvents to a topic and a function's queue, and across kill -9."""
import datetime
import json
import os
import glob

from botocore.exceptions import ClientError

from waybill_server import Waybill, wait_for

ACCOUNT = "000000000000"
ARN = f"arn:aws:events:us-east-1:{ACCOUNT}"


def refused(code, message, call, **args):
    try:
        call(**args)
    except ClientError as e:
        error = e.response["Error"]
        assert (error["Code"], error["Message"]) == (code, message), error
        return
    raise AssertionError(f"{code} expected")


def buses_and_rules(w):
    ev = w.client("events")
    assert ev.describe_event_bus()["Arn"] == f"{ARN}:event-bus/default"
    assert ev.create_event_bus(Name="shop", Tags=[{"Key": "team", "Value": "ops"}])["EventBusArn"] == f"{ARN}:event-bus/shop"
    refused("ResourceAlreadyExistsException", "Event bus shop already exists.", ev.create_event_bus, Name="shop")
    refused("ResourceNotFoundException", "Event bus none does not exist.", ev.list_rules, EventBusName="none")
    assert [b["Name"] for b in ev.list_event_buses()["EventBuses"]] == ["default", "shop"]
    assert ev.list_tags_for_resource(ResourceARN=f"{ARN}:event-bus/shop")["Tags"] == [{"Key": "team", "Value": "ops"}]
    for n in range(3):
        arn = ev.put_rule(Name=f"r{n}", EventBusName="shop", EventPattern=json.dumps({"source": [f"s{n}"]}))["RuleArn"]
        assert arn == f"{ARN}:rule/shop/r{n}"
    pages = ev.get_paginator("list_rules").paginate(EventBusName="shop", PaginationConfig={"PageSize": 1})
    assert [r["Name"] for p in pages for r in p["Rules"]] == ["r0", "r1", "r2"]
    refused("ValidationException", "ScheduleExpression is supported only on the default event bus.", ev.put_rule, Name="s",
            EventBusName="shop", ScheduleExpression="rate(1 minute)")
    refused("ValidationException",
            "1 validation error detected: Value 'bad name' at 'name' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: [\\.\\-_A-Za-z0-9]+", ev.put_rule, Name="bad name", EventPattern='{"a":[1]}')
    refused("InvalidEventPatternException",
            'Event pattern is not valid. Reason: "int" must be an object or an array\n at [Source: (String)"{"int": 42}"; line: 1, '
            'column: 11]', ev.put_rule, Name="x", EventPattern='{"int": 42}')
    ev.put_targets(Rule="r0", EventBusName="shop", Targets=[{"Id": "1", "Arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:none"}])
    refused("ValidationException", "Rule can't be deleted since it has targets.", ev.delete_rule, Name="r0", EventBusName="shop")
    assert w.aws("events", "list-targets-by-rule", "--rule", "r0", "--event-bus-name", "shop")["Targets"][0]["Id"] == "1"
    ev.delete_event_bus(Name="shop")
    refused("ResourceNotFoundException", "Event bus shop does not exist.", ev.describe_event_bus, Name="shop")


def patterns(w):
    ev = w.client("events")
    event = {"id": "1", "source": "s", "account": "1", "time": "t", "region": "r", "detail-type": "d", "detail": {"n": 3.0, "l": ["a", "b"]}}

    def matches(pattern):
        return ev.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"]
    assert matches({"detail": {"n": [3], "l": [{"anything-but": "a"}]}})
    assert not matches({"detail": {"l": [{"wildcard": "*c"}]}})
    refused("ValidationException", "Parameter Event is not valid.", ev.test_event_pattern, EventPattern='{"a":[1]}', Event='"x"')
    path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "events", "patterns.jsonl")
    with open(path, encoding="utf-8") as f:
        cases = [json.loads(line) for line in f]
    for c in [c for c in cases if "error" in c and c["pattern"]][:40]:
        refused("InvalidEventPatternException", "Event pattern is not valid. Reason: " + c["error"], ev.test_event_pattern,
                EventPattern=c["pattern"], Event=json.dumps(event))


def entries(w):
    ev = w.client("events")
    r = ev.put_events(Entries=[
        {"Source": "s", "DetailType": "t", "Detail": "{}"},
        {"DetailType": "t", "Detail": "{}"},
        {"Source": "s", "DetailType": "t", "Detail": "[1]"},
        {"Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": "nowhere"}])
    assert r["FailedEntryCount"] == 2
    assert len(r["Entries"][0]["EventId"]) == 36 and "EventId" in r["Entries"][3]
    assert r["Entries"][1] == {"ErrorCode": "InvalidArgument",
                               "ErrorMessage": "Parameter Source is not valid. Reason: Source is a required argument."}
    assert r["Entries"][2] == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    try:
        ev.put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": "{}"}] * 11)
        raise AssertionError("11 entries were taken")
    except ClientError as e:
        assert e.response["Error"]["Code"] == "ValidationException"
        assert e.response["Error"]["Message"].endswith(
            "at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10"), e
    r = w.aws("events", "put-events", "--entries", json.dumps([{"Source": "cli", "DetailType": "t", "Detail": "{}"}]))
    assert r["FailedEntryCount"] == 0


def mails(w):
    return [open(p, encoding="utf-8").read() for p in sorted(glob.glob(os.path.join(w.data, "outbox", "*.eml")))]


def subscribe(w, topic, who):
    w.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint=who)
    mail = wait_for(lambda: next((m for m in mails(w) if f"To: {who}" in m), None))
    confirm = next(u for u in mail.split() if "/_waybill/" in u and "onfirm" in u)
    w.page(confirm[confirm.index("/_waybill/"):].strip('<>"'))


def to_topic(w):
    """Through the transformer and a topic into a mail; acknowledged before kill -9, delivered once after it."""
    ev, sns = w.client("events"), w.client("sns")
    topic = sns.create_topic(Name="late")["TopicArn"]
    subscribe(w, topic, "ops@example.com")
    ev.put_rule(Name="late", EventPattern=json.dumps({"source": ["carrier"], "detail": {"delay": [{"numeric": [">", 60]}]}}))
    ev.put_targets(Rule="late", Targets=[{"Id": "t", "Arn": topic, "InputTransformer": {
        "InputPathsMap": {"id": "$.detail.id"}, "InputTemplate": '"Shipment <id> is late"'}}])
    ev.put_events(Entries=[{"Source": "carrier", "DetailType": "t", "Detail": '{"id": "early", "delay": 90}'}])
    wait_for(lambda: "NO_PERMISSIONS" in w.waybill("dead", "list").stdout)  # AWS's default topic policy does not let the bus in
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic,
        "Condition": {"ArnEquals": {"aws:SourceArn": f"{ARN}:rule/late"}}}]}))
    put = [{"Source": "carrier", "DetailType": "t", "Time": datetime.datetime(2026, 11, 22, 12),
            "Detail": json.dumps({"id": f"K{n}", "delay": 59 + n})} for n in range(4)]
    assert ev.put_events(Entries=put)["FailedEntryCount"] == 0
    w.kill()
    w.start()
    for n in (2, 3):
        wait_for(lambda: sum(f"Shipment K{n} is late" in m for m in mails(w)) == 1)
    assert not any("Shipment K1 is" in m or "Shipment K0 is" in m for m in mails(w))
    # Many subscriptions: the topic takes it from the queue, not in PutEvents' own command.
    for n in range(9):
        subscribe(w, topic, f"ops{n}@example.com")
    ev.put_events(Entries=[{"Source": "carrier", "DetailType": "t", "Detail": '{"id": "K4", "delay": 90}'}])
    wait_for(lambda: sum("Shipment K4 is late" in m for m in mails(w)) == 10)


def main():
    with Waybill() as w:
        buses_and_rules(w)
        patterns(w)
        entries(w)
        to_topic(w)
        assert w.stop() == 0
        w.waybill("check", "--data", w.data)


if __name__ == "__main__":
    main()
