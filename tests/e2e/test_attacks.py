"""Attacks on credentials: what is replayed, altered, stolen, outlived, and what services and functions are talked into. Requests are signed
here (tests/lib/signer.py) and sent as bytes, because no library would send most of them."""
import base64
import glob
import io
import json
import os
import re
import zipfile

from botocore.exceptions import ClientError

from signer import Key, now, presign, send, sign, stamp
from waybill_server import Waybill, policy, wait_for

HOME = "000000000000"
ANY = {"Effect": "Allow", "Action": "*", "Resource": "*"}
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def json_headers(version, target):
    return [("Content-Type", f"application/x-amz-json-1.{version}"), ("X-Amz-Target", target)]


REQUESTS = {  # one of each service, with its protocol
    "dynamodb": ("json", "POST", "/", json_headers(0, "DynamoDB_20120810.ListTables"), b"{}"),
    "events": ("json", "POST", "/", json_headers(1, "AWSEvents.ListEventBuses"), b"{}"),
    "waybill": ("json", "POST", "/", json_headers(1, "Waybill.Status"), b"{}"),
    "sns": ("query", "POST", "/", [FORM], b"Action=ListTopics&Version=2010-03-31"),
    "iam": ("query", "POST", "/", [FORM], b"Action=ListUsers&Version=2010-05-08"),
    "sts": ("query", "POST", "/", [FORM], b"Action=GetCallerIdentity&Version=2011-06-15"),
    "lambda": ("rest", "GET", "/2015-03-31/functions/", [], b""),
}
CODES = {  # by protocol: not signed, not known, out of date
    "json": ("MissingAuthenticationTokenException", "UnrecognizedClientException", "ExpiredTokenException"),
    "query": ("<Code>MissingAuthenticationToken<", "<Code>InvalidClientTokenId<", "<Code>ExpiredToken<"),
    "rest": ("MissingAuthenticationTokenException", "UnrecognizedClientException", "ExpiredTokenException"),
}
MISSING, UNKNOWN, EXPIRED = 0, 1, 2


class Server:
    def __init__(self, w):
        self.w = w
        self.iam = w.client("iam")
        self.root = Key.of(w.credentials())

    @property
    def host(self):
        return f"127.0.0.1:{self.w.port}"

    def ask(self, key, service, **how):
        """One request of REQUESTS, signed with the key; how: sign()'s arguments."""
        _, method, path, headers, body = REQUESTS[service]
        return send(self.w.port, method, path, sign(key, service, self.host, method, path, "", headers, body, **how), body)

    def works(self, key, service="sts"):
        status, text = self.ask(key, service)
        assert status == 200, (service, text)
        return text

    def fails(self, key, what, services=REQUESTS):
        for service in services:
            status, text = self.ask(key, service)
            assert 400 <= status < 500 and CODES[REQUESTS[service][0]][what] in text, (service, status, text)

    def user(self, name, *statements):
        self.iam.create_user(UserName=name)
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
        return Key.of(self.iam.create_access_key(UserName=name)["AccessKey"])

    def client(self, service, key):
        return self.w.client_with(service, {"AccessKeyId": key.id, "SecretAccessKey": key.secret, "SessionToken": key.token})

    def role(self, name, principal, *statements, **condition):
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **({"Condition": condition} if condition else {})}
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
        return arn

    def take(self, key, role, **more):
        return Key.of(self.client("sts", key).assume_role(RoleArn=role, RoleSessionName="it", **more)["Credentials"])


def refused(code, call, **input):
    try:
        answer = call(**input)
    except ClientError as e:
        assert re.fullmatch(code, e.response["Error"]["Code"]), e.response
        return e.response["Error"]["Message"]
    raise AssertionError(f"was answered: {answer}")


# --- signatures ---

def unsigned(s):
    for service, (kind, method, path, headers, body) in REQUESTS.items():
        plain = [("Host", s.host), *headers]
        tries = {"nothing": plain, "a date": plain + [("X-Amz-Date", stamp(now()))], "a token": plain + [("X-Amz-Security-Token", "AQAA")],
                 "a cookie": plain + [("Cookie", f"AWSAccessKeyId={s.root.id}")]}
        for what, h in tries.items():
            status, text = send(s.w.port, method, path, h, body)
            assert status in (400, 403) and CODES[kind][MISSING] in text, (service, what, status, text)
        for what in ("", "Basic cm9vdDpyb290", "Bearer x", "AWS4-HMAC-SHA256", f"AWS {s.root.id}:c2ln", "AWS4-ECDSA-P256-SHA256 Credential=x",
                     f"AWS4-HMAC-SHA256 Credential={s.root.id}/{stamp(now())[:8]}/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature="):
            status, text = send(s.w.port, method, path, plain + [("X-Amz-Date", stamp(now())), ("Authorization", what)], body)
            assert status in (400, 403), (service, what, status, text)


def late(s):
    """A request that was seen can be sent again for five minutes, then no more; a URL as long as it says."""
    for service, (kind, method, path, headers, body) in REQUESTS.items():
        for seconds in (-240, 240):
            assert s.ask(s.root, service, at=now(seconds))[0] == 200, service
        for seconds in (-310, 310, -86400, 86400, -86400 * 366):
            status, text = s.ask(s.root, service, at=now(seconds))
            assert status in (400, 403) and ("Signature expired" in text or "Signature not yet current" in text), (service, seconds, text)
        # An old request with a new date, in the header, in the scope, in both.
        old = sign(s.root, service, s.host, method, path, "", headers, body, at=now(-86400))
        fresh, day = stamp(now()), stamp(now())[:8]
        for date, scope in ((fresh, None), (None, day), (fresh, day)):
            h = [(k, date if date and k == "X-Amz-Date" else re.sub(r"/\d{8}/", f"/{day}/", v) if scope and k == "Authorization" else v) for k, v in old]
            assert send(s.w.port, method, path, h, body)[0] in (400, 403), (service, date, scope)
    for service in ("sns", "iam", "sts"):
        query = REQUESTS[service][4].decode()
        get = lambda q: send(s.w.port, "GET", "/?" + q, [("Host", s.host)])
        assert get(presign(s.root, service, s.host, query=query))[0] == 200, service
        assert get(presign(s.root, service, s.host, query=query, seconds=3600, at=now(-3500)))[0] == 200, service
        for how in ({"seconds": 60, "at": now(-61)}, {"seconds": 604800, "at": now(-604801)}, {"seconds": 604801}, {"seconds": 0}, {"seconds": -1}, {"at": now(400)}):
            assert get(presign(s.root, service, s.host, query=query, **how))[0] in (400, 403), (service, how)
        good = presign(s.root, service, s.host, query=query)
        for change in (lambda q: q.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), lambda q: q + "&x=y", lambda q: q.replace("Action=Get", "Action=List"),
                       lambda q: q.replace("Action=List", "Action=Create"), lambda q: q.replace("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders="),
                       lambda q: q.replace("X-Amz-Algorithm=", "X-Amz-Algorithm=&X-Amz-Algorithm="), lambda q: "Action=ListRoles&" + q,
                       lambda q: q.replace("X-Amz-Signature=", "X-Amz-Signature=&X-Amz-Signature=")):
            if change(good) != good:
                assert get(change(good))[0] in (400, 403), (service, change(good))
        assert send(s.w.port, "POST", "/?" + good, [("Host", s.host), FORM], b"Action=x")[0] in (400, 403)
        assert send(s.w.port, "GET", "/?" + good, [("Host", "elsewhere:1")])[0] == 403
    for service in ("dynamodb", "events", "waybill"):
        _, method, path, headers, body = REQUESTS[service]
        query = presign(s.root, service, s.host, method, headers=headers, body=body)
        assert send(s.w.port, method, "/?" + query, [("Host", s.host), *headers], body)[0] == 200, service
        other = [(k, v.replace("List", "Describe").replace("Status", "Backup")) for k, v in headers]
        for h, b in ((other, body), (headers, body + b" "), (headers + [("X-Amz-Date", stamp(now()))], body)):
            assert send(s.w.port, method, "/?" + query, [("Host", s.host), *h], b)[0] in (400, 403), (service, h)
    path = "/2015-03-31/functions/"
    assert send(s.w.port, "GET", f"{path}?{presign(s.root, 'lambda', s.host, path=path)}", [("Host", s.host)])[0] == 200
    assert send(s.w.port, "DELETE", f"{path}a?{presign(s.root, 'lambda', s.host, path=path + 'a')}", [("Host", s.host)])[0] == 403


def altered(s):
    other = s.user("altered-by", ANY)
    for service, (_, method, path, headers, body) in REQUESTS.items():
        good = sign(s.root, service, s.host, method, path, "", headers, body)
        assert send(s.w.port, method, path, good, body)[0] == 200, service
        by_name = dict(good)
        auth = by_name["Authorization"]
        swap = lambda name, value: [(k, value if k == name else v) for k, v in good]
        tries = {"path": (method, "/x" + path, good, body), "query": (method, path + "?a=b", good, body), "method": ("PUT", path, good, body),
                 "an unsigned x-amz header": (method, path, good + [("X-Amz-Meta", "1")], body),
                 "an unsigned payload": (method, path, good + [("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")], body + b" "),
                 "a second signature": (method, path, good + [("Authorization", auth)], body + b"&"),
                 "more body": (method, path, good, body + b" "), "other body": (method, path, good, b"{\"Limit\":1}")}
        for name, value in by_name.items():
            if name == "Authorization":
                continue
            tries[f"{name} changed"] = (method, path, swap(name, value + "0"), body)
            tries[f"{name} gone"] = (method, path, [(k, v) for k, v in good if k != name], body)
            tries[f"{name} twice"] = (method, path, good + [(name, value + "1")], body)
            tries[f"{name} twice, first"] = (method, path, [(name, value + "1")] + good, body)
        mac = auth[-64:]
        for what, a in {
            "region": auth.replace("/us-east-1/", "/us-east-2/"), "service": auth.replace(f"/{service}/", "/s3/"), "terminator": auth.replace("aws4_request", "aws5_request"),
            "key": auth.replace(s.root.id, other.id), "one bit": auth[:-1] + ("0" if auth[-1] != "0" else "1"), "short": auth[:-1], "long": auth + "0",
            "upper case": auth.replace(mac, mac.upper()) if mac.upper() != mac else auth[:-1], "no host": auth.replace("host;", ""),
            "one header more": auth.replace("host;", "host;x-none;"), "empty names": re.sub("SignedHeaders=[^,]*", "SignedHeaders=", auth),
            "two signatures": auth + ", Signature=" + "0" * 64}.items():
            tries["authorization: " + what] = (method, path, swap("Authorization", a), body)
        for what, request in tries.items():
            if what == "other body" and not body:
                continue
            status, text = send(s.w.port, *request)
            assert 400 <= status < 500, (service, what, status, text)
        # Signed to be without a hash of the body: only S3 has that.
        h = sign(s.root, service, s.host, method, path, "", [*headers, ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")], body, payload="UNSIGNED-PAYLOAD")
        assert send(s.w.port, method, path, h, body)[0] in (400, 403), service
        # A signature for one service opens no other.
        for wrong in REQUESTS:
            if wrong != service:
                h = sign(s.root, wrong, s.host, method, path, "", headers, body)
                assert send(s.w.port, method, path, h, body)[0] in (400, 403), (service, wrong)


# --- places ---

def places(s):
    w = s.w
    role = s.role("places", {"Service": "lambda.amazonaws.com"})
    for name in ("a", "b"):
        function(w, name, role, "def handler(e, c): return 1")
    only_a = s.user("only-a", {"Effect": "Allow", "Action": "lambda:*", "Resource": f"arn:aws:lambda:*:*:function:a"})
    get = lambda key, path, query="", more=(), target=None: send(
        w.port, "GET", target or path + ("?" + query if query else ""), sign(key, "lambda", s.host, "GET", path, query, more), b"")
    f = "/2015-03-31/functions/"
    assert '"FunctionName":"a"' in get(only_a, f + "a")[1]
    arn = "arn:aws:lambda:us-east-1:000000000000:function:b"
    for path in (f + "b", f + "%62", f + "a/../b", f + "a%2F..%2Fb", f + "./b", f + "/b", "/2015-03-31/./functions/b", f + "b/", f + arn, f + arn.replace(":", "%3A"),
                 f + "function:b", f + "000000000000:function:b", f + "us-east-1:000000000000:function:b", f + "b%00", f + "a%00b", f + "%2e%2e/functions/b", f + "B",
                 "//2015-03-31/functions/b", f + "b:$LATEST", f + arn + ":$LATEST", "/2015-03-31/functions%2Fb", f + "a;b", f + "b%3F", f + "a#b"):
        status, text = get(only_a, path)
        assert status >= 400 and '"FunctionName":"b"' not in text, (path, status, text)
    for query in ("FunctionName=b", "functionName=b", "Qualifier=../b"):
        assert '"FunctionName":"b"' not in get(only_a, f + "a", query)[1], query
    for header in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path"):
        assert '"FunctionName":"a"' in get(only_a, f + "a", more=[(header, f + "b")])[1], header
    for header in ("X-HTTP-Method-Override", "X-Method-Override"):
        status, text = get(s.root, f + "a", more=[(header, "DELETE")])
        assert status == 200 and '"FunctionName":"a"' in text, text
    # What means the same to the signature must not mean something else to the router.
    for target in (f + "b/../a", f + "/a", f + "./a", "/2015-03-31/functions//a", "/x/../2015-03-31/functions/a"):
        status, text = get(s.root, f + "a", target=target)
        assert status >= 400 or '"FunctionName":"a"' in text, (target, status, text)
    # The host is signed; a second one, one in the target, or one in another header changes nothing.
    good = sign(s.root, "lambda", s.host, "GET", f)
    bare = [(k, v) for k, v in good if k != "Host"]
    for h, target in (([("Host", "evil:1"), *bare], f), (good + [("Host", "evil:1")], f), (bare, f), (good, "evil:1" + f), (good, "*")):
        status, text = send(w.port, "GET", target, h)
        assert 400 <= status < 500, (h, target, status, text)
    for target in (f, "http://evil:1" + f):
        status, text = send(w.port, "GET", target, good + [("X-Forwarded-Host", "evil:1"), ("X-Forwarded-For", "10.0.0.1")])
        assert status == 200 and "evil" not in text, text
    # The address a policy looks at is the connection's.
    s.iam.put_user_policy(UserName="only-a", PolicyName="p", PolicyDocument=policy({**ANY, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}))
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"):
        assert get(only_a, f + "a", more=[(header, "10.0.0.1")])[0] == 403, header


# --- temporary credentials ---

def tokens(s):
    who = s.user("who", ANY)
    role = s.role("tokens", {"AWS": f"arn:aws:iam::{HOME}:user/who"}, ANY)
    one, two = s.take(who, role), s.take(who, role)
    session = Key.of(s.client("sts", who).get_session_token()["Credentials"])
    for key in (one, two, session):
        s.works(key)
    for service in REQUESTS:
        if service != "waybill":
            s.works(one, service)
    status, text = s.ask(one, "waybill")  # the machine's own matters are not for sessions
    assert status == 400 and "AccessDenied" in text, text
    s.fails(one.but(token=two.token), UNKNOWN)
    s.fails(one.but(token=session.token), UNKNOWN)
    s.fails(who.but(token=one.token), UNKNOWN)
    s.fails(one.but(id=who.id), UNKNOWN)
    s.fails(one.but(token=None), UNKNOWN)
    s.fails(one.but(token=""), UNKNOWN)
    s.fails(who.but(token=""), UNKNOWN)
    for service in REQUESTS:  # the secret of another
        assert s.ask(one.but(secret=two.secret), service)[0] in (400, 403), service
    # Every letter of it counts.
    for i in range(len(one.token)):
        letter = "A" if one.token[i] != "A" else "B"
        s.fails(one.but(token=one.token[:i] + letter + one.token[i + 1:]), UNKNOWN, ["sts"])
    raw = base64.b64decode(one.token)
    for forged in (raw[:-1], raw[:-16], raw[1:], raw + b"\0", raw[:13], raw[:1], bytes([raw[0] ^ 1]) + raw[1:], bytes([raw[0] ^ 3]) + raw[1:], raw[:20] + raw[4:], b"\2" + b"\0" * 60,
                   json.dumps({"AccessKeyId": one.id}).encode(), raw * 8):
        s.fails(one.but(token=base64.b64encode(forged).decode()), UNKNOWN, ["sts", "dynamodb"])
    s.fails(one.but(token="x" * 8000), UNKNOWN, ["sts", "lambda"])
    # In the query of a URL the same holds.
    get = lambda key: send(s.w.port, "GET", "/?" + presign(key, "sts", s.host, query="Action=GetCallerIdentity&Version=2011-06-15"), [("Host", s.host)])
    assert get(one)[0] == 200
    for key in (one.but(token=two.token), one.but(token=None), who.but(token=one.token)):
        status, text = get(key)
        assert status == 403 and CODES["query"][UNKNOWN] in text, text
    # A server that has a role of this name, account and user, too, but not the same key.
    with Waybill() as stranger:
        far = Server(stranger)
        key = far.user("who", ANY)
        theirs = far.take(key, far.role("tokens", {"AWS": f"arn:aws:iam::{HOME}:user/who"}, ANY))
        far.works(theirs)
        s.fails(theirs, UNKNOWN)
        far.fails(one, UNKNOWN)


def outlived(s):
    """Time, restarts, deletions: with a clock that can be moved."""
    move = lambda seconds: s.w.page("/_waybill/clock", json.dumps({"advance_ms": seconds * 1000}).encode())
    again = lambda: (s.w.stop(), s.w.start())
    who = s.user("outlived", ANY)
    arn = f"arn:aws:iam::{HOME}:user/outlived"
    trust = {"AWS": arn}
    role = s.role("short", trust, ANY)
    short, long = s.take(who, role, DurationSeconds=900), s.take(who, role)
    again()
    s.works(short)
    move(890)
    s.works(short)
    move(11)
    s.fails(short, EXPIRED)
    again()
    s.fails(short, EXPIRED)
    s.works(long)
    # "Revoke older sessions": by the time a token was issued.
    new = s.take(who, role)
    made = s.client("iam", s.root).get_role(RoleName="short")["Role"]["CreateDate"]
    limit = (made.timestamp() + 450)
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"aws:TokenIssueTime": now(limit - now().timestamp()).strftime("%Y-%m-%dT%H:%M:%SZ")}}}
    s.iam.put_role_policy(RoleName="short", PolicyName="revoke", PolicyDocument=policy(deny))
    assert "explicit deny" in refused("AccessDeniedException", s.client("dynamodb", long).list_tables)
    s.works(new, "dynamodb")
    # The key behind them.
    federated = Key.of(s.client("sts", who).get_federation_token(Name="fed", Policy=policy(ANY))["Credentials"])
    session = Key.of(s.client("sts", who).get_session_token()["Credentials"])
    chain = s.take(new, s.role("chained", {"AWS": role}, ANY))
    behind = (who, new, federated, session, chain)
    for key in behind:
        s.works(key)
    s.iam.update_access_key(UserName="outlived", AccessKeyId=who.id, Status="Inactive")
    for key in behind:
        s.fails(key, UNKNOWN)
    s.iam.update_access_key(UserName="outlived", AccessKeyId=who.id, Status="Active")
    for key in behind:
        s.works(key)
    s.iam.delete_access_key(UserName="outlived", AccessKeyId=who.id)
    again()
    for key in behind:
        s.fails(key, UNKNOWN)
    # A role, a user of the same name are not the same.
    next_key = Key.of(s.iam.create_access_key(UserName="outlived")["AccessKey"])
    taken = s.take(next_key, role)
    session = Key.of(s.client("sts", next_key).get_session_token()["Credentials"])
    s.works(taken)
    for name in ("p", "revoke"):
        s.iam.delete_role_policy(RoleName="short", PolicyName=name)
    s.iam.delete_role(RoleName="short")
    s.fails(taken, UNKNOWN)
    assert s.role("short", trust, ANY) == role
    s.fails(taken, UNKNOWN)
    s.works(s.take(next_key, role))
    s.iam.delete_access_key(UserName="outlived", AccessKeyId=next_key.id)
    s.iam.delete_user_policy(UserName="outlived", PolicyName="p")
    s.iam.delete_user(UserName="outlived")
    s.user("outlived", ANY)
    for key in (next_key, session):
        s.fails(key, UNKNOWN)


# --- services talked into something ---

def package(source):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        z.writestr("index.py", source)
    return b.getvalue()


def function(w, name, role, source, client=None, **more):
    return (client or w.client("lambda")).create_function(FunctionName=name, Role=role, Runtime="python3.10", Handler="index.handler",
                                                          Code={"ZipFile": package(source)}, **more)["FunctionArn"]


def deputies(s):
    w = s.w
    # A role for a service is no role for people, whatever they may do themselves.
    admin = s.user("admin", ANY)
    role = s.role("for-lambda", {"Service": "lambda.amazonaws.com"}, ANY)
    refused("AccessDenied", s.client("sts", admin).assume_role, RoleArn=role, RoleSessionName="it")
    # A role that a service may take for one function, or for one account, is not taken for another.
    mine = s.role("for-mine", {"Service": "lambda.amazonaws.com"}, ANY, ArnLike={"aws:SourceArn": f"arn:aws:lambda:*:{HOME}:function:mine"})
    far = s.role("for-far", {"Service": "lambda.amazonaws.com"}, ANY, StringEquals={"aws:SourceAccount": "222222222222"})
    events = s.role("for-events", {"Service": "events.amazonaws.com"}, ANY)
    for r in (mine, far, events, f"arn:aws:iam::{HOME}:role/none"):
        message = refused("InvalidParameterValueException", function, w=w, name="theirs", role=r, source="")
        assert message == "The role defined for the function cannot be assumed by Lambda.", message
    function(w, "mine", mine, "def handler(e, c): return 1")
    # A rule of another account cannot have this account's function called, although EventBridge may call it for a rule here.
    out = w.waybill("account", "add", "222222222222").stdout
    there = Key.of(dict(re.findall(r"^export (\w+)=(.*)$", out, re.M)))
    w.client("dynamodb").create_table(TableName="called", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                                      AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
    target = function(w, "deputy", role, "import boto3\ndef handler(e, c): boto3.client('dynamodb').put_item(TableName='called', Item={'k': {'S': e['detail-type']}})")
    w.client("lambda").add_permission(FunctionName="deputy", StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com",
                                      SourceAccount=HOME)
    for key, kind in ((there, "theirs"), (s.root, "ours")):
        e = s.client("events", key)
        e.put_rule(Name="r", EventPattern='{"source":["x"]}')
        failed = e.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": target}])["FailedEntries"]
        assert kind == "theirs" or failed == [], failed
        e.put_events(Entries=[{"Source": "x", "DetailType": kind, "Detail": "{}"}])
    called = lambda: {i["k"]["S"] for i in w.client("dynamodb").scan(TableName="called")["Items"]}
    wait_for(called)
    wait_for(lambda: json.loads(w.waybill("status", "--json").stdout)["Queued"] == 0)
    assert called() == {"ours"}, called()
    dead = w.waybill("dead", "list").stdout
    assert "NO_PERMISSIONS" in dead and "rule/r, may not do lambda:InvokeFunction" in dead, dead


def escalation(s):
    """Somebody who may do a little must not be able to make it all."""
    w = s.w
    admin_role = s.role("admin-role", {"Service": "lambda.amazonaws.com"}, ANY)
    plain_role = s.role("plain-role", {"Service": "lambda.amazonaws.com"})
    maker = s.user("maker", {"Effect": "Allow", "Action": ["lambda:*", "events:*"], "Resource": "*"},
                   {"Effect": "Allow", "Action": "iam:PassRole", "Resource": plain_role, "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}})
    client = s.client("lambda", maker)
    message = refused("AccessDeniedException", function, w=w, name="up", role=admin_role, source="", client=client)
    assert f"is not authorized to perform: iam:PassRole on resource: {admin_role}" in message, message
    function(w, "up", plain_role, "def handler(e, c): return 1", client=client)
    refused("AccessDeniedException", client.update_function_configuration, FunctionName="up", Role=admin_role)
    other = s.user("other-service", {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},
                   {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "events.amazonaws.com"}}})
    refused("AccessDeniedException", function, w=w, name="up2", role=plain_role, source="", client=s.client("lambda", other))
    # Each way in IAM to give oneself more, for somebody who may only look.
    reader = s.user("reader", {"Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"})
    iam = s.client("iam", reader)
    admin_policy = "arn:aws:iam::aws:policy/AdministratorAccess"
    for call, input in (
            (iam.put_user_policy, dict(UserName="reader", PolicyName="up", PolicyDocument=policy(ANY))),
            (iam.attach_user_policy, dict(UserName="reader", PolicyArn=admin_policy)),
            (iam.create_access_key, dict(UserName="admin")), (iam.create_access_key, {}),
            (iam.update_access_key, dict(UserName="admin", AccessKeyId=reader.id, Status="Active")),
            (iam.add_user_to_group, dict(UserName="reader", GroupName="admins")),
            (iam.put_role_policy, dict(RoleName="plain-role", PolicyName="up", PolicyDocument=policy(ANY))),
            (iam.attach_role_policy, dict(RoleName="plain-role", PolicyArn=admin_policy)),
            (iam.update_assume_role_policy, dict(RoleName="admin-role", PolicyDocument=policy({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}))),
            (iam.delete_user_permissions_boundary, dict(UserName="reader")),
            (iam.create_policy_version, dict(PolicyArn=f"arn:aws:iam::{HOME}:policy/team", PolicyDocument=policy(ANY), SetAsDefault=True)),
            (iam.set_default_policy_version, dict(PolicyArn=f"arn:aws:iam::{HOME}:policy/team", VersionId="v1"))):
        message = refused("AccessDenied", call, **input)
        assert "is not authorized to perform: iam:" in message, message
    refused("AccessDenied", s.client("sts", reader).assume_role, RoleArn=admin_role, RoleSessionName="it")
    # A policy of their own that they may write new versions of: nothing beyond the boundary, which they may not take away.
    team = s.iam.create_policy(PolicyName="team", PolicyDocument=policy({"Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*"}))["Policy"]["Arn"]
    fence = s.iam.create_policy(PolicyName="fence", PolicyDocument=policy(
        {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}, {"Effect": "Allow", "Action": "iam:CreatePolicyVersion", "Resource": team}))["Policy"]["Arn"]
    writer = s.user("writer", {"Effect": "Allow", "Action": "iam:CreatePolicyVersion", "Resource": team})
    s.iam.attach_user_policy(UserName="writer", PolicyArn=team)
    s.iam.put_user_permissions_boundary(UserName="writer", PermissionsBoundary=fence)
    iam = s.client("iam", writer)
    iam.create_policy_version(PolicyArn=team, PolicyDocument=policy(ANY), SetAsDefault=True)
    s.client("sns", writer).list_topics()
    assert "no permissions boundary allows" in refused("AccessDeniedException", s.client("dynamodb", writer).list_tables)
    refused("AccessDenied", iam.delete_user_permissions_boundary, UserName="writer")
    message = refused("AccessDenied", iam.create_policy_version, PolicyArn=fence, PolicyDocument=policy(ANY), SetAsDefault=True)
    assert fence in message, message


THIEF = """
import glob, os, socket, urllib.request, urllib.error
def look(path):
    try: return open(path, 'rb').read()
    except OSError: return b''
def ask(url, data=None, headers={}):
    try: return urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=3).status
    except urllib.error.HTTPError as e: return e.code
    except OSError as e: return str(e)
def handler(e, c):
    if e.get('address'): return os.environ['AWS_LAMBDA_RUNTIME_API']
    found = [p for p in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline') + glob.glob('/proc/[0-9]*/task/*/environ')
             if e['secret'].encode() in look(p)]
    seen = [p for p in glob.glob('/proc/[0-9]*/mem') if os.access(p, os.R_OK) and int(p.split('/')[2]) != os.getpid() and len(p.split('/')[2]) > 3]
    files = [p for p in e['files'] if look(p)]
    api = 'http://' + e['api'] + '/2018-06-01/runtime/'
    runtime = [ask(api + 'invocation/next'), ask(api + 'invocation/' + e['request'] + '/response', b'1'), ask(api + 'invocation/' + e['request'] + '/error', b'{}')]
    home = [ask(os.environ['AWS_ENDPOINT_URL'] + '/', b'Action=GetCallerIdentity&Version=2011-06-15', {'Content-Type': 'application/x-www-form-urlencoded'}),
            ask(os.environ['AWS_ENDPOINT_URL'] + '/_waybill/clock', b'{"advance_ms":1}')]
    return {'found': found, 'seen': seen, 'files': files, 'runtime': runtime, 'home': home}
"""
VICTIM = """
import os
def handler(e, c):
    return {'api': os.environ['AWS_LAMBDA_RUNTIME_API'], 'secret': os.environ['AWS_SECRET_ACCESS_KEY'], 'token': os.environ['AWS_SESSION_TOKEN'],
            'id': os.environ['AWS_ACCESS_KEY_ID'], 'request': c.aws_request_id}
"""


def invoke(w, name, event=None):
    r = w.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    body = r["Payload"].read()
    assert "FunctionError" not in r, body
    return json.loads(body)


def thieves(s):
    """A function looks for what another one has."""
    w = s.w
    function(w, "victim", s.role("rich", {"Service": "lambda.amazonaws.com"}, ANY), VICTIM)
    function(w, "thief", s.role("poor", {"Service": "lambda.amazonaws.com"}), THIEF, Timeout=30)
    v = invoke(w, "victim")
    files = [os.path.join(w.data, f) for f in ("key", "credentials", "store/data.mdb", "endpoint")] + ["/proc/1/environ", f"/proc/{w.process.pid}/environ",
                                                                                             f"/proc/{w.process.pid}/mem", f"/proc/{w.process.pid}/cmdline"]
    r = invoke(w, "thief", {"api": v["api"], "secret": v["secret"], "request": v["request"], "files": [f for f in files if f != "/proc/1/environ"]})
    assert r["found"] == [] and r["files"] == [] and r["seen"] == [], r
    assert r["runtime"] == [403, 403, 403] and r["home"] == [403, 404], r
    # What the victim has is the session of its role, and no more than that.
    key = Key(v["id"], v["secret"], v["token"])
    assert "assumed-role/rich/victim" in s.works(key)
    status, text = s.ask(key, "waybill")
    assert status == 400 and "AccessDenied" in text, text
    return v


# --- what is written down ---

def secrets(s, known):
    w = s.w
    for name, secret in known.items():
        assert len(secret) > 12, name
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, "rb") as f:
                    assert secret.encode() not in f.read(), (name, path)
            except OSError:
                pass
    w.stop()
    with open(os.path.join(w.data, "store", "data.mdb"), "rb") as f:  # what is no secret would be found
        assert s.root.id.encode() in f.read()
    for name, secret in known.items():
        shapes = (secret.encode(), base64.b64encode(secret.encode()), secret.encode().hex().encode(), json.dumps(secret)[1:-1].replace("/", "\\/").encode())
        for folder, _, files in os.walk(w.data):
            for file in files:
                if file.startswith("credentials"):
                    continue
                with open(os.path.join(folder, file), "rb") as f:
                    data = f.read()
                for shape in shapes:
                    assert shape not in data, (name, file)
        assert secret not in w.log_text(), name
    for file in ("credentials", "key", *(os.path.basename(f) for f in glob.glob(w.data + "/credentials-*"))):
        assert os.stat(os.path.join(w.data, file)).st_mode & 0o777 == 0o600, file


def main():
    with Waybill() as w:
        s = Server(w)
        unsigned(s)
        late(s)
        altered(s)
        places(s)
        tokens(s)
        deputies(s)
        escalation(s)
        function(w, "keeps", f"arn:aws:iam::{HOME}:role/plain-role", "def handler(e, c): return 1", Environment={"Variables": {"PASSWORD": "correct-horse-battery"}})
        invoke(w, "keeps")
        v = thieves(s)
        someone = s.user("someone", ANY)
        session = Key.of(s.client("sts", someone).get_session_token()["Credentials"])
        s.works(session, "dynamodb")
        s.fails(session.but(token=session.token[:-4]), UNKNOWN, ["sts"])
        with open(glob.glob(w.data + "/credentials-*")[0]) as f:
            far = dict(re.findall(r"^export (\w+)=(.*)$", f.read(), re.M))
        secrets(s, {"root": s.root.secret, "user": someone.secret, "session": session.secret, "token": session.token, "function": v["secret"],
                    "function's token": v["token"], "variable": "correct-horse-battery", "other account": far["AWS_SECRET_ACCESS_KEY"]})
    with Waybill(args=["--test-clock"]) as w:
        outlived(Server(w))


main()
