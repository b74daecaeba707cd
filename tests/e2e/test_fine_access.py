"""DynamoDB's fine-grained access: the policies of the developer guide's page "Using IAM policy conditions for fine-grained access
control", against a table as that page has it. The user's id comes from ${aws:username} instead of a web identity."""
from botocore.exceptions import ClientError

from waybill_server import Waybill

TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/GameScores"
INDEX = TABLE + "/index/TopScoreDateTimeIndex"
ALL = ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"]
KEY = {"UserId": {"S": "amy"}, "GameTitle": {"S": "chess"}}
OTHER = {"UserId": {"S": "bob"}, "GameTitle": {"S": "chess"}}


def allow(actions, resources, **condition):
    return {"Effect": "Allow", "Action": ["dynamodb:" + a for a in actions], "Resource": resources,
            "Condition": {k.replace("_", ":"): v for k, v in condition.items()}}


class Player:
    """A user with these statements; the calls answer whether they were allowed."""
    def __init__(self, w, *statements):
        self.ddb = w.user("amy", *statements)("dynamodb")
        self.iam = w.client("iam")

    def set(self, w, *statements):
        import json
        self.iam.put_user_policy(UserName="amy", PolicyName="test",
                                 PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))

    def may(self, operation, **args):
        args.setdefault("TableName", "GameScores")
        if operation.startswith("batch"):
            del args["TableName"]
        try:
            getattr(self.ddb, operation)(**args)
        except ClientError as e:
            if e.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return True
            assert e.response["Error"]["Code"] == "AccessDeniedException", e
            return False
        return True


def table(w):
    ddb = w.client("dynamodb")
    ddb.create_table(
        TableName="GameScores", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "UserId", "KeyType": "HASH"}, {"AttributeName": "GameTitle", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("UserId", "GameTitle", "TopScoreDateTime")],
        GlobalSecondaryIndexes=[{"IndexName": "TopScoreDateTimeIndex", "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["Wins", "Losses"]},
                                 "KeySchema": [{"AttributeName": "GameTitle", "KeyType": "HASH"}, {"AttributeName": "TopScoreDateTime", "KeyType": "RANGE"}]}])
    ddb.create_table(TableName="Numbers", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "n", "KeyType": "HASH"}],
                     AttributeDefinitions=[{"AttributeName": "n", "AttributeType": "N"}])
    for key in (KEY, OTHER):
        ddb.put_item(TableName="GameScores", Item={**key, "TopScoreDateTime": {"S": "2026"}, "Wins": {"N": "3"}, "Secret": {"S": "x"}})


def use_case(p, w):
    """The policy of the page's introduction: only one's own items, only some attributes, which must be told."""
    p.set(w, allow(ALL, TABLE, ForAllValues_StringEquals={
        "dynamodb:LeadingKeys": ["${aws:username}"],
        "dynamodb:Attributes": ["UserId", "GameTitle", "Wins", "Losses", "TopScore", "TopScoreDateTime"]},
        StringEqualsIfExists={"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}))
    assert p.may("get_item", Key=KEY, ProjectionExpression="Wins, Losses")
    assert p.may("get_item", Key=KEY, AttributesToGet=["Wins"])
    assert p.may("get_item", Key=KEY, ProjectionExpression="#w", ExpressionAttributeNames={"#w": "Wins"})
    assert not p.may("get_item", Key=KEY, ProjectionExpression="Wins, Secret")
    assert not p.may("get_item", Key=KEY, ProjectionExpression="#w", ExpressionAttributeNames={"#w": "Secret"})
    assert not p.may("get_item", Key=KEY, ProjectionExpression="Secret.deep[1]")
    assert not p.may("get_item", Key=KEY, AttributesToGet=["Secret"])
    assert not p.may("get_item", Key=KEY), "all attributes"
    assert not p.may("get_item", Key=OTHER, ProjectionExpression="Wins")
    query = {"KeyConditionExpression": "UserId = :u", "ExpressionAttributeValues": {":u": {"S": "amy"}}}
    assert p.may("query", **query, ProjectionExpression="Wins")
    assert p.may("query", **query, ProjectionExpression="Wins", Select="SPECIFIC_ATTRIBUTES")
    assert not p.may("query", **query)
    assert not p.may("query", **query, Select="COUNT")
    assert not p.may("query", **query, Select="ALL_ATTRIBUTES")
    assert not p.may("query", **{**query, "ExpressionAttributeValues": {":u": {"S": "bob"}}}, ProjectionExpression="Wins")
    older = {"KeyConditions": {"UserId": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "amy"}]}}}
    assert p.may("query", **older, AttributesToGet=["Wins"])
    older["KeyConditions"]["UserId"]["AttributeValueList"] = [{"S": "bob"}]
    assert not p.may("query", **older, AttributesToGet=["Wins"])
    assert not p.may("query", **{**query, "ExpressionAttributeValues": {":u": {"S": "amy"}, ":x": {"S": "x"}}},
                     FilterExpression="begins_with(Secret, :x)", ProjectionExpression="Wins")
    assert p.may("put_item", Item={**KEY, "Wins": {"N": "4"}})
    assert not p.may("put_item", Item={**KEY, "Secret": {"S": "y"}})
    assert not p.may("put_item", Item={**OTHER, "Wins": {"N": "4"}})
    assert p.may("put_item", Item=KEY, ConditionExpression="attribute_not_exists(Wins)")
    assert not p.may("put_item", Item=KEY, ConditionExpression="attribute_not_exists(Secret)")
    assert not p.may("put_item", Item=KEY, Expected={"Secret": {"Exists": False}})
    assert p.may("update_item", Key=KEY, UpdateExpression="SET Wins = :n", ExpressionAttributeValues={":n": {"N": "5"}})
    assert not p.may("update_item", Key=KEY, UpdateExpression="SET Wins = Secret")
    assert not p.may("update_item", Key=KEY, UpdateExpression="REMOVE Secret")
    assert not p.may("update_item", Key=KEY, AttributeUpdates={"Secret": {"Action": "DELETE"}})
    assert p.may("delete_item", Key=KEY) and not p.may("delete_item", Key=OTHER)
    assert p.may("batch_get_item", RequestItems={"GameScores": {"Keys": [KEY], "ProjectionExpression": "Wins"}})
    assert not p.may("batch_get_item", RequestItems={"GameScores": {"Keys": [KEY, OTHER], "ProjectionExpression": "Wins"}})
    assert not p.may("batch_get_item", RequestItems={"GameScores": {"Keys": [KEY]}})
    assert p.may("batch_write_item", RequestItems={"GameScores": [{"PutRequest": {"Item": KEY}}]})
    assert not p.may("batch_write_item", RequestItems={"GameScores": [{"DeleteRequest": {"Key": OTHER}}]})
    assert not p.may("batch_write_item", RequestItems={"GameScores": [{"PutRequest": {"Item": {**KEY, "Secret": {"S": "y"}}}}]})
    assert not p.may("scan", ProjectionExpression="Wins")


def own_items(p, w):
    """1: items of a partition key; all of it, and reading only."""
    own = {"ForAllValues_StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
    p.set(w, allow(ALL, TABLE, **own))
    assert p.may("put_item", Item={**KEY, "Secret": {"S": "mine"}}) and p.may("get_item", Key=KEY)
    assert p.may("query", KeyConditionExpression="UserId = :u", ExpressionAttributeValues={":u": {"S": "amy"}})
    assert not p.may("put_item", Item=OTHER) and not p.may("get_item", Key=OTHER) and not p.may("delete_item", Key=OTHER)
    assert not p.may("update_item", Key=OTHER) and not p.may("scan")
    assert not p.may("query", KeyConditionExpression="UserId = :u", ExpressionAttributeValues={":u": {"S": "bob"}})
    assert not p.may("query", IndexName="TopScoreDateTimeIndex", KeyConditionExpression="GameTitle = :u",
                     ExpressionAttributeValues={":u": {"S": "amy"}}), "the index is another resource"
    p.set(w, allow(["GetItem", "BatchGetItem", "Query"], TABLE, **own))
    assert p.may("get_item", Key=KEY) and p.may("batch_get_item", RequestItems={"GameScores": {"Keys": [KEY]}})
    assert not p.may("put_item", Item=KEY) and not p.may("delete_item", Key=KEY)


def attributes(p, w):
    """2: two attributes only, and its variations."""
    condition = {"ForAllValues_StringEquals": {"dynamodb:Attributes": ["UserId", "GameTitle", "TopScore"]},
                 "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES", "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]}}
    p.set(w, allow(["UpdateItem", "GetItem", "Query", "BatchGetItem", "Scan"], TABLE, **condition))
    one = {"UpdateExpression": "SET TopScore = :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
    assert p.may("update_item", Key=KEY, **one) and p.may("update_item", Key=OTHER, **one, ReturnValues="UPDATED_NEW")
    assert not p.may("update_item", Key=KEY, **one, ReturnValues="ALL_NEW")
    assert not p.may("update_item", Key=KEY, **one, ReturnValues="ALL_OLD")
    assert p.may("scan", ProjectionExpression="TopScore") and not p.may("scan")
    assert p.may("scan", AttributesToGet=["TopScore"], ScanFilter={"TopScore": {"ComparisonOperator": "NULL"}})
    assert not p.may("scan", AttributesToGet=["TopScore"], ScanFilter={"Secret": {"ComparisonOperator": "NULL"}})
    assert not p.may("put_item", Item=KEY) and not p.may("delete_item", Key=KEY)
    # What a failed condition returns is the whole item.
    failing = {"Key": KEY, "UpdateExpression": "REMOVE TopScore", "ConditionExpression": "TopScore = :n", "ExpressionAttributeValues": {":n": {"N": "9"}}}
    assert p.may("update_item", **failing)
    if "ReturnValuesOnConditionCheckFailure" in p.ddb.meta.service_model.operation_model("UpdateItem").input_shape.members:
        assert not p.may("update_item", **failing, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    condition["StringEquals"] = {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    del condition["StringEqualsIfExists"]
    p.set(w, allow(["GetItem", "Query", "BatchGetItem", "Scan"], TABLE, **condition))
    assert p.may("get_item", Key=KEY, ProjectionExpression="TopScore") and not p.may("get_item", Key=KEY)
    condition["StringEquals"] = {"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]}
    p.set(w, allow(["UpdateItem"], TABLE, **condition))
    assert p.may("update_item", Key=KEY, **one) and not p.may("update_item", Key=KEY, **one, ReturnValues="ALL_OLD")
    p.set(w, allow(["GetItem"], TABLE, ForAllValues_StringLike={"dynamodb:Attributes": ["UserId", "GameTitle", "Top*"]},
                   StringEquals={"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}))
    assert p.may("get_item", Key=KEY, ProjectionExpression="TopScore, TopScoreDateTime") and not p.may("get_item", Key=KEY, ProjectionExpression="Wins")


def updates(p, w):
    """3: certain attributes cannot be changed."""
    p.set(w, allow(["UpdateItem"], TABLE, ForAllValues_StringNotLike={"dynamodb:Attributes": ["FreeGamesAvailable", "BossLevelUnlocked"]},
                   StringEquals={"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]}))
    change = lambda name: {"Key": KEY, "UpdateExpression": "SET #a = :v", "ExpressionAttributeNames": {"#a": name}, "ExpressionAttributeValues": {":v": {"N": "1"}}}
    assert p.may("update_item", **change("Wins")) and not p.may("update_item", **change("BossLevelUnlocked"))
    assert not p.may("update_item", **change("Wins"), ReturnValues="ALL_NEW")
    assert not p.may("update_item", Key=KEY, AttributeUpdates={"FreeGamesAvailable": {"Value": {"N": "9"}, "Action": "PUT"}})


def projected(p, w):
    """4: an index, its named attributes or all that is projected."""
    query = {"IndexName": "TopScoreDateTimeIndex", "KeyConditionExpression": "GameTitle = :g", "ExpressionAttributeValues": {":g": {"S": "chess"}}}
    p.set(w, allow(["Query"], INDEX, ForAllValues_StringEquals={"dynamodb:Attributes": ["TopScoreDateTime", "GameTitle", "Wins", "Losses", "Attempts"]},
                   StringEquals={"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}))
    assert p.may("query", **query, ProjectionExpression="Wins, TopScoreDateTime")
    assert not p.may("query", **query, ProjectionExpression="UserId") and not p.may("query", **query)
    assert not p.may("query", KeyConditionExpression="UserId = :g", ExpressionAttributeValues={":g": {"S": "amy"}}, ProjectionExpression="Wins")
    last = p.ddb.query(TableName="GameScores", **query, ProjectionExpression="Wins", Limit=1)["LastEvaluatedKey"]
    assert p.may("query", **query, ProjectionExpression="Wins", ExclusiveStartKey=last), "the next page"
    p.set(w, allow(["Query"], INDEX, StringEquals={"dynamodb:Select": "ALL_PROJECTED_ATTRIBUTES"}))
    assert p.may("query", **query) and p.may("query", **query, Select="ALL_PROJECTED_ATTRIBUTES")
    assert not p.may("query", **query, Select="COUNT") and not p.may("query", **query, ProjectionExpression="Wins")


def both(p, w):
    """5: certain attributes of one's own items, in the table and in the index."""
    p.set(w, allow(["UpdateItem", "GetItem", "Query", "BatchGetItem"], [TABLE, INDEX], ForAllValues_StringEquals={
        "dynamodb:LeadingKeys": ["${aws:username}"], "dynamodb:Attributes": ["UserId", "GameTitle", "attribute-A", "attribute-B"]},
        StringEqualsIfExists={"dynamodb:Select": "SPECIFIC_ATTRIBUTES", "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]}))
    names = {"ExpressionAttributeNames": {"#a": "attribute-A"}}
    assert p.may("update_item", Key=KEY, UpdateExpression="SET #a = :v", ExpressionAttributeValues={":v": {"S": "1"}}, **names)
    assert not p.may("update_item", Key=OTHER, UpdateExpression="SET #a = :v", ExpressionAttributeValues={":v": {"S": "1"}}, **names)
    assert not p.may("update_item", Key=KEY, UpdateExpression="REMOVE #a", ConditionExpression="Wins = :v", ExpressionAttributeValues={":v": {"S": "1"}}, **names)
    assert p.may("get_item", Key=KEY, ProjectionExpression="#a", **names) and not p.may("get_item", Key=KEY, ProjectionExpression="Wins")
    assert p.may("query", KeyConditionExpression="UserId = :u", ExpressionAttributeValues={":u": {"S": "amy"}}, ProjectionExpression="#a", **names)
    # In the index the leading key is the index's own.
    index = {"IndexName": "TopScoreDateTimeIndex", "KeyConditionExpression": "GameTitle = :u", "ProjectionExpression": "GameTitle"}
    assert p.may("query", **index, ExpressionAttributeValues={":u": {"S": "amy"}})
    assert not p.may("query", **index, ExpressionAttributeValues={":u": {"S": "chess"}})


def spellings(p, w):
    """Another spelling of the same key is the same key; what cannot be read is no way around."""
    arn = TABLE.replace("GameScores", "Numbers")
    p.set(w, {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"},
          {"Effect": "Deny", "Action": "dynamodb:*", "Resource": arn, "Condition": {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": ["10"]}}})
    for n in ("10", "10.0", "1e1", "0010"):
        assert not p.may("get_item", TableName="Numbers", Key={"n": {"N": n}}), n
        assert not p.may("put_item", TableName=arn, Item={"n": {"N": n}}), n
    assert p.may("get_item", TableName="Numbers", Key={"n": {"N": "11"}})
    assert not p.may("batch_write_item", RequestItems={"GameScores": [{"PutRequest": {"Item": KEY}}], "Numbers": [{"PutRequest": {"Item": {"n": {"N": "10"}}}}]})
    assert p.may("batch_write_item", RequestItems={"GameScores": [{"PutRequest": {"Item": KEY}}], "Numbers": [{"PutRequest": {"Item": {"n": {"N": "12"}}}}]})
    try:
        p.ddb.get_item(TableName="Numbers", Key={"n": {"N": "ten"}})
        raise AssertionError("ten is not a number")
    except ClientError as e:
        assert e.response["Error"]["Code"] == "ValidationException", e
    p.set(w, {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": {"StringEquals": {"dynamodb:ReturnConsumedCapacity": "NONE"}}})
    assert p.may("get_item", Key=KEY) and not p.may("get_item", Key=KEY, ReturnConsumedCapacity="TOTAL")


def by_arn(w):
    ddb = w.client("dynamodb")
    assert ddb.get_item(TableName=TABLE, Key=KEY)["Item"]["UserId"] == {"S": "amy"}
    assert ddb.describe_table(TableName=TABLE)["Table"]["TableName"] == "GameScores"
    assert ddb.batch_get_item(RequestItems={TABLE: {"Keys": [KEY]}})["Responses"][TABLE]
    for other in (TABLE.replace("us-west-2", "eu-west-1"), TABLE + "/index/TopScoreDateTimeIndex", TABLE + "x"):
        try:
            ddb.get_item(TableName=other, Key=KEY)
            raise AssertionError(other)
        except ClientError as e:
            assert e.response["Error"]["Code"] == "ResourceNotFoundException", e


def main():
    with Waybill(args=["--account", "123456789012", "--region", "us-west-2"]) as w:
        table(w)
        p = Player(w)
        for t in (use_case, own_items, attributes, updates, projected, both, spellings):
            t(p, w)
        by_arn(w)


main()
