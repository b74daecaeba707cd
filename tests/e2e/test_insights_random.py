"""Random lines and random Insights queries: the server against a second, obvious implementation. Prints its seed; give it as the argument to repeat a run."""
import functools
import json
import math
import random
import re
import sys
import time

from waybill_server import Waybill, wait_for

FIELDS = ["a", "b", "c", "d.e", "d.list.1"]
TEXTS = ["x", "y", "10", "9", "a1", "a10", "a9", "", "X y", "-2", "2.50", "true"]


# --- values: None, a number, yes or no, or a text; a text that is a number acts as one ---

def number(v):
    if isinstance(v, bool):
        return float(v)
    if isinstance(v, (int, float)):
        return float(v)
    return float(v) if isinstance(v, str) and re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", v) else None


def show(v):
    if v is None or isinstance(v, str):
        return v
    v = float(v)
    if v == int(v):
        return str(int(v))
    if abs(v) < 0.0001:
        return f"{v:.6g}"
    return f"{v:.4f}".rstrip("0").rstrip(".")


def compare(x, y):
    """-1, 0, 1; None when they cannot be compared."""
    if x is None or y is None:
        return None
    words = {"true": True, "false": False}  # beside yes and no the words mean them
    x, y = words.get(x, x) if isinstance(y, bool) else x, words.get(y, y) if isinstance(x, bool) else y
    p, q = number(x), number(y)
    if (p is None) != (q is None):
        return None
    if p is None:
        p, q = x.encode(), y.encode()
    return (p > q) - (p < q)


def chunks(s):
    return [(1, len(c), c) if c.isdigit() else (0, c) for c in re.findall(r"\d+|\D", s)]


def order(x, y):
    """Of sort."""
    if x is None or y is None:
        return (x is not None) - (y is not None)
    p, q = number(x), number(y)
    if (p is None) != (q is None):
        return 1 if q is None else -1
    if p is not None and p != q:
        return -1 if p < q else 1
    sx, sy = show(x), show(y)
    if p is not None:
        return (sx > sy) - (sx < sy)
    for i, k in zip(chunks(sx), chunks(sy)):
        if i[0] == k[0] == 1:
            if i != k:
                return -1 if i < k else 1
        elif i[-1][0] != k[-1][0]:
            return -1 if i[-1][0] < k[-1][0] else 1
        elif i != k:  # both begin alike: one is longer
            return -1 if i < k else 1
    return (len(sx) > len(sy)) - (len(sx) < len(sy))


# --- expressions: (text, function of a row) ---

def lookup(row, name):
    for part in name.split("."):
        if isinstance(row, dict):
            row = row.get(part)
        elif isinstance(row, list):
            row = row[int(part)] if int(part) < len(row) else None
        else:
            return None
    if isinstance(row, (int, float)) and not isinstance(row, bool):
        return json.dumps(row)  # as it stands in the line
    return None if isinstance(row, (dict, list)) else row


def field(rnd):
    name = rnd.choice(FIELDS)
    return name, lambda r: lookup(r, name)


def literal(rnd):
    if rnd.random() < 0.5:
        n = rnd.choice([0, 1, 2, 7, 10, 2.5, 100])
        return str(n), lambda r: n
    t = rnd.choice(TEXTS)
    return f"'{t}'", lambda r: t


def arithmetic(rnd, depth):
    (tx, fx), (ty, fy) = term(rnd, depth - 1), term(rnd, depth - 1)
    op = rnd.choice("+-*/%")

    def run(r):
        p, q = number(fx(r)), number(fy(r))
        if p is None or q is None or (op in "/%" and q == 0):
            return None
        return {"+": lambda: p + q, "-": lambda: p - q, "*": lambda: p * q, "/": lambda: p / q, "%": lambda: math.fmod(p, q)}[op]()
    return f"({tx} {op} {ty})", run


def call(rnd, depth):
    text, f = term(rnd, depth - 1)
    kind = rnd.choice(["abs", "strlen", "coalesce", "concat", "toupper", "isempty", "floor"])
    if kind in ("abs", "floor"):
        g = {"abs": abs, "floor": math.floor}[kind]
        return f"{kind}({text})", lambda r: None if number(f(r)) is None else float(g(number(f(r))))
    if kind == "strlen":
        return f"strlen({text})", lambda r: None if f(r) is None else float(len(show(f(r))))
    if kind == "toupper":
        return f"toupper({text})", lambda r: None if f(r) is None else show(f(r)).upper()
    if kind == "isempty":
        return f"isempty({text})", lambda r: not show(f(r))
    other, g = term(rnd, depth - 1)
    if kind == "coalesce":
        return f"coalesce({text}, {other})", lambda r: g(r) if f(r) is None else f(r)
    return f"concat({text}, {other})", lambda r: (show(f(r)) or "") + (show(g(r)) or "")


def term(rnd, depth=2):
    return rnd.choice([field, field, literal])(rnd) if depth <= 0 or rnd.random() < 0.5 else rnd.choice([arithmetic, call])(rnd, depth)


def condition(rnd, depth=3):
    kind = rnd.random()
    if depth > 0 and kind < 0.4:
        (tx, fx), (ty, fy) = condition(rnd, depth - 1), condition(rnd, depth - 1)
        if kind < 0.15:
            return f"not ({tx})", lambda r: not fx(r)
        return (f"({tx} and {ty})", lambda r: fx(r) and fy(r)) if kind < 0.28 else (f"({tx} or {ty})", lambda r: fx(r) or fy(r))
    text, f = term(rnd, 1)
    if kind < 0.5:
        return f"ispresent({text})", lambda r: f(r) is not None
    if kind < 0.6:
        part = rnd.choice(["x", "1", "a", ".", "y"])
        maybe = rnd.choice(["like", "not like", "=~"])
        return f"{text} {maybe} '{part}'", lambda r: (f(r) is not None and part in show(f(r))) != (maybe == "not like")
    if kind < 0.7:
        pattern = rnd.choice(["^a\\d+$", "[xy]", "(?i)x y", "\\d{2}", "^-?\\d"])
        return f"{text} like /{pattern}/", lambda r: f(r) is not None and re.search(pattern, show(f(r))) is not None
    if kind < 0.8:
        items = [literal(rnd) for _ in range(rnd.randrange(4))]
        maybe = rnd.choice(["in", "not in"])
        return f"{text} {maybe} [{', '.join(t for t, _ in items)}]", lambda r: any(compare(f(r), g(r)) == 0 for _, g in items) != (maybe == "not in")
    op = rnd.choice(["=", "!=", "<", "<=", ">", ">="])
    other, g = term(rnd, 1)

    def run(r):
        c = compare(f(r), g(r))
        return {"=": c == 0, "!=": c != 0, "<": c is not None and c < 0, "<=": c is not None and c <= 0,
                ">": c is not None and c > 0, ">=": c is not None and c >= 0}[op]
    return f"{text} {op} {other}", run


# --- queries ---

def aggregate(rnd):
    text, f = rnd.choice([field, lambda r: term(r, 1)])(rnd)
    kind = rnd.choice(["count(*)", "count", "sum", "avg", "min", "max", "count_distinct", "pct", "stddev"])

    def run(rows):
        values = [v for v in map(f, rows) if v is not None]
        numbers = sorted(n for n in map(number, values) if n is not None)
        if kind == "count(*)":
            return float(len(rows))
        if kind in ("count", "count_distinct"):
            return float(len(values if kind == "count" else {show(v) for v in values}))
        if kind in ("min", "max"):
            return sorted(values, key=functools.cmp_to_key(order))[0 if kind == "min" else -1] if values else None
        if not numbers:
            return None
        mean = sum(numbers) / len(numbers)
        return {"sum": sum(numbers), "avg": mean, "stddev": math.sqrt(sum((n - mean) ** 2 for n in numbers) / len(numbers)),
                "pct": numbers[max(0, math.ceil(0.75 * len(numbers)) - 1)]}[kind]
    return ("count(*)" if kind == "count(*)" else f"pct({text}, 75)" if kind == "pct" else f"{kind}({text})"), run


def by_stats(rnd, rows):
    aggs = [aggregate(rnd) for _ in range(rnd.randrange(1, 4))]
    keys = [term(rnd, 1) for _ in range(rnd.randrange(3))]
    text = "stats " + ", ".join(f"{t} as v{i}" for i, (t, _) in enumerate(aggs))
    if keys:
        text += " by " + ", ".join(f"{t} as k{i}" for i, (t, _) in enumerate(keys))
    groups = {}
    for r in rows:
        values = tuple(f(r) for _, f in keys)
        groups.setdefault(tuple(map(show, values)), []).append((values, r))
    out = []
    for members in groups.values():
        row = {f"k{i}": show(v) for i, v in enumerate(members[0][0])}
        row.update({f"v{i}": f([r for _, r in members]) for i, (_, f) in enumerate(aggs)})
        out.append(row)
    return text, out, False


def by_rows(rnd, rows):
    shown = [term(rnd) for _ in range(rnd.randrange(1, 4))]
    text = "fields " + ", ".join(f"{t} as v{i}" for i, (t, _) in enumerate(shown))
    rows = list(reversed(rows))  # the newest first
    if rnd.random() < 0.6:
        keys = [(t, f, rnd.random() < 0.5) for t, f in (term(rnd, 1) for _ in range(rnd.randrange(1, 3)))]
        text += " | sort " + ", ".join(f"{t} {'desc' if down else 'asc'}" for t, _, down in keys)
        for _, f, down in reversed(keys):
            rows.sort(key=functools.cmp_to_key(lambda x, y, f=f, s=-1 if down else 1: s * order(f(x), f(y))))
    if rnd.random() < 0.3:
        t, f = term(rnd, 1)
        text += f" | dedup {t}"
        seen, kept = set(), []
        for r in rows:
            v = show(f(r))
            if v is None or v not in seen:
                kept.append(r)
            seen.add(v)
        rows = kept
    if rnd.random() < 0.5:
        n = rnd.randrange(1, 60)
        text += f" | limit {n}"
        rows = rows[:n]
    return text, [{f"v{i}": f(r) for i, (_, f) in enumerate(shown)} for r in rows], True


def line(rnd):
    value = lambda: rnd.choice([rnd.randrange(20), rnd.randrange(-40, 40) / 4, rnd.choice(TEXTS), rnd.random() < 0.5, None])
    row = {name: value() for name in "abc" if rnd.random() < 0.8}
    if rnd.random() < 0.7:
        row["d"] = {"e": value(), "list": [value() for _ in range(rnd.randrange(3))]}
    return row


def close(x, y):
    """As shown: the last digit may be rounded otherwise."""
    if x == y:
        return True
    p, q = number(x) if x is not None else None, number(y) if y is not None else None
    return p is not None and q is not None and abs(p - q) <= max(0.00011, 1e-9 * abs(p))


def same(got, want, ordered):
    want = [{k: show(v) for k, v in row.items() if v is not None} for row in want]
    if not ordered:
        key = lambda row: sorted((k, v) for k, v in row.items() if k[0] == "k")
        got, want = sorted(got, key=key), sorted(want, key=key)
    return len(got) == len(want) and all(g.keys() == w.keys() and all(close(g[k], w[k]) for k in g) for g, w in zip(got, want))


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1 << 30)
    print("seed", seed, flush=True)
    rnd = random.Random(seed)
    with Waybill() as w:
        logs = w.client("logs")
        logs.create_log_group(logGroupName="/r")
        now = int(time.time() * 1000) - 10000
        all_rows = [line(rnd) for _ in range(400)]
        for s in range(4):  # they lie side by side in four streams
            logs.create_log_stream(logGroupName="/r", logStreamName=f"s{s}")
            logs.put_log_events(logGroupName="/r", logStreamName=f"s{s}", logEvents=[
                {"timestamp": now + i, "message": json.dumps(r)} for i, r in enumerate(all_rows) if i % 4 == s])
        some = 0
        for _ in range(150):
            text, f = condition(rnd)
            rows = [r for r in all_rows if f(r)]
            more, want, ordered = rnd.choice([by_stats, by_rows])(rnd, rows)
            text = f"filter {text} | {more}"
            query = logs.start_query(logGroupName="/r", startTime=now // 1000 - 5, endTime=now // 1000 + 5, queryString=text)["queryId"]
            answer = wait_for(lambda: (lambda a: a if a["status"] not in ("Scheduled", "Running") else None)(logs.get_query_results(queryId=query)), 60)
            got = [{x["field"]: x["value"] for x in row if x["field"] != "@ptr"} for row in answer["results"]]
            assert answer["status"] == "Complete" and answer["statistics"]["recordsMatched"] == len(rows), (text, answer["status"], answer["statistics"], len(rows))
            assert same(got, want, ordered), f"{text}\n  server {got}\n  here   {[{k: show(v) for k, v in x.items()} for x in want]}"
            some += len(got) > 1
        assert some > 60, some


main()
