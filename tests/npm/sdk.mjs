// Current AWS SDK clients against a live server: usage: node sdk.mjs SERVICE [ROLE-ARN]
import assert from 'node:assert/strict'
import zlib from 'node:zlib'

const [service, role] = process.argv.slice(2)
const config = { maxAttempts: 3 }

async function client(name) {
    const all = await import('@aws-sdk/client-' + name)
    const [make] = Object.entries(all).filter(([k]) => /^[A-Z].*Client$/.test(k) && k !== '__Client')
    const c = new make[1](config)
    // call('GetItem', {...}) sends a GetItemCommand
    return { all, c, call: (op, input = {}) => c.send(new all[op + 'Command'](input)) }
}

// The call fails with an instance of the SDK's own class for this error.
async function fails(all, name, promise, more = {}) {
    const e = await promise.then(() => assert.fail(name + ' expected'), (e) => e)
    assert.equal(e.name, name, String(e))
    if (all[name]) assert.ok(e instanceof all[name], `${name} is not the SDK's class`)
    for (const [k, v] of Object.entries(more)) assert.deepEqual(e[k], v, k)
    assert.ok(e.$metadata.httpStatusCode >= 400 && e.$metadata.requestId, JSON.stringify(e.$metadata))
    return e
}

async function pages(all, name, c, input, member) {
    const got = []
    for await (const p of all['paginate' + name]({ client: c }, input)) got.push(...(p[member] ?? []))
    return got
}

// A package of one stored file.
function zip(name, text) {
    const data = Buffer.from(text), crc = zlib.crc32(data), file = Buffer.from(name)
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0), head.writeUInt32LE(crc, 10), head.writeUInt32LE(data.length, 14), head.writeUInt32LE(data.length, 18), head.writeUInt16LE(file.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), head, file, data])
    const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), head, Buffer.alloc(6), Buffer.from([0, 0, 0xa4, 0x81]), Buffer.alloc(4), file])
    const end = Buffer.alloc(18)
    end.writeUInt16LE(1, 4), end.writeUInt16LE(1, 6), end.writeUInt32LE(central.length, 8), end.writeUInt32LE(local.length, 12)
    return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end])
}

const tests = {
    async dynamodb() {
        const { all, c, call } = await client('dynamodb')
        await call('CreateTable', { TableName: 'things', BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }] })
        await all.waitUntilTableExists({ client: c, maxWaitTime: 30 }, { TableName: 'things' })
        const item = { id: { S: 'ä' }, n: { N: '12345678901234567890.5' }, b: { B: new Uint8Array([0, 255]) }, l: { L: [{ NULL: true }, { BOOL: false }] }, s: { SS: ['x', 'y'] } }
        await call('PutItem', { TableName: 'things', Item: item })
        assert.deepEqual((await call('GetItem', { TableName: 'things', Key: { id: item.id } })).Item, item)
        await fails(all, 'ConditionalCheckFailedException', call('PutItem', { TableName: 'things', Item: item, ConditionExpression: 'attribute_not_exists(id)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }), { Item: item })
        const batch = await call('BatchGetItem', { RequestItems: { things: { Keys: [{ id: item.id }, { id: { S: 'none' } }] } } })
        assert.deepEqual(batch.Responses.things, [item])
        for (let i = 0; i < 7; i++) await call('PutItem', { TableName: 'things', Item: { id: { S: 'k' + i } } })
        assert.equal((await pages(all, 'Scan', c, { TableName: 'things', Limit: 3 }, 'Items')).length, 8)
        await fails(all, 'ResourceNotFoundException', call('DescribeTable', { TableName: 'none' }))
        await fails(all, 'ValidationException', call('GetItem', { TableName: 'things', Key: {} }))
    },
    async eventbridge() {
        const { all, call } = await client('eventbridge')
        const { EventBusArn } = await call('CreateEventBus', { Name: 'b' })
        assert.match(EventBusArn, /:event-bus\/b$/)
        await call('PutRule', { Name: 'r', EventBusName: 'b', EventPattern: JSON.stringify({ source: ['s'] }), Tags: [{ Key: 'k', Value: 'v' }] })
        assert.equal((await call('DescribeRule', { Name: 'r', EventBusName: 'b' })).State, 'ENABLED')
        const r = await call('PutEvents', { Entries: [{ Source: 's', DetailType: 'd', Detail: '{"a":1}', EventBusName: 'b', Time: new Date() }, { Source: 's', DetailType: 'd', Detail: 'no JSON' }] })
        assert.equal(r.FailedEntryCount, 1)
        assert.equal(r.Entries[1].ErrorCode, 'MalformedDetail')
        await fails(all, 'ResourceNotFoundException', call('DescribeRule', { Name: 'none' }))
        await fails(all, 'InvalidEventPatternException', call('PutRule', { Name: 'x', EventPattern: '{' }))
        await fails(all, 'ResourceAlreadyExistsException', call('CreateEventBus', { Name: 'b' }))
    },
    async lambda() {
        const { all, c, call } = await client('lambda')
        const code = { ZipFile: zip('index.py', 'def handler(e, c):\n    if e.get("fail"): raise ValueError("told")\n    return {"got": e}\n') }
        await call('CreateFunction', { FunctionName: 'f', Runtime: 'python3.11', Handler: 'index.handler', Role: role, Code: code })
        await all.waitUntilFunctionActiveV2({ client: c, maxWaitTime: 30 }, { FunctionName: 'f' })
        const ask = async (event) => {
            const r = await call('Invoke', { FunctionName: 'f', Payload: JSON.stringify(event), LogType: 'Tail' })
            return [JSON.parse(Buffer.from(r.Payload).toString()), r.FunctionError]
        }
        assert.deepEqual(await ask({ a: 'ü' }), [{ got: { a: 'ü' } }, undefined])
        const [answer, error] = await ask({ fail: 1 })
        assert.equal(error, 'Unhandled')
        assert.equal(answer.errorType, 'ValueError')
        assert.equal((await call('Invoke', { FunctionName: 'f', InvocationType: 'Event' })).StatusCode, 202)
        await fails(all, 'ResourceNotFoundException', call('GetFunction', { FunctionName: 'none' }))
        await fails(all, 'ResourceConflictException', call('CreateFunction', { FunctionName: 'f', Runtime: 'python3.11', Handler: 'index.handler', Role: role, Code: code }))
        await fails(all, 'InvalidRequestContentException', call('Invoke', { FunctionName: 'f', Payload: '{' }))
        assert.deepEqual((await pages(all, 'ListFunctions', c, {}, 'Functions')).map((f) => f.FunctionName), ['f'])
    },
    async sns() {
        const { all, c, call } = await client('sns')
        const { TopicArn } = await call('CreateTopic', { Name: 't', Attributes: { DisplayName: '<&>' }, Tags: [{ Key: 'k', Value: 'v' }] })
        assert.equal((await call('GetTopicAttributes', { TopicArn })).Attributes.DisplayName, '<&>')
        assert.match((await call('Publish', { TopicArn, Message: 'ä\n', MessageAttributes: { a: { DataType: 'Binary', BinaryValue: new Uint8Array([1]) } } })).MessageId, /^[0-9a-f-]{36}$/)
        const r = await call('PublishBatch', { TopicArn, PublishBatchRequestEntries: [{ Id: 'a', Message: 'm' }, { Id: 'b', Message: 'm' }] })
        assert.deepEqual(r.Successful.map((s) => s.Id), ['a', 'b'])
        assert.equal((await pages(all, 'ListTopics', c, {}, 'Topics')).length, 1)
        await fails(all, 'NotFoundException', call('GetTopicAttributes', { TopicArn: TopicArn + 'x' }))
        await fails(all, 'InvalidParameterException', call('Publish', { TopicArn, Message: '' }))
        await fails(all, 'TooManyEntriesInBatchRequestException', call('PublishBatch', { TopicArn, PublishBatchRequestEntries: Array.from({ length: 11 }, (_, i) => ({ Id: 'i' + i, Message: 'm' })) }))
    },
    async sts() {
        const { all, call } = await client('sts')
        const me = await call('GetCallerIdentity')
        assert.match(me.Account, /^\d{12}$/)
        const r = await call('GetSessionToken', { DurationSeconds: 900 }).catch((e) => e)
        assert.ok(r.Credentials?.Expiration instanceof Date || r.name === 'AccessDenied', String(r))
        await fails(all, 'AccessDenied', call('AssumeRole', { RoleArn: me.Arn.replace(/:sts:|:iam:/, ':iam:').replace(/[^:]*$/, 'role/none'), RoleSessionName: 'xy' }))
        await fails(all, 'ValidationError', call('AssumeRole', { RoleArn: 'x', RoleSessionName: 'xy' }))
    },
    async iam() {
        const { all, c, call } = await client('iam')
        const trust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] })
        const { Role } = await call('CreateRole', { RoleName: 'r', Path: '/p/', AssumeRolePolicyDocument: trust, Tags: [{ Key: 'k', Value: 'v' }] })
        assert.ok(Role.CreateDate instanceof Date && Role.Arn.endsWith(':role/p/r'))
        assert.equal(decodeURIComponent((await call('GetRole', { RoleName: 'r' })).Role.AssumeRolePolicyDocument), trust)
        for (let i = 0; i < 5; i++) await call('CreateUser', { UserName: 'u' + i })
        assert.equal((await pages(all, 'ListUsers', c, { MaxItems: 2 }, 'Users')).filter((u) => /^u\d$/.test(u.UserName)).length, 5)
        await fails(all, 'EntityAlreadyExistsException', call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: trust }))
        await fails(all, 'NoSuchEntityException', call('GetUser', { UserName: 'none' }))
        await fails(all, 'MalformedPolicyDocumentException', call('PutUserPolicy', { UserName: 'u0', PolicyName: 'p', PolicyDocument: '{' }))
    },
    async cloudtrail() {
        const { all, c, call } = await client('cloudtrail')
        const e = await fails(all, 'InvalidTimeRangeException', call('LookupEvents', { StartTime: new Date(2e12), EndTime: new Date(1e12) }))
        assert.ok(e.message)
        for (const v of await pages(all, 'LookupEvents', c, { MaxResults: 50 }, 'Events')) assert.ok(v.EventTime instanceof Date && JSON.parse(v.CloudTrailEvent).eventID === v.EventId)
    },
    async ssm() {
        const { all, c, call } = await client('ssm')
        await call('PutParameter', { Name: '/a/b', Value: 'ö', Type: 'SecureString' })
        for (let i = 0; i < 4; i++) await call('PutParameter', { Name: '/a/c/' + i, Value: String(i), Type: 'String', Tags: [{ Key: 'k', Value: 'v' }] })
        const { Parameter } = await call('GetParameter', { Name: '/a/b', WithDecryption: true })
        assert.ok(Parameter.Value === 'ö' && Parameter.LastModifiedDate instanceof Date && Parameter.Version === 1)
        assert.equal((await pages(all, 'GetParametersByPath', c, { Path: '/a', Recursive: true, MaxResults: 2 }, 'Parameters')).length, 5)
        await fails(all, 'ParameterNotFound', call('GetParameter', { Name: 'none' }))
        await fails(all, 'ParameterAlreadyExists', call('PutParameter', { Name: '/a/b', Value: 'x', Type: 'String' }))
        await fails(all, 'HierarchyLevelLimitExceededException', call('PutParameter', { Name: '/a'.repeat(16), Value: 'x', Type: 'String' }))
    },
    async 'cloudwatch-logs'() {
        const { all, c, call } = await client('cloudwatch-logs')
        await call('CreateLogGroup', { logGroupName: 'g', tags: { k: 'v' } })
        await call('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 7 })
        await call('CreateLogStream', { logGroupName: 'g', logStreamName: 's' })
        const now = Date.now()
        await call('PutLogEvents', { logGroupName: 'g', logStreamName: 's', logEvents: ['eins', 'zwei', 'drei'].map((message, i) => ({ message, timestamp: now + i })) })
        assert.deepEqual((await pages(all, 'FilterLogEvents', c, { logGroupName: 'g', limit: 2 }, 'events')).map((x) => x.message), ['eins', 'zwei', 'drei'])
        const e = await fails(all, 'ResourceAlreadyExistsException', call('CreateLogGroup', { logGroupName: 'g' }))
        assert.equal(e.$metadata.httpStatusCode, 400)
        await fails(all, 'ResourceNotFoundException', call('GetLogEvents', { logGroupName: 'g', logStreamName: 'none' }))
        await fails(all, 'InvalidParameterException', call('FilterLogEvents', { logGroupName: 'g', filterPattern: '{ a' }))
        // Without disableHostPrefix the SDK looks for stream-127.0.0.1.
        const live = new all.CloudWatchLogsClient({ ...config, disableHostPrefix: true })
        const tail = (more) => live.send(new all.StartLiveTailCommand({ logGroupIdentifiers: ['arn:aws:logs:us-east-1:000000000000:log-group:g'], ...more }))
        await fails(all, 'InvalidParameterException', tail({ logEventFilterPattern: '{ a' }))
        const found = []
        for await (const { sessionStart, sessionUpdate } of (await tail({ logEventFilterPattern: 'fünf' })).responseStream) {
            if (sessionStart) await call('PutLogEvents', { logGroupName: 'g', logStreamName: 's', logEvents: ['vier', 'fünf', 'fünfzig'].map((message) => ({ message, timestamp: Date.now() })) })
            found.push(...(sessionUpdate?.sessionResults ?? []))
            if (found.length === 2) break
        }
        assert.deepEqual(found.map((x) => [x.logStreamName, x.message, Math.abs(x.timestamp - now) < 60000]), [['s', 'fünf', true], ['s', 'fünfzig', true]])
        live.destroy()
        const span = { logGroupNames: ['g'], startTime: Math.floor(now / 1000) - 60, endTime: Math.floor(now / 1000) + 60 }
        const { queryId } = await call('StartQuery', { ...span, queryLanguage: 'CWLI', queryString: 'filter @message like /[en]i/ | stats count(*) as n, latest(@message) as last' })
        let answer
        do answer = await call('GetQueryResults', { queryId })
        while (/Scheduled|Running/.test(answer.status))
        assert.deepEqual(answer.results, [[{ field: 'n', value: '3' }, { field: 'last', value: 'drei' }]])
        assert.deepEqual([answer.status, answer.statistics.recordsMatched, answer.statistics.recordsScanned], ['Complete', 3, 6])
        const wrong = await fails(all, 'MalformedQueryException', call('StartQuery', { ...span, queryString: 'fields a,' }))
        assert.deepEqual(wrong.queryCompileError.location, { startCharOffset: 9, endCharOffset: 9 })
        await fails(all, 'MalformedQueryException', call('StartQuery', { ...span, queryLanguage: 'SQL', queryString: 'SELECT 1' }))
        const { queryDefinitionId } = await call('PutQueryDefinition', { name: 'saved', queryString: 'limit 1' })
        assert.deepEqual((await call('DescribeQueryDefinitions', {})).queryDefinitions.map((d) => [d.queryDefinitionId, d.name]), [[queryDefinitionId, 'saved']])
    },
    async cloudformation() {
        const { all, c, call } = await client('cloudformation')
        const template = (value) => `Parameters: {V: {Type: String, Default: ${value}}}
Resources:
${Array.from({ length: 3 }, (_, i) => `  P${i}: {Type: AWS::SSM::Parameter, Properties: {Name: /sdk/${i}, Type: String, Value: !Ref V}}`).join('\n')}
Outputs: {First: {Value: !Ref P0, Description: <&>, Export: {Name: sdk}}}`
        const StackName = 'sdk', wait = { client: c, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }
        assert.deepEqual((await call('ValidateTemplate', { TemplateBody: template('a') })).Parameters.map((p) => p.DefaultValue), ['a'])
        const { StackId } = await call('CreateStack', { StackName, TemplateBody: template('a'), Tags: [{ Key: 'k', Value: 'v' }] })
        await all.waitUntilStackCreateComplete(wait, { StackName })
        const [stack] = (await call('DescribeStacks', { StackName })).Stacks
        assert.ok(stack.StackId === StackId && stack.CreationTime instanceof Date && stack.DisableRollback === false)
        assert.deepEqual(stack.Outputs, [{ OutputKey: 'First', OutputValue: '/sdk/0', Description: '<&>', ExportName: 'sdk' }])
        assert.deepEqual(stack.Tags, [{ Key: 'k', Value: 'v' }])
        await call('CreateChangeSet', { StackName, ChangeSetName: 'set', TemplateBody: template('b') })
        await all.waitUntilChangeSetCreateComplete(wait, { StackName, ChangeSetName: 'set' })
        const { Changes } = await call('DescribeChangeSet', { StackName, ChangeSetName: 'set', IncludePropertyValues: true })
        assert.deepEqual(Changes.map(({ ResourceChange: r }) => [r.Action, r.LogicalResourceId, r.Replacement]), [0, 1, 2].map((i) => ['Modify', 'P' + i, 'False']))
        await call('DeleteChangeSet', { StackName, ChangeSetName: 'set' })
        await call('UpdateStack', { StackName, UsePreviousTemplate: true, Parameters: [{ ParameterKey: 'V', ParameterValue: 'c' }] })
        await all.waitUntilStackUpdateComplete(wait, { StackName })
        const events = await pages(all, 'DescribeStackEvents', c, { StackName }, 'StackEvents')
        assert.ok(events.every((e, i) => i === 0 || events[i - 1].Timestamp > e.Timestamp), 'newest first')
        assert.equal(events[0].ResourceStatus, 'UPDATE_COMPLETE')
        assert.equal((await pages(all, 'ListStackResources', c, { StackName }, 'StackResourceSummaries')).length, 3)
        assert.equal((await call('GetTemplate', { StackName })).TemplateBody, template('a'))
        await fails(all, 'AlreadyExistsException', call('CreateStack', { StackName, TemplateBody: template('a') }))
        await fails(all, 'InsufficientCapabilitiesException', call('CreateStack', { StackName: 'x', TemplateBody: JSON.stringify({ Resources: { U: { Type: 'AWS::IAM::User' } } }) }))
        await fails(all, 'ChangeSetNotFoundException', call('DescribeChangeSet', { StackName, ChangeSetName: 'none' }))
        await fails(all, 'ValidationError', call('UpdateStack', { StackName, UsePreviousTemplate: true, Parameters: [{ ParameterKey: 'V', UsePreviousValue: true }] }), { message: 'No updates are to be performed.' })
        await call('DeleteStack', { StackName })
        await all.waitUntilStackDeleteComplete(wait, { StackName })
        await fails(all, 'ValidationError', call('DescribeStacks', { StackName }), { message: 'Stack with id sdk does not exist' })
    },
    async cloudwatch() {
        const { all, c, call } = await client('cloudwatch')
        const Namespace = 'sdk', start = new Date(Date.now() - 600000)
        const MetricData = Array.from({ length: 300 }, (_, i) => ({ MetricName: 'm' + i, Value: i, Unit: 'Count', Dimensions: [{ Name: 'a', Value: 'ä'.repeat(20) }] }))
        await call('PutMetricData', { Namespace, MetricData }) // so large that the SDK compresses it
        await call('PutMetricData', { Namespace, MetricData: [{ MetricName: 'n', StatisticValues: { SampleCount: 4, Sum: 10, Minimum: 1, Maximum: 4 } }] })
        const range = { StartTime: start, EndTime: new Date(Date.now() + 60000) }
        const { Datapoints } = await call('GetMetricStatistics', { Namespace, MetricName: 'n', Period: 3600, Statistics: ['Average', 'Maximum'], ...range })
        assert.ok(Datapoints.length === 1 && Datapoints[0].Average === 2.5 && Datapoints[0].Maximum === 4 && Datapoints[0].Timestamp instanceof Date, JSON.stringify(Datapoints))
        const metric = (i) => ({ MetricStat: { Metric: { Namespace, MetricName: 'm' + i, Dimensions: MetricData[i].Dimensions }, Period: 3600, Stat: 'Sum' }, Id: 'm' + i, ReturnData: false })
        const [sum] = (await call('GetMetricData', { ...range, MetricDataQueries: [metric(7), metric(9), { Id: 's', Expression: 'm7 + m9' }] })).MetricDataResults
        assert.deepEqual([sum.Id, sum.Values, sum.StatusCode], ['s', [16], 'Complete'])
        assert.equal((await pages(all, 'ListMetrics', c, { Namespace }, 'Metrics')).length, 301)
        const alarm = { AlarmName: 'al', Namespace, MetricName: 'n', Period: 60, EvaluationPeriods: 1, Threshold: 1, Statistic: 'Sum', ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'notBreaching' }
        await call('PutMetricAlarm', alarm)
        await call('SetAlarmState', { AlarmName: 'al', StateValue: 'ALARM', StateReason: 'told' })
        const [{ StateValue, Threshold, AlarmArn }] = (await call('DescribeAlarms', { AlarmNames: ['al'] })).MetricAlarms
        assert.ok(['ALARM', 'OK'].includes(StateValue) && Threshold === 1, StateValue) // the next evaluation may have come
        assert.match(AlarmArn, /:alarm:al$/)
        assert.ok((await pages(all, 'DescribeAlarmHistory', c, { AlarmName: 'al' }, 'AlarmHistoryItems')).some((h) => h.HistorySummary === 'Alarm "al" created'))
        const DashboardBody = JSON.stringify({ widgets: [{ type: 'text', properties: { markdown: '# ä' } }] })
        assert.deepEqual((await call('PutDashboard', { DashboardName: 'd', DashboardBody })).DashboardValidationMessages ?? [], [])
        assert.equal((await call('GetDashboard', { DashboardName: 'd' })).DashboardBody, DashboardBody)
        // The SDK finds an error's class by its code of the query protocol; two of CloudWatch's have this one
        await fails(all, 'ResourceNotFound', call('GetDashboard', { DashboardName: 'none' }))
        await fails(all, 'DashboardInvalidInputError', call('PutDashboard', { DashboardName: 'd', DashboardBody: '{' }))
        await fails(all, 'ResourceNotFound', call('SetAlarmState', { AlarmName: 'none', StateValue: 'OK', StateReason: 'x' }))
        await fails(all, 'InvalidParameterCombinationException', call('PutMetricData', { Namespace, MetricData: [{ MetricName: 'n', Value: 1, Values: [1] }] }))
    },
    async ecr() {
        const { all, c, call } = await client('ecr')
        const repositoryName = 'a/b'
        const { repository } = await call('CreateRepository', { repositoryName, imageTagMutability: 'IMMUTABLE', tags: [{ Key: 'k', Value: 'v' }] })
        assert.ok(repository.createdAt instanceof Date && repository.repositoryArn.endsWith(':repository/a/b') && repository.imageTagMutability === 'IMMUTABLE')
        for (let i = 0; i < 4; i++) await call('CreateRepository', { repositoryName: 'r' + i })
        assert.equal((await pages(all, 'DescribeRepositories', c, { maxResults: 2 }, 'repositories')).length, 5)
        const lifecyclePolicyText = JSON.stringify({ rules: [{ rulePriority: 1, selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 365 }, action: { type: 'expire' } }] })
        await call('PutLifecyclePolicy', { repositoryName, lifecyclePolicyText })
        assert.equal((await call('GetLifecyclePolicy', { repositoryName })).lifecyclePolicyText, lifecyclePolicyText)
        assert.deepEqual((await call('ListTagsForResource', { resourceArn: repository.repositoryArn })).tags, [{ Key: 'k', Value: 'v' }])
        assert.deepEqual(await pages(all, 'ListImages', c, { repositoryName }, 'imageIds'), [])
        await fails(all, 'RepositoryAlreadyExistsException', call('CreateRepository', { repositoryName }))
        await fails(all, 'RepositoryNotFoundException', call('DescribeRepositories', { repositoryNames: ['none'] }))
        await fails(all, 'LifecyclePolicyNotFoundException', call('GetLifecyclePolicy', { repositoryName: 'r0' }))
        await call('DeleteRepository', { repositoryName })
    },
    async kms() {
        const { all, c, call } = await client('kms')
        const { KeyMetadata: key } = await call('CreateKey', { Description: 'd', Tags: [{ TagKey: 'k', TagValue: 'v' }] })
        assert.ok(key.CreationDate instanceof Date && key.Arn.endsWith(':key/' + key.KeyId) && key.KeyState === 'Enabled')
        await call('CreateAlias', { AliasName: 'alias/mine', TargetKeyId: key.KeyId })
        const EncryptionContext = { purpose: 'test' }, Plaintext = new Uint8Array([1, 0, 255])
        const { CiphertextBlob } = await call('Encrypt', { KeyId: 'alias/mine', Plaintext, EncryptionContext })
        assert.deepEqual(new Uint8Array((await call('Decrypt', { CiphertextBlob, EncryptionContext })).Plaintext), Plaintext)
        await fails(all, 'InvalidCiphertextException', call('Decrypt', { CiphertextBlob }))
        const data = await call('GenerateDataKey', { KeyId: key.KeyId, KeySpec: 'AES_256' })
        assert.equal(data.Plaintext.length, 32)
        assert.deepEqual((await call('Decrypt', { CiphertextBlob: data.CiphertextBlob })).Plaintext, data.Plaintext)
        assert.ok((await pages(all, 'ListAliases', c, { Limit: 1 }, 'Aliases')).some((a) => a.AliasName === 'alias/mine'))
        await fails(all, 'NotFoundException', call('DescribeKey', { KeyId: 'alias/none' }))
        await call('DisableKey', { KeyId: key.KeyId })
        await fails(all, 'DisabledException', call('Encrypt', { KeyId: key.KeyId, Plaintext }))
        assert.ok((await call('ScheduleKeyDeletion', { KeyId: key.KeyId, PendingWindowInDays: 7 })).DeletionDate instanceof Date)
    },
    async xray() {
        const { all, c, call } = await client('xray')
        const now = Date.now() / 1000, id = `1-${Math.floor(now).toString(16)}-${'ab'.repeat(12)}`
        const segment = { name: 'front', id: '0123456789abcdef', trace_id: id, start_time: now - 2, end_time: now - 1, http: { response: { status: 500 } }, fault: true, annotations: { kind: 'x' } }
        assert.deepEqual((await call('PutTraceSegments', { TraceSegmentDocuments: [JSON.stringify(segment)] })).UnprocessedTraceSegments, [])
        assert.equal((await call('PutTraceSegments', { TraceSegmentDocuments: ['{}'] })).UnprocessedTraceSegments.length, 1)
        const { Traces } = await call('BatchGetTraces', { TraceIds: [id] })
        assert.deepEqual(JSON.parse(Traces[0].Segments[0].Document), segment)
        const range = { StartTime: new Date((now - 600) * 1000), EndTime: new Date((now + 60) * 1000) }
        const found = await pages(all, 'GetTraceSummaries', c, { ...range, FilterExpression: 'service("front") { fault } AND annotation.kind = "x"' }, 'TraceSummaries')
        assert.deepEqual(found.map((t) => [t.Id, t.HasFault]), [[id, true]])
        assert.deepEqual(await pages(all, 'GetTraceSummaries', c, { ...range, FilterExpression: 'ok' }, 'TraceSummaries'), [])
        const { Services } = await call('GetServiceGraph', range)
        assert.ok(Services.some((s) => s.Name === 'front' && s.SummaryStatistics.FaultStatistics.TotalCount === 1))
        const { Group } = await call('CreateGroup', { GroupName: 'g', FilterExpression: 'fault' })
        assert.ok(Group.GroupARN.includes(':group/g/'))
        assert.equal((await call('GetSamplingRules')).SamplingRuleRecords[0].SamplingRule.RuleName, 'Default')
        await fails(all, 'InvalidRequestException', call('GetTraceSummaries', { ...range, FilterExpression: 'fault AND' }))
    },
}

if (!tests[service]) throw new Error('no test of ' + service)
await tests[service]()
console.log(service + ' ok')
