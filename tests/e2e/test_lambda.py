"""Lambda with real clients: functions, their life, what goes wrong in them, what they may not do."""
import base64
import glob
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
import zipfile

from botocore.exceptions import ClientError
from waybill_server import SHARED, Waybill, wait_for

ROLE = "arn:aws:iam::000000000000:role/worker"


def package(source, name="index.py", mode=0o644, **more):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        for n, s in {name: source, **more}.items():
            info = zipfile.ZipInfo(n)
            info.external_attr = (0o100000 | mode) << 16
            z.writestr(info, s)
    return b.getvalue()


def create(w, name, source, **config):
    config = {"Runtime": "python3.10", "Handler": "index.handler", "Role": ROLE, "MemorySize": 256, "Timeout": 20, **config}
    return w.client("lambda").create_function(FunctionName=name, Code={"ZipFile": package(source)}, **config)


def invoke(w, name, event=None, **more):
    r = w.client("lambda", read_timeout=120).invoke(FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail", **more)
    body = r["Payload"].read()
    log = base64.b64decode(r.get("LogResult", "")).decode()
    return json.loads(body) if body else None, r.get("FunctionError"), log


def refused(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e.response
        return e.response
    raise AssertionError(f"expected {code}")


def life(w):
    c = w.client("lambda")
    r = create(w, "life", "def handler(e, c): return 1", Environment={"Variables": {"KEY": "value"}}, Tags={"team": "x"}, TracingConfig={"Mode": "Active"})
    assert r["FunctionArn"] == "arn:aws:lambda:us-east-1:000000000000:function:life", r
    assert r["State"] == "Active" and r["Version"] == "$LATEST" and r["TracingConfig"]["Mode"] == "Active"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", r["LastModified"]), r["LastModified"]
    refused("ResourceConflictException", create, w, "life", "x")
    c.get_waiter("function_active").wait(FunctionName="life")
    c.get_waiter("function_updated").wait(FunctionName="life")
    for name in ("life", "life:$LATEST", r["FunctionArn"], r["FunctionArn"] + ":$LATEST", "000000000000:function:life"):
        got = c.get_function(FunctionName=name)
        assert got["Configuration"]["CodeSha256"] == r["CodeSha256"] and got["Tags"] == {"team": "x"}, name
    refused("ResourceNotFoundException", c.get_function, FunctionName="none")
    refused("ResourceNotFoundException", c.get_function, FunctionName="life:7")
    e = refused("InvalidParameterValueException", create, w, "old", "x", Runtime="python2.7")
    assert "Member must satisfy enum value set" in e["Error"]["Message"], e
    refused("InvalidParameterValueException", c.create_function, FunctionName="bad", Runtime="python3.10", Role=ROLE, Handler="a.b", Code={"ZipFile": b"no zip"})
    refused("InvalidParameterValueException", create, w, "env", "x", Environment={"Variables": {"AWS_REGION": "x"}})
    refused("InvalidParameterValueException", create, w, "env", "x", Environment={"Variables": {"KEY": "x" * 5000}})
    refused("ValidationException", create, w, "slow", "x", Timeout=901)
    refused("ValidationException", create, w, "big", "x", MemorySize=10241)

    assert invoke(w, "life")[0] == 1
    r2 = c.update_function_code(FunctionName="life", ZipFile=package("def handler(e, c): return 2"))
    assert r2["CodeSha256"] != r["CodeSha256"] and r2["RevisionId"] != r["RevisionId"]
    assert invoke(w, "life")[0] == 2
    refused("PreconditionFailedException", c.update_function_configuration, FunctionName="life", RevisionId=r["RevisionId"], Timeout=9)
    r3 = c.update_function_configuration(FunctionName="life", Timeout=9, Environment={"Variables": {"KEY": "other"}})
    assert r3["Timeout"] == 9 and r3["MemorySize"] == 256 and r3["Environment"]["Variables"] == {"KEY": "other"}
    c.tag_resource(Resource=r["FunctionArn"], Tags={"a": "b"})
    c.untag_resource(Resource=r["FunctionArn"], TagKeys=["team"])
    assert c.list_tags(Resource=r["FunctionArn"])["Tags"] == {"a": "b"}

    for i in range(5):
        create(w, f"page{i}", "def handler(e, c): return 1")
    names, marker = [], {}
    while True:
        p = c.list_functions(MaxItems=2, **marker)
        names += [f["FunctionName"] for f in p["Functions"]]
        if "NextMarker" not in p:
            break
        marker = {"Marker": p["NextMarker"]}
    assert names == ["life"] + [f"page{i}" for i in range(5)], names
    for n in names:
        c.delete_function(FunctionName=n)
    refused("ResourceNotFoundException", c.delete_function, FunctionName="life")
    refused("ResourceNotFoundException", c.invoke, FunctionName="life")


def permissions(w):
    c = w.client("lambda")
    create(w, "perm", "def handler(e, c): return 1")
    refused("ResourceNotFoundException", c.get_policy, FunctionName="perm")
    s = json.loads(c.add_permission(FunctionName="perm", StatementId="bus", Action="lambda:InvokeFunction", Principal="events.amazonaws.com",
                                    SourceArn="arn:aws:events:us-east-1:000000000000:rule/b/r")["Statement"])
    assert s["Principal"] == {"Service": "events.amazonaws.com"} and s["Condition"]["ArnLike"]["AWS:SourceArn"].endswith("rule/b/r"), s
    refused("ResourceConflictException", c.add_permission, FunctionName="perm", StatementId="bus", Action="lambda:InvokeFunction", Principal="events.amazonaws.com")
    c.add_permission(FunctionName="perm", StatementId="acc", Action="lambda:*", Principal="111122223333", SourceAccount="111122223333")
    p = json.loads(c.get_policy(FunctionName="perm")["Policy"])
    assert [s["Sid"] for s in p["Statement"]] == ["bus", "acc"], p
    c.remove_permission(FunctionName="perm", StatementId="bus")
    refused("ResourceNotFoundException", c.remove_permission, FunctionName="perm", StatementId="bus")
    c.remove_permission(FunctionName="perm", StatementId="acc")
    refused("ResourceNotFoundException", c.get_policy, FunctionName="perm")


MANY = """
import json, os, sys, time, subprocess
count = 0
class Odd(Exception): pass
def handler(event, context):
    global count
    count += 1
    what = event.get('do')
    if what == 'echo': return event
    if what == 'count': return count
    if what == 'raise': raise Odd('went wrong')
    if what == 'exit': sys.exit(3)
    if what == '_exit': os._exit(4)
    if what == 'segv': os.kill(os.getpid(), 11)
    if what == 'hang': time.sleep(60)
    if what == 'eat':
        b = bytearray(event['mb'] << 20)
        time.sleep(60)
    if what == 'bad': return object()
    if what == 'big': return 'x' * event['n']
    if what == 'print':
        print('line one'); print('no newline', end=''); sys.stderr.write('error line\\n')
        return None
    if what == 'left': return context.get_remaining_time_in_millis()
    if what == 'context':
        return [context.function_name, context.memory_limit_in_mb, context.invoked_function_arn, context.log_group_name,
                context.client_context and context.client_context.custom]
    if what == 'id': return [context.aws_request_id, os.environ['_X_AMZN_TRACE_ID'], os.getpid()]
    if what == 'orphan':
        subprocess.Popen(['/bin/sh', '-c', '(setsid sleep %s &) ; exit 0' % event['name']])
        return 1
    if what == 'eval': return eval(event['text'], globals())
    if what == 'exec':
        out = {}
        exec(event['text'], out)
        return out.get('result')
"""


def invocations(w):
    c = w.client("lambda")
    create(w, "many", MANY, Timeout=2)
    assert invoke(w, "many", {"do": "echo", "ü": [1, 2.5, None]})[0] == {"do": "echo", "ü": [1, 2.5, None]}
    answer, error, log = invoke(w, "many", {"do": "print"})
    assert answer is None and error is None
    assert re.search(r"START RequestId: (\S+) Version: \$LATEST\nline one\n", log) and "no newline\n" in log and "error line\n" in log, log
    assert re.search(r"END RequestId: \S+\nREPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\t", log), log
    first = invoke(w, "many", {"do": "count"})[0]
    assert invoke(w, "many", {"do": "count"})[0] == first + 1, "the environment is reused"
    answer, error, _ = invoke(w, "many", {"do": "raise"})
    assert error == "Unhandled" and answer["errorType"] == "Odd" and answer["errorMessage"] == "went wrong" and "index.py" in answer["stackTrace"][0], answer
    assert invoke(w, "many", {"do": "count"})[0] > first, "an exception keeps the environment"
    answer, error, _ = invoke(w, "many", {"do": "bad"})
    assert error == "Unhandled" and answer["errorType"] == "Runtime.MarshalError", answer
    for what, text in (("exit", "exit status 3"), ("_exit", "exit status 4"), ("segv", "signal: segmentation fault")):
        answer, error, _ = invoke(w, "many", {"do": what})
        assert error == "Unhandled" and answer["errorType"] == "Runtime.ExitError" and answer["errorMessage"].endswith("Runtime exited with error: " + text), answer
    begun = time.monotonic()
    answer, error, log = invoke(w, "many", {"do": "hang"})
    assert answer["errorType"] == "Sandbox.Timedout" and "Task timed out after 2.00 seconds" in answer["errorMessage"], answer
    assert 1.9 < time.monotonic() - begun < 4 and "Task timed out after 2.00 seconds" in log, log
    assert invoke(w, "many", {"do": "count"})[0] == 1, "a new environment after a time-out"
    begun = time.monotonic()
    answer, error, _ = invoke(w, "many", {"do": "eat", "mb": 512})
    assert answer["errorType"] == "Runtime.ExitError" and answer["errorMessage"].endswith("signal: killed"), answer
    assert time.monotonic() - begun < 1.9, "dead within a second, not by the time-out"
    assert len(invoke(w, "many", {"do": "big", "n": 6 << 20})[0]) == 6 << 20
    answer, error, _ = invoke(w, "many", {"do": "big", "n": 7 << 20})
    assert error == "Unhandled" and answer["errorType"] == "Function.ResponseSizeTooLarge", answer
    assert 0 < invoke(w, "many", {"do": "left"})[0] <= 2000
    context = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    assert invoke(w, "many", {"do": "context"}, ClientContext=context)[0] == [
        "many", "256", "arn:aws:lambda:us-east-1:000000000000:function:many", "/aws/lambda/many", {"a": "b"}]
    r = c.invoke(FunctionName="many", InvocationType="DryRun")
    assert r["StatusCode"] == 204
    r = c.invoke(FunctionName="many", InvocationType="Event", Payload=b'{"do":"echo"}')
    assert r["StatusCode"] == 202 and r["Payload"].read() == b""
    refused("InvalidRequestContentException", c.invoke, FunctionName="many", Payload=b"{broken")
    refused("RequestTooLargeException", c.invoke, FunctionName="many", InvocationType="Event", Payload=json.dumps("x" * (2 << 20)).encode())
    # Errors before the handler
    for source, kind, handler in (("import nothing_of_that_name", "Runtime.ImportModuleError", "index.handler"),
                                  ("def handler(e, c: pass", "Runtime.UserCodeSyntaxError", "index.handler"),
                                  ("x = 1", "Runtime.HandlerNotFound", "index.handler"),
                                  ("x = 1", "Runtime.MalformedHandlerName", "handler"),
                                  ("raise ValueError('at import')", "ValueError", "index.handler"),
                                  ("import os; os._exit(9)", "Runtime.ExitError", "index.handler")):
        create(w, "broken", source, Handler=handler)
        answer, error, log = invoke(w, "broken", {})
        assert error == "Unhandled" and answer["errorType"] == kind, (kind, answer, log)
        c.delete_function(FunctionName="broken")
    # A package that brings its own version of what the zygote has loaded, or a stdlib name
    w.client("lambda").create_function(FunctionName="own", Runtime="python3.11", Role=ROLE, Handler="index.handler",
                                       Code={"ZipFile": package("import boto3, calendar\ndef handler(e, c): return [boto3.who, calendar.who]",
                                                                **{"boto3/__init__.py": "who = 'mine'", "calendar.py": "who = 'my own'"})})
    assert invoke(w, "own", {})[0] == ["mine", "my own"]
    for n in ("own",):
        c.delete_function(FunctionName=n)


PROVIDED = """#!/bin/sh
# A runtime in shell: enough of the Runtime API by hand.
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
exec /usr/bin/python3 -c "
import os, urllib.request
api = '$api'
while True:
    r = urllib.request.urlopen(api + '/invocation/next')
    id = r.headers['Lambda-Runtime-Aws-Request-Id']
    body = r.read()
    urllib.request.urlopen(urllib.request.Request(api + '/invocation/' + id + '/response', data=b'[' + body + b',1]'))
"
"""


def provided(w):
    c = w.client("lambda")
    c.create_function(FunctionName="shell", Runtime="provided.al2023", Handler="bootstrap", Role=ROLE, Code={"ZipFile": package(PROVIDED, "bootstrap", 0o755)})
    assert invoke(w, "shell", {"a": 1})[0] == [{"a": 1}, 1]
    c.create_function(FunctionName="empty", Runtime="provided.al2023", Handler="bootstrap", Role=ROLE, Code={"ZipFile": package("x", "README")})
    answer, error, log = invoke(w, "empty", {})
    assert answer["errorType"] == "Runtime.ExitError" and "cannot start /var/task/bootstrap" in log, (answer, log)
    # Debian's aws cli
    r = w.aws("lambda", "invoke", "--function-name", "shell", "--cli-binary-format", "raw-in-base64-out", "--payload", '{"b":2}', os.path.join(w.data, "out.json"))
    assert r["StatusCode"] == 200 and json.load(open(os.path.join(w.data, "out.json"))) == [{"b": 2}, 1]
    assert any(f["FunctionName"] == "shell" for f in w.aws("lambda", "list-functions")["Functions"])


def running(name):
    return subprocess.run(["pgrep", "-f", f"sleep {name}"], capture_output=True).returncode == 0


def confinement(w):
    create(w, "inside", MANY)
    create(w, "neighbour", MANY)
    # Forks of the zygote have most to answer for: wait until it is ready, that is, waits for orders.
    zygote = lambda: subprocess.run(["pgrep", "-P", str(w.process.pid), "-f", "--", "--zygote"], capture_output=True, text=True).stdout.split()
    wait_for(zygote, 5)
    waits = lambda: open(f"/proc/{zygote()[0]}/wchan").read()
    wait_for(lambda: waits().startswith("unix_stream") or (waits() == "0" and (time.sleep(5) or True)), 15)  # "0": not told here
    held = [os.readlink(f) for f in glob.glob(f"/proc/{zygote()[0]}/fd/*")]
    assert not any(w.data + "/" in f for f in held), held
    run = lambda name, text: invoke(w, name, {"do": "exec", "text": text})
    see = """
import os
def tried(f):
    try: return str(f())
    except Exception as e: return 'no: ' + type(e).__name__
result = [tried(lambda: open(%r + '/key', 'rb').read()), tried(lambda: os.listdir(%r)), tried(lambda: os.kill(%d, 0)),
          tried(lambda: open('/etc/shadow').read()), tried(lambda: open('/var/task/new', 'w')), os.getuid()]
""" % (w.data, w.data, w.process.pid)
    answer, error, _ = run("inside", see)
    assert not error and all(x.startswith("no: ") for x in answer[:5]) and answer[5] != 0, answer
    run("inside", "open('/tmp/mine', 'w').write('secret'); result = 1")
    assert "mine" not in run("neighbour", "import os; result = os.listdir('/tmp')")[0]
    # Another's Runtime API: 403 for next, for an answer, for whatever.
    address = run("neighbour", "import os; result = os.environ['AWS_LAMBDA_RUNTIME_API']")[0]
    steal = """
import urllib.request, urllib.error
def tried(path, data=None):
    try: return urllib.request.urlopen('http://%s/2018-06-01/runtime/' + path, data, timeout=3).status
    except urllib.error.HTTPError as e: return e.code
result = [tried('invocation/next'), tried('invocation/x/response', b'1'), tried('init/error', b'{}')]
""" % address
    assert run("inside", steal)[0] == [403, 403, 403], run("inside", steal)
    try:
        import urllib.request
        urllib.request.urlopen(f"http://{address}/2018-06-01/runtime/invocation/next", timeout=3)
        raise AssertionError("anyone may ask")
    except urllib.error.HTTPError as e:
        assert e.code == 403
    own = """
import os, urllib.request, urllib.error
def tried(path, data=None):
    try: return urllib.request.urlopen('http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/' + path, data, timeout=3).status
    except urllib.error.HTTPError as e: return e.code
result = [tried('invocation/other/response', b'1'), tried('invocation/next'), tried('init/error', b'{}'), tried('nothing')]
"""
    assert run("inside", own)[0] == [400, 403, 403, 404], run("inside", own)
    # What a fork of the zygote has open and may do: as after an exec.
    state = """
import os, re
status = open('/proc/self/status').read()
links = []
for fd in os.listdir('/proc/self/fd'):
    try: links.append(os.readlink('/proc/self/fd/' + fd))
    except OSError: pass
result = [sorted({re.sub(r'[0-9]+', 'N', x) for x in links}), len(links), re.findall(r'(?:NoNewPrivs|Seccomp|CapEff|CapBnd):.(\\w+)', status), os.getpid()]
"""
    links, count, flags, pid = run("inside", state)[0]
    assert set(links) <= {"/dev/null", "/dev/urandom", "pipe:[N]", "socket:[N]", "/proc/N/fd"} and count <= 7, (links, count)
    assert flags == ["0" * 16, "0" * 16, "1", "2"], flags
    assert pid < 20, pid
    # The role's credentials work, and say who it is.
    who = run("inside", "import boto3; result = boto3.client('sts').get_caller_identity()['Arn']")[0]
    assert who == "arn:aws:sts::000000000000:assumed-role/worker/inside", who


def roles(w):
    """The role must be the account's, trust Lambda and be handed over by who may; without it nothing runs, with its successor it does again."""
    iam, c, sns = w.client("iam"), w.client("lambda"), w.client("sns")
    cannot = "The role defined for the function cannot be assumed by Lambda."
    who = "import boto3, os\ndef handler(e, c):\n    k = boto3.client('sts', endpoint_url=os.environ['AWS_ENDPOINT_URL'])\n" \
          "    return [k.get_caller_identity()['UserId'], os.environ['AWS_ACCESS_KEY_ID']]"
    assert refused("InvalidParameterValueException", create, w, "r", "x", Role=ROLE + "-none")["Error"]["Message"] == cannot
    assert refused("InvalidParameterValueException", create, w, "r", "x", Role=w.role("alien", service="ec2.amazonaws.com"))["Error"]["Message"] == cannot
    e = refused("AccessDeniedException", create, w, "r", "x", Role="arn:aws:iam::111122223333:role/worker")
    assert e["Error"]["Message"] == "Cross-account pass role is not allowed.", e
    deployer = w.user("deployer", {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"})("lambda")
    config = {"FunctionName": "r", "Runtime": "python3.11", "Handler": "index.handler", "Code": {"ZipFile": package(who)}}
    assert "iam:PassRole on resource: " + ROLE in refused("AccessDeniedException", deployer.create_function, Role=ROLE, **config)["Error"]["Message"]
    iam.put_user_policy(UserName="deployer", PolicyName="test", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}]}))
    own = w.role("own-role")
    deployer.create_function(Role=own, **config)
    refused("InvalidParameterValueException", deployer.update_function_configuration, FunctionName="r", Role=ROLE + "-none")

    first, key = invoke(w, "r")[0]
    assert first == iam.get_role(RoleName="own-role")["Role"]["RoleId"] + ":r", first
    assert invoke(w, "r")[0][1] == key, "the same environment"
    # Its role is gone: a call is refused, an event waits. Then there is another one of that name.
    iam.delete_role(RoleName="own-role")
    e = refused("AccessDeniedException", c.invoke, FunctionName="r")
    assert e["Error"]["Message"] == cannot and e["ResponseMetadata"]["HTTPStatusCode"] == 403, e
    c.invoke(FunctionName="r", InvocationType="Event")
    wait_for(lambda: '"msg":"a function cannot be started"' in w.log_text() or "a function cannot be started" in w.log_text(), 10)
    status = lambda: json.loads(w.waybill("status", "--json").stdout)
    wait_for(lambda: status()["Queued"] == 1 and status()["Dead"] == 0, 10)
    w.role("own-role", {"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"})
    advance(w, 600000)
    wait_for(lambda: status()["Queued"] == 0, 10)
    second, key = invoke(w, "r")[0]
    assert second == iam.get_role(RoleName="own-role")["Role"]["RoleId"] + ":r" != first, second
    # A trust that ends: what runs goes on, nothing new begins.
    iam.update_assume_role_policy(RoleName="own-role", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
         "Condition": {"StringEquals": {"aws:SourceAccount": "000000000000"}, "ArnLike": {"aws:SourceArn": "arn:aws:lambda:*:*:function:r2"}}}]}))
    assert invoke(w, "r")[0][1] == key
    refused("InvalidParameterValueException", c.update_function_configuration, FunctionName="r", Role=own)
    c.create_function(Role=own, **{**config, "FunctionName": "r2"})
    assert invoke(w, "r2")[0][0].endswith(":r2")

    # What the function asks for can be told from what others ask for.
    topic = sns.create_topic(Name="from-r2")["TopicArn"]
    iam.put_role_policy(RoleName="own-role", PolicyName="test", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic, "Condition": {"ArnEquals": {
            "lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:r2"}}}]}))
    publish = "import boto3, os\ndef handler(e, c):\n    boto3.client('sns', endpoint_url=os.environ['AWS_ENDPOINT_URL']).publish(TopicArn=e, Message='x')\n    return 1"
    iam.update_assume_role_policy(RoleName="own-role", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
    for name in ("r", "r2"):
        c.update_function_code(FunctionName=name, ZipFile=package(publish))
    assert invoke(w, "r2", topic)[0] == 1
    answer, error, log = invoke(w, "r", topic)
    assert error and "not authorized to perform: sns:publish" in str(answer).lower(), answer


def advance(w, ms):
    w.page("/_waybill/clock", json.dumps({"advance_ms": ms}).encode(), "POST")


def renewal(w):
    """Credentials end after 12 hours; an environment is replaced half an hour before, also one that is never idle."""
    c = w.client("lambda")
    create(w, "busy", "import boto3, os, time\ndef handler(e, c):\n    time.sleep(e)\n    k = boto3.client('sts', endpoint_url=os.environ['AWS_ENDPOINT_URL'])\n"
                      "    return [k.get_caller_identity()['Arn'], os.environ['AWS_ACCESS_KEY_ID']]", Timeout=60)
    keys, stop = [], threading.Event()

    def load():
        while not stop.is_set():
            keys.append(invoke(w, "busy", 0))
    threads = [threading.Thread(target=load) for _ in range(3)]
    for t in threads:
        t.start()
    try:
        wait_for(lambda: len(keys) > 20)
        before = {k[0][1] for k in keys}
        advance(w, 11 * 3600 * 1000)
        n = len(keys)
        wait_for(lambda: len(keys) > n + 20)
        assert any(k[0][1] in before for k in keys[-10:]), "an hour is left: nothing is thrown away early"
        for hours in (0.6, 0.5):
            advance(w, int(hours * 3600 * 1000))
            n = len(keys)
            wait_for(lambda: len(keys) > n + 20)
        assert not any(k[0][1] in before for k in keys[-10:]), "the old credentials are still in use"
    finally:
        stop.set()
        for t in threads:
            t.join()
    assert all(error is None for _, error, _ in keys), [k for k in keys if k[1]][:3]
    last = invoke(w, "busy", 0)[0][1]
    advance(w, 12 * 3600 * 1000)
    answer, error, _ = invoke(w, "busy", 0)
    assert error is None and answer[1] != last, "an idle one is not used with credentials that have ended"


def concurrency(w):
    c = w.client("lambda", retries=None) if False else w.client("lambda")
    create(w, "slow", "import time\ndef handler(e, c): time.sleep(e['s']); return 1")
    import boto3
    from botocore.config import Config
    k = w.credentials()
    once = boto3.client("lambda", endpoint_url=w.url, region_name=k["AWS_REGION"], aws_access_key_id=k["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=k["AWS_SECRET_ACCESS_KEY"], config=Config(retries={"max_attempts": 0}, max_pool_connections=50))
    assert c.put_function_concurrency(FunctionName="slow", ReservedConcurrentExecutions=1)["ReservedConcurrentExecutions"] == 1
    assert c.get_function_concurrency(FunctionName="slow")["ReservedConcurrentExecutions"] == 1
    invoke(w, "slow", {"s": 0})
    t = threading.Thread(target=lambda: once.invoke(FunctionName="slow", Payload=b'{"s":1.5}'))
    t.start()
    time.sleep(0.4)
    r = refused("TooManyRequestsException", once.invoke, FunctionName="slow", Payload=b'{"s":0}')
    assert r["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded" and r["ResponseMetadata"]["HTTPStatusCode"] == 429, r
    t.join()
    refused("InvalidParameterValueException", c.put_function_concurrency, FunctionName="slow", ReservedConcurrentExecutions=901)
    c.delete_function_concurrency(FunctionName="slow")
    assert "ReservedConcurrentExecutions" not in c.get_function_concurrency(FunctionName="slow")
    # More callers than places: the places are shared with another function, and who waits 5 s is told so.
    create(w, "quick", "def handler(e, c): return 1")
    codes = []
    def call():
        try:
            once.invoke(FunctionName="slow", Payload=b'{"s":4}')
            codes.append(200)
        except ClientError as e:
            codes.append(e.response["Error"]["Code"])
    threads = [threading.Thread(target=call) for _ in range(4 * os.cpu_count() + 8)]
    for t in threads:
        t.start()
    time.sleep(1)
    begun = time.monotonic()
    r = once.invoke(FunctionName="quick", Payload=b"{}")
    waited = time.monotonic() - begun
    for t in threads:
        t.join()
    assert r["StatusCode"] == 200 and waited < 5.5, waited
    assert codes.count(200) >= 4 * os.cpu_count() and set(codes) <= {200, "TooManyRequestsException"}, codes


def flood(w):
    create(w, "flood", """
import os, time
block = b'x' * 99 + b'\\n'
def handler(e, c):
    until, sent = time.time() + e['s'], 0
    while time.time() < until:
        sent += os.write(1, block * 500)
    return sent
""", Timeout=60)
    create(w, "calm", "def handler(e, c): return 1")
    def rss():
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{w.process.pid}/status").read())[1])
    c = w.client("lambda")
    def times(seconds):
        got, until = [], time.monotonic() + seconds
        while time.monotonic() < until:
            t = time.monotonic()
            c.invoke(FunctionName="calm", Payload=b"{}")
            got.append(time.monotonic() - t)
        return sorted(got)
    times(1)
    quiet = times(4)
    before, peak = rss(), [0]
    t = threading.Thread(target=lambda: invoke(w, "flood", {"s": 10}))
    t.start()
    noisy = times(9)
    peak = rss()
    t.join()
    p99 = lambda x: x[int(len(x) * 0.99)]
    print(f"flood: RSS +{(peak - before) / 1024:.1f} MB; p99 of another function {p99(quiet) * 1000:.1f} ms, then {p99(noisy) * 1000:.1f} ms")
    assert peak - before < 32 << 10, (before, peak)
    # The figure (under 2x on a quiet machine) is the line above: a timed bound fails when the machine is shared. Here: not starved.
    assert p99(noisy) < 10 * p99(quiet) + 0.1, (p99(quiet), p99(noisy))


def retries(w):
    """Asynchronous: 1 and 2 minutes by the engine's clock, then a dead row."""
    create(w, "fails", "import os\ndef handler(e, c):\n    open('/tmp/n', 'a').write('x')\n    raise ValueError('always')", Timeout=5)
    c = w.client("lambda")
    def status():
        return json.loads(w.waybill("status", "--json").stdout)
    assert c.invoke(FunctionName="fails", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
    queue = lambda: json.loads(w.waybill("dead", "list", "--json", check=False).stdout or "[]")
    advance = lambda ms: w.page("/_waybill/clock", json.dumps({"advance_ms": ms}).encode(), "POST")
    def failed():
        return w.waybill("status", check=False).stdout
    dead = lambda: status()["Dead"]
    time.sleep(1.5)
    assert dead() == 0
    advance(59000)
    time.sleep(0.5)
    assert dead() == 0
    advance(2000)
    time.sleep(1)
    assert dead() == 0, "the second try failed; a third follows"
    advance(121000)
    wait_for(lambda: dead() == 1, 10)
    print(w.waybill("dead", "list").stdout)


def dies(w):
    create(w, "orphan", MANY)
    name = f"77777.{w.process.pid}"
    invoke(w, "orphan", {"do": "orphan", "name": name})
    wait_for(lambda: running(name), 5)
    w.kill()
    wait_for(lambda: not running(name), 3)
    w.start()
    assert invoke(w, "orphan", {"do": "count"})[0] == 1, "it is there after the restart, code and all"


def sandbox_off():
    with Waybill(args=["--sandbox", "off"]) as w:
        w.role("worker")
        create(w, "free", MANY)
        assert invoke(w, "free", {"do": "count"})[0] == 1
        assert "sandbox is off" in w.log_text()
        name = f"88888.{w.process.pid}"
        invoke(w, "free", {"do": "orphan", "name": name})
        wait_for(lambda: running(name), 5)
        w.kill()
        wait_for(lambda: not running(name), 3)


def original(w):
    path = os.path.join(SHARED, "seed-stack", "lambda_index.py")
    if not os.path.exists(path):
        print("the original handler is not on this machine: its test is left out")
        return
    ddb, sns, events, c = (w.client(s) for s in ("dynamodb", "sns", "events", "lambda"))
    ddb.create_table(TableName="original", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "shipmentId", "KeyType": "HASH"},
                     {"AttributeName": "timestamp", "KeyType": "RANGE"}], AttributeDefinitions=[{"AttributeName": "shipmentId", "AttributeType": "S"},
                     {"AttributeName": "timestamp", "AttributeType": "S"}])
    topic = sns.create_topic(Name="original")["TopicArn"]
    f = create(w, "original", open(path).read(), Handler="index.lambda_handler", Timeout=30,
               Environment={"Variables": {"TABLE_NAME": "original", "SNS_TOPIC_ARN": topic}})
    events.create_event_bus(Name="shipments")
    rule = events.put_rule(Name="updates", EventBusName="shipments", EventPattern='{"source":["logistics.shipments"]}')["RuleArn"]
    events.put_targets(Rule="updates", EventBusName="shipments", Targets=[{"Id": "1", "Arn": f["FunctionArn"]}])
    c.add_permission(FunctionName="original", StatementId="bus", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule)
    for i in range(20):
        r = events.put_events(Entries=[{"EventBusName": "shipments", "Source": "logistics.shipments", "DetailType": "Shipment Update", "Detail": json.dumps(
            {"shipmentId": f"S{i}", "timestamp": "2026-11-22T12:00:00Z", "status": "IN_TRANSIT", "carrier": "FedEx", "location": "Dallas, TX"})}])
        assert r["FailedEntryCount"] == 0
    wait_for(lambda: ddb.scan(TableName="original", Select="COUNT")["Count"] == 20, 30)
    item = ddb.get_item(TableName="original", Key={"shipmentId": {"S": "S7"}, "timestamp": {"S": "2026-11-22T12:00:00Z"}})["Item"]
    assert item["status"] == {"S": "IN_TRANSIT"} and item["eventType"] == {"S": "Shipment Update"}, item
    answer, error, log = invoke(w, "original", {"detail": {}})
    assert error is None and answer["statusCode"] == 500 and "Missing required field" in answer["body"], (answer, log)
    assert "Failed to send SNS" not in log, log


def main():
    only = sys.argv[1:]
    tests = [life, permissions, invocations, provided, confinement, roles, renewal, concurrency, flood, retries, original, dies]
    with Waybill(args=["--test-clock"]) as w:
        w.role("worker", {"Effect": "Allow", "Action": ["dynamodb:*", "sns:Publish"], "Resource": "*"})
        for t in tests:
            if only and t.__name__ not in only:
                continue
            begun = time.monotonic()
            try:
                t(w)
            except BaseException:
                print(w.log_text()[-3000:])
                raise
            print(f"{t.__name__}: {time.monotonic() - begun:.1f} s", flush=True)
    if not only or "sandbox_off" in only:
        sandbox_off()


main()
