"""A live server for tests: a free port, a data directory of its own, stopped by pid.

    with Waybill() as w:
        w.client("dynamodb").list_tables()
        w.aws("sns", "list-topics")

Debian's boto3 1.26 and awscli 2.9 do not read AWS_ENDPOINT_URL, so the end point is always given.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("WAYBILL_BUILD", os.path.join(ROOT, "build"))
PROGRAM = os.path.join(BUILD, "waybill")
SHARED = os.environ.get("WAYBILL_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
SKIP = 77  # meson's status for a skipped test


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def allow(action, resource="*", **more):
    """A statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refused(code, call, **args):
    """The call must be refused with this error code; its message."""
    from botocore.exceptions import ClientError  # the AWS CLI's tests need no botocore
    try:
        call(**args)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e
        return e.response["Error"]["Message"]
    raise AssertionError(f"{code} expected")


class Waybill:
    def __init__(self, data=None, args=(), port=None, env=None):
        self.own = data is None
        self.data = data or tempfile.mkdtemp(prefix="waybill-test-")
        self.args = list(args)
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.extra_env = dict(env or {})
        self.process = None
        self.log = os.path.join(os.path.dirname(self.data.rstrip("/")), os.path.basename(self.data.rstrip("/")) + ".log")

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()
        if self.own:
            shutil.rmtree(self.data, ignore_errors=True)
            if exc[0] is None and os.path.exists(self.log):
                os.unlink(self.log)

    def start(self, wait=True, seconds=20):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.data, "LANG": "C.UTF-8", **self.extra_env}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", *self.args],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env)
        if wait:
            self.wait_ready(seconds)
        return self

    def wait_ready(self, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log_text()[-4000:]}")
            try:
                with urllib.request.urlopen(self.url + "/_waybill/health", timeout=1) as r:
                    if r.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.01)
        raise RuntimeError(f"the server is not ready after {seconds} s:\n{self.log_text()[-4000:]}")

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def stop(self, seconds=20):
        """SIGTERM; returns the exit status."""
        if not self.process or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError("the server did not end on SIGTERM")

    def kill(self):
        """kill -9"""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def credentials(self):
        with open(os.path.join(self.data, "credentials"), encoding="utf-8") as f:
            return dict(re.findall(r"^export (\w+)=(.*)$", f.read(), re.M))

    def environment(self):
        """For programs: a plain PATH, credentials, end point."""
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.data, "LANG": "C.UTF-8", "AWS_ENDPOINT_URL": self.url,
                "AWS_EC2_METADATA_DISABLED": "true", **self.credentials()}

    def client(self, service, **config):
        import boto3
        from botocore.config import Config
        c = self.credentials()
        return boto3.client(service, endpoint_url=self.url, region_name=c["AWS_REGION"], aws_access_key_id=c["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=c["AWS_SECRET_ACCESS_KEY"], config=Config(retries={"max_attempts": 8}, **config))

    def client_with(self, service, key, **config):
        """A client with other credentials: what CreateAccessKey or AssumeRole answered."""
        import boto3
        from botocore.config import Config
        return boto3.client(service, endpoint_url=self.url, region_name=self.credentials()["AWS_REGION"],
                            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
                            aws_session_token=key.get("SessionToken"), config=Config(retries={"max_attempts": 8}, **config))

    def role(self, name, *statements, service="lambda.amazonaws.com"):
        """A role that the service may assume, allowed what the statements say. Its ARN."""
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=policy(*statements))
        return arn

    def user(self, name, *statements):
        """A user allowed what the statements say. Gives a function from a service's name to a client of the user."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return lambda service, **config: self.client_with(service, key, **config)

    def aws(self, *args, check=True):
        """Debian's aws cli; the answer as a document."""
        r = subprocess.run(["/usr/bin/aws", "--endpoint-url", self.url, "--output", "json", "--no-cli-pager", *args],
                           env=self.environment(), capture_output=True, text=True)
        if check and r.returncode:
            raise RuntimeError(f"aws {' '.join(args)}: {r.stderr}")
        if not check:
            return r
        return json.loads(r.stdout) if r.stdout.strip() else None

    def waybill(self, *args, check=True, env=None, timeout=300):
        """The command line against this server."""
        r = subprocess.run([PROGRAM, *args], env={**self.environment(), **(env or {})}, capture_output=True, text=True, timeout=timeout)
        if check and r.returncode:
            raise RuntimeError(f"waybill {' '.join(args)}: {r.returncode}\n{r.stdout}\n{r.stderr}")
        return r

    def shipments(self, email=None):
        """Deploys the shipment stack, and confirms who gets its mails."""
        more = ["--param", "NotificationEmail=" + email] if email else []
        out = self.waybill("deploy", os.path.join(ROOT, "apps/shipments/template.yaml"), "--stack", "shipments", "--code",
                           os.path.join(BUILD, "apps/shipments"), "--import", *more).stdout
        return out + self.waybill("confirm", email, "--outbox", os.path.join(self.data, "outbox")).stdout if email else out

    def page(self, path, data=None, method=None):
        r = urllib.request.Request(self.url + path, data=data, method=method)
        with urllib.request.urlopen(r, timeout=30) as answer:
            return answer.read().decode()


def wait_for(what, seconds=30, every=0.02):
    """Calls what() until it gives something true."""
    until = time.monotonic() + seconds
    while True:
        r = what()
        if r:
            return r
        if time.monotonic() > until:
            raise AssertionError(f"waited {seconds} s in vain for {getattr(what, '__name__', what)}")
        time.sleep(every)
