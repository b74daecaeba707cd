"""S3: deletions decided object by object, buckets of other accounts, encryption as headers tell it, kill -9 during a multipart upload."""
import re
import threading

from botocore.exceptions import BotoCoreError, ClientError

from test_s3 import files, once
from waybill_server import Waybill, allow, policy, refused, wait_for

OTHER = "111122223333"


def statement(effect, principal, action, *resources):
    return {"Effect": effect, "Principal": {"AWS": principal}, "Action": action, "Resource": list(resources)}


def one_by_one(w):
    s3 = w.client("s3")
    s3.create_bucket(Bucket="some")
    for key in ("mine/1", "mine/2", "yours/1", "yours/2"):
        s3.put_object(Bucket="some", Key=key, Body=b"x")
    user = w.user("deleter", allow("s3:DeleteObject", "arn:aws:s3:::some/mine/*"))("s3")
    objects = [{"Key": k} for k in ("yours/1", "mine/1", "none", "mine/2", "x" * 1025)] + [{"Key": "mine/2", "VersionId": "null"}]
    answer = user.delete_objects(Bucket="some", Delete={"Objects": objects})
    assert [d["Key"] for d in answer["Deleted"]] == ["mine/1", "mine/2"], answer
    errors = {(e["Key"], e.get("VersionId")): e for e in answer["Errors"]}
    assert {k: e["Code"] for k, e in errors.items()} == {("yours/1", None): "AccessDenied", ("none", None): "AccessDenied", ("x" * 1025, None): "AccessDenied",
                                                         ("mine/2", "null"): "AccessDenied"}, errors
    assert "user/deleter is not authorized to perform: s3:DeleteObject on resource: arn:aws:s3:::some/yours/1" in errors["yours/1", None]["Message"]
    assert "s3:DeleteObjectVersion" in errors["mine/2", "null"]["Message"]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="some")["Contents"]] == ["yours/1", "yours/2"]
    quiet = user.delete_objects(Bucket="some", Delete={"Objects": [{"Key": "mine/3"}, {"Key": "yours/2"}], "Quiet": True})
    assert "Deleted" not in quiet and [e["Key"] for e in quiet["Errors"]] == ["yours/2"], quiet
    # a statement that denies goes over what allows
    s3.put_bucket_policy(Bucket="some", Policy=policy(statement("Deny", "*", "s3:DeleteObject", "arn:aws:s3:::some/yours/2")))
    answer = s3.delete_objects(Bucket="some", Delete={"Objects": [{"Key": "yours/1"}, {"Key": "yours/2"}]})
    assert [d["Key"] for d in answer["Deleted"]] == ["yours/1"] and "explicit deny" in answer["Errors"][0]["Message"], answer
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="some")["Contents"]] == ["yours/2"]
    assert w.user("nobody")("s3").delete_objects(Bucket="some", Delete={"Objects": [{"Key": "yours/2"}]})["Errors"][0]["Code"] == "AccessDenied"


def across(w):
    """A bucket's policy lets another account in; its users need their own account's word, too."""
    s3 = w.client("s3")
    out = w.waybill("account", "add", OTHER).stdout
    key = dict(re.findall(r"export AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)=(\S+)", out))
    root = {"AccessKeyId": key["ACCESS_KEY_ID"], "SecretAccessKey": key["SECRET_ACCESS_KEY"]}
    iam = w.client_with("iam", root)
    users = {}
    for name, statements in (("allowed", [allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::shared/*")]), ("plain", [])):
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
        users[name] = w.client_with("s3", iam.create_access_key(UserName=name)["AccessKey"])
    s3.create_bucket(Bucket="shared")
    s3.put_object(Bucket="shared", Key="k", Body=b"hello")
    theirs = w.client_with("s3", root)
    for client in (theirs, users["allowed"], users["plain"]):
        refused("AccessDenied", client.get_object, Bucket="shared", Key="k")
    s3.put_bucket_policy(Bucket="shared", Policy=policy(statement("Allow", f"arn:aws:iam::{OTHER}:root", ["s3:GetObject"], "arn:aws:s3:::shared/*")))
    assert theirs.get_object(Bucket="shared", Key="k")["Body"].read() == b"hello"
    assert users["allowed"].get_object(Bucket="shared", Key="k")["Body"].read() == b"hello"
    assert "no identity-based policy" in refused("AccessDenied", users["plain"].get_object, Bucket="shared", Key="k")
    refused("AccessDenied", users["allowed"].put_object, Bucket="shared", Key="new", Body=b"x")
    refused("AccessDenied", theirs.list_objects_v2, Bucket="shared")
    assert "shared" not in [b["Name"] for b in theirs.list_buckets()["Buckets"]]
    refused("BucketAlreadyExists", theirs.create_bucket, Bucket="shared")
    s3.delete_bucket_policy(Bucket="shared")
    refused("AccessDenied", users["allowed"].get_object, Bucket="shared", Key="k")


def encrypted(w):
    """AES256 unless the bucket or the request says otherwise."""
    s3 = w.client("s3")
    s3.create_bucket(Bucket="sealed")
    names = ("ServerSideEncryption", "SSEKMSKeyId")

    def told(key, **more):
        answers = [s3.put_object(Bucket="sealed", Key=key, Body=b"x", **more), s3.get_object(Bucket="sealed", Key=key), s3.head_object(Bucket="sealed", Key=key)]
        said = {tuple(a.get(n) for n in names) for a in answers}
        assert len(said) == 1, said
        return said.pop()
    assert told("a") == ("AES256", None)
    kms = "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012"
    s3.put_bucket_encryption(Bucket="sealed", ServerSideEncryptionConfiguration={"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms}}]})
    assert told("b") == ("aws:kms", kms)
    assert told("c", ServerSideEncryption="AES256") == ("AES256", None)
    assert s3.head_object(Bucket="sealed", Key="a")["ServerSideEncryption"] == "AES256"  # as it was made
    copy = s3.copy_object(Bucket="sealed", Key="copy", CopySource="sealed/a")
    assert tuple(copy.get(n) for n in names) == ("aws:kms", kms)
    upload = s3.create_multipart_upload(Bucket="sealed", Key="m")
    assert tuple(upload.get(n) for n in names) == ("aws:kms", kms)
    s3.abort_multipart_upload(Bucket="sealed", Key="m", UploadId=upload["UploadId"])
    s3.delete_bucket_encryption(Bucket="sealed")
    assert told("d") == ("AES256", None)


def killed(w):
    """kill -9 while parts arrive: what was acknowledged is there, the upload goes on and is completed."""
    s3 = w.client("s3")
    s3.create_bucket(Bucket="parts")
    before = files(w)
    for turn in range(3):
        key, part = f"k{turn}", b"%d" % turn * (5 << 20)
        upload = s3.create_multipart_upload(Bucket="parts", Key=key)["UploadId"]
        acknowledged = {}

        def send():
            c = once(w, connect_timeout=2, read_timeout=5)
            for number in range(1, 40):
                try:
                    acknowledged[number] = c.upload_part(Bucket="parts", Key=key, UploadId=upload, PartNumber=number, Body=part)["ETag"]
                except (ClientError, BotoCoreError):
                    return
                if stop.is_set():
                    return
        stop = threading.Event()
        t = threading.Thread(target=send)
        t.start()
        wait_for(lambda: len(acknowledged) > turn, every=0.001)
        w.kill()
        stop.set()
        w.start()
        t.join()
        listed = {p["PartNumber"]: p["ETag"] for p in s3.list_parts(Bucket="parts", Key=key, UploadId=upload)["Parts"]}
        assert acknowledged.items() <= listed.items(), (acknowledged, listed)
        last = max(listed) + 1
        listed[last] = s3.upload_part(Bucket="parts", Key=key, UploadId=upload, PartNumber=last, Body=b"end")["ETag"]
        s3.complete_multipart_upload(Bucket="parts", Key=key, UploadId=upload,
                                     MultipartUpload={"Parts": [{"PartNumber": n, "ETag": e} for n, e in sorted(listed.items())]})
        body = s3.get_object(Bucket="parts", Key=key)["Body"].read()
        assert body == part * (last - 1) + b"end", len(body)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="parts")
    for o in s3.list_objects_v2(Bucket="parts")["Contents"]:
        s3.delete_object(Bucket="parts", Key=o["Key"])
    wait_for(lambda: files(w) <= before)  # nothing of the parts is left behind


def main():
    with Waybill() as w:
        for part in (one_by_one, across, encrypted, killed):
            part(w)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout


main()
