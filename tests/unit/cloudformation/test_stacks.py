#!/usr/bin/env python3
"""Whole templates: the original stack's, and the one that the CDK bootstraps with."""

import json
import os
import pathlib
import sys

from evaluator import Evaluator

ROOT = pathlib.Path(__file__).resolve().parents[3]


def equal(what, got, want):
    if got != want:
        sys.exit(f"{what}\n got  {json.dumps(got, indent=1)}\n want {json.dumps(want, indent=1)}")


def original_stack(program):
    path = pathlib.Path(os.environ.get("WAYBILL_SHARED", "/nonexistent")) / "seed-stack" / "template.json"
    if not path.exists():
        print("the original template is not here: left out")
        return
    template = json.loads(path.read_text())
    resources = {name: {"Ref": f"ref-{name}", "Arn": f"arn:{name}"} for name in template["Resources"]}
    stored = {"/cdk-bootstrap/hnb659fds/version": "33"}
    got = program(template, resources=resources, stored=stored,
                  given={"NotificationEmail": "ops@example.test"})
    if "error" in got:
        sys.exit(got["error"])
    kinds = {name: r["Type"] for name, r in template["Resources"].items()}
    equal("resources", sorted(got["properties"]), sorted(template["Resources"]))
    place = {name: i for i, name in enumerate(got["order"])}
    for name, r in template["Resources"].items():
        for other in resources:
            quoted = json.dumps(r)
            if other != name and (f'{{"Ref": "{other}"}}' in quoted or f'["{other}", ' in quoted):
                if place[other] > place[name]:
                    sys.exit(f"{name} comes before {other}, which it refers to")
    subscription = next(n for n, k in kinds.items() if k == "AWS::SNS::Subscription")
    equal("the mail", got["properties"][subscription]["Endpoint"], "ops@example.test")
    for name, kind in kinds.items():
        left = json.dumps(got["properties"][name])
        for mark in ('"Ref"', '"Fn::', "KNOWN_AFTER"):
            if mark in left:
                sys.exit(f"{name} ({kind}) is left with {mark}: {left}")
    dashboard = next(n for n, k in kinds.items() if k == "AWS::CloudWatch::Dashboard")
    body = json.loads(got["properties"][dashboard]["DashboardBody"])
    if not body["widgets"] or "us-east-1" not in json.dumps(body):
        sys.exit("the dashboard has no widgets, or not of this region")
    for version, complaint in (("5", "CDK bootstrap stack version 6 required"), (None, "Unable to fetch parameters [/cdk-bootstrap/")):
        refused = program(template, resources=resources, stored={"/cdk-bootstrap/hnb659fds/version": version}
                          if version else {}, given={})
        if complaint not in refused.get("error", ""):
            sys.exit(f"bootstrap version {version}: {refused}")


def bootstrap_stack(program):
    path = ROOT / "tests/npm/node_modules/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml"
    if not path.exists():
        print("aws-cdk is not installed: its template is left out")
        return
    text = path.read_text()
    names = ["StagingBucket", "ContainerAssetsRepository", "FilePublishingRole", "ImagePublishingRole",
             "LookupRole", "DeploymentActionRole", "CloudFormationExecutionRole", "CdkBootstrapVersion",
             "StagingBucketPolicy", "FilePublishingRoleDefaultPolicy", "ImagePublishingRoleDefaultPolicy"]
    resources = {n: {"Ref": f"ref-{n}", "Arn": f"arn:{n}", "RegionalDomainName": f"domain-{n}",
                     "DomainName": f"domain-{n}"} for n in names}
    got = program(text, resources=resources, given={
        "TrustedAccounts": "", "TrustedAccountsForLookup": "", "CloudFormationExecutionPolicies":
        "arn:aws:iam::aws:policy/AdministratorAccess", "FileAssetsBucketKmsKeyId": "AWS_MANAGED_KEY",
        "PublicAccessBlockConfiguration": "true"})
    if "error" in got:
        sys.exit(got["error"])
    p = got["properties"]
    equal("resources", sorted(p), sorted(names))
    equal("the bucket's name", p["StagingBucket"]["BucketName"], "cdk-hnb659fds-assets-111122223333-us-east-1")
    equal("no key", p["StagingBucket"]["BucketEncryption"]["ServerSideEncryptionConfiguration"],
          [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}])
    equal("public access", p["StagingBucket"]["PublicAccessBlockConfiguration"]["BlockPublicAcls"], True)
    equal("who publishes", [s["Principal"] for s in p["FilePublishingRole"]["AssumeRolePolicyDocument"]["Statement"]],
          [{"AWS": "111122223333"}] * len(p["FilePublishingRole"]["AssumeRolePolicyDocument"]["Statement"]))
    equal("execution policies", p["CloudFormationExecutionRole"]["ManagedPolicyArns"],
          ["arn:aws:iam::aws:policy/AdministratorAccess"])
    equal("the version's name", p["CdkBootstrapVersion"]["Name"], "/cdk-bootstrap/hnb659fds/version")
    equal("the bucket, told", got["outputs"]["BucketName"], "ref-StagingBucket")
    trusting = program(text, resources=resources, given={
        "TrustedAccounts": "222222222222,333333333333",
        "CloudFormationExecutionPolicies": "arn:aws:iam::aws:policy/PowerUserAccess",
        "FileAssetsBucketKmsKeyId": "AWS_MANAGED_KEY"})
    if '"333333333333"' not in json.dumps(trusting.get("properties", {}).get("FilePublishingRole")):
        sys.exit(f"trusted accounts: {trusting}")


def main():
    program = Evaluator()
    original_stack(program)
    bootstrap_stack(program)
    program.close()


main()
