"""A month of an application that is watched: 100,000 log lines and 1,000 metrics, a day at a time by the test's clock.

Memory stays bounded, every answer is exact, alarms, roll-up and expiry catch up with a clock that jumps, and what expires makes room
that is used again. Times are printed, not judged; `./bench observe` does the same with ten times as much, and judges them.
"""
from observed import DAY, GROUP, Month, memory, store
from waybill_server import Waybill, wait_for

LINES, METRICS, DAYS, RETENTION = 100_000, 1_000, 30, 7
GROWTH_MAX_MB = 32


def alarms(w, m):
    """One on each of a hundred series: what it sees was put right before a jump of the clock."""
    cw = w.client("cloudwatch")
    for i in range(100):
        cw.put_metric_alarm(AlarmName=f"a{i}", Namespace="App", MetricName="m0", Dimensions=[{"Name": "Host", "Value": f"h{i}"}], Statistic="Sum",
                            Period=300, EvaluationPeriods=1, Threshold=50, ComparisonOperator="GreaterThanOrEqualToThreshold",
                            TreatMissingData="notBreaching")
    m.measure()
    m.move(DAY)

    def seen():
        """Those that were in ALARM, by the history."""
        pages = cw.get_paginator("describe_alarm_history").paginate(HistoryItemType="StateUpdate")
        items = [i for p in pages for i in p["AlarmHistoryItems"]]
        states = {a["StateValue"] for p in cw.get_paginator("describe_alarms").paginate() for a in p["MetricAlarms"]}
        return states == {"OK"} and {i["AlarmName"] for i in items if i["HistorySummary"].endswith("to ALARM")}
    high = {f"a{i}" for i in range(100) if i * 10 % 100 >= 50}
    wait_for(lambda: seen() == high, seconds=60)
    cw.delete_alarms(AlarmNames=[f"a{i}" for i in range(100)])


def lines_answer(m):
    """The errors of what retention has left, in the time of their lines."""
    found, took, token = [], 0, {}
    while True:
        answer, seconds = m.logs("FilterLogEvents", logGroupName=GROUP, filterPattern='{$.level = "error"}', **token)
        found, took = found + answer["events"], took + seconds
        if not answer.get("nextToken"):
            break
        token = {"nextToken": answer["nextToken"]}
    left = m.at - RETENTION * DAY * 1000
    wanted = sorted((at, text) for at, text in m.errors if at >= left)
    assert sorted((e["timestamp"], e["message"]) for e in found) == wanted and len(wanted) > 15, (len(found), len(wanted))
    assert all(a["timestamp"] <= b["timestamp"] for a, b in zip(found, found[1:]))
    return {"FilterLogEvents": took}


def metrics_answer(m):
    """A series of a month; the sum over the hundred series of a name; the series of a host."""
    took, span = {}, {"StartTime": m.begun // DAY // 1000 * DAY, "EndTime": m.at / 1000 + 3600}
    answer, took["GetMetricStatistics"] = m.cloudwatch("GetMetricStatistics", Namespace="App", MetricName="m3", Period=3600, Statistics=["Sum"],
                                                       Dimensions=[{"Name": "Host", "Value": "h4"}], **span)
    assert sorted(p["Timestamp"] for p in answer["Datapoints"]) == [t // 3600 * 3600 for t in m.times_put], answer
    assert {p["Sum"] for p in answer["Datapoints"]} == {43}

    def data(name, expression):
        answer, took[name] = m.cloudwatch("GetMetricData", MetricDataQueries=[{"Id": "e", "Expression": expression}], **span)
        return answer["MetricDataResults"]
    result, = data("GetMetricData over 100 series", "SUM(SEARCH('{App,Host} MetricName=\"m3\"', 'Sum', 86400))")
    assert len(result["Values"]) >= DAYS and sum(result["Values"]) == len(m.times_put) * sum(i % 100 for i in range(METRICS) if i % 10 == 3)
    results = data("GetMetricData of 10 among 1,000", "SEARCH('{App,Host} h77', 'Sum', 3600)")
    assert len(results) == 10 and all(len(r["Values"]) == len(m.times_put) for r in results)
    return took


def listed(m):
    n, token = 0, {}
    while True:
        answer, _ = m.cloudwatch("ListMetrics", Namespace="App", **token)
        n += len(answer["Metrics"])
        if not answer.get("NextToken"):
            return n
        token = {"NextToken": answer["NextToken"]}


def room(w, m):
    """Retention, and what metrics have been for long, leave the store; new lines go where the old ones were."""
    m.settle()
    full, length = store(w)[1:]
    stored = lambda: m.logs("DescribeLogGroups")[0]["logGroups"][0]["storedBytes"]
    week = stored()
    m.logs("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=1)
    m.move(3600)
    m.settle()
    less = store(w)[1]
    assert less < full, (less, full)
    assert stored() < week / 5, (week, stored())
    sizes = [less]
    # Minutes are kept for 15 days, five minutes for 63, hours for 455; blocks of hours are of five days.
    for days in (17, 50, 400):
        m.move(days * DAY)
        m.settle()
        sizes.append(store(w)[1])
    assert sizes == sorted(sizes, reverse=True) and sizes[1] < 0.8 * sizes[0] and sizes[-1] < 0.1 * full, sizes
    assert listed(m) == 0
    before = store(w)[2]
    for _ in range(5):
        m.day()
    m.settle()
    assert store(w)[2] <= max(before, length), (before, length, store(w))
    return full, sizes


def main():
    with Waybill(args=["--test-clock"]) as w:
        m = Month(w, LINES, METRICS)
        m.groups(RETENTION)
        quiet = memory(w)
        for _ in range(DAYS):
            m.day()
        m.settle()
        took = {**lines_answer(m), **metrics_answer(m)}
        w.kill()
        w.start()
        m.connect()
        assert lines_answer(m) and metrics_answer(m)
        full, sizes = room(w, m)
        alarms(w, m)
        print(f"{m.written} lines, {m.put} values: memory {quiet:.1f} MB, at most {m.peak:.1f} MB; pages {full}, then {sizes}; " +
              ", ".join(f"{name} {1000 * t:.0f} ms" for name, t in took.items()))
        assert m.peak < quiet + GROWTH_MAX_MB, (quiet, m.peak)
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout


main()
