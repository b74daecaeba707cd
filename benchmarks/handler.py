"""A Python handler of the usual kind, for the flow: prints the event, puts an item with boto3, answers."""
import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def lambda_handler(event, context):
    print(f"Received event: {json.dumps(event)}")
    detail = event["detail"]
    table.put_item(Item={**detail, "eventId": event["id"], "eventType": event["detail-type"], "eventSource": event["source"],
                         "rawEvent": json.dumps(detail)})
    return {"statusCode": 200, "body": json.dumps({"shipmentId": detail["shipmentId"], "status": detail["status"]})}
