"""X-Ray with Debian's clients: segments, summaries, filters, graphs, groups, sampling; a function's trace; expiry; across kill -9."""
import datetime
import io
import json
import os
import time
import zipfile

from waybill_server import Waybill, allow, policy, refused, wait_for

DAY = 86400000


def trace_id(at=None):
    return f"1-{int(at or time.time()):08x}-{os.urandom(12).hex()}"


def segment(trace, **more):
    t = time.time()
    return {"name": "site", "id": os.urandom(8).hex(), "trace_id": trace, "start_time": t - 2, "end_time": t - 1, **more}


def put(x, *documents):
    return x.put_trace_segments(TraceSegmentDocuments=[json.dumps(d) if isinstance(d, dict) else d for d in documents])["UnprocessedTraceSegments"]


def window(**more):
    now = datetime.datetime.now(datetime.timezone.utc)
    return {"StartTime": now - datetime.timedelta(hours=1), "EndTime": now + datetime.timedelta(minutes=1), **more}


def ids(x, expression="", **more):
    pages = x.get_paginator("get_trace_summaries").paginate(**window(**more), FilterExpression=expression)
    return [t["Id"] for page in pages for t in page["TraceSummaries"]]


def validation(w):
    x, t = w.client("xray"), trace_id()
    good = segment(t)

    def code(**more):
        return [u["ErrorCode"] for u in put(x, {k: v for k, v in {**good, **more}.items() if v is not None})]
    assert [u["ErrorCode"] for u in put(x, "{", "[]", good)] == ["ParseError", "ParseError"]
    assert code(id=None) == ["MissingId"] and code(id="xyz") == ["InvalidId"]
    assert code(name=None) == ["MissingName"] and code(name="") == ["InvalidName"]
    assert code(trace_id=None) == ["MissingTraceId"] and code(trace_id="1-2-3") == ["InvalidTraceId"]
    assert code(trace_id=trace_id(time.time() - 31 * 86400)) == ["InvalidTraceId"]
    assert code(trace_id=trace_id(time.time() + 3600)) == ["InvalidTraceId"]
    assert code(start_time=None) == ["MissingStartTime"] and code(end_time=None) == ["MissingEndTime"]
    assert code(end_time=1) == ["InvalidEndTime"] and code(fault="yes") == ["ParseError"]
    assert code(type="subsegment") == ["MissingParentId"] and code(type="other") == ["InvalidType"]
    assert code(annotations={"a": []}) == ["InvalidAnnotations"]
    assert code(annotations={str(i): i for i in range(51)}) == ["TooManyAnnotations"]
    assert code(metadata={"x": "y" * 65536}) == ["SegmentSizeExceeded"]
    assert code(subsegments=[{"name": "s", "id": "1", "start_time": 1, "end_time": 2}]) == ["InvalidId"]
    bad = put(x, {**good, "start_time": None})[0]
    assert bad["Id"] == good["id"] and bad["Message"] == "Invalid segment. ErrorCode: MissingStartTime"
    # A complete segment replaces the one in progress, not the other way round.
    t, running = trace_id(), segment(trace_id())
    running = {**good, "trace_id": t, "in_progress": True}
    del running["end_time"]
    assert put(x, running) == []
    assert [s["IsPartial"] for s in x.get_trace_summaries(**window())["TraceSummaries"] if s["Id"] == t] == [True]
    assert ids(x, "partial") == [t]
    assert put(x, {**good, "trace_id": t}) == [] and put(x, running) == [] and ids(x, "partial") == []
    x.put_telemetry_records(TelemetryRecords=[{"Timestamp": time.time(), "SegmentsReceivedCount": 1}])


def site_trace(x):
    """A site calls an API, which fails at another host."""
    t, now = trace_id(), time.time()
    call, work = os.urandom(8).hex(), os.urandom(8).hex()
    site = segment(t, start_time=now - 3, end_time=now - 0.5, user="ann", annotations={"tier": "gold", "age": 30}, error=True,
                   http={"request": {"url": "http://site/v2/x", "method": "GET"}, "response": {"status": 404}},
                   subsegments=[{"name": "api", "id": call, "start_time": now - 2.9, "end_time": now - 1, "namespace": "remote"}])
    api = segment(t, name="api", parent_id=call, start_time=now - 2.8, end_time=now - 1.1, fault=True, origin="AWS::EC2::Instance",
                  aws={"account_id": "000000000001"}, subsegments=[
                      {"name": "example.com", "id": work, "start_time": now - 2, "end_time": now - 1.5, "namespace": "remote", "fault": True,
                       "cause": {"exceptions": [{"type": "Broken", "message": "it broke"}]}}])
    assert put(x, site, api) == []
    return t, site, api


def reading(w):
    x = w.client("xray")
    t, site, api = site_trace(x)
    got = x.batch_get_traces(TraceIds=[t, trace_id()])["Traces"]
    assert [g["Id"] for g in got] == [t] and abs(got[0]["Duration"] - 2.5) < 0.01 and got[0]["LimitExceeded"] is False
    assert {s["Id"]: json.loads(s["Document"]) for s in got[0]["Segments"]} == {site["id"]: site, api["id"]: api}
    s = [s for s in x.get_trace_summaries(**window())["TraceSummaries"] if s["Id"] == t][0]
    assert s["HasError"] and not s["HasFault"] and not s["HasThrottle"] and not s["IsPartial"] and abs(s["ResponseTime"] - 2.5) < 0.01
    assert s["Http"] == {"HttpURL": "http://site/v2/x", "HttpStatus": 404, "HttpMethod": "GET"} and s["EntryPoint"]["Name"] == "site"
    assert s["Annotations"]["tier"][0]["AnnotationValue"] == {"StringValue": "gold"} and s["Annotations"]["age"][0]["ServiceIds"][0]["Name"] == "site"
    assert [u["UserName"] for u in s["Users"]] == ["ann"] and {i["Name"] for i in s["ServiceIds"]} == {"site", "api", "example.com"}
    cause = s["FaultRootCauses"][0]
    assert [(v["Name"], v["Inferred"]) for v in cause["Services"]] == [("site", False), ("api", False), ("example.com", True)]
    slow = s["ResponseTimeRootCauses"][0]["Services"]
    assert [v["Name"] for v in slow] == ["site", "api"] and abs(slow[1]["EntityPath"][-1]["Coverage"] - 1.7 / 2.5) < 0.02
    assert cause["Services"][1]["EntityPath"][-1]["Exceptions"] == [{"Name": "Broken", "Message": "it broke"}]
    for expression, there in (('service("api") { fault }', True), ("fault", False), ('edge("site", "api")', True), ("http.status = 404", True),
                              ('annotation[tier] = "gold" AND user = "ann"', True), ("responsetime > 3", False), ("error", True),
                              ('rootcause.fault.service { last and name = "example.com" }', True), ('group.name = "nobody"', False)):
        assert (t in ids(x, expression)) == there, expression
        assert (t in ids(x, expression, TimeRangeType="Event")) == there, expression
    assert "unknown keyword" in refused("InvalidRequestException", x.get_trace_summaries, **window(FilterExpression="nonsense"))
    now = datetime.datetime.now(datetime.timezone.utc)
    refused("InvalidRequestException", x.get_trace_summaries, StartTime=now - datetime.timedelta(hours=7), EndTime=now)
    refused("InvalidRequestException", x.get_trace_summaries, StartTime=now, EndTime=now)
    refused("InvalidRequestException", x.get_trace_summaries, **window(), NextToken="forged")
    refused("InvalidRequestException", x.batch_get_traces, TraceIds=["x"])
    refused("InvalidRequestException", x.batch_get_traces, TraceIds=[trace_id() for _ in range(6)])
    listed = w.aws("xray", "get-trace-summaries", "--start-time", str(int(time.time()) - 600), "--end-time", str(int(time.time()) + 5),
                   "--filter-expression", 'annotation.tier = "gold"')
    assert [s["Id"] for s in listed["TraceSummaries"]] == [t]


def paging(w):
    x = w.client("xray")
    made = {trace_id() for _ in range(230)}
    for i in range(0, 230, 100):
        assert put(x, *(segment(t, name="many") for t in sorted(made)[i:i + 100])) == []
    found = ids(x, 'service("many")')
    assert len(found) == 230 and set(found) == made
    some = ids(x, 'service("many")', Sampling=True, SamplingStrategy={"Name": "FixedRate", "Value": 0.5})
    assert 60 < len(some) < 170 and set(some) < made


def graphs(w):
    x = w.client("xray")
    t, *_ = site_trace(x)

    def edges(services):
        name = {s["ReferenceId"]: (s["Name"], s.get("Type")) for s in services}
        return {(name[s["ReferenceId"]], name[e["ReferenceId"]]): e for s in services for e in s["Edges"]}
    services = x.get_trace_graph(TraceIds=[t])["Services"]
    api = ("api", "AWS::EC2::Instance")
    found = edges(services)
    assert set(found) == {(("site", "client"), ("site", None)), (("site", None), api), (api, ("example.com", "remote"))}
    assert found[("site", None), api]["SummaryStatistics"]["FaultStatistics"] == {"OtherCount": 1, "TotalCount": 1}
    assert abs(found[("site", None), api]["ResponseTimeHistogram"][0]["Value"] - 1.7) < 0.01
    x.create_group(GroupName="gold", FilterExpression='annotation.tier = "gold"')
    graph = x.get_service_graph(**window())["Services"]
    gold = x.get_service_graph(**window(GroupName="gold"))["Services"]
    assert {s["Name"] for s in gold} == {"site", "api", "example.com"} and "many" in {s["Name"] for s in graph}
    assert edges(gold)[("site", None), api]["SummaryStatistics"]["TotalCount"] == 2
    assert len(ids(x, 'group.name = "gold" AND service("api") { fault }')) == 2 and ids(x, 'group.name = "gold" AND ok') == []


def series(w):
    """What services did by the minute: of all, of one service, of an edge; the sums are those of the graph."""
    x = w.client("xray")

    def sums(member, **more):
        got = x.get_time_series_service_statistics(**window(**more))["TimeSeriesServiceStatistics"]
        assert all(p["Timestamp"].second == 0 for p in got) and [p["Timestamp"] for p in got] == sorted(p["Timestamp"] for p in got)
        return (sum(p[member]["TotalCount"] for p in got), sum(p[member]["FaultStatistics"]["TotalCount"] for p in got),
                sum(h["Count"] for p in got for h in p["ResponseTimeHistogram"]))
    assert sums("EdgeSummaryStatistics", GroupName="gold") == (2, 0, 2)
    assert sums("EdgeSummaryStatistics")[0] > 230
    for expression, member in (('service("api")', "Service"), ('id(name: "api", type: "AWS::EC2::Instance")', "Service"), ('edge("site", "api")', "Edge")):
        assert sums(member + "SummaryStatistics", GroupName="gold", EntitySelectorExpression=expression, Period=300) == (2, 2, 2), expression
    assert sums("ServiceSummaryStatistics", EntitySelectorExpression='service("api") { ok }') == (0, 0, 0)
    for more in ({"Period": 7}, {"EntitySelectorExpression": "fault"}, {"EntitySelectorExpression": "service("}, {"GroupName": "nobody"}):
        refused("InvalidRequestException", x.get_time_series_service_statistics, **window(**more))


def insights(w):
    """A database fails in two periods of five minutes, a cache in the current one: an insight each, for a group with insights."""
    x = w.client("xray")
    x.create_group(GroupName="watched", FilterExpression='annotation.watched = true', InsightsConfiguration={"InsightsEnabled": True})
    x.create_group(GroupName="unwatched", FilterExpression='annotation.watched = true')
    base = int(time.time()) // 300 * 300 - 900
    if base // 21600 != (base + 600) // 21600:
        base -= 3600  # an insight ends with its quarter of a day

    def requests(at, called, count, faults):
        for i in range(count):
            t, fault = trace_id(at + 1), {"fault": True} if i < faults else {}
            put(x, segment(t, name="shop", start_time=at + 1, end_time=at + 2, annotations={"watched": True}, **fault, subsegments=[
                {"name": called, "id": os.urandom(8).hex(), "namespace": "remote", "start_time": at + 1.1, "end_time": at + 1.9, **fault}]))
    requests(base - 300, "db", 20, 1)
    requests(base, "db", 20, 8)
    requests(base + 300, "db", 20, 9)
    requests(base + 600, "db", 60, 4)
    requests(int(time.time()) - 2, "cache", 6, 6)

    def found(**more):
        hours = {"StartTime": datetime.datetime.fromtimestamp(base - 3600, datetime.timezone.utc)}
        return x.get_insight_summaries(**{**window(), **hours, "GroupName": "watched", **more})["InsightSummaries"]
    closed, active = (found(States=[state]) for state in ("CLOSED", "ACTIVE"))
    assert [i["RootCauseServiceId"]["Name"] for i in closed] == ["db"] and [i["RootCauseServiceId"]["Name"] for i in active] == ["cache"]
    i = closed[0]
    assert (i["StartTime"].timestamp(), i["EndTime"].timestamp(), i["Categories"], i["GroupName"]) == (base, base + 600, ["FAULT"], "watched")
    impact = {"FaultCount": 17, "OkCount": 23, "TotalCount": 40}
    assert i["RootCauseServiceRequestImpactStatistics"] == impact and i["ClientRequestImpactStatistics"] == impact
    assert [s["ServiceId"]["Name"] for s in i["TopAnomalousServices"]] == ["db", "shop"] and "17 of its 40" in i["Summary"]
    assert len(found()) == 2 and len(found(MaxResults=1)) == 1 and found(GroupName="unwatched") == []
    one = x.get_insight(InsightId=i["InsightId"])["Insight"]
    assert one == {k: v for k, v in i.items() if k != "LastUpdateTime"}
    events = x.get_insight_events(InsightId=i["InsightId"])["InsightEvents"]
    assert [(e["EventTime"].timestamp(), e["RootCauseServiceRequestImpactStatistics"]["FaultCount"]) for e in events] == [(base + 300, 8), (base + 600, 17)]
    graph = x.get_insight_impact_graph(InsightId=i["InsightId"], StartTime=i["StartTime"], EndTime=i["EndTime"])["Services"]
    name = {s["ReferenceId"]: (s["Name"], s.get("Type")) for s in graph}
    assert {(name[s["ReferenceId"]], name[e["ReferenceId"]]) for s in graph for e in s["Edges"]} == {
        (("shop", "client"), ("shop", None)), (("shop", None), ("db", "remote"))}
    refused("InvalidRequestException", x.get_insight, InsightId="00000000-0000-5000-8000-000000000000")
    refused("InvalidRequestException", x.get_insight_events, InsightId=i["InsightId"], NextToken="x")
    refused("InvalidRequestException", x.get_insight_summaries, **window())
    refused("InvalidRequestException", x.get_insight_summaries, **window(GroupName="nobody"))
    for group in ("watched", "unwatched"):
        x.delete_group(GroupName=group)
    refused("InvalidRequestException", x.get_insight, InsightId=i["InsightId"])


def policies(w):
    x = w.client("xray")
    document = policy({"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "xray:PutTraceSegments", "Resource": "*"})
    first = x.put_resource_policy(PolicyName="sns", PolicyDocument=document, PolicyRevisionId="0")["ResourcePolicy"]
    assert (first["PolicyName"], first["PolicyDocument"], first["PolicyRevisionId"]) == ("sns", document, "1")
    refused("InvalidPolicyRevisionIdException", x.put_resource_policy, PolicyName="sns", PolicyDocument=document, PolicyRevisionId="0")
    assert x.put_resource_policy(PolicyName="sns", PolicyDocument=document)["ResourcePolicy"]["PolicyRevisionId"] == "2"
    refused("MalformedPolicyDocumentException", x.put_resource_policy, PolicyName="new", PolicyDocument="{}")
    refused("PolicySizeLimitExceededException", x.put_resource_policy, PolicyName="new", PolicyDocument=" " * 5121)
    locked = policy({"Effect": "Deny", "Principal": "*", "Action": "xray:*", "Resource": "*"})
    refused("LockoutPreventionException", x.put_resource_policy, PolicyName="new", PolicyDocument=locked)
    x.put_resource_policy(PolicyName="locked", PolicyDocument=locked, BypassPolicyLockoutCheck=True)
    assert [p["PolicyName"] for p in x.list_resource_policies()["ResourcePolicies"]] == ["locked", "sns"]
    for name in "abc":
        x.put_resource_policy(PolicyName=name, PolicyDocument=document)
    refused("PolicyCountLimitExceededException", x.put_resource_policy, PolicyName="d", PolicyDocument=document)
    refused("InvalidPolicyRevisionIdException", x.delete_resource_policy, PolicyName="sns", PolicyRevisionId="1")
    for name in ("a", "b", "c", "locked", "sns"):
        x.delete_resource_policy(PolicyName=name)
    assert x.list_resource_policies()["ResourcePolicies"] == []
    refused("InvalidRequestException", x.delete_resource_policy, PolicyName="sns")


def groups(w):
    x = w.client("xray")
    g = x.create_group(GroupName="slow", FilterExpression="responsetime > 5", Tags=[{"Key": "team", "Value": "ops"}])["Group"]
    assert g["GroupARN"].startswith("arn:aws:xray:us-east-1:000000000000:group/slow/") and g["FilterExpression"] == "responsetime > 5"
    refused("InvalidRequestException", x.create_group, GroupName="slow")
    refused("InvalidRequestException", x.create_group, GroupName="bad", FilterExpression="(")
    refused("InvalidRequestException", x.update_group, GroupName="slow", FilterExpression="(")
    assert x.update_group(GroupARN=g["GroupARN"], FilterExpression="error")["Group"]["FilterExpression"] == "error"
    assert x.get_group(GroupName="slow")["Group"]["FilterExpression"] == "error"
    assert [k["GroupName"] for k in x.get_groups()["Groups"]] == ["gold", "slow"]
    assert x.list_tags_for_resource(ResourceARN=g["GroupARN"])["Tags"] == [{"Key": "team", "Value": "ops"}]
    x.tag_resource(ResourceARN=g["GroupARN"], Tags=[{"Key": "a", "Value": "b"}])
    x.untag_resource(ResourceARN=g["GroupARN"], TagKeys=["team"])
    assert x.list_tags_for_resource(ResourceARN=g["GroupARN"])["Tags"] == [{"Key": "a", "Value": "b"}]
    x.delete_group(GroupName="slow")
    refused("InvalidRequestException", x.get_group, GroupName="slow")
    refused("ResourceNotFoundException", x.list_tags_for_resource, ResourceARN=g["GroupARN"])


def sampling(w):
    x = w.client("xray")
    rule = {"RuleName": "half", "ResourceARN": "*", "Priority": 10, "FixedRate": 0.5, "ReservoirSize": 10, "ServiceName": "*", "ServiceType": "*",
            "Host": "*", "HTTPMethod": "*", "URLPath": "/v2/*", "Version": 1, "Attributes": {"a": "b"}}
    first = x.get_sampling_rules()["SamplingRuleRecords"]
    assert [(r["SamplingRule"]["RuleName"], r["SamplingRule"]["Priority"], r["SamplingRule"]["FixedRate"]) for r in first] == [("Default", 10000, 0.05)]
    made = x.create_sampling_rule(SamplingRule=rule)["SamplingRuleRecord"]["SamplingRule"]
    assert {k: made[k] for k in rule} == rule and made["RuleARN"].endswith(":sampling-rule/half")
    refused("InvalidRequestException", x.create_sampling_rule, SamplingRule=rule)
    refused("InvalidRequestException", x.create_sampling_rule, SamplingRule={**rule, "RuleName": "new", "Version": 2})
    refused("InvalidRequestException", x.create_sampling_rule, SamplingRule={**rule, "RuleName": "new", "FixedRate": 2})
    refused("InvalidRequestException", x.update_sampling_rule, SamplingRuleUpdate={"RuleName": "Default", "Priority": 3})
    refused("InvalidRequestException", x.delete_sampling_rule, RuleName="Default")
    x.update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 0.2})
    x.update_sampling_rule(SamplingRuleUpdate={"RuleARN": made["RuleARN"], "Host": "h"})
    rules = [r["SamplingRule"] for r in x.get_sampling_rules()["SamplingRuleRecords"]]
    assert [(r["RuleName"], r["FixedRate"], r["Host"]) for r in rules] == [("half", 0.5, "h"), ("Default", 0.2, "*")]

    def targets(client, name="half"):
        return x.get_sampling_targets(SamplingStatisticsDocuments=[
            {"RuleName": name, "ClientID": client * 24, "Timestamp": time.time(), "RequestCount": 9, "SampledCount": 4, "BorrowCount": 1}])
    one = targets("a")["SamplingTargetDocuments"][0]
    assert (one["RuleName"], one["FixedRate"], one["ReservoirQuota"], one["Interval"]) == ("half", 0.5, 10, 10)
    assert targets("b")["SamplingTargetDocuments"][0]["ReservoirQuota"] == 5
    assert targets("a", "none")["UnprocessedStatistics"][0]["RuleName"] == "none"
    s = x.get_sampling_statistic_summaries()["SamplingStatisticSummaries"]
    assert [k["RuleName"] for k in s] == ["half"] and s[0]["RequestCount"] in (9, 18)
    assert x.delete_sampling_rule(RuleName="half")["SamplingRuleRecord"]["SamplingRule"]["RuleName"] == "half"
    assert x.get_encryption_config()["EncryptionConfig"] == {"Status": "ACTIVE", "Type": "NONE"}
    assert x.put_encryption_config(Type="NONE")["EncryptionConfig"]["Type"] == "NONE"
    refused("InvalidRequestException", x.put_encryption_config, Type="KMS", KeyId="alias/k")


def function(w):
    """An event with a trace header leads through the bus to the function's segments in the same trace."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as z:
        z.writestr("index.py", "def handler(e, c):\n    return 1")
    f, events, x = w.client("lambda"), w.client("events"), w.client("xray")
    arn = f.create_function(FunctionName="traced", Runtime="python3.10", Handler="index.handler", Role=w.role("worker", allow("xray:PutTraceSegments")),
                            Code={"ZipFile": package.getvalue()}, TracingConfig={"Mode": "Active"})["FunctionArn"]
    rule = events.put_rule(Name="r", EventPattern='{"source": ["t"]}')["RuleArn"]
    f.add_permission(FunctionName="traced", StatementId="e", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule)
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    t, parent = trace_id(), os.urandom(8).hex()
    assert put(x, segment(t, id=parent, name="sender")) == []
    events.put_events(Entries=[{"Source": "t", "DetailType": "d", "Detail": "{}", "TraceHeader": f"Root={t};Parent={parent};Sampled=1"}])

    def segments():
        found = x.batch_get_traces(TraceIds=[t])["Traces"][0]["Segments"]
        return len(found) == 4 and {s["Id"]: json.loads(s["Document"]) for s in found}
    tree = wait_for(segments)
    attempt = [s for k in tree.values() for s in k.get("subsegments", []) if s["name"] == "Attempt #1"][0]
    tree[attempt["id"]] = attempt
    assert sorted((s["name"], s.get("origin", ""), tree.get(s.get("parent_id"), {}).get("name", "")) for s in tree.values()) == [
        ("Attempt #1", "", ""), ("default", "AWS::Events", "sender"), ("sender", "", ""), ("traced", "AWS::Lambda", "default"),
        ("traced", "AWS::Lambda::Function", "Attempt #1")]
    assert t in ids(x, 'service(id(name: "traced", type: "AWS::Lambda::Function")) { ok }')


def who_may(w):
    x = w.user("sender", allow("xray:PutTraceSegments"), allow("xray:GetGroup", "arn:aws:xray:*:*:group/gold/*"))("xray")
    assert put(x, segment(trace_id())) == []
    assert x.get_group(GroupName="gold")["Group"]["GroupName"] == "gold"
    refused("AccessDeniedException", x.get_group, GroupName="other")
    refused("AccessDeniedException", x.get_trace_summaries, **window())


def survives(w):
    before = sorted(ids(w.client("xray")))
    w.kill()
    w.start()
    assert sorted(ids(w.client("xray"))) == before and len(before) > 230


def expiry():
    with Waybill(args=["--test-clock"]) as w:
        x, t = w.client("xray"), trace_id()
        assert put(x, *(segment(t) for _ in range(300))) == []

        def there():
            return bool(x.batch_get_traces(TraceIds=[t])["Traces"])

        def advance(ms):
            w.page("/_waybill/clock", data=json.dumps({"advance_ms": ms}).encode(), method="POST")
        advance(29 * DAY)
        assert there()
        advance(2 * DAY)
        wait_for(lambda: not there())
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout


def main():
    with Waybill() as w:
        for part in (validation, reading, paging, graphs, series, groups, insights, policies, sampling, function, who_may, survives):
            part(w)
            print(part.__name__)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout
    expiry()
    print("expiry")


main()
