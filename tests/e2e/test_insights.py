"""Logs Insights with Debian's clients: queries, their results and states, saved queries, single records."""
import json
import time

from waybill_server import Waybill, refused, wait_for

ACCOUNT = "000000000000"
START = 1795392000  # 2026-11-23T00:00:00Z
INVALID = "InvalidParameterException"


def group(w, name, *streams):
    w.client("logs").create_log_group(logGroupName=name)
    for s in streams or ("s",):
        w.client("logs").create_log_stream(logGroupName=name, logStreamName=s)


def put(w, name, lines, stream="s", at=None):
    """A line a second, from `at` (seconds) on, or all now."""
    events = [{"timestamp": int((at + i if at else time.time()) * 1000), "message": m if isinstance(m, str) else json.dumps(m)}
              for i, m in enumerate(lines)]
    for i in range(0, len(events), 5000):
        w.client("logs").put_log_events(logGroupName=name, logStreamName=stream, logEvents=events[i:i + 5000])


def begin(w, text, groups="/app", **more):
    names = {"logGroupName": groups} if isinstance(groups, str) else {"logGroupNames": groups}
    args = {**names, "startTime": int(time.time()) - 3600, "endTime": int(time.time()) + 60, "queryString": text, **more}
    return w.client("logs").start_query(**{k: v for k, v in args.items() if v is not None})["queryId"]


def result(w, query):
    def ended():
        r = w.client("logs").get_query_results(queryId=query)
        return r if r["status"] not in ("Scheduled", "Running") else None
    return wait_for(ended)


def rows(answer):
    return [{f["field"]: f["value"] for f in row if f["field"] != "@ptr"} for row in answer["results"]]


def ask(w, text, groups="/app", **more):
    r = result(w, begin(w, text, groups, **more))
    assert r["status"] == "Complete", r
    return rows(r)


def queries(w):
    group(w, "/app", "a", "b")
    group(w, "/other")
    put(w, "/app", [{"n": i, "kind": "even" if i % 2 == 0 else "odd", "user": {"id": i % 3}} for i in range(300)], stream="a")
    put(w, "/app", ["plain one", "plain two"], stream="b")
    put(w, "/other", [{"n": 1000, "kind": "odd"}])
    r = result(w, begin(w, "filter kind = 'odd' | stats count(*) as c, sum(n) as s by user.id | sort user.id"))
    assert rows(r) == [{"user.id": "0", "c": "50", "s": "7500"}, {"user.id": "1", "c": "50", "s": "7400"}, {"user.id": "2", "c": "50", "s": "7600"}], r
    assert r["statistics"]["recordsMatched"] == 150 and r["statistics"]["recordsScanned"] == 302 and r["statistics"]["bytesScanned"] > 5000, r
    assert r["status"] == "Complete" and not any(f["field"] == "@ptr" for row in r["results"] for f in row)
    assert ask(w, "stats max(n) by @log", ["/app", "/other", "/app"]) == [
        {"@log": f"{ACCOUNT}:/app", "max(n)": "299"}, {"@log": f"{ACCOUNT}:/other", "max(n)": "1000"}]
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/other"
    assert ask(w, "fields n", None, logGroupName=None, logGroupNames=None, logGroupIdentifiers=["/app", arn], limit=1) != []
    assert len(ask(w, "fields n", limit=7)) == 7 and len(ask(w, "fields n | limit 3", limit=7)) == 3
    assert ask(w, "fields @message | filter @logStream = 'b' | sort @message") == [{"@message": "plain one"}, {"@message": "plain two"}]
    assert ask(w, "SOURCE logGroups(namePrefix: ['/oth']) | stats count(*) as n", None, logGroupName=None, logGroupNames=None) == [{"n": "1"}]
    # What was there at another time is not looked at.
    assert ask(w, "stats count(*)", startTime=int(time.time()) - 7200, endTime=int(time.time()) - 3600) == []
    assert ask(w, "stats count(*) as n", startTime=int(time.time() - 60) * 1000, endTime=int(time.time() + 60) * 1000) == [{"n": "302"}]


def wrong(w):
    logs = w.client("logs")
    before = logs.describe_queries()["queries"]
    from botocore.exceptions import ClientError
    try:
        begin(w, "fields a\n| filter a == 1")
        raise AssertionError("refused")
    except ClientError as e:
        assert e.response["Error"]["Code"] == "MalformedQueryException", e
        assert e.response["queryCompileError"] == {"location": {"startCharOffset": 21, "endCharOffset": 22},
                                                   "message": "unexpected symbol found = at line 2 and position 13"}, e.response
    assert "does not exist" in refused("ResourceNotFoundException", lambda: begin(w, "stats count(*)", "/none"))
    assert "Exactly one" in refused(INVALID, lambda: begin(w, "stats count(*)", "/app", logGroupNames=["/app"]))
    assert "Exactly one" in refused(INVALID, lambda: begin(w, "stats count(*)", None, logGroupName=None, logGroupNames=None))
    assert "start time" in refused(INVALID, lambda: begin(w, "stats count(*)", startTime=2, endTime=1))
    assert "at most 50" in refused(INVALID, lambda: begin(w, "stats count(*)", [f"/g{i}" for i in range(51)]))
    refused("ResourceNotFoundException", lambda: logs.get_query_results(queryId="none"))
    refused("ResourceNotFoundException", lambda: logs.stop_query(queryId="none"))
    done = begin(w, "stats count(*)")
    result(w, done)
    assert "not running" in refused(INVALID, lambda: logs.stop_query(queryId=done))
    assert refused(INVALID, lambda: logs.get_log_record(logRecordPointer="none")) == "The specified logRecordPointer is invalid."
    assert [q["queryId"] for q in logs.describe_queries()["queries"]] == [done] + [q["queryId"] for q in before]


def main():
    with Waybill() as w:
        queries(w)
        wrong(w)


if __name__ == "__main__":
    main()
