"""S3 as people use it: presigned URLs and browser forms, the aws cli's high-level commands, boto3's transfer manager, today's npm clients;
by path and by virtual host."""
import base64
import http.client
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse

import npm
from waybill_server import Waybill, allow, policy

B = "clients-bucket"
MB = 1 << 20


def ask(w, method, url, body=None, headers=None):
    """Status, headers, body of a plain request."""
    u = urllib.parse.urlsplit(url)
    c = http.client.HTTPConnection("127.0.0.1", w.port, timeout=60)
    c.request(method, u.path + ("?" + u.query if u.query else ""), body=body, headers={"Host": u.netloc, **(headers or {})})
    r = c.getresponse()
    return r.status, r.headers, r.read()


def presigned(w):
    s3 = w.client("s3", signature_version="s3v4")
    sign = lambda op, expires=60, **p: s3.generate_presigned_url(op, Params={"Bucket": B, **p}, ExpiresIn=expires)
    key = "dir/a b+ü%.txt"
    url = sign("put_object", Key=key, ContentType="text/x", Metadata={"m": "v"})
    status, h, body = ask(w, "PUT", url, b"hello", {"Content-Type": "text/x", "x-amz-meta-m": "v"})
    assert status == 200 and h["ETag"], (status, body)
    status, _, body = ask(w, "PUT", url, b"hello", {"Content-Type": "text/y", "x-amz-meta-m": "v"})
    assert status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in body, body
    url = sign("get_object", Key=key)
    status, h, body = ask(w, "GET", url)
    assert (status, body, h["Content-Type"], h["x-amz-meta-m"]) == (200, b"hello", "text/x", "v"), (status, body)
    status, _, body = ask(w, "GET", url, headers={"Range": "bytes=1-2"})
    assert (status, body) == (206, b"el")
    assert ask(w, "PUT", url, b"x")[0] == 403 and ask(w, "GET", url.replace("a%20b", "a%20c"))[0] == 403
    assert ask(w, "HEAD", sign("head_object", Key=key))[1]["Content-Length"] == "5"
    url = sign("get_object", Key=key, ResponseContentType="application/x", ResponseContentDisposition='attachment; filename="ü"'.encode().decode(), ResponseCacheControl="no-store")
    _, h, _ = ask(w, "GET", url)
    assert (h["Content-Type"], h["Cache-Control"]) == ("application/x", "no-store") and h["Content-Disposition"].startswith("attachment"), dict(h)
    assert ask(w, "GET", url.replace("no-store", "public"))[0] == 403
    url = sign("get_object", expires=1, Key=key)
    time.sleep(2.1)
    status, _, body = ask(w, "GET", url)
    assert status == 403 and b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in body, body
    status, _, body = ask(w, "GET", sign("get_object", expires=604801, Key=key))
    assert status == 400 and b"<Code>AuthorizationQueryParametersError</Code>" in body, body
    url = sign("get_object", Key=key)
    status, _, body = ask(w, "GET", url.replace("X-Amz-Credential=", "X-Amz-Credential=X"))
    assert status == 403 and b"<Code>InvalidAccessKeyId</Code>" in body, body
    assert ask(w, "GET", url + "&x=y")[0] == 403
    # What the signer may not do, the URL may not
    reader = w.user("reader", allow("s3:GetObject", f"arn:aws:s3:::{B}/dir/*"))("s3", signature_version="s3v4")
    assert ask(w, "GET", reader.generate_presigned_url("get_object", Params={"Bucket": B, "Key": key}))[2] == b"hello"
    assert ask(w, "DELETE", reader.generate_presigned_url("delete_object", Params={"Bucket": B, "Key": key}))[0] == 403


def multipart(fields, data, name="photo.jpg"):
    b, out = "----boundary7", []
    for k, v in fields:
        out.append(f'--{b}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode())
    out.append(f'--{b}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'.encode() + data + b"\r\n")
    return b"".join(out) + f"--{b}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={b}"}


def forms(w):
    s3 = w.client("s3", signature_version="s3v4")

    def post(key, conditions=(), fields=None, data=b"jpeg", expires=60, drop=(), extra=(), bucket=B):
        p = s3.generate_presigned_post(B, key, Fields=dict(fields or {}), Conditions=list(conditions) + [{k: v} for k, v in (fields or {}).items()], ExpiresIn=expires)
        body, h = multipart([(k, v) for k, v in p["fields"].items() if k not in drop] + list(extra), data)
        return ask(w, "POST", f"{w.url}/{bucket}", body, h)

    def refusal(code, *a, **k):
        status, _, body = post(*a, **k)
        assert f"<Code>{code}</Code>".encode() in body and status >= 400, (code, status, body)
        return body.decode()
    status, h, body = post("up/${filename}", [["starts-with", "$key", "up/"]])
    assert (status, body) == (204, b"") and h["ETag"], (status, body)
    assert s3.get_object(Bucket=B, Key="up/photo.jpg")["Body"].read() == b"jpeg"
    big = os.urandom(3 * MB)
    tags = "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
    status, h, body = post("big", fields={"success_action_status": "201", "Content-Type": "image/png", "x-amz-meta-who": "me", "tagging": tags}, data=big)
    assert status == 201 and b"<Key>big</Key>" in body and b"<Bucket>" + B.encode() in body, (status, body)
    o = s3.get_object(Bucket=B, Key="big")
    assert o["Body"].read() == big and o["ContentType"] == "image/png" and o["Metadata"] == {"who": "me"} and o["TagCount"] == 1, o
    status, h, _ = post("r", fields={"success_action_redirect": "http://site/done?x=1"})
    assert status == 303 and h["Location"].startswith(f"http://site/done?x=1&bucket={B}&key=r&etag=%22"), dict(h)
    assert "Policy expired" in refusal("AccessDenied", "k", expires=-5)
    assert "Extra input fields: x-amz-meta-a" in refusal("AccessDenied", "k", extra=[("x-amz-meta-a", "b")])
    assert "Policy Condition failed" in refusal("AccessDenied", "k", [["eq", "$Content-Type", "a/b"]])
    refusal("EntityTooLarge", "k", [["content-length-range", 1, 3]])
    refusal("EntityTooSmall", "k", [["content-length-range", 5, 9]])
    assert post("k", [["content-length-range", 4, 4]])[0] == 204
    refusal("AccessDenied", "k", bucket="other-bucket-name")  # the policy is for another
    refusal("AuthorizationHeaderMalformed", "k", drop=["x-amz-signature"])
    refusal("InvalidArgument", "k", drop=["key"])
    refusal("AccessDenied", "k", drop=["policy", "x-amz-signature"])  # nobody
    p = s3.generate_presigned_post(B, "k")
    p["fields"]["x-amz-signature"] = "0" * 64
    body, h = multipart(p["fields"].items(), b"")
    status, _, body = ask(w, "POST", f"{w.url}/{B}", body, h)
    assert status == 403 and b"SignatureDoesNotMatch" in body, body
    # One that names no bucket would do for all of the signer's
    from botocore.auth import S3SigV4PostAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    k, r = w.credentials(), AWSRequest("POST", f"{w.url}/{B}")
    r.context.update({"s3-presign-post-fields": {"key": "k"}, "s3-presign-post-policy": {"expiration": "2999-01-01T00:00:00Z", "conditions": [{"key": "k"}]}})
    S3SigV4PostAuth(Credentials(k["AWS_ACCESS_KEY_ID"], k["AWS_SECRET_ACCESS_KEY"]), "s3", k["AWS_REGION"]).add_auth(r)
    body, h = multipart(r.context["s3-presign-post-fields"].items(), b"")
    status, _, body = ask(w, "POST", f"{w.url}/{B}", body, h)
    assert status == 403 and b"Extra input fields: bucket" in body, body
    text = base64.b64encode(b"{").decode()
    assert ask(w, "POST", f"{w.url}/{B}", b"--x", {"Content-Type": "multipart/form-data; boundary=x"})[2].find(b"MalformedPOSTRequest") > 0, text


def cli(w):
    """The high-level commands."""
    with tempfile.TemporaryDirectory() as d:
        def s3(*args, check=True):
            r = subprocess.run(["/usr/bin/aws", "--endpoint-url", w.url, "s3", *args], env={**w.environment(), "AWS_MAX_ATTEMPTS": "2"}, cwd=d, capture_output=True, text=True, timeout=120)
            assert not check or r.returncode == 0, (args, r.stdout, r.stderr)
            return r.stdout + r.stderr
        for name, size in (("a.txt", 5), ("b/c.bin", 20 * MB), ("b/ü d.txt", 0), ("b/skip.log", 3)):
            os.makedirs(os.path.dirname(os.path.join(d, "src", name)), exist_ok=True)
            with open(os.path.join(d, "src", name), "wb") as f:
                f.write(os.urandom(size))
        read = lambda p: open(os.path.join(d, p), "rb").read()
        assert "make_bucket" in s3("mb", "s3://cli-bucket")
        s3("cp", "src/a.txt", "s3://cli-bucket/one.txt", "--storage-class", "STANDARD_IA", "--metadata", "k=v")
        out = s3("sync", "src", "s3://cli-bucket/tree", "--exclude", "*.log")
        assert out.count("upload:") == 3, out
        assert "Total Objects: 3" in s3("ls", "--recursive", "--summarize", "s3://cli-bucket/tree")
        s3("sync", "s3://cli-bucket/tree", "down")
        assert read("down/b/c.bin") == read("src/b/c.bin") and read("down/b/ü d.txt") == b""
        os.unlink(os.path.join(d, "src/a.txt"))
        out = s3("sync", "src", "s3://cli-bucket/tree", "--delete", "--exclude", "*.log")
        assert "delete:" in out and "upload:" not in out, out
        s3("mv", "s3://cli-bucket/tree/b/c.bin", "s3://cli-bucket/moved")  # a copy in parts
        url = s3("presign", "s3://cli-bucket/one.txt").strip()
        assert ask(w, "GET", url)[2] == read("down/a.txt")
        s3("website", "s3://cli-bucket", "--index-document", "i.html")
        r = subprocess.run(["/usr/bin/aws", "--endpoint-url", w.url, "s3", "cp", "-", "s3://cli-bucket/stdin"], env=w.environment(), input=b"from a pipe", capture_output=True, timeout=60)
        assert r.returncode == 0, r.stderr
        assert s3("cp", "s3://cli-bucket/stdin", "-") == "from a pipe"
        assert "BucketNotEmpty" in s3("rb", "s3://cli-bucket", check=False)
        assert "delete:" in s3("rm", "--recursive", "s3://cli-bucket/tree")
        s3("rb", "--force", "s3://cli-bucket")
        assert "cli-bucket" not in s3("ls")


def transfers(w):
    from boto3.s3.transfer import TransferConfig
    s3 = w.client("s3")
    data = os.urandom(23 * MB + 7)
    config = TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB, max_concurrency=8)
    seen = []
    s3.upload_fileobj(io.BytesIO(data), B, "moved", Config=config, ExtraArgs={"ContentType": "x/y", "Tagging": "a=b"}, Callback=seen.append)
    assert sum(seen) == len(data) and s3.head_object(Bucket=B, Key="moved")["ETag"].endswith('-5"')
    out = io.BytesIO()
    s3.download_fileobj(B, "moved", out, Config=config)  # by ranges, at once
    assert out.getvalue() == data
    s3.copy({"Bucket": B, "Key": "moved"}, B, "copied", Config=config)
    assert s3.get_object(Bucket=B, Key="copied", Range="bytes=-9")["Body"].read() == data[-9:]
    zipped = w.client("s3")
    zipped.put_object(Bucket=B, Key="gz", Body=b"\x1f\x8b no gzip at all", ContentEncoding="gzip")
    assert s3.head_object(Bucket=B, Key="gz")["ContentEncoding"] == "gzip" and s3.head_object(Bucket=B, Key="gz")["ContentLength"] == 17


def virtual_host(w):
    """The bucket in the host's name."""
    import boto3
    from botocore.config import Config
    c = w.credentials()
    s3 = boto3.client("s3", endpoint_url=f"http://localhost:{w.port}", region_name="us-east-1", aws_access_key_id=c["AWS_ACCESS_KEY_ID"],
                      aws_secret_access_key=c["AWS_SECRET_ACCESS_KEY"], config=Config(s3={"addressing_style": "virtual"}, signature_version="s3v4"))
    url = s3.generate_presigned_url("get_object", Params={"Bucket": B, "Key": "v/ä"})
    assert f"//{B}.localhost:" in url, url
    w.client("s3").put_object(Bucket=B, Key="v/ä", Body=b"virtual")
    assert ask(w, "GET", url)[2] == b"virtual"
    assert b"<Name>" + B.encode() in ask(w, "GET", s3.generate_presigned_url("list_objects_v2", Params={"Bucket": B}))[2]


def node(w):
    if not npm.present():
        print("node: no npm packages in tests/npm: left out")
        return
    npm.node(w, "s3.mjs", B)


def main():
    with Waybill() as w:
        w.client("s3").create_bucket(Bucket=B)
        for t in [presigned, forms, cli, transfers, virtual_host, node]:
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
