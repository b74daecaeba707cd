"""Alarms and dashboards with Debian's clients, on a clock that the test moves.

What the alarm on errors sees is made by a real function that fails; test_seed_alarms.py drives the original stack's four.
"""
import email
import email.policy
import glob
import json
import os
import re

from alarms import Png, becomes, echo, function, got, move, settled, state
from waybill_server import Waybill, refused, wait_for

FAILING = "def handler(event, context):\n    if event.get('fail'):\n        raise RuntimeError('asked to')\n    return 'fine'\n"


def mails(w):
    return [open(p, encoding="utf-8").read() for p in sorted(glob.glob(os.path.join(w.data, "outbox", "*.eml")))]


def alarm_mails(w):
    return [m for m in mails(w) if "Confirmation" not in m]


def topic(w):
    sns = w.client("sns")
    arn = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.test")
    first = wait_for(lambda: mails(w))[0]
    w.page(re.search(r"http://\S*/_waybill/confirm-subscription\?\S+", first).group(0).replace(w.url, ""))
    return arn


def fail(w, name, times):
    for _ in range(times):
        assert w.client("lambda").invoke(FunctionName=name, Payload=b'{"fail":true}').get("FunctionError")


def failures(w, alerts):
    """Five errors within five minutes are one mail, recovery is none; how mail, history and message read."""
    cw = w.client("cloudwatch")
    function(w, "processor", FAILING)
    cw.put_metric_alarm(AlarmName="errors", AlarmActions=[alerts], TreatMissingData="notBreaching", Period=300, MetricName="Errors",
                        Namespace="AWS/Lambda", Statistic="Sum", Threshold=5, EvaluationPeriods=1,
                        ComparisonOperator="GreaterThanOrEqualToThreshold", Dimensions=[{"Name": "FunctionName", "Value": "processor"}])
    made = state(w, "errors")
    assert made["StateValue"] == "INSUFFICIENT_DATA" and made["StateReason"] == "Unchecked: Initial alarm creation"
    assert "DatapointsToAlarm" not in made and made["Dimensions"] == [{"Name": "FunctionName", "Value": "processor"}]

    fail(w, "processor", 4)
    move(w, 120)
    reason = becomes(w, "errors", "OK")["StateReason"]
    assert re.fullmatch(r"Threshold Crossed: 1 datapoint \[4\.0 \(.*\)\] was not greater than or equal to the threshold \(5\.0\)\.", reason), reason
    fail(w, "processor", 1)
    move(w, 120)
    a = becomes(w, "errors", "ALARM")
    assert re.fullmatch(r"Threshold Crossed: 1 datapoint \[5\.0 \(\d\d/\d\d/\d\d \d\d:\d\d:00\)\] was greater than or equal to the "
                        r"threshold \(5\.0\)\.", a["StateReason"]), a["StateReason"]
    data = json.loads(a["StateReasonData"])
    assert data["recentDatapoints"] == [5.0] and data["period"] == 300 and data["evaluatedDatapoints"][0]["sampleCount"] == 5.0, data

    mail = wait_for(lambda: alarm_mails(w))[0]
    assert 'Subject: ALARM: "errors" in US East (N. Virginia)' in mail, mail
    text = email.message_from_string(mail, policy=email.policy.default).get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "has entered the ALARM state, because" in text and "- State Change:               OK -> ALARM" in text, text

    settled(w)
    move(w, 20 * 60)
    ok = becomes(w, "errors", "OK")
    assert "not greater than or equal to the threshold" in ok["StateReason"] or "[NonBreaching]" in ok["StateReason"], ok
    settled(w)
    assert len(alarm_mails(w)) == 1, len(alarm_mails(w))

    items = [i for page in cw.get_paginator("describe_alarm_history").paginate(AlarmName="errors", PaginationConfig={"PageSize": 2})
             for i in page["AlarmHistoryItems"]]
    assert [i["HistorySummary"] for i in items] == [
        "Alarm updated from ALARM to OK", f"Successfully executed action {alerts}", "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK", 'Alarm "errors" created'], [i["HistorySummary"] for i in items]
    change = json.loads(items[2]["HistoryData"])
    assert change["oldState"]["stateValue"] == "OK" and change["newState"]["stateReasonData"]["threshold"] == 5.0
    action = json.loads(items[1]["HistoryData"])
    message = json.loads(json.loads(action["publishedMessage"])["default"])
    assert action["actionState"] == "Succeeded" and action["error"] is None and action["notificationResource"] == alerts
    assert message["Trigger"] == {
        "MetricName": "Errors", "Namespace": "AWS/Lambda", "StatisticType": "Statistic", "Statistic": "SUM", "Unit": None,
        "Dimensions": [{"value": "processor", "name": "FunctionName"}], "Period": 300, "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "Threshold": 5.0, "TreatMissingData": "notBreaching",
        "EvaluateLowSampleCountPercentile": ""}, message
    assert (message["OldStateValue"], message["NewStateValue"], message["Region"]) == ("OK", "ALARM", "US East (N. Virginia)")
    oldest = cw.describe_alarm_history(AlarmName="errors", ScanBy="TimestampAscending", MaxRecords=1)["AlarmHistoryItems"][0]
    assert oldest["HistoryItemType"] == "ConfigurationUpdate" and json.loads(oldest["HistoryData"])["type"] == "Create"
    only = cw.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert [i["AlarmName"] for i in only] == ["errors"]


def killed(w):
    """A server that dies between the metric and the evaluation makes up for it, also much later."""
    before = len(alarm_mails(w))
    fail(w, "processor", 5)
    w.kill()
    w.start()
    assert state(w, "errors")["StateValue"] == "OK"
    move(w, 40 * 60)  # the errors are long past the evaluation range of the present
    becomes(w, "errors", "OK")
    wait_for(lambda: len(alarm_mails(w)) == before + 1)
    changes = w.client("cloudwatch").describe_alarm_history(AlarmName="errors", HistoryItemType="StateUpdate", MaxRecords=2)
    wait_for(lambda: [i["HistorySummary"][-5:] for i in w.client("cloudwatch").describe_alarm_history(
        AlarmName="errors", HistoryItemType="StateUpdate", MaxRecords=2)["AlarmHistoryItems"]] == ["to OK", "ALARM"])
    assert changes["AlarmHistoryItems"]
    settled(w)
    assert len(alarm_mails(w)) == before + 1


def actions(w, alerts):
    """SetAlarmState, functions as actions, actions nobody takes, the event on the default bus."""
    cw = w.client("cloudwatch")
    listener = echo(w, {"source": ["aws.cloudwatch"]})
    put = {"AlarmName": "by-hand", "Namespace": "Own", "MetricName": "M", "ExtendedStatistic": "p99", "Period": 60, "EvaluationPeriods": 3,
           "DatapointsToAlarm": 2, "Threshold": 1.5, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "ignore",
           "AlarmActions": [listener, "arn:aws:automate:us-east-1:ec2:stop"], "Tags": [{"Key": "team", "Value": "ops"}]}
    cw.put_metric_alarm(**put)
    refused("InvalidFormat", cw.set_alarm_state, AlarmName="by-hand", StateValue="ALARM", StateReason="x", StateReasonData="{")
    text = refused("ResourceNotFound", cw.set_alarm_state, AlarmName="nobody", StateValue="OK", StateReason="x")
    text = refused("ValidationError", cw.set_alarm_state, AlarmName="by-hand", StateValue="INVALID", StateReason="x")
    assert text.endswith("Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"), text
    cw.set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="testing", StateReasonData='{"a":1}')
    a = state(w, "by-hand")
    assert (a["StateValue"], a["StateReason"], a["StateReasonData"]) == ("ALARM", "testing", '{"a":1}')
    event = wait_for(lambda: got(w, lambda d: d.get("detail-type") == "CloudWatch Alarm State Change"))[0]
    assert event["resources"] == [a["AlarmArn"]] and event["detail"]["state"]["value"] == "ALARM"
    assert event["detail"]["configuration"]["metrics"][0]["metricStat"]["stat"] == "p99"
    created = wait_for(lambda: got(w, lambda d: d.get("detail-type") == "CloudWatch Alarm Configuration Change"))[0]
    assert created["detail"]["operation"] == "create" and created["detail"]["configuration"]["datapointsToAlarm"] == 2

    # Nobody has allowed alarms to invoke the function, and nobody here stops machines.
    def failed():
        items = cw.describe_alarm_history(AlarmName="by-hand", HistoryItemType="Action")["AlarmHistoryItems"]
        return items if len(items) == 2 else None
    items = {json.loads(i["HistoryData"])["notificationResource"]: i for i in wait_for(failed)}
    assert items[listener]["HistorySummary"].startswith(f"Failed to execute action {listener}. Received error: "), items
    assert "Nothing receives at" in items["arn:aws:automate:us-east-1:ec2:stop"]["HistorySummary"]
    assert not got(w, lambda d: "alarmData" in d)
    w.client("lambda").add_permission(FunctionName="echo", StatementId="alarm", Action="lambda:InvokeFunction", SourceArn=a["AlarmArn"],
                                      Principal="lambda.alarms.cloudwatch.amazonaws.com", SourceAccount="000000000000")
    cw.set_alarm_state(AlarmName="by-hand", StateValue="OK", StateReason="testing")
    cw.set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="testing again")
    event = wait_for(lambda: got(w, lambda d: "alarmData" in d))[0]
    assert event["source"] == "aws.cloudwatch" and event["alarmArn"] == a["AlarmArn"] and event["region"] == "us-east-1"
    assert event["alarmData"]["state"]["reason"] == "testing again" and event["alarmData"]["previousState"]["value"] == "OK"

    # Actions that are disabled are not taken; an update keeps state and tags.
    cw.disable_alarm_actions(AlarmNames=["by-hand"])
    assert state(w, "by-hand")["ActionsEnabled"] is False
    cw.set_alarm_state(AlarmName="by-hand", StateValue="OK", StateReason="quiet")
    cw.set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="quiet")
    cw.enable_alarm_actions(AlarmNames=["by-hand", "nobody"])
    cw.put_metric_alarm(**{**put, "AlarmActions": [alerts], "Threshold": 3})
    a = state(w, "by-hand")
    assert a["StateValue"] == "ALARM" and a["Threshold"] == 3 and a["ActionsEnabled"] is True
    update = json.loads(cw.describe_alarm_history(AlarmName="by-hand", HistoryItemType="ConfigurationUpdate")["AlarmHistoryItems"][0]["HistoryData"])
    assert update["type"] == "Update" and update["updatedAlarm"]["threshold"] == 3.0
    assert set(update["originalUpdatedFields"]) == {"threshold", "alarmActions", "alarmConfigurationUpdatedTimestamp"}, update
    assert cw.list_tags_for_resource(ResourceARN=a["AlarmArn"])["Tags"] == [{"Key": "team", "Value": "ops"}]
    cw.tag_resource(ResourceARN=a["AlarmArn"], Tags=[{"Key": "a", "Value": "b"}])
    cw.untag_resource(ResourceARN=a["AlarmArn"], TagKeys=["team"])
    assert cw.list_tags_for_resource(ResourceARN=a["AlarmArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    refused("ResourceNotFoundException", cw.tag_resource, ResourceARN=a["AlarmArn"] + "x", Tags=[])
    cw.delete_alarms(AlarmNames=["by-hand"])
    refused("ResourceNotFound", cw.delete_alarms, AlarmNames=["by-hand"])
    last = cw.describe_alarm_history(AlarmName="by-hand", MaxRecords=1)["AlarmHistoryItems"][0]
    assert last["HistorySummary"] == 'Alarm "by-hand" deleted'
    assert len(got(w, lambda d: "alarmData" in d)) == 1


def composite(w, alerts):
    cw = w.client("cloudwatch")
    for name in ("a", "b", "quiet"):
        cw.put_metric_alarm(AlarmName=name, Namespace="Own", MetricName=name, Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
                            ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore")
        cw.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="begin")
    before = len(alarm_mails(w))
    text = refused("ValidationError", cw.put_composite_alarm, AlarmName="both", AlarmRule="ALARM(a) AND ALARM(gone)")
    assert text == "Could not save the composite alarm as alarms [gone] in the alarm rule do not exist", text
    assert "leading or trailing" in refused("ValidationError", cw.put_composite_alarm, AlarmName="both", AlarmRule=" ALARM(a)")
    refused("ValidationError", cw.put_composite_alarm, AlarmName="both", AlarmRule="ALARM(a) AND")
    refused("ValidationError", cw.put_composite_alarm, AlarmName="both", AlarmRule="ALARM(a)", ActionsSuppressor="quiet")
    refused("ValidationError", cw.put_composite_alarm, AlarmName="a", AlarmRule="TRUE")
    arn = state(w, "a")["AlarmArn"]
    cw.put_composite_alarm(AlarmName="both", AlarmRule=f"ALARM({arn}) AND ALARM(\"b\")", AlarmActions=[alerts], OKActions=[alerts])
    made = state(w, "both")
    assert made["StateValue"] == "OK" and made["StateReason"] == f"{made['AlarmArn']} was created and its alarm rule evaluates to OK"
    wait_for(lambda: len(alarm_mails(w)) == before + 1)  # INSUFFICIENT_DATA -> OK
    cw.put_composite_alarm(AlarmName="over", AlarmRule="ALARM(both) OR INSUFFICIENT_DATA(a)")
    cw.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="x")
    cw.set_alarm_state(AlarmName="b", StateValue="ALARM", StateReason="x")
    both = becomes(w, "both", "ALARM")
    assert re.match(r"arn:aws:cloudwatch:us-east-1:000000000000:alarm:[ab] transitioned to ALARM at \w+ \d\d \w+, \d{4} ", both["StateReason"]), both
    assert json.loads(both["StateReasonData"])["triggeringAlarms"][0]["state"]["value"] == "ALARM"
    becomes(w, "over", "ALARM")
    wait_for(lambda: len(alarm_mails(w)) == before + 2)
    items = cw.describe_alarm_history(AlarmName="both", AlarmTypes=["CompositeAlarm"], HistoryItemType="Action")["AlarmHistoryItems"]
    message = json.loads(json.loads(json.loads(items[0]["HistoryData"])["publishedMessage"])["default"])
    assert message["AlarmRule"].startswith("ALARM(arn:") and message["TriggeringChildren"][0]["State"]["Value"] == "ALARM", message
    children = cw.describe_alarms(ChildrenOfAlarmName="over")
    assert [x["AlarmName"] for x in children["CompositeAlarms"] + children["MetricAlarms"]] == ["both", "a"]
    assert [x["AlarmName"] for x in cw.describe_alarms(ParentsOfAlarmName="b")["CompositeAlarms"]] == ["both"]
    assert "depending" in refused("ValidationError", cw.delete_alarms, AlarmNames=["a"])
    # Two that refer to each other: evaluation ends, and one must let go before they can be deleted.
    cw.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(a) OR OK(over)")
    cw.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="x")
    becomes(w, "both", "OK")
    refused("ValidationError", cw.delete_alarms, AlarmNames=["both"])
    cw.put_composite_alarm(AlarmName="over", AlarmRule="FALSE")
    cw.delete_alarms(AlarmNames=["both"])
    cw.delete_alarms(AlarmNames=["over", "a", "b"])


def suppression(w, alerts):
    """A change is held back while the suppressor is in ALARM, for the wait before and the extension after."""
    cw = w.client("cloudwatch")
    cw.put_metric_alarm(AlarmName="child", Namespace="Own", MetricName="c", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
                        ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore")
    cw.set_alarm_state(AlarmName="child", StateValue="OK", StateReason="begin")
    cw.put_composite_alarm(AlarmName="main", AlarmRule="ALARM(child)", AlarmActions=[alerts], ActionsSuppressor="quiet",
                           ActionsSuppressorWaitPeriod=120, ActionsSuppressorExtensionPeriod=180)
    held = lambda by: wait_for(lambda: state(w, "main").get("ActionsSuppressedBy") == by or None)
    before = len(alarm_mails(w))
    turn = lambda name, value: cw.set_alarm_state(AlarmName=name, StateValue=value, StateReason="x")
    move(w, 130)  # the wait for OK, which nobody hears of
    wait_for(lambda: "ActionsSuppressedBy" not in state(w, "main"))
    turn("child", "ALARM")
    becomes(w, "main", "ALARM")
    held("WaitPeriod")
    turn("quiet", "ALARM")
    held("Alarm")
    move(w, 600)
    assert state(w, "main")["ActionsSuppressedReason"] == "Actions suppressed by Alarm"
    turn("quiet", "OK")
    held("ExtensionPeriod")
    w.kill()
    w.start()
    move(w, 170)
    assert len(alarm_mails(w)) == before and state(w, "main")["ActionsSuppressedBy"] == "ExtensionPeriod"
    move(w, 20)
    wait_for(lambda: len(alarm_mails(w)) == before + 1)
    assert "ActionsSuppressedBy" not in state(w, "main")
    turn("child", "OK")
    becomes(w, "main", "OK")
    turn("child", "ALARM")  # back within the wait: as if nothing had been
    becomes(w, "main", "ALARM")
    wait_for(lambda: "ActionsSuppressedBy" not in state(w, "main"))
    cw.delete_alarms(AlarmNames=["main"])
    cw.delete_alarms(AlarmNames=["child", "quiet"])


def refusals(w):
    cw = w.client("cloudwatch")
    good = {"AlarmName": "r", "Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold"}
    stat = {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}}
    listed = {k: v for k, v in good.items() if k not in ("Namespace", "MetricName", "Statistic", "Period")}
    for base, change, message in (
            (good, {"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60"),
            (good, {"DatapointsToAlarm": 2}, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"),
            (good, {"EvaluationPeriods": 1441}, "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."),
            (good, {"TreatMissingData": "never"}, "Option never is not supported. Supported options for parameter TreatMissingData are breaching, "
                                                  "notBreaching, ignore, and missing."),
            (good, {"EvaluateLowSampleCountPercentile": "unknown"}, "Option unknown is not supported. Supported options for parameter "
                                                                    "EvaluateLowSampleCountPercentile are evaluate and ignore."),
            (good, {"AlarmActions": ["nothing"]}, "Invalid arn syntax: nothing"),
            (good, {"Metrics": [stat]}, "MetricName should not be set if list of Metrics is set."),
            (listed, {"Metrics": [stat, {**stat, "Id": "m2"}]}, "Exactly one element of the metrics list should return data."),
            (listed, {}, "MetricName must not be null"),
            (listed, {"Metrics": [stat], "ThresholdMetricId": "m1"}, None)):
        text = refused("ValidationError", cw.put_metric_alarm, **{**base, **change})
        assert message is None and "Anomaly detection is not offered" in text or text == message, text
    # What the writer evaluates each minute has its bounds
    quiet, many = {**stat, "ReturnData": False}, "+".join(["m1"] * 500)
    for expression, message in (("MAX(SEARCH('{N} M', 'Sum', 60))", "SEARCH is not supported on Metric Alarms"), (many, "works on too many data points")):
        text = refused("ValidationError", cw.put_metric_alarm, **{**listed, "EvaluationPeriods": 1440, "Metrics": [quiet, {"Id": "e", "Expression": expression}]})
        assert message in text, text
    cw.put_metric_alarm(**{**listed, "EvaluationPeriods": 1440, "Metrics": [quiet, {"Id": "e", "Expression": "FILL(m1, 0) * 100"}]})
    cw.delete_alarms(AlarmNames=["r"])
    refused("InvalidParameterCombination", cw.put_metric_alarm, **{**good, "ExtendedStatistic": "p9"})
    refused("InvalidParameterValue", cw.put_metric_alarm, **{**{k: v for k, v in good.items() if k != "Statistic"}, "ExtendedStatistic": "p101"})
    assert not cw.describe_alarms(AlarmNamePrefix="r")["MetricAlarms"]
    for i in range(120):
        cw.put_metric_alarm(**{**good, "AlarmName": f"many-{i:03}", "Dimensions": [{"Name": "I", "Value": str(i % 2)}]})
    seen = [a["AlarmName"] for page in cw.get_paginator("describe_alarms").paginate(AlarmNamePrefix="many-") for a in page["MetricAlarms"]]
    assert len(seen) == 120 and seen == sorted(seen)
    assert not cw.describe_alarms(AlarmNamePrefix="many-", ActionPrefix="arn:")["MetricAlarms"]
    of = cw.describe_alarms_for_metric(Namespace="N", MetricName="M", Dimensions=[{"Name": "I", "Value": "1"}])["MetricAlarms"]
    assert len(of) == 60 and not cw.describe_alarms_for_metric(Namespace="N", MetricName="M")["MetricAlarms"]
    refused("InvalidNextToken", cw.describe_alarms, NextToken="forged")
    cw.delete_alarms(AlarmNames=seen[:100])
    cw.delete_alarms(AlarmNames=seen[100:])
    # The command line speaks the same.
    w.aws("cloudwatch", "put-metric-alarm", "--alarm-name", "cli", "--namespace", "N", "--metric-name", "M", "--statistic", "Maximum", "--period",
          "60", "--evaluation-periods", "2", "--threshold", "0.5", "--comparison-operator", "LessThanThreshold", "--unit", "Count")
    a = w.aws("cloudwatch", "describe-alarms", "--alarm-names", "cli")["MetricAlarms"][0]
    assert (a["Threshold"], a["Unit"], a["EvaluationPeriods"]) == (0.5, "Count", 2)
    w.aws("cloudwatch", "delete-alarms", "--alarm-names", "cli")
    some = w.user("some", {"Effect": "Allow", "Action": "cloudwatch:PutMetricAlarm", "Resource": "*",
                           "Condition": {"ForAllValues:StringLike": {"cloudwatch:AlarmActions": "arn:aws:sns:*"}}})("cloudwatch")
    some.put_metric_alarm(**{**good, "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:t"]})
    refused("AccessDenied", some.put_metric_alarm, **{**good, "AlarmActions": ["arn:aws:lambda:us-east-1:000000000000:function:f"]})
    cw.delete_alarms(AlarmNames=["r"])


def picture(w):
    """A PNG of the size that was asked for, in which lines of the asked colors stand."""
    cw = w.client("cloudwatch")
    widget = {"width": 500, "height": 300, "title": "Errors (of today)", "start": "-PT6H", "period": 60, "stat": "Sum",
              "metrics": [["AWS/Lambda", "Errors", "FunctionName", "processor", {"id": "m1", "visible": False}],
                          [".", "Invocations", ".", "."], [{"expression": "FILL(m1, 1)", "label": "once", "id": "e1", "color": "#123456"}],
                          [{"expression": "e1 * 2", "label": "twice", "id": "e2", "color": "#00aa77"}]],
              "annotations": {"horizontal": [{"value": 5, "label": "too many"}]}}
    png = cw.get_metric_widget_image(MetricWidget=json.dumps(widget))["MetricWidgetImage"]
    out = os.environ.get("WIDGET_PNG")
    if out:
        open(out, "wb").write(png)
    png = Png(png)
    assert (png.width, png.height) == (500, 300)
    for color in (b"\x12\x34\x56", b"\x00\xaa\x77"):
        assert png.count(color) > 500, color  # the box in the legend alone has 64 points
    for wrong in ("x", "[]", "{}", '{"metrics":[["a"]]}', '{"metrics":[["a","b"]],"width":2001}', '{"metrics":[["a","b"]],"view":"pie"}',
                  '{"metrics":[["a","b"]],"start":"-PT1X"}', '{"metrics":[["a","b"]],"start":"PT1H"}', '{"metrics":[[{"expression":"(("}]]}'):
        refused("ValidationError", cw.get_metric_widget_image, MetricWidget=wrong)


def dashboards(w):
    cw = w.client("cloudwatch")
    body = {"widgets": [{"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
        "view": "timeSeries", "title": "Lambda Invocations", "region": "us-east-1", "yAxis": {},
        "metrics": [["AWS/Lambda", "Invocations", "FunctionName", "processor", {"stat": "Sum"}], ["...", "other"]]}}]}
    text = json.dumps(body)
    assert cw.put_dashboard(DashboardName="d-1", DashboardBody=text)["DashboardValidationMessages"] == []
    got_back = cw.get_dashboard(DashboardName="d-1")
    assert got_back["DashboardBody"] == text and got_back["DashboardArn"] == "arn:aws:cloudwatch::000000000000:dashboard/d-1"
    entry = cw.list_dashboards(DashboardNamePrefix="d")["DashboardEntries"][0]
    assert entry["Size"] == len(text) and entry["DashboardName"] == "d-1"
    message = refused("InvalidParameterInput", cw.put_dashboard, DashboardName="d-1", DashboardBody='{"widgets":[{"type":"text","properties":{}}]}')
    assert message == """The dashboard body is invalid, there are 1 validation errors:
[
  {
    "dataPath": "/widgets/0/properties",
    "message": "Should have required property 'markdown'"
  }
]""", message
    assert refused("InvalidParameterInput", cw.put_dashboard, DashboardName="d", DashboardBody="[]") == \
        "The field DashboardBody must be a valid JSON object"
    assert "can only contain alphanumerics" in refused("InvalidParameterInput", cw.put_dashboard, DashboardName="d.1", DashboardBody=text)
    assert cw.get_dashboard(DashboardName="d-1")["DashboardBody"] == text
    refused("ResourceNotFound", cw.get_dashboard, DashboardName="d-2")
    picture(w)
    refused("ResourceNotFound", cw.delete_dashboards, DashboardNames=["d-1", "d-2"])
    cw.delete_dashboards(DashboardNames=["d-1"])
    assert cw.list_dashboards()["DashboardEntries"] == []


def main():
    with Waybill(args=["--test-clock"]) as w:
        alerts = topic(w)
        failures(w, alerts)
        killed(w)
        actions(w, alerts)
        composite(w, alerts)
        suppression(w, alerts)
        refusals(w)
        dashboards(w)
        w.stop()
        w.waybill("check", "--data", w.data)


main()
