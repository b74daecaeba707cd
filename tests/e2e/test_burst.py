"""A burst: 10,000 events offered at once to the C processor and to the original Python handler.

usage: test_burst.py [C_EVENTS [PYTHON_EVENTS]]   (10000 each)

Every event has its outcome, the server's memory does not grow with the backlog, and the only refusal is back-pressure (a throttle) that boto3's own
retries get over. Rates are printed, not judged.
"""
import collections
import json
import os
import re
import sys
import threading
import time

from original_stack import HANDLER, OriginalStack
from waybill_server import Waybill

THREADS = 8
GROWTH_MAX_KB = 64 << 10  # of the server alone, from the quiet server to its highest during the burst
THROTTLES = {"ThrottlingException", "Throttling", "ServiceUnavailable", "TooManyRequestsException"}


class Watch(threading.Thread):
    """The server's resident memory, sampled."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.samples, self.done = pid, [], threading.Event()
        self.start()

    def rss(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            text = f.read()
        return {k: int(re.search(rf"{k}:\s+(\d+)", text)[1]) for k in ("RssAnon", "RssFile", "VmRSS")}

    def run(self):
        while not self.done.wait(0.05):
            self.samples.append(self.rss())


class Offer:
    """Offers events from several threads; counts every answer on the wire, those boto3 retries included."""

    def __init__(self, w, bus, count, name):
        self.w, self.bus, self.name = w, bus, name
        self.batches = [range(i, min(i + 10, count)) for i in range(0, count, 10)]
        self.lock, self.answers, self.accepted, self.faults = threading.Lock(), collections.Counter(), set(), []
        self.clients = [w.client("events") for _ in range(THREADS)]  # made here: boto3 cannot in several threads
        for c in self.clients:
            c.meta.events.register("response-received.events", self.seen)

    def seen(self, response_dict, parsed_response, exception, **_):
        """Of every attempt."""
        what = (repr(exception),) if exception else (response_dict["status_code"], parsed_response.get("Error", {}).get("Code", ""))
        with self.lock:
            self.answers[what] += 1

    def entry(self, i):
        return {"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": self.bus, "Detail": json.dumps({
            "shipmentId": f"{self.name}-{i}", "status": "IN_TRANSIT", "location": "Dallas, TX", "carrier": "FedEx",
            "trackingNumber": f"{100000000000 + i}", "timestamp": f"2026-11-22T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}Z"})}

    def work(self, client):
        while True:
            with self.lock:
                if not self.batches:
                    return
                batch = self.batches.pop()
            left = list(batch)
            while left:
                try:
                    answer = client.put_events(Entries=[self.entry(i) for i in left])
                except Exception as e:  # what boto3 could not get over
                    with self.lock:
                        self.faults.append(repr(e))
                    break
                refused = [i for i, e in zip(left, answer["Entries"]) if "EventId" not in e]
                codes = {e["ErrorCode"] for e in answer["Entries"] if "EventId" not in e}
                with self.lock:
                    self.accepted |= set(left) - set(refused)
                    if codes - THROTTLES:
                        self.faults.append(f"entries refused: {codes}")
                        break
                left = refused

    def run(self):
        begun = time.monotonic()
        threads = [threading.Thread(target=self.work, args=(c,)) for c in self.clients]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return time.monotonic() - begun


def count(w, table):
    pages = w.client("dynamodb").get_paginator("scan").paginate(TableName=table, Select="COUNT", ConsistentRead=True)
    return sum(p["Count"] for p in pages)


def settle(w, patience=60):
    """Waits until nothing is queued or running; a burst that makes no progress for a while fails."""
    last, since = None, time.monotonic()
    while True:
        s = json.loads(w.waybill("status", "--json").stdout)
        # An unconfirmed subscription waits three days to be forgotten.
        queued = sum(q["Count"] for q in s["Queues"] if not q["Target"].startswith("arn:aws:sns:"))
        if queued == 0 and s["Running"] == 0:
            return s
        if queued != last:
            last, since = queued, time.monotonic()
        if time.monotonic() - since > patience:
            raise AssertionError(f"no progress for {patience} s: {s}")
        time.sleep(0.2)


def burst(w, bus, table, events, name):
    warm = Offer(w, bus, 200, name + "-warm")
    warm.run()
    settle(w)
    before = count(w, table)
    watch = Watch(w.process.pid)
    quiet = watch.rss()
    offer = Offer(w, bus, events, name)
    begun = time.monotonic()
    took = offer.run()
    status = settle(w)
    whole = time.monotonic() - begun
    watch.done.set()
    watch.join()
    peak = max(s["RssAnon"] for s in watch.samples)
    growth = peak - quiet["RssAnon"]
    got = count(w, table) - before
    print(f"{name}: {events} events offered in {took:.1f} s ({events / took:.0f}/s), all through after {whole:.1f} s ({events / whole:.0f}/s); "
          f"memory {quiet['RssAnon'] >> 10} MB, at most {peak >> 10} MB (mapped file {watch.samples[-1]['RssFile'] >> 10} MB); "
          f"answers {dict(offer.answers)}", flush=True)
    assert not offer.faults, offer.faults[:3]
    assert len(offer.accepted) == events, f"{len(offer.accepted)} of {events} accepted"
    assert got == events, f"{got} rows for {events} events"
    assert status["Dead"] == 0 and status["Failed"] == 0, status
    assert growth < GROWTH_MAX_KB, f"the server grew by {growth >> 10} MB"
    wrong = {k: n for k, n in offer.answers.items() if k[0] != 200 and k[-1] not in THROTTLES}
    assert not wrong, wrong


def main():
    c_events = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    python_events = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    with Waybill() as w:
        w.shipments("ops@example.test")
        burst(w, "shipment-events-us-east-1-dev", "shipment-logs-us-east-1-dev", c_events, "processor")
        assert count(w, "shipment-outcomes-us-east-1-dev") == c_events + 200, "one outcome an event"
        if os.path.exists(HANDLER):
            s = OriginalStack(w)
            burst(w, s.bus, s.table, python_events, "original")
        else:
            print(f"the original handler is not here ({HANDLER}): its burst is left out")
        assert w.stop() == 0


main()
