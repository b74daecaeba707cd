"""A month of log lines and metrics, put by an application while the test moves the clock; and what the server and its store take for it."""
import http.client
import json
import os
import re
import struct
import time

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

GROUP, SPACE = "app", "App"
STREAMS = 10
PUT = 1000  # metrics of one PutMetricData
DAY = 86400


PAGE = 4096


def page(f, number):
    f.seek(number * PAGE)
    return f.read(PAGE)


def store(w):
    """Of the store's file (LMDB's), by the newer of its two heads: the last commit, pages that hold rows, its length in pages."""
    tree, heads = "<IHHQQQQQ", []  # a tree: pad, flags, depth; branch, leaf and overflow pages; entries, root
    with open(os.path.join(w.data, "store", "data.mdb"), "rb") as f:
        for number in (0, 1):
            head = page(f, number)[16:]  # behind the page's own: magic, version, address, size; the free pages' tree, the main one
            assert struct.unpack_from("<I", head)[0] == 0xBEEFC0DE
            last, commit = struct.unpack_from("<QQ", head, 24 + 2 * 48)
            heads.append((commit, last + 1, struct.unpack_from(tree, head, 24 + 48)[-1]))
        commit, length, root = max(heads)
        names = page(f, root)  # the main tree names the trees of rows
    used = 0
    for i in range(16, struct.unpack_from("<H", names, 12)[0], 2):
        node, = struct.unpack_from("<H", names, i)
        flags, key = struct.unpack_from("<HH", names, node + 4)
        if flags & 2:
            used += sum(struct.unpack_from(tree, names, node + 8 + key)[3:6])
    return commit, used, length


def memory(w):
    """Anonymous memory, MB."""
    with open(f"/proc/{w.process.pid}/status", encoding="ascii") as f:
        return int(re.search(r"RssAnon:\s+(\d+)", f.read())[1]) / 1024


class Month:
    def __init__(self, w, lines, metrics, times=1):
        """lines: in a month; metrics: series; times: how often a day each gets a value."""
        self.w, self.lines, self.metrics, self.times = w, lines, metrics, times
        self.at, self.written, self.put, self.peak = 0, 0, 0, 0
        self.errors, self.times_put = [], []  # (time, text); seconds
        self.connect()
        key = w.credentials()
        self.key = Credentials(key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"])
        self.move(0)
        self.begun = self.at

    def connect(self):
        """Also after a restart of the server."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.w.port, timeout=120)

    def call(self, service, target, document):
        """The answer, and how long it took."""
        r = AWSRequest("POST", self.w.url + "/", data=json.dumps(document).encode(),
                       headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target})
        SigV4Auth(self.key, service, "us-east-1").add_auth(r)
        begun = time.monotonic()
        self.connection.request("POST", "/", r.data, dict(r.headers))
        answer = self.connection.getresponse()
        body = answer.read()
        took = time.monotonic() - begun
        assert answer.status == 200, (target, answer.status, body[:500])
        return json.loads(body or b"{}"), took

    def logs(self, operation, **document):
        return self.call("logs", "Logs_20140328." + operation, document)

    def cloudwatch(self, operation, **document):
        return self.call("monitoring", "GraniteServiceVersion20100801." + operation, document)

    def move(self, seconds):
        answer = self.w.page("/_waybill/clock", json.dumps({"advance_ms": int(seconds * 1000)}).encode(), "POST")
        self.at = json.loads(answer)["now_ms"]

    def groups(self, retention=None):
        self.logs("CreateLogGroup", logGroupName=GROUP)
        if retention:
            self.logs("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=retention)
        for s in range(STREAMS):
            self.logs("CreateLogStream", logGroupName=GROUP, logStreamName=f"s{s}")

    def write(self, count):
        """Lines of the next hours, spread over the streams. One in a thousand is an error."""
        each = count // STREAMS
        for s in range(STREAMS):
            events = []
            for i in range(each):
                n = self.written + i
                text = f'{{"level":"{"error" if n % 1000 == 7 else "info"}","request":"{n * 2654435761 % 2**32:08x}","path":"/orders/{n % 977}","ms":{n % 89}}}'
                events.append({"timestamp": self.at + i * 3600000 // each, "message": text})
                if n % 1000 == 7:
                    self.errors.append((events[-1]["timestamp"], text))
            for i in range(0, each, 5000):
                self.logs("PutLogEvents", logGroupName=GROUP, logStreamName=f"s{s}", logEvents=events[i:i + 5000])
            self.written += each

    def measure(self):
        """A value for each series."""
        self.times_put.append(self.at // 1000)
        for first in range(0, self.metrics, PUT):
            data = [{"MetricName": f"m{i % 10}", "Dimensions": [{"Name": "Host", "Value": f"h{i // 10}"}], "Value": i % 100, "Timestamp": self.at / 1000,
                     "Unit": "Count"} for i in range(first, min(first + PUT, self.metrics))]
            self.cloudwatch("PutMetricData", Namespace=SPACE, MetricData=data)
            self.put += len(data)

    def day(self):
        for _ in range(self.times):
            self.measure()
            self.write(self.lines // 30 // self.times)
            self.peak = max(self.peak, memory(self.w))
            self.move(DAY / self.times)
            self.peak = max(self.peak, memory(self.w))

    def settle(self, seconds=120, idle=0.5):
        """Until housekeeping has nothing more to do: no commit for a while."""
        until, last, since = time.monotonic() + seconds, None, 0
        while time.monotonic() < until:
            self.peak = max(self.peak, memory(self.w))
            commit = store(self.w)[0]
            if commit != last:
                last, since = commit, time.monotonic()
            elif time.monotonic() - since > idle:
                return
            time.sleep(0.02)
        raise AssertionError(f"housekeeping has not come to an end in {seconds} s")
