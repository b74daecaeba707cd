"""Signatures on the wire: STS with Debian's clients, every way to be refused in each protocol, raw requests signed by botocore."""
import datetime
import http.client
import json
import re
import zlib

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from waybill_server import Waybill

JSON10 = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables"}
JSON11 = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSEvents.ListEventBuses"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WHO = "Action=GetCallerIdentity&Version=2011-06-15"


def send(w, method, path, headers, body):
    c = http.client.HTTPConnection("127.0.0.1", w.port, timeout=10)
    c.request(method, path, body=body, headers=headers)
    r = c.getresponse()
    text = r.read().decode()
    c.close()
    return r.status, {k.lower(): v for k, v in r.getheaders()}, text


def sign(w, service, method, path, headers, body, minutes=0, key=None, secret=None, token=None, signer=botocore.auth.SigV4Auth, **more):
    """A request as botocore would sign it at another time or with other credentials."""
    own = w.credentials()
    creds = Credentials(key or own["AWS_ACCESS_KEY_ID"], secret or own["AWS_SECRET_ACCESS_KEY"], token)
    req = AWSRequest(method=method, url=w.url + path, data=body, headers=headers)

    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return datetime.datetime.utcnow() + datetime.timedelta(minutes=minutes)

    class Module:
        datetime = Clock

    saved = botocore.auth.datetime
    botocore.auth.datetime = Module
    try:
        signer(creds, service, "us-east-1", **more).add_auth(req)
    finally:
        botocore.auth.datetime = saved
    return req


def ask(w, service, method, path, headers, body, **how):
    req = sign(w, service, method, path, headers, body, **how)
    return send(w, method, req.url[len(w.url):], dict(req.headers.items()), body)


def sts(w):
    assert w.aws("sts", "get-caller-identity") == {"UserId": "000000000000", "Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root"}
    answer = w.client("sts").get_caller_identity()
    assert answer["Account"] == "000000000000"
    assert re.fullmatch(r"[0-9a-f-]{36}", answer["ResponseMetadata"]["RequestId"])
    url = w.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    status, _, text = send(w, "GET", url[len(w.url):], {}, None)
    assert status == 200 and "<Arn>arn:aws:iam::000000000000:root</Arn>" in text, text
    status, _, text = send(w, "GET", url[len(w.url):].replace("Expires=60", "Expires=61"), {}, None)
    assert status == 403 and "<Code>SignatureDoesNotMatch</Code>" in text, text
    try:
        w.client("sts").decode_authorization_message(EncodedMessage="x")
    except ClientError as e:
        assert e.response["Error"] == {"Type": "Sender", "Code": "InvalidAction",
                                       "Message": "Could not find operation DecodeAuthorizationMessage for version 2011-06-15"}, e.response
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    else:
        raise AssertionError("DecodeAuthorizationMessage was answered")


REQUESTS = {  # service, method, path, headers, body; then status and codes of a wrong signature
    "dynamodb": ("POST", "/", JSON10, "{}", 400, "json"),
    "events": ("POST", "/", JSON11, "{}", 400, "json"),
    "sts": ("POST", "/", FORM, WHO, 403, "query"),
    "lambda": ("GET", "/2015-03-31/functions/", {}, None, 403, "rest"),
}
TROUBLE = {  # how to sign: JSON code, Query code, part of the message
    "missing": (None, "MissingAuthenticationTokenException", "MissingAuthenticationToken", "Request is missing Authentication Token"),
    "wrong secret": ({"secret": "x"}, "InvalidSignatureException", "SignatureDoesNotMatch", "The Canonical String for this request should have been\n'"),
    "unknown key": ({"key": "AKIAUNKNOWN"}, "UnrecognizedClientException", "InvalidClientTokenId", "The security token included in the request is invalid."),
    "bad token": ({"token": "AQAA"}, "UnrecognizedClientException", "InvalidClientTokenId", "The security token included in the request is invalid"),
    "late": ({"minutes": -6}, "InvalidSignatureException", "SignatureDoesNotMatch", "Signature expired: 20"),
    "early": ({"minutes": 6}, "InvalidSignatureException", "SignatureDoesNotMatch", "Signature not yet current: 20"),
}


def code_and_message(kind, headers, text):
    if kind == "query":
        message = re.search("<Message>(.*)</Message>", text, re.S).group(1)
        return re.search("<Code>(.*)</Code>", text).group(1), message.replace("&apos;", "'").replace("&#39;", "'")
    doc = json.loads(text)
    code = headers["x-amzn-errortype"] if kind == "rest" else doc["__type"].split("#")[-1]
    return code, doc["message"]


def refusals(w):
    for service, (method, path, headers, body, status, kind) in REQUESTS.items():
        for what, (how, json_code, query_code, message) in TROUBLE.items():
            if how is None:
                got = send(w, method, path, headers, body)
            else:
                got = ask(w, service, method, path, headers, body, **how)
            code, text = code_and_message(kind, got[1], got[2])
            where = f"{service}, {what}: {got}"
            assert got[0] == status, where
            assert code == (query_code if kind == "query" else json_code), where
            assert message in text, where
            assert "x-amzn-requestid" in got[1], where
            if service == "dynamodb":
                assert json.loads(got[2])["__type"].startswith("com.amazon.coral.service#"), where
                assert int(got[1]["x-amz-crc32"]) == zlib.crc32(got[2].encode()), where
                assert re.fullmatch("[0-9A-Z]{52}", got[1]["x-amzn-requestid"]), where


def other(w):
    # Good ones, to know that the refusals above are not for another reason.
    for service, (method, path, headers, body, _, _) in REQUESTS.items():
        got = ask(w, service, method, path, headers, body, minutes=4)
        assert got[0] == 200, got
    # A signature for another service does not open this one.
    got = ask(w, "sns", "POST", "/", JSON10, "{}")
    assert got[0] == 400 and "InvalidSignatureException" in got[2] and "correct service: 'dynamodb'" in got[2], got
    # An unknown operation is a client's error, signed or not, and told before the signature is looked at.
    for headers in (dict(JSON10, **{"X-Amz-Target": "DynamoDB_20120810.Nope"}), dict(JSON11, **{"X-Amz-Target": "Nope.Nope"})):
        assert send(w, "POST", "/", headers, "{}")[0] == 400
        assert "UnknownOperationException" in ask(w, "dynamodb", "POST", "/", headers, "{}")[2]
    assert ask(w, "lambda", "GET", "/2015-03-31/nothing", {}, None)[0] == 400
    assert ask(w, "sns", "POST", "/", FORM, "Action=Nope&Version=2010-03-31")[0] == 400
    # A body that was changed on the way, a header that was added to the signed ones.
    req = sign(w, "sts", "POST", "/", FORM, WHO)
    got = send(w, "POST", "/", dict(req.headers.items()), WHO + "&x=y")
    assert got[0] == 403 and "SignatureDoesNotMatch" in got[2], got
    got = send(w, "POST", "/", dict(req.headers.items(), **{"X-Amz-Extra": "1"}), WHO)
    assert got[0] == 403 and "'X-Amz-Extra' must be a 'SignedHeader'" in got[2].replace("&apos;", "'").replace("&#39;", "'"), got


def off():
    with Waybill(args=["--auth", "off"]) as w:
        status, _, text = send(w, "POST", "/", FORM, WHO)
        assert status == 200 and "<Account>000000000000</Account>" in text, text
        got = ask(w, "sts", "POST", "/", FORM, WHO, key="111122223333", secret="any")
        assert got[0] == 200 and "<Account>111122223333</Account>" in got[2], got


def main():
    with Waybill() as w:
        sts(w)
        refusals(w)
        other(w)
    off()


main()
