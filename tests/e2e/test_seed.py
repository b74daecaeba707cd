"""The original Python handler, byte for byte, on the stack it was written for: its items, its index, its failure mail, and that its 500 is a success."""
import email
import email.policy
import glob
import json
import os
import re
from datetime import datetime

from original_stack import OriginalStack, need_handler
from waybill_server import Waybill, wait_for

DETAIL = {"shipmentId": "SHIP-12345", "status": "IN_TRANSIT", "location": "Düsseldorf, DE", "carrier": "FedEx", "trackingNumber": "1234567890",
          "timestamp": "2025-10-17T12:00:00Z"}


def put(w, s, detail, detail_type="Shipment Update", source="logistics.shipments"):
    r = w.client("events").put_events(Entries=[{"EventBusName": s.bus, "Source": source, "DetailType": detail_type, "Detail": json.dumps(detail)}])
    assert r["FailedEntryCount"] == 0, r
    return r["Entries"][0]["EventId"]


def items(w, s, shipment):
    return w.client("dynamodb").query(TableName=s.table, KeyConditionExpression="shipmentId = :s",
                                      ExpressionAttributeValues={":s": {"S": shipment}})["Items"]


def mails(w, subject):
    found = []
    for path in sorted(glob.glob(os.path.join(w.data, "outbox", "*.eml"))):
        with open(path, "rb") as f:
            m = email.message_from_binary_file(f, policy=email.policy.default)
        if subject in m["Subject"]:
            found.append(m)
    return found


def confirm(w):
    m = wait_for(lambda: mails(w, "Subscription Confirmation"))[0]
    link = re.search(r"http://\S*/_waybill/confirm-subscription\?\S+", m.get_content())[0]
    assert "confirmed" in w.page(link[len(w.url):])


def settled(w, s):
    status = json.loads(w.waybill("status", "--json").stdout)
    return status["Running"] == 0 and not [q for q in status["Queues"] if s.function in q["Target"] or q["Target"].startswith("mailto:")] and status


def good_events(w, s):
    event_id = put(w, s, DETAIL)
    item = wait_for(lambda: items(w, s, "SHIP-12345"))[0]
    processed = item.pop("processedAt")["S"]
    datetime.fromisoformat(processed)
    raw = item.pop("rawEvent")["S"]
    assert json.loads(raw) == DETAIL
    assert item == {k: {"S": v} for k, v in {**DETAIL, "eventType": "Shipment Update", "eventSource": "logistics.shipments", "eventId": event_id}.items()}, item
    # What the handler fills in when it is missing; the other detail types of the rule; an event of another kind.
    put(w, s, {"shipmentId": "SHIP-BARE"}, "Shipment Created")
    put(w, s, {"shipmentId": "SHIP-NOT"}, "Shipment Lost")
    put(w, s, {"shipmentId": "SHIP-NOT"}, source="logistics.other")
    put(w, s, {**DETAIL, "shipmentId": "SHIP-LATE", "status": "DELAYED", "timestamp": "2025-10-18T12:00:00Z"}, "Shipment Delayed")
    bare = wait_for(lambda: items(w, s, "SHIP-BARE"))[0]
    assert bare["status"] == {"S": "UNKNOWN"} and bare["location"] == {"S": ""} and bare["eventType"] == {"S": "Shipment Created"}, bare
    datetime.fromisoformat(bare["timestamp"]["S"])
    wait_for(lambda: items(w, s, "SHIP-LATE"))
    wait_for(lambda: settled(w, s))
    assert items(w, s, "SHIP-NOT") == []


def status_index(w, s):
    def query(status, **more):
        return w.client("dynamodb").query(TableName=s.table, IndexName="StatusIndex", KeyConditionExpression="#s = :s and #t >= :t",
                                          ExpressionAttributeNames={"#s": "status", "#t": "timestamp"},
                                          ExpressionAttributeValues={":s": {"S": status}, ":t": {"S": "2025-10-17"}}, **more)["Items"]
    assert [i["shipmentId"]["S"] for i in query("DELAYED")] == ["SHIP-LATE"]
    put(w, s, {**DETAIL, "timestamp": "2025-10-17T18:00:00Z"})
    wait_for(lambda: len(query("IN_TRANSIT")) == 2)
    assert [i["timestamp"]["S"] for i in query("IN_TRANSIT", ScanIndexForward=False)] == ["2025-10-17T18:00:00Z", "2025-10-17T12:00:00Z"]
    # The same key again, with another status: the item moves in the index.
    put(w, s, {**DETAIL, "status": "DELIVERED"})
    wait_for(lambda: query("DELIVERED"))
    assert len(query("IN_TRANSIT")) == 1


def failure(w, s):
    """Without a shipmentId: one mail with what it says, a 500 that is a successful invocation, so nothing is tried again."""
    event_id = put(w, s, {"status": "IN_TRANSIT", "location": "nowhere"})
    m = wait_for(lambda: mails(w, "Shipment Processing Failed"))[0]
    assert m["To"] == "ops@example.test" and "Shipment Processing Alerts" in m["From"], (m["To"], m["From"])
    text = m.get_content()
    assert "Error: Missing required field: shipmentId" in text and event_id in text and '"location": "nowhere"' in text, text
    assert re.search(r"^Time: \d{4}-", text, re.M) and "unsubscribe" in text, text
    wait_for(lambda: settled(w, s))
    for ms in (61000, 121000, 3600000):
        w.page("/_waybill/clock", json.dumps({"advance_ms": ms}).encode(), "POST")
        wait_for(lambda: settled(w, s))
    status = settled(w, s)
    assert status["Dead"] == 0 and status["Failed"] == 0, status
    assert len(mails(w, "Shipment Processing Failed")) == 1
    r = w.client("lambda").invoke(FunctionName=s.function, Payload=json.dumps({"detail": {}}).encode())
    answer = json.loads(r["Payload"].read())
    assert "FunctionError" not in r and answer["statusCode"] == 500, (r, answer)
    assert json.loads(answer["body"]) == {"message": "Error processing shipment event: Missing required field: shipmentId"}, answer
    wait_for(lambda: len(mails(w, "Shipment Processing Failed")) == 2)


def main():
    need_handler()
    with Waybill(args=["--test-clock"]) as w:
        s = OriginalStack(w)
        confirm(w)
        good_events(w, s)
        status_index(w, s)
        failure(w, s)
        assert w.stop() == 0


main()
