"""CloudWatch metrics with Debian's clients: put, list, read with every kind of statistic and with math; JSON and CBOR by hand; Prometheus's page; across kill -9."""
import datetime
import gzip
import json
import re
import struct
import subprocess
import tempfile
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import requests

from waybill_server import Waybill, free_port, refused, wait_for

UTC = datetime.timezone.utc
TARGET = "GraniteServiceVersion20100801"


def minute(ago):
    """The beginning of a minute some minutes ago."""
    now = int(time.time())
    return datetime.datetime.fromtimestamp(now - now % 60 - ago * 60, UTC)


def span(first, last=-1):
    return {"StartTime": minute(first), "EndTime": minute(last)}


def query(name, stat="Sum", period=60, id="m1", dims=(), **more):
    return {"Id": id, "MetricStat": {"Metric": {"Namespace": "App", "MetricName": name, "Dimensions": [{"Name": n, "Value": v} for n, v in dims]},
                                     "Period": period, "Stat": stat}, **more}


def values(w, *queries, first=30, **more):
    answer = w.client("cloudwatch").get_metric_data(MetricDataQueries=list(queries), ScanBy="TimestampAscending", **span(first), **more)
    assert all(r["StatusCode"] == "Complete" for r in answer["MetricDataResults"])
    return [r["Values"] for r in answer["MetricDataResults"]]


def put_and_read(w):
    cw = w.client("cloudwatch")
    dims = [{"Name": "Service", "Value": "api"}, {"Name": "Host", "Value": "a"}]
    cw.put_metric_data(Namespace="App", MetricData=[
        {"MetricName": "Latency", "Dimensions": dims, "Timestamp": minute(20), "Unit": "Milliseconds", "Values": [10, 20, 30, 40], "Counts": [1, 2, 1, 1]},
        {"MetricName": "Latency", "Dimensions": dims[::-1], "Timestamp": minute(19), "Unit": "Milliseconds", "Value": 100},
        {"MetricName": "Latency", "Dimensions": dims, "Timestamp": minute(18), "Unit": "Milliseconds",
         "StatisticValues": {"SampleCount": 4, "Sum": 20, "Minimum": 2, "Maximum": 8}},
        {"MetricName": "Errors", "Timestamp": minute(20), "Unit": "Count", "Value": 3},
        {"MetricName": "Requests", "Timestamp": minute(20), "Unit": "Count", "Value": 60},
        {"MetricName": "Requests", "Timestamp": minute(19), "Unit": "Count", "Value": 20}])
    where = {"Namespace": "App", "MetricName": "Latency", "Dimensions": dims}
    answer = cw.get_metric_statistics(**where, **span(30), Period=60, Statistics=["SampleCount", "Sum", "Average", "Minimum", "Maximum"])
    points = sorted(answer["Datapoints"], key=lambda p: p["Timestamp"])
    assert answer["Label"] == "Latency" and [p["Timestamp"] for p in points] == [minute(20), minute(19), minute(18)]
    assert points[0] == {"Timestamp": minute(20), "SampleCount": 5, "Sum": 120, "Average": 24, "Minimum": 10, "Maximum": 40, "Unit": "Milliseconds"}
    assert points[2]["Average"] == 5 and points[2]["SampleCount"] == 4
    answer = cw.get_metric_statistics(**where, **span(30), Period=60, ExtendedStatistics=["p50", "tm100", "PR(:20)", "TC(15:100)"])
    points = sorted(answer["Datapoints"], key=lambda p: p["Timestamp"])
    assert points[0]["ExtendedStatistics"] == {"p50": 20, "tm100": 24, "PR(:20)": 60, "TC(15:100)": 4}
    assert len(points) == 2  # of a statistic set there are no percentiles
    assert cw.get_metric_statistics(**where, **span(30), Period=60, Statistics=["Sum"], Unit="Count")["Datapoints"] == []

    assert values(w, query("Latency", "p100", dims=[("Host", "a"), ("Service", "api")])) == [[40, 100]]
    assert values(w, query("Latency", "Sum")) == [[]]  # another combination of dimensions is another metric
    assert values(w, query("Errors", ReturnData=False), query("Requests", id="m2", ReturnData=False),
                  {"Id": "rate", "Expression": "100 * m1 / m2", "Label": "Error rate"}) == [[5, 0]]
    assert values(w, {"Id": "e1", "Expression": "SEARCH('{App} MetricName=\"Requests\"', 'Sum', 300)"}, {"Id": "e2", "Expression": "SUM(e1)"})[0]
    answer = cw.get_metric_data(MetricDataQueries=[query("Requests", Label="${PROP('MetricName')}: ${MAX} of ${SUM} in ${PROP('Namespace')}")], **span(30))
    result = answer["MetricDataResults"][0]
    assert result["Label"] == "Requests: 60 of 80 in App" and result["Values"] == [20, 60] and answer["Messages"] == []


def pages(w):
    cw = w.client("cloudwatch")
    cw.put_metric_data(Namespace="Many", MetricData=[{"MetricName": f"m{i:04}", "Value": i, "Dimensions": [{"Name": "N", "Value": str(i % 2)}]} for i in range(700)])
    found = [p["Metrics"] for p in cw.get_paginator("list_metrics").paginate(Namespace="Many")]
    assert [len(p) for p in found] == [500, 200] and found[1][199]["MetricName"] == "m0699"
    assert found[0][0] == {"Namespace": "Many", "MetricName": "m0000", "Dimensions": [{"Name": "N", "Value": "0"}]}
    count = lambda **more: sum(len(p["Metrics"]) for p in cw.get_paginator("list_metrics").paginate(Namespace="Many", **more))
    assert count(Dimensions=[{"Name": "N", "Value": "1"}], RecentlyActive="PT3H") == 350
    assert count(Dimensions=[{"Name": "N"}]) == 700 and count(Dimensions=[{"Name": "X"}]) == 0 and count(MetricName="m0003") == 1
    assert refused("InvalidParameterValue", cw.list_metrics, NextToken="forged") == "Request parameter NextToken is invalid"

    several = [query(n, id=f"q{i}") for i, n in enumerate(("Requests", "Errors", "Requests"))]
    got, token, seen = {}, {}, 0
    while seen == 0 or token:
        answer = cw.get_metric_data(MetricDataQueries=several, MaxDatapoints=2, **span(30), **token)
        for r in answer["MetricDataResults"]:
            got.setdefault(r["Id"], []).extend(r["Values"])
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
        seen += 1
    assert got == {"q0": [20, 60], "q1": [3], "q2": [20, 60]} and seen == 3
    refused("InvalidNextToken", cw.get_metric_data, MetricDataQueries=several, NextToken="forged", **span(30))


def refusals(w):
    cw = w.client("cloudwatch")

    def put(code, namespace="App", **datum):
        return refused(code, cw.put_metric_data, Namespace=namespace, MetricData=[{"MetricName": "bad", **datum}])
    at = "MetricData.member.1"
    assert put("InvalidParameterValue", "AWS/Lambda", Value=1) == "The value AWS/Lambda for parameter Namespace is invalid."
    assert put("InvalidParameterValue", Value=float("nan")) == f"The value NaN for parameter {at}.Value is invalid."
    assert put("InvalidParameterValue", Value=float("inf")) == f"The value Infinity for parameter {at}.Value is invalid."
    assert "is invalid" in put("InvalidParameterValue", Value=2.0 ** 361)
    assert put("InvalidParameterCombination", Value=1.0, Values=[1.0]) == \
        f"The parameters {at}.Value and {at}.Values are mutually exclusive and you have specified both."
    assert put("InvalidParameterValue", Values=[1.0, 2.0], Counts=[1.0]) == f"The parameters {at}.Values and {at}.Counts must be of the same size."
    assert put("InvalidParameterValue", Values=[1.0] * 151) == f"The collection {at}.Values must not have a size greater than 150."
    assert put("MissingParameter").startswith("At least one of the parameters")
    assert put("InvalidParameterValue", Value=1, Timestamp=minute(15 * 1440)) == f"The parameter {at}.Timestamp must specify a time within the past two weeks."
    put("InvalidParameterValue", Value=1, Timestamp=minute(-121))
    put("InvalidParameterValue", Value=1, StorageResolution=30)
    put("InvalidParameterValue", Value=1, Dimensions=[{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}])
    put("InvalidParameterValue", StatisticValues={"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1})
    put("ValidationError", Value=1, Dimensions=[{"Name": str(i), "Value": "1"} for i in range(31)])
    refused("InvalidParameterValue", cw.put_metric_data, Namespace="App", MetricData=[{"MetricName": "bad", "Value": 1}] * 1001)
    refused("InvalidParameterValue", cw.put_metric_data, Namespace="App", MetricData=[{"MetricName": "bad", "Value": 1}, {"MetricName": "bad", "Value": float("nan")}])
    assert cw.list_metrics(Namespace="App", MetricName="bad")["Metrics"] == []

    def stats(code, period=60, **more):
        args = {**span(30), **(more if "ExtendedStatistics" in more else {"Statistics": ["Sum"], **more})}
        return refused(code, cw.get_metric_statistics, Namespace="App", MetricName="Errors", Period=period, **args)
    assert stats("InvalidParameterCombination", **span(1441)).startswith("You have requested up to 1,442 datapoints, which exceeds the limit of 1,440.")
    assert stats("InvalidParameterValue", period=61) == "The parameter Period must be a multiple of 60."
    assert stats("InvalidParameterValue", **span(1, 1)) == "The parameter StartTime must be less than the parameter EndTime."
    stats("InvalidParameterCombination", Statistics=["Sum"], ExtendedStatistics=["p50"])
    stats("InvalidParameterValue", ExtendedStatistics=["p101"])
    refused("ValidationError", cw.get_metric_data, MetricDataQueries=[query("Errors")], StartTime=minute(1), EndTime=minute(1))
    text = refused("ValidationError", cw.get_metric_data, MetricDataQueries=[{"Id": "e1", "Expression": "m9 * 2"}], **span(5))
    assert text == "Error in expression 'e1': The id 'm9' is not defined"


def post(w, headers, body, path="/"):
    key = w.credentials()
    request = botocore.awsrequest.AWSRequest("POST", w.url + path, data=body, headers=headers)
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"]), "monitoring", "us-east-1").add_auth(request)
    return requests.post(w.url + path, data=body, headers=dict(request.headers), timeout=20)


def by_json(w, op, document, **headers):
    body = json.dumps(document).encode()
    if headers.get("Content-Encoding") == "gzip":
        body = gzip.compress(body)
    return post(w, {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"{TARGET}.{op}", "x-amzn-query-mode": "true", **headers}, body)


def json_protocol(w):
    at = time.time()
    put = {"Namespace": "App", "MetricData": [{"MetricName": "Fine", "Timestamp": at, "StorageResolution": 1, "Value": 7},
                                              {"MetricName": "Fine", "Timestamp": at - 2, "StorageResolution": 1, "Value": 5}],
           "EntityMetricData": [{"Entity": {"KeyAttributes": {"Type": "Service"}}, "MetricData": [{"MetricName": "OfEntity", "Value": 2}]}]}
    answer = by_json(w, "PutMetricData", put, **{"Content-Encoding": "gzip"})
    assert answer.status_code == 200 and answer.json() == {}, answer.text
    answer = by_json(w, "GetMetricData", {"StartTime": at - 60, "EndTime": at + 2, "ScanBy": "TimestampAscending",
                                          "MetricDataQueries": [query("Fine", period=1), query("OfEntity", id="m2", period=3600)]}).json()
    fine, entity = answer["MetricDataResults"]
    assert fine["Values"] == [5, 7] and fine["Timestamps"] == [int(at - 2), int(at)] and entity["Values"] == [2]
    answer = by_json(w, "PutMetricData", {"Namespace": "App", "MetricData": [{"MetricName": "x", "Value": "NaN"}]})
    assert answer.status_code == 400 and answer.headers["x-amzn-query-error"] == "InvalidParameterValue;Sender"
    assert answer.json() == {"__type": "com.amazonaws.cloudwatch.v2010_08_01#InvalidParameterValueException",
                             "message": "The value NaN for parameter MetricData.member.1.Value is invalid."}


def cbor(v):
    """What an SDK sends: a text, number, list or map in CBOR; a datetime is tag 1."""
    def head(major, n):
        return bytes([major << 5 | n]) if n < 24 else bytes([major << 5 | 26]) + n.to_bytes(4, "big")
    if isinstance(v, bool):
        return bytes([0xf5 if v else 0xf4])
    if isinstance(v, int):
        return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, float):
        return b"\xfb" + struct.pack(">d", v)
    if isinstance(v, datetime.datetime):
        return b"\xc1" + cbor(v.timestamp())
    if isinstance(v, str):
        return head(3, len(v.encode())) + v.encode()
    if isinstance(v, list):
        return b"\x9f" + b"".join(map(cbor, v)) + b"\xff"
    return head(5, len(v)) + b"".join(cbor(k) + cbor(x) for k, x in v.items())


def uncbor(b):
    """The item at the front and what is behind it; times as ("time", seconds)."""
    major, n, b = b[0] >> 5, b[0] & 31, b[1:]
    if major == 7:
        return (struct.unpack(">d", b[:8])[0], b[8:]) if n == 27 else ({20: False, 21: True, 22: None}[n], b)
    if n >= 24:
        size = 1 << (n - 24)
        n, b = int.from_bytes(b[:size], "big"), b[size:]
    if major == 6:
        v, b = uncbor(b)
        return ("time", v), b
    if major < 2:
        return (n if major == 0 else -1 - n), b
    if major < 4:
        return b[:n].decode() if major == 3 else b[:n], b[n:]
    items = []
    for _ in range(n * (2 if major == 5 else 1)):
        v, b = uncbor(b)
        items.append(v)
    return (dict(zip(items[::2], items[1::2])) if major == 5 else items), b


def by_cbor(w, op, document, service=TARGET):
    body = document if isinstance(document, bytes) else cbor(document)
    answer = post(w, {"Content-Type": "application/cbor", "Accept": "application/cbor", "smithy-protocol": "rpc-v2-cbor", "x-amzn-query-mode": "true"}, body,
                  f"/service/{service}/operation/{op}")
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor" and answer.headers["content-type"] == "application/cbor"
    value, rest = uncbor(answer.content)
    assert rest == b""
    return answer, value


def cbor_protocol(w):
    put = {"Namespace": "Cbor", "MetricData": [{"MetricName": "Grüße", "Timestamp": minute(3), "Value": 2.5, "Dimensions": [{"Name": "a", "Value": "b"}]},
                                              {"MetricName": "n", "Timestamp": minute(3), "Values": [1, 3.0], "Counts": [2, 2.0]}]}
    answer, value = by_cbor(w, "PutMetricData", put)
    assert answer.status_code == 200 and value == {}, value
    _, value = by_cbor(w, "GetMetricStatistics", {"Namespace": "Cbor", "MetricName": "n", "StartTime": minute(9), "EndTime": minute(0), "Period": 60, "Statistics": ["Sum"]})
    point = value["Datapoints"][0]
    assert point["Timestamp"] == ("time", minute(3).timestamp()) and point["Sum"] == 8 and isinstance(point["Sum"], float)
    _, value = by_cbor(w, "ListMetrics", {"Namespace": "Cbor"})
    assert value["Metrics"][0] == {"Namespace": "Cbor", "MetricName": "Grüße", "Dimensions": [{"Name": "a", "Value": "b"}]}
    answer, value = by_cbor(w, "PutMetricData", {"Namespace": "Cbor", "MetricData": [{"MetricName": "x", "Value": float("inf")}]})
    assert answer.status_code == 400 and answer.headers["x-amzn-query-error"] == "InvalidParameterValue;Sender"
    assert value["__type"].endswith("#InvalidParameterValueException") and value["message"].startswith("The value Infinity for parameter")
    for bad in (b"\xa1", b"\xff", b"\x01", b"\xa1\x01\x02", cbor({"Namespace": 5})):
        answer, value = by_cbor(w, "ListMetrics", bad)
        assert answer.status_code == 400 and value["__type"].endswith("SerializationException"), (bad, value)
    for op, service in (("Nothing", TARGET), ("PutItem", "DynamoDB_20120810")):
        answer, value = by_cbor(w, op, {}, service)
        assert answer.status_code == 400 and value["__type"].endswith("UnknownOperationException")


FAMILY = re.compile(r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) gauge")
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def scrape(w):
    """The page, strictly: families once, samples under their family, no sample twice."""
    family, families, samples = None, set(), {}
    for line in w.page("/_waybill/metrics").splitlines():
        if line.startswith("#"):
            family = FAMILY.fullmatch(line).group(1)
            assert family not in families
            families.add(family)
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()
        labels = LABEL.findall(labels)
        key = (name, *sorted(labels))
        assert name == family and key not in samples and len(dict(labels)) == len(labels)
        samples[key] = float(value)
    return samples


def prometheus(w):
    cw = w.client("cloudwatch")

    def scraped():
        at = datetime.datetime.now(UTC) - datetime.timedelta(seconds=65)
        cw.put_metric_data(Namespace="My-App/1", MetricData=[{"MetricName": "QueueLength", "Unit": "Count", "Timestamp": at, "Values": [1, 3], "Dimensions": [
            {"Name": "Queue Name", "Value": 'a"b\\c\nd'}, {"Name": "account", "Value": "x"}]}])
        return {k: v for k, v in scrape(w).items() if k[0].startswith("my_app_1_")}
    found = wait_for(scraped)
    labels = (("account", "000000000000"), ("account_", "x"), ("queue_name", 'a\\"b\\\\c\\nd'), ("region", "us-east-1"), ("unit", "Count"))
    assert {k[0] for k in found} == {f"my_app_1_queue_length_{s}" for s in ("sum", "sample_count", "average", "minimum", "maximum")}
    assert all(k[1:] == labels for k in found), found
    assert found[("my_app_1_queue_length_average", *labels)] == 2 and found[("my_app_1_queue_length_maximum", *labels)] == 3
    checked = subprocess.run(["promtool", "check", "metrics"], input=w.page("/_waybill/metrics"), text=True, capture_output=True, timeout=20, check=False)
    assert checked.returncode in (0, 3), checked.stderr  # 3: it parses, but the exporter's names are not promtool's taste
    real_prometheus(w, cw)


def real_prometheus(w, cw):
    """Debian's prometheus scrapes the page, and answers a query about it."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        with open(f"{folder}/p.yml", "w", encoding="utf-8") as f:
            f.write(f"scrape_configs: [{{job_name: w, scrape_interval: 1s, metrics_path: /_waybill/metrics, static_configs: [{{targets: ['127.0.0.1:{w.port}']}}]}}]\n")
        p = subprocess.Popen(["prometheus", f"--config.file={folder}/p.yml", f"--storage.tsdb.path={folder}/db", f"--web.listen-address=127.0.0.1:{port}"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            def asked():
                at = datetime.datetime.now(UTC) - datetime.timedelta(seconds=65)
                cw.put_metric_data(Namespace="My-App/1", MetricData=[{"MetricName": "QueueLength", "Timestamp": at, "Value": 4}])
                try:
                    return requests.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": "my_app_1_queue_length_maximum{unit='None'}"},
                                        timeout=5).json()["data"]["result"]
                except requests.ConnectionError:
                    return None
            assert wait_for(asked, every=0.5)[0]["value"][1] == "4"
        finally:
            p.terminate()
            p.wait()


def forwarded(w):
    """The page of metrics is not for those whom a proxy on this machine lets in, nor for another name of the address."""
    ask = lambda **headers: requests.get(w.url + "/_waybill/metrics", headers={k.replace("_", "-"): v for k, v in headers.items()}, timeout=20)
    assert ask().status_code == 200 and ask(Host="localhost:1").status_code == 200
    for headers in ({"X_Forwarded_For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Via": "1.1 proxy"}, {"Host": "metrics.example.test"},
                    {"Origin": "http://example.test"}, {"Sec_Fetch_Site": "cross-site"}):
        answer = ask(**headers)
        assert answer.status_code == 403 and "not through a proxy" in answer.text, headers


def insights(w):
    cw = w.client("cloudwatch")
    cw.put_metric_data(Namespace="Shop/Api", MetricData=[
        {"MetricName": "Calls", "Dimensions": [{"Name": "Host", "Value": h}], "Timestamp": minute(ago), "Value": v, "Unit": "Count"}
        for h, ago, v in (("a", 9, 1), ("a", 8, 2), ("b", 9, 10), ("b", 8, 20), ("c", 9, 5))])

    def ask(text, **more):
        answer = cw.get_metric_data(MetricDataQueries=[{"Id": "q1", "Expression": text, "Period": 60, **more}], ScanBy="TimestampAscending", **span(20))
        return [(r["Label"], r["Values"]) for r in answer["MetricDataResults"]]
    assert ask('SELECT SUM(Calls) FROM "Shop/Api"') == [("q1", [16, 22])]
    top = 'SELECT MAX(Calls) FROM SCHEMA("Shop/Api", Host) WHERE Host != \'c\' GROUP BY Host ORDER BY MAX() DESC LIMIT 1'
    assert ask(top) == [("b", [10, 20])] and ask(top, Label="${LABEL}: ${SUM}") == [("b: 30", [10, 20])]
    assert "FROM is expected at position" in refused("ValidationError", cw.get_metric_data, MetricDataQueries=[{"Id": "q1", "Expression": "SELECT SUM(a)", "Period": 60}], **span(5))
    both = cw.get_metric_data(MetricDataQueries=[{"Id": "q1", "Expression": 'SELECT SUM(Calls) FROM "Shop/Api" GROUP BY Host', "Period": 60, "ReturnData": False},
                                                 {"Id": "e1", "Expression": "SUM(q1) / 2"}], ScanBy="TimestampAscending", **span(20))["MetricDataResults"]
    assert [r["Values"] for r in both] == [[8, 11]]

    at = lambda zone: cw.get_metric_data(MetricDataQueries=[{"Id": "q1", "Expression": 'SELECT SUM(Calls) FROM "Shop/Api"', "Period": 60, "Label": "${LAST_TIME}"}],
                                         LabelOptions={"Timezone": zone}, **span(20))["MetricDataResults"][0]["Label"]
    found = at("+0000")
    assert re.fullmatch(r"....-..-..T..:..:00Z", found)
    last = datetime.datetime.fromisoformat(found[:-1])
    assert at("+0530") == (last + datetime.timedelta(hours=5, minutes=30)).strftime("%Y-%m-%dT%H:%M:00+05:30")
    refused("ValidationError", at, zone="Berlin")

    widget = json.dumps({"metrics": [[{"expression": top, "period": 60}]], "width": 300, "height": 200, "timezone": "+0200"})
    assert cw.get_metric_widget_image(MetricWidget=widget)["MetricWidgetImage"].startswith(b"\x89PNG")
    _, value = by_cbor(w, "GetMetricWidgetImage", {"MetricWidget": widget})
    assert value["MetricWidgetImage"].startswith(b"\x89PNG"), "a blob is a byte string"

    alarm = {"AlarmName": "calls", "EvaluationPeriods": 10, "DatapointsToAlarm": 1, "Threshold": 21, "ComparisonOperator": "GreaterThanThreshold"}
    metrics = lambda text: [{"Id": "q1", "Expression": text, "Period": 60, "ReturnData": True}]
    assert "no GROUP BY" in refused("ValidationError", cw.put_metric_alarm, Metrics=metrics(top), **alarm)
    cw.put_metric_alarm(Metrics=metrics('SELECT SUM(Calls) FROM "Shop/Api"'), **alarm)
    wait_for(lambda: cw.describe_alarms(AlarmNames=["calls"])["MetricAlarms"][0]["StateValue"] == "ALARM", 90, 0.5)
    cw.delete_alarms(AlarmNames=["calls"])


def command_line(w):
    w.aws("cloudwatch", "put-metric-data", "--namespace", "Cli", "--metric-name", "Jobs", "--value", "4", "--unit", "Count", "--dimensions", "Queue=mail,Host=b")
    listed = w.aws("cloudwatch", "list-metrics", "--namespace", "Cli")["Metrics"]
    assert listed == [{"Namespace": "Cli", "MetricName": "Jobs", "Dimensions": [{"Name": "Host", "Value": "b"}, {"Name": "Queue", "Value": "mail"}]}]
    end = (datetime.datetime.now(UTC) + datetime.timedelta(minutes=1)).isoformat()
    answer = w.aws("cloudwatch", "get-metric-statistics", "--namespace", "Cli", "--metric-name", "Jobs", "--dimensions", "Name=Queue,Value=mail",
                              "Name=Host,Value=b", "--start-time", minute(10).isoformat(), "--end-time", end, "--period", "3600", "--statistics", "Maximum")
    assert [p["Maximum"] for p in answer["Datapoints"]] == [4]


def services(w):
    """What the server itself measures can be read and listed like everything else."""
    table = w.client("dynamodb")
    table.create_table(TableName="table", AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}], KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                       BillingMode="PAY_PER_REQUEST")
    table.put_item(TableName="table", Item={"k": {"S": "1"}})
    where = {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedWriteCapacityUnits", "Dimensions": [{"Name": "TableName", "Value": "table"}]}
    assert wait_for(lambda: w.client("cloudwatch").get_metric_statistics(**where, **span(5), Period=60, Statistics=["Sum"])["Datapoints"])[0]["Sum"] == 1
    listed = w.client("cloudwatch").list_metrics(Namespace="AWS/DynamoDB", MetricName="ConsumedWriteCapacityUnits")["Metrics"]
    assert [m["Dimensions"] for m in listed] == [[{"Name": "TableName", "Value": "table"}]]


def main():
    with Waybill() as w:
        put_and_read(w)
        pages(w)
        refusals(w)
        json_protocol(w)
        cbor_protocol(w)
        insights(w)
        prometheus(w)
        forwarded(w)
        command_line(w)
        services(w)
        w.kill()
        w.start()
        assert values(w, query("Requests")) == [[60, 20]]
        assert len(w.client("cloudwatch").list_metrics(Namespace="Cli")["Metrics"]) == 1


if __name__ == "__main__":
    main()
