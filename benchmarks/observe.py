"""A month of a watched application: a million log lines and 10,000 metrics, by the test's clock; and what asking for them takes."""
import time
from dataclasses import dataclass

import lib
from observed import DAY, GROUP, Month, memory, store
from waybill_server import Waybill

LINES, SERIES, DAYS, RETENTION, TIMES = 1_000_000, 10_000, 30, 7, 1


@dataclass
class Figures:
    lines_per_cpu: float
    values_per_cpu: float
    kept_per_cpu: float
    quiet: float
    peak: float
    queries: dict
    pages: tuple


class Cpu:
    """Adds up the server's CPU seconds of what runs under it."""

    def __init__(self, w):
        self.pid, self.spent = w.process.pid, 0

    def __enter__(self):
        self.begun = lib.cpu_seconds([self.pid])

    def __exit__(self, *_):
        self.spent += lib.cpu_seconds([self.pid]) - self.begun


def best(ask):
    """The shortest of three."""
    return min(ask() for _ in range(3))


def pages(ask):
    took, token = 0, {}
    while True:
        answer, seconds = ask(**token)
        took += seconds
        if not answer.get("nextToken"):
            return took
        token = {"nextToken": answer["nextToken"]}


def insights(m, query):
    """From StartQuery to its result."""
    begun = time.monotonic()
    span = {"startTime": m.at // 1000 - RETENTION * DAY, "endTime": m.at // 1000}
    started, _ = m.logs("StartQuery", logGroupName=GROUP, queryString=query, **span)
    while m.logs("GetQueryResults", queryId=started["queryId"])[0]["status"] in ("Scheduled", "Running"):
        time.sleep(0.002)
    return time.monotonic() - begun


def queries(m):
    month = {"StartTime": m.begun / 1000 - 3600, "EndTime": m.at / 1000 + 3600}
    day = {"StartTime": m.at / 1000 - DAY, "EndTime": m.at / 1000 + 3600}
    data = lambda expression, span: m.cloudwatch("GetMetricData", MetricDataQueries=[{"Id": "e", "Expression": expression}], **span)[1]
    logs = lambda pattern: pages(lambda **token: m.logs("FilterLogEvents", logGroupName=GROUP, filterPattern=pattern, **token))
    asked = {
        "FilterLogEvents, a week, JSON, 1 in 1,000": lambda: logs('{$.level = "error"}'),
        "FilterLogEvents, a week, a term, none": lambda: logs('"nothing of that kind"'),
        "FilterLogEvents, a week, regex, 1 in 1,000": lambda: logs("%error%"),
        "GetLogEvents, the newest of a stream": lambda: m.logs("GetLogEvents", logGroupName=GROUP, logStreamName="s3")[1],
        "GetMetricStatistics, a month by hour": lambda: m.cloudwatch(
            "GetMetricStatistics", Namespace="App", MetricName="m3", Dimensions=[{"Name": "Host", "Value": "h5"}], Period=3600,
            Statistics=["Sum", "Average"], **month)[1],
        "GetMetricData, SUM of 1,000 series, a month": lambda: data("SUM(SEARCH('{App,Host} MetricName=\"m3\"', 'Sum', 3600))", month),
        "GetMetricData, p90 of 1,000 series, a day": lambda: data("MAX(SEARCH('{App,Host} MetricName=\"m3\"', 'p90', 300))", day),
        "GetMetricData, 10 found among 10,000": lambda: data("SEARCH('{App,Host} h77', 'Sum', 3600)", month),
        "GetMetricData, 100 metrics, a month by hour": lambda: m.cloudwatch("GetMetricData", MetricDataQueries=[
            {"Id": f"m{i}", "MetricStat": {"Period": 3600, "Stat": "Sum", "Metric": {
                "Namespace": "App", "MetricName": "m3", "Dimensions": [{"Name": "Host", "Value": f"h{i}"}]}}} for i in range(100)], **month)[1],
        "Logs Insights, a week, stats by bin": lambda: insights(m, "filter level = 'error' | stats count() by bin(1d)"),
        "Logs Insights, a week, 20 newest": lambda: insights(m, "fields @timestamp, @message | sort @timestamp desc | limit 20"),
    }
    return {name: best(ask) for name, ask in asked.items()}


def measure(say):
    with Waybill(args=["--test-clock"]) as w:
        m = Month(w, LINES, SERIES, TIMES)
        m.groups(RETENTION)
        quiet, lines, values, kept = memory(w), Cpu(w), Cpu(w), Cpu(w)
        for n in range(DAYS):
            if n % 10 == 0:
                say(f"day {n + 1} of {DAYS}")
            for _ in range(TIMES):
                with lines:
                    m.write(LINES // DAYS // TIMES)
                with values:
                    m.measure()
                with kept:
                    m.move(DAY / TIMES)
                    m.settle(idle=0.1)
        took = queries(m)
        before = store(w)[1]
        for _ in range(RETENTION + 1):
            m.move(DAY)
            m.settle(idle=0.2)
        return Figures(m.written / lines.spent, m.put / values.spent, m.put / (values.spent + kept.spent), quiet, m.peak, took, (before, store(w)[1]))
