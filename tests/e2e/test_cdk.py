"""The original stack's CDK app with the stock CDK: deploy, diff, change, destroy, import, direct, bootstrap; and that what it deployed does its work."""
import os
import shutil
import subprocess
import tempfile
import time

import npm
from deployed import Deployed
from waybill_server import SHARED, Waybill, skip, wait_for

APP = os.path.join(SHARED, "seed-stack", "cdk-app")
STACK = "TapStackdev"


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


def new_stack(s, cdk):
    said = cdk.deploy("--progress", "events")
    assert "could not be used to assume" not in said, said  # the roles of a bootstrapped account are there
    assert f"{STACK}.SNSTopicArn = arn:aws:sns:us-east-1:000000000000:{s.topic}" in said, said
    story = s.events()
    assert story[:2] == [(STACK, "REVIEW_IN_PROGRESS"), (STACK, "CREATE_IN_PROGRESS")] and story[-1] == (STACK, "CREATE_COMPLETE"), story
    shown = [line for line in said.splitlines() if "CREATE_" in line]
    assert "CREATE_COMPLETE" in shown[-1] and "AWS::CloudFormation::Stack" in shown[-1], shown[-1]
    # The CDK uploaded the asset: its own handler has set the retention, under its own role.
    handler = s.retention_handler()
    assert '"Status":"SUCCESS"' in wait_for(lambda: '"Status":' in s.log(handler) and s.log(handler))
    assert s.retention() == 7


def unchanged(cdk):
    assert "(no changes)" in cdk.deploy("--app", "cdk.out")
    assert "There were no differences" in cdk("diff", "--app", "cdk.out")


def without_permission(s, cdk):
    """A change that takes dynamodb:PutItem from the function: shown, deployed, and felt."""
    os.rename(os.path.join(cdk.app, "cdk.out"), os.path.join(cdk.app, "cdk.first"))
    cdk.edit("shipment_table.grantWriteData(shipment_processor);", "shipment_table.grantReadData(shipment_processor);")
    said = cdk("diff")
    assert "dynamodb:PutItem" in said and "Could not create a change set" not in said, said
    before = len(s.events())
    cdk.deploy("--app", "cdk.out")
    changed = [e[0] for e in s.events()[before:] if e[1] == "UPDATE_COMPLETE"]
    assert len(changed) == 2 and changed[0].startswith("LambdaExecutionRoleDefaultPolicy") and changed[1] == STACK, changed
    s.is_denied("SHIP-2")


def taken_over(w, s, cdk):
    """The table stays when the stack goes, and comes back into the next one."""
    arn = w.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
    assert f"{STACK}: destroyed" in cdk("destroy", "--force", "--app", "cdk.out")
    assert s.events(arn)[-1] == (STACK, "DELETE_COMPLETE")
    assert s.item("SHIP-1") and w.client("events").list_event_buses(NamePrefix="shipment")["EventBuses"] == []
    cdk.deploy("--app", "cdk.first", "--import-existing-resources")
    assert next(e[0] for e in s.events() if e[1] == "IMPORT_COMPLETE").startswith("ShipmentLogsTable")
    assert s.item("SHIP-1")
    s.works("SHIP-3")


def bootstrapped(w, s, cdk):
    """Takes over what the account holds from the start; what is deployed afterwards goes the same ways."""
    bucket, role = "cdk-hnb659fds-assets-000000000000-us-east-1", "cdk-hnb659fds-deploy-role-000000000000-us-east-1"
    iam, s3 = w.client("iam"), w.client("s3")
    was = iam.get_role(RoleName=role)["Role"]["RoleId"], {o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    said = cdk("bootstrap", "--app", "cdk.out")
    assert "bootstrapped" in said, said
    assert s.resources("AWS::S3::Bucket", "CDKToolkit") == [bucket]
    assert s.resources("AWS::SSM::Parameter", "CDKToolkit") == ["/cdk-bootstrap/hnb659fds/version"]
    assert {e[0] for e in s.events("CDKToolkit") if e[1] == "IMPORT_COMPLETE"} >= {"StagingBucket", "DeploymentActionRole", "CdkBootstrapVersion"}
    now = iam.get_role(RoleName=role)["Role"]["RoleId"], {o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert now[0] == was[0] and now[1] >= was[1], (was, now)
    assert "(no changes)" in cdk("bootstrap", "--app", "cdk.out")
    cdk.deploy("--method=direct", SEED_SUFFIX="two")
    assert s.events("TapStacktwo")[-1] == ("TapStacktwo", "CREATE_COMPLETE")
    assert "(no changes)" in cdk.deploy("--method=direct", "--force", "--app", "cdk.out")


def main():
    npm.need()
    if not os.path.exists(APP):
        skip(f"the CDK app of the original stack is not here ({APP}); WAYBILL_SHARED names the folder that holds seed-stack/")
    home = tempfile.mkdtemp(prefix="waybill-cdk-")
    try:
        with Waybill() as w:
            cdk = Cdk(w, home)
            s = Deployed(w, STACK)
            new_stack(s, cdk)
            s.works("SHIP-1")
            unchanged(cdk)
            without_permission(s, cdk)
            taken_over(w, s, cdk)
            bootstrapped(w, s, cdk)
            assert w.stop() == 0
            assert "all well" in w.waybill("check", "--data", w.data).stdout
    finally:
        shutil.rmtree(home, ignore_errors=True)


main()
