"""Random series, statistics and expressions: the server against a second, obvious implementation. Prints its seed; give it as the argument to repeat a run."""
import datetime
import math
import random
import sys
import time

from waybill_server import Waybill

UTC = datetime.timezone.utc
NAMES = ["m1", "m2", "m3"]
MINUTES = 120


# --- statistics of a list of values, all of the same weight ---

def percentile(v, p):
    at = p / 100 * (len(v) - 1)
    low = int(at)
    return v[low] if low + 1 == len(v) else v[low] + (v[low + 1] - v[low]) * (at - low)


def inside(v, lo, hi):
    """(value, how much of it) by the share of the samples below and above."""
    return [(x, max(0, min(hi / 100 * len(v), i + 1) - max(lo / 100 * len(v), i))) for i, x in enumerate(v)]


def trimmed(v, lo, hi):
    part = inside(v, lo, hi)
    return sum(n for _, n in part), sum(x * n for x, n in part)


STATS = {
    "Sum": sum, "SampleCount": len, "Minimum": min, "Maximum": max, "Average": lambda v: sum(v) / len(v),
    "p0": lambda v: v[0], "p37.5": lambda v: percentile(v, 37.5), "p99": lambda v: percentile(v, 99), "p100": max,
    "TM(10%:90%)": lambda v: trimmed(v, 10, 90)[1] / trimmed(v, 10, 90)[0], "tm80": lambda v: trimmed(v, 0, 80)[1] / trimmed(v, 0, 80)[0],
    "IQM": lambda v: trimmed(v, 25, 75)[1] / trimmed(v, 25, 75)[0], "TC(5%:)": lambda v: trimmed(v, 5, 100)[0], "ts60": lambda v: trimmed(v, 0, 60)[1],
    "TC(20:60)": lambda v: sum(20 < x <= 60 for x in v), "TS(:50)": lambda v: sum(x for x in v if x <= 50),
    "PR(:40)": lambda v: 100 * sum(x <= 40 for x in v) / len(v), "WM(10:80)": lambda v: sum(min(80, max(10, x)) for x in v) / len(v),
    "TM(30:70)": lambda v: (lambda k: sum(k) / len(k) if k else None)([x for x in v if 30 < x <= 70]),
}


# --- math on dicts: time -> value ---

def both(f, keep=False):
    def run(a, b):
        if not isinstance(a, dict) and not isinstance(b, dict):
            return f(a, b)
        times = set(a) | set(b) if isinstance(a, dict) and isinstance(b, dict) else set(a if isinstance(a, dict) else b)
        pick = lambda x, t: x.get(t, 0) if isinstance(x, dict) else x
        out = {t: f(pick(a, t), pick(b, t)) for t in times}
        return {t: x for t, x in out.items() if x is not None}
    return run


def steps(f):
    def run(a):
        times = sorted(a)
        return {t: f(a[t], a[s], t - s) for s, t in zip(times, times[1:])}
    return run


def running(a):
    total, out = 0, {}
    for t in sorted(a):
        total += a[t]
        out[t] = total
    return out


OPERATORS = {"+": both(lambda a, b: a + b), "-": both(lambda a, b: a - b), "*": both(lambda a, b: a * b), "/": both(lambda a, b: a / b if b else None),
             "<": both(lambda a, b: float(a < b)), ">=": both(lambda a, b: float(a >= b)), "AND": both(lambda a, b: float(a != 0 and b != 0)),
             "OR": both(lambda a, b: float(a != 0 or b != 0))}
FUNCTIONS = {"ABS": lambda a: {t: abs(x) for t, x in a.items()}, "CEIL": lambda a: {t: math.ceil(x) for t, x in a.items()},
             "FLOOR": lambda a: {t: math.floor(x) for t, x in a.items()}, "LOG": lambda a: {t: math.log(x) for t, x in a.items() if x > 0},
             "DIFF": steps(lambda x, y, s: x - y), "RATE": steps(lambda x, y, s: (x - y) / s), "DIFF_TIME": steps(lambda x, y, s: s), "RUNNING_SUM": running}
SCALARS = {"AVG": lambda v: sum(v) / len(v), "SUM": sum, "MIN": min, "MAX": max, "DATAPOINT_COUNT": len}


def expression(r, depth, series):
    """A text and the series it stands for."""
    kind = r.random() if depth else 0
    if kind < 0.2:
        name = r.choice(NAMES)
        return name, series[name]
    if kind < 0.35:
        f = r.choice(list(FUNCTIONS))
        text, a = expression(r, depth - 1, series)
        return f"{f}({text})", FUNCTIONS[f](a)
    if kind < 0.5:
        op, n = r.choice(list(OPERATORS)), r.choice([2, 0.5, 10, 3])
        text, a = expression(r, depth - 1, series)
        return (f"({text}) {op} {n}", OPERATORS[op](a, n)) if r.random() < 0.5 else (f"{n} {op} ({text})", OPERATORS[op](n, a))
    if kind < 0.6:
        f, name = r.choice(list(SCALARS)), r.choice(NAMES)
        text, a = expression(r, depth - 1, series)
        return f"({text}) * {f}({name})", OPERATORS["*"](a, SCALARS[f](list(series[name].values())))
    if kind < 0.7:
        (c, x), (t, y), (e, z) = (expression(r, depth - 1, series) for _ in range(3))
        out = {at: y.get(at, 0) if v else z.get(at) for at, v in x.items()}
        return f"IF({c}, {t}, {e})", {at: v for at, v in out.items() if v is not None}
    op = r.choice(list(OPERATORS))
    (s, a), (t, b) = expression(r, depth - 1, series), expression(r, depth - 1, series)
    return f"({s}) {op} ({t})", OPERATORS[op](a, b)


# --- the comparison ---

def ask(w, start, queries):
    """Query id -> time -> value."""
    answer = w.client("cloudwatch").get_metric_data(MetricDataQueries=queries, StartTime=datetime.datetime.fromtimestamp(start, UTC),
                                                    EndTime=datetime.datetime.fromtimestamp(start + MINUTES * 60, UTC))
    assert "NextToken" not in answer
    return {r["Id"]: dict(zip((int(t.timestamp()) for t in r["Timestamps"]), r["Values"])) for r in answer["MetricDataResults"]}


def metric(name, id, stat, period):
    return {"Id": id, "MetricStat": {"Metric": {"Namespace": "Random", "MetricName": name}, "Stat": stat, "Period": period}}


def same(got, want, what):
    assert set(got) == set(want), (what, sorted(set(got) ^ set(want))[:5])
    for t, v in want.items():
        assert math.isclose(got[t], v, rel_tol=1e-9, abs_tol=1e-6), (what, t, got[t], v)


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1 << 30)
    print("seed", seed)
    r = random.Random(seed)
    start = (int(time.time()) // 3600 - 3) * 3600
    raw = {n: {start + 60 * i: [r.choice([r.uniform(0, 100), float(r.randrange(100))]) for _ in range(r.randrange(1, 12))]
               for i in range(MINUTES) if r.random() < 0.8} for n in NAMES}
    with Waybill() as w:
        for name, minutes in raw.items():
            w.client("cloudwatch").put_metric_data(Namespace="Random", MetricData=[
                {"MetricName": name, "Timestamp": datetime.datetime.fromtimestamp(t, UTC), "Values": v} for t, v in minutes.items()])
        for name in NAMES:
            for period in (60, 300, 3600):
                got = ask(w, start, [metric(name, f"s{i}", s, period) for i, s in enumerate(STATS)])
                periods = {}
                for t, v in raw[name].items():
                    periods.setdefault(t - t % period, []).extend(v)
                for i, (stat, f) in enumerate(STATS.items()):
                    want = {t: f(sorted(v)) for t, v in periods.items()}
                    same(got[f"s{i}"], {t: v for t, v in want.items() if v is not None}, (stat, name, period))
        series = {n: {t: sum(v) / len(v) for t, v in raw[n].items()} for n in NAMES}
        made = []
        while len(made) < 120:
            text, value = expression(r, 3, series)
            if len(text) < 1000 and all(abs(v) < 1e12 for v in value.values()):
                made.append((text, value))
        for k in range(0, len(made), 40):
            got = ask(w, start, [metric(n, n, "Average", 60) for n in NAMES] + [{"Id": f"e{i}", "Expression": t} for i, (t, _) in enumerate(made[k:k + 40])])
            for i, (text, value) in enumerate(made[k:k + 40]):
                same(got[f"e{i}"], value, text)


if __name__ == "__main__":
    main()
