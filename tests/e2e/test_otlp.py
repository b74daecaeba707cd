"""Traces exported over OTLP/HTTP: trees and attributes as a collector sees them; the collector away, slow, throttling, refusing; kill -9; the bound."""
import datetime
import io
import json
import os
import ssl
import subprocess
import tempfile
import time
import zipfile

from otlp_receiver import Receiver
from waybill_server import PROGRAM, Waybill, allow, free_port, wait_for

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = range(1, 6)


def new_id(n=8):
    return os.urandom(n).hex()


def trace_id():
    return f"1-{int(time.time()):08x}-{new_id(12)}"


def segment(trace, **more):
    t = time.time()
    return {"name": "site", "id": new_id(), "trace_id": trace, "start_time": t - 2, "end_time": t - 1, **more}


def put(x, *documents):
    assert x.put_trace_segments(TraceSegmentDocuments=[json.dumps(d) for d in documents])["UnprocessedTraceSegments"] == []


def many(x, count, **more):
    """Traces of one segment; their ids in the order of sending."""
    all = [segment(trace_id(), **more) for _ in range(count)]
    for i in range(0, count, 500):
        put(x, *all[i:i + 500])
    return [s["id"] for s in all]


def measured(w, name, total):
    """The server's own metric, over the last hour."""
    def look():
        now = datetime.datetime.now(datetime.timezone.utc)
        points = w.client("cloudwatch").get_metric_statistics(
            Namespace="Waybill", MetricName=name, StartTime=now - datetime.timedelta(hours=1), EndTime=now + datetime.timedelta(minutes=1), Period=60,
            Statistics=["Sum"])["Datapoints"]
        return sum(p["Sum"] for p in points) == total
    wait_for(look)


def tree(w, r):
    """A site calls an API, which calls a table, a topic and a host that fails; a part is sent alone and later."""
    x, t = w.client("xray"), trace_id()
    call, work = new_id(), new_id()
    api_id, table, topic, host, late = (new_id() for _ in range(5))
    now = int(time.time())
    site = segment(t, start_time=now - 3.000000001, end_time=now - 0.5, user="ann", annotations={"tier": "gold", "age": 30, "beta": True, "share": 0.5},
                   metadata={"default": {"k": [1, 2]}}, throttle=True,
                   http={"request": {"url": "http://site/v2/x", "method": "GET", "client_ip": "10.0.0.1"}, "response": {"status": 429}},
                   subsegments=[{"name": "api", "id": call, "start_time": now - 2.9, "end_time": now - 1, "namespace": "remote"}])
    api = segment(t, name="api", id=api_id, parent_id=call, start_time=now - 2.8, end_time=now - 1.1, fault=True, origin="AWS::EC2::Instance",
                  service={"version": "1.2"}, aws={"account_id": "000000000001", "ec2": {"instance_id": "i-1", "availability_zone": "eu-1a"}}, subsegments=[
                      {"name": "work", "id": work, "start_time": now - 2.7, "end_time": now - 1.2, "subsegments": [
                          {"name": "DynamoDB", "id": table, "namespace": "aws", "start_time": now - 2, "end_time": now - 1.9,
                           "aws": {"operation": "PutItem", "table_name": "orders", "request_id": "r-1"}},
                          {"name": "SNS", "id": topic, "namespace": "aws", "start_time": now - 1.9, "end_time": now - 1.8,
                           "aws": {"operation": "Publish", "topic_arn": "arn:aws:sns:us-east-1:000000000000:t"}},
                          {"name": "example.com", "id": host, "namespace": "remote", "fault": True, "start_time": now - 1.7, "end_time": now - 1.5,
                           "cause": {"exceptions": [{"id": new_id(), "type": "Broken", "message": "it broke",
                                                     "stack": [{"path": "a.py", "line": 7, "label": "f"}]}]}}]}])
    put(x, {k: v for k, v in {**site, "in_progress": True}.items() if k != "end_time"})
    put(x, site, api)
    put(x, {**segment(t, name="late", id=late, parent_id=api_id), "type": "subsegment"})
    spans = wait_for(lambda: len(r.by_id()) == 8 and r.by_id())
    assert set(spans) == {site["id"], call, api_id, work, table, topic, host, late}
    assert {s["traceId"] for s in spans.values()} == {t[2:10] + t[11:]}
    parents = {site["id"]: None, call: site["id"], api_id: call, work: api_id, table: work, topic: work, host: work, late: api_id}
    assert {k: s.get("parentSpanId") for k, s in spans.items()} == parents
    assert {k: s["kind"] for k, s in spans.items()} == {site["id"]: SERVER, call: CLIENT, api_id: SERVER, work: INTERNAL, table: CLIENT, topic: PRODUCER,
                                                       host: CLIENT, late: INTERNAL}
    names = {site["id"]: "site", call: "api", api_id: "api", work: "work", table: "DynamoDB.PutItem", topic: "SNS.Publish", host: "example.com", late: "late"}
    assert {k: s["name"] for k, s in spans.items()} == names
    of = {names[k]: s for k, s in spans.items() if k != call}
    assert of["site"]["endTimeUnixNano"] == (now - 1) * 10**9 + 5 * 10**8
    assert [s["resource"]["service.name"] for s in (of["site"], spans[call], of["api"], of["work"], of["late"])] == ["site", "site", "api", "api", "api"]
    assert of["api"]["resource"] == {"service.name": "api", "service.version": "1.2", "cloud.provider": "aws", "cloud.platform": "aws_ec2",
                                     "cloud.account.id": "000000000000", "cloud.region": "us-east-1", "host.id": "i-1", "cloud.availability_zone": "eu-1a"}
    assert of["site"]["attributes"] == {
        "http.request.method": "GET", "url.full": "http://site/v2/x", "client.address": "10.0.0.1", "http.response.status_code": 429, "enduser.id": "ann",
        "tier": "gold", "age": 30, "beta": True, "share": 0.5, "aws.xray.annotations": ["tier", "age", "beta", "share"],
        "aws.xray.metadata.default": '{"k": [1, 2]}', "error.type": "429"}
    assert of["site"]["status"] == {"code": 2} and of["api"]["status"] == {"code": 2} and of["api"]["attributes"]["error.type"] == "fault"
    assert "status" not in of["work"]
    assert of["DynamoDB.PutItem"]["attributes"] == {
        "aws.xray.namespace": "aws", "rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": "PutItem", "aws.request_id": "r-1",
        "aws.dynamodb.table_names": ["orders"], "db.system.name": "aws.dynamodb", "db.operation.name": "PutItem"}
    assert of["SNS.Publish"]["attributes"]["aws.sns.topic.arn"].endswith(":t") and of["SNS.Publish"]["attributes"]["messaging.system"] == "aws_sns"
    broke = of["example.com"]
    assert broke["status"] == {"code": 2, "message": "it broke"} and broke["attributes"]["error.type"] == "Broken"
    assert broke["events"] == [{"timeUnixNano": broke["endTimeUnixNano"], "name": "exception", "attributes": {
        "exception.type": "Broken", "exception.message": "it broke", "exception.stacktrace": "at f (a.py:7)"}}]
    assert r.requests[0]["path"] == "/v1/traces" and r.requests[0]["headers"]["api-key"] == "a b" and not r.errors


def function(w, r):
    """A traced function's segments, with its name and invocation."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as z:
        z.writestr("index.py", "def handler(e, c):\n    raise ValueError('no')")
    f = w.client("lambda")
    arn = f.create_function(FunctionName="traced", Runtime="python3.10", Handler="index.handler", Role=w.role("worker", allow("xray:PutTraceSegments")),
                            Code={"ZipFile": package.getvalue()}, TracingConfig={"Mode": "Active"})["FunctionArn"]
    f.get_waiter("function_active_v2").wait(FunctionName="traced")
    f.invoke(FunctionName="traced")
    own = wait_for(lambda: [s for s in r.by_id().values() if s["resource"].get("faas.name") == "traced"])[0]
    above = r.by_id()[own["parentSpanId"]]
    assert own["resource"]["cloud.platform"] == "aws_lambda" and own["resource"]["cloud.resource_id"] == arn and own["kind"] == SERVER
    assert own["attributes"]["faas.invocation_id"] == own["attributes"]["aws.request_id"] and own["status"]["code"] == 2
    assert above["attributes"]["aws.xray.origin"] == "AWS::Lambda" and above["traceId"] == own["traceId"]


def throttled(w, r):
    """429 with Retry-After, then 503, then yes: the same spans again, in their order, not before it was asked for."""
    x, before = w.client("xray"), len(r.requests)
    r.script = [(429, {"Retry-After": "3"}, {}), (503, {}, {})]
    sent = many(x, 3)
    wait_for(lambda: set(sent) <= set(r.by_id()))
    tries = r.requests[before:]
    assert [t["status"] for t in tries] == [429, 503, 200] and {tuple(t["spans"]) for t in tries} == {tuple(sent)}
    assert tries[1]["at"] - tries[0]["at"] >= 2.9


def refusals(w, r):
    """400 drops the batch, says so and counts; a partial success is counted; what is too large goes in halves."""
    x, before = w.client("xray"), len(r.requests)
    r.script = [(400, {}, {"code": 3, "message": "bad spans"})]
    gone = many(x, 4)
    wait_for(lambda: len(r.requests) == before + 1)
    r.script = [(200, {}, {"partialSuccess": {"rejectedSpans": "2", "errorMessage": "two were too old"}})]
    partly = many(x, 5)
    wait_for(lambda: set(partly) <= set(r.by_id()))
    measured(w, "SpansRejected", 6)
    r.script = [(413, {}, {})] * 2
    before = len(r.requests)
    large = many(x, 40)
    wait_for(lambda: set(large) <= set(r.by_id()))
    assert [len(t["spans"]) for t in r.requests[before:]] == [40, 20, 10, 10, 10, 10]
    assert not set(gone) & set(r.by_id())
    log = w.log_text()
    assert "bad spans" in log and "two were too old" in log and '"spans":"4"' in log.replace(" ", "")


def huge(w, r):
    """Large documents and many of them: requests stay bounded."""
    x, before = w.client("xray"), len(r.requests)
    sent = many(x, 60, metadata={"default": {"text": "x" * 50000}}) + many(x, 1200)
    wait_for(lambda: set(sent) <= set(r.by_id()), 60)
    sizes = [(len(t["spans"]), t["bytes"]) for t in r.requests[before:]]
    assert max(n for n, _ in sizes) <= 512 and max(b for _, b in sizes) < 2 << 20 and len(sizes) >= 8, sizes


def slow(w, r):
    """A collector that takes its time holds nobody up."""
    x = w.client("xray")
    r.delay = 2
    began = time.monotonic()
    sent = many(x, 200)
    assert time.monotonic() - began < 2
    wait_for(lambda: set(sent) <= set(r.by_id()))
    r.delay = 0


def away_and_killed(w, r):
    """The collector is away, the server is killed twice: nothing that was stored is lost."""
    x, port = w.client("xray"), r.port
    r.close()
    first = many(x, 700)
    w.kill()
    w.start()
    second = many(w.client("xray"), 300)
    wait_for(lambda: "the collector takes no spans; they wait" in w.log_text())
    w.kill()
    back = Receiver(port)
    w.start()
    wait_for(lambda: set(first + second) <= set(back.by_id()), 60)
    order = [s["spanId"] for s in back.spans]
    assert [i for i in dict.fromkeys(order) if i in set(first + second)] == first + second
    back.close()
    w.stop()
    assert "all well" in w.waybill("check", "--data", w.data).stdout


def bound():
    """More than may wait: the oldest give way and are counted; the rest arrives."""
    port = free_port()
    with Waybill(args=["--otlp", f"http://127.0.0.1:{port}/", "--otlp-queue", "1000"]) as w:
        sent = many(w.client("xray"), 2500)
        measured(w, "SpansDropped", 1500)
        r = Receiver(port)
        wait_for(lambda: len(r.by_id()) == 1000, 60)
        assert set(r.by_id()) == set(sent[1500:])
        r.close()


def over_tls():
    """HTTPS with a certificate of one's own: refused without --otlp-ca, taken with it."""
    with tempfile.TemporaryDirectory() as d:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{d}/key", "-out", f"{d}/cert", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        r, context = Receiver(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{d}/cert", f"{d}/key")
        r.server.socket = context.wrap_socket(r.server.socket, server_side=True)
        url = f"https://localhost:{r.port}"
        with Waybill(args=["--otlp", url]) as w:
            sent = many(w.client("xray"), 2)
            wait_for(lambda: "the collector takes no spans; they wait" in w.log_text())
            assert not r.spans
            w.stop()
            w.args = ["--otlp", url, "--otlp-ca", f"{d}/cert"]
            w.start()
            wait_for(lambda: set(r.by_id()) == set(sent))
        r.close()


def settings():
    """What cannot be an end point, a bound or a header is said at once."""
    with tempfile.TemporaryDirectory() as d:
        for args, headers in ((["--otlp", "ftp://x"], ""), (["--otlp", "http://x/?q"], ""), (["--otlp", "http://x", "--otlp-queue", "0"], ""),
                              (["--otlp", "http://x"], "a%2"), (["--otlp", "http://x"], "a=%zz")):
            r = subprocess.run([PROGRAM, "serve", "--data", d, *args], env={"OTEL_EXPORTER_OTLP_HEADERS": headers}, capture_output=True, text=True, timeout=20)
            assert r.returncode == 2 and ("--otlp" in r.stderr or "OTEL_" in r.stderr), (args, headers, r)


def main():
    r = Receiver()
    with Waybill(args=["--otlp", r.url], env={"OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b"}) as w:
        for part in (tree, function, throttled, refusals, huge, slow, away_and_killed):
            part(w, r)
            print(part.__name__)
        assert not r.errors, r.errors
    for part in (bound, over_tls, settings):
        part()
        print(part.__name__)


main()
