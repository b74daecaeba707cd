"""Durable puts beside uploads of gigabytes: how much of their rate is left, and what the server's memory does."""
import os
import socket
import sys
import threading

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import cells  # noqa: E402
from waybill_server import Waybill  # noqa: E402

OBJECT = 2 << 30
BUCKET = "uploads"


class Uploads:
    """One upload after another, each put in the place of the one before, until told to stop."""

    def __init__(self, w):
        self.w, self.bytes, self.stop = w, 0, threading.Event()
        self.url = w.client("s3", signature_version="s3v4").generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "large"})
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        data = os.urandom(1 << 20)
        path = self.url.split("/", 3)[3]
        while not self.stop.is_set():
            with socket.create_connection(("127.0.0.1", self.w.port)) as s:
                s.sendall(f"PUT /{path} HTTP/1.1\r\nHost: 127.0.0.1:{self.w.port}\r\nContent-Length: {OBJECT}\r\n\r\n".encode())
                for _ in range(OBJECT >> 20):
                    if self.stop.is_set():
                        return
                    s.sendall(data)
                    self.bytes += len(data)
                assert s.recv(12).endswith(b" 200")

    def end(self):
        self.stop.set()
        self.thread.join()


def anonymous_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon")) / 1024


def measure(seconds=4.0):
    """(loads without, loads beside, megabytes a second uploaded, megabytes of memory before, beside)"""
    with Waybill() as w:
        cells.make_table(w)
        w.client("s3").create_bucket(Bucket=BUCKET)
        alone = cells.load(w, cells.PUT, 64, seconds)
        before = anonymous_mb(w.process.pid)
        up = Uploads(w)
        beside = cells.load(w, cells.PUT, 64, seconds)
        memory, rate = anonymous_mb(w.process.pid), up.bytes / seconds / (1 << 20)
        up.end()
    return alone, beside, rate, before, memory
