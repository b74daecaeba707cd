"""What fails for good: tried again after 60 and 120 s by the engine's clock, then a dead row, which people list, look at, retry or discard."""
import io
import json
import re
import zipfile

from waybill_server import Waybill, wait_for

ROLE = "arn:aws:iam::000000000000:role/worker"
FAILING = "import boto3, json\ndef handler(e, c):\n    print('tried')\n    raise ValueError('no luck with ' + str(e.get('n')))"
# Notes in a table what came, so that every success can be counted.
WORKING = """
import boto3, json
table = boto3.resource('dynamodb').Table('seen')
def handler(e, c):
    n = e.get('n') or e['detail']['n']
    table.update_item(Key={'k': str(n)}, UpdateExpression='ADD times :one', ExpressionAttributeValues={':one': 1})
"""


def package(source):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        z.writestr("index.py", source)
    return b.getvalue()


def make(w, name, source):
    return w.client("lambda").create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, MemorySize=256, Timeout=20,
                                              Code={"ZipFile": package(source)})["FunctionArn"]


def status(w):
    return json.loads(w.waybill("status", "--json").stdout)


def advance(w, ms):
    w.page("/_waybill/clock", json.dumps({"advance_ms": ms}).encode(), "POST")


def attempts(w):
    s = status(w)
    return s["Queued"], s["Failed"], s["Dead"]


def quiet(w):
    return wait_for(lambda: (lambda s: s if s["Running"] == 0 else None)(status(w)))


def seen(w):
    return {i["k"]["S"]: int(i["times"]["N"]) for i in w.client("dynamodb").scan(TableName="seen", ConsistentRead=True)["Items"]}


def schedule(w):
    """Nothing happens before 60 s and before further 120 s."""
    make(w, "fails", FAILING)
    w.client("lambda").invoke(FunctionName="fails", InvocationType="Event", Payload=b'{"n": 1}')
    wait_for(lambda: attempts(w) == (1, 1, 0))  # the first attempt failed
    sequence = []
    for ms in (55000, 8000, 110000, 13000):
        advance(w, ms)
        before = status(w)["Sequence"]
        if ms in (8000, 13000):
            wait_for(lambda: status(w)["Sequence"] > before)
        quiet(w)
        sequence.append(attempts(w))
    assert sequence[:3] == [(1, 1, 0)] * 3, sequence
    wait_for(lambda: attempts(w) == (0, 0, 1))


def look(w):
    listed = w.waybill("dead", "list").stdout
    m = re.fullmatch(r"(\d+) +(\d{4}-\d\d-\d\dT[\d:]+Z)  FunctionError +3 attempts  (\S+)  (.+)\n", listed)
    assert m and m[3].endswith(":function:fails") and "no luck with 1" in m[4], listed
    shown = dict(re.findall(r"^(\w+) +(.*)$", w.waybill("dead", "show", m[1]).stdout, re.M))
    assert shown["Id"] == m[1] and json.loads(shown["Payload"]) == {"n": 1} and shown["Attempts"] == "3" and shown["Code"] == "FunctionError", shown
    assert 180 <= float(shown["DiedAt"]) - float(shown["FirstAt"]) < 200, shown
    for args in (["show", "999999999"], ["retry", "999999999"], ["discard", "999999999"], ["show", "nonsense"]):
        r = w.waybill("dead", *args, check=False)
        assert r.returncode == 1 and ("no such dead row" in r.stderr or "nonsense" in args), (args, r)
    return m[1]


def retried(w, row):
    """Once more with the function mended: then it is as if it had gone well at once."""
    w.client("lambda").update_function_code(FunctionName="fails", ZipFile=package(WORKING))
    assert w.waybill("dead", "retry", row).stdout == "1 queued again\n"
    wait_for(lambda: seen(w) == {"1": 1})
    quiet(w)
    assert attempts(w) == (0, 0, 0) and w.waybill("dead", "list").stdout == "No dead rows.\n"
    assert w.waybill("dead", "retry", row, check=False).returncode == 1


def event_path(w):
    """A rule's function is gone: its events are not dropped, as AWS would, and come to it when it is back."""
    events, functions = w.client("events"), w.client("lambda")
    arn = make(w, "gone", WORKING)
    events.create_event_bus(Name="orders")
    rule = events.put_rule(Name="all", EventBusName="orders", EventPattern='{"source":["shop"]}')["RuleArn"]
    events.put_targets(Rule="all", EventBusName="orders", Targets=[{"Id": "1", "Arn": arn}])
    put = lambda n: events.put_events(Entries=[{"EventBusName": "orders", "Source": "shop", "DetailType": "Order", "Detail": json.dumps({"n": i})} for i in n])
    put([10])  # nobody allowed the bus
    wait_for(lambda: status(w)["Dead"] == 1)
    functions.delete_function(FunctionName="gone")
    put(range(11, 16))
    wait_for(lambda: status(w)["Dead"] == 6)
    listed = w.waybill("dead", "list").stdout
    assert "NO_PERMISSIONS" in listed and listed.count("gone") >= 6, listed
    row = [line.split()[0] for line in listed.splitlines() if "NO_PERMISSIONS" not in line][0]
    shown = w.waybill("dead", "show", row).stdout
    assert '"source":"shop"' in shown.replace(" ", "").replace("\\", ""), shown
    make(w, "gone", WORKING)
    functions.add_permission(FunctionName="gone", StatementId="bus", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule)
    target = re.search(r"attempts  (\S*gone\S*|\S*rule\S*)  ", listed)[1]
    discarded = [line.split()[0] for line in listed.splitlines()][0]
    assert w.waybill("dead", "discard", discarded).stdout == "1 discarded\n"
    listed = w.waybill("dead", "list", "--target", target).stdout
    assert len(listed.splitlines()) == 5, listed
    assert w.waybill("dead", "retry", "--target", target).stdout.startswith("5 queued again")
    wait_for(lambda: len(seen(w)) == 6)
    quiet(w)
    assert set(seen(w).values()) == {1} and status(w)["Dead"] == 0
    return target


def until_dead(w, count):
    """Lets the time of retries pass until all of them are given up."""
    def given_up():
        s = status(w)
        if s["Dead"] < count and s["Queued"] == s["Failed"] and s["Running"] == 0:
            advance(w, 121000)
        return s["Dead"] == count
    wait_for(given_up, 60)


def many(w):
    """More than one page of them, and all at once."""
    w.client("lambda").update_function_code(FunctionName="fails", ZipFile=package(FAILING))
    for n in range(130):
        w.client("lambda").invoke(FunctionName="fails", InvocationType="Event", Payload=b'{"n": %d}' % (1000 + n))
    until_dead(w, 130)
    assert len(w.waybill("dead", "list").stdout.splitlines()) == 130
    w.stop()
    w.start()
    assert status(w)["Dead"] == 130
    assert "discarded" in w.waybill("dead", "discard", "--all").stdout
    wait_for(lambda: status(w)["Dead"] == 0)
    assert seen(w) and w.waybill("dead", "list").stdout == "No dead rows.\n"


def expiry(w):
    """Two weeks, then it is gone."""
    w.client("lambda").invoke(FunctionName="fails", InvocationType="Event", Payload=b'{"n": 1}')
    until_dead(w, 1)
    advance(w, 13 * 86400000)
    quiet(w)
    assert status(w)["Dead"] == 1
    advance(w, 86400000 + 60000)
    wait_for(lambda: status(w)["Dead"] == 0, 10)


def main():
    with Waybill(args=["--test-clock"]) as w:
        w.role("worker", {"Effect": "Allow", "Action": ["dynamodb:*", "sns:Publish"], "Resource": "*"})
        w.client("dynamodb").create_table(TableName="seen", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                                          AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
        schedule(w)
        retried(w, look(w))
        event_path(w)
        many(w)
        expiry(w)
        assert w.stop() == 0


main()
