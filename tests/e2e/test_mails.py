"""The outbox as operations of the server's own: paged newest first, nothing but mails of that one folder, and the root's alone."""
import json
import os
import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from waybill_server import Waybill, allow, free_port, wait_for


def call(w, operation, args, credentials=None):
    """The status and the answer."""
    c = credentials or w.credentials()
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"Waybill.{operation}"}
    r = AWSRequest("POST", w.url + "/", headers=headers, data=json.dumps(args).encode())
    SigV4Auth(Credentials(c["AWS_ACCESS_KEY_ID"], c["AWS_SECRET_ACCESS_KEY"]), "waybill", w.credentials()["AWS_REGION"]).add_auth(r)
    try:
        with urllib.request.urlopen(urllib.request.Request(w.url + "/", r.data, dict(r.headers), method="POST"), timeout=30) as a:
            return a.status, json.load(a)
    except urllib.error.HTTPError as e:
        return e.code, json.load(e)


def listed(w, size):
    """All pages of the given size; each but the last is full."""
    mails, token = [], {}
    while True:
        status, page = call(w, "ListMails", {"MaxItems": size, **token})
        assert status == 200 and page["Relay"] is False, page
        mails += page["Mails"]
        if "NextToken" not in page:
            return mails
        assert len(page["Mails"]) == size, page
        token = {"NextToken": page["NextToken"]}


def fill(w):
    sns = w.client("sns")
    topic = sns.create_topic(Name="alerts", Attributes={"DisplayName": "Größe & Co"})["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.test")
    mail = wait_for(lambda: listed(w, 10))[0]
    assert mail["Subject"] == "AWS Notification - Subscription Confirmation" and mail["To"] == "ops@example.test", mail
    assert mail["From"].startswith("Größe & Co <"), mail
    text = call(w, "GetMail", {"Name": mail["Name"]})[1]["Text"]
    link = [line for line in text.splitlines() if "/confirm-subscription?" in line][0]
    with urllib.request.urlopen(link, timeout=30) as a:
        assert a.status == 200
    for n in range(7):
        sns.publish(TopicArn=topic, Subject=f"Number {n}", Message=f"Line one of {n}\n\nSubject: not a header\nÄnde")
        wait_for(lambda: len(listed(w, 100)) == n + 2)


def pages(w):
    one = listed(w, 100)
    assert [m["Subject"] for m in one[:7]] == [f"Number {n}" for n in range(6, -1, -1)], one
    assert [m["Name"] for m in one] == sorted((m["Name"] for m in one), reverse=True) and len(one) == 8
    assert all(listed(w, size) == one for size in (1, 3, 4, 8, 9))
    for m in one:
        status, mail = call(w, "GetMail", {"Name": m["Name"]})
        path = os.path.join(w.data, "outbox", m["Name"])
        assert status == 200 and mail["Size"] == os.path.getsize(path) and not mail["Cut"], mail
        assert {k: mail[k] for k in m} == m, (m, mail)
        with open(path, encoding="utf-8") as f:
            assert f.read().endswith("\n\n" + mail["Text"])
    assert "Subject: not a header\nÄnde" in call(w, "GetMail", {"Name": one[0]["Name"]})[1]["Text"]


def bad_names(w):
    good = listed(w, 1)[0]["Name"]
    stamp = good[:21]
    for name in ("../credentials", "../outbox/" + good, "./" + good, good + "/", good[:-4], "." + good, stamp + ".eml", stamp + "-.eml\0", stamp + "-a/../b.eml", "x" + good[1:],
                 stamp + "-ä.eml", "20261399T000000.000Z-a.eml", "20261123T000000.-10Z-a.eml", good.replace("Z-", "Z-/"), stamp + "-" + "a" * 250 + ".eml", "", "."):
        for operation, args in (("GetMail", {"Name": name}), ("ListMails", {"NextToken": name})):
            status, answer = call(w, operation, args)
            assert status == 400 and answer["__type"].endswith("ValidationException"), (operation, name, answer)
    for size in (0, 101):
        assert call(w, "ListMails", {"MaxItems": size})[0] == 400
    assert call(w, "GetMail", {})[0] == 400
    status, answer = call(w, "GetMail", {"Name": "20200101T000000.000Z-a.eml"})
    assert status == 404 and answer["__type"].endswith("ResourceNotFoundException"), answer


def odd_files(w):
    """What else may lie in the folder: links, folders and pipes are not opened, other names not listed, long ones cut."""
    outbox, before = os.path.join(w.data, "outbox"), listed(w, 100)
    odd = {kind: f"20300101T00000{i}.000Z-{kind}.eml" for i, kind in enumerate(("link", "folder", "pipe"))}
    os.symlink(os.path.join(w.data, "credentials"), os.path.join(outbox, odd["link"]))
    os.mkdir(os.path.join(outbox, odd["folder"]))
    os.mkfifo(os.path.join(outbox, odd["pipe"]))
    for name in ("notes.txt", "." + before[0]["Name"]):
        with open(os.path.join(outbox, name), "w", encoding="utf-8") as f:
            f.write("To: nobody\n\n")
    for size in (1, 2, 100):
        found, token = [], {}
        while True:
            page = call(w, "ListMails", {"MaxItems": size, **token})[1]
            found += page["Mails"]
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        assert found == before, (size, found)
    for name in odd.values():
        assert call(w, "GetMail", {"Name": name})[0] == 404, name
    long = "20300101T000004.000Z-long.eml"
    with open(os.path.join(outbox, long), "wb") as f:
        f.write(b"Subject: one\nSubject: two\nTo: a\xff\n\n" + "ä".encode() * 400000)
    mail = call(w, "GetMail", {"Name": long})[1]
    assert mail["Cut"] and mail["Subject"] == "one" and mail["To"] == "a" and set(mail["Text"]) == {"ä"} and 262000 < len(mail["Text"]) <= 262144, (mail["To"], len(mail["Text"]))
    os.unlink(os.path.join(outbox, long))


def only_root(w):
    iam = w.client("iam")
    iam.create_user(UserName="admin")
    iam.put_user_policy(UserName="admin", PolicyName="all", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow("*")]}))
    key = iam.create_access_key(UserName="admin")["AccessKey"]
    other = call(w, "CreateAccount", {"Account": "111122223333"})[1]
    name = listed(w, 100)[0]["Name"]
    for who in (key, other):
        mine = {"AWS_ACCESS_KEY_ID": who["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": who["SecretAccessKey"]}
        for operation, args in (("ListMails", {}), ("GetMail", {"Name": name})):
            status, answer = call(w, operation, args, mine)
            assert status in (400, 403) and "AccessDenied" in answer["__type"], (operation, answer)


def main():
    with Waybill() as w:
        assert call(w, "ListMails", {}) == (200, {"Mails": [], "Relay": False})
        fill(w)
        pages(w)
        bad_names(w)
        odd_files(w)
        only_root(w)
    with Waybill(args=["--smtp", f"smtp://127.0.0.1:{free_port()}"]) as w:
        assert call(w, "ListMails", {}) == (200, {"Mails": [], "Relay": True})


main()
