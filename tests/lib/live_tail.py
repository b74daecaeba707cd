"""Sessions of operations that answer with an event stream, read by botocore's own decoder.

    with Session(w, "logs", "Logs_20140328.StartLiveTail", {...}) as s:
        for kind, payload in s.events(): ...
"""
import json
import socket
import time

import signer
from botocore.eventstream import EventStreamBuffer


ARN = "arn:aws:logs:us-east-1:000000000000:log-group:"


def now():
    return int(time.time() * 1000)


def put(w, group, stream, *texts):
    w.client("logs").put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": now(), "message": t} for t in texts])


def make(w, group, *streams):
    logs = w.client("logs")
    logs.create_log_group(logGroupName=group)
    for s in streams:
        logs.create_log_stream(logGroupName=group, logStreamName=s)
    return ARN + group


class Refused(Exception):
    def __init__(self, status, answer):
        super().__init__(status, answer)
        self.status, self.answer = status, answer
        self.code = answer.get("__type", "").split("#")[-1]


class Session:
    def __init__(self, w, service, target, body, key=None, version="HTTP/1.1", receive_buffer=None):
        self.w, self.buffer, self.raw, self.done = w, EventStreamBuffer(), b"", False
        text = json.dumps(body).encode()
        headers = signer.sign(key or signer.Key.of(w.credentials()), service, f"127.0.0.1:{w.port}", body=text,
                              headers=[("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", target)])
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", w.port))
        head = f"POST / {version}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers) + f"Content-Length: {len(text)}\r\n\r\n"
        self.socket.sendall(head.encode() + text)
        while b"\r\n\r\n" not in self.raw:
            self.more()
        head, self.raw = self.raw.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        self.status = int(self.head.split()[1])
        lower = self.head.lower()
        self.chunked = "transfer-encoding: chunked" in lower
        if self.status != 200:
            length = int(lower.split("content-length: ")[1].split()[0])
            while len(self.raw) < length:
                self.more()
            raise Refused(self.status, json.loads(self.raw))
        assert "application/vnd.amazon.eventstream" in lower, head

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.socket.close()

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("the server closed the connection")
        self.raw += data

    def piece(self):
        """The next bytes of the body; None at its end."""
        if not self.chunked:
            try:
                if not self.raw:
                    self.more()
            except EOFError:
                return None
            data, self.raw = self.raw, b""
            return data
        while b"\r\n" not in self.raw:
            self.more()
        line, rest = self.raw.split(b"\r\n", 1)
        n = int(line, 16)
        while len(rest) < n + 2:
            self.more()
            line, rest = self.raw.split(b"\r\n", 1)
        assert rest[n:n + 2] == b"\r\n"
        self.raw = rest[n + 2:]
        return rest[:n] if n else None

    def events(self):
        """Name and payload of each message, checked and taken apart by botocore; ends with the stream."""
        while not self.done:
            data = self.piece()
            if data is None:
                self.done = True
                return
            self.buffer.add_data(data)
            for message in self.buffer:
                h = message.headers
                assert h[":message-type"] in ("event", "exception") and h[":content-type"].startswith("application/x-amz-json-1."), h
                yield h.get(":event-type") or h[":exception-type"], json.loads(message.payload)

    def begun(self):
        """Reads as far as the session's start; its payload."""
        events = self.events()
        kind, payload = next(events)
        assert (kind, payload) == ("initial-response", {}), (kind, payload)
        return next(events)


def live(w, groups, key=None, version="HTTP/1.1", receive_buffer=None, **more):
    return Session(w, "logs", "Logs_20140328.StartLiveTail", {"logGroupIdentifiers": groups, **more}, key, version, receive_buffer)
