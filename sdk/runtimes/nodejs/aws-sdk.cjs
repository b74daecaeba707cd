/*
 * A stand-in for the AWS SDK v3, for functions that count on the runtime to bring it (the handlers that
 * CDK adds to a stack do) on a machine where it is not installed.
 *
 * It signs and sends requests by the server's own operation tables (model.json, made by
 * tools/make-sdk-model), so it knows the operations the server has and nothing else: no paginators, no
 * middleware, no credential providers but the environment's. Answers are as they come on the wire: a
 * time is a number in the JSON protocols and text in XML, not a Date. XML bodies are written for
 * DeleteObjects only. Whoever needs more packs the SDK into the function.
 */
'use strict';
const crypto = require('crypto');
const http = require('http');
const https = require('https');
const fs = require('fs');
const path = require('path');

const model = JSON.parse(fs.readFileSync(path.join(__dirname, 'model.json'), 'utf8'));
const TRIES = 3;

/* Package names that differ from the service's name here. */
const SERVICE = { 'cloudwatch-logs': 'logs', eventbridge: 'events' };
/* Client classes whose name is not the package's with capital letters at its words. */
const CLASS = {
    'cloudwatch-logs': 'CloudWatchLogs', cloudwatch: 'CloudWatch', cloudformation: 'CloudFormation', cloudtrail: 'CloudTrail',
    dynamodb: 'DynamoDB', eventbridge: 'EventBridge', ssm: 'SSM', sns: 'SNS', sts: 'STS', iam: 'IAM', ecr: 'ECR', kms: 'KMS', sqs: 'SQS',
    sfn: 'SFN', xray: 'XRay',
};

/* --- Signature Version 4 ---------------------------------------------------------------------- */

const sha256 = (data) => crypto.createHash('sha256').update(data).digest('hex');
const hmac = (key, data) => crypto.createHmac('sha256', key).update(data).digest();
const encode = (s) => encodeURIComponent(s).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());

function sign(request, { region, service, credentials, double }) {
    const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
    const day = date.slice(0, 8);
    const headers = { ...request.headers, host: request.host, 'x-amz-date': date, 'x-amz-content-sha256': sha256(request.body) };
    if (credentials.sessionToken)
        headers['x-amz-security-token'] = credentials.sessionToken;
    const names = Object.keys(headers).sort();
    const [route, query = ''] = request.path.split('?');
    const canonical = [
        request.method,
        double ? route.split('/').map(encode).join('/') : route,
        query.split('&').filter(Boolean).sort().join('&'),
        ...names.map((n) => `${n}:${String(headers[n]).trim().replace(/ +/g, ' ')}`),
        '', names.join(';'), headers['x-amz-content-sha256'],
    ].join('\n');
    const scope = `${day}/${region}/${service}/aws4_request`;
    const key = [day, region, service, 'aws4_request'].reduce(hmac, 'AWS4' + credentials.secretAccessKey);
    const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex');
    headers.authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
    return headers;
}

/* --- the wire --------------------------------------------------------------------------------- */

const isBytes = (v) => v instanceof Uint8Array || v instanceof ArrayBuffer;
const bytesOf = (v) => (typeof v === 'string' ? Buffer.from(v) : v instanceof ArrayBuffer ? Buffer.from(v) : Buffer.from(v.buffer, v.byteOffset, v.byteLength));

function toJson(input) {
    const plain = (v) => {
        if (isBytes(v))
            return bytesOf(v).toString('base64');
        if (v instanceof Date)
            return v.getTime() / 1000;
        if (Array.isArray(v))
            return v.map(plain);
        if (v && typeof v === 'object')
            return Object.fromEntries(Object.entries(v).filter(([, x]) => x !== undefined).map(([k, x]) => [k, plain(x)]));
        return v;
    };
    return JSON.stringify(plain(input));
}

function toForm(out, name, v, how = {}) {
    const put = (n, x) => out.push(`${encode(n)}=${encode(x)}`);
    if (v === undefined || v === null)
        return;
    if (isBytes(v))
        put(name, bytesOf(v).toString('base64'));
    else if (v instanceof Date)
        put(name, v.toISOString());
    else if (Array.isArray(v) && v.length === 0)
        put(name, '');
    else if (Array.isArray(v))
        v.forEach((x, i) => toForm(out, `${name}${how.flattened ? '' : `.${how.item ?? 'member'}`}.${i + 1}`, x));
    else if (typeof v === 'object' && how.map)
        Object.entries(v).forEach(([k, x], i) => {
            put(`${name}.entry.${i + 1}.${how.key ?? 'key'}`, k);
            toForm(out, `${name}.entry.${i + 1}.${how.value ?? 'value'}`, x);
        });
    else if (typeof v === 'object')
        Object.entries(v).forEach(([k, x]) => toForm(out, name ? `${name}.${k}` : k, x));
    else
        put(name, String(v));
}

const escapeXml = (s) => String(s).replace(/[<>&"'\r]/g, (c) => `&#${c.charCodeAt(0)};`);

const XML_BODY = {
    DeleteObjects: ({ Delete: d }) => '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
        d.Objects.map((o) => `<Object>${['Key', 'VersionId'].filter((n) => o[n] !== undefined)
            .map((n) => `<${n}>${escapeXml(o[n])}</${n}>`).join('')}</Object>`).join('') +
        `${d.Quiet ? '<Quiet>true</Quiet>' : ''}</Delete>`,
};

const ENTITY = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const unescapeXml = (s) => s.replace(/&(#x?[0-9a-f]+|\w+);/gi, (all, e) =>
    (e[0] === '#' ? String.fromCodePoint(e[1] === 'x' ? parseInt(e.slice(2), 16) : Number(e.slice(1))) : ENTITY[e] ?? all));

/* Lists that may have one element only; everything else becomes a list by coming twice. */
const LISTS = new Set(['member', 'Contents', 'Version', 'DeleteMarker', 'CommonPrefixes', 'Deleted', 'Error', 'Tag', 'Part']);
const RENAMED = { Version: 'Versions', DeleteMarker: 'DeleteMarkers' };

function fromXml(text) {
    const top = {};
    const stack = [{ value: top, text: '' }];
    for (const [, close, name, empty, rest] of text.matchAll(/<(\/?)([\w:.-]+)[^>]*?(\/?)>([^<]*)/g)) {
        if (!close) {
            stack.push({ name, value: {}, text: unescapeXml(rest) });
            if (!empty)
                continue;
        }
        const { name: n, value, text: own } = stack.pop();
        const parent = stack[stack.length - 1].value;
        const keys = Object.keys(value);
        const v = keys.length === 0 ? own : keys.length === 1 && keys[0] === 'member' ? value.member : value;
        const as = RENAMED[n] ?? n;
        if (as in parent || LISTS.has(n))
            parent[as] = [].concat(parent[as] ?? [], Array.isArray(v) && n !== 'member' ? [v] : v);
        else
            parent[as] = v;
    }
    return top[Object.keys(top)[0]] ?? {};
}

/* Method, path with query, headers and body of a call. */
function makeRequest(service, name, input) {
    const m = model[service];
    const op = m.operations[name];
    if (m.protocol.startsWith('json'))
        return {
            method: 'POST', path: '/', body: toJson(input),
            headers: { 'content-type': `application/x-amz-${m.protocol.replace(' ', '-')}`, 'x-amz-target': `${m.target}.${name}` },
        };
    if (m.protocol === 'query') {
        const form = [`Action=${name}`, `Version=${m.version}`];
        for (const [k, v] of Object.entries(input))
            toForm(form, k, v, op.lists?.[k]);
        return { method: 'POST', path: '/', body: form.join('&'), headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    }
    const [method, template] = op.http.split(' ');
    const rest = { ...input };
    const query = [];
    const headers = {};
    let body = '';
    for (const [member, [where, wire]] of Object.entries(op.at ?? {})) {
        const v = rest[member];
        delete rest[member];
        if (v === undefined || v === null || where === 'uri')
            continue;
        if (where === 'querystring')
            for (const x of [].concat(v))
                query.push(`${encode(wire)}=${encode(x)}`);
        else if (where === 'header')
            headers[wire.toLowerCase()] = v instanceof Date ? v.toUTCString() : String(v);
        else if (where === 'headers')
            for (const [k, x] of Object.entries(v))
                headers[(wire + k).toLowerCase()] = x;
        else if (where === 'payload' && XML_BODY[name])
            body = XML_BODY[name](input);
        else if (where === 'payload' && (isBytes(v) || typeof v === 'string'))
            body = bytesOf(v);
        else if (where === 'payload')
            throw new Error(`${name} has an XML body, which this stand-in for the AWS SDK does not write: pack the SDK into the function`);
    }
    if (!body && Object.keys(rest).length) {
        body = toJson(rest);
        headers['content-type'] = 'application/json';
    }
    if (m.protocol === 'rest-xml' && body) /* S3 asks for it where bodies are XML */
        headers['content-md5'] = crypto.createHash('md5').update(body).digest('base64');
    const [route, constant] = template.split('?');
    const uri = route.replace(/\{(\w+)(\+?)\}/g, (all, label, greedy) => {
        const v = String(input[label] ?? '');
        if (!v)
            throw new Error(`No value provided for input HTTP label: ${label}.`);
        return greedy ? v.split('/').map(encode).join('/') : encode(v);
    });
    const all = [...(constant ? [constant] : []), ...query].join('&');
    return { method, path: all ? `${uri}?${all}` : uri, body, headers };
}

function failure(code, message, metadata, more = {}) {
    const e = new Error(message);
    Object.assign(e, more, { name: code, Code: code, $fault: metadata.httpStatusCode < 500 ? 'client' : 'server', $metadata: metadata });
    return e;
}

function readAnswer(service, name, { status, headers, body }) {
    const m = model[service];
    const metadata = { httpStatusCode: status, requestId: headers['x-amzn-requestid'] ?? headers['x-amz-request-id'] };
    const text = body.toString();
    const xml = m.protocol === 'query' || m.protocol === 'rest-xml';
    if (status >= 300) {
        const d = xml ? fromXml(text) : ((t) => { try { return JSON.parse(t); } catch { return {}; } })(text);
        const e = [].concat(d.Error ?? d)[0];
        const code = headers['x-amzn-errortype'] ?? e.__type ?? e.Code ?? e.code ?? 'UnknownError';
        throw failure(code.replace(/^.*#|[:,].*$/g, ''), e.message ?? e.Message ?? text, metadata, xml ? {} : e);
    }
    if (service === 'lambda' && name === 'Invoke')
        return { StatusCode: status, FunctionError: headers['x-amz-function-error'], LogResult: headers['x-amz-log-result'],
            ExecutedVersion: headers['x-amz-executed-version'], Payload: new Uint8Array(body), $metadata: metadata };
    if (m.protocol === 'rest-xml' && name === 'GetObject')
        return { Body: { transformToString: async () => text, transformToByteArray: async () => new Uint8Array(body) },
            ContentType: headers['content-type'], ETag: headers.etag, $metadata: metadata };
    let out = {};
    if (text)
        out = xml ? fromXml(text) : JSON.parse(text);
    if (m.protocol === 'query')
        out = out[`${name}Result`] || {};
    return { ...out, $metadata: metadata };
}

function exchange(endpoint, request) {
    const url = new URL(endpoint);
    const { request: open } = url.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
        const r = open({
            hostname: url.hostname, port: url.port, method: request.method, path: request.path,
            headers: { ...request.headers, 'content-length': Buffer.byteLength(request.body) },
        }, (s) => {
            const parts = [];
            s.on('data', (d) => parts.push(d));
            s.on('error', reject);
            s.on('end', () => resolve({ status: s.statusCode, headers: s.headers, body: Buffer.concat(parts) }));
        });
        r.on('error', reject);
        r.end(request.body);
    });
}

/* --- clients ---------------------------------------------------------------------------------- */

const value = async (v) => (typeof v === 'function' ? v() : v);
const fromEnvironment = () => ({
    accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY, sessionToken: process.env.AWS_SESSION_TOKEN,
});

function worthAnotherTry(answer) {
    return answer.status >= 500 || answer.status === 429 || (answer.status === 400 && /Throttl|TooManyRequests/.test(answer.body.toString().slice(0, 500)));
}

class Client {
    constructor(config = {}) {
        this.config = config;
    }

    async send({ service, name, input }) {
        const request = makeRequest(service, name, input ?? {});
        const m = model[service];
        const variable = `AWS_ENDPOINT_URL_${m.id}`;
        const at = await value(this.config.endpoint);
        const endpoint = at?.url?.href ?? at ?? process.env[variable] ?? process.env.AWS_ENDPOINT_URL;
        const region = (await value(this.config.region)) ?? process.env.AWS_REGION ?? 'us-east-1';
        const credentials = (await value(this.config.credentials)) ?? fromEnvironment();
        request.host = new URL(endpoint).host;
        for (let n = 1; ; n++) {
            const signed = { ...request, headers: sign(request, { region, service: m.signing, credentials, double: m.protocol !== 'rest-xml' }) };
            if (process.env._X_AMZN_TRACE_ID) /* not signed: a proxy may change it */
                signed.headers['x-amzn-trace-id'] ??= process.env._X_AMZN_TRACE_ID;
            const answer = await exchange(endpoint, signed).catch((e) => ({ error: e }));
            const again = n < TRIES && (answer.error || worthAnotherTry(answer));
            if (!again && answer.error)
                throw answer.error;
            if (!again)
                return readAnswer(service, name, answer);
            await new Promise((r) => setTimeout(r, 100 * 2 ** n));
        }
    }

    destroy() {}
}

const lowerFirst = (s) => s[0].toLowerCase() + s.slice(1);

function known(service, prefix) {
    const out = {};
    const One = { [`${prefix}Client`]: class extends Client {} }[`${prefix}Client`];
    const Whole = { [prefix]: class extends One {} }[prefix];
    for (const name of Object.keys(model[service].operations)) {
        const Command = { [`${name}Command`]: class {
            constructor(input) {
                Object.assign(this, { service, name, input });
            }
        } }[`${name}Command`];
        out[`${name}Command`] = Command;
        Whole.prototype[lowerFirst(name)] = function call(input, options, done) {
            const answer = this.send(new Command(input));
            const back = typeof options === 'function' ? options : done;
            return back ? answer.then((r) => back(null, r), (e) => back(e)) : answer;
        };
    }
    out[`${prefix}Client`] = One;
    out[prefix] = Whole;
    return out;
}

/* A package of a service that is not here: it can be loaded, and says so when it is used. */
function unknown(name) {
    const refuse = () => { throw new Error(`@aws-sdk/client-${name} is not installed, and this server has no such service`); };
    return new Proxy({}, {
        get: (t, key) => (typeof key === 'symbol' || key === '__esModule' || key === 'then' ? undefined
            : class { constructor() { return new Proxy(this, { get: (o, k) => (k === 'config' ? {} : refuse) }); } }),
    });
}

const made = {};

function load(name) {
    const service = SERVICE[name] ?? name;
    const prefix = CLASS[name] ?? name.split('-').map((w) => w[0].toUpperCase() + w.slice(1)).join('');
    if (!made[name])
        made[name] = model[service] ? known(service, prefix) : unknown(name);
    if (name === 'lambda') /* functions are active as soon as they exist */
        made[name].waitUntilFunctionActiveV2 = async () => ({ state: 'SUCCESS' });
    return made[name];
}

module.exports = { load };
