"""The X-Ray daemon's address: raw datagrams, what is malformed, a flood; sampling over TCP; functions with Debian's X-Ray SDK."""
import importlib.util
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

from test_trace_tree import edges, new_trace, python_function, put, route, tree_of
from waybill_server import PROGRAM, Waybill, allow, free_port, wait_for

HEAD = '{"format": "json", "version": 1}\n'


def segment(trace, **more):
    t = time.time()
    return {"name": "site", "id": os.urandom(8).hex(), "trace_id": trace, "start_time": t - 1, "end_time": t, **more}


class Sender:
    def __init__(self, port):
        self.to = ("127.0.0.1", port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def __call__(self, text):
        self.socket.sendto(text if isinstance(text, bytes) else text.encode(), self.to)

    def segment(self, document, head=HEAD):
        self(head + json.dumps(document))


def there(x, trace):
    return bool(x.batch_get_traces(TraceIds=[trace])["Traces"])


def counted(w, name):
    points = w.client("cloudwatch").get_metric_statistics(Namespace="Waybill", MetricName=name, StartTime=time.time() - 3600, EndTime=time.time() + 60,
                                                          Period=3600, Statistics=["Sum"])["Datapoints"]
    return int(sum(p["Sum"] for p in points))


def datagrams(w, send):
    x, traces = w.client("xray"), [new_trace() for _ in range(120)]
    for t in traces:
        send.segment(segment(t))
    send.segment(segment(traces[0], name="other", parent_id=os.urandom(8).hex(), type="subsegment"), head='{"version":1,"format":"json"} \r\n')
    wait_for(lambda: all(there(x, t) for t in traces[:1] + traces[-1:]))
    wait_for(lambda: counted(w, "TraceSegmentsReceived") == 121)
    assert counted(w, "TraceSegmentsDropped") == 0
    good = json.dumps(segment(new_trace()))
    bad = ["", "\n", HEAD, good, HEAD + "{", HEAD + "[]", "{}\n" + good, '{"format":"xml","version":1}\n' + good, '{"format":"json","version":2}\n' + good,
           b"\xff\xfe\n" + good.encode(), HEAD + '"' + "x" * 60000, "[" * 5000 + "\n" + good, HEAD + "[" * 20000]
    bad += [HEAD + json.dumps(segment(t)) for t in ("1-2-3", "", None)]  # what PutTraceSegments refuses
    bad += [HEAD + json.dumps({**segment(new_trace()), "id": "x"})]
    for b in bad:
        send(b)
    wait_for(lambda: counted(w, "TraceSegmentsDropped") == len(bad))
    assert counted(w, "TraceSegmentsReceived") == 121


def flood(w, send):
    """More than is taken in a second: the server goes on, and takes segments again."""
    x, junk = w.client("xray"), HEAD.encode() + json.dumps(segment(new_trace())).encode()
    for i in range(30000):
        send(junk)
        if i % 10000 == 0:
            assert w.client("events").put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])["FailedEntryCount"] == 0
    trace = new_trace()

    def again():
        send.segment(segment(trace))
        return there(x, trace)
    wait_for(again, every=0.2)
    assert counted(w, "TraceSegmentsReceived") < 30000


def ask(port, path, body, method="POST"):
    r = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=json.dumps(body).encode() if body is not None else None, method=method)
    try:
        with urllib.request.urlopen(r, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def sampling(w, port):
    status, rules = ask(port, "/GetSamplingRules", {})
    record = rules["SamplingRuleRecords"][0]
    assert status == 200 and record["SamplingRule"]["RuleName"] == "Default" and isinstance(record["ModifiedAt"], (int, float)), rules
    report = {"ClientID": "a" * 24, "RuleName": "Default", "RequestCount": 3, "SampledCount": 1, "BorrowCount": 0, "Timestamp": time.time()}
    status, targets = ask(port, "/SamplingTargets", {"SamplingStatisticsDocuments": [report]})
    assert status == 200 and targets["SamplingTargetDocuments"][0]["ReservoirQuota"] == 1 and targets["LastRuleModification"] >= 0, targets
    assert ask(port, "/SamplingTargets", {"SamplingStatisticsDocuments": "x"})[0] == 400
    assert ask(port, "/TraceSummaries", {})[0] == 404 and ask(port, "/GetSamplingRules", None, method="GET")[0] == 404


INSTRUMENTED = """
from aws_xray_sdk.core import xray_recorder, patch
patch(["boto3"])
import boto3
d = boto3.client("dynamodb")
def handler(e, c):
    xray_recorder.begin_subsegment("work").put_annotation("kind", "test")
    d.put_item(TableName="instrumented", Item={"id": {"S": "a"}})
    xray_recorder.end_subsegment()
    return 1
"""

RAW = """
import json, os, socket, time, urllib.request
def handler(e, c):
    at = os.environ["AWS_XRAY_DAEMON_ADDRESS"]
    parts = dict(p.split("=") for p in os.environ["_X_AMZN_TRACE_ID"].split(";"))
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    def send(trace):
        d = {"name": "raw", "id": os.urandom(8).hex(), "trace_id": trace, "parent_id": parts["Parent"], "type": "subsegment",
             "start_time": time.time(), "end_time": time.time()}
        s.sendto(b'{"format":"json","version":1}\\n' + json.dumps(d).encode(), (at.split(":")[0], int(at.split(":")[1])))
    send(e.get("other", parts["Root"]))
    r = urllib.request.Request(f"http://{at}/GetSamplingRules", data=b"{}", method="POST")
    try:
        rules = json.loads(urllib.request.urlopen(r).read())["SamplingRuleRecords"][0]["SamplingRule"]["RuleName"]
    except urllib.error.HTTPError as x:
        rules = x.code
    return [at, os.environ["AWS_XRAY_CONTEXT_MISSING"], parts["Sampled"], rules]
"""


def instrumented(w):
    """Its own subsegments lie between the function and what it calls; nothing counts twice."""
    if not importlib.util.find_spec("aws_xray_sdk"):
        print("python3-aws-xray-sdk is not installed: left out")
        return
    x = w.client("xray")
    w.client("dynamodb").create_table(TableName="instrumented", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                                      AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    arn = python_function(w, "sdk", INSTRUMENTED, allow("xray:PutTraceSegments"), allow("dynamodb:PutItem"))
    route(w, "sdk", arn)
    trace = new_trace()
    put(w, "sdk", f"Root={trace};Sampled=1")
    tree = tree_of(x, trace, lambda t: len(t.segments) == 6)
    works = "default/sdk/Attempt #1/sdk"
    table = tree.find("AWS::DynamoDB::Table", "instrumented")
    assert tree.path(table) == works + "/work/dynamodb/instrumented", tree.shape()
    call = tree.part[table["parent_id"]]
    assert call["namespace"] == "aws" and call["aws"]["operation"] == "PutItem" and call["aws"]["table_name"] == "instrumented"
    assert call["aws"]["request_id"] == table["aws"]["request_id"]
    e = edges(x, trace)
    assert e[("sdk", "AWS::Lambda::Function"), ("instrumented", "AWS::DynamoDB::Table")]["TotalCount"] == 1
    assert [k for k in e if "instrumented" in (k[0][0], k[1][0])] == [(("sdk", "AWS::Lambda::Function"), ("instrumented", "AWS::DynamoDB::Table"))]


def functions(w):
    x, f = w.client("xray"), w.client("lambda")
    python_function(w, "raw", RAW, allow("xray:PutTraceSegments"), allow("xray:GetSamplingRules"))
    python_function(w, "mute", RAW)

    def invoke(name, trace, **event):
        from test_trace_tree import with_header
        c = with_header(w.client("lambda"), f"Root={trace};Sampled=1")
        return json.loads(c.invoke(FunctionName=name, Payload=json.dumps(event).encode())["Payload"].read())
    trace = new_trace()
    at, missing, sampled, rules = invoke("raw", trace)
    assert at.startswith("127.") and missing == "LOG_ERROR" and sampled == "1" and rules == "Default"
    tree = tree_of(x, trace, lambda t: len(t.segments) == 3)
    assert sorted(tree.path(s) for s in tree.segments) == ["raw", "raw/raw", "raw/raw/raw"]
    # Of other traces nothing is taken there, and nothing that the role may not put.
    before, foreign = counted(w, "TraceSegmentsDropped"), new_trace()
    invoke("raw", new_trace(), other=foreign)
    answer = invoke("mute", foreign)
    assert answer[3] == 403, answer
    wait_for(lambda: counted(w, "TraceSegmentsDropped") == before + 2)
    assert len(tree_of(x, foreign, lambda t: t.segments).segments) == 2  # mute's own
    # An unsampled invocation's are not wanted, either.
    f.update_function_configuration(FunctionName="raw", TracingConfig={"Mode": "PassThrough"})
    f.get_waiter("function_updated_v2").wait(FunctionName="raw")
    assert json.loads(f.invoke(FunctionName="raw", Payload=b"{}")["Payload"].read())[2] == "0"
    wait_for(lambda: counted(w, "TraceSegmentsDropped") == before + 3)


def refused_settings(w, port):
    def serve(value):
        return subprocess.run([PROGRAM, "serve", "--data", w.data + "-other", "--listen", "127.0.0.1:0", "--xray-daemon", value],
                              capture_output=True, text=True, timeout=30)
    r = serve(f"127.0.0.1:{port}")
    assert r.returncode == 1 and f"cannot take segments at 127.0.0.1:{port}: Address already in use" in r.stderr, r.stderr
    assert serve("nonsense").returncode == 2 and serve("example.test:2000").returncode == 1


def main():
    port = free_port()
    with Waybill(args=["--xray-daemon", f"127.0.0.1:{port}"]) as w:
        send = Sender(port)
        assert f"Segments of traces: 127.0.0.1:{port}, UDP and TCP, unsigned." in w.log_text()
        for part in ((datagrams, send), (sampling, port), (instrumented,), (functions,), (flood, send), (refused_settings, port)):
            part[0](w, *part[1:])
            print(part[0].__name__)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout


if __name__ == "__main__":
    main()
