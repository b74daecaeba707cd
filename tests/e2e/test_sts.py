"""STS with Debian's clients: roles taken, chained, cut down, tagged; sessions of users; federation; two accounts on one server."""
import configparser
import json
import os
import re
import subprocess

from botocore.exceptions import ClientError

from waybill_server import Waybill, policy

HOME = "000000000000"
OTHER = "222222222222"
ANY = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def refused(code, text, call, **input):
    """The call must fail with this code; text: all of the message, or a pattern that it matches from its begin."""
    try:
        answer = call(**input)
    except ClientError as e:
        error = e.response["Error"]
        assert error["Code"] == code, error
        assert error["Message"] == text or re.match(text, error["Message"]), error
        return e.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError(f"was answered: {answer}")


def trust(who, *actions, **condition):
    s = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": list(actions) or "sts:AssumeRole"}
    if condition:
        s["Condition"] = condition
    return s


class World:
    """Users and roles of one account."""
    def __init__(self, w):
        self.w = w
        self.iam = w.client("iam")

    def user(self, name, *statements):
        client = self.w.user(name, *statements)
        return client, f"arn:aws:iam::{HOME}:user/{name}"

    def role(self, name, trusts, *statements, **more):
        r = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(*trusts), **more)["Role"]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
        return r

    def take(self, sts, role, **more):
        """A client factory with the credentials of the role, and the answer."""
        a = sts.assume_role(RoleArn=role["Arn"], RoleSessionName=more.pop("name", "it"), **more)
        return (lambda service: self.w.client_with(service, a["Credentials"])), a


def assume(x):
    w = x.w
    user, arn = x.user("alice", {"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    sts = user("sts", parameter_validation=False)
    assert sts.get_caller_identity()["Arn"] == arn
    role = x.role("reader", [trust(arn)], {"Effect": "Allow", "Action": ["dynamodb:ListTables", "sns:ListTopics"], "Resource": "*"})
    session, a = x.take(sts, role, name="first@x")
    assert a["AssumedRoleUser"] == {"AssumedRoleId": role["RoleId"] + ":first@x", "Arn": f"arn:aws:sts::{HOME}:assumed-role/reader/first@x"}
    assert "PackedPolicySize" not in a and a["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert a["Credentials"]["Expiration"].tzinfo and a["Credentials"]["Expiration"].microsecond == 0
    me = session("sts").get_caller_identity()
    assert (me["UserId"], me["Account"], me["Arn"]) == (role["RoleId"] + ":first@x", HOME, a["AssumedRoleUser"]["Arn"])
    assert session("dynamodb").list_tables()["TableNames"] == []
    refused("AuthorizationError", "User: arn:aws:sts::.*:assumed-role/reader/first@x is not authorized to perform: SNS:CreateTopic|User: .*sns:CreateTopic",
            session("sns").create_topic, Name="t")
    # Who may not: one whom the trust does not name, one whose own policies do not allow it where the trust names the account, the root.
    denied = "User: {} is not authorized to perform: sts:AssumeRole on resource: {}".format
    bob, bob_arn = x.user("bob", {"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    carl, carl_arn = x.user("carl")
    for_all = x.role("for-all", [trust(f"arn:aws:iam::{HOME}:root")], ANY)
    assert refused("AccessDenied", denied(bob_arn, role["Arn"]), bob("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="it") == 403
    refused("AccessDenied", denied(carl_arn, for_all["Arn"]), carl("sts").assume_role, RoleArn=for_all["Arn"], RoleSessionName="it")
    x.take(bob("sts"), for_all)
    refused("AccessDenied", "Roles may not be assumed by root accounts.", w.client("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="it")
    # A role that is not there, of this account or of one that is not there, is told apart by nothing.
    for missing in (f"arn:aws:iam::{HOME}:role/none", "arn:aws:iam::999999999999:role/none", f"arn:aws:iam::{HOME}:role/wrong/path/reader"):
        refused("AccessDenied", denied(bob_arn, missing), bob("sts").assume_role, RoleArn=missing, RoleSessionName="it")
    refused("ValidationError", "arn:aws:iam::000000000000:user/alice is invalid", sts.assume_role, RoleArn=arn, RoleSessionName="it")
    # A person named in the trust itself needs no policy of their own; a deny of theirs still counts.
    named = x.role("named", [trust(carl_arn)])
    x.take(carl("sts"), named)
    x.iam.put_user_policy(UserName="carl", PolicyName="no", PolicyDocument=policy({"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}))
    refused("AccessDenied", "User: .* with an explicit deny in an identity-based policy", carl("sts").assume_role, RoleArn=named["Arn"], RoleSessionName="it")
    return user, sts, arn


def inputs(x, sts, arn):
    role = x.role("inputs", [trust(arn, "sts:AssumeRole", "sts:TagSession")], ANY)
    long = x.role("long", [trust(arn)], ANY, MaxSessionDuration=7200)
    base = dict(RoleArn=role["Arn"], RoleSessionName="it")
    refused("ValidationError", "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression "
            r"pattern: \[\\w\+=,\.@-\]\*", sts.assume_role, RoleArn=role["Arn"], RoleSessionName="a b")
    for seconds in (899, 43201):
        refused("ValidationError", f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed", sts.assume_role, DurationSeconds=seconds, **base)
    refused("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", sts.assume_role, DurationSeconds=3601, **base)
    session, a = x.take(sts, long, DurationSeconds=7200)
    # A session of a role asks for at most an hour.
    chain = x.role("chain", [trust(f"arn:aws:iam::{HOME}:role/long")], ANY, MaxSessionDuration=43200)
    refused("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            session("sts").assume_role, RoleArn=chain["Arn"], RoleSessionName="it", DurationSeconds=3601)
    x.take(session("sts"), chain, DurationSeconds=3600)
    refused("MalformedPolicyDocument", ".", sts.assume_role, Policy='{"Version":"2012-10-17"', **base)
    refused("MalformedPolicyDocument", ".", sts.assume_role, Policy=policy({**ANY, "Principal": "*"}), **base)
    refused("ValidationError", r"(?s)1 validation error detected: Value '.*' at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048",
            sts.assume_role, Policy=policy(ANY) + " " * 2048, **base)
    refused("ValidationError", "Policy arn:aws:iam::000000000000:policy/none does not exist or is not attachable.",
            sts.assume_role, PolicyArns=[{"arn": "arn:aws:iam::000000000000:policy/none"}], **base)
    read_only = {"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    refused("ValidationError", "1 validation error detected: .*less than or equal to 10", sts.assume_role, PolicyArns=[read_only] * 11, **base)
    tag = lambda key, value="v": {"Key": key, "Value": value}
    refused("ValidationError", r"(?s)1 validation error detected: .*at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50",
            sts.assume_role, Tags=[tag(f"k{i}") for i in range(51)], **base)
    refused("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            sts.assume_role, Tags=[tag("a"), tag("A")], **base)
    refused("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.",
            sts.assume_role, Tags=[tag("a")], TransitiveTagKeys=["b"], **base)
    refused("InvalidParameterValue", "Tag keys that begin with aws:", sts.assume_role, Tags=[tag("aws:x")], **base)
    assert refused("PackedPolicyTooLarge", r"Packed size of session tags consumes \d+% of allotted space.",
                   sts.assume_role, Tags=[tag(f"k{i}", "v" * 256) for i in range(50)], **base) == 400
    refused("PackedPolicyTooLarge", r"Packed policy consumes \d+% of allotted space, please use smaller policy.", sts.assume_role, Policy=policy(ANY) + " " * 1900,
            Tags=[tag(f"k{i}", "v" * 250) for i in range(5)], **base)
    # The largest that goes: its token is taken, too.
    _, a = x.take(sts, role, Policy=policy(ANY) + " " * 1900, Tags=[tag(f"k{i:02}", "v" * 18) for i in range(50)])
    assert 90 <= a["PackedPolicySize"] <= 100, a["PackedPolicySize"]
    assert x.w.client_with("sts", a["Credentials"]).get_caller_identity()["Account"] == HOME
    refused("AccessDenied", "MultiFactorAuthentication failed", sts.assume_role, SerialNumber="arn:aws:iam::000000000000:mfa/x", TokenCode="123456", **base)


def session_policies(x, sts, arn):
    role = x.role("wide", [trust(arn)], {"Effect": "Allow", "Action": ["dynamodb:*", "sns:*"], "Resource": "*"})
    only_lists = policy({"Effect": "Allow", "Action": ["sns:ListTopics", "events:*"], "Resource": "*"})
    session, a = x.take(sts, role, Policy=only_lists)
    assert a["PackedPolicySize"] >= 0
    session("sns").list_topics()
    refused("AuthorizationError", ".*because no session policy allows the", session("sns").create_topic, Name="t")
    refused("AccessDeniedException", ".*because no identity-based policy allows the", session("events").list_rules)  # it only takes away
    session, _ = x.take(sts, role, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"}])
    session("dynamodb").list_tables()
    refused("AuthorizationError", ".*because no session policy", session("sns").create_topic, Name="t")
    session, _ = x.take(sts, role, Policy=only_lists, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"}])
    session("dynamodb").list_tables()
    session("sns").list_topics()


def conditions(x, sts, arn):
    role = x.role("external", [trust(arn, StringEquals={"sts:ExternalId": "secret-7"})])
    denied = ("AccessDenied", "User: .* is not authorized to perform: sts:AssumeRole")
    refused(*denied, sts.assume_role, RoleArn=role["Arn"], RoleSessionName="it")
    refused(*denied, sts.assume_role, RoleArn=role["Arn"], RoleSessionName="it", ExternalId="secret-8")
    x.take(sts, role, ExternalId="secret-7")
    role = x.role("by-name", [trust(arn, StringLike={"sts:RoleSessionName": "${aws:username}"})])
    refused(*denied, sts.assume_role, RoleArn=role["Arn"], RoleSessionName="bob")
    x.take(sts, role, name="alice")
    role = x.role("short", [trust(arn, NumericLessThanEquals={"sts:DurationSeconds": "900"})])
    refused(*denied, sts.assume_role, RoleArn=role["Arn"], RoleSessionName="it")
    x.take(sts, role, DurationSeconds=900)


def tags(x, sts, arn):
    tag = lambda **k: [{"Key": key, "Value": value} for key, value in k.items()]
    plain = x.role("no-tags", [trust(arn)])
    refused("AccessDenied", "User: .* is not authorized to perform: sts:TagSession on resource: arn:aws:iam::000000000000:role/no-tags",
            sts.assume_role, RoleArn=plain["Arn"], RoleSessionName="it", Tags=tag(team="a"))
    own = {"Effect": "Allow", "Action": "sns:CreateTopic", "Resource": "arn:aws:sns:*:*:${aws:PrincipalTag/team}-*"}
    hop = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}
    one = x.role("one", [trust(arn, "sts:AssumeRole", "sts:TagSession", StringEquals={"aws:RequestTag/team": ["red", "blue"]},
                               **{"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["team"]}})], own, hop)
    refused("AccessDenied", ".*sts:AssumeRole", sts.assume_role, RoleArn=one["Arn"], RoleSessionName="it", Tags=tag(team="green"))
    refused("AccessDenied", ".*sts:AssumeRole", sts.assume_role, RoleArn=one["Arn"], RoleSessionName="it", Tags=tag(team="red", desk="1"), TransitiveTagKeys=["desk"])
    session, a = x.take(sts, one, Tags=tag(team="red", desk="1"), TransitiveTagKeys=["team"])
    assert a["PackedPolicySize"] >= 0
    session("sns").create_topic(Name="red-1")
    refused("AuthorizationError", ".*", session("sns").create_topic, Name="blue-1")
    # Handed on: the transitive one alone; the role must let it; it cannot be set anew.
    one_arn = f"arn:aws:iam::{HOME}:role/one"
    shut = x.role("two-shut", [trust(one_arn)], own)
    refused("AccessDenied", ".*sts:TagSession", session("sts").assume_role, RoleArn=shut["Arn"], RoleSessionName="it")
    by_desk = {"Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/desk": "1"}}}
    two = x.role("two", [trust(one_arn, "sts:AssumeRole", "sts:TagSession")], own, by_desk, hop)
    refused("InvalidParameterValue", "One of the specified transitive tag keys can't be set", session("sts").assume_role,
            RoleArn=two["Arn"], RoleSessionName="it", Tags=tag(Team="blue"))
    session, _ = x.take(session("sts"), two)
    session("sns").create_topic(Name="red-2")
    refused("AuthorizationError", ".*", session("sns").list_topics)
    three = x.role("three", [trust(f"arn:aws:iam::{HOME}:role/two", "sts:AssumeRole", "sts:TagSession")], own)
    session, _ = x.take(session("sts"), three)
    session("sns").create_topic(Name="red-3")
    refused("AuthorizationError", ".*", session("sns").create_topic, Name="blue-3")


def source_identity(x, sts, arn):
    both = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    hop = {"Effect": "Allow", "Action": both, "Resource": "*"}
    seen = {"Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceIdentity": "alice"}}}
    shut = x.role("s-shut", [trust(arn)])
    refused("AccessDenied", "User: .* is not authorized to perform: sts:SetSourceIdentity on resource: .*/s-shut",
            sts.assume_role, RoleArn=shut["Arn"], RoleSessionName="it", SourceIdentity="alice")
    one = x.role("s-one", [trust(arn, *both, StringEquals={"sts:SourceIdentity": "${aws:username}"})], hop, seen)
    refused("AccessDenied", ".*", sts.assume_role, RoleArn=one["Arn"], RoleSessionName="it", SourceIdentity="bob")
    session, a = x.take(sts, one, SourceIdentity="alice")
    assert a["SourceIdentity"] == "alice"
    session("sns").list_topics()
    one_arn = f"arn:aws:iam::{HOME}:role/s-one"
    closed = x.role("s-two-shut", [trust(one_arn)])
    two = x.role("s-two", [trust(one_arn, *both)], seen)
    refused("AccessDenied", ".*sts:SetSourceIdentity", session("sts").assume_role, RoleArn=closed["Arn"], RoleSessionName="it")
    refused("AccessDenied", ".*sts:SetSourceIdentity", session("sts").assume_role, RoleArn=two["Arn"], RoleSessionName="it", SourceIdentity="bob")
    session, a = x.take(session("sts"), two)
    assert a["SourceIdentity"] == "alice"
    session("sns").list_topics()


def user_session(x, user, arn):
    w = x.w
    a = user("sts").get_session_token()["Credentials"]
    session = lambda service: w.client_with(service, a)
    assert session("sts").get_caller_identity()["Arn"] == arn
    role = x.role("of-session", [trust(arn)], ANY)
    x.take(session("sts"), role)
    for op in ("get_session_token", "get_federation_token"):
        name = {"get_session_token": "GetSessionToken", "get_federation_token": "GetFederationToken"}[op]
        input = {"Name": "fed"} if op == "get_federation_token" else {}
        refused("AccessDenied", f"Cannot call {name} with session credentials", getattr(session("sts"), op), **input)
        taken, _ = x.take(user("sts"), role)
        refused("AccessDenied", f"Cannot call {name} with session credentials", getattr(taken("sts"), op), **input)
    refused("AccessDenied", ".*sts:GetAccessKeyInfo", session("sts").get_access_key_info, AccessKeyId=a["AccessKeyId"])
    x.iam.put_user_policy(UserName="alice", PolicyName="iam", PolicyDocument=policy({"Effect": "Allow", "Action": ["iam:*", "dynamodb:*"], "Resource": "*"}))
    user("iam").get_role(RoleName="of-session")
    session("dynamodb").list_tables()
    assert refused("InvalidClientTokenId", "The security token included in the request is invalid.", session("iam").get_role, RoleName="of-session") == 403
    # A changed name is the same user; the root's session is short, and cannot do the machine's own matters.
    x.iam.update_user(UserName="alice", NewUserName="alicia")
    assert session("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{HOME}:user/alicia"
    x.iam.update_user(UserName="alicia", NewUserName="alice")
    root = w.client("sts").get_session_token(DurationSeconds=129600)["Credentials"]
    me = w.client_with("sts", root).get_caller_identity()
    assert (me["UserId"], me["Arn"]) == (HOME, f"arn:aws:iam::{HOME}:root")
    left = root["Expiration"].timestamp() - a["Expiration"].timestamp()
    assert -43200 <= left <= -43200 + 3600 + 60, left
    env = {"AWS_ACCESS_KEY_ID": root["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": root["SecretAccessKey"], "AWS_SESSION_TOKEN": root["SessionToken"]}
    assert w.waybill("status", env=env, check=False).returncode == 1


def federation(x, user):
    w = x.w
    refused("AccessDenied", f"User: .* is not authorized to perform: sts:GetFederationToken on resource: arn:aws:sts::{HOME}:federated-user/fed",
            w.user("dora")("sts").get_federation_token, Name="fed")
    a = user("sts").get_federation_token(Name="fed", Policy=policy({"Effect": "Allow", "Action": ["dynamodb:ListTables", "sns:*", "iam:*", "sts:*"], "Resource": "*"}))
    assert a["FederatedUser"] == {"FederatedUserId": f"{HOME}:fed", "Arn": f"arn:aws:sts::{HOME}:federated-user/fed"}
    session = lambda service: w.client_with(service, a["Credentials"])
    me = session("sts").get_caller_identity()
    assert (me["UserId"], me["Arn"]) == (f"{HOME}:fed", f"arn:aws:sts::{HOME}:federated-user/fed")
    session("dynamodb").list_tables()
    refused("AuthorizationError", ".*because no identity-based policy", session("sns").list_topics)  # the user may not
    refused("InvalidClientTokenId", ".*", session("iam").get_role, RoleName="of-session")
    refused("AccessDenied", ".*", session("sts").assume_role, RoleArn=f"arn:aws:iam::{HOME}:role/of-session", RoleSessionName="it")
    refused("AccessDenied", ".*", session("sts").get_session_token)
    # Without a policy it may do nothing.
    bare = user("sts").get_federation_token(Name="bare")["Credentials"]
    assert w.client_with("sts", bare).get_caller_identity()["Arn"].endswith("federated-user/bare")
    refused("AccessDeniedException", ".*because no session policy", w.client_with("dynamodb", bare).list_tables)
    root = w.client("sts").get_federation_token(Name="root-fed", Policy=policy({"Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*"}))["Credentials"]
    w.client_with("sns", root).list_topics()
    refused("AccessDeniedException", ".*", w.client_with("dynamodb", root).list_tables)


def key_info(x, sts):
    w = x.w
    own = w.credentials()["AWS_ACCESS_KEY_ID"]
    temporary = sts.get_session_token()["Credentials"]["AccessKeyId"]
    for key in (own, temporary, x.iam.list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["AccessKeyId"]):
        assert w.client("sts").get_access_key_info(AccessKeyId=key)["Account"] == HOME, key
    refused("ValidationError", ".*", w.client("sts").get_access_key_info, AccessKeyId="AKIAIOSFODNN7EXAMPLE")


def two_accounts(x, user, arn):
    w = x.w
    assert w.waybill("account").stdout == f"{HOME}  the server's first  credentials\n"
    out = w.waybill("account", "add", OTHER).stdout
    keys = dict(re.findall(r"^export (\w+)=(.*)$", out, re.M))
    path = os.path.join(w.data, "credentials-" + OTHER)
    with open(path) as f:
        assert f.read() == out
    assert os.stat(path).st_mode & 0o777 == 0o600
    again = w.waybill("account", "add", OTHER, check=False)
    assert again.returncode == 1 and "There is an account 222222222222 already" in again.stderr, again
    assert w.waybill("account", "add", HOME, check=False).returncode == 1
    assert w.waybill("account", "add", "12", check=False).returncode == 1
    assert OTHER in w.waybill("account", "list").stdout
    assert w.waybill("account", "show", OTHER).stdout.startswith(OTHER)
    assert w.waybill("account", "show", "333333333333", check=False).returncode == 1
    # The other's root is no master of the machine.
    assert w.waybill("account", "add", "444444444444", env=keys, check=False).returncode == 1
    root = {"AccessKeyId": keys["AWS_ACCESS_KEY_ID"], "SecretAccessKey": keys["AWS_SECRET_ACCESS_KEY"]}
    far = lambda service: w.client_with(service, root)
    assert far("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{OTHER}:root"
    assert [b["Arn"] for b in far("events").list_event_buses()["EventBuses"]] == [f"arn:aws:events:us-east-1:{OTHER}:event-bus/default"]
    refused("NoSuchEntity", ".*", far("iam").get_role, RoleName="reader")
    # Taking a role over there: both sides must allow.
    far("iam").create_role(RoleName="guest", AssumeRolePolicyDocument=policy(trust(f"arn:aws:iam::{HOME}:root")))
    far("iam").put_role_policy(RoleName="guest", PolicyName="p", PolicyDocument=policy({"Effect": "Allow", "Action": "sns:*", "Resource": "*"}))
    guest = f"arn:aws:iam::{OTHER}:role/guest"
    carla = w.user("carla")
    refused("AccessDenied", ".*sts:AssumeRole on resource: " + guest, carla("sts").assume_role, RoleArn=guest, RoleSessionName="it")
    x.iam.put_user_policy(UserName="carla", PolicyName="p", PolicyDocument=policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": guest}))
    a = carla("sts").assume_role(RoleArn=guest, RoleSessionName="it")["Credentials"]
    there = w.client_with("sns", a)
    assert there.create_topic(Name="far")["TopicArn"] == f"arn:aws:sns:us-east-1:{OTHER}:far"
    assert w.client_with("sts", a).get_caller_identity()["Account"] == OTHER
    assert [t["TopicArn"] for t in there.list_topics()["Topics"]] == [f"arn:aws:sns:us-east-1:{OTHER}:far"]
    far("iam").update_assume_role_policy(RoleName="guest", PolicyDocument=policy(trust(f"arn:aws:iam::{OTHER}:root")))
    refused("AccessDenied", ".*sts:AssumeRole", carla("sts").assume_role, RoleArn=guest, RoleSessionName="it")
    # Things over there, by their own policies: the caller's must allow it, too.
    topic = far("sns").create_topic(Name="open")["TopicArn"]
    carla_arn = f"arn:aws:iam::{HOME}:user/carla"
    denied = lambda: refused("AuthorizationError", f".*{re.escape(topic)} because no (resource|identity)-based policy allows the", carla("sns").publish, TopicArn=topic, Message="m")
    mine = lambda *more: x.iam.put_user_policy(UserName="carla", PolicyName="p", PolicyDocument=policy(*more))
    theirs = lambda s: far("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(s))
    publish = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}
    mine(publish)
    denied()
    theirs({**publish, "Principal": {"AWS": carla_arn}})
    carla("sns").publish(TopicArn=topic, Message="m")
    x.iam.delete_user_policy(UserName="carla", PolicyName="p")
    denied()
    mine(publish)
    theirs({**publish, "Principal": {"AWS": f"arn:aws:iam::{HOME}:user/bob"}})
    denied()
    # Another account's ARN gives its owner's side no way around: the root of this one has no rights there.
    refused("AuthorizationError", ".*", w.client("sns").delete_topic, TopicArn=topic)
    refused("AuthorizationError", ".*", w.client("sns").delete_topic, TopicArn="arn:aws:sns:us-east-1:999999999999:none")
    # The root key's file comes back at a start, with the same key.
    os.unlink(path)
    assert w.stop() == 0
    w.start()
    with open(path) as f:
        assert f.read() == out
    assert far("sts").get_caller_identity()["Account"] == OTHER


def aws_cli(x):
    """Profiles with role_arn, one upon the other, as people write them."""
    w = x.w
    key = x.iam.create_access_key(UserName="dora")["AccessKey"]
    x.iam.put_user_policy(UserName="dora", PolicyName="p", PolicyDocument=policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}))
    x.role("cli-one", [trust(f"arn:aws:iam::{HOME}:user/dora", StringEquals={"sts:ExternalId": "x-1"})], {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    x.role("cli-two", [trust(f"arn:aws:iam::{HOME}:role/cli-one")], {"Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*"})
    folder = os.path.join(w.data, ".aws")
    os.makedirs(folder, exist_ok=True)
    secrets, config = configparser.ConfigParser(), configparser.ConfigParser()
    secrets["dora"] = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    config["profile dora"] = {"region": "us-east-1"}
    config["profile one"] = {"role_arn": f"arn:aws:iam::{HOME}:role/cli-one", "source_profile": "dora", "external_id": "x-1", "role_session_name": "at-the-desk",
                             "region": "us-east-1"}
    config["profile two"] = {"role_arn": f"arn:aws:iam::{HOME}:role/cli-two", "source_profile": "one", "region": "us-east-1"}
    for name, what in (("credentials", secrets), ("config", config)):
        with open(os.path.join(folder, name), "w") as f:
            what.write(f)
    # botocore asks STS at its own address: only a library that reads AWS_ENDPOINT_URL, or this, comes here.
    env = {"PATH": "/usr/bin:/bin", "HOME": w.data, "LANG": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": folder}
    with open(os.path.join(folder, "sitecustomize.py"), "w") as f:
        f.write("import awscli\nfrom botocore.session import Session\n"
                "make = Session.create_client\n"
                "def create(self, *args, **more):\n"
                f"    more['endpoint_url'] = more.get('endpoint_url') or {w.url!r}\n"
                "    return make(self, *args, **more)\n"
                "Session.create_client = create\n")

    def run(profile, *args):
        r = subprocess.run(["/usr/bin/aws", "--endpoint-url", w.url, "--profile", profile, "--output", "json", "--no-cli-pager", *args],
                           env=env, capture_output=True, text=True)
        assert r.returncode == 0, r.stderr
        return json.loads(r.stdout) if r.stdout.strip() else None

    assert run("dora", "sts", "get-caller-identity")["Arn"] == f"arn:aws:iam::{HOME}:user/dora"
    assert run("one", "sts", "get-caller-identity")["Arn"] == f"arn:aws:sts::{HOME}:assumed-role/cli-one/at-the-desk"
    assert run("two", "sts", "get-caller-identity")["Arn"].startswith(f"arn:aws:sts::{HOME}:assumed-role/cli-two/")
    assert "Topics" in run("two", "sns", "list-topics")


def off():
    """--auth off: roles need not exist, and what it gives is worth nothing with authentication on."""
    with Waybill(args=["--auth", "off"]) as w:
        a = w.client("sts").assume_role(RoleArn="arn:aws:iam::111122223333:role/any/thing", RoleSessionName="it")
        assert a["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111122223333:assumed-role/thing/it"
        session = lambda service: w.client_with(service, a["Credentials"])
        me = session("sts").get_caller_identity()
        assert (me["Account"], me["Arn"]) == ("111122223333", a["AssumedRoleUser"]["Arn"])
        assert session("sns").create_topic(Name="t")["TopicArn"] == "arn:aws:sns:us-east-1:111122223333:t"
        w.client("iam").create_role(RoleName="real", AssumeRolePolicyDocument=policy(trust("*")))
        real = w.client("sts").assume_role(RoleArn=f"arn:aws:iam::{HOME}:role/real", RoleSessionName="it")["Credentials"]
        root = w.client("sts").get_session_token()["Credentials"]
        assert w.stop() == 0
        w.args = []
        w.start()
        for k in (a["Credentials"], real, root):
            refused("InvalidClientTokenId", ".*", w.client_with("sts", k).get_caller_identity)


def main():
    with Waybill() as w:
        x = World(w)
        user, sts, arn = assume(x)
        inputs(x, sts, arn)
        session_policies(x, sts, arn)
        conditions(x, sts, arn)
        tags(x, sts, arn)
        source_identity(x, sts, arn)
        user_session(x, user, arn)
        federation(x, user)
        key_info(x, sts)
        aws_cli(x)
        two_accounts(x, user, arn)
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout
    off()


main()
