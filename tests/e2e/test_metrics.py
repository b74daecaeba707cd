"""CloudWatch metrics with Debian's clients: put, list, read with every kind of statistic and with math; JSON by hand; across kill -9."""
import datetime
import gzip
import json
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import requests

from waybill_server import Waybill, refused, wait_for

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
        command_line(w)
        services(w)
        w.kill()
        w.start()
        assert values(w, query("Requests")) == [[60, 20]]
        assert len(w.client("cloudwatch").list_metrics(Namespace="Cli")["Metrics"]) == 1


if __name__ == "__main__":
    main()
