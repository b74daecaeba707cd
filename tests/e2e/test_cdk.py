"""The original stack's CDK app with the stock CDK: deploy, diff, change, destroy, import, direct, bootstrap; and that what it deployed does its work."""
import json
import os
import shutil
import subprocess
import tempfile
import time

import npm
from waybill_server import SHARED, Waybill, skip, wait_for

APP = os.path.join(SHARED, "seed-stack", "cdk-app")
STACK = "TapStackdev"
BUS, TABLE, TOPIC, FUNCTION = (f"{n}-us-east-1-dev" for n in ("shipment-events", "shipment-logs", "shipment-alerts", "shipment-processor"))


class Cdk:
    """The app in a folder of its own, deployed by a user with AdministratorAccess."""

    def __init__(self, w, home):
        iam = w.client("iam")
        iam.create_user(UserName="developer")
        iam.attach_user_policy(UserName="developer", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = iam.create_access_key(UserName="developer")["AccessKey"]
        self.app = os.path.join(home, "app")
        shutil.copytree(APP, self.app, copy_function=shutil.copyfile)
        for folder, _, _ in os.walk(self.app):
            os.chmod(folder, 0o755)
        os.symlink(npm.MODULES, os.path.join(self.app, "node_modules"))
        self.environment = {**npm.environment(w), "HOME": home, "CDK_HOME": os.path.join(home, ".cdk"), "CI": "1",
                            "CDK_DISABLE_CLI_TELEMETRY": "true", "CDK_DISABLE_VERSION_CHECK": "true",
                            "AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def __call__(self, *args, **env):
        begun = time.monotonic()
        r = subprocess.run([npm.NODE, os.path.join(npm.MODULES, "aws-cdk", "bin", "cdk"), "--no-color", "--no-notices", *args], cwd=self.app,
                           env={**self.environment, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        said = r.stdout + r.stderr
        assert r.returncode == 0, f"cdk {' '.join(args)}: {said}"
        print(f"cdk {' '.join(args)}: {time.monotonic() - begun:.1f} s", flush=True)
        return said

    def edit(self, old, new):
        path = os.path.join(self.app, "tap_stack.js")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        assert old in text
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))

    def deploy(self, *args, **env):
        return self("deploy", "--require-approval", "never", *args, **env)


def events(w, stack):
    """(resource, status) as the clients order them, by time."""
    found = [e for p in w.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack) for e in p["StackEvents"]]
    return [(e["LogicalResourceId"], e["ResourceStatus"]) for e in sorted(found, key=lambda e: e["Timestamp"])]


def resource(w, kind, stack=STACK):
    return [r["PhysicalResourceId"] for r in w.client("cloudformation").list_stack_resources(StackName=stack)["StackResourceSummaries"] if r["ResourceType"] == kind]


def log_of(w, function):
    c = w.client("logs")
    return "\n".join(e["message"] for p in c.get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/" + function) for e in p["events"])


def put(w, shipment):
    entry = {"Source": "logistics.shipments", "DetailType": "Shipment Update", "EventBusName": BUS,
             "Detail": json.dumps({"shipmentId": shipment, "status": "IN_TRANSIT", "timestamp": "2025-10-17T12:00:00Z"})}
    assert w.aws("events", "put-events", "--entries", json.dumps([entry]))["FailedEntryCount"] == 0


def item(w, shipment):
    return w.aws("dynamodb", "get-item", "--table-name", TABLE, "--key",
                 json.dumps({"shipmentId": {"S": shipment}, "timestamp": {"S": "2025-10-17T12:00:00Z"}}))


def new_stack(w, cdk):
    said = cdk.deploy("--progress", "events")
    assert "could not be used to assume" not in said, said  # the roles of a bootstrapped account are there
    assert f"{STACK}.SNSTopicArn = arn:aws:sns:us-east-1:000000000000:{TOPIC}" in said, said
    story = events(w, STACK)
    assert story[:2] == [(STACK, "REVIEW_IN_PROGRESS"), (STACK, "CREATE_IN_PROGRESS")] and story[-1] == (STACK, "CREATE_COMPLETE"), story
    shown = [line for line in said.splitlines() if "CREATE_" in line]
    assert "CREATE_COMPLETE" in shown[-1] and "AWS::CloudFormation::Stack" in shown[-1], shown[-1]
    # The CDK uploaded the asset: its own handler has set the retention, under its own role.
    handler = next(f for f in resource(w, "AWS::Lambda::Function") if f != FUNCTION)
    assert '"Status":"SUCCESS"' in wait_for(lambda: '"Status":' in log_of(w, handler) and log_of(w, handler))
    group = w.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/" + FUNCTION)["logGroups"][0]
    assert group["retentionInDays"] == 7, group


def works(w):
    put(w, "SHIP-1")
    assert wait_for(lambda: item(w, "SHIP-1"))["Item"]["eventSource"] == {"S": "logistics.shipments"}


def unchanged(cdk):
    assert "(no changes)" in cdk.deploy("--app", "cdk.out")
    assert "There were no differences" in cdk("diff", "--app", "cdk.out")


def without_permission(w, cdk):
    """A change that takes dynamodb:PutItem from the function: shown, deployed, and felt."""
    os.rename(os.path.join(cdk.app, "cdk.out"), os.path.join(cdk.app, "cdk.first"))
    cdk.edit("shipment_table.grantWriteData(shipment_processor);", "shipment_table.grantReadData(shipment_processor);")
    said = cdk("diff")
    assert "dynamodb:PutItem" in said and "Could not create a change set" not in said, said
    before = len(events(w, STACK))
    cdk.deploy("--app", "cdk.out")
    changed = [e for e in events(w, STACK)[before:] if e[1] == "UPDATE_COMPLETE"]
    assert len(changed) == 2 and changed[0][0].startswith("LambdaExecutionRoleDefaultPolicy") and changed[1][0] == STACK, changed
    put(w, "SHIP-2")
    told = wait_for(lambda: "AccessDenied" in log_of(w, FUNCTION) and log_of(w, FUNCTION))
    who = next(r for r in resource(w, "AWS::IAM::Role") if "LambdaExecutionRole" in r)
    assert f"assumed-role/{who}/{FUNCTION} is not authorized to perform: dynamodb:PutItem on resource: " \
           f"arn:aws:dynamodb:us-east-1:000000000000:table/{TABLE}" in told, told
    assert item(w, "SHIP-2") is None


def taken_over(w, cdk):
    """The table stays when the stack goes, and comes back into the next one."""
    arn = w.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
    assert f"{STACK}: destroyed" in cdk("destroy", "--force", "--app", "cdk.out")
    assert events(w, arn)[-1] == (STACK, "DELETE_COMPLETE")
    assert item(w, "SHIP-1") and w.client("events").list_event_buses(NamePrefix="shipment")["EventBuses"] == []
    cdk.deploy("--app", "cdk.first", "--import-existing-resources")
    assert next(e[0] for e in events(w, STACK) if e[1] == "IMPORT_COMPLETE").startswith("ShipmentLogsTable")
    assert item(w, "SHIP-1")
    put(w, "SHIP-3")
    wait_for(lambda: item(w, "SHIP-3"))


def bootstrapped(w, cdk):
    """Takes over what the account holds from the start; what is deployed afterwards goes the same ways."""
    bucket, parameter = "cdk-hnb659fds-assets-000000000000-us-east-1", "/cdk-bootstrap/hnb659fds/version"
    role = w.client("iam").get_role(RoleName="cdk-hnb659fds-deploy-role-000000000000-us-east-1")["Role"]["RoleId"]
    objects = {o["Key"] for o in w.client("s3").list_objects_v2(Bucket=bucket)["Contents"]}
    said = cdk("bootstrap", "--app", "cdk.out")
    assert "bootstrapped" in said, said
    assert resource(w, "AWS::S3::Bucket", "CDKToolkit") == [bucket]
    assert resource(w, "AWS::SSM::Parameter", "CDKToolkit") == [parameter]
    assert {e[0] for e in events(w, "CDKToolkit") if e[1] == "IMPORT_COMPLETE"} >= {"StagingBucket", "DeploymentActionRole", "CdkBootstrapVersion"}
    assert w.client("iam").get_role(RoleName="cdk-hnb659fds-deploy-role-000000000000-us-east-1")["Role"]["RoleId"] == role
    assert {o["Key"] for o in w.client("s3").list_objects_v2(Bucket=bucket)["Contents"]} >= objects
    assert "(no changes)" in cdk("bootstrap", "--app", "cdk.out")
    cdk.deploy("--method=direct", SEED_SUFFIX="two")
    assert events(w, "TapStacktwo")[-1] == ("TapStacktwo", "CREATE_COMPLETE")
    assert "(no changes)" in cdk.deploy("--method=direct", "--force", "--app", "cdk.out", SEED_SUFFIX="two")


def main():
    npm.need()
    if not os.path.exists(APP):
        skip(f"the CDK app of the original stack is not here ({APP}); WAYBILL_SHARED names the folder that holds seed-stack/")
    home = tempfile.mkdtemp(prefix="waybill-cdk-")
    try:
        with Waybill() as w:
            cdk = Cdk(w, home)
            new_stack(w, cdk)
            works(w)
            unchanged(cdk)
            without_permission(w, cdk)
            taken_over(w, cdk)
            bootstrapped(w, cdk)
            assert w.stop() == 0
            assert "all well" in w.waybill("check", "--data", w.data).stdout
    finally:
        shutil.rmtree(home, ignore_errors=True)


main()
