"""The tables shipment-state and shipment-references: equal to a second implementation of the rules (tests/lib/shipment_rules.py), whatever the order, through
kill -9, rebuilding, and the upgrade of a stack that did not have them.
"""
import glob
import json
import os
import random
import tempfile
import threading
import time

import shipment_rules as rules
from waybill_server import ROOT, SHARED, Waybill, wait_for

SUFFIX = "-us-east-1-dev"
LOG, STATE, REFERENCES, OUTCOMES = ("shipment-" + kind + SUFFIX for kind in ("logs", "state", "references", "outcomes"))
OWN = ("rule", "digest", "basis")  # what only the processor needs
KEYS = {LOG: ("shipmentId", "timestamp"), STATE: ("shipmentId",), REFERENCES: ("reference", "shipmentId")}


def scan(w, table):
    for page in w.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def count(w, table):
    return sum(1 for _ in scan(w, table))


def plain(item):
    values = {name: next(iter(v.values())) for name, v in item.items() if name not in OWN}
    return {name: sorted(v, key=str.encode) if isinstance(v, list) else v for name, v in values.items()}


def state_rows(w):
    return {i["shipmentId"]["S"]: i for i in scan(w, STATE)}


def reference_rows(w):
    rows = [plain(i) for i in scan(w, REFERENCES)]
    assert all(set(r) == {"reference", "shipmentId"} for r in rows), rows
    return {(r["reference"], r["shipmentId"]) for r in rows}


def compare(w, updates):
    """Both tables against the second implementation, row by row."""
    want, got = rules.states(updates), {s: plain(i) for s, i in state_rows(w).items()}
    assert set(want) == set(got), set(want) ^ set(got)
    received = {(u.shipment, rules.stamp(u.received)) for u in updates if u.valid}
    for shipment, row in want.items():
        # Of an update's copies the first one stored tells when it was received: the one thing that arrival may decide.
        assert (shipment, got[shipment]["lastReceivedAt"]) in received
        assert {**got[shipment], "lastReceivedAt": row["lastReceivedAt"]} == row, (shipment, got[shipment], row)
    assert reference_rows(w) == rules.references(updates)
    return len(want)


def send(w, lines):
    """Gives the updates that these lines are."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(json.dumps(line) + "\n" for line in lines)
        f.flush()
        out = w.waybill("send", f.name).stdout
    assert f"{len(lines)} accepted" in out, out
    return [rules.Update(line["detail"], line["time"], line["detail-type"]) for line in lines]


def line(detail, received="2026-11-02T23:30:00Z", detail_type="Shipment Update"):
    return {"time": received, "detail-type": detail_type, "detail": detail}


def settled(w, events):
    wait_for(lambda: count(w, OUTCOMES) == events, 60, 0.1)


# --- cases and real messages ---

def case_lines(shuffle):
    """The cases of the data file, each as four shipments with the updates in other orders, some repeated; and what they come to."""
    lines, want = [], {}
    with open(os.path.join(ROOT, "tests/data/shipments/state.json"), encoding="utf-8") as f:
        cases = json.load(f)
    for n, case in enumerate(cases):
        for k in range(4):
            shipment = f"CASE-{n}-{k}"
            want[shipment] = case
            one = [line({**{m: v for m, v in u.items() if m not in ("received", "detail-type")}, "shipmentId": shipment},
                        u.get("received", "2026-11-02T23:30:00Z"), u.get("detail-type", "Shipment Update")) for u in case["updates"]]
            lines += one + shuffle.sample(one, shuffle.randrange(len(one)))
    shuffle.shuffle(lines)
    return lines, want


def expected(row, case):
    for name, value in case["state"].items():
        assert row.get(name) == value, (case["name"], name, row.get(name), value)


def real_lines():
    """Messages of carriers (Waybill's shared samples), exploded into updates; and the status each shipment must come to."""
    folder, lines, want = os.path.join(SHARED, "shipment-data"), [], {}
    path = os.path.join(folder, "easypost", "tracking-webhook.json")
    if not os.path.exists(path):
        return lines, want
    with open(path, encoding="utf-8") as f:
        tracker = json.load(f)["result"]
    for d in tracker["tracking_details"]:
        place = d["tracking_location"]
        lines.append(line({"shipmentId": "EASYPOST-1", "timestamp": d["datetime"], "status": d["status"], "carrier": tracker["carrier"],
                           "trackingNumber": tracker["tracking_code"], "location": ", ".join(x for x in (place["city"], place["state"]) if x)},
                          "2030-01-01T00:00:00Z"))
    want["EASYPOST-1"] = "DELIVERED"
    for path in sorted(glob.glob(os.path.join(folder, "ups-track-alert", "*.json"))):
        with open(path, encoding="utf-8") as f:
            m = json.load(f)
        t = m["gmtActivityDate"] + m["gmtActivityTime"]
        status = {"D": "DELIVERED", "I": "OUT_FOR_DELIVERY"}.get(m["activityStatus"]["type"], "UNKNOWN")
        lines.append(line({"shipmentId": "UPS-1", "timestamp": f"{t[:4]}-{t[4:6]}-{t[6:8]}T{t[8:10]}:{t[10:12]}:{t[12:]}Z", "status": status,
                           "carrier": "UPS", "trackingNumber": m["trackingNumber"]}, "2030-01-01T00:00:00Z"))
        want["UPS-1"] = "DELIVERED"
    return lines, want


def orders(w, shuffle):
    """All cases at once, in any order, many of them under way for one shipment at the same time."""
    lines, cases = case_lines(shuffle)
    real, statuses = real_lines()
    shuffle.shuffle(real)
    before = count(w, OUTCOMES)
    updates = send(w, lines + real)
    settled(w, before + len(lines) + len(real))
    compare(w, updates)
    rows = state_rows(w)
    for shipment, case in cases.items():
        expected(plain(rows[shipment]), case)
    for shipment, status in statuses.items():
        assert rows[shipment]["status"]["S"] == status, rows[shipment]
    return updates


def hot(w, updates):
    """One shipment with more writers and more tracking numbers than its row lists."""
    lines = [line({"shipmentId": "HOT", "status": "IN_TRANSIT", "timestamp": f"2026-11-02T{i // 60:02}:{i % 60:02}:00Z", "trackingNumber": f"n {i % 40}"})
             for i in range(120)]
    random.Random(3).shuffle(lines)
    before = count(w, OUTCOMES)
    updates = updates + send(w, lines)
    settled(w, before + len(lines))
    compare(w, updates)
    return updates


# --- the rebuild ---

def rebuild(w):
    return w.waybill("shipments", "rebuild").stdout


def remove_all(w, table):
    d = w.client("dynamodb")
    for item in list(scan(w, table)):
        d.delete_item(TableName=table, Key={k: item[k] for k in KEYS[table]})


def rebuilding(w, updates):
    d = w.client("dynamodb")
    live, live_references = state_rows(w), reference_rows(w)
    out = rebuild(w)
    assert "every row was right" in out, out
    remove_all(w, STATE)
    remove_all(w, REFERENCES)
    assert state_rows(w) == {} and reference_rows(w) == set()
    out = rebuild(w)
    assert f"{len(live)} states made, {len(live_references)} references made" in out, out
    assert state_rows(w) == live and reference_rows(w) == live_references, "the rows are those of the live path, byte for byte"
    assert "every row was right" in rebuild(w)
    # Rows that the log does not have, a row somebody changed, one of another rule, one that lacks.
    some = sorted(live)
    d.put_item(TableName=STATE, Item={"shipmentId": {"S": "NOBODY"}, "status": {"S": "IN_TRANSIT"}})
    d.put_item(TableName=STATE, Item={**live[some[0]], "shipmentId": {"S": "NOBODY-2"}})
    d.put_item(TableName=STATE, Item={**live[some[1]], "rule": {"N": "0"}})
    d.put_item(TableName=STATE, Item={**live[some[2]], "basis": {"M": {}}})
    d.delete_item(TableName=STATE, Key={"shipmentId": {"S": some[3]}})
    d.put_item(TableName=REFERENCES, Item={"reference": {"S": "NONE"}, "shipmentId": {"S": some[0]}})
    first = sorted(live_references)[0]
    d.delete_item(TableName=REFERENCES, Key={"reference": {"S": first[0]}, "shipmentId": {"S": first[1]}})
    out = rebuild(w)
    assert "1 states made, 2 states mended, 2 states removed, 1 references made, 1 references removed" in out, out
    assert state_rows(w) == live and reference_rows(w) == live_references
    compare(w, updates)


def upgraded(w):
    """Rows as the version before wrote them (no receivedAt, no states), and as the original Python handler did. A stack that gets the tables by deploying."""
    d = w.client("dynamodb")
    old = [{"shipmentId": "OLD-1", "timestamp": "2026-11-01T08:00:00.000Z", "status": "IN_TRANSIT", "eventType": "Shipment Update", "eventSource": "s",
            "eventId": "o1", "location": "Lyon, FR", "carrier": "DHL", "trackingNumber": "JD 1", "rawEvent": "{}", "processedAt": "2026-11-01T08:00:03.000Z",
            "identity": "0" * 64, "originalTimestamp": "2026-11-01T08:00:00Z"},
           {"shipmentId": "OLD-1", "timestamp": "2026-11-01T09:00:00.000Z", "status": "DELAYED", "eventType": "Shipment Delayed", "eventSource": "s",
            "eventId": "o2", "location": "Lyon, FR", "carrier": "DHL", "trackingNumber": "JD 1", "rawEvent": "{}", "processedAt": "2026-11-01T09:00:03.000Z",
            "identity": "1" * 64, "delayReason": "WEATHER", "eta": "2026-11-05T00:00:00Z"},
           {"shipmentId": "OLD-2", "timestamp": "2026-11-01T08:00:00+01:00", "status": "DELIVERED", "eventType": "Shipment Update", "eventId": "o3",
            "location": "", "carrier": "", "trackingNumber": "", "rawEvent": "{}", "processedAt": "2026-11-01T07:00:03.123456"},
           {"shipmentId": "OLD-3", "timestamp": "last tuesday", "status": "DELIVERED"}]
    for item in old:
        d.put_item(TableName=LOG, Item={k: {"S": v} for k, v in item.items()})
    out = rebuild(w)
    assert "2 states made" in out and "1 references made" in out and "1 rows of the log left out" in out, out
    rows = state_rows(w)
    assert rows["OLD-1"]["status"]["S"] == "IN_TRANSIT" and rows["OLD-1"]["delayReason"]["S"] == "WEATHER", rows["OLD-1"]
    assert rows["OLD-2"]["statusAt"]["S"] == "2026-11-01T07:00:00.000Z", rows["OLD-2"]
    # The carrier sends the old delay again: it is the same update, and the log has one row of it.
    before = count(w, OUTCOMES)
    send(w, [line({"shipmentId": "OLD-1", "timestamp": "2026-11-01T09:00:00Z", "status": "DELAYED", "location": "Lyon, FR", "carrier": "dhl",
                   "trackingNumber": "JD 1", "reason": "WEATHER", "eta": "2026-11-05T00:00:00Z"}, "2026-11-01T12:00:00Z", "Shipment Delayed")])
    settled(w, before + 1)
    assert sum(i["shipmentId"]["S"] == "OLD-1" for i in scan(w, LOG)) == 2
    for item in old:
        d.delete_item(TableName=LOG, Key={k: {"S": item[k]} for k in KEYS[LOG]})
    assert "2 states removed, 1 references removed" in rebuild(w)


# --- kill -9 ---

def killed(folder):
    """The server and its functions die in the middle of a day, three times, with a rebuild under way; after the retries every row is right."""
    day = os.path.join(folder, "day")
    w = Waybill(data=os.path.join(folder, "data"), args=["--test-clock"])
    with w:
        w.shipments()
        w.waybill("day", "--seed", "5", "--updates", "500", day)
        with open(os.path.join(day, "day.jsonl"), encoding="utf-8") as f:
            lines = [json.loads(x) for x in f]
        offer = [x for x in lines if well_formed(x["detail"])]
        path = os.path.join(folder, "offer.jsonl")
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(json.dumps(x) + "\n" for x in offer)
        assert f"{len(offer)} accepted" in w.waybill("send", path).stdout
        for part in (0.2, 0.4, 0.6):
            wait_for(lambda part=part: count(w, OUTCOMES) >= len(offer) * part, 60, 0.02)
            rebuilder = threading.Thread(target=lambda: w.waybill("shipments", "rebuild", check=False))
            rebuilder.start()
            time.sleep(0.05)
            w.kill()
            rebuilder.join()
            w.start()

        def done():
            w.page("/_waybill/clock", json.dumps({"advance_ms": 61000}).encode(), "POST")  # what was under way is tried again after a minute
            return count(w, OUTCOMES) == len(offer)
        wait_for(done, 60, 0.3)
        updates = rules.of_day(os.path.join(day, "day.jsonl"))
        shipments = compare(w, updates)
        assert json.loads(w.waybill("status", "--json").stdout)["Dead"] == 0
        assert "every row was right" in rebuild(w)
        print(f"{len(offer)} events, {shipments} shipments, three times killed")


def well_formed(text):
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


def main():
    shuffle = random.Random(os.environ.get("STATE_SEED", "1"))
    with Waybill() as w:
        r = w.waybill("shipments", "rebuild", check=False)
        assert r.returncode == 1 and "deploy the template" in r.stderr, r
        assert w.waybill("shipments", check=False).returncode == 2
        w.shipments()
        updates = orders(w, shuffle)
        updates = hot(w, updates)
        rebuilding(w, updates)
        upgraded(w)
        assert json.loads(w.waybill("status", "--json").stdout)["Dead"] == 0
        assert w.stop() == 0
    with tempfile.TemporaryDirectory(prefix="waybill-test-") as folder:
        killed(folder)


main()
