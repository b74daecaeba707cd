"""The console's server side: its files, signing in and out, and calls through the door. (test_console_pages drives a browser.)"""
import base64
import gzip
import hashlib
import html
import http.client
import json
import re

from waybill_server import Waybill, allow

GUARD = {"X-Waybill-Console": "1"}


class Browser:
    def __init__(self, w):
        self.address, self.cookie = w.url.split("//")[1], None

    def ask(self, method, path, body=None, **headers):
        c = http.client.HTTPConnection(self.address, timeout=20)
        h = {k.replace("_", "-"): v for k, v in headers.items()}
        if self.cookie:
            h["Cookie"] = "other=1; " + self.cookie
        c.request(method, path, json.dumps(body) if body is not None else None, h)
        r = c.getresponse()
        r.text = r.read()
        c.close()
        if r.getheader("Set-Cookie"):
            self.cookie = r.getheader("Set-Cookie").split(";")[0]
        return r

    def sign_in(self, key, secret, **more):
        return self.ask("POST", "/_waybill/console/session", {"accessKeyId": key, "secretAccessKey": secret, **more}, **GUARD)

    def call(self, operation, body=None, **headers):
        r = self.ask("POST", "/_waybill/console/api/" + operation, body or {}, **{**GUARD, **headers})
        return r.status, json.loads(r.text)


def root(w):
    k = w.credentials()
    return k["AWS_ACCESS_KEY_ID"], k["AWS_SECRET_ACCESS_KEY"]


def session_in(page):
    return json.loads(html.unescape(re.search(rb'<meta name="session" content="([^"]*)">', page)[1].decode()))


def files(w):
    b = Browser(w)
    r = b.ask("GET", "/", Accept="text/html,*/*")
    assert (r.status, r.getheader("Location")) == (302, "/_waybill/console/"), r.status
    assert b.ask("GET", "/", Accept="*/*").status != 302 and b.ask("GET", "/?x-id=1", Accept="text/html").status != 302
    assert b.ask("GET", "/_waybill/console").getheader("Location") == "/_waybill/console/"
    r = b.ask("GET", "/_waybill/console/")
    if r.status == 404:
        assert b"built without its console" in r.text, r.text
        print("built without npm's packages: the pages themselves are left out")
        return
    csp = r.getheader("Content-Security-Policy")
    assert "default-src 'none'" in csp and "unsafe" not in csp and "http" not in csp and r.getheader("Cache-Control") == "no-store", csp
    assert r.getheader("X-Content-Type-Options") == "nosniff"
    for kind in ("script", "style"):
        inline = re.findall(f"<{kind}>(.*?)</{kind}>".encode(), r.text, re.S)
        assert inline and all(f"'sha256-{base64.b64encode(hashlib.sha256(t).digest()).decode()}'" in csp for t in inline), (kind, csp)
    same = lambda page: re.sub(rb"now&quot;:\d+", b"", page)
    assert same(b.ask("GET", "/_waybill/console/alarms/x%2Fy").text) == same(r.text), "a place inside is the page"
    packed = b.ask("GET", "/_waybill/console/", Accept_Encoding="gzip, br")
    assert packed.getheader("Content-Encoding") == "gzip" and same(gzip.decompress(packed.text)) == same(r.text) and len(packed.text) < len(r.text) / 2
    assert session_in(r.text)["signedIn"] is False
    elsewhere = re.compile(rb"https?://(?!www\.w3\.org)")
    assert not elsewhere.search(r.text.replace(b"http://localhost", b"")), "nothing is fetched from elsewhere"
    names = re.findall(rb'"(/_waybill/console/[\w-]+\.js)"', r.text)
    assert names
    for name in names:
        f = b.ask("GET", name.decode())
        packed = b.ask("GET", name.decode(), Accept_Encoding="gzip, br")
        assert f.status == 200 and "immutable" in f.getheader("Cache-Control") and f.getheader("Content-Type").split(";")[0] == "text/javascript"
        assert packed.getheader("Content-Encoding") == "gzip" and gzip.decompress(packed.text) == f.text and len(packed.text) < len(f.text) / 2
        assert not elsewhere.search(f.text)
    assert b.ask("GET", "/_waybill/console/none.js").status == 404


def session(w):
    b, (key, secret) = Browser(w), root(w)
    assert json.loads(b.ask("GET", "/_waybill/console/session").text)["signedIn"] is False
    assert b.call("iam/ListRoles") == (401, {"__type": "NotSignedIn", "message": "Sign in first."})
    assert b.ask("POST", "/_waybill/console/session", {"accessKeyId": key, "secretAccessKey": secret}).status == 403, "without the header of our own pages"
    for wrong in ((key, secret[:-1] + "x"), (key, secret + "x"), ("AKIA" + "A" * 16, secret), ("", secret), (key, "")):
        assert b.sign_in(*wrong).status in (400, 401) and b.cookie is None, wrong
    r = b.sign_in(key, secret)
    flags = r.getheader("Set-Cookie")
    assert r.status == 200 and "; HttpOnly" in flags and "; SameSite=Strict" in flags and "Path=/_waybill/console/" in flags and secret not in flags, flags
    assert json.loads(r.text)["arn"] == "arn:aws:iam::000000000000:root"
    page = b.ask("GET", "/_waybill/console/")
    assert page.status == 404 or session_in(page.text)["arn"] == "arn:aws:iam::000000000000:root"
    assert b.call("iam/ListRoles")[0] == 200
    assert b.ask("POST", "/_waybill/console/api/iam/ListRoles", {}).status == 403, "without the header of our own pages"
    assert b.call("iam/Nothing")[0] == 404 and b.call("nothing/ListRoles")[0] == 404
    assert b.call("iam/GetRole", {"RoleName": 5})[1]["__type"] in ("SerializationException", "ValidationException", "ValidationError")
    assert b.call("iam/GetRole", {"RoleName": "nobody"})[0] == 404
    good = b.cookie
    b.cookie = good[:-2] + ("00" if good[-2:] != "00" else "11")
    assert b.call("iam/ListRoles")[0] == 401, "a forged cookie"
    b.cookie = good
    assert b.call("dynamodb/ListTables", X_Waybill_Region="eu-west-1") == (200, {"TableNames": []})
    r = b.ask("DELETE", "/_waybill/console/session", **GUARD)
    assert "Max-Age=0" in r.getheader("Set-Cookie")
    b.cookie = good
    w.page("/_waybill/clock", json.dumps({"advance_ms": 13 * 3600 * 1000}).encode())
    assert b.call("iam/ListRoles")[0] == 401, "a session ends"


def pages_of_others(w):
    """An object that is a page has the console's origin by its address, and must not have it in a browser."""
    s3 = w.client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket="pages")
    s3.put_object(Bucket="pages", Key="evil.html", Body=b"<script>fetch('/_waybill/console/api/iam/CreateUser')</script>", ContentType="text/html")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "pages", "Key": "evil.html"})
    for headers in ({}, {"Range": "bytes=0-9"}):
        policy = Browser(w).ask("GET", url.replace(w.url, ""), **headers).getheader("Content-Security-Policy").split()
        assert policy[0] == "sandbox" and "allow-same-origin" not in policy, policy


def rights(w):
    """What a principal may do is IAM's decision, each time."""
    iam = w.client("iam")
    iam.create_user(UserName="watcher", Path="/</script>\"'/")  # IAM lets a path be so
    iam.put_user_policy(UserName="watcher", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow("dynamodb:ListTables")]}))
    k = iam.create_access_key(UserName="watcher")["AccessKey"]
    b = Browser(w)
    assert b.sign_in(k["AccessKeyId"], k["SecretAccessKey"]).status == 200
    assert b.call("dynamodb/ListTables")[0] == 200
    status, said = b.call("iam/ListRoles")
    assert status == 400 and "/watcher is not authorized to perform: iam:ListRoles" in said["Message"], said
    assert b.call("waybill/Status")[0] == 400
    page = b.ask("GET", "/_waybill/console/")
    iam.update_access_key(UserName="watcher", AccessKeyId=k["AccessKeyId"], Status="Inactive")
    if page.status == 200:
        assert session_in(page.text)["arn"].endswith(":user/</script>\"'/watcher") and b"</script>\"" not in page.text
        assert session_in(b.ask("GET", "/_waybill/console/").text)["signedIn"] is False
    assert b.call("dynamodb/ListTables")[0] == 401
    # Temporary credentials
    sts = w.client("sts")
    t = sts.get_session_token()["Credentials"]
    b = Browser(w)
    assert b.sign_in(t["AccessKeyId"], t["SecretAccessKey"]).status == 401
    assert b.sign_in(t["AccessKeyId"], t["SecretAccessKey"], sessionToken=t["SessionToken"]).status == 200
    assert b.call("dynamodb/ListTables")[0] == 200


def main():
    with Waybill(args=["--test-clock"]) as w:
        files(w)
        session(w)
        pages_of_others(w)
        rights(w)
    with Waybill(args=["--auth", "off"]) as w:
        b = Browser(w)
        assert json.loads(b.ask("GET", "/_waybill/console/session").text)["signedIn"] is True
        assert b.call("iam/ListRoles")[0] == 200
        assert b.ask("POST", "/_waybill/console/api/iam/ListRoles", {}).status == 403


main()
