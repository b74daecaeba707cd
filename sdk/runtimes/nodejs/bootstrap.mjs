/*
 * The nodejs runtime of Waybill: loads a function's handler and serves the Lambda Runtime API.
 *
 *   node bootstrap.mjs
 *
 * One invocation at a time: next, the handler, its answer, next. What a handler left behind (timers,
 * open sockets) goes on in between; nothing is frozen here.
 */
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import util from 'node:util';
import Module, { createRequire, syncBuiltinESMExports } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OLDEST = 18;
const API = '/2018-06-01/runtime/';
/* Exit codes of AWS's runtime. */
const EXIT_REJECTION = 128;
const EXIT_EXCEPTION = 129;

const env = process.env;
const dated = Number(/^AWS_Lambda_nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV)?.[1] ?? 0);

/* What the function may replace later. */
const { parse, stringify } = JSON;
const exit = process.exit.bind(process);
const later = setImmediate;
const now = Date.now;

/* --- output ----------------------------------------------------------------------------------- */

/* Streams that the function itself opened; node makes them when they are first asked for. */
const opened = {};

function watchStream(name) {
    const made = Object.getOwnPropertyDescriptor(process, name);
    Object.defineProperty(process, name, {
        ...made,
        get() {
            opened[name] = made.get.call(process);
            return opened[name];
        },
    });
}

/* To the end, whether the pipe blocks or not: a full one slows the function down. */
function writeAll(text) {
    let rest = Buffer.from(text);
    while (rest.length) {
        try {
            rest = rest.subarray(fs.writeSync(1, rest));
        } catch (e) {
            if (e.code !== 'EAGAIN')
                return;
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        }
    }
}

/* Behind what the function wrote by itself and what still waits for the pipe. */
function write(text) {
    if (opened.stdout?.writableLength)
        opened.stdout.write(text);
    else
        writeAll(text);
}

const waiting = () => ['stdout', 'stderr'].filter((n) => opened[n]?.writableLength > 0).map((n) => opened[n]);

/* All that was printed must be in the pipes before the answer is given. */
async function flush() {
    await Promise.all(waiting().map((s) => new Promise((done) => {
        s.write('', done);
        s.once('close', done);
    })));
}

let requestId;

/* One line for one call, as on AWS: line ends inside become carriage returns. */
function log(level, text) {
    const line = `${new Date().toISOString()}\t${requestId}\t${level}\t${text}`;
    write(line.replace(/\n/g, '\r') + '\n');
}

function setUpConsole() {
    const levels = { log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE', fatal: 'FATAL' };
    for (const [name, level] of Object.entries(levels))
        console[name] = (...args) => log(level, util.format(...args));
}

/* --- errors ----------------------------------------------------------------------------------- */

/* A failure with a type of the runtime's own. */
class Failure extends Error {
    constructor(name, message, stack) {
        super(message);
        this.name = name;
        this.stack = stack ?? `${name}: ${message}`;
    }
}

/* Nothing that was thrown may break this: getters throw, objects have no text. */
function attempt(f, otherwise) {
    try {
        return f();
    } catch {
        return otherwise;
    }
}

const isError = (e) => util.types.isNativeError(e) || attempt(() => e instanceof Error, false) ||
    attempt(() => typeof e.name === 'string' && typeof e.message === 'string' && typeof e.stack === 'string', false);

function errorDocument(e) {
    if (!isError(e))
        return { errorType: typeof e, errorMessage: attempt(() => String(e), 'Unknown'), trace: [] };
    return {
        errorType: attempt(() => String(e.name), 'Error'),
        errorMessage: attempt(() => String(e.message), ''),
        trace: attempt(() => String(e.stack).split('\n'), []),
    };
}

/* The line in the log has the error's own members as well (code, cause of the SDK, ...). */
function logError(title, e) {
    const d = errorDocument(e);
    const told = { errorType: d.errorType, errorMessage: d.errorMessage };
    if (isError(e))
        attempt(() => Object.assign(told, parse(stringify({ ...e, name: undefined }))), null);
    log('ERROR', `${title} \t${attempt(() => stringify({ ...told, stack: d.trace }), d.errorMessage)}`);
}

function rejection(reason) {
    const e = new Failure('Runtime.UnhandledPromiseRejection', attempt(() => String(reason), 'Unknown'));
    e.reason = reason;
    if (isError(reason))
        e.stack = `${e.name}: ${e.message}\n${reason.stack}`;
    return e;
}

/* --- Runtime API ------------------------------------------------------------------------------ */

/* HTTP/1.1 over one kept connection; as much of it as the server speaks. */
class Api {
    constructor(address) {
        const at = address.lastIndexOf(':');
        this.host = address.slice(0, at);
        this.port = Number(address.slice(at + 1));
        this.socket = null;
    }

    connect() {
        const s = net.connect({ host: this.host, port: this.port, noDelay: true });
        this.parts = [];
        this.size = 0;
        this.head = null;
        s.on('data', (piece) => this.received(piece));
        s.on('error', (e) => this.ended(s, e));
        s.on('close', () => this.ended(s, new Error('the Runtime API closed the connection')));
        this.socket = s;
    }

    ended(socket, error) {
        if (socket !== this.socket)
            return;
        this.socket = null;
        this.settle?.reject(error);
        this.settle = null;
    }

    received(piece) {
        this.parts.push(piece);
        this.size += piece.length;
        if (!this.head) {
            const all = Buffer.concat(this.parts);
            const end = all.indexOf('\r\n\r\n');
            this.parts = [all];
            if (end < 0)
                return;
            const lines = all.toString('latin1', 0, end).split('\r\n');
            this.head = { status: Number(lines[0].split(' ')[1]), headers: {} };
            for (const line of lines.slice(1)) {
                const colon = line.indexOf(':');
                this.head.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
            }
            this.parts = [all.subarray(end + 4)];
            this.size = this.parts[0].length;
        }
        const length = Number(this.head.headers['content-length'] ?? 0);
        if (this.size < length)
            return;
        const answer = { ...this.head, body: Buffer.concat(this.parts).subarray(0, length) };
        const settle = this.settle;
        this.head = this.settle = null;
        this.parts = [];
        this.size = 0;
        if (answer.headers.connection === 'close') {
            this.socket.destroy();
            this.socket = null;
        } else {
            this.socket.unref(); /* while the handler works, only its own things keep node alive */
        }
        settle?.resolve(answer);
    }

    call(method, route, body = '', headers = {}) {
        const bytes = Buffer.from(body);
        if (!this.socket)
            this.connect();
        this.socket.ref();
        const lines = Object.entries({ Host: `${this.host}:${this.port}`, 'Content-Length': bytes.length, ...headers });
        return new Promise((resolve, reject) => {
            this.settle = { resolve, reject };
            this.socket.write(`${method} ${API}${route} HTTP/1.1\r\n${lines.map((l) => `${l[0]}: ${l[1]}\r\n`).join('')}\r\n`);
            if (bytes.length)
                this.socket.write(bytes);
        });
    }

    /* An answer that the server refuses (too large, too late) is its business. */
    async post(route, body, errorType) {
        const headers = { 'Content-Type': 'application/json' };
        if (errorType)
            headers['Lambda-Runtime-Function-Error-Type'] = errorType.replace(/[^\x20-\x7e]/g, '?').slice(0, 256);
        await flush();
        await this.call('POST', route, body, headers).catch(() => {});
    }
}

/* --- loading ---------------------------------------------------------------------------------- */

/* "dir/file.fn.sub": the folder, the module's name, the way to the function in it. */
function splitHandler(text) {
    if (text.includes('..'))
        throw new Failure('Runtime.MalformedHandlerName',
            `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
    const name = path.basename(text);
    const parts = /^([^.]*)\.(.+)$/.exec(name);
    if (!parts)
        throw new Failure('Runtime.MalformedHandlerName', 'Bad handler');
    return { folder: text.slice(0, text.length - name.length), module: parts[1], member: parts[2] };
}

const isFile = (name) => fs.statSync(name, { throwIfNoEntry: false })?.isFile() ?? false;

async function loadModule(root, folder, module) {
    const base = path.resolve(root, folder, module);
    const require = createRequire(path.join(root, 'index.js'));
    if (isFile(base))
        return require(base);
    for (const end of ['.js', '.mjs', '.cjs']) {
        if (!isFile(base + end))
            continue;
        if (end === '.cjs' || (end === '.js' && !insideModulePackage(base)))
            return require(base + end);
        return import(pathToFileURL(base + end).href);
    }
    /* A folder with an index, or a package. */
    return require(require.resolve(`./${path.join(folder, module)}`));
}

/* Does the nearest package.json say "type": "module"? */
function insideModulePackage(file) {
    for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
        const name = path.join(dir, 'package.json');
        if (isFile(name))
            return attempt(() => parse(fs.readFileSync(name, 'utf8')).type === 'module', false);
        if (dir === path.dirname(dir) || path.basename(dir) === 'node_modules')
            return false;
    }
}

function loadFailure(e) {
    if (attempt(() => e instanceof SyntaxError, false))
        return new Failure('Runtime.UserCodeSyntaxError', String(e), e.stack);
    if (attempt(() => e.code === 'MODULE_NOT_FOUND', false))
        return new Failure('Runtime.ImportModuleError', String(e));
    return e;
}

async function loadHandler(root, text) {
    const { folder, module, member } = splitHandler(text);
    const loaded = await loadModule(root, folder, module).catch((e) => { throw loadFailure(e); });
    const steps = member.split('.');
    const find = (from) => steps.reduce((o, step) => o?.[step], from);
    const handler = find(loaded) ?? find(loaded?.default);
    if (handler === undefined || handler === null)
        throw new Failure('Runtime.HandlerNotFound', `${text} is undefined or not exported`);
    if (typeof handler !== 'function')
        throw new Failure('Runtime.HandlerNotFound', `${text} is not a function`);
    if (dated >= 24 && handler.length > 2)
        throw new Failure('Runtime.CallbackHandlerDeprecated',
            'Handlers that take a callback are not supported from nodejs24.x on. Return a promise (async) instead.');
    return handler;
}

function refuseStreaming() {
    throw new Failure('Runtime.InvalidStreamingOperation',
        'Response streaming is not available here. Export the handler without awslambda.streamifyResponse and return its answer.');
}

/* --- what AWS's runtime brings ----------------------------------------------------------------- */

/* A client of the SDK that is installed nowhere is our stand-in for it (aws-sdk.cjs), for functions
 * that require it; import finds only what is there. */
function offerSdk() {
    const standIn = fileURLToPath(new URL('aws-sdk.cjs', import.meta.url));
    const load = Module._load;
    Module._load = function offer(request, ...rest) {
        try {
            return load.call(this, request, ...rest);
        } catch (e) {
            const name = /^@aws-sdk\/client-([a-z0-9-]+)$/.exec(request)?.[1];
            if (!name || e.code !== 'MODULE_NOT_FOUND' || !e.message.includes(`'${request}'`))
                throw e;
            return load.call(this, standIn, null, false).load(name);
        }
    };
}

/* Handlers of custom resources take only host and path of the URL they are to answer to, and use
 * https on its own port. Such a request to this server goes to where it listens. */
function leadCallbacks() {
    const server = attempt(() => new URL(env.AWS_ENDPOINT_URL), null);
    if (server?.protocol !== 'http:')
        return;
    const request = https.request;
    https.request = function lead(options, ...rest) {
        const own = options && !(options instanceof URL) && typeof options === 'object' && !options.port &&
            (options.hostname ?? options.host) === server.hostname;
        if (!own)
            return request.call(this, options, ...rest);
        return http.request({ ...options, protocol: 'http:', hostname: server.hostname, port: server.port || 80, agent: undefined }, ...rest);
    };
    syncBuiltinESMExports();
}

/* --- one invocation --------------------------------------------------------------------------- */

const header = (headers, name) => (headers[name] ? parse(headers[name]) : undefined);

function makeContext(headers) {
    const deadline = Number(headers['lambda-runtime-deadline-ms']);
    return {
        callbackWaitsForEmptyEventLoop: true,
        functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
        functionName: env.AWS_LAMBDA_FUNCTION_NAME,
        memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
        logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
        logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
        clientContext: header(headers, 'lambda-runtime-client-context'),
        identity: header(headers, 'lambda-runtime-cognito-identity'),
        invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
        awsRequestId: headers['lambda-runtime-aws-request-id'],
        getRemainingTimeInMillis: () => Math.max(deadline - now(), 0),
    };
}

/* What ends the invocation that runs: null between two. */
let current = null;
let loading = true;

/* Resolves with {error} or {result}, once, however the handler tells it. */
function run(handler, event, context) {
    return new Promise((resolve) => {
        const end = (outcome) => {
            current = null;
            resolve(outcome);
        };
        const fail = (error) => end({ error });
        const succeed = (result) => end({ result });
        /* Nothing is left to run. A promise that never settles counts as null, from 24 on as a failure. */
        current = {
            idle: () => (dated >= 24 ? fail(new Failure('Runtime.NodeJsExit',
                'The event loop is empty, but the promise that the handler returned was never settled.')) : succeed(null)),
        };
        const mine = current;
        const callback = (error, result) => {
            if (current !== mine)
                return;
            if (error !== undefined && error !== null)
                fail(error);
            else if (context.callbackWaitsForEmptyEventLoop)
                mine.idle = () => succeed(result);
            else
                succeed(result);
        };
        if (dated < 24) {
            context.done = (error, result) => {
                context.callbackWaitsForEmptyEventLoop = false;
                callback(error, result);
            };
            context.succeed = (result) => context.done(null, result);
            context.fail = (error) => context.done(error ?? 'handled');
        }
        try {
            const result = dated >= 24 ? handler(event, context) : handler(event, context, callback);
            if (typeof result?.then === 'function')
                result.then((r) => current === mine && succeed(r), (e) => current === mine && fail(e ?? 'handled'));
            else if (dated >= 24)
                succeed(result);
        } catch (e) {
            if (current === mine)
                fail(e);
        }
    });
}

function toText(result) {
    try {
        return stringify(result === undefined ? null : result) ?? 'null';
    } catch (e) {
        throw new Failure('Runtime.MarshalError', `Unable to stringify response body: ${attempt(() => e.message, '')}`);
    }
}

async function serveOne(api, handler) {
    const { status, headers, body } = await api.call('GET', 'invocation/next');
    if (status !== 200)
        exit(1);
    requestId = headers['lambda-runtime-aws-request-id'];
    if (headers['lambda-runtime-trace-id'])
        env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    else
        delete env._X_AMZN_TRACE_ID;
    const route = `invocation/${requestId}/`;
    let answer;
    try {
        const outcome = await run(handler, parse(body.toString()), makeContext(headers));
        if ('error' in outcome)
            throw outcome.error;
        answer = toText(outcome.result);
    } catch (e) {
        logError('Invoke Error', e);
        const document = errorDocument(e);
        await api.post(`${route}error`, stringify(document), document.errorType);
        return;
    }
    await api.post(`${route}response`, answer);
}

/* --- the environment -------------------------------------------------------------------------- */

/* Nobody waits for it any more, and the state of the program is not known: the answer, and the end. */
function watchDisasters(api) {
    let ending = false;
    const disaster = async (title, e, code) => {
        if (ending)
            return;
        ending = true;
        logError(title, e);
        if (current || loading) {
            const document = errorDocument(e);
            const route = loading ? 'init/error' : `invocation/${requestId}/error`;
            current = null;
            await api.post(route, stringify(document), document.errorType);
        } else {
            await flush();
        }
        exit(code);
    };
    process.on('uncaughtException', (e) => disaster('Uncaught Exception', e, EXIT_EXCEPTION));
    process.on('unhandledRejection', (reason) => disaster('Unhandled Promise Rejection', rejection(reason), EXIT_REJECTION));
    process.on('beforeExit', () => current?.idle());
}

async function start(api) {
    try {
        return await loadHandler(env.LAMBDA_TASK_ROOT, env._HANDLER ?? '');
    } catch (e) {
        logError('Uncaught Exception', e);
        const document = errorDocument(e);
        await api.post('init/error', stringify(document), document.errorType);
        return exit(EXIT_EXCEPTION);
    }
}

if (Number(process.versions.node.split('.')[0]) < OLDEST) {
    fs.writeSync(2, `node ${process.versions.node} of this machine is too old: ${OLDEST} or later is needed\n`);
    exit(1);
}
watchStream('stdout');
watchStream('stderr');
setUpConsole();
offerSdk();
leadCallbacks();
globalThis.awslambda = { streamifyResponse: refuseStreaming, HttpResponseStream: { from: refuseStreaming } };
const api = new Api(env.AWS_LAMBDA_RUNTIME_API);
watchDisasters(api);
const handler = await start(api);
loading = false;
for (;;)
    await serveOne(api, handler);
