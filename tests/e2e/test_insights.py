"""Logs Insights with Debian's clients: queries, their results and states, saved queries, single records."""
import json
import time

from waybill_server import Waybill, allow, refused, wait_for

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
    return wait_for(ended, 120)


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


def records(w):
    """@ptr leads to the whole event; the fields of a group."""
    logs = w.client("logs")
    put(w, "/app", [{"deep": {"list": [{"x": "y"}], "yes": True}}], stream="b")
    r = result(w, begin(w, "fields deep.list[0].x | filter ispresent(deep.yes)"))
    assert rows(r) == [{"deep.list.0.x": "y"}], r
    pointer = r["results"][0][-1]
    assert pointer["field"] == "@ptr"
    record = logs.get_log_record(logRecordPointer=pointer["value"])["logRecord"]
    assert record.pop("@ptr") == pointer["value"] and abs(int(record.pop("@timestamp")) / 1000 - time.time()) < 60 and record.pop("@ingestionTime")
    assert record == {"@message": '{"deep": {"list": [{"x": "y"}], "yes": true}}', "@logStream": "b", "@log": f"{ACCOUNT}:/app", "deep.list.0.x": "y", "deep.yes": "1"}
    fields = {f["name"]: f["percent"] for f in logs.get_log_group_fields(logGroupName="/app")["logGroupFields"]}
    assert fields["@message"] == 100 and fields["kind"] == 99 and fields["deep.yes"] == 0, fields
    assert logs.get_log_group_fields(logGroupName="/app", time=1)["logGroupFields"] == []
    refused("ResourceNotFoundException", lambda: logs.get_log_group_fields(logGroupName="/none"))
    # A stream made again under its name does not have the old lines, for queries neither.
    logs.delete_log_stream(logGroupName="/app", logStreamName="b")
    logs.create_log_stream(logGroupName="/app", logStreamName="b")
    refused("ResourceNotFoundException", lambda: logs.get_log_record(logRecordPointer=pointer["value"]))
    assert ask(w, "stats count(*) as n") == [{"n": "300"}]


def definitions(w):
    logs = w.client("logs")
    ids = [logs.put_query_definition(name=f"folder/{i:02}", queryString="fields a")["queryDefinitionId"] for i in range(5)]
    logs.put_query_definition(name="other", queryString="not even a query", logGroupNames=["/a", "/b"])
    found = logs.describe_query_definitions(queryDefinitionNamePrefix="folder")["queryDefinitions"]
    assert sorted(d["queryDefinitionId"] for d in found) == sorted(ids) and abs(found[0]["lastModified"] / 1000 - time.time()) < 60
    paged, token = [], {}
    while token is not None:
        page = logs.describe_query_definitions(maxResults=2, **token)
        paged += page["queryDefinitions"]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else None
    assert len(paged) == len({d["queryDefinitionId"] for d in paged}) == 6
    assert logs.put_query_definition(name="new", queryString="limit 1", queryDefinitionId=ids[0])["queryDefinitionId"] == ids[0]
    new, = logs.describe_query_definitions(queryDefinitionNamePrefix="new")["queryDefinitions"]
    assert {k: new[k] for k in ("name", "queryString", "logGroupNames")} == {"name": "new", "queryString": "limit 1", "logGroupNames": []}
    other, = logs.describe_query_definitions(queryDefinitionNamePrefix="other")["queryDefinitions"]
    assert other["logGroupNames"] == ["/a", "/b"]
    refused("ResourceNotFoundException", lambda: logs.put_query_definition(name="x", queryString="y", queryDefinitionId="none"))
    assert refused(INVALID, lambda: logs.put_query_definition(name="a:b", queryString="y"))
    assert logs.delete_query_definition(queryDefinitionId=ids[0])["success"] is True
    refused("ResourceNotFoundException", lambda: logs.delete_query_definition(queryDefinitionId=ids[0]))
    assert "nextToken" in refused(INVALID, lambda: logs.describe_query_definitions(nextToken="forged"))
    assert len(logs.describe_query_definitions()["queryDefinitions"]) == 5


def who_may(w):
    log_arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:"
    one = w.user("reader", allow(["logs:StartQuery", "logs:GetLogRecord"], log_arn + "/app:*"), allow("logs:GetQueryResults"))("logs")
    times = {"startTime": int(time.time()) - 60, "endTime": int(time.time()) + 60, "queryString": "fields @message | limit 1"}
    query = one.start_query(logGroupName="/app", **times)["queryId"]
    row = wait_for(lambda: one.get_query_results(queryId=query)["results"] or None)[0]
    assert one.get_log_record(logRecordPointer=row[-1]["value"])["logRecord"]["@log"] == f"{ACCOUNT}:/app"
    denied = "AccessDeniedException"
    assert "/other" in refused(denied, lambda: one.start_query(logGroupNames=["/app", "/other"], **times))
    refused(denied, lambda: one.start_query(logGroupIdentifiers=[log_arn + "/other"], **times))
    refused(denied, lambda: one.start_query(**{**times, "queryString": "SOURCE logGroups(namePrefix: ['/']) | limit 1"}))
    refused(denied, lambda: one.stop_query(queryId=query))
    other = result(w, begin(w, "limit 1", "/other"))["results"][0][-1]["value"]
    refused(denied, lambda: one.get_log_record(logRecordPointer=other))
    # Another region has queries of its own.
    import boto3
    c = w.credentials()
    far = boto3.client("logs", endpoint_url=w.url, region_name="eu-west-1", aws_access_key_id=c["AWS_ACCESS_KEY_ID"], aws_secret_access_key=c["AWS_SECRET_ACCESS_KEY"])
    refused("ResourceNotFoundException", lambda: far.get_query_results(queryId=query))
    assert far.describe_queries()["queries"] == []


def by_cli(w):
    now = int(time.time())
    args = ["--start-time", str(now - 3600), "--end-time", str(now + 60)]
    query = w.aws("logs", "start-query", "--log-group-name", "/app", *args, "--query-string", "stats count(*) as n by kind | sort n")["queryId"]
    answer = wait_for(lambda: (lambda a: a if a["status"] == "Complete" else None)(w.aws("logs", "get-query-results", "--query-id", query)))
    assert answer["results"] == [[{"field": "kind", "value": "even"}, {"field": "n", "value": "150"}], [{"field": "kind", "value": "odd"}, {"field": "n", "value": "150"}]], answer
    wrong_one = w.aws("logs", "start-query", "--log-group-name", "/app", *args, "--query-string", "stats", check=False)
    assert wrong_one.returncode and "MalformedQueryException" in wrong_one.stderr, wrong_one


SLOW = "filter @message like /(a+){35}b/ | stats count(*) as n"
SLOW_LINES = 1000


def running(w, query):
    """Its row says that it runs, and how far it is."""
    r = w.client("logs").get_query_results(queryId=query)
    return r if r["status"] == "Running" and r["statistics"]["recordsScanned"] else None


def states(w):
    logs = w.client("logs")
    group(w, "/slow")
    for _ in range(SLOW_LINES // 250):
        put(w, "/slow", ["b" + "a" * 4000] * 250)
    assert ask(w, "stats count(*) as n", "/slow") == [{"n": str(SLOW_LINES)}]

    slow = begin(w, SLOW, "/slow")
    assert wait_for(lambda: running(w, slow))["statistics"]["recordsScanned"] < SLOW_LINES
    assert logs.stop_query(queryId=slow)["success"] is True
    r = logs.get_query_results(queryId=slow)
    assert r["status"] == "Cancelled" and r["results"] == []
    assert "not running" in refused(INVALID, lambda: logs.stop_query(queryId=slow))

    many = [begin(w, SLOW, "/slow") for _ in range(100)]
    assert "[100]" in refused("LimitExceededException", lambda: begin(w, SLOW, "/slow"))
    assert len(logs.describe_queries(status="Running", logGroupName="/slow")["queries"]) <= 2
    waiting = logs.describe_queries(status="Scheduled", maxResults=60)
    assert len(waiting["queries"]) == 60
    assert len(waiting["queries"]) + len(logs.describe_queries(status="Scheduled", maxResults=60, nextToken=waiting["nextToken"])["queries"]) >= 95
    for q in many:
        logs.stop_query(queryId=q)
    assert ask(w, "stats count(*) as n") == [{"n": "300"}]  # there is room again, and nobody runs
    assert {q["queryId"]: q["status"] for q in logs.describe_queries(logGroupName="/slow")["queries"] if q["queryId"] in many} == dict.fromkeys(many, "Cancelled")


def survives(w):
    """Stopped, and killed with -9, while one runs: it begins again, and what had ended is as it was."""
    logs = w.client("logs")
    done = begin(w, "filter kind = 'odd' | stats sum(n) as s")
    before = result(w, done)["results"]
    large = begin(w, "fields @message, concat(@message, n) as twice | limit 10000", "/large")
    rows_before = result(w, large)["results"]
    assert len(rows_before) == 6000
    slow = begin(w, SLOW, "/slow")
    wait_for(lambda: running(w, slow))
    w.stop()
    w.start()
    assert logs.get_query_results(queryId=slow)["status"] in ("Scheduled", "Running")
    wait_for(lambda: running(w, slow))
    w.kill()
    w.start()
    assert logs.get_query_results(queryId=slow)["status"] in ("Scheduled", "Running", "Complete")
    r = result(w, slow)
    assert r["status"] == "Complete" and r["results"] == [] and r["statistics"]["recordsScanned"] == SLOW_LINES, r
    assert logs.get_query_results(queryId=done)["results"] == before
    assert logs.get_query_results(queryId=large)["results"] == rows_before


def ends(w):
    """An hour is the limit; a week later it is gone. By the test clock."""
    logs = w.client("logs")
    slow = begin(w, SLOW, "/slow")
    wait_for(lambda: running(w, slow))
    w.page("/_waybill/clock", json.dumps({"advance_ms": 3601000}).encode(), "POST")
    assert result(w, slow)["status"] == "Timeout"
    w.page("/_waybill/clock", json.dumps({"advance_ms": 7 * 86400000 + 1000}).encode(), "POST")
    wait_for(lambda: logs.describe_queries()["queries"] == [] or None)
    refused("ResourceNotFoundException", lambda: logs.get_query_results(queryId=slow))


def too_much(w):
    """More than a query may take of memory, or its result have."""
    group(w, "/large")
    for i in range(12):
        put(w, "/large", [{"n": f"{i}-{k}", "pad": "x" * 1200} for k in range(500)])
    r = result(w, begin(w, "fields " + ", ".join(f"@message as m{i}" for i in range(4)) + " | limit 10000", "/large"))
    assert r["status"] == "Failed" and r["results"] == [], r["status"]


def main():
    with Waybill(args=["--test-clock"]) as w:
        for part in (queries, wrong, records, definitions, who_may, by_cli, states, too_much, survives, ends):
            part(w)
            print(part.__name__, flush=True)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout


if __name__ == "__main__":
    main()
