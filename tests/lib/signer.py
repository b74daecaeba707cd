"""Signature Version 4 written down once more, for tests that must sign what no library would, and raw requests that no library would send."""
import datetime
import hashlib
import hmac
import socket
import urllib.parse

REGION = "us-east-1"
ALGORITHM = "AWS4-HMAC-SHA256"


class Key:
    def __init__(self, id, secret, token=None):
        self.id, self.secret, self.token = id, secret, token

    @classmethod
    def of(cls, answer):
        """What CreateAccessKey, AssumeRole and the like answered, or a credentials file."""
        if "AWS_ACCESS_KEY_ID" in answer:
            return cls(answer["AWS_ACCESS_KEY_ID"], answer["AWS_SECRET_ACCESS_KEY"])
        return cls(answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("SessionToken"))

    def but(self, **changed):
        return Key(**{**self.__dict__, **changed})


def now(seconds=0):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


def stamp(at):
    return at.strftime("%Y%m%dT%H%M%SZ")


def quote(text, safe="-_.~"):
    return urllib.parse.quote(text, safe=safe)


def normal(path):
    out = []
    for part in path.split("/"):
        if part == "..":
            out = out[:-1]
        elif part not in ("", "."):
            out.append(part)
    return "/" + "/".join(out) + ("/" if path.endswith("/") and out else "")


def canonical_query(query):
    pairs = []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        pairs.append((quote(urllib.parse.unquote(name)), quote(urllib.parse.unquote(value))))
    return "&".join(f"{n}={v}" for n, v in sorted(pairs))


def signature(key, service, at, method, path, query, headers, names, payload, region=REGION):
    values = {n: ",".join(" ".join(v.split()) for k, v in headers if k.lower() == n) for n in names}
    request = "\n".join([method, quote(normal(path), "/-_.~"), canonical_query(query), *(f"{n}:{values[n]}" for n in names), "", ";".join(names), payload])
    day = stamp(at)[:8]
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join([ALGORITHM, stamp(at), scope, hashlib.sha256(request.encode()).hexdigest()])
    k = b"AWS4" + key.secret.encode()
    for part in (day, region, service, "aws4_request"):
        k = hmac.new(k, part.encode(), hashlib.sha256).digest()
    return scope, hmac.new(k, text.encode(), hashlib.sha256).hexdigest()


def sign(key, service, host, method="POST", path="/", query="", headers=(), body=b"", at=None, names=None, payload=None, region=REGION):
    """The headers of a signed request, as a list of pairs; names: which to sign, else all."""
    at = at or now()
    headers = [("Host", host), ("X-Amz-Date", stamp(at)), *headers]
    if key.token is not None:
        headers.append(("X-Amz-Security-Token", key.token))
    names = sorted(names if names is not None else {k.lower() for k, _ in headers})
    scope, mac = signature(key, service, at, method, path, query, headers, names, payload or hashlib.sha256(body).hexdigest(), region)
    return headers + [("Authorization", f"{ALGORITHM} Credential={key.id}/{scope}, SignedHeaders={';'.join(names)}, Signature={mac}")]


def presign(key, service, host, method="GET", path="/", query="", seconds=60, at=None, region=REGION, headers=(), body=b""):
    """The query of a presigned URL; headers: more that are signed."""
    at = at or now()
    headers = [("Host", host), *headers]
    names = sorted(k.lower() for k, _ in headers)
    scope = f"{stamp(at)[:8]}/{region}/{service}/aws4_request"
    more = {"X-Amz-Algorithm": ALGORITHM, "X-Amz-Credential": f"{key.id}/{scope}", "X-Amz-Date": stamp(at), "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": ";".join(names)}
    if key.token is not None:
        more["X-Amz-Security-Token"] = key.token
    query = "&".join(filter(None, [query, *(f"{k}={quote(v)}" for k, v in more.items())]))
    _, mac = signature(key, service, at, method, path, query, headers, names, hashlib.sha256(body).hexdigest(), region)
    return f"{query}&X-Amz-Signature={mac}"


def send(port, method, target, headers, body=b""):
    """The bytes as they are told, Content-Length added. (0, "") when the server hangs up without an answer."""
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers) + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        s.sendall(head.encode() + body)
        data = b""
        while True:
            try:
                part = s.recv(65536)
            except ConnectionResetError:
                break
            if not part:
                break
            data += part
    if not data:
        return 0, ""
    head, _, text = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode() + "\n\n" + text.decode(errors="replace")
