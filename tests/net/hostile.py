#!/usr/bin/env python3
"""Clients that mean harm, each against the server at once; a good client must not notice them, and
the server's memory must stay bounded.

    hostile.py HTTP_PROBE
"""
import json
import os
import random
import resource
import socket
import struct
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
from http_shapes import SHAPES  # noqa: E402
from servers import Program, cpu_seconds  # noqa: E402

PROBE = sys.argv.pop(1)
GET = b"GET /size/10 HTTP/1.1\r\nHost: a\r\n\r\n"


def connect(port, seconds=10):
    return socket.create_connection(("127.0.0.1", port), seconds)


def ask(port, path):
    """One request on a connection of its own: (status, body)."""
    with connect(port) as s:
        s.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
        answer = b""
        while True:
            part = s.recv(65536)
            if not part:
                break
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head[9:12]), body


class GoodClient(threading.Thread):
    """Asks all the time on one connection and notes how long the slowest answer took."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.stop, self.count, self.slowest, self.error = port, False, 0, 0.0, None
        self.start()

    def run(self):
        try:
            with connect(self.port) as s:
                while not self.stop:
                    begun = time.monotonic()
                    s.sendall(GET)
                    answer = b""
                    while not answer.endswith(b"\r\n\r\n" + b"x" * 10):
                        part = s.recv(65536)
                        if not part:
                            raise EOFError("closed")
                        answer += part
                    self.slowest = max(self.slowest, time.monotonic() - begun)
                    self.count += 1
                    time.sleep(0.002)
        except Exception as e:  # told by end()
            self.error = e

    def end(self, test, slowest=2.0):
        self.stop = True
        self.join(30)
        test.assertIsNone(self.error)
        test.assertGreater(self.count, 0)
        test.assertLess(self.slowest, slowest)


class Hostile(unittest.TestCase):
    def setUp(self):
        self.server = Program(PROBE)
        self.port = self.server.port
        self.addCleanup(self.server.close)
        self.open = []
        self.addCleanup(lambda: [s.close() for s in self.open])

    def stats(self):
        return json.loads(ask(self.port, "/stats")[1])

    def assert_rss(self, before, most_kb):
        stats = self.stats()
        if not stats["sanitized"]:
            self.assertLess(stats["rss_kb"] - before, most_kb)

    def many(self, count, data=b""):
        """Connections that have sent this much and stay open."""
        sockets = []
        for _ in range(count):
            s = connect(self.port)
            self.open.append(s)
            sockets.append(s)
            if data:
                s.sendall(data)
        return sockets

    def await_connections(self, most, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            n = self.stats()["connections"]
            if n <= most + 1:  # the question itself
                return
            time.sleep(0.05)
        self.fail("%d connections left" % n)

    def test_slow_heads(self):
        good = GoodClient(self.port)
        slow = self.many(300, b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        for _ in range(5):
            for s in slow:
                s.sendall(b"y")
        ask(self.port, "/skip/10001")
        statuses = [s.recv(12) for s in slow]
        self.assertEqual(set(statuses), {b"HTTP/1.1 408"})
        good.end(self)

    def test_slow_bodies(self):
        good = GoodClient(self.port)
        slow = self.many(300, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16000000\r\n\r\n")
        before = self.stats()["rss_kb"]
        for _ in range(3):
            for s in slow:
                s.sendall(b"y" * 10)
            ask(self.port, "/skip/10001")
        self.assertEqual({s.recv(12) for s in slow}, {b"HTTP/1.1 408"})
        self.assert_rss(before, 64 * 1024)
        good.end(self)

    def test_answers_nobody_reads(self):
        """A kernel's buffers fill, then ours wait: one answer a connection, the next not begun."""
        good = GoodClient(self.port)
        before = self.stats()["requests"]
        lazy = self.many(5, b"GET /size/8000000 HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
        time.sleep(0.3)
        self.assertLess(self.stats()["requests"] - before - good.count, 30)
        for _ in range(3):
            ask(self.port, "/skip/60001")
            time.sleep(0.2)  # or the good client would be idle too long as well
        self.await_connections(1)
        good.end(self)
        del lazy

    def test_bodies_beyond_the_limit(self):
        good = GoodClient(self.port)
        for data in (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n",
                     b"POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
                     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"fffffffffffffff\r\n"):
            s = connect(self.port)
            self.open.append(s)
            s.sendall(data)
            try:
                for _ in range(200):  # goes on as if nothing had been said
                    s.sendall(b"x" * 65536)
            except OSError:
                pass
            self.assertEqual(s.recv(12), b"HTTP/1.1 413")
        ask(self.port, "/skip/5001")
        self.await_connections(1)
        good.end(self)

    def test_chunks_of_one_byte(self):
        with connect(self.port) as s:
            s.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(100):
                s.sendall(b"1;extension=0123456789\r\nx\r\n" * 500)
            s.sendall(b"0\r\n\r\n")
            answer = b""
            while len(answer.partition(b"\r\n\r\n")[2]) < 50000:
                answer += s.recv(65536)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200"))

    def test_bodies_together(self):
        """Many large bodies, never finished: refused beyond the total, memory bounded."""
        good = GoodClient(self.port)
        before = self.stats()["rss_kb"]
        senders = self.many(40, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16000000\r\n\r\n")
        refused = 0
        for s in senders:
            try:
                for _ in range(120):
                    s.sendall(b"x" * 131072)
            except OSError:
                pass
            s.settimeout(0.05)
            try:
                refused += s.recv(12) == b"HTTP/1.1 503"
            except socket.timeout:
                pass
            except OSError:
                refused += 1
        self.assertGreater(refused, 10)
        self.assert_rss(before, (256 + 64) * 1024)
        for s in senders:
            s.close()
        self.await_connections(1)
        good.end(self, slowest=5.0)

    def test_idle_connections(self):
        count = 10000
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < count + 100:
            self.skipTest("RLIMIT_NOFILE is %d; %d needed" % (hard, count + 100))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        server = Program(PROBE)  # with the raised limit
        self.addCleanup(server.close)
        self.port = server.port
        before = self.stats()["rss_kb"]
        for s in self.many(count):
            s.sendall(GET)
        for s in self.open:
            self.assertEqual(s.recv(12), b"HTTP/1.1 200")
        after = self.stats()
        self.assertGreaterEqual(after["connections"], count)
        print("%.2f kB a parked connection" % ((after["rss_kb"] - before) / count))
        self.assert_rss(before, 2 * count)
        begun = time.monotonic()
        for _ in range(100):
            self.assertEqual(ask(self.port, "/size/1")[0], 200)
        self.assertLess(time.monotonic() - begun, 5)
        ask(self.port, "/skip/75001")
        self.await_connections(0)

    def test_vanishing(self):
        """Resets and half-closed ends at every point of a request."""
        good = GoodClient(self.port)
        data = b"POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + GET
        for i in range(300):
            s = connect(self.port)
            s.sendall(data[:random.randint(0, len(data))])
            how = i % 3
            if how == 0:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif how == 1:
                s.shutdown(socket.SHUT_WR)
                self.open.append(s)
                continue
            s.close()
        ask(self.port, "/release")
        for s in self.open:
            s.close()
        self.open.clear()
        self.await_connections(1)
        good.end(self)

    def test_noise(self):
        """Every known bad shape, cut and mixed at random, thousands of times; memory stays."""
        good = GoodClient(self.port)
        random.seed(1)
        shapes = [s[1] for s in SHAPES]
        for turn in range(3):
            for _ in range(700):
                data = random.choice(shapes)[:random.randint(1, 4000)] + random.choice(shapes)
                with connect(self.port) as s:
                    try:
                        s.sendall(data)
                    except OSError:
                        pass
            if turn == 0:
                before = self.stats()["rss_kb"]
        self.assert_rss(before, 4096)
        good.end(self)

    def test_out_of_descriptors(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        try:
            server = Program(PROBE)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self.addCleanup(server.close)
        self.port = server.port
        for _ in range(200):
            self.open.append(connect(self.port))
        time.sleep(0.2)
        used = cpu_seconds(server.pids)
        time.sleep(0.5)
        self.assertLess(cpu_seconds(server.pids) - used, 0.1)  # it does not spin
        for s in self.open:
            s.close()
        self.open.clear()
        self.await_connections(0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
