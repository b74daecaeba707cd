"""Ways around a Deny, and out of one's own account: another spelling of the same thing, a region that is not the thing's own,
a name that stands for somebody else's, a record that nobody finds."""
import io
import json
import re
import zipfile

from botocore.exceptions import ClientError

from waybill_server import Waybill, allow, policy

HERE = "us-east-1"
HOME = "000000000000"
OTHER = "111111111111"


def code(call, **args):
    """The error's code, or None."""
    try:
        call(**args)
    except ClientError as e:
        return e.response["Error"]["Code"]
    return None


def refused(call, **args):
    got = code(call, **args)
    assert got in ("AccessDenied", "AccessDeniedException", "AuthorizationError"), got


def deny(action, resource="*", **more):
    return {**allow(action, resource, **more), "Effect": "Deny"}


def package():
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        z.writestr("index.py", "def handler(event, context):\n    return 'here'\n")
    return b.getvalue()


def things(w):
    w.client("dynamodb").create_table(
        TableName="secret", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("k", "o")], Tags=[{"Key": "level", "Value": "secret"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-o", "KeySchema": [{"AttributeName": "o", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}])
    w.client("sns").create_topic(Name="secret", Tags=[{"Key": "level", "Value": "secret"}])
    w.client("lambda").create_function(FunctionName="secret", Runtime="python3.12", Handler="index.handler", Code={"ZipFile": package()},
                                       Role=w.role("r"), Tags={"level": "secret"})


def other_partitions(w):
    """There is one partition: what is not of it names nothing, and no other spelling of what a policy denies."""
    table, topic = f"dynamodb:{HERE}:{HOME}:table/secret", f"sns:{HERE}:{HOME}:secret"
    u = w.user("partition", allow("*"), deny("*", ["arn:aws:" + table, "arn:aws:" + topic]))
    refused(u("dynamodb").put_item, TableName="secret", Item={"k": {"S": "x"}})
    refused(u("sns").publish, TopicArn="arn:aws:" + topic, Message="x")
    for partition in ("aws-cn", "x"):
        arn = f"arn:{partition}:"
        assert code(u("dynamodb").put_item, TableName=arn + table, Item={"k": {"S": "x"}})
        assert code(u("dynamodb").batch_write_item, RequestItems={arn + table: [{"PutRequest": {"Item": {"k": {"S": "x"}}}}]})
        assert code(u("dynamodb").tag_resource, ResourceArn=arn + table, Tags=[{"Key": "level", "Value": "open"}])
        assert code(u("sns").publish, TopicArn=arn + topic, Message="x")
        assert code(u("sns").tag_resource, ResourceArn=arn + topic, Tags=[{"Key": "level", "Value": "open"}])
    assert w.client("dynamodb").scan(TableName="secret")["Count"] == 0


def rules_of_the_default_bus(w):
    """They have one ARN."""
    events, rule = w.client("events"), f"arn:aws:events:{HERE}:{HOME}:rule/"
    events.put_rule(Name="r", EventPattern='{"source":["a"]}', Tags=[{"Key": "level", "Value": "secret"}])
    u = w.user("rules", allow("*"), deny("*", rule + "r"))("events")
    refused(u.untag_resource, ResourceARN=rule + "r", TagKeys=["level"])
    refused(u.disable_rule, Name="r", EventBusName="default")
    refused(u.disable_rule, Name="r", EventBusName=f"arn:aws:events:{HERE}:{HOME}:event-bus/default")
    assert code(u.untag_resource, ResourceARN=rule + "default/r", TagKeys=["level"]) == "ResourceNotFoundException"
    assert code(u.tag_resource, ResourceARN=rule + "default/r", Tags=[{"Key": "level", "Value": "open"}]) == "ResourceNotFoundException"
    assert len(events.list_tags_for_resource(ResourceARN=rule + "r")["Tags"]) == 1


def tags_of_parts(w):
    """An index has the tags of its table, a version of a function those of the function."""
    u = w.user("tags", allow("*"), deny(["dynamodb:Query", "dynamodb:Scan", "lambda:InvokeFunction"],
                                        Condition={"StringEquals": {"aws:ResourceTag/level": "secret"}}))
    ask = {"KeyConditionExpression": "o = :o", "ExpressionAttributeValues": {":o": {"S": "x"}}}
    refused(u("dynamodb").scan, TableName="secret")
    refused(u("dynamodb").scan, TableName="secret", IndexName="by-o")
    refused(u("dynamodb").query, TableName="secret", IndexName="by-o", **ask)
    refused(u("lambda").invoke, FunctionName="secret", InvocationType="DryRun")
    refused(u("lambda").invoke, FunctionName="secret", Qualifier="$LATEST", InvocationType="DryRun")
    refused(u("lambda").invoke, FunctionName="secret:$LATEST", InvocationType="DryRun")


def function_tags(w):
    """The tag operations of Lambda take the function's ARN; its name for short would be no ARN to decide about."""
    arn = f"arn:aws:lambda:{HERE}:{HOME}:function:secret"
    u = w.user("function-tags", allow("*"), deny("lambda:*", arn + "*"))
    refused(u("lambda").tag_resource, Resource=arn, Tags={"level": "open"})
    for name in ("secret", "function:secret", f"{HOME}:function:secret", arn.replace("arn:aws:", "arn:aws-cn:"), arn + ":$LATEST"):
        assert code(u("lambda").tag_resource, Resource=name, Tags={"level": "open"}), name
        assert code(u("lambda").list_tags, Resource=name), name
        assert code(u("lambda").untag_resource, Resource=name, TagKeys=["level"]), name
    # and of another account's
    key = dict(re.findall(r"^export (\w+)=(.*)$", w.waybill("account", "add", OTHER).stdout, re.M))
    stranger = w.client_with("lambda", {"AccessKeyId": key["AWS_ACCESS_KEY_ID"], "SecretAccessKey": key["AWS_SECRET_ACCESS_KEY"]})
    for name in (f"{HOME}:function:secret", arn, arn.replace("arn:aws:", "arn:aws-cn:"), arn + ":1"):
        assert code(stranger.list_tags, Resource=name), name
        assert code(stranger.untag_resource, Resource=name, TagKeys=["level"]), name
    assert w.client("lambda").list_tags(Resource=arn)["Tags"] == {"level": "secret"}


def keys_of_others(w):
    """An access key's id does not tell who has it in another account."""
    key = [e for e in w.client("iam").list_access_keys(UserName="tags")["AccessKeyMetadata"]][0]["AccessKeyId"]
    mine = dict(re.findall(r"^export (\w+)=(.*)$", w.waybill("account", "add", "222222222222").stdout, re.M))
    iam = w.client_with("iam", {"AccessKeyId": mine["AWS_ACCESS_KEY_ID"], "SecretAccessKey": mine["AWS_SECRET_ACCESS_KEY"]})
    try:
        iam.get_access_key_last_used(AccessKeyId=key)
        raise AssertionError("was told")
    except ClientError as e:
        assert HOME not in str(e) and "user/" not in str(e), e
    assert w.client("iam").get_access_key_last_used(AccessKeyId=key)["UserName"] == "tags"


def other_regions(w):
    """What is of a region is reached by requests for that region: aws:RequestedRegion tells the truth, and the audit log of that region
    has the record."""
    import boto3
    u = w.user("regions", allow("*"), deny("sns:*", Condition={"StringEquals": {"aws:RequestedRegion": HERE}}))
    arn = f"arn:aws:sns:{HERE}:{HOME}:secret"
    here = u("sns")
    refused(here.publish, TopicArn=arn, Message="x")
    credentials = here._request_signer._credentials
    there = boto3.client("sns", endpoint_url=w.url, region_name="eu-west-1", aws_access_key_id=credentials.access_key,
                         aws_secret_access_key=credentials.secret_key)
    for call, args in ((there.publish, {"TopicArn": arn, "Message": "x"}), (there.get_topic_attributes, {"TopicArn": arn}),
                       (there.subscribe, {"TopicArn": arn, "Protocol": "email", "Endpoint": "a@example.com"}),
                       (there.set_topic_attributes, {"TopicArn": arn, "AttributeName": "DisplayName", "AttributeValue": "x"}),
                       (there.tag_resource, {"ResourceArn": arn, "Tags": [{"Key": "level", "Value": "open"}]}),
                       (there.list_tags_for_resource, {"ResourceArn": arn}), (there.delete_topic, {"TopicArn": arn})):
        assert code(call, **args) == "InvalidParameter", call
    assert w.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == ""
    new = {"Runtime": "python3.12", "Handler": "index.handler", "Code": {"ZipFile": package()}, "Role": f"arn:aws:iam::{HOME}:role/r"}
    assert code(w.client("lambda").create_function, FunctionName=f"arn:aws:lambda:eu-west-1:{HOME}:function:far", **new) == "ResourceNotFoundException"


def recorded_refusals(w):
    """Refusals that no policy made are in the audit log as well."""
    iam, me = w.client("iam"), w.user("refused", allow("*"))
    arn = iam.create_role(RoleName="taken", AssumeRolePolicyDocument=policy(
        {"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]}))["Role"]["Arn"]
    iam.put_role_policy(RoleName="taken", PolicyName="p", PolicyDocument=policy(allow("*")))
    refused(w.client("sts").assume_role, RoleArn=arn, RoleSessionName="by-root")
    key = me("sts").assume_role(RoleArn=arn, RoleSessionName="first", SourceIdentity="amy")["Credentials"]
    refused(w.client_with("sts", key).assume_role, RoleArn=arn, RoleSessionName="as-another", SourceIdentity="bob")
    foreign = f"arn:aws:iam::{OTHER}:role/theirs"
    refused(me("lambda").update_function_configuration, FunctionName="secret", Role=foreign)
    seen = [json.loads(e["CloudTrailEvent"]) for e in w.client("cloudtrail").lookup_events(MaxResults=50)["Events"]]
    failed = [(e["eventName"], (e["requestParameters"] or {}).get("roleSessionName") or (e["requestParameters"] or {}).get("role"))
              for e in seen if e.get("errorCode") in ("AccessDenied", "AccessDeniedException")]
    for what in (("AssumeRole", "by-root"), ("AssumeRole", "as-another"), ("UpdateFunctionConfiguration20150331v2", foreign)):
        assert what in failed, (what, failed)


def many_attributes(w):
    """A refusal remembers some of what the policies asked about, however much there was of it."""
    few = {"Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["k"]}}}
    u = w.user("many", allow("dynamodb:PutItem", **few))("dynamodb")
    try:
        u.put_item(TableName="secret", Item={"k": {"S": "x"}, "A" * 5000: {"BOOL": True}, **{f"a{i}": {"BOOL": True} for i in range(20000)}})
        raise AssertionError("was allowed")
    except ClientError as e:
        why = w.waybill("why", e.response["ResponseMetadata"]["RequestId"]).stdout
    assert why.count("dynamodb:Attributes = ") == 64, why
    assert "A" * 1024 in why and "A" * 1025 not in why, why


def main():
    with Waybill() as w:
        things(w)
        other_partitions(w)
        rules_of_the_default_bus(w)
        tags_of_parts(w)
        function_tags(w)
        keys_of_others(w)
        other_regions(w)
        recorded_refusals(w)
        many_attributes(w)


if __name__ == "__main__":
    main()
