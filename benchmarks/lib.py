"""What the benchmarks share: load by wrk, and its cost in server CPU.

Figures are compared as ratios within one run on one machine; the unit is requests per second of the
server's CPU (user and system, all its processes), which a busy neighbour or a slow client does not
change the way it changes requests per second.
"""
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "lib"))
from servers import Nginx, Program, cpu_seconds, free_port, have_nginx, wait_for_port  # noqa: E402,F401


@dataclass
class Load:
    requests: int
    errors: int  # of sockets, and answers that are not 2xx or 3xx
    seconds: float
    cpu: float  # of the server
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self):
        return self.requests / self.seconds

    @property
    def per_cpu_second(self):
        return self.requests / self.cpu if self.cpu else float("inf")


def _ms(text):
    number, unit = re.match(r"([\d.]+)(us|ms|s|m)$", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def wrk(url, pids, connections=64, seconds=5, threads=1, lua=None, warm_up=0.5):
    """Loads `url`; `pids` are the server's processes. `lua` is the text of a wrk script: one that
    sets wrk.method, wrk.body and wrk.headers, or one with a request function."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        command = ["wrk", "-t%d" % threads, "-c%d" % connections, "--latency"]
        if lua:
            script.write(lua)
            script.flush()
            command += ["-s", script.name]
        if warm_up:
            subprocess.run(command + ["-d1s", url], stdout=subprocess.DEVNULL, check=True)
        before = cpu_seconds(pids)
        out = subprocess.run(command + ["-d%ds" % seconds, url], stdout=subprocess.PIPE,
                             check=True).stdout.decode()
        cpu = cpu_seconds(pids) - before
    done = re.search(r"(\d+) requests in ([\d.]+\w+)", out)
    errors = sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", out))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    latency = {p: _ms(v) for p, v in re.findall(r"(50|99)%\s+([\d.]+\w+)", out)}
    return Load(int(done.group(1)), errors + (int(refused.group(1)) if refused else 0),
                _ms(done.group(2)) / 1000, cpu, latency.get("50", 0), latency.get("99", 0))


# nginx answering a constant, the yardstick of all ratios: one process, no logs.
CONSTANT = """location / {
    default_type application/json;
    return 200 '%s';
}"""


def nginx_constant(body='{"ok":true}\\n', workers=1):
    return Nginx(CONSTANT % body, workers=workers)


def compare(ours, theirs, rounds=3):
    """Runs the two measurements in turns and returns the round of each with the least CPU a
    request: what disturbs a run only ever adds."""
    a = [None] * rounds
    b = [None] * rounds
    for i in range(rounds):
        b[i] = theirs()
        a[i] = ours()
    best = lambda loads: max(loads, key=lambda l: l.per_cpu_second)  # noqa: E731
    return best(a), best(b)
