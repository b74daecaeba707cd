"""`waybill tail`: log lines, events and alarms on the terminal; nothing lost and nothing twice across a flood, kill -9 and a drain."""
import io
import itertools
import json
import os
import pty
import queue
import re
import signal
import subprocess
import threading
import time
import zipfile

import signer
from live_tail import make, now, put
from waybill_server import PROGRAM, Waybill, allow, policy, wait_for


class Tail:
    """The command, its lines as they come."""

    def __init__(self, w, *args, env=None):
        self.process = subprocess.Popen([PROGRAM, "tail", *args], env={**w.environment(), **(env or {})}, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.line, self.said = queue.Queue(), queue.Queue()
        for stream, to in ((self.process.stdout, self.line), (self.process.stderr, self.said)):
            threading.Thread(target=self.read, args=(stream, to), daemon=True).start()

    @staticmethod
    def read(stream, to):
        for line in stream:
            to.put(line.rstrip("\n"))
        to.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def next(self, seconds=20):
        line = self.line.get(timeout=seconds)
        assert line is not None, list(self.said.queue)
        return line

    def take(self, count):
        return [self.next() for _ in range(count)]

    def until(self, last):
        """All lines up to the one that ends so."""
        found = []
        while not found or not found[-1].endswith(last):
            found.append(self.next())
        return found

    def heard(self, text):
        line = self.said.get(timeout=20)
        assert line is not None and text in line, (line, text)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0
        rest = []
        while (line := self.line.get(timeout=20)) is not None:
            rest.append(line)
        return rest


def following(w, tail, say):
    """The command follows from some time on: says things until one is shown; gives what was shown, which is behind all that was said."""
    n, shown = 0, None
    until = time.monotonic() + 20
    while not shown:
        assert time.monotonic() < until, list(tail.said.queue)
        n += 1
        say(f"knock {n}")
        try:
            shown = tail.next(1.5)
        except queue.Empty:
            pass
    while not shown.endswith(f"knock {n}") and f"knock {n}" not in shown:
        shown = tail.next()


def log_lines(w):
    make(w, "/one", "a", "b")
    make(w, "/two", "a")
    put(w, "/one", "a", "earlier")
    with Tail(w, "logs", "/one") as plain, Tail(w, "logs", "/one", "/two", "--filter", "ERROR", "--json") as errors, \
            Tail(w, "logs", "arn:aws:logs:us-east-1:000000000000:log-group:/one", "--stream", "b", "--since", "1h") as b, \
            Tail(w, "logs", "/one", "--since", "5m") as since:
        following(w, plain, lambda text: put(w, "/one", "a", text))
        following(w, errors, lambda text: put(w, "/two", "a", "ERROR " + text))
        following(w, b, lambda text: put(w, "/one", "b", text))
        put(w, "/one", "a", "two\nlines\n", "bell \a and \x1b[31mred \x9b0m\ttab")
        put(w, "/two", "a", "not this ERROR", "nor that")
        put(w, "/one", "b", "ERROR \"last\"")
        got = [line for line in plain.until("last\"") if "knock" not in line]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z a two\\nlines", got[0]), got
        assert [g[25:] for g in got[1:]] == ["a bell \\x07 and \\x1b[31mred \\x9b0m\ttab", 'b ERROR "last"'], got
        got = [json.loads(line) for line in errors.until('last\\""}')]
        assert [(g["logGroupName"], g["logStreamName"], g["message"]) for g in got] == [("/two", "a", "not this ERROR"), ("/one", "b", 'ERROR "last"')], got
        assert all(g["timestamp"] <= g["ingestionTime"] for g in got)
        assert [g[25:] for g in b.until("last\"")] == ['b ERROR "last"']
        got = [g[25:] for g in since.until("last\"")]
        assert got[0] == "a earlier" and len(got) == len(set(got)), got
        assert [g for g in got if "knock" not in g] == ["a earlier", "a two\\nlines", "a bell \\x07 and \\x1b[31mred \\x9b0m\ttab", 'b ERROR "last"'], got
        for tail in (plain, errors, b, since):
            assert tail.end() == []


def function(w):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as z:
        z.writestr("index.py", "def handler(event, context):\n    for i in range(3):\n        print(event['say'], i)\n")
    f = w.client("lambda")
    f.create_function(FunctionName="talk", Runtime="python3.10", Handler="index.handler", Role=w.role("worker"), Code={"ZipFile": code.getvalue()})
    f.get_waiter("function_active_v2").wait(FunctionName="talk")
    f.invoke(FunctionName="talk", Payload=b'{"say": "first"}')
    with Tail(w, "logs", "/aws/lambda/talk", "--since", "10m") as tail:
        first = [line.split(" ", 2)[2] for line in tail.until("first 2")]
        assert first[-3:] == ["first 0", "first 1", "first 2"] and any(line.startswith("START") for line in first), first
        f.invoke(FunctionName="talk", Payload=b'{"say": "second"}')
        second = tail.until("second 2")
        assert [line.split(" ", 2)[2] for line in second[-3:]] == ["second 0", "second 1", "second 2"], second


def flood(w):
    """More than the stream tells: all lines all the same, each once, in order."""
    make(w, "/flood", "s")
    with Tail(w, "logs", "/flood") as tail:
        following(w, tail, lambda text: put(w, "/flood", "s", text))
        for i in range(6):
            put(w, "/flood", "s", *(f"line {i * 1000 + n}" for n in range(1000)))
        put(w, "/flood", "s", "the end")
        got = [line.split(" ", 2)[2] for line in tail.until("the end")]
        assert got[:-1] == [f"line {n}" for n in range(6000)], (len(got), got[:3], got[-3:])
        assert tail.end() == []


def events(w):
    bus = w.client("events")
    bus.create_event_bus(Name="orders")
    say = lambda name, detail: bus.put_events(Entries=[{"EventBusName": name, "Source": "shop", "DetailType": "order", "Detail": detail}])
    with Tail(w, "events", "orders") as all_of_it, Tail(w, "events", "orders", "--pattern", '{"detail": {"n": [{"numeric": [">", 1]}]}}', "--json") as some, \
            Tail(w, "events") as default:
        following(w, all_of_it, lambda text: say("orders", json.dumps({"say": text})))
        following(w, some, lambda text: say("orders", json.dumps({"n": 7, "say": text})))
        following(w, default, lambda text: say("default", json.dumps({"say": text})))
        for n in range(3):
            say("orders", '{"n": %d,\n"text": "\\n\x7f"}' % n)
        got = [line for line in all_of_it.until('"n": 2, "text": "\\n\\x7f"}') if "knock" not in line]
        assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z shop order {"n": 0, "text": "\\n\\x7f"}', got[0]) and len(got) == 3, got
        shown = json.loads(some.next())
        assert shown["detail"] == {"n": 2, "text": "\n\x7f"} and shown["source"] == "shop", shown
        # The server's own, although no rule asks for it.
        w.client("ssm").put_parameter(Name="/p", Value="1", Type="String")
        assert 'aws.ssm Parameter Store Change {"operation":"Create"' in default.until('"name":"/p","type":"String"}')[-1]
        # More than an update holds.
        for i in range(150):
            bus.put_events(Entries=[{"EventBusName": "orders", "Source": "shop", "DetailType": "order", "Detail": json.dumps({"many": i * 10 + k})} for k in range(10)])
        got = [json.loads(line.split(" ", 3)[3])["many"] for line in all_of_it.until('{"many": 1499}')]
        assert got == list(range(1500)), (len(got), got[:3])
        for tail in (all_of_it, some):
            assert tail.end() == []


def alarms(w):
    cw = w.client("cloudwatch")
    cw.put_metric_alarm(AlarmName="late", Namespace="N", MetricName="M", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
                        ComparisonOperator="GreaterThanThreshold")
    cw.set_alarm_state(AlarmName="late", StateValue="OK", StateReason="before")
    with Tail(w, "alarms") as plain, Tail(w, "alarms", "--json") as documents:
        turn = lambda reason, state: cw.set_alarm_state(AlarmName="late", StateValue=state, StateReason=reason)
        states = iter(["ALARM", "OK"] * 20)
        for tail in (plain, documents):
            following(w, tail, lambda text: turn(text, next(states)))
        turn("settled", "INSUFFICIENT_DATA")
        turn("too many\nparcels", "ALARM")
        turn("mended", "OK")
        got = [line[25:] for line in plain.until("mended") if "knock" not in line]
        assert got[1:] == ["late INSUFFICIENT_DATA -> ALARM too many\\nparcels", "late ALARM -> OK mended"] and got[0].endswith("-> INSUFFICIENT_DATA settled"), got
        shown = [json.loads(json.loads(line)["HistoryData"])["newState"] for line in documents.until('\\"mended\\"}}"}')]
        shown = [s["stateValue"] for s in shown if "knock" not in s["stateReason"]]
        assert shown == ["INSUFFICIENT_DATA", "ALARM", "OK"], shown
        w.kill()
        plain.heard("the server is gone; waiting for it")
        w.start()
        turn("after", "ALARM")
        plain.heard("the server is back")
        assert [line[25:] for line in plain.take(1)] == ["late OK -> ALARM after"]
        assert plain.end() == []


def restarts(w):
    """What came while the command could not hear it is told when it can again, and nothing twice."""
    say = lambda text: w.client("events").put_events(Entries=[{"EventBusName": "orders", "Source": "shop", "DetailType": "order", "Detail": json.dumps({"say": text})}])
    with Tail(w, "logs", "/one") as lines, Tail(w, "events", "orders") as events_tail:
        following(w, lines, lambda text: put(w, "/one", "a", text))
        following(w, events_tail, say)
        for i, stop in enumerate((w.kill, w.stop)):
            put(w, "/one", "a", f"before {i}")
            say(f"before {i}")
            lines.until(f"before {i}")
            events_tail.until(f'before {i}"}}')
            for tail in (lines, events_tail):  # so that they are late to come back
                tail.process.send_signal(signal.SIGSTOP)
            stop()
            w.start()
            put(w, "/one", "a", f"missed {i}", f"missed {i}")
            say(f"missed {i}")
            for tail in (lines, events_tail):
                tail.process.send_signal(signal.SIGCONT)
                tail.heard("the server is gone; waiting for it")
                tail.heard("the server is back")
            put(w, "/one", "a", f"after {i}")
            say(f"after {i}")
            got = [line.split(" ", 2)[2] for line in lines.until(f"after {i}")]
            assert got == [f"missed {i}", f"missed {i}", f"after {i}"], got
            got = [json.loads(line.split(" ", 3)[3])["say"] for line in events_tail.until(f'after {i}"}}')]
            assert got == [f"missed {i}", f"after {i}"], got
        assert lines.end() == [] and events_tail.end() == []


def logged(w, pattern):
    """All such events of the bus orders, by ListEvents."""
    found, answer = [], {"More": True, "Next": "0"}
    while answer["More"]:
        body = json.dumps({"EventBusName": "orders", "EventPattern": json.dumps(pattern), "After": answer["Next"]}).encode()
        headers = signer.sign(signer.Key.of(w.credentials()), "waybill", f"127.0.0.1:{w.port}", body=body,
                              headers=[("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "Waybill.ListEvents")])
        status, text = signer.send(w.port, "POST", "/", headers, body)
        assert status == 200, text
        answer = json.loads(text.split("\n\n", 1)[1])
        found += [e["Event"] for e in answer["Events"]]
    return found


def under_load(w):
    """kill -9, three times, while lines and events come in: each that is stored is shown, and once."""
    from botocore.exceptions import BotoCoreError, ClientError
    make(w, "/load", "s")
    logs, bus, over, n = w.client("logs"), w.client("events"), threading.Event(), itertools.count()

    def load():
        for size in itertools.cycle((1, 5, 300)):
            if over.is_set():
                return
            try:
                logs.put_log_events(logGroupName="/load", logStreamName="s", logEvents=[{"timestamp": now(), "message": f"m{next(n)}"} for _ in range(size)])
                bus.put_events(Entries=[{"EventBusName": "orders", "Source": "load", "DetailType": "order", "Detail": json.dumps({"n": next(n)})}])
            except (BotoCoreError, ClientError):  # the server is away
                time.sleep(0.1)

    with Tail(w, "logs", "/load") as lines, Tail(w, "events", "orders", "--pattern", '{"source": ["load"]}', "--json") as documents:
        following(w, lines, lambda text: put(w, "/load", "s", text))
        following(w, documents, lambda text: bus.put_events(Entries=[{"EventBusName": "orders", "Source": "load", "DetailType": "order",
                                                                      "Detail": json.dumps({"say": text})}]))
        loader = threading.Thread(target=load)
        loader.start()
        for _ in range(3):
            so_far = next(n)
            wait_for(lambda: next(n) > so_far + 1000)
            w.kill()
            w.start()
            lines.heard("gone")
            lines.heard("back")
        over.set()
        loader.join()
        put(w, "/load", "s", "the end")
        shown = [line.split(" ", 2)[2] for line in lines.until("the end")]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/load", filterPattern="-knock")
        assert sorted(shown) == sorted(e["message"] for page in pages for e in page["events"])
        bus.put_events(Entries=[{"EventBusName": "orders", "Source": "load", "DetailType": "order", "Detail": '{"n": 1e9}'}])
        got = [json.loads(line) for line in documents.until('{"n": 1e9}}')]
        stored = logged(w, {"source": ["load"], "detail": {"n": [{"exists": True}]}})
        assert [g["id"] for g in got] == [e["id"] for e in stored], (len(got), len(stored))


def refusals(w):
    def wrong(status, text, *args, env=None):
        r = w.waybill("tail", *args, check=False, env=env, timeout=30)
        assert r.returncode == status and text in r.stderr and not r.stdout, (args, r)
    for args in ((), ("nothing",), ("logs",), ("alarms", "x"), ("events", "a", "b"), ("logs", "/one", "--since", "soon"), ("alarms", "--filter", "x"),
                 ("events", "--since", "1h"), ("logs", "/one", "/two", "--stream", "a"), ("logs", "/one", "--wat")):
        wrong(2, "usage: waybill tail", *args)
    wrong(1, "The specified log group does not exist", "logs", "/none")
    wrong(1, "Invalid filter pattern", "logs", "/one", "--filter", "{ $.a = ")
    wrong(1, "Event pattern is not valid", "events", "--pattern", "{")
    wrong(1, "Event bus nothing does not exist", "events", "nothing")
    wrong(1, "no server answers", "alarms", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    wrong(1, "no server answers", "events", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    iam = w.client("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    env = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    wrong(1, "logs:StartLiveTail", "logs", "/one", env=env)
    wrong(1, "waybill:TailEvents", "events", env=env)
    wrong(1, "cloudwatch:DescribeAlarmHistory", "alarms", env=env)
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=policy(allow("logs:StartLiveTail", "arn:aws:logs:us-east-1:*:log-group:/one:*"),
                                                                                allow(["cloudwatch:DescribeAlarmHistory"])))
    with Tail(w, "logs", "/one", env=env) as tail:
        following(w, tail, lambda text: put(w, "/one", "a", text))
    wrong(1, "logs:StartLiveTail", "logs", "/two", env=env)
    wrong(1, "logs:FilterLogEvents", "logs", "/one", "--since", "1h", env=env)


def colours(w):
    """On a terminal only, and not with NO_COLOR."""
    for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        own, other = pty.openpty()
        p = subprocess.Popen([PROGRAM, "tail", "logs", "/one", "--since", "1h"], env={**w.environment(), **env}, stdout=other, stderr=other, stdin=other)
        os.close(other)
        text = b""
        while b"earlier" not in text:
            text += os.read(own, 65536)
        p.send_signal(signal.SIGINT)
        assert p.wait(20) == 0
        os.close(own)
        assert (b"\033[2m" in text) == coloured and (b"\033[" in text) == coloured, text


def main():
    with Waybill() as w:
        for step in (log_lines, function, flood, events, alarms, restarts, under_load, refusals, colours):
            begun = time.monotonic()
            step(w)
            print(f"{step.__name__}: {time.monotonic() - begun:.1f} s", flush=True)


main()
