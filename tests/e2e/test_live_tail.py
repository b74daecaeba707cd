"""StartLiveTail: lines as they are committed, from all that write them; filters, sampling, slow and gone clients, limits, refusals, the end."""
import json
import os
import time

import signer
from live_tail import ARN, Refused, live, make, now, put
from waybill_server import Waybill, allow, policy, wait_for

ACCOUNT = "000000000000"


def lines(session, count):
    """The next so many results."""
    found = []
    for kind, payload in session.events():
        assert kind == "sessionUpdate", (kind, payload)
        found += payload["sessionResults"]
        if len(found) >= count:
            break
    assert len(found) == count, found
    return found


def messages(session, count):
    return [r["message"] for r in lines(session, count)]


def quiet(session):
    """The next update holds nothing."""
    kind, payload = next(session.events())
    assert kind == "sessionUpdate" and payload == {"sessionMetadata": {"sampled": False}, "sessionResults": []}, payload


def in_order(w):
    arn = make(w, "/app/one", "a", "b")
    put(w, "/app/one", "a", "before")
    with live(w, [arn]) as s, live(w, [arn], logStreamNames=["b", "later"]) as only_b, live(w, [arn], logStreamNamePrefixes=["a", "x"]) as prefix, \
            live(w, [arn], version="HTTP/1.0") as old:
        kind, start = s.begun()
        assert kind == "sessionStart" and start["logGroupIdentifiers"] == [arn] and start["logStreamNames"] == [], start
        assert start["logEventFilterPattern"] == "" and len(start["sessionId"]) == 36, start
        assert only_b.begun()[1]["logStreamNames"] == ["b", "later"]
        assert prefix.begun()[1]["logStreamNamePrefixes"] == ["a", "x"]
        old.begun()
        at = now()
        put(w, "/app/one", "a", "one", "two \"quoted\" \u00fc \u2028")
        put(w, "/app/one", "b", "three")
        put(w, "/app/one", "a", "four")
        found = lines(s, 4)
        assert [r["message"] for r in found] == ["one", "two \"quoted\" \u00fc \u2028", "three", "four"]
        assert [r["logStreamName"] for r in found] == ["a", "a", "b", "a"]
        assert all(r["logGroupIdentifier"] == f"{ACCOUNT}:/app/one" for r in found)
        assert all(abs(r["timestamp"] - at) < 60000 and r["timestamp"] <= r["ingestionTime"] for r in found)
        assert messages(only_b, 1) == ["three"]
        assert messages(prefix, 3) == ["one", "two \"quoted\" \u00fc \u2028", "four"]
        assert messages(old, 4)[0] == "one"
        quiet(s)
        w.client("logs").delete_log_group(logGroupName="/app/one")
        make(w, "/app/one", "a")
        put(w, "/app/one", "a", "of the new one")
        assert messages(s, 1) == ["of the new one"]


def filtered(w):
    arn, two = make(w, "/app/json", "s"), make(w, "/app/words", "s")
    with live(w, [arn, two], logEventFilterPattern="{ $.level = \"error\" }") as json_only, live(w, [arn, two], logEventFilterPattern="ERROR -debug") as terms:
        assert json_only.begun()[1]["logEventFilterPattern"] == "{ $.level = \"error\" }"
        terms.begun()
        put(w, "/app/json", "s", '{"level":"info"}', '{"level":"error","n":1}', "ERROR")
        put(w, "/app/words", "s", "ERROR debug", "an ERROR", '{"level":"error","n":2}')
        assert messages(json_only, 2) == ['{"level":"error","n":1}', '{"level":"error","n":2}']
        found = lines(terms, 2)
        assert [(r["logGroupIdentifier"], r["message"]) for r in found] == [(f"{ACCOUNT}:/app/json", "ERROR"), (f"{ACCOUNT}:/app/words", "an ERROR")]
        quiet(json_only)
        quiet(terms)


def refusals(w):
    arn = ARN + "/app/one"
    for code, args in (("ResourceNotFoundException", {"groups": [ARN + "/no"]}),
                       ("AccessDeniedException", {"groups": [arn.replace(ACCOUNT, "111111111111")]}),
                       ("ResourceNotFoundException", {"groups": [arn.replace("us-east-1", "eu-west-1")]}),
                       ("InvalidParameterException", {"groups": ["/app/one"]}),
                       ("InvalidParameterException", {"groups": [arn + ":*"]}),
                       ("InvalidParameterException", {"groups": []}),
                       ("InvalidParameterException", {"groups": [arn] * 11}),
                       ("InvalidParameterException", {"groups": [arn], "logEventFilterPattern": "{ $.a = "}),
                       ("InvalidParameterException", {"groups": [arn, ARN + "/app/json"], "logStreamNames": ["a"]}),
                       ("InvalidParameterException", {"groups": [arn, ARN + "/app/json"], "logStreamNamePrefixes": ["a"]}),
                       ("InvalidParameterException", {"groups": [arn], "logStreamNames": ["a"], "logStreamNamePrefixes": ["a"]}),
                       ("InvalidParameterException", {"groups": [arn], "logStreamNames": []})):
        try:
            live(w, **args)
        except Refused as e:
            assert e.status == 400 and e.code == code, (e, args)
        else:
            raise AssertionError(args)


def denied(w):
    """logs:StartLiveTail on every one of the groups."""
    one, two = ARN + "/app/one", ARN + "/app/json"
    iam = w.client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=policy(allow("logs:StartLiveTail", one + ":*")))
    key = signer.Key.of(iam.create_access_key(UserName="reader")["AccessKey"])
    with live(w, [one], key=key) as s:
        s.begun()
    for groups in ([two], [one, two]):
        try:
            live(w, groups, key=key)
        except Refused as e:
            assert e.code == "AccessDeniedException" and "logs:StartLiveTail" in str(e.answer) and two in str(e.answer), e
        else:
            raise AssertionError(groups)


def limit(w):
    """Fifteen sessions of an account; one that goes makes room."""
    arn = ARN + "/app/one"
    wait_for(lambda: free(w, arn))
    held = []
    try:
        for _ in range(15):
            held.append(live(w, [arn]))
            held[-1].begun()
        try:
            live(w, [arn])
        except Refused as e:
            assert e.status == 400 and e.code == "LimitExceededException", e
        else:
            raise AssertionError("sixteen sessions")
        held.pop().close()
        wait_for(lambda: free(w, arn))
    finally:
        for s in held:
            s.close()


def free(w, arn):
    """Room for a session?"""
    try:
        live(w, [arn]).close()
        return True
    except Refused as e:
        assert e.code == "LimitExceededException", e
        return False


def memory(w):
    with open(f"/proc/{w.process.pid}/status", encoding="ascii") as f:
        return int(next(line for line in f if line.startswith("RssAnon")).split()[1]) << 10


def flood(w):
    """More than 500 lines in a second are sampled; who does not read costs a bounded amount of memory, and finds out."""
    arn = make(w, "/flood", "s")
    with live(w, [arn]) as s:
        s.begun()
        put(w, "/flood", "s", *(f"line {i}" for i in range(3000)))
        kind, payload = next(e for e in s.events() if e[1]["sessionResults"])
        got = [r["message"] for r in payload["sessionResults"]]
        assert kind == "sessionUpdate" and payload["sessionMetadata"]["sampled"] and got == [f"line {i}" for i in range(500)], len(got)
        put(w, "/flood", "s", "after")
        assert next(e[1]["sessionResults"][-1]["message"] for e in s.events() if e[1]["sessionResults"]) == "after"
    logs, text = w.client("logs"), os.urandom(3000).hex()
    with live(w, [arn], receive_buffer=4096) as slow:
        slow.begun()
        before = memory(w)
        for i in range(60):
            logs.put_log_events(logGroupName="/flood", logStreamName="s", logEvents=[{"timestamp": now(), "message": f"{i} {text}"} for _ in range(150)])
        grown = memory(w) - before
        print(f"{grown >> 10} KiB for a slow reader of 54 MB")
        assert grown < 40 << 20, grown  # at most 4 MB, 10 updates, and what the allocator does not give back
        put(w, "/flood", "s", "the last")
        sampled, last = False, None
        for _, payload in slow.events():
            sampled = sampled or payload["sessionMetadata"]["sampled"]
            if payload["sessionResults"]:
                last = payload["sessionResults"][-1]["message"]
            if last == "the last":
                break
            if sampled:  # it may have been left out; one that comes now is not
                put(w, "/flood", "s", "the last")
        assert sampled


def restarts(w):
    """kill -9 cuts a session off; a server that stops ends it cleanly, with what it had."""
    arn = ARN + "/app/one"
    with live(w, [arn]) as s:
        s.begun()
        w.kill()
        try:
            rest = list(s.events())
            raise AssertionError(f"a clean end: {rest}")
        except (EOFError, ConnectionError):
            pass
    w.start()
    with live(w, [arn]) as s, live(w, [arn], version="HTTP/1.0") as old:
        s.begun()
        old.begun()
        put(w, "/app/one", "a", "the last words")
        assert w.stop() == 0
        for session in (s, old):
            found = [r["message"] for _, payload in session.events() for r in payload["sessionResults"]]
            assert session.done and found == ["the last words"], found
    w.start()


def times_out(w):
    """Three hours by the engine's clock."""
    arn = ARN + "/app/one"
    with live(w, [arn]) as s:
        s.begun()
        w.page("/_waybill/clock", data=json.dumps({"advance_ms": 3 * 3600 * 1000 - 60000}).encode())
        put(w, "/app/one", "a", "still there")
        assert messages(s, 1) == ["still there"]
        w.page("/_waybill/clock", data=json.dumps({"advance_ms": 60000}).encode())
        kind, payload = [e for e in s.events() if e[0] != "sessionUpdate"][0]
        assert kind == "SessionTimeoutException" and "message" in payload and s.done
    assert free(w, arn)


def main():
    with Waybill(args=["--test-clock"]) as w:
        for step in (in_order, filtered, refusals, denied, limit, flood, restarts, times_out):
            begun = time.monotonic()
            step(w)
            print(f"{step.__name__}: {time.monotonic() - begun:.1f} s", flush=True)


main()
