"""What tests of alarms and their pictures share: the moved clock, states, a function that tells what reached it, PNGs taken apart."""
import io
import json
import struct
import zipfile
import zlib

from waybill_server import wait_for

ECHO = "import json\ndef handler(event, context):\n    print('GOT ' + json.dumps(event))\n"


def move(w, seconds):
    """Moves the engine's clock; its time then, in seconds."""
    return json.loads(w.page("/_waybill/clock", json.dumps({"advance_ms": int(seconds * 1000)}).encode(), "POST"))["now_ms"] / 1000


def function(w, name, code):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as z:
        z.writestr("index.py", code)
    arn = w.role(name)
    w.client("iam").attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    made = w.client("lambda").create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=arn,
                                              Code={"ZipFile": package.getvalue()})
    w.client("lambda").get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return made["FunctionArn"]


def echo(w, pattern):
    """A function that gets what matches on the default bus, and prints it."""
    arn = function(w, "echo", ECHO)
    rule = w.client("events").put_rule(Name="echo", EventPattern=json.dumps(pattern))["RuleArn"]
    w.client("events").put_targets(Rule="echo", Targets=[{"Id": "echo", "Arn": arn}])
    w.client("lambda").add_permission(FunctionName="echo", StatementId="rule", Action="lambda:InvokeFunction",
                                      Principal="events.amazonaws.com", SourceArn=rule)
    return arn


def got(w, what):
    """What the echoing function has printed."""
    logs = w.client("logs")
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/echo", filterPattern='"GOT"')
        events = [e for p in pages for e in p["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [d for d in (json.loads(e["message"].split("GOT ", 1)[1]) for e in events) if what(d)]


def state(w, name):
    a = w.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return (a["MetricAlarms"] + a["CompositeAlarms"])[0]


def becomes(w, name, value):
    return wait_for(lambda: (lambda a: a if a["StateValue"] == value else None)(state(w, name)))


def settled(w):
    """All rounds up to now have run: canary alarms on data that never come have been looked at."""
    cw = w.client("cloudwatch")
    for i in range(12):  # one in each slot, more or less
        cw.put_metric_alarm(AlarmName=f"canary-{i}", Namespace="None", MetricName="Never", Statistic="Sum", Period=60, EvaluationPeriods=1,
                            Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching")
    move(w, 120)
    for i in range(12):
        becomes(w, f"canary-{i}", "OK")
    cw.delete_alarms(AlarmNames=[f"canary-{i}" for i in range(12)])


class Png:
    """A picture with a palette, its chunks checked: width, height, and how many points have a color."""

    def __init__(self, png):
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        at, chunks = 8, {}
        while at < len(png):
            size, kind = struct.unpack(">I4s", png[at:at + 8])
            data = png[at + 8:at + 8 + size]
            assert zlib.crc32(kind + data) == struct.unpack(">I", png[at + 8 + size:at + 12 + size])[0]
            chunks[kind] = data
            at += 12 + size
        self.width, self.height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
        assert form == [8, 3, 0, 0, 0]
        rows = zlib.decompress(chunks[b"IDAT"])
        assert len(rows) == (self.width + 1) * self.height
        # Each row begins with its filter, which is none.
        self.rows = [rows[i + 1:i + 1 + self.width] for i in range(0, len(rows), self.width + 1)]
        palette = chunks[b"PLTE"]
        self.colors = [palette[i:i + 3] for i in range(0, len(palette), 3)]
        assert all(rows[i] == 0 for i in range(0, len(rows), self.width + 1)) and max(rows) < len(self.colors)

    def count(self, color):
        if color not in self.colors:
            return 0
        return sum(row.count(self.colors.index(color)) for row in self.rows)
