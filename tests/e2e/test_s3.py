"""S3 with Debian's clients: buckets, objects and their versions, listings, copies, uploads in parts, the aws cli's own commands; kill -9 while
uploading and right after the answer."""
import base64
import datetime
import hashlib
import os
import random
import threading
import time
import zlib

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from waybill_server import Waybill, refused, wait_for

MB = 1 << 20
B = "buck"


def status(r):
    return r["ResponseMetadata"]["HTTPStatusCode"]


def fails(status_code, fn, **args):
    """For HEAD, whose errors have no body, and for what is no error to S3 (304)."""
    try:
        fn(**args)
    except ClientError as e:
        assert status(e.response) == status_code, e.response
        return e.response
    raise AssertionError("not refused")


def once(w, **config):
    """A client that does not try again: botocore does so even for BadDigest."""
    c = w.credentials()
    return boto3.client("s3", endpoint_url=w.url, region_name=c["AWS_REGION"], aws_access_key_id=c["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=c["AWS_SECRET_ACCESS_KEY"], config=Config(retries={"max_attempts": 0}, **config))


def buckets(w):
    s3 = w.client("s3")
    assert s3.create_bucket(Bucket=B)["Location"] == f"/{B}"
    s3.create_bucket(Bucket=B)  # us-east-1's old habit
    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    refused("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket="far")
    refused("InvalidBucketName", s3.create_bucket, Bucket="Not-a-name")
    refused("InvalidLocationConstraint", s3.create_bucket, Bucket="x" * 10, CreateBucketConfiguration={"LocationConstraint": "nowhere"})
    r = s3.list_buckets()
    assert [b["Name"] for b in r["Buckets"] if not b["Name"].startswith("cdk-")] == [B, "far"] and len(r["Owner"]["ID"]) == 64
    assert abs(r["Buckets"][0]["CreationDate"].timestamp() - time.time()) < 60
    assert s3.get_bucket_location(Bucket="far")["LocationConstraint"] == "eu-west-1"
    assert s3.get_bucket_location(Bucket=B)["LocationConstraint"] is None
    assert s3.head_bucket(Bucket="far")["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-west-1"
    fails(404, s3.head_bucket, Bucket="none")
    e = fails(404, s3.list_objects_v2, Bucket="none")["Error"]
    assert (e["Code"], e["BucketName"], e["Message"]) == ("NoSuchBucket", "none", "The specified bucket does not exist")
    refused("AccessDenied", s3.list_objects_v2, Bucket=B, ExpectedBucketOwner="111111111111")
    grants = s3.get_bucket_acl(Bucket=B)["Grants"]
    assert [(g["Grantee"]["Type"], g["Permission"]) for g in grants] == [("CanonicalUser", "FULL_CONTROL")]
    refused("AccessControlListNotSupported", s3.put_bucket_acl, Bucket=B, ACL="public-read")
    s3.delete_bucket(Bucket="far")
    refused("NoSuchBucket", s3.delete_bucket, Bucket="far")


def objects(w):
    s3 = w.client("s3")
    body = bytes(range(256)) * 400
    r = s3.put_object(Bucket=B, Key="a/ü key+%", Body=body, Metadata={"Color": "blue"}, ContentType="text/x", CacheControl="no-store",
                      ContentDisposition="inline", ContentEncoding="x-y", ContentLanguage="de", StorageClass="STANDARD_IA",
                      Expires=datetime.datetime(2030, 1, 1), Tagging="team=ops&env=test", WebsiteRedirectLocation="/elsewhere")
    etag = f'"{hashlib.md5(body).hexdigest()}"'
    assert r["ETag"] == etag and r["ServerSideEncryption"] == "AES256" and "VersionId" not in r
    g = s3.get_object(Bucket=B, Key="a/ü key+%")
    assert g["Body"].read() == body and g["ETag"] == etag and g["ContentLength"] == len(body)
    for r in (g, s3.head_object(Bucket=B, Key="a/ü key+%")):
        assert (r["Metadata"], r["ContentType"], r["CacheControl"], r["ContentDisposition"], r["ContentEncoding"], r["ContentLanguage"]) == (
            {"color": "blue"}, "text/x", "no-store", "inline", "x-y", "de")
        assert (r["StorageClass"], r["Expires"].year, r["WebsiteRedirectLocation"], r["AcceptRanges"], r["ContentLength"]) == (
            "STANDARD_IA", 2030, "/elsewhere", "bytes", len(body))
    assert g["TagCount"] == 2
    r = s3.get_object(Bucket=B, Key="a/ü key+%", ResponseContentType="application/pdf", ResponseCacheControl="max-age=1")
    assert (r["ContentType"], r["CacheControl"]) == ("application/pdf", "max-age=1")
    r = s3.get_object(Bucket=B, Key="a/ü key+%", ResponseContentType="text/html\r\nSet-Cookie: a=b")
    assert "set-cookie" not in r["ResponseMetadata"]["HTTPHeaders"] and r["ContentType"] == "text/html  Set-Cookie: a=b"
    for given, part, told in (("bytes=0-9", body[:10], "bytes 0-9/102400"), ("bytes=-5", body[-5:], "bytes 102395-102399/102400"),
                              ("bytes=102000-", body[102000:], "bytes 102000-102399/102400")):
        r = s3.get_object(Bucket=B, Key="a/ü key+%", Range=given)
        assert (status(r), r["Body"].read(), r["ContentRange"], r["ContentLength"]) == (206, part, told, len(part))
    e = fails(416, s3.get_object, Bucket=B, Key="a/ü key+%", Range="bytes=102400-")["Error"]
    assert (e["Code"], e["ActualObjectSize"]) == ("InvalidRange", "102400")
    fails(304, s3.get_object, Bucket=B, Key="a/ü key+%", IfNoneMatch=etag)
    e = fails(412, s3.get_object, Bucket=B, Key="a/ü key+%", IfMatch='"x"')["Error"]
    assert (e["Code"], e["Condition"]) == ("PreconditionFailed", "If-Match")
    fails(304, s3.head_object, Bucket=B, Key="a/ü key+%", IfModifiedSince=g["LastModified"])
    fails(412, s3.get_object, Bucket=B, Key="a/ü key+%", IfUnmodifiedSince=datetime.datetime(2020, 1, 1))
    e = fails(404, s3.get_object, Bucket=B, Key="none")["Error"]
    assert (e["Code"], e["Key"]) == ("NoSuchKey", "none")
    fails(404, s3.head_object, Bucket=B, Key="none")
    refused("KeyTooLongError", s3.put_object, Bucket=B, Key="k" * 1025)
    refused("MetadataTooLarge", s3.put_object, Bucket=B, Key="k", Metadata={"m": "x" * 2048})
    refused("InvalidStorageClass", s3.put_object, Bucket=B, Key="k", StorageClass="CHEAP")
    refused("NoSuchBucket", s3.put_object, Bucket="none", Key="k", Body=b"x" * 1000)

    s3.put_object(Bucket=B, Key="empty")
    assert s3.get_object(Bucket=B, Key="empty")["Body"].read() == b""
    assert s3.head_object(Bucket=B, Key="empty")["ContentLength"] == 0
    s3.put_object_tagging(Bucket=B, Key="empty", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    assert s3.get_object_tagging(Bucket=B, Key="empty")["TagSet"] == [{"Key": "a", "Value": "1"}]
    s3.delete_object_tagging(Bucket=B, Key="empty")
    assert s3.get_object_tagging(Bucket=B, Key="empty")["TagSet"] == []
    assert s3.get_object_acl(Bucket=B, Key="empty")["Grants"][0]["Permission"] == "FULL_CONTROL"

    # Checksums: checked, kept, shown to those who ask.
    crc = base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()
    sha = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()
    assert s3.put_object(Bucket=B, Key="sum", Body=b"hello", ChecksumAlgorithm="CRC32")["ChecksumCRC32"] == crc
    assert s3.get_object(Bucket=B, Key="sum", ChecksumMode="ENABLED")["ChecksumCRC32"] == crc
    assert "ChecksumCRC32" not in s3.head_object(Bucket=B, Key="sum")
    s3.put_object(Bucket=B, Key="sum", Body=b"hello", ChecksumSHA256=sha)
    assert s3.get_object_attributes(Bucket=B, Key="sum", ObjectAttributes=["Checksum", "ETag", "ObjectSize"])["Checksum"]["ChecksumSHA256"] == sha
    refused("BadDigest", once(w).put_object, Bucket=B, Key="sum", Body=b"hellO", ChecksumSHA256=sha)
    refused("BadDigest", once(w).put_object, Bucket=B, Key="sum", Body=b"x", ContentMD5=base64.b64encode(hashlib.md5(b"y").digest()).decode())
    assert s3.get_object(Bucket=B, Key="sum")["Body"].read() == b"hello"

    r = s3.copy_object(Bucket=B, Key="copy", CopySource={"Bucket": B, "Key": "a/ü key+%"})
    assert r["CopyObjectResult"]["ETag"] == etag
    r = s3.get_object(Bucket=B, Key="copy")
    assert r["Body"].read() == body and r["Metadata"] == {"color": "blue"} and r["TagCount"] == 2 and "StorageClass" not in r
    refused("InvalidRequest", s3.copy_object, Bucket=B, Key="copy", CopySource=f"{B}/copy")
    s3.copy_object(Bucket=B, Key="copy", CopySource=f"{B}/copy", MetadataDirective="REPLACE", Metadata={"n": "2"}, ContentType="a/b")
    r = s3.get_object(Bucket=B, Key="copy")
    assert r["Body"].read() == body and r["Metadata"] == {"n": "2"} and r["ContentType"] == "a/b"
    e = fails(412, s3.copy_object, Bucket=B, Key="copy2", CopySource=f"{B}/copy", CopySourceIfMatch="x")["Error"]
    assert e["Condition"] == "x-amz-copy-source-If-Match"

    r = s3.delete_objects(Bucket=B, Delete={"Objects": [{"Key": k} for k in ("copy", "none", "sum")]})
    assert [d["Key"] for d in r["Deleted"]] == ["copy", "none", "sum"]
    r = s3.delete_objects(Bucket=B, Delete={"Objects": [{"Key": "empty"}], "Quiet": True})
    assert "Deleted" not in r
    assert status(s3.delete_object(Bucket=B, Key="a/ü key+%")) == 204
    assert "Contents" not in s3.list_objects_v2(Bucket=B)


def versions(w):
    s3 = w.client("s3")
    s3.create_bucket(Bucket="old")
    assert "Status" not in s3.get_bucket_versioning(Bucket="old")
    s3.put_object(Bucket="old", Key="k", Body=b"0")
    s3.put_bucket_versioning(Bucket="old", VersioningConfiguration={"Status": "Enabled"})
    v1 = s3.put_object(Bucket="old", Key="k", Body=b"1")["VersionId"]
    v2 = s3.put_object(Bucket="old", Key="k", Body=b"2")["VersionId"]
    r = s3.get_object(Bucket="old", Key="k")
    assert (r["Body"].read(), r["VersionId"]) == (b"2", v2)
    assert s3.get_object(Bucket="old", Key="k", VersionId=v1)["Body"].read() == b"1"
    assert s3.get_object(Bucket="old", Key="k", VersionId="null")["Body"].read() == b"0"
    r = s3.delete_object(Bucket="old", Key="k")
    marker = r["VersionId"]
    assert r["DeleteMarker"]
    e = fails(404, s3.get_object, Bucket="old", Key="k")
    assert e["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    e = fails(405, s3.get_object, Bucket="old", Key="k", VersionId=marker)
    assert e["Error"]["Code"] == "MethodNotAllowed" and e["ResponseMetadata"]["HTTPHeaders"]["allow"] == "DELETE"
    r = s3.list_object_versions(Bucket="old")
    assert [(v["VersionId"], v["IsLatest"], v["Size"]) for v in r["Versions"]] == [(v2, False, 1), (v1, False, 1), ("null", False, 1)]
    assert [(m["VersionId"], m["IsLatest"]) for m in r["DeleteMarkers"]] == [(marker, True)]
    pages = list(s3.get_paginator("list_object_versions").paginate(Bucket="old", PaginationConfig={"PageSize": 1}))
    assert [v["VersionId"] for p in pages for v in p.get("Versions", [])] == [v2, v1, "null"] and len(pages) == 4
    refused("BucketNotEmpty", s3.delete_bucket, Bucket="old")
    r = s3.delete_object(Bucket="old", Key="k", VersionId=marker)
    assert r["DeleteMarker"] and r["VersionId"] == marker
    assert s3.get_object(Bucket="old", Key="k")["Body"].read() == b"2"
    s3.copy_object(Bucket="old", Key="k", CopySource={"Bucket": "old", "Key": "k", "VersionId": v1})
    assert s3.get_object(Bucket="old", Key="k")["Body"].read() == b"1"
    e = fails(404, s3.get_object, Bucket="old", Key="k", VersionId=marker)["Error"]
    assert (e["Code"], e["Key"], e["VersionId"]) == ("NoSuchVersion", "k", marker)
    refused("InvalidArgument", s3.get_object, Bucket="old", Key="k", VersionId="nonsense")
    r = s3.list_object_versions(Bucket="old")
    s3.delete_objects(Bucket="old", Delete={"Objects": [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in r["Versions"]]})
    s3.delete_bucket(Bucket="old")


def listings(w):
    s3 = w.client("s3")
    s3.create_bucket(Bucket="many")
    keys = sorted([f"d{i}/{j}" for i in range(5) for j in range(5)] + ["a", "b&<>", "ä", "z y", "z+y"])
    for k in keys:
        s3.put_object(Bucket="many", Key=k)
    assert [o["Key"] for o in s3.list_objects(Bucket="many")["Contents"]] == sorted(keys, key=lambda k: k.encode())
    for size in (1, 3, 7, 1000):
        for name in ("list_objects_v2", "list_objects"):
            pages = list(s3.get_paginator(name).paginate(Bucket="many", Delimiter="/", PaginationConfig={"PageSize": size}))
            assert [o["Key"] for p in pages for o in p.get("Contents", [])] == ["a", "b&<>", "z y", "z+y", "ä"]
            assert [c["Prefix"] for p in pages for c in p.get("CommonPrefixes", [])] == [f"d{i}/" for i in range(5)]
            assert all(len(p.get("Contents", [])) + len(p.get("CommonPrefixes", [])) <= size for p in pages)
    r = s3.list_objects_v2(Bucket="many", Prefix="d2/", StartAfter="d2/1", MaxKeys=2, FetchOwner=True)
    assert [o["Key"] for o in r["Contents"]] == ["d2/2", "d2/3"] and r["IsTruncated"] and r["KeyCount"] == 2
    assert len(r["Contents"][0]["Owner"]["ID"]) == 64
    refused("InvalidArgument", s3.list_objects_v2, Bucket="many", ContinuationToken="mine")
    s3.delete_objects(Bucket="many", Delete={"Objects": [{"Key": k} for k in keys]})
    s3.delete_bucket(Bucket="many")


def parts(w):
    s3 = w.client("s3")
    body = os.urandom(5 * MB) + os.urandom(5 * MB) + b"end"
    r = s3.create_multipart_upload(Bucket=B, Key="big", Metadata={"m": "1"}, ContentType="x/y")
    args = dict(Bucket=B, Key="big", UploadId=r["UploadId"])
    pieces = [body[:5 * MB], body[5 * MB:10 * MB], body[10 * MB:]]
    done = [{"PartNumber": n + 1, "ETag": s3.upload_part(**args, PartNumber=n + 1, Body=p)["ETag"]} for n, p in enumerate(pieces)]
    assert done[0]["ETag"] == f'"{hashlib.md5(pieces[0]).hexdigest()}"'
    assert [p["Size"] for p in s3.list_parts(**args)["Parts"]] == [5 * MB, 5 * MB, 3]
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=B)["Uploads"]] == ["big"]
    refused("InvalidPartOrder", s3.complete_multipart_upload, **args, MultipartUpload={"Parts": [done[1], done[0]]})
    refused("InvalidPart", s3.complete_multipart_upload, **args, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": "x"}]})
    e = fails(400, s3.complete_multipart_upload, **args, MultipartUpload={"Parts": [done[2]] + [{**done[0], "PartNumber": 4}]})["Error"]
    assert e["Code"] == "EntityTooSmall", e
    r = s3.complete_multipart_upload(**args, MultipartUpload={"Parts": done})
    whole = hashlib.md5(b"".join(hashlib.md5(p).digest() for p in pieces)).hexdigest()
    assert r["ETag"] == f'"{whole}-3"' and r["Location"] == f"{w.url}/{B}/big"
    assert s3.complete_multipart_upload(**args, MultipartUpload={"Parts": done})["ETag"] == r["ETag"]  # the answer was not heard
    g = s3.get_object(Bucket=B, Key="big")
    assert g["Body"].read() == body and g["Metadata"] == {"m": "1"} and g["ContentType"] == "x/y"
    g = s3.get_object(Bucket=B, Key="big", Range=f"bytes={5 * MB - 3}-{5 * MB + 3}")
    assert g["Body"].read() == body[5 * MB - 3:5 * MB + 4]
    g = s3.get_object(Bucket=B, Key="big", PartNumber=3)
    assert (g["Body"].read(), g["PartsCount"], status(g)) == (b"end", 3, 206)
    assert s3.get_object_attributes(Bucket=B, Key="big", ObjectAttributes=["ObjectParts"])["ObjectParts"]["TotalPartsCount"] == 3

    # Copies: of the object, and of a range across its parts.
    s3.copy_object(Bucket=B, Key="big2", CopySource=f"{B}/big")
    s3.delete_object(Bucket=B, Key="big")
    r = s3.create_multipart_upload(Bucket=B, Key="cut")
    args = dict(Bucket=B, Key="cut", UploadId=r["UploadId"])
    p = s3.upload_part_copy(**args, PartNumber=1, CopySource=f"{B}/big2", CopySourceRange=f"bytes=1-{5 * MB + 10}")["CopyPartResult"]
    s3.delete_object(Bucket=B, Key="big2")
    s3.complete_multipart_upload(**args, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": p["ETag"]}]})
    assert s3.get_object(Bucket=B, Key="cut")["Body"].read() == body[1:5 * MB + 11]
    s3.delete_object(Bucket=B, Key="cut")

    # A checksum of the parts' checksums.
    r = s3.create_multipart_upload(Bucket=B, Key="sum", ChecksumAlgorithm="SHA256")
    args = dict(Bucket=B, Key="sum", UploadId=r["UploadId"])
    got = [s3.upload_part(**args, PartNumber=n + 1, Body=p, ChecksumAlgorithm="SHA256") for n, p in enumerate(pieces)]
    done = [{"PartNumber": n + 1, "ETag": g["ETag"], "ChecksumSHA256": g["ChecksumSHA256"]} for n, g in enumerate(got)]
    refused("InvalidRequest", s3.complete_multipart_upload, **args, MultipartUpload={
        "Parts": [{k: v for k, v in p.items() if k != "ChecksumSHA256"} for p in done]})
    r = s3.complete_multipart_upload(**args, MultipartUpload={"Parts": done})
    digest = hashlib.sha256(b"".join(hashlib.sha256(p).digest() for p in pieces)).digest()
    assert r["ChecksumSHA256"] == base64.b64encode(digest).decode() + "-3"
    assert len(s3.get_object_attributes(Bucket=B, Key="sum", ObjectAttributes=["ObjectParts"])["ObjectParts"]["Parts"]) == 3
    s3.delete_object(Bucket=B, Key="sum")

    r = s3.create_multipart_upload(Bucket=B, Key="never")
    args = dict(Bucket=B, Key="never", UploadId=r["UploadId"])
    s3.upload_part(**args, PartNumber=1, Body=b"x" * 1000)
    s3.abort_multipart_upload(**args)
    refused("NoSuchUpload", s3.upload_part, **args, PartNumber=2, Body=b"x")


def cli(w):
    """Files above 8 MB go in parts, by several connections."""
    path = os.path.join(w.data, "..", os.path.basename(w.data) + ".file")
    body = os.urandom(20 * MB + 17)
    with open(path, "wb") as f:
        f.write(body)

    def aws(*args):
        r = w.aws("s3", *args, check=False)
        assert r.returncode == 0, r.stderr
        return r.stdout
    try:
        aws("cp", path, f"s3://{B}/file")
        assert w.client("s3").head_object(Bucket=B, Key="file")["ETag"].endswith('-3"')
        aws("cp", f"s3://{B}/file", f"s3://{B}/dir/other")
        aws("cp", f"s3://{B}/dir/other", path + ".back")
        with open(path + ".back", "rb") as f:
            assert f.read() == body
        assert "PRE dir/" in aws("ls", f"s3://{B}/") and f"{len(body)} other" in aws("ls", f"s3://{B}/dir/")
        aws("rm", f"s3://{B}/", "--recursive")
        assert "Contents" not in w.client("s3").list_objects_v2(Bucket=B)
    finally:
        for name in (path, path + ".back"):
            if os.path.exists(name):
                os.unlink(name)


def files(w):
    folder = os.path.join(w.data, "blobs")
    return set(os.listdir(folder)) if os.path.isdir(folder) else set()


def crash(w):
    """What was acknowledged is whole; what was not leaves nothing behind."""
    s3 = w.client("s3")
    s3.create_bucket(Bucket="crash")
    wait_for(lambda: not files(w))  # of the tests before
    rng = random.Random(1)
    acknowledged = {}
    stop = threading.Event()

    def upload(name):
        c = once(w, connect_timeout=2, read_timeout=5)
        n = 0
        while not stop.is_set():
            key = f"{name}/{n}"
            body = rng.randbytes(rng.choice((10, 5000, 300000, 2 * MB)))
            try:
                c.put_object(Bucket="crash", Key=key, Body=body)
                acknowledged[key] = hashlib.md5(body).hexdigest()
            except (ClientError, BotoCoreError):
                if stop.is_set():
                    return
            n += 1

    for cycle in range(3):
        stop.clear()
        threads = [threading.Thread(target=upload, args=(f"{cycle}-{i}",)) for i in range(4)]
        before = len(acknowledged)
        for t in threads:
            t.start()
        wait_for(lambda: len(acknowledged) > before + rng.randrange(5, 30))
        w.kill()
        stop.set()
        for t in threads:
            t.join()
        w.start()
        s3 = w.client("s3")
        for key, digest in acknowledged.items():
            assert hashlib.md5(s3.get_object(Bucket="crash", Key=key)["Body"].read()).hexdigest() == digest, key
    # Each object has a file, and no file is without one.
    listed = [o["Key"] for p in s3.get_paginator("list_objects_v2").paginate(Bucket="crash") for o in p["Contents"]]
    assert set(acknowledged) <= set(listed)
    wait_for(lambda: len(files(w)) == len(listed))
    for i in range(0, len(listed), 1000):
        s3.delete_objects(Bucket="crash", Delete={"Objects": [{"Key": k} for k in listed[i:i + 1000]]})
    wait_for(lambda: not files(w))
    s3.delete_bucket(Bucket="crash")


def main():
    with Waybill() as w:
        for test in (buckets, objects, versions, listings, parts, cli, crash):
            began = time.monotonic()
            test(w)
            print(f"{test.__name__} {time.monotonic() - began:.1f} s", flush=True)
        w.stop()
        assert "all well" in w.waybill("check", "--data", w.data).stdout


if __name__ == "__main__":
    main()
