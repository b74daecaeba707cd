"""Managed policies, the simulator and what IAM tells of an account, with Debian's clients: versions take effect at once, simulations say
what real calls do."""
import csv
import io
import json

from botocore.exceptions import ClientError

from waybill_server import Waybill, allow, policy, refused

AWS = "arn:aws:iam::aws:policy/"
SNS = "arn:aws:sns:us-east-1:000000000000:"


def allowed(call, **args):
    """What a call's answer says about permissions, whatever else becomes of it."""
    try:
        call(**args)
    except ClientError as e:
        return e.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException", "AuthorizationError")
    return True


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def own(name, path="/"):
    return f"arn:aws:iam::000000000000:policy{path}{name}"


def one_policy(w):
    iam = w.client("iam")
    text = policy(allow("sns:ListTopics", Sid="One"))
    p = iam.create_policy(PolicyName="Mixed.Case-1", Path="/team/ops/", PolicyDocument=text, Description="what it is for",
                          Tags=[{"Key": "team", "Value": "ops"}])["Policy"]
    assert p["Arn"] == own("Mixed.Case-1", "/team/ops/") and p["PolicyId"].startswith("ANPA") and len(p["PolicyId"]) == 21
    assert p["DefaultVersionId"] == "v1" and p["AttachmentCount"] == 0 and p["IsAttachable"] and "Description" not in p
    got = iam.get_policy(PolicyArn=p["Arn"])["Policy"]
    assert got["Description"] == "what it is for" and got["Tags"] == [{"Key": "team", "Value": "ops"}]
    assert got["CreateDate"] == p["CreateDate"] == p["UpdateDate"] and got["CreateDate"].microsecond == 0
    v = iam.get_policy_version(PolicyArn=p["Arn"], VersionId="v1")["PolicyVersion"]
    assert v["IsDefaultVersion"] and v["Document"] == json.loads(text)
    assert w.aws("iam", "get-policy-version", "--policy-arn", p["Arn"], "--version-id", "v1")["PolicyVersion"]["Document"] == json.loads(text)
    assert refused("EntityAlreadyExists", iam.create_policy, PolicyName="mixed.case-1", PolicyDocument=text) == \
        "A policy called mixed.case-1 already exists. Duplicate names are not allowed."
    assert refused("NoSuchEntity", iam.get_policy, PolicyArn=own("Mixed.Case-1")) == f"Policy {own('Mixed.Case-1')} was not found."
    refused("NoSuchEntity", iam.get_policy, PolicyArn=own("mixed.case-1", "/team/ops/"))
    assert refused("InvalidInput", iam.get_policy, PolicyArn="arn:aws:iam::000000000000:user/x") == "ARN arn:aws:iam::000000000000:user/x is not valid."
    refused("ValidationError", iam.create_policy, PolicyName="no blanks", PolicyDocument=text)
    refused("ValidationError", iam.create_policy, PolicyName="p", Path="no/slash", PolicyDocument=text)
    iam.tag_policy(PolicyArn=p["Arn"], Tags=[{"Key": "team", "Value": "dev"}, {"Key": "cost", "Value": ""}])
    first = iam.list_policy_tags(PolicyArn=p["Arn"], MaxItems=1)
    second = iam.list_policy_tags(PolicyArn=p["Arn"], MaxItems=1, Marker=first["Marker"])
    assert first["Tags"] == [{"Key": "cost", "Value": ""}] and second["Tags"] == [{"Key": "team", "Value": "dev"}] and not second["IsTruncated"]
    iam.untag_policy(PolicyArn=p["Arn"], TagKeys=["team", "unknown"])
    assert iam.list_policy_tags(PolicyArn=p["Arn"])["Tags"] == [{"Key": "cost", "Value": ""}]
    iam.delete_policy(PolicyArn=p["Arn"])
    refused("NoSuchEntity", iam.delete_policy, PolicyArn=p["Arn"])
    again = iam.create_policy(PolicyName="Mixed.Case-1", Path="/team/ops/", PolicyDocument=text)["Policy"]
    assert again["PolicyId"] != p["PolicyId"] and iam.list_policy_tags(PolicyArn=p["Arn"])["Tags"] == []
    iam.delete_policy(PolicyArn=again["Arn"])


def malformed(w):
    iam = w.client("iam")
    ok = allow("sns:*")
    refused("ValidationError", w.client("iam", parameter_validation=False).create_policy, PolicyName="bad", PolicyDocument="")
    arn = iam.create_policy(PolicyName="good", PolicyDocument=policy(ok))["Policy"]["Arn"]
    for text in ("{", "[]", "{}", '{"Version":"2012-10-17"}', '{"Version":"2012-10-17","Statement":[]}', policy({**ok, "Effect": "allow"}),
                 policy({**ok, "Principal": "*"}), policy({k: v for k, v in ok.items() if k != "Resource"}), policy({**ok, "Action": "ListTopics"}),
                 policy({**ok, "Resource": "topic"}), policy({**ok, "Condition": {"StringSame": {"aws:username": "x"}}}),
                 policy({**ok, "Sid": "no blanks"}), policy({**ok, "Extra": 1}), json.dumps({"Version": "2020-01-01", "Statement": [ok]})):
        refused("MalformedPolicyDocument", iam.create_policy, PolicyName="bad", PolicyDocument=text)
        refused("MalformedPolicyDocument", iam.create_policy_version, PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
    assert [v["VersionId"] for v in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v1"]
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(ok))["PolicyVersion"]["VersionId"] == "v2"
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def sized(size):
    """A document of so many characters that are not blanks."""
    text = policy(allow("sns:*", SNS)).replace(" ", "")
    return text.replace(SNS, SNS + "t" * (size - len(text)))


def limits(w):
    iam = w.client("iam")
    assert len(sized(6144)) == 6144
    arn = iam.create_policy(PolicyName="large", PolicyDocument=sized(6144).replace(",", ",   \n\t"))["Policy"]["Arn"]
    assert refused("LimitExceeded", iam.create_policy, PolicyName="larger", PolicyDocument=sized(6145)) == "Cannot exceed quota for PolicySize: 6144"
    assert refused("LimitExceeded", iam.create_policy_version, PolicyArn=arn, PolicyDocument=sized(6145)) == "Cannot exceed quota for PolicySize: 6144"
    for n in range(2, 6):
        v = iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("sns:*")), SetAsDefault=n == 3)["PolicyVersion"]
        assert v["VersionId"] == f"v{n}" and v["IsDefaultVersion"] == (n == 3) and "Document" not in v
    text = refused("LimitExceeded", iam.create_policy_version, PolicyArn=arn, PolicyDocument=policy(allow("sns:*")))
    assert text.startswith("A managed policy can have up to 5 versions."), text
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [v["VersionId"] for v in versions] == ["v5", "v4", "v3", "v2", "v1"]
    assert [v["VersionId"] for v in versions if v["IsDefaultVersion"]] == ["v3"]
    pages = [[v["VersionId"] for v in p["Versions"]] for p in
             iam.get_paginator("list_policy_versions").paginate(PolicyArn=arn, PaginationConfig={"PageSize": 2})]
    assert pages == [["v5", "v4"], ["v3", "v2"], ["v1"]]
    assert refused("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v3") == "Cannot delete the default version of a policy."
    assert refused("DeleteConflict", iam.delete_policy, PolicyArn=arn).startswith("This policy has more than one version.")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    refused("NoSuchEntity", iam.delete_policy_version, PolicyArn=arn, VersionId="v5")
    assert refused("NoSuchEntity", iam.get_policy_version, PolicyArn=arn, VersionId="v5") == \
        f"Policy {arn} version v5 does not exist or is not attachable."
    refused("ValidationError", iam.get_policy_version, PolicyArn=arn, VersionId="5")
    refused("NoSuchEntity", iam.set_default_policy_version, PolicyArn=arn, VersionId="v99999999999999999999999")
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("sns:*")))["PolicyVersion"]["VersionId"] == "v6"
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"
    for n in (2, 3, 4, 6):
        iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{n}")
    iam.delete_policy(PolicyArn=arn)


def effect(w):
    """A version counts from the answer on that made it the default."""
    iam, bob = w.client("iam"), w.user("bob")
    arn = iam.create_policy(PolicyName="bobs", PolicyDocument=policy(allow("sns:ListTopics")))["Policy"]["Arn"]
    sns, events = bob("sns", tcp_keepalive=True), bob("events")
    assert not allowed(sns.list_topics)
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    assert allowed(sns.list_topics) and not allowed(events.list_rules)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("events:ListRules")))
    assert allowed(sns.list_topics) and not allowed(events.list_rules)
    for _ in range(5):
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
        assert not allowed(sns.list_topics) and allowed(events.list_rules)
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
        assert allowed(sns.list_topics) and not allowed(events.list_rules)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("*"), deny("sns:*")), SetAsDefault=True)
    assert not allowed(sns.list_topics) and allowed(events.list_rules)
    assert refused("DeleteConflict", iam.delete_policy, PolicyArn=arn) == "Cannot delete a policy attached to entities."
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    # through a group, and as a boundary
    group = iam.create_policy(PolicyName="of-team", PolicyDocument=policy(allow("sns:ListTopics")))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=group, PolicyDocument=policy(allow("events:ListRules")))
    iam.create_group(GroupName="team")
    iam.attach_group_policy(GroupName="team", PolicyArn=group)
    ann, max_ = w.user("ann"), w.user("max", allow("*"))
    iam.add_user_to_group(GroupName="team", UserName="ann")
    iam.put_user_permissions_boundary(UserName="max", PermissionsBoundary=group)
    for version, sees_topics in (("v1", True), ("v2", False), ("v1", True)):
        iam.set_default_policy_version(PolicyArn=group, VersionId=version)
        for c in (ann, max_):
            assert allowed(c("sns").list_topics) == sees_topics and allowed(c("events").list_rules) != sees_topics
    iam.detach_group_policy(GroupName="team", PolicyArn=group)
    assert not allowed(ann("sns").list_topics) and allowed(max_("sns").list_topics)
    iam.delete_policy_version(PolicyArn=group, VersionId="v2")
    assert refused("DeleteConflict", iam.delete_policy, PolicyArn=group) == "Cannot delete a policy attached to entities."
    iam.delete_user_permissions_boundary(UserName="max")
    iam.delete_policy(PolicyArn=group)
    # a policy of AWS's
    iam.attach_user_policy(UserName="bob", PolicyArn=AWS + "IAMReadOnlyAccess")
    carol = w.user("carol")("iam")
    assert not allowed(carol.list_policies)
    iam.attach_user_policy(UserName="carol", PolicyArn=AWS + "IAMReadOnlyAccess")
    assert allowed(carol.list_policies) and not allowed(carol.create_policy, PolicyName="x", PolicyDocument=policy(allow("*")))
    # nobody raises himself by a policy he may not touch
    assert not allowed(carol.create_policy_version, PolicyArn=arn, PolicyDocument=policy(allow("*")), SetAsDefault=True)
    assert not allowed(carol.set_default_policy_version, PolicyArn=arn, VersionId="v1")


def of_aws(w):
    iam = w.client("iam")
    p = iam.get_policy(PolicyArn=AWS + "service-role/AWSLambdaBasicExecutionRole")["Policy"]
    assert p["PolicyId"] == "ANPAJNCQGXC42545SKXIK" and p["Path"] == "/service-role/" and p["CreateDate"].isoformat().startswith("2015-04-09T15:03:43")
    d = iam.get_policy_version(PolicyArn=p["Arn"], VersionId="v1")["PolicyVersion"]["Document"]
    assert d["Statement"][0]["Action"] == ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    refused("NoSuchEntity", iam.get_policy, PolicyArn=AWS + "AWSLambdaBasicExecutionRole")
    refused("NoSuchEntity", iam.get_policy_version, PolicyArn=AWS + "AmazonS3FullAccess", VersionId="v1")
    for call, args in ((iam.delete_policy, {}), (iam.create_policy_version, {"PolicyDocument": policy(allow("*"))}),
                       (iam.set_default_policy_version, {"VersionId": "v1"}), (iam.tag_policy, {"Tags": [{"Key": "a", "Value": "b"}]})):
        assert refused("AccessDenied", call, PolicyArn=p["Arn"], **args) == "Policy is outside your own account."


def lists(w):
    iam = w.client("iam")
    names = [f"list-{i:02}" for i in range(12)]
    for i, name in enumerate(names):
        iam.create_policy(PolicyName=name, Path="/even/" if i % 2 == 0 else "/", PolicyDocument=policy(allow("sns:*")))
    w.user("dave")
    iam.attach_user_policy(UserName="dave", PolicyArn=own("list-00", "/even/"))
    iam.create_user(UserName="erin", PermissionsBoundary=own("list-01"))
    w.role("lister")
    iam.attach_role_policy(RoleName="lister", PolicyArn=own("list-00", "/even/"))

    def listed(size=1000, **args):
        pages = iam.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": size}, **args)
        return [p["PolicyName"] for page in pages for p in page["Policies"]]

    local = listed(Scope="Local")
    assert [n for n in local if n.startswith("list-")] == names
    aws = listed(Scope="AWS")
    assert aws == sorted(aws) and "ReadOnlyAccess" in aws and len(aws) > 40
    everything = listed()
    assert everything == local + aws
    for size in (1, 7, 30):
        assert listed(size) == everything
    assert listed(Scope="Local", PathPrefix="/even/") == names[::2] == listed(2, Scope="Local", PathPrefix="/even/")
    assert {"list-00", "list-01"} <= set(listed(OnlyAttached=True)) and "list-02" not in listed(OnlyAttached=True)
    assert listed(Scope="Local", PolicyUsageFilter="PermissionsBoundary") == ["list-01"]
    assert "list-00" in listed(PolicyUsageFilter="PermissionsPolicy") and "list-01" not in listed(PolicyUsageFilter="PermissionsPolicy")
    p = {x["PolicyName"]: x for x in iam.list_policies(Scope="Local")["Policies"]}
    assert p["list-00"]["AttachmentCount"] == 2 and p["list-00"]["PermissionsBoundaryUsageCount"] == 0
    assert p["list-01"]["AttachmentCount"] == 0 and p["list-01"]["PermissionsBoundaryUsageCount"] == 1
    marker = iam.list_policies(MaxItems=3)["Marker"]
    refused("ValidationError", iam.list_policies, MaxItems=3, Scope="AWS", Marker=marker)
    refused("ValidationError", iam.list_policies, Marker="forged")
    refused("ValidationError", iam.list_policies, Scope="Mine")

    e = iam.list_entities_for_policy(PolicyArn=own("list-00", "/even/"))
    assert [u["UserName"] for u in e["PolicyUsers"]] == ["dave"] and [r["RoleName"] for r in e["PolicyRoles"]] == ["lister"] and e["PolicyGroups"] == []
    assert e["PolicyUsers"][0]["UserId"].startswith("AIDA")
    e = iam.list_entities_for_policy(PolicyArn=own("list-00", "/even/"), EntityFilter="Role")
    assert e["PolicyUsers"] == [] and len(e["PolicyRoles"]) == 1
    pages = list(iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=own("list-00", "/even/"), PaginationConfig={"PageSize": 1}))
    assert [len(p["PolicyUsers"]) + len(p["PolicyRoles"]) for p in pages] == [1, 1]
    e = iam.list_entities_for_policy(PolicyArn=own("list-01"), PolicyUsageFilter="PermissionsBoundary")
    assert [u["UserName"] for u in e["PolicyUsers"]] == ["erin"]
    assert iam.list_entities_for_policy(PolicyArn=own("list-01"), PolicyUsageFilter="PermissionsPolicy")["PolicyUsers"] == []


def simulate(iam, arn, action, resource, *context, **more):
    r = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=[action], ResourceArns=[resource], ContextEntries=list(context), **more)
    return r["EvaluationResults"][0]


def agreement(w):
    """The simulator says of each call what the call itself finds, for users with all kinds of policies."""
    iam, root = w.client("iam"), w.client("sns")
    for t in ("open", "shut"):
        root.create_topic(Name=t)
    managed = iam.create_policy(PolicyName="agree", PolicyDocument=policy(allow(["sns:Get*", "sns:Publish"], SNS + "*"), deny("sns:*", SNS + "shut")))
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=policy(allow(["sns:*", "dynamodb:*"])))["Policy"]["Arn"]
    yes = {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}}
    no = {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2120-01-01T00:00:00Z"}}}
    users = {
        "nobody": [],
        "all": [allow("*")],
        "reader": [allow(["sns:Get*", "dynamodb:Describe*", "events:List*", "iam:Get*"])],
        "own": [allow("sns:GetTopicAttributes", SNS + "${aws:username}"), allow("iam:GetUser", "arn:aws:iam::*:user/${aws:username}")],
        "open": [allow("sns:GetTopicAttributes", SNS + "${aws:username}")],
        "other": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, deny("dynamodb:*")],
        "timely": [allow("sns:*", **yes), allow("events:*", **no)],
        "elsewhere": [{"Effect": "Allow", "Action": "sns:*", "NotResource": SNS + "open"}],
    }
    clients = {name: w.user("sim-" + name if name != "open" else "open", *statements) for name, statements in users.items()}
    clients["attached"] = w.user("sim-attached")
    iam.attach_user_policy(UserName="sim-attached", PolicyArn=managed["Policy"]["Arn"])
    iam.create_user(UserName="sim-bounded", PermissionsBoundary=bound)
    iam.put_user_policy(UserName="sim-bounded", PolicyName="test", PolicyDocument=policy(allow("*")))
    key = iam.create_access_key(UserName="sim-bounded")["AccessKey"]
    clients["bounded"] = lambda service: w.client_with(service, key)
    calls = [
        ("sns:ListTopics", "*", lambda c: allowed(c("sns").list_topics)),
        ("sns:GetTopicAttributes", SNS + "open", lambda c: allowed(c("sns").get_topic_attributes, TopicArn=SNS + "open")),
        ("sns:GetTopicAttributes", SNS + "shut", lambda c: allowed(c("sns").get_topic_attributes, TopicArn=SNS + "shut")),
        ("dynamodb:DescribeTable", "arn:aws:dynamodb:us-east-1:000000000000:table/tab",
         lambda c: allowed(c("dynamodb").describe_table, TableName="tab")),
        ("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:000000000000:table/tab",
         lambda c: allowed(c("dynamodb").put_item, TableName="tab", Item={"k": {"S": "x"}})),
        ("events:DeleteRule", "arn:aws:events:us-east-1:000000000000:rule/r", lambda c: allowed(c("events").delete_rule, Name="r")),
        ("iam:GetRole", "arn:aws:iam::000000000000:role/lister", lambda c: allowed(c("iam").get_role, RoleName="lister")),
        ("iam:GetPolicy", managed["Policy"]["Arn"], lambda c: allowed(c("iam").get_policy, PolicyArn=managed["Policy"]["Arn"])),
    ]
    iam.create_group(GroupName="sim-group")
    iam.put_group_policy(GroupName="sim-group", PolicyName="of-group", PolicyDocument=policy(allow("sns:*"), deny("sns:Get*", SNS + "shut")))
    clients["member"] = w.user("sim-member", allow("events:*"))
    iam.add_user_to_group(GroupName="sim-group", UserName="sim-member")
    clients["tagged"] = w.user("sim-tagged", allow("sns:GetTopicAttributes", SNS + "${aws:PrincipalTag/topic}"))
    iam.tag_user(UserName="sim-tagged", Tags=[{"Key": "topic", "Value": "open"}])
    arns = {name: "arn:aws:iam::000000000000:user/" + ("open" if name == "open" else "sim-" + name) for name in clients}
    # roles are simulated as their sessions
    trust = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}
    sts = w.user("sim-assumer", allow("sts:AssumeRole"))("sts")
    for name, statements in (("role", [allow(["sns:*", "iam:*"]), deny("sns:*", SNS + "shut")]),
                             ("role-itself", [allow("*", Condition={"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::000000000000:role/sim-role-itself"}})])):
        arns[name] = iam.create_role(RoleName="sim-" + name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName="sim-" + name, PolicyName="test", PolicyDocument=policy(*statements))
        session = sts.assume_role(RoleArn=arns[name], RoleSessionName="session")["Credentials"]
        clients[name] = lambda service, session=session: w.client_with(service, session)
    seen = set()
    for name, client in clients.items():
        arn = arns[name]
        for action, resource, call in calls:
            r = simulate(iam, arn, action, resource)
            real = call(client)
            assert (r["EvalDecision"] == "allowed") == real, (name, action, resource, r["EvalDecision"], real)
            assert (r["MatchedStatements"] == []) == (r["EvalDecision"] == "implicitDeny"), (name, r)
            seen.add(r["EvalDecision"])
    assert seen == {"allowed", "explicitDeny", "implicitDeny"}
    r = simulate(iam, "arn:aws:iam::000000000000:group/sim-group", "sns:GetTopicAttributes", SNS + "shut")
    assert r["EvalDecision"] == "explicitDeny" and r["MatchedStatements"][0]["SourcePolicyId"] == "group_sim-group_of-group"
    r = simulate(iam, arns["member"], "sns:Publish", SNS + "open")
    assert [m["SourcePolicyId"] for m in r["MatchedStatements"]] == ["group_sim-group_of-group"]
    r = simulate(iam, arns["role"], "sns:Publish", SNS + "open")
    assert [m["SourcePolicyId"] for m in r["MatchedStatements"]] == ["role_sim-role_test"]
    r = simulate(iam, arns["tagged"], "sns:GetTopicAttributes", SNS + "shut",
                 {"ContextKeyName": "aws:PrincipalTag/topic", "ContextKeyType": "string", "ContextKeyValues": ["shut"]})
    assert r["EvalDecision"] == "allowed"
    r = simulate(iam, "arn:aws:iam::000000000000:user/sim-bounded", "events:DeleteRule", "*")
    assert r["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False} and r["EvalDecision"] == "implicitDeny"
    r = simulate(iam, "arn:aws:iam::000000000000:user/sim-bounded", "events:DeleteRule", "*", PermissionsBoundaryPolicyInputList=[policy(allow("*"))])
    assert r["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True} and r["EvalDecision"] == "allowed"
    r = simulate(iam, "arn:aws:iam::000000000000:user/sim-attached", "sns:Publish", SNS + "shut")
    assert r["EvalDecision"] == "explicitDeny" and [m["SourcePolicyId"] for m in r["MatchedStatements"]] == ["agree"]
    assert r["ResourceSpecificResults"][0]["EvalResourceDecision"] == "explicitDeny"


def custom(w):
    """SimulateCustomPolicy: positions, context of all types, resource policies, boundaries, pages."""
    iam = w.client("iam")
    text = '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Effect": "Allow",\n      "Action": "sns:*",\n      "Resource": "*"\n    },\n' \
           '    {\n      "Effect": "Deny",\n      "Action": "sns:Publish",\n      "Resource": "*"\n    }\n  ]\n}'
    r = iam.simulate_custom_policy(PolicyInputList=[text], ActionNames=["sns:ListTopics", "sns:Publish", "sqs:SendMessage"])["EvaluationResults"]
    assert [(x["EvalActionName"], x["EvalResourceName"], x["EvalDecision"]) for x in r] == [
        ("sns:ListTopics", "*", "allowed"), ("sns:Publish", "*", "explicitDeny"), ("sqs:SendMessage", "*", "implicitDeny")]
    assert r[0]["MatchedStatements"] == [{"SourcePolicyId": "PolicyInputList.1", "SourcePolicyType": "IAM Policy",
                                          "StartPosition": {"Line": 3, "Column": 17}, "EndPosition": {"Line": 8, "Column": 6}}]
    assert r[1]["MatchedStatements"][0]["EndPosition"] == {"Line": 13, "Column": 6}

    def decision(statement, kind, *values, key="app:key"):
        entries = [{"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": kind}] if values else []
        x = iam.simulate_custom_policy(PolicyInputList=[policy(statement)], ActionNames=["sns:Publish"], ContextEntries=entries)["EvaluationResults"][0]
        assert x["MissingContextValues"] == ([] if values else [key]), x
        return x["EvalDecision"] == "allowed"

    for operator, kind, want, good, bad in (
            ("StringEquals", "string", "a", "a", "b"), ("StringLike", "string", "a*", "abc", "b"), ("NumericLessThan", "numeric", "10", "9.5", "10"),
            ("DateGreaterThan", "date", "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "2025-01-01T00:00:00Z"), ("Bool", "boolean", "true", "true", "false"),
            ("IpAddress", "ip", "10.0.0.0/8", "10.1.2.3", "11.0.0.1"), ("BinaryEquals", "binary", "QUJD", "QUJD", "QUJE"),
            ("ArnLike", "string", "arn:aws:sns:*:*:x", "arn:aws:sns:eu-west-1:000000000000:x", "arn:aws:sns:eu-west-1:000000000000:y")):
        s = allow("sns:*", Condition={operator: {"app:key": want}})
        assert decision(s, kind, good) and not decision(s, kind, bad) and not decision(s, kind), operator
    s = allow("sns:*", Condition={"ForAllValues:StringEquals": {"app:key": ["a", "b"]}})
    assert decision(s, "stringList", "a", "b") and not decision(s, "stringList", "a", "c")

    resource = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:user/frank"}, "Action": "sns:Publish", "Resource": "*"}]})
    args = {"PolicyInputList": [policy(allow("sqs:*"))], "ActionNames": ["sns:Publish"], "ResourceArns": [SNS + "t"], "ResourcePolicy": resource}
    assert refused("InvalidInput", iam.simulate_custom_policy, **args) == "Invalid caller - Caller cannot be null or empty."
    x = iam.simulate_custom_policy(CallerArn="arn:aws:iam::000000000000:user/frank", **args)["EvaluationResults"][0]
    assert x["EvalDecision"] == "allowed" and x["MatchedStatements"][0]["SourcePolicyType"] == "Resource Policy"
    assert iam.simulate_custom_policy(CallerArn="arn:aws:iam::000000000000:user/grace", **args)["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"
    # another account's resource: both sides must allow
    args["ResourceArns"] = [SNS.replace("000000000000", "111122223333") + "t"]
    assert iam.simulate_custom_policy(CallerArn="arn:aws:iam::000000000000:user/frank", **args)["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"
    args["PolicyInputList"] = [policy(allow("sns:*"))]
    assert iam.simulate_custom_policy(CallerArn="arn:aws:iam::000000000000:user/frank", **args)["EvaluationResults"][0]["EvalDecision"] == "allowed"
    del args["ResourcePolicy"]
    args["ResourceArns"] = ["arn:aws:s3:::bucket"]
    for owner, want in (("111122223333", "implicitDeny"), ("000000000000", "allowed")):
        x = iam.simulate_custom_policy(ResourceOwner=f"arn:aws:iam::{owner}:root", CallerArn="arn:aws:iam::000000000000:user/frank", **args)
        assert x["EvaluationResults"][0]["EvalDecision"] == want, owner

    many = {"PolicyInputList": [policy(allow("sns:*"))], "ActionNames": [f"sns:Op{i}" for i in range(10)], "ResourceArns": [SNS + "a", SNS + "b", SNS + "c"]}
    whole = iam.simulate_custom_policy(**many)
    assert len(whole["EvaluationResults"]) == 30 and not whole["IsTruncated"]
    paged = [x for p in iam.get_paginator("simulate_custom_policy").paginate(PaginationConfig={"PageSize": 7}, **many) for x in p["EvaluationResults"]]
    assert paged == whole["EvaluationResults"]
    for change in ({"ActionNames": ["sns:*"]}, {"ActionNames": ["Publish"]}, {"ResourceArns": ["topic"]}, {"PolicyInputList": ["{"]},
                   {"PolicyInputList": [policy({**allow("sns:*"), "Principal": "*"})]}, {"ResourceOwner": "somebody"}, {"CallerArn": "arn:aws:iam::000000000000:role/x"},
                   {"PermissionsBoundaryPolicyInputList": [policy(allow("*")), policy(allow("*"))]},
                   {"ContextEntries": [{"ContextKeyName": "app:key", "ContextKeyType": "numeric", "ContextKeyValues": ["ten"]}]},
                   {"ContextEntries": [{"ContextKeyName": "app:key", "ContextKeyType": "string", "ContextKeyValues": ["a", "b"]}]}):
        refused("InvalidInput", iam.simulate_custom_policy, **{**many, **change})
    assert refused("InvalidInput", iam.simulate_principal_policy, PolicySourceArn="arn:aws:sts::000000000000:assumed-role/r/s", ActionNames=["sns:Publish"]) == \
        "Invalid Entity Arn: arn:aws:sts::000000000000:assumed-role/r/s does not clearly define entity type and name."
    refused("NoSuchEntity", iam.simulate_principal_policy, PolicySourceArn="arn:aws:iam::000000000000:user/missing", ActionNames=["sns:Publish"])
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[policy(
        allow("sns:*", SNS + "${aws:PrincipalTag/team}", Condition={"StringEquals": {"aws:username": "x", "sns:Protocol": "email"}}))])["ContextKeyNames"]
    assert set(keys) == {"aws:PrincipalTag/team", "aws:username", "sns:Protocol"}
    keys = w.aws("iam", "get-context-keys-for-principal-policy", "--policy-source-arn", "arn:aws:iam::000000000000:user/sim-timely")["ContextKeyNames"]
    assert keys == ["aws:CurrentTime"]


def account(w):
    iam = w.client("iam")
    s = iam.get_account_summary()["SummaryMap"]
    assert s["Users"] == len(iam.get_account_authorization_details(Filter=["User"])["UserDetailList"]) > 10
    assert s["VersionsPerPolicyQuota"] == 5 and s["PolicySizeQuota"] == 6144 and s["AccountAccessKeysPresent"] == 1
    assert refused("NoSuchEntity", iam.get_account_password_policy) == "The Password Policy with domain name 000000000000 cannot be found."
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="depot-7")
    refused("EntityAlreadyExists", iam.create_account_alias, AccountAlias="depot-7")
    iam.create_account_alias(AccountAlias="depot-8")
    assert w.aws("iam", "list-account-aliases")["AccountAliases"] == ["depot-8"]
    unchecked = w.client("iam", parameter_validation=False)
    for name in ("ab", "ab-", "-ab", "a--b", "Abc", "a" * 64):
        refused("ValidationError", unchecked.create_account_alias, AccountAlias=name)
    refused("NoSuchEntity", iam.delete_account_alias, AccountAlias="depot-7")
    iam.delete_account_alias(AccountAlias="depot-8")
    assert iam.list_account_aliases()["AccountAliases"] == []

    whole = iam.get_account_authorization_details()
    lists_of = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    parts = {k: [] for k in lists_of}
    for page in iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 3}):
        for k in lists_of:
            parts[k] += page[k]
    assert parts == {k: whole[k] for k in lists_of}
    user = {u["UserName"]: u for u in whole["UserDetailList"]}
    assert user["sim-bounded"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == own("bound")
    assert user["sim-all"]["UserPolicyList"][0]["PolicyDocument"] == json.loads(policy(allow("*")))
    assert {p["PolicyArn"] for p in user["carol"]["AttachedManagedPolicies"]} == {AWS + "IAMReadOnlyAccess"}
    role = {r["RoleName"]: r for r in whole["RoleDetailList"]}["lister"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"} and role["InstanceProfileList"] == []
    detail = {p["PolicyName"]: p for p in whole["Policies"]}
    assert len(detail["bobs"]["PolicyVersionList"]) == 3 and detail["bobs"]["PolicyVersionList"][0]["Document"]
    assert detail["IAMReadOnlyAccess"]["AttachmentCount"] == 2 and "AdministratorAccess" in detail and "AWSLambdaExecute" not in detail
    only = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])
    assert only["UserDetailList"] == [] and all(":aws:policy" not in p["Arn"] for p in only["Policies"])
    granting = iam.list_policies_granting_service_access(Arn="arn:aws:iam::000000000000:user/sim-timely", ServiceNamespaces=["sns", "events", "iam"])
    assert [len(x["Policies"]) for x in granting["PoliciesGrantingServiceAccess"]] == [1, 1, 0]
    assert granting["PoliciesGrantingServiceAccess"][0]["Policies"][0] == {"PolicyName": "test", "PolicyType": "INLINE", "EntityType": "USER",
                                                                          "EntityName": "sim-timely"}


def report(w):
    """The credential report: a line for the root and each user."""
    iam = w.client("iam")
    refused("ReportNotPresent", iam.get_credential_report)
    assert iam.generate_credential_report()["State"] == "STARTED" and iam.generate_credential_report()["State"] == "COMPLETE"
    r = iam.get_credential_report()
    lines = list(csv.DictReader(io.StringIO(r["Content"].decode())))
    assert r["ReportFormat"] == "text/csv" and lines[0]["user"] == "<root_account>" and lines[0]["access_key_1_active"] == "true"
    users = {u["UserName"]: u for page in iam.get_paginator("list_users").paginate() for u in page["Users"]}
    assert {x["user"] for x in lines[1:]} == set(users) and len(lines) > 10
    line = {x["user"]: x for x in lines}
    assert line["sim-all"]["arn"] == users["sim-all"]["Arn"] and line["sim-all"]["access_key_1_active"] == "true"
    assert line["sim-all"]["user_creation_time"] == users["sim-all"]["CreateDate"].isoformat() and line["sim-all"]["password_enabled"] == "false"
    assert line["erin"]["access_key_1_active"] == "false" and line["erin"]["access_key_1_last_rotated"] == "N/A"
    assert line["sim-all"]["access_key_2_active"] == "false" and line["sim-all"]["cert_2_last_rotated"] == "N/A"
    iam.create_user(UserName="comma,name")
    first = iam.create_access_key(UserName="comma,name")["AccessKey"]["AccessKeyId"]
    iam.create_access_key(UserName="comma,name")
    iam.update_access_key(UserName="comma,name", AccessKeyId=first, Status="Inactive")
    line = {x["user"]: x for x in csv.DictReader(io.StringIO(iam.get_credential_report()["Content"].decode()))}["comma,name"]
    assert sorted([line["access_key_1_active"], line["access_key_2_active"]]) == ["false", "true"] and line["cert_1_active"] == "false"


def permissions(w):
    """The operations are about the policy or entity that they name."""
    iam = w.client("iam")
    iam.create_policy(PolicyName="mine", Path="/p/", PolicyDocument=policy(allow("sns:*")))
    c = w.user("keeper", allow(["iam:GetPolicy", "iam:CreatePolicy", "iam:DeletePolicy"], own("*", "/p/")),
               allow("iam:SimulatePrincipalPolicy", "arn:aws:iam::000000000000:user/bob"),
               allow("iam:TagPolicy", "*", Condition={"StringEquals": {"iam:ResourceTag/team": "keeper"}}))("iam")
    assert allowed(c.get_policy, PolicyArn=own("mine", "/p/")) and not allowed(c.get_policy, PolicyArn=own("bobs"))
    assert allowed(c.create_policy, PolicyName="hers", Path="/p/", PolicyDocument=policy(allow("sns:*")))
    assert not allowed(c.create_policy, PolicyName="theirs", PolicyDocument=policy(allow("sns:*")))
    assert not allowed(c.create_policy, PolicyName="tagged", Path="/p/", PolicyDocument=policy(allow("sns:*")), Tags=[{"Key": "a", "Value": "b"}])
    assert allowed(c.simulate_principal_policy, PolicySourceArn="arn:aws:iam::000000000000:user/bob", ActionNames=["sns:Publish"])
    assert not allowed(c.simulate_principal_policy, PolicySourceArn="arn:aws:iam::000000000000:user/carol", ActionNames=["sns:Publish"])
    assert not allowed(c.simulate_custom_policy, PolicyInputList=[policy(allow("*"))], ActionNames=["sns:Publish"])
    assert not allowed(c.tag_policy, PolicyArn=own("mine", "/p/"), Tags=[{"Key": "x", "Value": "y"}])
    iam.tag_policy(PolicyArn=own("mine", "/p/"), Tags=[{"Key": "team", "Value": "keeper"}])
    assert allowed(c.tag_policy, PolicyArn=own("mine", "/p/"), Tags=[{"Key": "x", "Value": "y"}])


def main():
    with Waybill() as w:
        for part in (one_policy, malformed, limits, of_aws, effect, lists, agreement, custom, account, report, permissions):
            part(w)
            print(part.__name__, "passed")


if __name__ == "__main__":
    main()
