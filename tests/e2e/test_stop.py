"""Ending and failing functions: SIGTERM with work queued, kill -9, and functions that answer garbage, crash or hang while others go on."""
import io
import json
import os
import signal
import subprocess
import threading
import time
import zipfile

from waybill_server import Waybill, wait_for

ROLE = "arn:aws:iam::000000000000:role/worker"
SLOW = """
import boto3, os, subprocess, time
table = boto3.resource('dynamodb').Table('seen')
def handler(e, c):
    n = e['detail']['n'] if 'detail' in e else e['n']
    if e.get('child'):
        subprocess.Popen(['/bin/sh', '-c', 'setsid sleep 54321 & wait'])
    time.sleep(e.get('s', 0.3))
    table.update_item(Key={'k': str(n)}, UpdateExpression='ADD times :one', ExpressionAttributeValues={':one': 1})
    return n
"""
# A runtime that answers what it is told to, byte for byte, or dies.
RAW = """#!/usr/bin/python3
import json, os, signal, sys, time, urllib.request
api = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'
while True:
    r = urllib.request.urlopen(api + 'next')
    id, what = r.headers['Lambda-Runtime-Aws-Request-Id'], json.loads(r.read())['do']
    if what == 'exit': os._exit(1)
    if what == 'segv': os.kill(os.getpid(), signal.SIGSEGV)
    if what == 'hang': time.sleep(60)
    if what == 'silent': continue
    body = {'garbage': b'{"not json', 'bytes': bytes(range(256)), 'empty': b'', 'json': b'{"a":1}'}[what]
    try:
        urllib.request.urlopen(urllib.request.Request(api + id + '/response', data=body))
    except urllib.error.HTTPError as e:
        print('refused', e.code)
"""


def package(name, source, mode=0o644):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        info = zipfile.ZipInfo(name)
        info.external_attr = (0o100000 | mode) << 16
        z.writestr(info, source)
    return {"ZipFile": b.getvalue()}


def table(w):
    w.client("dynamodb").create_table(TableName="seen", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                                      AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])


def seen(w):
    return {i["k"]["S"]: int(i["times"]["N"]) for i in w.client("dynamodb").scan(TableName="seen", ConsistentRead=True)["Items"]}


def slow_stack(w):
    table(w)
    functions, events = w.client("lambda"), w.client("events")
    arn = functions.create_function(FunctionName="slow", Runtime="python3.11", Handler="index.handler", Role=ROLE, Timeout=30, MemorySize=256,
                                    Code=package("index.py", SLOW))["FunctionArn"]
    rule = events.put_rule(Name="all", EventPattern='{"source":["test"]}')["RuleArn"]
    functions.add_permission(FunctionName="slow", StatementId="bus", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule)
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": arn}])


def put(w, numbers):
    for n in numbers:
        r = w.client("events").put_events(Entries=[{"Source": "test", "DetailType": "t", "Detail": json.dumps({"n": n})}])
        assert r["FailedEntryCount"] == 0


def descendants(pid):
    """Every process below it: pid -> (start time, name), so that a number used again is not taken for it."""
    parent, facts = {}, {}
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{p}/stat", encoding="utf-8", errors="replace") as f:
                text = f.read()
        except OSError:
            continue
        rest = text[text.rindex(")") + 2:].split()
        parent[int(p)], facts[int(p)] = int(rest[1]), (rest[19], text[text.index("(") + 1:text.rindex(")")])
    found, more = set(), {pid}
    while more:
        more = {p for p, up in parent.items() if up in more and p not in found}
        found |= more
    return {p: facts[p] for p in found}


def alive(processes):
    left = []
    for p, (start, name) in processes.items():
        try:
            with open(f"/proc/{p}/stat", encoding="utf-8", errors="replace") as f:
                rest = f.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if rest[19] == start and rest[0] not in "ZX":
            left.append((p, name))
    return left


def drained(w):
    """SIGTERM: what runs is answered, what is queued stays, the status is 0; the next start does the rest."""
    put(w, range(40))
    wait_for(lambda: seen(w))
    answer, c = [], w.client("lambda")
    t = threading.Thread(target=lambda: answer.append(json.load(c.invoke(FunctionName="slow", Payload=b'{"n":"sync","s":1.2}')["Payload"])))
    t.start()
    time.sleep(0.4)
    children = descendants(w.process.pid)
    assert children
    begun = time.monotonic()
    assert w.stop() == 0
    took = time.monotonic() - begun
    t.join()
    assert answer == ["sync"], answer
    wait_for(lambda: not alive(children), 3)
    w.start()
    left = 41 - len(seen(w))
    assert left > 0, "nothing was queued: the test has proved nothing"
    wait_for(lambda: len(seen(w)) == 41, 60)
    print(f"SIGTERM: ended in {took:.1f} s with {left} of 40 to do, which the next start did")
    assert set(seen(w).values()) == {1}, "what had ended is not done again"


def killed(w):
    """kill -9 while functions run that have children of their own, away in sessions of their own."""
    for n in range(3):
        w.client("lambda").invoke(FunctionName="slow", InvocationType="Event", Payload=json.dumps({"n": f"child{n}", "s": 5, "child": True}).encode())
    wait_for(lambda: sum(name == "sleep" for _, name in descendants(w.process.pid).values()) >= 3 or None)
    children = descendants(w.process.pid)
    w.kill()
    wait_for(lambda: not alive(children), 3)
    r = subprocess.run(["pgrep", "-f", "sleep 54321"], capture_output=True, text=True)
    assert r.returncode == 1, r.stdout
    w.start()
    wait_for(lambda: sum(k.startswith("child") for k in seen(w)) == 3, 60)  # at least once


def bad_functions(w):
    functions = w.client("lambda", read_timeout=60)
    functions.create_function(FunctionName="raw", Runtime="provided.al2023", Handler="x", Role=ROLE, Timeout=3, MemorySize=128,
                              Code=package("bootstrap", RAW, 0o755))
    functions.create_function(FunctionName="good", Runtime="python3.11", Handler="index.handler", Role=ROLE, Timeout=3, MemorySize=128,
                              Code=package("index.py", "def handler(e, c): return 'good'"))

    def invoke(do):
        r = functions.invoke(FunctionName="raw", Payload=json.dumps({"do": do}).encode())
        return r.get("FunctionError"), r["Payload"].read()

    def still_good():
        assert json.load(functions.invoke(FunctionName="good", Payload=b"1")["Payload"]) == "good"

    assert invoke("json") == (None, b'{"a":1}')
    for do in ("garbage", "bytes", "empty", "silent", "exit", "segv", "hang"):
        begun = time.monotonic()
        error, body = invoke(do)
        print(f"{do}: {error} {body[:100]!r}", flush=True)
        if do in ("exit", "segv", "hang", "silent"):
            assert error == "Unhandled" and json.loads(body)["errorType"] in ("Runtime.ExitError", "Sandbox.Timedout"), (do, error, body)
        assert time.monotonic() - begun < 6
        still_good()
        assert invoke("json") == (None, b'{"a":1}'), f"after {do}"
    # The same asynchronously: each fails on its own, none takes another with it.
    for do in ("garbage", "exit", "segv", "json"):
        functions.invoke(FunctionName="raw", InvocationType="Event", Payload=json.dumps({"do": do}).encode())
    status = lambda: json.loads(w.waybill("status", "--json").stdout)
    wait_for(lambda: (lambda s: s["Running"] == 0 and s["Queued"] == s["Failed"])(status()))
    assert 2 <= status()["Failed"] <= 3, status()
    still_good()


def main():
    with Waybill(args=["--test-clock"]) as w:
        w.role("worker", {"Effect": "Allow", "Action": ["dynamodb:*", "sns:Publish"], "Resource": "*"})
        slow_stack(w)
        for part in (drained, killed, bad_functions):
            begun = time.monotonic()
            try:
                part(w)
            except BaseException:
                print(w.log_text()[-3000:])
                raise
            print(f"{part.__name__}: {time.monotonic() - begun:.1f} s", flush=True)
        assert w.stop() == 0


main()
