"""Every operation of every service is checked: derived from the operation tables, so that a new operation cannot be forgotten.

For each: unsigned it is refused; a user without a policy is denied; a user with exactly its actions is not denied; a user allowed
everything but that action is denied explicitly. What may be called unsigned or by anybody stands in tools/needs.json.
"""
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from waybill_server import BUILD, ROOT, Waybill

ACCOUNT = "000000000000"
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
UNSIGNED_CODES = {"MissingAuthenticationToken", "MissingAuthenticationTokenException"}
# Needed besides the first; that there is no such key is told only to those who may list.
ALSO = {"kms:ReEncrypt": {"kms:ReEncryptTo"}, "s3:GetObjectAttributes": {"s3:GetObjectAttributes"}, "s3:GetObject": {"s3:ListBucket"}, "s3:HeadObject": {"s3:ListBucket"}}
BARE = "403"  # of HEAD, whose answers have no body
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:*"},
                                                           {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]})
ARNS = {"dynamodb": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/thing", "events": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/thing",
        "lambda": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:thing", "sns": f"arn:aws:sns:us-east-1:{ACCOUNT}:thing"}
# Inputs that must be more than of the right shape to get past what is checked before permissions are.
VALUES = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/target", "Role": f"arn:aws:iam::{ACCOUNT}:role/target",
          "SubscriptionArn": ARNS["sns"] + ":00000000-0000-0000-0000-000000000000", "TopicArn": ARNS["sns"],
          "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/thing", "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/thing",
          "AssumeRolePolicyDocument": TRUST, "PolicyDocument": POLICY, "EventPattern": '{"source":["x"]}', "Event": "{}",
          "VersionId": "v1", "AWSServiceName": "ecs.amazonaws.com", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Action": "lambda:InvokeFunction",
          "InsightId": "00000000-0000-1000-8000-000000000000", "PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:user/nobody", "Arn": ARNS["sns"]}


def text(shape, name, service):
    if "enum" in shape:
        return shape["enum"][0]
    if name in ("ResourceArn", "ResourceARN", "Resource", "ResourceArns"):
        return ARNS.get(service, VALUES["RoleArn"])
    pattern = shape.get("pattern")
    for candidate in (VALUES.get(name), "thing", "arn:aws:iam::000000000000:role/thing", "1", "/", "a" * shape.get("min", 1), "lambda.amazonaws.com"):
        try:
            fits = candidate is not None and (not pattern or re.fullmatch(pattern.replace("\\p{L}\\p{Z}\\p{N}", "\\w\\s"), candidate))
        except re.error:
            fits = True  # a pattern that only Java knows
        if fits and shape.get("min", 0) <= len(candidate) <= shape.get("max", 1 << 20):
            return candidate
    raise AssertionError(f"no text for {name}: {shape}")


def value(shape, name, service):
    kind = shape["kind"]
    if kind == "structure":
        return {m["name"]: value(m["shape"], m["name"], service) for m in shape["members"] if m["required"]}
    if kind == "list":
        return [value(shape["element"], name, service)] * max(1, shape.get("min", 0))
    if kind == "map":
        return {text(shape["key"], name, service): value(shape["element"], name, service)}
    if kind == "any":
        return "1" if service == "s3" else {"S": "x"}
    if kind == "boolean":
        return False
    if kind == "timestamp":
        return 1795348800
    if kind in ("integer", "long", "double"):
        return max(1, shape.get("min", 1))
    return b"x" if kind == "blob" else text(shape, name, service)


def name_of(service, op):
    return f"{service['name']}:{op['name']}"


class Caller:
    """Calls operations with one key; gives the error's code and message, or None."""
    def __init__(self, w, key):
        self.w, self.key, self.clients = w, key, {}

    def client(self, service):
        if service not in self.clients:
            config = {"parameter_validation": False, "retries": {"max_attempts": 0}}
            if self.key:
                self.clients[service] = self.w.client_with(service, self.key, **{k: v for k, v in config.items() if k != "retries"})
            else:
                self.clients[service] = self.w.client(service, signature_version=UNSIGNED, parameter_validation=False)
        return self.clients[service]

    def call(self, service, op, args):
        client = self.client(service["model"])
        if op["name"] not in client.meta.service_model.operation_names:
            return self.raw(service, op["name"], args)
        try:
            answer = client._make_api_call(op["name"], args)
        except ClientError as e:
            return e.response["Error"]["Code"], e.response["Error"].get("Message", "")
        if name_of(service, op) == "s3:DeleteObjects" and answer.get("Errors"):  # each object by itself
            return answer["Errors"][0]["Code"], answer["Errors"][0]["Message"]
        return None

    def raw(self, service, name, args):
        """Newer than Debian's botocore, or Waybill's own: by hand."""
        request = AWSRequest("POST", self.w.url + "/", data=json.dumps(args).encode(),
                             headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{service['target']}.{name}"})
        if self.key:
            credentials = Credentials(self.key["AccessKeyId"], self.key["SecretAccessKey"])
            SigV4Auth(credentials, service["signingName"], "us-east-1").add_auth(request)
        try:
            urllib.request.urlopen(urllib.request.Request(self.w.url + "/", data=request.data, headers=dict(request.headers)), timeout=30).read()
        except urllib.error.HTTPError as e:
            body = json.loads(e.read())
            return body["__type"].rpartition("#")[2], body.get("message") or body.get("Message", "")
        return None


class Users:
    def __init__(self, w):
        self.w, self.iam, self.of = w, w.client("iam"), {}

    def make(self, name):
        self.iam.create_user(UserName=name)
        self.of[name] = Caller(self.w, self.iam.create_access_key(UserName=name)["AccessKey"])
        return self.of[name]

    def may(self, name, *statements):
        self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def allow(actions):
    return {"Effect": "Allow", "Action": actions, "Resource": "*"}


def input_of(service, op):
    name, args = op["name"], value(op["input"], "", service["name"]) if "input" in op else {}
    if service["name"] == "sns" and name == "Publish":
        args["TopicArn"] = ARNS["sns"]
    if service["name"] == "events" and name == "PutTargets":
        args["Targets"][0]["Arn"] = ARNS["sns"]
    if service["name"] == "events" and name == "PutRule":
        args["EventPattern"] = VALUES["EventPattern"]
    if service["name"] == "lambda" and name == "Invoke":
        args["InvocationType"] = "DryRun"
    return args


def check(service, op, lists, nobody, stranger, users):
    """The sentences about what is wrong."""
    name, args = name_of(service, op), input_of(service, op)
    # Dependent permissions for what the input names: a role handed over.
    actions = sorted({op["action"]} | ALSO.get(name, set()) | {n["action"] for n in op["needs"] if n["action"] == "iam:PassRole"})
    got = nobody.call(service, op, args)
    refused = got and got[0] in UNSIGNED_CODES | (DENIED | {BARE} if service["name"] == "s3" else set())
    if bool(refused) == (name in lists["unsigned"]):
        yield f"{name} unsigned: {got}"
    got = stranger.call(service, op, args)
    denied = got and got[0] in DENIED | {BARE}
    if bool(denied) == (name in lists["alwaysAllowed"]):
        yield f"{name} without a policy: {got}"
    elif denied and got[0] != BARE and ("is not authorized to perform" not in got[1] or op["action"].split(":")[1] not in got[1]):
        yield f"{name} without a policy: the text is {got}"
    users.may("only", allow(actions))
    got = users.of["only"].call(service, op, args)
    if got and got[0] in DENIED | {BARE}:
        yield f"{name} with {actions}: {got}"
    if got and got[0] in {"InternalFailure", "InternalServerError", "InternalError", "ServiceException", "ServiceFailure"}:
        yield f"{name} with {actions}: {got}"
    users.may("all-but", allow("*"), {"Effect": "Deny", "Action": op["action"], "Resource": "*"})
    got = users.of["all-but"].call(service, op, args)
    explicit = got and (got[0] == BARE or got[0] in DENIED and "with an explicit deny" in got[1])
    if bool(explicit) == (name in lists["alwaysAllowed"]):
        yield f"{name} denied: {got}"


def waybills_own(nobody, users):
    """The server's own matters are the root's alone: not even Allow * on * opens them."""
    service = {"target": "Waybill", "signingName": "waybill"}
    inputs = {"Status": {}, "ListDead": {}, "GetDead": {"Id": "1"}, "RetryDead": {"All": True}, "DiscardDead": {"All": True},
              "CreateAccount": {"Account": "111122223333"}, "ListAccounts": {}, "ListMails": {},
              "GetMail": {"Name": "20260101T000000.000Z-a.eml"}, "Backup": {"Directory": "/nonexistent"}}
    users.may("only", allow("*"))
    for name, args in inputs.items():
        for who in (nobody, users.of["only"]):
            got = who.raw(service, name, args)
            if not got or got[0] not in DENIED | UNSIGNED_CODES:
                yield f"waybill:{name}: {got}"


def main():
    services = json.loads(subprocess.run([os.path.join(BUILD, "tools", "dump-shapes")], check=True, stdout=subprocess.PIPE).stdout)
    with open(os.path.join(ROOT, "tools", "needs.json"), encoding="utf-8") as f:
        lists = json.load(f)
    begun, count, wrong = time.monotonic(), 0, []
    with Waybill(env={"WAYBILL_STRICT": "1"}) as w:
        users = Users(w)
        nobody, stranger = Caller(w, None), users.make("stranger")
        users.make("only")
        users.make("all-but")
        w.client("iam").create_role(RoleName="target", AssumeRolePolicyDocument=TRUST)
        for service in services:
            for op in service["operations"]:
                if "target" not in service and op["name"] not in stranger.client(service["model"]).meta.service_model.operation_names:
                    continue  # what browsers send to S3: test_s3_clients.py
                if service["name"] == "s3":
                    w.client("s3").create_bucket(Bucket="thing")  # the one before may have deleted it
                wrong += check(service, op, lists, nobody, stranger, users)
                count += 1
        wrong += waybills_own(nobody, users)
    print(f"{count} operations in {time.monotonic() - begun:.1f} s; unsigned: {', '.join(lists['unsigned'])}; "
          f"without permission: {', '.join(lists['alwaysAllowed'])}")
    assert not wrong, "\n" + "\n".join(wrong)


main()
