"""The original stack's four alarms and four graphs: its unmodified template deployed, events put on its bus, the clock moved, mail over SMTP.

Two of its faults show here as they do on AWS. Its handler swallows its errors, so a function error is one that it does not live to
see: here its configuration lacks the table's name. And its fourth alarm watches a metric that nobody emits for a table; it
is driven once more with the dimension taken away, as the lint of a deployment advises.
"""
import datetime
import email
import email.policy
import io
import json
import os
import re
import time
import zipfile

from alarms import Png, becomes, echo, got, move, settled, state
from deployed import Deployed
from smtp_sink import SmtpSink
from waybill_server import SHARED, Waybill, refused, skip, wait_for

TEMPLATE = os.path.join(SHARED, "seed-stack", "template.json")
SLEEPER = "import time\ndef lambda_handler(event, context):\n    time.sleep(event['detail']['seconds'])\n"
ALARMS = ("errors", "duration", "throttles", "table")
PERIOD = 300


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


class Stack(Deployed):
    """The deployed stack, and what its graphs must show: (metric, begin of five minutes) -> sum."""

    def __init__(self, w, sink):
        super().__init__(w, "tap")
        self.sink = sink
        self.alarm = {n: f"shipment-{'table-throttles' if n == 'table' else 'processor-' + n}-us-east-1-dev" for n in ALARMS}
        self.expected, self.sum, self.period = {}, {}, None

    def begin(self):
        """The first seconds of five minutes."""
        now = move(self.w, 0)
        self.period = (int(now) // PERIOD + 1) * PERIOD
        self.at(2)

    def at(self, seconds):
        """So many seconds after the begin, or now, when it is later."""
        left = self.period + seconds - move(self.w, 0)
        if left > 0:
            move(self.w, left)

    def total(self, metric):
        points = self.w.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=metric, Dimensions=[{"Name": "FunctionName", "Value": self.function}], Statistics=["Sum"],
            StartTime=utc(self.first), EndTime=utc(move(self.w, 0) + PERIOD), Period=PERIOD)["Datapoints"]
        return sum(p["Sum"] for p in points)

    def counted(self, **more):
        """So many more are counted, in the five minutes that run."""
        for metric, n in more.items():
            at = metric, self.period
            self.expected[at] = self.expected.get(at, 0) + n
            self.sum[metric] = self.sum.get(metric, 0) + n
        for metric in more:
            wait_for(lambda: self.total(metric) == self.sum[metric])

    def put(self, shipment, **more):
        entry = {"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": self.bus,
                 "Detail": json.dumps({"shipmentId": shipment, "status": "IN_TRANSIT", "timestamp": "2025-10-17T12:00:00Z", **more})}
        assert self.w.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    def configure(self, **change):
        functions = self.w.client("lambda")
        functions.update_function_configuration(FunctionName=self.function, **change)
        functions.get_waiter("function_updated_v2").wait(FunctionName=self.function, WaiterConfig={"Delay": 1})

    def state(self, alarm):
        return state(self.w, self.alarm[alarm])

    def becomes(self, alarm, value):
        return becomes(self.w, self.alarm[alarm], value)

    def mail(self):
        """The only mail since the last time one was looked for."""
        wait_for(lambda: len(self.sink.mails) > self.seen)
        assert len(self.sink.mails) == self.seen + 1, [m.text for m in self.sink.mails[self.seen:]]
        self.seen += 1
        mail = self.sink.mails[-1]
        assert mail.recipients == ["ops@example.test"]
        text = email.message_from_bytes(mail.text, policy=email.policy.default)
        return text["Subject"], text.get_content().replace("\r\n", "\n")

    def no_mail(self):
        settled(self.w)
        assert len(self.sink.mails) == self.seen, [m.text for m in self.sink.mails[self.seen:]]

    def fired(self, alarm, reason):
        """In ALARM for that reason; one mail, one entry for it in the history, one event on the default bus."""
        name = self.alarm[alarm]
        a = self.becomes(alarm, "ALARM")
        assert re.search(reason, a["StateReason"]), a["StateReason"]
        subject, text = self.mail()
        assert subject == f'ALARM: "{name}" in US East (N. Virginia)' and a["StateReason"] in " ".join(text.split()), (subject, text)
        items = self.w.client("cloudwatch").describe_alarm_history(AlarmName=name, MaxRecords=2)["AlarmHistoryItems"]
        assert [i["HistorySummary"] for i in items] == [f"Successfully executed action arn:aws:sns:us-east-1:000000000000:{self.topic}",
                                                        "Alarm updated from OK to ALARM"], items
        change = json.loads(items[1]["HistoryData"])
        assert change["newState"]["stateReason"] == a["StateReason"] and change["oldState"]["stateValue"] == "OK"
        return self.event(alarm, "ALARM", a["StateReason"])

    def event(self, alarm, value, reason):
        this = lambda d: (d["detail"]["alarmName"], d["detail"]["state"]["reason"], d["detail"]["previousState"]["value"]) == \
            (self.alarm[alarm], reason, "OK" if value == "ALARM" else "ALARM")
        event, = wait_for(lambda: got(self.w, this))
        assert event["detail-type"] == "CloudWatch Alarm State Change" and event["source"] == "aws.cloudwatch"
        assert event["detail"]["state"]["value"] == value and event["resources"] == [self.state(alarm)["AlarmArn"]], event
        return event

    def recovers(self, alarm):
        """OK again; the template has no action for that, so nobody is told but the bus."""
        move(self.w, 20 * 60)
        a = self.becomes(alarm, "OK")
        self.no_mail()
        self.event(alarm, "OK", a["StateReason"])


def deploy(w, sink):
    w.aws("cloudformation", "deploy", "--template-file", TEMPLATE, "--stack-name", "tap", "--parameter-overrides", "NotificationEmail=ops@example.test",
          "--capabilities", "CAPABILITY_IAM", check=False)
    assert w.client("cloudformation").describe_stacks(StackName="tap")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    s = Stack(w, sink)
    assert sink.wait(1)
    text = email.message_from_bytes(sink.mails[0].text, policy=email.policy.default).get_content()
    w.page(re.search(r"http://\S*/_waybill/confirm-subscription\?\S+", text).group(0).replace(w.url, ""))
    s.seen = 1
    s.first = move(w, 0)
    echo(w, {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"], "detail": {"alarmName": [{"prefix": "shipment-"}]}})
    return s


def no_data(s):
    """Missing data is notBreaching; but alarms on AWS/DynamoDB ignore what is missing, whatever they say."""
    for name in ALARMS:
        a = s.state(name)
        assert a["StateValue"] == "INSUFFICIENT_DATA" and a["TreatMissingData"] == "notBreaching", a
        assert a["AlarmActions"] == [f"arn:aws:sns:us-east-1:000000000000:{s.topic}"] and not a["OKActions"] and not a["InsufficientDataActions"]
    move(s.w, 130)
    for name, periods in (("errors", 1), ("duration", 2), ("throttles", 1)):
        reason = s.becomes(name, "OK")["StateReason"]
        assert "no datapoints were received" in reason and f"{periods} missing datapoint" in reason and "[NonBreaching]" in reason, reason
    s.no_mail()
    assert s.state("table")["StateValue"] == "INSUFFICIENT_DATA"


def works(s):
    s.begin()
    for n in range(3):
        s.put(f"SHIP-{n}")
    s.counted(Invocations=3, Errors=0, Throttles=0)
    assert all(s.item(f"SHIP-{n}") for n in range(3))


def errors(s):
    """Two events that the function does not survive, and AWS's retries of them: five errors in five minutes. The server dies in between."""
    environment = s.w.client("lambda").get_function_configuration(FunctionName=s.function)["Environment"]["Variables"]
    s.configure(Environment={"Variables": {k: v for k, v in environment.items() if k != "TABLE_NAME"}})
    s.begin()
    s.put("LOST-1")
    s.counted(Invocations=1, Errors=1, Throttles=0)
    for retry in (66, 190):
        s.at(retry)
        s.counted(Invocations=1, Errors=1)
    s.put("LOST-2")
    s.counted(Invocations=1, Errors=1)
    s.w.kill()
    s.w.start()
    s.at(255)
    s.counted(Invocations=1, Errors=1)
    s.w.kill()
    s.w.start()
    s.at(357)  # the round as of the end of the five minutes has run, the next one has not
    day = utc(s.period).strftime("%d/%m/%y %H:%M:%S")
    event = s.fired("errors", rf"^Threshold Crossed: 1 datapoint \[5\.0 \({day}\)\] was greater than or equal to the threshold \(5\.0\)\.$")
    assert json.loads(event["detail"]["state"]["reasonData"])["recentDatapoints"] == [5.0], event
    assert event["detail"]["configuration"]["description"] == "Alert when Lambda function has 5 or more errors in 5 minutes"
    s.period += PERIOD
    s.at(80)  # the second retry of the second event
    s.counted(Invocations=1, Errors=1)
    s.configure(Environment={"Variables": environment})
    s.recovers("errors")


def throttles(s):
    s.w.client("lambda").put_function_concurrency(FunctionName=s.function, ReservedConcurrentExecutions=0)
    s.begin()
    s.put("HELD")
    s.counted(Throttles=1)
    move(s.w, 130)
    s.fired("throttles", r"^Threshold Crossed: 1 datapoint \[1\.0 \(.*\)\] was greater than or equal to the threshold \(1\.0\)\.$")
    assert not s.item("HELD")
    s.w.client("lambda").delete_function_concurrency(FunctionName=s.function)
    s.recovers("throttles")


def duration(s):
    """Two runs of more than ten seconds, one in each of two successive five minutes."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as z:
        z.writestr("index.py", SLEEPER)
    functions = s.w.client("lambda")
    functions.update_function_code(FunctionName=s.function, ZipFile=package.getvalue())
    functions.get_waiter("function_updated_v2").wait(FunctionName=s.function, WaiterConfig={"Delay": 1})
    s.begin()
    s.put("SLOW-1", seconds=10.2)
    s.put("SLOW-2", seconds=12)
    s.counted(Invocations=1)
    s.period += PERIOD
    s.at(1)
    s.counted(Invocations=1)
    move(s.w, 130)
    s.fired("duration", r"^Threshold Crossed: 2 datapoints \[1\d{4}\.\d+ \(.*\), 1\d{4}\.\d+ \(.*\)\] were greater than the threshold \(10000\.0\)\.$")
    s.recovers("duration")
    s.begin()
    s.put("QUICK", seconds=0)
    s.counted(Invocations=1)


def table(s):
    """Requests that the table refuses: counted for the account, so the alarm on the table never hears of them."""
    dynamodb, cw = s.w.client("dynamodb"), s.w.client("cloudwatch")
    s.begin()
    for _ in range(5):
        refused("ValidationException", dynamodb.put_item, TableName=s.table, Item={"shipmentId": {"S": "no timestamp"}})
    move(s.w, 130)
    s.no_mail()
    assert s.state("table")["StateValue"] == "INSUFFICIENT_DATA"
    # Its action works.
    cw.set_alarm_state(AlarmName=s.alarm["table"], StateValue="OK", StateReason="drill")
    cw.set_alarm_state(AlarmName=s.alarm["table"], StateValue="ALARM", StateReason="drill of the table's alarm")
    s.fired("table", "^drill of the table's alarm$")
    move(s.w, 20 * 60)
    s.no_mail()
    assert s.state("table")["StateValue"] == "ALARM"  # ignoring what is missing keeps the state
    cw.set_alarm_state(AlarmName=s.alarm["table"], StateValue="OK", StateReason="drill is over")

    with open(TEMPLATE, encoding="utf-8") as f:
        template = json.load(f)
    alarm, = (r["Properties"] for r in template["Resources"].values() if r.get("Properties", {}).get("MetricName") == "UserErrors")
    del alarm["Dimensions"]
    cloudformation = s.w.client("cloudformation")
    cloudformation.update_stack(StackName="tap", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"],
                                Parameters=[{"ParameterKey": "NotificationEmail", "UsePreviousValue": True}])
    wait_for(lambda: cloudformation.describe_stacks(StackName="tap")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE")
    assert "Dimensions" not in s.state("table") or s.state("table")["Dimensions"] == []
    s.begin()
    for _ in range(5):
        refused("ValidationException", dynamodb.put_item, TableName=s.table, Item={"shipmentId": {"S": "no timestamp"}})
    time.sleep(1.1)  # refusals are counted in memory, and stored within a second
    move(s.w, 130)
    s.fired("table", r"^Threshold Crossed: 1 datapoint \[5\.0 \(.*\)\] was greater than or equal to the threshold \(5\.0\)\.$")


def durations(s):
    """Averages by five minutes, from the reports in the log."""
    pages = s.w.client("logs").get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/" + s.function, filterPattern='"REPORT RequestId"')
    found = {}
    for e in [e for p in pages for e in p["events"]]:
        at = e["timestamp"] // 1000 // PERIOD * PERIOD
        found.setdefault(at, []).append(float(re.search(r"\tDuration: ([\d.]+) ms", e["message"]).group(1)))
    return {at: sum(v) / len(v) for at, v in found.items()}


def drawn(s, properties, points, end):
    """The widget as a picture: its line passes over each of its points, the highest of them highest up."""
    image = lambda **more: Png(s.w.client("cloudwatch").get_metric_widget_image(MetricWidget=json.dumps(
        {**properties, "width": 700, "height": 400, **more}))["MetricWidgetImage"])
    start = end - 3 * 3600
    png, empty = (image(start=utc(t).isoformat(), end=utc(t + 3 * 3600).isoformat()) for t in (start, s.first - 10 * 86400))
    color, seen = b"\x1f\x77\xb4", {at: v for at, v in points.items() if start <= at < end}
    assert png.width == 700 and png.height == 400
    assert len(seen) > 2 and png.count(color) > empty.count(color) + 5 * len(seen), (len(seen), png.count(color), empty.count(color))
    line = png.colors.index(color)

    def top(at):
        """The highest point of the line at a time. The plot lies between the 56 points of the axis and 20 at the right."""
        x = 56 + int((at - start) * (700 - 20 - 56) / (3 * 3600 + PERIOD))
        return min(y for y in range(png.height) for near in (-1, 0, 1) if png.rows[y][x + near] == line)
    heights = {at: top(at) for at in seen}
    high, low = max(seen, key=seen.get), min(seen, key=seen.get)
    assert seen[high] > seen[low] and heights[high] < heights[low], (seen, heights)


def graphs(s):
    cw = s.w.client("cloudwatch")
    body = json.loads(cw.get_dashboard(DashboardName="shipment-metrics-us-east-1-dev")["DashboardBody"])
    titles = [x["properties"]["title"] for x in body["widgets"]]
    assert titles == ["Lambda Invocations", "Lambda Errors", "Lambda Duration (ms)", "Lambda Throttles"], titles
    assert [(x["x"], x["y"], x["width"], x["height"]) for x in body["widgets"]] == [(0, 0, 12, 6), (12, 0, 12, 6), (0, 6, 12, 6), (12, 6, 12, 6)]
    now = move(s.w, 0)
    end = int(now) // PERIOD * PERIOD + PERIOD
    took = durations(s)
    for properties in (x["properties"] for x in body["widgets"]):
        (space, name, dimension, function, *options), = properties["metrics"]
        stat = options[0]["stat"] if options else "Average"
        answer = cw.get_metric_data(StartTime=utc(s.first), EndTime=utc(end), ScanBy="TimestampAscending", MetricDataQueries=[
            {"Id": "line", "MetricStat": {"Stat": stat, "Period": PERIOD, "Metric": {
                "Namespace": space, "MetricName": name, "Dimensions": [{"Name": dimension, "Value": function}]}}}])
        line, = answer["MetricDataResults"]
        points = dict(zip((int(t.timestamp()) for t in line["Timestamps"]), line["Values"]))
        if name == "Duration":
            assert points.keys() == took.keys() and all(abs(points[at] - took[at]) < 0.1 for at in took), (points, took)
            assert sum(v > 10000 for v in points.values()) == 2
        else:
            driven = {at: v for (metric, at), v in s.expected.items() if metric == name}
            assert all(points[at] == v for at, v in driven.items()) and not any(v for at, v in points.items() if at not in driven), (points, driven)
            assert sum(points.values()) == s.sum[name] > 0
        drawn(s, properties, points, end)


def main():
    if not os.path.exists(TEMPLATE):
        skip(f"the original stack's template is not here ({TEMPLATE}); WAYBILL_SHARED names the folder that holds seed-stack/")
    with SmtpSink() as sink, Waybill(args=["--test-clock", "--smtp", f"smtp://127.0.0.1:{sink.port}"]) as w:
        s = deploy(w, sink)
        no_data(s)
        works(s)
        errors(s)
        throttles(s)
        duration(s)
        table(s)
        graphs(s)
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout


main()
