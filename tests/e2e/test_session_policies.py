#!/usr/bin/python3
"""Session policies by ARN, boundaries and managed policies: what is compiled once for many callers follows each change at once."""
import json

from botocore.exceptions import ClientError
from waybill_server import Waybill


def document(action, effect="Allow", resource="*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]})


def text_of(call):
    """The denial's text; None when the call was allowed."""
    try:
        call()
    except ClientError as e:
        assert "AccessDenied" in e.response["Error"]["Code"], e
        return e.response["Error"]["Message"]
    return None


class Policy:
    """A managed policy and its newest version."""

    def __init__(self, iam, name, action):
        self.iam = iam
        self.arn = iam.create_policy(PolicyName=name, PolicyDocument=document(action))["Policy"]["Arn"]

    def say(self, action, effect="Allow"):
        old = [v["VersionId"] for v in self.iam.list_policy_versions(PolicyArn=self.arn)["Versions"]]
        self.iam.create_policy_version(PolicyArn=self.arn, PolicyDocument=document(action, effect), SetAsDefault=True)
        for v in old:
            self.iam.delete_policy_version(PolicyArn=self.arn, VersionId=v)


def main():
    with Waybill() as w:
        iam, sts = w.client("iam"), w.client("sts")
        account = sts.get_caller_identity()["Account"]
        trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}]})
        iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)
        iam.create_user(UserName="ann")
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        base, limit, tables = Policy(iam, "base", "dynamodb:*"), Policy(iam, "limit", "*"), Policy(iam, "tables", "dynamodb:*")
        iam.attach_role_policy(RoleName="worker", PolicyArn=base.arn)
        iam.attach_user_policy(UserName="ann", PolicyArn=base.arn)
        iam.put_user_policy(UserName="ann", PolicyName="assume", PolicyDocument=document("sts:AssumeRole"))

        client = w.client_with
        ann = client("dynamodb", key)
        assume = client("sts", key).assume_role
        role = f"arn:aws:iam::{account}:role/worker"
        session = client("dynamodb", assume(RoleArn=role, RoleSessionName="short", PolicyArns=[{"arn": tables.arn}])["Credentials"])
        both = client("dynamodb", assume(RoleArn=role, RoleSessionName="both", PolicyArns=[{"arn": tables.arn}],
                                         Policy=document("sns:*"))["Credentials"])
        free = client("dynamodb", assume(RoleArn=role, RoleSessionName="free")["Credentials"])
        everybody = [ann, session, both, free]
        for c in everybody:
            assert text_of(c.list_tables) is None

        # A session policy changes: the sessions that have it, and nobody else.
        tables.say("sns:*")
        assert text_of(ann.list_tables) is None and text_of(free.list_tables) is None
        for c in (session, both):
            assert text_of(c.list_tables).endswith("because no session policy allows the dynamodb:ListTables action")
        tables.say("dynamodb:ListTables", "Deny")
        assert text_of(session.list_tables).endswith("with an explicit deny in a session policy")
        tables.say("dynamodb:*")
        assert text_of(session.list_tables) is None

        # The policy that user and role share.
        base.say("sns:*")
        for c in everybody:
            assert text_of(c.list_tables).endswith("because no identity-based policy allows the dynamodb:ListTables action")
        base.say("dynamodb:*")
        for c in everybody:
            assert text_of(c.list_tables) is None

        # A boundary comes, changes and goes.
        iam.put_role_permissions_boundary(RoleName="worker", PermissionsBoundary=limit.arn)
        assert text_of(free.list_tables) is None
        limit.say("sns:*")
        assert text_of(free.list_tables).endswith("because no permissions boundary allows the dynamodb:ListTables action")
        assert text_of(ann.list_tables) is None
        limit.say("dynamodb:*", "Deny")
        assert text_of(session.list_tables).endswith("with an explicit deny in a permissions boundary")
        iam.delete_role_permissions_boundary(RoleName="worker")
        assert text_of(free.list_tables) is None

        # A session policy that is deleted allows nothing; one of the same name made anew does.
        iam.delete_policy(PolicyArn=tables.arn)
        assert text_of(session.list_tables).endswith("because no session policy allows the dynamodb:ListTables action")
        Policy(iam, "tables", "dynamodb:*")
        assert text_of(session.list_tables) is None

        # All of it after a restart, when nothing is compiled yet.
        w.stop()
        w.start()
        for c in everybody:
            assert text_of(c.list_tables) is None
        iam.detach_role_policy(RoleName="worker", PolicyArn=base.arn)
        assert text_of(free.list_tables).endswith("because no identity-based policy allows the dynamodb:ListTables action")
        assert text_of(ann.list_tables) is None


if __name__ == "__main__":
    main()
