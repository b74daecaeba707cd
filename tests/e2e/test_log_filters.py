"""Metric filters and subscription filters with Debian's clients: lines become metrics, alarms and events for a function."""
import base64
import gzip
import io
import json
import os
import random
import re
import time
import zipfile

from waybill_server import Waybill, refused, wait_for

ACCOUNT = "000000000000"
FAILING = "def handler(event, context):\n    print('ERROR something broke' if event.get('fail') else 'all is well')\n"
SINK = "import json\ndef handler(event, context):\n    print('GOT ' + event['awslogs']['data'])\n"
ACCESS = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" {} {}'
moved = 0


def no(code, call, *args, **more):
    return refused(code, lambda: call(*args, **more))


def move(w, seconds):
    global moved
    moved += seconds
    w.page("/_waybill/clock", json.dumps({"advance_ms": int(seconds * 1000)}).encode(), "POST")


def now():
    return int((time.time() + moved) * 1000)


def put(w, group, *lines, at=None):
    events = [{"timestamp": at or now(), "message": m} for m in lines]
    w.client("logs").put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def group(w, name):
    w.client("logs").create_log_group(logGroupName=name)
    w.client("logs").create_log_stream(logGroupName=name, logStreamName="s")


def metric_filter(w, name, pattern, **more):
    transformation = {"metricNamespace": "App", "metricName": "Errors", "metricValue": "1", **more.pop("t", {})}
    w.client("logs").put_metric_filter(**{"logGroupName": "/app", "filterName": name, "filterPattern": pattern,
                                          "metricTransformations": [transformation], **more})


def data(w, name, unit=None, **dimensions):
    """All values of a metric: (sum, count)."""
    more = {"Unit": unit} if unit else {}
    points = w.client("cloudwatch").get_metric_statistics(
        Namespace="App", MetricName=name, Period=60, Statistics=["Sum", "SampleCount"], StartTime=now() / 1000 - 7200, EndTime=now() / 1000 + 600,
        Dimensions=[{"Name": n, "Value": v} for n, v in dimensions.items()], **more)["Datapoints"]
    return sum(p["Sum"] for p in points), sum(p["SampleCount"] for p in points)


def function(w, name, code):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as z:
        z.writestr("index.py", code)
    role = w.role(name)
    w.client("iam").attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    made = w.client("lambda").create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=role,
                                              Code={"ZipFile": package.getvalue()})
    w.client("lambda").get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return made["FunctionArn"]


def definitions(w):
    logs = w.client("logs")
    group(w, "/app")
    group(w, "/app2")
    invalid = "InvalidParameterException"
    assert no(invalid, metric_filter, w, "x", "{") == "Invalid filter pattern"
    assert "metricValue must be a number or a field" in no(invalid, metric_filter, w, "x", "ERROR", t={"metricValue": "$.a"})
    assert "metricValue must be" in no(invalid, metric_filter, w, "x", "[a, b]", t={"metricValue": "$c"})
    assert "mutually exclusive" in no(invalid, metric_filter, w, "x", "{ $.a = 1 }", t={"dimensions": {"d": "$.b"}, "defaultValue": 0})
    assert no(invalid, metric_filter, w, "x", "ERROR", t={"dimensions": {"d": "$.b"}}) == "The specified filter pattern does not support dimensions"
    assert "at most 3 dimensions" in no(invalid, metric_filter, w, "x", "{ $.a = 1 }", t={"dimensions": {str(i): "$.b" for i in range(4)}})
    assert "'d' must be a field" in no(invalid, metric_filter, w, "x", "{ $.a = 1 }", t={"dimensions": {"d": "fixed"}})
    assert "failed to satisfy constraint" in no(invalid, metric_filter, w, "x", "", t={"metricName": "no:colon"})
    no("ResourceNotFoundException", metric_filter, w, "x", "", logGroupName="/none")
    assert logs.describe_metric_filters()["metricFilters"] == []

    for i in range(100):
        metric_filter(w, f"f{i:03}", "ERROR", t={"metricName": f"m{i % 2}", "unit": "Count"})
    assert no("LimitExceededException", metric_filter, w, "one-more", "") == "Resource limit exceeded."
    first = logs.describe_metric_filters(logGroupName="/app", limit=1)["metricFilters"][0]
    metric_filter(w, "f000", "WARN", t={"metricName": "m0", "defaultValue": 0.5})  # a change needs no room
    again = logs.describe_metric_filters(logGroupName="/app", limit=1)["metricFilters"][0]
    assert again == {"filterName": "f000", "logGroupName": "/app", "filterPattern": "WARN", "creationTime": first["creationTime"],
                     "metricTransformations": [{"metricNamespace": "App", "metricName": "m0", "metricValue": "1", "defaultValue": 0.5}]}, again
    metric_filter(w, "g", "", logGroupName="/app2", t={"metricName": "m1"})
    names = [f["filterName"] for page in logs.get_paginator("describe_metric_filters").paginate(PaginationConfig={"PageSize": 7}) for f in page["metricFilters"]]
    assert names == [f"f{i:03}" for i in range(100)] + ["g"], names
    odd = [f["filterName"] for page in logs.get_paginator("describe_metric_filters").paginate(metricName="m1", metricNamespace="App") for f in page["metricFilters"]]
    assert odd == [f"f{i:03}" for i in range(1, 100, 2)] + ["g"], odd
    assert [f["filterName"] for f in logs.describe_metric_filters(logGroupName="/app", filterNamePrefix="f01")["metricFilters"]] == [f"f01{i}" for i in range(10)]
    assert "must be given together" in no(invalid, logs.describe_metric_filters, metricName="m1")
    assert "nextToken" in no(invalid, logs.describe_metric_filters, nextToken="forged")
    counts = {g["logGroupName"]: g["metricFilterCount"] for g in logs.describe_log_groups()["logGroups"]}
    assert counts == {"/app": 100, "/app2": 1}, counts
    for i in range(100):
        logs.delete_metric_filter(logGroupName="/app", filterName=f"f{i:03}")
    no("ResourceNotFoundException", logs.delete_metric_filter, logGroupName="/app", filterName="f000")
    # A group made again under its name has none of the filters.
    logs.delete_log_group(logGroupName="/app2")
    group(w, "/app2")
    assert logs.describe_metric_filters(logGroupName="/app2")["metricFilters"] == []


def trial(w):
    """The examples of TestMetricFilter in the API reference, and JSON."""
    def matches(pattern, *messages):
        return w.client("logs").test_metric_filter(filterPattern=pattern, logEventMessages=messages)["matches"]
    lines = [ACCESS.format(200, 1534), ACCESS.format(500, 5324), ACCESS.format(200, 4355)]
    found = matches("[..., status_code=200, size]", *lines)
    assert [m["eventNumber"] for m in found] == [0, 2] and found[1]["eventMessage"] == lines[2]
    assert found[0]["extractedValues"] == {"$1": "127.0.0.1", "$2": "-", "$3": "frank", "$4": "10/Oct/2000:13:25:15 -0700",
                                           "$5": "GET /apache_pb.gif HTTP/1.0", "$status_code": "200", "$size": "1534"}, found[0]
    assert matches("[]", "a b")[0]["extractedValues"] == {"$1": "a", "$2": "b"}
    assert matches("{ $.a = 1 || $.a = 2 || $.b EXISTS }", '{"a": 2, "b": "x"}') == [
        {"eventNumber": 0, "eventMessage": '{"a": 2, "b": "x"}', "extractedValues": {"$.a": "2", "$.b": "x"}}]
    assert matches("ERROR", "ERROR", "WARN") == [{"eventNumber": 0, "eventMessage": "ERROR", "extractedValues": {}}]
    with open(os.path.join(os.path.dirname(__file__), "../data/logs/patterns.json")) as f:
        cases = json.load(f)
    for pattern, message, expected in cases["cases"]:
        if pattern and message:  # the API refuses empty ones
            assert bool(matches(pattern, message)) == expected, (pattern, message)
    for pattern in cases["wrong"]:
        assert no("InvalidParameterException", matches, pattern, "x") == "Invalid filter pattern", pattern
    for pattern, message, fields in cases["values"]:
        told = {name: value for name, value in reversed(fields)}  # the first of a name
        assert matches(pattern, message)[0]["extractedValues"] == told, pattern


class Guess:
    """Random JSON patterns with what they mean, said in Python: a second, obvious implementation."""
    NAMES, VALUES = "abc", [None, True, False, 0, 1, 2.5, -3, "1", "x", "xy", "", [1, "x"], [], {"a": 1}, {"b": {"a": "xy"}}]

    def __init__(self, seed):
        self.random = random.Random(seed)

    def document(self):
        return {n: self.random.choice(self.VALUES) for n in self.NAMES if self.random.random() < 0.7}

    def place(self):
        """(selector, function of the document: (there, value))"""
        steps = [self.random.choice(self.NAMES)]
        while self.random.random() < 0.3:
            steps.append(self.random.choice([0, 1, "a", "b"]))

        def find(value):
            for step in steps:
                if isinstance(step, int):
                    if not isinstance(value, list) or step >= len(value):
                        return False, None
                elif not isinstance(value, dict) or step not in value:
                    return False, None
                value = value[step]
            return True, value
        return "$" + "".join(f"[{s}]" if isinstance(s, int) else "." + s for s in steps), find

    @staticmethod
    def number(value):
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            return None
        try:
            return float(value)
        except ValueError:
            return None

    def leaf(self):
        text, find = self.place()
        kind = self.random.choice(["exists", "not", "null", "true", "false", "number", "word", "glob"])
        if kind in ("exists", "not"):
            return f"{text} {'NOT EXISTS' if kind == 'not' else 'EXISTS'}", lambda d: find(d)[0] == (kind == "exists")
        if kind in ("null", "true", "false"):
            want = {"null": None, "true": True, "false": False}[kind]
            return f"{text} IS {kind.upper()}", lambda d: find(d)[0] and find(d)[1] is want
        if kind == "number":
            sign, bound = self.random.choice(["<", "<=", ">", ">=", "=", "!="]), self.random.choice([0, 1, 2.5, -3])

            def compare(d):
                value = self.number(find(d)[1])
                if value is None:
                    return sign == "!=" and isinstance(find(d)[1], (str, bool))
                return {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound, "=": value == bound, "!=": value != bound}[sign]
            return f"{text} {sign} {bound}", compare
        want = self.random.choice(["x", "xy"]) if kind == "word" else self.random.choice(["x*", "*y", "*", "x*y"])
        equal = self.random.random() < 0.7

        def same(d):
            there, value = find(d)
            if not there or value is None or isinstance(value, (list, dict)):
                return False
            value = value if isinstance(value, str) else json.dumps(value)
            return bool(re.fullmatch(want.replace("*", ".*"), value)) == equal
        return f'{text} {"=" if equal else "!="} "{want}"', same

    def pattern(self, depth=0):
        if depth > 3 or self.random.random() < 0.4:
            return self.leaf()
        (left, l), (right, r) = self.pattern(depth + 1), self.pattern(depth + 1)
        if self.random.random() < 0.5:
            return f"({left}) && ({right})", lambda d: l(d) and r(d)
        return f"({left}) || ({right})", lambda d: l(d) or r(d)


def guessed(w):
    guess = Guess(int(os.environ.get("WAYBILL_SEED", "1")))
    hits = 0
    for _ in range(300):
        pattern, means = guess.pattern()
        documents = [guess.document() for _ in range(20)]
        found = w.client("logs").test_metric_filter(filterPattern="{ " + pattern + " }", logEventMessages=[json.dumps(d) for d in documents])["matches"]
        expected = [i for i, d in enumerate(documents) if means(d)]
        assert [m["eventNumber"] for m in found] == expected, (pattern, [documents[i] for i in {m["eventNumber"] for m in found} ^ set(expected)])
        hits += len(expected)
    assert 300 < hits < 5000, hits


def values(w):
    metric_filter(w, "latency", "{ $.kind = * }", t={"metricName": "Latency", "metricValue": "$.ms", "unit": "Milliseconds",
                                                     "dimensions": {"Kind": "$.kind", "Zone": "$.where.zone"}})
    metric_filter(w, "size", "[ip, id, user, time, request, status=2*, size]", t={"metricName": "Bytes", "metricValue": "$size"})
    metric_filter(w, "lines", "", t={"metricName": "Lines"})
    put(w, "/app", '{"kind": "a", "ms": 12.5, "where": {"zone": "z"}}', '{"kind": "a", "ms": "7.5", "where": {"zone": "z"}}',
        '{"kind": "b", "ms": 3, "where": {"zone": "z"}}', '{"kind": "c", "ms": 4}', '{"kind": "d", "ms": "slow"}', "plain",
        ACCESS.format(200, 1534), ACCESS.format(500, 99))
    put(w, "/app", ACCESS.format(204, 6), at=now() - 1800000)  # counts in its own minute
    assert wait_for(lambda: data(w, "Latency", Kind="a", Zone="z")[1]) and data(w, "Latency", Kind="a", Zone="z") == (20.0, 2.0)
    assert data(w, "Latency", Kind="b", Zone="z", unit="Milliseconds") == (3.0, 1.0)
    assert data(w, "Latency") == (4.0, 1.0)  # without one of the fields: no dimensions
    assert data(w, "Bytes") == (1540.0, 2.0) and data(w, "Lines") == (9.0, 9.0)
    old = w.client("cloudwatch").get_metric_statistics(Namespace="App", MetricName="Bytes", Period=60, Statistics=["Sum"],
                                                       StartTime=now() / 1000 - 1900, EndTime=now() / 1000 - 1700)["Datapoints"]
    assert [p["Sum"] for p in old] == [6.0], old
    for name in ("latency", "size", "lines"):
        w.client("logs").delete_metric_filter(logGroupName="/app", filterName=name)
    put(w, "/app", "one more")
    assert data(w, "Lines") == (9.0, 9.0)


def default(w):
    """A minute with lines of which none matches has the default value, once; a minute without lines has nothing."""
    move(w, 60 - now() / 1000 % 60 + 5)  # a minute's first seconds: all that follows is in it
    metric_filter(w, "default", "ERROR", t={"metricName": "Default", "metricValue": "3", "defaultValue": 100})
    put(w, "/app", "fine", "fine")
    put(w, "/app", "fine as well")
    assert data(w, "Default") == (0, 0)
    move(w, 60)
    wait_for(lambda: data(w, "Default") == (100.0, 1.0))
    put(w, "/app", "fine")
    put(w, "/app", "ERROR", "ERROR")
    put(w, "/app", "fine")
    move(w, 60)
    put(w, "/app", "fine")
    move(w, 300)
    wait_for(lambda: data(w, "Default") == (206.0, 4.0))
    w.client("logs").delete_metric_filter(logGroupName="/app", filterName="default")


def alarm(w):
    """What a function prints sets an alarm off."""
    cw = w.client("cloudwatch")
    function(w, "worker", FAILING)
    w.client("lambda").invoke(FunctionName="worker", Payload=b"{}")
    wait_for(lambda: [g for g in w.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/worker")["logGroups"]])
    metric_filter(w, "errors", "ERROR", logGroupName="/aws/lambda/worker", t={"metricName": "WorkerErrors"})
    cw.put_metric_alarm(AlarmName="worker", Namespace="App", MetricName="WorkerErrors", Statistic="Sum", Period=60, EvaluationPeriods=1,
                        Threshold=2, ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData="notBreaching")

    def state():
        return cw.describe_alarms(AlarmNames=["worker"])["MetricAlarms"][0]["StateValue"]
    w.client("lambda").invoke(FunctionName="worker", Payload=b"{}")
    move(w, 120)
    wait_for(lambda: state() == "OK")
    move(w, 60 - now() / 1000 % 60 + 5)
    for _ in range(2):
        w.client("lambda").invoke(FunctionName="worker", Payload=b'{"fail": true}')
    wait_for(lambda: data(w, "WorkerErrors") == (2.0, 2.0))
    move(w, 60)
    wait_for(lambda: state() == "ALARM")


def received(w):
    events = w.client("logs").filter_log_events(logGroupName="/aws/lambda/sink", filterPattern="GOT")["events"]
    return [json.loads(gzip.decompress(base64.b64decode(e["message"].split()[1]))) for e in events]


def subscription(w):
    logs, invalid = w.client("logs"), "InvalidParameterException"
    arn = function(w, "sink", SINK)
    args = {"logGroupName": "/app", "filterName": "to-sink", "filterPattern": "{ $.send IS TRUE }", "destinationArn": arn}
    no_permission = "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function."
    assert no(invalid, logs.put_subscription_filter, **args) == no_permission
    w.client("lambda").add_permission(FunctionName="sink", StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.us-east-1.amazonaws.com",
                                      SourceArn=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/app:*")
    group(w, "/other")
    assert no(invalid, logs.put_subscription_filter, **{**args, "logGroupName": "/other"}) == no_permission
    assert "cannot be used with roleArn" in no(invalid, logs.put_subscription_filter, roleArn=w.role("x", service="logs.amazonaws.com"), **args)
    stream = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"
    assert "cannot be used without roleArn" in no(invalid, logs.put_subscription_filter, **{**args, "destinationArn": stream})
    assert "for vendor sns" in no(invalid, logs.put_subscription_filter, **{**args, "destinationArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t"})
    group(w, "/aws/lambda/sink")
    assert "without end" in no(invalid, logs.put_subscription_filter, **{**args, "logGroupName": "/aws/lambda/sink"})

    logs.put_subscription_filter(**args)
    logs.put_subscription_filter(**{**args, "filterName": "second", "filterPattern": "nothing", "distribution": "Random"})
    assert no("LimitExceededException", logs.put_subscription_filter, **{**args, "filterName": "third"}) == "Resource limit exceeded."
    both = logs.describe_subscription_filters(logGroupName="/app")["subscriptionFilters"]
    made = both[1].pop("creationTime")
    assert abs(made - now()) < 60000 and [f["filterName"] for f in both] == ["second", "to-sink"]
    assert both[1] == {**args, "distribution": "ByLogStream"}, both
    assert [f["filterName"] for f in logs.describe_subscription_filters(logGroupName="/app", filterNamePrefix="s")["subscriptionFilters"]] == ["second"]

    put(w, "/app", "no", '{"send": true, "n": 1}', "no", '{"send": true, "text": "Ω"}')
    wait_for(lambda: received(w))
    got = received(w)
    assert len(got) == 1, got
    assert [e["message"] for e in got[0]["logEvents"]] == ['{"send": true, "n": 1}', '{"send": true, "text": "Ω"}']
    told = logs.filter_log_events(logGroupName="/app", filterPattern="{ $.send IS TRUE }")["events"]
    assert [(e["id"], e["timestamp"]) for e in got[0].pop("logEvents")] == [(e["eventId"], e["timestamp"]) for e in told]
    assert got[0] == {"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": "/app", "logStream": "s", "subscriptionFilters": ["to-sink"]}, got

    # What was written is delivered, whatever happens then.
    put(w, "/app", '{"send": true, "n": 2}')
    w.kill()
    w.start()
    wait_for(lambda: '{"send": true, "n": 2}' in [e["message"] for g in received(w) for e in g["logEvents"]])

    # Over two groups: the second function must not be told what the first one writes, when that leads back.
    other = function(w, "relay", SINK)
    for name in ("sink", "relay"):
        w.client("lambda").add_permission(FunctionName=name, StatementId="all", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com")
    group(w, "/aws/lambda/relay")
    logs.put_subscription_filter(logGroupName="/aws/lambda/sink", filterName="on", filterPattern="never", destinationArn=other)
    assert "without end" in no(invalid, logs.put_subscription_filter, logGroupName="/aws/lambda/relay", filterName="back", filterPattern="",
                                    destinationArn=arn)
    logs.delete_subscription_filter(logGroupName="/aws/lambda/sink", filterName="on")
    logs.put_subscription_filter(logGroupName="/aws/lambda/relay", filterName="back", filterPattern="", destinationArn=arn)

    logs.delete_subscription_filter(logGroupName="/app", filterName="to-sink")
    no("ResourceNotFoundException", logs.delete_subscription_filter, logGroupName="/app", filterName="to-sink")


def main():
    with Waybill(args=["--test-clock"]) as w:
        for part in (definitions, trial, guessed, values, default, alarm, subscription):
            part(w)
            print(part.__name__)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout


main()
