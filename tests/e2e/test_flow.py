"""The main job, as ./run does it: set up, replay a day, hold it against its truth; again; then look around as a user would."""
import glob
import json
import os
import re
import tempfile

from waybill_server import Waybill

UPDATES = os.environ.get("FLOW_UPDATES", "2000")


def replay(w, day):
    r = w.waybill("replay", "--seconds", "4", "--outbox", os.path.join(w.data, "outbox"), day, check=False)
    print(r.stdout, r.stderr)
    assert r.returncode == 0, "the replay missed its truth"
    assert "All as it should be." in r.stdout


def rows(w, table):
    pages = w.client("dynamodb").get_paginator("scan").paginate(TableName=table, Select="COUNT")
    return sum(page["Count"] for page in pages)


def main():
    with Waybill() as w, tempfile.TemporaryDirectory() as tmp:
        outbox = os.path.join(w.data, "outbox")
        print(w.shipments("ops@example.test"))
        day = os.path.join(tmp, "day")
        w.waybill("day", "--updates", UPDATES, day)
        truth = json.load(open(os.path.join(day, "truth.json")))
        replay(w, day)
        log = "shipment-logs-us-east-1-dev"
        stored = rows(w, log)
        assert stored == truth["stored"], (stored, truth["stored"])

        # The second time nothing is added, neither to the stack nor to the log.
        w.shipments("ops@example.test")
        functions = w.client("lambda").list_functions()["Functions"]
        assert len(functions) == 1 and len(w.client("sns").list_subscriptions()["Subscriptions"]) == 1
        replay(w, day)
        assert rows(w, log) == stored

        # One update by hand, its timeline, its twin at the same instant.
        lines = [{"shipmentId": "SHIP-1", "status": s, "location": "Dallas, TX", "carrier": "FedEx", "trackingNumber": "1",
                  "timestamp": "2026-11-22T12:00:00Z"} for s in ("IN_TRANSIT", "ARRIVED")]
        path = os.path.join(tmp, "lines.jsonl")
        with open(path, "w") as f:
            f.writelines(json.dumps(x) + "\n" for x in lines)
        assert "2 accepted, 0 refused" in w.waybill("send", path).stdout
        from waybill_server import wait_for
        timeline = wait_for(lambda: (lambda t: t if t.count("\n") == 3 else None)(w.waybill("shipment", "SHIP-1", check=False).stdout))
        assert timeline.startswith("SHIP-1: IN_TRANSIT since 2026-11-22T12:00:00.000Z, Dallas, TX\n"), timeline
        # The reference is written with the outcome, after the state.
        assert wait_for(lambda: w.waybill("shipment", "-1-", check=False).stdout) == timeline
        assert re.search(r"2026-11-22T12:00:00\.000Z ", timeline) and re.search(r"2026-11-22T12:00:00\.000Z#[0-9a-f]{8} ", timeline), timeline
        assert w.waybill("shipment", "NOBODY", check=False).returncode == 1

        # Bad lines are refused one by one.
        with open(path, "w") as f:
            f.write('{"shipmentId":"SHIP-2"}\n{broken\n[]\n')
        r = w.waybill("send", path, check=False)
        assert r.returncode == 1 and "1 accepted, 2 refused" in r.stdout and "line 2" in r.stderr, (r.stdout, r.stderr)

        # The original's index works on it.
        q = w.client("dynamodb").query(TableName=log, IndexName="StatusIndex", KeyConditionExpression="#s = :s",
                                       ExpressionAttributeNames={"#s": "status"}, ExpressionAttributeValues={":s": {"S": "DELAYED"}})
        assert q["Count"] == truth["delayed"], (q["Count"], truth["delayed"])
        item = q["Items"][0]
        for name in ("shipmentId", "timestamp", "status", "eventType", "eventSource", "eventId", "location", "carrier", "trackingNumber", "rawEvent",
                     "processedAt"):
            assert name in item, name

        # A delay mail says what people need.
        mails = [open(p).read() for p in glob.glob(os.path.join(outbox, "*.eml"))]
        delay = [m for m in mails if "Subject: Shipment delayed" in m]
        assert len(delay) == truth["delayMails"], (len(delay), truth["delayMails"])
        assert "Reason" in delay[0] and "New estimate" in delay[0] and "unsubscribe" in delay[0]

        # The log of the function never holds a whole event: no place name of any update is in the server's log either.
        assert "rawEvent" not in w.log_text()

        # A backup taken while it runs is whole, and serves.
        backup = os.path.join(tmp, "backup")
        print(w.waybill("backup", backup).stdout)
        status = json.loads(w.waybill("status", "--json").stdout)
        assert status["Dead"] == 0, status
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout
        restored = os.path.join(tmp, "restored")
        w.waybill("restore", backup, "--data", restored, "--key", os.path.join(w.data, "key"))
        with Waybill(data=restored) as w2:
            assert rows(w2, log) == stored + 3
            assert w2.stop() == 0
        assert "all well" in w.waybill("check", "--data", restored).stdout


main()
