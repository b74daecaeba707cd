"""An OTLP/HTTP receiver: takes ExportTraceServiceRequest in JSON as OpenTelemetry's protobuf files say and keeps the spans.

The decoder is strict: a name or a type that proto3's JSON mapping does not have here is a 400, and the test fails on it.
"""
import http.server
import json
import re
import threading
import time

HEX = re.compile(r"[0-9a-f]+")


def hexid(digits):
    def check(v):
        if not isinstance(v, str) or len(v) != digits or not HEX.fullmatch(v) or not v.strip("0"):
            raise ValueError(f"an id of {digits} hex digits expected: {v!r}")
        return v
    return check


def uint64(v):
    """64-bit integers are decimal strings in JSON."""
    if not isinstance(v, str) or not v.isdigit() or int(v) >= 1 << 64:
        raise ValueError(f"a decimal string expected: {v!r}")
    return int(v)


def int64(v):
    if not isinstance(v, str) or not re.fullmatch(r"-?\d+", v):
        raise ValueError(f"a decimal string expected: {v!r}")
    return int(v)


def of(*types):
    def check(v):
        if not isinstance(v, types) or (isinstance(v, bool) and bool not in types):
            raise ValueError(f"{types} expected: {v!r}")
        return v
    return check


def enum(most):
    def check(v):
        if isinstance(v, bool) or not isinstance(v, int) or not 0 <= v <= most:
            raise ValueError(f"a number up to {most} expected: {v!r}")
        return v
    return check


def listed(element):
    def check(v):
        return [element(x) for x in of(list)(v)]
    return check


def message(**fields):
    def check(v):
        unknown = set(of(dict)(v)) - set(fields)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return {k: fields[k](x) for k, x in v.items()}
    return check


def any_value(v):
    kinds = {"stringValue": of(str), "boolValue": of(bool), "intValue": int64, "doubleValue": of(int, float),
             "arrayValue": lambda a: message(values=listed(any_value))(a).get("values", [])}
    if len(of(dict)(v)) != 1:
        raise ValueError(f"one value expected: {v!r}")
    (kind, x), = v.items()
    if kind not in kinds:
        raise ValueError(f"unknown kind of value: {kind}")
    return kinds[kind](x)


def attributes(v):
    found = {}
    for a in listed(message(key=of(str), value=any_value))(v):
        if not a["key"] or a["key"] in found:
            raise ValueError(f"empty or repeated: {a['key']!r}")
        found[a["key"]] = a["value"]
    return found


REQUEST = message(resourceSpans=listed(message(
    resource=message(attributes=attributes),
    scopeSpans=listed(message(
        scope=message(name=of(str), version=of(str)),
        spans=listed(message(
            traceId=hexid(32), spanId=hexid(16), parentSpanId=hexid(16), name=of(str), kind=enum(5), startTimeUnixNano=uint64, endTimeUnixNano=uint64,
            attributes=attributes, status=message(code=enum(2), message=of(str)),
            events=listed(message(timeUnixNano=uint64, name=of(str), attributes=attributes)),
            links=listed(message(traceId=hexid(32), spanId=hexid(16))))))))))


class Receiver:
    """Answers by `script`, one (status, headers, body) a request, then with success; keeps what it said yes to."""

    def __init__(self, port=0):
        self.lock = threading.Lock()
        self.script, self.requests, self.spans, self.errors, self.delay = [], [], [], [], 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.take(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *args):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, h, body):
        time.sleep(self.delay)
        with self.lock:
            status, headers, answer = self.script.pop(0) if self.script else (200, {}, {})
            self.requests.append({"path": h.path, "headers": {k.lower(): v for k, v in h.headers.items()}, "bytes": len(body), "status": status, "at": time.monotonic()})
            try:
                if h.headers["Content-Type"] != "application/json":
                    raise ValueError(h.headers["Content-Type"])
                decoded = REQUEST(json.loads(body))
            except ValueError as e:
                self.errors.append(str(e))
                status, decoded = 400, {"resourceSpans": []}
            spans = [{**s, "resource": r["resource"]["attributes"]} for r in decoded["resourceSpans"] for c in r["scopeSpans"] for s in c["spans"]]
            self.requests[-1]["spans"] = [s["spanId"] for s in spans]
            if status == 200:
                self.spans += spans
        text = json.dumps(answer).encode()
        h.send_response(status)
        for k, v in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            h.send_header(k, v)
        h.end_headers()
        h.wfile.write(text)

    def by_id(self):
        with self.lock:
            return {s["spanId"]: s for s in self.spans}
