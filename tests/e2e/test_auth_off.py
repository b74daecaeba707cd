"""--auth off: said loudly, closed to foreign web pages, and the reset that test suites use. With auth on there is no reset."""
import http.client
import json
import os

from waybill_server import Waybill, wait_for

WHO = "Action=GetCallerIdentity&Version=2011-06-15"


def ask(w, method="POST", path="/", body=WHO, host=None, **headers):
    """A bare request, with exactly these headers."""
    c = http.client.HTTPConnection("127.0.0.1", w.port, timeout=20)
    c.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": host or f"127.0.0.1:{w.port}", "Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body)),
                        **{n.replace("_", "-"): v for n, v in headers.items()}}.items():
        c.putheader(name, value)
    c.endheaders(body.encode())
    r = c.getresponse()
    text = r.read().decode()
    c.close()
    return r.status, text


def hosts(w):
    for host in (f"127.0.0.1:{w.port}", "127.0.0.1", f"localhost:{w.port}", "localhost", f"[::1]:{w.port}", "192.168.1.7", "waybill.example.test:8080",
                 "waybill.example.test:8080".upper()):
        assert ask(w, host=host)[0] == 200, host
    for host in ("evil.example", f"evil.example:{w.port}", "127.0.0.1.evil.example", "localhost.evil.example", "waybill.example.test.evil", "a.127.0.0.1", "0x7f.1"):
        status, text = ask(w, host=host)
        assert status == 403 and "--auth off" in text, (host, status, text)


def origins(w):
    for host in (f"127.0.0.1:{w.port}", f"localhost:{w.port}", "waybill.example.test:8080"):
        assert ask(w, host=host, Origin=f"http://{host}")[0] == 200, host
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{w.port + 1}", "http://127.0.0.1.evil.example", "file://", "http://localhost.evil.example:80", ""):
        status, text = ask(w, Origin=origin)
        assert status == 403, (origin, status, text)
        status, text = ask(w, path="/_waybill/reset", body="", Origin=origin)
        assert status == 403, (origin, status, text)
    for site in ("cross-site", "same-site"):
        assert ask(w, "GET", "/?" + WHO, "", Sec_Fetch_Site=site)[0] == 403, site
        assert ask(w, "GET", "/_waybill/health", "", Sec_Fetch_Site=site)[0] == 200, site
    for site in ("same-origin", "none"):
        assert ask(w, "GET", "/?" + WHO, "", Sec_Fetch_Site=site)[0] == 200, site
    assert "Access-Control" not in ask(w, "OPTIONS", body="", Origin="https://evil.example", Access_Control_Request_Method="POST")[1]


def reset(w):
    """Empties everything; what worked on an empty server works again, with nothing left of before."""
    def fill():
        ddb, sns, events, functions = (w.client(s) for s in ("dynamodb", "sns", "events", "lambda"))
        ddb.create_table(TableName="things", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                         AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
        for i in range(30):
            ddb.put_item(TableName="things", Item={"k": {"S": str(i)}})
        w.shipments()
        sns.create_topic(Name="x")
        events.create_event_bus(Name="b")
        r = events.put_rule(Name="r", EventBusName="b", EventPattern='{"source":["a"]}')["RuleArn"]
        events.put_targets(Rule="r", EventBusName="b", Targets=[{"Id": "1", "Arn": "arn:aws:lambda:us-east-1:000000000000:function:none"}])
        events.put_events(Entries=[{"EventBusName": "b", "Source": "a", "DetailType": "d", "Detail": "{}"}])
        wait_for(lambda: json.loads(w.waybill("status", "--json").stdout)["Dead"] == 1)
        assert len(functions.list_functions()["Functions"]) == 1
        w.user("somebody")

    for _ in range(2):
        fill()
        status, text = ask(w, path="/_waybill/reset", body="")
        assert (status, text) == (200, "{}\n"), (status, text)
        assert w.client("dynamodb").list_tables()["TableNames"] == []
        assert w.client("sns").list_topics()["Topics"] == []
        assert w.client("lambda").list_functions()["Functions"] == []
        assert w.client("iam").list_users()["Users"] == []
        assert [b["Name"] for b in w.client("events").list_event_buses()["EventBuses"]] == ["default"]
        s = json.loads(w.waybill("status", "--json").stdout)
        assert s["Queued"] == s["Dead"] == 0 and s["Jobs"] == [], s
    # The stack works on what a reset left, also after a start.
    w.shipments()
    assert w.stop() == 0
    w.start()
    send = os.path.join(w.data, "line.jsonl")
    with open(send, "w") as f:
        f.write('{"shipmentId":"SHIP-1","status":"IN_TRANSIT","timestamp":"2026-11-22T12:00:00Z"}\n')
    w.waybill("send", send)
    wait_for(lambda: w.waybill("shipment", "SHIP-1", check=False).returncode == 0)
    assert ask(w, "GET", "/_waybill/reset", "")[0] in (404, 405)


def main():
    with Waybill(args=["--auth", "off", "--public-url", "http://waybill.example.test:8080"]) as w:
        wait_for(lambda: "WARNING: --auth off" in w.log_text())  # said when it is ready, not before
        hosts(w)
        origins(w)
    with Waybill(args=["--auth", "off"]) as w:
        reset(w)
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout
    with Waybill() as w:
        assert "WARNING" not in w.log_text()
        assert ask(w, path="/_waybill/reset", body="")[0] == 404
        assert ask(w, path="/_waybill/clock", body='{"advance_ms":1}')[0] == 404
        assert ask(w)[0] == 403
        assert ask(w, "GET", "/_waybill/health", "")[0] == 200
        assert w.client("sts").get_caller_identity()["Account"] == "000000000000"


main()
