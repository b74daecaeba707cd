"""CloudWatch Logs with Debian's clients: groups, streams, events, patterns, a function's output, retention; across kill -9."""
import io
import json
import re
import time
import zipfile


from waybill_server import Waybill, allow, refused, wait_for

ACCOUNT = "000000000000"
ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group"
DAY = 86400000


def now():
    return int(time.time() * 1000)


def events(*pairs):
    return [{"timestamp": t, "message": m} for t, m in pairs]


def messages(answer):
    return [e["message"] for e in answer["events"]]


def groups(w):
    logs = w.client("logs")
    logs.create_log_group(logGroupName="/app/one", tags={"team": "ops"})
    assert refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName="/app/one") == "The specified log group already exists"
    assert "failed to satisfy constraint" in refused("InvalidParameterException", logs.create_log_group, logGroupName="no blanks")
    for name in ("/app/two", "/app/three", "/other"):
        logs.create_log_group(logGroupName=name)
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/app/", PaginationConfig={"PageSize": 1})
    found = [g for page in pages for g in page["logGroups"]]
    assert [g["logGroupName"] for g in found] == ["/app/one", "/app/three", "/app/two"]
    assert found[0]["arn"] == f"{ARN}:/app/one:*" and found[0]["storedBytes"] == 0 and abs(found[0]["creationTime"] - now()) < 60000
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePattern="THR")["logGroups"]] == ["/app/three"]
    assert "mutually exclusive" in refused("InvalidParameterException", logs.describe_log_groups, logGroupNamePrefix="a", logGroupNamePattern="b")
    assert "nextToken" in refused("InvalidParameterException", logs.describe_log_groups, nextToken="forged")

    logs.put_retention_policy(logGroupName="/app/one", retentionInDays=3)
    assert logs.describe_log_groups(logGroupNamePrefix="/app/one")["logGroups"][0]["retentionInDays"] == 3
    assert "enum value set: [1, 3, 5, 7, 14" in refused("InvalidParameterException", logs.put_retention_policy, logGroupName="/app/one", retentionInDays=2)
    logs.delete_retention_policy(logGroupName="/app/one")
    assert "retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix="/app/one")["logGroups"][0]
    assert refused("ResourceNotFoundException", logs.put_retention_policy, logGroupName="/no", retentionInDays=3) == "The specified log group does not exist."

    logs.tag_resource(resourceArn=f"{ARN}:/app/one", tags={"tier": "grün Ω"})
    logs.tag_log_group(logGroupName="/app/one", tags={"old": "way"})
    logs.untag_resource(resourceArn=f"{ARN}:/app/one", tagKeys=["team"])
    assert logs.list_tags_for_resource(resourceArn=f"{ARN}:/app/one")["tags"] == {"tier": "grün Ω", "old": "way"}
    logs.untag_log_group(logGroupName="/app/one", tags=["old"])
    assert logs.list_tags_log_group(logGroupName="/app/one")["tags"] == {"tier": "grün Ω"}
    refused("ResourceNotFoundException", logs.list_tags_for_resource, resourceArn=f"{ARN}:/no")
    logs.delete_log_group(logGroupName="/app/one")
    refused("ResourceNotFoundException", logs.delete_log_group, logGroupName="/app/one")
    logs.create_log_group(logGroupName="/app/one")
    assert logs.list_tags_log_group(logGroupName="/app/one")["tags"] == {}


def streams(w):
    logs, t = w.client("logs"), now()
    for name in ("a1", "a2", "b1"):
        logs.create_log_stream(logGroupName="/app/one", logStreamName=name)
    assert refused("ResourceAlreadyExistsException", logs.create_log_stream, logGroupName="/app/one", logStreamName="a1") == "The specified log stream already exists"
    assert refused("ResourceNotFoundException", logs.create_log_stream, logGroupName="/no", logStreamName="a") == "The specified log group does not exist."
    for name, at in (("a1", t - 1000), ("b1", t - 3000), ("a2", t - 2000)):
        logs.put_log_events(logGroupName="/app/one", logStreamName=name, logEvents=events((at, "first")))

    def listed(**args):
        pages = logs.get_paginator("describe_log_streams").paginate(logGroupName="/app/one", PaginationConfig={"PageSize": 1}, **args)
        return [s["logStreamName"] for page in pages for s in page["logStreams"]]
    assert listed() == ["a1", "a2", "b1"] and listed(descending=True) == ["b1", "a2", "a1"]
    assert listed(logStreamNamePrefix="a") == ["a1", "a2"] and listed(logStreamNamePrefix="a", descending=True) == ["a2", "a1"]
    assert listed(orderBy="LastEventTime") == ["b1", "a2", "a1"] and listed(orderBy="LastEventTime", descending=True) == ["a1", "a2", "b1"]
    assert "Cannot order by LastEventTime" in refused("InvalidParameterException", logs.describe_log_streams, logGroupName="/app/one", orderBy="LastEventTime",
                                                      logStreamNamePrefix="a")
    s = logs.describe_log_streams(logGroupName="/app/one", logStreamNamePrefix="a1")["logStreams"][0]
    assert s["firstEventTimestamp"] == s["lastEventTimestamp"] == t - 1000 and s["arn"] == f"{ARN}:/app/one:log-stream:a1" and s["uploadSequenceToken"]
    # A stream of the same name does not show what the deleted one had.
    logs.delete_log_stream(logGroupName="/app/one", logStreamName="a1")
    assert refused("ResourceNotFoundException", logs.get_log_events, logGroupName="/app/one", logStreamName="a1") == "The specified log stream does not exist."
    assert messages(logs.filter_log_events(logGroupName="/app/one", startTime=t - 1500)) == []
    logs.create_log_stream(logGroupName="/app/one", logStreamName="a1")
    logs.put_log_events(logGroupName="/app/one", logStreamName="a1", logEvents=events((t - 900, "second")))
    assert messages(logs.get_log_events(logGroupName="/app/one", logStreamName="a1")) == ["second"]
    assert logs.describe_log_groups(logGroupNamePrefix="/app/one")["logGroups"][0]["storedBytes"] == 3 * 12 + len("firstfirstsecond")


def put_limits(w):
    logs, t = w.client("logs"), now()
    logs.create_log_group(logGroupName="/limits")
    logs.create_log_stream(logGroupName="/limits", logStreamName="s")
    put = dict(logGroupName="/limits", logStreamName="s")
    assert "chronological order" in refused("InvalidParameterException", logs.put_log_events, logEvents=events((t, "b"), (t - 1, "a")), **put)
    assert "24 hours" in refused("InvalidParameterException", logs.put_log_events, logEvents=events((t - DAY - 1, "a"), (t, "b")), **put)
    too_large = events(*((t, "x" * 174763) for _ in range(6)))
    assert "exceeds limit of 1048576" in refused("InvalidParameterException", logs.put_log_events, logEvents=too_large, **put)
    refused("InvalidParameterException", logs.put_log_events, logEvents=events(*((t, "x") for _ in range(10001))), **put)
    refused("ResourceNotFoundException", logs.put_log_events, logGroupName="/limits", logStreamName="none", logEvents=events((t, "x")))
    assert messages(logs.get_log_events(**put)) == []
    r = logs.put_log_events(logEvents=events((t - 14 * DAY - 60000, "old"), (t - 14 * DAY + 60000, "just")), sequenceToken="whatever", **put)
    assert r["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1} and r["nextSequenceToken"]
    r = logs.put_log_events(logEvents=events((t, "now"), (t + 7000000, "soon"), (t + 7300000, "far")), **put)
    assert r["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 2}
    logs.put_retention_policy(logGroupName="/limits", retentionInDays=1)
    r = logs.put_log_events(logEvents=events((t - DAY - 60000, "expired"), (t - DAY + 60000, "kept")), **put)
    assert r["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert messages(logs.get_log_events(**put)) == ["kept", "now", "soon"]
    largest = events(*((t + i, "y" * 100) for i in range(8000)))
    logs.put_log_events(logEvents=largest, **put)


def reading(w):
    logs, t = w.client("logs"), now() - 3 * 3600000
    logs.create_log_group(logGroupName="/read")
    where = dict(logGroupName="/read", logStreamName="s")
    for s in ("s", "s2", "z"):
        logs.create_log_stream(logGroupName="/read", logStreamName=s)
    # Two overlapping batches over three hours, written in the wrong order.
    odd, even = [(t + i * 10000, f"line {i}") for i in range(1, 1000, 2)], [(t + i * 10000, f"line {i}") for i in range(0, 1000, 2)]
    logs.put_log_events(logEvents=events(*odd), **where)
    logs.put_log_events(logEvents=events(*even), **where)
    all_lines = [f"line {i}" for i in range(1000)]
    got, token = [], {}
    while True:
        r = logs.get_log_events(startFromHead=True, limit=300, **token, **where)
        got += messages(r)
        if token.get("nextToken") == r["nextForwardToken"]:
            break
        token = {"nextToken": r["nextForwardToken"]}
    assert got == all_lines and r["events"] == []
    assert messages(logs.get_log_events(nextToken=r["nextBackwardToken"], limit=2, **where)) == all_lines[-2:]
    logs.put_log_events(logEvents=events((t + 10000000, "later")), **where)
    assert messages(logs.get_log_events(nextToken=token["nextToken"], **where)) == ["later"]
    r = logs.get_log_events(limit=3, **where)
    assert messages(r) == ["line 998", "line 999", "later"]
    back = []
    while r["events"]:
        back = messages(r) + back
        before, r = r["nextBackwardToken"], logs.get_log_events(nextToken=r["nextBackwardToken"], limit=400, **where)
    assert back == all_lines + ["later"] and r["nextBackwardToken"] == before
    assert messages(logs.get_log_events(startTime=t + 20000, endTime=t + 50000, startFromHead=True, **where)) == all_lines[2:5]
    refused("InvalidParameterException", logs.get_log_events, nextToken="f/forged", **where)

    for s in ("s2", "z"):
        logs.put_log_events(logGroupName="/read", logStreamName=s, logEvents=events(*((t + i * 10000 + 5, f'{{"n": {i}, "s": "{s}"}}') for i in range(100))))
    r = logs.filter_log_events(logGroupName="/read", startTime=t, endTime=t + 10000)
    assert messages(r) == ["line 0", '{"n": 0, "s": "s2"}', '{"n": 0, "s": "z"}', "line 1"] and r["searchedLogStreams"] == []
    assert len({e["eventId"] for e in r["events"]}) == 4 and r["events"][1]["logStreamName"] == "s2"

    def found(**args):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/read", **args)
        return [m for page in pages for m in messages(page)]
    assert found(logStreamNames=["s"], PaginationConfig={"PageSize": 77}) == all_lines + ["later"]
    assert found(filterPattern='{ $.n > 97 && $.s = "s*" }') == ['{"n": 98, "s": "s2"}', '{"n": 99, "s": "s2"}']
    assert found(filterPattern=r"%^line\s99[0-9]$%", logStreamNamePrefix="s") == all_lines[990:]
    assert found(filterPattern="[word=line, number>=998]") == ["line 998", "line 999"]
    assert found(filterPattern="?later -x", logStreamNamePrefix="z") == found(logStreamNames=["z"])
    assert refused("InvalidParameterException", logs.filter_log_events, logGroupName="/read", filterPattern="{ $.a = ") == "Invalid filter pattern"
    refused("InvalidParameterException", logs.filter_log_events, logGroupName="/read", logStreamNames=["s"], logStreamNamePrefix="s")
    refused("ResourceNotFoundException", logs.filter_log_events, logGroupName="/read", logStreamNames=["none"])


def function(w):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as z:
        z.writestr("index.py", "def handler(e, c):\n    print('hello', e)\n    return 1")
    f = w.client("lambda")
    f.create_function(FunctionName="talk", Runtime="python3.10", Handler="index.handler", Role=w.role("worker"), Code={"ZipFile": package.getvalue()})
    for i in range(3):
        assert f.invoke(FunctionName="talk", Payload=str(i).encode())["Payload"].read() == b"1"

    def lines(*args):
        return [e["message"] for e in w.aws("logs", "filter-log-events", "--log-group-name", "/aws/lambda/talk", *args)["events"]]
    wait_for(lambda: len(lines("--filter-pattern", "REPORT")) == 3)
    words = [m.split()[0] for m in lines()]
    assert [x for x in words if x in ("START", "hello", "END", "REPORT")] == ["START", "hello", "END", "REPORT"] * 3, words
    tail = w.aws("logs", "tail", "/aws/lambda/talk", check=False).stdout
    assert [f"hello {i}" in tail for i in range(3)] == [True] * 3 and "START RequestId" in tail, tail
    assert w.aws("logs", "tail", "/aws/lambda/talk", "--filter-pattern", '"hello 1"', check=False).stdout.count("hello") == 1


def who_may(w):
    client = w.user("reader", allow("logs:GetLogEvents", f"{ARN}:/read:log-stream:s"), allow("logs:DescribeLogStreams", f"{ARN}:/read:*"))
    logs = client("logs")
    assert logs.get_log_events(logGroupName="/read", logStreamName="s", limit=1)["events"]
    assert "logs:GetLogEvents" in refused("AccessDeniedException", logs.get_log_events, logGroupName="/read", logStreamName="z")
    assert logs.describe_log_streams(logGroupName="/read")["logStreams"]
    refused("AccessDeniedException", logs.describe_log_streams, logGroupName="/limits")
    refused("AccessDeniedException", logs.describe_log_groups)


def survives(w):
    logs = w.client("logs")
    before = [logs.filter_log_events(logGroupName="/read")["events"], logs.describe_log_groups()["logGroups"]]
    logs.put_log_events(logGroupName="/read", logStreamName="z", logEvents=events((now(), "last words")))
    w.kill()
    w.start()
    logs = w.client("logs")
    after = logs.filter_log_events(logGroupName="/read")["events"]
    assert after[:-1] == before[0] and after[-1]["message"] == "last words"
    assert [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]] == [g["logGroupName"] for g in before[1]]


def retention():
    with Waybill(args=["--test-clock"]) as w:
        logs, t = w.client("logs"), now()

        def advance(ms):
            w.page("/_waybill/clock", data=json.dumps({"advance_ms": ms}).encode(), method="POST")

        def size(name):
            return logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["storedBytes"]
        for name in ("/short", "/ever"):
            logs.create_log_group(logGroupName=name)
            logs.create_log_stream(logGroupName=name, logStreamName="s")
            # More blocks than one step removes.
            for i in range(30):
                logs.put_log_events(logGroupName=name, logStreamName="s",
                                    logEvents=events(*((t - (30 - i) * 1800000 + k * 180000, f"line {i} {k}") for k in range(10))))
        full = size("/short")
        logs.put_retention_policy(logGroupName="/short", retentionInDays=3)
        assert size("/short") == full == size("/ever")
        advance(3 * DAY - 3600000)  # what is older than an hour before the first writes has expired
        wait_for(lambda: 0 < size("/short") < full)
        left = logs.filter_log_events(logGroupName="/short")["events"]
        assert left and min(e["timestamp"] for e in left) >= t - 3600000 - 60000 * 5, left[0]
        advance(DAY)
        wait_for(lambda: size("/short") == 0)
        assert logs.filter_log_events(logGroupName="/short")["events"] == []
        assert size("/ever") == full and len(logs.filter_log_events(logGroupName="/ever")["events"]) == 300
        # A deleted group's lines are gone from the disk, too.
        logs.delete_log_group(logGroupName="/ever")
        wait_for(lambda: "delete log" not in w.waybill("status").stdout)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout


def main():
    with Waybill() as w:
        for part in (groups, streams, put_limits, reading, function, who_may, survives):
            part(w)
            print(part.__name__)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout
    retention()
    print("retention")


main()
