"""What the console's pages are looked at with: the shipment stack at work, and data of which every number is known.

    facts = console_data.make(w)      # w runs with --test-clock

Times are of the engine's clock, which this moves. What the facts name is what a page must show.
"""
import io
import json
import os
import tempfile
import time
import urllib.request
import zipfile

from waybill_server import allow, wait_for

MINUTE, HOUR = 60_000, 3_600_000
CHROMIUM = "/usr/bin/chromium"
REGION = "us-east-1"
BUS = f"shipment-events-{REGION}-dev"
PROCESSOR = f"shipment-processor-{REGION}-dev"
FAILING = "import time\ndef handler(event, context):\n    print('WARN trying ' + str(event.get('n')))\n    raise ValueError('no luck with ' + str(event.get('n')))\n"
WORKING = "def handler(event, context):\n    return 'fine'\n"
LINES = 100_000  # of the long log
SITES = ("Dallas", "Memphis", "Oslo")


def now(w):
    with urllib.request.urlopen(w.url + "/_waybill/console/session", timeout=20) as r:
        return json.load(r)["now"]


def move(w, seconds):
    w.page("/_waybill/clock", json.dumps({"advance_ms": int(seconds * 1000)}).encode(), "POST")


def status(w):
    return json.loads(w.waybill("status", "--json").stdout)


# --- shipments ---

def update(shipment, state, at, **more):
    return {"shipmentId": shipment, "status": state, "timestamp": at, "carrier": "FedEx", "trackingNumber": "9400" + shipment[-4:], **more}


STORY = [("CREATED", "06:00", "Dallas, TX"), ("PICKED_UP", "08:30", "Dallas, TX"), ("IN_TRANSIT", "11:10", "Memphis, TN"),
         ("ARRIVED_AT_FACILITY", "15:45", "Newark, NJ"), ("OUT_FOR_DELIVERY", "17:20", "New York, NY"), ("DELIVERED", "19:05", "New York, NY")]


def shipments(w):
    lines = [update("SHIP-1000", s, f"2026-11-20T{t}:00Z", location=p) for s, t, p in STORY]
    for n in range(1, 40):
        place = STORY[n % 6]
        lines.append(update(f"SHIP-{1000 + n}", place[0], f"2026-11-21T{n % 24:02}:{n % 60:02}:00Z", location=place[2]))
    late = update("SHIP-1040", "DELAYED", "2026-11-21T23:59:00Z", location="Memphis, TN", reason="Storm", eta="2026-11-25T12:00:00Z")
    lines.append(late)
    # A number used again; an update taken back; one in exception.
    lines += [update("SHIP-1050", "IN_TRANSIT", "2026-11-19T08:00:00Z", location="Lyon, FR", trackingNumber="9400 1000"),
              update("SHIP-1051", "OUT_FOR_DELIVERY", "2026-11-19T09:00:00Z", location="Lyon, FR"),
              update("SHIP-1051", "DELIVERED", "2026-11-19T10:00:00Z", location="Lyon, FR"),
              update("SHIP-1051", "DELIVERED", "2026-11-19T10:00:00Z", location="Lyon, FR", retracted=True),
              update("SHIP-1052", "IN_TRANSIT", "2026-11-19T11:00:00Z", location="Lyon, FR"),
              update("SHIP-1052", "EXCEPTION", "2026-11-19T12:00:00Z", location="Lyon, FR", reason="REFUSED")]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(json.dumps(x) + "\n" for x in lines)
        f.flush()
        said = w.waybill("send", f.name).stdout
        assert f"{len(lines)} accepted, 0 refused" in said, said
    bad = [{"status": "IN_TRANSIT"}, {"shipmentId": "SHIP-2001", "timestamp": "yesterday"}, {"shipmentId": "SHIP-2002", "timestamp": "2026-11-21"},
           {"shipmentId": 5}]
    w.client("events").put_events(Entries=[{"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": BUS, "Detail": json.dumps(b)}
                                           for b in bad])
    tables = w.client("dynamodb")
    count = len(lines) + len(bad)
    wait_for(lambda: tables.scan(TableName=f"shipment-outcomes-{REGION}-dev", Select="COUNT")["Count"] == count)
    return {"updates": len(lines), "refused": len(bad), "reasons": {"MISSING_SHIPMENT_ID": 1, "BAD_TIMESTAMP": 2, "BAD_SHIPMENT_ID": 1},
            "story": [s for s, _, _ in STORY]}


# --- work that failed ---

def package(source):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        z.writestr("index.py", source)
    return b.getvalue()


def function(w, name, source):
    role = w.role(name)
    w.client("iam").attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    w.client("lambda").create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=role, Code={"ZipFile": package(source)},
                                       Timeout=20, MemorySize=256, TracingConfig={"Mode": "Active"})
    w.client("lambda").get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def failures(w):
    """Two events that died. Gives what makes one that waits for its second attempt, for a minute."""
    function(w, "billing", FAILING)
    send = lambda n: w.client("lambda").invoke(FunctionName="billing", InvocationType="Event", Payload=json.dumps({"n": n}))
    counts = lambda: (lambda s: (s["Failed"], s["Dead"]) if s["Running"] == 0 else None)(status(w))
    send(1)
    send(2)
    wait_for(lambda: counts() == (2, 0))
    for seconds in (70, 140):
        move(w, seconds)
        time.sleep(0.05)
        wait_for(lambda: status(w)["Running"] == 0)
    wait_for(lambda: counts() == (0, 2))

    def waiting():
        send(3)
        wait_for(lambda: counts() == (1, 2))
    return waiting


# --- metrics, alarms, dashboards ---

def metrics(w):
    """Three hours of values, a minute apart, that end where the newest whole minute ends."""
    cw, end = w.client("cloudwatch"), now(w) // MINUTE * MINUTE - MINUTE
    times = [end - i * MINUTE for i in range(180)][::-1]
    last = {"Latency": 123, "Load": 73.5, "Moved": 5 * 1024 * 1024, "Parcels": 42}
    units = {"Latency": "Milliseconds", "Load": "Percent", "Moved": "Bytes", "Parcels": "Count"}
    for s, site in enumerate(SITES):
        for m, (name, value) in enumerate(last.items()):
            values = [round(value * (0.6 + 0.4 * ((i * (s + 2) * (m + 1)) % 97) / 97), 2) for i in range(180)]
            values[-1] = value * (s + 1)
            data = [{"MetricName": name, "Dimensions": [{"Name": "Site", "Value": site}], "Timestamp": t / 1000, "Value": v, "Unit": units[name]}
                    for t, v in zip(times, values)]
            cw.put_metric_data(Namespace="Depot", MetricData=data)
    return {"end": end}


def alarms(w):
    cw = w.client("cloudwatch")
    depot = {"Namespace": "Depot", "Dimensions": [{"Name": "Site", "Value": "Dallas"}], "Statistic": "Average", "Period": 60, "EvaluationPeriods": 3,
             "DatapointsToAlarm": 2, "TreatMissingData": "ignore"}
    topic = f"arn:aws:sns:{REGION}:000000000000:shipment-alerts-{REGION}-dev"
    cw.put_metric_alarm(AlarmName="depot-slow", MetricName="Latency", Threshold=60, ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic],
                        AlarmDescription="Dallas takes long for a parcel.", **depot)
    cw.put_metric_alarm(AlarmName="depot-busy", MetricName="Load", Threshold=200, ComparisonOperator="GreaterThanThreshold", **depot)
    cw.put_metric_alarm(AlarmName="depot-silent", **{**depot, "Dimensions": [{"Name": "Site", "Value": "Nowhere"}]}, MetricName="Load", Threshold=1,
                        ComparisonOperator="LessThanThreshold")
    metric = lambda name: {"Metric": {"Namespace": "Depot", "MetricName": name, "Dimensions": depot["Dimensions"]}, "Period": 60, "Stat": "Sum"}
    cw.put_metric_alarm(AlarmName="depot-bytes-each", EvaluationPeriods=1, TreatMissingData="ignore", Threshold=1, ComparisonOperator="LessThanThreshold", ActionsEnabled=False, Metrics=[
        {"Id": "each", "Expression": "moved/parcels", "Label": "Bytes each"},
        {"Id": "moved", "MetricStat": metric("Moved"), "ReturnData": False}, {"Id": "parcels", "MetricStat": metric("Parcels"), "ReturnData": False}])
    cw.put_composite_alarm(AlarmName="depot-unwell", AlarmRule='ALARM("depot-slow") AND NOT ALARM("depot-busy")')
    want = {"depot-slow": "ALARM", "depot-busy": "OK", "depot-silent": "INSUFFICIENT_DATA", "depot-bytes-each": "OK", "depot-unwell": "ALARM"}
    move(w, 120)

    def states():
        a = cw.describe_alarms(AlarmNamePrefix="depot-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        found = {x["AlarmName"]: x["StateValue"] for x in a["MetricAlarms"] + a["CompositeAlarms"]}
        return found if found == want else None
    wait_for(states)
    for pages in cw.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
        want.update({a["AlarmName"]: a["StateValue"] for a in pages["MetricAlarms"] + pages["CompositeAlarms"]})
    return want


def widget(kind, x, y, width, height, **properties):
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties if kind == "text" else {"region": REGION, **properties}}


def dashboard(w):
    alarm = lambda name: f"arn:aws:cloudwatch:{REGION}:000000000000:alarm:{name}"
    row = lambda name, **more: [["Depot", name, "Site", SITES[0], more], ["...", SITES[1], more], ["...", SITES[2], more]]
    common = {"period": 60, "stat": "Average"}
    source = "SOURCE '/depot/gate' | "
    body = {"start": "-PT3H", "widgets": [
        widget("text", 0, 0, 24, 2, markdown="# Depot\nHow the **gate** does; [the handbook](https://example.test/handbook). `waybill status` says more."),
        widget("metric", 0, 2, 12, 6, title="Latency", view="timeSeries", metrics=row("Latency"), **common,
               yAxis={"left": {"label": "time for a parcel", "min": 0}}, annotations={"horizontal": [{"label": "too long", "value": 100, "fill": "above"}]}),
        widget("metric", 12, 2, 12, 6, title="Moved", view="timeSeries", stacked=True, metrics=row("Moved"), **common, legend={"position": "right"}),
        widget("metric", 0, 8, 6, 5, title="Newest load", view="singleValue", metrics=row("Load"), **common, sparkline=True),
        widget("metric", 6, 8, 6, 5, title="Load of Dallas", view="gauge", metrics=row("Load")[:1], **common, yAxis={"left": {"min": 0, "max": 100}},
               annotations={"horizontal": [{"label": "full", "value": 90, "fill": "above"}]}),
        widget("metric", 12, 8, 6, 5, title="Parcels by site", view="bar", metrics=row("Parcels"), **common),
        widget("metric", 18, 8, 6, 5, title="Shares", view="pie", metrics=row("Parcels"), **common),
        widget("metric", 0, 13, 12, 6, title="Latency as a table", view="table", metrics=row("Latency"), **common),
        widget("metric", 12, 13, 12, 6, title="Bytes each and their alarm", metrics=[
            [{"expression": "m/p", "label": "Bytes a parcel", "id": "e"}], ["Depot", "Moved", "Site", "Dallas", {"id": "m", "visible": False}],
            [".", "Parcels", ".", ".", {"id": "p", "visible": False}], [".", "Load", ".", ".", {"yAxis": "right"}]], **common),
        widget("alarm", 0, 19, 12, 4, title="Alarms", alarms=[alarm(a) for a in ("depot-slow", "depot-busy", "depot-silent", "depot-unwell", "gone")]),
        widget("metric", 12, 19, 12, 4, title="The alarm depot-slow", annotations={"alarms": [alarm("depot-slow")]}),
        widget("log", 0, 23, 12, 6, title="Last at the gate", view="table", query=source + "fields @timestamp, level, msg | sort @timestamp desc | limit 20"),
        widget("log", 12, 23, 12, 6, title="Lines over time", view="timeSeries", query=source + "stats count(*) as lines by bin(10m)"),
        widget("log", 0, 29, 12, 5, title="Lines by level", view="bar", query=source + "stats count(*) as lines by level"),
        widget("log", 12, 29, 12, 5, title="Levels", view="pie", query=source + "stats count(*) as lines by level"),
        widget("metric", 0, 34, 12, 4, title="Nothing yet", metrics=[["Depot", "Never", "Site", "Dallas"]], **common),
        widget("explorer", 12, 34, 12, 4, labels=[{"key": "team", "value": "depot"}], widgetOptions={"view": "timeSeries"},
               metrics=[{"metricName": "Duration", "resourceType": "AWS::Lambda::Function", "stat": "Average"}]),
    ]}
    w.client("cloudwatch").put_dashboard(DashboardName="depot", DashboardBody=json.dumps(body))
    w.client("cloudwatch").put_dashboard(DashboardName="empty", DashboardBody='{"widgets":[]}')


# --- logs and traces ---

def logs(w):
    c, end = w.client("logs"), now(w) - 30_000
    levels = ("info", "info", "info", "info", "info", "info", "info", "warn", "warn", "error")
    lines = [{"timestamp": end - (199 - i) * 50_000, "message": json.dumps({"level": levels[i % 10], "msg": f"parcel {i} weighed", "took": i % 17,
             "site": SITES[i % 3], "requestId": f"req-{i:08}"})} for i in range(200)]
    for group, stream, all_lines in (("/depot/gate", "scale-1", lines), ("/depot/long", "all", [
            {"timestamp": end - (LINES - i) * 30, "message": f"{'ERROR' if i % 1000 == 999 else 'INFO'} line {i} of the long log"} for i in range(LINES)])):
        c.create_log_group(logGroupName=group)
        c.create_log_stream(logGroupName=group, logStreamName=stream)
        for at in range(0, len(all_lines), 10_000):
            c.put_log_events(logGroupName=group, logStreamName=stream, logEvents=all_lines[at:at + 10_000])
    c.put_retention_policy(logGroupName="/depot/gate", retentionInDays=7)
    c.create_log_group(logGroupName="/depot/empty")
    return {"gate": len(lines), "levels": {"info": 140, "warn": 40, "error": 20}, "long": LINES, "last": lines[-1]["message"]}


def traces(w):
    """A call of the gate that goes on to the scale and the tariff, where it fails."""
    end = now(w) / 1000 - 20
    ident = f"1-{int(end):08x}-{os.urandom(12).hex()}"
    ids = [os.urandom(8).hex() for _ in range(6)]
    part = lambda n, name, a, b, **more: {"name": name, "id": ids[n], "start_time": end - 1 + a, "end_time": end - 1 + b, **more}
    gate = part(0, "gate", 0, 0.9, trace_id=ident, http={"request": {"method": "POST", "url": "http://gate.example.test/parcels"}, "response": {"status": 502}},
                error=True, subsegments=[part(1, "scale", 0.05, 0.4, namespace="remote"), part(2, "tariff", 0.42, 0.88, namespace="remote", fault=True)])
    scale = part(3, "scale", 0.08, 0.38, trace_id=ident, parent_id=ids[1], origin="AWS::EC2::Instance")
    tariff = part(4, "tariff", 0.45, 0.86, trace_id=ident, parent_id=ids[2], origin="AWS::ECS::Container", fault=True,
                  subsegments=[part(5, "DynamoDB", 0.5, 0.6, namespace="aws")])
    left = w.client("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(d) for d in (gate, scale, tariff)])["UnprocessedTraceSegments"]
    assert not left, left
    return {"id": ident, "parts": ["gate", "scale", "scale", "tariff", "tariff", "DynamoDB"], "duration": "900 ms"}


# --- all ---

def make(w):
    w.shipments("ops@example.test")
    w.client("sns").subscribe(TopicArn=f"arn:aws:sns:{REGION}:000000000000:shipment-alerts-{REGION}-dev", Protocol="email", Endpoint="night@example.test")
    waiting = failures(w)
    facts = {"shipments": shipments(w), "metrics": metrics(w), "alarms": alarms(w), "logs": logs(w), "trace": traces(w)}
    dashboard(w)
    w.user("guest", allow("cloudwatch:ListDashboards"))
    key = w.client("iam").create_access_key(UserName="guest")["AccessKey"]
    root = w.credentials()
    facts["root"] = [root["AWS_ACCESS_KEY_ID"], root["AWS_SECRET_ACCESS_KEY"]]
    facts["guest"] = [key["AccessKeyId"], key["SecretAccessKey"]]
    waiting()
    return facts
