"""A full disk while events and items are put: new data is refused as AWS refuses when it has no room, nothing acknowledged is lost, reads and deletes
go on, and everything goes on once there is room again. Once with the reserve (the usual case), once with a disk that is full to the last byte,
where the server is also killed and started again.

The disk is a small tmpfs; without the right to mount one the test is skipped.
"""
import collections
import json
import os
import subprocess
import tempfile
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from waybill_server import Waybill, skip, wait_for

BUS, OUTCOMES = "shipment-events-us-east-1-dev", "shipment-outcomes-us-east-1-dev"
DISK_MB, BALLAST_MB = 160, 24


class Disk:
    """A small file system with a ballast file in it that can be thrown out."""

    def __init__(self, folder):
        self.folder, self.ballast = folder, os.path.join(folder, "ballast")
        r = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "waybill-test", folder], capture_output=True, text=True)
        if r.returncode:
            os.rmdir(folder)
            skip(f"no right to mount a small disk here: {r.stderr.strip()}")
        with open(self.ballast, "wb") as f:
            f.write(bytes(BALLAST_MB << 20))
        self.data = os.path.join(folder, "data")

    def free(self):
        v = os.statvfs(self.folder)
        return v.f_bavail * v.f_frsize

    def fill(self):
        """To the last byte."""
        with open(os.path.join(self.folder, "filler"), "ab", buffering=0) as f:
            try:
                while f.write(bytes(1 << 16)):
                    pass
            except OSError:
                pass

    def make_room(self):
        for name in ("ballast", "filler"):
            if os.path.exists(os.path.join(self.folder, name)):
                os.unlink(os.path.join(self.folder, name))

    def remove(self):
        subprocess.run(["umount", "-l", self.folder], check=True)
        os.rmdir(self.folder)


def client(w, service):
    c = w.credentials()
    return boto3.client(service, endpoint_url=w.url, region_name="us-east-1", aws_access_key_id=c["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=c["AWS_SECRET_ACCESS_KEY"], config=Config(retries={"max_attempts": 0}, read_timeout=20))


class Load:
    """Events and items, put until many were refused; every acknowledgement is kept."""

    def __init__(self, w, name):
        self.events, self.items, self.refusals = {}, {}, collections.Counter()
        self.name, self.stop, self.lock = name, threading.Event(), threading.Lock()
        work = [(self.put_events, client(w, "events"), i) for i in range(2)] + [(self.put_items, client(w, "dynamodb"), i) for i in range(2)]
        self.threads = [threading.Thread(target=f, args=(c, i)) for f, c, i in work]
        for t in self.threads:
            t.start()

    def refused(self, status, code, what):
        with self.lock:
            self.refusals[(what, status, code)] += 1

    def put_events(self, c, number):
        n = 0
        while not self.stop.is_set():
            ids = [f"{self.name}-{number}-{n + i}" for i in range(5)]
            n += 5
            try:
                r = c.put_events(Entries=[{"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": BUS, "Detail": json.dumps(
                    {"shipmentId": i, "status": "IN_TRANSIT", "timestamp": "2026-11-22T12:00:00Z", "carrier": "UPS", "note": "x" * 2000})} for i in ids])
            except ClientError as e:
                self.refused(e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"], "PutEvents")
                time.sleep(0.02)
                continue
            for i, e in zip(ids, r["Entries"]):
                if "EventId" in e:
                    self.events[i] = e["EventId"]
                else:
                    self.refused(200, e["ErrorCode"], "PutEvents entry")
            time.sleep(0.02)

    def put_items(self, c, number):
        n = 0
        while not self.stop.is_set():
            key, value = f"{self.name}-{number}-{n}", "v" * 60000 + str(n)
            n += 1
            try:
                c.put_item(TableName="register", Item={"k": {"S": key}, "v": {"S": value}})
                self.items[key] = value
            except ClientError as e:
                self.refused(e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"], "PutItem")
                time.sleep(0.02)

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()


def outcomes(w):
    pages = w.client("dynamodb").get_paginator("scan").paginate(TableName=OUTCOMES, ConsistentRead=True)
    return collections.Counter(i["eventId"]["S"] for p in pages for i in p["Items"])


def check_refusals(load):
    print(f"{load.name}: {len(load.events)} events and {len(load.items)} items acknowledged; refused: {dict(load.refusals)}", flush=True)
    assert load.refusals, "the disk never got full"
    for what, status, code in load.refusals:
        assert status == 503 and code in ("ServiceUnavailableException", "ThrottlingException"), (what, status, code)


def goes_on_reading(w, load):
    ddb = client(w, "dynamodb")
    some = list(load.items)[::97]
    for key in some:
        assert ddb.get_item(TableName="register", Key={"k": {"S": key}})["Item"]["v"]["S"] == load.items[key]
    assert "room 0 MB: new data is refused" in w.waybill("status").stdout, w.waybill("status").stdout
    return some


def everything_there(w, disk, loads):
    """After room was made: every acknowledged event has one outcome, every acknowledged item its value; new data is taken."""
    acknowledged = {e for x in loads for e in x.events.values()}

    def settled():
        status = json.loads(w.waybill("status", "--json").stdout)
        if status["Queued"] or status["Running"]:
            # What failed for want of room waits for its retry.
            w.page("/_waybill/clock", b'{"advance_ms": 30000}', "POST")
            return False
        return True
    wait_for(settled, 60, 0.3)
    got = outcomes(w)
    missing, twice = acknowledged - set(got), [e for e, n in got.items() if n > 1]
    print(f"{len(acknowledged)} acknowledged events, {len(got)} outcomes; dead: {w.waybill('dead', 'list').stdout.strip()[:300]}", flush=True)
    assert not missing and not twice, (len(missing), len(twice))
    ddb = w.client("dynamodb")
    for x in loads:
        for key, value in x.items.items():
            assert ddb.get_item(TableName="register", Key={"k": {"S": key}})["Item"]["v"]["S"] == value, key
    r = client(w, "events").put_events(Entries=[{"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": BUS, "Detail": json.dumps(
        {"shipmentId": "after", "status": "IN_TRANSIT", "timestamp": "2026-11-22T12:00:00Z"})}])
    wait_for(lambda: outcomes(w)[r["Entries"][0]["EventId"]] == 1)


def run_until_full(w, name, seconds=60):
    load = Load(w, name)
    until = time.monotonic() + seconds
    while sum(load.refusals.values()) < 60 and time.monotonic() < until:
        time.sleep(0.05)
    load.end()
    return load


def full(w, disk, last_byte):
    w.shipments()
    w.client("dynamodb").create_table(TableName="register", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                                      AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
    first = Load(w, "warm")
    wait_for(lambda: len(first.events) >= 50)
    first.end()
    load = run_until_full(w, "bytes" if last_byte else "reserve")
    check_refusals(load)
    print(f"free on the disk: {disk.free() >> 10} KB", flush=True)
    some = goes_on_reading(w, load)
    if last_byte:
        disk.fill()
        more = run_until_full(w, "brim", 30)
        check_refusals(more)
        goes_on_reading(w, load)
        w.kill()
        w.start()
        goes_on_reading(w, load)
        loads = [first, load, more]
    else:
        # Taking things away is what one does then; it is allowed.
        for key in some:
            client(w, "dynamodb").delete_item(TableName="register", Key={"k": {"S": key}})
            del load.items[key]
        loads = [first, load]
    disk.make_room()
    everything_there(w, disk, loads)
    assert w.stop() == 0
    assert "all well" in w.waybill("check", "--data", w.data).stdout


def main():
    for reserve, last_byte in (("8", False), ("0", True)):
        disk = Disk(tempfile.mkdtemp(prefix="waybill-disk-"))
        begun = time.monotonic()
        w = Waybill(data=disk.data, args=["--disk-reserve", reserve, "--test-clock"])
        w.log = disk.folder + ".log"
        try:
            w.start()
            full(w, disk, last_byte)
            os.unlink(w.log)
        except BaseException:
            print(w.log_text()[-3000:])
            raise
        finally:
            w.kill()
            disk.remove()
        print(f"reserve {reserve} MB: {time.monotonic() - begun:.1f} s", flush=True)


main()
