"""The rules of docs/shipments.md a second time, as plainly as they can be said: what a shipment's updates say together.

It shares nothing with the processor but the documentation: it sorts and looks, where the processor keeps marks.
"""
import hashlib
import json
from datetime import datetime, timedelta, timezone

WORDS = {
    "UNKNOWN": "unknown", "DELAYED": "delayed delay deliverydelayed", "EXCEPTION": "exception failure error attemptfail expired deliveryfailed onhold",
    "CREATED": "created pending pretransit inforeceived", "PICKED_UP": "pickedup",
    "IN_TRANSIT": "intransit transit arrived arrivedatfacility departed departedfacility", "AVAILABLE_FOR_PICKUP": "availableforpickup readyforpickup",
    "OUT_FOR_DELIVERY": "outfordelivery", "DELIVERED": "delivered", "RETURNED": "returned returntosender returnedtosender",
    "CANCELLED": "cancelled canceled voided"}
STATUS = {word: status for status, words in WORDS.items() for word in words.split()}
RANK = {s: n for n, s in enumerate(["UNKNOWN", "DELAYED", "EXCEPTION", "CREATED", "PICKED_UP", "IN_TRANSIT", "AVAILABLE_FOR_PICKUP", "OUT_FOR_DELIVERY",
                                    "DELIVERED", "RETURNED", "CANCELLED"])}
MOVING = ("CREATED", "PICKED_UP", "IN_TRANSIT", "AVAILABLE_FOR_PICKUP", "OUT_FOR_DELIVERY")
ENDS = ("DELIVERED", "RETURNED", "CANCELLED")
CLEARING = ("PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED")


def when(text):
    """An instant, or None. Without a zone it is UTC, as the processor assumes; a day alone ends with it."""
    if not isinstance(text, str):
        return None
    text = text.strip()
    if len(text) == 10:
        text += "T23:59:59.999Z"
    try:
        t = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    t = t if t.tzinfo else t.replace(tzinfo=timezone.utc)
    return t.astimezone(timezone.utc).replace(microsecond=t.microsecond // 1000 * 1000)


def stamp(t):
    return t.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (t.microsecond // 1000)


def digest(parts):
    return hashlib.sha256(b"".join(b"%d:%s" % (len(p), p) for p in (x.encode() for x in parts))).hexdigest()


class Update:
    """A detail with the time of its event; .valid is false for one that is refused."""

    def __init__(self, detail, received, detail_type="Shipment Update"):
        text = {}
        self.valid = isinstance(detail, dict)
        for name in ("shipmentId", "status", "location", "carrier", "trackingNumber", "reason", "eta", "classifier") if self.valid else ():
            v = detail.get(name)
            needed = name == "shipmentId" or (name == "status" and name in detail)
            self.valid &= isinstance(v, str) or (v is None and not needed)
            text[name] = v.strip() if isinstance(v, str) else ""
            self.valid &= bool(text[name]) or not needed
        if not self.valid:
            return
        self.shipment, self.place, self.number = text["shipmentId"], text["location"], text["trackingNumber"]
        self.word = text["status"] if "status" in detail else "UNKNOWN"
        self.carrier, self.reason, self.eta = text["carrier"].upper(), text["reason"], text["eta"]
        self.received = when(received).replace(microsecond=0)  # the bus tells seconds
        given = detail.get("timestamp", stamp(self.received))
        self.time = when(given) if isinstance(given, str) and len(given) > 10 else None
        self.valid = self.time is not None
        if not self.valid:
            return
        self.status = STATUS.get("".join(c for c in self.word if c.isascii() and c.isalnum()).lower(), "UNKNOWN")
        forecast = text["classifier"].upper()
        self.forecast = forecast if forecast in ("EST", "PLN") else ""
        self.retracts = detail.get("retracted") is True
        told_late = detail_type == "Shipment Delayed" and self.word != "DELAYED"
        self.delay = detail_type == "Shipment Delayed" or self.status == "DELAYED"
        self.core = digest([self.shipment, self.carrier, self.number, stamp(self.time), self.word, self.place])
        more = [self.reason, self.eta, self.forecast, "D" if told_late else "", "R" if self.retracts else ""]
        self.identity = digest([self.core, *more]) if any(more) else self.core

    @property
    def ahead(self):
        return self.time > self.received + timedelta(minutes=10)

    @property
    def order(self):
        return (stamp(self.received if self.ahead or self.forecast else self.time), RANK[self.status], self.identity[:16])

    @property
    def estimate(self):
        return self.eta or (stamp(self.time) if self.forecast and self.status == "DELIVERED" else "")


def reference(number):
    return "".join(c.upper() if c.isascii() else c for c in number if not c.isascii() or c.isalnum())


def state(updates):
    """The row of one shipment: {attribute: value} without those that only the processor needs."""
    once = {}
    for u in updates:
        if u.valid and (u.identity not in once or u.received < once[u.identity].received):
            once[u.identity] = u
    back = {u.core for u in once.values() if u.retracts}
    standing = sorted((u for u in once.values() if not u.retracts and u.core not in back), key=lambda u: u.order)
    seen = [u for u in standing if not u.forecast]
    ends = [u for u in seen if u.status in ENDS]
    moves = [u for u in seen if u.status in MOVING]
    delays = [u for u in seen if u.delay]
    troubles = [u for u in seen if u.status == "EXCEPTION"]
    clearing = [u for u in seen if u.status in CLEARING]
    row = {"shipmentId": next(iter(once.values())).shipment, "kind": "shipment"}
    deciding, status = None, "UNKNOWN"
    if ends:
        deciding = ends[0]
        if deciding.status == "DELIVERED":
            deciding = next((u for u in ends if u.status == "RETURNED"), deciding)
        status = deciding.status
    elif moves:
        deciding, status = moves[-1], moves[-1].status
    elif delays or troubles:
        deciding = max(delays[-1:] + troubles[-1:], key=lambda u: u.order)
        status = "DELAYED" if delays and deciding is delays[-1] else "EXCEPTION"
    elif seen:
        deciding = seen[-1]
    row["status"] = status
    if deciding:
        row["statusAt"] = deciding.order[0]
        if status not in ("DELAYED", "EXCEPTION"):
            row["rawStatus"] = deciding.word
    if seen:
        row["lastEventAt"] = seen[-1].order[0]
    counted = standing + [u for u in once.values() if u.retracts]
    row["lastReceivedAt"] = stamp(max(u.received for u in counted))
    for name, of in (("location", "place"), ("carrier", "carrier"), ("trackingNumber", "number")):
        row[name] = next((getattr(u, of) for u in reversed(seen) if getattr(u, of)), "")
    estimates = [u for u in standing if u.estimate]
    promises = [u for u in estimates if not u.delay and when(u.estimate)]
    row["eta"] = estimates[-1].estimate if estimates else ""
    row["promisedEta"] = promises[0].estimate if promises else ""
    if delays and status not in ENDS:
        made_good = promises and promises[0].order < delays[-1].order < estimates[-1].order and \
            when(row["eta"]) and when(row["eta"]) <= when(row["promisedEta"])
        if not made_good:
            row["delayed"] = True
            row["delayReason"] = delays[-1].reason
    if troubles and not (clearing and clearing[-1].order > troubles[-1].order):
        row["exception"] = True
        row["exceptionReason"] = troubles[-1].reason
    if status not in ENDS:
        row["attention"] = "+".join(f for f in ("DELAYED", "EXCEPTION") if row.get(f.lower()))
    if any(u.ahead for u in seen):
        row["clockSuspect"] = True
    if back:
        row["withdrawn"] = True
    row["trackingNumbers"] = sorted(reference(u.number).encode() for u in once.values())
    row["trackingNumbers"] = [n.decode() for n in sorted(set(row["trackingNumbers"])) if n][:32]
    return {k: v for k, v in row.items() if v not in ("", [])}


def states(updates):
    """{shipment: row} of all of them."""
    of = {}
    for u in updates:
        if u.valid:
            of.setdefault(u.shipment, []).append(u)
    return {shipment: state(us) for shipment, us in of.items()}


def references(updates):
    return {(reference(u.number), u.shipment) for u in updates if u.valid and reference(u.number)}


def of_day(path):
    """The updates of day.jsonl: what the bus takes, refused ones too."""
    out = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            m = json.loads(line)
            try:
                out.append(Update(json.loads(m["detail"]), m["time"], m["detail-type"]))
            except ValueError:
                pass  # the bus refuses it
    return out
