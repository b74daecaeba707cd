"""A data directory of the version before IAM: its root key, functions and queued events remain, and a function may do exactly what its role allows."""
import json
import os
import shutil
import tempfile

from botocore.exceptions import ClientError
from waybill_server import ROOT, Waybill, wait_for

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def status(w):
    return json.loads(w.waybill("status", "--json").stdout)


def put(w, n):
    entry = {"Source": "test", "DetailType": "t", "EventBusName": "orders", "Detail": json.dumps({"n": n})}
    assert w.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def seen(w):
    return sorted(i["k"]["S"] for i in w.client("dynamodb").scan(TableName="seen", ConsistentRead=True)["Items"])


def refused_at_first(w):
    """Nobody has made the role: the function may do nothing, and its event stays."""
    try:
        w.client("lambda").invoke(FunctionName="keeper", Payload=b'{"detail": {"n": 9}}')
        raise AssertionError("the function ran without a role")
    except ClientError as e:
        assert "cannot be assumed by Lambda" in str(e), e
    assert seen(w) == []


def exactly_its_role(w, data):
    iam = w.client("iam")
    iam.create_role(RoleName="keeper", Path="/service/", AssumeRolePolicyDocument=json.dumps(TRUST))
    answer = w.client("lambda").invoke(FunctionName="keeper", Payload=b'{"detail": {"n": 9}}')
    assert answer["FunctionError"] == "Unhandled", answer
    error = json.load(answer["Payload"])["errorMessage"]
    assert "is not authorized to perform: dynamodb:PutItem" in error and "assumed-role/keeper/keeper" in error, error
    table = w.client("dynamodb").describe_table(TableName="seen")["Table"]["TableArn"]
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": table}]}
    iam.put_role_policy(RoleName="keeper", PolicyName="put", PolicyDocument=json.dumps(allow))
    put(w, 2)
    wait_for(lambda: "2" in seen(w))


def main():
    data = os.path.join(tempfile.mkdtemp(prefix="waybill-test-"), "data")
    shutil.copytree(os.path.join(ROOT, "tests/golden/server-1"), data)
    for name in ("key", "credentials"):
        os.chmod(os.path.join(data, name), 0o600)
    with open(os.path.join(data, "credentials")) as f:
        before = f.read()
    with Waybill(data=data, args=["--test-clock"]) as w:
        assert w.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
        assert [f["FunctionName"] for f in w.client("lambda").list_functions()["Functions"]] == ["keeper"]
        assert w.client("sns").list_topics()["Topics"] and w.client("dynamodb").list_tables()["TableNames"] == ["other"]
        w.client("dynamodb").create_table(TableName="seen", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
                                          AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
        refused_at_first(w)
        exactly_its_role(w, data)
        # The event that waited since then is older than six hours by now, or made so: a dead row, which can be sent again.
        w.page("/_waybill/clock", json.dumps({"advance_ms": 7 * 3600 * 1000}).encode(), "POST")
        wait_for(lambda: "1" in seen(w) or status(w)["Dead"] == 1)
        if status(w)["Dead"]:
            w.waybill("dead", "retry", "--all")
        wait_for(lambda: seen(w) == ["1", "2"])
    with open(os.path.join(data, "credentials")) as f:
        assert f.read() == before
    shutil.rmtree(os.path.dirname(data))


main()
