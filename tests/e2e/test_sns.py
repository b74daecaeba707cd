"""SNS with Debian's clients: topics, mail subscriptions with their links, publishing; the outbox, and a real SMTP relay that fails and comes back."""
import email
import email.policy
import glob
import json
import os
import re
import tempfile
import urllib.error

import smtp_sink
from waybill_server import Waybill, free_port, refused, wait_for


def mails(w):
    return [open(p, encoding="utf-8").read() for p in sorted(glob.glob(os.path.join(w.data, "outbox", "*.eml")))]


def link(text, what):
    return re.search(r"http://\S*/_waybill/" + what + r"\?\S+", text).group(0)


def topics(w):
    sns = w.client("sns")
    arn = sns.create_topic(Name="alerts", Attributes={"DisplayName": "Alerts"}, Tags=[{"Key": "team", "Value": "ops"}])["TopicArn"]
    assert arn == "arn:aws:sns:us-east-1:000000000000:alerts"
    assert sns.create_topic(Name="alerts")["TopicArn"] == arn
    refused("InvalidParameter", sns.create_topic, Name="alerts", Attributes={"DisplayName": "Other"})
    refused("InvalidParameter", sns.create_topic, Name="no blanks")
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "ops"}]
    sns.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == []
    a = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert a["DisplayName"] == "Alerts" and a["Owner"] == "000000000000" and json.loads(a["Policy"])["Statement"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="Alarms")
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "Alarms"
    refused("InvalidParameter", sns.set_topic_attributes, TopicArn=arn, AttributeName="Nonsense", AttributeValue="x")
    refused("InvalidParameter", sns.set_topic_attributes, TopicArn=arn, AttributeName="Policy", AttributeValue="{}x")
    sns.add_permission(TopicArn=arn, Label="partner", AWSAccountId=["111122223333"], ActionName=["Publish"])
    assert "partner" in sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    sns.remove_permission(TopicArn=arn, Label="partner")
    assert "partner" not in sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    for i in range(120):
        sns.create_topic(Name=f"many-{i:03}")
    seen = [t["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for t in page["Topics"]]
    assert len(seen) == 121 and seen == sorted(seen)
    refused("InvalidParameter", sns.list_topics, NextToken="forged")
    sns.delete_topic(TopicArn=seen[-1])
    sns.delete_topic(TopicArn=seen[-1])
    refused("NotFound", sns.get_topic_attributes, TopicArn=seen[-1])
    assert w.aws("sns", "list-topics", "--max-items", "1")["Topics"][0]["TopicArn"] == arn
    return arn


def subscriptions(w, arn):
    sns = w.client("sns")
    assert sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.test")["SubscriptionArn"] == "pending confirmation"
    refused("InvalidParameter", sns.subscribe, TopicArn=arn, Protocol="email", Endpoint="nobody")
    refused("InvalidParameter", sns.subscribe, TopicArn=arn, Protocol="carrier-pigeon", Endpoint="x")
    refused("NotFound", sns.subscribe, TopicArn=arn + "x", Protocol="email", Endpoint="ops@example.test")
    first = wait_for(lambda: mails(w))[0]
    assert "To: ops@example.test" in first and "Subject: AWS Notification - Subscription Confirmation" in first

    # Nothing but confirmations goes to an address that has not confirmed.
    sns.publish(TopicArn=arn, Message="too early")
    s = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert [x["SubscriptionArn"] for x in s] == ["PendingConfirmation"]
    page = w.page(link(first, "confirm-subscription").replace(w.url, ""))
    assert "Subscription confirmed" in page and "ops@example.test" in page
    # The link is used up.
    try:
        w.page(link(first, "confirm-subscription").replace(w.url, ""))
        raise AssertionError("the link worked twice")
    except urllib.error.HTTPError as e:
        assert e.code == 404
    s = sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"]
    assert s.startswith(arn + ":")
    a = sns.get_subscription_attributes(SubscriptionArn=s)["Attributes"]
    assert a["PendingConfirmation"] == "false" and a["Endpoint"] == "ops@example.test"
    sns.set_subscription_attributes(SubscriptionArn=s, AttributeName="RawMessageDelivery", AttributeValue="true")
    refused("InvalidParameter", sns.set_subscription_attributes, SubscriptionArn=s, AttributeName="RawMessageDelivery", AttributeValue="maybe")
    assert sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.test")["SubscriptionArn"] == s

    # By API: the token of the mail.
    assert sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="two@example.test", ReturnSubscriptionArn=True)["SubscriptionArn"] != s
    second = wait_for(lambda: [m for m in mails(w) if "To: two@example.test" in m])[0]
    token = re.search(r"Token=([0-9a-f]+)", second).group(1)
    refused("InvalidParameter", sns.confirm_subscription, TopicArn=arn, Token="0" * 80)
    confirmed = sns.confirm_subscription(TopicArn=arn, Token=token)["SubscriptionArn"]
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsConfirmed"] == "2"
    return s, confirmed


def publishing(w, arn, first, second):
    sns = w.client("sns")
    before = mails(w)
    assert sns.publish(TopicArn=arn, Subject="Late", Message="Grüße\n.\nEnde")["MessageId"]
    got = wait_for(lambda: (lambda new: new if len(new) == 2 else None)([m for m in mails(w) if m not in before]))
    assert not any("too early" in m for m in mails(w))
    assert all("Subject: Late" in m and "Grüße\n.\nEnde" in m and "From: Alarms <" in m for m in got), got
    refused("InvalidParameter", sns.publish, TopicArn=arn, Message="")
    refused("InvalidParameter", sns.publish, TopicArn=arn, Message="x", Subject="Grüße")
    refused("InvalidParameter", sns.publish, TopicArn=arn, Message="x" * (256 * 1024 + 1))
    refused("InvalidParameter", sns.publish, TopicArn=arn, Message="{}", MessageStructure="json")
    refused("NotFound", sns.publish, TopicArn=arn + "x", Message="x")
    sns.publish(TopicArn=arn, MessageStructure="json", Message=json.dumps({"default": "d", "email": "for mail"}))
    wait_for(lambda: sum("for mail" in m for m in mails(w)) == 2)
    r = sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=[{"Id": "a", "Message": "batch a"}, {"Id": "b", "Message": "b", "Subject": "\u00e9"}])
    assert [x["Id"] for x in r["Successful"]] == ["a"] and [x["Id"] for x in r["Failed"]] == ["b"]
    wait_for(lambda: sum("batch a" in m for m in mails(w)) == 2)

    # Leaving by the link, and by the API.
    to_ops = [m for m in mails(w) if "batch a" in m and "To: ops@" in m][0]
    assert "Unsubscribed" in w.page(link(to_ops, "unsubscribe").replace(w.url, ""))
    sns.unsubscribe(SubscriptionArn=second)
    sns.unsubscribe(SubscriptionArn=second)
    refused("NotFound", sns.get_subscription_attributes, SubscriptionArn=first)
    a = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert (a["SubscriptionsConfirmed"], a["SubscriptionsDeleted"]) == ("0", "2"), a
    n = len(mails(w))
    sns.publish(TopicArn=arn, Message="to nobody")
    w.aws("sns", "publish", "--topic-arn", arn, "--message", "to nobody")
    assert len(mails(w)) == n


def outbox():
    with Waybill() as w:
        arn = topics(w)
        first, second = subscriptions(w, arn)
        publishing(w, arn, first, second)
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout


def dead(w):
    return json.loads(w.waybill("status", "--json").stdout)["Dead"]


def advance(w, ms):
    w.page("/_waybill/clock", data=json.dumps({"advance_ms": ms}).encode(), method="POST")


def relay():
    """A relay with STARTTLS and log-in that is down at first, refuses for now, refuses for good; a restart in between loses nothing."""
    with tempfile.TemporaryDirectory() as tmp:
        port = free_port()
        certificate = smtp_sink.cert(tmp)
        with Waybill(args=["--smtp", f"smtp://localhost:{port}", "--smtp-user", "u", "--smtp-tls", "on", "--smtp-ca", certificate[0],
                           "--mail-from", "alerts@depot.example", "--test-clock"], env={"WAYBILL_SMTP_PASSWORD": "sécret"}) as w:
            sns = w.client("sns")
            arn = sns.create_topic(Name="alerts")["TopicArn"]
            sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.test")
            wait_for(lambda: json.loads(w.waybill("status", "--json").stdout)["Failed"] == 1)
            w.kill()
            w.start()
            with smtp_sink.SmtpSink(port=port, starttls=certificate, user="u", password="sécret") as sink:
                sink.fail["RCPT"] = ["451 later"]
                for _ in range(3):
                    advance(w, 20000)
                    if sink.wait(1, seconds=3):
                        break
                assert sink.wait(1), w.log_text()
                mail = sink.mails[0]
                assert mail.tls and mail.login == "u" and mail.sender == "alerts@depot.example" and mail.recipients == ["ops@example.test"], mail
                text = email.message_from_bytes(mail.text, policy=email.policy.default)
                assert text["Subject"] == "AWS Notification - Subscription Confirmation"
                w.page(link(text.get_content(), "confirm-subscription").replace(w.url, ""))

                body = "Grüße aus München\n.\n" + "x" * 2000 + "\nfrom here"
                sns.publish(TopicArn=arn, Subject="Late", Message=body)
                assert sink.wait(2)
                text = email.message_from_bytes(sink.mails[1].text, policy=email.policy.default)
                assert text["Subject"] == "Late" and text.get_content().replace("\r\n", "\n").startswith(body)
                assert "/_waybill/unsubscribe?" in text["List-Unsubscribe"]

                # Refused for good: a dead row, which can be sent again.
                sink.fail["RCPT"] = "550 no such mailbox"
                sns.publish(TopicArn=arn, Message="once more")
                wait_for(lambda: dead(w) == 1)
                listed = w.waybill("dead", "list").stdout
                assert "MAIL_REFUSED" in listed and "550" in listed, listed
                assert "once more" in w.waybill("dead", "show", listed.split()[0]).stdout
                del sink.fail["RCPT"]
                assert "1 queued again" in w.waybill("dead", "retry", "--all").stdout
                assert sink.wait(3) and dead(w) == 0
                assert "sécret" not in w.log_text()


outbox()
relay()
