"""The configuration of S3's buckets with boto3: what is there from the start, what is put, refused and asked again; policies, public
access, CORS, notifications, lifecycle expiry by the test clock."""
import datetime
import json
import sys
import time
import urllib.error
import urllib.request

from botocore.exceptions import ClientError
from waybill_server import Waybill, allow, policy, refused, wait_for

DAY = 24 * 3600


def http(w, method, path, data=None, headers=None):
    """Unsigned: status, headers, body."""
    r = urllib.request.Request(w.url + path, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(r, timeout=30) as a:
            return a.status, a.headers, a.read()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read()


def bucket(w, name):
    w.client("s3").create_bucket(Bucket=name)
    return name


def from_the_start(w):
    s3, b = w.client("s3"), bucket(w, "plain")
    rule = s3.get_bucket_encryption(Bucket=b)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule == {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}, rule
    assert set(s3.get_public_access_block(Bucket=b)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_ownership_controls(Bucket=b)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_request_payment(Bucket=b)["Payer"] == "BucketOwner"
    for name in ("logging", "accelerate_configuration", "notification_configuration"):
        r = getattr(s3, "get_bucket_" + name)(Bucket=b)
        assert set(r) == {"ResponseMetadata"}, r
    for name in ("metrics", "analytics", "inventory", "intelligent_tiering"):
        assert not getattr(s3, f"list_bucket_{name}_configurations")(Bucket=b)["IsTruncated"]
        refused("NoSuchConfiguration", getattr(s3, f"get_bucket_{name}_configuration"), Bucket=b, Id="x")
    for code, call in (("NoSuchBucketPolicy", s3.get_bucket_policy), ("NoSuchBucketPolicy", s3.get_bucket_policy_status),
                       ("NoSuchCORSConfiguration", s3.get_bucket_cors), ("NoSuchTagSet", s3.get_bucket_tagging),
                       ("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration), ("NoSuchWebsiteConfiguration", s3.get_bucket_website),
                       ("ReplicationConfigurationNotFoundError", s3.get_bucket_replication),
                       ("ObjectLockConfigurationNotFoundError", s3.get_object_lock_configuration)):
        refused(code, call, Bucket=b)
        refused("NoSuchBucket", call, Bucket="not-there")
        refused("AccessDenied", call, Bucket=b, ExpectedBucketOwner="111111111111")
    refused("InvalidBucketState", s3.put_object_lock_configuration, Bucket=b, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})


def put_and_get(w):
    s3, b = w.client("s3"), bucket(w, "full")
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/k"}, "BucketKeyEnabled": True}]}
    cors = {"CORSRules": [{"ID": "<&>", "AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://*.example.test"], "AllowedHeaders": ["x-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 9}]}
    website = {"IndexDocument": {"Suffix": "i.html"}, "ErrorDocument": {"Key": "e.html"}, "RoutingRules": [{"Condition": {"KeyPrefixEquals": "a/"}, "Redirect": {"ReplaceKeyPrefixWith": "b/"}}]}
    grants = [{"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}, "Permission": "WRITE"}]
    logging = {"LoggingEnabled": {"TargetBucket": b, "TargetPrefix": "log/", "TargetGrants": grants}}
    rules = [{"ID": "r1", "Status": "Enabled", "Filter": {"And": {"Prefix": "p/", "Tags": [{"Key": "k", "Value": "v"}], "ObjectSizeGreaterThan": 5}}, "Expiration": {"Days": 3}},
             {"ID": "r2", "Status": "Disabled", "Filter": {"Prefix": ""}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
              "Expiration": {"Date": datetime.datetime(2030, 1, 2, tzinfo=datetime.timezone.utc)}, "NoncurrentVersionExpiration": {"NoncurrentDays": 2, "NewerNoncurrentVersions": 3},
              "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]
    for name, member, value, code in (("bucket_encryption", "ServerSideEncryptionConfiguration", encryption, None), ("bucket_cors", "CORSConfiguration", cors, "NoSuchCORSConfiguration"),
                                      ("bucket_website", "WebsiteConfiguration", website, "NoSuchWebsiteConfiguration"),
                                      ("bucket_logging", "BucketLoggingStatus", logging, ""), ("bucket_tagging", "Tagging", {"TagSet": [{"Key": "ä", "Value": ""}]}, "NoSuchTagSet"),
                                      ("bucket_request_payment", "RequestPaymentConfiguration", {"Payer": "Requester"}, ""),
                                      ("bucket_accelerate_configuration", "AccelerateConfiguration", {"Status": "Enabled"}, ""),
                                      ("bucket_ownership_controls", "OwnershipControls", {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}, "OwnershipControlsNotFoundError"),
                                      ("bucket_lifecycle_configuration", "LifecycleConfiguration", {"Rules": rules}, "NoSuchLifecycleConfiguration"),
                                      ("public_access_block", "PublicAccessBlockConfiguration", {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": True, "RestrictPublicBuckets": False},
                                       "NoSuchPublicAccessBlockConfiguration")):
        getattr(s3, "put_" + name)(Bucket=b, **{member: value})
        get = getattr(s3, "get_" + name)
        r = get(Bucket=b)
        del r["ResponseMetadata"]
        r.pop("TransitionDefaultMinimumObjectSize", None)
        assert r.get(member, r) == value, (name, r)
        if code == "":
            continue
        delete = getattr(s3, "delete_" + name.replace("lifecycle_configuration", "lifecycle"))
        delete(Bucket=b)
        delete(Bucket=b)  # once more: nothing to do
        if code:
            refused(code, get, Bucket=b)
        else:
            assert get(Bucket=b)[member]["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    s3.put_bucket_cors(Bucket=b, CORSConfiguration=cors)
    s3.delete_bucket(Bucket=b)
    bucket(w, "full")  # a bucket of the same name is another one
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=b)
    assert set(s3.get_public_access_block(Bucket=b)["PublicAccessBlockConfiguration"].values()) == {True}


def malformed(w):
    s3, b = w.client("s3"), bucket(w, "strict")

    def bad(code, name, member, value):
        refused(code, getattr(s3, "put_" + name), Bucket=b, **{member: value})
    sse = lambda **by: {"Rules": [{"ApplyServerSideEncryptionByDefault": by}]}
    bad("MalformedXML", "bucket_encryption", "ServerSideEncryptionConfiguration", sse(SSEAlgorithm="ROT13"))
    bad("MalformedXML", "bucket_encryption", "ServerSideEncryptionConfiguration", {"Rules": []})
    bad("InvalidArgument", "bucket_encryption", "ServerSideEncryptionConfiguration", sse(SSEAlgorithm="AES256", KMSMasterKeyID="k"))
    rule = lambda **more: {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], **more}]}
    bad("InvalidRequest", "bucket_cors", "CORSConfiguration", rule(AllowedMethods=["PATCH"]))
    bad("InvalidRequest", "bucket_cors", "CORSConfiguration", rule(AllowedOrigins=["a*b*"]))
    bad("InvalidRequest", "bucket_cors", "CORSConfiguration", rule(ExposeHeaders=["x-*"]))
    bad("InvalidTargetBucketForLogging", "bucket_logging", "BucketLoggingStatus", {"LoggingEnabled": {"TargetBucket": "not-there", "TargetPrefix": ""}})
    bad("InvalidArgument", "bucket_website", "WebsiteConfiguration", {})
    bad("InvalidArgument", "bucket_website", "WebsiteConfiguration", {"IndexDocument": {"Suffix": "a/b"}})
    bad("InvalidRequest", "public_access_block", "PublicAccessBlockConfiguration", {})
    bad("InvalidTag", "bucket_tagging", "Tagging", {"TagSet": [{"Key": "a", "Value": ""}] * 2})
    bad("BadRequest", "bucket_tagging", "Tagging", {"TagSet": [{"Key": str(i), "Value": ""} for i in range(51)]})
    days = lambda **more: {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}, **more}]}
    for code, rules in (("MalformedXML", {"Rules": []}), ("MalformedXML", days(Status="On")), ("InvalidArgument", days(Expiration={"Days": 0})),
                        ("InvalidArgument", days(ID="x" * 256)), ("MalformedXML", days(Prefix="p")), ("MalformedXML", days(Expiration={})),
                        ("InvalidArgument", days(Expiration={"Date": datetime.datetime(2030, 1, 1, 3)})),
                        ("MalformedXML", days(Filter={"Prefix": "a", "Tag": {"Key": "k", "Value": "v"}})),
                        ("InvalidArgument", {"Rules": days()["Rules"] * 2}), ("InvalidRequest", {"Rules": [{"Status": "Enabled", "Filter": {}}]}),
                        ("InvalidRequest", days(Filter={"Tag": {"Key": "k", "Value": "v"}}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1})),
                        ("InvalidArgument", days(NoncurrentVersionExpiration={"NoncurrentDays": 0}))):
        bad(code, "bucket_lifecycle_configuration", "LifecycleConfiguration", rules)
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=b)


def statement(bucket, action="s3:GetObject", **more):
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{bucket}/*", **more}


def policies(w):
    s3, b = w.client("s3"), bucket(w, "policied")
    put = lambda *statements: s3.put_bucket_policy(Bucket=b, Policy=policy(*statements))
    for text in ("", "x", "[]", "{}", policy(statement("other")), policy(statement(b, "sns:Publish")), policy({**statement(b), "Principal": {"AWS": "nobody"}}),
                 policy({k: v for k, v in statement(b).items() if k != "Principal"})):
        refused("MalformedPolicy", s3.put_bucket_policy, Bucket=b, Policy=text)
    text = refused("AccessDenied", s3.put_bucket_policy, Bucket=b, Policy=policy(statement(b)))
    assert "BlockPublicPolicy" in text, text
    narrow = statement(b, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    put(narrow)
    assert not s3.get_bucket_policy_status(Bucket=b)["PolicyStatus"]["IsPublic"]
    assert json.loads(s3.get_bucket_policy(Bucket=b)["Policy"])["Statement"] == [narrow]
    for condition in (None, {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}, {"StringLike": {"aws:PrincipalOrgID": "*"}}, {"StringNotEquals": {"aws:SourceVpc": "v"}},
                      {"StringEqualsIfExists": {"aws:SourceVpc": "v"}}, {"Bool": {"aws:SecureTransport": "true"}}):
        refused("AccessDenied", s3.put_bucket_policy, Bucket=b, Policy=policy(statement(b, **({"Condition": condition} if condition else {}))))
    s3.delete_public_access_block(Bucket=b)
    put(statement(b))
    assert s3.get_bucket_policy_status(Bucket=b)["PolicyStatus"]["IsPublic"]
    s3.delete_bucket_policy(Bucket=b)
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=b)


def public(w):
    s3, b = w.client("s3"), bucket(w, "open")
    s3.put_object(Bucket=b, Key="pub/a b", Body=b"hello", ContentType="text/x", Tagging="colour=red")
    s3.put_object(Bucket=b, Key="priv/x", Body=b"secret")
    assert http(w, "GET", "/open/pub/a%20b")[0] == 403
    assert http(w, "GET", "/not-there/x")[0] == 404
    s3.put_public_access_block(Bucket=b, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    pub = {**statement(b), "Resource": f"arn:aws:s3:::{b}/pub/*"}
    s3.put_bucket_policy(Bucket=b, Policy=policy(pub))
    status, headers, body = http(w, "GET", "/open/pub/a%20b")
    assert (status, headers["Content-Type"], body) == (200, "text/x", b"hello"), (status, body)
    assert http(w, "HEAD", "/open/pub/a%20b")[0] == 200
    for method, path in (("GET", "/open/priv/x"), ("PUT", "/open/pub/new"), ("DELETE", "/open/pub/a%20b"), ("GET", "/open"), ("GET", "/open?policy"), ("GET", "/")):
        status, _, body = http(w, method, path, b"x" if method == "PUT" else None)
        assert status == 403 and b"<Code>AccessDenied</Code>" in body, (method, path, status, body)
    # Restricted: it is public no more, but for the account itself.
    s3.put_public_access_block(Bucket=b, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert http(w, "GET", "/open/pub/a%20b")[0] == 403
    someone = w.user("someone")("s3")
    assert someone.get_object(Bucket=b, Key="pub/a b")["Body"].read() == b"hello"
    s3.put_public_access_block(Bucket=b, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    # Conditions
    for condition, yes in (({"StringEquals": {"s3:ExistingObjectTag/colour": "red"}}, True), ({"StringEquals": {"s3:ExistingObjectTag/colour": "blue"}}, False),
                           ({"Bool": {"aws:SecureTransport": "true"}}, None), ({"StringEquals": {"s3:authType": "REST-HEADER"}}, False),
                           ({"Null": {"s3:versionid": "true"}}, True), ({"StringLike": {"aws:UserAgent": "Python*"}}, True)):
        s3.put_bucket_policy(Bucket=b, Policy=policy({**pub, "Condition": condition}))
        status = http(w, "GET", "/open/pub/a%20b")[0]
        assert yes is None or status == (200 if yes else 403), (condition, status)
    # A deny locks out even the root of the account, but not from the policy.
    s3.put_bucket_policy(Bucket=b, Policy=policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{b}", f"arn:aws:s3:::{b}/*"]}))
    refused("AccessDenied", s3.get_object, Bucket=b, Key="pub/a b")
    refused("AccessDenied", s3.list_objects_v2, Bucket=b)
    assert s3.get_bucket_policy(Bucket=b)["Policy"]
    s3.delete_bucket_policy(Bucket=b)
    s3.get_object(Bucket=b, Key="pub/a b")


def users(w):
    """What a user's own policy lets them do."""
    s3, b = w.client("s3"), bucket(w, "shared-bucket")
    arn = f"arn:aws:s3:::{b}"
    for k in ("home/ann/1", "home/bob/1"):
        s3.put_object(Bucket=b, Key=k, Body=k.encode())
    ann = w.user("ann", allow("s3:ListBucket", arn, Condition={"StringLike": {"s3:prefix": ["home/ann/*"]}, "NumericLessThanEquals": {"s3:max-keys": "10"}}),
                 allow(["s3:GetObject", "s3:DeleteObject"], arn + "/home/ann/*"),
                 allow("s3:PutObject", arn + "/home/ann/*", Condition={"StringEquals": {"s3:RequestObjectTag/team": "a"}}), allow("s3:PutObjectTagging", arn + "/home/ann/*"))("s3")
    assert [o["Key"] for o in ann.list_objects_v2(Bucket=b, Prefix="home/ann/", MaxKeys=5)["Contents"]] == ["home/ann/1"]
    refused("AccessDenied", ann.list_objects_v2, Bucket=b)
    refused("AccessDenied", ann.list_objects_v2, Bucket=b, Prefix="home/bob/", MaxKeys=5)
    refused("AccessDenied", ann.list_objects_v2, Bucket=b, Prefix="home/ann/", MaxKeys=11)
    assert ann.get_object(Bucket=b, Key="home/ann/1")["Body"].read() == b"home/ann/1"
    refused("AccessDenied", ann.get_object, Bucket=b, Key="home/bob/1")
    refused("AccessDenied", ann.put_object, Bucket=b, Key="home/ann/2", Body=b"")
    refused("AccessDenied", ann.put_object, Bucket=b, Key="home/ann/2", Body=b"", Tagging="team=b")
    ann.put_object(Bucket=b, Key="home/ann/2", Body=b"", Tagging="team=a")
    refused("AccessDenied", ann.copy_object, Bucket=b, Key="home/ann/3", CopySource=b + "/home/bob/1", TaggingDirective="REPLACE", Tagging="team=a")
    assert ann.delete_objects(Bucket=b, Delete={"Objects": [{"Key": "home/bob/1"}]})["Errors"][0]["Code"] == "AccessDenied"
    refused("AccessDenied", ann.get_bucket_policy, Bucket=b)
    refused("AccessDenied", ann.create_bucket, Bucket="ann-s-own")
    s3.put_bucket_policy(Bucket=b, Policy=policy({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:user/ann"}, "Action": "s3:GetObject", "Resource": arn + "/home/bob/*"}))
    assert ann.get_object(Bucket=b, Key="home/bob/1")["Body"].read() == b"home/bob/1"


def cors(w):
    s3, b = w.client("s3"), bucket(w, "crossed")
    ask = {"Origin": "https://a.example.test", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-one, X-Two"}
    status, _, body = http(w, "OPTIONS", "/crossed/k", headers=ask)
    assert status == 403 and b"CORS is not enabled" in body
    s3.put_bucket_cors(Bucket=b, CORSConfiguration={"CORSRules": [
        {"AllowedMethods": ["PUT", "GET"], "AllowedOrigins": ["https://*.example.test"], "AllowedHeaders": ["X-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 9},
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
    status, h, _ = http(w, "OPTIONS", "/crossed/k?x=y", headers=ask)
    assert status == 200 and h["Access-Control-Allow-Origin"] == ask["Origin"] and h["Access-Control-Allow-Methods"] == "PUT, GET", dict(h)
    assert (h["Access-Control-Allow-Headers"], h["Access-Control-Max-Age"], h["Access-Control-Expose-Headers"], h["Access-Control-Allow-Credentials"]) == ("x-one, X-Two", "9", "ETag", "true")
    for wrong in ({"Origin": "https://example.test"}, {"Access-Control-Request-Method": "DELETE"}, {"Access-Control-Request-Headers": "y"}):
        status, h, body = http(w, "OPTIONS", "/crossed/k", headers={**ask, **wrong})
        assert status == 403 and b"AccessForbidden" in body and "Access-Control-Allow-Origin" not in h, wrong
    assert http(w, "OPTIONS", "/crossed", headers={})[0] == 400
    # On answers, refusals included
    status, h, _ = http(w, "GET", "/crossed/k", headers={"Origin": "https://other"})
    assert status == 403 and h["Access-Control-Allow-Origin"] == "*" and "Access-Control-Allow-Credentials" not in h, dict(h)
    status, h, _ = http(w, "DELETE", "/crossed/k", headers={"Origin": "https://other"})
    assert status == 403 and "Access-Control-Allow-Origin" not in h


def notifications(w):
    s3, b = w.client("s3"), bucket(w, "noisy")
    sns, events, logs = w.client("sns"), w.client("events"), w.client("logs")
    arn = "arn:aws:s3:::" + b
    topic = sns.create_topic(Name="told")["TopicArn"]
    put = lambda **c: s3.put_bucket_notification_configuration(Bucket=b, NotificationConfiguration=c)
    on = {"TopicArn": topic, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".txt"}]}}}
    for code, config in (("InvalidArgument", {**on}), ("InvalidArgument", {**on, "TopicArn": "x"}), ("MalformedXML", {**on, "Events": ["s3:Nothing"]})):
        try:
            put(TopicConfigurations=[config])
            raise AssertionError(config)
        except ClientError as e:
            assert e.response["Error"]["Code"] == code, (config, e)
    w.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(
        {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic, "Condition": {"ArnLike": {"aws:SourceArn": arn}}}))
    try:
        put(TopicConfigurations=[on, {**on, "Events": ["s3:ObjectCreated:Put"], "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/deeper"}]}}}])
        raise AssertionError("overlap")
    except ClientError as e:
        assert "overlapping suffixes" in str(e), e
    # A function that hears of the topic keeps what it hears; so does one that S3 calls.
    role = w.role("keeper", allow("dynamodb:PutItem"))
    w.client("dynamodb").create_table(TableName="heard", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                                      AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    f = keeper(w, role)
    lam = w.client("lambda")
    lam.add_permission(FunctionName=f, StatementId="t", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f)
    lam.add_permission(FunctionName=f, StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceArn=arn, SourceAccount="000000000000")
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": [b]}}}))
    lam.add_permission(FunctionName=f, StatementId="e", Action="lambda:InvokeFunction", Principal="events.amazonaws.com")
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": f}])
    put(TopicConfigurations=[on], LambdaFunctionConfigurations=[{"LambdaFunctionArn": f, "Events": ["s3:ObjectRemoved:*", "s3:ObjectTagging:Put"]}], EventBridgeConfiguration={})
    config = s3.get_bucket_notification_configuration(Bucket=b)
    assert config["TopicConfigurations"][0]["Id"] and config["EventBridgeConfiguration"] == {} and config["LambdaFunctionConfigurations"][0]["LambdaFunctionArn"] == f, config
    s3.put_object(Bucket=b, Key="in/a ü.txt", Body=b"12345")
    s3.put_object(Bucket=b, Key="out/a.txt", Body=b"1")
    s3.put_object_tagging(Bucket=b, Key="out/a.txt", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object(Bucket=b, Key="out/a.txt")
    heard = wait_for(lambda: (lambda x: x if len(x) >= 8 else None)(all_heard(w)), 30)
    kinds = sorted(kind(e) for e in heard)
    assert kinds == sorted(["Object Created in/a ü.txt", "Object Created out/a.txt", "Object Deleted out/a.txt", "Object Tags Added out/a.txt", "sns ObjectCreated:Put in/a+%C3%BC.txt",
                            "sns s3:TestEvent", "s3 ObjectRemoved:Delete out/a.txt", "s3 ObjectTagging:Put out/a.txt"]), kinds
    r = next(e for e in heard if kind(e).startswith("sns ObjectCreated"))
    r = json.loads(r["Records"][0]["Sns"]["Message"])["Records"][0]
    assert (r["eventVersion"], r["eventSource"], r["awsRegion"], r["s3"]["bucket"]["arn"], r["s3"]["object"]["size"]) == ("2.1", "aws:s3", "us-east-1", arn, 5), r
    assert r["s3"]["object"]["eTag"] == s3.head_object(Bucket=b, Key="in/a ü.txt")["ETag"].strip('"') and r["s3"]["configurationId"] == config["TopicConfigurations"][0]["Id"], r
    d = next(e for e in heard if kind(e).startswith("Object Deleted"))
    assert d["resources"] == [arn] and d["detail"]["deletion-type"] == "Permanently Deleted" and d["detail"]["reason"] == "DeleteObject" and "size" not in d["detail"]["object"], d


KEEP = """
import boto3, json, os, uuid
ddb = boto3.client("dynamodb", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
def handler(e, c):
    ddb.put_item(TableName="heard", Item={"id": {"S": str(uuid.uuid4())}, "e": {"S": json.dumps(e)}})
"""


def keeper(w, role):
    import io
    import zipfile
    z = io.BytesIO()
    with zipfile.ZipFile(z, "w") as f:
        f.writestr("index.py", KEEP)
    return w.client("lambda").create_function(FunctionName="keeper", Runtime="python3.11", Handler="index.handler", Role=role, Code={"ZipFile": z.getvalue()}, Timeout=30)["FunctionArn"]


def all_heard(w):
    return [json.loads(i["e"]["S"]) for i in w.client("dynamodb").scan(TableName="heard")["Items"]]


def kind(e):
    if "detail-type" in e:
        return e["detail-type"] + " " + e["detail"]["object"]["key"]
    r = e["Records"][0]
    where = "s3"
    if "Sns" in r:
        where, message = "sns", json.loads(r["Sns"]["Message"])
        if "Event" in message:
            return "sns " + message["Event"]
        r = message["Records"][0]
    return f"{where} {r['eventName']} {r['s3']['object']['key']}"


def forward(w, seconds):
    w.page("/_waybill/clock", data=json.dumps({"advance_ms": seconds * 1000}).encode(), method="POST")


def lifecycle(w):
    s3, b = w.client("s3"), bucket(w, "mortal")
    s3.put_bucket_lifecycle_configuration(Bucket=b, LifecycleConfiguration={"Rules": [
        {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 2}},
        {"ID": "tagged", "Status": "Enabled", "Filter": {"And": {"Prefix": "", "Tags": [{"Key": "keep", "Value": "no"}], "ObjectSizeGreaterThan": 2}}, "Expiration": {"Days": 1}},
        {"ID": "off", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}},
        {"ID": "parts", "Status": "Enabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}]})
    for i in range(450):  # more than one command's worth
        s3.put_object(Bucket=b, Key=f"logs/{i:03}", Body=b"x")
    s3.put_object(Bucket=b, Key="big", Body=b"xxx", Tagging="keep=no")
    s3.put_object(Bucket=b, Key="small", Body=b"xx", Tagging="keep=no")
    s3.put_object(Bucket=b, Key="other", Body=b"xxx")
    s3.create_multipart_upload(Bucket=b, Key="never")
    e = s3.head_object(Bucket=b, Key="logs/001")["Expiration"]
    assert e.startswith('expiry-date="') and e.endswith(' 00:00:00 GMT", rule-id="logs"'), e
    assert "Expiration" not in s3.head_object(Bucket=b, Key="other")
    keys = lambda: {o["Key"] for o in s3.list_objects_v2(Bucket=b).get("Contents", [])}
    assert len(keys()) == 453
    forward(w, 2 * DAY)
    wait_for(lambda: "big" not in keys())
    assert len(keys()) == 452
    forward(w, DAY)
    wait_for(lambda: keys() == {"small", "other"})
    assert s3.list_multipart_uploads(Bucket=b)["Uploads"]
    forward(w, 2 * DAY)
    wait_for(lambda: "Uploads" not in s3.list_multipart_uploads(Bucket=b))
    assert keys() == {"small", "other"}


def versions(w):
    s3, b = w.client("s3"), bucket(w, "versioned")
    s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_lifecycle_configuration(Bucket=b, LifecycleConfiguration={"Rules": [
        {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "a"}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}},
        {"ID": "b", "Status": "Enabled", "Filter": {"Prefix": "b"}, "Expiration": {"Days": 1}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}},
        {"ID": "c", "Status": "Enabled", "Filter": {"Prefix": "b"}, "Expiration": {"ExpiredObjectDeleteMarker": True}}]})
    ids = [s3.put_object(Bucket=b, Key="a", Body=b"%d" % i)["VersionId"] for i in range(6)]
    s3.put_object(Bucket=b, Key="b", Body=b"b")

    def state():
        r = s3.list_object_versions(Bucket=b)
        return [(v["Key"], v["VersionId"]) for v in r.get("Versions", [])], [m["Key"] for m in r.get("DeleteMarkers", [])]
    forward(w, 2 * DAY)
    wait_for(lambda: state()[1] == ["b"] and len(state()[0]) == 4)
    assert [v for k, v in state()[0] if k == "a"] == ids[:2:-1], (state(), ids)
    forward(w, 2 * DAY)  # the version below the marker goes, then the marker
    wait_for(lambda: [k for k, v in state()[0]] == ["a"] * 3)
    forward(w, DAY)
    wait_for(lambda: state()[1] == [])


def main():
    with Waybill(args=["--test-clock"]) as w:
        for t in [from_the_start, put_and_get, malformed, policies, cors, public, users, notifications, lifecycle, versions]:
            if sys.argv[1:] and t.__name__ not in sys.argv[1:]:
                continue
            begun = time.monotonic()
            try:
                t(w)
            except BaseException:
                print(w.log_text()[-3000:])
                raise
            print(f"{t.__name__}: {time.monotonic() - begun:.1f} s", flush=True)


main()
