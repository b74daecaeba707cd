"""Lambda's nodejs runtimes: module styles, handlers, errors, output, limits, the sandbox, the role's credentials.

WAYBILL_NODE names another node than the machine's.
"""
import base64
import json
import os
import re
import shutil
import sys
import tempfile
import threading
import time

import npm
from botocore.exceptions import ClientError
from node_functions import create, invoke
from waybill_server import Waybill, skip


def once(w, files, event=None, **config):
    """A function for one invocation."""
    create(w, "once", files, **config)
    try:
        return invoke(w, "once", event)
    finally:
        w.client("lambda").delete_function(FunctionName="once")


def gives(w, expected, files, event=None, **config):
    answer, error, log = once(w, files, event, **config)
    assert answer == expected and error is None, (files, answer, log)


def fails(w, kind, text, files, event=None, **config):
    answer, error, log = once(w, files, event, **config)
    assert error == "Unhandled" and answer["errorType"] == kind and re.search(text, answer["errorMessage"]), (files, answer, log)
    return answer, log


def names(w):
    c = w.client("lambda")
    for runtime in ("nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"):
        gives(w, "AWS_Lambda_" + runtime, "export const handler = async () => process.env.AWS_EXECUTION_ENV", Runtime=runtime)
    for runtime in ("nodejs", "nodejs12.x", "nodejs16.x", "nodejs21.x"):
        try:
            create(w, "old", "x", Runtime=runtime)
            raise AssertionError(runtime)
        except ClientError as e:
            assert e.response["Error"]["Code"] == "InvalidParameterValueException" and "nodejs22.x" in e.response["Error"]["Message"], e
    assert not c.list_functions()["Functions"]


def modules(w):
    gives(w, {"a": 1}, {"index.js": "exports.handler = async (e) => e"}, {"a": 1})
    gives(w, 2, {"index.cjs": "module.exports = { handler: async () => 2 }"})
    gives(w, 3, {"index.mjs": "export const handler = async () => 3"})
    gives(w, 4, {"index.js": "export const handler = async () => 4", "package.json": '{"type": "module"}'})
    gives(w, 5, {"index.mjs": "const five = await new Promise((r) => setTimeout(r, 20, 5));\nexport const handler = () => Promise.resolve(five)"})
    gives(w, 6, {"dir/deep/file.js": "exports.fn = { sub: async () => 6 }"}, Handler="dir/deep/file.fn.sub")
    gives(w, 7, {"dir/file.mjs": "export default { fn: async () => 7 }"}, Handler="dir/file.fn")
    gives(w, 8, {"dir/index.js": "exports.handler = async () => 8"}, Handler="dir.handler")
    # .js comes before .mjs, and the nearest package.json counts
    gives(w, "js", {"index.js": "exports.handler = async () => 'js'", "index.mjs": "export const handler = async () => 'mjs'"})
    gives(w, "cjs", {"lib/f.js": "exports.handler = async () => 'cjs'", "lib/package.json": "{}", "package.json": '{"type": "module"}'}, Handler="lib/f.handler")
    # The package's own modules, by require, by import, by NODE_PATH, and past what the runtime could offer
    own = {"node_modules/mine/package.json": '{"main": "m.js"}', "node_modules/mine/m.js": "exports.x = 'own'"}
    gives(w, "own", {**own, "index.js": "exports.handler = async () => require('mine').x"})
    gives(w, "own", {**own, "index.mjs": "import m from 'mine';\nexport const handler = async () => m.x"})
    gives(w, "task", {"shared.js": "module.exports = 'task'", "sub/f.js": "exports.handler = async () => require('shared')"}, Handler="sub/f.handler")
    gives(w, "else", {"other/shared.js": "module.exports = 'else'", "index.js": "exports.handler = async () => require('shared')"},
          Environment={"Variables": {"NODE_PATH": "/var/task/other"}})
    answer, _, _ = once(w, "export const handler = async () => process.env.NODE_PATH")
    assert answer.startswith("/opt/nodejs/node20/node_modules:/opt/nodejs/node_modules:"), answer


def styles(w):
    gives(w, 1, "export const handler = (e, c, cb) => { setTimeout(() => cb(null, 1), 10) }")
    gives(w, {"ended": True}, "let state = { ended: false };\nexport const handler = (e, c, cb) => { cb(null, state); setTimeout(() => { state.ended = true }, 100) }")
    begun = time.monotonic()
    gives(w, 3, "export const handler = (e, c, cb) => { c.callbackWaitsForEmptyEventLoop = false; setTimeout(() => {}, 15000); cb(null, 3) }")
    assert time.monotonic() - begun < 10, "it waited for the event loop"
    gives(w, None, "export const handler = (e, c, cb) => { cb() }")
    gives(w, None, "export const handler = () => 5")  # neither a promise nor a callback
    gives(w, None, "export const handler = () => new Promise(() => {})")
    gives(w, 6, "export const handler = (e, c) => { c.succeed(6); c.succeed(7) }")
    gives(w, 7, "export const handler = (e, c) => { c.done(null, 7) }")
    gives(w, 8, "export const handler = () => ({ then(f) { f(8) } })")
    fails(w, "Error", "^told$", "export const handler = (e, c, cb) => { cb(new Error('told')) }")
    fails(w, "string", "^just text$", "export const handler = (e, c, cb) => { cb('just text') }")
    fails(w, "Error", "^by fail$", "export const handler = (e, c) => { c.fail(new Error('by fail')) }")
    # From nodejs24.x on AWS has no callbacks
    fails(w, "Runtime.CallbackHandlerDeprecated", "callback", "export const handler = (e, c, cb) => cb(null, 1)", Runtime="nodejs24.x")
    fails(w, "Runtime.NodeJsExit", "never settled", "export const handler = () => new Promise(() => {})", Runtime="nodejs24.x")
    gives(w, 9, "export const handler = () => 9", Runtime="nodejs24.x")
    fails(w, "Runtime.InvalidStreamingOperation", "streaming is not available", "export const handler = awslambda.streamifyResponse(async () => {})")


def errors(w):
    answer, log = fails(w, "TypeError", "^bad thing$", "export const handler = async () => { const e = new TypeError('bad thing'); e.code = 'C7'; throw e }")
    assert answer["trace"][0] == "TypeError: bad thing" and "/index.mjs:1" in answer["trace"][1], answer
    line = re.search(r"^\S+Z\t[0-9a-f-]{36}\tERROR\tInvoke Error \t(\{.*\})$", log, re.M)
    told = json.loads(line[1])
    assert told["errorType"] == "TypeError" and told["code"] == "C7" and told["stack"] == answer["trace"], told
    fails(w, "Odd", "^own class$", "class Odd extends Error { name = 'Odd' }\nexport const handler = async () => { throw new Odd('own class') }")
    fails(w, "number", "^42$", "export const handler = async () => { throw 42 }")
    fails(w, "object", "Unknown|object", "export const handler = async () => { throw Object.create(null) }")
    fails(w, "Runtime.HandlerNotFound", "^index.handler is undefined or not exported$", "export const other = 1")
    fails(w, "Runtime.HandlerNotFound", "^index.handler is not a function$", "export const handler = 1")
    fails(w, "Runtime.ImportModuleError", "^Error: Cannot find module 'nothing-there'", {"index.js": "require('nothing-there')"})
    fails(w, "Runtime.ImportModuleError", "^Error: Cannot find module '.*index'", {"README": "x"})
    answer, _ = fails(w, "Runtime.UserCodeSyntaxError", "^SyntaxError: ", {"index.js": "exports.handler = async ( => {"})
    assert any("index.js:1" in t for t in answer["trace"]), answer
    fails(w, "Runtime.UserCodeSyntaxError", "^SyntaxError: ", "export const handler = async ( => {")
    fails(w, "Runtime.MalformedHandlerName", "Bad handler", "export const handler = 1", Handler="handler")
    fails(w, "Runtime.MalformedHandlerName", "not a valid handler name", "export const handler = 1", Handler="a/../index.handler")
    fails(w, "RangeError", "^at load$", "throw new RangeError('at load')")
    fails(w, "Error", "^late, at load$", "setTimeout(() => { throw new Error('late, at load') }, 10);\nawait new Promise((r) => setTimeout(r, 5000))")
    fails(w, "Runtime.MarshalError", "Unable to stringify", "export const handler = async () => { const a = {}; a.a = a; return a }")
    fails(w, "Runtime.MarshalError", "Unable to stringify", "export const handler = async () => 1n")
    answer, log = fails(w, "Runtime.UnhandledPromiseRejection", "^Error: nobody looks$",
                        "export const handler = async () => { Promise.reject(new Error('nobody looks')); await new Promise((r) => setTimeout(r, 5000)) }")
    assert "\tERROR\tUnhandled Promise Rejection \t{" in log, log
    answer, log = fails(w, "Error", "^in a timer$", "export const handler = async () => { setTimeout(() => { throw new Error('in a timer') }, 5); await new Promise((r) => setTimeout(r, 5000)) }")
    assert "\tERROR\tUncaught Exception \t{" in log, log
    for code, text in (("process.exit(3)", "exit status 3"), ("process.exit(0)", "without providing a reason"), ("process.abort()", "signal: aborted"),
                       ("process.kill(process.pid, 'SIGSEGV')", "signal: segmentation fault")):
        fails(w, "Runtime.ExitError", text, "export const handler = async () => { %s; await new Promise(() => setTimeout(() => {}, 9000)) }" % code)
    # An error leaves the environment, an end does not
    create(w, "stay", "let n = 0;\nexport const handler = async (e) => { n++; if (e.bad) throw new Error('x'); if (e.exit) process.exit(1); return n }")
    assert [invoke(w, "stay", {})[0], invoke(w, "stay", {"bad": 1})[1], invoke(w, "stay", {})[0]] == [1, "Unhandled", 3]
    invoke(w, "stay", {"exit": 1})
    assert invoke(w, "stay", {})[0] == 1


CONTEXT = """
let seen = []
export const handler = async (e, c) => {
    seen.push([c.awsRequestId, process.env._X_AMZN_TRACE_ID])
    const left = c.getRemainingTimeInMillis()
    return { ...c, left, seen, env: process.env }
}
"""


def context(w):
    create(w, "ctx", CONTEXT, Timeout=7, Environment={"Variables": {"KEY": "välue"}})
    client = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    r = invoke(w, "ctx", {}, ClientContext=client)[0]
    arn = "arn:aws:lambda:us-east-1:000000000000:function:ctx"
    assert (r["functionName"], r["functionVersion"], r["memoryLimitInMB"], r["logGroupName"], r["invokedFunctionArn"]) == ("ctx", "$LATEST", "256", "/aws/lambda/ctx", arn), r
    assert r["clientContext"] == {"custom": {"a": "b"}} and r["callbackWaitsForEmptyEventLoop"] is True and 0 < r["left"] <= 7000, r
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", r["logStreamName"]), r
    assert r["env"]["KEY"] == "välue" and r["env"]["_HANDLER"] == "index.handler" and r["env"]["AWS_ENDPOINT_URL"] == w.url, r["env"]
    seen = invoke(w, "ctx", {})[0]["seen"]
    assert len(seen) == 2 and len({x for s in seen for x in s}) == 4 and all(re.match(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};", s[1]) for s in seen), seen


OUTPUT = """
export const handler = async (e) => {
    console.log('plain %d', 7, { a: [1] }); console.info('i'); console.debug('d'); console.warn('w'); console.error(new Error('an error')); console.trace('t')
    console.log('two\\nlines')
    process.stdout.write('raw, no newline')
    for (let i = 0; i < e.n; i++) {
        process.stdout.write(`raw ${i} ${'r'.repeat(e.size)}\\n`)
        console.log(`line ${i} ${'x'.repeat(e.size)}`)
    }
    process.stderr.write('to stderr\\n')
}
"""


def output(w):
    create(w, "out", OUTPUT)
    _, error, log = invoke(w, "out", {"n": 0})
    rid = re.search(r"START RequestId: (\S+)", log)[1]
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t" + rid + "\t"
    for level, text in (("INFO", r"plain 7 \{ a: \[ 1 \] \}"), ("INFO", "i"), ("DEBUG", "d"), ("WARN", "w"), ("TRACE", "t"), ("INFO", "two\rlines"), ("ERROR", "Error: an error\r.*")):
        assert re.search(f"^{stamp}{level}\t{text}$", log, re.M), (level, text, log)
    assert "raw, no newline\n" in log and "to stderr\n" in log, log
    # Whole lines, all of them, in order, also when the pipe is full
    n, size = 300, 3000
    _, error, log = invoke(w, "out", {"n": n, "size": size})
    assert error is None, log
    lines = [x for x in log.split("\n") if " r" in x or "\tline" in x]
    assert lines and all(re.fullmatch(rf"raw \d+ r{{{size}}}|\S+Z\t\S+\tINFO\tline \d+ x{{{size}}}", x) for x in lines[1:-1]), [x[:80] for x in lines]


def limits(w):
    hang = "let n = 0;\nexport const handler = async (e) => { n++; if (e.spin) for (;;); if (e.hang) await new Promise((r) => setTimeout(r, 60000)); return n }"
    create(w, "hang", hang, Timeout=2)
    assert invoke(w, "hang", {})[0] == 1
    for how in ("hang", "spin"):
        answer, error, log = invoke(w, "hang", {how: 1})
        assert answer["errorType"] == "Sandbox.Timedout" and "Task timed out after 2.00 seconds" in log, (answer, log)
        assert invoke(w, "hang", {})[0] == 1, "a new environment after a time-out"
    # Outside of V8's heap the kernel ends it, inside V8 gives up or the kernel was first
    fails(w, "Runtime.ExitError", "signal: killed", "export const handler = async () => { const b = []; for (;;) b.push(Buffer.alloc(16 << 20, 1)) }")
    fails(w, "Runtime.ExitError", "signal: (killed|aborted)", "export const handler = async () => { const a = []; for (let i = 0;; i++) a.push({ i, s: 'x' + i }) }")
    gives(w, 1, "export const handler = async () => 1", MemorySize=128)
    create(w, "large", "export const handler = async (e) => 'x'.repeat(e.n)")
    assert len(invoke(w, "large", {"n": 6 << 20})[0]) == 6 << 20
    assert invoke(w, "large", {"n": 7 << 20})[0]["errorType"] == "Function.ResponseSizeTooLarge"
    assert invoke(w, "large", {"n": 3})[0] == "xxx"


def concurrency(w):
    create(w, "many", "let busy = 0;\nexport const handler = async (e, c) => { busy++; const b = busy; await new Promise((r) => setTimeout(r, 50)); busy--; return [e.i, b, c.awsRequestId] }")
    got, lock = [], threading.Lock()

    def call(first):
        for i in range(first, first + 10):
            answer, error, _ = invoke(w, "many", {"i": i})
            with lock:
                got.append((i, answer, error))
    threads = [threading.Thread(target=call, args=(k * 10,)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(got) == 60 and all(e is None and a[0] == i and a[1] == 1 for i, a, e in got), got
    assert len({a[2] for _, a, _ in got}) == 60


INSIDE = """
import fs from 'node:fs'
import http from 'node:http'
import { execFileSync } from 'node:child_process'
import { Worker } from 'node:worker_threads'
const tried = (f) => { try { return String(f()) } catch (e) { return 'no: ' + e.code } }
const status = (name) => fs.readFileSync('/proc/self/status', 'utf8').match(new RegExp(name + ':\\\\s+(\\\\S+)'))[1]
const ask = (path) => new Promise((done) => http.get('http://' + path, (r) => { r.resume(); done(r.statusCode) }).on('error', (e) => done(e.code)))
export const handler = async (e) => {
    if (e.address) return ask(e.address)
    if (e.own) return process.env.AWS_LAMBDA_RUNTIME_API
    return {
        denied: [() => fs.readFileSync(e.data + '/key'), () => fs.readdirSync(e.data), () => process.kill(e.pid, 0), () => fs.readFileSync('/etc/shadow'),
                 () => fs.writeFileSync('/var/task/new', 'x'), () => fs.writeFileSync('/usr/new', 'x')].map(tried),
        uid: process.getuid(), flags: ['NoNewPrivs', 'Seccomp', 'CapEff', 'CapBnd'].map(status), pid: process.pid,
        tmp: tried(() => { fs.writeFileSync('/tmp/x', 'y'); return fs.readFileSync('/tmp/x', 'utf8') }),
        child: tried(() => execFileSync('/bin/echo', ['child'], { encoding: 'utf8' }).trim()),
        worker: await new Promise((done) => { const w = new Worker("require('node:worker_threads').parentPort.postMessage('worker')", { eval: true }); w.on('message', done); w.on('error', (x) => done(String(x))) }),
        wasm: WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
        jit: (() => { let s = 0; for (let i = 0; i < 3e6; i++) s += i % 7; return s })(),
    }
}
"""


def confinement(w):
    create(w, "inside", INSIDE)
    create(w, "neighbour", INSIDE)
    r, error, log = invoke(w, "inside", {"data": w.data, "pid": w.process.pid})
    assert error is None and all(x.startswith("no: ") for x in r["denied"]), (r, log)
    assert r["uid"] != 0 and r["flags"] == ["1", "2", "0" * 16, "0" * 16] and r["pid"] < 20, r
    assert (r["tmp"], r["child"], r["worker"], r["wasm"], r["jit"]) == ("y", "child", "worker", True, sum(i % 7 for i in range(3000000))), r
    address = invoke(w, "neighbour", {"own": 1})[0]
    assert invoke(w, "inside", {"address": address + "/2018-06-01/runtime/invocation/next"})[0] == 403


SIGNER = """
import http from 'node:http'
import { createHash, createHmac } from 'node:crypto'
const hash = (x) => createHash('sha256').update(x).digest('hex')
const mac = (k, x) => createHmac('sha256', k).update(x).digest()
function call(target, body) {
    const e = process.env, url = new URL(e.AWS_ENDPOINT_URL), text = JSON.stringify(body)
    const at = new Date().toISOString().replace(/[-:]|\\.\\d+/g, ''), day = at.slice(0, 8)
    const scope = `${day}/${e.AWS_REGION}/dynamodb/aws4_request`
    const h = { 'content-type': 'application/x-amz-json-1.0', host: url.host, 'x-amz-date': at, 'x-amz-security-token': e.AWS_SESSION_TOKEN, 'x-amz-target': 'DynamoDB_20120810.' + target }
    const names = Object.keys(h).join(';')
    const canonical = ['POST', '/', '', ...Object.entries(h).map(([k, v]) => `${k}:${v}`), '', names, hash(text)].join('\\n')
    const key = ['aws4_request', 'dynamodb', e.AWS_REGION, day].reduceRight((k, x) => mac(k, x), 'AWS4' + e.AWS_SECRET_ACCESS_KEY)
    const signature = mac(key, ['AWS4-HMAC-SHA256', at, scope, hash(canonical)].join('\\n')).toString('hex')
    h.authorization = `AWS4-HMAC-SHA256 Credential=${e.AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names}, Signature=${signature}`
    return new Promise((done, failed) => {
        const r = http.request(url, { method: 'POST', headers: h }, async (answer) => {
            let all = ''
            for await (const piece of answer) all += piece
            answer.statusCode === 200 ? done(JSON.parse(all)) : failed(Object.assign(new Error(JSON.parse(all).message ?? JSON.parse(all).Message), { name: JSON.parse(all).__type.split('#').pop() }))
        })
        r.on('error', failed)
        r.end(text)
    })
}
export const handler = async (e) => { await call('PutItem', { TableName: e.table, Item: { id: { S: e.id } } }); return 'put' }
"""

WITH_SDK = """
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
const db = new DynamoDBClient({ maxAttempts: 1 })
export const handler = async (e) => { await db.send(new PutItemCommand({ TableName: e.table, Item: { id: { S: e.id } } })); return 'put' }
"""


def under_role(w, name, id):
    ddb = w.client("dynamodb")
    answer, error, log = invoke(w, name, {"table": "allowed", "id": id})
    assert answer == "put", (answer, log)
    assert ddb.get_item(TableName="allowed", Key={"id": {"S": id}})["Item"] == {"id": {"S": id}}
    answer, error, log = invoke(w, name, {"table": "denied", "id": id})
    assert error and answer["errorType"] == "AccessDeniedException", (answer, log)
    assert f"assumed-role/writer/{name} is not authorized to perform: dynamodb:PutItem on resource: " in answer["errorMessage"], answer
    assert "Item" not in ddb.get_item(TableName="denied", Key={"id": {"S": id}})


def role(w):
    ddb = w.client("dynamodb")
    for t in ("allowed", "denied"):
        ddb.create_table(TableName=t, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    arn = w.role("writer", {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "arn:aws:dynamodb:us-east-1:000000000000:table/allowed"})
    create(w, "signer", SIGNER, Role=arn)
    under_role(w, "signer", "s1")
    sdk(w)


def sdk(w):
    """The AWS SDK for JavaScript inside the package, as people pack it."""
    if not npm.present():
        print("sdk: no npm packages in tests/npm: left out")
        return
    files = {"index.mjs": WITH_SDK}
    for package in npm.closure("@aws-sdk/client-dynamodb"):
        for at, _, found in os.walk(os.path.join(npm.MODULES, package)):
            for f in found:
                if f.endswith((".js", ".json", ".mjs", ".cjs")):
                    files[os.path.relpath(os.path.join(at, f), npm.FOLDER)] = open(os.path.join(at, f), "rb").read()
    create(w, "packed", files, Role="arn:aws:iam::000000000000:role/writer", MemorySize=512)
    under_role(w, "packed", "p1")


def cold(w):
    """Figures for the log; nothing here can be too slow."""
    c = w.client("lambda")

    def timed():
        begun = time.monotonic()
        assert c.invoke(FunctionName="cold")["Payload"].read() == b"1"
        return (time.monotonic() - begun) * 1000
    for runtime, files, handler in (("nodejs20.x", {"index.mjs": "export const handler = async () => 1"}, "index.handler"),
                                    ("python3.11", {"index.py": "def handler(e, c): return 1"}, "index.handler")):
        first, warm = [], []
        for _ in range(15):
            create(w, "cold", files, Runtime=runtime, Handler=handler)
            first.append(timed())
            warm += [timed() for _ in range(20)]
            c.delete_function(FunctionName="cold")
        print(f"{runtime}: first call median {sorted(first)[7]:.0f} ms, worst {max(first):.0f} ms; the next ones median {sorted(warm)[150]:.1f} ms")


def impatient(w):
    """A client that does not try again."""
    import boto3
    from botocore.config import Config
    k = w.credentials()
    return boto3.client("lambda", endpoint_url=w.url, region_name=k["AWS_REGION"], aws_access_key_id=k["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=k["AWS_SECRET_ACCESS_KEY"], config=Config(retries={"max_attempts": 0}))


def without_node():
    """The node named by --node; none at all; one that is too old."""
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o755)
        with Waybill(args=["--node", d + "/none"]) as w:
            w.role("worker")
            create(w, "f", "export const handler = async () => 1")
            try:
                impatient(w).invoke(FunctionName="f")
                raise AssertionError("it ran")
            except ClientError as e:
                assert e.response["Error"]["Code"] == "ServiceException" and "nodejs20.x needs node, which is not at " + d + "/none" in e.response["Error"]["Message"], e
        other = d + "/node"
        shutil.copy(os.path.realpath("/usr/bin/node"), other)
        with Waybill(args=["--node", other]) as w:
            w.role("worker")
            gives(w, "/var/lang/bin/node", "export const handler = async () => process.execPath")
        with Waybill(args=["--sandbox", "off"]) as w:
            w.role("worker")
            gives(w, [1, True], "export const handler = async () => [1, process.env.NODE_PATH.includes('/runtimes/nodejs')]")


def main():
    other = os.environ.get("WAYBILL_NODE")
    if not other and not os.path.exists("/usr/bin/node"):
        skip("no /usr/bin/node (Debian: nodejs)")
    only = sys.argv[1:]
    with Waybill(args=["--node", other] if other else []) as w:
        w.role("worker")
        for t in [names, modules, styles, errors, context, output, limits, concurrency, confinement, role, cold]:
            if only and t.__name__ not in only:
                continue
            begun = time.monotonic()
            try:
                t(w)
            except BaseException:
                print(w.log_text()[-3000:])
                raise
            print(f"{t.__name__}: {time.monotonic() - begun:.1f} s", flush=True)
    if not only or "without_node" in only:
        without_node()


main()
