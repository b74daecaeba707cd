#!/usr/bin/python3
"""All figures of one run in one table; see docs/BENCHMARKS.md.

    table.py [NAME...]    names: floor calls flow metrics sync uploads match identity alarms observe deploy start console
"""
import http.client
import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
import zipfile

import cells
import console
import lib
import observe
import uploads
from http_floor import SIGNED
from waybill_server import BUILD, SHARED, Waybill

HERE = os.path.dirname(os.path.abspath(__file__))
CONNECTIONS = (1, 64)
ROUNDS = 2
MILLION = 1_000_000
FLOW_C, FLOW_PYTHON = 10_000, 2_000
SHOWN = []


def row(what, figure, against="", ratio=None, target="", good=None):
    """One line of the table; good: whether the target is met, None = there is none."""
    mark = "" if good is None else "met" if good else "MISSED"
    line = "%-44s %14s %22s %7s  %-9s %s" % (what, figure, against, "" if ratio is None else "%.3f" % ratio if ratio < 1 else "%.2f" % ratio,
                                             target, mark)
    print(line.rstrip(), flush=True)
    SHOWN.append(good)


def at_least(value, target, text):
    return {"target": text % target, "good": value >= target}


def below(value, target, text):
    return {"target": text % target, "good": value < target}


def say(text):
    if sys.stderr.isatty():
        print("... " + text, file=sys.stderr)


# --- requests per CPU second ---

def floor():
    say("HTTP floor")
    with lib.Program(os.path.join(BUILD, "benchmarks", "http_floor")) as ours, lib.nginx_constant() as nginx:
        for name, lua in (("GET", None), ("POST, 1.4 kB", SIGNED)):
            def run(server):
                return lib.wrk("http://127.0.0.1:%d/" % server.port, server.pids, connections=64, seconds=2, lua=lua)
            a, b = lib.compare(lambda: run(ours), lambda: run(nginx), rounds=ROUNDS)
            row("HTTP server alone: %s, 64" % name, "%.0f/CPU-s" % a.per_cpu_second, "nginx %.0f/CPU-s" % b.per_cpu_second,
                a.per_cpu_second / b.per_cpu_second)


def calls():
    targets = {("GetItem", 1): 0.35, ("GetItem", 64): 0.35, (cells.PUT.name, 64): 0.25, (cells.EVENT_10.name, 64): 0.08}
    with Waybill() as w, lib.nginx_constant() as nginx:
        cells.make_table(w)
        cells.make_bus(w)
        cells.load(w, cells.PUT_READ, 64, once=True)
        for call in (cells.GET, cells.PUT, cells.EVENT_1, cells.EVENT_10):
            for connections in CONNECTIONS:
                say("%s, %d connections" % (call.name, connections))
                a, b = lib.compare(lambda: cells.load(w, call, connections), lambda: cells.load(w, call, connections, server=nginx, pool=1000),
                                   rounds=ROUNDS)
                if a.errors:
                    raise SystemExit("%s: %d of %d answers were refusals\n%s" % (call.name, a.errors, a.requests, w.log_text()[-2000:]))
                ratio = a.per_cpu_second / b.per_cpu_second
                target = targets.get((call.name, connections))
                row("%s, %d connection%s" % (call.name, connections, "s" * (connections > 1)), "%.0f/CPU-s" % a.per_cpu_second,
                    "nginx %.0f/CPU-s" % b.per_cpu_second, ratio, **(at_least(ratio, target, ">= %.2f") if target else {}))


# --- commits on a slow disk ---

def sync():
    say("slow syncs")
    with Waybill(env={"LD_PRELOAD": os.path.join(BUILD, "benchmarks", "slow_sync.so"), "SLOW_SYNC_US": "2000"}) as w:
        cells.make_table(w)
        loads = {n: max((cells.load(w, cells.PUT, n) for _ in range(3)), key=lambda l: l.per_second) for n in CONNECTIONS}
    ratio = loads[64].per_second / loads[1].per_second
    row("2 ms more a sync: PutItems of 64 clients", "%.0f/s" % loads[64].per_second, "one client %.0f/s" % loads[1].per_second, ratio,
        **at_least(ratio, 20, ">= %d"))


# --- beside uploads ---

def beside_uploads():
    say("puts beside uploads of gigabytes")
    alone, beside, rate, before, memory = uploads.measure()
    ratio = beside.per_second / alone.per_second
    row("PutItems of 64 clients beside an upload", "%.0f/s" % beside.per_second, "without %.0f/s" % alone.per_second, ratio,
        **at_least(ratio, 0.3, ">= %.1f"))
    row("... 99 of 100 of them are answered in", "%.1f ms" % beside.p99_ms, "without %.1f ms" % alone.p99_ms, beside.p99_ms / alone.p99_ms)
    row("... the upload meanwhile; the server's memory", "%.0f MB/s" % rate, "%.0f MB, before %.0f MB" % (memory, before))


# --- the whole flow ---

def _stored(d):
    return d.describe_table(TableName="shipment-logs-us-east-1-dev")["Table"]["ItemCount"]


def _flow(w, name, count):
    """Offers count different updates at once; seconds until each has its row in the log."""
    d = w.client("dynamodb")
    before = _stored(d)
    entry = [{**cells.ENTRY, "EventBusName": "shipment-events-us-east-1-dev",
              "Detail": cells.DETAIL.replace("SHIP-#", "%s-#-%d" % (name, i))} for i in range(10)]
    call = cells.Call(name, "events", cells.EVENT_10.target, cells.EVENTS, json.dumps({"Entries": entry}), count // 10)
    from_ = time.monotonic()
    load = cells.load(w, call, 64, once=True)
    assert load.errors == 0, "%d refusals" % load.errors
    while _stored(d) < before + count:
        if time.monotonic() > from_ + 120:
            raise SystemExit("flow: %d of %d outcomes after 120 s" % (_stored(d) - before, count))
        time.sleep(0.05)
    return time.monotonic() - from_


def flow():
    say("the whole flow")
    with Waybill() as w:
        w.shipments("operations@example.test")
        _flow(w, "warm", 200)
        c = FLOW_C / _flow(w, "c", FLOW_C)
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as z:
            z.write(os.path.join(HERE, "handler.py"), "handler.py")
        functions, name = w.client("lambda"), "shipment-processor-us-east-1-dev"
        functions.update_function_configuration(FunctionName=name, Runtime="python3.11", Handler="handler.lambda_handler", MemorySize=256)
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)
        functions.update_function_code(FunctionName=name, ZipFile=package.getvalue())
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)
        _flow(w, "warm-python", 100)
        python = FLOW_PYTHON / _flow(w, "python", FLOW_PYTHON)
    row("whole flow, C processor", "%.0f events/s" % c)
    row("whole flow, Python handler", "%.0f events/s" % python, "C %.0f events/s" % c, python / c)


def _tree_seconds(pid):
    """CPU seconds of a process and all below it that live."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        part = f.read().rsplit(")", 1)[1].split()
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as f:
        below_it = [int(x) for x in f.read().split()]
    return (int(part[11]) + int(part[12])) / os.sysconf("SC_CLK_TCK") + sum(_tree_seconds(p) for p in below_it)


def metrics():
    """Rounds with and without take turns, each with a server of its own; by CPU, which other programs on the machine disturb less."""
    say("the flow with and without metrics")
    spent = {"on": [], "off": []}
    for _ in range(3):
        for mode, seconds in spent.items():
            with Waybill(args=["--metrics", mode]) as w:
                w.shipments("operations@example.test")
                _flow(w, "warm", 200)
                from_ = _tree_seconds(w.process.pid)
                _flow(w, "c", FLOW_C)
                seconds.append(_tree_seconds(w.process.pid) - from_)
    on, off = (FLOW_C / min(spent[mode]) for mode in ("on", "off"))
    row("whole flow with metrics", "%.0f/CPU-s" % on, "without %.0f/CPU-s" % off, on / off, **at_least(on / off, 0.9, ">= %.1f"))


# --- matching ---

def match():
    say("matching")
    out = subprocess.run([os.path.join(BUILD, "benchmarks", "match_bench")], stdout=subprocess.PIPE, check=True, text=True).stdout
    lines = [line.split() for line in out.splitlines()[1:]]
    for rules, ns, per_second, ratio, _, build_ms in lines:
        last = rules == lines[-1][0]
        row("matching, %s rule%s" % (f"{int(rules):,}", "s" * (rules != "1")), "%s events/s" % per_second, "compiled in %.0f ms" % float(build_ms),
            float(ratio), **(below(float(ratio), 2, "< %d") if last else {}))


# --- who asks, and may they ---

def identity():
    say("identity")
    out = subprocess.run([os.path.join(BUILD, "benchmarks", "identity_bench")], stdout=subprocess.PIPE, check=True, text=True).stdout
    lines = [re.match(r"(.+?)\s+(\d+)\s+(\d+)$", line) for line in out.splitlines()[1:]]
    without = int(lines[0].group(3))
    for line in lines:
        name, signature, ns = line.group(1), line.group(2), int(line.group(3))
        row("identity, %s" % name, "%d ns" % ns, "signature %s ns" % signature, ns / without, **below(ns, 20000, "< %d ns"))
    if shutil.which("valgrind"):
        counts = [comparison(place) for place in (0, 1, 31, 62, 63)]
        row("wrong signature, wherever it is wrong", "%d instructions" % counts[0], "most %d" % max(counts), max(counts) / min(counts),
            target="equal", good=len(set(counts)) == 1)


def alarms():
    say("alarms")
    out = subprocess.run([os.path.join(BUILD, "benchmarks", "alarms_bench")], stdout=subprocess.PIPE, check=True, text=True).stdout
    count, _, per_second = out.split()
    row("alarms evaluated, %s of them" % f"{int(count):,}", "%s/CPU-s" % per_second, target=">= 10000", good=int(per_second) >= 10000)


# --- a month of lines and metrics ---

def month():
    say("a month of log lines and metrics")
    m = observe.measure(say)
    row("1,000,000 log lines put", "%.0f/CPU-s" % m.lines_per_cpu)
    row("10,000 series with values", "%.0f/CPU-s" % m.values_per_cpu, "and %.0f/CPU-s with upkeep" % m.kept_per_cpu)
    row("... the server's memory", "%.1f MB" % m.peak, "before %.1f MB" % m.quiet, **below(m.peak, 64, "< %d MB"))
    for name, seconds in m.queries.items():
        row(name, "%.0f ms" % (1000 * seconds), **below(seconds, 1, "< %d s"))
    row("pages after a week without lines and values", str(m.pages[1]), "before %d" % m.pages[0], m.pages[1] / m.pages[0])


def comparison(place):
    """Instructions of 200 checks of a signature that is wrong at one of its 64 characters."""
    out = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=wb_sigv4_verify",
                          os.path.join(BUILD, "benchmarks", "compare"), str(place)], stderr=subprocess.PIPE, check=True, text=True).stderr
    return int(re.search(r"Collected : (\d+)", out).group(1))


# --- start and memory ---

def first_answer(w):
    """Starts w; milliseconds until it answers."""
    from_ = time.monotonic()
    w.start(wait=False)
    while True:
        try:
            c = http.client.HTTPConnection("127.0.0.1", w.port, timeout=5)
            c.request("GET", "/_waybill/health")
            if c.getresponse().status == 200:
                return (time.monotonic() - from_) * 1000
        except OSError:
            pass
        finally:
            c.close()
        if w.process.poll() is not None:
            raise SystemExit("the server ended:\n" + w.log_text()[-2000:])
        time.sleep(0.0005)


def memory(w):
    with open("/proc/%d/status" % w.process.pid, encoding="ascii") as f:
        text = f.read()
    return tuple(int(re.search(r"%s:\s+(\d+)" % name, text).group(1)) / 1024 for name in ("VmRSS", "RssAnon"))


# --- deployments ---

def deployment(w, template):
    """From CreateChangeSet to CREATE_COMPLETE as a client sees it, and what that costs the server. Seconds."""
    c = w.client("cloudformation")
    with open(template, encoding="utf-8") as f:
        body = f.read()
    c.describe_stacks()
    begun, before = time.monotonic(), lib.cpu_seconds([w.process.pid])
    c.create_change_set(StackName="tap", ChangeSetName="new", ChangeSetType="CREATE", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    assert c.describe_change_set(StackName="tap", ChangeSetName="new")["Status"] == "CREATE_COMPLETE"
    c.execute_change_set(StackName="tap", ChangeSetName="new")
    while c.describe_stacks(StackName="tap")["Stacks"][0]["StackStatus"] != "CREATE_COMPLETE":
        time.sleep(0.005)
    return time.monotonic() - begun, lib.cpu_seconds([w.process.pid]) - before


def command(w, template):
    """The same with Debian's aws cli: seconds of the command, and of the server's CPU."""
    begun, before = time.monotonic(), lib.cpu_seconds([w.process.pid])
    w.aws("cloudformation", "deploy", "--template-file", template, "--stack-name", "tap", "--capabilities", "CAPABILITY_IAM", check=False)
    taken = time.monotonic() - begun, lib.cpu_seconds([w.process.pid]) - before
    assert w.client("cloudformation").describe_stacks(StackName="tap")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    return taken


def deploy():
    template = os.path.join(SHARED, "seed-stack", "template.json")
    if not os.path.exists(template):
        say("no template of the original stack: no deployment is measured")
        return
    say("deployments")
    for what, measure in (("original stack: change set to complete", deployment), ("original stack: aws cloudformation deploy", command)):
        taken = []
        for _ in range(5):
            with Waybill() as w:
                taken.append(measure(w, template))
        cpu = statistics.median(c for _, c in taken)
        row(what, "%.0f ms" % (1000 * statistics.median(t for t, _ in taken)), "CPU %.0f ms" % (1000 * cpu), **below(cpu, 2, "< %d s CPU"))


def start():
    say("starts")
    times = []
    for _ in range(7):
        w = Waybill()
        times.append(first_answer(w))
        w.__exit__(None)
    row("start to first answer, empty directory", "%.0f ms" % statistics.median(times), "worst of 7: %.0f ms" % max(times),
        **below(statistics.median(times), 50, "< %d ms"))
    with Waybill() as w:
        w.client("dynamodb").list_tables()
        time.sleep(2)
        rss, anonymous = memory(w)
        row("idle memory", "%.1f MB" % rss, **below(rss, 25, "< %d MB"))
        row("  of which anonymous", "%.1f MB" % anonymous, **below(anonymous, 10, "< %d MB"))
        say("a million rows")
        cells.make_plain_table(w)
        cells.load(w, cells.FILL, 8, pool=MILLION // 25, once=True)
        times = []
        for _ in range(5):
            cells.load(w, cells.FILL, 8, pool=40, once=True)  # so that it is killed with something just written
            w.kill()
            times.append(first_answer(w))
        row("start after kill -9 with a million rows", "%.0f ms" % statistics.median(times), "worst of 5: %.0f ms" % max(times),
            **below(statistics.median(times), 150, "< %d ms"))
        items = w.client("dynamodb").describe_table(TableName=cells.PLAIN)["Table"]["ItemCount"]
        assert items >= MILLION, items


# --- the console ---

def first_view():
    if not console.present():
        say("no chromium or no npm packages in tests/npm (tools/install test): the console is not measured")
        return
    say("the console")
    for how, pages in console.measure().items():
        for page, ms in pages.items():
            row("console, %s: %s" % (how, page), "%.0f ms" % statistics.median(ms), "worst of %d: %.0f ms" % (len(ms), max(ms)),
                **below(statistics.median(ms), 200, "< %d ms"))


PARTS = {"floor": floor, "calls": calls, "sync": sync, "uploads": beside_uploads, "flow": flow, "metrics": metrics, "match": match, "identity": identity, "alarms": alarms,
         "observe": month, "deploy": deploy, "start": start, "console": first_view}


def main():
    names = sys.argv[1:] or list(PARTS)
    print("%s, load average %.1f" % (time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), os.getloadavg()[0]))
    print("%-44s %14s %22s %7s  %-9s" % ("what", "Waybill", "against", "ratio", "target"))
    for name in names:
        PARTS[name]()
    missed = SHOWN.count(False)
    print("%d targets met, %d missed" % (SHOWN.count(True), missed))


if __name__ == "__main__":
    main()
