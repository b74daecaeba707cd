"""The command line as people use it: help everywhere, errors that say what to do, and `eval "$(waybill env)"` with nothing but a PATH."""
import json
import os
import subprocess
import tempfile
import time

from waybill_server import PROGRAM, Waybill, free_port, wait_for

COMMANDS = ["serve", "env", "status", "dead", "backup", "restore", "check", "deploy", "confirm", "send", "shipment", "day", "replay"]
LINE = json.dumps({"shipmentId": "SHIP-1", "status": "IN_TRANSIT", "location": "Dallas, TX", "carrier": "FedEx", "trackingNumber": "1",
                   "timestamp": "2026-11-22T12:00:00Z"})


def run(*args, env=None, **more):
    return subprocess.run([PROGRAM, *args], env={"PATH": "/usr/bin:/bin", **(env or {})}, capture_output=True, text=True, timeout=60,
                          **{"stdin": subprocess.DEVNULL, "cwd": "/", **more})


def shell(text, env):
    """A plain shell with the program in its PATH: what a user's terminal does."""
    return subprocess.run(["/usr/bin/env", "-i", *(f"{k}={v}" for k, v in env.items()), "/bin/sh", "-ec", text], capture_output=True, text=True, timeout=60)


def help_everywhere():
    overview = run("--help")
    assert overview.returncode == 0 and overview.stderr == "" and overview.stdout.startswith("usage: waybill"), overview
    assert run("help").stdout == overview.stdout
    r = run()
    assert r.returncode == 2 and r.stderr == overview.stdout, r
    for c in COMMANDS:
        assert f"\n  {c} " in overview.stdout, f"{c} is not in the overview"
        r = run(c, "--help")
        assert r.returncode == 0 and r.stderr == "" and f"waybill {c}" in r.stdout.split("\n")[0] and len(r.stdout) > 80, (c, r)
        assert all(len(line) <= 160 for line in r.stdout.split("\n")), c
        assert run(c, "extra", "--help").stdout == r.stdout, f"{c}: --help behind something else"
        assert run(c, "-h").stdout == r.stdout, f"{c}: -h"
    r = run("--version")
    assert r.returncode == 0 and r.stdout.startswith("waybill 0."), r
    options = run("serve", "--help").stdout
    for o in ("data", "listen", "auth", "sandbox", "smtp", "mail-from", "public-url", "region", "account", "tls-cert", "tls-key", "config", "test-clock",
              "key-file"):
        assert f"--{o} " in options, o


def wrong_usage():
    r = run("fly")
    assert r.returncode == 2 and "there is no command fly" in r.stderr and "waybill --help" in r.stderr, r
    for c in COMMANDS:
        r = run(c, "--nonsense")
        assert r.returncode == 2 and ("unknown option" if c == "serve" else "usage: ") in r.stderr and f"waybill {c} --help" in r.stderr and r.stdout == "", (c, r)
    for args in (["dead", "bury"], ["dead", "show"], ["dead", "retry"], ["dead", "discard", "1", "--all"], ["send"], ["send", "a", "b"], ["shipment"],
                 ["backup"], ["restore"], ["env", "x"], ["day"], ["status", "x"], ["replay"], ["replay", "--seconds", "soon", "/tmp"]):
        r = run(*args)
        assert r.returncode == 2 and f"waybill {args[0]} --help" in r.stderr and len(r.stderr.strip().split("\n")) >= 2, (args, r)
    r = run("status", "--data")
    assert r.returncode == 2 and "--data needs a directory" in r.stderr, r


def nobody_there(folder):
    """No server, no data: what to do is said."""
    none = os.path.join(folder, "none")
    for args in (["status"], ["dead", "list"], ["send", "-"], ["shipment", "X"], ["confirm", "x@example.test"], ["backup", os.path.join(folder, "b")]):
        r = run("--data", none, *args)
        assert r.returncode == 1 and ("waybill serve" in r.stderr or "waybill env" in r.stderr), (args, r)
    r = run("env", "--data", none)
    assert r.returncode == 1 and none in r.stderr and "waybill serve" in r.stderr, r
    for args in (["check"], ["restore", none]):
        r = run(*args, "--data", os.path.join(folder, "to"))
        assert r.returncode == 1 and "\n" not in r.stderr.strip() and r.stderr.startswith("waybill " + args[0]), (args, r)
    gone = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}", "AWS_ACCESS_KEY_ID": "AKIAX", "AWS_SECRET_ACCESS_KEY": "x"}
    begun = time.monotonic()
    for args in (["status"], ["shipment", "X"]):
        r = run(*args, env=gone)
        assert r.returncode == 1 and gone["AWS_ENDPOINT_URL"] in r.stderr, (args, r)
    assert time.monotonic() - begun < 8


def exports(w):
    env = {"PATH": f"{os.path.dirname(PROGRAM)}:/usr/bin:/bin"}
    r = shell(f'eval "$(waybill env --data {w.data})"; env', env)
    assert r.returncode == 0 and r.stderr == "", r
    got = dict(line.split("=", 1) for line in r.stdout.strip().split("\n"))
    assert got["AWS_ENDPOINT_URL"] == w.url and got["AWS_REGION"] == got["AWS_DEFAULT_REGION"] == "us-east-1", got
    assert got["AWS_ACCESS_KEY_ID"].startswith("AKIA") and len(got["AWS_SECRET_ACCESS_KEY"]) == 40, got
    w.shipments()
    # Everything from there on works with that and a PATH: the program's commands and Debian's aws.
    r = shell(f'eval "$(waybill env --data {w.data})"; echo \'{LINE}\' | waybill send -; waybill status; '
              'aws --endpoint-url "$AWS_ENDPOINT_URL" sts get-caller-identity --output text', env)
    assert r.returncode == 0 and "1 accepted, 0 refused" in r.stdout and "running" in r.stdout and "arn:aws:iam::000000000000:root" in r.stdout, r
    # By the data directory alone, three ways.
    for text in (f"waybill --data {w.data} status", f"waybill status --data={w.data}", f"WAYBILL_DATA={w.data} waybill status", f"cd {w.data}/.. && waybill status --data ./{os.path.basename(w.data)}"):
        r = shell(text, env)
        assert r.returncode == 0 and "account 000000000000" in r.stdout, (text, r)
    # Wrong credentials are told as such.
    r = run("status", env={**w.environment(), "AWS_SECRET_ACCESS_KEY": "x" * 40})
    assert r.returncode == 1 and "InvalidSignatureException" in r.stderr, r
    r = run("status", env={**w.environment(), "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"})
    assert r.returncode == 1 and "UnrecognizedClientException" in r.stderr, r


def application(w, folder):
    timeline = wait_for(lambda: (lambda r: r if r.returncode == 0 else None)(w.waybill("shipment", "SHIP-1", check=False)))
    assert "2026-11-22T12:00:00.000Z" in timeline.stdout and "Dallas, TX" in timeline.stdout, timeline
    r = w.waybill("shipment", "NOBODY", check=False)
    assert r.returncode == 1 and "nothing is known of NOBODY" in r.stderr and r.stdout == "", r
    r = w.waybill("send", os.path.join(folder, "missing.jsonl"), check=False)
    assert r.returncode == 1 and "missing.jsonl: No such file" in r.stderr, r
    r = w.waybill("day", "--updates", "50", os.path.join(folder, "no", "such", "folder"), check=False)
    assert r.returncode == 1 and "No such file" in r.stderr, r
    # The progress bar only on a terminal.
    lines = os.path.join(folder, "lines.jsonl")
    with open(lines, "w") as f:
        f.writelines(json.dumps({**json.loads(LINE), "shipmentId": f"SHIP-{i}"}) + "\n" for i in range(100))
    r = w.waybill("send", lines)
    assert r.stdout == "100 accepted, 0 refused\n" and r.stderr == "", r
    if os.path.exists("/usr/bin/script"):
        r = subprocess.run(["/usr/bin/script", "-qec", f"{PROGRAM} send {lines}", "/dev/null"], env=w.environment(), capture_output=True, text=True, timeout=60,
                           stdin=subprocess.DEVNULL)
        assert "###]" in r.stdout.replace(" ", "") and "100 accepted" in r.stdout, r


def copies(w, folder):
    b = os.path.join(folder, "backup")
    r = w.waybill("backup", b)
    assert b in r.stdout and "key" in r.stdout, r
    r = w.waybill("backup", b, check=False)
    assert r.returncode == 1 and b in r.stderr and "empty" in r.stderr, r
    r = run("restore", b, "--data", w.data)
    assert r.returncode == 1 and "is not empty" in r.stderr, r
    to = os.path.join(folder, "restored")
    r = run("restore", b, "--data", to)
    assert r.returncode == 0 and "key" in r.stdout, r
    r = run("serve", "--data", to, "--listen", f"127.0.0.1:{free_port()}")
    assert r.returncode == 1 and "key" in r.stderr, r


def main():
    help_everywhere()
    wrong_usage()
    with tempfile.TemporaryDirectory() as folder:
        nobody_there(folder)
        with Waybill() as w:
            exports(w)
            application(w, folder)
            copies(w, folder)
            assert w.stop() == 0
            r = run("status", "--data", w.data)
            assert r.returncode == 1 and "no server answers" in r.stderr and w.url in r.stderr, r


main()
