#!/usr/bin/env python3
"""The HTTP server over TLS.

    tls_test.py HTTP_PROBE
"""
import json
import os
import socket
import ssl
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from servers import Program  # noqa: E402
from smtp_sink import cert  # noqa: E402

PROBE = sys.argv.pop(1)


def request(path, body=b"", extra=""):
    return ("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n%s\r\n"
            % (path, len(body), extra)).encode() + body


class Answers:
    """Reads answers off a connection, one after another."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = bytearray()

    def next(self):
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        end = self.buffer.index(b"\r\n\r\n")
        head = bytes(self.buffer[:end])
        del self.buffer[:end + 4]
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", 0))
        while len(self.buffer) < length:
            self.fill()
        body = bytes(self.buffer[:length])
        del self.buffer[:length]
        return int(head[9:12]), body

    def fill(self):
        part = self.connection.recv(1 << 20)
        if not part:
            raise EOFError()
        self.buffer += part


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.cert, key = cert(cls.folder.name)
        cls.server = Program(PROBE, "0", cls.cert, key)
        cls.context = ssl.create_default_context(cafile=cls.cert)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.folder.cleanup()

    def plain(self):
        s = socket.create_connection(("127.0.0.1", self.server.port), 10)
        self.addCleanup(s.close)
        return s

    def connect(self, **options):
        s = self.context.wrap_socket(self.plain(), server_hostname="localhost", **options)
        self.addCleanup(s.close)
        return s

    def stats(self):
        s = self.connect()
        s.sendall(request("/stats"))
        status, body = Answers(s).next()
        s.close()
        self.assertEqual(status, 200)
        return json.loads(body)

    def test_keep_alive(self):
        s = self.connect()
        answers = Answers(s)
        for i in range(20):
            s.sendall(request("/", b"number %d" % i))
            self.assertEqual(answers.next(), (200, b"number %d" % i))

    def test_pipelined(self):
        s = self.connect()
        s.sendall(b"".join(request("/", b"x%d" % i) for i in range(500)))
        answers = Answers(s)
        for i in range(500):
            self.assertEqual(answers.next(), (200, b"x%d" % i))

    def test_large_both_ways(self):
        body = os.urandom(1 << 20) * 8
        s = self.connect()
        answers = Answers(s)
        for _ in range(2):
            s.sendall(request("/", body) + request("/size/3"))
            self.assertEqual(answers.next(), (200, body))
            self.assertEqual(answers.next(), (200, b"xxx"))

    def test_answer_larger_than_any_buffer(self):
        s = self.connect()
        s.sendall(request("/size/33554432"))
        status, body = Answers(s).next()
        self.assertEqual((status, len(body)), (200, 33554432))

    def test_one_byte_records(self):
        s = self.connect()
        for byte in request("/", b"slowly"):
            s.sendall(bytes([byte]))
        self.assertEqual(Answers(s).next(), (200, b"slowly"))

    def test_expect_continue(self):
        s = self.connect()
        data = request("/", b"abc", "Expect: 100-continue\r\n")
        s.sendall(data[:-3])
        self.assertEqual(s.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
        s.sendall(b"abc")
        self.assertEqual(Answers(s).next(), (200, b"abc"))

    def test_close_is_announced(self):
        s = self.connect(suppress_ragged_eofs=False)
        s.sendall(request("/", b"", "Connection: close\r\n"))
        self.assertEqual(Answers(s).next(), (200, b""))
        self.assertEqual(s.recv(10), b"")  # close_notify, not a cut

    def test_refusal_arrives(self):
        s = self.connect()
        s.sendall(request("/small", b"x" * 2000)[:300])
        self.assertEqual(Answers(s).next()[0], 413)

    def test_protocol_versions(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=self.cert)
            context.minimum_version = context.maximum_version = version
            with context.wrap_socket(self.plain(), server_hostname="localhost") as s:
                s.sendall(request("/", b"v"))
                self.assertEqual(Answers(s).next(), (200, b"v"))

    def test_what_is_not_tls(self):
        for data in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\0" * 1000, b"\x16\x03\x01\xff\xff"):
            s = self.plain()
            s.sendall(data)
            s.settimeout(5)
            s.shutdown(socket.SHUT_WR)
            try:
                while s.recv(1000):
                    pass
            except ConnectionError:
                pass
        self.assertGreaterEqual(self.stats()["connections"], 1)

    def test_a_handshake_that_does_not_end(self):
        s = self.plain()
        s.sendall(b"\x16\x03\x01\x02\x00\x01")  # a part of a hello
        before = self.stats()["connections"]
        c = self.connect()
        c.sendall(request("/skip/10001"))
        Answers(c).next()
        s.settimeout(5)
        self.assertEqual(s.recv(10), b"")
        self.assertLessEqual(self.stats()["connections"], before)

    def test_gone_is_noticed(self):
        before = self.stats()["gone"]
        s = self.connect()
        s.sendall(request("/later"))
        try:
            s.unwrap().close()
        except ssl.SSLError:
            pass  # an answer was on its way all the same
        for _ in range(200):
            if self.stats()["gone"] > before:
                return
        self.fail("the server did not notice")


if __name__ == "__main__":
    unittest.main(verbosity=1)
