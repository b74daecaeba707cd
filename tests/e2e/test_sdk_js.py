"""The current @aws-sdk clients of every service, on the pinned node: calls, pages, waiters, and the SDK's own error classes."""
import sys
import time

import npm
from waybill_server import Waybill

SERVICES = ["dynamodb", "eventbridge", "lambda", "sns", "sts", "iam", "cloudtrail", "ssm", "cloudwatch-logs", "cloudwatch", "cloudformation", "ecr", "kms", "xray"]


def main():
    npm.need()
    with Waybill() as w:
        role = w.role("worker")
        for s in sys.argv[1:] or SERVICES:
            begun = time.monotonic()
            npm.node(w, "sdk.mjs", s, role)
            print(f"{s}: {time.monotonic() - begun:.1f} s", flush=True)


main()
