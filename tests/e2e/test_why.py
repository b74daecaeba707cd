"""waybill why: adding exactly the statements it prints, where it says, makes the refused call work; for a table of calls over all services."""
import io
import json
import os
import re
import zipfile

from botocore.exceptions import ClientError

from waybill_server import Waybill, policy

HOME = "000000000000"
OTHER = "111122223333"
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException")


def package():
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        z.writestr("index.py", "def handler(event, context):\n    return 1\n")
    return b.getvalue()


KEY = {"p": {"S": "x"}}
TABLE = dict(KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
             BillingMode="PAY_PER_REQUEST")
TAGS = [{"Key": "a", "Value": "b"}]
TRUST = policy({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
ROLE = f"arn:aws:iam::{HOME}:role/runs"
TOPIC = f"arn:aws:sns:us-east-1:{HOME}:topic"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{HOME}:table/table"
FUNCTION = dict(FunctionName="made", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": package()})

CALLS = [
    ("dynamodb", "get_item", dict(TableName="table", Key=KEY)),
    ("dynamodb", "put_item", dict(TableName="table", Item=KEY)),
    ("dynamodb", "update_item", dict(TableName="table", Key=KEY)),
    ("dynamodb", "query", dict(TableName="table", KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": {"S": "x"}})),
    ("dynamodb", "scan", dict(TableName="table")),
    ("dynamodb", "batch_write_item", dict(RequestItems={"table": [{"PutRequest": {"Item": KEY}}], "table2": [{"PutRequest": {"Item": KEY}}]})),
    ("dynamodb", "create_table", dict(TableName="made", Tags=TAGS, **TABLE)),
    ("dynamodb", "describe_table", dict(TableName="table")),
    ("dynamodb", "list_tables", {}),
    ("dynamodb", "tag_resource", dict(ResourceArn=TABLE_ARN, Tags=TAGS)),
    ("sns", "create_topic", dict(Name="made", Tags=TAGS)),
    ("sns", "publish", dict(TopicArn=TOPIC, Message="m")),
    ("sns", "subscribe", dict(TopicArn=TOPIC, Protocol="email", Endpoint="a@example.test")),
    ("sns", "list_topics", {}),
    ("sns", "set_topic_attributes", dict(TopicArn=TOPIC, AttributeName="DisplayName", AttributeValue="x")),
    ("lambda", "create_function", FUNCTION),
    ("lambda", "get_function", dict(FunctionName="function")),
    ("lambda", "invoke", dict(FunctionName="function", InvocationType="DryRun")),
    ("lambda", "add_permission", dict(FunctionName="function", StatementId="s", Action="lambda:InvokeFunction", Principal="events.amazonaws.com")),
    ("lambda", "list_functions", {}),
    ("events", "put_events", dict(Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}"}])),
    ("events", "put_rule", dict(Name="made", EventPattern='{"source":["a"]}')),
    ("events", "put_targets", dict(Rule="rule", Targets=[{"Id": "1", "Arn": TOPIC}])),
    ("events", "create_event_bus", dict(Name="made")),
    ("events", "list_rules", {}),
    ("iam", "create_user", dict(UserName="made", Tags=TAGS)),
    ("iam", "get_user", dict(UserName="somebody")),
    ("iam", "list_users", {}),
    ("iam", "create_role", dict(RoleName="made", AssumeRolePolicyDocument=TRUST)),
    ("iam", "put_user_policy", dict(UserName="somebody", PolicyName="x", PolicyDocument=policy())),
    ("iam", "attach_user_policy", dict(UserName="somebody", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")),
    ("sts", "assume_role", dict(RoleArn=f"arn:aws:iam::{HOME}:role/taken", RoleSessionName="it")),
    ("sts", "get_federation_token", dict(Name="bob")),
    ("cloudtrail", "lookup_events", {}),
    ("cloudtrail", "get_trail_status", dict(Name="none")),
]


def denied(call, **input):
    """The request id of the refusal; None when the call passed authorization."""
    try:
        call(**input)
    except ClientError as e:
        if e.response["Error"]["Code"] in DENIED:
            return e.response["ResponseMetadata"]["RequestId"]
    return None


def explain(w, request_id):
    return json.loads(w.waybill("why", "--json", request_id).stdout)


class Fixer:
    """Does what waybill why says, and nothing else."""
    def __init__(self, w, accounts=None):
        self.w, self.accounts, self.count = w, accounts or {}, 0

    def client(self, arn, service):
        key = self.accounts.get(arn.split(":")[4])
        return self.w.client_with(service, key) if key else self.w.client(service)

    def apply(self, fix):
        self.count += 1
        getattr(self, fix["Where"].replace(" ", "_"))(fix["Of"], json.loads(fix["Statement"]))

    def identity_policy(self, of, statement):
        iam, kind, name = self.client(of, "iam"), *re.match(r".*:(user|role)/(?:.*/)?(.*)$", of).groups()
        put = iam.put_user_policy if kind == "user" else iam.put_role_policy
        put(**{kind.title() + "Name": name}, PolicyName=f"why{self.count}", PolicyDocument=policy(statement))

    def trust_policy(self, of, statement):
        iam, name = self.client(of, "iam"), of.split("/")[-1]
        document = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=policy(*document["Statement"], statement))

    def resource_policy(self, of, statement):
        assert ":sns:" in of, of
        self.client(of, "sns").set_topic_attributes(TopicArn=of, AttributeName="Policy", AttributeValue=policy(statement))

    def permissions_boundary(self, of, statement):
        iam = self.client(of, "iam")
        version = iam.get_policy(PolicyArn=of)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=of, VersionId=version)["PolicyVersion"]["Document"]
        iam.create_policy_version(PolicyArn=of, PolicyDocument=policy(*document["Statement"], statement), SetAsDefault=True)

    def all(self, request_id):
        why = explain(self.w, request_id)
        printed = self.w.waybill("why", request_id).stdout.splitlines()
        for d in why["Denials"]:
            assert d["Decision"] == "implicitDeny" and d["Fixes"], why
            for fix in d["Fixes"]:
                assert fix["Statement"] in printed, (fix, printed)
                self.apply(fix)
        return why


def world(w):
    w.role("runs")
    iam, ddb = w.client("iam"), w.client("dynamodb")
    iam.create_role(RoleName="taken", AssumeRolePolicyDocument=TRUST)
    iam.create_user(UserName="somebody")
    for name in ("table", "table2"):
        ddb.create_table(TableName=name, **TABLE)
    w.client("sns").create_topic(Name="topic")
    w.client("lambda").create_function(**{**FUNCTION, "FunctionName": "function"})
    w.client("events").put_rule(Name="rule", EventPattern='{"source":["a"]}')


def table(w):
    fixer = Fixer(w)
    for i, (service, operation, input) in enumerate(CALLS):
        name = f"user{i}"
        call = getattr(w.user(name)(service), operation)
        first = denied(call, **input)
        assert first, (service, operation)
        why = fixer.all(first)
        assert why["Principal"] == f"arn:aws:iam::{HOME}:user/{name}" and why["Service"] == service, why
        assert not denied(call, **input), (service, operation, why)
        # Nothing but what was asked for was allowed.
        other = denied(w.client_with("iam", key_of(w, name)).delete_user, UserName="somebody")
        assert other, (service, operation)


def key_of(w, name):
    iam = w.client("iam")
    return iam.create_access_key(UserName=name)["AccessKey"]


def limits(w):
    """A boundary has to allow it, too; a session policy is that of the next session."""
    iam = w.client("iam")
    fixer = Fixer(w)
    boundary = iam.create_policy(PolicyName="edge", PolicyDocument=policy({"Effect": "Allow", "Action": "sns:*", "Resource": "*"}))["Policy"]["Arn"]
    user = w.user("bounded")
    iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=boundary)
    why = fixer.all(denied(user("dynamodb").list_tables))
    assert [f["Where"] for f in why["Denials"][0]["Fixes"]] == ["identity policy", "permissions boundary"], why
    assert not denied(user("dynamodb").list_tables)

    arn = f"arn:aws:iam::{HOME}:user/bounded"
    iam.create_role(RoleName="wide", AssumeRolePolicyDocument=policy({"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}))
    iam.put_role_policy(RoleName="wide", PolicyName="all", PolicyDocument=policy({"Effect": "Allow", "Action": "*", "Resource": "*"}))
    iam.delete_user_permissions_boundary(UserName="bounded")
    key = user("sts").assume_role(RoleArn=f"arn:aws:iam::{HOME}:role/wide", RoleSessionName="cut",
                                  Policy=policy({"Effect": "Allow", "Action": "sns:*", "Resource": "*"}))["Credentials"]
    why = explain(w, denied(w.client_with("dynamodb", key).list_tables))
    fix, = why["Denials"][0]["Fixes"]
    assert fix["Where"] == "session policy" and why["Subject"] == f"arn:aws:iam::{HOME}:role/wide", why
    key = user("sts").assume_role(RoleArn=f"arn:aws:iam::{HOME}:role/wide", RoleSessionName="cut", Policy=policy(json.loads(fix["Statement"])))["Credentials"]
    assert not denied(w.client_with("dynamodb", key).list_tables)

    # A role's session: the role's policy.
    iam.delete_role_policy(RoleName="wide", PolicyName="all")
    key = user("sts").assume_role(RoleArn=f"arn:aws:iam::{HOME}:role/wide", RoleSessionName="it")["Credentials"]
    fixer.all(denied(w.client_with("dynamodb", key).list_tables))
    assert not denied(w.client_with("dynamodb", key).list_tables)


def explicit(w):
    """No allow helps against a deny: which statement of which policy it is."""
    user = w.user("barred", {"Effect": "Allow", "Action": "*", "Resource": "*"},
                  {"Sid": "NotFromHere", "Effect": "Deny", "Action": "dynamodb:*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceIp": "127.0.0.1"}}})
    request_id = denied(user("dynamodb").list_tables)
    d, = explain(w, request_id)["Denials"]
    assert (d["Decision"], d["Kind"], d["Policy"], d["Sid"], d["StatementNumber"]) == (
        "explicitDeny", "identity-based policy", "inline policy test", "NotFromHere", 2), d
    assert "Fixes" not in d and d["Context"] == [{"Key": "aws:SourceIp", "Value": "127.0.0.1"}], d
    text = w.waybill("why", request_id).stdout
    assert "No allow helps" in text and "number 2, Sid NotFromHere" in text and "aws:SourceIp = 127.0.0.1" in text, text

    # What conditions asked for and did not get.
    user = w.user("asked", {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/team": "a"}}})
    request_id = denied(user("dynamodb").list_tables)
    assert explain(w, request_id)["Denials"][0]["Context"] == [{"Key": "aws:RequestTag/team"}]
    assert "aws:RequestTag/team is not in the request" in w.waybill("why", request_id).stdout
    Fixer(w).all(request_id)
    assert not denied(user("dynamodb").list_tables)


def other_account(w):
    """Across accounts both sides."""
    w.waybill("account", "add", OTHER)
    text = open(os.path.join(w.data, f"credentials-{OTHER}"), encoding="utf-8").read()
    found = dict(re.findall(r"^export (\w+)=(.*)$", text, re.M))
    root = {"AccessKeyId": found["AWS_ACCESS_KEY_ID"], "SecretAccessKey": found["AWS_SECRET_ACCESS_KEY"]}
    iam = w.client_with("iam", root)
    iam.create_user(UserName="guest")
    key = iam.create_access_key(UserName="guest")["AccessKey"]
    fixer = Fixer(w, {OTHER: root})
    for service, call, input in (("sns", "publish", dict(TopicArn=TOPIC, Message="m")),
                                 ("sts", "assume_role", dict(RoleArn=f"arn:aws:iam::{HOME}:role/taken", RoleSessionName="it"))):
        call = getattr(w.client_with(service, key), call)
        why = fixer.all(denied(call, **input))
        assert sorted(f["Where"] for f in why["Denials"][0]["Fixes"]) == ["identity policy", "resource policy" if service == "sns" else "trust policy"], why
        assert not denied(call, **input), why
    # A table has no policy here; the way is a role.
    why = explain(w, denied(w.client_with("dynamodb", key).describe_table, TableName=TABLE_ARN))
    assert "role of the other account" in [f["Where"] for f in why["Denials"][0]["Fixes"]], why


def refusals(w):
    r = w.waybill("why", "11111111-2222-4333-8444-555555555555", check=False)
    assert r.returncode == 1 and "No denial is known under this request id" in r.stderr, r
    assert w.waybill("why", check=False).returncode == 2
    # Only the machine's root asks.
    key = key_of(w, "somebody")
    r = w.waybill("why", "x", check=False, env={"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]})
    assert r.returncode == 1 and "AccessDenied" in r.stderr, r


def main():
    with Waybill() as w:
        world(w)
        table(w)
        limits(w)
        explicit(w)
        other_account(w)
        refusals(w)
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout


main()
