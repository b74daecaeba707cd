"""KMS with Debian's clients: keys, aliases, ciphertexts bound to key and context, rotation and deletion on the clock, who may; across kill -9."""
import json

from botocore.exceptions import ClientError

from waybill_server import Waybill, allow, refused, wait_for

ACCOUNT = "000000000000"
ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}"
DAY = 24 * 3600 * 1000
SECRET = b"correct-horse-battery-staple"
DENIED = "AccessDeniedException"


def statement(principal, action="kms:*", effect="Allow", **more):
    return {"Effect": effect, "Principal": {"AWS": principal}, "Action": action, "Resource": "*", **more}


ROOT = statement(f"arn:aws:iam::{ACCOUNT}:root")


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def ciphertexts(kms):
    key = kms.create_key(Description="first", Tags=[{"TagKey": "team", "TagValue": "a"}])["KeyMetadata"]
    k = key["KeyId"]
    assert key["Arn"] == f"{ARN}:key/{k}" and key["KeyState"] == "Enabled" and key["Enabled"] and key["KeySpec"] == "SYMMETRIC_DEFAULT"
    kms.create_alias(AliasName="alias/app", TargetKeyId=k)
    for name in (k, key["Arn"], "alias/app", f"{ARN}:alias/app"):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == k
    blob = kms.encrypt(KeyId="alias/app", Plaintext=SECRET, EncryptionContext={"a": "1", "b": "2"})
    assert blob["KeyId"] == key["Arn"] and SECRET not in blob["CiphertextBlob"]
    text = blob["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=text, EncryptionContext={"b": "2", "a": "1"})["Plaintext"] == SECRET
    for context in ({}, {"a": "1"}, {"a": "1", "b": "3"}):
        refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=text, EncryptionContext=context)
    for i in (0, 40, len(text) - 1):
        broken = text[:i] + bytes([text[i] ^ 1]) + text[i + 1:]
        refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=broken, EncryptionContext={"a": "1", "b": "2"})
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=text, KeyId=other, EncryptionContext={"a": "1", "b": "2"})
    moved = kms.re_encrypt(CiphertextBlob=text, SourceEncryptionContext={"a": "1", "b": "2"}, DestinationKeyId=other)
    assert moved["SourceKeyId"] == key["Arn"] and moved["KeyId"].endswith(other)
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == SECRET
    data = kms.generate_data_key(KeyId=k, KeySpec="AES_256")
    assert len(data["Plaintext"]) == 32 and kms.decrypt(CiphertextBlob=data["CiphertextBlob"])["Plaintext"] == data["Plaintext"]
    bare = kms.generate_data_key_without_plaintext(KeyId=k, NumberOfBytes=24)
    assert "Plaintext" not in bare and len(kms.decrypt(CiphertextBlob=bare["CiphertextBlob"])["Plaintext"]) == 24
    refused("ValidationException", kms.generate_data_key, KeyId=k)
    assert len(kms.generate_random(NumberOfBytes=99)["Plaintext"]) == 99
    message = refused("ValidationException", kms.encrypt, KeyId=k, Plaintext=SECRET * 1000)
    assert "horse" not in message and "less than or equal to 4096" in message, message
    assert "is not found" in refused("NotFoundException", kms.encrypt, KeyId="alias/none", Plaintext=b"x")
    refused("NotFoundException", kms.describe_key, KeyId="thing")
    refused("NotFoundException", kms.describe_key, KeyId="00000000-0000-4000-8000-000000000000")
    refused("UnsupportedOperationException", kms.create_key, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    return k, text


def names(kms, k):
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    refused("AlreadyExistsException", kms.create_alias, AliasName="alias/app", TargetKeyId=k)
    refused("ValidationException", kms.create_alias, AliasName="app", TargetKeyId=k)
    refused("InvalidAliasNameException", kms.create_alias, AliasName="alias/a:b", TargetKeyId=k)
    refused("NotAuthorizedException", kms.create_alias, AliasName="alias/aws/x", TargetKeyId=k)
    kms.update_alias(AliasName="alias/app", TargetKeyId=other)
    assert kms.describe_key(KeyId="alias/app")["KeyMetadata"]["KeyId"] == other
    assert not kms.list_aliases(KeyId=k)["Aliases"]
    for i in range(3):
        kms.create_alias(AliasName=f"alias/n{i}", TargetKeyId=k)
    assert [a["AliasName"] for a in kms.list_aliases(KeyId=k)["Aliases"]] == [f"alias/n{i}" for i in range(3)]
    pages = list(kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 1}))
    assert len(pages) == 4 and sum(len(p["Aliases"]) for p in pages) == 4
    assert sum(len(p["Keys"]) for p in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})) == 3
    kms.delete_alias(AliasName="alias/n0")
    refused("NotFoundException", kms.delete_alias, AliasName="alias/n0")
    kms.tag_resource(KeyId=k, Tags=[{"TagKey": "x", "TagValue": "y"}])
    kms.untag_resource(KeyId=k, TagKeys=["team"])
    assert kms.list_resource_tags(KeyId=k)["Tags"] == [{"TagKey": "x", "TagValue": "y"}]
    refused("TagException", kms.tag_resource, KeyId=k, Tags=[{"TagKey": "aws:x", "TagValue": "y"}])
    kms.update_key_description(KeyId=k, Description="second")
    assert kms.describe_key(KeyId=k)["KeyMetadata"]["Description"] == "second"


def gone(kms, k):
    try:
        kms.describe_key(KeyId=k)
    except ClientError as e:
        return e.response["Error"]["Code"] == "NotFoundException"
    return False


def states(w, kms, k, text):
    advance = lambda days: w.page("/_waybill/clock", json.dumps({"advance_ms": days * DAY + 1000}).encode(), "POST")
    kms.disable_key(KeyId=k)
    assert "is disabled" in refused("DisabledException", kms.encrypt, KeyId=k, Plaintext=b"x")
    kms.enable_key(KeyId=k)
    kms.enable_key_rotation(KeyId=k)
    assert kms.get_key_rotation_status(KeyId=k)["KeyRotationEnabled"]
    advance(366)
    old = kms.decrypt(CiphertextBlob=text, EncryptionContext={"a": "1", "b": "2"})
    assert old["Plaintext"] == SECRET
    version = lambda blob: blob[28]  # of the material
    wait_for(lambda: version(kms.encrypt(KeyId=k, Plaintext=b"x")["CiphertextBlob"]) == 2)
    fresh = kms.encrypt(KeyId=k, Plaintext=b"x")["CiphertextBlob"]
    assert version(text) == 1
    refused("ValidationException", kms.schedule_key_deletion, KeyId=k, PendingWindowInDays=6)
    assert kms.schedule_key_deletion(KeyId=k, PendingWindowInDays=7)["KeyState"] == "PendingDeletion"
    assert "pending deletion" in refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=fresh)
    kms.cancel_key_deletion(KeyId=k)
    refused("KMSInvalidStateException", kms.cancel_key_deletion, KeyId=k)
    assert kms.describe_key(KeyId=k)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.schedule_key_deletion(KeyId=k, PendingWindowInDays=7)
    w.kill()
    w.start()
    kms = w.client("kms")
    advance(6)
    assert kms.describe_key(KeyId=k)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    advance(1)
    wait_for(lambda: gone(kms, k))
    refused("NotFoundException", kms.describe_key, KeyId="alias/n1")
    assert "does not exist" in refused(DENIED, kms.decrypt, CiphertextBlob=fresh)


def permissions(w):
    kms = w.client("kms")
    key = kms.create_key()["KeyMetadata"]
    k, arn = key["KeyId"], key["Arn"]
    blob = kms.encrypt(KeyId=k, Plaintext=SECRET, EncryptionContext={"app": "one"})["CiphertextBlob"]
    args = {"CiphertextBlob": blob, "EncryptionContext": {"app": "one"}}
    nobody, holder = w.user("nobody")("kms"), w.user("holder", allow("kms:*"))("kms")
    assert "no identity-based policy" in refused(DENIED, nobody.decrypt, **args)
    assert holder.decrypt(**args)["Plaintext"] == SECRET  # the default policy lets IAM policies count
    me = f"arn:aws:iam::{ACCOUNT}:user/nobody"
    kms.put_key_policy(KeyId=k, PolicyName="default", Policy=document(ROOT, statement(
        me, "kms:Decrypt", Condition={"StringEquals": {"kms:EncryptionContext:app": "one"}})))
    assert nobody.decrypt(**args)["Plaintext"] == SECRET  # named there, no other policy is needed
    refused(DENIED, nobody.encrypt, KeyId=k, Plaintext=b"x")
    refused(DENIED, nobody.decrypt, CiphertextBlob=blob, EncryptionContext={"app": "two"})
    refused(DENIED, nobody.get_key_policy, KeyId=k, PolicyName="default")
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=k, PolicyName="default", Policy=document(statement(me)))
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=k, PolicyName="default", Policy="{}")
    kms.put_key_policy(KeyId=k, PolicyName="default", Policy=document(statement(me)), BypassPolicyLockoutSafetyCheck=True)
    assert "no resource-based policy allows" in refused(DENIED, kms.describe_key, KeyId=k)  # the root is locked out
    refused(DENIED, kms.put_key_policy, KeyId=k, PolicyName="default", Policy=document(ROOT))
    refused(DENIED, holder.decrypt, **args)
    assert nobody.decrypt(**args)["Plaintext"] == SECRET
    nobody.put_key_policy(KeyId=k, PolicyName="default", Policy=document(ROOT, statement(me)))
    assert json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])["Statement"][0] == ROOT
    # Aliases: both sides.
    only = w.user("only", allow("kms:CreateAlias", f"{ARN}:alias/mine"))("kms")
    refused(DENIED, only.create_alias, AliasName="alias/mine", TargetKeyId=k)
    both = w.user("both", allow("kms:CreateAlias", [f"{ARN}:alias/mine", arn]),
                  allow("kms:Encrypt", Condition={"StringEquals": {"kms:RequestAlias": "alias/mine"}}))("kms")
    refused(DENIED, both.create_alias, AliasName="alias/other", TargetKeyId=k)
    both.create_alias(AliasName="alias/mine", TargetKeyId=k)
    both.encrypt(KeyId="alias/mine", Plaintext=b"x")
    refused(DENIED, both.encrypt, KeyId=k, Plaintext=b"x")
    aliased = w.user("aliased", allow("kms:Encrypt", Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/mine"}}))("kms")
    aliased.encrypt(KeyId=k, Plaintext=b"x")


def command_line(w):
    made = w.aws("kms", "create-key", "--description", "cli")["KeyMetadata"]
    out = w.aws("kms", "encrypt", "--key-id", made["KeyId"], "--plaintext", "aGVsbG8=")
    assert w.aws("kms", "decrypt", "--ciphertext-blob", out["CiphertextBlob"])["Plaintext"] == "aGVsbG8="


def main():
    with Waybill(args=["--test-clock"], env={"WAYBILL_STRICT": "1"}) as w:
        kms = w.client("kms")
        k, text = ciphertexts(kms)
        names(kms, k)
        states(w, kms, k, text)
        permissions(w)
        command_line(w)
        records = w.client("cloudtrail").lookup_events(MaxResults=50)["Events"]
        assert any(e["EventName"] == "PutKeyPolicy" for e in records)
        assert not any("horse" in e["CloudTrailEvent"] or "Plaintext\": \"" in e["CloudTrailEvent"] for e in records)
        assert SECRET.decode() not in w.log_text()


main()
