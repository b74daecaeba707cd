"""What the nodejs runtime brings besides node: the stand-in for the AWS SDK, and callbacks led to this server."""
import os
import shutil

from node_functions import create, invoke
from waybill_server import Waybill, allow, skip

CALLS = """
const { CloudWatchLogsClient, CreateLogGroupCommand, PutRetentionPolicyCommand } = require('@aws-sdk/client-cloudwatch-logs')
const { SSM } = require('@aws-sdk/client-ssm')
const { Lambda, waitUntilFunctionActiveV2 } = require('@aws-sdk/client-lambda')
const { SNSClient, PublishCommand, SNS } = require('@aws-sdk/client-sns')
const { DynamoDBClient, PutItemCommand, GetItemCommand } = require('@aws-sdk/client-dynamodb')
const { EventBridgeClient, PutEventsCommand } = require('@aws-sdk/client-eventbridge')
const { IAM } = require('@aws-sdk/client-iam')
const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts')
const name = async (p) => { try { await p; return 'no error' } catch (e) { return [e.name, e.$metadata.httpStatusCode, e.$fault] } }
exports.handler = async (e) => {
    const logs = new CloudWatchLogsClient({ logger: console, region: undefined })
    const ssm = new SSM({})
    const lambda = new Lambda()
    const db = new DynamoDBClient()
    const out = {}
    const made = await logs.send(new CreateLogGroupCommand({ logGroupName: '/made/by' }))
    out.made = made.$metadata.httpStatusCode
    out.again = await name(logs.send(new CreateLogGroupCommand({ logGroupName: '/made/by' })))
    await logs.send(new PutRetentionPolicyCommand({ logGroupName: '/made/by', retentionInDays: 7 }))
    out.version = (await ssm.putParameter({ Name: '/a/b', Value: 'ünï <&>', Type: 'String' })).Version
    out.parameter = (await new Promise((ok, no) => ssm.getParameter({ Name: '/a/b' }, (e, r) => e ? no(e) : ok(r)))).Parameter.Value
    out.none = await name(ssm.getParameter({ Name: '/nothing' }))
    out.active = (await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 1 }, { FunctionName: 'other' })).state
    const r = await lambda.invoke({ FunctionName: 'other', Payload: JSON.stringify({ x: 'ä b' }), LogType: 'Tail' })
    out.invoked = [r.StatusCode, JSON.parse(new TextDecoder().decode(r.Payload)), r.FunctionError, !!r.LogResult]
    out.failed = (await lambda.invoke({ FunctionName: 'other', Payload: Buffer.from('{"fail": 1}') })).FunctionError
    out.gone = await name(lambda.getFunction({ FunctionName: 'nobody' }))
    out.list = (await lambda.listFunctions({ MaxItems: 1 })).Functions.length
    await db.send(new PutItemCommand({ TableName: 'table', Item: { id: { S: 'k' }, b: { B: new Uint8Array([1, 2, 255]) } } }))
    out.item = (await db.send(new GetItemCommand({ TableName: 'table', Key: { id: { S: 'k' } } }))).Item
    out.events = (await new EventBridgeClient().send(new PutEventsCommand({ Entries: [{ Source: 's', DetailType: 'd', Detail: '{}', Time: new Date() }] }))).FailedEntryCount
    out.message = (await new SNSClient().send(new PublishCommand({ TopicArn: e.topic, Message: 'a&b=c d+e', MessageAttributes: { n: { DataType: 'Number', StringValue: '5' } } }))).MessageId.length
    out.topics = (await new SNS().listTopics()).Topics
    out.noTopic = await name(new SNS().publish({ TopicArn: e.topic + 'x', Message: 'm' }))
    out.caller = (await new STSClient().send(new GetCallerIdentityCommand())).Arn
    out.roles = (await new IAM().listRoles({})).Roles.map((x) => [x.RoleName, x.Path])
    return out
}
"""

REFUSED = """
const sfn = require('@aws-sdk/client-sfn')
exports.handler = async () => {
    const said = []
    for (const f of [() => new sfn.SFN({}).startExecution({}), () => new sfn.SFNClient({}).send(new sfn.X()), () => require('@aws-sdk/util-dynamodb')])
        try { await f(); said.push('nothing') } catch (e) { said.push(e.message.split('\\n')[0]) }
    return said
}
"""

OWN = """
exports.handler = async () => require('@aws-sdk/client-ssm').mine
"""

CALLBACK = """
const get = (https, options) => new Promise((ok, no) => { const r = https.request(options, (s) => { let t = ''; s.on('data', (d) => { t += d }); s.on('end', () => ok([s.statusCode, t])) }); r.on('error', (e) => ok(e.code)); r.end() })
exports.handler = async () => {
    const here = { hostname: new URL(process.env.AWS_ENDPOINT_URL).hostname, path: '/_waybill/health', method: 'GET', headers: { 'content-type': '' } }
    const esm = await import('node:https')
    return [await get(require('https'), here), await get(esm, here), await get(esm.default, here), await get(require('https'), { ...here, port: 1 }), await get(require('https'), { ...here, hostname: '127.0.0.2' })]
}
"""


def calls(w):
    topic = w.client("sns").create_topic(Name="told")["TopicArn"]
    w.client("dynamodb").create_table(TableName="table", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                                      AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    create(w, "other", "export const handler = async (e) => { if (e.fail) throw new Error('x'); return e }")
    create(w, "calls", {"index.js": CALLS}, MemorySize=512)
    r, error, log = invoke(w, "calls", {"topic": topic})
    assert error is None, (r, log)
    assert r["made"] == 200 and r["again"] == ["ResourceAlreadyExistsException", 400, "client"], r
    assert w.client("logs").describe_log_groups(logGroupNamePrefix="/made/by")["logGroups"][0]["retentionInDays"] == 7
    assert (r["version"], r["parameter"], r["none"]) == (1, "ünï <&>", ["ParameterNotFound", 400, "client"]), r
    assert r["invoked"] == [200, {"x": "ä b"}, None, True] and r["failed"] == "Unhandled" and r["active"] == "SUCCESS", r
    assert r["gone"] == ["ResourceNotFoundException", 404, "client"] and r["list"] == 1, r
    assert r["item"] == {"id": {"S": "k"}, "b": {"B": "AQL/"}} and r["events"] == 0 and r["message"] == 36, r
    assert r["topics"] == [{"TopicArn": topic}] and r["noTopic"] == ["NotFound", 404, "client"], r
    assert r["caller"].endswith(":assumed-role/worker/calls") and ["worker", "/"] in r["roles"], r


def packages(w):
    create(w, "refused", {"index.js": REFUSED})
    r, error, log = invoke(w, "refused", {})
    gone = "@aws-sdk/client-sfn is not installed, and this server has no such service"
    assert error is None and r[:2] == [gone, gone] and r[2].startswith("Cannot find module '@aws-sdk/util-dynamodb'"), (r, log)
    create(w, "own", {"index.js": OWN, "node_modules/@aws-sdk/client-ssm/index.js": "exports.mine = 'packed'"})
    assert invoke(w, "own", {})[0] == "packed"
    create(w, "broken", {"index.js": OWN, "node_modules/@aws-sdk/client-ssm/index.js": "require('left-out')"})
    assert "Cannot find module 'left-out'" in invoke(w, "broken", {})[0]["errorMessage"]


def callbacks(w):
    create(w, "callback", {"index.js": CALLBACK})
    r, error, log = invoke(w, "callback", {})
    ready = [200, '{"status":"ready"}\n']
    assert error is None and r == [ready, ready, ready, "ECONNREFUSED", "ECONNREFUSED"], (r, log)


def main():
    if not shutil.which("node", path="/usr/bin") and not os.environ.get("WAYBILL_NODE"):
        skip("no node at /usr/bin/node")
    args = ["--node", os.environ["WAYBILL_NODE"]] if os.environ.get("WAYBILL_NODE") else []
    with Waybill(args=args) as w:
        w.role("worker", allow("*"))
        calls(w)
        packages(w)
        callbacks(w)


if __name__ == "__main__":
    main()
