"""The stack the application started from (one bus, rule, Python function, table, topic), made by calls; the handler is taken as it is.

Values as in its template: names, key schema, StatusIndex, stream, recovery, pattern, retry policy, memory, time-out.
"""
import io
import os
import zipfile

from waybill_server import SHARED, skip

HANDLER = os.path.join(SHARED, "seed-stack", "lambda_index.py")
REGION = "us-east-1"


def need_handler():
    if not os.path.exists(HANDLER):
        skip(f"the original handler is not here ({HANDLER}); WAYBILL_SHARED names the folder that holds seed-stack/")


class OriginalStack:
    def __init__(self, w, suffix="seed", email="ops@example.test"):
        self.w = w
        self.bus, self.rule, self.function = (f"{n}-{REGION}-{suffix}" for n in ("shipment-events", "shipment-updates", "shipment-processor"))
        self.table, self.topic_name = (f"{n}-{REGION}-{suffix}" for n in ("shipment-logs", "shipment-alerts"))
        ddb, sns, events, functions = (w.client(s) for s in ("dynamodb", "sns", "events", "lambda"))
        ddb.create_table(
            TableName=self.table, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("shipmentId", "timestamp", "status")],
            KeySchema=[{"AttributeName": "shipmentId", "KeyType": "HASH"}, {"AttributeName": "timestamp", "KeyType": "RANGE"}],
            GlobalSecondaryIndexes=[{"IndexName": "StatusIndex", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [
                {"AttributeName": "status", "KeyType": "HASH"}, {"AttributeName": "timestamp", "KeyType": "RANGE"}]}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        ddb.get_waiter("table_exists").wait(TableName=self.table, WaiterConfig={"Delay": 1})
        ddb.update_continuous_backups(TableName=self.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
        self.topic = sns.create_topic(Name=self.topic_name, Attributes={"DisplayName": "Shipment Processing Alerts"})["TopicArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint=email)
        with open(HANDLER, "rb") as f:
            self.source = f.read()
        # The execution role as the template has it, with its managed policy.
        arn = ddb.describe_table(TableName=self.table)["Table"]["TableArn"]
        self.role = w.role(
            self.function,
            {"Effect": "Allow", "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "Resource": "*"},
            {"Effect": "Allow", "Resource": [arn, arn + "/index/*"], "Action": [
                "dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable"]},
            {"Effect": "Allow", "Action": "sns:Publish", "Resource": self.topic})
        w.client("iam").attach_role_policy(RoleName=self.function, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("index.py", self.source)
        made = functions.create_function(
            FunctionName=self.function, Runtime="python3.10", Handler="index.lambda_handler", MemorySize=512, Timeout=30,
            Role=self.role, Code={"ZipFile": package.getvalue()}, TracingConfig={"Mode": "Active"},
            Environment={"Variables": {"TABLE_NAME": self.table, "SNS_TOPIC_ARN": self.topic, "ENVIRONMENT": suffix}})
        functions.get_waiter("function_active_v2").wait(FunctionName=self.function)
        events.create_event_bus(Name=self.bus)
        rule = events.put_rule(
            Name=self.rule, EventBusName=self.bus, State="ENABLED", Description="Route shipment update events to Lambda processor",
            EventPattern='{"source":["logistics.shipments"],"detail-type":["Shipment Update","Shipment Created","Shipment Delayed"]}')["RuleArn"]
        functions.add_permission(FunctionName=self.function, StatementId="rule", Action="lambda:InvokeFunction",
                                 Principal="events.amazonaws.com", SourceArn=rule)
        events.put_targets(Rule=self.rule, EventBusName=self.bus, Targets=[
            {"Id": "Target0", "Arn": made["FunctionArn"], "RetryPolicy": {"MaximumEventAgeInSeconds": 7200, "MaximumRetryAttempts": 2}}])
