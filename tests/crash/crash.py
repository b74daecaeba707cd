#!/usr/bin/python3
"""kill -9 under load: everything acknowledged must be there afterwards, once.

usage: tests/crash/crash.py [--cycles N] [--seed N] [--clients N]

Clients put events on the bus and items into a table without retries, and note what was acknowledged. At a random moment the server is killed
with SIGKILL and started again on the same data. At the end, every acknowledged event must have exactly one outcome, every row of the log must belong
to an event, none may be there twice, and every acknowledged item must have its last acknowledged value.
"""
import argparse
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import BotoCoreError, ClientError  # noqa: E402

from waybill_server import Waybill  # noqa: E402

BUS, LOG, OUTCOMES = "shipment-events-us-east-1-dev", "shipment-logs-us-east-1-dev", "shipment-outcomes-us-east-1-dev"


class Books:
    """What was asked and what was acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.offered = {}  # shipment id -> event id or None
        self.items = {}    # key -> [last acknowledged value, values offered since]

    def offer(self, ids):
        with self.lock:
            for i in ids:
                self.offered[i] = None

    def acknowledge(self, ids, event_ids):
        with self.lock:
            self.offered.update(zip(ids, event_ids))


def client(w, service):
    c = w.credentials()
    return boto3.Session().client(service, endpoint_url=w.url, region_name=c["AWS_REGION"], aws_access_key_id=c["AWS_ACCESS_KEY_ID"],
                                  aws_secret_access_key=c["AWS_SECRET_ACCESS_KEY"],
                                  config=Config(retries={"max_attempts": 0}, connect_timeout=2, read_timeout=10))


def events(w, books, name, stop, rng):
    c = client(w, "events")
    n = 0
    while not stop.is_set():
        ids = [f"{name}-{n + i}" for i in range(rng.choice((1, 1, 3, 10)))]
        n += len(ids)
        books.offer(ids)
        entries = [{"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": BUS,
                    "Detail": json.dumps({"shipmentId": i, "status": "IN_TRANSIT", "timestamp": "2026-11-22T12:00:00Z", "carrier": "UPS"})} for i in ids]
        try:
            r = c.put_events(Entries=entries)
        except (BotoCoreError, ClientError):
            time.sleep(0.05)
            continue
        books.acknowledge(ids, [e.get("EventId") for e in r["Entries"]])


def items(w, books, name, stop, rng):
    c = client(w, "dynamodb")
    n = 0
    while not stop.is_set():
        key, n = f"{name}-{n % 20}", n + 1
        with books.lock:
            state = books.items.setdefault(key, [None, []])
            value = len(state[1]) + (state[0] or 0) + 1
            state[1].append(value)
        try:
            c.put_item(TableName="register", Item={"k": {"S": key}, "v": {"N": str(value)}})
        except (BotoCoreError, ClientError):
            time.sleep(0.05)
            continue
        with books.lock:
            state[0], state[1] = value, []


def scan(w, table, names):
    c = w.client("dynamodb")
    for page in c.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            yield tuple(item.get(n, {}).get("S") for n in names)


def cycle(w, books, number, clients, rng):
    stop = threading.Event()
    threads = [threading.Thread(target=events, args=(w, books, f"c{number}t{i}", stop, random.Random(rng.random()))) for i in range(clients)]
    threads.append(threading.Thread(target=items, args=(w, books, f"c{number}", stop, rng)))
    for t in threads:
        t.start()
    time.sleep(rng.uniform(0.2, 1.2))
    w.kill()
    stop.set()
    for t in threads:
        t.join()
    started = time.monotonic()
    w.start()
    return time.monotonic() - started


def settle(w, books, patience=90):
    """Waits until every acknowledged event has an outcome; returns event id -> outcomes."""
    acknowledged = {e for e in books.offered.values() if e}
    last, since = -1, time.monotonic()
    while True:
        rows = list(scan(w, OUTCOMES, ("eventId", "outcome", "shipmentId")))
        missing = acknowledged - {r[0] for r in rows}
        status = json.loads(w.waybill("status", "--json").stdout)
        if not missing and status["Queued"] == 0 and status["Running"] == 0:
            return rows
        if len(missing) != last:
            last, since = len(missing), time.monotonic()
        if time.monotonic() - since > patience:
            print(w.waybill("status").stdout, w.waybill("dead", "list").stdout)
            sys.exit(f"{len(missing)} acknowledged events have no outcome, e.g. {sorted(missing)[:3]}")
        time.sleep(0.3)


def judge(w, books, outcomes):
    faults = []
    seen = {}
    for event_id, outcome, shipment in outcomes:
        seen.setdefault(shipment, []).append((event_id, outcome))
    for shipment, event_id in books.offered.items():
        got = seen.pop(shipment, [])
        if event_id and [e for e, _ in got] != [event_id]:
            faults.append(f"{shipment}: acknowledged as {event_id}, outcomes {got}")
        if len(got) > 1 or any(o != "stored" for _, o in got):
            faults.append(f"{shipment}: outcomes {got}")
    faults += [f"{s}: an outcome of nothing that was offered" for s in seen]
    rows = {}
    for shipment, stamp, event_id in scan(w, LOG, ("shipmentId", "timestamp", "eventId")):
        rows.setdefault(shipment, []).append(event_id)
    faults += [f"{s}: {len(r)} rows in the log" for s, r in rows.items() if len(r) != 1]
    faults += [f"{s}: acknowledged, not in the log" for s, e in books.offered.items() if e and s not in rows]
    c = w.client("dynamodb")
    for key, (value, pending) in books.items.items():
        item = c.get_item(TableName="register", Key={"k": {"S": key}}, ConsistentRead=True).get("Item")
        got = int(item["v"]["N"]) if item else None
        if got != value and got not in pending:
            faults.append(f"item {key}: acknowledged {value}, unanswered {pending}, found {got}")
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cycles", type=int, default=10)
    p.add_argument("--clients", type=int, default=4)
    p.add_argument("--seed", type=int, default=int(time.time()))
    a = p.parse_args()
    rng = random.Random(a.seed)
    books = Books()
    print(f"seed {a.seed}")
    with Waybill() as w:
        w.shipments()
        w.client("dynamodb").create_table(TableName="register", BillingMode="PAY_PER_REQUEST",
                                          AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
                                          KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}])
        restarts = [cycle(w, books, i, a.clients, rng) for i in range(a.cycles)]
        outcomes = settle(w, books)
        faults = judge(w, books, outcomes)
        acknowledged = sum(e is not None for e in books.offered.values())
        print(f"{a.cycles} kills: {len(books.offered)} events offered, {acknowledged} acknowledged, {len(outcomes)} outcomes, "
              f"{sum(len(v[1]) == 0 for v in books.items.values())} registers, slowest restart {max(restarts) * 1000:.0f} ms, {len(faults)} faults")
        for f in faults[:20]:
            print("FAULT", f)
        assert w.stop() == 0
        print(w.waybill("check", "--data", w.data, check=False).stdout)
    sys.exit(1 if faults else 0)


main()
