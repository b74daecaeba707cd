"""DynamoDB through Debian's boto3 and aws cli: the clients parse every answer with AWS's own model."""
import concurrent.futures
import json
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from waybill_server import Waybill, wait_for  # noqa: E402

import boto3.dynamodb.conditions as cond  # noqa: E402
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

PASSED = 0


def check(truth, what):
    global PASSED
    assert truth, what
    PASSED += 1


def fails(code, text, fn, **kw):
    try:
        fn(**kw)
    except ClientError as e:
        check(e.response["Error"]["Code"] == code, e.response["Error"])
        check(text in e.response["Error"]["Message"], e.response["Error"]["Message"])
        return e.response
    raise AssertionError(f"no {code}")


def shipment_table(d, name):
    """The table of the seed stack: StatusIndex, a stream, recovery, tags."""
    r = d.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("shipmentId", "timestamp", "status")],
        KeySchema=[{"AttributeName": "shipmentId", "KeyType": "HASH"}, {"AttributeName": "timestamp", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{"IndexName": "StatusIndex", "Projection": {"ProjectionType": "ALL"},
                                 "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"},
                                               {"AttributeName": "timestamp", "KeyType": "RANGE"}]}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        Tags=[{"Key": "Environment", "Value": "dev"}])["TableDescription"]
    check(r["TableStatus"] == "CREATING" and r["ItemCount"] == 0, r)
    d.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    t = d.describe_table(TableName=name)["Table"]
    check(t["TableStatus"] == "ACTIVE" and t["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE", t)
    check(t["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST", t)
    check(t["LatestStreamArn"].startswith(t["TableArn"] + "/stream/20"), t)
    check(d.list_tags_of_resource(ResourceArn=t["TableArn"])["Tags"] == [{"Key": "Environment", "Value": "dev"}], t)
    r = d.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    p = r["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    check(p["PointInTimeRecoveryStatus"] == "ENABLED", p)
    check(d.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]["ContinuousBackupsStatus"] == "ENABLED", p)
    return t


def tables(d):
    for i in range(5):
        d.create_table(TableName=f"list{i}", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
                       AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "N"}])
    names = [n for p in d.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}) for n in p["TableNames"]]
    check(names == sorted(names) and len([n for n in names if n.startswith("list")]) == 5, names)
    fails("ResourceInUseException", "Table already exists: list0", d.create_table, TableName="list0", BillingMode="PAY_PER_REQUEST",
          KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "N"}])
    d.put_item(TableName="list0", Item={"a": {"N": "1"}})
    r = d.delete_table(TableName="list0")["TableDescription"]
    check(r["TableStatus"] == "DELETING" and "KeySchema" not in r, r)
    d.get_waiter("table_not_exists").wait(TableName="list0", WaiterConfig={"Delay": 1})
    fails("ResourceNotFoundException", "Requested resource not found: Table: list0 not found", d.describe_table, TableName="list0")
    fails("ResourceNotFoundException", "Requested resource not found", d.get_item, TableName="list0", Key={"a": {"N": "1"}})
    d.create_table(TableName="list0", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
                   AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "N"}])
    check("Item" not in d.get_item(TableName="list0", Key={"a": {"N": "1"}}), "a table of the same name begins empty")
    check(d.describe_endpoints()["Endpoints"], "endpoints")
    check(d.describe_limits()["AccountMaxReadCapacityUnits"] > 0, "limits")


def items(d, name):
    key = {"shipmentId": {"S": "S1"}, "timestamp": {"S": "2026-11-22T12:00:00Z"}}
    item = {**key, "status": {"S": "IN_TRANSIT"}, "n": {"N": "1.50"}, "deep": {"M": {"l": {"L": [{"BOOL": True}, {"NULL": True}]}}},
            "bin": {"B": b"\x00\xff"}, "set": {"SS": ["b", "a"]}, "text": {"S": "h\u00e9 \"q\" \U0001f600\n"}}
    r = d.put_item(TableName=name, Item=item, ReturnConsumedCapacity="INDEXES")
    check(r["ConsumedCapacity"]["CapacityUnits"] == 2 and r["ConsumedCapacity"]["GlobalSecondaryIndexes"]["StatusIndex"]["CapacityUnits"] == 1, r)
    got = d.get_item(TableName=name, Key=key, ConsistentRead=True)["Item"]
    check(got == {**item, "n": {"N": "1.5"}, "set": {"SS": ["a", "b"]}}, got)
    r = d.get_item(TableName=name, Key=key, ProjectionExpression="deep.l[0], #s", ExpressionAttributeNames={"#s": "status"})["Item"]
    check(r == {"deep": {"M": {"l": {"L": [{"BOOL": True}]}}}, "status": {"S": "IN_TRANSIT"}}, r)
    r = fails("ConditionalCheckFailedException", "The conditional request failed", d.put_item, TableName=name, Item=item,
              ConditionExpression="attribute_not_exists(shipmentId)")
    fails("ValidationException", "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: status",
          d.update_item, TableName=name, Key=key, UpdateExpression="SET status = :s", ExpressionAttributeValues={":s": {"S": "x"}})
    r = d.update_item(TableName=name, Key=key, UpdateExpression="SET #s = :s, n = n + :one, deep.l[7] = :s REMOVE bin ADD c :one DELETE #set :a",
                      ConditionExpression="begins_with(#s, :in)", ReturnValues="ALL_NEW",
                      ExpressionAttributeNames={"#s": "status", "#set": "set"},
                      ExpressionAttributeValues={":s": {"S": "DELIVERED"}, ":one": {"N": "1"}, ":in": {"S": "IN_"}, ":a": {"SS": ["a"]}})
    a = r["Attributes"]
    check(a["status"] == {"S": "DELIVERED"} and a["n"] == {"N": "2.5"} and a["c"] == {"N": "1"} and a["set"] == {"SS": ["b"]}, a)
    check("bin" not in a and a["deep"]["M"]["l"]["L"][2] == {"S": "DELIVERED"}, a)
    q = {"TableName": name, "IndexName": "StatusIndex", "KeyConditionExpression": "#s = :s", "ExpressionAttributeNames": {"#s": "status"}}
    check(d.query(**q, ExpressionAttributeValues={":s": {"S": "IN_TRANSIT"}})["Count"] == 0, "the index follows")
    check(d.query(**q, ExpressionAttributeValues={":s": {"S": "DELIVERED"}})["Items"] == [a], "the index follows")
    fails("ValidationException", "Consistent reads are not supported on global secondary indexes", d.query, **q, ConsistentRead=True,
          ExpressionAttributeValues={":s": {"S": "DELIVERED"}})
    fails("ValidationException", "The table does not have the specified index: Nope", d.query, **{**q, "IndexName": "Nope"},
          ExpressionAttributeValues={":s": {"S": "DELIVERED"}})
    r = d.update_item(TableName=name, Key=key, UpdateExpression="SET c = :x", ExpressionAttributeValues={":x": {"N": "9"}}, ReturnValues="UPDATED_OLD")
    check(r["Attributes"] == {"c": {"N": "1"}}, r)
    r = d.delete_item(TableName=name, Key=key, ReturnValues="ALL_OLD")
    check(r["Attributes"]["c"] == {"N": "9"}, r)
    check(d.query(**q, ExpressionAttributeValues={":s": {"S": "DELIVERED"}})["Count"] == 0, "the index follows")
    check("Item" not in d.get_item(TableName=name, Key=key), "gone")
    fails("ValidationException", "The provided key element does not match the schema", d.get_item, TableName=name, Key={"shipmentId": {"S": "x"}})
    fails("ValidationException", "Missing the key timestamp in the item", d.put_item, TableName=name, Item={"shipmentId": {"S": "x"}})
    fails("ValidationException", "Item size has exceeded the maximum allowed size", d.put_item, TableName=name,
          Item={**key, "x": {"S": "x" * 409600}})


def pages(d, name):
    """Batches in, pages out: every way to walk gives the same items."""
    s, des = TypeSerializer(), TypeDeserializer()
    rows = [{"shipmentId": f"P{i % 7}", "timestamp": f"2026-11-{1 + i // 7:02d}", "status": "ODD" if i % 2 else "EVEN", "i": i, "pad": "x" * 3000}
            for i in range(175)]
    for i in range(0, len(rows), 25):
        r = d.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": {k: s.serialize(v) for k, v in row.items()}}} for row in rows[i:i + 25]]})
        check(r["UnprocessedItems"] == {}, r)
    plain = lambda items: sorted(int(des.deserialize(x["i"])) for x in items)  # noqa: E731
    everything = list(range(175))
    for size in (1, 10, 174, 175, 1000):
        got = [x for p in d.get_paginator("scan").paginate(TableName=name, PaginationConfig={"PageSize": size}) for x in p["Items"]]
        check(plain(got) == everything, size)
    got = [x for k in range(4) for p in d.get_paginator("scan").paginate(TableName=name, Segment=k, TotalSegments=4) for x in p["Items"]]
    check(plain(got) == everything, "segments")
    for forward in (True, False):
        want = [i for i in (range(3, 175, 7) if forward else reversed(range(3, 175, 7)))]
        for size in (1, 4, 25, 26):
            got = [x for p in d.get_paginator("query").paginate(
                TableName=name, KeyConditionExpression="shipmentId = :h AND #t BETWEEN :a AND :b", ExpressionAttributeNames={"#t": "timestamp"},
                ExpressionAttributeValues={":h": {"S": "P3"}, ":a": {"S": "2026-11-01"}, ":b": {"S": "2026-11-99"}},
                ScanIndexForward=forward, PaginationConfig={"PageSize": size}) for x in p["Items"]]
            check([int(x["i"]["N"]) for x in got] == want, (forward, size))
            got = [x for p in d.get_paginator("query").paginate(
                TableName=name, IndexName="StatusIndex", KeyConditionExpression="#s = :s", ExpressionAttributeNames={"#s": "status"},
                FilterExpression="i > :n", ExpressionAttributeValues={":s": {"S": "ODD"}, ":n": {"N": "100"}},
                ScanIndexForward=forward, PaginationConfig={"PageSize": size}) for x in p["Items"]]
            times = [x["timestamp"]["S"] for x in got]
            check(plain(got) == list(range(101, 175, 2)) and times == sorted(times, reverse=not forward), (forward, size))
    # 1 MB a page, whatever the limit
    big = [{"shipmentId": {"S": "BIG"}, "timestamp": {"S": f"{i:03d}"}, "pad": {"S": "y" * 300000}} for i in range(9)]
    for x in big:
        d.put_item(TableName=name, Item=x)
    r = d.query(TableName=name, KeyConditionExpression="shipmentId = :h", ExpressionAttributeValues={":h": {"S": "BIG"}})
    check(r["Count"] == 4 and r["LastEvaluatedKey"]["timestamp"] == {"S": "003"}, r["Count"])
    r = d.batch_get_item(RequestItems={name: {"Keys": [{"shipmentId": {"S": "BIG"}, "timestamp": {"S": f"{i:03d}"}} for i in range(12)]}})
    check(len(r["Responses"][name]) == 9 and r["UnprocessedKeys"] == {}, r["UnprocessedKeys"])
    r = d.batch_write_item(RequestItems={name: [{"DeleteRequest": {"Key": {k: x[k] for k in ("shipmentId", "timestamp")}}} for x in big]})
    check(d.describe_table(TableName=name)["Table"]["ItemCount"] == 175, "counted")
    fails("ValidationException", "Provided list of item keys contains duplicates", d.batch_write_item,
          RequestItems={name: [{"PutRequest": {"Item": big[0]}}, {"PutRequest": {"Item": big[0]}}]})
    check(d.describe_table(TableName=name)["Table"]["ItemCount"] == 175, "a refused batch leaves nothing")


def resource(w, name):
    """The way most people use it."""
    import boto3
    c = w.credentials()
    t = boto3.resource("dynamodb", endpoint_url=w.url, region_name=c["AWS_REGION"], aws_access_key_id=c["AWS_ACCESS_KEY_ID"],
                       aws_secret_access_key=c["AWS_SECRET_ACCESS_KEY"]).Table(name)
    with t.batch_writer() as batch:
        for i in range(60):
            batch.put_item(Item={"shipmentId": "R", "timestamp": f"{i:04d}", "n": i, "even": i % 2 == 0})
    r = t.query(KeyConditionExpression=cond.Key("shipmentId").eq("R") & cond.Key("timestamp").begins_with("00"),
                FilterExpression=cond.Attr("even").eq(True) & cond.Attr("n").between(10, 20))
    check([int(x["n"]) for x in r["Items"]] == [10, 12, 14, 16, 18, 20] and r["ScannedCount"] == 60, r)
    r = t.scan(FilterExpression=cond.Attr("n").is_in([1, 2, 3]) | cond.Attr("n").gte(59), Select="COUNT")
    check(r["Count"] == 4, r)


def legacy(d, name):
    key = {"shipmentId": {"S": "L"}, "timestamp": {"S": "1"}}
    d.put_item(TableName=name, Item={**key, "n": {"N": "1"}}, Expected={"shipmentId": {"Exists": False}})
    fails("ConditionalCheckFailedException", "The conditional request failed", d.put_item, TableName=name, Item=key,
          Expected={"n": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "1"}]}})
    r = d.update_item(TableName=name, Key=key, ReturnValues="UPDATED_NEW",
                      AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "4"}}, "s": {"Value": {"S": "v"}}})
    check(r["Attributes"] == {"n": {"N": "5"}, "s": {"S": "v"}}, r)
    r = d.query(TableName=name, KeyConditions={"shipmentId": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "L"}]}},
                QueryFilter={"n": {"ComparisonOperator": "LE", "AttributeValueList": [{"N": "5"}]}}, AttributesToGet=["n"])
    check(r["Items"] == [{"n": {"N": "5"}}], r)
    fails("ValidationException", "Can not use both expression and non-expression parameters in the same request: Non-expression "
          "parameters: {Expected} Expression parameters: {ConditionExpression}", d.put_item, TableName=name, Item=key,
          ConditionExpression="attribute_exists(n)", Expected={"n": {"Exists": False}})


def new_index(d, name):
    d.update_table(TableName=name, AttributeDefinitions=[{"AttributeName": "i", "AttributeType": "N"}], GlobalSecondaryIndexUpdates=[{"Create": {
        "IndexName": "ByNumber", "KeySchema": [{"AttributeName": "i", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}}])
    wait_for(lambda: all(x["IndexStatus"] == "ACTIVE" for x in d.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"]))
    r = d.query(TableName=name, IndexName="ByNumber", KeyConditionExpression="i = :i", ExpressionAttributeValues={":i": {"N": "42"}})
    check([set(x) for x in r["Items"]] == [{"i", "shipmentId", "timestamp"}], r)
    t = d.describe_table(TableName=name)["Table"]
    check({x["IndexName"]: x["ItemCount"] for x in t["GlobalSecondaryIndexes"]}["ByNumber"] == 175, t)
    d.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "ByNumber"}}])
    check(len(d.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"]) == 1, "gone")


def limits(d, name):
    """Keys at their limits keep their order in the real store; writers at once lose nothing."""
    rng = random.Random(5)
    hash_key = "h" * 2048
    ranges = {("r" * 1000 + "".join(rng.choice("\x00\x01ab\xe9") for _ in range(12))) for _ in range(40)} | {"\x00" * n for n in (1, 2, 511, 1023, 1024)}
    for r in rng.sample(sorted(ranges), len(ranges)):
        d.put_item(TableName=name, Item={"shipmentId": {"S": hash_key}, "timestamp": {"S": r}, "status": {"S": hash_key}})
    want = sorted(ranges, key=lambda r: r.encode())
    for index in ({}, {"IndexName": "StatusIndex"}):
        for forward in (True, False):
            got = [x["timestamp"]["S"] for p in d.get_paginator("query").paginate(
                TableName=name, KeyConditionExpression="#k = :h", ExpressionAttributeNames={"#k": "status" if index else "shipmentId"},
                ExpressionAttributeValues={":h": {"S": hash_key}}, ScanIndexForward=forward, PaginationConfig={"PageSize": 7}, **index)
                for x in p["Items"]]
            check(got == (want if forward else want[::-1]), (index, forward))
    fails("ValidationException", "Aggregated size of all range keys has exceeded the size limit of 1024 bytes", d.put_item, TableName=name,
          Item={"shipmentId": {"S": "h"}, "timestamp": {"S": "r" * 1025}})
    key = {"shipmentId": {"S": "counter"}, "timestamp": {"S": "t"}}

    def add(_):
        for _ in range(40):
            d.update_item(TableName=name, Key=key, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    check(d.get_item(TableName=name, Key=key)["Item"]["n"] == {"N": "320"}, "a lost update")


def cli(w, name):
    r = w.aws("dynamodb", "put-item", "--table-name", name, "--item", json.dumps({"shipmentId": {"S": "CLI"}, "timestamp": {"S": "t"}}))
    r = w.aws("dynamodb", "query", "--table-name", name, "--key-condition-expression", "shipmentId = :s",
              "--expression-attribute-values", '{":s": {"S": "CLI"}}')
    check(r["Count"] == 1 and r["Items"][0]["timestamp"] == {"S": "t"}, r)
    r = w.aws("dynamodb", "describe-table", "--table-name", name)
    check(r["Table"]["TableName"] == name, r)


def main():
    with tempfile.TemporaryDirectory(prefix="waybill-dynamodb-") as data:
        with Waybill(data=os.path.join(data, "data")) as w:
            d = w.client("dynamodb")
            shipment_table(d, "ShipmentLogs")
            tables(d)
            items(d, "ShipmentLogs")
            pages(d, "ShipmentLogs")
            resource(w, "ShipmentLogs")
            legacy(d, "ShipmentLogs")
            new_index(d, "ShipmentLogs")
            limits(d, "ShipmentLogs")
            cli(w, "ShipmentLogs")
            before = d.scan(TableName="ShipmentLogs")["Items"]
            w.kill()
            w.start()
            check(w.client("dynamodb").scan(TableName="ShipmentLogs")["Items"] == before, "after kill -9")
            check(w.stop() == 0, "stopped")
            r = w.waybill("check", "--data", w.data, check=False)
            check(r.returncode == 0, r.stdout + r.stderr)
    print(f"{PASSED} checks passed")


if __name__ == "__main__":
    main()
