"""What S3's own clients of this machine do not send: chunks with signatures, refusals before the body, clients that go. And objects through kill -9,
`waybill check`, backup and restore."""
import base64
import datetime
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import tempfile
import zlib

from waybill_server import Waybill, wait_for

EMPTY = hashlib.sha256(b"").hexdigest()


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Upload:
    """A PutObject whose payload is coded aws-chunked, each chunk signed."""

    def __init__(self, w, path, length, trailer=None, **more):
        c = w.credentials()
        self.when = datetime.datetime.utcnow().strftime("%Y%m%dT%H%M%SZ")
        self.scope = f"{self.when[:8]}/us-east-1/s3/aws4_request"
        self.key = ("AWS4" + c["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in (self.when[:8], "us-east-1", "s3", "aws4_request"):
            self.key = sign(self.key, part)
        payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
        self.host = f"127.0.0.1:{w.port}"
        headers = {"host": self.host, "x-amz-content-sha256": payload, "x-amz-date": self.when, "x-amz-decoded-content-length": str(length), **more}
        if trailer:
            headers["x-amz-trailer"] = trailer
        names = ";".join(sorted(headers))
        canonical = f"PUT\n{path}\n\n" + "".join(f"{k}:{headers[k]}\n" for k in sorted(headers)) + f"\n{names}\n{payload}"
        text = f"AWS4-HMAC-SHA256\n{self.when}\n{self.scope}\n" + hashlib.sha256(canonical.encode()).hexdigest()
        self.last = sign(self.key, text).hex()
        headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={c['AWS_ACCESS_KEY_ID']}/{self.scope}, SignedHeaders={names}, Signature={self.last}"
        self.head = f"PUT {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())

    def chunk(self, data):
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{self.when}\n{self.scope}\n{self.last}\n{EMPTY}\n" + hashlib.sha256(data).hexdigest()
        self.last = sign(self.key, text).hex()
        return f"{len(data):x};chunk-signature={self.last}\r\n".encode() + data + (b"\r\n" if data else b"")

    def end(self, name, value):
        text = f"AWS4-HMAC-SHA256-TRAILER\n{self.when}\n{self.scope}\n{self.last}\n" + hashlib.sha256(f"{name}:{value}\n".encode()).hexdigest()
        return f"{name}:{value}\r\nx-amz-trailer-signature:{sign(self.key, text).hex()}\r\n\r\n".encode()

    def send_large(self, size):
        """As many chunks of a megabyte; the server may answer before it has them all."""
        data = bytes(1 << 20)
        with socket.create_connection(self.host.split(":"), timeout=60) as s:
            head, chunks = self.head, size >> 20
            length = chunks * ((1 << 20) + len(f"{1 << 20:x};chunk-signature=") + 64 + 4) + len("0;chunk-signature=") + 64 + 4
            s.sendall(head.encode() + f"content-length: {length}\r\nconnection: close\r\n\r\n".encode())
            try:
                for _ in range(chunks):
                    s.sendall(self.chunk(data))
                s.sendall(self.chunk(b"") + b"\r\n")
            except OSError:
                pass
            answer = b""
            while part := s.recv(65536):
                answer += part
        return int(answer[9:12]), answer.decode()

    def send(self, body):
        """The answer's status and text."""
        with socket.create_connection(self.host.split(":"), timeout=60) as s:
            s.sendall(self.head.encode() + f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode())
            try:
                s.sendall(body)
            except OSError:
                pass
            answer = b""
            while part := s.recv(65536):
                answer += part
        return int(answer[9:12]), answer.decode()


def signed_chunks(w, s3):
    data = os.urandom(300000)
    pieces = [data[i:i + 65536] for i in range(0, len(data), 65536)] + [b""]
    u = Upload(w, "/chunks/a", len(data))
    assert u.send(b"".join(u.chunk(p) for p in pieces) + b"\r\n")[0] == 200
    r = s3.get_object(Bucket="chunks", Key="a")
    assert r["Body"].read() == data and r["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'

    crc = base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
    u = Upload(w, "/chunks/b", len(data), trailer="x-amz-checksum-crc32", **{"content-encoding": "gzip,aws-chunked"})
    body = b"".join(u.chunk(p) for p in pieces)
    assert u.send(body + u.end("x-amz-checksum-crc32", crc))[0] == 200
    r = s3.get_object(Bucket="chunks", Key="b", ChecksumMode="ENABLED")
    assert r["Body"].read() == data and r["ContentEncoding"] == "gzip", r
    assert r["ChecksumCRC32"] == crc, r

    # One chunk's content, its signature, the trailer's value, its signature; chunks in another order; one left out; the end left out.
    def case(change, code, trailer=False):
        u = Upload(w, "/chunks/c", len(data), trailer="x-amz-checksum-crc32" if trailer else None)
        parts = [u.chunk(p) for p in pieces]
        tail = u.end("x-amz-checksum-crc32", crc) if trailer else b"\r\n"
        status, text = u.send(change(parts, tail))
        assert f"<Code>{code}</Code>" in text, (code, status, text)

    def flipped(b, at):
        return b[:at] + bytes([b[at] ^ 1]) + b[at + 1:]

    case(lambda p, t: b"".join([p[0], flipped(p[1], 5000)] + p[2:]) + t, "SignatureDoesNotMatch")
    case(lambda p, t: b"".join([p[1], p[0]] + p[2:]) + t, "SignatureDoesNotMatch")
    case(lambda p, t: b"".join(p[1:]) + t, "SignatureDoesNotMatch")
    case(lambda p, t: b"".join(p[:-1]) + p[-1].replace(p[-1][-66:-2], b"0" * 64) + t, "SignatureDoesNotMatch")
    case(lambda p, t: b"".join(p[:-1]), "IncompleteBody")
    case(lambda p, t: b"".join(p) + t.replace(crc.encode(), b"AAAAAA=="), "SignatureDoesNotMatch", True)
    case(lambda p, t: b"".join(p) + t.replace(b"x-amz-trailer-signature:", b"x-amz-trailer-signature:0"), "SignatureDoesNotMatch", True)
    case(lambda p, t: b"".join(p) + b"x-amz-checksum-crc32:" + crc.encode() + b"\r\n\r\n", "SignatureDoesNotMatch", True)
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="chunks")["Contents"]] == ["a", "b"]


def refused_before_the_body(w, s3):
    """A wrong signature, somebody who may not: with a body announced of which nothing is sent."""
    for change, code in ((lambda h: h.replace("Signature=", "Signature=0"), "SignatureDoesNotMatch"),
                         (lambda h: h.replace("x-amz-decoded-content-length", "x-other"), "SignatureDoesNotMatch"),
                         (lambda h: "".join(x for x in h.splitlines(True) if not x.startswith("authorization")), "AccessDenied")):
        before = files(w)
        with socket.create_connection(("127.0.0.1", w.port), timeout=60) as s:
            s.sendall((change(Upload(w, "/chunks/x", 1 << 30).head) + f"content-length: {1 << 30}\r\nexpect: 100-continue\r\n\r\n").encode())
            answer = s.recv(65536).decode()
        assert "100 Continue" not in answer and code in answer, answer
        assert files(w) == before


def files(w):
    return sorted(os.listdir(os.path.join(w.data, "blobs")))


def lives(w, s3, folder):
    data = os.urandom(9 << 20)
    s3.put_object(Bucket="chunks", Key="big", Body=data)
    kept = files(w)
    # A server that dies in the middle of an upload leaves nothing behind.
    u = Upload(w, "/chunks/half", 64 << 20)
    with socket.create_connection(("127.0.0.1", w.port)) as s:
        s.sendall((u.head + f"content-length: {65 << 20}\r\n\r\n").encode() + u.chunk(os.urandom(1 << 20)))
        wait_for(lambda: len(files(w)) > len(kept))
        w.kill()
    w.start()
    wait_for(lambda: files(w) == kept)
    s3 = w.client("s3")
    assert s3.get_object(Bucket="chunks", Key="big")["Body"].read() == data

    copy, to = os.path.join(folder, "copy"), os.path.join(folder, "restored")
    w.waybill("backup", copy)
    s3.delete_object(Bucket="chunks", Key="big")
    wait_for(lambda: len(files(w)) < len(kept))
    assert w.stop() == 0
    w.waybill("check", "--data", w.data)
    w.waybill("restore", copy, "--data", to, "--key", os.path.join(w.data, "key"))
    w.waybill("check", "--data", to)
    shutil.copy(os.path.join(w.data, "credentials"), to)
    with Waybill(data=to) as again:
        assert again.client("s3").get_object(Bucket="chunks", Key="big")["Body"].read() == data
        gone = files(again)[0]
        assert again.stop() == 0
    os.rename(os.path.join(to, "blobs", gone), os.path.join(folder, gone))
    r = w.waybill("check", "--data", to, check=False)
    assert r.returncode == 1 and gone in r.stdout + r.stderr, r


def full(folder):
    """Below the reserve an upload is refused, at its head or in its middle, and leaves nothing; deletes go on."""
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m", "waybill-test", disk], capture_output=True).returncode:
        print("no right to mount a small disk here: not tested")
        return
    try:
        with Waybill(data=os.path.join(disk, "data"), args=["--disk-reserve", "20"]) as w:
            s3 = w.client("s3")
            s3.create_bucket(Bucket="chunks")
            s3.put_object(Bucket="chunks", Key="small", Body=b"x" * (30 << 20))
            before = files(w)
            for size in (200 << 20, 1 << 20):
                status, text = Upload(w, "/chunks/large", size).send_large(size)
                assert (status == 200 and size == 1 << 20) or (status == 503 and "ServiceUnavailable" in text), (status, text)
                wait_for(lambda: len(files(w)) <= len(before) + (size == 1 << 20))
            s3.delete_object(Bucket="chunks", Key="small")
            wait_for(lambda: before[0] not in files(w))
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def main():
    with tempfile.TemporaryDirectory() as folder, Waybill() as w:
        s3 = w.client("s3")
        s3.create_bucket(Bucket="chunks")
        signed_chunks(w, s3)
        refused_before_the_body(w, s3)
        lives(w, s3, folder)
        full(folder)


main()
