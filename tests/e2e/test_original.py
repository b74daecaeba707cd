"""The original stack's template with Debian's aws cli, nothing prepared: it deploys, does its work under its own role, and no more than that."""
import json
import os

from deployed import Deployed
from waybill_server import SHARED, Waybill, skip, wait_for

TEMPLATE = os.path.join(SHARED, "seed-stack", "template.json")


def deploy(w, mail):
    w.aws("cloudformation", "deploy", "--template-file", TEMPLATE, "--stack-name", "tap", "--parameter-overrides", f"NotificationEmail={mail}",
          "--capabilities", "CAPABILITY_IAM", check=False)
    return w.aws("cloudformation", "describe-stacks", "--stack-name", "tap")["Stacks"][0]["StackStatus"]


def least_privilege(w, s):
    """The policies that the template gives, and the session's end of what is taken away."""
    iam, role = w.client("iam"), s.role()
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [p["PolicyName"] for p in attached] == ["AWSLambdaBasicExecutionRole"], attached
    name, = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    table = next(t for t in document["Statement"] if "dynamodb:PutItem" in t["Action"])
    assert table["Resource"][0] == f"arn:aws:dynamodb:us-east-1:000000000000:table/{s.table}", table
    table["Action"].remove("dynamodb:PutItem")
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    s.is_denied("SHIP-2")


def main():
    if not os.path.exists(TEMPLATE):
        skip(f"the original stack's template is not here ({TEMPLATE}); WAYBILL_SHARED names the folder that holds seed-stack/")
    with Waybill() as w:
        assert deploy(w, "ops@example.test") == "CREATE_COMPLETE"
        s = Deployed(w, "tap")
        # The package of the CDK's handler was never uploaded: the retention is set all the same.
        assert s.retention() == 7
        assert not w.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/" + s.retention_handler())["logGroups"]
        assert w.client("sns").list_subscriptions()["Subscriptions"][0]["Endpoint"] == "ops@example.test"
        s.works("SHIP-1")
        least_privilege(w, s)
        # An update of something else leaves what somebody changed by hand.
        assert deploy(w, "other@example.test") == "UPDATE_COMPLETE"
        assert {x["Endpoint"] for x in w.client("sns").list_subscriptions()["Subscriptions"]} == {"other@example.test"}
        s.put("SHIP-3")
        wait_for(lambda: "AccessDenied" in s.log().partition("SHIP-3")[2])
        assert s.item("SHIP-3") is None
        arn = w.client("cloudformation").describe_stacks(StackName="tap")["Stacks"][0]["StackId"]
        w.aws("cloudformation", "delete-stack", "--stack-name", "tap")
        w.aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "tap")
        story = s.events(arn)
        assert ("ShipmentLogsTable305ECFBB", "DELETE_SKIPPED") in story and story[-1] == ("tap", "DELETE_COMPLETE"), story
        assert s.item("SHIP-1")
        # The table it left is in the way of the next one, which says so and leaves it alone.
        assert deploy(w, "ops@example.test") == "ROLLBACK_COMPLETE"
        assert ("ShipmentLogsTable305ECFBB", "CREATE_FAILED") in s.events() and s.item("SHIP-1")
        assert w.stop() == 0
        assert "all well" in w.waybill("check", "--data", w.data).stdout


main()
