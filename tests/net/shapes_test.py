#!/usr/bin/env python3
"""Sends every request of http_shapes.py to our server, and to nginx where it is installed.

    shapes_test.py HTTP_PROBE

Our status must be the one listed. nginx must accept or refuse as we do, or as listed with a reason.
"""
import os
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
from http_shapes import SHAPES  # noqa: E402
from servers import Nginx, Program, free_port, have_nginx  # noqa: E402

# Bodies must be read whole before nginx answers, so that it judges them: it passes them on to itself.
BACKEND = "server { listen 127.0.0.1:%d; location / { return 200 ok; } }"
SERVER = """location / {
    proxy_pass http://127.0.0.1:%d;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host a;
}"""


def verdict(port, data):
    """The status, "body" for an answer without a status line, "silence" or "closed"."""
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        s.settimeout(3)
        s.sendall(data)
        answer = b""
        try:
            while b"\r\n" not in answer:
                part = s.recv(65536)
                if not part:
                    return "body" if answer else "closed"
                answer += part
        except socket.timeout:
            return "silence"
        except ConnectionError:
            return "closed"
        return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else "body"


def accepted(v):
    return v == 200 or v == "body"


def split_verdict(port, data):
    """The same bytes in two parts: the verdict must not depend on packets."""
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.settimeout(3)
        half = len(data) // 2
        try:
            s.sendall(data[:half])
            s.sendall(data[half:])
            answer = s.recv(65536)
        except (socket.timeout, ConnectionError):
            return "closed"
        return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else "other"


def main():
    bad = []
    names = [s[0] for s in SHAPES]
    assert len(set(names)) == len(names), "two shapes of one name"
    with Program(sys.argv[1]) as ours:
        for name, data, want, *_ in SHAPES:
            got = verdict(ours.port, data)
            if got != want:
                bad.append("%s: we say %s, not %s" % (name, got, want))
            if split_verdict(ours.port, data) != got:
                bad.append("%s: another verdict in two parts" % name)
    differing = 0
    if have_nginx():
        backend = free_port()
        with Nginx(SERVER % backend, http=BACKEND % backend) as nginx:
            for name, data, ours, *rest in SHAPES:
                want = rest[0] if rest and rest[0] else ours
                got = verdict(nginx.port, data)
                differing += accepted(want) != accepted(ours)
                if accepted(got) != accepted(want):
                    bad.append("%s: nginx says %s, we say %s" % (name, got, ours))
                if accepted(ours) and not accepted(got):
                    bad.append("%s: nginx refuses what we accept" % name)
        print("%d shapes; nginx agrees on all but %d, each with its reason"
              % (len(SHAPES), differing))
    else:
        print("%d shapes; no nginx here to compare with (apt install nginx-light)" % len(SHAPES))
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
