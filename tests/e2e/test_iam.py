"""IAM with Debian's clients: users, groups, roles, instance profiles, keys and what hangs on them; AWS's texts; who may do what to whom; kill -9 in between."""
import glob
import json
import os
import re

from botocore.exceptions import ClientError, ParamValidationError

from waybill_server import Waybill, allow, policy

ACCOUNT = "000000000000"
ARN = f"arn:aws:iam::{ACCOUNT}:"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
STATUS = {"NoSuchEntity": 404, "EntityAlreadyExists": 409, "DeleteConflict": 409, "LimitExceeded": 409, "AccessDenied": 403,
          "InvalidClientTokenId": 403}


def trust(principal, action="sts:AssumeRole", **more):
    return policy({"Effect": "Allow", "Principal": principal, "Action": action, **more})


LAMBDA = trust({"Service": "lambda.amazonaws.com"})


def refused(code, text, call, **args):
    """The call is refused with this code, its status and this text (or a part of it, behind ...)."""
    try:
        call(**args)
    except ClientError as e:
        got = e.response["Error"]
        assert got["Code"] == code, e
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] == STATUS.get(code, 400), e
        assert got["Message"] == text or (text.startswith("...") and text[3:] in got["Message"]), got["Message"]
        return
    raise AssertionError(f"{code} expected")


def denied(action, resource, call, **args):
    refused("AccessDenied", f"...is not authorized to perform: {action} on resource: {resource}", call, **args)


def users(iam):
    u = iam.create_user(UserName="Bob", Path="/dev/ops/", Tags=[{"Key": "team", "Value": "red"}])["User"]
    assert u["Arn"] == ARN + "user/dev/ops/Bob" and u["UserId"].startswith("AIDA") and len(u["UserId"]) == 21
    assert u["Tags"] == [{"Key": "team", "Value": "red"}] and u["CreateDate"].microsecond == 0
    assert iam.get_user(UserName="bob")["User"]["UserId"] == u["UserId"]  # names are the same in any case
    refused("EntityAlreadyExists", "User with name BOB already exists.", iam.create_user, UserName="BOB")
    for call, more in ((iam.get_user, {}), (iam.delete_user, {}), (iam.list_user_tags, {}), (iam.create_access_key, {}),
                       (iam.tag_user, {"Tags": [{"Key": "a", "Value": "b"}]}), (iam.list_user_policies, {}),
                       (iam.update_user, {"NewPath": "/x/"}), (iam.list_groups_for_user, {})):
        refused("NoSuchEntity", "The user with name ghost cannot be found.", call, UserName="ghost", **more)
    rule = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
    refused("ValidationError", "The specified value for userName is invalid. " + rule, iam.create_user, UserName="no blanks")
    refused("ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric "
            "characters and/or / characters.", iam.create_user, UserName="x", Path="dev/")
    refused("ValidationError", "The specified value for pathPrefix is invalid. It must begin with the / character and contain only "
            "alphanumeric characters and/or / characters.", iam.list_users, PathPrefix="dev")
    refused("ValidationError", "1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must have length "
            "less than or equal to 64", iam.create_user, UserName="x" * 65)
    iam.create_user(UserName="x" * 64)
    iam.delete_user(UserName="X" * 64)
    refused("NoSuchEntity", "Login Profile for User Bob cannot be found.", iam.get_login_profile, UserName="bob")
    refused("NoSuchEntity", "Login Profile for User Bob cannot be found.", iam.delete_login_profile, UserName="bob")
    for call, name in ((iam.list_mfa_devices, "MFADevices"), (iam.list_signing_certificates, "Certificates"),
                       (iam.list_ssh_public_keys, "SSHPublicKeys"), (iam.list_service_specific_credentials, "ServiceSpecificCredentials")):
        assert call(UserName="bob")[name] == []
        refused("NoSuchEntity", "The user with name ghost cannot be found.", call, UserName="ghost")
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Any")["VirtualMFADevices"] == []
    root = iam.get_user()["User"]
    assert root["Arn"] == ARN + "root" and root["UserId"] == ACCOUNT and "UserName" not in root and root["CreateDate"].year > 2000


def tags(iam):
    duplicate = "Duplicate tag keys found. Please note that Tag keys are case insensitive."

    def now():
        return {t["Key"]: t["Value"] for t in iam.list_user_tags(UserName="bob")["Tags"]}
    iam.tag_user(UserName="bob", Tags=[{"Key": "Cost", "Value": "1"}, {"Key": "empty", "Value": ""}])
    assert now() == {"team": "red", "Cost": "1", "empty": ""}
    iam.tag_user(UserName="bob", Tags=[{"Key": "COST", "Value": "2"}])  # keys are the same in any case
    assert now() == {"team": "red", "COST": "2", "empty": ""}
    refused("InvalidInput", duplicate, iam.tag_user, UserName="bob", Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    refused("InvalidInput", duplicate, iam.create_role, RoleName="twice", AssumeRolePolicyDocument=LAMBDA,
            Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
    many = [{"Key": f"k{i}", "Value": "v"} for i in range(51)]
    refused("ValidationError", "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less "
            "than or equal to 50", iam.tag_user, UserName="bob", Tags=many)
    refused("ValidationError", "1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must have "
            "length less than or equal to 128", iam.tag_user, UserName="bob", Tags=[{"Key": "k" * 129, "Value": ""}])
    refused("ValidationError", "1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+",
            iam.tag_user, UserName="bob", Tags=[{"Key": "a?", "Value": ""}])
    iam.tag_user(UserName="bob", Tags=many[:47])
    refused("LimitExceeded", "Cannot exceed quota for TagsPerUser: 50", iam.tag_user, UserName="bob", Tags=many[47:48])
    iam.tag_user(UserName="bob", Tags=many[:3])  # those are there already
    iam.untag_user(UserName="bob", TagKeys=["TEAM", "nothing"] + [t["Key"] for t in many[:47]])
    assert now() == {"COST": "2", "empty": ""}


def groups(iam):
    g = iam.create_group(GroupName="Admins", Path="/g/")["Group"]
    assert g["Arn"] == ARN + "group/g/Admins" and g["GroupId"].startswith("AGPA")
    refused("EntityAlreadyExists", "Group with name admins already exists.", iam.create_group, GroupName="admins")
    refused("NoSuchEntity", "The group with name ghost cannot be found.", iam.get_group, GroupName="ghost")
    refused("NoSuchEntity", "The user with name ghost cannot be found.", iam.add_user_to_group, GroupName="admins", UserName="ghost")
    refused("NoSuchEntity", "The group with name ghost cannot be found.", iam.add_user_to_group, GroupName="ghost", UserName="bob")
    refused("NoSuchEntity", "The user with name any cannot be found.", iam.remove_user_from_group, GroupName="ghost", UserName="any")
    iam.remove_user_from_group(GroupName="admins", UserName="bob")  # was not in it
    for _ in range(2):
        iam.add_user_to_group(GroupName="admins", UserName="bob")
    assert [u["UserName"] for u in iam.get_group(GroupName="admins")["Users"]] == ["Bob"]
    assert [x["GroupName"] for x in iam.list_groups_for_user(UserName="bob")["Groups"]] == ["Admins"]
    for i in range(9):
        iam.create_group(GroupName=f"g{i}")
        iam.add_user_to_group(GroupName=f"g{i}", UserName="bob")
    iam.create_group(GroupName="g9")
    refused("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", iam.add_user_to_group, GroupName="g9", UserName="bob")
    refused("DeleteConflict", "Cannot delete entity, must remove users from group first.", iam.delete_group, GroupName="g0")
    for i in range(9):
        iam.remove_user_from_group(GroupName=f"g{i}", UserName="bob")
        iam.delete_group(GroupName=f"g{i}")
    iam.delete_group(GroupName="g9")
    for n in range(5):
        iam.create_user(UserName=f"member{n}")
        iam.add_user_to_group(GroupName="admins", UserName=f"member{n}")
    pages = list(iam.get_paginator("get_group").paginate(GroupName="admins", PaginationConfig={"PageSize": 2}))
    assert [len(p["Users"]) for p in pages] == [2, 2, 2] and pages[0]["IsTruncated"] and not pages[2]["IsTruncated"]
    assert [u["UserName"] for p in pages for u in p["Users"]] == ["Bob"] + [f"member{n}" for n in range(5)]
    iam.update_group(GroupName="ADMINS", NewGroupName="Operators", NewPath="/h/")
    new = iam.get_group(GroupName="operators")
    assert new["Group"]["GroupId"] == g["GroupId"] and new["Group"]["Arn"] == ARN + "group/h/Operators" and len(new["Users"]) == 6
    assert [x["GroupName"] for x in iam.list_groups_for_user(UserName="bob")["Groups"]] == ["Operators"]
    refused("NoSuchEntity", "The group with name admins cannot be found.", iam.get_group, GroupName="admins")
    iam.create_group(GroupName="other")
    refused("EntityAlreadyExists", "Group with name OPERATORS already exists.", iam.update_group, GroupName="other",
            NewGroupName="OPERATORS")
    iam.delete_group(GroupName="other")


def roles(iam):
    r = iam.create_role(RoleName="Worker", Path="/svc/", AssumeRolePolicyDocument=LAMBDA, Description="d", MaxSessionDuration=7200)["Role"]
    assert r["Arn"] == ARN + "role/svc/Worker" and r["RoleId"].startswith("AROA")
    assert "MaxSessionDuration" not in r and "Description" not in r  # as AWS answers
    got = iam.get_role(RoleName="worker")["Role"]
    assert got["MaxSessionDuration"] == 7200 and got["Description"] == "d" and got["AssumeRolePolicyDocument"] == json.loads(LAMBDA)
    assert got["RoleLastUsed"] == {}
    refused("EntityAlreadyExists", "Role with name worker already exists.", iam.create_role, RoleName="worker",
            AssumeRolePolicyDocument=LAMBDA)
    iam.update_role(RoleName="worker", Description="other")
    assert iam.update_role_description(RoleName="worker", Description="third")["Role"]["Description"] == "third"
    iam.update_role(RoleName="worker", MaxSessionDuration=3600)
    got = iam.get_role(RoleName="worker")["Role"]
    assert (got["MaxSessionDuration"], got["Description"]) == (3600, "third")
    refused("ValidationError", "1 validation error detected: Value at 'maxSessionDuration' failed to satisfy constraint: Member must have "
            "value less than or equal to 43200", iam.update_role, RoleName="worker", MaxSessionDuration=43201)

    def wrong(text, document):
        refused("MalformedPolicyDocument", text, iam.update_assume_role_policy, RoleName="worker", PolicyDocument=document)
        refused("MalformedPolicyDocument", text, iam.create_role, RoleName="never", AssumeRolePolicyDocument=document)
    wrong("This policy contains invalid Json", "not json")
    wrong("AssumeRole policy may only specify STS AssumeRole actions.", trust({"Service": "lambda.amazonaws.com"}, "s3:GetObject"))
    wrong("Has prohibited field Resource", trust({"Service": "lambda.amazonaws.com"}, Resource="*"))
    wrong('Invalid principal in policy: "SERVICE":"amazonaws.com"', trust({"Service": ["lambda.amazonaws.com", "amazonaws.com"]}))
    wrong('Invalid principal in policy: "AWS":"somebody"', trust({"AWS": "somebody"}))
    wrong("Missing required field Principal", policy({"Effect": "Allow", "Action": "sts:AssumeRole"}))
    wrong(f'Invalid principal in policy: "AWS":"{ARN}user/ghost"', trust({"AWS": ARN + "user/ghost"}))
    wrong(f'Invalid principal in policy: "AWS":"{ARN}user/Bob"', trust({"AWS": [ARN + "root", ARN + "user/Bob"]}))  # his path is missing
    wrong(f'Invalid principal in policy: "AWS":"{ARN}role/ghost"', trust({"AWS": ARN + "role/ghost"}))
    wrong('Invalid principal in policy: "AWS":"AIDA234567ABCDEFGHIJK"', trust({"AWS": "AIDA234567ABCDEFGHIJK"}))
    refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", iam.update_assume_role_policy, RoleName="worker",
            PolicyDocument=trust({"Service": ["s%d.amazonaws.com" % i for i in range(120)]}))
    assert iam.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"] == json.loads(LAMBDA)
    refused("NoSuchEntity", "The role with name ghost cannot be found.", iam.update_role, RoleName="ghost")


def who_is_trusted(w, iam):
    """A trust policy means the one who had the name when it was saved."""
    def shown():
        return iam.get_role(RoleName="trusting")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]

    def assume(sts):
        return sts.assume_role(RoleArn=ARN + "role/trusting", RoleSessionName="work")
    friend = w.user("friend")("sts")
    first = iam.get_user(UserName="friend")["User"]
    iam.create_role(RoleName="trusting", AssumeRolePolicyDocument=trust({"AWS": [ARN + "root", ARN + "user/friend"]}))
    assert shown() == [ARN + "root", ARN + "user/friend"]
    session = assume(friend)
    assert session["AssumedRoleUser"]["Arn"].endswith(":assumed-role/trusting/work")
    iam.put_role_policy(RoleName="trusting", PolicyName="p", PolicyDocument=policy(allow("iam:*")))
    by_role = w.client_with("iam", session["Credentials"])
    for call, more in ((by_role.get_user, {}), (by_role.create_access_key, {}), (by_role.list_access_keys, {}), (by_role.list_mfa_devices, {}),
                       (by_role.delete_access_key, {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"})):
        refused("ValidationError", "Must specify userName when calling with non-User credentials", call, **more)
    iam.delete_role_policy(RoleName="trusting", PolicyName="p")
    iam.update_user(UserName="friend", NewUserName="pal", NewPath="/p/")
    assert shown() == [ARN + "root", ARN + "user/p/pal"]
    assume(friend)
    iam.delete_access_key(UserName="pal", AccessKeyId=iam.list_access_keys(UserName="pal")["AccessKeyMetadata"][0]["AccessKeyId"])
    iam.delete_user(UserName="pal")
    assert shown() == [ARN + "root", first["UserId"]]
    iam.create_user(UserName="pal", Path="/p/")
    pretender = w.client_with("sts", iam.create_access_key(UserName="pal")["AccessKey"])
    assert shown() == [ARN + "root", first["UserId"]]
    denied("sts:AssumeRole", ARN + "role/trusting", assume, sts=pretender)
    iam.delete_access_key(UserName="pal", AccessKeyId=iam.list_access_keys(UserName="pal")["AccessKeyMetadata"][0]["AccessKeyId"])
    iam.delete_user(UserName="pal")
    iam.delete_role(RoleName="trusting")


def profiles(iam):
    p = iam.create_instance_profile(InstanceProfileName="box", Path="/p/", Tags=[{"Key": "a", "Value": "b"}])["InstanceProfile"]
    assert p["Arn"] == ARN + "instance-profile/p/box" and p["InstanceProfileId"].startswith("AIPA") and p["Roles"] == []
    refused("EntityAlreadyExists", "Instance Profile BOX already exists.", iam.create_instance_profile, InstanceProfileName="BOX")
    missing = "Instance Profile ghost cannot be found."
    refused("NoSuchEntity", missing, iam.get_instance_profile, InstanceProfileName="ghost")
    refused("NoSuchEntity", missing, iam.add_role_to_instance_profile, InstanceProfileName="ghost", RoleName="worker")
    refused("NoSuchEntity", "The role with name ghost cannot be found.", iam.add_role_to_instance_profile, InstanceProfileName="box",
            RoleName="ghost")
    refused("NoSuchEntity", "Role Worker in Instance Profile box cannot be found.", iam.remove_role_from_instance_profile,
            InstanceProfileName="box", RoleName="worker")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="worker")
    refused("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", iam.add_role_to_instance_profile,
            InstanceProfileName="box", RoleName="worker")
    got = iam.get_instance_profile(InstanceProfileName="box")["InstanceProfile"]
    assert [r["RoleName"] for r in got["Roles"]] == ["Worker"] and got["Tags"] == [{"Key": "a", "Value": "b"}]
    assert [x["InstanceProfileName"] for x in iam.list_instance_profiles_for_role(RoleName="worker")["InstanceProfiles"]] == ["box"]
    conflict = "Cannot delete entity, must remove roles from instance profile first."
    refused("DeleteConflict", conflict, iam.delete_role, RoleName="worker")
    refused("DeleteConflict", conflict, iam.delete_instance_profile, InstanceProfileName="box")
    iam.tag_instance_profile(InstanceProfileName="box", Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_instance_profile(InstanceProfileName="box", TagKeys=["a"])
    assert iam.list_instance_profile_tags(InstanceProfileName="box")["Tags"] == [{"Key": "c", "Value": "d"}]
    iam.remove_role_from_instance_profile(InstanceProfileName="box", RoleName="worker")
    assert iam.list_instance_profiles_for_role(RoleName="worker")["InstanceProfiles"] == []
    iam.delete_instance_profile(InstanceProfileName="box")


def policies(iam, word, name, most):
    """Inline and attached policies of a user, a group or a role; the operations are the same."""
    def op(template):
        return getattr(iam, template % word)
    me = {f"{word.capitalize()}Name": name}
    strange = json.dumps(json.loads(policy(allow("sns:*", Sid="Quotes", Condition={"StringLike": {"aws:userid": "a%b+c \"ü\""}}))),
                         ensure_ascii=False)
    op("put_%s_policy")(PolicyName="Two", PolicyDocument=policy(allow("sns:*")), **me)
    op("put_%s_policy")(PolicyName="One", PolicyDocument=strange, **me)
    assert op("get_%s_policy")(PolicyName="One", **me)["PolicyDocument"] == json.loads(strange)  # percent-encoded on the wire
    assert op("list_%s_policies")(**me)["PolicyNames"] == ["One", "Two"]
    first = op("list_%s_policies")(MaxItems=1, **me)
    assert first["IsTruncated"] and first["PolicyNames"] == ["One"]
    assert op("list_%s_policies")(Marker=first["Marker"], **me)["PolicyNames"] == ["Two"]
    refused("NoSuchEntity", f"The {word} policy with name none cannot be found.", op("get_%s_policy"), PolicyName="none", **me)
    refused("NoSuchEntity", f"The {word} policy with name none cannot be found.", op("delete_%s_policy"), PolicyName="none", **me)

    def wrong(text, document):
        refused("MalformedPolicyDocument", text, op("put_%s_policy"), PolicyName="Bad", PolicyDocument=document, **me)
    wrong("Syntax errors in policy.", '{"Version":"2012-10-17","Statement":[{"Nonsense":1}]}')
    wrong("Policy document should not specify a principal.", policy({**allow("sns:*"), "Principal": "*"}))
    wrong("Policy statement must contain resources.", policy({"Effect": "Allow", "Action": "sns:*"}))
    wrong("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", policy(allow("everything")))
    empty = len(policy(allow("sns:*", "arn:aws:sns:*:*:")).replace(" ", ""))
    others = sum(len(json.dumps(op("get_%s_policy")(PolicyName=p, **me)["PolicyDocument"], ensure_ascii=False).replace(" ", ""))
                 for p in ("One", "Two"))
    room = most - others - empty
    op("put_%s_policy")(PolicyName="Fill", PolicyDocument=policy(allow("sns:*", "arn:aws:sns:*:*:" + "x" * room)), **me)
    text = f"Maximum policy size of {most} bytes exceeded for {word} {name}"
    refused("LimitExceeded", text, op("put_%s_policy"), PolicyName="Fill",
            PolicyDocument=policy(allow("sns:*", "arn:aws:sns:*:*:" + "x" * (room + 1))), **me)
    refused("LimitExceeded", text, op("put_%s_policy"), PolicyName="More", PolicyDocument=policy(allow("sns:*")), **me)

    for arn, code, said in (("longpolicynamebutnoarn", "ValidationError", "ARN longpolicynamebutnoarn is not valid."),
                            (ARN + "user/somebody", "InvalidInput", f"ARN {ARN}user/somebody is not valid."),
                            (ARN + "policy/ghost", "NoSuchEntity", f"Policy {ARN}policy/ghost does not exist or is not attachable.")):
        refused(code, said, op("attach_%s_policy"), PolicyArn=arn, **me)
    refused("NoSuchEntity", f"Policy {READ_ONLY} was not found.", op("detach_%s_policy"), PolicyArn=READ_ONLY, **me)
    for _ in range(2):
        op("attach_%s_policy")(PolicyArn=READ_ONLY, **me)
    service = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    op("attach_%s_policy")(PolicyArn=service, **me)
    attached = op("list_attached_%s_policies")
    assert [p["PolicyArn"] for p in attached(**me)["AttachedPolicies"]] == [READ_ONLY, service]
    assert attached(PathPrefix="/service-role/", **me)["AttachedPolicies"] == [
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": service}]
    remove = op("delete_%s")
    refused("DeleteConflict", "Cannot delete entity, must detach all policies first.", remove, **me)
    op("detach_%s_policy")(PolicyArn=READ_ONLY, **me)
    op("detach_%s_policy")(PolicyArn=service, **me)
    refused("DeleteConflict", "Cannot delete entity, must delete policies first.", remove, **me)
    for p in ("One", "Fill"):
        op("delete_%s_policy")(PolicyName=p, **me)


def boundaries(iam, word, name):
    me = {f"{word}Name": name}
    put, drop, get = (getattr(iam, f % word.lower()) for f in ("put_%s_permissions_boundary", "delete_%s_permissions_boundary", "get_%s"))
    refused("NoSuchEntity", f"Scope ARN: {ARN}policy/ghost does not exist or is not attachable.", put,
            PermissionsBoundary=ARN + "policy/ghost", **me)
    refused("InvalidInput", f"ARN {ARN}not_a_policy/invalid is not valid.", put, PermissionsBoundary=ARN + "not_a_policy/invalid", **me)
    put(PermissionsBoundary=READ_ONLY, **me)
    put(PermissionsBoundary=ADMIN, **me)
    assert get(**me)[word]["PermissionsBoundary"] == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": ADMIN}
    for _ in range(2):
        drop(**me)
    assert "PermissionsBoundary" not in get(**me)[word]


def keys(w, iam):
    one = iam.create_access_key(UserName="bob")["AccessKey"]
    assert one["AccessKeyId"].startswith("AKIA") and len(one["SecretAccessKey"]) == 40 and one["Status"] == "Active"
    two = iam.create_access_key(UserName="bob")["AccessKey"]
    refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", iam.create_access_key, UserName="bob")
    listed = iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]
    assert {k["AccessKeyId"] for k in listed} == {one["AccessKeyId"], two["AccessKeyId"]} and "SecretAccessKey" not in listed[0]
    sts = w.client_with("sts", one)
    assert sts.get_caller_identity()["Arn"] == ARN + "user/dev/ops/Bob"
    iam.update_access_key(UserName="bob", AccessKeyId=one["AccessKeyId"], Status="Inactive")
    assert {k["AccessKeyId"]: k["Status"] for k in iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]} == {
        one["AccessKeyId"]: "Inactive", two["AccessKeyId"]: "Active"}
    refused("InvalidClientTokenId", "The security token included in the request is invalid.", sts.get_caller_identity)
    iam.update_access_key(UserName="bob", AccessKeyId=one["AccessKeyId"], Status="Active")
    sts.get_caller_identity()
    text = "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found."
    refused("NoSuchEntity", text, iam.update_access_key, UserName="bob", AccessKeyId="AKIAIOSFODNN7EXAMPLE", Status="Inactive")
    text = text.replace("AKIAIOSFODNN7EXAMPLE", one["AccessKeyId"])  # somebody else's
    refused("NoSuchEntity", text, iam.delete_access_key, UserName="member0", AccessKeyId=one["AccessKeyId"])
    refused("NoSuchEntity", text, iam.delete_access_key, AccessKeyId=one["AccessKeyId"])
    refused("DeleteConflict", "...", iam.delete_user, UserName="bob")
    iam.delete_access_key(UserName="bob", AccessKeyId=two["AccessKeyId"])
    # The root's own keys, the first one included.
    mine = w.credentials()["AWS_ACCESS_KEY_ID"]
    extra = iam.create_access_key()["AccessKey"]
    assert "UserName" not in extra
    assert {k["AccessKeyId"] for k in iam.list_access_keys()["AccessKeyMetadata"]} == {mine, extra["AccessKeyId"]}
    refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", iam.create_access_key)
    assert w.client_with("iam", extra).get_user()["User"]["Arn"] == ARN + "root"
    iam.delete_access_key(AccessKeyId=extra["AccessKeyId"])
    return one


def rename(w, iam, key):
    before = iam.get_user(UserName="bob")["User"]
    iam.attach_user_policy(UserName="bob", PolicyArn=READ_ONLY)
    iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=ADMIN)
    refused("EntityAlreadyExists", "User with name Member1 already exists.", iam.update_user, UserName="bob", NewUserName="Member1")
    iam.update_user(UserName="bob", NewUserName="Robert", NewPath="/new/")
    after = iam.get_user(UserName="robert")["User"]
    assert after["UserId"] == before["UserId"] and after["CreateDate"] == before["CreateDate"]
    assert after["Arn"] == ARN + "user/new/Robert" and after["PermissionsBoundary"]["PermissionsBoundaryArn"] == ADMIN
    assert after["Tags"] == before["Tags"]
    refused("NoSuchEntity", "The user with name bob cannot be found.", iam.get_user, UserName="bob")
    assert w.client_with("sts", key).get_caller_identity()["Arn"] == after["Arn"]
    assert w.client_with("iam", key).get_user()["User"]["UserName"] == "Robert"  # what ReadOnlyAccess allows
    assert iam.list_access_keys(UserName="robert")["AccessKeyMetadata"][0]["UserName"] == "Robert"
    assert iam.list_user_policies(UserName="robert")["PolicyNames"] == ["Two"]
    assert len(iam.list_attached_user_policies(UserName="robert")["AttachedPolicies"]) == 1
    assert "Robert" in [u["UserName"] for u in iam.get_group(GroupName="operators")["Users"]]
    iam.update_user(UserName="robert", NewUserName="ROBERT")  # another case only
    assert iam.get_user(UserName="robert")["User"]["Arn"] == ARN + "user/new/ROBERT"
    # The name is free for somebody who has nothing of it.
    iam.create_user(UserName="bob")
    assert iam.list_user_policies(UserName="bob")["PolicyNames"] == [] and iam.list_groups_for_user(UserName="bob")["Groups"] == []
    iam.delete_user(UserName="bob")


def paging(iam):
    for i in range(25):
        iam.create_user(UserName=f"p{i:02}", Path="/page/" if i % 5 == 0 else "/")
    for size in (1, 7, 1000):
        pages = list(iam.get_paginator("list_users").paginate(PathPrefix="/page/", PaginationConfig={"PageSize": size}))
        names = [u["UserName"] for p in pages for u in p["Users"]]
        assert names == ["p00", "p05", "p10", "p15", "p20"], names
        assert all(len(p["Users"]) <= size for p in pages)
    marker = iam.list_users(MaxItems=3)["Marker"]
    refused("ValidationError", "Invalid Marker.", iam.list_users, Marker="forged")
    refused("ValidationError", "Invalid Marker.", iam.list_users, Marker=marker, PathPrefix="/page/")  # of another list
    refused("ValidationError", "Invalid Marker.", iam.list_roles, Marker=marker)
    after = [u["UserName"] for u in iam.list_users(Marker=marker, MaxItems=2)["Users"]]
    iam.create_user(UserName="a")  # before the marker: the next page does not move
    assert [u["UserName"] for u in iam.list_users(Marker=marker, MaxItems=2)["Users"]] == after
    iam.delete_user(UserName="a")
    try:
        iam.list_users(MaxItems=0)
        raise AssertionError("MaxItems 0")
    except ParamValidationError:
        pass
    for i in range(25):
        iam.delete_user(UserName=f"p{i:02}")
    # A marker may have to hold a long ARN.
    iam.create_role(RoleName="long", AssumeRolePolicyDocument=LAMBDA)
    arns = [iam.create_policy(PolicyName=n, Path="/" + "x" * 500 + "/", PolicyDocument=policy(allow("sns:*")))["Policy"]["Arn"]
            for n in ("one", "three", "two")]
    for arn in arns:
        iam.attach_role_policy(RoleName="long", PolicyArn=arn)
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName="long", PaginationConfig={"PageSize": 1})
    assert [p["PolicyArn"] for page in pages for p in page["AttachedPolicies"]] == arns
    for arn in arns:
        iam.detach_role_policy(RoleName="long", PolicyArn=arn)
        iam.delete_policy(PolicyArn=arn)
    iam.delete_role(RoleName="long")


def linked(iam):
    r = iam.create_service_linked_role(AWSServiceName="events.amazonaws.com", Description="mine")["Role"]
    name = r["RoleName"]
    assert r["Path"] == "/aws-service-role/events.amazonaws.com/" and name == "AWSServiceRoleForCloudWatchEvents"
    assert r["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "events.amazonaws.com"}
    refused("InvalidInput", f"Service role name {name} has been taken in this account, please try a different suffix.",
            iam.create_service_linked_role, AWSServiceName="events.amazonaws.com")
    refused("InvalidInput", "Custom suffix is not allowed for events.amazonaws.com", iam.create_service_linked_role,
            AWSServiceName="events.amazonaws.com", CustomSuffix="x")
    refused("InvalidInput", "...has no service-linked role", iam.create_service_linked_role, AWSServiceName="nobody.amazonaws.com")
    protected = f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
    for call, more in ((iam.delete_role, {}), (iam.attach_role_policy, {"PolicyArn": ADMIN}), (iam.delete_role_permissions_boundary, {}),
                       (iam.put_role_policy, {"PolicyName": "p", "PolicyDocument": policy(allow("*"))}),
                       (iam.update_assume_role_policy, {"PolicyDocument": LAMBDA}), (iam.update_role, {"MaxSessionDuration": 7200})):
        refused("UnmodifiableEntity", protected, call, RoleName=name, **more)
    iam.update_role(RoleName=name, Description="theirs")  # that much is allowed, and tags
    iam.tag_role(RoleName=name, Tags=[{"Key": "a", "Value": "b"}])
    got = iam.get_role(RoleName=name)["Role"]
    assert got["Description"] == "theirs" and got["Tags"] == [{"Key": "a", "Value": "b"}]
    refused("InvalidInput", "...reserved", iam.create_role, RoleName="mine", Path="/aws-service-role/events.amazonaws.com/",
            AssumeRolePolicyDocument=LAMBDA)
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert task.startswith(f"task/aws-service-role/events.amazonaws.com/{name}/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    refused("NoSuchEntity", f"The role with name {name} cannot be found.", iam.get_role, RoleName=name)
    refused("NoSuchEntity", "...", iam.get_service_linked_role_deletion_status, DeletionTaskId=task[:-1] + "g")
    refused("NoSuchEntity", "The role with name Worker cannot be found.", iam.delete_service_linked_role, RoleName="Worker")


def who_may(w, iam):
    """Resources carry the path; conditions see policy, boundary and tags; nothing is allowed by another action."""
    own = ARN + "user/${aws:username}"
    alice = w.user("alice", allow(["iam:*AccessKey*", "iam:GetUser"], own))("iam")
    assert alice.get_user()["User"]["UserName"] == "alice"
    assert len(alice.list_access_keys()["AccessKeyMetadata"]) == 1
    second = alice.create_access_key()["AccessKey"]
    alice.delete_access_key(AccessKeyId=second["AccessKeyId"])
    denied("iam:CreateAccessKey", ARN + "user/new/ROBERT", alice.create_access_key, UserName="robert")
    denied("iam:GetUser", ARN + "user/ghost", alice.get_user, UserName="ghost")
    # She may do nothing that gives her more.
    denied("iam:AttachUserPolicy", ARN + "user/alice", alice.attach_user_policy, UserName="alice", PolicyArn=ADMIN)
    denied("iam:PutUserPolicy", ARN + "user/alice", alice.put_user_policy, UserName="alice", PolicyName="p",
           PolicyDocument=policy(allow("*")))
    denied("iam:AddUserToGroup", ARN + "group/h/Operators", alice.add_user_to_group, GroupName="operators", UserName="alice")
    denied("iam:PutGroupPolicy", ARN + "group/h/Operators", alice.put_group_policy, GroupName="operators", PolicyName="p",
           PolicyDocument=policy(allow("*")))
    denied("iam:UpdateAssumeRolePolicy", ARN + "role/svc/Worker", alice.update_assume_role_policy, RoleName="worker",
           PolicyDocument=trust({"AWS": "*"}))
    denied("iam:DeleteUserPermissionsBoundary", ARN + "user/alice", alice.delete_user_permissions_boundary, UserName="alice")
    denied("iam:UpdateUser", ARN + "user/alice", alice.update_user, UserName="alice", NewUserName="root")
    denied("iam:CreateRole", ARN + "role/p/new", alice.create_role, RoleName="new", Path="/p/", AssumeRolePolicyDocument=LAMBDA)
    denied("iam:ListUsers", ARN + "user/", alice.list_users)
    denied("iam:ListRoles", ARN + "role/svc/", alice.list_roles, PathPrefix="/svc/")

    carol = w.user(
        "carol",
        allow("iam:AttachRolePolicy", "*", Condition={"ArnEquals": {"iam:PolicyARN": READ_ONLY}}),
        allow(["iam:CreateUser", "iam:PutUserPolicy", "iam:AttachUserPolicy"], "*",
              Condition={"StringEquals": {"iam:PermissionsBoundary": READ_ONLY}}),
        allow(["iam:GetRole", "iam:TagRole"], "*", Condition={"StringEquals": {"iam:ResourceTag/team": "blue"}}),
        allow("iam:CreateRole", ARN + "role/carol/*"),
        allow("iam:CreateServiceLinkedRole", "*", Condition={"StringLike": {"iam:AWSServiceName": "ecs.*"}}),
        allow("iam:AddRoleToInstanceProfile"),
        allow("iam:UpdateUser", [ARN + "user/bounded", ARN + "user/bounded-*"]),
        allow("iam:PassRole", "*", Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
    )("iam")
    worker = ARN + "role/svc/Worker"
    carol.attach_role_policy(RoleName="worker", PolicyArn=READ_ONLY)
    denied("iam:AttachRolePolicy", worker, carol.attach_role_policy, RoleName="worker", PolicyArn=ADMIN)
    denied("iam:DetachRolePolicy", worker, carol.detach_role_policy, RoleName="worker", PolicyArn=READ_ONLY)
    carol.create_user(UserName="bounded", PermissionsBoundary=READ_ONLY)
    denied("iam:CreateUser", ARN + "user/free", carol.create_user, UserName="free")
    denied("iam:CreateUser", ARN + "user/free", carol.create_user, UserName="free", PermissionsBoundary=ADMIN)
    carol.attach_user_policy(UserName="bounded", PolicyArn=ADMIN)  # it has the boundary
    denied("iam:AttachUserPolicy", ARN + "user/alice", carol.attach_user_policy, UserName="alice", PolicyArn=ADMIN)
    # Who renames needs both ends: nobody takes a name that others' policies speak of.
    carol.update_user(UserName="bounded", NewUserName="bounded-2")
    denied("iam:UpdateUser", ARN + "user/chief", carol.update_user, UserName="bounded-2", NewUserName="chief")
    denied("iam:UpdateUser", ARN + "user/up/bounded-2", carol.update_user, UserName="bounded-2", NewPath="/up/")
    carol.update_user(UserName="bounded-2", NewUserName="bounded")
    denied("iam:GetRole", worker, carol.get_role, RoleName="worker")
    iam.tag_role(RoleName="worker", Tags=[{"Key": "team", "Value": "blue"}])
    carol.get_role(RoleName="worker")
    carol.create_role(RoleName="hers", Path="/carol/", AssumeRolePolicyDocument=LAMBDA)
    denied("iam:CreateRole", ARN + "role/hers2", carol.create_role, RoleName="hers2", AssumeRolePolicyDocument=LAMBDA)
    denied("iam:TagRole", ARN + "role/carol/hers3", carol.create_role, RoleName="hers3", Path="/carol/", AssumeRolePolicyDocument=LAMBDA,
           Tags=[{"Key": "a", "Value": "b"}])
    carol.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    denied("iam:CreateServiceLinkedRole", ARN + "role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents",
           carol.create_service_linked_role, AWSServiceName="events.amazonaws.com")
    iam.create_instance_profile(InstanceProfileName="box")
    denied("iam:PassRole", worker, carol.add_role_to_instance_profile, InstanceProfileName="box", RoleName="worker")
    # What is bounded may not go beyond, whatever is attached to it.
    key = iam.create_access_key(UserName="bounded")["AccessKey"]
    w.client_with("iam", key).list_users()
    refused("AccessDenied", "...because no permissions boundary allows the iam:CreateUser action", w.client_with("iam", key).create_user,
            UserName="more")


def effective_at_once(w, iam):
    """A change counts with the answer that tells of it."""
    dave = w.user("dave")("iam")
    denied("iam:ListUsers", ARN + "user/", dave.list_users)
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn=READ_ONLY)
    iam.add_user_to_group(GroupName="readers", UserName="dave")
    dave.list_users()
    iam.put_group_policy(GroupName="readers", PolicyName="no", PolicyDocument=policy({"Effect": "Deny", "Action": "iam:*", "Resource": "*"}))
    refused("AccessDenied", "...with an explicit deny in an identity-based policy", dave.list_users)
    iam.delete_group_policy(GroupName="readers", PolicyName="no")
    dave.list_users()
    iam.update_group(GroupName="readers", NewGroupName="lectors")
    dave.list_users()
    iam.put_user_permissions_boundary(UserName="dave", PermissionsBoundary="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    refused("AccessDenied", "...because no permissions boundary allows the iam:ListUsers action", dave.list_users)
    iam.delete_user_permissions_boundary(UserName="dave")
    dave.list_users()
    iam.remove_user_from_group(GroupName="lectors", UserName="dave")
    denied("iam:ListUsers", ARN + "user/", dave.list_users)


def two_accounts(w, iam):
    """The same names in another account are others; nobody reaches over."""
    other = dict(re.findall(r"^export (\w+)=(.*)$", w.waybill("account", "add", "222222222222").stdout, re.M))
    there = w.client_with("iam", {"AccessKeyId": other["AWS_ACCESS_KEY_ID"], "SecretAccessKey": other["AWS_SECRET_ACCESS_KEY"]})
    assert there.list_users()["Users"] == [] and {r["RoleName"][:14] for r in there.list_roles()["Roles"]} == {"cdk-hnb659fds-"}
    there.create_user(UserName="alice")
    there.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"AWS": ARN + "user/alice"}))
    assert there.get_role(RoleName="worker")["Role"]["Arn"] == "arn:aws:iam::222222222222:role/worker"
    assert there.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"] == ARN + "user/alice"
    refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{ARN}user/nobody"', there.create_role, RoleName="r",
            AssumeRolePolicyDocument=trust({"AWS": ARN + "user/nobody"}))
    there.create_role(RoleName="far", AssumeRolePolicyDocument=trust({"AWS": "arn:aws:iam::999999999999:role/unknown-here"}))
    foreign = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["AccessKeyId"]
    refused("NoSuchEntity", f"The Access Key with id {foreign} cannot be found.", there.delete_access_key, AccessKeyId=foreign,
            UserName="alice")
    refused("NoSuchEntity", f"The Access Key with id {foreign} cannot be found.", there.delete_access_key, AccessKeyId=foreign)
    there.delete_user(UserName="alice")
    assert iam.get_user(UserName="alice")["User"]["Arn"] == ARN + "user/alice"
    assert len(there.list_access_keys()["AccessKeyMetadata"]) == 1


def command_line(w):
    """awscli: the same, and what it makes of documents and pages."""
    w.aws("iam", "create-role", "--role-name", "cli", "--assume-role-policy-document", LAMBDA)
    w.aws("iam", "attach-role-policy", "--role-name", "cli", "--policy-arn", READ_ONLY)
    assert w.aws("iam", "list-attached-role-policies", "--role-name", "cli")["AttachedPolicies"][0]["PolicyArn"] == READ_ONLY
    w.aws("iam", "put-role-policy", "--role-name", "cli", "--policy-name", "p", "--policy-document", policy(allow("sns:*")))
    assert w.aws("iam", "get-role-policy", "--role-name", "cli", "--policy-name", "p")["PolicyDocument"]["Statement"][0]["Action"] == "sns:*"
    assert w.aws("iam", "get-role", "--role-name", "CLI")["Role"]["AssumeRolePolicyDocument"] == json.loads(LAMBDA)
    roles = w.aws("iam", "list-roles", "--page-size", "1")["Roles"]
    assert {"cli", "Worker"} <= {r["RoleName"] for r in roles}
    w.aws("iam", "wait", "role-exists", "--role-name", "cli")
    r = w.aws("iam", "delete-role", "--role-name", "cli", check=False)
    assert "(DeleteConflict) when calling the DeleteRole operation: Cannot delete entity, must detach all policies first." in r.stderr
    w.aws("iam", "detach-role-policy", "--role-name", "cli", "--policy-arn", READ_ONLY)
    w.aws("iam", "delete-role-policy", "--role-name", "cli", "--policy-name", "p")
    w.aws("iam", "delete-role", "--role-name", "cli")
    assert w.aws("iam", "get-role", "--role-name", "cli", check=False).returncode == 254


def everything(iam):
    """All that the lists and Gets tell, to compare before and after."""
    def strip(r):
        r.pop("ResponseMetadata")
        return r
    told = [strip(iam.list_users()), strip(iam.list_roles()), strip(iam.list_groups()), strip(iam.list_instance_profiles())]
    for u in told[0]["Users"]:
        n = {"UserName": u["UserName"]}
        told += [strip(f(**n)) for f in (iam.get_user, iam.list_user_policies, iam.list_attached_user_policies, iam.list_access_keys,
                                         iam.list_groups_for_user, iam.list_user_tags)]
    for r in told[1]["Roles"]:
        n = {"RoleName": r["RoleName"]}
        told += [strip(f(**n)) for f in (iam.get_role, iam.list_role_policies, iam.list_attached_role_policies, iam.list_role_tags)]
    for g in told[2]["Groups"]:
        told.append(strip(iam.get_group(GroupName=g["GroupName"])))
    return told


def secrets_are_sealed(w, secret):
    """Told once; neither in the log nor in the store's files."""
    for path in [w.log] + [p for p in glob.glob(os.path.join(w.data, "**"), recursive=True) if os.path.isfile(p)]:
        with open(path, "rb") as f:
            assert secret.encode() not in f.read(), path


def main():
    with Waybill(env={"WAYBILL_STRICT": "1"}) as w:  # what is refused must have changed nothing
        iam = w.client("iam")
        users(iam)
        tags(iam)
        groups(iam)
        roles(iam)
        who_is_trusted(w, iam)
        profiles(iam)
        policies(iam, "user", "Bob", 2048)
        policies(iam, "group", "Operators", 5120)
        policies(iam, "role", "Worker", 10240)
        boundaries(iam, "User", "bob")
        boundaries(iam, "Role", "worker")
        key = keys(w, iam)
        before = everything(iam)
        w.kill()
        w.start()
        assert everything(iam) == before
        rename(w, iam, key)
        paging(iam)
        linked(iam)
        who_may(w, iam)
        effective_at_once(w, iam)
        two_accounts(w, iam)
        command_line(w)
        before = everything(iam)
        w.kill()
        w.start()
        assert everything(iam) == before
        assert w.client_with("sts", key).get_caller_identity()["Arn"] == ARN + "user/new/ROBERT"
        secrets_are_sealed(w, key["SecretAccessKey"])
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout


if __name__ == "__main__":
    main()
