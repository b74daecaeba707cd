"""Parameter Store with Debian's clients: values and versions, hierarchies, secrets at rest, who may see what, expiry, events; across kill -9."""
import base64
import datetime
import json
import os
import re

from botocore.exceptions import ClientError

from waybill_server import Waybill, refused, wait_for

ACCOUNT = "000000000000"
ARN = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter"
SECRET = "correct-horse-battery-staple"
LISTED = "listed-horse-battery-staple"


def names(pages):
    return [p["Name"] for page in pages for p in page["Parameters"]]


def values(w):
    ssm = w.client("ssm")
    assert ssm.put_parameter(Name="/app/db/host", Value="db.example.test", Type="String", Description="where it is")["Version"] == 1
    assert "set the overwrite option" in refused("ParameterAlreadyExists", ssm.put_parameter, Name="/app/db/host", Value="x", Type="String")
    assert ssm.put_parameter(Name="/app/db/host", Value="db2.example.test", Overwrite=True)["Version"] == 2
    p = ssm.get_parameter(Name="/app/db/host")["Parameter"]
    assert (p["Value"], p["Version"], p["ARN"], p["DataType"]) == ("db2.example.test", 2, f"{ARN}/app/db/host", "text")
    assert abs(p["LastModifiedDate"].timestamp() - datetime.datetime.now().timestamp()) < 3600
    p = ssm.get_parameter(Name=f"{ARN}/app/db/host:1")["Parameter"]
    assert (p["Name"], p["Value"], p["Selector"]) == ("/app/db/host", "db.example.test", ":1")
    ssm.label_parameter_version(Name="/app/db/host", ParameterVersion=1, Labels=["stable"])
    assert ssm.get_parameter(Name="/app/db/host:stable")["Parameter"]["Version"] == 1
    refused("ParameterVersionNotFound", ssm.get_parameter, Name="/app/db/host:9")
    refused("ParameterNotFound", ssm.get_parameter, Name="/app/db")
    assert "fully qualified" in refused("ValidationException", ssm.put_parameter, Name="app/db", Value="x", Type="String")
    assert "can't be prefixed" in refused("ValidationException", ssm.put_parameter, Name="/ssm/x", Value="x", Type="String")
    refused("AccessDeniedException", ssm.put_parameter, Name="/aws/x", Value="x", Type="String")
    assert "Public parameters" in refused("ParameterNotFound", ssm.get_parameter, Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")
    h = ssm.get_parameter_history(Name="/app/db/host")["Parameters"]
    assert [(v["Version"], v["Value"], v["Labels"], v["Description"]) for v in h] == [
        (1, "db.example.test", ["stable"], "where it is"), (2, "db2.example.test", [], "where it is")]
    assert h[0]["LastModifiedUser"] == f"arn:aws:iam::{ACCOUNT}:root"

    ssm.put_parameter(Name="plain", Value="a,b,c", Type="StringList", Tags=[{"Key": "team", "Value": "ops"}])
    r = ssm.get_parameters(Names=["plain", "/app/db/host:stable", "missing"])
    assert [p["Value"] for p in r["Parameters"]] == ["a,b,c", "db.example.test"] and r["InvalidParameters"] == ["missing"]
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="plain", Tags=[{"Key": "tier", "Value": "grün"}])
    ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId="plain", TagKeys=["team"])
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="plain")["TagList"] == [{"Key": "tier", "Value": "grün"}]
    refused("InvalidResourceId", ssm.list_tags_for_resource, ResourceType="Parameter", ResourceId="/plain")
    refused("InvalidResourceType", ssm.list_tags_for_resource, ResourceType="Document", ResourceId="plain")

    for i in range(25):
        ssm.put_parameter(Name=f"/many/{i:02}/{'x' * 900}", Value=str(i), Type="String")
    refused("ValidationException", ssm.put_parameter, Name="/many/" + "x" * 1011, Value="x", Type="String")
    assert names(ssm.get_paginator("get_parameters_by_path").paginate(Path="/many", Recursive=True)) == [f"/many/{i:02}/{'x' * 900}" for i in range(25)]
    assert names(ssm.get_paginator("get_parameters_by_path").paginate(Path="/many")) == []
    assert len(names(ssm.get_paginator("describe_parameters").paginate(ParameterFilters=[
        {"Key": "Path", "Option": "Recursive", "Values": ["/many"]}], PaginationConfig={"PageSize": 7}))) == 25
    for i in range(0, 25, 5):
        got = ssm.delete_parameters(Names=[f"/many/{n:02}/{'x' * 900}" for n in range(i, i + 5)] + ["/many/none"])
        assert len(got["DeletedParameters"]) == 5 and got["InvalidParameters"] == ["/many/none"]


def cli(w):
    assert w.aws("ssm", "put-parameter", "--name", "/cli/max", "--value", "100", "--type", "String", "--allowed-pattern", r"\d{1,4}") == {
        "Version": 1, "Tier": "Standard"}
    r = w.aws("ssm", "put-parameter", "--name", "/cli/max", "--value", "10,000", "--overwrite", check=False)
    assert r"ParameterPatternMismatchException) when calling the PutParameter operation: Parameter value, cannot be validated against allowedPattern: \d{1,4}" in r.stderr
    assert w.aws("ssm", "get-parameters-by-path", "--path", "/cli")["Parameters"][0]["Value"] == "100"
    assert w.aws("ssm", "describe-parameters", "--filters", "Key=Name,Values=/cli")["Parameters"][0]["AllowedPattern"] == r"\d{1,4}"
    w.aws("ssm", "delete-parameter", "--name", "/cli/max")
    assert "ParameterNotFound" in w.aws("ssm", "get-parameter", "--name", "/cli/max", check=False).stderr


def secrets(w):
    ssm = w.client("ssm")
    ssm.put_parameter(Name="/app/db/password", Value=SECRET, Type="SecureString")
    ssm.put_parameter(Name="/app/db/password", Value=SECRET + "2", Overwrite=True, KeyId="alias/mine")
    # Nor may a secret show in what is refused.
    for wrong in ({"Type": "String", "Overwrite": True}, {"Overwrite": False}, {"AllowedPattern": "[0-9]+", "Overwrite": True}):
        try:
            ssm.put_parameter(Name="/app/db/password", Value=SECRET, **wrong)
            raise AssertionError("refused, expected")
        except ClientError as e:
            assert SECRET not in str(e)
    ssm.put_parameter(Name="listed", Value=LISTED, Type="StringList")
    assert ssm.get_parameter(Name="/app/db/password", WithDecryption=True)["Parameter"]["Value"] == SECRET + "2"
    closed = ssm.get_parameter(Name="/app/db/password:1")["Parameter"]["Value"]
    assert SECRET.encode() not in base64.b64decode(closed, validate=True)
    assert [p["KeyId"] for p in ssm.get_parameter_history(Name="/app/db/password")["Parameters"]] == ["alias/aws/ssm", "alias/mine"]
    told = [e["CloudTrailEvent"] for e in w.client("cloudtrail").lookup_events(LookupAttributes=[
        {"AttributeKey": "EventName", "AttributeValue": "PutParameter"}])["Events"]]
    assert any('"/app/db/password"' in e for e in told) and not any(SECRET in e or LISTED in e for e in told)
    assert [p["Value"] for p in ssm.get_parameters_by_path(Path="/app/db", WithDecryption=True)["Parameters"]] == ["db2.example.test", SECRET + "2"]


def after_kill(w):
    w.kill()
    w.start()
    ssm = w.client("ssm")
    assert ssm.get_parameter(Name="/app/db/password:1", WithDecryption=True)["Parameter"]["Value"] == SECRET
    assert ssm.get_parameter(Name="/app/db/host:stable")["Parameter"]["Value"] == "db.example.test"
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="plain")["TagList"] == [{"Key": "tier", "Value": "grün"}]


def holding(w, text):
    """The files of the data directory, and the log, that hold the text."""
    found = []
    for folder, _, files in os.walk(w.data):
        found += [f for f in (os.path.join(folder, n) for n in files) if os.path.isfile(f) and text in open(f, "rb").read()]
    return found + ([w.log] if text.decode() in w.log_text() else [])


def at_rest(w):
    w.stop()
    for secret in (SECRET.encode(), base64.b64encode(SECRET.encode())[:-4]):
        assert holding(w, secret) == []
    assert holding(w, LISTED.encode()), "what is not secret is found, so the search works"
    assert "all well" in w.waybill("check", "--data", w.data).stdout
    w.start()


def permissions(w):
    root = w.client("ssm")
    root.put_parameter(Name="/other/x", Value="x", Type="String", Tags=[{"Key": "open", "Value": "yes"}])
    app = w.user("app", {"Effect": "Allow", "Action": ["ssm:GetParameter*", "ssm:PutParameter"], "Resource": [f"{ARN}/app", f"{ARN}/app/*"]},
                 {"Effect": "Deny", "Action": "ssm:PutParameter", "Resource": "*", "Condition": {"StringEquals": {"ssm:Overwrite": "true"}}},
                 {"Effect": "Deny", "Action": "ssm:GetParametersByPath", "Resource": "*", "Condition": {"StringEquals": {"ssm:Recursive": "true"}}},
                 {"Effect": "Allow", "Action": "ssm:DeleteParameter", "Resource": "*", "Condition": {"StringEquals": {"ssm:resourceTag/open": "yes"}}})("ssm")
    assert app.get_parameter(Name="/app/db/password", WithDecryption=True)["Parameter"]["Value"] == SECRET + "2"
    assert app.get_parameter(Name=f"{ARN}/app/db/host:1")["Parameter"]["Version"] == 1
    assert app.get_parameters_by_path(Path="/app")["Parameters"] == []
    why = refused("AccessDeniedException", app.get_parameter, Name="/other/x")
    assert f"user/app is not authorized to perform: ssm:GetParameter on resource: {ARN}/other/x because no identity-based policy allows" in why
    refused("AccessDeniedException", app.get_parameter, Name="plain:1")
    refused("AccessDeniedException", app.get_parameters, Names=["/app/db/host", "/other/x"])
    refused("AccessDeniedException", app.get_parameters_by_path, Path="/")
    refused("AccessDeniedException", app.get_parameters_by_path, Path="/app", Recursive=True)
    refused("AccessDeniedException", app.describe_parameters)
    app.put_parameter(Name="/app/new", Value="x", Type="String")
    refused("AccessDeniedException", app.put_parameter, Name="/app/new", Value="y", Overwrite=True)
    assert "ssm:AddTagsToResource" in refused("AccessDeniedException", app.put_parameter, Name="/app/tagged", Value="x", Type="String", Tags=[{"Key": "a", "Value": "b"}])
    refused("AccessDeniedException", app.delete_parameter, Name="/app/new")
    app.delete_parameter(Name="/other/x")
    refused("ParameterNotFound", root.get_parameter, Name="/other/x")
    refused("ParameterNotFound", root.get_parameter, Name="/app/tagged")
    # An ARN of another account is not read in one's own.
    refused("AccessDeniedException", app.get_parameter, Name="arn:aws:ssm:us-east-1:111122223333:parameter/app/new")
    refused("ParameterNotFound", root.get_parameter, Name=f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/app/new")


def events(w):
    """What a rule on the default bus hears; its target does not exist, so that all of it lies in the dead rows."""
    ssm, ev = w.client("ssm"), w.client("events")
    ev.put_rule(Name="parameters", EventPattern='{"source": ["aws.ssm"], "detail-type": ["Parameter Store Change", "Parameter Store Policy Action"]}')
    ev.put_targets(Rule="parameters", Targets=[{"Id": "1", "Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none"}])
    ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)
    policies = [{"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": ends.strftime("%Y-%m-%dT%H:%M:%S.000Z")}},
                {"Type": "ExpirationNotification", "Version": "1.0", "Attributes": {"Before": "1", "Unit": "Days"}},
                {"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": "20", "Unit": "Hours"}}]
    refused("ValidationException", ssm.put_parameter, Name="/ev/p", Value="x", Type="String", Policies=json.dumps(policies))
    assert ssm.put_parameter(Name="/ev/p", Value=SECRET, Type="SecureString", Tier="Intelligent-Tiering", Policies=json.dumps(policies))["Tier"] == "Advanced"
    ssm.put_parameter(Name="/ev/p", Value=SECRET, Overwrite=True)
    ssm.label_parameter_version(Name="/ev/p", Labels=["a"])
    assert [p["PolicyStatus"] for p in ssm.describe_parameters(ParameterFilters=[{"Key": "Tier", "Values": ["Advanced"]}])["Parameters"][0]["Policies"]] == ["Pending"] * 3

    def heard():
        found = []
        for row in re.findall(r"^(\d+) ", w.waybill("dead", "list").stdout, re.M):
            event = json.loads(re.search(r"^Payload +(.*)$", w.waybill("dead", "show", row).stdout, re.M)[1])
            assert event["resources"] == [f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/ev/p"], event
            assert event["source"] == "aws.ssm" and event["account"] == ACCOUNT and SECRET not in json.dumps(event)
            d = event["detail"]
            assert (d.get("name") or d["parameter-name"]) == "/ev/p"
            found.append(d.get("operation") or d["policy-type"])
        return sorted(found)

    wait_for(lambda: heard() == ["Create", "LabelParameterVersion", "Update"])
    w.kill()
    w.start()
    advance = lambda hours: w.page("/_waybill/clock", json.dumps({"advance_ms": hours * 3600 * 1000}).encode(), "POST")
    advance(21)
    wait_for(lambda: "NoChangeNotification" in heard())
    advance(30)
    wait_for(lambda: "ExpirationNotification" in heard())
    assert ssm.get_parameter(Name="/ev/p", WithDecryption=True)["Parameter"]["Value"] == SECRET
    advance(24)
    wait_for(lambda: heard() == ["Create", "Delete", "Expiration", "ExpirationNotification", "LabelParameterVersion", "NoChangeNotification", "Update"])
    refused("ParameterNotFound", ssm.get_parameter, Name="/ev/p")
    ev.remove_targets(Rule="parameters", Ids=["1"])


def main():
    with Waybill(args=["--test-clock"], env={"WAYBILL_STRICT": "1"}) as w:
        values(w)
        cli(w)
        secrets(w)
        after_kill(w)
        permissions(w)
        events(w)
        at_rest(w)


if __name__ == "__main__":
    main()
