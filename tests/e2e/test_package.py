"""processor.zip in a root that holds nothing else: no /lib, /etc, /dev or /proc. It serves invocations of a Runtime API and signs its calls.

Both the Runtime API and the AWS endpoint are servers in this test, on loopback.
"""
import json
import os
import re
import signal
import stat
import subprocess
import tempfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from waybill_server import BUILD, skip

PACKAGE = os.path.join(BUILD, "apps", "shipments", "processor.zip")
UPDATE = {"shipmentId": "SHIP-1", "status": "IN_TRANSIT", "location": "Dallas, TX", "carrier": "FedEx", "trackingNumber": "1",
          "timestamp": "2025-10-17T12:00:00Z"}
EVENTS = [{"version": "0", "id": f"event-{i}", "detail-type": "Shipment Update", "source": "logistics.shipments", "account": "000000000000",
           "time": "2025-10-17T12:00:00Z", "region": "us-east-1", "resources": [], "detail": d}
          for i, d in enumerate([UPDATE, {**UPDATE, "shipmentId": "SHIP-2"}, {"status": "IN_TRANSIT"}, {**UPDATE, "shipmentId": "SHIP-3"}])]


class World:
    """What the function meets: invocations to take, and a service that keeps what it is told."""

    def __init__(self):
        self.lock, self.waiting = threading.Condition(), list(enumerate(EVENTS))
        self.answers, self.calls, self.broken = {}, [], False

    def next(self):
        with self.lock:
            self.lock.wait_for(lambda: self.waiting, 60)
            return self.waiting.pop(0)

    def answer(self, number, kind, body):
        with self.lock:
            self.answers[number] = (kind, json.loads(body))
            self.lock.notify_all()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"{}", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        assert self.path == "/2018-06-01/runtime/invocation/next", self.path
        try:
            number, event = self.server.world.next()
        except IndexError:
            return self.reply(500)
        self.reply(200, json.dumps(event).encode(), [
            ("Lambda-Runtime-Aws-Request-Id", f"request-{number}"), ("Lambda-Runtime-Deadline-Ms", "99999999999999"),
            ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:p"), ("Lambda-Runtime-Trace-Id", "Root=1-2-3")])

    def do_POST(self):
        world, body = self.server.world, self.rfile.read(int(self.headers["Content-Length"]))
        m = re.fullmatch(r"/2018-06-01/runtime/invocation/request-(\d)/(response|error)", self.path)
        if m:
            world.answer(int(m[1]), m[2], body)
            return self.reply(202)
        target = self.headers.get("X-Amz-Target")
        world.calls.append((target or re.search(rb"Action=(\w+)", body)[1].decode(), body, self.headers))
        if world.broken and target:
            return self.reply(400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}')
        if not target:
            return self.reply(200, b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>")
        return self.reply(200)


def empty_root(folder):
    """The command that runs in it."""
    task = os.path.join(folder, "var", "task")
    os.makedirs(task)
    with zipfile.ZipFile(PACKAGE) as z:
        for info in z.infolist():
            path = z.extract(info, task)
            os.chmod(path, stat.S_IMODE(info.external_attr >> 16) or 0o644)
    alone = ["unshare"] + (["--map-root-user"] if os.geteuid() else [])
    probe = subprocess.run([*alone, "--root", "/", "true"], capture_output=True, text=True)
    if probe.returncode:
        skip(f"neither root nor a user namespace here: {probe.stderr.strip()}")
    return [*alone, "--root", folder, "/var/task/bootstrap"]


def main():
    world = World()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.world, server.daemon_threads = world, True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        command = empty_root(folder)
        inside = {os.path.relpath(os.path.join(d, f), folder) for d, _, files in os.walk(folder) for f in files}
        assert all(f.startswith("var/task/") for f in inside) and "var/task/bootstrap" in inside, inside
        p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LAMBDA_TASK_ROOT": "/var/task", "AWS_LAMBDA_RUNTIME_API": here,
            "AWS_ENDPOINT_URL": f"http://{here}",
            "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
            "TABLE_NAME": "log", "STATE_TABLE_NAME": "state", "REFERENCES_TABLE_NAME": "references", "OUTCOMES_TABLE_NAME": "outcomes", "NOTICES_TABLE_NAME": "notices", "SNS_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:t"})
        try:
            with world.lock:
                world.lock.wait_for(lambda: len(world.answers) == 4, 30)
            # Then the service throttles: the function throws, and lives on.
            world.broken = True
            with world.lock:
                world.waiting.append((4, EVENTS[0] | {"id": "event-4"}))
                world.lock.notify_all()
                world.lock.wait_for(lambda: 4 in world.answers, 30)
            alive = p.poll() is None
        finally:
            p.send_signal(signal.SIGKILL)
            output = p.communicate()[0].decode()
        print(output)
        assert alive and len(world.answers) == 5, (world.answers, output)

    bodies = {n: (kind, json.loads(a["body"])["outcome"] if "body" in a else a["errorType"]) for n, (kind, a) in world.answers.items()}
    assert bodies == {0: ("response", "stored"), 1: ("response", "stored"), 2: ("response", "refused"), 3: ("response", "stored"),
                      4: ("error", "TransientError")}, bodies
    for what, _, headers in world.calls:
        service = "dynamodb" if what.startswith("DynamoDB") else "sns"
        assert re.fullmatch(rf"AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/\d{{8}}/us-east-1/{service}/aws4_request, ?SignedHeaders=\S+, ?Signature=[0-9a-f]{{64}}",
                            headers["Authorization"]), headers["Authorization"]
        assert headers["X-Amz-Security-Token"] == "token" and headers["Host"] == here
    items = [json.loads(b) for what, b, _ in world.calls if what == "DynamoDB_20120810.PutItem"]
    assert {"SHIP-1", "SHIP-2", "SHIP-3"} <= {i["Item"]["shipmentId"]["S"] for i in items if i["TableName"] == "log"}, items
    assert any(what == "Publish" for what, _, _ in world.calls), "the refusal is mailed"


main()
