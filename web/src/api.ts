/* Calls of the server's operations, as who is signed in. Nothing here ever asks another machine. */

import { pageCame, send, takeEarly, type Answer } from './send';

export class ApiError extends Error {
    constructor(readonly code: string, message: string, readonly status: number, readonly body: any = {}) {
        super(message);
    }
}

export interface Session {
    signedIn: boolean;
    auth: boolean;      /* false: the server runs with --auth off, and everybody is root */
    testClock: boolean;
    now: number;        /* the engine's clock, ms */
    arn?: string;
    account?: string;
    region?: string;    /* the server's own */
    root?: boolean;
}

let region = '';        /* the server's own, once somebody is signed in */
let skew = 0;           /* engine clock minus this browser's */
const signedOut = new Set<() => void>();

export const onSignedOut = (f: () => void) => { signedOut.add(f); };
export const ownRegion = () => region;
/* The time at the server: what data is stamped with, moved clock or not. */
export const serverNow = () => Date.now() + skew;

async function ask(path: string, method: string, body?: unknown, signal?: AbortSignal, there?: string): Promise<any> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    let answer: Answer;
    try {
        answer = await (takeEarly(path, there || region, sent) ?? send(method, path, there || region, sent, signal));
    } catch (e) {
        if ((e as Error).name === 'AbortError')
            throw e;
        throw new ApiError('NoAnswer', 'The server does not answer.', 0);
    }
    const text = answer.text;
    let json: any = {};
    try {
        json = text ? JSON.parse(text) : {};
    } catch {
        json = { message: text.trim() };
    }
    if (answer.ok)
        return json;
    const code = String(json.__type ?? json.code ?? answer.status).replace(/^.*#/, '');
    if (answer.status === 401)
        signedOut.forEach((f) => f());
    throw new ApiError(code, json.message ?? json.Message ?? code, answer.status, json);
}

/* call('dynamodb', 'Query', {...}): service as in docs/COMPATIBILITY.md, input and answer as in its JSON; in another region when one is named. */
export const call = <T = any>(service: string, operation: string, input: object = {}, signal?: AbortSignal, there?: string): Promise<T> =>
    ask(`api/${service}/${operation}`, 'POST', input, signal, there);

/* All pages of a listing: until the token is gone, or `most` items are there. */
export async function callAll<T = any>(service: string, operation: string, input: any, list: string, token: [string, string] = ['NextToken', 'NextToken'],
    most = 5000, signal?: AbortSignal): Promise<T[]> {
    const all: T[] = [];
    let next: string | undefined;
    do {
        const r: any = await call(service, operation, next ? { ...input, [token[0]]: next } : input, signal);
        all.push(...(r[list] ?? []));
        next = r[token[1]];
    } while (next && all.length < most);
    return all;
}

function learn(s: Session, at = Date.now()): Session {
    skew = s.now - at;
    region = s.region ?? '';
    return s;
}

/* What the page came with. Undefined when it says nothing of somebody: a browser that comes by a link from elsewhere sends no
 * cookie with that, and does with the next call. */
export function givenSession(): Session | undefined {
    const s: Session = JSON.parse(document.querySelector<HTMLMetaElement>('meta[name=session]')?.content || '{}');
    return s.signedIn ? learn(s, pageCame()) : undefined;
}

export const readSession = async (): Promise<Session> => learn(await ask('session', 'GET'));
export const signIn = async (accessKeyId: string, secretAccessKey: string, sessionToken: string): Promise<Session> =>
    learn(await ask('session', 'POST', { accessKeyId, secretAccessKey, sessionToken }));
export const signOut = (): Promise<Session> => ask('session', 'DELETE');
