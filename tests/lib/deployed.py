"""The original stack once it is deployed: events put with the aws cli, what its function made of them, what its stack tells."""
import json

from waybill_server import wait_for

TIME = "2025-10-17T12:00:00Z"


class Deployed:
    def __init__(self, w, stack, suffix="dev"):
        self.w, self.stack = w, stack
        self.bus, self.table, self.topic, self.function = (f"{n}-us-east-1-{suffix}" for n in (
            "shipment-events", "shipment-logs", "shipment-alerts", "shipment-processor"))

    def events(self, stack=None):
        """(resource, status) as clients order them, by time."""
        pages = self.w.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack or self.stack)
        found = [e for p in pages for e in p["StackEvents"]]
        return [(e["LogicalResourceId"], e["ResourceStatus"]) for e in sorted(found, key=lambda e: e["Timestamp"])]

    def resources(self, kind, stack=None):
        found = self.w.client("cloudformation").list_stack_resources(StackName=stack or self.stack)["StackResourceSummaries"]
        return [r["PhysicalResourceId"] for r in found if r["ResourceType"] == kind]

    def role(self):
        return next(r for r in self.resources("AWS::IAM::Role") if "LambdaExecutionRole" in r)

    def retention_handler(self):
        return next(f for f in self.resources("AWS::Lambda::Function") if f != self.function)

    def retention(self):
        groups = self.w.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/" + self.function)["logGroups"]
        return groups and groups[0].get("retentionInDays")

    def log(self, function=None):
        c = self.w.client("logs")
        pages = c.get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/" + (function or self.function))
        return "\n".join(e["message"] for p in pages for e in p["events"])

    def put(self, shipment):
        entry = {"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": self.bus,
                 "Detail": json.dumps({"shipmentId": shipment, "status": "IN_TRANSIT", "timestamp": TIME})}
        assert self.w.aws("events", "put-events", "--entries", json.dumps([entry]))["FailedEntryCount"] == 0

    def item(self, shipment):
        found = self.w.aws("dynamodb", "get-item", "--table-name", self.table, "--key", json.dumps({"shipmentId": {"S": shipment}, "timestamp": {"S": TIME}}))
        return found and found["Item"]

    def works(self, shipment):
        self.put(shipment)
        item = wait_for(lambda: self.item(shipment))
        assert item["eventSource"] == {"S": "logistics.shipments"} and item["eventType"] == {"S": "Shipment Update"}, item

    def is_denied(self, shipment):
        """Its role may not put the item: nothing is written, and the function's log says what was denied to whom."""
        self.put(shipment)
        told = wait_for(lambda: "AccessDenied" in self.log() and self.log())
        assert f"assumed-role/{self.role()}/{self.function} is not authorized to perform: dynamodb:PutItem on resource: " \
               f"arn:aws:dynamodb:us-east-1:000000000000:table/{self.table}" in told, told
        assert self.item(shipment) is None
